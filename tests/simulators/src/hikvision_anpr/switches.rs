//! How a camera behaves: one switch for each point in which firmware differs. The first value of each
//! is the default, and the defaults together are the strictest camera that is plausible.

pub use crate::isapi::switches::*;

/// Every switch of a camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Switches {
    /// How long a nonce lives.
    pub nonce: NonceLife,
    /// What `stale` says to a worn-out nonce.
    pub stale: Stale,
    /// What a challenge looks like.
    pub challenge: Challenge,
    /// `opaque` of the challenge; also when empty a client must send it back.
    pub opaque: String,
    /// Body of a 401.
    pub body_401: Body401,
    /// The lock-out.
    pub lock: Lock,
    /// What happens to the connection after an answer.
    pub keep_alive: KeepAlive,
    /// What happens to a second request.
    pub concurrency: Concurrency,
    /// HTTP status of errors; by class where nothing else is said, as these cameras do.
    pub error_status: ErrorStatus,
    /// Form of errors on the JSON calls; those on the XML calls are XML always.
    pub error_body: ErrorBody,
    /// Whether a success carries `errorCode` 1 and `errorMsg` `ok` too.
    pub ok_with_error_fields: bool,
    /// Namespace of XML answers.
    pub namespace: Namespace,
    /// Form of `deviceInfo`.
    pub info_format: InfoFormat,
    /// Form of `localTime`.
    pub local_time: LocalTime,
    /// What the account may do; without parameters, every call about plates is answered 401.
    pub permissions: Permissions,
    /// The next so many right logins are answered 401, without counting a failure.
    pub logins_refused: usize,
    /// The next so many logged-in requests are answered `deviceBusy`.
    pub device_busy: usize,
    /// The next so many logged-in calls on the list, reads too, are answered `plateListIsOperating`.
    pub list_operating: usize,
    /// Which calls it has.
    pub family: Family,
    /// The words for the two lists that a write must use.
    pub written_words: Words,
    /// The words for the two lists that a read shows.
    pub shown_words: Words,
    /// What becomes of a write with the other words.
    pub wrong_word: WrongWord,
    /// What becomes of an `add` of a plate that is listed.
    pub listed_again: ListedAgain,
    /// Fields that a write of a listed plate leaves out.
    pub omitted: Omitted,
    /// What becomes of a write of several rows of which one is refused.
    pub batch: Batch,
    /// What the id of a new row is.
    pub ids: Ids,
    /// Which field of a write is the begin of the window.
    pub starts: Starts,
    /// How finely it keeps windows, and which forms of them it takes.
    pub dates: Dates,
    /// What becomes of an offset behind a time that is written.
    pub written_offset: WrittenOffset,
    /// In which form it shows times.
    pub shown_times: ShownTimes,
    /// What becomes of blanks, hyphens and dots within a plate.
    pub separators: Separators,
    /// Which letters a plate may have.
    pub letters: Letters,
    /// Keys of a write that the camera does not know; a violation in any case.
    pub unknown_key: UnknownKey,
    /// What an acceptable write or deletion really does.
    pub effect: Effect,
    /// Which body a deletion must have.
    pub delete_form: DeleteForm,
    /// What becomes of the two other bodies.
    pub wrong_form: WrongForm,
    /// What becomes of the deletion of a row that is not there.
    pub delete_of_nothing: DeleteOfNothing,
    /// Which body a search must have.
    pub search_form: SearchForm,
    /// Most rows of a page; 100 where nothing else is said.
    pub page_rows: usize,
    /// What becomes of a search that asks for more.
    pub page_over: PageOver,
    /// Whether pages are where the client asked.
    pub pages: Pages,
    /// Where `numOfMatches` and `totalMatches` of a page stand.
    pub counts: Counts,
    /// `totalMatches` is wrong by this much.
    pub total_off_by: i64,
    /// What becomes of `LicensePlate` in a search.
    pub filter: Filter,
    /// Rows are shown with their group, name, plate type and plate colour too.
    pub shows_more: bool,
    /// `GET /ISAPI/Traffic/capabilities` does not tell how many plates there may be.
    pub no_plate_list_num: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            nonce: NonceLife::default(),
            stale: Stale::default(),
            challenge: Challenge::default(),
            opaque: String::new(),
            body_401: Body401::default(),
            lock: Lock::default(),
            keep_alive: KeepAlive::default(),
            concurrency: Concurrency::default(),
            error_status: ErrorStatus::ByClass,
            error_body: ErrorBody::default(),
            ok_with_error_fields: false,
            namespace: Namespace::default(),
            info_format: InfoFormat::default(),
            local_time: LocalTime::default(),
            permissions: Permissions::default(),
            logins_refused: 0,
            device_busy: 0,
            list_operating: 0,
            family: Family::default(),
            written_words: Words::Allow,
            shown_words: Words::White,
            wrong_word: WrongWord::default(),
            listed_again: ListedAgain::default(),
            omitted: Omitted::default(),
            batch: Batch::default(),
            ids: Ids::default(),
            starts: Starts::default(),
            dates: Dates::default(),
            written_offset: WrittenOffset::default(),
            shown_times: ShownTimes::default(),
            separators: Separators::default(),
            letters: Letters::default(),
            unknown_key: UnknownKey::default(),
            effect: Effect::default(),
            delete_form: DeleteForm::default(),
            wrong_form: WrongForm::default(),
            delete_of_nothing: DeleteOfNothing::default(),
            search_form: SearchForm::default(),
            page_rows: 100,
            page_over: PageOver::default(),
            pages: Pages::default(),
            counts: Counts::default(),
            total_off_by: 0,
            filter: Filter::default(),
            shows_more: false,
            no_plate_list_num: false,
        }
    }
}

impl Switches {
    /// A DS-TCG406-E V5.5.0 as far as its answers were captured: ids are the plates, a write merges by
    /// plate, `createTime` is the begin, windows are kept to the second, deletions are by `CompoundCond`.
    pub fn captured() -> Self {
        Self {
            listed_again: ListedAgain::Merged,
            ids: Ids::Plate,
            dates: Dates::Seconds,
            delete_form: DeleteForm::CompoundCond,
            ..Self::default()
        }
    }

    /// What they say about the parts that every device has.
    pub(super) fn common(&self) -> Common<'_> {
        Common {
            nonce: self.nonce,
            stale: self.stale,
            challenge: self.challenge,
            opaque: &self.opaque,
            body_401: self.body_401,
            lock: self.lock,
            keep_alive: self.keep_alive,
            concurrency: self.concurrency,
            error_status: self.error_status,
            error_body: self.error_body,
            ok_with_error_fields: self.ok_with_error_fields,
            namespace: self.namespace,
            info_format: self.info_format,
            local_time: self.local_time,
        }
    }
}

/// Which calls a camera has. Those of the other family are answered 403, 4/`notSupport`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Family {
    /// `/ISAPI/Traffic/…`, the licence-plate audit of newer firmware.
    #[default]
    Audit,
    /// `/ISAPI/ITC/Entrance/VCL` of older firmware.
    Vcl,
}

/// The words for the two lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Words {
    /// `allowList`, `blockList`.
    #[default]
    Allow,
    /// `whiteList`, `blackList`.
    White,
    /// Both are taken in writes; reads show `allowList`, `blockList`.
    Either,
}

/// What becomes of a write that uses the words of another firmware.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WrongWord {
    /// 6/`badParameters` about `listType`.
    #[default]
    Refused,
    /// The same, with HTTP 200.
    Refused200,
}

/// What becomes of a row that a write adds although its plate is listed. A write that does not say its
/// `operationType` adds, unless it carries the id of the row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListedAgain {
    /// 4/`existSameLicensePlate`, HTTP 400.
    #[default]
    Refused,
    /// The row of that plate is changed.
    Merged,
}

/// What becomes of fields of a listed row that a write leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Omitted {
    /// They stay.
    #[default]
    Kept,
    /// Card, name, group, type and colour become empty.
    Reset,
}

/// What becomes of a write of several rows of which one is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Batch {
    /// Those before it are stored.
    #[default]
    UpToTheRefused,
    /// None is stored.
    AllOrNothing,
}

/// What the id of a new row is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ids {
    /// A number of its own, shown and to be sent as text.
    #[default]
    Own,
    /// The plate, as on a DS-TCG406-E V5.5.0.
    Plate,
}

/// Which field of a write is the begin of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Starts {
    /// `createTime`, whatever `effectiveStartDate` says.
    #[default]
    CreateTime,
    /// `effectiveStartDate`, which reads then show; `createTime` where it is not sent.
    StartDate,
}

/// How finely a camera keeps windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dates {
    /// Whole days; a time of day is dropped.
    #[default]
    Days,
    /// Whole days; a time of day is 6/`timeFormatError`.
    DaysOnly,
    /// Seconds; a bare day is 6/`timeFormatError`.
    Seconds,
    /// Seconds; a bare day is its midnight, also as an end.
    Midnights,
}

impl Dates {
    /// Whether a time of day is kept.
    pub(super) fn keeps_seconds(self) -> bool {
        matches!(self, Self::Seconds | Self::Midnights)
    }
}

/// What becomes of `Z` or `+01:00` behind a time that is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WrittenOffset {
    /// 6/`timeFormatError`.
    #[default]
    Refused,
    /// It is dropped: the wall clock's time is kept as it was written.
    Ignored,
    /// The instant is kept.
    Honoured,
}

/// In which form a search shows times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShownTimes {
    /// `2026-12-31T23:59:59+01:00`, with the camera's offset at that time.
    #[default]
    WithOffset,
    /// `2026-12-31T00:00:00+01:00`: the day counts, the time of day says nothing. For cameras that keep
    /// whole days.
    Midnight,
    /// `2026-12-31T23:59:59`.
    Plain,
    /// `2026-12-31`.
    Day,
}

/// What becomes of blanks, hyphens, dots and underscores within a plate that is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Separators {
    /// They are dropped.
    #[default]
    Dropped,
    /// 4/`licensePlateFormatError`.
    Refused,
}

/// Which letters a plate may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Letters {
    /// `A` to `Z`, in either case.
    #[default]
    Latin,
    /// Those of every alphabet.
    Any,
}

/// What becomes of keys that the camera does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownKey {
    /// Nothing.
    #[default]
    Ignored,
    /// 6/`badJsonContent`.
    BadJsonContent,
}

/// What an acceptable write or deletion really does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effect {
    /// It is done and answered.
    #[default]
    Applied,
    /// It is answered OK and not done.
    OkNotApplied,
    /// It is done, and refused with 6/`badJsonContent` all the same.
    RefusedYetApplied,
    /// It is done, and the next so many pages that are read still show the list before it.
    ShowsAfterReads(usize),
    /// It is done, and pages show the list before it for so many seconds of the camera's clock.
    ShowsAfterSeconds(i64),
}

/// Which body a deletion must have, beside `deleteAllEnabled`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeleteForm {
    /// `"id":["…"]`, the rows' own ids as text. A number is answered OK and deletes nothing; a text that
    /// is no id of this camera's kind is refused with `Invalid JSON Content`.
    #[default]
    Id,
    /// `"licensePlate":["…"]`.
    LicensePlate,
    /// `"CompoundCond":{"plateColor":"","licensePlate":"…"}`, one plate.
    CompoundCond,
}

/// What becomes of a deletion in one of the two other bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WrongForm {
    /// It is answered OK and deletes nothing.
    #[default]
    OkNothingDeleted,
    /// 6/`badJsonContent`, `Invalid JSON Content`.
    Refused,
}

/// What becomes of the deletion of a row that is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeleteOfNothing {
    /// 4/`PlateIDNotExist`; the rows before it in the body are deleted.
    #[default]
    Refused,
    /// OK.
    Ok,
}

/// Which body a search must have; the other is 6/`badXmlContent`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SearchForm {
    /// `LPListAuditSearchDescription` with `maxResults`.
    #[default]
    Description,
    /// `LPSearchCond` with `maxResult`.
    Cond,
    /// Either.
    Both,
}

/// What becomes of a search that asks for more rows than a page has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PageOver {
    /// It gets as many as a page has.
    #[default]
    Cut,
    /// 6/`badParameters` about the key.
    Refused,
}

/// Whether a page is where the client asked for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pages {
    /// It is.
    #[default]
    AsAsked,
    /// Always the first page, with `MORE`.
    FirstAgain,
    /// Each page but the first begins this many rows too early, as when rows shift.
    Overlap(usize),
}

/// Where `numOfMatches` and `totalMatches` stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counts {
    /// Within `LicensePlateInfoList`, as on a DS-TCG406-E V5.5.0.
    #[default]
    Inside,
    /// Before `LicensePlateInfoList`.
    Outside,
    /// Nowhere.
    Neither,
}

/// What becomes of `LicensePlate` in a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Filter {
    /// The rows of exactly this plate.
    #[default]
    Exact,
    /// The rows whose plate contains it.
    Part,
    /// Not understood: the whole list comes.
    Ignored,
}
