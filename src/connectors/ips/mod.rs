//! IPS, a service of paid parking: sessions at meters and permits.
//!
//! Two wires. The seed's, JSON over HTTPS, listed page by page, is *believed*: no public description of it is
//! known, and no such service can be reached from here. So every answer is read with tolerance where that does
//! no harm, and refused as a whole where a part of it may be missing.
//!
//! What officers' handhelds speak (`ips-xml`) is *seen*, in public programs that ask it: a question in XML for
//! each area with the header `IPSToken`, and a list in JSON of who parks there or has just ceased to; dates in two
//! forms; nothing written as `null`, as that word in quotes, or as an empty text; times in UTC or of the city's own
//! clock, by a switch that the answer does not show reliably. *Believed* is the rest: that a row with the same car,
//! begin and area is the same session, that an area without anybody is an empty list, and that nothing else is
//! said with status 200.

mod areas;
mod citations;
mod config;
mod seed;
mod wire;
mod wire_xml;

pub use config::{Ips, Settings};
pub use seed::Seed;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod xml_tests;
