//! What is known of one plate, as it is judged by.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::config::Vehicles;
use crate::engine::vehicles::{LastRead, LeftOut, Readings};
use crate::model::{
    ParkingRight, Plate, RightHolder, RightId, RightVersion, RightsRow, SourceName,
};
use crate::store::{RightsPart, Store, StoreError};
use crate::text::hex::hex;

/// What is known of the rights with one id, whosever they are.
#[derive(Debug, Default)]
pub struct OfId {
    pub rights: Vec<ParkingRight>,
    /// Rows of that id that give no right.
    pub left_out: usize,
}

/// Which files were read, and when: the same for every plate.
#[derive(Debug)]
pub struct Known {
    files: Vec<RightsPart>,
    /// The section of each, where one names it still.
    sources: Vec<Option<SourceName>>,
    pub readings: Readings,
}

/// What is known of one plate.
#[derive(Debug, Default)]
pub struct OfPlate {
    pub rights: Vec<ParkingRight>,
    pub left_out: Vec<LeftOut>,
}

impl Known {
    /// Reads what the state file knows of all files. A section counts as read when the last of its files was,
    /// by the configuration as it is now: what was read by another one may mean something else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn read(vehicles: &Vehicles, store: &Store) -> Result<Self, StoreError> {
        let files = store.rights().files()?;
        let mut readings = BTreeMap::new();
        for section in &vehicles.files {
            let sense = vehicles.sense_of(section);
            let each = section.files.iter().map(|path| {
                let file = files.iter().find(|file| file.is(&section.name, path))?;
                (file.sense == sense).then_some(file.as_of)
            });
            let read: Option<Vec<_>> = each.collect();
            if let Some(at) = read.and_then(|all| all.into_iter().min()) {
                let last = LastRead { at, fresh_for: section.fresh_for };
                readings.insert(section.name.clone(), last);
            }
        }
        for service in &vehicles.services {
            let sense = vehicles.sense_of_service(service);
            // All parts are kept together, or none.
            let each = service.settings.parts().iter().map(|name| {
                let part = files.iter().find(|part| part.is(&service.name, Path::new(name)))?;
                (part.sense == sense).then_some(part.as_of)
            });
            let read: Option<Vec<_>> = each.collect();
            if let Some(at) = read.and_then(|all| all.into_iter().min()) {
                let last = LastRead { at, fresh_for: service.fresh_for };
                readings.insert(service.name.clone(), last);
            }
        }
        let source = |file: &RightsPart| {
            let mut sections = vehicles.files.iter();
            let own = sections.find(|one| one.files.iter().any(|path| file.is(&one.name, path)));
            let mut services = vehicles.services.iter();
            let service = || {
                let own = services.find(|one| {
                    one.settings.parts().iter().any(|name| file.is(&one.name, Path::new(name)))
                });
                own.map(|service| &service.name)
            };
            own.map(|section| &section.name).or_else(service).cloned()
        };
        let sources = files.iter().map(source).collect();
        Ok(Self { files, sources, readings: Readings(readings) })
    }

    /// What is known of the rights of a plate.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of_plate(
        &self,
        vehicles: &Vehicles,
        store: &Store,
        plate: &Plate,
    ) -> Result<OfPlate, StoreError> {
        let found = store.rights().of_plate(plate.text(), vehicles.country, &self.files)?;
        let mut known = OfPlate::default();
        for (place, row) in found.rights {
            let (Some(source), Some(file)) = (self.source(place), self.files.get(place)) else {
                continue;
            };
            known.rights.extend(right(source, file, row));
        }
        for (place, row) in found.left_out {
            let (Some(source), Some(plate)) = (self.source(place), row.plate) else { continue };
            let (source, holder) = (source.clone(), RightHolder::Plate(plate));
            known.left_out.push(LeftOut { source, id: row.id, holder });
        }
        Ok(known)
    }

    /// What is known of the rights with an id, or with a number that their holders know them by: several sources may
    /// have it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of_id(
        &self,
        vehicles: &Vehicles,
        store: &Store,
        id: &RightId,
    ) -> Result<OfId, StoreError> {
        let mut known = OfId::default();
        for (file, source) in self.files.iter().zip(&self.sources) {
            let Some(source) = source else { continue };
            let numbered = store.rights().with_number(file, id)?;
            let mut ids: BTreeSet<_> =
                numbered.iter().filter_map(|id| RightId::new(id).ok()).collect();
            ids.insert(id.clone());
            for id in &ids {
                let (rows, left_out) = store.rights().of_right(file, id, vehicles.country)?;
                known.rights.extend(rows.into_iter().filter_map(|row| right(source, file, row)));
                known.left_out += left_out.len();
            }
        }
        Ok(known)
    }

    /// Hands over every right that is known, file by file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn each(
        &self,
        vehicles: &Vehicles,
        store: &Store,
        mut take: impl FnMut(ParkingRight),
    ) -> Result<(), StoreError> {
        store.rights().each(vehicles.country, &self.files, |place, row| {
            let named = self.source(place).zip(self.files.get(place));
            if let Some(right) = named.and_then(|(source, file)| right(source, file, row)) {
                take(right);
            }
        })
    }

    /// A digest of what is known of all files: of the same one follow the same rights.
    #[must_use]
    pub fn basis(&self) -> String {
        let mut all = Sha256::new();
        for (file, source) in self.files.iter().zip(&self.sources) {
            let RightsPart { path, sha256, sense, .. } = file;
            all.update(format!("{source:?} {path:?} {sha256} {sense}\n"));
        }
        hex(&all.finalize())
    }

    /// How many rows of a section gave a right when they were read, and how many gave none.
    #[must_use]
    pub fn counted(&self, section: &SourceName) -> (u64, u64) {
        let files = self.files.iter().zip(&self.sources);
        let own = files.filter(|(_, source)| source.as_ref() == Some(section));
        own.fold((0, 0), |(rights, left_out), (file, _)| {
            (rights + file.rights, left_out + file.left_out)
        })
    }

    fn source(&self, place: usize) -> Option<&SourceName> {
        self.sources.get(place)?.as_ref()
    }
}

/// A row as a right of its own: of two rows with one id, the car of one has nothing in the zone of the other.
fn right(source: &SourceName, file: &RightsPart, row: RightsRow) -> Option<ParkingRight> {
    let version = RightVersion::new(&file.sha256).ok()?;
    let holders = vec![(RightHolder::Plate(row.plate), row.period)];
    let zones = vec![(row.zone, row.period)];
    let named = (source.clone(), row.id, version);
    let mut right = ParkingRight::new(named, (row.kind, row.state), holders, zones).ok()?;
    right.number = row.number;
    Some(right)
}
