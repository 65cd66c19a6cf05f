//! The stage: a simulated club, a folder, and the real program run in it.

use std::error::Error;
use std::path::PathBuf;

use chrono::{Datelike, Days, NaiveDate};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{Club, World, WorldSettings, employee_no, number};
use ivms_sync_simulators::hikvision::{Device, Person};
use ivms_sync_simulators::{cardskipper, hikvision, http};
use tempfile::TempDir;

use super::program::{self, Said};

/// Members of the club.
pub const MEMBERS: usize = 40;
/// The doors, in the order of [`Club::devices`].
pub const DOORS: [&str; 2] = ["front-door", "gym-door"];
/// Somebody whose renewal nobody copied to the doors: stands outside when the story begins.
pub const FORGOTTEN: usize = 4;
/// Somebody whose renewal was copied to one door only.
pub const HALF_COPIED: usize = 17;
/// Somebody without an e-mail in Cardskipper.
pub const WITHOUT_EMAIL: usize = 39;

/// The club of a demo before it starts.
pub struct Opening {
    /// Everybody in Cardskipper and on the doors of [`DOORS`].
    pub world: World,
    /// The day round which memberships lie.
    pub today: NaiveDate,
    /// Time for both systems and the program; without it, this computer's.
    pub clock: Option<Clock>,
    /// More lines for the section of Cardskipper.
    pub listing: &'static str,
}

impl Opening {
    /// The club of the story: two people have paid and stand outside, one has no e-mail.
    pub fn of_the_story() -> Self {
        let settings =
            WorldSettings { members: MEMBERS, devices: DOORS.len(), ..WorldSettings::default() };
        let today = settings.today;
        let mut world = World::new(&settings);
        let yesterday = day_before(today);
        for (door, member) in [(0, FORGOTTEN), (1, FORGOTTEN), (1, HALF_COPIED)] {
            if let Some(person) = world.devices.get_mut(door).and_then(|d| d.get_mut(member)) {
                person.end = format!("{yesterday}T23:59:59");
            }
        }
        if let Some(member) = world.members.get_mut(WITHOUT_EMAIL) {
            member.email.clear();
        }
        Self { world, today, clock: None, listing: "" }
    }
}

/// A club, a folder with a configuration, and the program.
pub struct Stage {
    /// The outside world.
    pub club: Club,
    folder: TempDir,
    binary: PathBuf,
    today: NaiveDate,
    clock: Option<Clock>,
    listing: &'static str,
    /// Environment variables that hold passwords.
    pub passwords: Vec<(&'static str, String)>,
}

impl Stage {
    /// Sets the club of the story.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn set(binary: PathBuf) -> Result<Self, Box<dyn Error>> {
        Self::open(binary, Opening::of_the_story())
    }

    /// Starts the simulators, and makes a folder with a configuration and a link file.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(binary: PathBuf, opening: Opening) -> Result<Self, Box<dyn Error>> {
        let Opening { world, today, clock, listing } = opening;
        let time = clock.clone().unwrap_or_default();
        let service =
            cardskipper::Settings { clock: time.clone(), ..cardskipper::Settings::default() };
        let device = hikvision::Settings {
            tls: http::Tls::SelfSigned,
            clock: time,
            ..hikvision::Settings::default()
        };
        let club = world.start_with(service, &device);
        let passwords = vec![
            ("CARDSKIPPER_PASSWORD", "Card-secret-1".to_owned()),
            ("FRONT_DOOR_PASSWORD", "Door-secret-1".to_owned()),
            ("GYM_DOOR_PASSWORD", "Door-secret-1".to_owned()),
        ];
        let folder = tempfile::tempdir()?;
        let stage = Self { club, folder, binary, today, clock, listing, passwords };
        std::fs::write(stage.path("ivms-sync.toml"), stage.config())?;
        std::fs::write(stage.path("persons.csv"), &stage.club.links_csv)?;
        Ok(stage)
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration, with passwords in environment variables.
    pub fn config(&self) -> String {
        self.config_with(|name| format!("{{ env = \"{name}\" }}"))
    }

    /// The configuration, with this for the password of each name.
    pub fn config_with(&self, password: impl Fn(&str) -> String) -> String {
        let mut text = format!(
            "time_zone = \"Europe/Ljubljana\"\n\n\
             [cardskipper.club]\n\
             url             = \"{}\"\n\
             organisation_id = 123\n\
             username        = \"api@club.example\"\n\
             password        = {}\n\
             roles           = [3126]\n",
            self.club.cardskipper.url(),
            password("CARDSKIPPER_PASSWORD")
        );
        text.push_str(self.listing);
        for (name, door) in DOORS.iter().zip(&self.club.devices) {
            let variable = format!("{}_PASSWORD", name.to_uppercase().replace('-', "_"));
            text.push_str(&format!(
                "\n[hikvision.{name}]\n\
                 url      = \"{}\"\n\
                 username = \"admin\"\n\
                 password = {}\n\
                 tls      = \"sha256:{}\"\n",
                door.url(),
                password(&variable),
                door.certificate_sha256().unwrap_or_default()
            ));
        }
        text.push_str("\n[link]\nfiles = [\"persons.csv\"]\n");
        text
    }

    /// Runs the program in the folder, in an environment that holds the passwords and nothing else.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Said, Box<dyn Error>> {
        self.club.begin_run();
        for door in &self.club.devices {
            door.clear_requests();
            door.clear_writes();
        }
        let mut variables = self.passwords.clone();
        if let Some(clock) = &self.clock {
            variables.push(("IVMS_SYNC_TEST_NOW", clock.now().to_rfc3339()));
        }
        program::run(&self.binary, self.folder.path(), &variables, arguments)
    }

    /// Changes the password that the program is given.
    pub fn configure_password(&mut self, variable: &str, value: &str) {
        for (name, known) in &mut self.passwords {
            if *name == variable {
                value.clone_into(known);
            }
        }
    }

    /// Yesterday.
    pub fn yesterday(&self) -> String {
        day_before(self.today)
    }

    /// A day of next year. From September on it lies after every end date of the club.
    pub fn next_year(&self, month: u32, day: u32) -> String {
        let date = NaiveDate::from_ymd_opt(self.today.year() + 1, month, day);
        date.unwrap_or(self.today).to_string()
    }

    /// A door by its place in [`DOORS`].
    pub fn door(&self, place: usize) -> Option<&Device> {
        self.club.devices.get(place)
    }

    /// The last day on which each door opens for a member.
    pub fn ends(&self, member: usize) -> Vec<String> {
        let person = |door: &Device| door.person(&employee_no(member));
        let day = |person: Person| person.end.strip_suffix("T23:59:59").map(str::to_owned);
        self.club.devices.iter().map(|d| person(d).and_then(day).unwrap_or_default()).collect()
    }

    /// The paid-until date in Cardskipper.
    pub fn paid_until(&self, member: usize) -> String {
        let member = self.club.cardskipper.member(number(member));
        let role = member.and_then(|m| m.organisations.into_iter().flat_map(|o| o.roles).next());
        role.map(|role| role.end).unwrap_or_default()
    }

    /// Whether every door opens for a member until the date paid for.
    pub fn is_in_step(&self, member: usize) -> bool {
        let paid = self.paid_until(member);
        !paid.is_empty() && self.ends(member).iter().all(|end| *end == paid)
    }

    /// Changes that the doors took in the last command, together.
    pub fn writes(&self) -> usize {
        self.club.devices.iter().map(|door| door.writes().len()).sum()
    }

    /// Everybody on every door, to be compared later.
    pub fn persons(&self) -> Vec<Vec<Person>> {
        self.club.devices.iter().map(Device::persons).collect()
    }
}

fn day_before(day: NaiveDate) -> String {
    day.checked_sub_days(Days::new(1)).unwrap_or(day).to_string()
}
