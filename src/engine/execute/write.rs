//! Writing: announce, send, read back, settle.

use std::collections::{BTreeMap, BTreeSet};

use super::base::{Base, check};
use super::{Halt, OneTarget, judge};
use crate::engine::ChangeState;
use crate::engine::gather::trust::{self, Trust};
use crate::engine::plan::Change;
use crate::model::{ReadBack, RecordId, Verb};
use crate::ports::{Class, Failure, FullRecord, Target, TargetWriter};
use crate::store::{Intent, Outcome, OutcomeKind, StoreError, Unasked};

/// A write that left, and may have taken.
struct Sent<'c> {
    change: &'c Change,
    before: FullRecord,
    /// What the device said when it refused, and of which class that was.
    refusal: Option<String>,
    class: Option<Class>,
}

impl<'c> Sent<'c> {
    fn taken(change: &'c Change, before: FullRecord) -> Self {
        Self { change, before, refusal: None, class: None }
    }

    fn refused(change: &'c Change, before: FullRecord, error: &Failure) -> Self {
        let (refusal, class) = (Some(error.text.clone()), Some(error.class));
        Self { change, before, refusal, class }
    }
}

impl OneTarget<'_, '_> {
    /// Writes a batch: all intents first, then the writes, then one reading that tells what became
    /// of each. One that the device took in a form that is news is the last of them; says how many were
    /// dealt with.
    pub(super) fn write<'c>(
        &mut self,
        writer: &mut dyn TargetWriter,
        batch: &[&'c Change],
        base: &mut Base,
    ) -> Result<usize, Halt> {
        self.announce(writer.reader(), batch, base)?;

        let mut sent: Vec<Sent<'c>> = Vec::new();
        let mut settled: Vec<(&'c Change, Outcome)> = Vec::new();
        let mut halt = None;
        let mut rest = batch;
        while let Some((change, others)) = rest.split_first() {
            if self.refusal.is_some() || writer.reader().memory() != self.memory {
                for change in rest {
                    self.withdraw(&change.employee_no)?;
                }
                break;
            }
            let clock = self.execution.clock;
            halt = halt.or_else(|| self.check_stop().err());
            if halt.is_none() {
                halt = base.refresh(writer.reader(), rest, clock).err().map(Halt::from);
            }
            rest = others;
            if halt.is_some() {
                self.withdraw(&change.employee_no)?;
                continue;
            }
            let before = match check(self.device, change, base, &self.limits) {
                Ok(record) => record.clone(),
                Err(outcome) => {
                    settled.push((change, *outcome));
                    continue;
                }
            };
            let written = match change.verb {
                Verb::Set => writer.set(&before, change.after),
            };
            match written {
                Ok(()) => sent.push(Sent::taken(change, before)),
                Err(error) if error.class == Class::Unknown => {
                    log::warn!("{}: person {}: {error}", self.device.name, change.employee_no);
                    sent.push(Sent::taken(change, before));
                }
                Err(error) if error.class == Class::NotSent => {
                    self.unfit.push((change.employee_no.clone(), error.text.clone()));
                    let text = Some(error.text);
                    settled.push((change, Outcome::unsent(OutcomeKind::Refused, text, None)));
                }
                Err(error) if error.is_permanent() => {
                    if error.class == Class::TakesNoChange {
                        let why = error.text.as_str();
                        self.store().trust().record_refusal(
                            &self.device.name,
                            &self.version,
                            why,
                        )?;
                        self.refusal = Some(error.text.clone());
                    }
                    sent.push(Sent::refused(change, before, &error));
                }
                Err(error) if error.class == Class::MissingRight => {
                    sent.push(Sent::refused(change, before, &error));
                    halt = Some(Halt::Device(error));
                }
                Err(error) => {
                    self.withdraw(&change.employee_no)?;
                    let (name, now) = (&self.device.name, self.execution.clock.now());
                    self.store().pending().remember_try(name, &change.employee_no, now)?;
                    halt = Some(Halt::Device(error));
                }
            }
            self.tell(sent.len() + settled.len());
        }
        let is_here = |id: &RecordId| batch.iter().any(|change| change.employee_no == *id);
        // What was confirmed is put in force also where something else stops the rest.
        let read_back = self.read_back(writer, sent, settled);
        if let Err(Halt::Untrusted(_)) = &read_back {
            let clean = (ChangeState::Tried(OutcomeKind::Confirmed), None);
            let confirmed = self.result.changes.iter().filter(|(_, state)| **state == clean);
            let confirmed: BTreeSet<RecordId> = confirmed.map(|(id, _)| id.clone()).collect();
            self.commit(writer, |id| confirmed.contains(id))?;
        }
        read_back?;
        let learnt = writer.reader().memory();
        if learnt != self.memory {
            self.store().devices().record_memory(&self.device.name, &learnt)?;
            self.memory = learnt;
        }
        let committed = self.commit(writer, is_here);
        if let Some(halt) = halt {
            return Err(match committed {
                Err(Halt::Store(error)) => Halt::Store(error),
                _ => halt,
            });
        }
        committed?;
        self.check_refusal()?;
        Ok(batch.len() - rest.len())
    }

    /// Announces writes, and that they are to be committed where that is a step of its own.
    fn announce(
        &mut self,
        reader: &mut dyn Target,
        batch: &[&Change],
        base: &Base,
    ) -> Result<(), StoreError> {
        let (name, now) = (&self.device.name, self.execution.clock.now());
        let intents: Vec<Intent> =
            batch.iter().map(|change| Intent::new(self.execution.run, change)).collect();
        if !self.device.kind.capabilities().commits {
            return self.store().journal().announce(&intents, now);
        }
        let handle = |id| base.record(id).map(|record| reader.handle(record)).unwrap_or_default();
        let changes: Vec<(&Change, String)> =
            batch.iter().map(|change| (*change, handle(&change.employee_no))).collect();
        let mut expected = BTreeSet::new();
        self.store().together(|store| {
            expected = store.journal().expect_commits(name, &changes, now)?;
            store.journal().announce(&intents, now)
        })?;
        self.expected.extend(expected);
        Ok(())
    }

    /// Takes back the announcement of a write that never left.
    fn withdraw(&mut self, id: &RecordId) -> Result<(), StoreError> {
        self.store().journal().withdraw(&self.device.name, id)?;
        self.expect_nothing(id)
    }

    /// Nothing was written to a record, so that nothing is to be committed.
    fn expect_nothing(&mut self, id: &RecordId) -> Result<(), StoreError> {
        match self.expected.remove(id) {
            true => self.store().journal().forget_commits(&self.device.name, [id]),
            false => Ok(()),
        }
    }

    /// Reads back what was sent, and settles it. Success is what the device holds, not what it said: an
    /// OK can be untrue, a lost answer can hide a write that took, and so can a no.
    fn read_back<'c>(
        &mut self,
        writer: &mut dyn TargetWriter,
        sent: Vec<Sent<'c>>,
        mut settled: Vec<(&'c Change, Outcome)>,
    ) -> Result<(), Halt> {
        if sent.is_empty() {
            return Ok(self.settle(settled, None)?);
        }
        let wanted: Vec<RecordId> = sent.iter().map(|s| s.change.employee_no.clone()).collect();
        let Reread { found, renumbered } = match read_again(writer.reader(), &sent, &wanted) {
            Ok(found) => found,
            Err(error) => {
                self.settle(settled, None)?;
                self.leave_open(sent, &error)?;
                return Err(error.into());
            }
        };
        let mut met = Vec::new();
        for one in sent {
            let after = found.get(&one.change.employee_no);
            if let Some(now) = renumbered.get(&one.change.employee_no) {
                let text = format!("sent, and the person goes by the id {now} there now");
                settled.push((one.change, Outcome::sent(OutcomeKind::Unknown, Some(text), None)));
                continue;
            }
            self.learn(&one, after)?;
            let differences = |before: &FullRecord, after: &FullRecord| {
                writer.reader().differences(before, after)
            };
            let (mut outcome, is_unasked) = judge(
                one.change,
                (&one.before, after),
                one.refusal.as_deref(),
                &self.limits,
                differences,
            );
            let restored =
                after.and_then(|after| writer.restore(&one.before, after, one.change.after));
            if let Some(restored) = restored {
                let what = outcome.error.take().unwrap_or_default();
                outcome.error = Some(format!("{what}; {restored}"));
            }
            if is_unasked {
                let what = outcome.error.as_deref().unwrap_or("changed unasked");
                met.push(format!("person {}: {what}", one.change.employee_no));
            }
            let outcome = weigh_refusal(outcome, one.refusal, is_unasked);
            let id = &one.change.employee_no;
            match (outcome.kind, one.class) {
                // It is as if nothing had been sent.
                (OutcomeKind::Refused, Some(Class::MissingRight)) => {
                    self.withdraw(id)?;
                    let (name, now) = (&self.device.name, self.execution.clock.now());
                    self.store().pending().remember_try(name, id, now)?;
                    continue;
                }
                (OutcomeKind::Refused, Some(Class::Unfit)) => {
                    self.unfit.push((id.clone(), outcome.error.clone().unwrap_or_default()));
                }
                _ => {}
            }
            settled.push((one.change, outcome));
        }
        let unasked = trust::met_unasked(&met, self.execution.clock.now());
        self.settle(settled, unasked.clone())?;
        match unasked {
            None => Ok(()),
            Some(unasked) => Err(Halt::Untrusted(Box::new(trust::unasked(
                self.device,
                &unasked,
                self.persons()?,
            )))),
        }
    }

    /// Leaves the announcement of writes that could not be read back to the next run, which settles it.
    fn leave_open(&mut self, sent: Vec<Sent<'_>>, error: &Failure) -> Result<(), StoreError> {
        let (name, now) = (&self.device.name, self.execution.clock.now());
        for one in sent {
            let id = &one.change.employee_no;
            let what = match one.refusal {
                Some(refusal) => format!("the device said no ({refusal}), and was not read back"),
                None => "written, but not read back".to_owned(),
            };
            let text = Some(format!("{what}: {error}"));
            self.result
                .changes
                .insert(id.clone(), (ChangeState::Tried(OutcomeKind::Unknown), text));
            self.store().pending().remember_try(name, id, now)?;
        }
        // One write is sent at a time until the firmware is proven.
        if let Trust::Probing(left) = self.trust {
            self.trust = Trust::Probing(left.saturating_sub(1));
            self.store().trust().remember_unconfirmed(name, &self.version, now)?;
        }
        Ok(())
    }

    /// Remembers a window that the device kept otherwise than sent, as one does that rounds. The same
    /// again, of a write that it took, is a second read-back.
    fn learn(&mut self, one: &Sent<'_>, after: Option<&FullRecord>) -> Result<(), StoreError> {
        let (sent, before) = (one.change.after, one.before.person.limit.read_as_written());
        let Some(after) = after.map(|after| after.person.limit.read_as_written()) else {
            return Ok(());
        };
        let Some(held) = after.window().filter(|held| !self.limits.is_same(sent, *held)) else {
            return Ok(());
        };
        let (name, id) = (&self.device.name, &one.change.employee_no);
        if let Some(seen) = ReadBack::explained(sent, &before, &after) {
            log::info!("{name}: person {id}: sent {sent}, and it keeps {held}");
            self.store().devices().record_read_back(name, &self.version, id, &seen)?;
        } else if before != after
            || one.refusal.is_some()
            || !self.store().devices().repeat_read_back(
                name,
                &self.version,
                id,
                &ReadBack { sent, held },
            )?
        {
            return Ok(());
        }
        self.limits = self.believed_limits()?;
        Ok(())
    }

    /// Records outcomes, with what they teach about the device, and keeps them for the report.
    pub(super) fn settle(
        &mut self,
        outcomes: Vec<(&Change, Outcome)>,
        unasked: Option<Unasked>,
    ) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        for (change, outcome) in &outcomes {
            let state = (ChangeState::Tried(outcome.kind), outcome.error.clone());
            self.result.changes.insert(change.employee_no.clone(), state);
        }
        let is_unwritten = |outcome: &Outcome| {
            !outcome.is_sent || matches!(outcome.kind, OutcomeKind::Refused | OutcomeKind::Moved)
        };
        let unwritten: Vec<RecordId> = outcomes
            .iter()
            .filter(|(_, outcome)| is_unwritten(outcome))
            .map(|(change, _)| change.employee_no.clone())
            .collect();
        self.tell(0);
        // One write is sent at a time until the version is proven.
        let probe = outcomes.iter().map(|(_, outcome)| outcome).find(|outcome| outcome.is_sent);
        let trust = match (self.trust, probe.map(|outcome| outcome.kind)) {
            (Trust::Probing(_), Some(OutcomeKind::Confirmed)) => Trust::Proven,
            (Trust::Probing(left), Some(_)) => Trust::Probing(left.saturating_sub(1)),
            (as_before, _) => as_before,
        };
        let lines: Vec<(Intent, Outcome)> = outcomes
            .into_iter()
            .map(|(change, outcome)| (Intent::new(self.execution.run, change), outcome))
            .collect();
        let (name, now) = (&self.device.name, self.execution.clock.now());
        let (version, is_news) = (&self.version, trust != self.trust);
        self.store().together(|store| {
            store.journal().settle(&lines, now)?;
            if let Some(unasked) = &unasked {
                return store.trust().remember_unasked(name, unasked);
            }
            match trust {
                Trust::Proven if is_news => store.devices().prove_version(name, version),
                Trust::Probing(_) if is_news => {
                    store.trust().remember_unconfirmed(name, version, now)
                }
                Trust::Proven | Trust::Probing(_) | Trust::Waiting => Ok(()),
            }
        })?;
        self.trust = trust;
        unwritten.iter().try_for_each(|id| self.expect_nothing(id))
    }
}

/// What is there after the writes.
struct Reread {
    found: BTreeMap<RecordId, FullRecord>,
    /// The id that a person goes by now, by the one of before.
    renumbered: BTreeMap<RecordId, RecordId>,
}

/// Reads back what was sent, and by which id a person goes now whom somebody has given another one
/// meanwhile: that is no person who is gone.
fn read_again(
    reader: &mut dyn Target,
    sent: &[Sent<'_>],
    wanted: &[RecordId],
) -> Result<Reread, Failure> {
    let found = reader.some(wanted)?;
    let mut renumbered = BTreeMap::new();
    for one in sent.iter().filter(|one| !found.contains_key(&one.change.employee_no)) {
        let handle = reader.handle(&one.before);
        if let Some(now) = reader.renumbered(&handle)? {
            renumbered.insert(one.change.employee_no.clone(), now);
        }
    }
    Ok(Reread { found, renumbered })
}

/// What became of a write that the device may have refused: nothing, or something all the same.
fn weigh_refusal(outcome: Outcome, refusal: Option<String>, is_unasked: bool) -> Outcome {
    let Some(refusal) = refusal else { return outcome };
    if outcome.kind == OutcomeKind::Refused {
        return outcome;
    }
    if outcome.kind == OutcomeKind::NotApplied && !is_unasked {
        return Outcome { kind: OutcomeKind::Refused, error: Some(refusal), ..outcome };
    }
    let what = outcome.error.as_deref().unwrap_or("and it took the change");
    Outcome { error: Some(format!("it said no ({refusal}); {what}")), ..outcome }
}
