//! What is wrong with a configuration, said all at once.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;

use crate::trouble::Failed;

/// A configuration that cannot be used.
///
/// `Display` prints one line per problem. No message ever quotes a value of the file or of an
/// override, since a password can stand in the wrong place: names of keys, variables and files only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Everything that is wrong, sorted by line; at least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The key with its sections, `hikvision.front-door.url`; empty when the whole file is meant.
    pub key: String,
    /// The line in the file, counted from 1, where it is in one.
    pub line: Option<usize>,
    /// The environment variable that gave the value, when the file did not.
    pub variable: Option<String>,
    /// What is wrong, to be read after the key: "is not an address".
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ConfigError {
    /// An error with a single problem that concerns the whole file.
    pub fn of_file(path: PathBuf, wrong: Wrong) -> Self {
        let problem = Problem {
            key: String::new(),
            line: None,
            variable: None,
            message: wrong.message,
            hint: wrong.hint,
        };
        Self { path, problems: vec![problem] }
    }

    /// Where a problem is: the variable, or the file and the line.
    fn place(&self, problem: &Problem) -> String {
        match (&problem.variable, problem.line) {
            (Some(variable), _) => variable.clone(),
            (None, Some(line)) => format!("{}:{line}", self.path.display()),
            (None, None) => self.path.display().to_string(),
        }
    }

    /// Each problem with its place, and what to do about it.
    pub fn each(&self) -> impl Iterator<Item = Failed> {
        self.problems.iter().map(|problem| {
            let (place, what) = (self.place(problem), problem.what());
            Failed::new(format_args!("{place}: {what}"), problem.hint.as_deref())
        })
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}: {problem}", self.place(problem))?;
        }
        Ok(())
    }
}

impl Problem {
    fn what(&self) -> String {
        match self.key.as_str() {
            "" => self.message.clone(),
            key => format!("{key}: {}", self.message),
        }
    }
}

impl fmt::Display for Problem {
    /// The problem without the place it was found in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what())?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a value, before anybody knows where the value stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub message: String,
    pub hint: Option<String>,
}

impl Wrong {
    /// A message without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A byte of the file.
    Offset(usize),
    Variable(String),
    /// Nowhere: it is missing, and so is its section.
    Nowhere,
}

/// Problems and advice, collected while the file is read.
pub struct Report {
    line_starts: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<String>>,
}

impl Report {
    /// An empty report on `text`, which it needs only to count lines.
    pub fn new(text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
            problems: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// The line of a byte, counted from 1, and the byte at which that line starts.
    pub fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.line_starts.get(index));
        (line, start.copied().unwrap_or(0))
    }

    pub fn problem(&self, key: impl Into<String>, origin: &Origin, wrong: Wrong) {
        let (line, variable) = match origin {
            Origin::Offset(offset) => (Some(self.line_of(*offset).0), None),
            Origin::Variable(name) => (None, Some(name.clone())),
            Origin::Nowhere => (None, None),
        };
        let Wrong { message, hint } = wrong;
        let problem = Problem { key: key.into(), line, variable, message, hint };
        self.problems.borrow_mut().push(problem);
    }

    /// Notes advice: a full sentence.
    pub fn warn(&self, sentence: impl Into<String>) {
        self.warnings.borrow_mut().push(sentence.into());
    }

    /// Everything noted: the problems in the order of the file, those without a line last.
    pub fn finish(self) -> (Vec<Problem>, Vec<String>) {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line.is_none(), problem.line));
        (problems, self.warnings.into_inner())
    }
}

/// A name from the file made fit for one line of a terminal: no control characters, no excess length.
pub fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    let mut text: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let report = Report::new("a\nb\r\n\nd");
        for (offset, line) in [(0, 1), (1, 1), (2, 2), (4, 2), (5, 3), (6, 4), (99, 4)] {
            assert_eq!(report.line_of(offset).0, line, "{offset}");
        }
    }

    #[test]
    fn one_line_per_problem() {
        let report = Report::new("a\nb");
        report.problem("x", &Origin::Nowhere, Wrong::new("is missing"));
        report.problem("y", &Origin::Variable("IVMS_SYNC__Y".into()), Wrong::new("is bad"));
        report.problem("z", &Origin::Offset(2), Wrong::new("is odd").hint("turn it"));
        let (problems, _) = report.finish();
        let error = ConfigError { path: "ivms-sync.toml".into(), problems };
        assert_eq!(
            error.to_string(),
            "ivms-sync.toml:2: z: is odd (hint: turn it)\n\
             ivms-sync.toml: x: is missing\n\
             IVMS_SYNC__Y: y: is bad"
        );
    }

    #[test]
    fn names_stay_on_one_line() {
        assert_eq!(shown("front-door č"), "front-door č");
        assert_eq!(shown("a\u{1b}[31m\n"), r"a\u{1b}[31m\n");
        assert_eq!(shown(&"x".repeat(65)).chars().count(), 65);
    }
}
