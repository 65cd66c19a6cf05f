//! What the demo answers, and whom: without a browser, over plain sockets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::{Value, json};

use super::demo::{Demo, command};
use super::{wait_for, wait_for_line};

/// Sends a request as it stands; gives the status and the whole answer.
fn send(demo: &Demo, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(demo.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.unwrap_or_else(|| panic!("{answer}")), answer)
}

fn get(demo: &Demo, path: &str, host: &str) -> (u16, String) {
    send(demo, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

fn own_host(demo: &Demo) -> String {
    demo.url.strip_prefix("http://").unwrap().to_owned()
}

fn state(demo: &Demo) -> Value {
    let (code, answer) = get(demo, "/state", &own_host(demo));
    assert_eq!(code, 200);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// Sends an action with these headers.
fn act(demo: &Demo, headers: &str, body: &str) -> (u16, String) {
    let (host, length) = (own_host(demo), body.len());
    let head = format!("POST /do HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    send(demo, &format!("{head}{headers}Content-Length: {length}\r\n\r\n{body}"))
}

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn only_its_own_names_lead_to_the_page() {
    let demo = Demo::start();
    let port = demo.url.rsplit(':').next().unwrap().to_owned();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
        let (status, answer) = get(&demo, "/", &host);
        assert_eq!(status, 200, "{host}");
        assert!(answer.contains("<h1>A club with two doors and a barrier</h1>"));
        assert!(answer.contains("\r\nContent-Security-Policy: default-src 'none'; "), "{answer}");
    }
    for host in [
        "club.example".to_owned(),
        "127.0.0.1".to_owned(),
        format!("club.example:{port}"),
        format!("127.0.0.1.club.example:{port}"),
        format!("0.0.0.0:{port}"),
        String::new(),
    ] {
        for path in ["/", "/state", "/page.js"] {
            assert_eq!(get(&demo, path, &host).0, 403, "{host} {path}");
        }
    }
    let host = own_host(&demo);
    assert_eq!(get(&demo, "/other", &host).0, 404);
    assert_eq!(get(&demo, "/do", &host).0, 404, "an action is no page");
    let (status, _) = send(
        &demo,
        &format!(
            "PUT /do HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        ),
    );
    assert_eq!(status, 405);
}

#[test]
fn only_the_page_itself_can_do_something() {
    let demo = Demo::start();
    let before = state(&demo);
    let body = r#"{"action":"extend","member":150001}"#;
    let own = format!("Origin: {}\r\n", demo.url);
    for (headers, status) in [
        (JSON.to_owned(), 403),
        (format!("{JSON}Origin: http://club.example\r\n"), 403),
        (format!("{JSON}Origin: null\r\n"), 403),
        (format!("{JSON}Origin: {}0\r\n", demo.url), 403),
        (format!("{JSON}Origin: https://{}\r\n", own_host(&demo)), 403),
        (own.clone(), 403),
        (format!("{own}Content-Type: text/plain\r\n"), 403),
        (format!("{own}Content-Type: application/x-www-form-urlencoded\r\n"), 403),
    ] {
        assert_eq!(act(&demo, &headers, body).0, status, "{headers}");
    }
    let good = format!("{own}{JSON}");
    for body in [
        "",
        "{}",
        "[]",
        r#"{"action":"open-door"}"#,
        r#"{"action":"extend"}"#,
        r#"{"action":"extend","member":"1"}"#,
        r#"{"action":"extend","member":1}"#,
        r#"{"action":"extend","member":150001,"until":"2099-01-01"}"#,
        r#"{"action":"unplug","door":"back-door"}"#,
        r#"{"action":"approve"}"#,
        r#"{"action":"lookup","member":7}"#,
    ] {
        let (status, answer) = act(&demo, &good, body);
        assert_eq!(status, 400, "{body}: {answer}");
    }
    assert_eq!(state(&demo), before, "nothing was done");
    assert_eq!(act(&demo, &good, body).0, 200);
    assert_ne!(state(&demo)["people"], before["people"]);
}

#[test]
fn everything_is_put_into_the_page_as_text() {
    let script = include_str!("../../../examples/demo/web/page.js");
    for word in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "Function(",
    ] {
        assert!(!script.contains(word), "{word}");
    }
    let parts = [
        script,
        include_str!("../../../examples/demo/web/page.html"),
        include_str!("../../../examples/demo/web/page.css"),
    ];
    for part in parts {
        assert!(!part.contains("http:") && !part.contains("https:") && !part.contains("@import"));
    }
}

#[test]
fn the_state_tells_no_password_and_no_folder() {
    let demo = Demo::start();
    let good = format!("Origin: {}\r\n{JSON}", demo.url);
    for action in ["diff", "sync", "empty-export", "sync"] {
        let body = json!({ "action": action }).to_string();
        let (status, answer) = act(&demo, &good, &body);
        assert_eq!(status, 200);
        assert!(!answer.contains("secret"), "{answer}");
    }
    let folder = demo.folder.path().display().to_string();
    assert!(!state(&demo).to_string().contains(&folder));
}

/// Also where nobody sits at a terminal.
#[test]
fn ctrl_c_ends_it_and_removes_its_folder() {
    for signal in ["-INT", "-TERM"] {
        let mut demo = Demo::start();
        let files = || std::fs::read_dir(demo.folder.path()).unwrap().count();
        assert_eq!(files(), 1, "the club's folder");
        demo.signal(signal);
        assert_eq!(demo.wait(), Some(0), "{signal}");
        assert_eq!(std::fs::read_dir(demo.folder.path()).unwrap().count(), 0, "{signal}");
        assert!(TcpStream::connect(demo.url.strip_prefix("http://").unwrap()).is_err());
    }
}

#[test]
fn ctrl_c_ends_the_story_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(env!("CARGO_BIN_EXE_ivms-sync"));
    let command = command.env("TMPDIR", folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut story = command.spawn().unwrap();
    wait_for_line(&mut story, |line| line.starts_with("   1  ").then(String::new));
    let pid = story.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let status = wait_for("the story ends", || story.try_wait().unwrap());
    assert_eq!(status.code(), Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "its folder is removed");
}

#[test]
fn the_page_is_not_served_when_the_program_does_not_work() {
    // Any program that knows none of the commands will do.
    let output = command(env!("CARGO")).arg("--web").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("The demo cannot be shown: sync ended with 101: "), "{said}");
}
