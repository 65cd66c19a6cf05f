//! What `check` says of the configuration, the state file and both sides. Pure.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::Finding;
use crate::config::{Config, Nouns};
use crate::engine::gather::TargetGathered;
use crate::engine::gather::clocks::{ClockFault, TOLERANCE, device_clock_fault, offset_text};
use crate::engine::link::NoLink;
use crate::engine::plan::{Facts, HolderFacts, TargetFacts};
use crate::exit::Exit;
use crate::model::{Holder, HolderId, TargetName, Zone};
use crate::ports::{self, Failure, Severity as Said, Statement, TargetClock};
use crate::report::TargetOutcome;
use crate::report::text::with_zone;
use crate::store::Uncommitted;
use crate::store::health::{Health, Severity};
use crate::text::lists::{many, some_of};
use crate::text::shell::quoted;

/// A device is nearly full from so many per cent on.
const NEARLY_FULL: u64 = 95;

/// So many organisations are named.
const NAMED_MAX: usize = 5;

/// How much is configured.
#[must_use]
pub fn configuration(config: &Config) -> Finding {
    let nouns = config.sources.iter().map(|source| source.kind.nouns());
    let nouns = nouns.chain(config.devices.iter().map(|device| device.kind.nouns()));
    let mut kinds: Vec<(Nouns, usize)> = Vec::new();
    for noun in nouns {
        match kinds.iter_mut().find(|(known, _)| *known == noun) {
            Some((_, count)) => *count += 1,
            None => kinds.push((noun, 1)),
        }
    }
    let counts = kinds.into_iter().map(|(noun, count)| noun.count(count));
    let is_about_members = !config.sources.is_empty() || !config.vehicles.are_there();
    let link_files = is_about_members.then(|| many(config.link.files.len(), "link file"));
    let rights = config.vehicles.paths().count();
    let rights = (rights > 0).then(|| many(rights, "rights-file"));
    let services = config.vehicles.services.len();
    let services = (services > 0).then(|| match services {
        1 => "1 service of rights".to_owned(),
        several => format!("{several} services of rights"),
    });
    let counts: Vec<String> = counts.chain(link_files).chain(rights).chain(services).collect();
    Finding::ok("configuration", counts.join(", "))
}

/// A file or folder that others can write: whoever does decides who may enter.
#[must_use]
pub fn writable_by_others(path: &Path, mode: u32) -> Finding {
    let command = quoted(&path.to_string_lossy());
    let kind = if path.is_dir() { "the folder" } else { "the file" };
    let text = format!("{kind} {} can be written by other users (mode {mode:o})", path.display());
    Finding::warning("files", text, Some(format!("chmod go-w {command}")))
}

/// Whether the state file is sound.
#[must_use]
pub fn state_file(health: &Health, zone: Zone) -> Vec<Finding> {
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

fn sound(health: &Health, zone: Zone) -> String {
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

/// Members of some organisations, without those who are no longer listed.
pub fn listed(
    facts: &Facts,
    is_wanted: impl Fn(&HolderId) -> bool,
) -> impl Iterator<Item = &Holder> {
    let members = facts.members.iter().filter(|facts| facts.missing_since.is_none());
    members.map(|facts| &facts.member).filter(move |member| is_wanted(&member.key))
}

/// What a target that was read is.
#[must_use]
pub fn identity(nouns: Nouns, found: &TargetGathered, facts: &TargetFacts) -> Option<Finding> {
    let reading = found.reading.as_ref().filter(|_| found.outcome == TargetOutcome::Ok)?;
    let it = described(nouns, &reading.model, &reading.version, &reading.serial);
    let text = format!("{it}, {}", many(facts.persons.len(), "person"));
    Some(Finding::ok(facts.name.as_str(), text))
}

/// A target as it says it is, in the words of its users.
#[must_use]
pub fn described(nouns: Nouns, model: &str, version: &str, serial: &str) -> String {
    format!("{model}, {} {version}, {} {serial}", nouns.version, nouns.identity)
}

/// What was written to a target and is not known to be in force.
#[must_use]
pub fn not_in_force(device: &TargetName, waiting: &[Uncommitted], zone: Zone) -> Option<Finding> {
    let since = with_zone(waiting.iter().map(|one| one.since).min()?, zone);
    let persons = many(waiting.len(), "person");
    let text = format!("{persons} written, not yet in force at the doors (since {since})");
    let remedy = "the next run asks what became of it".to_owned();
    Some(Finding::warning(device.as_str(), text, Some(remedy)))
}

/// What a target says of itself, as far as it says anything.
#[must_use]
pub fn statement(name: &str, persons: usize, said: Statement) -> Vec<Finding> {
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

/// A remark of a connector.
#[must_use]
pub fn of_remark(name: &str, remark: ports::Remark) -> Finding {
    let ports::Remark { severity, text, remedy } = remark;
    match (severity, remedy) {
        (Said::Ok, remedy) => Finding { remedy, ..Finding::ok(name, text) },
        (Said::Warning, remedy) => Finding::warning(name, text, remedy),
        (Said::Failed, remedy) => Finding::failed(name, text, remedy, Exit::PartFailed),
    }
}

/// What a target's clock shows, held against this computer's; `None` where it has no clock.
#[must_use]
pub fn clock(
    name: &TargetName,
    shown: Result<Option<TargetClock>, Failure>,
    now: DateTime<Utc>,
    zone: Zone,
) -> Option<Finding> {
    let remedy =
        Some("set its clock and zone (or its NTP server), or time_zone in its section".to_owned());
    let name = name.as_str();
    let wrong = |text| Finding::failed(name, text, remedy.clone(), Exit::PartFailed);
    let shown = match shown {
        Ok(shown) => shown?,
        Err(error) => return Some(wrong(format!("its clock cannot be read: {error}"))),
    };
    Some(match device_clock_fault(shown, now, zone) {
        None => {
            let seconds = TOLERANCE.num_seconds();
            let text = format!("its clock is right to within {seconds} seconds ({})", zone);
            Finding::ok(name, text)
        }
        Some(ClockFault::Time { off, .. }) => wrong(format!("its clock is {off}")),
        Some(ClockFault::Zone { stated, expected }) => wrong(format!(
            "its zone is {} where {} has {}",
            offset_text(stated),
            zone,
            offset_text(expected)
        )),
    })
}

/// How many members are linked to a person there, and why the others are not.
#[must_use]
pub fn links(facts: &Facts, device: &TargetFacts) -> Finding {
    let members = facts.linked(device);
    let is_here =
        |member: &HolderFacts| !member.is_vanished && device.lets_in(&member.member.key.source);
    let here: Vec<_> = members.filter(|(member, _)| is_here(member)).collect();
    let count = |wanted: fn(&NoLink) -> bool| {
        here.iter().filter(|(_, link)| link.as_ref().is_err_and(wanted)).count()
    };
    let linked = here.iter().filter(|(_, link)| link.is_ok()).count();
    let mut text = format!("{linked} of {} linked", many(here.len(), "member"));
    for (count, what) in [
        (count(|no| matches!(no, NoLink::NoEmail)), "without e-mail"),
        (count(|no| matches!(no, NoLink::NoPerson)), "not found on the door"),
        (count(|no| matches!(no, NoLink::NotThere { .. })), "in a link file, but not on the door"),
        (count(|no| matches!(no, NoLink::Ambiguous { .. })), "ambiguous"),
        (count(|no| matches!(no, NoLink::NameDiffers { .. })), "with another name on the door"),
    ] {
        if count > 0 {
            text.push_str(&format!("; {count} {what}"));
        }
    }
    let name = device.name.as_str();
    if let Some(names) = &device.organisations {
        let named = some_of(names, NAMED_MAX, ", ");
        text.push_str(&format!("; only members of {named} are let in"));
        if here.is_empty() && !facts.members.is_empty() {
            let remedy = "correct `organisations` of its section".to_owned();
            return Finding::warning(name, text, Some(remedy));
        }
    }
    if linked == here.len() {
        return Finding::ok(name, text);
    }
    let remedy = "`ivms-sync diff` names them, and says what to do about each".to_owned();
    Finding::warning(name, text, Some(remedy))
}
