//! `status`: how things stand, from the state file alone. Asks nobody.
//!
//! Every `sync` writes the same page and the same metrics, where `[report]` names files for them.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Context, print, print_json, write_file};
use crate::cli::StatusArgs;
use crate::config::{Mode, TargetConfig};
use crate::engine::gather::trust;
use crate::engine::gather::{Scope, back_off, devices::held_back, gather};
use crate::engine::link::file::FILE_BYTES_MAX;
use crate::engine::plan::{LeftOut, TargetFacts, plan};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Rights;
use crate::model::{Holder, RecordId, TargetName};
use crate::net::bounded::{self, Bounded};
use crate::notify::stderr;
use crate::report::Report;
use crate::report::status::{
    DAYS_SHOWN, DeviceStatus, SourceStatus, Status, html, json, prometheus, text, unlinked,
};
use crate::store::{DeviceOverview, Store, StoreError, WriteMemory};
use crate::text::lists::many;

/// Runs that are shown.
const RUNS_SHOWN: u32 = 10;

/// Lines of the audit log that a page can bear.
const AUDIT_SHOWN: u32 = 2000;

/// Runs the command.
pub fn run(context: &Context, args: &StatusArgs) -> Result<Exit, Error> {
    context.refuse_own_files(&[
        args.unlinked.as_deref(),
        args.html.as_deref(),
        args.prometheus.as_deref(),
    ])?;
    let store = context.open_store()?;
    let scope = Scope { is_offline: true, ..Scope::default() };
    let (gathered, _) = gather(&context.network(), &context.config, &store, context.clock, scope)
        .map_err(|error| context.gather_error(error))?;
    let left_out = plan(&gathered.facts).left_out;
    let members = || gathered.facts.members.iter().map(|facts| &facts.member);
    let mut status = look(context, &store, left_out).map_err(|error| context.store_error(error))?;
    let rows = gathered.rows_left_out(&context.config, &store, false);
    status.rows_left_out = rows.map_err(|error| context.store_error(error))?;
    let mut said = String::new();
    if let Some(path) = &args.unlinked {
        keep_filled_in(path, members())?;
        let members = members().map(|member| (&member.key, member)).collect();
        let (sheet, count) = unlinked::sheet(&status.left_out, &members);
        write_file(path, &sheet, &Rights::PRIVATE)?;
        said = format!(
            "{} in {}. Fill in the person ids, and add the file to `files` under [link].\n",
            many(count, "member"),
            path.display()
        );
    }
    let rights = &context.config.report.rights;
    let mut failed = write(&status, args.html.as_deref(), args.prometheus.as_deref(), rights);
    if let Some(last) = failed.pop() {
        failed.iter().for_each(|error| log::error!("{}", error.lines()));
        return Err(last);
    }
    if context.is_json {
        print_json(&json::document(&status))?;
    } else if !said.is_empty() {
        print(&said)?;
    } else if args.html.is_none() && args.prometheus.is_none() {
        if context.shows_names() {
            let named = members().filter(|member| !member.name().is_empty());
            status.names = named.map(|member| (member.key.clone(), member.name())).collect();
            status.person_names = gathered.facts.devices.iter().flat_map(named_there).collect();
        }
        print(&text::render(&status, context.look))?;
    }
    Ok(Exit::InStep)
}

/// Makes sure that a sheet of the unlinked takes the place of nothing that somebody has filled in.
fn keep_filled_in<'a>(path: &Path, members: impl Iterator<Item = &'a Holder>) -> Result<(), Error> {
    // What is laid there in place of a file is refused when it is to be written.
    if !std::fs::symlink_metadata(path).is_ok_and(|it| it.is_file()) {
        return Ok(());
    }
    let by_hand = match bounded::read(path, FILE_BYTES_MAX) {
        Ok(Bounded::Whole { bytes, .. }) => unlinked::by_hand(&bytes, members),
        Ok(Bounded::TooLarge) => Some("it is another file".to_owned()),
        // A file that cannot be read may hold anything.
        Ok(Bounded::NotAFile) | Err(_) => Some("it cannot be read".to_owned()),
    };
    match by_hand {
        None => Ok(()),
        Some(what) => Err(Error::FilledIn { path: path.to_owned(), what }),
    }
}

/// The names that a door holds.
fn named_there(
    device: &TargetFacts,
) -> impl Iterator<Item = ((TargetName, RecordId), String)> + use<'_> {
    let named = device.persons.iter().filter(|(_, person)| !person.name.is_empty());
    named.map(|(id, person)| ((device.name.clone(), id.clone()), person.name.clone()))
}

/// Writes the files of `[report]` after a tick. Trouble with them is said, and changes nothing else: a
/// full disk under a web page must not keep a door from being written.
pub(super) fn write_files(context: &Context, store: &mut Store, report: &Report) {
    let files = &context.config.report;
    if files.html.is_none() && files.prometheus.is_none() {
        return;
    }
    let (page, metrics) = (files.html.as_deref(), files.prometheus.as_deref());
    let failed = match look(context, store, report.left_out.clone()) {
        Ok(status) => write(&status, page, metrics, &files.rights),
        Err(error) => vec![context.store_error(error)],
    };
    for error in failed {
        if stderr::is_news(store, format!("report {error}"), context.clock.began()) {
            log::warn!("{}", error.lines());
        }
    }
}

/// Writes both, each whatever becomes of the other, and gives what went wrong.
fn write(
    status: &Status,
    page: Option<&Path>,
    metrics: Option<&Path>,
    rights: &Rights,
) -> Vec<Error> {
    let page = page.map(|path| write_file(path, &html::render(status), rights));
    let metrics = metrics.map(|path| write_file(path, &prometheus::render(status), rights));
    [page, metrics].into_iter().flatten().filter_map(Result::err).collect()
}

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

/// What the state file knows.
fn look(context: &Context, store: &Store, left_out: Vec<LeftOut>) -> Result<Status, StoreError> {
    let at = context.clock.now();
    let config = &context.config;
    let mut sources = Vec::with_capacity(config.sources.len());
    for source in &config.sources {
        let state = store.members().source_state(&source.name)?;
        sources.push(SourceStatus {
            name: source.name.clone(),
            members: store.members().member_count(&source.name)?,
            fetched_at: state.fetched_at,
            complete_at: state.complete_at,
        });
    }
    let mut devices = Vec::with_capacity(config.devices.len());
    for device in &config.devices {
        let failures = store.trust().failures(&device.name)?;
        let login =
            store.trust().login_memory(&device.name, &device.login.name, &device.login.secret)?;
        let known = store.overview().device_overview(&device.name)?;
        let writes = store.trust().write_memory(&device.name)?;
        devices.push(DeviceStatus {
            name: device.name.clone(),
            mode: device.mode,
            write_trouble: write_trouble(device, &writes, &known, at),
            uncommitted: store.journal().uncommitted(&device.name)?,
            known,
            left_alone_until: back_off::waits_until(&failures, at),
            failures,
            login_trouble: held_back(device, &login, at).map(|trouble| trouble.text()),
        });
    }
    let since = at.checked_sub_signed(TimeDelta::days(DAYS_SHOWN)).unwrap_or(at);
    let audit = store.overview().audit_since(since, AUDIT_SHOWN)?;
    Ok(Status {
        at,
        zone: config.zone_of_people(),
        runs: store.overview().runs(RUNS_SHOWN)?,
        last_success: store.overview().last_success()?,
        sources,
        devices,
        waiting: store.pending().waiting()?,
        attention: store.pending().attention()?,
        blocked: store.overview().blocked_plans()?,
        left_out,
        is_audit_cut: audit.len() >= AUDIT_SHOWN as usize,
        audit,
        delay: store.overview().grant_delay()?,
        requests: store.overview().requests()?,
        state_bytes: store.size(),
        rows_left_out: Vec::new(),
        names: BTreeMap::new(),
        person_names: BTreeMap::new(),
    })
}
