//! Odd persons: numbers, names, dates that no test club has and some gym will.

use ivms_sync_simulators::club::World;
use ivms_sync_simulators::hikvision::Person;
use serde_json::json;

use super::super::support::{Sandbox, each};
use super::UNTIL;

/// A club whose first members have these numbers on the door.
fn numbered(numbers: &[&str]) -> Sandbox {
    let mut world = World::agreeing(numbers.len(), 1);
    let mut links = "Person ID,Email\n".to_owned();
    for ((number, person), member) in numbers.iter().zip(&mut world.devices[0]).zip(&world.members)
    {
        person.employee_no = (*number).to_owned();
        links.push_str(&format!("\"{}\",{}\n", number.replace('"', "\"\""), member.email));
    }
    let sandbox = Sandbox::with(world.start());
    std::fs::write(sandbox.path("persons.csv"), links).unwrap();
    sandbox
}

#[test]
fn numbers_are_text_to_the_byte() {
    let longest = "x".repeat(32);
    let numbers = [
        "7",
        "007",
        "07",
        "v7.0",
        "-7",
        "0",
        "00000000",
        "1e3",
        longest.as_str(),
        "čšž",
        "漢字",
        "a b",
        "x1,3",
        "a\"b",
        "a'b",
        "a\\b",
        "<7>",
        "&amp;",
        "ana@example.si",
        "%37",
        "7;",
        "Ä",
        "A\u{308}",
        "x7",
        "X7",
        "99999999999999999999",
    ];
    for renewed in [0, 1, 8, 9, 13, 15, 21, 24] {
        let sandbox = numbered(&numbers);
        let door = &sandbox.club.devices[0];
        let mut expected = door.persons();
        expected[renewed].end = format!("{UNTIL}T23:59:59");
        assert!(sandbox.club.renew(renewed, UNTIL));
        let run = sandbox.sync(0);
        assert_eq!(run["left_out"], json!([]));
        assert_eq!(each(&run, "changes", "employee_no"), [numbers[renewed]]);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
        assert_eq!(door.persons(), expected, "{:?} and nobody else", numbers[renewed]);
        let who = format!("person:{}", numbers[renewed]);
        let found = sandbox.run(&["lookup", &who, "--json"]).ends(0).json();
        assert_eq!(found["members"][0]["devices"][0]["employee_no"], numbers[renewed]);
        sandbox.assert_well_behaved();
    }
    let sandbox = numbered(&numbers);
    for index in 0..numbers.len() {
        sandbox.club.renew(index, UNTIL);
    }
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; numbers.len()]);
    let full = sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(full["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn names_do_not_matter_and_stay_as_they_are() {
    let names = [
        "",
        " ",
        "Ana",
        "O'Brien <&> \"x\" \\",
        "# $ % ! ? ^ | ~",
        "漢字 漢字",
        "A\u{308}a",
        "\u{202e}anA",
        "123",
        "007",
        "true",
        "null",
        "{\"a\":1}",
        "line\nbreak",
        "tab\tstop",
    ];
    let long = "n".repeat(128);
    let mut world = World::agreeing(names.len() + 1, 1);
    for (name, person) in names.iter().copied().chain([long.as_str()]).zip(&mut world.devices[0]) {
        person.name = name.to_owned();
    }
    let sandbox = Sandbox::with(world.start());
    let door = &sandbox.club.devices[0];
    let mut expected = door.persons();
    for (index, person) in expected.iter_mut().enumerate().take(names.len() + 1) {
        sandbox.club.renew(index, UNTIL);
        person.end = format!("{UNTIL}T23:59:59");
    }
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; names.len() + 1]);
    assert_eq!(door.persons(), expected);
    sandbox.assert_well_behaved();
}

#[test]
fn whoever_has_no_usable_number_is_left_out_and_told_once_a_day() {
    let sandbox = Sandbox::agreeing(35, 1);
    let door = &sandbox.club.devices[0];
    door.add_person(Person::new("").name("Nobody"));
    door.add_person(Person::new(&"x".repeat(33)).name("Too Long"));
    sandbox.club.renew(34, UNTIL);
    let said = sandbox.run(&["sync", "--json"]).ends(0);
    assert_eq!(each(&said.json(), "changes", "outcome"), ["confirmed"]);
    assert!(said.stderr.contains("has no employeeNo"), "{}", said.stderr);
    assert!(said.stderr.contains("and 1 more"), "{}", said.stderr);
    assert!(!said.stderr.contains("Nobody") && !said.stderr.contains("Too Long"));
    for arguments in [&["sync", "--full"][..], &["sync"], &["sync", "--full"]] {
        let again = sandbox.run(arguments).ends(0);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "cron sends no mail");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn times_with_an_offset_are_read_in_the_doors_zone() {
    let mut world = World::agreeing(5, 1);
    for (index, person) in world.devices[0].iter_mut().enumerate().take(5) {
        // Summer and winter: the begin of day in Ljubljana is told in UTC.
        world.members[index].organisations[0].roles[0].start = "2026-07-01".to_owned();
        world.members[index].set_end("2027-01-31");
        person.begin = "2026-06-30T22:00:00Z".to_owned();
        person.end = "2027-01-31T23:59:59+01:00".to_owned();
        person.time_type = Some("UTC".to_owned());
    }
    let sandbox = Sandbox::with(world.start());
    let door = &sandbox.club.devices[0];
    let before = door.persons();
    assert_eq!(sandbox.sync(0)["changes"], json!([]), "the same moments in other words");
    assert!(sandbox.club.renew(1, UNTIL));
    assert_eq!(each(&sandbox.sync(0), "changes", "outcome"), ["confirmed"]);
    let person = door.person("1002").unwrap();
    assert_eq!(
        (person.begin.as_str(), person.end.as_str(), person.time_type.as_deref()),
        ("2026-07-01T00:00:00", "2036-11-01T23:59:59", Some("local"))
    );
    assert_eq!(door.person("1001").unwrap(), before[0]);
    sandbox.assert_well_behaved();
}

#[test]
fn times_without_a_type_are_local() {
    let mut world = World::agreeing(5, 1);
    for person in &mut world.devices[0] {
        person.time_type = None;
    }
    let sandbox = Sandbox::with(world.start());
    assert_eq!(sandbox.sync(0)["changes"], json!([]));
    assert!(sandbox.club.renew(1, UNTIL));
    assert_eq!(each(&sandbox.sync(0), "changes", "outcome"), ["confirmed"]);
    assert_eq!(sandbox.club.devices[0].person("1002").unwrap().time_type.as_deref(), Some("local"));
    sandbox.assert_well_behaved();
}

#[test]
fn somebody_put_on_the_door_later_is_found_by_the_next_audit() {
    let mut world = World::agreeing(5, 1);
    let late = world.devices[0].remove(4);
    let sandbox = Sandbox::with(world.start());
    let door = &sandbox.club.devices[0];
    assert_eq!(each(&sandbox.sync(0), "left_out", "reason"), ["not-on-door"]);
    door.add_person(Person { end: "2026-01-02T23:59:59".to_owned(), ..late.clone() });
    assert_eq!(each(&sandbox.sync(0), "left_out", "reason"), ["not-on-door"], "not read yet");
    let run = sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(door.person(&late.employee_no).unwrap().end, late.end);
    sandbox.assert_well_behaved();
}
