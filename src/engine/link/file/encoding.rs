//! From the bytes of a CSV file to text.
//!
//! A byte-order mark decides; else valid UTF-8 is UTF-8; else it is one of the two code pages that
//! Excel writes in the countries around the program: Windows-1250 (č š ž) or Windows-1252 (å ä ö).
//! Which of the two cannot be told from a few letters, so it is not guessed: a byte on which both
//! agree becomes that letter, any other becomes U+FFFD, and a person id or e-mail that holds U+FFFD
//! is unusable. Names, where such letters really stand, are not read at all.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1250, WINDOWS_1252};

use super::FileProblem;

/// Turns the bytes of a text file into text without a byte-order mark.
///
/// # Errors
/// [`FileProblem::Encoding`] when a mark promises what the bytes do not keep,
/// [`FileProblem::NotASpreadsheet`] on a NUL byte without a mark, which no text has.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FileProblem> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        // UTF-16 comes in pairs; encoding_rs would also say so, but only as a replaced character.
        let text = encoding.decode_without_bom_handling_and_without_replacement(body);
        return text.ok_or(FileProblem::Encoding { encoding: encoding.name() });
    }
    if bytes.contains(&0) {
        return Err(FileProblem::NotASpreadsheet);
    }
    match UTF_8.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text),
        None => Ok(Cow::Owned(where_both_agree(bytes))),
    }
}

/// Decodes as Windows-1250 and Windows-1252 at once; both take one byte for each character.
fn where_both_agree(bytes: &[u8]) -> String {
    let (central, _) = WINDOWS_1250.decode_without_bom_handling(bytes);
    let (western, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    central
        .chars()
        .zip(western.chars())
        .map(|(a, b)| if a == b { a } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_decide() {
        assert_eq!(decode(b"\xEF\xBB\xBFID").unwrap(), "ID");
        assert_eq!(decode(b"\xFF\xFEI\0D\0").unwrap(), "ID");
        assert_eq!(decode(b"\xFE\xFF\0I\0D").unwrap(), "ID");
        assert!(matches!(decode(b"\xFF\xFEI\0D"), Err(FileProblem::Encoding { .. })));
        assert!(matches!(decode(b"\xEF\xBB\xBF\xE8"), Err(FileProblem::Encoding { .. })));
    }

    #[test]
    fn letters_that_both_code_pages_share() {
        assert_eq!(decode(b"\x9Auba \xE4\xF6").unwrap(), "šuba äö");
        assert_eq!(decode(b"\xE8rt \xE5").unwrap(), "\u{FFFD}rt \u{FFFD}");
        assert_eq!(decode("črt å".as_bytes()).unwrap(), "črt å");
    }

    #[test]
    fn nul_bytes_are_no_text() {
        assert!(matches!(decode(b"I\0D\0"), Err(FileProblem::NotASpreadsheet)));
    }
}
