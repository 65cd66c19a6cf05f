//! Rights to park: who may stand where, and when. Pure.
//!
//! A right is *holders × zones, each with its own windows*: a car may stand in a zone at an instant when some
//! window of the car and some window of the zone both contain it. A permit on which the car was changed has two
//! windows of holders; one that became dearer has two windows of zones.

use std::fmt;

use smol_str::SmolStr;

use super::id::{InvalidId, SourceName, checked};
use super::{HolderId, ParkingZoneName, Period, Plate, PlateMatch, RightCode};

/// The most windows of holders, and of zones, that one right has. A fleet's permit has some thousand cars, and
/// one that recurs has two weeks of days.
const WINDOWS_MAX: usize = 100_000;

/// The most bytes of the texts of a right.
const TEXT_MAX_BYTES: usize = 128;

macro_rules! text_of_a_right {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes the text as it is.
            ///
            /// # Errors
            /// [`InvalidId`] when it is blank, longer than 128 bytes or holds a control character.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                checked(text, TEXT_MAX_BYTES).map(Self)
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

text_of_a_right! {
    /// What a source calls a right: `session_789`, `RES-2024-001`. Messages name a right by it, never a plate.
    RightId
    /// Which state of a right this is: the source's counter, or a hash of what it says.
    RightVersion
    /// A source's word for the state of a right, which nobody here knows: `ON_HOLD`.
    StateWord
    /// A parking space, or the meter that stands there: `METER-A1-001`.
    SpaceId
    /// What a service calls a citation: `ips_viol_789`. Messages name a citation by it, never a plate.
    CitationId
}

/// What sort of right it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RightKind {
    /// Somebody parks and pays; it may go on until it is stopped.
    Session,
    /// A permit of some type: `RESIDENTIAL`.
    Permit(RightCode),
}

impl RightKind {
    /// `session`, or the type of the permit.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Session => "session",
            Self::Permit(code) => code.as_str(),
        }
    }
}

/// Whether a right is in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RightState {
    Active,
    /// Ended for good before its time.
    Cancelled,
    /// Not in force now; it may be again.
    Suspended,
    /// The right may be in force or not.
    Unknown(StateWord),
}

/// Who holds a right, and of whom is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RightHolder {
    /// The car with this plate.
    Plate(Plate),
    /// Whatever stands there.
    Space(SpaceId),
    /// A member of an organisation.
    Member(HolderId),
}

impl RightHolder {
    /// Whether both are the same one. Spaces and members either are or are not.
    #[must_use]
    pub fn match_with(&self, other: &Self) -> PlateMatch {
        match (self, other) {
            (Self::Plate(one), Self::Plate(other)) => one.match_with(other),
            (Self::Space(_) | Self::Member(_), _) | (_, Self::Space(_) | Self::Member(_)) => {
                if self == other { PlateMatch::Same } else { PlateMatch::Different }
            }
        }
    }
}

/// A right has more windows than any real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has more than {WINDOWS_MAX} windows of holders or of zones")]
pub struct TooManyWindows;

/// One right of one source. Source and id together name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkingRight {
    pub source: SourceName,
    pub id: RightId,
    /// What its holder knows it by, where that is another name: the number on a permit.
    pub number: Option<RightId>,
    pub version: RightVersion,
    pub kind: RightKind,
    pub state: RightState,
    holders: Vec<(RightHolder, Period)>,
    zones: Vec<(ParkingZoneName, Period)>,
}

impl ParkingRight {
    /// A right that nobody holds, or that is for no zone, is one all the same: it gives nothing.
    ///
    /// # Errors
    /// [`TooManyWindows`] for more than 100,000 on one side.
    pub fn new(
        (source, id, version): (SourceName, RightId, RightVersion),
        (kind, state): (RightKind, RightState),
        holders: Vec<(RightHolder, Period)>,
        zones: Vec<(ParkingZoneName, Period)>,
    ) -> Result<Self, TooManyWindows> {
        if holders.len() > WINDOWS_MAX || zones.len() > WINDOWS_MAX {
            return Err(TooManyWindows);
        }
        Ok(Self { source, id, number: None, version, kind, state, holders, zones })
    }

    /// Who holds it, and when.
    #[must_use]
    pub fn holders(&self) -> &[(RightHolder, Period)] {
        &self.holders
    }

    /// Where it holds, in zones of the configuration, and when.
    #[must_use]
    pub fn zones(&self) -> &[(ParkingZoneName, Period)] {
        &self.zones
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::testing::{holder, source};
    use crate::model::{Ends, PlateRules};

    fn plate(text: &str) -> RightHolder {
        RightHolder::Plate(PlateRules::default().read_spelled(text).unwrap())
    }

    #[test]
    fn who_is_the_same_one() {
        let space = |text: &str| RightHolder::Space(SpaceId::new(text).unwrap());
        let member = |text: &str| RightHolder::Member(holder(text));
        use PlateMatch::{Different, Same, TextOnly};
        for (one, other, want) in [
            (plate("SE:ABC123"), plate("SE:ABC123"), Same),
            (plate("SE:ABC123"), plate("ABC123"), TextOnly),
            (plate("SE:ABC123"), plate("NO:ABC123"), Different),
            (space("ABC123"), space("ABC123"), Same),
            (space("ABC123"), space("abc123"), Different),
            (space("ABC123"), plate("ABC123"), Different),
            (member("1"), member("1"), Same),
            (member("1"), member("2"), Different),
            (member("1"), space("1"), Different),
            (member("1"), plate("1"), Different),
        ] {
            assert_eq!(one.match_with(&other), want, "{one:?} and {other:?}");
            assert_eq!(other.match_with(&one), want, "{other:?} and {one:?}");
        }
    }

    #[test]
    fn a_right_has_bounds_and_shows_no_plate() {
        let always =
            Period::new(DateTime::from_timestamp(0, 0).unwrap(), None, Ends::Open).unwrap();
        let right = |holders: usize, zones: usize| {
            ParkingRight::new(
                (
                    source("street"),
                    RightId::new("session_789").unwrap(),
                    RightVersion::new("1").unwrap(),
                ),
                (RightKind::Session, RightState::Active),
                vec![(plate("SE:ABC123"), always); holders],
                vec![(ParkingZoneName::new("A1").unwrap(), always); zones],
            )
        };
        assert!(right(100_000, 100_000).is_ok());
        assert!(right(0, 0).is_ok());
        assert_eq!(right(100_001, 1), Err(TooManyWindows));
        assert_eq!(right(1, 100_001), Err(TooManyWindows));
        let shown = format!("{:?}", right(1, 1).unwrap());
        assert!(shown.contains("session_789") && !shown.contains("ABC123"), "{shown}");
        let told = TooManyWindows.to_string();
        assert_eq!(told, "has more than 100000 windows of holders or of zones");
    }

    #[test]
    fn texts_of_rights_are_bounded() {
        assert_eq!(RightId::new(&"a".repeat(128)).unwrap().to_string().len(), 128);
        assert!(RightId::new(&"a".repeat(129)).is_err());
        assert_eq!(SpaceId::new(" "), Err(InvalidId::Empty));
        assert_eq!(RightVersion::new("1\u{0}"), Err(InvalidId::ControlCharacter));
        assert_eq!(SpaceId::new("METER-A1-001").unwrap().as_str(), "METER-A1-001");
    }
}
