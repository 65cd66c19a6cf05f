//! What becomes of a write that does not end well: an OK that is untrue, an answer that is lost, a
//! field that changes unasked, a run that dies in the middle.

use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use ivms_sync_simulators::club::{employee_no, number};
use ivms_sync_simulators::hikvision::Effect;
use ivms_sync_simulators::http::Fault;
use serde_json::json;

use super::super::support::{Sandbox, each};
use super::{RENEWED, Story};

/// Outcomes in the history of a member, newest first.
fn history(sandbox: &Sandbox, index: usize) -> Vec<String> {
    let said = sandbox.run(&["lookup", &number(index).to_string(), "--offline", "--json"]);
    let lines = said.json()["members"][0]["history"].clone();
    let lines = lines.as_array().unwrap().clone();
    lines.iter().map(|line| line["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_untrue_ok_is_seen_and_tried_again() {
    let story = Story::new(|switches| switches.effect = Effect::OkNotApplied);
    // Of a firmware that has confirmed nothing, three in the first run, and then one at a time.
    for (outcomes, written) in [(["not-applied"; 3], 3), (["not-applied", "planned", "planned"], 4)]
    {
        let run = story.sync("OK, not applied", 4);
        assert_eq!(each(&run, "changes", "outcome"), outcomes);
        assert_eq!(each(&run, "devices", "outcome"), ["not-believed"]);
        assert_eq!(story.door().persons(), story.before[0]);
        assert_eq!(story.door().writes().len(), written);
    }
    story.catches_up_when_accepted("OK, applied");
    assert_eq!(history(&story.sandbox, 0), ["confirmed", "not-applied", "not-applied"]);
}

#[test]
fn an_untrue_ok_of_a_proven_firmware_is_tried_again_by_each_tick() {
    let story = Story::proven();
    story.door().set(|switches| switches.effect = Effect::OkNotApplied);
    for tries in 1..=2 {
        let run = story.sync("OK, not applied", 3);
        assert_eq!(each(&run, "changes", "outcome"), ["not-applied"; 3]);
        assert_eq!(each(&run, "devices", "outcome"), ["ok"]);
        assert_eq!(story.door().writes().len(), 3 * tries, "each tick tries again");
    }
    story.door().set(|switches| switches.effect = Effect::Applied);
    assert_eq!(each(&story.sync("applied", 0), "changes", "outcome"), ["confirmed"; 3]);
    story.sandbox.assert_well_behaved();
}

#[test]
fn a_lost_answer_to_a_write_that_took_is_confirmed_and_not_written_again() {
    let story = Story::new(|switches| switches.effect = Effect::AppliedAnswerLost);
    story.comes_in_step("applied, answer lost");
    assert_eq!(history(&story.sandbox, 0), ["confirmed"]);
}

#[test]
fn a_lost_answer_to_a_write_that_did_not_take_is_repaired_by_the_next_tick() {
    let story = Story::new(|switches| switches.effect = Effect::NotAppliedAnswerLost);
    let run = story.sync("not applied, answer lost", 4);
    assert_eq!(each(&run, "changes", "outcome"), ["not-applied"; 3]);
    assert_eq!(story.door().writes().len(), 3);
    // The next tick tries one, and that one is confirmed.
    story.catches_up("answers again");
    assert_eq!(history(&story.sandbox, 0), ["confirmed", "not-applied"]);
}

#[test]
fn a_field_that_changes_unasked_is_told_loudly_and_stops_the_writing() {
    for (field, value) in [
        ("doorRight", json!("")),
        ("RightPlan", json!([])),
        ("belongGroup", json!("9")),
        ("gender", json!("male")),
        ("name", json!("Somebody Else")),
        ("roomNumber", json!(12)),
        ("numOfCard", json!(0)),
        ("somethingNew", json!(true)),
    ] {
        let story = Story::under_way(1);
        story.door().set(|s| s.effect = Effect::AlsoChanges(field.to_owned(), value));
        let run = story.sync(field, 4);
        let outcomes = each(&run, "changes", "outcome");
        assert_eq!(outcomes, ["confirmed", "planned", "planned"], "{field}");
        let error = run["changes"][0]["error"].as_str().unwrap();
        assert!(error.contains(field), "{error}");
        let problem = run["problems"][0]["text"].as_str().unwrap();
        assert!(problem.contains("1001") && problem.contains(field), "{problem}");
        assert_eq!(story.door().writes().len(), 1, "{field}: one person, and not three");
        story.sandbox.assert_well_behaved();
    }
}

#[test]
fn a_door_that_changes_fields_unasked_harms_one_person_and_no_other_door() {
    let story = Story::under_way(2);
    story.door().set(|s| s.effect = Effect::AlsoChanges("belongGroup".to_owned(), json!("9")));
    let run = story.sync("first", 4);
    let outcomes = each(&run, "changes", "outcome");
    let expected = ["confirmed", "planned", "planned", "confirmed", "confirmed", "confirmed"];
    assert_eq!(outcomes, expected, "the other door is written");
    assert_eq!(history(&story.sandbox, 0), ["confirmed", "confirmed"], "it took, on both doors");
    // No run writes there again, though the door may behave by now, and each says so.
    for what in ["second", "third"] {
        let run = story.sync(what, 4);
        assert_eq!(each(&run, "changes", "outcome"), ["planned", "planned"], "{what}");
        assert_eq!(each(&run, "devices", "outcome"), ["not-believed", "ok"], "{what}");
        assert_eq!(story.door().writes().len(), 1, "{what}");
        story.door().set(|switches| switches.effect = Effect::Applied);
    }
    // The wrong number accepts nothing; and should it happen again, it happens to one more.
    story.door().set(|s| s.effect = Effect::AlsoChanges("belongGroup".to_owned(), json!("9")));
    story.sandbox.run(&["sync", "--accept-device", "door1=37"]).ends(4);
    assert_eq!(story.door().writes().len(), 1);
    story.sandbox.run(&["sync", "--accept-device", "door1=38"]).ends(4);
    assert_eq!(story.door().writes().len(), 2);
    story.door().set(|switches| switches.effect = Effect::Applied);
    story.sandbox.run(&["sync", "--accept-device", "door1=38"]).ends(0);
    let full = story.sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(full["changes"], json!([]));
    story.sandbox.assert_well_behaved();
}

#[test]
fn dates_that_were_not_asked_for_stop_the_writing_too() {
    // Local time taken for UTC.
    let shifted = json!({"enable": true, "beginTime": "2026-01-01T01:00:00", "endTime": "2036-11-02T00:59:59"});
    let story = Story::under_way(1);
    story.door().set(|s| s.effect = Effect::AlsoChanges("Valid".to_owned(), shifted));
    let run = story.sync("shifted", 4);
    assert_eq!(each(&run, "changes", "outcome"), ["not-applied", "planned", "planned"]);
    assert_eq!(story.door().writes().len(), 1);
    story.catches_up_when_accepted("shifted");

    // The door opens for ever (or never).
    let permanent = json!({"enable": false, "beginTime": "2026-01-01T00:00:00", "endTime": "2036-11-01T23:59:59"});
    let story = Story::under_way(1);
    story.door().set(|s| s.effect = Effect::AlsoChanges("Valid".to_owned(), permanent));
    let run = story.sync("permanent", 4);
    assert_eq!(each(&run, "changes", "outcome"), ["not-applied", "planned", "planned"]);
    assert_eq!(story.door().writes().len(), 1);
    story.door().set(|s| s.effect = Effect::Applied);
    let accepting = ["sync", "--json", "--accept-device", "door1=38"];
    let next = story.sandbox.run(&accepting).ends(0).json();
    assert_eq!(each(&next, "changes", "outcome"), ["confirmed", "confirmed"]);
    assert_eq!(each(&next, "left_out", "reason"), ["permanent-on-device"]);
    story.sandbox.assert_well_behaved();
}

#[test]
fn a_person_who_is_gone_after_the_write_stops_the_writing() {
    let story = Story::under_way(1);
    story.door().meanwhile("Modify", 1, |persons| {
        persons.remove(0);
    });
    let run = story.sync("gone", 4);
    assert_eq!(each(&run, "changes", "outcome"), ["unknown", "planned", "planned"]);
    let accepting = ["sync", "--json", "--accept-device", "door1=37"];
    let next = story.sandbox.run(&accepting).ends(0).json();
    assert_eq!(each(&next, "changes", "outcome"), ["confirmed", "confirmed"]);
    assert_eq!(each(&next, "left_out", "reason"), ["not-on-door"]);
    story.sandbox.assert_well_behaved();
}

#[test]
fn a_door_that_goes_away_in_the_middle_of_a_batch_loses_nothing() {
    // Requests with a login: 1 who it is, 2 the clock, 3 the three persons, 4 the first write, 5 its
    // read-back, 6 and 7 the other writes, 8 their read-back. After each of them nobody answers any more.
    for (last, outcomes, written) in [
        (1, ["planned", "planned", "planned"], 0),
        (2, ["planned", "planned", "planned"], 0),
        (3, ["planned", "planned", "planned"], 0),
        (4, ["unknown", "planned", "planned"], 1),
        (5, ["confirmed", "planned", "planned"], 1),
        (6, ["confirmed", "unknown", "planned"], 2),
        (7, ["confirmed", "unknown", "unknown"], 3),
        (8, ["confirmed", "confirmed", "confirmed"], 3),
    ] {
        let what = format!("away after request {last}");
        let story = Story::under_way(1);
        story.door().fault(Fault::GoOffline.on("").authenticated().after(last - 1).times(1));
        let run = story.sync(&what, if last == 8 { 0 } else { 5 });
        assert_eq!(each(&run, "changes", "outcome"), outcomes, "{what}");
        assert_eq!(story.door().writes().len(), written, "{what}");
        // Still away: what is not known stays so.
        if last < 8 {
            story.sync(&what, 5);
        }
        story.door().go_online();
        let run = story.sync_full(&what, 0);
        assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; 3 - written], "{what}");
        assert_eq!(story.door().writes().len(), 3, "{what}: each person was written once");
        story.stays_in_step(&what);
    }
}

#[test]
fn a_run_that_dies_in_the_middle_of_a_batch_is_settled_by_the_next() {
    for next in ["sync", "sync --full", "diff, then sync", "apply, then sync"] {
        let story = Story::under_way(1);
        story.sandbox.run(&["diff", "--out", "plan.json"]).ends(0);
        let config = story.sandbox.config();
        std::fs::write(story.sandbox.path("ivms-sync.toml"), config).unwrap();
        // The second write is carried out and never answered; the third is announced.
        story.door().fault(
            Fault::Delay(Duration::from_secs(60)).on("Modify").authenticated().after(1).times(1),
        );
        let (told, heard) = channel();
        story.door().meanwhile("Modify", 2, move |_| told.send(()).unwrap());
        let mut run = Command::new(env!("CARGO_BIN_EXE_ivms-sync"))
            .arg("sync")
            .current_dir(story.sandbox.folder.path())
            .env_clear()
            .envs(story.sandbox.passwords.clone())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        heard.recv_timeout(Duration::from_secs(30)).unwrap();
        run.kill().unwrap();
        run.wait().unwrap();
        assert_eq!(story.door().writes().len(), 2);

        let mut confirmed = 1;
        match next {
            "sync" => {}
            "sync --full" => {
                story.sandbox.run(&["sync", "--full"]).ends(0);
                confirmed = 0;
            }
            "diff, then sync" => {
                let diff = story.sandbox.run(&["diff", "--json"]).ends(0).json();
                assert_eq!(each(&diff, "changes", "employee_no"), [employee_no(RENEWED[2])]);
            }
            _ => {
                // The plan is older than what happened since: two persons hold it already.
                let run = story.sandbox.run(&["apply", "plan.json", "--json"]).ends(0).json();
                assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
                confirmed = 0;
            }
        }
        let run = story.sync(next, 0);
        assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; confirmed], "{next}");
        assert_eq!(story.door().writes().len(), 3, "{next}: each person was written once");
        for index in RENEWED {
            let history = history(&story.sandbox, index);
            assert_eq!(history.first().map(String::as_str), Some("confirmed"), "{next}");
        }
        story.stays_in_step(next);
    }
}
