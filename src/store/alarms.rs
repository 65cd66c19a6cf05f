//! The memory of alarms: what each channel has sent, and what it need not send yet.
//!
//! What to tell is decided in [`crate::notify::decide::decide`]; here it is only kept.

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::convert::{instant_in, instant_out};
use super::{Store, StoreError};

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

impl Store {
    /// What is remembered for a channel, by topic.
    pub fn alarms(&self, channel: &str) -> Result<Vec<Alarm>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT topic, since_at, bad, good, good_at, sent_at, cleared_at, is_recurring FROM alarm \
             WHERE channel = ?1 ORDER BY topic",
        )?;
        let mut rows = statement.query([channel])?;
        let mut alarms = Vec::new();
        while let Some(row) = rows.next()? {
            let instant = |column: usize| -> Result<_, StoreError> {
                row.get::<_, Option<i64>>(column)?.map(instant_in).transpose()
            };
            alarms.push(Alarm {
                topic: row.get(0)?,
                since: instant_in(row.get(1)?)?,
                bad: row.get(2)?,
                good: row.get(3)?,
                good_since: instant(4)?,
                sent_at: instant(5)?,
                cleared_at: instant(6)?,
                is_recurring: row.get(7)?,
            });
        }
        Ok(alarms)
    }

    /// Remembers exactly this for a channel.
    pub fn keep_alarms(&mut self, channel: &str, alarms: &[Alarm]) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        transaction.execute("DELETE FROM alarm WHERE channel = ?1", [channel])?;
        for alarm in alarms {
            transaction.execute(
                "INSERT INTO alarm (channel, topic, since_at, bad, good, good_at, sent_at, \
                 cleared_at, is_recurring) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    channel,
                    alarm.topic,
                    instant_out(alarm.since),
                    alarm.bad,
                    alarm.good,
                    alarm.good_since.map(instant_out),
                    alarm.sent_at.map(instant_out),
                    alarm.cleared_at.map(instant_out),
                    alarm.is_recurring,
                ],
            )?;
        }
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_a_memory_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("state.db")).unwrap();
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
        store.keep_alarms("email", &[told.clone(), over.clone()]).unwrap();
        store.keep_alarms("webhook", std::slice::from_ref(&over)).unwrap();
        assert_eq!(store.alarms("email").unwrap(), [told, over.clone()]);
        store.keep_alarms("email", &[]).unwrap();
        assert_eq!(store.alarms("email").unwrap(), []);
        assert_eq!(store.alarms("webhook").unwrap(), [over]);
    }
}
