//! Documents that leave: each has exactly one effect at the other side, or none. Pure.

use std::fmt;

use smol_str::SmolStr;

use super::id::{InvalidId, checked};
use crate::text::words::words;

words! {
    /// What sort of document it is.
    pub enum DocumentKind {
        /// Takes money from somebody.
        Payment = "payment",
        /// Gives back a part of a payment.
        Refund = "refund",
        /// Issues a citation.
        Citation = "citation",
        /// Changes the tariff of a meter.
        Tariff = "tariff",
        /// Tells the revenue of a day.
        Report = "report",
        /// Hands citations over to collection.
        Referral = "referral",
        /// Takes citations back from collection.
        Withdrawal = "withdrawal",
    }
}

words! {
    /// How far a document is.
    pub enum DocumentState {
        /// It is known, and nothing of it was sent.
        New = "new",
        /// It waits for a person's approval, and nothing of it was sent.
        Blocked = "blocked",
        /// It is on its way: what is found so was cut off there.
        Sent = "sent",
        /// The other side has it, and says so.
        Confirmed = "confirmed",
        /// The other side does not take it.
        Refused = "refused",
        /// It was sent, and nobody knows what became of it.
        Unknown = "unknown",
        /// A person has asked the other side, and said so.
        Settled = "settled",
    }
}

impl DocumentState {
    /// Whether it may have had its effect, and may have none.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Sent | Self::Unknown)
    }

    /// Whether anything of it has left.
    #[must_use]
    pub fn has_left(self) -> bool {
        !matches!(self, Self::New | Self::Blocked)
    }
}

/// What a document is called, for ever: `refund_1`, `AIMS-2024-000123`, `gtcs:2024-01-01:1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(SmolStr);

/// The most bytes of an id: the name of a meter, and a SHA-256.
const ID_MAX_BYTES: usize = 160;

impl DocumentId {
    /// Takes the text as it is.
    ///
    /// # Errors
    /// [`InvalidId`] when it is blank, longer than 160 bytes, or holds anything but ASCII letters, digits and
    /// `- _ . :`, so that no address can be steered by it.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let text = checked(text, ID_MAX_BYTES)?;
        let is_plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
        // `.` and `..` are ways through an address.
        match is_plain && text.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            true => Ok(Self(text)),
            false => Err(InvalidId::BadCharacter),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for DocumentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_steers_nothing() {
        for id in ["refund_1", "AIMS-2024-000123", "gtcs:2024-01-01:1", "a.b", "1"] {
            assert!(DocumentId::new(id).is_ok(), "{id}");
        }
        let long = "a".repeat(161);
        for id in [
            "",
            " ",
            ".",
            "..",
            "a/b",
            "a%2fb",
            "a b",
            "a?b",
            "a#b",
            "\u{e4}",
            "a\n",
            long.as_str(),
        ] {
            assert!(DocumentId::new(id).is_err(), "{id}");
        }
    }

    #[test]
    fn what_was_sent_may_have_had_its_effect() {
        let open: Vec<_> = DocumentState::ALL.into_iter().filter(|state| state.is_open()).collect();
        assert_eq!(open, [DocumentState::Sent, DocumentState::Unknown]);
    }
}
