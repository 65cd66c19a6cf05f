//! When a request is made once more, and after how long. Pure: chance and clocks are arguments.
//!
//! The clients decide whether repeating is harmless. Every wait is bounded, and so is their sum; whoever asks
//! for a longer pause (`Retry-After`) is left alone until the next tick, never asked sooner.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use chrono::{DateTime, Utc};
use ureq::http::HeaderMap;
use ureq::http::header::{DATE, RETRY_AFTER};

/// How often and how long one kind of call waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The most repetitions of one call.
    pub(crate) repeats_max: u32,
    /// The wait before the first repetition, at most; it doubles each time.
    pub(crate) first: Duration,
    /// The longest wait of our own choice.
    pub(crate) longest: Duration,
    /// The most that one call waits in all, also where the server asks for a pause.
    pub(crate) in_all: Duration,
}

/// The waits of one call.
#[derive(Debug, Clone)]
pub(crate) struct Waits {
    rule: Rule,
    made: u32,
    waited: Duration,
    chance: u64,
}

impl Waits {
    /// Waits by `rule`; equal seeds give equal waits.
    pub(crate) fn new(rule: Rule, seed: u64) -> Self {
        Self { rule, made: 0, waited: Duration::ZERO, chance: seed }
    }

    /// How long to wait before the next try; `None` to give up. `asked` is what the server wants,
    /// `left` what the caller has left for everything.
    ///
    /// The own wait lies between half and the whole of a time that doubles up to the longest, so
    /// that many clients do not come back together. A longer pause that was asked for is kept, with
    /// as much on top by chance as the first wait has.
    pub(crate) fn next(&mut self, asked: Option<Duration>, left: Duration) -> Option<Duration> {
        let Rule { repeats_max, first, longest, in_all } = self.rule;
        if self.made >= repeats_max {
            return None;
        }
        let whole = first.saturating_mul(1_u32.checked_shl(self.made).unwrap_or(u32::MAX));
        let half = whole.min(longest) / 2;
        let own = half + self.part_of(half);
        let wait = match asked {
            Some(asked) if asked > own => asked.saturating_add(self.part_of(first)),
            _ => own,
        };
        let together = self.waited.saturating_add(wait);
        if together > in_all || wait >= left {
            return None;
        }
        self.made += 1;
        self.waited = together;
        Some(wait)
    }

    /// A random part of a time, to the microsecond.
    fn part_of(&mut self, time: Duration) -> Duration {
        // SplitMix64: no secret hangs on it, only that two clients do not wait alike.
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let most = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(mixed.checked_rem(most.saturating_add(1)).unwrap_or(0))
    }
}

/// A seed that differs from process to process and from call to call.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// What a `Retry-After` header asks for: seconds, or a date, which is compared with the server's own
/// `Date`, so that no clock of ours matters. `None` for anything else: a sign, a fraction, garbage, a
/// date without a `Date`. A number too large for any clock is a very long time, not garbage.
/// Source: RFC 9110 section 10.2.3.
fn retry_after(value: &str, server_time: Option<DateTime<Utc>>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let at = DateTime::parse_from_rfc2822(value).ok()?.with_timezone(&Utc);
    let wait = at.signed_duration_since(server_time?);
    // A moment that has passed asks for nothing.
    Some(wait.to_std().unwrap_or(Duration::ZERO))
}

/// The pause that an answer asks for.
pub(crate) fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, server_time(headers))
}

/// What the clock of the server showed when it answered.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text.trim()).ok()?.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: Rule = Rule {
        repeats_max: 3,
        first: Duration::from_millis(1000),
        longest: Duration::from_millis(2000),
        in_all: Duration::from_secs(20),
    };
    const LONG: Duration = Duration::from_secs(3600);

    fn millis(duration: Option<Duration>) -> Option<u128> {
        duration.map(|duration| duration.as_millis())
    }

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let mut waits = Waits::new(RULE, 7);
        for bounds in [500..=1000, 1000..=2000, 1000..=2000] {
            let wait = millis(waits.next(None, LONG)).unwrap();
            assert!(bounds.contains(&wait), "{wait} in {bounds:?}");
        }
        assert_eq!(waits.next(None, LONG), None);
        assert_eq!(waits.next(Some(Duration::ZERO), LONG), None);
    }

    #[test]
    fn what_the_server_asks_for() {
        let asked =
            |asked: Duration, left: Duration| millis(Waits::new(RULE, 7).next(Some(asked), left));
        for (seconds, least) in [(0, 500), (1, 1000), (5, 5000), (18, 18_000)] {
            let wait = asked(Duration::from_secs(seconds), LONG).unwrap();
            assert!((least..=least + 1500).contains(&wait), "{seconds} s: {wait} ms");
        }
        // Longer than we may wait: it is left alone, not asked too soon.
        for long in [Duration::from_secs(21), Duration::from_secs(1_000_000_000_000), Duration::MAX]
        {
            assert_eq!(asked(long, Duration::MAX), None, "{long:?}");
        }
        assert_eq!(asked(Duration::from_secs(5), Duration::from_secs(4)), None, "no time is left");
        let mut waits = Waits::new(RULE, 7);
        assert!(waits.next(Some(Duration::from_secs(12)), LONG).is_some());
        assert_eq!(waits.next(Some(Duration::from_secs(12)), LONG), None, "24 s in all");
        assert!(waits.next(None, LONG).is_some(), "a short one still fits");
    }

    #[test]
    fn many_clients_do_not_come_back_together() {
        let mut waits: Vec<_> =
            (0..1000).map(|seed| Waits::new(RULE, seed).next(None, LONG)).collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 900, "{}", waits.len());
        assert_ne!(seed(), seed());
    }

    #[test]
    fn every_form_of_the_header() {
        let noon =
            DateTime::parse_from_rfc3339("2026-11-21T12:00:00Z").unwrap().with_timezone(&Utc);
        for (value, date, seconds) in [
            ("0", None, Some(0)),
            (" 120 ", None, Some(120)),
            ("1000000000000", None, Some(1_000_000_000_000)),
            ("99999999999999999999999999", None, Some(u64::MAX)),
            ("Sat, 21 Nov 2026 12:00:30 GMT", Some(noon), Some(30)),
            ("Sat, 21 Nov 2026 11:00:00 GMT", Some(noon), Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(noon), Some(251_607_038_399)),
            ("Sat, 21 Nov 2026 12:00:30 GMT", None, None),
            ("-5", Some(noon), None),
            ("+5", None, None),
            ("1.5", None, None),
            ("1e3", None, None),
            ("٣", None, None),
            ("soon", Some(noon), None),
            ("", None, None),
            ("5, 7", None, None),
            ("2026-11-21T12:00:30Z", Some(noon), None),
        ] {
            let asked = retry_after(value, date).map(|asked| asked.as_secs());
            assert_eq!(asked, seconds, "{value:?}");
        }
    }

    proptest! {
        /// Whatever is asked for, one call never waits longer than its rule allows, nor longer than
        /// the caller has.
        #[test]
        fn waits_are_bounded(
            seed in any::<u64>(),
            asked in prop::collection::vec(prop::option::of(0_u64..60_000), 0..12),
            left in 0_u64..60_000,
        ) {
            let mut waits = Waits::new(RULE, seed);
            let (mut sum, mut count) = (Duration::ZERO, 0);
            for asked in asked {
                let asked = asked.map(Duration::from_millis);
                if let Some(wait) = waits.next(asked, Duration::from_millis(left)) {
                    prop_assert!(wait < Duration::from_millis(left));
                    prop_assert!(asked.is_none_or(|asked| wait >= asked), "never sooner than asked");
                    sum += wait;
                    count += 1;
                }
            }
            prop_assert!(sum <= RULE.in_all && count <= RULE.repeats_max);
        }

        #[test]
        fn no_header_panics(value in any::<String>()) {
            let _ = retry_after(&value, None);
        }
    }
}
