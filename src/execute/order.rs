//! In which order the changes of one device are carried out.
//!
//! Pure. A run can end before it is through: at its time limit, or because the device goes away. Whoever
//! stands outside comes first, and a write that fails again and again waits behind those that were never
//! tried, so that a slow or stubborn head starves nobody. Source: design.md section 4.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::clock::is_future;
use crate::model::EmployeeNo;
use crate::plan::Change;

/// Sorts changes: closed doors that must open, then what was never tried, then what was tried and failed,
/// longest ago first; else as planned. A try in the future is none: a clock was ahead.
pub(super) fn sort(
    changes: &mut [&Change],
    tries: &BTreeMap<EmployeeNo, DateTime<Utc>>,
    now: DateTime<Utc>,
) {
    changes.sort_by_key(|change| {
        let tried_at = tries.get(&change.employee_no).filter(|at| !is_future(**at, now));
        (!change.opens_door, tried_at.copied())
    });
}
