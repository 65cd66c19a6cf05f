//! How far a device is trusted with writes: not at all, one person at a time, or in batches. Pure.
//!
//! Nobody has proven that every version leaves alone what it was not asked to change (reference 3.1). One
//! that is new is written to one person at a time until it has confirmed a write, and waits after [`PROBES`]
//! that it did not confirm. One that changed what nobody asked for is not written to until a person has looked.

use chrono::{DateTime, Utc};

use super::back_off;
use crate::config::TargetConfig;
use crate::store::{Failures, Unasked, Unproven, WriteMemory};
use crate::text::lists::some_of;
use crate::trouble::{Trouble, TroubleKind};

/// Writes that a version may leave unconfirmed before the others wait.
pub const PROBES: u32 = 3;

/// So many persons are named who were changed unasked.
const NAMED_MAX: usize = 3;

/// How a device may be written to in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// In batches: its version has confirmed a write.
    Proven,
    /// One person at a time until one is confirmed; so many may stay unconfirmed in this run.
    Probing(u32),
    /// Not now: too many were not confirmed, and the next one is not due yet.
    Waiting,
}

/// How a device with this version may be written to now. A change that nobody asked for is another
/// matter: see [`unasked`].
#[must_use]
pub fn judge(
    proven_version: Option<&str>,
    memory: &WriteMemory,
    version: &str,
    now: DateTime<Utc>,
) -> Trust {
    if proven_version == Some(version) {
        return Trust::Proven;
    }
    match memory.unproven.as_ref().filter(|unproven| unproven.version == version) {
        None => Trust::Probing(PROBES),
        Some(unproven) if unproven.count < PROBES => Trust::Probing(PROBES - unproven.count),
        Some(unproven) if next_probe_at(unproven, now).is_some() => Trust::Waiting,
        Some(_) => Trust::Probing(1),
    }
}

/// Until when no further write is tried, if so: the next tick tries one, then it takes longer and
/// longer, at most an hour.
fn next_probe_at(unproven: &Unproven, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let count = unproven.count.checked_sub(PROBES)?.saturating_add(1);
    let last_at = Some(unproven.last_at);
    back_off::waits_until(&Failures { count, last_at, last: None }, now)
}

/// Says that a version has confirmed nothing of what it was sent, where that is too much; `persons` is
/// how many the device holds.
#[must_use]
pub fn unproven(
    device: &TargetConfig,
    memory: &WriteMemory,
    persons: usize,
    now: DateTime<Utc>,
) -> Option<Trouble> {
    let unproven = memory.unproven.as_ref().filter(|unproven| unproven.count >= PROBES)?;
    let next = match next_probe_at(unproven, now) {
        None => "with the next run".to_owned(),
        Some(at) => format!("at {}", at.with_timezone(&device.time_zone).format("%H:%M")),
    };
    let Unproven { version, count, .. } = unproven;
    let (version, count) = (version.clone(), *count);
    Some(Trouble::of_target(
        &device.name,
        TroubleKind::Unproven { firmware: version, count, next, persons },
    ))
}

/// What to remember of persons who were changed unasked, each with what was; nothing where nobody was.
#[must_use]
pub fn met_unasked(met: &[String], at: DateTime<Utc>) -> Option<Unasked> {
    (!met.is_empty()).then(|| Unasked { text: some_of(met, NAMED_MAX, "; "), at })
}

/// Says that a device changed what nobody asked for, so that nothing is written there until somebody
/// accepts it; `persons` is how many it holds.
#[must_use]
pub fn unasked(device: &TargetConfig, unasked: &Unasked, persons: usize) -> Trouble {
    let at = unasked.at.with_timezone(&device.time_zone).format("%Y-%m-%d %H:%M");
    let text = format!("{at}, {}", unasked.text);
    Trouble::of_target(&device.name, TroubleKind::ChangedUnasked { text, persons })
}

/// Says that a version takes no change of anybody, so that none is tried until it has another one or
/// somebody asks for it; `persons` is how many the device holds.
#[must_use]
pub fn refuses(device: &TargetConfig, version: &str, why: &str, persons: usize) -> Trouble {
    let (version, why) = (version.to_owned(), why.to_owned());
    Trouble::of_target(&device.name, TroubleKind::TakesNoChange { firmware: version, why, persons })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap()
    }

    fn after(version: &str, count: u32) -> WriteMemory {
        let unproven = Unproven { version: version.to_owned(), count, last_at: at(0) };
        WriteMemory { unproven: Some(unproven), unasked: None }
    }

    /// Mutants: any proven version is good enough; the memory of another version counts; three are
    /// tried in every run; none ever again.
    #[test]
    fn table() {
        let none = WriteMemory::default();
        let v1 = |count| after("V1", count);
        for (what, proven, memory, minutes, trust) in [
            ("new", None, none.clone(), 0, Trust::Probing(3)),
            ("proven", Some("V1"), none.clone(), 0, Trust::Proven),
            ("upgraded", Some("V0"), none.clone(), 0, Trust::Probing(3)),
            ("upgraded from one that failed", None, after("V0", 9), 0, Trust::Probing(3)),
            ("proven since", Some("V1"), after("V0", 9), 0, Trust::Proven),
            ("one failed", None, v1(1), 0, Trust::Probing(2)),
            ("two failed, in two runs", Some("V0"), v1(2), 0, Trust::Probing(1)),
            ("three failed, the next run", None, v1(3), 5, Trust::Probing(1)),
            ("a fourth failed, the next run", None, v1(4), 5, Trust::Waiting),
            ("a fourth failed, the run after that", None, v1(4), 10, Trust::Probing(1)),
            ("many failed, soon", None, v1(40), 55, Trust::Waiting),
            ("many failed, an hour later", None, v1(40), 60, Trust::Probing(1)),
            ("more than can be", None, v1(u32::MAX), 60, Trust::Probing(1)),
            ("a clock that was ahead", None, v1(40), -60 * 24 * 365, Trust::Probing(1)),
        ] {
            assert_eq!(judge(proven, &memory, "V1", at(minutes)), trust, "{what}");
        }
    }

    /// However often it fails, somebody is tried again within the hour, and never more than one.
    #[test]
    fn a_door_is_never_given_up_and_never_meets_many() {
        let mut memory = WriteMemory::default();
        let mut tried = Vec::new();
        for tick in 0..200 {
            let now = at(5 * tick);
            let Trust::Probing(left) = judge(None, &memory, "V1", now) else { continue };
            for _ in 0..left {
                tried.push(tick);
                let count = memory.unproven.map_or(1, |unproven| unproven.count + 1);
                let unproven = Unproven { version: "V1".to_owned(), count, last_at: now };
                memory.unproven = Some(unproven);
            }
        }
        assert_eq!(tried[..8], [0, 0, 0, 1, 3, 7, 15, 27]);
        assert!(tried[7..].windows(2).all(|pair| pair[1] - pair[0] == 12), "{tried:?}");
        assert!(at(5) - at(0) == TimeDelta::minutes(5));
    }
}
