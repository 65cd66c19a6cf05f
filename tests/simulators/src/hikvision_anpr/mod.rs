//! A Hikvision ANPR camera as a gate: it reads number plates, holds a list of those that its barrier
//! opens for and of those that it never opens for, and decides alone. Digest login, ISAPI, both families
//! of calls, and every quirk as a switch.
//!
//! ```
//! use ivms_sync_simulators::hikvision_anpr::{Camera, DeleteForm, Row, Settings};
//!
//! let camera = Camera::start(Settings { plate_list_num: 50, ..Settings::default() });
//! camera.add_row(Row::new("LJAB123").valid("2026-01-01", "2026-06-30").own());
//! camera.add_row(Row::new("KPXY999").blocked()); // a stranger's: hands off
//! camera.set(|switches| switches.delete_form = DeleteForm::CompoundCond);
//!
//! // … run the client against camera.url() …
//!
//! let (summer, autumn) = ("2026-06-30T21:59:59Z", "2026-06-30T22:00:00Z");
//! assert!(camera.opens_at("LJ AB-123", summer.parse().unwrap()));
//! assert!(!camera.opens_at("LJ AB-123", autumn.parse().unwrap()));
//! assert_eq!(camera.strangers().len(), 1);
//! assert_eq!(camera.violations(), Vec::<String>::new());
//! ```
//!
//! * [`Settings`]: account, identity, limits, rows; [`Rules`]: what counts as a violation.
//! * [`Switches`]: each quirk, turned with [`Camera::set`] while it runs. The defaults are the strictest
//!   camera that is plausible: reads say `whiteList` where writes want `allowList`, a plate is added once
//!   only, ids are numbers of the camera's own, a deletion in a wrong form is answered OK.
//! * [`crate::http::Fault`]: what connections do: an answer lost (`DropAfter`), cut off, or never begun.
//! * [`Camera::meanwhile`]: what somebody does at the camera's own page between two calls.
//! * [`Camera::opens_at`]: whether a car gets in.

mod audit;
mod camera;
mod delete;
mod problem;
mod record;
mod route;
mod row;
mod search;
mod settings;
mod state;
mod store;
mod switches;
mod tree;
mod vcl;
mod whole;

pub use camera::Camera;
pub use row::{List, Row};
pub use settings::{Rules, Settings};
pub use switches::*;

#[cfg(test)]
mod tests;
