//! Why a question from the command line cannot be asked.

use crate::model::PlateRefusal;

/// Why a question about a car cannot be asked. No plate is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    #[error(
        "nothing is known of vehicles: the configuration has no [rights-file.NAME], and no gate for members"
    )]
    NoVehicles,
    #[error("the plate {0}")]
    Plate(PlateRefusal),
    /// No section of a zone; with the name that may have been meant.
    #[error("there is no zone {} in the configuration{}", .0.escape_debug(), meant(.1.as_deref()))]
    NoZone(String, Option<String>),
    #[error(
        "the instant has no offset from UTC, or is none: write 2026-11-29T14:00:00+01:00 or …Z"
    )]
    NoMoment,
    #[error(
        "--zone and --at are for a plate, a permit or a session: `ivms-sync lookup plate:ABC123 --zone A1`"
    )]
    OnlyForPlates,
    #[error("nothing is known of citations: no service lists or reports any")]
    NoCitations,
    #[error("--since is in the future, of which nothing is known")]
    Future,
    #[error("nothing is known of books: no settlements are read")]
    NoBooks,
    #[error("--day is in the future, of which nothing is known")]
    FutureDay,
    #[error("nothing is known of meters: the configuration has no section of any")]
    NoMeters,
    #[error("standard input holds no WHO in its first line")]
    NoWho,
    #[error("{0} cannot be read: {1}")]
    NoFile(String, String),
    /// Nobody may send events under that name; with the one that may have been meant.
    #[error("no section {} takes events{}", .0.escape_debug(), meant(.1.as_deref()))]
    NoSender(String, Option<String>),
    #[error("nothing is known of documents: the configuration has no section that takes any")]
    NoRecipients,
    /// No section takes documents under that name; with the one that may have been meant.
    #[error("no section {} takes documents{}", .0.escape_debug(), meant(.1.as_deref()))]
    NoRecipient(String, Option<String>),
    #[error("{} hands nothing over: only an agency is compared without a FILE", .0.escape_debug())]
    NoAgency(String),
    #[error("{} does not say what became of which document: write ID=done or ID=not-done", .0.escape_debug())]
    NoSettlement(String),
    #[error("there is no document {}, or several sections have one: write NAME/ID", .0.escape_debug())]
    NoDocument(String),
    /// The document, and how far it is.
    #[error("what became of document {} is known: it is {}", .0.escape_debug(), .1)]
    NotOpen(String, &'static str),
    #[error("--out and --exit-code need --to: the books of a day are nothing that is sent")]
    BooksAreNoPlan,
    #[error("the day is not over")]
    DayNotOver,
    #[error("{} takes no reports of days", .0.escape_debug())]
    NoReport(String),
    #[error("--cgi reads the body of a request: write --event -")]
    CgiReadsInput,
}

fn meant(meant: Option<&str>) -> String {
    meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default()
}
