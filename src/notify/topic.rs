//! The troubles that are told, each with a lasting name and with words for people.
//!
//! Pure.

use std::fmt;

use crate::model::{SourceName, TargetName};
use crate::text::words::words;

/// One trouble of one thing; `Display` is the name by which it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Something about a door.
    Door(TargetName, DoorTrouble),
    /// Something about an organisation, and what its system is called.
    Source(SourceName, &'static str, SourceTrouble),
    /// A link file that was read before cannot be read now; its path.
    LinkFile(String),
    /// A link file that was never read cannot be read: nothing is done at all.
    NewLinkFile,
    /// This computer's clock is wrong.
    OwnClock,
    /// The time limit was reached.
    TimeLimit,
    /// The state file cannot be used.
    StateFile,
    /// Another run holds the lock for too long.
    Lock,
    /// The checker refused the plan.
    Proof,
    /// The program failed in a way that it should not.
    Bug,
}

words! {
    /// What can be wrong with a door, in the order in which it would show: whoever sees a later one got
    /// past all before it.
    pub enum DoorTrouble {
        /// It does not answer.
        Away = "away",
        /// It refuses the login, or is left alone because it did.
        Login = "login",
        /// It takes the login, and a right is missing.
        Right = "right",
        /// It is not believed.
        Doubt = "doubt",
        /// It is believed, and what it does with changes is not.
        Stopped = "stopped",
        /// Its clock is wrong.
        Clock = "clock",
        /// Changes do not take.
        Writes = "writes",
        /// Changes wait for approval.
        Blocked = "blocked",
        /// Members who were served there are left out.
        Lost = "lost",
    }
}

words! {
    /// What can be wrong with an organisation, likewise.
    pub enum SourceTrouble {
        /// It does not answer.
        Away = "away",
        /// It refuses the login or a call.
        Login = "login",
        /// Its list is not believed.
        List = "list",
    }
}

impl DoorTrouble {
    /// Whether it shows only where changes are planned, for which every organisation must be heard.
    #[must_use]
    pub fn needs_plan(self) -> bool {
        self >= Self::Stopped
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Door(name, what) => write!(f, "door {name} {}", what),
            Self::Source(name, _, what) => write!(f, "source {name} {}", what),
            Self::LinkFile(path) => write!(f, "file {path}"),
            Self::NewLinkFile => f.write_str("new-link-file"),
            Self::OwnClock => f.write_str("clock"),
            Self::TimeLimit => f.write_str("time-limit"),
            Self::StateFile => f.write_str("state-file"),
            Self::Lock => f.write_str("lock"),
            Self::Proof => f.write_str("proof"),
            Self::Bug => f.write_str("bug"),
        }
    }
}

impl Topic {
    /// What is wrong, as a sentence without its full stop. `lasted` says for how long, where that is
    /// worth a word: `10 minutes`.
    #[must_use]
    pub fn trouble(&self, lasted: Option<&str>) -> String {
        let so_long = lasted.map(|time| format!(" for {time}")).unwrap_or_default();
        match self {
            Self::Door(name, what) => match what {
                DoorTrouble::Away if lasted.is_some() => {
                    format!("{name} has not answered{so_long}")
                }
                DoorTrouble::Away => format!("{name} does not answer"),
                DoorTrouble::Login => format!("{name} refuses the login"),
                DoorTrouble::Right => format!("{name} does not grant a right that is needed"),
                DoorTrouble::Doubt => {
                    format!("{name} looks like another device, or has lost its persons")
                }
                DoorTrouble::Stopped => {
                    format!("Nothing is written to {name} until somebody has looked")
                }
                DoorTrouble::Clock => {
                    format!("The clock of {name} is wrong, so nothing is written there")
                }
                DoorTrouble::Writes => format!("{name} does not take changes"),
                DoorTrouble::Blocked => format!("Changes on {name} wait for your approval"),
                DoorTrouble::Lost => format!("Members who were served on {name} are left out"),
            },
            Self::Source(name, system, what) => match what {
                SourceTrouble::Away if lasted.is_some() => {
                    format!("{system} has not answered for {name}{so_long}")
                }
                SourceTrouble::Away => format!("{system} does not answer for {name}"),
                SourceTrouble::Login => format!("{system} refuses the login of {name}"),
                SourceTrouble::List => format!("{system}'s list of {name} is not believed"),
            },
            Self::LinkFile(path) => {
                format!("The link file {} cannot be read", file_name(path))
            }
            Self::NewLinkFile => {
                "A link file cannot be read, and nothing is done without it".to_owned()
            }
            Self::OwnClock => "The clock of this computer is wrong, so nothing is done".to_owned(),
            Self::TimeLimit => "The runs do not finish in time".to_owned(),
            Self::StateFile => {
                "The memory of ivms-sync (the state file) cannot be used, so nothing is done"
                    .to_owned()
            }
            Self::Lock => "A run of ivms-sync hangs, and keeps all others from working".to_owned(),
            Self::Proof => "ivms-sync found a mistake in its own plan, and did nothing".to_owned(),
            Self::Bug => "ivms-sync failed because of a mistake in the program".to_owned(),
        }
    }

    /// That it is over, as a sentence without its full stop. Says no more than was seen.
    #[must_use]
    pub fn well(&self) -> String {
        match self {
            Self::Door(name, what) => match what {
                DoorTrouble::Away => format!("{name} answers again"),
                DoorTrouble::Login => format!("{name} takes the login again"),
                DoorTrouble::Right => format!("{name} grants every right that is needed"),
                DoorTrouble::Doubt => format!("{name} is believed again"),
                DoorTrouble::Stopped => {
                    format!("Nobody needs to look before {name} is written to any more")
                }
                DoorTrouble::Clock => format!("The clock of {name} holds nothing back any more"),
                DoorTrouble::Writes => format!("No change is stuck at {name} any more"),
                DoorTrouble::Blocked => {
                    format!("Nothing on {name} waits for your approval any more")
                }
                DoorTrouble::Lost => {
                    format!("Nobody who was served on {name} is left out any more")
                }
            },
            Self::Source(name, system, what) => match what {
                SourceTrouble::Away => format!("{system} answers for {name} again"),
                SourceTrouble::Login => format!("{system} takes the login of {name} again"),
                SourceTrouble::List => format!("{system}'s list of {name} is believed again"),
            },
            Self::LinkFile(path) => format!("The link file {} can be read again", file_name(path)),
            Self::NewLinkFile => "Every link file can be read".to_owned(),
            Self::OwnClock => "The clock of this computer is right again".to_owned(),
            Self::TimeLimit => "The runs finish in time again".to_owned(),
            Self::StateFile => "The memory of ivms-sync can be used again".to_owned(),
            Self::Lock => "No run hangs any more".to_owned(),
            Self::Proof => "ivms-sync works with its plans again".to_owned(),
            Self::Bug => "ivms-sync works again".to_owned(),
        }
    }

    /// What it is about: the name of a door or an organisation, or this program's own word.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::Door(name, _) => name.to_string(),
            Self::Source(name, ..) => name.to_string(),
            Self::LinkFile(path) => file_name(path).to_owned(),
            other => other.to_string(),
        }
    }
}

/// The last part of a path: the folders before it are of no use to a reader, and may name somebody.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
