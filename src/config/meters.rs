//! Meters: `[parkeon.NAME]` and its kin, whose status comes by events.

use std::time::Duration;

use super::events::{EventsConfig, events};
use super::secret_source::Surroundings;
use super::section::Section;
use super::{MeterKind, Wrong, value};
use crate::model::SourceName;

const HOUR: Duration = Duration::from_secs(3600);

/// A meter that is silent for a month is gone.
const SILENT_DAYS_MAX: u64 = 30;

/// A section of meters.
#[derive(Debug, Clone)]
pub struct MetersConfig {
    pub name: SourceName,
    /// What kind of meters they are.
    pub kind: &'static dyn MeterKind,
    pub events: EventsConfig,
    /// A battery with so many percent, or fewer, is low.
    pub battery_low: u8,
    /// A meter that has said nothing for so long is silent.
    pub silent_after: Duration,
}

/// `[KIND.NAME]` of meters. `None` only together with a noted problem.
pub(super) fn meters(
    kind: &'static dyn MeterKind,
    section: &Section<'_>,
    surroundings: &Surroundings<'_>,
) -> Option<MetersConfig> {
    let name = section.settle_name(SourceName::new(section.name()));
    let battery_low = section.integer("battery_low", |percent| match u8::try_from(percent) {
        Ok(percent @ 0..=100) => Ok(percent),
        _ => Err(Wrong::new("is not between 0 and 100 percent")),
    });
    let battery_low = battery_low.or(20);
    let silent_after = section.text("silent_after", |text| value::interval(text, SILENT_DAYS_MAX));
    let silent_after = silent_after.or(2 * HOUR);
    let is_given = section.section("events").is_given();
    let events = events(section, surroundings);
    if !is_given {
        let wrong = Wrong::new("is missing: nothing else tells of these meters");
        let hint = format!("write [{}]", section.dotted("events"));
        section.section("events").wrong_section(wrong.hint(hint));
    }
    section.finish();
    Some(MetersConfig { name: name?, kind, events: events?, battery_low, silent_after })
}
