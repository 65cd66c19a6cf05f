//! What `init` made, and what is next. Pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Head;
use super::check::{self, Finding};
use super::look::Look;
use crate::command::CommandName;
use crate::model::{RightCode, printable};
use crate::text::lists::some_of;
use crate::text::shell::quoted;

/// What was made.
#[derive(Debug)]
pub struct Made<'a> {
    /// What came of trying the systems.
    pub findings: &'a [Finding],
    /// The roles that there are.
    pub roles: &'a BTreeMap<RightCode, String>,
    /// The files that were written, the configuration last.
    pub files: &'a [PathBuf],
    /// The configuration.
    pub config: &'a Path,
}

/// A role that could be chosen.
#[derive(Debug, Serialize)]
struct Role<'a> {
    id: &'a RightCode,
    name: &'a str,
}

/// The document for programs.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    files: Vec<String>,
    findings: &'a [Finding],
    roles: Vec<Role<'a>>,
    exit_code: u8,
}

/// The text for people.
#[must_use]
pub fn render(made: &Made<'_>, look: Look) -> String {
    let mut text = check::table(made.findings, look);
    if check::exit(made.findings) != crate::exit::Exit::InStep {
        text.push_str("\nNot everything worked. The files are written; `check` tries again.\n");
    }
    text.push_str("\nWritten:\n");
    for file in made.files {
        text.push_str(&format!("  {}\n", printable(&file.to_string_lossy())));
    }
    text.push_str(
        "\nEvery door is only observed: nothing is changed there before you say so.\n\nNext:\n",
    );
    let config = quoted(&made.config.to_string_lossy());
    for command in ["check", "diff"] {
        text.push_str(&format!("  ivms-sync --config {config} {command}\n"));
    }
    look.folded(text)
}

/// The document for programs.
#[must_use]
pub fn document<'a>(made: &Made<'a>) -> Document<'a> {
    Document {
        head: Head::of(CommandName::Init),
        files: made.files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
        findings: made.findings,
        roles: made.roles.iter().map(|(id, name)| Role { id, name }).collect(),
        exit_code: check::exit(made.findings).code(),
    }
}

/// The roles in one line.
#[must_use]
pub fn listed(roles: &BTreeMap<RightCode, String>) -> String {
    let all = roles.iter().map(|(id, name)| printable(&format!("{id} {name}")));
    if roles.is_empty() { "none".to_owned() } else { some_of(all, 20, ", ") }
}

/// The roles that there are, for choosing: one on each line.
#[must_use]
pub fn roles(roles: &BTreeMap<RightCode, String>) -> String {
    roles.iter().map(|(id, name)| format!("  {}\n", printable(&format!("{id} {name}")))).collect()
}
