//! What may not be touched: doors that are only observed, revocations, protected persons.

use ivms_sync_simulators::club::{World, employee_no, number};
use ivms_sync_simulators::hikvision::{EnableFalse, Person};
use serde_json::{Value, json};

use super::super::support::{Sandbox, each};
use super::{Story, UNTIL};

/// The reason why a member is left out.
fn reason(run: &Value, index: usize) -> Option<&str> {
    let lines = run["left_out"].as_array().unwrap();
    let mine = lines.iter().find(|line| line["number"] == json!(number(index)))?;
    mine["reason"].as_str()
}

#[test]
fn an_observed_door_is_looked_at_and_never_written() {
    let mut story = Story::around(Sandbox::agreeing(35, 1));
    story.sandbox.set("hikvision.door1", "mode = \"observe\"");
    for _ in 0..2 {
        let run = story.sync("observe", 0);
        assert_eq!(each(&run, "devices", "outcome"), ["observed"]);
        assert_eq!(each(&run, "changes", "outcome"), ["planned"; 3]);
        story.assert_untouched("observe");
    }
    story.sandbox.extra.clear();
    story.catches_up("full again");
}

#[test]
fn an_observed_door_beside_one_that_is_written() {
    let mut story = Story::around(Sandbox::agreeing(35, 2));
    story.sandbox.set("hikvision.door2", "mode = \"observe\"");
    let run = story.sync("one of two", 0);
    assert_eq!(each(&run, "devices", "outcome"), ["ok", "observed"]);
    let outcomes = each(&run, "changes", "outcome");
    assert_eq!(outcomes, ["confirmed", "confirmed", "confirmed", "planned", "planned", "planned"]);
    assert!(story.sandbox.club.devices[1].writes().is_empty());
    story.sandbox.assert_well_behaved();
}

#[test]
fn a_grant_only_door_gives_and_does_not_take() {
    let mut sandbox = Sandbox::agreeing(35, 1);
    sandbox.set("hikvision.door1", "mode = \"grant-only\"");
    sandbox.sync(0);
    let before = sandbox.club.devices[0].persons();
    assert!(sandbox.club.renew(1, UNTIL));
    assert!(sandbox.club.inactivate(2));
    sandbox.club.cardskipper.edit(number(3), |member| {
        member.organisations[0].roles[0].start = "2020-01-01".to_owned();
        member.set_end("2020-12-31");
    });
    for tick in 0..2 {
        let run = sandbox.sync(0);
        assert_eq!(each(&run, "changes", "employee_no").len(), usize::from(tick == 0));
        assert_eq!((reason(&run, 2), reason(&run, 3)), (Some("blocked"), Some("blocked")));
        assert_eq!(run["blocked"], Value::Null, "no plan waits: the mode says no");
    }
    let after = sandbox.club.devices[0].persons();
    assert_eq!(after[1].end, format!("{UNTIL}T23:59:59"));
    assert_eq!(after[2..], before[2..]);
    sandbox.extra.clear();
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "kind"), ["revocation", "revocation"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    sandbox.assert_well_behaved();
}

#[test]
fn whoever_is_protected_stays_as_they_are_and_is_told() {
    for enable_false in [EnableFalse::OpensAlways, EnableFalse::OpensNever] {
        let mut world = World::agreeing(35, 1);
        for (index, person) in world.devices[0].iter_mut().enumerate().take(35) {
            *person = match index {
                0 => person.clone(),
                1 => person.clone().administrator(),
                2 => person.clone().user_type("blackList"),
                3 => person.clone().permanent(),
                _ => person.clone(),
            };
        }
        let mut sandbox = Sandbox::with(world.start());
        sandbox.set("hikvision.door1", "protect = [\"1001\", \"9999\"]");
        let door = &sandbox.club.devices[0];
        door.set(|switches| switches.enable_false = enable_false);
        let before = door.persons();
        for index in 0..5 {
            assert!(sandbox.club.renew(index, UNTIL));
        }
        // Nor are they shut out.
        for index in [5, 6, 7] {
            assert!(sandbox.club.inactivate(index));
        }
        for (index, change) in [
            (5, Person::administrator as fn(Person) -> Person),
            (6, |person| person.user_type("blackList")),
            (7, Person::permanent),
        ] {
            door.edit_person(&employee_no(index), |person| *person = change(person.clone()));
        }
        let run = sandbox.sync(0);
        assert_eq!(each(&run, "changes", "employee_no"), [employee_no(4)], "{enable_false:?}");
        for (index, why) in [
            (0, "protected"),
            (1, "protected"),
            (2, "protected"),
            (3, "permanent-on-device"),
            (5, "protected"),
            (6, "protected"),
            (7, "permanent-on-device"),
        ] {
            assert_eq!(reason(&run, index), Some(why), "{enable_false:?}, member {index}");
        }
        let after = door.persons();
        assert_eq!(after[..4], before[..4]);
        assert_eq!(after[8..], before[8..], "strangers are untouched as well");
        assert_eq!(door.writes().len(), 1);
        sandbox.assert_well_behaved();
    }
}

// Mutants: told as a loss and once more; the date of the lost membership is shown for the door's.
#[test]
fn who_was_served_and_never_expires_is_listed_once_and_without_a_date() {
    for is_paid in [true, false] {
        let sandbox = Sandbox::agreeing(10, 2);
        sandbox.sync(0);
        if !is_paid {
            assert!(sandbox.club.inactivate(3));
        }
        for door in &sandbox.club.devices {
            door.edit_person("1004", |person| *person = person.clone().permanent());
        }
        for command in [&["check", "--json"][..], &["sync", "--full", "--json"]] {
            let said = sandbox.run(command).ends(0).json();
            let field = if command[0] == "check" { "findings" } else { "problems" };
            let texts = each(&said, field, "text");
            let mine: Vec<_> = texts.iter().filter(|text| text.contains("1004")).collect();
            assert_eq!(mine.len(), 2, "once for each door: {mine:?}");
        }
        let status = sandbox.run(&["status", "--json"]).ends(0).json();
        let listed = status["attention"].as_array().unwrap();
        let mine: Vec<_> = listed.iter().filter(|one| one["number"] == json!(number(3))).collect();
        assert!(!mine.is_empty() && mine.len() <= 2, "{listed:?}");
        for one in mine {
            assert_eq!((&one["kind"], &one["ends"]), (&json!("open-without-reason"), &json!(null)));
        }
    }
}

// Mutants: letter case or zeros in front do not count when somebody is protected; nobody is told; a door
// that has them all is told of.
#[test]
fn an_id_under_protect_is_compared_exactly_and_told_where_nobody_has_it() {
    let mut world = World::agreeing(10, 2);
    for persons in &mut world.devices {
        persons.push(Person::new("STAFF-1"));
    }
    let mut sandbox = Sandbox::with(world.start());
    sandbox.set("hikvision.door1", "protect = [\"01001\", \"staff-1\", \"1002\", \"9999\"]");
    sandbox.set("hikvision.door2", "protect = [\"1002\", \"STAFF-1\"]");
    sandbox.sync(0);
    let words = "persons 01001 (did you mean 1001?), 9999, staff-1 (did you mean STAFF-1?) under \
                 `protect` are not on the door";
    let check = sandbox.run(&["check", "--json"]).json();
    let findings = check["findings"].as_array().unwrap().iter();
    let told: Vec<_> =
        findings.filter(|one| one["text"].as_str().unwrap().contains("`protect`")).collect();
    assert_eq!(told.len(), 1, "once, and of the door that lacks them: {told:?}");
    assert_eq!((&told[0]["about"], &told[0]["verdict"]), (&json!("door1"), &json!("warning")));
    assert_eq!(told[0]["text"], words);
    let diff = sandbox.run(&["diff", "--json"]).ends(0).json();
    assert!(each(&diff, "problems", "text").contains(&words), "{diff}");
    for index in [0, 1] {
        assert!(sandbox.club.renew(index, UNTIL));
    }
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "employee_no"), ["1001", "1001"], "01001 is not 1001");
    sandbox.assert_well_behaved();
}

#[test]
fn a_stranger_with_odd_dates_is_nobodys_business() {
    let mut world = World::agreeing(35, 1);
    world.devices[0].push(Person::new("8001").valid("2030-01-01", "2020-01-01"));
    world.devices[0].push(Person::new("8002").valid("2020-01-01", "2020-12-31"));
    let story = Story::around(Sandbox::with(world.start()));
    story.comes_in_step("strangers");
}
