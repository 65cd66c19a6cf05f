//! Files in memory and on disk, and what becomes of them.

mod answers;
mod services;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use tempfile::TempDir;

use super::*;
use crate::config::{self, Environment};
use crate::connectors::KINDS;
use crate::engine::Network;
use crate::engine::link::file::sheet;
use crate::exit::Exit;
use crate::model::RightsRow;
use crate::ports::progress::Silent;
use crate::store::OfPlate;

const CONFIG: &str = r#"time_zone = "Europe/Ljubljana"
[parking]
country = "US"
no_plates = ["NOPLATE"]
keep_plates = "7d"
[zone.A1]
names = { exempt = ["A1", "1"] }
[zone.A2]
[rights-file.exempt]
files = ["exempt.csv"]
fresh_for = "10m"
"#;

const HEAD: &str = "Plate,State,Zone,From,Until,Id,Kind\n";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Nobody is asked over it.
fn nothing() -> Network {
    Network::watched_by(Silent::handle())
}

fn noon() -> DateTime<Utc> {
    at("2026-03-10T12:00:00Z")
}

/// A folder with a configuration, a state file and one rights-file.
struct Town {
    folder: TempDir,
    config: Config,
    store: Store,
}

impl Town {
    fn new() -> Self {
        Self::with(CONFIG)
    }

    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ivms-sync.toml");
        let config =
            config::draft(text, &path, &Environment::from_pairs([("", ""); 0]), KINDS).unwrap();
        let store = Store::open(&folder.path().join("ivms-sync.db")).unwrap();
        Self { folder, config, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("exempt.csv")
    }

    fn write(&self, rows: &str) {
        fs::write(self.path(), format!("{HEAD}{rows}")).unwrap();
    }

    /// A look that is kept, and what it ends with.
    #[track_caller]
    fn tick_with(&self, now: DateTime<Utc>, closely: Closely) -> (Looked, Exit) {
        let looked = look(&nothing(), &self.config, &self.store, now, closely).unwrap();
        looked.record(&self.store).unwrap();
        let exit = Exit::of_all(looked.troubles.iter().map(Trouble::exit));
        (looked, exit)
    }

    #[track_caller]
    fn tick(&self, minutes: i64) -> Exit {
        self.tick_with(noon() + TimeDelta::minutes(minutes), Closely::default()).1
    }

    fn of(&self, text: &str) -> OfPlate {
        let files = self.store.rights().files().unwrap();
        self.store.rights().of_plate(text, self.config.vehicles.country, &files).unwrap()
    }

    /// The lines on which the rights of a plate stand.
    fn lines(&self, text: &str) -> Vec<u32> {
        self.of(text).rights.iter().map(|(_, row)| row.line).collect()
    }

    fn fresh_at(&self, minutes: i64) -> bool {
        let known = Known::read(&self.config.vehicles, &self.store).unwrap();
        known
            .readings
            .is_fresh(&self.config.vehicles.files[0].name, noon() + TimeDelta::minutes(minutes))
    }
}

/// What a sheet says: id, kind, plate, zone and window of each row, or why not.
fn said(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), String> {
    let town = Town::new();
    let layout = RightsLayout::new(&town.config.vehicles, &town.config.vehicles.files[0], "e.csv");
    let sheet = sheet(&layout, bytes).map_err(|problem| problem.to_string())?;
    let right = |row: &RightsRow| {
        let end = row.period.end().map_or("-".to_owned(), |end| end.format("%FT%T").to_string());
        let begin = row.period.begin().format("%FT%T");
        let kind = match &row.kind {
            crate::model::RightKind::Session => "session",
            crate::model::RightKind::Permit(kind) => kind.as_str(),
        };
        format!("{} {} {kind} {} {} {begin} {end}", row.line, row.id, row.plate.spelled(), row.zone)
    };
    let left_out = sheet.rows.left_out.iter().map(|row| {
        let plate = row.plate.as_ref().map_or("-".to_owned(), |plate| plate.spelled());
        format!("{} {} {plate}", row.line, row.reason)
    });
    Ok((sheet.rows.rows.iter().map(right).collect(), left_out.collect()))
}

#[test]
fn rows_and_what_they_say() {
    let text = format!(
        "{HEAD}abc-123,CT,1,2026-03-01,2026-03-31,P-1,resident\n\
         XYZ 9,,A2,,,,\n\
         \n\
         abc123,CT,A1,2026-03-01,2026-03-31,P-1,resident\n\
         ABC123,NY,A1,2026-03-10 09:00,2026-03-10T11:00:00Z,S-1,Session\n"
    );
    let (rights, left_out) = said(text.as_bytes()).unwrap();
    assert_eq!(
        rights,
        [
            "2 P-1 resident US-CT:ABC123 A1 2026-02-28T23:00:00 2026-03-31T22:00:00",
            "3 e.csv row 3 permit XYZ9 A2 1970-01-01T00:00:00 -",
            "6 S-1 session US-NY:ABC123 A1 2026-03-10T08:00:00 2026-03-10T11:00:00",
        ],
        "row 5 says what row 2 says"
    );
    assert!(left_out.is_empty(), "{left_out:?}");
}

#[test]
fn rows_that_give_nothing() {
    for (row, wanted) in [
        (",CT,A1,,", "2 bad-plate -"),
        ("NO PLATE,,A1,,", "2 bad-plate -"),
        ("\u{410}BC123,CT,A1,,", "2 bad-plate -"),
        ("ABC1234567890,CT,A1,,", "2 bad-plate -"),
        ("=1+1,CT,A1,,", "2 bad-plate -"),
        ("../A1,CT,A1,,", "2 bad-plate -"),
        ("ABC123,Connecticut/USA/1,A1,,", "2 bad-plate -"),
        ("ABC123,CT,A1,2026-03-10,2026-03-09", "2 bad-dates US-CT:ABC123"),
        ("ABC123,CT,A1,2026-03-10 10:00,2026-03-10 10:00", "2 bad-dates US-CT:ABC123"),
        ("ABC123,CT,A1,2026-02-30,", "2 bad-dates US-CT:ABC123"),
        ("ABC123,CT,A1,,11/12/2026", "2 bad-dates US-CT:ABC123"),
        ("ABC123,CT,A1,,#N/A", "2 bad-dates US-CT:ABC123"),
        ("ABC123,CT,A9,,", "2 unknown-zone US-CT:ABC123"),
        ("ABC123,CT,a1,,", "2 unknown-zone US-CT:ABC123"),
        ("ABC123,CT,,,", "2 unknown-zone US-CT:ABC123"),
        ("\"ABC123,CT,A1,,", "2 bad-row -"),
        ("ABC123,CT,A1,,,P,k,more", "2 bad-row -"),
    ] {
        let (rights, left_out) = said(format!("{HEAD}{row}\n").as_bytes()).unwrap();
        assert_eq!((rights, left_out), (vec![], vec![wanted.to_owned()]), "{row}");
    }
    // A day without end is a day: its own last moment is after its first.
    let (rights, _) = said(format!("{HEAD}ABC123,,A1,2026-03-10,2026-03-10\n").as_bytes()).unwrap();
    assert_eq!(rights.len(), 1);
}

#[test]
fn files_that_are_none() {
    for (bytes, wanted) in [
        (&b""[..], "is empty"),
        (b" \n\n", "is empty"),
        (b"Person ID,Email\n1,a@x.si\n", "has no header row with a plate"),
        (b"Plate,Zone\nABC123,A1\n", "row 1 names a plate column, but none for: from, until"),
        (b"Plate,Zone,From,Until,Expires\n", "row 1 has more than one until column"),
        (b"<html><table>", "is an HTML page"),
        (b"PK\x03\x04 cut off", "is a workbook that cannot be read"),
        (b"\xd0\xcf\x11\xe0", "is an old Excel workbook"),
    ] {
        let problem = said(bytes).unwrap_err();
        assert!(problem.starts_with(wanted), "{problem}");
    }
    let rows: String = (0..500_001).map(|n| format!("A{n},,A1,,\n")).collect();
    let problem = said(format!("{HEAD}{rows}").as_bytes()).unwrap_err();
    assert_eq!(problem, "has more than 500000 rows");
}

#[test]
fn workbooks() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(["Plate", "State", "Zone", "From", "Until"]) {
        sheet.write(2, column, heading).unwrap();
    }
    let (day, moment) = (
        Format::new().set_num_format("d.m.yyyy"),
        Format::new().set_num_format("yyyy-mm-dd hh:mm"),
    );
    let march = ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
    let end = ExcelDateTime::from_ymd(2026, 3, 10).unwrap().and_hms(14, 20, 40).unwrap();
    // A plate and a zone of digits, and dates as dates.
    sheet.write(3, 0, 123_456).unwrap();
    sheet.write(3, 2, 1).unwrap();
    sheet.write_with_format(3, 3, &march, &day).unwrap();
    sheet.write_with_format(3, 4, &end, &moment).unwrap();
    // Formulas: one that was calculated, and one that was not.
    sheet.write_formula(4, 0, Formula::new("=\"AB\"&1").set_result("AB1")).unwrap();
    sheet.write(4, 2, "A1").unwrap();
    sheet.write(5, 0, "CD2").unwrap();
    sheet.write(5, 2, "A1").unwrap();
    sheet.write_formula(5, 4, Formula::new("=TODAY()+1")).unwrap();
    sheet.write(6, 0, true).unwrap();
    // A number that nobody shows as a date is none.
    sheet.write(7, 0, "EF3").unwrap();
    sheet.write(7, 2, "A1").unwrap();
    sheet.write(7, 4, 46_091).unwrap();
    let (rights, left_out) = said(&book.save_to_buffer().unwrap()).unwrap();
    assert_eq!(
        rights,
        [
            "4 e.csv row 4 permit 123456 A1 2026-02-28T23:00:00 2026-03-10T13:20:40",
            "5 e.csv row 5 permit AB1 A1 1970-01-01T00:00:00 -",
        ]
    );
    assert_eq!(left_out, ["6 bad-dates CD2", "7 bad-plate -", "8 bad-dates EF3"]);
}

// Over time

#[test]
fn a_file_that_cannot_be_read_removes_nothing_and_is_fresh_no_more_in_time() {
    let town = Town::new();
    assert_eq!(town.tick(0), Exit::Temporary, "never read");
    assert!(!town.fresh_at(0));
    town.write("ABC123,CT,A1,,,P-1\nDEF456,CT,A1,,,P-2\n");
    assert_eq!(town.tick(0), Exit::InStep);
    for (minute, content) in [
        (1, None),
        (2, Some("")),
        (3, Some("Plate,Zone\nABC123,A1\n")),
        (4, Some("Plate,State,Zone,From,Until\nDEF456,CT,A1,,")),
    ] {
        match content {
            None => fs::remove_file(town.path()).unwrap(),
            Some(text) => fs::write(town.path(), text).unwrap(),
        }
        let wanted = if minute == 3 { Exit::Refused } else { Exit::Temporary };
        assert_eq!(town.tick(minute), wanted, "{content:?}");
        assert_eq!(town.lines("ABC123"), [2], "{content:?}");
        assert!(town.fresh_at(9) && !town.fresh_at(10));
    }
    // It counts when the next run reads the same, and one row fewer is always believed.
    assert_eq!(town.tick(5), Exit::InStep);
    assert_eq!((town.lines("ABC123"), town.lines("DEF456")), (vec![], vec![2]));
    assert!(town.fresh_at(14));
}

#[test]
fn a_file_that_shrank_counts_when_somebody_says_so() {
    let town = Town::new();
    let rows = |those: std::ops::Range<u32>| {
        those.map(|n| format!("AB{n},CT,A1,,2026-12-31,P-{n}\n")).collect::<String>()
    };
    town.write(&rows(100..140));
    assert_eq!(town.tick(0), Exit::InStep);
    town.write(&rows(105..140));
    for minute in 1..4 {
        assert_eq!(town.tick(minute), Exit::Refused, "5 of 40 are more than a tenth");
        assert_eq!(town.lines("AB100"), [2]);
    }
    let looked = look(&nothing(), &town.config, &town.store, noon(), Closely::default()).unwrap();
    let line = looked.troubles[0].line();
    assert!(line.contains("5 of its 40 rows are gone"), "{line}");
    assert!(line.ends_with("ivms-sync sync --accept-shrink 35"), "{line}");
    for (count, wanted) in [(34, Exit::Refused), (35, Exit::InStep)] {
        let closely = Closely { accept_shrink: Some(count), ..Closely::default() };
        assert_eq!(town.tick_with(noon(), closely).1, wanted);
    }
    assert!(town.lines("AB100").is_empty());
    // What has ended since is not missed, and neither is a car whose row cannot be used.
    let town = Town::new();
    let ended = rows(100..140).replace("2026-12-31", "2026-03-10 13:30");
    town.write(&ended);
    assert_eq!(town.tick(0), Exit::InStep);
    town.write(&rows(100..140).replace("2026-12-31", "soon"));
    assert_eq!(town.tick(1), Exit::InStep);
    town.write("");
    assert_eq!(town.tick(60), Exit::InStep);
}

#[test]
fn a_file_that_stands_is_as_good_as_read() {
    let town = Town::new();
    town.write("ABC123,CT,A1,,,P-1\n\u{410},,A1,,\n");
    let real: DateTime<Utc> = fs::metadata(town.path()).unwrap().modified().unwrap().into();
    let real = real + TimeDelta::hours(1);
    town.tick_with(real, Closely::default());
    let (looked, exit) = town.tick_with(real + TimeDelta::minutes(5), Closely::default());
    assert!(looked.is_quiet() && looked.fresh.is_empty());
    assert_eq!(exit, Exit::InStep);
    let told: Vec<String> = looked.troubles.iter().map(Trouble::text).collect();
    assert_eq!(told, ["1 row left out (line 3): its plate cannot be read"]);
    let known = Known::read(&town.config.vehicles, &town.store).unwrap();
    let whole = |at: DateTime<Utc>| at.timestamp();
    let as_of = known.readings.0.values().next().unwrap();
    assert_eq!(whole(as_of.at), whole(real + TimeDelta::minutes(5)));
    assert_eq!(as_of.fresh_for, Duration::from_secs(600));
}

#[test]
fn what_was_read_by_another_configuration_is_not_fresh_and_is_read_again() {
    let mut town = Town::new();
    town.write("ABC123,CT,Main,,,P-1\n");
    town.tick(0);
    assert!(town.lines("ABC123").is_empty() && town.of("ABC123").left_out.len() == 1);
    let text = CONFIG.replace("\"1\"]", "\"Main\"]");
    let path = town.folder.path().join("ivms-sync.toml");
    town.config =
        config::draft(&text, &path, &Environment::from_pairs([("", ""); 0]), KINDS).unwrap();
    assert!(!town.fresh_at(0));
    town.tick(1);
    assert!(town.fresh_at(1));
    assert_eq!(town.lines("ABC123"), [2]);
    // A section that is gone takes its rows along.
    let text = CONFIG.replace("exempt.csv", "other.csv");
    town.config =
        config::draft(&text, &path, &Environment::from_pairs([("", ""); 0]), KINDS).unwrap();
    town.tick(2);
    assert!(town.store.rights().files().unwrap().is_empty());
    assert!(town.lines("ABC123").is_empty());
}

/// P17: plates that nobody needs are in no page of the file. Mutants: rows are deleted and not written over; rows
/// that were left out stay; a file that is read again brings them back.
#[test]
fn plates_are_gone_for_good() {
    let town = Town::new();
    let ended: String =
        (0..400).map(|n| format!("GONE{n:03},CT,A1,2026-03-01,2026-03-02 10:00,P-{n}\n")).collect();
    let bad = "GONEBAD,CT,A1,2026-03-02,2026-03-01\nGONEZONE,CT,A9,,2026-03-01\n";
    let stays = "STAYS1,CT,A1,,2026-12-31,P\nSTAYSBAD,CT,A1,soon,\n";
    town.write(&format!("{ended}{bad}{stays}"));
    let (looked, _) = town.tick_with(at("2026-03-05T00:00:00Z"), Closely::default());
    assert_eq!(looked.sections[0].rights, 401);
    assert_eq!(town.lines("GONE001"), [3]);
    let (looked, _) = town.tick_with(at("2026-03-09T08:00:00Z"), Closely::default());
    assert!(looked.forgetful.is_empty() || town.lines("GONE001") == [3], "a day is left");
    town.tick_with(at("2026-03-09T09:00:01Z"), Closely::default());
    let (path, config) = (town.store.path().to_owned(), town.config.clone());
    let is_quiet =
        look(&nothing(), &config, &town.store, at("2026-03-09T09:05:00Z"), Closely::default());
    assert!(is_quiet.unwrap().is_quiet());
    assert!(town.lines("GONE001").is_empty());
    assert_eq!((town.lines("STAYS1").len(), town.of("STAYSBAD").left_out.len()), (1, 1));
    // Read whole once more, they do not come back.
    fs::write(town.path(), format!("{HEAD}{stays}{ended}")).unwrap();
    town.tick_with(at("2026-03-09T09:10:00Z"), Closely::default());
    let Town { store, folder, .. } = town;
    drop(store);
    for name in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if name.file_name().unwrap().to_string_lossy().starts_with("ivms-sync.db") {
            let bytes = fs::read(&name).unwrap();
            assert!(!bytes.windows(4).any(|four| four == b"GONE"), "{}", name.display());
        }
    }
    assert!(fs::read(path).unwrap().windows(6).any(|six| six == b"STAYS1"));
}
