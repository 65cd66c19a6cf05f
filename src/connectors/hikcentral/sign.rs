//! The signature that every request to HikCentral carries: HMAC-SHA256 with the partner's secret over a
//! text that is put together from the request. Pure.
//!
//! The server puts the same text together from what it received, so a header that something on the way
//! adds or rewrites breaks the signature: `Accept` and `Content-Type` are always stated, byte for byte.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::config::Secret;

/// What of a request is signed. A header that is not sent is `None`; one that is sent without a value is
/// empty, and has a line of its own.
#[derive(Clone, Copy, Default)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    pub(super) accept: Option<&'a str>,
    pub(super) content_md5: Option<&'a str>,
    pub(super) content_type: Option<&'a str>,
    pub(super) date: Option<&'a str>,
    /// Further headers that are signed, in any order and any letter case.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// With `/artemis`, without a query.
    pub(super) path: &'a str,
    /// Parameters of the query and of a form, decoded. Of a repeated one the first counts.
    pub(super) parameters: &'a [(&'a str, &'a str)],
}

impl Signed<'_> {
    /// The text that is signed.
    pub(super) fn text(&self) -> String {
        let standard = [Some(self.method), self.accept, self.content_md5, self.content_type];
        let mut text = String::new();
        for value in standard.into_iter().chain([self.date]).flatten() {
            text.push_str(value.trim());
            text.push('\n');
        }
        let mut headers = BTreeMap::new();
        for (name, value) in self.headers {
            headers.insert(name.to_ascii_lowercase(), value.trim());
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}:{value}\n"));
        }
        text.push_str(self.path);
        let mut parameters = BTreeMap::new();
        for (key, value) in self.parameters {
            parameters.entry(*key).or_insert(*value);
        }
        for (at, (key, value)) in parameters.into_iter().enumerate() {
            text.push(if at == 0 { '?' } else { '&' });
            text.push_str(key);
            if !value.is_empty() {
                text.push('=');
                text.push_str(value);
            }
        }
        text
    }

    /// The names of the headers that are signed, as the server wants to be told.
    pub(super) fn header_names(&self) -> String {
        let mut names: Vec<_> =
            self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.join(",")
    }

    /// The value of `X-Ca-Signature`.
    ///
    /// # Errors
    /// None in practice: HMAC takes a key of any length.
    pub(super) fn signature(&self, secret: &Secret) -> Result<String, String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .map_err(|error| format!("the secret cannot sign: {error}"))?;
        mac.update(self.text().as_bytes());
        Ok(STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The value of `Content-MD5` for a body.
pub(super) fn content_md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hex::hex;

    const PAGE: &str = r#"{"pageNo":1,"pageSize":500}"#;
    const UPDATE: &str = r#"{"personId":"12","endTime":"2027-01-31T23:59:59+01:00"}"#;
    const NONCE: &str = "8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11";
    const LIST: &str = "/artemis/api/resource/v1/person/personList";

    struct Vector {
        name: &'static str,
        signed: Signed<'static>,
        text: &'static str,
        bytes: usize,
        sha256: Option<&'static str>,
        signature: &'static str,
    }

    fn vectors() -> Vec<Vector> {
        const KEY: (&str, &str) = ("X-Ca-Key", "12345678");
        const TIMED: &[(&str, &str)] =
            &[("X-Ca-Timestamp", "1479968678000"), ("X-Ca-Nonce", NONCE), KEY];
        let minimal = Signed {
            method: "POST",
            accept: Some("*/*"),
            content_type: Some("application/json"),
            headers: &[KEY],
            path: LIST,
            ..Signed::default()
        };
        let timed = Signed {
            accept: Some("application/json"),
            content_type: Some("application/json;charset=UTF-8"),
            headers: TIMED,
            ..minimal
        };
        vec![
            Vector {
                name: "A, as little as can be",
                signed: minimal,
                text: "POST\n*/*\napplication/json\nx-ca-key:12345678\n/artemis/api/resource/v1/person/personList",
                bytes: 86,
                sha256: Some("af844e63015764d5d1f157f10cfc58fc214e017391f8f61a8dc0384759be41c7"),
                signature: "pjC4O4OE18WAHFINIYCxP6R0aBvjIQkklf+ipQUWybQ=",
            },
            Vector {
                name: "B, nonce and time",
                signed: timed,
                text: "POST\napplication/json\napplication/json;charset=UTF-8\nx-ca-key:12345678\nx-ca-nonce:8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11\nx-ca-timestamp:1479968678000\n/artemis/api/resource/v1/person/personList",
                bytes: 190,
                sha256: Some("49ad2b73df97874045166cadccdd539655db5cee87d0f95a97414a1ecc7e77ae"),
                signature: "1PPY4bAFKtCA7hRyC7EvRvBghQH//XIbVR7O8J+RLdk=",
            },
            Vector {
                name: "C, and the body",
                signed: Signed { content_md5: Some("J3tGGo9WF2T8hKRjxNd1GA=="), ..timed },
                text: "POST\napplication/json\nJ3tGGo9WF2T8hKRjxNd1GA==\napplication/json;charset=UTF-8\nx-ca-key:12345678\nx-ca-nonce:8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11\nx-ca-timestamp:1479968678000\n/artemis/api/resource/v1/person/personList",
                bytes: 215,
                sha256: Some("96825f2059706212715b3de17f9b5c57cf1074c77044bfab30c085621197b363"),
                signature: "nD08Cnq/DhPv04f75h5F7cL1Ianam3BHfLNQ5QJzOXI=",
            },
            Vector {
                name: "D, no signed headers",
                signed: Signed { headers: &[], ..minimal },
                text: "POST\n*/*\napplication/json\n/artemis/api/resource/v1/person/personList",
                bytes: 68,
                sha256: Some("410fdb2871b54859d80da7c5563413c75b2da75d0189a47f2becf75c23c87e50"),
                signature: "kAyCWrqX2ujX9XlDigJR8H7sPvJFu9LT9rJgGjxH4vA=",
            },
            Vector {
                name: "E, parameters of query and form",
                signed: Signed {
                    content_type: Some("text/plain;charset=UTF-8"),
                    headers: &[
                        ("X-Ca-Timestamp", "1479968678000"),
                        ("header-B", "b"),
                        ("header-A", "A"),
                        ("X-Ca-Key", "29666671"),
                    ],
                    path: "/artemis/api/example",
                    parameters: &[("qa", "a"), ("qb", "B"), ("a-body", "a"), ("x-body", "x")],
                    ..minimal
                },
                text: "POST\n*/*\ntext/plain;charset=UTF-8\nheader-a:A\nheader-b:b\nx-ca-key:29666671\nx-ca-timestamp:1479968678000\n/artemis/api/example?a-body=a&qa=a&qb=B&x-body=x",
                bytes: 151,
                sha256: None,
                signature: "yLdMXyKByQU2jRakIXY6k0GDcMGMaDOzcWjZHAdotC8=",
            },
            Vector {
                name: "F, neither a body nor its type",
                signed: Signed {
                    content_type: None,
                    path: "/artemis/api/common/v1/version",
                    ..minimal
                },
                text: "POST\n*/*\nx-ca-key:12345678\n/artemis/api/common/v1/version",
                bytes: 57,
                sha256: Some("7d7bf45b002ce27adfa41a57789a53a85db1a813d5bcb7af7aa1ca0177550694"),
                signature: "svS3gEfn0hQMjkU+s1v/imtbvr3DOWV/9FFYmgX6QJk=",
            },
            Vector {
                name: "G, blank headers and a parameter without a value",
                signed: Signed {
                    accept: Some(" "),
                    content_type: None,
                    content_md5: Some("mZFLkyvTelC5g8XnyQrpOw=="),
                    date: Some("Thu, 24 Nov 2016 03:12:25 GMT"),
                    headers: &[("x-empty", " "), KEY],
                    path: "/artemis/api/example",
                    parameters: &[("qb", "value2"), ("qa", "value1"), ("qc", ""), ("qa", "twice")],
                    ..minimal
                },
                text: "POST\n\nmZFLkyvTelC5g8XnyQrpOw==\nThu, 24 Nov 2016 03:12:25 GMT\nx-ca-key:12345678\nx-empty:\n/artemis/api/example?qa=value1&qb=value2&qc",
                bytes: 131,
                sha256: None,
                signature: "fBnjCTCaR2VtwAY25f9xpWew2EcKvfG2DM7xgBR0UCA=",
            },
            Vector {
                name: "H, a change",
                signed: Signed {
                    content_md5: Some("xoN3NVDEE8OqFvH5HkYMmQ=="),
                    headers: &[KEY, ("X-Ca-Nonce", NONCE), ("X-Ca-Timestamp", "1790000000000")],
                    path: "/artemis/api/resource/v1/person/single/update",
                    ..minimal
                },
                text: "POST\n*/*\nxoN3NVDEE8OqFvH5HkYMmQ==\napplication/json\nx-ca-key:12345678\nx-ca-nonce:8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11\nx-ca-timestamp:1790000000000\n/artemis/api/resource/v1/person/single/update",
                bytes: 191,
                sha256: None,
                signature: "SUh4ahYcwS4FFjo/Mwrl6rFSRmZVoco/Mrm/yaJLbso=",
            },
        ]
    }

    #[test]
    fn every_vector() {
        let secret = Secret::new("testsecret0123456789".to_owned());
        for vector in vectors() {
            let Vector { name, signed, text, bytes, sha256, signature } = vector;
            assert_eq!(signed.text(), text, "{name}");
            assert_eq!(signed.text().len(), bytes, "{name}");
            if let Some(sha256) = sha256 {
                assert_eq!(hex(&Sha256::digest(signed.text())), sha256, "{name}");
            }
            assert_eq!(signed.signature(&secret).as_deref(), Ok(signature), "{name}");
        }
    }

    #[test]
    fn bodies_under_a_signature() {
        for (body, bytes, md5) in [
            (PAGE, 27, "J3tGGo9WF2T8hKRjxNd1GA=="),
            (UPDATE, 55, "xoN3NVDEE8OqFvH5HkYMmQ=="),
            ("{}", 2, "mZFLkyvTelC5g8XnyQrpOw=="),
        ] {
            assert_eq!((body.len(), content_md5(body.as_bytes()).as_str()), (bytes, md5));
        }
    }

    #[test]
    fn names_of_signed_headers() {
        let names: Vec<_> = vectors().iter().map(|vector| vector.signed.header_names()).collect();
        assert_eq!(names[0], "x-ca-key");
        assert_eq!(names[1], "x-ca-key,x-ca-nonce,x-ca-timestamp");
        assert_eq!(names[4], "header-a,header-b,x-ca-key,x-ca-timestamp");
        assert_eq!(names[3], "");
    }
}
