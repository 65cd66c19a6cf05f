//! The seam to whoever watches long work: a terminal with bars, or nobody.
//!
//! Those who work say how far they are; whether, where and how that is shown is not theirs to know.
//! Nothing waits for it and nothing can fail by it.

use std::fmt;
use std::sync::Arc;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Persons read from a device.
    Persons,
    /// Changes carried out on a device.
    Changes,
    /// Bytes of a listing, unpacked.
    Bytes,
}

/// Somebody who watches.
pub trait Progress: fmt::Debug + Send + Sync {
    /// Says that work begins on `about`, a device or an organisation. It ends when the meter is
    /// dropped.
    fn begin(&self, about: &str, unit: Unit) -> Box<dyn Meter>;
}

/// Takes how far one piece of work is.
pub trait Meter: fmt::Debug + Send + Sync {
    /// So many are done, of so many where that is known.
    fn show(&self, done: usize, total: Option<usize>);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Silent {
    /// Nobody, as a handle.
    #[must_use]
    pub fn handle() -> Arc<dyn Progress> {
        Arc::new(Self)
    }
}

impl Progress for Silent {
    fn begin(&self, _: &str, _: Unit) -> Box<dyn Meter> {
        Box::new(Self)
    }
}

impl Meter for Silent {
    fn show(&self, _: usize, _: Option<usize>) {}
}

#[cfg(test)]
pub(crate) mod tests;
