//! Asks a gate for everything that planning needs. Network only.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::identity::Former;
use crate::config::{GateConfig, Mode};
use crate::engine::gather::clocks::{ClockFault, device_clock_fault, offset_text};
use crate::engine::gather::plausibility::judge_serial;
use crate::engine::{Systems, TargetOutcome};
use crate::model::{Memory, Zone};
use crate::ports::{Failure, Gate, GateRows, Identity, TargetClock};
use crate::text::lists::some_of;
use crate::trouble::{Failed, Trouble, TroubleKind};

/// What a gate answered.
pub(super) struct Read {
    pub identity: Identity,
    pub clock: Option<TargetClock>,
    /// The most rows that it holds, where it says.
    pub capacity: Option<u64>,
    pub list: GateRows,
}

/// What is remembered of a gate before it is asked.
pub(super) struct Asked<'c> {
    pub config: &'c GateConfig,
    pub memory: Memory,
    /// Gates that no section names any more, by their serial numbers: it may be one of them under another name.
    pub formers: BTreeMap<String, Former>,
    /// The login was refused before.
    pub is_retried: bool,
}

/// Connects and reads; the connection comes back with what was read, for carrying out.
pub(super) fn contact(
    systems: &dyn Systems,
    asked: &Asked<'_>,
) -> Result<(Box<dyn Gate>, Read), Failure> {
    let connect = |memory: &Memory| -> Result<(Box<dyn Gate>, Identity), Failure> {
        let mut gate = systems.gate(asked.config, memory)?;
        if asked.is_retried {
            gate.keep_a_try();
        }
        let identity = gate.identity()?;
        Ok((gate, identity))
    };
    let (mut gate, mut identity) = connect(&asked.memory)?;
    if let Some(former) = asked.formers.get(&identity.serial) {
        (gate, identity) = connect(&former.memory)?;
    }
    let clock = gate.clock()?;
    let capacity = gate.statement()?.capacity;
    let list = gate.rows()?;
    Ok((gate, Read { identity, clock, capacity, list }))
}

/// What is wrong with its clock, as a trouble: by another clock it would open on other days.
fn clock_trouble(
    config: &GateConfig,
    shown: Option<TargetClock>,
    now: DateTime<Utc>,
) -> Option<Trouble> {
    let zone: Zone = config.time_zone;
    let shown = shown?;
    let kind = match device_clock_fault(shown, now, zone)? {
        ClockFault::Time { off, expected } => {
            TroubleKind::ClockOff { off: off.to_string(), shown: shown.local, expected, zone }
        }
        ClockFault::Zone { stated, expected } => TroubleKind::ClockZone {
            stated: offset_text(stated),
            expected: offset_text(expected),
            zone,
        },
    };
    Some(Trouble::of_target(&config.name, kind))
}

/// Whether what a gate answered is to be believed, and whether it may be written to.
pub(super) fn judge(
    config: &GateConfig,
    read: &Read,
    (serial, is_accepted): (&str, bool),
    now: DateTime<Utc>,
) -> (TargetOutcome, Vec<Trouble>) {
    let of = |kind| Trouble::of_target(&config.name, kind);
    let mut troubles = Vec::new();
    if let (Err(doubt), false) = (judge_serial(serial, &read.identity.serial), is_accepted) {
        let persons = Some(read.list.rows.len());
        troubles.push(of(TroubleKind::NotBelieved { text: doubt.to_string(), persons }));
        return (TargetOutcome::NotBelieved, troubles);
    }
    if !read.list.complete {
        let entries = some_of(&read.list.unusable, 1, ", ");
        let colon = if entries.is_empty() { "" } else { ": " };
        let failed = Failed::new(
            format!("its list was not read whole, so nothing is changed there{colon}{entries}"),
            Some("the next run reads it again"),
        );
        troubles.push(of(TroubleKind::Unreachable(failed)));
        return (TargetOutcome::Unreachable, troubles);
    }
    if let Some(trouble) = clock_trouble(config, read.clock, now) {
        troubles.push(trouble);
        return (TargetOutcome::ClockWrong, troubles);
    }
    match config.mode {
        Mode::Observe => (TargetOutcome::Observed, troubles),
        Mode::GrantOnly | Mode::Full => (TargetOutcome::Ok, troubles),
    }
}
