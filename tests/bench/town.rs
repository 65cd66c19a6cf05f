//! A town with services of rights, a folder, and the release binary that runs there.

use std::path::PathBuf;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use crate::Failure;
use crate::bare::{self, argument};
use crate::process::{self, Cost};
use crate::scene::PROGRAM;
use crate::street::{KEY, Services, Street};

/// How the sections of its services are called.
const NAMES: [&str; 3] = ["street", "harbour", "market"];

/// What events are signed with.
pub const HOOK: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Longer than a listing of changes asks too early: what was listed once is not listed again.
const APART: TimeDelta = TimeDelta::minutes(20);

/// A town that runs.
pub struct Town {
    folder: TempDir,
    /// Its services.
    pub services: Services,
    now: DateTime<Utc>,
    /// What was asked in the last run.
    pub asked: Vec<String>,
    /// What a client did that it must not.
    pub violations: Vec<String>,
}

impl Town {
    /// Starts the services of a town; of as many of them the configuration knows.
    pub fn start(permits: &[usize], citations: usize) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // Noon in spring; nothing in this town depends on when it is.
        let now = DateTime::from_timestamp(1_773_144_000, 0).ok_or("no such instant")?;
        let street = Street { permits: permits.to_vec(), citations, now };
        let services = Services::start(&street, folder.path())?;
        let (asked, violations) = (Vec::new(), Vec::new());
        Ok(Self { folder, services, now, asked, violations })
    }

    /// Writes the configuration for the first `services` of them, with more for the first.
    pub fn configure(&self, services: usize, more: &str) -> Result<(), Failure> {
        let mut text = "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\n\
                        [zone.A1]\n[zone.A2]\n[zone.B1]\n[zone.B2]\n"
            .to_owned();
        for (place, (name, url)) in NAMES.iter().zip(&self.services.urls).take(services).enumerate()
        {
            text.push_str(&format!(
                "[ips.{name}]\nurl = \"{url}\"\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"2h\"\n\
                 full_every = \"7d\"\n"
            ));
            if place == 0 {
                text.push_str(more);
            }
        }
        Ok(std::fs::write(self.path("ivms-sync.toml"), text)?)
    }

    /// What every clock of the town shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The state file.
    pub fn state(&self) -> PathBuf {
        self.path("ivms-sync.db")
    }

    /// Forgets the state file and what lies beside it.
    pub fn forget(&self) -> Result<(), Failure> {
        for entry in std::fs::read_dir(self.folder.path())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("ivms-sync.db") {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Lets time pass everywhere, so long that nothing old is news any more.
    pub fn advance(&mut self) -> Result<(), Failure> {
        self.now += APART;
        self.services.set(self.now)
    }

    /// The variables of a run that begins now.
    pub fn variables(&self) -> Vec<(String, String)> {
        let pairs = [
            ("IPS_KEY", KEY.to_owned()),
            ("HOOK", HOOK.to_owned()),
            ("IVMS_SYNC_TEST_NOW", self.now.to_rfc3339()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The program with these arguments, as it runs here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().envs(self.variables()).current_dir(self.folder.path());
        command
    }

    /// Runs the program; it must end with one of these codes.
    pub fn run(&self, arguments: &[&str], codes: &[i32]) -> Result<Cost, Failure> {
        let mut command = Command::new(PROGRAM);
        let variables = self.variables();
        let cost = process::run(command.args(arguments), self.folder.path(), &variables)?;
        match codes.contains(&cost.code) {
            true => Ok(cost),
            false => {
                let Cost { code, stdout, stderr, .. } = cost;
                Err(format!("{arguments:?} ended with {code}: {stdout}{stderr}").into())
            }
        }
    }

    /// Runs the program after some time; remembers what the services were asked.
    pub fn tick(&mut self, arguments: &[&str], codes: &[i32]) -> Result<Cost, Failure> {
        self.advance()?;
        let cost = self.run(arguments, codes)?;
        let seen = self.services.seen()?;
        self.asked = seen.urls;
        self.violations.extend(seen.refused);
        Ok(cost)
    }

    /// A quiet tick: the one before has listed whatever was new.
    pub fn quiet(&mut self) -> Result<Cost, Failure> {
        self.tick(&["sync"], &[0])?;
        self.tick(&["sync"], &[0])
    }

    /// Something bare, with the state file as its first argument; what the whole process cost.
    pub fn bare(&self, word: &str, more: &[&str]) -> Result<Cost, Failure> {
        let state = self.state();
        let arguments = [&[word, argument(&state)?], more].concat();
        Ok(bare::run(self.folder.path(), &arguments, &[])?.1)
    }
}
