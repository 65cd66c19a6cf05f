//! Devices and their persons as last read.

use std::collections::BTreeMap;
use std::iter;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::rows::{ToColumns, row};
use super::{Devices, Intent, StoreError, seal};
use crate::model::{
    Email, HolderId, Memory, ReadBack, Record, RecordId, TargetLimits, TargetName, TargetTimes,
    Window,
};

/// What is known of one device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetState {
    /// Its serial number when it was last read.
    pub serial: Option<String>,
    /// Its version when it was last asked.
    pub version: Option<String>,
    /// The version that was seen to take a write and change nothing else.
    pub proven_version: Option<String>,
    /// The version whose capabilities were asked for.
    pub asked_version: Option<String>,
    /// What its connector remembers of it.
    pub memory: Memory,
    /// When its person list was last read whole.
    pub read_at: Option<DateTime<Utc>>,
    /// Something failed there since, so that the list must be read again.
    pub needs_read: bool,
    /// When its first run was over: it was first written to, or found to need nothing.
    pub first_written_at: Option<DateTime<Utc>>,
}

/// The persons of one device as last read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordsOfTarget {
    pub persons: BTreeMap<RecordId, Record>,
    /// The last window each person was seen to hold as it should.
    pub confirmed: BTreeMap<RecordId, Window>,
    /// Persons that this program has written to, and for whom the last time.
    pub written: BTreeMap<RecordId, HolderId>,
}

/// A person, as the row has it.
struct PersonRow {
    device: TargetName,
    record: Record,
    /// The last window the person was seen to hold as it should.
    window: Option<Window>,
    confirmed_at: Option<DateTime<Utc>>,
    /// For whom this program wrote to the person last.
    holder: Option<HolderId>,
    sealed: Option<i64>,
}

impl RecordsOfTarget {
    /// Adds other persons of the same device.
    pub fn extend(&mut self, others: Self) {
        self.persons.extend(others.persons);
        self.confirmed.extend(others.confirmed);
        self.written.extend(others.written);
    }
}

/// A person list as read just now.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The device's serial number.
    pub serial: &'a str,
    pub version: &'a str,
    pub persons: &'a BTreeMap<RecordId, Record>,
    pub at: DateTime<Utc>,
}

row!(TargetState {
    serial,
    version,
    proven_version,
    asked_version,
    memory,
    read_at,
    needs_read,
    first_written_at,
});
row!(PersonRow { device, record, window, confirmed_at, holder, sealed });
row!(Record { employee_no, name, standing, limit, email, fingerprint, flaw });
row!(ReadBack { sent, held });

impl Devices<'_> {
    /// What is known of a device; a device never read needs a reading.
    pub fn device_state(&self, device: &TargetName) -> Result<TargetState, StoreError> {
        let row = self.0.first(
            "SELECT serial, version, proven_version, asked_version, form, text, read_at, needs_read, \
             first_written_at FROM device LEFT JOIN connector_memory ON device = name WHERE name = ?1",
            device,
        )?;
        Ok(row.unwrap_or_else(|| TargetState { needs_read: true, ..TargetState::default() }))
    }

    /// What a device makes of the windows it is sent, as its kind documents, it states itself and its
    /// version showed.
    pub fn device_limits(
        &self,
        device: &TargetName,
        times: TargetTimes,
    ) -> Result<TargetLimits, StoreError> {
        Ok(TargetLimits::known(times, self.stated_end(device)?, &self.read_backs(device)?))
    }

    pub(super) fn stated_end(
        &self,
        device: &TargetName,
    ) -> Result<Option<NaiveDateTime>, StoreError> {
        let row: Option<Option<NaiveDateTime>> =
            self.0.first("SELECT latest_end FROM device WHERE name = ?1", device)?;
        Ok(row.flatten())
    }

    pub(super) fn read_backs(&self, device: &TargetName) -> Result<Vec<ReadBack>, StoreError> {
        let rows: Vec<(ReadBack, i64)> = self.0.all(
            "SELECT sent_begin, sent_end, held_begin, held_end, times FROM read_back \
             JOIN device ON device.name = read_back.device \
             AND device.version = read_back.version WHERE device = ?1",
            device,
        )?;
        let repeated = |(seen, times)| iter::repeat_n(seen, if times > 1 { 2 } else { 1 });
        Ok(rows.into_iter().flat_map(repeated).collect())
    }

    /// Remembers a window that the device kept otherwise than it was sent. What an earlier version kept
    /// is forgotten.
    pub fn record_read_back(
        &self,
        device: &TargetName,
        version: &str,
        employee_no: &RecordId,
        seen: &ReadBack,
    ) -> Result<(), StoreError> {
        self.0
            .exec("DELETE FROM read_back WHERE device = ?1 AND version <> ?2", (device, version))?;
        self.0.exec(
            "INSERT OR REPLACE INTO read_back VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
            (device, employee_no, seen, version),
        )
    }

    /// Counts a window that the device kept before as it keeps it now, of the same times that were sent: the
    /// second one of the two that teach a rounding, where only one person is written to.
    pub fn repeat_read_back(
        &self,
        device: &TargetName,
        version: &str,
        employee_no: &RecordId,
        seen: &ReadBack,
    ) -> Result<bool, StoreError> {
        let mut update = self.0.prepare(
            "UPDATE read_back SET times = 2 WHERE (device, employee_no, sent_begin, sent_end, \
             held_begin, held_end, version) = (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        Ok(update.run((device, employee_no, seen, version))? > 0)
    }

    /// Keeps what a connector remembers of a device.
    pub fn record_memory(&self, device: &TargetName, memory: &Memory) -> Result<(), StoreError> {
        self.know_device(device)?;
        self.0.exec(
            "INSERT INTO connector_memory (device, form, text) VALUES (?1, ?2, ?3) \
             ON CONFLICT (device) DO UPDATE SET form = ?2, text = ?3 WHERE (form, text) <> (?2, ?3)",
            (device, memory),
        )
    }

    /// Remembers that this version was asked what it can do, and the latest end that it stated.
    pub fn record_statement(
        &self,
        device: &TargetName,
        version: &str,
        latest_end: Option<NaiveDateTime>,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE device SET asked_version = ?2, latest_end = ?3 WHERE name = ?1",
            (device, version, latest_end),
        )
    }

    /// The persons of a device as last read.
    pub fn persons(&self, device: &TargetName) -> Result<RecordsOfTarget, StoreError> {
        // They come in the order of their numbers, so that a map of them is made without a search.
        self.read_persons("SELECT * FROM person WHERE device = ?1", device)
    }

    /// One person of a device as last read.
    pub fn person(
        &self,
        device: &TargetName,
        employee_no: &RecordId,
    ) -> Result<RecordsOfTarget, StoreError> {
        let sql = "SELECT * FROM person WHERE device = ?1 AND employee_no = ?2";
        self.read_persons(sql, (device, employee_no))
    }

    /// The ids of a device's persons whose name is wanted. Looks at every name, and compares no checksums.
    pub fn ids_where_name(
        &self,
        device: &TargetName,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<RecordId>, StoreError> {
        let mut found = Vec::new();
        let sql = "SELECT employee_no, name FROM person WHERE device = ?1";
        self.0.prepare(sql)?.each(device, |(id, name): (RecordId, String)| {
            found.extend(is_wanted(&name).then_some(id));
            Ok(())
        })?;
        Ok(found)
    }

    /// The persons of a device who have an e-mail there.
    pub fn persons_by_email(
        &self,
        device: &TargetName,
        email: &Email,
    ) -> Result<RecordsOfTarget, StoreError> {
        let sql = "SELECT * FROM person INDEXED BY person_email WHERE device = ?1 AND email = ?2";
        self.read_persons(sql, (device, email))
    }

    /// The latest end that a person of a device holds. Looks at all of them.
    pub fn latest_end_held(
        &self,
        device: &TargetName,
    ) -> Result<Option<NaiveDateTime>, StoreError> {
        let held: Option<Option<NaiveDateTime>> = self.0.first(
            "SELECT max(ends) FROM person WHERE device = ?1 AND limit_kind = 'window'",
            device,
        )?;
        Ok(held.flatten())
    }

    fn read_persons(
        &self,
        sql: &str,
        params: impl ToColumns,
    ) -> Result<RecordsOfTarget, StoreError> {
        let store = self.0;
        let (mut persons, mut confirmed, mut written) = (Vec::new(), Vec::new(), Vec::new());
        store.prepare(sql)?.each(params, |row: PersonRow| {
            let PersonRow { device, record, window, confirmed_at: _, holder, sealed } = row;
            seal::check(sealed, seal::seal_of(&(&device, &record), &store.accounts), "a person")?;
            let id = &record.employee_no;
            confirmed.extend(window.map(|window| (id.clone(), window)));
            written.extend(holder.map(|holder| (id.clone(), holder)));
            persons.push((id.clone(), record));
            Ok(())
        })?;
        Ok(RecordsOfTarget {
            persons: persons.into_iter().collect(),
            confirmed: confirmed.into_iter().collect(),
            written: written.into_iter().collect(),
        })
    }

    /// Makes sure that a device has its row.
    pub fn know_device(&self, device: &TargetName) -> Result<(), StoreError> {
        self.0.exec("INSERT OR IGNORE INTO device (name) VALUES (?1)", device)
    }

    /// Records a person list, all of it or nothing. Confirmed windows of persons who are still
    /// there are kept; persons who are gone are forgotten.
    pub fn record_reading(
        &self,
        device: &TargetName,
        reading: &Reading<'_>,
    ) -> Result<(), StoreError> {
        self.0.together(|store| {
            self.know_device(device)?;
            let known = self.persons(device)?.persons;
            let gone = known.keys().filter(|id| !reading.persons.contains_key(id));
            store
                .prepare("DELETE FROM person WHERE device = ?1 AND employee_no = ?2")?
                .run_each(gone.map(|id| (device, id)))?;
            for (id, person) in reading.persons {
                if known.get(id) != Some(person) {
                    self.put_person(device, person)?;
                }
            }
            store.exec(
                "UPDATE device SET serial = ?2, version = ?3, read_at = ?4, needs_read = 0 \
                 WHERE name = ?1",
                (device, reading.serial, reading.version, reading.at),
            )
        })
    }

    /// Records persons that were read by number.
    pub fn record_persons<'a>(
        &self,
        device: &TargetName,
        mut persons: impl Iterator<Item = &'a Record>,
    ) -> Result<(), StoreError> {
        self.0.together(|_| {
            self.know_device(device)?;
            persons.try_for_each(|person| self.put_person(device, person))
        })
    }

    /// Remembers that something failed on a device, so that its list is read again.
    pub fn require_reading(&self, device: &TargetName) -> Result<(), StoreError> {
        self.know_device(device)?;
        self.0.exec("UPDATE device SET needs_read = 1 WHERE name = ?1", device)
    }

    /// Remembers that the first run with a device is over.
    pub fn end_first_run(&self, device: &TargetName, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE device SET first_written_at = ?2 WHERE name = ?1 AND first_written_at IS NULL",
            (device, at),
        )
    }

    /// Remembers that this version took a write and changed nothing else.
    pub fn prove_version(&self, device: &TargetName, version: &str) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE device SET version = ?2, proven_version = ?2, unproven_version = NULL, \
             unconfirmed = NULL, unconfirmed_at = NULL WHERE name = ?1",
            (device, version),
        )
    }

    /// Remembers that persons were seen to hold what they should.
    pub fn record_in_sync(
        &self,
        device: &TargetName,
        persons: &[(RecordId, Window)],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.together(|_| {
            persons.iter().try_for_each(|(id, window)| self.confirm(device, id, *window, at))
        })
    }

    /// When a person was last seen to hold what they should.
    pub fn confirmed_at(
        &self,
        device: &TargetName,
        employee_no: &RecordId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row: Option<Option<DateTime<Utc>>> = self.0.first(
            "SELECT confirmed_at FROM person WHERE device = ?1 AND employee_no = ?2",
            (device, employee_no),
        )?;
        Ok(row.flatten())
    }

    /// When somebody on a device was last seen to hold what they should. Looks at all of them.
    pub fn last_confirmed_at(
        &self,
        device: &TargetName,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT max(confirmed_at) FROM person WHERE device = ?1";
        let row: Option<Option<DateTime<Utc>>> = self.0.first(sql, device)?;
        Ok(row.flatten())
    }

    pub(super) fn confirm(
        &self,
        device: &TargetName,
        employee_no: &RecordId,
        window: Window,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE person SET confirmed_begin = ?3, confirmed_end = ?4, confirmed_at = ?5 \
             WHERE device = ?1 AND employee_no = ?2",
            (device, employee_no, window, at),
        )
    }

    /// Remembers for whom a person was written to.
    pub(super) fn remember_writing(&self, intent: &Intent) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE person SET written_source = ?3, written_holder = ?4 \
             WHERE device = ?1 AND employee_no = ?2",
            (&intent.device, &intent.employee_no, &intent.member),
        )
    }

    pub(super) fn put_person(
        &self,
        device: &TargetName,
        person: &Record,
    ) -> Result<(), StoreError> {
        let row = (device, person);
        let store = self.0;
        let seal = seal::seal_of(&row, &store.accounts).map_err(|problem| store.error(problem))?;
        store.exec(
            "INSERT INTO person (device, employee_no, name, standing, limit_kind, begins, ends, email, \
             fingerprint, flaw, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT (device, employee_no) DO UPDATE SET name = ?3, standing = ?4, limit_kind = ?5, \
             begins = ?6, ends = ?7, email = ?8, fingerprint = ?9, flaw = ?10, seal = ?11",
            (row, seal),
        )
    }
}
