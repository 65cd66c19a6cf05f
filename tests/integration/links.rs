//! Links: which member is which person, and what happens when that is not certain.

use std::fs;

use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::club::{World, employee_no, number};
use ivms_sync_simulators::hikvision::Person;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use super::support::pinned::{self, START};
use super::support::state::count;
use super::support::{Sandbox, each};

const LATER: &str = "2026-03-10T10:05:00Z";

/// A club of ten that is linked by nothing at all yet.
fn unlinked(devices: usize, change: impl FnOnce(&mut World)) -> Sandbox {
    let mut world = World::new(&pinned::settings(10, devices, START));
    change(&mut world);
    let sandbox = Sandbox::with(pinned::start(world, START));
    fs::write(sandbox.path("persons.csv"), "Person ID,Email\n").unwrap();
    sandbox
}

/// How a member is linked on the first door.
#[track_caller]
fn link_of(sandbox: &Sandbox, now: &str, who: &str) -> (Value, Value) {
    let found = sandbox.at(now, &["lookup", who, "--json"]).json();
    let device = &found["members"][0]["devices"][0];
    (device["employee_no"].clone(), device["linked_by"].clone())
}

/// Renews the member at index 3 and says which persons were written on the first door.
#[track_caller]
fn renewed(sandbox: &Sandbox, now: &str) -> Vec<String> {
    sandbox.clocks(now);
    sandbox.club.renew(3, "2030-11-01");
    let run = sandbox.sync_at(now, 0);
    assert!(each(&run, "changes", "outcome").iter().all(|outcome| *outcome == "confirmed"));
    let changes = run["changes"].as_array().unwrap().iter();
    let here = changes.filter(|change| change["device"] == "door1");
    here.map(|change| change["employee_no"].as_str().unwrap().to_owned()).collect()
}

// Link files

/// The rows of the club's link file: person id and e-mail.
fn pairs(sandbox: &Sandbox) -> Vec<(String, String)> {
    let lines = sandbox.club.links_csv.lines().skip(1);
    let pairs = lines.map(|line| line.split_once(',').unwrap());
    pairs.map(|(id, email)| (id.to_owned(), email.to_owned())).collect()
}

#[test]
fn link_files_of_every_kind_link() {
    let separated = |pairs: &[(String, String)], by: &str| {
        let rows = pairs.iter().map(|(id, email)| format!("Št{by}{id}{by}Čuk{by}{email}\r\n"));
        format!("Vrsta{by}Person ID{by}Priimek{by}E-mail\r\n{}", rows.collect::<String>())
    };
    let windows_1250 = |text: String| {
        let letters = text.chars().map(|c| match c {
            'Č' => 0xc8,
            'Š' => 0x8a,
            c => u8::try_from(c).unwrap(),
        });
        letters.collect::<Vec<u8>>()
    };
    let utf16 = |text: String| {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    type Make<'a> = (&'a str, &'a dyn Fn(&[(String, String)]) -> Vec<u8>);
    let kinds: [Make<'_>; 6] = [
        ("comma", &|pairs| separated(pairs, ",").into_bytes()),
        ("semicolon", &|pairs| separated(pairs, ";").into_bytes()),
        ("tab", &|pairs| separated(pairs, "\t").into_bytes()),
        ("Windows-1250", &|pairs| windows_1250(separated(pairs, ";"))),
        ("UTF-16", &|pairs| utf16(separated(pairs, "\t"))),
        ("byte-order mark", &|pairs| format!("\u{feff}{}", separated(pairs, ";")).into_bytes()),
    ];
    for (name, make) in kinds {
        let sandbox = unlinked(1, |_| {});
        fs::write(sandbox.path("persons.csv"), make(&pairs(&sandbox))).unwrap();
        assert_eq!(renewed(&sandbox, START), ["1004"], "{name}");
        sandbox.assert_well_behaved();
    }
}

/// iVMS-4200's person template: rules in rows 1 to 8, headings in row 9, data from row 10.
fn ivms_4200(rows: &[(String, String)]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let rules = ["Rule:", "1. Columns with * are required.", "2. Gender: 1 male, 2 female."];
    for (row, rule) in (0..).zip(rules) {
        sheet.write(row, 0, rule).unwrap();
    }
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
    for (column, heading) in (0..).zip(headings) {
        sheet.write(8, column, heading).unwrap();
    }
    for (row, (id, email)) in (9..).zip(rows) {
        // Some ids are numbers, as Excel makes of them, and some text.
        if row % 2 == 0 {
            sheet.write(row, 0, id.parse::<f64>().unwrap()).unwrap();
        } else {
            sheet.write(row, 0, id.as_str()).unwrap();
        }
        sheet.write(row, 1, "Fitnes/Člani").unwrap();
        sheet.write(row, 2, "Žiga Čuk").unwrap();
        sheet.write(row, 5, format!(" {} ", email.to_uppercase())).unwrap();
        sheet.write(row, 7, "2026/12/31").unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn the_template_of_ivms_4200_links() {
    let mut sandbox = unlinked(2, |_| {});
    let config = sandbox.config().replace("persons.csv", "Person Information Template.xlsx");
    sandbox.replace_config(Some(config));
    let book = ivms_4200(&pairs(&sandbox));
    fs::write(sandbox.path("Person Information Template.xlsx"), book).unwrap();
    assert_eq!(renewed(&sandbox, START), ["1004"]);
    for index in 0..10 {
        let who = number(index).to_string();
        let link = link_of(&sandbox, START, &who);
        assert_eq!(link, (json!(employee_no(index)), json!("file")), "{who}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_changed_link_file_is_read_again() {
    let sandbox = unlinked(1, |_| {});
    let run = sandbox.sync_at(START, 0);
    assert_eq!(each(&run, "left_out", "reason"), ["no-person"; 10]);
    // A slip: member 4 is said to be the person of member 5, and the other way round. Nobody was linked
    // before, and still a row that leads to just another member's name waits.
    let swapped = sandbox.club.links_csv.replace("1004,", "#").replace("1005,", "1004,");
    let swapped = swapped.replace('#', "1005,");
    fs::write(sandbox.path("persons.csv"), &swapped).unwrap();
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(reasons(&run), [(150_004, "name-differs"), (150_005, "name-differs")]);
    let detail = run["left_out"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("person 1005 has the name of another member"), "{detail}");
    assert_eq!(run["changes"], json!([]));
    // The correction.
    fs::write(sandbox.path("persons.csv"), &sandbox.club.links_csv).unwrap();
    let run = sandbox.sync_after_a_look_at(SECOND, 0);
    assert_eq!(run["left_out"], json!([]));
    assert_eq!(link_of(&sandbox, SECOND, "150004").0, "1004");
    // The same slip again: now each person is somebody's whose name fits.
    fs::write(sandbox.path("persons.csv"), &swapped).unwrap();
    let doors = sandbox.doors();
    let run = sandbox.sync_at(THIRD, 0);
    assert_eq!(reasons(&run), [(150_004, "name-differs"), (150_005, "name-differs")]);
    let detail = run["left_out"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("sync --accept-link door1=1005:150004"), "{detail}");
    assert_eq!(each(&run, "losses", "reason"), ["name-differs"; 2]);
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

#[test]
fn a_link_file_that_was_never_read_stops_the_run_before_it_begins() {
    for (content, words) in [
        (None, "does not exist"),
        (Some("Name;City\n"), "no header row"),
        (Some(""), "is empty"),
        (Some("Person ID,Name\n1,A\n"), "no e-mail or member number column"),
    ] {
        let sandbox = Sandbox::pinned(10, 1);
        match content {
            None => fs::remove_file(sandbox.path("persons.csv")).unwrap(),
            Some(text) => fs::write(sandbox.path("persons.csv"), text).unwrap(),
        }
        let doors = sandbox.doors();
        for arguments in [&["sync"][..], &["diff"]] {
            let said = sandbox.at(START, arguments).ends(78);
            assert!(said.stderr.contains("persons.csv"), "{}", said.stderr);
            assert!(
                said.stderr.contains(words) && said.stderr.contains("hint: "),
                "{}",
                said.stderr
            );
            assert_eq!(said.stdout, "");
        }
        assert!(sandbox.club.cardskipper.requests().is_empty(), "nobody is asked");
        assert!(sandbox.club.devices[0].requests().is_empty());
        assert_eq!(sandbox.doors(), doors);
        sandbox.assert_well_behaved();
    }
}

#[test]
fn a_link_file_that_went_away_is_remembered_and_told_by_the_exit_code() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    fs::rename(sandbox.path("persons.csv"), sandbox.path("away.csv")).unwrap();
    sandbox.club.renew(3, "2030-11-01");
    let said = sandbox.at(LATER, &["sync", "--json"]).ends(5);
    assert_eq!(each(&said.json(), "changes", "outcome"), ["confirmed"], "stored links hold");
    assert!(said.stderr.contains("persons.csv: "), "{}", said.stderr);
    assert!(said.stderr.contains("last reading"), "{}", said.stderr);
    let said = sandbox.at("2026-03-10T10:10:00Z", &["sync"]).ends(5);
    assert_eq!((&*said.stdout, &*said.stderr), ("", ""), "said once a day");
    // A file that was saved wrong is no different.
    fs::write(sandbox.path("persons.csv"), "saved in a hurry").unwrap();
    sandbox.sync_at("2026-03-10T10:15:00Z", 5);
    fs::rename(sandbox.path("away.csv"), sandbox.path("persons.csv")).unwrap();
    sandbox.sync_at("2026-03-10T10:20:00Z", 0);
    sandbox.assert_well_behaved();
}

// Files that are not what they seem

/// A copy of a file that went wrong once.
fn wrote(sandbox: &Sandbox, name: &str, case: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/link/cases/");
    fs::copy(format!("{folder}{case}"), sandbox.path(name)).unwrap();
}

/// A club whose first members have these e-mails and were paid for just now, and whose door holds these
/// persons and nobody else, all of them closed.
fn closed_door(emails: &[&str], persons: &[&str]) -> Sandbox {
    let sandbox = unlinked(1, |world| {
        for (place, email) in emails.iter().enumerate() {
            world.members[place] = world.members[place].clone().email(email);
        }
        world.devices[0].clear();
        let closed = |id: &&str| Person::new(id).name("Somebody").valid("2020-01-01", "2020-12-31");
        world.devices[0].extend(persons.iter().map(closed));
    });
    for index in 0..emails.len() {
        sandbox.club.renew(index, "2030-11-01");
    }
    sandbox
}

/// Which persons of the first door open.
fn opened(sandbox: &Sandbox, persons: &[&'static str]) -> Vec<&'static str> {
    let is_open = |id: &&&str| sandbox.club.devices[0].person(id).unwrap().end.starts_with("2030");
    persons.iter().filter(is_open).copied().collect()
}

// Mutants: those named at the readers, seen here by whom the door lets in.
#[test]
fn a_row_that_cannot_be_told_apart_lets_nobody_in() {
    let bojan_and_crt = ["bojan@example.org", "crt@example.org"];
    let ana_and_bojan = ["ana@example.org", "bojan@example.org"];
    for (case, emails, persons, wanted) in [
        ("stray-quote-in-name.csv", bojan_and_crt, ["1001", "1002", "1003"], &["1002", "1003"][..]),
        ("zeros-by-cell-format.xlsx", ana_and_bojan, ["42", "00042", "7"], &["00042"]),
        ("equals-quoted-ids.csv", ana_and_bojan, ["1001", "00042", "42"], &["1001", "00042"]),
        ("headings-german.csv", ana_and_bojan, ["1001", "00042", "42"], &["1001", "00042"]),
        ("formula-never-calculated.xlsx", ana_and_bojan, ["0", "42", "1001"], &[]),
    ] {
        let sandbox = closed_door(&emails, &persons);
        wrote(&sandbox, "persons.csv", case);
        sandbox.sync_at(START, 0);
        assert_eq!(opened(&sandbox, &persons), wanted, "{case}");
        sandbox.assert_well_behaved();
    }
}

#[test]
fn a_report_that_only_calls_itself_a_workbook_is_named() {
    let sandbox = unlinked(1, |_| {});
    wrote(&sandbox, "persons.csv", "report-html.xls");
    let said = sandbox.at(START, &["sync"]).ends(78);
    assert!(said.stderr.contains("is an HTML page and no workbook"), "{}", said.stderr);
    assert!(said.stderr.contains("hint: open it in a spreadsheet program"), "{}", said.stderr);
}

const SECOND: &str = "2026-03-10T10:10:00Z";
const THIRD: &str = "2026-03-10T10:15:00Z";

// Mutants: `diff` remembers what it saw; the memory of a look is never taken away; the second look is
// skipped by a quiet tick; a run that doubts a file gives its word for quiet ones; the doubted rows are used.
#[test]
fn a_file_that_is_read_while_it_is_written_counts_at_the_second_look() {
    let emails = ["ana@example.org", "bojan@example.org", "crt@example.org"];
    let persons = ["10", "1001", "1002", "1003"];
    let sandbox = closed_door(&emails, &persons);
    let run = |now: &str, code| sandbox.at(now, &["sync", "--json"]).ends(code);

    // Never read before, and nobody is asked.
    wrote(&sandbox, "persons.csv", "cut-while-written.csv");
    for arguments in [&["diff"][..], &["check"], &["diff"], &["sync"]] {
        let said = sandbox.at(START, arguments).ends(5);
        let told = format!("{}{}", said.stdout, said.stderr);
        assert!(told.contains("looks cut off: its last line has no line end"), "{told}");
        assert!(told.contains("next run reads the same"), "{told}");
        assert!(sandbox.club.cardskipper.requests().is_empty(), "nobody is asked");
    }
    // Other bytes are another first look, and a whole file needs none.
    fs::write(sandbox.path("persons.csv"), "Email,Person ID\nana@example.org,1001").unwrap();
    run(START, 5);
    wrote(&sandbox, "persons.csv", "whole.csv");
    run(START, 0);
    assert_eq!(opened(&sandbox, &persons), ["1001", "1002", "1003"]);

    // Known by now: its rows stay in use, and the next run would be quiet.
    sandbox.sync_at(LATER, 0);
    wrote(&sandbox, "persons.csv", "cut-while-written.csv");
    let said = run(LATER, 0);
    assert!(said.stderr.contains("looks cut off"), "{}", said.stderr);
    assert!(said.stderr.contains("its rows from the last reading are used"), "{}", said.stderr);
    wrote(&sandbox, "persons.csv", "whole.csv");
    let said = run(SECOND, 0);
    assert_eq!((&*said.stderr, opened(&sandbox, &["10"])), ("", vec![]));

    // The look was taken back: the same bytes are doubted again, and count at the look after that.
    wrote(&sandbox, "persons.csv", "cut-while-written.csv");
    // On stderr it is said once a day.
    let doubts = |run: &Value| {
        let texts = each(run, "problems", "text").into_iter();
        texts.filter(|text| text.contains("looks cut off")).count()
    };
    assert_eq!(doubts(&run(SECOND, 0).json()), 1, "again");
    assert_eq!(opened(&sandbox, &["10"]), [""; 0]);
    assert_eq!(link_of(&sandbox, SECOND, &number(2).to_string()).0, json!("1003"));
    let said = sandbox.at(THIRD, &["diff"]);
    assert!(!said.stderr.contains("looks cut off"), "what the next run does: {}", said.stderr);
    // Bojan is another person by the changed row; the person whom the door let in for him is nobody's.
    let said = run(THIRD, 4).json();
    assert_eq!(each(&said, "changes", "employee_no"), ["10", "1002"]);
    assert_eq!(each(&said, "changes", "outcome"), ["confirmed", "blocked"]);
    assert_eq!(each(&said, "released", "employee_no"), ["1002"]);
    assert_eq!(doubts(&said), 0);
    let said = sandbox.at(THIRD, &["diff"]).ends(0);
    assert!(!said.stderr.contains("looks cut off"), "{}", said.stderr);
    let blocked = sandbox.sync_at(THIRD, 4)["blocked"].as_str().unwrap().to_owned();
    sandbox.at(THIRD, &["apply", "--blocked", &blocked]).ends(0);
    assert_eq!(opened(&sandbox, &persons), ["10", "1001", "1003"]);
    sandbox.assert_well_behaved();
}

// Mutants: rows gone are not asked about; the older rows are not kept in use.
#[test]
fn a_file_that_lost_many_rows_counts_at_the_second_look() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    // Three rows of twenty are gone, and there is one more person for the fourth member.
    let email = sandbox.club.cardskipper.member(number(3)).unwrap().email;
    let kept: Vec<&str> = sandbox.club.links_csv.lines().take(18).collect();
    fs::write(sandbox.path("persons.csv"), format!("{}\n1020,{email}\n", kept.join("\n"))).unwrap();
    let said = sandbox.at(LATER, &["sync", "--json"]).ends(0);
    assert!(said.stderr.contains("looks cut off: 3 of its 20 rows are gone"), "{}", said.stderr);
    assert_eq!(said.json()["kept_links"], json!([]), "the rows known so far are in use");
    let run = sandbox.sync_at(SECOND, 0);
    let kept = each(&run, "kept_links", "employee_no");
    assert_eq!(kept, ["1018", "1019", "1020"], "the new rows are in use");
    // Who is linked stays with the person, whatever else the new rows say.
    assert_eq!((&run["left_out"], &run["changes"]), (&json!([]), &json!([])));
    assert_eq!(link_of(&sandbox, SECOND, "150004").0, "1004");
    sandbox.assert_well_behaved();
}

// Mutants: each command that tells is left out; an e-mail is shown where no person looks; the rows of a
// file that did not change are not kept.
#[test]
fn why_a_row_is_left_out_is_told_by_every_command_that_looks() {
    let sandbox = closed_door(&["ana@example.org", "bojan@example.org"], &["1001", "1002"]);
    let file = "Person ID,Name,Email\n1001,\"Ana,ana@example.org\n1002,Bojan,bojan@example.org\n\
                1003,,\n1004.5,Crt,crt@example.org\n";
    fs::write(sandbox.path("persons.csv"), file).unwrap();
    // Before the first run by what is read, after it by what is known.
    for is_known in [false, true] {
        let said = sandbox.at(START, &["check"]).stdout;
        for words in [
            "persons.csv: 1 row left out (line 2): it has a stray quotation mark",
            "1 row left out (line 5): its person id is a number with a fraction, or below zero",
            "1 row left out (line 4): it has a person id and no e-mail",
            "hint: take the mark out, or save the file as Excel workbook",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let check = sandbox.at(START, &["check", "--json"]).json();
        let reasons = ["no-email", "person-id-not-whole", "stray-quotation-mark"];
        let mut found = each(&check, "rows_left_out", "reason");
        found.sort_unstable();
        assert_eq!(found, reasons);
        let diff = sandbox.at(START, &["diff", "--json"]).ends(0).json();
        assert_eq!(diff["rows_left_out"], check["rows_left_out"]);
        assert_eq!(diff["rows_left_out"][0]["line"], 2);
        let said = sandbox.at(START, &["-v", "diff"]).ends(0).stdout;
        assert!(
            said.contains("1 row of link files left out: it has a stray quotation mark"),
            "{said}"
        );
        assert!(said.contains("line 2"), "{said}");
        assert!(!said.contains('@'), "no e-mail where nobody looks: {said}");
        let brief = sandbox.at(START, &["diff"]).ends(0).stdout;
        assert!(!brief.contains("link files left out"), "{brief}");

        for who in [number(0).to_string(), "ana@example.org".to_owned()] {
            let said = sandbox.at(START, &["lookup", &who]).stdout;
            let words = "persons.csv line 2, left out because it has a stray quotation mark";
            assert!(said.contains(words), "{who}: {said}");
        }
        // Nobody's e-mail, and a person that only the file knows.
        for (who, line) in [("crt@example.org", 5), ("person:1003", 4)] {
            let said = sandbox.at(START, &["lookup", who]).ends(20).stdout;
            assert!(said.contains(&format!("persons.csv line {line}, left out")), "{who}: {said}");
            let found = sandbox.at(START, &["lookup", who, "--json"]).json();
            assert_eq!(found["rows_left_out"][0]["line"], line, "{who}");
        }
        let other = sandbox.at(START, &["lookup", &number(1).to_string()]).stdout;
        assert!(!other.contains("left out because"), "{other}");
        if !is_known {
            sandbox.sync_at(START, 0);
        }
    }
    sandbox.assert_well_behaved();
}

// Mutants: rows of one file alone are compared; a person of another door counts; the link follows a row.
#[test]
fn rows_that_lead_to_two_persons_of_one_door_are_told_and_move_no_link() {
    let mut sandbox = Sandbox::pinned(6, 1);
    sandbox.sync_at(START, 0);
    let email = sandbox.club.cardskipper.member(number(3)).unwrap().email;
    let links_csv = &sandbox.club.links_csv;
    let (row, more) = (links_csv.lines().position(|line| line.starts_with("1004,")), "more.csv");
    let row = row.unwrap() + 1;
    for (first, second, told) in [
        (format!("{links_csv}1005,{email}\n"), String::new(), Some(("persons.csv", 8))),
        (links_csv.clone(), format!("1006,{email}\n"), Some((more, 2))),
        // On another door it may well be the right one.
        (links_csv.clone(), format!("7777,{email}\n"), None),
    ] {
        fs::write(sandbox.path("persons.csv"), first).unwrap();
        fs::write(sandbox.path(more), format!("Person ID,Email\n{second}")).unwrap();
        let config = sandbox.config().replace("\"persons.csv\"]", "\"persons.csv\", \"more.csv\"]");
        sandbox.replace_config(Some(config));
        // By what is read, and by what is known.
        for is_known in [false, true] {
            let check = sandbox.at(LATER, &["check", "--json"]).json();
            let diff = sandbox.at(LATER, &["diff", "--json"]).ends(0).json();
            let story = sandbox.at(LATER, &["lookup", "150004", "--json"]).json();
            assert_eq!(check["rows_left_out"], diff["rows_left_out"]);
            assert_eq!(check["rows_left_out"], story["rows_left_out"]);
            let rows = check["rows_left_out"].as_array().unwrap().iter();
            let rows = rows.map(|row| {
                assert_eq!(row["reason"], "several-persons");
                let file = std::path::Path::new(row["file"].as_str().unwrap());
                let line = row["line"].as_u64().unwrap();
                (file.file_name().unwrap().to_str().unwrap().to_owned(), line)
            });
            let want = told.map(|(file, line)| {
                [("persons.csv".to_owned(), row as u64), (file.to_owned(), line)]
            });
            assert_eq!(rows.collect::<Vec<_>>(), want.into_iter().flatten().collect::<Vec<_>>());
            let said = sandbox.at(LATER, &["-v", "diff"]).ends(0).stdout;
            let words = "2 rows of link files left out: another row names the same member";
            assert_eq!(said.contains(words), told.is_some(), "{said}");
            assert_eq!(link_of(&sandbox, LATER, "150004"), (json!("1004"), json!("file")));
            if !is_known {
                let run = sandbox.sync_at(LATER, 0);
                assert_eq!(run["left_out"], json!([]));
            }
        }
    }
    sandbox.assert_well_behaved();
}

// Mutants: every row is believed; the run ends as if all were well; the acceptance is of any number of
// persons; a second run links them after all.
#[test]
fn a_file_with_one_column_sorted_by_itself_links_nobody() {
    let sandbox = unlinked(1, |_| {});
    let mut pairs = pairs(&sandbox);
    let ids: Vec<String> = pairs.iter().map(|(id, _)| id.clone()).collect();
    for (place, (id, _)) in pairs.iter_mut().enumerate() {
        id.clone_from(&ids[(place + 3) % ids.len()]);
    }
    let rows: String = pairs.iter().map(|(id, email)| format!("{id},{email}\n")).collect();
    fs::write(sandbox.path("persons.csv"), format!("Person ID,Email\n{rows}")).unwrap();
    for index in 0..10 {
        assert!(sandbox.club.renew(index, "2030-11-01"));
    }
    let doors = sandbox.doors();
    for now in [START, LATER] {
        let run = sandbox.sync_at(now, 4);
        assert_eq!(sandbox.doors(), doors, "{now}");
        let names_differ = reasons(&run).iter().filter(|(_, why)| *why == "name-differs").count();
        assert!(names_differ > 5, "{run}");
        let words = "as if one column had been sorted without the other";
        let mut problems = run["problems"].as_array().unwrap().iter();
        let problem = problems.find(|one| one["text"].as_str().unwrap().contains(words)).unwrap();
        let hint = problem["hint"].as_str().unwrap();
        let command = format!("ivms-sync sync --accept-device door1={}", doors[0].len());
        assert!(hint.ends_with(&command), "{hint}");
    }
    for command in [&["diff", "--json"][..], &["check", "--json"]] {
        let said = sandbox.at(LATER, command).ends(4).stdout;
        assert!(said.contains("the link files are not believed"), "{said}");
    }
    let one = sandbox.at(LATER, &["lookup", "150004"]).stdout;
    assert!(one.contains("has another name, as in most new rows"), "{one}");
    let accept = |persons: &str, code| {
        let door = format!("door1={persons}");
        sandbox.at(SECOND, &["sync", "--json", "--accept-device", &door]).ends(code).json()
    };
    accept("9", 4);
    assert_eq!(sandbox.doors(), doors);
    let run = accept(&doors[0].len().to_string(), 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 10], "somebody has looked");
    sandbox.sync_at(THIRD, 0);
    sandbox.assert_well_behaved();
}

// E-mails on the device

#[test]
fn an_e_mail_on_the_door_links() {
    for in_field in [true, false] {
        let mut sandbox = unlinked(1, |world| {
            for (member, person) in world.members.iter().zip(&mut world.devices[0]) {
                let email = member.email.to_uppercase();
                let bare = person.clone();
                *person = if in_field { bare.email(&email) } else { bare.extends(&email) };
            }
        });
        sandbox.club.devices[0].set(|switches| {
            switches.email_field = in_field.then(|| "email".to_owned());
        });
        let config = sandbox.config().replace("files = [\"persons.csv\"]\n", "");
        sandbox.replace_config(Some(config));
        assert_eq!(renewed(&sandbox, START), ["1004"], "in a field: {in_field}");
        let link = link_of(&sandbox, START, "150004");
        assert_eq!(link, (json!("1004"), json!("device-email")));
        sandbox.assert_well_behaved();
    }
}

#[test]
fn the_first_rule_that_finds_one_person_wins() {
    let two_words = || {
        let sandbox = unlinked(1, |world| {
            // The door says that member 4 is person 1005, the file says 1004.
            let email = world.members[3].email.clone();
            world.devices[0][4] = world.devices[0][4].clone().extends(&email);
        });
        fs::write(sandbox.path("persons.csv"), &sandbox.club.links_csv).unwrap();
        sandbox
    };
    let door_first = "by = [\"device-email\", \"file\"]";
    let mut sandbox = two_words();
    sandbox.sync_at(START, 0);
    assert_eq!(link_of(&sandbox, START, "150004"), (json!("1004"), json!("file")));
    // Another order moves no link to a person with another name, and takes it from nobody.
    sandbox.set("link", door_first);
    let doors = sandbox.doors();
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(reasons(&run), [(150_004, "name-differs")]);
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();

    // Where nobody is linked yet, the door's word comes first, and both members claim 1005.
    let mut sandbox = two_words();
    sandbox.set("link", door_first);
    let run = sandbox.sync_at(START, 0);
    assert_eq!(reasons(&run), [(150_004, "ambiguous"), (150_005, "ambiguous")]);
    sandbox.assert_well_behaved();
}

// Member numbers

#[test]
fn a_member_number_links_only_where_the_name_agrees() {
    let named = |name: &str, index: usize| {
        Person::new(&number(index).to_string()).name(name).valid("2026-01-01", "2026-03-01")
    };
    let mut sandbox = unlinked(1, |world| {
        let names = [
            (0, "Špela", "Žagar"),
            (1, "Åsa", "Öberg"),
            (2, "Jan", "Ek"),
            (3, "Ana", "Novak"),
            (4, "Luka", "Ström Källa"),
        ];
        for (index, first, last) in names {
            world.members[index] = world.members[index].clone().name(first, last).email("");
        }
        world.devices[0].clear();
        world.devices[0].extend([
            named("ZAGAR spela", 0),
            named("Oberg, A.", 1),
            // Contains the letters, not the name.
            named("Bjekovic Jan", 2),
            named("Matjaž Turk", 3),
            named("strom-kalla luka", 4),
        ]);
    });
    let run = sandbox.sync_at(START, 0);
    assert_eq!(run["changes"], json!([]), "member-number is opt-in");
    sandbox.set("link", "by = [\"file\", \"member-number\"]");
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "employee_no"), ["150001", "150002", "150005"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    let left_out = run["left_out"].as_array().unwrap();
    let differs: Vec<_> = left_out.iter().filter(|one| one["reason"] == "name-differs").collect();
    let numbers: Vec<_> = differs.iter().map(|one| one["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [150_003, 150_004], "equal numbers alone give nobody a door");
    let told = sandbox.at(LATER, &["diff"]).ends(0).stdout;
    assert!(told.contains("2 members left out: the person found has another name"), "{told}");
    sandbox.assert_well_behaved();
}

// Ambiguity

/// Every reason on the first door, by member number.
fn reasons(run: &Value) -> Vec<(i64, &str)> {
    let left_out = run["left_out"].as_array().unwrap().iter();
    left_out.map(|o| (o["number"].as_i64().unwrap(), o["reason"].as_str().unwrap())).collect()
}

#[test]
fn an_e_mail_that_a_family_shares_links_nobody_and_is_reported() {
    let sandbox = Sandbox::pinned(10, 2);
    sandbox.club.cardskipper.edit_all(|member| {
        if (number(3)..=number(4)).contains(&member.number) {
            member.email = "druzina@example.si".to_owned();
            member.set_end("2030-11-01");
        }
    });
    fs::write(
        sandbox.path("persons.csv"),
        format!("{}1004,druzina@example.si\n", sandbox.club.links_csv),
    )
    .unwrap();
    let doors = sandbox.doors();
    let run = sandbox.sync_at(START, 0);
    assert_eq!(run["changes"], json!([]));
    assert_eq!(reasons(&run), [(150_004, "ambiguous"), (150_005, "ambiguous")]);
    assert_eq!(run["left_out"][0]["device"], json!(null), "the same on every door");
    let detail = run["left_out"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("1004") && detail.contains("150005"), "{detail}");
    let told = sandbox.at(START, &["diff"]).ends(0).stdout;
    assert!(told.contains("2 members left out") && told.contains("e-mail of their own"), "{told}");
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

#[test]
fn an_e_mail_with_two_persons_links_nobody_and_is_reported() {
    let sandbox = Sandbox::pinned(10, 1);
    let email = sandbox.club.cardskipper.member(number(3)).unwrap().email;
    fs::write(sandbox.path("persons.csv"), format!("{}1010,{email}\n", sandbox.club.links_csv))
        .unwrap();
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.renew(9, "2030-11-01");
    let doors = sandbox.doors();
    let run = sandbox.sync_at(START, 0);
    // Member 10 is person 1010 by the file alone, but member 4 claims it too.
    assert_eq!(reasons(&run), [(150_004, "ambiguous"), (150_010, "ambiguous")]);
    assert_eq!(sandbox.doors(), doors);
    let detail = run["left_out"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("1004") && detail.contains("1010"), "{detail}");
    sandbox.assert_well_behaved();
}

#[test]
fn a_person_whom_another_member_claims_is_written_for_whom_it_fits_or_for_neither() {
    for fits in [true, false] {
        let sandbox = Sandbox::pinned(10, 1);
        if !fits {
            let door = &sandbox.club.devices[0];
            door.edit_person("1004", |person| person.name = "Card 4".to_owned());
        }
        sandbox.sync_at(START, 0);
        // Member 4 changes the e-mail; a new member has the old one, and the same name.
        let old = sandbox.club.cardskipper.member(number(3)).unwrap();
        let edited = |member: &mut Member| member.email = "new@example.si".to_owned();
        sandbox.club.cardskipper.edit(number(3), edited);
        let rival = Member { number: 150_999, birth_date: "1999-09-09".into(), ..old.clone() };
        sandbox.club.cardskipper.add(rival);
        sandbox.club.renew(3, "2030-11-01");
        let doors = sandbox.doors();
        let run = sandbox.sync_at(LATER, 0);
        if fits {
            // Who is linked, and has the name, keeps the person; only the newcomer is ambiguous.
            assert_eq!(reasons(&run), [(150_999, "ambiguous")]);
            assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
            assert_eq!(sandbox.end_on(0, "1004"), "2030-11-01T23:59:59");
        } else {
            assert_eq!(reasons(&run), [(150_004, "ambiguous"), (150_999, "ambiguous")]);
            assert_eq!(each(&run, "losses", "reason"), ["ambiguous"], "told at once");
            assert_eq!(sandbox.doors(), doors);
        }
        // The file is corrected: everybody is found again.
        let corrected = sandbox.club.links_csv.replace(&old.email, "new@example.si");
        fs::write(sandbox.path("persons.csv"), corrected).unwrap();
        let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
        let written = if fits { vec![] } else { vec!["confirmed"] };
        assert_eq!(each(&run, "changes", "outcome"), written);
        assert_eq!(reasons(&run), [(150_999, "no-person")]);
        sandbox.assert_well_behaved();
    }
}

// Links that are kept

#[test]
fn a_link_outlives_a_changed_e_mail_and_is_reported() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    for email in ["other@example.si", ""] {
        sandbox.club.cardskipper.edit(number(3), |member| member.email = email.to_owned());
        let end = if email.is_empty() { "2031-11-01" } else { "2030-11-01" };
        sandbox.club.renew(3, end);
        let run = sandbox.sync_at(LATER, 0);
        assert_eq!(each(&run, "changes", "employee_no"), ["1004"], "the renewal comes through");
        assert_eq!(sandbox.end_on(0, "1004"), format!("{end}T23:59:59"));
        assert_eq!(
            run["kept_links"],
            json!([{
                "source": "club", "number": 150_004, "device": "door1", "employee_no": "1004",
                "linked_by": "file",
            }]),
        );
        let told = sandbox.at(LATER, &["diff"]).ends(0).stdout;
        assert!(told.contains("1 link kept from before"), "{told}");
        let story = sandbox.at(LATER, &["lookup", "150004"]).ends(0).stdout;
        assert!(story.contains("found by link file, kept from before"), "{story}");
    }
    let quiet = sandbox.at("2026-03-10T10:10:00Z", &["sync"]).ends(0);
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""), "no mail for it");
    sandbox.assert_well_behaved();
}

#[test]
fn a_person_enrolled_later_is_found_at_the_next_audit() {
    let sandbox = Sandbox::pinned(10, 1);
    let door = &sandbox.club.devices[0];
    let person = door.person("1004").unwrap();
    door.remove_person("1004");
    let run = sandbox.sync_at(START, 0);
    assert_eq!(reasons(&run), [(150_004, "not-on-door")]);
    let mut enrolled = person.clone();
    enrolled.end = "2026-01-31T23:59:59".to_owned();
    door.add_person(enrolled);
    assert_eq!(sandbox.sync_at("2026-03-10T10:59:00Z", 0)["changes"], json!([]));
    let run = sandbox.sync_at("2026-03-10T11:00:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(door.person("1004").unwrap(), person);
    sandbox.assert_well_behaved();
}

#[test]
fn a_person_who_was_removed_is_not_made_again() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.devices[0].remove_person("1004");
    sandbox.club.renew(3, "2030-11-01");
    // The removal is not known yet: the change is refused, and the list is read again.
    let run = sandbox.sync_at(LATER, 3);
    assert_eq!(each(&run, "changes", "outcome"), ["refused"]);
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(reasons(&run), [(150_004, "not-on-door")]);
    assert!(sandbox.club.devices[0].person("1004").is_none());
    sandbox.assert_well_behaved();
}

/// Mutants: another name is taken as it is; the acceptance is of any person, member or door; it holds for the
/// next name too, or for a second time; nobody can see later who accepted what.
#[test]
fn a_person_with_another_name_is_written_when_just_that_is_accepted() {
    let sandbox = unlinked(2, |_| {});
    fs::write(sandbox.path("persons.csv"), &sandbox.club.links_csv).unwrap();
    sandbox.sync_at(START, 0);
    let (door, other) = (&sandbox.club.devices[0], &sandbox.club.devices[1]);
    let rename = |name: &str| {
        assert!(door.edit_person("1004", |person| person.name = name.to_owned()));
    };
    rename("Nekdo Drug");
    assert!(sandbox.club.renew(3, "2030-11-01"));
    sandbox.clear_requests();
    let run = sandbox.full_at(LATER, 0);
    assert_eq!(reasons(&run), [(150_004, "name-differs")]);
    let detail = run["left_out"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("ivms-sync sync --accept-link door1=1004:150004"), "{detail}");
    assert_eq!(each(&run, "losses", "reason"), ["name-differs"], "told at once");
    assert_eq!(each(&run, "changes", "device"), ["door2"]);
    assert_eq!((door.writes().len(), other.writes().len()), (0, 1));

    let accept = |link: &str, code| {
        let now = "2026-03-10T10:10:00Z";
        sandbox.at(now, &["sync", "--json", "--accept-link", link]).ends(code)
    };
    for wrong in ["door1=1005:150004", "door1=1004:150005", "door2=1004:150004", "door1=1:1"] {
        let said = accept(wrong, 64);
        assert!(said.stderr.contains("`ivms-sync diff` shows"), "{wrong}: {}", said.stderr);
        assert_eq!(door.writes().len(), 0, "{wrong}");
    }
    let accepted =
        || count(&sandbox.state(), "SELECT count(*) FROM change WHERE cause = 'link-accepted'");
    assert_eq!(accepted(), 0);
    let run = accept("door1=1004:150004", 0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2030-11-01T23:59:59");
    assert_eq!(door.person("1004").unwrap().name, "Nekdo Drug");
    assert_eq!(accepted(), 1);
    let found = sandbox.at(SECOND, &["lookup", "150004", "--json"]).ends(0).json();
    let history = found["members"][0]["history"].as_array().unwrap();
    let line = history.iter().find(|line| line["outcome"] == "accepted").unwrap();
    assert_eq!((&line["device"], &line["cause"]), (&json!("door1"), &json!("link-accepted")));

    // It is used up, and says nothing of the next name.
    accept("door1=1004:150004", 64);
    assert_eq!(sandbox.full_at(SECOND, 0)["left_out"], json!([]));
    rename("Spet Tretji");
    let run = sandbox.full_at(THIRD, 0);
    assert_eq!(reasons(&run), [(150_004, "name-differs")]);
    assert_eq!(accepted(), 1);
    sandbox.assert_well_behaved();
}
