//! What tests of connectors share: a wiring without a run, and TLS for servers, with a certificate that can be shown
//! with another key than its own.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};

use crate::config::Wiring;
use crate::net::requests::RequestCount;
use crate::ports::progress::Silent;

const CERTIFICATE: &[u8] = include_bytes!("../../tests/fixtures/hikvision/device.cert.der");
pub(crate) const KEY: &[u8] = include_bytes!("../../tests/fixtures/hikvision/device.key.der");
pub(crate) const OTHER_KEY: &[u8] = include_bytes!("../../tests/fixtures/hikvision/other.key.der");

/// A connection that nobody watches.
pub(crate) fn wiring() -> Wiring {
    Wiring { progress: Arc::new(Silent), count: RequestCount::default() }
}

/// Shows the certificate with whatever key it was given, as a thief of the certificate would.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// The certificate, with this key.
pub(crate) fn tls(
    key: &'static [u8],
    version: &'static rustls::SupportedProtocolVersion,
) -> Arc<ServerConfig> {
    let key = any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key))).unwrap();
    let certified = CertifiedKey::new(vec![CertificateDer::from(CERTIFICATE)], key);
    let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(certified))));
    Arc::new(tls)
}

/// The fingerprint of the certificate.
pub(crate) fn pin() -> [u8; 32] {
    Sha256::digest(CERTIFICATE).into()
}
