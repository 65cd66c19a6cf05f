//! Times as the platform holds them: texts, which it gives back as they were written.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use crate::zone::Zone;

const SECONDS: &str = "%Y-%m-%dT%H:%M:%S";

/// The instant of a stored text, with or without fraction and offset.
pub(super) fn instant(text: &str, zone: Zone) -> Option<DateTime<Utc>> {
    let exact = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc));
    let naive = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f");
    exact.ok().or_else(|| naive().ok().map(|local| zone.utc(local)))
}

/// The instant of a text in the one form that may be written, `2027-01-31T23:59:59+01:00`, and what
/// its own wall clock shows; or what is wrong with it.
pub(super) fn written(text: &str) -> Result<(DateTime<Utc>, NaiveDateTime), &'static str> {
    let tail = text.get(19..).ok_or("is no time")?;
    if tail.is_empty() {
        return Err("has no offset");
    }
    if tail.starts_with('.') {
        return Err("has a fraction");
    }
    if tail == "Z" {
        return Err("ends in Z");
    }
    let is_form = text.len() == 25 && text.is_char_boundary(10) && &text[10..11] == "T";
    let time = DateTime::parse_from_rfc3339(text).ok().filter(|_| is_form);
    time.map(|time| (time.with_timezone(&Utc), time.naive_local())).ok_or("is no time")
}

/// The last second that access devices are known to take, on whatever wall clock.
pub(super) fn last_second() -> NaiveDateTime {
    let day = NaiveDate::from_ymd_opt(2037, 12, 31).unwrap_or_default();
    day.and_hms_opt(23, 59, 59).unwrap_or_default()
}

/// An instant as text in a zone.
pub(super) fn in_zone(at: DateTime<Utc>, zone: Zone) -> String {
    format!("{}{}", zone.local(at).format(SECONDS), zone.offset_text(at))
}

/// An instant as text without offset, in a zone.
pub(super) fn without_offset(at: DateTime<Utc>, zone: Zone) -> String {
    zone.local(at).format(SECONDS).to_string()
}

/// An instant as text with milliseconds and an offset of eight hours, as the documentation has it.
pub(super) fn with_fraction(at: DateTime<Utc>) -> String {
    let local = at.naive_utc() + TimeDelta::hours(8);
    format!("{}.000+08:00", local.format(SECONDS))
}
