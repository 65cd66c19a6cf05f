//! Plates of members: what is kept comes back, what changed is noticed, what goes is gone.

use std::fs;

use super::*;
use crate::model::{MemberNamed, MemberPlate, MemberPlateLeftOut, PlateRules, RowReason};

fn plate(line: u32, email: &str, number: &str, plate: &str, issuer: &str) -> MemberPlate {
    let member = MemberNamed::new(Email::parse(email), number.parse().ok()).unwrap();
    let plate = PlateRules::default().read(plate, issuer).unwrap();
    MemberPlate { line, member: Some(member), plate }
}

fn read(path: &str, sha256: &str, rows: &[MemberPlate]) -> MemberPlateFileRead {
    MemberPlateFileRead {
        path: path.into(),
        sha256: sha256.to_owned(),
        sense: "sense".to_owned(),
        stamp: None,
        rows: rows.to_vec(),
        left_out: vec![MemberPlateLeftOut { line: 9, reason: RowReason::BadPlate }],
    }
}

fn each(store: &Store) -> Vec<MemberPlateRow> {
    let mut all = Vec::new();
    store.member_plates().each(|row| all.push(row)).unwrap();
    all
}

/// Mutants: a second plate of a row replaces the first; a file read again keeps what it held; an issuer is lost;
/// what is known of one file is forgotten with another.
#[test]
fn what_is_kept_comes_back() {
    let store = Sandbox::new().open();
    assert!(store.member_plates().files().unwrap().is_empty());
    let first = [
        plate(2, "a@x.si", "", "LJ AB-123", "SI"),
        plate(2, "a@x.si", "", "KR CD-456", ""),
        plate(3, "", "42", "LJ AB-123", "US-CT"),
        plate(4, "b@x.si", "43", "ŠKOFJA1", "somewhere"),
    ];
    store.member_plates().record(&read("a.csv", "one", &first), at(0)).unwrap();
    store.member_plates().record(&read("b.csv", "two", &first[3..]), at(1)).unwrap();
    let rows = |minutes, rows: &[MemberPlate]| -> Vec<MemberPlateRow> {
        let known = |row: &MemberPlate| MemberPlateRow {
            row: row.clone(),
            since: at(minutes),
            as_of: at(minutes),
        };
        rows.iter().map(known).collect()
    };
    let sorted = |mut rows: Vec<MemberPlateRow>| {
        rows.sort_by_key(|one| (one.since, one.row.line, one.row.plate.spelled()));
        rows
    };
    let all = [rows(0, &first), rows(1, &first[3..])].concat();
    assert_eq!(sorted(each(&store)), sorted(all));
    let of_plate = store.member_plates().of_plate("LJAB123").unwrap();
    assert_eq!(sorted(of_plate), sorted(rows(0, &[first[0].clone(), first[2].clone()])));
    assert!(store.member_plates().of_plate("LJ").unwrap().is_empty());

    let files = store.member_plates().files().unwrap();
    let counted: Vec<_> =
        files.iter().map(|file| (file.path.as_str(), file.plates, file.left_out)).collect();
    assert_eq!(counted, [("a.csv", 4, 1), ("b.csv", 1, 1)]);
    assert!(files[0].is(Path::new("a.csv")) && !files[0].is(Path::new("b.csv")));
    let left_out = store.member_plates().left_out_of(&files[0]).unwrap();
    assert_eq!(left_out, [(RowReason::BadPlate, 9)]);
    let mut spelt = store.member_plates().plates_of(&files[0]).unwrap();
    spelt.sort();
    assert_eq!(spelt, ["KRCD456", "LJAB123", "LJAB123", "ŠKOFJA1"]);

    store.member_plates().refresh(&files[0], Some("stamp".to_owned()), at(5)).unwrap();
    let file = &store.member_plates().files().unwrap()[0];
    assert_eq!((file.changed_at, file.as_of), (at(0), at(5)));
    assert_eq!(file.stamp.as_deref(), Some("stamp"));

    store.member_plates().record(&read("a.csv", "three", &first[1..2]), at(6)).unwrap();
    store.member_plates().forget(&files[1]).unwrap();
    assert_eq!(each(&store), rows(6, &first[1..2]));
    assert_eq!(store.member_plates().files().unwrap().len(), 1);
}

/// Mutants: the seal is not compared, or leaves a column out.
#[test]
fn a_changed_value_is_noticed_and_not_quoted() {
    for change in [
        "UPDATE member_plate SET plate = 'LJAB124'",
        "UPDATE member_plate SET plate = '???'",
        "UPDATE member_plate SET issuer = NULL",
        "UPDATE member_plate SET email = 'b@x.si'",
        "UPDATE member_plate SET number = '43'",
        "UPDATE member_plate SET line = 3",
        "UPDATE member_plate_file SET as_of_at = as_of_at + 1",
        "UPDATE member_plate_file SET changed_at = changed_at + 1",
        "UPDATE member_plate_file SET sha256 = 'two'",
    ] {
        let store = Sandbox::new().open();
        let rows = [plate(2, "a@x.si", "42", "LJAB123", "SI")];
        store.member_plates().record(&read("a.csv", "one", &rows), at(0)).unwrap();
        store.connection.execute(change, []).unwrap();
        let error = store.member_plates().each(|_| ()).unwrap_err().to_string();
        assert!(!error.contains("LJAB") && !error.contains("???"), "{error}");
        let found = ["LJAB123", "LJAB124", "???"].map(|text| store.member_plates().of_plate(text));
        assert!(found.iter().any(Result::is_err), "{change}");
    }
}

/// Mutants: rows are deleted and not written over, when a file is forgotten or when it is read again.
#[test]
fn what_is_forgotten_is_in_no_page() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let many = |start: &str| -> Vec<MemberPlate> {
        let row = |n| plate(n, &format!("{start}{n}@x.si"), "", &format!("{start}{n}"), "");
        (2..400).map(row).collect()
    };
    store.member_plates().record(&read("a.csv", "one", &many("GONE")), at(0)).unwrap();
    store.member_plates().record(&read("b.csv", "one", &many("WENT")), at(0)).unwrap();
    store.member_plates().record(&read("b.csv", "two", &many("STAYS")), at(1)).unwrap();
    let files = store.member_plates().files().unwrap();
    store.member_plates().forget(&files[0]).unwrap();
    drop(store);
    let mut all = Vec::new();
    for path in fs::read_dir(sandbox.folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        all.extend(fs::read(path).unwrap());
    }
    let holds = |text: &str| all.windows(text.len()).any(|some| some == text.as_bytes());
    for gone in ["GONE", "gone", "WENT", "went"] {
        assert!(!holds(gone), "{gone}");
    }
    assert!(holds("STAYS") && holds("stays"));
}
