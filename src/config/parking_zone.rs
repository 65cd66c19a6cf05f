//! `[zone.NAME]`: a parking zone, what it covers and needs, and what sources call it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::de::DeValue;

use super::problem::{Origin, Wrong};
use super::section::{Raw, Section, text};
use super::value;
use crate::model::{ParkingZoneName, SourceName, ZoneDefinition};

/// Nobody waits for more than a day with a ticket.
const GRACE_DAYS_MAX: u64 = 1;

/// `[zone.NAME]`: the zone, and what people call it.
pub(super) fn zone(
    section: &Section<'_>,
    sources: &BTreeSet<SourceName>,
) -> Option<(ZoneDefinition, Option<String>)> {
    let name = section.settle_name(ParkingZoneName::new(section.name()));
    let title = section.text("name", value::club).optional();
    let covers = section.list("covers", |item| value::id(ParkingZoneName::new(text(item)?)));
    section.refuse_repeats("covers", covers.as_deref().unwrap_or_default());
    let is_covers_wrong = covers.is_none() && section.in_file("covers").is_some();
    let needs = section.list("needs", |item| value::id(SourceName::new(text(item)?)));
    section.refuse_repeats("needs", needs.as_deref().unwrap_or_default());
    let are_needs_wrong = needs.is_none() && section.in_file("needs").is_some();
    let needs = match needs {
        Some(needs) => needs.into_iter().map(|(_, name)| name).collect(),
        None => sources.clone(),
    };
    let grace = section.text("grace", |text| value::interval(text, GRACE_DAYS_MAX));
    let grace = grace.or(Duration::ZERO);
    let names = names(section);
    section.finish();
    if is_covers_wrong || are_needs_wrong {
        return None;
    }
    let covers = covers.unwrap_or_default().into_iter().map(|(_, zone)| zone).collect();
    Some((ZoneDefinition { name: name?, covers, needs, grace, names: names? }, title))
}

/// `names = { street = ["A1"] }`.
fn names(section: &Section<'_>) -> Option<BTreeMap<SourceName, Vec<ParkingZoneName>>> {
    if let Some(found) = section.find("names")
        && matches!(found.raw, Raw::Variable(_))
    {
        let wrong = Wrong::new("holds lists, which a variable cannot replace");
        section.wrong_at("names", &found.origin, wrong.hint("change it in the file"));
    }
    let group = section.section("names");
    let mut all = Some(BTreeMap::new());
    for (source, origin, value) in group.entries() {
        let name = value::id(SourceName::new(source));
        let name = group.settle(source, &origin, name);
        let list = match value {
            DeValue::Array(items) => {
                let read = items.iter().map(|item| {
                    let name =
                        text(item.get_ref()).and_then(|text| value::id(ParkingZoneName::new(text)));
                    group.settle(source, &Origin::Offset(item.span().start), name)
                });
                read.collect::<Option<Vec<_>>>()
            }
            _ => {
                let wrong = Wrong::new("is no list in brackets");
                group.wrong_at(source, &origin, wrong.hint("write names = { exempt = [\"1\"] }"));
                None
            }
        };
        match (name, list) {
            (Some(name), Some(list)) => {
                all = all.map(|mut all| {
                    all.insert(name, list);
                    all
                });
            }
            _ => all = None,
        }
    }
    all
}
