//! Refusals, and answers that are none.

use std::time::{Duration, Instant};

use super::{KEY, assert_discreet, client};
use crate::connectors::hikcentral::{Error, Meaning};
use crate::net::testing::{Reply, Server, answer, said};
use crate::ports::Class;

const VERSION: &str = r#"{"code":"0","data":{"softVersion":"V2.1.0.0"}}"#;

/// Asks for the version; says how many requests that took.
fn ask(reply: impl Fn(usize) -> Reply + Send + 'static) -> (Result<(), Error>, usize) {
    let server = Server::new(move |at, _| reply(at));
    let answer = client(&server.url).version().map(|_| ());
    (answer, server.requests().len())
}

fn meaning(error: &Error) -> Option<Meaning> {
    match error {
        Error::Refused { meaning, .. } => Some(*meaning),
        _ => None,
    }
}

#[test]
fn a_wrong_signature_is_never_sent_twice() {
    for (status, label) in [("200 OK", "application/json"), ("401 Unauthorized", "application/xml")]
    {
        let server = Server::new(move |_, request| {
            let echo = format!(
                "api AK/SK signature authentication failed,Invalid Signature! and StringToSign: POST\\n*/*\\napplication/json\\nx-ca-key:{KEY}\\n{}, apiName : version, appKey : {KEY}",
                request.path()
            );
            let body = format!(r#"{{"code":"0x02401003","msg":"{echo}","data":""}}"#);
            answer(status, &format!("Content-Type: {label}\r\n"), body.as_bytes())
        });
        let mut client = client(&server.url);
        let error = client.version().unwrap_err();
        assert!(error.spent_a_login());
        assert_eq!((meaning(&error), error.class()), (Some(Meaning::Login), Class::Login));
        assert_discreet(&error);
        assert_eq!(
            error.to_string(),
            "version: the platform refused the signature (code 0x02401003)"
        );
        assert_eq!(client.version().unwrap_err(), error);
        assert_eq!(client.reapply(&["1".to_owned()]), Err(error));
        assert_eq!(server.requests().len(), 1, "nothing is sent after it");
    }
}

#[test]
fn reads_are_repeated_where_that_may_help() {
    type Script = fn() -> Reply;
    let recovering: [(&str, Script); 6] = [
        ("busy", || said(r#"{"code":"6"}"#)),
        ("gateway", || said(r#"{"code":"0x02401036","msg":"limit","data":""}"#)),
        ("fault", || said(r#"{"code":"5"}"#)),
        ("429", || answer("429 Too Many Requests", "Retry-After: 0\r\n", b"")),
        ("503", || answer("503 Service Unavailable", "", b"<html>")),
        ("dropped", || Reply::Drop),
    ];
    for (name, reply) in recovering {
        let (answer, requests) = ask(move |at| if at == 0 { reply() } else { said(VERSION) });
        assert_eq!((answer, requests), (Ok(()), 2), "{name}");
        let (answer, requests) = ask(move |_| reply());
        let error = answer.unwrap_err();
        assert_eq!((error.class(), requests), (Class::Temporary, 4), "{name}: {error}");
    }
}

#[test]
fn reads_are_not_repeated_where_it_does_not_help() {
    type Script = fn() -> Reply;
    let lasting: [(&str, Script, Class); 12] = [
        (
            "8",
            || said(r#"{"code":"8","msg":"This product version is not supported","data":""}"#),
            Class::Unusable,
        ),
        ("2", || said(r#"{"code":"2"}"#), Class::Refused),
        ("69", || said(r#"{"code":"69"}"#), Class::MissingRight),
        ("64", || answer("401 Unauthorized", "", br#"{"code":"64"}"#), Class::MissingRight),
        ("403", || answer("403 Forbidden", "", b""), Class::MissingRight),
        ("404", || answer("404 Not Found", "", b"<html>"), Class::Unusable),
        (
            "redirect",
            || answer("302 Found", "Location: https://other.example/\r\n", b""),
            Class::Unusable,
        ),
        ("redirect of a body", || answer("307 Moved", "Location: /x\r\n", b""), Class::Unusable),
        ("no JSON", || said("OK"), Class::Refused),
        ("no envelope", || said(r#"{"softVersion":"V2.1.0.0"}"#), Class::Refused),
        ("no data", || said(r#"{"code":"0","data":"null"}"#), Class::Refused),
        ("silence", || Reply::Silence, Class::Temporary),
    ];
    for (name, reply, class) in lasting {
        let (answer, requests) = ask(move |_| reply());
        let error = answer.unwrap_err();
        assert_eq!((error.class(), requests), (class, 1), "{name}: {error}");
        assert!(!error.to_string().contains("other.example"));
    }
}

#[test]
fn no_open_api_is_named() {
    let (answer, _) = ask(|_| answer("404 Not Found", "", b"<html>404</html>"));
    let error = answer.unwrap_err();
    assert_eq!(error, Error::NoOpenApi { call: "version" });
    assert!(error.hint().unwrap().contains("OpenAPI"), "{error}");
}

#[test]
fn a_pause_that_is_asked_for_is_kept_up_to_a_limit() {
    let asks = |seconds: u32| {
        move |at| match at {
            0 => answer("429 Too Many Requests", &format!("Retry-After: {seconds}\r\n"), b""),
            _ => said(VERSION),
        }
    };
    let began = Instant::now();
    assert_eq!(ask(asks(1)), (Ok(()), 2));
    assert!(began.elapsed() >= Duration::from_secs(1));
    let (answer, requests) = ask(asks(600));
    assert_eq!((meaning(&answer.unwrap_err()), requests), (Some(Meaning::SlowDown), 1));
}

/// Whatever is behind a name that nobody knows, nothing was sent to it.
#[test]
fn nobody_there() {
    let error = client("http://nobody.invalid/").version().unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_eq!(error.class(), Class::Temporary);
}
