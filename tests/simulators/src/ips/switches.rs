//! Each way in which a service may behave, good or bad.

use std::time::Duration;

use super::times::{Dates, Instants, WallClock};
pub use crate::service::RetryAfter;

/// How a client of the seed wire logs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: ApiKey KEY`
    #[default]
    ApiKey,
    /// `Authorization: Bearer KEY`
    Bearer,
    /// `Authorization: Basic …` of login name and key.
    Basic,
}

impl Auth {
    /// What an answer 401 tells.
    pub(super) fn challenge(self) -> &'static str {
        match self {
            Self::ApiKey => "ApiKey realm=\"smartcity\"",
            Self::Bearer => "Bearer realm=\"smartcity\"",
            Self::Basic => "Basic realm=\"smartcity\"",
        }
    }
}

/// How a listing of the seed wire is cut into pages. All but [`Paging::OnePage`],
/// [`Paging::Cursors`], [`Paging::EmptyCursor`] and [`Paging::NoCursor`] make at least two pages of
/// whatever there is, of which the last may have no row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Paging {
    /// Everything is on one page.
    OnePage,
    /// Pages of [`Switches::page_size`] rows; the last has the cursor `null`.
    #[default]
    Cursors,
    /// The last page has the cursor `""`.
    EmptyCursor,
    /// The last page has no `nextCursor`.
    NoCursor,
    /// A row of the first page comes again on the last page, changed meanwhile. It is the first row of
    /// which there may have been two versions since `since`.
    RowMoves,
    /// The same, but the newer version comes on the first page, the older on the last.
    RowMovesNewerFirst,
    /// Broken: each page but the first hands out the cursor by which it was asked for.
    CursorRepeats,
    /// Broken: behind the last page, the third or a later one, comes the second again.
    CursorsCircle,
    /// Broken: [`Switches::broken_page`] is cut in the middle, with a `Content-Length` that agrees.
    PageCut,
    /// Broken: [`Switches::broken_page`] is a page for people, with status 200.
    HtmlPage,
    /// Broken: `asOf` of each page but the first is one second later.
    OtherAsOf,
    /// Broken: the rows stand under `items`, not under `data`.
    NotUnderData,
}

impl Paging {
    /// How many pages it needs to show itself.
    pub(super) fn pages_min(self, broken_page: usize) -> usize {
        match self {
            Self::OnePage | Self::Cursors | Self::EmptyCursor | Self::NoCursor => 1,
            Self::CursorsCircle => 3,
            Self::PageCut | Self::HtmlPage => broken_page.max(2),
            _ => 2,
        }
    }

    /// Whether it hands out cursors twice, so that a client comes with one twice.
    pub(super) fn runs_in_circles(self) -> bool {
        matches!(self, Self::CursorRepeats | Self::CursorsCircle)
    }
}

/// How number plates are written in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Plates {
    /// As they were given to the service.
    #[default]
    AsGiven,
    /// Lower case with a hyphen in the middle: `abc-123`.
    LowerWithSeparators,
    /// Latin letters replaced by Cyrillic ones that look alike, where there are such.
    Cyrillic,
}

/// What is wrong with the JSON of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Json {
    /// Nothing.
    #[default]
    Clean,
    /// `status` stands twice in each row.
    DuplicateKeys,
    /// The same, the second time as `st\u0061tus`.
    EscapedDuplicateKeys,
    /// A comment.
    Comment,
    /// A comma behind the last member.
    TrailingComma,
    /// A member `NaN`.
    NaN,
    /// A member that is nested a hundred levels deep.
    Deep,
    /// Half a surrogate pair in a text.
    HalfSurrogate,
    /// A byte that is no UTF-8.
    NotUtf8,
    /// A second document behind the first.
    TwoDocuments,
}

/// How the XML wire tells that it knows nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nulls {
    /// `null`
    #[default]
    Null,
    /// `"null"`, a text.
    NullText,
    /// `""`
    Empty,
}

/// What an answer of the XML wire is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum XmlAnswer {
    /// A list.
    #[default]
    Honest,
    /// The list cut in the middle.
    Cut,
    /// A page for people, with status 200.
    Html,
    /// An object that holds the list under `data`.
    Object,
    /// `null`
    Null,
    /// No byte.
    Empty,
}

/// Every switch of the service. The default is well behaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// How a client logs in on the seed wire.
    pub auth: Auth,
    /// How listings are cut into pages.
    pub paging: Paging,
    /// Rows on a page; at least 1.
    pub page_size: usize,
    /// Which page is broken by [`Paging::PageCut`] and [`Paging::HtmlPage`], counted from 1.
    pub broken_page: usize,
    /// A cursor may be asked for again after a success, as a client must whose answer was lost.
    pub cursors_again: bool,
    /// Ids of the rows that the switches from here to `instants`, and duplicate keys, hit; empty: all
    /// rows.
    pub only_rows: Vec<String>,
    /// Ids are numbers: those at the end of the id, 789 for `session_789`; also in `deleted`.
    pub ids_as_numbers: bool,
    /// Zones that are numbers are written as numbers.
    pub zones_as_numbers: bool,
    /// This word instead of the status.
    pub status_word: Option<String>,
    /// `status` is absent.
    pub no_status: bool,
    /// `fineAmount` of citations is a text, `"25.00"`.
    pub fines_as_text: bool,
    /// How plates are written.
    pub plates: Plates,
    /// Each end is an hour before the start; also where there is no end.
    pub end_before_start: bool,
    /// `zones` of permits is absent.
    pub permits_without_zones: bool,
    /// Form of the instants in rows.
    pub instants: Instants,
    /// Rows carry names, telephones, officers and devices (see [`super::PERSONAL_MARKS`]); they do by
    /// default.
    pub personal_data: bool,
    /// What is wrong with the JSON.
    pub json: Json,
    /// `deleted` holds `{"id":…,"deletedAt":…}`, not ids.
    pub deleted_as_objects: bool,
    /// `deleted` is always empty: rows vanish without a word.
    pub no_tombstones: bool,
    /// So many percent of the rows are missing in a complete listing: the last ones.
    pub forgotten_percent: usize,
    /// The filters `zones`, `types`, `from` and `to` are ignored.
    pub ignores_filters: bool,
    /// The service knows no citations: their path is answered 404, which is nobody's fault.
    pub no_citations: bool,
    /// Seconds by which the `Date` header is ahead of the service's clock.
    pub date_off_s: i64,
    /// The `Date` header is sent; it is by default.
    pub date_header: bool,
    /// So many of the next requests are answered 429.
    pub too_many: usize,
    /// `Retry-After` of 429 and 503; whoever comes sooner commits a violation.
    pub retry_after: RetryAfter,
    /// So many of the next requests are answered 503.
    pub unavailable: usize,
    /// Every request is answered with this status, 500 say.
    pub broken: Option<u16>,
    /// Every request is answered 302 to its own target at this place, `http://127.0.0.2:1`.
    pub redirect: Option<String>,
    /// Every answer waits so long.
    pub slow: Duration,
    /// Bytes of blanks that are put into each JSON answer.
    pub padding: usize,
    /// Connections stay open between requests.
    pub keep_alive: bool,
    /// Form of the dates of the XML wire.
    pub xml_dates: Dates,
    /// The clock of the XML wire.
    pub xml_clock: WallClock,
    /// `TimeZone` of the XML wire; `None` is written as [`Switches::xml_nulls`] says.
    pub xml_zone_name: Option<String>,
    /// How the XML wire writes what it does not know.
    pub xml_nulls: Nulls,
    /// What an answer of the XML wire is.
    pub xml_answer: XmlAnswer,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            auth: Auth::default(),
            paging: Paging::default(),
            page_size: 100,
            broken_page: 2,
            cursors_again: false,
            only_rows: Vec::new(),
            ids_as_numbers: false,
            zones_as_numbers: false,
            status_word: None,
            no_status: false,
            fines_as_text: false,
            plates: Plates::default(),
            end_before_start: false,
            permits_without_zones: false,
            instants: Instants::default(),
            personal_data: true,
            json: Json::default(),
            deleted_as_objects: false,
            no_tombstones: false,
            forgotten_percent: 0,
            ignores_filters: false,
            no_citations: false,
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
            xml_dates: Dates::default(),
            xml_clock: WallClock::default(),
            xml_zone_name: Some("UTC".into()),
            xml_nulls: Nulls::default(),
            xml_answer: XmlAnswer::default(),
        }
    }
}
