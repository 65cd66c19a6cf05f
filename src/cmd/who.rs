//! WHO: an e-mail address, a member number, or `person:EMPLOYEENO`.

use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Email, EmployeeNo, Member, MemberNumber};
use crate::plan::{Facts, Only};
use crate::report::Trouble;

/// Who was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By e-mail.
    Email(Email),
    /// By member number.
    Number(MemberNumber),
    /// By `employeeNo`.
    Person(EmployeeNo),
}

impl Who {
    /// Reads what was typed.
    ///
    /// # Errors
    /// [`Error::Who`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let no = || Error::Who(text.to_owned());
        if let Some(employee_no) = text.strip_prefix("person:") {
            return EmployeeNo::new(employee_no).map(Self::Person).map_err(|_| no());
        }
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        Email::parse(text).map(Self::Email).ok_or_else(no)
    }

    /// Whether a member was asked for by e-mail or number.
    #[must_use]
    pub fn is_member(&self, member: &Member) -> bool {
        match self {
            Self::Email(email) => member.email.as_ref() == Some(email),
            Self::Number(number) => member.key.number == *number,
            Self::Person(_) => false,
        }
    }

    /// Whether a person was asked for by `employeeNo`.
    #[must_use]
    pub fn is_person(&self, employee_no: &EmployeeNo) -> bool {
        matches!(self, Self::Person(wanted) if wanted == employee_no)
    }
}

/// Reads all `--only` flags.
///
/// # Errors
/// [`Error::Who`] for the first that can not be read.
pub fn only(flags: &[String]) -> Result<Only, Error> {
    let mut only = Only::default();
    for flag in flags {
        match Who::parse(flag)? {
            Who::Email(email) => only.emails.insert(email),
            Who::Number(number) => only.numbers.insert(number),
            Who::Person(employee_no) => only.persons.insert(employee_no),
        };
    }
    Ok(only)
}

/// Says which `--only` fits nobody: a typing error would look like a door in step. An e-mail is not
/// repeated, since it may end up in a log.
#[must_use]
pub fn unknown(facts: &Facts) -> Vec<Trouble> {
    let only = &facts.only;
    let has =
        |wanted: &dyn Fn(&Member) -> bool| facts.members.iter().any(|facts| wanted(&facts.member));
    let is_linked = |wanted: &EmployeeNo| {
        let mut links = facts.devices.iter().flat_map(|device| device.linking.iter().flatten());
        links.any(|link| link.employee_no == *wanted)
    };
    let emails = only.emails.iter().filter(|email| !has(&|m| m.email.as_ref() == Some(email)));
    let numbers = only.numbers.iter().filter(|number| !has(&|m| m.key.number == **number));
    let persons = only.persons.iter().filter(|person| !is_linked(person));
    let emails = emails.map(|_| "no member has the e-mail address given".to_owned());
    let numbers = numbers.map(|number| format!("there is no member {number}"));
    let persons = persons.map(|person| format!("no member is linked to a person {person}"));
    let trouble = |text| Trouble {
        exit: Exit::InStep,
        about: "--only".to_owned(),
        text,
        hint: Some("see with `ivms-sync lookup WHO` who is known".to_owned()),
    };
    emails.chain(numbers).chain(persons).map(trouble).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_name_somebody() {
        assert!(matches!(Who::parse("Anna@Example.se"), Ok(Who::Email(_))));
        assert!(matches!(Who::parse("150002"), Ok(Who::Number(_))));
        assert!(matches!(Who::parse("person:007"), Ok(Who::Person(id)) if id.as_str() == "007"));
        for bad in ["", "anna", "person:", "-5", "1.5"] {
            assert!(Who::parse(bad).is_err(), "{bad}");
        }
    }
}
