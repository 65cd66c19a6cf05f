//! `history`: the audit log for people, spreadsheets and scripts.

use std::collections::BTreeSet;
use std::fs;

use ivms_sync_simulators::club::{employee_no, number};
use serde_json::{Value, json};

use super::support::pinned::{START, tick};
use super::support::{Sandbox, each};

/// Three weeks later.
const LATER: &str = "2026-03-31T10:00:00Z";

/// A club in which member 3 was renewed at the first tick, and member 4 at the second one.
fn eventful() -> Sandbox {
    let sandbox = Sandbox::pinned(12, 2);
    sandbox.sync_at(START, 0);
    for (place, index) in (1..).zip([3, 4]) {
        sandbox.club.renew(index, "2030-11-01");
        sandbox.sync_at(&tick(place), 0);
    }
    sandbox
}

/// The rows of a sheet as the `csv` crate reads them, without the titles.
fn rows(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let bare = text.strip_prefix('\u{feff}').expect("a byte order mark");
    assert_eq!(bare.matches('\n').count(), bare.matches("\r\n").count(), "{bare:?}");
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(bare.as_bytes());
    let mut rows =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
    (rows.next().unwrap(), rows.collect())
}

fn changes(sandbox: &Sandbox, now: &str, arguments: &[&str]) -> Value {
    let said = sandbox.at(now, &[&["history", "--json"], arguments].concat()).ends(0).json();
    assert_eq!(said["version"], 1);
    assert_eq!(said["command"], "history");
    assert_eq!(said["exit_code"], 0);
    said
}

/// What lies in the folder of the state file, with its content.
fn everything(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(sandbox.folder.path()).unwrap().map(|file| file.unwrap());
    // The tests write the configuration themselves.
    let mut all: Vec<_> = files
        .filter(|file| file.file_name() != "ivms-sync.toml")
        .map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn people_read_the_newest_first_with_number_and_name() {
    let sandbox = eventful();
    let said = sandbox.at(&tick(3), &["history"]).ends(0);
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert!(lines[0].starts_with("Changes since 2026-03-03 11:15 CET"), "{}", said.stdout);
    assert!(lines[2].starts_with("  when"), "{}", said.stdout);
    assert_eq!(lines.len(), 3 + 4, "{}", said.stdout);
    let name = |index| {
        let member = sandbox.club.cardskipper.member(number(index)).unwrap();
        format!("  {} {} {}  ", number(index), member.first, member.last)
    };
    assert!(lines[3].contains(&name(4)) && lines[4].contains(&name(4)), "{}", said.stdout);
    assert!(lines[5].contains(&name(3)) && lines[6].contains(&name(3)), "{}", said.stdout);
    assert!(lines[3].ends_with("  confirmed"), "{}", said.stdout);
    assert_eq!(said.stderr, "");
}

#[test]
fn nobody_is_asked_and_nothing_is_written() {
    let sandbox = eventful();
    sandbox.clear_requests();
    let before = everything(&sandbox);
    for arguments in [&["history"][..], &["history", "--csv"], &["history", "--json"]] {
        sandbox.at(&tick(3), arguments).ends(0);
    }
    assert_eq!(sandbox.club.cardskipper.requests().len(), 0);
    assert!(sandbox.club.devices.iter().all(|door| door.requests().is_empty()));
    assert_eq!(before, everything(&sandbox));
}

#[test]
fn without_a_state_file_nothing_was_changed_and_none_is_made() {
    let sandbox = Sandbox::pinned(4, 1);
    let before = everything(&sandbox);
    let said = sandbox.at(START, &["history", "--member", "150003"]).ends(0);
    assert!(said.stdout.contains("there is no state file yet"), "{said:?}");
    assert_eq!(changes(&sandbox, START, &[])["changes"], json!([]));
    let (titles, lines) = rows(&sandbox.at(START, &["history", "--csv"]).ends(0).stdout);
    assert_eq!((titles.len(), lines.len()), (21, 0));
    assert_eq!(before, everything(&sandbox));
    fs::write(sandbox.state(), "").unwrap();
    assert_eq!(changes(&sandbox, START, &[])["changes"], json!([]));
    assert_eq!(fs::read(sandbox.state()).unwrap(), b"");
}

#[test]
fn a_damaged_or_lost_state_file_is_told() {
    let sandbox = eventful();
    let whole = fs::read(sandbox.state()).unwrap();
    fs::write(sandbox.state(), &whole[..whole.len() / 2]).unwrap();
    let said = sandbox.at(LATER, &["history", "--json"]).ends(7);
    assert_eq!(said.json()["command"], "history");
    assert!(said.stderr.contains("hint: "), "{said:?}");
    fs::remove_file(sandbox.state()).unwrap();
    sandbox.at(LATER, &["history"]).ends(7);
    assert!(!sandbox.state().exists());
}

#[test]
fn a_spreadsheet_gets_every_field_and_scripts_get_the_same() {
    let sandbox = eventful();
    let said = sandbox.at(&tick(3), &["history", "--csv"]).ends(0);
    let (titles, lines) = rows(&said.stdout);
    assert_eq!(
        titles.join(" "),
        "at at_utc run door person person_name source member member_name kind cause before_begin \
         before_end after_begin after_end outcome error document payment amount currency"
    );
    assert_eq!(lines.len(), 4);
    let row = &lines[3];
    let document = changes(&sandbox, &tick(3), &[]);
    assert_eq!(document["since"], "2026-03-03T10:15:00Z");
    let change = &document["changes"][3];
    let member = sandbox.club.cardskipper.member(number(3)).unwrap();
    let name = format!("{} {}", member.first, member.last);
    let moment = |text: &Value| text.as_str().unwrap().replace('T', " ");
    assert!(row[0].starts_with("2026-03-10 11:05:"), "{row:?}");
    assert_eq!(row[1], change["at"].as_str().unwrap());
    assert_eq!(row[2], change["run"].to_string());
    assert_eq!(row[3], change["device"].as_str().unwrap());
    assert_eq!(row[4], change["employee_no"].as_str().unwrap());
    assert_eq!(row[5], change["person_name"].as_str().unwrap());
    assert_eq!((row[6].as_str(), row[7].as_str()), ("club", number(3).to_string().as_str()));
    assert_eq!((&change["source"], &change["number"]), (&json!("club"), &json!(number(3))));
    assert_eq!((row[8].as_str(), change["member_name"].as_str()), (&*name, Some(&*name)));
    assert_eq!((row[9].as_str(), row[10].as_str()), ("grant", "renewed"));
    assert_eq!((&change["kind"], &change["cause"]), (&json!("grant"), &json!("renewed")));
    assert_eq!(row[11], moment(&change["before"]["begin"]));
    assert_eq!(row[12], moment(&change["before"]["end"]));
    assert_eq!(row[13], moment(&change["after"]["begin"]));
    assert_eq!(
        (row[14].as_str(), moment(&change["after"]["end"])),
        ("2030-11-01 23:59:59", row[14].clone())
    );
    assert_eq!((row[15].as_str(), row[16].as_str()), ("confirmed", ""));
    assert_eq!((&change["outcome"], &change["error"]), (&json!("confirmed"), &Value::Null));
    for both in [["history", "--csv", "--json"], ["--json", "history", "--csv"]] {
        let said = sandbox.at(LATER, &both).ends(64);
        assert!(said.stderr.contains("--csv and --json cannot be used together"), "{said:?}");
    }
}

#[test]
fn it_is_limited_by_time_member_and_door() {
    let sandbox = eventful();
    let count = |now: &str, arguments: &[&str]| {
        changes(&sandbox, now, arguments)["changes"].as_array().unwrap().len()
    };
    assert_eq!(count(LATER, &[]), 0, "more than seven days ago");
    assert_eq!(count(LATER, &["--since", "30d"]), 4);
    assert_eq!(count(LATER, &["--since", "2026-03-10"]), 4);
    assert_eq!(count(LATER, &["--since", "2026-03-11"]), 0);
    assert_eq!(count(&tick(2), &["--since", "4m"]), 2, "the second tick alone");
    let member = sandbox.club.cardskipper.member(number(3)).unwrap();
    let who = number(3).to_string();
    for who in [who.as_str(), &member.email, "person:1004"] {
        let found = changes(&sandbox, &tick(3), &["--member", who]);
        assert_eq!(each(&found, "changes", "employee_no"), ["1004", "1004"], "{who}");
    }
    let door = sandbox.at(&tick(3), &["history", "--json", "--door", "door2"]).ends(0).json();
    let doors: BTreeSet<&str> = each(&door, "changes", "device").into_iter().collect();
    assert_eq!(doors, BTreeSet::from(["door2"]));
    let said = sandbox.at(LATER, &["history", "--member", &who, "--door", "door2"]).ends(0);
    assert_eq!(
        said.stdout,
        "Nothing was changed for 150004 on door2 since 2026-03-24 11:00 CET.\n"
    );
    let said = sandbox.at(LATER, &["history", "--since", "2026-03-11"]).ends(0);
    assert_eq!(said.stdout, "Nothing was changed since 2026-03-11 00:00 CET.\n");
}

#[test]
fn a_name_that_fits_nothing_says_what_may_have_been_meant() {
    let sandbox = eventful();
    let said = sandbox.at(LATER, &["history", "--member", "150044"]).ends(20);
    assert!(said.stderr.contains("did you mean member 150004"), "{said:?}");
    let said = sandbox.at(LATER, &["history", "--member", "person:9999"]).ends(20);
    assert!(said.stderr.contains("person:9999"), "{said:?}");
    let said = sandbox.at(LATER, &["history", "--door", "dor2", "--json"]).ends(64);
    assert!(said.stderr.contains("did you mean door"), "{said:?}");
    assert_eq!(said.json()["exit_code"], 64);
    let said = sandbox.at(LATER, &["history", "--since", "2099-01-01"]).ends(64);
    assert!(said.stderr.contains("--since is in the future"), "{}", said.stderr);
    for since in ["yesterday", "7", "2026-02-30", "-7d", "0d", "9999999d", ""] {
        let said = sandbox.at(LATER, &["history", &format!("--since={since}")]).ends(64);
        assert!(said.stderr.contains("as in 2026-11-01"), "{said:?}");
    }
}

#[test]
fn who_and_what_is_gone_stays_in_the_log() {
    let sandbox = eventful();
    let state = rusqlite::Connection::open(sandbox.state()).unwrap();
    state.execute_batch("DELETE FROM member WHERE holder LIKE '150004%'").unwrap();
    drop(state);
    let found = changes(&sandbox, &tick(3), &["--member", "150004"]);
    assert_eq!(each(&found, "changes", "employee_no"), ["1004", "1004"]);
    assert_eq!(each(&found, "changes", "member_name"), ["", ""]);
    let config = sandbox.config();
    let (start, _) = config.split_once("[hikvision.door2]").unwrap();
    fs::write(sandbox.path("one.toml"), start).unwrap();
    let one = ["--config", "one.toml", "history", "--door", "door2", "--json"];
    assert_eq!(sandbox.at(&tick(3), &one).ends(0).json()["changes"].as_array().unwrap().len(), 2);
}

#[test]
fn no_name_is_a_formula_or_steers_a_terminal() {
    let sandbox = Sandbox::pinned(12, 1);
    let names = ["=1+1", "\t=1+1", "＝cmd|x", "\r@SUM(A1)", "+4670", "-1", "a;\"b"];
    for (index, name) in (2..).zip(names) {
        sandbox.club.cardskipper.edit(number(index), |member| member.first = name.to_owned());
        let there = format!("\u{1b}[31m{name}");
        sandbox.club.devices[0].edit_person(&employee_no(index), |person| person.name = there);
    }
    sandbox.sync_at(START, 0);
    (2..).zip(names).for_each(|(index, _)| assert!(sandbox.club.renew(index, "2030-11-01")));
    sandbox.sync_at(&tick(1), 0);
    let (_, lines) = rows(&sandbox.at(&tick(2), &["history", "--csv"]).ends(0).stdout);
    assert_eq!(lines.len(), names.len());
    for cell in lines.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '\t', '\r']), "{cell:?}");
        assert!(!cell.chars().any(char::is_control), "{cell:?}");
    }
    let named: BTreeSet<&str> =
        lines.iter().map(|line| line[8].split(' ').next().unwrap()).collect();
    assert!(named.contains("'=1+1") && named.contains("a;\"b"), "{named:?}");
    for arguments in [&["history"][..], &["history", "--json"]] {
        let said = sandbox.at(&tick(2), arguments).ends(0);
        assert!(!said.stdout.contains('\u{1b}'), "{said:?}");
    }
}
