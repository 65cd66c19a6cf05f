//! `--only` held against everybody who is known. Pure.

use super::near;
use crate::engine::gather::Gathered;
use crate::engine::plan::{Facts, Only, Plan, names_person_of};
use crate::model::{Email, Holder, RecordId, Who};
use crate::trouble::Trouble;

/// What to say of every `--only` that fits nobody (a typing error would look like a door in sync), and what kept
/// from knowing better; `None` where each fits somebody.
///
/// An e-mail is in the message only where names may be shown, else with its first letter and its domain.
/// Where an organisation (or, for a person, a door) did not answer in this run, nobody knows whether there
/// is such a one: the run then ends as that trouble does.
#[must_use]
pub fn unknown(
    gathered: &Gathered,
    plan: &Plan,
    shows_names: bool,
) -> Option<(Vec<String>, Vec<Trouble>)> {
    let facts = &gathered.facts;
    let Only { emails, numbers, persons } = &facts.only;
    let has =
        |wanted: &dyn Fn(&Holder) -> bool| facts.members.iter().any(|facts| wanted(&facts.member));
    let emails = emails.iter().filter(|email| !has(&|m| m.email.as_ref() == Some(email)));
    let numbers = numbers.iter().filter(|number| !has(&|m| m.number.as_ref() == Some(number)));
    let persons = persons.iter().filter(|person| !is_known(facts, plan, person));
    let unknown: Vec<Who> = emails
        .map(|email| Who::Email(email.clone()))
        .chain(numbers.map(|number| Who::Number(number.clone())))
        .chain(persons.map(|person| Who::Record(person.clone())))
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let texts = unknown.iter().map(|who| not_known(who, facts, shows_names)).collect();
    let devices = gathered.devices.iter().flat_map(|device| &device.troubles);
    let asks_doors = unknown.iter().any(|who| matches!(who, Who::Record(_)));
    let doubts = gathered.sources.iter().filter_map(|source| source.trouble.as_ref());
    let doubts = doubts.chain(devices.filter(|_| asks_doors));
    Some((texts, doubts.filter(|trouble| !trouble.is_remark()).cloned().collect()))
}

/// Whether a person is linked, came into question for somebody, or is changed by the plan.
fn is_known(facts: &Facts, plan: &Plan, person: &RecordId) -> bool {
    let only = Only { persons: [person.clone()].into(), ..Only::default() };
    let mut links = facts.devices.iter().flat_map(|device| &device.linking);
    links.any(|link| names_person_of(&only, link))
        || plan.changes.iter().any(|change| change.employee_no == *person)
}

/// What to say of a WHO that fits nobody, with whom somebody may have meant.
fn not_known(who: &Who, facts: &Facts, shows_names: bool) -> String {
    let what = match who {
        Who::Email(email) => {
            let email = if shows_names { email.as_str().to_owned() } else { veiled(email) };
            format!("--only {email}: no member has this e-mail address")
        }
        Who::Number(number) => format!("--only {number}: there is no such member"),
        Who::Record(person) => {
            let holders = facts.devices.iter().filter(|one| one.persons.contains_key(person));
            let doors: Vec<&str> = holders.map(|device| device.name.as_str()).collect();
            if doors.is_empty() {
                format!("--only person:{person}: no door has this person")
            } else {
                let doors = doors.join(", ");
                format!("--only person:{person}: no member is linked to this person of {doors}")
            }
        }
    };
    match near::misses(who, facts, shows_names).as_slice() {
        [] => what,
        near => format!("{what} (did you mean {}?)", near.join(", or ")),
    }
}

/// An e-mail that whoever typed it recognises, and that a log may hold.
fn veiled(email: &Email) -> String {
    let (name, domain) = email.as_str().split_once('@').unwrap_or_default();
    let first: String = name.chars().take(1).collect();
    format!("{first}… at {domain}")
}
