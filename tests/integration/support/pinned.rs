//! A sandbox whose clocks stand where the test puts them: the program's, Cardskipper's, the doors'.

use chrono::{DateTime, Utc};
use ivms_sync_simulators::cardskipper;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{Club, World, WorldSettings};
use ivms_sync_simulators::hikvision;
use serde_json::Value;

use super::{Said, Sandbox};

/// The moment most tests with pinned times begin at: a Tuesday morning in winter.
pub const START: &str = "2026-03-10T10:00:00Z";

/// The time of the n-th tick after the start.
pub fn tick(number: i32) -> String {
    let at = instant(START) + chrono::TimeDelta::minutes(5) * number;
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An instant of RFC 3339.
pub fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// The size of a club round the day of an instant.
pub fn settings(members: usize, devices: usize, now: &str) -> WorldSettings {
    let today = instant(now).date_naive();
    WorldSettings { members, devices, today, ..WorldSettings::default() }
}

/// Starts a world with every clock standing at `now`.
pub fn start(world: World, now: &str) -> Club {
    let clock = Clock::fixed(instant(now));
    let service =
        cardskipper::Settings { clock: clock.clone(), ..cardskipper::Settings::default() };
    world.start_with(service, &hikvision::Settings { clock, ..hikvision::Settings::default() })
}

impl Sandbox {
    /// A club in agreement at [`START`], with every clock standing there.
    pub fn pinned(members: usize, devices: usize) -> Self {
        Self::pinned_at(members, devices, START)
    }

    /// A club in agreement at `now`, with every clock standing there.
    pub fn pinned_at(members: usize, devices: usize, now: &str) -> Self {
        Self::with(start(World::new(&settings(members, devices, now)), now))
    }

    /// Moves every clock of the outside world.
    pub fn clocks(&self, now: &str) {
        self.club.cardskipper.clock().set(instant(now));
        for device in &self.club.devices {
            device.clock().set(instant(now));
        }
        if let Some(camera) = &self.camera {
            camera.clock().set(instant(now));
        }
    }

    /// Moves every clock and runs the binary at that time.
    pub fn at(&self, now: &str, arguments: &[&str]) -> Said {
        self.clocks(now);
        self.run_at(Some(now), arguments)
    }

    /// Lets a tick at that time see what the club says, with every door only observed: the first of the two
    /// looks without which nothing is taken away.
    #[track_caller]
    pub fn look_at(&self, now: &str) {
        self.clocks(now);
        self.observe(Some(now)).ends(0);
    }

    /// The same as [`Sandbox::sync_at`], after a first look a minute before.
    #[track_caller]
    pub fn sync_after_a_look_at(&self, now: &str, code: i32) -> Value {
        let before = instant(now) - chrono::TimeDelta::minutes(1);
        self.look_at(&before.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        self.sync_at(now, code)
    }

    /// Runs `sync --json` at that time and gives the document, if it ended with this code.
    #[track_caller]
    pub fn sync_at(&self, now: &str, code: i32) -> Value {
        self.at(now, &["sync", "--json"]).ends(code).json()
    }

    /// Runs `sync --full --json` at that time and gives the document, if it ended with this code.
    #[track_caller]
    pub fn full_at(&self, now: &str, code: i32) -> Value {
        self.at(now, &["sync", "--full", "--json"]).ends(code).json()
    }
}
