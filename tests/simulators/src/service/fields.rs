//! Reads the members of an object one by one; whatever is left over is refused.

use chrono::{DateTime, NaiveDate, Utc};

use super::json::Json;
use super::money;
use super::problem::{Problem, problem};
use super::query::instant;

/// Members that were not read yet.
pub(crate) struct Fields<'a> {
    /// Where the object stands, `/violation`; empty for the document itself.
    at: String,
    left: Vec<(&'a str, &'a Json)>,
}

impl<'a> Fields<'a> {
    /// The members of an object at this place.
    ///
    /// # Errors
    /// `field-type`.
    pub(crate) fn of(value: &'a Json, at: impl Into<String>) -> Result<Self, Problem> {
        let at = at.into();
        let Json::Object(members) = value else { return Err(problem("field-type", at)) };
        let left = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
        Ok(Self { at, left })
    }

    /// A member that may be missing.
    pub(crate) fn maybe(&mut self, name: &str) -> Option<&'a Json> {
        let place = self.left.iter().position(|(one, _)| *one == name)?;
        Some(self.left.remove(place).1)
    }

    /// A member.
    ///
    /// # Errors
    /// `missing-field`.
    pub(crate) fn needs(&mut self, name: &str) -> Result<&'a Json, Problem> {
        self.maybe(name).ok_or_else(|| problem("missing-field", self.place(name)))
    }

    /// A text that is not empty.
    ///
    /// # Errors
    /// `missing-field`, `field-type`, `empty-field`.
    pub(crate) fn text(&mut self, name: &str) -> Result<&'a str, Problem> {
        let text = self.needs(name)?.text();
        let text = text.ok_or_else(|| problem("field-type", self.place(name)))?;
        if text.is_empty() { Err(problem("empty-field", self.place(name))) } else { Ok(text) }
    }

    /// One of these texts.
    ///
    /// # Errors
    /// As [`Fields::text`], and `unknown-word`.
    pub(crate) fn word(&mut self, name: &str, known: &[&str]) -> Result<&'a str, Problem> {
        let text = self.text(name)?;
        let is_known = known.contains(&text);
        if is_known {
            Ok(text)
        } else {
            Err(problem("unknown-word", format!("{}: {text}", self.place(name))))
        }
    }

    /// An object.
    ///
    /// # Errors
    /// `missing-field`, `field-type`.
    pub(crate) fn object(&mut self, name: &str) -> Result<Fields<'a>, Problem> {
        Fields::of(self.needs(name)?, self.place(name))
    }

    /// An array.
    ///
    /// # Errors
    /// `missing-field`, `field-type`.
    pub(crate) fn list(&mut self, name: &str) -> Result<&'a [Json], Problem> {
        match self.needs(name)? {
            Json::List(list) => Ok(list),
            _ => Err(problem("field-type", self.place(name))),
        }
    }

    /// Minor units as an integer.
    ///
    /// # Errors
    /// `missing-field`, and those of amounts.
    pub(crate) fn minor(&mut self, name: &str) -> Result<i64, Problem> {
        let value = self.needs(name)?;
        money::minor(value).map_err(|bad| self.placed(name, bad))
    }

    /// Major units as a number, as minor units.
    ///
    /// # Errors
    /// `missing-field`, and those of amounts.
    pub(crate) fn decimal(&mut self, name: &str, exactly_two: bool) -> Result<i64, Problem> {
        let value = self.needs(name)?;
        money::decimal(value, exactly_two).map_err(|bad| self.placed(name, bad))
    }

    /// An integer of at most nine digits that is not negative.
    ///
    /// # Errors
    /// `missing-field`, `field-type`.
    pub(crate) fn count(&mut self, name: &str) -> Result<usize, Problem> {
        let value = self.needs(name)?;
        let count = match value {
            Json::Number(digits) if digits.len() <= 9 => digits.parse().ok(),
            _ => None,
        };
        count.ok_or_else(|| problem("field-type", self.place(name)))
    }

    /// Strictly `YYYY-MM-DDTHH:MM:SSZ`, with or without fraction.
    ///
    /// # Errors
    /// As [`Fields::text`], and `instant-form`.
    pub(crate) fn instant(&mut self, name: &str) -> Result<DateTime<Utc>, Problem> {
        let text = self.text(name)?;
        let bad = || problem("instant-form", format!("{}: {text}", self.place(name)));
        instant(text).ok_or_else(bad)
    }

    /// Strictly `YYYY-MM-DD`.
    ///
    /// # Errors
    /// As [`Fields::text`], and `date-form`.
    pub(crate) fn date(&mut self, name: &str) -> Result<NaiveDate, Problem> {
        let text = self.text(name)?;
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
        date.ok_or_else(|| problem("date-form", format!("{}: {text}", self.place(name))))
    }

    /// All were read.
    ///
    /// # Errors
    /// `unknown-field`.
    pub(crate) fn end(self) -> Result<(), Problem> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(problem("unknown-field", self.place(name))),
        }
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    fn placed(&self, name: &str, bad: Problem) -> Problem {
        let what = format!("{}: {}", self.place(name), bad.what);
        Problem { what, ..bad }
    }
}
