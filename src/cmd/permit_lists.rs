//! Lists of permits: made of what is known of rights, and put on the disk where it holds something else.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::Context;
use crate::config::{Mode, PermitListConfig};
use crate::engine::link::file::stamp_of;
use crate::engine::rights::Known;
use crate::engine::vehicles::Gathering;
use crate::files::{self, seal::seal};
use crate::report::permit_list::render;
use crate::report::{PermitListReport, PermitListState};
use crate::store::{PermitListKept, Store, StoreError};
use crate::text::hex::hex;
use crate::trouble::{About, Failed, Hint, Trouble, TroubleKind};

/// What became of the lists.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub lists: Vec<PermitListReport>,
    pub troubles: Vec<Trouble>,
}

/// The lists, where each holds what it should: nothing it is made of has changed, nor has the file. `None` where
/// one must be looked at. One that is only observed brings nothing to do.
pub(super) fn settled(
    context: &Context,
    store: &Store,
) -> Result<Option<Vec<PermitListReport>>, StoreError> {
    let vehicles = &context.config.vehicles;
    if vehicles.lists.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let _look = store.reading()?;
    let known = Known::read(vehicles, store)?;
    let kept = store.rights().permit_lists()?;
    let mut all = Vec::new();
    for list in vehicles.lists.iter().filter(|list| list.mode == Mode::Full) {
        let desk = Desk { context, list, basis: known.basis(), now: context.clock.began() };
        let Some(kept) = kept.iter().find(|kept| desk.is_settled(kept)) else { return Ok(None) };
        all.push(desk.report(Some(kept.rows), PermitListState::InSync));
    }
    Ok(Some(all))
}

/// Makes every list, and writes those whose file holds something else; nothing is written where `carries_out`
/// is not set, nor where a list is only observed.
pub(super) fn write(
    context: &Context,
    store: &Store,
    carries_out: bool,
) -> Result<Done, StoreError> {
    let vehicles = &context.config.vehicles;
    let mut done = Done::default();
    if vehicles.lists.is_empty() {
        return Ok(done);
    }
    let known = store.at_once(|| Known::read(vehicles, store))?;
    let kept = store.rights().permit_lists()?;
    for list in &vehicles.lists {
        let desk = Desk { context, list, basis: known.basis(), now: context.clock.began() };
        if let Some(kept) = kept.iter().find(|kept| desk.is_settled(kept)) {
            done.lists.push(desk.report(Some(kept.rows), PermitListState::InSync));
            continue;
        }
        if !desk.are_sources_known(&known) {
            done.lists.push(desk.report(None, PermitListState::Waiting));
            continue;
        }
        let carries_out = carries_out && list.mode == Mode::Full;
        let kept = kept.iter().find(|kept| kept.name == list.name.as_str());
        let (state, rows) = match desk.make(store, &known, kept, carries_out)? {
            (Ok(state), rows) => (state, rows),
            (Err(error), rows) => {
                done.troubles.push(desk.trouble(&error));
                (PermitListState::Failed, rows)
            }
        };
        done.lists.push(desk.report(Some(rows), state));
    }
    Ok(done)
}

/// One list in its turn.
struct Desk<'a> {
    context: &'a Context,
    list: &'a PermitListConfig,
    /// A digest of what is known of all rights-files.
    basis: String,
    now: DateTime<Utc>,
}

impl Desk<'_> {
    /// Whether the file holds what it should, as far as that shows without making the list.
    fn is_settled(&self, kept: &PermitListKept) -> bool {
        let Self { context, list, basis, now } = self;
        kept.name == list.name.as_str()
            && (kept.written_at..kept.same_until).contains(now)
            && kept.basis == *basis
            && kept.sense == list.sense(&context.config.vehicles)
            && kept.stamp.is_some()
            && kept.stamp == stamp_of(&list.file, *now)
    }

    /// Whether every source that its zones need was ever read: a list without one of them would keep out whoever
    /// has a right by it.
    fn are_sources_known(&self, known: &Known) -> bool {
        let zones = &self.context.config.vehicles.zones;
        let mut needed = self.list.zones.iter().filter_map(|name| zones.named(name));
        needed.all(|zone| zone.needs().iter().all(|source| known.readings.0.contains_key(source)))
    }

    /// Makes the list, writes it where it is to be and is not there already, and keeps how it is; says how many
    /// rows it has.
    fn make(
        &self,
        store: &Store,
        known: &Known,
        kept: Option<&PermitListKept>,
        carries_out: bool,
    ) -> Result<(std::io::Result<PermitListState>, u64), StoreError> {
        let Self { context, list, now, .. } = self;
        let vehicles = &context.config.vehicles;
        let zones = list.zones.iter().filter_map(|name| vehicles.zones.named(name)).collect();
        let mut gathering = Gathering::new(zones, list.ahead, &known.readings, *now);
        known.each(vehicles, store, |right| gathering.take(&right))?;
        let permits = gathering.finish();
        let text = render(list.format, &permits.rows, list.time_zone);
        let (rows, sha256) = (permits.rows.len() as u64, hex(&Sha256::digest(text.as_bytes())));
        // What is sealed comes to other bytes each time: those that hold this are remembered.
        let holds_it =
            |kept: &&PermitListKept| kept.sha256 == sha256 && kept.sense == list.sense(vehicles);
        let wanted = match list.sealed_for.as_slice() {
            [] => Some(sha256.clone()),
            _ => kept.filter(holds_it).map(|kept| kept.file_sha256.clone()),
        };
        // Before the bytes are looked at: what is changed afterwards looks changed.
        let stamp = stamp_of(&list.file, *now);
        let (state, stamp, file_sha256) = match sha256_of(&list.file) {
            Ok(Some(there)) if Some(&there) == wanted.as_ref() => {
                (PermitListState::InSync, stamp, there)
            }
            Ok(_) if !carries_out => return Ok((Ok(PermitListState::Planned), rows)),
            Ok(_) => {
                let bytes = match list.sealed_for.as_slice() {
                    [] => Ok(text.into_bytes()),
                    keys => seal(keys, text.as_bytes()),
                };
                let written = bytes.and_then(|bytes| {
                    files::write(&list.file, &bytes, &list.rights)?;
                    Ok(hex(&Sha256::digest(&bytes)))
                });
                let file_sha256 = match written {
                    Ok(file_sha256) => file_sha256,
                    Err(error) => return Ok((Err(error), rows)),
                };
                log::info!("{}: {rows} rows written", list.file.display());
                (PermitListState::Written, None, file_sha256)
            }
            Err(error) => return Ok((Err(error), rows)),
        };
        if carries_out {
            store.rights().keep_permit_list(&PermitListKept {
                name: list.name.to_string(),
                sense: list.sense(vehicles),
                basis: self.basis.clone(),
                sha256,
                file_sha256,
                stamp,
                rows,
                written_at: *now,
                same_until: permits.same_until,
            })?;
        }
        Ok((Ok(state), rows))
    }

    fn report(&self, rows: Option<u64>, state: PermitListState) -> PermitListReport {
        let file = self.list.file.to_string_lossy().into_owned();
        PermitListReport { name: self.list.name.clone(), file, rows, state }
    }

    fn trouble(&self, error: &std::io::Error) -> Trouble {
        let path = self.list.file.to_string_lossy().into_owned();
        let hint = "see that its folder is there and that this user may write in it; what was there is \
                    there still, and the next run tries again";
        let failed = Failed { text: error.to_string(), hint: Some(Hint::text(hint.to_owned())) };
        let about = About::PermitList(self.list.name.clone(), path);
        Trouble::new(about, TroubleKind::PermitListUnwritten(failed))
    }
}

/// The SHA-256 of a regular file in lower-case hex; nothing where there is none, or it is something else, which
/// writing refuses in words.
fn sha256_of(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(found) if !found.is_file() => return Ok(None),
        Ok(_) => {}
    }
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut piece = vec![0; 64 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Some(hex(&hash.finalize()))),
            read => hash.update(piece.get(..read).unwrap_or_default()),
        }
    }
}
