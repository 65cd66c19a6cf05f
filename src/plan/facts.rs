//! What was gathered: all that planning and the proof may look at.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use chrono_tz::Tz;

use crate::config::{Guard, Mode, Policy};
use crate::link::Linking;
use crate::model::{
    DeviceLimits, DeviceName, Email, EmployeeNo, Member, MemberNumber, OrganisationId, Person,
    RoleId, SourceName, Window,
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
    /// The organisations.
    pub sources: BTreeMap<OrganisationId, SourceFacts>,
    /// Every member known of every organisation, sorted by key.
    pub members: Vec<MemberFacts>,
    /// Every device, sorted by name.
    pub devices: Vec<DeviceFacts>,
    /// `--only`.
    pub only: Only,
}

/// One organisation.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// Its name in the configuration.
    pub name: SourceName,
    /// Roles that open doors; `None`: every role.
    pub roles: Option<BTreeSet<RoleId>>,
    /// Whether its word counts in this tick.
    pub standing: Standing,
}

/// Whether an organisation's word counts in this tick.
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
pub struct MemberFacts {
    /// As last seen.
    pub member: Member,
    /// Missing from complete listings for long enough to count.
    pub is_vanished: bool,
    /// When the first listing was asked for that lacked the member, unless a later one had them.
    pub missing_since: Option<DateTime<Utc>>,
    /// The member's entry in the newest listing could not be used, and why: nothing is done for a
    /// member whose paid time is not known.
    pub problem: Option<String>,
}

/// One device.
#[derive(Debug, Clone)]
pub struct DeviceFacts {
    /// Its name in the configuration.
    pub name: DeviceName,
    /// The zone its wall clock runs in.
    pub time_zone: Tz,
    /// What it makes of a window that it is sent.
    pub limits: DeviceLimits,
    /// What may be written.
    pub mode: Mode,
    /// Narrower than the organisation's roles.
    pub roles: Option<BTreeSet<RoleId>>,
    /// Persons never touched.
    pub protect: BTreeSet<EmployeeNo>,
    /// Its persons as last read.
    pub persons: BTreeMap<EmployeeNo, Person>,
    /// The last window that was confirmed for a person.
    pub confirmed: BTreeMap<EmployeeNo, Window>,
    /// What the link rules gave for each member, in the order of [`Facts::members`]; empty when
    /// the device's persons are not known.
    pub linking: Linking,
    /// Nothing was ever written to it.
    pub is_first_run: bool,
    /// Revocations carried out in the last 24 hours.
    pub revoked_last_day: usize,
}

impl DeviceFacts {
    /// An instant as the device's wall clock shows it: to the second, as windows are, so that the
    /// last second of a window is inside until it is over.
    #[must_use]
    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let local = at.with_timezone(&self.time_zone).naive_local();
        local.with_nanosecond(0).unwrap_or(local)
    }
}

/// `--only WHO`: the members and persons a tick is limited to; none named means everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    /// By e-mail.
    pub emails: BTreeSet<Email>,
    /// By member number.
    pub numbers: BTreeSet<MemberNumber>,
    /// By `employeeNo`.
    pub persons: BTreeSet<EmployeeNo>,
}

impl Only {
    /// Nobody was named, so nobody is kept out.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        self.emails.is_empty() && self.numbers.is_empty() && self.persons.is_empty()
    }

    /// Whether a member was named by e-mail or number.
    #[must_use]
    pub fn names_member(&self, member: &Member) -> bool {
        self.numbers.contains(&member.key.number)
            || member.email.as_ref().is_some_and(|email| self.emails.contains(email))
    }

    /// Whether a person was named.
    #[must_use]
    pub fn names_person(&self, employee_no: &EmployeeNo) -> bool {
        self.persons.contains(employee_no)
    }
}
