//! Whether a complete listing may be believed.
//!
//! Pure. An empty, halved or wrong listing looks exactly like a club whose members have all left;
//! believing it would lock everybody out.

use crate::config::Guard;
use crate::model::HolderNumber;
use crate::trouble::{Failed, Hint};

/// What is asked of a complete listing.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Members in the last accepted complete listing.
    pub before: Option<usize>,
    /// Members in this one.
    pub now: usize,
    /// The member that must be in it, and whether it is.
    pub sentinel: Option<(&'a HolderNumber, bool)>,
    /// `--accept-shrink N`.
    pub accept_shrink: Option<usize>,
}

/// Why a listing is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody in it, and somebody before.
    #[error("the listing is empty, and the last one had {before} members")]
    Empty { before: usize },
    #[error(
        "the listing has {now} members, and the last one had {before}; at most {allowed} may be missing"
    )]
    Shrunk {
        before: usize,
        now: usize,
        /// How many may be missing.
        allowed: usize,
    },
    /// The sentinel is not in it.
    #[error("the listing does not hold member {0}, the sentinel that must be in it")]
    NoSentinel(HolderNumber),
}

impl Refusal {
    /// The rule that the listing breaks, as a lasting name.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "empty",
            Self::Shrunk { .. } => "shrunk",
            Self::NoSentinel(_) => "no-sentinel",
        }
    }

    /// Why, with the way out, of the system of this name.
    #[must_use]
    pub fn failed(&self, system: &str) -> Failed {
        let accept = |members: usize| format!("ivms-sync sync --full --accept-shrink {members}");
        let hint = match self {
            Self::Empty { .. } => Hint::command(
                format!(
                    "nothing was written; see in {system} that the organisation still has its members and \
                     that the account may export them. If everybody has really left"
                ),
                accept(0),
            ),
            Self::Shrunk { now, .. } => {
                Hint::command("nothing was written; if so many have really left", accept(*now))
            }
            Self::NoSentinel(number) => Hint::text(format!(
                "nothing was written; see that member {number} still exists and that organisation_id is \
                 right, or choose another sentinel"
            )),
        };
        Failed { text: self.to_string(), hint: Some(hint) }
    }
}

/// Judges a complete listing.
///
/// # Errors
/// Why it is not believed.
pub fn judge(guard: Guard, listing: Listing<'_>) -> Result<(), Refusal> {
    if let Some((number, false)) = listing.sentinel {
        return Err(Refusal::NoSentinel(number.clone()));
    }
    let before = listing.before.unwrap_or(0);
    let missing = before.saturating_sub(listing.now);
    if missing == 0 || listing.accept_shrink == Some(listing.now) {
        return Ok(());
    }
    if listing.now == 0 {
        return Err(Refusal::Empty { before });
    }
    let allowed = guard.losses_allowed(before);
    if missing > allowed {
        return Err(Refusal::Shrunk { before, now: listing.now, allowed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Percent;

    fn guard() -> Guard {
        let percent = |value| Percent::new(value).unwrap();
        Guard {
            source_shrink: percent(10),
            revoke_per_tick: percent(5),
            revoke_per_day: percent(15),
            grant_per_tick: percent(25),
        }
    }

    fn listing(before: Option<usize>, now: usize) -> Listing<'static> {
        Listing { before, now, sentinel: None, accept_shrink: None }
    }

    #[test]
    fn table() {
        for (before, now, want) in [
            (None, 0, true),
            (None, 500, true),
            (Some(0), 0, true),
            (Some(9), 9, true),
            (Some(9), 7, true),
            (Some(9), 6, false),
            (Some(9), 4, false),
            (Some(9), 0, false),
            (Some(1), 0, false),
            (Some(100), 90, true),
            (Some(100), 89, false),
            (Some(100), 140, true),
        ] {
            assert_eq!(judge(guard(), listing(before, now)).is_ok(), want, "{before:?} -> {now}");
        }
    }

    #[test]
    fn only_the_exact_count_is_accepted() {
        let halved = listing(Some(100), 50);
        assert!(judge(guard(), Listing { accept_shrink: Some(50), ..halved }).is_ok());
        assert!(judge(guard(), Listing { accept_shrink: Some(51), ..halved }).is_err());
        let emptied = listing(Some(100), 0);
        assert!(judge(guard(), Listing { accept_shrink: Some(0), ..emptied }).is_ok());
    }

    #[test]
    fn a_missing_sentinel_is_never_overruled() {
        let number = HolderNumber::whole(1).unwrap();
        let without = Listing { sentinel: Some((&number, false)), ..listing(Some(5), 5) };
        assert_eq!(judge(guard(), without), Err(Refusal::NoSentinel(number.clone())));
        let accepted = Listing { accept_shrink: Some(5), ..without };
        assert!(judge(guard(), accepted).is_err());
    }
}
