//! Devices and their persons as last read.

use std::collections::BTreeMap;
use std::iter;

use chrono::{DateTime, NaiveDateTime, Utc};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params};

use super::convert::{
    damaged, instant_in, instant_out, limit_in, limit_out, maybe_text_at, text_at, wall_in,
    wall_out, window_in,
};
use super::{Intent, Store, StoreError};
use crate::model::{
    Email, Flaw, HolderId, Memory, ReadBack, Record, RecordId, RecordStanding, TargetLimits,
    TargetName, TargetTimes, Window,
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

/// A person list as read just now.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The device's serial number.
    pub serial: &'a str,
    pub version: &'a str,
    pub persons: &'a BTreeMap<RecordId, Record>,
    pub at: DateTime<Utc>,
}

impl Store {
    /// What is known of a device; a device never read needs a reading.
    pub fn device_state(&self, device: &TargetName) -> Result<TargetState, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT serial, read_at, needs_read, first_written_at, version, proven_version, \
             asked_version, form, text \
             FROM device LEFT JOIN connector_memory ON device = name WHERE name = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let Some(row) = rows.next()? else {
            return Ok(TargetState { needs_read: true, ..TargetState::default() });
        };
        let instant = |column| -> Result<Option<DateTime<Utc>>, StoreError> {
            row.get::<_, Option<i64>>(column)?.map(instant_in).transpose()
        };
        Ok(TargetState {
            asked_version: row.get(6)?,
            serial: row.get(0)?,
            read_at: instant(1)?,
            needs_read: row.get(2)?,
            first_written_at: instant(3)?,
            version: row.get(4)?,
            proven_version: row.get(5)?,
            memory: row.get::<_, Option<u32>>(7)?.map_or(Ok(Memory::default()), |form| {
                row.get(8).map(|text| Memory::kept(form, text))
            })?,
        })
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
        let mut statement =
            self.connection.prepare_cached("SELECT latest_end FROM device WHERE name = ?1")?;
        let mut rows = statement.query([device.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        row.get::<_, Option<i64>>(0)?.map(wall_in).transpose()
    }

    pub(super) fn read_backs(&self, device: &TargetName) -> Result<Vec<ReadBack>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT sent_begin, sent_end, held_begin, held_end, times FROM read_back \
             JOIN device ON device.name = read_back.device \
             AND device.version = read_back.version WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let sent = window_in(row.get(0)?, row.get(1)?)?;
            let held = window_in(row.get(2)?, row.get(3)?)?;
            let Some((sent, held)) = sent.zip(held) else { continue };
            let times = if row.get::<_, i64>(4)? > 1 { 2 } else { 1 };
            found.extend(iter::repeat_n(ReadBack { sent, held }, times));
        }
        Ok(found)
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
        self.exec(
            "DELETE FROM read_back WHERE device = ?1 AND version <> ?2",
            [device.as_str(), version],
        )?;
        self.exec(
            "INSERT OR REPLACE INTO read_back (device, employee_no, sent_begin, sent_end, \
             held_begin, held_end, version, times) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1)",
            read_back_row(device, version, employee_no, seen),
        )?;
        Ok(())
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
        let known = self.connection.execute(
            "UPDATE read_back SET times = 2 WHERE (device, employee_no, sent_begin, sent_end, \
             held_begin, held_end, version) = (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            read_back_row(device, version, employee_no, seen),
        )?;
        Ok(known > 0)
    }

    /// Keeps what a connector remembers of a device.
    pub fn record_memory(&self, device: &TargetName, memory: &Memory) -> Result<(), StoreError> {
        self.know_device(device)?;
        self.exec(
            "INSERT INTO connector_memory (device, form, text) VALUES (?1, ?2, ?3) \
             ON CONFLICT (device) DO UPDATE SET form = ?2, text = ?3 WHERE (form, text) <> (?2, ?3)",
            params![device.as_str(), memory.form(), memory.text()],
        )?;
        Ok(())
    }

    /// Remembers that this version was asked what it can do, and the latest end that it stated.
    pub fn record_statement(
        &self,
        device: &TargetName,
        version: &str,
        latest_end: Option<NaiveDateTime>,
    ) -> Result<(), StoreError> {
        self.exec(
            "UPDATE device SET asked_version = ?2, latest_end = ?3 WHERE name = ?1",
            params![device.as_str(), version, latest_end.map(wall_out)],
        )?;
        Ok(())
    }

    /// The persons of a device as last read.
    pub fn persons(&self, device: &TargetName) -> Result<RecordsOfTarget, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT employee_no, name, standing, limit_kind, begins, ends, flaw, \
             email, fingerprint, confirmed_begin, confirmed_end, written_source, \
             written_holder FROM person WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let (mut persons, mut confirmed, mut written) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let person = person_in(row)?;
            if let Some(window) = window_in(row.get(9)?, row.get(10)?)? {
                confirmed.push((person.employee_no.clone(), window));
            }
            if row.get_ref(11)? != ValueRef::Null {
                written.push((person.employee_no.clone(), self.key_in(row, 11)?));
            }
            persons.push((person.employee_no.clone(), person));
        }
        // They come in the order of their numbers, so that a map of them is made without a search.
        Ok(RecordsOfTarget {
            persons: persons.into_iter().collect(),
            confirmed: confirmed.into_iter().collect(),
            written: written.into_iter().collect(),
        })
    }

    /// Makes sure that a device has its row.
    pub fn know_device(&self, device: &TargetName) -> Result<(), StoreError> {
        self.exec("INSERT OR IGNORE INTO device (name) VALUES (?1)", [device.as_str()])?;
        Ok(())
    }

    /// Records a person list, all of it or nothing. Confirmed windows of persons who are still
    /// there are kept; persons who are gone are forgotten.
    pub fn record_reading(
        &mut self,
        device: &TargetName,
        reading: &Reading<'_>,
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        let known = self.persons(device)?.persons;
        let transaction = self.piece()?;
        {
            let mut forget = transaction
                .prepare_cached("DELETE FROM person WHERE device = ?1 AND employee_no = ?2")?;
            for gone in known.keys().filter(|id| !reading.persons.contains_key(id)) {
                forget.execute([device.as_str(), gone.as_str()])?;
            }
        }
        for (id, person) in reading.persons {
            if known.get(id) != Some(person) {
                put_person(&transaction, device, person)?;
            }
        }
        transaction.execute(
            "UPDATE device SET serial = ?2, version = ?3, read_at = ?4, needs_read = 0 \
             WHERE name = ?1",
            params![device.as_str(), reading.serial, reading.version, instant_out(reading.at)],
        )?;
        transaction.commit()
    }

    /// Records persons that were read by number.
    pub fn record_persons<'a>(
        &mut self,
        device: &TargetName,
        persons: impl Iterator<Item = &'a Record>,
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        let transaction = self.piece()?;
        for person in persons {
            put_person(&transaction, device, person)?;
        }
        transaction.commit()
    }

    /// Remembers that something failed on a device, so that its list is read again.
    pub fn require_reading(&self, device: &TargetName) -> Result<(), StoreError> {
        self.know_device(device)?;
        self.exec("UPDATE device SET needs_read = 1 WHERE name = ?1", [device.as_str()])?;
        Ok(())
    }

    /// Remembers that the first run with a device is over.
    pub fn end_first_run(&self, device: &TargetName, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.exec(
            "UPDATE device SET first_written_at = ?2 WHERE name = ?1 AND first_written_at IS NULL",
            params![device.as_str(), instant_out(at)],
        )?;
        Ok(())
    }

    /// Remembers that this version took a write and changed nothing else.
    pub fn prove_version(&self, device: &TargetName, version: &str) -> Result<(), StoreError> {
        self.exec(
            "UPDATE device SET version = ?2, proven_version = ?2, unproven_version = NULL, \
             unconfirmed = 0, unconfirmed_at = NULL WHERE name = ?1",
            [device.as_str(), version],
        )?;
        Ok(())
    }

    /// Remembers that persons were seen to hold what they should.
    pub fn record_in_sync(
        &mut self,
        device: &TargetName,
        persons: &[(RecordId, Window)],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        for (employee_no, window) in persons {
            confirm(&transaction, device, employee_no, *window, at)?;
        }
        transaction.commit()
    }
}

pub(super) fn confirm(
    transaction: &Connection,
    device: &TargetName,
    employee_no: &RecordId,
    window: Window,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE person SET confirmed_begin = ?3, confirmed_end = ?4, confirmed_at = ?5 \
             WHERE device = ?1 AND employee_no = ?2",
        )?
        .execute(params![
            device.as_str(),
            employee_no.as_str(),
            wall_out(window.begin()),
            wall_out(window.end()),
            instant_out(at),
        ])?;
    Ok(())
}

/// Remembers for whom a person was written to.
pub(super) fn remember_writing(
    transaction: &Connection,
    account: &str,
    intent: &Intent,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE person SET written_source = ?3, written_holder = ?4 \
             WHERE device = ?1 AND employee_no = ?2",
        )?
        .execute(params![
            intent.device.as_str(),
            intent.employee_no.as_str(),
            account,
            intent.member.as_str(),
        ])?;
    Ok(())
}

pub(super) fn put_person(
    transaction: &Connection,
    device: &TargetName,
    person: &Record,
) -> Result<(), StoreError> {
    let (kind, begin, end) = limit_out(&person.limit);
    transaction
        .prepare_cached(
            "INSERT INTO person (device, employee_no, name, standing, limit_kind, begins, ends, \
             email, fingerprint, flaw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (device, employee_no) DO UPDATE SET name = ?3, standing = ?4, \
             limit_kind = ?5, begins = ?6, ends = ?7, email = ?8, fingerprint = ?9, flaw = ?10",
        )?
        .execute(params![
            device.as_str(),
            person.employee_no.as_str(),
            person.name,
            person.standing.as_str(),
            kind,
            begin,
            end,
            person.email.as_ref().map(Email::as_str),
            person.fingerprint,
            person.flaw.map(Flaw::as_str),
        ])?;
    Ok(())
}

fn person_in(row: &Row<'_>) -> Result<Record, StoreError> {
    Ok(Record {
        employee_no: row.get(0)?,
        name: row.get(1)?,
        standing: standing_in(text_at(row, 2)?)?,
        limit: limit_in(text_at(row, 3)?, row.get(4)?, row.get(5)?)?,
        email: maybe_text_at(row, 7)?.and_then(Email::parse),
        fingerprint: row.get(8)?,
        flaw: maybe_text_at(row, 6)?.map(flaw_in).transpose()?,
    })
}

/// One row of `read_back`, in the order of its columns.
fn read_back_row(
    device: &TargetName,
    version: &str,
    employee_no: &RecordId,
    seen: &ReadBack,
) -> [Value; 7] {
    let (sent, held) = (seen.sent, seen.held);
    let [from, to, kept_from, kept_to] =
        [sent.begin(), sent.end(), held.begin(), held.end()].map(|at| Value::from(wall_out(at)));
    let [device, person, version] =
        [device.as_str(), employee_no.as_str(), version].map(|text| Value::from(text.to_owned()));
    [device, person, from, to, kept_from, kept_to, version]
}

fn flaw_in(text: &str) -> Result<Flaw, StoreError> {
    let flaw = Flaw::ALL.into_iter().find(|flaw| flaw.as_str() == text);
    flaw.ok_or_else(|| damaged("what is wrong with a person", text))
}

fn standing_in(text: &str) -> Result<RecordStanding, StoreError> {
    let standing = RecordStanding::ALL.into_iter().find(|one| one.as_str() == text);
    standing.ok_or_else(|| damaged("whether a person may be touched", text))
}
