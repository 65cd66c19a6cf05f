//! Headings, cells and whole sheets.

use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook};

use super::super::parse;
use super::*;

fn rules() -> PlateRules {
    PlateRules::new(crate::model::Country::from_code("US"), ["NOPLATE"]).unwrap()
}

fn read(bytes: &[u8]) -> Result<PlateRows, FileProblem> {
    sheet(&PlatesLayout { rules: &rules() }, bytes).map(|sheet| sheet.rows)
}

/// What a sheet says: line, member and plate of each row, and line and reason of those that were left out.
fn said(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let found = read(bytes).unwrap();
    let row = |MemberPlate { line, member, plate }: &MemberPlate| {
        let email =
            member.as_ref().and_then(|member| member.email()).map_or("-", |email| email.as_str());
        let number = member.as_ref().and_then(|member| member.number());
        let number = number.map_or("-", |number| number.as_str());
        format!("{line} {email} {number} {}", plate.spelled())
    };
    let left_out = found.left_out.iter().map(|row| format!("{} {}", row.line, row.reason));
    (found.rows.iter().map(row).collect(), left_out.collect())
}

fn columns(row: &[&str]) -> Result<Option<[Option<usize>; COLUMNS]>, FileProblem> {
    let found = PlatesLayout { rules: &rules() }.offer(&mut (), 3, row.iter().copied().enumerate());
    found.map(|found| found.map(|columns| columns.places))
}

#[test]
fn headings() {
    for heading in [
        "Plate",
        "License plate",
        "Licence plate",
        "NUMBER-PLATE",
        "Registration",
        "*license_plate",
        "Kennzeichen",
        "Registreringsnummer",
        "Registrska oznaka",
        "Immatriculation",
        "Matrícula",
    ] {
        let found = columns(&["E-mail", heading, "Member no"]).unwrap();
        assert_eq!(found, Some([Some(1), None, Some(0), Some(2)]), "{heading}");
    }
    let found = columns(&["Person ID", "Mitgliedsnummer", "x", "Plate", "State"]).unwrap();
    assert_eq!(found, Some([Some(3), Some(4), None, Some(1)]));
    for row in
        [&["Plate"][..], &["Plate", "Person ID"], &["Person ID", "Email"], &["Plate", "Name"]]
    {
        assert_eq!(columns(row).unwrap(), None, "{row:?}");
    }
    for (row, what) in [
        (&["Plate", "Registration", "Email"][..], "plate"),
        (&["Plate", "State", "Country", "Email"], "state"),
        (&["Plate", "Email", "Mail"], "e-mail"),
        (&["Plate", "Member no", "Medlemsnr"], "member number"),
    ] {
        let said = columns(row).unwrap_err().to_string();
        assert!(said.starts_with(&format!("row 3 has more than one {what} column")), "{said}");
    }
}

/// Mutants: the second plate of a cell is dropped; a cell is told by its first plate alone; a plate counts beside a
/// member who is not sure; a blank cell or `-` is complained of.
#[test]
fn cells() {
    for (row, rows, left_out) in [
        ("abc-123,CT,a@x.si,", &["2 a@x.si - US-CT:ABC123"][..], &[][..]),
        ("ABC 123,,A@x.si,0042", &["2 a@x.si 42 ABC123"], &[]),
        ("ABC123,,,42.0", &["2 - 42 ABC123"], &[]),
        ("\"AB1, AB2;AB1\",SE,a@x.si,", &["2 a@x.si - SE:AB1", "2 a@x.si - SE:AB2"], &[]),
        (
            "\"AB1\nAB2\r\nAB3\",,a@x.si,",
            &["2 a@x.si - AB1", "2 a@x.si - AB2", "2 a@x.si - AB3"],
            &[],
        ),
        ("\"AB1,,NO PLATE,-;\",,a@x.si,", &["2 a@x.si - AB1"], &[]),
        ("'0042,,a@x.si,", &["2 a@x.si - 0042"], &[]),
        ("=\"0042\",,a@x.si,", &["2 a@x.si - 0042"], &[]),
        // No plate at all, whatever else is there.
        (",,a@x.si,", &[], &[]),
        (",,no,M42", &[], &[]),
        ("-,,no,", &[], &[]),
        ("no-plate,Connecticut/USA,a@x.si,", &[], &[]),
        (",CT,,", &[], &[]),
        // No plate that is sure.
        ("\u{410}BC123,,a@x.si,", &[], &["2 bad-plate"]),
        ("A\u{200b}BC123,,a@x.si,", &[], &["2 bad-plate"]),
        ("A\u{7}BC123,,a@x.si,", &[], &["2 bad-plate"]),
        ("=1+1,,a@x.si,", &[], &["2 bad-plate"]),
        ("+AB1,,a@x.si,", &[], &["2 bad-plate"]),
        ("@AB1,,a@x.si,", &[], &["2 bad-plate"]),
        ("A\u{fffd}1,,a@x.si,", &[], &["2 unknown-letter"]),
        ("ABC1234567890,,a@x.si,", &[], &["2 bad-plate"]),
        ("ABC123,Connecticut/USA,a@x.si,", &[], &["2 bad-plate"]),
        ("#N/A,,a@x.si,", &[], &["2 bad-plate"]),
        ("AB1|AB2,,a@x.si,", &[], &["2 bad-plate"]),
        ("\"AB1,??,AB2\",,a@x.si,", &["2 a@x.si - AB1", "2 a@x.si - AB2"], &["2 bad-plate"]),
        // No member who is sure.
        ("ABC123,,,", &["2 - - ABC123"], &["2 no-member"]),
        ("??,,,", &[], &["2 no-member"]),
        ("ABC123,,no,", &["2 - - ABC123"], &["2 not-an-email"]),
        ("ABC123,,no,42", &["2 - - ABC123"], &["2 not-an-email"]),
        ("ABC123,,a@x.si b@x.si,", &["2 - - ABC123"], &["2 several-emails"]),
        ("ABC123,,a@x.si,M42", &["2 - - ABC123"], &["2 not-a-member-number"]),
        ("ABC123,,,4.2E+11", &["2 - - ABC123"], &["2 not-a-member-number"]),
        ("ABC123,,a@x.si,42,more", &[], &["2 more-cells-than-header"]),
        ("\"ABC123,,a@x.si,42", &[], &["2 stray-quotation-mark"]),
    ] {
        let found = said(format!("Plate,State,Email,Member no\n{row}\n").as_bytes());
        let owned =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(found, (owned(rows), owned(left_out)), "{row}");
    }
    let long = format!("Plate,Email\n{}AB1,a@x.si\n", "AB1;".repeat(2000));
    assert_eq!(said(long.as_bytes()).1, ["2 cell-too-long"]);
}

/// Mutants: two members with one car are one; the same row twice counts twice; each row needs its own cell.
#[test]
fn rows_of_one_member_and_of_several() {
    let text = "Person ID;Email;Plate\n\
                1;a@x.si;AB1\n\
                ;a@x.si;AB2\n\
                7;A@x.si;ab-1\n\
                ;b@x.si;AB1\n\
                2;b@x.si;\n\
                ;;\n\
                9;;AB9\n";
    let (rows, left_out) = said(text.as_bytes());
    assert_eq!(rows, ["2 a@x.si - AB1", "3 a@x.si - AB2", "5 b@x.si - AB1", "8 - - AB9"]);
    assert_eq!(left_out, ["8 no-member"]);
    // The same file as one of links.
    let file = parse("x.csv".as_ref(), text.as_bytes()).unwrap();
    let lines: Vec<_> = file.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 4, 6]);
    let left_out: Vec<_> =
        file.unusable.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(left_out, [(8, "no-email")]);
}

#[test]
fn a_file_without_plates_has_none() {
    for text in
        ["Person ID,Email\n1,a@x.si\n", "Plate\nAB1\n", "nothing\n", "Person ID,Plate\n1,AB1\n"]
    {
        let found = read(text.as_bytes()).unwrap();
        assert!(found.is_without_column && found.rows.is_empty() && found.left_out.is_empty());
        assert!(without_persons(text.as_bytes()).is_none(), "{text}");
    }
    assert_eq!(read(b"").unwrap_err().to_string(), "is empty");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cars.csv");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let found = super::super::read_with_plates(&path);
        found.map(|file| (file.rows.len(), file.unusable.len())).map_err(|e| e.problem.to_string())
    };
    assert_eq!(read("Email,Plate\na@x.si,AB1\nb@x.si,\n"), Ok((0, 0)), "it links nobody");
    assert_eq!(read("Person ID,Email,Plate\n1,a@x.si,AB1\n,b@x.si,\n"), Ok((1, 1)));
    assert!(read("Email,Name\na@x.si,Ana\n").unwrap_err().ends_with("no person id column"));
    assert!(read("Email,Plate,Vehicle\na@x.si,AB1,\n").is_err());
    assert!(parse(&path, b"Email,Plate\na@x.si,AB1\n").is_err(), "unless somebody asks for plates");
}

#[test]
fn workbooks() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0..).zip(["Person ID", "Email", "Member number", "License plate"]) {
        sheet.write(4, column, heading).unwrap();
    }
    let zeros = Format::new().set_num_format("00000");
    for row in 5..15 {
        sheet.write(row, 1, "a@x.si").unwrap();
    }
    sheet.write(5, 3, "AB 1, AB 2\nAB 3").unwrap();
    sheet.write(6, 3, 123_456).unwrap();
    sheet.write_with_format(7, 3, 42, &zeros).unwrap();
    sheet.write(8, 3, 42.5).unwrap();
    sheet.write(9, 3, true).unwrap();
    sheet.write_formula(10, 3, Formula::new("=\"CD\"&1").set_result("CD1")).unwrap();
    sheet.write_formula(11, 3, Formula::new("=A1").set_result("")).unwrap();
    sheet.write_formula(12, 3, Formula::new("=NA()").set_result("#N/A")).unwrap();
    sheet.write(13, 2, 42).unwrap();
    sheet.write(13, 3, "EF1").unwrap();
    let (rows, left_out) = said(&book.save_to_buffer().unwrap());
    assert_eq!(
        rows,
        [
            "6 a@x.si - AB1",
            "6 a@x.si - AB2",
            "6 a@x.si - AB3",
            "7 a@x.si - 123456",
            "8 a@x.si - 00042",
            "11 a@x.si - CD1",
            "14 a@x.si 42 EF1",
        ]
    );
    let wanted = ["9 bad-plate", "10 bad-plate", "12 formula-without-value", "13 error-value"];
    assert_eq!(left_out, wanted);
}

#[test]
fn the_row_limit_holds_for_plates() {
    let cell = (0..600).map(|n| format!("A{n}")).collect::<Vec<_>>().join(";");
    let rows: String = (0..900).map(|n| format!("\"{cell}\",p{n}@x.si\n")).collect();
    let problem = read(format!("Plate,Email\n{rows}").as_bytes()).unwrap_err();
    assert!(matches!(problem, FileProblem::TooManyRows { limit: ROWS_MAX }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// However the plates of members are spread over rows and cells, the same are read; and the links are those of
    /// the file without the column.
    #[test]
    fn spread_in_whatever_way(
        pairs in prop::collection::vec((0_u8..6, prop::collection::vec(0_u16..40, 0..4)), 0..12),
        separator in prop::sample::select(vec![",", "; ", "\n", " ,"]),
    ) {
        let head = "Person ID,Email,Plate\n";
        let (mut joined, mut apart, mut bare) = (head.to_owned(), head.to_owned(), head.to_owned());
        let mut wanted = HashSet::new();
        for (member, plates) in &pairs {
            let plates: Vec<String> = plates.iter().map(|n| format!("LJ {n}")).collect();
            joined += &format!("{member},p{member}@x.si,\"{}\"\n", plates.join(separator));
            bare += &format!("{member},p{member}@x.si,\n");
            for plate in &plates {
                apart += &format!(",p{member}@x.si,{plate}\n");
                wanted.insert(format!("p{member}@x.si {}", plate.replace(' ', "")));
            }
        }
        let plates_in = |text: &str| -> Vec<String> {
            let found = read(text.as_bytes()).unwrap();
            assert!(found.left_out.is_empty());
            let row = |row: &MemberPlate| format!("{} {}", row.member.as_ref().and_then(|one| one.email()).unwrap(), row.plate.text());
            found.rows.iter().map(row).collect()
        };
        for text in [&joined, &apart] {
            let found = plates_in(text);
            prop_assert_eq!(found.len(), wanted.len(), "each once");
            prop_assert_eq!(found.into_iter().collect::<HashSet<_>>(), wanted.clone());
        }
        let links = |text: &str| {
            let rows = parse("x.csv".as_ref(), text.as_bytes()).unwrap().rows;
            rows.into_iter().map(|row| (row.employee_no, row.member)).collect::<Vec<_>>()
        };
        prop_assert_eq!(links(&joined), links(&bare));
        prop_assert!(parse("x.csv".as_ref(), apart.as_bytes()).unwrap().unusable.is_empty());
    }
}
