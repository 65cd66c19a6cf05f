//! Rows of rights as they are kept.

use chrono::{DateTime, Utc};

use crate::model::{
    Ends, ParkingZoneName, Period, Plate, PlateRules, RightCode, RightId, RightKind, RightState,
    RightsRow, RightsRowLeftOut, RightsRowReason, StateWord,
};
use crate::store::StoreProblem;
use crate::store::rows::{Columns, FromColumns, Sink, ToColumns, damaged, row};

/// In front of a word for a state that nobody here knows.
const UNKNOWN: &str = "unknown:";

/// A row of a file, as it is kept.
pub(super) struct KeptRight {
    pub file: i64,
    line: u32,
    plate: KeptPlate,
    id: String,
    number: Option<String>,
    kind: Option<RightCode>,
    state: Option<String>,
    zone: String,
    begin: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
}

row!(KeptRight { file, line, plate, id, number, kind, state, zone, begin, end });

pub(super) struct KeptLeftOut {
    pub file: i64,
    line: u32,
    reason: RightsRowReason,
    plate: Option<KeptPlate>,
    id: Option<String>,
    number: Option<String>,
    until: Option<DateTime<Utc>>,
}

row!(KeptLeftOut { file, line, reason, plate, id, number, until });

/// Text and issuer.
pub(in crate::store) struct KeptPlate(String, Option<String>);

impl FromColumns for KeptPlate {
    const WIDTH: usize = 2;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        Ok(Self(columns.next()?, columns.next()?))
    }
}

impl ToColumns for KeptPlate {
    const WIDTH: usize = 2;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        (&self.0, &self.1).write(to)
    }
}

impl From<&Plate> for KeptPlate {
    fn from(plate: &Plate) -> Self {
        Self(plate.text().to_owned(), plate.issuer().map(ToString::to_string))
    }
}

impl KeptPlate {
    /// The plate, without quoting it where it is none.
    pub(in crate::store) fn plate(&self, rules: &PlateRules) -> Result<Plate, StoreProblem> {
        let plate = rules.read(&self.0, self.1.as_deref().unwrap_or_default());
        plate.map_err(|_| damaged("a plate", "a text"))
    }
}

impl KeptRight {
    pub(super) fn of(file: i64, first: u32, row: &RightsRow) -> Self {
        let kind = match &row.kind {
            RightKind::Session => None,
            RightKind::Permit(code) => Some(code.clone()),
        };
        Self {
            file,
            line: first.saturating_add(row.line),
            plate: (&row.plate).into(),
            id: row.id.to_string(),
            number: row.number.as_ref().map(ToString::to_string),
            kind,
            state: state_word(&row.state),
            zone: row.zone.to_string(),
            begin: row.period.begin(),
            end: row.period.end(),
        }
    }

    pub(super) fn row(self, rules: &PlateRules) -> Result<RightsRow, StoreProblem> {
        let period = Period::new(self.begin, self.end, Ends::Open);
        let zone = ParkingZoneName::new(&self.zone);
        let number = self.number.map(|number| RightId::new(&number)).transpose();
        Ok(RightsRow {
            line: self.line,
            id: RightId::new(&self.id).map_err(|_| damaged("the id of a right", "a text"))?,
            number: number.map_err(|_| damaged("the number of a right", "a text"))?,
            kind: self.kind.map_or(RightKind::Session, RightKind::Permit),
            state: state(self.state.as_deref())?,
            plate: self.plate.plate(rules)?,
            zone: zone.map_err(|_| damaged("a parking zone", "a text"))?,
            period: period.map_err(|_| damaged("a window of a right", "its end"))?,
        })
    }
}

impl KeptLeftOut {
    pub(super) fn of(file: i64, first: u32, row: &RightsRowLeftOut) -> Self {
        Self {
            file,
            line: first.saturating_add(row.line),
            reason: row.reason,
            plate: row.plate.as_ref().map(KeptPlate::from),
            id: row.id.as_ref().map(ToString::to_string),
            number: row.number.as_ref().map(ToString::to_string),
            until: row.until,
        }
    }

    pub(super) fn row(self, rules: &PlateRules) -> Result<RightsRowLeftOut, StoreProblem> {
        let id = self.id.map(|id| RightId::new(&id)).transpose();
        let number = self.number.map(|number| RightId::new(&number)).transpose();
        Ok(RightsRowLeftOut {
            number: number.map_err(|_| damaged("the number of a right", "a text"))?,
            line: self.line,
            reason: self.reason,
            id: id.map_err(|_| damaged("the id of a right", "a text"))?,
            plate: self.plate.map(|plate| plate.plate(rules)).transpose()?,
            until: self.until,
        })
    }
}

/// The word that is kept for a state; none for the usual one.
fn state_word(state: &RightState) -> Option<String> {
    match state {
        RightState::Active => None,
        RightState::Cancelled => Some("cancelled".to_owned()),
        RightState::Suspended => Some("suspended".to_owned()),
        RightState::Unknown(word) => Some(format!("{UNKNOWN}{word}")),
    }
}

fn state(word: Option<&str>) -> Result<RightState, StoreProblem> {
    Ok(match word {
        None => RightState::Active,
        Some("cancelled") => RightState::Cancelled,
        Some("suspended") => RightState::Suspended,
        Some(other) => {
            let word = other.strip_prefix(UNKNOWN).and_then(|word| StateWord::new(word).ok());
            RightState::Unknown(word.ok_or_else(|| damaged("the state of a right", "a word"))?)
        }
    })
}
