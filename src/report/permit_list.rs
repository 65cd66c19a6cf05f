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
        /// A source that its zones need was never read: nobody knows yet who is on it, and its file is as it was.
        Waiting = "waiting",
        /// It could not be written; its file is as it was.
        Failed = "failed",
    }
}

impl PermitListReport {
    /// How many permits it has, and what became of it.
    #[must_use]
    pub fn said(&self) -> String {
        let rows = |rows: u64| many(usize::try_from(rows).unwrap_or(usize::MAX), "permit");
        let rows = self.rows.map_or("permits".to_owned(), rows);
        let how = match self.state {
            PermitListState::InSync => "in sync",
            PermitListState::Written => "written",
            PermitListState::Planned => "not written; the file holds something else",
            PermitListState::Waiting => "not written: a source of its zones was never read",
            PermitListState::Failed => "not written",
        };
        format!("{rows}, {how}")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{source, zone};
    use crate::model::{Country, ParkingZoneName, PlateRules, RightId};

    fn row(plate: &str, id: &str) -> PermitRow {
        let rules = PlateRules::new(Country::from_code("US"), []).unwrap();
        let at = |text: &str| text.parse().unwrap();
        PermitRow {
            plate: rules.read_spelled(plate).unwrap(),
            zone: ParkingZoneName::new("A1").unwrap(),
            from: at("2026-03-01T05:00:00Z"),
            until: at("2026-04-01T04:00:00Z"),
            source: source("exempt"),
            id: RightId::new(id).unwrap(),
        }
    }

    #[test]
    fn each_format_byte_by_byte() {
        let rows = [row("CT:ABC123", "P-1"), row("SI:LJ-AB 123", "=1+1"), row("ÅSA1", "a,\"b\"")];
        let new_york = zone("America/New_York");
        let csv = "plate,state,zone,from,until,source,permit\r\n\
            ABC123,US-CT,A1,2026-03-01T05:00:00Z,2026-04-01T04:00:00Z,exempt,P-1\r\n\
            LJAB123,SI,A1,2026-03-01T05:00:00Z,2026-04-01T04:00:00Z,exempt,'=1+1\r\n\
            ÅSA1,,A1,2026-03-01T05:00:00Z,2026-04-01T04:00:00Z,exempt,\"a,\"\"b\"\"\"\r\n";
        assert_eq!(render(ListFormat::Csv, &rows, new_york), csv);
        let genetec = "Category,PlateState,PlateNumber,PermitID,EffectiveDate,ExpiryDate\r\n\
            A1,CT,ABC123,P-1,2026-03-01 00:00:00,2026-03-31 23:59:59\r\n\
            A1,SI,LJAB123,'=1+1,2026-03-01 00:00:00,2026-03-31 23:59:59\r\n\
            A1,,ÅSA1,\"a,\"\"b\"\"\",2026-03-01 00:00:00,2026-03-31 23:59:59\r\n";
        assert_eq!(render(ListFormat::Genetec, &rows, new_york), genetec);
    }

    #[test]
    fn an_empty_list_says_its_columns() {
        let text = render(ListFormat::Csv, &[], Zone::UTC);
        assert_eq!(text, "plate,state,zone,from,until,source,permit\r\n");
    }
}
