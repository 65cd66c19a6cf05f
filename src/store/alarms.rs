//! The memory of alarms: what each channel has sent, and what it need not send yet.
//!
//! What to say is decided in [`crate::notify::decide::decide`]; here it is only kept.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::rows::row;
use super::{Alarms, StoreError};

/// What is remembered of one trouble for one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Which trouble: `door front-door away`.
    pub topic: String,
    /// The first bad tick.
    pub since: DateTime<Utc>,
    /// Bad ticks in a row, as far as they are counted.
    pub bad: u32,
    /// Good ticks in a row, as far as they are counted.
    pub good: u32,
    /// The first of them.
    pub good_since: Option<DateTime<Utc>>,
    /// When a message about it was last taken; `None`: none yet, or over.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it was last said to be over.
    pub cleared_at: Option<DateTime<Utc>>,
    /// It came back within a day.
    pub is_recurring: bool,
}

row!(Alarm { topic, since, bad, good, good_since, sent_at, cleared_at, is_recurring });

impl Alarms<'_> {
    /// What is remembered for a channel, by topic.
    pub fn alarms(&self, channel: &str) -> Result<Vec<Alarm>, StoreError> {
        self.0.all(
            "SELECT topic, since_at, bad, good, good_at, sent_at, cleared_at, is_recurring FROM alarm \
             WHERE channel = ?1 ORDER BY topic",
            channel,
        )
    }

    /// Remembers exactly this for a channel.
    pub fn keep_alarms(&self, channel: &str, alarms: &[Alarm]) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.exec("DELETE FROM alarm WHERE channel = ?1", channel)?;
            store
                .prepare("INSERT INTO alarm VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
                .run_each(alarms.iter().map(|alarm| (channel, alarm)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn each_channel_has_a_memory_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap();
        let told = Alarm {
            topic: "door front-door away".to_owned(),
            since: at(0),
            bad: 3,
            good: 1,
            good_since: Some(at(3)),
            sent_at: Some(at(1)),
            cleared_at: None,
            is_recurring: true,
        };
        let over = Alarm {
            topic: "lock".to_owned(),
            sent_at: None,
            good_since: None,
            cleared_at: Some(at(2)),
            is_recurring: false,
            ..told.clone()
        };
        store.alarms().keep_alarms("email", &[told.clone(), over.clone()]).unwrap();
        store.alarms().keep_alarms("webhook", std::slice::from_ref(&over)).unwrap();
        assert_eq!(store.alarms().alarms("email").unwrap(), [told, over.clone()]);
        store.alarms().keep_alarms("email", &[]).unwrap();
        assert_eq!(store.alarms().alarms("email").unwrap(), []);
        assert_eq!(store.alarms().alarms("webhook").unwrap(), [over]);
    }
}
