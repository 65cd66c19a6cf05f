//! The plates of members, as the link files name them.
//!
//! Looked at as rights-files are: a file that stands as it stood is not read, one that cannot be read teaches nothing
//! and removes nothing, and one in which many plates are missing waits until somebody says that it is right. That a
//! link file cannot be read, or looks cut off, is told of it as a link file; here is told only what is wrong with its
//! plates alone.
//!
//! Where nothing opens to a plate, none is read, and what was known is forgotten for good.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Closely;
use super::error::{is_lasting, remedy};
use super::file::{Before, File, Found, by_reason, plates_gone, say};
use crate::config::Config;
use crate::engine::link::file::plates::{PlateRows, PlatesLayout};
use crate::engine::link::file::{Doubt, FileProblem, Sheet, read_with_plates};
use crate::model::RowReason;
use crate::store::{MemberPlateFile, MemberPlateFileRead, Store, StoreError};
use crate::trouble::{About, Failed, Trouble, TroubleKind};

/// What was seen of the plates in all link files.
#[derive(Debug, Default)]
pub struct Looked {
    /// Files with other content than before, or read by another configuration.
    fresh: Vec<MemberPlateFileRead>,
    /// Files that hold what is known of them, with how they stand on the disk.
    same: Vec<(MemberPlateFile, Option<String>)>,
    /// Files whose plates nobody needs any more.
    gone: Vec<MemberPlateFile>,
    now: DateTime<Utc>,
    pub troubles: Vec<Trouble>,
    /// Each file whose plates are known as they stand in it, with how many those are.
    pub counted: Vec<(PathBuf, u64)>,
}

/// Looks at every link file for plates, and reads those that changed; at none where the configuration needs no
/// plates.
///
/// # Errors
/// [`StoreError`]; whatever is wrong with a file is in the troubles.
pub fn look(
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
    closely: Closely,
) -> Result<Looked, StoreError> {
    look_if(config.reads_member_plates(), config, store, now, closely)
}

fn look_if(
    is_needed: bool,
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
    closely: Closely,
) -> Result<Looked, StoreError> {
    let known = store.member_plates().files()?;
    let paths: &[PathBuf] = if is_needed { &config.link.files } else { &[] };
    let mut looked = Looked { now, ..Looked::default() };
    for path in paths {
        let before = known.iter().find(|file| file.is(path));
        OneFile { config, store, path, before, now, closely }.look(&mut looked)?;
    }
    let is_needed = |file: &MemberPlateFile| paths.iter().any(|path| file.is(path));
    looked.gone = known.into_iter().filter(|file| !is_needed(file)).collect();
    Ok(looked)
}

/// One file in its turn.
struct OneFile<'a> {
    config: &'a Config,
    store: &'a Store,
    path: &'a Path,
    before: Option<&'a MemberPlateFile>,
    now: DateTime<Utc>,
    closely: Closely,
}

impl OneFile<'_> {
    fn look(&self, looked: &mut Looked) -> Result<(), StoreError> {
        let Self { config, path, before, now, .. } = *self;
        let sense = config.vehicles.sense_of_plates();
        let known = before.map(|known| Before {
            sha256: &known.sha256,
            sense: &known.sense,
            stamp: known.stamp.as_ref(),
        });
        let is_full = self.closely.is_full;
        let file = File { path, before: known, sense: &sense, now, is_full };
        let layout = PlatesLayout { rules: &config.vehicles.plates };
        let (sheet, stamp) = match file.look(&layout, |sheet| self.doubt(sheet))? {
            Found::Stands(stamp) | Found::Same(stamp) => {
                return before.map_or(Ok(()), |before| self.keep(before, stamp, looked));
            }
            Found::Unread(problem) => {
                self.refuse(&problem, None, looked);
                return Ok(());
            }
            // That it looks cut off, and waits for a second look, is told of its links.
            Found::Doubted(_, Doubt::NoLineEnd) => return Ok(()),
            Found::Doubted(sheet, doubt) => {
                let shrank_to = Some(sheet.rows.rows.len());
                self.refuse(&FileProblem::LooksCutOff(doubt), shrank_to, looked);
                return Ok(());
            }
            Found::Other(sheet, stamp) => (sheet, stamp),
        };
        say(path, &sheet, (sheet.rows.rows.len(), "plate"), sheet.rows.left_out.len());
        let Sheet { rows: PlateRows { rows, left_out, .. }, sha256, .. } = sheet;
        self.tell(left_out.iter().map(|row| (row.reason, row.line)), looked);
        // One that is nobody's is kept, and counts for nobody.
        let of_members = rows.iter().filter(|row| row.member.is_some()).count();
        looked.counted.push((path.to_owned(), of_members as u64));
        let path = path.to_owned();
        looked.fresh.push(MemberPlateFileRead { path, sha256, sense, stamp, rows, left_out });
        Ok(())
    }

    /// The file holds what is known of it.
    fn keep(
        &self,
        before: &MemberPlateFile,
        stamp: Option<String>,
        looked: &mut Looked,
    ) -> Result<(), StoreError> {
        if before.left_out > 0 {
            self.tell(self.store.member_plates().left_out_of(before)?, looked);
        }
        looked.counted.push((self.path.to_owned(), before.plates));
        looked.same.push((before.clone(), stamp));
        Ok(())
    }

    /// Why new content does not count yet.
    fn doubt(&self, sheet: &Sheet<PlateRows>) -> Result<Option<Doubt>, StoreError> {
        if sheet.is_cut_off && !self.was_seen(&sheet.sha256)? {
            return Ok(Some(Doubt::NoLineEnd));
        }
        let Some(before) = self.before else { return Ok(None) };
        let were = self.store.member_plates().plates_of(before)?;
        let there: HashSet<&str> = sheet.rows.rows.iter().map(|row| row.plate.text()).collect();
        let (rows, accepted) = (sheet.rows.rows.len(), self.closely.accept_shrink);
        // Whoever loses the column has not sold all cars.
        let may_lose = match sheet.rows.are_without_column() {
            true => 0,
            false => self.config.guard.losses_allowed(were.len()),
        };
        Ok(plates_gone(&were, &there, rows, (may_lose, accepted)))
    }

    /// Whether an earlier run has seen the same bytes in the link file, and believed or doubted them.
    fn was_seen(&self, sha256: &str) -> Result<bool, StoreError> {
        let (path, links) = (self.path.to_string_lossy(), self.store.links());
        Ok(links.link_file_hash(&path)?.is_some_and(|seen| seen == sha256)
            || links.doubted_link_file(&path)?.is_some_and(|seen| seen == sha256))
    }

    fn about(&self) -> About {
        About::LinkFile(self.path.to_string_lossy().into_owned())
    }

    /// The file teaches nothing; what is known of it stays as it is. Where its links cannot be read either, that is
    /// told of those.
    fn refuse(&self, problem: &FileProblem, shrank_to: Option<usize>, looked: &mut Looked) {
        if read_with_plates(self.path).is_err() {
            return;
        }
        let failed = Failed { text: problem.to_string(), hint: Some(remedy(problem, shrank_to)) };
        let needs_somebody = is_lasting(problem);
        let kind = TroubleKind::MemberPlatesUnread { needs_somebody, failed };
        looked.troubles.push(Trouble::new(self.about(), kind));
    }

    /// The rows that were left out, as remarks.
    fn tell(&self, rows: impl IntoIterator<Item = (RowReason, u32)>, looked: &mut Looked) {
        looked.troubles.extend(by_reason(rows).into_iter().map(|(reason, lines)| {
            Trouble::new(self.about(), TroubleKind::MemberPlatesLeftOut { reason, lines })
        }));
    }
}

impl Looked {
    /// Whether nothing is to be written but that the files hold what they held, and nothing is to be said.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let is_well = self.troubles.iter().all(Trouble::is_remark);
        self.fresh.is_empty() && self.gone.is_empty() && is_well
    }

    /// Files that hold what is known of them: what a quiet tick writes.
    #[must_use]
    pub fn same(&self) -> &[(MemberPlateFile, Option<String>)] {
        &self.same
    }

    /// Keeps all of it, or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record(&self, store: &Store) -> Result<(), StoreError> {
        let Self { fresh, same, gone, now, .. } = self;
        if fresh.is_empty() && same.is_empty() && gone.is_empty() {
            return Ok(());
        }
        store.together(|store| {
            let plates = store.member_plates();
            gone.iter().try_for_each(|file| plates.forget(file))?;
            fresh.iter().try_for_each(|read| plates.record(read, *now))?;
            same.iter().try_for_each(|(file, stamp)| plates.refresh(file, stamp.clone(), *now))
        })
    }
}

#[cfg(test)]
mod tests;
