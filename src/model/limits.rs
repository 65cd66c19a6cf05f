//! What a device makes of the windows it is sent: a latest end, and times kept coarser than sent. Pure.
//!
//! Without this a device that keeps minutes or days would be written to in every tick and never be confirmed.
//! A rounding is learnt from two read-backs that one rule explains, and moves a time by less than its unit.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _};

use super::{Limit, Window};

/// The times that targets of one kind take, as their maker documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetTimes {
    /// No window begins earlier.
    pub earliest: NaiveDateTime,
    /// No window ends later; also how "for ever" is written.
    pub latest: NaiveDateTime,
    /// A begin is kept as the first second of its unit, an end as the last.
    pub granularity: Granularity,
}

impl TargetTimes {
    /// Seconds, from the first of one year to the last of another.
    #[must_use]
    pub const fn of_years(first: i32, last: i32) -> Self {
        let end_of_day = match NaiveTime::from_hms_opt(23, 59, 59) {
            Some(time) => time,
            None => NaiveTime::MIN,
        };
        let (earliest, latest) =
            match (NaiveDate::from_ymd_opt(first, 1, 1), NaiveDate::from_ymd_opt(last, 12, 31)) {
                (Some(first), Some(last)) => (
                    NaiveDateTime::new(first, NaiveTime::MIN),
                    NaiveDateTime::new(last, end_of_day),
                ),
                _ => (NaiveDateTime::MIN, NaiveDateTime::MAX),
            };
        Self { earliest, latest, granularity: Granularity::Second }
    }

    /// The same window moved into this range; one that lies wholly beyond it shrinks to the nearest
    /// moment in it.
    #[must_use]
    pub fn clamp(&self, window: Window) -> Window {
        let within = |at: NaiveDateTime| at.clamp(self.earliest, self.latest);
        Window::new(within(window.begin()), within(window.end())).unwrap_or(window)
    }
}

/// The unit that a target keeps times in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    Second,
    Minute,
    Day,
}

/// How a device keeps one of the two times of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Rounding {
    #[default]
    Exact,
    /// The first second of the unit that it lies in.
    Down(Granularity),
    /// The last second of the unit that it lies in.
    Full(Granularity),
    /// The first second of the next unit, unless it is the first of one.
    Up(Granularity),
}

impl Rounding {
    /// Finest first: where several explain what was read back, the first counts.
    const ALL: [Self; 7] = [
        Self::Exact,
        Self::Down(Granularity::Minute),
        Self::Full(Granularity::Minute),
        Self::Up(Granularity::Minute),
        Self::Down(Granularity::Day),
        Self::Full(Granularity::Day),
        Self::Up(Granularity::Day),
    ];

    fn applied_to(self, at: NaiveDateTime) -> NaiveDateTime {
        let (unit, more) = match self {
            Self::Exact => return at,
            Self::Down(unit) => (unit, 0),
            Self::Full(unit) => (unit, unit.seconds() - 1),
            Self::Up(unit) if unit.start(at) == at => (unit, 0),
            Self::Up(unit) => (unit, unit.seconds()),
        };
        let start = unit.start(at);
        start.checked_add_signed(TimeDelta::seconds(more)).unwrap_or(at)
    }
}

impl Granularity {
    fn seconds(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Day => 24 * 60 * 60,
        }
    }

    fn start(self, at: NaiveDateTime) -> NaiveDateTime {
        match self {
            Self::Second => at,
            Self::Minute => at.with_second(0).unwrap_or(at),
            Self::Day => at.date().and_time(NaiveTime::MIN),
        }
    }
}

/// A window that was sent, and the other one that was read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBack {
    pub sent: Window,
    /// What the device held afterwards.
    pub held: Window,
}

impl ReadBack {
    /// A window that was read back in place of the one sent, if a device that rounds or knows no later
    /// end would do so. Nothing when the person still holds what was there `before`: the write did not
    /// take. A suffix of the device counts for nothing, as in [`TargetLimits::is_held`].
    #[must_use]
    pub fn explained(sent: Window, before: &Limit, after: &Limit) -> Option<Self> {
        let (before, after) = (before.read_as_written(), after.read_as_written());
        let held = after.window()?;
        let read_back = Self { sent, held };
        let is_explained = rounding(&[read_back], Window::begin).is_some()
            && (rounding(&[read_back], Window::end).is_some() || read_back.is_cut());
        (held != sent && before != after && is_explained).then_some(read_back)
    }

    /// The end was cut to the turn of a year, as by a device that knows no later one.
    fn is_cut(&self) -> bool {
        let end = self.held.end();
        let is_first = (end.month(), end.day(), end.time()) == (1, 1, NaiveTime::MIN);
        // The last second of the year, of which some keep the minute or the day.
        let is_last = (end.month(), end.day()) == (12, 31)
            && [0, 86_340, 86_399].contains(&end.num_seconds_from_midnight());
        end < self.sent.end() && (is_first || is_last)
    }
}

/// The rule that explains what became of one of the two times in all of these.
fn rounding(read_backs: &[ReadBack], time: impl Fn(&Window) -> NaiveDateTime) -> Option<Rounding> {
    let fits = |rule: &Rounding| {
        read_backs.iter().all(|one| rule.applied_to(time(&one.sent)) == time(&one.held))
    };
    Rounding::ALL.into_iter().find(fits)
}

/// What a device makes of the windows it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetLimits {
    times: TargetTimes,
    /// As stated or learnt, whether it is believed or not.
    stated_end: NaiveDateTime,
    latest_end: NaiveDateTime,
    begin: Rounding,
    end: Rounding,
}

impl TargetLimits {
    /// What every target of a kind does, as documented.
    #[must_use]
    pub fn documented(times: TargetTimes) -> Self {
        let (begin, end) = match times.granularity {
            Granularity::Second => (Rounding::Exact, Rounding::Exact),
            unit => (Rounding::Down(unit), Rounding::Full(unit)),
        };
        Self { times, stated_end: times.latest, latest_end: times.latest, begin, end }
    }

    /// What is known of a device of a kind: the latest end that it states itself, and the read-backs
    /// that showed another window than the one sent. A rounding is learnt from two that one rule explains,
    /// and so is a latest end; where some are explained by neither, none of them teaches anything.
    #[must_use]
    pub fn known(
        times: TargetTimes,
        stated_end: Option<NaiveDateTime>,
        read_backs: &[ReadBack],
    ) -> Self {
        let stated = stated_end.map_or(times.latest, |end| end.min(times.latest));
        let plain = Self { stated_end: stated, latest_end: stated, ..Self::documented(times) };
        if read_backs.len() < 2 {
            return plain;
        }
        let Some(begin) = rounding(read_backs, Window::begin) else { return plain };
        if let Some(end) = rounding(read_backs, Window::end) {
            return Self { begin, end, ..plain };
        }
        // A device may know no later end and keep the others coarser: each is learnt from two.
        let cut = read_backs.iter().filter(|one| one.is_cut()).map(|one| one.held.end()).max();
        let (cuts, others): (Vec<ReadBack>, Vec<ReadBack>) =
            read_backs.iter().partition(|one| one.is_cut() && Some(one.held.end()) == cut);
        let Some(end) = rounding(&others, Window::end) else { return plain };
        let known = if others.len() < 2 { plain } else { Self { end, ..plain } };
        match cut.filter(|_| cuts.len() >= 2) {
            Some(cut) => {
                let cut = cut.min(stated);
                Self { begin, stated_end: cut, latest_end: cut, ..known }
            }
            None if others.len() >= 2 => Self { begin, ..known },
            None => plain,
        }
    }

    /// The same for a device that holds windows with these ends at `now`. It takes whatever it holds, and a
    /// latest end that is over says nothing: believed, either would close doors.
    #[must_use]
    pub fn believed(self, held: impl Iterator<Item = NaiveDateTime>, now: NaiveDateTime) -> Self {
        if self.latest_end <= now {
            return Self { latest_end: self.times.latest, ..self };
        }
        let latest = held.map(|end| end.min(self.times.latest)).max();
        Self { latest_end: latest.map_or(self.latest_end, |end| end.max(self.latest_end)), ..self }
    }

    /// What the device does to the ends that it is sent, to be said of it; nothing when it keeps them.
    #[must_use]
    pub fn rounding_in_words(&self) -> Option<String> {
        let (unit, time, effect) = match self.end {
            Rounding::Exact => return None,
            Rounding::Down(unit) => (unit, "first second", "access ends a little earlier"),
            Rounding::Full(unit) => (unit, "last second", "access ends a little later"),
            Rounding::Up(unit) => (unit, "end", "access ends a little later"),
        };
        let (unit, at_most) = match unit {
            Granularity::Second => ("second", "by less than a second"),
            Granularity::Minute => ("minute", "by less than a minute"),
            Granularity::Day => ("day", "by less than a day"),
        };
        Some(format!("keeps end dates as the {time} of their {unit}: {effect}, {at_most}"))
    }

    /// What every target of its kind takes.
    #[must_use]
    pub fn times(&self) -> TargetTimes {
        self.times
    }

    /// The last moment that the device takes as an end.
    #[must_use]
    pub fn latest_end(&self) -> NaiveDateTime {
        self.latest_end
    }

    /// The part of a window that the device can hold; a window wholly beyond shrinks to that moment.
    #[must_use]
    pub fn cut(&self, window: Window) -> Window {
        let window = self.times.clamp(window);
        let (begin, end) = (window.begin(), window.end());
        let (begin, end) = (begin.min(self.latest_end), end.min(self.latest_end));
        Window::new(begin, end).unwrap_or(window)
    }

    /// Whether a device that was sent `sent` and holds `held` holds what it was sent, as far as it
    /// can. Not symmetric: another window that happens to be near is another window. A device that
    /// holds just what it was sent does so, whatever its capabilities state.
    #[must_use]
    pub fn is_same(&self, sent: Window, held: Window) -> bool {
        let cut = self.cut(sent);
        let kept = Window::new(self.begin.applied_to(cut.begin()), self.end.applied_to(cut.end()));
        held == sent || held == cut || kept == Ok(held)
    }

    /// Whether a person who was sent `sent` holds it up to the end that the device states: nothing that
    /// nobody asked for, also where that end is not believed.
    #[must_use]
    pub fn is_cut_as_stated(&self, sent: Window, limit: &Limit) -> bool {
        let stated = Self { latest_end: self.stated_end, ..*self };
        stated.is_held(sent, limit)
    }

    /// Whether a person who was sent `sent` holds it. Digits that are what was just sent are the wall
    /// clock, whatever suffix the device puts behind them.
    #[must_use]
    pub fn is_held(&self, sent: Window, limit: &Limit) -> bool {
        limit.read_as_written().window().is_some_and(|held| self.is_same(sent, held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_time;
    use crate::model::testing::TIMES;

    fn at(text: &str) -> NaiveDateTime {
        let full = if text.len() == 10 { format!("{text}T00:00:00") } else { text.to_owned() };
        parse_time(&full).unwrap()
    }

    fn window(begin: &str, end: &str) -> Window {
        Window::new(at(begin), at(end)).unwrap()
    }

    fn read_back(sent: (&str, &str), held: (&str, &str)) -> ReadBack {
        ReadBack { sent: window(sent.0, sent.1), held: window(held.0, held.1) }
    }

    #[test]
    fn clamped_to_what_targets_take() {
        let long = TIMES.clamp(window("1999-05-01", "2099-12-31T23:59:59"));
        assert_eq!(long, window("2000-01-01", "2037-12-31T23:59:59"));
        assert_eq!(TIMES.clamp(window("2050-01-01", "2060-01-01")).begin(), TIMES.latest);
    }

    /// Mutants: a stated unit counts for the end or the begin only, or is rounded the other way.
    #[test]
    fn a_unit_that_is_stated_need_not_be_learnt() {
        let days = TargetTimes { granularity: Granularity::Day, ..TIMES };
        let (limits, sent) =
            (TargetLimits::documented(days), window("2026-01-01T09:00:00", "2026-12-31T18:00:00"));
        for (begin, end, is_same) in [
            ("2026-01-01", "2026-12-31T23:59:59", true),
            ("2026-01-01T09:00:00", "2026-12-31T18:00:00", true),
            ("2026-01-02", "2026-12-31T23:59:59", false),
            ("2026-01-01", "2026-12-31", false),
        ] {
            assert_eq!(limits.is_same(sent, window(begin, end)), is_same, "{begin} to {end}");
        }
    }

    /// Each row: what two persons were sent and held, then whether a third one is the same.
    /// Mutants: `Up` without its exception; `Full` for `Up`; one read-back is enough; nearness in place
    /// of the rule (the rows "a day longer" are then the same).
    #[test]
    fn two_read_backs_teach_one_rule() {
        const B: &str = "2026-01-01";
        let minutes = [
            read_back((B, "2026-12-31T23:59:59"), (B, "2026-12-31T23:59:00")),
            read_back((B, "2027-03-05T18:30:30"), (B, "2027-03-05T18:30:00")),
        ];
        let days = [
            read_back((B, "2026-12-31T23:59:59"), (B, "2026-12-31")),
            read_back((B, "2027-03-05T23:59:59"), (B, "2027-03-05")),
        ];
        let days_up = [
            read_back((B, "2026-12-31T23:59:59"), (B, "2027-01-01")),
            read_back((B, "2027-03-05T18:30:00"), (B, "2027-03-06")),
        ];
        let full_days = [
            read_back((B, "2026-12-31T18:00:00"), (B, "2026-12-31T23:59:59")),
            read_back((B, "2027-03-05T18:30:00"), (B, "2027-03-05T23:59:59")),
        ];
        let odd = [
            read_back((B, "2026-12-31T23:59:59"), (B, "2026-12-31T22:59:59")),
            read_back((B, "2027-03-05T23:59:59"), (B, "2027-03-05T22:59:59")),
        ];
        for (what, seen, end, held, same) in [
            ("minutes", minutes.as_slice(), "2028-05-01T23:59:59", "2028-05-01T23:59:00", true),
            (
                "minutes, another minute",
                &minutes,
                "2028-05-01T23:59:59",
                "2028-05-01T23:58:00",
                false,
            ),
            (
                "minutes, seconds by hand",
                &minutes,
                "2028-05-01T23:59:59",
                "2028-05-01T23:59:30",
                false,
            ),
            ("once is chance", &minutes[..1], "2028-05-01T23:59:59", "2028-05-01T23:59:00", false),
            ("days", &days, "2028-05-01T23:59:59", "2028-05-01", true),
            ("a day longer", &days, "2028-05-02T23:59:59", "2028-05-01", false),
            ("days up", &days_up, "2028-05-01T23:59:59", "2028-05-02", true),
            ("days up, a day longer", &days_up, "2028-05-02T23:59:59", "2028-05-02", false),
            ("days up, midnight", &days_up, "2028-05-02", "2028-05-02", true),
            ("days up, midnight is not moved", &days_up, "2028-05-02", "2028-05-03", false),
            ("full days", &full_days, "2028-05-01T18:00:00", "2028-05-01T23:59:59", true),
            (
                "full days, another day",
                &full_days,
                "2028-05-01T18:00:00",
                "2028-05-02T23:59:59",
                false,
            ),
            ("an hour is no grain", &odd, "2028-05-01T23:59:59", "2028-05-01T22:59:59", false),
            ("as sent is always right", &days, "2028-05-01T23:59:59", "2028-05-01T23:59:59", true),
        ] {
            let limits = TargetLimits::known(TIMES, None, seen);
            assert_eq!(limits.is_same(window(B, end), window(B, held)), same, "{what}");
        }
    }

    /// Mutants: the stated end is believed although it is over, or although the device holds a later one.
    #[test]
    fn a_latest_end_is_stated_or_learnt_and_never_closes_a_door() {
        let now = at("2026-11-21");
        let long = window("2026-01-01", "2036-12-31T23:59:59");
        for (what, stated, held, end) in [
            ("nothing stated", None, None, "2036-12-31T23:59:59"),
            ("stated", Some("2030-12-31T23:59:59"), None, "2030-12-31T23:59:59"),
            ("later than documented", Some("2099-12-31"), None, "2036-12-31T23:59:59"),
            ("over", Some("2020-12-31"), None, "2036-12-31T23:59:59"),
            ("disproved", Some("2030-12-31"), Some("2036-12-31T23:59:59"), "2036-12-31T23:59:59"),
        ] {
            let held = held.map(|end| window("2026-01-01", end));
            let limits = TargetLimits::known(TIMES, stated.map(at), &[])
                .believed(held.into_iter().map(|held: Window| held.end()), now);
            assert_eq!(limits.cut(long).end(), at(end), "{what}");
        }
        let cut = |sent: &str, held: &str| read_back(("2026-01-01", sent), ("2026-01-01", held));
        let seen = [
            cut("2036-12-31T23:59:59", "2030-12-31T23:59:59"),
            cut("2035-05-31T23:59:59", "2030-12-31T23:59:59"),
        ];
        let learnt = TargetLimits::known(TIMES, None, &seen);
        assert!(learnt.is_same(long, window("2026-01-01", "2030-12-31T23:59:59")));
        let short = window("2026-01-01", "2029-12-31T23:59:59");
        assert_eq!(learnt.cut(short), short);
        // What is not believed is known all the same: whoever keeps to it changes nothing unasked.
        let stated = TargetLimits::known(TIMES, Some(at("2030-06-30T23:59:59")), &[]);
        let limits = stated.believed([long.end()].into_iter(), now);
        let held = |end: &str| Limit::Window(window("2026-01-01", end));
        for (end, is_held, is_as_stated) in [
            ("2036-12-31T23:59:59", true, true),
            ("2030-06-30T23:59:59", false, true),
            ("2030-06-29T23:59:59", false, false),
        ] {
            assert_eq!(limits.is_held(long, &held(end)), is_held, "{end}");
            assert_eq!(limits.is_cut_as_stated(long, &held(end)), is_as_stated, "{end}");
        }
        let other = [seen[0], cut("2035-05-31T23:59:59", "2031-12-31T23:59:59")];
        assert_eq!(
            TargetLimits::known(TIMES, None, &other),
            TargetLimits::documented(TIMES),
            "two ends are none"
        );
    }

    /// Mutants: what is exact is told; a minute and a day, or earlier and later, are mixed up.
    #[test]
    fn a_rounding_is_told_in_words() {
        let words = |pairs: [(&str, &str); 2]| {
            let seen = pairs.map(|(sent, held)| ReadBack {
                sent: window("2026-01-01", sent),
                held: window("2026-01-01", held),
            });
            TargetLimits::known(TIMES, None, &seen).rounding_in_words()
        };
        let ends = ["2026-03-05T23:59:59", "2026-04-07T23:59:59"];
        for (held, want) in [
            (ends, None),
            (
                ["2026-03-05T23:59:00", "2026-04-07T23:59:00"],
                Some(
                    "first second of their minute: access ends a little earlier, by less than a minute",
                ),
            ),
            (
                ["2026-03-05T00:00:00", "2026-04-07T00:00:00"],
                Some("first second of their day: access ends a little earlier, by less than a day"),
            ),
            (
                ["2026-03-06T00:00:00", "2026-04-08T00:00:00"],
                Some("end of their minute: access ends a little later, by less than a minute"),
            ),
        ] {
            let found = words([(ends[0], held[0]), (ends[1], held[1])]);
            let want = want.map(|want| format!("keeps end dates as the {want}"));
            assert_eq!(found, want, "{held:?}");
        }
    }

    /// Mutants: one cut, or one rounding beside two cuts, is enough; a mixture teaches nothing.
    #[test]
    fn a_latest_end_and_a_rounding_are_learnt_beside_each_other() {
        let seen = |sent: &str, held: &str| read_back(("2026-01-01", sent), ("2026-01-01", held));
        let cuts = [
            seen("2036-12-31T23:59:59", "2030-12-31T23:59:00"),
            seen("2035-05-31T23:59:59", "2030-12-31T23:59:00"),
        ];
        let minutes = [
            seen("2028-05-31T23:59:59", "2028-05-31T23:59:00"),
            seen("2029-12-31T23:59:59", "2029-12-31T23:59:00"),
        ];
        let odd = seen("2028-05-31T23:59:59", "2028-05-30T23:59:59");
        let long = ("2034-03-31T23:59:59", "2030-12-31T23:59:00");
        let short = ("2027-03-31T23:59:59", "2027-03-31T23:59:00");
        for (what, seen, is_cut, is_rounded) in [
            ("two cuts", vec![cuts[0], cuts[1]], true, false),
            ("and one minute", vec![cuts[0], minutes[0], cuts[1]], true, false),
            ("and two", vec![minutes[1], cuts[0], minutes[0], cuts[1]], true, true),
            ("one cut", vec![cuts[0], minutes[0], minutes[1]], false, true),
            ("one of each", vec![cuts[0], minutes[0]], false, false),
            ("and one that nothing explains", vec![cuts[0], cuts[1], odd], false, false),
            ("and two, of which one", vec![cuts[0], cuts[1], minutes[0], odd], false, false),
        ] {
            let limits = TargetLimits::known(TIMES, None, &seen);
            let same = |(sent, held): (&str, &str)| {
                limits.is_same(window("2026-01-01", sent), window("2026-01-01", held))
            };
            assert_eq!((same(long), same(short)), (is_cut, is_rounded), "{what}");
        }
    }

    /// Mutants: a write that did not take is evidence; any earlier end is a cut.
    #[test]
    fn what_is_evidence() {
        let sent = window("2026-01-01", "2036-05-31T23:59:59");
        let old = Limit::Window(window("2026-01-01", "2026-12-31T23:59:59"));
        for (what, after, is_evidence) in [
            ("as sent", "2036-05-31T23:59:59", false),
            ("not taken", "2026-12-31T23:59:59", false),
            ("minutes", "2036-05-31T23:59:00", true),
            ("days", "2036-05-31", true),
            ("the turn of a year", "2030-12-31T23:59:59", true),
            ("its minute", "2030-12-31T23:59:00", true),
            ("its day", "2030-12-31", true),
            ("the next one", "2031-01-01", true),
            ("another time of that day", "2030-12-31T18:00:00", false),
            ("some earlier day", "2030-05-17T23:59:59", false),
            ("an hour less", "2036-05-31T22:59:59", false),
            ("later than sent", "2037-12-31T23:59:59", false),
        ] {
            let after = Limit::Window(window("2026-01-01", after));
            assert_eq!(ReadBack::explained(sent, &old, &after).is_some(), is_evidence, "{what}");
        }
    }
}
