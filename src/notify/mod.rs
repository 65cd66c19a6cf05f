//! Alarms for people: who gets which message, when, and how.
//!
//! ```text
//! report or error ──> outlook (pure) ──> decide (pure) ──> message (pure) ──> channel: email, webhook
//!                                          ↑      └──────────────> memory: state file, or beside it
//!                                          └── what was sent before
//! ```
//!
//! Nothing here changes what a run does or how it ends.

mod channel;
pub mod decide;
mod email;
mod heartbeat;
mod hello;
mod login;
mod memory;
pub mod message;
pub mod outlook;
pub mod stderr;
pub mod topic;

use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub use channel::{Channel, Undelivered};

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::Zone;
use crate::report::Report;
use crate::store::{Machine, Store};
use crate::trouble::{About, Failed, Trouble, TroubleKind};
use decide::decide;
use heartbeat::Heartbeat;
use memory::{Beside, Memory};
use message::{Message, compose};
use outlook::Observation;

/// One run that somebody may hear of.
#[derive(Debug)]
pub struct Watch<'a> {
    config: &'a Config,
    clock: Clock,
}

/// The ways to tell somebody, as configured.
#[must_use]
pub fn channels(config: &Config) -> Vec<Channel<'_>> {
    let email = config.notify.email.iter().map(Channel::Email);
    let webhook = config.notify.webhook.iter().map(Channel::Webhook);
    email.chain(webhook).collect()
}

/// Tries every channel with a message that says so, although its login may have been refused before: a
/// person asks for it.
#[must_use]
pub fn try_out(config: &Config, clock: Clock) -> Vec<(Channel<'_>, Result<(), Undelivered>)> {
    let now = clock.now();
    let computer = sender(config);
    let message = Message::test(config.club.as_deref(), computer);
    let send = |channel: Channel<'_>| channel.send(&message, now, computer);
    let tried: Vec<_> = channels(config).into_iter().map(|one| (one, send(one))).collect();
    if !tried.is_empty() {
        with_memory(config, true, |memory| {
            tried.iter().for_each(|(channel, sent)| login::learn(memory, *channel, sent, now));
        });
    }
    tried
}

/// Does something with the memory: the state file, or what lies beside it where that is not sound.
fn with_memory<T>(
    config: &Config,
    is_state_sound: bool,
    work: impl FnOnce(&mut Memory<'_>) -> T,
) -> T {
    let store = if is_state_sound { Store::open(&config.state).ok() } else { None };
    match store {
        Some(store) => {
            let mut store = store.with_machine(Machine::here(config.computer.as_deref()));
            work(&mut Memory::State(&mut store))
        }
        None => work(&mut Memory::Beside(Beside::open(&config.state))),
    }
}

/// Calls the heartbeat as a run does that ended with `code`; `None` where none is configured.
#[must_use]
pub fn try_heartbeat(config: &Config, code: u8) -> Option<Result<(), Undelivered>> {
    Some(heartbeat::try_out(config.notify.heartbeat.as_ref()?, code))
}

/// Runs a `sync` with somebody watching.
///
/// # Errors
/// Those of the run.
pub fn watch(
    config: &Config,
    clock: Clock,
    run: impl FnOnce(&Watch<'_>) -> Result<Exit, Error>,
) -> Result<Exit, Error> {
    let heartbeat = config.notify.heartbeat.as_ref().map(Heartbeat::start);
    let watch = Watch { config, clock };
    let outcome = catch_unwind(AssertUnwindSafe(|| run(&watch)));
    let exit = match &outcome {
        Ok(Ok(exit)) => *exit,
        Ok(Err(error)) => {
            watch.failed(error);
            error.exit()
        }
        Err(_) => {
            watch.send_without_run(&outlook::of_panic(config), true);
            Exit::Bug
        }
    };
    if let Some(heartbeat) = heartbeat {
        heartbeat.end(exit.code());
    }
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}

impl Watch<'_> {
    /// Tells what a tick came to.
    pub fn record_tick(&self, store: &mut Store, report: &Report) {
        let config = self.config;
        if channels(config).is_empty() {
            return;
        }
        let Some(observations) = outlook::of_report(&config.link.files, report) else { return };
        if let Err(error) = memory::take_over(store, &config.state) {
            log::info!("alarms: {error}");
        }
        let failed = self.send_all(&mut Memory::State(store), &observations);
        for (channel, why) in failed {
            self.warn(store, &undelivered(channel, &why));
        }
    }

    /// Tells of a run that broke off.
    fn failed(&self, error: &Error) {
        let Some(observations) = outlook::of_error(self.config, error) else { return };
        self.send_without_run(&observations, !matches!(error, Error::Store(_)));
    }

    /// The same for a run that has no open state file any more.
    fn send_without_run(&self, observations: &[Observation], is_state_sound: bool) {
        let config = self.config;
        if channels(config).is_empty() {
            return;
        }
        let failed =
            with_memory(config, is_state_sound, |memory| self.send_all(memory, observations));
        for (channel, why) in failed {
            log::info!("{}", undelivered(channel, &why).line());
        }
    }

    /// Tells every channel what it should hear, and gives those that did not take it.
    fn send_all<'c>(
        &'c self,
        memory: &mut Memory<'_>,
        observations: &[Observation],
    ) -> Vec<(Channel<'c>, Undelivered)> {
        let mut failed = Vec::new();
        for channel in channels(self.config) {
            if let Err(why) = self.send_one(memory, channel, observations) {
                failed.push((channel, why));
            }
        }
        failed
    }

    fn send_one(
        &self,
        memory: &mut Memory<'_>,
        channel: Channel<'_>,
        observations: &[Observation],
    ) -> Result<(), Undelivered> {
        let (config, now) = (self.config, self.clock.began());
        let name = channel.name();
        let zone = zone(config);
        let remembered = memory.load(name).unwrap_or_else(|error| {
            log::info!("alarms: {error}");
            Vec::new()
        });
        let decision = decide(&remembered, observations, now);
        let message = compose(&decision.notices, now, zone, config.club.as_deref(), sender(config));
        let message = message.map(|message| message.with_commands_of(&config.invocation));
        // What cannot be remembered would be sent at every tick.
        let kept = match (&message, decision.if_refused == remembered) {
            (None, true) => Ok(()),
            _ => memory.keep(name, &decision.if_refused),
        };
        if let Err(error) = &kept {
            log::info!("alarms cannot be remembered: {error}");
        }
        let Some(message) = message else { return Ok(()) };
        if kept.is_err() && !memory::is_window(now, zone) {
            return Ok(());
        }
        if let Some(why) = login::held_back(memory, channel, now, zone) {
            return Err(why);
        }
        let sent = channel.send(&message, self.clock.now(), sender(config));
        login::learn(memory, channel, &sent, now);
        if sent.as_ref().is_err_and(|why| !why.is_delivered) {
            return sent;
        }
        log::info!("sent by {name}: {}", message.subject);
        if let Err(error) = memory.keep(name, &decision.if_taken) {
            log::info!("alarms cannot be remembered: {error}");
        }
        sent
    }

    /// Says on stderr that a channel did not take a message: to a person always, to cron once a day.
    fn warn(&self, store: &mut Store, trouble: &Trouble) {
        let is_by_hand = std::io::stderr().is_terminal();
        let now = self.clock.began();
        let is_news = is_by_hand || stderr::is_news(store, trouble.topic(), now);
        let level = if is_news { log::Level::Warn } else { log::Level::Info };
        log::log!(level, "{}", trouble.line());
    }
}

fn undelivered(channel: Channel<'_>, why: &Undelivered) -> Trouble {
    let failed = Failed::new(&why.text, Some(why.hint));
    Trouble::new(About::Channel(channel.name()), TroubleKind::NotTold(failed))
}

/// Times in messages are the club's.
fn zone(config: &Config) -> Zone {
    config.sources.first().map_or(Zone::UTC, |source| source.time_zone)
}

/// The name of this computer, for whoever gets messages of several.
fn sender(config: &Config) -> Option<&str> {
    config.computer.as_deref()
}
