//! Whom somebody should look after: in the messages of a run, and kept for `status`. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::text::{explain, last, person};
use crate::command::CommandName;
use crate::config::{LinkRule, TargetConfig};
use crate::engine::link::{Found, NoLink, is_unlike};
use crate::engine::plan::{
    Facts, LeftOut, Loss, LossKind, NoDoor, Plan, Reason, Released, TooManyLost, Whose,
};
use crate::model::{HolderId, Limit, RecordId, SourceName, TargetName};
use crate::store::{Attention, AttentionKind};
use crate::text::lists::some_of;
use crate::trouble::{About, Trouble, TroubleKind};

/// So many are named one by one; the rest is counted.
const NAMED_MAX: usize = 8;

/// Everything that a command says of whom to look after. What is remembered from run to run (persons
/// nobody uses any more, rows that were linked before) is said by `check` alone, and what a configuration
/// has wrong by those whom a person runs. `shows_names` is whether names may be shown.
pub fn notices(
    command: CommandName,
    plan: &Plan,
    facts: &Facts,
    seen_before: &[Attention],
    shows_names: bool,
) -> Vec<Trouble> {
    let is_check = command == CommandName::Check;
    let names = shows_names.then_some(facts);
    let mut found = troubles(plan, seen_before, names);
    if is_check {
        found.extend(released(plan, names));
    }
    if command != CommandName::Diff {
        found.extend(permanent(plan, is_check, facts.devices.len(), names));
    }
    found.extend(unlike_names(facts, !is_check, shows_names));
    found.extend(left_organisations(facts));
    if command != CommandName::Sync {
        found.extend(protects_nobody(facts));
    }
    found
}

/// What a plan says of whom to look after, as troubles. `before` are those whom an earlier run saw; `names`
/// are the facts, where the names that doors hold may be shown.
#[must_use]
pub fn troubles(plan: &Plan, before: &[Attention], names: Option<&Facts>) -> Vec<Trouble> {
    let doubted = plan.too_many_lost.iter().filter(|one| !one.is_accepted);
    let mut troubles: Vec<Trouble> = doubted.map(not_believed).collect();
    let single: Vec<_> = plan.losses.iter().filter(|loss| !loss.is_one_of_many).collect();
    for loss in single.iter().take(NAMED_MAX) {
        let (title, _) = explain(loss.reason);
        let detail = loss.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        let kind = TroubleKind::ServedNoMore {
            member: loss.member.clone(),
            person: named(names, &loss.device, &loss.employee_no),
            why: format!("{title}{detail}"),
            is_open: loss.kind == LossKind::OpenWithoutReason,
        };
        troubles.push(Trouble::of_target(&loss.device, kind));
    }
    if let Some(more) = single.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        troubles.push(Trouble::new(About::Members, TroubleKind::MoreServedNoMore(more)));
    }
    troubles.extend(without_door(plan, before));
    troubles
}

/// Members who have paid and have no door: those who are new by their numbers, all of them as a count.
fn without_door(plan: &Plan, before: &[Attention]) -> Vec<Trouble> {
    let known: BTreeSet<&HolderId> = before
        .iter()
        .filter(|one| one.kind == AttentionKind::NoDoor)
        .map(|one| &one.member)
        .collect();
    let mut troubles = Vec::new();
    for of_source in plan.no_door.chunk_by(|one, other| one.source == other.source) {
        let Some(first) = of_source.first() else { continue };
        let is_new = |one: &&NoDoor| !known.contains(&one.member);
        let mut new: BTreeMap<Reason, Vec<HolderId>> = BTreeMap::new();
        for one in of_source.iter().filter(is_new) {
            new.entry(one.reason).or_default().push(one.member.clone());
        }
        // Of the first ones ever the count is enough.
        let is_first_time = of_source.iter().all(|one| is_new(&one));
        for (reason, new) in new.into_iter().filter(|_| !is_first_time) {
            let kind = TroubleKind::NewWithoutDoor(new, explain(reason).0);
            troubles.push(Trouble::of_source(&first.source, kind));
        }
        let kind = TroubleKind::WithoutDoor(of_source.len());
        troubles.push(Trouble::of_source(&first.source, kind));
    }
    troubles
}

/// A person with the name that the door holds, where that may be shown.
fn named(names: Option<&Facts>, device: &TargetName, employee_no: &RecordId) -> String {
    let device = names.and_then(|facts| facts.devices.iter().find(|one| one.name == *device));
    let found = device.and_then(|device| device.persons.get(employee_no));
    person(employee_no, found.map(|person| person.name.as_str()))
}

/// Persons that this program has written to and who are linked to nobody, one remark each.
#[must_use]
pub fn released(plan: &Plan, names: Option<&Facts>) -> Vec<Trouble> {
    let remark_of = |one: &Released| {
        let kind = TroubleKind::Released {
            id: one.employee_no.clone(),
            person: named(names, &one.device, &one.employee_no),
            member: one.member.clone(),
            until: match one.limit {
                Limit::Window(window) => Some(last(window.end())),
                _ => None,
            },
        };
        Trouble::of_target(&one.device, kind)
    };
    plan.released.iter().map(remark_of).collect()
}

/// Members who never expire on a door: one remark for each door. `of_all` is whether those with paid time are
/// among them; `doors`, how many there are.
#[must_use]
pub fn permanent(plan: &Plan, of_all: bool, doors: usize, names: Option<&Facts>) -> Vec<Trouble> {
    let mut by_door: BTreeMap<About, Vec<String>> = BTreeMap::new();
    // Who was served until now is told as a loss.
    let is_lost = |one: &LeftOut| {
        let mine = plan.losses.iter().filter(|loss| {
            loss.member == one.member
                && !loss.is_one_of_many
                && loss.reason == Reason::PermanentOnDevice
                && one.device.as_ref().is_none_or(|door| *door == loss.device)
        });
        mine.count() == if one.device.is_some() { 1 } else { doors }
    };
    let is_one = |one: &&LeftOut| {
        one.reason == Reason::PermanentOnDevice && (of_all || !one.has_paid_time) && !is_lost(one)
    };
    for one in plan.left_out.iter().filter(is_one) {
        let door = one.device.clone().map_or(About::EveryTarget, About::Target);
        let persons = one.persons.iter().map(|id| match &one.device {
            Some(device) => named(names, device, id),
            None => id.to_string(),
        });
        let persons = some_of(persons, NAMED_MAX, ", ");
        by_door
            .entry(door)
            .or_default()
            .push(format!("{} is person {persons}", one.member.human()));
    }
    let why = explain(Reason::PermanentOnDevice);
    let troubles = by_door.into_iter();
    troubles.map(|(door, who)| Trouble::new(door, TroubleKind::Permanent(who, why))).collect()
}

/// Persons under `protect` whom nobody on the door is: one remark for each door that was ever read. Ids are
/// compared exactly, so one in another letter case, or with other zeros in front, protects nobody.
#[must_use]
pub fn protects_nobody(facts: &Facts) -> Vec<Trouble> {
    let alike = |id: &RecordId| id.as_str().trim().trim_start_matches('0').to_lowercase();
    let mut troubles = Vec::new();
    for device in facts.devices.iter().filter(|device| !device.persons.is_empty()) {
        let missing: Vec<_> =
            device.protect.iter().filter(|id| !device.persons.contains_key(*id)).collect();
        if missing.is_empty() {
            continue;
        }
        let meant = |id: &RecordId| {
            let mut near = device.persons.keys().filter(|there| alike(there) == alike(id));
            near.next().map_or_else(String::new, |there| format!(" (did you mean {there}?)"))
        };
        let ids = missing.iter().map(|id| format!("{id}{}", meant(id)));
        let kind = TroubleKind::ProtectsNobody(ids.collect());
        troubles.push(Trouble::of_target(&device.name, kind));
    }
    troubles
}

/// Members whom a link file leads to persons with altogether other names. The file is the word of whoever
/// wrote it, so they are linked, unless most of its new rows lead to other members; a wrong row would show
/// here. `is_first` leaves out those who were linked before; `shows_names` sets both names beside the numbers.
#[must_use]
pub fn unlike_names(facts: &Facts, is_first: bool, shows_names: bool) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for device in &facts.devices {
        let mut unlike = Vec::new();
        let mut doubted = Vec::new();
        for (member, link) in facts.linked(device) {
            let key = &member.member.key;
            let link = match link {
                Ok(link) => link,
                Err(NoLink::NameDiffers { employee_no, found: Found::OneOfMany }) => {
                    doubted.push(format!("{} is person {employee_no}", key.human()));
                    continue;
                }
                Err(_) => continue,
            };
            let is_known = || {
                let stored = device.stored.links.get(key);
                stored.is_some_and(|stored| stored.employee_no == link.employee_no)
            };
            if link.rule != LinkRule::File || is_first && is_known() {
                continue;
            }
            let name = device.persons.get(&link.employee_no).map_or("", |one| one.name.as_str());
            if is_unlike(&member.member, name) {
                unlike.push(match shows_names {
                    true => format!(
                        "{} {} is person {} {name}",
                        key.human(),
                        member.member.name(),
                        link.employee_no
                    ),
                    false => format!("{} is person {}", key.human(), link.employee_no),
                });
            }
        }
        if !doubted.is_empty() {
            let persons = device.persons.len();
            let kind = TroubleKind::LinkFilesDoubted { rows: doubted, persons };
            troubles.push(Trouble::of_target(&device.name, kind));
        }
        if unlike.is_empty() {
            continue;
        }
        troubles.push(Trouble::of_target(&device.name, TroubleKind::OtherNames(unlike)));
    }
    troubles
}

/// Members of an organisation that no section names any more, who were served on a door until now: by one
/// wrong digit of `organisation_id` a whole club would be kept up no more.
#[must_use]
pub fn left_organisations(facts: &Facts) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for device in facts.devices.iter().filter(|device| !device.is_accepted) {
        let now = device.local(facts.now);
        let mut served: BTreeMap<&SourceName, usize> = BTreeMap::new();
        for member in device.stored.links.keys() {
            let is_left = !facts.sources.contains_key(&member.source);
            if is_left && device.served(member).is_some_and(|window| window.end() >= now) {
                *served.entry(&member.source).or_default() += 1;
            }
        }
        let persons = device.persons.len();
        troubles.extend(served.into_iter().map(|(organisation, members)| {
            let organisation = organisation.clone();
            let kind = TroubleKind::OrganisationLeft { organisation, members, persons };
            Trouble::of_target(&device.name, kind)
        }));
    }
    troubles
}

/// Targets that no section names any more, and to whose doors what was written may not have come.
#[must_use]
pub fn left_targets(
    uncommitted: &BTreeMap<TargetName, usize>,
    devices: &[TargetConfig],
) -> Vec<Trouble> {
    let is_named = |name: &TargetName| devices.iter().any(|device| device.name == *name);
    let left = uncommitted.iter().filter(|(name, _)| !is_named(name));
    left.map(|(name, count)| Trouble::of_target(name, TroubleKind::TargetLeft(*count))).collect()
}

fn not_believed(lost: &TooManyLost) -> Trouble {
    let TooManyLost { whose, lost, served, allowed, common, .. } = lost;
    let about = match whose {
        Whose::Source(source) => About::Source(source.clone()),
        Whose::Device(name) => About::Target(name.clone()),
    };
    let kind = TroubleKind::TooManyLost {
        lost: *lost,
        served: *served,
        allowed: *allowed,
        common: common.to_string(),
    };
    Trouble::new(about, kind)
}

/// Everybody to look after, for the state file. `is_written` says whether anything is ever written to a
/// device.
pub fn to_look_after(
    plan: &Plan,
    is_written: impl Fn(&TargetName) -> bool,
    now: DateTime<Utc>,
) -> Vec<Attention> {
    // Nobody has paid for the time of somebody who never expires on the door, or not any more.
    let unlimited: Vec<&LeftOut> = plan
        .left_out
        .iter()
        .filter(|one| one.reason == Reason::PermanentOnDevice && !one.has_paid_time)
        .collect();
    let is_unlimited = |loss: &Loss| {
        unlimited.iter().any(|one| {
            one.member == loss.member && one.device.as_ref().is_none_or(|door| *door == loss.device)
        })
    };
    let about = |kind, reason: &str, member: &HolderId, ends| Attention {
        kind,
        device: None,
        employee_no: None,
        member: member.clone(),
        reason: reason.to_owned(),
        ends,
        since: now,
    };
    let at = |device: &TargetName, person: &RecordId, one: Attention| Attention {
        device: Some(device.clone()),
        employee_no: Some(person.clone()),
        ..one
    };
    let losses = plan.losses.iter().filter(|loss| !is_unlimited(loss)).map(|loss| {
        let kind = match loss.kind {
            LossKind::KeptOut => AttentionKind::StandingOutside,
            LossKind::OpenWithoutReason => AttentionKind::OpenWithoutReason,
        };
        let ends = (loss.reason != Reason::PermanentOnDevice).then(|| loss.served.end());
        let one = about(kind, loss.reason.as_str(), &loss.member, ends);
        at(&loss.device, &loss.employee_no, one)
    });
    let no_door = plan.no_door.iter();
    let no_door =
        no_door.map(|one| about(AttentionKind::NoDoor, one.reason.as_str(), &one.member, None));
    let released = plan.released.iter().map(|one| {
        let ends = one.limit.window().map(|window| window.end());
        let released = about(AttentionKind::Released, "released", &one.member, ends);
        at(&one.device, &one.employee_no, released)
    });
    let observed = plan.changes.iter().filter(|change| !is_written(&change.device)).map(|change| {
        let ends = Some(change.after.end());
        let one = about(AttentionKind::Observed, change.cause.as_str(), &change.member, ends);
        at(&change.device, &change.employee_no, one)
    });
    let unlimited = unlimited.iter().map(|one| Attention {
        device: one.device.clone(),
        employee_no: one.persons.first().cloned(),
        ..about(AttentionKind::OpenWithoutReason, one.reason.as_str(), &one.member, None)
    });
    let mut all: Vec<Attention> =
        losses.chain(no_door).chain(released).chain(observed).chain(unlimited).collect();
    all.sort_unstable();
    all.dedup_by(|one, other| {
        (one.kind, &one.device, &one.employee_no, &one.member)
            == (other.kind, &other.device, &other.employee_no, &other.member)
    });
    all
}
