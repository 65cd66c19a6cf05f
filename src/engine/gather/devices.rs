//! Reads the persons of each device, where that is due.

mod troubles;
mod twins;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::plausibility::{self, Doubt, Seen};
use super::record::cut_off_unasked;
use super::{Scope, back_off, conversation};
use crate::config::{Guard, TargetConfig};
use crate::engine::Systems;
use crate::engine::TargetOutcome;
use crate::engine::link::{StoredLink, StoredLinks, is_same_person, name_digest};
use crate::model::{Flaw, Limit, Memory, Record, RecordId, TargetLimits, Window};
use crate::ports::{Class, Failure, Identity, Statement, Target};
use crate::store::lock::Holder;
use crate::store::{
    Failures, Intent, LastFailure, LoginMemory, RecordsOfTarget, Store, StoreError, StoredHolder,
    TargetState, WriteMemory,
};
use crate::trouble::{FailureKind, Trouble, TroubleKind};

use troubles::{backing_off, refusal, remarks, remembered, stopped};
pub use troubles::{failure, held_back, left_alone, not_believed, to_remember};
pub(super) use twins::disown_twins;

/// What is known of a device before it is asked.
#[derive(Debug)]
pub(super) struct Before {
    pub state: TargetState,
    pub limits: TargetLimits,
    pub persons: RecordsOfTarget,
    pub login: LoginMemory,
    pub failures: Failures,
    pub writes: WriteMemory,
    /// Why its version takes no change of anybody, if so.
    pub refusal: Option<String>,
    pub open_intents: Vec<Intent>,
}

impl Before {
    /// Reads what is known of a device.
    pub(super) fn read(
        store: &Store,
        device: &TargetConfig,
        scope: &Scope,
    ) -> Result<Self, StoreError> {
        let _look = store.reading()?;
        let persons = store.devices().persons(&device.name)?;
        Self::beside(store, device, scope, persons)
    }

    /// Reads what is known of a device beside its persons.
    pub(super) fn beside(
        store: &Store,
        device: &TargetConfig,
        scope: &Scope,
        persons: RecordsOfTarget,
    ) -> Result<Self, StoreError> {
        let state = store.devices().device_state(&device.name)?;
        let version = state.version.as_deref().unwrap_or_default();
        Ok(Self {
            refusal: store.trust().refusal(&device.name, version)?,
            state,
            limits: store
                .devices()
                .device_limits(&device.name, device.kind.capabilities().times)?,
            persons,
            login: login_memory(store, device, scope)?,
            failures: store.trust().failures(&device.name)?,
            writes: store.trust().write_memory(&device.name)?,
            open_intents: store.journal().open_intents(&device.name)?,
        })
    }

    /// The device as it was last read and believed.
    fn seen(&self) -> Option<Seen<'_>> {
        self.state.read_at?;
        let serial = self.state.serial.as_deref().unwrap_or_default();
        Some(Seen { serial, persons: self.persons.persons.len() })
    }
}

/// What is remembered of logins, as far as it counts now.
fn login_memory(
    store: &Store,
    device: &TargetConfig,
    scope: &Scope,
) -> Result<LoginMemory, StoreError> {
    let login =
        store.trust().login_memory(&device.name, &device.login.name, &device.login.secret)?;
    Ok(if scope.tries_logins { login.by_hand() } else { login })
}

/// Whether a device may be asked for something besides: it is neither held back nor backing off. Only
/// whoever holds its lock can tell.
pub(super) fn may_ask(
    store: &Store,
    device: &TargetConfig,
    scope: &Scope,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let waits = back_off::waits_until(&store.trust().failures(&device.name)?, now);
    Ok(login_memory(store, device, scope)?.may_try(now) && waits.is_none())
}

/// How a device is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskTarget {
    pub now: DateTime<Utc>,
    /// Whatever is known, and however often it failed.
    pub is_full: bool,
    /// `--accept-device`.
    pub accepted: Option<usize>,
}

impl AskTarget {
    pub(super) fn new(scope: &Scope, device: &TargetConfig, now: DateTime<Utc>) -> Self {
        let accepted = scope.accept_devices.get(&device.name).copied();
        Self { now, is_full: scope.is_full, accepted }
    }
}

/// What is known of a device after it was asked (or was not, because nothing was due).
pub struct TargetGathered {
    /// How it fared so far.
    pub outcome: TargetOutcome,
    /// Its persons, until the facts are put together: they have them then.
    pub(super) persons: RecordsOfTarget,
    /// Whether its persons are known at all.
    pub is_known: bool,
    /// Its serial number, where it stated one.
    pub(super) serial: Option<String>,
    /// What it makes of the windows it is sent.
    pub limits: TargetLimits,
    /// Nothing was ever written to it.
    pub is_first_run: bool,
    /// The reading to record, if one was made.
    pub reading: Option<FreshReading>,
    /// What a login taught.
    pub login: LoginResult,
    pub troubles: Vec<Trouble>,
    /// The failure to remember, if it failed just now.
    pub failure: Option<LastFailure>,
    /// It was not asked, because it failed a while ago. A change that opens a closed door is tried
    /// all the same.
    pub is_backing_off: bool,
    /// Why nothing is written there whatever is planned, until somebody accepts the device.
    pub stopped: Option<Trouble>,
    /// `--accept-device` named just as many persons as it holds.
    pub is_accepted: bool,
    /// Persons whose name is another one than at the last reading, if there are any.
    pub(super) renamed: Option<Renamed>,
}

/// Persons whose names have changed, and everything that was known before.
#[derive(Debug)]
pub(super) struct Renamed {
    persons: BTreeSet<RecordId>,
    before: RecordsOfTarget,
}

/// A person list that was read just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshReading {
    /// The device's serial number.
    pub serial: String,
    pub model: String,
    pub version: String,
    /// What it says of itself, where it was asked for that.
    pub statement: Option<Statement>,
    /// What its connector remembers of it.
    pub memory: Memory,
    /// When the reading began.
    pub at: DateTime<Utc>,
}

/// What a login taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginResult {
    /// None was tried, or nothing was learnt.
    NotTried,
    Worked,
    /// It was refused: remembered, so that the account is never locked.
    Refused,
}

/// Reads a device that is due; the open connection comes with it, for carrying out.
pub(super) fn read_due<'a>(
    systems: &'a dyn Systems,
    config: &TargetConfig,
    before: Before,
    ask: AskTarget,
) -> (TargetGathered, Option<Box<dyn Target + 'a>>) {
    let now = ask.now;
    if let Some(trouble) = held_back(config.peer(), &before.login, now) {
        let held = TargetGathered {
            outcome: TargetOutcome::LoginRefused,
            troubles: vec![trouble],
            ..untouched(config, before)
        };
        return (held, None);
    }
    if let Some((outcome, trouble)) = backing_off(config, &before, ask) {
        let is_backing_off = outcome == TargetOutcome::Unreachable;
        let troubles = vec![trouble];
        return (
            TargetGathered { outcome, troubles, is_backing_off, ..untouched(config, before) },
            None,
        );
    }
    match read(systems, config, &before) {
        Ok(Read { info, statement, mut persons, unusable, reader }) => {
            log::info!("{}: {} persons read", config.name, persons.len());
            let seen = Seen { serial: &info.serial, persons: persons.len() };
            if let Err(doubt) = plausibility::judge(before.seen(), seen, ask.accepted) {
                return (doubted(config, before, &doubt, seen.persons), None);
            }
            let is_accepted = ask.accepted == Some(seen.persons);
            let cut_off = cut_off_unasked(&before.open_intents, &persons, now);
            let unasked = before.writes.unasked.as_ref().or(cut_off.as_ref());
            let is_same = before.state.version.as_ref() == Some(&info.version);
            let refuses = refusal(&before).filter(|_| is_same);
            let stopped = stopped(config, unasked, refuses, seen.persons);
            let stopped = stopped.filter(|_| !is_accepted);
            let confirmed = before.persons.confirmed.clone();
            let written = before.persons.written.clone();
            let renamed = Renamed::find(before.persons, &persons);
            settle_notation(&mut persons, &confirmed);
            let remarks = remarks(config, &unusable, &persons);
            let limits = match &statement {
                // What the former version did says nothing of this one.
                Some(said) => {
                    TargetLimits::known(config.kind.capabilities().times, said.latest_end, &[])
                }
                None => before.limits,
            };
            let gathered = TargetGathered {
                outcome: TargetOutcome::Ok,
                is_known: true,
                serial: Some(info.serial.clone()),
                limits,
                is_first_run: before.state.first_written_at.is_none(),
                persons: RecordsOfTarget { persons, confirmed, written },
                reading: Some(FreshReading {
                    serial: info.serial,
                    model: info.model,
                    version: info.version,
                    statement,
                    memory: reader.memory(),
                    at: now,
                }),
                login: LoginResult::Worked,
                troubles: remarks,
                failure: None,
                is_backing_off: false,
                stopped,
                is_accepted,
                renamed,
            };
            (gathered, Some(reader))
        }
        Err(error) => {
            let (outcome, trouble, login) = failure(config.peer(), &error);
            let failure = to_remember(&trouble);
            let troubles = vec![trouble];
            (
                TargetGathered { outcome, troubles, login, failure, ..untouched(config, before) },
                None,
            )
        }
    }
}

/// A device that somebody else talks to: neither asked nor written to in this run.
pub(super) fn busy(config: &TargetConfig, before: Before, holder: &Holder) -> TargetGathered {
    TargetGathered {
        outcome: TargetOutcome::Unreachable,
        troubles: vec![conversation::busy(config.peer(), holder)],
        ..untouched(config, before)
    }
}

/// What is known of a device that is not asked.
pub(super) fn untouched(config: &TargetConfig, before: Before) -> TargetGathered {
    TargetGathered {
        stopped: stopped(
            config,
            before.writes.unasked.as_ref(),
            refusal(&before),
            before.persons.persons.len(),
        ),
        is_accepted: false,
        outcome: TargetOutcome::Ok,
        is_known: before.state.read_at.is_some(),
        serial: before.state.serial,
        limits: before.limits,
        is_first_run: before.state.first_written_at.is_none(),
        persons: before.persons,
        reading: None,
        login: LoginResult::NotTried,
        troubles: Vec::new(),
        failure: None,
        is_backing_off: false,
        renamed: None,
    }
}

impl Renamed {
    fn find(before: RecordsOfTarget, now: &BTreeMap<RecordId, Record>) -> Option<Self> {
        let is_another = |(id, old): &(&RecordId, &Record)| {
            now.get(*id).is_some_and(|new| {
                old.name != new.name
                    && new.flaw != Some(Flaw::NotUtf8)
                    && !old.name.trim().is_empty()
                    && name_digest(&old.name) != name_digest(&new.name)
            })
        };
        let persons = before.persons.iter().filter(is_another).map(|(id, _)| id.clone());
        let persons: BTreeSet<RecordId> = persons.collect();
        (!persons.is_empty()).then_some(Self { persons, before })
    }
}

impl TargetGathered {
    /// The doubt where many linked persons have another name than at the last reading, one that is not
    /// their member's either: the numbers on the device may have been given anew.
    pub(super) fn doubt_renamed<'a>(
        &self,
        stored: &StoredLinks,
        members: impl Iterator<Item = &'a StoredHolder>,
        guard: Guard,
    ) -> Option<Doubt> {
        let renamed = self.renamed.as_ref()?;
        let here = &self.persons.persons;
        let is_here = |link: &&StoredLink| here.contains_key(&link.employee_no);
        let linked = stored.links.values().filter(is_here).count();
        let others = members.filter(|stored_member| {
            let link = stored.links.get(stored_member.key());
            let link = link.filter(|link| renamed.persons.contains(&link.employee_no));
            let person = link.and_then(|link| here.get(&link.employee_no));
            person.is_some_and(|person| !is_same_person(&stored_member.member, &person.name))
        });
        plausibility::judge_names(others.count(), linked, guard).err()
    }

    /// Believes nothing of a device that another section of the configuration leads to as well: two
    /// conversations with one device, and rules that may differ.
    fn disown(&mut self, config: &TargetConfig, doubt: &Doubt) {
        let trouble = Trouble::of_target(&config.name, TroubleKind::Twin(doubt.to_string()));
        (self.outcome, self.troubles) = (TargetOutcome::NotBelieved, vec![trouble]);
        (self.persons, self.is_known) = (RecordsOfTarget::default(), false);
        (self.reading, self.failure) = (None, None);
    }

    /// Takes a reading back that is not believed: what is known of the device stays.
    pub(super) fn take_back(&mut self, config: &TargetConfig, doubt: &Doubt) {
        let Some(renamed) = self.renamed.take() else { return };
        let trouble = not_believed(config, doubt, Some(self.persons.persons.len()));
        self.failure = Some(LastFailure { kind: FailureKind::Doubt, ..remembered(&trouble) });
        self.outcome = TargetOutcome::NotBelieved;
        self.troubles = vec![trouble];
        self.persons = renamed.before;
        self.reading = None;
    }
}

/// A device that is not believed: what is known of it stays.
fn doubted(config: &TargetConfig, before: Before, doubt: &Doubt, persons: usize) -> TargetGathered {
    let trouble = not_believed(config, doubt, Some(persons));
    TargetGathered {
        outcome: TargetOutcome::NotBelieved,
        failure: Some(LastFailure { kind: FailureKind::Doubt, ..remembered(&trouble) }),
        troubles: vec![trouble],
        login: LoginResult::Worked,
        ..untouched(config, before)
    }
}

/// What a device makes of the windows it is sent, as far as that is believed with the persons on file.
pub fn believed_limits(
    store: &Store,
    device: &TargetConfig,
    known: TargetLimits,
    now: DateTime<Utc>,
) -> Result<TargetLimits, StoreError> {
    // Where it takes whatever its kind takes, nobody holds more, and all persons need not be read.
    let held = match known.latest_end() == known.times().latest {
        true => None,
        false => store.devices().latest_end_held(&device.name)?,
    };
    Ok(known.believed(held.into_iter(), now.with_timezone(&device.time_zone).naive_local()))
}

/// Whether the person list must be read now.
pub(super) fn is_due(
    config: &TargetConfig,
    store: &Store,
    ask: AskTarget,
) -> Result<bool, StoreError> {
    Ok(ask.is_full
        || ask.accepted.is_some()
        || is_reading_due(config, &store.devices().device_state(&config.name)?, ask.now)
        || !store.journal().open_intents(&config.name)?.is_empty())
}

/// Whether the person list is too old, or not to be relied on.
pub(super) fn is_reading_due(
    config: &TargetConfig,
    state: &TargetState,
    now: DateTime<Utc>,
) -> bool {
    let every = TimeDelta::from_std(config.audit_every).unwrap_or(TimeDelta::MAX);
    state.needs_read
        || state.read_at.is_none_or(|at| {
            let age = now.signed_duration_since(at);
            age < TimeDelta::zero() || age >= every
        })
}

/// What a reading brought.
struct Read<'a> {
    info: Identity,
    /// Asked for where the version is not the one it is known of.
    statement: Option<Statement>,
    persons: BTreeMap<RecordId, Record>,
    /// Why entries were left out.
    unusable: Vec<String>,
    reader: Box<dyn Target + 'a>,
}

fn read<'a>(
    systems: &'a dyn Systems,
    config: &TargetConfig,
    before: &Before,
) -> Result<Read<'a>, Failure> {
    let known = &before.state;
    let mut reader = systems.target(config, &known.memory)?;
    if before.login.is_retried() {
        reader.keep_a_try();
    }
    let info = reader.identity()?;
    let statement = if known.asked_version.as_ref() == Some(&info.version) {
        None
    } else {
        // Old firmware has no such words: it says nothing, and is not asked again.
        match reader.statement() {
            Err(error) if !error.is_permanent() => return Err(error),
            said => Some(said.unwrap_or_default()),
        }
    };
    let mut persons = BTreeMap::new();
    let list = reader.all(&mut |record| {
        persons.insert(record.person.employee_no.clone(), record.person);
    })?;
    for number in &list.twice {
        if let Some(person) = persons.get_mut(number) {
            person.flaw = Some(Flaw::Twice);
        }
    }
    if !list.complete {
        let stated = list.total_stated.map_or_else(|| "?".to_owned(), |total| total.to_string());
        let what = format!("the list ended after {} of {stated} persons", persons.len());
        return Err(Failure {
            class: Class::Refused,
            has_spent_login: false,
            text: format!("person list: {what}"),
            hint: Some("the next run reads it again; if it stays so, restart it".to_owned()),
        });
    }
    Ok(Read { info, statement, persons, unusable: list.unusable, reader })
}

/// Reads unclear dates as they are written, where windows that this device was seen to hold settle it:
/// more of them come back with the same digits and a suffix than with others.
fn settle_notation(
    persons: &mut BTreeMap<RecordId, Record>,
    confirmed: &BTreeMap<RecordId, Window>,
) {
    let known = persons.values().filter_map(|person| match person.limit {
        Limit::Unclear { as_written } => Some((as_written?, confirmed.get(&person.employee_no)?)),
        _ => None,
    });
    let (same, others): (Vec<_>, Vec<_>) = known.partition(|(written, held)| written == *held);
    if same.len() > others.len() {
        for person in persons.values_mut() {
            person.limit = person.limit.read_as_written();
        }
    }
}
