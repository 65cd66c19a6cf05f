//! `diff`: what `sync` would do. It never makes a `Writer`, so it can not write to a device.

use super::{Context, print, who, write_private};
use crate::cli::DiffArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::gather::{Scope, gather, weigh_devices};
use crate::plan::{plan, prove};
use crate::report::plan_file;
use crate::report::{ChangeReport, ChangeState, Report};

/// Runs the command.
///
/// # Errors
/// [`Error`].
pub fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Error> {
    let only = who::only(&args.look.only)?;
    let store = context.open_store()?;
    let scope = Scope { is_full: args.look.full, only, ..Scope::default() };
    let (gathered, _) = gather(&context.network(), &context.config, &store, context.clock, scope)
        .map_err(|error| context.gather_error(error))?;
    let plan = plan(&gathered.facts);
    who::must_be_known(&gathered, &plan, context.shows_names_everywhere())?;
    prove(&gathered.facts, &plan)?;

    let mut report = Report::new("diff", None);
    report.sources = gathered.source_reports();
    report.devices = gathered.device_reports(&context.config);
    report.is_limited = !gathered.facts.only.is_everyone();
    report.troubles = gathered.troubles();
    weigh_devices(&report.devices, &mut report.troubles);
    report.blocked = plan_file::blocked_id(plan.blocked());
    if let Some(id) = &report.blocked {
        let kept = store.blocked(id).map_err(|error| context.store_error(error))?;
        report.is_blocked_kept = kept.is_some();
    }
    report.left_out = plan.told();
    report.kept_links = gathered.kept_links();
    report.changes = plan
        .changes
        .into_iter()
        .map(|change| {
            let state =
                if change.blocked.is_some() { ChangeState::Blocked } else { ChangeState::Planned };
            ChangeReport { change, state, error: None }
        })
        .collect();
    if context.shows_names() {
        report.show_names(gathered.facts.members.iter().map(|facts| &facts.member));
        report.show_person_names(&gathered.facts.devices);
    }

    let found = report.exit();
    let pending = args.exit_code && !report.changes.is_empty();
    let exit = if pending { Exit::of_all([found, Exit::ChangesPending]) } else { found };
    if let Some(path) = &args.out {
        write_private(path, &plan_file::write(&report, context.clock.began())?)?;
    }
    let is_news = context.say_troubles(&report, &store);
    context.say(&report, exit, is_news)?;
    if let (Some(path), false) = (&args.out, context.is_json) {
        print(&format!(
            "\nThe plan is in {}. Carry it out within 60 minutes:\n  ivms-sync apply {}\n",
            path.display(),
            path.display()
        ))?;
    }
    Ok(exit)
}
