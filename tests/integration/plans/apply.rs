//! `apply`: exactly the reviewed plan, or nothing.

use std::fs;
use std::path::Path;

use ivms_sync_simulators::club::number;
use serde_json::{Value, json};

use super::{LATER, LOOKED, with_news};
use crate::support::pinned::START;
use crate::support::{Said, Sandbox, each};

/// The club with news that a tick has seen once, so that a plan is the second look.
fn looked() -> Sandbox {
    let sandbox = with_news();
    sandbox.look_at(LOOKED);
    sandbox
}

#[test]
fn a_reviewed_plan_comes_to_the_same_as_a_sync() {
    let synced = with_news();
    synced.sync_after_a_look_at(LATER, 0);
    let sandbox = looked();
    let said = sandbox.at(LATER, &["diff", "--out", "plan.json"]).ends(0).stdout;
    assert!(said.contains("ivms-sync apply plan.json") && said.contains("60 minutes"), "{said}");
    sandbox.clear_requests();
    let run = sandbox.at(LATER, &["apply", "plan.json", "--json"]).ends(0).json();
    assert_eq!(run["command"], "apply");
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 6]);
    assert_eq!(sandbox.doors(), synced.doors());
    assert!(sandbox.club.cardskipper.requests().is_empty(), "it asks Cardskipper nothing");
    for device in &sandbox.club.devices {
        let everybody = device.requests().into_iter().find(|request| {
            request.target.contains("UserInfo/Search")
                && request.is_authenticated()
                && !request.text().contains("EmployeeNoList")
        });
        assert!(everybody.is_none(), "it reads just the persons of the plan: {everybody:?}");
    }
    let again = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(again["changes"], json!([]), "planning again gives an empty plan");
    sandbox.assert_well_behaved();
}

/// Catches: a plan that carries out what one listing says, because somebody looked at it; because only one
/// would lose access; because its own listing counts a second time when `apply` comes a tick later.
#[test]
fn what_one_listing_says_waits_on_whoever_reviewed_it() {
    for (is_fresh, revoked) in [(false, 1), (false, 2), (true, 2)] {
        let what = format!("fresh: {is_fresh}, {revoked} revoked");
        let sandbox = Sandbox::pinned(40, 1);
        if !is_fresh {
            sandbox.sync_at(START, 0);
        }
        sandbox.clocks(LATER);
        assert!(sandbox.club.renew(3, "2030-11-01"));
        (4..4 + revoked).for_each(|index| assert!(sandbox.club.inactivate(index)));
        sandbox.at(LATER, &["diff", "--out", "plan.json"]).ends(0);
        for now in [LATER, "2026-03-10T10:10:00Z"] {
            let said = sandbox.at(now, &["apply", "plan.json"]).ends(0).stdout;
            assert_eq!(
                said.matches("waits for a second look\n").count(),
                revoked,
                "{what}: {said}"
            );
            let run = sandbox.at(now, &["apply", "plan.json", "--json"]).ends(0).json();
            let waiting = vec![json!("second-look"); revoked];
            let changes = run["changes"].as_array().unwrap();
            assert_eq!(changes[0]["outcome"], "confirmed", "{what}");
            let by: Vec<Value> = changes[1..].iter().map(|one| one["blocked_by"].clone()).collect();
            assert_eq!(by, waiting, "{what}");
            assert_eq!(each(&run, "changes", "outcome")[1..], vec!["planned"; revoked], "{what}");
        }
        assert_eq!(sandbox.club.devices[0].writes().len(), 1, "{what}");
        // A tick hears the same. The old plan still waits, a new one does not.
        sandbox.look_at("2026-03-10T10:11:00Z");
        sandbox.at("2026-03-10T10:12:00Z", &["apply", "plan.json"]).ends(0);
        assert_eq!(sandbox.club.devices[0].writes().len(), 1, "{what}");
        sandbox.at("2026-03-10T10:15:00Z", &["diff", "--out", "plan.json"]).ends(0);
        let run = sandbox.at("2026-03-10T10:15:00Z", &["apply", "plan.json", "--json"]);
        let outcomes = vec!["confirmed"; revoked];
        assert_eq!(each(&run.ends(0).json(), "changes", "outcome"), outcomes, "{what}");
        sandbox.assert_well_behaved();
    }
}

#[test]
fn a_plan_is_carried_out_once_and_then_changes_nothing() {
    let sandbox = looked();
    sandbox.at(LATER, &["diff", "--out", "plan.json"]).ends(0);
    sandbox.at(LATER, &["apply", "plan.json"]).ends(0);
    sandbox.clear_requests();
    sandbox.at(LATER, &["apply", "plan.json"]).ends(0);
    assert!(sandbox.club.devices.iter().all(|device| device.writes().is_empty()));
    sandbox.assert_well_behaved();
}

#[test]
fn an_empty_plan_is_carried_out_and_says_so() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.at(START, &["diff", "--out", "plan.json"]).ends(0);
    let said = sandbox.at(START, &["apply", "plan.json"]).ends(0);
    assert_eq!(said.stdout, "The plan holds nothing to do.\n");
    sandbox.assert_well_behaved();
}

fn read_plan(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A plan of the club with news, and its content as JSON.
fn planned() -> (Sandbox, Value) {
    let sandbox = looked();
    sandbox.at(LATER, &["diff", "--out", "plan.json"]).ends(0);
    let plan = read_plan(&sandbox.path("plan.json"));
    (sandbox, plan)
}

#[track_caller]
fn refuses(sandbox: &Sandbox, now: &str, code: i32, what: &str) -> Said {
    let doors = sandbox.doors();
    sandbox.clear_requests();
    let said = sandbox.at(now, &["apply", "plan.json"]);
    assert_eq!(said.code, code, "{what}: {said:?}");
    assert_eq!(said.stdout, "", "{what}");
    assert!(said.stderr.contains("plan.json"), "{what} names the file: {}", said.stderr);
    assert_eq!(sandbox.doors(), doors, "{what}");
    let asked = sandbox.club.devices.iter().any(|device| !device.requests().is_empty());
    assert!(!asked, "{what}: no door is even asked");
    said
}

#[test]
fn a_plan_with_any_edit_is_refused_as_a_whole() {
    let (sandbox, plan) = planned();
    let edits: Vec<(&str, Value)> = vec![
        ("/changes/0/after/end", json!("2036-12-31T23:59:59")),
        ("/changes/0/after/begin", json!("2020-01-01T00:00:00")),
        ("/changes/0/before/end", json!("2020-01-01T00:00:00")),
        ("/changes/0/employee_no", json!("1030")),
        ("/changes/0/device", json!("door2")),
        ("/changes/0/kind", json!("revocation")),
        ("/changes/0/cause", json!("drift")),
        ("/changes/0/outcome", json!("blocked")),
        ("/changes/0/fingerprint", json!("00")),
        ("/changes/0/opens_door", json!(true)),
        ("/changes/0/member/number", json!(150_030)),
        ("/changes/0/member/account", json!("cardskipper:124")),
        ("/changes/0/member/holder", json!("150001/1970-01-01")),
        ("/changes/0/member/source", json!("other")),
        ("/changes/0", json!(null)),
        ("/changes", json!([])),
        ("/made_at", json!("2026-03-10T10:30:00Z")),
        ("/expires_at", json!("2026-03-10T23:30:00Z")),
        ("/exit_code", json!(4)),
        ("/sha256", json!("00")),
        ("/command", json!("sync")),
        ("/left_out", json!([{"reason": "no-email"}])),
    ];
    for (pointer, value) in edits {
        let mut edited = plan.clone();
        let place = edited.pointer_mut(pointer).unwrap();
        assert_ne!(*place, value, "{pointer}");
        *place = value;
        fs::write(sandbox.path("plan.json"), edited.to_string()).unwrap();
        let said = refuses(&sandbox, LATER, 13, pointer);
        assert!(said.stderr.contains("was changed after it was written"), "{}", said.stderr);
    }
    let mut longer = plan.clone();
    let twice = longer["changes"][0].clone();
    longer["changes"].as_array_mut().unwrap().push(twice);
    let mut shorter = plan.clone();
    shorter["changes"].as_array_mut().unwrap().remove(0);
    let mut more = plan.clone();
    more["remark"] = json!("looked at");
    let mut reordered = plan.clone();
    reordered["changes"].as_array_mut().unwrap().swap(0, 1);
    for (what, edited) in [
        ("one more change", longer),
        ("one less change", shorter),
        ("one more key", more),
        ("another order", reordered),
    ] {
        fs::write(sandbox.path("plan.json"), edited.to_string()).unwrap();
        refuses(&sandbox, LATER, 13, what);
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_plan_that_was_only_reformatted_is_the_same_plan() {
    let (sandbox, plan) = planned();
    let text = fs::read_to_string(sandbox.path("plan.json")).unwrap();
    // Keys the other way round, one line; then Windows line ends and a byte-order mark.
    let backwards: serde_json::Map<String, Value> =
        plan.as_object().unwrap().clone().into_iter().rev().collect();
    let turned = Value::Object(backwards).to_string();
    assert_ne!(turned, plan.to_string());
    for text in [turned, format!("\u{feff}{}", text.replace('\n', "\r\n"))] {
        fs::write(sandbox.path("plan.json"), text).unwrap();
        sandbox.at(LATER, &["apply", "plan.json"]).ends(0);
    }
    assert_eq!(sandbox.end_on(1, "1004"), "2030-11-01T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn a_plan_has_its_hour() {
    let (sandbox, _) = planned();
    let said = refuses(&sandbox, "2026-03-10T11:06:00Z", 13, "61 minutes old");
    assert!(said.stderr.contains("expired at 2026-03-10T11:05:00Z"), "{}", said.stderr);
    let said = refuses(&sandbox, "2026-03-10T09:30:00Z", 13, "from the future");
    assert!(said.stderr.contains("in the future"), "{}", said.stderr);
    sandbox.at("2026-03-10T11:05:00Z", &["apply", "plan.json"]).ends(0);
    assert_eq!(sandbox.end_on(0, "1004"), "2030-11-01T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn a_file_that_is_no_plan_is_refused() {
    let (sandbox, plan) = planned();
    let path = sandbox.path("plan.json");
    let with_version = |version: Value| {
        let mut other = plan.clone();
        other["version"] = version;
        other.to_string().into_bytes()
    };
    let without = |key: &str| {
        let mut other = plan.clone();
        other.as_object_mut().unwrap().remove(key);
        other.to_string().into_bytes()
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("version 2", with_version(json!(2)), "version 2"),
        ("version \"1\"", with_version(json!("1")), "version"),
        ("no version", without("version"), "version"),
        ("no hash", without("sha256"), "sha256"),
        ("empty", Vec::new(), "not JSON"),
        ("text", b"member,end\n".to_vec(), "not JSON"),
        ("a list", b"[]".to_vec(), "is no plan"),
        ("an object", b"{}".to_vec(), "is no plan"),
        ("cut", plan.to_string().into_bytes()[..300].to_vec(), "not JSON"),
        ("no text", vec![0xff, 0xfe, 0x00, 0x80], "is no plan"),
        ("deep", "[".repeat(100_000).into_bytes(), "is no plan"),
    ];
    for (what, bytes, words) in cases {
        fs::write(&path, bytes).unwrap();
        let said = refuses(&sandbox, LATER, 13, what);
        assert!(said.stderr.contains(words), "{what}: {}", said.stderr);
    }
    fs::File::create(&path).unwrap().set_len(65 * 1024 * 1024).unwrap();
    let said = refuses(&sandbox, LATER, 13, "huge");
    assert!(said.stderr.contains("longer than"), "{}", said.stderr);
    fs::remove_file(&path).unwrap();
    refuses(&sandbox, LATER, 13, "missing");
    fs::create_dir(&path).unwrap();
    refuses(&sandbox, LATER, 13, "a folder");
    sandbox.assert_well_behaved();
}

#[test]
fn a_person_who_moved_is_refused_and_the_others_go_through() {
    let (sandbox, _) = planned();
    let door = &sandbox.club.devices[0];
    door.edit_person("1004", |person| person.end = "2026-05-05T23:59:59".to_owned());
    door.remove_person("1005");
    // Other fields count as well: the plan was reviewed for the person as read.
    sandbox.club.devices[1].edit_person("1006", |person| person.name = "Nekdo Drug".to_owned());
    let said = sandbox.at(LATER, &["apply", "plan.json", "--json"]).ends(13);
    let run = said.json();
    let outcomes: Vec<_> = run["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            let text = |key: &str| change[key].as_str().unwrap();
            (text("device"), text("employee_no"), text("outcome"))
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("door1", "1004", "refused"),
            ("door1", "1005", "refused"),
            ("door1", "1006", "confirmed"),
            ("door2", "1004", "confirmed"),
            ("door2", "1005", "confirmed"),
            ("door2", "1006", "refused"),
        ]
    );
    assert_eq!(sandbox.end_on(0, "1004"), "2026-05-05T23:59:59", "left as staff set it");
    assert!(sandbox.club.devices[0].person("1005").is_none(), "nobody is made anew");
    assert!(said.stderr.contains("door1: 2 changes were refused"), "{}", said.stderr);
    assert!(said.stderr.contains("door2: 1 change was refused"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

#[test]
fn a_plan_for_a_door_that_is_gone_or_protected_since_is_refused() {
    let (mut sandbox, _) = planned();
    let doors = sandbox.doors();
    sandbox.set("hikvision.door2", "protect = [\"1004\"]");
    let said = sandbox.at(LATER, &["apply", "plan.json"]).ends(4);
    assert!(said.stderr.contains("1004") && said.stderr.contains("protected"), "{}", said.stderr);
    assert!(!said.stderr.contains("bug"), "{}", said.stderr);
    let config = sandbox.config().replace("[hikvision.door2]", "[hikvision.other]");
    sandbox.replace_config(Some(config));
    let said = sandbox.at(LATER, &["apply", "plan.json"]).ends(4);
    assert!(said.stderr.contains("door2"), "{}", said.stderr);
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

#[test]
fn whoever_paid_since_the_plan_was_made_keeps_the_door() {
    let (sandbox, _) = planned();
    // Reactivated before the plan is carried out; a run by cron has seen it.
    sandbox.clocks("2026-03-10T10:09:00Z");
    sandbox.club.cardskipper.edit(number(5), |member| member.inactive = Some(false));
    let only = ["sync", "--json", "--only", "150006"];
    assert_eq!(sandbox.at("2026-03-10T10:10:00Z", &only).ends(0).json()["changes"], json!([]));
    let said = sandbox.at("2026-03-10T10:12:00Z", &["apply", "plan.json", "--json"]).ends(13);
    let run = said.json();
    let outcomes = each(&run, "changes", "outcome");
    assert_eq!(outcomes, [["confirmed", "confirmed", "refused"]; 2].concat());
    assert!(said.stderr.contains("door1: person 1006 keeps access"), "{}", said.stderr);
    for door in &sandbox.club.devices {
        assert!(door.door_opens("1006", 1, door.wall_clock()));
    }
    assert_eq!(sandbox.sync_at("2026-03-10T10:15:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn an_observed_door_is_in_the_diff_and_never_written() {
    let mut sandbox = with_news();
    sandbox.set("hikvision.door2", "mode = \"observe\"");
    let before = sandbox.club.devices[1].persons();
    let diff = sandbox.at(LATER, &["diff", "--out", "plan.json", "--json"]).ends(0).json();
    assert_eq!(each(&diff, "devices", "outcome"), ["ok", "observed"]);
    assert_eq!(diff["changes"].as_array().unwrap().len(), 6);
    let run = sandbox.at(LATER, &["apply", "plan.json", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), [&["confirmed"][..], &["planned"; 5]].concat());
    assert_eq!(each(&run, "devices", "outcome"), ["ok", "observed"]);
    let told = sandbox.at("2026-03-10T10:10:00Z", &["sync"]).ends(0).stdout;
    assert!(told.contains("only observed"), "{told}");
    assert_eq!(told.matches("waits for a second look\n").count(), 2, "{told}");
    let told = sandbox.at("2026-03-10T10:15:00Z", &["sync"]).ends(0).stdout;
    assert!(!told.contains("second look"), "{told}");
    assert_eq!(told.matches("  only observed\n").count(), 3, "{told}");
    let quiet = sandbox.at("2026-03-10T10:20:00Z", &["sync"]).ends(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""), "one mail a day");
    assert_eq!(sandbox.club.devices[1].persons(), before);
    sandbox.assert_well_behaved();
}

#[test]
fn a_plan_file_is_for_its_owner_only_and_holds_no_names() {
    let (sandbox, _) = planned();
    let text = fs::read_to_string(sandbox.path("plan.json")).unwrap();
    for member in sandbox.club.cardskipper.members() {
        assert!(!text.contains(&member.last) && !text.contains(&member.email), "{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(sandbox.path("plan.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    sandbox.assert_well_behaved();
}
