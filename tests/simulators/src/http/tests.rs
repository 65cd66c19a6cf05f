//! The server by itself: keep-alive, limits, faults, offline and online, TLS.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::*;
use crate::testing::{bytes, connect, read, send};

/// Answers with the number of requests handled so far.
#[derive(Default)]
struct Counter {
    handled: Mutex<usize>,
    problems: Mutex<Vec<String>>,
    keep_alive: bool,
}

impl Handler for Counter {
    fn answer(&self, _: &Request) -> Reply {
        let mut handled = lock(&self.handled);
        *handled += 1;
        let mut response = Response::new(200, "text/plain", format!("handled {handled}"));
        response.keep_alive = self.keep_alive;
        Reply::Answer(response)
    }

    fn malformed(&self, problem: &str) {
        lock(&self.problems).push(problem.to_owned());
    }
}

fn server(keep_alive: bool) -> (Arc<Counter>, HttpServer) {
    let counter = Arc::new(Counter { keep_alive, ..Counter::default() });
    let server = HttpServer::start(Arc::clone(&counter) as _, 0, Tls::Off);
    (counter, server)
}

fn get(server: &HttpServer) -> Option<String> {
    send(server.port(), "GET", "/a?b=c", &[], "").map(|answer| answer.text())
}

#[test]
fn requests_are_recorded_and_bytes_counted() {
    let (_, server) = server(false);
    let sent = bytes("POST", "/a?b=c", &[("X-Test", " 1 ")], "body");
    let answer = read(connect(server.port(), &sent)).unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "handled 1"));
    assert_eq!(answer.headers("Connection"), ["close"]);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!((request.path(), request.query()), ("/a", "b=c"));
    assert_eq!(request.header("x-test"), Some("1"));
    assert_eq!((request.text().as_str(), request.framing), ("body", Framing::Length(4)));
    assert_eq!(server.bytes_in(), sent.len() as u64);
    assert_eq!(server.bytes_out(), (answer.head.len() + 4 + answer.body.len()) as u64);
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[test]
fn a_connection_is_kept_only_if_both_want() {
    let (_, server) = server(true);
    let two =
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = read(connect(server.port(), two.as_bytes())).unwrap();
    assert!(answer.text().contains("handled 2"), "{}", answer.text());
    assert_eq!(server.connections(), 1);
    assert_eq!(server.requests()[1].connection, 1);
}

#[test]
fn what_is_no_http_is_refused_and_told() {
    let (counter, server) = server(false);
    for wrong in [
        "GET /\r\nHost: x\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
    ] {
        let answer = read(connect(server.port(), wrong.as_bytes())).unwrap();
        assert_eq!(answer.status, 400, "{wrong}");
    }
    assert_eq!(lock(&counter.problems).len(), 8);
    assert!(server.requests().is_empty());
}

#[test]
fn chunked_requests_are_read_and_marked() {
    let (_, server) = server(false);
    let sent = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_eq!(read(connect(server.port(), sent.as_bytes())).unwrap().status, 200);
    let request = &server.requests()[0];
    assert_eq!((request.text().as_str(), request.framing), ("abcde", Framing::Chunked));
}

#[test]
fn offline_refuses_and_online_comes_back() {
    let (counter, server) = server(false);
    let waiting = connect(server.port(), b"GET / HT");
    server.go_offline();
    assert!(std::net::TcpStream::connect(server.address()).is_err());
    assert!(read(waiting).is_none());
    server.go_online();
    server.go_online();
    assert_eq!(get(&server).as_deref(), Some("handled 1"));
    let port = server.port();
    drop(server);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    let again = HttpServer::start(counter, port, Tls::Off);
    assert_eq!(get(&again).as_deref(), Some("handled 2"));
}

#[test]
fn rules_narrow_what_a_fault_hits() {
    let (counter, server) = server(false);
    server.fault(Fault::DropBefore.on("/a").method("GET").after(1).times(1));
    assert!(get(&server).is_some());
    assert!(send(server.port(), "GET", "/b", &[], "").is_some());
    assert!(send(server.port(), "POST", "/a", &[], "").is_some());
    assert!(get(&server).is_none());
    assert!(get(&server).is_some());
    server.fault(FaultRule::from(Fault::DropBefore).authenticated().body_contains("x"));
    let login = [("Authorization", "Basic eA==")];
    assert!(send(server.port(), "POST", "/a", &login, "y").is_some());
    assert!(send(server.port(), "POST", "/a", &[], "x").is_some());
    assert!(send(server.port(), "POST", "/a", &login, "x").is_none());
    server.clear_faults();
    assert!(send(server.port(), "POST", "/a", &login, "x").is_some());
    assert_eq!(*lock(&counter.handled), 7);
}

#[test]
fn faults_that_are_carried_out() {
    let (counter, server) = server(false);
    let next = |fault: Fault| {
        server.fault(fault.times(1));
        send(server.port(), "GET", "/", &[], "")
    };
    assert!(next(Fault::DropAfter).is_none());
    assert_eq!(next(Fault::CutBody(3)).unwrap().text(), "han");
    let wrong = next(Fault::WrongContentLength(5)).unwrap();
    assert_eq!(wrong.headers("Content-Length"), ["14"]);
    let chunked = next(Fault::Chunked).unwrap();
    assert_eq!(chunked.text(), "7\r\nhandled\r\n2\r\n 4\r\n0\r\n\r\n");
    let began = Instant::now();
    let pause = Duration::from_millis(30);
    assert_eq!(next(Fault::Delay(pause)).unwrap().text(), "handled 5");
    assert!(began.elapsed() >= pause);
    let pause = Duration::from_millis(1);
    assert_eq!(next(Fault::Drip { size: 20, pause }).unwrap().text(), "handled 6");
    assert_eq!(*lock(&counter.handled), 6);
}

#[test]
fn faults_that_are_not_carried_out() {
    let (counter, server) = server(false);
    let next = |fault: Fault| {
        server.fault(fault.times(1));
        send(server.port(), "GET", "/", &[], "")
    };
    assert!(next(Fault::DropBefore).is_none());
    let raw = next(Fault::raw(503, "text/html", "<p>")).unwrap();
    assert_eq!((raw.status, raw.text().as_str()), (503, "<p>"));
    let moved = next(Fault::Redirect("http://elsewhere.invalid/".into())).unwrap();
    assert_eq!((moved.status, moved.headers("Location")), (302, vec!["http://elsewhere.invalid/"]));
    assert_eq!(next(Fault::HugeBody(200_000)).unwrap().body.len(), 200_000);
    server.fault(Fault::EndlessHeaders.times(1));
    let mut stream = connect(server.port(), &bytes("GET", "/", &[], ""));
    let mut some = vec![0; 500_000];
    stream.read_exact(&mut some).unwrap();
    assert!(!String::from_utf8_lossy(&some).contains("\r\n\r\n"));
    drop(stream);
    assert_eq!(*lock(&counter.handled), 0);
}

#[test]
fn a_delayed_answer_does_not_hold_the_server() {
    let (_, server) = server(false);
    server.fault(Fault::Delay(Duration::from_secs(60)).times(1));
    let waiting = connect(server.port(), &bytes("GET", "/", &[], ""));
    while server.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let began = Instant::now();
    drop(server);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(read(waiting).is_none());
}

#[test]
fn others_in_flight_are_those_who_still_wait() {
    let (_, server) = server(false);
    server.fault(Fault::Delay(Duration::from_secs(60)).on("/slow"));
    let slow = connect(server.port(), &bytes("GET", "/slow", &[], ""));
    while server.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(get(&server).is_some());
    assert_eq!(server.requests()[1].others_in_flight, 1);
    drop(slow);
    assert!(get(&server).is_some());
    assert!(get(&server).is_some());
    assert_eq!(server.requests()[2].others_in_flight, 0);
    assert_eq!(server.requests()[3].others_in_flight, 0);
}

/// Trusts one fingerprint and nothing else.
#[derive(Debug)]
struct Pin(String);

impl rustls::client::danger::ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        use sha2::Digest;
        let found = sha2::Sha256::digest(end_entity);
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, self.0);
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[test]
fn the_listener_closes_before_the_answer() {
    let server = HttpServer::start(Arc::new(Counter::default()), 0, Tls::Off);
    server.fault(Fault::GoOffline.times(1));
    assert!(get(&server).unwrap().starts_with("handled"));
    assert!(std::net::TcpStream::connect(server.address()).is_err());
    server.go_online();
    assert!(get(&server).unwrap().starts_with("handled"));
}

#[test]
fn tls_answers_with_the_told_certificate() {
    for tls in [Tls::SelfSigned, Tls::WrongName] {
        let server = HttpServer::start(Arc::new(Counter::default()), 0, tls);
        assert!(server.url().starts_with("https://127.0.0.1:"));
        let pin = server.certificate_sha256().unwrap();
        assert_eq!(pin.len(), 64);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pin(pin)))
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let tcp = std::net::TcpStream::connect(server.address()).unwrap();
        let mut stream = rustls::StreamOwned::new(session, tcp);
        stream.write_all(&bytes("GET", "/", &[], "")).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.ends_with("handled 1"), "{text}");
        assert_eq!(server.bytes_out(), text.len() as u64);
        assert!(get(&server).is_none(), "plain HTTP on the TLS port");
    }
}
