//! Entries of a door's list that are not what they should be: those persons are left out and named, the
//! door works.
//!
//! | report | device | switch | scenario |
//! | --- | --- | --- | --- |
//! | the same `employeeNo` twice | DS-K1T343MFX | `listed_twice` | [`a_number_that_two_entries_have`] |
//! | names in GBK | older firmware | `names_in_gbk` | [`a_name_in_another_encoding`] |
//! | administrators by another field | clients | `Person::extra` | [`administrators_by_another_field`] |

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{Counts, Filter, PageLimit, Pages, Switches};
use serde_json::json;

use super::super::support::each;
use super::{RENEWED, Story, Turn};

/// The second of the renewed persons is left out and named by every command, the others are served.
#[track_caller]
fn is_left_out(story: &Story, what: &str, words: &str) {
    let run = story.sync(what, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2], "{what}");
    assert_eq!(each(&run, "left_out", "reason"), ["flawed-on-device"], "{what}");
    let told = run["problems"].to_string();
    let person = employee_no(RENEWED[1]);
    assert!(told.contains(&format!("person {person} {words}")), "{what}: {told}");
    for command in [&["check"][..], &["lookup", &format!("person:{person}")], &["diff"]] {
        let said = story.sandbox.run(command);
        assert!(said.stdout.contains(words) || said.stderr.contains(words), "{what}: {said:?}");
    }
    let writes = story.door().writes();
    assert_eq!(writes.len(), 2, "{what}");
    assert!(writes.iter().all(|write| write["UserInfo"]["employeeNo"] != json!(person)));
    // Once the list is set right, the next reading serves that person, too.
    story.door().set(|switches| *switches = Switches::default());
    let run = story.sync_full(what, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{what}");
    story.stays_in_step(what);
}

/// Mutants: one of the two is written to; the door stops; only entries of one page are seen.
#[test]
fn a_number_that_two_entries_have() {
    let cases: [(&str, Turn); 6] = [
        ("side by side", |_| {}),
        ("far apart", |s| s.twice_at_end = true),
        ("far apart, ten on a page", |s| {
            (s.twice_at_end, s.page_limit) = (true, PageLimit::Ten);
        }),
        ("far apart, no totals", |s| (s.twice_at_end, s.counts) = (true, Counts::Neither)),
        ("side by side, the filter ignored", |s| s.filter = Filter::Ignored),
        ("far apart, pages that overlap", |s| {
            (s.twice_at_end, s.pages) = (true, Pages::Overlap(1));
        }),
    ];
    for (what, turn) in cases {
        let story = Story::new(|switches| {
            turn(switches);
            switches.listed_twice = vec![employee_no(RENEWED[1])];
        });
        is_left_out(&story, what, "is listed more than once");
    }
}

/// Where no answer shows both entries at once, they cannot be told from a page that comes again.
#[test]
fn what_cannot_be_told_from_a_page_that_comes_again() {
    let cases: [(&str, Turn); 2] = [
        ("the filter ignored", |s| s.filter = Filter::Ignored),
        ("the filter refused", |s| s.filter = Filter::Error),
    ];
    for (what, turn) in cases {
        let story = Story::new(|switches: &mut Switches| {
            turn(switches);
            switches.twice_at_end = true;
            switches.listed_twice = vec![employee_no(RENEWED[1])];
        });
        story.is_refused(what, 5, "unreachable");
    }
}

/// Mutants: the whole page is spoilt; the name goes back as it was read.
#[test]
fn a_name_in_another_encoding() {
    let story = Story::new(|switches| switches.names_in_gbk = vec![employee_no(RENEWED[1])]);
    is_left_out(&story, "GBK", "has a name or another text in an encoding that is not UTF-8");
}

#[test]
fn administrators_by_another_field() {
    for (key, value) in [
        ("localUIUserType", json!("admin")),
        ("UserRight", json!({"localUIRight": true})),
        ("LocalUiRight", json!("true")),
    ] {
        let story = Story::new(|_| {});
        let person = employee_no(RENEWED[1]);
        story.door().edit_person(&person, |person| {
            person.extra.insert(key.to_owned(), value);
        });
        let run = story.sync(key, 0);
        assert_eq!(each(&run, "left_out", "reason"), ["protected"], "{key}");
        assert_eq!(story.door().writes().len(), 2, "{key}");
    }
}
