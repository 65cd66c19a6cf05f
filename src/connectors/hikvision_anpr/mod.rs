//! Hikvision ANPR cameras: the list of number plates that a barrier opens for, and nothing else.
//!
//! [`Camera`] is the gate that the engine sees. Below it: `reader` reads the list page by page and finds one
//! plate, `put` writes one row and `remove` takes one away, each until reading shows that it is so; `listing`
//! judges what pages are worth, and `wire` (pure) holds every body and every answer. Requests, logins and
//! what a camera says of itself are those of the same vendor's doors, which speak the same protocol.
//!
//! There are two families of calls, and within each firmware differs in the words it takes. What a camera
//! wants is found out with the first row that is written or removed, and remembered for its firmware.
//!
//! Never: a list wiped or replaced as a whole; a row changed or removed that bars a plate; two rows in one
//! write; a barrier opened; what a camera answers believed without reading; a plate in an error or a log line.

mod camera;
mod config;
mod failures;
mod listing;
mod put;
mod reader;
mod remove;
mod ways;
mod wire;

pub use camera::Camera;
pub use config::{HikvisionAnpr, Settings};
