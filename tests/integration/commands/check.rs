//! `check`: everything is asked once, nothing is written, and each line says what to do.

use chrono::TimeDelta;
use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::club::{ORGANISATION, ROLE, World, number};
use ivms_sync_simulators::hikvision::Settings;
use ivms_sync_simulators::http::{Fault, Tls};
use serde_json::{Value, json};

use crate::support::pinned::START;
use crate::support::{Sandbox, each};

/// What `check` says of one thing: verdict and text.
fn about<'a>(document: &'a Value, thing: &str) -> Vec<(&'a str, &'a str)> {
    let findings = document["findings"].as_array().unwrap().iter();
    let mine = findings.filter(|finding| finding["about"] == thing);
    mine.map(|f| (f["verdict"].as_str().unwrap(), f["text"].as_str().unwrap())).collect()
}

fn check(sandbox: &Sandbox, code: i32) -> Value {
    let document = sandbox.at(START, &["check", "--json"]).ends(code).json();
    assert_eq!(document["exit_code"], code);
    document
}

#[test]
fn all_is_well_before_the_first_run_and_after() {
    let sandbox = Sandbox::pinned(12, 2);
    for _ in 0..2 {
        let document = check(&sandbox, 0);
        let verdicts = each(&document, "findings", "verdict");
        assert!(verdicts.iter().all(|verdict| *verdict == "ok"), "{document}");
        let roles = ("ok", "roles: 3126 Gym 12 members");
        assert_eq!(about(&document, "club"), [("ok", "12 members"), roles]);
        let door: Vec<_> = about(&document, "door1").into_iter().map(|(_, text)| text).collect();
        assert!(door[0].contains("firmware V") && door[0].ends_with("15 persons"), "{door:?}");
        assert!(door[1].contains("clock is right"), "{door:?}");
        let able = "holds at most 3000 persons, lists 30 at a time, lets them be changed, \
                    takes dates up to 2037-12-31T23:59:59";
        assert_eq!(door[2..], [able, "12 of 12 members linked"]);
        assert!(sandbox.club.devices.iter().all(|door| door.writes().is_empty()));
        sandbox.sync_at(START, 0);
    }
    let said = sandbox.at(START, &["check"]).ends(0);
    assert!(said.stdout.ends_with("\nReady to run.\n"), "{}", said.stdout);
    assert_eq!(said.stderr, "");
    sandbox.assert_well_behaved();
}

#[test]
fn links_that_are_missing_are_counted() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.club.cardskipper.edit(number(3), |member| member.email = String::new());
    sandbox.club.devices[0].remove_person("1005");
    let document = check(&sandbox, 0);
    let lines = about(&document, "door1");
    let links = "10 of 12 members linked; 1 without e-mail; 1 in a link file, but not on the door";
    assert!(lines.contains(&("warning", links)), "{lines:?}");
}

/// Mutants: a role of the configuration that is held against nobody; a door's own roles that are not looked
/// at; a listing that was not accepted held against the roles.
#[test]
fn roles_that_nobody_holds_are_a_failure_and_all_are_listed() {
    let mut sandbox = Sandbox::pinned(12, 2);
    let sauna = |member: &mut Member| {
        *member = member.clone().role(ORGANISATION, ROLE + 36, "2020-01-01", "2020-01-31");
    };
    sandbox.club.cardskipper.edit(number(3), sauna);
    sandbox.set("cardskipper.club", "roles = [3126, 3162]");
    sandbox.set("hikvision.door2", "roles = [3162]");
    let document = check(&sandbox, 0);
    let listed = "roles: 3126 Gym 12 members, 3162 1 member";
    assert_eq!(about(&document, "club")[1], ("ok", listed), "also where it is over");

    // The one who held it is renamed to another role.
    sandbox.club.cardskipper.edit(number(3), |member| {
        member.organisations[0].roles[1].id = 3163;
    });
    let document = check(&sandbox, 78);
    let wrong = "nobody holds 3162, which is listed under `roles`";
    assert!(about(&document, "club").contains(&("failed", wrong)), "{document}");
    let shut = "of 12 members nobody holds a role named under `roles` (3162), so no door opens";
    assert!(about(&document, "door2").contains(&("failed", shut)), "{document}");
    assert!(about(&document, "door1").iter().all(|(verdict, _)| *verdict == "ok"), "{document}");
    let remedies = document["findings"].as_array().unwrap().iter();
    let remedy = remedies.filter_map(|one| one["remedy"].as_str()).next().unwrap();
    assert!(remedy.contains("[cardskipper.club]") && remedy.ends_with("hold 3163"), "{remedy}");

    sandbox.club.cardskipper.go_offline();
    let document = check(&sandbox, 5);
    assert!(!document.to_string().contains("under `roles`"), "{document}");
}

#[test]
fn each_failure_is_named_and_the_worst_counts() {
    let sandbox = Sandbox::pinned(12, 2);
    sandbox.club.devices[0].go_offline();
    sandbox.club.devices[1].set_clock_offset(TimeDelta::hours(-1));
    let document = check(&sandbox, 3);
    let (away, wrong) = (about(&document, "door1"), about(&document, "door2"));
    assert_eq!(away[0].0, "failed");
    assert!(away[0].1.contains("could not be reached"), "{away:?}");
    let clock = |line: &&(&str, &str)| line.1.starts_with("its clock is 36");
    assert_eq!(wrong.iter().find(clock).unwrap().0, "failed", "{wrong:?}");

    sandbox.club.cardskipper.edit_settings(|settings| settings.password = "Other".into());
    let document = check(&sandbox, 12);
    assert_eq!(about(&document, "club")[0].0, "failed");

    std::fs::write(sandbox.state(), "no database at all").unwrap();
    let document = check(&sandbox, 7);
    assert_eq!(about(&document, "configuration")[0].0, "ok");
    assert_eq!(about(&document, "state file")[0].0, "failed");
    for finding in document["findings"].as_array().unwrap() {
        let needs_remedy = finding["verdict"] == "failed";
        assert!(!needs_remedy || finding["remedy"].is_string(), "{finding}");
    }
}

#[test]
fn a_login_left_alone_is_tried_again_by_hand_but_never_into_a_lock() {
    let sandbox = Sandbox::pinned(5, 1);
    let door = &sandbox.club.devices[0];
    door.set_password("Changed-by-somebody");
    // A door that locks late and so holds nobody back: the program's own count has to.
    door.set(|switches| switches.lock.failures = 20);
    for at in ["10:00", "10:30"] {
        sandbox.sync_at(&format!("2026-03-10T{at}:00Z"), 12);
    }
    let logins = || door.requests().iter().filter(|r| r.is_authenticated()).count();
    sandbox.sync_at("2026-03-10T10:45:00Z", 12);
    assert_eq!(logins(), 2, "left alone");
    // Whoever hammers on it spends three tries, and then has to wait as well.
    for (minute, sent) in [(0, 3), (1, 4), (2, 5), (3, 5), (4, 5)] {
        sandbox.at(&format!("2026-03-10T12:0{minute}:00Z"), &["check"]).ends(12);
        assert_eq!(logins(), sent, "minute {minute}");
    }
    sandbox.at("2026-03-10T12:29:00Z", &["check"]).ends(12);
    assert_eq!(logins(), 5);
    // The administrator puts the old password back on the door: one check, and it works again.
    door.set_password("Door-secret-1");
    sandbox.at("2026-03-10T12:31:00Z", &["check"]).ends(0);
    let run = sandbox.sync_at("2026-03-10T12:35:00Z", 0);
    assert_eq!(run["problems"], json!([]));
    sandbox.assert_well_behaved();
}

/// A club of five behind one door with these settings.
fn at_door(settings: &Settings) -> Sandbox {
    Sandbox::with(World::agreeing(5, 1).start_with(Default::default(), settings))
}

#[test]
fn the_certificate_is_shown_so_that_it_can_be_pinned() {
    let mut sandbox = at_door(&Settings { tls: Tls::SelfSigned, ..Settings::default() });
    let shown = sandbox.club.devices[0].certificate_sha256().unwrap();
    // By the system's roots the door is refused, and the line says what to write.
    let document = check(&sandbox, 3);
    let lines = about(&document, "door1");
    assert!(lines.contains(&("ok", &format!("its certificate is sha256:{shown}"))), "{lines:?}");
    let pin = format!("to pin it: tls = \"sha256:{shown}\" under [hikvision.door1]");
    assert!(each(&document, "findings", "remedy").contains(&pin.as_str()), "{document}");
    for (line, verdict, words) in [
        (format!("sha256:{shown}"), "ok", ", as pinned"),
        ("insecure".to_owned(), "warning", "; whoever shows another one would be believed too"),
    ] {
        sandbox.extra.clear();
        sandbox.set("hikvision.door1", &format!("tls = \"{line}\""));
        let document = check(&sandbox, 0);
        let text = format!("its certificate is sha256:{shown}{words}");
        let lines = about(&document, "door1");
        assert!(lines.contains(&(verdict, text.as_str())), "{line}: {lines:?}");
    }
}

#[test]
fn a_door_that_is_nearly_full_is_told_and_one_that_says_nothing_is_well() {
    let settings = Settings { max_records: 8, ..Settings::default() };
    let document = check(&at_door(&settings), 0);
    let lines = about(&document, "door1");
    assert!(lines.contains(&("warning", "is nearly full")), "{lines:?}");
    let sandbox = at_door(&Settings::default());
    sandbox.club.devices[0].fault(Fault::raw(404, "text/plain", "no").on("UserInfo/capabilities"));
    let document = check(&sandbox, 0);
    assert!(each(&document, "findings", "verdict").iter().all(|verdict| *verdict == "ok"));
}
