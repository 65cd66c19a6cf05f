//! What the `code` of an answer means for the request. Pure.
//!
//! There are two families: small whole numbers of the platform itself, and eight hex digits of the gateway
//! before it and of the services behind it. Gateways number their codes in two ways: 0x02401007 is a missing
//! permission to one and an expired token to the other, 0x02401009 too many calls or a failed check. So
//! codes are sorted by what to do about both meanings, and the code as it was sent is always shown.

use std::fmt;

use serde_json::Value;

use crate::model::visible;

/// The most characters of a code that are kept; real ones have ten.
const CODE_CHARS: usize = 24;

/// The `code` of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// As it was sent.
    text: String,
    number: Option<i64>,
}

impl Code {
    /// A code that is text or a whole number; 0 is success.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = match value {
            Value::String(text) => visible(text, CODE_CHARS),
            Value::Number(number) => visible(&number.to_string(), CODE_CHARS),
            _ => return None,
        };
        let lower = text.to_ascii_lowercase();
        let number = match lower.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => lower.parse().ok(),
        };
        (!text.is_empty()).then_some(Self { text, number })
    }

    /// Whether it says that the request was carried out.
    pub(super) fn is_success(&self) -> bool {
        self.number == Some(0)
    }

    /// Whether the gateway itself says so, before the platform saw the request.
    pub(super) fn is_of_gateway(&self) -> bool {
        self.number.is_some_and(|number| (0x0240_1000..0x0240_2000).contains(&number))
    }

    /// What it means for the request.
    pub(super) fn meaning(&self) -> Meaning {
        let Some(number) = self.number else { return Meaning::Refused };
        let known = CODES.iter().find(|(first, last, _)| (*first..=*last).contains(&number));
        known.map_or(Meaning::Refused, |(_, _, meaning)| *meaning)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// What a refusal means for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Too many calls, or too busy: nothing was done, and later it may be.
    SlowDown,
    /// An error inside the platform. Whether anything was done is not known.
    Fault,
    /// The AppKey or the AppSecret is wrong, or the signature does not fit the request.
    Login,
    /// The signature does not fit, although that of the request before did: nobody knows what was done.
    OddSignature,
    /// The platform's user behind the partner is locked, missing or not set up.
    PartnerUser,
    /// The partner's user lacks a right, or the platform a licence.
    MissingRight,
    /// The partner's user lacks the right to the very person or door that was asked for.
    NoRightToIt,
    /// This API is not ticked for the partner.
    UntickedApi,
    /// This computer's address is not among those that the partner may use.
    Host,
    /// This version of the platform does not know the API, or has no licence for it.
    NotOffered,
    /// Only `https` is served.
    HttpsOnly,
    /// What was asked for does not exist.
    NotFound,
    /// The platform does not take the request in this form.
    WrongRequest,
    Refused,
}

/// First code, last code, meaning.
const CODES: &[(i64, i64, Meaning)] = &[
    (1, 1, Meaning::Fault),          // unknown error
    (2, 2, Meaning::WrongRequest),   // parameter
    (3, 3, Meaning::SlowDown),       // resources are short
    (4, 5, Meaning::Fault),          // timeout; service exception, as with a full database
    (6, 6, Meaning::SlowDown),       // busy
    (7, 7, Meaning::WrongRequest),   // command
    (8, 8, Meaning::NotOffered),     // "This product version is not supported"
    (9, 9, Meaning::Login),          // token
    (10, 10, Meaning::WrongRequest), // XML
    (11, 11, Meaning::HttpsOnly),
    (12, 12, Meaning::WrongRequest), // URL
    (13, 13, Meaning::Login),        // authentication between the service and the gateway
    (16, 16, Meaning::Fault),        // a service could not be connected to
    (17, 17, Meaning::MissingRight), // for the OpenAPI at all
    (64, 67, Meaning::PartnerUser),
    (69, 69, Meaning::UntickedApi),
    (128, 128, Meaning::NotFound),
    (129, 129, Meaning::Fault), // offline
    (130, 130, Meaning::NoRightToIt),
    (133, 133, Meaning::SlowDown), // occupied
    // Services: at capacity; error, timeout, unavailable; unknown.
    (0x0005_2101, 0x0005_2101, Meaning::SlowDown),
    (0x0005_2102, 0x0005_2104, Meaning::Fault),
    (0x0005_2301, 0x0005_2301, Meaning::Fault),
    // Parameters: missing, range, form, answer too long, unknown, too long.
    (0x0007_2001, 0x0007_2006, Meaning::WrongRequest),
    // Rights, resources and licences, in two orders.
    (0x0007_2201, 0x0007_2204, Meaning::MissingRight),
    // The gateway: inner error, a call behind it failed.
    (0x0240_0001, 0x0240_0004, Meaning::Fault),
    // No key, no partner for it, no signature, a wrong one; tokens.
    (0x0240_1000, 0x0240_1006, Meaning::Login),
    // No permission, or an expired token; authentication, or an API that is not granted.
    (0x0240_1007, 0x0240_1008, Meaning::MissingRight),
    // Too many calls, or a failed check of permissions.
    (0x0240_1009, 0x0240_1009, Meaning::SlowDown),
    (0x0240_100a, 0x0240_100a, Meaning::WrongRequest), // parameter
    // Statistics of calls, or too many calls.
    (0x0240_100b, 0x0240_100b, Meaning::SlowDown),
    (0x0240_100c, 0x0240_100c, Meaning::Fault), // statistics of calls
    (0x0240_1019, 0x0240_1019, Meaning::Login), // neither a token nor a key
    (0x0240_101b, 0x0240_101d, Meaning::Host),
    (0x0240_1021, 0x0240_1023, Meaning::WrongRequest), // no JSON, character set
    (0x0240_1030, 0x0240_1035, Meaning::Fault),        // back end down, timeouts, circuit open
    (0x0240_1036, 0x0240_1036, Meaning::SlowDown),     // above the limit of the system
    (0x0240_1037, 0x0240_103a, Meaning::Fault),
    (0x0240_103b, 0x0240_103b, Meaning::SlowDown), // above the limit of this API
    (0x0240_103c, 0x0240_103c, Meaning::HttpsOnly),
];

/// The most characters of a message that are shown.
const MESSAGE_CHARS: usize = 200;

/// A message of the server, fit to be shown: one line, without what steers or hides, without the signed
/// text that it echoes, and with everything in `private` replaced.
pub(super) fn redacted(message: &str, private: &[&str]) -> String {
    // Everything behind the first line break belongs to an echo.
    let line = message.trim().lines().next().unwrap_or_default();
    let lower = line.to_ascii_lowercase();
    let echo =
        ["and stringtosign", "stringtosign", "x-ca-"].iter().find_map(|mark| lower.find(mark));
    let said = echo.and_then(|at| line.get(..at)).unwrap_or(line);
    // What hides goes first: it may stand within a secret.
    let mut text = visible(said, usize::MAX);
    let mut private: Vec<_> =
        private.iter().map(|one| one.trim()).filter(|one| !one.is_empty()).collect();
    private.sort_unstable_by_key(|one| std::cmp::Reverse(one.len()));
    for one in private {
        text = text.replace(one, "***");
    }
    visible(&text, MESSAGE_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn meaning(value: Value) -> Meaning {
        Code::read(&value).unwrap().meaning()
    }

    #[test]
    fn codes_as_text_and_as_numbers() {
        for success in [json!("0"), json!(0), json!(" 0 ")] {
            assert!(Code::read(&success).unwrap().is_success(), "{success}");
        }
        for (value, expected) in [
            (json!("1"), Meaning::Fault),
            (json!(2), Meaning::WrongRequest),
            (json!("3"), Meaning::SlowDown),
            (json!("4"), Meaning::Fault),
            (json!("5"), Meaning::Fault),
            (json!("6"), Meaning::SlowDown),
            (json!("7"), Meaning::WrongRequest),
            (json!("8"), Meaning::NotOffered),
            (json!("9"), Meaning::Login),
            (json!("10"), Meaning::WrongRequest),
            (json!("11"), Meaning::HttpsOnly),
            (json!("12"), Meaning::WrongRequest),
            (json!("13"), Meaning::Login),
            (json!("14"), Meaning::Refused),
            (json!("15"), Meaning::Refused),
            (json!("16"), Meaning::Fault),
            (json!("17"), Meaning::MissingRight),
            (json!("64"), Meaning::PartnerUser),
            (json!("65"), Meaning::PartnerUser),
            (json!("66"), Meaning::PartnerUser),
            (json!("67"), Meaning::PartnerUser),
            (json!("68"), Meaning::Refused),
            (json!("69"), Meaning::UntickedApi),
            (json!(128), Meaning::NotFound),
            (json!("128"), Meaning::NotFound),
            (json!("129"), Meaning::Fault),
            (json!("130"), Meaning::NoRightToIt),
            (json!("131"), Meaning::Refused),
            (json!("132"), Meaning::Refused),
            (json!("133"), Meaning::SlowDown),
            (json!("195"), Meaning::Refused),
            (json!("0x00052101"), Meaning::SlowDown),
            (json!("0x00052102"), Meaning::Fault),
            (json!("0x00072001"), Meaning::WrongRequest),
            (json!("0x00072004"), Meaning::WrongRequest),
            (json!("0x00072201"), Meaning::MissingRight),
            (json!("0x00072204"), Meaning::MissingRight),
            (json!("0x02400001"), Meaning::Fault),
            (json!("0x02401000"), Meaning::Login),
            (json!("0x02401001"), Meaning::Login),
            (json!("0x02401002"), Meaning::Login),
            (json!("0X02401003"), Meaning::Login),
            (json!("0x02401007"), Meaning::MissingRight),
            (json!("0x02401008"), Meaning::MissingRight),
            (json!("0x02401009"), Meaning::SlowDown),
            (json!("0x0240100a"), Meaning::WrongRequest),
            (json!("0x0240100B"), Meaning::SlowDown),
            (json!("0x0240100c"), Meaning::Fault),
            (json!("0x0240101b"), Meaning::Host),
            (json!("0x02401035"), Meaning::Fault),
            (json!("0x02401036"), Meaning::SlowDown),
            (json!("0x0240103b"), Meaning::SlowDown),
            (json!("0x0240103c"), Meaning::HttpsOnly),
            (json!("no number"), Meaning::Refused),
            (json!("0x"), Meaning::Refused),
            (json!(-1), Meaning::Refused),
        ] {
            assert_eq!(meaning(value.clone()), expected, "{value}");
            assert!(!Code::read(&value).unwrap().is_success(), "{value}");
        }
        for none in [json!(null), json!(""), json!(" "), json!({}), json!([0]), json!(false)] {
            assert_eq!(Code::read(&none), None, "{none}");
        }
        assert_eq!(Code::read(&json!("0x02401003\u{1b}[2J")).unwrap().to_string(), "0x02401003[2J");
    }

    #[test]
    fn ranges_do_not_overlap_and_hold_no_success() {
        for (at, (first, last, _)) in CODES.iter().enumerate() {
            assert!(first <= last && *first > 0);
            assert!(at == 0 || CODES[at - 1].1 < *first, "{first:#x}");
        }
    }

    /// The answers of an older and of a newer gateway to a wrong signature, and others that were seen.
    #[test]
    fn what_is_shown_of_real_messages() {
        const KEY: &str = "12345678";
        let signed =
            "POST\n*/*\napplication/json\nx-ca-key:12345678\n/artemis/api/common/v1/version";
        for (message, shown) in [
            (format!("Invalid Signature! and StringToSign: {signed}"), "Invalid Signature!"),
            (
                format!(
                    "api AK/SK signature authentication failed,Invalid Signature! and StringToSign: {signed}, apiName : version, appKey : 12345678"
                ),
                "api AK/SK signature authentication failed,Invalid Signature!",
            ),
            ("no partner for appKey 12345678".to_owned(), "no partner for appKey ***"),
            ("1234\u{200b}5678 is unknown".to_owned(), "*** is unknown"),
            (signed.to_owned(), "POST"),
            ("got x-ca-key:12345678".to_owned(), "got"),
            (
                "This product version is not supported".to_owned(),
                "This product version is not supported",
            ),
            ("beginTime parameter error".to_owned(), "beginTime parameter error"),
            (
                "Service exception. Hikcentral Database Exception".to_owned(),
                "Service exception. Hikcentral Database Exception",
            ),
            ("\u{1b}[31mred\u{202e}".to_owned(), "[31mred"),
            (String::new(), ""),
        ] {
            assert_eq!(redacted(&message, &[KEY, "", "testsecret0123456789"]), shown);
        }
        assert_eq!(redacted(&"č".repeat(500), &[]).chars().count(), 200);
        // A secret at the cut leaves no part of itself.
        let long = format!("{} 12345678", "a".repeat(195));
        assert_eq!(redacted(&long, &[KEY]), format!("{} ***", "a".repeat(195)));
        // The longer one first, or the rest of it would stay.
        assert_eq!(redacted("ma jack is wrong", &["ma", "ma jack"]), "*** is wrong");
    }

    proptest! {
        #[test]
        fn no_message_shows_a_key(
            before in any::<String>(), after in any::<String>(), code in any::<String>()
        ) {
            let shown = redacted(&format!("{before}KEY-47-11{after}"), &["KEY-47-11"]);
            prop_assert!(!shown.contains("KEY-47-11"), "{shown}");
            prop_assert!(shown.chars().count() <= MESSAGE_CHARS);
            prop_assert!(!shown.chars().any(crate::model::steers));
            if let Some(code) = Code::read(&Value::String(code)) {
                let _ = code.meaning();
            }
        }
    }
}
