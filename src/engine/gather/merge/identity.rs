//! Which entries of a listing are which members: by number, birth date, name and e-mail. Pure.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::engine::link::plain_words;
use crate::model::{Holder, HolderId, HolderNumber, OrganisationId};
use crate::ports::{Snapshot, Unusable};
use crate::store::StoredHolder;

/// Joins entries of one listing that are one human being: the same number and the same name, another birth
/// date, and no other e-mail. A membership that was imported anew stands beside the old one, and time that
/// was paid on either is paid. One that is not marked inactive counts before those that are.
pub(super) fn one_entry_each(members: Vec<Holder>, known: &[StoredHolder]) -> Vec<Holder> {
    // Hardly ever does a number stand twice, and names need not be compared where none does.
    let mut numbers = HashSet::with_capacity(members.len());
    if members.iter().all(|member| numbers.insert(member.key.number)) {
        return members;
    }
    let mut entries: HashMap<(HolderNumber, Vec<String>), usize> = HashMap::new();
    let mut joined: Vec<Holder> = Vec::with_capacity(members.len());
    let is_known = |key: &HolderId| known.binary_search_by_key(key, StoredHolder::key).is_ok();
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
                *first = Holder { key, ..both(first, &entry) };
            }
            // The very same key twice is for whoever sorts them.
            Some(_) | None => joined.push(entry),
        }
    }
    joined
}

fn have_two_emails(one: &Holder, other: &Holder) -> bool {
    one.email.is_some() && other.email.is_some() && one.email != other.email
}

/// What two entries of one human being come to.
fn both(one: &Holder, other: &Holder) -> Holder {
    let (first, second) = if one.inactive && !other.inactive { (other, one) } else { (one, other) };
    let mut both = first.clone();
    both.email = both.email.or_else(|| second.email.clone());
    if first.inactive == second.inactive {
        both.roles.extend(second.roles.iter().filter(|role| !first.roles.contains(role)).cloned());
        both.unreadable.extend(second.unreadable.iter().cloned());
    }
    both
}

/// Who an entry of a listing is, among the members known.
pub(super) struct KnownAs<'a> {
    organisation: OrganisationId,
    /// Sorted by key.
    known: &'a [StoredHolder],
    /// The birth dates with which a number is listed, for numbers that stand without a birth date or
    /// with one that is not known.
    listed: HashMap<HolderNumber, Vec<Option<NaiveDate>>>,
}

impl<'a> KnownAs<'a> {
    pub(super) fn new(
        organisation: OrganisationId,
        known: &'a [StoredHolder],
        export: &Snapshot,
    ) -> Self {
        let mut known_as = Self { organisation, known, listed: HashMap::new() };
        let usable = export.members.iter().map(|one| (Some(one.key.number), one.key.birth_date));
        let unusable = export.unusable.iter().map(|one| (one.number, one.birth_date));
        let entries = usable
            .chain(unusable)
            .filter_map(|(number, birth_date)| number.map(|number| (number, birth_date)));
        let is_odd = |(number, birth_date): &(HolderNumber, Option<NaiveDate>)| {
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
        number: HolderNumber,
        birth_date: Option<NaiveDate>,
    ) -> Option<&'a StoredHolder> {
        let key = HolderId { organisation: self.organisation, number, birth_date };
        let place = self.known.binary_search_by_key(&key, StoredHolder::key).ok()?;
        self.known.get(place)
    }

    /// The members known by a number.
    fn numbered(&self, number: HolderNumber) -> impl Iterator<Item = &'a StoredHolder> {
        let first = self.known.partition_point(|one| {
            (one.key().organisation, one.key().number) < (self.organisation, number)
        });
        let rest = self.known.get(first..).unwrap_or_default().iter();
        rest.take_while(move |one| one.key().number == number)
    }

    /// The identity of an entry. A corrected birth date makes no other member: where the number is listed
    /// with one date that is not known, it is the one member known by that number who is not listed
    /// with the known date, if the name or the e-mail is the same.
    pub(super) fn member(&self, entry: &Holder) -> HolderId {
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
    fn key(&self, number: HolderNumber, birth_date: Option<NaiveDate>) -> HolderId {
        let key = HolderId { organisation: self.organisation, number, birth_date };
        if birth_date.is_some() {
            return key;
        }
        let mut same = self.numbered(number).map(StoredHolder::key);
        let is_alone = self.listed.get(&number).is_some_and(|dates| dates.len() == 1);
        match (same.next(), same.next()) {
            (Some(only), None) if is_alone => only,
            _ => key,
        }
    }
}

/// Whether two entries with the same number are one human being: the same name, or the same e-mail.
fn is_same_human(one: &Holder, other: &Holder) -> bool {
    let name = |member: &Holder| plain_words(&member.name());
    one.email.is_some() && one.email == other.email || name(one) == name(other)
}

/// The known members whom an unusable entry may be about (or a bare one), marked with the problem. Who is
/// listed with the same number, but without a birth date or with one that is not known, may be any of those
/// who are not listed otherwise: none of them is missing.
pub(super) fn with_problem(
    known_as: &KnownAs<'_>,
    unusable: &Unusable,
    at: DateTime<Utc>,
) -> Vec<StoredHolder> {
    let Some(number) = unusable.number else { return Vec::new() };
    let key = known_as.key(number, unusable.birth_date);
    let marked = |member: &Holder| {
        let problem = Some(unusable.reason.to_string());
        StoredHolder { problem, ..StoredHolder::seen(member.clone(), at) }
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
    vec![marked(&Holder {
        key,
        first_name: String::new(),
        last_name: String::new(),
        email: None,
        inactive: false,
        roles: Vec::new(),
        unreadable: Vec::new(),
    })]
}
