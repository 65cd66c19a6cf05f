//! How things stand: runs, doors, who waits, what waits for approval, what was changed of late.
//!
//! Pure. [`Status`] is filled by [`crate::cmd::status`] from the state file alone; [`text`] is for
//! people, [`json`] for programs, [`prometheus`] for a monitoring, [`html`] for a screen on the wall.

pub mod clubs;
pub mod gates;
pub mod html;
pub mod json;
pub mod prometheus;
pub mod state_file;
pub mod text;
pub mod unlinked;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use crate::config::Mode;
use crate::engine::collection::Stray;
use crate::engine::plan::{Budget, Kind, LeftOut, Reason};
use crate::exit::Exit;
use crate::model::{HolderId, RecordId, SourceName, TargetName, Zone};
use crate::report::RowLeftOut;
use crate::report::collection::AgencyStatus;
use crate::report::documents::DocumentTold;
use crate::report::meters::MetersStatus;
use crate::report::text::with_zone;
use gates::{GateStatus, PermitListStatus};

use crate::store::{
    Attention, AttentionKind, AuditLine, BlockedOverview, DeviceOverview, Failures, GateChange,
    GrantDelay, PastRun, Uncommitted, Waiting,
};
use crate::text::lists::many;
use crate::text::times::{span, whole_seconds};

/// How far back changes are shown.
pub const DAYS_SHOWN: i64 = 30;

/// How things stand at a moment, as far as the state file knows.
#[derive(Debug, Clone)]
pub struct Status {
    /// Whose status it is.
    pub club: Option<String>,
    pub at: DateTime<Utc>,
    /// The zone in which people here read times.
    pub zone: Zone,
    /// The last runs, newest first.
    pub runs: Vec<PastRun>,
    /// The last `sync` that ended with 0.
    pub last_success: Option<PastRun>,
    pub sources: Vec<SourceStatus>,
    /// The sections of rights-files.
    pub rights_files: Vec<RightsFileStatus>,
    pub devices: Vec<DeviceStatus>,
    pub gates: Vec<GateStatus>,
    /// Lists of permits as they were written last.
    pub permit_lists: Vec<PermitListStatus>,
    /// What stands at the kerb; nothing where no section is about any.
    pub meters: Option<MetersStatus>,
    /// Documents that nobody knows the end of, and those that wait for approval.
    pub documents: Vec<DocumentTold>,
    /// What agencies have that collect.
    pub agencies: Vec<AgencyStatus>,
    /// Citations at agencies under names that the configuration has no more.
    pub referrals_left: Vec<Stray>,
    /// Changes that are wanted and not on the door yet.
    pub waiting: Vec<Waiting>,
    /// Whom somebody should look after.
    pub attention: Vec<Attention>,
    /// Plans that wait for approval.
    pub blocked: Vec<BlockedOverview>,
    /// Members for whom nothing can be done.
    pub left_out: Vec<LeftOut>,
    /// The audit log of the last [`DAYS_SHOWN`] days, newest first.
    pub audit: Vec<AuditLine>,
    /// What was tried at gates in the same time, newest first.
    pub rows: Vec<GateChange>,
    /// There was more of either than is shown.
    pub is_audit_cut: bool,
    /// How long grants waited, ever.
    pub delay: GrantDelay,
    /// HTTP requests by target, ever.
    pub requests: BTreeMap<String, u64>,
    /// The size of the state file in bytes.
    pub state_bytes: u64,
    /// Rows of link files that link nobody.
    pub rows_left_out: Vec<RowLeftOut>,
    /// Names to show beside member numbers, where names may be shown.
    pub names: BTreeMap<HolderId, String>,
    /// The names that doors hold, of persons who are spoken of, where names may be shown.
    pub person_names: BTreeMap<(TargetName, RecordId), String>,
}

/// One organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// Its name in the configuration.
    pub name: SourceName,
    pub members: u64,
    /// When the last accepted listing of any kind was asked for.
    #[serde(serialize_with = "whole_seconds")]
    pub fetched_at: Option<DateTime<Utc>>,
    /// When the last accepted complete listing was asked for.
    #[serde(serialize_with = "whole_seconds")]
    pub complete_at: Option<DateTime<Utc>>,
}

/// One section of rights-files; in a document it stands among the organisations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RightsFileStatus {
    pub name: SourceName,
    /// The word in front of the dot.
    pub kind: &'static str,
    /// Members are of organisations.
    pub members: u64,
    /// Rows that gave a right when they were read.
    pub rights: u64,
    /// Rows that gave none.
    pub left_out: u64,
    /// Whether "no right" can be said by it.
    pub fresh: bool,
    /// When the last of its files was known to hold them.
    #[serde(serialize_with = "whole_seconds")]
    pub as_of: Option<DateTime<Utc>>,
    #[serde(serialize_with = "whole_seconds")]
    pub fetched_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "whole_seconds")]
    pub complete_at: Option<DateTime<Utc>>,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceStatus {
    /// Its name in the configuration.
    pub name: TargetName,
    /// What may be written.
    pub mode: Mode,
    /// What is remembered of it.
    pub known: DeviceOverview,
    /// Its failures in a row.
    pub failures: Failures,
    /// Until when it is left alone because of them.
    pub left_alone_until: Option<DateTime<Utc>>,
    /// Why no login is tried there, if so.
    pub login_trouble: Option<String>,
    /// Why nothing is written there until somebody accepts it, or only to one person at a time.
    pub write_trouble: Option<String>,
    /// Written, and not known to be in force at the doors.
    pub uncommitted: Vec<Uncommitted>,
}

impl DeviceStatus {
    /// Whether nothing is known to be wrong with it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let has_trouble = self.login_trouble.is_some() || self.write_trouble.is_some();
        self.failures.count == 0 && !has_trouble && self.known.read_at.is_some()
    }

    /// Since when something written is not known to be in force.
    #[must_use]
    pub fn not_in_force_since(&self) -> Option<DateTime<Utc>> {
        self.uncommitted.iter().map(|one| one.since).min()
    }

    /// How it is, in plain words.
    #[must_use]
    pub fn words(&self, zone: Zone) -> String {
        if let Some(trouble) = self.login_trouble.as_ref().or(self.write_trouble.as_ref()) {
            return trouble.clone();
        }
        let Some(failure) = self.failures.last.as_ref().filter(|_| self.failures.count > 0) else {
            if let Some(since) = self.not_in_force_since() {
                return format!(
                    "{} written, not yet in force at the doors (since {})",
                    many(self.uncommitted.len(), "person"),
                    with_zone(since, zone)
                );
            }
            return match (self.known.read_at, self.mode) {
                (None, _) => "never read".to_owned(),
                (Some(_), Mode::Observe) => "ok, only observed".to_owned(),
                (Some(_), Mode::GrantOnly) => "ok, nothing is taken away there".to_owned(),
                (Some(_), Mode::Full) => "ok".to_owned(),
            };
        };
        failed(self.failures.count, self.left_alone_until, &failure.failed.text, zone)
    }
}

/// What failed at a door or a gate, how often, and when it is asked again.
fn failed(count: u32, until: Option<DateTime<Utc>>, failure: &str, zone: Zone) -> String {
    let times = match count {
        1 => "failed once".to_owned(),
        count => format!("failed {count} times in a row"),
    };
    let again = match until {
        None => "asked again by the next run".to_owned(),
        Some(until) => format!("asked again at {}", until.with_timezone(&zone).format("%H:%M")),
    };
    format!("{times}, {again}: {failure}")
}

impl Status {
    #[must_use]
    pub fn last_run(&self) -> Option<&PastRun> {
        self.runs.first()
    }

    /// Members who have paid and stand outside: a closed door is to be opened for them.
    pub fn outside(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(|one| one.opens_door && one.kind == Kind::Grant)
    }

    /// Whom somebody should look after in one way.
    pub fn to_look_after(&self, kind: AttentionKind) -> impl Iterator<Item = &Attention> {
        self.attention.iter().filter(move |one| one.kind == kind)
    }

    /// How many members need to be looked after in one way, each counted once.
    #[must_use]
    pub fn members_to_look_after(&self, kind: AttentionKind) -> usize {
        self.to_look_after(kind).map(|one| &one.member).collect::<BTreeSet<_>>().len()
    }

    /// When more than three ticks have gone by since the last run began: then nobody knows how it is now.
    /// A tick is as long as it mostly was from one `sync` to the next, and at least five minutes: one by
    /// hand between two others makes no schedule.
    #[must_use]
    pub fn silent_after(&self) -> Option<DateTime<Utc>> {
        let last = self.runs.first()?;
        let syncs: Vec<&PastRun> = self.runs.iter().filter(|run| run.command == "sync").collect();
        let mut gaps: Vec<TimeDelta> = syncs
            .iter()
            .zip(syncs.iter().skip(1))
            .map(|(one, before)| one.began - before.began)
            .collect();
        gaps.sort_unstable();
        let tick = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
        last.began.checked_add_signed(tick.max(TimeDelta::minutes(5)) * 3)
    }

    /// How long ago the last run began, if nobody knows how it is now.
    #[must_use]
    pub fn silent_for(&self) -> Option<TimeDelta> {
        let is_silent = self.at > self.silent_after()?;
        is_silent.then_some(self.at.signed_duration_since(self.runs.first()?.began))
    }

    /// What must be looked after, as sentence fragments; nothing where all is well.
    #[must_use]
    pub fn concerns(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let mut outside: BTreeSet<&HolderId> = self.outside().map(|one| &one.member).collect();
        let lost = self.to_look_after(AttentionKind::StandingOutside);
        outside.extend(lost.map(|one| &one.member));
        let cared_for = |kind| self.members_to_look_after(kind);
        parts.extend(counted(
            outside.len(),
            "paying member stands outside",
            "paying members stand outside",
        ));
        parts.extend(counted(
            cared_for(AttentionKind::NoDoor),
            "member paid and has no door",
            "members paid and have no door",
        ));
        parts.extend(counted(
            cared_for(AttentionKind::OpenWithoutReason),
            "member has a door open without reason",
            "members have a door open without reason",
        ));
        parts.extend(counted(
            cared_for(AttentionKind::Released),
            "person with access is linked to nobody",
            "persons with access are linked to nobody",
        ));
        let at_gates = self.gates.iter().map(GateStatus::outside).sum();
        parts.extend(counted(at_gates, "car stands outside", "cars stand outside"));
        let paid = self.agencies.iter().map(|one| one.to_take_back).sum();
        parts.extend(counted(
            paid,
            "citation that nobody owes is collected",
            "citations that nobody owes are collected",
        ));
        let broken = self.devices.iter().filter(|device| !device.is_well()).count();
        parts.extend(counted(broken, "door has a problem", "doors have a problem"));
        let broken = self.gates.iter().filter(|gate| !gate.is_well()).count();
        parts.extend(counted(broken, "gate has a problem", "gates have a problem"));
        let stale = self.rights_files.iter().filter(|file| !file.fresh).count();
        parts.extend(counted(
            stale,
            "source of rights was not read of late",
            "sources of rights were not read of late",
        ));
        let faulty = self.meters.as_ref().map_or(0, |meters| meters.faulty.len());
        parts.extend(counted(
            faulty,
            "meter should be looked after",
            "meters should be looked after",
        ));
        if !self.blocked.is_empty() || self.gates.iter().any(|gate| gate.blocked.is_some()) {
            parts.push("changes wait for your approval".to_owned());
        }
        let (observed, waiting) = self.rows_observed_and_waiting();
        let observed = self.to_look_after(AttentionKind::Observed).count() + observed;
        parts.extend(counted(observed, "change is only observed", "changes are only observed"));
        let others = self.others().filter(|one| !one.budget.is_some_and(Budget::needs_approval));
        parts.extend(counted(others.count() + waiting, "change waits", "changes wait"));
        // A row that stays lets its car in.
        let left_out = self.gates.iter().flat_map(GateStatus::left_out);
        let left_out = left_out.filter(|one| !one.reason.keeps_a_row());
        parts.extend(counted(
            left_out.map(|one| one.rights.len()).sum(),
            "car is left out at a gate",
            "cars are left out at a gate",
        ));
        parts.extend(counted(
            self.paid_and_left_out(),
            "member with paid time is left out",
            "members with paid time are left out",
        ));
        if let (Some(_), Some(last)) = (self.silent_for(), self.last_run()) {
            parts.push(format!("no run since {}", with_zone(last.began, self.zone)));
        }
        parts
    }

    /// Changes of rows that are only observed, and those that wait for no approval and keep nobody outside.
    fn rows_observed_and_waiting(&self) -> (usize, usize) {
        let (mut observed, mut waiting) = (0, 0);
        for gate in &self.gates {
            match gate.mode {
                Mode::Observe => observed += gate.waiting.all(),
                Mode::GrantOnly | Mode::Full => waiting += gate.waiting.others,
            }
        }
        (observed, waiting)
    }

    /// How many members with paid time are left out, beside those who are counted as to be looked after.
    fn paid_and_left_out(&self) -> usize {
        let counted: BTreeSet<&HolderId> = self
            .attention
            .iter()
            .filter(|one| one.kind != AttentionKind::Observed)
            .map(|one| &one.member)
            .collect();
        let left_out = self.left_out.iter().filter(|one| one.has_paid_time).map(|one| &one.member);
        left_out.filter(|member| !counted.contains(member)).collect::<BTreeSet<_>>().len()
    }

    pub fn others(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(|one| !one.opens_door || one.kind != Kind::Grant)
    }

    /// The members whom the text names.
    #[must_use]
    pub fn spoken_of(&self) -> BTreeSet<HolderId> {
        let waiting = self.waiting.iter().map(|one| &one.member);
        waiting.chain(self.attention.iter().map(|one| &one.member)).cloned().collect()
    }

    /// The persons whom the text names, by device.
    #[must_use]
    pub fn persons_spoken_of(&self) -> BTreeSet<(TargetName, RecordId)> {
        let waiting = self.waiting.iter().map(|one| (one.device.clone(), one.employee_no.clone()));
        let attention = self.attention.iter();
        let attention = attention.filter_map(|one| one.device.clone().zip(one.employee_no.clone()));
        waiting.chain(attention).collect()
    }

    /// A member as people are told of them.
    #[must_use]
    pub fn member(&self, key: &HolderId) -> String {
        match self.names.get(key) {
            Some(name) if !name.is_empty() => format!("{} {name}", key.human()),
            _ => key.human().to_string(),
        }
    }

    /// What a door calls a person, where that may be shown.
    #[must_use]
    pub fn person_name(&self, device: &TargetName, person: &RecordId) -> Option<&str> {
        self.person_names.get(&(device.clone(), person.clone())).map(String::as_str)
    }

    /// A moment as people here write it, to the minute, for tables: the first line names the zone.
    #[must_use]
    pub fn moment(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    /// A moment with its zone, and how long ago it was.
    #[must_use]
    pub fn moment_and_age(&self, at: DateTime<Utc>) -> String {
        let age = span(self.at.signed_duration_since(at));
        format!("{} ({age} ago)", with_zone(at, self.zone))
    }

    /// Members with paid time for whom nothing can be done, each counted once for a reason.
    #[must_use]
    pub fn left_out_counts(&self) -> BTreeMap<Reason, usize> {
        let mut members: BTreeMap<Reason, Vec<&HolderId>> = BTreeMap::new();
        for one in self.left_out.iter().filter(|one| one.has_paid_time) {
            members.entry(one.reason).or_default().push(&one.member);
        }
        members
            .into_iter()
            .map(|(reason, mut keys)| {
                keys.sort_unstable();
                keys.dedup();
                (reason, keys.len())
            })
            .collect()
    }

    /// Changes on each of the last days, oldest first: those that gave, those that took, those that
    /// failed.
    #[must_use]
    pub fn days(&self) -> Vec<Day> {
        let today = self.at.with_timezone(&self.zone).date_naive();
        let mut days: Vec<Day> = (0..DAYS_SHOWN)
            .rev()
            .map(|back| Day { date: today - TimeDelta::days(back), ..Day::default() })
            .collect();
        let at_doors =
            self.audit.iter().map(|one| (one.entry.at, one.entry.outcome.as_str(), one.kind));
        let at_gates = self.rows.iter().map(|one| (one.at, one.outcome.as_str(), one.kind()));
        for (at, outcome, kind) in at_doors.chain(at_gates) {
            let date = at.with_timezone(&self.zone).date_naive();
            let Some(day) = days.iter_mut().find(|day| day.date == date) else { continue };
            match (outcome, kind) {
                ("confirmed", Kind::Grant) => day.grants += 1,
                ("confirmed", Kind::Revocation) => day.revocations += 1,
                _ => day.failed += 1,
            }
        }
        days
    }
}

/// So many of something in words, where there is one.
fn counted(count: usize, one: &str, several: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {several}")),
    }
}

/// The changes of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    pub date: NaiveDate,
    /// Confirmed changes that gave or lengthened access.
    pub grants: u32,
    /// Confirmed changes that ended or shortened it.
    pub revocations: u32,
    /// Changes that were tried and are not confirmed.
    pub failed: u32,
}

impl Day {
    /// All of them.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.grants + self.revocations + self.failed
    }
}

/// What an exit code means, in a few plain words.
#[must_use]
pub fn code_words(code: u8) -> &'static str {
    Exit::from_code(code).unwrap_or(Exit::Bug).in_words()
}

#[cfg(test)]
mod tests;
