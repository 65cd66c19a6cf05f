//! Every violation, once.

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
    let server = register(1);
    let as_login =
        |value: &str| verdict(&server, "GET", ITEMS, &[("Authorization", value), ACCEPT], "");
    assert_eq!(verdict(&server, "GET", ITEMS, &[ACCEPT], ""), bad(401, "no-login"));
    for value in
        ["Bearer hub-secret-token-1", "Token hub-secret-token-1", "apikey hub-secret-token-1"]
    {
        assert_eq!(as_login(value), bad(401, "unknown-authorization"), "{value}");
    }
    assert_eq!(as_login("ApiKey wrong"), bad(401, "wrong-token"));
    assert_eq!(as_login("ApiKey  hub-secret-token-1"), bad(401, "wrong-token-again"));
    server.begin_run();
    assert_eq!(as_login("ApiKey wrong"), bad(401, "wrong-token"));
    assert_eq!(as_login(&format!("ApiKey {}", server.token())), (200, Vec::new()));
    let answer = send(server.port(), "GET", ITEMS, &[ACCEPT], "").unwrap();
    assert_eq!(answer.headers("WWW-Authenticate"), ["ApiKey"]);
    assert_eq!(answer.json()["detail"], "Authentication credentials were not provided.");
    slugs(&server);
    let target = format!("{ITEMS}?token=hub-secret-token-1");
    let found = verdict(&server, "GET", &target, &[ACCEPT, LOGIN], "");
    assert_eq!(found, (400, vec!["token-in-query".into(), "unknown-parameter".into()]));
    server.edit_settings(|settings| settings.wanted = vec!["no-login"]);
    assert_eq!(verdict(&server, "GET", ITEMS, &[ACCEPT], ""), (401, Vec::new()));
}

#[test]
fn manners() {
    let server = register(1);
    let good = [LOGIN, ACCEPT];
    for path in ["/", "/enforcement/v1/", "/valid_parking/", "/enforcement/v1/valid_parking/p1/"] {
        assert_eq!(verdict(&server, "GET", path, &good, ""), bad(404, "unknown-path"), "{path}");
    }
    let answer = get(&server, "/enforcement/v1/valid_parking?page=2");
    let place = "/enforcement/v1/valid_parking/?page=2";
    assert_eq!((answer.status, answer.headers("Location")), (301, vec![place]));
    assert_eq!(slugs(&server), ["unknown-path"]);
    for method in ["POST", "HEAD", "DELETE"] {
        assert_eq!(verdict(&server, method, ITEMS, &good, ""), bad(405, "wrong-method"));
    }
    let answer = send(server.port(), "PUT", ITEMS, &good, "{}").unwrap();
    assert_eq!(answer.json()["detail"], "Method \"PUT\" not allowed.");
    assert_eq!(slugs(&server), ["wrong-method"]);
    let with_body = [LOGIN, ACCEPT, ("Content-Length", "2")];
    assert_eq!(verdict(&server, "GET", ITEMS, &with_body, "{}"), bad(400, "get-with-body"));
    for accept in ["*/*", "text/html", "application/xml"] {
        let headers = [LOGIN, ("Accept", accept)];
        assert_eq!(verdict(&server, "GET", ITEMS, &headers, ""), bad(406, "accept"));
    }
    assert_eq!(verdict(&server, "GET", ITEMS, &[LOGIN], ""), bad(406, "accept"));
    let stream = crate::testing::connect(server.port(), b"what\r\n\r\n");
    assert_eq!(crate::testing::read(stream).unwrap().status, 400);
    assert_eq!(slugs(&server), ["malformed"]);
}

#[test]
fn queries() {
    let server = register(1);
    for (target, slug) in [
        ("valid_parking/", "no-time"),
        ("valid_parking/?time=", "empty-parameter"),
        ("valid_parking/?time=now", "time-form"),
        ("valid_parking/?time=2024-01-01T12:00:00", "time-form"),
        ("valid_parking/?time=2024-01-01T12:00:00+02:00", "query-form"),
        ("valid_parking/?time=2024-01-01T12:00:00Z&page_size=5", "unknown-parameter"),
        ("valid_parking/?time=2024-01-01T12:00:00Z&zone=2", "unknown-parameter"),
        ("valid_parking/?time=2024-01-01T12:00:00Z&page=aaa001", "plate-in-query"),
        ("valid_parking/?reg_num=AAA-001", "plate-in-query"),
        ("valid_permit_item/?reg_num=BBB-001", "plate-in-query"),
        ("valid_permit_item/?area=B", "unknown-parameter"),
        ("valid_permit_item/?page=2", "unknown-parameter"),
        ("valid_permit_item/?page_size=1001", "page-size"),
        ("valid_permit_item/?page_size=5&page_size=5", "parameter-twice"),
    ] {
        let target = format!("/enforcement/v1/{target}");
        let found = verdict(&server, "GET", &target, &[LOGIN, ACCEPT], "");
        assert_eq!(found, bad(400, slug), "{target}");
    }
    let answer = get(&server, "/enforcement/v1/valid_parking/");
    assert_eq!(answer.text(), "[\"Either time or registration number required.\"]");
    let answer = get(&server, &format!("{ITEMS}?time=now"));
    assert_eq!(answer.text(), "{\"time\":[\"Enter a valid date/time.\"]}");
}

#[test]
fn pages_that_nobody_should_ask_for() {
    let server = turned(5, |switches| switches.page_size = Some(1));
    let see = |target: &str| verdict(&server, "GET", target, &[LOGIN, ACCEPT], "");
    for target in [format!("{PARKINGS}&page=2"), format!("{ITEMS}?cursor=cD0xMDA1")] {
        assert_eq!(see(&target), bad(404, "page-unknown"), "{target}");
    }
    let (parkings, items) = (read(&server, PARKINGS), read(&server, ITEMS));
    let second = read(&server, &next(&parkings));
    assert_eq!(see(&next(&parkings)), bad(404, "page-again"));
    for target in [format!("{PARKINGS}&page=1"), format!("{PARKINGS}&page=4")] {
        assert_eq!(see(&target), bad(404, "page-unknown"), "{target}");
    }
    let later = next(&second).replace("12%3A00", "13%3A00");
    assert_eq!(see(&later), bad(404, "page-parameters"));
    assert_eq!(see(&format!("{}&page_size=1", next(&items))), bad(404, "page-parameters"));
    let second = read(&server, &next(&items));
    assert_eq!(see(&next(&items)), bad(404, "page-again"));
    let back = second["previous"].as_str().unwrap().replace("http://x", "");
    assert_eq!(see(&back), bad(404, "page-backwards"));
    server.set(|switches| switches.pages_again = true);
    assert_eq!(see(&next(&items)), (200, Vec::new()));
    server.set(|switches| switches.pages_again = false);
    read(&server, ITEMS);
    assert_eq!(see(&next(&items)), (200, Vec::new()), "a new listing");
    server.begin_run();
    assert_eq!(see(&next(&items)), bad(404, "page-unknown"));
}
