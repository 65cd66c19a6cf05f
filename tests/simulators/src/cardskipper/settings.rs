//! What the service is when it starts, and how its answers look.

use super::member::Member;
use crate::clock::Clock;
use crate::http::Tls;

/// Account, organisations and memory of a service at start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Login name.
    pub username: String,
    /// Login password.
    pub password: String,
    /// Organisations of the account.
    pub organisations: Vec<OrganisationInfo>,
    /// Members at start; they count as changed at the time of the start.
    pub members: Vec<Member>,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// TLS or not.
    pub tls: Tls,
    /// The service's clock: change stamps, `Date` header, `OnlyActive`.
    pub clock: Clock,
    /// How it behaves.
    pub switches: Switches,
}

impl Default for Settings {
    fn default() -> Self {
        let role = |id, name: &str| RoleInfo { id, name: name.into(), description: None };
        Self {
            username: "api@club.example".into(),
            password: "Card-secret-1".into(),
            organisations: vec![OrganisationInfo {
                id: 123,
                name: "Fitnes Žabica".into(),
                roles: vec![role(3126, "Gym"), role(3127, "Sauna & bad")],
            }],
            members: Vec::new(),
            port: 0,
            tls: Tls::Off,
            clock: Clock::default(),
            switches: Switches::default(),
        }
    }
}

/// One organisation of `Organisation/Info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationInfo {
    /// `Id`.
    pub id: i64,
    /// `Name`.
    pub name: String,
    /// Its roles.
    pub roles: Vec<RoleInfo>,
}

/// One role of `Organisation/Info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleInfo {
    /// `Id`.
    pub id: i64,
    /// `Name`.
    pub name: String,
    /// `Description`; left out when `None`.
    pub description: Option<String>,
}

/// Which calls the account may make; every call needs its own right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// `Member/Export`.
    pub export: bool,
    /// `Organisation/Info`.
    pub organisation_info: bool,
    /// Status of a refusal: 403 (default) or 401.
    pub refusal: u16,
}

impl Default for Rights {
    fn default() -> Self {
        Self { export: true, organisation_info: true, refusal: 403 }
    }
}

/// How `ChangedAt` is read, since the service states no zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChangedAtZone {
    /// As UTC.
    #[default]
    Utc,
    /// As Swedish local time.
    Sweden,
}

/// Whom `OnlyActive` leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnlyActive {
    /// Inactive members, and those without a role today.
    #[default]
    Both,
    /// Inactive members.
    Inactive,
    /// Members without a role today.
    ExpiredRole,
}

/// Body of an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorBody {
    /// The page of ASP.NET.
    #[default]
    AspNetHtml,
    /// A line of text.
    Text,
    /// Nothing.
    Empty,
    /// An `Error` document.
    Xml,
}

/// What a successful answer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Answer {
    /// What was asked for.
    #[default]
    Honest,
    /// Cut in the middle, with a `Content-Length` that agrees.
    Truncated,
    /// A login page with status 200.
    Html,
    /// Well-formed XML with another root.
    OtherRoot,
    /// No byte.
    Empty,
    /// A DTD whose entities grow without bound.
    EntityBomb,
}

/// Character encoding of answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-8 with byte-order mark.
    Utf8Bom,
    /// UTF-16, little end first, with byte-order mark and declaration.
    Utf16,
}

/// Form in which plain days are served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DateForm {
    /// `2026-12-31`
    #[default]
    Day,
    /// `2026-12-31T00:00:00`
    Midnight,
    /// `2026-12-31T00:00:00.0000000`
    Fraction,
    /// `2026-12-31T00:00:00Z`
    Zulu,
    /// `2026-12-31T00:00:00+01:00`, Swedish offset of that day.
    Offset,
}

/// What a listing without members looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EmptyListing {
    /// `<Members/>`
    #[default]
    EmptyElement,
    /// No `Members` element.
    NoElement,
}

/// Language of error texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// Swedish if `Accept-Language` begins with `sv`, else English.
    #[default]
    AsAsked,
    /// English.
    English,
    /// Swedish.
    Swedish,
}

/// Every switch of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// Rights of the account.
    pub rights: Rights,
    /// Zone of `ChangedAt`.
    pub changed_at: ChangedAtZone,
    /// Meaning of `OnlyActive`.
    pub only_active: OnlyActive,
    /// Body of errors.
    pub error_body: ErrorBody,
    /// Every call is answered with this status, 500 say.
    pub broken: Option<u16>,
    /// What a successful answer is.
    pub answer: Answer,
    /// Encoding.
    pub encoding: Encoding,
    /// Lines end in CR LF.
    pub crlf: bool,
    /// The root declares the xsi and xsd namespaces; it does by default.
    pub declarations: bool,
    /// Attributes come in another order for each member.
    pub shuffled: bool,
    /// Attributes and elements that no schema shows.
    pub unknown_parts: bool,
    /// Form of days.
    pub dates: DateForm,
    /// An empty listing.
    pub empty: EmptyListing,
    /// Gzip if the request accepts it.
    pub gzip: bool,
    /// The `Date` header is sent; it is by default.
    pub date_header: bool,
    /// Birth number, address and extra fields are filled in (see [`super::PERSONAL_MARKS`]);
    /// they are by default.
    pub personal_data: bool,
    /// Language of error texts.
    pub language: Language,
    /// Connections stay open between requests.
    pub keep_alive: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            rights: Rights::default(),
            changed_at: ChangedAtZone::default(),
            only_active: OnlyActive::default(),
            error_body: ErrorBody::default(),
            broken: None,
            answer: Answer::default(),
            encoding: Encoding::default(),
            crlf: false,
            declarations: true,
            shuffled: false,
            unknown_parts: false,
            dates: DateForm::default(),
            empty: EmptyListing::default(),
            gzip: false,
            date_header: true,
            personal_data: true,
            language: Language::default(),
            keep_alive: false,
        }
    }
}
