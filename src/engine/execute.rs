//! Carries out a proven plan: read, write, read back, record.
//!
//! Decides nothing: a change is carried out as planned, or refused because the person moved. Devices run side
//! by side, each with one request at a time; what [`trust`] does not trust yet meets one person, not thirty.

mod base;
mod commit;
mod order;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::config::{Mode, TargetConfig};
use crate::engine::Systems;
use crate::engine::gather::clocks::{ClockFault, device_clock_fault, offset_text};
use crate::engine::gather::devices::{self, failure, not_believed, to_remember};
use crate::engine::gather::plausibility::judge_serial;
use crate::engine::gather::{LoginResult, settle_open};
use crate::engine::plan::{Change, Kind, ProvenPlan};
use crate::engine::{ChangeState, TargetOutcome, side_by_side};
use crate::exit::Exit;
use crate::model::{Limit, Memory, ReadBack, RecordId, RunId, TargetLimits};
use crate::ports::progress::{Meter, Progress, Silent, Unit};
use crate::ports::{Failure, FullRecord, Target, TargetWriter};
use crate::stop::Stop;
use crate::store::{Outcome, OutcomeKind, Store, StoreError, TargetState};
use crate::trouble::{Trouble, TroubleKind};

use crate::engine::gather::trust::{self, Trust};
use base::{Base, check};

/// Why access is not taken away yet.
const WOULD_SHUT_EVERYBODY_OUT: &str =
    "nobody else could open the door: whoever was to be let in before was not";

/// What every device thread needs.
#[derive(Debug)]
pub struct Execution<'a, 's> {
    pub plan: &'a ProvenPlan,
    /// The run that carries it out.
    pub run: RunId,
    pub store: &'a Mutex<&'s mut Store>,
    pub clock: Clock,
    /// When to leave the rest to the next tick.
    pub stop: &'a Stop,
    pub progress: &'a dyn Progress,
}

/// What became of the changes of one device.
#[derive(Debug)]
pub struct TargetResult {
    /// What became of each change that was reached.
    pub changes: BTreeMap<RecordId, (ChangeState, Option<String>)>,
    /// How the device fared.
    pub outcome: TargetOutcome,
    /// What a login taught.
    pub login: LoginResult,
    pub troubles: Vec<Trouble>,
    /// Why it stopped early, if it did.
    pub stopped: Option<Exit>,
}

/// Carries out a plan on these devices, each with its open connection if there is one.
///
/// # Errors
/// [`StoreError`] of any device; changes that were announced are settled by the next run.
pub fn execute<'o>(
    systems: &'o dyn Systems,
    execution: &Execution<'_, '_>,
    devices: Vec<(&TargetConfig, Option<Box<dyn Target + 'o>>)>,
) -> Result<Vec<TargetResult>, StoreError> {
    let done = side_by_side(devices, |(device, reader)| {
        OneTarget::new(execution, device).run(systems, reader)
    });
    done.into_iter().collect()
}

/// Why the work on a device ends early.
enum Halt {
    Device(Failure),
    Store(StoreError),
    Clock(Box<Trouble>),
    Doubted(Box<Trouble>),
    Stopped(Exit),
    /// It is not trusted with writes; why is remembered already.
    Untrusted(Box<Trouble>),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for Halt {
    fn from(error: Failure) -> Self {
        Self::Device(error)
    }
}

struct OneTarget<'a, 's> {
    execution: &'a Execution<'a, 's>,
    device: &'a TargetConfig,
    result: TargetResult,
    /// How many changes there are, and who counts them.
    planned: usize,
    meter: Box<dyn Meter>,
    version: String,
    /// What that version makes of the windows it is sent.
    limits: TargetLimits,
    trust: Trust,
    /// What the connector remembers of it.
    memory: Memory,
    /// Why that version takes no change of anybody, if so.
    refusal: Option<String>,
    /// Announced in this run, and nothing of an earlier one waits to be committed.
    expected: BTreeSet<RecordId>,
    failed_commits: commit::Failed,
    /// Who cannot be changed as they are, and why.
    unfit: Vec<(RecordId, String)>,
}

impl<'a, 's> OneTarget<'a, 's> {
    fn new(execution: &'a Execution<'a, 's>, device: &'a TargetConfig) -> Self {
        let is_observed = device.mode == Mode::Observe;
        let result = TargetResult {
            changes: BTreeMap::new(),
            outcome: if is_observed { TargetOutcome::Observed } else { TargetOutcome::Ok },
            login: LoginResult::NotTried,
            troubles: Vec::new(),
            stopped: None,
        };
        let (meter, version) = (Box::new(Silent), String::new());
        let limits = TargetLimits::documented(device.kind.capabilities().times);
        let trust = Trust::Waiting;
        Self {
            execution,
            device,
            result,
            planned: 0,
            meter,
            version,
            limits,
            trust,
            memory: Memory::default(),
            refusal: None,
            expected: BTreeSet::new(),
            failed_commits: commit::Failed::default(),
            unfit: Vec::new(),
        }
    }

    fn run<'o>(
        mut self,
        systems: &'o dyn Systems,
        reader: Option<Box<dyn Target + 'o>>,
    ) -> Result<TargetResult, StoreError> {
        let changes: Vec<&Change> = self.execution.plan.for_device(&self.device.name).collect();
        self.planned = changes.len();
        self.meter = self.execution.progress.begin(self.device.name.as_str(), Unit::Changes);
        let carried_out = self.carry_out(systems, reader, changes);
        self.tell_of_failed();
        match carried_out {
            Ok(()) => self.store().trust().forget_failures(&self.device.name)?,
            Err(Halt::Store(error)) => return Err(error),
            Err(Halt::Stopped(exit)) => self.result.stopped = Some(exit),
            Err(Halt::Clock(trouble)) => {
                self.result.outcome = TargetOutcome::ClockWrong;
                self.result.troubles.push(*trouble);
            }
            Err(Halt::Untrusted(trouble)) => {
                self.result.outcome = TargetOutcome::NotBelieved;
                self.result.troubles.push(*trouble);
                if self.result.login == LoginResult::Worked {
                    self.store().trust().forget_failures(&self.device.name)?;
                }
            }
            Err(Halt::Doubted(trouble)) => {
                self.result.outcome = TargetOutcome::NotBelieved;
                self.result.troubles.push(*trouble);
                self.store().devices().require_reading(&self.device.name)?;
            }
            Err(Halt::Device(error)) => {
                let (outcome, trouble, login) = failure(self.device.peer(), &error);
                if let Some(failure) = to_remember(&trouble) {
                    let now = self.execution.clock.now();
                    self.store().trust().remember_failure(&self.device.name, &failure, now)?;
                }
                self.result.outcome = outcome;
                self.result.troubles.push(trouble);
                self.result.login = login;
                self.store().devices().require_reading(&self.device.name)?;
            }
        }
        Ok(self.result)
    }

    fn store(&self) -> MutexGuard<'a, &'s mut Store> {
        // A thread that panicked holding the lock left no half transaction: SQLite rolled it back.
        self.execution.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out<'o>(
        &mut self,
        systems: &'o dyn Systems,
        reader: Option<Box<dyn Target + 'o>>,
        mut changes: Vec<&Change>,
    ) -> Result<(), Halt> {
        let now = self.execution.clock.now();
        let known = self.store().devices().device_state(&self.device.name)?;
        if self.device.mode == Mode::Observe {
            // What was written before is asked after.
            let mut reader = reader.map_or_else(|| self.connect(systems, &known), Ok)?;
            self.ask_settlement(reader.as_mut())?;
            self.result.login = LoginResult::Worked;
            return Ok(());
        }
        self.check_unasked()?;
        let reader = match reader {
            Some(reader) => {
                self.version = known.version.clone().unwrap_or_default();
                reader
            }
            None => self.connect(systems, &known)?,
        };
        let memory = self.store().trust().write_memory(&self.device.name)?;
        self.trust = trust::judge(known.proven_version.as_deref(), &memory, &self.version, now);
        self.refusal = self.store().trust().refusal(&self.device.name, &self.version)?;
        self.check_refusal()?;
        self.memory = reader.memory();
        if self.memory != known.memory {
            // What was learnt while the device was asked who it is.
            self.store().devices().record_memory(&self.device.name, &self.memory)?;
        }
        let mut writer = reader.into_writer();
        self.limits = self.believed_limits()?;
        self.settle_open(writer.reader())?;
        self.check_trust()?;
        self.check_clock(writer.reader())?;
        self.result.login = LoginResult::Worked;
        let tries = self.store().pending().last_tries(&self.device.name)?;
        order::sort(&mut changes, &tries, now);
        let waits = |change: &&Change| {
            change.kind == Kind::Revocation
                && self.execution.plan.is_to_be_opened_first(&self.device.name)
        };
        let (waiting, first): (Vec<&Change>, Vec<&Change>) = changes.into_iter().partition(waits);
        self.write_all(writer.as_mut(), &first)?;
        if waiting.is_empty() || self.has_let_somebody_in(&first) {
            self.write_all(writer.as_mut(), &waiting)?;
        } else {
            let why = || (ChangeState::Planned, Some(WOULD_SHUT_EVERYBODY_OUT.to_owned()));
            let held = waiting.into_iter().map(|change| (change.employee_no.clone(), why()));
            self.result.changes.extend(held);
        }
        // Whoever waits from an earlier run comes after those who are kept out now.
        self.commit(writer.as_mut(), |_| true)?;
        self.ask_settlement(writer.reader())?;
        self.check_trust()
    }

    /// Writes changes in this order, as many at once as the device takes.
    fn write_all(
        &mut self,
        writer: &mut dyn TargetWriter,
        changes: &[&Change],
    ) -> Result<(), Halt> {
        for batch in changes.chunks(self.device.kind.capabilities().batch) {
            self.check_stop()?;
            let mut base = Base::default();
            base.read(writer.reader(), batch, self.execution.clock)?;
            let ready = self.as_planned(batch, &base)?;
            let mut rest = ready.as_slice();
            while let Some(probe) = rest.first() {
                let now = if self.trust == Trust::Proven { rest } else { slice::from_ref(probe) };
                self.check_trust()?;
                let written = self.write(writer, now, &mut base)?;
                rest = rest.get(written..).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Whether one of these changes has opened a closed door, as far as the device says.
    fn has_let_somebody_in(&self, changes: &[&Change]) -> bool {
        changes.iter().filter(|change| change.opens_door).any(|change| {
            let state = self.result.changes.get(&change.employee_no);
            state.is_some_and(|(state, _)| state.is_confirmed())
                && !self.failed_commits.holds(&change.employee_no)
        })
    }

    /// Whether the device changed nothing that nobody asked for.
    fn check_unasked(&self) -> Result<(), Halt> {
        let memory = self.store().trust().write_memory(&self.device.name)?;
        let Some(unasked) = memory.unasked else { return Ok(()) };
        Err(Halt::Untrusted(Box::new(trust::unasked(self.device, &unasked, self.persons()?))))
    }

    /// Whether its version takes changes at all.
    fn check_refusal(&self) -> Result<(), Halt> {
        let Some(why) = &self.refusal else { return Ok(()) };
        let trouble = trust::refuses(self.device, &self.version, why, self.persons()?);
        Err(Halt::Untrusted(Box::new(trouble)))
    }

    /// Whether anything may be written now: see [`trust`].
    fn check_trust(&self) -> Result<(), Halt> {
        if !matches!(self.trust, Trust::Waiting | Trust::Probing(0)) {
            return Ok(());
        }
        let memory = self.store().trust().write_memory(&self.device.name)?;
        let now = self.execution.clock.now();
        let trouble = trust::unproven(self.device, &memory, self.persons()?, now);
        trouble.map_or(Ok(()), |trouble| Err(Halt::Untrusted(Box::new(trouble))))
    }

    /// How many persons the device holds, as far as is known.
    fn persons(&self) -> Result<usize, StoreError> {
        let known = self.store().overview().device_overview(&self.device.name)?;
        Ok(usize::try_from(known.persons).unwrap_or(usize::MAX))
    }

    /// What is known of this version, as far as it is believed: the plan was made with the same.
    fn believed_limits(&self) -> Result<TargetLimits, StoreError> {
        let (store, device) = (self.store(), self.device);
        let times = device.kind.capabilities().times;
        if store.devices().device_state(&device.name)?.version.as_ref() != Some(&self.version) {
            return Ok(TargetLimits::documented(times));
        }
        let known = store.devices().device_limits(&device.name, times)?;
        devices::believed_limits(&store, device, known, self.execution.clock.now())
    }

    /// Connects to a device that was not read in this run. One that was read before must still be the device
    /// that it was: addresses move, and the persons of another door may look the same. Its version is
    /// known then, too.
    fn connect<'o>(
        &mut self,
        systems: &'o dyn Systems,
        known: &TargetState,
    ) -> Result<Box<dyn Target + 'o>, Halt> {
        let mut reader = systems.target(self.device, &known.memory)?;
        if known.serial.is_none() && known.proven_version.is_none() {
            self.version = known.version.clone().unwrap_or_default();
            return Ok(reader);
        }
        let info = reader.identity()?;
        judge_serial(known.serial.as_deref().unwrap_or_default(), &info.serial)
            .map_err(|doubt| Halt::Doubted(Box::new(not_believed(self.device, &doubt, None))))?;
        self.version = info.version;
        Ok(reader)
    }

    /// Settles what a run that died had announced here. `sync` has done so while gathering; `apply`
    /// asks nobody before this.
    fn settle_open(&mut self, reader: &mut dyn Target) -> Result<(), Halt> {
        let open = self.store().journal().open_intents(&self.device.name)?;
        if open.is_empty() {
            return Ok(());
        }
        let wanted: Vec<RecordId> = open.into_iter().map(|intent| intent.employee_no).collect();
        let found = reader.some(&wanted)?;
        let persons = found.into_iter().map(|(id, record)| (id, record.person)).collect();
        let now = self.execution.clock.now();
        settle_open(&self.store(), &self.device.name, &persons, &self.limits, now)?;
        self.check_unasked()
    }

    /// Tells how many changes are done, with so many that are not settled yet.
    fn tell(&self, unsettled: usize) {
        self.meter.show(self.result.changes.len() + unsettled, Some(self.planned));
    }

    fn check_stop(&self) -> Result<(), Halt> {
        self.execution.stop.now().map_or(Ok(()), |exit| Err(Halt::Stopped(exit)))
    }

    /// A device whose clock is wrong opens and closes at wrong times: nothing is written there.
    fn check_clock(&mut self, reader: &mut dyn Target) -> Result<(), Halt> {
        let Some(shown) = reader.clock()? else { return Ok(()) };
        let (now, zone) = (self.execution.clock.now(), self.device.time_zone);
        let kind = match device_clock_fault(shown, now, zone) {
            None => return Ok(()),
            Some(ClockFault::Time { off, expected }) => {
                TroubleKind::ClockOff { off: off.to_string(), shown: shown.local, expected, zone }
            }
            Some(ClockFault::Zone { stated, expected }) => TroubleKind::ClockZone {
                stated: offset_text(stated),
                expected: offset_text(expected),
                zone,
            },
        };
        Err(Halt::Clock(Box::new(Trouble::of_target(&self.device.name, kind))))
    }

    /// The changes whose person still is as planned for; the others are settled.
    fn as_planned<'c>(
        &mut self,
        batch: &[&'c Change],
        base: &Base,
    ) -> Result<Vec<&'c Change>, Halt> {
        let mut ready = Vec::new();
        let mut settled = Vec::new();
        for change in batch {
            match check(self.device, change, base, &self.limits) {
                Ok(_) => ready.push(*change),
                Err(outcome) => settled.push((*change, *outcome)),
            }
        }
        self.settle(settled, None)?;
        Ok(ready)
    }
}

/// What a reading says about a write, and whether more changed than was asked.
fn judge(
    change: &Change,
    (before, after): (&FullRecord, Option<&FullRecord>),
    refusal: Option<&str>,
    limits: &TargetLimits,
    differences: impl FnOnce(&FullRecord, &FullRecord) -> Vec<String>,
) -> (Outcome, bool) {
    let Some(after) = after else {
        if let Some(refusal) = refusal {
            // It said so itself.
            return (Outcome::sent(OutcomeKind::Refused, Some(refusal.to_owned()), None), false);
        }
        let text = "the person is gone after the write".to_owned();
        return (Outcome::sent(OutcomeKind::Unknown, Some(text), None), true);
    };
    let person = Some(after.person.clone());
    let fields = differences(before, after);
    if !limits.is_held(change.after, &after.person.limit) {
        let text = match after.person.limit {
            Limit::Window(window) => {
                format!("it took the change but holds {window}")
            }
            Limit::Permanent(_) => "it took the change but enforces no dates now".to_owned(),
            Limit::Unclear { .. } => {
                "it took the change but holds dates that can mean two things, or none".to_owned()
            }
            Limit::Unreadable { .. } => "it took the change but holds no readable dates".to_owned(),
        };
        let outcome = Outcome::sent(OutcomeKind::NotApplied, Some(text), person);
        // Dates that are neither those asked for nor those of before are a change unasked, unless a
        // device that rounds, or keeps to the end that it states, would hold them.
        let limit = &before.person.limit;
        let is_rounded = ReadBack::explained(change.after, limit, &after.person.limit).is_some()
            || limits.is_cut_as_stated(change.after, &after.person.limit);
        // A suffix that the device appends, or no longer does, moves no date.
        let has_moved =
            after.person.limit.read_as_written() != limit.read_as_written() && !is_rounded;
        return (outcome, has_moved || !fields.is_empty());
    }
    if fields.is_empty() {
        return (Outcome::sent(OutcomeKind::Confirmed, None, person), false);
    }
    let text = format!("written, but {} changed too", fields.join(", "));
    (Outcome::sent(OutcomeKind::Confirmed, Some(text), person), true)
}
