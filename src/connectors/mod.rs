//! The systems that memberships come from and go to: one folder each.
//!
//! Nothing outside a folder knows the wire formats or the errors of its system.

pub mod cardskipper;
pub mod hikcentral;
pub mod hikvision;
