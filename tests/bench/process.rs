//! Runs a process to its end and says what it cost, by the system's own account of it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use crate::Failure;

/// What one process cost.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    /// From before its start until it was gone.
    pub wall: Duration,
    /// In user and system mode, all threads.
    pub cpu: Duration,
    /// Largest resident memory, in bytes.
    pub peak: u64,
    /// Exit code; -1 after a signal.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

impl Cost {
    /// The same, if it ended with 0.
    pub fn or_fail(self, what: &str) -> Result<Self, Failure> {
        match self.code {
            0 => Ok(self),
            code => Err(format!("{what} ended with {code}: {}{}", self.stdout, self.stderr).into()),
        }
    }
}

/// Runs a command in a folder with these variables and nothing else in its environment.
///
/// Its output goes through a file: reading a pipe meanwhile would take turns on the processor.
pub fn run(
    command: &mut Command,
    folder: &Path,
    variables: &[(String, String)],
) -> Result<Cost, Failure> {
    let (out, said) = (folder.join("stdout.txt"), folder.join("stderr.txt"));
    command
        .env_clear()
        .envs(variables.iter().cloned())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out)?)
        .stderr(std::fs::File::create(&said)?);
    let began = Instant::now();
    let used = command.spawn()?.wait4()?;
    let wall = began.elapsed();
    Ok(Cost {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        peak: used.rusage.maxrss,
        code: used.status.code().unwrap_or(-1),
        stdout: std::fs::read_to_string(&out)?,
        stderr: std::fs::read_to_string(&said)?,
    })
}

/// Ticks of the CPU times in `/proc`, a second: fixed in Linux towards programs.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time of a running process so far; `None` where there is no `/proc`.
pub fn cpu_of(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything; `utime` and `stime` are the 12th and 13th after it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11).map(|field| field.parse::<u64>().ok());
    let ticks = fields.next()?? + fields.next()??;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}
