//! Lists of permits: as text, and what became of each in a run. Pure.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use serde::Serialize;

use super::sheet::harmless;
use crate::config::ListFormat;
use crate::engine::vehicles::PermitRow;
use crate::model::{Plate, TargetName, Zone};
use crate::text::lists::many;
use crate::text::words::words;

/// How one list of permits fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermitListReport {
    pub name: TargetName,
    /// Its path.
    pub file: String,
    /// How many rows it has, or is to have; `None` where that is not known yet.
    pub rows: Option<u64>,
    #[serde(rename = "outcome")]
    pub state: PermitListState,
}

words! {
    /// How one list of permits fared, in a word.
    pub enum PermitListState {
        /// Its file held just that already.
        InSync = "in-sync",
        Written = "written",
        /// Its file holds something else, and nothing was written: by `diff`, or as it is observed only.
        Planned = "planned",
        /// It could not be written; its file is as it was.
        Failed = "failed",
    }
}

impl PermitListReport {
    /// The line for the desk.
    #[must_use]
    pub fn line(&self) -> String {
        let rows = |rows: u64| many(usize::try_from(rows).unwrap_or(usize::MAX), "permit");
        let rows = self.rows.map_or("permits".to_owned(), rows);
        let how = match self.state {
            PermitListState::InSync => "in sync",
            PermitListState::Written => "written",
            PermitListState::Planned => "not written; the file holds something else",
            PermitListState::Failed => "not written",
        };
        format!("{}: {rows}, {how}.\n", self.name)
    }
}

/// The whole text of a list: comma-separated, with a line for the columns, each line ended by CR and LF. No cell
/// is a formula to a spreadsheet program.
#[must_use]
pub fn render(format: ListFormat, rows: &[PermitRow], zone: Zone) -> String {
    let mut text = Csv::new();
    match format {
        ListFormat::Csv => {
            text.line(["plate", "state", "zone", "from", "until", "source", "permit"]);
            for row in rows {
                let state = row.plate.issuer().map(ToString::to_string).unwrap_or_default();
                let (from, until) = (instant(row.from), instant(row.until));
                let right = (row.source.as_str(), row.id.as_str());
                let zone = row.zone.as_str();
                text.line([row.plate.text(), &state, zone, &from, &until, right.0, right.1]);
            }
        }
        ListFormat::Genetec => {
            text.line([
                "Category",
                "PlateState",
                "PlateNumber",
                "PermitID",
                "EffectiveDate",
                "ExpiryDate",
            ]);
            for row in rows {
                // What expires at a second is believed to be valid in it.
                let last = row.until.checked_sub_signed(TimeDelta::seconds(1)).unwrap_or(row.until);
                let (from, last) = (on_clock(row.from, zone), on_clock(last, zone));
                let (plate, state) = (row.plate.text(), state_alone(&row.plate));
                text.line([row.zone.as_str(), &state, plate, row.id.as_str(), &from, &last]);
            }
        }
    }
    text.finish()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn on_clock(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The issuer as a list for one country has it: `CT`, where it is `US-CT`.
fn state_alone(plate: &Plate) -> String {
    let code = plate.issuer().map(ToString::to_string).unwrap_or_default();
    match code.split_once('-') {
        Some((country, region)) if country.len() == 2 => region.to_owned(),
        _ => code,
    }
}

/// Lines of cells.
struct Csv(csv::Writer<Vec<u8>>);

impl Csv {
    fn new() -> Self {
        let mut writer = csv::WriterBuilder::new();
        Self(writer.terminator(csv::Terminator::CRLF).from_writer(Vec::new()))
    }

    fn line<const COLUMNS: usize>(&mut self, cells: [&str; COLUMNS]) {
        // A record that goes into memory has no way to fail.
        let _ = self.0.write_record(cells.map(harmless));
    }

    fn finish(self) -> String {
        let bytes = self.0.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
