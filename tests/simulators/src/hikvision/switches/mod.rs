//! How a device behaves: one enumeration for each point in which firmware differs. The first
//! value of each is the default.

mod answers;
mod persons;

pub use crate::isapi::switches::*;
pub use answers::*;
pub use persons::*;

/// Every switch of a device.
#[derive(Debug, Clone, Default, PartialEq)]
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
    /// HTTP status of errors.
    pub error_status: ErrorStatus,
    /// Form of errors.
    pub error_body: ErrorBody,
    /// Whether a success carries `errorCode` 1 and `errorMsg` `ok` too.
    pub ok_with_error_fields: bool,
    /// Namespace of XML answers.
    pub namespace: Namespace,
    /// Page size.
    pub page_limit: PageLimit,
    /// How the end of a listing is told.
    pub paging_end: PagingEnd,
    /// Whether pages are where the client asked.
    pub pages: Pages,
    /// Which counts pages carry.
    pub counts: Counts,
    /// `totalMatches` is wrong by this much.
    pub total_off_by: i64,
    /// What becomes of `EmployeeNoList`.
    pub filter: Filter,
    /// Where the person's number stands.
    pub key_style: KeyStyle,
    /// Letter case of keys.
    pub key_case: KeyCase,
    /// JSON types.
    pub scalars: Scalars,
    /// The root is called `UserInfoSearchResult`.
    pub root_is_search_result: bool,
    /// Persons come without `numOfCard`, `numOfFP`, `numOfFace`.
    pub no_num_of: bool,
    /// Persons come without `PersonInfoExtends`.
    pub no_person_info_extends: bool,
    /// The key under which a person's e-mail is returned; no device is known to have one.
    pub email_field: Option<String>,
    /// Fields that Modify leaves out.
    pub omitted: Omitted,
    /// What Modify does.
    pub effect: Effect,
    /// A window that begins after its end.
    pub begin_after_end: BeginAfterEnd,
    /// An end after 2037.
    pub far_year: FarYear,
    /// The latest end it keeps, `2030-12-31T23:59:59`; a later one becomes this.
    pub latest_end: Option<String>,
    /// `timeRangeEnd` of its capabilities, where it is not 2037.
    pub time_range_end: Option<String>,
    /// Fields that its capabilities name too.
    pub further_fields: &'static [&'static str],
    /// How finely it keeps times.
    pub keeps: Keeps,
    /// In which form it shows times.
    pub dates: Dates,
    /// Texts and lists that are empty are left out of answers.
    pub empty_vanishes: bool,
    /// Persons whose number a second entry of the list has, under another name.
    pub listed_twice: Vec<String>,
    /// That entry stands at the end of the list, and not right behind the first.
    pub twice_at_end: bool,
    /// Persons whose name comes in GBK.
    pub names_in_gbk: Vec<String>,
    /// Search shows the PIN in `password`.
    pub shows_pin: bool,
    /// With which method Modify is to be sent.
    pub modify_by: ModifyBy,
    /// `supportFunction` of its capabilities, where it is not all of them.
    pub support_function: Option<&'static str>,
    /// Fields of a person that Modify refuses, naming them.
    pub refused_fields: &'static [&'static str],
    /// How it names them.
    pub naming: Naming,
    /// Unknown keys.
    pub unknown_key: UnknownKey,
    /// Meaning of `enable:false`.
    pub enable_false: EnableFalse,
    /// Form of `deviceInfo`.
    pub info_format: InfoFormat,
    /// Form of `localTime`.
    pub local_time: LocalTime,
    /// What the account may do.
    pub permissions: Permissions,
    /// A body without its top key.
    pub missing_top_key: MissingTopKey,
    /// A Modify of an unknown person.
    pub unknown_person: UnknownPerson,
    /// The next so many right logins are answered 401, without counting a failure, as after a restart
    /// or at a limit of connections.
    pub logins_refused: usize,
    /// The next so many logged-in requests are answered `deviceBusy`.
    pub device_busy: usize,
}

impl Switches {
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
