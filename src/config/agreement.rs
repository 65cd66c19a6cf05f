//! What sections must not contradict: one organisation twice, one device twice, roles nobody sells.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::problem::{Origin, Wrong};
use super::section::Section;
use super::{Place, RecipientConfig, SourceConfig, TargetConfig, Vehicles, value};
use crate::model::{Account, RightCode, SourceName, Zone};
use crate::text::suggest::nearest;

/// An organisation as far as it could be read.
pub(super) struct SourceRead<'a> {
    pub section: Section<'a>,
    pub account: Option<Account>,
    /// `None`: every role, or a list that could not be read.
    pub roles: Option<BTreeSet<RightCode>>,
    pub config: Option<SourceConfig>,
}

/// A device as far as it could be read.
pub(super) struct TargetRead<'a> {
    pub section: Section<'a>,
    pub place: Option<Place>,
    pub config: Option<TargetConfig>,
    pub roles: Vec<(Origin, RightCode)>,
    /// The organisations whose members it lets in; none: all of them.
    pub organisations: Vec<(Origin, SourceName)>,
}

/// One organisation read under two names would have every member twice.
pub(super) fn refuse_same_organisation(sources: &[SourceRead<'_>]) {
    let mut seen = BTreeMap::new();
    for SourceRead { section, account, .. } in sources {
        let Some(account) = account else { continue };
        if let Some(first) = seen.insert(&account.id, section.dotted("")) {
            let wrong = Wrong::new(format!("is the organisation of {first} too"));
            section.wrong(account.key, wrong.hint("remove one of the two sections"));
        }
    }
}

/// One device under two names would be planned for twice, and its budgets would count twice.
pub(super) fn refuse_same_place<'a, 's: 'a>(
    places: impl Iterator<Item = (&'a Section<'s>, &'a Option<Place>)>,
) {
    let mut seen = BTreeMap::new();
    for (section, place) in places {
        let Some(place) = place else { continue };
        if let Some(first) = seen.insert(&place.place, section.dotted("")) {
            let wrong = Wrong::new(format!("is the address of {first} too"));
            section.wrong(place.key, wrong.hint("remove one of the two sections"));
        }
    }
}

/// A name stands for one section everywhere, whatever kind of system that is.
pub(super) fn refuse_same_names<'a, 's: 'a>(sections: impl Iterator<Item = &'a Section<'s>>) {
    refuse_taken_names(sections, &[]);
}

/// What vehicles need has names beside all others: commands take a name without saying of which kind it is.
pub(super) fn refuse_taken_names<'a, 's: 'a>(
    sections: impl Iterator<Item = &'a Section<'s>>,
    taken: &[&'a Section<'s>],
) {
    let taken = taken.iter().map(|section| (section.name(), section.dotted("")));
    let mut taken: BTreeMap<&str, String> = taken.collect();
    for section in sections {
        if let Some(first) = taken.insert(section.name(), section.dotted("")) {
            let wrong = Wrong::new(format!("has the same name as {first}"));
            section.wrong_section(wrong.hint("give one of them another name"));
        }
    }
}

/// An agency that nobody could ever be handed over to: no service lists citations, or their plates are forgotten before
/// they are old enough.
pub(super) fn refuse_idle_agencies<'a, 's: 'a>(
    read: impl Iterator<Item = (&'a Section<'s>, &'a Option<RecipientConfig>)>,
    vehicles: &Vehicles,
) {
    for (section, config) in read {
        let Some(agency) = config.as_ref().and_then(|config| config.settings.collection()) else {
            continue;
        };
        if !vehicles.services.iter().any(|service| service.settings.lists_citations()) {
            let wrong = Wrong::new("has nobody to collect from: no service lists citations");
            section.wrong_section(wrong.hint("write violations = [\"*\"] in [ips.street]"));
        }
        if agency.refer_after() >= vehicles.keep_plates {
            let wrong = Wrong::new(
                "is not shorter than keep_plates of [parking]: no plate is known any more by then",
            );
            section.wrong("refer_after", wrong.hint("write keep_plates = \"60d\" under [parking]"));
        }
    }
}

/// A role on a device that no organisation lists opens nothing: most likely a typing error. Can be
/// told only when every organisation lists its roles.
pub(super) fn refuse_idle_roles(sources: &[SourceRead<'_>], devices: &[TargetRead<'_>]) {
    let mut listed: BTreeSet<RightCode> = BTreeSet::new();
    for source in sources {
        let Some(roles) = &source.roles else { return };
        listed.extend(roles.iter().cloned());
    }
    if sources.is_empty() {
        return;
    }
    for TargetRead { section, roles, .. } in devices {
        for (origin, role) in roles.iter().filter(|(_, role)| !listed.contains(role)) {
            let wrong = Wrong::new(format!("holds {role}, which no organisation lists"));
            section.wrong_at("roles", origin, wrong.hint("add it to the roles of an organisation"));
        }
    }
}

/// A device names organisations as their sections do; one that no device lets in is worth a warning, since
/// nothing ever comes of its members.
pub(super) fn refuse_unknown_organisations(sources: &[SourceRead<'_>], devices: &[TargetRead<'_>]) {
    let names = || sources.iter().map(|source| source.section.name());
    for TargetRead { section, organisations, .. } in devices {
        let unknown =
            organisations.iter().filter(|(_, name)| !names().any(|it| it == name.as_str()));
        for (origin, name) in unknown {
            let hint = match nearest(name.as_str(), names()) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => "write what stands behind the dot in the section of an organisation".into(),
            };
            let wrong = Wrong::new(format!("holds {name}, which is no organisation of this file"));
            section.wrong_at("organisations", origin, wrong.hint(hint));
        }
    }
    let lets_in = |device: &TargetRead<'_>, name: &str| {
        device.organisations.is_empty()
            || device.organisations.iter().any(|(_, one)| one.as_str() == name)
    };
    for SourceRead { section, .. } in sources {
        if !devices.is_empty() && !devices.iter().any(|device| lets_in(device, section.name())) {
            let section_name = section.dotted("");
            section.warn(format!(
                "{section_name}: no door names it under `organisations`, so that it opens none."
            ));
        }
    }
}

/// The zone of the top of the file, and whether a section needed it in vain.
pub(super) struct Zones {
    default: Option<Zone>,
    is_missed: Cell<bool>,
}

impl Zones {
    /// Reads the zone that holds for sections without one. There is no default beyond that: in the
    /// zone of the computer a membership could end on another day than the club's.
    pub fn read(top: &Section<'_>) -> Self {
        let zone = top.text("time_zone", value::time_zone);
        // A wrong one is noted; the sections need not complain again.
        let default = if zone.is_absent() { None } else { Some(zone.or(Zone::UTC)) };
        Self { default, is_missed: Cell::new(false) }
    }

    /// The zone that holds for sections without one; UTC where there is none, which is noted if anybody needs it.
    pub fn default(&self) -> Zone {
        self.default.unwrap_or(Zone::UTC)
    }

    /// The zone of a section.
    pub fn zone_of(&self, section: &Section<'_>) -> Zone {
        let zone = section.text("time_zone", value::time_zone);
        if zone.is_absent() && self.default.is_none() {
            self.is_missed.set(true);
        }
        zone.or(self.default())
    }

    /// Notes a zone that is missing.
    pub fn finish(&self, top: &Section<'_>, is_wanted: bool) {
        if self.default.is_none() && (is_wanted || self.is_missed.get()) {
            let hint = "write the zone of the club at the top: time_zone = \"Europe/Ljubljana\"";
            top.wrong("time_zone", Wrong::new("is missing").hint(hint));
        }
    }
}
