//! What became of each change, and what that means for the run. Pure.

use std::collections::BTreeSet;

use super::{ChangeReport, ChangeState, Report, TargetOutcome, TargetReport, plan_file};
use crate::command::CommandName;
use crate::engine::carry_out::CarriedOut;
use crate::engine::gather::weigh_devices;
use crate::engine::plan::{Budget, Change, Overtaken, Rule};
use crate::exit::Exit;
use crate::model::TargetName;
use crate::store::OutcomeKind;
use crate::trouble::{About, Reviewed, Trouble, TroubleKind};

/// Why a planned change is not written.
const NOT_BELIEVED: &str = "the door is not believed, so nothing is written there";

impl Report {
    /// Takes the changes of a plan that nobody carries out.
    pub fn take_planned(&mut self, changes: Vec<Change>) {
        let stopped: BTreeSet<TargetName> = self
            .devices
            .iter()
            .filter(|line| line.outcome == TargetOutcome::NotBelieved)
            .map(|line| line.name.clone())
            .collect();
        let planned = changes.into_iter().map(|change| {
            let state = ChangeState::before_it_is_tried(&change);
            let error = stopped.contains(&change.device).then(|| NOT_BELIEVED.to_owned());
            ChangeReport { change, state, error }
        });
        self.changes = planned.collect();
        weigh_devices(&self.devices, &mut self.troubles);
    }

    /// Takes the changes of a plan, pending or blocked, with what became of them.
    pub fn take_carried_out(&mut self, changes: Vec<Change>, mut done: CarriedOut) {
        for (device, result) in &mut done.results {
            // It was asked after all, and what came of that is said instead.
            let about = About::Target(device.clone());
            self.troubles.retain(|one| {
                one.about != about || !matches!(one.kind, TroubleKind::BackingOff { .. })
            });
            // That a device is stopped was said while gathering.
            let known: BTreeSet<String> = self.troubles.iter().map(Trouble::topic).collect();
            let news = result.troubles.drain(..).filter(|one| !known.contains(&one.topic()));
            self.troubles.extend(news);
            set_outcome(self, device, result.outcome);
        }
        let mut busy = BTreeSet::new();
        for (device, (outcome, trouble)) in done.left_alone {
            self.troubles.push(trouble);
            set_outcome(self, &device, outcome);
            if outcome == TargetOutcome::Unreachable {
                busy.insert(device);
            }
        }
        self.blocked = plan_file::blocked_id(changes.iter().filter(|c| c.needs_approval()));
        for change in changes {
            let result = done.results.get_mut(&change.device);
            let tried = result.and_then(|result| result.changes.remove(&change.employee_no));
            let is_busy = busy.contains(&change.device) && change.blocked.is_none();
            let (state, error) = match tried {
                Some(tried) if change.blocked.is_none() => tried,
                _ if is_busy => {
                    (ChangeState::Planned, Some("another run was talking to the door".to_owned()))
                }
                _ => (ChangeState::before_it_is_tried(&change), self.why_not_tried(&change)),
            };
            self.changes.push(ChangeReport { change, state, error });
        }
        let stopped = done.results.values().filter_map(|result| result.stopped);
        self.troubles.extend(stop_trouble(stopped.collect()));
        let found = change_troubles(self);
        self.troubles.extend(found);
        weigh_devices(&self.devices, &mut self.troubles);
    }

    fn why_not_tried(&self, change: &Change) -> Option<String> {
        if change.blocked.is_some() {
            return None;
        }
        let line = self.devices.iter().find(|line| line.name == change.device)?;
        let why = match line.outcome {
            TargetOutcome::Unreachable => "the door gave no usable answer",
            TargetOutcome::LoginRefused => "the door refused the login",
            TargetOutcome::RightMissing => "a right is missing for it",
            TargetOutcome::ClockWrong => "the door's clock is wrong",
            TargetOutcome::NotBelieved => NOT_BELIEVED,
            TargetOutcome::Ok => "not reached in this run",
            TargetOutcome::Observed => return None,
        };
        Some(why.to_owned())
    }

    /// Adds changes that a reviewed plan holds and that later news forbid, in their places.
    pub fn take_overtaken(&mut self, overtaken: Overtaken) {
        for (change, rule) in overtaken {
            let person = &change.employee_no;
            let (rule, error) = match rule {
                Rule::NoLockOut => (None, "paid for, as is known now".to_owned()),
                rule => (Some(rule.to_string()), rule.to_string()),
            };
            let kind = TroubleKind::Overtaken(person.clone(), rule);
            self.troubles.push(Trouble::of_target(&change.device, kind));
            self.changes.push(ChangeReport {
                change,
                state: ChangeState::Tried(OutcomeKind::Moved),
                error: Some(error),
            });
        }
        self.changes.sort_by(|a, b| {
            let place = |one: &ChangeReport| {
                (one.change.device.clone(), one.change.kind, one.change.employee_no.clone())
            };
            place(a).cmp(&place(b))
        });
    }
}

/// That a door is not believed stays, however well it answers.
fn set_outcome(report: &mut Report, device: &TargetName, outcome: TargetOutcome) {
    let mut lines = report.devices.iter_mut().filter(|line| line.name == *device);
    let is_doubted = |line: &TargetReport| line.outcome == TargetOutcome::NotBelieved;
    if let Some(line) = lines.find(|line| outcome != TargetOutcome::Ok || !is_doubted(line)) {
        line.outcome = outcome;
    }
}

fn stop_trouble(stopped: Vec<Exit>) -> Option<Trouble> {
    if stopped.is_empty() {
        return None;
    }
    let kind = match Exit::of_all(stopped) {
        Exit::TimeLimit => TroubleKind::TimeLimit,
        exit => TroubleKind::Interrupted(exit),
    };
    Some(Trouble::new(About::Run, kind))
}

/// What the outcomes of single changes mean for the run.
fn change_troubles(report: &Report) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for device in &report.devices {
        let count = |wanted: &dyn Fn(&ChangeReport) -> bool| {
            let mine = report.changes.iter().filter(|one| one.change.device == device.name);
            mine.filter(|one| wanted(one)).count()
        };
        let mut found = |kind| troubles.push(Trouble::of_target(&device.name, kind));
        let moved = count(&|one| one.state == ChangeState::Tried(OutcomeKind::Moved));
        if moved > 0 {
            let reviewed =
                if report.command == CommandName::Apply { Reviewed::Yes } else { Reviewed::No };
            found(TroubleKind::Moved(moved, reviewed));
        }
        let failed = count(&|one| {
            matches!(one.state, ChangeState::Tried(outcome)
                if outcome != OutcomeKind::Confirmed && outcome != OutcomeKind::Moved)
        });
        if failed > 0 {
            // A door that is not believed has said itself what is to be done.
            let is_tried_again = device.outcome != TargetOutcome::NotBelieved;
            found(TroubleKind::NotApplied { count: failed, is_tried_again });
        }
        if let Some(plan) = &report.blocked {
            for budget in Budget::ALL.into_iter().filter(|budget| budget.needs_approval()) {
                let persons = count(&|one| one.change.blocked == Some(budget));
                if persons > 0 {
                    found(TroubleKind::Blocked { persons, by: budget.into(), plan: plan.clone() });
                }
            }
        }
    }
    troubles
}
