//! In which order the changes of one device are carried out, since a run can end before it is through. Pure.
//!
//! Whoever is kept out comes first; a write that keeps failing waits behind those that were never tried.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::clock::is_future;
use crate::engine::plan::Change;
use crate::model::RecordId;

/// Sorts changes: closed doors that must open, then what was never tried, then what was tried and failed,
/// longest ago first; else as planned. A try in the future is none: a clock was ahead.
pub(super) fn sort(
    changes: &mut [&Change],
    tries: &BTreeMap<RecordId, DateTime<Utc>>,
    now: DateTime<Utc>,
) {
    changes.sort_by_key(|change| {
        let tried_at = tries.get(&change.employee_no).filter(|at| !is_future(**at, now));
        (!change.opens_door, tried_at.copied())
    });
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::engine::plan::{Cause, Kind};
    use crate::model::testing::holder;
    use crate::model::{Limit, SourceName, TargetName, Window};

    fn change(id: &str, opens_door: bool) -> Change {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let window =
            Window::new(day.and_hms_opt(0, 0, 0).unwrap(), day.and_hms_opt(1, 0, 0).unwrap());
        let window = window.unwrap();
        Change {
            verb: crate::model::Verb::Set,
            device: TargetName::new("door").unwrap(),
            employee_no: RecordId::new(id).unwrap(),
            member: holder("1"),
            source: SourceName::new("club").unwrap(),
            cause: Cause::Renewed,
            kind: Kind::Grant,
            before: Limit::Window(window),
            after: window,
            opens_door,
            fingerprint: String::new(),
            ends_at_once: false,
            blocked: None,
        }
    }

    /// Mutants: doors that open last; tried before never tried; the newest try first; the future counts.
    #[test]
    fn whoever_stands_outside_then_whoever_was_never_tried_then_whoever_waits_longest() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let all = [
            ("a", false, Some(-5)),
            ("b", false, None),
            ("c", true, Some(-5)),
            ("d", true, Some(-60)),
            ("e", false, Some(-60)),
            ("f", true, None),
            ("g", false, None),
            ("h", false, Some(60 * 24 * 365)),
            ("i", false, Some(-5)),
        ];
        let changes = all.map(|(id, opens_door, _)| change(id, opens_door));
        let tries = all.iter().filter_map(|(id, _, minutes)| {
            Some((RecordId::new(id).unwrap(), now + TimeDelta::minutes((*minutes)?)))
        });
        let mut sorted: Vec<&Change> = changes.iter().collect();
        sort(&mut sorted, &tries.collect(), now);
        let sorted: Vec<&str> = sorted.iter().map(|one| one.employee_no.as_str()).collect();
        assert_eq!(sorted, ["f", "d", "c", "b", "g", "h", "e", "a", "i"]);
    }
}
