//! The answer of `Member/Export` to members. Pure.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use chrono::NaiveDateTime;
use roxmltree::Node;

use super::date;
use super::encoding::decode;
use super::identity::{OrganisationId, holder_id};
use super::portions::Cutter;
use super::text::{clean_name, quotable};
use super::unusable::{Unusable, UnusableReason};
use super::wire::{
    WireError, attribute, cardskipper_root, check_limits, children, must_hold, parse_checked,
};
use crate::model::{
    Email, Holder, HolderId, HolderNumber, Right, RightCode, SourceName, UnreadableRight, Zone,
};

/// The element of a listing that holds the members, and one of them.
pub(super) const LIST: &str = "Members";
pub(super) const ENTRY: &str = "Member";

/// How many entries are in the memory as a tree at a time: half a megabyte, which is also quicker to
/// go through than the hundreds of megabytes of a large listing's tree.
const PORTION: usize = 256;

/// The most characters of an unreadable value that are quoted.
const QUOTED_MAX_CHARS: usize = 40;

/// What one listing says about one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Members, sorted by key; no key occurs twice.
    pub members: Vec<Holder>,
    /// Entries that cannot be used, in the order of the document.
    pub unusable: Vec<Unusable>,
    /// Members listed without the configured organisation.
    pub elsewhere: usize,
}

/// A value and the byte of the text where its entry starts.
struct Found<T> {
    at: usize,
    value: T,
}

/// Reads the answer of `POST /Member/Export`. A role without zone is in the club's time; `zone` is for
/// dates that carry one.
///
/// # Errors
/// [`WireError`] when the document as a whole cannot be taken. An entry that cannot be used is no
/// error: it is in [`Listed::unusable`].
pub fn parse_members(body: &[u8], club: &Club) -> Result<Listed, WireError> {
    parse_members_by(body, club, NonZeroUsize::new(PORTION))
}

/// As [`parse_members`], with so many entries of the list in the memory as a tree at a time; `None`
/// makes one tree of the whole document. What comes out is the same either way.
///
/// # Errors
/// As [`parse_members`].
pub fn parse_members_by(
    body: &[u8],
    club: &Club,
    portion: Option<NonZeroUsize>,
) -> Result<Listed, WireError> {
    let text = decode(body)?;
    let Entries { members, mut unusable, elsewhere } = read_entries(&text, club, portion)?;
    let members = without_doubles(members, &mut unusable);
    Ok(Listed { members, unusable: with_lines(unusable, &text), elsewhere })
}

/// Whose members are wanted.
#[derive(Debug, Clone)]
pub struct Club {
    /// What the members' identities say of where they are known.
    pub source: SourceName,
    pub organisation: OrganisationId,
    /// For dates that carry a zone of their own; a role without one is in the club's time.
    pub zone: Zone,
}

/// The entries of a document.
#[derive(Default)]
struct Entries {
    members: Vec<Found<Holder>>,
    unusable: Vec<Found<Unusable>>,
    elsewhere: usize,
}

impl Entries {
    fn read(&mut self, node: Node<'_, '_>, at: usize, club: &Club) {
        match read_member(node, club) {
            Ok(Some(member)) => self.members.push(Found { at, value: member }),
            Ok(None) => self.elsewhere += 1,
            Err(entry) => self.unusable.push(Found { at, value: entry }),
        }
    }
}

fn read_entries(
    text: &str,
    club: &Club,
    portion: Option<NonZeroUsize>,
) -> Result<Entries, WireError> {
    let mut cutter = Cutter::new(text, portion);
    let counted = check_limits(text, |mark| cutter.see(mark))?;
    if let Some(cut) = cutter.finish(counted) {
        let mut entries = Entries::default();
        if cut.each_entry(|node, at| entries.read(node, at, club)).is_some() {
            return Ok(entries);
        }
    }
    // Not cut, or something is wrong: one tree of all tells what.
    let document = parse_checked(text)?;
    let root = cardskipper_root(&document)?;
    must_hold(root, LIST)?;
    let mut entries = Entries::default();
    for node in children(root, LIST).flat_map(|list| children(list, ENTRY)) {
        entries.read(node, node.range().start, club);
    }
    Ok(entries)
}

/// `Ok(None)`: a member of other organisations only.
fn read_member(node: Node<'_, '_>, club: &Club) -> Result<Option<Holder>, Unusable> {
    let (organisation, zone) = (club.organisation, club.zone);
    let number = attribute(node, "OrganisationMemberId").and_then(number);
    let birth_date =
        attribute(node, "Birthdate").and_then(|text| date::parse(text, zone)).map(|at| at.date());
    // The line is filled in at the end, for all entries in one pass over the text.
    let key = number.as_ref().and_then(|number| holder_id(&club.source, number, birth_date).ok());
    let unusable = |reason| Unusable { key: key.clone(), number: number.clone(), line: 0, reason };

    let (roles, unreadable) = match read_roles(node, organisation, zone).map_err(unusable)? {
        None => return Ok(None),
        Some(roles) => roles,
    };
    let key = || key.clone().ok_or_else(|| unusable(UnusableReason::NoNumber));
    let key = key()?;
    let inactive = read_inactive(node).map_err(unusable)?;
    Ok(Some(Holder {
        key,
        number,
        first_name: attribute(node, "Firstname").map(clean_name).unwrap_or_default(),
        last_name: attribute(node, "Lastname").map(clean_name).unwrap_or_default(),
        email: read_email(node),
        inactive,
        roles,
        unreadable,
    }))
}

/// Digits only: a sign or a fraction is no member number.
fn number(text: &str) -> Option<HolderNumber> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A role's id as it is spelled everywhere.
pub(super) fn role_id(text: &str) -> Option<RightCode> {
    RightCode::whole(text.trim().parse().ok()?).ok()
}

/// The roles of a member, and those with dates that cannot be read.
type Roles = (Vec<Right>, Vec<UnreadableRight>);

/// `Ok(None)`: the organisation is not named. Several blocks of one organisation count together.
fn read_roles(
    node: Node<'_, '_>,
    organisation: OrganisationId,
    zone: Zone,
) -> Result<Option<Roles>, UnusableReason> {
    let mut roles: Option<Roles> = None;
    for block in children(node, "Organisations").flat_map(|list| children(list, "Organisation")) {
        let id = attribute(block, "Id");
        let parsed: Option<i64> = id.and_then(|id| id.trim().parse().ok());
        match parsed {
            None => return Err(UnusableReason::BadOrganisation(id.map(quoted))),
            Some(other) if other != organisation.get() => continue,
            Some(_) => {}
        }
        let (good, unreadable) = roles.get_or_insert_default();
        for role in children(block, "Roles").flat_map(|list| children(list, "Role")) {
            match read_role(role, zone)? {
                Ok(role) => good.push(role),
                Err(role) => unreadable.push(role),
            }
        }
    }
    if let Some((good, unreadable)) = &mut roles {
        tidied(good);
        tidied(unreadable);
    }
    Ok(roles)
}

fn tidied<T: Ord>(roles: &mut Vec<T>) {
    roles.sort_unstable();
    roles.dedup();
}

/// A role has the dates of its own line, and no others: one that lacks a date, or has one that is no
/// date, gives no time at all.
fn read_role(
    node: Node<'_, '_>,
    zone: Zone,
) -> Result<Result<Right, UnreadableRight>, UnusableReason> {
    let written = attribute(node, "Id");
    let id =
        written.and_then(role_id).ok_or_else(|| UnusableReason::BadRole(written.map(quoted)))?;
    let dates = read_date(node, "StartDate", zone)
        .and_then(|begin| Ok((begin, read_date(node, "EndDate", zone)?)));
    Ok(match dates {
        Ok((begin, end)) => Ok(Right::by_wall_clock(id, begin, end)),
        Err(problem) => Err(UnreadableRight { id, problem }),
    })
}

fn read_date(role: Node<'_, '_>, name: &'static str, zone: Zone) -> Result<NaiveDateTime, String> {
    match attribute(role, name) {
        None => Err(format!("{name} is missing")),
        Some(text) => date::parse(text, zone)
            .ok_or_else(|| format!("{name} is `{}`, not a date", quoted(text))),
    }
}

/// Absent means active: the vendor's own smallest sample leaves it out.
fn read_inactive(node: Node<'_, '_>) -> Result<bool, UnusableReason> {
    match attribute(node, "Inactive").map(str::trim) {
        None | Some("false" | "False" | "0") => Ok(false),
        Some("true" | "True" | "1") => Ok(true),
        Some(other) => Err(UnusableReason::BadInactive(quoted(other))),
    }
}

/// The one address a member has. Several different ones are as good as none: nobody knows which of
/// them the other side holds.
fn read_email(node: Node<'_, '_>) -> Option<Email> {
    let mut only: Option<Email> = None;
    for text in children(node, "ContactInfo").filter_map(|contact| attribute(contact, "EMail")) {
        for address in text.split([';', ',']).filter_map(Email::parse) {
            match &only {
                Some(first) if *first != address => return None,
                _ => only = Some(address),
            }
        }
    }
    only
}

fn quoted(text: &str) -> String {
    quotable(text.trim(), QUOTED_MAX_CHARS)
}

/// Joins entries that are equal but for their roles; takes all entries of a member out when they
/// contradict each other or one of them cannot be used.
fn without_doubles(
    mut members: Vec<Found<Holder>>,
    unusable: &mut Vec<Found<Unusable>>,
) -> Vec<Holder> {
    let tainted: BTreeSet<HolderId> =
        unusable.iter().filter_map(|entry| entry.value.key.clone()).collect();
    members.sort_by(|one, other| (&one.value.key, one.at).cmp(&(&other.value.key, other.at)));
    let mut kept: Vec<Holder> = Vec::with_capacity(members.len());
    let mut rest = members.into_iter().peekable();
    while let Some(mut first) = rest.next() {
        let mut places = Vec::new();
        let mut agree = !tainted.contains(&first.value.key);
        while let Some(other) = rest.next_if(|other| other.value.key == first.value.key) {
            places.push(other.at);
            agree &= joined(&mut first.value, other.value);
        }
        if agree {
            if !places.is_empty() {
                tidied(&mut first.value.roles);
                tidied(&mut first.value.unreadable);
            }
            kept.push(first.value);
        } else {
            places.push(first.at);
            let Holder { key, number, .. } = first.value;
            let reason = UnusableReason::ListedTwice;
            unusable.extend(places.into_iter().map(|at| Found {
                at,
                value: Unusable {
                    key: Some(key.clone()),
                    number: number.clone(),
                    line: 0,
                    reason: reason.clone(),
                },
            }));
        }
    }
    kept
}

/// Takes over the other's roles; false when they differ in anything else. Destructured, so that a new
/// field of a member breaks the build until it is compared.
fn joined(first: &mut Holder, other: Holder) -> bool {
    let Holder {
        key: _,
        number: _,
        first_name,
        last_name,
        email,
        inactive,
        mut roles,
        mut unreadable,
    } = other;
    let equal = first.first_name == first_name
        && first.last_name == last_name
        && first.email == email
        && first.inactive == inactive;
    first.roles.append(&mut roles);
    first.unreadable.append(&mut unreadable);
    equal
}

/// Sorts by place and counts lines once, from entry to entry.
fn with_lines(mut unusable: Vec<Found<Unusable>>, text: &str) -> Vec<Unusable> {
    unusable.sort_by_key(|entry| entry.at);
    let mut line = 1_u32;
    let mut counted = 0;
    let mut lined = Vec::with_capacity(unusable.len());
    for Found { at, value } in unusable {
        let between = text.as_bytes().get(counted..at).unwrap_or_default();
        let breaks = between.iter().filter(|byte| **byte == b'\n').count();
        line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        counted = at;
        lined.push(Unusable { line, ..value });
    }
    lined
}
