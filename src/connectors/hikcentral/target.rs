//! A platform as a target of the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::wire::{differs_beyond_validity, person_id};
use super::{Class, Client, Error, Meaning, Settings};
use crate::config::Wiring;
use crate::model::{RecordId, TargetName, Window};
use crate::ports::progress::{Progress, Unit};
use crate::ports::{
    self, Failure, FullRecord, Identity, Pending, RecordList, Settlement, Target, TargetClock,
    TargetWriter,
};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let class = match (&error, error.class()) {
            (Error::Refused { meaning: Meaning::NotFound, .. }, _) => ports::Class::NoSuchRecord,
            (_, Class::Temporary) => ports::Class::Temporary,
            (_, Class::Unknown) => ports::Class::Unknown,
            (_, Class::Permanent) => ports::Class::Refused,
            (_, Class::Login) => ports::Class::Login,
        };
        Self {
            class,
            has_spent_login: error.spent_a_login(),
            text: error.to_string(),
            hint: error.hint().map(str::to_owned),
        }
    }
}

/// A connection to one platform.
pub struct Platform {
    client: Client,
    name: TargetName,
    host: String,
    progress: Arc<dyn Progress>,
    /// What the platform calls those who were read one by one.
    person_ids: BTreeMap<RecordId, String>,
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
        let host = settings.url.host_str().unwrap_or_default().to_owned();
        let client = Client::new(settings)?.counted_by(count);
        Ok(Self { client, name: name.clone(), host, progress, person_ids: BTreeMap::new() })
    }
}

impl Target for Platform {
    /// A platform states no serial number; its host stands for it.
    fn identity(&mut self) -> Result<Identity, Failure> {
        let version = self.client.version()?;
        Ok(Identity {
            serial: self.host.clone(),
            model: version.product,
            version: version.software,
        })
    }

    /// Its times are moments, so its own clock opens nothing.
    fn clock(&mut self) -> Result<Option<TargetClock>, Failure> {
        Ok(None)
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
        let found = self.client.persons(wanted)?;
        let ids = found.iter().map(|(id, record)| (id.clone(), person_id(record)));
        self.person_ids.extend(ids);
        Ok(found)
    }

    /// Failures are told by the number; of those who wait a platform tells only how many there are, so
    /// that everybody waits as long as anybody does, or as long as some failures are not known.
    fn settlement(&mut self, ids: &[RecordId]) -> Result<Pending, Failure> {
        let counts = self.client.application_counts()?;
        let mut failed: BTreeMap<RecordId, BTreeSet<String>> = BTreeMap::new();
        let (mut is_whole, mut is_anybodys, mut last) = (counts.failed == 0, false, Vec::new());
        let mut listed = 0;
        for page in 1..=FAILURE_PAGES_MAX {
            if is_whole {
                break;
            }
            let failures = self.client.application_failures(page)?.list;
            // A platform that knows no pages gives the same one again.
            is_whole = page > 1 && (failures.is_empty() || failures == last);
            listed += failures.len();
            is_anybodys |= failures.iter().any(|failure| failure.person_code.is_empty());
            for failure in &failures {
                let found =
                    ids.iter().find(|id| id.as_str().eq_ignore_ascii_case(&failure.person_code));
                if let Some(id) = found {
                    let at = format!("{} ({})", failure.device, failure.items.join(", "));
                    failed.entry(id.clone()).or_default().insert(at);
                }
            }
            last = failures;
        }
        // A failure that is counted and not listed could be anybody's.
        is_anybodys |= listed < counts.failed;
        let waits = !is_whole || is_anybodys || counts.waiting + counts.edited > 0;
        let waiting = ids.iter().filter(|id| waits && !failed.contains_key(*id)).cloned().collect();
        let joined = |at: BTreeSet<String>| at.into_iter().collect::<Vec<_>>().join(", ");
        let failed = failed.into_iter().map(|(id, at)| (id, joined(at))).collect();
        Ok(Pending { waiting, failed })
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

/// The most pages of failures that are read.
const FAILURE_PAGES_MAX: u32 = 20;

/// The same connection, with the right to write.
struct PlatformWriter(Platform);

impl TargetWriter for PlatformWriter {
    fn reader(&mut self) -> &mut dyn Target {
        &mut self.0
    }

    fn set(&mut self, record: &FullRecord, window: Window) -> Result<(), Failure> {
        let not_sent = |text| Failure {
            class: ports::Class::NotSent,
            has_spent_login: false,
            text,
            hint: None,
        };
        if let Some(flaw) = record.person.flaw {
            return Err(not_sent(format!("the person {}, so nothing is sent", flaw.what())));
        }
        self.0.client.update(record, window).map_err(|error| match error {
            Error::Unsent { what } => not_sent(what),
            error => error.into(),
        })
    }

    /// Whoever is not there any more is not applied.
    fn commit(&mut self, ids: &[RecordId]) -> Result<Settlement, Failure> {
        let is_unknown = |id: &&RecordId| !self.0.person_ids.contains_key(*id);
        let unknown: Vec<RecordId> = ids.iter().filter(is_unknown).cloned().collect();
        self.0.some(&unknown)?;
        let persons: Vec<String> =
            ids.iter().filter_map(|id| self.0.person_ids.get(id).cloned()).collect();
        self.0.client.reapply(&persons)?;
        Ok(Settlement::Queued)
    }
}
