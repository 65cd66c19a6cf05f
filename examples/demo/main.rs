//! Shows ivms-sync at work: 40 members, two doors, and a day on which everything happens.
//!
//! ```text
//! cargo run --example demo
//! cargo run --example demo -- --town
//! cargo run --example demo -- --web
//! ```
//!
//! Cardskipper and the doors are simulators on this computer, and everything lies in a folder that
//! is removed at the end. The program is the real one: each line that starts with `$` is run, and
//! what follows is what it says. Its output is no terminal here, so that members appear as numbers.
//! Every step is checked, on the doors too; the demo ends with 1 if anything is not as told. It begins
//! with a list of the steps and how each went, and then shows all of it.
//!
//! With `--town` it shows a town: permits out of a spreadsheet, a barrier with a camera, an officer who asks.
//! With `--web`, a smaller club is served as a page for a browser on this computer: what happens
//! there is up to who presses the buttons.

mod program;
mod scene;
mod stage;
mod story;
mod town;
mod transcript;
mod web;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anstream::println;
use clap::Parser;

use scene::Scene;
use stage::Stage;
use story::Story;
use town::Town;
use transcript::{BAD, GOOD, Transcript, heading, painted};

/// Shows ivms-sync at work in a simulated club.
#[derive(Debug, Parser)]
#[command(name = "demo")]
struct Args {
    /// Show this ivms-sync, in place of the one that cargo builds.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Serve a club to play with as a page in the browser, until Ctrl-C.
    #[arg(long)]
    web: bool,
    /// Show a town with a barrier in place of the club.
    #[arg(long, conflicts_with = "web")]
    town: bool,
    /// Port of the page; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "web")]
    port: u16,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let shown = listen().and_then(|is_over| match args {
        Args { web: true, .. } => play(&args, &is_over),
        Args { town: true, .. } => town(&args, &is_over),
        _ => club(&args, &is_over),
    });
    match shown {
        Ok(wrong) if wrong.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("The demo cannot be shown: {error}");
            ExitCode::FAILURE
        }
    }
}

fn binary(args: &Args) -> Result<PathBuf, Box<dyn Error>> {
    match &args.binary {
        Some(path) => Ok(std::path::absolute(path)?),
        None => program::find(),
    }
}

/// Ctrl-C ends the demo where its folder can be removed, and not where it stands.
fn listen() -> Result<Arc<AtomicBool>, Box<dyn Error>> {
    let is_over = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&is_over))?;
    }
    Ok(is_over)
}

/// Serves the page; nothing was told there, so nothing can be wrong.
fn play(args: &Args, is_over: &AtomicBool) -> Result<Vec<String>, Box<dyn Error>> {
    web::serve(binary(args)?, args.port, is_over)?;
    Ok(Vec::new())
}

fn club(args: &Args, is_over: &AtomicBool) -> Result<Vec<String>, Box<dyn Error>> {
    let stage = Stage::set(binary(args)?)?;
    let config = stage.config();
    show(Story::of_a_day(), stage, &config, is_over)
}

fn town(args: &Args, is_over: &AtomicBool) -> Result<Vec<String>, Box<dyn Error>> {
    let town = Town::set(binary(args)?)?;
    let config = town.config();
    show(town::story(), town, &config, is_over)
}

/// Plays the whole story, tells in short how it went, and then shows all of it; gives what was not as told.
fn show<S>(
    story: Story<S>,
    mut stage: S,
    config: &str,
    is_over: &AtomicBool,
) -> Result<Vec<String>, Box<dyn Error>> {
    let begin = Instant::now();
    println!("{}\n\n{}\n", heading(story.title, "="), story.opening);
    println!(
        "{} steps, within a minute: each runs the real program against simulators on this computer, \
         and is\nchecked there. First how it goes, then every step in full.\n",
        story.steps.len()
    );
    let mut scenes = Vec::new();
    let (mut wrong, mut checks) = (Vec::new(), 0);
    for (number, step) in (1..).zip(&story.steps) {
        let mut scene = Scene::default();
        (step.play)(&mut stage, &mut scene)?;
        if is_over.load(Ordering::SeqCst) {
            return Err("interrupted".into());
        }
        checks += scene.checks().count();
        let failed = scene.checks().filter(|(_, is_so)| !is_so);
        let failed: Vec<_> = failed.map(|(what, _)| format!("step {number}: {what}")).collect();
        let end = match failed.len() {
            0 => painted(GOOD, "as told"),
            _ => painted(BAD, "NOT AS TOLD"),
        };
        println!("  {number:>2}  {:<54} {end}", step.title);
        wrong.extend(failed);
        scenes.push((number, step.title, scene));
    }
    let steps = story.steps.len();
    let result = match wrong.len() {
        0 => painted(GOOD, &format!("All {steps} steps went as told ({checks} checks).")),
        some => painted(BAD, &format!("Not as told, {some} of {checks} checks:")),
    };
    let listed: String = wrong.iter().map(|what| format!("\n  {what}")).collect();
    println!("\n{result}{listed}\nIt took {} seconds.", begin.elapsed().as_secs() + 1);

    println!("\nThe configuration, ivms-sync.toml:\n\n{}", indented(config));
    let mut transcript = Transcript::default();
    for (number, title, scene) in &scenes {
        println!("\n{}\n", heading(&format!("{number}. {title}"), "-"));
        for line in scene.lines() {
            println!("{}", transcript.text_of(*number, line));
        }
    }
    println!("\n{result}{listed}\nThe folder is removed again.");
    Ok(wrong)
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n");
    lines.collect::<String>().trim_end().to_owned()
}
