//! What the server takes, and what it does not.

use chrono::TimeDelta;

use super::*;
use crate::base64;
use crate::clock::Clock;
use crate::testing::{Answer, send};

const FORM: &str = "application/x-www-form-urlencoded";

fn ask(server: &Server, headers: &[(&str, &str)], body: &str) -> Answer {
    send(server.port(), "POST", "/oauth/token", headers, body).unwrap()
}

#[test]
fn a_token_is_good_until_it_is_revoked() {
    let server = Server::start(Settings::default());
    let login = format!("Basic {}", base64::encode(b"stamford+parking:oauth-secret-1%2F%2B%26"));
    let headers = [("Authorization", login.as_str()), ("Content-Type", FORM)];
    let answer = ask(&server, &headers, "grant_type=client_credentials");
    assert_eq!((answer.status, server.given()), (200, 1));
    let header = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
    let tokens = server.tokens();
    assert_eq!(tokens.judge(&header), Judged::Good);
    server.revoke();
    assert_eq!(tokens.judge(&header), Judged::Old);
    assert_eq!(tokens.judge(&header), Judged::OldAgain);
    assert_eq!(tokens.judge("Bearer oauth-token-1-of-12"), Judged::Unknown);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn a_token_dies_when_it_was_told() {
    for (expires_in, violations) in [
        (ExpiresIn::Number, vec!["expired-token"]),
        (ExpiresIn::Text, vec!["expired-token"]),
        (ExpiresIn::Zero, vec![]),
        (ExpiresIn::Missing, vec![]),
    ] {
        let clock = Clock::fixed("2024-01-01T12:00:00Z".parse().unwrap());
        let settings = Settings { client_in: ClientIn::Body, clock, ..Settings::default() };
        let (server, clock) = (Server::start(settings.clone()), settings.clock);
        server.set(|switches| (switches.expires_in, switches.expires) = (expires_in, true));
        let body = "grant_type=client_credentials&client_id=stamford+parking&client_secret=oauth-secret-1%2F%2B%26";
        let answer = ask(&server, &[("Content-Type", FORM)], body).json();
        let header = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        clock.advance(TimeDelta::seconds(3599));
        assert_eq!(server.tokens().judge(&header), Judged::Good);
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(server.tokens().judge(&header), Judged::Old);
        assert_eq!(server.violations(), violations, "{expires_in:?}");
    }
}

#[test]
fn whoever_asks_otherwise_is_refused() {
    let (client_in, asked_as) = (ClientIn::Body, AskedAs::Json);
    let server = Server::start(Settings { client_in, asked_as, ..Settings::default() });
    let json = [("Content-Type", "application/json")];
    let good = r#"{"grant_type":"client_credentials","client_id":"stamford parking","client_secret":"oauth-secret-1/+&"}"#;
    assert_eq!(ask(&server, &json, good).status, 200);
    for (headers, body, slug) in [
        ([("Content-Type", FORM)], good.to_owned(), "content-type"),
        (json, "grant_type=client_credentials".to_owned(), "json"),
        (json, good.replace("client_credentials", "password"), "grant-type"),
        (json, good.replace("}", ",\"scope\":\"all\"}"), "scope"),
        (json, good.replace("}", ",\"audience\":\"all\"}"), "unknown-field"),
        (json, "{\"grant_type\":\"client_credentials\"}".to_owned(), "client-elsewhere"),
        (json, good.replace("/+&", ""), "wrong-client"),
        (json, good.replace("/+&", ""), "wrong-client-again"),
    ] {
        assert!(ask(&server, &headers, &body).status >= 400, "{slug}");
        assert_eq!(server.violations().last().unwrap(), slug);
    }
    server.set(|switches| switches.refusal = Refusal::Status200);
    let refused = ask(&server, &json, &good.replace("/+&", ""));
    assert_eq!((refused.status, &refused.json()["error"]), (200, &"invalid_client".into()));
    assert_eq!(server.given(), 1);
}
