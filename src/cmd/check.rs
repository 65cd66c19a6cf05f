//! `check`: is everything ready to run? Reads both sides whole, and writes to neither.
//!
//! It is also the way to try a login again that was refused before: once, and never while the device
//! says that it is locked.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::{Context, print, print_json};
use crate::cli::CheckArgs;
use crate::config::TargetConfig;
use crate::engine::Systems;
use crate::engine::gather::clocks::{ClockFault, TOLERANCE, device_clock_fault, offset_text};
use crate::engine::gather::{Connections, Gathered, Scope, gather};
use crate::engine::link::NoLink;
use crate::engine::plan::{TargetFacts, plan};
use crate::error::Error;
use crate::exit::Exit;
use crate::files;
use crate::model::{Holder, HolderId};
use crate::notify;
use crate::ports::{self, Failure, Severity as Said, Statement, Target};
use crate::report::attention;
use crate::report::check::{Finding, document, exit, render, rows_left_out};
use crate::report::roles::{self, Held};
use crate::report::text::with_zone;
use crate::report::{RowLeftOut, TargetOutcome};
use crate::store::health::{Health, Severity};
use crate::store::{Store, Uncommitted};
use crate::text::lists::many;
use crate::text::shell::quoted;
use crate::trouble::{About, Trouble};

/// A device is nearly full from so many per cent on.
const NEARLY_FULL: u64 = 95;

/// Runs the command.
pub fn run(context: &Context, args: &CheckArgs) -> Result<Exit, Error> {
    run_on(context, &context.network(), args)
}

/// The same against any systems.
pub fn run_on(context: &Context, systems: &dyn Systems, args: &CheckArgs) -> Result<Exit, Error> {
    let mut findings = vec![configuration(context)];
    let advice = context.config.warnings.iter().cloned();
    findings.extend(advice.map(|text| Finding::warning("configuration", text, None)));
    findings.extend(written_by_others(context));
    let health = Health::of(&context.config.state);
    findings.extend(state_file(&health, context.config.zone_of_people()));
    let mut rows = Vec::new();
    // A file that is not sound is left as it is, and without it nothing else can be asked.
    if !health.findings.iter().any(|found| found.severity == Severity::Failed) {
        match context.open_store() {
            Ok(store) => rows = both_sides(context, systems, &store, &mut findings)?,
            Err(error) => findings.push(failed("state file", &error)),
        }
    }
    if args.notify {
        findings.extend(test_messages(context));
        // What the last run ended with, or a run that is amiss would look well.
        let code = health.last_run.as_ref().and_then(|run| run.exit_code).unwrap_or_default();
        findings.extend(test_heartbeat(context, code));
    }
    if context.is_json {
        print_json(&document(&findings, &rows))?;
    } else {
        print(&render(&findings, context.look))?;
    }
    Ok(exit(&findings))
}

fn configuration(context: &Context) -> Finding {
    let config = &context.config;
    let text = format!(
        "{}, {}, {}",
        many(config.sources.len(), "organisation"),
        many(config.devices.len(), "door"),
        many(config.link.files.len(), "link file"),
    );
    Finding::ok("configuration", text)
}

/// What others may change that a run believes: whoever writes the configuration or a link file decides who
/// may enter, and whoever writes a folder can put another file in its place.
fn written_by_others(context: &Context) -> Vec<Finding> {
    let config = &context.config;
    let read = [&config.path, &config.state].into_iter();
    let read = read.chain(&config.link.files).chain(&config.secret_files);
    let mut found = files::written_by_others(read.map(AsRef::as_ref));
    // That one is told with who may read it.
    found.retain(|path, _| !files::is_same(path, &config.state));
    let told = found.into_iter().map(|(path, mode)| {
        let command = quoted(&path.to_string_lossy());
        let (path, kind) = (path.display(), if path.is_dir() { "the folder" } else { "the file" });
        let text = format!("{kind} {path} can be written by other users (mode {mode:o})");
        Finding::warning("files", text, Some(format!("chmod go-w {command}")))
    });
    told.collect()
}

/// Whether the state file is sound.
fn state_file(health: &Health, zone: Tz) -> Vec<Finding> {
    const ABOUT: &str = "state file";
    let failed = if health.is_busy { Exit::Temporary } else { Exit::Fatal };
    let mut found: Vec<Finding> = Vec::new();
    for line in &health.findings {
        let (text, remedy) = (line.text.clone(), Some(line.remedy.clone()));
        found.push(match line.severity {
            Severity::Warning => Finding::warning(ABOUT, text, remedy),
            Severity::Failed => Finding::failed(ABOUT, text, remedy, failed),
        });
    }
    if found.is_empty() {
        found.push(Finding::ok(ABOUT, sound(health, zone)));
    }
    found
}

fn sound(health: &Health, zone: Tz) -> String {
    if !health.exists {
        return "there is none yet; the first run makes it".to_owned();
    }
    let size = format!("sound, {} KiB", health.size.div_ceil(1024));
    match &health.last_run {
        None => size,
        Some(run) => {
            let began = with_zone(run.began, zone);
            let end = run
                .exit_code
                .map_or_else(|| "has no end yet".to_owned(), |code| format!("ended with {code}"));
            format!("{size}; the last run ({}) began {began} and {end}", run.command)
        }
    }
}

/// Sends a test message over every channel.
fn test_messages(context: &Context) -> Vec<Finding> {
    let tried = notify::try_out(&context.config, context.clock);
    if tried.is_empty() {
        let text = "there is neither [notify.email] nor [notify.webhook]: nobody would be told";
        let remedy = "see Alarms in the README".to_owned();
        return vec![Finding::warning("notify", text.to_owned(), Some(remedy))];
    }
    let tried = tried.into_iter().map(|(channel, sent)| {
        let about = format!("notify.{}", channel.name());
        match sent {
            Ok(()) => Finding::ok(&about, "took a test message".to_owned()),
            Err(why) => Finding::failed(&about, why.text, Some(why.hint.to_owned()), why.exit),
        }
    });
    tried.collect()
}

/// Calls the heartbeat, where there is one.
fn test_heartbeat(context: &Context, code: u8) -> Option<Finding> {
    const ABOUT: &str = "notify.heartbeat";
    Some(match notify::try_heartbeat(&context.config, code)? {
        Ok(()) => Finding::ok(ABOUT, format!("took a start, and the last run's end with {code}")),
        Err(why) => Finding::failed(ABOUT, why.text, Some(why.hint.to_owned()), why.exit),
    })
}

fn failed(about: &str, error: &Error) -> Finding {
    let remedy = error.hint().map(str::to_owned);
    Finding::failed(about, error.to_string(), remedy, error.exit())
}

/// Asks everybody once, and tells of each; returns the rows of link files that link nobody.
fn both_sides(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    findings: &mut Vec<Finding>,
) -> Result<Vec<RowLeftOut>, Error> {
    let scope = Scope { is_full: true, tries_logins: true, ..Scope::default() };
    let (gathered, open) = match gather(systems, &context.config, store, context.clock, scope) {
        Ok(gathered) => gathered,
        Err(error) => {
            findings.push(failed("link file", &context.gather_error(error)));
            return Ok(Vec::new());
        }
    };
    let troubles = gathered.troubles();
    let (about_known, others): (Vec<Trouble>, Vec<Trouble>) = troubles
        .into_iter()
        .partition(|trouble| matches!(trouble.about, About::Source(_) | About::Target(_)));
    findings.extend(others.into_iter().map(Finding::from));
    // What is found goes into the document, too.
    let shows_names = context.shows_names() && !context.is_json;
    let rows = gathered.rows_left_out(&context.config, store, shows_names);
    let rows = rows.map_err(|error| context.store_error(error))?;
    findings.extend(rows_left_out(&rows));
    let mut all_names = BTreeMap::new();
    for (config, source) in context.config.sources.iter().zip(gathered.source_reports()) {
        let name = source.name.as_str();
        if source.accepted {
            findings.push(Finding::ok(name, many(source.members, "member")));
            let names = match gathered.fresh_role_names(&context.config, &config.name) {
                Some(names) => names.clone(),
                None => {
                    let names = store.members().role_names(&config.name);
                    names.map_err(|error| context.store_error(error))?
                }
            };
            let held = Held::by(listed(&gathered, |key| key.source == config.name));
            findings.extend(roles::of_source(
                &config.section(),
                &held,
                config.roles.as_ref(),
                &names,
            ));
            all_names.extend(names);
        }
        findings.extend(of(&about_known, &About::Source(source.name.clone())));
    }
    devices(context, &gathered, open, &about_known, findings);
    for device in &context.config.devices {
        let waiting = store
            .journal()
            .uncommitted(&device.name)
            .map_err(|error| context.store_error(error))?;
        findings.extend(not_in_force(context, device, &waiting));
    }
    let plan = plan(&gathered.facts);
    let seen_before = store.pending().attention().map_err(|error| context.store_error(error))?;
    let names = shows_names.then_some(&gathered.facts);
    let to_look_after = attention::troubles(&plan, &seen_before, names)
        .into_iter()
        .chain(attention::released(&plan, names))
        .chain(attention::permanent(&plan, true, context.config.devices.len(), names))
        .chain(attention::unlike_names(&gathered.facts, false, shows_names))
        .chain(attention::left_organisations(&gathered.facts))
        .chain(attention::protects_nobody(&gathered.facts));
    findings.extend(to_look_after.map(Finding::from));
    // Of an organisation that gave no word nobody knows who holds what.
    if gathered.sources.iter().all(|source| source.report.accepted) {
        let held = Held::by(listed(&gathered, |_| true));
        for device in &context.config.devices {
            let narrower = device.roles.as_ref();
            findings.extend(narrower.and_then(|configured| {
                roles::of_door(&device.section(), &held, configured, &all_names)
            }));
        }
    }
    Ok(rows)
}

/// Members of some organisations, without those who are no longer listed.
fn listed(
    gathered: &Gathered,
    is_wanted: impl Fn(&HolderId) -> bool,
) -> impl Iterator<Item = &Holder> {
    let members = gathered.facts.members.iter().filter(|facts| facts.missing_since.is_none());
    members.map(|facts| &facts.member).filter(move |member| is_wanted(&member.key))
}

fn of<'a>(troubles: &'a [Trouble], about: &'a About) -> impl Iterator<Item = Finding> + 'a {
    troubles.iter().filter(move |trouble| trouble.about == *about).cloned().map(Finding::from)
}

fn devices(
    context: &Context,
    gathered: &Gathered,
    open: Connections<'_>,
    troubles: &[Trouble],
    findings: &mut Vec<Finding>,
) {
    let devices = context.config.devices.iter().zip(&gathered.devices);
    for (((device, found), facts), open) in devices.zip(&gathered.facts.devices).zip(open) {
        let name = device.name.as_str();
        if let (TargetOutcome::Ok, Some(reading)) = (found.outcome, &found.reading) {
            let persons = many(facts.persons.len(), "person");
            let text = format!(
                "{}, firmware {}, serial number {}, {persons}",
                reading.model, reading.firmware, reading.serial
            );
            findings.push(Finding::ok(name, text));
            let learnt = open.reader.iter().flat_map(|target| target.learnt());
            findings.extend(learnt.map(|text| Finding::ok(name, text)));
        }
        let kept = facts.limits.rounding_in_words();
        findings.extend(kept.map(|text| Finding::ok(name, text)));
        findings.extend(of(troubles, &About::Target(device.name.clone())));
        if open.lock.is_some() {
            let seen = device.settings.examine();
            findings.extend(seen.into_iter().map(|remark| of_remark(name, remark)));
        }
        if let Some(mut reader) = open.reader {
            findings.extend(clock(context, device, reader.as_mut()));
            findings.extend(statement(name, facts.persons.len(), reader.statement()));
        }
        if found.is_known {
            findings.push(links(gathered, facts));
        }
    }
}

/// What was written to a target and is not known to be in force.
fn not_in_force(
    context: &Context,
    device: &TargetConfig,
    waiting: &[Uncommitted],
) -> Option<Finding> {
    let since =
        with_zone(waiting.iter().map(|one| one.since).min()?, context.config.zone_of_people());
    let persons = many(waiting.len(), "person");
    let text = format!("{persons} written, not yet in force at the doors (since {since})");
    let remedy = "the next run asks what became of it".to_owned();
    Some(Finding::warning(device.name.as_str(), text, Some(remedy)))
}

/// What a target says of itself, as far as it says anything.
fn statement(name: &str, persons: usize, said: Result<Statement, Failure>) -> Vec<Finding> {
    let said = match said {
        Ok(said) => said,
        Err(error) => {
            log::debug!("{name}: what it can do is not known: {error}");
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    if !said.facts.is_empty() {
        found.push(Finding::ok(name, said.facts.join(", ")));
    }
    found.extend(said.remarks.into_iter().map(|remark| of_remark(name, remark)));
    let is_nearly_full = |most: u64| persons as u64 * 100 >= most.saturating_mul(NEARLY_FULL);
    if said.capacity.is_some_and(is_nearly_full) {
        let remedy = "delete persons who left, at the door or in iVMS-4200".to_owned();
        found.push(Finding::warning(name, "is nearly full".to_owned(), Some(remedy)));
    }
    found
}

fn of_remark(name: &str, remark: ports::Remark) -> Finding {
    let ports::Remark { severity, text, remedy } = remark;
    match (severity, remedy) {
        (Said::Ok, remedy) => Finding { remedy, ..Finding::ok(name, text) },
        (Said::Warning, remedy) => Finding::warning(name, text, remedy),
        (Said::Failed, remedy) => Finding::failed(name, text, remedy, Exit::PartFailed),
    }
}

fn clock(context: &Context, device: &TargetConfig, target: &mut dyn Target) -> Option<Finding> {
    let name = device.name.as_str();
    let remedy = Some(
        "set the device's clock and zone (or its NTP server), or time_zone in its section"
            .to_owned(),
    );
    let wrong = |text| Finding::failed(name, text, remedy.clone(), Exit::PartFailed);
    let shown = match target.clock() {
        Ok(shown) => shown?,
        Err(error) => return Some(wrong(format!("its clock cannot be read: {error}"))),
    };
    Some(match device_clock_fault(shown, context.clock.now(), device.time_zone) {
        None => {
            let seconds = TOLERANCE.num_seconds();
            let text =
                format!("its clock is right to within {seconds} seconds ({})", device.time_zone);
            Finding::ok(name, text)
        }
        Some(ClockFault::Time { off, .. }) => wrong(format!("its clock is {off}")),
        Some(ClockFault::Zone { stated, expected }) => wrong(format!(
            "its zone is {} where {} has {}",
            offset_text(stated),
            device.time_zone,
            offset_text(expected)
        )),
    })
}

/// How many members are linked to a person there, and why the others are not.
fn links(gathered: &Gathered, device: &TargetFacts) -> Finding {
    let members = gathered.facts.linked(device);
    let here: Vec<_> = members.filter(|(member, _)| !member.is_vanished).collect();
    let count = |wanted: fn(&NoLink) -> bool| {
        here.iter().filter(|(_, link)| link.as_ref().is_err_and(wanted)).count()
    };
    let linked = here.iter().filter(|(_, link)| link.is_ok()).count();
    let mut text = format!("{linked} of {} linked", many(here.len(), "member"));
    for (count, what) in [
        (count(|no| matches!(no, NoLink::NoEmail)), "without e-mail"),
        (count(|no| matches!(no, NoLink::NoPerson)), "not found on the door"),
        (count(|no| matches!(no, NoLink::Ambiguous { .. })), "ambiguous"),
        (count(|no| matches!(no, NoLink::NameDiffers { .. })), "with another name on the door"),
    ] {
        if count > 0 {
            text.push_str(&format!("; {count} {what}"));
        }
    }
    let name = device.name.as_str();
    if linked == here.len() {
        return Finding::ok(name, text);
    }
    let remedy = "`ivms-sync diff` names them, and says what to do about each".to_owned();
    Finding::warning(name, text, Some(remedy))
}
