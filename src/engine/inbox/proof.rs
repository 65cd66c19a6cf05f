//! Whether an event comes from who may send it. Pure.
//!
//! The bytes of the body are what was signed: they are looked at as they came, before anything is read of them.
//! Every secret and every signature is tried, whatever came of those before, and compared in a time that does not
//! depend on where they differ.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Headers;
use crate::config::{EventScheme, EventsConfig, Secret, standard_key};
use crate::text::hex::unhex;

/// The most characters of an event's id.
const ID_MAX: usize = 256;

/// The most signatures of one event: one for each secret of its sender.
const SIGNATURES_MAX: usize = 20;

/// What is proven of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The sender's name for it, which stays the same when it is delivered again; nothing where the scheme has
    /// none.
    pub id: Option<String>,
    /// When it was signed; nothing where it is not.
    pub signed_at: Option<DateTime<Utc>>,
}

/// Why an event is not believed. No secret and no signature is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    #[error("the header {0} is missing")]
    NoHeader(String),
    #[error("the header {0} cannot be read")]
    BadHeader(String),
    #[error(
        "it was signed {0} s ago, more than the tolerance allows, or its sender's clock is wrong"
    )]
    TooOld(i64),
    #[error("it was signed {0} s in the future, more than the tolerance allows: a clock is wrong")]
    TooNew(i64),
    #[error("no signature fits a secret of this section")]
    WrongSignature,
    #[error("the bearer is none of this section's secrets")]
    WrongBearer,
}

/// Proves an event by its headers and the bytes of its body.
///
/// # Errors
/// [`NotProven`].
pub fn prove(
    config: &EventsConfig,
    headers: &Headers,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Proven, NotProven> {
    match config.scheme {
        EventScheme::Standard => standard(config, headers, body, now),
        EventScheme::Stripe => stripe(config, headers, body, now),
        EventScheme::Bearer => bearer(config, headers),
    }
}

fn standard(
    config: &EventsConfig,
    headers: &Headers,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Proven, NotProven> {
    const ID: &str = "webhook-id";
    const TIMESTAMP: &str = "webhook-timestamp";
    const SIGNATURE: &str = "webhook-signature";
    let (id, timestamp) = (header(headers, ID)?, header(headers, TIMESTAMP)?);
    let signature = header(headers, SIGNATURE)?;
    let is_id = !id.is_empty() && id.chars().count() <= ID_MAX && !id.contains(char::is_control);
    if !is_id {
        return Err(NotProven::BadHeader(ID.to_owned()));
    }
    let signed_at = instant(timestamp, TIMESTAMP)?;
    in_time(signed_at, config, now)?;
    // A version that nobody knows here proves nothing, and does no harm beside one that is known.
    let known = signature.split_ascii_whitespace().filter_map(|one| one.strip_prefix("v1,"));
    let signatures: Vec<_> =
        known.take(SIGNATURES_MAX).filter_map(|one| STANDARD.decode(one).ok()).collect();
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let keys = secrets_of(config).filter_map(standard_key);
    match is_signed(keys, &parts, &signatures) {
        true => Ok(Proven { id: Some(id.to_owned()), signed_at: Some(signed_at) }),
        false => Err(NotProven::WrongSignature),
    }
}

fn stripe(
    config: &EventsConfig,
    headers: &Headers,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Proven, NotProven> {
    let name = config.header.as_str();
    let (mut timestamp, mut signatures) = (None, Vec::new());
    for part in header(headers, name)?.split(',') {
        match part.trim().split_once('=') {
            // Which of two was signed would be a guess.
            Some(("t", _)) if timestamp.is_some() => {
                return Err(NotProven::BadHeader(name.to_owned()));
            }
            Some(("t", seconds)) => timestamp = Some(seconds),
            Some(("v1", hex)) if signatures.len() < SIGNATURES_MAX => signatures.extend(unhex(hex)),
            _ => {}
        }
    }
    let timestamp = timestamp.ok_or_else(|| NotProven::BadHeader(name.to_owned()))?;
    let signed_at = instant(timestamp, name)?;
    in_time(signed_at, config, now)?;
    let parts = [timestamp.as_bytes(), b".", body];
    // The text as it stands is the key, also where it looks like something in base64.
    let keys = secrets_of(config).map(|secret| secret.as_bytes().to_vec());
    match is_signed(keys, &parts, &signatures) {
        true => Ok(Proven { id: None, signed_at: Some(signed_at) }),
        false => Err(NotProven::WrongSignature),
    }
}

fn bearer(config: &EventsConfig, headers: &Headers) -> Result<Proven, NotProven> {
    const AUTHORIZATION: &str = "authorization";
    let value = header(headers, AUTHORIZATION)?;
    let (scheme, given) = value.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(NotProven::BadHeader(AUTHORIZATION.to_owned()));
    }
    // Compared as signatures of nothing: neither its length nor where it differs shows in the time.
    let given = signature(given.trim().as_bytes(), &[]);
    let mut is_one = false;
    for secret in secrets_of(config) {
        let wanted = mac(secret.as_bytes(), &[]);
        is_one |= given.as_ref().zip(wanted).is_some_and(|(g, w)| w.verify_slice(g).is_ok());
    }
    match is_one {
        true => Ok(Proven { id: None, signed_at: None }),
        false => Err(NotProven::WrongBearer),
    }
}

/// The secrets of a section. One that is empty was not read, and whoever wants to could sign with it.
fn secrets_of(config: &EventsConfig) -> impl Iterator<Item = &str> {
    config.secrets.iter().map(Secret::expose).filter(|secret| !secret.is_empty())
}

fn header<'h>(headers: &'h Headers, name: &str) -> Result<&'h str, NotProven> {
    headers.get(name).ok_or_else(|| NotProven::NoHeader(name.to_owned()))
}

/// Seconds since 1970 as digits alone: what was signed is that text.
fn instant(text: &str, name: &str) -> Result<DateTime<Utc>, NotProven> {
    let are_digits = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| are_digits);
    let at = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    at.ok_or_else(|| NotProven::BadHeader(name.to_owned()))
}

/// Signed at the tolerance itself is in time.
fn in_time(
    signed_at: DateTime<Utc>,
    config: &EventsConfig,
    now: DateTime<Utc>,
) -> Result<(), NotProven> {
    let tolerance = TimeDelta::from_std(config.tolerance).unwrap_or(TimeDelta::MAX);
    // Whole seconds, as the sender has them.
    let ago = now.timestamp().saturating_sub(signed_at.timestamp());
    match ago {
        ago if ago > tolerance.num_seconds() => Err(NotProven::TooOld(ago)),
        ago if -ago > tolerance.num_seconds() => Err(NotProven::TooNew(-ago)),
        _ => Ok(()),
    }
}

fn is_signed(keys: impl Iterator<Item = Vec<u8>>, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
    let mut is_one = false;
    for key in keys {
        for given in signatures {
            is_one |= mac(&key, parts).is_some_and(|wanted| wanted.verify_slice(given).is_ok());
        }
    }
    is_one
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}

fn signature(key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    mac(key, parts).map(|mac| mac.finalize().into_bytes().to_vec())
}
