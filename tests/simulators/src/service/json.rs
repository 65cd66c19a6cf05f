//! A strict reader of JSON (RFC 8259) that keeps every number as it was written: whether somebody sent
//! `475` or `475.0` must be seen, whatever a library would make of them.

use super::problem::{Problem, problem};

/// Deepest nesting.
const DEPTH_MAX: usize = 32;

/// A JSON value; members in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A text, decoded.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object; no name stands in it twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one document.
    ///
    /// # Errors
    /// `not-utf8`, `json-twice` (a name in an object), `json-depth`, `json-form` for all else.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|_| problem("not-utf8", "the body"))?;
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH_MAX)?;
        reader.blank();
        if reader.at < text.len() { Err(reader.bad()) } else { Ok(value) }
    }

    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Writes it without blanks, numbers as they came.
    pub fn write(&self) -> String {
        let all = |parts: Vec<String>| parts.join(",");
        match self {
            Self::Null => "null".into(),
            Self::Bool(flag) => flag.to_string(),
            Self::Number(digits) => digits.clone(),
            Self::Text(text) => quote(text),
            Self::List(list) => format!("[{}]", all(list.iter().map(Self::write).collect())),
            Self::Object(members) => {
                let one =
                    |(name, value): &(String, Self)| format!("{}:{}", quote(name), value.write());
                format!("{{{}}}", all(members.iter().map(one).collect()))
            }
        }
    }
}

/// A text as JSON.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn bad(&self) -> Problem {
        problem("json-form", format!("byte {}", self.at))
    }

    fn rest(&self) -> &[u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn blank(&mut self) {
        self.at += self.rest().iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
    }

    /// Takes this byte, behind blanks, if it is next.
    fn takes(&mut self, byte: u8) -> bool {
        self.blank();
        let is_next = self.rest().first() == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn needs(&mut self, byte: u8) -> Result<(), Problem> {
        if self.takes(byte) { Ok(()) } else { Err(self.bad()) }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Problem> {
        self.blank();
        match self.rest().first() {
            Some(b'{' | b'[') if depth == 0 => {
                Err(problem("json-depth", format!("byte {}", self.at)))
            }
            Some(b'{') => self.object(depth - 1),
            Some(b'[') => self.list(depth - 1),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [
                    ("null", Json::Null),
                    ("true", Json::Bool(true)),
                    ("false", Json::Bool(false)),
                ];
                let found =
                    words.into_iter().find(|(word, _)| self.rest().starts_with(word.as_bytes()));
                let (word, value) = found.ok_or_else(|| self.bad())?;
                self.at += word.len();
                Ok(value)
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Problem> {
        self.needs(b'[')?;
        let mut list = Vec::new();
        if self.takes(b']') {
            return Ok(Json::List(list));
        }
        loop {
            list.push(self.value(depth)?);
            if self.takes(b']') {
                return Ok(Json::List(list));
            }
            self.needs(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Problem> {
        self.needs(b'{')?;
        let mut members: Vec<(String, Json)> = Vec::new();
        if self.takes(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.blank();
            let name = self.string()?;
            if members.iter().any(|(one, _)| *one == name) {
                return Err(problem("json-twice", name));
            }
            self.needs(b':')?;
            members.push((name, self.value(depth)?));
            if self.takes(b'}') {
                return Ok(Json::Object(members));
            }
            self.needs(b',')?;
        }
    }

    /// `-`, then 0 or digits that begin with another, then a fraction, then an exponent.
    fn number(&mut self) -> Result<Json, Problem> {
        let begin = self.at;
        self.at += usize::from(self.rest().first() == Some(&b'-'));
        let whole = self.digits()?;
        if whole > 1 && self.text.as_bytes()[self.at - whole] == b'0' {
            return Err(self.bad());
        }
        if self.rest().first() == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.rest().first() {
            self.at += 1;
            self.at += usize::from(matches!(self.rest().first(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(Json::Number(self.text[begin..self.at].to_owned()))
    }

    fn digits(&mut self) -> Result<usize, Problem> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.bad()) } else { Ok(count) }
    }

    /// Finds the end of a text; what is inside of it, escapes above all, is left to the library.
    fn string(&mut self) -> Result<String, Problem> {
        let begin = self.at;
        if self.rest().first() != Some(&b'"') {
            return Err(self.bad());
        }
        self.at += 1;
        while let Some(&byte) = self.rest().first() {
            self.at += 1;
            match byte {
                b'"' => {
                    let text = &self.text[begin..self.at];
                    return serde_json::from_str(text).map_err(|_| self.bad());
                }
                b'\\' => self.at += usize::from(!self.rest().is_empty()),
                _ => {}
            }
        }
        Err(self.bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            r#"{"amount":475,"b":[1.50,-0,1e3,0.1E-7],"c":{},"d":[],"ä\"":"\n"}"#,
            "\"x\"",
            "null",
            "[true,false,[[]]]",
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap().write(), text);
        }
        let spaced = Json::parse(b" { \"a\" : [ 1 , \"\\u00e9\" ] } \n").unwrap();
        assert_eq!(spaced.write(), "{\"a\":[1,\"é\"]}");
        assert_eq!(spaced.get("a").unwrap(), &Json::parse("[1,\"é\"]".as_bytes()).unwrap());
    }

    #[test]
    fn what_is_no_json_has_its_slug() {
        let deep = "[".repeat(33) + &"]".repeat(33);
        assert!(Json::parse(&deep.as_bytes()[1..65]).is_ok());
        for (text, slug) in [
            (deep.as_str(), "json-depth"),
            ("{\"a\":1,\"a\":1}", "json-twice"),
            ("{\"a\":1,\"\\u0061\":1}", "json-twice"),
            ("", "json-form"),
            ("{\"a\":1,}", "json-form"),
            ("[1,]", "json-form"),
            ("[1 2]", "json-form"),
            ("{a:1}", "json-form"),
            ("{\"a\":1} // x", "json-form"),
            ("NaN", "json-form"),
            ("01", "json-form"),
            ("1.", "json-form"),
            (".5", "json-form"),
            ("+1", "json-form"),
            ("-", "json-form"),
            ("1e", "json-form"),
            ("\"\\ud800\"", "json-form"),
            ("\"\n\"", "json-form"),
            ("\"x", "json-form"),
            ("\"x\\", "json-form"),
            ("{}{}", "json-form"),
            ("nul", "json-form"),
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap_err().slug, slug, "{text}");
        }
        assert_eq!(Json::parse(b"\"\xff\"").unwrap_err().slug, "not-utf8");
    }
}
