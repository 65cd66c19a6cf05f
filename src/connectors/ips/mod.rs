//! IPS, a service of paid parking: sessions at meters and permits.
//!
//! One wire: the seed's, JSON over HTTPS, listed page by page. It is *believed*: no public description of it is
//! known, and no such service can be reached from here. So every answer is read with tolerance where that does
//! no harm, and refused as a whole where a part of it may be missing.

mod citations;
mod config;
mod seed;
mod wire;

pub use config::{Ips, Settings};
pub use seed::Seed;

#[cfg(test)]
mod tests;
