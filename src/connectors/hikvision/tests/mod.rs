//! The client against a server that follows a script, byte by byte.

mod failing;
mod login;
mod reading;
mod server;
mod tls;
mod writing;

use std::time::Duration;

use url::Url;

use super::call::Limits;
use super::{Error, Reader, Settings};
use crate::config::{Secret, Tls};
use crate::connectors::hikvision::manners::Manners;
use crate::model::TargetName;
use crate::model::testing::zone;
use crate::net::retry::Rule;

/// The challenge seen on live terminals: no algorithm, empty opaque, domain "::".
const CHALLENGE: &str = r#"Digest qop="auth", realm="DS-11A8BC2D", nonce="6e6f6e63", stale="false", opaque="", domain="::""#;

const PASSWORD: &str = "s3cret-pass";

fn config(url: &str, tls: Tls) -> Settings {
    // In the program `run` does this once; here every test may be the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Settings {
        name: TargetName::new("front-door").unwrap(),
        url: Url::parse(url).unwrap(),
        username: "admin".to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
        tls,
        time_zone: zone("Europe/Ljubljana"),
    }
}

fn quick() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(700),
        retry: Rule {
            repeats_max: 3,
            first: Duration::from_millis(2),
            longest: Duration::from_millis(2),
            in_all: Duration::from_secs(2),
        },
        waits: Duration::from_secs(5),
        listing: Duration::from_secs(60),
        body: 64 * 1024,
    }
}

fn reader(url: &str) -> Reader {
    Reader::with_limits(&config(url, Tls::System), Manners::default(), quick()).unwrap()
}

/// No secret and no name in anything an error can show.
fn assert_discreet(error: &Error) {
    for text in
        [error.to_string(), format!("{error:?}"), error.hint().unwrap_or_default().to_owned()]
    {
        for secret in [PASSWORD, "6e6f6e63", "Ana Example", "Authorization", "response="] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
