//! A club to try ivms-sync in by hand: every command and every mistake, on this computer's clock.
//!
//! ```text
//! cargo run --example play
//! cargo run --example play -- --hikcentral --folder /tmp/club
//! ```
//!
//! Cardskipper and two doors, or a HikCentral with the doors behind it, are simulators that stay up
//! until Ctrl-C or the end of stdin. What is printed first is all that one needs in another
//! terminal; what is typed here changes the club.

#![expect(clippy::print_stdout, reason = "what is there is told to whoever plays")]

mod outside;
#[path = "../demo/program.rs"]
#[expect(dead_code, reason = "the demo shows what commands say")]
mod program;
#[path = "../demo/stage.rs"]
#[expect(dead_code, reason = "the demo uses more of its stage")]
mod stage;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;

use clap::Parser;

use outside::Outside;

/// Keeps a simulated club running, to try ivms-sync in by hand.
#[derive(Debug, Parser)]
#[command(name = "play")]
struct Args {
    /// Write the files here and leave them; without it, in a folder that is removed at the end.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// A HikCentral platform, in place of doors of their own.
    #[arg(long)]
    hikcentral: bool,
    /// Try this ivms-sync, in place of the one that cargo builds.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

fn main() -> ExitCode {
    match play(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("The club cannot be kept running: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(args: &Args) -> Result<(), Box<dyn Error>> {
    let binary = match &args.binary {
        Some(path) => std::path::absolute(path)?,
        None => program::find()?,
    };
    let outside = Outside::open(binary, args.hikcentral)?;
    let folder = match &args.folder {
        Some(folder) => std::path::absolute(folder)?,
        None => outside.stage.path(""),
    };
    write(&outside, &folder)?;
    println!("{}", outside.introduction(&folder));
    let (orders, typed) = mpsc::channel();
    let interrupted = orders.clone();
    let mut signals = signal_hook::iterator::Signals::new(signal_hook::consts::TERM_SIGNALS)?;
    std::thread::spawn(move || signals.forever().next().map(|_| interrupted.send(None)));
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if orders.send(Some(line)).is_err() {
                return;
            }
        }
        // Nobody hears it when the club is closing already.
        let _ = orders.send(None);
    });
    while let Ok(Some(line)) = typed.recv() {
        println!("{}", outside.order(&line));
    }
    println!("The club closes.");
    Ok(())
}

fn write(outside: &Outside, folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder.join(outside::OWN))?;
    for (name, text) in outside.files() {
        let path = folder.join(&name);
        std::fs::write(&path, text)?;
        #[cfg(unix)]
        if !name.contains('.') {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}
