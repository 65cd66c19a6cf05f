//! The JSON document of `sync`, `diff` and `apply`, version 1.
//!
//! Fields are only ever added within version 1. Times are `YYYY-MM-DDTHH:MM:SS`, device wall time.

use serde::{Serialize, Serializer};

use super::{
    ChangeReport, ChangeState, KeptLink, Report, RowLeftOut, SourceReport, TargetReport, Trouble,
    rows_left_out,
};
use crate::engine::plan::{Budget, LeftOut};
use crate::model::{Limit, Window, format_time};

/// The document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    command: &'static str,
    run: Option<i64>,
    sources: Vec<Source>,
    devices: Vec<Device>,
    changes: Vec<Change>,
    left_out: Vec<Left>,
    losses: Vec<Loss>,
    no_door: Vec<NoDoor>,
    released: Vec<Released>,
    kept_links: Vec<Kept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_left_out: Option<Vec<rows_left_out::Json<'a>>>,
    blocked: Option<String>,
    problems: Vec<Problem>,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct Source {
    name: String,
    listing: &'static str,
    members: usize,
    accepted: bool,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Device {
    name: String,
    persons: usize,
    outcome: &'static str,
    changes: usize,
    confirmed: usize,
    failed: usize,
    blocked: usize,
}

#[derive(Debug, Serialize)]
struct Change {
    device: String,
    employee_no: String,
    member: Holder,
    cause: &'static str,
    kind: &'static str,
    before: Times,
    after: Times,
    outcome: &'static str,
    blocked_by: Option<&'static str>,
    error: Option<String>,
}

/// What a connector spells: a number where it is a whole one.
#[derive(Debug)]
pub(super) struct Spelled(String);

impl Spelled {
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Serialize for Spelled {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<i64>() {
            Ok(number) if number.to_string() == self.0 => serializer.serialize_i64(number),
            _ => serializer.serialize_str(&self.0),
        }
    }
}

#[derive(Debug, Serialize)]
struct Holder {
    source: String,
    number: Spelled,
}

/// A window; both times are null where a device holds none that can be read.
#[derive(Debug, Clone, Serialize)]
pub struct Times {
    pub begin: Option<String>,
    pub end: Option<String>,
}

#[derive(Debug, Serialize)]
struct Left {
    source: String,
    number: Spelled,
    device: Option<String>,
    reason: &'static str,
    detail: Option<String>,
}

/// A member who was served on a device until now and is left out there.
#[derive(Debug, Serialize)]
struct Loss {
    source: String,
    number: Spelled,
    device: String,
    employee_no: String,
    reason: &'static str,
    kind: &'static str,
    served: Times,
    detail: Option<String>,
}

/// A member who has paid and has no person on any device.
#[derive(Debug, Serialize)]
struct NoDoor {
    source: String,
    number: Spelled,
    reason: &'static str,
}

/// A person that was written to and is linked to nobody now.
#[derive(Debug, Serialize)]
struct Released {
    device: String,
    employee_no: String,
    source: String,
    number: Spelled,
    holds: Times,
}

#[derive(Debug, Serialize)]
struct Kept {
    source: String,
    number: Spelled,
    device: String,
    employee_no: String,
    linked_by: &'static str,
}

/// One problem, with the exit code that it brings.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    about: String,
    text: String,
    hint: Option<String>,
    exit_code: u8,
}

impl From<Window> for Times {
    fn from(window: Window) -> Self {
        Self { begin: Some(format_time(window.begin())), end: Some(format_time(window.end())) }
    }
}

impl From<&Limit> for Times {
    fn from(limit: &Limit) -> Self {
        match limit {
            Limit::Window(window) | Limit::Permanent(Some(window)) => (*window).into(),
            Limit::Permanent(None) | Limit::Unclear { .. } => Self { begin: None, end: None },
            Limit::Unreadable { begin, end } => {
                Self { begin: begin.map(format_time), end: end.map(format_time) }
            }
        }
    }
}

/// Makes the document of a report that ends with `exit_code`.
#[must_use]
pub fn document(report: &Report, exit_code: u8) -> Document<'_> {
    let rows = report.rows_left_out.as_ref();
    Document {
        version: 1,
        command: report.command.as_str(),
        run: report.run.map(crate::model::RunId::get),
        sources: report.sources.iter().map(source).collect(),
        devices: report.devices.iter().map(|one| device(report, one)).collect(),
        changes: report.changes.iter().map(change).collect(),
        left_out: report.left_out.iter().map(left_out).collect(),
        losses: report.losses.iter().map(loss).collect(),
        no_door: report.no_door.iter().map(no_door).collect(),
        released: report.released.iter().map(released).collect(),
        kept_links: report.kept_links.iter().map(kept_link).collect(),
        rows_left_out: rows.map(|rows| rows.iter().map(RowLeftOut::json).collect()),
        blocked: report.blocked.clone(),
        problems: report.troubles.iter().map(problem).collect(),
        exit_code,
    }
}

pub(super) fn problem(trouble: &Trouble) -> Problem {
    Problem {
        about: trouble.about.to_string(),
        text: trouble.text(),
        hint: trouble.hint().map(|hint| hint.to_string()),
        exit_code: trouble.exit().code(),
    }
}

fn source(report: &SourceReport) -> Source {
    Source {
        name: report.name.to_string(),
        listing: if report.is_complete { "complete" } else { "changes" },
        members: report.members,
        accepted: report.accepted,
        reason: report.reason.clone(),
    }
}

fn device(report: &Report, device: &TargetReport) -> Device {
    let count = |wanted: &dyn Fn(&ChangeReport) -> bool| {
        let mine = report.changes.iter().filter(|one| one.change.device == device.name);
        mine.filter(|one| wanted(one)).count()
    };
    Device {
        name: device.name.to_string(),
        persons: device.persons,
        outcome: device.outcome.as_str(),
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

fn change(report: &ChangeReport) -> Change {
    let change = &report.change;
    Change {
        device: change.device.to_string(),
        employee_no: change.employee_no.to_string(),
        member: Holder {
            source: change.source.to_string(),
            number: Spelled::of(change.member.human()),
        },
        cause: change.cause.as_str(),
        kind: change.kind.as_str(),
        before: Times::from(&change.before),
        after: Times::from(change.after),
        outcome: report.state.as_str(),
        blocked_by: change.blocked.map(Budget::as_str),
        error: report.error.clone(),
    }
}

fn left_out(left_out: &LeftOut) -> Left {
    Left {
        source: left_out.source.to_string(),
        number: Spelled::of(left_out.member.human()),
        device: left_out.device.as_ref().map(ToString::to_string),
        reason: left_out.reason.as_str(),
        detail: left_out.detail.clone(),
    }
}

fn loss(loss: &crate::engine::plan::Loss) -> Loss {
    Loss {
        source: loss.source.to_string(),
        number: Spelled::of(loss.member.human()),
        device: loss.device.to_string(),
        employee_no: loss.employee_no.to_string(),
        reason: loss.reason.as_str(),
        kind: loss.kind.as_str(),
        served: Times::from(loss.served),
        detail: loss.detail.clone(),
    }
}

fn no_door(one: &crate::engine::plan::NoDoor) -> NoDoor {
    NoDoor {
        source: one.source.to_string(),
        number: Spelled::of(one.member.human()),
        reason: one.reason.as_str(),
    }
}

fn released(one: &crate::engine::plan::Released) -> Released {
    Released {
        device: one.device.to_string(),
        employee_no: one.employee_no.to_string(),
        source: one.source.to_string(),
        number: Spelled::of(one.member.human()),
        holds: Times::from(&one.limit),
    }
}

fn kept_link(kept: &KeptLink) -> Kept {
    Kept {
        source: kept.source.to_string(),
        number: Spelled::of(kept.member.human()),
        device: kept.device.to_string(),
        employee_no: kept.employee_no.to_string(),
        linked_by: kept.rule.as_str(),
    }
}
