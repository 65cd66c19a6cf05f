//! Files that are bombs, pipes, devices or garbage, in every place where a file is named.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use super::{DOOR_MB, LATER, assert_inert};
use crate::support::Sandbox;
use crate::support::pinned::START;

/// Memory for a run that reads a file of at most 32 MB, or a workbook that unpacks to 512 MB, which is
/// never held as a whole.
const FILE_MB: u32 = 400;

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A file of this size that takes no room.
fn sparse(path: &Path, bytes: u64) {
    std::fs::File::create(path).unwrap().set_len(bytes).unwrap();
}

/// Makes every kind of file that is none, under a name each.
fn no_files(folder: &Path) -> Vec<(&'static str, &'static str)> {
    pipe(&folder.join("pipe"));
    std::fs::create_dir(folder.join("folder")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("zero")).unwrap();
    std::os::unix::fs::symlink("loop", folder.join("loop")).unwrap();
    sparse(&folder.join("gigabyte"), 1 << 30);
    sparse(&folder.join("terabyte"), 1 << 40);
    vec![
        ("pipe", "regular file"),
        ("folder", "regular file"),
        ("zero", "regular file"),
        ("/dev/null", "regular file"),
        ("/dev/stdin", "regular file"),
        ("loop", ""),
        ("gigabyte", "than"),
        ("terabyte", "than"),
    ]
}

#[test]
fn link_files_that_are_none_end_at_once() {
    let mut sandbox = Sandbox::pinned(5, 1);
    for (file, words) in no_files(sandbox.folder.path()) {
        let config = sandbox.config().replace("persons.csv", file);
        sandbox.replace_config(Some(config));
        let said = sandbox.waiting(&["sync"]);
        assert_eq!(said.code, 78, "{file}: {said:?}");
        assert!(
            said.stderr.contains(file) && said.stderr.contains(words),
            "{file}: {}",
            said.stderr
        );
        assert!(said.stderr.contains("hint: "), "{file}: {}", said.stderr);
        sandbox.replace_config(None);
    }
    assert!(
        sandbox.club.cardskipper.requests().is_empty()
            && sandbox.club.devices[0].writes().is_empty()
    );
    sandbox.sync_at(START, 0);
}

#[test]
fn password_files_that_are_none_end_at_once() {
    let mut sandbox = Sandbox::pinned(5, 1);
    for (file, words) in no_files(sandbox.folder.path()) {
        let from = "{ env = \"DOOR1_PASSWORD\" }";
        let config = sandbox.config().replace(from, &format!("{{ file = \"{file}\" }}"));
        sandbox.replace_config(Some(config));
        let said = sandbox.waiting(&["sync"]);
        assert_eq!(said.code, 78, "{file}: {said:?}");
        assert!(said.stderr.contains("hikvision.door1.password"), "{file}: {}", said.stderr);
        assert!(said.stderr.contains(words), "{file}: {}", said.stderr);
        sandbox.replace_config(None);
    }
}

#[test]
fn configurations_that_are_none_end_at_once() {
    let sandbox = Sandbox::pinned(5, 1);
    for (file, words) in no_files(sandbox.folder.path()) {
        let said = sandbox.waiting(&["--config", file, "sync"]);
        assert_eq!(said.code, 78, "{file}: {said:?}");
        assert!(
            said.stderr.contains(file) && said.stderr.contains(words),
            "{file}: {}",
            said.stderr
        );
    }
}

#[test]
fn plans_that_are_none_end_at_once() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    for (file, words) in no_files(sandbox.folder.path()) {
        let said = sandbox.waiting(&["apply", file]);
        assert!([13, 64].contains(&said.code), "{file}: {said:?}");
        assert!(
            said.stderr.contains(file) && said.stderr.contains(words),
            "{file}: {}",
            said.stderr
        );
    }
    for (what, text) in [
        ("deep", "[".repeat(1 << 20)),
        ("deep objects", "{\"a\":".repeat(1 << 20)),
        ("wide", format!("{{\"version\":1,\"a\":[{}1]}}", "1,".repeat(20_000_000))),
        ("NULs", "\0".repeat(1 << 20)),
        ("ANSI", "{\"version\":\"\u{9b}31m\u{202e}\"}".to_owned()),
        ("empty", String::new()),
    ] {
        std::fs::write(sandbox.path("plan.json"), text).unwrap();
        let said = sandbox.limited(FILE_MB, LATER, &["apply", "plan.json"]);
        assert_eq!(said.code, 13, "{what}: {said:?}");
        assert!(
            said.stderr.contains("plan.json") && said.stderr.contains("hint: "),
            "{what}: {said:?}"
        );
        assert_inert(&said, what);
    }
    assert!(sandbox.club.devices[0].writes().is_empty());
}

#[test]
fn configurations_that_are_bombs_or_garbage_end_at_once() {
    let sandbox = Sandbox::pinned(5, 1);
    let good = sandbox.config();
    let hundred = "x = \"y\"\n".repeat(13_000_000);
    for (what, text) in [
        ("100 MB", hundred.into_bytes()),
        ("a value of 1 MB", format!("a = \"{}\"", "x".repeat(1 << 20)).into_bytes()),
        ("deep lists", format!("a = {}", "[".repeat(500_000)).into_bytes()),
        (
            "deep lists, closed",
            format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes(),
        ),
        ("deep tables", format!("a = {}", "{ a = ".repeat(100_000)).into_bytes()),
        ("a deep key", format!("[{}]", ["a"; 200_000].join(".")).into_bytes()),
        ("deep keys", format!("{} = 1", ["a"; 200_000].join(".")).into_bytes()),
        (
            "many sections",
            (0..60_000).map(|at| format!("[a{at}]\n")).collect::<String>().into_bytes(),
        ),
        (
            "many doors",
            (0..30_000).map(|at| format!("[hikvision.d{at}]\n")).collect::<String>().into_bytes(),
        ),
        ("NUL", format!("{good}\n\0").into_bytes()),
        ("binary", (0..=255).cycle().take(10_000).collect()),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("ANSI", format!("{good}\n\"\u{9b}31m\u{202e}\" = 1").into_bytes()),
        ("an escape", format!("{good}\n\"\\u001b[31m\\u202e\" = 1").into_bytes()),
    ] {
        std::fs::write(sandbox.path("odd.toml"), text).unwrap();
        let said = sandbox.limited(FILE_MB, LATER, &["--config", "odd.toml", "sync"]);
        assert_eq!(said.code, 78, "{what}: {:.2000}", said.stderr);
        assert!(said.stderr.contains("odd.toml"), "{what}: {:.2000}", said.stderr);
        assert_inert(&said, what);
    }
    assert!(sandbox.club.cardskipper.requests().is_empty());
}

/// What writes one part of an archive.
type Part<'a> = (&'a str, &'a dyn Fn(&mut dyn Write));

/// A ZIP of these parts; the sizes in it are true.
fn zip(parts: &[Part<'_>]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, fill) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        fill(&mut archive);
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook whose one worksheet holds this.
fn workbook(sheet: impl Fn(&mut dyn Write)) -> Vec<u8> {
    let text =
        |text: &'static str| move |to: &mut dyn Write| to.write_all(text.as_bytes()).unwrap();
    zip(&[
        (
            "[Content_Types].xml",
            &text(
                "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>",
            ),
        ),
        (
            "_rels/.rels",
            &text(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
            ),
        ),
        (
            "xl/workbook.xml",
            &text(
                "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &text(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
            ),
        ),
        ("xl/worksheets/sheet1.xml", &|to: &mut dyn Write| {
            to.write_all(b"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>").unwrap();
            sheet(to);
            to.write_all(b"</sheetData></worksheet>").unwrap();
        }),
    ])
}

fn cell(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

#[test]
fn link_files_that_are_bombs_end_in_bounded_memory() {
    let header = format!("<row r=\"1\">{}{}</row>", cell("A1", "Person ID"), cell("B1", "Email"));
    let spaces = [b' '; 1 << 16];
    let many = |one: &str, count: usize| one.repeat(count);
    let million: String = (0..1_000_000).map(|at| format!(" a{at}=\"\"")).collect();
    let quote = format!("Person ID,Email\n1,\"a@x.si\n{}", many("2,b@x.si\n", 3_000_000));
    for (what, bytes, code) in [
        (
            "a gigabyte in one part",
            workbook(|to| (0..1 << 14).for_each(|_| to.write_all(&spaces).unwrap())),
            78,
        ),
        (
            "many files of 100 MB",
            zip(&[
                ("[Content_Types].xml", &|to| {
                    (0..1600).for_each(|_| to.write_all(&spaces).unwrap())
                }),
                ("a", &|to| (0..1600).for_each(|_| to.write_all(&spaces).unwrap())),
                ("b", &|to| (0..8000).for_each(|_| to.write_all(&spaces).unwrap())),
            ]),
            78,
        ),
        (
            "a million columns",
            workbook(|to| {
                to.write_all(b"<row r=\"1\">").unwrap();
                (0..1_000_000).for_each(|_| to.write_all(b"<c><v>1</v></c>").unwrap());
                to.write_all(b"</row>").unwrap();
            }),
            78,
        ),
        (
            "a million attributes",
            workbook(|to| to.write_all(format!("<row{million}/>").as_bytes()).unwrap()),
            78,
        ),
        (
            "100,000 levels",
            workbook(|to| to.write_all(many("<row>", 100_000).as_bytes()).unwrap()),
            78,
        ),
        (
            "a cell of 100 MB",
            workbook(|to| {
                to.write_all(header.as_bytes()).unwrap();
                to.write_all(b"<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>").unwrap();
                (0..1600).for_each(|_| to.write_all(&[b'x'; 1 << 16]).unwrap());
                to.write_all(b"</t></is></c></row>").unwrap();
            }),
            0,
        ),
        ("a quote without end", quote.into_bytes(), 0),
        ("commas", many(",", 30_000_000).into_bytes(), 78),
        ("one line", many("x", 30_000_000).into_bytes(), 78),
        ("quotes", many("\"", 30_000_000).into_bytes(), 78),
        ("too many rows", format!("Person ID,Email\n{}", many("1,\n", 600_000)).into_bytes(), 78),
        ("binary", (0..=255).cycle().take(1_000_000).collect(), 78),
    ] {
        let sandbox = Sandbox::pinned(3, 1);
        std::fs::write(sandbox.path("persons.csv"), &bytes).unwrap();
        let said = sandbox.limited(FILE_MB, LATER, &["sync", "--json"]);
        assert_eq!(said.code, code, "{what}: {said:?}");
        assert_inert(&said, what);
        if code == 78 {
            assert!(
                said.stderr.contains("persons.csv") && said.stderr.contains("hint: "),
                "{what}: {}",
                said.stderr
            );
        }
        assert!(sandbox.club.devices[0].writes().is_empty(), "{what}");
    }
}

/// A formula is text to us: nothing calculates it, and a person whose number looks like one is found.
#[test]
fn formulas_in_link_files_are_text() {
    let sandbox = Sandbox::pinned(3, 1);
    let csv = std::fs::read_to_string(sandbox.path("persons.csv")).unwrap();
    let formulas = "=cmd|' /C calc'!A0,=HYPERLINK(\"http://x\")@example.si,\n@SUM(1),+1@example.si,\n-2,-2+3,\n";
    std::fs::write(sandbox.path("persons.csv"), format!("{csv}{formulas}")).unwrap();
    sandbox.club.renew(1, "2030-11-01");
    let said = sandbox.limited(DOOR_MB, LATER, &["-vvv", "sync", "--json"]);
    assert_inert(&said, "formulas");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(sandbox.end_on(0, "1002"), "2030-11-01T23:59:59");
}
