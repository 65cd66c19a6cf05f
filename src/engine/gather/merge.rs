//! Merges a listing into what is known of an organisation's members.
//!
//! Pure. Absence means something only in a complete listing, and even there only after it repeats.

mod identity;

use chrono::{DateTime, TimeDelta, Utc};

use identity::{KnownAs, one_entry_each, with_problem};

use crate::clock::is_future;
use crate::ports::Snapshot;
use crate::store::{Changed, StoredHolder};

/// A member missing from this many complete listings in a row has vanished …
const VANISHED_AFTER_LISTINGS: u32 = 3;
/// … if the first and the last of them are at least this far apart.
const VANISHED_AFTER: TimeDelta = TimeDelta::minutes(10);

/// The members after a listing, and which of them it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Every member known, sorted by key.
    pub members: Vec<StoredHolder>,
    /// Those that are new or differ from before.
    pub changed: Vec<Changed>,
}

/// When a listing was asked for, and what came before it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    pub is_complete: bool,
    /// When the last complete listing before it was asked for, if one was accepted.
    pub complete_before: Option<DateTime<Utc>>,
}

/// Merges an accepted listing.
#[must_use]
pub fn merge(known: Vec<StoredHolder>, export: Snapshot, asked: Asked) -> Merged {
    let export = Snapshot { members: one_entry_each(export.members, &known), ..export };
    let known_as = KnownAs::new(&known, &export);
    let usable = export.members.into_iter().map(|mut member| {
        member.key = known_as.member(&member);
        StoredHolder::seen(member, asked.at)
    });
    let mut news: Vec<StoredHolder> = usable.collect();
    let problems = export.unusable.iter();
    news.extend(problems.flat_map(|one| with_problem(&known_as, one, asked.at)));
    // The sort is stable, so of two entries with one key the usable one comes first and stays.
    news.sort_by(|one, other| one.key().cmp(other.key()));
    news.dedup_by(|later, first| later.key() == first.key());

    let mut merged =
        Merged { members: Vec::with_capacity(known.len().max(news.len())), ..Merged::default() };
    let mut put = |member: StoredHolder, keeps_email_and_roles: Option<bool>| {
        if let Some(keeps_email_and_roles) = keeps_email_and_roles {
            let stored = member.clone();
            merged.changed.push(Changed { stored, keeps_email_and_roles });
        }
        merged.members.push(member);
    };
    // Whoever is missing may be the one whose number cannot be read.
    let is_whole = asked.is_complete && export.unusable.iter().all(|one| one.key.is_some());
    let complete_at = Some(asked.at).filter(|_| is_whole);
    let mut news = news.into_iter().peekable();
    for old in known {
        while let Some(new) = news.next_if(|new| new.key() < old.key()) {
            put(new, Some(false));
        }
        match news.next_if(|new| new.key() == old.key()) {
            Some(mut new) => {
                remember_looks(&mut new, &old, asked);
                let (one, other) = (&new.member, &old.member);
                let keeps = one.email == other.email && one.roles == other.roles;
                let news = (new != old).then_some(keeps);
                put(new, news);
            }
            None => match complete_at.and_then(|at| missed(&old, at)) {
                Some(missed) => put(missed, Some(true)),
                None => put(old, None),
            },
        }
    }
    for new in news {
        put(new, Some(false));
    }
    merged
}

/// Takes over since when a listing says what it says of the roles and of `inactive`, if an earlier one
/// said the same, and whether this one repeats it. That a complete listing repeats it needs no row of
/// its own: see [`is_agreed`].
fn remember_looks(new: &mut StoredHolder, old: &StoredHolder, asked: Asked) {
    let (one, other) = (&new.member, &old.member);
    let says_the_same = one.roles == other.roles
        && one.unreadable == other.unreadable
        && one.inactive == other.inactive
        && new.problem == old.problem
        && old.said_at <= asked.at;
    if !says_the_same {
        return;
    }
    new.said_at = old.said_at;
    let is_agreed = is_agreed(old, asked.complete_before);
    new.is_repeated = old.is_repeated || !is_agreed && !asked.is_complete && old.said_at < asked.at;
}

/// Whether two listings, a tick or more apart, say the same of a member's roles and of `inactive`:
/// nothing is taken away on what was said once. `complete_at` is when the last accepted complete
/// listing was asked for; a member who was missing there is not agreed on by it.
#[must_use]
pub fn is_agreed(member: &StoredHolder, complete_at: Option<DateTime<Utc>>) -> bool {
    let is_in_a_later_one = || complete_at.is_some_and(|at| at > member.said_at);
    member.is_repeated || member.missed == 0 && is_in_a_later_one()
}

/// Whether a member has been missing for long enough to count, at the last complete listing.
#[must_use]
pub fn is_vanished(member: &StoredHolder, complete_at: Option<DateTime<Utc>>) -> bool {
    match (member.missing_since, complete_at) {
        (Some(since), Some(last)) => {
            member.missed >= VANISHED_AFTER_LISTINGS
                && last.signed_duration_since(since) >= VANISHED_AFTER
        }
        _ => false,
    }
}

/// A member that a complete listing lacks; `None` when nothing new is to be remembered: counting on
/// beyond what is asked would rewrite the row at every listing for ever.
fn missed(member: &StoredHolder, at: DateTime<Utc>) -> Option<StoredHolder> {
    if is_vanished(member, Some(at)) {
        return None;
    }
    let mut member = member.clone();
    // What a clock that was ahead has counted is counted anew, by listings that are apart by this one.
    if member.missing_since.is_some_and(|since| is_future(since, at)) {
        (member.missed, member.missing_since) = (0, None);
    }
    member.missed = member.missed.saturating_add(1);
    member.missing_since.get_or_insert(at);
    Some(member)
}

#[cfg(test)]
mod tests;
