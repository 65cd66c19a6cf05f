//! What was sent is remembered in the state file, or beside it where that cannot be used.
//!
//! The file beside it, `ivms-sync.db.alarms`, exists only until a run can use the state file again. Where
//! not even that can be written (a full disk), messages are sent in one fixed window a day.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Timelike, Utc};

use crate::files::{self, Rights};
use crate::model::Zone;
use crate::net::bounded::{self, Bounded};
use crate::store::{Alarm, Store};

/// No second memory is longer.
const BYTES_MAX: u64 = 256 * 1024;
/// When messages are sent that cannot be remembered: from this hour, in the club's time, for as long as
/// the usual time between two ticks.
const WINDOW_HOUR: u32 = 8;
const WINDOW_MINUTES: u32 = 5;

/// The memory of one run.
#[derive(Debug)]
pub(super) enum Memory<'a> {
    State(&'a mut Store),
    /// The file beside it.
    Beside(Beside),
}

/// The file beside the state file.
#[derive(Debug)]
pub(super) struct Beside {
    path: PathBuf,
    channels: BTreeMap<String, Vec<Alarm>>,
}

impl Memory<'_> {
    /// What is remembered for a channel.
    pub fn load(&self, channel: &str) -> Result<Vec<Alarm>, String> {
        match self {
            Self::State(store) => store.alarms().alarms(channel).map_err(|error| error.to_string()),
            Self::Beside(beside) => Ok(beside.alarms(channel)),
        }
    }

    /// Remembers exactly this for a channel.
    pub fn keep(&mut self, channel: &str, alarms: &[Alarm]) -> Result<(), String> {
        match self {
            Self::State(store) => {
                store.alarms().keep_alarms(channel, alarms).map_err(|error| error.to_string())
            }
            Self::Beside(beside) => beside.keep(channel, alarms),
        }
    }
}

/// Whether messages are sent now that cannot be remembered.
pub(super) fn is_window(now: DateTime<Utc>, zone: Zone) -> bool {
    let at = now.with_timezone(&zone);
    at.hour() == WINDOW_HOUR && at.minute() < WINDOW_MINUTES
}

/// Takes over what was remembered beside the state file, and removes that.
pub(super) fn take_over(store: &mut Store, state: &Path) -> Result<(), String> {
    let beside = Beside::open(state);
    if !beside.path.exists() {
        return Ok(());
    }
    for channel in beside.channels.keys() {
        let newer = beside.alarms(channel);
        let mut alarms = store.alarms().alarms(channel).map_err(|error| error.to_string())?;
        alarms.retain(|old| newer.iter().all(|new| new.topic != old.topic));
        alarms.extend(newer);
        store.alarms().keep_alarms(channel, &alarms).map_err(|error| error.to_string())?;
    }
    std::fs::remove_file(&beside.path)
        .map_err(|error| format!("{}: {error}", beside.path.display()))
}

impl Beside {
    /// Reads the file; one that is not there, or is no such file, remembers nothing.
    pub fn open(state: &Path) -> Self {
        let mut name = state.as_os_str().to_owned();
        name.push(".alarms");
        let path = PathBuf::from(name);
        let channels = match bounded::read(&path, BYTES_MAX) {
            Ok(Bounded::Whole { bytes, .. }) => serde_json::from_slice(&bytes).unwrap_or_default(),
            _ => BTreeMap::new(),
        };
        Self { path, channels }
    }

    fn alarms(&self, channel: &str) -> Vec<Alarm> {
        self.channels.get(channel).cloned().unwrap_or_default()
    }

    fn keep(&mut self, channel: &str, alarms: &[Alarm]) -> Result<(), String> {
        self.channels.insert(channel.to_owned(), alarms.to_vec());
        let text = serde_json::to_string(&self.channels).map_err(|error| error.to_string())?;
        files::write(&self.path, &text, &Rights::PRIVATE)
            .map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;

    fn alarm() -> Alarm {
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap();
        Alarm {
            topic: "state-file".to_owned(),
            since: at(0),
            bad: 1,
            good: 0,
            good_since: None,
            sent_at: Some(at(1)),
            cleared_at: None,
            is_recurring: false,
        }
    }

    #[test]
    fn what_was_kept_beside_is_taken_over_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let mut beside = Beside::open(&state);
        assert_eq!(beside.alarms("email"), []);
        beside.keep("email", &[alarm()]).unwrap();
        assert_eq!(Beside::open(&state).alarms("email"), [alarm()]);
        let mut store = Store::open(&state).unwrap();
        let other = Alarm { topic: "lock".to_owned(), ..alarm() };
        let older = Alarm { sent_at: None, ..alarm() };
        store.alarms().keep_alarms("email", &[older, other.clone()]).unwrap();
        take_over(&mut store, &state).unwrap();
        assert_eq!(store.alarms().alarms("email").unwrap(), [other, alarm()]);
        assert!(!folder.path().join("state.db.alarms").exists());
        take_over(&mut store, &state).unwrap();
    }

    #[test]
    fn a_garbled_file_remembers_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        for text in ["", "{", "[1]", "{\"email\":[{\"topic\":1}]}", "\u{0}"] {
            std::fs::write(folder.path().join("state.db.alarms"), text).unwrap();
            assert_eq!(Beside::open(&state).alarms("email"), [], "{text}");
        }
    }

    #[test]
    fn the_window_is_open_for_one_tick_a_day() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let zone = zone("Europe/Ljubljana");
        let ticks = (0..288).map(|tick| start + chrono::TimeDelta::minutes(5 * tick));
        assert_eq!(ticks.filter(|at| is_window(*at, zone)).count(), 1);
    }
}
