//! What the register knows, and tells.

use super::*;

#[test]
fn both_ends_are_inside() {
    let server = register(1);
    let (start, end) = (now() - hours(1), now() + hours(1));
    let moment = TimeDelta::milliseconds(500);
    for (at, is_right) in
        [(start - moment, false), (start, true), (end, true), (end + moment, false)]
    {
        assert_eq!(server.has_right("aaa 001", "2", at), is_right, "{at}");
        assert_eq!(server.has_right("BBB001", "B", at), is_right, "{at}");
        let time = at.format("%Y-%m-%dT%H:%M:%S%.fZ");
        let parkings = read(&server, &PARKINGS.replace("2024-01-01T12:00:00Z", &time.to_string()));
        assert_eq!(ids(&parkings).len(), usize::from(is_right), "{at}");
        let items = read(&server, &format!("{ITEMS}?time={time}"));
        assert_eq!(ids(&items).len(), usize::from(is_right), "{at}");
    }
    assert!(!server.has_right("AAA-001", "3", now()) && !server.has_right("", "2", now()));
    assert!(!server.has_permit("AAA-001", "2", now()) && server.has_parking("AAA-001", "2", now()));
}

#[test]
fn parkings_come_and_go() {
    let server = register(2);
    server.clock().advance(TimeDelta::minutes(1));
    assert!(server.stop("p1") && server.extend("p2", now() + hours(5)) && !server.stop("p9"));
    assert!(server.has_right("AAA-001", "2", now() + TimeDelta::minutes(1)));
    assert!(!server.has_right("AAA-001", "2", now() + TimeDelta::minutes(2)));
    assert_eq!(ids(&read(&server, PARKINGS)), ["p2", "p1"], "the latest end first");
    server.park("p3", "AAA-003", "2", now(), None);
    assert_eq!(ids(&read(&server, PARKINGS)), ["p3", "p2", "p1"], "no end before all");
    assert_eq!(server.parkings()[1].modified_at, now() + TimeDelta::minutes(1));
    assert!(server.delete("p3") && !server.delete("p3"));
    server.park("p3", "AAA-003", "2", now(), None);
}

#[test]
fn the_anonymised_one_that_ended_last() {
    let server = register(0);
    for (id, plate, minutes) in [("p1", "", 20), ("p2", "- ", 10), ("p3", "", 14), ("p4", "A", 1)] {
        let until = now() - TimeDelta::minutes(minutes);
        server.park(id, plate, "2", now() - hours(2), Some(until));
    }
    assert_eq!(ids(&read(&server, PARKINGS)), ["p2"]);
    server.edit_settings(|settings| settings.old_visible = TimeDelta::minutes(5));
    assert_eq!(read(&server, PARKINGS)["count"], 0);
}

#[test]
fn an_item_is_where_two_windows_meet() {
    let server = register(0);
    let permit = Permit::new(7, 1)
        .subject("ab-c 1", now(), now() + hours(2))
        .subject("DEF-2", now() + hours(2), now() + hours(9))
        .area("A", now() - hours(1), now() + hours(2))
        .area("B", now() + hours(3), now() + hours(4));
    server.add_permit(permit);
    let items = server.items();
    let found: Vec<_> =
        items.iter().map(|item| (item.reg_num.as_str(), item.area.as_str())).collect();
    assert_eq!(found, [("ABC1", "A"), ("DEF2", "A"), ("DEF2", "B")]);
    assert_eq!((items[1].from, items[1].until), (now() + hours(2), now() + hours(2)), "a moment");
    assert!(server.has_right("def2", "A", now() + hours(2)));
    assert!(!server.has_right("def2", "A", now() + hours(2) + TimeDelta::seconds(1)));
    assert!(!server.has_right("ABC1", "B", now() + hours(3)));
    assert_eq!(
        ids(&read(&server, ITEMS)),
        ["1003", "1002", "1001"],
        "past and future, newest first"
    );
    assert_eq!(ids(&read(&server, &format!("{ITEMS}?time=2024-01-01T12:00:00Z"))), ["1001"]);
    server.edit_permit(7, |permit| drop(permit.areas.pop()));
    assert_eq!(ids(&read(&server, ITEMS)), ["1005", "1004"], "other ids");
    assert!(server.delete_permit(7) && !server.delete_permit(7) && server.permits().is_empty());
}

#[test]
fn only_active_series_count() {
    let server = register(1);
    server.set_series(2, false);
    server.add_permit(Permit::new(9, 2).subject("NEW-1", now(), now()).area("B", now(), now()));
    assert_eq!(ids(&read(&server, ITEMS)), ["1001"]);
    assert!(!server.has_right("NEW-1", "B", now()));
    server.activate_series(2);
    assert_eq!(ids(&read(&server, ITEMS)), ["1002"]);
    assert!(server.has_right("NEW-1", "B", now()) && !server.has_right("BBB-001", "B", now()));
    server.set_series(1, true);
    assert_eq!(server.items().len(), 2);
}

#[test]
fn a_change_over_tears_a_listing() {
    let server = turned(3, |switches| switches.page_size = Some(2));
    server.set_series(2, false);
    server.meanwhile(1, |memory| {
        let permit = Permit::new(9, 2).subject("BBB-001", now(), now()).area("B", now(), now());
        memory.add_permit(permit);
        memory.activate_series(2);
    });
    let pages = all(&server, ITEMS);
    assert_eq!(pages.iter().map(ids).collect::<Vec<_>>(), [vec!["1003", "1002"], vec![]]);
    assert!(server.has_right("BBB-001", "B", now()), "and yet it was on no page");
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn a_page_may_cease_to_be() {
    let server = turned(3, |switches| switches.page_size = Some(2));
    server.meanwhile(1, |memory| assert!(memory.delete("p3")));
    let answer = get(&server, &next(&read(&server, PARKINGS)));
    assert_eq!((answer.status, answer.text()), (404, "{\"detail\":\"Invalid page.\"}".into()));
    assert_eq!(server.violations(), Vec::<String>::new());
}
