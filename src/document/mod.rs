//! Documents in JSON that somebody hands us or that we hand on: strict, and never a guess. Pure.
//!
//! A payment or a citation must not depend on which of two readers saw it. So what two readers may take
//! differently is refused: a key that comes twice (however it is written), half of a surrogate pair,
//! comments, trailing commas, a second document. That counts in parts that nobody asks for, too. Numbers stay
//! the text that they are: `4.75` is never floating point, and `475.0` is no whole number.
//!
//! [`parse`] makes a [`Value`]; [`Node`] reads it, and every error has the place as a JSON pointer. No error
//! and no `Debug` shows what a document holds: that may be a plate or a token.

mod differ;
mod node;
mod parse;
mod write;

use std::fmt;

use smol_str::SmolStr;

use crate::model::printable;

pub use differ::{Difference, differences};
pub use node::Node;
pub use parse::parse;

/// How much of a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In memory a document takes up to some 64 times its bytes: `[1,1,1` is a value for every two.
    pub bytes_max: usize,
    /// Lists and objects within each other, the outermost included. What cannot be written in a byte would
    /// make the parser's own calls too deep.
    pub depth_max: u8,
}

impl Limits {
    /// A document without evidence in it.
    pub const DOCUMENT: Self = Self { bytes_max: 1024 * 1024, depth_max: 32 };

    /// A page of a listing of a service.
    pub const PAGE: Self = Self { bytes_max: 8 * 1024 * 1024, ..Self::DOCUMENT };
}

/// Any JSON value. A number is the text that it was written as.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(SmolStr),
    Text(SmolStr),
    List(Vec<Value>),
    /// In the order of the keys, each once.
    Object(Vec<(SmolStr, Value)>),
}

impl Value {
    /// What it is, for errors.
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({}, not shown)", self.kind())
    }
}

/// What is wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("has more than {0} bytes")]
    TooLong(usize),
    #[error("is not UTF-8")]
    NotUtf8,
    #[error("begins with a byte-order mark")]
    ByteOrderMark,
    #[error("ends too soon")]
    EndsTooSoon,
    /// No value where one must be: a comment, a trailing comma, `NaN`.
    #[error("is no JSON value")]
    NoValue,
    #[error("is no key in double quotes")]
    NoKey,
    #[error("has no `:` after a key")]
    NoColon,
    #[error("has neither a comma nor the end of a list")]
    ListNotClosed,
    #[error("has neither a comma nor the end of an object")]
    ObjectNotClosed,
    #[error("is no number: JSON takes no `+`, no zero in front, and digits around a point")]
    BadNumber,
    #[error("holds a control character")]
    ControlCharacter,
    #[error("holds an escape that JSON does not have")]
    BadEscape,
    #[error("holds half of a surrogate pair")]
    HalfSurrogate,
    #[error("is nested more than {0} deep")]
    TooDeep(u8),
    #[error("comes twice in one object")]
    DuplicateKey,
    #[error("is followed by something else")]
    TwoDocuments,
    #[error("is missing")]
    Missing,
    #[error("is unknown here")]
    UnknownField,
    /// Another kind of value.
    #[error("is {found}, not {wanted}")]
    WrongKind { found: &'static str, wanted: &'static str },
    #[error("is not a whole amount in the smallest unit of the currency, from 1 to 2^53")]
    NoAmount,
    #[error("is not an amount above zero with at most two decimals")]
    NoDecimalAmount,
    #[error("is not an amount with two decimals, such as 4.75")]
    NotTwoDecimals,
    #[error("is an amount in another currency than the configuration has")]
    OtherCurrency,
    #[error("is not 1 to 160 letters, digits, `-`, `_`, `.` or `:`")]
    NoDocumentId,
    #[error("is no word of capital letters, as EARLY_SESSION_END")]
    NoWord,
    /// It has no place in any document.
    #[error("holds what may be the number of a payment card")]
    CardNumber,
    #[error("is more than {0}")]
    MoreThan(&'static str),
    #[error("lies in the future")]
    Future,
    #[error("is older than {0} days")]
    TooOld(i64),
    #[error("is not a whole number from {0} to {1}")]
    NotBetween(i64, i64),
    #[error("is not an instant with its offset from UTC, such as 2026-11-21T11:00:00Z")]
    NoTime,
    #[error("is neither text nor a whole number")]
    NoName,
    #[error("is empty")]
    Empty,
    /// Whatever one wire alone demands.
    #[error("is not {0}")]
    Not(&'static str),
}

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// RFC 6901: `/amount/minor`, empty for the whole document. Parts are cut after [`PART_MAX_CHARS`].
    pub pointer: String,
    pub what: Fault,
    /// The byte in the document, from 0, where that is known: it is while the document is parsed.
    pub offset: Option<usize>,
}

/// Reads a document that is to be sent to somebody: as [`parse`], and no number of a payment card is anywhere in it.
///
/// # Errors
/// As [`parse`], and [`Fault::CardNumber`].
pub fn parse_outgoing(bytes: &[u8], limits: Limits) -> Result<Value, JsonError> {
    let value = parse(bytes, limits)?;
    Node::top(&value).holds_no_card()?;
    Ok(value)
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "the document {}", self.what)?,
            pointer => write!(f, "{} {}", printable(pointer), self.what)?,
        }
        match self.offset {
            Some(offset) => write!(f, " (byte {offset})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for JsonError {}

/// The most characters of one part of a pointer.
pub const PART_MAX_CHARS: usize = 64;

/// One step into a document.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Key(&'a str),
    Place(usize),
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => write!(f, "/{place}"),
            Self::Key(key) => {
                let kept: String = key.chars().take(PART_MAX_CHARS).collect();
                let cut = if kept.len() < key.len() { "…" } else { "" };
                write!(f, "/{}{cut}", kept.replace('~', "~0").replace('/', "~1"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
