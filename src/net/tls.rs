//! How a target behind `https` is judged: see [`Tls`].
//!
//! Some terminals ship a key of RSA 1024. Verification refuses keys below 2048 bits, so such a device fails
//! with `system` and when pinned, until it is given a new certificate. Devices that know nothing newer than
//! TLS 1.1 fail always.

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
    /// By the SHA-256 of the certificate (DER), shown by one who holds its key: a copied certificate is no
    /// use. Name, date and issuer are not asked, since devices are self-signed and their clocks at times
    /// wrong.
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
    let pin = match tls {
        Tls::System => return Ok(None),
        Tls::Pinned(sha256) => Some(*sha256),
        Tls::Insecure => None,
    };
    let judge = Arc::new(Judge { pin, found: found.clone(), provider });
    Ok(Some(builder.dangerous().with_custom_certificate_verifier(judge).with_no_client_auth()))
}

/// Judges who answers, where the operating system does not.
#[derive(Debug)]
struct Judge {
    /// The certificate that must be shown, by one who holds its key; `None`: anybody will do.
    pin: Option<[u8; 32]>,
    found: Found,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Sha256::digest(end_entity.as_ref());
        if self.pin.is_none_or(|pin| shown.as_slice() == pin) {
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
        if self.pin.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.pin.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
