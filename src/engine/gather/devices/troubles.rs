//! What is wrong with a device, as a trouble, and what to remember of that.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{AskTarget, Before, LoginResult};
use crate::config::{Mode, Peer, TargetConfig};
use crate::engine::TargetOutcome;
use crate::engine::gather::back_off;
use crate::engine::gather::plausibility::Doubt;
use crate::engine::gather::trust;
use crate::exit::Exit;
use crate::model::{Flaw, Limit, Record, RecordId};
use crate::ports::{Class, Failure};
use crate::store::{Failures, LastFailure, LoginMemory, Unasked};
use crate::text::lists::some_of;
use crate::trouble::{Failed, FailureKind, Trouble, TroubleKind};

/// So many persons are named who have the same flaw.
const NAMED_MAX: usize = 3;

/// The trouble of a device that failed a while ago and is left alone for longer and longer.
pub(super) fn backing_off(
    config: &TargetConfig,
    before: &Before,
    ask: AskTarget,
) -> Option<(TargetOutcome, Trouble)> {
    if ask.is_full || ask.accepted.is_some() {
        return None;
    }
    left_alone(config.peer(), &before.failures, ask.now)
}

/// The trouble of whoever failed so often that it is left alone now.
#[must_use]
pub fn left_alone(
    peer: Peer<'_>,
    failures: &Failures,
    now: DateTime<Utc>,
) -> Option<(TargetOutcome, Trouble)> {
    let until = back_off::waits_until(failures, now)?;
    let failure = failures.last.clone()?;
    let outcome = match failure.kind {
        FailureKind::Doubt => TargetOutcome::NotBelieved,
        FailureKind::Passing | FailureKind::Lasting => TargetOutcome::Unreachable,
    };
    let kind = TroubleKind::BackingOff {
        kind: failure.kind,
        failed: failure.failed,
        count: failures.count,
        until: until.with_timezone(&peer.time_zone).format("%H:%M").to_string(),
    };
    Some((outcome, Trouble::of_target(peer.name, kind)))
}

/// Says why a device is not believed, and the way out; `persons` is how many it holds, where that
/// was read.
#[must_use]
pub fn not_believed(config: &TargetConfig, doubt: &Doubt, persons: Option<usize>) -> Trouble {
    Trouble::of_target(&config.name, TroubleKind::NotBelieved { text: doubt.to_string(), persons })
}

/// What to remember of a failed call. Logins have a memory and rules of their own.
#[must_use]
pub fn to_remember(trouble: &Trouble) -> Option<LastFailure> {
    (trouble.exit() != Exit::Login).then(|| remembered(trouble))
}

pub(super) fn remembered(trouble: &Trouble) -> LastFailure {
    let failed = Failed { text: trouble.text(), hint: trouble.hint() };
    let is_lasting = matches!(trouble.kind, TroubleKind::Unusable(_));
    let kind = if is_lasting { FailureKind::Lasting } else { FailureKind::Passing };
    LastFailure { failed, kind }
}

/// Why the device is left alone, if it is: a login that was refused is not simply tried again.
pub fn held_back(peer: Peer<'_>, login: &LoginMemory, now: DateTime<Utc>) -> Option<Trouble> {
    let text = login.left_alone(now, peer.time_zone)?;
    let kind = TroubleKind::HeldBack { text, is_spent: login.is_spent(now) };
    Some(Trouble::of_target(peer.name, kind))
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
        let (version, why) = refusal?;
        Some(trust::refuses(config, version, why, persons))
    };
    unasked.map(|unasked| trust::unasked(config, unasked, persons)).or_else(refuses)
}

/// The version that takes no change of anybody, and why, if the one last seen is such.
pub(super) fn refusal(before: &Before) -> Option<(&str, &str)> {
    before.state.version.as_deref().zip(before.refusal.as_deref())
}

/// What is to be said once for the device of the persons it holds.
pub(super) fn remarks(
    config: &TargetConfig,
    unusable: &[String],
    persons: &BTreeMap<RecordId, Record>,
) -> Vec<Trouble> {
    let unusable =
        (!unusable.is_empty()).then(|| TroubleKind::UnusableEntries(some_of(unusable, 1, ", ")));
    let flawed = Flaw::ALL.into_iter().filter_map(|flaw| flawed(persons, flaw));
    let kinds = unusable.into_iter().chain(flawed).chain(unclear(persons));
    kinds.map(|kind| Trouble::of_target(&config.name, kind)).collect()
}

/// Persons who hold dates that nobody can read for certain.
fn unclear(persons: &BTreeMap<RecordId, Record>) -> Option<TroubleKind> {
    let is_unclear = |person: &&Record| matches!(person.limit, Limit::Unclear { .. });
    let count = persons.values().filter(is_unclear).count();
    (count > 0).then_some(TroubleKind::UnclearDates(count))
}

/// Entries that have this flaw.
fn flawed(persons: &BTreeMap<RecordId, Record>, flaw: Flaw) -> Option<TroubleKind> {
    let met = persons.values().filter(|person| person.flaw == Some(flaw));
    let met: Vec<String> =
        met.map(|person| format!("person {} {}", person.employee_no, flaw.what())).collect();
    (!met.is_empty()).then(|| TroubleKind::Flawed(flaw, some_of(&met, NAMED_MAX, ", ")))
}

/// The trouble of a failed call, and what it says about the login.
#[must_use]
pub fn failure(peer: Peer<'_>, error: &Failure) -> (TargetOutcome, Trouble, LoginResult) {
    let failed = Failed::new(error, error.hint.as_deref());
    let (outcome, kind) = match error.class {
        Class::Login => (TargetOutcome::LoginRefused, TroubleKind::LoginRefused(failed)),
        Class::MissingRight => (TargetOutcome::RightMissing, TroubleKind::RightMissing(failed)),
        Class::Unusable => (TargetOutcome::Unreachable, TroubleKind::Unusable(failed)),
        Class::Temporary
        | Class::Unknown
        | Class::Refused
        | Class::Unfit
        | Class::NoSuchRecord
        | Class::NotSent
        | Class::TakesNoChange => (TargetOutcome::Unreachable, TroubleKind::Unreachable(failed)),
    };
    let login = if error.has_spent_login { LoginResult::Refused } else { LoginResult::NotTried };
    (outcome, Trouble::of_target(peer.name, kind), login)
}
