//! The doors' side: every quirk of firmware that a switch of the simulator stands for, every way
//! in which a network fails, and every rule about logins, each against the real binary.
//!
//! Most scenarios tell one story: 35 members and three strangers are on a door, so that they fill
//! more than a page; three memberships are renewed; the door behaves oddly. Either the club is
//! brought in sync all the same, or the refusal is told and nothing is lost: as soon as the door
//! behaves, the next tick catches up. After that, planning again gives an empty plan.

mod answers;
mod back_off;
mod belief;
mod clock;
mod connections;
mod cost;
mod digest;
mod entries;
mod failures;
mod fields;
mod logins;
mod manners;
mod modes;
mod outcomes;
mod paging;
mod people;
mod pins;
mod refusals;
mod thousand;
mod tls;
mod trust;
mod turns;
mod windows;
mod writes;

use ivms_sync_simulators::club::{World, employee_no};
use ivms_sync_simulators::hikvision::{Device, Person, Settings, Switches};
use serde_json::{Value, json};

use super::support::{Sandbox, each};

/// Members of the story.
const MEMBERS: usize = 35;
/// Whose membership is renewed: the first, one in between, and one beyond the first page.
const RENEWED: [usize; 3] = [0, 17, 34];
/// Until when.
const UNTIL: &str = "2036-11-01";

/// Turns switches.
type Turn = fn(&mut Switches);

/// The club of the story, before anything ran.
struct Story {
    sandbox: Sandbox,
    /// The persons of each door at the beginning.
    before: Vec<Vec<Person>>,
}

impl Story {
    /// One door that behaves oddly from the beginning, and three renewals.
    fn new(turn: impl FnOnce(&mut Switches)) -> Self {
        let story = Self::around(Sandbox::agreeing(MEMBERS, 1));
        story.door().set(turn);
        story
    }

    /// So many doors that behave, one reading done, and then three renewals.
    fn under_way(doors: usize) -> Self {
        let sandbox = Sandbox::agreeing(MEMBERS, doors);
        sandbox.sync(0);
        let story = Self::around(sandbox);
        story.sandbox.clear_requests();
        story
    }

    /// One door whose firmware has confirmed a write, and then three renewals.
    fn proven() -> Self {
        let sandbox = Sandbox::agreeing(MEMBERS, 1);
        sandbox.sync(0);
        assert!(sandbox.club.renew(5, "2036-10-01"));
        sandbox.sync(0);
        let story = Self::around(sandbox);
        story.sandbox.clear_requests();
        story
    }

    /// The story with this club.
    fn around(sandbox: Sandbox) -> Self {
        let before = sandbox.club.devices.iter().map(Device::persons).collect();
        for index in RENEWED {
            assert!(sandbox.club.renew(index, UNTIL));
        }
        Self { sandbox, before }
    }

    /// The first door.
    fn door(&self) -> &Device {
        &self.sandbox.club.devices[0]
    }

    /// One tick that ends with this code.
    #[track_caller]
    fn sync(&self, what: &str, code: i32) -> Value {
        let said = self.sandbox.run(&["sync", "--json"]);
        assert_eq!(said.code, code, "{what}: {}", said.stderr);
        said.json()
    }

    /// One tick that asks everybody, also doors that are left alone for a while because they failed.
    #[track_caller]
    fn sync_full(&self, what: &str, code: i32) -> Value {
        let said = self.sandbox.run(&["sync", "--full", "--json"]);
        assert_eq!(said.code, code, "{what}: {}", said.stderr);
        said.json()
    }

    /// Every door holds the renewals, and everything else is as it was.
    #[track_caller]
    fn assert_in_step(&self, what: &str) {
        for (device, before) in self.sandbox.club.devices.iter().zip(&self.before) {
            assert_eq!(device.persons(), renewed(before), "{what}");
        }
    }

    /// Nothing was written anywhere, and everybody is as before.
    #[track_caller]
    fn assert_untouched(&self, what: &str) {
        for (device, before) in self.sandbox.club.devices.iter().zip(&self.before) {
            assert_eq!(device.writes(), Vec::<Value>::new(), "{what}");
            assert_eq!(device.persons(), *before, "{what}");
        }
    }

    /// The odd door is brought in sync, each person with one write; and so it stays.
    #[track_caller]
    fn comes_in_step(&self, what: &str) {
        let run = self.sync(what, 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3], "{what}");
        assert_eq!(self.door().writes().len(), 3, "{what}");
        self.assert_in_step(what);
        self.stays_in_step(what);
    }

    /// The odd door cannot be served: this exit code, this word about the door, nothing written.
    /// As soon as it behaves, the next tick catches up.
    #[track_caller]
    fn is_refused(&self, what: &str, code: i32, outcome: &str) {
        let run = self.sync(what, code);
        assert_eq!(each(&run, "devices", "outcome"), [outcome], "{what}");
        self.assert_untouched(what);
        self.catches_up(what);
    }

    /// The door behaves from now on, somebody accepts it, and that tick does what was left to do.
    #[track_caller]
    fn catches_up_when_accepted(&self, what: &str) {
        self.door().set(|switches| *switches = Switches::default());
        let accepted = format!("door1={}", self.door().persons().len());
        let said = self.sandbox.run(&["sync", "--json", "--accept-device", &accepted]);
        assert_eq!(said.code, 0, "{what}: {}", said.stderr);
        let run = said.json();
        assert!(each(&run, "changes", "outcome").iter().all(|o| *o == "confirmed"), "{what}");
        self.assert_in_step(what);
        self.stays_in_step(what);
    }

    /// The door behaves from now on, and one tick does what was left to do.
    #[track_caller]
    fn catches_up(&self, what: &str) {
        self.door().set(|switches| *switches = Switches::default());
        let run = self.sync(what, 0);
        assert!(each(&run, "changes", "outcome").iter().all(|o| *o == "confirmed"), "{what}");
        self.assert_in_step(what);
        self.stays_in_step(what);
    }

    /// The law: the door behaves, everybody is read again, and there is nothing to do.
    #[track_caller]
    fn stays_in_step(&self, what: &str) {
        for device in &self.sandbox.club.devices {
            device.set(|switches| *switches = Switches::default());
        }
        let again = self.sandbox.run(&["sync", "--full", "--json"]);
        assert_eq!(again.code, 0, "{what}: {}", again.stderr);
        assert_eq!(again.json()["changes"], json!([]), "{what}");
        self.assert_in_step(what);
        assert_eq!(self.sandbox.club.violations(), Vec::<String>::new(), "{what}");
    }
}

/// These persons after the renewals.
fn renewed(before: &[Person]) -> Vec<Person> {
    let mut after = before.to_vec();
    for index in RENEWED {
        let person = after.iter_mut().find(|p| p.employee_no == employee_no(index)).unwrap();
        person.end = format!("{UNTIL}T23:59:59");
    }
    after
}

/// A club in agreement whose doors start with these settings.
fn club_with(members: usize, doors: usize, settings: &Settings) -> Sandbox {
    Sandbox::with(World::agreeing(members, doors).start_with(Default::default(), settings))
}

/// All requests of a door whose target contains `part`.
fn requests(device: &Device, part: &str) -> usize {
    device.requests().iter().filter(|request| request.target.contains(part)).count()
}

/// Logins that a door was sent.
fn logins(device: &Device) -> usize {
    device.requests().iter().filter(|request| request.is_authenticated()).count()
}

/// Every switch has a scenario in this folder. One that is added does not compile here until it is
/// named, which is the moment to write its scenario.
#[test]
fn every_switch_is_named() {
    let Switches {
        // digest.rs
        nonce: _,
        stale: _,
        challenge: _,
        opaque: _,
        body_401: _,
        // logins.rs
        lock: _,
        // refusals.rs
        logins_refused: _,
        // connections.rs, failures.rs and refusals.rs
        keep_alive: _,
        concurrency: _,
        device_busy: _,
        // writes.rs
        error_status: _,
        error_body: _,
        ok_with_error_fields: _,
        omitted: _,
        unknown_key: _,
        begin_after_end: _,
        far_year: _,
        enable_false: _,
        permissions: _,
        missing_top_key: _,
        unknown_person: _,
        // outcomes.rs
        effect: _,
        // paging.rs
        page_limit: _,
        paging_end: _,
        pages: _,
        counts: _,
        total_off_by: _,
        filter: _,
        // answers.rs
        namespace: _,
        key_style: _,
        key_case: _,
        scalars: _,
        root_is_search_result: _,
        no_num_of: _,
        no_person_info_extends: _,
        email_field: _,
        info_format: _,
        // clock.rs
        local_time: _,
        // windows.rs
        latest_end: _,
        time_range_end: _,
        keeps: _,
        dates: _,
        // pins.rs
        shows_pin: _,
        // manners.rs
        modify_by: _,
        support_function: _,
        refused_fields: _,
        naming: _,
        // entries.rs
        listed_twice: _,
        twice_at_end: _,
        names_in_gbk: _,
        // fields.rs
        further_fields: _,
        empty_vanishes: _,
    } = Switches::default();
}
