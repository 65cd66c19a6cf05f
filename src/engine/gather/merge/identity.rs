//! Which entries of a listing are which members: by number, birth date, name and e-mail. Pure.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::model::{Holder, HolderId};
use crate::ports::{Snapshot, Unusable};
use crate::store::StoredHolder;
use crate::text::plain::plain_words;

/// Joins entries of one listing that are one human being: the same number and the same name, another birth
/// date, and no other e-mail. A membership that was imported anew stands beside the old one, and time that
/// was paid on either is paid. One that is not marked inactive counts before those that are.
pub(super) fn one_entry_each(members: Vec<Holder>, known: &[StoredHolder]) -> Vec<Holder> {
    // Hardly ever does a number stand twice, and names need not be compared where none does.
    if is_everybody_once(&members) {
        return members;
    }
    let mut entries: HashMap<(String, Vec<String>), usize> = HashMap::new();
    let mut joined: Vec<Holder> = Vec::with_capacity(members.len());
    let is_known = |key: &HolderId| known.binary_search_by(|one| one.key().cmp(key)).is_ok();
    for entry in members {
        let name = plain_words(&entry.name());
        let place = match entries.entry((entry.key.human().to_owned(), name)) {
            Entry::Occupied(place) if !place.key().1.is_empty() => *place.get(),
            Entry::Occupied(_) => joined.len(),
            Entry::Vacant(place) => *place.insert(joined.len()),
        };
        match joined.get_mut(place) {
            Some(first) if first.key != entry.key && !have_two_emails(first, &entry) => {
                let keeps_key = is_known(&first.key) || !is_known(&entry.key);
                let key = if keeps_key { &first.key } else { &entry.key };
                *first = Holder { key: key.clone(), ..both(first, &entry) };
            }
            // The very same key twice is for whoever sorts them.
            Some(_) | None => joined.push(entry),
        }
    }
    joined
}

fn is_everybody_once(members: &[Holder]) -> bool {
    let mut humans = HashSet::with_capacity(members.len());
    members.iter().all(|member| humans.insert(member.key.human()))
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
    known: &'a [StoredHolder],
    /// All that is listed of a human being of whom an entry says no more than who it is, or one that is not
    /// known.
    listed: HashMap<String, Vec<HolderId>>,
}

impl<'a> KnownAs<'a> {
    pub(super) fn new(known: &'a [StoredHolder], export: &Snapshot) -> Self {
        let mut known_as = Self { known, listed: HashMap::new() };
        let usable = export.members.iter().map(|one| &one.key);
        let entries = usable.chain(export.unusable.iter().filter_map(|one| one.key.as_ref()));
        let is_odd = |key: &&HolderId| {
            key.is_bare()
                || known_as.find(key).is_none() && known_as.same_human(key).next().is_some()
        };
        let mut listed: HashMap<String, Vec<HolderId>> =
            entries.clone().filter(is_odd).map(|key| (key.human().to_owned(), vec![])).collect();
        if !listed.is_empty() {
            for key in entries {
                if let Some(keys) = listed.get_mut(key.human()) {
                    keys.push(key.clone());
                }
            }
        }
        known_as.listed = listed;
        known_as
    }

    fn find(&self, key: &HolderId) -> Option<&'a StoredHolder> {
        let place = self.known.binary_search_by(|one| one.key().cmp(key)).ok()?;
        self.known.get(place)
    }

    /// The members known who are the same human being.
    fn same_human<'k>(
        &self,
        key: &'k HolderId,
    ) -> impl Iterator<Item = &'a StoredHolder> + use<'a, 'k> {
        let (source, human) = (&key.source, key.human());
        let first =
            self.known.partition_point(|one| one.key() < key && !one.key().is_same_human(key));
        let rest = self.known.get(first..).unwrap_or_default().iter();
        rest.take_while(move |one| one.key().human() == human && one.key().source == *source)
    }

    /// The identity of an entry. A corrected birth date makes no other member: where the number is listed
    /// with one date that is not known, it is the one member known by that number who is not listed
    /// with the known date, if the name or the e-mail is the same.
    pub(super) fn member(&self, entry: &Holder) -> HolderId {
        let key = self.key(&entry.key);
        let Some(listed) = self.listed.get(key.human()) else { return key };
        if entry.key.is_bare() || self.find(&entry.key).is_some() {
            return key;
        }
        if listed.iter().filter(|listed| self.find(listed).is_none()).count() != 1 {
            return key;
        }
        let mut same = self
            .same_human(&entry.key)
            .filter(|one| !listed.contains(one.key()))
            .filter(|one| has_same_name(&one.member, entry));
        match (same.next(), same.next()) {
            (Some(only), None) => only.key().clone(),
            _ => key,
        }
    }

    /// The identity of an entry of which no more than this is known. Without a readable birth date it is
    /// the one member known by that number, if there is only one, and if no other entry has the number;
    /// else it stands alone.
    fn key(&self, key: &HolderId) -> HolderId {
        if !key.is_bare() {
            return key.clone();
        }
        let mut same = self.same_human(key).map(StoredHolder::key);
        let is_alone = self.listed.get(key.human()).is_some_and(|listed| listed.len() == 1);
        match (same.next(), same.next()) {
            (Some(only), None) if is_alone => only.clone(),
            _ => key.clone(),
        }
    }
}

/// Whether two entries with the same number are one human being: the same name, or the same e-mail.
fn has_same_name(one: &Holder, other: &Holder) -> bool {
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
    let Some(listed_as) = &unusable.key else { return Vec::new() };
    let key = known_as.key(listed_as);
    let marked = |member: &Holder| {
        let problem = Some(unusable.reason.to_string());
        StoredHolder { problem, ..StoredHolder::seen(member.clone(), at) }
    };
    if let Some(known) = known_as.find(&key) {
        return vec![marked(&known.member)];
    }
    let listed = known_as.listed.get(key.human()).map(Vec::as_slice).unwrap_or_default();
    let may_be = known_as.same_human(&key).filter(|one| !listed.contains(one.key()));
    let found: Vec<_> = may_be.map(|one| marked(&one.member)).collect();
    if !found.is_empty() {
        return found;
    }
    vec![marked(&Holder {
        number: unusable.number.clone(),
        key,
        first_name: String::new(),
        last_name: String::new(),
        email: None,
        inactive: false,
        roles: Vec::new(),
        unreadable: Vec::new(),
    })]
}
