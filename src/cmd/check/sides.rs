//! Asks both sides whole, and says what is found of each.

use std::collections::BTreeMap;

use super::failed;
use crate::cmd::Context;
use crate::command::CommandName;
use crate::config::TargetConfig;
use crate::engine::gather::devices::failure;
use crate::engine::gather::{Connections, Conversation, Gathered, Scope, TargetGathered, gather};
use crate::engine::plan::TargetFacts;
use crate::engine::plan::plan;
use crate::engine::{Systems, side_by_side};
use crate::error::Error;
use crate::report::check::findings::{
    clock, identity, links, listed, not_in_force, of_remark, statement,
};
use crate::report::check::{Finding, rows_left_out};
use crate::report::roles::{self, Held};
use crate::report::{RowLeftOut, attention};
use crate::store::Store;
use crate::text::lists::many;
use crate::trouble::{About, Trouble};

/// Asks everybody once, and adds what was found of each; returns the rows of link files that link nobody.
pub(super) fn both_sides(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    findings: &mut Vec<Finding>,
) -> Result<Vec<RowLeftOut>, Error> {
    let scope = Scope { is_full: true, tries_logins: true, ..Scope::default() };
    let (gathered, open) = match gather(systems, &context.config, store, context.clock, scope) {
        Ok(gathered) => gathered,
        Err(error) => {
            findings.push(failed("link file", &error.into()));
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
    let rows = rows?;
    findings.extend(rows_left_out(&rows));
    let mut all_names = BTreeMap::new();
    for (config, found) in gathered.each_source(&context.config) {
        let source = &found.report;
        let name = source.name.as_str();
        if source.accepted {
            findings.push(Finding::ok(name, many(source.members, "member")));
            let names = match gathered.fresh_role_names(&context.config, &config.name) {
                Some(names) => names.clone(),
                None => {
                    let names = store.members().role_names(&config.name);
                    names?
                }
            };
            let held = Held::by(listed(&gathered.facts, |key| key.source == config.name));
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
    findings.extend(devices(context, &gathered, open, &about_known));
    for device in &context.config.devices {
        let waiting = store.journal().uncommitted(&device.name)?;
        findings.extend(not_in_force(&device.name, &waiting, context.config.zone_of_people()));
    }
    let uncommitted = store.journal().uncommitted_targets()?;
    let left = attention::left_targets(&uncommitted, &context.config.devices);
    findings.extend(left.into_iter().map(Finding::from));
    let plan = plan(&gathered.facts);
    let seen_before = store.pending().attention()?;
    let facts = &gathered.facts;
    let to_look_after =
        attention::notices(CommandName::Check, &plan, facts, &seen_before, shows_names);
    findings.extend(to_look_after.into_iter().map(Finding::from));
    // Of an organisation that gave no word nobody knows who holds what.
    if gathered.sources.iter().all(|source| source.report.accepted) {
        for device in &context.config.devices {
            let held = Held::by(listed(&gathered.facts, |key| device.lets_in(&key.source)));
            let narrower = device.roles.as_ref();
            findings.extend(narrower.and_then(|configured| {
                roles::of_door(&device.section(), &held, configured, &all_names)
            }));
        }
    }
    Ok(rows)
}

fn of<'a>(troubles: &'a [Trouble], about: &'a About) -> impl Iterator<Item = Finding> + 'a {
    troubles.iter().filter(move |trouble| trouble.about == *about).cloned().map(Finding::from)
}

/// What is found of each target, in the order of the configuration; they are asked side by side.
fn devices(
    context: &Context,
    gathered: &Gathered,
    open: Connections<'_>,
    troubles: &[Trouble],
) -> Vec<Finding> {
    let targets = gathered.each_target(&context.config).zip(open);
    let found = side_by_side(targets, |((device, found, facts), open)| {
        let mut findings = device_of(context, (device, found, facts), open, troubles);
        if found.is_known {
            findings.push(links(&gathered.facts, facts));
        }
        findings
    });
    found.into_iter().flatten().collect()
}

fn device_of(
    context: &Context,
    (device, found, facts): (&TargetConfig, &TargetGathered, &TargetFacts),
    open: Conversation<'_>,
    troubles: &[Trouble],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = device.name.as_str();
    if let Some(found) = identity(device.kind.nouns(), found, facts) {
        findings.push(found);
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
        let (now, zone) = (context.clock.now(), device.time_zone);
        findings.extend(clock(&device.name, reader.clock(), now, zone));
        match reader.statement() {
            Ok(said) => findings.extend(statement(name, facts.persons.len(), said)),
            Err(error) => log::debug!("{name}: what it can do is not known: {error}"),
        }
        let refused = reader.rehearse(facts.persons.keys().next());
        findings.extend(refused.iter().map(|error| failure(device.peer(), error).1.into()));
    }
    findings
}
