//! Certificates: the pinned one, another one, a copied one; and that a body goes through TLS whole.

use serde_json::{Value, json};

use super::server::is_signed_with;
use super::{SECRET, ok, person, quick, settings};
use crate::config::Tls;
use crate::connectors::hikcentral::{Client, Error};
use crate::connectors::testing::{KEY, OTHER_KEY, pin, tls};
use crate::net::testing::{Server, said};
use crate::ports::Class;

fn server(key: &'static [u8], version: &'static rustls::SupportedProtocolVersion) -> Server {
    Server::with_tls(tls(key, version), |_, request| {
        assert!(is_signed_with(request, SECRET), "{}", request.head);
        assert_eq!(request.header("content-md5"), None, "TLS protects the body");
        let list: Vec<Value> = (1..=100).map(person).collect();
        said(&ok(json!({"total": 100, "list": list})))
    })
}

fn ask(server: &Server, tls: Tls) -> Result<usize, Error> {
    let mut settings = settings(&server.url);
    settings.tls = tls;
    let mut limits = quick();
    limits.page = 500;
    let mut client = Client::with_limits(&settings, limits).unwrap();
    client
        .all_persons(&mut |_| {})
        .and_then(|_| client.all_persons(&mut |_| {}))
        .map(|list| list.count)
}

#[test]
fn the_pinned_certificate_and_its_key() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let genuine = server(KEY, version);
        assert_eq!(ask(&genuine, Tls::Pinned(pin())), Ok(100));
        assert_eq!(genuine.requests().len(), 2);
        let copied = server(OTHER_KEY, version);
        let error = ask(&copied, Tls::Pinned(pin())).unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
        assert!(copied.requests().is_empty(), "nothing was sent");
    }
}

#[test]
fn another_certificate_is_named() {
    let server = server(KEY, &rustls::version::TLS13);
    let error = ask(&server, Tls::Pinned([0; 32])).unwrap_err();
    let found_sha256: String = pin().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(error, Error::Certificate { found_sha256 });
    assert_eq!(error.class(), Class::Unusable);
    assert!(server.requests().is_empty(), "nothing was sent");
}

#[test]
fn insecure_takes_anybody_and_the_system_does_not() {
    let server = server(KEY, &rustls::version::TLS12);
    assert_eq!(ask(&server, Tls::Insecure), Ok(100));
    let error = ask(&server, Tls::System).unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable { what, .. } if what.contains("certificate")),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("pin"), "{error}");
    assert_eq!(error.class(), Class::Temporary);
}

/// Mutants: the answer was lost, and nobody knows why.
#[test]
fn plain_http_to_a_port_with_tls_is_told() {
    let server = server(KEY, &rustls::version::TLS13);
    let settings = settings(&server.url.replace("https://", "http://"));
    let mut client = Client::with_limits(&settings, quick()).unwrap();
    let error = client.all_persons(&mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::NoPlainHttp { .. }), "{error}");
    assert!(error.hint().unwrap().contains("write https://"), "{error}");
    assert_eq!(error.class(), Class::Temporary);
    assert!(server.requests().is_empty(), "nothing came through");
}
