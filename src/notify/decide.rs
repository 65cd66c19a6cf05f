//! Which troubles are worth a message now. Pure.
//!
//! Trouble that may pass is sent when it has been seen in three ticks in a row, other trouble at once; then
//! once a day while it lasts; and once when it is over, after two good ticks. What comes back within a day
//! is over only after twelve calm hours. Every channel has a memory of its own, of what it took.
//!
//! Stderr has a rule of its own, [`decide_stderr`]: everything at once and then once a day, and nothing of
//! what is over. Cron mails it, and the exit code says the rest.

use chrono::{DateTime, TimeDelta, Utc};

use super::outlook::{Condition, Observation, TopicState};
use super::topic::Topic;
use crate::clock::is_future;
use crate::store::Alarm;
use crate::text::words::words;

/// Bad ticks in a row before trouble that may pass is sent.
pub const BAD_TICKS: u32 = 3;
/// Good ticks in a row before it is over.
pub const GOOD_TICKS: u32 = 2;
/// A reminder after this long; and what comes back within it, comes back.
pub const DAY: TimeDelta = TimeDelta::hours(24);
/// What came back is over after this long without it.
pub const CALM: TimeDelta = TimeDelta::hours(12);
/// Ticks do not come to the second: one that is this much early is the one that was waited for.
const SLACK: TimeDelta = TimeDelta::minutes(2);

words! {
    /// Why something is said.
    pub enum Occasion {
        First = "first",
        /// It was over, and is back.
        Returned = "again",
        Reminder = "reminder",
        Over = "over",
    }
}

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub topic: Topic,
    pub occasion: Occasion,
    pub since: DateTime<Utc>,
    /// When it was gone, where it is over.
    pub until: Option<DateTime<Utc>>,
    /// How it stands, where it is there.
    pub condition: Option<Condition>,
}

/// What to say on one channel, and what to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// To be said, in one message.
    pub notices: Vec<Notice>,
    /// To be remembered if the channel does not take the message.
    pub if_refused: Vec<Alarm>,
    /// To be remembered if it does, or if there is none.
    pub if_taken: Vec<Alarm>,
}

/// Decides what one channel sends after a tick. `remembered` is what [`Decision`] of the tick before
/// gave; whatever is no longer among `observations` (a door taken out of the configuration) is forgotten.
#[must_use]
pub fn decide(remembered: &[Alarm], observations: &[Observation], now: DateTime<Utc>) -> Decision {
    let mut decision =
        Decision { notices: Vec::new(), if_refused: Vec::new(), if_taken: Vec::new() };
    for observation in observations {
        let name = observation.topic.to_string();
        let before = remembered.iter().find(|alarm| alarm.topic == name);
        let before = before.map(|alarm| not_later(alarm, now));
        let after = match &observation.state {
            TopicState::Unknown => {
                decision.if_refused.extend(before.clone());
                decision.if_taken.extend(before);
                continue;
            }
            TopicState::Well => well(before, now),
            TopicState::Bad(condition) => Some(bad(before, name, condition, now)),
        };
        let Some((alarm, occasion)) = after else { continue };
        if let Some(occasion) = occasion {
            let condition = match &observation.state {
                TopicState::Bad(condition) => Some((**condition).clone()),
                TopicState::Well | TopicState::Unknown => None,
            };
            decision.notices.push(Notice {
                topic: observation.topic.clone(),
                occasion,
                since: alarm.since,
                until: alarm.good_since,
                condition,
            });
        }
        decision.if_taken.push(after_sending(&alarm, occasion, now));
        decision.if_refused.push(alarm);
    }
    decision
}

/// Something that stderr may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What makes it the same as one of an earlier tick.
    pub topic: String,
    /// It brings no exit code, and is not in every tick: that it is not seen means nothing.
    pub is_remark: bool,
}

/// Decides which lines stderr has to say, and what to remember: what was said within a day is not said
/// again. `is_well` forgets all that is no remark, so that the next trouble is news at once.
#[must_use]
pub fn decide_stderr(
    remembered: &[Alarm],
    lines: &[Line],
    is_well: bool,
    now: DateTime<Utc>,
) -> (Vec<bool>, Vec<Alarm>) {
    let is_said = |alarm: &&Alarm| {
        alarm.sent_at.is_some_and(|at| at <= now && now.signed_duration_since(at) < DAY)
    };
    // A remark is no bad tick.
    let is_kept = |alarm: &&Alarm| !is_well || alarm.bad == 0;
    let mut after: Vec<Alarm> =
        remembered.iter().filter(is_said).filter(is_kept).cloned().collect();
    let mut news = Vec::with_capacity(lines.len());
    let old: Vec<String> = after.iter().map(|alarm| alarm.topic.clone()).collect();
    for line in lines {
        let is_new = !old.contains(&line.topic);
        news.push(is_new);
        if after.iter().all(|alarm| alarm.topic != line.topic) {
            after.push(Alarm {
                topic: line.topic.clone(),
                since: now,
                bad: u32::from(!line.is_remark),
                sent_at: Some(now),
                ..Alarm::default()
            });
        }
    }
    after.sort_by(|one, other| one.topic.cmp(&other.topic));
    (news, after)
}

/// A time that lies in the future is of a clock that was set back since. What was sent then is sent once
/// more, since nobody knows when that was; what was over then does not come back.
fn not_later(alarm: &Alarm, now: DateTime<Utc>) -> Alarm {
    let past = |at: DateTime<Utc>| at.min(now);
    let a_day_ago = now.checked_sub_signed(DAY).unwrap_or(now);
    let sent = |at| if is_future(at, now) { a_day_ago } else { past(at) };
    Alarm {
        since: past(alarm.since),
        good_since: alarm.good_since.map(past),
        sent_at: alarm.sent_at.map(sent),
        cleared_at: alarm.cleared_at.filter(|at| !is_future(*at, now)).map(past),
        ..alarm.clone()
    }
}

/// A tick that saw the trouble.
fn bad(
    before: Option<Alarm>,
    topic: String,
    condition: &Condition,
    now: DateTime<Utc>,
) -> (Alarm, Option<Occasion>) {
    let cleared_at = before.as_ref().and_then(|alarm| alarm.cleared_at);
    let begun = before.filter(|alarm| alarm.bad > 0).unwrap_or_else(|| Alarm {
        topic,
        since: now,
        cleared_at,
        ..Alarm::default()
    });
    // Counted no further than it matters, so that trouble that lasts is not written down every time.
    let bad = (begun.bad + 1).min(BAD_TICKS);
    let alarm = Alarm { bad, good: 0, good_since: None, ..begun };
    let occasion = match alarm.sent_at {
        Some(sent_at) if now.signed_duration_since(sent_at) >= DAY - SLACK => {
            Some(Occasion::Reminder)
        }
        Some(_) => None,
        None if !condition.is_urgent() && alarm.bad < BAD_TICKS => None,
        None if is_recent(cleared_at, now) => Some(Occasion::Returned),
        None => Some(Occasion::First),
    };
    (alarm, occasion)
}

/// A tick that saw that the trouble is not there; nothing where there is nothing to remember.
fn well(before: Option<Alarm>, now: DateTime<Utc>) -> Option<(Alarm, Option<Occasion>)> {
    let alarm = before?;
    if alarm.sent_at.is_none() {
        // Nobody got a message about it, so nobody needs one that it is over.
        let kept = Alarm { bad: 0, good: 0, good_since: None, is_recurring: false, ..alarm };
        return is_recent(kept.cleared_at, now).then_some((kept, None));
    }
    let good = (alarm.good + 1).min(GOOD_TICKS);
    let good_since = alarm.good_since.unwrap_or(now);
    let is_calm = !alarm.is_recurring || now.signed_duration_since(good_since) >= CALM;
    let occasion = (good >= GOOD_TICKS && is_calm).then_some(Occasion::Over);
    Some((Alarm { good, good_since: Some(good_since), ..alarm }, occasion))
}

fn is_recent(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    at.is_some_and(|at| now.signed_duration_since(at) < DAY)
}

/// What to remember once a channel took the notice.
fn after_sending(alarm: &Alarm, occasion: Option<Occasion>, now: DateTime<Utc>) -> Alarm {
    let alarm = alarm.clone();
    match occasion {
        None => alarm,
        Some(Occasion::First | Occasion::Reminder) => Alarm { sent_at: Some(now), ..alarm },
        Some(Occasion::Returned) => Alarm { sent_at: Some(now), is_recurring: true, ..alarm },
        Some(Occasion::Over) => Alarm {
            bad: 0,
            good: 0,
            good_since: None,
            sent_at: None,
            cleared_at: Some(now),
            is_recurring: false,
            ..alarm
        },
    }
}

#[cfg(test)]
mod tests;
