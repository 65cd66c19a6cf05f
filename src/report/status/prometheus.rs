//! How things stand, for node_exporter's textfile collector: HELP and TYPE for every family, base units,
//! no timestamps. Source: the Prometheus text exposition format, and node_exporter's README.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use chrono::{DateTime, Utc};

use super::gates::{GateStatus, PermitListStatus};
use super::{DeviceStatus, RightsFileStatus, SourceStatus, Status};
use crate::engine::plan::{Budget, Kind};
use crate::model::DocumentState;
use crate::report::meters::{MeterFault, MeterTold};
use crate::store::{AttentionKind, Waiting};

/// The file under construction.
struct Metrics<'a> {
    text: String,
    /// A label of every series, so that the files of many clubs can be told apart in one query.
    club: Option<&'a str>,
}

/// One metric family under construction.
struct Family<'m, 'a> {
    metrics: &'m mut Metrics<'a>,
    name: &'static str,
}

impl Family<'_, '_> {
    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.sample_of("", labels, value);
    }

    fn sample_of(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let Metrics { text, club } = &mut *self.metrics;
        let _ = write!(text, "{}{suffix}", self.name);
        let club = club.map(|club| ("club", club));
        let pairs: Vec<String> = club
            .iter()
            .chain(labels)
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        if !pairs.is_empty() {
            let _ = write!(text, "{{{}}}", pairs.join(","));
        }
        let _ = writeln!(text, " {value}");
    }
}

/// A label's value: backslash, quote and line end are written as the format asks.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn family<'m, 'a>(
    metrics: &'m mut Metrics<'a>,
    name: &'static str,
    kind: &str,
    help: &str,
) -> Family<'m, 'a> {
    let _ = writeln!(metrics.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    Family { metrics, name }
}

/// What has a name of its own in a label.
trait Labelled {
    const LABEL: &'static str;

    fn name(&self) -> &str;
}

macro_rules! labelled {
    ($($what:ty => $label:literal),+ $(,)?) => {
        $(impl Labelled for $what {
            const LABEL: &'static str = $label;

            fn name(&self) -> &str {
                self.name.as_str()
            }
        })+
    };
}

labelled! {
    SourceStatus => "source",
    DeviceStatus => "device",
    GateStatus => "gate",
    RightsFileStatus => "source",
    PermitListStatus => "list",
}

/// A value of each that has one.
fn of_each<One: Labelled, T: Display>(
    out: &mut Metrics<'_>,
    each: &[One],
    name: &'static str,
    help: &str,
    value: impl Fn(&One) -> Option<T>,
) {
    let mut values = family(out, name, "gauge", help);
    for one in each {
        if let Some(value) = value(one) {
            values.sample(&[(One::LABEL, one.name())], value);
        }
    }
}

/// The whole file.
#[must_use]
pub fn render(status: &Status) -> String {
    let mut metrics = Metrics { text: String::new(), club: status.club.as_deref() };
    let out = &mut metrics;
    family(out, "ivms_sync_build_info", "gauge", "Always 1; the version is its label.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    runs(out, status);
    sources(out, status);
    devices(out, status);
    gates(out, status);
    parking(out, status);
    waiting(out, status);
    family(out, "ivms_sync_state_file_bytes", "gauge", "Size of the state file.")
        .sample(&[], status.state_bytes);
    metrics.text
}

fn runs(out: &mut Metrics<'_>, status: &Status) {
    if let Some(run) = status.last_run() {
        family(out, "ivms_sync_last_run_timestamp_seconds", "gauge", "When the last run began.")
            .sample(&[], run.began.timestamp());
        if let (Some(ended), Some(code)) = (run.ended, run.exit_code) {
            family(out, "ivms_sync_last_run_exit_code", "gauge", "How the last run ended.")
                .sample(&[], code);
            let seconds = ended.signed_duration_since(run.began).num_seconds().max(0);
            family(out, "ivms_sync_last_run_duration_seconds", "gauge", "How long it took.")
                .sample(&[], seconds);
        }
    }
    if let Some(run) = &status.last_success {
        let help = "When the last sync that ended with 0 began; a failed one leaves it alone.";
        family(out, "ivms_sync_last_success_timestamp_seconds", "gauge", help)
            .sample(&[], run.began.timestamp());
    }
}

fn sources(out: &mut Metrics<'_>, status: &Status) {
    let help = "Members known of an organisation.";
    of_each(out, &status.sources, "ivms_sync_members", help, |one| Some(one.members));
    let help = "When the last accepted listing of an organisation was asked for.";
    let name = "ivms_sync_source_fetched_timestamp_seconds";
    of_each(out, &status.sources, name, help, |one| one.fetched_at.map(|at| at.timestamp()));
    let help = "HTTP requests by sync and apply, by section of the configuration.";
    let mut requests = family(out, "ivms_sync_requests_total", "counter", help);
    for (target, count) in &status.requests {
        requests.sample(&[("target", target)], count);
    }
}

fn devices(out: &mut Metrics<'_>, status: &Status) {
    let help = "1 while nothing is known to be wrong with a door.";
    let mut up = family(out, "ivms_sync_device_up", "gauge", help);
    for device in &status.devices {
        let labels = [("device", device.name.as_str()), ("mode", device.mode.as_str())];
        up.sample(&labels, u8::from(device.is_well()));
    }
    let help = "Failures of a door in a row.";
    of_each(out, &status.devices, "ivms_sync_device_failures", help, |one| {
        Some(one.failures.count)
    });
    let help = "1 while no login is tried at a door, because it refused one.";
    let is_held = |one: &DeviceStatus| Some(u8::from(one.login_trouble.is_some()));
    of_each(out, &status.devices, "ivms_sync_device_login_held_back", help, is_held);
    let help = "Persons on a door.";
    of_each(out, &status.devices, "ivms_sync_device_persons", help, |one| Some(one.known.persons));
    let seconds = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
    let help = "When all persons of a door were last read.";
    let name = "ivms_sync_device_read_timestamp_seconds";
    of_each(out, &status.devices, name, help, |one| seconds(one.known.read_at));
    let help = "When somebody on a door was last seen to hold what they should.";
    let name = "ivms_sync_device_confirmed_timestamp_seconds";
    of_each(out, &status.devices, name, help, |one| seconds(one.known.confirmed_at));
}

/// Gates, where there are any. No plate is in a label.
fn gates(out: &mut Metrics<'_>, status: &Status) {
    if status.gates.is_empty() {
        return;
    }
    let help = "1 while nothing is known to be wrong with a gate.";
    let mut up = family(out, "ivms_sync_gate_up", "gauge", help);
    for gate in &status.gates {
        let labels = [("gate", gate.name.as_str()), ("mode", gate.mode.as_str())];
        up.sample(&labels, u8::from(gate.is_well()));
    }
    let help = "Failures of a gate in a row.";
    of_each(out, &status.gates, "ivms_sync_gate_failures", help, |one| Some(one.failures));
    let help = "1 while no login is tried at a gate, because it refused one.";
    let is_held = |one: &GateStatus| Some(u8::from(one.login_trouble.is_some()));
    of_each(out, &status.gates, "ivms_sync_gate_login_held_back", help, is_held);
    let help = "Rows on the list of a gate, of whomever.";
    of_each(out, &status.gates, "ivms_sync_gate_rows", help, |one| Some(one.rows));
    let help = "Rows on the list of a gate that somebody else made.";
    of_each(out, &status.gates, "ivms_sync_gate_rows_of_others", help, |one| Some(one.strangers));
    let help = "The most rows that a gate holds, where it says.";
    of_each(out, &status.gates, "ivms_sync_gate_capacity_rows", help, |one| one.capacity);
    let help = "When the list of a gate was last read whole.";
    let name = "ivms_sync_gate_read_timestamp_seconds";
    of_each(out, &status.gates, name, help, |one| one.read_at.map(|at| at.timestamp()));
    let help = "Changes of rows that are wanted and not at the gate yet.";
    let mut pending = family(out, "ivms_sync_gate_pending_changes", "gauge", help);
    for gate in &status.gates {
        let counts =
            [(Kind::Grant, gate.waiting.grants), (Kind::Revocation, gate.waiting.revocations)];
        for (kind, count) in counts {
            pending.sample(&[("gate", gate.name.as_str()), ("kind", kind.as_str())], count);
        }
    }
    let help = "Cars that may enter and have no row at the gate yet.";
    of_each(out, &status.gates, "ivms_sync_gate_cars_outside", help, |one| Some(one.outside()));
    let help = "Changes of rows that wait for an approval.";
    let name = "ivms_sync_gate_blocked_changes";
    of_each(out, &status.gates, name, help, |one| Some(one.waiting.blocked));
    let help = "Rights for which nothing is done at a gate, by reason.";
    let mut left_out = family(out, "ivms_sync_gate_left_out_rights", "gauge", help);
    for gate in &status.gates {
        for one in &gate.not_done {
            let labels = [("gate", gate.name.as_str()), ("reason", one.reason.as_str())];
            left_out.sample(&labels, one.rights.len());
        }
    }
}

/// Sources of parking rights, lists of permits and meters, where there are any.
fn parking(out: &mut Metrics<'_>, status: &Status) {
    if !status.rights_files.is_empty() {
        let help = "Rights known of a source of parking rights.";
        of_each(out, &status.rights_files, "ivms_sync_rights", help, |one| Some(one.rights));
        let help = "Rows of a source of parking rights that give none.";
        of_each(out, &status.rights_files, "ivms_sync_rights_left_out_rows", help, |one| {
            Some(one.left_out)
        });
        let help =
            "1 while a source of parking rights was read of late, so that it can say \"no right\".";
        let is_fresh = |one: &RightsFileStatus| Some(u8::from(one.fresh));
        of_each(out, &status.rights_files, "ivms_sync_rights_fresh", help, is_fresh);
        let help = "When a source of parking rights was last known to hold what is known of it.";
        let name = "ivms_sync_rights_as_of_timestamp_seconds";
        of_each(out, &status.rights_files, name, help, |one| one.as_of.map(|at| at.timestamp()));
    }
    if !status.permit_lists.is_empty() {
        let help = "Permits on a list, as it was written last.";
        of_each(out, &status.permit_lists, "ivms_sync_permit_list_permits", help, |one| one.rows);
        let help = "When a list of permits came to be as it is.";
        let name = "ivms_sync_permit_list_written_timestamp_seconds";
        let written = |one: &PermitListStatus| one.written_at.map(|at| at.timestamp());
        of_each(out, &status.permit_lists, name, help, written);
    }
    if !status.documents.is_empty() {
        let help = "Documents that leave and are not over, or were refused within a week, by how far they are.";
        let mut documents = family(out, "ivms_sync_documents", "gauge", help);
        for state in DocumentState::ALL {
            let count = status.documents.iter().filter(|one| one.state == state).count();
            documents.sample(&[("state", state.as_str())], count);
        }
    }
    if !status.agencies.is_empty() {
        let help = "Citations at an agency that collects, by how they stand there.";
        let mut citations = family(out, "ivms_sync_collection_citations", "gauge", help);
        for one in &status.agencies {
            for (standing, count) in [
                ("there", one.there.count),
                ("to-take-back", one.to_take_back),
                ("on-hold", one.on_hold),
                ("refused", one.refused),
                ("unknown", one.unknown),
            ] {
                citations.sample(&[("agency", one.name.as_str()), ("standing", standing)], count);
            }
        }
    }
    if let Some(meters) = &status.meters {
        family(out, "ivms_sync_meters", "gauge", "Meters that have ever stated anything.")
            .sample(&[], meters.known);
        let help = "Meters that somebody should look after, by what is wrong.";
        let mut faulty = family(out, "ivms_sync_meters_faulty", "gauge", help);
        for fault in MeterFault::ALL {
            let has = |meter: &&MeterTold| meter.faults.contains(&fault);
            let count = meters.faulty.iter().filter(has).count();
            faulty.sample(&[("fault", fault.as_str())], count);
        }
    }
}

fn waiting(out: &mut Metrics<'_>, status: &Status) {
    let help = "Changes that are wanted and not on the door yet.";
    let mut pending = family(out, "ivms_sync_pending_changes", "gauge", help);
    for device in &status.devices {
        for kind in [Kind::Grant, Kind::Revocation] {
            let here = |one: &&Waiting| one.device == device.name && one.kind == kind;
            let count = status.waiting.iter().filter(here).count();
            pending.sample(&[("device", device.name.as_str()), ("kind", kind.as_str())], count);
        }
    }
    let help = "Members who have paid and for whom the door does not open yet.";
    let outside = |device: &DeviceStatus| {
        Some(status.outside().filter(|one| one.device == device.name).count())
    };
    of_each(out, &status.devices, "ivms_sync_members_outside", help, outside);
    let needs_approval = |one: &&Waiting| one.budget.is_some_and(Budget::needs_approval);
    let blocked = status.waiting.iter().filter(needs_approval).count();
    family(out, "ivms_sync_blocked_changes", "gauge", "Changes that wait for an approval.")
        .sample(&[], blocked);
    let help = "Members and persons to look after, by kind and reason.";
    let mut care = family(out, "ivms_sync_attention", "gauge", help);
    let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for one in &status.attention {
        let device = one.device.as_ref().map_or("", |name| name.as_str());
        *counts.entry((one.kind.as_str(), one.reason.as_str(), device)).or_default() += 1;
    }
    for ((kind, reason, device), count) in counts {
        care.sample(&[("kind", kind), ("reason", reason), ("device", device)], count);
    }
    let help = "When the time of a person ends who was written to and is linked to nobody now.";
    let mut ends = family(out, "ivms_sync_released_end_timestamp_seconds", "gauge", help);
    for one in status.to_look_after(AttentionKind::Released) {
        let end = one.ends.and_then(|end| end.and_local_timezone(status.zone).latest());
        if let (Some(device), Some(person), Some(end)) = (&one.device, &one.employee_no, end) {
            let labels = [("device", device.as_str()), ("person", person.as_str())];
            ends.sample(&labels, end.timestamp());
        }
    }
    let help = "Members with paid time for whom nothing can be done.";
    let mut left_out = family(out, "ivms_sync_left_out_members", "gauge", help);
    for (reason, count) in status.left_out_counts() {
        left_out.sample(&[("reason", reason.as_str())], count);
    }
    let help = "From the run that first saw a payment until the door was seen to hold it.";
    let mut delay = family(out, "ivms_sync_grant_delay_seconds", "summary", help);
    delay.sample_of("_sum", &[], status.delay.seconds);
    delay.sample_of("_count", &[], status.delay.count);
}
