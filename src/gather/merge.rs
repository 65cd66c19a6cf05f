//! Merges a listing into what is known of an organisation's members.
//!
//! Pure. Absence means something only in a complete listing, and even there only after it repeats.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::cardskipper::{Export, Unusable};
use crate::clock::is_future;
use crate::link::plain_words;
use crate::model::{Member, MemberKey, MemberNumber, OrganisationId};
use crate::store::{Changed, StoredMember};

/// A member missing from this many complete listings in a row has vanished …
const VANISHED_AFTER_LISTINGS: u32 = 3;
/// … if the first and the last of them are at least this far apart. Source: design.md section 3.
const VANISHED_AFTER: TimeDelta = TimeDelta::minutes(10);

/// The members after a listing, and which of them it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Every member known, sorted by key.
    pub members: Vec<StoredMember>,
    /// Those that are new or differ from before.
    pub changed: Vec<Changed>,
}

/// When a listing was asked for, and what came before it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// It is complete.
    pub is_complete: bool,
    /// When the last complete listing before it was asked for, if one was accepted.
    pub complete_before: Option<DateTime<Utc>>,
}

/// Merges an accepted listing.
#[must_use]
pub fn merge(
    organisation: OrganisationId,
    known: Vec<StoredMember>,
    export: Export,
    asked: Asked,
) -> Merged {
    let export = Export { members: one_entry_each(export.members, &known), ..export };
    let known_as = KnownAs::new(organisation, &known, &export);
    let usable = export.members.into_iter().map(|mut member| {
        member.key = known_as.member(&member);
        StoredMember::seen(member, asked.at)
    });
    let mut news: Vec<StoredMember> = usable.collect();
    let problems = export.unusable.iter();
    news.extend(problems.flat_map(|one| with_problem(&known_as, one, asked.at)));
    // The sort is stable, so of two entries with one key the usable one comes first and stays.
    news.sort_by_key(StoredMember::key);
    news.dedup_by_key(|member| member.key());

    let mut merged =
        Merged { members: Vec::with_capacity(known.len().max(news.len())), ..Merged::default() };
    let mut put = |member: StoredMember, keeps_email_and_roles: Option<bool>| {
        if let Some(keeps_email_and_roles) = keeps_email_and_roles {
            let stored = member.clone();
            merged.changed.push(Changed { stored, keeps_email_and_roles });
        }
        merged.members.push(member);
    };
    // Whoever is missing may be the one whose number cannot be read.
    let is_whole = asked.is_complete && export.unusable.iter().all(|one| one.number.is_some());
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

/// Joins entries of one listing that are one human being: the same number and the same name, another birth
/// date, and no other e-mail. A membership that was imported anew stands beside the old one, and time that
/// was paid on either is paid. One that is not marked inactive counts before those that are.
fn one_entry_each(members: Vec<Member>, known: &[StoredMember]) -> Vec<Member> {
    // Hardly ever does a number stand twice, and names need not be compared where none does.
    let mut numbers = HashSet::with_capacity(members.len());
    if members.iter().all(|member| numbers.insert(member.key.number)) {
        return members;
    }
    let mut entries: HashMap<(MemberNumber, Vec<String>), usize> = HashMap::new();
    let mut joined: Vec<Member> = Vec::with_capacity(members.len());
    let is_known = |key: &MemberKey| known.binary_search_by_key(key, StoredMember::key).is_ok();
    for entry in members {
        let name = plain_words(&entry.name());
        let place = match entries.entry((entry.key.number, name)) {
            Entry::Occupied(place) if !place.key().1.is_empty() => *place.get(),
            Entry::Occupied(_) => joined.len(),
            Entry::Vacant(place) => *place.insert(joined.len()),
        };
        match joined.get_mut(place) {
            Some(first) if first.key != entry.key && !have_two_emails(first, &entry) => {
                let keeps_key = is_known(&first.key) || !is_known(&entry.key);
                let key = if keeps_key { first.key } else { entry.key };
                *first = Member { key, ..both(first, &entry) };
            }
            // The very same key twice is for whoever sorts them.
            Some(_) | None => joined.push(entry),
        }
    }
    joined
}

fn have_two_emails(one: &Member, other: &Member) -> bool {
    one.email.is_some() && other.email.is_some() && one.email != other.email
}

/// What two entries of one human being come to.
fn both(one: &Member, other: &Member) -> Member {
    let (first, second) = if one.inactive && !other.inactive { (other, one) } else { (one, other) };
    let mut both = first.clone();
    both.email = both.email.or_else(|| second.email.clone());
    if first.inactive == second.inactive {
        both.roles.extend(second.roles.iter().filter(|role| !first.roles.contains(role)).cloned());
        both.unreadable.extend(second.unreadable.iter().cloned());
    }
    both
}

/// Takes over since when a listing says what it says of the roles and of `inactive`, if an earlier one
/// said the same, and whether this one repeats it. That a complete listing repeats it needs no row of
/// its own: see [`is_agreed`].
fn remember_looks(new: &mut StoredMember, old: &StoredMember, asked: Asked) {
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
pub fn is_agreed(member: &StoredMember, complete_at: Option<DateTime<Utc>>) -> bool {
    let is_in_a_later_one = || complete_at.is_some_and(|at| at > member.said_at);
    member.is_repeated || member.missed == 0 && is_in_a_later_one()
}

/// Whether a member has been missing for long enough to count, at the last complete listing.
#[must_use]
pub fn is_vanished(member: &StoredMember, complete_at: Option<DateTime<Utc>>) -> bool {
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
fn missed(member: &StoredMember, at: DateTime<Utc>) -> Option<StoredMember> {
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

/// Who an entry of a listing is, among the members known.
struct KnownAs<'a> {
    organisation: OrganisationId,
    /// Sorted by key.
    known: &'a [StoredMember],
    /// The birth dates with which a number is listed, for numbers that stand without a birth date or
    /// with one that is not known.
    listed: HashMap<MemberNumber, Vec<Option<NaiveDate>>>,
}

impl<'a> KnownAs<'a> {
    fn new(organisation: OrganisationId, known: &'a [StoredMember], export: &Export) -> Self {
        let mut known_as = Self { organisation, known, listed: HashMap::new() };
        let usable = export.members.iter().map(|one| (Some(one.key.number), one.key.birth_date));
        let unusable = export.unusable.iter().map(|one| (one.number, one.birth_date));
        let entries = usable
            .chain(unusable)
            .filter_map(|(number, birth_date)| number.map(|number| (number, birth_date)));
        let is_odd = |(number, birth_date): &(MemberNumber, Option<NaiveDate>)| {
            birth_date.is_none()
                || known_as.find(*number, *birth_date).is_none()
                    && known_as.numbered(*number).next().is_some()
        };
        let mut listed: HashMap<_, Vec<_>> =
            entries.clone().filter(is_odd).map(|(number, _)| (number, Vec::new())).collect();
        if !listed.is_empty() {
            for (number, birth_date) in entries {
                if let Some(dates) = listed.get_mut(&number) {
                    dates.push(birth_date);
                }
            }
        }
        known_as.listed = listed;
        known_as
    }

    fn find(
        &self,
        number: MemberNumber,
        birth_date: Option<NaiveDate>,
    ) -> Option<&'a StoredMember> {
        let key = MemberKey { organisation: self.organisation, number, birth_date };
        let place = self.known.binary_search_by_key(&key, StoredMember::key).ok()?;
        self.known.get(place)
    }

    /// The members known by a number.
    fn numbered(&self, number: MemberNumber) -> impl Iterator<Item = &'a StoredMember> {
        let first = self.known.partition_point(|one| {
            (one.key().organisation, one.key().number) < (self.organisation, number)
        });
        let rest = self.known.get(first..).unwrap_or_default().iter();
        rest.take_while(move |one| one.key().number == number)
    }

    /// The identity of an entry. A corrected birth date makes no other member: where the number is listed
    /// with one date that is not known, it is the one member known by that number who is not listed
    /// with the known date, if the name or the e-mail is the same.
    fn member(&self, entry: &Member) -> MemberKey {
        let (number, birth_date) = (entry.key.number, entry.key.birth_date);
        let key = self.key(number, birth_date);
        let Some(dates) = self.listed.get(&number) else { return key };
        if birth_date.is_none() || self.find(number, birth_date).is_some() {
            return key;
        }
        let is_new = |date: &&Option<NaiveDate>| self.find(number, **date).is_none();
        if dates.iter().filter(is_new).count() != 1 {
            return key;
        }
        let mut same = self
            .numbered(number)
            .filter(|one| !dates.contains(&one.key().birth_date))
            .filter(|one| is_same_human(&one.member, entry));
        match (same.next(), same.next()) {
            (Some(only), None) => only.key(),
            _ => key,
        }
    }

    /// The identity of an entry of which no more than this is known. Without a readable birth date it is
    /// the one member known by that number, if there is only one, and if no other entry has the number;
    /// else it stands alone.
    fn key(&self, number: MemberNumber, birth_date: Option<NaiveDate>) -> MemberKey {
        let key = MemberKey { organisation: self.organisation, number, birth_date };
        if birth_date.is_some() {
            return key;
        }
        let mut same = self.numbered(number).map(StoredMember::key);
        let is_alone = self.listed.get(&number).is_some_and(|dates| dates.len() == 1);
        match (same.next(), same.next()) {
            (Some(only), None) if is_alone => only,
            _ => key,
        }
    }
}

/// Whether two entries with the same number are one human being: the same name, or the same e-mail.
fn is_same_human(one: &Member, other: &Member) -> bool {
    let name = |member: &Member| plain_words(&member.name());
    one.email.is_some() && one.email == other.email || name(one) == name(other)
}

/// The known members whom an unusable entry may be about (or a bare one), marked with the problem. Who is
/// listed with the same number, but without a birth date or with one that is not known, may be any of those
/// who are not listed otherwise: none of them is missing.
fn with_problem(
    known_as: &KnownAs<'_>,
    unusable: &Unusable,
    at: DateTime<Utc>,
) -> Vec<StoredMember> {
    let Some(number) = unusable.number else { return Vec::new() };
    let key = known_as.key(number, unusable.birth_date);
    let marked = |member: &Member| {
        let problem = Some(unusable.reason.to_string());
        StoredMember { problem, ..StoredMember::seen(member.clone(), at) }
    };
    if let Some(known) = known_as.find(key.number, key.birth_date) {
        return vec![marked(&known.member)];
    }
    let listed = known_as.listed.get(&number).map(Vec::as_slice).unwrap_or_default();
    let may_be = known_as.numbered(number).filter(|one| !listed.contains(&one.key().birth_date));
    let found: Vec<_> = may_be.map(|one| marked(&one.member)).collect();
    if !found.is_empty() {
        return found;
    }
    vec![marked(&Member {
        key,
        first_name: String::new(),
        last_name: String::new(),
        email: None,
        inactive: false,
        roles: Vec::new(),
        unreadable: Vec::new(),
    })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cardskipper::UnusableReason;
    use crate::model::{Email, Role, RoleId};

    fn organisation() -> OrganisationId {
        OrganisationId::new(123).unwrap()
    }

    fn member(number: i64, last_name: &str) -> Member {
        let number = MemberNumber::new(number).unwrap();
        Member {
            key: MemberKey { organisation: organisation(), number, birth_date: None },
            first_name: "Ana".into(),
            last_name: last_name.into(),
            email: None,
            inactive: false,
            roles: vec![],
            unreadable: vec![],
        }
    }

    fn export(members: Vec<Member>) -> Export {
        Export { members, unusable: vec![], elsewhere: 0, server_time: None, bytes: 0 }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap()
    }

    fn complete(at: DateTime<Utc>) -> Asked {
        Asked { at, is_complete: true, complete_before: None }
    }

    fn changes(minute: i64) -> Asked {
        Asked { at: at(minute), is_complete: false, complete_before: None }
    }

    fn known(numbers: &[i64]) -> Vec<StoredMember> {
        let agreed = |number: &i64| {
            let seen = StoredMember::seen(member(*number, "Novak"), at(-60));
            StoredMember { is_repeated: true, ..seen }
        };
        numbers.iter().map(agreed).collect()
    }

    fn numbers(merged: &Merged) -> Vec<i64> {
        merged.members.iter().map(|m| m.key().number.get()).collect()
    }

    #[test]
    fn changes_only_add_and_update() {
        let news = export(vec![member(5, "Kos"), member(2, "Novak"), member(3, "Zajc")]);
        let merged = merge(organisation(), known(&[1, 2, 3]), news, changes(0));
        assert_eq!(numbers(&merged), [1, 2, 3, 5]);
        let changed: Vec<_> = merged.changed.into_iter().map(|one| one.stored).collect();
        assert_eq!(changed, merged.members[2..], "2 was listed but is the same");
        assert_eq!(merged.members[0].missed, 0, "absence means nothing in a list of changes");
    }

    #[test]
    fn what_is_the_same_of_whoever_changed() {
        let with = |edit: fn(&mut Member)| {
            let mut member = member(1, "Novak");
            edit(&mut member);
            let merged = merge(organisation(), known(&[1]), export(vec![member]), changes(0));
            merged.changed.first().map(|one| one.keeps_email_and_roles)
        };
        let role = |end: &str| Role {
            id: RoleId::new(3126).unwrap(),
            begin: crate::model::parse_time("2026-01-01T00:00:00").unwrap(),
            end: crate::model::parse_time(end).unwrap(),
        };
        assert_eq!(with(|_| ()), None);
        assert_eq!(with(|member| member.last_name.push('a')), Some(true));
        assert_eq!(with(|member| member.inactive = true), Some(true));
        let unreadable = |member: &mut Member| {
            let id = RoleId::new(1).unwrap();
            member.unreadable.push(crate::model::UnreadableRole { id, problem: "?".into() });
        };
        assert_eq!(with(unreadable), Some(true));
        assert_eq!(with(|member| member.email = Email::parse("a@example.si")), Some(false));
        let mut paid = member(1, "Novak");
        paid.roles = vec![role("2026-12-31T00:00:00")];
        let merged = merge(organisation(), known(&[1]), export(vec![paid]), changes(0));
        assert!(!merged.changed[0].keeps_email_and_roles);
        let merged = merge(organisation(), known(&[1, 2]), export(vec![]), complete(at(0)));
        assert!(merged.changed.iter().all(|one| one.keeps_email_and_roles), "they are missed");
        let merged = merge(organisation(), vec![], export(vec![member(1, "Novak")]), changes(0));
        assert!(!merged.changed[0].keeps_email_and_roles, "a new one");
    }

    #[test]
    fn absence_counts_in_complete_listings_and_only_after_it_repeats() {
        let mut members = known(&[1, 2]);
        for (tick, want) in [(0, false), (5, false), (9, false), (10, true), (15, true)] {
            let only_one = export(vec![member(1, "Novak")]);
            members = merge(organisation(), members, only_one, complete(at(tick))).members;
            assert_eq!(is_vanished(&members[1], Some(at(tick))), want, "minute {tick}");
        }
        let both = export(vec![member(1, "Novak"), member(2, "Novak")]);
        let back = merge(organisation(), members, both, complete(at(20)));
        assert_eq!((back.members[1].missed, back.members[1].missing_since), (0, None));
    }

    /// Mutant: counting on from listings of a year to come, so that nobody vanishes for a year.
    #[test]
    fn listings_in_the_future_count_as_none() {
        const YEAR: i64 = 365 * 24 * 60;
        let mut members = known(&[1]);
        for (tick, want) in [(YEAR, false), (YEAR + 5, false), (0, false), (5, false), (10, true)] {
            members = merge(organisation(), members, export(vec![]), complete(at(tick))).members;
            assert_eq!(is_vanished(&members[0], Some(at(tick))), want, "minute {tick}");
        }
        assert_eq!((members[0].missed, members[0].missing_since), (3, Some(at(0))));
    }

    #[test]
    fn a_vanished_member_is_not_rewritten_at_every_listing() {
        let mut members = known(&[1]);
        for tick in 0..20 {
            let merged = merge(organisation(), members, export(vec![]), complete(at(tick * 5)));
            assert_eq!(merged.changed.is_empty(), tick >= 3, "listing {tick}");
            members = merged.members;
        }
    }

    #[test]
    fn an_unusable_entry_keeps_what_was_known_and_says_why() {
        let mut bad = export(vec![]);
        for number in [1, 7] {
            bad.unusable.push(Unusable {
                number: MemberNumber::new(number).ok(),
                birth_date: None,
                line: 3,
                reason: UnusableReason::BadInactive("soon".into()),
            });
        }
        let merged = merge(organisation(), known(&[1]), bad, complete(at(0)));
        assert_eq!(numbers(&merged), [1, 7]);
        assert_eq!(merged.members[0].member.last_name, "Novak");
        assert!(merged.members.iter().all(|m| m.problem.is_some() && m.missed == 0));
    }

    /// What two listings say, a tick or more apart, and whether they agree.
    ///
    /// Mutants that this catches: one listing is enough; the same listing counts twice; a listing of changes
    /// that does not name the member counts; a complete one that lacks the member counts; what was said
    /// before a change counts for it; a clock set back makes old words new.
    #[test]
    fn two_looks_agree() {
        let role = |end: &str| Role {
            id: RoleId::new(3126).unwrap(),
            begin: crate::model::parse_time("2026-01-01T00:00:00").unwrap(),
            end: crate::model::parse_time(end).unwrap(),
        };
        let paid = |end: &str| Member { roles: vec![role(end)], ..member(1, "Novak") };
        let (long, short) = (paid("2026-12-31T00:00:00"), paid("2026-06-30T00:00:00"));
        let inactive = Member { inactive: true, ..long.clone() };
        type Listing<'a> = (i64, bool, Option<&'a Member>);
        let agreed = |listings: &[Listing<'_>]| {
            let (mut members, mut complete_at) = (Vec::new(), None);
            for (minute, is_complete, entry) in listings {
                let asked = Asked {
                    at: at(*minute),
                    is_complete: *is_complete,
                    complete_before: complete_at,
                };
                let listed = export(entry.iter().copied().cloned().collect());
                members = merge(organisation(), members, listed, asked).members;
                complete_at = if *is_complete { Some(at(*minute)) } else { complete_at };
            }
            is_agreed(&members[0], complete_at)
        };
        for (what, listings, want) in [
            ("a complete one alone", vec![(0, true, Some(&short))], false),
            ("changes alone", vec![(0, true, Some(&long)), (5, false, Some(&short))], false),
            ("two complete ones", vec![(0, true, Some(&short)), (5, true, Some(&short))], true),
            (
                "complete, then changes",
                vec![(0, true, Some(&short)), (5, false, Some(&short))],
                true,
            ),
            (
                "complete, and changes name nobody",
                vec![(0, true, Some(&short)), (5, false, None)],
                false,
            ),
            (
                "complete, and the next one lacks the member",
                vec![(0, true, Some(&short)), (5, true, None)],
                false,
            ),
            (
                "changes twice",
                vec![(0, true, Some(&long)), (5, false, Some(&short)), (10, false, Some(&short))],
                true,
            ),
            (
                "changes, then complete",
                vec![(0, true, Some(&long)), (5, false, Some(&short)), (10, true, Some(&short))],
                true,
            ),
            ("the same moment", vec![(5, false, Some(&short)), (5, false, Some(&short))], false),
            (
                "it flaps",
                vec![
                    (0, true, Some(&long)),
                    (5, true, Some(&short)),
                    (10, true, Some(&long)),
                    (15, true, Some(&short)),
                ],
                false,
            ),
            (
                "only `inactive` is new",
                vec![(0, true, Some(&long)), (5, true, Some(&long)), (10, false, Some(&inactive))],
                false,
            ),
            (
                "the clock was set back",
                vec![(60, true, Some(&short)), (0, true, Some(&short))],
                false,
            ),
            (
                "and it goes on from there",
                vec![(60, true, Some(&short)), (0, true, Some(&short)), (5, true, Some(&short))],
                true,
            ),
        ] {
            assert_eq!(agreed(&listings), want, "{what}");
        }
    }

    /// Mutants: the first entry counts alone; an inactive one ends the other; other names are joined.
    #[test]
    fn two_entries_of_one_human_being_count_as_one() {
        use chrono::Datelike as _;

        let entry = |day: Option<u32>, name: &str, inactive: bool, role: i64| {
            let mut member = member(4, name);
            member.key.birth_date = day.and_then(|day| NaiveDate::from_ymd_opt(1990, 1, day));
            member.inactive = inactive;
            let at = at(role).naive_utc();
            member.roles = vec![Role { id: RoleId::new(role).unwrap(), begin: at, end: at }];
            member
        };
        let stored = || vec![StoredMember::seen(entry(Some(1), "Novak", false, 1), at(-60))];
        let old = |inactive| entry(Some(1), "Novak", inactive, 1);
        let new = |inactive| entry(Some(9), "Novak", inactive, 2);
        let kos = |day| entry(Some(day), "Kos", false, 3);
        for (what, entries, want) in [
            ("both paid", vec![old(false), new(false)], vec![(1, false, vec![1, 2])]),
            ("the old one is inactive", vec![old(true), new(false)], vec![(1, false, vec![2])]),
            ("in the other order", vec![new(false), old(true)], vec![(1, false, vec![2])]),
            ("the new one is inactive", vec![old(false), new(true)], vec![(1, false, vec![1])]),
            ("both are inactive", vec![old(true), new(true)], vec![(1, true, vec![1, 2])]),
            (
                "another name is another one",
                vec![old(true), entry(Some(9), "Kos", false, 2)],
                vec![(1, true, vec![1]), (9, false, vec![2])],
            ),
            (
                "without a birth date",
                vec![old(true), entry(None, "Novak", false, 2)],
                vec![(1, false, vec![2])],
            ),
            (
                "a third one with another name is another one",
                vec![kos(5), old(false), new(false)],
                vec![(1, false, vec![1, 2]), (5, false, vec![3])],
            ),
            (
                "the third one has a name of its own and no birth date",
                vec![old(true), new(false), entry(None, "Kos", false, 3)],
                vec![(0, false, vec![3]), (1, false, vec![2])],
            ),
            (
                "the third one has the birth date that is known",
                vec![new(false), entry(Some(8), "Novak", false, 4), kos(1)],
                vec![(1, false, vec![3]), (9, false, vec![2, 4])],
            ),
            (
                "all three are one",
                vec![entry(Some(8), "Novak", false, 4), new(true), old(false)],
                vec![(1, false, vec![4, 1])],
            ),
        ] {
            let merged = merge(organisation(), stored(), export(entries), complete(at(0)));
            let seen: Vec<_> = merged
                .members
                .iter()
                .map(|one| {
                    let day = one.key().birth_date.map_or(0, |date| date.day());
                    let roles: Vec<i64> = one.member.roles.iter().map(|r| r.id.get()).collect();
                    (day, one.member.inactive, roles)
                })
                .collect();
            assert_eq!(seen, want, "{what}");
        }
    }

    /// Mutants that this catches: a corrected birth date makes another member; equal numbers alone make the
    /// same one; whoever is listed with the known date as well is taken for somebody else's correction.
    #[test]
    fn a_corrected_birth_date_is_the_same_member() {
        let mail = |mut member: Member, email: &str| {
            member.email = Email::parse(email);
            member
        };
        let known = [born(2, Some(2), "Novak")];
        let keys = |known: &[Member], listed: Vec<Member>| -> Vec<(i64, Option<u32>, u32)> {
            let after = after(known, listed).into_iter();
            after.map(|(number, day, _, missed)| (number, day, missed)).collect()
        };
        for (what, known, listed, want) in [
            (
                "the same name",
                known.to_vec(),
                vec![born(2, Some(9), "NOVAK")],
                vec![(2, Some(2), 0)],
            ),
            (
                "another name and the same e-mail",
                vec![mail(born(2, Some(2), "Novak"), "ana@x.si")],
                vec![mail(born(2, Some(9), "Kos"), "ana@x.si")],
                vec![(2, Some(2), 0)],
            ),
            (
                "another name, and none has an e-mail",
                known.to_vec(),
                vec![born(2, Some(9), "Kos")],
                vec![(2, Some(2), 1), (2, Some(9), 0)],
            ),
            (
                "both dates are listed, with one name: still one",
                known.to_vec(),
                vec![born(2, Some(2), "Novak"), born(2, Some(9), "Novak")],
                vec![(2, Some(2), 0)],
            ),
            (
                "two new dates with one name: still one",
                known.to_vec(),
                vec![born(2, Some(8), "Novak"), born(2, Some(9), "Novak")],
                vec![(2, Some(2), 0)],
            ),
            (
                "two are known, and one of them is listed as ever",
                vec![born(2, Some(2), "Novak"), born(2, Some(3), "Novak")],
                vec![born(2, Some(3), "Novak"), born(2, Some(9), "Novak")],
                vec![(2, Some(2), 1), (2, Some(3), 0)],
            ),
            (
                "another number",
                known.to_vec(),
                vec![born(5, Some(9), "Novak")],
                vec![(2, Some(2), 1), (5, Some(9), 0)],
            ),
        ] {
            assert_eq!(keys(&known, listed), want, "{what}");
        }
    }

    /// A member born on that day of 1990, or on a day that nobody can read.
    fn born(number: i64, day: Option<u32>, last_name: &str) -> Member {
        let mut member = member(number, last_name);
        member.key.birth_date = day.and_then(|day| NaiveDate::from_ymd_opt(1990, 1, day));
        member
    }

    /// Every member after a complete listing: number, day of birth, last name, missed.
    fn after(known: &[Member], listed: Vec<Member>) -> Vec<(i64, Option<u32>, String, u32)> {
        use chrono::Datelike;
        let mut known: Vec<_> =
            known.iter().cloned().map(|one| StoredMember::seen(one, at(-60))).collect();
        known.sort_by_key(StoredMember::key);
        let merged = merge(organisation(), known, export(listed), complete(at(0)));
        let line = |one: &StoredMember| {
            let key = one.key();
            let day = key.birth_date.map(|date| date.day());
            (key.number.get(), day, one.member.last_name.clone(), one.missed)
        };
        let lines: Vec<_> = merged.members.iter().map(line).collect();
        assert!(merged.members.is_sorted_by_key(StoredMember::key));
        lines
    }

    #[test]
    fn without_a_birth_date_it_is_the_one_member_with_the_number() {
        let name = |text: &str| text.to_owned();
        let others = [born(1, Some(1), "Kos"), born(3, Some(3), "Zajc")];
        let beside = |mut list: Vec<Member>| {
            list.extend(others.iter().cloned());
            list
        };
        let with_others = |lines: Vec<(i64, Option<u32>, String, u32)>| {
            let mut all = vec![(1, Some(1), name("Kos"), 0)];
            all.extend(lines);
            all.push((3, Some(3), name("Zajc"), 0));
            all
        };
        let dated = born(2, Some(2), "Novak");
        let bare = born(2, None, "Renamed");
        // The one known by the number, with or without a birth date.
        let found = after(&beside(vec![dated.clone()]), beside(vec![bare.clone()]));
        assert_eq!(found, with_others(vec![(2, Some(2), name("Renamed"), 0)]));
        let found = after(&beside(vec![born(2, None, "Novak")]), beside(vec![bare.clone()]));
        assert_eq!(found, with_others(vec![(2, None, name("Renamed"), 0)]));
        // Nobody known, two known, or another entry with the number: it stands alone.
        let found = after(&beside(vec![]), beside(vec![bare.clone()]));
        assert_eq!(found, with_others(vec![(2, None, name("Renamed"), 0)]));
        let twins = vec![dated.clone(), born(2, Some(9), "Novak")];
        let found = after(&beside(twins), beside(vec![bare.clone()]));
        assert_eq!(
            found,
            with_others(vec![
                (2, None, name("Renamed"), 0),
                (2, Some(2), name("Novak"), 1),
                (2, Some(9), name("Novak"), 1)
            ])
        );
        let found =
            after(&beside(vec![dated.clone()]), beside(vec![bare, born(2, Some(5), "Horvat")]));
        assert_eq!(
            found,
            with_others(vec![
                (2, None, name("Renamed"), 0),
                (2, Some(2), name("Novak"), 1),
                (2, Some(5), name("Horvat"), 0)
            ])
        );
        // With a readable birth date and another name it is another member.
        let found = after(&beside(vec![dated]), beside(vec![born(2, Some(5), "Horvat")]));
        assert_eq!(
            found,
            with_others(vec![(2, Some(2), name("Novak"), 1), (2, Some(5), name("Horvat"), 0)])
        );
    }

    #[test]
    fn an_unusable_entry_without_a_birth_date_is_about_the_member_with_the_number() {
        let unusable = |number: i64| Unusable {
            number: MemberNumber::new(number).ok(),
            birth_date: None,
            line: 3,
            reason: UnusableReason::BadInactive("soon".into()),
        };
        let known = vec![StoredMember::seen(born(2, Some(2), "Novak"), at(-60))];
        let mut bad = export(vec![]);
        bad.unusable.push(unusable(2));
        let merged = merge(organisation(), known.clone(), bad, complete(at(0)));
        let [one] = merged.members.as_slice() else { panic!("{merged:?}") };
        assert!(one.problem.is_some() && one.member == known[0].member && one.missed == 0);
        // Without a number it may be about anybody who is missing.
        let mut nobody_s = export(vec![]);
        nobody_s.unusable.push(Unusable { number: None, ..unusable(2) });
        let merged = merge(organisation(), known.clone(), nobody_s, complete(at(0)));
        assert_eq!(merged.members, known);
        // With a birth date that is not known it may have been corrected.
        let mut corrected = export(vec![]);
        corrected
            .unusable
            .push(Unusable { birth_date: born(2, Some(3), "").key.birth_date, ..unusable(2) });
        let merged = merge(organisation(), known.clone(), corrected, complete(at(0)));
        let [one] = merged.members.as_slice() else { panic!("{merged:?}") };
        assert!(one.problem.is_some() && one.member == known[0].member && one.missed == 0);
        // It may be any of two, but nobody who is listed otherwise.
        let three: Vec<_> = [(2, "Novak"), (3, "Kos"), (4, "Zupan")]
            .map(|(born_on, name)| StoredMember::seen(born(2, Some(born_on), name), at(-60)))
            .into();
        let mut two = export(vec![born(2, Some(4), "Zupan")]);
        two.unusable.push(unusable(2));
        let merged = merge(organisation(), three, two, complete(at(0)));
        let told: Vec<_> =
            merged.members.iter().map(|one| (one.problem.is_some(), one.missed)).collect();
        assert_eq!(told, [(true, 0), (true, 0), (false, 0)]);
        // Beside a usable entry of the number, nobody knows whose it is.
        let mut both = export(vec![born(2, Some(2), "Novak")]);
        both.unusable.push(unusable(2));
        let merged = merge(organisation(), known, both, complete(at(0)));
        let has_problem: Vec<_> = merged.members.iter().map(|one| one.problem.is_some()).collect();
        assert_eq!(has_problem, [true, false]);
    }
}
