//! Holders and their rights, as a source lists them.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::{Email, HolderId, HolderNumber, RightCode, Window};

/// One person in one Cardskipper organisation. Personal data that a date sync does not need
/// (address, phone, personal number) has no field here, so it cannot be stored or logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub key: HolderId,
    /// What people call the member by, where there is such a number.
    pub number: Option<HolderNumber>,
    /// First name, as written in Cardskipper; may be empty.
    pub first_name: String,
    /// Last name, as written in Cardskipper; may be empty.
    pub last_name: String,
    /// E-mail address; an attribute, not a key: families share one, and many have none.
    pub email: Option<Email>,
    /// `Inactive="true"`: the club has put the member and all memberships out of use.
    pub inactive: bool,
    /// Memberships in this organisation, sorted by role and begin, all kinds of roles.
    pub roles: Vec<Right>,
    /// Memberships whose dates cannot be read, sorted. Nobody knows when they hold, so they give
    /// nothing; and on a door that one of them opens nothing is taken away either.
    pub unreadable: Vec<UnreadableRight>,
}

impl Holder {
    /// The roles of the member, with and without dates that can be read.
    pub fn role_ids(&self) -> impl Iterator<Item = &RightCode> {
        let unreadable = self.unreadable.iter().map(|role| &role.id);
        self.roles.iter().map(|role| &role.id).chain(unreadable)
    }

    /// First and last name with one space between.
    #[must_use]
    pub fn name(&self) -> String {
        full_name(&self.first_name, &self.last_name)
    }
}

/// First and last name with one space between.
#[must_use]
pub fn full_name(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

/// One right of a holder: what for, and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    pub id: RightCode,
    pub time: Span,
}

/// When a right holds, in the terms of its source. One that ends before it begins is kept as it is, so that
/// it can be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// On the wall clock of the place, whatever zone that is in.
    Wall {
        begin: NaiveDateTime,
        /// The last day (at midnight) or moment; both are included.
        end: NaiveDateTime,
    },
}

impl Right {
    /// A right that holds on the wall clock of the place.
    #[must_use]
    pub fn by_wall_clock(id: RightCode, begin: NaiveDateTime, end: NaiveDateTime) -> Self {
        Self { id, time: Span::Wall { begin, end } }
    }
}

impl Span {
    /// The window on the wall clock of a target; `None` where it ends before it begins.
    #[must_use]
    pub fn window(self) -> Option<Window> {
        let Self::Wall { begin, end } = self;
        let last = match end.time() {
            NaiveTime::MIN => end.checked_add_signed(TimeDelta::seconds(24 * 60 * 60 - 1)),
            _ => None,
        };
        Window::new(begin, last.unwrap_or(end)).ok()
    }
}

/// A membership of a member that opens doors for a time that nobody can read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnreadableRight {
    pub id: RightCode,
    /// What is wrong with its dates: "EndDate is `soon`, not a date".
    pub problem: String,
}

impl std::fmt::Display for UnreadableRight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "role {}: {}", self.id, self.problem)
    }
}
