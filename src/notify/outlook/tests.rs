//! What a tick may claim to have seen.

use super::*;
use crate::engine::plan::{Loss, Reason};
use crate::model::testing::holder;
use crate::model::{HolderId, LATEST_END, RecordId, SourceName, Window, parse_time};

fn name() -> TargetName {
    TargetName::new("front-door").unwrap()
}

/// A tick in which everything was asked for and everybody is well.
fn good() -> Report {
    let mut report = Report::new("sync", None);
    report.sources.push(SourceReport {
        name: SourceName::new("club").unwrap(),
        is_complete: true,
        members: 5,
        accepted: true,
        reason: None,
    });
    report.devices.push(TargetReport { name: name(), persons: 5, outcome: TargetOutcome::Ok });
    report
}

fn trouble(exit: Exit, about: &str) -> Trouble {
    Trouble { exit, about: about.to_owned(), text: "it happened".to_owned(), hint: None }
}

fn with(outcome: TargetOutcome, troubles: Vec<Trouble>) -> Report {
    let mut report = good();
    report.devices[0].outcome = outcome;
    report.troubles = troubles;
    report
}

/// A source that was not heard, or not believed.
fn unheard(troubles: Vec<Trouble>) -> Report {
    let mut report = good();
    report.sources[0].accepted = false;
    report.troubles = troubles;
    report
}

/// What is there, and what nobody can tell, by name.
fn seen(report: &Report) -> (Vec<String>, Vec<String>) {
    let sights = of_report(&[PathBuf::from("/club/persons.csv")], report).unwrap();
    let named = |wanted: fn(&Standing) -> bool| {
        let found = sights.iter().filter(|sight| wanted(&sight.standing));
        found.map(|sight| sight.topic.to_string()).collect()
    };
    let bad = named(|standing| matches!(standing, Standing::Bad(_)));
    (bad, named(|standing| *standing == Standing::Unseen))
}

#[test]
fn only_what_was_looked_at_is_well() {
    let plan = [
        "door front-door clock",
        "door front-door writes",
        "door front-door blocked",
        "door front-door lost",
    ];
    let list = "source club list";
    let cases: Vec<(Report, Vec<&str>, Vec<&str>)> = vec![
        (good(), vec![], vec![]),
        (
            with(TargetOutcome::Unreachable, vec![trouble(Exit::PartFailed, "front-door")]),
            vec!["door front-door away"],
            [&["door front-door login", "door front-door doubt"][..], &plan].concat(),
        ),
        (
            with(TargetOutcome::Unreachable, vec![trouble(Exit::Temporary, "front-door")]),
            vec!["door front-door away"],
            [&["door front-door login", "door front-door doubt"][..], &plan].concat(),
        ),
        (
            with(TargetOutcome::LoginRefused, vec![trouble(Exit::Login, "front-door")]),
            vec!["door front-door login"],
            [&["door front-door doubt"][..], &plan].concat(),
        ),
        (
            with(TargetOutcome::NotBelieved, vec![trouble(Exit::Refused, "front-door")]),
            vec!["door front-door doubt"],
            plan.into(),
        ),
        (
            with(TargetOutcome::ClockWrong, vec![trouble(Exit::PartFailed, "front-door")]),
            vec!["door front-door clock"],
            plan[1..].into(),
        ),
        (
            with(TargetOutcome::Ok, vec![trouble(Exit::PartFailed, "front-door")]),
            vec!["door front-door writes"],
            plan[2..].into(),
        ),
        (
            with(TargetOutcome::Ok, vec![trouble(Exit::Refused, "front-door")]),
            vec!["door front-door blocked"],
            vec![plan[3]],
        ),
        // A warning is no alarm.
        (with(TargetOutcome::Ok, vec![trouble(Exit::InStep, "front-door")]), vec![], vec![]),
        (
            with(TargetOutcome::Ok, vec![trouble(Exit::TimeLimit, "this run")]),
            vec!["time-limit"],
            plan.into(),
        ),
        (
            with(TargetOutcome::Ok, vec![trouble(Exit::Temporary, "/club/persons.csv")]),
            vec!["file /club/persons.csv"],
            vec![],
        ),
        (
            unheard(vec![trouble(Exit::Temporary, "club")]),
            vec!["source club away"],
            [&["source club login", list][..], &plan, &["clock"]].concat(),
        ),
        (
            unheard(vec![trouble(Exit::Login, "club")]),
            vec!["source club login"],
            [&[list][..], &plan, &["clock"]].concat(),
        ),
        (
            unheard(vec![trouble(Exit::Refused, "club")]),
            vec![list],
            [&plan[..], &["clock"]].concat(),
        ),
        (unheard(vec![trouble(Exit::Fatal, "club")]), vec!["clock"], [&[list][..], &plan].concat()),
    ];
    for (report, bad, unseen) in cases {
        let want = (
            bad.into_iter().map(str::to_owned).collect::<Vec<_>>(),
            unseen.into_iter().map(str::to_owned).collect::<Vec<_>>(),
        );
        assert_eq!(seen(&report), want, "{:?}", report.troubles);
    }
    let mut changes_only = good();
    changes_only.sources[0].is_complete = false;
    assert_eq!(seen(&changes_only), (vec![], vec![list.to_owned()]));
}

/// Mutant: who is left out with many others, of whom the source is told, is told of once more by the door.
#[test]
fn who_is_lost_with_many_others_is_told_of_once() {
    let mut report = good();
    let source = report.sources[0].name.clone();
    for (number, is_one_of_many) in [(150_001, true), (150_002, false)] {
        report.losses.push(Loss {
            reason: Reason::NoDoorRole,
            source: source.clone(),
            member: holder(&format!("{number}")),
            device: name(),
            employee_no: RecordId::new("1004").unwrap(),
            kind: LossKind::OpenWithoutReason,
            served: Window::new(parse_time("2026-01-01T00:00:00").unwrap(), LATEST_END).unwrap(),
            detail: None,
            other_roles: BTreeSet::new(),
            is_asked_for: true,
            is_one_of_many,
        });
    }
    let waiting = lost(&report, &name()).unwrap().waiting;
    assert_eq!(waiting, ["The door still opens, rightly or not, for member 150002."]);
    report.losses.pop();
    assert_eq!(seen(&report).0, Vec::<String>::new());
}

#[test]
fn a_run_that_looked_at_less_saw_nothing() {
    let mut limited = good();
    limited.is_limited = true;
    assert_eq!(of_report(&[], &limited), None);
    for exit in [Exit::Interrupted, Exit::Terminated] {
        assert_eq!(of_report(&[], &with(TargetOutcome::Ok, vec![trouble(exit, "this run")])), None);
    }
}

#[test]
fn many_numbers_are_counted() {
    let all: Vec<HolderId> = (1..=13).map(|number| holder(&format!("{number}"))).collect();
    let few: BTreeSet<&HolderId> = all.iter().take(10).collect();
    assert_eq!(numbers(&few), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10");
    let many: BTreeSet<&HolderId> = all.iter().collect();
    assert_eq!(numbers(&many), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, and 3 more");
}
