//! The client against a server that follows a script, byte by byte.

mod failing;
mod reading;
mod server;
mod settling;
mod tls;
mod writing;

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::client::Limits;
use super::{Client, Error, Settings};
use crate::config::{Secret, Tls};
use crate::model::testing::zone;
use crate::net::retry::Rule;

const KEY: &str = "12345678";
const SECRET: &str = "testsecret0123456789";

fn settings(url: &str) -> Settings {
    // In the program `run` does this once; here every test may be the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Settings {
        url: Url::parse(url).unwrap(),
        app_key: KEY.to_owned(),
        app_secret: Secret::new(SECRET.to_owned()),
        user_id: None,
        tls: Tls::System,
        zone: zone("Europe/Ljubljana"),
        requests_per_second: 1000,
    }
}

fn quick() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(700),
        waits: Duration::from_secs(5),
        listing: Duration::from_secs(60),
        body: 64 * 1024,
        retry: Rule {
            repeats_max: 3,
            first: Duration::from_millis(2),
            longest: Duration::from_millis(2),
            in_all: Duration::from_secs(2),
        },
        page: 2,
    }
}

fn client(url: &str) -> Client {
    Client::with_limits(&settings(url), quick()).unwrap()
}

fn person(id: u32) -> Value {
    json!({
        "personId": id.to_string(), "personCode": format!("15000{id}"), "personName": "Ana Example",
        "personGivenName": "Ana", "personFamilyName": "Example", "gender": 2, "orgIndexCode": "5",
        "phoneNo": "", "email": format!("ana{id}@example.si"), "cards": [{"cardNo": "77"}],
        "beginTime": "2026-01-01T00:00:00+01:00", "endTime": "2026-12-31T23:59:59+01:00",
    })
}

fn ok(data: Value) -> String {
    json!({"code": "0", "msg": "Success", "data": data}).to_string()
}

/// No secret and no name in anything an error can show.
fn assert_discreet(error: &Error) {
    for text in
        [error.to_string(), format!("{error:?}"), error.hint().unwrap_or_default().to_owned()]
    {
        for secret in [KEY, SECRET, "Ana", "Example", "ana1@", "x-ca-", "POST"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
