//! What is to be seen in one step: words, commands with what they said, and checks.

use super::program::Said;

/// One thing to be seen.
#[derive(Debug, Clone)]
pub enum Line {
    /// What happens, in plain words.
    Told(String),
    /// A command that was run.
    Ran(Said),
    /// Something that must be so.
    Checked {
        /// What, as a sentence fragment.
        what: String,
        /// Whether it is.
        is_so: bool,
    },
}

/// One step while it is played.
#[derive(Debug, Default)]
pub struct Scene {
    lines: Vec<Line>,
}

impl Scene {
    /// What was to be seen, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What was checked, and whether it was so.
    pub fn checks(&self) -> impl Iterator<Item = (&str, bool)> {
        self.lines.iter().filter_map(|line| match line {
            Line::Checked { what, is_so } => Some((what.as_str(), *is_so)),
            _ => None,
        })
    }

    /// Tells what happens.
    pub fn tell(&mut self, text: &str) {
        self.lines.push(Line::Told(text.to_owned()));
    }

    /// Shows a command and checks how it ended.
    pub fn ran(&mut self, said: Said, code: i32) -> Said {
        self.lines.push(Line::Ran(said.clone()));
        if said.code != code {
            self.check(&format!("it ends with {code}, and not with {}", said.code), false);
        }
        said
    }

    /// Checks something.
    pub fn check(&mut self, what: &str, is_so: bool) {
        self.lines.push(Line::Checked { what: what.to_owned(), is_so });
    }
}

/// An exit code in plain words. `ivms-sync help exit-codes` has the whole table.
pub fn meaning(code: i32) -> &'static str {
    match code {
        0 => "all is well",
        2 => "changes are pending",
        3 => "part of the changes failed; they are tried again by themselves",
        4 => "a safety rule refused something; a person must look",
        5 => "nothing could be reached; it is tried again by itself",
        12 => "a login was refused; a person must look",
        13 => "the plan is stale or expired",
        20 => "nobody found, or no right",
        22 => "a right is known, but not for here and now",
        21 => "found, but a door differs from what it should hold",
        _ => "see ivms-sync help exit-codes",
    }
}
