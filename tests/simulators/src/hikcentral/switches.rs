//! How a platform behaves: one switch for each point in which versions and installations differ.
//! The first value of each is the default.

use chrono::TimeDelta;
use serde_json::Value;

use super::refusal::Refusal;

/// Every switch of a platform.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Switches {
    /// The OpenAPI is not installed: every path is a plain 404 page.
    pub not_installed: bool,
    /// What a bad signature is answered.
    pub bad_signature: BadSignature,
    /// A bad signature comes with HTTP 401 instead of 200.
    pub signature_401: bool,
    /// How far the timestamp may be off the platform's clock; then a nonce must be there too, and
    /// works once.
    pub replay_window: Option<TimeDelta>,
    /// Calls that are refused although they are right.
    pub refusals: Vec<Refusal>,
    /// `code` is a number, where it is not one of the `0x` kind.
    pub integer_codes: bool,
    /// `msg` of a success.
    pub success_msg: SuccessMsg,
    /// Errors have no `data`, instead of `""`.
    pub errors_without_data: bool,
    /// Errors are labelled `application/xml`, and are JSON all the same.
    pub errors_as_xml: bool,
    /// `data` of a successful write.
    pub write_data: WriteData,
    /// `data` of a list without rows.
    pub empty_list: EmptyList,
    /// Whether pages are where the client asked.
    pub pages: Pages,
    /// `total` is wrong by this much.
    pub total_off_by: i64,
    /// The platform gives GUIDs as ids, and not small numbers.
    pub guids: bool,
    /// Ids of digits are shown as JSON numbers.
    pub numeric_ids: bool,
    /// Keys that persons in lists lack.
    pub list_omits: Vec<&'static str>,
    /// Keys that a single person lacks.
    pub info_omits: Vec<&'static str>,
    /// `cards`, `fingerPrint` and `customFieldList` are there when empty too.
    pub empty_lists_shown: bool,
    /// A card is its number, and no object.
    pub plain_cards: bool,
    /// `fingerPrint` is the first one as an object.
    pub fingerprint_object: bool,
    /// Form of `customFieldList`.
    pub custom_fields: CustomFields,
    /// Answers, pages and persons have keys that nobody documented.
    pub extra_fields: bool,
    /// Blanks behind every answer.
    pub padding: usize,
    /// In which form times are shown.
    pub time_form: TimeForm,
    /// Access levels stand one deeper, under `PrivilegeGroupInfo`.
    pub levels_nested: bool,
    /// `advance/personList` looks at `personCode`, `email` and `orgIndexCode` too, exactly.
    pub advance_filters: bool,
    /// Fields that an update leaves out.
    pub omitted: Omitted,
    /// What an update does.
    pub effect: Effect,
    /// An end after 2037.
    pub far_year: FarYear,
    /// When the doors learn of an update.
    pub apply: Apply,
    /// A person for whom `reapplication` is refused with this code, and with that whole call everybody else's.
    pub apply_refused: Option<(String, &'static str)>,
    /// How many calls of `applicationResult`, for numbers or failures, see an application as not yet
    /// done; 0 does it at once.
    pub apply_polls: usize,
    /// Closes the connection after each answer.
    pub closes: bool,
}

/// What a bad signature is answered. Each tells the text that the platform signed, and the AppKey.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BadSignature {
    /// `0x02401003`, `api AK/SK signature authentication failed,Invalid Signature! and …`
    #[default]
    New,
    /// `0x02401003`, `Invalid Signature! and …`
    Old,
    /// `13`, the new text.
    Code13,
}

/// `msg` of a success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SuccessMsg {
    /// `Success`
    #[default]
    Capital,
    /// `success`
    Lower,
    /// `SUCCESS`
    Upper,
    /// `ok`
    Ok,
}

/// `data` of a successful write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriteData {
    /// `""`
    #[default]
    Empty,
    /// `"null"`, a text.
    NullText,
    /// `" "`
    Blank,
    /// `{}`
    Object,
    /// `null`
    Null,
}

/// `data` of a list without rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EmptyList {
    /// A page with `total` and an empty `list`.
    #[default]
    Page,
    /// `[]`
    Array,
}

/// Whether a page is where the client asked for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pages {
    /// It is.
    #[default]
    AsAsked,
    /// Each page but the first begins this many rows too early: rows come twice.
    Overlap(usize),
    /// Each page but the first begins this many rows too late: rows never come.
    Gap(usize),
}

/// Form of `customFieldList`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CustomFields {
    /// The name stands under `customFiledName`, as the vendor spells it.
    #[default]
    FiledName,
    /// The name stands under `customFieldName`.
    FieldName,
    /// The list is `null`.
    Null,
}

/// In which form times are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeForm {
    /// The text that was written.
    #[default]
    AsWritten,
    /// With the offset of the platform's zone.
    PlatformZone,
    /// In the platform's zone, without offset.
    NoOffset,
    /// With milliseconds and `+08:00`.
    Fraction,
}

/// What an update does to fields that it leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Omitted {
    /// They stay.
    #[default]
    Merge,
    /// Texts and times become `""`, the gender 0; cards stay.
    Overwrite,
    /// Cards are gone; everything else stays.
    WipeCards,
}

/// What an acceptable update really does.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Effect {
    /// It is applied and answered.
    #[default]
    Applied,
    /// It is answered with success and not applied.
    OkNotApplied,
    /// It is applied, and this field of the person changes too, unasked.
    AlsoChanges(&'static str, Value),
    /// It is applied, the connection closes without an answer.
    AppliedAnswerLost,
    /// Nothing is applied, the connection closes without an answer.
    NotAppliedAnswerLost,
    /// It is answered with this code for these persons, and applied for the others.
    RefusedFor(Vec<String>, &'static str),
}

/// What becomes of an end after the year 2037.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FarYear {
    /// `endTime parameter error`
    #[default]
    Refused,
    /// Stored as 2037-12-31T23:59:59, offset as sent.
    Cut,
    /// Stored.
    Accepted,
}

/// When the doors learn of an update.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Apply {
    /// When somebody calls `reapplication` for that person.
    #[default]
    OnReapplication,
    /// By themselves, after the update.
    Automatic,
}
