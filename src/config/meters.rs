//! Meters: `[parkeon.NAME]` and its kin, whose status comes by events, and who may take tariffs.

use std::time::Duration;

use super::agreement::Zones;
use super::events::{EventsConfig, events};
use super::secret_source::Surroundings;
use super::section::Section;
use super::{MeterKind, RecipientConfig, Wrong, recipient, value};
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

/// The keys of `[KIND.NAME]` by which meters take tariffs; nothing where there is no address that they could be sent
/// to. Of meters whose events nobody wants these are all keys.
pub(super) fn tariffs(
    kind: &'static dyn MeterKind,
    section: &Section<'_>,
    zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> Option<Option<RecipientConfig>> {
    let kind = kind.tariffs()?;
    section.find("url")?;
    let name = SourceName::new(section.name());
    if tell_something(section) {
        // What is wrong with the name is noted with the events.
        return Some(recipient::keys(kind, section, name.ok(), zones, surroundings).0);
    }
    Some(recipient::recipient(kind, section, zones, surroundings).0)
}

/// Whether events of these meters are wanted.
fn tell_something(section: &Section<'_>) -> bool {
    section.section("events").is_given()
}

/// Whether there is anything to read of these meters beside what [`tariffs`] reads.
pub(super) fn are_more_than_tariffs(kind: &'static dyn MeterKind, section: &Section<'_>) -> bool {
    tell_something(section) || kind.tariffs().is_none() || section.find("url").is_none()
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
    let events = events(section, surroundings);
    if !tell_something(section) {
        let wrong = Wrong::new("is missing: nothing else tells of these meters");
        let hint = format!("write [{}]", section.dotted("events"));
        section.section("events").wrong_section(wrong.hint(hint));
    }
    section.finish();
    Some(MetersConfig { name: name?, kind, events: events?, battery_low, silent_after })
}
