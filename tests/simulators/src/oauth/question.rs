//! What a client sends, read as strictly as can be.

use std::collections::BTreeMap;

use super::server::{AskedAs, ClientIn, Settings};
use crate::base64;
use crate::http::{Framing, Request};

/// What is wrong with a question: a slug, and the word of the standard.
pub(super) type Wrong = (&'static str, &'static str);

const INVALID: &str = "invalid_request";

/// What a client says of itself.
pub(super) fn client(request: &Request, settings: &Settings) -> Result<(String, String), Wrong> {
    if request.method != "POST" {
        return Err(("wrong-method", INVALID));
    }
    if request.path() != settings.path {
        return Err(("unknown-path", INVALID));
    }
    if request.target.contains('?') {
        return Err(("unknown-parameter", INVALID));
    }
    if !matches!(request.framing, Framing::Length(_)) {
        return Err(("no-content-length", INVALID));
    }
    let wanted = match settings.asked_as {
        AskedAs::Form => "application/x-www-form-urlencoded",
        AskedAs::Json => "application/json",
    };
    if request.header("Content-Type") != Some(wanted) {
        return Err(("content-type", INVALID));
    }
    let text = std::str::from_utf8(&request.body).map_err(|_| ("not-utf8", INVALID))?;
    let mut fields = match settings.asked_as {
        AskedAs::Form => form(text)?,
        AskedAs::Json => json(text)?,
    };
    if fields.remove("grant_type").as_deref() != Some("client_credentials") {
        return Err(("grant-type", "unsupported_grant_type"));
    }
    if fields.remove("scope") != settings.scope {
        return Err(("scope", "invalid_scope"));
    }
    let in_body = (fields.remove("client_id"), fields.remove("client_secret"));
    if !fields.is_empty() {
        return Err(("unknown-field", INVALID));
    }
    match (settings.client_in, in_body, request.header("Authorization")) {
        (ClientIn::Body, (Some(id), Some(secret)), None) => Ok((id, secret)),
        (ClientIn::Header, (None, None), Some(header)) => {
            basic(header).ok_or(("authorization-form", INVALID))
        }
        _ => Err(("client-elsewhere", "invalid_client")),
    }
}

/// Both parts are encoded as in a form before they are joined.
fn basic(header: &str) -> Option<(String, String)> {
    let joined = String::from_utf8(base64::decode(header.strip_prefix("Basic ")?)?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    Some((decode(id)?, decode(secret)?))
}

fn form(text: &str) -> Result<BTreeMap<String, String>, Wrong> {
    let mut fields = BTreeMap::new();
    for pair in text.split('&') {
        let (key, value) = pair.split_once('=').ok_or(("form", INVALID))?;
        let (key, value) = decode(key).zip(decode(value)).ok_or(("form", INVALID))?;
        if fields.insert(key, value).is_some() {
            return Err(("field-twice", INVALID));
        }
    }
    Ok(fields)
}

fn json(text: &str) -> Result<BTreeMap<String, String>, Wrong> {
    serde_json::from_str(text).map_err(|_| ("json", INVALID))
}

/// A text as a form writes it: a plus is a blank.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        rest = others;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &rest[2..];
            }
            b'*' | b'-' | b'.' | b'_' => bytes.push(first),
            _ if first.is_ascii_alphanumeric() => bytes.push(first),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}
