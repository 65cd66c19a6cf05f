//! What becomes of a linked person: in sync, a change, or left out.
//!
//! Pure.

use chrono::NaiveDateTime;

use super::former_holders::paid_before;
use super::validity::{EndedBy, Validity, touches, unreadable_here};
use super::{
    Budget, Cause, Change, Kind, Pair, Reason, SourceFacts, Standing, TargetFacts, Verdict,
    is_protected,
};
use crate::config::Mode;
use crate::model::{Limit, Record, Verb, Window};

/// What becomes of a person whom the member is linked to.
pub(super) fn for_person(pair: &Pair<'_>, person: &Record, validity: Validity) -> Verdict {
    let Pair { facts, source, member, device, others, .. } = *pair;
    let now = pair.now();
    if let Some(flaw) = person.flaw {
        let detail = format!("person {} {}", person.employee_no, flaw.what());
        return Verdict::LeftOut(Reason::FlawedOnDevice, Some(detail));
    }
    if is_protected(device, person) {
        return Verdict::LeftOut(Reason::Protected, Some(format!("person {}", person.employee_no)));
    }
    if let Limit::Permanent(_) = person.limit {
        let detail = format!("person {}", person.employee_no);
        return Verdict::LeftOut(Reason::PermanentOnDevice, Some(detail));
    }
    if let Limit::Unclear { .. } = person.limit {
        let id = &person.employee_no;
        let detail = format!("person {id} has dates in a form that can mean two things, or none");
        return Verdict::LeftOut(Reason::BadDates, Some(detail));
    }
    let before = person.limit.window();
    if before.is_some_and(|before| validity.is_met_by(&before)) {
        return Verdict::InStep;
    }
    let kind = kind_of(before, validity.window, now);
    if let Some(detail) = held_back(source, device, kind) {
        return Verdict::LeftOut(Reason::Blocked, Some(detail));
    }
    let id = &person.employee_no;
    if kind == Kind::Revocation
        && let Some(role) = unreadable_here(&member.member, &pair.door_roles())
    {
        let detail = format!("{role}; nothing is taken away meanwhile");
        return Verdict::LeftOut(Reason::BadDates, Some(detail));
    }
    if kind == Kind::Revocation
        && let Some(gone) = paid_before(facts, (device, others), member, id, now)
    {
        let detail = format!(
            "person {id} is also claimed by member {}, who is no longer listed and has paid time: \
             nothing is taken away",
            gone.member.key.human()
        );
        return Verdict::LeftOut(Reason::Blocked, Some(detail));
    }
    if kind == Kind::Revocation
        && let Some(other) = others.claims_with_time(facts, device, id, now)
    {
        let detail = format!(
            "person {id} is also claimed by member {}, who has the same name and paid time: nothing is \
             taken away",
            other.member.key.human()
        );
        return Verdict::LeftOut(Reason::Ambiguous, Some(detail));
    }
    let confirmed = device.confirmed.get(&person.employee_no);
    let drifted = confirmed.is_some_and(|window| validity.is_met_by(window));
    let blocked = match kind {
        Kind::Grant => None,
        Kind::Revocation
            if facts.loses_a_role_by_configuration(device, member)
                || others.left_by_configuration(facts, device, id) =>
        {
            Some(Budget::RolesChanged)
        }
        Kind::Revocation if !member.is_agreed => Some(Budget::SecondLook),
        Kind::Revocation => None,
    };
    Verdict::Change(Box::new(Change {
        verb: Verb::Set,
        device: device.name.clone(),
        employee_no: person.employee_no.clone(),
        member: member.member.key.clone(),
        source: source.name.clone(),
        cause: cause_of(kind, before, &validity, drifted),
        kind,
        before: person.limit,
        after: validity.window,
        opens_door: !person.limit.opens_at(now) && validity.window.contains(now),
        fingerprint: person.fingerprint.clone(),
        ends_at_once: validity.ended.is_some(),
        blocked,
    }))
}

/// A change that opens a closed door at this moment is a grant, even if later time is lost: no budget
/// and no mode may keep somebody outside who paid for now. In every other case it is a revocation as
/// soon as one moment from now on is lost, even if it also gives some.
#[must_use]
pub fn kind_of(before: Option<Window>, after: Window, now: NaiveDateTime) -> Kind {
    let is_open = before.is_some_and(|before| before.contains(now));
    let takes_away = match before {
        Some(before) => before.exceeds_from(&after, now),
        // Nobody knows what the device did with unreadable dates; ending them is taking away.
        None => after.end() < now,
    };
    let opens = !is_open && after.contains(now);
    if takes_away && !opens { Kind::Revocation } else { Kind::Grant }
}

/// Why a change of this kind may not be carried out here and now, if so.
fn held_back(source: &SourceFacts, device: &TargetFacts, kind: Kind) -> Option<String> {
    match (source.standing, kind) {
        (Standing::Refused, _) => {
            return Some(format!("the listing of {} was not accepted", source.name));
        }
        (Standing::Unreachable, Kind::Revocation) => {
            return Some(format!("{} did not answer: nothing is taken away", source.name));
        }
        (Standing::Unreachable, Kind::Grant) | (Standing::Fresh, _) => {}
    }
    match (device.mode, kind) {
        (Mode::GrantOnly, Kind::Revocation) => {
            Some(format!("{} is in mode \"grant-only\"", device.name))
        }
        (Mode::Observe | Mode::GrantOnly | Mode::Full, _) => None,
    }
}

fn cause_of(kind: Kind, before: Option<Window>, validity: &Validity, drifted: bool) -> Cause {
    if drifted {
        return Cause::Drift;
    }
    match (kind, validity.ended) {
        (_, Some(EndedBy::Inactive)) => Cause::Inactive,
        (_, Some(EndedBy::Vanished)) => Cause::Vanished,
        (_, Some(EndedBy::RolesGone)) | (Kind::Revocation, None) => Cause::Shortened,
        (Kind::Grant, None) => match before {
            Some(before) if are_joined(&before, &validity.window) => Cause::Renewed,
            _ => Cause::Started,
        },
    }
}

/// Whether no moment lies between two windows: they overlap, or one begins where the other ends.
fn are_joined(one: &Window, other: &Window) -> bool {
    touches(one, other) && touches(other, one)
}
