//! Reads the persons of each device, where that is due.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::DeviceConfig;
use crate::exit::Exit;
use crate::hikvision::{Class, DeviceInfo, Error};
use crate::model::{EmployeeNo, Person};
use crate::outside::{Outside, ReadDevice};
use crate::report::{DeviceOutcome, Trouble};
use crate::store::{DeviceState, LoginMemory, PersonsOfDevice};

/// What is known of a device before it is asked.
#[derive(Debug)]
pub(super) struct Before {
    pub state: DeviceState,
    pub persons: PersonsOfDevice,
    pub login: LoginMemory,
    pub has_open_intents: bool,
}

/// What is known of a device after it was asked (or was not, because nothing was due).
pub struct DeviceGathered {
    /// How it fared so far.
    pub outcome: DeviceOutcome,
    /// Its persons.
    pub persons: PersonsOfDevice,
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
}

/// A person list that was read just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshReading {
    /// The device's serial number.
    pub serial: String,
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
    now: DateTime<Utc>,
) -> (DeviceGathered, Option<O::Reader>) {
    if let Some(trouble) = held_back(config, &before.login, now) {
        let held = DeviceGathered {
            outcome: DeviceOutcome::LoginRefused,
            trouble: Some(trouble),
            ..untouched(before)
        };
        return (held, None);
    }
    match read(outside, config) {
        Ok(Read { info, persons, unusable, reader }) => {
            log::info!("{}: {} persons read", config.name, persons.len());
            let confirmed = before.persons.confirmed;
            let gathered = DeviceGathered {
                outcome: DeviceOutcome::Ok,
                is_known: true,
                is_first_run: before.state.first_written_at.is_none(),
                persons: PersonsOfDevice { persons, confirmed },
                reading: Some(FreshReading { serial: info.serial, at: now }),
                login: LoginResult::Worked,
                trouble: left_out(config, &unusable),
            };
            (gathered, Some(reader))
        }
        Err(error) => {
            let (outcome, trouble, login) = failure(config, &error);
            let trouble = Some(trouble);
            (DeviceGathered { outcome, trouble, login, ..untouched(before) }, None)
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
    }
}

/// Whether the person list must be read now.
pub(super) fn is_due(config: &DeviceConfig, before: &Before, now: DateTime<Utc>) -> bool {
    let every = TimeDelta::from_std(config.audit_every).unwrap_or(TimeDelta::MAX);
    before.state.needs_read
        || before.has_open_intents
        || before.state.read_at.is_none_or(|at| {
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
    let text = match login.waits_until() {
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
