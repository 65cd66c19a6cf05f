//! What a plan says: kinds, causes, budgets, reasons.

use crate::text::words::words;

words! {
    /// Whether a change gives or takes access.
    pub enum Kind {
        /// Starts or lengthens access, or changes nothing from now on. Opening a closed door at this
        /// moment is always one, even if later time is lost: whoever paid for now is let in first.
        Grant = "grant",
        /// Ends or shortens access: some moment from now on is lost, and no closed door opens for it.
        Revocation = "revocation",
    }
}

words! {
    /// Why a change is made.
    pub enum Cause {
        /// The period on the device goes on, or is corrected without a loss from now on.
        Renewed = "renewed",
        /// A period that does not touch the one on the device.
        Started = "started",
        /// Paid time is less than what the device knows.
        Shortened = "shortened",
        /// The member is marked inactive.
        Inactive = "inactive",
        /// The member is no longer listed.
        Vanished = "vanished",
        /// Only the device moved since the last confirmed write.
        Drift = "drift",
        /// A person that this program has written to is linked to nobody now.
        Released = "released",
    }
}

words! {
    /// What keeps a change back until a person has approved it.
    pub enum Budget {
        /// `revoke_per_tick`.
        RevokePerTick = "revoke_per_tick",
        /// `revoke_per_day`.
        RevokePerDay = "revoke_per_day",
        /// `grant_per_tick`.
        GrantPerTick = "grant_per_tick",
        /// The revocations would leave no linked person who can open the door, where one can today. No
        /// share of the configuration: it holds on the smallest device too.
        LastPerson = "last-person",
        /// A person that is linked to nobody would lose access: somebody must look who it is.
        Released = "released",
        /// `roles` or `organisations` of the configuration have changed, and somebody would lose access by
        /// that.
        RolesChanged = "roles-changed",
        /// One listing alone says it. No approval is wanted: the next run asks again.
        SecondLook = "second-look",
    }
}

impl Budget {
    /// Whether somebody must approve the change; one that waits for a second look goes on by itself.
    #[must_use]
    pub fn needs_approval(self) -> bool {
        self != Self::SecondLook
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
            Self::RolesChanged => "`roles` or `organisations` in the configuration have changed",
            Self::SecondLook => "waits for a second look: the next run asks again",
        }
    }
}

words! {
    /// What comes of a loss at the door.
    pub enum LossKind {
        /// The door is closed for the person, or the person is gone.
        KeptOut = "standing-outside",
        /// The door opens, and nobody can say whether that is paid for.
        OpenWithoutReason = "open-without-reason",
    }
}

words! {
    /// Why a member is left out.
    pub enum Reason {
        /// The member has no e-mail to be found by.
        NoEmail = "no-email",
        /// No person on the device was found for the member, and none is named in a link file.
        NoPerson = "no-person",
        /// A link file names a person who is not on the device.
        NotOnDoor = "not-on-door",
        /// Several persons for the member, or several members for the person.
        Ambiguous = "ambiguous",
        /// None of the member's roles opens the device.
        NoDoorRole = "no-door-role",
        /// The device lets in members of other organisations only.
        OtherOrganisation = "other-organisation",
        /// The dates cannot be right.
        BadDates = "bad-dates",
        /// The person may not be touched.
        Protected = "protected",
        /// The number is equal, the name on the device is not.
        NameDiffers = "name-differs",
        /// A safety rule or the device's mode keeps the change back.
        Blocked = "blocked",
        /// The device's persons are not known.
        DeviceUnreachable = "device-unreachable",
        /// `enable:false`: the person never expires on the device.
        PermanentOnDevice = "permanent-on-device",
        /// The person's entry on the device has a [`Flaw`](super::Flaw).
        FlawedOnDevice = "flawed-on-device",
    }
}
