//! Where rights to park come from: spreadsheets that say which car may stand where, and until when, and services
//! that list sessions and permits.
//!
//! [`look`] reads what changed on the disk, [`Looked::record`] keeps it, and [`Known`] is what one plate is judged
//! by. A file that cannot be read, or that looks cut off, or in which many running rights are missing, teaches
//! nothing and removes nothing: what was known of it stays, and is not fresh any more when `fresh_for` is over.
//! So a broken export never says that somebody has no right.
//!
//! The plates of members, which link files name, are looked at in the same way; see [`members`].
//!
//! No plate is in any message: a row is told by its file and its line.

mod error;
mod file;
mod heading;
mod known;
pub mod members;
mod rows;
mod services;
mod taken_apart;
#[cfg(test)]
mod tests;
mod when;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::is_future;
use crate::config::{Config, RightsFileConfig};
use crate::engine::Systems;
use crate::engine::link::file::{Doubt, FileProblem, Sheet};
use crate::model::{Plate, RightsRowReason, SourceName};
use crate::store::{InsteadOf, RightsPart, RightsPartRead, Store, StoreError};
use crate::text::lists::many;
use crate::trouble::{About, Failed, Trouble, TroubleKind};

use error::{is_lasting, remedy};
use file::{Before, File, Found, by_reason, plates_gone, say};
pub use known::{Known, OfId, OfPlate};
use rows::{RightsLayout, RightsRows};

/// How closely to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Closely {
    /// Read every file, also one that stands as it stood.
    pub is_full: bool,
    /// How many rights a file may have shrunk to: `--accept-shrink`.
    pub accept_shrink: Option<usize>,
}

/// What was seen of all rights-files.
#[derive(Debug, Default)]
pub struct Looked {
    /// Files with other content than before, or read by another configuration.
    fresh: Vec<RightsPartRead>,
    /// Files that hold what is known of them, with how they stand on the disk.
    same: Vec<(RightsPart, Option<String>)>,
    /// Parts that no section names any more.
    gone: Vec<RightsPart>,
    /// SHA-256 of content that looks cut off, or nothing where a file does not look so any more.
    doubts: Vec<(SourceName, std::path::PathBuf, Option<String>)>,
    /// Rows of rights that ended before this are forgotten.
    kept_since: DateTime<Utc>,
    /// The parts that have such, and whose clock nobody doubts.
    forgetful: Vec<RightsPart>,
    now: DateTime<Utc>,
    /// Citations are held against what is known.
    are_judged: bool,
    pub troubles: Vec<Trouble>,
    /// What each section has now.
    pub sections: Vec<SectionSeen>,
}

/// What is known of a section after a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionSeen {
    pub name: SourceName,
    /// What kind of source it is: `rights-file`, `ips`.
    pub kind: &'static str,
    /// Rows that give a right.
    pub rights: u64,
    /// Rows that give none.
    pub left_out: u64,
    /// Every file of it was read.
    pub is_whole: bool,
    /// When all of it was last known to be so; nothing where some file was never read.
    pub as_of: Option<DateTime<Utc>>,
    /// Nobody needs to doubt it yet.
    pub is_fresh: bool,
    /// The paths of its files; what a service calls its parts.
    pub files: Vec<String>,
}

/// Looks at every rights-file, reads those that changed, and asks every service.
///
/// # Errors
/// [`StoreError`]; whatever is wrong with a file is in the troubles.
pub fn look(
    systems: &dyn Systems,
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
    closely: Closely,
) -> Result<Looked, StoreError> {
    let vehicles = &config.vehicles;
    let kept_since = vehicles.kept_since(now);
    let are_judged = vehicles.services.iter().any(|one| one.settings.lists_citations());
    let mut looked = Looked { kept_since, now, are_judged, ..Looked::default() };
    let known = store.rights().files()?;
    for section in &vehicles.files {
        let mut seen = SectionSeen {
            name: section.name.clone(),
            kind: "rights-file",
            rights: 0,
            left_out: 0,
            is_whole: true,
            as_of: Some(now),
            is_fresh: true,
            files: section.files.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        };
        for path in &section.files {
            let before = known.iter().find(|file| file.is(&section.name, path));
            let one = OneFile { config, store, section, path, before, now, closely };
            one.look(&mut looked, &mut seen)?;
        }
        let kept = TimeDelta::from_std(section.fresh_for).unwrap_or(TimeDelta::MAX);
        seen.is_fresh = seen.as_of.is_some_and(|at| now.signed_duration_since(at) < kept);
        looked.sections.push(seen);
    }
    services::look(systems, config, store, (&known, now, closely), &mut looked)?;
    let is_named = |part: &&RightsPart| {
        let mut sections = vehicles.files.iter();
        sections.any(|one| one.files.iter().any(|path| part.is(&one.name, path)))
            || vehicles.services.iter().any(|one| {
                let mut parts = one.settings.parts().iter();
                parts.any(|name| part.is(&one.name, Path::new(name)))
            })
    };
    looked.gone = known.iter().filter(|part| !is_named(part)).cloned().collect();
    looked.sections.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(looked)
}

/// One file in its turn.
struct OneFile<'a> {
    config: &'a Config,
    store: &'a Store,
    section: &'a RightsFileConfig,
    path: &'a Path,
    before: Option<&'a RightsPart>,
    now: DateTime<Utc>,
    closely: Closely,
}

impl OneFile<'_> {
    fn look(&self, looked: &mut Looked, seen: &mut SectionSeen) -> Result<(), StoreError> {
        let Self { config, section, path, before, now, .. } = *self;
        let sense = config.vehicles.sense_of(section);
        if let Some(before) = before {
            looked.forget_of(self.store, before)?;
        }
        // Read by a clock that was ahead, it may have lost what has not ended: it is read again.
        let known = before.filter(|known| !is_future(known.as_of, now)).map(|known| Before {
            sha256: &known.sha256,
            sense: &known.sense,
            stamp: known.stamp.as_ref(),
        });
        let is_full = self.closely.is_full;
        let file = File { path, before: known, sense: &sense, now, is_full };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let layout = RightsLayout::new(&config.vehicles, section, &name);
        let found = file.look(&layout, |sheet| self.doubt(sheet))?;
        let doubted = match &found {
            Found::Doubted(sheet, Doubt::NoLineEnd) => Some(sheet.sha256.clone()),
            _ => None,
        };
        if !matches!(found, Found::Stands(_) | Found::Unread(_)) {
            looked.doubts.push((section.name.clone(), path.to_owned(), doubted));
        }
        let (sheet, stamp) = match found {
            Found::Stands(stamp) | Found::Same(stamp) => {
                return before.map_or(Ok(()), |before| self.keep(before, stamp, looked, seen));
            }
            Found::Unread(problem) => {
                self.refuse(&problem, None, looked, seen);
                return Ok(());
            }
            Found::Doubted(sheet, doubt) => {
                let rows = sheet.rows.rows.len();
                let shrank_to = matches!(doubt, Doubt::RowsGone { .. }).then_some(rows);
                self.refuse(&FileProblem::LooksCutOff(doubt), shrank_to, looked, seen);
                return Ok(());
            }
            Found::Other(sheet, stamp) => (sheet, stamp),
        };
        say(path, &sheet, (sheet.rows.rows.len(), "right"), sheet.rows.left_out.len());
        let Sheet { rows: RightsRows { rows, left_out, .. }, sha256, .. } = sheet;
        let reasons = by_reason(left_out.iter().map(|row| (row.reason, row.line)));
        looked.troubles.extend(self.told(&reasons));
        seen.rights += rows.len() as u64;
        seen.left_out += left_out.len() as u64;
        looked.fresh.push(RightsPartRead {
            source: section.name.clone(),
            path: path.to_owned(),
            sha256,
            sense,
            stamp,
            rights: rows.len() as u64,
            left_out_rows: left_out.len() as u64,
            rows,
            left_out,
            since: None,
            whole_at: None,
            as_of: self.now,
            instead_of: InsteadOf::Everything,
        });
        Ok(())
    }

    /// The file holds what is known of it.
    fn keep(
        &self,
        before: &RightsPart,
        stamp: Option<String>,
        looked: &mut Looked,
        seen: &mut SectionSeen,
    ) -> Result<(), StoreError> {
        if before.left_out > 0 {
            let rows = self.store.rights().left_out_of(before)?;
            looked.troubles.extend(self.told(&by_reason(rows)));
        }
        seen.rights += before.rights;
        seen.left_out += before.left_out;
        looked.same.push((before.seen_at(self.now), stamp));
        Ok(())
    }

    /// The file teaches nothing; what is known of it stays as it is.
    fn refuse(
        &self,
        problem: &FileProblem,
        shrank_to: Option<usize>,
        looked: &mut Looked,
        seen: &mut SectionSeen,
    ) {
        seen.is_whole = false;
        // What was read by another configuration may mean something else by now.
        let sense = self.config.vehicles.sense_of(self.section);
        let as_of = self.before.filter(|before| before.sense == sense).map(|before| before.as_of);
        seen.as_of = seen.as_of.zip(as_of).map(|(one, other)| one.min(other));
        seen.rights += self.before.map_or(0, |before| before.rights);
        seen.left_out += self.before.map_or(0, |before| before.left_out);
        let failed = Failed { text: problem.to_string(), hint: Some(remedy(problem, shrank_to)) };
        let kind = TroubleKind::RightsUnread {
            needs_somebody: is_lasting(problem),
            was_read: self.before.is_some(),
            failed,
        };
        looked.troubles.push(Trouble::new(self.about(), kind));
    }

    fn about(&self) -> About {
        let path = self.path.to_string_lossy().into_owned();
        About::RightsFile(self.section.name.clone(), path)
    }

    /// Why new content does not count yet.
    fn doubt(&self, sheet: &Sheet<RightsRows>) -> Result<Option<Doubt>, StoreError> {
        if sheet.is_cut_off {
            let seen = self.store.rights().doubted(&self.section.name, self.path)?;
            if seen.is_none_or(|seen| seen != sheet.sha256) {
                return Ok(Some(Doubt::NoLineEnd));
            }
        }
        let Some(before) = self.before else { return Ok(None) };
        let running = self.store.rights().plates_running(before, self.now)?;
        let accepted = self.closely.accept_shrink;
        let (there, rows) = (plates_in(&sheet.rows), sheet.rows.rows.len());
        let may_lose = self.config.guard.losses_allowed(running.len());
        Ok(plates_gone(&running, &there, rows, (may_lose, accepted)))
    }

    /// The rows that were left out, as remarks.
    fn told<'r>(
        &'r self,
        reasons: &'r BTreeMap<RightsRowReason, Vec<u32>>,
    ) -> impl Iterator<Item = Trouble> + 'r {
        reasons.iter().map(|(reason, lines)| {
            let kind = TroubleKind::RightsRowsLeftOut { reason: *reason, lines: lines.clone() };
            Trouble::new(self.about(), kind)
        })
    }
}

/// The plates that a row names, usable or not.
fn plates_in(rows: &RightsRows) -> HashSet<&str> {
    let left_out = rows.left_out.iter().filter_map(|row| row.plate.as_ref());
    rows.rows.iter().map(|row| &row.plate).chain(left_out).map(Plate::text).collect()
}

impl Looked {
    /// Has what ended long ago forgotten of a part; not where the clock by which it ended may be wrong.
    fn forget_of(&mut self, store: &Store, part: &RightsPart) -> Result<(), StoreError> {
        if store.rights().has_ended(part, self.kept_since)? {
            self.forgetful.push(part.clone());
        }
        Ok(())
    }

    /// Whether nothing is to be written but that the files hold what they held, and nothing is to be said.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let Self { fresh, gone, troubles, doubts, forgetful, .. } = self;
        let is_doubted = doubts.iter().any(|(.., sha256)| sha256.is_some());
        let is_well = troubles.iter().all(Trouble::is_remark);
        fresh.is_empty() && gone.is_empty() && !is_doubted && forgetful.is_empty() && is_well
    }

    /// Whether the content of some file or part was read whole, and is another one.
    #[must_use]
    pub fn is_read_whole(&self) -> bool {
        let is_whole = |read: &RightsPartRead| !matches!(read.instead_of, InsteadOf::Rights(_));
        !self.gone.is_empty() || self.fresh.iter().any(is_whole)
    }

    /// Files that hold what is known of them: what a quiet tick writes.
    #[must_use]
    pub fn same(&self) -> &[(RightsPart, Option<String>)] {
        &self.same
    }

    /// Keeps all of it, or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record(&self, store: &Store) -> Result<(), StoreError> {
        let Self { fresh, same, gone, doubts, kept_since, forgetful, now, are_judged, .. } = self;
        let is_nothing =
            fresh.is_empty() && same.is_empty() && gone.is_empty() && doubts.is_empty();
        if is_nothing && forgetful.is_empty() {
            return Ok(());
        }
        store.together(|store| {
            gone.iter().try_for_each(|file| store.rights().forget(file, *now, *are_judged))?;
            for read in fresh {
                store.rights().record(read, (*now, *kept_since), *are_judged)?;
            }
            for (file, stamp) in same {
                store.rights().refresh(file, stamp.clone())?;
            }
            for (source, path, sha256) in doubts {
                store.rights().doubt(source, path, sha256.as_deref())?;
            }
            for part in forgetful {
                let forgotten = store.rights().forget_ended(part, *kept_since)?;
                log::info!("{} of ended rights forgotten", many(forgotten, "row"));
            }
            Ok(())
        })
    }
}
