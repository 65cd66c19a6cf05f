//! A town whose parking is sold by one service, and the real binary.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::ips::{Server, Settings};
use serde_json::Value;
use tempfile::TempDir;

use super::pinned::instant;
use super::schema::assert_valid;
use super::{Said, binary, said};

/// Where minutes are counted from.
pub const NOON: &str = "2026-03-10T12:00:00Z";

/// The key that the service wants of whoever asks.
pub const KEY: &str = "ips-secret-key-1";

/// So many minutes after noon.
pub fn clock(minutes: i64) -> DateTime<Utc> {
    instant(NOON) + TimeDelta::minutes(minutes)
}

/// Whatever has a clock and runs the binary.
pub trait Runs {
    /// Runs it so many minutes after noon.
    fn run(&self, minutes: i64, arguments: &[&str]) -> Said;

    /// What a command prints as JSON, which is as its schema says.
    #[track_caller]
    fn json(&self, minutes: i64, code: i32, arguments: &[&str]) -> Value {
        let arguments = [&["--json"], arguments].concat();
        let found = self.run(minutes, &arguments).ends(code).json();
        assert_valid(&found);
        found
    }

    /// A tick, and its document.
    #[track_caller]
    fn tick(&self, minutes: i64, code: i32) -> Value {
        self.json(minutes, code, &["sync"])
    }
}

impl Runs for Town {
    fn run(&self, minutes: i64, arguments: &[&str]) -> Said {
        self.typed(clock(minutes), &[], arguments, "")
    }
}

/// A folder with a configuration, a service, and what is in the environment.
pub struct Town {
    pub folder: TempDir,
    pub street: Server,
    environment: Vec<(String, String)>,
}

impl Town {
    /// The configuration is written when the service listens.
    pub fn new(
        settings: Settings,
        environment: &[(&str, &str)],
        config: impl FnOnce(&Server) -> String,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let street = Server::start(Settings { clock: Clock::fixed(instant(NOON)), ..settings });
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment = environment.iter().map(owned).collect();
        fs::write(folder.path().join("ivms-sync.toml"), config(&street)).unwrap();
        Self { folder, street, environment }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the binary at an instant, with more in its environment, and something to read.
    pub fn typed(
        &self,
        at: DateTime<Utc>,
        more: &[(String, String)],
        arguments: &[&str],
        input: impl Into<Vec<u8>>,
    ) -> Said {
        self.street.clock().set(at);
        self.street.begin_run();
        let mut command = binary(self.folder.path());
        command.env("IVMS_SYNC_TEST_NOW", at.to_rfc3339());
        command.env("IVMS_SYNC_TEST_LOOKS", "compared");
        command.envs(self.environment.iter().chain(more).cloned());
        let found = said(command.args(arguments).write_stdin(input));
        let secrets = self.environment.iter().map(|(_, secret)| secret.as_str());
        for secret in secrets.chain(["oauth-token"]) {
            assert!(!format!("{found:?}").contains(secret), "{found:?}");
        }
        found
    }

    /// What is said of a car, with the exit code.
    #[track_caller]
    pub fn ask(&self, minutes: i64, plate: &str, zone: &str) -> (i32, String) {
        let plate = format!("plate:{plate}");
        let found = self.run(minutes, &["--json", "lookup", &plate, "--zone", zone]);
        assert_valid(&found.json());
        (found.code, found.json()["verdict"]["status"].as_str().unwrap().to_owned())
    }

    /// The service has nothing to complain of.
    #[track_caller]
    pub fn assert_well(&self) {
        assert_eq!(self.street.violations(), Vec::<String>::new());
    }
}

/// An exit code with what is said.
pub fn is(code: i32, status: &str) -> (i32, String) {
    (code, status.to_owned())
}
