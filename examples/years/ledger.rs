//! The club's own book: who has paid for which days, told moment by moment.
//!
//! Written against the contract alone (`ivms-sync help access`); it shares nothing
//! with the program's planner, so that a mistake there shows here.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use ivms_sync::model::{self, Holder, UnreadableRight};

use crate::club::Club;
use crate::firmware::Grain;
use crate::world::number_of;

/// A membership as the organisation has it at one time.
#[derive(Debug)]
pub struct State {
    pub member: Holder,
    /// The entry comes with dates that nobody can read.
    pub is_unusable: bool,
}

/// One human being, and what the program was told of them.
#[derive(Debug)]
pub struct Human {
    pub organisation: usize,
    /// `employeeNo` on every door.
    pub no: String,
    pub truth: Arc<State>,
    /// Whether the organisation lists them at all.
    pub is_listed: bool,
    pub changed_at: DateTime<Utc>,
    /// The e-mail by which the doors (or the link file) know them.
    pub card_email: Option<String>,
    /// Shares an e-mail with this other human, or did once.
    pub tangled_with: Option<usize>,
    pub known: Known,
    /// A tick ended with something to be taken from them at a second look: the next listing must tell.
    pub owes_look: bool,
}

/// What the program can know of a human.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// As last told in a listing that was accepted and recorded.
    pub told: Option<Arc<State>>,
    /// Told since, in runs that died: recorded or not, nobody knows.
    pub heard: Vec<Arc<State>>,
    /// Complete listings in a row without them: certainly, and at most.
    pub missed: (u32, u32),
    /// When the first of those was asked for, by the host's clock: at the latest, and at the earliest.
    pub missing_since: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The last accepted complete listing left them out although they are listed.
    pub is_hidden: bool,
    /// Listings in a row that said the same of roles and of `inactive`: certainly, and at most.
    pub said: (u32, u32),
}

/// What a door owes somebody from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing is known that a door could follow: it stays as it is.
    AsItIs,
    /// Closed from now on.
    Shut,
    /// No role opens the door any more: closed if it was served until now, and else as it is.
    Gone,
    /// Open from the first moment (now, or later) to the second, both included, and closed otherwise.
    Open(NaiveDateTime, NaiveDateTime),
}

/// A validity as a device holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub begin: NaiveDateTime,
    pub end: NaiveDateTime,
}

impl Due {
    /// The same on a door that takes no later end: what would begin later cannot be held there.
    pub fn cut(self, grain: Grain) -> Self {
        match self {
            Self::Open(first, last) if grain.cut(last) < first => Self::AsItIs,
            Self::Open(first, last) => Self::Open(first, grain.cut(last)),
            other => other,
        }
    }

    /// The last moment of what is open.
    pub fn last_moment(self) -> Option<NaiveDateTime> {
        match self {
            Self::Open(_, last) => Some(last),
            Self::AsItIs | Self::Shut | Self::Gone => None,
        }
    }
}

impl Span {
    pub fn contains(self, at: NaiveDateTime) -> bool {
        self.begin <= at && at <= self.end
    }

    /// The same on a door that keeps dates coarser, where nobody gains or loses as much as `unit`.
    pub fn serves_within(self, due: Due, now: NaiveDateTime, unit: TimeDelta) -> bool {
        let is_near = |one: NaiveDateTime, other: NaiveDateTime| (one - other).abs() < unit;
        match due {
            Due::AsItIs => true,
            Due::Shut | Due::Gone => self.end < now + unit,
            Due::Open(first, last) => {
                is_near(self.begin.max(now), first) && is_near(self.end.max(now), last.max(now))
            }
        }
    }

    /// What is left of it from now on.
    pub fn from(self, now: NaiveDateTime) -> Option<(NaiveDateTime, NaiveDateTime)> {
        (self.end >= now).then(|| (self.begin.max(now), self.end))
    }

    /// Whether it is, from now on, what is due.
    pub fn serves(self, due: Due, now: NaiveDateTime) -> bool {
        match due {
            Due::AsItIs => true,
            Due::Shut | Due::Gone => self.from(now).is_none(),
            Due::Open(first, last) => self.from(now) == Some((first, last)),
        }
    }

    /// Whether some moment from now on would be lost if exactly `due` were held.
    pub fn loses(self, due: Due, now: NaiveDateTime) -> bool {
        match (self.from(now), due) {
            (None, _) | (_, Due::AsItIs) => false,
            (Some(_), Due::Shut | Due::Gone) => true,
            (Some((first, last)), Due::Open(from, to)) => first < from || last > to,
        }
    }
}

/// No device holds a later moment.
pub fn last_moment() -> NaiveDateTime {
    let day = NaiveDate::from_ymd_opt(2037, 12, 31);
    day.and_then(|day| day.and_hms_opt(23, 59, 59)).unwrap_or(NaiveDateTime::MAX)
}

/// What a door owes a member in this state; `now` is the door's wall clock.
pub fn due(
    club: &Club,
    (organisation, door): (usize, usize),
    state: &State,
    is_vanished: bool,
    now: NaiveDateTime,
) -> Due {
    paid(club, &|role| club.opens(organisation, door, role), state, is_vanished, now)
}

/// The same of whatever opens for some roles.
pub fn paid(
    club: &Club,
    opens: &dyn Fn(i64) -> bool,
    state: &State,
    is_vanished: bool,
    now: NaiveDateTime,
) -> Due {
    if state.is_unusable {
        return Due::AsItIs;
    }
    let second = TimeDelta::seconds(1);
    let latest = last_moment();
    let mut paid = Vec::with_capacity(state.member.roles.len());
    let mut has_door_role = has_doubtful(opens, state);
    for role in &state.member.roles {
        let model::Span::Wall { begin, end } = role.time;
        let whole_day = end.time() == NaiveTime::MIN;
        let end = if whole_day { end + TimeDelta::days(1) - second } else { end };
        let opens = opens(number_of(&role.id));
        has_door_role |= opens;
        if begin <= end && begin <= latest && opens {
            paid.push((begin, end + TimeDelta::days(club.grace_days)));
        }
    }
    if paid.is_empty() {
        return if has_door_role { Due::AsItIs } else { Due::Gone };
    }
    let is_out = state.member.inactive && club.inactive_ends || is_vanished && club.vanished_ends;
    paid.retain(|(_, end)| *end >= now);
    let (false, Some(first)) = (is_out, paid.iter().map(|(begin, _)| (*begin).max(now)).min())
    else {
        return Due::Shut;
    };
    // Walk on from one paid span into the next until a moment comes that nobody paid for.
    let mut last = first;
    while let Some(further) = paid
        .iter()
        .filter(|(begin, end)| *begin <= last + second && *end > last)
        .map(|(_, end)| *end)
        .max()
    {
        last = further;
    }
    // After the last moment that a device can hold nobody can be let in any more.
    if first > latest { Due::Shut } else { Due::Open(first, last.min(latest)) }
}

/// Whether a membership opens the door at times that nobody can read: then nothing is taken away there.
pub fn is_doubtful(club: &Club, (organisation, door): (usize, usize), state: &State) -> bool {
    has_doubtful(&|role| club.opens(organisation, door, role), state)
}

pub fn has_doubtful(opens: &dyn Fn(i64) -> bool, state: &State) -> bool {
    state.member.unreadable.iter().any(|role: &UnreadableRight| opens(number_of(&role.id)))
}

impl State {
    /// Whether both say the same of what opens doors.
    fn says_the_same(&self, other: &Self) -> bool {
        let (one, two) = (&self.member, &other.member);
        self.is_unusable == other.is_unusable
            && one.inactive == two.inactive
            && one.roles == two.roles
            && one.unreadable == two.unreadable
    }
}

impl Known {
    /// Everything the program may take to be so.
    pub fn versions(&self) -> impl Iterator<Item = &Arc<State>> {
        self.told.iter().chain(&self.heard)
    }

    /// Whether the program may, and whether it must, take them to have vanished at the complete listing
    /// last accepted.
    pub fn vanished(&self, complete_at: Option<DateTime<Utc>>) -> (bool, bool) {
        let (Some((latest, earliest)), Some(at)) = (self.missing_since, complete_at) else {
            return (false, false);
        };
        let long = TimeDelta::minutes(10);
        let may = self.missed.1 >= 3 && at - earliest >= long;
        let must = self.missed.0 >= 3 && at - latest >= long;
        (may, must)
    }

    /// Told, and recorded if `is_sure`.
    pub fn tell(&mut self, state: &Arc<State>, is_sure: bool) {
        let is_same = |known: &Arc<State>| known.says_the_same(state);
        let was_told = self.told.as_ref().is_some_and(is_same) && self.heard.is_empty();
        let was_perhaps_told = self.versions().any(is_same);
        let sure = if was_told && is_sure { self.said.0 + 1 } else { u32::from(is_sure) };
        self.said = (sure, if was_perhaps_told || !is_sure { self.said.1 + 1 } else { 1 });
        if is_sure {
            *self = Self { told: Some(Arc::clone(state)), said: self.said, ..Self::default() };
            return;
        }
        self.missed.0 = 0;
        self.is_hidden = false;
        if !self.versions().any(|known| Arc::ptr_eq(known, state)) {
            self.heard.push(Arc::clone(state));
        }
    }

    /// Left out of a complete listing, which was recorded if `is_sure`.
    pub fn miss(&mut self, at: DateTime<Utc>, is_listed: bool, is_sure: bool) {
        if self.versions().next().is_none() {
            self.is_hidden |= is_listed;
            return;
        }
        self.is_hidden |= is_listed;
        self.missed.1 += 1;
        let (latest, earliest) = self.missing_since.unwrap_or((at, at));
        self.missing_since = Some((latest, earliest.min(at)));
        if is_sure {
            if self.missed.0 == 0 {
                let earliest = self.missing_since.map_or(at, |(_, earliest)| earliest);
                self.missing_since = Some((at, earliest));
            }
            self.missed.0 += 1;
        }
    }
}
