//! How a device writes dates down, and what it makes of those that it is sent.

use chrono::{NaiveDateTime, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Timelike as _};
use ivms_sync::model::Zone;

use crate::ledger::Span;

/// The form in which dates are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Notation {
    /// As documented.
    #[default]
    Plain,
    /// A blank before the time of day.
    Blank,
    /// With the offset that the zone has then.
    Offset,
    /// As UTC, and said to be.
    Utc,
    /// With a `Z` behind the wall clock.
    Zulu,
    /// With an offset from elsewhere.
    OtherOffset,
    /// Said to be UTC, without an offset.
    BareUtc,
    /// A word.
    Word,
}

impl Notation {
    pub const ODD: [Self; 7] = [
        Self::Blank,
        Self::Offset,
        Self::Utc,
        Self::Zulu,
        Self::OtherOffset,
        Self::BareUtc,
        Self::Word,
    ];

    /// Both dates as they are told, and what kind of time they are said to be.
    pub fn tell(
        self,
        begin: NaiveDateTime,
        end: NaiveDateTime,
        zone: Zone,
    ) -> ([String; 2], &'static str) {
        let plain = |at: NaiveDateTime| at.format("%Y-%m-%dT%H:%M:%S").to_string();
        let with = |suffix: &str| [begin, end].map(|at| plain(at) + suffix);
        let moments = [begin, end].map(|at| zone.from_local_datetime(&at).earliest());
        match (self, moments) {
            (Self::Blank, _) => ([begin, end].map(|at| plain(at).replace('T', " ")), "local"),
            (Self::Offset, [Some(begin), Some(end)]) => {
                ([begin, end].map(|at| at.format("%Y-%m-%dT%H:%M:%S%:z").to_string()), "local")
            }
            (Self::Utc, [Some(begin), Some(end)]) => {
                ([begin, end].map(|at| plain(at.naive_utc()) + "+00:00"), "UTC")
            }
            (Self::Zulu, _) => (with("Z"), "local"),
            (Self::OtherOffset, _) => (with("+05:45"), "local"),
            (Self::BareUtc, _) => (with(""), "UTC"),
            (Self::Word, _) => (["soon", "later"].map(str::to_owned), "local"),
            // A wall clock that skips such a moment has no offset for it.
            (Self::Plain | Self::Offset | Self::Utc, _) => (with(""), "local"),
        }
    }

    /// Whether dates told like this can mean one thing only: whoever takes them for the wall clock and
    /// whoever takes them for what they say of UTC mean the same moments.
    pub fn is_clear(self, begin: NaiveDateTime, end: NaiveDateTime, zone: Zone) -> bool {
        let is_utc_there = |at| zone.offset_from_utc_datetime(&at).fix().local_minus_utc() == 0;
        match self {
            Self::Plain | Self::Blank | Self::Offset | Self::Utc => true,
            Self::Zulu | Self::BareUtc => is_utc_there(begin) && is_utc_there(end),
            Self::OtherOffset | Self::Word => false,
        }
    }
}

/// What a device keeps of the dates that it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grain {
    pub keeps: Keeps,
    /// No later end is taken.
    pub latest: Option<NaiveDateTime>,
    /// And it says so.
    pub says_latest: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeps {
    #[default]
    Seconds,
    Minutes,
    /// The first moment of the day, …
    Days,
    /// … the last moment of the end's day, …
    FullDays,
    /// … or the end's next midnight.
    NextDays,
}

impl Grain {
    pub fn is_exact(self) -> bool {
        self == Self::default()
    }

    /// What becomes of dates that are sent.
    pub fn keep(self, sent: Span) -> Span {
        let midnight = |at: NaiveDateTime| at.date().and_time(NaiveTime::MIN);
        let minute = |at: NaiveDateTime| at.with_second(0).unwrap_or(at);
        let (second, day) = (TimeDelta::seconds(1), TimeDelta::days(1));
        let sent = Span { end: self.cut(sent.end), ..sent };
        match self.keeps {
            Keeps::Seconds => sent,
            Keeps::Minutes => Span { begin: minute(sent.begin), end: minute(sent.end) },
            Keeps::Days => Span { begin: midnight(sent.begin), end: midnight(sent.end) },
            Keeps::FullDays => {
                Span { begin: midnight(sent.begin), end: midnight(sent.end) + day - second }
            }
            Keeps::NextDays => {
                Span { begin: midnight(sent.begin), end: midnight(sent.end - second) + day }
            }
        }
    }

    pub fn cut(self, end: NaiveDateTime) -> NaiveDateTime {
        self.latest.map_or(end, |latest| end.min(latest))
    }

    /// Nobody gains or loses as much as this by what the device keeps.
    pub fn unit(self) -> TimeDelta {
        match self.keeps {
            Keeps::Seconds => TimeDelta::seconds(1),
            Keeps::Minutes => TimeDelta::minutes(1),
            Keeps::Days | Keeps::FullDays | Keeps::NextDays => TimeDelta::days(1),
        }
    }
}

/// What was sent, and the other that was held afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub sent: Span,
    pub held: Span,
}

/// Whether two read-backs have told what the device makes of `sent`: two different ones, of which one is of
/// these very times of day; or, of an end that it does not take, two that it did not take either.
pub fn is_recognised(kept: &[Kept], grain: Grain, sent: Span) -> bool {
    let is_cut = |span: Span| grain.cut(span.end) != span.end;
    let alike = |one: &&Kept| {
        if is_cut(sent) {
            is_cut(one.sent)
        } else {
            one.sent.begin.time() == sent.begin.time() && one.sent.end.time() == sent.end.time()
        }
    };
    let wanted = if is_cut(sent) { 2 } else { 1 };
    kept.len() >= 2 && kept.iter().filter(alike).count() >= wanted
}
