//! Answers about the device itself: identity and clock.

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::{Document, field, object, shown, text};
use crate::model::visible;

/// The length of a time without its offset.
const CLOCK_CHARS: usize = 19;

/// So much is quoted of a time that cannot be read.
const STATED_CHARS: usize = 40;

/// Who the device is. Texts are as stated, empty where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// `deviceName`.
    pub name: String,
    /// `model`.
    pub model: String,
    /// `serialNumber`.
    pub serial: String,
    /// `firmwareVersion`.
    pub firmware: String,
}

/// The device's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceClock {
    /// What its clock shows, to the second.
    pub local: NaiveDateTime,
    /// Minutes east of UTC: the offset in the value itself, else the POSIX zone when that has no
    /// daylight-saving part. `None`: the device does not say for sure.
    pub offset_minutes: Option<i32>,
}

impl DeviceInfo {
    /// Reads `DeviceInfo`, XML or JSON.
    ///
    /// # Errors
    /// What is wrong, without quoting the answer.
    pub(crate) fn read(document: &Document) -> Result<Self, String> {
        let root = &document.root;
        let info = object(root, "DeviceInfo").ok_or_else(|| missing("DeviceInfo", root))?;
        let get =
            |key| field(info, key).and_then(text).map(|value| shown(&value)).unwrap_or_default();
        Ok(Self {
            name: get("deviceName"),
            model: get("model"),
            serial: get("serialNumber"),
            firmware: get("firmwareVersion"),
        })
    }
}

impl DeviceClock {
    /// Reads `Time`, XML or JSON.
    ///
    /// # Errors
    /// What is wrong, without quoting the answer.
    pub(crate) fn read(document: &Document) -> Result<Self, String> {
        let root = &document.root;
        let time = object(root, "Time").ok_or_else(|| missing("Time", root))?;
        let stated = field(time, "localTime").and_then(text).ok_or("Time has no localTime")?;
        let (local, own) = read_moment(stated.trim()).ok_or_else(|| {
            format!(
                "localTime is in no form that is known here: {:?}",
                visible(&stated, STATED_CHARS)
            )
        })?;
        let zone =
            || field(time, "timeZone").and_then(text).and_then(|zone| posix_offset_minutes(&zone));
        Ok(Self { local, offset_minutes: own.or_else(zone) })
    }
}

fn missing(wanted: &str, root: &Map<String, Value>) -> String {
    let found = root
        .keys()
        .next()
        .map(|key| shown(key).chars().take(40).collect::<String>())
        .unwrap_or_default();
    format!("the answer holds {found:?} where {wanted} was expected")
}

/// A wall-clock time with or without an offset, fractions cut off; the offset in minutes east. A blank may
/// stand for the `T`.
pub(in crate::connectors) fn read_moment(stated: &str) -> Option<(NaiveDateTime, Option<i32>)> {
    let (clock, rest) = stated.trim().split_at_checked(CLOCK_CHARS)?;
    let clock = clock.replacen([' ', 't'], "T", 1);
    let local = NaiveDateTime::parse_from_str(&clock, "%Y-%m-%dT%H:%M:%S").ok()?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let offset = match rest.trim() {
        "" => None,
        text => Some(offset_minutes(text)?),
    };
    Some((whole_seconds(local), offset))
}

/// The offset behind a time, in minutes east: `Z`, `+01:00`, `+0100`, `+01`, `01:00` (its sign lost on the
/// way), `UTC+1`, or a POSIX zone, whose sign counts west.
fn offset_minutes(stated: &str) -> Option<i32> {
    let upper = stated.to_ascii_uppercase();
    let named = ["UTC", "GMT", "Z"].iter().find_map(|name| upper.strip_prefix(name));
    let digits = match named {
        Some("") => return Some(0),
        Some(digits) => digits,
        None if upper.starts_with(|c: char| c.is_ascii_alphabetic() || c == '<') => {
            return posix_offset_minutes(stated);
        }
        None => upper.as_str(),
    };
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "00"),
    };
    let number = |text: &str| {
        let is_plain = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
        is_plain.then(|| text.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

pub(super) fn whole_seconds(at: NaiveDateTime) -> NaiveDateTime {
    use chrono::Timelike as _;
    at.with_nanosecond(0).unwrap_or(at)
}

/// The offset of a POSIX zone in minutes **east** of UTC, whose own sign counts west: `CST-5:00:00`
/// is 300. Nothing when it has a daylight-saving part, as then the date decides, or is unreadable.
fn posix_offset_minutes(zone: &str) -> Option<i32> {
    let zone = zone.trim();
    let after_name = match zone.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?.1,
        None => zone.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
    };
    if after_name.len() == zone.len() {
        return None;
    }
    let (west, digits) = match after_name.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, after_name.strip_prefix('+').unwrap_or(after_name)),
    };
    let mut parts = digits.split(':').map(|part| {
        let plain = !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
        if plain { part.parse::<i32>().ok() } else { None }
    });
    let hours = parts.next()??;
    let minutes = parts.next().unwrap_or(Some(0))?;
    let seconds = parts.next().unwrap_or(Some(0))?;
    let fits = hours <= 24 && minutes < 60 && seconds == 0 && parts.next().is_none();
    fits.then_some(-west * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::format_time;

    fn document(body: &str) -> Document {
        Document::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn device_info_in_both_notations() {
        let xml = include_bytes!("../../../../tests/fixtures/hikvision/device-info.xml");
        let info = DeviceInfo::read(&Document::parse(xml).unwrap()).unwrap();
        assert_eq!(info.model, "DS-K1T341BMWI-T");
        assert_eq!(info.firmware, "V3.3.8");
        let json = r#"{"DeviceInfo":{"deviceName":"Door","model":"DS-K1T341BMWI-T","serialNumber":12,"firmwareVersion":"V3.3.8"}}"#;
        let info = DeviceInfo::read(&document(json)).unwrap();
        assert_eq!((info.name.as_str(), info.serial.as_str()), ("Door", "12"));
        let other =
            DeviceInfo::read(&document("<userCheck><statusValue>200</statusValue></userCheck>"));
        assert_eq!(
            other.unwrap_err(),
            "the answer holds \"userCheck\" where DeviceInfo was expected"
        );
    }

    #[test]
    fn clocks() {
        let clock = |local: &str, zone: &str| {
            let body = format!(
                "<Time version=\"2.0\"><timeMode>NTP</timeMode><localTime>{local}</localTime><timeZone>{zone}</timeZone></Time>"
            );
            DeviceClock::read(&document(&body))
                .map(|clock| (format_time(clock.local), clock.offset_minutes))
        };
        let noon = "2026-11-21T12:00:00".to_owned();
        assert_eq!(clock("2026-11-21T12:00:00+01:00", "CST-5:00:00"), Ok((noon.clone(), Some(60))));
        assert_eq!(clock("2026-11-21T12:00:00", "CST-5:00:00"), Ok((noon.clone(), Some(300))));
        assert_eq!(clock("2026-11-21T12:00:00Z", ""), Ok((noon.clone(), Some(0))));
        assert_eq!(clock("2026-11-21T12:00:00.25", "garbage"), Ok((noon.clone(), None)));
        assert_eq!(
            clock("2026-11-21T12:00:00", "CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00"),
            Ok((noon.clone(), None))
        );
        for (offset, east) in [
            ("+0100", 60),
            ("+01", 60),
            ("+1", 60),
            (" 01:00", 60),
            ("01:00", 60),
            (" +01:00", 60),
            ("UTC+1", 60),
            (" GMT+01:00", 60),
            ("UTC", 0),
            ("z", 0),
            ("CET-1", 60),
            ("CST-5:00:00", 300),
            (".5-0330", -210),
        ] {
            for mark in ["T", " ", "t"] {
                let stated = format!("2026-11-21{mark}12:00:00{offset}");
                assert_eq!(clock(&stated, ""), Ok((noon.clone(), Some(east))), "{stated}");
            }
        }
        for odd in [
            "21.11.2026 12:00:00",
            "2026-11-21T12:00:00 o'clock",
            "2026-11-21T12:00:00+9:75",
            "noon",
        ] {
            let said = clock(odd, "CST-1").unwrap_err();
            assert_eq!(said, format!("localTime is in no form that is known here: {odd:?}"));
        }
        let json =
            document(r#"{"Time":{"timeMode":"manual","localTime":"2026-11-21T12:00:00-03:30"}}"#);
        assert_eq!(DeviceClock::read(&json).unwrap().offset_minutes, Some(-210));
    }

    #[test]
    fn posix_zones_have_the_sign_turned() {
        for (zone, east) in [
            ("CST-5:00:00", Some(300)),
            ("CST-1", Some(60)),
            ("EST5", Some(-300)),
            ("UTC0", Some(0)),
            ("IST-5:30", Some(330)),
            ("<+03>-3", Some(180)),
            ("NST+3:30:00", Some(-210)),
            ("CET-1CEST,M3.5.0,M10.5.0/3", None),
            ("", None),
            ("-5", None),
            ("CST", None),
            ("CST-99", None),
            ("CST--5", None),
            ("CST-5:00:00:00", None),
            ("<x", None),
        ] {
            assert_eq!(posix_offset_minutes(zone), east, "{zone}");
        }
    }
}
