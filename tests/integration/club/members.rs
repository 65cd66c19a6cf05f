//! What a membership becomes on a door.

use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::club::{ORGANISATION, ROLE, employee_no, number};
use serde_json::json;

use super::{only_change, only_second_look, set_role};
use crate::support::pinned::START;
use crate::support::{Sandbox, each};

#[test]
fn an_earlier_end_date_is_a_cancellation() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-20");
    let doors = sandbox.doors();
    only_second_look(&sandbox.sync_at("2026-03-10T10:04:00Z", 0), "1004");
    assert_eq!(sandbox.doors(), doors, "one listing alone takes nothing away");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    let end = "2026-03-20T23:59:59";
    assert_eq!(only_change(&run), ["1004", "shortened", "revocation", "2026-01-01T00:00:00", end]);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-05");
    only_second_look(&sandbox.sync_at("2026-03-10T10:09:00Z", 0), "1004");
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    let end = "2026-03-05T23:59:59";
    assert_eq!(only_change(&run), ["1004", "shortened", "revocation", "2026-01-01T00:00:00", end]);
    let door = &sandbox.club.devices[0];
    assert!(!door.door_opens("1004", 1, door.wall_clock()));
    sandbox.assert_well_behaved();
}

#[test]
fn an_inactive_member_is_out_since_yesterday_and_is_written_once() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let before = sandbox.club.devices[0].person("1004").unwrap();
    sandbox.club.inactivate(3);
    only_second_look(&sandbox.sync_at("2026-03-10T10:04:00Z", 0), "1004");
    assert_eq!(sandbox.club.devices[0].person("1004").unwrap(), before);
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[1..3], ["inactive", "revocation"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2026-03-09T23:59:59");
    sandbox.clear_requests();
    for later in ["2026-03-10T23:30:00Z", "2026-03-11T10:00:00Z", "2026-04-30T10:00:00Z"] {
        let run = sandbox.full_at(later, 0);
        assert_eq!(run["changes"], json!([]), "{later}");
    }
    assert!(sandbox.club.devices[0].writes().is_empty());
    sandbox.club.cardskipper.edit(number(3), |member| member.inactive = Some(false));
    let run = sandbox.full_at("2026-04-30T10:05:00Z", 0);
    assert_eq!(only_change(&run)[1..3], ["renewed", "grant"]);
    assert_eq!(sandbox.club.devices[0].person("1004").unwrap(), before);
    sandbox.assert_well_behaved();
}

#[test]
fn inactive_keep_leaves_the_door_open_until_the_paid_date() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.set("policy", "inactive = \"keep\"");
    sandbox.sync_at(START, 0);
    sandbox.club.inactivate(3);
    assert_eq!(sandbox.sync_at("2026-03-10T10:05:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn inverted_dates_are_reported_and_the_door_stays_as_it_is() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let doors = sandbox.doors();
    set_role(&sandbox, 3, "2026-12-31", "2026-01-01");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(run["changes"], json!([]));
    assert_eq!(each(&run, "left_out", "reason"), ["bad-dates"]);
    assert_eq!(run["left_out"][0]["number"], 150_004);
    assert_eq!(sandbox.doors(), doors);
    let diff = sandbox.at("2026-03-10T10:05:00Z", &["diff"]).ends(0).stdout;
    assert!(diff.contains("150004") && diff.contains("ends before it begins"), "{diff}");

    // Beside a good membership the inverted one does not count.
    sandbox.club.cardskipper.edit(number(3), |member| {
        *member = member.clone().role(ORGANISATION, ROLE, "2026-01-01", "2027-01-31");
    });
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2027-01-31T23:59:59"]);
    sandbox.assert_well_behaved();
}

#[test]
fn an_entry_that_cannot_be_used_keeps_the_door_and_is_reported() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let doors = sandbox.doors();
    for (start, end, words) in [
        ("2026-01-01", "soon", "EndDate is `soon`"),
        ("", "2026-12-31", "StartDate is ``"),
        ("0001-01-01", "2026-12-31", "StartDate is `0001-01-01`"),
        ("2026-01-01", "31.12.2026", "EndDate is `31.12.2026`"),
    ] {
        set_role(&sandbox, 3, start, end);
        for now in ["2026-03-10T10:05:00Z", "2026-03-10T10:10:00Z"] {
            let run = sandbox.full_at(now, 0);
            assert_eq!(run["changes"], json!([]), "{end}");
            assert_eq!(each(&run, "left_out", "reason"), ["bad-dates"]);
            let detail = run["left_out"][0]["detail"].as_str().unwrap();
            assert!(detail.contains(words), "{detail}");
        }
        assert_eq!(sandbox.doors(), doors);
    }
    set_role(&sandbox, 3, "2026-01-01", "2030-11-01");
    let run = sandbox.sync_at("2026-03-10T10:15:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "the next usable entry counts");
    sandbox.assert_well_behaved();
}

/// Mutants: a bad date that spoils the whole member; one that is forgotten, so that the door is cut off; a
/// role that is not stored, so that a listing of changes without the member ends the doubt.
#[test]
fn a_bad_date_spoils_the_doors_of_its_role_and_nothing_else() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.set("cardskipper.club", &format!("roles = [{ROLE}]"));
    sandbox.sync_at(START, 0);
    let bad = |id: i64| {
        sandbox.club.cardskipper.edit(number(3), |member| {
            member.organisations[0].roles.truncate(1);
            *member = member.clone().role(ORGANISATION, id, "2026-01-01", "soon");
        });
    };
    // Beside a role of the sauna, which opens no door, the member is served as ever.
    bad(ROLE + 7);
    set_role(&sandbox, 3, "2026-01-01", "2030-11-01");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2030-11-01T23:59:59"]);
    assert_eq!(run["left_out"], json!([]));
    let found = sandbox.at("2026-03-10T10:06:00Z", &["lookup", "150004", "--json"]).ends(0).json();
    let unreadable = &found["members"][0]["unreadable_roles"];
    assert_eq!(unreadable[0]["id"], ROLE + 7);
    assert_eq!(unreadable[0]["problem"], "EndDate is `soon`, not a date");

    // A door role takes nothing away and gives what the good ones give, and is told.
    bad(ROLE);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-20");
    for (now, how) in [("10:10", "sync"), ("10:15", "sync"), ("10:20", "full")] {
        let now = format!("2026-03-10T{now}:00Z");
        let run = if how == "full" { sandbox.full_at(&now, 0) } else { sandbox.sync_at(&now, 0) };
        assert_eq!(run["changes"], json!([]), "{now}");
        assert_eq!(each(&run, "left_out", "reason"), ["bad-dates"], "{now}");
        let detail = run["left_out"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("role 3126: EndDate is `soon`") && detail.contains("nothing"));
    }
    set_role(&sandbox, 3, "2026-01-01", "2031-01-31");
    let run = sandbox.sync_at("2026-03-10T10:25:00Z", 0);
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2031-01-31T23:59:59"]);
    sandbox.club.cardskipper.edit(number(3), |member| member.organisations[0].roles.truncate(1));
    set_role(&sandbox, 3, "2026-01-01", "2026-03-20");
    only_second_look(&sandbox.sync_at("2026-03-10T10:30:00Z", 0), "1004");
    let run = sandbox.sync_at("2026-03-10T10:35:00Z", 0);
    assert_eq!(only_change(&run)[1..3], ["shortened", "revocation"], "the doubt is over");
    sandbox.assert_well_behaved();
}

#[test]
fn a_future_membership_opens_the_door_when_it_begins() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-05");
    let run = sandbox.sync_after_a_look_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "shortened", "revocation"]);
    sandbox.club.cardskipper.edit(number(3), |member| {
        *member = member.clone().role(ORGANISATION, ROLE, "2026-04-01", "2026-06-30");
    });
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    let (begin, end) = ("2026-04-01T00:00:00", "2026-06-30T23:59:59");
    assert_eq!(only_change(&run), ["1004", "started", "grant", begin, end]);
    let door = &sandbox.club.devices[0];
    let opens = |day: &str| door.door_opens("1004", 1, day.parse().unwrap());
    assert!(!opens("2026-03-31T23:59:59") && opens("2026-04-01T00:00:00"));
    assert_eq!(sandbox.full_at("2026-04-01T10:00:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn overlapping_and_adjacent_memberships_are_one() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(3), |member| {
        member.organisations[0].roles.clear();
        *member = member
            .clone()
            .role(ORGANISATION, ROLE, "2026-01-01", "2026-03-31")
            .role(ORGANISATION, 3127, "2026-03-15", "2026-05-31")
            .role(ORGANISATION, ROLE, "2026-06-01", "2026-08-31")
            .role(ORGANISATION, ROLE, "2026-09-02", "2026-12-31");
    });
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2026-08-31T23:59:59"]);
    // After the gap the next one follows.
    let run = sandbox.full_at("2026-09-01T10:00:00Z", 0);
    let (begin, end) = ("2026-09-02T00:00:00", "2026-12-31T23:59:59");
    assert!(run["changes"].as_array().unwrap().iter().any(|change| {
        change["employee_no"] == "1004" && change["after"] == json!({"begin": begin, "end": end})
    }));
    sandbox.assert_well_behaved();
}

#[test]
fn grace_days_follow_the_paid_time() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-09");
    sandbox.set("policy", "grace_days = 3");
    sandbox.look_at("2026-03-10T10:04:00Z");
    let run = sandbox.at("2026-03-10T10:05:00Z", &["sync", "--json", "--only", "150004"]);
    let run = run.ends(0).json();
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2026-03-12T23:59:59"]);
    sandbox.assert_well_behaved();
}

#[test]
fn a_number_that_occurs_twice_is_two_members() {
    let sandbox = Sandbox::pinned(10, 1);
    let twin = sandbox.club.cardskipper.member(number(3)).unwrap();
    let twin = Member { email: "twin@example.si".into(), birth_date: "2001-02-03".into(), ..twin };
    sandbox.club.cardskipper.add(twin);
    sandbox.sync_at(START, 0);
    assert!(sandbox.club.renew(3, "2030-11-01"), "the first of the two");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[0], "1004");
    assert_eq!(each(&run, "left_out", "reason"), ["no-person"], "the other has no person");
    let found = sandbox.at("2026-03-10T10:05:00Z", &["lookup", "150004", "--json"]).json();
    assert_eq!(found["members"].as_array().unwrap().len(), 2);

    // The same number, birth date and all, but another end: nobody knows which one holds.
    let double = sandbox.club.cardskipper.member(number(5)).unwrap();
    let doors = sandbox.doors();
    sandbox.club.cardskipper.add(Member { email: "other@example.si".into(), ..double });
    let run = sandbox.full_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(each(&run, "left_out", "reason"), ["no-person", "bad-dates"]);
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

#[test]
fn an_entry_without_a_number_is_told_and_stops_nobody_else() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let nameless = sandbox.club.cardskipper.member(number(3)).unwrap();
    sandbox.club.cardskipper.add(Member { number: 0, ..nameless });
    sandbox.club.renew(4, "2030-11-01");
    let said = sandbox.at("2026-03-10T10:05:00Z", &["sync", "--json"]).ends(0);
    assert_eq!(only_change(&said.json())[0], "1005");
    assert!(said.stderr.contains("club: 1 entry has no member number"), "{}", said.stderr);
    let again = sandbox.at("2026-03-10T10:10:00Z", &["sync"]).ends(0);
    assert_eq!((&*again.stdout, &*again.stderr), ("", ""), "once a day");
    sandbox.assert_well_behaved();
}

// Members who are no longer listed

#[test]
fn a_vanished_member_keeps_the_door_until_the_paid_date() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.remove(number(3));
    for minute in ["05", "15", "30", "45"] {
        let run = sandbox.full_at(&format!("2026-03-10T10:{minute}:00Z"), 0);
        assert_eq!(run["changes"], json!([]), "{minute}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn vanished_end_waits_for_three_complete_listings_over_ten_minutes() {
    let mut sandbox = Sandbox::pinned(20, 1);
    sandbox.set("policy", "vanished = \"end\"");
    sandbox.sync_at(START, 0);
    let member = sandbox.club.cardskipper.member(number(3)).unwrap();
    let person = sandbox.club.devices[0].person("1004").unwrap();
    sandbox.club.cardskipper.remove(number(3));
    let nothing = |now: &str, arguments: &[&str]| {
        let run = sandbox.at(now, &[arguments, &["--json"]].concat()).ends(0).json();
        assert_eq!(run["changes"], json!([]), "{now}");
    };
    nothing("2026-03-10T10:01:00Z", &["sync", "--full"]);
    // Listings of changes say nothing about who is gone.
    nothing("2026-03-10T10:02:00Z", &["sync"]);
    nothing("2026-03-10T10:03:00Z", &["sync"]);
    nothing("2026-03-10T10:04:00Z", &["sync", "--full"]);
    nothing("2026-03-10T10:05:00Z", &["sync", "--full"]);
    nothing("2026-03-10T10:10:59Z", &["sync", "--full"]);
    let run = sandbox.full_at("2026-03-10T10:11:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "vanished", "revocation"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2026-03-09T23:59:59");
    assert_eq!(sandbox.full_at("2026-03-11T10:00:00Z", 0)["changes"], json!([]), "once");

    sandbox.clocks("2026-03-11T10:05:00Z");
    sandbox.club.cardskipper.add(member);
    let run = sandbox.sync_at("2026-03-11T10:05:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "renewed", "grant"]);
    assert_eq!(sandbox.club.devices[0].person("1004").unwrap(), person);
    sandbox.assert_well_behaved();
}

// Changes by hand at the door

#[test]
fn what_staff_changed_on_the_door_is_set_back_at_the_audit() {
    let mut sandbox = Sandbox::pinned(20, 1);
    sandbox.set("hikvision.door1", "audit_every = \"2h\"");
    sandbox.sync_at(START, 0);
    let doors = sandbox.doors();
    let door = &sandbox.club.devices[0];
    door.edit_person("1004", |person| person.end = "2036-12-31T23:59:59".to_owned());
    door.edit_person("1005", |person| person.end = "2026-03-01T23:59:59".to_owned());
    sandbox.clear_requests();
    for now in ["2026-03-10T10:30:00Z", "2026-03-10T11:59:59Z"] {
        assert_eq!(sandbox.sync_at(now, 0)["changes"], json!([]));
    }
    assert!(door.requests().is_empty(), "a tick between audits asks the door nothing");
    let run = sandbox.sync_at("2026-03-10T12:00:00Z", 0);
    assert_eq!(each(&run, "changes", "cause"), ["drift", "drift"]);
    assert_eq!(each(&run, "changes", "employee_no"), ["1005", "1004"]);
    assert_eq!(each(&run, "changes", "kind"), ["grant", "revocation"]);
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

// The ends of time

#[test]
fn an_end_beyond_2037_is_written_as_the_last_day_that_doors_take() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "9999-12-31");
    set_role(&sandbox, 4, "1998-05-01", "2044-01-31");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2037-12-31T23:59:59");
    let long = sandbox.club.devices[0].person("1005").unwrap();
    assert_eq!((&*long.begin, &*long.end), ("2000-01-01T00:00:00", "2037-12-31T23:59:59"));
    assert_eq!(sandbox.full_at("2026-03-10T10:10:00Z", 0)["changes"], json!([]), "and stays");
    sandbox.assert_well_behaved();
}

#[test]
fn a_begin_after_its_end_is_never_sent() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    // Inactive before the membership has begun, and on its first day.
    set_role(&sandbox, 4, "2026-04-01", "2026-12-31");
    set_role(&sandbox, 5, "2026-03-10", "2026-12-31");
    sandbox.club.inactivate(4);
    sandbox.club.inactivate(5);
    sandbox.look_at("2026-03-10T10:04:00Z");
    for member in ["150005", "150006"] {
        let only = ["sync", "--json", "--only", member];
        let run = sandbox.at("2026-03-10T10:05:00Z", &only).ends(0).json();
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{member}");
    }
    for write in sandbox.club.devices[0].writes() {
        let time = |key: &str| write["UserInfo"]["Valid"][key].as_str().unwrap().to_owned();
        assert!(time("beginTime") <= time("endTime"), "{write}");
    }
    let door = &sandbox.club.devices[0];
    for person in ["1005", "1006"] {
        assert!(!door.door_opens(person, 1, door.wall_clock()), "{person}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_membership_that_no_door_can_hold_is_reported_and_stops_nobody_else() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    let person = sandbox.club.devices[0].person("1004");
    set_role(&sandbox, 3, "2040-01-01", "2041-01-31");
    sandbox.club.renew(4, "2030-11-01");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[0], "1005");
    assert_eq!(each(&run, "left_out", "reason"), ["bad-dates"]);
    assert!(run["left_out"][0]["detail"].as_str().unwrap().contains("2037"));
    assert_eq!(sandbox.club.devices[0].person("1004"), person);
    sandbox.assert_well_behaved();
}

/// Mutants: who has not paid and never expires on the door is told by nobody; it is told in every tick.
#[test]
fn who_has_not_paid_and_never_expires_on_the_door_is_told() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.inactivate(3);
    sandbox.club.devices[0].edit_person(&employee_no(3), |person| person.enable = false);
    let told =
        "door1: member 150004 was served until now (person 1004) and is left out: without an end";
    let first = sandbox.at("2026-03-10T10:05:00Z", &["sync", "--full"]).ends(0);
    assert!(first.stderr.contains(told), "{}", first.stderr);
    let again = sandbox.at("2026-03-10T10:10:00Z", &["sync", "--full"]).ends(0);
    assert_eq!(again.stderr, "", "once a day");
    let check = sandbox.at("2026-03-10T10:11:00Z", &["check"]);
    assert!(check.stdout.contains(&told[7..]), "{}", check.stdout);
    sandbox.assert_well_behaved();
}
