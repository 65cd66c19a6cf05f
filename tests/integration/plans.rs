//! Plans: `diff` shows them, `apply` carries them out, budgets hold them back.

use std::fs;
use std::path::Path;

use ivms_sync_simulators::club::{employee_no, number};
use ivms_sync_simulators::hikvision::Person;
use serde_json::{Value, json};

use super::support::pinned::START;
use super::support::{Said, Sandbox, each};

const LATER: &str = "2026-03-10T10:05:00Z";

/// A club in step, then a renewal, a cancellation and a member marked inactive.
fn with_news() -> Sandbox {
    let sandbox = Sandbox::pinned(40, 2);
    sandbox.sync_at(START, 0);
    news(&sandbox);
    sandbox
}

fn news(sandbox: &Sandbox) {
    sandbox.clocks(LATER);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.renew(4, "2026-03-20");
    sandbox.club.inactivate(5);
}

/// What a document says of each change, without its outcome.
fn named(document: &Value) -> Vec<Value> {
    let changes = document["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let mut change = change.clone();
            let fields = change.as_object_mut().unwrap();
            for more in ["outcome", "error", "fingerprint", "opens_door"] {
                fields.remove(more);
            }
            for more in ["organisation", "birth_date"] {
                fields["member"].as_object_mut().unwrap().remove(more);
            }
            change
        })
        .collect()
}

fn read_plan(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

// diff

#[test]
fn diff_writes_to_no_door_and_changes_nothing_in_the_state_file() {
    let sandbox = with_news();
    let (doors, rows) = (sandbox.doors(), sandbox.rows());
    sandbox.clear_requests();
    for arguments in [
        &["diff"][..],
        &["diff", "--full"],
        &["diff", "--json"],
        &["diff", "--out", "plan.json"],
        &["diff", "--only", "150004"],
    ] {
        sandbox.at(LATER, arguments).ends(0);
        assert_eq!(sandbox.rows(), rows, "{arguments:?}");
    }
    // What goes wrong is said and not remembered.
    sandbox.club.cardskipper.go_offline();
    sandbox.club.devices[0].go_offline();
    sandbox.at(LATER, &["diff", "--full"]).ends(3);
    assert_eq!(sandbox.rows(), rows, "with trouble");
    assert_eq!(sandbox.doors(), doors);
    for device in &sandbox.club.devices {
        assert!(device.requests().iter().all(|request| request.method != "PUT"));
    }
    sandbox.assert_well_behaved();
}

#[test]
fn diff_and_sync_name_the_same_changes() {
    let sandbox = with_news();
    for index in 20..26 {
        sandbox.club.inactivate(index);
    }
    let diff = sandbox.at(LATER, &["diff", "--json"]).ends(0).json();
    let sync = sandbox.sync_at(LATER, 4);
    assert_eq!(named(&diff), named(&sync));
    assert_eq!(diff["left_out"], sync["left_out"]);
    assert_eq!(diff["blocked"], sync["blocked"]);
    assert!(diff["blocked"].is_string());
    assert_eq!((&diff["run"], sync["run"].is_i64()), (&json!(null), true));
    let words = |document: &Value| -> Vec<String> {
        let mut all = each(document, "changes", "outcome");
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(str::to_owned).collect()
    };
    assert_eq!(
        (words(&diff), words(&sync)),
        (
            vec!["blocked".to_owned(), "planned".to_owned()],
            vec!["blocked".to_owned(), "confirmed".to_owned()],
        )
    );
    sandbox.assert_well_behaved();
}

#[test]
fn diff_exit_code_is_2_while_changes_are_pending() {
    let sandbox = with_news();
    sandbox.at(LATER, &["diff"]).ends(0);
    let json = sandbox.at(LATER, &["diff", "--exit-code", "--json"]).ends(2).json();
    assert_eq!(json["exit_code"], 2);
    sandbox.sync_at(LATER, 0);
    sandbox.at(LATER, &["diff", "--exit-code"]).ends(0);
    // What went wrong counts more.
    sandbox.club.renew(7, "2030-11-01");
    sandbox.club.devices[0].go_offline();
    sandbox.at(LATER, &["diff", "--exit-code", "--full"]).ends(3);
    sandbox.assert_well_behaved();
}

// apply

#[test]
fn a_reviewed_plan_comes_to_the_same_as_a_sync() {
    let synced = with_news();
    synced.sync_at(LATER, 0);
    for is_fresh in [false, true] {
        let sandbox = Sandbox::pinned(40, 2);
        if !is_fresh {
            sandbox.sync_at(START, 0);
        }
        news(&sandbox);
        let said = sandbox.at(LATER, &["diff", "--out", "plan.json"]).ends(0).stdout;
        assert!(
            said.contains("ivms-sync apply plan.json") && said.contains("60 minutes"),
            "{said}"
        );
        if is_fresh {
            fs::remove_file(sandbox.state()).unwrap();
        }
        sandbox.clear_requests();
        let run = sandbox.at(LATER, &["apply", "plan.json", "--json"]).ends(0).json();
        assert_eq!(run["command"], "apply");
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 6]);
        assert_eq!(sandbox.doors(), synced.doors(), "fresh: {is_fresh}");
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
}

#[test]
fn a_plan_is_carried_out_once_and_then_changes_nothing() {
    let sandbox = with_news();
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

/// A plan of the club with news, and its content as JSON.
fn planned() -> (Sandbox, Value) {
    let sandbox = with_news();
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
        ("/changes/0/member/organisation", json!(124)),
        ("/changes/0/member/birth_date", json!("1970-01-01")),
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
    refuses(&sandbox, LATER, 64, "missing");
    fs::create_dir(&path).unwrap();
    refuses(&sandbox, LATER, 64, "a folder");
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
fn an_observed_door_is_in_the_diff_and_never_written() {
    let mut sandbox = with_news();
    sandbox.set("hikvision.door2", "mode = \"observe\"");
    let before = sandbox.club.devices[1].persons();
    let diff = sandbox.at(LATER, &["diff", "--out", "plan.json", "--json"]).ends(0).json();
    assert_eq!(each(&diff, "devices", "outcome"), ["ok", "observed"]);
    assert_eq!(diff["changes"].as_array().unwrap().len(), 6);
    let run = sandbox.at(LATER, &["apply", "plan.json", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), [["confirmed"; 3], ["planned"; 3]].concat());
    assert_eq!(each(&run, "devices", "outcome"), ["ok", "observed"]);
    let told = sandbox.at("2026-03-10T10:10:00Z", &["sync"]).ends(0);
    assert!(told.stdout.contains("only observed"), "{}", told.stdout);
    let quiet = sandbox.at("2026-03-10T10:15:00Z", &["sync"]).ends(0);
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

// Budgets

/// A club of this size with this many members marked inactive, and one renewal.
fn with_inactive(members: usize, inactive: std::ops::Range<usize>) -> Sandbox {
    let sandbox = Sandbox::pinned(members, 1);
    sandbox.sync_at(START, 0);
    sandbox.clocks(LATER);
    inactive.for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.club.renew(0, "2030-11-01");
    sandbox
}

#[test]
fn two_revocations_always_go_through_and_the_third_blocks_all() {
    let sandbox = with_inactive(20, 5..7);
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);

    let sandbox = with_inactive(20, 5..8);
    let said = sandbox.at(LATER, &["sync", "--json"]).ends(4);
    let run = said.json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "blocked", "blocked", "blocked"]);
    assert_eq!(sandbox.end_on(0, "1001"), "2030-11-01T23:59:59", "grants are written");
    assert_eq!(run["devices"][0]["blocked"], 3);
    let id = run["blocked"].as_str().unwrap();
    assert!(said.stderr.contains(&format!("apply --blocked {id}")), "{}", said.stderr);
    assert!(said.stderr.contains("revoke_per_tick"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

#[test]
fn five_per_cent_may_lose_access_in_one_tick() {
    // 97 members and 3 foreign persons: 5% of 100.
    let sandbox = with_inactive(97, 5..10);
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 6]);
    let sandbox = with_inactive(97, 5..11);
    assert_eq!(sandbox.sync_at(LATER, 4)["devices"][0]["blocked"], 6);
    sandbox.assert_well_behaved();
}

#[test]
fn an_approval_carries_out_exactly_what_was_blocked() {
    let sandbox = with_inactive(20, 5..9);
    let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    let same = sandbox.sync_at("2026-03-10T10:10:00Z", 4);
    assert_eq!(same["blocked"], blocked.as_str(), "the same part has the same id in every tick");
    let said = sandbox.at("2026-03-10T10:10:00Z", &["diff"]).ends(0).stdout;
    assert!(said.contains(&format!("ivms-sync apply --blocked {blocked}")), "{said}");

    let said = sandbox.at(LATER, &["apply", "--blocked", "00000000"]).ends(13);
    assert!(said.stderr.contains("no blocked plan 00000000"), "{}", said.stderr);
    for wrong in ["", "%", &blocked[..7], &format!("{blocked} ")] {
        sandbox.at(LATER, &["apply", "--blocked", wrong]).ends(13);
    }
    sandbox.clear_requests();
    // More news, which nobody has approved.
    sandbox.club.inactivate(12);
    let now = "2026-03-10T10:12:00Z";
    let run = sandbox.at(now, &["apply", "--blocked", &blocked, "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "employee_no"), ["1006", "1007", "1008", "1009"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 4]);
    assert!(sandbox.club.cardskipper.requests().is_empty());
    assert_eq!(sandbox.end_on(0, "1006"), "2026-03-09T23:59:59");
    assert_ne!(sandbox.end_on(0, "1013"), "2026-03-09T23:59:59");
    sandbox.at(now, &["apply", "--blocked", &blocked]).ends(13);
    sandbox.assert_well_behaved();
}

#[test]
fn after_the_facts_have_moved_an_old_approval_fits_no_more() {
    let sandbox = with_inactive(20, 5..9);
    let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    // One of them pays after all.
    sandbox.club.cardskipper.edit(number(6), |member| member.inactive = Some(false));
    let other = sandbox.sync_at("2026-03-10T10:10:00Z", 4)["blocked"].as_str().unwrap().to_owned();
    assert_ne!(blocked, other);
    let doors = sandbox.doors();
    sandbox.at("2026-03-10T10:10:00Z", &["apply", "--blocked", &blocked]).ends(13);
    assert_eq!(sandbox.doors(), doors);
    let said = sandbox.at("2026-03-10T10:15:00Z", &["sync"]).ends(4);
    assert_eq!(said.stderr, "", "the new one was said a tick ago");
    // All of them pay: nothing waits any more.
    for index in [5, 7, 8] {
        sandbox.club.cardskipper.edit(number(index), |member| member.inactive = Some(false));
    }
    assert_eq!(sandbox.sync_at("2026-03-10T10:20:00Z", 0)["blocked"], json!(null));
    sandbox.at("2026-03-10T10:20:00Z", &["apply", "--blocked", &other]).ends(13);
    sandbox.assert_well_behaved();
}

#[test]
fn a_blocked_person_who_moved_is_refused_alone() {
    let sandbox = with_inactive(20, 5..9);
    let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    let door = &sandbox.club.devices[0];
    door.edit_person("1007", |person| person.end = "2026-05-05T23:59:59".to_owned());
    let said = sandbox.at(LATER, &["apply", "--blocked", &blocked, "--json"]).ends(13);
    let outcomes = said.json();
    let outcomes = each(&outcomes, "changes", "outcome");
    assert_eq!(outcomes, ["confirmed", "refused", "confirmed", "confirmed"]);
    assert_eq!(sandbox.end_on(0, "1007"), "2026-05-05T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn five_in_a_day_may_lose_access_and_a_day_later_more() {
    let sandbox = with_inactive(20, 0..0);
    sandbox.sync_at(LATER, 0);
    let mut next = 3;
    let mut tick = |now: &str, count: usize, code: i32| {
        sandbox.clocks(now);
        for _ in 0..count {
            sandbox.club.inactivate(next);
            next += 1;
        }
        sandbox.sync_at(now, code)
    };
    tick("2026-03-10T11:00:00Z", 2, 0);
    tick("2026-03-10T11:05:00Z", 2, 0);
    let run = tick("2026-03-10T11:10:00Z", 2, 4);
    assert_eq!(each(&run, "changes", "outcome"), ["blocked", "blocked"], "six in a day");
    let text = run["problems"][0]["text"].as_str().unwrap();
    assert!(text.contains("revoke_per_day"), "{text}");
    let run = tick("2026-03-11T11:05:30Z", 0, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"], "the day is over");
    sandbox.assert_well_behaved();
}

#[test]
fn many_closed_doors_open_at_once_on_the_first_run_only() {
    let close = |sandbox: &Sandbox, range: std::ops::Range<usize>| {
        for index in range {
            sandbox.club.devices[0].edit_person(&employee_no(index), |person| {
                person.end = "2026-03-01T23:59:59".to_owned();
            });
        }
    };
    let sandbox = Sandbox::pinned(60, 1);
    close(&sandbox, 0..40);
    let run = sandbox.sync_at(START, 0);
    assert_eq!(run["devices"][0]["confirmed"], 40, "the first run with a device");

    close(&sandbox, 0..20);
    let run = sandbox.full_at(LATER, 0);
    assert_eq!(run["devices"][0]["confirmed"], 20, "twenty always may");

    close(&sandbox, 0..21);
    sandbox.club.renew(50, "2030-11-01");
    let said = sandbox.at("2026-03-10T10:10:00Z", &["sync", "--full", "--json"]).ends(4);
    let run = said.json();
    let device = &run["devices"][0];
    assert_eq!((&device["confirmed"], &device["blocked"]), (&json!(1), &json!(21)));
    assert!(said.stderr.contains("grant_per_tick"), "{}", said.stderr);
    let id = run["blocked"].as_str().unwrap();
    sandbox.at("2026-03-10T10:10:00Z", &["apply", "--blocked", id]).ends(0);
    assert_eq!(sandbox.full_at("2026-03-10T10:15:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn a_first_run_that_found_everything_in_step_was_the_first_run() {
    let sandbox = Sandbox::pinned(60, 1);
    assert_eq!(sandbox.sync_at(START, 0)["changes"], json!([]));
    for index in 0..30 {
        sandbox.club.devices[0].edit_person(&employee_no(index), |person| {
            person.end = "2026-03-01T23:59:59".to_owned();
        });
    }
    assert_eq!(sandbox.full_at(LATER, 4)["devices"][0]["blocked"], 30);
    sandbox.assert_well_behaved();
}

// --only

#[test]
fn only_touches_nobody_else() {
    let sandbox = with_news();
    let email = sandbox.club.cardskipper.member(number(4)).unwrap().email;
    for (who, person) in [("150004", "1004"), (&*email.to_uppercase(), "1005")] {
        let run = sandbox.at(LATER, &["sync", "--json", "--only", who]).ends(0).json();
        assert_eq!(each(&run, "changes", "employee_no"), [person, person], "{who}");
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    }
    assert_ne!(sandbox.end_on(0, "1006"), "2026-03-09T23:59:59");
    let run = sandbox.at(LATER, &["sync", "--json", "--only", "person:1006"]).ends(0).json();
    assert_eq!(each(&run, "changes", "employee_no"), ["1006", "1006"]);
    assert_eq!(sandbox.sync_at(LATER, 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn several_onlies_add_up_and_a_limited_diff_agrees() {
    let sandbox = with_news();
    let only = ["--only", "150004", "--only", "person:1006", "--json"];
    let diff = sandbox.at(LATER, &[&["diff"], &only[..]].concat()).ends(0).json();
    let sync = sandbox.at(LATER, &[&["sync"], &only[..]].concat()).ends(0).json();
    assert_eq!(named(&diff), named(&sync));
    assert_eq!(each(&sync, "changes", "employee_no"), ["1004", "1006", "1004", "1006"]);
    sandbox.assert_well_behaved();
}

#[test]
fn only_for_somebody_unknown_says_so() {
    let sandbox = with_news();
    for who in ["999999", "nobody@example.si", "person:9001", "person:4711"] {
        let said = sandbox.at(LATER, &["sync", "--only", who]).ends(0);
        assert!(said.stderr.contains("--only"), "{who}: {said:?}");
        assert!(!said.stderr.contains("nobody@"), "no e-mail in a log: {}", said.stderr);
    }
    assert!(sandbox.club.devices.iter().all(|device| device.writes().is_empty()));
    sandbox.assert_well_behaved();
}

#[test]
fn a_limited_run_leaves_the_blocked_plan_of_all_standing_and_keeps_its_own() {
    let sandbox = with_inactive(20, 5..10);
    let all = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    let only = ["sync", "--json", "--only", "150006", "--only", "150007", "--only", "150008"];
    let run = sandbox.at(LATER, &only).ends(4).json();
    let some = run["blocked"].as_str().unwrap().to_owned();
    assert_ne!(all, some);
    sandbox.at(LATER, &["apply", "--blocked", &some]).ends(0);
    assert_eq!(sandbox.end_on(0, "1006"), "2026-03-09T23:59:59");
    assert_ne!(sandbox.end_on(0, "1010"), "2026-03-09T23:59:59");
    // What is done already is done; the rest follows.
    sandbox.at(LATER, &["apply", "--blocked", &all]).ends(0);
    assert_eq!(sandbox.end_on(0, "1010"), "2026-03-09T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn foreign_persons_are_never_part_of_a_plan() {
    let sandbox = Sandbox::pinned(10, 1);
    let door = &sandbox.club.devices[0];
    door.add_person(Person::new("77").name("Gost").valid("2026-01-01", "2026-02-01"));
    let foreign = ["77", "9001", "9002", "9003"].map(|id| door.person(id));
    sandbox.sync_at(START, 0);
    sandbox.full_at(LATER, 0);
    assert_eq!(["77", "9001", "9002", "9003"].map(|id| door.person(id)), foreign);
    sandbox.assert_well_behaved();
}
