//! A platform as a target of the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::wire::{differs_beyond_validity, person_id};
use super::{Applications, Client, Error, Meaning, Settings};
use crate::config::Wiring;
use crate::model::{RecordId, TargetName, Window};
use crate::ports::progress::{Progress, Unit};
use crate::ports::{
    Class, Committed, Failure, FullRecord, Identity, Pending, RecordList, Statement, Target,
    TargetClock, TargetWriter, Written,
};

/// A connection to one platform.
pub struct Platform {
    client: Client,
    name: TargetName,
    /// Host and port.
    place: String,
    progress: Arc<dyn Progress>,
}

impl Platform {
    /// Prepares the connection; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] when the address or the TLS set-up is unusable.
    pub fn connect(
        name: &TargetName,
        settings: &Settings,
        wiring: Wiring,
    ) -> Result<Self, Failure> {
        let Wiring { progress, count } = wiring;
        let host = settings.url.host_str().unwrap_or_default();
        let port = settings.url.port_or_known_default().unwrap_or_default();
        let client = Client::new(settings)?.counted_by(count);
        Ok(Self { client, name: name.clone(), place: format!("{host}:{port}"), progress })
    }
}

impl Target for Platform {
    /// The OpenAPI states a product and a version, and nothing that tells one platform from another: its host
    /// and port stand for a serial number, so that a platform that moves is taken for another one until
    /// somebody accepts it.
    fn identity(&mut self) -> Result<Identity, Failure> {
        let version = self.client.version()?;
        Ok(Identity {
            serial: self.place.clone(),
            model: version.product,
            version: version.software,
        })
    }

    /// Its doors go by its clock, which the head of every answer tells.
    fn clock(&mut self) -> Result<Option<TargetClock>, Failure> {
        let local = self.client.clock()?;
        Ok(local.map(|local| TargetClock { local, offset_minutes: None }))
    }

    fn statement(&mut self) -> Result<Statement, Failure> {
        let untried = "whether it lets persons be changed and applied shows only with the first change: \
                       see that single/update and reapplication are ticked for the partner";
        Ok(Statement { facts: vec![untried.to_owned()], ..Statement::default() })
    }

    fn all(&mut self, each: &mut dyn FnMut(FullRecord)) -> Result<RecordList, Failure> {
        let meter = self.progress.begin(self.name.as_str(), Unit::Persons);
        let mut count = 0;
        let list = self.client.all_persons(&mut |record| {
            count += 1;
            meter.show(count, None);
            each(record);
        })?;
        Ok(list)
    }

    fn some(&mut self, wanted: &[RecordId]) -> Result<BTreeMap<RecordId, FullRecord>, Failure> {
        Ok(self.client.persons(wanted)?)
    }

    /// The `personId`: the number that is a record's id can be given to another person.
    fn handle(&self, record: &FullRecord) -> String {
        person_id(record)
    }

    fn renumbered(&mut self, handle: &str) -> Result<Option<RecordId>, Failure> {
        Ok(self.client.person_with_id(handle)?.map(|record| record.person.employee_no))
    }

    /// Failures are told by the number; of those who wait a platform tells only how many there are. So
    /// everybody waits as long as anybody does, whoever has written to them, or as long as some failures
    /// are not known.
    fn settlement(&mut self, written: &[Written]) -> Result<Pending, Failure> {
        let Applications { is_whole, unnamed, mut failed } = self.client.applications()?;
        let mut take = |code: &RecordId| failed.remove(&code.as_str().to_lowercase());
        let mut ours: BTreeMap<&RecordId, BTreeSet<String>> = BTreeMap::new();
        let mut rest = Vec::new();
        for one in written {
            match take(&one.id) {
                Some(at) => drop(ours.insert(&one.id, at)),
                None => rest.push(one),
            }
        }
        if !failed.is_empty() {
            // One of them may have another number by now.
            for one in rest {
                let now = self.client.person_with_id(&one.handle)?;
                let code = now.map(|now| now.person.employee_no.as_str().to_lowercase());
                if let Some(at) = code.and_then(|code| failed.remove(&code)) {
                    ours.insert(&one.id, at);
                }
            }
        }
        let waits = !is_whole || unnamed > 0;
        let ids = written.iter().map(|one| &one.id);
        let waiting = ids.filter(|id| waits && !ours.contains_key(id)).cloned().collect();
        let joined = |at: BTreeSet<String>| at.into_iter().collect::<Vec<_>>().join(", ");
        let failed = ours.into_iter().map(|(id, at)| (id.clone(), joined(at))).collect();
        Ok(Pending { waiting, failed })
    }

    /// Persons are read one by one before and after a change, and what became of it is asked. That a change and
    /// its application are allowed shows only when they are made.
    fn rehearse(&mut self, known: Option<&RecordId>) -> Vec<Failure> {
        let mut failed = Vec::new();
        match known.map(|id| self.client.person(id)) {
            Some(Ok(Some(record))) => {
                failed.extend(self.client.person_with_id(&person_id(&record)).err());
            }
            Some(Err(error)) => failed.push(error),
            Some(Ok(None)) | None => {}
        }
        failed.extend(self.client.applications().err());
        failed.into_iter().map(Failure::from).collect()
    }

    fn differences(&self, before: &FullRecord, after: &FullRecord) -> Vec<String> {
        differs_beyond_validity(before, after)
    }

    fn into_writer<'a>(self: Box<Self>) -> Box<dyn TargetWriter + 'a>
    where
        Self: 'a,
    {
        Box::new(PlatformWriter(*self))
    }
}

/// The same connection, with the right to write.
struct PlatformWriter(Platform);

impl TargetWriter for PlatformWriter {
    fn reader(&mut self) -> &mut dyn Target {
        &mut self.0
    }

    fn set(&mut self, record: &FullRecord, window: Window) -> Result<(), Failure> {
        if let Some(flaw) = record.person.flaw {
            return Err(Failure {
                class: Class::NotSent,
                has_spent_login: false,
                text: format!("the person {}, so nothing is sent", flaw.what()),
                hint: None,
            });
        }
        Ok(self.0.client.update(record, window)?)
    }

    fn commit(&mut self, written: &[Written]) -> Result<Committed, Failure> {
        let handles: Vec<String> = written.iter().map(|one| one.handle.clone()).collect();
        let mut refused = self.0.client.reapply(&handles)?;
        let mut committed = Committed::default();
        for Written { id, handle } in written {
            let Some(error) = refused.remove(handle) else { continue };
            let is_unknown = matches!(error, Error::Refused { meaning: Meaning::NotFound, .. });
            if is_unknown && self.0.client.person_with_id(handle) == Ok(None) {
                committed.gone.insert(id.clone());
            } else {
                committed.refused.insert(id.clone(), error.to_string());
            }
        }
        Ok(committed)
    }
}
