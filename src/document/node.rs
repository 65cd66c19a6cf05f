//! A value and its place, so that whatever is wrong with it says where.

use chrono::{DateTime, Utc};
use smol_str::SmolStr;

use super::{Fault, JsonError, Part, Value};
use crate::model::{Amount, Currency, DocumentId, MinorUnits, has_card_number, parse_instant};

/// A value in a document, which knows its place. It borrows the node that it is inside of.
#[derive(Debug, Clone, Copy)]
pub struct Node<'v, 'p> {
    value: &'v Value,
    /// The node that this one is inside of, and the step from there.
    outer: Option<(&'p Node<'v, 'p>, Part<'p>)>,
}

impl<'v, 'p> Node<'v, 'p> {
    /// The whole document.
    #[must_use]
    pub fn top(value: &'v Value) -> Self {
        Self { value, outer: None }
    }

    /// All of it, as it was read.
    #[must_use]
    pub fn value(&self) -> &'v Value {
        self.value
    }

    /// RFC 6901: `/amount/minor`.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self.outer {
            Some((outer, part)) => format!("{}{part}", outer.pointer()),
            None => String::new(),
        }
    }

    /// An error about this value.
    #[must_use]
    pub fn error(&self, what: Fault) -> JsonError {
        JsonError { pointer: self.pointer(), what, offset: None }
    }

    fn wrong_kind(&self, wanted: &'static str) -> JsonError {
        self.error(Fault::WrongKind { found: self.value.kind(), wanted })
    }

    fn members(&self) -> Result<&'v [(SmolStr, Value)], JsonError> {
        match self.value {
            Value::Object(members) => Ok(members),
            _ => Err(self.wrong_kind("an object")),
        }
    }

    fn inside<'n>(&'n self, part: Part<'n>, value: &'v Value) -> Node<'v, 'n> {
        Node { value, outer: Some((self, part)) }
    }

    /// Refuses every field of an object that is not listed: in what we send, a typing error must not vanish. What
    /// we receive may have fields that nobody asks for.
    ///
    /// # Errors
    /// [`Fault::UnknownField`] for the first by the alphabet, [`Fault::WrongKind`] for what is no object.
    pub fn has_only(&self, fields: &[&str]) -> Result<(), JsonError> {
        match self.members()?.iter().find(|(key, _)| !fields.contains(&key.as_str())) {
            Some((key, value)) => {
                Err(self.inside(Part::Key(key), value).error(Fault::UnknownField))
            }
            None => Ok(()),
        }
    }

    /// A field that may be missing or `null`.
    ///
    /// # Errors
    /// [`Fault::WrongKind`] for what is no object.
    pub fn optional<'n>(&'n self, key: &'n str) -> Result<Option<Node<'v, 'n>>, JsonError> {
        let members = self.members()?;
        let found = members.binary_search_by(|(one, _)| one.as_str().cmp(key)).ok();
        let value = found.and_then(|place| members.get(place)).map(|(_, value)| value);
        let value = value.filter(|value| !matches!(value, Value::Null));
        Ok(value.map(|value| self.inside(Part::Key(key), value)))
    }

    /// A field that must be there; `null` is none.
    ///
    /// # Errors
    /// [`Fault::Missing`] with the place where it should be, [`Fault::WrongKind`] for what is no object.
    pub fn field<'n>(&'n self, key: &'n str) -> Result<Node<'v, 'n>, JsonError> {
        let missing = || self.inside(Part::Key(key), &Value::Null).error(Fault::Missing);
        self.optional(key)?.ok_or_else(missing)
    }

    /// The values of a list.
    ///
    /// # Errors
    /// [`Fault::WrongKind`].
    pub fn list<'n>(&'n self) -> Result<impl Iterator<Item = Node<'v, 'n>>, JsonError> {
        let Value::List(list) = self.value else { return Err(self.wrong_kind("a list")) };
        Ok(list.iter().enumerate().map(|(place, value)| self.inside(Part::Place(place), value)))
    }

    /// # Errors
    /// [`Fault::WrongKind`].
    pub fn text(&self) -> Result<&'v str, JsonError> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong_kind("text")),
        }
    }

    /// # Errors
    /// [`Fault::WrongKind`].
    pub fn bool(&self) -> Result<bool, JsonError> {
        match self.value {
            Value::Bool(value) => Ok(*value),
            _ => Err(self.wrong_kind("true or false")),
        }
    }

    /// A text that holds something.
    ///
    /// # Errors
    /// [`Fault::Empty`], also for blanks alone; [`Fault::WrongKind`].
    pub fn filled(&self) -> Result<&'v str, JsonError> {
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.error(Fault::Empty)) } else { Ok(text) }
    }

    /// A number, as it is written.
    ///
    /// # Errors
    /// [`Fault::WrongKind`].
    pub fn number(&self) -> Result<&'v str, JsonError> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => Err(self.wrong_kind("a number")),
        }
    }

    /// A name that some write as a number: 1 and `"1"` are one. A number is taken by its digits.
    ///
    /// # Errors
    /// [`Fault::NoName`] for a number with a sign, a point or an exponent, and for every other kind.
    pub fn name(&self) -> Result<&'v str, JsonError> {
        match self.value {
            Value::Text(text) => Ok(text),
            Value::Number(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
            _ => Err(self.error(Fault::NoName)),
        }
    }

    /// An amount of money: a number as it is written, never rounded.
    ///
    /// # Errors
    /// [`Fault::NoAmount`] for every number that is not whole, above zero and at most 2^53, also where it is
    /// written with a point or an exponent; [`Fault::WrongKind`] for text.
    pub fn minor_units(&self) -> Result<MinorUnits, JsonError> {
        match self.value {
            Value::Number(number) => {
                MinorUnits::from_digits(number).ok_or_else(|| self.error(Fault::NoAmount))
            }
            _ => Err(self.wrong_kind("a number")),
        }
    }

    /// An amount of money in a currency with two decimals: a number as it is written, never rounded.
    ///
    /// # Errors
    /// [`Fault::NoDecimalAmount`] for one that is not above zero, or has more decimals; [`Fault::WrongKind`] for
    /// text.
    pub fn decimal_amount(&self) -> Result<MinorUnits, JsonError> {
        match self.value {
            Value::Number(number) => {
                MinorUnits::from_decimal(number).ok_or_else(|| self.error(Fault::NoDecimalAmount))
            }
            _ => Err(self.wrong_kind("a number")),
        }
    }

    /// The same where nothing and less than nothing are amounts too. The decimals are always two: `4.50`, `-1.19`.
    ///
    /// # Errors
    /// [`Fault::NotTwoDecimals`], [`Fault::WrongKind`] for text.
    pub fn amount(&self) -> Result<Amount, JsonError> {
        let number = self.number()?;
        Amount::from_decimal(number).ok_or_else(|| self.error(Fault::NotTwoDecimals))
    }

    /// What the document, or another one, is called for ever.
    ///
    /// # Errors
    /// [`Fault::NoDocumentId`], [`Fault::WrongKind`] for what is no text.
    pub fn document_id(&self) -> Result<DocumentId, JsonError> {
        DocumentId::new(self.text()?).map_err(|_| self.error(Fault::NoDocumentId))
    }

    /// Makes sure that this is the code of a currency.
    ///
    /// # Errors
    /// [`Fault::OtherCurrency`], [`Fault::WrongKind`] for what is no text.
    pub fn is_currency(&self, wanted: &Currency) -> Result<(), JsonError> {
        match self.text()? == wanted.as_str() {
            true => Ok(()),
            false => Err(self.error(Fault::OtherCurrency)),
        }
    }

    /// A word of somebody's list, so that no sentence about a person leaves with it: `EARLY_SESSION_END`.
    ///
    /// # Errors
    /// [`Fault::NoWord`], [`Fault::WrongKind`] for what is no text.
    pub fn word(&self) -> Result<&'v str, JsonError> {
        let text = self.text()?;
        let is_word = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        if is_word && !text.is_empty() { Ok(text) } else { Err(self.error(Fault::NoWord)) }
    }

    /// Makes sure that no text, number or key in it holds the number of a payment card.
    pub(super) fn holds_no_card(&self) -> Result<(), JsonError> {
        let is_found = match self.value {
            Value::Text(text) | Value::Number(text) => has_card_number(text),
            Value::Null | Value::Bool(_) => false,
            Value::List(list) => {
                let mut each = list.iter().enumerate();
                return each.try_for_each(|(place, value)| {
                    self.inside(Part::Place(place), value).holds_no_card()
                });
            }
            Value::Object(members) => {
                return members.iter().try_for_each(|(key, value)| {
                    match has_card_number(key) {
                        // The pointer would show it.
                        true => Err(self.error(Fault::CardNumber)),
                        false => self.inside(Part::Key(key), value).holds_no_card(),
                    }
                });
            }
        };
        if is_found { Err(self.error(Fault::CardNumber)) } else { Ok(()) }
    }

    /// A whole number between two.
    ///
    /// # Errors
    /// [`Fault::NotBetween`] for every other number, [`Fault::WrongKind`] for text.
    pub fn whole_number(&self, least: i64, most: i64) -> Result<i64, JsonError> {
        match self.value {
            Value::Number(number) => {
                let whole = number.parse().ok().filter(|number| (least..=most).contains(number));
                whole.ok_or_else(|| self.error(Fault::NotBetween(least, most)))
            }
            _ => Err(self.wrong_kind("a number")),
        }
    }

    /// An instant with its offset from UTC.
    ///
    /// # Errors
    /// [`Fault::NoTime`] for a text without an offset or with a day that there is not, [`Fault::WrongKind`]
    /// for a number.
    pub fn instant(&self) -> Result<DateTime<Utc>, JsonError> {
        parse_instant(self.text()?).ok_or_else(|| self.error(Fault::NoTime))
    }

    /// The same where the other side reads no offset but that of UTC.
    ///
    /// # Errors
    /// As [`Node::instant`], and [`Fault::Not`] for any other offset.
    pub fn utc_instant(&self) -> Result<DateTime<Utc>, JsonError> {
        let at = self.instant()?;
        match self.text()?.ends_with('Z') {
            true => Ok(at),
            false => Err(self.error(Fault::Not("an instant in UTC, with a Z at its end"))),
        }
    }
}
