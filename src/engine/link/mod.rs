//! Who is who: members on one side, the persons of one device on the other.
//!
//! [`resolve()`] is pure and never links on a guess. A link holds two people together, not two strings: it
//! stays when an e-mail changes, and moves only to a person whose name fits, by a changed row of a link file,
//! or when somebody who looked accepts it.

pub mod file;
mod first;
mod name;
mod resolve;
mod rival;
mod rows;

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::{iter, mem};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;

use crate::config::LinkRule;
use crate::engine::link::file::LinkRow;
use crate::model::{Email, Holder, HolderId, HolderNumber, MemberNamed, RecordId};

pub use crate::model::{NameDigest, Served, StoredLink, StoredLinks};
pub use first::doubt_first_links;
pub use name::{email_digest, is_same_person, is_unlike, name_agrees, name_digest};
pub use resolve::{Claimant, resolve};
pub use rows::{RowsInQuestion, rows_in_question};

/// Members as they are named to person ids, from all link files together. Most rows name an e-mail alone,
/// and cost no more than that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkTable {
    by_email: HashMap<Email, Several<Listed>, RandomState>,
    by_number: HashMap<HolderNumber, Several<Listed>, RandomState>,
    by_both: HashMap<(Email, HolderNumber), Several<Listed>, RandomState>,
}

/// A person as a link file names them beside a member. The same row of two files is there twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    employee_no: RecordId,
    /// When this row was first in the file.
    since: DateTime<Utc>,
}

/// At least one of something, in order, and nearly always just one: the first costs no memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Several<T> {
    first: T,
    others: BTreeSet<T>,
}

impl<T: Ord> Several<T> {
    fn add(&mut self, one: T) {
        match one.cmp(&self.first) {
            Ordering::Less => self.others.insert(mem::replace(&mut self.first, one)),
            Ordering::Equal => false,
            Ordering::Greater => self.others.insert(one),
        };
    }

    /// Adds one to those of a key.
    fn add_to<K: Eq + Hash>(map: &mut HashMap<K, Self, RandomState>, key: K, one: T) {
        match map.entry(key) {
            Entry::Occupied(mut known) => known.get_mut().add(one),
            Entry::Vacant(new) => drop(new.insert(Self { first: one, others: BTreeSet::new() })),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        iter::once(&self.first).chain(&self.others)
    }
}

impl LinkTable {
    /// Adds one row of a link file, which holds it since then.
    pub fn insert(&mut self, row: LinkRow, since: DateTime<Utc>) {
        let listed = Listed { employee_no: row.employee_no, since };
        match row.member {
            MemberNamed::ByEmail(email) => Several::add_to(&mut self.by_email, email, listed),
            MemberNamed::ByNumber(number) => Several::add_to(&mut self.by_number, number, listed),
            MemberNamed::ByBoth(email, number) => {
                Several::add_to(&mut self.by_both, (email, number), listed);
            }
        }
    }

    /// Whether a row names a member by number.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        !self.by_number.is_empty() || !self.by_both.is_empty()
    }

    /// How each row names its member, in no order.
    fn each(&self) -> impl Iterator<Item = (Option<&Email>, Option<&HolderNumber>)> {
        let each = |count: &Several<Listed>| count.iter().count();
        let emails =
            self.by_email.iter().map(move |(email, rows)| ((Some(email), None), each(rows)));
        let numbers =
            self.by_number.iter().map(move |(number, rows)| ((None, Some(number)), each(rows)));
        let both = self.by_both.iter();
        let both =
            both.map(move |((email, number), rows)| ((Some(email), Some(number)), each(rows)));
        let all = emails.chain(numbers).chain(both);
        all.flat_map(|(named, count)| iter::repeat_n(named, count))
    }

    /// Since when a file holds a row, over all readings that held it; the earliest, if several files do. A
    /// row that has got the other name of its member, too, is as old as it was.
    #[must_use]
    pub fn known_since(&self, row: &LinkRow) -> Option<DateTime<Utc>> {
        let (email, number) = (row.member.email(), row.member.number());
        since(self.rows(email, number, number), &row.employee_no)
    }

    /// Since when a file leads a member by this e-mail, or by the number that is part of who the member is,
    /// to a person. `has_email` is whether the e-mail is the member's of old.
    fn leads_since(
        &self,
        member: &Holder,
        has_email: bool,
        person: &RecordId,
    ) -> Option<DateTime<Utc>> {
        let email = member.email.as_ref().filter(|_| has_email);
        let is_of_key = |number: &&HolderNumber| number.as_str() == member.key.human();
        let number = member.number.as_ref().filter(is_of_key);
        since(self.rows(email, number, number), person)
    }

    /// The rows of whoever has an e-mail and a number, and those beside a number alone.
    fn rows(
        &self,
        email: Option<&Email>,
        number: Option<&HolderNumber>,
        number_alone: Option<&HolderNumber>,
    ) -> impl Iterator<Item = &Listed> {
        let by_email = email.and_then(|email| self.by_email.get(email));
        let by_number = number_alone.and_then(|number| self.by_number.get(number));
        let both = email.zip(number).filter(|_| !self.by_both.is_empty());
        let by_both =
            both.and_then(|(email, number)| self.by_both.get(&(email.clone(), number.clone())));
        let those = [by_email, by_both, by_number].into_iter().flatten();
        those.flat_map(Several::iter)
    }

    /// The persons beside a member; those beside a number that several members have are nobody's.
    fn persons(
        &self,
        member: &Holder,
        shared: &SharedNumbers<'_>,
    ) -> impl Iterator<Item = &RecordId> {
        let number = member.number.as_ref();
        let alone = number.filter(|number| !shared.contains_key(number));
        self.rows(member.email.as_ref(), number, alone).map(|row| &row.employee_no)
    }

    /// The persons beside a number alone.
    fn persons_of_number(&self, number: &HolderNumber) -> impl Iterator<Item = &RecordId> {
        let rows = self.by_number.get(number).into_iter().flat_map(Several::iter);
        rows.map(|row| &row.employee_no)
    }
}

/// The numbers that stand alone in a row and are more than one member's, with whose. Whoever has vanished
/// counts only where nobody is listed.
type SharedNumbers<'a> = HashMap<&'a HolderNumber, BTreeSet<&'a HolderId>, RandomState>;

fn shared_numbers<'a>(table: &LinkTable, members: &[Claimant<'a>]) -> SharedNumbers<'a> {
    let mut shared = SharedNumbers::default();
    if table.by_number.is_empty() {
        return shared;
    }
    for wants_listed in [true, false] {
        let mut all = SharedNumbers::default();
        let is_meant =
            |one: &&Claimant<'_>| one.is_let_in && one.vanished_since.is_none() == wants_listed;
        for Claimant { member, .. } in members.iter().filter(is_meant) {
            if let Some(number) =
                member.number.as_ref().filter(|n| table.by_number.contains_key(*n))
            {
                all.entry(number).or_default().insert(&member.key);
            }
        }
        for (number, of) in all {
            shared.entry(number).or_insert(of);
        }
    }
    shared.retain(|_, of| of.len() > 1);
    shared
}

fn since<'a>(rows: impl Iterator<Item = &'a Listed>, person: &RecordId) -> Option<DateTime<Utc>> {
    rows.filter(|row| row.employee_no == *person).map(|row| row.since).min()
}

impl Extend<(LinkRow, DateTime<Utc>)> for LinkTable {
    fn extend<T: IntoIterator<Item = (LinkRow, DateTime<Utc>)>>(&mut self, rows: T) {
        rows.into_iter().for_each(|(row, since)| self.insert(row, since));
    }
}

/// A link that somebody who looked has accepted: `--accept-link DOOR=PERSON:MEMBER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedLink {
    /// The person on this device.
    pub employee_no: RecordId,
    pub member: HolderId,
}

/// A member found to be a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub employee_no: RecordId,
    /// The rule that made it.
    pub rule: LinkRule,
    /// The rule no longer gives this person; the link is kept because nobody else claims them.
    pub is_outdated: bool,
}

/// So many others are named to a member who is not alone in claiming a person. Half a club may share one
/// made-up e-mail, and naming everybody to everybody would take more than all the rest.
pub const CLAIMANTS_MAX: usize = 11;

/// Why a member has no person on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoLink {
    /// The member has no e-mail, and no rule works without one.
    NoEmail,
    /// No rule gives a person.
    NoPerson,
    /// The device lets in members of other organisations only, and the member is linked to nobody there.
    OtherOrganisation,
    /// Link files name these persons for the member, and none of them is on the device.
    NotThere {
        /// No more than [`CLAIMANTS_MAX`].
        persons: BTreeSet<RecordId>,
    },
    /// Several persons for the member, or several members for the person.
    Ambiguous {
        /// The persons that came into question.
        persons: BTreeSet<RecordId>,
        /// Other members who claim one of them, no more than [`CLAIMANTS_MAX`].
        rivals: BTreeSet<HolderId>,
    },
    /// The member is no longer listed, or of an organisation that the device does not let in, and somebody
    /// who is neither, or was listed for longer by the same number, claims the same person: that one has the
    /// person, unless several of them do.
    Yielded {
        /// The persons that came into question.
        persons: BTreeSet<RecordId>,
        /// Those who have it instead: listed members who claim one of them, or the same number with
        /// another birth date, no more than [`CLAIMANTS_MAX`].
        to: BTreeSet<HolderId>,
    },
    /// A person comes into question whose name on the device is not the member's.
    NameDiffers {
        employee_no: RecordId,
        /// How the person comes into question.
        found: Found,
    },
}

/// How a person with another name comes into question for a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The `employeeNo` equals the member's number.
    ByNumber,
    /// The member is linked to the person, whose name on the device has changed to another one since:
    /// the number may have been given to somebody else.
    Renamed,
    /// The member is linked to this other person, and the rules lead here now.
    InsteadOf(RecordId),
    /// The person was linked to another member before.
    SomebodyElses,
    /// A link file leads there for the first time, and most new rows lead to the names of other members.
    OneOfMany,
    /// A link file leads there anew, and the person has the whole name of another member.
    AnothersName,
}

/// The persons whom a member is linked to, or who came into question.
#[must_use]
pub fn in_question(linked: &Result<Link, NoLink>) -> Vec<&RecordId> {
    match linked {
        Ok(link) => vec![&link.employee_no],
        Err(NoLink::NameDiffers { employee_no, found: Found::InsteadOf(linked) }) => {
            vec![linked, employee_no]
        }
        Err(NoLink::NameDiffers { employee_no, .. }) => vec![employee_no],
        Err(NoLink::Ambiguous { persons, .. } | NoLink::Yielded { persons, .. }) => {
            persons.iter().collect()
        }
        Err(
            NoLink::NoEmail
            | NoLink::NoPerson
            | NoLink::OtherOrganisation
            | NoLink::NotThere { .. },
        ) => Vec::new(),
    }
}

/// What became of each member on one device, in the order the members were given.
pub type Linking = Vec<Result<Link, NoLink>>;

#[cfg(test)]
mod tests;
