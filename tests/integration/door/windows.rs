//! Devices that keep, take or show other dates than those they are sent.

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{Dates, Keeps};
use serde_json::json;

use super::super::support::{Sandbox, each};
use super::{RENEWED, Story, Turn, UNTIL};

/// The first write is not applied, the second shows the same rule and counts, and from then on
/// everybody is in sync. Mutants: one read-back is enough; none ever is; a rounded window stops the door.
#[test]
fn a_rounding_is_learnt_from_two_read_backs() {
    let cases: [(&str, Turn, &str); 4] = [
        ("minutes", |door| door.keeps = Keeps::Minutes, "2036-11-01T23:59:00"),
        ("days", |door| door.keeps = Keeps::Days, "2036-11-01T00:00:00"),
        (
            "a latest end",
            |door| door.latest_end = Some("2030-12-31T23:59:59".into()),
            "2030-12-31T23:59:59",
        ),
        (
            "a latest day",
            |door| door.latest_end = Some("2030-12-31T00:00:00".into()),
            "2030-12-31T00:00:00",
        ),
    ];
    for (what, turn, held) in cases {
        let story = Story::new(turn);
        let run = story.sync(what, 3);
        assert_eq!(
            each(&run, "changes", "outcome"),
            ["not-applied", "confirmed", "confirmed"],
            "{what}"
        );
        for index in RENEWED {
            assert_eq!(story.door().person(&employee_no(index)).unwrap().end, held, "{what}");
        }
        for _ in 0..2 {
            let run = story.sync_full(what, 0);
            assert_eq!(run["changes"], json!([]), "{what}");
        }
        assert_eq!(story.door().writes().len(), 3, "{what}: nothing is written again");
        // Another end is news, and is confirmed at once.
        assert!(story.sandbox.club.renew(1, "2029-05-05"));
        let run = story.sync(what, 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{what}");
        assert_eq!(story.sandbox.club.violations(), Vec::<String>::new(), "{what}");
    }
}

/// A small club writes to one person: the same read-back of a second write is the second one.
/// Mutants: only two persons teach a rounding (the third tick stops the door); a write that did not take is a
/// read-back.
#[test]
fn one_person_teaches_a_rounding_with_a_second_write() {
    for (what, keeps, held) in [
        ("minutes", Keeps::Minutes, "2036-11-01T23:59:00"),
        ("days", Keeps::Days, "2036-11-01T00:00:00"),
    ] {
        let sandbox = Sandbox::agreeing(3, 1);
        let device = &sandbox.club.devices[0];
        device.set(|door| door.keeps = keeps);
        assert!(sandbox.club.renew(0, UNTIL));
        let outcome = |code: i32| {
            let run = sandbox.sync(code);
            each(&run, "changes", "outcome").into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(outcome(3), ["not-applied"], "{what}");
        assert_eq!(outcome(0), ["confirmed"], "{what}");
        assert_eq!(outcome(0), Vec::<String>::new(), "{what}");
        assert_eq!(device.person(&employee_no(0)).unwrap().end, held, "{what}");
        assert_eq!(sandbox.club.violations(), Vec::<String>::new(), "{what}");
    }
}

/// A device that keeps minutes holds the last minute of the latest year that it knows.
/// Mutants: only the last second of a year is a cut (the door is stopped); two cuts forget the minutes.
#[test]
fn a_latest_end_and_minutes_are_learnt_beside_each_other() {
    let story = Story::new(|door| {
        door.keeps = Keeps::Minutes;
        door.latest_end = Some("2030-12-31T23:59:59".into());
    });
    let run = story.sync("cut", 3);
    assert_eq!(each(&run, "changes", "outcome"), ["not-applied", "confirmed", "confirmed"]);
    let end = story.door().person(&employee_no(RENEWED[0])).unwrap().end;
    assert_eq!(end, "2030-12-31T23:59:00");
    assert!(story.sandbox.club.renew(1, "2029-05-05"));
    assert!(story.sandbox.club.renew(2, "2028-03-03"));
    let run = story.sync("minutes", 3);
    assert_eq!(each(&run, "changes", "outcome"), ["not-applied", "confirmed"]);
    assert_eq!(story.sync_full("both", 0)["changes"], json!([]));
    assert!(story.sandbox.club.renew(3, "2036-07-07"));
    assert!(story.sandbox.club.renew(4, "2029-07-07"));
    let run = story.sync("known", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2]);
    assert_eq!(story.sandbox.club.violations(), Vec::<String>::new());
}

/// Mutants: the plan sends the whole window; the proof does not know the cut.
#[test]
fn ends_are_cut_to_what_the_capabilities_state() {
    let story = Story::new(|door| {
        door.time_range_end = Some("2030-12-31T23:59:59".into());
        door.latest_end = Some("2030-12-31T23:59:59".into());
    });
    let run = story.sync("stated", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    for write in story.door().writes() {
        assert_eq!(write["UserInfo"]["Valid"]["endTime"], "2030-12-31T23:59:59");
    }
    assert_eq!(story.sync_full("stated", 0)["changes"], json!([]));

    // One that is over, or no date, is not believed: nobody is kept out by it.
    for odd in ["2020-12-31T23:59:59", "soon"] {
        let story = Story::new(|door| door.time_range_end = Some(odd.into()));
        story.sync(odd, 0);
        story.assert_in_step(odd);
    }
}

/// What is learnt of the grain does not take away what the door states, nor the other way round.
/// Mutants: the end that is sent is compared whole; the stated end is forgotten as soon as a grain is known; a
/// cut to the stated end teaches no grain.
#[test]
fn a_stated_end_and_a_grain_are_kept_beside_each_other() {
    const STATED: &str = "2030-12-31T23:59:59";
    for (keeps, held, other) in [
        (Keeps::Minutes, "2030-12-31T23:59:00", "2029-05-05T23:59:00"),
        (Keeps::Days, "2030-12-31T00:00:00", "2029-05-05T00:00:00"),
    ] {
        let what = format!("{keeps:?}");
        let story = Story::new(|door| {
            door.keeps = keeps;
            door.time_range_end = Some(STATED.into());
            door.latest_end = Some(STATED.into());
        });
        let run = story.sync(&what, 3);
        let outcomes = each(&run, "changes", "outcome");
        assert_eq!(outcomes, ["not-applied", "confirmed", "confirmed"], "{what}");
        for write in story.door().writes() {
            assert_eq!(write["UserInfo"]["Valid"]["endTime"], STATED, "{what}");
        }
        let end = |index| story.door().person(&employee_no(index)).unwrap().end;
        assert_eq!(RENEWED.map(end), [held; 3], "{what}");
        for _ in 0..2 {
            assert_eq!(story.sync_full(&what, 0)["changes"], json!([]), "{what}");
        }
        // One below the stated end and one beyond it: both are confirmed at once.
        assert!(story.sandbox.club.renew(1, "2029-05-05"));
        assert!(story.sandbox.club.renew(2, "2036-05-05"));
        let run = story.sync(&what, 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2], "{what}");
        assert_eq!((end(1), end(2)), (other.to_owned(), held.to_owned()), "{what}");
        // A renewal from one time beyond the stated end to another is nothing to do.
        assert!(story.sandbox.club.renew(2, "2037-05-05"));
        assert_eq!(story.sync_full(&what, 0)["changes"], json!([]), "{what}");
        assert_eq!(story.door().writes().len(), 5, "{what}");
        assert_eq!(story.sandbox.club.violations(), Vec::<String>::new(), "{what}");
    }
}

/// The door states an end and keeps to it, though somebody there holds a later one: what it states is not
/// believed, and what it does is no change that nobody asked for.
/// Mutant: a cut that is not at the turn of a year stops the door until it is accepted.
#[test]
fn a_cut_to_the_stated_end_is_no_change_unasked() {
    const STATED: &str = "2030-06-30T23:59:59";
    let story = Story::new(|door| {
        door.time_range_end = Some(STATED.into());
        door.latest_end = Some(STATED.into());
    });
    story.door().edit_person("9001", |person| person.end = "2036-12-31T23:59:59".into());
    let run = story.sync("disproved", 4);
    assert_eq!(each(&run, "changes", "outcome"), ["not-applied"; 3]);
    let told = run["problems"].to_string();
    assert!(told.contains("confirmed none of 3 writes"), "{told}");
    assert!(!told.contains("nobody asked for"), "{told}");
}

/// Mutants: an unclear date is planned like one that cannot be read (all doors "would open"); it is
/// told for each person.
#[test]
fn dates_that_can_mean_two_things_are_left_alone_and_told_once() {
    for dates in [Dates::Suffix("Z"), Dates::Suffix("+08:00"), Dates::Slashes] {
        let what = format!("{dates:?}");
        let story = Story::new(|door| door.dates = dates);
        let run = story.sync(&what, 0);
        assert_eq!(run["changes"], json!([]), "{what}");
        let told = each(&run, "problems", "text");
        assert_eq!(told.len(), 1, "{what}: {told:?}");
        assert!(told[0].contains("dates in a form that can mean two things"), "{what}: {told:?}");
        story.assert_untouched(&what);
        story.door().set(|door| door.dates = Dates::Documented);
        let run = story.sync_full(&what, 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3], "{what}");
    }
}

/// Mutant: every form but the documented one is unclear.
#[test]
fn dates_that_mean_one_thing_are_read() {
    let story = Story::new(|door| door.dates = Dates::Blank);
    let run = story.sync("blank", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    story.assert_in_step("blank");

    // Windows that this door was seen to hold come back with a suffix: it means nothing.
    let story = Story::under_way(1);
    story.door().set(|door| door.dates = Dates::Suffix("Z"));
    let run = story.sync_full("settled", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    let end = story.door().person(&employee_no(RENEWED[0])).unwrap().end;
    assert_eq!(end, format!("{UNTIL}T23:59:59"));
    assert_eq!(story.sync_full("settled", 0)["changes"], json!([]));
}
