//! Instants as the two wires write them, and the wall clocks of cities.

use chrono::{DateTime, TimeDelta, Utc};

use crate::zone::Zone;

/// The clock by which the XML wire tells times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WallClock {
    /// UTC all year.
    #[default]
    Utc,
    /// A zone of this crate: a fixed offset, or that of central Europe.
    Zone(Zone),
    /// UTC-5, in summer UTC-4, by the rule of the United States.
    NewYork,
}

impl WallClock {
    /// Minutes east of UTC at this instant.
    pub fn offset_minutes(self, at: DateTime<Utc>) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Zone(zone) => zone.offset_minutes(at),
            Self::NewYork => Zone::new_york().offset_minutes(at),
        }
    }
}

/// Form of the dates of the XML wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dates {
    /// `01/31/2024 14:00:00`
    #[default]
    Hours24,
    /// `01/31/2024 02:00:00 PM`
    Hours12,
}

impl Dates {
    /// An instant by this clock.
    pub(super) fn text(self, at: DateTime<Utc>, clock: WallClock) -> String {
        let local = at.naive_utc() + TimeDelta::minutes(clock.offset_minutes(at).into());
        let form = match self {
            Self::Hours24 => "%m/%d/%Y %H:%M:%S",
            Self::Hours12 => "%m/%d/%Y %I:%M:%S %p",
        };
        local.format(form).to_string()
    }
}

/// Form of the instants in rows of the seed wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Instants {
    /// `"2024-01-01T10:00:00.000Z"`
    #[default]
    Zulu,
    /// `"2024-01-01T05:00:00.000-05:00"`, the same instant.
    Offset,
    /// `"2024-01-01T10:00:00.000"`: nobody knows where.
    NoOffset,
    /// `1704103200`, a number: seconds since 1970.
    Epoch,
    /// `"2024-02-30T10:00:00.000Z"`, a day that never was.
    February30,
}

impl Instants {
    /// An instant in this form, as JSON.
    pub(super) fn json(self, at: DateTime<Utc>) -> String {
        match self {
            Self::Zulu => format!("\"{}\"", zulu(at)),
            Self::Offset => {
                let local = at - TimeDelta::hours(5);
                format!("\"{}-05:00\"", local.format("%Y-%m-%dT%H:%M:%S%.3f"))
            }
            Self::NoOffset => format!("\"{}\"", at.format("%Y-%m-%dT%H:%M:%S%.3f")),
            Self::Epoch => at.timestamp().to_string(),
            Self::February30 => format!("\"{}\"", at.format("%Y-02-30T%H:%M:%S%.3fZ")),
        }
    }
}

/// `2024-01-01T10:00:00.000Z`
pub(super) fn zulu(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_york_turns_its_clocks() {
        let text = |at: &str| Dates::Hours24.text(at.parse().unwrap(), WallClock::NewYork);
        assert_eq!(text("2024-03-10T06:59:59Z"), "03/10/2024 01:59:59");
        assert_eq!(text("2024-03-10T07:00:00Z"), "03/10/2024 03:00:00");
        assert_eq!(text("2024-11-03T05:59:59Z"), "11/03/2024 01:59:59");
        assert_eq!(text("2024-11-03T06:00:00Z"), "11/03/2024 01:00:00");
    }

    #[test]
    fn each_form_of_an_instant() {
        let at = "2024-01-01T00:30:00Z".parse().unwrap();
        assert_eq!(Instants::Offset.json(at), "\"2023-12-31T19:30:00.000-05:00\"");
        assert_eq!(Instants::Epoch.json(at), "1704069000");
        assert_eq!(Dates::Hours12.text(at, WallClock::Utc), "01/01/2024 12:30:00 AM");
        let east = WallClock::Zone(Zone::central_europe());
        assert_eq!(Dates::Hours12.text(at, east), "01/01/2024 01:30:00 AM");
    }
}
