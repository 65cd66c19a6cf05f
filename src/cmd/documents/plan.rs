//! `diff FILE --to NAME`, and the plan that it writes: just the bytes that somebody has looked at are sent.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cmd::{Context, write_file};
use crate::command::CommandName;
use crate::config::RecipientConfig;
use crate::engine::outbox::{Outbox, Verdict};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Rights;
use crate::ports::Document;
use crate::report::documents::{DocumentReport, of_other_approval, of_verdict};
use crate::report::plan_file::{PlanFileError, ReviewedDocuments, write_documents};
use crate::store::Store;
use crate::text::shell::quoted;

use crate::engine::books::{report_of, take_spools};
use crate::report::books::DayAsked;
use crate::report::parking::QuestionError;

use super::collection::read_services;
use super::{NOTHING_LISTED, as_known, carry_out, in_run, outbox, read, recipient, say};

/// `diff FILE --to NAME`: what sending the document would do. Nothing is sent, and nothing is kept.
pub(in crate::cmd) fn diff(
    context: &Context,
    (path, name): (&Path, &str),
    out: Option<&Path>,
    shows_pending: bool,
) -> Result<Exit, Error> {
    let to = recipient(context, name)?;
    // A plan is not written over its own document.
    context.refuse_own_files(&[Some(path), out])?;
    let document = read(context, to, path)?;
    let store = context.open_store()?;
    show(context, &store, (to, document), out, shows_pending)
}

/// Shows what sending a document would do, and writes the plan of it, where one is asked for.
fn show(
    context: &Context,
    store: &Store,
    (to, document): (&RecipientConfig, Document),
    out: Option<&Path>,
    shows_pending: bool,
) -> Result<Exit, Error> {
    context.refuse_to_replace(out)?;
    let bytes = document.bytes.clone();
    let network = context.network();
    let outbox = outbox(context, &network, store);
    let proposal = outbox.propose(to, document)?;
    let mut told = as_known(&outbox, &proposal);
    let troubles: Vec<_> = of_verdict(&proposal, false).into_iter().collect();
    told.bytes = out.map(|_| STANDARD.encode(&bytes));
    let mut report = DocumentReport {
        command: CommandName::Diff,
        documents: vec![told],
        collections: Vec::new(),
        troubles,
    };
    if let Some(out) = out {
        write_plan(context, store, &report, out)?;
    }
    report.documents.iter_mut().for_each(|one| one.bytes = None);
    let found = report.exit();
    let is_pending = shows_pending && matches!(proposal.verdict, Verdict::Ready);
    let exit = if is_pending { Exit::of_all([found, Exit::ChangesPending]) } else { found };
    say(context, &report, exit)?;
    if let Some(out) = out {
        say_plan(context, out)?;
    }
    Ok(exit)
}

/// Writes what a report holds as a plan.
pub(super) fn write_plan(
    context: &Context,
    store: &Store,
    report: &DocumentReport,
    out: &Path,
) -> Result<(), Error> {
    let (club, made_at) = (context.config.club.as_deref(), context.clock.began());
    let plan = write_documents(&report.document(Exit::InStep.code()), club, made_at, |sha256| {
        store.plan_seal(sha256).map_err(Error::Store)
    })?;
    write_file(out, &plan, &Rights::PRIVATE)
}

/// Says where a plan is.
pub(super) fn say_plan(context: &Context, out: &Path) -> Result<(), Error> {
    if context.is_json || context.is_quiet {
        return Ok(());
    }
    let command = format!("ivms-sync apply {}", quoted(&out.to_string_lossy()));
    let text = format!(
        "\nThe plan is in {}. Carry it out within 60 minutes:\n  {command}\n",
        out.display()
    );
    context.print(&text)
}

/// `diff --day DAY --to NAME`: the report of a day, as its books are now. One that is like the last that was taken is
/// not made anew; any other corrects that.
pub(in crate::cmd) fn report(
    context: &Context,
    (day, name): (DayAsked, &str),
    out: Option<&Path>,
    shows_pending: bool,
) -> Result<Exit, Error> {
    let to = recipient(context, name)?;
    let now = context.clock.began();
    let day = day.day(now.with_timezone(&context.config.time_zone).date_naive());
    let no_report = || QuestionError::NoReport(name.to_owned());
    let span = to.settings.report_day(day).ok_or_else(no_report)?;
    if span.end > now {
        return Err(QuestionError::DayNotOver.into());
    }
    let store = context.open_store()?;
    take_spools(&context.config.books, &store, now)?;
    let (bytes, _) = report_of(&context.config, &store, to, (day, span))?.ok_or_else(no_report)?;
    let read = to.settings.document(&bytes, context.clock.now());
    let what = format!("the report of {day}");
    let document = read.map_err(|error| Error::Document { name: what, text: error.to_string() })?;
    show(context, &store, (to, document), out, shows_pending)
}

/// `apply PLAN` of a plan that holds documents. A plan that this installation made may lift what it says the
/// document waits for; any other is worth as much as the document itself.
pub(in crate::cmd) fn reviewed(
    context: &Context,
    store: &Store,
    name: &str,
    plan: &ReviewedDocuments,
) -> Result<Exit, Error> {
    let refused = |what: &str| Error::Plan {
        name: name.to_owned(),
        error: PlanFileError::NotAPlan(what.to_owned()),
    };
    let mut documents = Vec::with_capacity(plan.documents.len());
    for one in &plan.documents {
        let to = recipient(context, &one.to)?;
        let document = to.settings.document(&one.bytes, context.clock.now());
        let document = document
            .map_err(|error| Error::Document { name: name.to_owned(), text: error.to_string() })?;
        documents.push((to, document, one));
    }
    let is_sealed = plan.seal == Some(store.plan_seal(&plan.sha256)?);
    let network = context.network();
    let mut listed = NOTHING_LISTED.clone();
    if let Some((to, ..)) = documents.iter().find(|(to, ..)| to.settings.collection().is_some()) {
        listed = read_services(context, &network, store, to)?;
    }
    in_run(context, (&network, &listed), store, |outbox: &Outbox<'_>| {
        let mut done = Vec::with_capacity(documents.len());
        for (to, document, one) in documents {
            let proposal = outbox.propose(to, document)?;
            if proposal.document.id.as_str() != one.id {
                return Err(refused("the document in it has another id than it says"));
            }
            let is_moved = matches!(proposal.verdict, Verdict::Ready | Verdict::Held(_))
                && is_sealed
                && (proposal.survey.base != one.base || proposal.survey.changes != one.changes);
            done.push(match is_moved {
                true => {
                    let trouble = of_other_approval(&to.name, &proposal.document.id);
                    (as_known(outbox, &proposal), Some(trouble))
                }
                false => {
                    let approved = one.blocked.as_deref().filter(|_| is_sealed);
                    carry_out(outbox, &proposal, approved)?
                }
            });
        }
        Ok(done)
    })
}
