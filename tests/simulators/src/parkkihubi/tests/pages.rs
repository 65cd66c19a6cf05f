//! Pages, good and broken.

use super::*;

/// Ids of all pages, one list each.
fn lists(server: &Server, target: &str) -> Vec<Vec<String>> {
    all(server, target).iter().map(ids).collect()
}

fn paged(rows: usize, turn: impl FnOnce(&mut Switches)) -> Server {
    turned(rows, |switches| {
        switches.page_size = Some(2);
        turn(switches);
    })
}

#[test]
fn pages_of_both_kinds() {
    let server = paged(5, |_| {});
    assert_eq!(lists(&server, PARKINGS), [vec!["p1", "p2"], vec!["p3", "p4"], vec!["p5"]]);
    let items = [vec!["1005", "1004"], vec!["1003", "1002"], vec!["1001"]];
    assert_eq!(lists(&server, ITEMS), items);
    let page = read(&server, PARKINGS);
    let base = "http://x/enforcement/v1/valid_parking/?";
    let time = "time=2024-01-01T12%3A00%3A00Z";
    assert_eq!(page["next"].as_str(), Some(format!("{base}page=2&{time}").as_str()));
    let second = read(&server, &next(&page));
    assert_eq!(second["previous"].as_str(), Some(format!("{base}{time}").as_str()));
    assert_eq!((&second["count"], &page["count"]), (&5.into(), &5.into()));
    let page = read(&server, &format!("{ITEMS}?page_size=1"));
    let base = "http://x/enforcement/v1/valid_permit_item/?cursor=";
    assert_eq!(page["next"].as_str(), Some(format!("{base}cD0xMDA1&page_size=1").as_str()));
    let second = read(&server, &next(&page));
    let previous = format!("{base}cj0xJnA9MTAwNA%3D%3D&page_size=1");
    assert_eq!(second["previous"].as_str(), Some(previous.as_str()));
    assert_eq!((ids(&second), second.get("count")), (vec!["1004".to_owned()], None));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn the_sizes_of_the_real_thing() {
    let server = register(201);
    let sizes = |target: &str| lists(&server, target).iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(PARKINGS), [100, 100, 1]);
    assert_eq!(sizes(ITEMS), [200, 1]);
    assert_eq!(sizes(&format!("{ITEMS}?page_size=1000")), [201]);
}

#[test]
fn nothing_and_less_than_all() {
    let server = turned(4, |switches| switches.is_empty = true);
    assert_eq!(lists(&server, ITEMS), [Vec::<String>::new()]);
    assert_eq!(read(&server, PARKINGS)["count"], 0);
    server.set(|switches| (switches.is_empty, switches.forgotten_percent) = (false, 50));
    assert_eq!(lists(&server, PARKINGS), [["p1", "p2"]]);
    assert_eq!(read(&server, PARKINGS)["count"], 2);
    server.set(|switches| switches.count_off = -1);
    assert_eq!(read(&server, PARKINGS)["count"], 1);
}

#[test]
fn the_end_may_be_told_in_other_ways() {
    for (next, end) in [(Next::Empty, Some(Value::from(""))), (Next::Absent, None)] {
        let server = paged(3, |switches| switches.next = next);
        for target in [PARKINGS, ITEMS] {
            let pages = all(&server, target);
            assert_eq!((pages.len(), pages[1].get("next")), (2, end.as_ref()));
        }
    }
}

#[test]
fn next_may_point_anywhere() {
    let server = register(2);
    let port = server.stranger().port();
    let target = "/enforcement/v1/valid_permit_item/?cursor=cD0xMDAy";
    for (next, start) in [
        (Next::Relative, String::new()),
        (Next::OtherScheme, "https://x".into()),
        (Next::OtherHost, format!("http://localhost:{port}")),
        (Next::OtherPort, format!("http://127.0.0.1:{port}")),
        (Next::UserInfo, format!("http://x@localhost:{port}")),
    ] {
        server.set(|switches| switches.next = next);
        let page = read(&server, ITEMS);
        assert_eq!(page["next"].as_str(), Some(format!("{start}{target}").as_str()), "{next:?}");
    }
    server.set(|switches| switches.next = Next::OtherPath);
    let other = super::next(&read(&server, ITEMS));
    assert_eq!(other, "/enforcement/v1/permit/?cursor=cD0xMDAy");
    assert_eq!((get(&server, &other).status, slugs(&server)), (404, vec!["unknown-path".into()]));
    server.set(|switches| switches.next = Next::Number);
    assert_eq!(read(&server, PARKINGS)["next"], 2);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn whoever_follows_to_a_stranger_is_noted() {
    let server = turned(2, |switches| switches.next = Next::OtherHost);
    let url = read(&server, PARKINGS)["next"].as_str().unwrap().to_owned();
    let target = url.strip_prefix(&server.stranger_url()).unwrap();
    let port = server.stranger().port();
    let answer = send(port, "GET", target, &[ACCEPT], "").unwrap();
    assert_eq!((answer.status, answer.json()["results"].as_array().unwrap().len()), (200, 0));
    assert_eq!(slugs(&server), ["followed-elsewhere"]);
    for headers in [LOGIN, ("X-Key", "hub-secret-token-1")] {
        send(port, "GET", target, &[ACCEPT, headers], "").unwrap();
        assert_eq!(slugs(&server), ["token-elsewhere"]);
    }
    send(port, "GET", "/?token=hub-secret-token-1", &[], "").unwrap();
    assert_eq!(slugs(&server), ["token-elsewhere"]);
    crate::testing::read(crate::testing::connect(port, b"what\r\n\r\n"));
    assert_eq!(slugs(&server), ["followed-elsewhere"]);
    assert_eq!(server.calls("valid_parking"), 1);
}

#[test]
fn endless_listings() {
    for target in [PARKINGS, ITEMS] {
        let server = paged(6, |switches| switches.next = Next::Repeats);
        let second = next(&read(&server, target));
        assert_eq!(next(&read(&server, &second)), second);
        assert!(server.violations().is_empty());
        read(&server, &second);
        assert_eq!(slugs(&server), ["page-again"]);
        for rows in [0, 6] {
            let server = paged(rows, |switches| switches.next = Next::Circles);
            let second = next(&read(&server, target));
            let third = next(&read(&server, &second));
            assert_ne!(second, third);
            assert_eq!(next(&read(&server, &third)), second);
            assert!(server.violations().is_empty());
            let mut count = 1;
            while get(&server, &second).status == 200 {
                count += 1;
            }
            assert_eq!((count, server.violations().len()), (100, 100), "it ends after all");
        }
    }
}

#[test]
fn rows_shift_between_pages() {
    let server = paged(4, |switches| switches.shift = Shift::RowTwice);
    assert_eq!(lists(&server, PARKINGS), [vec!["p1", "p2"], vec!["p2", "p3", "p4"]]);
    assert_eq!(lists(&server, ITEMS)[1], ["1003", "1002", "1001"]);
    server.set(|switches| switches.shift = Shift::RowTwiceChanged);
    let pages = all(&server, PARKINGS);
    let ends =
        [&pages[0]["results"][1], &pages[1]["results"][0]].map(|row| row["time_end"].clone());
    assert_eq!(ends, ["2024-01-01T13:00:00Z", "2024-01-01T13:30:00Z"]);
    server.set(|switches| switches.shift = Shift::RowLost);
    assert_eq!(lists(&server, PARKINGS), [vec!["p1", "p2"], vec!["p4"]]);
    assert_eq!(read(&server, PARKINGS)["count"], 4);
}

#[test]
fn a_broken_page_may_be_asked_for_again() {
    for target in [PARKINGS, ITEMS] {
        let server = paged(3, |switches| switches.body = Body::Cut);
        let second = next(&read(&server, target));
        let answer = get(&server, &second);
        assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
        assert_eq!(answer.headers("Content-Length"), [answer.body.len().to_string()]);
        server.set(|switches| switches.body = Body::Html);
        let answer = get(&server, &second);
        assert_eq!(
            (answer.status, answer.headers("Content-Type")),
            (200, vec!["text/html; charset=utf-8"])
        );
        server.set(|switches| switches.body = Body::Clean);
        assert_eq!(ids(&read(&server, &second)).len(), 1);
        assert_eq!(server.violations(), Vec::<String>::new());
        server.set(|switches| (switches.body, switches.broken_page) = (Body::Html, 1));
        assert!(get(&server, target).text().contains("Huoltokatko"));
    }
}
