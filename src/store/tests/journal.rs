//! Intents, outcomes and the audit log.

use super::*;
use crate::engine::plan::{Cause, Kind};
use crate::model::RunId;
use crate::model::testing::undated;

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
        fingerprint: format!("as {person} was"),
    }
}

fn ended(kind: OutcomeKind) -> Outcome {
    let error = (kind != OutcomeKind::Confirmed).then(|| "the answer was lost".to_owned());
    Outcome { kind, error, person: None, is_sent: kind != OutcomeKind::Moved }
}

/// A door with two persons, and a run.
fn started() -> (Sandbox, Store, RunId) {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    read_door(&store, [person("1"), person("2")]);
    let run = store.journal().begin_run("sync", at(0)).unwrap();
    (sandbox, store, run)
}

fn lines(store: &Store) -> i64 {
    store.connection.query_row("SELECT count(*) FROM change", [], |row| row.get(0)).unwrap()
}

#[test]
fn announced_settled_logged() {
    let (_sandbox, store, run) = started();
    let intent = intent(run, "1", Kind::Grant);
    store.journal().announce(std::slice::from_ref(&intent), at(6)).unwrap();
    assert_eq!(store.journal().open_intents(&door()).unwrap(), std::slice::from_ref(&intent));
    let after =
        Record { limit: Limit::Window(intent.after), fingerprint: "new".into(), ..person("1") };
    let outcome = Outcome { person: Some(after.clone()), ..ended(OutcomeKind::Confirmed) };
    store.journal().settle(&[(intent.clone(), outcome)], at(1)).unwrap();

    assert!(store.journal().open_intents(&door()).unwrap().is_empty());
    let found = store.devices().persons(&door()).unwrap();
    assert_eq!(found.persons, list([after, person("2")]));
    assert_eq!(found.confirmed[&id("1")], intent.after);
    assert_eq!(store.devices().confirmed_at(&door(), &id("1")).unwrap(), Some(at(1)));
    let state = store.devices().device_state(&door()).unwrap();
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
    assert_eq!(store.journal().history(&key(club(), 1), 20).unwrap(), [entry]);
}

#[test]
fn every_cause_kind_and_window_survives() {
    let (sandbox, store, run) = started();
    let mut intents = Vec::new();
    for (place, cause) in Cause::ALL.into_iter().enumerate() {
        for kind in [Kind::Grant, Kind::Revocation] {
            let person = format!("{place} {}", kind.as_str());
            let before = (place % 2 == 0).then(year);
            let member = undated(&key(club(), 5));
            intents.push(Intent { cause, before, member, ..intent(run, &person, kind) });
        }
    }
    store.journal().announce(&intents, at(6)).unwrap();
    drop(store);
    // The run died. Whoever opens the file next finds what it had announced.
    let mut found = sandbox.open().journal().open_intents(&door()).unwrap();
    found.sort_by_key(|intent| (intent.cause, intent.kind));
    intents.sort_by_key(|intent| (intent.cause, intent.kind));
    assert_eq!(found, intents);
}

#[test]
fn announced_is_all_or_nothing() {
    let (_sandbox, store, run) = started();
    store.journal().announce(&[intent(run, "2", Kind::Grant)], at(6)).unwrap();
    // One of these is under way already.
    let both = [intent(run, "1", Kind::Grant), intent(run, "2", Kind::Revocation)];
    assert!(store.journal().announce(&both, at(6)).is_err());
    assert_eq!(store.journal().open_intents(&door()).unwrap(), [intent(run, "2", Kind::Grant)]);
}

#[test]
fn settled_is_all_or_nothing() {
    let (_sandbox, store, run) = started();
    let intents = [intent(run, "1", Kind::Grant), intent(run, "2", Kind::Grant)];
    store.journal().announce(&intents, at(6)).unwrap();
    let moved = Record { fingerprint: "new".into(), ..person("1") };
    let outcome = Outcome { person: Some(moved), ..ended(OutcomeKind::Confirmed) };
    // No such run: the second line cannot be written.
    let lost = Intent { run: RunId::new(99).unwrap(), ..intents[1].clone() };
    let outcomes = [(intents[0].clone(), outcome), (lost, ended(OutcomeKind::Confirmed))];
    assert!(store.journal().settle(&outcomes, at(1)).is_err());
    assert_eq!(store.journal().open_intents(&door()).unwrap(), intents);
    assert_eq!(lines(&store), 0);
    let found = store.devices().persons(&door()).unwrap();
    assert_eq!(found.persons, list([person("1"), person("2")]));
    assert!(found.confirmed.is_empty());
    assert_eq!(store.devices().device_state(&door()).unwrap().first_written_at, None);
}

#[test]
fn withdrawn_leaves_no_trace() {
    let (_sandbox, store, run) = started();
    store
        .journal()
        .announce(&[intent(run, "1", Kind::Grant), intent(run, "2", Kind::Grant)], at(6))
        .unwrap();
    store.journal().withdraw(&door(), &id("1")).unwrap();
    assert_eq!(store.journal().open_intents(&door()).unwrap(), [intent(run, "2", Kind::Grant)]);
    assert_eq!(lines(&store), 0);
}

#[test]
fn whatever_did_not_take_makes_the_list_be_read_again() {
    for kind in
        [OutcomeKind::Refused, OutcomeKind::Moved, OutcomeKind::NotApplied, OutcomeKind::Unknown]
    {
        let (_sandbox, store, run) = started();
        let intent = intent(run, "1", Kind::Grant);
        store.journal().announce(std::slice::from_ref(&intent), at(6)).unwrap();
        store.journal().settle(&[(intent, ended(kind))], at(1)).unwrap();
        let state = store.devices().device_state(&door()).unwrap();
        assert!(state.needs_read && state.first_written_at.is_none(), "{kind:?}");
        assert!(store.devices().persons(&door()).unwrap().confirmed.is_empty(), "{kind:?}");
        let history = store.journal().history(&key(club(), 1), 20).unwrap();
        assert_eq!(history[0].outcome, kind.as_str());
        assert_eq!(history[0].error.as_deref(), Some("the answer was lost"));
        assert!(store.journal().open_intents(&door()).unwrap().is_empty());
    }
}

#[test]
fn the_audit_log_is_never_changed() {
    let (_sandbox, store, run) = started();
    store
        .journal()
        .settle(&[(intent(run, "1", Kind::Grant), ended(OutcomeKind::Confirmed))], at(1))
        .unwrap();
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
    assert_eq!(store.journal().history(&key(club(), 1), 20).unwrap()[0].outcome, "confirmed");
}

#[test]
fn history_is_one_member_s_newest_first() {
    let (_sandbox, store, run) = started();
    for minute in 0..5 {
        let outcomes = [(intent(run, "1", Kind::Grant), ended(OutcomeKind::Confirmed))];
        store.journal().settle(&outcomes, at(minute)).unwrap();
    }
    let other = Intent { member: key(club(), 2), ..intent(run, "2", Kind::Grant) };
    store.journal().settle(&[(other, ended(OutcomeKind::Confirmed))], at(9)).unwrap();
    let minutes = |number, limit| -> Vec<i64> {
        let history = store.journal().history(&key(club(), number), limit).unwrap();
        history.iter().map(|entry| (entry.at - at(0)).num_minutes()).collect()
    };
    assert_eq!(minutes(1, 3), [4, 3, 2]);
    assert_eq!(minutes(2, 3), [9]);
    let twin = undated(&key(club(), 1));
    assert!(
        store.journal().history(&twin, 3).unwrap().is_empty(),
        "another birth date is another member"
    );
}

/// Mutants: counting confirmed ones only; counting lines, not persons; no upper bound; without intents.
#[test]
fn every_revocation_of_a_day_that_was_sent_counts_whatever_became_of_it() {
    let (_sandbox, store, run) = started();
    let put = |person: &str, kind, outcome, is_sent, minute| {
        let outcome = Outcome { is_sent, ..ended(outcome) };
        store.journal().settle(&[(intent(run, person, kind), outcome)], at(minute)).unwrap();
    };
    put("too early", Kind::Revocation, OutcomeKind::Confirmed, true, -1);
    put("1", Kind::Revocation, OutcomeKind::Confirmed, true, 0);
    put("2", Kind::Revocation, OutcomeKind::Confirmed, true, 5);
    put("2", Kind::Revocation, OutcomeKind::NotApplied, true, 6);
    put("may have taken", Kind::Revocation, OutcomeKind::Unknown, true, 7);
    put("said no", Kind::Revocation, OutcomeKind::Refused, true, 8);
    put("shows it late", Kind::Revocation, OutcomeKind::NotApplied, true, 8);
    put("never left", Kind::Revocation, OutcomeKind::Refused, false, 8);
    put("moved", Kind::Revocation, OutcomeKind::Moved, false, 8);
    put("held it already", Kind::Revocation, OutcomeKind::Confirmed, false, 8);
    put("granted", Kind::Grant, OutcomeKind::Confirmed, true, 8);
    put("a clock that was ahead", Kind::Revocation, OutcomeKind::Confirmed, true, 60 * 24 * 365);
    let count = |store: &Store, since| {
        store.journal().revocations_since(&door(), at(since), at(9)).unwrap()
    };
    assert_eq!(count(&store, 0), 5, "1, 2, may have taken, said no, shows it late");
    assert_eq!(count(&store, 6), 4);
    assert_eq!(count(&store, 9), 0);
    let other = TargetName::new("back-door").unwrap();
    let elsewhere = store.journal().revocations_since(&other, at(0), at(9)).unwrap();
    assert_eq!(elsewhere, 0, "each device counts its own");
    // A run has died: nobody knows what became of these.
    let open = [
        intent(run, "2", Kind::Revocation),
        intent(run, "open", Kind::Revocation),
        intent(run, "open grant", Kind::Grant),
    ];
    store.journal().announce(&open, at(6)).unwrap();
    assert_eq!(count(&store, 0), 6, "and 2 is one person");
    assert_eq!(count(&store, 9), 2);
}

/// Mutants: a try is not remembered; a confirmed one is; the door that was busy is forgotten.
#[test]
fn whoever_waits_and_was_tried_is_known_by_the_last_try() {
    let (_sandbox, store, run) = started();
    let wait = |person: &str| {
        let intent = intent(run, person, Kind::Grant);
        Waiting {
            device: door(),
            employee_no: intent.employee_no,
            member: intent.member,
            kind: intent.kind,
            opens_door: false,
            after: intent.after,
            budget: None,
            trouble: None,
            since: at(0),
        }
    };
    let waiting = ["1", "2", "3", "4"].map(wait);
    store.pending().keep_waiting(&waiting, true).unwrap();
    for (person, kind, minute) in [
        ("1", OutcomeKind::Confirmed, 1),
        ("2", OutcomeKind::Refused, 2),
        ("2", OutcomeKind::NotApplied, 3),
        ("4", OutcomeKind::Moved, 4),
    ] {
        store
            .journal()
            .settle(&[(intent(run, person, Kind::Grant), ended(kind))], at(minute))
            .unwrap();
    }
    assert_eq!(store.pending().last_tries(&door()).unwrap(), [(id("2"), at(3))].into());
    store.pending().remember_try(&door(), &id("3"), at(5)).unwrap();
    // The next run wants the same again.
    store.pending().keep_waiting(&waiting, true).unwrap();
    let tries = [(id("2"), at(3)), (id("3"), at(5))].into();
    assert_eq!(store.pending().last_tries(&door()).unwrap(), tries);
}

#[test]
fn runs_have_numbers_of_their_own() {
    let (sandbox, store, first) = started();
    let second = store.journal().begin_run("apply", at(1)).unwrap();
    assert!(second > first);
    store
        .journal()
        .end_run(
            first,
            at(2),
            &RunEnd { exit_code: 4, confirmed: 3, failed: 1, ..RunEnd::default() },
        )
        .unwrap();
    drop(store);
    let store = sandbox.open();
    assert!(store.journal().begin_run("sync", at(3)).unwrap() > second, "also after opening again");
    let row: (i64, i64, i64, i64) = store
        .connection
        .query_row("SELECT ended_at, exit_code, confirmed, failed FROM run WHERE id = 1", [], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
        })
        .unwrap();
    assert_eq!(row, (at(2).timestamp(), 4, 3, 1));
}

#[test]
fn the_views_tell_members_doors_and_changes_in_readable_times() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    list_members(&store, &[member(1)]);
    read_door(&store, [person("1")]);
    let run = store.journal().begin_run("sync", at(0)).unwrap();
    let one = intent(run, "1", Kind::Grant);
    store.journal().announce(std::slice::from_ref(&one), at(6)).unwrap();
    store.journal().settle(&[(one, ended(OutcomeKind::Confirmed))], at(1)).unwrap();
    let tells = |columns: &str| -> String {
        let query = format!("SELECT concat_ws(' | ', {columns}");
        store.connection.query_row(&query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(
        tells("number, last_role_ends, substr(roles, 1, 45)) FROM v_member"),
        "1 | 9999-12-31 23:59:59 | 1: 2026-01-01 00:00:00 to 2026-06-30 00:00:00"
    );
    assert_eq!(
        tells("name, read_at_utc, persons, linked) FROM v_door"),
        "front-door | 2026-11-18T11:06:40Z | 1 | 0"
    );
    assert_eq!(
        tells(
            "at_utc, person_name, member_name, kind, before_end, after_end, outcome) FROM v_change"
        ),
        "2026-11-18T11:07:40Z | Žiga 漢 Novak | Žiga O'Novák; DROP TABLE member | grant | \
         2026-12-31 23:59:59 | 2027-12-31 23:59:59 | confirmed"
    );
}
