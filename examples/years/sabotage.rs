//! Programs that are broken on purpose, to show that the oracle notices.

use chrono::TimeDelta;
use clap::ValueEnum;
use ivms_sync::model::{Holder, Span};

/// One way to be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// Listings lose a member on their way.
    LoseMember,
    /// Memberships arrive a day longer than they are.
    LongerDates,
    /// Memberships arrive a day shorter than they are.
    ShorterDates,
    /// What was written to a door is gone again later.
    ForgetWrites,
    /// Every write is sent twice.
    WriteTwice,
    /// Nothing is ever taken away.
    NeverRevoke,
    /// Protected persons are not protected.
    Unprotected,
    /// Doors that let in one organisation let in all of them.
    LetAllIn,
    /// The door's clock is believed to be right.
    LyingClock,
    /// Every second tick does nothing, and says that all is well.
    LazyTicks,
    /// Dates that can mean two things are taken as they are written.
    ReadAnyway,
    /// What a door makes of the dates that it is sent is never remembered.
    ForgetGrain,
    /// Every door is taken for the one that it was.
    SameSerial,
    /// Nobody reads the names on the doors.
    OldNames,
    /// Which roles opened a door is never remembered.
    ForgetRoles,
    /// What was sent and not confirmed is never remembered.
    ForgetSent,
    /// Nothing that was written to a platform is ever put in force.
    NeverCommit,
    /// What was written to a platform and is not in force is never remembered.
    ForgetCommits,
    /// A barrier's clock is believed to be right.
    LyingBarrier,
    /// Nobody asks how many rows a barrier holds.
    NoCapacity,
    /// A part of a barrier's list is taken for all of it.
    PartIsWhole,
    /// Rows at a barrier end a day later than they should.
    LongerRows,
    /// Rows at a barrier have no end.
    EndlessRows,
    /// The row after the one that is meant is removed.
    OtherRow,
    /// Nothing is ever taken away at a barrier.
    NeverRemove,
    /// Protected plates are not protected.
    UnprotectedPlates,
    /// A right for another zone is good at the barriers.
    OneZone,
    /// Which rows the program made is never remembered.
    ForgetRows,
    /// Listings of a service lose a right on their way.
    LoseRights,
    /// Rights of a service arrive a day longer than they are.
    LongerRights,
    /// What a service has deleted stays.
    KeepDeleted,
    /// A listing that broke off is taken for all of it.
    CutIsWhole,
    /// What became of a document is never heard, and each try has a key of its own.
    DeafClerk,
}

impl Sabotage {
    /// Whether a member gets lost on the way.
    pub fn hides(self, place: usize, is_complete: bool) -> bool {
        self == Self::LoseMember && !is_complete && place % 3 == 1
    }

    /// What is done to the state file before each run.
    pub fn forgets(self) -> Option<&'static str> {
        match self {
            Self::ForgetGrain => Some("DELETE FROM read_back"),
            Self::ForgetCommits => Some("DELETE FROM uncommitted"),
            Self::ForgetRows => Some("DELETE FROM gate_row"),
            Self::ForgetRoles => Some("DELETE FROM door_roles"),
            Self::ForgetSent => Some(
                "DROP TRIGGER IF EXISTS change_is_never_deleted; \
                 DELETE FROM change WHERE outcome <> 'confirmed'",
            ),
            _ => None,
        }
    }

    /// What becomes of a member on the way.
    pub fn bend(self, member: &mut Holder) {
        let days = match self {
            Self::LongerDates => 1,
            Self::ShorterDates => -1,
            _ => return,
        };
        for role in &mut member.roles {
            let Span::Wall { end, .. } = &mut role.time;
            *end += TimeDelta::days(days);
        }
    }
}
