//! `lookup`: one member, both sides, and why the door opens or does not.

use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::club::{ORGANISATION, ROLE, number};
use serde_json::{Value, json};

use super::support::pinned::START;
use super::support::{Sandbox, said};

const LATER: &str = "2026-03-10T10:05:00Z";

/// The only member of a lookup that ended with this code.
#[track_caller]
fn one(sandbox: &Sandbox, now: &str, who: &str, code: i32) -> Value {
    let document = sandbox.at(now, &["lookup", who, "--json"]).ends(code).json();
    assert_eq!(document["exit_code"], code);
    assert_eq!(document["who"], who);
    let members = document["members"].as_array().unwrap();
    assert_eq!(members.len(), 1, "{document:#}");
    members[0].clone()
}

/// What the first door tells of a member, and the text of the same.
#[track_caller]
fn on_door(sandbox: &Sandbox, now: &str, who: &str, code: i32) -> (Value, String) {
    let member = one(sandbox, now, who, code);
    (member["devices"][0].clone(), sandbox.at(now, &["lookup", who]).ends(code).stdout)
}

#[test]
fn a_member_is_found_by_e_mail_number_and_person() {
    let sandbox = Sandbox::pinned(10, 2);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.sync_at(LATER, 0);
    let email = sandbox.club.cardskipper.member(number(3)).unwrap().email;
    let begin = sandbox.club.devices[0].person("1004").unwrap().begin;
    let now = "2026-03-10T10:07:00Z";
    for who in ["150004", "person:1004", &email, &format!(" {} ", email.to_uppercase())] {
        let member = one(&sandbox, now, who, 0);
        assert_eq!(member["number"], 150_004, "{who}");
        assert_eq!((&member["source"], &member["active"]), (&json!("club"), &json!(true)));
        assert_eq!(member["email"], email.as_str());
        let role = &member["roles"][0];
        assert_eq!((&role["id"], &role["name"]), (&json!(ROLE), &json!("Gym")));
        let window = json!({"begin": begin, "end": "2030-11-01T23:59:59"});
        assert_eq!(member["validity"], window);
        for (device, name) in member["devices"].as_array().unwrap().iter().zip(["door1", "door2"]) {
            assert_eq!(device["name"], name);
            assert_eq!(device["employee_no"], "1004");
            assert_eq!(device["linked_by"], "file");
            assert_eq!(device["expected"], window);
            assert_eq!(device["actual"]["end"], window["end"]);
            assert_eq!(device["actual"]["enable"], true);
            assert_eq!(device["in_step"], true);
            assert_eq!(device["opens_now"], true);
            assert_eq!(device["why"], "Valid on the door until 2030-11-01.");
            assert_eq!(device["confirmed_at"], "2026-03-10T10:05:00Z");
        }
        let history = member["history"].as_array().unwrap();
        assert_eq!(history.len(), 2);
        assert_eq!(history[0]["cause"], "renewed");
        assert_eq!(history[0]["after"]["end"], "2030-11-01T23:59:59");
        assert_eq!(history[0]["outcome"], "confirmed");
        assert_eq!(history[0]["at"], "2026-03-10T10:05:00Z");
    }
    sandbox.assert_well_behaved();
}

/// What somebody at the desk types: a beginning, without accents, unquoted, in any order.
#[test]
fn a_member_is_found_by_name_and_several_are_listed() {
    let sandbox = Sandbox::pinned(10, 1);
    let rename = |place: usize, first: &str, last: &str| {
        let name = |member: &mut Member| *member = member.clone().name(first, last);
        assert!(sandbox.club.cardskipper.edit(number(place), name));
    };
    rename(1, "Žiga", "Štrukelj");
    rename(2, "Žiga", "Štrukelj-Øvrebø");
    rename(3, "Ana", "Strukelj");
    sandbox.sync_at(START, 0);
    let look = |words: &[&str], code: i32| {
        let line: Vec<&str> = ["lookup", "--json"].iter().chain(words).copied().collect();
        sandbox.at(LATER, &line).ends(code).json()
    };
    for (words, found) in [
        (&["ZIGA", "strukelj"][..], 150_002),
        (&["ovre"], 150_003),
        (&["strukelj ana"], 150_004),
        (&["struk", "an"], 150_004),
    ] {
        let document = look(words, 0);
        assert_eq!(document["members"][0]["number"], found, "{words:?}");
        assert_eq!(document["several"], json!([]));
    }
    let document = look(&["strukelj"], 20);
    assert_eq!(document["members"], json!([]));
    let several = document["several"].as_array().unwrap().iter();
    let several: Vec<_> = several.map(|one| (&one["number"], &one["name"])).collect();
    let (two, three, four) = (json!(150_002), json!(150_003), json!(150_004));
    let names = [json!("Žiga Štrukelj"), json!("Žiga Štrukelj-Øvrebø"), json!("Ana Strukelj")];
    assert_eq!(several, [(&two, &names[0]), (&three, &names[1]), (&four, &names[2])]);
    let text = sandbox.at(LATER, &["lookup", "--offline", "strukelj"]).ends(20).stdout;
    assert!(text.starts_with("3 members fit strukelj:"), "{text}");
    assert!(text.contains("150004") && text.contains("`ivms-sync lookup 150002`"), "{text}");

    // A slip of the finger; a person on the door whom no member is linked to; and no name at all.
    let text = sandbox.at(LATER, &["lookup", "ana", "strukely"]).ends(20).stdout;
    assert!(text.contains("Did you mean:\n  - 150004 (Ana Strukelj)"), "{text}");
    let text = sandbox.at(LATER, &["lookup", "cistilka"]).ends(20).stdout;
    assert!(text.contains("person:9002 (Čistilka) of door1, linked to no member"), "{text}");
    sandbox.at(LATER, &["lookup", "-"]).ends(64);
    sandbox.assert_well_behaved();
}

/// Whether the door or the file is to be mended.
#[test]
fn in_no_file_and_in_a_file_but_not_on_the_door_are_two_reasons() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.club.devices[0].remove_person("1003");
    sandbox.sync_at(START, 0);
    let (door, text) = on_door(&sandbox, LATER, "150003", 21);
    assert_eq!(door["reason"], "not-on-door");
    let why = "In a link file, but that person is not on the door (a link file names person 1003).";
    assert!(door["why"].as_str().unwrap().starts_with(why), "{door:#}");
    assert!(text.contains("correct the id in the link file"), "{text}");
}

#[test]
fn a_look_asks_for_news_and_for_the_person_and_writes_nothing() {
    let sandbox = Sandbox::pinned(40, 1);
    sandbox.sync_at(START, 0);
    let (doors, rows) = (sandbox.doors(), sandbox.rows());
    sandbox.club.renew(3, "2030-11-01");
    sandbox.clear_requests();
    let (door, text) = on_door(&sandbox, LATER, "150004", 21);
    assert_eq!((&door["in_step"], &door["opens_now"]), (&json!(false), &json!(true)));
    assert!(door["next"].as_str().unwrap().contains("2030-11-01"), "{door}");
    assert!(text.contains("the next sync sets it to"), "{text}");
    assert_eq!(sandbox.club.cardskipper.requests().len(), 2, "one for each look");
    let requests = sandbox.club.devices[0].requests();
    let searches = requests.iter().filter(|r| r.is_authenticated() && r.path().contains("Search"));
    let searches: Vec<_> = searches.map(|request| request.text()).collect();
    assert_eq!(searches.len(), 2);
    assert!(searches.iter().all(|text| text.contains("EmployeeNoList")), "just this person");
    assert_eq!((sandbox.doors(), sandbox.rows()), (doors, rows));
    sandbox.assert_well_behaved();
}

#[test]
fn nobody_found_says_what_was_searched() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    for (who, advice) in
        [("nobody@example.si", "exactly this e-mail"), ("999", "number"), ("person:4711", "person")]
    {
        let document = sandbox.at(LATER, &["lookup", who, "--json"]).ends(20).json();
        assert_eq!((&document["members"], &document["exit_code"]), (&json!([]), &json!(20)));
        let text = sandbox.at(LATER, &["lookup", who]).ends(20).stdout;
        assert!(text.starts_with(&format!("Nobody found for {who}.")), "{text}");
        for place in ["10 members of club (organisation 123)", "13 persons on door1", "persons.csv"]
        {
            assert!(text.contains(place), "{place}: {text}");
        }
        assert!(text.lines().last().unwrap().contains(advice), "{text}");
    }
    // There is such a person, and nobody is linked to it.
    let text = sandbox.at(LATER, &["lookup", "person:9002"]).ends(20).stdout;
    let told = "Person 9002 is on door1 (Čistilka), but no member is linked to it";
    assert!(text.contains(told), "{text}");
    // Before the first run nothing is known, and the look itself asks everybody.
    let fresh = Sandbox::pinned(10, 1);
    fresh.at(START, &["lookup", "150004"]).ends(0);
    let text = fresh.at(START, &["lookup", "150004", "--offline"]).ends(20).stdout;
    assert!(text.contains("0 members of club") && text.contains("sync"), "{text}");
    sandbox.assert_well_behaved();
}

/// Where nothing else can have changed, those alone are looked at who are meant, and whom a listing has news of.
/// Mutants: everybody is read; whoever is linked to a person is left out; half a name is enough beside a whole
/// one; a look at a few members says that nobody is known; what a listing says of whoever is meant is left out.
#[test]
fn those_alone_are_looked_at_who_are_meant() {
    for offline in [&["--offline"][..], &[]] {
        let sandbox = Sandbox::pinned(10, 2);
        let email = sandbox.club.cardskipper.member(number(3)).unwrap().email;
        sandbox.club.cardskipper.edit(number(5), |member| member.last = "Ekström".into());
        sandbox.sync_at(START, 0);
        for now in ["2026-03-10T10:02:00Z", LATER, "2026-03-10T11:30:00Z", "2026-03-10T11:35:00Z"] {
            sandbox.clocks(now);
            sandbox.sync_at(now, 0);
        }
        let now = "2026-03-10T11:37:00Z";
        sandbox.clocks(now);
        let lookup = |who: &str, is_compared: bool, code: i32| {
            let mut command = sandbox.command();
            if !is_compared {
                command.env_remove("IVMS_SYNC_TEST_LOOKS");
            }
            command.env("IVMS_SYNC_TEST_NOW", now).args(["lookup", who, "--json"]).args(offline);
            said(&mut command).ends(code)
        };
        let asked = ["150004", &email, "person:1004", "asa ek", "ekstrom"];
        let before = asked.map(|who| lookup(who, true, 0).json());
        for who in ["4711", "x@example.si", "person:9002", "nobody of this name"] {
            lookup(who, true, 20);
        }
        // Whoever reads this member sees it.
        sandbox.tamper("UPDATE member SET inactive = 1 WHERE number = '150008'");
        for (who, before) in asked.into_iter().zip(before) {
            assert_eq!(before["members"].as_array().unwrap().len(), 1, "{who}");
            assert_eq!(lookup(who, false, 0).json(), before, "{who}");
        }
        let damaged = "a member does not fit its checksum";
        for who in ["150008", "150004711", "person:1008"] {
            assert!(lookup(who, false, 7).stderr.contains(damaged), "{who}");
        }
        assert!(lookup("150004", true, 7).stderr.contains(damaged), "{offline:?}");
        if offline.is_empty() {
            // What the next run does for whoever has just paid.
            sandbox.club.renew(3, "2031-01-31");
            let member = lookup("150004", false, 21).json()["members"][0].clone();
            assert_eq!(member["validity"]["end"], "2031-01-31T23:59:59");
            assert_eq!(member["devices"][0]["in_step"], false);
        }
    }
}

#[test]
fn a_search_that_could_not_be_made_is_not_nobody() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.go_offline();
    sandbox.at(LATER, &["lookup", "999"]).ends(5);
    let said = sandbox.at(LATER, &["lookup", "150004"]).ends(0);
    assert!(said.stderr.contains("club: "), "it says that this is old news: {}", said.stderr);
    sandbox.assert_well_behaved();
}

#[test]
fn several_members_with_one_e_mail_are_all_told() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let email = sandbox.club.cardskipper.member(number(3)).unwrap().email;
    sandbox.club.cardskipper.edit(number(4), |member| member.email.clone_from(&email));
    // A child with the address of a parent.
    let child = Member::new(150_100).name("Nova", "Članica").email(&email);
    sandbox.club.cardskipper.add(child.role(ORGANISATION, ROLE, "2026-03-10", "2027-03-09"));
    sandbox.sync_at(LATER, 0);
    let document = sandbox.at(LATER, &["lookup", &email, "--json"]).json();
    let members = document["members"].as_array().unwrap();
    let numbers: Vec<_> = members.iter().map(|member| member["number"].clone()).collect();
    assert_eq!(numbers, [150_004, 150_005, 150_100]);
    let reasons: Vec<_> = members.iter().map(|m| m["devices"][0]["reason"].clone()).collect();
    assert_eq!(reasons, [json!(null), json!("name-differs"), json!("ambiguous")]);
    let text = sandbox.at(LATER, &["lookup", &email]).stdout;
    assert!(text.starts_with("3 members fit "), "{text}");
    for number in [150_004, 150_005, 150_100] {
        assert!(text.contains(&format!("member {number} of club")), "{text}");
    }
    // Who was linked first keeps the person; whose e-mail leads to somebody else now does not move.
    assert!(text.contains("Valid on the door until 2026-08-20."), "{text}");
    assert!(text.contains("--accept-link door1=1004:150005"), "{text}");
    assert!(text.contains("More than one match"), "{text}");
    sandbox.assert_well_behaved();
}

#[test]
fn a_door_that_is_behind_ends_with_21_and_says_why() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let door = &sandbox.club.devices[0];

    door.edit_person("1004", |person| person.end = "2026-03-01T23:59:59".to_owned());
    let (told, text) = on_door(&sandbox, LATER, "150004", 21);
    assert_eq!((&told["in_step"], &told["opens_now"]), (&json!(false), &json!(false)));
    assert_eq!(told["actual"]["end"], "2026-03-01T23:59:59");
    let why = told["why"].as_str().unwrap();
    assert!(why.contains("ended 2026-03-01") && why.contains("behind"), "{why}");
    assert!(text.contains("door1: does not open now"), "{text}");

    sandbox.club.inactivate(4);
    let (told, text) = on_door(&sandbox, LATER, "150005", 21);
    assert_eq!(told["opens_now"], true);
    assert!(told["why"].as_str().unwrap().contains("no paid membership"), "{told}");
    assert!(text.contains("marked inactive in Cardskipper"), "{text}");

    // A person who was removed.
    door.remove_person("1006");
    let (told, _) = on_door(&sandbox, LATER, "150006", 21);
    assert_eq!((&told["actual"], &told["opens_now"]), (&json!(null), &json!(false)));
    assert!(told["why"].as_str().unwrap().starts_with("No person found"), "{told}");
    sandbox.assert_well_behaved();
}

#[test]
fn whom_nothing_is_done_for_is_told_why() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.set("hikvision.door1", "protect = [\"1004\"]");
    let door = &sandbox.club.devices[0];
    door.edit_person("1005", |person| person.enable = false);
    door.edit_person("1006", |person| person.user_type = "blackList".to_owned());
    sandbox.club.cardskipper.edit(number(6), |member| member.email.clear());
    sandbox.club.cardskipper.edit(number(7), |member| member.organisations[0].roles.clear());
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    for (who, code, reason, opens, words) in [
        ("150004", 21, "protected", true, "protected"),
        ("150005", 21, "permanent-on-device", true, "switched off on the door"),
        ("150006", 0, "protected", false, "barred"),
        ("150007", 21, "no-email", false, "No e-mail in the membership system"),
        ("150008", 0, "no-door-role", true, "no membership opens a door"),
    ] {
        let (told, text) = on_door(&sandbox, LATER, who, code);
        assert_eq!(told["reason"], reason, "{who}");
        assert_eq!(told["opens_now"], opens, "{who}: {text}");
        assert!(text.contains(words), "{who}: {text}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_future_membership_and_a_bad_entry_are_explained() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.club.cardskipper.edit(number(3), |member| {
        member.organisations[0].roles[0].start = "2026-04-01".to_owned();
        member.organisations[0].roles[0].end = "2026-12-31".to_owned();
    });
    // Until a second listing says so, the door keeps what it holds, and that is told.
    let (told, text) = on_door(&sandbox, "2026-03-10T09:50:00Z", "150004", 21);
    assert_eq!(told["opens_now"], true);
    assert!(text.contains("next        waits for a second look"), "{text}");
    assert!(!text.contains("approval"), "{text}");
    sandbox.sync_at("2026-03-10T09:55:00Z", 0);
    sandbox.sync_at(START, 0);
    let (told, _) = on_door(&sandbox, LATER, "150004", 0);
    assert_eq!(told["opens_now"], false);
    assert!(told["why"].as_str().unwrap().contains("begins 2026-04-01"), "{told}");

    sandbox.club.cardskipper.edit(number(4), |member| {
        member.organisations[0].roles[0].end = "soon".to_owned();
    });
    let text = sandbox.at(LATER, &["lookup", "150005"]).stdout;
    assert!(text.contains("membership  role 3126: EndDate is `soon`, not a date\n"), "{text}");
    assert!(text.contains("may enter   not known"), "{text}");
    assert!(text.contains("; what is paid for cannot be read.\n"), "{text}");
    sandbox.club.cardskipper.edit(number(4), |member| member.organisations[0].roles[0].id = -1);
    let text = sandbox.at(LATER, &["lookup", "150005"]).stdout;
    assert!(text.contains("cannot be used: the Id of a role is `-1`"), "{text}");
    sandbox.assert_well_behaved();
}

#[test]
fn role_names_are_for_show_and_may_be_missing() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.club.cardskipper.set(|switches| switches.rights.organisation_info = false);
    sandbox.sync_at(START, 0);
    let member = one(&sandbox, LATER, "150004", 0);
    assert_eq!(member["roles"][0]["name"], Value::Null);
    let text = sandbox.at(LATER, &["lookup", "150004"]).ends(0);
    assert!(text.stdout.contains("role 3126"), "{}", text.stdout);
    assert_eq!(text.stderr, "", "a missing right for names is no trouble");

    // Once the right is given, the name is there.
    sandbox.club.cardskipper.set(|switches| switches.rights.organisation_info = true);
    assert_eq!(one(&sandbox, LATER, "150004", 0)["roles"][0]["name"], "Gym");
    // A role that the answer does not name keeps its number.
    sandbox.club.cardskipper.edit(number(3), |member| member.organisations[0].roles[0].id = 77);
    let text = sandbox.at(LATER, &["lookup", "150004"]).ends(0).stdout;
    assert!(text.contains("  role 77\n"), "{text}");
    sandbox.assert_well_behaved();
}

#[test]
fn offline_asks_nobody() {
    let sandbox = Sandbox::pinned(10, 2);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.sync_at(LATER, 0);
    sandbox.club.devices[0].edit_person("1004", |person| person.enable = false);
    sandbox.clear_requests();
    let now = "2026-03-11T10:00:00Z";
    let said = sandbox.at(now, &["lookup", "150004", "--offline"]).ends(0);
    assert!(said.stdout.contains("from memory"), "{}", said.stdout);
    assert!(said.stdout.contains("2026-03-10 11:00"), "as of the last reading");
    let json = sandbox.at(now, &["lookup", "150004", "--offline", "--json"]).ends(0).json();
    assert_eq!(json["members"][0]["roles"][0]["name"], "Gym");
    assert_eq!(json["members"][0]["devices"][0]["read_at"], "2026-03-10T10:00:00Z");
    sandbox.at(now, &["lookup", "nobody@example.si", "--offline"]).ends(20);
    assert!(sandbox.club.cardskipper.requests().is_empty());
    assert!(sandbox.club.devices.iter().all(|device| device.requests().is_empty()));
    sandbox.assert_well_behaved();
}

#[test]
fn a_door_that_is_off_is_told_from_memory() {
    let sandbox = Sandbox::pinned(10, 2);
    sandbox.sync_at(START, 0);
    sandbox.club.devices[0].go_offline();
    let said = sandbox.at(LATER, &["lookup", "150004"]).ends(0);
    assert!(said.stderr.contains("door1: "), "{}", said.stderr);
    let memory = "The door could not be asked now; this is from memory.";
    assert_eq!(said.stdout.matches(memory).count(), 1, "{}", said.stdout);
    let member = one(&sandbox, LATER, "150004", 0);
    let why = |place: usize| member["devices"][place]["why"].as_str().unwrap().to_owned();
    assert!(why(0).starts_with(memory) && why(1).starts_with("Valid"), "{member:#}");
    // A door that was never seen.
    let fresh = Sandbox::pinned(10, 1);
    fresh.club.devices[0].go_offline();
    let text = fresh.at(START, &["lookup", "150004"]).stdout;
    assert!(text.contains("not known yet"), "{text}");
    sandbox.assert_well_behaved();
}

#[test]
fn what_another_device_at_the_address_holds_is_nobody_of_ours() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let door = &sandbox.club.devices[0];
    door.edit_settings(|settings| settings.serial_number = "DS-OTHER".to_owned());
    assert!(door.edit_person("1003", |person| person.end = "2020-01-01T00:00:00".to_owned()));
    let said = sandbox.at(LATER, &["lookup", "150002"]).ends(0);
    assert!(said.stderr.contains("another device?"), "{}", said.stderr);
    assert!(said.stdout.contains("this is from memory"), "{}", said.stdout);
    assert!(!said.stdout.contains("2020-01-01"), "nothing is taken from it: {}", said.stdout);
}

#[test]
fn history_tells_what_failed_and_is_newest_first() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.devices[0].set(|switches| {
        switches.effect = ivms_sync_simulators::hikvision::Effect::OkNotApplied;
    });
    sandbox.sync_at(LATER, 3);
    sandbox.club.devices[0].set(|switches| {
        switches.effect = ivms_sync_simulators::hikvision::Effect::Applied;
    });
    sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    let member = one(&sandbox, "2026-03-10T10:12:00Z", "150004", 0);
    let history = member["history"].as_array().unwrap();
    let outcomes: Vec<_> = history.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["confirmed", "not-applied"]);
    assert!(history[1]["error"].is_string());
    // A member without history says so.
    let text = sandbox.at(LATER, &["lookup", "150003"]).ends(0).stdout;
    assert!(text.contains("Nothing was ever changed for this member."), "{text}");
    sandbox.assert_well_behaved();
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.club.cardskipper.edit(number(3), |member| {
        member.first = "Ana\u{202e}".to_owned();
        member.last = "Novak\u{9b}31m\u{2028}x".to_owned();
    });
    sandbox.sync_at(START, 0);
    let text = sandbox.at(LATER, &["lookup", "150004"]).ends(0).stdout;
    assert!(!text.contains(['\u{202e}', '\u{9b}', '\u{2028}', '\u{1b}']), "{text:?}");
    sandbox.assert_well_behaved();
}
