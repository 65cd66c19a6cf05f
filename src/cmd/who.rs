//! WHO: an e-mail address, a member number, or `person:EMPLOYEENO`.

use crate::error::Error;
use crate::model::{Email, EmployeeNo, Member, MemberNumber};
use crate::plan::Only;

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
