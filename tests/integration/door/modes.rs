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

#[test]
fn a_stranger_with_odd_dates_is_nobodys_business() {
    let mut world = World::agreeing(35, 1);
    world.devices[0].push(Person::new("8001").valid("2030-01-01", "2020-01-01"));
    world.devices[0].push(Person::new("8002").valid("2020-01-01", "2020-12-31"));
    let story = Story::around(Sandbox::with(world.start()));
    story.comes_in_step("strangers");
}
