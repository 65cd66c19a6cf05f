//! Carries out a proven plan: read, write, read back, record.
//!
//! Decides nothing: a change is carried out exactly as planned or refused because the person moved.
//! Devices run side by side, each with one request at a time. The very first
//! write to a firmware is read back alone before others are sent: should it take more than it was told
//! (reference 3.1: nobody has proven that it does not), it happens to one person and not to thirty.
//! What such a probe costs is spent, once the firmware is proven, on asking the device who it is.
//! Source: design.md section 4, "Carrying out, per change".

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::clock::Clock;
use crate::config::DeviceConfig;
use crate::exit::Exit;
use crate::gather::belief::judge_serial;
use crate::gather::clocks::{ClockFault, device_clock_fault, offset_text};
use crate::gather::devices::{failure, not_believed, to_remember};
use crate::gather::{LoginResult, settle_open};
use crate::hikvision::{Class, Error, MAX_EXACT, PersonRecord, differs_beyond_validity};
use crate::model::{DeviceLimits, EmployeeNo, Person, PersonLimit, ReadBack, RunId, UserType};
use crate::outside::{Outside, ReadDevice, WriteDevice};
use crate::plan::{Change, ProvenPlan};
use crate::progress::{Meter, Progress, Silent, Unit};
use crate::report::{ChangeState, DeviceOutcome, Trouble};
use crate::stop::Stop;
use crate::store::{DeviceState, Intent, Outcome, OutcomeKind, Store, StoreError};

/// What every device thread needs.
#[derive(Debug)]
pub struct Execution<'a, 's> {
    /// The plan.
    pub plan: &'a ProvenPlan,
    /// The run that carries it out.
    pub run: RunId,
    /// The state file.
    pub store: &'a Mutex<&'s mut Store>,
    /// The time.
    pub clock: Clock,
    /// When to leave the rest to the next tick.
    pub stop: &'a Stop,
    /// Who watches.
    pub progress: &'a dyn Progress,
}

/// What became of the changes of one device.
#[derive(Debug)]
pub struct DeviceResult {
    /// What became of each change that was reached.
    pub changes: BTreeMap<EmployeeNo, (ChangeState, Option<String>)>,
    /// How the device fared; `None` when nothing was to be done there.
    pub outcome: Option<DeviceOutcome>,
    /// What a login taught.
    pub login: LoginResult,
    /// What went wrong.
    pub troubles: Vec<Trouble>,
    /// Why it stopped early, if it did.
    pub stopped: Option<Exit>,
}

/// Carries out a plan on every device that it touches. `readers` holds open connections; a device
/// marked as not ready is left alone.
///
/// # Errors
/// [`StoreError`] of any device; changes that were announced are settled by the next run.
pub fn execute<O: Outside>(
    outside: &O,
    execution: &Execution<'_, '_>,
    devices: Vec<(&DeviceConfig, Option<O::Reader>)>,
) -> Result<Vec<DeviceResult>, StoreError> {
    thread::scope(|threads| {
        let running: Vec<_> = devices
            .into_iter()
            .map(|(device, reader)| {
                let one = OneDevice::new(execution, device);
                // Most ticks have nothing to do on a device, and need no thread for that.
                match execution.plan.for_device(&device.name).next() {
                    None => Err(one.result),
                    Some(_) => Ok(threads.spawn(move || one.run(outside, reader))),
                }
            })
            .collect();
        let joined = running.into_iter().map(|running| match running {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(nothing) => Ok(nothing),
        });
        joined.collect()
    })
}

/// Why the work on a device ends early.
enum Halt {
    Device(Error),
    Store(StoreError),
    Clock(Trouble),
    Doubted(Trouble),
    Stopped(Exit),
    Unasked,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Device(error)
    }
}

struct OneDevice<'a, 's> {
    execution: &'a Execution<'a, 's>,
    device: &'a DeviceConfig,
    result: DeviceResult,
    /// How many changes there are, and who counts them.
    planned: usize,
    meter: Box<dyn Meter>,
    /// Its firmware, and what that makes of the windows it is sent.
    learnt: (String, DeviceLimits),
}

impl<'a, 's> OneDevice<'a, 's> {
    fn new(execution: &'a Execution<'a, 's>, device: &'a DeviceConfig) -> Self {
        let result = DeviceResult {
            changes: BTreeMap::new(),
            outcome: None,
            login: LoginResult::NotTried,
            troubles: Vec::new(),
            stopped: None,
        };
        let learnt = Default::default();
        Self { execution, device, result, planned: 0, meter: Box::new(Silent), learnt }
    }

    fn run<O: Outside>(
        mut self,
        outside: &O,
        reader: Option<O::Reader>,
    ) -> Result<DeviceResult, StoreError> {
        let changes: Vec<&Change> = self.execution.plan.for_device(&self.device.name).collect();
        self.planned = changes.len();
        self.meter = self.execution.progress.begin(self.device.name.as_str(), Unit::Changes);
        self.result.outcome = Some(DeviceOutcome::Ok);
        match self.carry_out(outside, reader, &changes) {
            Ok(()) | Err(Halt::Unasked) => self.store().forget_failures(&self.device.name)?,
            Err(Halt::Store(error)) => return Err(error),
            Err(Halt::Stopped(exit)) => self.result.stopped = Some(exit),
            Err(Halt::Clock(trouble)) => {
                self.result.outcome = Some(DeviceOutcome::ClockWrong);
                self.result.troubles.push(trouble);
            }
            Err(Halt::Doubted(trouble)) => {
                self.result.outcome = Some(DeviceOutcome::NotBelieved);
                self.result.troubles.push(trouble);
                self.store().require_reading(&self.device.name)?;
            }
            Err(Halt::Device(error)) => {
                let (outcome, trouble, login) = failure(self.device, &error);
                if let Some(failure) = to_remember(&trouble) {
                    let now = self.execution.clock.now();
                    self.store().remember_failure(&self.device.name, &failure, now)?;
                }
                self.result.outcome = Some(outcome);
                self.result.troubles.push(trouble);
                self.result.login = login;
                self.store().require_reading(&self.device.name)?;
            }
        }
        Ok(self.result)
    }

    fn store(&self) -> MutexGuard<'a, &'s mut Store> {
        // A thread that panicked holding the lock left no half transaction: SQLite rolled it back.
        self.execution.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out<O: Outside>(
        &mut self,
        outside: &O,
        reader: Option<O::Reader>,
        changes: &[&Change],
    ) -> Result<(), Halt> {
        let known = self.store().device_state(&self.device.name)?;
        let (reader, firmware) = match reader {
            Some(reader) => (reader, known.firmware.clone().unwrap_or_default()),
            None => self.connect(outside, &known)?,
        };
        let is_proven = known.proven_firmware.as_ref() == Some(&firmware);
        let mut writer = reader.into_writer();
        if known.asked_firmware.as_ref() == Some(&firmware) {
            writer.also_send(&known.sent_fields);
        }
        let is_known = known.firmware.as_ref() == Some(&firmware);
        self.learnt = (firmware.clone(), if is_known { known.limits } else { Default::default() });
        self.settle_open(writer.reader())?;
        self.check_clock(writer.reader())?;
        self.result.login = LoginResult::Worked;
        let mut is_first = !is_proven;
        for batch in changes.chunks(MAX_EXACT) {
            self.check_stop()?;
            let wanted: Vec<EmployeeNo> = batch.iter().map(|c| c.employee_no.clone()).collect();
            let found = writer.reader().persons(&wanted)?;
            let ready = self.check_base(batch, &found)?;
            let (probe, rest) = ready.split_at(if is_first { ready.len().min(1) } else { 0 });
            self.write(&mut writer, probe)?;
            if !probe.is_empty() && self.is_confirmed(probe) {
                self.store().prove_firmware(&self.device.name, &firmware)?;
            }
            self.write(&mut writer, rest)?;
            is_first = is_first && ready.is_empty();
        }
        Ok(())
    }

    /// Connects to a device that was not read in this run. Once there is something to lose, it must
    /// still be the device that it was: addresses move, and the persons of another door may look the
    /// same. Gives its firmware, too.
    fn connect<O: Outside>(
        &self,
        outside: &O,
        known: &DeviceState,
    ) -> Result<(O::Reader, String), Halt> {
        let mut reader = outside.connect(self.device)?;
        if known.proven_firmware.is_none() {
            return Ok((reader, known.firmware.clone().unwrap_or_default()));
        }
        let info = reader.device_info()?;
        judge_serial(known.serial.as_deref().unwrap_or_default(), &info.serial)
            .map_err(|doubt| Halt::Doubted(not_believed(self.device, &doubt, None)))?;
        Ok((reader, info.firmware))
    }

    /// Whether all of these were written, and nothing else changed.
    fn is_confirmed(&self, batch: &[(&Change, PersonRecord)]) -> bool {
        let state = |change: &Change| self.result.changes.get(&change.employee_no);
        batch.iter().all(|(change, _)| state(change).is_some_and(|(state, _)| state.is_confirmed()))
    }

    /// Settles what a run that died had announced here. `sync` has done so while gathering; `apply`
    /// asks nobody before this.
    fn settle_open(&mut self, reader: &mut impl ReadDevice) -> Result<(), Halt> {
        let open = self.store().open_intents(&self.device.name)?;
        if open.is_empty() {
            return Ok(());
        }
        let wanted: Vec<EmployeeNo> = open.into_iter().map(|intent| intent.employee_no).collect();
        let found = reader.persons(&wanted)?;
        let persons = found.into_iter().map(|(id, record)| (id, record.person)).collect();
        let now = self.execution.clock.now();
        Ok(settle_open(&mut self.store(), &self.device.name, &persons, now)?)
    }

    /// Tells how many changes are done, with so many that are not settled yet.
    fn tell(&self, unsettled: usize) {
        self.meter.at(self.result.changes.len() + unsettled, Some(self.planned));
    }

    fn check_stop(&self) -> Result<(), Halt> {
        self.execution.stop.now().map_or(Ok(()), |exit| Err(Halt::Stopped(exit)))
    }

    /// A device whose clock is wrong opens and closes at wrong times: nothing is written there.
    fn check_clock(&mut self, reader: &mut impl ReadDevice) -> Result<(), Halt> {
        let shown = reader.clock()?;
        let (now, zone) = (self.execution.clock.now(), self.device.time_zone);
        let text = match device_clock_fault(shown, now, zone) {
            None => return Ok(()),
            Some(ClockFault::Time { off, expected }) => format!(
                "its clock is {off}: it shows {} where {zone} has {}; nothing was written there",
                shown.local,
                expected.format("%Y-%m-%d %H:%M:%S"),
            ),
            Some(ClockFault::Zone { stated, expected }) => format!(
                "its clock shows the right time, but its zone is {} where {zone} has {}; nothing \
                 was written there",
                offset_text(stated),
                offset_text(expected),
            ),
        };
        let hint =
            "set the device's clock and zone (or its NTP server), or time_zone in its section";
        Err(Halt::Clock(Trouble {
            exit: Exit::PartFailed,
            about: self.device.name.to_string(),
            text,
            hint: Some(hint.to_owned()),
        }))
    }

    /// Keeps the changes whose person still is what the plan saw; the others are refused, except
    /// where the device already holds what was to be written.
    fn check_base<'c>(
        &mut self,
        batch: &[&'c Change],
        found: &BTreeMap<EmployeeNo, PersonRecord>,
    ) -> Result<Vec<(&'c Change, PersonRecord)>, Halt> {
        let mut ready = Vec::new();
        let mut settled = Vec::new();
        for change in batch {
            let outcome = match found.get(&change.employee_no) {
                None => moved("the person is no longer on the device", None),
                Some(record) if record.person.fingerprint == change.fingerprint => {
                    if let Some(reason) = self.untouchable(record) {
                        refused(reason)
                    } else {
                        ready.push((*change, record.clone()));
                        continue;
                    }
                }
                Some(record) if record.person.limit == PersonLimit::Window(change.after) => {
                    Outcome {
                        kind: OutcomeKind::Confirmed,
                        error: None,
                        person: Some(record.person.clone()),
                    }
                }
                Some(record) => {
                    let text = "the person was changed on the device since it was read";
                    moved(text, Some(record.person.clone()))
                }
            };
            settled.push((*change, outcome));
        }
        self.settle(settled)?;
        Ok(ready)
    }

    /// Whom nothing may touch, whatever a plan file says: the last look before a write.
    fn untouchable(&self, record: &PersonRecord) -> Option<&'static str> {
        let person = &record.person;
        if self.device.protect.contains(&person.employee_no) {
            Some("the person is protected")
        } else if person.is_device_admin {
            Some("the person is an administrator of the device")
        } else if person.user_type == UserType::BlackList {
            Some("the person is barred on the device")
        } else if matches!(person.limit, PersonLimit::Permanent(_)) {
            Some("the person has no limit on the device")
        } else {
            None
        }
    }

    /// Writes a batch: all intents first, then the writes, then one reading that tells what became
    /// of each.
    fn write(
        &mut self,
        writer: &mut impl WriteDevice<Reader: ReadDevice>,
        batch: &[(&Change, PersonRecord)],
    ) -> Result<(), Halt> {
        if batch.is_empty() {
            return Ok(());
        }
        let intents: Vec<Intent> =
            batch.iter().map(|(change, _)| Intent::of(self.execution.run, change)).collect();
        self.store().announce(&intents)?;

        let mut sent: Vec<(&Change, &PersonRecord)> = Vec::new();
        let mut settled: Vec<(&Change, Outcome)> = Vec::new();
        let mut halt = None;
        for (change, record) in batch {
            if halt.is_none() {
                halt = self.check_stop().err();
            }
            if halt.is_some() {
                self.store().withdraw(&self.device.name, &change.employee_no)?;
                continue;
            }
            match writer.modify(record, change.after) {
                Ok(()) => sent.push((change, record)),
                Err(error) if error.class() == Class::Unknown => {
                    log::warn!("{}: person {}: {error}", self.device.name, change.employee_no);
                    sent.push((change, record));
                }
                Err(error) if error.class() == Class::Permanent => {
                    settled.push((change, refused(&error.to_string())));
                }
                Err(error) => {
                    self.store().withdraw(&self.device.name, &change.employee_no)?;
                    halt = Some(Halt::Device(error));
                }
            }
            self.tell(sent.len() + settled.len());
        }
        let read_back = self.read_back(writer, &sent, &mut settled);
        self.settle(settled)?;
        read_back?;
        halt.map_or(Ok(()), Err)
    }

    /// Reads back what was sent. Success is what the device holds, not what it said: an OK can be
    /// untrue (reference 3.4), and a lost answer can hide a write that took.
    fn read_back<'c>(
        &mut self,
        writer: &mut impl WriteDevice<Reader: ReadDevice>,
        sent: &[(&'c Change, &PersonRecord)],
        settled: &mut Vec<(&'c Change, Outcome)>,
    ) -> Result<(), Halt> {
        if sent.is_empty() {
            return Ok(());
        }
        let wanted: Vec<EmployeeNo> = sent.iter().map(|(c, _)| c.employee_no.clone()).collect();
        let found = match writer.reader().persons(&wanted) {
            Ok(found) => found,
            Err(error) => {
                for (change, _) in sent {
                    let text = format!("written, but not read back: {error}");
                    let outcome =
                        Outcome { kind: OutcomeKind::Unknown, error: Some(text), person: None };
                    settled.push((change, outcome));
                }
                return Err(error.into());
            }
        };
        let mut has_unasked = false;
        for (change, before) in sent {
            let after = found.get(&change.employee_no);
            self.learn(change, before, after)?;
            let (outcome, is_unasked) = judge(change, before, after, &self.learnt.1);
            if is_unasked {
                has_unasked = true;
                self.result.troubles.push(unasked(self.device, change, &outcome));
            }
            settled.push((change, outcome));
        }
        if has_unasked { Err(Halt::Unasked) } else { Ok(()) }
    }

    /// Remembers a window that the device kept otherwise than sent, as one does that rounds.
    fn learn(
        &mut self,
        change: &Change,
        before: &PersonRecord,
        after: Option<&PersonRecord>,
    ) -> Result<(), StoreError> {
        let (firmware, limits) = &self.learnt;
        let seen = after.and_then(|after| {
            ReadBack::of(change.after, &before.person.limit, &after.person.limit)
        });
        let Some(seen) = seen.filter(|seen| !limits.is_same(seen.sent, seen.held)) else {
            return Ok(());
        };
        let (name, id) = (&self.device.name, &change.employee_no);
        log::info!("{name}: person {id}: sent {}, and it keeps {}", seen.sent, seen.held);
        self.store().record_read_back(name, firmware, id, &seen)?;
        let limits = self.store().device_state(name)?.limits;
        self.learnt.1 = limits;
        Ok(())
    }

    /// Records outcomes and keeps them for the report.
    fn settle(&mut self, outcomes: Vec<(&Change, Outcome)>) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        for (change, outcome) in &outcomes {
            let state = (ChangeState::Tried(outcome.kind), outcome.error.clone());
            self.result.changes.insert(change.employee_no.clone(), state);
        }
        self.tell(0);
        let lines: Vec<(Intent, Outcome)> = outcomes
            .into_iter()
            .map(|(change, outcome)| (Intent::of(self.execution.run, change), outcome))
            .collect();
        self.store().settle(&lines, self.execution.clock.now())
    }
}

fn refused(text: &str) -> Outcome {
    Outcome { kind: OutcomeKind::Refused, error: Some(text.to_owned()), person: None }
}

fn moved(text: &str, person: Option<Person>) -> Outcome {
    Outcome { kind: OutcomeKind::Moved, error: Some(text.to_owned()), person }
}

/// What a reading says about a write, and whether more changed than was asked.
fn judge(
    change: &Change,
    before: &PersonRecord,
    after: Option<&PersonRecord>,
    limits: &DeviceLimits,
) -> (Outcome, bool) {
    let Some(after) = after else {
        let text = "the person is gone after the write".to_owned();
        let outcome = Outcome { kind: OutcomeKind::Unknown, error: Some(text), person: None };
        return (outcome, true);
    };
    let person = Some(after.person.clone());
    let fields = differs_beyond_validity(before, after);
    if !limits.is_held(change.after, &after.person.limit) {
        let text = match after.person.limit {
            PersonLimit::Window(window) => {
                format!("the device took the change but holds {window}")
            }
            PersonLimit::Permanent(_) => {
                "the device took the change but enforces no dates now".to_owned()
            }
            PersonLimit::Unclear { .. } => {
                "the device took the change but holds dates that can mean two things".to_owned()
            }
            PersonLimit::Unreadable { .. } => {
                "the device took the change but holds no readable dates".to_owned()
            }
        };
        let outcome = Outcome { kind: OutcomeKind::NotApplied, error: Some(text), person };
        // Dates that are neither those asked for nor those of before are a change unasked, unless a
        // device that rounds would hold them.
        let limit = &before.person.limit;
        let is_rounded = ReadBack::of(change.after, limit, &after.person.limit).is_some();
        let has_moved = after.person.limit != *limit && !is_rounded;
        return (outcome, has_moved || !fields.is_empty());
    }
    if fields.is_empty() {
        return (Outcome { kind: OutcomeKind::Confirmed, error: None, person }, false);
    }
    let text = format!("written, but the device also changed {}", fields.join(", "));
    (Outcome { kind: OutcomeKind::Confirmed, error: Some(text), person }, true)
}

fn unasked(device: &DeviceConfig, change: &Change, outcome: &Outcome) -> Trouble {
    Trouble {
        exit: Exit::Refused,
        about: device.name.to_string(),
        text: format!(
            "person {}: {}; nothing more was written there in this run",
            change.employee_no,
            outcome.error.as_deref().unwrap_or("changed unasked")
        ),
        hint: Some(format!(
            "set the fields right on the device, and mode = \"observe\" for [hikvision.{}] until \
             its maker explains it",
            device.name
        )),
    }
}
