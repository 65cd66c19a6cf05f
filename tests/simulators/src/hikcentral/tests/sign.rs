//! Signatures that were made by other programs, and the rules that they do not show.

use super::super::sign::{Signed, content_md5, signature};

const SECRET: &str = "testsecret0123456789";
const LIST: &str = "/artemis/api/resource/v1/person/personList";
const PAGE: &str = r#"{"pageNo":1,"pageSize":500}"#;
const KEY: (&str, &str) = ("X-Ca-Key", "12345678");
const ANY: (&str, &str) = ("Accept", "*/*");
const NONCE: (&str, &str) = ("X-Ca-Nonce", "8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11");

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The text of a POST, and its signature.
fn made(
    target: &str,
    headers: &[(&str, &str)],
    form: &[(&str, &str)],
    body: &str,
) -> (String, String) {
    let (headers, form, body) = (owned(headers), owned(form), body.as_bytes());
    let signed = Signed { method: "POST", target, headers: &headers, form: &form, body };
    let text = signed.string_to_sign();
    let signature = signature(SECRET, &text);
    (text, signature)
}

fn check(found: (String, String), size: usize, text: &str, signature: &str) {
    assert_eq!(found.0, text);
    assert_eq!((found.0.len(), found.1.as_str()), (size, signature));
}

#[test]
fn a_minimal() {
    let headers =
        [ANY, ("Content-Type", "application/json"), ("X-Ca-Signature-Headers", "x-ca-key"), KEY];
    check(
        made(LIST, &headers, &[], PAGE),
        86,
        "POST\n*/*\napplication/json\nx-ca-key:12345678\n/artemis/api/resource/v1/person/personList",
        "pjC4O4OE18WAHFINIYCxP6R0aBvjIQkklf+ipQUWybQ=",
    );
}

/// Headers of the vectors B and C.
fn timed() -> Vec<(&'static str, &'static str)> {
    vec![
        ("x-ca-timestamp", "1479968678000"),
        ("Content-Type", "application/json;charset=UTF-8"),
        ("X-Ca-Signature-Headers", "X-Ca-Timestamp,X-Ca-Nonce,X-Ca-Key"),
        ("accept", "application/json"),
        KEY,
        NONCE,
    ]
}

#[test]
fn b_nonce_and_time_with_titled_names_in_any_order() {
    check(
        made(LIST, &timed(), &[], PAGE),
        190,
        "POST\napplication/json\napplication/json;charset=UTF-8\nx-ca-key:12345678\n\
         x-ca-nonce:8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11\nx-ca-timestamp:1479968678000\n\
         /artemis/api/resource/v1/person/personList",
        "1PPY4bAFKtCA7hRyC7EvRvBghQH//XIbVR7O8J+RLdk=",
    );
}

#[test]
fn c_with_the_md5_of_the_body() {
    let headers = [timed(), vec![("Content-MD5", "J3tGGo9WF2T8hKRjxNd1GA==")]].concat();
    check(
        made(LIST, &headers, &[], PAGE),
        215,
        "POST\napplication/json\nJ3tGGo9WF2T8hKRjxNd1GA==\napplication/json;charset=UTF-8\n\
         x-ca-key:12345678\nx-ca-nonce:8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11\n\
         x-ca-timestamp:1479968678000\n/artemis/api/resource/v1/person/personList",
        "nD08Cnq/DhPv04f75h5F7cL1Ianam3BHfLNQ5QJzOXI=",
    );
}

#[test]
fn d_without_signed_headers() {
    check(
        made(LIST, &[ANY, ("Content-Type", "application/json"), KEY], &[], PAGE),
        68,
        "POST\n*/*\napplication/json\n/artemis/api/resource/v1/person/personList",
        "kAyCWrqX2ujX9XlDigJR8H7sPvJFu9LT9rJgGjxH4vA=",
    );
}

#[test]
fn e_query_and_form_are_one() {
    let headers = [
        ANY,
        ("Content-Type", "text/plain;charset=UTF-8"),
        ("X-Ca-Signature-Headers", "header-a,header-b,x-ca-key,x-ca-timestamp"),
        ("header-A", "A"),
        ("header-B", "b"),
        ("X-Ca-Key", "29666671"),
        ("X-Ca-Timestamp", "1479968678000"),
    ];
    let form = [("x-body", "x"), ("a-body", "a")];
    check(
        made("/artemis/api/example?qa=a&qb=B", &headers, &form, "x-body=x&a-body=a"),
        151,
        "POST\n*/*\ntext/plain;charset=UTF-8\nheader-a:A\nheader-b:b\nx-ca-key:29666671\n\
         x-ca-timestamp:1479968678000\n/artemis/api/example?a-body=a&qa=a&qb=B&x-body=x",
        "yLdMXyKByQU2jRakIXY6k0GDcMGMaDOzcWjZHAdotC8=",
    );
}

#[test]
fn f_without_body_and_content_type() {
    check(
        made(
            "/artemis/api/common/v1/version",
            &[ANY, ("X-Ca-Signature-Headers", "x-ca-key"), KEY],
            &[],
            "",
        ),
        57,
        "POST\n*/*\nx-ca-key:12345678\n/artemis/api/common/v1/version",
        "svS3gEfn0hQMjkU+s1v/imtbvr3DOWV/9FFYmgX6QJk=",
    );
}

#[test]
fn g_blank_headers_and_keys_without_value() {
    let headers = [
        ("Accept", ""),
        ("Content-MD5", "anything"),
        ("Date", "Thu, 24 Nov 2016 03:12:25 GMT"),
        ("X-Ca-Signature-Headers", "x-empty,x-ca-key"),
        ("x-empty", ""),
        KEY,
    ];
    check(
        made("/artemis/api/example?qb=value2&qa=value1&qc", &headers, &[], "{}"),
        131,
        "POST\n\nmZFLkyvTelC5g8XnyQrpOw==\nThu, 24 Nov 2016 03:12:25 GMT\nx-ca-key:12345678\n\
         x-empty:\n/artemis/api/example?qa=value1&qb=value2&qc",
        "fBnjCTCaR2VtwAY25f9xpWew2EcKvfG2DM7xgBR0UCA=",
    );
}

#[test]
fn h_an_update() {
    let body = r#"{"personId":"12","endTime":"2027-01-31T23:59:59+01:00"}"#;
    assert_eq!(content_md5(body.as_bytes()), "xoN3NVDEE8OqFvH5HkYMmQ==");
    let headers = [
        ANY,
        ("Content-MD5", "xoN3NVDEE8OqFvH5HkYMmQ=="),
        ("Content-Type", "application/json"),
        ("X-Ca-Signature-Headers", "x-ca-key,x-ca-nonce,x-ca-timestamp"),
        ("X-Ca-Timestamp", "1790000000000"),
        KEY,
        NONCE,
    ];
    check(
        made("/artemis/api/resource/v1/person/single/update", &headers, &[], body),
        191,
        "POST\n*/*\nxoN3NVDEE8OqFvH5HkYMmQ==\napplication/json\nx-ca-key:12345678\n\
         x-ca-nonce:8d3a4f0e-6b1c-4d57-9a51-0c2f6f6a7b11\nx-ca-timestamp:1790000000000\n\
         /artemis/api/resource/v1/person/single/update",
        "SUh4ahYcwS4FFjo/Mwrl6rFSRmZVoco/Mrm/yaJLbso=",
    );
}

#[test]
fn what_no_vector_shows() {
    let text = |headers: &[(&str, &str)], target| made(target, headers, &[], "").0;
    // Headers that are never signed, doubles, blanks around names, values with blanks around them.
    let listed = "Host, x-a ,X-A,,content-length,x-ca-signature";
    let headers = [("X-Ca-Signature-Headers", listed), ("Host", "h"), ("X-A", " 1 ")];
    assert_eq!(text(&headers, "/artemis/x"), "POST\nx-a:1\n/artemis/x");
    // The first value of a repeated key, decoded; a key with an empty value.
    assert_eq!(text(&[], "/a?b=1&a=&b=2&c=%C4%8D+%2"), "POST\n/a?a&b=1&c=č %2");
    // A header that is listed and absent.
    let headers = [("X-Ca-Signature-Headers", "x-gone")];
    assert_eq!(text(&headers, "/a"), "POST\nx-gone:\n/a");
}
