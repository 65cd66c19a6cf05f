//! The seams to the outside: a source lists members, a device holds persons.
//!
//! [`gather`](crate::engine::gather) and [`execute`](crate::engine::execute) know the outside systems only through
//! these traits. [`Network`] is the real thing; a simulation of many years puts its own worlds behind
//! them, and further sources and targets will. Reading and writing are two types, so that who was given
//! only a reader cannot write. Source: design.md section 7.

pub mod progress;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{SourceConfig, TargetConfig};
use crate::connectors::cardskipper::{self, Client, Export, Listing};
use crate::connectors::hikvision::{
    self, Abilities, DeviceClock, DeviceInfo, FullRecord, PersonList, Reader, Writer,
};
use crate::model::{Manners, RecordId, RightCode, Window, WriteManners};
use crate::net::requests::RequestCount;
use crate::ports::progress::Progress;

/// Everything a run may ask or change.
pub trait Outside: Sync {
    /// Lists the members of one organisation.
    type Source: ReadSource;
    /// Reads one device.
    type Reader: ReadDevice;

    /// Prepares to ask an organisation; nothing is sent yet.
    fn source(&self, config: &SourceConfig) -> Self::Source;

    /// Prepares a connection to a device, with what is known of how it wants to be asked; nothing is sent
    /// yet.
    ///
    /// # Errors
    /// [`hikvision::Error::Setup`].
    fn connect(
        &self,
        config: &TargetConfig,
        manners: Manners,
    ) -> Result<Self::Reader, hikvision::Error>;

    /// How many requests went to each target so far, by its section in the configuration
    /// (`hikvision.front-door`); nothing where that is not counted.
    fn requests(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

/// One organisation, read only.
pub trait ReadSource {
    /// Its members.
    ///
    /// # Errors
    /// [`cardskipper::Error`]; none of them means that there are no members.
    fn members(&self, listing: Listing) -> Result<Export, cardskipper::Error>;

    /// What its roles are called.
    ///
    /// # Errors
    /// [`cardskipper::Error`].
    fn role_names(&self) -> Result<BTreeMap<RightCode, String>, cardskipper::Error>;
}

/// One device, read only. One request at a time.
pub trait ReadDevice: Send + Sized {
    /// The same connection with the right to write.
    type Writer: WriteDevice<Reader = Self>;

    /// Who the device is.
    ///
    /// # Errors
    /// [`hikvision::Error`].
    fn device_info(&mut self) -> Result<DeviceInfo, hikvision::Error>;

    /// What its clock shows.
    ///
    /// # Errors
    /// [`hikvision::Error`].
    fn clock(&mut self) -> Result<DeviceClock, hikvision::Error>;

    /// What it says it can do with persons; a target without such words says nothing.
    ///
    /// # Errors
    /// [`hikvision::Error`].
    fn abilities(&mut self) -> Result<Abilities, hikvision::Error> {
        Ok(Abilities::default())
    }

    /// How it wants to be asked, as far as that was known or has been learnt.
    fn manners(&self) -> Manners {
        Manners::default()
    }

    /// Keeps one more login try before a lock than usual, because the login was refused before; where
    /// nothing locks, nothing is to do.
    fn keep_a_try(&mut self) {}

    /// Reads all persons and hands each over once.
    ///
    /// # Errors
    /// [`hikvision::Error`]; what was handed over before it is then not everybody.
    fn all_persons(
        &mut self,
        each: &mut dyn FnMut(FullRecord),
    ) -> Result<PersonList, hikvision::Error>;

    /// Reads just these persons; one that is absent from the answer is not on the device.
    ///
    /// # Errors
    /// [`hikvision::Error`].
    fn persons(
        &mut self,
        wanted: &[RecordId],
    ) -> Result<BTreeMap<RecordId, FullRecord>, hikvision::Error>;

    /// Takes the right to write. Only [`execute`](crate::engine::execute) does.
    fn into_writer(self) -> Self::Writer;
}

/// One device, to be changed.
pub trait WriteDevice {
    /// The reading half.
    type Reader;

    /// The reading half.
    fn reader(&mut self) -> &mut Self::Reader;

    /// Sends these fields of a person back as read, too, where a write must repeat what it keeps.
    fn also_send(&mut self, _fields: &[String]) {}

    /// Begins with what is known of how its firmware takes changes.
    fn write_as(&mut self, _manners: &WriteManners) {}

    /// What was known and has been learnt of how its firmware takes changes.
    fn write_manners(&self) -> WriteManners {
        WriteManners::default()
    }

    /// Sets the validity of a person that was just read, and nothing else.
    ///
    /// # Errors
    /// [`hikvision::Error`]; of class `Unknown` when the change may have happened.
    fn modify(&mut self, record: &FullRecord, validity: Window) -> Result<(), hikvision::Error>;

    /// Sends a change again with the PIN that the device showed before it and has lost; where none is
    /// shown, nothing is to do.
    ///
    /// # Errors
    /// [`hikvision::Error`].
    fn put_back_pin(
        &mut self,
        _before: &FullRecord,
        _validity: Window,
    ) -> Result<(), hikvision::Error> {
        Ok(())
    }
}

/// The real outside: HTTP.
#[derive(Debug)]
pub struct Network {
    progress: Arc<dyn Progress>,
    counts: Mutex<BTreeMap<String, RequestCount>>,
}

impl Network {
    /// The network, with somebody who watches long readings.
    #[must_use]
    pub fn watched_by(progress: Arc<dyn Progress>) -> Self {
        Self { progress, counts: Mutex::default() }
    }

    /// The count of a target; a second connection to it counts on.
    fn count(&self, target: String) -> RequestCount {
        // What a panic elsewhere left is a count like any other.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(target).or_default().clone()
    }
}

impl Outside for Network {
    type Source = Client;
    type Reader = Reader;

    fn source(&self, config: &SourceConfig) -> Client {
        let count = self.count(format!("cardskipper.{}", config.name));
        Client::new(config).counted_by(count).watched_by(Arc::clone(&self.progress))
    }

    fn connect(&self, config: &TargetConfig, manners: Manners) -> Result<Reader, hikvision::Error> {
        let count = self.count(format!("hikvision.{}", config.name));
        let reader = Reader::connect(config, manners)?.counted_by(count);
        Ok(reader.watched_by(Arc::clone(&self.progress)))
    }

    fn requests(&self) -> BTreeMap<String, u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(target, count)| (target.clone(), count.get())).collect()
    }
}

impl ReadSource for Client {
    fn members(&self, listing: Listing) -> Result<Export, cardskipper::Error> {
        Self::members(self, listing)
    }

    fn role_names(&self) -> Result<BTreeMap<RightCode, String>, cardskipper::Error> {
        Self::role_names(self)
    }
}

impl ReadDevice for Reader {
    type Writer = Writer;

    fn device_info(&mut self) -> Result<DeviceInfo, hikvision::Error> {
        Self::device_info(self)
    }

    fn clock(&mut self) -> Result<DeviceClock, hikvision::Error> {
        Self::clock(self)
    }

    fn manners(&self) -> Manners {
        Self::manners(self)
    }

    fn keep_a_try(&mut self) {
        Self::keep_a_try(self);
    }

    fn abilities(&mut self) -> Result<Abilities, hikvision::Error> {
        Self::abilities(self)
    }

    fn all_persons(
        &mut self,
        each: &mut dyn FnMut(FullRecord),
    ) -> Result<PersonList, hikvision::Error> {
        Self::all_persons(self, each)
    }

    fn persons(
        &mut self,
        wanted: &[RecordId],
    ) -> Result<BTreeMap<RecordId, FullRecord>, hikvision::Error> {
        Self::persons(self, wanted)
    }

    fn into_writer(self) -> Writer {
        Writer::new(self)
    }
}

impl WriteDevice for Writer {
    type Reader = Reader;

    fn reader(&mut self) -> &mut Reader {
        Self::reader(self)
    }

    fn also_send(&mut self, fields: &[String]) {
        Self::also_send(self, fields);
    }

    fn write_as(&mut self, manners: &WriteManners) {
        Self::write_as(self, manners);
    }

    fn write_manners(&self) -> WriteManners {
        Self::write_manners(self).clone()
    }

    fn modify(&mut self, record: &FullRecord, validity: Window) -> Result<(), hikvision::Error> {
        Self::modify(self, record, validity)
    }

    fn put_back_pin(
        &mut self,
        before: &FullRecord,
        validity: Window,
    ) -> Result<(), hikvision::Error> {
        Self::put_back_pin(self, before, validity)
    }
}
