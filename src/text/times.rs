//! Times in words and in JSON.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serializer;

/// A moment to the second, in UTC: `2026-11-21T11:00:00Z`.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The same as a field in JSON, where there may be none.
pub(crate) fn whole_seconds<S: Serializer>(
    at: &(impl Copy + Into<Option<DateTime<Utc>>>),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match (*at).into() {
        Some(at) => serializer.serialize_str(&instant(at)),
        None => serializer.serialize_none(),
    }
}

/// A length of time as people say it, in its largest unit.
pub(crate) fn span(length: TimeDelta) -> String {
    let (minutes, hours, days) = (length.num_minutes(), length.num_hours(), length.num_days());
    let (count, unit) = match (minutes, hours, days) {
        (..1, _, _) => return "less than a minute".to_owned(),
        (..120, _, _) => (minutes, "minute"),
        (_, ..48, _) => (hours, "hour"),
        _ => (days, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_like_speech() {
        for (seconds, words) in [
            (-5, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
            (8_640_000, "100 days"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), words);
        }
    }
}
