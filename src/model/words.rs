//! What a plan says: kinds, causes, budgets, reasons.

use std::fmt;

/// Whether a change gives or takes access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Starts or lengthens access, or changes nothing from now on. Opening a closed door at this
    /// moment is always one, even if later time is lost: whoever paid for now is let in first.
    Grant,
    /// Ends or shortens access: some moment from now on is lost, and no closed door opens for it.
    Revocation,
}

impl Kind {
    /// As in output and state file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Revocation => "revocation",
        }
    }

    /// Reads it back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Grant, Self::Revocation].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Why a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The period on the device goes on, or is corrected without a loss from now on.
    Renewed,
    /// A period that does not touch the one on the device.
    Started,
    /// Paid time is less than what the device knows.
    Shortened,
    /// The member is marked inactive.
    Inactive,
    /// The member is no longer listed.
    Vanished,
    /// Only the device moved since the last confirmed write.
    Drift,
    /// A person that this program has written to is linked to nobody now.
    Released,
}

impl Cause {
    /// Every cause, for reading it back.
    pub const ALL: [Self; 7] = [
        Self::Renewed,
        Self::Started,
        Self::Shortened,
        Self::Inactive,
        Self::Vanished,
        Self::Drift,
        Self::Released,
    ];

    /// As in output and state file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Started => "started",
            Self::Shortened => "shortened",
            Self::Inactive => "inactive",
            Self::Vanished => "vanished",
            Self::Drift => "drift",
            Self::Released => "released",
        }
    }
}

/// What keeps a change back until a person has approved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Budget {
    /// `revoke_per_tick`.
    RevokePerTick,
    /// `revoke_per_day`.
    RevokePerDay,
    /// `grant_per_tick`.
    GrantPerTick,
    /// The revocations would leave no linked person who can open the door, where one can today. No
    /// share of the configuration: it holds on the smallest device too.
    LastPerson,
    /// A person that is linked to nobody would lose access: somebody must look who it is.
    Released,
    /// `roles` of the configuration have changed, and somebody would lose access by that.
    RolesChanged,
    /// One listing alone says it. No approval is wanted: the next run asks again.
    SecondLook,
}

impl Budget {
    pub const ALL: [Self; 7] = [
        Self::RevokePerTick,
        Self::RevokePerDay,
        Self::GrantPerTick,
        Self::LastPerson,
        Self::Released,
        Self::RolesChanged,
        Self::SecondLook,
    ];

    /// Whether somebody must approve the change; one that waits for a second look goes on by itself.
    #[must_use]
    pub fn needs_approval(self) -> bool {
        self != Self::SecondLook
    }

    /// As in output: the key in the configuration, where it has one.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RevokePerTick => "revoke_per_tick",
            Self::RevokePerDay => "revoke_per_day",
            Self::GrantPerTick => "grant_per_tick",
            Self::LastPerson => "last-person",
            Self::Released => "released",
            Self::RolesChanged => "roles-changed",
            Self::SecondLook => "second-look",
        }
    }

    /// Why a change waits, as a fragment.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::RevokePerTick => "too many would lose access at once",
            Self::RevokePerDay => "too many would lose access in one day",
            Self::GrantPerTick => "too many would get in at once",
            Self::LastPerson => "nobody would have access any more",
            Self::Released => "linked to nobody now",
            Self::RolesChanged => "`roles` in the configuration have changed",
            Self::SecondLook => "waits for a second look: the next run asks again",
        }
    }
}

/// What comes of a loss at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossKind {
    /// The door is closed for the person, or the person is gone.
    StandingOutside,
    /// The door opens, and nobody can say whether that is paid for.
    OpenWithoutReason,
}

impl LossKind {
    /// As in output and state file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StandingOutside => "standing-outside",
            Self::OpenWithoutReason => "open-without-reason",
        }
    }
}

/// Why a member is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The member has no e-mail to be found by.
    NoEmail,
    /// No person on the device was found for the member.
    NoPerson,
    /// Several persons for the member, or several members for the person.
    Ambiguous,
    /// None of the member's roles opens the device.
    NoDoorRole,
    /// The dates cannot be right.
    BadDates,
    /// The person may not be touched.
    Protected,
    /// The number is equal, the name on the device is not.
    NameDiffers,
    /// A safety rule or the device's mode keeps the change back.
    Blocked,
    /// The device's persons are not known.
    DeviceUnreachable,
    /// `enable:false`: the person never expires on the device.
    PermanentOnDevice,
    /// The person's entry on the device has a [`Flaw`](super::Flaw).
    FlawedOnDevice,
}

impl Reason {
    /// Every reason, for reading it back.
    pub const ALL: [Self; 11] = [
        Self::NoEmail,
        Self::NoPerson,
        Self::Ambiguous,
        Self::NoDoorRole,
        Self::BadDates,
        Self::Protected,
        Self::NameDiffers,
        Self::Blocked,
        Self::DeviceUnreachable,
        Self::PermanentOnDevice,
        Self::FlawedOnDevice,
    ];

    /// As in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoEmail => "no-email",
            Self::NoPerson => "no-person",
            Self::Ambiguous => "ambiguous",
            Self::NoDoorRole => "no-door-role",
            Self::BadDates => "bad-dates",
            Self::Protected => "protected",
            Self::NameDiffers => "name-differs",
            Self::Blocked => "blocked",
            Self::DeviceUnreachable => "device-unreachable",
            Self::PermanentOnDevice => "permanent-on-device",
            Self::FlawedOnDevice => "flawed-on-device",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
