//! The quiet tick: one that cannot change anything.
//!
//! A run that did all that there was to do, and found nothing wrong, stores a digest of its inputs and the time
//! until which the plan cannot change ([`digest`]). While the digest still matches, the next tick only polls the
//! sources ([`poll`]), and looks at those alone whom they have news of ([`touched`]).
//! Otherwise it runs in full and reuses their answers.

use std::borrow::Cow;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::devices::is_reading_due;
use super::sources::{self, Answer, Ask, SourceGathered};
use super::touched::{self, Touched};
use super::{Gathered, Scope, joined, links};
use crate::clock::Clock;
use crate::config::{Config, Mode, SourceConfig};
use crate::engine::plan::{Standing, unchanged_until};
use crate::engine::{SourceReport, Systems, TargetOutcome};
use crate::ports::Listing;
use crate::store::{FileSeen, Quiet, SourceState, Store, StoreError, StoredHolder};
use crate::text::hex::hex;

/// A listing that names more members is compared with everybody.
const NAMED_MAX: usize = 1_000;

/// What the organisations had to say to a tick that may be quiet.
pub enum Poll {
    /// Everything but what they have news of is as it was.
    News(News),
    /// Everything must be looked at. What was answered comes with it, and whether an organisation is to be asked
    /// for everybody.
    Changed { asked: Asked, is_listing_due: bool },
}

/// What organisations had to say that were asked for changes.
pub struct News {
    /// What the run left that looked at everything last.
    pub before: Quiet,
    now: DateTime<Utc>,
    asked: Vec<Answer>,
    /// What is known of the members of each whom its listing names, and what the listing comes to.
    of_source: Vec<(Vec<StoredHolder>, SourceGathered)>,
}

impl News {
    /// Whether they have no news of anybody.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.of_source.iter().all(|(_, gathered)| gathered.changed.is_empty())
    }

    /// What each had to say, for a report.
    #[must_use]
    pub fn reports(&self) -> Vec<SourceReport> {
        self.of_source.iter().map(|(_, gathered)| gathered.report.clone()).collect()
    }

    /// What they answered, for a look at everybody.
    #[must_use]
    pub fn into_asked(self) -> Asked {
        Asked(Some(self.asked))
    }

    /// Gathers those whom they have news of, `others` besides, and all who have to do with them. These may be
    /// too many, or something else stands in the way: then what was answered comes back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn look(
        self,
        config: &Config,
        store: &Store,
        scope: &Scope,
        others: &[StoredHolder],
    ) -> Result<Result<Touched, Asked>, StoreError> {
        let Self { before, now, asked, of_source } = self;
        Ok(match touched::gather(config, store, scope, now, of_source, others)? {
            Some(gathered) => Ok(Touched { gathered, before, asked }),
            None => Err(Asked(Some(asked))),
        })
    }
}

/// What is known of an organisation, and what it is asked.
type Question = (SourceState, Listing);

/// Answers that are there before everything is gathered: of every organisation in the order of the
/// configuration, or none at all.
#[derive(Debug, Default)]
pub struct Asked(pub(super) Option<Vec<Answer>>);

/// Asks the organisations for changes, if the digest of an earlier run says that nothing else can matter.
///
/// # Errors
/// [`StoreError`]; whatever goes wrong outside is in the answers.
pub fn poll(
    systems: &dyn Systems,
    config: &Config,
    store: &Store,
    clock: Clock,
    scope: &Scope,
) -> Result<Poll, StoreError> {
    let look = store.reading()?;
    let now = clock.began();
    let questions = questions(config, store, now, scope)?;
    let is_listing_due = questions.iter().any(|(_, listing)| *listing == Listing::Complete);
    let before = match is_listing_due {
        true => None,
        false => matching_digest(config, store, now, scope)?,
    };
    let Some(before) = before else {
        return Ok(Poll::Changed { asked: Asked::default(), is_listing_due });
    };
    drop(look);
    let ask = Ask::new(now, scope, config);
    // A large link file takes a while to read, and so does an answer to come.
    let (asked, is_unchanged) =
        ask_for_changes(systems, config, &questions, clock, || came_from(config, &before, now));
    let mut of_source = Vec::with_capacity(asked.len());
    if is_unchanged {
        for ((source, (state, _)), answer) in config.sources.iter().zip(&questions).zip(&asked) {
            let Some(humans) = sources::named(answer, NAMED_MAX) else { break };
            let members = store.members().members_by_human(&source.name, &humans)?;
            let known = members.clone();
            let Some(gathered) = sources::news(source, answer, state, members, ask) else { break };
            of_source.push((known, gathered));
        }
    }
    Ok(match of_source.len() == config.sources.len() {
        true => Poll::News(News { before, now, asked, of_source }),
        false => Poll::Changed { asked: Asked(Some(asked)), is_listing_due },
    })
}

/// What each organisation is to be asked.
fn questions(
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
    scope: &Scope,
) -> Result<Vec<Question>, StoreError> {
    let ask = Ask::new(now, scope, config);
    let question = |source: &SourceConfig| {
        let state = store.members().source_state(&source.name)?;
        let listing = sources::choose(source, &state, ask);
        Ok((state, listing))
    };
    config.sources.iter().map(question).collect()
}

/// What the last run left that looked at everything, while nothing can have changed since then: for whoever
/// asks nobody, to whom it is the same whether a listing or a reading is due.
///
/// # Errors
/// [`StoreError`]; a link file that cannot be read is another one than it was.
pub fn standing(
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Option<Quiet>, StoreError> {
    for device in &config.devices {
        if store.devices().device_state(&device.name)?.read_at.is_none() {
            return Ok(None);
        }
    }
    Ok(last_digest(config, store, now)?.filter(|quiet| came_from(config, quiet, now)))
}

/// The digest of the last run that looked at everything, if it is still time to take it and no write is open.
fn last_digest(
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Option<Quiet>, StoreError> {
    let Some(quiet) = store.journal().quiet()? else { return Ok(None) };
    if now < quiet.since || quiet.until <= now {
        return Ok(None);
    }
    for device in &config.devices {
        // Where nothing may be written, nothing can be put in force either.
        let is_committed = device.kind.capabilities().commits && device.mode != Mode::Observe;
        if store.journal().has_open_writes(&device.name, is_committed)? {
            return Ok(None);
        }
    }
    Ok(Some(quiet))
}

/// The digest of the last run that looked at everything, if it is still time to take it and no door is to be
/// read.
fn matching_digest(
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
    scope: &Scope,
) -> Result<Option<Quiet>, StoreError> {
    if !scope.is_usual() {
        return Ok(None);
    }
    let Some(quiet) = last_digest(config, store, now)? else { return Ok(None) };
    for device in &config.devices {
        if is_reading_due(device, &store.devices().device_state(&device.name)?, now) {
            return Ok(None);
        }
    }
    Ok(Some(quiet))
}

/// Whether the configuration and the link files are those that a digest was made of.
fn came_from(config: &Config, quiet: &Quiet, now: DateTime<Utc>) -> bool {
    let hashes = links::hashes(&config.link.files, &quiet.files, now);
    hashes.is_ok_and(|hashes| inputs(config, &hashes) == quiet.inputs)
}

/// Asks all organisations side by side, and does something else meanwhile.
fn ask_for_changes<T>(
    systems: &dyn Systems,
    config: &Config,
    questions: &[Question],
    clock: Clock,
    meanwhile: impl FnOnce() -> T,
) -> (Vec<Answer>, T) {
    thread::scope(|threads| {
        let asked: Vec<_> = config
            .sources
            .iter()
            .zip(questions)
            .map(|(source, (_, listing))| {
                threads.spawn(move || {
                    sources::request(systems, source, *listing, &Default::default(), clock)
                })
            })
            .collect();
        let done = meanwhile();
        (asked.into_iter().map(joined).collect(), done)
    })
}

/// The digest of a run that looked at everything, if nothing was wrong, for when what was planned is done. What
/// it had to say is to be added.
#[must_use]
pub fn digest(config: &Config, gathered: &Gathered) -> Option<Quiet> {
    let hears_all = gathered.sources.iter().all(|source| {
        source.standing == Standing::Fresh && source.state.is_some() && source.trouble.is_none()
    });
    let sees_all = gathered.devices.iter().all(|device| {
        device.is_known && device.outcome == TargetOutcome::Ok && device.troubles.is_empty()
    });
    // The next run takes the doubt back, or believes the file: a quiet one would do neither.
    let doubts_files = gathered.links.has_doubt();
    if !hears_all || !sees_all || doubts_files {
        return None;
    }
    let files = &gathered.links.files;
    let hashes: Vec<_> = files.iter().map(|FileSeen(sha256, _)| sha256.into()).collect();
    Some(Quiet {
        inputs: inputs(config, &hashes),
        since: gathered.now,
        until: match config.devices.is_empty() {
            // Nobody can be planned for.
            true => gathered.now.checked_add_signed(TimeDelta::days(1))?,
            false => unchanged_until(&gathered.facts)?,
        },
        files: files.clone(),
        report: String::new(),
    })
}

/// A digest of everything a plan is made of but the state file, the listings and the time. Passwords
/// are not in it: they change no plan.
fn inputs(config: &Config, link_files: &[Cow<'_, str>]) -> String {
    let Config { sources, devices, link, policy, guard, .. } = config;
    let version = env!("CARGO_PKG_VERSION");
    let all =
        format!("{version} {sources:?} {devices:?} {link:?} {policy:?} {guard:?} {link_files:?}");
    hex(&Sha256::digest(all.as_bytes()))
}
