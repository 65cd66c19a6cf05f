//! A camera as a gate of the engine.

use super::config::Settings;
use super::failures::failure;
use super::put::Put;
use super::reader::Reader;
use super::remove;
use super::ways::{Begin, REMEMBERED_FORM, Remembered, words};
use super::wire::Stated;
use crate::connectors::hikvision::call::Limits;
use crate::connectors::hikvision::manners::WriteManners;
use crate::connectors::hikvision::words as of_the_device;
use crate::model::{Days, GateRow, Memory};
use crate::net::requests::RequestCount;
use crate::ports::{Failure, Gate, GateRows, GateWriter, Identity, Statement, TargetClock};

/// A connection to one camera.
pub struct Camera {
    reader: Reader,
}

impl Camera {
    /// Prepares the connection; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] when the address or the TLS set-up is unusable.
    pub fn connect(
        config: &Settings,
        memory: &Memory,
        count: RequestCount,
    ) -> Result<Self, Failure> {
        Self::with_limits(config, memory, count, Limits::default())
    }

    pub(super) fn with_limits(
        config: &Settings,
        memory: &Memory,
        count: RequestCount,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let remembered: Remembered = memory.read(REMEMBERED_FORM);
        let reader = Reader::connect(config, remembered, limits, count).map_err(failure)?;
        Ok(Self { reader })
    }
}

impl Gate for Camera {
    fn identity(&mut self) -> Result<Identity, Failure> {
        let info = self.reader.device_info().map_err(failure)?;
        Ok(Identity { serial: info.serial, model: info.model, version: info.firmware })
    }

    fn clock(&mut self) -> Result<Option<TargetClock>, Failure> {
        let shown = self.reader.clock().map_err(failure)?;
        Ok(Some(TargetClock { local: shown.local, offset_minutes: shown.offset_minutes }))
    }

    fn statement(&mut self) -> Result<Statement, Failure> {
        let capacity = self.reader.capacity().map_err(failure)?;
        let facts = capacity.map(|most| format!("holds at most {most} plates"));
        Ok(Statement { capacity, facts: facts.into_iter().collect(), ..Statement::default() })
    }

    fn memory(&self) -> Memory {
        Memory::from_value(REMEMBERED_FORM, &self.reader.remembered())
    }

    fn learnt(&self) -> Vec<String> {
        let remembered = self.reader.remembered();
        let mut found = of_the_device::learnt(remembered.manners, &WriteManners::default());
        found.extend(words(&remembered.ways));
        found
    }

    fn keep_a_try(&mut self) {
        self.reader.link.keep_a_try();
    }

    fn holds_begins(&self) -> bool {
        // A begin that is shown as the time of creation may be stored and not be held.
        self.reader.ways().begin == Some(Begin::Own)
    }

    fn rows(&mut self) -> Result<GateRows, Failure> {
        let listing = self.reader.listing(None).map_err(failure)?;
        let mut reading = self.reader.reading();
        // Where one end shows a time of day, a midnight is a time of day too.
        let shows_times =
            listing.entries.iter().any(|entry| entry.end.is_some_and(Stated::has_time_of_day));
        reading.keeps_days = reading.keeps_days.or(shows_times.then_some(false));
        let rows = listing.entries.iter().map(|entry| entry.row(reading)).collect();
        Ok(GateRows { rows, unusable: listing.unusable, complete: listing.is_complete })
    }

    fn into_writer<'a>(self: Box<Self>) -> Box<dyn GateWriter + 'a>
    where
        Self: 'a,
    {
        Box::new(CameraWriter(*self))
    }
}

/// The same connection, with the right to write.
struct CameraWriter(Camera);

impl GateWriter for CameraWriter {
    fn reader(&mut self) -> &mut dyn Gate {
        &mut self.0
    }

    fn put(
        &mut self,
        plate: &str,
        days: Days,
        there: Option<&GateRow>,
    ) -> Result<GateRow, Failure> {
        Put::begin(&mut self.0.reader, plate, days, there)?.carry_out()
    }

    fn remove(&mut self, row: &GateRow) -> Result<(), Failure> {
        remove::row(&mut self.0.reader, row)
    }
}
