//! Self-signed certificates made at start, and a stream that is plain or TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};

/// Whether and how a server speaks TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    #[default]
    Off,
    /// A fresh self-signed certificate for `localhost` and `127.0.0.1`.
    SelfSigned,
    /// A fresh self-signed certificate for `wrong.invalid` only.
    WrongName,
    /// A self-signed certificate for `localhost` and `127.0.0.1` that ended in 2001.
    Expired,
    /// A self-signed certificate for so many names, `127.0.0.1` among them.
    ManyNames(usize),
    /// A certificate for `localhost` and `127.0.0.1` by an authority nobody knows.
    UnknownAuthority,
    /// Answers every client's hello in TLS 1.0, which is all that it pretends to know.
    OnlyTls10,
}

/// A certificate with its key, ready for use.
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) der: Vec<u8>,
    /// Knows TLS 1.0 and nothing else.
    pub(super) is_old: bool,
}

/// A ServerHello of TLS 1.0 for whatever was asked: random of zeros, no session,
/// TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, no compression. Source: RFC 2246 sections 6.2.1 and 7.4.1.3.
pub(super) fn old_hello() -> Vec<u8> {
    let mut hello = vec![22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
    hello.extend([0; 32]);
    hello.extend([0, 0xc0, 0x13, 0]);
    hello
}

impl Identity {
    /// Makes a certificate; `None` for [`Tls::Off`].
    pub(crate) fn make(tls: Tls) -> Option<Self> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        match tls {
            Tls::Off => return None,
            Tls::WrongName => names = vec!["wrong.invalid".to_owned()],
            Tls::ManyNames(count) => {
                names.extend((0..count).map(|number| format!("door-{number}.invalid")));
            }
            Tls::SelfSigned | Tls::Expired | Tls::UnknownAuthority | Tls::OnlyTls10 => {}
        }
        let mut about = CertificateParams::new(names).expect("names are names");
        if tls == Tls::Expired {
            about.not_before = rcgen::date_time_ymd(2000, 1, 1);
            about.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        let pair = KeyPair::generate().expect("key can be made");
        let certificate = if tls == Tls::UnknownAuthority {
            let authority = KeyPair::generate().expect("key can be made");
            let mut root = CertificateParams::new(Vec::new()).expect("no names are names");
            root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let root = root.self_signed(&authority).expect("certificate can be made");
            about.signed_by(&pair, &root, &authority)
        } else {
            about.self_signed(&pair)
        };
        let certificate = certificate.expect("certificate can be made").der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .expect("key fits its certificate");
        Some(Self {
            config: Arc::new(config),
            der: certificate.to_vec(),
            is_old: tls == Tls::OnlyTls10,
        })
    }

    /// SHA-256 of the DER as lower-case hex: what a client pins.
    pub(super) fn sha256(&self) -> String {
        Sha256::digest(&self.der).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The two kinds of connection.
enum Inner {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// A connection that counts the HTTP bytes that pass (without TLS records).
pub(super) struct Stream<'a> {
    inner: Inner,
    bytes_in: &'a AtomicU64,
    bytes_out: &'a AtomicU64,
}

impl<'a> Stream<'a> {
    /// Wraps an accepted connection; `None` if TLS cannot begin.
    pub(super) fn new(
        tcp: TcpStream,
        config: Option<&Arc<ServerConfig>>,
        bytes_in: &'a AtomicU64,
        bytes_out: &'a AtomicU64,
    ) -> Option<Self> {
        let inner = match config {
            None => Inner::Plain(tcp),
            Some(config) => {
                let session = ServerConnection::new(Arc::clone(config)).ok()?;
                Inner::Tls(Box::new(StreamOwned::new(session, tcp)))
            }
        };
        Some(Self { inner, bytes_in, bytes_out })
    }

    /// Says goodbye where the protocol has a word for it.
    pub(super) fn close(&mut self) {
        if let Inner::Tls(tls) = &mut self.inner {
            tls.conn.send_close_notify();
            // The peer may be gone already, which is as good as a goodbye.
            let _ = tls.flush();
        }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.inner {
            Inner::Plain(stream) => stream.read(buffer),
            Inner::Tls(stream) => stream.read(buffer),
        }?;
        self.bytes_in.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = match &mut self.inner {
            Inner::Plain(stream) => stream.write(buffer),
            Inner::Tls(stream) => stream.write(buffer),
        }?;
        self.bytes_out.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.inner {
            Inner::Plain(stream) => stream.flush(),
            Inner::Tls(stream) => stream.flush(),
        }
    }
}
