//! Which certificate a server shows, so that somebody can pin it. Not a byte of HTTP is sent, and no
//! login: only the handshake is made.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::net::tls::{Found, Tls, client_config};
use crate::net::words;
use crate::text::hex::hex;

/// How long the handshake may take, however slowly the bytes come.
const HANDSHAKE_MAX: Duration = Duration::from_secs(8);

/// The SHA-256 over the certificate that an `https` server shows, in hexadecimal; whoever answers is
/// asked, and nothing is believed.
///
/// # Errors
/// What went wrong, as a fragment.
pub fn fingerprint(url: &Url) -> Result<String, String> {
    let deadline = Instant::now() + HANDSHAKE_MAX;
    let text = |error: io::Error| words::of_io(&error);
    let host = url.host_str().ok_or("the address has no host")?;
    // An IPv6 address stands in brackets in an address, and without them in a certificate.
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let mut addresses = (host.as_str(), port).to_socket_addrs().map_err(text)?;
    let address = addresses.next().ok_or("the host has no address")?;
    let mut stream = TcpStream::connect_timeout(&address, HANDSHAKE_MAX).map_err(text)?;
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    let set_up = client_config(&Tls::Insecure, true, &Found::default())?.ok_or("no TLS")?;
    let mut connection =
        ClientConnection::new(Arc::new(set_up), name).map_err(|error| error.to_string())?;
    while connection.is_handshaking() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("the handshake took too long".to_owned());
        }
        stream.set_read_timeout(Some(left)).map_err(text)?;
        stream.set_write_timeout(Some(left)).map_err(text)?;
        step(&mut connection, &mut stream)?;
    }
    let shown = connection.peer_certificates().and_then(<[_]>::first);
    let shown = shown.ok_or("the server shows no certificate")?;
    Ok(hex(&Sha256::digest(shown.as_ref())))
}

/// Sends what is to be sent, or reads what has come.
fn step(connection: &mut ClientConnection, stream: &mut TcpStream) -> Result<(), String> {
    let text = |error: io::Error| words::of_io(&error);
    if connection.wants_write() {
        let mut out = Vec::new();
        connection.write_tls(&mut out).map_err(text)?;
        return stream.write_all(&out).map_err(text);
    }
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).map_err(text)?;
    let mut come = buffer.get(..count).unwrap_or_default();
    if come.is_empty() {
        return Err("the connection was closed within the handshake".to_owned());
    }
    while !come.is_empty() {
        connection.read_tls(&mut come).map_err(text)?;
        connection.process_new_packets().map_err(|error| error.to_string())?;
    }
    Ok(())
}
