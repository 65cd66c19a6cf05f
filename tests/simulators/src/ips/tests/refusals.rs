//! Every violation of the seed wire, once.

use super::*;

/// The status of a request, and the slugs of its violations.
fn verdict(
    server: &Server,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, Vec<String>) {
    let status = send(server.port(), method, target, headers, body).unwrap().status;
    (status, slugs(server))
}

fn bad(status: u16, slug: &str) -> (u16, Vec<String>) {
    (status, vec![slug.to_owned()])
}

#[test]
fn logins() {
    let server = service(1);
    let as_login =
        |value: &str| verdict(&server, "GET", SESSIONS, &[("Authorization", value), ACCEPT], "");
    assert_eq!(verdict(&server, "GET", SESSIONS, &[ACCEPT], ""), bad(401, "no-login"));
    assert_eq!(as_login("Bearer ips-secret-key-1"), bad(401, "unknown-authorization"));
    assert_eq!(as_login("ips-secret-key-1"), bad(401, "unknown-authorization"));
    assert_eq!(as_login("ApiKey wrong"), bad(401, "wrong-login"));
    assert_eq!(as_login("ApiKey  ips-secret-key-1"), bad(401, "wrong-login-again"));
    server.begin_run();
    assert_eq!(as_login("ApiKey wrong"), bad(401, "wrong-login"));
    let answer = send(server.port(), "GET", SESSIONS, &[ACCEPT], "").unwrap();
    assert_eq!(answer.headers("WWW-Authenticate"), ["ApiKey realm=\"smartcity\""]);
    let target = format!("{SESSIONS}?key=ips-secret-key-1");
    let found = verdict(&server, "GET", &target, &[ACCEPT, LOGIN], "");
    assert!(found.1.contains(&"key-in-query".to_owned()), "{found:?}");
    for (auth, value) in [
        (Auth::Bearer, "Bearer ips-secret-key-1"),
        (Auth::Basic, "Basic c3RhbWZvcmQtcGFya2luZy0wMDE6aXBzLXNlY3JldC1rZXktMQ=="),
    ] {
        server.set(|switches| switches.auth = auth);
        assert_eq!(as_login(value), (200, Vec::new()), "{auth:?}");
        assert_eq!(as_login(LOGIN.1), bad(401, "unknown-authorization"));
    }
    server.edit_settings(|settings| settings.wanted = vec!["no-login"]);
    assert_eq!(verdict(&server, "GET", SESSIONS, &[ACCEPT], ""), (401, Vec::new()));
}

#[test]
fn manners() {
    let server = service(1);
    let good = [LOGIN, ACCEPT];
    for path in ["/", "/smartcity/v2", "/smartcity/v2/sessions/", "/smartcity/v2/citations"] {
        assert_eq!(verdict(&server, "GET", path, &good, ""), bad(404, "unknown-path"), "{path}");
    }
    assert_eq!(verdict(&server, "POST", SESSIONS, &good, "{}"), bad(405, "wrong-method"));
    let with_body = [LOGIN, ACCEPT, ("Content-Length", "2")];
    assert_eq!(verdict(&server, "GET", SESSIONS, &with_body, "{}"), bad(400, "get-with-body"));
    for accept in ["*/*", "text/html", "application/xml"] {
        let headers = [LOGIN, ("Accept", accept)];
        assert_eq!(verdict(&server, "GET", SESSIONS, &headers, ""), bad(400, "accept"));
    }
    assert_eq!(verdict(&server, "GET", SESSIONS, &[LOGIN], ""), bad(400, "accept"));
    let stream = crate::testing::connect(server.port(), b"what\r\n\r\n");
    assert_eq!(crate::testing::read(stream).unwrap().status, 400);
    assert_eq!(slugs(&server), ["malformed"]);
}

#[test]
fn queries() {
    let server = service(1);
    server.permit("permit_1", "VISITOR", "PPP001", "CT", &[], now(), None);
    for (target, slug) in [
        ("sessions?limit=5", "unknown-parameter"),
        ("sessions?types=VISITOR", "unknown-parameter"),
        ("permits?zones=A1", "unknown-parameter"),
        ("sessions?zones=A1&zones=A2", "parameter-twice"),
        ("sessions?zones=", "empty-parameter"),
        ("sessions?zones=A+1", "query-form"),
        ("sessions?plate=AAA001", "plate-in-query"),
        ("sessions?zones=aaa-001", "plate-in-query"),
        ("permits?types=PPP001", "plate-in-query"),
        ("sessions?zones=A1,Z9", "unknown-zone"),
        ("sessions?zones=A1,", "unknown-zone"),
        ("permits?types=visitor", "unknown-type"),
        ("permits?includeInactive=1", "flag-form"),
        ("sessions?since=2024-01-01T12:00:00", "since-form"),
        ("sessions?since=2024-01-01T12:00:00.001Z", "since-in-future"),
    ] {
        let found =
            verdict(&server, "GET", &format!("/smartcity/v2/{target}"), &[LOGIN, ACCEPT], "");
        assert_eq!(found, bad(400, slug), "{target}");
    }
    let target = format!("{PERMITS}?since=2024-01-01T12:00:00Z");
    let found = verdict(&server, "GET", &target, &[LOGIN, ACCEPT], "");
    assert_eq!(found, bad(200, "since-without-inactive"));
}

#[test]
fn cursors() {
    let server = turned(7, |switches| switches.page_size = 1);
    let see = |target: &str| verdict(&server, "GET", target, &[LOGIN, ACCEPT], "");
    let first = read(&server, &format!("{SESSIONS}?zones=A1&since=2024-01-01T12:00:00Z"));
    let alone = next(&first);
    for target in [
        format!("{alone}&zones=A2"),
        format!("{alone}&zones=A1"),
        format!("{alone}&zones=A1&since=2024-01-01T12:00:00.0Z"),
    ] {
        assert_eq!(see(&target), bad(400, "cursor-parameters"), "{target}");
    }
    let all = format!("{alone}&since=2024-01-01T12:00:00Z&zones=A1");
    let second = read(&server, &all);
    assert_eq!(ids(&second), ["session_3"]);
    assert_eq!(see(&all), bad(400, "cursor-again"));
    assert_eq!(see(&alone), bad(400, "cursor-again"));
    assert_eq!(see(&format!("{SESSIONS}?cursor=made-up")), bad(404, "cursor-unknown"));
    assert_eq!(see(&alone.replace("sessions", "permits")), bad(404, "cursor-unknown"));
    let raw = format!("{SESSIONS}?cursor={}", second["nextCursor"].as_str().unwrap());
    assert_eq!(see(&raw), bad(400, "query-form"), "not encoded");
    assert_eq!(ids(&read(&server, &next(&second))), ["session_5"], "alone is fine too");
    assert_eq!(server.violations(), Vec::<String>::new());
}
