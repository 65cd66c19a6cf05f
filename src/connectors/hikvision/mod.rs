//! Hikvision devices: persons, their validity, and nothing else.
//!
//! [`Reader`] reads and [`Writer`] wraps a reader and can change a validity; whoever must not write
//! (`diff`, `lookup`, `check`) never makes a writer. Below them: `client` sends requests one at a time
//! within limits, `digest` and `challenge` log in, `login` reads what a refusal says about locks,
//! and `wire` (pure) holds every body and every answer.
//!
//! Never: Basic; a second login after a refused one, or any login close to a lock; `enable:false`;
//! `password`; `SetUp`, `Record` or `Delete`; a door opened; a redirect followed; a person's name in an
//! error or a log line. Facts: the ISAPI reference, cited as "hikvision-isapi.md section N".

mod call;
mod certificate;
mod challenge;
mod client;
mod digest;
mod error;
mod login;
#[doc(hidden)]
pub mod probe;
mod reader;
mod wire;
mod writer;

#[cfg(test)]
mod tests;

pub use certificate::fingerprint;
pub use error::{Class, Error};
pub use login::LockState;
pub use reader::{MAX_EXACT, MAX_PERSONS, PersonList, Reader};
pub use wire::{
    Abilities, DeviceClock, DeviceInfo, FullRecord, ResponseStatus, differs_beyond_validity,
    has_lost_pin, is_same_but_for_dates,
};
pub use writer::Writer;
