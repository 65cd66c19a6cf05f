//! What was gathered: all that planning and the proof may look at.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::validity::{Entitlement, OpeningRights, covered, entitlement};
use crate::config::{Guard, Mode, Policy};
use crate::engine::link::{Link, Linking, NoLink, StoredLinks};
use crate::model::{
    Email, Holder, HolderId, HolderNumber, Record, RecordId, Right, RightCode, SourceName,
    TargetLimits, TargetName, Window, Zone,
};

/// Both sides as they were gathered, and the rules that hold between them.
#[derive(Debug, Clone)]
pub struct Facts {
    /// When the tick began.
    pub now: DateTime<Utc>,
    /// `[policy]`.
    pub policy: Policy,
    /// `[guard]`.
    pub guard: Guard,
    pub sources: BTreeMap<SourceName, SourceFacts>,
    /// Every member known of every organisation, sorted by key.
    pub members: Vec<HolderFacts>,
    /// Every device, sorted by name.
    pub devices: Vec<TargetFacts>,
    /// `--only`.
    pub only: Only,
}

/// One organisation.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// Its name in the configuration.
    pub name: SourceName,
    /// Roles that open doors; `None`: every role.
    pub roles: Option<BTreeSet<RightCode>>,
    /// Whether its answer counts in this tick.
    pub standing: Standing,
    /// `--accept-shrink`: how many of those served may be served still, although the others would be left
    /// out.
    pub accept_shrink: Option<usize>,
}

/// Whether an organisation's answer counts in this tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It answered, and the answer was accepted.
    Fresh,
    /// It did not answer. What is known from before still opens doors that were paid for, but
    /// nothing is taken away on old news.
    Unreachable,
    /// Its listing was refused by a safety rule: nothing from it is written.
    Refused,
}

/// One member, with what listings said beyond the member's own fields.
#[derive(Debug, Clone)]
pub struct HolderFacts {
    pub member: Holder,
    /// Missing from complete listings for long enough to count.
    pub is_vanished: bool,
    /// When the first listing was asked for that lacked the member, unless a later one had them.
    pub missing_since: Option<DateTime<Utc>>,
    /// The member's entry in the newest listing could not be used, and why: nothing is done for a
    /// member whose paid time is not known.
    pub problem: Option<String>,
    /// When the first listing was asked for that said what is known of the roles and of `inactive`.
    pub said_at: DateTime<Utc>,
    /// Two listings, a tick or more apart, say the same of the roles and of `inactive`.
    pub is_agreed: bool,
}

/// One device.
#[derive(Debug, Clone)]
pub struct TargetFacts {
    /// Its name in the configuration.
    pub name: TargetName,
    /// The zone its wall clock runs in.
    pub time_zone: Zone,
    /// What it makes of a window that it is sent.
    pub limits: TargetLimits,
    /// What may be written.
    pub mode: Mode,
    /// Narrower than the organisation's roles.
    pub roles: Option<BTreeSet<RightCode>>,
    /// The organisations whose members it lets in; `None`: all of them.
    pub organisations: Option<BTreeSet<SourceName>>,
    pub protect: BTreeSet<RecordId>,
    /// Its persons as last read.
    pub persons: BTreeMap<RecordId, Record>,
    /// The last window that was confirmed for a person.
    pub confirmed: BTreeMap<RecordId, Window>,
    /// What the link rules gave for each member, in the order of [`Facts::members`]; empty when
    /// the device's persons are not known.
    pub linking: Linking,
    /// The links of earlier runs, with the paid time that was kept in sync under each.
    pub stored: StoredLinks,
    /// Persons that this program has written to, and for whom the last time.
    pub written: BTreeMap<RecordId, HolderId>,
    /// The roles from which everything that follows is settled; without an entry: those of now.
    pub settled_roles: BTreeMap<SourceName, Option<BTreeSet<RightCode>>>,
    /// Nothing was ever written to it.
    pub is_first_run: bool,
    /// Persons to whom a revocation was sent in the last 24 hours, whatever became of it.
    pub revoked_last_day: usize,
    /// `--accept-device`: somebody has looked at it.
    pub is_accepted: bool,
}

impl TargetFacts {
    /// What opens it for members of an organisation.
    #[must_use]
    pub fn opening_rights<'a>(&'a self, source: &'a SourceFacts) -> OpeningRights<'a> {
        OpeningRights {
            source: source.roles.as_ref(),
            device: self.roles.as_ref(),
            is_let_in: self.lets_in(&source.name),
        }
    }

    /// Whether members of an organisation are let in.
    #[must_use]
    pub fn lets_in(&self, source: &SourceName) -> bool {
        self.organisations.as_ref().is_none_or(|names| names.contains(source))
    }

    /// An instant as the device's wall clock shows it: to the second, as windows are, so that the
    /// last second of a window is inside until it is over.
    #[must_use]
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let local = at.with_timezone(&self.time_zone).naive_local();
        local.with_nanosecond(0).unwrap_or(local)
    }

    /// The paid time of a member that was kept in sync here until now, unless somebody has accepted that
    /// the member is served no more.
    #[must_use]
    pub fn served(&self, member: &HolderId) -> Option<Window> {
        let served = self.stored.links.get(member)?.served?;
        (!served.is_loss_accepted).then_some(served.window)
    }
}

impl Facts {
    /// Every holder with what the link rules gave on a device; nobody where its records are not known.
    pub fn linked<'f>(
        &'f self,
        device: &'f TargetFacts,
    ) -> impl Iterator<Item = (&'f HolderFacts, &'f Result<Link, NoLink>)> {
        debug_assert!(device.linking.is_empty() || device.linking.len() == self.members.len());
        self.members.iter().zip(&device.linking)
    }

    /// What a member is entitled to on a device: the one place where that is decided. `None` for a member
    /// of an organisation that is not configured.
    #[must_use]
    pub fn entitlement(&self, device: &TargetFacts, member: &HolderFacts) -> Option<Entitlement> {
        let source = self.sources.get(&member.member.key.source)?;
        let roles = device.opening_rights(source);
        let (vanished, now) = (member.is_vanished, device.local(self.now));
        let known = device.stored.links.get(&member.member.key).and_then(|link| link.served);
        let known = known.and_then(|served| self.before_lost_time(device, member, served.window));
        let (policy, limits) = (&self.policy, device.limits);
        Some(entitlement(&member.member, &roles, policy, vanished, known, limits, now))
    }

    /// What of a window comes before the first time under a role of the member that the configuration may
    /// have taken the door from: that time is not paid for there, whatever follows on it. Where nothing is
    /// ever taken away it is all of the window.
    fn before_lost_time(
        &self,
        device: &TargetFacts,
        member: &HolderFacts,
        window: Window,
    ) -> Option<Window> {
        if device.mode == Mode::GrantOnly {
            return Some(window);
        }
        let now = device.local(self.now);
        let lost = member.member.roles.iter().filter_map(|role| {
            let covered = covered(role, self.policy.grace_days, device.limits)?;
            let is_lost = || self.is_lost_by_configuration(device, member, role);
            (covered.end() >= now && is_lost()).then(|| covered.begin())
        });
        match lost.min() {
            Some(first) if first <= now => None,
            Some(first) => {
                let last = window.end().min(first - TimeDelta::seconds(1));
                Window::new(window.begin(), last).ok()
            }
            None => Some(window),
        }
    }

    /// Whether time is remembered as paid for that reaches into time under a role which the configuration
    /// may have taken the door from, and is due no more: nobody is seen to lose it where the member is left
    /// out.
    #[must_use]
    pub fn remembers_lost_time(&self, device: &TargetFacts, member: &HolderFacts) -> bool {
        let now = device.local(self.now);
        let known = device.stored.links.get(&member.member.key).and_then(|link| link.served);
        let Some(known) = known.map(|served| served.window).filter(|known| known.contains(now))
        else {
            return false;
        };
        let due = || self.entitlement(device, member).and_then(|due| due.validity());
        self.before_lost_time(device, member, known) != Some(known)
            && due().is_none_or(|due| known.exceeds_from(&due.window, now))
    }

    /// Whether a role of the member opened the door when all that follows from `roles` was last settled, and
    /// opens it no more: then the configuration may be what takes access away, and not the source.
    fn is_lost_by_configuration(
        &self,
        device: &TargetFacts,
        member: &HolderFacts,
        role: &Right,
    ) -> bool {
        let source = &member.member.key.source;
        let (Some(source), Some(settled)) =
            (self.sources.get(source), device.settled_roles.get(source))
        else {
            return false;
        };
        let roles = device.opening_rights(source);
        settled.as_ref().is_none_or(|roles| roles.contains(&role.id)) && !roles.open(&role.id)
    }

    /// Whether the member holds a role that the configuration may have taken the door from.
    pub(super) fn loses_a_role_by_configuration(
        &self,
        device: &TargetFacts,
        member: &HolderFacts,
    ) -> bool {
        let mut roles = member.member.roles.iter();
        roles.any(|role| self.is_lost_by_configuration(device, member, role))
    }

    /// The roles of an organisation that open a device: those that both lists name; `None` for every role,
    /// and none where its members are not let in.
    #[must_use]
    pub fn door_roles(
        &self,
        device: &TargetFacts,
        source: &SourceName,
    ) -> Option<BTreeSet<RightCode>> {
        let rights = self.sources.get(source).map(|source| device.opening_rights(source));
        if rights.is_some_and(|rights| !rights.is_let_in) {
            return Some(BTreeSet::new());
        }
        match (rights.and_then(|rights| rights.source), &device.roles) {
            (None, None) => None,
            (Some(one), None) => Some(one.clone()),
            (None, Some(other)) => Some(other.clone()),
            (Some(one), Some(other)) => Some(one.intersection(other).cloned().collect()),
        }
    }
}

/// `--only WHO`: the members and persons a tick is limited to; none named means everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    pub emails: BTreeSet<Email>,
    pub numbers: BTreeSet<HolderNumber>,
    /// By `employeeNo`.
    pub persons: BTreeSet<RecordId>,
}

impl Only {
    /// Nobody was named, so nobody is kept out.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        self.emails.is_empty() && self.numbers.is_empty() && self.persons.is_empty()
    }

    /// Whether a member was named by e-mail or number.
    #[must_use]
    pub fn names_member(&self, member: &Holder) -> bool {
        member.number.as_ref().is_some_and(|number| self.numbers.contains(number))
            || member.email.as_ref().is_some_and(|email| self.emails.contains(email))
    }

    /// Whether a person was named.
    #[must_use]
    pub fn names_person(&self, employee_no: &RecordId) -> bool {
        self.persons.contains(employee_no)
    }
}
