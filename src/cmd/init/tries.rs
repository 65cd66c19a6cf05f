//! One try at each system, and what came of it.

use std::path::Path;

use chrono::{NaiveDate, Offset as _, TimeZone as _};

use super::Surroundings;
use super::answers::Asker;
use crate::cli::InitArgs;
use crate::config::first::{First, Passwords};
use crate::config::reading::value;
use crate::config::{self, Config, Kinds, TargetConfig};
use crate::engine::gather::devices::failure;
use crate::engine::{Network, Systems};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Memory, Zone, printable};
use crate::ports::{Class, Failure, Identity};
use crate::report::check::Finding;
use crate::report::check::findings::described;
use crate::report::init;
use crate::trouble::About;

/// What is well as it is written, and should be looked at.
pub(super) fn remarks(first: &First, args: &InitArgs, path: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    // Nobody lives there, and many computers are set to it.
    let is_utc = value::time_zone(&first.time_zone).is_ok_and(is_utc);
    if args.time_zone.is_none() && is_utc {
        let text = format!("{} is this computer's, and hardly the club's", first.time_zone);
        let remedy = "write the club's into `time_zone`, like \"Europe/Stockholm\"".to_owned();
        found.push(Finding::warning("time zone", text, Some(remedy)));
    }
    let is_seen = |role: &&String| first.seen.keys().any(|id| id.to_string() == **role);
    let unknown: Vec<&str> =
        first.roles.iter().filter(|role| !is_seen(role)).map(String::as_str).collect();
    if !first.seen.is_empty() && !unknown.is_empty() {
        let text = format!("nothing there has the id {}", unknown.join(", "));
        let remedy = format!("correct `roles`; there are {}", init::listed(&first.seen));
        found.push(match unknown.len() == first.roles.len() {
            true => Finding::failed("roles", text, Some(remedy), Exit::Config),
            false => Finding::warning("roles", text, Some(remedy)),
        });
    }
    if first.roles.is_empty() {
        let text = "every membership opens the doors, since no role was chosen".to_owned();
        let remedy = "write the ids of those that should into `roles`".to_owned();
        found.push(Finding::warning("roles", text, Some(remedy)));
    }
    if !path.with_file_name(&first.persons).exists() {
        let text = format!("{} is not there yet", printable(&first.persons));
        let remedy = "put the list of persons there: `ivms-sync help links`".to_owned();
        found.push(Finding::warning("link file", text, Some(remedy)));
    }
    found
}

/// Asks every system once, keeps the roles that there are, and pins certificates that somebody agrees to.
pub(super) fn all(
    around: &Surroundings<'_>,
    asker: &mut Asker,
    first: &mut First,
    path: &Path,
    kinds: Kinds,
) -> Result<Vec<Finding>, Error> {
    let network = Network::watched_by(around.terminal.progress());
    let draft = |first: &First| {
        let text = first.render(Passwords::Within);
        config::draft(&text, path, around.environment, kinds)
    };
    let mut findings = vec![Finding::ok("time zone", first.time_zone.clone())];
    let config = draft(first)?;
    source(&network, &config, first, &mut findings);
    let mut away = Vec::new();
    for place in 0..first.targets.len() {
        let Some(name) = first.targets.get(place).map(|target| target.name.clone()) else {
            continue;
        };
        let Some(device) = config.devices.iter().find(|device| device.name.as_str() == name) else {
            continue;
        };
        let mut tried = identity(&network, device);
        // Where no login was sent, its certificate may be what kept from it.
        let shown = match &tried {
            Err(Failure { class: Class::Temporary, .. }) => device.settings.certificate(),
            _ => None,
        };
        if let Some(shown) = shown {
            let text =
                format!("its certificate is sha256:{shown}, which this computer does not know");
            if asker.agrees(&format!("{name}: {text}. Pin it?"))? {
                if let Some(target) = first.targets.get_mut(place) {
                    target.pin = Some(shown);
                }
                let pinned = draft(first)?;
                let device = pinned.devices.iter().find(|one| one.name == device.name);
                tried = device.map_or(tried, |device| identity(&network, device));
                findings.push(Finding::ok(&name, format!("{text}: pinned")));
            } else {
                let remedy = "compare it with what a browser shows for the door, and write it under tls: \
                              `ivms-sync help tls`";
                findings.push(Finding::warning(&name, text, Some(remedy.to_owned())));
            }
        }
        match tried {
            Ok(Identity { serial, model, version }) => {
                let text = described(device.kind.nouns(), &model, &version, &serial);
                findings.push(Finding::ok(&name, text));
            }
            Err(error) => away.push(failure(device.peer(), &error).1),
        }
    }
    let is_everywhere = away.len() == first.targets.len();
    for mut trouble in away {
        trouble.is_everywhere = is_everywhere && matches!(trouble.about, About::Target(_));
        findings.push(trouble.into());
    }
    Ok(findings)
}

fn source(network: &Network, config: &Config, first: &mut First, findings: &mut Vec<Finding>) {
    for source in &config.sources {
        let name = source.name.as_str();
        match network.source(source).right_names() {
            Ok(names) => {
                let listed = init::listed(&names);
                findings.push(Finding::ok(name, format!("the login works; roles: {listed}")));
                first.seen = names;
            }
            Err(error) => {
                let exit = match error.class {
                    Class::Login => Exit::Login,
                    // The login is right, and the names of roles are only a help.
                    Class::MissingRight => Exit::InStep,
                    _ => Exit::Temporary,
                };
                let (text, hint) = (error.to_string(), error.hint);
                findings.push(match exit {
                    Exit::InStep => Finding::warning(name, text, hint),
                    exit => Finding::failed(name, text, hint, exit),
                });
            }
        }
    }
}

fn identity(network: &Network, device: &TargetConfig) -> Result<Identity, Failure> {
    network.target(device, &Memory::default())?.identity()
}

/// Whether a zone is on UTC in winter and in summer.
fn is_utc(zone: Zone) -> bool {
    let day = |month| NaiveDate::from_ymd_opt(2026, month, 1).unwrap_or_default();
    let offset = |month| zone.offset_from_utc_date(&day(month)).fix().local_minus_utc();
    offset(1) == 0 && offset(7) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;

    /// Mutants: a zone that is on UTC in winter alone; a name that says UTC in place of its hours.
    #[test]
    fn utc_is_a_zone_without_a_summer() {
        for (zone, expected) in [
            (Zone::UTC, true),
            (zone("Etc/UTC"), true),
            (zone("Europe/London"), false),
            (zone("Europe/Ljubljana"), false),
            (zone("Etc/GMT+1"), false),
        ] {
            assert_eq!(is_utc(zone), expected, "{zone}");
        }
    }
}
