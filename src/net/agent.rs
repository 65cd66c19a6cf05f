//! HTTP for targets in a local network: no redirects, no proxy from the environment, and certificates
//! judged as [`super::tls`] says.
//!
//! ureq itself pins no certificate, so its connection is wrapped in our own TLS there. The traits for that
//! are outside of ureq's promises about versions: an update may want changes here, and nowhere else.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, Either, LazyBuffers, NextTimeout,
    TcpConnector, Transport, TransportAdapter,
};
use ureq::{Agent, Error};

use super::tls::{Found, Tls, client_config};

/// Whether an agent has a connection for a request. What fails before has sent no byte of HTTP.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connecting(Arc<AtomicBool>);

impl Connecting {
    pub(crate) fn begin(&self) {
        self.set(true);
    }

    /// Whether the request failed before it had a connection.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn set(&self, is_on: bool) {
        self.0.store(is_on, Ordering::SeqCst);
    }
}

/// Makes an agent; the network is not touched. A certificate other than the pinned one is put into
/// `found`. `https` by the system's roots needs the process-wide rustls provider that `run` installs.
///
/// # Errors
/// When TLS cannot be set up, as text.
pub(crate) fn agent(
    tls: &Tls,
    is_https: bool,
    connect: Duration,
    found: &Found,
    connecting: &Connecting,
) -> Result<Agent, String> {
    let roots = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A variable left in some shell must not decide where a signature goes.
        .proxy(None)
        .timeout_resolve(Some(connect))
        .timeout_connect(Some(connect))
        .user_agent(concat!("ivms-sync/", env!("CARGO_PKG_VERSION")))
        .tls_config(roots)
        .build();
    let connecting = connecting.clone();
    let resolver = Watched { inner: DefaultResolver::default(), connecting: connecting.clone() };
    Ok(match client_config(tls, is_https, found)? {
        None => {
            let watched = Watched { inner: DefaultConnector::default(), connecting };
            Agent::with_parts(config, watched, resolver)
        }
        Some(own) => {
            let inner = ().chain(TcpConnector::default()).chain(OwnTls(Arc::new(own)));
            Agent::with_parts(config, Watched { inner, connecting }, resolver)
        }
    })
}

/// Says how far a request has come: every one looks up its host first, and then makes a connection or takes
/// one that is open.
#[derive(Debug)]
struct Watched<T> {
    inner: T,
    connecting: Connecting,
}

impl<R: Resolver> Resolver for Watched<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        self.connecting.set(true);
        let found = self.inner.resolve(uri, config, timeout)?;
        self.connecting.set(false);
        Ok(found)
    }
}

impl<C: Connector> Connector for Watched<C> {
    type Out = C::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        self.connecting.set(true);
        let made = self.inner.connect(details, chained)?;
        self.connecting.set(false);
        Ok(made)
    }
}

/// Wraps a connection in TLS where the address says `https`.
#[derive(Debug)]
struct OwnTls(Arc<ClientConfig>);

impl<In: Transport> Connector<In> for OwnTls {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let plain = chained.ok_or(Error::ConnectionFailed)?;
        if !details.needs_tls() {
            return Ok(Some(Either::A(plain)));
        }
        // An IPv6 address stands in brackets in an address, and without them in a certificate.
        let host = details.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|_| Error::Tls("no name for TLS"))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.0), name)?;
        let boxed: Box<dyn Transport> = Box::new(plain);
        let mut socket = TransportAdapter::new(boxed, Arc::clone(&details.current_time));
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        let stream = StreamOwned::new(connection, socket);
        Ok(Some(Either::B(TlsTransport { buffers, stream })))
    }
}

/// A connection within TLS.
struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).ok_or_else(no_room)?;
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let count = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}

fn no_room() -> io::Error {
    io::Error::other("more to send than the buffer holds")
}
