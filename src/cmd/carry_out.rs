//! What `sync` and `apply` share: carry out a proven plan and tell what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::Context;
use crate::config::Mode;
use crate::engine::execute::{Execution, TargetResult, execute};
use crate::engine::gather::conversation::{self, WRITING_PATIENCE};
use crate::engine::gather::{Connections, Gathered, remember_login, weigh_devices};
use crate::engine::plan::{Budget, Change, ProvenPlan};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{RunId, TargetName};
use crate::ports::Outside;
use crate::report::{ChangeReport, ChangeState, Report, TargetOutcome, Trouble, plan_file};
use crate::store::{OutcomeKind, Store, Waiting};
use crate::text::lists::many;

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
    pub(super) fn carry_out<O: Outside>(
        self,
        outside: &O,
        store: &mut Store,
        (gathered, open): (&Gathered, Connections<O>),
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
            let has_work = self.proven.for_device(&device.name).next().is_some();
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
        let results = execute(outside, &execution, ready).map_err(store_error)?;
        drop(writing);
        let mut results: BTreeMap<&TargetName, TargetResult> =
            names.into_iter().zip(results).collect();

        for (device, found) in config.devices.iter().zip(&gathered.devices) {
            let Some(result) = results.get_mut(&device.name) else { continue };
            if found.is_backing_off {
                // It was asked after all, and what came of that is told instead.
                report.troubles.retain(|trouble| Some(trouble) != found.trouble.as_ref());
            }
            remember_login(store, device, result.login, context.clock.now())
                .map_err(store_error)?;
            // That a device is stopped was told while gathering.
            let told = &report.troubles;
            let news: Vec<Trouble> =
                result.troubles.drain(..).filter(|trouble| !told.contains(trouble)).collect();
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
    store.keep_waiting(&waiting, false).map_err(|error| context.store_error(error))
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
    let exit = Exit::of_all(stopped);
    let text = match exit {
        Exit::TimeLimit => "the time limit was reached; the rest follows in the next run",
        _ => {
            "interrupted; the change that was being made is complete, and the rest follows in the next run"
        }
    };
    Some(Trouble { exit, about: "this run".to_owned(), text: text.to_owned(), hint: None })
}

/// What the outcomes of single changes mean for the run.
fn change_troubles(report: &Report) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for device in &report.devices {
        let count = |wanted: &dyn Fn(&ChangeReport) -> bool| {
            let mine = report.changes.iter().filter(|one| one.change.device == device.name);
            mine.filter(|one| wanted(one)).count()
        };
        let about = device.name.to_string();
        let moved = count(&|one| one.state == ChangeState::Tried(OutcomeKind::Moved));
        if moved > 0 {
            let is_apply = report.command == "apply";
            let was = if moved == 1 { "was" } else { "were" };
            troubles.push(Trouble {
                exit: if is_apply { Exit::StalePlan } else { Exit::PartFailed },
                about: about.clone(),
                text: format!(
                    "{} {was} refused, because somebody changed the person on the door meanwhile",
                    many(moved, "change")
                ),
                hint: is_apply.then(|| {
                    "make a new plan with `ivms-sync diff --out PLAN` and look at it again"
                        .to_owned()
                }),
            });
        }
        let failed = count(&|one| {
            matches!(one.state, ChangeState::Tried(outcome)
                if outcome != OutcomeKind::Confirmed && outcome != OutcomeKind::Moved)
        });
        if failed > 0 {
            troubles.push(Trouble {
                exit: Exit::PartFailed,
                about: about.clone(),
                text: format!("{} did not take effect", many(failed, "change")),
                // A door that is not believed has said itself what is to be done.
                hint: (device.outcome != TargetOutcome::NotBelieved)
                    .then(|| "the next run tries again".to_owned()),
            });
        }
        if let Some(id) = &report.blocked {
            for budget in Budget::ALL.into_iter().filter(|budget| budget.needs_approval()) {
                let blocked = count(&|one| one.change.blocked == Some(budget));
                if blocked > 0 {
                    troubles.push(over_budget(&about, budget, blocked, id));
                }
            }
        }
    }
    troubles
}

fn over_budget(device: &str, budget: Budget, blocked: usize, id: &str) -> Trouble {
    let persons = many(blocked, "person");
    let what = match budget {
        Budget::RevokePerTick => format!("{persons} would lose access, or some of it, in one run"),
        Budget::RevokePerDay => format!("{persons} more would lose access, or some of it, today"),
        Budget::GrantPerTick => format!("a closed door would open for {persons} in one run"),
        Budget::LastPerson | Budget::Released | Budget::RolesChanged | Budget::SecondLook => {
            format!("{persons} would lose access, or some of it")
        }
    };
    let limit = match budget {
        Budget::LastPerson => "and no linked person could open the door any more".to_owned(),
        Budget::Released => "written to before and linked to nobody now".to_owned(),
        Budget::RolesChanged => "because `roles` in the configuration have changed".to_owned(),
        Budget::SecondLook => "on the word of one listing alone".to_owned(),
        _ => format!("more than {} allows", budget.as_str()),
    };
    Trouble {
        exit: Exit::Refused,
        about: device.to_owned(),
        text: format!("{what}, {limit}; none of that was written (blocked plan {id})"),
        hint: Some(format!(
            "look at it with `ivms-sync diff`; if it is right: ivms-sync apply --blocked {id}"
        )),
    }
}
