//! Shows ivms-sync at work: 40 members, two doors, and a day on which everything happens.
//!
//! ```text
//! cargo run --example demo
//! cargo run --example demo -- --web
//! ```
//!
//! Cardskipper and the doors are simulators on this computer, and everything lies in a folder that
//! is removed at the end. The program is the real one: each line that starts with `$` is run, and
//! what follows is what it says. Its output is no terminal here, so that members appear as numbers.
//! Every step is checked, on the doors too; the demo ends with 1 if anything is not as told.
//!
//! With `--web`, a smaller club is served as a page for a browser on this computer: what happens
//! there is up to who presses the buttons.

#![expect(clippy::print_stdout, reason = "a demo is there to be looked at")]

mod program;
mod scene;
mod stage;
mod story;
mod web;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;

use scene::{Line, Scene};
use stage::Stage;
use story::Story;

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
    /// Port of the page; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "web")]
    port: u16,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let shown = listen()
        .and_then(|is_over| if args.web { play(&args, &is_over) } else { show(&args, &is_over) });
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

/// Plays the whole story; gives what was not as told.
fn show(args: &Args, is_over: &AtomicBool) -> Result<Vec<String>, Box<dyn Error>> {
    let mut stage = Stage::set(binary(args)?)?;
    let story = Story::of_a_day();
    let mut wrong = Vec::new();
    let mut checks = 0;
    println!("{}\n\n{}", story.title, story.opening);
    println!("\nThe configuration, ivms-sync.toml:\n\n{}", indented(&stage.config()));
    for (number, step) in (1..).zip(&story.steps) {
        let title = format!("{number}. {}", step.title);
        println!("\n{title}\n{}\n", "-".repeat(title.chars().count()));
        let mut scene = Scene::default();
        (step.play)(&mut stage, &mut scene)?;
        if is_over.load(Ordering::SeqCst) {
            return Err("interrupted".into());
        }
        for line in scene.lines() {
            println!("{}", text_of(line));
            if let Line::Checked { what, is_so } = line {
                checks += 1;
                if !is_so {
                    wrong.push(format!("step {number}: {what}"));
                }
            }
        }
    }
    if wrong.is_empty() {
        println!(
            "\nAll {} steps went as told ({checks} checks). The folder is removed again.",
            story.steps.len()
        );
    } else {
        println!("\nNot as told, {} of {checks} checks:", wrong.len());
        for what in &wrong {
            println!("  {what}");
        }
    }
    Ok(wrong)
}

fn text_of(line: &Line) -> String {
    match line {
        Line::Told(text) => text.clone(),
        Line::Ran(said) => {
            let mut text = format!("\n$ {}\n", said.command);
            text.push_str(&said.stderr);
            text.push_str(&said.stdout);
            if said.stdout.is_empty() && said.stderr.is_empty() {
                text.push_str("(nothing is printed)\n");
            }
            text.push_str(&format!("[exit code {}: {}]\n", said.code, scene::meaning(said.code)));
            text
        }
        Line::Checked { what, is_so: true } => format!("  checked: {what}"),
        Line::Checked { what, is_so: false } => format!("  NOT AS TOLD: {what}"),
    }
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n");
    lines.collect::<String>().trim_end().to_owned()
}
