//! The end of a tick in which nothing can have changed.

use std::collections::{BTreeMap, BTreeSet};

use super::Cars;
use crate::cmd::Context;
use crate::engine::Systems;
use crate::error::Error;
use crate::model::SourceName;
use crate::report::Report;
use crate::store::{QuietRun, Store};

/// Records a tick in which nothing can have changed, and completes its report.
pub(super) fn complete(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    cars: &Cars,
    mut report: Report,
) -> Result<Report, Error> {
    log::info!("nothing has changed since everything was last looked at");
    if context.shows_names() {
        show_names(context, store, &mut report)?;
    }
    let quiet = QuietRun {
        began: context.clock.began(),
        ended: context.clock.now(),
        asked: context.config.sources.iter().map(|source| source.name.clone()).collect(),
        requests: systems.requests(),
        rights_files: cars.rights.same().to_vec(),
        plate_files: cars.plates.same().to_vec(),
    };
    report.run = Some(store.journal().record_quiet_run(&quiet)?);
    Ok(report)
}

/// Adds the names of whom a report speaks.
pub(super) fn show_names(
    context: &Context,
    store: &Store,
    report: &mut Report,
) -> Result<(), Error> {
    let changed = report.changes.iter().map(|one| &one.change.member);
    let left_out = report.left_out.iter().map(|one| &one.member);
    let kept = report.kept_links.iter().map(|one| &one.member);
    let mut members_of: BTreeMap<&SourceName, BTreeSet<&str>> = BTreeMap::new();
    for member in left_out.chain(kept).chain(changed) {
        members_of.entry(&member.source).or_default().insert(member.human());
    }
    let mut members = Vec::new();
    for (source, humans) in &members_of {
        members.extend(store.members().members_by_human(source, humans)?);
    }
    report.show_holder_names(members.iter().map(|stored| &stored.member));
    for device in &context.config.devices {
        let known = store.devices().persons(&device.name)?;
        report.show_person_names(&device.name, &known.persons);
    }
    Ok(())
}
