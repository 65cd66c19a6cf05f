//! First links by a file, judged together. Pure.
//!
//! One row that leads to a person with another name is the word of whoever wrote it. Where most rows lead to
//! persons with the names of other members, a column was sorted by itself or rows have slipped, and everybody
//! would get somebody else's person. A door that calls its persons `Card 17` is none of that.

use std::collections::{BTreeMap, HashSet};

use super::{Found, Link, Linking, NoLink, StoredLinks, is_unlike, plain_words};
use crate::config::LinkRule;
use crate::model::{EmployeeNo, Member, Person};

/// With fewer names of other members than this nothing is many.
const SMALLEST: usize = 3;

/// Takes back the new links by file on one device when at least three of them, and more than half of those
/// with a name on both sides, lead to persons who have the name of another member and no word of their own:
/// all of those whose name does not speak for them.
pub fn doubt_first_links<'a>(
    linking: &mut Linking,
    members: impl Iterator<Item = &'a Member> + Clone,
    persons: &BTreeMap<EmployeeNo, Person>,
    stored: &StoredLinks,
) {
    let name = |link: &Link| persons.get(&link.employee_no).map_or("", |one| one.name.as_str());
    let is_new = |member: &Member, link: &Link| {
        let before = stored.links.get(&member.key);
        link.rule == LinkRule::File
            && before.is_none_or(|before| before.employee_no != link.employee_no)
    };
    let mut known = 0;
    let mut unlike: Vec<&str> = Vec::new();
    for (member, link) in members.clone().zip(linking.iter()) {
        let Ok(link) = link else { continue };
        if !is_new(member, link) || name(link).is_empty() || member.name().is_empty() {
            continue;
        }
        known += 1;
        if is_unlike(member, name(link)) {
            unlike.push(name(link));
        }
    }
    let are_most = |count: usize| count >= SMALLEST && count * 2 > known;
    if !are_most(unlike.len()) {
        return;
    }
    let names: HashSet<String> =
        members.clone().flat_map(|member| plain_words(&member.name())).collect();
    let is_anothers = |name: &&&str| plain_words(name).iter().any(|word| names.contains(word));
    if !are_most(unlike.iter().filter(is_anothers).count()) {
        return;
    }
    for (member, link) in members.zip(linking.iter_mut()) {
        let Ok(found) = link else { continue };
        let speaks_for_it = !name(found).is_empty() && !is_unlike(member, name(found));
        if !is_new(member, found) || speaks_for_it {
            continue;
        }
        let before = stored.links.get(&member.key).map(|before| before.employee_no.clone());
        *link = Err(NoLink::NameDiffers {
            employee_no: found.employee_no.clone(),
            found: before.map_or(Found::OneOfMany, Found::InsteadOf),
        });
    }
}
