//! Reads the persons of each device, where that is due.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::back_off;
use super::belief::{self, Doubt, Seen};
use crate::config::DeviceConfig;
use crate::exit::Exit;
use crate::hikvision::{Class, DeviceInfo, Error};
use crate::model::{EmployeeNo, Person};
use crate::outside::{Outside, ReadDevice};
use crate::report::{DeviceOutcome, Trouble};
use crate::store::{DeviceState, Failure, Failures, LoginMemory, PersonsOfDevice};

/// What is known of a device before it is asked.
#[derive(Debug)]
pub(super) struct Before {
    pub state: DeviceState,
    pub persons: PersonsOfDevice,
    pub login: LoginMemory,
    pub has_open_intents: bool,
    pub failures: Failures,
}

/// How a device is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskDevice {
    pub now: DateTime<Utc>,
    /// Whatever is known, and however often it failed.
    pub is_full: bool,
    /// `--accept-device`.
    pub accepted: Option<usize>,
}

/// What is known of a device after it was asked (or was not, because nothing was due).
pub struct DeviceGathered {
    /// How it fared so far.
    pub outcome: DeviceOutcome,
    /// Its persons, until the facts are put together: they have them then.
    pub(super) persons: PersonsOfDevice,
    /// Whether its persons are known at all.
    pub is_known: bool,
    /// Nothing was ever written to it.
    pub is_first_run: bool,
    /// The reading to record, if one was made.
    pub reading: Option<FreshReading>,
    /// What a login taught.
    pub login: LoginResult,
    /// What went wrong.
    pub trouble: Option<Trouble>,
    /// The failure to remember, if it failed just now.
    pub failure: Option<Failure>,
    /// It was not asked, because it failed a while ago. A change that opens a closed door is tried
    /// all the same.
    pub is_backing_off: bool,
}

/// A person list that was read just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshReading {
    /// The device's serial number.
    pub serial: String,
    /// Its model.
    pub model: String,
    /// Its firmware.
    pub firmware: String,
    /// When the reading began.
    pub at: DateTime<Utc>,
}

/// What a login taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginResult {
    /// None was tried, or it told nothing.
    NotTried,
    /// It worked.
    Worked,
    /// It was refused: remembered, so that the account is never locked.
    Refused,
}

/// Reads a device that is due; the open connection comes with it, for carrying out.
pub(super) fn read_due<O: Outside>(
    outside: &O,
    config: &DeviceConfig,
    before: Before,
    ask: AskDevice,
) -> (DeviceGathered, Option<O::Reader>) {
    let now = ask.now;
    if let Some(trouble) = held_back(config, &before.login, now) {
        let held = DeviceGathered {
            outcome: DeviceOutcome::LoginRefused,
            trouble: Some(trouble),
            ..untouched(before)
        };
        return (held, None);
    }
    if let Some((outcome, trouble)) = backing_off(config, &before, ask) {
        let is_backing_off = outcome == DeviceOutcome::Unreachable;
        let trouble = Some(trouble);
        return (DeviceGathered { outcome, trouble, is_backing_off, ..untouched(before) }, None);
    }
    match read(outside, config) {
        Ok(Read { info, persons, unusable, reader }) => {
            log::info!("{}: {} persons read", config.name, persons.len());
            let seen = Seen { serial: &info.serial, persons: persons.len() };
            if let Err(doubt) = belief::judge(before.seen(), seen, ask.accepted) {
                return (doubted(config, before, &doubt, seen.persons), None);
            }
            let confirmed = before.persons.confirmed;
            let gathered = DeviceGathered {
                outcome: DeviceOutcome::Ok,
                is_known: true,
                is_first_run: before.state.first_written_at.is_none(),
                persons: PersonsOfDevice { persons, confirmed },
                reading: Some(FreshReading {
                    serial: info.serial,
                    model: info.model,
                    firmware: info.firmware,
                    at: now,
                }),
                login: LoginResult::Worked,
                trouble: left_out(config, &unusable),
                failure: None,
                is_backing_off: false,
            };
            (gathered, Some(reader))
        }
        Err(error) => {
            let (outcome, trouble, login) = failure(config, &error);
            let failure = to_remember(&trouble);
            let trouble = Some(trouble);
            (DeviceGathered { outcome, trouble, login, failure, ..untouched(before) }, None)
        }
    }
}

/// What is known of a device that is not asked.
pub(super) fn untouched(before: Before) -> DeviceGathered {
    DeviceGathered {
        outcome: DeviceOutcome::Ok,
        is_known: before.state.read_at.is_some(),
        is_first_run: before.state.first_written_at.is_none(),
        persons: before.persons,
        reading: None,
        login: LoginResult::NotTried,
        trouble: None,
        failure: None,
        is_backing_off: false,
    }
}

impl Before {
    /// Whether the device may be asked for something besides: it is neither held back nor backing off.
    pub fn may_ask(&self, now: DateTime<Utc>) -> bool {
        self.login.may_try(now) && back_off::waits_until(&self.failures, now).is_none()
    }

    /// The device as it was last read and believed.
    fn seen(&self) -> Option<Seen<'_>> {
        self.state.read_at?;
        let serial = self.state.serial.as_deref().unwrap_or_default();
        Some(Seen { serial, persons: self.persons.persons.len() })
    }
}

/// How a device is told that failed a while ago and is left alone for longer and longer.
fn backing_off(
    config: &DeviceConfig,
    before: &Before,
    ask: AskDevice,
) -> Option<(DeviceOutcome, Trouble)> {
    if ask.is_full || ask.accepted.is_some() {
        return None;
    }
    let until = back_off::waits_until(&before.failures, ask.now)?;
    let failure = before.failures.last.clone()?;
    let (outcome, exit) = if failure.is_doubt {
        (DeviceOutcome::NotBelieved, Exit::Refused)
    } else {
        (DeviceOutcome::Unreachable, Exit::PartFailed)
    };
    let text = format!(
        "{} (failed {} times in a row; asked again at {})",
        failure.text,
        before.failures.count,
        until.with_timezone(&config.time_zone).format("%H:%M")
    );
    let about = config.name.to_string();
    Some((outcome, Trouble { exit, about, text, hint: failure.hint }))
}

/// A device that is not believed: what is known of it stays.
fn doubted(config: &DeviceConfig, before: Before, doubt: &Doubt, persons: usize) -> DeviceGathered {
    let trouble = not_believed(config, doubt, Some(persons));
    DeviceGathered {
        outcome: DeviceOutcome::NotBelieved,
        failure: Some(Failure { is_doubt: true, ..remembered(&trouble) }),
        trouble: Some(trouble),
        login: LoginResult::Worked,
        ..untouched(before)
    }
}

/// Says why a device is not believed, and the way out; `persons` is how many it holds, where that
/// was read.
#[must_use]
pub fn not_believed(config: &DeviceConfig, doubt: &Doubt, persons: Option<usize>) -> Trouble {
    let name = &config.name;
    let way_out = match persons {
        Some(persons) => format!("ivms-sync sync --accept-device {name}={persons}"),
        None => "run `ivms-sync sync --full`, which says how to accept it".to_owned(),
    };
    Trouble {
        exit: Exit::Refused,
        about: name.to_string(),
        text: doubt.to_string(),
        hint: Some(format!(
            "nothing was written there; see that the address of [hikvision.{name}] leads to the right \
             device and that its persons are there. If it was replaced or cleaned up on purpose: {way_out}"
        )),
    }
}

/// What to remember of a failed call. Logins have a memory and rules of their own.
#[must_use]
pub fn to_remember(trouble: &Trouble) -> Option<Failure> {
    (trouble.exit != Exit::Login).then(|| remembered(trouble))
}

fn remembered(trouble: &Trouble) -> Failure {
    Failure { text: trouble.text.clone(), hint: trouble.hint.clone(), is_doubt: false }
}

/// Whether the person list must be read now.
pub(super) fn is_due(config: &DeviceConfig, before: &Before, ask: AskDevice) -> bool {
    ask.is_full
        || ask.accepted.is_some()
        || before.has_open_intents
        || is_reading_due(config, &before.state, ask.now)
}

/// Whether the person list is too old, or not to be relied on.
pub(super) fn is_reading_due(
    config: &DeviceConfig,
    state: &DeviceState,
    now: DateTime<Utc>,
) -> bool {
    let every = TimeDelta::from_std(config.audit_every).unwrap_or(TimeDelta::MAX);
    state.needs_read
        || state.read_at.is_none_or(|at| {
            let age = now.signed_duration_since(at);
            age < TimeDelta::zero() || age >= every
        })
}

/// Why the device is left alone, if it is: a login that was refused is not simply tried again.
pub fn held_back(
    config: &DeviceConfig,
    login: &LoginMemory,
    now: DateTime<Utc>,
) -> Option<Trouble> {
    if login.may_try(now) {
        return None;
    }
    let text = match login.waits_until(now) {
        Some(until) => format!(
            "refused the login; left alone until {} so that it does not lock us out",
            until.with_timezone(&config.time_zone).format("%H:%M")
        ),
        None => "refused the login twice; left alone until the configured password changes, so \
                 that it does not lock us out"
            .to_owned(),
    };
    Some(Trouble {
        exit: Exit::Login,
        about: config.name.to_string(),
        text,
        hint: Some(format!(
            "correct username and password of [hikvision.{}]; a changed password is tried at once",
            config.name
        )),
    })
}

/// What a reading brought.
struct Read<R> {
    info: DeviceInfo,
    persons: BTreeMap<EmployeeNo, Person>,
    /// Why entries were left out.
    unusable: Vec<String>,
    reader: R,
}

fn read<O: Outside>(outside: &O, config: &DeviceConfig) -> Result<Read<O::Reader>, Error> {
    let mut reader = outside.connect(config)?;
    let info = reader.device_info()?;
    let mut persons = BTreeMap::new();
    let list = reader.all_persons(&mut |record| {
        persons.insert(record.person.employee_no.clone(), record.person);
    })?;
    if !list.complete {
        let stated = list.total_stated.map_or_else(|| "?".to_owned(), |total| total.to_string());
        let what = format!("the list ended after {} of {stated} persons", persons.len());
        return Err(Error::Wire { call: "person list", what, excerpt: String::new() });
    }
    Ok(Read { info, persons, unusable: list.unusable, reader })
}

/// Says that entries were left out, which is worth a look and no failure.
fn left_out(config: &DeviceConfig, unusable: &[String]) -> Option<Trouble> {
    let [first, others @ ..] = unusable else { return None };
    let and = match others.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(Trouble {
        exit: Exit::InStep,
        about: config.name.to_string(),
        text: format!("not every person can be used: {first}{and}"),
        hint: Some("give that person on the device a number, or delete it there".to_owned()),
    })
}

/// How a failed call is told, and what it says about the login.
#[must_use]
pub fn failure(config: &DeviceConfig, error: &Error) -> (DeviceOutcome, Trouble, LoginResult) {
    let (outcome, exit) = match error.class() {
        Class::Login => (DeviceOutcome::LoginRefused, Exit::Login),
        Class::Temporary | Class::Unknown | Class::Permanent => {
            (DeviceOutcome::Unreachable, Exit::PartFailed)
        }
    };
    let login = if error.spent_a_login() { LoginResult::Refused } else { LoginResult::NotTried };
    let trouble = Trouble {
        exit,
        about: config.name.to_string(),
        text: error.to_string(),
        hint: error.hint().map(str::to_owned),
    };
    (outcome, trouble, login)
}
