//! Why a command could not run at all, and the one place that says so on stderr.
//!
//! What goes wrong *within* a run (a door that is away, a listing that is refused) is no error: it
//! is a [`Trouble`], and the run goes on without it.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::config::ConfigError;
use crate::config::first::FirstError;
use crate::engine::inbox::{EventError, NotProven};
use crate::engine::link::file::LinkFileError;
use crate::engine::outbox::NotApproved;
use crate::engine::plan::Counterexample;
use crate::exit::Exit;
use crate::model::{HolderNumber, RecordId, TargetName};
use crate::report::parking::QuestionError;
use crate::report::plan_file::PlanFileError;
use crate::report::verify::VerifyError;
use crate::stop::INTERRUPTED;
use crate::store::StoreError;
use crate::store::lock::Holder;
use crate::trouble::{About, Failed, Trouble, TroubleKind};

/// Why a command could not run, or had to stop before it changed anything more.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration was not found or has problems.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// No first configuration was made.
    #[error("{0}")]
    First(#[from] FirstError),
    /// The state file cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A link file that was never read before cannot be read, or looks cut off.
    #[error("{0}")]
    LinkFile(LinkFileError),
    /// A signal ended it while nothing was written; with the exit code.
    #[error("{INTERRUPTED}")]
    Interrupted(Exit),
    /// A look at a few members came to something else than one at everybody, where a test compares them.
    #[error("a look at a few members differs from one at everybody: {0}")]
    LooksDiffer(String),
    /// Another run holds the lock.
    #[error("another run is at work{}; nothing was done", described(holder))]
    Locked {
        holder: Holder,
        /// Whether it has held it for more than 10 minutes.
        is_old: bool,
    },
    /// Another run holds the lock, and somebody waits for a document to be sent.
    #[error("another run is at work{}; no document was sent", described(.0))]
    NothingSent(Holder),
    /// WHO is neither an e-mail, nor a number, nor a person.
    #[error("{0:?} is not an e-mail address, a member number or person:EMPLOYEENO")]
    Who(String),
    /// What `lookup` was asked for is none of these, nor a name.
    #[error("{0:?} is not a name, an e-mail address, a member number or person:EMPLOYEENO")]
    Asked(String),
    /// A question about a car cannot be asked.
    #[error("{0}")]
    Question(#[from] QuestionError),
    /// The question of a handheld is not acceptable.
    #[error("{0}")]
    Verify(VerifyError),
    /// An event is not taken.
    #[error("{0}")]
    Event(EventError),
    /// A document that is to be sent is not acceptable.
    #[error("{name}: {text}")]
    Document { name: String, text: String },
    /// A document that waits cannot be approved.
    #[error("document {id} cannot be approved: {error}")]
    NotApproved { id: String, error: NotApproved },
    /// `--only` names somebody who is not known.
    #[error("{}; nothing was done", not_known(texts, doubts))]
    NotKnown {
        /// Who, with whom may have been meant.
        texts: Vec<String>,
        /// What kept from knowing better.
        doubts: Vec<Trouble>,
    },
    /// `history` was asked for somebody, or for a door, that is not known.
    #[error("{text}")]
    NotInLog {
        /// Which, with what may have been meant.
        text: String,
        /// 20 for somebody, 64 for a door.
        exit: Exit,
    },
    /// `--accept-device` names a device that is not in the configuration.
    #[error("there is no device {0} in the configuration")]
    NoDevice(TargetName),
    /// `--accept-link` names nobody who is in question.
    #[error(
        "there is nothing to accept: member {member} is not left out as name-differs with person \
         {employee_no} on {device}"
    )]
    NothingToAccept { device: TargetName, employee_no: RecordId, member: HolderNumber },
    /// The plan cannot be carried out.
    #[error("the plan {name} {error}")]
    Plan {
        /// The file or id.
        name: String,
        /// What is wrong with it.
        error: PlanFileError,
    },
    /// There is no blocked plan with this id.
    #[error("there is no blocked plan {0}: it was carried out, or things have changed since")]
    NoBlockedPlan(String),
    /// A reviewed plan breaks a rule: the configuration changed since, or a plan was made by hand.
    #[error(
        "the plan {name} is refused: member {}, person {} on {}: {}",
        found.member, found.employee_no, found.device, found.rule
    )]
    Forbidden {
        /// The file or id.
        name: String,
        /// The change that breaks the rule.
        found: Counterexample,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
    /// A plan cannot be read.
    #[error("the plan {} cannot be read: {error}", path.display())]
    NoPlan { path: PathBuf, error: std::io::Error },
    /// A file to be written is one that a run reads.
    #[error("{} cannot be written: it is {own}", path.display())]
    OwnFile {
        /// The path as it was given.
        path: PathBuf,
        /// Which of our own files it is.
        own: String,
    },
    /// A plan would be written over a file that holds something else.
    #[error("{} is not written: it holds something else than a plan", .0.display())]
    Occupied(PathBuf),
    /// A sheet to be filled in would be written over what somebody has filled in.
    #[error("{} cannot be written: {what}", path.display())]
    FilledIn {
        /// The path as it was given.
        path: PathBuf,
        /// What is in the file.
        what: String,
    },
    /// A flag of `status` that is about one club was given with several configurations.
    #[error("{0} is for one configuration at a time")]
    OneClub(&'static str),
    /// The checker found a change that breaks a safety rule.
    #[error("{0}")]
    Unproven(#[from] Counterexample),
    /// Standard output is gone or full.
    #[error("standard output: {0}")]
    Output(std::io::Error),
    /// A document could not be written as JSON.
    #[error("the answer could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

fn not_known(texts: &[String], doubts: &[Trouble]) -> String {
    let doubts = doubts.iter().map(|doubt| format!("{}: {}", doubt.about, doubt.text()));
    texts.iter().cloned().chain(doubts).collect::<Vec<_>>().join("; ")
}

fn described(holder: &Holder) -> String {
    match (holder.process, holder.since) {
        (Some(process), Some(since)) => format!(" (process {process}, since {})", utc(since)),
        _ => String::new(),
    }
}

/// Whether there is no room for what is to be written.
fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

impl Error {
    /// What the process ends with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::LinkFile(error) if error.is_temporary() => Exit::Temporary,
            Self::Config(_) | Self::LinkFile(_) => Exit::Config,
            Self::Store(error) if error.is_busy() => Exit::Temporary,
            Self::Store(_) | Self::File { .. } => Exit::Fatal,
            Self::Output(error) if is_full(error) => Exit::Fatal,
            Self::First(FirstError::Exists(_)) | Self::FilledIn { .. } => Exit::Refused,
            Self::Locked { is_old: true, .. } => Exit::LockHeld,
            Self::Locked { is_old: false, .. } => Exit::InStep,
            Self::First(_)
            | Self::Who(_)
            | Self::Asked(_)
            | Self::Question(_)
            | Self::NoDevice(_)
            | Self::NothingToAccept { .. }
            | Self::OwnFile { .. }
            | Self::Occupied(_)
            | Self::OneClub(_) => Exit::Usage,
            Self::Event(EventError::NotProven(_)) => Exit::NotProven,
            Self::Event(EventError::Otherwise) => Exit::Refused,
            Self::Event(EventError::Document(_)) | Self::Verify(_) | Self::Document { .. } => {
                Exit::Unacceptable
            }
            Self::NotApproved { .. } => Exit::StalePlan,
            Self::NothingSent(_) => Exit::Temporary,
            Self::Plan { .. } | Self::NoPlan { .. } | Self::NoBlockedPlan(_) => Exit::StalePlan,
            Self::Unproven(_) | Self::Forbidden { .. } => Exit::Refused,
            Self::NotKnown { doubts, .. } => {
                Exit::of_all(doubts.iter().map(Trouble::exit).chain([Exit::NobodyFound]))
            }
            Self::NotInLog { exit, .. } | Self::Interrupted(exit) => *exit,
            Self::LooksDiffer(_) | Self::Output(_) | Self::Json(_) => Exit::Bug,
        }
    }

    /// What it is about, in a word or two.
    #[must_use]
    pub fn about(&self) -> &'static str {
        match self {
            Self::Config(_) => "configuration",
            Self::Store(_) => "state file",
            Self::LinkFile(_) => "link file",
            Self::First(_)
            | Self::Who(_)
            | Self::Asked(_)
            | Self::Question(_)
            | Self::NotKnown { .. }
            | Self::NotInLog { .. }
            | Self::NoDevice(_)
            | Self::NothingToAccept { .. }
            | Self::OwnFile { .. }
            | Self::Occupied(_)
            | Self::OneClub(_)
            | Self::FilledIn { .. } => "command line",
            Self::File { .. } => "file",
            Self::Plan { .. }
            | Self::NoPlan { .. }
            | Self::NoBlockedPlan(_)
            | Self::Forbidden { .. } => "plan",
            Self::Verify(_) => "request",
            Self::Document { .. } | Self::NotApproved { .. } => "document",
            Self::Event(_) => "event",
            Self::Interrupted(_)
            | Self::Locked { .. }
            | Self::NothingSent(_)
            | Self::LooksDiffer(_)
            | Self::Unproven(_)
            | Self::Output(_)
            | Self::Json(_) => "this run",
        }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::First(error) => error.hint(),
            Self::Store(error) => Some(error.hint()),
            Self::LinkFile(error) => Some(error.problem.hint()),
            Self::Question(QuestionError::NoVehicles) => {
                Some("write where they come from: `ivms-sync help vehicles`")
            }
            Self::Question(QuestionError::NoCitations) => Some(
                "write violations = [\"EXPIRED_METER\"] into the section of the service that has them: \
                 `ivms-sync help vehicles`",
            ),
            Self::Question(QuestionError::NoBooks) => {
                Some("write where their files arrive: [teller.NAME.settlement]")
            }
            Self::Event(EventError::NotProven(NotProven::NoHeader(_))) => Some(
                "hand over the headers that came with it: --headers FILE, --headers env or --cgi",
            ),
            Self::Event(EventError::NotProven(_)) => Some(
                "see that `scheme`, `secrets` and the clock are right; nothing of it was looked at",
            ),
            Self::Event(EventError::Otherwise) => {
                Some("ask the sender which of the two counts; what was taken first stays")
            }
            Self::Question(_)
            | Self::Event(_)
            | Self::Verify(_)
            | Self::Document { .. }
            | Self::NotApproved { .. } => None,
            Self::NothingSent(_) => Some("hand it over again when that run is over"),
            Self::Locked { is_old: true, .. } => {
                Some("look at that process; if it hangs, end it: the lock is freed by itself")
            }
            Self::Plan { .. } | Self::NoPlan { .. } | Self::Forbidden { .. } => {
                Some("make a new plan with `ivms-sync diff --out PLAN` and look at it again")
            }
            Self::OwnFile { .. } => Some("name a file of its own"),
            Self::Occupied(_) => Some("name another file, or remove that one"),
            Self::FilledIn { .. } => Some(
                "name another file; one that is filled in belongs into `files` under [link], and can be \
                 removed if nobody needs it",
            ),
            Self::NoBlockedPlan(_) => {
                Some("run `ivms-sync sync`: it names the id of what is blocked now, if anything is")
            }
            Self::Unproven(_) => {
                Some("nothing was written; this is a bug in ivms-sync, please report it")
            }
            Self::NothingToAccept { .. } => {
                Some("`ivms-sync diff` shows who is in question, with the command that accepts it")
            }
            Self::NotKnown { .. } => {
                Some("`ivms-sync lookup WHO` says where it looks for somebody")
            }
            Self::Who(_) => Some("`ivms-sync lookup NAME` finds the member number of a name"),
            Self::Config(_)
            | Self::Interrupted(_)
            | Self::Locked { .. }
            | Self::Asked(_)
            | Self::NotInLog { .. }
            | Self::NoDevice(_)
            | Self::OneClub(_)
            | Self::LooksDiffer(_)
            | Self::Json(_) => None,
            Self::File { error, .. } if error.kind() == std::io::ErrorKind::NotFound => {
                Some("make its folder first")
            }
            Self::File { error, .. } => is_full(error).then_some(
                "make room on that disk, or raise the quota; what was there is as it was",
            ),
            Self::Output(error) => is_full(error).then_some(
                "make room on that disk, or raise the quota; what this run did is done, and `ivms-sync history` tells it",
            ),
        }
    }

    /// The same as troubles within a run, one for each thing that is wrong.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        let (exit, each, others) = match self {
            Self::Config(error) => (self.exit(), error.each().collect(), Vec::new()),
            Self::NotKnown { texts, doubts } => {
                let each = texts.iter().map(|text| Failed::new(text, self.hint()));
                (Exit::NobodyFound, each.collect(), doubts.clone())
            }
            _ => (self.exit(), vec![Failed::new(self, self.hint())], Vec::new()),
        };
        let trouble = |failed| {
            let kind = TroubleKind::BrokeOff(exit, failed);
            Trouble::new(About::Command(self.about()), kind)
        };
        each.into_iter().map(trouble).chain(others).collect()
    }

    /// The lines for stderr.
    #[must_use]
    pub fn lines(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}\n  hint: {hint}"),
            None => self.to_string(),
        }
    }
}
