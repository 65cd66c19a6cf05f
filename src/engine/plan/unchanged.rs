//! Until when a plan without changes stays one, if nothing but the time moves. Pure.
//!
//! A plan compares the time only with the moments of roles and windows, and asks for the day: between two
//! such moments nothing can change.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, Offset, TimeDelta, Timelike, Utc};

use super::validity::covered;
use super::{Facts, TargetFacts};
use crate::model::{Right, Span, TargetLimits};

const SECOND: TimeDelta = TimeDelta::seconds(1);
const HOUR: TimeDelta = TimeDelta::hours(1);
/// No day is longer, whatever its clocks do.
const HOURS_OF_A_DAY: i32 = 26;

/// The first moment after `facts.now` at which the same facts may come to another plan; `None` without
/// devices. Never later than the next midnight on any door's wall clock, nor than an hour before such
/// a clock is set forward or back.
#[must_use]
pub fn unchanged_until(facts: &Facts) -> Option<DateTime<Utc>> {
    facts.devices.iter().map(|device| on_device(facts, device)).min()
}

fn on_device(facts: &Facts, device: &TargetFacts) -> DateTime<Utc> {
    let now = device.local(facts.now);
    let roles = facts.members.iter().flat_map(|facts| &facts.member.roles);
    let paid = roles.flat_map(|role| moments(role, facts.policy.grace_days, device.limits));
    let held = device.persons.values().filter_map(|person| person.limit.window());
    let links = device.stored.links.values();
    let served = links.filter_map(|link| Some(link.served?.window));
    let known = held.chain(served).flat_map(|window| [window.begin(), window.end()]);
    let moments = paid.chain(known);
    // Something that holds up to a moment is over a second later.
    let edges = moments.flat_map(|at| [Some(at), at.checked_add_signed(SECOND)]).flatten();
    let next = edges.chain(midnight_after(now)).filter(|at| *at > now).min();
    let rest = next.map(|next| next.signed_duration_since(now)).unwrap_or_default();
    // A wall clock shows whole seconds.
    let began = facts.now.with_nanosecond(0).unwrap_or(facts.now);
    let until = began.checked_add_signed(rest).unwrap_or(began);
    clock_is_set(began, device).map_or(until, |set| until.min(set))
}

/// The moments of a role that a plan may compare with the time.
fn moments(
    role: &Right,
    grace_days: u32,
    limits: TargetLimits,
) -> impl Iterator<Item = NaiveDateTime> {
    let windows = [covered(role, grace_days, limits), covered(role, 0, limits)];
    let covered = windows.into_iter().flatten();
    let covered = covered.flat_map(|window| [window.begin(), window.end()]);
    let Span::Wall { begin, end } = role.time;
    [begin, end].into_iter().chain(covered)
}

fn midnight_after(now: NaiveDateTime) -> Option<NaiveDateTime> {
    let tomorrow = now.date().checked_add_days(Days::new(1))?;
    Some(tomorrow.and_time(NaiveTime::MIN))
}

/// The last full hour from now at which the door's clock has not been set to or from daylight-saving
/// time, if it is within a day.
fn clock_is_set(now: DateTime<Utc>, device: &TargetFacts) -> Option<DateTime<Utc>> {
    let offset = |at: DateTime<Utc>| at.with_timezone(&device.time_zone).offset().fix();
    let after = |hours: i32| now.checked_add_signed(HOUR * hours);
    let is_set = |hours: &i32| after(*hours).is_none_or(|at| offset(at) != offset(now));
    (1..=HOURS_OF_A_DAY).find(is_set).and_then(|hours| after(hours - 1))
}
