//! `diff`: what `sync` would do. It never makes a `Writer`, so it cannot write to a device.

use std::collections::BTreeSet;

use super::carry_out::NOT_BELIEVED;
use super::{Context, print, who, write_file};
use crate::cli::DiffArgs;
use crate::command::CommandName;
use crate::engine::gather::{Scope, gather, weigh_devices};
use crate::engine::plan::{plan, prove};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Rights;
use crate::model::TargetName;
use crate::report::{ChangeReport, ChangeState, Report, TargetOutcome};
use crate::report::{attention, plan_file};
use crate::text::shell::quoted;

/// Runs the command.
pub fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Error> {
    let only = who::only(&args.look.only)?;
    context.refuse_own_files(&[args.out.as_deref()])?;
    let store = context.open_store()?;
    let scope = Scope { is_full: args.look.full, only, ..Scope::default() };
    let (gathered, _) = gather(&context.network(), &context.config, &store, context.clock, scope)
        .map_err(|error| context.gather_error(error))?;
    let plan = plan(&gathered.facts);
    who::must_be_known(&gathered, &plan, context.shows_names_everywhere())?;
    prove(&gathered.facts, &plan)?;

    let mut report = Report::new(CommandName::Diff, None);
    report.sources = gathered.source_reports();
    report.devices = gathered.device_reports(&context.config);
    report.is_limited = !gathered.facts.only.is_everyone();
    report.troubles = gathered.troubles();
    weigh_devices(&report.devices, &mut report.troubles);
    report.blocked = plan_file::blocked_id(plan.blocked());
    if let Some(id) = &report.blocked {
        let kept = store.pending().blocked(id).map_err(|error| context.store_error(error))?;
        report.is_blocked_kept = kept.is_some();
    }
    let seen_before = store.pending().attention().map_err(|error| context.store_error(error))?;
    // Troubles go into every document, too.
    let shows_names = context.shows_names_everywhere() && !context.is_json && args.out.is_none();
    let names = shows_names.then_some(&gathered.facts);
    report.troubles.extend(attention::troubles(&plan, &seen_before, names));
    report.troubles.extend(attention::unlike_names(&gathered.facts, true, shows_names));
    report.troubles.extend(attention::left_organisations(&gathered.facts));
    report.troubles.extend(attention::protects_nobody(&gathered.facts));
    let devices = report.devices.iter();
    let stopped: BTreeSet<TargetName> = devices
        .filter(|line| line.outcome == TargetOutcome::NotBelieved)
        .map(|line| line.name.clone())
        .collect();
    report.take(&plan);
    report.kept_links = gathered.kept_links();
    if context.is_json || context.is_verbose {
        let rows = gathered.rows_left_out(&context.config, &store, context.shows_names());
        report.rows_left_out = Some(rows.map_err(|error| context.store_error(error))?);
    }
    report.changes = plan
        .changes
        .into_iter()
        .map(|change| {
            let state = ChangeState::before_it_is_tried(&change);
            let error = stopped.contains(&change.device).then(|| NOT_BELIEVED.to_owned());
            ChangeReport { change, state, error }
        })
        .collect();
    if context.shows_names() {
        report.show_names(gathered.facts.members.iter().map(|facts| &facts.member));
        for device in &gathered.facts.devices {
            report.show_person_names(&device.name, &device.persons);
        }
    }

    let found = report.exit();
    let pending = args.exit_code && !report.changes.is_empty();
    let exit = if pending { Exit::of_all([found, Exit::ChangesPending]) } else { found };
    if let Some(path) = &args.out {
        let accounts = context.config.accounts();
        let text = plan_file::write_sealed(&report, &accounts, context.clock.began(), |sha256| {
            store.plan_seal(sha256).map_err(|error| context.store_error(error))
        })?;
        write_file(path, &text, &Rights::PRIVATE)?;
    }
    let is_news = context.say_troubles(&report);
    context.say(&report, exit, is_news)?;
    if let (Some(path), false) = (&args.out, context.is_json) {
        let is_something = report.changes.iter().any(|one| one.state == ChangeState::Planned);
        let what_to_do = match is_something {
            true => format!(
                "Carry it out within 60 minutes:\n  ivms-sync apply {}",
                quoted(&path.to_string_lossy())
            ),
            false => "It holds nothing to carry out.".to_owned(),
        };
        print(&format!("\nThe plan is in {}. {what_to_do}\n", path.display()))?;
    }
    Ok(exit)
}
