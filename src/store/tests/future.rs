//! What a clock that was ahead has left behind holds nothing back once the clock is right.
//!
//! The other memories are tested where they are: what was said (`memory`), back-off, alarms, listings,
//! the doubt about the clock.

use super::*;
use crate::config::Secret;
use crate::engine::plan::Kind;
use crate::store::{FutureRun, LoginMemory};

const YEAR: i64 = 365 * 24 * 60;

/// Mutants: a refusal, or a lock in sight, that counts although it lies in the future; a slack of none, so
/// that a run that began a second earlier tries what another was just refused.
#[test]
fn refused_logins_in_the_future_count_as_none() {
    let refused =
        |refusals, refused_at: Option<i64>, spent, spent_since: Option<i64>| LoginMemory {
            refusals,
            refused_at: refused_at.map(at),
            spent,
            spent_since: spent_since.map(at),
        };
    for (what, memory, may_try, waits_until) in [
        ("one a year ahead", refused(1, Some(YEAR), 1, Some(YEAR)), true, None),
        ("two", refused(2, Some(YEAR), 2, Some(YEAR)), true, None),
        ("three within half an hour", refused(3, Some(YEAR), 3, Some(YEAR)), true, None),
        ("a lock in sight alone", refused(0, None, 3, Some(YEAR)), true, None),
        ("a lock in sight now", refused(1, Some(YEAR), 3, Some(-5)), false, Some(at(25))),
        ("one just now", refused(1, Some(-5), 3, Some(YEAR)), false, Some(at(25))),
        ("two long ago", refused(2, Some(-YEAR), 0, None), true, Some(at(30 - YEAR))),
        ("one of a run that began later", refused(1, Some(2), 1, Some(2)), false, Some(at(32))),
        ("three of it", refused(0, None, 3, Some(2)), false, Some(at(32))),
    ] {
        assert_eq!(memory.may_try(at(0)), may_try, "{what}");
        assert_eq!(memory.waits_until(at(0)), waits_until, "{what}");
    }
}

/// Mutant: counting on from what lies in the future, so that the next refusal is the last.
#[test]
fn a_refusal_after_refusals_in_the_future_is_the_first() {
    let store = Sandbox::new().open();
    let password = Secret::new("one".to_owned());
    for minute in [YEAR, YEAR + 30, YEAR + 31] {
        store.trust().remember_refusal(&door(), "admin", &password, at(minute)).unwrap();
    }
    let memory = store.trust().remember_refusal(&door(), "admin", &password, at(0)).unwrap();
    assert_eq!((memory.refusals, memory.spent), (1, 1));
    assert_eq!(memory.waits_until(at(0)), Some(at(30)));
}

/// Mutant: whoever waits since next year keeps that, and has waited a negative time when served.
#[test]
fn nobody_waits_since_a_time_to_come() {
    let store = Sandbox::new().open();
    let wait = |minute| Waiting {
        device: door(),
        employee_no: id("1"),
        member: key(club(), 1),
        kind: Kind::Grant,
        opens_door: true,
        after: year(),
        budget: None,
        trouble: None,
        since: at(minute),
    };
    store.pending().keep_waiting(&[wait(YEAR)], true).unwrap();
    store.pending().keep_waiting(&[wait(0)], true).unwrap();
    assert_eq!(store.pending().waiting().unwrap(), [wait(0)]);
    store.pending().keep_waiting(&[wait(5)], true).unwrap();
    assert_eq!(store.pending().waiting().unwrap(), [wait(0)]);
}

/// Mutants: taking the earliest run of all for the one that followed; taking the newest.
#[test]
fn a_run_in_the_future_and_the_first_one_after_it() {
    let store = Sandbox::new().open();
    let run = |minute| store.journal().begin_run("sync", at(minute)).map(|_| ()).unwrap();
    let found = |store: &Store, minute| store.overview().future_run(at(minute)).unwrap();
    run(0);
    run(YEAR);
    run(YEAR + 5);
    let ahead =
        |set_back: Option<i64>| Some(FutureRun { began: at(YEAR + 5), set_back: set_back.map(at) });
    assert_eq!(found(&store, YEAR + 5), None, "now is not the future");
    assert_eq!(found(&store, 10), ahead(None));
    for minute in [10, 15, 20] {
        store.journal().begin_run("sync", at(minute)).unwrap();
    }
    assert_eq!(found(&store, 20), ahead(Some(10)));
    // It went ahead once more.
    store.journal().begin_run("sync", at(YEAR - 7)).unwrap();
    assert_eq!(found(&store, 25), ahead(None));
    store.journal().begin_run("sync", at(30)).unwrap();
    assert_eq!(found(&store, 30), ahead(Some(30)));
}
