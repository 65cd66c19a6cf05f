//! What is said of a gate after a run, and what it had to say when it was asked last. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::carry_out::Done;
use super::contact::Read;
use super::plan::{GatePlan, RowChange, RowNotDone, RowReason};
use super::run::{Ready, Seen};
use crate::config::{GateConfig, Mode};
use crate::engine::{ChangeState, TargetOutcome};
use crate::exit::Exit;
use crate::model::{Budget, RowVerb, TargetName};
use crate::ports::Identity;
use crate::store::GateKept;
use crate::trouble::{About, RowTrouble, Trouble, TroubleKind};

/// One change of a row, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChangeSeen {
    pub change: RowChange,
    pub state: ChangeState,
    pub error: Option<String>,
}

/// Rights for which nothing is done, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotDone {
    pub reason: RowReason,
    pub rights: Vec<String>,
}

/// Changes of rows that were wanted when a gate was asked last, and are not done: how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsWaiting {
    /// They give time.
    pub grants: usize,
    /// They take time away, or remove a row that has ended.
    pub revocations: usize,
    /// Cars that may enter now, and have no row that opens.
    pub outside: usize,
    /// Those among all of them that wait for an approval.
    pub blocked: usize,
    /// Those that wait for none, and keep nobody outside.
    pub others: usize,
}

impl RowsWaiting {
    /// Those of a plan that are not confirmed.
    fn of(plan: &GatePlan, done: &Done) -> Self {
        let mut waiting = Self::default();
        for change in plan.changes.iter().filter(|change| !done.has(change)) {
            match change.loses || change.verb == RowVerb::Remove {
                true => waiting.revocations += 1,
                false => waiting.grants += 1,
            }
            waiting.outside += usize::from(change.opens);
            waiting.blocked += usize::from(change.blocked.is_some());
            waiting.others += usize::from(!change.opens && change.blocked.is_none());
        }
        let looks = plan.not_done.iter().filter(|one| one.reason == RowReason::SecondLook).count();
        waiting.revocations += looks;
        waiting.others += looks;
        waiting
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.grants + self.revocations
    }
}

/// What there is to say of a gate until it is asked anew, as the state file keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    pub not_done: Vec<NotDone>,
    pub waiting: RowsWaiting,
}

impl Remarks {
    /// As they were kept; none where that was never, or by another program.
    #[must_use]
    pub fn kept(kept: &GateKept) -> Self {
        serde_json::from_str(&kept.remarks).unwrap_or_default()
    }

    /// Of a plan, after what was done of it.
    pub(super) fn of(plan: &GatePlan, done: &Done) -> Self {
        Self { not_done: not_done(plan), waiting: RowsWaiting::of(plan, done) }
    }

    /// To be kept.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a run has to say of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateSeen {
    pub name: TargetName,
    /// The word of its kind.
    pub kind: &'static str,
    pub outcome: TargetOutcome,
    /// How many rows it has, of whomever; nothing where it was never read.
    pub rows: Option<u64>,
    /// Rows that somebody else made.
    pub strangers: u64,
    /// The most rows that it holds, where it says.
    pub capacity: Option<u64>,
    pub changes: Vec<RowChangeSeen>,
    /// Why nothing is done for some plates, with the right of each.
    pub not_done: Vec<NotDone>,
    /// Who it is, and what was learnt of it that is otherwise than documented, where it was asked.
    pub identity: Option<Identity>,
    pub learnt: Vec<String>,
    /// The id of the changes that wait for approval.
    pub blocked: Option<String>,
}

/// What a run has to say of a gate that it asked.
pub(super) fn seen(ready: Ready<'_>, done: &Done) -> Seen {
    let Ready { turn, gate, read, plan, outcome, mut troubles, is_believed, .. } = ready;
    let learnt = gate.map(|gate| gate.learnt()).unwrap_or_default();
    let name = &turn.config.name;
    let of = |kind| Trouble::of_target(name, kind);
    if !is_believed {
        let seen = GateSeen { outcome, ..as_kept(turn.config, turn.kept.as_ref()) };
        return (seen, troubles);
    }
    let blocked = plan.blocked_id();
    if let Some(id) = &blocked {
        troubles.extend(blocked_troubles(&plan, id).into_iter().map(of));
    }
    let not_done = not_done(&plan);
    troubles
        .extend(not_done.iter().filter(|one| is_trouble(one)).map(|one| of(rows_not_done(one))));
    let failed: Vec<_> = done.states.values().filter(|(state, _)| !state.is_confirmed()).collect();
    if let (Some((_, why)), None) = (failed.first(), &done.failure) {
        let why = why.clone().unwrap_or_default();
        troubles.push(of(TroubleKind::Rows(RowTrouble::NotTaken { count: failed.len(), why })));
    }
    troubles.extend(done.stopped.map(stopped));
    let rows = rows_after(&read, &plan, done);
    let changes = plan.changes.into_iter().map(|change| {
        let tried = done.states.get(change.plate.text()).cloned();
        let waits =
            if change.blocked.is_some() { ChangeState::Blocked } else { ChangeState::Planned };
        let (state, error) = tried.unwrap_or((waits, None));
        RowChangeSeen { change, state, error }
    });
    let seen = GateSeen {
        name: name.clone(),
        kind: turn.config.kind.name(),
        outcome,
        rows: Some(rows),
        strangers: plan.strangers as u64,
        capacity: read.capacity,
        changes: changes.collect(),
        not_done,
        identity: Some(read.identity),
        learnt,
        blocked,
    };
    (seen, troubles)
}

/// That the run was told to stop, or has taken its time.
pub(super) fn stopped(exit: Exit) -> Trouble {
    let kind = match exit {
        Exit::TimeLimit => TroubleKind::TimeLimit,
        exit => TroubleKind::Interrupted(exit),
    };
    Trouble::new(About::Run, kind)
}

/// How many rows it has when what was done is done.
pub(super) fn rows_after(read: &Read, plan: &GatePlan, done: &Done) -> u64 {
    let is_done = |change: &&RowChange| done.has(change);
    let of = |verb| plan.changes.iter().filter(is_done).filter(|one| one.verb == verb).count();
    let rows = read.list.rows.len() + of(RowVerb::Add);
    rows.saturating_sub(of(RowVerb::Remove)) as u64
}

/// What waits for approval, for each reason.
fn blocked_troubles(plan: &GatePlan, id: &str) -> Vec<TroubleKind> {
    let mut by: BTreeMap<Budget, usize> = BTreeMap::new();
    for budget in plan.changes.iter().filter_map(|change| change.blocked) {
        *by.entry(budget).or_default() += 1;
    }
    let kind = |(budget, persons): (Budget, usize)| TroubleKind::Blocked {
        persons,
        by: budget.into(),
        plan: id.to_owned(),
    };
    by.into_iter().map(kind).collect()
}

fn not_done(plan: &GatePlan) -> Vec<NotDone> {
    let mut all: BTreeMap<RowReason, Vec<String>> = BTreeMap::new();
    for RowNotDone { by, reason, .. } in &plan.not_done {
        all.entry(*reason).or_default().push(by.to_string());
    }
    all.into_iter().map(|(reason, rights)| NotDone { reason, rights }).collect()
}

/// Whoever is let in by others stands nowhere outside, and what waits for a second look is told as at a door.
#[must_use]
pub fn is_trouble(one: &NotDone) -> bool {
    !matches!(one.reason, RowReason::Given | RowReason::SecondLook)
}

fn rows_not_done(NotDone { reason, rights }: &NotDone) -> TroubleKind {
    TroubleKind::Rows(RowTrouble::NotDone {
        reason: reason.as_str(),
        words: reason.explain(),
        needs_somebody: *reason == RowReason::Full,
        rights: rights.clone(),
    })
}

/// What there was to say of a gate when it was asked last.
pub(super) fn repeated(gate: &GateConfig, kept: &GateKept) -> Vec<Trouble> {
    let remarks = Remarks::kept(kept);
    let troubles = remarks.not_done.iter().filter(|one| is_trouble(one));
    troubles.map(|one| Trouble::of_target(&gate.name, rows_not_done(one))).collect()
}

/// A gate as it was left, without a word of this run.
pub(super) fn as_kept(gate: &GateConfig, kept: Option<&GateKept>) -> GateSeen {
    let known = kept.filter(|kept| kept.read_at.is_some());
    GateSeen {
        name: gate.name.clone(),
        kind: gate.kind.name(),
        outcome: match gate.mode {
            Mode::Observe => TargetOutcome::Observed,
            Mode::GrantOnly | Mode::Full => TargetOutcome::Ok,
        },
        rows: known.map(|kept| kept.rows),
        strangers: known.map_or(0, |kept| kept.strangers),
        capacity: known.and_then(|kept| kept.capacity),
        changes: Vec::new(),
        not_done: known.map(|kept| Remarks::kept(kept).not_done).unwrap_or_default(),
        identity: None,
        learnt: Vec::new(),
        blocked: known.and_then(|kept| kept.blocked.clone()),
    }
}
