//! What `sync` and `apply` share: carry out a proven plan and tell what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::Context;
use crate::command::CommandName;
use crate::config::Mode;
use crate::engine::Systems;
use crate::engine::execute::{Execution, TargetResult, execute};
use crate::engine::gather::conversation::{self, WRITING_PATIENCE};
use crate::engine::gather::{Connections, Gathered, remember_login, weigh_devices};
use crate::engine::plan::{Budget, Change, ProvenPlan};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{RunId, TargetName};
use crate::report::{ChangeReport, ChangeState, Report, TargetOutcome, plan_file};
use crate::store::{OutcomeKind, Store, Waiting};
use crate::trouble::{About, BlockedBy, Reviewed, Trouble, TroubleKind};

/// Why a planned change is not written.
pub(super) const NOT_BELIEVED: &str = "the door is not believed, so nothing is written there";

/// A plan on its way to the devices.
#[derive(Debug)]
pub(super) struct CarryOut<'a> {
    pub context: &'a Context,
    pub run: RunId,
    pub proven: &'a ProvenPlan,
    /// Every change to report, pending or blocked.
    pub changes: Vec<Change>,
}

impl CarryOut<'_> {
    /// Carries the plan out on every device that is ready, and completes the report.
    pub(super) fn carry_out(
        self,
        systems: &dyn Systems,
        store: &mut Store,
        (gathered, open): (&Gathered, Connections<'_>),
        report: &mut Report,
    ) -> Result<(), Error> {
        let context = self.context;
        let config = &context.config;
        let store_error = |error| context.store_error(error);
        let mut names: Vec<&TargetName> = Vec::new();
        let (mut ready, mut locks) = (Vec::new(), Vec::new());
        let mut busy: BTreeSet<&TargetName> = BTreeSet::new();
        for ((device, found), open) in config.devices.iter().zip(&gathered.devices).zip(open) {
            let is_ready = found.outcome == TargetOutcome::Ok
                || found.is_backing_off && self.opens_a_door(&device.name);
            let has_work = self.proven.for_device(&device.name).next().is_some()
                || !store.journal().uncommitted(&device.name).map_err(store_error)?.is_empty();
            // Where there is nothing to do no login is tried, and others may talk to the door.
            if !is_ready || !has_work || device.mode == Mode::Observe {
                continue;
            }
            let turn =
                conversation::open(store, device, open.lock, WRITING_PATIENCE, context.clock);
            match turn.map_err(store_error)? {
                Ok(lock) => {
                    names.push(&device.name);
                    ready.push((device, open.reader));
                    locks.push(lock);
                }
                Err((outcome, trouble)) => {
                    report.troubles.push(trouble);
                    set_outcome(report, &device.name, outcome);
                    if outcome == TargetOutcome::Unreachable {
                        busy.insert(&device.name);
                    }
                }
            }
        }
        let shared = Mutex::new(&mut *store);
        let execution = Execution {
            plan: self.proven,
            run: self.run,
            store: &shared,
            clock: context.clock,
            stop: &context.stop,
            progress: context.progress.as_ref(),
        };
        let writing = context.stop.writing();
        let results = execute(systems, &execution, ready).map_err(store_error)?;
        drop(writing);
        let mut results: BTreeMap<&TargetName, TargetResult> =
            names.into_iter().zip(results).collect();

        for (device, found) in config.devices.iter().zip(&gathered.devices) {
            let Some(result) = results.get_mut(&device.name) else { continue };
            if found.is_backing_off {
                // It was asked after all, and what came of that is told instead.
                let about = About::Target(device.name.clone());
                report.troubles.retain(|one| {
                    one.about != about || !matches!(one.kind, TroubleKind::BackingOff { .. })
                });
            }
            remember_login(store, device, result.login, context.clock.now())
                .map_err(store_error)?;
            // That a device is stopped was told while gathering.
            let known: BTreeSet<String> = report.troubles.iter().map(Trouble::topic).collect();
            let news = result.troubles.drain(..).filter(|one| !known.contains(&one.topic()));
            report.troubles.extend(news);
            set_outcome(report, &device.name, result.outcome);
        }
        // What the logins taught is written down: whoever waits may read it now.
        drop(locks);
        report.blocked = plan_file::blocked_id(self.changes.iter().filter(|c| c.needs_approval()));
        for change in self.changes {
            let mut one = what_became(change, &report.devices, &results);
            if busy.contains(&one.change.device) && one.change.blocked.is_none() {
                one.error = Some("another run was talking to the door".to_owned());
            }
            report.changes.push(one);
        }
        keep_waiting(context, store, report)?;
        let stopped = results.values().filter_map(|result| result.stopped);
        report.troubles.extend(stop_trouble(stopped.collect()));
        report.troubles.extend(change_troubles(report));
        weigh_devices(&report.devices, &mut report.troubles);
        Ok(())
    }

    /// Whether somebody stands outside there: a device that is left alone for a while because it
    /// failed is tried all the same.
    fn opens_a_door(&self, device: &TargetName) -> bool {
        self.proven.for_device(device).any(|change| change.opens_door)
    }
}

/// Remembers why what was not done was not done, for `status`.
fn keep_waiting(context: &Context, store: &mut Store, report: &Report) -> Result<(), Error> {
    let now = context.clock.began();
    let open = report.changes.iter().filter(|one| {
        !one.state.is_confirmed() && one.error.is_some() && context.writes_to(&one.change.device)
    });
    let waiting: Vec<Waiting> =
        open.map(|one| Waiting::of(&one.change, one.error.clone(), now)).collect();
    store.pending().keep_waiting(&waiting, false).map_err(|error| context.store_error(error))
}

fn set_outcome(report: &mut Report, device: &TargetName, outcome: TargetOutcome) {
    if let Some(line) = report.devices.iter_mut().find(|line| line.name == *device) {
        line.outcome = outcome;
    }
}

fn what_became(
    change: Change,
    devices: &[crate::report::TargetReport],
    results: &BTreeMap<&TargetName, TargetResult>,
) -> ChangeReport {
    if change.blocked.is_some() {
        let state = ChangeState::before_it_is_tried(&change);
        return ChangeReport { change, state, error: None };
    }
    let tried = results.get(&change.device).and_then(|r| r.changes.get(&change.employee_no));
    if let Some((state, error)) = tried {
        return ChangeReport { change, state: *state, error: error.clone() };
    }
    let outcome = devices.iter().find(|line| line.name == change.device).map(|line| line.outcome);
    let error = match outcome {
        Some(TargetOutcome::Unreachable) => Some("the door gave no usable answer"),
        Some(TargetOutcome::LoginRefused) => Some("the door refused the login"),
        Some(TargetOutcome::ClockWrong) => Some("the door's clock is wrong"),
        Some(TargetOutcome::NotBelieved) => Some(NOT_BELIEVED),
        Some(TargetOutcome::Ok) => Some("not reached in this run"),
        Some(TargetOutcome::Observed) | None => None,
    };
    ChangeReport { change, state: ChangeState::Planned, error: error.map(str::to_owned) }
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
                    found(TroubleKind::Blocked {
                        persons,
                        by: blocked_by(budget),
                        plan: plan.clone(),
                    });
                }
            }
        }
    }
    troubles
}

fn blocked_by(budget: Budget) -> BlockedBy {
    match budget {
        Budget::RevokePerTick => BlockedBy::RevokedPerRun(budget.as_str()),
        Budget::RevokePerDay => BlockedBy::RevokedPerDay(budget.as_str()),
        Budget::GrantPerTick => BlockedBy::OpenedPerRun(budget.as_str()),
        Budget::LastPerson => BlockedBy::LastPerson,
        Budget::Released => BlockedBy::Released,
        Budget::RolesChanged => BlockedBy::RolesChanged,
        Budget::SecondLook => BlockedBy::SecondLook,
    }
}
