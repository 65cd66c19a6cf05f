//! HikCentral Professional with its OpenAPI: the Artemis gateway, persons, access levels, and doors
//! that learn of a change only when it is applied to them.
//!
//! ```
//! use ivms_sync_simulators::hikcentral::{DoorState, Person, Platform, Refusal, Settings};
//!
//! let ana = Person::new("Ana", "Novak").id("12").email("ana@club.example").card("100001");
//! let platform = Platform::start(Settings {
//!     persons: vec![ana.valid("2026-01-01", "2026-06-30")],
//!     ..Settings::default()
//! });
//! platform.refuse(Refusal::code("6").on("single/update").times(2)); // busy, twice
//! platform.set_door("2", DoorState::Offline);
//!
//! // … run the client against platform.url() …
//!
//! let (summer, autumn) = ("2026-06-30T21:59:59Z", "2026-10-01T12:00:00Z");
//! assert!(platform.opens("1", "12", summer.parse().unwrap()));
//! assert!(!platform.opens("1", "12", autumn.parse().unwrap()));
//! assert_eq!(platform.person("12").unwrap().cards, ["100001"]);
//! assert!(platform.writes().is_empty() && platform.behind().is_empty());
//! assert_eq!(platform.violations(), Vec::<String>::new());
//! ```
//!
//! * [`Settings`]: account, version, doors, levels, persons; [`Rules`]: what counts as a violation.
//! * [`Switches`]: each quirk, turned with [`Platform::set`] while it runs.
//! * [`Refusal`]: calls that are refused although they are right: every code, a status of the web
//!   server with or without `Retry-After`, for some paths, for some calls.
//! * [`crate::http::Fault`]: what connections do: stall (`Wire` with `Hold`), reset (`DropBefore`,
//!   `DropAfter`), cut off (`CutBody`), never end (`HugeBody`).
//! * [`Platform::meanwhile`]: what an operator does between two calls, such as removing a person or
//!   moving a row to another page.
//! * [`Platform::writes`]: every accepted update with the person before and after.
//!
//! Nothing is shared with the client. It is stricter than the real thing: only `POST`, only JSON
//! objects of the documented types, only times as `2027-01-31T23:59:59+01:00`, only the documented
//! limits, and the signature is made again from the bytes received. Old timestamps and repeated nonces
//! pass, as they do at the real one, unless [`Switches::replay_window`] is set.
//! At the start every person's window has been applied to the doors of their levels; what is changed
//! later, through the API or by the test, is not before an application.

mod answers;
mod apply;
mod audit;
mod doors;
mod gateway;
mod lists;
mod person;
mod platform;
mod refusal;
mod route;
mod settings;
pub mod sign;
mod state;
mod switches;
mod times;
mod update;

pub use doors::{Door, DoorState, Level, Window};
pub use person::{CustomField, Person};
pub use platform::Platform;
pub use refusal::Refusal;
pub use settings::{Rules, Settings};
pub use state::Write;
pub use switches::*;

#[cfg(test)]
mod tests;
