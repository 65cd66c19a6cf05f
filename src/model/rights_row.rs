//! Rows of rights-files: a car, a zone and a window, or why a row gives no right.

use chrono::{DateTime, Utc};

use super::{ParkingZoneName, Period, Plate, RightId, RightKind, RightState};
use crate::text::words::words;

/// One row that gives a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsRow {
    /// The row in the sheet, or the line in a CSV file on which the row begins; from 1.
    pub line: u32,
    /// What the file calls the right; one without an id is called by file and row.
    pub id: RightId,
    /// What its holder knows it by, where that is another name.
    pub number: Option<RightId>,
    pub kind: RightKind,
    pub state: RightState,
    pub plate: Plate,
    /// In the configuration's words.
    pub zone: ParkingZoneName,
    pub period: Period,
}

/// One row that gives no right, although it may have been meant to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsRowLeftOut {
    /// As [`RightsRow::line`].
    pub line: u32,
    pub reason: RightsRowReason,
    pub id: Option<RightId>,
    /// As [`RightsRow::number`].
    pub number: Option<RightId>,
    /// Whose it is, where that much is sure: nobody can say that this car has no right.
    pub plate: Option<Plate>,
    /// From when on nobody asks any more, where that much is sure.
    pub until: Option<DateTime<Utc>>,
}

words! {
    /// Why a row of a rights-file is left out.
    pub enum RightsRowReason {
        /// The plate is none, or cannot be read for certain.
        BadPlate = "bad-plate",
        /// A date is none, can mean two days, or the end is not after the begin.
        BadDates = "bad-dates",
        /// No section of the configuration has this zone.
        UnknownZone = "unknown-zone",
        /// Where the cells of the row begin and end is a guess.
        BadRow = "bad-row",
    }
}

impl RightsRowReason {
    /// The same of a right that a service lists.
    #[must_use]
    pub const fn explain_listed(self) -> (&'static str, &'static str) {
        match self {
            Self::BadPlate => ("the plate cannot be read", "correct the plate in that service"),
            Self::BadDates => ("the dates cannot be right", "correct the dates in that service"),
            Self::UnknownZone => (
                "no [zone.NAME] has the zone",
                "add it to the configuration, under `names` if the service has another name for it",
            ),
            Self::BadRow => {
                ("it has no name or type, or is for too many cars and zones", "ask the service why")
            }
        }
    }

    /// What is wrong, and what to do about it.
    #[must_use]
    pub const fn explain(self) -> (&'static str, &'static str) {
        match self {
            Self::BadPlate => (
                "its plate cannot be read",
                "correct the plate there: A to Z and 0 to 9, 1 to 12 of them, typed and not copied",
            ),
            Self::BadDates => (
                "its dates cannot be right",
                "write dates as 2026-11-29 or 2026-11-29 14:00, and the end after the begin",
            ),
            Self::UnknownZone => (
                "no [zone.NAME] has its zone",
                "correct the zone there, or add it to the configuration, under `names` if the file has \
                 another name for it",
            ),
            Self::BadRow => (
                "its cells cannot be told apart",
                "see that a quotation mark closes where a cell ends, and that no cell holds the separator",
            ),
        }
    }
}
