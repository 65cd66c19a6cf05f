//! What the program may rely on: the configuration, checked and resolved.
//!
//! Layers, weakest first: defaults, the TOML file, environment variables `IVMS_SYNC__…`, flags. This is
//! the only part that reads the environment.
//!
//! [`find()`] names the file and [`load()`] makes a [`Config`] of it. On the way: `load` (bytes to TOML),
//! `schema` (the keys), `section` (asking a table for keys), `overrides` (variables in their place),
//! `value` and `address` (pure readers of text), `secret_source` (passwords), `agreement` (what
//! sections must not contradict), `problem` (everything wrong, said at once). Nothing here ever
//! quotes a value of the file in a message.

pub mod address;
mod agreement;
mod connection;
mod environment;
mod events;
mod find;
pub mod first;
mod gates;
mod inputs;
mod kind;
mod load;
mod meters;
mod notify;
mod oauth_keys;
mod overrides;
mod parking_zone;
mod permit_list;
mod problem;
mod recipient;
mod rights_service;
mod schema;
mod seal;
mod secret;
mod secret_source;
mod section;
mod spool;
#[cfg(test)]
mod tests;
pub mod value;
mod vehicles;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::command::Invocation;
use crate::files::Rights;
use crate::model::{
    Account, Accounts, HolderNumber, RecordId, RightCode, SourceName, TargetName, Zone,
};
use crate::text::lists::either;
use crate::text::words::words;

pub use environment::Environment;
pub use events::{EventScheme, EventsConfig, standard_key};
pub use find::{FILE_NAME, are_several, find, several};
pub use gates::GateConfig;
pub use kind::{
    Common, GateKind, GateParts, GateSettings, Kinds, Login, MeterKind, Nouns, Place,
    RecipientKind, RecipientSettings, RightsKind, RightsSettings, SourceKind, SourceParts,
    SourceSettings, TargetKind, TargetParts, TargetSettings, Wiring,
};
pub use load::{draft, load, load_for};
pub use meters::MetersConfig;
pub use permit_list::{ListFormat, PermitListConfig};
pub use problem::{ConfigError, Problem, Wrong};
pub use recipient::{RecipientCommon, RecipientConfig, SendMode};
pub use rights_service::RightsServiceConfig;
pub use secret::{Passwords, Secret};
pub use spool::{AmountUnit, BankColumns, BankConfig, Books, FileFormat, SettlementConfig, Spool};
pub use vehicles::{EventSender, RightsFileConfig, Vehicles};

pub use crate::model::LinkRule;
pub use crate::net::tls::Tls;

/// What connectors read their sections with.
pub mod reading {
    pub use super::connection::examine_certificate;
    pub use super::first::{FirstKey, Form};
    pub use super::load::absolute;
    pub use super::problem::{Origin, Wrong};
    pub use super::secret_source::{Surroundings, fits_a_file};
    pub use super::section::{Section, integer, text};
    pub use super::{address, value};
    pub use toml::de::DeValue;
}

/// Everything that was configured, with every default filled in and every path absolute.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// Whose configuration it is, for whoever looks after several.
    pub club: Option<String>,
    /// How commands that are suggested are to be typed.
    pub invocation: Invocation,
    /// The SQLite state file.
    pub state: PathBuf,
    /// The zone of every section without its own.
    pub time_zone: Zone,
    /// The name of this computer, where the environment has it.
    pub computer: Option<String>,
    /// The Cardskipper organisations, sorted by name.
    pub sources: Vec<SourceConfig>,
    /// The Hikvision devices, sorted by name.
    pub devices: Vec<TargetConfig>,
    /// What opens for cars, sorted by name.
    pub gates: Vec<GateConfig>,
    /// How members are linked to persons.
    pub link: LinkConfig,
    /// What becomes of members in special states.
    pub policy: Policy,
    pub guard: Guard,
    pub notify: Notify,
    /// Files that every `sync` writes.
    pub report: ReportFiles,
    /// Who may park where, by which files.
    pub vehicles: Vehicles,
    /// Who takes documents, sorted by name.
    pub recipients: Vec<RecipientConfig>,
    /// What books are read from.
    pub books: Books,
    /// Files that passwords were read from.
    pub secret_files: Vec<PathBuf>,
    /// Advice that is no error: plain `http`, a literal password, a file that others can read.
    /// Full sentences, without secrets; said by `check` and on a terminal.
    pub warnings: Vec<String>,
}

impl Config {
    /// What the systems are called that rights come from: "Cardskipper".
    #[must_use]
    pub fn systems(&self) -> String {
        either(self.sources.iter().map(SourceConfig::system))
    }

    /// The zone in which people are told times that belong to no door: the first door's, else that
    /// of the first gate or rights-file, else the one at the top.
    #[must_use]
    pub fn zone_of_people(&self) -> Zone {
        let door = self.devices.first().map(|device| device.time_zone);
        let gate = || self.gates.first().map(|gate| gate.time_zone);
        let file = || self.vehicles.files.first().map(|file| file.time_zone);
        door.or_else(gate).or_else(file).unwrap_or(self.time_zone)
    }

    /// What is read under each name.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        let account = |one: &SourceConfig| (one.name.clone(), one.account.id.clone());
        self.sources.iter().map(account).collect()
    }
}

/// A section of a source: `[cardskipper.NAME]`.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    pub name: SourceName,
    /// What kind of system it is.
    pub kind: &'static dyn SourceKind,
    /// How to connect to it.
    pub settings: Arc<dyn SourceSettings>,
    pub account: Account,
    /// Roles that open doors; `None`: every role.
    pub roles: Option<BTreeSet<RightCode>>,
    /// A complete listing at least this often.
    pub full_every: Duration,
    /// A member that must be in every complete listing.
    pub sentinel: Option<HolderNumber>,
    /// The zone of the section.
    pub time_zone: Zone,
}

/// A section of a target: `[hikvision.NAME]`.
#[derive(Debug, Clone)]
pub struct TargetConfig {
    pub name: TargetName,
    /// What kind of system it is.
    pub kind: &'static dyn TargetKind,
    /// How to connect to it.
    pub settings: Arc<dyn TargetSettings>,
    /// Who logs in there.
    pub login: Login,
    /// What may be written.
    pub mode: Mode,
    /// Narrower than the organisation's roles; `None`: the same.
    pub roles: Option<BTreeSet<RightCode>>,
    /// The organisations whose members it lets in; `None`: all of them.
    pub organisations: Option<BTreeSet<SourceName>>,
    pub protect: BTreeSet<RecordId>,
    /// The whole person list is compared at least this often.
    pub audit_every: Duration,
    /// The zone the device's wall clock runs in.
    pub time_zone: Zone,
}

/// Whom a conversation is with: what is remembered of it, and how times are told of it.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'a> {
    pub name: &'a TargetName,
    /// Who logs in there.
    pub login: &'a Login,
    pub time_zone: Zone,
}

impl SourceConfig {
    /// What its system is called: "Cardskipper".
    #[must_use]
    pub fn system(&self) -> &'static str {
        self.kind.nouns().system
    }

    /// Its section in the configuration: `cardskipper.club`.
    #[must_use]
    pub fn section(&self) -> String {
        format!("{}.{}", self.kind.name(), self.name)
    }
}

impl TargetConfig {
    #[must_use]
    pub fn peer(&self) -> Peer<'_> {
        Peer { name: &self.name, login: &self.login, time_zone: self.time_zone }
    }

    /// Whether members of an organisation are let in.
    #[must_use]
    pub fn lets_in(&self, source: &SourceName) -> bool {
        self.organisations.as_ref().is_none_or(|names| names.contains(source))
    }

    /// Its section in the configuration: `hikvision.front-door`.
    #[must_use]
    pub fn section(&self) -> String {
        format!("{}.{}", self.kind.name(), self.name)
    }
}

words! {
    /// What may be written to a device.
    pub enum Mode {
        Observe = "observe",
        /// Only changes that start or lengthen access.
        GrantOnly = "grant-only",
        Full = "full",
    }
}

/// `[link]`.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// Spreadsheets or CSV files that hold a person id and an e-mail.
    pub files: Vec<PathBuf>,
    /// The rules in the order they are tried.
    pub by: Vec<LinkRule>,
}

/// `[policy]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Days the door still opens after the paid time.
    pub grace_days: u32,
    /// What an inactive member's window becomes.
    pub inactive: Ending,
    /// What becomes of a member no longer listed.
    pub vanished: Ending,
}

/// Whether a state of the member ends access before the paid date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    End,
    /// Keep it until the paid date.
    Keep,
}

/// `[guard]`: how much one tick or one day may change before a person must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// A complete listing may be smaller than the last by this share (or by 2 members).
    pub source_shrink: Percent,
    /// Revocations per device and tick; 2 are always allowed.
    pub revoke_per_tick: Percent,
    /// Revocations per device and rolling 24 hours; 5 are always allowed.
    pub revoke_per_day: Percent,
    /// Opened doors per device and tick; 20 are always allowed.
    pub grant_per_tick: Percent,
}

impl Guard {
    /// So many of `whole` may be lost at once before whoever says so is not believed: up to
    /// `source_shrink`, and two, however few there are.
    #[must_use]
    pub fn losses_allowed(self, whole: usize) -> usize {
        self.source_shrink.share_of(whole).max(2)
    }
}

/// A share in whole per cent, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u8);

impl Percent {
    /// Takes 0 to 100.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if value <= 100 { Some(Self(value)) } else { None }
    }

    /// The share of `whole`, rounded down.
    #[must_use]
    pub fn share_of(self, whole: usize) -> usize {
        whole.saturating_mul(usize::from(self.0)) / 100
    }

    /// The number before the per cent sign.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// `[report]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiles {
    /// The page of `status --html`.
    pub html: Option<PathBuf>,
    /// The metrics of `status --prometheus`.
    pub prometheus: Option<PathBuf>,
    /// Who may read both.
    pub rights: Rights,
}

/// `[notify]`.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    /// `[notify.email]`.
    pub email: Option<NotifyEmail>,
    /// `[notify.webhook]`.
    pub webhook: Option<NotifyWebhook>,
    /// Called at `/start` and at `/EXITCODE`.
    pub heartbeat: Option<Url>,
}

/// `[notify.email]`.
#[derive(Debug, Clone)]
pub struct NotifyEmail {
    /// `smtp://` or `smtps://`, a host, perhaps a port.
    pub smtp: Url,
    /// How the way to the mail server is protected.
    pub tls: MailTls,
    /// Login name, where the mail server wants one.
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub from: String,
    /// The receivers, at least one.
    pub to: Vec<String>,
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte: `smtps://`.
    FromTheStart,
    /// `STARTTLS` before anything else; a server without it gets nothing.
    StartTls,
    /// Not at all: asked for, or the mail server is this computer.
    Off,
}

/// `[notify.webhook]`.
#[derive(Debug, Clone)]
pub struct NotifyWebhook {
    /// Where messages are posted; may hold a secret of its own, so only its host is ever shown.
    pub url: Url,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
}
