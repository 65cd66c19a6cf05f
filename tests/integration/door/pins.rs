//! PINs: compared where a door shows them, and put back once where its firmware lost one.
//!
//! | report | device | switch | scenario |
//! | --- | --- | --- | --- |
//! | Search shows the PIN in `password` | several | `shows_pin` | [`a_pin_that_is_shown_and_kept`] |
//! | Modify loses it | a public PIN script | `Omitted::Replace` | [`a_pin_that_is_shown_and_lost`] |

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::Omitted;
use serde_json::Value;

use super::super::support::each;
use super::{RENEWED, Story};

/// No word of any PIN, in whatever was said or kept.
const PIN: &str = "84715026";

#[test]
fn a_pin_that_is_shown_and_kept() {
    let story = Story::new(|door| door.shows_pin = true);
    story.sync("kept", 0);
    story.assert_in_step("kept");
    assert_eq!(story.sandbox.club.violations(), Vec::<String>::new());
}

/// Mutants: the PIN is not compared (all are lost, and the run ends with 0); it is not put back; the others are
/// written to; the PIN is told.
#[test]
fn a_pin_that_is_shown_and_lost() {
    let story = Story::new(|door| (door.shows_pin, door.omitted) = (true, Omitted::Replace));
    for index in RENEWED {
        story.door().edit_person(&employee_no(index), |person| person.pin = Some(PIN.into()));
    }
    let said = story.sandbox.run(&["sync", "--json"]).ends(4);
    let run: Value = said.json();
    let told = run["problems"].to_string();
    for words in ["password changed too", "the PIN that it showed was lost and has been put back"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let confirmed =
        each(&run, "changes", "outcome").iter().filter(|one| **one == "confirmed").count();
    assert_eq!(confirmed, 1, "nobody else meets it: {run}");
    let writes = story.door().writes();
    assert_eq!(writes.len(), 2, "the change, and the PIN");
    for index in RENEWED {
        assert_eq!(story.door().person(&employee_no(index)).unwrap().pin.as_deref(), Some(PIN));
    }
    let text = [said.stdout.as_str(), said.stderr.as_str()].concat();
    assert!(!text.contains(PIN), "{text}");
    // And so it stays until somebody has looked.
    for command in [&["sync", "--full"][..], &["status"], &["check"]] {
        let said = story.sandbox.run(command);
        assert!(!said.stdout.contains(PIN) && !said.stderr.contains(PIN), "{said:?}");
    }
    assert_eq!(story.door().writes().len(), 2);
    assert_eq!(story.sandbox.club.violations(), Vec::<String>::new());
    story.door().set(|door| door.omitted = Omitted::Merge);
    let accepted = format!("door1={}", story.door().persons().len());
    story.sandbox.run(&["sync", "--accept-device", &accepted]).ends(0);
    assert_eq!(story.door().writes().len(), 4);
}

/// The door does not take the PIN back: that is said, and tried once.
#[test]
fn a_pin_that_cannot_be_put_back() {
    let story = Story::new(|door| {
        (door.shows_pin, door.omitted) = (true, Omitted::Replace);
        door.refused_fields = &["password"];
    });
    let run = story.sync("lost", 4);
    let told = run["problems"].to_string();
    assert!(told.contains("is lost and could not be put back: set it anew at the door"), "{told}");
    assert_eq!(story.door().writes().len(), 1);
}
