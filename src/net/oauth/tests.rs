//! A token is asked for as it was configured, and every answer that was seen is understood.

use super::*;
use crate::net::retry::Rule;
use crate::net::testing::{Reply, Request, Server, answer, said};

const SECRET: &str = "s3&ret";

fn grant(url: &str) -> Grant {
    Grant {
        token_url: format!("{url}/oauth/token").parse().unwrap(),
        client_id: "town hall".to_owned(),
        scope: Some("read all".to_owned()),
        client_in: ClientIn::Header,
        asked_as: AskedAs::Form,
    }
}

fn ask(
    change: impl Fn(&mut Grant),
    reply: fn() -> Reply,
) -> (Result<String, ServiceError>, Vec<Request>) {
    let server = Server::new(move |_, _| reply());
    let mut grant = grant(&server.url);
    change(&mut grant);
    let moment = Duration::from_millis(1);
    let retry = Rule { repeats_max: 1, first: moment, longest: moment, in_all: moment * 10 };
    let bounds = Bounds { retry, ..Bounds::default() };
    let tokens = Tokens::new(&grant, SECRET, &Tls::System, bounds, RequestCount::default());
    let tokens = tokens.unwrap();
    assert_eq!(format!("{tokens:?}"), "Tokens(not shown)");
    let token = tokens.get(Duration::from_secs(5));
    if let Ok(token) = &token {
        assert_eq!(tokens.get(Duration::ZERO).as_ref(), Ok(token), "it is kept");
    }
    (token, server.requests())
}

#[test]
fn each_way_to_ask() {
    let good = || said(r#"{"access_token":"abc"}"#);
    // RFC 6749, section 2.3.1: the parts are encoded before they are joined.
    let login = format!("Basic {}", STANDARD.encode("town+hall:s3%26ret"));
    let form = "grant_type=client_credentials";
    let client = "client_id=town+hall&client_secret=s3%26ret";
    let json = r#"{"grant_type":"client_credentials","client_id":"town hall","client_secret":"s3&ret","scope":"read all"}"#;
    for (client_in, asked_as, has_scope, header, body) in [
        (ClientIn::Header, AskedAs::Form, false, Some(&login), form.to_owned()),
        (ClientIn::Header, AskedAs::Form, true, Some(&login), format!("{form}&scope=read+all")),
        (ClientIn::Body, AskedAs::Form, false, None, format!("{form}&{client}")),
        (ClientIn::Body, AskedAs::Json, true, None, json.to_owned()),
        (
            ClientIn::Header,
            AskedAs::Json,
            false,
            Some(&login),
            r#"{"grant_type":"client_credentials"}"#.to_owned(),
        ),
    ] {
        let change = |grant: &mut Grant| {
            (grant.client_in, grant.asked_as) = (client_in, asked_as);
            grant.scope = grant.scope.take().filter(|_| has_scope);
        };
        let (token, requests) = ask(change, good);
        assert_eq!(token.as_deref(), Ok("abc"));
        let [request] = requests.as_slice() else { panic!("one request: {requests:?}") };
        assert_eq!(request.line(), "POST /oauth/token HTTP/1.1");
        assert_eq!(request.header("authorization"), header.map(String::as_str));
        let kind = match asked_as {
            AskedAs::Form => "application/x-www-form-urlencoded",
            AskedAs::Json => "application/json",
        };
        assert_eq!(request.header("content-type"), Some(kind));
        assert_eq!(request.body, body);
    }
}

/// Mutants: a refusal with 200 is a token; a word of the server stands in a message.
#[test]
fn each_answer() {
    type Case = (fn() -> Reply, Result<&'static str, (bool, &'static str)>, usize);
    let refused = Err((false, "the login was refused"));
    let cases: Vec<Case> = vec![
        (
            || said(r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#),
            Ok("abc"),
            1,
        ),
        (
            || said(r#"{"access_token":"abc","token_type":"bearer","expires_in":"3600"}"#),
            Ok("abc"),
            1,
        ),
        (|| said(r#"{"access_token":"abc","expires_in":0,"refresh_token":"r"}"#), Ok("abc"), 1),
        (
            || said(r#"{"access_token":"abc","token_type":"mac"}"#),
            Err((true, "of a kind unknown")),
            1,
        ),
        (|| said(r#"{"access_token":""}"#), Err((true, "there is no token")), 1),
        (|| said(r#"{"access_token":"a b"}"#), Err((true, "there is no token")), 1),
        (|| said(r#"{"access_token":7}"#), Err((true, "there is no token")), 1),
        (|| said("{}"), Err((true, "there is no token")), 1),
        (|| said("<html>"), Err((true, "is no JSON value")), 1),
        (|| said("[]"), Err((true, "is a list")), 1),
        (|| said(r#"{"error":"invalid_client"}"#), refused, 1),
        (|| answer("400 Bad", "", r#"{"error":"invalid_client"}"#), refused, 1),
        (|| answer("400 Bad", "", r#"{"error":"unauthorized_client"}"#), refused, 1),
        (|| answer("401 No", "", r#"{"error":"invalid_client"}"#), refused, 1),
        (|| answer("403 No", "", ""), refused, 1),
        (
            || answer("400 Bad", "", r#"{"error":"invalid_scope"}"#),
            Err((false, "invalid_scope")),
            1,
        ),
        (|| answer("400 Bad", "", r#"{"error":"s3&ret"}"#), Err((false, "unknown here")), 1),
        (|| answer("400 Bad", "", "<html>"), Err((false, "status 400")), 1),
        (|| answer("400 Bad", "", r#"{"access_token":"abc"}"#), Err((false, "status 400")), 1),
        (|| answer("404 No", "", ""), Err((false, "no token at `token_url`: refused")), 1),
        (|| said(r#"{"error":"temporarily_unavailable"}"#), Err((true, "status 503")), 1),
        (|| answer("503 Busy", "", ""), Err((true, "no token at `token_url`: refused")), 2),
        (
            || answer("302 Found", "Location: http://elsewhere.invalid/\r\n", ""),
            Err((true, "redirected")),
            1,
        ),
        (|| Reply::Drop, Err((true, "failed to reach 127.0.0.1")), 2),
    ];
    for (place, (reply, want, count)) in cases.into_iter().enumerate() {
        let (token, requests) = ask(|_| (), reply);
        assert_eq!(requests.len(), count, "{place}");
        match (token, want) {
            (Ok(token), Ok(want)) => assert_eq!(token, want),
            (Err(error), Err((is_temporary, text))) => {
                let said = error.to_string();
                assert!(said.contains(text) && !said.contains(SECRET), "{place}: {said}");
                assert_eq!(error.is_temporary(), is_temporary, "{place}: {said}");
                assert_eq!(error == ServiceError::LoginRefused, text == "the login was refused");
            }
            (found, want) => panic!("{place}: {found:?}, not {want:?}"),
        }
    }
}
