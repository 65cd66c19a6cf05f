//! Every paging, good and broken.

use super::*;

/// Ids of all pages, one list each.
fn all(server: &Server) -> Vec<Vec<String>> {
    pages(server).iter().map(ids).collect()
}

fn paged(paging: Paging, sessions: usize) -> Server {
    turned(sessions, |switches| (switches.paging, switches.page_size) = (paging, 2))
}

#[test]
fn one_page() {
    let server = paged(Paging::OnePage, 5);
    assert_eq!(all(&server).len(), 1);
    assert_eq!(all(&paged(Paging::OnePage, 0)), [Vec::<String>::new()]);
}

#[test]
fn cursor_pages_of_a_snapshot() {
    let server = paged(Paging::Cursors, 5);
    let page = read(&server, SESSIONS);
    server.clock().advance(TimeDelta::minutes(1));
    server.delete("session_3");
    let second = read(&server, &next(&page));
    assert_eq!(ids(&second), ["session_3", "session_4"], "as of the first page");
    assert_eq!(second["asOf"], page["asOf"]);
    let third = read(&server, &next(&second));
    assert_eq!((ids(&third), &third["nextCursor"]), (vec!["session_5".into()], &Value::Null));
    assert_eq!(all(&server).len(), 2);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn tombstones_are_spread_over_the_pages() {
    let server = paged(Paging::Cursors, 8);
    server.clock().advance(TimeDelta::minutes(1));
    for number in 1..=3 {
        server.delete(&format!("session_{number}"));
    }
    let first = read(&server, &format!("{SESSIONS}?since=2024-01-01T12:00:00Z"));
    let second = read(&server, &next(&first));
    let third = read(&server, &next(&second));
    let deleted = [first, second, third].map(|page| page["deleted"].as_array().unwrap().len());
    assert_eq!(deleted, [1, 0, 2]);
}

#[test]
fn the_end_may_be_told_in_other_ways() {
    for (paging, last) in [(Paging::EmptyCursor, Some(Value::from(""))), (Paging::NoCursor, None)] {
        let server = paged(paging, 3);
        let pages = pages(&server);
        assert_eq!((pages.len(), pages[1].get("nextCursor")), (2, last.as_ref()));
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}

#[test]
fn a_row_moves_and_comes_twice() {
    let server = paged(Paging::RowMoves, 4);
    let (first, last) = ("2024-01-01T11:59:00.000Z", "2024-01-01T12:00:00.000Z");
    let both = |server: &Server| {
        let pages = pages(server);
        let rows = pages.iter().flat_map(|page| page["data"].as_array().unwrap().clone());
        let rows: Vec<Value> = rows.filter(|row| row["id"] == "session_1").collect();
        [0, 1].map(|row| {
            [&rows[row]["updatedAt"], &rows[row]["endTime"]].map(|v| v.as_str().unwrap().to_owned())
        })
    };
    let older = [first, "2024-01-01T12:30:00.000Z"];
    let newer = [last, "2024-01-01T13:00:00.000Z"];
    assert_eq!(both(&server), [older, newer]);
    server.set(|switches| switches.paging = Paging::RowMovesNewerFirst);
    assert_eq!(both(&server), [newer, older]);
    server.clock().advance(TimeDelta::minutes(1));
    server.extend("session_1", now() + TimeDelta::hours(8));
    let extended = ["2024-01-01T12:01:00.000Z", "2024-01-01T20:00:00.000Z"];
    assert_eq!(both(&server), [extended, newer], "the older version is the true one");
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn a_row_that_moves_was_changed_since_each_time() {
    let server = paged(Paging::RowMoves, 2);
    let versions = |since: &str| {
        let first = read(&server, &format!("{SESSIONS}?since={since}"));
        let rows = [&first, &read(&server, &next(&first))].map(|page| page["data"].clone());
        let rows = rows.iter().flat_map(|rows| rows.as_array().unwrap().clone());
        rows.map(|row| row["updatedAt"].as_str().unwrap()[11..19].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(versions("2024-01-01T12:00:00Z"), ["12:00:00", "12:00:00"], "nothing moves");
    assert_eq!(versions("2024-01-01T11:59:30Z"), ["11:59:30", "12:00:00", "12:00:00"]);
    server.clock().advance(TimeDelta::minutes(5));
    server.extend("session_2", now() + TimeDelta::hours(9));
    assert_eq!(versions("2024-01-01T12:00:00Z"), ["12:00:00", "12:00:00", "12:05:00"]);
    assert!(server.stop("session_2") && server.sessions()[1].until == Some(server.clock().now()));
}

#[test]
fn a_cursor_repeats() {
    let server = paged(Paging::CursorRepeats, 1);
    let first = read(&server, SESSIONS);
    let second = read(&server, &next(&first));
    assert_eq!(first["nextCursor"], second["nextCursor"]);
    assert_eq!(server.violations(), Vec::<String>::new());
    assert_eq!(read(&server, &next(&second)), second);
    assert_eq!(slugs(&server), ["cursor-again"]);
}

#[test]
fn cursors_circle_until_the_service_has_enough() {
    let server = paged(Paging::CursorsCircle, 4);
    let first = read(&server, SESSIONS);
    let second = read(&server, &next(&first));
    let third = read(&server, &next(&second));
    assert_eq!(third["nextCursor"], first["nextCursor"]);
    assert_ne!(third["nextCursor"], second["nextCursor"]);
    assert_eq!(server.violations(), Vec::<String>::new());
    for _ in 1..100 {
        read(&server, &next(&third));
    }
    assert_eq!(get(&server, &next(&third)).status, 400);
    assert_eq!(slugs(&server), ["cursor-again"; 100]);
}

#[test]
fn a_page_is_broken_and_may_be_asked_for_again() {
    for (paging, start) in [(Paging::PageCut, "{\"data\":["), (Paging::HtmlPage, "<!DOCTYPE html>")]
    {
        let server = paged(paging, 3);
        let target = next(&read(&server, SESSIONS));
        for _ in 0..2 {
            let answer = get(&server, &target);
            assert!(answer.status == 200 && answer.text().starts_with(start), "{paging:?}");
            assert!(serde_json::from_str::<Value>(&answer.text()).is_err());
        }
        server.set(|switches| switches.paging = Paging::Cursors);
        assert_eq!(ids(&read(&server, &target)), ["session_3"]);
        assert_eq!(server.violations(), Vec::<String>::new());
        server.set(|switches| (switches.paging, switches.broken_page) = (paging, 1));
        assert!(get(&server, SESSIONS).text().starts_with(start));
    }
}

#[test]
fn pages_may_be_of_two_instants_or_of_another_shape() {
    let server = paged(Paging::OtherAsOf, 3);
    let pages = pages(&server);
    assert_eq!(pages[0]["asOf"], "2024-01-01T12:00:00.000Z");
    assert_eq!(pages[1]["asOf"], "2024-01-01T12:00:01.000Z");
    let page = read(&paged(Paging::NotUnderData, 1), SESSIONS);
    assert!(page.get("data").is_none() && page["items"].is_array());
}

#[test]
fn a_listing_may_forget() {
    let server = turned(5, |switches| switches.forgotten_percent = 50);
    assert_eq!(ids(&read(&server, SESSIONS)).len(), 3);
    let since = format!("{SESSIONS}?since=2024-01-01T12:00:00Z");
    assert_eq!(ids(&read(&server, &since)).len(), 5, "only complete listings");
    server.set(|switches| switches.no_tombstones = true);
    server.delete("session_1");
    assert_eq!(read(&server, &since)["deleted"], serde_json::json!([]));
    server.set(|switches| switches.no_tombstones = false);
    assert_eq!(read(&server, &since)["deleted"], serde_json::json!(["session_1"]));
    server.set(|switches| switches.ignores_filters = true);
    assert_eq!(ids(&read(&server, &format!("{since}&zones=B1"))).len(), 4);
}
