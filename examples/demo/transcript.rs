//! What the told demo prints: its words, coloured on a terminal, and nothing twice that is long.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Effects, Style};

use super::program::Said;
use super::scene::{self, Line};

const BOLD: Style = Style::new().effects(Effects::BOLD);
pub const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
pub const BAD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const WARNING: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const FAINT: Style = Style::new().effects(Effects::DIMMED);

pub fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

pub fn heading(text: &str, line: &str) -> String {
    let under = line.repeat(text.chars().count());
    format!("{}\n{under}", painted(BOLD, text))
}

/// What was printed so far.
#[derive(Debug, Default)]
pub struct Transcript {
    /// Where each part of an output was printed first.
    printed: BTreeMap<String, usize>,
}

impl Transcript {
    /// What is to be printed for a line of a step.
    pub fn text_of(&mut self, step: usize, line: &Line) -> String {
        match line {
            Line::Told(text) => text.clone(),
            Line::Ran(said) => self.ran(step, said),
            Line::Checked { what, is_so: true } => {
                format!("  {} {what}", painted(GOOD, "checked:"))
            }
            Line::Checked { what, is_so: false } => {
                format!("  {}", painted(BAD, &format!("NOT AS TOLD: {what}")))
            }
        }
    }

    fn ran(&mut self, step: usize, said: &Said) -> String {
        let mut text = format!("\n{}\n", painted(BOLD, &format!("$ {}", said.command)));
        text.push_str(&self.without_repeats(step, &said.stderr));
        text.push_str(&self.without_repeats(step, &said.stdout));
        if said.stdout.is_empty() && said.stderr.is_empty() {
            text.push_str(&painted(FAINT, "(nothing is printed)"));
            text.push('\n');
        }
        let style = match said.code {
            0 => GOOD,
            2 | 3 | 20 | 21 | 22 => WARNING,
            _ => BAD,
        };
        let end = format!("[exit code {}: {}]", said.code, scene::meaning(said.code));
        text + &painted(style, &end) + "\n"
    }

    /// An output in which a part of several lines that was printed before is only named.
    fn without_repeats(&mut self, step: usize, output: &str) -> String {
        let mut text = String::new();
        for (place, part) in output.split("\n\n").enumerate() {
            if place > 0 {
                text.push_str("\n\n");
            }
            let whole = part.trim_matches('\n');
            let first = whole.lines().next().unwrap_or_default();
            match self.printed.get(whole) {
                // A table keeps its rows.
                Some(before)
                    if *before < step && whole.lines().count() > 1 && !first.starts_with(' ') =>
                {
                    let (start, end) = part.split_once(whole).unwrap_or_default();
                    let again = painted(FAINT, &format!("[as in step {before}: {first} …]"));
                    text.push_str(&format!("{start}{again}{end}"));
                }
                _ => {
                    self.printed.entry(whole.to_owned()).or_insert(step);
                    text.push_str(&part.split('\n').map(coloured).collect::<Vec<_>>().join("\n"));
                }
            }
        }
        text
    }
}

fn coloured(line: &str) -> String {
    for (start, style) in [("error:", BAD), ("warning:", WARNING)] {
        if let Some(rest) = line.strip_prefix(start) {
            return painted(style, start) + rest;
        }
    }
    line.to_owned()
}
