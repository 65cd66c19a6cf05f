//! `[KIND.NAME.events]`: who may tell by itself what has happened, and how that is proven.

use std::time::Duration;

use super::Secret;
use super::problem::Wrong;
use super::secret_source::{Surroundings, read_list};
use super::section::Section;
use super::value;
use crate::text::words::words;

const MINUTE: Duration = Duration::from_secs(60);

/// A signature that holds for longer holds for whoever finds it.
const TOLERANCE_DAYS_MAX: u64 = 1;

/// One in use and one that comes or goes; a third is a forgotten one.
const SECRETS_MAX: usize = 4;

/// What Standard Webhooks demands of a key.
const KEY_BYTES_MIN: usize = 24;

/// As many letters and digits as hold some 96 bits.
const TEXT_BYTES_MIN: usize = 16;

words! {
    /// How an event proves where it comes from.
    pub enum EventScheme {
        /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
        Standard = "standard",
        /// One header with `t=…,v1=…`, as Stripe signs.
        Stripe = "stripe",
        /// `Authorization: Bearer SECRET`, and no signature.
        Bearer = "bearer",
    }
}

/// How events of a section are proven.
#[derive(Debug, Clone)]
pub struct EventsConfig {
    pub scheme: EventScheme,
    /// Each of them proves an event: while one is changed for another, both do.
    pub secrets: Vec<Secret>,
    /// How far the time of a signature may be from ours, either way.
    pub tolerance: Duration,
    /// The header that the signature of [`EventScheme::Stripe`] stands in, in small letters.
    pub header: String,
}

/// Reads the section; `None` where there is none, or together with a noted problem.
pub(super) fn events(outer: &Section<'_>, surroundings: &Surroundings<'_>) -> Option<EventsConfig> {
    let section = outer.section("events");
    if !section.is_given() {
        return None;
    }
    let scheme = section.text("scheme", |text| {
        let hint = "write \"standard\", \"stripe\" or \"bearer\"";
        EventScheme::from_word(text)
            .ok_or_else(|| Wrong::new("is no scheme that is known here").hint(hint))
    });
    let scheme = scheme.or(EventScheme::Standard);
    let secrets = read_list(&section, "secrets", surroundings);
    match &secrets {
        None if section.in_file("secrets").is_none() => {
            let wrong = Wrong::new("is missing: anybody could tell anything");
            section.wrong("secrets", wrong.hint("write secrets = [{ env = \"NAME\" }]"));
        }
        Some(secrets) if secrets.is_empty() => {
            section.wrong("secrets", Wrong::new("is empty, so that no event could be proven"));
        }
        Some(secrets) if secrets.len() > SECRETS_MAX => {
            let wrong = Wrong::new(format!("holds more than {SECRETS_MAX} secrets"));
            section.wrong("secrets", wrong.hint("take out those that are not in use any more"));
        }
        _ => {}
    }
    let tolerance = section.text("tolerance", |text| value::interval(text, TOLERANCE_DAYS_MAX));
    let tolerance = tolerance.or(5 * MINUTE);
    let header = section.text("header", |text| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        match !text.is_empty() && text.len() <= 64 && text.chars().all(is_name) {
            true => Ok(text.to_ascii_lowercase()),
            false => Err(Wrong::new("is no name of a header")
                .hint("write for example \"Webhook-Signature\"")),
        }
    });
    if scheme != EventScheme::Stripe && !header.is_absent() {
        section.warn(format!(
            "{} has no effect without scheme = \"stripe\".",
            section.dotted("header")
        ));
    }
    let header = header.or("webhook-signature".to_owned());
    section.finish();
    let secrets = secrets.filter(|secrets| (1..=SECRETS_MAX).contains(&secrets.len()))?;
    if !surroundings.needs_passwords_of(&section) {
        return Some(EventsConfig { scheme, secrets, tolerance, header });
    }
    if scheme == EventScheme::Standard
        && secrets.iter().any(|secret| standard_key(secret.expose()).is_none())
    {
        let wrong = Wrong::new("holds a secret that is not `whsec_` and a key in base64");
        let hint = "copy it whole from where it is shown; a sender that signs with the text as it stands is \
                    scheme = \"stripe\"";
        section.wrong("secrets", wrong.hint(hint));
        return None;
    }
    let is_short = |secret: &Secret| match scheme {
        EventScheme::Standard => {
            standard_key(secret.expose()).is_some_and(|key| key.len() < KEY_BYTES_MIN)
        }
        EventScheme::Stripe | EventScheme::Bearer => secret.expose().len() < TEXT_BYTES_MIN,
    };
    if secrets.iter().any(is_short) {
        section.warn(format!(
            "{} holds a secret that is so short that it can be guessed; have the sender make a longer one.",
            section.dotted("secrets")
        ));
    }
    Some(EventsConfig { scheme, secrets, tolerance, header })
}

/// The bytes that a secret of [`EventScheme::Standard`] stands for: base64, behind `whsec_` as a rule.
#[must_use]
pub fn standard_key(secret: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    (!key.is_empty()).then_some(key)
}
