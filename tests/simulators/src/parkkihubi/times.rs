//! Instants as the register writes them.

use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// Form of the ends of windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instants {
    /// `"2024-01-01T10:00:00Z"`; a fraction is cut off.
    #[default]
    Zulu,
    /// `"2024-01-01T12:00:00+02:00"`, the same instant.
    Offset,
    /// `"2024-01-01T10:00:00"`: nobody knows where.
    NoOffset,
    /// `1704103200`, a number: seconds since 1970.
    Epoch,
    /// `"2024-02-30T10:00:00Z"`, a day that never was.
    February30,
}

impl Instants {
    /// An instant in this form, as JSON.
    pub(super) fn json(self, at: DateTime<Utc>) -> String {
        let text = match self {
            Self::Zulu => at.format("%Y-%m-%dT%H:%M:%SZ"),
            Self::Offset => (at + TimeDelta::hours(2)).format("%Y-%m-%dT%H:%M:%S+02:00"),
            Self::NoOffset => at.format("%Y-%m-%dT%H:%M:%S"),
            Self::Epoch => return at.timestamp().to_string(),
            Self::February30 => at.format("%Y-02-30T%H:%M:%SZ"),
        };
        format!("\"{text}\"")
    }
}

/// `2024-01-01T10:00:00.123456Z`, or without fraction if there is none.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    let form = if at.nanosecond() < 1000 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    at.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_an_instant() {
        let at = "2024-01-01T23:30:00.75Z".parse().unwrap();
        assert_eq!(Instants::Zulu.json(at), "\"2024-01-01T23:30:00Z\"");
        assert_eq!(Instants::Offset.json(at), "\"2024-01-02T01:30:00+02:00\"");
        assert_eq!(Instants::NoOffset.json(at), "\"2024-01-01T23:30:00\"");
        assert_eq!(Instants::Epoch.json(at), "1704151800");
        assert_eq!(Instants::February30.json(at), "\"2024-02-30T23:30:00Z\"");
        assert_eq!(stamp(at), "2024-01-01T23:30:00.750000Z");
        assert_eq!(stamp("2024-01-01T23:30:00Z".parse().unwrap()), "2024-01-01T23:30:00Z");
    }
}
