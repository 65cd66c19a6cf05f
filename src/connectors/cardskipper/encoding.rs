//! Bytes of an XML document to text: UTF-8 and UTF-16 with or without a mark, and what is declared.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_16BE, UTF_16LE};

use super::text::quotable;
use super::wire::WireError;

/// How far into a document its declaration is looked for, in bytes; a real one is below 100.
const DECLARATION_MAX_BYTES: usize = 256;

/// Decodes a document and takes off one byte-order mark. UTF-8, the rule, is borrowed and not copied.
///
/// The mark decides first, then the look of the first bytes, then the declaration. A declaration that
/// says UTF-16 and can itself be read byte by byte is not true: .NET's string writer makes such
/// documents, and they are UTF-8.
///
/// # Errors
/// [`WireError::BadEncoding`] for malformed bytes and for an encoding nobody knows. Nothing is
/// replaced: a damaged document must not become a smaller list of members.
pub(super) fn decode(body: &[u8]) -> Result<Cow<'_, str>, WireError> {
    if let Some(rest) = body.strip_prefix(b"\xEF\xBB\xBF") {
        return utf8(rest);
    }
    if let Some(rest) = body.strip_prefix(b"\xFF\xFE") {
        return with(UTF_16LE, rest);
    }
    if let Some(rest) = body.strip_prefix(b"\xFE\xFF") {
        return with(UTF_16BE, rest);
    }
    if body.starts_with(b"<\0") {
        return with(UTF_16LE, body);
    }
    if body.starts_with(b"\0<") {
        return with(UTF_16BE, body);
    }
    match declared(body) {
        None => utf8(body),
        Some(label) => {
            let known = Encoding::for_label(label.as_bytes()).filter(|known| *known != REPLACEMENT);
            match known {
                None => Err(WireError::BadEncoding {
                    message: format!(
                        "declares the encoding `{}`, which is not known",
                        quotable(&label, 40)
                    ),
                }),
                // Everything read so far was ASCII, so only such an encoding can be meant.
                Some(known) if known.is_ascii_compatible() && known != encoding_rs::UTF_8 => {
                    with(known, body)
                }
                Some(_) => utf8(body),
            }
        }
    }
}

fn utf8(body: &[u8]) -> Result<Cow<'_, str>, WireError> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => Err(WireError::BadEncoding {
            message: format!("is not valid UTF-8 after byte {}", error.valid_up_to()),
        }),
    }
}

fn with<'a>(encoding: &'static Encoding, body: &'a [u8]) -> Result<Cow<'a, str>, WireError> {
    encoding.decode_without_bom_handling_and_without_replacement(body).ok_or_else(|| {
        WireError::BadEncoding { message: format!("is not valid {}", encoding.name()) }
    })
}

/// The value of `encoding` in the XML declaration, if there is one.
fn declared(body: &[u8]) -> Option<String> {
    let start: Vec<u8> = body.iter().copied().take(DECLARATION_MAX_BYTES).collect();
    let start = String::from_utf8_lossy(&start);
    let (declaration, _) = start.strip_prefix("<?xml")?.split_once("?>")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (label, _) = rest.strip_prefix(quote)?.split_once(quote)?;
    Some(label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<a n=\"Čárka Å 漢 𝄞\"/>";

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn every_way_to_write_unicode() {
        let mut marked = b"\xEF\xBB\xBF".to_vec();
        marked.extend(TEXT.as_bytes());
        let mut little = b"\xFF\xFE".to_vec();
        little.extend(utf16(TEXT, true));
        let mut big = b"\xFE\xFF".to_vec();
        big.extend(utf16(TEXT, false));
        for body in
            [TEXT.as_bytes().to_vec(), marked, little, big, utf16(TEXT, true), utf16(TEXT, false)]
        {
            assert_eq!(decode(&body).unwrap(), TEXT, "{body:?}");
        }
    }

    #[test]
    fn what_the_declaration_says() {
        for label in ["iso-8859-1", "windows-1252", "ISO-8859-1"] {
            let mut body = format!("<?xml version='1.0' encoding='{label}'?><a n='").into_bytes();
            body.extend(b"\xC5sa'/>");
            assert!(decode(&body).unwrap().ends_with("<a n='Åsa'/>"), "{label}");
        }
        let untrue = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a n=\"Åsa\"/>";
        assert_eq!(decode(untrue.as_bytes()).unwrap(), untrue, ".NET's string writer");
        let steering = b"<?xml version='1.0' encoding='\x1b[31mx'?><a/>";
        assert!(decode(steering).unwrap_err().to_string().contains("`[31mx`"));
        let unknown = b"<?xml version='1.0' encoding='klingon'?><a/>";
        assert!(decode(unknown).unwrap_err().to_string().contains("`klingon`"));
    }

    #[test]
    fn malformed_bytes_are_an_error() {
        let mut odd = b"\xFF\xFE".to_vec();
        odd.extend(utf16(TEXT, true));
        odd.pop();
        let lone = b"\xFF\xFE<\0\x00\xD8/\0>\0".to_vec();
        for body in [b"<a n='\xC5sa'/>".to_vec(), odd, lone] {
            assert!(decode(&body).is_err(), "{body:?}");
        }
    }
}
