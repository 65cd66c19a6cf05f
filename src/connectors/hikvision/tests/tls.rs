//! Certificates: the pinned one, another one, a copied one.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::{config, quick};
use crate::config::Tls;
use crate::connectors::hikvision::manners::Manners;
use crate::connectors::hikvision::{Error, Reader};
use crate::connectors::testing::{KEY, OTHER_KEY, pin, tls};
use crate::net::testing::{Server, said as ok};
use crate::ports::Class;

const DEVICE_INFO: &str = include_str!("../../../../tests/fixtures/hikvision/device-info.xml");

fn server(key: &'static [u8], version: &'static rustls::SupportedProtocolVersion) -> Server {
    Server::with_tls(tls(key, version), |_, _| ok(DEVICE_INFO))
}

fn ask(server: &Server, tls: Tls) -> Result<String, Error> {
    let mut reader =
        Reader::with_limits(&config(&server.url, tls), Manners::default(), quick()).unwrap();
    reader.device_info().map(|info| info.model)
}

#[test]
fn the_pinned_certificate_and_its_key() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let genuine = server(KEY, version);
        assert_eq!(ask(&genuine, Tls::Pinned(pin())).as_deref(), Ok("DS-K1T341BMWI-T"));
        let copied = server(OTHER_KEY, version);
        let error = ask(&copied, Tls::Pinned(pin())).unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
        assert!(copied.requests().is_empty(), "nothing was sent");
    }
}

/// Mutants: it could not be reached; it is the cable.
#[test]
fn no_tls_in_common_is_no_matter_of_the_cable() {
    for answer in [&b""[..], b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                // The greeting is read, so that closing is no reset.
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer);
            }
        });
        let error = Reader::with_limits(&config(&url, Tls::Insecure), Manners::default(), quick())
            .unwrap()
            .device_info()
            .unwrap_err();
        assert!(matches!(error, Error::NoTls { .. }), "{answer:?}: {error}");
        assert_eq!(error.class(), Class::Temporary);
        assert!(error.hint().unwrap().contains("TLS 1.2"), "{error}");
    }
}

#[test]
fn another_certificate_is_named() {
    let server = server(KEY, &rustls::version::TLS13);
    let error = ask(&server, Tls::Pinned([0; 32])).unwrap_err();
    let found_sha256: String = pin().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(error, Error::Certificate { found_sha256 });
    assert_eq!(error.class(), Class::Refused);
    assert!(server.requests().is_empty(), "nothing was sent");
}

#[test]
fn insecure_takes_anybody_and_the_system_does_not() {
    let server = server(KEY, &rustls::version::TLS12);
    assert_eq!(ask(&server, Tls::Insecure).as_deref(), Ok("DS-K1T341BMWI-T"));
    let error = ask(&server, Tls::System).unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable { what, .. } if what.contains("certificate")),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("pin"), "{error}");
    let copied = super::tls::server(OTHER_KEY, &rustls::version::TLS12);
    assert!(ask(&copied, Tls::Insecure).is_ok());
}

/// Mutants: the answer was lost, and nobody knows why; said of one that has answered before.
#[test]
fn plain_http_to_a_port_with_tls_is_told() {
    let server = server(KEY, &rustls::version::TLS13);
    let url = server.url.replace("https://", "http://");
    let mut reader =
        Reader::with_limits(&config(&url, Tls::System), Manners::default(), quick()).unwrap();
    let error = reader.device_info().unwrap_err();
    assert!(matches!(error, Error::NoPlainHttp { .. }), "{error}");
    assert!(
        error.to_string().contains(server.url.trim_start_matches("https://").trim_end_matches('/'))
    );
    assert!(error.hint().unwrap().contains("write https://"), "{error}");
    assert_eq!(error.class(), Class::Temporary);
    assert!(server.requests().is_empty(), "nothing came through");
}
