//! "Did you mean": members and persons whose e-mail, number or id is nearly what was typed. Pure.

use super::super::who::Who;
use crate::plan::Facts;
use crate::suggest::near;

/// How many are named.
const NAMED: usize = 3;

/// Whom somebody may have meant, nearest first.
pub(super) fn misses(who: &Who, facts: &Facts) -> Vec<String> {
    let members = || facts.members.iter().map(|facts| &facts.member);
    match who {
        Who::Email(typed) => {
            let typed = typed.as_str();
            // One letter in five may be wrong, or two that changed places.
            let limit = (typed.chars().count() / 5).clamp(1, 3);
            let emails = members().filter_map(|member| {
                let email = member.email.as_ref()?.as_str();
                Some((email, format!("{email} ({}, member {})", member.name(), member.key.number)))
            });
            near(typed, limit, NAMED, emails)
        }
        Who::Number(typed) => {
            let numbers: Vec<(String, String)> = members()
                .map(|member| {
                    let number = member.key.number.to_string();
                    let told = format!("{number} ({})", member.name());
                    (number, told)
                })
                .collect();
            let numbers = numbers.iter().map(|(number, told)| (number.as_str(), told.clone()));
            near(&typed.to_string(), 1, NAMED, numbers)
        }
        Who::Person(typed) => {
            let bare = |text: &str| text.trim_start_matches('0').to_owned();
            let mut persons: Vec<String> = Vec::new();
            for device in &facts.devices {
                for employee_no in device.persons.keys() {
                    let is_same = bare(employee_no.as_str()) == bare(typed.as_str());
                    if is_same && employee_no != typed {
                        persons.push(format!("person:{employee_no} (on {})", device.name));
                    }
                }
            }
            persons.truncate(NAMED);
            persons
        }
    }
}
