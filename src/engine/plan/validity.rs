//! Roles to window: the one function that says when a member's door should open.
//!
//! Pure. Every command uses it, so `lookup` can never explain a door differently from what `sync`
//! writes.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};

use crate::config::{Ending, Policy};
use crate::model::{Holder, Right, RightCode, TargetLimits, UnreadableRight, Window};

/// What a member's roles come to on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entitlement {
    /// There is (or was, or will be) paid time.
    Paid(Validity),
    /// None of the member's roles opens this device.
    NoDoorRole,
    /// Door roles exist, but none with dates that can be right: each ends before it begins, begins
    /// later than a device can hold, or cannot be read.
    BadDates,
}

impl Entitlement {
    /// The validity, if there is one.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        match self {
            Self::Paid(validity) => Some(*validity),
            Self::NoDoorRole | Self::BadDates => None,
        }
    }
}

/// The window a person should hold, in the device's wall-clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// What is written when the device differs.
    pub window: Window,
    /// Why access ends before the paid date, if it does.
    pub ended: Option<EndedBy>,
    /// The moment it was worked out for.
    now: NaiveDateTime,
    /// The window before it was cut to what the device takes: one that holds it all the same is right.
    whole: Window,
    limits: TargetLimits,
}

/// Why access ends before the paid date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The member is marked inactive.
    Inactive,
    /// The member is no longer in complete listings.
    Vanished,
    /// The source has taken away every role that opens the door.
    RolesGone,
}

impl Validity {
    fn new(
        window: Window,
        ended: Option<EndedBy>,
        limits: TargetLimits,
        now: NaiveDateTime,
    ) -> Self {
        let whole = limits.times().clamp(window);
        Self { window: limits.cut(whole), ended, now, whole, limits }
    }

    /// Whether a person who holds `actual` is in sync.
    ///
    /// An ended access is satisfied by *any* window that is over: "yesterday" moves every day, and
    /// a device must not be written daily only to say once more that somebody is out.
    #[must_use]
    pub fn is_met_by(&self, actual: &Window) -> bool {
        *actual == self.whole
            || self.limits.is_same(self.window, *actual)
            || (self.ended.is_some() && actual.end() < self.now)
    }
}

/// Computes what `member` should hold at `now`, the device's wall-clock time, within its `limits`.
///
/// `door_roles` are the roles that open this device (`None`: every role); `vanished` says that the
/// member has been missing from complete listings for long enough to count. `known` is the paid time that
/// was kept in sync there until now: where it still runs and the roles give a later period that ends no
/// earlier, it runs on, joined to that one where no moment lies between. A club that replaces a running
/// period by its renewal closes no door.
#[must_use]
pub fn entitlement(
    member: &Holder,
    door_roles: &OpeningRights<'_>,
    policy: &Policy,
    vanished: bool,
    known: Option<Window>,
    limits: TargetLimits,
    now: NaiveDateTime,
) -> Entitlement {
    let mut windows: Vec<Window> = Vec::with_capacity(member.roles.len());
    let mut has_door_role = unreadable_here(member, door_roles).is_some();
    for role in member.roles.iter().filter(|role| door_roles.open(&role.id)) {
        has_door_role = true;
        windows.extend(covered(role, policy.grace_days, limits));
    }
    let Some(current) = choose(join(windows), now) else {
        return if has_door_role { Entitlement::BadDates } else { Entitlement::NoDoorRole };
    };
    let current = known.map_or(current, |known| joined_to(known, current, now));
    let ended = if member.inactive && policy.inactive == Ending::End {
        Some(EndedBy::Inactive)
    } else if vanished && policy.vanished == Ending::End {
        Some(EndedBy::Vanished)
    } else {
        None
    };
    let window = if ended.is_some() { ended_yesterday(current, now) } else { current };
    Entitlement::Paid(Validity::new(window, ended, limits, now))
}

/// What a member should hold from whom the source has taken away every role that opens the door.
#[must_use]
pub fn roles_gone(served: Window, limits: TargetLimits, now: NaiveDateTime) -> Validity {
    Validity::new(ended_yesterday(served, now), Some(EndedBy::RolesGone), limits, now)
}

/// A future period with the running one that it replaces, where it ends no earlier: both in one where it
/// follows on that one, else the running one first.
fn joined_to(known: Window, next: Window, now: NaiveDateTime) -> Window {
    if next.begin() <= now || !known.contains(now) || next.end() < known.end() {
        next
    } else if touches(&known, &next) {
        Window::new(known.begin(), next.end()).unwrap_or(next)
    } else {
        known
    }
}

/// A role of the member that opens this device, with dates that nobody can read: it may hide paid time.
#[must_use]
pub fn unreadable_here<'a>(
    member: &'a Holder,
    door_roles: &OpeningRights<'_>,
) -> Option<&'a UnreadableRight> {
    member.unreadable.iter().find(|role| door_roles.open(&role.id))
}

/// The roles that open one device: the organisation's list and the device's own, either of which
/// may be absent (every role), where it lets in members of the organisation at all.
#[derive(Debug, Clone, Copy)]
pub struct OpeningRights<'a> {
    /// `roles` of the organisation.
    pub source: Option<&'a BTreeSet<RightCode>>,
    /// `roles` of the device.
    pub device: Option<&'a BTreeSet<RightCode>>,
    /// Without it no role opens the device.
    pub is_let_in: bool,
}

impl OpeningRights<'_> {
    /// Whether a role opens the device.
    #[must_use]
    pub fn open(&self, role: &RightCode) -> bool {
        self.is_let_in
            && self.source.is_none_or(|roles| roles.contains(role))
            && self.device.is_none_or(|roles| roles.contains(role))
    }
}

/// What one role covers, grace included; nothing when it ends before it begins, or begins later than
/// the device takes: cut to that, it would be a moment nobody has paid for.
#[must_use]
pub fn covered(role: &Right, grace_days: u32, limits: TargetLimits) -> Option<Window> {
    let paid = role.time.window().filter(|paid| paid.begin() <= limits.latest_end())?;
    let end = paid.end().checked_add_days(Days::new(u64::from(grace_days)));
    Window::new(paid.begin(), end.unwrap_or(paid.end())).ok()
}

/// Joins windows that overlap or touch (one second apart), earliest first.
fn join(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_unstable();
    let mut joined: Vec<Window> = Vec::with_capacity(windows.len());
    for window in windows {
        match joined.last_mut() {
            Some(last) if touches(last, &window) => {
                let end = last.end().max(window.end());
                // The begin is that of an earlier window, so the union is one by construction.
                *last = Window::new(last.begin(), end).unwrap_or(*last);
            }
            _ => joined.push(window),
        }
    }
    joined
}

/// Whether the later window begins no later than a second after the earlier one ends.
pub(super) fn touches(earlier: &Window, later: &Window) -> bool {
    let next_second = earlier.end().checked_add_signed(TimeDelta::seconds(1));
    next_second.is_none_or(|next| later.begin() <= next)
}

/// The window that contains `now`; else the next future one; else the last past one.
fn choose(joined: Vec<Window>, now: NaiveDateTime) -> Option<Window> {
    joined.iter().find(|window| window.end() >= now).or_else(|| joined.last()).copied()
}

/// The window cut so that it ended yesterday at 23:59:59, in the device's wall-clock time. A window that had not begun by then
/// shrinks to yesterday alone, because a begin after the end is never sent.
pub(super) fn ended_yesterday(window: Window, now: NaiveDateTime) -> Window {
    let today = now.date().and_time(NaiveTime::MIN);
    let Some(last_moment) = today.checked_sub_signed(TimeDelta::seconds(1)) else {
        return window;
    };
    let end = window.end().min(last_moment);
    let begin = window.begin().min(end.date().and_time(NaiveTime::MIN));
    Window::new(begin, end).unwrap_or(window)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::model::parse_time;
    use crate::model::testing::{TIMES, bare, holder};

    const KEEP: Policy = Policy { grace_days: 0, inactive: Ending::End, vanished: Ending::Keep };
    const EVERY_ROLE: OpeningRights<'_> =
        OpeningRights { source: None, device: None, is_let_in: true };

    fn at(text: &str) -> NaiveDateTime {
        parse_time(text)
            .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|d| d.into()))
            .unwrap()
    }

    fn member(roles: &[(i64, &str, &str)]) -> Holder {
        Holder {
            roles: roles
                .iter()
                .map(|(id, begin, end)| {
                    Right::by_wall_clock(RightCode::whole(*id).unwrap(), at(begin), at(end))
                })
                .collect(),
            ..bare(holder("1"))
        }
    }

    fn due(
        member: &Holder,
        policy: &Policy,
        vanished: bool,
        known: Option<Window>,
        now: NaiveDateTime,
    ) -> Entitlement {
        let limits = TargetLimits::documented(TIMES);
        entitlement(member, &EVERY_ROLE, policy, vanished, known, limits, now)
    }

    fn window_of(member: &Holder, policy: &Policy, now: &str) -> Option<String> {
        due(member, policy, false, None, at(now))
            .validity()
            .map(|validity| validity.window.to_string())
    }

    #[test]
    fn tables_of_windows() {
        struct Case {
            what: &'static str,
            roles: &'static [(i64, &'static str, &'static str)],
            now: &'static str,
            want: &'static str,
        }
        let cases = [
            Case {
                what: "the last day counts to its end",
                roles: &[(1, "2025-10-02", "2025-11-01")],
                now: "2025-10-20",
                want: "2025-10-02T00:00:00 to 2025-11-01T23:59:59",
            },
            Case {
                what: "an end with a time of day is taken as given",
                roles: &[(1, "2026-01-01", "2026-11-21T18:30:00")],
                now: "2026-11-21",
                want: "2026-01-01T00:00:00 to 2026-11-21T18:30:00",
            },
            Case {
                what: "23:59:59 stays itself",
                roles: &[(1, "2026-01-01", "2026-12-31T23:59:59")],
                now: "2026-11-21",
                want: "2026-01-01T00:00:00 to 2026-12-31T23:59:59",
            },
            Case {
                what: "adjacent roles join",
                roles: &[(1, "2026-01-01", "2026-06-30"), (2, "2026-07-01", "2026-12-31")],
                now: "2026-03-01",
                want: "2026-01-01T00:00:00 to 2026-12-31T23:59:59",
            },
            Case {
                what: "overlapping and contained roles join",
                roles: &[
                    (1, "2026-01-01", "2026-12-31"),
                    (2, "2026-02-01", "2026-03-01"),
                    (3, "2026-12-01", "2027-01-31"),
                ],
                now: "2026-03-01",
                want: "2026-01-01T00:00:00 to 2027-01-31T23:59:59",
            },
            Case {
                what: "a gap: the window that contains now",
                roles: &[(1, "2026-01-01", "2026-02-28"), (1, "2026-04-01", "2026-12-31")],
                now: "2026-02-28T23:59:59",
                want: "2026-01-01T00:00:00 to 2026-02-28T23:59:59",
            },
            Case {
                what: "in the gap: the next future one",
                roles: &[(1, "2026-01-01", "2026-02-28"), (1, "2026-04-01", "2026-12-31")],
                now: "2026-03-01",
                want: "2026-04-01T00:00:00 to 2026-12-31T23:59:59",
            },
            Case {
                what: "all over: the last past one",
                roles: &[(1, "2025-01-01", "2025-02-28"), (1, "2025-04-01", "2025-12-31")],
                now: "2026-03-01",
                want: "2025-04-01T00:00:00 to 2025-12-31T23:59:59",
            },
            Case {
                what: "one day",
                roles: &[(1, "2028-02-29", "2028-02-29")],
                now: "2028-02-29",
                want: "2028-02-29T00:00:00 to 2028-02-29T23:59:59",
            },
            Case {
                what: "for ever is 2037",
                roles: &[(1, "2026-01-01", "9999-12-31")],
                now: "2026-03-01",
                want: "2026-01-01T00:00:00 to 2037-12-31T23:59:59",
            },
            Case {
                what: "a role beyond what devices hold is ignored beside a good one",
                roles: &[(1, "2038-01-01", "2039-12-31"), (1, "2025-01-01", "2025-12-31")],
                now: "2026-03-01",
                want: "2025-01-01T00:00:00 to 2025-12-31T23:59:59",
            },
            Case {
                what: "an inverted role is ignored beside a good one",
                roles: &[(1, "2026-05-01", "2026-04-01"), (1, "2026-01-01", "2026-12-31")],
                now: "2026-03-01",
                want: "2026-01-01T00:00:00 to 2026-12-31T23:59:59",
            },
        ];
        for case in cases {
            let member = member(case.roles);
            assert_eq!(
                window_of(&member, &KEEP, case.now).as_deref(),
                Some(case.want),
                "{}",
                case.what
            );
        }
    }

    #[test]
    fn grace_lengthens_and_bridges() {
        let policy = Policy { grace_days: 3, ..KEEP };
        let lapsed = member(&[(1, "2026-01-01", "2026-10-31"), (1, "2026-11-03", "2026-12-31")]);
        assert_eq!(
            window_of(&lapsed, &policy, "2026-11-01").unwrap(),
            "2026-01-01T00:00:00 to 2027-01-03T23:59:59"
        );
    }

    #[test]
    fn only_inverted_roles_are_bad_dates_and_foreign_roles_none() {
        let inverted = member(&[(1, "2026-05-01", "2026-04-01")]);
        let found = due(&inverted, &KEEP, false, None, at("2026-01-01"));
        assert_eq!(found, Entitlement::BadDates);
        let beyond = member(&[(1, "2038-01-01", "2039-12-31")]);
        let found = due(&beyond, &KEEP, false, None, at("2026-01-01"));
        assert_eq!(found, Entitlement::BadDates, "no device holds these dates");
        let limits = TargetLimits::documented(TIMES);
        let other = member(&[(2, "2026-01-01", "2026-12-31")]);
        let gym = BTreeSet::from([RightCode::whole(1).unwrap()]);
        let door = OpeningRights { source: Some(&gym), ..EVERY_ROLE };
        assert_eq!(
            entitlement(&other, &door, &KEEP, false, None, limits, at("2026-01-01")),
            Entitlement::NoDoorRole
        );
        let narrow = OpeningRights { device: Some(&gym), ..EVERY_ROLE };
        assert_eq!(
            entitlement(&other, &narrow, &KEEP, false, None, limits, at("2026-01-01")),
            Entitlement::NoDoorRole
        );
    }

    #[test]
    fn inactive_ends_yesterday_and_stays_ended() {
        let mut gone = member(&[(1, "2026-01-01", "2026-12-31")]);
        gone.inactive = true;
        let now = at("2026-11-21T15:00:00");
        let validity = due(&gone, &KEEP, false, None, now).validity().unwrap();
        assert_eq!(validity.window.to_string(), "2026-01-01T00:00:00 to 2026-11-20T23:59:59");
        let tomorrow = due(&gone, &KEEP, false, None, at("2026-11-22")).validity();
        assert!(tomorrow.unwrap().is_met_by(&validity.window), "no daily rewriting");
        let over = Window::new(at("2026-01-01"), at("2026-11-21T14:59:59")).unwrap();
        assert!(validity.is_met_by(&over), "it is over, so there is nothing to end");
        let open = Window::new(at("2026-01-01"), now).unwrap();
        assert!(!validity.is_met_by(&open));
        let keep = Policy { inactive: Ending::Keep, ..KEEP };
        assert!(window_of(&gone, &keep, "2026-11-21").unwrap().ends_with("2026-12-31T23:59:59"));
    }

    #[test]
    fn inactive_before_the_window_begins_never_inverts() {
        let mut gone = member(&[(1, "2026-12-01", "2027-12-31")]);
        gone.inactive = true;
        assert_eq!(
            window_of(&gone, &KEEP, "2026-11-21").unwrap(),
            "2026-11-20T00:00:00 to 2026-11-20T23:59:59"
        );
    }

    /// Mutants that this catches: never joined; joined although the known time is over, does not reach the
    /// next period, or would be shortened by it; the next period alone decides when the old one ends today.
    #[test]
    fn a_renewal_that_replaces_a_running_period_joins_it() {
        let now = "2026-11-21T12:00:00";
        for (what, known, roles, want) in [
            (
                "follows on it",
                ("2026-01-01T00:00:00", "2026-12-31T23:59:59"),
                ("2027-01-01", "2027-12-31"),
                "2026-01-01T00:00:00 to 2027-12-31T23:59:59",
            ),
            (
                "overlaps it",
                ("2026-01-01T00:00:00", "2026-12-31T23:59:59"),
                ("2026-11-22", "2027-11-21"),
                "2026-01-01T00:00:00 to 2027-11-21T23:59:59",
            ),
            (
                "a day lies between: the running one goes on",
                ("2026-01-01T00:00:00", "2026-12-31T23:59:59"),
                ("2027-01-02", "2027-12-31"),
                "2026-01-01T00:00:00 to 2026-12-31T23:59:59",
            ),
            (
                "is over",
                ("2026-01-01T00:00:00", "2026-11-21T11:59:59"),
                ("2026-11-22", "2027-11-21"),
                "2026-11-22T00:00:00 to 2027-11-21T23:59:59",
            ),
            (
                "ends later than the new one: it was shortened",
                ("2026-01-01T00:00:00", "2028-12-31T23:59:59"),
                ("2026-11-22", "2027-11-21"),
                "2026-11-22T00:00:00 to 2027-11-21T23:59:59",
            ),
            (
                "the new one runs already",
                ("2026-01-01T00:00:00", "2026-12-31T23:59:59"),
                ("2026-11-21", "2027-11-20"),
                "2026-11-21T00:00:00 to 2027-11-20T23:59:59",
            ),
        ] {
            let member = member(&[(1, roles.0, roles.1)]);
            let known = Window::new(at(known.0), at(known.1)).ok();
            let found = due(&member, &KEEP, false, known, at(now));
            assert_eq!(found.validity().unwrap().window.to_string(), want, "{what}");
        }
        // Who is marked inactive is out all the same.
        let mut gone = member(&[(1, "2027-01-01", "2027-12-31")]);
        gone.inactive = true;
        let known = Window::new(at("2026-01-01"), at("2026-12-31T23:59:59")).ok();
        let found = due(&gone, &KEEP, false, known, at(now)).validity();
        assert!(!found.unwrap().window.contains(at(now)));
    }

    #[test]
    fn vanished_counts_only_when_the_policy_says_so() {
        let member = member(&[(1, "2026-01-01", "2026-12-31")]);
        let now = at("2026-11-21");
        let kept = due(&member, &KEEP, true, None, now).validity().unwrap();
        assert_eq!(kept.ended, None);
        let end = Policy { vanished: Ending::End, ..KEEP };
        let ended = due(&member, &end, true, None, now).validity().unwrap();
        assert_eq!(ended.ended, Some(EndedBy::Vanished));
        assert!(!ended.window.contains(now));
    }
}
