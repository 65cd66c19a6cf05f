//! E-mail addresses, compared the way the contract says and no cleverer.

use std::fmt;

use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

/// An e-mail address, trimmed, lower-cased and in Unicode NFC, so that equal addresses are equal
/// values. Dots and `+tags` are kept: nothing cleverer is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(SmolStr);

impl Email {
    /// The longest address accepted, in bytes (RFC 5321 section 4.5.3.1.3 with the brackets off).
    pub const MAX_BYTES: usize = 254;

    /// Reads an address, or nothing when the text is not one: no single `@` between two non-empty
    /// parts, white space or a control character inside, or longer than [`Email::MAX_BYTES`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.len() > Self::MAX_BYTES {
            return None;
        }
        // Every tick reads every address, and nearly all of them are ASCII.
        let is_ascii = trimmed.is_ascii();
        let is_broken = if is_ascii {
            trimmed.bytes().any(|byte| byte <= b' ' || byte == 0x7f)
        } else {
            trimmed.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if is_broken {
            return None;
        }
        let (local, domain) = trimmed.split_once('@')?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return None;
        }
        if is_ascii {
            let is_lower = !trimmed.bytes().any(|byte| byte.is_ascii_uppercase());
            return Some(Self(match is_lower {
                true => trimmed.into(),
                false => trimmed.to_ascii_lowercase().into(),
            }));
        }
        let normalised: String = trimmed.to_lowercase().nfc().collect();
        Some(Self(normalised.into()))
    }

    /// The address in the form that is compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_addresses_are_equal_values() {
        let anna = Email::parse("anna@example.se").unwrap();
        assert_eq!(Email::parse("  Anna@Example.SE\r\n").unwrap(), anna);
        let composed = Email::parse("\u{e5}sa@example.se").unwrap();
        let decomposed = Email::parse("A\u{30a}sa@example.se").unwrap();
        assert_eq!(composed, decomposed);
    }

    #[test]
    fn nothing_cleverer_than_the_contract() {
        assert_ne!(Email::parse("a.b@x.se"), Email::parse("ab@x.se"));
        assert_ne!(Email::parse("ab+gym@x.se"), Email::parse("ab@x.se"));
    }

    #[test]
    fn no_ascii_character_is_judged_otherwise_than_any_other() {
        for c in (0..=0x7f).map(char::from) {
            let is_broken = c.is_whitespace() || c.is_control() || c == '@';
            for end in ["x.se", "x\u{e5}.se"] {
                assert_eq!(Email::parse(&format!("a{c}b@{end}")).is_none(), is_broken, "{c:?}");
            }
        }
    }

    #[test]
    fn what_is_no_address() {
        for bad in ["", " ", "@", "a@", "@b", "a b@c", "a@b@c", "anna", "a@b\u{7}"] {
            assert_eq!(Email::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Email::parse(&format!("{}@x.se", "a".repeat(250))), None);
    }
}
