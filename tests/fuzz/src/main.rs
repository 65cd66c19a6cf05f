//! Runs fuzz targets for as long as you like; see the crate's documentation.

use std::process::ExitCode;
use std::time::Duration;

use ivms_sync_fuzz::run::{corpus, on, one, run_watched};
use ivms_sync_fuzz::targets::{TARGETS, Target};

const USAGE: &str =
    "usage: ivms-sync-fuzz TARGET|all [--seconds N] [--seed S] [--at N] [--input FILE]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // A panic that a reader contains is no news; one that it does not is told as a failure.
    std::panic::set_hook(Box::new(|_| {}));
    match go(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn go(arguments: &[String]) -> Result<(), String> {
    let names = TARGETS.map(|target| target.name).join(", ");
    let (name, options) = arguments.split_first().ok_or(format!("{USAGE}\ntargets: {names}"))?;
    let option = |wanted: &str| {
        let place = options.iter().position(|one| one == wanted)?;
        options.get(place + 1).cloned()
    };
    let number = |wanted: &str, default: u64| match option(wanted) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| format!("{wanted}: {text} is no number")),
    };
    let chosen: Vec<&'static Target> =
        TARGETS.iter().filter(|target| name == "all" || name == target.name).collect();
    if chosen.is_empty() {
        return Err(format!("{USAGE}\ntargets: {names}"));
    }
    let (seed, seconds) = (number("--seed", 1)?, number("--seconds", 60)?);
    for target in chosen {
        if let Some(file) = option("--input") {
            let input = std::fs::read(&file).map_err(|error| format!("{file}: {error}"))?;
            on(target, &input).map_err(|what| format!("{}: {what}", target.name))?;
        } else if option("--at").is_some() {
            let corpus = corpus(target).map_err(|error| error.to_string())?;
            let input = one(target, &corpus, seed, number("--at", 0)?);
            eprintln!("{}", String::from_utf8_lossy(&input));
            on(target, &input).map_err(|what| format!("{}: {what}", target.name))?;
        } else {
            let time = Duration::from_secs(seconds);
            let made =
                run_watched(target, seed, u64::MAX, time).map_err(|failure| failure.tell())?;
            eprintln!("{}: {made} inputs", target.name);
        }
    }
    Ok(())
}
