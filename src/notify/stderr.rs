//! What a tick by cron says on stderr, which cron mails: the same thing once a day.

use chrono::{DateTime, Utc};

use super::decide::{Line, decide_stderr};
use crate::store::{Alarm, Store, StoreError};

/// Its name among the channels in the state file.
const NAME: &str = "stderr";

/// Whether each of these lines is to be said now. That they are said is remembered; what cannot be
/// remembered is said.
pub fn news(store: &mut Store, lines: &[Line], is_well: bool, now: DateTime<Utc>) -> Vec<bool> {
    let remembered = store.alarms().alarms(NAME).unwrap_or_default();
    let (news, after) = decide_stderr(&remembered, lines, is_well, now);
    if let Err(error) = keep(store, &remembered, &after) {
        log::debug!("what was said cannot be remembered: {error}");
    }
    news
}

/// The same of one remark.
pub fn is_news(store: &mut Store, topic: String, now: DateTime<Utc>) -> bool {
    news(store, &[Line { topic, is_remark: true }], false, now) == [true]
}

fn keep(store: &mut Store, before: &[Alarm], after: &[Alarm]) -> Result<(), StoreError> {
    if before == after { Ok(()) } else { store.alarms().keep_alarms(NAME, after) }
}
