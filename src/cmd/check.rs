//! `check`: is everything ready to run? Reads both sides whole, and writes to neither.
//!
//! It is also the way to try a login again that was refused before: once, and never while the device
//! says that it is locked. Source: design.md sections 2 and 4, "Login".

use super::{Context, print, print_json};
use crate::error::Error;
use crate::exit::Exit;
use crate::gather::clocks::{ClockFault, TOLERANCE, device_clock_fault, offset_text};
use crate::gather::{Connections, Gathered, Scope, gather};
use crate::link::NoLink;
use crate::outside::{Network, Outside, ReadDevice};
use crate::plan::DeviceFacts;
use crate::report::check::{Finding, document, exit, render};
use crate::report::text::many;
use crate::report::{DeviceOutcome, Trouble};
use crate::store::Store;
use crate::store::health::{Health, Severity};

/// Runs the command.
///
/// # Errors
/// [`Error`].
pub fn run(context: &Context) -> Result<Exit, Error> {
    let mut findings = vec![configuration(context)];
    let advice = context.config.warnings.iter().cloned();
    findings.extend(advice.map(|text| Finding::warning("configuration", text, None)));
    let health = Health::of(&context.config.state);
    findings.extend(state_file(&health));
    // A file that is not sound is left as it is, and without it nothing else can be asked.
    if !health.findings.iter().any(|found| found.severity == Severity::Failed) {
        match context.open_store() {
            Ok(store) => both_sides(context, &store, &mut findings)?,
            Err(error) => findings.push(failed("state file", &error)),
        }
    }
    if context.is_json {
        print_json(&document(&findings))?;
    } else {
        print(&render(&findings))?;
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

/// Whether the state file is sound.
fn state_file(health: &Health) -> Vec<Finding> {
    const ABOUT: &str = "state file";
    let mut found: Vec<Finding> = Vec::new();
    for line in &health.findings {
        let (text, remedy) = (line.text.clone(), Some(line.remedy.clone()));
        found.push(match line.severity {
            Severity::Warning => Finding::warning(ABOUT, text, remedy),
            Severity::Failed => Finding::failed(ABOUT, text, remedy, Exit::Fatal),
        });
    }
    if found.is_empty() {
        found.push(Finding::ok(ABOUT, sound(health)));
    }
    found
}

fn sound(health: &Health) -> String {
    if !health.exists {
        return "there is none yet; the first run makes it".to_owned();
    }
    let size = format!("sound, {} KiB", health.size.div_ceil(1024));
    match &health.last_run {
        None => size,
        Some(run) => {
            let began = run.began.format("%Y-%m-%d %H:%M UTC");
            let end = run
                .exit_code
                .map_or_else(|| "has no end yet".to_owned(), |code| format!("ended with {code}"));
            format!("{size}; the last run ({}) began {began} and {end}", run.command)
        }
    }
}

fn failed(about: &str, error: &Error) -> Finding {
    let remedy = error.hint().map(str::to_owned);
    Finding::failed(about, error.to_string(), remedy, error.exit())
}

/// Asks everybody once, and tells of each.
fn both_sides(context: &Context, store: &Store, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let scope = Scope { is_full: true, tries_logins: true, ..Scope::default() };
    let (gathered, open) = match gather(&Network, &context.config, store, context.clock, scope) {
        Ok(gathered) => gathered,
        Err(error) => {
            findings.push(failed("link file", &context.gather_error(error)));
            return Ok(());
        }
    };
    let troubles = gathered.troubles();
    let (about_known, others): (Vec<Trouble>, Vec<Trouble>) =
        troubles.into_iter().partition(|trouble| is_named(context, &trouble.about));
    findings.extend(others.into_iter().map(Finding::from));
    for source in gathered.source_reports() {
        let name = source.name.as_str();
        if source.accepted {
            findings.push(Finding::ok(name, many(source.members, "member")));
        }
        findings.extend(of(&about_known, name));
    }
    devices(context, &gathered, open, &about_known, findings);
    Ok(())
}

fn is_named(context: &Context, about: &str) -> bool {
    context.config.sources.iter().any(|source| source.name.as_str() == about)
        || context.config.devices.iter().any(|device| device.name.as_str() == about)
}

fn of<'a>(troubles: &'a [Trouble], name: &'a str) -> impl Iterator<Item = Finding> + 'a {
    troubles.iter().filter(move |trouble| trouble.about == name).cloned().map(Finding::from)
}

fn devices(
    context: &Context,
    gathered: &Gathered,
    open: Connections<Network>,
    troubles: &[Trouble],
    findings: &mut Vec<Finding>,
) {
    let devices = context.config.devices.iter().zip(&gathered.devices);
    for (((device, found), facts), reader) in devices.zip(&gathered.facts.devices).zip(open) {
        let name = device.name.as_str();
        if let (DeviceOutcome::Ok, Some(reading)) = (found.outcome, &found.reading) {
            let persons = many(facts.persons.len(), "person");
            let text = format!(
                "{}, firmware {}, serial number {}, {persons}",
                reading.model, reading.firmware, reading.serial
            );
            findings.push(Finding::ok(name, text));
        }
        findings.extend(of(troubles, name));
        if let Some(reader) = reader {
            findings.push(clock::<Network>(context, device, reader));
        }
        if found.is_known {
            findings.push(links(gathered, facts));
        }
    }
}

fn clock<O: Outside>(
    context: &Context,
    device: &crate::config::DeviceConfig,
    mut reader: O::Reader,
) -> Finding {
    let name = device.name.as_str();
    let remedy = Some(
        "set the device's clock and zone (or its NTP server), or time_zone in its section"
            .to_owned(),
    );
    let wrong = |text| Finding::failed(name, text, remedy.clone(), Exit::PartFailed);
    let shown = match reader.clock() {
        Ok(shown) => shown,
        Err(error) => return wrong(format!("its clock can not be read: {error}")),
    };
    match device_clock_fault(shown, context.clock.now(), device.time_zone) {
        None => {
            let seconds = TOLERANCE.num_seconds();
            let text = format!("its clock is right to {seconds} seconds in {}", device.time_zone);
            Finding::ok(name, text)
        }
        Some(ClockFault::Time { off, .. }) => wrong(format!("its clock is {off}")),
        Some(ClockFault::Zone { stated, expected }) => wrong(format!(
            "its zone is {} where {} has {}",
            offset_text(stated),
            device.time_zone,
            offset_text(expected)
        )),
    }
}

/// How many members are linked to a person there, and why the others are not.
fn links(gathered: &Gathered, device: &DeviceFacts) -> Finding {
    let members = gathered.facts.members.iter().zip(&device.linking);
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
