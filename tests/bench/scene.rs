//! A world, a folder, and the release binary that runs there: one measured row after the other.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::Failure;
use crate::bare::argument;
use crate::process::{self, Cost};
use crate::remote::{ROOTS, Remote};
use crate::stage::{self, Outside, Seen, Size};

/// The program that is measured.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_ivms-sync");

/// Two hours: more than the hour by which a tick asks too early, so that a tick lists only what
/// happened since the one before.
const BETWEEN_TICKS_S: usize = 2 * 3600;

/// What cron is told.
pub const BETWEEN_CRON_S: usize = 300;

/// One measured run.
#[derive(Debug, Clone)]
pub struct Row {
    /// The world it ran in.
    pub size: Size,
    /// Every second member of it has no role.
    pub half_without_role: bool,
    /// What was run.
    pub name: String,
    /// What the process cost.
    pub cost: Cost,
    /// What both sides saw of it.
    pub seen: Seen,
    /// CPU time of the simulators meanwhile, where the system tells.
    pub outside_cpu: Option<Duration>,
    /// Size of the state file with what lies beside it, in bytes.
    pub state_bytes: u64,
}

/// A world with a folder for the program.
pub struct Scene {
    /// How big the world is.
    pub size: Size,
    /// The simulators.
    pub remote: Remote,
    folder: TempDir,
    variables: Vec<(String, String)>,
    half_without_role: bool,
    /// What a client did that it must not.
    pub violations: Vec<String>,
}

impl Scene {
    /// Starts a world and writes the configuration that fits it.
    pub fn set_as(outside: &Outside) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let remote = Remote::start(outside, folder.path())?;
        let Remote { service, devices, pins, .. } = &remote;
        let config = stage::config_of(service, devices, pins, outside.clubs);
        std::fs::write(folder.path().join("ivms-sync.toml"), config)?;
        let mut variables = Vec::new();
        if outside.tls {
            let roots = folder.path().join(ROOTS);
            variables.push(("SSL_CERT_FILE".to_owned(), argument(&roots)?.to_owned()));
        }
        let size = outside.size;
        let half_without_role = outside.half_without_role;
        Ok(Self { size, remote, folder, variables, half_without_role, violations: Vec::new() })
    }

    /// The variables of a run that begins now.
    pub fn variables(&mut self) -> Result<Vec<(String, String)>, Failure> {
        let mut variables = stage::variables(self.remote.clear()?);
        variables.extend_from_slice(&self.variables);
        Ok(variables)
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The state file.
    pub fn state(&self) -> PathBuf {
        self.path("ivms-sync.db")
    }

    /// Runs the program two hours after whatever was before.
    pub fn tick(
        &mut self,
        name: &str,
        arguments: &[&str],
        more: &[(String, String)],
    ) -> Result<Row, Failure> {
        self.remote.advance(BETWEEN_TICKS_S)?;
        self.run(name, Command::new(PROGRAM).args(arguments), more)
    }

    /// Runs the program five minutes later, as cron does.
    pub fn cron(&mut self, arguments: &[&str]) -> Result<Row, Failure> {
        self.remote.advance(BETWEEN_CRON_S)?;
        self.run("", Command::new(PROGRAM).args(arguments), &[])
    }

    /// Lets ticks pass until nothing is left to do, and the next one is quiet.
    pub fn quieten(&mut self) -> Result<(), Failure> {
        self.catch_up()?;
        for _ in 0..2 {
            self.tick("", &["sync"], &[])?;
        }
        Ok(())
    }

    /// Runs any program now and measures it.
    pub fn run(
        &mut self,
        name: &str,
        command: &mut Command,
        more: &[(String, String)],
    ) -> Result<Row, Failure> {
        let mut variables = self.variables()?;
        variables.extend_from_slice(more);
        let before = self.remote.cpu();
        let cost = process::run(command, self.folder.path(), &variables)?;
        let outside_cpu = self.remote.cpu().zip(before).map(|(after, before)| after - before);
        let (seen, violations) = self.remote.seen()?;
        self.violations.extend(violations);
        let state_bytes = self.state_bytes()?;
        let (size, half_without_role) = (self.size, self.half_without_role);
        let name = name.to_owned();
        Ok(Row { size, half_without_role, name, cost, seen, outside_cpu, state_bytes })
    }

    /// Runs ticks that nobody measures until one ends with 0: what a time limit left over.
    pub fn catch_up(&mut self) -> Result<(), Failure> {
        for _ in 0..20 {
            let row = self.tick("", &["sync"], &[])?;
            match row.cost.code {
                0 => return Ok(()),
                8 => {}
                code => return Err(format!("a tick ended with {code}: {}", row.cost.stderr).into()),
            }
        }
        Err("twenty ticks were not enough".into())
    }

    fn state_bytes(&self) -> Result<u64, Failure> {
        let state = self.state();
        let state = argument(&state)?;
        let paths = ["", "-wal", "-shm"].map(|suffix| format!("{state}{suffix}"));
        Ok(paths.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|m| m.len()).sum())
    }
}

/// How often what is short is measured: the median counts.
pub const REPEATS: usize = 3;

/// The row with the median wall time.
pub fn median(mut rows: Vec<Row>) -> Result<Row, Failure> {
    rows.sort_by_key(|row| row.cost.wall);
    let middle = rows.len() / 2;
    rows.into_iter().nth(middle).ok_or_else(|| "nothing was measured".into())
}
