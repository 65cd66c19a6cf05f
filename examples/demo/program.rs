//! Finds the `ivms-sync` that belongs to this example, and runs it.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// No command takes longer.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What one command said.
#[derive(Debug, Clone)]
pub struct Said {
    /// The command line.
    pub command: String,
    /// Data.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
    /// Exit code; -1 when there is none.
    pub code: i32,
}

/// Runs the program in a folder, in an environment that holds these variables and nothing else.
///
/// # Errors
/// When it cannot be started.
pub fn run(
    binary: &Path,
    folder: &Path,
    variables: &[(&str, String)],
    arguments: &[&str],
) -> Result<Said, Box<dyn Error>> {
    let mut command = assert_cmd::Command::new(binary);
    command.args(arguments).current_dir(folder).timeout(TIME_LIMIT).env_clear();
    // Windows opens no socket without it.
    #[expect(clippy::disallowed_methods, reason = "of the demo's own, for the program's")]
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    for (name, value) in variables {
        command.env(name, value);
    }
    let output = command.output()?;
    Ok(Said {
        command: format!("ivms-sync {}", arguments.join(" ")),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    })
}

/// The program beside this example, built first: `cargo run --example` builds the example alone.
///
/// # Errors
/// When it is not there and cannot be built.
pub fn find() -> Result<PathBuf, Box<dyn Error>> {
    let example = std::env::current_exe()?;
    let not_there = || format!("{} does not lie in a target folder of cargo", example.display());
    // target/PROFILE/examples/EXAMPLE
    let profile = example.ancestors().nth(2).ok_or_else(not_there)?;
    let target = profile.parent().ok_or_else(not_there)?;
    let binary = profile.join(format!("ivms-sync{}", std::env::consts::EXE_SUFFIX));
    match cargo() {
        Some(cargo) => build(&cargo, &example, profile, target)?,
        // Started by hand: what is there is what is shown.
        None if binary.is_file() => {}
        None => return Err("build ivms-sync first: cargo build --bin ivms-sync".into()),
    }
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!("cargo built no {}", binary.display()).into())
    }
}

#[expect(clippy::disallowed_methods, reason = "cargo tells its own path in a variable")]
fn cargo() -> Option<OsString> {
    std::env::var_os("CARGO")
}

/// Asks cargo for the program in the profile of this example; done at once when it is fresh.
fn build(
    cargo: &OsString,
    example: &Path,
    profile: &Path,
    target: &Path,
) -> Result<(), Box<dyn Error>> {
    let name = profile.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
    let mut command = Command::new(cargo);
    command
        // The example is named too, so that both are built with the same features.
        .args(["build", "--quiet", "--bin", "ivms-sync", "--example"])
        .arg(example.file_stem().unwrap_or_default())
        .args(["--profile", if name == "debug" { "dev" } else { name }])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    // What cargo told this process about the example would look like a change to build scripts.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG") || n.starts_with("CARGO_MAN")) {
            command.env_remove(name);
        }
    }
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("cargo build ended with {status}").into()) }
}
