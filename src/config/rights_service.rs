//! Services of parking rights: `[ips.NAME]` and its kin, as far as all kinds have the same keys.

use std::sync::Arc;
use std::time::Duration;

use super::events::{EventsConfig, events};
use super::problem::Wrong;
use super::secret_source::Surroundings;
use super::section::Section;
use super::{RightsKind, RightsSettings, value};
use crate::model::{ParkingZoneName, SourceName};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Sessions are sold and stopped by the minute: nobody goes by what was known a day ago.
const FRESH_FOR_DAYS_MAX: u64 = 1;

/// Whoever lists all rights only once a month finds a forgotten deletion a month late.
const FULL_EVERY_DAYS_MAX: u64 = 30;

/// Some registers take seconds for a page of a thousand.
const LIST_WITHIN_MAX: Duration = Duration::from_secs(600);

/// A section of a service of rights.
#[derive(Debug, Clone)]
pub struct RightsServiceConfig {
    pub name: SourceName,
    /// What kind of service it is.
    pub kind: &'static dyn RightsKind,
    /// How to connect to it.
    pub settings: Arc<dyn RightsSettings>,
    /// What it calls the zones, each name once.
    pub zones: Vec<ParkingZoneName>,
    /// How long after its last reading nobody needs to doubt that a right is in it.
    pub fresh_for: Duration,
    /// All rights are listed at least this often.
    pub full_every: Duration,
    /// A listing may take so long with all its pages.
    pub list_within: Duration,
    /// How its events are proven, where it sends any.
    pub events: Option<EventsConfig>,
}

impl RightsServiceConfig {
    /// Its section in the configuration: `ips.street`.
    #[must_use]
    pub fn section(&self) -> String {
        format!("{}.{}", self.kind.name(), self.name)
    }

    /// How long all of its listings may take: each part one after the other, and its citations.
    #[must_use]
    pub fn listed_within(&self) -> Duration {
        let parts = self.settings.parts().len() + usize::from(self.settings.lists_citations());
        self.list_within.saturating_mul(u32::try_from(parts).unwrap_or(u32::MAX))
    }
}

/// `[KIND.NAME]` of a service. `None` only together with a noted problem.
pub(super) fn rights_service(
    kind: &'static dyn RightsKind,
    section: &Section<'_>,
    surroundings: &Surroundings<'_>,
) -> Option<RightsServiceConfig> {
    let name = section.settle_name(SourceName::new(section.name()));
    let settings = kind.read(section, surroundings);
    let fresh_for =
        section.text("fresh_for", |text| value::interval(text, FRESH_FOR_DAYS_MAX)).or(15 * MINUTE);
    let full_every = match settings.as_ref().is_none_or(|settings| settings.lists_changes()) {
        true => {
            section.text("full_every", |text| value::interval(text, FULL_EVERY_DAYS_MAX)).or(DAY)
        }
        false => DAY,
    };
    let list_within = section.text("list_within", |text| {
        let within = value::interval(text, 1)?;
        let hint = "write up to \"10m\"; a run holds up the next one for as long";
        if within <= LIST_WITHIN_MAX {
            Ok(within)
        } else {
            Err(Wrong::new("is too long").hint(hint))
        }
    });
    let list_within = list_within.or(MINUTE);
    let events = kind.events().and_then(|_| events(section, surroundings));
    section.finish();
    // The zones are read after it.
    let zones = Vec::new();
    let settings = settings?;
    Some(RightsServiceConfig {
        name: name?,
        kind,
        settings,
        zones,
        fresh_for,
        full_every,
        list_within,
        events,
    })
}
