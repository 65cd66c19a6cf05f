//! How a firmware wants to be changed: by which method, without which fields; and one that takes no change.
//!
//! | report | device | switch | scenario |
//! | --- | --- | --- | --- |
//! | PUT is answered `methodNotAllowed`, POST is taken | some firmware | `ModifyBy::Post` | [`a_door_that_takes_changes_by_post`] |
//! | neither is taken | some firmware | `ModifyBy::Nothing` | [`a_door_that_takes_no_change`] |
//! | fields sent back are answered 400, naming them | several | `refused_fields` | [`fields_that_a_door_refuses`] |

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{ErrorStatus, ModifyBy, Naming, Omitted};
use serde_json::json;

use super::super::support::each;
use super::{RENEWED, Story, requests};

/// The words of `check`, which ends with this code.
#[track_caller]
fn check(story: &Story, code: i32) -> String {
    story.sandbox.run(&["check"]).ends(code).stdout
}

/// Mutants: POST is not tried; it is tried anew for everybody; what is remembered is another firmware's.
#[test]
fn a_door_that_takes_changes_by_post() {
    for errors in [ErrorStatus::Ok200, ErrorStatus::ByClass] {
        let story =
            Story::new(|door| (door.modify_by, door.error_status) = (ModifyBy::Post, errors));
        let run = story.sync("by POST", 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
        let sent = || {
            let all = story.door().requests();
            let sent =
                all.iter().filter(|one| one.target.contains("Modify") && one.is_authenticated());
            sent.map(|one| one.method.clone()).collect::<Vec<_>>()
        };
        assert_eq!(sent(), ["PUT", "POST", "POST", "POST"]);
        story.assert_in_step("by POST");
        assert!(check(&story, 0).contains("takes changes of persons by POST in place of PUT"));
        // The next run knows, and other firmware is asked anew.
        story.sandbox.clear_requests();
        assert!(story.sandbox.club.renew(5, "2036-10-01"));
        story.sync("known", 0);
        assert_eq!(sent(), ["POST"]);
        story.sandbox.clear_requests();
        story.door().set(|door| door.modify_by = ModifyBy::Put);
        story.door().edit_settings(|settings| settings.firmware = "V9.9.9".into());
        assert!(story.sandbox.club.renew(6, "2036-10-01"));
        story.sync_full("other firmware", 0);
        assert_eq!(sent(), ["PUT"]);
        assert_eq!(story.sandbox.club.violations(), Vec::<String>::new());
    }
}

/// Mutants: each person is tried; each tick tries again; other firmware is not tried.
#[test]
fn a_door_that_takes_no_change() {
    let story = Story::new(|door| {
        (door.modify_by, door.support_function) = (ModifyBy::Nothing, Some("post,delete,get"));
    });
    // `check` knows without writing.
    let words = check(&story, 3);
    assert!(words.contains("its capabilities offer no `put`"), "{words}");
    let run = story.sync("none", 4);
    let told = run["problems"].to_string();
    assert!(told.contains("this will not work until it has other firmware"), "{told}");
    assert!(told.contains("neither by PUT nor by POST"), "{told}");
    assert_eq!(requests(story.door(), "Modify"), 4, "one person, by either method");
    for _ in 0..2 {
        story.sync_full("known", 4);
    }
    assert_eq!(requests(story.door(), "Modify"), 4, "nobody is tried again");
    story.assert_untouched("none");
    let words = check(&story, 4);
    assert!(words.contains("takes no change of a person, neither by PUT nor by POST"), "{words}");
    let who = format!("person:{}", employee_no(RENEWED[0]));
    let said = story.sandbox.run(&["lookup", &who]);
    assert!(said.stdout.contains("nothing is written to this door until"), "{said:?}");
    story.door().edit_settings(|settings| settings.firmware = "V9.9.9".into());
    story.door().set(|door| (door.modify_by, door.support_function) = (ModifyBy::Put, None));
    let run = story.sync_full("other firmware", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    story.stays_in_step("other firmware");
}

/// The same firmware is tried again when somebody asks for it.
#[test]
fn a_door_that_takes_changes_after_all() {
    let story = Story::new(|door| door.modify_by = ModifyBy::Nothing);
    story.sync("none", 4);
    story.catches_up_when_accepted("after all");
}

/// Mutants: the field is sent again to everybody; nothing is remembered; a batch meets it before it is read
/// back.
#[test]
fn fields_that_a_door_refuses() {
    for (fields, naming) in [
        (&["gender"][..], Naming::Bare),
        (&["gender", "maxOpenDoorTime"], Naming::Path),
        (&["closeDelayEnabled", "maxOpenDoorTime", "belongGroup"], Naming::Sentence),
    ] {
        let what = format!("{fields:?}");
        let story = Story::proven();
        story.door().set(|door| {
            (door.refused_fields, door.naming, door.error_status) =
                (fields, naming, ErrorStatus::ByClass);
        });
        let run = story.sync(&what, 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3], "{what}");
        story.assert_in_step(&what);
        let refused = fields.len();
        assert_eq!(requests(story.door(), "Modify"), 2 * (3 + refused), "{what}");
        let words = check(&story, 0);
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let expected = format!("is not sent back {} of a person", sorted.join(", "));
        assert!(words.contains(&expected), "{what}: {words}");
        // The next run knows.
        story.sandbox.clear_requests();
        assert!(story.sandbox.club.renew(6, "2036-10-01"));
        story.sync(&what, 0);
        assert_eq!(requests(story.door(), "Modify"), 2, "{what}");
        assert_eq!(story.sandbox.club.violations(), Vec::<String>::new(), "{what}");
    }
}

/// A door that refuses a field and loses it when it is not sent is stopped at the first person.
/// Mutant: the whole batch is sent without the field before anybody is read back.
#[test]
fn a_refused_field_that_is_lost_stops_the_door() {
    let story = Story::proven();
    story.door().set(|door| {
        (door.refused_fields, door.omitted) = (&["doorRight"], Omitted::Replace);
    });
    let run = story.sync("lost", 4);
    let told = run["problems"].to_string();
    assert!(told.contains("changed what nobody asked for") && told.contains("doorRight"), "{told}");
    assert_eq!(story.door().writes().len(), 1, "nobody else meets it");
}

/// What must be sent is not dropped, and a refusal of one person is no rule for the door.
#[test]
fn a_field_that_must_be_sent_is_sent() {
    let story = Story::proven();
    story.door().set(|door| door.refused_fields = &["Valid"]);
    let run = story.sync("Valid", 3);
    assert_eq!(each(&run, "changes", "outcome"), ["refused"; 3]);
    story.door().set(|door| door.refused_fields = &[]);
    let run = story.sync_full("Valid", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    story.stays_in_step("Valid");
}

/// Mutant: the empty text goes back where a list is wanted, and the change is refused.
#[test]
fn empty_values_that_a_door_refuses() {
    let story = Story::new(|_| {});
    story.door().edit_person(&employee_no(RENEWED[0]), |person| {
        person.extra.insert("RightPlan".into(), json!(""));
        person.door_right = String::new();
        person.right_plan = Vec::new();
    });
    let run = story.sync("empty", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    let writes = story.door().writes();
    let sent =
        writes.iter().find(|w| w["UserInfo"]["employeeNo"] == employee_no(RENEWED[0]).as_str());
    let sent = &sent.unwrap()["UserInfo"];
    assert!(sent.get("RightPlan").is_none() && sent.get("doorRight").is_none(), "{sent}");
}
