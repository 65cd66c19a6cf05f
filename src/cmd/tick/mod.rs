//! One run of `sync` against any systems: gather, plan, prove, carry out, record; the same over a few members,
//! where nothing can have changed for the others; or, where nothing can have changed at all, poll the sources
//! and stop.

mod compare;
mod left;
mod touched;
mod unchanged;

use super::documents::{self, Collected, Settled};
use super::gates::{self, Asks};
use super::{Context, permit_lists, record, who};
use crate::command::CommandName;
use crate::config::Config;
use crate::engine::Systems;
use crate::engine::books::{Taken, alarms, take_spools};
use crate::engine::citations;
use crate::engine::collection::strays;
use crate::engine::gates::{GatesDone, settled};
use crate::engine::gather::quiet::{self, Asked, News, Poll, poll};
use crate::engine::gather::{Scope, gather_with};
use crate::engine::plan::{Standing, plan, prove};
use crate::engine::rights::{self, Closely, Looked, members};
use crate::error::Error;
use crate::model::RunId;
use crate::report::unchanged as quiet_report;
use crate::report::{PermitListReport, Report, attention};
use crate::store::{Quiet, RunEnd, Store};

/// Everything of a `sync` but the lock and what is said of it. The run is recorded with the exit code that
/// the report comes to.
pub fn tick(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    scope: Scope,
) -> Result<Report, Error> {
    let mut cars = Cars::look(context, systems, store, &scope)?;
    let mut report = tick_with(context, systems, store, scope, &cars)?;
    report.rights_files = std::mem::take(&mut cars.rights.sections);
    let Config { recipients, books, .. } = &context.config;
    let recipients = recipients.iter().map(|one| &one.name);
    report.recipients =
        recipients.chain(books.banks.iter().map(|bank| &bank.name)).cloned().collect();
    // An alarm about one that the configuration names no more ends when it does again.
    for stray in strays(&context.config, store)? {
        if stray.is_agency_gone && !report.recipients.contains(&stray.agency) {
            report.recipients.push(stray.agency);
        }
    }
    if let (Some(lists), true) = (cars.lists, report.permit_lists.is_empty()) {
        report.permit_lists = lists;
    }
    if let (Some(gates), true) = (cars.gates, report.gates.is_empty()) {
        report.take_gates(gates);
    }
    Ok(report)
}

/// What was seen of everything about cars before the run began.
#[derive(Debug, Default)]
struct Cars {
    rights: Looked,
    citations: citations::Looked,
    /// The plates of members.
    plates: members::Looked,
    /// Every list of permits, where none of them is to be looked at.
    lists: Option<Vec<PermitListReport>>,
    /// Every gate, where nothing is to be done at any, as far as members are as they were.
    gates: Option<GatesDone>,
    /// How gates are asked.
    asks: Asks,
    /// There are documents that are open, or that hold a plate for too long.
    has_documents: bool,
    /// Somebody is to be handed over to an agency, or taken back.
    collects: bool,
    /// Files of money that have arrived.
    books: Taken,
    /// Whoever limits a run to somebody asks about a door.
    are_left_alone: bool,
}

impl Cars {
    fn look(
        context: &Context,
        systems: &dyn Systems,
        store: &Store,
        scope: &Scope,
    ) -> Result<Self, Error> {
        if !scope.only.is_everyone() {
            return Ok(Self { are_left_alone: true, ..Self::default() });
        }
        let (config, now) = (&context.config, context.clock.began());
        let rights = rights::look(systems, config, store, now, closely(scope))?;
        let citations = citations::look(systems, config, store, (now, closely(scope)), &rights)?;
        let plates = members::look(config, store, now, closely(scope))?;
        let lists = permit_lists::settled(context, store)?;
        let is_asked = scope.is_full || !scope.accept_devices.is_empty();
        let gates = match is_asked && !config.gates.is_empty() {
            true => None,
            false => settled(config, store, now)?,
        };
        let asks = Asks {
            is_full: scope.is_full,
            tries_logins: scope.tries_logins,
            accepted: scope.accept_devices.clone(),
        };
        let has_documents = documents::are_waiting(context, store)?;
        let collects = documents::is_due(context, store, &citations.whole)?;
        let mut books = take_spools(&config.books, store, now)?;
        books.troubles.extend(alarms(&config.books, store, now, !books.files.is_empty())?);
        Ok(Self {
            rights,
            citations,
            plates,
            lists,
            gates,
            asks,
            has_documents,
            collects,
            books,
            are_left_alone: false,
        })
    }

    /// Whether nothing is to be done or said that a quiet tick does not do.
    fn are_quiet(&self) -> bool {
        let has_no_documents = !self.has_documents && !self.collects;
        let is_settled = self.lists.is_some() && self.gates.is_some() && has_no_documents;
        let has_no_files = self.books.files.is_empty() && self.books.troubles.is_empty();
        let are_known =
            self.rights.is_quiet() && self.citations.is_quiet() && self.plates.is_quiet();
        self.are_left_alone || are_known && is_settled && has_no_files
    }

    /// Whether more was read than what has changed. A look at every page of a large register for each session that is
    /// sold would be longer than all else.
    fn are_read_whole(&self) -> bool {
        self.are_left_alone || self.rights.is_read_whole()
    }

    /// Brings the gates up to date with what is known by now.
    fn open_gates(
        &self,
        context: &Context,
        systems: &dyn Systems,
        store: &mut Store,
        run: RunId,
    ) -> Result<GatesDone, Error> {
        if self.are_left_alone {
            return Ok(GatesDone::default());
        }
        gates::open(context, systems, store, run, &self.asks)
    }

    /// Finds out what became of documents that are open.
    fn settle(
        &self,
        context: &Context,
        systems: &dyn Systems,
        store: &Store,
    ) -> Result<Settled, Error> {
        match self.has_documents {
            true => {
                let how = (self.asks.is_full, &self.citations.whole);
                documents::settle(context, systems, store, how)
            }
            false => Ok(Settled::default()),
        }
    }

    /// Hands citations over to agencies and takes them back, by what services said in this run.
    fn collect(
        &self,
        context: &Context,
        systems: &dyn Systems,
        store: &Store,
    ) -> Result<Collected, Error> {
        match self.are_left_alone {
            true => Ok(Collected::default()),
            false => documents::collect(context, systems, store, &self.citations.whole),
        }
    }

    /// Keeps what was read, and brings the lists up to date.
    fn record(&self, context: &Context, store: &Store) -> Result<permit_lists::Done, Error> {
        if self.are_left_alone {
            return Ok(permit_lists::Done::default());
        }
        self.rights.record(store)?;
        self.citations.record(&context.config, store, context.clock.began())?;
        documents::note_rights(context, store)?;
        self.plates.record(store)?;
        Ok(permit_lists::write(context, store, true)?)
    }
}

/// How closely rights-files and plates of members are looked at.
pub(super) fn closely(scope: &Scope) -> Closely {
    Closely { is_full: scope.is_full, accept_shrink: scope.accept_shrink }
}

/// The same with what was seen of cars.
fn tick_with(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    scope: Scope,
    cars: &Cars,
) -> Result<Report, Error> {
    let config = &context.config;
    let polled = match cars.are_quiet() {
        true => poll(systems, config, store, context.clock, &scope)?,
        false => {
            if cars.are_read_whole() || !config.devices.is_empty() {
                store.check()?;
            }
            Poll::Changed { asked: Asked::default(), is_listing_due: false }
        }
    };
    let asked = match polled {
        Poll::News(news) => match told_news(context, systems, store, &scope, (news, cars))? {
            Ok(report) => return Ok(report),
            Err(asked) => asked,
        },
        Poll::Changed { asked, is_listing_due } => {
            // What decides carries checksums; what holds it together is looked at as often as everybody is
            // named.
            if is_listing_due {
                store.check()?;
            }
            asked
        }
    };
    in_run(context, systems, store, cars, |store, run| {
        whole(context, systems, store, scope, (asked, cars), run)
    })
}

/// A tick to which everything is as it was but what the organisations have `news` of; what they answered comes
/// back where everybody must be looked at.
fn told_news(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    scope: &Scope,
    (news, cars): (News, &Cars),
) -> Result<Result<Report, Asked>, Error> {
    let config = &context.config;
    let devices = config.devices.iter().map(|device| (&device.name, device.mode));
    let report = quiet_report::report(devices, news.reports(), &news.before.report);
    let Some((report, counted)) = report else { return Ok(Err(news.into_asked())) };
    if !news.are_none() {
        return match news.look(config, store, scope, &[])? {
            Ok(few) => touched::tick(context, systems, store, (few, cars), (report, counted)),
            Err(asked) => Ok(Err(asked)),
        };
    }
    if context.compares_looks
        && let Ok(nobody) = news.look(config, store, scope, &[])?
    {
        let plan = plan(&nobody.gathered.facts);
        compare::with_everybody(context, systems, store, (&nobody, &plan), &report)?;
    }
    unchanged::complete(context, systems, store, cars, report).map(Ok)
}

/// Begins a run, does what it is for, and ends it.
fn in_run(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    cars: &Cars,
    work: impl FnOnce(&mut Store, RunId) -> Result<(Report, Option<Quiet>), Error>,
) -> Result<Report, Error> {
    let run = context.begin_run(CommandName::Sync, store)?;
    let done = cars.record(context, store).and_then(|lists| {
        // By everything that was just read.
        let settled = cars.settle(context, systems, store)?;
        let (report, quiet) = work(store, run)?;
        let gates = cars.open_gates(context, systems, store, run)?;
        let collected = cars.collect(context, systems, store)?;
        Ok((lists, settled, collected, gates, report, quiet))
    });
    match done {
        Ok((lists, settled, collected, gates, mut report, quiet)) => {
            report.permit_lists = lists.lists;
            report.troubles.extend(lists.troubles);
            report.take_gates(gates);
            report.documents = settled.documents;
            report.troubles.extend(settled.troubles);
            report.documents.extend(collected.documents);
            report.collections = collected.agencies;
            report.troubles.extend(collected.troubles);
            report.troubles.extend(cars.books.troubles.iter().cloned());
            report.shows_plates = context.shows_names();
            record::end_run(context, systems, store, &report, quiet, run).map(|()| report)
        }
        Err(error) => {
            // A run without an end has died, and this one has not.
            let end = RunEnd {
                exit_code: error.exit().code(),
                requests: systems.requests(),
                ..RunEnd::default()
            };
            context.end_run(store, run, &end)?;
            Err(error)
        }
    }
}

fn whole(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    scope: Scope,
    (asked, cars): (Asked, &Cars),
    run: RunId,
) -> Result<(Report, Option<Quiet>), Error> {
    let config = &context.config;
    let is_everyone = scope.only.is_everyone();
    let (gathered, open) = match gather_with(systems, config, store, context.clock, scope, asked) {
        Ok(gathered) => gathered,
        Err(error) => {
            error.remember(store)?;
            return Err(error.into());
        }
    };
    let plan = plan(&gathered.facts);
    who::must_be_known(&gathered, &plan, context.shows_names_everywhere())?;
    let proven = prove(&gathered.facts, &plan)?;
    let seen_before = store.pending().attention()?;
    let is_settled = gathered.record(config, store, &plan, run)?;
    let mut report =
        Report::of(CommandName::Sync, Some(run), (config, &gathered), &plan, &seen_before, false);
    let Cars { rights, citations, plates, .. } = cars;
    let troubles = rights.troubles.iter().chain(&citations.troubles).chain(&plates.troubles);
    report.troubles.extend(troubles.cloned());
    let uncommitted = store.journal().uncommitted_targets()?;
    report.troubles.extend(attention::left_targets(&uncommitted, &config.devices));
    // What is not known of an organisation in this tick has not moved.
    let is_whole =
        is_everyone && gathered.facts.sources.values().all(|s| s.standing == Standing::Fresh);
    record::before(context, store, &gathered, &plan, is_whole)?;
    let done = context.carry_out(run, &proven).carry_out(systems, store, (&gathered, open))?;
    let digest = quiet::digest(config, &gathered).filter(|_| is_settled);
    report.take_carried_out(plan.changes, done);
    record::why_not_done(context, store, &report)?;
    if context.shows_names() {
        report.show_names(&gathered.facts);
    }
    if is_everyone {
        record::first_runs_over(context, store, &gathered.facts, &report)?;
    }
    let counted = || left::of_all(config, store, &gathered);
    let quiet = left::for_the_next(store, digest, &report, counted)?;
    Ok((report, quiet))
}
