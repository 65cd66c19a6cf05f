//! Between rows of the state file and the types of the model.
//!
//! A type may take several columns, so it is read from a row and written to parameters from left to right.
//! What does not convert back is damage, and is said to be: nothing is guessed.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
pub(super) use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement};

use super::StoreProblem;
use crate::model::{
    Accounts, Amount, Budget, Cause, CitationState, Currency, DocumentId, DocumentKind,
    DocumentState, Email, Fine, Flaw, HolderId, HolderNumber, Kind, LedgerKind, Limit, LinkRule,
    Memory, MinorUnits, RecordId, RecordStanding, RightCode, RightsRowReason, RowOddity, RowReason,
    RowVerb, RunId, SettlementKind, SourceName, Span, TargetName, UnreadableRight, Window,
};
use crate::ports::WithdrawnAs;
use crate::trouble::FailureKind;

type Result<T> = std::result::Result<T, StoreProblem>;

/// The columns of a row that are not read yet.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
    accounts: &'r Accounts,
}

impl<'r> Columns<'r> {
    pub(super) fn new(row: &'r Row<'r>, accounts: &'r Accounts) -> Self {
        Self { row, next: 0, accounts }
    }

    /// How many columns were read.
    pub(super) fn read(&self) -> usize {
        self.next
    }

    /// The value in the next columns.
    pub(super) fn next<T: FromColumns>(&mut self) -> Result<T> {
        T::read(self)
    }

    /// The same, or nothing where a word stands for it.
    pub(super) fn next_unless<T: FromColumns>(&mut self, word: &str) -> Result<Option<T>> {
        let is_word = self.row.get_ref(self.next)?.as_str() == Ok(word);
        if is_word {
            self.next += 1;
        }
        (!is_word).then(|| self.next()).transpose()
    }

    fn value(&mut self) -> Result<ValueRef<'r>> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }

    fn text(&mut self) -> Result<&'r str> {
        let value = self.value()?;
        value.as_str().map_err(|_| damaged("a text", format_args!("{:?}", value.data_type())))
    }

    fn number(&mut self) -> Result<i64> {
        let value = self.value()?;
        value.as_i64().map_err(|_| damaged("a number", format_args!("{:?}", value.data_type())))
    }
}

/// What can be read from the columns of a row.
pub(super) trait FromColumns: Sized {
    const WIDTH: usize = 1;
    fn read(columns: &mut Columns<'_>) -> Result<Self>;
}

/// Where values go, column by column.
pub(super) trait Sink<'a> {
    fn accounts(&self) -> &'a Accounts;
    fn put(&mut self, value: ValueRef<'_>) -> Result<()>;
}

/// What can be written to columns.
pub(super) trait ToColumns {
    const WIDTH: usize = 1;
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<()>;
}

/// The parameters of a statement.
pub(super) struct Parameters<'s, 'c> {
    statement: &'s mut Statement<'c>,
    bound: usize,
    accounts: &'s Accounts,
}

impl<'a> Sink<'a> for Parameters<'a, '_> {
    fn accounts(&self) -> &'a Accounts {
        self.accounts
    }

    fn put(&mut self, value: ValueRef<'_>) -> Result<()> {
        self.bound += 1;
        Ok(self.statement.raw_bind_parameter(self.bound, BorrowedValue(value))?)
    }
}

struct BorrowedValue<'v>(ValueRef<'v>);

impl rusqlite::ToSql for BorrowedValue<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(self.0))
    }
}

/// Gives a statement its parameters, each of them.
pub(super) fn bind(
    statement: &mut Statement<'_>,
    params: &impl ToColumns,
    accounts: &Accounts,
) -> Result<()> {
    let wanted = statement.parameter_count();
    let mut parameters = Parameters { statement, bound: 0, accounts };
    params.write(&mut parameters)?;
    match parameters.bound {
        bound if bound == wanted => Ok(()),
        bound => Err(rusqlite::Error::InvalidParameterCount(bound, wanted).into()),
    }
}

/// A value that cannot be what the schema says.
pub(super) fn damaged(what: &str, value: impl fmt::Display) -> StoreProblem {
    StoreProblem::Damaged(format!("{value} is not {what}"))
}

/// Reads and writes a struct as its fields in the order of its columns. One that may be missing says how
/// many columns it has.
macro_rules! row {
    ($name:ident $(, $width:literal)? { $($field:ident),+ $(,)? }) => {
        impl crate::store::rows::FromColumns for $name {
            $(const WIDTH: usize = $width;)?

            fn read(
                columns: &mut crate::store::rows::Columns<'_>,
            ) -> Result<Self, crate::store::StoreProblem> {
                Ok(Self { $($field: columns.next()?),+ })
            }
        }

        impl crate::store::rows::ToColumns for $name {
            $(const WIDTH: usize = $width;)?

            fn write<'a>(
                &self,
                to: &mut impl crate::store::rows::Sink<'a>,
            ) -> Result<(), crate::store::StoreProblem> {
                $(self.$field.write(to)?;)+
                Ok(())
            }
        }
    };
}

pub(super) use row;

/// Says of types how many columns they take, how they are read from these and how they are written.
macro_rules! columns {
    ($($(#[$about:meta])* $type:ty, $width:expr;
        |$columns:ident| $read:expr;
        |$value:ident, $to:ident| $write:expr;)+) => {$(
        $(#[$about])*
        impl FromColumns for $type {
            const WIDTH: usize = $width;

            fn read($columns: &mut Columns<'_>) -> Result<Self> {
                $read
            }
        }

        impl ToColumns for $type {
            const WIDTH: usize = $width;

            fn write<'a>(&self, $to: &mut impl Sink<'a>) -> Result<()> {
                let $value = self;
                $write
            }
        }
    )+};
}

macro_rules! numbers {
    ($($number:ty),+) => {$(columns! {
        $number, 1;
        |columns| {
            let number = columns.number()?;
            Self::try_from(number).map_err(|_| damaged(stringify!($number), number))
        };
        |number, to| {
            let number = i64::try_from(*number)
                .map_err(|error| StoreProblem::Unusable(format!("{number}: {error}")))?;
            to.put(ValueRef::Integer(number))
        };
    })+};
}

numbers!(i64, u64, usize, u32, u8);

/// Identities and words: text that is checked when it is read.
macro_rules! texts {
    ($($text:ty: $what:literal, $parse:expr;)+) => {$(columns! {
        $text, 1;
        |columns| {
            let text = columns.text()?;
            $parse(text).ok_or_else(|| damaged($what, text))
        };
        |text, to| text.as_str().write(to);
    })+};
}

texts! {
    String: "a text", |text: &str| Some(text.to_owned());
    Email: "an e-mail", Email::parse;
    HolderNumber: "a number of a member", |text| HolderNumber::new(text).ok();
    RecordId: "a person id", |text| RecordId::new(text).ok();
    RightCode: "a role id", |text| RightCode::new(text).ok();
    TargetName: "a device", |text| TargetName::new(text).ok();
    Budget: "a budget", Budget::from_word;
    Cause: "a cause", Cause::from_word;
    CitationState: "what became of a citation", CitationState::from_word;
    Currency: "a currency", |text| Currency::new(text).ok();
    DocumentId: "the id of a document", |text| DocumentId::new(text).ok();
    DocumentKind: "a kind of document", DocumentKind::from_word;
    DocumentState: "how far a document is", DocumentState::from_word;
    Flaw: "what is wrong with a person", Flaw::from_word;
    FailureKind: "a kind of failure", FailureKind::from_word;
    Kind: "a kind of change", Kind::from_word;
    LedgerKind: "a kind of entry", LedgerKind::from_word;
    LinkRule: "a link rule", LinkRule::from_word;
    RecordStanding: "whether a person may be touched", RecordStanding::from_word;
    RowOddity: "what is odd about a row", RowOddity::from_word;
    RowReason: "why a row was left out", RowReason::from_word;
    RowVerb: "what is done to a row", RowVerb::from_word;
    RightsRowReason: "why a row was left out", RightsRowReason::from_word;
    SettlementKind: "a kind of row", SettlementKind::from_word;
    super::AttentionKind: "a kind of attention", super::AttentionKind::from_word;
    super::OutcomeKind: "an outcome", super::OutcomeKind::from_word;
    super::ReferralState: "how far a referral is", super::ReferralState::from_word;
    WithdrawnAs: "why a citation is taken back", WithdrawnAs::from_word;
}

columns! {
    Vec<u8>, 1;
    |columns| match columns.value()? {
        ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
        value => Err(damaged("bytes", format_args!("{:?}", value.data_type()))),
    };
    |bytes, to| to.put(ValueRef::Blob(bytes));
}

impl ToColumns for [u8] {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<()> {
        to.put(ValueRef::Blob(self))
    }
}

impl ToColumns for str {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<()> {
        to.put(ValueRef::Text(self.as_bytes()))
    }
}

columns! {
    bool, 1;
    |columns| Ok(columns.number()? != 0);
    |value, to| i64::from(*value).write(to);

    RunId, 1;
    |columns| Self::new(columns.number()?).map_err(|error| damaged("a run", error));
    |run, to| run.get().write(to);

    /// An instant is a number of seconds in UTC.
    DateTime<Utc>, 1;
    |columns| {
        let seconds = columns.number()?;
        Self::from_timestamp(seconds, 0).ok_or_else(|| damaged("an instant", seconds))
    };
    |at, to| at.timestamp().write(to);

    /// A wall-clock time is a number of seconds on that wall clock.
    NaiveDateTime, 1;
    |columns| Ok(columns.next::<DateTime<Utc>>()?.naive_utc());
    |at, to| at.and_utc().write(to);

    Amount, 1;
    |columns| Ok(Self::minor(columns.number()?));
    |amount, to| {
        let minor = i64::try_from(amount.get())
            .map_err(|error| StoreProblem::Unusable(format!("{amount}: {error}")))?;
        to.put(ValueRef::Integer(minor))
    };

    MinorUnits, 1;
    |columns| {
        let amount = columns.next::<Amount>()?;
        amount.above_zero().ok_or_else(|| damaged("an amount above zero", amount))
    };
    |amount, to| Amount::from(*amount).write(to);

    Fine, 2;
    |columns| Ok(Self { amount: columns.next()?, currency: columns.next()? });
    |fine, to| (&fine.amount, &fine.currency).write(to);

    Window, 2;
    |columns| {
        let window = Self::new(columns.next()?, columns.next()?);
        window.map_err(|error| StoreProblem::Damaged(error.to_string()))
    };
    |window, to| (window.begin(), window.end()).write(to);

    /// A source is known by its account, since a section may get another name.
    SourceName, 1;
    |columns| {
        let account = columns.text()?;
        Ok(columns.accounts.source(account))
    };
    |source, to| to.accounts().account(source).write(to);

    HolderId, 2;
    |columns| {
        let source = columns.next()?;
        Self::new(source, columns.text()?).map_err(|error| damaged("a member", error))
    };
    |holder, to| (&holder.source, holder.as_str()).write(to);

    /// What was never kept is empty.
    Memory, 2;
    |columns| {
        let kept = columns.next::<Option<(u32, String)>>()?;
        Ok(kept.map_or_else(Self::default, |(form, text)| Self::kept(form, text)))
    };
    |memory, to| (memory.form(), memory.text()).write(to);

    Limit, 3;
    |columns| Ok(match columns.text()? {
        "window" => Self::Window(columns.next()?),
        "permanent" => Self::Permanent(columns.next()?),
        "unclear" => Self::Unclear { as_written: columns.next()? },
        "unreadable" => Self::Unreadable { begin: columns.next()?, end: columns.next()? },
        other => return Err(damaged("a limit", other)),
    });
    |limit, to| match limit {
        Self::Window(window) => ("window", window).write(to),
        Self::Permanent(window) => ("permanent", window).write(to),
        Self::Unclear { as_written } => ("unclear", as_written).write(to),
        Self::Unreadable { begin, end } => ("unreadable", begin, end).write(to),
    };

    Span, 2;
    |columns| Ok(Self::Wall { begin: columns.next()?, end: columns.next()? });
    |span, to| {
        let Self::Wall { begin, end } = span;
        (begin, end).write(to)
    };

    /// Role ids are a list in JSON.
    BTreeSet<RightCode>, 1;
    |columns| {
        let text = columns.text()?;
        let ids: Vec<String> =
            serde_json::from_str(text).map_err(|_| damaged("a list of role ids", text))?;
        ids.iter().map(|id| role_id(id)).collect()
    };
    |roles, to| json(roles.iter().map(RightCode::as_str)).write(to);

    /// Roles with unreadable dates are a list in JSON; nothing where there are none, as nearly always.
    Vec<UnreadableRight>, 1;
    |columns| {
        let Some(text) = columns.next::<Option<String>>()? else { return Ok(Self::new()) };
        let rows: Vec<(String, String)> =
            serde_json::from_str(&text).map_err(|error| damaged("unreadable roles", error))?;
        let role = |(id, problem): (String, _)| Ok(UnreadableRight { id: role_id(&id)?, problem });
        rows.into_iter().map(role).collect()
    };
    |roles, to| {
        let rows = || json(roles.iter().map(|role| (role.id.as_str(), &role.problem)));
        (!roles.is_empty()).then(rows).write(to)
    };
}

fn role_id(text: &str) -> Result<RightCode> {
    RightCode::new(text).map_err(|error| damaged("a role id", error))
}

/// Lists of texts can always be written.
fn json<T: serde::Serialize>(list: impl Iterator<Item = T>) -> String {
    serde_json::to_string(&list.collect::<Vec<_>>()).unwrap_or_default()
}

/// Nothing is NULL in each of its columns.
impl<T: FromColumns> FromColumns for Option<T> {
    const WIDTH: usize = T::WIDTH;

    fn read(columns: &mut Columns<'_>) -> Result<Self> {
        for column in columns.next..columns.next + T::WIDTH {
            if columns.row.get_ref(column)? != ValueRef::Null {
                return T::read(columns).map(Some);
            }
        }
        columns.next += T::WIDTH;
        Ok(None)
    }
}

impl<T: ToColumns> ToColumns for Option<T> {
    const WIDTH: usize = T::WIDTH;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<()> {
        match self {
            Some(value) => value.write(to),
            None => (0..T::WIDTH).try_for_each(|_| to.put(ValueRef::Null)),
        }
    }
}

impl<T: ToColumns + ?Sized> ToColumns for &T {
    const WIDTH: usize = T::WIDTH;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<()> {
        (**self).write(to)
    }
}

/// No parameters.
impl ToColumns for () {
    const WIDTH: usize = 0;

    fn write<'a>(&self, _to: &mut impl Sink<'a>) -> Result<()> {
        Ok(())
    }
}

macro_rules! tuples {
    ($(($($value:ident $place:tt),+))+) => {$(
        impl<$($value: FromColumns),+> FromColumns for ($($value,)+) {
            const WIDTH: usize = 0 $(+ $value::WIDTH)+;

            fn read(columns: &mut Columns<'_>) -> Result<Self> {
                Ok(($(columns.next::<$value>()?,)+))
            }
        }

        impl<$($value: ToColumns),+> ToColumns for ($($value,)+) {
            const WIDTH: usize = 0 $(+ $value::WIDTH)+;

            fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<()> {
                $(self.$place.write(to)?;)+
                Ok(())
            }
        }
    )+};
}

tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
}
