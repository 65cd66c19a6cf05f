//! What a tick may claim to have seen.

use super::*;
use crate::command::CommandName;
use crate::engine::plan::{Loss, Reason};
use crate::model::testing::TIMES;
use crate::model::testing::{holder, zone};
use crate::model::{HolderId, RecordId, SourceName, Window, parse_time};
use crate::trouble::{BlockedBy, Failed};

const NAME: &str = "gym";

fn name() -> TargetName {
    TargetName::new(NAME).unwrap()
}

/// A tick in which everything was asked for and everybody is well.
fn good() -> Report {
    let mut report = Report::new(CommandName::Sync, None);
    report.sources.push(SourceReport {
        name: SourceName::new(NAME).unwrap(),
        system: "Cardskipper",
        is_complete: true,
        members: 5,
        accepted: true,
        reason: None,
    });
    report.devices.push(TargetReport { name: name(), persons: 5, outcome: TargetOutcome::Ok });
    report
}

fn failed() -> Failed {
    Failed { text: "it happened".to_owned(), hint: None }
}

/// The door is called as the club is, so that nothing is told apart by a name.
fn door(kind: TroubleKind) -> Trouble {
    Trouble::of_target(&name(), kind)
}

fn club(kind: TroubleKind) -> Trouble {
    Trouble::of_source(&SourceName::new(NAME).unwrap(), kind)
}

fn stopped() -> TroubleKind {
    TroubleKind::ChangedUnasked { text: "a card".to_owned(), persons: 5 }
}

fn clock() -> TroubleKind {
    let [stated, expected] = ["UTC+8", "UTC+1"].map(str::to_owned);
    TroubleKind::ClockZone { stated, expected, zone: zone("Europe/Ljubljana") }
}

fn blocked_by_hand() -> TroubleKind {
    let organisation = SourceName::unconfigured("cardskipper:123");
    TroubleKind::OrganisationLeft { organisation, members: 3, persons: 5 }
}

fn unread() -> TroubleKind {
    TroubleKind::LinkFileUnread { may_be_right: false, failed: failed() }
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
    let observations = of_report(&[PathBuf::from("/club/persons.csv")], report).unwrap();
    let named = |wanted: fn(&TopicState) -> bool| {
        let found = observations.iter().filter(|observation| wanted(&observation.state));
        found.map(|observation| observation.topic.to_string()).collect()
    };
    let bad = named(|state| matches!(state, TopicState::Bad(_)));
    (bad, named(|state| *state == TopicState::Unknown))
}

#[test]
fn only_what_was_looked_at_is_well() {
    let plan = [
        "door gym stopped",
        "door gym clock-wrong",
        "door gym writes",
        "door gym blocked",
        "door gym lost",
    ];
    let list = "source gym list-refused";
    let file = About::LinkFile("/club/persons.csv".to_owned());
    let applied = |count| door(TroubleKind::NotApplied { count, is_tried_again: true });
    let cases: Vec<(Report, Vec<&str>, Vec<&str>)> = vec![
        (good(), vec![], vec![]),
        (
            with(TargetOutcome::Unreachable, vec![door(TroubleKind::Unreachable(failed()))]),
            vec!["door gym unreachable"],
            [
                &["door gym login-refused", "door gym right-missing", "door gym not-believed"][..],
                &plan,
            ]
            .concat(),
        ),
        (
            with(TargetOutcome::Unreachable, vec![door(TroubleKind::Busy(None)), applied(1)]),
            vec!["door gym unreachable"],
            [
                &["door gym login-refused", "door gym right-missing", "door gym not-believed"][..],
                &plan,
            ]
            .concat(),
        ),
        (
            with(TargetOutcome::LoginRefused, vec![door(TroubleKind::LoginRefused(failed()))]),
            vec!["door gym login-refused"],
            [&["door gym right-missing", "door gym not-believed"][..], &plan].concat(),
        ),
        (
            with(TargetOutcome::RightMissing, vec![door(TroubleKind::RightMissing(failed()))]),
            vec!["door gym right-missing"],
            [&["door gym not-believed"][..], &plan].concat(),
        ),
        (
            with(TargetOutcome::NotBelieved, vec![door(TroubleKind::Twin("twin".to_owned()))]),
            vec!["door gym not-believed"],
            plan.into(),
        ),
        (
            with(TargetOutcome::NotBelieved, vec![door(stopped())]),
            vec!["door gym stopped"],
            plan[1..].into(),
        ),
        (
            with(TargetOutcome::ClockWrong, vec![door(clock()), applied(2)]),
            vec!["door gym clock-wrong"],
            plan[2..].into(),
        ),
        (with(TargetOutcome::Ok, vec![applied(1)]), vec!["door gym writes"], plan[3..].into()),
        (
            with(TargetOutcome::Ok, vec![door(blocked_by_hand())]),
            vec!["door gym blocked"],
            vec![plan[4]],
        ),
        // A warning is no alarm.
        (with(TargetOutcome::Ok, vec![door(TroubleKind::UnclearDates(1))]), vec![], vec![]),
        (
            with(TargetOutcome::Ok, vec![Trouble::new(About::Run, TroubleKind::TimeLimit)]),
            vec!["time-limit"],
            plan.into(),
        ),
        (
            with(TargetOutcome::Ok, vec![Trouble::new(file, unread())]),
            vec!["file /club/persons.csv"],
            vec![],
        ),
        (
            unheard(vec![club(TroubleKind::Unreachable(failed()))]),
            vec!["source gym unreachable"],
            [&["source gym login-refused", list][..], &plan, &["own-clock"]].concat(),
        ),
        (
            unheard(vec![club(TroubleKind::LoginRefused(failed()))]),
            vec!["source gym login-refused"],
            [&[list][..], &plan, &["own-clock"]].concat(),
        ),
        (
            unheard(vec![club(TroubleKind::ListRefused("empty", failed()))]),
            vec![list],
            [&plan[..], &["own-clock"]].concat(),
        ),
        (
            unheard(vec![club(TroubleKind::OwnClock("it is late".to_owned()))]),
            vec!["own-clock"],
            [&[list][..], &plan].concat(),
        ),
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
            served: Window::new(parse_time("2026-01-01T00:00:00").unwrap(), TIMES.latest).unwrap(),
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

/// Mutant: whatever waits for somebody is approved by the id of a plan.
#[test]
fn each_thing_that_waits_has_its_own_way_out() {
    let told = |report: &Report| {
        let found = by_topic(report);
        blocked(report, &found[&Topic::Door(name(), DoorTrouble::Blocked)]).unwrap()
    };
    let mut report = with(TargetOutcome::Ok, vec![door(blocked_by_hand())]);
    assert_eq!(told(&report).commands, ["ivms-sync sync --accept-device gym=5"]);
    report.blocked = Some("0a1b2c3d".to_owned());
    report.troubles.push(door(TroubleKind::Blocked {
        persons: 2,
        by: BlockedBy::LastPerson,
        plan: "0a1b2c3d".to_owned(),
    }));
    assert_eq!(told(&report).commands, ["ivms-sync diff", "ivms-sync apply --blocked 0a1b2c3d"]);
}

#[test]
fn a_run_that_looked_at_less_saw_nothing() {
    let mut limited = good();
    limited.is_limited = true;
    assert_eq!(of_report(&[], &limited), None);
    for exit in [Exit::Interrupted, Exit::Terminated] {
        assert_eq!(
            of_report(
                &[],
                &with(
                    TargetOutcome::Ok,
                    vec![Trouble::new(About::Run, TroubleKind::Interrupted(exit))]
                )
            ),
            None
        );
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
