//! The tariff of a meter: what it must be, and what is another one in it. Pure.
//!
//! Slots are of the wall clock and may go on after midnight; a rate is of an hour, `maxDuration` and `gracePeriod`
//! are minutes, `alertThreshold` is seconds. Hours without a rate are the rule in towns, and still may be a mistake.

use sha2::{Digest as _, Sha256};

use super::{MINUTES_MAX, meter_id};
use crate::document::{
    Difference, Fault, JsonError, Limits, Node, Value, differences, parse, parse_outgoing,
};
use crate::model::{DocumentId, DocumentKind, MinorUnits};
use crate::ports::{Document, FieldChange, Subject, Warning};
use crate::text::hex::hex;

/// What a tariff is made of.
const FIELDS: [&str; 2] = ["enforcement", "rates"];

/// The key of a document that says whose tariff it is; in what is sent, the address says so.
const METER: &str = "meterId";

const DAY_MINUTES: usize = 24 * 60;

/// Nobody is let off for longer than a day.
const GRACE_MINUTES_MAX: i64 = 24 * 60;

/// Reads a document that is to be sent: a tariff, and whose it is, its fields in the order of the alphabet, its numbers
/// letter for letter. Its bytes are read once more when it is approved, or asked about; what is sent is in [`sent`].
pub(super) fn document(bytes: &[u8]) -> Result<Document, JsonError> {
    let value = parse_outgoing(bytes, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    top.has_only(&[METER, "rates", "enforcement"])?;
    let node = top.field(METER)?;
    let meter = meter_id(&node)?;
    // `..` would lead elsewhere.
    DocumentId::new(meter.as_str()).map_err(|_| node.error(Fault::NoDocumentId))?;
    check(&top)?;
    let hash = hex(&Sha256::digest(tariff(&value).write()));
    let id = DocumentId::new(&format!("{meter}:{hash}"));
    let id = id.map_err(|_| node.error(Fault::NoDocumentId))?;
    let bytes = value.write().into_bytes();
    let (kind, subject) = (DocumentKind::Tariff, Subject::Meter(meter));
    Ok(Document { id, kind, money: None, subject, bytes })
}

/// What a meter is sent of a document: the tariff alone, since its address says whose it is.
///
/// # Errors
/// It is no JSON.
pub(super) fn sent(document: &[u8]) -> Result<Vec<u8>, JsonError> {
    Ok(tariff(&parse(document, Limits::DOCUMENT)?).write().into_bytes())
}

/// The tariff alone, whatever stands around it.
fn tariff(value: &Value) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let members = members.iter().filter(|(key, _)| FIELDS.contains(&key.as_str()));
    Value::Object(members.cloned().collect())
}

/// Makes sure that it is a tariff.
fn check(top: &Node<'_, '_>) -> Result<(), JsonError> {
    let mut taken = vec![false; DAY_MINUTES];
    let rates = top.field("rates")?;
    if rates.list()?.next().is_none() {
        return Err(rates.error(Fault::Empty));
    }
    for row in rates.list()? {
        row.has_only(&["timeSlot", "rate", "maxDuration", "gracePeriod"])?;
        let rate = row.field("rate")?;
        if !is_rate(rate.number()?) {
            let wanted = "an amount with at most two decimals that is not below zero";
            return Err(rate.error(Fault::Not(wanted)));
        }
        row.field("maxDuration")?.whole_number(1, MINUTES_MAX)?;
        row.field("gracePeriod")?.whole_number(0, GRACE_MINUTES_MAX)?;
        let node = row.field("timeSlot")?;
        let slot = slot(node.text()?);
        let slot =
            slot.ok_or_else(|| node.error(Fault::Not("two times of a day, as 08:00-18:00")))?;
        for minute in minutes(slot) {
            if let Some(is_taken) = taken.get_mut(minute)
                && std::mem::replace(is_taken, true)
            {
                return Err(node.error(Fault::Not("clear of the slots before it")));
            }
        }
    }
    let enforcement = top.field("enforcement")?;
    enforcement.has_only(&["enabled", "alertThreshold", "violationCode"])?;
    enforcement.field("enabled")?.bool()?;
    enforcement.field("alertThreshold")?.whole_number(0, MINUTES_MAX * 60)?;
    enforcement.field("violationCode")?.filled()?;
    Ok(())
}

/// Nothing is a rate, too.
fn is_rate(number: &str) -> bool {
    matches!(number, "0" | "0.0" | "0.00") || MinorUnits::from_decimal(number).is_some()
}

/// The minutes of a day that a slot begins and ends with; the end may be 24:00.
fn slot(text: &str) -> Option<(usize, usize)> {
    let (begin, end) = text.split_once('-')?;
    let (begin, end) = (minute(begin)?, minute(end)?);
    (begin < DAY_MINUTES && begin != end).then_some((begin, end))
}

fn minute(text: &str) -> Option<usize> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let is_written_so = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<usize>().ok().filter(|_| is_written_so)
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY_MINUTES).then_some(minutes)
}

/// Each minute of a slot, over midnight where it goes on.
fn minutes((begin, end): (usize, usize)) -> impl Iterator<Item = usize> {
    let end = if begin < end { end } else { end + DAY_MINUTES };
    (begin..end).map(|minute| minute % DAY_MINUTES)
}

/// What somebody must have seen of a tariff that is to be sent.
pub(super) fn warnings(bytes: &[u8]) -> Result<Vec<Warning>, JsonError> {
    let value = parse(bytes, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    let mut warnings = Vec::new();
    let alert = top.field("enforcement")?.field("alertThreshold")?.whole_number(0, i64::MAX)?;
    let mut has_rate = vec![false; DAY_MINUTES];
    for row in top.field("rates")?.list()? {
        let node = row.field("gracePeriod")?;
        let grace = node.whole_number(0, GRACE_MINUTES_MAX)? * 60;
        if grace > alert {
            warnings.push(Warning {
                code: "grace_exceeds_alert",
                path: node.pointer(),
                detail: format!("{grace} s grace, alert at {alert} s"),
            });
        }
        for minute in slot(row.field("timeSlot")?.text()?).into_iter().flat_map(minutes) {
            if let Some(has_rate) = has_rate.get_mut(minute) {
                *has_rate = true;
            }
        }
    }
    let gaps = gaps(&has_rate);
    if !gaps.is_empty() {
        let detail = format!("no rate {}", gaps.join(", "));
        warnings.push(Warning { code: "hours_without_rate", path: "/rates".to_owned(), detail });
    }
    Ok(warnings)
}

/// `from 18:00 to 24:00`, from midnight on.
fn gaps(has_rate: &[bool]) -> Vec<String> {
    let told = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
    let mut begin = 0;
    let mut gaps = Vec::new();
    for run in has_rate.chunk_by(|one, next| one == next) {
        let end = begin + run.len();
        if run.first() == Some(&false) {
            gaps.push(format!("from {} to {}", told(begin), told(end)));
        }
        begin = end;
    }
    gaps
}

/// What would be another one: the tariff there, and ours.
///
/// # Errors
/// What is there is no JSON.
pub(super) fn changes(there: &[u8], ours: &[u8]) -> Result<Vec<FieldChange>, JsonError> {
    let [there, ours] = [parse(there, Limits::DOCUMENT)?, parse(ours, Limits::DOCUMENT)?];
    // Around it a service may tell what nobody sent: whose it is, who changed it when.
    let found = differences(&tariff(&there), &tariff(&ours)).into_iter();
    Ok(found
        .map(|Difference { pointer, from, to }| FieldChange { path: pointer, from, to })
        .collect())
}
