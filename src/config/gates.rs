//! Gates: `[hikvision-anpr.NAME]` and its kin, as far as all kinds have the same keys.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use toml::de::DeValue;

use super::agreement::{SourceRead, Zones};
use super::problem::{Origin, Wrong};
use super::schema::{AUDIT_EVERY_DAYS_MAX, HOUR, is_empty_list, roles, without_origins};
use super::secret_source::Surroundings;
use super::section::{Section, text};
use super::{
    Common, Config, GateKind, GateParts, GateSettings, Login, Mode, Peer, Place, SourceKind,
    Vehicles, value,
};
use crate::model::{ParkingZoneName, Plate, PlateRules, RightCode, SourceName, TargetName, Zone};
use crate::text::hex::hex;
use crate::text::suggest::nearest;

/// A section of a gate.
#[derive(Debug, Clone)]
pub struct GateConfig {
    pub name: TargetName,
    /// What kind of gate it is.
    pub kind: &'static dyn GateKind,
    /// How to connect to it.
    pub settings: Arc<dyn GateSettings>,
    /// Who logs in there.
    pub login: Login,
    /// What may be written.
    pub mode: Mode,
    /// Parking zones whose cars it opens for.
    pub zones: BTreeSet<ParkingZoneName>,
    /// Organisations whose members' cars it opens for.
    pub members: BTreeSet<SourceName>,
    /// Narrower than the organisation's roles; `None`: the same.
    pub roles: Option<BTreeSet<RightCode>>,
    /// Plates whose rows are never touched.
    pub protect: BTreeSet<Plate>,
    /// The whole list is compared at least this often.
    pub audit_every: Duration,
    /// The zone the gate's wall clock runs in.
    pub time_zone: Zone,
}

impl GateConfig {
    #[must_use]
    pub fn peer(&self) -> Peer<'_> {
        Peer { name: &self.name, login: &self.login, time_zone: self.time_zone }
    }

    /// Its section in the configuration: `hikvision-anpr.gate`.
    #[must_use]
    pub fn section(&self) -> String {
        format!("{}.{}", self.kind.name(), self.name)
    }

    /// A digest of all in the configuration that decides which cars it opens for: where that has changed,
    /// whoever loses access may lose it by that and not by a source.
    #[must_use]
    pub fn sense(&self, config: &Config) -> String {
        let Vehicles { country, plates, zones, .. } = &config.vehicles;
        let opening = config.sources.iter().filter(|source| self.members.contains(&source.name));
        let opening: Vec<_> = opening.map(|source| (&source.name, &source.roles)).collect();
        let all = format!(
            "{:?} {:?} {:?} {:?} {:?} {opening:?} {:?} {country:?} {plates:?} {zones:?} {:?}",
            self.mode,
            self.zones,
            self.members,
            self.roles,
            self.time_zone,
            config.policy,
            config.link.files
        );
        hex(&Sha256::digest(all.as_bytes()))
    }

    /// Whether it may be written to at all.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.mode != Mode::Observe
    }
}

impl Config {
    /// Whether some gate opens for members' cars, so that their plates are read out of link files.
    #[must_use]
    pub fn reads_member_plates(&self) -> bool {
        self.gates.iter().any(|gate| !gate.members.is_empty())
    }
}

/// A gate as far as it could be read.
pub(super) struct GateRead<'a> {
    pub section: Section<'a>,
    pub place: Option<Place>,
    pub config: Option<GateConfig>,
    zones: Vec<(Origin, ParkingZoneName)>,
    members: Vec<(Origin, SourceName)>,
    protect: Vec<(Origin, String)>,
}

/// `[KIND.NAME]` of a gate.
pub(super) fn gate<'a>(
    kind: &'static dyn GateKind,
    source_kinds: &[&dyn SourceKind],
    section: Section<'a>,
    time_zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> GateRead<'a> {
    let name = section.settle_name(TargetName::new(section.name()));
    let common = Common { name: name.clone(), time_zone: time_zones.zone_of(&section) };
    let GateParts { settings, login, place } = kind.read(&section, &common, surroundings);
    let mode = section.text("mode", value::mode).or(Mode::Full);
    let roles = roles(&section, source_kinds);
    let zones = section.list("zones", |item| value::id(ParkingZoneName::new(text(item)?)));
    let members = section.list("members", |item| value::id(SourceName::new(text(item)?)));
    let protect = section.list("protect", |item: &DeValue<'_>| Ok(text(item)?.to_owned()));
    section.refuse_repeats("zones", zones.as_deref().unwrap_or_default());
    section.refuse_repeats("members", members.as_deref().unwrap_or_default());
    section.refuse_repeats("protect", protect.as_deref().unwrap_or_default());
    if section.in_file("zones").is_none() && section.in_file("members").is_none() {
        let wrong = Wrong::new("is missing: the gate would open for nobody");
        let hint = "write members = [\"club\"] for the cars of members, or zones = [\"A1\"] for \
                    those with a right in a parking zone";
        section.wrong("members", wrong.hint(hint));
    }
    for key in ["zones", "members"] {
        if is_empty_list(&section, key) {
            let wrong = Wrong::new("is empty, so that it means nobody");
            section.wrong(key, wrong.hint("leave the key out"));
        }
    }
    let audit_every =
        section.text("audit_every", |text| value::interval(text, AUDIT_EVERY_DAYS_MAX)).or(HOUR);
    section.finish();
    let config = (|| {
        Some(GateConfig {
            name: name?,
            kind,
            settings: settings?,
            login: login?,
            mode,
            zones: zones.clone().map(without_origins).unwrap_or_default(),
            members: members.clone().map(without_origins).unwrap_or_default(),
            roles: roles.map(without_origins),
            protect: BTreeSet::new(),
            audit_every,
            time_zone: common.time_zone,
        })
    })();
    GateRead {
        section,
        place,
        config,
        zones: zones.unwrap_or_default(),
        members: members.unwrap_or_default(),
        protect: protect.unwrap_or_default(),
    }
}

/// What gates name must be there: zones, organisations and plates. Gives the gates where all of it is.
pub(super) fn settle(
    gates: Vec<GateRead<'_>>,
    sources: &[SourceRead<'_>],
    vehicles: Option<&Vehicles>,
) -> Vec<GateConfig> {
    let names = || sources.iter().map(|source| source.section.name());
    let mut settled = Vec::with_capacity(gates.len());
    for gate in gates {
        let GateRead { section, config, zones, members, protect, .. } = gate;
        for (origin, name) in
            members.iter().filter(|(_, name)| !names().any(|it| it == name.as_str()))
        {
            let wrong = Wrong::new(format!("holds {name}, which is no organisation of this file"));
            let hint = meant(name.as_str(), names(), "the section of an organisation");
            section.wrong_at("members", origin, wrong.hint(hint));
        }
        let Some(vehicles) = vehicles else { continue };
        let known = || vehicles.zones.iter().map(|zone| zone.name().as_str());
        for (origin, zone) in zones.iter().filter(|(_, zone)| vehicles.zones.named(zone).is_none())
        {
            let wrong = Wrong::new(format!("holds {zone}, which is none of this file"));
            let hint = meant(zone.as_str(), known(), "the section of a zone");
            section.wrong_at("zones", origin, wrong.hint(hint));
        }
        let protect = protected(&section, &vehicles.plates, &protect);
        settled.extend(config.map(|config| GateConfig { protect, ..config }));
    }
    settled
}

fn meant<'n>(wanted: &str, names: impl Iterator<Item = &'n str>, what: &str) -> String {
    match nearest(wanted, names) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("write what stands behind the dot in {what}"),
    }
}

fn protected(
    section: &Section<'_>,
    rules: &PlateRules,
    protect: &[(Origin, String)],
) -> BTreeSet<Plate> {
    let mut plates = BTreeSet::new();
    for (origin, text) in protect {
        match rules.read_spelled(text) {
            Ok(plate) => drop(plates.insert(plate)),
            Err(refusal) => {
                section.wrong_at(
                    "protect",
                    origin,
                    Wrong::new(format!("holds a plate that {refusal}")),
                );
            }
        }
    }
    plates
}
