//! How a target behind `https` is judged.
//!
//! * `system`: by the operating system's roots and the host name; the HTTP client's own way.
//! * `sha256:…`: the certificate shown must be that very one, and whoever shows it must hold its key
//!   (the handshake's signature is verified), so that a copied certificate is no use. Name, date and
//!   issuer are not asked: devices are self-signed, and their clocks are at times wrong.
//! * `insecure`: whoever answers.
//!
//! Some terminals ship a key of RSA 1024. Verification refuses keys below 2048 bits, so such a device
//! fails with `system` and when pinned. Give it a new certificate (its web page, or HikCentral, can
//! install one); until then `insecure`, which checks no signature, or plain `http` on a network of
//! its own are what is left. Devices that know nothing newer than TLS 1.1 fail always.

use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};

use crate::text::hex::hex;

/// How an `https` certificate is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// By the roots of the operating system.
    System,
    /// By the SHA-256 of the certificate (DER); nothing else about it is asked.
    Pinned([u8; 32]),
    /// Not at all: the connection is encrypted to whoever answers.
    Insecure,
}

/// The fingerprint of a certificate that was not the pinned one, carried out of the handshake.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found(Arc<Mutex<Option<String>>>);

impl Found {
    fn put(&self, fingerprint: String) {
        if let Ok(mut place) = self.0.lock() {
            *place = Some(fingerprint);
        }
    }

    /// The fingerprint found since the last call, if the pin did not match.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().ok()?.take()
    }
}

/// The TLS set-up for a target, or nothing where the HTTP client's own (the system's roots) is meant.
///
/// # Errors
/// When the provider cannot do TLS 1.2 and 1.3, as text.
pub(crate) fn client_config(
    tls: &Tls,
    is_https: bool,
    found: &Found,
) -> Result<Option<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    if !is_https {
        // No hand is ever shaken, so nobody's roots are needed: reading the system's takes longer than
        // all else that a connection takes to set up.
        let nobody = RootCertStore::empty();
        return Ok(Some(builder.with_root_certificates(nobody).with_no_client_auth()));
    }
    let verifier: Arc<dyn ServerCertVerifier> = match tls {
        Tls::System => return Ok(None),
        Tls::Pinned(sha256) => Arc::new(Pinned { sha256: *sha256, found: found.clone(), provider }),
        Tls::Insecure => Arc::new(Anybody { provider }),
    };
    let config =
        builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(Some(config))
}

/// Takes one certificate and no other.
#[derive(Debug)]
struct Pinned {
    sha256: [u8; 32],
    found: Found,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Sha256::digest(end_entity.as_ref());
        if shown.as_slice() == self.sha256 {
            return Ok(ServerCertVerified::assertion());
        }
        self.found.put(hex(&shown));
        Err(rustls::Error::InvalidCertificate(
            rustls::CertificateError::ApplicationVerificationFailure,
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Takes any certificate and any signature.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
