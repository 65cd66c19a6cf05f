//! How several clubs stand, the worst first: a row for each, also for one of which nothing can be known. Pure.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use maud::html;
use serde::Serialize;
use serde_json::Value;

use super::html::{framed, headline};
use super::{Status, json};
use crate::command::{CommandName, Invocation};
use crate::exit::Exit;
use crate::model::printable;
use crate::report::Head;
use crate::report::json::OfClub;
use crate::report::look::{Look, Tone};
use crate::report::table::Table;
use crate::report::text::with_zone;
use crate::text::lists::many;
use crate::text::times::whole_seconds;
use crate::trouble::Trouble;

/// All of them at one moment.
#[derive(Debug)]
pub struct Clubs {
    at: DateTime<Utc>,
    clubs: Vec<Club>,
}

/// One of them.
#[derive(Debug)]
pub struct Club {
    name: String,
    /// With what its last run ended, or what keeps it from being known.
    exit: Exit,
    is_well: bool,
    doors: Option<usize>,
    members: Option<u64>,
    last_run: Option<String>,
    /// In one line.
    state: String,
    /// What shows more.
    command: String,
    /// For programs.
    entry: Value,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    name: &'a str,
    config: String,
    exit_code: u8,
    is_well: bool,
    state: &'a str,
    problems: &'a [Trouble],
    status: Option<OfClub<'a, json::Document<'a>>>,
}

/// The document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    #[serde(serialize_with = "whole_seconds")]
    at: DateTime<Utc>,
    clubs: Vec<&'a Value>,
    exit_code: u8,
}

impl Club {
    /// A club by its configuration; `status` is none before its first run. What is kept of it is its row: the
    /// next one needs the room.
    ///
    /// # Errors
    /// When its part of the document cannot be made, which would be a bug.
    pub fn new(
        path: PathBuf,
        name: Option<String>,
        status: Result<Option<Status>, Vec<Trouble>>,
    ) -> Result<Self, serde_json::Error> {
        let (status, problems) = match status {
            Ok(status) => (status, Vec::new()),
            Err(problems) => (None, problems),
        };
        let name = name.unwrap_or_else(|| stem(&path));
        let last_run = status.as_ref().and_then(Status::last_run);
        let code = last_run.and_then(|run| run.exit_code);
        let exit = match problems.is_empty() {
            true => code.and_then(Exit::from_code).unwrap_or(Exit::InStep),
            false => Exit::of_all(problems.iter().map(Trouble::exit)),
        };
        let is_well =
            code == Some(0) && status.as_ref().is_some_and(|status| status.concerns().is_empty());
        let state = match &status {
            _ if !problems.is_empty() => problems
                .iter()
                .map(|problem| problem.text().lines().collect::<Vec<_>>().join("; "))
                .collect::<Vec<_>>()
                .join("; "),
            Some(status) => headline(status),
            None => "No run yet".to_owned(),
        };
        let here = Invocation::new(Some(&path));
        let command = if problems.is_empty() { "ivms-sync status" } else { "ivms-sync check" };
        let command = here.in_text(command).into_owned();
        let document = status.as_ref().map(|status| OfClub {
            document: json::document(status),
            club: status.club.as_deref(),
        });
        let entry = serde_json::to_string(&Entry {
            name: &name,
            config: path.display().to_string(),
            exit_code: exit.code(),
            is_well,
            state: &state,
            problems: &problems,
            status: document,
        })?;
        let entry = serde_json::from_str(&here.in_json(&entry))?;
        Ok(Self {
            exit,
            is_well,
            doors: status.as_ref().map(|status| status.devices.len()),
            members: status
                .as_ref()
                .map(|status| status.sources.iter().map(|source| source.members).sum()),
            last_run: last_run
                .zip(status.as_ref())
                .map(|(run, status)| with_zone(run.began, status.zone)),
            name,
            state,
            command,
            entry,
        })
    }

    /// The smaller, the worse.
    fn rank(&self) -> (u8, bool, &str) {
        (self.exit.rank(), self.is_well, &self.name)
    }

    fn cells(&self) -> [String; 6] {
        let number = |of: Option<u64>| of.map_or("?".to_owned(), |number| number.to_string());
        [
            self.name.clone(),
            number(self.doors.map(|doors| doors as u64)),
            number(self.members),
            self.last_run.clone().unwrap_or_else(|| "never".to_owned()),
            self.exit.code().to_string(),
            self.state.clone(),
        ]
    }
}

const TITLES: [&str; 6] = ["club", "doors", "members", "last run", "code", "state"];

impl Clubs {
    /// Sorts them.
    #[must_use]
    pub fn new(at: DateTime<Utc>, mut clubs: Vec<Club>) -> Self {
        clubs.sort_by(|one, other| one.rank().cmp(&other.rank()));
        Self { at, clubs }
    }

    /// The worst of the codes that are shown.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::of_all(self.clubs.iter().map(|club| club.exit))
    }

    /// Those that are to be looked at.
    fn unwell(&self) -> impl Iterator<Item = &Club> {
        self.clubs.iter().filter(|club| !club.is_well)
    }

    fn headline(&self) -> String {
        let all = many(self.clubs.len(), "club");
        match self.unwell().count() {
            0 => format!("{all}, and all is well"),
            1 => format!("{all}, 1 of them to be looked at"),
            count => format!("{all}, {count} of them to be looked at"),
        }
    }

    /// The table for people, with the commands that show more.
    #[must_use]
    pub fn text(&self, look: Look) -> String {
        let mut table = Table::new(&TITLES);
        for club in &self.clubs {
            table.row(club.cells());
            table.tone(5, if club.is_well { Tone::Good } else { Tone::Bad });
        }
        let mut text = format!("{}.\n\n{}", self.headline(), table.render(look));
        for (place, club) in self.unwell().enumerate() {
            text.push_str(if place == 0 { "\nTo see more:\n" } else { "" });
            text.push_str(&format!("  {}\n", printable(&club.command)));
        }
        text
    }

    /// The document for programs.
    #[must_use]
    pub fn document(&self) -> Document<'_> {
        Document {
            head: Head::of(CommandName::Status),
            at: self.at,
            clubs: self.clubs.iter().map(|club| &club.entry).collect(),
            exit_code: self.exit().code(),
        }
    }

    /// The page: counts and names of clubs, and nobody's name or number.
    #[must_use]
    pub fn page(&self) -> String {
        // It has no script that would ask for a newer one.
        let refresh = html! { meta http-equiv="refresh" content="300"; };
        let body = html! {
            header { h1 { (self.headline()) } }
            main {
                section {
                    div.scroll {
                        table id="clubs" {
                            caption { "The worst first" }
                            thead { tr { @for title in TITLES { th scope="col" { (title) } } } }
                            tbody {
                                @for club in &self.clubs {
                                    tr {
                                        @for (title, cell) in TITLES.iter().zip(club.cells()) {
                                            td data-title=(title) {
                                                @if *title == "state" {
                                                    span class=(if club.is_well { "good" } else { "bad" }) {
                                                        (printable(&cell))
                                                    }
                                                } @else {
                                                    (printable(&cell))
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                @if self.unwell().next().is_some() {
                    section {
                        h2 { "To see more" }
                        @for club in self.unwell() {
                            p { (printable(&club.name)) ": " code { (printable(&club.command)) } }
                        }
                    }
                }
            }
            footer.quiet {
                p {
                    "Written by ivms-sync " (env!("CARGO_PKG_VERSION")) " on "
                    (self.at.format("%Y-%m-%d %H:%M")) " UTC."
                }
            }
        };
        framed(&self.headline(), &refresh, &body)
    }
}

/// What a club without a name is called: as its file, or, where every file is called the same, as its folder.
fn stem(path: &Path) -> String {
    let is_common = path.file_name().is_some_and(|name| name == crate::config::FILE_NAME);
    let folder = path.parent().and_then(Path::file_name);
    let name = if is_common { folder } else { path.file_stem() };
    name.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
