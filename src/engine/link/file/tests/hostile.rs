//! Bombs, damage, and workbooks that lie about themselves.

use std::io::{Cursor, Read, Write};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::super::*;
use super::{fixture, ivms_4200, parsed, plain, problem, rows};

/// The same workbook with one part replaced by what `change` makes of it.
fn with_part(bytes: &[u8], wanted: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut part = from.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        if name == wanted {
            text = change(text);
        }
        to.start_file(name, SimpleFileOptions::default()).unwrap();
        to.write_all(text.as_bytes()).unwrap();
    }
    to.finish().unwrap().into_inner()
}

#[test]
fn a_bomb_is_refused_before_it_is_read() {
    let zeros = "0".repeat(64 * 1024);
    let bytes = with_part(&ivms_4200(), "xl/theme/theme1.xml", |_| zeros.clone());
    assert!(bytes.len() < 32 * 1024, "{}", bytes.len());
    assert!(matches!(
        parts::check_parts(&bytes, 60 * 1024),
        Err(FileProblem::TooLargeUnpacked { limit }) if limit == 60 * 1024
    ));
    parts::check_parts(&bytes, 1024 * 1024).unwrap();
}

#[test]
fn a_bomb_that_understates_its_size_is_refused_too() {
    let zeros = "0".repeat(64 * 1024);
    let mut bytes = with_part(&ivms_4200(), "xl/theme/theme1.xml", |_| zeros.clone());
    // Every place where the size is written: the header of the part and the directory.
    let size = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let places: Vec<_> =
        (0..bytes.len() - 4).filter(|&at| bytes[at..].starts_with(&size)).collect();
    assert_eq!(places.len(), 2);
    for at in places {
        bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    assert!(parts::check_parts(&bytes, 60 * 1024).is_err());
}

#[test]
fn a_table_of_texts_cannot_ask_for_all_memory() {
    // The second would end the process in the allocator, the third panics, the first is harmless.
    for (count, fine) in [("20", true), ("1000000000000", false), ("18446744073709551615", false)] {
        let bytes = with_part(&ivms_4200(), "xl/sharedStrings.xml", |xml| {
            let at = xml.find("uniqueCount=\"").unwrap() + "uniqueCount=\"".len();
            let end = at + xml[at..].find('"').unwrap();
            format!("{}{count}{}", &xml[..at], &xml[end..])
        });
        assert_eq!(parse(Path::new("x"), &bytes).is_ok(), fine, "{count}");
    }
}

#[test]
fn what_makes_the_reader_panic_is_contained() {
    let sheet = "xl/worksheets/sheet1.xml";
    let far = with_part(&ivms_4200(), sheet, |xml| xml.replace("\"A10\"", "\"ZZZZZZZZZ1\""));
    // Without overflow checks the cell lands somewhere; with them the reader panics.
    let _ = parse(Path::new("x"), &far);
    let below = with_part(&ivms_4200(), sheet, |xml| {
        let at = xml.find("<dimension ref=\"").unwrap() + "<dimension ref=\"".len();
        let end = at + xml[at..].find('"').unwrap();
        format!("{}F20:A1{}", &xml[..at], &xml[end..])
    });
    let _ = parse(Path::new("x"), &below);
    if cfg!(debug_assertions) {
        assert!(matches!(problem(&far), FileProblem::Xlsx { .. }));
        assert!(matches!(problem(&below), FileProblem::Xlsx { .. }));
    }
}

// Mutants: the newer form is not read; a format that is not there is none; a range that is written oddly is
// nothing; many rules take long.
#[test]
fn rules_of_every_form_that_may_format_numbers_count() {
    let sheet = plain(|sheet| {
        sheet.write(1, 0, 1007).unwrap();
        sheet.write(1, 1, "ana@example.se").unwrap();
    });
    let newer = |place: &str| {
        format!(
            "<extLst><ext><x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule><xm:f>1</xm:f>\
             <x14:dxf><numFmt numFmtId=\"164\" formatCode=\"00000\"/></x14:dxf></x14:cfRule><xm:sqref>{place}\
             </xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>"
        )
    };
    let rule = |place: &str, id: &str| {
        format!(
            "<conditionalFormatting sqref=\"{place}\"><cfRule dxfId=\"{id}\"/></conditionalFormatting>"
        )
    };
    for (what, rules, counts) in [
        ("none", String::new(), false),
        ("newer", newer("A2"), true),
        ("newer, elsewhere", newer("B2 A3:A99"), false),
        ("newer, odd letter", newer("&#65;2"), true),
        ("without a format", rule("A2", "x").replace("dxfId", "id"), false),
        ("no such format", rule("A2", "7"), true),
        ("no number", rule("A2", "x"), true),
        ("broken", rule("A2:::", "7"), true),
        ("many", rule("B1:B1048576", "7").repeat(50_000) + &rule("A2", "7"), true),
        ("wide", rule(&"A1:A1048576 ".repeat(50_000), "7"), true),
    ] {
        let bytes = with_part(&sheet, "xl/worksheets/sheet1.xml", |xml| {
            xml.replace("</worksheet>", &format!("{rules}</worksheet>"))
        });
        let found = parsed(&bytes);
        let want = if counts { (0, 1) } else { (1, 0) };
        assert_eq!((found.rows.len(), found.unusable.len()), want, "{what}");
    }
}

#[test]
fn rows_out_of_order_come_out_in_order() {
    let bytes = with_part(&ivms_4200(), "xl/worksheets/sheet1.xml", |xml| {
        let (first, second) =
            (xml.find("<row r=\"10\"").unwrap(), xml.find("<row r=\"11\"").unwrap());
        let third = xml.find("<row r=\"12\"").unwrap();
        [&xml[..first], &xml[second..third], &xml[first..second], &xml[third..]].concat()
    });
    let lines: Vec<_> = parsed(&bytes).rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [10, 11]);
}

// Damage

fn damaged(bytes: &[u8], flips: &[(prop::sample::Index, u8)], cut: Option<usize>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, value) in flips {
        let at = at.index(bytes.len());
        bytes[at] ^= value;
    }
    bytes.truncate(cut.unwrap_or(usize::MAX));
    bytes
}

fn flips() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 0..6)
}

fn cut() -> impl Strategy<Value = Option<usize>> {
    prop::option::weighted(0.3, 0_usize..8000)
}

proptest! {
    #[test]
    fn a_damaged_workbook_never_panics(flips in flips(), cut in cut()) {
        let _ = parse(Path::new("x"), &damaged(&ivms_4200(), &flips, cut));
    }

    /// Damage inside the parts, under a checksum that is right again.
    #[test]
    fn a_workbook_with_damaged_xml_never_panics(
        part in prop::sample::select(vec![
            "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml",
            "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels",
        ]),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), "[<>/\"=0-9A-Za-z&; -]{0,6}"), 1..5),
    ) {
        let bytes = with_part(&ivms_4200(), part, |xml| {
            let mut xml = xml;
            for (at, text) in &edits {
                // The parts are ASCII but for names; a cut inside a letter moves to its end.
                let mut at = at.index(xml.len());
                while !xml.is_char_boundary(at) {
                    at += 1;
                }
                let end = (at + text.len()).min(xml.len());
                if xml.is_char_boundary(end) {
                    xml.replace_range(at..end, text);
                }
            }
            xml
        });
        let _ = parse(Path::new("x"), &bytes);
    }

    #[test]
    fn a_damaged_csv_never_panics(flips in flips(), cut in cut(), name in prop::sample::select(vec![
        "comma-utf8.csv", "tab-utf16le.txt", "semicolon-windows-1250.csv",
        "ivms-4200-rules-semicolon-utf8-bom.csv",
    ])) {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let _ = parse(Path::new("x"), &damaged(&bytes, &flips, cut));
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(Path::new("x"), &bytes);
    }

    /// What is written as CSV with every cell quoted comes back, whatever the other cells hold.
    #[test]
    fn quoted_rows_come_back(
        names in prop::collection::vec("[^\u{0}]{0,12}", 1..8),
        separator in prop::sample::select(vec![',', ';', '\t']),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut text = format!("Name{separator}Person ID{separator}Email{end}");
        let mut wanted = Vec::new();
        for (number, name) in names.iter().enumerate() {
            let name = name.replace('"', "\"\"");
            text += &format!("\"{name}\"{separator}\"id {number}\"{separator}\"p{number}@x.se\"{end}");
            wanted.push((format!("id {number}"), format!("p{number}@x.se")));
        }
        let file = parsed(text.as_bytes());
        let found: Vec<_> = rows(&file).into_iter().map(|(_, id, email)| (id, email)).collect();
        prop_assert_eq!(found, wanted);
    }
}
