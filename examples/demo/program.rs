//! Finds the `ivms-sync` that belongs to this example.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
