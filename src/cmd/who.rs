//! WHO and `--only`, as typed.

use crate::engine::gather::Gathered;
use crate::engine::plan::{Only, Plan};
use crate::error::Error;
use crate::model::Who;
use crate::report::only::unknown;

/// Reads one WHO.
///
/// # Errors
/// [`Error::Who`] where it is neither an e-mail address, nor a number, nor a person.
pub fn parse(text: &str) -> Result<Who, Error> {
    Who::parse(text).ok_or_else(|| Error::Who(text.to_owned()))
}

/// Reads all `--only` flags.
///
/// # Errors
/// [`Error::Who`] for the first that cannot be read.
pub fn only(flags: &[String]) -> Result<Only, Error> {
    let mut only = Only::default();
    for flag in flags {
        match parse(flag)? {
            Who::Email(email) => only.emails.insert(email),
            Who::Number(number) => only.numbers.insert(number),
            Who::Record(employee_no) => only.persons.insert(employee_no),
        };
    }
    Ok(only)
}

/// Makes sure that every `--only` fits somebody.
pub fn must_be_known(gathered: &Gathered, plan: &Plan, shows_names: bool) -> Result<(), Error> {
    match unknown(gathered, plan, shows_names) {
        None => Ok(()),
        Some((texts, doubts)) => Err(Error::NotKnown { texts, doubts }),
    }
}
