//! What went wrong within a run: about whom, of which kind, with what the texts need to know.
//!
//! Pure. Exit code, topic, text, hint and command follow from the kind, each by one match, and all texts for
//! people are in one place (`words`). What the error of a system says stays the text of its connector.
//! What keeps a command from running at all is a [`crate::error::Error`].

mod books;
mod clock_words;
mod collection;
mod documents;
mod kind;
mod rows;
mod words;

use std::fmt;

use crate::exit::Exit;
use crate::model::{Flaw, SourceName, TargetName};

pub use books::BooksTrouble;
pub use clock_words::{other_clock, own_clock_differs, own_clock_set_back};
pub use collection::CollectionTrouble;
pub use documents::{Approve, DocumentTrouble};
pub use kind::{BlockedBy, Failed, FailureKind, Hint, Reviewed, TroubleKind, TroubleWord};
pub use rows::RowTrouble;

/// Something that went wrong, or that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it is about.
    pub about: About,
    /// Of which kind it is.
    pub kind: TroubleKind,
    /// Every target was unreachable, so that nothing could be done at all.
    pub is_everywhere: bool,
}

/// What a trouble is about; `Display` is its name for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Source(SourceName),
    /// An organisation that no section of the configuration names.
    Organisation(SourceName),
    Target(TargetName),
    EveryTarget,
    /// Members of any source.
    Members,
    /// A link file; its path.
    LinkFile(String),
    /// A rights-file: its section and its path.
    RightsFile(SourceName, String),
    /// A list of permits: its section and its path.
    PermitList(TargetName, String),
    /// This computer, above all its clock.
    ThisComputer,
    /// The run as a whole.
    Run,
    /// A way to tell somebody; its name.
    Channel(&'static str),
    /// What a command is given, or needs, or writes.
    Command(&'static str),
    /// What an earlier run named; its name for people.
    Named(String),
}

impl Trouble {
    /// A trouble of one thing.
    #[must_use]
    pub fn new(about: About, kind: TroubleKind) -> Self {
        Self { about, kind, is_everywhere: false }
    }

    /// The same of a target.
    #[must_use]
    pub fn of_target(name: &TargetName, kind: TroubleKind) -> Self {
        Self::new(About::Target(name.clone()), kind)
    }

    /// The same of a source.
    #[must_use]
    pub fn of_source(name: &SourceName, kind: TroubleKind) -> Self {
        Self::new(About::Source(name.clone()), kind)
    }

    /// Nothing that brings an exit code: somebody should look, some time.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        self.exit() == Exit::InStep
    }

    /// What makes it the same trouble as an earlier one, whatever its text says: it is about the same
    /// thing and of the same kind. A target that is left alone has the trouble that it is left alone for.
    #[must_use]
    pub fn topic(&self) -> String {
        format!("{} {}", self.about.topic(), self.kind.topic()).trim().to_owned()
    }

    /// What a run ends with if nothing worse happened.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.kind.exit(&self.about) {
            Exit::PartFailed if self.is_everywhere && !self.kind.is_lasting() => Exit::Temporary,
            exit => exit,
        }
    }

    /// What went wrong in one word.
    #[must_use]
    pub fn word(&self) -> TroubleWord {
        self.kind.word()
    }

    /// The line for stderr.
    #[must_use]
    pub fn line(&self) -> String {
        let (about, text) = (&self.about, self.text());
        match self.hint() {
            Some(hint) => format!("{about}: {text}\n  hint: {hint}"),
            None => format!("{about}: {text}"),
        }
    }
}

impl TroubleKind {
    /// No later run does better by itself.
    fn is_lasting(&self) -> bool {
        matches!(self, Self::Unusable(_) | Self::BackingOff { kind: FailureKind::Lasting, .. })
    }

    fn exit(&self, about: &About) -> Exit {
        match self {
            Self::Unreachable(_) => match about {
                About::Source(_) => Exit::Temporary,
                _ => Exit::PartFailed,
            },
            Self::LoginRefused(_) | Self::RightMissing(_) | Self::HeldBack { .. } => Exit::Login,
            Self::ServerClock(_) => Exit::Temporary,
            Self::OwnClock(_) => Exit::Fatal,
            Self::LinkFileUnread { may_be_right: true, .. } => Exit::InStep,
            Self::LinkFileUnread { may_be_right: false, .. }
            | Self::RightsUnread { needs_somebody: false, .. }
            | Self::CitationsUnread { needs_somebody: false, .. }
            | Self::MemberPlatesUnread { needs_somebody: false, .. } => Exit::Temporary,
            Self::RightsUnread { needs_somebody: true, .. }
            | Self::CitationsUnread { needs_somebody: true, .. }
            | Self::MemberPlatesUnread { needs_somebody: true, .. } => Exit::Refused,
            Self::PermitListUnwritten(_)
            | Self::Busy(_)
            | Self::Unusable(_)
            | Self::BackingOff { kind: FailureKind::Passing | FailureKind::Lasting, .. }
            | Self::ClockOff { .. }
            | Self::ClockZone { .. }
            | Self::Moved(_, Reviewed::No)
            | Self::NotApplied { .. }
            | Self::NotTakenAtDoors(_)
            | Self::NotInForce(_)
            | Self::NotPutInForce(_)
            | Self::GoneBeforeInForce(_)
            | Self::Unfit(_) => Exit::PartFailed,
            Self::ListRefused(..)
            | Self::BackingOff { kind: FailureKind::Doubt, .. }
            | Self::NotBelieved { .. }
            | Self::Twin(_)
            | Self::Unproven { .. }
            | Self::ChangedUnasked { .. }
            | Self::TakesNoChange { .. }
            | Self::Blocked { .. }
            | Self::TooManyLost { .. }
            | Self::LinkFilesDoubted { .. }
            | Self::OrganisationLeft { .. } => Exit::Refused,
            Self::Moved(_, Reviewed::Yes) | Self::Overtaken(..) => Exit::StalePlan,
            Self::Rows(rows) => rows.exit(),
            Self::Document(document) => document.exit(),
            Self::Collection(collection) => collection.exit(),
            Self::Books(books) => books.exit(),
            Self::TimeLimit => Exit::TimeLimit,
            Self::Interrupted(exit) | Self::BrokeOff(exit, _) => *exit,
            Self::NoNumber(_)
            | Self::NobodyListed { .. }
            | Self::UnclearDates(_)
            | Self::Flawed(..)
            | Self::UnusableEntries(_)
            | Self::TargetLeft(_)
            | Self::ServedNoMore { .. }
            | Self::MoreServedNoMore(_)
            | Self::NewWithoutDoor(..)
            | Self::WithoutDoor(_)
            | Self::Released { .. }
            | Self::Permanent(..)
            | Self::ProtectsNobody(_)
            | Self::OtherNames(_)
            | Self::NotTold(_)
            | Self::RightsRowsLeftOut { .. }
            | Self::RightsLeftOut { .. }
            | Self::CitationsLeftOut(_)
            | Self::MemberPlatesLeftOut { .. }
            | Self::Repeated(..) => Exit::InStep,
        }
    }

    /// A word that lasts.
    fn word(&self) -> TroubleWord {
        use TroubleWord as Word;

        match self {
            Self::Unreachable(_) | Self::BackingOff { kind: FailureKind::Passing, .. } => {
                Word::Unreachable
            }
            Self::Unusable(_) | Self::BackingOff { kind: FailureKind::Lasting, .. } => {
                Word::Unusable
            }
            Self::LoginRefused(_) | Self::HeldBack { .. } => Word::LoginRefused,
            Self::RightMissing(_) => Word::RightMissing,
            Self::NotBelieved { .. } | Self::BackingOff { kind: FailureKind::Doubt, .. } => {
                Word::NotBelieved
            }
            Self::ServerClock(_) => Word::ServerClock,
            Self::OwnClock(_) => Word::OwnClock,
            Self::ListRefused(..) => Word::ListRefused,
            Self::NoNumber(_) => Word::NoNumber,
            Self::NobodyListed { .. } => Word::NobodyListed,
            Self::LinkFileUnread { .. } => Word::LinkFileUnread,
            Self::RightsUnread { .. } => Word::RightsUnread,
            Self::RightsRowsLeftOut { .. } | Self::RightsLeftOut { .. } => Word::RightsRowsLeftOut,
            Self::CitationsUnread { .. } => Word::CitationsUnread,
            Self::CitationsLeftOut(_) => Word::CitationsLeftOut,
            Self::MemberPlatesUnread { .. } => Word::MemberPlatesUnread,
            Self::MemberPlatesLeftOut { .. } => Word::MemberPlatesLeftOut,
            Self::PermitListUnwritten(_) => Word::PermitListUnwritten,
            Self::Busy(_) => Word::Busy,
            Self::Twin(_) => Word::Twin,
            Self::UnclearDates(_) => Word::UnclearDates,
            Self::Flawed(Flaw::Twice, _) => Word::EntriesTwice,
            Self::Flawed(Flaw::NotUtf8, _) => Word::NotUtf8,
            Self::UnusableEntries(_) => Word::UnusableEntries,
            Self::ClockOff { .. } | Self::ClockZone { .. } => Word::ClockWrong,
            Self::Unproven { .. } => Word::Unproven,
            Self::ChangedUnasked { .. } => Word::ChangedUnasked,
            Self::TakesNoChange { .. } => Word::TakesNoChange,
            Self::Moved(..) => Word::Moved,
            Self::NotApplied { .. } => Word::NotApplied,
            Self::NotTakenAtDoors(_) => Word::NotTakenAtDoors,
            Self::NotInForce(_) => Word::NotInForce,
            Self::NotPutInForce(_) => Word::NotPutInForce,
            Self::GoneBeforeInForce(_) => Word::GoneBeforeInForce,
            Self::TargetLeft(_) => Word::TargetLeft,
            Self::Unfit(_) => Word::Unfit,
            Self::Blocked { .. } => Word::Blocked,
            Self::Overtaken(..) => Word::Overtaken,
            Self::TimeLimit => Word::TimeLimit,
            Self::Interrupted(_) => Word::Interrupted,
            Self::ServedNoMore { .. } => Word::ServedNoMore,
            Self::MoreServedNoMore(_) => Word::MoreServedNoMore,
            Self::TooManyLost { .. } => Word::TooManyLost,
            Self::NewWithoutDoor(..) => Word::NewWithoutDoor,
            Self::WithoutDoor(_) => Word::WithoutDoor,
            Self::Released { .. } => Word::Released,
            Self::Permanent(..) => Word::Permanent,
            Self::ProtectsNobody(_) => Word::ProtectsNobody,
            Self::OtherNames(_) => Word::OtherNames,
            Self::LinkFilesDoubted { .. } => Word::LinkFilesDoubted,
            Self::OrganisationLeft { .. } => Word::OrganisationLeft,
            Self::NotTold(_) => Word::NotTold,
            Self::BrokeOff(..) => Word::BrokeOff,
            Self::Rows(rows) => rows.word(),
            Self::Document(document) => document.word(),
            Self::Collection(collection) => collection.word(),
            Self::Books(books) => books.word(),
            Self::Repeated(word, ..) => *word,
        }
    }

    /// The word, and whatever makes it a trouble of its own beside others of the kind.
    fn topic(&self) -> String {
        let what = match self {
            Self::Repeated(_, topic, _) => return topic.clone(),
            Self::Books(books) => return books.topic(),
            Self::GoneBeforeInForce(persons) => words(persons),
            Self::NewWithoutDoor(members, _) => words(members),
            Self::ListRefused(rule, _) => rule.to_string(),
            Self::Blocked { plan, .. } => plan.clone(),
            Self::Overtaken(person, _) => person.to_string(),
            // That somebody must look is news.
            Self::RightsUnread { needs_somebody: true, .. } => "for good".to_owned(),
            Self::RightsRowsLeftOut { reason, .. } | Self::RightsLeftOut { reason, .. } => {
                reason.to_string()
            }
            Self::Rows(RowTrouble::NotDone { reason, .. }) => (*reason).to_owned(),
            Self::MemberPlatesLeftOut { reason, .. } => reason.to_string(),
            Self::Document(document) => document.id().to_owned(),
            Self::ServedNoMore { member, .. } => member.to_string(),
            Self::Released { id, .. } => id.to_string(),
            Self::OrganisationLeft { organisation, .. } => organisation.to_string(),
            _ => return self.word().to_string(),
        };
        format!("{} {what}", self.word())
    }
}

fn words<T: fmt::Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl About {
    fn topic(&self) -> String {
        match self {
            Self::Source(name) => format!("source {name}"),
            Self::Target(name) => format!("target {name}"),
            Self::LinkFile(path) => format!("file {path}"),
            Self::RightsFile(name, path) => format!("rights {name} {path}"),
            Self::PermitList(name, path) => format!("list {name} {path}"),
            // Its topic is whole.
            Self::Named(_) => String::new(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(name) => name.fmt(f),
            Self::Organisation(organisation) => organisation.fmt(f),
            Self::Target(name) => name.fmt(f),
            Self::EveryTarget => f.write_str("every door"),
            Self::Members => f.write_str("members"),
            Self::LinkFile(path) => f.write_str(path),
            Self::RightsFile(name, path) => write!(f, "{name} ({path})"),
            Self::PermitList(name, path) => write!(f, "{name} ({path})"),
            Self::ThisComputer => f.write_str("this computer"),
            Self::Run => f.write_str("this run"),
            Self::Channel(name) => write!(f, "notify.{name}"),
            Self::Command(what) => f.write_str(what),
            Self::Named(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests;
