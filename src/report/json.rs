//! The JSON documents of `sync`, `diff` and `apply`, and of a command that broke off; version 1.
//!
//! Fields are only ever added within version 1. Times are `YYYY-MM-DDTHH:MM:SS`, device wall time.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::collection::CollectionTold;
use super::documents::{DocumentReport, DocumentTold};
use super::gates::GateTold;
use super::{
    ChangeReport, ChangeState, Head, KeptLink, PermitListReport, Report, RowLeftOut, SourceReport,
    TargetReport,
};
use crate::command::CommandName;
use crate::engine::plan::{Budget, Cause, Kind, LeftOut, Loss, NoDoor, Released};
use crate::model::{Accounts, HolderId, Limit, RecordId, RunId, SourceName, TargetName, Window};
use crate::text::times::whole_seconds;
use crate::trouble::{Trouble, TroubleWord};

/// The document of a report.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    run: Option<RunId>,
    sources: Vec<Source<'a>>,
    devices: Vec<Device<'a>>,
    changes: Vec<Change<'a>>,
    left_out: &'a [LeftOut],
    losses: &'a [Loss],
    no_door: &'a [NoDoor],
    released: &'a [Released],
    kept_links: &'a [KeptLink],
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_left_out: Option<&'a [RowLeftOut]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    permit_lists: &'a [PermitListReport],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gates: Vec<GateTold<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    documents: &'a [DocumentTold],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    collections: &'a [CollectionTold],
    blocked: Option<&'a str>,
    problems: &'a [Trouble],
    exit_code: u8,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Source<'a> {
    Organisation(&'a SourceReport),
    RightsFile(RightsFileSource<'a>),
}

/// A section of rights-files as this run saw it.
#[derive(Debug, Serialize)]
struct RightsFileSource<'a> {
    name: &'a SourceName,
    kind: &'static str,
    fresh: bool,
    #[serde(serialize_with = "whole_seconds")]
    as_of: Option<DateTime<Utc>>,
    rights: u64,
    left_out: u64,
}

#[derive(Debug, Serialize)]
struct Device<'a> {
    #[serde(flatten)]
    report: &'a TargetReport,
    changes: usize,
    confirmed: usize,
    failed: usize,
    blocked: usize,
}

#[derive(Debug, Serialize)]
struct Change<'a> {
    device: &'a TargetName,
    employee_no: &'a RecordId,
    member: Member<'a>,
    cause: Cause,
    kind: Kind,
    before: Limit,
    after: Window,
    outcome: &'static str,
    blocked_by: Option<Budget>,
    error: Option<&'a str>,
    #[serde(flatten)]
    basis: Option<Basis<'a>>,
}

#[derive(Debug, Serialize)]
struct Member<'a> {
    #[serde(flatten)]
    holder: &'a HolderId,
    #[serde(flatten)]
    identity: Option<Identity<'a>>,
}

/// Who a member is, whatever the section is called: in a plan file.
#[derive(Debug, Serialize)]
struct Identity<'a> {
    account: &'a str,
    holder: &'a str,
}

/// What a change is built on: in a plan file.
#[derive(Debug, Serialize)]
struct Basis<'a> {
    fingerprint: &'a str,
    opens_door: bool,
    ends_at_once: bool,
}

/// Any document, with whose it is: null where the configuration names no club, or could not be read.
#[derive(Debug, Serialize)]
pub struct OfClub<'a, D> {
    #[serde(flatten)]
    pub document: D,
    pub club: Option<&'a str>,
}

/// Makes the document of a report that ends with `exit_code`.
#[must_use]
pub fn document(report: &Report, exit_code: u8) -> Document<'_> {
    make(report, exit_code, None)
}

/// The same with what a plan file says of each change; `accounts` are those of the sources.
pub(super) fn make<'a>(
    report: &'a Report,
    exit_code: u8,
    accounts: Option<&'a Accounts>,
) -> Document<'a> {
    Document {
        head: Head::of(report.command),
        run: report.run,
        sources: sources(report),
        devices: report.devices.iter().map(|one| device(report, one)).collect(),
        changes: report.changes.iter().map(|one| change(one, accounts)).collect(),
        left_out: &report.left_out,
        losses: &report.losses,
        no_door: &report.no_door,
        released: &report.released,
        kept_links: &report.kept_links,
        rows_left_out: report.rows_left_out.as_deref(),
        permit_lists: &report.permit_lists,
        gates: report.gates.iter().map(GateTold::from).collect(),
        documents: &report.documents,
        collections: &report.collections,
        blocked: report.blocked.as_deref(),
        problems: &report.troubles,
        exit_code,
    }
}

/// Every organisation, and every section of rights-files.
fn sources(report: &Report) -> Vec<Source<'_>> {
    let files = report.rights_files.iter().map(|seen| RightsFileSource {
        name: &seen.name,
        kind: seen.kind,
        fresh: seen.is_fresh,
        as_of: seen.as_of,
        rights: seen.rights,
        left_out: seen.left_out,
    });
    let organisations = report.sources.iter().map(Source::Organisation);
    organisations.chain(files.map(Source::RightsFile)).collect()
}

fn device<'a>(report: &'a Report, device: &'a TargetReport) -> Device<'a> {
    let count = |wanted: &dyn Fn(&ChangeReport) -> bool| {
        let mine = report.changes.iter().filter(|one| one.change.device == device.name);
        mine.filter(|one| wanted(one)).count()
    };
    Device {
        report: device,
        changes: count(&|_| true),
        confirmed: count(&|one| one.state.is_confirmed()),
        failed: count(&|one| has_failed(one)),
        blocked: count(&|one| one.state == ChangeState::Blocked),
    }
}

/// Whether a change was tried (or should have been) and is not where it should be.
fn has_failed(one: &ChangeReport) -> bool {
    match one.state {
        ChangeState::Tried(_) => !one.state.is_confirmed(),
        ChangeState::Planned => one.error.is_some(),
        ChangeState::Blocked | ChangeState::SecondLook => false,
    }
}

fn change<'a>(report: &'a ChangeReport, accounts: Option<&'a Accounts>) -> Change<'a> {
    let change = &report.change;
    let holder = &change.member;
    Change {
        device: &change.device,
        employee_no: &change.employee_no,
        member: Member {
            holder,
            identity: accounts.map(|accounts| Identity {
                account: accounts.account(&holder.source),
                holder: holder.as_str(),
            }),
        },
        cause: change.cause,
        kind: change.kind,
        before: change.before,
        after: change.after,
        outcome: report.state.as_str(),
        blocked_by: change.blocked,
        error: report.error.as_deref(),
        basis: accounts.map(|_| Basis {
            fingerprint: &change.fingerprint,
            opens_door: change.opens_door,
            ends_at_once: change.ends_at_once,
        }),
    }
}

impl Serialize for Trouble {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Problem {
            about: String,
            kind: TroubleWord,
            text: String,
            hint: Option<String>,
            exit_code: u8,
        }
        let hint = self.hint().map(|hint| hint.to_string());
        let (about, exit_code) = (self.about.to_string(), self.exit().code());
        Problem { about, kind: self.word(), text: self.text(), hint, exit_code }
            .serialize(serializer)
    }
}

/// What is printed by a command that broke off: what it would have printed, where that can be with nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The document of a run over doors and gates.
    Run,
    /// That of documents that leave.
    Documents,
    /// The problems alone: an answer with nothing in it would be a wrong one.
    Problems,
}

/// The document of a command that broke off before it had one: a script gets something to read, and the
/// reason in it. That of a run, and that of documents, has every field that it always has.
///
/// # Errors
/// When it cannot be made, which would be a bug.
pub fn broken_off(
    (command, shape): (CommandName, Shape),
    troubles: Vec<Trouble>,
    exit_code: u8,
) -> Result<Value, serde_json::Error> {
    #[derive(Serialize)]
    struct Short<'a> {
        #[serde(flatten)]
        head: Head,
        problems: &'a [Trouble],
        exit_code: u8,
    }
    let report = Report { troubles, ..Report::new(command, None) };
    match shape {
        Shape::Documents => {
            let (documents, collections, troubles) = (Vec::new(), Vec::new(), report.troubles);
            let report = DocumentReport { command, documents, collections, troubles };
            serde_json::to_value(report.document(exit_code))
        }
        Shape::Run => serde_json::to_value(document(&report, exit_code)),
        Shape::Problems => {
            let problems = &report.troubles;
            serde_json::to_value(Short { head: Head::of(command), problems, exit_code })
        }
    }
}
