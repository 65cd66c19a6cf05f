//! Intents, outcomes and the audit log.

use super::*;
use crate::model::RunId;
use crate::plan::{Cause, Kind};

fn intent(run: RunId, person: &str, kind: Kind) -> Intent {
    Intent {
        run,
        device: door(),
        employee_no: id(person),
        member: key(club(), 1),
        cause: if kind == Kind::Grant { Cause::Renewed } else { Cause::Inactive },
        kind,
        before: Some(year()),
        after: window("2026-01-01T00:00:00", "2027-12-31T23:59:59"),
    }
}

fn ended(kind: OutcomeKind) -> Outcome {
    let error = (kind != OutcomeKind::Confirmed).then(|| "the answer was lost".to_owned());
    Outcome { kind, error, person: None }
}

/// A door with two persons, and a run.
fn started() -> (Sandbox, Store, RunId) {
    let sandbox = Sandbox::new();
    let mut store = sandbox.open();
    read_door(&mut store, [person("1"), person("2")]);
    let run = store.begin_run("sync", at(0)).unwrap();
    (sandbox, store, run)
}

fn lines(store: &Store) -> i64 {
    store.connection.query_row("SELECT count(*) FROM change", [], |row| row.get(0)).unwrap()
}

#[test]
fn announced_settled_logged() {
    let (_sandbox, mut store, run) = started();
    let intent = intent(run, "1", Kind::Grant);
    store.announce(std::slice::from_ref(&intent)).unwrap();
    assert_eq!(store.open_intents(&door()).unwrap(), std::slice::from_ref(&intent));
    let after = Person {
        limit: PersonLimit::Window(intent.after),
        fingerprint: "new".into(),
        ..person("1")
    };
    let outcome =
        Outcome { kind: OutcomeKind::Confirmed, error: None, person: Some(after.clone()) };
    store.settle(&[(intent.clone(), outcome)], at(1)).unwrap();

    assert!(store.open_intents(&door()).unwrap().is_empty());
    let found = store.persons(&door()).unwrap();
    assert_eq!(found.persons, list([after, person("2")]));
    assert_eq!(found.confirmed[&id("1")], intent.after);
    assert_eq!(store.confirmed_at(&door(), &id("1")).unwrap(), Some(at(1)));
    let state = store.device_state(&door()).unwrap();
    assert_eq!((state.first_written_at, state.needs_read), (Some(at(1)), false));
    let entry = AuditEntry {
        at: at(1),
        run,
        device: door(),
        employee_no: id("1"),
        cause: "renewed".into(),
        before: Some(year()),
        after: Some(intent.after),
        outcome: "confirmed".into(),
        error: None,
    };
    assert_eq!(store.history(key(club(), 1), 20).unwrap(), [entry]);
}

#[test]
fn every_cause_kind_and_window_survives() {
    let (sandbox, mut store, run) = started();
    let mut intents = Vec::new();
    for (place, cause) in Cause::ALL.into_iter().enumerate() {
        for kind in [Kind::Grant, Kind::Revocation] {
            let person = format!("{place} {}", kind.as_str());
            let before = (place % 2 == 0).then(year);
            let member = MemberKey { birth_date: None, ..key(club(), 5) };
            intents.push(Intent { cause, before, member, ..intent(run, &person, kind) });
        }
    }
    store.announce(&intents).unwrap();
    drop(store);
    // The run died. Whoever opens the file next finds what it had announced.
    let mut found = sandbox.open().open_intents(&door()).unwrap();
    found.sort_by_key(|intent| (intent.cause, intent.kind));
    intents.sort_by_key(|intent| (intent.cause, intent.kind));
    assert_eq!(found, intents);
}

#[test]
fn announced_is_all_or_nothing() {
    let (_sandbox, mut store, run) = started();
    store.announce(&[intent(run, "2", Kind::Grant)]).unwrap();
    // One of these is under way already.
    let both = [intent(run, "1", Kind::Grant), intent(run, "2", Kind::Revocation)];
    assert!(store.announce(&both).is_err());
    assert_eq!(store.open_intents(&door()).unwrap(), [intent(run, "2", Kind::Grant)]);
}

#[test]
fn settled_is_all_or_nothing() {
    let (_sandbox, mut store, run) = started();
    let intents = [intent(run, "1", Kind::Grant), intent(run, "2", Kind::Grant)];
    store.announce(&intents).unwrap();
    let moved = Person { fingerprint: "new".into(), ..person("1") };
    let outcome = Outcome { person: Some(moved), ..ended(OutcomeKind::Confirmed) };
    // No such run: the second line can not be written.
    let lost = Intent { run: RunId::new(99).unwrap(), ..intents[1].clone() };
    let outcomes = [(intents[0].clone(), outcome), (lost, ended(OutcomeKind::Confirmed))];
    assert!(store.settle(&outcomes, at(1)).is_err());
    assert_eq!(store.open_intents(&door()).unwrap(), intents);
    assert_eq!(lines(&store), 0);
    let found = store.persons(&door()).unwrap();
    assert_eq!(found.persons, list([person("1"), person("2")]));
    assert!(found.confirmed.is_empty());
    assert_eq!(store.device_state(&door()).unwrap().first_written_at, None);
}

#[test]
fn withdrawn_leaves_no_trace() {
    let (_sandbox, mut store, run) = started();
    store.announce(&[intent(run, "1", Kind::Grant), intent(run, "2", Kind::Grant)]).unwrap();
    store.withdraw(&door(), &id("1")).unwrap();
    assert_eq!(store.open_intents(&door()).unwrap(), [intent(run, "2", Kind::Grant)]);
    assert_eq!(lines(&store), 0);
}

#[test]
fn whatever_did_not_take_makes_the_list_be_read_again() {
    for kind in
        [OutcomeKind::Refused, OutcomeKind::Moved, OutcomeKind::NotApplied, OutcomeKind::Unknown]
    {
        let (_sandbox, mut store, run) = started();
        let intent = intent(run, "1", Kind::Grant);
        store.announce(std::slice::from_ref(&intent)).unwrap();
        store.settle(&[(intent, ended(kind))], at(1)).unwrap();
        let state = store.device_state(&door()).unwrap();
        assert!(state.needs_read && state.first_written_at.is_none(), "{kind:?}");
        assert!(store.persons(&door()).unwrap().confirmed.is_empty(), "{kind:?}");
        let history = store.history(key(club(), 1), 20).unwrap();
        assert_eq!(history[0].outcome, kind.as_str());
        assert_eq!(history[0].error.as_deref(), Some("the answer was lost"));
        assert!(store.open_intents(&door()).unwrap().is_empty());
    }
}

#[test]
fn the_audit_log_is_never_changed() {
    let (_sandbox, mut store, run) = started();
    store.settle(&[(intent(run, "1", Kind::Grant), ended(OutcomeKind::Confirmed))], at(1)).unwrap();
    for attempt in [
        "UPDATE change SET outcome = 'refused'",
        "UPDATE change SET at = 0 WHERE id = 1",
        "DELETE FROM change",
        "DELETE FROM change WHERE id = 1",
    ] {
        let refused = store.connection.execute(attempt, []).unwrap_err().to_string();
        assert!(refused.contains("the audit log is append-only"), "{attempt}: {refused}");
    }
    // Neither is the run it belongs to.
    assert!(store.connection.execute("DELETE FROM run", []).is_err());
    assert_eq!(lines(&store), 1);
    assert_eq!(store.history(key(club(), 1), 20).unwrap()[0].outcome, "confirmed");
}

#[test]
fn history_is_one_member_s_newest_first() {
    let (_sandbox, mut store, run) = started();
    for minute in 0..5 {
        let outcomes = [(intent(run, "1", Kind::Grant), ended(OutcomeKind::Confirmed))];
        store.settle(&outcomes, at(minute)).unwrap();
    }
    let other = Intent { member: key(club(), 2), ..intent(run, "2", Kind::Grant) };
    store.settle(&[(other, ended(OutcomeKind::Confirmed))], at(9)).unwrap();
    let minutes = |number, limit| -> Vec<i64> {
        let history = store.history(key(club(), number), limit).unwrap();
        history.iter().map(|entry| (entry.at - at(0)).num_minutes()).collect()
    };
    assert_eq!(minutes(1, 3), [4, 3, 2]);
    assert_eq!(minutes(2, 3), [9]);
    let twin = MemberKey { birth_date: None, ..key(club(), 1) };
    assert!(store.history(twin, 3).unwrap().is_empty(), "another birth date is another member");
}

#[test]
fn revocations_of_a_day() {
    let (_sandbox, mut store, run) = started();
    let mut put = |person: &str, kind, outcome, minute| {
        store.settle(&[(intent(run, person, kind), ended(outcome))], at(minute)).unwrap();
    };
    put("too early", Kind::Revocation, OutcomeKind::Confirmed, -1);
    put("1", Kind::Revocation, OutcomeKind::Confirmed, 0);
    put("2", Kind::Revocation, OutcomeKind::Confirmed, 5);
    put("2", Kind::Revocation, OutcomeKind::Confirmed, 6);
    put("may have taken", Kind::Revocation, OutcomeKind::Unknown, 7);
    put("refused", Kind::Revocation, OutcomeKind::Refused, 8);
    put("moved", Kind::Revocation, OutcomeKind::Moved, 8);
    put("not taken", Kind::Revocation, OutcomeKind::NotApplied, 8);
    put("granted", Kind::Grant, OutcomeKind::Confirmed, 8);
    assert_eq!(store.revocations_since(&door(), at(0)).unwrap(), 3, "1, 2 and one that may have");
    assert_eq!(store.revocations_since(&door(), at(6)).unwrap(), 2);
    assert_eq!(store.revocations_since(&door(), at(9)).unwrap(), 0);
    let other = DeviceName::new("back-door").unwrap();
    assert_eq!(store.revocations_since(&other, at(0)).unwrap(), 0, "each device counts its own");
}

#[test]
fn runs_have_numbers_of_their_own() {
    let (sandbox, store, first) = started();
    let second = store.begin_run("apply", at(1)).unwrap();
    assert!(second > first);
    store
        .end_run(
            first,
            at(2),
            &RunEnd { exit_code: 4, confirmed: 3, failed: 1, ..RunEnd::default() },
        )
        .unwrap();
    drop(store);
    let store = sandbox.open();
    assert!(store.begin_run("sync", at(3)).unwrap() > second, "also after opening again");
    let row: (i64, i64, i64, i64) = store
        .connection
        .query_row("SELECT ended_at, exit_code, confirmed, failed FROM run WHERE id = 1", [], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
        })
        .unwrap();
    assert_eq!(row, (at(2).timestamp(), 4, 3, 1));
}
