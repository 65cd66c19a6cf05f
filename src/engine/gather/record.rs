//! Writes down what was gathered, in one piece.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::trust;
use super::{AcceptedOn, Gathered, links};
use crate::config::{Config, LinkRule};
use crate::engine::TargetOutcome;
use crate::engine::link::{Link, Served, StoredLink, email_digest, name_digest};
use crate::engine::plan::{Facts, Plan, TargetFacts};
use crate::model::{
    Holder, HolderId, Record, RecordId, RunId, TargetLimits, TargetName, Window,
    is_same_but_for_dates,
};
use crate::store::{
    Intent, ListingDelta, Outcome, OutcomeKind, Reading, Store, StoreError, Unasked,
};

impl Gathered {
    /// Records accepted listings, readings, link files, and links with what `plan` says of them. Says whether
    /// the next look finds the links as this one did: that somebody is served for longer changes nothing else.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it was recorded, and the next run asks again.
    pub fn record(
        &self,
        config: &Config,
        store: &mut Store,
        plan: &Plan,
        run: RunId,
    ) -> Result<bool, StoreError> {
        store.together(|store| {
            let is_settled = self.record_all(config, store, plan)?;
            for AcceptedOn { device, link, held } in &self.accepted {
                let person = (&link.employee_no, &link.member);
                store.journal().record_accepted_link(run, device, person, *held, self.now)?;
            }
            Ok(is_settled)
        })
    }

    /// Records accepted listings alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_listings(&self, config: &Config, store: &Store) -> Result<(), StoreError> {
        for (source, gathered) in self.each_source(config) {
            if let Some(state) = &gathered.state {
                let delta = ListingDelta { changed: &gathered.changed, state: state.clone() };
                store.members().record_listing(&source.name, &delta)?;
            }
            if let Some(names) = &gathered.role_names {
                store.members().record_role_names(&source.name, names)?;
            }
        }
        Ok(())
    }

    fn record_all(&self, config: &Config, store: &Store, plan: &Plan) -> Result<bool, StoreError> {
        let mut is_settled = true;
        for (device, gathered, _) in self.each_target(config) {
            if !gathered.is_known {
                store.devices().know_device(&device.name)?;
            }
        }
        self.record_listings(config, store)?;
        links::record(store, &self.links, self.now)?;
        for (device, gathered, facts) in self.each_target(config) {
            if let Some(reading) = &gathered.reading {
                let persons = &facts.persons;
                store.journal().follow_renamed(&device.name, &reading.serial)?;
                settle_open(store, &device.name, persons, &facts.limits, self.now)?;
                let recorded = Reading {
                    serial: &reading.serial,
                    version: &reading.version,
                    persons,
                    at: reading.at,
                };
                store.devices().record_reading(&device.name, &recorded)?;
                store.devices().record_memory(&device.name, &reading.memory)?;
                if let Some(said) = &reading.statement {
                    store.devices().record_statement(
                        &device.name,
                        &reading.version,
                        said.latest_end,
                    )?;
                }
                store.trust().forget_failures(&device.name)?;
                if gathered.is_accepted {
                    store.trust().accept_writes(&device.name)?;
                }
            } else if let Some(failure) = &gathered.failure {
                store.trust().remember_failure(&device.name, failure, self.now)?;
            } else if gathered.outcome != TargetOutcome::Ok {
                store.devices().require_reading(&device.name)?;
            }
            let news = link_news(&self.facts, facts, plan, self.now);
            if !news.is_empty() {
                store.links().record_links(&device.name, &facts.stored, &news)?;
            }
            is_settled &= news.iter().all(|(member, link)| {
                let stored = facts.stored.links.get(member);
                let is_same_link = |stored: &StoredLink| {
                    *link == StoredLink { served: link.served, ..stored.clone() }
                };
                link.served.is_some() && stored.is_some_and(is_same_link)
            });
        }
        Ok(is_settled)
    }
}

/// The links of a device that are new or changed, with the paid time that is kept in sync under each.
/// Pure.
pub(super) fn link_news(
    facts: &Facts,
    device: &TargetFacts,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Vec<(HolderId, StoredLink)> {
    let served = plan.served.iter().filter(|one| one.device == device.name);
    let served: HashMap<&HolderId, Option<Window>> =
        served.map(|one| (&one.member, one.window)).collect();
    let accepted: BTreeSet<&HolderId> = plan.accepted_losses(&device.name).collect();
    let mut news = Vec::new();
    let linked_last = linked_last(facts, device);
    for (member, link) in facts.linked(device) {
        let key = &member.member.key;
        let stored = device.stored.links.get(key);
        let mut now_so = match (link, stored) {
            (Ok(link), stored) => linked_now(device, &member.member, link, stored, now),
            (Err(_), Some(stored)) => stored.clone(),
            (Err(_), None) => continue,
        };
        let is_taken_over = link.is_ok()
            && linked_last
                .get(&now_so.employee_no)
                .is_some_and(|(last, at)| *last != key && *at >= now_so.made_at);
        if is_taken_over {
            now_so.made_at = now;
        }
        if let Some(window) = served.get(key) {
            now_so.served = window.map(|window| Served { window, is_loss_accepted: false });
        }
        if let Some(served) = now_so.served.as_mut().filter(|_| accepted.contains(key)) {
            served.is_loss_accepted = true;
        }
        if stored != Some(&now_so) {
            news.push((key.clone(), now_so));
        }
    }
    // Somebody has accepted the door as it is, also without those of an organisation that has left.
    let has_left = |key: &HolderId| device.is_accepted && !facts.sources.contains_key(&key.source);
    for (key, link) in device.stored.links.iter().filter(|(key, _)| has_left(key)) {
        let mut link = link.clone();
        if let Some(served) = link.served.as_mut().filter(|served| !served.is_loss_accepted) {
            served.is_loss_accepted = true;
            news.push((key.clone(), link));
        }
    }
    news
}

/// Who was linked last to each person, where more than one organisation may have been: `organisations` of a
/// device can give a person to the members of one and then of another.
fn linked_last<'a>(
    facts: &Facts,
    device: &'a TargetFacts,
) -> HashMap<&'a RecordId, (&'a HolderId, DateTime<Utc>)> {
    let mut last = HashMap::new();
    if facts.sources.len() < 2 {
        return last;
    }
    for (key, link) in &device.stored.links {
        let one = (key, link.made_at);
        let found = last.entry(&link.employee_no).or_insert(one);
        if found.1 < one.1 {
            *found = one;
        }
    }
    last
}

/// A link as it is to be remembered. The e-mail and the name are those of the last time that a rule led
/// there; a link that holds on without a rule keeps those it was made with.
fn linked_now(
    device: &TargetFacts,
    member: &Holder,
    link: &Link,
    stored: Option<&StoredLink>,
    now: DateTime<Utc>,
) -> StoredLink {
    let name = device.persons.get(&link.employee_no).map_or(0, |one| name_digest(&one.name));
    let same = stored.filter(|stored| stored.employee_no == link.employee_no);
    let is_kept = link.is_outdated || link.rule == LinkRule::Accepted;
    let email = match same {
        Some(same) if is_kept && same.rule == link.rule => same.email,
        _ => email_digest(member.email.as_ref()),
    };
    let was_accepted_just_now = link.rule == LinkRule::Accepted
        && same.is_none_or(|same| same.rule != LinkRule::Accepted || same.name != name);
    StoredLink {
        employee_no: link.employee_no.clone(),
        rule: link.rule,
        // A door that has no name at the moment has not given the person another one.
        name: same.map_or(name, |same| if name == 0 { same.name } else { name }),
        email,
        made_at: match same {
            Some(same) if !was_accepted_just_now => same.made_at,
            _ => now,
        },
        served: stored.and_then(|stored| stored.served),
    }
}

/// Settles what a run that died had announced, by what the device holds now: `persons` are those
/// announced, or everybody; `limits`, what it makes of the windows it is sent.
///
/// A change that nobody asked for is remembered, as after any write.
pub fn settle_open(
    store: &Store,
    device: &TargetName,
    persons: &BTreeMap<RecordId, Record>,
    limits: &TargetLimits,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let intents = store.journal().open_intents(device)?;
    if intents.is_empty() {
        return Ok(());
    }
    let unasked = cut_off_unasked(&intents, persons, now);
    let settled: Vec<_> = intents
        .into_iter()
        .map(|intent| {
            let person = persons.get(&intent.employee_no);
            let took = person.is_some_and(|p| limits.is_held(intent.after, &p.limit));
            let (kind, text) = if took {
                let text = "it was cut off before it was read back; the change had been taken";
                (OutcomeKind::Confirmed, text)
            } else {
                let text = "it was cut off, and the change had not been taken";
                (OutcomeKind::NotApplied, text)
            };
            log::warn!("{device}: person {}: {text}", intent.employee_no);
            (intent, Outcome::sent(kind, Some(text.to_owned()), person.cloned()))
        })
        .collect();
    store.journal().settle(&settled, now)?;
    unasked.map_or(Ok(()), |unasked| store.trust().remember_unasked(device, &unasked))
}

/// What a device changed that nobody asked for with writes that were cut off before they were read back,
/// as these persons tell. One who still holds the dates of before may not have been written to, and
/// whatever else changed may be somebody's own doing. Pure.
pub(super) fn cut_off_unasked(
    intents: &[Intent],
    persons: &BTreeMap<RecordId, Record>,
    now: DateTime<Utc>,
) -> Option<Unasked> {
    let is_met = |intent: &&Intent| {
        persons.get(&intent.employee_no).is_some_and(|person| {
            person.limit.window() != intent.before
                && !is_same_but_for_dates(&intent.fingerprint, &person.fingerprint)
        })
    };
    let what = |intent: &Intent| {
        format!(
            "person {}: more than the dates changed with a write that was cut off",
            intent.employee_no
        )
    };
    let met: Vec<String> = intents.iter().filter(is_met).map(what).collect();
    trust::met_unasked(&met, now)
}
