//! Members and their roles, as Cardskipper tells them.

use chrono::NaiveDateTime;

use super::{Email, HolderId, HolderNumber, RightCode};

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
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// One membership of a member, in the wall-clock time of the club.
///
/// `end` at midnight means the end of that day (Cardskipper's EndDate is the last valid day); any other
/// time of day is taken as given. An inverted role is kept as it is, so that it can be reported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    pub id: RightCode,
    pub begin: NaiveDateTime,
    /// Last valid day (at midnight) or moment.
    pub end: NaiveDateTime,
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
