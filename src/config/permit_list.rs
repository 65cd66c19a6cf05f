//! `[permit-list.NAME]`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::agreement::Zones;
use super::load::absolute;
use super::problem::Wrong;
use super::secret_source::Surroundings;
use super::section::{Section, text};
use super::value;
use super::{Mode, Vehicles};
use crate::files::Rights;
use crate::files::seal::SealKey;
use crate::model::{ParkingZoneName, ParkingZones, TargetName, Zone};
use crate::text::hex::hex;
use crate::text::suggest::nearest;
use crate::text::words::words;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Two weeks: a right without an end is written until then, and every day moves that on.
const AHEAD: Duration = Duration::from_secs(14 * 24 * 3600);

const AHEAD_DAYS_MAX: u64 = 400;

/// The owner writes, and the group reads: whoever patrols is another user than the one who writes.
const LIST_MODE: u32 = 0o640;

words! {
    /// How a list of permits is written.
    pub enum ListFormat {
        /// Comma-separated, with a window for each row.
        Csv = "csv",
        /// The six columns that Genetec's Pay-by-Plate Sync reads.
        Genetec = "genetec",
    }
}

/// `[permit-list.NAME]`: a file that says which car may stand where, for whoever cannot ask.
#[derive(Debug, Clone)]
pub struct PermitListConfig {
    pub name: TargetName,
    pub file: PathBuf,
    pub format: ListFormat,
    /// The zones whose cars are on it, by the alphabet.
    pub zones: BTreeSet<ParkingZoneName>,
    /// A right that begins later is not on it yet, and one that ends later, or never, is on it until then.
    pub ahead: Duration,
    /// [`Mode::Full`] or [`Mode::Observe`].
    pub mode: Mode,
    /// The zone of dates in formats that have no offset.
    pub time_zone: Zone,
    /// Who may read it.
    pub rights: Rights,
    /// Whose keys open it; none where it is not sealed.
    pub sealed_for: Vec<SealKey>,
}

impl PermitListConfig {
    /// A digest of all that decides what the list holds, but the rights.
    #[must_use]
    pub fn sense(&self, vehicles: &Vehicles) -> String {
        let Self { file, format, zones, ahead, time_zone, sealed_for, .. } = self;
        let version = env!("CARGO_PKG_VERSION");
        let all = format!(
            "{version} {file:?} {format:?} {zones:?} {ahead:?} {time_zone:?} {sealed_for:?} {:?}",
            vehicles.zones
        );
        hex(&Sha256::digest(all.as_bytes()))
    }
}

/// Reads a section. `None` only together with a noted problem.
pub(super) fn permit_list(
    section: &Section<'_>,
    zones: &ParkingZones,
    time_zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> Option<PermitListConfig> {
    let name = section.settle_name(TargetName::new(section.name()));
    let file = section.text("file", value::path).required();
    let file = file.map(|path| absolute(surroundings.folder, &path));
    let formats = ListFormat::ALL.map(|format| (format.as_str(), format));
    let format = section.text("format", |text| value::word(text, &formats)).or(ListFormat::Csv);
    let named = section.list("zones", |item| value::id(ParkingZoneName::new(text(item)?)));
    section.refuse_repeats("zones", named.as_deref().unwrap_or_default());
    let are_zones_wrong = named.is_none() && section.in_file("zones").is_some();
    let mut wanted = BTreeSet::new();
    for (origin, zone) in named.iter().flatten() {
        if zones.named(zone).is_none() {
            let wrong = Wrong::new(format!("holds {zone}, which is none of this file"));
            let names = zones.iter().map(|zone| zone.name().as_str());
            let hint = match nearest(zone.as_str(), names) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => "write what stands behind the dot in the section of a zone".to_owned(),
            };
            section.wrong_at("zones", origin, wrong.hint(hint));
        }
        wanted.insert(zone.clone());
    }
    match &named {
        None => wanted.extend(zones.iter().map(|zone| zone.name().clone())),
        Some(named) if named.is_empty() => {
            let wrong = Wrong::new("is empty, so that no car would be on the list");
            section.wrong("zones", wrong.hint("leave the key out to mean every zone"));
        }
        Some(_) => {}
    }
    let ahead = section.text("ahead", |text| {
        let ahead = value::interval(text, AHEAD_DAYS_MAX)?;
        let wrong = || Wrong::new(format!("is not between a day and {AHEAD_DAYS_MAX} days"));
        if ahead >= DAY { Ok(ahead) } else { Err(wrong()) }
    });
    let ahead = ahead.or(AHEAD);
    let mode = section.text("mode", |text| match value::mode(text)? {
        Mode::GrantOnly => Err(Wrong::new("cannot be \"grant-only\": a list is written whole")
            .hint("write \"full\" or \"observe\"")),
        mode => Ok(mode),
    });
    let mode = mode.or(Mode::Full);
    let rights = Rights {
        mode: section.text("file_mode", value::file_mode).or(LIST_MODE),
        group: section.text("group", value::not_empty).optional(),
    };
    let time_zone = time_zones.zone_of(section);
    let sealed_for = section.sealed_for(file.as_deref(), surroundings);
    section.finish();
    if are_zones_wrong {
        return None;
    }
    Some(PermitListConfig {
        name: name?,
        file: file?,
        format,
        zones: wanted,
        ahead,
        mode,
        time_zone,
        rights,
        sealed_for,
    })
}
