//! The seams between the engine and the systems: a source lists holders, a target holds records.
//!
//! [`engine`](crate::engine) knows the systems only through these traits. A connector implements them, and a
//! simulation puts its own worlds behind them.

mod books;
mod collection;
mod event;
mod failure;
mod gate;
pub mod progress;
mod recipient;
mod rights;
mod source;
mod standing;
mod target;

pub use books::{DayBooks, Movement};
pub use collection::{BatchRow, Collection, Handed, Referral, Withdrawal, WithdrawnAs};
pub use event::{Effect, EventReader, MeterStatus};
pub use failure::{Class, Failure};
pub use gate::{Gate, GateRows, GateWriter};
pub use recipient::{
    Document, FieldChange, PaymentThere, Recipient, Standing, Subject, Survey, Warning,
};
pub use rights::{
    CitationListing, ListedCitation, ListedPlate, ListedRight, RightsListing, RightsService,
};
pub use source::{Listing, Snapshot, Source, Unusable};
pub use target::{
    Capabilities, Committed, FullRecord, Identity, Pending, RecordList, Remark, Severity,
    Statement, Target, TargetClock, TargetWriter, Written,
};
