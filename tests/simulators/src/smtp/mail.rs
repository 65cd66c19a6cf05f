//! One mail as it came in, and how to read it. Source: RFC 5322, RFC 2045, RFC 2047.

use crate::base64;

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The receivers of the envelope.
    pub to: Vec<String>,
    /// Headers and body as sent, dots undone, lines ending with CR LF.
    pub text: String,
    /// It came over TLS.
    pub is_secured: bool,
    /// Who was logged in.
    pub login: Option<String>,
}

impl Mail {
    /// The first header of this name, unfolded and decoded.
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| decoded_words(value.trim()))
        })
    }

    /// The subject.
    pub fn subject(&self) -> String {
        self.header("Subject").unwrap_or_default()
    }

    /// The body as text, lines ending with LF.
    pub fn body(&self) -> String {
        let body = self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let encoding = self.header("Content-Transfer-Encoding").unwrap_or_default();
        let text = match encoding.to_ascii_lowercase().as_str() {
            "quoted-printable" => String::from_utf8_lossy(&quoted_printable(body)).into_owned(),
            "base64" => {
                let digits: String = body.split_whitespace().collect();
                let bytes = base64::decode(&digits).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            _ => body.to_owned(),
        };
        text.replace("\r\n", "\n")
    }

    /// What is against the rules in it.
    pub(super) fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        let once = ["Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"];
        for name in once {
            let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
            let count = head
                .lines()
                .filter(|line| {
                    line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name))
                })
                .count();
            if count != 1 {
                found.push(format!("header-count: {name} {count}"));
            }
        }
        if !self.text.is_ascii() {
            found.push("not-ascii".to_owned());
        }
        found
    }
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => bytes.push(*first),
        }
    }
    bytes
}

/// `=?utf-8?b?…?=` and its kin as the text that they stand for.
fn decoded_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut was_word = false;
    while let Some((before, after)) = rest.split_once("=?") {
        let parts: Vec<&str> = after.splitn(4, '?').collect();
        let [_, kind, data, tail] = parts.as_slice() else { break };
        let Some(tail) = tail.strip_prefix('=') else { break };
        // White space between two encoded words is no part of the text.
        if !(was_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        let bytes = if kind.eq_ignore_ascii_case("b") {
            base64::decode(data).unwrap_or_default()
        } else {
            quoted_printable(&data.replace('_', " "))
        };
        out.push_str(&String::from_utf8_lossy(&bytes));
        was_word = true;
        rest = tail;
    }
    out + rest
}
