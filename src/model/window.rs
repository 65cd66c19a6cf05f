//! Windows of validity in a device's wall-clock time.

use std::fmt;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// Why two times are no window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error("begins {begin} after it ends {end}")]
    Inverted { begin: NaiveDateTime, end: NaiveDateTime },
}

/// A validity: begin and end, both included, in the wall-clock time of a device, to the second.
/// Begin is never after end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Window {
    begin: NaiveDateTime,
    end: NaiveDateTime,
}

/// Two times that nobody has compared yet.
#[derive(Deserialize)]
struct Unchecked {
    begin: NaiveDateTime,
    end: NaiveDateTime,
}

impl TryFrom<Unchecked> for Window {
    type Error = WindowError;

    fn try_from(Unchecked { begin, end }: Unchecked) -> Result<Self, WindowError> {
        Self::new(begin, end)
    }
}

impl Window {
    /// Makes a window of two times.
    ///
    /// # Errors
    /// [`WindowError::Inverted`] when it would begin after its end.
    pub fn new(begin: NaiveDateTime, end: NaiveDateTime) -> Result<Self, WindowError> {
        if begin > end {
            return Err(WindowError::Inverted { begin, end });
        }
        Ok(Self { begin, end })
    }

    #[must_use]
    pub fn begin(&self) -> NaiveDateTime {
        self.begin
    }

    #[must_use]
    pub fn end(&self) -> NaiveDateTime {
        self.end
    }

    /// Whether `at` lies inside.
    #[must_use]
    pub fn contains(&self, at: NaiveDateTime) -> bool {
        self.begin <= at && at <= self.end
    }

    /// Whether some moment at or after `from` lies in `self` but not in `other`. With `self` the
    /// window before a change and `other` the one after, this says whether access is taken away.
    #[must_use]
    pub fn exceeds_from(&self, other: &Self, from: NaiveDateTime) -> bool {
        let begin = self.begin.max(from);
        if begin > self.end {
            return false;
        }
        begin < other.begin || self.end > other.end
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", format_time(self.begin), format_time(self.end))
    }
}

/// Writes a wall-clock time the way devices and our JSON do: `2026-11-01T23:59:59`.
#[must_use]
pub fn format_time(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Reads `YYYY-MM-DDTHH:MM:SS`, the only form our own files hold.
#[must_use]
pub fn parse_time(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        parse_time(text).unwrap()
    }

    fn window(begin: &str, end: &str) -> Window {
        Window::new(at(begin), at(end)).unwrap()
    }

    #[test]
    fn inverted_is_no_window() {
        assert!(Window::new(at("2026-02-01T00:00:00"), at("2026-01-01T00:00:00")).is_err());
        assert!(Window::new(at("2026-01-01T00:00:00"), at("2026-01-01T00:00:00")).is_ok());
    }

    #[test]
    fn the_end_is_inside() {
        let year = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
        assert!(year.contains(at("2026-12-31T23:59:59")));
        assert!(!year.contains(at("2027-01-01T00:00:00")));
    }

    #[test]
    fn taking_away_counts_only_from_now_on() {
        let now = at("2026-11-21T12:00:00");
        let old = window("2026-01-01T00:00:00", "2026-10-31T23:59:59");
        let new = window("2026-11-25T00:00:00", "2027-10-31T23:59:59");
        assert!(!old.exceeds_from(&new, now), "an ended window takes nothing away");
        let long = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
        assert!(long.exceeds_from(&new, now), "today until the 25th is lost");
        let later = window("2026-11-01T00:00:00", "2027-01-31T23:59:59");
        assert!(!long.exceeds_from(&later, now), "only past days are lost");
        assert!(later.exceeds_from(&long, now));
    }
}
