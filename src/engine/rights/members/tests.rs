//! What becomes of the plates of members from tick to tick.

use std::fs;

use chrono::TimeDelta;
use tempfile::TempDir;

use super::*;
use crate::config::{self, Environment};
use crate::connectors::KINDS;
use crate::engine::link::file::{parse, sha256_of};
use crate::exit::Exit;

const CONFIG: &str = r#"time_zone = "Europe/Ljubljana"
[parking]
country = "US"
no_plates = ["NOPLATE"]
[zone.A1]
[rights-file.exempt]
files = ["exempt.csv"]
[link]
files = ["cars.csv"]
"#;

const HEAD: &str = "Person ID,Email,Plate\n";

/// A folder with a configuration, a state file and a link file.
struct Club {
    folder: TempDir,
    config: Config,
    store: Store,
    is_needed: bool,
}

impl Club {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ivms-sync.db")).unwrap();
        let mut club = Self { config: draft(CONFIG, &folder), folder, store, is_needed: true };
        club.config.link.files = vec![club.path()];
        club
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cars.csv")
    }

    fn write(&self, rows: &str) {
        fs::write(self.path(), format!("{HEAD}{rows}")).unwrap();
    }

    fn look(&self, minutes: i64, closely: Closely) -> Looked {
        let now = noon() + TimeDelta::minutes(minutes);
        look_if(self.is_needed, &self.config, &self.store, now, closely).unwrap()
    }

    fn tick_with(&self, minutes: i64, closely: Closely) -> Exit {
        let looked = self.look(minutes, closely);
        looked.record(&self.store).unwrap();
        Exit::of_all(looked.troubles.iter().map(Trouble::exit))
    }

    /// A look that is kept, and what it ends with.
    fn tick(&self, minutes: i64) -> Exit {
        self.tick_with(minutes, Closely::default())
    }

    /// The links of the same file are read, and what it says of them is believed or doubted.
    fn links_are_read(&self, is_believed: bool) {
        let (path, sha256) = (self.path(), sha256_of(&self.path()).unwrap());
        let (name, links) = (path.to_string_lossy(), self.store.links());
        match is_believed {
            true => links.record_link_file(&name, &sha256, &[], &[], noon()).unwrap(),
            false => links.doubt_link_file(&name, Some(&sha256)).unwrap(),
        }
    }

    fn known(&self) -> Vec<String> {
        let mut known = Vec::new();
        self.store.member_plates().each(|row| known.push(row.row.plate.spelled())).unwrap();
        known
    }
}

fn draft(text: &str, folder: &TempDir) -> Config {
    let path = folder.path().join("ivms-sync.toml");
    config::draft(text, &path, &Environment::from_pairs([("", ""); 0]), KINDS).unwrap()
}

fn noon() -> DateTime<Utc> {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

fn cars(those: std::ops::Range<u32>) -> String {
    those.map(|n| format!("{n},p{n}@x.si,AB{n}\n")).collect()
}

/// Mutants: plates are read where nobody needs them; what is known stays when the last gate goes.
#[test]
fn nobody_needs_them() {
    let mut club = Club::new();
    club.write(&cars(100..103));
    club.is_needed = false;
    let looked = club.look(0, Closely::default());
    assert!(looked.is_quiet() && looked.fresh.is_empty() && looked.counted.is_empty());
    club.is_needed = true;
    assert!(!club.look(0, Closely::default()).is_quiet());
    assert_eq!(club.tick(0), Exit::InStep);
    assert_eq!(club.known(), ["AB100", "AB101", "AB102"]);
    let files = std::mem::take(&mut club.config.link.files);
    assert!(!club.look(1, Closely::default()).is_quiet(), "a file that is named no more goes");
    club.config.link.files = files;
    assert!(club.look(1, Closely::default()).fresh.is_empty(), "the bytes are the same");
    club.is_needed = false;
    assert_eq!(club.tick(2), Exit::InStep);
    assert!(club.known().is_empty() && club.store.member_plates().files().unwrap().is_empty());
    assert!(club.look(3, Closely::default()).is_quiet());
    let Club { store, folder, .. } = club;
    drop(store);
    for path in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        let bytes = fs::read(&path).unwrap();
        let is_state = path.to_string_lossy().contains("ivms-sync.db");
        assert!(!is_state || !bytes.windows(4).any(|four| four == b"AB10"), "{}", path.display());
    }
}

/// Mutants: what cannot be read removes what was known; what the link machinery tells is told once more; a file
/// whose plates alone are wrong is passed over in silence.
#[test]
fn a_file_that_cannot_be_read_removes_nothing() {
    let club = Club::new();
    assert_eq!(club.tick(0), Exit::InStep, "that it is missing is told of the link file");
    club.write(&cars(100..103));
    assert_eq!(club.tick(0), Exit::InStep);
    for (minute, content, wanted) in [
        (1, None, None),
        (2, Some(""), None),
        (3, Some("<html><table>"), None),
        (4, Some("Person ID,Email,E-mail,Plate\n1,a@x.si,,AB1\n"), None),
        (5, Some("Email,Name\na@x.si,Ana\n"), None),
        (6, Some("Person ID,Email,Plate\n1,a@x.si,AB1"), None),
        (
            7,
            Some("Person ID,Email,Plate,Registration\n"),
            Some("row 1 has more than one plate column"),
        ),
        (
            8,
            Some("Person ID,Email,Plate,State,Country\n"),
            Some("row 1 has more than one state column"),
        ),
        (
            9,
            Some("Person ID,Email\n1,p100@x.si\n"),
            Some("looks cut off: 3 of its 3 rows are gone"),
        ),
        (9, Some("Person ID,Email,Plate\n1,p100@x.si,-\n"), Some("looks cut off: 3 of its 3 rows")),
    ] {
        match content {
            None => fs::remove_file(club.path()).unwrap(),
            Some(text) => fs::write(club.path(), text).unwrap(),
        }
        let looked = club.look(minute, Closely::default());
        let told: Vec<String> = looked.troubles.iter().map(Trouble::text).collect();
        match wanted {
            None => assert!(told.is_empty(), "{told:?}"),
            Some(wanted) => assert!(told.len() == 1 && told[0].contains(wanted), "{told:?}"),
        }
        assert_eq!(looked.is_quiet(), wanted.is_none());
        looked.record(&club.store).unwrap();
        assert_eq!(club.known(), ["AB100", "AB101", "AB102"], "{content:?}");
        let file = &club.store.member_plates().files().unwrap()[0];
        assert_eq!((file.changed_at, file.as_of), (noon(), noon()));
    }
}

/// Mutants: content that looks cut off counts at once; or never, where the links of the file were read long ago.
#[test]
fn what_looks_cut_off_counts_when_the_link_file_was_seen_to_hold_it() {
    for is_believed in [false, true] {
        let club = Club::new();
        fs::write(club.path(), format!("{HEAD}1,a@x.si,AB1")).unwrap();
        club.tick(0);
        assert!(club.known().is_empty());
        club.links_are_read(is_believed);
        club.tick(1);
        assert_eq!(club.known(), ["AB1"]);
    }
}

#[test]
fn half_of_a_file_counts_when_somebody_says_so() {
    let club = Club::new();
    club.write(&cars(100..140));
    club.tick(0);
    club.write(&cars(120..140));
    for minute in 1..4 {
        assert_eq!(club.tick(minute), Exit::Refused);
        assert_eq!(club.known().len(), 40);
    }
    let line = club.look(4, Closely::default()).troubles[0].line();
    assert!(line.contains("20 of its 40 rows are gone"), "{line}");
    assert!(line.ends_with("ivms-sync sync --accept-shrink 20"), "{line}");
    for (rows, wanted, known) in [(19, Exit::Refused, 40), (20, Exit::InStep, 20)] {
        let closely = Closely { accept_shrink: Some(rows), ..Closely::default() };
        assert_eq!(club.tick_with(5, closely), wanted);
        assert_eq!(club.known().len(), known);
    }
    // A few are always believed, and a plate that went to another member is there still.
    club.write(&cars(122..140).replace("p139", "anna"));
    assert_eq!(club.tick(6), Exit::InStep);
    assert_eq!(club.known().len(), 18);
}

#[test]
fn a_file_that_stands_is_not_read_again_and_its_rows_are_told_still() {
    let club = Club::new();
    club.write("1,a@x.si,AB1\n,,AB2\n3,c@x.si,??\n4,d@x.si,NO PLATE\n5,e@x.si,!\n");
    let real: DateTime<Utc> = fs::metadata(club.path()).unwrap().modified().unwrap().into();
    let later = real.signed_duration_since(noon()).num_minutes() + 60;
    assert_eq!(club.tick(later), Exit::InStep);
    let looked = club.look(later + 5, Closely::default());
    assert!(looked.is_quiet() && looked.fresh.is_empty());
    assert!(looked.same()[0].1.is_some());
    assert_eq!(looked.counted, [(club.path(), 1)]);
    let told: Vec<String> = looked.troubles.iter().map(Trouble::text).collect();
    assert_eq!(
        told,
        [
            "1 row left out for plates (line 3): it has a plate and no member",
            "2 rows left out for plates (line 4, 6): its plate cannot be read",
        ]
    );
    let topics: HashSet<String> = looked.troubles.iter().map(Trouble::topic).collect();
    assert_eq!(topics.len(), 2);
    looked.record(&club.store).unwrap();
    let file = &club.store.member_plates().files().unwrap()[0];
    assert_eq!(file.as_of.timestamp(), (noon() + TimeDelta::minutes(later + 5)).timestamp());
    assert_eq!(file.changed_at.timestamp(), (noon() + TimeDelta::minutes(later)).timestamp());
    // Unless somebody wants everything to be read, and then it is the same.
    let closely = Closely { is_full: true, ..Closely::default() };
    assert!(club.look(later + 6, closely).is_quiet());
}

#[test]
fn other_rules_read_other_plates() {
    let mut club = Club::new();
    club.write("1,a@x.si,NONE\n2,b@x.si,NOPLATE\n");
    club.tick(0);
    assert_eq!(club.known(), ["NONE"]);
    let files = club.config.link.files.clone();
    club.config = draft(&CONFIG.replace("NOPLATE", "NONE"), &club.folder);
    club.config.link.files = files;
    club.tick(1);
    assert_eq!(club.known(), ["NOPLATE"]);
}

/// What is told shows no plate, and a row of a member without a person is no row without a person.
#[test]
fn no_plate_is_told() {
    let club = Club::new();
    club.write(",a@x.si,SECRET1\n,,SECRET2\n,c@x.si,SECRET3SECRET3\n,no,SECRET4\n");
    let looked = club.look(0, Closely::default());
    let shown =
        format!("{looked:?} {:?}", looked.troubles.iter().map(Trouble::line).collect::<Vec<_>>());
    assert!(!shown.contains("SECRET"), "{shown}");
    let file = parse(&club.path(), &fs::read(club.path()).unwrap()).unwrap();
    assert!(file.rows.is_empty() && file.unusable.is_empty());
}
