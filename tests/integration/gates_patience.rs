//! Several gates, and gates that try one's patience: slow, busy, failing, another one than before, under another name.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::hikvision_anpr::{Camera, Row, Settings, Switches};
use ivms_sync_simulators::http::{Fault, Moment};
use serde_json::{Value, json};

use super::gates::{Gym, verb, verbs};
#[cfg(unix)]
use super::support::finish;
use super::support::pinned::instant;

const DAY_1: &str = "2026-03-10T12:00:00Z";
const DAY_1_LATER: &str = "2026-03-10T12:05:00Z";
const DAY_1_LAST: &str = "2026-03-10T12:10:00Z";

/// A second gate of the same yard, as a section.
fn back(url: &str) -> String {
    format!(
        "[hikvision-anpr.back]\nurl = \"{url}\"\nusername = \"admin\"\n\
         password = {{ env = \"GATE_PASSWORD\" }}\nzones = [\"yard\"]\n"
    )
}

/// A gym with two gates, each with a camera of its own.
fn two_gates() -> (Gym, Camera) {
    let gym = Gym::new("");
    let other = Camera::start(Settings {
        serial_number: "BACK-1".to_owned(),
        rows: vec![Row::new("KRZZ222")],
        clock: Clock::fixed(instant(DAY_1)),
        ..Settings::default()
    });
    (also(gym, &back(&other.url())), other)
}

/// The same gym with another section.
fn also(mut gym: Gym, section: &str) -> Gym {
    let text = gym.sandbox.config();
    gym.sandbox.replace_config(Some(format!("{text}\n{section}")));
    gym
}

/// The same gym with its gate under another name, and another change of the text.
fn renamed(gym: &mut Gym, name: &str, change: impl Fn(String) -> String) {
    let text = gym.sandbox.config();
    let (before, after) = text.split_once("[hikvision-anpr.").unwrap();
    let (_, after) = after.split_once(']').unwrap();
    gym.sandbox.replace_config(Some(change(format!("{before}[hikvision-anpr.{name}]{after}"))));
}

fn each_gate<'a>(found: &'a Value, key: &str) -> Vec<&'a Value> {
    found["gates"].as_array().unwrap().iter().map(|gate| &gate[key]).collect()
}

fn rows_of(gym: &Gym, name: &str) -> i64 {
    let state = rusqlite::Connection::open(gym.sandbox.state()).unwrap();
    let sql = "SELECT count(*) FROM gate_row WHERE gate = ?1";
    state.query_row(sql, [name], |row| row.get(0)).unwrap()
}

/// Mutant: whoever is slow is waited for before anything is written elsewhere.
#[test]
fn a_slow_gate_keeps_no_other_waiting() {
    let (gym, slow) = two_gates();
    slow.fault(Fault::Delay(Duration::from_secs(2)).times(1));
    let last: Arc<Mutex<Option<Instant>>> = Arc::default();
    let first: Arc<Mutex<Option<Instant>>> = Arc::default();
    let seen = Arc::clone(&last);
    gym.camera.watch(Some(Arc::new(move |_| {
        *seen.lock().unwrap() = Some(Instant::now());
        true
    })));
    let heard = Arc::clone(&first);
    slow.watch(Some(Arc::new(move |moment| {
        if moment == Moment::Answered {
            heard.lock().unwrap().get_or_insert_with(Instant::now);
        }
        true
    })));
    slow.begin_run();
    let found = gym.tick(DAY_1, 0);
    assert_eq!(each_gate(&found, "outcome"), [&json!("ok"), &json!("ok")]);
    let (last, first) = (last.lock().unwrap().unwrap(), first.lock().unwrap().unwrap());
    assert!(last < first, "the quick one was done before the slow one had answered once");
    assert_eq!((gym.camera.rows().len(), slow.rows().len()), (3, 2));
    gym.assert_well();
}

/// Mutant: the lock of one gate is waited for before the others are asked.
#[test]
fn a_gate_that_somebody_else_talks_to_keeps_no_other_waiting() {
    let (gym, busy) = two_gates();
    // The configuration is written for a run.
    gym.at(DAY_1, &["status"]).ends(0);
    let lock = gym.sandbox.path("ivms-sync.db.back.lock");
    let file = fs::File::options().create(true).truncate(false).write(true).open(&lock).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&lock, fs::Permissions::from_mode(0o600)).unwrap();
    }
    file.lock().unwrap();
    gym.camera.begin_run();
    busy.begin_run();
    let mut run = gym.sandbox.start_at(DAY_1, &["sync"]);
    let began = Instant::now();
    while gym.camera.rows().len() < 3 {
        assert!(began.elapsed() < Duration::from_secs(15), "it waits for the other gate");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(busy.requests().len(), 0, "nobody else talks to it");
    file.unlock().unwrap();
    assert!(run.wait().unwrap().success());
    assert_eq!(busy.rows().len(), 2);
    gym.assert_well();
}

/// Mutant: a run that was told to stop still waits for gates.
#[cfg(unix)]
#[test]
fn a_run_that_is_told_to_stop_asks_no_gate_any_more() {
    let gym = Gym::new("");
    gym.tick(DAY_1, 0);
    (0..4).for_each(|index| assert!(gym.sandbox.club.renew(index, "2027-12-31")));
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    let door = &gym.sandbox.club.devices[0];
    let written = door.writes().len();
    let slow = Fault::Delay(Duration::from_millis(700));
    door.fault(slow.on("UserInfo/Modify").authenticated());
    gym.camera.clock().set(instant(DAY_1_LATER));
    gym.camera.begin_run();
    gym.camera.clear_requests();
    let child = gym.sandbox.start_at(DAY_1_LATER, &["sync"]);
    while door.writes().len() == written {
        std::thread::sleep(Duration::from_millis(1));
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let said = finish(child).ends(143);
    assert_eq!(said.stderr.matches("interrupted").count(), 1, "{}", said.stderr);
    assert_eq!(gym.camera.requests().len(), 0);
    door.clear_faults();
    let found = gym.tick(DAY_1_LAST, 0);
    assert_eq!(verbs(&found), [verb("add", "LJSTAFF2", "confirmed")]);
    gym.assert_well();
}

/// Mutants: what is not believed is forgotten; it is asked in every run; a person who accepts it must wait.
#[test]
fn a_gate_that_is_not_believed_is_told_and_left_alone_for_longer_and_longer() {
    let gym = Gym::new("");
    gym.tick(DAY_1, 0);
    gym.camera.edit_settings(|settings| "OTHER-1".clone_into(&mut settings.serial_number));
    // Its list is compared every hour.
    for now in ["2026-03-10T13:05:00Z", "2026-03-10T13:10:00Z"] {
        let found = gym.tick(now, 4);
        assert_eq!(each_gate(&found, "outcome"), [&json!("not-believed")]);
        let status = gym.at(now, &["--json", "status"]).ends(0).json();
        let failure = status["gates"][0]["failure"].as_str().unwrap();
        assert!(failure.contains("answers with serial number"), "{failure}");
    }
    gym.camera.clear_requests();
    let found = gym.tick("2026-03-10T13:15:00Z", 4);
    assert_eq!(each_gate(&found, "outcome"), [&json!("not-believed")]);
    assert_eq!(gym.camera.requests().len(), 0, "left alone");
    let text = gym.at("2026-03-10T13:15:00Z", &["status"]).ends(0).stdout;
    assert!(text.contains("failed 2 times in a row, asked again at"), "{text}");
    // Where a car stands outside it is asked all the same.
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick("2026-03-10T13:20:00Z", 4);
    assert_ne!(gym.camera.requests().len(), 0);
    gym.at("2026-03-10T13:25:00Z", &["sync", "--accept-device", "gate=3"]).ends(0);
    let status = gym.at("2026-03-10T13:25:00Z", &["--json", "status"]).ends(0).json();
    assert_eq!(status["gates"][0]["failures"], json!(0));
}

/// Mutant: a gate that goes away while it is written to counts as well.
#[test]
fn a_failure_while_rows_are_written_is_remembered() {
    let gym = Gym::new("");
    gym.camera.fault(Fault::DropAfter.on("/").body_contains("LJSTAFF1"));
    gym.at(DAY_1, &["sync"]).ends(3);
    let status = gym.at(DAY_1, &["--json", "status"]).ends(0).json();
    assert_eq!(status["gates"][0]["failures"], json!(1), "{status:#}");
    assert_eq!(status["gates"][0]["waiting"]["outside"], json!(1));
    gym.camera.clear_faults();
    gym.tick(DAY_1_LATER, 0);
    let status = gym.at(DAY_1_LATER, &["--json", "status"]).ends(0).json();
    assert_eq!(status["gates"][0]["failures"], json!(0));
    assert_eq!(status["gates"][0]["waiting"]["outside"], json!(0));
    gym.assert_well();
}

/// Mutants: rows of before are strangers'; they stay known under both names; what waits because of the configuration is
/// forgotten; the list is read without what was learnt of the camera.
#[test]
fn rows_follow_a_section_that_is_renamed() {
    for switches in [Switches::default(), Switches::captured()] {
        let mut gym = Gym::of_members();
        gym.camera.set(|now| *now = switches.clone());
        gym.staff(
            "LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n",
        );
        gym.tick(DAY_1, 0);
        gym.camera.clear_writes();
        renamed(&mut gym, "barrier", |text| text);
        let seen = gym.at(DAY_1_LATER, &["--json", "diff"]).ends(0).json();
        assert_eq!((verbs(&seen), &seen["gates"][0]["not_done"]), (vec![], &json!([])));
        assert_eq!(
            (rows_of(&gym, "gate"), rows_of(&gym, "barrier")),
            (3, 0),
            "a look moves nothing"
        );
        let found = gym.tick(DAY_1_LATER, 0);
        assert_eq!((verbs(&found), &found["gates"][0]["not_done"]), (vec![], &json!([])));
        assert_eq!(found["gates"][0]["strangers"], json!(2));
        assert_eq!(gym.camera.writes(), Vec::<Value>::new());
        assert_eq!((rows_of(&gym, "gate"), rows_of(&gym, "barrier")), (0, 3));
        gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\n");
        let found = gym.tick(DAY_1_LAST, 0);
        let wanted =
            [verb("set", "LJSTAFF1", "confirmed"), verb("remove", "LJSTAFF2", "confirmed")];
        assert_eq!(verbs(&found), wanted);
        // And back again.
        renamed(&mut gym, "gate", |text| text);
        let found = gym.tick("2026-03-10T12:15:00Z", 0);
        assert_eq!((verbs(&found), &found["gates"][0]["not_done"]), (vec![], &json!([])));
        assert_eq!((rows_of(&gym, "gate"), rows_of(&gym, "barrier")), (2, 0));
        // A loss by a changed configuration waits under the new name as under the old one.
        renamed(&mut gym, "barrier", |text| text.replace("members = [\"club\"]", ""));
        let found = gym.at("2026-03-10T12:20:00Z", &["--json", "sync"]).ends(4).json();
        assert_eq!(verbs(&found), [verb("remove", "LJAA111", "blocked")]);
        let log = gym.at("2026-03-10T12:20:00Z", &["history", "--json", "--door", "gate"]).ends(0);
        assert_eq!(log.json()["rows"].as_array().unwrap().len(), 3, "what was done is told");
        gym.assert_well();
    }
}

/// Mutant: the first filling of another camera at a name that was used before needs an approval.
#[test]
fn a_former_name_may_be_given_to_another_camera() {
    let mut gym = Gym::new("");
    gym.tick(DAY_1, 0);
    renamed(&mut gym, "barrier", |text| text);
    gym.tick(DAY_1_LATER, 0);
    let other = Camera::start(Settings {
        serial_number: "BACK-1".to_owned(),
        clock: Clock::fixed(instant(DAY_1_LAST)),
        ..Settings::default()
    });
    let gym = also(gym, &back(&other.url()).replace("anpr.back", "anpr.gate"));
    let row = |number: usize| format!("LJST{number:03},yard,2026-01-01,2026-06-30,S-{number}\n");
    let rows: String = (0..15).map(row).collect();
    gym.staff(&format!("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\n{rows}"));
    let found = gym.tick(DAY_1_LAST, 0);
    assert_eq!(each_gate(&found, "outcome"), [&json!("ok"), &json!("ok")]);
    assert_eq!((gym.camera.rows().len(), other.rows().len()), (18, 16));
    gym.assert_well();
}

/// Mutants: both are believed; the first of the file is, and not the one that the number is known of.
#[test]
fn of_two_ways_to_one_gate_one_is_believed() {
    let gym = Gym::new("");
    gym.tick(DAY_1, 0);
    let gym = also_by_another_way(gym);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    for now in [DAY_1_LATER, DAY_1_LAST] {
        let found = gym.tick(now, 4);
        assert_eq!(each_gate(&found, "name"), [&json!("back"), &json!("gate")]);
        assert_eq!(each_gate(&found, "outcome"), [&json!("not-believed"), &json!("ok")]);
        let told = found["problems"].to_string();
        assert!(told.contains("is the same device as [hikvision-anpr.gate]"), "{told}");
    }
    assert_eq!((gym.camera.rows().len(), rows_of(&gym, "back")), (4, 0));
    // Where neither was heard of before it is one of them as well.
    let gym = also_by_another_way(Gym::new(""));
    let found = gym.tick(DAY_1, 4);
    let mut outcomes = each_gate(&found, "outcome");
    outcomes.sort_by_key(|word| word.to_string());
    assert_eq!(outcomes, [&json!("not-believed"), &json!("ok")]);
    assert_eq!(gym.camera.rows().len(), 3);
}

fn also_by_another_way(gym: Gym) -> Gym {
    let section = back(&gym.camera.url().replace("127.0.0.1", "localhost"));
    also(gym, &section)
}
