//! A thousand ticks with a wrong password. The program runs within this process, as a thousand
//! processes would take minutes; everything else is real.

use chrono::TimeDelta;
use clap::Parser as _;
use ivms_sync::cli::Cli;
use ivms_sync::clock::Clock;
use ivms_sync::config::Environment;
use ivms_sync::exit::Exit;
use ivms_sync::term::Terminal;
use ivms_sync_simulators::hikvision::{Body401, Lock};
use ivms_sync_simulators::http::Fault;

use super::super::support::each;
use super::logins::Pinned;
use super::{Turn, UNTIL, logins};

const TICKS: usize = 1000;

/// One tick with these passwords, in this process. Other tests start processes, and for a moment each
/// of them holds every open file of this one: then the run lock is taken, and the tick is made again.
/// No tick with a wrong password can end in sync otherwise.
fn wrong_tick(pinned: &Pinned) -> Exit {
    let ends = (0..50).map(|nth: u64| {
        // The longer, the busier the machine is.
        std::thread::sleep(std::time::Duration::from_millis(nth));
        tick(pinned)
    });
    ends.into_iter().find(|exit| *exit != Exit::InStep).unwrap_or(Exit::InStep)
}

fn tick(pinned: &Pinned) -> Exit {
    let sandbox = &pinned.sandbox;
    sandbox.club.begin_run();
    std::fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
    let cli = Cli::try_parse_from(["ivms-sync", "-q", "sync"]).unwrap();
    let environment = Environment::from_pairs(sandbox.passwords.iter().cloned());
    let clock = Clock::starting_at(pinned.clock.now());
    ivms_sync::run(&cli, &environment, sandbox.folder.path(), clock, &Terminal::none())
}

#[test]
fn a_thousand_ticks_with_a_wrong_password_never_lock_the_door() {
    let cases: [(&str, Turn, usize); 3] = [
        ("it says how many tries are left", |s| s.body_401 = Body401::UserCheckXml, 2),
        ("it says nothing", |s| s.body_401 = Body401::Empty, 7),
        (
            "it forgets nothing, and eight are enough",
            |s| {
                s.lock = Lock { failures: 8, seconds: 86_400 * 365, ..Lock::default() };
                s.body_401 = Body401::Html;
            },
            7,
        ),
    ];
    for (what, turn, tries) in cases {
        let Pinned { sandbox, clock } = Pinned::new(4, 1);
        let mut pinned = Pinned { sandbox: sandbox.in_memory(), clock };
        pinned.door(0).set(turn);
        pinned.door(0).set_password("Changed-by-somebody");
        for number in 0..TICKS {
            assert_eq!(wrong_tick(&pinned), Exit::Login, "{what}: tick {number}");
            pinned.clock.advance(TimeDelta::minutes(5));
        }
        assert_eq!(logins(pinned.door(0)), tries, "{what}: in three and a half days");
        // Had the door been locked, the right password would be refused too.
        pinned.sandbox.password("DOOR1_PASSWORD", "Changed-by-somebody");
        pinned.sandbox.club.renew(1, UNTIL);
        let run = pinned.run(&["sync", "--json"]).ends(0).json();
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{what}: the very next tick");
        assert_eq!(pinned.door(0).writes().len(), 1, "{what}");
        pinned.sandbox.assert_well_behaved();
    }
}

#[test]
fn nothing_is_asked_before_the_first_login_has_worked() {
    for is_right in [true, false] {
        let pinned = Pinned::new(40, 2);
        for door in &pinned.sandbox.club.devices {
            // The answer to the first login takes its time; whoever is in a hurry would show.
            door.fault(
                Fault::Delay(std::time::Duration::from_millis(400)).times(1).authenticated(),
            );
            if !is_right {
                door.set_password("Changed-by-somebody");
            }
        }
        pinned.sandbox.club.renew(1, UNTIL);
        let run = pinned.run(&["sync", "--full", "--json"]).ends(if is_right { 0 } else { 12 });
        let wanted = if is_right { "ok" } else { "login-refused" };
        assert_eq!(each(&run.json(), "devices", "outcome"), [wanted; 2]);
        for door in &pinned.sandbox.club.devices {
            let requests = door.requests();
            let logged_in: Vec<bool> = requests.iter().map(|one| one.is_authenticated()).collect();
            assert_eq!(logged_in[..2], [false, true], "a challenge, and its answer");
            // After a refusal it is asked once, without a login, what the door says of it.
            assert_eq!(requests.len() > 3, is_right, "{logged_in:?}");
            assert!(requests.iter().all(|one| one.others_in_flight == 0));
        }
        pinned.sandbox.assert_well_behaved();
    }
}
