//! One run over all gates: what is due is read, planned, proven, and carried out where it is to be.
//!
//! Each gate that is due has a thread of its own from its lock to its last row, so that none waits for another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::carry_out::{Done, Work, carry_out};
use super::cars::Cars;
use super::contact::{Asked, Read, contact, judge};
use super::due::{is_due, outside, sources, today};
use super::identity::{formers, twin};
use super::plan::{GateFacts, GatePlan, plan};
use super::proof::{ProvenRows, RowCounterexample, prove};
use super::reviewed::ReviewedGates;
use super::told::{GateSeen, as_kept, repeated, seen, stopped};
use crate::clock::Clock;
use crate::config::{Config, GateConfig};
use crate::engine::gather::conversation::{self, WRITING_PATIENCE};
use crate::engine::gather::devices::{failure, held_back, left_alone, to_remember};
use crate::engine::gather::{LoginResult, remember_login};
use crate::engine::rights::Known;
use crate::engine::{Systems, TargetOutcome, side_by_side};
use crate::model::{GateRow, OwnRow, PlateRules, RunId, TargetName};
use crate::ports::Gate;
use crate::stop::{Stop, Writing};
use crate::store::lock::TargetLock;
use crate::store::{GateKept, Store, StoreError};
use crate::trouble::{Failed, RowTrouble, Trouble, TroubleKind};

/// Budgets per day look back this far.
const BUDGET_DAY: TimeDelta = TimeDelta::hours(24);

/// How to go about it.
pub struct GateRun<'a> {
    pub config: &'a Config,
    pub systems: &'a dyn Systems,
    pub clock: Clock,
    pub stop: &'a Stop,
    /// The run that carries out what follows; nothing where nothing is to be written.
    pub run: Option<RunId>,
    /// Ask every gate, whatever is due.
    pub is_full: bool,
    /// Try a login although it was refused before: a person asks for it.
    pub tries_logins: bool,
    /// How many rows a gate may hold although it is not believed: `--accept-device`.
    pub accepted: &'a BTreeMap<TargetName, usize>,
    /// The blocked plan that somebody has approved.
    pub approved: Option<&'a str>,
    /// The changes that somebody has reviewed: these, and nothing else.
    pub reviewed: Option<&'a ReviewedGates>,
}

/// The cars of every gate.
pub type AllCars = BTreeMap<TargetName, Cars>;

/// What is known of the cars of every gate of a configuration.
///
/// # Errors
/// [`StoreError`].
pub fn all_cars(config: &Config, store: &Store, now: DateTime<Utc>) -> Result<AllCars, StoreError> {
    let each = config
        .gates
        .iter()
        .map(|gate| Ok((gate.name.clone(), Cars::of(gate, config, store, now)?)));
    each.collect()
}

/// What became of all gates.
#[derive(Debug, Default)]
pub struct GatesDone {
    pub gates: Vec<GateSeen>,
    pub troubles: Vec<Trouble>,
}

/// Goes over every gate whose cars are given.
///
/// # Errors
/// [`StoreError`]; what was announced by then is looked at by the next run.
pub fn run(work: &GateRun<'_>, store: &mut Store, cars: AllCars) -> Result<GatesDone, StoreError> {
    let done = ask_all(work, store, cars)?;
    // Not sooner, and nothing of a gate where something is to be done still: after some weeks without a run rows are to
    // be taken from it that have long ended, and one that is forgotten would keep out whoever has renewed, as somebody
    // else's.
    if work.run.is_some() {
        let since = work.config.vehicles.kept_since(work.clock.began());
        let is_open = |gate: &&GateSeen| gate.changes.iter().any(|one| !one.state.is_confirmed());
        let open: BTreeSet<_> = done.gates.iter().filter(is_open).map(|gate| &gate.name).collect();
        store.gates().forget_ended(since.date_naive(), &open)?;
    }
    Ok(done)
}

fn ask_all(
    work: &GateRun<'_>,
    store: &mut Store,
    mut cars: AllCars,
) -> Result<GatesDone, StoreError> {
    let mut done = GatesDone::default();
    let mut due = Vec::new();
    if work.config.gates.is_empty() {
        return Ok(done);
    }
    let sources = sources(work.config, store)?;
    for config in &work.config.gates {
        let Some(cars) = cars.remove(&config.name) else { continue };
        let basis = cars.basis(today(config, work.clock.began()));
        let one = Due { config, cars, basis, sources: &sources };
        match work.left_alone(&one, store)? {
            Some((seen, troubles)) => {
                done.gates.push(seen);
                done.troubles.extend(troubles);
            }
            None => due.push(one),
        }
    }
    let shared = Shared {
        path: store.path().to_owned(),
        store: Mutex::new(store),
        heard: Mutex::default(),
        writing: Mutex::default(),
    };
    for seen in side_by_side(due, |one| work.one(one, &shared)) {
        let (seen, troubles) = seen?;
        done.gates.push(seen);
        done.troubles.extend(troubles);
    }
    done.gates.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(done)
}

/// A gate that is to be asked.
struct Due<'c> {
    config: &'c GateConfig,
    cars: Cars,
    basis: String,
    sources: &'c str,
}

/// What all threads have in common.
pub(super) struct Shared<'s> {
    path: PathBuf,
    pub(super) store: Mutex<&'s mut Store>,
    /// Which gate answered with a serial number first, in this run.
    heard: Mutex<BTreeMap<String, TargetName>>,
    /// From the first write of any gate to the end.
    writing: Mutex<Option<Writing>>,
}

impl<'s> Shared<'s> {
    /// A thread that has panicked holds no transaction open.
    fn store(&self) -> MutexGuard<'_, &'s mut Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A gate in its turn.
pub(super) struct Turn<'c> {
    pub(super) config: &'c GateConfig,
    pub(super) asked: Asked<'c>,
    pub(super) cars: Cars,
    pub(super) kept: Option<GateKept>,
    pub(super) own: BTreeMap<String, OwnRow>,
    pub(super) basis: String,
    pub(super) sources: String,
    /// How many cars may enter now and have no row that is known.
    pub(super) outside: usize,
    /// Nobody else talks to the gate until this goes.
    pub(super) _lock: TargetLock,
}

/// A gate that answered, with what follows from it.
pub(super) struct Ready<'c> {
    pub(super) turn: Turn<'c>,
    /// The connection, until it is done with.
    pub(super) gate: Option<Box<dyn Gate>>,
    pub(super) read: Read,
    pub(super) plan: GatePlan,
    pub(super) proven: Option<ProvenRows>,
    pub(super) outcome: TargetOutcome,
    pub(super) troubles: Vec<Trouble>,
    /// Its list was read whole, and is that of this gate.
    pub(super) is_believed: bool,
    /// Somebody has accepted it as another one.
    pub(super) is_accepted: bool,
    /// What its section was called before.
    pub(super) former: Option<TargetName>,
}

/// What follows from a list, and whether it may be done.
struct Planned {
    plan: GatePlan,
    proven: Result<ProvenRows, RowCounterexample>,
    /// How many changes that were reviewed do not follow any more.
    overtaken: usize,
}

pub(super) type Seen = (GateSeen, Vec<Trouble>);

/// A gate as it was left, and why it was not asked.
fn left(
    config: &GateConfig,
    kept: Option<&GateKept>,
    (outcome, trouble): (TargetOutcome, Trouble),
) -> Seen {
    (GateSeen { outcome, ..as_kept(config, kept) }, vec![trouble])
}

impl GateRun<'_> {
    /// A person has said what is to be done.
    pub(super) fn is_by_hand(&self) -> bool {
        self.approved.is_some() || self.reviewed.is_some()
    }

    /// What is known of a gate where it is not asked: nothing is due, or it has failed of late. That keeps nobody
    /// out: where a car stands outside it is asked in every run.
    fn left_alone(&self, due: &Due<'_>, store: &Store) -> Result<Option<Seen>, StoreError> {
        let Due { config, cars, basis, sources } = due;
        let now = self.clock.began();
        let asks = self.is_full || self.is_by_hand() || self.accepted.contains_key(&config.name);
        if asks {
            return Ok(None);
        }
        let kept = store.gates().gate(&config.name)?;
        let is_due = kept.as_ref().is_none_or(|kept| {
            is_due(config, self.config, kept, now) || kept.basis != *basis || kept.blocked.is_some()
        });
        if !is_due {
            if let (Some(kept), Some(_)) = (&kept, self.run)
                && kept.sources != *sources
            {
                let same = GateKept { sources: (*sources).to_owned(), ..kept.clone() };
                store.gates().keep_gate(&config.name, &same)?;
            }
            let troubles = kept.iter().flat_map(|kept| repeated(config, kept)).collect();
            return Ok(Some((as_kept(config, kept.as_ref()), troubles)));
        }
        let failures = store.trust().failures(&config.name)?;
        let Some(why) = left_alone(config.peer(), &failures, now) else { return Ok(None) };
        let own = store.gates().rows(&config.name)?;
        let is_calm = outside(cars, &own, kept.as_ref(), today(config, now)) == 0;
        Ok(is_calm.then(|| left(config, kept.as_ref(), why)))
    }

    /// Everything about one gate that is due.
    fn one(&self, due: Due<'_>, shared: &Shared<'_>) -> Result<Seen, StoreError> {
        let config = due.config;
        if let Some(exit) = self.stop.now() {
            // Whoever ends the run does not wait for a gate to answer; the next one asks it.
            let kept = shared.store().gates().gate(&config.name)?;
            return Ok((as_kept(config, kept.as_ref()), vec![stopped(exit)]));
        }
        // Nobody waits for this but the gate itself.
        let lock = conversation::lock(&shared.path, config.peer(), WRITING_PATIENCE, self.clock)?;
        let lock = match lock {
            Ok(lock) => lock,
            Err(why) => {
                let kept = shared.store().gates().gate(&config.name)?;
                return Ok(left(config, kept.as_ref(), why));
            }
        };
        let turn = match self.turn(due, lock, &shared.store())? {
            Ok(turn) => turn,
            Err(seen) => return Ok(seen),
        };
        let answer = contact(self.systems, &turn.asked);
        let ready = {
            let store = shared.store();
            let login = match &answer {
                Ok(_) => LoginResult::Worked,
                Err(error) => failure(config.peer(), error).2,
            };
            remember_login(&store, config.peer(), login, self.clock.now())?;
            match answer {
                Ok(answer) => self.planned(turn, answer, (&store, shared))?,
                Err(error) => {
                    let (outcome, trouble, _) = failure(config.peer(), &error);
                    if self.run.is_some() {
                        self.remember(&turn, to_remember(&trouble), &store)?;
                    }
                    return Ok(left(config, turn.kept.as_ref(), (outcome, trouble)));
                }
            }
        };
        self.carried_out(ready, shared)
    }

    /// A gate in its turn: what is remembered of it is read under its lock.
    fn turn<'c>(
        &self,
        due: Due<'c>,
        lock: TargetLock,
        store: &Store,
    ) -> Result<Result<Turn<'c>, Seen>, StoreError> {
        let Due { config, cars, basis, sources } = due;
        let kept = store.gates().gate(&config.name)?;
        let own = store.gates().rows(&config.name)?;
        let peer = config.peer();
        let login = store.trust().login_memory(peer.name, &peer.login.name, &peer.login.secret)?;
        let login = if self.tries_logins { login.by_hand() } else { login };
        if let Some(trouble) = held_back(peer, &login, self.clock.now()) {
            return Ok(Err(left(config, kept.as_ref(), (TargetOutcome::LoginRefused, trouble))));
        }
        let memory = store.devices().device_state(&config.name)?.memory;
        let formers = formers(self.config, store)?;
        let asked = Asked { config, memory, formers, is_retried: login.is_retried() };
        let today = today(config, self.clock.began());
        let outside = outside(&cars, &own, kept.as_ref(), today);
        let sources = sources.to_owned();
        Ok(Ok(Turn { config, asked, cars, kept, own, basis, sources, outside, _lock: lock }))
    }

    /// What follows from what a gate answered.
    fn planned<'c>(
        &self,
        mut turn: Turn<'c>,
        (gate, read): (Box<dyn Gate>, Read),
        (store, shared): (&Store, &Shared<'_>),
    ) -> Result<Ready<'c>, StoreError> {
        let config = turn.config;
        let serial = store.devices().device_state(&config.name)?.serial.unwrap_or_default();
        let twin = twin(self.config, config, (store, &shared.heard), &read.identity.serial)?;
        let mut former = None;
        if twin.is_none() && (serial.is_empty() || serial == read.identity.serial) {
            former = turn.asked.formers.remove(&read.identity.serial).map(|former| former.name);
        }
        if let Some(former) = &former {
            let rows = store.gates().rows(former)?.into_iter();
            turn.own = rows.chain(std::mem::take(&mut turn.own)).collect();
            turn.kept = store.gates().gate(former)?;
        }
        let held = read.list.rows.len();
        let is_accepted = self.accepted.get(&config.name) == Some(&held);
        if is_accepted {
            // It is another one, or another list: nothing there is ours.
            turn.own.clear();
        }
        let (outcome, troubles) = match twin {
            Some(doubt) => {
                let trouble =
                    Trouble::of_target(&config.name, TroubleKind::Twin(doubt.to_string()));
                (TargetOutcome::NotBelieved, vec![trouble])
            }
            None => judge(config, &read, (&serial, is_accepted), self.clock.now()),
        };
        let is_believed = matches!(
            outcome,
            TargetOutcome::Ok | TargetOutcome::Observed | TargetOutcome::ClockWrong
        );
        let mut ready = Ready {
            turn,
            gate: Some(gate),
            read,
            plan: GatePlan::default(),
            proven: None,
            outcome,
            troubles,
            is_believed,
            is_accepted,
            former,
        };
        if is_believed {
            let Planned { plan, proven, overtaken } = self.plan(&ready, store)?;
            if overtaken > 0 {
                let kind = TroubleKind::Rows(RowTrouble::ReviewedOvertaken(overtaken));
                ready.troubles.push(Trouble::of_target(&config.name, kind));
            }
            let is_written = outcome == TargetOutcome::Ok && self.run.is_some();
            match proven {
                Ok(_) if self.approved.is_some() && !plan.is_approved => {
                    let kind = TroubleKind::Rows(RowTrouble::Overtaken);
                    ready.troubles.push(Trouble::of_target(&config.name, kind));
                }
                Ok(proven) => ready.proven = is_written.then_some(proven),
                Err(found) => {
                    let hint = "nothing was written there: this is a fault of the program, please \
                                report it";
                    let kind =
                        TroubleKind::Rows(RowTrouble::Unproven(Failed::new(found, Some(hint))));
                    ready.troubles.push(Trouble::of_target(&config.name, kind));
                }
            }
            ready.plan = plan;
        }
        Ok(ready)
    }

    /// Plans, and proves it. Nothing is taken from a plate of which a row of a rights-file could not be used: it
    /// may give it a right.
    fn plan(&self, ready: &Ready<'_>, store: &Store) -> Result<Planned, StoreError> {
        let Ready { turn, gate, read, .. } = ready;
        let (config, now) = (turn.config, self.clock.began());
        // Whatever texts are no plates now, a row of ours may have one.
        let rules = PlateRules::default();
        let text = |row: &GateRow| rules.read(&row.plate, "").ok().map(|p| p.text().to_owned());
        let rows: Vec<_> = read.list.rows.iter().map(|row| (text(row), row.clone())).collect();
        let yesterday = now.checked_sub_signed(BUDGET_DAY).unwrap_or(now);
        let settled = turn.kept.as_ref().and_then(|kept| kept.settled_sense.as_ref());
        let mut facts = GateFacts {
            mode: config.mode,
            now: now.with_timezone(&config.time_zone).naive_local(),
            claims: &turn.cars.claims,
            rows: &rows,
            own: &turn.own,
            protect: &config.protect,
            unsure: &turn.cars.unsure,
            one_listing: &turn.cars.one_listing,
            stale: &turn.cars.stale,
            capacity: read.capacity,
            holds_begins: gate.as_ref().is_some_and(|gate| gate.holds_begins()),
            is_configuration_new: settled.is_some_and(|one| *one != config.sense(self.config)),
            is_first: turn.kept.as_ref().is_none_or(|kept| !kept.is_filled),
            guard: self.config.guard,
            lost_last_day: store.gates().losses_since(&config.name, yesterday, now)?,
            approved: self.approved,
            is_reviewed: false,
        };
        let mut plan = plan(&facts);
        let mut unsure = turn.cars.unsure.clone();
        if !config.zones.is_empty() {
            let vehicles = &self.config.vehicles;
            let known = Known::read(vehicles, store)?;
            for change in plan.changes.iter().filter(|change| change.loses) {
                if !known.of_plate(vehicles, store, &change.plate)?.left_out.is_empty() {
                    unsure.insert(change.plate.text().to_owned());
                }
            }
        }
        if unsure.len() > turn.cars.unsure.len() {
            facts.unsure = &unsure;
            plan = super::plan::plan(&facts);
        }
        let mut overtaken = 0;
        if let Some(reviewed) = self.reviewed.and_then(|all| all.get(&config.name)) {
            overtaken = reviewed.keep_only(&mut plan);
            facts.is_reviewed = reviewed.is_sealed;
        }
        let proven = prove(&facts, &plan);
        Ok(Planned { plan, proven, overtaken })
    }

    /// Carries out what was proven, and keeps how the gate is left.
    fn carried_out(&self, mut ready: Ready<'_>, shared: &Shared<'_>) -> Result<Seen, StoreError> {
        let Some(run) = self.run else { return Ok(seen(ready, &Done::default())) };
        if ready.is_believed {
            self.keep_read(&ready, &shared.store())?;
        }
        let config = ready.turn.config;
        let gate = ready.gate.take();
        let mut memory = gate.as_ref().map(|gate| gate.memory()).unwrap_or_default();
        let mut done = Done::default();
        let proven = ready.proven.take().filter(|proven| !proven.changes().is_empty());
        if let (Some(gate), Some(proven)) = (gate, proven) {
            let mut writing = shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
            writing.get_or_insert_with(|| self.stop.writing());
            drop(writing);
            let work = Work { run, store: &shared.store, clock: self.clock, stop: self.stop };
            let mut writer = gate.into_writer();
            done = carry_out(&work, &config.name, writer.as_mut(), &ready.turn.own, &proven)?;
            memory = writer.reader().memory();
        }
        let store = shared.store();
        if ready.is_believed {
            store.devices().record_memory(&config.name, &memory)?;
        }
        if let Some(error) = &done.failure {
            let (outcome, trouble, login) = failure(config.peer(), error);
            remember_login(&store, config.peer(), login, self.clock.now())?;
            if let Some(failure) = to_remember(&trouble) {
                store.trust().remember_failure(&config.name, &failure, self.clock.now())?;
            }
            ready.outcome = outcome;
            ready.troubles.push(trouble);
        }
        self.keep_after(&ready, &done, &store)?;
        Ok(seen(ready, &done))
    }
}
