//! The memory of logins: a wrong password is tried so rarely that no door ever locks us out.

use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync_simulators::cardskipper;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{World, WorldSettings, employee_no, number};
use ivms_sync_simulators::hikvision::{Body401, Device, Lock, Settings};

use super::super::support::{Said, Sandbox, each};
use super::{Story, Turn, UNTIL, logins};

/// A club whose services and runs all go by one clock that stands still until it is moved.
pub(super) struct Pinned {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Clock,
}

impl Pinned {
    pub(super) fn new(members: usize, doors: usize) -> Self {
        Self::with(members, doors, |_| {})
    }

    /// The same, with a world that was changed before it starts; the day is 2026-11-21.
    pub(super) fn with(members: usize, doors: usize, change: impl FnOnce(&mut World)) -> Self {
        let now: DateTime<Utc> = "2026-11-21T08:00:00Z".parse().unwrap();
        let clock = Clock::fixed(now);
        let today = now.date_naive();
        let size = WorldSettings { members, devices: doors, today, ..WorldSettings::default() };
        let mut world = World::new(&size);
        change(&mut world);
        let club = world.start_with(
            cardskipper::Settings { clock: clock.clone(), ..Default::default() },
            &Settings { clock: clock.clone(), ..Default::default() },
        );
        Self { sandbox: Sandbox::with(club), clock }
    }

    pub(super) fn door(&self, place: usize) -> &Device {
        &self.sandbox.club.devices[place]
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Said {
        self.sandbox.run_at(Some(&self.clock.now().to_rfc3339()), arguments)
    }

    pub(super) fn after(&self, minutes: i64) -> &Self {
        self.clock.advance(TimeDelta::minutes(minutes));
        self
    }
}

/// Somebody else on this host gets the password wrong.
fn fail_a_login(device: &Device) {
    const TARGET: &str = "/ISAPI/System/deviceInfo";
    let ask = |authorization: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", device.port())).unwrap();
        let head = format!("GET {TARGET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        stream.write_all(format!("{head}{authorization}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        answer
    };
    let challenge = ask("");
    let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    ask(&format!(
        "Authorization: Digest username=\"admin\", realm=\"x\", nonce=\"{nonce}\", \
         uri=\"{TARGET}\", qop=auth, nc=00000001, cnonce=\"0a\", response=\"{}\", opaque=\"\"\r\n",
        "0".repeat(32)
    ));
    device.clear_violations();
    device.clear_requests();
}

#[test]
fn a_wrong_password_is_tried_twice_in_fifty_ticks_and_a_corrected_one_at_once() {
    let mut pinned = Pinned::new(5, 1);
    pinned.door(0).set_password("Changed-by-somebody");
    let mut sent = Vec::new();
    for tick in 0..50 {
        let run = pinned.run(&["sync", "--json"]).ends(12).json();
        assert_eq!(each(&run, "devices", "outcome"), ["login-refused"]);
        sent.push(logins(pinned.door(0)));
        if tick == 0 {
            // Again at once, and by every command that could ask the door.
            pinned.run(&["sync"]).ends(12);
            pinned.run(&["sync", "--full"]).ends(12);
            pinned.run(&["diff"]).ends(12);
            pinned.run(&["diff", "--full"]).ends(12);
            pinned.run(&["lookup", &number(2).to_string()]);
            assert_eq!(logins(pinned.door(0)), 1);
        }
        pinned.after(5);
    }
    // Ticks 0 to 5 are the first 25 minutes; the sixth comes half an hour after the refusal.
    assert_eq!(sent[..6], [1; 6]);
    assert_eq!(sent[6..], [2; 44]);
    pinned.run(&["lookup", &number(2).to_string()]);
    pinned.run(&["diff", "--full"]).ends(12);
    assert_eq!(logins(pinned.door(0)), 2, "nobody else tries either");

    pinned.sandbox.password("DOOR1_PASSWORD", "Changed-by-somebody");
    pinned.sandbox.club.renew(1, UNTIL);
    let run = pinned.run(&["sync", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn the_second_try_comes_after_half_an_hour_and_not_before() {
    let pinned = Pinned::new(5, 1);
    pinned.door(0).set_password("Changed-by-somebody");
    pinned.run(&["sync"]).ends(12);
    pinned.after(29).run(&["sync"]).ends(12);
    assert_eq!(logins(pinned.door(0)), 1);
    pinned.after(1).run(&["diff"]).ends(12);
    assert_eq!(logins(pinned.door(0)), 2, "whoever comes first makes the second try");
    for minutes in [0, 30, 60 * 24, 60 * 24 * 365] {
        pinned.after(minutes).run(&["sync"]).ends(12);
    }
    assert_eq!(logins(pinned.door(0)), 2);
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn a_refusal_that_lookup_met_is_remembered_for_everybody() {
    let pinned = Pinned::new(5, 1);
    pinned.run(&["sync"]).ends(0);
    pinned.sandbox.clear_requests();
    pinned.door(0).set_password("Changed-by-somebody");
    let who = number(2).to_string();
    for _ in 0..3 {
        let said = pinned.run(&["lookup", &who, "--json"]);
        assert!(said.stderr.contains("refused the login"), "{}", said.stderr);
        assert_eq!(said.json()["members"][0]["number"], number(2));
        assert_eq!(logins(pinned.door(0)), 1);
    }
    pinned.run(&["lookup", &who, "--offline"]).ends(0);
    pinned.run(&["sync"]).ends(12);
    pinned.run(&["diff"]).ends(12);
    assert_eq!(logins(pinned.door(0)), 1);
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn a_password_that_is_right_again_by_itself_is_found_by_the_second_try() {
    let pinned = Pinned::new(5, 1);
    pinned.door(0).set_password("Changed-by-somebody");
    pinned.run(&["sync"]).ends(12);
    pinned.door(0).set_password("Door-secret-1");
    pinned.after(5).run(&["sync"]).ends(12);
    assert_eq!(logins(pinned.door(0)), 1, "nobody knows that it is right again");
    pinned.after(25).run(&["sync"]).ends(0);
    // The slate is clean: the next refusal is again a first one.
    pinned.door(0).set_password("Changed-again");
    pinned.door(0).clear_requests();
    pinned.run(&["sync", "--full"]).ends(12);
    pinned.after(30).run(&["sync"]).ends(12);
    assert_eq!(logins(pinned.door(0)), 2);
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn the_other_doors_are_served() {
    let pinned = Pinned::new(5, 3);
    pinned.run(&["sync"]).ends(0);
    pinned.sandbox.clear_requests();
    pinned.door(1).set_password("Changed-by-somebody");
    pinned.sandbox.club.renew(3, UNTIL);
    let run = pinned.run(&["sync", "--json"]).ends(12).json();
    assert_eq!(each(&run, "devices", "outcome"), ["ok", "login-refused", "ok"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "planned", "confirmed"]);
    assert_eq!(logins(pinned.door(1)), 1, "found out while about to write");
    let run = pinned.run(&["sync", "--json"]).ends(12).json();
    assert_eq!(each(&run, "changes", "device"), ["door2"]);
    assert_eq!(logins(pinned.door(1)), 1);
    assert!(pinned.door(1).writes().is_empty());
    pinned.door(1).set_password("Door-secret-1");
    pinned.after(30).run(&["sync"]).ends(0);
    assert_eq!(pinned.door(1).person(&employee_no(3)).unwrap().end, format!("{UNTIL}T23:59:59"));
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn apply_obeys_the_memory_too() {
    let pinned = Pinned::new(5, 1);
    pinned.run(&["sync"]).ends(0);
    pinned.sandbox.club.renew(3, UNTIL);
    pinned.run(&["diff", "--out", "plan.json"]).ends(0);
    pinned.sandbox.clear_requests();
    pinned.door(0).set_password("Changed-by-somebody");
    for _ in 0..3 {
        let run = pinned.run(&["apply", "plan.json", "--json"]).ends(12).json();
        assert_eq!(each(&run, "devices", "outcome"), ["login-refused"]);
        assert_eq!(each(&run, "changes", "outcome"), ["planned"]);
        assert_eq!(logins(pinned.door(0)), 1);
    }
    pinned.run(&["sync"]).ends(12);
    assert_eq!(logins(pinned.door(0)), 1);
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn somebody_who_tries_passwords_does_not_lock_the_door() {
    let mut pinned = Pinned::new(5, 1);
    pinned.door(0).set_password("Nobody-knows");
    let mut sent = Vec::new();
    for guess in ["one", "two", "three", "four", "five", "six", "seven"] {
        pinned.sandbox.password("DOOR1_PASSWORD", guess);
        pinned.run(&["sync"]).ends(12);
        sent.push(logins(pinned.door(0)));
    }
    assert_eq!(sent, [1, 2, 3, 3, 3, 3, 3], "with two tries left none is made");
    // The right one is not tried either: somebody must look, or the device forget.
    pinned.sandbox.password("DOOR1_PASSWORD", "Nobody-knows");
    let run = pinned.run(&["sync", "--json"]).ends(12).json();
    let problem = run["problems"][0]["text"].as_str().unwrap();
    let wanted =
        "refused 3 logins within half an hour; the one that is configured now is not tried before";
    assert!(problem.contains(wanted), "{problem}");
    assert_eq!(logins(pinned.door(0)), 3);
    // Half an hour later the door itself says how close the lock is.
    let run = pinned.after(31).run(&["sync", "--json"]).ends(12).json();
    let problem = run["problems"][0]["text"].as_str().unwrap();
    assert!(problem.contains("2 login tries are left"), "{problem}");
    assert_eq!(logins(pinned.door(0)), 3);
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn fewer_than_three_tries_left_and_none_is_made() {
    for failures in 0..5 {
        let pinned = Pinned::new(5, 1);
        for _ in 0..failures {
            fail_a_login(pinned.door(0));
        }
        let is_tried = failures <= 2;
        let said = pinned.run(&["sync"]);
        assert_eq!(said.code, if is_tried { 0 } else { 12 }, "{failures}: {}", said.stderr);
        assert_eq!(logins(pinned.door(0)) > 0, is_tried, "{failures}");
        pinned.sandbox.assert_well_behaved();
    }
}

#[test]
fn a_locked_door_is_left_alone_until_it_opens() {
    for body in [Body401::UserCheckXml, Body401::ResponseStatusXml] {
        let pinned = Pinned::new(5, 1);
        pinned.door(0).set(|switches| switches.body_401 = body);
        for _ in 0..5 {
            fail_a_login(pinned.door(0));
        }
        pinned.sandbox.club.renew(3, UNTIL);
        for _ in 0..3 {
            let said = pinned.run(&["sync", "--json"]).ends(12);
            assert_eq!(each(&said.json(), "devices", "outcome"), ["login-refused"]);
            pinned.run(&["diff"]).ends(12);
            assert_eq!(logins(pinned.door(0)), 0, "{body:?}: the password is right, and not sent");
            pinned.after(9);
        }
        pinned.after(3);
        let run = pinned.run(&["sync", "--json"]).ends(0).json();
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{body:?}");
        pinned.sandbox.assert_well_behaved();
    }
}

#[test]
fn a_door_that_does_not_tell_that_it_is_locked_costs_one_login() {
    for body in [Body401::Json, Body401::Html, Body401::Empty] {
        let pinned = Pinned::new(5, 1);
        pinned.door(0).set(|switches| switches.body_401 = body);
        for _ in 0..5 {
            fail_a_login(pinned.door(0));
        }
        for _ in 0..6 {
            pinned.run(&["sync"]).ends(12);
            assert_eq!(logins(pinned.door(0)), 1, "{body:?}");
            pinned.after(4);
        }
        pinned.after(6).run(&["sync"]).ends(0);
        pinned.sandbox.assert_well_behaved();
    }
}

#[test]
fn locks_of_every_kind_do_not_disturb_a_right_password() {
    let cases: [(&str, Turn); 5] = [
        ("five failures, half an hour", |s| s.lock = Lock::default()),
        ("three failures", |s| s.lock.failures = 3),
        ("ten failures, a minute", |s| {
            s.lock = Lock { failures: 10, seconds: 60, ..Lock::default() };
        }),
        ("a right login forgets", |s| s.lock.reset_on_success = true),
        ("a worn-out nonce counts", |s| {
            s.lock = Lock { failures: 3, worn_out_nonce_counts: true, ..Lock::default() };
        }),
    ];
    for (what, turn) in cases {
        Story::new(turn).comes_in_step(what);
    }
}

#[test]
fn a_right_login_that_forgets_failures_is_no_licence() {
    let pinned = Pinned::new(5, 1);
    pinned.door(0).set(|switches| switches.lock.reset_on_success = true);
    pinned.door(0).set_password("Changed-by-somebody");
    for _ in 0..20 {
        pinned.run(&["sync"]).ends(12);
        pinned.after(5);
    }
    assert_eq!(logins(pinned.door(0)), 2);
    pinned.sandbox.assert_well_behaved();
}
