//! Citations: what happens to them, and how their listing tells of it.

use super::*;

const VIOLATIONS: &str = "/smartcity/v2/violations";
const DAY: &str = "from=2024-01-01T00:00:00Z";

/// A service at noon with so many citations of the morning: `ips_viol_1` of 11:59, `ips_viol_2` of
/// 11:58 and so on.
fn cited(count: i64) -> Server {
    let server = service(0);
    for number in 1..=count {
        let (id, plate) = (format!("ips_viol_{number}"), format!("XYZ{number:03}"));
        server.cite(&id, &plate, "CT", "A1", now() - TimeDelta::minutes(number), "EXPIRED_METER");
    }
    server
}

fn list(server: &Server, query: &str) -> Value {
    read(server, &format!("{VIOLATIONS}?{query}"))
}

fn row(server: &Server) -> Value {
    list(server, DAY)["data"][0].clone()
}

fn ids(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().unwrap();
    rows.iter().map(|row| row["violationId"].as_str().unwrap().to_owned()).collect()
}

/// The cursor that a page points to, as a query.
fn cursor(page: &Value) -> String {
    format!("cursor={}", encode(page["nextCursor"].as_str().unwrap()))
}

/// All pages, up to a cursor that is not there or empty.
fn pages(server: &Server) -> Vec<Value> {
    let mut pages = vec![list(server, DAY)];
    while pages.last().unwrap()["nextCursor"].as_str().is_some_and(|cursor| !cursor.is_empty()) {
        let query = cursor(pages.last().unwrap());
        pages.push(list(server, &query));
    }
    pages
}

#[test]
fn a_citation_has_the_shape_of_the_contract() {
    let server = service(0);
    let seen = at("2024-01-01T11:15:00Z");
    let citation = Citation::new("ips_viol_789", "XYZ789", "CT", "A1", seen, "EXPIRED_METER");
    server.add_citation(Citation { officer: "officer_123".into(), ..citation });
    server.set(|switches| switches.personal_data = false);
    let page = list(&server, DAY);
    assert_eq!((&page["nextCursor"], &page["deleted"]), (&Value::Null, &serde_json::json!([])));
    assert_eq!(page["asOf"], "2024-01-01T12:00:00.000Z");
    let wanted = serde_json::json!({
        "violationId": "ips_viol_789",
        "timestamp": "2024-01-01T11:15:00.000Z",
        "licensePlate": "XYZ789",
        "state": "CT",
        "location": {"zoneNumber": "A1", "address": "123 Main Street, Stamford, CT"},
        "violationType": "EXPIRED_METER",
        "description": "Seen on foot, nobody in the vehicle",
        // As it is read: a number may keep how it was written.
        "fineAmount": serde_json::from_str::<serde_json::Value>("25.00").unwrap(),
        "status": "ISSUED",
        "updatedAt": "2024-01-01T12:00:00.000Z",
        "evidence": [{
            "type": "PHOTO",
            "url": "https://evidence.invalid/ips_viol_789.jpg",
            "timestamp": "2024-01-01T11:15:00.000Z",
        }],
    });
    assert_eq!(page["data"], serde_json::json!([wanted]));
    server.set(|switches| switches.personal_data = true);
    assert_eq!(row(&server)["officerId"], "officer_123");
    let text = get(&server, &format!("{VIOLATIONS}?{DAY}")).text();
    assert!(text.contains("\"fineAmount\":25.00,") && text.contains(PERSONAL_MARKS[0]), "{text}");
    assert_eq!((server.rows("citations"), server.calls("violations")), (1, 3));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn the_period_is_of_the_citations_own_time_and_half_open() {
    let server = cited(4);
    let found = |query: &str| ids(&list(&server, query));
    assert_eq!(found("from=2024-01-01T11:58:00Z"), ["ips_viol_1", "ips_viol_2"]);
    assert_eq!(found("from=2024-01-01T11:58:00.001Z"), ["ips_viol_1"]);
    let period = "from=2024-01-01T11:57:00.000Z&to=2024-01-01T11:59:00.000Z";
    assert_eq!(found(period), ["ips_viol_2", "ips_viol_3"]);
    assert_eq!(found("from=2030-01-01T00:00:00Z"), Vec::<String>::new());
    server.set(|switches| switches.ignores_filters = true);
    assert_eq!(found(period).len(), 4);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn since_tells_of_changes_and_removals() {
    let server = cited(4);
    server.clock().advance(TimeDelta::minutes(10));
    assert!(server.set_citation_status("ips_viol_2", "DISMISSED"));
    assert!(server.edit_citation("ips_viol_1", |citation| citation.fine_cents = 1250));
    assert!(server.remove_citation("ips_viol_3") && server.remove_citation("ips_viol_4"));
    for id in ["ips_viol_3", "ips_viol_9"] {
        assert!(!server.set_citation_status(id, "VOID") && !server.remove_citation(id));
    }
    assert_eq!(server.citation("ips_viol_1").unwrap().fine_cents, 1250);
    assert_eq!((server.citation("ips_viol_3"), server.citations().len()), (None, 2));
    let since = "since=2024-01-01T12:00:00.001Z";
    let page = list(&server, &format!("{DAY}&{since}"));
    assert_eq!(ids(&page), ["ips_viol_1", "ips_viol_2"]);
    assert_eq!(page["data"][1]["status"], "DISMISSED");
    assert_eq!(page["data"][1]["updatedAt"], "2024-01-01T12:10:00.000Z");
    assert_eq!(page["deleted"], serde_json::json!(["ips_viol_3", "ips_viol_4"]));
    let page = list(&server, &format!("from=2024-01-01T11:57:00Z&{since}"));
    assert_eq!(page["deleted"], serde_json::json!(["ips_viol_3"]), "the other is older");
    server.set(|switches| (switches.deleted_as_objects, switches.ids_as_numbers) = (true, true));
    let page = list(&server, &format!("from=2024-01-01T11:57:00Z&{since}"));
    let object = serde_json::json!([{"violationId": 3, "deletedAt": "2024-01-01T12:10:00.000Z"}]);
    assert_eq!(page["deleted"], object);
    let page = list(&server, DAY);
    assert_eq!(
        (page["data"].as_array().unwrap().len(), &page["deleted"]),
        (2, &Value::Array(vec![]))
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn pages_are_those_of_sessions() {
    let server = cited(5);
    server.set(|switches| switches.page_size = 2);
    let page = list(&server, DAY);
    server.clock().advance(TimeDelta::minutes(1));
    server.remove_citation("ips_viol_3");
    let second = list(&server, &format!("{}&{DAY}", cursor(&page)));
    assert_eq!(ids(&second), ["ips_viol_3", "ips_viol_4"], "as of the first page");
    assert_eq!(second["asOf"], page["asOf"]);
    assert_eq!(ids(&list(&server, &cursor(&second))), ["ips_viol_5"]);
    for (paging, count) in [
        (Paging::OnePage, 1),
        (Paging::Cursors, 2),
        (Paging::EmptyCursor, 2),
        (Paging::NoCursor, 2),
        (Paging::RowMoves, 2),
    ] {
        server.set(|switches| switches.paging = paging);
        assert_eq!(pages(&server).len(), count, "{paging:?}");
    }
    let fines = |server: &Server| {
        let pages = pages(server);
        let rows = pages.iter().flat_map(|page| page["data"].as_array().unwrap().clone());
        let rows = rows.filter(|row| row["violationId"] == "ips_viol_1");
        rows.map(|row| row["fineAmount"].as_f64().unwrap()).collect::<Vec<f64>>()
    };
    assert_eq!(fines(&server), [12.5, 25.0]);
    server.set(|switches| switches.paging = Paging::RowMovesNewerFirst);
    assert_eq!(fines(&server), [25.0, 12.5]);
    server.set(|switches| switches.paging = Paging::OtherAsOf);
    assert_ne!(pages(&server)[1]["asOf"], list(&server, DAY)["asOf"]);
    assert_eq!(server.violations(), Vec::<String>::new());
    server.set(|switches| switches.paging = Paging::CursorRepeats);
    let second = list(&server, &cursor(&list(&server, DAY)));
    assert_eq!(list(&server, &cursor(&second)), second);
    assert_eq!(slugs(&server), ["cursor-again"]);
}

#[test]
fn rows_may_be_wrong_each_by_itself() {
    let server = cited(1);
    server.cite("ips_viol_2", "ABC123", "CT", "7", now(), "EXPIRED_METER");
    server.set(|switches| {
        switches.only_rows = vec!["ips_viol_2".into()];
        (switches.no_status, switches.fines_as_text) = (true, true);
        (switches.zones_as_numbers, switches.plates) = (true, Plates::Cyrillic);
        switches.instants = Instants::NoOffset;
    });
    let rows = list(&server, DAY)["data"].clone();
    assert_eq!(rows[0]["status"], "ISSUED");
    assert_eq!(rows[0]["fineAmount"].as_f64(), Some(25.0));
    assert_eq!(rows[0]["timestamp"], "2024-01-01T11:59:00.000Z");
    let row = &rows[1];
    assert_eq!((row.get("status"), &row["fineAmount"]), (None, &"25.00".into()));
    assert_eq!(
        (&row["location"]["zoneNumber"], &row["evidence"][0]["type"]),
        (&7.into(), &"PHOTO".into())
    );
    assert_eq!(row["licensePlate"], "\u{410}\u{412}\u{421}123");
    assert_eq!(row["timestamp"], "2024-01-01T12:00:00.000");
}

#[test]
fn a_service_without_citations() {
    let server = cited(1);
    server.set(|switches| switches.no_citations = true);
    assert_eq!(get(&server, &format!("{VIOLATIONS}?{DAY}")).status, 404);
    assert_eq!((get(&server, SESSIONS).status, server.calls("violations")), (200, 1));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn troubles_hit_citations_too() {
    let server = cited(3);
    let target = format!("{VIOLATIONS}?{DAY}");
    server.set(|switches| (switches.too_many, switches.unavailable) = (1, 1));
    let statuses = [(); 3].map(|()| get(&server, &target).status);
    assert_eq!(statuses, [429, 503, 200]);
    server.set(|switches| (switches.paging, switches.broken_page) = (Paging::HtmlPage, 1));
    assert!(get(&server, &target).text().starts_with("<!DOCTYPE html>"));
    server.set(|switches| switches.paging = Paging::PageCut);
    assert!(serde_json::from_str::<Value>(&get(&server, &target).text()).is_err());
    server.set(|switches| (switches.paging, switches.json) = (Paging::Cursors, Json::NaN));
    assert!(get(&server, &target).text().ends_with(",\"load\":NaN}"));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn queries_are_read_strictly() {
    let server = cited(3);
    server.set(|switches| switches.page_size = 1);
    let see = |query: &str| {
        let status = get(&server, &format!("{VIOLATIONS}{query}")).status;
        (status, slugs(&server))
    };
    for (query, slug) in [
        ("", "from-missing"),
        ("?to=2024-01-01T12:00:00Z", "from-missing"),
        ("?since=2024-01-01T12:00:00Z", "from-missing"),
        ("?from=2024-01-01", "from-form"),
        ("?from=2024-01-01T00:00:00-05:00", "from-form"),
        ("?from=", "empty-parameter"),
        ("?from=2024-01-01T00:00:00Z&from=2024-01-01T00:00:00Z", "parameter-twice"),
        ("?from=2024-01-01T00:00:00Z&to=2024-02-30T00:00:00Z", "to-form"),
        ("?from=2024-01-01T00:00:00Z&to=2024-01-01T00:00:00Z", "empty-period"),
        ("?from=2024-01-01T00:00:00Z&to=2023-12-31T00:00:00Z", "empty-period"),
        ("?from=2024-01-01T00:00:00Z&since=yesterday", "since-form"),
        ("?from=2024-01-01T00:00:00Z&since=2024-01-01T12:00:01Z", "since-in-future"),
        ("?from=2024-01-01T00:00:00Z&status=ISSUED", "unknown-parameter"),
        ("?from=2024-01-01T00:00:00Z&zones=A1", "unknown-parameter"),
        ("?from=2024-01-01T00:00:00Z&licensePlate=XYZ001", "plate-in-query"),
    ] {
        assert_eq!(see(query), (400, vec![slug.to_owned()]), "{query}");
    }
    let page = list(&server, DAY);
    let other = format!("?{}&from=2024-01-01T01:00:00Z", cursor(&page));
    assert_eq!(see(&other), (400, vec!["cursor-parameters".to_owned()]));
    let elsewhere = format!("{SESSIONS}?{}", cursor(&page));
    assert_eq!((get(&server, &elsewhere).status, slugs(&server).len()), (404, 1));
    let first = read(&turned(1, |_| {}), SESSIONS);
    assert!(first["data"][0].get("id").is_some(), "sessions have their own key");
    for target in [format!("{SESSIONS}?{DAY}"), format!("{PERMITS}?{DAY}")] {
        assert_eq!(
            (get(&server, &target).status, slugs(&server)),
            (400, vec!["unknown-parameter".into()])
        );
    }
    let bare = send(server.port(), "GET", &format!("{VIOLATIONS}?{DAY}"), &[ACCEPT], "").unwrap();
    assert_eq!((bare.status, slugs(&server)), (401, vec!["no-login".to_owned()]));
    let post = send(server.port(), "POST", VIOLATIONS, &[LOGIN, ACCEPT], "{}").unwrap();
    assert_eq!((post.status, slugs(&server)), (405, vec!["wrong-method".to_owned()]));
}
