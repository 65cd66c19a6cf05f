//! What a sender of events does, without a socket: the client is a program that a web server starts, so
//! a delivery is headers and a raw body, however they reach it.
//!
//! ```
//! use ivms_sync_simulators::webhooks::{Sender, bodies};
//!
//! let now = "2024-01-01T12:15:00Z".parse().unwrap();
//! let sender = Sender::standard("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
//! let delivery = sender.deliver("evt_0001", now, bodies::citation_paid("AIMS-2024-000123").at(now));
//! assert_eq!(delivery.header("webhook-id"), Some("evt_0001"));
//!
//! // … run the client with delivery.cgi_env() and delivery.body on its standard input …
//!
//! let retry = delivery.again(now + chrono::TimeDelta::hours(1)); // as if the answer was lost
//! assert_eq!(retry.body, delivery.body);
//! assert_ne!(retry.header("webhook-signature"), delivery.header("webhook-signature"));
//! assert_ne!(delivery.forged().body, delivery.body);
//! ```
//!
//! * [`Sender`]: one of three schemes, with one secret or several in rotation.
//! * [`Delivery`]: what arrives; headers and body may be changed before it is handed over.
//! * [`bodies`]: events in their envelope, and the two reports that come without one.

pub mod bodies;
mod delivery;
mod meter;
mod sender;
#[cfg(test)]
mod tests;

pub use delivery::Delivery;
pub use meter::MeterStatus;
pub use sender::{Scheme, Sender};
