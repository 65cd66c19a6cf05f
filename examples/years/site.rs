//! What is peculiar to a platform: it holds moments, and its doors go by what was applied to them.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use ivms_sync::connectors::hikcentral::{Error, Meaning, Refusal, read_record};
use ivms_sync::model::{RecordId, Zone};
use ivms_sync::ports::{Committed, Failure, FullRecord, Pending, Written};
use serde_json::json;

use crate::door::{Card, Door};
use crate::ledger::Span;

/// The troubles of a platform and of the doors behind it.
#[derive(Debug)]
pub struct Site {
    /// It tells times with this offset; `None`: with that of its zone.
    pub told_at: Option<FixedOffset>,
    /// Doors learn so much later of what is applied to them, …
    pub usual: TimeDelta,
    /// … or for a while so much, until then.
    pub slow_by: TimeDelta,
    pub slow_until: DateTime<Utc>,
    /// One of its doors is offline, so that applying anybody fails, until then.
    pub offline_until: DateTime<Utc>,
    /// It turns writes away because of too many calls, until then.
    pub busy_until: DateTime<Utc>,
    /// The program had something to put in force, or to ask after, when the tick began.
    pub had_open: bool,
}

/// What the doors of a platform go by, where that is not what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    pub span: Span,
    pub is_upside_down: bool,
    pub step: Step,
}

/// How far a card is on its way to the doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nobody has asked for it yet.
    Edited,
    /// Asked for; the doors have it from then on.
    Queued(DateTime<Utc>),
    /// A door did not take it.
    Failed,
}

impl Site {
    pub fn new(born: DateTime<Utc>, usual: TimeDelta) -> Self {
        Self {
            told_at: None,
            usual,
            slow_by: usual,
            slow_until: born,
            offline_until: born,
            busy_until: born,
            had_open: false,
        }
    }

    /// A wall-clock time that the clocks skip is no moment, so that none is ever held.
    pub fn keep(sent: Span, zone: Zone) -> Span {
        let second = TimeDelta::seconds(1);
        let begin = match is_skipped(sent.begin, zone) {
            true => after_gap(sent.begin, zone) - second,
            false => sent.begin,
        };
        let begin = if is_skipped(begin, zone) { before_gap(begin, zone) } else { begin };
        Span { begin, end: after_gap(sent.end, zone) }
    }

    /// A card as the platform tells it.
    pub fn tell(&self, card: &Card, zone: Zone) -> Option<FullRecord> {
        let (begin, end) = card.dates();
        let moments = [begin, end].map(|at| zone.from_local_datetime(&at));
        let (LocalResult::Single(begin) | LocalResult::Ambiguous(begin, _)) = moments[0] else {
            return None;
        };
        let (LocalResult::Single(end) | LocalResult::Ambiguous(_, end)) = moments[1] else {
            return None;
        };
        let told = |at: DateTime<Zone>| match self.told_at {
            Some(offset) => at.with_timezone(&offset).format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            None => at.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        };
        let value = json!({
            "personId": format!("p{}", card.no),
            "personCode": card.no,
            "personName": card.name,
            "orgIndexCode": "1",
            "phoneNo": "",
            "remark": card.right.to_string(),
            "email": card.email.clone().unwrap_or_default(),
            "cards": [{"cardNo": "0077"}],
            "keyfobs": [],
            "beginTime": told(begin),
            "endTime": told(end),
        });
        read_record(&value, zone).ok()
    }
}

fn is_skipped(at: NaiveDateTime, zone: Zone) -> bool {
    matches!(zone.from_local_datetime(&at), LocalResult::None)
}

/// Clocks change at whole minutes.
fn after_gap(at: NaiveDateTime, zone: Zone) -> NaiveDateTime {
    if !is_skipped(at, zone) {
        return at;
    }
    let minute = at - TimeDelta::seconds(at.and_utc().timestamp().rem_euclid(60));
    let later = (0..).map(|minutes| minute + TimeDelta::minutes(minutes));
    later.into_iter().find(|at| !is_skipped(*at, zone)).unwrap_or(at)
}

fn before_gap(at: NaiveDateTime, zone: Zone) -> NaiveDateTime {
    let minute = at - TimeDelta::seconds(at.and_utc().timestamp().rem_euclid(60));
    let second = TimeDelta::seconds(1);
    let earlier = (0..).map(|minutes| minute - TimeDelta::minutes(minutes) - second);
    earlier.into_iter().find(|at| !is_skipped(*at, zone)).unwrap_or(at)
}

impl Door {
    /// What is kept of dates that are sent.
    pub fn keep(&self, sent: Span) -> Span {
        self.keeper()(sent)
    }

    /// The same, for later.
    pub fn keeper(&self) -> impl Fn(Span) -> Span + use<> {
        let (is_site, grain, zone) = (self.site.is_some(), self.grain, self.zone);
        move |sent| if is_site { Site::keep(sent, zone) } else { grain.keep(sent) }
    }

    /// Whether applying somebody fails now.
    pub fn is_offline(&self) -> bool {
        self.site.as_ref().is_some_and(|site| self.tick.now < site.offline_until)
    }

    /// Time passes: the doors learn of what was applied to them.
    pub fn settle(&mut self, now: DateTime<Utc>) {
        let is_offline = self.site.as_ref().is_some_and(|site| now < site.offline_until);
        for card in self.cards.values_mut() {
            let Some(behind) = &mut card.behind else { continue };
            match behind.step {
                Step::Queued(at) if at <= now && is_offline => behind.step = Step::Failed,
                Step::Queued(at) if at <= now => card.behind = None,
                _ => {}
            }
        }
    }

    /// Staff apply everybody to the doors.
    pub fn apply_all(&mut self) {
        self.cards.values_mut().for_each(|card| card.behind = None);
    }

    /// The program asks for these to be applied; whom it refuses, and who is not there any more.
    pub fn apply(&mut self, written: &[Written]) -> Committed {
        let now = self.tick.now;
        let slow_by = self.site.as_ref().map_or(TimeDelta::zero(), |site| site.slow_by);
        let mut answer = Committed::default();
        for one in written {
            match self.cards.get_mut(one.id.as_str()) {
                Some(card) if card.is_refused => {
                    answer.refused.insert(one.id.clone(), "the platform refused it".to_owned());
                }
                Some(card) => {
                    card.behind.iter_mut().for_each(|one| one.step = Step::Queued(now + slow_by));
                }
                None => drop(answer.gone.insert(one.id.clone())),
            }
        }
        self.settle(now);
        answer
    }

    /// Which of these are not in force. Of those who wait a platform tells how many there are, not who.
    pub fn pending(&self, written: &[Written]) -> Pending {
        let waits = |card: &Card| card.behind.is_some_and(|behind| behind.step != Step::Failed);
        let failed = |id: &RecordId| {
            let card = self.cards.get(id.as_str());
            card.is_some_and(|card| card.behind.is_some_and(|one| one.step == Step::Failed))
        };
        let ids = written.iter().map(|one| one.id.clone());
        let (bad, good): (Vec<_>, Vec<_>) = ids.partition(failed);
        let is_waiting = self.cards.values().any(waits);
        Pending {
            waiting: good.into_iter().filter(|_| is_waiting).collect(),
            failed: bad.into_iter().map(|id| (id, "door 2 (card)".to_owned())).collect(),
        }
    }

    /// Whether a write is turned away, and for good.
    pub fn turns_away(&self, no: &str) -> Option<Failure> {
        if self.is_busy() {
            return Some(busy("write"));
        }
        let is_refused = self.cards.get(no).is_some_and(|card| card.is_refused);
        is_refused.then(|| refused("write", 200, Meaning::WrongRequest, true))
    }

    /// Whether some persons are refused.
    pub fn refuses_somebody(&self) -> bool {
        self.cards.values().any(|card| card.is_refused)
    }

    /// Whether a platform turns every write away.
    pub fn is_busy(&self) -> bool {
        self.site.as_ref().is_some_and(|site| self.tick.now < site.busy_until)
    }

    /// Whether a platform has nothing to tell that is not as it should be.
    pub fn is_calm(&self) -> bool {
        let waits = |card: &Card| card.behind.is_some();
        let had_open = self.site.as_ref().is_some_and(|site| site.had_open);
        let is_troubled =
            had_open || self.is_busy() || self.is_offline() || self.refuses_somebody();
        !is_troubled && !self.cards.values().any(waits)
    }
}

fn refused(call: &'static str, http: u16, meaning: Meaning, write: bool) -> Failure {
    let refusal = Refusal { call, api: "/api", http, code: None, words: String::new() };
    Error::Refused { refusal, meaning, write }.into()
}

/// Too many calls: nothing was done.
pub fn busy(call: &'static str) -> Failure {
    refused(call, 429, Meaning::SlowDown, true)
}

pub fn away() -> Failure {
    Error::Unreachable { address: "10.0.0.7".to_owned(), what: "no route".to_owned() }.into()
}

pub fn lost(call: &'static str, write: bool) -> Failure {
    match write {
        true => Error::AnswerLost { call, write }.into(),
        false => Error::Timeout { call }.into(),
    }
}

pub fn no_login(call: &'static str) -> Failure {
    refused(call, 401, Meaning::Login, false)
}
