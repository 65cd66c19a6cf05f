//! A tariff, read as strictly as can be.

use crate::service::{Fields, Json, Problem, problem};

/// Minutes of a day.
const DAY: usize = 24 * 60;

/// Reads a tariff; its rates, in minor units an hour.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(body: &Json) -> Result<Vec<i64>, Problem> {
    let mut body = Fields::of(body, "")?;
    let rows = body.list("rates")?;
    if rows.is_empty() {
        return Err(problem("no-rates", "/rates"));
    }
    let mut rates = Vec::new();
    let mut taken = vec![false; DAY];
    for (place, row) in rows.iter().enumerate() {
        let mut row = Fields::of(row, format!("/rates/{place}"))?;
        let text = row.text("timeSlot")?;
        let rate = row.decimal("rate", false)?;
        let longest = row.count("maxDuration")?;
        row.count("gracePeriod")?;
        row.end()?;
        if rate < 0 {
            return Err(problem("amount-sign", format!("/rates/{place}/rate")).status(422));
        }
        if longest == 0 {
            return Err(problem("no-duration", format!("/rates/{place}/maxDuration")).status(422));
        }
        let (begin, end) = slot(text).ok_or_else(|| problem("slot-form", text).status(422))?;
        // A slot may go on after midnight.
        let length = if begin < end { end - begin } else { end + DAY - begin };
        for minute in (begin..begin + length).map(|minute| minute % DAY) {
            if std::mem::replace(&mut taken[minute], true) {
                return Err(problem("slot-overlap", text).status(422));
            }
        }
        rates.push(rate);
    }
    let mut enforcement = body.object("enforcement")?;
    if !matches!(enforcement.needs("enabled")?, Json::Bool(_)) {
        return Err(problem("field-type", "/enforcement/enabled"));
    }
    enforcement.count("alertThreshold")?;
    enforcement.text("violationCode")?;
    enforcement.end()?;
    body.end()?;
    Ok(rates)
}

/// `08:00-18:00`, in minutes; the end may be 24:00.
fn slot(text: &str) -> Option<(usize, usize)> {
    let (begin, end) = text.split_once('-')?;
    let (begin, end) = (minutes(begin)?, minutes(end)?);
    (begin < DAY && begin != end).then_some((begin, end))
}

fn minutes(text: &str) -> Option<usize> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    let (hour, minute): (usize, usize) = (hour.parse().ok()?, minute.parse().ok()?);
    let is_time = minute < 60 && (hour < 24 || (hour == 24 && minute == 0));
    is_time.then_some(hour * 60 + minute)
}

/// The same tariff with its first rate one minor unit higher.
pub(super) fn dearer(tariff: &Json, rates: &[i64]) -> Json {
    let first = crate::service::major(rates.first().copied().unwrap_or_default() + 1);
    let mut tariff = tariff.clone();
    if let Json::Object(members) = &mut tariff
        && let Some((_, Json::List(rows))) = members.iter_mut().find(|(name, _)| name == "rates")
        && let Some(Json::Object(row)) = rows.first_mut()
        && let Some((_, rate)) = row.iter_mut().find(|(name, _)| name == "rate")
    {
        *rate = Json::Number(first);
    }
    tariff
}

/// The same tariff as another program would write it: members by the alphabet, no needless zeros.
pub(super) fn rewritten(tariff: &Json) -> Json {
    match tariff {
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> =
                members.iter().map(|(name, value)| (name.clone(), rewritten(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Json::Object(members)
        }
        Json::List(list) => Json::List(list.iter().map(rewritten).collect()),
        Json::Number(digits) if digits.contains('.') => {
            Json::Number(digits.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots() {
        assert_eq!(slot("08:00-18:00"), Some((480, 1080)));
        assert_eq!(slot("18:00-08:00"), Some((1080, 480)));
        assert_eq!(slot("00:00-24:00"), Some((0, 1440)));
        for bad in [
            "08:00",
            "25:00-08:00",
            "24:00-08:00",
            "08:00-24:01",
            "08:60-09:00",
            "8:00-9:00",
            "08:00-08:00",
            "+8:00-09:00",
        ] {
            assert_eq!(slot(bad), None, "{bad}");
        }
    }
}
