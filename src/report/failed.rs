//! The JSON document of a command that broke off before it had one: a script gets something to read, and
//! the reason in it, whatever happens.

use serde::Serialize;
use serde_json::Value;

use super::{Report, json};
use crate::command::CommandName;
use crate::trouble::Trouble;

/// The document of a command without changes.
#[derive(Debug, Serialize)]
struct Document<'a> {
    version: u32,
    command: &'a str,
    problems: Vec<json::Problem>,
    exit_code: u8,
}

/// Makes the document. That of `sync`, `diff` and `apply` has every field that it always has.
///
/// # Errors
/// When it cannot be made, which would be a bug.
pub fn document(command: CommandName, trouble: Trouble) -> Result<Value, serde_json::Error> {
    let exit_code = trouble.exit().code();
    if matches!(command, CommandName::Sync | CommandName::Diff | CommandName::Apply) {
        let report = Report { troubles: vec![trouble], ..Report::new(command, None) };
        return serde_json::to_value(json::document(&report, exit_code));
    }
    let problems = vec![json::problem(&trouble)];
    serde_json::to_value(Document { version: 1, command: command.as_str(), problems, exit_code })
}
