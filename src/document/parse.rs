//! Bytes to a value, by RFC 8259 and nothing beside it. Each byte is looked at a bounded number of times, and a
//! key as often as sorting needs.

use smol_str::SmolStr;

use super::{Fault, JsonError, Limits, Part, Value};

/// Reads one document.
///
/// # Errors
/// The first thing that is wrong, with its place. A key that comes twice is found at the end of its object.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Value, JsonError> {
    let whole = |what, offset| JsonError { pointer: String::new(), what, offset: Some(offset) };
    if bytes.len() > limits.bytes_max {
        return Err(whole(Fault::TooLong(limits.bytes_max), limits.bytes_max));
    }
    let text = str::from_utf8(bytes).map_err(|error| whole(Fault::NotUtf8, error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(whole(Fault::ByteOrderMark, 0));
    }
    let mut parser = Parser { text, at: 0, depth_max: limits.depth_max };
    let value = parser.value(0)?;
    parser.skip_blanks();
    match parser.peek() {
        Some(_) => Err(parser.fault(Fault::TwoDocuments)),
        None => Ok(value),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// The next byte; always at the border of a character.
    at: usize,
    depth_max: u8,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Steps over bytes, all of them ASCII, and says over how many.
    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| is_skipped(**byte)).count();
        self.at += count;
        count
    }

    fn take(&mut self, wanted: u8) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    /// An error here; at the end of the text that is what is wrong.
    fn fault(&self, what: Fault) -> JsonError {
        let what = if self.peek().is_none() { Fault::EndsTooSoon } else { what };
        self.fault_at(what, self.at)
    }

    fn fault_at(&self, what: Fault, offset: usize) -> JsonError {
        JsonError { pointer: String::new(), what, offset: Some(offset) }
    }

    /// A value inside so many others.
    fn value(&mut self, depth: u8) -> Result<Value, JsonError> {
        self.skip_blanks();
        match self.peek() {
            Some(b'{') => self.object(self.deeper(depth)?),
            Some(b'[') => self.list(self.deeper(depth)?),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9' | b'+' | b'.') => self.number(),
            _ => self.word(),
        }
    }

    fn deeper(&self, depth: u8) -> Result<u8, JsonError> {
        let deeper = depth.checked_add(1).filter(|deeper| *deeper <= self.depth_max);
        deeper.ok_or_else(|| self.fault(Fault::TooDeep(self.depth_max)))
    }

    fn word(&mut self) -> Result<Value, JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let words =
            [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))];
        let found = words.into_iter().find(|(word, _)| rest.starts_with(word));
        let (word, value) = found.ok_or_else(|| self.fault(Fault::NoValue))?;
        self.at += word.len();
        // `nullify` is no value followed by another one.
        if self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return Err(self.fault(Fault::NoValue));
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let begin = self.at;
        let digits = |parser: &mut Self| parser.skip(|byte| byte.is_ascii_digit());
        self.take(b'-');
        let has_zero_in_front = self.peek() == Some(b'0');
        let whole = digits(self);
        let mut is_good = whole == 1 || whole > 1 && !has_zero_in_front;
        if is_good && self.take(b'.') {
            is_good = digits(self) > 0;
        }
        if is_good && (self.take(b'e') || self.take(b'E')) {
            let _ = self.take(b'+') || self.take(b'-');
            is_good = digits(self) > 0;
        }
        let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        match self.text.get(begin..self.at) {
            Some(number) if is_good && !self.peek().is_some_and(goes_on) => {
                Ok(Value::Number(number.into()))
            }
            _ => Err(self.fault_at(Fault::BadNumber, begin)),
        }
    }

    fn list(&mut self, depth: u8) -> Result<Value, JsonError> {
        self.at += 1;
        self.skip_blanks();
        let mut list = Vec::new();
        if self.take(b']') {
            return Ok(Value::List(list));
        }
        loop {
            let value =
                self.value(depth).map_err(|error| inside(Part::Place(list.len()), error))?;
            list.push(value);
            self.skip_blanks();
            if self.take(b']') {
                return Ok(Value::List(list));
            }
            if !self.take(b',') {
                return Err(self.fault(Fault::ListNotClosed));
            }
        }
    }

    fn object(&mut self, depth: u8) -> Result<Value, JsonError> {
        self.at += 1;
        self.skip_blanks();
        let mut members: Vec<(SmolStr, usize, Value)> = Vec::new();
        if !self.take(b'}') {
            loop {
                self.skip_blanks();
                let place = self.at;
                if self.peek() != Some(b'"') {
                    return Err(self.fault(Fault::NoKey));
                }
                let key = self.string()?;
                self.skip_blanks();
                if !self.take(b':') {
                    return Err(inside(Part::Key(&key), self.fault(Fault::NoColon)));
                }
                let value = self.value(depth).map_err(|error| inside(Part::Key(&key), error))?;
                members.push((key, place, value));
                self.skip_blanks();
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.fault(Fault::ObjectNotClosed));
                }
            }
        }
        members.sort_unstable_by(|(one, at, _), (other, place, _)| (one, at).cmp(&(other, place)));
        for (before, (key, place, _)) in members.iter().zip(members.iter().skip(1)) {
            if before.0 == *key {
                let error = self.fault_at(Fault::DuplicateKey, *place);
                return Err(inside(Part::Key(key), error));
            }
        }
        Ok(Value::Object(members.into_iter().map(|(key, _, value)| (key, value)).collect()))
    }

    /// A text from its opening quote on.
    fn string(&mut self) -> Result<SmolStr, JsonError> {
        self.at += 1;
        let mut found = String::new();
        loop {
            let begin = self.at;
            self.skip_plain();
            let plain = self.text.get(begin..self.at).unwrap_or_default();
            match self.peek() {
                // Nearly every text has no escapes, and is copied once.
                Some(b'"') if found.is_empty() => {
                    self.at += 1;
                    return Ok(plain.into());
                }
                Some(b'"') => {
                    self.at += 1;
                    found.push_str(plain);
                    return Ok(found.into());
                }
                Some(b'\\') => {
                    found.push_str(plain);
                    found.push(self.escape()?);
                }
                _ => return Err(self.fault(Fault::ControlCharacter)),
            }
        }
    }

    /// Steps over what stands for itself in a text.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let is_plain = |byte: &&u8| **byte >= b' ' && !b"\"\\".contains(*byte);
        self.at += rest.iter().take_while(is_plain).count();
    }

    /// An escape from its backslash on.
    fn escape(&mut self) -> Result<char, JsonError> {
        let begin = self.at;
        let bad = |parser: &Self, what| Err(parser.fault_at(what, begin));
        self.at += 1;
        let plain = match self.peek() {
            Some(b'u') => {
                self.at += 1;
                let Some(first) = self.unit() else { return bad(self, Fault::BadEscape) };
                let is_first_half = matches!(first, 0xd800..0xdc00);
                let second = if is_first_half && self.take(b'\\') && self.take(b'u') {
                    self.unit()
                } else {
                    None
                };
                let mut decoded = char::decode_utf16([first].into_iter().chain(second));
                return match (decoded.next(), decoded.next()) {
                    (Some(Ok(one)), None) => Ok(one),
                    _ => bad(self, Fault::HalfSurrogate),
                };
            }
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return bad(self, Fault::BadEscape),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u16::from_str_radix(digits, 16).ok()
    }
}

/// The same error, one step further out.
fn inside(part: Part<'_>, error: JsonError) -> JsonError {
    JsonError { pointer: format!("{part}{}", error.pointer), ..error }
}
