//! Plan and apply for access rights.

pub mod cardskipper;
pub mod config;
pub mod hikvision;
pub mod link;
pub mod model;
pub mod plan;
pub mod store;
