//! Tests of reports: the JSON document, the text, and hostile names in both.

mod document;
mod history;
mod hostile;
mod looks;
mod lookup;
mod text;

use super::*;
use crate::engine::plan::tests::world::{FRONT, World, employee, window};
use crate::model::{Limit, LinkRule, SourceName};
use crate::store::OutcomeKind;
use crate::trouble::{About, Failed, TroubleKind};

/// A report of a plan on one door that answered, before anything was tried.
fn report(command: CommandName, world: &World) -> Report {
    let plan = world.plan();
    let mut report = Report::new(command, None);
    report.devices = world
        .facts
        .devices
        .iter()
        .map(|device| TargetReport {
            name: device.name.clone(),
            persons: device.persons.len(),
            outcome: TargetOutcome::Ok,
        })
        .collect();
    report.take_plan(&plan);
    report.take_planned(plan.changes);
    report
}

/// The change of a person becomes this.
fn became(report: &mut Report, person: &str, state: ChangeState, error: Option<&str>) {
    let one = report.changes.iter_mut().find(|one| one.change.employee_no == employee(person));
    let one = one.unwrap();
    one.state = state;
    one.error = error.map(str::to_owned);
}

/// Six renewals and a revocation, and every way they can end.
fn every_outcome() -> Report {
    let world = ["1", "2", "3", "4", "5", "6"]
        .iter()
        .fold(World::agreeing(9), |world, n| world.renewed(&format!("15000{n}")))
        .inactive("150007");
    let mut report = report(CommandName::Sync, &world);
    report.run = RunId::new(17).ok();
    let tried = ChangeState::Tried;
    became(&mut report, "1", tried(OutcomeKind::Confirmed), None);
    became(&mut report, "2", tried(OutcomeKind::Refused), Some("it said no"));
    became(&mut report, "3", tried(OutcomeKind::Moved), Some("the person moved"));
    became(&mut report, "4", tried(OutcomeKind::NotApplied), Some("it holds another window"));
    became(&mut report, "5", tried(OutcomeKind::Unknown), Some("the answer was lost"));
    became(&mut report, "6", ChangeState::Planned, Some("not reached in this run"));
    became(&mut report, "7", ChangeState::Blocked, None);
    report.blocked = Some("0a1b2c3d".into());
    report
}

#[test]
fn the_worst_trouble_decides_the_exit() {
    let failed = || Failed { text: String::new(), hint: None };
    let trouble = |exit| Trouble::new(About::Run, TroubleKind::BrokeOff(exit, failed()));
    for (found, want) in [
        (&[][..], Exit::InStep),
        (&[Exit::InStep], Exit::InStep),
        (&[Exit::TimeLimit, Exit::Temporary], Exit::Temporary),
        (&[Exit::Temporary, Exit::PartFailed], Exit::PartFailed),
        (&[Exit::PartFailed, Exit::LockHeld], Exit::LockHeld),
        (&[Exit::LockHeld, Exit::Refused], Exit::Refused),
        (&[Exit::Refused, Exit::Fatal], Exit::Fatal),
        (&[Exit::Fatal, Exit::Login], Exit::Login),
        (&[Exit::StalePlan, Exit::PartFailed], Exit::StalePlan),
        (&[Exit::ChangesPending, Exit::TimeLimit], Exit::TimeLimit),
        (&[Exit::Login, Exit::Terminated], Exit::Terminated),
        (&[Exit::Refused, Exit::InStep, Exit::Temporary], Exit::Refused),
    ] {
        for turned in [false, true] {
            let mut report = Report::new(CommandName::Sync, None);
            report.troubles = found.iter().copied().map(trouble).collect();
            if turned {
                report.troubles.reverse();
            }
            assert_eq!(report.exit(), want, "{found:?}");
        }
    }
}

/// Mutants: an organisation that is configured counts; time that is over counts; an accepted door still tells.
#[test]
fn members_of_an_organisation_that_left_the_configuration_are_told() {
    let told = |world: World| {
        let troubles = attention::left_organisations(&world.facts);
        troubles
            .into_iter()
            .map(|one| (one.exit(), one.about.to_string(), one.text()))
            .collect::<Vec<_>>()
    };
    let gone = |mut world: World| {
        world.facts.sources.clear();
        world
    };
    assert_eq!(told(World::agreeing(3).served()), []);
    assert_eq!(told(gone(World::agreeing(3))), [], "nobody was served");
    let text = "3 members of organisation club served until now, and no section of the configuration has \
                that organisation: nothing is done for them";
    let want = (Exit::Refused, FRONT.to_owned(), text.to_owned());
    assert_eq!(told(gone(World::agreeing(3).served())), [want]);
    assert_eq!(told(gone(World::agreeing(3).served()).at("2027-01-02T00:00:00Z")), []);
    let accepted = gone(World::agreeing(3).served()).on(FRONT, |device| device.is_accepted = true);
    assert_eq!(told(accepted), []);
}
