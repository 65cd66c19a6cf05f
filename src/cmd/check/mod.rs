//! `check`: is everything ready to run? Reads both sides whole, and writes to neither.
//!
//! It is also the way to try a login again that was refused before: once, and never while the device
//! says that it is locked.

mod channels;
mod money;
mod sides;

use super::{Context, gates, permit_lists};
use crate::cli::CheckArgs;
use crate::config::Config;
use crate::engine::citations;
use crate::engine::gates::all_cars;
use crate::engine::rights::{self, Closely, members};
use crate::engine::{Systems, side_by_side};
use crate::error::Error;
use crate::exit::Exit;
use crate::files;
use crate::report::PermitListState;
use crate::report::check::findings::{configuration, of_remark, state_file, writable_by_others};
use crate::report::check::{Finding, Verdict, document, exit, render};
use crate::report::documents::of_failure;
use crate::report::gates::said_of;
use crate::store::Store;
use crate::store::health::{Health, Severity};
use crate::text::lists::many;

/// Runs the command.
pub fn run(context: &Context, args: &CheckArgs) -> Result<Exit, Error> {
    run_on(context, &context.network(), args)
}

/// The same against any systems.
pub fn run_on(context: &Context, systems: &dyn Systems, args: &CheckArgs) -> Result<Exit, Error> {
    let mut findings = vec![configuration(&context.config)];
    let advice = context.config.warnings.iter().cloned();
    findings.extend(advice.map(|text| Finding::warning("configuration", text, None)));
    findings.extend(written_by_others(&context.config));
    let health = Health::examine(&context.config.state);
    findings.extend(state_file(&health, context.config.zone_of_people()));
    let mut rows = Vec::new();
    // A file that is not sound is left as it is, and without it nothing else can be asked.
    if !health.findings.iter().any(|found| found.severity == Severity::Failed) {
        match context.open_store() {
            Ok(mut store) => {
                rows = sides::both_sides(context, systems, &store, &mut findings)?;
                let closely = Closely { is_full: true, accept_shrink: None };
                let (config, now) = (&context.config, context.clock.began());
                let rights = rights::look(systems, config, &store, now, closely)?;
                let plates = members::look(config, &store, now, closely)?;
                findings.extend(rights_seen(config, &rights));
                let seen = citations::look(systems, config, &store, (now, closely), &rights)?;
                findings.extend(citations_seen(&seen));
                findings.extend(plates_of_members(&plates));
                findings.extend(recipients_seen(config, systems));
                findings.extend(money::spools(context, &store)?);
                findings.extend(money::documents(context, &store)?);
                findings.extend(lists_of_permits(context, &store)?);
                findings.extend(gates_seen(context, systems, &mut store, (&rights, &plates))?);
            }
            Err(error) => findings.push(failed("state file", &error)),
        }
    }
    if args.notify {
        findings.extend(channels::test_messages(context));
        // What the last run ended with, or a run that is amiss would look well.
        let code = health.last_run.as_ref().and_then(|run| run.exit_code).unwrap_or_default();
        findings.extend(channels::test_heartbeat(context, code));
    }
    let code = exit(&findings);
    if context.is_json {
        context.print_json(&document(&findings, &rows))?;
        return Ok(code);
    }
    if context.is_quiet {
        findings.retain(|finding| finding.verdict == Verdict::Failed);
    }
    if !findings.is_empty() {
        context.print(&render(&findings, context.look))?;
    }
    Ok(code)
}

/// What others may change that a run believes: whoever writes the configuration or a link file decides who
/// may enter, and whoever writes a folder can put another file in its place.
fn written_by_others(config: &Config) -> impl Iterator<Item = Finding> {
    let read = [&config.path, &config.state].into_iter();
    let read = read.chain(&config.link.files).chain(config.vehicles.paths());
    let read = read.chain(&config.secret_files);
    let mut found = files::written_by_others(read.map(AsRef::as_ref));
    // That one is spoken of with who may read it.
    found.retain(|path, _| !files::is_same(path, &config.state));
    found.into_iter().map(|(path, mode)| writable_by_others(&path, mode))
}

/// Compares every list of permits with what is known of rights, and writes none.
fn lists_of_permits(context: &Context, store: &Store) -> Result<Vec<Finding>, Error> {
    let seen = permit_lists::write(context, store, false)?;
    let found = seen.lists.iter().filter(|list| list.state != PermitListState::Failed);
    let found = found.map(|list| Finding::ok(list.name.as_str(), list.said()));
    Ok(found.chain(seen.troubles.into_iter().map(Finding::from)).collect())
}

/// What was found of each source of rights.
fn rights_seen(config: &Config, looked: &rights::Looked) -> Vec<Finding> {
    let services = config.vehicles.services.iter();
    let remarks = services.flat_map(|service| {
        let seen = service.settings.examine();
        seen.into_iter().map(|one| of_remark(service.name.as_str(), one))
    });
    let whole = looked.sections.iter().filter(|seen| seen.is_whole);
    let found = whole.map(|seen| {
        let rights = usize::try_from(seen.rights).unwrap_or(usize::MAX);
        Finding::ok(seen.name.as_str(), many(rights, "right"))
    });
    let troubles = looked.troubles.iter().cloned().map(Finding::from);
    remarks.chain(found).chain(troubles).collect()
}

/// How many citations each service lists.
fn citations_seen(looked: &citations::Looked) -> Vec<Finding> {
    let found = looked
        .counted
        .iter()
        .map(|(name, count)| Finding::ok(name.as_str(), many(*count, "citation")));
    found.chain(looked.troubles.iter().cloned().map(Finding::from)).collect()
}

/// Tries the login of every system that takes documents, all at once, and sends none.
fn recipients_seen(config: &Config, systems: &dyn Systems) -> Vec<Finding> {
    let seen = side_by_side(config.recipients.iter(), |to| {
        let tried = systems.recipient(to).and_then(|there| there.try_login());
        (to, to.settings.examine(), tried)
    });
    let each = seen.into_iter().flat_map(|(to, remarks, tried)| {
        let name = to.name.as_str();
        let remarks = remarks.into_iter().map(|one| of_remark(name, one)).collect::<Vec<_>>();
        let found = match tried {
            Ok(()) => Finding::ok(name, "takes the login; no document was sent".to_owned()),
            Err(failure) => of_failure(&to.name, &failure).into(),
        };
        remarks.into_iter().chain([found])
    });
    each.collect()
}

/// Asks every gate, and writes to none.
fn gates_seen(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    (rights, plates): (&rights::Looked, &members::Looked),
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    if context.config.gates.is_empty() {
        return Ok(findings);
    }
    for gate in &context.config.gates {
        let seen = gate.settings.examine();
        findings.extend(seen.into_iter().map(|one| of_remark(gate.name.as_str(), one)));
    }
    // As `sync` would know them after this look.
    let (config, now) = (&context.config, context.clock.began());
    let cars = store.as_if(|store| {
        rights.record(store)?;
        plates.record(store)?;
        all_cars(config, store, now)
    })?;
    let done = gates::look(context, systems, store, cars, true)?;
    for gate in done.gates.iter().filter(|gate| gate.identity.is_some()) {
        let name = gate.name.as_str();
        findings.push(Finding::ok(name, said_of(gate)));
        findings.extend(gate.learnt.iter().map(|text| Finding::ok(name, text.clone())));
    }
    findings.extend(done.troubles.into_iter().map(Finding::from));
    Ok(findings)
}

/// How many plates of members every link file has, where they are needed.
fn plates_of_members(looked: &members::Looked) -> Vec<Finding> {
    let found = looked.counted.iter().map(|(path, plates)| {
        let plates = usize::try_from(*plates).unwrap_or(usize::MAX);
        let text = format!("{}: {} of members", path.display(), many(plates, "plate"));
        Finding::ok("link file", text)
    });
    found.chain(looked.troubles.iter().cloned().map(Finding::from)).collect()
}

fn failed(about: &str, error: &Error) -> Finding {
    let remedy = error.hint().map(str::to_owned);
    Finding::failed(about, error.to_string(), remedy, error.exit())
}
