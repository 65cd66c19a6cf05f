//! Parkeon (Flowbird), meters: their tariffs are read, changed if nobody else changed them meanwhile, and
//! read back.
//!
//! ```
//! use ivms_sync_simulators::parkeon::{Etags, Server};
//! use ivms_sync_simulators::service::Settings;
//!
//! let meters = Server::start(Settings::default());
//! meters.add_meter("METER-A1-001", r#"{"rates":[{"timeSlot":"08:00-18:00","rate":1.75,
//!     "maxDuration":240,"gracePeriod":5}],
//!     "enforcement":{"enabled":true,"alertThreshold":600,"violationCode":"PKG-001"}}"#);
//! meters.set(|switches| (switches.etags, switches.later) = (Etags::Weak, true));
//!
//! // … run the client against meters.url(): its PUT is answered 202 …
//!
//! assert!(!meters.apply_later("METER-A1-001"), "nobody did here");
//! assert_eq!(meters.rate("METER-A1-001", 0), Some(175));
//! assert_eq!(meters.violations(), Vec::<String>::new());
//! ```
//!
//! * `GET /meter-config/{meterId}`: the tariff with its `ETag`; 404 if there is no such meter.
//! * `PUT /meter-config/{meterId}` with `If-Match`: 200, 202 if it is applied later, 412 if it changed.
//!
//! # What is known, and what is not
//!
//! * (seed) The members of a tariff; its own sample lets an alert go off before the grace has ended.
//! * (seen) Unpaid hours are the rule in towns: slots may leave a gap. By RFC 9110 a weak `ETag` never
//!   matches ([`Etags::WeakNeverMatches`]); many servers compare what they handed out
//!   ([`Etags::Weak`]).
//! * (ours) `ETag`, 202, 412, the answers to `PUT`.
//! * (believed) Nobody knows how the real one guards against two who change a tariff at once.
//!
//! Stricter than the vendor: `If-Match` must be what was handed out, letter for letter, never `*`; a slot
//! may not overlap another; while a change waits no other is taken; and what was changed must be read back
//! ([`Server::not_read_back`]).

mod answer;
mod tariff;
#[cfg(test)]
mod tests;

pub use answer::Parkeon;

/// Running meters.
pub type Server = crate::service::Server<Parkeon>;

/// How the version of a tariff is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Etags {
    /// `"v3"`
    #[default]
    Strong,
    /// `W/"v3"`, which matches as it was handed out.
    Weak,
    /// `W/"v3"`, which never matches.
    WeakNeverMatches,
    /// Not at all; `If-Match` must not be sent then.
    Absent,
}

/// What becomes of a tariff that is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stores {
    /// It is stored.
    #[default]
    AsSent,
    /// Its first rate is stored one minor unit higher.
    OtherRate,
    /// It is not.
    Nothing,
}

/// Every switch of the meters. The default is well behaved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switches {
    /// How versions are told.
    pub etags: Etags,
    /// What becomes of tariffs.
    pub stores: Stores,
    /// They are applied later: 202, until [`Server::apply_later`].
    pub later: bool,
    /// Tariffs are shown in another order of members, rates without needless zeros.
    pub rewrites: bool,
}
