//! One run over all gates: what is due is read, planned, proven, and carried out where it is to be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::carry_out::{Done, Work, carry_out};
use super::cars::Cars;
use super::claims::wanted;
use super::contact::{Asked, Read, contact, judge};
use super::due::{is_due, same_until, sources, today};
use super::plan::{GateFacts, GatePlan, RowReason, plan};
use super::proof::{ProvenRows, RowCounterexample, prove};
use super::told::{GateSeen, as_kept, not_done, repeated, rows_after, seen};
use crate::clock::Clock;
use crate::config::{Config, GateConfig, Mode};
use crate::engine::gather::conversation::{self, WRITING_PATIENCE};
use crate::engine::gather::devices::{failure, held_back, left_alone, to_remember};
use crate::engine::gather::{LoginResult, remember_login};
use crate::engine::rights::Known;
use crate::engine::{Systems, TargetOutcome, side_by_side};
use crate::model::{GateRow, OwnRow, PlateRules, RunId, TargetName};
use crate::ports::{Gate, Identity};
use crate::stop::Stop;
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
    let mut turns = Vec::new();
    if work.config.gates.is_empty() {
        return Ok(done);
    }
    let sources = sources(work.config, store)?;
    for gate in &work.config.gates {
        let Some(cars) = cars.remove(&gate.name) else { continue };
        match work.turn(gate, store, cars, &sources)? {
            Ok(turn) => turns.push(turn),
            Err((seen, troubles)) => {
                done.gates.push(seen);
                done.troubles.extend(troubles);
            }
        }
    }
    let now = work.clock.began();
    let turns = side_by_side(turns, |turn| {
        let answer = contact(work.systems, &turn.asked);
        (turn, answer)
    });
    let mut ready = Vec::new();
    for (turn, answer) in turns {
        let login = match &answer {
            Ok(_) => LoginResult::Worked,
            Err(error) => failure(turn.config.peer(), error).2,
        };
        remember_login(store, turn.config.peer(), login, work.clock.now())?;
        match answer {
            Ok(answer) => ready.push(work.planned(turn, answer, store)?),
            Err(error) => {
                let (outcome, trouble, _) = failure(turn.config.peer(), &error);
                if let (Some(remembered), Some(_)) = (to_remember(&trouble), work.run) {
                    store.trust().remember_failure(&turn.config.name, &remembered, now)?;
                    store.gates().require_reading(&turn.config.name)?;
                }
                done.gates.push(GateSeen { outcome, ..as_kept(turn.config, turn.kept.as_ref()) });
                done.troubles.push(trouble);
            }
        }
    }
    for (seen, troubles) in work.carried_out(ready, store)? {
        done.gates.push(seen);
        done.troubles.extend(troubles);
    }
    done.gates.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(done)
}

/// A gate that is to be asked.
pub(super) struct Turn<'c> {
    pub(super) config: &'c GateConfig,
    pub(super) asked: Asked<'c>,
    pub(super) cars: Cars,
    pub(super) kept: Option<GateKept>,
    pub(super) own: BTreeMap<String, OwnRow>,
    pub(super) basis: String,
    pub(super) sources: String,
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
}

pub(super) type Seen = (GateSeen, Vec<Trouble>);

impl GateRun<'_> {
    /// A gate in its turn; what is known of it where it is not asked.
    fn turn<'c>(
        &self,
        config: &'c GateConfig,
        store: &Store,
        cars: Cars,
        sources: &str,
    ) -> Result<Result<Turn<'c>, Seen>, StoreError> {
        let now = self.clock.began();
        let kept = store.gates().gate(&config.name)?;
        let today = today(config, now);
        let basis = cars.basis(today);
        let own = store.gates().rows(&config.name)?;
        let asks =
            self.is_full || self.approved.is_some() || self.accepted.contains_key(&config.name);
        let is_due = asks
            || kept.as_ref().is_none_or(|kept| {
                is_due(config, self.config, kept, now)
                    || kept.basis != basis
                    || kept.blocked.is_some()
            });
        if !is_due {
            if let (Some(kept), Some(_)) = (&kept, self.run)
                && kept.sources != sources
            {
                let same = GateKept { sources: sources.to_owned(), ..kept.clone() };
                store.gates().keep_gate(&config.name, &same)?;
            }
            let troubles = kept.iter().flat_map(|kept| repeated(config, kept)).collect();
            return Ok(Err((as_kept(config, kept.as_ref()), troubles)));
        }
        let left = |outcome, trouble| {
            let seen = GateSeen { outcome, ..as_kept(config, kept.as_ref()) };
            Ok(Err((seen, vec![trouble])))
        };
        let peer = config.peer();
        let failures = store.trust().failures(&config.name)?;
        let is_somebody_outside = wanted(&cars.claims, today).iter().any(|(text, wanted)| {
            let has_row = own.get(*text).is_some_and(|own| own.is_held && own.days.contains(today));
            wanted.days.contains(today) && !has_row
        });
        if !asks
            && !is_somebody_outside
            && let Some((outcome, trouble)) = left_alone(peer, &failures, now)
        {
            return left(outcome, trouble);
        }
        let lock = match conversation::lock(store, peer, WRITING_PATIENCE, self.clock)? {
            Ok(lock) => lock,
            Err((outcome, trouble)) => return left(outcome, trouble),
        };
        let login = store.trust().login_memory(peer.name, &peer.login.name, &peer.login.secret)?;
        let login = if self.tries_logins { login.by_hand() } else { login };
        if let Some(trouble) = held_back(peer, &login, self.clock.now()) {
            return left(TargetOutcome::LoginRefused, trouble);
        }
        let memory = store.devices().device_state(&config.name)?.memory;
        let asked = Asked { config, memory, is_retried: login.is_retried() };
        let sources = sources.to_owned();
        Ok(Ok(Turn { config, asked, cars, kept, own, basis, sources, _lock: lock }))
    }

    /// What follows from what a gate answered.
    fn planned<'c>(
        &self,
        mut turn: Turn<'c>,
        (gate, read): (Box<dyn Gate>, Read),
        store: &Store,
    ) -> Result<Ready<'c>, StoreError> {
        let config = turn.config;
        let held = read.list.rows.len();
        let is_accepted = self.accepted.get(&config.name) == Some(&held);
        if is_accepted {
            // It is another one, or another list: nothing there is ours.
            turn.own.clear();
        }
        let serial = store.devices().device_state(&config.name)?.serial.unwrap_or_default();
        let (outcome, troubles) = judge(config, &read, (&serial, is_accepted), self.clock.now());
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
        };
        if is_believed {
            let (plan, proven) = self.plan(&ready, store)?;
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
    fn plan(
        &self,
        ready: &Ready<'_>,
        store: &Store,
    ) -> Result<(GatePlan, Result<ProvenRows, RowCounterexample>), StoreError> {
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
            stale: &turn.cars.stale,
            capacity: read.capacity,
            holds_begins: gate.as_ref().is_some_and(|gate| gate.holds_begins()),
            is_configuration_new: settled.is_some_and(|one| *one != config.sense(self.config)),
            is_first: turn.kept.as_ref().is_none_or(|kept| !kept.is_filled),
            guard: self.config.guard,
            lost_last_day: store.gates().losses_since(&config.name, yesterday, now)?,
            approved: self.approved,
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
        let proven = prove(&facts, &plan);
        Ok((plan, proven))
    }

    /// Carries out what was proven, gates side by side, and keeps how each is left.
    fn carried_out(
        &self,
        ready: Vec<Ready<'_>>,
        store: &mut Store,
    ) -> Result<Vec<Seen>, StoreError> {
        let Some(run) = self.run else {
            return Ok(ready.into_iter().map(|ready| seen(ready, &Done::default())).collect());
        };
        for ready in ready.iter().filter(|ready| ready.is_believed) {
            self.keep_read(ready, store)?;
        }
        let shared = Mutex::new(&mut *store);
        let work = Work { run, store: &shared, clock: self.clock, stop: self.stop };
        let writing = self.stop.writing();
        let done = side_by_side(ready, |mut ready| {
            let gate = ready.gate.take();
            let memory = gate.as_ref().map(|gate| gate.memory()).unwrap_or_default();
            let proven = ready.proven.take().filter(|proven| !proven.changes().is_empty());
            let (Some(gate), Some(proven)) = (gate, proven) else {
                return Ok((ready, Done::default(), memory));
            };
            let mut writer = gate.into_writer();
            let (name, own) = (&ready.turn.config.name, &ready.turn.own);
            let done = carry_out(&work, name, writer.as_mut(), own, &proven)?;
            let memory = writer.reader().memory();
            Ok((ready, done, memory))
        });
        drop(writing);
        let mut all = Vec::new();
        for done in done {
            let (mut ready, done, memory) = done?;
            let config = ready.turn.config;
            store.devices().record_memory(&config.name, &memory)?;
            if let Some(error) = &done.failure {
                let (outcome, trouble, login) = failure(config.peer(), error);
                remember_login(store, config.peer(), login, self.clock.now())?;
                ready.outcome = outcome;
                ready.troubles.push(trouble);
            }
            self.keep_after(&ready, &done, store)?;
            all.push(seen(ready, &done));
        }
        Ok(all)
    }

    /// Keeps what a list that is believed shows, and that it must be read again until everything is done.
    fn keep_read(&self, ready: &Ready<'_>, store: &Store) -> Result<(), StoreError> {
        let Ready { turn, read, plan, is_accepted, .. } = ready;
        let name = &turn.config.name;
        let kept = self.kept(ready, &Done::default());
        store.together(|store| {
            store.devices().know_device(name)?;
            let Identity { serial, version, .. } = &read.identity;
            store.gates().record_identity(name, serial, version)?;
            store.trust().forget_failures(name)?;
            if *is_accepted {
                for text in store.gates().rows(name)?.keys() {
                    store.gates().forget_row(name, text)?;
                }
            }
            for text in &plan.gone {
                store.gates().forget_row(name, text)?;
            }
            let news = plan.in_sync.iter().filter(|(text, row)| turn.own.get(*text) != Some(row));
            for (_, row) in news {
                store.gates().keep_row(name, row)?;
            }
            store.gates().keep_gate(name, &GateKept { needs_read: true, ..kept })
        })
    }

    /// Keeps how a gate is left.
    fn keep_after(&self, ready: &Ready<'_>, done: &Done, store: &Store) -> Result<(), StoreError> {
        let name = &ready.turn.config.name;
        if !ready.is_believed {
            return store.gates().require_reading(name);
        }
        let kept = self.kept(ready, done);
        let to_do = ready.plan.to_do().count();
        // Who approved something approved nothing besides.
        let is_all = done.states.len() == to_do && self.approved.is_none();
        let is_whole = done.is_whole() && is_all;
        // Where nothing may be written, what is to be done waits for nothing but that.
        let is_full = ready.plan.not_done.iter().any(|one| one.reason == RowReason::Full);
        let needs_read = (!is_whole || is_full) && ready.outcome != TargetOutcome::Observed;
        let is_filled = kept.is_filled || is_whole && ready.outcome == TargetOutcome::Ok;
        store.gates().keep_gate(name, &GateKept { needs_read, is_filled, ..kept })
    }

    fn kept(&self, ready: &Ready<'_>, done: &Done) -> GateKept {
        let Ready { turn, read, plan, .. } = ready;
        let (config, now) = (turn.config, self.clock.began());
        let sense = config.sense(self.config);
        // What was approved can be approved again until some of it is done: this run may be killed.
        let approved = self.approved.filter(|_| plan.is_approved && done.states.is_empty());
        let blocked = plan.blocked_id().or_else(|| approved.map(str::to_owned));
        let settled_before = turn.kept.as_ref().and_then(|kept| kept.settled_sense.clone());
        // Where losses are only looked at, or held back, nothing has followed from the configuration yet.
        let is_held_back = plan
            .not_done
            .iter()
            .any(|one| matches!(one.reason, RowReason::NotSure | RowReason::GrantOnly));
        let is_settled = blocked.is_none() && !is_held_back && config.mode == Mode::Full;
        GateKept {
            settled_sense: if is_settled { Some(sense.clone()) } else { settled_before },
            sense,
            basis: turn.basis.clone(),
            sources: turn.sources.clone(),
            read_at: Some(now),
            needs_read: false,
            same_until: Some(same_until(config, self.config, now)),
            rows: rows_after(read, plan, done),
            strangers: plan.strangers as u64,
            capacity: read.capacity,
            blocked,
            is_filled: turn.kept.as_ref().is_some_and(|kept| kept.is_filled),
            remarks: serde_json::to_string(&not_done(plan)).unwrap_or_default(),
        }
    }
}
