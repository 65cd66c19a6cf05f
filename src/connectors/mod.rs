//! The systems that rights come from and go to: one folder each, and one line in [`KINDS`].
//!
//! Nothing outside a folder knows the wire format, the errors or the keys of its system.

pub mod aims;
pub mod cardskipper;
pub mod duncan;
pub mod gtcs;
pub mod hikcentral;
pub mod hikvision;
pub mod hikvision_anpr;
pub mod ips;
pub mod parkeon;
pub mod parkkihubi;
pub mod teller;
#[cfg(test)]
pub(crate) mod testing;

use crate::config::Kinds;

/// Every kind of system there is.
pub const KINDS: Kinds = Kinds {
    sources: &[&cardskipper::Cardskipper],
    targets: &[&hikvision::Hikvision, &hikcentral::HikCentral],
    gates: &[&hikvision_anpr::HikvisionAnpr],
    rights: &[&ips::Ips, &parkkihubi::Parkkihubi],
    meters: &[&parkeon::Parkeon],
    recipients: &[&aims::Aims, &duncan::Duncan, &gtcs::Gtcs, &teller::Teller],
};
