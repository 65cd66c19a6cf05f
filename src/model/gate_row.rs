//! Rows of a gate's list: which plate it opens for, and on which days.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::{Plate, SourceName, Window};
use crate::text::words::words;

/// Whole days in a gate's wall clock, the first and the last among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days {
    first: NaiveDate,
    last: NaiveDate,
}

impl Days {
    /// `None` where the last day is before the first.
    #[must_use]
    pub fn new(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    #[must_use]
    pub fn first(&self) -> NaiveDate {
        self.first
    }

    #[must_use]
    pub fn last(&self) -> NaiveDate {
        self.last
    }

    /// From their first second to their last.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        let end = self.last.and_hms_opt(23, 59, 59)?;
        Window::new(self.first.and_time(NaiveTime::MIN), end).ok()
    }

    /// Whether a day is one of them.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

/// Both days as `2026-01-01 to 2026-12-31`.
impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first, self.last)
    }
}

/// What a row makes of its plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowEffect {
    /// The gate opens.
    Opens,
    /// It never does.
    Bars,
    /// In a word that is not known here.
    Unknown,
}

/// When a row is in force, in the gate's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowTime {
    Known {
        /// The first moment; nothing where the gate does not say, or has no begin.
        begin: Option<NaiveDateTime>,
        /// The last second that is inside; a bare day counts to 23:59:59. Nothing where there is no end.
        end: Option<NaiveDateTime>,
    },
    /// Dates in a form that can mean two things, or none.
    Unclear,
}

/// One row as read. `Debug` does not show the plate.
#[derive(Clone, PartialEq, Eq)]
pub struct GateRow {
    /// What the gate itself calls it, as text; empty where it says nothing. Some call it by its plate.
    pub id: String,
    /// The plate as the gate shows it: with separators, where it keeps them.
    pub plate: String,
    pub effect: RowEffect,
    pub time: RowTime,
}

impl fmt::Debug for GateRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { effect, time, .. } = self;
        f.debug_struct("GateRow")
            .field("effect", effect)
            .field("time", time)
            .finish_non_exhaustive()
    }
}

words! {
    /// What is done to a row.
    pub enum RowVerb {
        Add = "add",
        /// Its days are changed.
        Set = "set",
        Remove = "remove",
    }
}

/// The right that a row goes back to: what a message names in place of a plate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RightRef {
    pub source: SourceName,
    /// What the source calls it; of a membership, what people call the member by.
    pub right: String,
}

impl fmt::Display for RightRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.right, self.source)
    }
}

/// A row that this program made, or was about to make: no other is ever touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRow {
    pub plate: Plate,
    /// What the gate calls it; empty where that was never seen, or where the gate says nothing.
    pub id: String,
    /// The days that it was to open on when it was last written.
    pub days: Days,
    pub by: RightRef,
    /// The gate showed it. Otherwise it was announced, and may be there or not.
    pub is_held: bool,
}

impl GateRow {
    /// Whether it opens the gate on just these days, as far as the gate says. A gate that does not show when
    /// a row begins cannot differ there.
    #[must_use]
    pub fn is_for(&self, days: Days) -> bool {
        let RowTime::Known { begin, end } = self.time else { return false };
        let last_second = days.last().and_hms_opt(23, 59, 0);
        let ends = end.is_some_and(|end| {
            end.date() == days.last() && last_second.is_some_and(|last| end >= last)
        });
        let begins =
            begin.is_none_or(|begin| begin == days.first().and_hms_opt(0, 0, 0).unwrap_or(begin));
        self.effect == RowEffect::Opens && ends && begins
    }

    /// Whether it opens the gate at a moment of its wall clock. What is not sure counts as open.
    #[must_use]
    pub fn opens_at(&self, at: NaiveDateTime) -> bool {
        let is_inside = match self.time {
            RowTime::Known { begin, end } => {
                begin.is_none_or(|begin| begin <= at) && end.is_none_or(|end| at <= end)
            }
            RowTime::Unclear => true,
        };
        self.effect != RowEffect::Bars && is_inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_time;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn row(begin: Option<&str>, end: Option<&str>) -> GateRow {
        let at = |text: &str| parse_time(text).unwrap();
        GateRow {
            id: "1".to_owned(),
            plate: "AB123".to_owned(),
            effect: RowEffect::Opens,
            time: RowTime::Known { begin: begin.map(at), end: end.map(at) },
        }
    }

    #[test]
    fn days_are_not_inverted_and_hold_both_ends() {
        assert_eq!(Days::new(day("2026-03-02"), day("2026-03-01")), None);
        let days = Days::new(day("2026-03-01"), day("2026-03-02")).unwrap();
        let inside = ["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03"];
        assert_eq!(inside.map(|one| days.contains(day(one))), [false, true, true, false]);
    }

    #[test]
    fn a_row_is_for_its_days_only_where_it_shows_just_these() {
        let days = Days::new(day("2026-03-01"), day("2026-03-31")).unwrap();
        let last = Some("2026-03-31T23:59:59");
        for (begin, end, want) in [
            (Some("2026-03-01T00:00:00"), last, true),
            (None, last, true),
            (Some("2026-02-28T00:00:00"), last, false),
            (Some("2026-03-01T08:00:00"), last, false),
            (None, Some("2026-03-31T00:00:00"), false),
            (None, Some("2026-04-01T23:59:59"), false),
            (None, None, false),
        ] {
            assert_eq!(row(begin, end).is_for(days), want, "{begin:?} {end:?}");
        }
        let barred = GateRow { effect: RowEffect::Bars, ..row(None, last) };
        assert!(!barred.is_for(days));
        let unclear = GateRow { time: RowTime::Unclear, ..row(None, last) };
        assert!(!unclear.is_for(days));
    }

    #[test]
    fn what_is_not_sure_counts_as_open() {
        let at = parse_time("2026-03-15T12:00:00").unwrap();
        assert!(row(None, None).opens_at(at));
        assert!(!row(Some("2026-03-15T12:00:01"), None).opens_at(at));
        assert!(!row(None, Some("2026-03-15T11:59:59")).opens_at(at));
        let unclear = GateRow { time: RowTime::Unclear, ..row(None, None) };
        assert!(unclear.opens_at(at));
        assert!(!GateRow { effect: RowEffect::Bars, ..unclear }.opens_at(at));
    }

    #[test]
    fn a_row_in_a_log_line_shows_no_plate() {
        assert!(!format!("{:?}", row(None, None)).contains("AB123"));
    }
}
