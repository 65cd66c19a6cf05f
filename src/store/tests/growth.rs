//! What the file forgets, and that it stays small.

use super::*;
use crate::engine::plan::{Cause, Kind};

const DAY: i64 = 24 * 60;

fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn runs_that_changed_nothing_are_forgotten_after_ninety_days() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let quiet = store.journal().begin_run("sync", at(0)).unwrap();
    store.journal().end_run(quiet, at(0), &RunEnd::default()).unwrap();
    let busy = store.journal().begin_run("sync", at(5)).unwrap();
    let died = store.journal().begin_run("sync", at(10)).unwrap();
    let intent = |run, no: &str| Intent {
        run,
        device: door(),
        employee_no: id(no),
        member: key(club(), 1),
        cause: Cause::Renewed,
        kind: Kind::Grant,
        before: None,
        after: year(),
        fingerprint: String::new(),
    };
    let outcome = Outcome::sent(OutcomeKind::Confirmed, None, None);
    store.journal().settle(&[(intent(busy, "1"), outcome)], at(6)).unwrap();
    store.journal().announce(&[intent(died, "2")], at(6)).unwrap();
    store.journal().begin_run("sync", at(90 * DAY)).unwrap();
    assert_eq!(count(&store, "run"), 4, "not yet");
    store.journal().begin_run("sync", at(91 * DAY)).unwrap();
    let kept: Vec<i64> = store.all("SELECT id FROM run ORDER BY id", ()).unwrap();
    assert_eq!(kept, [busy.get(), died.get(), 4, 5], "{quiet:?} is gone");
    assert_eq!(count(&store, "change"), 1, "the audit log is kept for ever");
    assert_eq!(store.journal().open_intents(&door()).unwrap().len(), 1);
}

#[test]
fn only_the_first_run_of_a_day_forgets() {
    let store = Sandbox::new().open();
    store.journal().begin_run("sync", at(0)).unwrap();
    let old = "INSERT INTO blocked_plan (id, made_at, seen_at, document) VALUES ('old', 0, 0, '')";
    store.connection.execute(old, []).unwrap();
    store.journal().begin_run("sync", at(5)).unwrap();
    assert_eq!(count(&store, "blocked_plan"), 1, "the same day");
    store.journal().begin_run("sync", at(DAY)).unwrap();
    assert_eq!(count(&store, "blocked_plan"), 0);
}

#[test]
fn members_who_left_long_ago_are_forgotten_unless_they_are_linked() {
    let store = Sandbox::new().open();
    store.journal().begin_run("sync", at(0)).unwrap();
    let left = |number, missing_since| {
        let mut stored = member(number);
        stored.missed = 9;
        stored.missing_since = Some(missing_since);
        // The last membership ended long ago, but for one.
        stored.member.roles.retain(|role| number == 4 || role.id.as_str() == "1");
        stored
    };
    let long_ago = at(0);
    let members = [
        member(1),
        left(2, long_ago),
        left(3, at(200 * DAY)),
        left(4, long_ago),
        left(5, long_ago),
    ];
    list_members(&store, &members);
    read_door(&store, [person("5")]);
    let links = [(key(club(), 5), link("5", LinkRule::File))];
    store.links().record_links(&door(), &StoredLinks::default(), &links).unwrap();
    let run = store.journal().begin_run("sync", at(800 * DAY - 400 * DAY)).unwrap();
    let known = |store: &Store| -> Vec<String> {
        let members = store.members().members(club()).unwrap();
        members.iter().map(|stored| stored.key().human().to_owned()).collect()
    };
    // Listed, missing for less than a year, paid into the future, linked; and roles of 2026 ended
    // less than a year ago.
    assert_eq!(known(&store), ["1", "2", "3", "4", "5"]);
    let word = Quiet {
        inputs: String::new(),
        since: at(400 * DAY),
        until: at(500 * DAY),
        files: Vec::new(),
        report: String::new(),
    };
    let end = RunEnd { quiet: Some(word), ..RunEnd::default() };
    store.journal().end_run(run, at(400 * DAY), &end).unwrap();
    assert!(store.journal().quiet().unwrap().is_some());
    let (began, requests) = (at(420 * DAY), BTreeMap::new());
    let quiet = QuietRun {
        began,
        ended: began,
        asked: Vec::new(),
        requests,
        rights_files: Vec::new(),
        plate_files: Vec::new(),
    };
    store.journal().record_quiet_run(&quiet).unwrap();
    assert_eq!(known(&store), ["1", "3", "4", "5"]);
    assert_eq!(count(&store, "member_role WHERE member = 2"), 0);
    assert_eq!(store.journal().quiet().unwrap(), None, "it may have spoken of who was forgotten");
    store.journal().check_of_one_time().unwrap();
}

#[test]
fn years_of_quiet_runs_do_not_make_the_file_grow() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    // Whether each write is on the disk is not what is looked at here.
    store.connection.pragma_update(None, "synchronous", "OFF").unwrap();
    let mut pages = Vec::new();
    for day in 0..600 {
        for tick in 0..24 {
            let now = at(day * DAY + tick * 60);
            let run = store.journal().begin_run("sync", now).unwrap();
            store.journal().end_run(run, now, &RunEnd::default()).unwrap();
        }
        pages.push(store.first::<i64>("PRAGMA page_count", ()).unwrap().unwrap());
    }
    let runs = count(&store, "run");
    assert!((24 * 90..=24 * 92).contains(&runs), "{runs}");
    assert!(pages[599] <= pages[120] + 2, "{} pages, {} later", pages[120], pages[599]);
}

#[test]
fn quiet_ticks_leave_a_side_file_that_stays_short_and_close_it_seldom() {
    let sandbox = Sandbox::new();
    sandbox.open().journal().begin_run("sync", at(0)).unwrap();
    let mut lengths = Vec::new();
    for tick in 1..=200 {
        let store = sandbox.open();
        let asked = vec![club().clone()];
        let (began, requests) = (at(tick), BTreeMap::from([("club".to_owned(), 1)]));
        let quiet = QuietRun {
            began,
            ended: began,
            asked,
            requests,
            rights_files: Vec::new(),
            plate_files: Vec::new(),
        };
        store.journal().record_quiet_run(&quiet).unwrap();
        drop(store);
        lengths.push(side_file_bytes(&sandbox.path()));
    }
    let longest = lengths.iter().copied().max().unwrap();
    assert!((SIDE_FILE_LONG..SIDE_FILE_LONG * 11 / 10).contains(&longest), "{longest}");
    let closed = lengths.iter().filter(|length| **length == 0).count();
    assert!((2..=10).contains(&closed), "{lengths:?}");
    assert_eq!(count(&sandbox.open(), "run"), 201, "none is lost");
}
