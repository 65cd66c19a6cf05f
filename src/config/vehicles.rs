//! Vehicles: `[parking]`, `[zone.NAME]`, `[rights-file.NAME]` and services of rights.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::agreement::Zones;
use super::events::EventsConfig;
use super::load::absolute;
use super::meters::{MetersConfig, are_more_than_tariffs, meters, tariffs};
use super::parking_zone::zone;
use super::permit_list::{PermitListConfig, permit_list};
use super::problem::{Origin, Wrong};
use super::rights_service::{RightsServiceConfig, rights_service};
use super::secret_source::Surroundings;
use super::section::{Section, text};
use super::{Config, Kinds, MeterKind, RecipientConfig, RightsKind, RightsSettings, value};
use crate::files::is_same;
use crate::model::{
    Country, ParkingZoneName, ParkingZones, PlateRules, SourceName, Zone, ZoneProblem,
};
use crate::ports::EventReader;
use crate::text::hex::hex;
use crate::text::suggest::nearest;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A file that nobody could look at for a month says nothing of today.
const FRESH_FOR_DAYS_MAX: u64 = 30;

/// A plate that is not needed any more is personal data without a purpose.
const KEEP_PLATES_DAYS_MAX: u64 = 400;

/// `[parking]`, and all zones and sources of rights.
#[derive(Debug, Clone)]
pub struct Vehicles {
    /// Whose regions may stand alone as issuers of plates.
    pub country: Option<Country>,
    /// How texts become plates.
    pub plates: PlateRules,
    /// How long a row is kept after its right ended.
    pub keep_plates: Duration,
    pub zones: ParkingZones,
    /// What people call a zone beside its name.
    pub titles: BTreeMap<ParkingZoneName, String>,
    /// The rights-files, sorted by name.
    pub files: Vec<RightsFileConfig>,
    /// The services of rights, sorted by name.
    pub services: Vec<RightsServiceConfig>,
    /// The lists of permits, sorted by name.
    pub lists: Vec<PermitListConfig>,
    /// The meters, sorted by name.
    pub meters: Vec<MetersConfig>,
}

/// Who may tell by itself what has happened.
#[derive(Debug, Clone, Copy)]
pub struct EventSender<'a> {
    pub name: &'a SourceName,
    pub events: &'a EventsConfig,
    pub reader: &'static dyn EventReader,
    /// Of a service of rights.
    pub settings: Option<&'a dyn RightsSettings>,
}

/// `[rights-file.NAME]`.
#[derive(Debug, Clone)]
pub struct RightsFileConfig {
    pub name: SourceName,
    /// Spreadsheets, read one after the other; each gives rights of its own.
    pub files: Vec<PathBuf>,
    /// How long after its last reading nobody needs to doubt that a right is in it.
    pub fresh_for: Duration,
    /// The zone that dates without an offset are in.
    pub time_zone: Zone,
}

impl Default for Vehicles {
    fn default() -> Self {
        Self {
            country: None,
            plates: PlateRules::default(),
            keep_plates: 7 * DAY,
            zones: ParkingZones::default(),
            titles: BTreeMap::new(),
            files: Vec::new(),
            services: Vec::new(),
            lists: Vec::new(),
            meters: Vec::new(),
        }
    }
}

impl Vehicles {
    /// Whether anything is asked about vehicles here.
    #[must_use]
    pub fn are_there(&self) -> bool {
        !self.files.is_empty() || !self.services.is_empty()
    }

    /// The sections that rights come from.
    pub fn sources(&self) -> impl Iterator<Item = &SourceName> {
        let files = self.files.iter().map(|file| &file.name);
        files.chain(self.services.iter().map(|service| &service.name))
    }

    /// Everybody who may send events.
    pub fn event_senders(&self) -> impl Iterator<Item = EventSender<'_>> {
        let services = self.services.iter().filter_map(|service| {
            let (events, reader) = service.events.as_ref().zip(service.kind.events())?;
            let settings = Some(&*service.settings);
            Some(EventSender { name: &service.name, events, reader, settings })
        });
        let meters = self.meters.iter().map(|meters| {
            let MetersConfig { name, events, kind, .. } = meters;
            EventSender { name, events, reader: kind.events(), settings: None }
        });
        services.chain(meters)
    }

    /// A digest of everything here that decides what the rows of a file say: rows that were read under another
    /// one may say something else by now.
    #[must_use]
    pub fn sense_of(&self, file: &RightsFileConfig) -> String {
        let Self { country, plates, zones, .. } = self;
        let names = zones.names_of(&file.name);
        let version = env!("CARGO_PKG_VERSION");
        let all = format!("{version} {country:?} {plates:?} {names:?} {:?}", file.time_zone);
        hex(&Sha256::digest(all.as_bytes()))
    }

    /// The same of a service of rights.
    #[must_use]
    pub fn sense_of_service(&self, service: &RightsServiceConfig) -> String {
        let Self { country, plates, zones, .. } = self;
        let names = zones.names_of(&service.name);
        let version = env!("CARGO_PKG_VERSION");
        let own = service.settings.sense();
        let all =
            format!("{version} {country:?} {plates:?} {names:?} {} {own}", service.kind.name());
        hex(&Sha256::digest(all.as_bytes()))
    }

    /// A digest of everything here that decides which plates a link file names.
    #[must_use]
    pub fn sense_of_plates(&self) -> String {
        let Self { country, plates, .. } = self;
        let all = format!("{} {country:?} {plates:?}", env!("CARGO_PKG_VERSION"));
        hex(&Sha256::digest(all.as_bytes()))
    }

    /// A plate whose right ended before this is not kept any more.
    #[must_use]
    pub fn kept_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let kept = TimeDelta::from_std(self.keep_plates).unwrap_or(TimeDelta::MAX);
        now.checked_sub_signed(kept).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Every file of every section.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().flat_map(|one| &one.files)
    }
}

/// Which of the groups of sections there are.
pub(super) struct VehicleSections<'a> {
    parking: Section<'a>,
    zones: Vec<Section<'a>>,
    files: Vec<Section<'a>>,
    services: Vec<(&'static dyn RightsKind, Section<'a>)>,
    lists: Vec<Section<'a>>,
    meters: Vec<(&'static dyn MeterKind, Section<'a>)>,
    are_zones_given: bool,
    are_lists_given: bool,
    /// There is a section of rights, right or wrong.
    pub are_rights_given: bool,
}

impl<'a> VehicleSections<'a> {
    pub fn find(top: &Section<'a>, kinds: &Kinds) -> Self {
        let parking = top.section("parking");
        let (zones, are_zones_given) = top.named("zone", "A1");
        let (files, are_files_given) = top.named("rights-file", "exempt");
        let (lists, are_lists_given) = top.named("permit-list", "patrol");
        let (mut services, mut are_rights_given) = (Vec::new(), are_files_given);
        for kind in kinds.rights {
            let (sections, is_given) = top.named(kind.name(), "street");
            services.extend(sections.into_iter().map(|section| (*kind, section)));
            are_rights_given |= is_given;
        }
        services.sort_by(|(_, one), (_, other)| one.name().cmp(other.name()));
        let mut meters = Vec::new();
        for kind in kinds.meters {
            let (sections, _) = top.named(kind.name(), "meters");
            meters.extend(sections.into_iter().map(|section| (*kind, section)));
        }
        Self {
            parking,
            zones,
            files,
            services,
            lists,
            meters,
            are_zones_given,
            are_rights_given,
            are_lists_given,
        }
    }

    /// Everything that has a name of its own.
    pub fn named(&self) -> impl Iterator<Item = &Section<'a>> {
        let services = self.services.iter().map(|(_, section)| section);
        let meters = self.meters.iter().map(|(_, section)| section);
        self.files.iter().chain(services).chain(meters).chain(&self.zones).chain(&self.lists)
    }

    /// Reads those of the meters that take tariffs, before the rest of them is read.
    pub fn recipients(
        &self,
        time_zones: &Zones,
        surroundings: &Surroundings<'_>,
    ) -> Vec<Option<RecipientConfig>> {
        let meters = self.meters.iter();
        let read = |(kind, section): &(_, _)| tariffs(*kind, section, time_zones, surroundings);
        meters.filter_map(read).collect()
    }

    /// Reads all of them. `None` only together with a noted problem.
    pub fn read(
        &self,
        top: &Section<'a>,
        time_zones: &Zones,
        surroundings: &Surroundings<'_>,
        are_gates_given: bool,
    ) -> Option<Vehicles> {
        let folder = surroundings.folder;
        let (country, plates, keep_plates) = parking(&self.parking);
        let files: Vec<_> =
            self.files.iter().map(|section| rights_file(section, time_zones, folder)).collect();
        refuse_same_files(self.files.iter().zip(&files));
        let services: Vec<_> = self
            .services
            .iter()
            .map(|(kind, section)| rights_service(*kind, section, surroundings))
            .collect();
        let meters: Vec<_> = self
            .meters
            .iter()
            .filter(|(kind, section)| are_more_than_tariffs(*kind, section))
            .map(|(kind, section)| meters(*kind, section, surroundings))
            .collect();
        let services_named = self.services.iter().map(|(_, section)| section);
        let named = self.files.iter().chain(services_named);
        let names: BTreeSet<SourceName> =
            named.filter_map(|one| SourceName::new(one.name()).ok()).collect();
        let zones: Vec<_> = self.zones.iter().map(|section| zone(section, &names)).collect();
        // Plates of members are read out of link files, and need no zone.
        let is_about_cars = self.are_zones_given
            || self.parking.is_given() && !are_gates_given
            || self.are_lists_given;
        if is_about_cars && !self.are_rights_given {
            let wrong = Wrong::new("is missing: there is nothing to read rights from");
            top.section("rights-file").wrong_section(wrong.hint("write [rights-file.exempt]"));
            return None;
        }
        if self.are_rights_given && !self.are_zones_given {
            let wrong = Wrong::new("is missing: there is no zone that a right could be for");
            top.section("zone").wrong_section(wrong.hint("write [zone.A1]"));
        }
        let titles = zones
            .iter()
            .flatten()
            .filter_map(|(zone, title)| title.clone().map(|title| (zone.name.clone(), title)));
        let titles = titles.collect();
        let definitions: Vec<_> = zones.iter().flatten().map(|(zone, _)| zone.clone()).collect();
        if definitions.len() < self.zones.len() {
            // One that is not known would be missed by others.
            return None;
        }
        let zones = match ParkingZones::new(&definitions, &names) {
            Ok(zones) => zones,
            Err(problems) => {
                for problem in problems {
                    self.note(top, &problem, &names);
                }
                return None;
            }
        };
        let lists: Vec<_> = self
            .lists
            .iter()
            .map(|section| permit_list(section, &zones, time_zones, surroundings))
            .collect();
        refuse_same_lists(self.lists.iter().zip(&lists));
        let files = files.into_iter().collect::<Option<_>>()?;
        let mut services = services.into_iter().collect::<Option<Vec<_>>>()?;
        for service in &mut services {
            let names = zones.names_of(&service.name).into_iter();
            service.zones = names.map(|(name, _)| name.clone()).collect();
        }
        let lists = lists.into_iter().collect::<Option<_>>()?;
        let meters = meters.into_iter().collect::<Option<_>>()?;
        let plates = plates?;
        Some(Vehicles {
            country,
            plates,
            keep_plates,
            zones,
            titles,
            files,
            services,
            lists,
            meters,
        })
    }

    /// No list of permits is written over what a run reads, nor over one of its pages.
    pub fn refuse_own_files(&self, config: &Config) {
        let pages = [config.report.html.as_deref(), config.report.prometheus.as_deref()];
        for list in &config.vehicles.lists {
            let mut sections = self.lists.iter();
            let Some(section) = sections.find(|one| one.name() == list.name.as_str()) else {
                continue;
            };
            let page = pages.iter().flatten().find(|page| is_same(page, &list.file));
            let page = page.map(|page| format!("the same file as {} of [report]", page.display()));
            if let Some(own) = config.read_file_at(&list.file).or(page) {
                let wrong = Wrong::new(format!("is {own}"));
                section.wrong("file", wrong.hint("name a file of its own"));
            }
        }
    }

    /// Notes what is wrong with zones as a set, at the key that says so.
    fn note(&self, top: &Section<'_>, problem: &ZoneProblem, sources: &BTreeSet<SourceName>) {
        let unknown = |names: &mut dyn Iterator<Item = &str>, wanted: &str, what: &str| {
            let hint = match nearest(wanted, names) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!("write what stands behind the dot in {what}"),
            };
            Wrong::new(format!("holds {wanted}, which is none of this file")).hint(hint)
        };
        let (zone, key, wrong) = match problem {
            ZoneProblem::CoversUnknown { zone, unknown: wanted } => {
                let mut names = self.zones.iter().map(Section::name);
                (zone, "covers", unknown(&mut names, wanted.as_str(), "the section of a zone"))
            }
            ZoneProblem::UnknownSource { zone, unknown: wanted } => {
                let mut names = sources.iter().map(SourceName::as_str);
                let wrong = unknown(&mut names, wanted.as_str(), "the section of a rights-file");
                let is_needed = self.section(zone).is_some_and(|section| {
                    let needed = section.in_file("needs").and_then(|v| v.get_ref().as_array());
                    let mut needed = needed.into_iter().flat_map(|items| items.iter());
                    needed.any(|item| item.get_ref().as_str() == Some(wanted.as_str()))
                });
                (zone, if is_needed { "needs" } else { "names" }, wrong)
            }
            ZoneProblem::Circle(zones) => {
                let Some(first) = zones.first() else { return };
                let wrong = Wrong::new(problem.to_string());
                (first, "covers", wrong.hint("take one of them out: they would all be one zone"))
            }
            ZoneProblem::NeedsNobody(zone) => {
                let wrong =
                    Wrong::new("is empty, so that nobody could be told that there is no right");
                (zone, "needs", wrong.hint("leave the key out to mean every rights-file"))
            }
            ZoneProblem::SameName { other, .. } => {
                let wrong = Wrong::new(problem.to_string());
                (other, "names", wrong.hint("a name of a source stands for one zone"))
            }
            ZoneProblem::Twice(_) | ZoneProblem::TooMany => {
                top.section("zone").wrong_section(Wrong::new(problem.to_string()));
                return;
            }
        };
        if let Some(section) = self.section(zone) {
            section.wrong(key, wrong);
        }
    }

    fn section(&self, zone: &ParkingZoneName) -> Option<&Section<'a>> {
        self.zones.iter().find(|section| section.name() == zone.as_str())
    }
}

/// `[parking]`.
fn parking(section: &Section<'_>) -> (Option<Country>, Option<PlateRules>, Duration) {
    let country = section.text("country", |text| {
        Country::from_code(text).ok_or_else(|| {
            Wrong::new("is no country").hint("write its two letters, for example \"US\" or \"SI\"")
        })
    });
    let country = country.optional();
    let keep_plates = section.text("keep_plates", |text| {
        let kept = value::interval(text, KEEP_PLATES_DAYS_MAX)?;
        let is_a_day = kept >= DAY;
        let wrong =
            || Wrong::new(format!("is not between 24 hours and {KEEP_PLATES_DAYS_MAX} days"));
        if is_a_day { Ok(kept) } else { Err(wrong()) }
    });
    let keep_plates = keep_plates.or(Vehicles::default().keep_plates);
    let no_plates = section.list("no_plates", |item| text(item).map(str::to_owned));
    let is_list_wrong = no_plates.is_none() && section.in_file("no_plates").is_some();
    let no_plates = no_plates.unwrap_or_default();
    section.refuse_repeats("no_plates", &no_plates);
    let plates = PlateRules::new(country, no_plates.iter().map(|(_, text)| text.as_str()));
    section.finish();
    let plates = match plates {
        Ok(plates) => Some(plates).filter(|_| !is_list_wrong),
        Err((place, refusal)) => {
            let origin = no_plates.get(place).map_or(&Origin::Nowhere, |(origin, _)| origin);
            let wrong = Wrong::new(format!("holds a text that {refusal}"));
            let hint = "take it out: it is never taken for a plate as it is";
            section.wrong_at("no_plates", origin, wrong.hint(hint));
            None
        }
    };
    (country, plates, keep_plates)
}

/// `[rights-file.NAME]`.
fn rights_file(
    section: &Section<'_>,
    time_zones: &Zones,
    folder: &Path,
) -> Option<RightsFileConfig> {
    let name = section.settle_name(SourceName::new(section.name()));
    let files =
        section.list("files", |item| value::path(text(item)?).map(|path| absolute(folder, &path)));
    if section.in_file("files").is_none() {
        section.wrong("files", Wrong::new("is missing").hint("write files = [\"exempt.xlsx\"]"));
    } else if files.as_ref().is_some_and(Vec::is_empty) {
        section.wrong("files", Wrong::new("is empty, so that there would be no rights"));
    }
    section.refuse_repeats("files", files.as_deref().unwrap_or_default());
    let fresh_for =
        section.text("fresh_for", |text| value::interval(text, FRESH_FOR_DAYS_MAX)).or(HOUR);
    let time_zone = time_zones.zone_of(section);
    section.finish();
    let files = files?.into_iter().map(|(_, file)| file).collect();
    Some(RightsFileConfig { name: name?, files, fresh_for, time_zone })
}

/// A file under two names would give every right twice, and only one of them could be asked for.
fn refuse_same_files<'a, 's: 'a>(
    sections: impl Iterator<Item = (&'a Section<'s>, &'a Option<RightsFileConfig>)>,
) {
    let mut seen: BTreeMap<&Path, String> = BTreeMap::new();
    for (section, config) in sections {
        for file in config.iter().flat_map(|config| &config.files) {
            match seen.get(file.as_path()) {
                Some(first) if *first != section.dotted("") => {
                    let wrong = Wrong::new(format!("holds a file of {first} too"));
                    section.wrong("files", wrong.hint("name it in one of the two sections"));
                }
                _ => drop(seen.insert(file, section.dotted(""))),
            }
        }
    }
}

/// Two lists in one file would be written over each other in every run.
fn refuse_same_lists<'a, 's: 'a>(
    sections: impl Iterator<Item = (&'a Section<'s>, &'a Option<PermitListConfig>)>,
) {
    let mut seen: Vec<(&Path, String)> = Vec::new();
    for (section, config) in sections {
        let Some(config) = config else { continue };
        match seen.iter().find(|(path, _)| is_same(path, &config.file)) {
            Some((_, first)) => {
                let wrong = Wrong::new(format!("is the file of {first} too"));
                section.wrong("file", wrong.hint("name a file of its own"));
            }
            None => seen.push((&config.file, section.dotted(""))),
        }
    }
}
