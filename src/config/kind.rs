//! Kinds of systems: what a connector tells the configuration of itself.
//!
//! The common keys of a section are read here; what is the connector's own, it reads itself and keeps to
//! itself: the engine only ever asks it to connect.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use toml::de::DeValue;
use url::Url;

use super::Secret;
use super::first::FirstKey;
use super::problem::Wrong;
use super::recipient::RecipientCommon;
use super::secret_source::Surroundings;
use super::section::Section;
use crate::document::JsonError;
use crate::model::{
    Account, DocumentKind, Memory, Money, ParkingZoneName, RightCode, SourceName, TargetName, Zone,
};
use crate::net::requests::RequestCount;
use crate::ports::progress::Progress;
use crate::ports::{
    Capabilities, Collection, DayBooks, Document, EventReader, Failure, Gate, Recipient, Remark,
    RightsService, Source, Target,
};

/// Every kind of system that a configuration may name.
#[derive(Debug, Clone, Copy)]
pub struct Kinds {
    /// Where rights come from.
    pub sources: &'static [&'static dyn SourceKind],
    /// Where they go to.
    pub targets: &'static [&'static dyn TargetKind],
    /// What opens for cars.
    pub gates: &'static [&'static dyn GateKind],
    /// Where rights to park come from.
    pub rights: &'static [&'static dyn RightsKind],
    /// What stands at the kerb and takes money.
    pub meters: &'static [&'static dyn MeterKind],
    /// Who takes documents.
    pub recipients: &'static [&'static dyn RecipientKind],
}

/// What a connection is given by the run.
#[derive(Debug)]
pub struct Wiring {
    /// Who watches long readings.
    pub progress: Arc<dyn Progress>,
    pub count: RequestCount,
}

/// What is shared by all keys of a section.
#[derive(Debug, Clone)]
pub struct Common<N> {
    /// The section's name; `None` when it is none, which is noted already.
    pub name: Option<N>,
    /// The zone of the section.
    pub time_zone: Zone,
}

/// What a connector calls things, in the words of its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nouns {
    pub system: &'static str,
    /// One section of it: "organisation", "door".
    pub one: &'static str,
    pub many: &'static str,
    /// What the number of a version is a version of: "firmware".
    pub version: &'static str,
    /// What tells one from another: "serial number".
    pub identity: &'static str,
}

impl Nouns {
    /// So many of these.
    #[must_use]
    pub fn count(self, count: usize) -> String {
        let noun = if count == 1 { self.one } else { self.many };
        format!("{count} {noun}")
    }
}

/// A kind of source: `[NAME.…]` in the configuration.
pub trait SourceKind: Debug + Sync {
    /// The word in front of the dot: `cardskipper`.
    fn name(&self) -> &'static str;

    /// What it calls things.
    fn nouns(&self) -> Nouns;

    /// Reads one entry of `roles` the way its system spells what a right is for.
    ///
    /// # Errors
    /// What is wrong with it.
    fn right_code(&self, entry: &DeValue<'_>) -> Result<RightCode, Wrong>;

    /// The keys that `init` asks for, in this order; empty where it makes no section of this kind.
    fn first(&self) -> &'static [FirstKey] {
        &[]
    }

    /// Reads its own keys, and notes every problem.
    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<SourceName>,
        surroundings: &Surroundings<'_>,
    ) -> SourceParts;
}

/// A kind of target: `[NAME.…]` in the configuration.
pub trait TargetKind: Debug + Sync {
    /// The word in front of the dot: `hikvision`.
    fn name(&self) -> &'static str;

    /// What it calls things.
    fn nouns(&self) -> Nouns;

    /// What each of them can hold and how it is asked.
    fn capabilities(&self) -> Capabilities;

    /// The keys that `init` asks for, in this order; empty where it makes no section of this kind.
    fn first(&self) -> &'static [FirstKey] {
        &[]
    }

    /// Reads its own keys, and notes every problem.
    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<TargetName>,
        surroundings: &Surroundings<'_>,
    ) -> TargetParts;
}

/// A kind of gate: `[NAME.…]` in the configuration.
pub trait GateKind: Debug + Sync {
    /// The word in front of the dot: `hikvision-anpr`.
    fn name(&self) -> &'static str;

    /// What it calls things.
    fn nouns(&self) -> Nouns;

    /// Reads its own keys, and notes every problem.
    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<TargetName>,
        surroundings: &Surroundings<'_>,
    ) -> GateParts;
}

/// A kind of service of parking rights: `[NAME.…]` in the configuration.
pub trait RightsKind: Debug + Sync {
    /// The word in front of the dot: `ips`.
    fn name(&self) -> &'static str;

    /// How its events are read, where it tells of anything by itself.
    fn events(&self) -> Option<&'static dyn EventReader> {
        None
    }

    /// Reads its own keys, and notes every problem. `None` only together with a noted problem.
    fn read(
        &self,
        section: &Section<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RightsSettings>>;
}

/// A kind of meters: `[NAME.…]` in the configuration.
pub trait MeterKind: Debug + Sync {
    /// The word in front of the dot: `parkeon`.
    fn name(&self) -> &'static str;

    /// How their events are read.
    fn events(&self) -> &'static dyn EventReader;

    /// How they take tariffs, where they take any.
    fn tariffs(&self) -> Option<&'static dyn RecipientKind> {
        None
    }
}

/// A kind of system that takes documents: `[NAME.…]` in the configuration.
pub trait RecipientKind: Debug + Sync {
    /// The word in front of the dot: `teller`.
    fn name(&self) -> &'static str;

    /// Whether citations may be handed over there, which is the only thing that leaves by itself.
    fn collects(&self) -> bool {
        false
    }

    /// Whether it sends files of what it pays out, which a section `settlement` tells of.
    fn settles(&self) -> bool {
        false
    }

    /// Reads its own keys, and notes every problem. `None` only together with a noted problem.
    fn read(
        &self,
        section: &Section<'_>,
        common: &RecipientCommon<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RecipientSettings>>;
}

/// How to connect to a system that takes documents.
pub trait RecipientSettings: Any + Debug + Send + Sync {
    /// Reads a document that is to be sent, at this instant. Pure.
    ///
    /// # Errors
    /// [`JsonError`] with the place of what is not acceptable.
    fn document(&self, bytes: &[u8], now: DateTime<Utc>) -> Result<Document, JsonError>;

    /// The most money that one document of this kind may move before a person must approve it; `None`: any.
    fn limit(&self, kind: DocumentKind) -> Option<&Money> {
        let _ = kind;
        None
    }

    /// Why documents of this kind are not sent there, as the configuration has it.
    fn declines(&self, kind: DocumentKind) -> Option<&'static str> {
        let _ = kind;
        None
    }

    /// Whether it can be asked for payments.
    fn has_payments(&self) -> bool {
        false
    }

    /// From the begin of a day of its reports until just before its end; `None` where it takes none, or there is no
    /// such day.
    fn report_day(&self, day: NaiveDate) -> Option<Range<DateTime<Utc>>> {
        let _ = day;
        None
    }

    /// Writes the report of a day, which [`RecipientSettings::document`] then judges; `None` as above.
    fn report(&self, books: &DayBooks) -> Option<Vec<u8>> {
        let _ = books;
        None
    }

    /// How citations are handed over there; `None` where none are.
    fn collection(&self) -> Option<&dyn Collection> {
        None
    }

    /// Prepares to ask; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable.
    fn connect(&self, wiring: Wiring) -> Result<Box<dyn Recipient>, Failure>;

    /// What `check` tells of the way there beside the system itself.
    fn examine(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// How to connect to a service of parking rights.
pub trait RightsSettings: Any + Debug + Send + Sync {
    /// Its parts, each of which is listed by itself: "sessions", "permits".
    fn parts(&self) -> &'static [&'static str];

    /// Whether it can be asked for what has changed, so that all of it is listed once in a while.
    fn lists_changes(&self) -> bool;

    /// Prepares to ask, also about single zones by the names that it has for them; nothing is sent yet. A listing may
    /// take so long with all its pages.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable, or there is nothing to ask for.
    fn connect(
        &self,
        wiring: Wiring,
        zones: &[ParkingZoneName],
        list_within: Duration,
    ) -> Result<Box<dyn RightsService>, Failure>;

    /// Whether its citations are to be listed.
    fn lists_citations(&self) -> bool {
        false
    }

    /// Whether a right answers citations of this type.
    fn judges(&self, kind: Option<&RightCode>) -> bool {
        let _ = kind;
        true
    }

    /// All of it that decides what its rights say: what was read under another one may say something else.
    fn sense(&self) -> String;

    /// What `check` tells of the way there beside the service itself.
    fn examine(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// What a connector read of a section of a gate; `None` together with a noted problem.
#[derive(Debug)]
pub struct GateParts {
    pub settings: Option<Arc<dyn GateSettings>>,
    /// Who logs in: a changed login is tried at once after refusals.
    pub login: Option<Login>,
    /// Where it is: two sections that lead to one list would write over each other.
    pub place: Option<Place>,
}

/// What a connector read of a section of a source; `None` together with a noted problem.
#[derive(Debug)]
pub struct SourceParts {
    pub settings: Option<Arc<dyn SourceSettings>>,
    /// What it reads: two sections of one account would have every holder twice.
    pub account: Option<Account>,
}

/// What a connector read of a section of a target; `None` together with a noted problem.
#[derive(Debug)]
pub struct TargetParts {
    pub settings: Option<Arc<dyn TargetSettings>>,
    /// Who logs in: a changed login is tried at once after refusals.
    pub login: Option<Login>,
    /// Where it is: two sections that lead to one target would be planned for twice.
    pub place: Option<Place>,
}

/// Where a target is, in a form that is the same for the same place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The key that says so.
    pub key: &'static str,
    pub place: String,
}

impl Place {
    /// The place that an address leads to, whatever follows the host and port.
    #[must_use]
    pub fn of_url(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        Self { key: "url", place: format!("{}://{host}:{port}", url.scheme()) }
    }
}

/// A name and a secret.
#[derive(Debug, Clone)]
pub struct Login {
    /// The name, which is no secret.
    pub name: String,
    /// The password, or whatever takes its place.
    pub secret: Secret,
}

/// How to connect to a source.
pub trait SourceSettings: Any + Debug + Send + Sync {
    /// Prepares to ask; nothing is sent yet.
    fn connect(&self, wiring: Wiring) -> Box<dyn Source>;
}

/// How to connect to a gate.
pub trait GateSettings: Any + Debug + Send + Sync {
    /// Prepares a connection, with what is remembered of the gate; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable.
    fn connect(&self, wiring: Wiring, memory: &Memory) -> Result<Box<dyn Gate>, Failure>;

    /// What `check` tells of the way there beside the gate itself: its certificate, above all. May ask the
    /// network, and never logs in.
    fn examine(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// How to connect to a target.
pub trait TargetSettings: Any + Debug + Send + Sync {
    /// Prepares a connection, with what is remembered of the target; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable.
    fn connect(&self, wiring: Wiring, memory: &Memory) -> Result<Box<dyn Target>, Failure>;

    /// The SHA-256 of the certificate that it shows over `https`, in hexadecimal. Asks the network, and never
    /// logs in.
    fn certificate(&self) -> Option<String> {
        None
    }

    /// What `check` tells of the way there beside the target itself: its certificate, above all. May ask the
    /// network, and never logs in.
    fn examine(&self) -> Vec<Remark> {
        Vec::new()
    }
}
