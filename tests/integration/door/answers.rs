//! The forms of an answer: keys, their letter case, types, namespaces, what a person has and lacks.

use ivms_sync_simulators::club::{World, employee_no};
use ivms_sync_simulators::hikvision::{InfoFormat, KeyCase, KeyStyle, Namespace, Scalars};

use super::super::support::{Sandbox, each};
use super::{Story, Turn, UNTIL};

#[test]
fn answers_in_every_form() {
    let cases: [(&str, Turn); 18] = [
        ("employeeNoString", |s| s.key_style = KeyStyle::EmployeeNoString),
        ("EmployeeNoDetail", |s| s.key_style = KeyStyle::EmployeeNoDetail),
        ("a single object", |s| s.key_style = KeyStyle::SingleObject),
        ("UserInfoList", |s| s.key_style = KeyStyle::UserInfoList),
        ("keys in lower case", |s| s.key_case = KeyCase::Lower),
        ("keys with a capital", |s| s.key_case = KeyCase::FirstUpper),
        ("numbers and booleans as text", |s| s.scalars = Scalars::Strings),
        ("text of digits as numbers", |s| s.scalars = Scalars::Numbers),
        ("UserInfoSearchResult", |s| s.root_is_search_result = true),
        ("no counts of cards", |s| s.no_num_of = true),
        ("no PersonInfoExtends", |s| s.no_person_info_extends = true),
        ("an e-mail", |s| s.email_field = Some("email".to_owned())),
        ("deviceInfo as asked", |s| s.info_format = InfoFormat::FollowsFormat),
        ("hikvision.com", |s| s.namespace = Namespace::Hikvision),
        ("std-cgi.com", |s| s.namespace = Namespace::StdCgi),
        ("lower case, text, a detail", |s| {
            (s.key_case, s.scalars) = (KeyCase::Lower, Scalars::Strings);
            s.key_style = KeyStyle::EmployeeNoDetail;
        }),
        ("capitals, numbers, UserInfoList", |s| {
            (s.key_case, s.scalars) = (KeyCase::FirstUpper, Scalars::Numbers);
            (s.key_style, s.root_is_search_result) = (KeyStyle::UserInfoList, true);
        }),
        ("as little as possible", |s| {
            (s.no_num_of, s.no_person_info_extends) = (true, true);
            s.key_style = KeyStyle::SingleObject;
        }),
    ];
    for (what, turn) in cases {
        Story::new(turn).comes_in_step(what);
    }
}

#[test]
fn a_single_person_comes_as_an_object() {
    let mut world = World::agreeing(1, 1);
    world.devices[0].truncate(1);
    let sandbox = Sandbox::with(world.start());
    sandbox.club.devices[0].set(|s| s.key_style = KeyStyle::SingleObject);
    sandbox.club.renew(0, UNTIL);
    assert_eq!(each(&sandbox.sync(0), "changes", "outcome"), ["confirmed"]);
    sandbox.assert_well_behaved();
}

#[test]
fn members_are_found_by_an_e_mail_on_the_door() {
    for field in ["email", "Email", "eMail"] {
        let mut world = World::agreeing(5, 1);
        for (member, person) in world.members.iter().zip(&mut world.devices[0]) {
            person.email = member.email.to_uppercase();
        }
        let mut sandbox = Sandbox::with(world.start());
        sandbox.set("link", "by = [\"device-email\"]");
        let door = &sandbox.club.devices[0];
        door.set(|s| s.email_field = Some(field.to_owned()));
        sandbox.club.renew(2, UNTIL);
        assert_eq!(each(&sandbox.sync(0), "changes", "employee_no"), [employee_no(2)], "{field}");
        assert_eq!(door.person(&employee_no(2)).unwrap().end, format!("{UNTIL}T23:59:59"));
        sandbox.assert_well_behaved();
    }
}

#[test]
fn members_are_found_by_an_e_mail_in_person_info_extends() {
    let mut world = World::agreeing(5, 1);
    for (member, person) in world.members.iter().zip(&mut world.devices[0]) {
        person.extends = vec![member.email.clone()];
    }
    let mut sandbox = Sandbox::with(world.start());
    sandbox.set("link", "by = [\"device-email\"]");
    sandbox.club.renew(2, UNTIL);
    let door = &sandbox.club.devices[0];
    let before = door.person(&employee_no(2)).unwrap();
    assert_eq!(each(&sandbox.sync(0), "changes", "outcome"), ["confirmed"]);
    assert_eq!(door.person(&employee_no(2)).unwrap().extends, before.extends, "sent back");
    sandbox.assert_well_behaved();
}
