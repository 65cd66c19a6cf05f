//! Systems that take documents: `[teller.NAME]` and its kin, as far as all kinds have the same keys.

use std::sync::Arc;
use std::time::Duration;

use super::agreement::Zones;
use super::problem::Wrong;
use super::secret_source::Surroundings;
use super::section::Section;
use super::spool::{self, SettlementConfig};
use super::{RecipientKind, RecipientSettings, value};
use crate::model::{Currency, SourceName, Zone};
use crate::text::words::words;

const HOUR: Duration = Duration::from_secs(3600);

/// Keys live 30 days at the most generous of services.
const KEY_LIVES_DAYS_MAX: u64 = 30;

words! {
    /// What may be sent to a system that takes documents.
    pub enum SendMode {
        /// Nothing: it is asked, and what would be sent is shown.
        Observe = "observe",
        /// What a person has `apply` send, and nothing else.
        Review = "review",
        /// Whatever is to be handed over to an agency, and taken back from it, by every run.
        Full = "full",
    }
}

/// A section of a system that takes documents.
#[derive(Debug, Clone)]
pub struct RecipientConfig {
    pub name: SourceName,
    /// What kind of system it is.
    pub kind: &'static dyn RecipientKind,
    /// How to connect to it.
    pub settings: Arc<dyn RecipientSettings>,
    pub mode: SendMode,
    /// The currency of all money there.
    pub currency: Currency,
    /// How long a document that is sent once more under its key has no second effect there.
    pub key_lives: Duration,
}

impl RecipientConfig {
    /// Its section in the configuration: `teller.cashier`.
    #[must_use]
    pub fn section(&self) -> String {
        format!("{}.{}", self.kind.name(), self.name)
    }
}

/// What is shared by all keys of a section.
pub struct RecipientCommon<'a> {
    pub currency: &'a Currency,
    zones: &'a Zones,
}

impl RecipientCommon<'_> {
    /// The zone whose days its reports are of: the section's own, or that of the file.
    pub fn time_zone(&self, section: &Section<'_>) -> Zone {
        self.zones.zone_of(section)
    }
}

/// `[KIND.NAME]` of a system that takes documents, and where its settlements arrive. No section only together with a
/// noted problem.
pub(super) fn recipient(
    kind: &'static dyn RecipientKind,
    section: &Section<'_>,
    zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> (Option<RecipientConfig>, Option<SettlementConfig>) {
    let name = section.settle_name(SourceName::new(section.name()));
    let read = keys(kind, section, name, zones, surroundings);
    section.finish();
    read
}

/// The keys of a section that may have others.
pub(super) fn keys(
    kind: &'static dyn RecipientKind,
    section: &Section<'_>,
    name: Option<SourceName>,
    zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> (Option<RecipientConfig>, Option<SettlementConfig>) {
    let currency = section.text("currency", |text| {
        Currency::new(text).map_err(|error| Wrong::new(error.to_string()).hint("write \"USD\""))
    });
    let currency = currency.required();
    let modes = SendMode::ALL.map(|mode| (mode.as_str(), mode));
    let mode = section.text("mode", |text| match value::word(text, &modes)? {
        SendMode::Full if !kind.collects() => {
            let wrong = Wrong::new("is for agencies alone: nothing else is ever sent by itself");
            Err(wrong.hint("write \"review\" or \"observe\""))
        }
        mode => Ok(mode),
    });
    let mode = mode.or(SendMode::Review);
    let key_lives = section.text("key_lives", |text| value::interval(text, KEY_LIVES_DAYS_MAX));
    let key_lives = key_lives.or(20 * HOUR);
    let settlement = kind
        .settles()
        .then(|| spool::settlement(section, currency.as_ref(), zones, surroundings.folder));
    // The other keys are looked at even where there is no currency, so that all problems are noted.
    let any = Currency::new("USD").ok();
    let settings = currency.as_ref().or(any.as_ref()).and_then(|currency| {
        kind.read(section, &RecipientCommon { currency, zones }, surroundings)
    });
    let config = (|| {
        Some(RecipientConfig {
            name: name?,
            kind,
            settings: settings?,
            mode,
            currency: currency?,
            key_lives,
        })
    })();
    (config, settlement.flatten())
}
