//! A raw client for this crate's own tests: it can do what a good client never would.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::hikvision::digest::{Account, Algorithm, Call, response};

/// One answer, read to the end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let named = |line: &&str| {
            line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        self.head.lines().filter(named).map(|line| line[name.len() + 1..].trim()).collect()
    }
}

/// Opens a connection and writes these bytes.
pub(crate) fn connect(port: u16, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

/// Reads until the other side closes; `None` if nothing came.
pub(crate) fn read(mut stream: TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head, body: bytes[end + 4..].to_vec() })
}

/// The bytes of a request with `Content-Length`.
pub(crate) fn bytes(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    (text + "\r\n" + body).into_bytes()
}

/// One request, one answer.
pub(crate) fn send(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Answer> {
    read(connect(port, &bytes(method, target, headers, body)))
}

/// A client of a device.
pub(crate) struct Digest {
    pub(crate) port: u16,
    pub(crate) password: &'static str,
    pub(crate) algorithm: Algorithm,
}

impl Digest {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, password: "Door-secret-1", algorithm: Algorithm::Md5 }
    }

    /// Fetches a challenge, as its parameters.
    pub(crate) fn challenge(&self, method: &str, target: &str, body: &str) -> Challenge {
        let answer = send(self.port, method, target, &[JSON], body).unwrap();
        assert_eq!(answer.status, 401);
        Challenge::of(&answer, self.algorithm)
    }

    /// The header that answers a challenge.
    pub(crate) fn authorization(
        &self,
        challenge: &Challenge,
        method: &str,
        target: &str,
        nc: u32,
    ) -> String {
        let (realm, nonce) = (challenge.get("realm"), challenge.get("nonce"));
        let (nc, cnonce) = (format!("{nc:08x}"), "0123456789abcdef");
        let account = Account { username: "admin", realm, password: self.password };
        let call = Call { method, uri: target, nonce, nc: &nc, cnonce };
        let response = response(self.algorithm, &account, &call);
        let mut text = format!(
            "Digest username=\"admin\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", \
             qop=auth, nc={nc}, cnonce=\"{cnonce}\", response=\"{response}\", algorithm={}",
            self.algorithm.name()
        );
        if let Some(opaque) = challenge.0.get("opaque") {
            text.push_str(&format!(", opaque=\"{opaque}\""));
        }
        text
    }

    /// A call as a good client makes it: two requests.
    pub(crate) fn call(&self, method: &str, target: &str, body: &str) -> Option<Answer> {
        self.call_as(JSON, method, target, body)
    }

    /// The same with this content type.
    pub(crate) fn call_as(
        &self,
        kind: (&str, &str),
        method: &str,
        target: &str,
        body: &str,
    ) -> Option<Answer> {
        let challenge = self.challenge(method, target, body);
        let authorization = self.authorization(&challenge, method, target, 1);
        let headers = [kind, ("Authorization", authorization.as_str())];
        send(self.port, method, target, &headers, body)
    }

    /// A person call by its last word.
    pub(crate) fn person(&self, method: &str, name: &str, body: &Value) -> Option<Answer> {
        let target = format!("/ISAPI/AccessControl/UserInfo/{name}?format=json");
        self.call(method, &target, &body.to_string())
    }
}

/// The content type of JSON calls.
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The content type of XML calls.
pub(crate) const XML: (&str, &str) = ("Content-Type", "application/xml");

/// Parameters of a challenge.
#[derive(Debug, PartialEq)]
pub(crate) struct Challenge(BTreeMap<String, String>);

impl Challenge {
    /// The challenge for this algorithm among the headers of a 401.
    fn of(answer: &Answer, algorithm: Algorithm) -> Self {
        let headers = answer.headers("WWW-Authenticate").join(", ");
        let lower = headers.to_ascii_lowercase();
        let starts: Vec<usize> = lower.match_indices("digest ").map(|(at, _)| at).collect();
        let mut found = Self(BTreeMap::new());
        for (index, start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(headers.len());
            let pairs = headers[start + 7..end].split(", ").filter_map(|pair| pair.split_once('='));
            let map: BTreeMap<String, String> = pairs
                .map(|(key, value)| (key.to_owned(), value.trim_matches(['"', ',']).to_owned()))
                .collect();
            let named = map.get("algorithm").map_or("MD5", String::as_str);
            if named == algorithm.name() {
                found = Self(map);
            }
        }
        found
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}
