//! The quiet tick: what makes it, what ends it, and that it says what a look at everything would say.

use std::fs;

use ivms_sync_simulators::cardskipper::{Member, Switches};
use ivms_sync_simulators::club::{World, number};
use serde_json::Value;

use super::support::pinned::{START, instant};
use super::support::{Sandbox, each, said};

/// The tick that hears of everybody again.
const AGAIN: &str = "2026-03-10T10:02:00Z";
/// Ticks of one morning.
const SECOND: &str = "2026-03-10T10:05:00Z";
const THIRD: &str = "2026-03-10T10:10:00Z";
const FOURTH: &str = "2026-03-10T10:15:00Z";

/// As if the last run had left no word that a tick may be short.
const NO_WORD: &str = "DELETE FROM quiet; UPDATE run SET relies_on = NULL";

/// One tick: whether it was quiet, and its document.
#[track_caller]
fn tick(sandbox: &Sandbox, now: &str, arguments: &[&str], code: i32) -> (bool, Value) {
    let arguments = [&["-v", "sync", "--json"][..], arguments].concat();
    let said = sandbox.at(now, &arguments).ends(code);
    (said.stderr.contains("nothing has changed since everything was last looked at"), said.json())
}

/// A club where nothing was to be done, and that has been quiet since.
fn resting() -> Sandbox {
    let sandbox = Sandbox::pinned(10, 2);
    assert!(!tick(&sandbox, START, &[], 0).0);
    assert!(!tick(&sandbox, AGAIN, &[], 0).0, "a second look at everybody is something new");
    let (is_quiet, _) = tick(&sandbox, SECOND, &[], 0);
    assert!(is_quiet);
    sandbox.clear_requests();
    sandbox
}

#[test]
fn one_request_and_one_line_in_the_list_of_runs() {
    let sandbox = resting();
    for (number, now) in [(4, THIRD), (5, FOURTH)] {
        sandbox.clear_requests();
        let (is_quiet, run) = tick(&sandbox, now, &[], 0);
        assert!(is_quiet);
        assert_eq!(sandbox.club.cardskipper.requests().len(), 1);
        assert!(sandbox.club.devices.iter().all(|door| door.requests().is_empty()));
        assert_eq!(run["run"], number);
        let status = sandbox.at(now, &["status", "--json"]).ends(0).json();
        assert_eq!(status["runs"].as_array().unwrap().len(), number);
        assert_eq!(status["runs"][0]["exit_code"], 0);
    }
    sandbox.assert_well_behaved();
}

#[test]
fn whatever_could_bring_something_ends_it() {
    type Turn = fn(&mut Sandbox);
    /// What happens, when the next tick is, its arguments and exit code.
    type Case = (&'static str, Turn, &'static str, &'static [&'static str], i32);
    let cases: [Case; 27] = [
        ("a rule", |s| s.set("policy", "grace_days = 3"), THIRD, &[], 0),
        ("a budget", |s| s.set("guard", "revoke_per_tick = \"6%\""), THIRD, &[], 0),
        ("a door's mode", |s| s.set("hikvision.door2", "mode = \"observe\""), THIRD, &[], 0),
        ("a protected person", |s| s.set("hikvision.door1", "protect = [\"7\"]"), THIRD, &[], 0),
        ("a role list", |s| s.set("cardskipper.club", "roles = [3126]"), THIRD, &[], 0),
        ("the link rules", |s| s.set("link", "by = [\"file\"]"), THIRD, &[], 0),
        (
            "a row of a link file",
            |s| {
                let links = fs::read_to_string(s.path("persons.csv")).unwrap();
                fs::write(s.path("persons.csv"), links + "77,new@example.si\n").unwrap();
            },
            THIRD,
            &[],
            0,
        ),
        ("a link file away", |s| fs::remove_file(s.path("persons.csv")).unwrap(), THIRD, &[], 5),
        ("a look that is asked for", |_| (), THIRD, &["--full"], 0),
        ("a shrink that is accepted", |_| (), THIRD, &["--accept-shrink", "10"], 0),
        ("a limit", |_| (), THIRD, &["--only", "150001"], 0),
        ("a door that is accepted", |_| (), THIRD, &["--accept-device", "door1=13"], 0),
        ("midnight", |_| (), "2026-03-10T23:00:00Z", &[], 0),
        ("an audit", |s| s.set("hikvision.door1", "audit_every = \"5m\""), THIRD, &[], 0),
        ("a listing", |s| s.set("cardskipper.club", "full_every = \"5m\""), THIRD, &[], 0),
        ("a clock that was set back", |_| (), "2026-03-10T10:04:59Z", &[], 0),
        ("a door to be read", |s| s.tamper("UPDATE device SET needs_read = 1"), THIRD, &[], 0),
        (
            "a door forgotten",
            |s| s.tamper("DELETE FROM device WHERE name = 'door2'"),
            THIRD,
            &[],
            0,
        ),
        (
            "a run that was cut off",
            |s| s.tamper("UPDATE run SET ended_at = NULL, exit_code = NULL WHERE id = 3"),
            THIRD,
            &[],
            0,
        ),
        (
            "a run that failed",
            |s| s.tamper("UPDATE run SET exit_code = 4 WHERE id = 3"),
            THIRD,
            &[],
            0,
        ),
        (
            "a write without an outcome",
            |s| {
                s.tamper(
                    "INSERT INTO intent SELECT 2, device, employee_no, 'cardskipper:123', \
                     '150004/1990-01-01', 'renewed', 'grant', 1, 2, 1, 3, fingerprint FROM person \
                     WHERE device = 'door1' AND employee_no = '1004'",
                );
            },
            THIRD,
            &[],
            0,
        ),
        (
            "a member who was renamed",
            |s| assert!(s.club.cardskipper.edit(number(3), |member| member.last.push('a'))),
            THIRD,
            &[],
            0,
        ),
        ("a member who paid", |s| assert!(s.club.renew(3, "2031-01-31")), THIRD, &[], 0),
        (
            "an entry that cannot be used",
            |s| {
                let spoil = |member: &mut Member| {
                    member.organisations[0].roles[0].end = "soon".to_owned();
                };
                assert!(s.club.cardskipper.edit(number(3), spoil));
            },
            THIRD,
            &[],
            0,
        ),
        ("no answer", |s| s.club.cardskipper.go_offline(), THIRD, &[], 5),
        (
            "another time at the service",
            |s| s.club.cardskipper.clock().set(instant("2026-03-10T10:11:30Z")),
            THIRD,
            &[],
            7,
        ),
        ("a login refused", |s| s.password("CARD_PASSWORD", "wrong"), THIRD, &[], 12),
    ];
    for (what, turn, now, arguments, code) in cases {
        let mut sandbox = resting();
        sandbox.clocks(now);
        turn(&mut sandbox);
        // The clock of the service may be wrong on purpose.
        let arguments = [&["-v", "sync", "--json"][..], arguments].concat();
        let said = sandbox.run_at(Some(now), &arguments).ends(code);
        assert!(!said.stderr.contains("nothing has changed"), "{what}: {}", said.stderr);
        // What the first question brought is not asked for again.
        assert!(sandbox.club.cardskipper.requests().len() <= 1, "{what}");
    }
}

#[test]
fn after_a_change_a_look_that_finds_nothing_comes_first() {
    let sandbox = resting();
    sandbox.clocks(THIRD);
    sandbox.club.renew(3, "2031-01-31");
    let (is_quiet, run) = tick(&sandbox, THIRD, &[], 0);
    assert!(!is_quiet);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    let (is_quiet, run) = tick(&sandbox, FOURTH, &[], 0);
    assert!(!is_quiet && run["changes"].as_array().unwrap().is_empty());
    // The members are named in every listing for an hour, and are no news any more.
    let (is_quiet, run) = tick(&sandbox, "2026-03-10T10:20:00Z", &[], 0);
    assert!(is_quiet);
    assert_eq!(run["sources"][0]["members"], 10);
    sandbox.assert_well_behaved();
}

/// Looks at those alone whom the service has news of, and gives the document. Everybody is looked at besides
/// where it `is_compared`.
#[track_caller]
fn few(sandbox: &Sandbox, now: &str, looked_at: usize, is_compared: bool) -> Value {
    sandbox.clear_requests();
    sandbox.clocks(now);
    let mut command = sandbox.command();
    if !is_compared {
        command.env_remove("IVMS_SYNC_TEST_LOOKS");
    }
    command.env("IVMS_SYNC_TEST_NOW", now).args(["-vv", "sync", "--json"]);
    let said = said(&mut command).ends(0);
    let words = format!("{looked_at} members were looked at; all others are as they were");
    assert!(said.stderr.contains(&words), "{}", said.stderr);
    assert_eq!(sandbox.club.cardskipper.requests().len(), 1);
    said.json()
}

/// Mutants: everybody is read; the next tick looks at everybody because something was done.
#[test]
fn who_paid_is_looked_at_alone() {
    let sandbox = resting();
    // From now on the listings do not name everybody any more.
    tick(&sandbox, "2026-03-10T11:30:00Z", &[], 0);
    assert!(tick(&sandbox, "2026-03-10T11:35:00Z", &[], 0).0);
    sandbox.clocks("2026-03-10T11:40:00Z");
    sandbox.club.renew(3, "2031-01-31");
    // Whoever read this member would see it.
    sandbox.tamper("UPDATE member SET inactive = 1 WHERE number = '150007'");
    let run = few(&sandbox, "2026-03-10T11:40:00Z", 1, false);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    assert_eq!(each(&run, "changes", "cause"), ["renewed", "renewed"]);
    assert_eq!(run["devices"][0]["persons"], 13, "of all whom the door holds");
    // A second listing says it too.
    let run = few(&sandbox, "2026-03-10T11:45:00Z", 1, false);
    assert_eq!(run["changes"].as_array().unwrap().len(), 0);
    let said = sandbox.at("2026-03-10T11:50:00Z", &["sync", "--full"]).ends(7);
    assert!(said.stderr.contains("a member does not fit its checksum"), "{}", said.stderr);
}

/// Whoever shares an e-mail or a person with them is looked at too, and what is said of all others stays.
#[test]
fn who_has_to_do_with_them_is_looked_at_too() {
    let sandbox = Sandbox::pinned(12, 2);
    let cardskipper = &sandbox.club.cardskipper;
    // Of somebody else there is something to say.
    sandbox.club.devices[1].edit_person("1007", |person| person.enable = false);
    // And one has no membership for these doors.
    cardskipper.edit(number(9), |member| {
        member.email.clear();
        member.organisations[0].roles.clear();
    });
    tick(&sandbox, START, &[], 0);
    // Then that one has the e-mail of another member, who is linked.
    sandbox.clocks(AGAIN);
    let mut shared = String::new();
    cardskipper.edit(number(4), |member| shared.clone_from(&member.email));
    cardskipper.edit(number(9), |member| member.email = shared);
    for now in [AGAIN, SECOND] {
        sandbox.at(now, &["sync"]);
    }
    sandbox.clocks(THIRD);
    sandbox.club.renew(4, "2031-01-31");
    let run = few(&sandbox, THIRD, 2, true);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    let reasons = each(&run, "left_out", "reason");
    assert!(reasons.contains(&"no-door-role"), "{run}");
    assert!(reasons.contains(&"permanent-on-device"), "{run}");
    let mut left = few(&sandbox, FOURTH, 2, true);
    sandbox.tamper(NO_WORD);
    let mut looked = tick(&sandbox, FOURTH, &[], 0).1;
    for document in [&mut left, &mut looked] {
        document["run"].take();
    }
    assert_eq!(left, looked);
}

/// A newcomer comes with the name and the old e-mail of somebody who is linked still. Mutant: the one who is
/// linked is not looked at, and the newcomer gets the person.
#[test]
fn who_is_linked_to_the_person_of_a_newcomer_is_looked_at_too() {
    let mut world = World::agreeing(6, 1);
    for (member, person) in world.members.iter().zip(&mut world.devices[0]) {
        person.email.clone_from(&member.email);
    }
    let mut sandbox = Sandbox::with(world.start());
    sandbox.set("link", "by = [\"device-email\"]");
    sandbox.club.devices[0].set(|switches| switches.email_field = Some("email".to_owned()));
    let cardskipper = &sandbox.club.cardskipper;
    let linked = cardskipper.member(number(2)).unwrap();
    cardskipper.edit(number(5), |member| {
        member.email.clear();
        member.organisations[0].roles.clear();
    });
    for now in [START, AGAIN] {
        tick(&sandbox, now, &[], 0);
    }
    sandbox.clocks(SECOND);
    cardskipper.edit(number(2), |member| member.email = "new@example.si".to_owned());
    for now in [SECOND, THIRD, FOURTH] {
        tick(&sandbox, now, &[], 0);
    }
    sandbox.clocks("2026-03-10T10:20:00Z");
    cardskipper.edit(number(5), |member| {
        (member.first, member.last) = (linked.first, linked.last);
        member.email = linked.email;
        member.organisations = linked.organisations;
        member.set_end("2031-01-31");
    });
    let (_, run) = tick(&sandbox, "2026-03-10T10:20:00Z", &[], 0);
    assert_eq!(run["changes"].as_array().unwrap().len(), 0, "{run}");
    assert_eq!(each(&run, "left_out", "reason"), ["ambiguous"]);
}

/// What is counted over everybody, or told of everybody, is not decided by a look at a few.
#[test]
fn where_others_count_everybody_is_looked_at() {
    type Turn = fn(&Sandbox);
    let cases: [(&str, Turn, i32); 5] = [
        ("time is taken away", |s| assert!(s.club.renew(3, "2026-01-31")), 0),
        (
            "somebody has no door",
            |s| {
                s.club.cardskipper.edit(number(3), |member| {
                    member.email = "nobody@example.si".to_owned();
                    member.number += 700_000;
                });
            },
            0,
        ),
        ("a door only looks", |s| assert!(s.club.renew(3, "2031-01-31")), 0),
        (
            "a door is off",
            |s| {
                s.club.renew(3, "2031-01-31");
                s.club.devices[1].go_offline();
            },
            3,
        ),
        ("many", |s| (0..9).for_each(|index| assert!(s.club.renew(index, "2031-01-31"))), 0),
    ];
    for (what, turn, code) in cases {
        let mut sandbox = Sandbox::pinned(10, 2);
        if what == "a door only looks" {
            sandbox.set("hikvision.door2", "mode = \"observe\"");
        }
        for now in [START, AGAIN, SECOND] {
            tick(&sandbox, now, &[], 0);
        }
        sandbox.clocks(THIRD);
        turn(&sandbox);
        let said = sandbox.at(THIRD, &["-v", "sync"]).ends(code);
        let is_few = said.stderr.contains("all others are as they were");
        assert_eq!(is_few, ["a door is off", "many"].contains(&what), "{what}: {}", said.stderr);
        // Whatever was not done is looked at with everybody.
        let next = sandbox.at(FOURTH, &["-v", "sync"]);
        let is_few = next.stderr.contains("all others are as they were");
        assert_eq!(is_few, what == "many", "{what}: {}", next.stderr);
        sandbox.assert_well_behaved();
    }
}

#[test]
fn what_is_wrong_is_looked_at_every_time() {
    let sandbox = resting();
    sandbox.club.devices[1].go_offline();
    sandbox.clocks(THIRD);
    sandbox.club.renew(3, "2031-01-31");
    for now in [THIRD, FOURTH, "2026-03-10T10:20:00Z"] {
        assert!(!tick(&sandbox, now, &[], 3).0, "a door is away");
    }
    sandbox.club.devices[1].go_online();
    assert!(!tick(&sandbox, "2026-03-10T11:20:00Z", &[], 0).0);
    assert!(tick(&sandbox, "2026-03-10T11:25:00Z", &[], 0).0, "what was left was done");
}

#[test]
fn what_is_approved_ends_it_too() {
    let sandbox = resting();
    sandbox.clocks(THIRD);
    sandbox.club.renew(3, "2031-01-31");
    sandbox.at(THIRD, &["diff", "--out", "plan.json"]).ends(0);
    // Nobody takes it back in Cardskipper, so that only the doors have moved when it is carried out.
    sandbox.at(THIRD, &["apply", "plan.json"]).ends(0);
    let (is_quiet, run) = tick(&sandbox, FOURTH, &[], 0);
    assert!(!is_quiet && run["changes"].as_array().unwrap().is_empty());
}

#[test]
fn it_says_what_a_look_at_everything_says() {
    let sandbox = Sandbox::pinned(12, 2);
    let cardskipper = &sandbox.club.cardskipper;
    cardskipper.edit(number(3), |member| member.email.clear());
    cardskipper.edit(number(4), |member| member.email = "nobody@example.si".to_owned());
    cardskipper.edit(number(5), |member| {
        member.organisations[0].roles[0].end = "soon".to_owned();
    });
    sandbox.club.devices[1].edit_person("1007", |person| person.enable = false);
    tick(&sandbox, START, &[], 0);
    // Links that are kept although no rule gives them any more.
    sandbox.clocks(SECOND);
    cardskipper.edit(number(8), |member| member.email = "moved@example.si".to_owned());
    tick(&sandbox, SECOND, &[], 0);
    let (is_quiet, mut quiet) = tick(&sandbox, THIRD, &[], 0);
    assert!(is_quiet);
    assert_eq!(quiet["left_out"].as_array().unwrap().len(), 4, "{quiet}");
    assert_eq!(quiet["kept_links"].as_array().unwrap().len(), 2, "{quiet}");
    sandbox.tamper(NO_WORD);
    let (is_quiet, mut looked) = tick(&sandbox, THIRD, &[], 0);
    assert!(!is_quiet);
    for document in [&mut quiet, &mut looked] {
        document["run"].take();
    }
    assert_eq!(quiet, looked);
}

/// `status` tells once more what was seen last, while nothing can have changed since. Mutants: everybody is
/// read; it goes on when the club is another one.
#[test]
fn status_reads_nobody_while_nothing_can_have_changed() {
    let now = THIRD;
    let status = |sandbox: &Sandbox, code: i32| {
        fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
        let mut command = sandbox.command();
        command.env_remove("IVMS_SYNC_TEST_LOOKS").env("IVMS_SYNC_TEST_NOW", now);
        said(command.args(["status", "--json"])).ends(code)
    };
    type Turn = fn(&mut Sandbox);
    let cases: [(&str, Turn); 4] = [
        ("a rule", |s| s.set("policy", "grace_days = 3")),
        ("a link file", |s| fs::write(s.path("persons.csv"), "person,email\n").unwrap()),
        ("a run at work", |s| s.tamper("UPDATE run SET exit_code = NULL, ended_at = NULL")),
        ("no word", |s| s.tamper(NO_WORD)),
    ];
    for (what, turn) in cases {
        let mut sandbox = resting();
        let before = status(&sandbox, 0).json();
        // Whoever read this member would see it.
        sandbox.tamper("UPDATE member SET inactive = 1 WHERE number = '150007'");
        let after = status(&sandbox, 0).json();
        for part in ["left_out", "sources", "devices", "rows_left_out"] {
            assert_eq!(after[part], before[part], "{part}");
        }
        assert_eq!(after["sources"][0]["members"], 10);
        turn(&mut sandbox);
        let said = status(&sandbox, 7);
        assert!(said.stderr.contains("a member does not fit its checksum"), "{what}: {said:?}");
    }
}

#[test]
fn its_word_is_sealed() {
    let sandbox = resting();
    sandbox.tamper("UPDATE quiet SET until_at = until_at + 86400");
    let said = sandbox.at(THIRD, &["sync"]).ends(7);
    assert!(said.stderr.contains("does not fit its checksum"), "{}", said.stderr);
}

#[test]
fn a_service_without_a_clock_can_be_quiet_too() {
    let sandbox = Sandbox::pinned(10, 1);
    let silent = |switches: &mut Switches| switches.date_header = false;
    sandbox.club.cardskipper.set(silent);
    assert!(!tick(&sandbox, START, &[], 0).0);
    assert!(!tick(&sandbox, AGAIN, &[], 0).0);
    assert!(tick(&sandbox, SECOND, &[], 0).0);
}
