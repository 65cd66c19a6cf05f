//! The question of handhelds in XML, and the list in JSON that answers it. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono::{FixedOffset, MappedLocalTime};
use smol_str::SmolStr;

use super::wire::Reading;
use crate::document::{Fault, JsonError, Limits, Node, parse};
use crate::model::{Period, RightKind, RightState, Zone};
use crate::ports::{ListedPlate, ListedRight};
use crate::text::xml::escape;

/// Asks who parks in an area. `SpaceGroup` would ask about spaces, whose rows name no car.
pub(super) fn question(area: &str) -> String {
    let area = escape(area);
    format!(
        "<Request xmlns=\"http://www2.ipsmetersystems.com/meter\"><SubAreaName>{area}</SubAreaName></Request>"
    )
}

/// One row of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Session(Box<ListedRight>),
    AboutNoCar,
    /// Its `TimeZone` is not the one that its times were read in.
    OtherClock,
}

/// Reads the answer about an area. What is no list of objects is an error: then nobody knows what is missing.
pub(super) fn list(
    bytes: &[u8],
    area: &str,
    times: Zone,
    reading: &Reading,
) -> Result<Vec<Entry>, JsonError> {
    let value = parse(bytes, Limits::PAGE)?;
    let top = Node::top(&value);
    top.list()?.map(|row| entry(&row, area, times, reading)).collect()
}

/// One row. The service has no name for it: car, begin and area are what stays the same while it runs.
fn entry(
    row: &Node<'_, '_>,
    area: &str,
    times: Zone,
    reading: &Reading,
) -> Result<Entry, JsonError> {
    let text = |key| {
        let node = row.optional(key)?;
        // What is no text is none that could be read, and not nothing.
        let text = node.map(|node| node.name().unwrap_or("?").trim());
        Ok::<_, JsonError>(text.filter(|text| !matches!(*text, "" | "null")))
    };
    let (from, until) = (text("ParkingStartTime")?, text("ParkingExpiryTime")?);
    let Some(plate) = text("LicensePlateNumber")? else {
        // Without a begin either it is no row at all, but an error in a list, say.
        row.field("ParkingStartTime")?;
        return Ok(Entry::AboutNoCar);
    };
    let area = text("SubAreaName")?.unwrap_or(area);
    let from_text = from.unwrap_or_default();
    let id = reading.digest("parked", &format!("{plate:?} {from_text:?} {area:?}"));
    let id = id.ok_or_else(|| row.error(Fault::NoName))?;
    let begin = from.and_then(wall_clock).map(|at| readings(at, times).0);
    let end = until.and_then(wall_clock).map(|at| readings(at, times).1);
    let stated = text("TimeZone")?;
    if let (Some(at), Some(stated)) = (begin.or(end), stated)
        && contradicts(stated, times, at)
    {
        return Ok(Entry::OtherClock);
    }
    // One without an end would run for as long as it is listed: too long for a machine, too short for a list.
    let period = match (begin, end) {
        (Some(begin), Some(end)) => {
            Period::in_seconds(begin, Some(end), reading.ends).map_err(|_| Some(begin.max(end)))
        }
        _ => Err(None),
    };
    Ok(Entry::Session(Box::new(ListedRight {
        id,
        number: None,
        is_unreadable: false,
        kind: RightKind::Session,
        state: RightState::Active,
        plates: vec![ListedPlate { text: plate.into(), issuer: SmolStr::default() }],
        zones: Some(vec![area.into()]),
        period,
        updated_at: None,
    })))
}

/// Of two rows of one session the one that ends later: it was prolonged. One that cannot be read leaves a doubt.
pub(super) fn longer(one: ListedRight, other: ListedRight) -> ListedRight {
    match (one.period, other.period) {
        (Err(_), _) => one,
        (Ok(period), Ok(another)) if another.end() <= period.end() => one,
        _ => other,
    }
}

/// `01/31/2024 14:00:00` and `1/31/2024 2:00:00 PM`; nothing for a day or a second that no clock shows.
fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    let mut words = text.split_ascii_whitespace();
    let (day, time, half) = (words.next()?, words.next()?, words.next());
    let [month, day, year] = numbers(day, '/')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let hour = match half.map(str::to_ascii_uppercase).as_deref() {
        None => hour,
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        Some(_) => return None,
    };
    let is_year = (1970..=9999).contains(&year) && words.next().is_none();
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    day.and_hms_opt(hour, minute, second).filter(|_| is_year)
}

/// Three whole numbers of at most four digits.
fn numbers(text: &str, between: char) -> Option<[u32; 3]> {
    let number = |text: &str| {
        let is_plain = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_plain)
    };
    let parts = text.split(between).map(number).collect::<Option<Vec<u32>>>()?;
    parts.try_into().ok()
}

/// The earliest and the latest instant that a wall-clock time may be: two where the clocks are set back, and where
/// they are set forward over it, by the offsets before and after. A begin is taken as the earlier and an end as the
/// later one, so that a session is never shorter than what was paid for. That is up to an hour too long, in one
/// night of a year: a ticket for somebody who has paid is worse than one that is not written.
fn readings(at: NaiveDateTime, zone: Zone) -> (DateTime<Utc>, DateTime<Utc>) {
    let utc = at.and_utc();
    let by = |offset: FixedOffset| utc - TimeDelta::seconds(offset.local_minus_utc().into());
    let (one, other) = match zone.offset_from_local_datetime(&at) {
        MappedLocalTime::Single(one) => (one.fix(), one.fix()),
        MappedLocalTime::Ambiguous(one, other) => (one.fix(), other.fix()),
        MappedLocalTime::None => {
            // No two changes of the clocks are so close to each other.
            let near = |days| (utc + TimeDelta::days(days)).naive_utc();
            let of = |days| zone.offset_from_utc_datetime(&near(days)).fix();
            (of(-1), of(1))
        }
    };
    (by(one).min(by(other)), by(one).max(by(other)))
}

/// Words for clocks, with the hours from UTC that are meant by them; in summer people go on writing `EST`.
const CLOCKS: [(&[&str], [i32; 2]); 6] = [
    (&["utc", "z", "coordinated universal time"], [0, 0]),
    (&["gmt"], [0, 1]),
    (&["est", "edt", "eastern standard time", "eastern daylight time"], [-5, -4]),
    (&["cst", "cdt", "central standard time", "central daylight time"], [-6, -5]),
    (&["mst", "mdt", "mountain standard time", "mountain daylight time"], [-7, -6]),
    (&["pst", "pdt", "pacific standard time", "pacific daylight time"], [-8, -7]),
];

/// Whether a word for a time zone is known, and that zone's clock shows another time at an instant. A word that
/// nobody here knows says nothing.
fn contradicts(stated: &str, times: Zone, at: DateTime<Utc>) -> bool {
    let offset =
        |zone: Zone| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
    let own = offset(times);
    let small = stated.to_ascii_lowercase();
    match CLOCKS.iter().find(|(words, _)| words.contains(&small.as_str())) {
        Some((_, hours)) => hours.iter().all(|hours| hours * 3600 != own),
        None => stated.parse::<Zone>().is_ok_and(|zone| offset(zone) != own),
    }
}
