//! What is said of gates where it is said of doors: the history, the page, the metrics, the status. No plate is in any.

use std::fs;

use ivms_sync_simulators::club::number;
use serde_json::{Value, json};

use super::gates::Gym;
use super::support::each;
use super::support::schema::assert_valid;

const DAY_1: &str = "2026-03-10T12:00:00Z";
const DAY_1_LATER: &str = "2026-03-10T12:05:00Z";
const DAY_1_LAST: &str = "2026-03-10T12:10:00Z";

/// A row that is added, one that is set and one that is removed, and the car of the first member.
fn eventful() -> Gym {
    let gym = Gym::of_members();
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick(DAY_1, 0);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\n");
    gym.tick(DAY_1_LATER, 0);
    gym
}

fn history(gym: &Gym, arguments: &[&str]) -> Value {
    let found = gym.at(DAY_1_LAST, &[&["history", "--json"], arguments].concat()).ends(0).json();
    assert_valid(&found);
    found
}

/// What was done, by right.
fn done(found: &Value) -> Vec<(String, String)> {
    let rows = found["rows"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.map(|row| (text(&row["verb"]), text(&row["right"]["id"]))).collect()
}

/// The page and the metrics as they are now.
fn page_and_metrics(gym: &Gym, now: &str) -> (String, String) {
    let arguments = ["status", "--html", "page.html", "--prometheus", "metrics.prom"];
    gym.at(now, &arguments).ends(0);
    let read = |name| fs::read_to_string(gym.sandbox.path(name)).unwrap();
    (read("page.html"), read("metrics.prom"))
}

#[test]
fn the_history_has_every_row_by_its_right() {
    let gym = eventful();
    let all = history(&gym, &[]);
    let pair = |verb: &str, right: String| (verb.to_owned(), right);
    let member = number(0).to_string();
    let first = [("S-1", "set"), ("S-2", "remove")].map(|(right, verb)| pair(verb, right.into()));
    let mut newest = done(&all);
    let rest = newest.split_off(2);
    newest.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(newest, first, "the newest first");
    let mut rest: Vec<_> = rest.into_iter().map(|(verb, right)| (right, verb)).collect();
    rest.sort();
    let added = [member.as_str(), "S-1", "S-2"].map(|right| (right.to_owned(), "add".to_owned()));
    assert_eq!(rest, added);
    let set = all["rows"].as_array().unwrap().iter().find(|row| row["verb"] == "set").unwrap();
    assert_eq!(set["after"], json!({"first": "2026-01-01", "last": "2026-07-31"}));
    assert_eq!((&set["gate"], &set["kind"]), (&json!("gate"), &json!("grant")));
    assert_eq!((&set["outcome"], &set["member_name"]), (&json!("confirmed"), &Value::Null));
    let gone = all["rows"].as_array().unwrap().iter().find(|row| row["verb"] == "remove").unwrap();
    assert_eq!((&gone["after"], &gone["kind"]), (&Value::Null, &json!("revocation")));
    // One member, one gate, one door.
    let of_member = history(&gym, &["--member", &member]);
    assert_eq!(done(&of_member), [pair("add", member.clone())]);
    let known = gym.sandbox.club.cardskipper.member(number(0)).unwrap();
    let name = format!("{} {}", known.first, known.last);
    assert_eq!(of_member["rows"][0]["member_name"], json!(name));
    assert_eq!(done(&history(&gym, &["--member", &number(1).to_string()])), []);
    assert_eq!(done(&history(&gym, &["--door", "gate"])).len(), 5);
    assert_eq!(history(&gym, &["--door", "gate"])["changes"], json!([]));
    assert_eq!(done(&history(&gym, &["--door", "door1"])), []);
    let text = gym.at(DAY_1_LAST, &["history"]).ends(0).stdout;
    assert!(text.contains(&format!("{member} {name}")) && text.contains("S-2 of staff"), "{text}");
    let sheet = gym.at(DAY_1_LAST, &["history", "--csv"]).ends(0).stdout;
    let line = sheet.lines().find(|line| line.contains(";row-set;")).unwrap();
    assert!(line.contains(";gate;;;staff;S-1;;grant;row-set;;;"), "{line}");
    assert!(line.contains(";2026-01-01 00:00:00;2026-07-31 23:59:59;confirmed;"), "{line}");
    let unknown = gym.at(DAY_1_LAST, &["history", "--door", "gatee"]).ends(64);
    assert!(unknown.stderr.contains("did you mean gate?"), "{unknown:?}");
}

#[test]
fn the_page_and_the_metrics_tell_of_a_gate_that_is_well() {
    let gym = eventful();
    let (page, metrics) = page_and_metrics(&gym, DAY_1_LATER);
    assert!(page.contains("<h1>All doors and gates are in sync</h1>"), "{page}");
    for part in ["id=\"gates\"", "id=\"rights\"", "id=\"rows\"", ">S-2 of staff<", ">removed<"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for line in [
        "ivms_sync_gate_up{gate=\"gate\",mode=\"full\"} 1",
        "ivms_sync_gate_failures{gate=\"gate\"} 0",
        "ivms_sync_gate_rows{gate=\"gate\"} 4",
        "ivms_sync_gate_rows_of_others{gate=\"gate\"} 2",
        "ivms_sync_gate_pending_changes{gate=\"gate\",kind=\"grant\"} 0",
        "ivms_sync_gate_cars_outside{gate=\"gate\"} 0",
        "ivms_sync_rights{source=\"staff\"} 1",
        "ivms_sync_rights_fresh{source=\"staff\"} 1",
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line}: {metrics}");
    }
}

/// Mutants: a page that says that all is well while a gate is away, a source is old, or cars stand outside.
#[test]
fn the_page_and_the_metrics_tell_what_is_wrong() {
    let gym = eventful();
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\nLJSTAFF3,yard,2026-01-01,2026-07-31,S-3\n");
    gym.camera.go_offline();
    gym.tick(DAY_1_LAST, 3);
    let (page, metrics) = page_and_metrics(&gym, DAY_1_LAST);
    assert!(page.contains("<h1>1 car stands outside, 1 gate has a problem</h1>"), "{page}");
    assert!(page.contains("1 car that may enter has no row at gate."), "{page}");
    assert!(page.contains("failed once, asked again by the next run"), "{page}");
    let up = "ivms_sync_gate_up{gate=\"gate\",mode=\"full\"} 0";
    assert!(metrics.contains(up), "{metrics}");
    assert!(metrics.contains("ivms_sync_gate_cars_outside{gate=\"gate\"} 1"), "{metrics}");
    gym.camera.go_online();
    // A stranger's row that gives less, and a camera that is full.
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\nMBZZ111,yard,2026-01-01,2027-06-30,S-9\n");
    gym.tick("2026-03-10T12:15:00Z", 0);
    let (page, metrics) = page_and_metrics(&gym, "2026-03-10T12:15:00Z");
    assert!(page.contains("<h1>1 car is left out at a gate</h1>"), "{page}");
    assert!(page.contains("S-9 of staff (gate)"), "{page}");
    let left_out = "ivms_sync_gate_left_out_rights{gate=\"gate\",reason=\"stranger\"} 1";
    assert!(metrics.contains(left_out), "{metrics}");
    // Its spreadsheet is away for more than a month.
    fs::remove_file(gym.sandbox.path("staff.csv")).unwrap();
    let (page, metrics) = page_and_metrics(&gym, "2026-04-20T12:00:00Z");
    assert!(page.contains("1 source of rights was not read of late"), "{page}");
    assert!(metrics.contains("ivms_sync_rights_fresh{source=\"staff\"} 0"), "{metrics}");
}

#[test]
fn what_waits_for_approval_at_a_gate_is_counted_and_named_with_its_command() {
    let gym = Gym::new("");
    let row = |number: usize| format!("LJST{number:03},yard,2026-01-01,2026-06-30,S-{number}\n");
    gym.staff(&(0..20).map(row).collect::<String>());
    gym.tick(DAY_1, 0);
    gym.staff(&(0..17).map(row).collect::<String>());
    gym.at(DAY_1_LATER, &["sync", "--accept-shrink", "17"]).ends(4);
    let status = gym.at(DAY_1_LATER, &["--json", "status"]).ends(0).json();
    assert_valid(&status);
    let id = status["gates"][0]["blocked"].as_str().unwrap();
    let waiting = json!({"grants": 0, "revocations": 3, "outside": 0, "blocked": 3, "others": 0});
    assert_eq!(status["gates"][0]["waiting"], waiting);
    let (page, metrics) = page_and_metrics(&gym, DAY_1_LATER);
    assert!(page.contains("<h1>changes wait for your approval</h1>"), "{page}");
    assert!(page.contains(&format!("<code>ivms-sync apply --blocked {id}</code>")), "{page}");
    let blocked = "ivms_sync_gate_blocked_changes{gate=\"gate\"} 3";
    assert!(metrics.contains(blocked), "{metrics}");
}

#[test]
fn a_gate_that_is_only_observed_keeps_nobody_outside() {
    let gym = Gym::new("mode = \"observe\"");
    gym.tick(DAY_1, 0);
    let status = gym.at(DAY_1, &["--json", "status"]).ends(0).json();
    assert_eq!(status["gates"][0]["waiting"]["outside"], json!(1));
    let (page, metrics) = page_and_metrics(&gym, DAY_1);
    assert!(page.contains("<h1>1 change is only observed</h1>"), "{page}");
    assert!(!page.contains("Nobody who has paid stands outside"), "{page}");
    assert!(metrics.contains("ivms_sync_gate_cars_outside{gate=\"gate\"} 0"), "{metrics}");
    let text = gym.at(DAY_1, &["status"]).ends(0).stdout;
    assert!(text.contains("only observed: 1 change wanted"), "{text}");
}

/// Mutant: a car that somebody else's row lets in counts as outside once the gate is away.
#[test]
fn who_is_let_in_by_others_is_not_outside() {
    let gym = Gym::new("");
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nMBZZ111,yard,2026-01-01,2026-03-20,S-9\n");
    let found = gym.tick(DAY_1, 0);
    let given = json!([{"reason": "given-by-others", "rights": ["S-9 of staff"]}]);
    assert_eq!(found["gates"][0]["not_done"], given);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\nMBZZ111,yard,2026-01-01,2026-03-20,S-9\n");
    gym.camera.go_offline();
    gym.tick(DAY_1_LATER, 3);
    let status = gym.at(DAY_1_LATER, &["--json", "status"]).ends(0).json();
    assert_eq!(status["gates"][0]["waiting"]["outside"], json!(0), "{status:#}");
    let (page, _) = page_and_metrics(&gym, DAY_1_LATER);
    assert!(page.contains("<h1>1 gate has a problem</h1>"), "{page}");
}

/// Mutant: a car whose row stays counts as left out.
#[test]
fn a_row_that_stays_leaves_nobody_out() {
    let gym = Gym::new("mode = \"grant-only\"");
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick(DAY_1, 0);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\n");
    gym.tick(DAY_1_LATER, 0);
    let (page, metrics) = page_and_metrics(&gym, DAY_1_LATER);
    assert!(page.contains("<h1>All doors and gates are in sync</h1>"), "{page}");
    assert!(page.contains("1 car: its row would lose time"), "{page}");
    let kept = "ivms_sync_gate_left_out_rights{gate=\"gate\",reason=\"grant-only\"} 1";
    assert!(metrics.contains(kept), "{metrics}");
}

#[test]
fn no_plate_is_in_the_history_the_page_and_the_metrics() {
    let gym = eventful();
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\nMBZZ111,yard,2026-01-01,2027-06-30,S-9\n");
    gym.tick(DAY_1_LAST, 0);
    let (page, metrics) = page_and_metrics(&gym, DAY_1_LAST);
    let mut said = page + &metrics;
    for arguments in [&["history"][..], &["history", "--csv"], &["history", "--json"], &["status"]]
    {
        said += &gym.at(DAY_1_LAST, arguments).ends(0).stdout;
    }
    for plate in ["LJSTAFF", "LJAA111", "MBZZ111", "KPXY999"] {
        assert!(!said.contains(plate), "{plate}: {said}");
    }
    let found = gym.at(DAY_1_LAST, &["--json", "history"]).ends(0).json();
    assert!(!each(&found, "rows", "gate").is_empty());
}
