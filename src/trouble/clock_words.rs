//! What is said of clocks that are not believed.

use std::fmt;

use chrono::{DateTime, Utc};

/// Why the clock of a source is not believed: it is off by so much, by the word of `witnesses`.
#[must_use]
pub fn other_clock(off: impl fmt::Display, witnesses: &str) -> String {
    format!(
        "the clock of its server (or of a proxy on the way) is {off}; {witnesses} and this computer agree"
    )
}

/// Why this computer's clock is not believed: it is off by so much.
#[must_use]
pub fn own_clock_differs(off: impl fmt::Display) -> String {
    format!("this computer's clock is {off}")
}

/// Why this computer's clock is not believed: an earlier run began later than it shows.
#[must_use]
pub fn own_clock_set_back(now: DateTime<Utc>, earlier: DateTime<Utc>) -> String {
    format!(
        "its clock shows {} UTC, and an earlier run began at {} UTC",
        now.format("%Y-%m-%d %H:%M"),
        earlier.format("%Y-%m-%d %H:%M")
    )
}
