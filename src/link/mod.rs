//! Who is who: members on one side, the persons of one device on the other.
//!
//! [`resolve`] is pure. It never links on a guess: a rule that gives two persons for a member, or
//! one person to two members, links nobody, and says so. Source: design.md section 4, "Linking".

pub mod file;

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::{iter, mem};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::config::LinkRule;
use crate::model::{Email, EmployeeNo, Member, MemberKey, Person};

/// E-mail to person ids, from all link files together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkTable {
    by_email: HashMap<Email, Several<Listed>, RandomState>,
}

/// A person as a link file names them beside an e-mail. The same row of two files is there twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    employee_no: EmployeeNo,
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
    fn new(first: T) -> Self {
        Self { first, others: BTreeSet::new() }
    }

    fn add(&mut self, one: T) {
        match one.cmp(&self.first) {
            Ordering::Less => self.others.insert(mem::replace(&mut self.first, one)),
            Ordering::Equal => false,
            Ordering::Greater => self.others.insert(one),
        };
    }

    fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        iter::once(&self.first).chain(&self.others)
    }
}

impl LinkTable {
    /// Adds one row of a link file, which holds it since then.
    pub fn insert(&mut self, email: Email, employee_no: EmployeeNo, since: DateTime<Utc>) {
        let listed = Listed { employee_no, since };
        match self.by_email.entry(email) {
            Entry::Occupied(mut known) => known.get_mut().add(listed),
            Entry::Vacant(new) => drop(new.insert(Several::new(listed))),
        }
    }

    /// The rows, sorted, for storing.
    #[must_use]
    pub fn rows(&self) -> Vec<(&Email, &EmployeeNo, DateTime<Utc>)> {
        let mut rows: Vec<_> = self
            .by_email
            .iter()
            .flat_map(|(email, persons)| {
                persons.iter().map(move |listed| (email, &listed.employee_no, listed.since))
            })
            .collect();
        rows.sort_unstable();
        rows
    }

    /// Since when a file holds this very row, over all readings that held it; the earliest, if several
    /// files do.
    #[must_use]
    pub fn since(&self, email: &Email, employee_no: &EmployeeNo) -> Option<DateTime<Utc>> {
        let listed = self.by_email.get(email)?.iter();
        listed.filter(|row| row.employee_no == *employee_no).map(|row| row.since).min()
    }

    /// Whether any row names this e-mail.
    #[must_use]
    pub fn names(&self, email: &Email) -> bool {
        self.by_email.contains_key(email)
    }

    fn persons(&self, email: &Email) -> impl Iterator<Item = &EmployeeNo> {
        let listed = self.by_email.get(email).into_iter().flat_map(Several::iter);
        listed.map(|row| &row.employee_no)
    }
}

/// A link that was stored by an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLink {
    /// The person it leads to.
    pub employee_no: EmployeeNo,
    /// The rule that made it.
    pub rule: LinkRule,
}

/// The links that earlier runs made on one device.
pub type StoredLinks = HashMap<MemberKey, StoredLink, RandomState>;

/// A member found to be a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The person.
    pub employee_no: EmployeeNo,
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
    /// Several persons for the member, or several members for the person.
    Ambiguous {
        /// The persons that came into question.
        persons: BTreeSet<EmployeeNo>,
        /// Other members who claim one of them, no more than [`CLAIMANTS_MAX`].
        rivals: BTreeSet<MemberKey>,
    },
    /// The member is no longer listed, and somebody who is listed, or was for longer by the same number,
    /// claims the same person: that one has the person, unless several of them do.
    Yielded {
        /// The persons that came into question.
        persons: BTreeSet<EmployeeNo>,
        /// Those who have it instead: listed members who claim one of them, or the same number with
        /// another birth date, no more than [`CLAIMANTS_MAX`].
        to: BTreeSet<MemberKey>,
    },
    /// The number equals an `employeeNo`, but the name on the device is another.
    NameDiffers {
        /// The person with that number.
        employee_no: EmployeeNo,
    },
}

/// What became of each member on one device, in the order the members were given.
pub type Linking = Vec<Result<Link, NoLink>>;

/// A member who may be a person.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    /// The member.
    pub member: &'a Member,
    /// Since when the member is missing from complete listings, if for long enough to count.
    pub vanished_since: Option<DateTime<Utc>>,
}

/// What one member's rules give, before anybody else is looked at.
enum Claim<'a> {
    One(&'a EmployeeNo, LinkRule, bool),
    Several(BTreeSet<&'a EmployeeNo>),
    None(NoLink),
}

/// Links members to the persons of one device.
///
/// `stored` are the links of earlier runs; one whose rule gives nobody any more still counts as a
/// claim, so that a person never changes hands silently.
///
/// A vanished member's claim of any kind yields to a listed member's: after a corrected birth date,
/// or when one of two who share an e-mail has left, the one who is there is not ambiguous for ever.
/// Where nobody is listed it yields to a member of the same number who was there for longer: the same
/// human being, before that one left as well.
/// What the person holds is not touched by that ([`NoLink::Yielded`] tells planning whose it was).
pub fn resolve<'a>(
    members: impl Iterator<Item = Claimant<'a>>,
    persons: &BTreeMap<EmployeeNo, Person>,
    table: &LinkTable,
    stored: &StoredLinks,
    rules: &[LinkRule],
) -> Linking {
    let by_email = match rules.contains(&LinkRule::DeviceEmail) {
        true => index_by_email(persons),
        false => ByEmail::default(),
    };
    let claims: Vec<Claimed<'_>> = members
        .map(|Claimant { member, vanished_since }| {
            let claim = claim(member, persons, &by_email, table, stored.get(&member.key), rules);
            Claimed { key: member.key, vanished_since, claim }
        })
        .collect();

    let mut claimed_by = ClaimedBy::with_capacity_and_hasher(claims.len(), RandomState::default());
    for claimed in &claims {
        for person in claimed.claim.persons() {
            let claimant = claimed.as_rival();
            match claimed_by.entry(person) {
                Entry::Occupied(mut others) => others.get_mut().add(claimant),
                Entry::Vacant(new) => drop(new.insert(Several::new(claimant))),
            }
        }
    }
    claims.iter().map(|claimed| judge(claimed, &claimed_by)).collect()
}

/// A member's claim, with what weighs it against others.
struct Claimed<'a> {
    key: MemberKey,
    vanished_since: Option<DateTime<Utc>>,
    claim: Claim<'a>,
}

impl Claimed<'_> {
    fn as_rival(&self) -> Rival {
        (self.key, self.vanished_since)
    }
}

/// A member who claims a person, and since when that member has vanished.
type Rival = (MemberKey, Option<DateTime<Utc>>);

/// Who claims each person.
type ClaimedBy<'a> = HashMap<&'a EmployeeNo, Several<Rival>, RandomState>;

/// The persons with an e-mail on the device.
type ByEmail<'a> = HashMap<&'a Email, Several<&'a EmployeeNo>, RandomState>;

impl<'a> Claim<'a> {
    fn persons(&self) -> impl Iterator<Item = &'a EmployeeNo> {
        let (one, several) = match self {
            Self::One(person, ..) => (Some(*person), None),
            Self::Several(several) => (None, Some(several)),
            Self::None(_) => (None, None),
        };
        one.into_iter().chain(several.into_iter().flatten().copied())
    }
}

/// Whether one of two who claim a person gives way to the other.
fn yields((one, vanished_since): Rival, (other, other_since): Rival) -> bool {
    match (vanished_since, other_since) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(since), Some(other_since)) => {
            let is_same = (one.organisation, one.number) == (other.organisation, other.number);
            is_same && since < other_since
        }
    }
}

fn judge(claimed: &Claimed<'_>, claimed_by: &ClaimedBy<'_>) -> Result<Link, NoLink> {
    if let Claim::None(reason) = &claimed.claim {
        return Err(reason.clone());
    }
    let others = || {
        let of_each = claimed.claim.persons().filter_map(|person| claimed_by.get(person));
        of_each.flat_map(Several::iter).filter(|(rival, _)| *rival != claimed.key)
    };
    let persons = || claimed.claim.persons().cloned().collect();
    if claimed.vanished_since.is_some() {
        let listed = some(others().filter(|(_, vanished_since)| vanished_since.is_none()));
        let to = match listed.is_empty() {
            true => some(others().filter(|other| yields(claimed.as_rival(), **other))),
            false => listed,
        };
        if !to.is_empty() {
            return Err(NoLink::Yielded { persons: persons(), to });
        }
    }
    // Whoever yields is no rival.
    let rivals = some(others().filter(|other| !yields(**other, claimed.as_rival())));
    match &claimed.claim {
        Claim::One(person, rule, is_outdated) if rivals.is_empty() => {
            let employee_no = (*person).clone();
            Ok(Link { employee_no, rule: *rule, is_outdated: *is_outdated })
        }
        _ => Err(NoLink::Ambiguous { persons: persons(), rivals }),
    }
}

/// Some of these claimants: always the same ones, whoever asks.
fn some<'a>(claimants: impl Iterator<Item = &'a Rival>) -> BTreeSet<MemberKey> {
    let mut found = BTreeSet::new();
    for (key, _) in claimants {
        found.insert(*key);
        if found.len() == CLAIMANTS_MAX {
            break;
        }
    }
    found
}

fn claim<'a>(
    member: &Member,
    persons: &'a BTreeMap<EmployeeNo, Person>,
    by_email: &ByEmail<'a>,
    table: &LinkTable,
    stored: Option<&StoredLink>,
    rules: &[LinkRule],
) -> Claim<'a> {
    let mut name_differs = None;
    for rule in rules {
        let found = match rule {
            LinkRule::File => {
                let listed = member.email.iter().flat_map(|email| table.persons(email));
                one_or_several(listed.filter_map(|id| Some(persons.get_key_value(id)?.0)), *rule)
            }
            LinkRule::DeviceEmail => {
                let there = member.email.as_ref().and_then(|email| by_email.get(email));
                one_or_several(there.into_iter().flat_map(Several::iter).copied(), *rule)
            }
            LinkRule::MemberNumber => match by_number(member, persons) {
                Some((id, true)) => Some(Claim::One(id, *rule, false)),
                Some((id, false)) => {
                    name_differs = Some(id);
                    None
                }
                None => None,
            },
        };
        if let Some(claim) = found {
            return claim;
        }
    }
    if let Some(link) = stored
        && let Some((id, _)) = persons.get_key_value(&link.employee_no)
    {
        return Claim::One(id, link.rule, true);
    }
    let needs_email = !rules.contains(&LinkRule::MemberNumber);
    Claim::None(match name_differs {
        Some(id) => NoLink::NameDiffers { employee_no: id.clone() },
        None if member.email.is_none() && needs_email => NoLink::NoEmail,
        None => NoLink::NoPerson,
    })
}

/// The claim to the persons that one rule gives, if it gives any.
fn one_or_several<'a>(
    mut persons: impl Iterator<Item = &'a EmployeeNo>,
    rule: LinkRule,
) -> Option<Claim<'a>> {
    let first = persons.next()?;
    match persons.find(|person| *person != first) {
        None => Some(Claim::One(first, rule, false)),
        Some(second) => Some(Claim::Several([first, second].into_iter().chain(persons).collect())),
    }
}

fn index_by_email(persons: &BTreeMap<EmployeeNo, Person>) -> ByEmail<'_> {
    let mut index = ByEmail::default();
    for (id, person) in persons {
        let Some(email) = &person.email else { continue };
        match index.entry(email) {
            Entry::Occupied(mut others) => others.get_mut().add(id),
            Entry::Vacant(new) => drop(new.insert(Several::new(id))),
        }
    }
    index
}

/// The person whose number is the member's, and whether the name agrees.
fn by_number<'a>(
    member: &Member,
    persons: &'a BTreeMap<EmployeeNo, Person>,
) -> Option<(&'a EmployeeNo, bool)> {
    let id = EmployeeNo::new(&member.key.number.to_string()).ok()?;
    let (id, person) = persons.get_key_value(&id)?;
    Some((id, name_agrees(&member.last_name, &person.name)))
}

/// Whether the name on a device contains the member's last name, without case and accents, as
/// whole words: `Li` is not found in `Oliver`.
#[must_use]
pub fn name_agrees(last_name: &str, name_on_device: &str) -> bool {
    let wanted = plain_words(last_name);
    let present = plain_words(name_on_device);
    !wanted.is_empty() && present.windows(wanted.len()).any(|window| window == wanted)
}

fn plain_words(text: &str) -> Vec<String> {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .flat_map(without_stroke)
        .collect();
    plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Letters whose stroke or ligature Unicode does not decompose.
fn without_stroke(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ø' => "o",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ı' => "i",
        _ => "",
    };
    let kept = if plain.is_empty() { Some(letter) } else { None };
    kept.into_iter().chain(plain.chars())
}

#[cfg(test)]
mod tests;
