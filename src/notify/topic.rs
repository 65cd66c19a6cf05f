//! What messages are about, each with a lasting name and with sentences for people. Pure.

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
    /// A rights-file cannot be read, or is not believed; its path.
    RightsFile(String),
    /// A list of permits cannot be written; its path.
    PermitList(String),
    /// Nobody knows what became of a document that was sent to this section.
    Documents(SourceName),
    /// Citations at this agency are not as they should be there.
    Collection(SourceName),
    /// The books of this section are not as they should be, or one of its files is not.
    Books(SourceName),
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
        Away = "unreachable",
        /// It refuses the login, or is left alone because it did.
        Login = "login-refused",
        /// It takes the login, and a right is missing.
        Right = "right-missing",
        /// It is not believed.
        Doubt = "not-believed",
        /// It is believed, and what it does with changes is not.
        Stopped = "stopped",
        /// Its clock is wrong.
        Clock = "clock-wrong",
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
        Away = "unreachable",
        /// It refuses the login or a call.
        Login = "login-refused",
        /// Its list is not believed.
        List = "list-refused",
    }
}

impl DoorTrouble {
    /// Whether it shows only where changes are planned, for which every organisation must have answered.
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
            Self::RightsFile(path) => write!(f, "rights {path}"),
            Self::PermitList(path) => write!(f, "list {path}"),
            Self::Documents(name) => write!(f, "documents {name}"),
            Self::Collection(name) => write!(f, "collection {name}"),
            Self::Books(name) => write!(f, "books {name}"),
            Self::NewLinkFile => f.write_str("new-link-file"),
            Self::OwnClock => f.write_str("own-clock"),
            Self::TimeLimit => f.write_str("time-limit"),
            Self::StateFile => f.write_str("state-file"),
            Self::Lock => f.write_str("lock"),
            Self::Proof => f.write_str("proof"),
            Self::Bug => f.write_str("bug"),
        }
    }
}

impl Topic {
    /// What concerns no door, no organisation and no file.
    pub const SINGLE: [Self; 7] = [
        Self::NewLinkFile,
        Self::OwnClock,
        Self::TimeLimit,
        Self::StateFile,
        Self::Lock,
        Self::Proof,
        Self::Bug,
    ];

    /// What is wrong, as a sentence without its full stop. `lasted` says for how long, where that is
    /// worth a word: `10 minutes`.
    #[must_use]
    pub fn problem(&self, lasted: Option<&str>) -> String {
        match (self, lasted) {
            (Self::Door(name, DoorTrouble::Away), Some(time)) => {
                format!("{name} has not answered for {time}")
            }
            (Self::Source(name, system, SourceTrouble::Away), Some(time)) => {
                format!("{system} has not answered for {name} for {time}")
            }
            _ => self.filled(self.sentences().0),
        }
    }

    /// That it is over, as a sentence without its full stop. Says no more than was seen.
    #[must_use]
    pub fn recovery(&self) -> String {
        self.filled(self.sentences().1)
    }

    fn filled(&self, sentence: &str) -> String {
        let system = if let Self::Source(_, system, _) = self { system } else { "" };
        sentence.replace("{system}", system).replace("{name}", &self.about())
    }

    /// What is wrong, and that it is over.
    fn sentences(&self) -> (&'static str, &'static str) {
        match self {
            Self::Door(_, DoorTrouble::Away) => ("{name} does not answer", "{name} answers again"),
            Self::Door(_, DoorTrouble::Login) => {
                ("{name} refuses the login", "{name} takes the login again")
            }
            Self::Door(_, DoorTrouble::Right) => (
                "{name} does not grant a right that is needed",
                "{name} grants every right that is needed",
            ),
            Self::Door(_, DoorTrouble::Doubt) => (
                "{name} looks like another device, or has lost its persons",
                "{name} is believed again",
            ),
            Self::Door(_, DoorTrouble::Stopped) => (
                "Nothing is written to {name} until somebody has looked",
                "Nobody needs to look before {name} is written to any more",
            ),
            Self::Door(_, DoorTrouble::Clock) => (
                "The clock of {name} is wrong, so nothing is written there",
                "The clock of {name} holds nothing back any more",
            ),
            Self::Door(_, DoorTrouble::Writes) => {
                ("{name} does not take changes", "No change is stuck at {name} any more")
            }
            Self::Door(_, DoorTrouble::Blocked) => (
                "Changes on {name} wait for your approval",
                "Nothing on {name} waits for your approval any more",
            ),
            Self::Door(_, DoorTrouble::Lost) => (
                "Members who were served on {name} are left out",
                "Nobody who was served on {name} is left out any more",
            ),
            Self::Source(_, _, SourceTrouble::Away) => {
                ("{system} does not answer for {name}", "{system} answers for {name} again")
            }
            Self::Source(_, _, SourceTrouble::Login) => {
                ("{system} refuses the login of {name}", "{system} takes the login of {name} again")
            }
            Self::Source(_, _, SourceTrouble::List) => (
                "{system}'s list of {name} is not believed",
                "{system}'s list of {name} is believed again",
            ),
            Self::LinkFile(_) => {
                ("The link file {name} cannot be read", "The link file {name} can be read again")
            }
            Self::RightsFile(_) => (
                "The rights-file {name} cannot be read, or is not believed",
                "The rights-file {name} is read again",
            ),
            Self::PermitList(_) => (
                "The list of permits {name} cannot be written",
                "The list of permits {name} is written again",
            ),
            Self::Documents(_) => (
                "What became of a document for {name} is not known",
                "What became of every document for {name} is known",
            ),
            Self::Collection(_) => (
                "{name} asks somebody for money who does not owe it any more",
                "{name} asks nobody for money who does not owe it",
            ),
            Self::Books(_) => (
                "The books of {name} are not as they should be, or one of its files is not",
                "The books of {name} are as they should be",
            ),
            Self::NewLinkFile => (
                "A link file cannot be read, and nothing is done without it",
                "Every link file can be read",
            ),
            Self::OwnClock => (
                "The clock of this computer is wrong, so nothing is done",
                "The clock of this computer is right again",
            ),
            Self::TimeLimit => ("The runs do not finish in time", "The runs finish in time again"),
            Self::StateFile => (
                "The memory of ivms-sync (the state file) cannot be used, so nothing is done",
                "The memory of ivms-sync can be used again",
            ),
            Self::Lock => (
                "A run of ivms-sync hangs, and keeps all others from working",
                "No run hangs any more",
            ),
            Self::Proof => (
                "ivms-sync found a mistake in its own plan, and did nothing",
                "ivms-sync works with its plans again",
            ),
            Self::Bug => {
                ("ivms-sync failed because of a mistake in the program", "ivms-sync works again")
            }
        }
    }

    /// What it is about: the name of a door or an organisation, or the name by which it is remembered.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::Door(name, _) => name.to_string(),
            Self::Source(name, ..)
            | Self::Documents(name)
            | Self::Collection(name)
            | Self::Books(name) => name.to_string(),
            Self::LinkFile(path) | Self::RightsFile(path) | Self::PermitList(path) => {
                file_name(path).to_owned()
            }
            other => other.to_string(),
        }
    }
}

/// The last part of a path: the folders before it are of no use to a reader, and may name somebody.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
