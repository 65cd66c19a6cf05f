//! Refused logins, blocked plans, and who waits.

use super::*;
use crate::config::Secret;
use crate::model::testing::holder;
use crate::model::{Cause, Change, Kind, Verb, Zone};

fn password(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// A file whose salt is known, so that no two of the logins below fall together by chance.
fn salted() -> Store {
    let store = Sandbox::new().open();
    store.connection.execute("UPDATE salt SET value = x'00'", []).unwrap();
    store
}

#[test]
fn refused_logins() {
    let store = salted();
    let (user, right) = ("admin", password("one"));
    let memory = |minute: i64| {
        let memory = store.trust().login_memory(&door(), user, &right).unwrap();
        (memory.refusals, memory.may_try(at(minute)), memory.waits_until(at(minute)))
    };
    assert_eq!(memory(0), (0, true, None), "a device that is not known may be tried");

    store.trust().remember_refusal(&door(), user, &right, at(0)).unwrap();
    assert_eq!(memory(0), (1, false, Some(at(30))));
    assert_eq!(memory(29), (1, false, Some(at(30))));
    assert_eq!(memory(30), (1, true, Some(at(30))), "one more try after half an hour");
    assert_eq!(memory(-5), (1, false, Some(at(30))), "a clock set back brings no try");

    // Never is not among them. Mutants: an unbounded wait, one that starts over.
    let mut last = 30;
    for (refusals, wait) in [(2, 30), (3, 120), (4, 720), (5, 1440), (6, 1440), (7, 1440)] {
        store.trust().remember_refusal(&door(), user, &right, at(last)).unwrap();
        let next = last + wait;
        assert_eq!(memory(next - 1), (refusals, false, Some(at(next))));
        assert_eq!(memory(next), (refusals, true, Some(at(next))));
        last = next;
    }
    for (minute, text) in [
        (last - 1440, "refused the login 7 times; left alone until"),
        (last - 10, "refused the login 7 times; left alone until"),
    ] {
        let told = store.trust().login_memory(&door(), user, &right).unwrap();
        let told = told.left_alone(at(minute), Zone::UTC).unwrap();
        assert!(told.starts_with(text), "{told}");
        // Of another day, the day is said.
        assert_eq!(told.contains(" 20"), minute == last - 1440, "{told}");
    }

    for (user, password) in [("admin", "two"), ("Admin", "one"), ("adm", "inone")] {
        let fresh = store.trust().login_memory(&door(), user, &self::password(password)).unwrap();
        let (refusals, may_try) = (fresh.refusals, fresh.may_try(at(30)));
        assert_eq!((refusals, may_try), (0, true), "{user} {password}: another story");
    }
    assert_eq!(memory(31).0, 7, "asking changes nothing");
}

#[test]
fn a_changed_password_that_is_refused_starts_over() {
    let store = salted();
    for minute in [0, 30] {
        store.trust().remember_refusal(&door(), "admin", &password("one"), at(minute)).unwrap();
    }
    let two = password("two");
    let memory = store.trust().remember_refusal(&door(), "admin", &two, at(40)).unwrap();
    assert_eq!((memory.refusals, memory.waits_until(at(40))), (1, Some(at(70))));
    assert_eq!(store.trust().login_memory(&door(), "admin", &two).unwrap(), memory);
}

#[test]
fn three_refusals_in_half_an_hour_are_all_whatever_the_passwords_were() {
    let store = salted();
    for (minute, wrong) in [(0, "one"), (2, "two"), (4, "three")] {
        let memory = store.trust().login_memory(&door(), "admin", &password(wrong)).unwrap();
        assert!(memory.may_try(at(minute)), "{wrong} is new");
        store.trust().remember_refusal(&door(), "admin", &password(wrong), at(minute)).unwrap();
    }
    let memory = |text| store.trust().login_memory(&door(), "admin", &password(text)).unwrap();
    assert!(!memory("four").may_try(at(6)), "a fourth waits, though nobody has tried it");
    assert!(!memory("four").by_hand().may_try(at(6)), "by hand too");
    assert_eq!(memory("four").waits_until(at(6)), Some(at(30)));
    let told = memory("four").left_alone(at(6), Zone::UTC).unwrap();
    let wanted =
        "refused 3 logins within half an hour; the one that is configured now is not tried before ";
    assert!(told.starts_with(wanted), "{told}");
    assert!(memory("four").may_try(at(30)), "half an hour after the first");
    store.trust().remember_refusal(&door(), "admin", &password("four"), at(30)).unwrap();
    assert!(memory("five").may_try(at(31)), "counted anew");
    store.trust().forget_refusals(&door()).unwrap();
    assert_eq!(memory("five"), LoginMemory::default());
}

#[test]
fn a_login_that_works_forgets() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let one = password("one");
    for minute in [0, 30] {
        store.trust().remember_refusal(&door(), "admin", &one, at(minute)).unwrap();
    }
    drop(store);
    let store = sandbox.open();
    assert!(
        !store.trust().login_memory(&door(), "admin", &one).unwrap().may_try(at(59)),
        "remembered"
    );
    store.trust().forget_refusals(&door()).unwrap();
    assert_eq!(store.trust().login_memory(&door(), "admin", &one).unwrap(), LoginMemory::default());
    assert!(
        store.devices().device_state(&door()).unwrap().needs_read,
        "nothing was read meanwhile"
    );
}

#[test]
fn each_device_has_refusals_of_its_own() {
    let store = Sandbox::new().open();
    let (one, other) = (password("one"), TargetName::new("back-door").unwrap());
    store.trust().remember_refusal(&door(), "admin", &one, at(0)).unwrap();
    assert_eq!(store.trust().login_memory(&other, "admin", &one).unwrap(), LoginMemory::default());
}

#[test]
fn the_password_is_not_in_the_file() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    store.trust().remember_refusal(&door(), "admin", &password("correct-horse"), at(0)).unwrap();
    let check: i64 =
        store.connection.query_row("SELECT login_check FROM device", [], |row| row.get(0)).unwrap();
    assert!((0..65_536).contains(&check), "16 bits: {check}");
    drop(store);
    for file in std::fs::read_dir(sandbox.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|window| window == b"correct-horse"));
    }
}

#[test]
fn blocked_plans() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let kept = |store: &Store, id: &str| {
        store.pending().blocked(id).unwrap().map(|plan| (plan.made_at, plan.document))
    };
    assert_eq!(kept(&store, "a"), None);
    store.pending().keep_blocked(Some(("a", "first")), at(0)).unwrap();
    assert_eq!(kept(&store, "a"), Some((at(0), "first".to_owned())));
    store.pending().keep_blocked(Some(("a", "again")), at(5)).unwrap();
    assert_eq!(kept(&store, "a"), Some((at(0), "again".to_owned())), "made when it first was");
    store.pending().keep_blocked(Some(("b", "other")), at(10)).unwrap();
    assert_eq!(kept(&store, "a"), None, "the facts have moved");
    assert_eq!(kept(&store, "b"), Some((at(10), "other".to_owned())));
    store.pending().also_keep_blocked("c", "one member's", at(11)).unwrap();
    assert!(kept(&store, "b").is_some() && kept(&store, "c").is_some());
    store.pending().forget_blocked("b").unwrap();
    assert_eq!(kept(&store, "b"), None);
    drop(store);
    let store = sandbox.open();
    assert!(kept(&store, "c").is_some());
    store.pending().keep_blocked(None, at(15)).unwrap();
    assert_eq!(kept(&store, "c"), None, "nothing is blocked any more");
}

#[test]
fn whoever_waits_waits_since_the_first_run_that_wanted_it() {
    let store = Sandbox::new().open();
    let wait = |no: &str, kind, minute| Waiting {
        device: door(),
        employee_no: id(no),
        member: key(club(), 1),
        kind,
        opens_door: true,
        after: year(),
        budget: None,
        trouble: None,
        since: at(minute),
    };
    let (grant, loss) = (Kind::Grant, Kind::Revocation);
    store.pending().keep_waiting(&[wait("1", grant, 0), wait("2", grant, 0)], true).unwrap();
    // The one waits on, the other now for the opposite; a run that knows not everybody forgets nobody.
    store.pending().keep_waiting(&[wait("1", grant, 5)], false).unwrap();
    store.pending().keep_waiting(&[wait("2", loss, 10)], false).unwrap();
    assert_eq!(store.pending().waiting().unwrap(), [wait("1", grant, 0), wait("2", loss, 10)]);
    store.pending().keep_waiting(&[wait("2", loss, 15)], true).unwrap();
    assert_eq!(store.pending().waiting().unwrap(), [wait("2", loss, 10)]);
    store.pending().keep_waiting(&[], true).unwrap();
    assert_eq!(store.pending().waiting().unwrap(), []);
}

fn write_to(person: &str, kind: Kind, opens_door: bool) -> Change {
    let day = NaiveDateTime::default();
    Change {
        verb: Verb::Set,
        device: door(),
        employee_no: id(person),
        member: holder("1"),
        source: SourceName::new("club").unwrap(),
        cause: Cause::Renewed,
        kind,
        before: Limit::Permanent(None),
        after: Window::new(day, day).unwrap(),
        opens_door,
        fingerprint: String::new(),
        ends_at_once: false,
        blocked: None,
    }
}

/// Mutants: an older write is forgotten with a newer one that was not sent; a new write is not committed; a door
/// that is still closed counts as open after the next grant.
#[test]
fn what_was_written_is_known_until_it_is_in_force() {
    let store = Sandbox::new().open();
    let (one, two) = (id("1"), id("2"));
    let known = |store: &Store| -> Vec<(RecordId, DateTime<Utc>, bool, bool)> {
        let open = store.journal().uncommitted(&door()).unwrap().into_iter();
        open.map(|one| (one.employee_no, one.since, one.asked_at.is_some(), one.opens_door))
            .collect()
    };
    let expect = |store: &Store, kind, opens_door, seconds| {
        let changes = ["1", "2"].map(|person| write_to(person, kind, opens_door));
        let changes: Vec<_> =
            changes.iter().map(|change| (change, format!("p{}", change.employee_no))).collect();
        store.journal().expect_commits(&door(), &changes, at(seconds)).unwrap()
    };
    assert_eq!(expect(&store, Kind::Grant, true, 0), [one.clone(), two.clone()].into());
    assert_eq!(store.journal().uncommitted(&door()).unwrap()[0].handle, "p1");
    store.journal().commit_asked(&door(), [&one, &two], Some(at(1))).unwrap();
    store.journal().forget_commits(&door(), [&two]).unwrap();
    assert_eq!(known(&store), [(one.clone(), at(0), true, true)]);
    assert_eq!(expect(&store, Kind::Grant, false, 5), [two.clone()].into());
    let both = [(one.clone(), at(0), false, true), (two.clone(), at(5), false, false)];
    assert_eq!(known(&store), both);
    assert_eq!(expect(&store, Kind::Revocation, false, 9), [].into());
    assert!(known(&store).iter().all(|one| !one.3), "nobody is to be let in any more");
    let elsewhere = TargetName::new("other").unwrap();
    assert_eq!(store.journal().uncommitted(&elsewhere).unwrap(), []);
    assert_eq!(store.journal().uncommitted_targets().unwrap(), [(door(), 2)].into());
    assert!(store.journal().has_open_writes(&door(), true).unwrap());
    assert!(!store.journal().has_open_writes(&door(), false).unwrap());
}

/// Mutants: what waits stays under the old name; what waits at another target follows, too.
#[test]
fn what_is_open_follows_a_section_that_was_renamed() {
    let store = Sandbox::new().open();
    let change = write_to("1", Kind::Grant, true);
    store.journal().expect_commits(&door(), &[(&change, "p1".to_owned())], at(0)).unwrap();
    let persons = BTreeMap::new();
    let reading = |serial| Reading { serial, version: "1", persons: &persons, at: at(0) };
    store.devices().record_reading(&door(), &reading("host:443")).unwrap();
    let (other, renamed) = (TargetName::new("other").unwrap(), TargetName::new("new").unwrap());
    for (name, serial) in [(&other, "host:444"), (&renamed, ""), (&other, "host:444")] {
        store.journal().follow_renamed(name, serial).unwrap();
        assert_eq!(store.journal().uncommitted(&door()).unwrap().len(), 1, "{serial}");
    }
    store.journal().follow_renamed(&renamed, "host:443").unwrap();
    assert_eq!(store.journal().uncommitted(&renamed).unwrap()[0].employee_no, id("1"));
    assert_eq!(store.journal().uncommitted(&door()).unwrap(), []);
}
