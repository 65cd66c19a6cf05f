//! What a platform says of a change, and what it did.

use ivms_sync_simulators::hikcentral::{Refusal, Settings};

use super::*;
use crate::support::each;

const RENEWED: &str = "2030-11-01T23:59:59+01:00";

/// Mutants: a no is taken at its word; the write is forgotten and never in force; an announcement is withdrawn.
#[test]
fn a_change_that_was_refused_and_made_all_the_same_comes_into_force() {
    for (code, exit) in [("69", 12), ("130", 12), ("128", 0), ("0x02401003", 0), ("2", 0)] {
        let site = Site::new(4);
        site.sandbox.club.renew(1, "2030-11-01");
        site.platform.refuse(Refusal::code(code).on("single/update").times(1).carried_out());
        let run = site.sync_at(&tick(1), exit);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{code}");
        assert_eq!((site.behind(), site.end_of("1002").as_str()), (0, RENEWED), "{code}");
        site.sync_at(&tick(2), 0);
        assert_eq!(site.uncommitted(), 0, "{code}");
        assert_eq!(site.platform.writes().len(), 1, "{code}");
        site.assert_well_behaved();
    }
}

/// Mutants: a refusal that could not be looked into counts as true; so that what was written is forgotten.
#[test]
fn a_refusal_that_was_not_read_back_is_settled_by_the_next_run() {
    for is_carried_out in [true, false] {
        let site = Site::new(4);
        site.sandbox.club.renew(1, "2030-11-01");
        let refusal = Refusal::code("2").on("single/update").times(1);
        let refusal = if is_carried_out { refusal.carried_out() } else { refusal };
        site.platform.refuse(refusal);
        site.platform.refuse(Refusal::code("69").on("personInfo").after(1).times(1));
        let run = site.sync_at(&tick(1), 12);
        assert_eq!(each(&run, "changes", "outcome"), ["unknown"]);
        let intents = || count(&site.sandbox.state(), "SELECT count(*) FROM intent");
        assert_eq!((site.uncommitted(), intents()), (1, 1));
        site.sync_at(&tick(2), 0);
        assert_eq!((site.behind(), site.uncommitted(), intents()), (0, 0, 0));
        assert_eq!(site.end_of("1002"), RENEWED);
        assert_eq!(site.platform.writes().len(), 1);
        site.assert_well_behaved();
    }
}

/// Mutants: fields that only lists show, or only single persons, make every change one that somebody made meanwhile.
#[test]
fn lists_and_single_persons_may_show_other_fields() {
    let site = Site::unknown(4, Settings::default());
    site.platform.edit_person("1002", |person| {
        person.extra.insert("residentRoomNo".to_owned(), 7.into());
    });
    site.platform.set(|switches| {
        switches.list_omits = vec!["orgIndexCode", "phoneNo", "remark", "cards", "gender"];
        switches.info_omits = vec!["residentRoomNo"];
    });
    site.sync_at(START, 0);
    site.sandbox.club.renew(1, "2030-11-01");
    let run = site.sync_at(&tick(1), 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(site.end_of("1002"), RENEWED);
    // What somebody else changes meanwhile still is seen.
    site.sandbox.club.renew(2, "2030-11-01");
    site.platform.edit_person("1003", |person| person.email = "else@club.example".to_owned());
    let run = site.sync_at(&tick(2), 3);
    let told = each(&run, "changes", "error");
    assert_eq!(told, ["the person was changed there since it was read"]);
    site.assert_well_behaved();
}

/// Mutants: it is told as a refusal like any other; nobody is told which field it is.
#[test]
fn a_field_that_is_longer_than_a_change_takes_is_named() {
    let site = Site::new(4);
    site.platform.edit_person("1002", |person| person.remark = "x".repeat(200));
    site.sandbox.club.renew(1, "2030-11-01");
    for number in 1..3 {
        let said = site.at(&tick(number), &["sync", "--full"]).ends(3);
        let told = "cannot be changed until the entry is corrected there: person M150002 person update: the \
                    platform does not take this request (code 2); remark has 200 characters, and a change \
                    takes 128 at most";
        assert!(number > 1 || said.stderr.contains(told), "{said:?}");
    }
    assert_eq!(site.uncommitted(), 0);
    site.platform.edit_person("1002", |person| person.remark.clear());
    site.sync_at(&tick(3), 0);
    assert_eq!((site.end_of("1002").as_str(), site.behind()), (RENEWED, 0));
    site.assert_well_behaved();
}

/// Mutants: what a platform does not show counts as over, and is written over.
#[test]
fn whose_dates_are_not_shown_is_left_alone_and_told() {
    for key in ["endTime", "beginTime"] {
        let site = Site::unknown(4, Settings::default());
        site.platform.edit_person("1002", |person| match key {
            "endTime" => person.end = None,
            _ => person.begin = None,
        });
        site.platform.apply_all();
        let said = site.at(START, &["sync"]).ends(0);
        let told = "1 person has dates in a form that can mean two things, or none";
        assert!(said.stderr.contains(told), "{said:?}");
        assert!(site.platform.writes().is_empty());
        let said = site.at(&tick(1), &["lookup", "150002"]);
        assert!(said.stdout.contains("or not known, so nothing is changed there"), "{said:?}");
        site.assert_well_behaved();
    }
}
