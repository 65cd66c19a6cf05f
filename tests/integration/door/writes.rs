//! What firmware makes of a write: fields left out, limits of dates, rights, unknown persons, and
//! the forms in which it says no.

use ivms_sync_simulators::club::{World, employee_no, number};
use ivms_sync_simulators::hikvision::{
    BeginAfterEnd, EnableFalse, ErrorBody, ErrorStatus, FarYear, Filter, MissingTopKey, Namespace,
    Omitted, Permissions, Person, RightPlan, Switches, UnknownKey, UnknownPerson,
};
use ivms_sync_simulators::http::Fault;
use serde_json::{Value, json};

use super::super::support::{Sandbox, each};
use super::logins::Pinned;
use super::{MEMBERS, RENEWED, Story, Turn, UNTIL, logins};

/// A club whose persons have every field that a write sends back, and one that nobody knows.
fn rich_club() -> Sandbox {
    let mut world = World::agreeing(MEMBERS, 1);
    for person in &mut world.devices[0] {
        let mut rich = person.clone().doors(&[1, 3]).extra("groupId", json!(7));
        rich.right_plan.push(RightPlan { door_no: 4, plan_template_no: "1,3".to_owned() });
        rich.belong_group = "2,5".to_owned();
        rich.gender = "female".to_owned();
        rich.close_delay_enabled = true;
        rich.max_open_door_time = 12;
        rich.user_verify_mode = "cardAndPw".to_owned();
        rich.extends = vec!["a note".to_owned()];
        (rich.room_number, rich.floor_number, rich.faces) = (3, 4, 2);
        rich.face_url = "http://127.0.0.1/face.jpg".to_owned();
        *person = rich;
    }
    Sandbox::with(world.start())
}

#[test]
fn firmware_of_every_mind_is_brought_in_step() {
    let cases: [(&str, Turn); 9] = [
        ("as documented", |_| {}),
        ("unknown keys refused", |s| s.unknown_key = UnknownKey::BadJsonContent),
        ("begin after end: endtimeEarlier", |s| s.begin_after_end = BeginAfterEnd::EndtimeEarlier),
        ("begin after end: accepted", |s| s.begin_after_end = BeginAfterEnd::Accepted),
        ("after 2037: cut", |s| s.far_year = FarYear::Cut),
        ("after 2037: accepted", |s| s.far_year = FarYear::Accepted),
        ("enable:false opens never", |s| s.enable_false = EnableFalse::OpensNever),
        ("missing key: badJsonContent", |s| s.missing_top_key = MissingTopKey::BadJsonContent),
        ("OK with error fields", |s| s.ok_with_error_fields = true),
    ];
    for (what, turn) in cases {
        let story = Story::around(rich_club());
        story.door().set(turn);
        story.comes_in_step(what);
    }
}

#[test]
fn firmware_that_replaces_a_person_loses_nothing_that_can_be_read() {
    let story = Story::around(rich_club());
    story.door().set(|switches| switches.omitted = Omitted::Replace);
    // So slow that everybody is read again before the write, as a computer under load does by itself.
    let slow = Fault::Delay(std::time::Duration::from_secs(3));
    story.door().fault(slow.on("Search").authenticated().times(1));
    let run = story.sync("replace", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    for index in RENEWED {
        let no = employee_no(index);
        let before = story.before[0].iter().find(|p| p.employee_no == no).unwrap();
        let after = story.door().person(&no).unwrap();
        assert_eq!(after.door_right, before.door_right);
        assert_eq!(after.right_plan, before.right_plan);
        assert_eq!(after.belong_group, before.belong_group);
        // The PIN is never told, so it cannot be sent back and its loss cannot be seen: with
        // firmware like this, which nobody has met, it would go silently.
        assert_eq!(after.pin, None);
        let expected = Person { end: format!("{UNTIL}T23:59:59"), pin: None, ..before.clone() };
        assert_eq!(after, expected);
    }
    story.door().set(|switches| *switches = Switches::default());
    let again = story.sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(again["changes"], json!([]));
    story.sandbox.assert_well_behaved();
}

#[test]
fn a_write_holds_what_was_read_and_nothing_else() {
    let story = Story::around(rich_club());
    story.comes_in_step("rich");
    let writes = story.door().writes();
    let person = &writes[0]["UserInfo"];
    assert_eq!(
        *person,
        json!({
            "employeeNo": "1001", "name": story.before[0][0].name, "userType": "normal",
            "Valid": {
                "enable": true, "beginTime": story.before[0][0].begin,
                "endTime": "2036-11-01T23:59:59", "timeType": "local",
            },
            "doorRight": "1,3",
            "RightPlan": [
                {"doorNo": 1, "planTemplateNo": "1"}, {"doorNo": 3, "planTemplateNo": "1"},
                {"doorNo": 4, "planTemplateNo": "1,3"},
            ],
            "localUIRight": false, "belongGroup": "2,5", "gender": "female",
            "closeDelayEnabled": true, "maxOpenDoorTime": 12, "userVerifyMode": "cardAndPw",
            "PersonInfoExtends": [{"value": "a note"}],
        })
    );
}

#[test]
fn an_account_that_may_not_write_is_told_and_costs_no_login() {
    for (status, body) in [
        (ErrorStatus::Ok200, ErrorBody::Json),
        (ErrorStatus::ByClass, ErrorBody::JsonStrings),
        (ErrorStatus::ByClass, ErrorBody::JsonNested),
        (ErrorStatus::ByClass, ErrorBody::Xml),
    ] {
        let what = format!("{status:?} {body:?}");
        let story = Story::new(|switches| {
            switches.permissions = Permissions::ReadsOnly;
            (switches.error_status, switches.error_body) = (status, body);
        });
        for _ in 0..3 {
            story.door().clear_requests();
            let run = story.sync(&what, 12);
            let problem = run["problems"][0]["text"].as_str().unwrap();
            assert!(problem.contains("lacks the right"), "{what}: {problem}");
            assert_eq!(each(&run, "changes", "outcome"), ["planned"; 3], "{what}");
            let tried = story.door().requests();
            let tried = tried.iter().filter(|r| r.target.contains("Modify"));
            assert_eq!(tried.count(), 2, "{what}: the first refusal is enough");
            assert!(logins(story.door()) > 1, "the login itself is right");
        }
        story.is_refused(&what, 12, "right-missing");
    }
}

/// Every form in which a door can say no.
fn forms() -> Vec<(ErrorStatus, ErrorBody, Namespace)> {
    let mut forms = Vec::new();
    for status in [ErrorStatus::Ok200, ErrorStatus::ByClass] {
        for body in [ErrorBody::Json, ErrorBody::JsonStrings, ErrorBody::JsonNested] {
            forms.push((status, body, Namespace::Isapi));
        }
        for namespace in [Namespace::Isapi, Namespace::Hikvision, Namespace::StdCgi] {
            forms.push((status, ErrorBody::Xml, namespace));
        }
    }
    forms
}

#[test]
fn a_no_is_understood_in_every_form() {
    for (place, (status, body, namespace)) in forms().into_iter().enumerate() {
        let what = format!("{status:?} {body:?} {namespace:?}");
        let story = Story::under_way(1);
        story.door().set(|switches| {
            (switches.error_status, switches.error_body) = (status, body);
            switches.namespace = namespace;
            // One no to the question who they are …
            switches.filter = Filter::Error;
            switches.unknown_person = match place % 2 {
                0 => UnknownPerson::EmployeeNoNotExist,
                _ => UnknownPerson::DeviceUserNotExist,
            };
        });
        // … which is then answered by reading everybody (a search that is refused in two sizes, and
        // two pages); and right after that somebody removes the first of the three.
        story.door().meanwhile("Search", 4, |persons| {
            persons.remove(0);
        });
        let run = story.sync(&what, 3);
        assert_eq!(
            each(&run, "changes", "outcome"),
            ["refused", "confirmed", "confirmed"],
            "{what}"
        );
        let error = run["changes"][0]["error"].as_str().unwrap();
        assert_eq!(error, "there is no person 1001 on the device", "{what}");
        assert_eq!(story.door().writes().len(), 2, "{what}");
        // The next tick looks again, and nobody is there.
        let next = story.sync(&what, 0);
        assert_eq!(next["changes"], json!([]), "{what}");
        assert_eq!(each(&next, "left_out", "reason"), ["not-on-door"], "{what}");
        story.sandbox.assert_well_behaved();
    }
}

#[test]
fn whoever_moved_since_they_were_read_is_not_written() {
    let story = Story::under_way(1);
    let door = story.door();
    door.edit_person(&employee_no(RENEWED[0]), |person| person.name = "Renamed".to_owned());
    door.edit_person(&employee_no(RENEWED[1]), |person| {
        person.end = format!("{UNTIL}T23:59:59");
    });
    door.remove_person(&employee_no(RENEWED[2]));
    let run = story.sync("moved", 3);
    let outcomes = each(&run, "changes", "outcome");
    assert_eq!(outcomes, ["refused", "confirmed", "refused"]);
    assert_eq!(door.writes(), Vec::<Value>::new(), "one holds already what was to be written");
    // The next tick plans anew, from what it reads now.
    // Somebody else's name is not the member's until somebody says so.
    let next = story.sync("read again", 0);
    assert_eq!(next["changes"], json!([]));
    assert_eq!(each(&next, "left_out", "reason"), ["not-on-door", "name-differs"]);
    let link = format!("door1={}:{}", employee_no(RENEWED[0]), number(RENEWED[0]));
    let accepting = ["sync", "--json", "--accept-link", &link];
    let next = story.sandbox.run(&accepting).ends(0).json();
    assert_eq!(each(&next, "changes", "employee_no"), [employee_no(RENEWED[0])]);
    assert_eq!(each(&next, "changes", "outcome"), ["confirmed"]);
    assert_eq!(each(&next, "left_out", "reason"), ["not-on-door"]);
    assert_eq!(door.person(&employee_no(RENEWED[0])).unwrap().name, "Renamed");
    story.sandbox.assert_well_behaved();
}

#[test]
fn an_end_before_the_begin_moves_the_begin_too() {
    for begin_after_end in
        [BeginAfterEnd::InvalidOperation, BeginAfterEnd::EndtimeEarlier, BeginAfterEnd::Accepted]
    {
        // A membership that begins today, or begins in a month, and is ended now.
        for begin in ["2026-11-21", "2026-12-21"] {
            let pinned = Pinned::with(5, 1, |world| {
                world.members[2].organisations[0].roles[0].start = begin.to_owned();
                world.members[2].set_end("2031-01-31");
                world.devices[0][2] = world.devices[0][2].clone().valid(begin, "2031-01-31");
            });
            let door = pinned.door(0);
            door.set(|switches| switches.begin_after_end = begin_after_end);
            let run = pinned.run(&["sync", "--json"]).ends(0).json();
            assert_eq!(run["changes"], json!([]));
            assert!(pinned.sandbox.club.inactivate(2));
            let run = pinned.run(&["sync", "--json"]).ends(0).json();
            assert_eq!(each(&run, "changes", "cause"), ["inactive"]);
            assert_eq!(each(&run, "changes", "outcome"), ["planned"]);
            assert_eq!(each(&run, "changes", "blocked_by"), ["second-look"]);
            let run = pinned.after(5).run(&["sync", "--json"]).ends(0).json();
            assert_eq!(each(&run, "changes", "cause"), ["inactive"]);
            assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
            let person = door.person(&employee_no(2)).unwrap();
            assert_eq!(person.begin, "2026-11-20T00:00:00");
            assert_eq!(person.end, "2026-11-20T23:59:59");
            assert!(person.enable);
            let again = pinned.run(&["sync", "--full", "--json"]).ends(0).json();
            assert_eq!(again["changes"], json!([]));
            pinned.sandbox.assert_well_behaved();
        }
    }
}

#[test]
fn dates_that_make_no_sense_are_set_right() {
    let odd: [fn(&mut Person); 4] = [
        |person| std::mem::swap(&mut person.begin, &mut person.end),
        |person| person.end.clear(),
        |person| person.begin = "01.01.2026 00:00".to_owned(),
        |person| person.time_type = Some("UTC".to_owned()),
    ];
    for begin_after_end in
        [BeginAfterEnd::InvalidOperation, BeginAfterEnd::EndtimeEarlier, BeginAfterEnd::Accepted]
    {
        let sandbox = Sandbox::agreeing(10, 1);
        let door = &sandbox.club.devices[0];
        door.set(|switches| switches.begin_after_end = begin_after_end);
        let before = door.persons();
        for (index, change) in odd.iter().enumerate() {
            door.edit_person(&employee_no(index), change);
        }
        let unclear = door.persons()[2..4].to_vec();
        // Dates in another form than the documented one may mean something: they are told, not set.
        let run = sandbox.sync(0);
        assert_eq!(each(&run, "changes", "employee_no"), [employee_no(0), employee_no(1)]);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2]);
        let told = each(&run, "problems", "text");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("2 persons have dates in a form that can mean two things"));
        let after = door.persons();
        assert_eq!(after[2..4], unclear);
        assert_eq!((&after[..2], &after[4..]), (&before[..2], &before[4..]));
        sandbox.assert_well_behaved();
    }
}

#[test]
fn for_ever_is_2037_on_every_door() {
    for far_year in [FarYear::Refused, FarYear::Cut, FarYear::Accepted] {
        for end in ["2038-01-01", "2099-12-31", "9999-12-31"] {
            let sandbox = Sandbox::agreeing(5, 1);
            let door = &sandbox.club.devices[0];
            door.set(|switches| switches.far_year = far_year);
            assert!(sandbox.club.renew(1, end));
            let run = sandbox.sync(0);
            assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{far_year:?} {end}");
            assert_eq!(door.person(&employee_no(1)).unwrap().end, "2037-12-31T23:59:59");
            let again = sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
            assert_eq!(again["changes"], json!([]), "{far_year:?} {end}");
            sandbox.assert_well_behaved();
        }
    }
}

#[test]
fn a_far_year_set_by_hand_is_brought_back_once() {
    let sandbox = Sandbox::agreeing(5, 1);
    let door = &sandbox.club.devices[0];
    assert!(sandbox.club.renew(1, "2099-12-31"));
    door.edit_person(&employee_no(1), |person| person.end = "2099-12-31T23:59:59".to_owned());
    // Whoever holds more than was paid for loses it at the second look.
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "blocked_by"), ["second-look"]);
    assert!(door.writes().is_empty());
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(run["changes"][0]["member"]["number"], json!(number(1)));
    assert_eq!(door.person(&employee_no(1)).unwrap().end, "2037-12-31T23:59:59");
    let again = sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(again["changes"], json!([]));
    sandbox.assert_well_behaved();
}
