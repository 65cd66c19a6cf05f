//! Asks each organisation for its members.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::Scope;
use super::clocks::{Off, own_clock_off};
use super::listing_guard::{Listing as Judged, judge};
use super::merge::{self, Merged, merge};
use super::whose_clock::Agreeing;
use crate::clock::Clock;
use crate::config::{Config, Guard, SourceConfig};
use crate::engine::SourceReport;
use crate::engine::Systems;
use crate::engine::plan::Standing;
use crate::model::{Holder, HolderId, RightCode};
use crate::ports::{Class, Failure, Listing, Snapshot, Source};
use crate::store::{Changed, SecondLook, SourceState, StoredHolder};
use crate::text::lists::many;
use crate::trouble::{Failed, Trouble, TroubleKind, other_clock, own_clock_differs};

/// `ChangedAt` is moved back by this much: the API states no zone and its vendor is east of UTC, so UTC
/// wall time minus an hour can only overlap.
const CHANGES_OVERLAP: TimeDelta = TimeDelta::hours(1);

/// What an organisation was asked and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub now: DateTime<Utc>,
    pub is_full: bool,
    pub accept_shrink: Option<usize>,
    pub guard: Guard,
}

impl Ask {
    /// How organisations are asked in a run.
    pub fn new(now: DateTime<Utc>, scope: &Scope, config: &Config) -> Self {
        let Scope { is_full, accept_shrink, .. } = *scope;
        Self { now, is_full, accept_shrink, guard: config.guard }
    }
}

/// What is known of an organisation after it was asked.
#[derive(Debug)]
pub struct SourceGathered {
    /// Whether its answer counts.
    pub standing: Standing,
    /// Every member known, until the facts are put together: they have them then.
    pub(super) members: Vec<StoredHolder>,
    /// Those that the listing changed, whole.
    pub(super) changed: Vec<Changed>,
    /// What it was asked for, if it answered and the answer was accepted.
    pub listing: Option<Listing>,
    /// Its state after an accepted listing; `None` when nothing was accepted.
    pub state: Option<SourceState>,
    /// When the last accepted complete listing was asked for.
    pub complete_at: Option<DateTime<Utc>>,
    /// Role names, when they were asked for.
    pub role_names: Option<BTreeMap<RightCode, String>>,
    pub report: SourceReport,
    pub trouble: Option<Trouble>,
    /// It stated its time, and this computer has the same.
    pub is_clock_confirmed: bool,
    /// It stated its time, and this computer's is off by this much from that.
    pub(super) clock_off: Option<Off>,
}

/// What an organisation answered, before it is compared with what is known.
#[derive(Debug)]
pub(super) struct Answer {
    export: Result<Snapshot, Failure>,
    listing: Listing,
    role_names: Option<BTreeMap<RightCode, String>>,
    /// When the question left and the answer was there, by this computer's clock.
    asked: DateTime<Utc>,
    answered: DateTime<Utc>,
}

impl Answer {
    /// The same answer, if it is one of changes that could be used.
    pub(super) fn again(&self) -> Option<Self> {
        let export = self.export.as_ref().ok()?.clone();
        Some(Self { export: Ok(export), role_names: None, ..*self })
    }
}

/// Which listing to ask for.
pub(super) fn choose(config: &SourceConfig, state: &SourceState, ask: Ask) -> Listing {
    let (Some(complete_at), Some(fetched_at)) = (state.complete_at, state.fetched_at) else {
        return Listing::Complete;
    };
    let age = ask.now.signed_duration_since(complete_at);
    let every = TimeDelta::from_std(config.full_every).unwrap_or(TimeDelta::MAX);
    // A time in the future is a clock that was set back: what "changed since" means is not known then.
    let is_future = complete_at.max(fetched_at) > ask.now;
    let is_wanted = ask.is_full
        || ask.accept_shrink.is_some()
        || state.second_look == Some(SecondLook::Complete);
    if is_wanted || is_future || age >= every {
        return Listing::Complete;
    }
    let since = fetched_at.checked_sub_signed(CHANGES_OVERLAP).unwrap_or(fetched_at);
    Listing::ChangedSince(match state.second_look {
        Some(SecondLook::Since(wanted)) => since.min(wanted),
        Some(SecondLook::Complete) | None => since,
    })
}

/// Asks one organisation: one request on a quiet tick. Touches nothing but the network.
pub(super) fn request(
    systems: &dyn Systems,
    config: &SourceConfig,
    listing: Listing,
    known_names: &BTreeMap<RightCode, String>,
    clock: Clock,
) -> Answer {
    let source = systems.source(config);
    let is_complete = matches!(listing, Listing::Complete);
    let asked = clock.now();
    let export = source.snapshot(listing);
    let answered = clock.now();
    if let Ok(export) = &export {
        log::info!(
            "{}: {} with {} members, {} of them unusable, {} of other organisations",
            config.name,
            if is_complete { "complete listing" } else { "changes" },
            export.members.len() + export.unusable.len(),
            export.unusable.len(),
            export.elsewhere,
        );
    }
    let role_names = match &export {
        Ok(export) if is_complete => ask_names(source.as_ref(), export, known_names),
        _ => None,
    };
    Answer { export, listing, role_names, asked, answered }
}

/// The human beings that a listing of changes names, if it could be used and names no more
/// than `at_most`.
pub(super) fn named(answer: &Answer, at_most: usize) -> Option<BTreeSet<&str>> {
    let export = answer.export.as_ref().ok().filter(|_| answer.listing != Listing::Complete)?;
    if export.members.len() + export.unusable.len() > at_most {
        return None;
    }
    let usable = export.members.iter().map(|member| member.key.human());
    let unusable = export.unusable.iter().filter_map(|one| one.key.as_ref());
    Some(usable.chain(unusable.map(HolderId::human)).collect())
}

/// What a listing of changes comes to that could be used; `None` where it could not, or where it gives
/// trouble. `members` are those known by the numbers that it names.
pub(super) fn news(
    config: &SourceConfig,
    answer: &Answer,
    state: &SourceState,
    members: Vec<StoredHolder>,
    ask: Ask,
) -> Option<SourceGathered> {
    let gathered = digest(config, answer.again()?, state.clone(), members, ask);
    (gathered.standing == Standing::Fresh && gathered.trouble.is_none()).then_some(gathered)
}

/// Compares an answer with what is known.
pub(super) fn digest(
    config: &SourceConfig,
    answer: Answer,
    state: SourceState,
    members: Vec<StoredHolder>,
    ask: Ask,
) -> SourceGathered {
    let is_complete = answer.listing == Listing::Complete;
    match answer.export {
        Ok(export) => {
            let server_time = export.server_time;
            let off = server_time.and_then(|at| own_clock_off(at, answer.asked, answer.answered));
            if let Some(off) = off {
                return clock_differs(config, &export, state, members, is_complete, off);
            }
            let gathered = accept(config, state, members, ask, export, answer.listing);
            let is_clock_confirmed = server_time.is_some();
            SourceGathered { role_names: answer.role_names, is_clock_confirmed, ..gathered }
        }
        Err(error) => unreachable(config, state, members, is_complete, &error),
    }
}

/// What is known of an organisation that was not asked (`lookup --offline`, `apply`).
pub(super) fn not_asked(
    config: &SourceConfig,
    state: &SourceState,
    members: Vec<StoredHolder>,
) -> SourceGathered {
    SourceGathered {
        standing: Standing::Fresh,
        complete_at: state.complete_at,
        members,
        changed: Vec::new(),
        listing: None,
        state: None,
        role_names: None,
        report: SourceReport {
            name: config.name.clone(),
            system: config.system(),
            is_complete: false,
            members: 0,
            accepted: true,
            reason: None,
        },
        trouble: None,
        is_clock_confirmed: false,
        clock_off: None,
    }
}

/// An answer whose time of day is not ours. Everything that follows from it is about dates, so nothing
/// does; and nothing of it is remembered, since "changed since" would be counted from a wrong time.
fn clock_differs(
    config: &SourceConfig,
    export: &Snapshot,
    before: SourceState,
    members: Vec<StoredHolder>,
    is_complete: bool,
    off: Off,
) -> SourceGathered {
    let reason = own_clock_differs(off.compared_with("this server's"));
    let kept = not_asked(config, &before, members);
    SourceGathered {
        standing: Standing::Refused,
        report: SourceReport {
            is_complete,
            members: export.members.len() + export.unusable.len(),
            accepted: false,
            reason: Some(reason.clone()),
            ..kept.report
        },
        trouble: Some(Trouble::of_source(&config.name, TroubleKind::OwnClock(reason))),
        clock_off: Some(off),
        ..kept
    }
}

/// Says that it is the organisation's clock that is wrong, if it differs: this computer's is right. The
/// answer may be an old one that a proxy has kept, so that it counts as none; what is known from before
/// still opens doors.
pub(super) fn blame_source(config: &SourceConfig, gathered: &mut SourceGathered, by: Agreeing) {
    let Some(Off(ahead)) = gathered.clock_off else { return };
    let others = match by.targets {
        0 => format!("another {}", config.kind.nouns().one),
        targets => many(targets, by.target_noun),
    };
    let reason = other_clock(Off(-ahead), &others);
    gathered.standing = Standing::Unreachable;
    gathered.report.reason = Some(reason.clone());
    gathered.trouble = Some(Trouble::of_source(&config.name, TroubleKind::ServerClock(reason)));
}

/// What is known of an organisation while this computer's clock is not believed: nothing follows
/// from it, and nothing is remembered.
pub(super) fn doubt_clock(gathered: &mut SourceGathered) {
    gathered.standing = Standing::Refused;
    gathered.state = None;
}

fn accept(
    config: &SourceConfig,
    before: SourceState,
    members: Vec<StoredHolder>,
    ask: Ask,
    export: Snapshot,
    listing: Listing,
) -> SourceGathered {
    let is_complete = listing == Listing::Complete;
    let count = export.members.len() + export.unusable.len();
    let mut report = SourceReport {
        name: config.name.clone(),
        system: config.system(),
        is_complete,
        members: count,
        accepted: true,
        reason: None,
    };
    if is_complete {
        let numbers = || {
            let usable = export.members.iter().map(|member| member.number.as_ref());
            usable.chain(export.unusable.iter().map(|one| one.number.as_ref()))
        };
        let judged = Judged {
            before: before.complete_members,
            now: count,
            sentinel: config
                .sentinel
                .as_ref()
                .map(|wanted| (wanted, numbers().any(|one| one == Some(wanted)))),
            accept_shrink: ask.accept_shrink,
        };
        if let Err(refusal) = judge(ask.guard, judged) {
            report.accepted = false;
            report.reason = Some(refusal.to_string());
            let kind = TroubleKind::ListRefused(refusal.rule(), refusal.failed(config.system()));
            let kept = not_asked(config, &before, members);
            return SourceGathered {
                standing: Standing::Refused,
                report,
                trouble: Some(Trouble::of_source(&config.name, kind)),
                ..kept
            };
        }
    }
    let trouble = if is_complete && count == 0 && ask.accept_shrink.is_none() {
        Some(nobody_listed(config, export.elsewhere))
    } else {
        without_number(config, &export)
    };
    let complete_at = if is_complete { Some(ask.now) } else { None };
    let state = SourceState {
        complete_at: complete_at.or(before.complete_at),
        fetched_at: Some(ask.now),
        complete_members: if is_complete { Some(count) } else { before.complete_members },
        second_look: before.second_look,
    };
    let complete_before = before.complete_at;
    let asked = merge::Asked { at: ask.now, is_complete, complete_before };
    let Merged { members, changed } = merge(members, export, asked);
    SourceGathered {
        standing: Standing::Fresh,
        members,
        changed,
        complete_at: state.complete_at,
        listing: Some(listing),
        state: Some(state),
        role_names: None,
        report,
        trouble,
        is_clock_confirmed: false,
        clock_off: None,
    }
}

/// An entry without a member number belongs to nobody, so no member's report tells of it.
fn without_number(config: &SourceConfig, export: &Snapshot) -> Option<Trouble> {
    let count = export.unusable.iter().filter(|one| one.key.is_none()).count();
    (count > 0).then(|| Trouble::of_source(&config.name, TroubleKind::NoNumber(count)))
}

/// An organisation that never had a member is no danger to any door, but rarely what was meant.
fn nobody_listed(config: &SourceConfig, elsewhere: usize) -> Trouble {
    let account = format!("{} {}", config.account.key, config.account.value);
    Trouble::of_source(&config.name, TroubleKind::NobodyListed { elsewhere, account })
}

/// Asks for role names when a role without one turns up. They are only for show, and the right to
/// ask may be missing, so a refusal is no trouble.
fn ask_names(
    source: &dyn Source,
    export: &Snapshot,
    known: &BTreeMap<RightCode, String>,
) -> Option<BTreeMap<RightCode, String>> {
    let used: BTreeSet<&RightCode> = export.members.iter().flat_map(Holder::role_ids).collect();
    if used.iter().all(|role| known.contains_key(*role)) {
        return None;
    }
    match source.right_names() {
        // A role that the answer does not name keeps its number as its name, or it would be asked
        // for again at every complete listing.
        Ok(mut names) => {
            for role in used {
                names.entry(role.clone()).or_insert_with(|| role.to_string());
            }
            Some(names)
        }
        Err(error) => {
            log::info!("role names are not known: {error}");
            None
        }
    }
}

fn unreachable(
    config: &SourceConfig,
    before: SourceState,
    members: Vec<StoredHolder>,
    is_complete: bool,
    error: &Failure,
) -> SourceGathered {
    let failed = Failed::new(error, error.hint.as_deref());
    let kind = match error.class {
        Class::Login | Class::MissingRight => TroubleKind::LoginRefused(failed),
        _ => TroubleKind::Unreachable(failed),
    };
    let kept = not_asked(config, &before, members);
    let report = SourceReport {
        is_complete,
        accepted: false,
        reason: Some(error.to_string()),
        ..kept.report
    };
    SourceGathered {
        standing: Standing::Unreachable,
        report,
        trouble: Some(Trouble::of_source(&config.name, kind)),
        ..kept
    }
}
