//! Each way in which a register may behave, good or bad.

use std::time::Duration;

use super::times::Instants;
pub use crate::service::RetryAfter;

/// What `next` says. All but [`Next::Honest`], [`Next::Empty`], [`Next::Absent`] make at least two pages
/// of whatever there is, of which the last may have no row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Next {
    /// The absolute URL of the next page, by the `Host` header; `null` on the last.
    #[default]
    Honest,
    /// `""` on the last page.
    Empty,
    /// There is no `next` on the last page.
    Absent,
    /// Path and query only.
    Relative,
    /// `http` where the register speaks `https`, and the other way.
    OtherScheme,
    /// Hostile: the stranger, on another host.
    OtherHost,
    /// Hostile: the stranger, on another port of this host.
    OtherPort,
    /// Hostile: the stranger, with the register's host as user name before it.
    UserInfo,
    /// Hostile: another path of the register.
    OtherPath,
    /// Broken: a number.
    Number,
    /// Broken: each page but the first points to itself.
    Repeats,
    /// Broken: behind the last page, the third or a later one, comes the second again.
    Circles,
}

impl Next {
    /// How many pages it needs to show itself.
    fn pages_min(self) -> usize {
        match self {
            Self::Honest | Self::Empty | Self::Absent => 1,
            Self::Circles => 3,
            _ => 2,
        }
    }

    /// Whether it hands out pages twice, so that a client comes twice.
    pub(super) fn runs_in_circles(self) -> bool {
        matches!(self, Self::Repeats | Self::Circles)
    }
}

/// What pages do that are not of one snapshot. All but [`Shift::None`] make at least two pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shift {
    /// Nothing happens between pages.
    #[default]
    None,
    /// The last row of the first page comes again as the first of the second.
    RowTwice,
    /// The same, with an end half an hour later the second time.
    RowTwiceChanged,
    /// The first row of the second page is missing.
    RowLost,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    #[default]
    Clean,
    /// Page [`Switches::broken_page`] is cut in the middle, with a `Content-Length` that agrees.
    Cut,
    /// Page [`Switches::broken_page`] is a page for people, with status 200.
    Html,
    /// `registration_number` stands twice in each row.
    DuplicateKeys,
    /// The same, the second time as `registration_numb\u0065r`.
    EscapedDuplicateKeys,
    /// A comma behind the last member.
    TrailingComma,
    /// A byte that is no UTF-8.
    NotUtf8,
    /// A second document behind the first.
    TwoDocuments,
    /// The rows stand under `items`, not under `results`.
    NotUnderResults,
    /// `results` is `null`.
    ResultsNull,
}

/// How zones and areas are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Zones {
    /// A zone of digits is a number, an area is a text.
    #[default]
    AsReal,
    /// All are texts.
    Texts,
    /// All of digits are numbers.
    Numbers,
    /// All are `null`.
    Null,
}

/// How number plates are written in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Plates {
    /// Of a parking as given to the register, of an item upper case without separators.
    #[default]
    AsReal,
    /// Lower case with a hyphen and a blank in the middle: `abc- 123`.
    LowerWithSeparators,
    /// Empty, as if anonymised.
    Empty,
}

/// Every switch of the register. The default is well behaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// Rows on a page at most; `None`: as the real thing, 100 parkings, 200 items or what a client asks
    /// for up to 1000.
    pub page_size: Option<usize>,
    /// What `next` says.
    pub next: Next,
    /// What pages do that are not of one snapshot.
    pub shift: Shift,
    /// What is wrong with answers.
    pub body: Body,
    /// Which page is broken by [`Body::Cut`] and [`Body::Html`], counted from 1.
    pub broken_page: usize,
    /// A page may be asked for again after a success, as a client must whose answer was lost.
    pub pages_again: bool,
    /// Listings are empty.
    pub is_empty: bool,
    /// So many percent of the rows are missing: the last ones. `count` counts what is left.
    pub forgotten_percent: usize,
    /// `count` is wrong by so many.
    pub count_off: i64,
    /// Ids of the rows that the switches from here to `operator_null`, and duplicate keys, hit; empty:
    /// all rows.
    pub only_rows: Vec<String>,
    /// How zones and areas are written.
    pub zones: Zones,
    /// How plates are written.
    pub plates: Plates,
    /// Form of the ends of windows.
    pub instants: Instants,
    /// Each end is an hour before the start; also where there is no end.
    pub end_before_start: bool,
    /// `operator` and `operator_name` of items are `null`, as of an owner who is no operator.
    pub operator_null: bool,
    /// `properties` of items carry names and addresses (see [`super::PERSONAL_MARKS`]); they do by
    /// default.
    pub personal_data: bool,
    /// Seconds by which the `Date` header is ahead of the register's clock.
    pub date_off_s: i64,
    /// The `Date` header is sent; it is by default.
    pub date_header: bool,
    /// So many of the next requests are answered 429.
    pub too_many: usize,
    /// `Retry-After` of 429 and 503; whoever comes sooner commits a violation.
    pub retry_after: RetryAfter,
    /// So many of the next requests are answered 503.
    pub unavailable: usize,
    /// Every request is answered with this status, 401, 403 or 500 say.
    pub broken: Option<u16>,
    /// Every request is answered 302 to its own target at this place, [`super::Server::stranger_url`] say.
    pub redirect: Option<String>,
    /// Every answer waits so long.
    pub slow: Duration,
    /// Bytes of blanks that are put into each JSON answer.
    pub padding: usize,
    /// Connections stay open between requests.
    pub keep_alive: bool,
}

impl Switches {
    /// How many pages are needed to show what is switched on.
    pub(super) fn pages_min(&self) -> usize {
        let shift = if self.shift == Shift::None { 1 } else { 2 };
        let body = if matches!(self.body, Body::Cut | Body::Html) { self.broken_page } else { 1 };
        self.next.pages_min().max(shift).max(body)
    }

    /// Whether the switches for rows are about this one.
    pub(super) fn hits(&self, id: &str) -> bool {
        self.only_rows.is_empty() || self.only_rows.iter().any(|one| one == id)
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            page_size: None,
            next: Next::default(),
            shift: Shift::default(),
            body: Body::default(),
            broken_page: 2,
            pages_again: false,
            is_empty: false,
            forgotten_percent: 0,
            count_off: 0,
            only_rows: Vec::new(),
            zones: Zones::default(),
            plates: Plates::default(),
            instants: Instants::default(),
            end_before_start: false,
            operator_null: false,
            personal_data: true,
            date_off_s: 0,
            date_header: true,
            too_many: 0,
            retry_after: RetryAfter::None,
            unavailable: 0,
            broken: None,
            redirect: None,
            slow: Duration::ZERO,
            padding: 0,
            keep_alive: false,
        }
    }
}
