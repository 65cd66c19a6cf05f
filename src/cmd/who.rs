//! WHO: an e-mail address, a member number, or `person:EMPLOYEENO`.

use super::near;
use crate::engine::gather::Gathered;
use crate::engine::plan::{Facts, Only, Plan, names_person_of};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Email, Holder, HolderNumber, RecordId};
use crate::trouble::Trouble;

/// Who was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Email(Email),
    Number(HolderNumber),
    /// By `employeeNo`.
    Record(RecordId),
}

impl Who {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let no = || Error::Who(text.to_owned());
        if let Some(employee_no) = text.strip_prefix("person:") {
            return RecordId::new(employee_no).map(Self::Record).map_err(|_| no());
        }
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        Email::parse(text).map(Self::Email).ok_or_else(no)
    }

    /// Whether a member was asked for by e-mail or number.
    #[must_use]
    pub fn is_member(&self, member: &Holder) -> bool {
        match self {
            Self::Email(email) => member.email.as_ref() == Some(email),
            Self::Number(number) => member.number.as_ref() == Some(number),
            Self::Record(_) => false,
        }
    }

    /// Whether a person was asked for by `employeeNo`.
    #[must_use]
    pub fn is_person(&self, employee_no: &RecordId) -> bool {
        matches!(self, Self::Record(wanted) if wanted == employee_no)
    }
}

/// Reads all `--only` flags.
///
/// # Errors
/// [`Error::Who`] for the first that cannot be read.
pub fn only(flags: &[String]) -> Result<Only, Error> {
    let mut only = Only::default();
    for flag in flags {
        match Who::parse(flag)? {
            Who::Email(email) => only.emails.insert(email),
            Who::Number(number) => only.numbers.insert(number),
            Who::Record(employee_no) => only.persons.insert(employee_no),
        };
    }
    Ok(only)
}

/// Makes sure that every `--only` fits somebody: a typing error would look like a door in sync.
///
/// An e-mail stands in the message only where names may be shown, else with its first letter and its
/// domain. Where an organisation (or, for a person, a door) gave no word in this run, nobody knows
/// whether there is such a one: the run then ends as that trouble does.
pub fn must_be_known(gathered: &Gathered, plan: &Plan, shows_names: bool) -> Result<(), Error> {
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
        return Ok(());
    }
    let mut parts: Vec<String> =
        unknown.iter().map(|who| not_known(who, facts, shows_names)).collect();
    let devices = gathered.devices.iter().filter_map(|device| device.trouble.as_ref());
    let asks_doors = unknown.iter().any(|who| matches!(who, Who::Record(_)));
    let doubts = gathered.sources.iter().filter_map(|source| source.trouble.as_ref());
    let doubts = doubts.chain(devices.filter(|_| asks_doors));
    let doubts: Vec<&Trouble> = doubts.filter(|trouble| !trouble.is_remark()).collect();
    parts.extend(doubts.iter().map(|trouble| format!("{}: {}", trouble.about, trouble.text())));
    let exits = doubts.iter().map(|trouble| trouble.exit()).chain([Exit::NobodyFound]);
    Err(Error::NotKnown { text: parts.join("; "), exit: Exit::of_all(exits) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_name_somebody() {
        assert!(matches!(Who::parse("Anna@Example.se"), Ok(Who::Email(_))));
        assert!(matches!(Who::parse("150002"), Ok(Who::Number(_))));
        assert!(matches!(Who::parse("person:007"), Ok(Who::Record(id)) if id.as_str() == "007"));
        for bad in ["", "anna", "person:", "-5", "1.5"] {
            assert!(Who::parse(bad).is_err(), "{bad}");
        }
    }
}
