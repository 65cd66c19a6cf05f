//! Whole files: committed CSV, workbooks built here, and damaged ones.

mod hostile;

use std::io::Cursor;

use rust_xlsxwriter::{
    ConditionalFormatCell, ConditionalFormatCellRule, ExcelDateTime, Format, Formula, Workbook,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

type Found = Vec<(u32, String, String)>;

fn parsed(bytes: &[u8]) -> LinkFile {
    parse(Path::new("persons.xlsx"), bytes).unwrap()
}

fn problem(bytes: &[u8]) -> FileProblem {
    parse(Path::new("persons.xlsx"), bytes).unwrap_err().problem
}

fn rows(file: &LinkFile) -> Found {
    file.rows
        .iter()
        .map(|row| (row.line, row.employee_no.to_string(), named(&row.member)))
        .collect()
}

fn named(member: &MemberNamed) -> String {
    let email = member.email().map(ToString::to_string);
    let number = member.number().map(ToString::to_string);
    email.into_iter().chain(number).collect::<Vec<_>>().join(" ")
}

fn kinds(file: &LinkFile) -> Vec<(u32, &'static str)> {
    file.unusable.iter().map(|row| (row.line, row.reason.as_str())).collect()
}

fn expect(rows: &[(u32, &str, &str)]) -> Found {
    rows.iter().map(|(line, id, mail)| (*line, (*id).to_owned(), (*mail).to_owned())).collect()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/link").join(name)
}

// Text files

#[test]
fn one_list_in_every_encoding_and_separator() {
    for name in [
        "comma-utf8.csv",
        "comma-cr.csv",
        "tab-utf8.tsv",
        "semicolon-utf8-bom.csv",
        "tab-utf16le.txt",
        "tab-utf16be.txt",
        "semicolon-windows-1250.csv",
        "semicolon-windows-1252.csv",
    ] {
        let file = read(&fixture(name)).unwrap();
        assert_eq!(
            rows(&file),
            expect(&[
                (2, "1007", "spela.zagar@example.si"),
                (3, "0012", "asa.oberg@example.se"),
                (4, "1008", "per@example.se"),
            ]),
            "{name}"
        );
        assert_eq!(kinds(&file), [(5, "no-email")], "{name}");
        assert_eq!(file.sha256, sha256_of(&fixture(name)).unwrap(), "{name}");
        assert_eq!(file.path, fixture(name));
    }
}

#[test]
fn rules_above_the_header_of_a_csv() {
    let file = read(&fixture("ivms-4200-rules-semicolon-utf8-bom.csv")).unwrap();
    let wanted = [(6, "0012", "asa.oberg@example.se"), (7, "1007", "spela.zagar@example.si")];
    assert_eq!(rows(&file), expect(&wanted));
    assert_eq!(kinds(&file), [(9, "no-email")]);
}

#[test]
fn letters_of_an_unknown_code_page_matter_only_in_the_two_columns() {
    let file = read(&fixture("undecided-letters.csv")).unwrap();
    let wanted = [(4, "3", "crt@example.si"), (5, "š4", "š@example.si")];
    assert_eq!(rows(&file), expect(&wanted));
    assert_eq!(kinds(&file), [(2, "unknown-letter"), (3, "unknown-letter")]);
}

// What went wrong once

// Mutants: those of `csv`, `format`, `value` and `header`, each seen here in a whole file.
#[test]
fn files_that_people_and_programs_wrote() {
    let crt = "crt@example.org";
    for (name, wanted, left_out) in [
        (
            "stray-quote-in-name.csv",
            [(3, "1002", "bojan@example.org"), (4, "1003", crt)].to_vec(),
            [(2, "stray-quotation-mark")].to_vec(),
        ),
        (
            "zeros-by-cell-format.xlsx",
            [(2, "00042", "ana@example.org"), (3, "M0007", "bojan@example.org")].to_vec(),
            vec![],
        ),
        (
            "cut-while-written.csv",
            [(2, "1001", "ana@example.org"), (3, "10", "bojan@example.org")].to_vec(),
            vec![],
        ),
        (
            "whole.csv",
            [(2, "1001", "ana@example.org"), (3, "1002", "bojan@example.org"), (4, "1003", crt)]
                .to_vec(),
            vec![],
        ),
        (
            "equals-quoted-ids.csv",
            [(2, "1001", "ana@example.org"), (3, "00042", "bojan@example.org"), (4, "1003", crt)]
                .to_vec(),
            vec![],
        ),
        (
            "headings-german.csv",
            [(2, "1001", "ana@example.org"), (3, "00042", "bojan@example.org"), (4, "1003", crt)]
                .to_vec(),
            vec![],
        ),
    ] {
        let file = read(&fixture(&format!("cases/{name}"))).unwrap();
        assert_eq!(rows(&file), expect(&wanted), "{name}");
        assert_eq!(kinds(&file), left_out, "{name}");
        assert_eq!(file.is_cut_off, name.starts_with("cut"), "{name}");
    }
    let file = read(&fixture("cases/formula-never-calculated.xlsx")).unwrap();
    assert_eq!(kinds(&file), [(4, "error-value"), (5, "formula-without-value")]);
    let ids: Vec<_> = file.rows.iter().map(|row| row.employee_no.as_str()).collect();
    assert_eq!(ids, ["00042", "1002"]);
}

// Workbooks

fn saved(mut book: Workbook) -> Vec<u8> {
    book.save_to_buffer().unwrap()
}

/// iVMS-4200's person template: eight rule rows, starred headings, three persons.
fn ivms_4200() -> Vec<u8> {
    let rules = [
        "Rule:",
        "1. Columns marked with * are required.",
        "2. Gender: 1 is male; 2 is female.",
        "3. Dates: YYYY/MM/DD.",
        "4. Several cards are separated by semicolons.",
        "5. A card number with leading zeros is preceded by an apostrophe.",
        "6. Levels of the organization are separated by /.",
        "7. Room No.: 1 or 1-1-1-1.",
    ];
    let headings = [
        "*Person ID",
        "*Organization",
        "*Person Name",
        "*Gender",
        "Contact",
        "Email",
        "Effective Time",
        "Expiry Time",
        "Card No.",
        "Room No.",
        "Floor No.",
    ];
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, rule) in (0..).zip(rules) {
        sheet.write(row, 0, rule).unwrap();
    }
    for (column, heading) in (0..).zip(headings) {
        sheet.write(8, column, heading).unwrap();
    }
    for (row, (id, name, email)) in (9..).zip([
        ("'0012", "Åsa Öberg", "Asa.Oberg@example.se"),
        ("1007", "Špela Žagar", "spela.zagar@example.si"),
        ("1008", "No Address", ""),
    ]) {
        sheet.write(row, 0, id).unwrap();
        sheet.write(row, 1, "Gym/Members").unwrap();
        sheet.write(row, 2, name).unwrap();
        sheet.write(row, 3, 2).unwrap();
        sheet.write(row, 5, email).unwrap();
        sheet.write(row, 6, "2026/01/01").unwrap();
    }
    saved(book)
}

/// HikCentral's person template: rules in rows 1 to 9, the id under `ID`.
fn hikcentral() -> Vec<u8> {
    let headings = [
        "First Name",
        "Last Name",
        "ID",
        "Type",
        "Person Group",
        "Gender",
        "Start Time of Effective Period",
        "End Time of Effective Period",
        "Card No.",
        "Email",
        "Phone",
        "Remark",
    ];
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for row in 0..9 {
        sheet.write(row, 0, format!("Rule {row}: ID and Email are checked.")).unwrap();
    }
    for (column, heading) in (0..).zip(headings) {
        sheet.write(9, column, heading).unwrap();
    }
    sheet.write(10, 0, "Åsa").unwrap();
    sheet.write(10, 2, "A-0012").unwrap();
    sheet.write(10, 3, "Basic Person").unwrap();
    sheet.write(10, 9, "asa@example.se").unwrap();
    sheet.write(12, 2, 77).unwrap();
    sheet.write(12, 9, "per@example.se").unwrap();
    saved(book)
}

/// A plain list: heading row, then what `fill` writes.
fn plain(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "Person ID").unwrap();
    sheet.write(0, 1, "Email").unwrap();
    fill(sheet);
    saved(book)
}

// Mutants: a number is what its format shows; conditional formatting of the person ids alone counts.
#[test]
fn member_numbers_in_a_workbook() {
    let bytes = plain(|sheet| {
        sheet.write(0, 2, "Member number").unwrap();
        let zeros = Format::new().set_num_format("00000");
        let dollars = Format::new().set_num_format("$0");
        let date = ExcelDateTime::parse_from_str("2026-03-10").unwrap();
        let day = Format::new().set_num_format("yyyy-mm-dd");
        for (row, id) in (1..).zip(["1", "2", "3", "4", "5", "6", "7", "8"]) {
            sheet.write(row, 0, id).unwrap();
        }
        sheet.write(1, 2, 150_002).unwrap();
        sheet.write_with_format(2, 2, 42, &zeros).unwrap();
        sheet.write(3, 2, " 0043 ").unwrap();
        sheet.write(4, 1, "a@example.se").unwrap();
        sheet.write(4, 2, 44.0).unwrap();
        sheet.write(5, 2, 45.5).unwrap();
        sheet.write_with_format(6, 2, 46, &dollars).unwrap();
        sheet.write_datetime_with_format(7, 2, &date, &day).unwrap();
        sheet.write(8, 2, 48).unwrap();
        let odd = ConditionalFormatCell::new()
            .set_rule(ConditionalFormatCellRule::GreaterThan(0))
            .set_format(Format::new().set_num_format("\"9\"0"));
        sheet.add_conditional_format(8, 2, 8, 2, &odd).unwrap();
    });
    let file = parsed(&bytes);
    let wanted = [(2, "1", "150002"), (3, "2", "42"), (4, "3", "43"), (5, "4", "a@example.se 44")];
    assert_eq!(rows(&file), expect(&wanted));
    let odd = "not-a-member-number";
    assert_eq!(kinds(&file), [(6, odd), (7, odd), (8, odd), (9, odd)]);
}

#[test]
fn the_template_of_ivms_4200() {
    let file = parsed(&ivms_4200());
    let wanted = [(10, "0012", "asa.oberg@example.se"), (11, "1007", "spela.zagar@example.si")];
    assert_eq!(rows(&file), expect(&wanted));
    assert_eq!(kinds(&file), [(12, "no-email")]);
    assert_eq!(file.notes, []);
}

#[test]
fn the_template_of_hikcentral() {
    let file = parsed(&hikcentral());
    assert_eq!(
        rows(&file),
        expect(&[(11, "A-0012", "asa@example.se"), (13, "77", "per@example.se")])
    );
}

#[test]
fn ids_that_excel_took_for_something_else() {
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let padded = Format::new().set_num_format("0000");
    let grouped = Format::new().set_num_format("#,##0.00");
    let counted = Format::new().set_num_format("0\" pcs\"");
    let money_of_the_country = Format::new().set_num_format_index(5);
    let file = parsed(&plain(|sheet| {
        for row in 1..=15 {
            sheet.write(row, 1, format!("p{row}@example.se")).unwrap();
        }
        sheet.write(1, 0, 1007).unwrap();
        sheet.write(2, 0, 1007.5).unwrap();
        sheet.write(3, 0, 1e15).unwrap();
        sheet.write(4, 0, "0007").unwrap();
        sheet.write(5, 0, true).unwrap();
        let day = ExcelDateTime::from_ymd(2026, 1, 31).unwrap();
        sheet.write_with_format(6, 0, &day, &date).unwrap();
        sheet.write_with_format(7, 0, 7, &padded).unwrap();
        sheet.write_with_format(8, 0, 1234, &padded).unwrap();
        sheet.write_with_format(9, 0, 123_456, &grouped).unwrap();
        sheet.write(10, 0, Formula::new("=1000+8").set_result("1008")).unwrap();
        sheet.write(11, 0, Formula::new("=NA()").set_result("#N/A")).unwrap();
        sheet.write_string(12, 0, "=1000+9").unwrap();
        sheet.write_with_format(13, 0, 42, &counted).unwrap();
        sheet.write_with_format(14, 0, 42, &money_of_the_country).unwrap();
        sheet.write_string(15, 0, "1001.0").unwrap();
    }));
    assert_eq!(
        rows(&file),
        expect(&[
            (2, "1007", "p1@example.se"),
            (5, "0007", "p4@example.se"),
            (8, "0007", "p7@example.se"),
            (9, "1234", "p8@example.se"),
            (10, "123456", "p9@example.se"),
            (11, "1008", "p10@example.se"),
            (13, "=1000+9", "p12@example.se"),
            (16, "1001", "p15@example.se"),
        ])
    );
    assert_eq!(
        kinds(&file),
        [
            (3, "person-id-not-whole"),
            (4, "person-id-lost-digits"),
            (6, "person-id-no-number"),
            (7, "person-id-no-number"),
            (12, "error-value"),
            (14, "person-id-shown-otherwise"),
            (15, "person-id-shown-otherwise"),
        ]
    );
}

// Mutants: rules are not looked for; every rule counts, whatever it formats; texts are refused as well;
// the rule of another column counts.
#[test]
fn a_number_that_a_condition_may_show_otherwise_is_refused() {
    let padded = Format::new().set_num_format("00000");
    let bold = Format::new().set_bold();
    let rule = |format: &Format| {
        let above_zero = ConditionalFormatCellRule::GreaterThan(0);
        ConditionalFormatCell::new().set_rule(above_zero).set_format(format)
    };
    let file = parsed(&plain(|sheet| {
        for row in 1..=5 {
            sheet.write(row, 0, 40 + row).unwrap();
            sheet.write(row, 1, format!("p{row}@example.se")).unwrap();
        }
        sheet.write(2, 0, "0042").unwrap();
        sheet.add_conditional_format(4, 0, 4, 0, &rule(&bold)).unwrap();
        sheet.add_conditional_format(1, 0, 3, 0, &rule(&padded)).unwrap();
        sheet.add_conditional_format(5, 1, 5, 2, &rule(&padded)).unwrap();
    }));
    assert_eq!(
        rows(&file),
        expect(&[
            (3, "0042", "p2@example.se"),
            (5, "44", "p4@example.se"),
            (6, "45", "p5@example.se")
        ])
    );
    let refused = "person-id-shown-otherwise";
    assert_eq!(kinds(&file), [(2, refused), (4, refused)]);
}

// Mutants: the second reading, for formulas, is left out; `are_in_ids` is never set; a 0 that was typed
// is refused like one that a program wrote.
#[test]
fn formulas_that_were_never_calculated() {
    let file = parsed(&plain(|sheet| {
        for row in 1..=6 {
            sheet.write(row, 1, format!("p{row}@example.se")).unwrap();
        }
        sheet.write(1, 0, Formula::new("=1000+1")).unwrap();
        sheet.write(2, 0, Formula::new("=1000+1").set_result("")).unwrap();
        sheet.write(3, 0, Formula::new("=1000+1").set_result("1001")).unwrap();
        sheet.write(4, 0, Formula::new("=\"A\"&42").set_result("A42")).unwrap();
        // The zero below the formula is written by the program, not by a person.
        sheet.write_array_formula(5, 0, 6, 0, "=B2:B3").unwrap();
        sheet.write(7, 0, "1007").unwrap();
        sheet.write(7, 1, Formula::new("=B2&\"\"").set_result("")).unwrap();
        sheet.write(8, 0, Formula::new("=A2").set_result("")).unwrap();
    }));
    let wanted = [(4, "1001", "p3@example.se"), (5, "A42", "p4@example.se")];
    assert_eq!(rows(&file), expect(&wanted));
    let lines = [2, 3, 6, 7, 8];
    let mut wanted: Vec<_> = lines.map(|line| (line, "formula-without-value")).to_vec();
    wanted.push((9, "no-email"));
    assert_eq!(kinds(&file), wanted);
    let typed = parsed(&plain(|sheet| {
        sheet.write(1, 0, 0).unwrap();
        sheet.write(1, 1, "a@example.se").unwrap();
    }));
    assert_eq!(rows(&typed), expect(&[(2, "0", "a@example.se")]));
}

#[test]
fn hidden_rows_are_read_and_hidden_sheets_are_not() {
    let mut book = Workbook::new();
    let hidden = book.add_worksheet();
    hidden.write(0, 0, "Person ID").unwrap();
    hidden.write(0, 1, "Email").unwrap();
    hidden.write(1, 0, "old").unwrap();
    hidden.write(1, 1, "old@example.se").unwrap();
    hidden.set_hidden(true);
    let seen = book.add_worksheet();
    seen.write(0, 0, "Person ID").unwrap();
    seen.write(0, 1, "Email").unwrap();
    seen.write(1, 0, "7").unwrap();
    seen.write(1, 1, "a@example.se").unwrap();
    seen.set_row_hidden(1).unwrap();
    seen.set_active(true);
    let file = parsed(&saved(book));
    assert_eq!(rows(&file), expect(&[(2, "7", "a@example.se")]));
    assert_eq!(file.notes, []);
}

#[test]
fn the_first_sheet_with_a_header_is_read_and_the_next_is_mentioned() {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Cover").unwrap().write(0, 0, "Persons of the gym").unwrap();
    for name in ["Now", "Before"] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        sheet.write(4, 2, "Person ID").unwrap();
        sheet.write(4, 7, "Email").unwrap();
        sheet.write(5, 2, name).unwrap();
        sheet.write(5, 7, "a@example.se").unwrap();
    }
    let file = parsed(&saved(book));
    assert_eq!(rows(&file), expect(&[(6, "Now", "a@example.se")]));
    assert_eq!(
        file.notes,
        [FileNote::OtherSheet { read: "Now".to_owned(), ignored: "Before".to_owned() }]
    );
    assert!(file.notes[0].to_string().contains("\"Before\" also has a header row"));
}

#[test]
fn a_cell_at_the_far_corner_costs_nothing() {
    let file = parsed(&plain(|sheet| {
        sheet.write(1, 0, "7").unwrap();
        sheet.write(1, 1, "a@example.se").unwrap();
        sheet.write(1_048_575, 16_383, "x").unwrap();
    }));
    assert_eq!(rows(&file), expect(&[(2, "7", "a@example.se")]));
}

// Files that are refused

#[test]
fn what_is_no_link_file() {
    let no_workbook = {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("content.xml", SimpleFileOptions::default()).unwrap();
        archive.finish().unwrap().into_inner()
    };
    for (bytes, expected) in [
        (&b""[..], "is empty"),
        (b"\xEF\xBB\xBF \r\n", "is empty"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "is an old Excel workbook (.xls), or one with"),
        (&no_workbook, "is an OpenDocument spreadsheet"),
        (b"%PDF-1.7\nPerson ID,Email\n", "is a PDF document"),
        (b"\xEF\xBB\xBF<html><table><tr><td>Person ID,Email", "is an HTML page and no workbook"),
        (b"\xFF\xFE<\0T\0A\0B\0L\0E\0>\0", "is an HTML page and no workbook"),
        (b"\n<?xml version='1.0'?><!DOCTYPE HTML>", "is an HTML page and no workbook"),
        (
            b"<?xml version='1.0'?>\n<?mso-application progid=\"Excel.Sheet\"?>",
            "is an XML spreadsheet (SpreadsheetML of Excel 2003)",
        ),
        (
            b"<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>",
            "is an XML spreadsheet (SpreadsheetML of Excel 2003)",
        ),
        (b"<?xml version='1.0'?><persons/>", "is an XML file and no workbook"),
        (b"MIME-Version: 1.0\r\n", "is a web archive (.mht)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is neither a workbook nor text"),
        (b"PK\x03\x04 and no more", "is a workbook that cannot be read"),
        (b"Name,Phone\nEva,1\n", "has no header row"),
        (
            b"*Person ID,Name\n7,Eva\n",
            "row 1 names a person id column, but no e-mail or member number column",
        ),
        (
            b"x\nName;Email\n",
            "row 2 names an e-mail or member number column, but no person id column",
        ),
        (b"Person ID,Email,E-mail\n", "row 1 has more than one e-mail column: Email, E-mail"),
    ] {
        let error = parse(Path::new("persons.xlsx"), bytes).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("link file persons.xlsx: "), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(error.hint().is_some_and(|hint| !hint.is_empty()));
    }
}

#[test]
fn what_only_looks_like_another_kind() {
    let file = parsed(b"<Person>,Person ID,Email\nAna <html>,1,a@example.se\n");
    assert_eq!(rows(&file), expect(&[(2, "1", "a@example.se")]));
    let report = problem(&std::fs::read(fixture("cases/report-html.xls")).unwrap());
    assert!(report.to_string().contains("HTML"), "{report}");
    assert!(report.hint().contains(".xlsx") && report.hint().contains("CSV"), "{}", report.hint());
}

#[test]
fn what_the_disk_does_not_give() {
    let folder = tempfile::tempdir().unwrap();
    let missing = read(&folder.path().join("persons.xlsx")).unwrap_err();
    assert!(matches!(missing.problem, FileProblem::Missing));
    assert!(matches!(sha256_of(folder.path()).unwrap_err().problem, FileProblem::NotAFile));
    let large = folder.path().join("large.csv");
    std::fs::File::create(&large).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    assert!(matches!(read(&large).unwrap_err().problem, FileProblem::TooLarge { .. }));
}
