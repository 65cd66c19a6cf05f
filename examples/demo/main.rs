//! Shows ivms-sync at work: 40 members, two doors, and a day on which everything happens.
//!
//! ```text
//! cargo run --example demo
//! ```
//!
//! Cardskipper and the doors are simulators on this computer, and everything lies in a folder that
//! is removed at the end. The program is the real one: each line that starts with `$` is run, and
//! what follows is what it says. Its output is no terminal here, so that members appear as numbers.
//! Every step is checked, on the doors too; the demo ends with 1 if anything is not as told.

#![expect(clippy::print_stdout, reason = "a demo is there to be looked at")]

mod program;
mod scene;
mod stage;
mod story;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

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
}

fn main() -> ExitCode {
    match show(&Args::parse()) {
        Ok(wrong) if wrong.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("The demo can not be shown: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays the whole story; gives what was not as told.
fn show(args: &Args) -> Result<Vec<String>, Box<dyn Error>> {
    let binary = match &args.binary {
        Some(path) => std::path::absolute(path)?,
        None => program::find()?,
    };
    let mut stage = Stage::set(binary)?;
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
