//! How things stand, as JSON. Fields are only ever added within version 1. Moments are in UTC, ends of
//! validity in the door's wall-clock time.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::Status;
use crate::model::format_time;
use crate::report::json::Spelled;
use crate::report::{RowLeftOut, rows_left_out};
use crate::store::{Attention, PastRun, Waiting};

/// The document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    command: &'static str,
    at: String,
    runs: Vec<Run>,
    last_success: Option<Run>,
    sources: Vec<Source>,
    devices: Vec<Device>,
    outside: usize,
    waiting: Vec<Wait>,
    attention: Vec<Care>,
    silent_for_seconds: Option<i64>,
    blocked: Vec<Blocked>,
    left_out: BTreeMap<&'static str, usize>,
    rows_left_out: Vec<rows_left_out::Json<'a>>,
    grant_delay: Delay,
    requests: BTreeMap<String, u64>,
    state_bytes: u64,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct Run {
    id: i64,
    command: String,
    began: String,
    ended: Option<String>,
    exit_code: Option<u8>,
    confirmed: u64,
    failed: u64,
}

#[derive(Debug, Serialize)]
struct Source {
    name: String,
    members: u64,
    fetched_at: Option<String>,
    complete_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Device {
    name: String,
    mode: &'static str,
    persons: u64,
    firmware: Option<String>,
    read_at: Option<String>,
    confirmed_at: Option<String>,
    failures: u32,
    failure: Option<String>,
    left_alone_until: Option<String>,
    login_trouble: Option<String>,
    write_trouble: Option<String>,
    not_in_force: usize,
    not_in_force_since: Option<String>,
}

#[derive(Debug, Serialize)]
struct Wait {
    device: String,
    employee_no: String,
    source: String,
    number: Spelled,
    kind: &'static str,
    opens_door: bool,
    end: String,
    since: String,
    blocked_by: Option<&'static str>,
    error: Option<String>,
}

/// Somebody to look after.
#[derive(Debug, Serialize)]
struct Care {
    kind: &'static str,
    device: Option<String>,
    employee_no: Option<String>,
    source: String,
    number: Spelled,
    reason: String,
    ends: Option<String>,
    since: String,
}

#[derive(Debug, Serialize)]
struct Blocked {
    id: String,
    since: String,
}

#[derive(Debug, Serialize)]
struct Delay {
    count: u64,
    seconds: u64,
    longest_seconds: u64,
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The document for programs.
#[must_use]
pub fn document(status: &Status) -> Document<'_> {
    let sources = status.sources.iter().map(|source| Source {
        name: source.name.to_string(),
        members: source.members,
        fetched_at: source.fetched_at.map(instant),
        complete_at: source.complete_at.map(instant),
    });
    let devices = status.devices.iter().map(|device| Device {
        name: device.name.to_string(),
        mode: device.mode.as_str(),
        persons: device.known.persons,
        firmware: device.known.version.clone(),
        read_at: device.known.read_at.map(instant),
        confirmed_at: device.known.confirmed_at.map(instant),
        failures: device.failures.count,
        failure: device.failures.last.as_ref().map(|failure| failure.failed.text.clone()),
        left_alone_until: device.left_alone_until.map(instant),
        login_trouble: device.login_trouble.clone(),
        write_trouble: device.write_trouble.clone(),
        not_in_force: device.uncommitted.len(),
        not_in_force_since: device.not_in_force_since().map(instant),
    });
    let blocked = status.blocked.iter();
    let counts = status.left_out_counts().into_iter();
    Document {
        version: 1,
        command: "status",
        at: instant(status.at),
        runs: status.runs.iter().map(run).collect(),
        last_success: status.last_success.as_ref().map(run),
        sources: sources.collect(),
        devices: devices.collect(),
        outside: status.outside().count(),
        waiting: status.waiting.iter().map(wait).collect(),
        attention: status.attention.iter().map(care).collect(),
        silent_for_seconds: status.silent_for().map(|age| age.num_seconds()),
        blocked: blocked
            .map(|plan| Blocked { id: plan.id.clone(), since: instant(plan.made_at) })
            .collect(),
        left_out: counts.map(|(reason, count)| (reason.as_str(), count)).collect(),
        rows_left_out: status.rows_left_out.iter().map(RowLeftOut::json).collect(),
        grant_delay: Delay {
            count: status.delay.count,
            seconds: status.delay.seconds,
            longest_seconds: status.delay.longest,
        },
        requests: status.requests.clone(),
        state_bytes: status.state_bytes,
        exit_code: 0,
    }
}

fn run(run: &PastRun) -> Run {
    Run {
        id: run.id.get(),
        command: run.command.clone(),
        began: instant(run.began),
        ended: run.ended.map(instant),
        exit_code: run.exit_code,
        confirmed: run.confirmed,
        failed: run.failed,
    }
}

fn care(one: &Attention) -> Care {
    Care {
        kind: one.kind.as_str(),
        device: one.device.as_ref().map(ToString::to_string),
        employee_no: one.employee_no.as_ref().map(ToString::to_string),
        source: one.member.source.to_string(),
        number: Spelled::of(one.member.human()),
        reason: one.reason.clone(),
        ends: one.ends.map(format_time),
        since: instant(one.since),
    }
}

fn wait(one: &Waiting) -> Wait {
    Wait {
        device: one.device.to_string(),
        employee_no: one.employee_no.to_string(),
        source: one.member.source.to_string(),
        number: Spelled::of(one.member.human()),
        kind: one.kind.as_str(),
        opens_door: one.opens_door,
        end: format_time(one.after.end()),
        since: instant(one.since),
        blocked_by: one.budget.map(crate::engine::plan::Budget::as_str),
        error: one.trouble.clone(),
    }
}
