//! Digest arithmetic and the strict reading of `Authorization: Digest`.
//! Source: RFC 7616, with RFC 2617 for the header without `algorithm`.

use std::collections::BTreeMap;

use md5::Md5;
use sha2::{Digest, Sha256};

/// The two hashes that devices offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5, also where no algorithm is named.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// Its name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// Hash of a text as lower-case hex.
    pub fn hash(self, text: &str) -> String {
        let bytes = match self {
            Self::Md5 => Md5::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Who logs in, where: the part of the arithmetic that does not change.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// Login name.
    pub username: &'a str,
    /// Realm of the challenge.
    pub realm: &'a str,
    /// Password.
    pub password: &'a str,
}

/// What changes with each request.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Method.
    pub method: &'a str,
    /// Path with query.
    pub uri: &'a str,
    /// Nonce of the challenge.
    pub nonce: &'a str,
    /// Count of uses of the nonce, 8 hex digits.
    pub nc: &'a str,
    /// The client's own nonce.
    pub cnonce: &'a str,
}

/// The `response` for `qop=auth`.
pub fn response(algorithm: Algorithm, account: &Account<'_>, call: &Call<'_>) -> String {
    let Account { username, realm, password } = account;
    let Call { method, uri, nonce, nc, cnonce } = call;
    let secret = algorithm.hash(&format!("{username}:{realm}:{password}"));
    let request = algorithm.hash(&format!("{method}:{uri}"));
    algorithm.hash(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{request}"))
}

/// The parameters of one `Authorization: Digest` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    parameters: BTreeMap<String, (String, bool)>,
}

impl Authorization {
    /// Reads what follows the word `Digest`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parameters = BTreeMap::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').ok_or("parameter without a value")?;
            let name = name.trim().to_ascii_lowercase();
            let (value, quoted, after) = value(after)?;
            if parameters.insert(name.clone(), (value, quoted)).is_some() {
                return Err(format!("parameter {name} twice"));
            }
            rest = after.trim_start();
            if !rest.is_empty() {
                rest = rest.strip_prefix(',').ok_or("no comma after a parameter")?.trim_start();
            }
        }
        Ok(Self { parameters })
    }

    /// A parameter by its lower-case name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(|(value, _)| value.as_str())
    }

    /// Parameters whose quotes are against RFC 7616, section 3.4.
    pub(crate) fn wrong_quotes(&self) -> Vec<&str> {
        self.parameters
            .iter()
            .filter(|(name, (_, quoted))| {
                matches!(name.as_str(), "nc" | "qop" | "algorithm") == *quoted
            })
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

fn value(text: &str) -> Result<(String, bool, &str), String> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Ok((text[..end].trim().to_owned(), false, &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, true, &quoted[at + 1..])),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => value.push(letter),
        }
    }
    Err("quote without an end".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2617, section 3.5.
    #[test]
    fn vector_of_rfc_2617() {
        let account =
            Account { username: "Mufasa", realm: "testrealm@host.com", password: "Circle Of Life" };
        let call = Call {
            method: "GET",
            uri: "/dir/index.html",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            nc: "00000001",
            cnonce: "0a4f113b",
        };
        assert_eq!(response(Algorithm::Md5, &account, &call), "6629fae49393a05397450978507c4ef1");
    }

    /// RFC 7616, section 3.9.1.
    #[test]
    fn vectors_of_rfc_7616() {
        let account = Account {
            username: "Mufasa",
            realm: "http-auth@example.org",
            password: "Circle of Life",
        };
        let call = Call {
            method: "GET",
            uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            nc: "00000001",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        };
        assert_eq!(response(Algorithm::Md5, &account, &call), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            response(Algorithm::Sha256, &account, &call),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn header_is_read_with_quotes_and_commas() {
        let header =
            Authorization::parse(r#"username="a \"b\", c", nc=00000001,opaque="", qop="auth""#)
                .unwrap();
        assert_eq!(header.get("username"), Some(r#"a "b", c"#));
        assert_eq!(header.get("opaque"), Some(""));
        assert_eq!(header.wrong_quotes(), ["qop"]);
        for bad in ["username", "a=\"b", "a=1,a=2", "a=\"1\" b=2"] {
            assert!(Authorization::parse(bad).is_err(), "{bad}");
        }
    }
}
