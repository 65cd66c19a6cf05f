//! What arrives at the receiver.

use chrono::{DateTime, Utc};

use super::sender::Sender;

/// One delivery of an event. Headers and body may be changed by a test: they are not signed anew.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Names and values, in the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
    sender: Sender,
    id: String,
    /// The body that the sender signed: a retry is of that one, whatever became of this.
    signed: Vec<u8>,
}

impl Delivery {
    pub(super) fn new(sender: Sender, id: &str, at: DateTime<Utc>, body: Vec<u8>) -> Self {
        let headers = sender.headers(id, at, &body);
        Self { headers, body: body.clone(), sender, id: id.into(), signed: body }
    }

    /// The same delivery with one byte of its body changed after it was signed: the last digit, if
    /// there is one, so that the body still has a meaning, but another one. An empty body gets a
    /// blank.
    #[must_use]
    pub fn forged(&self) -> Self {
        let mut forged = self.clone();
        match forged.body.iter_mut().rfind(|byte| byte.is_ascii_digit()) {
            Some(digit) => *digit = if *digit == b'9' { b'8' } else { *digit + 1 },
            None => match forged.body.last_mut() {
                Some(byte) => *byte ^= 1,
                None => forged.body.push(b' '),
            },
        }
        forged
    }

    /// A retry by the sender: the same id and body, signed anew at this instant.
    #[must_use]
    pub fn again(&self, at: DateTime<Utc>) -> Self {
        Self::new(self.sender.clone(), &self.id, at, self.signed.clone())
    }

    /// The first header of this name, in any case of its letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The same delivery without the headers of this name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut less = self.clone();
        less.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        less
    }

    /// The same delivery with this value of a header, in its place or behind the others.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        let mut headers = other.headers.iter_mut();
        match headers.find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value.into(),
            None => other.headers.push((name.into(), value.into())),
        }
        other
    }

    /// The variables that a web server sets for a CGI program (RFC 3875, section 4.1): the method,
    /// length and type of the body, and each other header under `HTTP_`. Headers of one name are
    /// joined by a comma. `Authorization` is among them, as with a server that is told to pass it.
    pub fn cgi_env(&self) -> Vec<(String, String)> {
        let mut env: Vec<(String, String)> = vec![
            ("REQUEST_METHOD".into(), "POST".into()),
            ("CONTENT_LENGTH".into(), self.body.len().to_string()),
        ];
        for (name, value) in &self.headers {
            let name = name.to_ascii_uppercase().replace('-', "_");
            let name = match name.as_str() {
                "CONTENT_LENGTH" => continue,
                "CONTENT_TYPE" => name,
                _ => format!("HTTP_{name}"),
            };
            match env.iter_mut().find(|(key, _)| *key == name) {
                Some((_, values)) => *values = format!("{values}, {value}"),
                None => env.push((name, value.clone())),
            }
        }
        env
    }

    /// The headers as lines `Name: value`, each with its line feed.
    pub fn header_lines(&self) -> String {
        self.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }
}
