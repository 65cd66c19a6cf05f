//! How it is told what is wrong with a device, and what to remember of that.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{AskTarget, Before, LoginResult};
use crate::config::{Mode, TargetConfig};
use crate::connectors::hikvision::{Class, Error};
use crate::engine::execute::trust;
use crate::engine::gather::back_off;
use crate::engine::gather::belief::Doubt;
use crate::exit::Exit;
use crate::model::{Flaw, Limit, Record, RecordId};
use crate::report::{TargetOutcome, Trouble};
use crate::store::{Failure, LoginMemory, Unasked};
use crate::text::lists::some_of;

/// So many persons are named who have the same flaw.
const NAMED_MAX: usize = 3;

/// How a device is told that failed a while ago and is left alone for longer and longer.
pub(super) fn backing_off(
    config: &TargetConfig,
    before: &Before,
    ask: AskTarget,
) -> Option<(TargetOutcome, Trouble)> {
    if ask.is_full || ask.accepted.is_some() {
        return None;
    }
    let until = back_off::waits_until(&before.failures, ask.now)?;
    let failure = before.failures.last.clone()?;
    let (outcome, exit) = if failure.is_doubt {
        (TargetOutcome::NotBelieved, Exit::Refused)
    } else {
        (TargetOutcome::Unreachable, Exit::PartFailed)
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

/// Says why a device is not believed, and the way out; `persons` is how many it holds, where that
/// was read.
#[must_use]
pub fn not_believed(config: &TargetConfig, doubt: &Doubt, persons: Option<usize>) -> Trouble {
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

pub(super) fn remembered(trouble: &Trouble) -> Failure {
    Failure { text: trouble.text.clone(), hint: trouble.hint.clone(), is_doubt: false }
}

/// Why the device is left alone, if it is: a login that was refused is not simply tried again.
pub fn held_back(
    config: &TargetConfig,
    login: &LoginMemory,
    now: DateTime<Utc>,
) -> Option<Trouble> {
    let text = login.left_alone(now, config.time_zone)?;
    let hint = if login.is_spent(now) {
        "so many logins were refused within half an hour that one more, with whatever password, could \
         lock this computer out; find what sends wrong ones, and wait"
            .to_owned()
    } else {
        format!(
            "correct username and password of [hikvision.{}]; a changed password is tried at once, and so is \
             any by `ivms-sync check`",
            config.name
        )
    };
    Some(Trouble { exit: Exit::Login, about: config.name.to_string(), text, hint: Some(hint) })
}

/// Why nothing is written there, although it may be read.
pub(super) fn stopped(
    config: &TargetConfig,
    unasked: Option<&Unasked>,
    refusal: Option<(&str, &str)>,
    persons: usize,
) -> Option<Trouble> {
    if config.mode == Mode::Observe {
        return None;
    }
    let refuses = || {
        let (firmware, why) = refusal?;
        Some(trust::refuses(config, firmware, why, persons))
    };
    unasked.map(|unasked| trust::unasked(config, unasked, persons)).or_else(refuses)
}

/// The firmware that takes no change of anybody, and why, if the one last seen is such.
pub(super) fn refusal(before: &Before) -> Option<(&str, &str)> {
    before.state.firmware.as_deref().zip(before.write_manners.refuses.as_deref())
}

/// Says once for the door that persons hold dates that nobody can read for certain.
pub(super) fn unclear(
    config: &TargetConfig,
    persons: &BTreeMap<RecordId, Record>,
) -> Option<Trouble> {
    let is_unclear = |person: &&Record| matches!(person.limit, Limit::Unclear { .. });
    let count = persons.values().filter(is_unclear).count();
    let (who, have) = if count == 1 { ("person", "has") } else { ("persons", "have") };
    (count > 0).then(|| Trouble {
        exit: Exit::InStep,
        about: config.name.to_string(),
        text: format!(
            "{count} {who} {have} dates in a form that can mean two things; nothing is changed for them"
        ),
        hint: Some(
            "the documented form is 2026-12-31T23:59:59 without Z or offset: set the dates anew on the \
             device, or ask its vendor for other firmware"
                .to_owned(),
        ),
    })
}

/// Says once for the door whose entries have this flaw.
pub(super) fn flawed(
    config: &TargetConfig,
    persons: &BTreeMap<RecordId, Record>,
    flaw: Flaw,
) -> Option<Trouble> {
    let met = persons.values().filter(|person| person.flaw == Some(flaw));
    let met: Vec<String> =
        met.map(|person| format!("person {} {}", person.employee_no, flaw.what())).collect();
    let hint = match flaw {
        Flaw::Twice => {
            "delete the entry that is wrong on the device, or give it a number of its own"
        }
        Flaw::NotUtf8 => "write the name anew on the device, or ask its vendor for other firmware",
    };
    (!met.is_empty()).then(|| Trouble {
        exit: Exit::InStep,
        about: config.name.to_string(),
        text: format!("{}; nothing is changed there for them", some_of(&met, NAMED_MAX, ", ")),
        hint: Some(hint.to_owned()),
    })
}

/// Two things to look at in one.
pub(super) fn both(one: Trouble, other: Trouble) -> Trouble {
    let hint: Vec<String> = [one.hint, other.hint].into_iter().flatten().collect();
    Trouble {
        text: format!("{}; {}", one.text, other.text),
        hint: Some(hint.join("; ")),
        exit: one.exit,
        about: one.about,
    }
}

/// Says that entries were left out, which is worth a look and no failure.
pub(super) fn left_out(config: &TargetConfig, unusable: &[String]) -> Option<Trouble> {
    (!unusable.is_empty()).then(|| Trouble {
        exit: Exit::InStep,
        about: config.name.to_string(),
        text: format!("not every person can be used: {}", some_of(unusable, 1, ", ")),
        hint: Some("give that person a number on the device, or delete it there".to_owned()),
    })
}

/// How a failed call is told, and what it says about the login.
#[must_use]
pub fn failure(config: &TargetConfig, error: &Error) -> (TargetOutcome, Trouble, LoginResult) {
    let (outcome, exit) = match error.class() {
        Class::Login => (TargetOutcome::LoginRefused, Exit::Login),
        Class::Temporary | Class::Unknown | Class::Permanent => {
            (TargetOutcome::Unreachable, Exit::PartFailed)
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
