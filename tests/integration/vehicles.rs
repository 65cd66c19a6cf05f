//! Vehicles: from a spreadsheet to an answer for the desk, with the real binary.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

use assert_cmd::Command;
use ivms_sync::files::seal::{OpenKey, open};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::schema::assert_valid;
use super::support::{Said, Sandbox, binary, pinned, said};

const NOON: &str = "2026-03-10T12:00:00Z";
const LATER: &str = "2026-03-10T12:05:00Z";
/// Nothing was read for ten minutes.
const STALE: &str = "2026-03-10T12:15:00Z";

const VEHICLES: &str = r#"
[parking]
country = "US"
no_plates = ["NOPLATE"]
[zone.A1]
name = "Main Street"
covers = ["A2"]
grace = "5m"
[zone.A2]
[rights-file.exempt]
files = ["exempt.csv"]
fresh_for = "10m"
"#;

const ROWS: &str = "ABC123,CT,A1,2026-03-01,2026-03-31,P-1\n\
    DEF456,CT,A2,,2026-03-10 12:58,P-2\n\
    OLD111,CT,A2,2026-03-01,2026-03-05,P-3\n\
    BAD999,CT,A1,soon,,P-4\n";

/// A folder of a town that has neither members nor doors.
struct Town(TempDir);

impl Town {
    fn new() -> Self {
        let town = Self(tempfile::tempdir().unwrap());
        let config = format!("time_zone = \"Europe/Ljubljana\"\n{VEHICLES}");
        fs::write(town.path("ivms-sync.toml"), config).unwrap();
        town.write(ROWS);
        town
    }

    /// The same after its first run.
    fn read() -> Self {
        let town = Self::new();
        town.run(NOON, &["sync"]).ends(0);
        town
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, rows: &str) {
        let text = format!("Plate,State,Zone,From,Until,Id\n{rows}");
        fs::write(self.path("exempt.csv"), text).unwrap();
    }

    fn command(&self, now: &str, arguments: &[&str]) -> Command {
        let mut command = binary(self.0.path());
        command.env("IVMS_SYNC_TEST_NOW", now).env("IVMS_SYNC_TEST_LOOKS", "compared");
        command.args(arguments);
        command
    }

    fn run(&self, now: &str, arguments: &[&str]) -> Said {
        said(&mut self.command(now, arguments))
    }

    fn typed(&self, now: &str, arguments: &[&str], input: &str) -> Said {
        said(self.command(now, arguments).write_stdin(input))
    }

    /// The document of one plate in one zone.
    #[track_caller]
    fn ask(&self, now: &str, plate: &str, zone: &str, code: i32) -> Value {
        let found = self.run(now, &["--json", "lookup", plate, "--zone", zone]).ends(code).json();
        assert_valid(&found);
        found
    }
}

#[test]
fn a_town_reads_and_answers() {
    let town = Town::new();
    // Nothing was read yet: nobody is told "no right".
    town.ask(NOON, "plate:CT:ABC123", "A1", 5);
    assert!(!town.path("ivms-sync.db").exists(), "a question makes no file");
    let first = town.run(NOON, &["-v", "sync"]).ends(0);
    assert!(first.stdout.contains("exempt: 3 rights, 1 row left out."), "{first:?}");
    assert!(
        first.stderr.contains("1 row left out (line 5): its dates cannot be right"),
        "{first:?}"
    );

    let found = town.ask(NOON, "plate:CT:abc-123", "A1", 0);
    let verdict = json!({
        "valid": true, "status": "ACTIVE", "until": "2026-03-31T22:00:00Z", "by": "P-1",
        "stale": [], "matched_without_issuer": false, "left_out": 0
    });
    assert_eq!(found["verdict"], verdict);
    assert_eq!(found["rights"][0]["holders"], json!(["US-CT:ABC123"]));
    assert_eq!((&found["asked_at"], &found["zone"]), (&json!(NOON), &json!("A1")));

    for (plate, zone, code, status) in [
        ("plate:ABC123", "A2", 0, "ACTIVE"),
        ("plate:NY:ABC123", "A1", 20, "NOT_FOUND"),
        ("plate:CT:DEF456", "A2", 0, "GRACE"),
        ("plate:CT:DEF456", "A1", 22, "WRONG_ZONE"),
        ("plate:CT:OLD111", "A2", 22, "EXPIRED"),
        ("plate:CT:BAD999", "A1", 5, "UNKNOWN"),
        ("plate:CT:NOBODY", "A1", 20, "NOT_FOUND"),
    ] {
        // A2 has no grace of its own.
        let (code, status) = if status == "GRACE" { (0, "ACTIVE") } else { (code, status) };
        let now = if plate.ends_with("DEF456") { "2026-03-10T11:57:59Z" } else { NOON };
        let at = ["--at", now];
        let mut words = vec!["--json", "lookup", plate, "--zone", zone];
        words.extend(at);
        let found = town.run(NOON, &words);
        assert_eq!(
            (found.code, found.json()["verdict"]["status"].as_str()),
            (code, Some(status)),
            "{plate} {zone}"
        );
    }
    let text = town.run(NOON, &["lookup", "plate:CT:ABC123"]).ends(0).stdout;
    assert_eq!(
        text,
        "Plate US-CT:ABC123 at 2026-03-10 13:00 CET\n  \
         A1 (Main Street): valid until 2026-04-01 00:00 CEST, by P-1 of exempt.\n  \
         A2: valid until 2026-04-01 00:00 CEST, by P-1 of exempt.\n"
    );
    let text = town.run(NOON, &["lookup", "plate:CT:OLD111", "--zone", "A2"]).ends(22).stdout;
    assert!(
        text.contains("A2: not valid: ended at 2026-03-06 00:00 CET, by P-3 of exempt."),
        "{text}"
    );
    let text = town.run(NOON, &["lookup", "plate:CT:NOBODY", "--zone", "A1"]).ends(20).stdout;
    assert!(text.contains("A1 (Main Street): not valid: no right is known."), "{text}");
}

/// P8 and P9: the ends of windows and of freshness, to the second.
#[test]
fn ends_to_the_second_and_never_a_stale_no() {
    let town = Town::read();
    for (at, code) in [
        ("2026-03-10T11:57:59Z", 0),
        ("2026-03-10T11:58:00Z", 22),
        ("2026-03-10T11:58:01Z", 22),
        ("2026-03-10T12:09:59Z", 22),
        ("2026-03-10T12:10:00Z", 5),
        ("2026-03-10T12:10:01Z", 5),
    ] {
        let words = ["lookup", "plate:CT:DEF456", "--zone", "A2", "--at", at];
        town.run(NOON, &words).ends(code);
    }
    // In A1 the same end has a grace of five minutes.
    town.write("DEF456,CT,A1,,2026-03-10 12:58,P-2\n");
    town.run(NOON, &["sync", "--accept-shrink", "1"]).ends(0);
    for (at, code) in [("2026-03-10T12:02:59Z", 0), ("2026-03-10T12:03:00Z", 22)] {
        town.run(NOON, &["lookup", "plate:CT:DEF456", "--zone", "A1", "--at", at]).ends(code);
    }
    town.write(ROWS);
    town.run(NOON, &["sync"]).ends(0);
    let found = town.ask(STALE, "plate:CT:NOBODY", "A1", 5);
    assert_eq!(found["verdict"]["stale"], json!(["exempt"]));
    assert_eq!(found["verdict"]["valid"], Value::Null);
    town.ask(STALE, "plate:CT:ABC123", "A1", 0);
    let text = town.run(STALE, &["lookup", "plate:CT:NOBODY", "--zone", "A1"]).ends(5).stdout;
    assert!(text.contains("cannot be said: exempt was not read of late. Look by hand."), "{text}");
}

#[test]
fn a_file_that_is_not_believed_teaches_nothing() {
    let town = Town::read();
    let many: String = (0..40).map(|n| format!("AA{n:03},CT,A1,,,M-{n}\n")).collect();
    town.write(&format!("{ROWS}{many}"));
    town.run(NOON, &["sync"]).ends(0);
    type Spoil = fn(&Town);
    let cases: [(&str, Spoil, i32); 6] = [
        ("away", |town| fs::remove_file(town.path("exempt.csv")).unwrap(), 5),
        ("empty", |town| fs::write(town.path("exempt.csv"), "").unwrap(), 5),
        (
            "other columns",
            |town| fs::write(town.path("exempt.csv"), "Plate,Zone\nA1,A1\n").unwrap(),
            4,
        ),
        ("half", |town| town.write("AA001,CT,A"), 5),
        ("much shorter", |town| town.write(ROWS), 4),
        ("a page", |town| fs::write(town.path("exempt.csv"), "<html><body>").unwrap(), 4),
    ];
    for (what, spoil, code) in cases {
        spoil(&town);
        let run = town.run(LATER, &["sync", "--json"]).ends(code).json();
        assert_eq!(run["problems"][0]["kind"], "rights-unread", "{what}");
        assert_eq!(run["exit_code"], code);
        town.ask(LATER, "plate:CT:AA030", "A1", 0);
        town.ask(LATER, "plate:CT:NOBODY", "A1", 20);
        town.ask(STALE, "plate:CT:NOBODY", "A1", 5);
        // The same bytes a second time are no half any more, but fewer rights than before.
        let code = if what == "half" { 4 } else { code };
        let check = town.run(LATER, &["check", "--json"]).ends(code).json();
        assert!(check.to_string().contains("exempt.csv"), "{what}");
    }
    let status = town.run(LATER, &["status", "--json"]).ends(0).json();
    assert_valid(&status);
    let source = &status["sources"][0];
    assert_eq!((&source["kind"], &source["fresh"]), (&json!("rights-file"), &json!(true)));
    assert_eq!((&source["as_of"], &source["rights"]), (&json!(NOON), &json!(43)));
    let text = town.run(STALE, &["status"]).ends(0).stdout;
    assert!(text.contains("not fresh: \"no right\" is not said"), "{text}");
    // The hint of a shorter file is the way to accept it.
    town.write(ROWS);
    town.run(LATER, &["sync", "--accept-shrink", "3"]).ends(0);
    town.ask(LATER, "plate:CT:AA030", "A1", 20);
}

#[test]
fn a_quiet_tick_stays_quiet_and_what_it_saw_is_fresh() {
    let town = Town::read();
    town.run(NOON, &["sync"]).ends(0);
    let run = town.run(LATER, &["-v", "sync"]).ends(0);
    assert!(
        run.stderr.contains("nothing has changed since everything was last looked at"),
        "{run:?}"
    );
    assert_eq!(town.run("2026-03-10T12:06:00Z", &["sync"]).ends(0).stdout, "");
    // Ten minutes after that, not after the first.
    town.ask("2026-03-10T12:15:59Z", "plate:CT:NOBODY", "A1", 20);
    town.ask("2026-03-10T12:16:00Z", "plate:CT:NOBODY", "A1", 5);
}

#[test]
fn who_from_standard_input() {
    let town = Town::read();
    let found = town.typed(NOON, &["lookup", "-", "--zone", "A1"], "plate:CT:ABC 123\nmore\n");
    assert!(found.ends(0).stdout.contains("valid until"));
    let none = town.typed(NOON, &["lookup", "-"], "\n").ends(64);
    assert!(none.stderr.contains("holds no WHO"), "{none:?}");
    // Members, too.
    let sandbox = Sandbox::pinned(3, 1);
    sandbox.sync_at(pinned::START, 0);
    let mut command = sandbox.command();
    command.env("IVMS_SYNC_TEST_NOW", pinned::START);
    let found =
        said(command.args(["lookup", "-", "--json"]).write_stdin("150002\n")).ends(0).json();
    assert_eq!(found["who"], "150002");
    assert_eq!(found["members"].as_array().unwrap().len(), 1);
}

#[test]
fn a_batch_is_one_line_for_each() {
    let town = Town::read();
    let questions = "plate:CT:ABC123 A1\n\
        {\"who\": \"plate:CT:ABC 123\", \"zone\": \"A2\", \"at\": \"2026-03-10T13:00:00+01:00\"}\n\
        \n\
        plate:CT:NOBODY A1\n\
        plate:CT:OLD111 A2 2026-03-02T12:00:00Z\n\
        plate:CT:ABC123\n";
    fs::write(town.path("questions.txt"), questions).unwrap();
    let answers = town.run(NOON, &["lookup", "--batch", "questions.txt"]).ends(0).stdout;
    assert_eq!(town.typed(NOON, &["lookup", "--batch", "-"], questions).ends(0).stdout, answers);
    let answers: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    answers.iter().for_each(assert_valid);
    let codes: Vec<_> = answers.iter().map(|one| one["exit_code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 0, 20, 0, 0]);
    assert_eq!(answers[4]["zone"], Value::Null);
    assert_eq!(answers[4]["zones"].as_array().unwrap().len(), 2);
    let long = format!("plate:CT:{}\n", "A".repeat(9_000));
    let bad = format!("150002\nplate:CT:ABC123 A9\n{{\"who\": 1}}\n{long}plate:CT:ABC123 A1");
    let said = town.typed(NOON, &["lookup", "--batch", "-"], &bad).ends(64);
    let answers: Vec<Value> =
        said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<_> = answers.iter().map(|one| one["line"].as_i64()).collect();
    assert_eq!(lines, [Some(1), Some(2), Some(3), Some(4), None]);
    assert_eq!(answers[4]["exit_code"], 0);
}

#[test]
fn questions_that_cannot_be_asked() {
    let town = Town::read();
    for (words, wanted) in [
        (
            &["lookup", "plate:CT:ABC123", "--zone", "A3"][..],
            "there is no zone A3 in the configuration; did you mean A",
        ),
        (
            &["lookup", "plate:CT:ABC123", "--at", "2026-03-10"],
            "the instant has no offset from UTC",
        ),
        (&["lookup", "plate:NOPLATE"], "the plate is on the list of texts that are no plates"),
        (&["lookup", "plate:CT:SECRET?1"], "the plate holds U+003F"),
        (&["lookup", "Plate:CT:SECRETSECRET1"], "the plate has more than 12 letters and digits"),
        (&["lookup", "plate:"], "the plate holds no letter and no digit"),
        (&["lookup", "anna", "--zone", "A1"], "--zone and --at are for a plate"),
        (&["lookup"], "WHO"),
    ] {
        let said = town.run(NOON, words).ends(64);
        assert!(said.stderr.contains(wanted), "{words:?} {said:?}");
        assert!(!said.stderr.contains("SECRET"), "{said:?}");
    }
    let sandbox = Sandbox::pinned(1, 1);
    let said = sandbox.at(pinned::START, &["lookup", "plate:CT:ABC123"]).ends(64);
    assert!(said.stderr.contains("has no [rights-file.NAME]"), "{said:?}");
    assert!(said.stderr.contains("ivms-sync help vehicles"), "{said:?}");
}

/// A club with doors and a car park: one tick does both, and a trouble of one does not stop the other.
#[test]
fn beside_members_and_doors() {
    let mut sandbox = Sandbox::pinned(5, 1);
    sandbox.replace_config(Some(format!("{}\n{VEHICLES}", sandbox.config())));
    let rows = format!("Plate,State,Zone,From,Until,Id\n{ROWS}");
    fs::write(sandbox.path("exempt.csv"), &rows).unwrap();
    sandbox.sync_at(pinned::START, 0);
    sandbox.sync_at("2026-03-10T10:02:00Z", 0);
    let ask = |sandbox: &Sandbox, code| {
        sandbox
            .at("2026-03-10T10:06:00Z", &["lookup", "plate:CT:ABC123", "--zone", "A1"])
            .ends(code);
    };
    ask(&sandbox, 0);
    let quiet = sandbox.at("2026-03-10T10:05:00Z", &["-v", "sync"]).ends(0);
    assert!(quiet.stderr.contains("nothing has changed since"), "{quiet:?}");
    // A renewal beside a broken file is carried out, and the broken file is told.
    fs::remove_file(sandbox.path("exempt.csv")).unwrap();
    sandbox.club.renew(3, "2030-11-01");
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 5);
    assert_eq!(run["changes"][0]["outcome"], "confirmed", "{run:#}");
    assert_eq!(run["problems"][0]["kind"], "rights-unread");
    ask(&sandbox, 0);
    sandbox.assert_well_behaved();
}

/// P17: no plate in a log, a message, a page, a metric, or in the file once it is not kept any more.
#[test]
fn no_plate_is_anywhere() {
    let town = Town::new();
    let plates = ["ABC123", "DEF456", "OLD111", "BAD999", "NOBODY"];
    let mut heard = String::new();
    for (now, words) in [
        (NOON, &["-vvv", "sync"][..]),
        (NOON, &["-vvv", "sync", "--json"]),
        (LATER, &["-vvv", "diff"]),
        (LATER, &["-vvv", "check"]),
        (LATER, &["-vvv", "status"]),
        (LATER, &["status", "--html", "page.html", "--prometheus", "metrics.prom"]),
        (LATER, &["history", "--since", "30d"]),
    ] {
        let said = said(town.command(now, words).env("RUST_LOG", "trace"));
        heard += &format!("{}{}", said.stdout, said.stderr);
    }
    for plate in ["plate:CT:ABC123", "plate:CT:NOBODY", "plate:CT:BAD999"] {
        let said = said(town.command(NOON, &["-vvv", "lookup", plate]).env("RUST_LOG", "trace"));
        heard += &said.stderr;
    }
    heard += &fs::read_to_string(town.path("page.html")).unwrap();
    heard += &fs::read_to_string(town.path("metrics.prom")).unwrap();
    for plate in plates {
        assert!(!heard.contains(plate), "{plate}: {heard}");
    }
    // The right of OLD111 ended on the 5th; seven days later it is gone, and ABC123 is not.
    let is_kept = |plate: &str| {
        let files = ["ivms-sync.db", "ivms-sync.db-wal"].map(|name| fs::read(town.path(name)));
        let bytes: Vec<u8> = files.into_iter().flatten().flatten().collect();
        bytes.windows(plate.len()).any(|window| window == plate.as_bytes())
    };
    assert!(is_kept("OLD111"));
    town.run("2026-03-13T00:00:00Z", &["sync"]).ends(0);
    assert!(!is_kept("OLD111") && is_kept("ABC123"));
    town.ask("2026-03-13T00:00:00Z", "plate:CT:OLD111", "A2", 20);
}

const LIST: &str = "[permit-list.patrol]\nfile = \"patrol.csv\"\nzones = [\"A2\"]\n";

impl Town {
    /// A town with a list of permits for one of its zones, and with these keys of it besides.
    fn with_list(more: &str) -> Self {
        let town = Self::new();
        let config = fs::read_to_string(town.path("ivms-sync.toml")).unwrap();
        fs::write(town.path("ivms-sync.toml"), format!("{config}{LIST}{more}")).unwrap();
        town
    }

    fn list(&self) -> String {
        fs::read_to_string(self.path("patrol.csv")).unwrap_or_default()
    }

    /// What a tick said of the list.
    #[track_caller]
    fn tick(&self, now: &str, arguments: &[&str], code: i32) -> Value {
        let run = self.run(now, &[&["--json"], arguments].concat()).ends(code).json();
        assert_valid(&run);
        run["permit_lists"][0].clone()
    }
}

const HEADINGS: &str = "plate,state,zone,from,until,source,permit\r\n";

#[test]
fn a_list_of_permits_is_what_is_known_of_rights() {
    let town = Town::with_list("");
    // Nothing is kept yet, and what would be is known.
    let planned = town.tick(NOON, &["diff"], 0);
    assert_eq!((&planned["outcome"], &planned["rows"]), (&json!("planned"), &json!(1)));
    assert!(!town.path("patrol.csv").exists());
    town.run(NOON, &["diff", "--exit-code"]).ends(2);
    let written = town.tick(NOON, &["sync"], 0);
    assert_eq!((&written["outcome"], &written["rows"]), (&json!("written"), &json!(1)));
    // A1 covers A2; DEF456 is over, and the end of March is beyond two weeks.
    let row = "ABC123,US-CT,A2,2026-02-28T23:00:00Z,2026-03-25T00:00:00Z,exempt,P-1\r\n";
    assert_eq!(town.list(), format!("{HEADINGS}{row}"));
    let text = town.run(NOON, &["diff"]).ends(0).stdout;
    assert!(text.contains("patrol: 1 permit, in sync."), "{text}");
    assert_eq!(town.tick(NOON, &["diff"], 0)["outcome"], "in-sync", "planning again is empty");
    town.run(NOON, &["diff", "--exit-code"]).ends(0);
    let check = town.run(NOON, &["check"]).ends(0).stdout;
    assert!(check.contains("1 permit, in sync"), "{check}");
    // At midnight (UTC) it looks a day further.
    assert_eq!(town.tick("2026-03-10T23:59:59Z", &["sync"], 0)["outcome"], "in-sync");
    assert_eq!(town.tick("2026-03-11T00:00:00Z", &["sync"], 0)["outcome"], "written");
    assert!(town.list().contains(",2026-03-26T00:00:00Z,"), "{}", town.list());
    // A car more, whose id would be a formula; then the file is taken away, and the list stays.
    town.write(&format!("{ROWS}NEW777,CT,A2,,2026-03-20,=1+1\n"));
    let later = "2026-03-11T00:05:00Z";
    assert_eq!(town.tick(later, &["sync"], 0)["rows"], 2);
    let row = "NEW777,US-CT,A2,1970-01-01T00:00:00Z,2026-03-20T23:00:00Z,exempt,'=1+1\r\n";
    assert!(town.list().ends_with(row), "{}", town.list());
    let list = town.list();
    fs::remove_file(town.path("exempt.csv")).unwrap();
    assert_eq!(town.tick("2026-03-11T00:10:00Z", &["sync"], 5)["outcome"], "in-sync");
    assert_eq!(town.list(), list);
}

#[test]
fn a_list_that_somebody_changed_is_put_right_and_what_cannot_be_written_is_told() {
    let town = Town::with_list("");
    town.tick(NOON, &["sync"], 0);
    let list = town.list();
    for spoil in ["", "plate\r\nEVIL666\r\n", &list[..20]] {
        fs::write(town.path("patrol.csv"), spoil).unwrap();
        assert_eq!(town.tick(LATER, &["diff"], 0)["outcome"], "planned");
        assert_eq!(town.tick(LATER, &["sync"], 0)["outcome"], "written");
        assert_eq!(town.list(), list);
    }
    fs::remove_file(town.path("patrol.csv")).unwrap();
    assert_eq!(town.tick(LATER, &["sync"], 0)["outcome"], "written");
    // A folder where the file should be: told each time, in the exit code and in the list of runs.
    fs::remove_file(town.path("patrol.csv")).unwrap();
    fs::create_dir(town.path("patrol.csv")).unwrap();
    for _ in 0..2 {
        let run = town.run(LATER, &["sync", "--json"]).ends(3).json();
        assert_valid(&run);
        assert_eq!(run["permit_lists"][0]["outcome"], "failed");
        let mut problems = run["problems"].as_array().unwrap().iter();
        let told = problems.find(|one| one["kind"] == "permit-list-unwritten").unwrap();
        assert!(told["text"].as_str().unwrap().contains("a folder"), "{told}");
    }
    let status = town.run(LATER, &["status", "--json"]).ends(0).json();
    assert_eq!(status["runs"][0]["exit_code"], 3);
    fs::remove_dir(town.path("patrol.csv")).unwrap();
    assert_eq!(town.tick(LATER, &["sync"], 0)["outcome"], "written");
    assert_eq!(town.list(), list);
}

#[test]
fn a_list_in_mode_observe_is_told_and_not_written() {
    let town = Town::with_list("mode = \"observe\"\nformat = \"genetec\"\n");
    let told = town.tick(NOON, &["sync"], 0);
    assert_eq!((&told["outcome"], &told["rows"]), (&json!("planned"), &json!(1)));
    assert!(!town.path("patrol.csv").exists());
}

#[test]
fn lists_are_not_written_over_what_is_read() {
    for (line, words) in [
        ("file = \"exempt.csv\"", "is the rights-file"),
        ("file = \"ivms-sync.db\"", "is the state file"),
        ("file = \"ivms-sync.toml\"", "is the configuration"),
        ("file = \"a.csv\"\nzones = [\"A9\"]", "holds A9, which is none of this file"),
        ("file = \"a.csv\"\nzones = []", "so that no car would be on the list"),
        ("file = \"a.csv\"\nmode = \"grant-only\"", "a list is written whole"),
        ("file = \"a.csv\"\nahead = \"1h\"", "is not between a day and 400 days"),
        ("file = \"a.csv\"\nformat = \"xml\"", "permit-list.patrol.format"),
        ("file = \"a.csv\"\n[permit-list.other]\nfile = \"./a.csv\"", "is the file of permit-list"),
        ("file = \"a.csv\"\n[report]\nhtml = \"a.csv\"", "a.csv"),
        ("zones = [\"A1\"]", "permit-list.patrol.file"),
        ("file = \"a.csv.age\"\nsealed = true", "has nobody to be sealed for"),
        ("file = \"a.csv.age\"", "ends with .age, and is not sealed"),
        ("file = \"a.csv\"\nsealed = true\n[seal]\nrecipients = [\"age1\"]", "seal.recipients"),
        ("file = \"a.csv\"\n[seal]\nidentity = \"age1\"", "is no secret key of age"),
    ] {
        let town = Town::new();
        let config = fs::read_to_string(town.path("ivms-sync.toml")).unwrap();
        let config = format!("{config}[permit-list.patrol]\n{line}\n");
        fs::write(town.path("ivms-sync.toml"), config).unwrap();
        let said = town.run(NOON, &["sync"]).ends(78);
        assert!(said.stderr.contains(words), "{line}: {}", said.stderr);
    }
}

/// The identity of the age test kit and its public key: see `files::seal`.
const IDENTITY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
const RECIPIENT: &str = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";

/// A sealed list is other bytes each time: it is written anew only where what it holds has changed, or for whom, or
/// where somebody has changed the file.
#[test]
fn a_sealed_list_is_read_by_its_key_alone_and_stays_while_it_holds_the_same() {
    let town = Town::with_list("sealed = true\n");
    let said = town.run(NOON, &["sync"]).ends(78);
    assert!(said.stderr.contains("does not end with .age"), "{}", said.stderr);
    let config = fs::read_to_string(town.path("ivms-sync.toml")).unwrap();
    let config = config.replace("patrol.csv", "patrol.csv.age");
    let config = format!("{config}\n[seal]\nrecipients = [\"{RECIPIENT}\"]\n");
    fs::write(town.path("ivms-sync.toml"), &config).unwrap();
    let sealed = || fs::read(town.path("patrol.csv.age")).unwrap();
    let opened = || {
        let (key, mut text) = (IDENTITY.parse::<OpenKey>().unwrap(), String::new());
        open(&key, sealed().as_slice()).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(town.tick(NOON, &["diff"], 0)["outcome"], "planned");
    assert_eq!(town.tick(NOON, &["sync"], 0)["outcome"], "written");
    let first = sealed();
    assert!(opened().starts_with(HEADINGS) && opened().contains("ABC123"), "{}", opened());
    assert!(first.starts_with(b"age-encryption.org/v1\n"));
    assert!(!first.windows(6).any(|bytes| bytes == b"ABC123"));
    assert_eq!(town.tick(NOON, &["sync"], 0)["outcome"], "in-sync");
    assert_eq!(town.tick(NOON, &["check"], 0), Value::Null);
    // The file of rights is another one, and the list is not.
    town.write(&format!("{ROWS}NEW777,CT,A1,2026-01-01,2026-01-20,P-9\n"));
    assert_eq!(town.tick("2026-03-10T12:05:00Z", &["sync"], 0)["outcome"], "in-sync");
    assert_eq!(sealed(), first);
    town.write(&format!("{ROWS}NEW777,CT,A2,,2026-03-20,P-9\n"));
    assert_eq!(town.tick("2026-03-10T12:10:00Z", &["sync"], 0)["outcome"], "written");
    assert!(opened().contains("NEW777"), "{}", opened());
    // Somebody has changed the file, or taken it away.
    let second = sealed();
    fs::write(town.path("patrol.csv.age"), &second[1..]).unwrap();
    assert_eq!(town.tick("2026-03-10T12:15:00Z", &["sync"], 0)["outcome"], "written");
    assert_ne!(sealed(), second);
    fs::remove_file(town.path("patrol.csv.age")).unwrap();
    assert_eq!(town.tick("2026-03-10T12:20:00Z", &["sync"], 0)["outcome"], "written");
    // For somebody else besides.
    let other = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";
    let recipients = format!("\"{RECIPIENT}\", \"{other}\"");
    let config = config.replace(&format!("\"{RECIPIENT}\""), &recipients);
    fs::write(town.path("ivms-sync.toml"), config).unwrap();
    assert_eq!(town.tick("2026-03-10T12:25:00Z", &["sync"], 0)["outcome"], "written");
    let stanzas = |bytes: &[u8]| bytes.windows(10).filter(|one| one == b"-> X25519 ").count();
    assert_eq!(stanzas(&sealed()), 2);
}
