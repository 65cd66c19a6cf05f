//! Switches of pages and forms.

/// How many persons a page holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PageLimit {
    /// 30; more is cut silently.
    #[default]
    Thirty,
    /// 10; more is cut silently.
    Ten,
    /// 1; more is cut silently.
    One,
    /// 30; asking for more is `badParameters`.
    ThirtyOrError,
}

/// How the end of a listing is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PagingEnd {
    /// The last page says `OK`; an empty result says `NO MATCH` and has no array.
    #[default]
    Ok,
    /// Every page says `MORE`, also the empty one behind the last.
    AlwaysMore,
    /// Every page with persons says `MORE`; behind the last comes `NO MATCH` without array.
    NoMatch,
    /// The last page says `OK`; an empty result says `OK` with an empty array.
    OkWithEmptyArray,
}

/// Whether a page is where the client asked for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pages {
    /// It is.
    #[default]
    AsAsked,
    /// Always the first page, with `MORE`.
    FirstAgain,
    /// Each page but the first begins this many persons too early, as when rows shift.
    Overlap(usize),
}

/// Which counts a page carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counts {
    /// `numOfMatches` and `totalMatches`.
    #[default]
    Both,
    /// Only `totalMatches`.
    NoNumOfMatches,
    /// Only `numOfMatches`.
    NoTotalMatches,
    /// Neither.
    Neither,
}

/// What becomes of `EmployeeNoList` in a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Filter {
    /// Exactly those persons.
    #[default]
    Exact,
    /// Not understood: the whole list comes.
    Ignored,
    /// Refused with `badParameters`.
    Error,
}

/// Where a person's number stands, and what the list is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyStyle {
    /// `employeeNo` in an array `UserInfo`.
    #[default]
    Standard,
    /// `employeeNoString`.
    EmployeeNoString,
    /// `EmployeeNoDetail.employeeNo`.
    EmployeeNoDetail,
    /// An object in place of an array of one.
    SingleObject,
    /// An array called `UserInfoList`.
    UserInfoList,
}

/// Letter case of the keys of a search answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyCase {
    /// As documented.
    #[default]
    Standard,
    /// All lower case.
    Lower,
    /// The first letter upper case.
    FirstUpper,
}

/// JSON types of a search answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scalars {
    /// As documented.
    #[default]
    Typed,
    /// Numbers and booleans as strings.
    Strings,
    /// Strings of digits, without leading zero, as numbers.
    Numbers,
}
