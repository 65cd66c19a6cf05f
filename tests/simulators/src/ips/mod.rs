//! A parking service after IPS: sessions, permits and citations of cars, on two wires.
//!
//! ```
//! use chrono::TimeDelta;
//! use ivms_sync_simulators::clock::Clock;
//! use ivms_sync_simulators::ips::{Paging, Server, Settings};
//!
//! let now = "2024-01-01T12:00:00Z".parse().unwrap();
//! let server = Server::start(Settings { clock: Clock::fixed(now), ..Settings::default() });
//! server.park("session_1", "ABC123", "CT", "A1", now, Some(now + TimeDelta::hours(2)));
//! server.permit("permit_1", "RESIDENTIAL", "XYZ789", "CT", &["A1"], now, None);
//! server.set(|switches| switches.paging = Paging::RowMoves);
//!
//! // … run the client against server.url() or server.xml_url() …
//!
//! server.clock().advance(TimeDelta::hours(1));
//! server.stop("session_1");
//! assert!(!server.has_right("ABC123", "CT", "A1", server.clock().now()));
//! server.cite("ips_viol_1", "ABC123", "CT", "A1", now, "EXPIRED_METER");
//! server.set_citation_status("ips_viol_1", "DISMISSED");
//! assert_eq!(server.calls("sessions") + server.calls("violations"), 0);
//! assert_eq!(server.violations(), Vec::<String>::new());
//! ```
//!
//! * Seed wire, below [`Server::url`]: `GET /sessions` with `since`, `zones`, `cursor`; `GET /permits`
//!   with `types`, `includeInactive`, `since`, `cursor`; `GET /violations`, citations here, with `from`,
//!   which must be there, `to`, `since`, `cursor`. A listing is a snapshot at its first page. The other
//!   pages may be asked for by the cursor alone, or with all parameters of the first page again.
//! * XML wire, at [`Server::xml_url`]: `POST` of a `Request`, answered with a JSON list of those who
//!   park or have just ceased to.
//! * [`Settings`]: account, town, rows at start; [`Switches`]: each quirk, turned with [`Server::set`].
//! * [`crate::http::Fault`]: what connections do. A client whose answer is lost must ask for a cursor
//!   again: turn [`Switches::cursors_again`] then.
//!
//! Nothing is shared with the client. Every request that is not exactly as documented is refused, and
//! listed by [`Server::violations`].

mod citation;
mod listing;
mod problem;
mod query;
mod render;
mod route;
mod row;
mod server;
mod settings;
mod state;
mod switches;
mod table;
#[cfg(test)]
mod tests;
mod times;
mod xml;

pub use citation::Citation;
pub use render::PERSONAL_MARKS;
pub use row::{Permit, Session};
pub use server::Server;
pub use settings::Settings;
pub use switches::*;
pub use times::{Dates, Instants, WallClock};
