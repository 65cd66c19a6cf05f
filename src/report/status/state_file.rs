//! The status as the state file knows it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{DAYS_SHOWN, DeviceStatus, RightsFileStatus, SourceStatus, Status, gates};
use crate::config::{Config, Mode, RecipientConfig, TargetConfig};
use crate::engine::collection::{agencies, strays};
use crate::engine::gather::{back_off, devices::held_back, trust};
use crate::engine::plan::{Kind, LeftOut};
use crate::engine::rights::Known;
use crate::model::DocumentState;
use crate::report::collection::AgencyStatus;
use crate::report::documents::DocumentTold;
use crate::report::meters::MetersStatus;
use crate::report::unchanged::Told;
use crate::store::{DeviceOverview, Store, StoreError, TargetState, Waiting, WriteMemory};

/// Runs that are shown.
const RUNS_SHOWN: u32 = 10;

/// Documents that were refused are shown for so many days: somebody may have mended it.
const REFUSED_SHOWN_DAYS: i64 = 7;

/// Lines of the audit log that a page can bear.
const AUDIT_SHOWN: u32 = 2000;

/// Why a device is not written to, or hardly, with the way out.
fn write_trouble(
    device: &TargetConfig,
    writes: &WriteMemory,
    known: &DeviceOverview,
    at: DateTime<Utc>,
) -> Option<String> {
    if device.mode == Mode::Observe {
        return None;
    }
    let persons = usize::try_from(known.persons).unwrap_or(usize::MAX);
    let trouble = match &writes.unasked {
        Some(unasked) => trust::unasked(device, unasked, persons),
        None => trust::unproven(device, writes, persons, at)?,
    };
    Some(format!("{}: ivms-sync sync --accept-device {}={persons}", trouble.text(), device.name))
}

/// The sources of rights.
fn rights_files(
    config: &Config,
    store: &Store,
    at: DateTime<Utc>,
) -> Result<Vec<RightsFileStatus>, StoreError> {
    let known = Known::read(&config.vehicles, store)?;
    let files = config.vehicles.files.iter().map(|section| (&section.name, "rights-file"));
    let services = config.vehicles.services.iter().map(|one| (&one.name, one.kind.name()));
    let mut sections: Vec<_> = files.chain(services).collect();
    sections.sort_unstable();
    let status = sections.into_iter().map(|(name, kind)| {
        let (rights, left_out) = known.counted(name);
        let as_of = known.readings.0.get(name).map(|read| read.at);
        RightsFileStatus {
            name: name.clone(),
            kind,
            members: 0,
            rights,
            left_out,
            fresh: known.readings.is_fresh(name, at),
            as_of,
            fetched_at: as_of,
            complete_at: as_of,
        }
    });
    Ok(status.collect())
}

/// How things are at a moment, as the state file knows it, with who is left out by a plan made of the same.
/// `told` is what stands there already of what is counted over everybody.
///
/// # Errors
/// [`StoreError`] of the state file.
pub fn of_state_file(
    config: &Config,
    store: &Store,
    at: DateTime<Utc>,
    left_out: Vec<LeftOut>,
    told: Option<&Told>,
) -> Result<Status, StoreError> {
    let mut sources = Vec::with_capacity(config.sources.len());
    for (place, source) in config.sources.iter().enumerate() {
        let state = store.members().source_state(&source.name)?;
        let members = match told.and_then(|told| told.counted.members.get(place)) {
            Some(members) => *members,
            None => store.members().member_count(&source.name)?,
        };
        sources.push(SourceStatus {
            name: source.name.clone(),
            members,
            fetched_at: state.fetched_at,
            complete_at: state.complete_at,
        });
    }
    let rights_files = rights_files(config, store, at)?;
    let mut devices = Vec::with_capacity(config.devices.len());
    for (place, device) in config.devices.iter().enumerate() {
        let failures = store.trust().failures(&device.name)?;
        let login =
            store.trust().login_memory(&device.name, &device.login.name, &device.login.secret)?;
        let known = match told.and_then(|told| told.on_device(place)) {
            Some((persons, confirmed_at)) => {
                let TargetState { read_at, version, .. } =
                    store.devices().device_state(&device.name)?;
                DeviceOverview { persons, read_at, confirmed_at, version }
            }
            None => store.overview().device_overview(&device.name)?,
        };
        let writes = store.trust().write_memory(&device.name)?;
        devices.push(DeviceStatus {
            name: device.name.clone(),
            mode: device.mode,
            write_trouble: write_trouble(device, &writes, &known, at),
            uncommitted: store.journal().uncommitted(&device.name)?,
            known,
            left_alone_until: back_off::waits_until(&failures, at),
            failures,
            login_trouble: held_back(device.peer(), &login, at).map(|trouble| trouble.text()),
        });
    }
    let gates = gates::gates(config, store, at)?;
    let permit_lists = gates::permit_lists(config, store)?;
    let meters = match config.vehicles.meters.as_slice() {
        [] => None,
        sections => Some(MetersStatus::new(&store.inbox().meters()?, sections, at)),
    };
    let mut documents = store.outbox().open()?;
    documents.extend(store.outbox().waiting()?);
    let week_ago = at.checked_sub_signed(TimeDelta::days(REFUSED_SHOWN_DAYS)).unwrap_or(at);
    let mut refused = store.outbox().changed_since(week_ago)?;
    refused.retain(|kept| kept.state == DocumentState::Refused);
    documents.extend(refused);
    let documents = documents.iter().map(|kept| {
        let is_named = config.recipients.iter().any(|to| to.name == kept.to);
        let told = DocumentTold::from(kept);
        // Whoever it is for cannot be asked where no section is called so any more.
        DocumentTold { waits_for_somebody: told.waits_for_somebody || !is_named, ..told }
    });
    let documents = documents.collect();
    let agency =
        |to: &RecipientConfig| Ok(AgencyStatus::new(to, &store.referrals().of_agency(&to.name)?));
    let agencies = agencies(config).map(agency).collect::<Result<_, StoreError>>()?;
    let mut waiting = store.pending().waiting()?;
    for (device, one) in
        devices.iter().flat_map(|one| one.uncommitted.iter().map(move |open| (&one.name, open)))
    {
        // Their doors do not know yet that they are to open.
        let is_known =
            |wait: &Waiting| wait.device == *device && wait.employee_no == one.employee_no;
        if one.opens_door && !waiting.iter().any(is_known) {
            waiting.push(Waiting {
                device: device.clone(),
                employee_no: one.employee_no.clone(),
                member: one.member.clone(),
                kind: Kind::Grant,
                opens_door: true,
                after: one.after,
                budget: None,
                trouble: Some("written, not yet in force at the doors".to_owned()),
                since: one.since,
            });
        }
    }
    let since = at.checked_sub_signed(TimeDelta::days(DAYS_SHOWN)).unwrap_or(at);
    let audit = store.overview().audit_since(since, AUDIT_SHOWN)?;
    let rows = store.overview().rows_since(since, AUDIT_SHOWN)?;
    Ok(Status {
        club: config.club.clone(),
        at,
        zone: config.zone_of_people(),
        runs: store.overview().runs(RUNS_SHOWN)?,
        last_success: store.overview().last_success()?,
        sources,
        rights_files,
        gates,
        meters,
        documents,
        agencies,
        referrals_left: strays(config, store)?,
        permit_lists,
        devices,
        waiting,
        attention: store.pending().attention()?,
        blocked: store.overview().blocked_plans()?,
        left_out,
        is_audit_cut: audit.len().max(rows.len()) >= AUDIT_SHOWN as usize,
        audit,
        rows,
        delay: store.overview().grant_delay()?,
        requests: store.overview().requests()?,
        state_bytes: store.size(),
        rows_left_out: Vec::new(),
        names: BTreeMap::new(),
        person_names: BTreeMap::new(),
    })
}
