//! "Did you mean": members and persons whose e-mail, number or id is nearly what was typed. Pure.

use std::collections::BTreeSet;

use crate::engine::plan::Facts;
use crate::model::{Asked, Holder, HolderNumber, Record, RecordId, Who};
use crate::text::plain::plain;
use crate::text::suggest::near;

/// How many are named.
const NAMED: usize = 3;

/// Whom `lookup` may have meant. Beside a name, persons on the doors who have it and are nobody's: who finds
/// no member finds at least whom the door knows.
#[must_use]
pub fn of_asked(asked: &Asked, facts: &Facts) -> Vec<String> {
    let name = match asked {
        Asked::Who(who) => return misses(who, facts, true),
        Asked::Name(name) => name,
    };
    let mut found = Vec::new();
    for device in &facts.devices {
        let linked = device.linking.iter().filter_map(|link| link.as_ref().ok());
        let linked: BTreeSet<&RecordId> = linked.map(|link| &link.employee_no).collect();
        let fits =
            |(id, person): &(&RecordId, &Record)| !linked.contains(id) && name.begins(&person.name);
        let persons = device.persons.iter().filter(fits).map(|(id, person)| {
            format!("person:{id} ({}) of {}, linked to no member", person.name, device.name)
        });
        found.extend(persons.take(NAMED));
    }
    let typed = name.to_string();
    let limit = (typed.chars().count() / 4).clamp(1, 3);
    let names: Vec<(String, &Holder)> =
        facts.members.iter().map(|one| (plain(&one.member.name()), &one.member)).collect();
    let candidates = names.iter().map(|(name, member)| (name.as_str(), numbered(member, true)));
    found.extend(near(&typed, limit, NAMED, candidates));
    found
}

/// Whom somebody may have meant, nearest first; without names and e-mails where these must not be shown.
#[must_use]
pub fn misses(who: &Who, facts: &Facts, shows_names: bool) -> Vec<String> {
    let members = || facts.members.iter().map(|facts| &facts.member);
    match who {
        Who::Email(typed) => {
            let typed = typed.as_str();
            // One letter in five may be wrong, or two that changed places.
            let limit = (typed.chars().count() / 5).clamp(1, 3);
            let emails = members().filter_map(|member| {
                let email = member.email.as_ref()?.as_str();
                let shown = if shows_names {
                    format!("{email} ({}, member {})", member.name(), member.key.human())
                } else {
                    format!("member {}", member.key.human())
                };
                Some((email, shown))
            });
            near(typed, limit, NAMED, emails)
        }
        Who::Number(typed) => {
            let numbers: Vec<(String, String)> = members()
                .map(|member| (member.key.human().to_string(), numbered(member, shows_names)))
                .collect();
            let numbers = numbers.iter().map(|(number, shown)| (number.as_str(), shown.clone()));
            let mut found = near(&typed.to_string(), 1, NAMED, numbers);
            found.extend(persons(facts, |id| id == typed.to_string(), shows_names));
            found.truncate(NAMED);
            found
        }
        Who::Record(typed) => {
            let bare = |text: &str| text.trim_start_matches('0').to_owned();
            let wanted = bare(typed.as_str());
            let is_wanted = |id: &str| id != typed.as_str() && bare(id) == wanted;
            let mut found = persons(facts, is_wanted, shows_names);
            let number: Option<HolderNumber> = typed.as_str().parse().ok();
            let same = members().filter(|member| number.is_some() && member.number == number);
            found.extend(same.map(|member| format!("member {}", numbered(member, shows_names))));
            found.truncate(NAMED);
            found
        }
    }
}

fn numbered(member: &Holder, shows_names: bool) -> String {
    let number = member.key.human();
    if shows_names { format!("{number} ({})", member.name()) } else { number.to_string() }
}

/// The persons whose id is wanted, by door.
fn persons(facts: &Facts, is_wanted: impl Fn(&str) -> bool, shows_names: bool) -> Vec<String> {
    let mut found = Vec::new();
    for device in &facts.devices {
        let persons = device.persons.iter().filter(|(id, _)| is_wanted(id.as_str()));
        found.extend(persons.map(|(id, person)| match person.name.as_str() {
            name if shows_names && !name.is_empty() => {
                format!("person:{id} ({name}, on {})", device.name)
            }
            _ => format!("person:{id} (on {})", device.name),
        }));
    }
    found
}
