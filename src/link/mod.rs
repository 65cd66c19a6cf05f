//! Who is who: members on one side, persons on the other.

pub mod file;
