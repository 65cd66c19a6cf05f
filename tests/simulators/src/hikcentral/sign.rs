//! The signature of a request: HMAC-SHA256 over a text that both sides make from the request.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::base64;

/// Headers that have a line of their own in the text, in this order.
const OWN_LINE: [&str; 4] = ["Accept", "Content-MD5", "Content-Type", "Date"];

/// Headers that are never among the signed ones, whatever the client lists.
const NEVER_SIGNED: [&str; 13] = [
    "x-ca-signature",
    "x-ca-signature-headers",
    "accept",
    "content-md5",
    "content-type",
    "date",
    "content-length",
    "server",
    "connection",
    "host",
    "transfer-encoding",
    "x-application-context",
    "content-encoding",
];

/// What a signature is made from.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Path with query, as sent.
    pub target: &'a str,
    /// Header names and values, as sent.
    pub headers: &'a [(String, String)],
    /// Parameters of a form in the body, decoded.
    pub form: &'a [(String, String)],
    /// The body's bytes.
    pub body: &'a [u8],
}

impl Signed<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The text that is signed. A header that is absent has no line; one that is there and blank has
    /// an empty one. Whatever `Content-MD5` says, the body's own is taken.
    pub fn string_to_sign(&self) -> String {
        let mut lines = vec![self.method.to_ascii_uppercase()];
        for name in OWN_LINE {
            let Some(value) = self.header(name) else { continue };
            lines.push(match name {
                "Content-MD5" => content_md5(self.body),
                _ => value.to_owned(),
            });
        }
        for name in self.signed_names() {
            lines.push(format!("{name}:{}", self.header(&name).unwrap_or_default()));
        }
        lines.push(self.url());
        lines.join("\n")
    }

    /// Names of the signed headers, in the order of the text.
    fn signed_names(&self) -> Vec<String> {
        let listed = self.header("X-Ca-Signature-Headers").unwrap_or_default();
        let mut names: Vec<String> = listed
            .split(',')
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty() && !NEVER_SIGNED.contains(&name.as_str()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Names that the request lists as signed and does not carry.
    pub(super) fn absent_names(&self) -> Vec<String> {
        self.signed_names().into_iter().filter(|name| self.header(name).is_none()).collect()
    }

    /// The path, and the parameters of query and form sorted by key; of a repeated key the first
    /// value, of an empty value the key alone.
    fn url(&self) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let mut sorted: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in parameters(query).into_iter().chain(self.form.iter().cloned()) {
            sorted.entry(key).or_insert(value);
        }
        let pairs: Vec<String> = sorted
            .into_iter()
            .map(|(key, value)| if value.is_empty() { key } else { format!("{key}={value}") })
            .collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

/// The signature of a text.
///
/// # Panics
/// Never: a key may have any length.
pub fn signature(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
    mac.update(text.as_bytes());
    base64::encode(&mac.finalize().into_bytes())
}

/// The value of `Content-MD5` for this body.
pub fn content_md5(body: &[u8]) -> String {
    base64::encode(&Md5::digest(body))
}

/// Parameters of a query or a form, decoded, in their order.
pub(super) fn parameters(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        (rest, bytes) = match (first, byte) {
            (b'%', Some(byte)) => (&after[2..], [bytes, vec![byte]].concat()),
            (b'+', _) => (after, [bytes, vec![b' ']].concat()),
            _ => (after, [bytes, vec![*first]].concat()),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
