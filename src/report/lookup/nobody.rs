//! What to say when nobody was found: where was looked, and what to do. Pure.

use crate::config::Config;
use crate::engine::plan::Facts;
use crate::model::{Asked, Who};
use crate::text::lists::many;

/// What to do when nobody was found.
#[must_use]
pub fn advice(asked: &Asked, facts: &Facts, system: &str, is_offline: bool) -> String {
    if is_offline && facts.members.is_empty() {
        return "Nothing is known yet: run `ivms-sync sync` first, or look without --offline."
            .into();
    }
    let who = match asked {
        Asked::Who(who) => who,
        Asked::Name(_) => {
            return format!(
                "Part of the name is enough. The member's e-mail or number in {system} works too."
            );
        }
    };
    match who {
        Who::Email(_) => {
            format!(
                "Check the spelling. In {system}, see that the member has exactly this e-mail; the \
                 member number works too."
            )
        }
        Who::Number(_) => format!("Check the number in {system}; the e-mail works too."),
        Who::Record(employee_no) => {
            let doors: Vec<String> = facts
                .devices
                .iter()
                .filter_map(|device| {
                    let name = &device.persons.get(employee_no)?.name;
                    Some(match name.as_str() {
                        "" => device.name.to_string(),
                        name => format!("{} ({name})", device.name),
                    })
                })
                .collect();
            if doors.is_empty() {
                return "Check the person id; it is text, so 7 and 007 are not the same."
                    .to_owned();
            }
            format!(
                "Person {employee_no} is on {}, but no member is linked to it: nothing is ever \
                 changed there.",
                doors.join(", ")
            )
        }
    }
}

/// What was searched, in plain words.
#[must_use]
pub fn searched(config: &Config, facts: &Facts) -> Vec<String> {
    let mut places: Vec<String> = config
        .sources
        .iter()
        .map(|source| {
            let members = facts.members.iter();
            let count = members.filter(|m| m.member.key.source == source.name).count();
            format!(
                "{} of {} ({} {})",
                many(count, "member"),
                source.name,
                source.kind.nouns().one,
                source.account.value
            )
        })
        .collect();
    places.extend(
        facts
            .devices
            .iter()
            .map(|device| format!("{} on {}", many(device.persons.len(), "person"), device.name)),
    );
    places.extend(config.link.files.iter().map(|file| format!("the link file {}", file.display())));
    places
}
