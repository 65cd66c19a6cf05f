//! Whether what a device answers may be believed. Pure.
//!
//! A device that suddenly is another one, or has lost its persons, would get the changes of the one it seems
//! to be: nothing is written there until a person has looked.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::config::{Guard, TargetConfig};
use crate::model::{Record, RecordId, TargetLimits};

/// With fewer persons missing than this nothing is far fewer, however small the device.
const SMALLEST_LOSS: usize = 3;

/// A device as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its serial number; empty where it states none.
    pub serial: &'a str,
    /// How many persons it holds.
    pub persons: usize,
}

/// Why a device is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("answers with serial number {now:?}, and was {before:?} until now: another device?")]
    OtherDevice {
        /// The serial number before.
        before: String,
        /// The serial number now.
        now: String,
    },
    /// No persons, and some before.
    #[error("holds no persons, and held {before} until now")]
    Empty { before: usize },
    /// Fewer than half of the persons of before.
    #[error("holds {now} persons, and held {before} until now")]
    FarFewer { before: usize, now: usize },
    /// Many linked persons have other names.
    #[error(
        "holds other names for {renamed} of {linked} linked persons: were its persons renumbered?"
    )]
    Renamed {
        /// Linked persons with another name.
        renamed: usize,
        linked: usize,
    },
    /// Another section of the configuration leads to the same device.
    #[error("is the same device as [{first}]: both have serial number {serial:?}")]
    Twin {
        /// The section that comes first.
        first: String,
        /// The serial number of both.
        serial: String,
    },
    /// It gave a serial number before, and gives none now.
    #[error("states no serial number, and was {before:?} until now: another device?")]
    NoSerial {
        /// The serial number before.
        before: String,
    },
}

/// Judges how many linked persons have names now that are neither their old ones nor their members'.
///
/// # Errors
/// [`Doubt::Renamed`] for at least three that are more than `source_shrink` of those linked.
pub fn judge_names(renamed: usize, linked: usize, guard: Guard) -> Result<(), Doubt> {
    if renamed > guard.losses_allowed(linked) {
        return Err(Doubt::Renamed { renamed, linked });
    }
    Ok(())
}

/// Judges a reading against the last one that was believed. `accepted` is the number of persons that
/// somebody who looked has said it may hold.
///
/// # Errors
/// Why it is not believed.
pub fn judge(
    before: Option<Seen<'_>>,
    now: Seen<'_>,
    accepted: Option<usize>,
) -> Result<(), Doubt> {
    let Some(before) = before else { return Ok(()) };
    if accepted == Some(now.persons) {
        return Ok(());
    }
    judge_serial(before.serial, now.serial)?;
    let missing = before.persons.saturating_sub(now.persons);
    if now.persons == 0 && before.persons > 0 {
        return Err(Doubt::Empty { before: before.persons });
    }
    if missing >= SMALLEST_LOSS && missing * 2 > before.persons {
        return Err(Doubt::FarFewer { before: before.persons, now: now.persons });
    }
    Ok(())
}

/// Judges who a device says it is. One that has never said cannot be told apart.
///
/// # Errors
/// [`Doubt::OtherDevice`] and [`Doubt::NoSerial`].
pub fn judge_serial(before: &str, now: &str) -> Result<(), Doubt> {
    if before.is_empty() || before == now {
        return Ok(());
    }
    if now.is_empty() {
        return Err(Doubt::NoSerial { before: before.to_owned() });
    }
    Err(Doubt::OtherDevice { before: before.to_owned(), now: now.to_owned() })
}

/// What a device with these persons makes of the windows it is sent, as far as that is believed: planning,
/// writing and settling all go by the same.
#[must_use]
pub fn believed_limits(
    device: &TargetConfig,
    known: TargetLimits,
    persons: &BTreeMap<RecordId, Record>,
    now: DateTime<Utc>,
) -> TargetLimits {
    let held = persons.values().filter_map(|person| Some(person.limit.window()?.end()));
    known.believed(held, now.with_timezone(&device.time_zone).naive_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(before: (&str, usize), now: (&str, usize), accepted: Option<usize>) -> bool {
        let seen = |(serial, persons)| Seen { serial, persons };
        judge(Some(seen(before)), seen(now), accepted).is_ok()
    }

    #[test]
    fn table() {
        for (before, now, want) in [
            (("A", 9), ("A", 9), true),
            (("A", 9), ("A", 400), true),
            (("A", 9), ("A", 5), true),
            (("A", 9), ("A", 4), false),
            (("A", 3), ("A", 1), true),
            (("A", 9), ("A", 0), false),
            (("A", 1), ("A", 0), false),
            (("A", 0), ("A", 0), true),
            (("A", 400), ("A", 200), true),
            (("A", 400), ("A", 199), false),
            (("A", 9), ("B", 9), false),
            (("", 9), ("B", 9), true),
            (("A", 9), ("", 9), false),
            (("", 9), ("", 9), true),
        ] {
            assert_eq!(verdict(before, now, None), want, "{before:?} -> {now:?}");
        }
        let first = Seen { serial: "A", persons: 0 };
        assert!(judge(None, first, None).is_ok(), "a new device");
    }

    /// Mutants that this catches: no floor of three; a share of everybody on the door; never doubted.
    #[test]
    fn many_other_names_are_doubted() {
        let percent = |value| crate::config::Percent::new(value).unwrap();
        let guard = Guard {
            source_shrink: percent(10),
            revoke_per_tick: percent(5),
            revoke_per_day: percent(15),
            grant_per_tick: percent(25),
        };
        for (renamed, linked, want) in [
            (0, 0, true),
            (2, 2, true),
            (3, 3, false),
            (3, 29, false),
            (3, 30, true),
            (4, 30, false),
            (40, 400, true),
            (41, 400, false),
        ] {
            assert_eq!(judge_names(renamed, linked, guard).is_ok(), want, "{renamed} of {linked}");
        }
    }

    #[test]
    fn only_the_exact_number_of_persons_is_accepted() {
        for (now, accepted, want) in
            [(("B", 9), 9, true), (("B", 9), 8, false), (("A", 0), 0, true), (("A", 3), 4, false)]
        {
            assert_eq!(verdict(("A", 9), now, Some(accepted)), want, "{now:?} {accepted}");
        }
    }
}
