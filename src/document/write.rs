//! Writes a document anew: the same one always in the same bytes.

use std::fmt::Write as _;

use super::Value;

impl Value {
    /// Without blanks, keys in their order, numbers letter for letter.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::new();
        self.write_to(&mut text);
        text
    }

    fn write_to(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(number),
            Self::Text(own) => quote(own, text),
            Self::List(list) => {
                text.push('[');
                for (place, value) in list.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    value.write_to(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (place, (key, value)) in members.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    quote(key, text);
                    text.push(':');
                    value.write_to(text);
                }
                text.push('}');
            }
        }
    }
}

/// A text between quotes; what JSON must not hold as it is, is escaped.
fn quote(own: &str, text: &mut String) {
    text.push('"');
    for letter in own.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => {
                // A `String` takes everything.
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            _ => text.push(letter),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use crate::document::{Limits, parse};

    #[test]
    fn what_is_written_is_what_was_read() {
        let text = r#" {"b":[1.50,-0,1e3,true,null,{}],"a":"\u00e9\"\\\u0001\n/","c":[]} "#;
        let value = parse(text.as_bytes(), Limits::DOCUMENT).unwrap();
        let written = value.write();
        let want = r#"{"a":"é\"\\\u0001\u000a/","b":[1.50,-0,1e3,true,null,{}],"c":[]}"#;
        assert_eq!(written, want);
        assert!(parse(written.as_bytes(), Limits::DOCUMENT).unwrap() == value);
    }
}
