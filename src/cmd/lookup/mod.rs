//! `lookup`: one member, both sides; or one car.
//! It never asks for a `TargetWriter`, so it cannot write to a device.

mod by_id;
mod car;
mod verify;

pub use car::who_from_input;

use self::car::Typed;
use super::{Context, documents};
use crate::cli::LookupArgs;
use crate::command::CommandName;
use crate::config::Environment;
use crate::engine::Systems;
use crate::engine::gather::quiet::{Asked as Answers, Poll, poll, standing};
use crate::engine::gather::touched::{Touched, fitting};
use crate::engine::gather::{Gathered, Scope, gather_with};
use crate::engine::plan::plan;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Asked, AskedDocument, AskedThing};
use crate::report::Report;
use crate::report::lookup::story::Known;
use crate::report::lookup::{Story, document, render};
use crate::report::parking::QuestionError;
use crate::report::unchanged::counted;
use crate::store::{Quiet, Store, StoredHolder};

/// Where more fit a name, everybody is looked at.
const FEW: usize = 200;

/// Runs the command.
pub fn run(context: &Context, environment: &Environment, args: &LookupArgs) -> Result<Exit, Error> {
    match &args.request {
        Some(_) if args.cgi => verify::run_as_cgi(context, environment),
        Some(from) => verify::run(context, from),
        None if AskedDocument::parse(&args.who.join(" ")).is_some() => {
            run_on(context, &context.network(), args)
        }
        // Not all passwords were read.
        None if args.asks_nobody() => from_state(context, args, &args.who.join(" ")),
        None => run_on(context, &context.network(), args),
    }
}

/// Answers what is known of cars, rights, meters and citations, without asking anybody.
fn from_state(context: &Context, args: &LookupArgs, who: &str) -> Result<Exit, Error> {
    if let Some(from) = &args.batch {
        return car::batch(context, from);
    }
    let typed = Typed { who: who.to_owned(), zone: args.zone.clone(), at: args.at.clone() };
    match AskedThing::parse(who) {
        Some(thing) if typed.is_plain() || thing.is_somewhere() => {
            by_id::run(context, &typed, thing)
        }
        _ => Err(QuestionError::OnlyForPlates.into()),
    }
}

/// The same against any systems.
pub fn run_on(context: &Context, systems: &dyn Systems, args: &LookupArgs) -> Result<Exit, Error> {
    let typed = args.who.join(" ");
    if args.batch.is_some() || AskedThing::parse(&typed).is_some() {
        return from_state(context, args, &typed);
    }
    if let (Some(asked), None, None) = (AskedDocument::parse(&typed), &args.zone, &args.at) {
        return documents::lookup(context, systems, (&typed, asked), args.offline);
    }
    if args.zone.is_some() || args.at.is_some() {
        return Err(QuestionError::OnlyForPlates.into());
    }
    let asked = Asked::parse(&typed).ok_or_else(|| Error::Asked(typed.clone()))?;
    let mut store = context.open_store_beside_runs()?;
    let scope = Scope { is_offline: args.offline, ..Scope::default() };
    let look = Lookup { context, systems, asked, typed, scope };
    let (story, report) = match look.at_few(&store)? {
        Ok(told) => told,
        Err(answers) => {
            store.check()?;
            let mut all = look.everybody(&store, answers)?;
            look.tell(&store, &mut all, !args.offline)?
        }
    };
    let exit = story.exit_beside(&report.troubles);
    context.say_troubles(&report);
    if context.is_json {
        context.print_json(&document(&story, exit.code()))?;
    } else {
        context.print(&render(&story, context.look))?;
    }
    Ok(exit)
}

/// Whom to look for, and where.
struct Lookup<'a> {
    context: &'a Context,
    systems: &'a dyn Systems,
    asked: Asked,
    typed: String,
    scope: Scope,
}

impl Lookup<'_> {
    /// What there is to tell without a look at everybody; what the organisations have answered, if they were
    /// asked, where everybody must be looked at.
    fn at_few(&self, store: &Store) -> Result<Result<(Story, Report), Answers>, Error> {
        let config = &self.context.config;
        let mut few = match self.few(store)? {
            Ok(few) => few,
            Err(answers) => return Ok(Err(answers)),
        };
        let plan = plan(&few.gathered.facts);
        let attention = store.pending().attention()?;
        let is_found = !Known::places(&few.gathered, &self.asked).is_empty();
        if !is_found || few.lacks(config, &plan, &attention).is_some() {
            return Ok(Err(few.into_asked()));
        }
        if self.context.compares_looks {
            let answers = few.asked_again().unwrap_or_default();
            let all = self.tell(store, &mut self.everybody(store, answers)?, false)?;
            let told = self.tell(store, &mut few.gathered, false)?;
            if format!("{told:?}") != format!("{all:?}") {
                return Err(Error::LooksDiffer(format!("the story of {}", self.typed)));
            }
        }
        self.tell(store, &mut few.gathered, !self.scope.is_offline).map(Ok)
    }

    /// Whoever fits, and all who have to do with them, where nothing can have changed of anybody else.
    fn few(&self, store: &Store) -> Result<Result<Touched, Answers>, Error> {
        let Self { context, systems, scope, .. } = self;
        let (config, clock) = (&context.config, context.clock);
        let unasked = || Ok(Err(Answers::default()));
        if scope.is_offline {
            let _look = store.reading()?;
            let Some(before) = standing(config, store, clock.began())? else { return unasked() };
            let Some(members) = self.fitting(store, &before)? else { return unasked() };
            let few = Touched::on_file(config, store, clock.began(), before, &members)?;
            return few.map_or_else(unasked, |few| Ok(Ok(few)));
        }
        let news = match poll(*systems, config, store, clock, scope)? {
            Poll::News(news) => news,
            Poll::Changed { asked: answers, .. } => return Ok(Err(answers)),
        };
        Ok(match self.fitting(store, &news.before)? {
            Some(members) => news.look(config, store, scope, &members)?,
            None => Err(news.into_asked()),
        })
    }

    /// Whoever fits by what is known; `None` where they are too many, or where rows of link files name numbers,
    /// which may be in question because of anybody.
    fn fitting(&self, store: &Store, before: &Quiet) -> Result<Option<Vec<StoredHolder>>, Error> {
        let config = &self.context.config;
        if counted(&before.report).is_none_or(|counted| counted.rows.is_none()) {
            return Ok(None);
        }
        Ok(fitting(store, config, &self.asked, FEW)?)
    }

    fn everybody(&self, store: &Store, answers: Answers) -> Result<Gathered, Error> {
        let Self { context, systems, scope, .. } = self;
        let (config, clock) = (&context.config, context.clock);
        let (all, _) = gather_with(*systems, config, store, clock, scope.clone(), answers)?;
        Ok(all)
    }

    /// What there is to tell of whoever fits, and what went wrong; devices are asked once more for that, or
    /// nobody is.
    fn tell(
        &self,
        store: &Store,
        gathered: &mut Gathered,
        asks: bool,
    ) -> Result<(Story, Report), Error> {
        let Self { context, systems, asked, .. } = self;
        let (config, is_offline) = (&context.config, self.scope.is_offline);
        let mut report = Report::new(CommandName::Lookup, None);
        report.troubles = gathered.troubles();
        let mut wanted = Known::places(gathered, asked);
        // Several of a name are listed, for the desk to say which; all of an e-mail are one family.
        let is_open = wanted.len() > 1 && matches!(asked, Asked::Name(_));
        let several = if is_open { std::mem::take(&mut wanted) } else { Vec::new() };
        if asks {
            let looked = gathered.look_again(*systems, config, store, context.clock, &wanted);
            report.troubles.extend(looked?);
        }
        let tick = plan(&gathered.facts);
        let known = Known { config, store, gathered, tick: &tick, is_offline };
        let mut story = known.nobody_yet(&self.typed);
        let members = &gathered.facts.members;
        let several = several.into_iter().filter_map(|place| members.get(place));
        story.several = several.map(|one| one.member.clone()).collect();
        for place in wanted {
            let Some(one) = members.get(place) else { continue };
            let names = gathered.names_of_rights(*systems, config, store, &one.member, !asks)?;
            story.members.extend(known.tell(place, names)?);
        }
        known.add_advice(asked, &mut story);
        known.add_rows_left_out(asked, &mut story)?;
        Ok((story, report))
    }
}
