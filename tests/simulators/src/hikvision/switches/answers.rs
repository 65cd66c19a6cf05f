//! Switches of connections, errors, pages and forms.

/// What happens to the connection after an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeepAlive {
    /// `Connection: close` after each answer.
    #[default]
    Close,
    /// Kept for 10 idle seconds.
    Keep,
    /// Every n-th request gets no answer and is not carried out, the others as with `Close`.
    DropEvery(usize),
    /// Kept, and a second request on it is never answered.
    SilentOnSecond,
    /// Said to be kept, and closed so many milliseconds after each 401.
    ClosesAfter401(u64),
    /// Said to be kept, and closed so many milliseconds after each answer.
    ClosesAfterEach(u64),
    /// Kept, and closed without an answer at its n-th request.
    ClosesAt {
        /// Which request of a connection, counted from 1.
        nth: usize,
        /// Whether that request is carried out all the same.
        is_done: bool,
    },
    /// A request that comes sooner than so many real milliseconds after the one before is not carried
    /// out, and its connection is reset.
    ResetFaster(u64),
}

/// What happens to a request that comes while another is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// It waits.
    #[default]
    Wait,
    /// It is answered `deviceBusy`.
    Busy,
    /// Its connection is closed.
    Reset,
}

/// HTTP status of errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorStatus {
    /// 200, only the body tells.
    #[default]
    Ok200,
    /// 403 for class 4, 400 for 5 and 6, 503 for 2, 500 for 3.
    ByClass,
}

/// Form of errors on the JSON calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorBody {
    /// JSON with numbers.
    #[default]
    Json,
    /// JSON with the numbers as strings.
    JsonStrings,
    /// JSON one level down, under `ResponseStatus`.
    JsonNested,
    /// XML in the namespace of [`super::Switches::namespace`].
    Xml,
}

/// The three namespaces of XML answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Namespace {
    /// `http://www.isapi.org/ver20/XMLSchema`
    #[default]
    Isapi,
    /// `http://www.hikvision.com/ver20/XMLSchema`
    Hikvision,
    /// `http://www.std-cgi.com/ver20/XMLSchema`
    StdCgi,
}

impl Namespace {
    /// The namespace name.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Isapi => "http://www.isapi.org/ver20/XMLSchema",
            Self::Hikvision => "http://www.hikvision.com/ver20/XMLSchema",
            Self::StdCgi => "http://www.std-cgi.com/ver20/XMLSchema",
        }
    }
}

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

/// Form of `deviceInfo` and `AccessControl/capabilities`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InfoFormat {
    /// XML, whatever is asked.
    #[default]
    XmlAlways,
    /// JSON when `format=json` is asked.
    FollowsFormat,
}

/// Form of `localTime` in `System/time`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LocalTime {
    /// `2026-11-21T09:00:00+01:00`
    #[default]
    WithOffset,
    /// `2026-11-21T09:00:00`
    Plain,
    /// `2026-11-21 09:00:00+0100`
    Basic,
    /// `2026-11-21T09:00:00 01:00`, the sign lost on the way.
    NoSign,
}
