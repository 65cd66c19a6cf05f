//! Hikvision devices: persons, their validity, and nothing else.
//!
//! [`Door`] is the target that the engine sees. `Reader` reads and `Writer` borrows a reader and can change a
//! validity. Below them: `client` sends requests one at a time
//! within limits, `digest` and `challenge` log in, `login` reads what a refusal says about locks,
//! and `wire` (pure) holds every body and every answer.
//!
//! What is not about persons (`call`, `client`, `manners` and the plain parts of `wire`) serves the gates of
//! the same vendor too, which speak the same protocol.
//!
//! Never: Basic; a second login after a refused one, or any login close to a lock; `enable:false`;
//! `password`; `SetUp`, `Record` or `Delete`; a door opened; a redirect followed; a person's name in an
//! error or a log line.

pub(in crate::connectors) mod call;
mod challenge;
pub(in crate::connectors) mod client;
mod config;
mod digest;
mod error;
mod login;
pub(in crate::connectors) mod manners;
#[doc(hidden)]
pub mod probe;
mod reader;
mod target;
pub(in crate::connectors) mod wire;
pub(in crate::connectors) mod words;
mod writer;

#[cfg(test)]
mod tests;

pub use config::{Hikvision, Settings};
pub use error::Error;
pub use login::LockState;
pub use reader::{MAX_PERSONS, Reader};
pub use target::Door;
pub use wire::{
    Abilities, DeviceClock, DeviceInfo, ResponseStatus, differs_beyond_validity, read_record,
};
