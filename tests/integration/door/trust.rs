//! How far a door is trusted with writes: one person at a time until one is confirmed, not at all after a
//! change that nobody asked for; in which order; and on the ground of what was read just before.

use std::time::Duration;

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{Device, Effect};
use ivms_sync_simulators::http::Fault;
use serde_json::{Value, json};

use super::super::support::pinned::{START, tick};
use super::super::support::{Sandbox, each};
use super::{RENEWED, Story, UNTIL, requests};

/// A club of 40, read once and never written to, of whom all are renewed.
fn all_renewed() -> Sandbox {
    let sandbox = Sandbox::pinned(40, 1);
    sandbox.sync_at(START, 0);
    for index in 0..40 {
        assert!(sandbox.club.renew(index, UNTIL));
    }
    sandbox.clear_requests();
    sandbox
}

/// Persons to whom a Modify was sent, oldest first, also those whom the door refused.
fn written(door: &Device) -> Vec<String> {
    let modify = door.requests().into_iter();
    let modify = modify.filter(|r| r.target.contains("Modify") && r.is_authenticated());
    modify
        .map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["UserInfo"]["employeeNo"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// Mutants: the probe counts whatever came of it (30 are harmed); a refused write is not read back (3).
#[test]
fn a_new_firmware_that_says_no_and_does_harm_meets_one_person() {
    let emptied = || Effect::RefusedYetChanges("doorRight".to_owned(), json!(""));
    for effect in [emptied(), Effect::AlsoChanges("doorRight".to_owned(), json!(""))] {
        let sandbox = all_renewed();
        let door = &sandbox.club.devices[0];
        door.set(|switches| switches.effect = effect.clone());
        for number in 1..20 {
            let run = sandbox.sync_at(&tick(number), 4);
            assert_eq!(each(&run, "devices", "outcome"), ["not-believed"], "{effect:?}");
        }
        let harmed = door.persons().iter().filter(|person| person.door_right.is_empty()).count();
        assert_eq!((harmed, written(door).len()), (1, 1), "{effect:?}");
        sandbox.assert_well_behaved();
    }
}

/// Mutants: three in every run; the memory is of the run only; none ever again.
#[test]
fn a_new_firmware_that_takes_nothing_is_stopped_after_three_and_tried_with_one_at_a_time() {
    for effect in [Effect::OkNotApplied, Effect::RefusedFor((0..40).map(employee_no).collect())] {
        let sandbox = all_renewed();
        let door = &sandbox.club.devices[0];
        door.set(|switches| switches.effect = effect.clone());
        let mut counts = Vec::new();
        for number in 1..9 {
            let said = sandbox.at(&tick(number), &["sync", "--json"]).ends(4);
            let run = said.json();
            let words = run["problems"].to_string();
            assert!(words.contains("--accept-device door1=43"), "{words}");
            assert_eq!(each(&run, "devices", "outcome"), ["not-believed"], "{effect:?}");
            counts.push(written(door).len());
        }
        // After three, one with the next tick, then after two, four … ticks, at most an hour.
        assert_eq!(counts, [3, 4, 4, 5, 5, 5, 5, 6], "{effect:?}");
        let tried = written(door);
        let others: std::collections::BTreeSet<&String> = tried.iter().collect();
        assert_eq!(others.len(), 6, "each time somebody else: {tried:?}");
        // It is told by everybody who is asked.
        let said = sandbox.at(&tick(9), &["status"]).ends(0);
        assert!(said.stdout.contains("confirmed none of 6 writes"), "{}", said.stdout);
        // A person who knows better lets three more be tried at once.
        sandbox.at(&tick(9), &["sync", "--accept-device", "door1=43"]).ends(4);
        assert_eq!(written(door).len(), 9, "{effect:?}");
        sandbox.assert_well_behaved();
    }
}

/// Mutant: a door that was stopped stays so until somebody accepts it.
#[test]
fn three_odd_persons_at_the_head_do_not_stop_a_door_for_good() {
    let sandbox = all_renewed();
    let door = &sandbox.club.devices[0];
    let odd: Vec<String> = (0..3).map(employee_no).collect();
    door.set(|switches| switches.effect = Effect::RefusedFor(odd.clone()));
    sandbox.sync_at(&tick(1), 4);
    assert_eq!(written(door), odd);
    // The next tick begins with somebody else, and goes on with all.
    let run = sandbox.sync_at(&tick(2), 3);
    let outcomes = each(&run, "changes", "outcome");
    assert_eq!(outcomes.iter().filter(|one| **one == "confirmed").count(), 37);
    assert_eq!(written(door)[3..].len(), 40, "and the three come last");
    assert_eq!(written(door)[40..], odd);
    sandbox.assert_well_behaved();
}

/// Mutant: what the device said is believed.
#[test]
fn a_no_that_was_a_yes_is_seen() {
    let story = Story::under_way(1);
    story.door().set(|switches| switches.effect = Effect::RefusedYetApplied);
    let run = story.sync("said no", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    let error = run["changes"][0]["error"].as_str().unwrap();
    assert!(error.contains("it said no"), "{error}");
    story.assert_in_step("said no");
    story.stays_in_step("said no");
}

/// Mutants: only `sync` is stopped; a reading accepts; the stop is told once.
#[test]
fn a_door_that_did_what_nobody_asked_for_is_said_by_every_command_and_written_by_none() {
    let story = Story::under_way(1);
    let run = |arguments: &[&str]| story.sandbox.run(arguments);
    run(&["diff", "--out", "plan.json"]).ends(0);
    story.door().set(|s| s.effect = Effect::AlsoChanges("belongGroup".to_owned(), json!("9")));
    story.sync("harm", 4);
    story.door().set(|switches| switches.effect = Effect::Applied);
    for (arguments, code, on_stderr) in [
        // By cron, stderr says the same once a day; the document tells it always.
        (vec!["sync", "--full", "--json"], 4, false),
        (vec!["sync", "--only", "person:1018"], 4, true),
        (vec!["diff"], 4, true),
        (vec!["apply", "plan.json"], 4, true),
        (vec!["check"], 4, false),
        (vec!["status"], 0, false),
        (vec!["lookup", "person:1018"], 21, true),
    ] {
        let said = run(&arguments).ends(code);
        let text = if on_stderr { said.stderr } else { said.stdout };
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("changed what nobody asked for"), "{arguments:?}: {text}");
        assert!(flat.contains("--accept-device door1=38"), "{arguments:?}: {text}");
        assert_eq!(
            flat.matches("changed what nobody asked for").count(),
            1,
            "{arguments:?}: {text}"
        );
    }
    let diff = run(&["diff", "--json"]).ends(4).json();
    assert_eq!(each(&diff, "devices", "outcome"), ["not-believed"]);
    let why = "the door is not believed, so nothing is written there";
    assert_eq!(each(&diff, "changes", "error"), [why; 2]);
    assert_eq!(story.door().writes().len(), 1);
    run(&["sync", "--accept-device", "door1=38"]).ends(0);
    assert_eq!(story.door().writes().len(), 3);
    story.sandbox.assert_well_behaved();
}

/// Mutant: whoever is first in the list is tried first every time.
#[test]
fn a_stubborn_head_starves_nobody() {
    let story = Story::proven();
    let [first, second, third] = RENEWED.map(employee_no);
    // A door that breaks off at the first person, whatever is tried.
    let busy =
        json!({"statusCode": 2, "statusString": "Device Busy", "subStatusCode": "deviceBusy"});
    let busy = || Fault::raw(503, "application/json", busy.to_string());
    story.door().fault(busy().on("Modify").authenticated());
    let run = story.sandbox.run(&["sync", "--json"]);
    assert!(each(&run.json(), "changes", "outcome").iter().all(|one| *one == "planned"));
    assert!(written(story.door()).iter().all(|one| *one == first), "it broke off at once");
    story.door().clear_faults();
    story.door().clear_requests();
    story.sync("the others first", 0);
    assert_eq!(written(story.door()), [second, third, first]);
    story.sandbox.assert_well_behaved();
}

/// Mutants: what was read is written back however old it is; it is read again and not compared.
#[test]
fn what_somebody_sets_while_a_slow_door_is_written_is_not_written_back() {
    for (what, seconds) in [("quick", 0), ("slow", 3)] {
        let story = Story::proven();
        let door = story.door();
        let slow = Fault::Delay(Duration::from_secs(seconds));
        door.fault(slow.on("Modify").authenticated().times(1));
        let barred = employee_no(RENEWED[2]);
        let theirs = barred.clone();
        door.meanwhile("Modify", 1, move |persons| {
            let person = persons.iter_mut().find(|person| person.employee_no == theirs).unwrap();
            person.door_right = "9".to_owned();
        });
        let code = if seconds == 0 { 0 } else { 3 };
        let run = story.sync(what, code);
        if seconds == 0 {
            // Within the two seconds nothing can tell; the scene does show what would be lost.
            assert_eq!(door.person(&barred).unwrap().door_right, "1", "{what}");
            continue;
        }
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed", "refused"]);
        assert_eq!(door.person(&barred).unwrap().door_right, "9", "{what}");
        assert_eq!(door.writes().len(), 2, "{what}");
        // Each search is asked with a challenge: before, again, and what became of it.
        assert_eq!(requests(door, "Search"), 3 * 2, "{what}: one more, for all that are left");
        let next = story.sync(what, 0);
        assert_eq!(each(&next, "changes", "outcome"), ["confirmed"], "{what}");
        assert_eq!(door.person(&barred).unwrap().door_right, "9", "{what}");
        story.sandbox.assert_well_behaved();
    }
}

/// Catches: a person who is read again alone makes the device forget the others, who then count as gone.
#[test]
fn a_slow_reading_loses_nobody_while_one_is_written_at_a_time() {
    let story = Story::under_way(1);
    let slow = Fault::Delay(Duration::from_secs(3));
    story.door().fault(slow.on("Search").authenticated().times(1));
    let run = story.sync("slow", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    assert_eq!(story.door().writes().len(), 3);
    story.sandbox.assert_well_behaved();
}
