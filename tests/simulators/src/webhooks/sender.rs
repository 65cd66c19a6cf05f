//! Who sends: the scheme, its secrets, and the signatures that they make.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::delivery::Delivery;
use crate::base64;

/// How a delivery proves where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The key is what
    /// the Base64 behind `whsec_` stands for.
    Standard,
    /// One header `t=UNIX,v1=HEX`, after Stripe. The key is the text of the secret as it stands, also
    /// if it begins with `whsec_`. It has no id.
    Stripe,
    /// `Authorization: Bearer SECRET`. It has neither id, time nor signature.
    Bearer,
}

/// A sender of events.
#[derive(Debug, Clone)]
pub struct Sender {
    scheme: Scheme,
    secrets: Vec<String>,
    signature_header: String,
    content_type: String,
    beside: Vec<String>,
}

impl Sender {
    /// A sender of [`Scheme::Standard`].
    ///
    /// # Panics
    /// If the secret is no Base64, with or without `whsec_` before it.
    pub fn standard(secret: &str) -> Self {
        Self::new(Scheme::Standard, secret)
    }

    /// A sender of [`Scheme::Stripe`].
    pub fn stripe(secret: &str) -> Self {
        Self::new(Scheme::Stripe, secret)
    }

    /// A sender of [`Scheme::Bearer`].
    pub fn bearer(secret: &str) -> Self {
        Self::new(Scheme::Bearer, secret)
    }

    /// A sender of any scheme, of `application/json`.
    ///
    /// # Panics
    /// As [`Sender::standard`].
    pub fn new(scheme: Scheme, secret: &str) -> Self {
        let sender = Self {
            scheme,
            secrets: Vec::new(),
            signature_header: "Webhook-Signature".into(),
            content_type: "application/json".into(),
            beside: Vec::new(),
        };
        sender.and_secret(secret)
    }

    /// Signs with this secret too, behind the others: secrets are in rotation. A bearer has room for
    /// one only, which stays the first.
    ///
    /// # Panics
    /// As [`Sender::standard`].
    #[must_use]
    pub fn and_secret(mut self, secret: &str) -> Self {
        let is_good = self.scheme != Scheme::Standard || standard_key(secret).is_some();
        assert!(is_good, "a secret of Standard Webhooks is Base64");
        self.secrets.push(secret.into());
        self
    }

    /// Puts this before the signatures, a version that nobody knows: `v1a,AAAA` or `v0=00`. A client
    /// must look past it.
    #[must_use]
    pub fn beside(mut self, signature: &str) -> Self {
        self.beside.push(signature.into());
        self
    }

    /// Names the header of [`Scheme::Stripe`]; `Webhook-Signature` by default.
    #[must_use]
    pub fn signature_header(mut self, name: &str) -> Self {
        self.signature_header = name.into();
        self
    }

    /// Sets the `Content-Type`.
    #[must_use]
    pub fn content_type(mut self, kind: &str) -> Self {
        self.content_type = kind.into();
        self
    }

    /// Sends a body under an id at an instant. Only [`Scheme::Standard`] tells the id.
    pub fn deliver(&self, id: &str, at: DateTime<Utc>, body: impl Into<Vec<u8>>) -> Delivery {
        Delivery::new(self.clone(), id, at, body.into())
    }

    /// Headers of a delivery, with the one that tells of the body's kind.
    pub(super) fn headers(
        &self,
        id: &str,
        at: DateTime<Utc>,
        body: &[u8],
    ) -> Vec<(String, String)> {
        let time = at.timestamp().to_string();
        let mut headers = vec![("Content-Type".to_owned(), self.content_type.clone())];
        let mut push = |name: &str, value: String| headers.push((name.to_owned(), value));
        match self.scheme {
            Scheme::Standard => {
                let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
                let sign = |secret: &String| {
                    let key = standard_key(secret).unwrap_or_default();
                    format!("v1,{}", base64::encode(&mac(&key, &signed)))
                };
                push("webhook-id", id.to_owned());
                push("webhook-timestamp", time);
                push("webhook-signature", self.signatures(sign).join(" "));
            }
            Scheme::Stripe => {
                let signed = [time.as_bytes(), b".", body].concat();
                let sign = |secret: &String| {
                    let bytes = mac(secret.as_bytes(), &signed);
                    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                    format!("v1={hex}")
                };
                let value = format!("t={time},{}", self.signatures(sign).join(","));
                push(&self.signature_header, value);
            }
            Scheme::Bearer => push("Authorization", format!("Bearer {}", self.secrets[0])),
        }
        headers
    }

    /// What stands beside, then one signature of each secret.
    fn signatures(&self, sign: impl Fn(&String) -> String) -> Vec<String> {
        self.beside.iter().cloned().chain(self.secrets.iter().map(sign)).collect()
    }
}

/// The key of a secret as Standard Webhooks shows it.
fn standard_key(secret: &str) -> Option<Vec<u8>> {
    base64::decode(secret.strip_prefix("whsec_").unwrap_or(secret))
}

/// HMAC-SHA256.
fn mac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}
