//! Programs that are broken on purpose, to show that the oracle notices.

use chrono::TimeDelta;
use clap::ValueEnum;
use ivms_sync::model::Member;

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
    /// The door's clock is believed to be right.
    LyingClock,
    /// Every second tick does nothing, and says that all is well.
    LazyTicks,
}

impl Sabotage {
    /// Whether a member gets lost on the way.
    pub fn hides(self, place: usize, is_complete: bool) -> bool {
        self == Self::LoseMember && !is_complete && place % 3 == 1
    }

    /// What becomes of a member on the way.
    pub fn bend(self, member: &mut Member) {
        let days = match self {
            Self::LongerDates => 1,
            Self::ShorterDates => -1,
            _ => return,
        };
        for role in &mut member.roles {
            role.end += TimeDelta::days(days);
        }
    }
}
