//! Gathers both sides: asks the organisations, reads devices where that is due, links.
//!
//! Nothing is written here but the memory of logins; [`Gathered::record`] writes the rest, and only
//! a command that holds the run lock calls it. `diff` and `lookup` gather and never record.

pub mod back_off;
pub mod clocks;
pub mod conversation;
pub mod devices;
mod facts;
mod links;
pub mod listing_guard;
mod look_again;
mod merge;
pub mod plausibility;
pub mod quiet;
mod record;
mod sources;
mod summary;
pub mod touched;
pub mod trust;
mod whose_clock;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::config::{Config, Peer, SourceConfig, TargetConfig};
use crate::engine::link::file::LinkFileError;
use crate::engine::plan::{Budget, Change, Facts, HolderFacts, Only, Plan, TargetFacts};
use crate::engine::{Systems, joined};
use crate::model::{
    HolderId, HolderNumber, RecordId, RightCode, SourceName, StoredLinks, TargetName,
};
use crate::ports::Listing;
use crate::store::{FutureRun, SecondLook, SettledRoles, Store, StoreError};
use crate::trouble::{About, Trouble, TroubleKind, own_clock_set_back};

pub use conversation::Conversation;
use conversation::Turn;
pub use devices::{LoginResult, TargetGathered};
pub use facts::AcceptedOn;
pub use links::Looks;
pub use merge::{is_agreed, is_vanished};
use quiet::Asked;
pub use record::settle_open;
pub use sources::SourceGathered;
pub use summary::weigh_devices;

/// Budgets per day look back this far.
const BUDGET_DAY: TimeDelta = TimeDelta::hours(24);

/// How much to ask.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// `--full`.
    pub is_full: bool,
    /// `--only`.
    pub only: Only,
    /// `--accept-shrink`.
    pub accept_shrink: Option<usize>,
    /// `--accept-device`: how many persons a device may hold although it is not believed.
    pub accept_devices: BTreeMap<TargetName, usize>,
    /// `--accept-link`.
    pub accept_links: Vec<AcceptLink>,
    /// Try a login although it was refused before: a person asks for it.
    pub tries_logins: bool,
    /// Ask nobody: take what is known from earlier runs.
    pub is_offline: bool,
}

impl Scope {
    /// What cron asks for: everybody, and nothing that is not due.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        let Self {
            is_full,
            only,
            accept_shrink,
            accept_devices,
            accept_links,
            tries_logins,
            is_offline,
        } = self;
        let accepts =
            accept_shrink.is_some() || !accept_devices.is_empty() || !accept_links.is_empty();
        only.is_everyone() && !is_full && !accepts && !tries_logins && !is_offline
    }
}

/// One `--accept-link DOOR=PERSON:MEMBER`: a person who looked says that they are the same human being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptLink {
    pub device: TargetName,
    pub employee_no: RecordId,
    pub number: HolderNumber,
}

/// Both sides as gathered.
pub struct Gathered {
    /// What planning and the proof look at.
    pub facts: Facts,
    /// What each organisation answered, in the order of the configuration.
    pub sources: Vec<SourceGathered>,
    /// What was read from each device, in the order of the configuration.
    pub devices: Vec<TargetGathered>,
    /// Links that somebody has accepted in this run.
    pub accepted: Vec<AcceptedOn>,
    links: links::LinksGathered,
    /// This computer's clock is not believed.
    clock_trouble: Option<Trouble>,
    now: DateTime<Utc>,
}

/// The conversation with each device that was asked, in the order of the configuration, for carrying out.
pub type Connections<'a> = Vec<Conversation<'a>>;

/// A target while it is gathered from: all that is known of it in one value.
struct TargetInTurn<'c, 'a> {
    config: &'c TargetConfig,
    gathered: TargetGathered,
    open: Conversation<'a>,
    known: KnownOfTarget,
}

impl<'c, 'a> TargetInTurn<'c, 'a> {
    fn new(config: &'c TargetConfig, gathered: TargetGathered, open: Conversation<'a>) -> Self {
        Self { config, gathered, open, known: KnownOfTarget::default() }
    }
}

/// What the state file remembers of a device beside its persons.
#[derive(Debug, Default)]
struct KnownOfTarget {
    stored: StoredLinks,
    settled_roles: SettledRoles,
    /// Persons to whom a revocation was sent within a day.
    revoked: usize,
    /// Its serial number when it was last read.
    serial: Option<String>,
}

impl KnownOfTarget {
    fn read(store: &Store, device: &TargetName, now: DateTime<Utc>) -> Result<Self, StoreError> {
        Self::beside(store, device, now, store.links().links(device)?)
    }

    /// What is remembered beside the links.
    fn beside(
        store: &Store,
        device: &TargetName,
        now: DateTime<Utc>,
        stored: StoredLinks,
    ) -> Result<Self, StoreError> {
        let yesterday = now.checked_sub_signed(BUDGET_DAY).unwrap_or(now);
        Ok(Self {
            serial: store.devices().device_state(device)?.serial,
            stored,
            settled_roles: store.links().settled_roles(device)?,
            revoked: store.journal().revocations_since(device, yesterday, now)?,
        })
    }
}

/// What everybody answered, in the order of the configuration.
type Answers<'c, 'a> = (Vec<SourceGathered>, Vec<TargetInTurn<'c, 'a>>);

/// Why nothing could be gathered at all.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A link file that was never read before cannot be read. Going on without it could link
    /// members by a later rule to other persons than the file would.
    #[error("{error}")]
    LinkFile {
        /// What is wrong with it.
        error: LinkFileError,
        /// What was seen of the other files.
        looks: Looks,
    },
    /// `--accept-link` names nobody who is in question.
    #[error("there is nothing to accept")]
    NothingToAccept(AcceptLink),
}

impl GatherError {
    /// Remembers what was seen, for the next run to compare; only one that holds the run lock does.
    pub fn remember(&self, store: &Store) -> Result<(), StoreError> {
        match self {
            Self::LinkFile { looks, .. } => looks.record(store),
            Self::Store(_) | Self::NothingToAccept(_) => Ok(()),
        }
    }
}

/// Gathers both sides.
///
/// # Errors
/// [`GatherError`]; whatever a system does wrong is in the troubles of what was gathered.
pub fn gather<'a>(
    systems: &'a dyn Systems,
    config: &Config,
    store: &Store,
    clock: Clock,
    scope: Scope,
) -> Result<(Gathered, Connections<'a>), GatherError> {
    gather_with(systems, config, store, clock, scope, Asked::default())
}

/// The same, with what the organisations have answered in this run already.
pub fn gather_with<'a>(
    systems: &'a dyn Systems,
    config: &Config,
    store: &Store,
    clock: Clock,
    scope: Scope,
    asked: Asked,
) -> Result<(Gathered, Connections<'a>), GatherError> {
    let now = clock.began();
    let links = links::read(store, config, now)?;
    let turns = conversation::take_turns(config, store, clock, &scope)?;
    let (mut sources, mut targets) = ask_all(systems, config, store, turns, clock, &scope, asked)?;
    let inquiry = whose_clock::ClockInquiry { systems, config, store, scope: &scope, clock };
    inquiry.settle(&mut sources, &mut targets)?;
    let clock_trouble = if scope.is_offline {
        None
    } else {
        let doubt = run_after(store, now)?;
        doubt.and_then(|run| doubt_clock_set_back(&mut sources, run.began, now))
    };
    for target in &targets {
        remember_login(store, target.config.peer(), target.gathered.login, now)?;
    }
    let reading = store.reading()?;
    for target in &mut targets {
        target.known = KnownOfTarget::read(store, &target.config.name, now)?;
    }
    drop(reading);
    for target in &mut targets {
        let members = sources.iter().flat_map(|source| &source.members);
        let doubt = target.gathered.doubt_renamed(&target.known.stored, members, config.guard);
        if let (Some(doubt), false) = (doubt, target.gathered.is_accepted) {
            target.gathered.take_back(target.config, &doubt);
            target.open = Conversation::none();
        }
    }
    devices::disown_twins(&mut targets);
    let facts = facts::put_together(config, &mut sources, &mut targets, &links.table, &scope, now);
    let (facts, accepted) = facts.map_err(GatherError::NothingToAccept)?;
    let (devices, open) = targets.into_iter().map(|one| (one.gathered, one.open)).unzip();
    Ok((Gathered { facts, sources, devices, accepted, links, clock_trouble, now }, open))
}

/// Remembers what a login taught.
pub fn remember_login(
    store: &Store,
    Peer { name, login, .. }: Peer<'_>,
    result: LoginResult,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    match result {
        LoginResult::NotTried => Ok(()),
        LoginResult::Worked => store.trust().forget_refusals(name),
        LoginResult::Refused => {
            store.trust().remember_refusal(name, &login.name, &login.secret, now).map(|_| ())
        }
    }
}

/// Asks organisations and devices side by side: a slow one never waits for another.
fn ask_all<'c, 'a>(
    systems: &'a dyn Systems,
    config: &'c Config,
    store: &Store,
    turns: Vec<(&'c TargetConfig, Turn)>,
    clock: Clock,
    scope: &Scope,
    Asked(asked_before): Asked,
) -> Result<Answers<'c, 'a>, StoreError> {
    let now = clock.began();
    let ask = sources::Ask::new(now, scope, config);
    let mut known = Vec::with_capacity(config.sources.len());
    for source in &config.sources {
        known.push((
            source,
            store.members().source_state(&source.name)?,
            store.members().role_names(&source.name)?,
        ));
    }
    if scope.is_offline {
        let mut sources = Vec::with_capacity(known.len());
        for (source, state, _) in known {
            sources.push(sources::not_asked(
                source,
                &state,
                store.members().members(&source.name)?,
            ));
        }
        let targets = turns.into_iter().map(|(device, turn)| {
            let gathered = devices::untouched(device, turn.into_before());
            TargetInTurn::new(device, gathered, Conversation::none())
        });
        return Ok((sources, targets.collect()));
    }
    thread::scope(|threads| {
        let not_asked = |device, gathered| {
            Coming::Here(Box::new(TargetInTurn::new(device, gathered, Conversation::none())))
        };
        let targets: Vec<_> = turns
            .into_iter()
            .map(|(device, turn)| {
                let ask = devices::AskTarget::new(scope, device, now);
                match turn {
                    Turn::Ours(before, lock) => Coming::OnItsWay(threads.spawn(move || {
                        let (gathered, reader) = devices::read_due(systems, device, *before, ask);
                        let open = Conversation { lock: Some(lock), reader };
                        TargetInTurn::new(device, gathered, open)
                    })),
                    Turn::NotDue(before) => not_asked(device, devices::untouched(device, *before)),
                    Turn::Busy(before, holder) => {
                        not_asked(device, devices::busy(device, *before, &holder))
                    }
                }
            })
            .collect();
        let mut asked = Vec::with_capacity(known.len());
        let mut asked_before = asked_before.into_iter().flatten();
        for (source, state, names) in &known {
            let listing = sources::choose(source, state, ask);
            let answer = match asked_before.next() {
                Some(answer) => Coming::Here(Box::new(answer)),
                None => Coming::OnItsWay(
                    threads.spawn(move || sources::request(systems, source, listing, names, clock)),
                ),
            };
            // The members known are read while the answer is on its way, except beside a complete
            // listing: that one takes most of a run's memory, and is best alone.
            let early = match listing {
                Listing::ChangedSince(_) => Some(store.members().members(&source.name)?),
                Listing::Complete => None,
            };
            asked.push((*source, state.clone(), answer, early));
        }
        let mut sources = Vec::with_capacity(asked.len());
        for (source, state, answer, early) in asked {
            let answer = answer.when_here();
            let members = match early {
                Some(members) => members,
                None => store.members().members(&source.name)?,
            };
            sources.push(sources::digest(source, answer, state, members, ask));
        }
        Ok((sources, targets.into_iter().map(Coming::when_here).collect()))
    })
}

/// A run that began later than now, by a clock that was set back since.
fn run_after(store: &Store, now: DateTime<Utc>) -> Result<Option<FutureRun>, StoreError> {
    let from = now.checked_add_signed(clocks::TOLERANCE).unwrap_or(now);
    Ok(store.overview().future_run(from)?.filter(|run| clocks::is_set_back(*run, now)))
}

/// A clock that shows less than when an earlier run began was set back, then or now; which of the two
/// times is right, only a source's own clock tells. A small computer without a battery begins each life
/// in the past, until the network has told it the time.
fn doubt_clock_set_back(
    sources: &mut [SourceGathered],
    latest: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Trouble> {
    if sources.iter().any(|source| source.is_clock_confirmed) {
        return None;
    }
    sources.iter_mut().for_each(sources::doubt_clock);
    let kind = TroubleKind::OwnClock(own_clock_set_back(now, latest));
    Some(Trouble::new(About::ThisComputer, kind))
}

/// An answer that a thread waits for, or one that is here.
enum Coming<'scope, T> {
    OnItsWay(thread::ScopedJoinHandle<'scope, T>),
    Here(Box<T>),
}

impl<T> Coming<'_, T> {
    fn when_here(self) -> T {
        match self {
            Self::OnItsWay(thread) => joined(thread),
            Self::Here(answer) => *answer,
        }
    }
}

impl Gathered {
    /// Every organisation of the configuration it was gathered with, beside what it answered.
    pub fn each_source<'g>(
        &'g self,
        config: &'g Config,
    ) -> impl Iterator<Item = (&'g SourceConfig, &'g SourceGathered)> {
        config.sources.iter().zip(&self.sources)
    }

    /// Every device of the configuration it was gathered with, beside what was read and what follows.
    pub fn each_target<'g>(
        &'g self,
        config: &'g Config,
    ) -> impl Iterator<Item = (&'g TargetConfig, &'g TargetGathered, &'g TargetFacts)> + Clone {
        let devices = config.devices.iter().zip(&self.devices).zip(&self.facts.devices);
        devices.map(|((device, gathered), facts)| (device, gathered, facts))
    }

    /// What the next tick asks each organisation again, because somebody would lose access by what one
    /// listing alone has said; only where that is news. What a listing of changes did not repeat, only
    /// another complete listing can confirm.
    #[must_use]
    pub fn second_looks(
        &self,
        config: &Config,
        plan: &Plan,
    ) -> Vec<(SourceName, Option<SecondLook>)> {
        if !self.facts.only.is_everyone() {
            return Vec::new();
        }
        let waits = |change: &&Change| change.blocked == Some(Budget::SecondLook);
        let waiting: BTreeSet<&HolderId> =
            plan.changes.iter().filter(waits).map(|change| &change.member).collect();
        let mut news = Vec::new();
        for (source, gathered) in self.each_source(config) {
            let (Some(listing), Some(state)) = (gathered.listing, &gathered.state) else {
                continue;
            };
            let mine = self.facts.members.iter().filter(|facts| {
                let key = &facts.member.key;
                key.source == source.name && waiting.contains(key)
            });
            let asked_again = |facts: &HolderFacts| match listing {
                Listing::ChangedSince(since) if facts.said_at >= self.now => {
                    SecondLook::Since(since)
                }
                Listing::ChangedSince(_) | Listing::Complete => SecondLook::Complete,
            };
            let look = mine.map(asked_again).reduce(|one, other| match (one, other) {
                (SecondLook::Since(one), SecondLook::Since(other)) => {
                    SecondLook::Since(one.min(other))
                }
                _ => SecondLook::Complete,
            });
            if look != state.second_look {
                news.push((source.name.clone(), look));
            }
        }
        news
    }

    /// Role names of an organisation, where they were asked for just now.
    #[must_use]
    pub fn fresh_role_names(
        &self,
        config: &Config,
        source: &SourceName,
    ) -> Option<&BTreeMap<RightCode, String>> {
        let place = config.sources.iter().position(|one| one.name == *source)?;
        self.sources.get(place)?.role_names.as_ref()
    }
}
