//! What `check` found, line by line: ok, a warning, or a failure with its remedy.
//!
//! Pure.

pub mod findings;
pub mod money;

use std::path::Path;

use serde::Serialize;

use super::look::{Look, Tone};
use super::rows_left_out::by_reason;
use super::table::Table;
use super::text::SHOWN_MAX;
use super::{Head, RowLeftOut};
use crate::command::CommandName;
use crate::engine::link::file::RowReason;
use crate::exit::Exit;
use crate::text::lists::{many, some_of};
use crate::text::words::words;
use crate::trouble::Trouble;

words! {
    /// How one thing stands.
    pub enum Verdict {
        /// As it should be.
        Ok = "ok",
        /// It works, and somebody should look.
        Warning = "warning",
        /// It does not work.
        Failed = "failed",
    }
}

impl Verdict {
    fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Warning => Tone::Warning,
            Self::Failed => Tone::Bad,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The thing: `configuration`, `state file`, the name of an organisation or a device.
    pub about: String,
    pub verdict: Verdict,
    pub text: String,
    pub remedy: Option<String>,
    /// What it alone would end the command with.
    #[serde(skip)]
    pub exit: Exit,
}

impl Finding {
    /// All is well with this.
    #[must_use]
    pub fn ok(about: &str, text: String) -> Self {
        let about = about.to_owned();
        Self { about, verdict: Verdict::Ok, text, remedy: None, exit: Exit::InStep }
    }

    /// It works, and somebody should look.
    #[must_use]
    pub fn warning(about: &str, text: String, remedy: Option<String>) -> Self {
        Self { verdict: Verdict::Warning, remedy, ..Self::ok(about, text) }
    }

    /// It does not work.
    #[must_use]
    pub fn failed(about: &str, text: String, remedy: Option<String>, exit: Exit) -> Self {
        Self { verdict: Verdict::Failed, exit, ..Self::warning(about, text, remedy) }
    }
}

impl From<Trouble> for Finding {
    fn from(trouble: Trouble) -> Self {
        let (about, text) = (trouble.about.to_string(), trouble.text());
        let hint = trouble.hint().map(|hint| hint.to_string());
        match trouble.exit() {
            Exit::InStep => Self::warning(&about, text, hint),
            exit => Self::failed(&about, text, hint, exit),
        }
    }
}

/// What the command ends with.
#[must_use]
pub fn exit(findings: &[Finding]) -> Exit {
    Exit::of_all(findings.iter().map(|finding| finding.exit))
}

/// A line for each, and its remedy below.
pub(super) fn table(findings: &[Finding], look: Look) -> String {
    let mut table = Table::new(&[]);
    for Finding { about, verdict, text, remedy, .. } in findings {
        table.row([verdict.as_str().to_owned(), about.clone(), text.clone()]);
        table.tone(0, verdict.tone());
        if let Some(remedy) = remedy {
            table.row([String::new(), String::new(), format!("hint: {remedy}")]);
        }
    }
    table.render(look)
}

/// The text for people.
#[must_use]
pub fn render(findings: &[Finding], look: Look) -> String {
    let lines = table(findings, look);
    let count = |wanted| findings.iter().filter(|finding| finding.verdict == wanted).count();
    let (failed, warnings) = (count(Verdict::Failed), count(Verdict::Warning));
    let sum = match (failed, warnings) {
        (0, 0) => "Ready to run.".to_owned(),
        (0, 1) => "Ready to run, with 1 warning.".to_owned(),
        (0, warnings) => format!("Ready to run, with {warnings} warnings."),
        (1, _) => "Not ready: 1 thing failed.".to_owned(),
        (failed, _) => format!("Not ready: {failed} things failed."),
    };
    look.folded(format!("{lines}\n{sum}\n"))
}

/// With fewer rows than this, the line of each is named.
const ROWS_NAMED_MAX: usize = 200;

/// One line for each file and reason: which rows of a link file link nobody. That is normal where a person
/// has no e-mail; anything else is a mistake in the file.
#[must_use]
pub fn rows_left_out(rows: &[RowLeftOut]) -> Vec<Finding> {
    let mut found = Vec::new();
    let are_many = rows.len() >= ROWS_NAMED_MAX;
    for (reason, rows) in by_reason(rows) {
        for of_file in rows.chunk_by(|one, next| one.file == next.file) {
            let Some(first) = of_file.first() else { continue };
            let lines = of_file.iter().map(|row| match row.who.as_str() {
                "" => row.line.to_string(),
                who => format!("{} ({who})", row.line),
            });
            let shown_max = if are_many { SHOWN_MAX } else { ROWS_NAMED_MAX };
            let mut lines = some_of(lines, shown_max, ", ");
            if of_file.len() > shown_max {
                lines += ": `ivms-sync check --json` lists them all";
            }
            let rows = many(of_file.len(), "row");
            let (why, remedy) = reason.explain();
            let path = Path::new(&first.file);
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            let text = format!("{name}: {rows} left out (line {lines}): {why}");
            let about = "link file";
            found.push(match reason {
                RowReason::NoEmail => Finding::ok(about, text),
                _ => Finding::warning(about, text, Some(remedy.to_owned())),
            });
        }
    }
    found
}

/// The document for programs.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    findings: &'a [Finding],
    rows_left_out: &'a [RowLeftOut],
    exit_code: u8,
}

/// The document for programs.
#[must_use]
pub fn document<'a>(findings: &'a [Finding], rows: &'a [RowLeftOut]) -> Document<'a> {
    let exit_code = exit(findings).code();
    let head = Head::of(CommandName::Check);
    Document { head, findings, rows_left_out: rows, exit_code }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Mutants: the lines of a file are cut short, or of many files never; nobody is told where the rest is.
    #[test]
    fn fewer_than_200_rows_are_all_named() {
        let row = |file: &str, line, reason| RowLeftOut {
            file: file.to_owned(),
            line,
            reason,
            who: String::new(),
        };
        let said = |count: u32| -> Vec<String> {
            let mut rows: Vec<_> =
                (0..count - 1).map(|n| row("club/a.csv", n + 2, RowReason::NoId)).collect();
            rows.push(row("b.csv", 7, RowReason::NotAnEmail));
            rows_left_out(&rows).into_iter().map(|finding| finding.text).collect()
        };
        let all: Vec<String> = (2..200).map(|line| line.to_string()).collect();
        let names_none = "it names a member and no person id";
        let wanted = format!("a.csv: 198 rows left out (line {}): {names_none}", all.join(", "));
        let other = "b.csv: 1 row left out (line 7): its e-mail cell holds something else";
        assert_eq!(said(199), [wanted.as_str(), other]);
        let cut = "a.csv: 199 rows left out (line 2, 3, 4, 5, 6, 7, 8, 9, and 191 more: \
                   `ivms-sync check --json` lists them all): it names a member and no person id";
        assert_eq!(said(200), [cut, other]);
    }

    #[test]
    fn the_worst_counts_and_every_line_says_what_to_do() {
        let mut findings = vec![Finding::ok("club", "40 members".into())];
        assert_eq!(exit(&findings), Exit::InStep);
        assert!(
            render(&findings, Look::PLAIN).ends_with("\nReady to run.\n"),
            "{}",
            render(&findings, Look::PLAIN)
        );
        let hint = || Some("look there".to_owned());
        findings.push(Finding::warning("gym-door", "39 of 40 linked".into(), hint()));
        assert_eq!(exit(&findings), Exit::InStep);
        findings.push(Finding::failed("front-door", "away".into(), hint(), Exit::PartFailed));
        findings.push(Finding::failed("state file", "damaged".into(), None, Exit::Fatal));
        assert_eq!(exit(&findings), Exit::Fatal);
        let text = render(&findings, Look::PLAIN);
        assert_eq!(
            text,
            "  ok       club        40 members\n  warning  gym-door    39 of 40 linked\n\
             \x20                      hint: look there\n  failed   front-door  away\n\
             \x20                      hint: look there\n  failed   state file  damaged\n\n\
             Not ready: 2 things failed.\n"
        );
    }
}
