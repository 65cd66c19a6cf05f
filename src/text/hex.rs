//! Bytes as people and other programs compare them.

use std::fmt::Write as _;

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes that hex stands for, in whatever case; nothing where it stands for none.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let are_digits = text.len() % 2 == 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let places = are_digits.then_some((0..text.len()).step_by(2))?;
    places.map(|place| u8::from_str_radix(text.get(place..place + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[0, 9, 16, 255]), "000910ff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn what_is_no_hex_stands_for_nothing() {
        assert_eq!(unhex("00090aFf"), Some(vec![0, 9, 10, 255]));
        assert_eq!(unhex(""), Some(Vec::new()));
        for text in ["0", "0g", "+1", "0x", "\u{e4}", " 1"] {
            assert_eq!(unhex(text), None, "{text}");
        }
    }
}
