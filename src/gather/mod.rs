//! Gathers both sides: asks the organisations, reads devices where that is due, links.
//!
//! Nothing is written here but the memory of logins; [`Gathered::record`] writes the rest, and only
//! a command that holds the run lock calls it. `diff` and `lookup` gather and never record.

pub mod acceptance;
pub mod devices;
mod links;
mod merge;
mod sources;

use std::collections::BTreeMap;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::config::{Config, DeviceConfig};
use crate::exit::Exit;
use crate::link;
use crate::model::{DeviceName, EmployeeNo, OrganisationId, Person, PersonLimit, RoleId};
use crate::plan::{DeviceFacts, Facts, MemberFacts, Only, SourceFacts};
use crate::report::{DeviceOutcome, DeviceReport, SourceReport, Trouble};
use crate::store::{ListingDelta, Outcome, OutcomeKind, Reading, Store, StoreError};

pub use devices::{DeviceGathered, LoginResult};
pub use sources::SourceGathered;

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
    /// Ask nobody: take what is known from earlier runs.
    pub is_offline: bool,
}

/// Both sides as gathered.
pub struct Gathered {
    /// What planning and the proof look at.
    pub facts: Facts,
    /// What was heard from each organisation, in the order of the configuration.
    pub sources: Vec<SourceGathered>,
    /// What was read from each device, in the order of the configuration.
    pub devices: Vec<DeviceGathered>,
    links: links::LinksGathered,
    now: DateTime<Utc>,
}

/// Gathers both sides.
///
/// # Errors
/// [`StoreError`]; whatever goes wrong outside is in the troubles of what was gathered.
pub fn gather(
    config: &Config,
    store: &Store,
    clock: Clock,
    scope: Scope,
) -> Result<Gathered, StoreError> {
    let now = clock.began();
    let mut before_sources = Vec::with_capacity(config.sources.len());
    for source in &config.sources {
        before_sources.push(sources::Before {
            state: store.source_state(source.organisation)?,
            members: store.members(source.organisation)?,
            role_names: store.role_names(source.organisation)?,
        });
    }
    let mut before_devices = Vec::with_capacity(config.devices.len());
    for device in &config.devices {
        before_devices.push(devices::Before {
            state: store.device_state(&device.name)?,
            persons: store.persons(&device.name)?,
            login: store.login_memory(&device.name, &device.username, &device.password)?,
            has_open_intents: !store.open_intents(&device.name)?.is_empty(),
        });
    }
    let links = links::read(store, &config.link.files)?;
    let (sources, devices) = ask_all(config, before_sources, before_devices, now, &scope);
    for (device, gathered) in config.devices.iter().zip(&devices) {
        remember_login(store, device, gathered.login, now)?;
    }
    let facts = facts(config, store, &sources, &devices, &links.table, scope.only, now)?;
    Ok(Gathered { facts, sources, devices, links, now })
}

/// Remembers what a login taught. Source: design.md section 4, "Login".
///
/// # Errors
/// [`StoreError`].
pub fn remember_login(
    store: &Store,
    device: &DeviceConfig,
    result: LoginResult,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    match result {
        LoginResult::NotTried => Ok(()),
        LoginResult::Worked => store.forget_refusals(&device.name),
        LoginResult::Refused => store
            .remember_refusal(&device.name, &device.username, &device.password, now)
            .map(|_| ()),
    }
}

/// Asks organisations and devices side by side: a slow one never waits for another.
fn ask_all(
    config: &Config,
    before_sources: Vec<sources::Before>,
    before_devices: Vec<devices::Before>,
    now: DateTime<Utc>,
    scope: &Scope,
) -> (Vec<SourceGathered>, Vec<DeviceGathered>) {
    let ask = sources::Ask {
        now,
        is_full: scope.is_full,
        accept_shrink: scope.accept_shrink,
        guard: config.guard,
    };
    if scope.is_offline {
        let sources =
            config.sources.iter().zip(before_sources).map(|(c, b)| sources::not_asked(c, b));
        let devices = before_devices.into_iter().map(devices::untouched);
        return (sources.collect(), devices.collect());
    }
    thread::scope(|threads| {
        let devices: Vec<_> = config
            .devices
            .iter()
            .zip(before_devices)
            .map(|(device, before)| {
                threads.spawn(move || devices::read_if_due(device, before, now, scope.is_full))
            })
            .collect();
        let sources: Vec<_> = config
            .sources
            .iter()
            .zip(before_sources)
            .map(|(source, before)| threads.spawn(move || sources::ask(source, before, ask)))
            .collect();
        (sources.into_iter().map(joined).collect(), devices.into_iter().map(joined).collect())
    })
}

/// A panic in a thread is a bug, and goes on as one.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn facts(
    config: &Config,
    store: &Store,
    sources: &[SourceGathered],
    devices: &[DeviceGathered],
    table: &link::LinkTable,
    only: Only,
    now: DateTime<Utc>,
) -> Result<Facts, StoreError> {
    let mut members: Vec<MemberFacts> = Vec::new();
    for gathered in sources {
        members.extend(gathered.merged.members.iter().map(|stored| MemberFacts {
            member: stored.member.clone(),
            is_vanished: merge::is_vanished(stored, gathered.complete_at),
            problem: stored.problem.clone(),
        }));
    }
    members.sort_by_key(|facts| facts.member.key);
    let source_facts = config.sources.iter().zip(sources).map(|(source, gathered)| {
        let facts = SourceFacts {
            name: source.name.clone(),
            roles: source.roles.clone(),
            standing: gathered.standing,
        };
        (source.organisation, facts)
    });
    let yesterday = now.checked_sub_signed(BUDGET_DAY).unwrap_or(now);
    let mut device_facts = Vec::with_capacity(devices.len());
    for (device, gathered) in config.devices.iter().zip(devices) {
        let linking = if gathered.is_known {
            let stored = store.links(&device.name)?;
            let people = members.iter().map(|facts| &facts.member);
            link::resolve(people, &gathered.persons.persons, table, &stored, &config.link.by)
        } else {
            Vec::new()
        };
        device_facts.push(DeviceFacts {
            name: device.name.clone(),
            time_zone: device.time_zone,
            mode: device.mode,
            roles: device.roles.clone(),
            protect: device.protect.clone(),
            persons: gathered.persons.persons.clone(),
            confirmed: gathered.persons.confirmed.clone(),
            linking,
            is_first_run: gathered.is_first_run,
            revoked_last_day: store.revocations_since(&device.name, yesterday)?,
        });
    }
    Ok(Facts {
        now,
        policy: config.policy,
        guard: config.guard,
        sources: source_facts.collect(),
        members,
        devices: device_facts,
        only,
    })
}

impl Gathered {
    /// Records accepted listings, readings, link files and links.
    ///
    /// # Errors
    /// [`StoreError`]; what was recorded up to there stands, and the next run asks again for the rest.
    pub fn record(&self, config: &Config, store: &mut Store) -> Result<(), StoreError> {
        for device in &config.devices {
            store.know_device(&device.name)?;
        }
        for (source, gathered) in config.sources.iter().zip(&self.sources) {
            if let Some(state) = &gathered.state {
                let members = &gathered.merged.members;
                let changed =
                    gathered.merged.changed.iter().filter_map(|place| members.get(*place));
                let delta = ListingDelta { changed: changed.collect(), state: state.clone() };
                store.record_listing(source.organisation, &delta)?;
            }
            if let Some(names) = &gathered.role_names {
                store.record_role_names(source.organisation, names)?;
            }
        }
        links::record(store, &self.links, self.now)?;
        for ((device, gathered), facts) in
            config.devices.iter().zip(&self.devices).zip(&self.facts.devices)
        {
            if let Some(reading) = &gathered.reading {
                let persons = &gathered.persons.persons;
                settle_open(store, &device.name, persons, self.now)?;
                let reading = Reading { serial: &reading.serial, persons, at: reading.at };
                store.record_reading(&device.name, &reading)?;
            } else if gathered.outcome != DeviceOutcome::Ok {
                store.require_reading(&device.name)?;
            }
            self.record_links(store, device, facts)?;
        }
        Ok(())
    }

    fn record_links(
        &self,
        store: &mut Store,
        device: &DeviceConfig,
        facts: &DeviceFacts,
    ) -> Result<(), StoreError> {
        let known = store.links(&device.name)?;
        let mut news = Vec::new();
        for (member, link) in self.facts.members.iter().zip(&facts.linking) {
            let Ok(link) = link else { continue };
            let is_news = known
                .get(&member.member.key)
                .is_none_or(|old| old.employee_no != link.employee_no || old.rule != link.rule);
            if is_news {
                news.push((member.member.key, link));
            }
        }
        if news.is_empty() {
            return Ok(());
        }
        store.record_links(&device.name, news.into_iter(), self.now)
    }

    /// What went wrong while gathering.
    pub fn troubles(&self) -> Vec<Trouble> {
        let sources = self.sources.iter().filter_map(|source| source.trouble.clone());
        let devices = self.devices.iter().filter_map(|device| device.trouble.clone());
        self.links.troubles.iter().cloned().chain(sources).chain(devices).collect()
    }

    /// What to say of each organisation.
    pub fn source_reports(&self) -> Vec<SourceReport> {
        self.sources.iter().map(|source| source.report.clone()).collect()
    }

    /// What to say of each device so far.
    pub fn device_reports(&self, config: &Config) -> Vec<DeviceReport> {
        let reports = config.devices.iter().zip(&self.devices).map(|(device, gathered)| {
            let outcome = match (gathered.outcome, device.mode) {
                (DeviceOutcome::Ok, crate::config::Mode::Observe) => DeviceOutcome::Observed,
                (outcome, _) => outcome,
            };
            let persons = gathered.persons.persons.len();
            DeviceReport { name: device.name.clone(), persons, outcome }
        });
        reports.collect()
    }

    /// Role names of an organisation, where they were asked for just now.
    #[must_use]
    pub fn fresh_role_names(
        &self,
        config: &Config,
        organisation: OrganisationId,
    ) -> Option<&BTreeMap<RoleId, String>> {
        let place = config.sources.iter().position(|s| s.organisation == organisation)?;
        self.sources.get(place)?.role_names.as_ref()
    }
}

/// Settles what a run that died had announced, by what the device holds now.
fn settle_open(
    store: &mut Store,
    device: &DeviceName,
    persons: &BTreeMap<EmployeeNo, Person>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let intents = store.open_intents(device)?;
    if intents.is_empty() {
        return Ok(());
    }
    let settled: Vec<_> = intents
        .into_iter()
        .map(|intent| {
            let person = persons.get(&intent.employee_no);
            let took = person.is_some_and(|p| p.limit == PersonLimit::Window(intent.after));
            let (kind, text) = if took {
                (OutcomeKind::Confirmed, "the run was cut off; the device had taken the change")
            } else {
                (OutcomeKind::NotApplied, "the run was cut off before the device took the change")
            };
            log::warn!("{device}: person {}: {text}", intent.employee_no);
            let error = Some(text.to_owned());
            (intent, Outcome { kind, error, person: person.cloned() })
        })
        .collect();
    store.settle(&settled, now)
}

/// Turns "part failed" into "temporary" when every device failed: nothing could be done at all.
/// Source: design.md section 2, code 5.
pub fn weigh_devices(devices: &[DeviceReport], troubles: &mut [Trouble]) {
    let all_away = !devices.is_empty()
        && devices.iter().all(|device| device.outcome == DeviceOutcome::Unreachable);
    if !all_away {
        return;
    }
    for trouble in troubles {
        let is_device = devices.iter().any(|device| device.name.as_str() == trouble.about);
        if is_device && trouble.exit == Exit::PartFailed {
            trouble.exit = Exit::Temporary;
        }
    }
}
