//! Which troubles are worth a message now.
//!
//! Pure. Trouble that may pass by itself is told when it has been seen in three ticks in a row, other
//! trouble at once; then once a day while it lasts; and once when it is over, which is believed after
//! two good ticks. What comes back within a day is told again, but is then over only after twelve calm
//! hours: a door that comes and goes brings a handful of messages a day, however often it does so.
//! Every channel has a memory of its own, and only what it took counts as told.
//!
//! Stderr has a rule of its own, [`decide_stderr`]: everything at once and then once a day, and nothing of
//! what is over. Cron mails it, and the exit code tells the rest.

use chrono::{DateTime, TimeDelta, Utc};

use super::outlook::{Condition, Sight, Standing};
use super::topic::Topic;
use crate::clock::is_future;
use crate::store::Alarm;

/// Bad ticks in a row before trouble that may pass is told.
pub const BAD_TICKS: u32 = 3;
/// Good ticks in a row before it is over.
pub const GOOD_TICKS: u32 = 2;
/// A reminder after this long; and what comes back within it, comes back.
pub const DAY: TimeDelta = TimeDelta::hours(24);
/// What came back is over after this long without it.
pub const CALM: TimeDelta = TimeDelta::hours(12);
/// Ticks do not come to the second: one that is this much early is the one that was waited for.
const SLACK: TimeDelta = TimeDelta::minutes(2);

/// Why something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    First,
    /// It was over, and is back.
    Again,
    Reminder,
    Over,
}

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub topic: Topic,
    pub why: Why,
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
    pub words: Vec<Word>,
    /// To be remembered if the channel does not take the message.
    pub untold: Vec<Alarm>,
    /// To be remembered if it does, or if there is none.
    pub told: Vec<Alarm>,
}

/// Decides what one channel is told after a tick. `remembered` is what [`Decision`] of the tick before
/// gave; whatever is no longer among `sights` (a door taken out of the configuration) is forgotten.
#[must_use]
pub fn decide(remembered: &[Alarm], sights: &[Sight], now: DateTime<Utc>) -> Decision {
    let mut decision = Decision { words: Vec::new(), untold: Vec::new(), told: Vec::new() };
    for sight in sights {
        let name = sight.topic.to_string();
        let before = remembered.iter().find(|alarm| alarm.topic == name);
        let before = before.map(|alarm| not_later(alarm, now));
        let after = match &sight.standing {
            Standing::Unseen => {
                decision.untold.extend(before.clone());
                decision.told.extend(before);
                continue;
            }
            Standing::Well => well(before, now),
            Standing::Bad(condition) => Some(bad(before, name, condition, now)),
        };
        let Some((alarm, why)) = after else { continue };
        if let Some(why) = why {
            let condition = match &sight.standing {
                Standing::Bad(condition) => Some((**condition).clone()),
                Standing::Well | Standing::Unseen => None,
            };
            decision.words.push(Word {
                topic: sight.topic.clone(),
                why,
                since: alarm.since,
                until: alarm.good_since,
                condition,
            });
        }
        decision.told.push(after_telling(&alarm, why, now));
        decision.untold.push(alarm);
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
        alarm.told_at.is_some_and(|at| at <= now && now.signed_duration_since(at) < DAY)
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
                good: 0,
                good_since: None,
                told_at: Some(now),
                cleared_at: None,
                is_again: false,
            });
        }
    }
    after.sort_by(|one, other| one.topic.cmp(&other.topic));
    (news, after)
}

/// A time that lies in the future was told by a clock that was set back since. What was told then is told
/// again, since nobody knows when that was; what was over then does not come back.
fn not_later(alarm: &Alarm, now: DateTime<Utc>) -> Alarm {
    let past = |at: DateTime<Utc>| at.min(now);
    let a_day_ago = now.checked_sub_signed(DAY).unwrap_or(now);
    let told = |at| if is_future(at, now) { a_day_ago } else { past(at) };
    Alarm {
        since: past(alarm.since),
        good_since: alarm.good_since.map(past),
        told_at: alarm.told_at.map(told),
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
) -> (Alarm, Option<Why>) {
    let cleared_at = before.as_ref().and_then(|alarm| alarm.cleared_at);
    let begun = before.filter(|alarm| alarm.bad > 0).unwrap_or(Alarm {
        topic,
        since: now,
        bad: 0,
        good: 0,
        good_since: None,
        told_at: None,
        cleared_at,
        is_again: false,
    });
    // Counted no further than it matters, so that trouble that lasts is not written down every time.
    let bad = (begun.bad + 1).min(BAD_TICKS);
    let alarm = Alarm { bad, good: 0, good_since: None, ..begun };
    let why = match alarm.told_at {
        Some(told_at) if now.signed_duration_since(told_at) >= DAY - SLACK => Some(Why::Reminder),
        Some(_) => None,
        None if !condition.is_urgent() && alarm.bad < BAD_TICKS => None,
        None if is_recent(cleared_at, now) => Some(Why::Again),
        None => Some(Why::First),
    };
    (alarm, why)
}

/// A tick that saw that the trouble is not there; nothing where there is nothing to remember.
fn well(before: Option<Alarm>, now: DateTime<Utc>) -> Option<(Alarm, Option<Why>)> {
    let alarm = before?;
    if alarm.told_at.is_none() {
        // Nobody heard of it, so nobody need hear that it is over.
        let kept = Alarm { bad: 0, good: 0, good_since: None, is_again: false, ..alarm };
        return is_recent(kept.cleared_at, now).then_some((kept, None));
    }
    let good = (alarm.good + 1).min(GOOD_TICKS);
    let good_since = alarm.good_since.unwrap_or(now);
    let is_calm = !alarm.is_again || now.signed_duration_since(good_since) >= CALM;
    let why = (good >= GOOD_TICKS && is_calm).then_some(Why::Over);
    Some((Alarm { good, good_since: Some(good_since), ..alarm }, why))
}

fn is_recent(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    at.is_some_and(|at| now.signed_duration_since(at) < DAY)
}

/// What to remember once a channel took the word.
fn after_telling(alarm: &Alarm, why: Option<Why>, now: DateTime<Utc>) -> Alarm {
    let alarm = alarm.clone();
    match why {
        None => alarm,
        Some(Why::First | Why::Reminder) => Alarm { told_at: Some(now), ..alarm },
        Some(Why::Again) => Alarm { told_at: Some(now), is_again: true, ..alarm },
        Some(Why::Over) => Alarm {
            bad: 0,
            good: 0,
            good_since: None,
            told_at: None,
            cleared_at: Some(now),
            is_again: false,
            ..alarm
        },
    }
}

#[cfg(test)]
mod tests;
