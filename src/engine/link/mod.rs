//! Who is who: members on one side, the persons of one device on the other.
//!
//! [`resolve()`] is pure and never links on a guess. A link holds two people together, not two strings: it
//! stays when an e-mail changes, and moves only to a person whose name fits, by a changed row of a link file,
//! or when somebody who looked accepts it.

pub mod file;
mod first;
mod name;
mod resolve;

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::{iter, mem};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;

use crate::config::LinkRule;
use crate::engine::link::file::LinkRow;
use crate::model::{Email, HolderId, RecordId};

pub use crate::model::{NameDigest, Served, StoredLink, StoredLinks};
pub use first::doubt_first_links;
pub use name::{email_digest, is_same_person, is_unlike, name_agrees, name_digest};
pub use resolve::{Claimant, resolve};

/// E-mail to person ids, from all link files together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkTable {
    by_email: HashMap<Email, Several<Listed>, RandomState>,
}

/// A person as a link file names them beside an e-mail. The same row of two files is there twice.
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
    pub fn insert(&mut self, email: Email, employee_no: RecordId, since: DateTime<Utc>) {
        let listed = Listed { employee_no, since };
        Several::add_to(&mut self.by_email, email, listed);
    }

    /// The e-mails that stand beside more than one person, with these, in no order.
    pub fn contested(&self) -> impl Iterator<Item = (&Email, BTreeSet<&RecordId>)> {
        let several = self.by_email.iter().filter(|(_, persons)| !persons.others.is_empty());
        let persons = several.map(|(email, _)| (email, self.persons(email).collect()));
        persons.filter(|(_, persons): &(_, BTreeSet<_>)| persons.len() > 1)
    }

    /// The rows in no order.
    fn each(&self) -> impl Iterator<Item = (&Email, &RecordId, DateTime<Utc>)> {
        self.by_email.iter().flat_map(|(email, persons)| {
            persons.iter().map(move |listed| (email, &listed.employee_no, listed.since))
        })
    }

    /// Since when a file holds this very row, over all readings that held it; the earliest, if several
    /// files do.
    #[must_use]
    pub fn known_since(&self, email: &Email, employee_no: &RecordId) -> Option<DateTime<Utc>> {
        let listed = self.by_email.get(email)?.iter();
        listed.filter(|row| row.employee_no == *employee_no).map(|row| row.since).min()
    }

    /// Whether any row names this e-mail.
    #[must_use]
    pub fn names(&self, email: &Email) -> bool {
        self.by_email.contains_key(email)
    }

    fn persons(&self, email: &Email) -> impl Iterator<Item = &RecordId> {
        let listed = self.by_email.get(email).into_iter().flat_map(Several::iter);
        listed.map(|row| &row.employee_no)
    }
}

impl Extend<(LinkRow, DateTime<Utc>)> for LinkTable {
    fn extend<T: IntoIterator<Item = (LinkRow, DateTime<Utc>)>>(&mut self, rows: T) {
        for (LinkRow { email, employee_no, .. }, since) in rows {
            self.insert(email, employee_no, since);
        }
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
