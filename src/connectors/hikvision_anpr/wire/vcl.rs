//! The list of older firmware (VCL): everything is XML at one address. Pure.

use serde_json::Value;

use super::rows::{self, Entry, Fields, Page, PageWord};
use super::{Name, count};
use crate::connectors::hikvision::wire::{Document, field, list};
use crate::connectors::hikvision_anpr::ways::{Times, Writing};
use crate::model::Days;
use crate::text::xml::escape;

const FIELDS: Fields = Fields {
    plate: "plateNum",
    list: &["listType"],
    start: "startTime",
    created: "createTime",
    end: "endTime",
    others: &["plateColor", "plateType", "cardNo"],
};

/// The body of a search, for one plate or for all rows.
pub(in crate::connectors::hikvision_anpr) fn search_body(
    size: usize,
    position: usize,
    plate: Option<&str>,
) -> Vec<u8> {
    let (kind, plate) = match plate {
        Some(plate) => (1, escape(plate)),
        None => (0, String::new()),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><VCLGetCond><getVCLNum>{size}</getVCLNum>\
         <startOffSet>{position}</startOffSet><getVCLCond>{kind}</getVCLCond>\
         <plateNum>{plate}</plateNum></VCLGetCond>"
    )
    .into_bytes()
}

/// Reads one page of a search. The name of its root is not known for sure.
///
/// # Errors
/// What is wrong, without quoting the answer.
pub(in crate::connectors::hikvision_anpr) fn page(document: &Document) -> Result<Page, String> {
    let roots = document.root.values().filter_map(Value::as_object);
    let root = roots
        .chain(std::iter::once(&document.root))
        .find(|root| field(root, "VCLDataList").is_some() || field(root, "totalNum").is_some())
        .ok_or("the answer holds no VCLDataList")?;
    let total = count(root, "totalNum")?;
    let entries = match field(root, "VCLDataList") {
        Some(Value::Object(inside)) => field(inside, "singleVCLData").map(list).unwrap_or_default(),
        Some(Value::String(text)) if text.is_empty() => &[][..],
        None if total == Some(0) => &[][..],
        None => return Err("the answer holds no VCLDataList".to_owned()),
        Some(_) => return Err("VCLDataList is no list".to_owned()),
    };
    let entries = entries.iter().map(|value| {
        let entry = rows::entry(value, &FIELDS)?;
        // Written as if of UTC, and meant by the wall clock.
        let [start, created, end] = [entry.start, entry.created, entry.end]
            .map(|time| time.map(super::Stated::without_offset));
        Ok(Entry { start, created, end, ..entry })
    });
    let entries = entries.collect();
    Ok(Page { entries, total, word: PageWord::Unsaid, is_counted: true })
}

/// The body that writes one row: it changes `there` where that is given, and adds one elsewhere.
pub(in crate::connectors::hikvision_anpr) fn record_body(
    plate: &str,
    days: Days,
    form: Writing,
    there: Option<&Entry>,
) -> Vec<u8> {
    let mark = if form.times == Times::Zulu { "Z" } else { "" };
    let (first, last) = (days.first(), days.last());
    let (id, operation) = match there {
        Some(there) => (there.id.as_str(), "change"),
        None => ("0", "new"),
    };
    let other = |key: &str, none: &'static str| {
        let known = there.and_then(|there| there.others.iter().find(|(known, _)| *known == key));
        known.map_or_else(|| none.to_owned(), |(_, text)| escape(text))
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SetVCLData><VCLDataList><singleVCLData>\
         <id>{}</id><runNum>0</runNum><listType>0</listType><plateNum>{}</plateNum>\
         <plateColor>{}</plateColor><plateType>{}</plateType><cardNo>{}</cardNo>\
         <operation>{operation}</operation><startTime>{first}T00:00:00{mark}</startTime>\
         <endTime>{last}T23:59:59{mark}</endTime></singleVCLData></VCLDataList></SetVCLData>",
        escape(id),
        escape(plate),
        other("plateColor", "0"),
        other("plateType", "0"),
        other("cardNo", ""),
    )
    .into_bytes()
}

/// The body that removes the rows of one plate.
pub(in crate::connectors::hikvision_anpr) fn removal_body(plate: &Name) -> Vec<u8> {
    // Kind 0 would be the whole list.
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><VCLDelCond><delVCLCond>1</delVCLCond>\
         <plateNum>{}</plateNum></VCLDelCond>",
        escape(plate.text())
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::hikvision_anpr::wire::Reading;
    use crate::model::{RowEffect, RowTime, Zone, format_time};

    fn read(body: &str) -> Result<Page, String> {
        page(&Document::parse(body.as_bytes())?)
    }

    const PAGE: &str = "<GetVCLData version=\"2.0\"><totalNum>2</totalNum><VCLDataList>\
        <singleVCLData><id>7</id><runNum>0</runNum><listType>0</listType><plateNum>AB123CD</plateNum>\
        <plateColor>2</plateColor><plateType>0</plateType><cardNo></cardNo>\
        <startTime>2026-01-01T00:00:00Z</startTime><endTime>2026-12-31T23:59:59Z</endTime>\
        </singleVCLData><singleVCLData><id>8</id><listType>1</listType><plateNum>XY9</plateNum>\
        <startTime>2026-01-01T00:00:00Z</startTime><endTime>0000-00-00T00:00:00Z</endTime>\
        </singleVCLData></VCLDataList></GetVCLData>";

    #[test]
    fn a_page() {
        let page = read(PAGE).unwrap();
        assert_eq!((page.total, page.word), (Some(2), PageWord::Unsaid));
        let entries: Vec<Entry> = page.entries.into_iter().filter_map(Result::ok).collect();
        let zone: Zone = "Europe/Sofia".parse().unwrap();
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| entry.row(Reading { zone, begin: None, keeps_days: None }))
            .collect();
        let RowTime::Known { begin, end } = rows[0].time else { panic!() };
        assert_eq!(begin.map(format_time).unwrap(), "2026-01-01T00:00:00");
        assert_eq!(end.map(format_time).unwrap(), "2026-12-31T23:59:59");
        assert_eq!(rows[1].effect, RowEffect::Bars);
        assert!(matches!(rows[1].time, RowTime::Known { end: None, .. }));
    }

    #[test]
    fn what_is_no_page() {
        for body in [
            "<html/>",
            "<GetVCLData/>",
            "<GetVCLData><totalNum>1</totalNum></GetVCLData>",
            "<GetVCLData><totalNum>x</totalNum><VCLDataList/></GetVCLData>",
            "<GetVCLData><VCLDataList>x</VCLDataList></GetVCLData>",
        ] {
            assert!(read(body).is_err(), "{body}");
        }
        let empty = read("<GetVCLData><totalNum>0</totalNum></GetVCLData>").unwrap();
        assert_eq!((empty.entries.len(), empty.total), (0, Some(0)));
    }

    #[test]
    fn rows_and_deletions() {
        let days = Days::new("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap()).unwrap();
        let page = read(PAGE).unwrap();
        let there = page.entries.into_iter().next().and_then(Result::ok).unwrap();
        for form in Writing::all(crate::connectors::hikvision_anpr::ways::Family::Vcl) {
            let mark = if form.times == Times::Zulu { "Z" } else { "" };
            let body = String::from_utf8(record_body("AB1", days, form, None)).unwrap();
            assert!(body.contains(&format!("<endTime>2026-12-31T23:59:59{mark}</endTime>")));
            assert!(body.contains("<operation>new</operation>") && body.contains("<listType>0<"));
            let body = String::from_utf8(record_body("AB1", days, form, Some(&there))).unwrap();
            assert!(body.contains("<operation>change</operation>") && body.contains("<id>7</id>"));
            assert!(body.contains("<plateColor>2</plateColor>"), "{body}");
        }
        let body = String::from_utf8(removal_body(&Name::new("AB1").unwrap())).unwrap();
        assert!(body.contains("<delVCLCond>1</delVCLCond><plateNum>AB1</plateNum>"), "{body}");
    }
}
