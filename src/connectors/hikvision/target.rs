//! A device as a target of the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::Settings;
use super::manners::{REMEMBERED_FORM, Remembered};
use super::reader::Reader;
use super::wire::{differs_beyond_validity, has_lost_pin};
use super::writer::Writer;
use super::{Error, words};
use crate::model::{Memory, RecordId, Window};
use crate::net::requests::RequestCount;
use crate::ports::progress::Progress;
use crate::ports::{
    Class, Failure, FullRecord, Identity, RecordList, Statement, Target, TargetClock, TargetWriter,
};

/// A connection to one device.
pub struct Door {
    reader: Reader,
    /// What was known of it, and what was learnt here; how it is asked is the reader's to say.
    remembered: Remembered,
}

impl Door {
    /// Prepares the connection; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] when the address or the TLS set-up is unusable.
    pub fn connect(
        config: &Settings,
        memory: &Memory,
        count: RequestCount,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, Failure> {
        let remembered: Remembered = memory.read(REMEMBERED_FORM);
        let reader = Reader::connect(config, remembered.manners)?;
        Ok(Self { reader: reader.counted_by(count).watched_by(progress), remembered })
    }
}

impl Target for Door {
    fn identity(&mut self) -> Result<Identity, Failure> {
        let info = self.reader.device_info()?;
        if self.remembered.firmware != info.firmware {
            // What the former firmware took says nothing of this one; what was learnt just now does.
            if self.remembered.manners.one_request_per_connection
                && !self.remembered.firmware.is_empty()
            {
                self.reader.keep_connections();
            }
            self.remembered = Remembered {
                manners: self.reader.manners(),
                firmware: info.firmware.clone(),
                ..Remembered::default()
            };
        }
        Ok(Identity { serial: info.serial, model: info.model, version: info.firmware })
    }

    fn clock(&mut self) -> Result<Option<TargetClock>, Failure> {
        let shown = self.reader.clock()?;
        Ok(Some(TargetClock { local: shown.local, offset_minutes: shown.offset_minutes }))
    }

    fn statement(&mut self) -> Result<Statement, Failure> {
        let said = self.reader.abilities()?;
        self.remembered.fields.clone_from(&said.fields);
        Ok(words::statement(&said))
    }

    fn memory(&self) -> Memory {
        Memory::from_value(
            REMEMBERED_FORM,
            &Remembered { manners: self.reader.manners(), ..self.remembered.clone() },
        )
    }

    fn learnt(&self) -> Vec<String> {
        words::learnt(self.reader.manners(), &self.remembered.writes)
    }

    fn keep_a_try(&mut self) {
        self.reader.keep_a_try();
    }

    fn all(&mut self, each: &mut dyn FnMut(FullRecord)) -> Result<RecordList, Failure> {
        Ok(self.reader.all_persons(each)?)
    }

    fn some(&mut self, wanted: &[RecordId]) -> Result<BTreeMap<RecordId, FullRecord>, Failure> {
        Ok(self.reader.persons(wanted)?)
    }

    fn differences(&self, before: &FullRecord, after: &FullRecord) -> Vec<String> {
        differs_beyond_validity(before, after)
    }

    fn into_writer<'a>(self: Box<Self>) -> Box<dyn TargetWriter + 'a>
    where
        Self: 'a,
    {
        Box::new(DoorWriter(*self))
    }
}

/// The same connection, with the right to write.
struct DoorWriter(Door);

impl DoorWriter {
    /// Lends the reader to a writer that knows how this firmware takes changes, and keeps what it learnt.
    fn write<T>(&mut self, work: impl FnOnce(&mut Writer<'_>) -> T) -> T {
        let Remembered { writes, fields, .. } = &mut self.0.remembered;
        work(&mut Writer::new(&mut self.0.reader, writes, fields))
    }
}

impl TargetWriter for DoorWriter {
    fn reader(&mut self) -> &mut dyn Target {
        &mut self.0
    }

    fn set(&mut self, record: &FullRecord, window: Window) -> Result<(), Failure> {
        self.write(|writer| writer.modify(record, window)).map_err(|error| match error {
            // What could not be put into words was not sent.
            Error::Wire { .. } => Failure { class: Class::NotSent, ..error.into() },
            error => error.into(),
        })
    }

    fn restore(
        &mut self,
        before: &FullRecord,
        after: &FullRecord,
        window: Window,
    ) -> Option<String> {
        if !has_lost_pin(before, after) {
            return None;
        }
        let id = &before.person.employee_no;
        // Success is what the device holds, whatever it said.
        if let Err(error) = self.write(|writer| writer.put_back_pin(before, window)) {
            log::warn!("person {id}: {error}");
        }
        let end = match self.0.reader.persons(std::slice::from_ref(id)) {
            Ok(found) if found.get(id).is_some_and(|after| !has_lost_pin(before, after)) => {
                "was lost and has been put back"
            }
            Ok(_) | Err(_) => "is lost and could not be put back: set it anew at the door",
        };
        Some(format!("the PIN that it showed {end}"))
    }
}
