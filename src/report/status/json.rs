//! How things stand, as JSON. Fields are only ever added within version 1. Moments are in UTC, ends of
//! validity in the door's wall-clock time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::gates::{GateStatus, PermitListStatus};
use super::{DeviceStatus, RightsFileStatus, SourceStatus, Status};
use crate::command::CommandName;
use crate::config::Mode;
use crate::engine::collection::Stray;
use crate::engine::plan::Reason;
use crate::model::TargetName;
use crate::report::collection::AgencyStatus;
use crate::report::documents::DocumentTold;
use crate::report::meters::MetersStatus;
use crate::report::{Head, RowLeftOut};
use crate::store::{Attention, BlockedOverview, GrantDelay, PastRun, Waiting};
use crate::text::times::whole_seconds;

/// The document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    #[serde(serialize_with = "whole_seconds")]
    at: DateTime<Utc>,
    runs: &'a [PastRun],
    last_success: Option<&'a PastRun>,
    sources: Vec<Source<'a>>,
    devices: Vec<Device<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    gates: &'a [GateStatus],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    permit_lists: &'a [PermitListStatus],
    #[serde(skip_serializing_if = "Option::is_none")]
    meters: Option<&'a MetersStatus>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    documents: &'a [DocumentTold],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    agencies: &'a [AgencyStatus],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    referrals_left: &'a [Stray],
    outside: usize,
    waiting: &'a [Waiting],
    attention: &'a [Attention],
    silent_for_seconds: Option<i64>,
    blocked: &'a [BlockedOverview],
    left_out: BTreeMap<&'static str, usize>,
    rows_left_out: &'a [RowLeftOut],
    grant_delay: GrantDelay,
    requests: &'a BTreeMap<String, u64>,
    state_bytes: u64,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Source<'a> {
    Organisation(&'a SourceStatus),
    RightsFile(&'a RightsFileStatus),
}

#[derive(Debug, Serialize)]
struct Device<'a> {
    name: &'a TargetName,
    mode: Mode,
    persons: u64,
    firmware: Option<&'a str>,
    #[serde(serialize_with = "whole_seconds")]
    read_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "whole_seconds")]
    confirmed_at: Option<DateTime<Utc>>,
    failures: u32,
    failure: Option<&'a str>,
    #[serde(serialize_with = "whole_seconds")]
    left_alone_until: Option<DateTime<Utc>>,
    login_trouble: Option<&'a str>,
    write_trouble: Option<&'a str>,
    not_in_force: usize,
    #[serde(serialize_with = "whole_seconds")]
    not_in_force_since: Option<DateTime<Utc>>,
}

impl<'a> From<&'a DeviceStatus> for Device<'a> {
    fn from(device: &'a DeviceStatus) -> Self {
        Self {
            name: &device.name,
            mode: device.mode,
            persons: device.known.persons,
            firmware: device.known.version.as_deref(),
            read_at: device.known.read_at,
            confirmed_at: device.known.confirmed_at,
            failures: device.failures.count,
            failure: device.failures.last.as_ref().map(|failure| failure.failed.text.as_str()),
            left_alone_until: device.left_alone_until,
            login_trouble: device.login_trouble.as_deref(),
            write_trouble: device.write_trouble.as_deref(),
            not_in_force: device.uncommitted.len(),
            not_in_force_since: device.not_in_force_since(),
        }
    }
}

/// The document for programs.
#[must_use]
pub fn document(status: &Status) -> Document<'_> {
    let counts = status.left_out_counts().into_iter();
    Document {
        head: Head::of(CommandName::Status),
        at: status.at,
        runs: &status.runs,
        last_success: status.last_success.as_ref(),
        sources: status
            .sources
            .iter()
            .map(Source::Organisation)
            .chain(status.rights_files.iter().map(Source::RightsFile))
            .collect(),
        devices: status.devices.iter().map(Device::from).collect(),
        gates: &status.gates,
        permit_lists: &status.permit_lists,
        meters: status.meters.as_ref(),
        documents: &status.documents,
        agencies: &status.agencies,
        referrals_left: &status.referrals_left,
        outside: status.outside().count(),
        waiting: &status.waiting,
        attention: &status.attention,
        silent_for_seconds: status.silent_for().map(|age| age.num_seconds()),
        blocked: &status.blocked,
        // In the order of the words.
        left_out: counts.map(|(reason, count)| (Reason::as_str(reason), count)).collect(),
        rows_left_out: &status.rows_left_out,
        grant_delay: status.delay,
        requests: &status.requests,
        state_bytes: status.state_bytes,
        exit_code: 0,
    }
}
