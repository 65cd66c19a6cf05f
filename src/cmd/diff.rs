//! `diff`: what `sync` would do. It never makes a `Writer`, so it cannot write to a device.

mod citations;
mod day;

use super::tick::closely;
use super::{Context, documents, permit_lists, who, write_file};
use crate::cli::DiffArgs;
use crate::command::CommandName;
use crate::engine::gates;
use crate::engine::gather::{Scope, gather};
use crate::engine::plan::{plan, prove};
use crate::engine::rights::{self, members};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Rights;
use crate::report::parking::QuestionError;
use crate::report::{ChangeState, PermitListState, Report, plan_file};
use crate::text::shell::quoted;

/// Runs the command.
pub fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Error> {
    if args.violations {
        return citations::run(context, args);
    }
    let (out, shows_pending) = (args.out.as_deref(), args.exit_code);
    if let (Some(file), Some(to)) = (&args.file, &args.to) {
        return documents::diff(context, (file, to), out, shows_pending);
    }
    if let (Some(day), Some(to)) = (args.day, &args.to) {
        return documents::report(context, (day, to), out, shows_pending);
    }
    if let Some(day) = args.day {
        if out.is_some() || shows_pending {
            return Err(QuestionError::BooksAreNoPlan.into());
        }
        return day::run(context, day);
    }
    if let Some(to) = &args.to {
        return documents::diff_agency(context, to, out, shows_pending);
    }
    let only = who::only(&args.look.only)?;
    context.refuse_to_replace(args.out.as_deref())?;
    let mut store = context.open_store()?;
    let scope = Scope { is_full: args.look.full, only, ..Scope::default() };
    let (network, config) = (context.network(), &context.config);
    let (gathered, _) = gather(&network, config, &store, context.clock, scope.clone())?;
    let plan = plan(&gathered.facts);
    who::must_be_known(&gathered, &plan, context.shows_names_everywhere())?;
    prove(&gathered.facts, &plan)?;

    let seen_before = store.pending().attention()?;
    // Troubles go into every document, too.
    let shows_names = context.shows_names_everywhere() && !context.is_json && args.out.is_none();
    let both = (&context.config, &gathered);
    let mut report = Report::of(CommandName::Diff, None, both, &plan, &seen_before, shows_names);
    let closely = closely(&scope);
    let rights = rights::look(&network, config, &store, context.clock.began(), closely)?;
    // Lists and gates follow from what is kept, as `sync` would keep it.
    let plates = members::look(config, &store, context.clock.began(), closely)?;
    let (lists, cars) = match config.gates.is_empty() && config.vehicles.lists.is_empty() {
        // A large listing is not written for nothing.
        true => Default::default(),
        false => store.as_if(|store| {
            gathered.record_listings(config, store)?;
            rights.record(store)?;
            plates.record(store)?;
            let lists = permit_lists::write(context, store, false)?;
            Ok((lists, gates::all_cars(config, store, context.clock.began())?))
        })?,
    };
    report.permit_lists = lists.lists;
    report.troubles.extend(lists.troubles);
    report.troubles.extend(rights.troubles.into_iter().chain(plates.troubles));
    if scope.only.is_everyone() {
        report.take_gates(super::gates::look(context, &network, &mut store, cars, false)?);
        report.shows_plates = context.shows_names();
    }
    report.rights_files = rights.sections;
    report.blocked = plan_file::blocked_id(plan.blocked());
    if let Some(id) = &report.blocked {
        let kept = store.pending().blocked(id)?;
        report.is_blocked_new = kept.is_none();
    }
    if context.is_json || context.is_verbose {
        let rows = gathered.rows_left_out(&context.config, &store, context.shows_names());
        report.rows_left_out = Some(rows?);
    }
    report.take_planned(plan.changes);
    if context.shows_names() {
        report.show_names(&gathered.facts);
    }

    let found = report.exit();
    let mut lists = report.permit_lists.iter();
    let has_lists = lists.any(|list| list.state == PermitListState::Planned);
    let has_rows = report.gates.iter().any(|gate| !gate.changes.is_empty());
    let pending = args.exit_code && (!report.changes.is_empty() || has_lists || has_rows);
    let exit = if pending { Exit::of_all([found, Exit::ChangesPending]) } else { found };
    if let Some(path) = &args.out {
        let (club, accounts) = (context.config.club.as_deref(), context.config.accounts());
        let made_at = context.clock.began();
        let text = plan_file::write_sealed(&report, club, &accounts, made_at, |sha256| {
            store.plan_seal(&super::gates::sealed(config, sha256)).map_err(Error::Store)
        })?;
        write_file(path, &text, &Rights::PRIVATE)?;
    }
    let is_news = context.say_troubles(&report);
    context.say(&report, exit, is_news)?;
    if let (Some(path), false) = (&args.out, context.is_json || context.is_quiet) {
        let is_something = report.count(|state| *state == ChangeState::Planned)
            + report.count_rows(|state| *state == ChangeState::Planned)
            > 0;
        let what_to_do = match is_something {
            true => format!(
                "Carry it out within 60 minutes:\n  ivms-sync apply {}",
                quoted(&path.to_string_lossy())
            ),
            false => "It holds nothing to carry out.".to_owned(),
        };
        context.print(&format!("\nThe plan is in {}. {what_to_do}\n", path.display()))?;
    }
    Ok(exit)
}
