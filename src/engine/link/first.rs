//! First links by a file, judged together. Pure.
//!
//! A row that leads to a person with the name of another member is a slip. Where most rows do, a column was
//! sorted by itself, and everybody would get somebody else's person: then none of them links.

use std::collections::{BTreeMap, HashSet};

use super::{Found, Link, Linking, NoLink, StoredLinks, is_same_person, is_unlike};
use crate::config::LinkRule;
use crate::model::{Holder, Record, RecordId};
use crate::text::plain::plain_words;

/// With fewer names of other members than this nothing is many.
const SMALLEST: usize = 3;

/// Takes back the new links by file on one device that lead to a person with the whole name of another
/// member; and, when at least three of them, and more than half of those with a name on both sides, lead to
/// persons who have the name of another member and no word of their own: all of those whose name does not
/// speak for them. Hardly ever is a link new, and then no name is compared.
pub fn doubt_first_links<'a>(
    linking: &mut Linking,
    members: impl Iterator<Item = &'a Holder> + Clone,
    persons: &BTreeMap<RecordId, Record>,
    stored: &StoredLinks,
) {
    let name = |link: &Link| persons.get(&link.employee_no).map_or("", |one| one.name.as_str());
    let is_new = |member: &Holder, link: &Link| {
        let before = stored.links.get(&member.key);
        link.rule == LinkRule::File
            && before.is_none_or(|before| before.employee_no != link.employee_no)
    };
    let mut both = members.clone().zip(linking.iter());
    if !both.any(|(member, link)| link.as_ref().is_ok_and(|link| is_new(member, link))) {
        return;
    }
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
    let words: HashSet<String> =
        members.clone().flat_map(|member| plain_words(&member.name())).collect();
    let is_anothers = |name: &&&str| plain_words(name).iter().any(|word| words.contains(word));
    let is_sorted_wrong =
        are_most(unlike.len()) && are_most(unlike.iter().filter(is_anothers).count());
    let whole_names: HashSet<Vec<String>> = members
        .clone()
        .map(|member| whole(&member.name()))
        .filter(|name| !name.is_empty())
        .collect();
    for (member, link) in members.zip(linking.iter_mut()) {
        let Ok(found) = link else { continue };
        if !is_new(member, found) {
            continue;
        }
        let on_door = name(found);
        let speaks_for_it = !on_door.is_empty() && !is_unlike(member, on_door);
        let is_slip = || {
            !is_same_person(member, on_door)
                && whole(on_door) != whole(&member.name())
                && whole_names.contains(&whole(on_door))
        };
        let doubt = if is_sorted_wrong && !speaks_for_it {
            Found::OneOfMany
        } else if is_slip() {
            Found::AnothersName
        } else {
            continue;
        };
        let before = stored.links.get(&member.key).map(|before| before.employee_no.clone());
        *link = Err(NoLink::NameDiffers {
            employee_no: found.employee_no.clone(),
            found: before.map_or(doubt, Found::InsteadOf),
        });
    }
}

/// The words of a name in an order of their own: a door may have the last name first.
fn whole(name: &str) -> Vec<String> {
    let mut words = plain_words(name);
    words.sort_unstable();
    words
}
