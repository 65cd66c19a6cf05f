//! The plate audit of newer firmware: rows are written as JSON, searched for as XML, and deleted by name.
//! Pure.

use serde_json::{Map, Value, json};

use super::rows::{self, Entry, Fields, Page, PageWord, one_text};
use super::{Name, count};
use crate::connectors::hikvision::wire::{Document, boolean, field, list, object};
use crate::connectors::hikvision_anpr::ways::{Removal, Search, SearchRoot, Times, Word, Writing};
use crate::model::Days;
use crate::text::xml::escape;

const FIELDS: Fields = Fields {
    plate: "LicensePlate",
    list: &["type", "listType"],
    start: "effectiveStartDate",
    created: "createTime",
    end: "effectiveTime",
    others: &["cardNo", "plateType", "plateColor", "name", "groupName"],
};

/// The body of a search, for one plate or for all rows.
pub(in crate::connectors::hikvision_anpr) fn search_body(
    search: Search,
    id: &str,
    position: usize,
    plate: Option<&str>,
) -> Vec<u8> {
    let (root, size) = match search.root {
        SearchRoot::Description => ("LPListAuditSearchDescription", "maxResults"),
        SearchRoot::Condition => ("LPSearchCond", "maxResult"),
    };
    let page = search.page;
    let plate = plate
        .map(|plate| format!("<LicensePlate>{}</LicensePlate>", escape(plate)))
        .unwrap_or_default();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root}><searchID>{id}</searchID>\
         <searchResultPosition>{position}</searchResultPosition><{size}>{page}</{size}>{plate}</{root}>"
    )
    .into_bytes()
}

/// Reads one page of a search.
///
/// # Errors
/// What is wrong, without quoting the answer.
pub(in crate::connectors::hikvision_anpr) fn page(document: &Document) -> Result<Page, String> {
    const LIST: &str = "LicensePlateInfoList";
    let root = object(&document.root, "LPListAuditSearchResult")
        .ok_or("the answer holds no LPListAuditSearchResult")?;
    if field(root, "responseStatus").is_some_and(|said| boolean(said) == Some(false)) {
        return Err("the answer says that the search failed".to_owned());
    }
    let word = PageWord::read(one_text(root, "responseStatusStrg"));
    let nothing = Map::new();
    // The counts stand within the list on some firmware.
    let (inside, entries) = match field(root, LIST) {
        Some(Value::Object(inside)) => {
            (inside, field(inside, "LicensePlateInfo").map(list).unwrap_or_default())
        }
        // A list without entries, as XML writes it.
        Some(Value::String(text)) if text.is_empty() => (&nothing, &[][..]),
        Some(Value::Array(entries)) if entries.iter().all(is_entry) => {
            (&nothing, entries.as_slice())
        }
        None if word == PageWord::NoMatch => (&nothing, &[][..]),
        None => return Err(format!("the answer holds no {LIST}")),
        Some(_) => return Err(format!("{LIST} is no list")),
    };
    let stated = |key| match (count(root, key)?, count(inside, key)?) {
        (Some(outside), Some(inside)) if outside != inside => {
            Err(format!("the answer holds two values of {key}"))
        }
        (outside, inside) => Ok(outside.or(inside)),
    };
    let total = stated("totalMatches")?;
    let is_counted = stated("numOfMatches")?.is_none_or(|stated| stated == entries.len());
    let entries = entries.iter().map(|value| rows::entry(value, &FIELDS)).collect();
    Ok(Page { entries, total, word, is_counted })
}

fn is_entry(value: &Value) -> bool {
    value.as_object().is_some_and(|value| field(value, FIELDS.plate).is_some())
}

/// The body that writes one row: it changes `there` where that is given, and adds one elsewhere.
pub(in crate::connectors::hikvision_anpr) fn record_body(
    plate: &str,
    days: Days,
    form: Writing,
    there: Option<&Entry>,
) -> Vec<u8> {
    let (first, last) = (days.first(), days.last());
    let word = match form.word {
        Word::White => "whiteList",
        Word::Allow | Word::Number => "allowList",
    };
    let (begin, end) = match form.times {
        Times::Days => (first.to_string(), last.to_string()),
        Times::Seconds | Times::Zulu => (format!("{first}T00:00:00"), format!("{last}T23:59:59")),
    };
    let mut row = json!({
        "LicensePlate": plate,
        "listType": word,
        "createTime": format!("{first}T00:00:00"),
        "effectiveStartDate": begin,
        "effectiveTime": end,
        "id": "",
        "operationType": "add",
    });
    if let (Some(there), Some(row)) = (there, row.as_object_mut()) {
        row.insert("id".to_owned(), Value::from(there.id.as_str()));
        row.insert("operationType".to_owned(), Value::from("modify"));
        for (key, text) in &there.others {
            row.insert((*key).to_owned(), Value::from(text.as_str()));
        }
    }
    json!({ "LicensePlateInfoList": [row] }).to_string().into_bytes()
}

/// The body that removes one row, named by its id or by its plate. It never says that everything is to go.
pub(in crate::connectors::hikvision_anpr) fn removal_body(form: Removal, name: &Name) -> Vec<u8> {
    let name = name.text();
    let body = match form {
        Removal::Id => json!({ "deleteAllEnabled": false, "id": [name] }),
        Removal::Plate => json!({ "deleteAllEnabled": false, "licensePlate": [name] }),
        Removal::Compound => json!({
            "deleteAllEnabled": false,
            "CompoundCond": { "plateColor": "", "licensePlate": name },
        }),
    };
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::hikvision_anpr::ways::Begin;
    use crate::connectors::hikvision_anpr::wire::Reading;
    use crate::model::{RowEffect, RowTime, format_time};

    fn read(body: &str) -> Result<Page, String> {
        page(&Document::parse(body.as_bytes())?)
    }

    /// A page in the shape of a DS-TCG406-E V5.5.0: counts within the list, the plate as id, offsets.
    const CAPTURED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <LPListAuditSearchResult version=\"2.0\" xmlns=\"http://www.isapi.org/ver20/XMLSchema\">\
        <searchID>1</searchID><responseStatus>true</responseStatus>\
        <responseStatusStrg>OK</responseStatusStrg><LicensePlateInfoList>\
        <numOfMatches>2</numOfMatches><totalMatches>2</totalMatches>\
        <LicensePlateInfo><id>AB123CD</id><LicensePlate>AB123CD</LicensePlate><type>whiteList</type>\
        <createTime>2026-01-01T00:00:00+02:00</createTime>\
        <effectiveTime>2026-07-31T23:59:59+03:00</effectiveTime></LicensePlateInfo>\
        <LicensePlateInfo><id>XY9</id><LicensePlate>XY9</LicensePlate><type>blackList</type>\
        <createTime>2026-01-01T00:00:00+02:00</createTime>\
        <effectiveTime>2026-12-31T23:59:59+02:00</effectiveTime><cardNo>77</cardNo>\
        </LicensePlateInfo></LicensePlateInfoList></LPListAuditSearchResult>";

    #[test]
    fn a_captured_page() {
        let page = read(CAPTURED).unwrap();
        assert_eq!((page.total, page.word, page.is_counted), (Some(2), PageWord::Last, true));
        let entries: Vec<Entry> = page.entries.into_iter().filter_map(Result::ok).collect();
        let zone = "Europe/Sofia".parse().unwrap();
        let reading = |begin| Reading { zone, begin, keeps_days: None };
        let row = entries[0].row(reading(None));
        assert_eq!((row.id.as_str(), row.effect), ("AB123CD", RowEffect::Opens));
        let RowTime::Known { begin, end } = row.time else { panic!("{row:?}") };
        assert_eq!((begin, end.map(format_time).unwrap().as_str()), (None, "2026-07-31T23:59:59"));
        let RowTime::Known { begin, .. } = entries[0].row(reading(Some(Begin::CreateTime))).time
        else {
            panic!()
        };
        assert_eq!(begin.map(format_time).unwrap(), "2026-01-01T00:00:00");
        assert_eq!(entries[1].effect, RowEffect::Bars);
        assert_eq!(entries[1].others, [("cardNo", "77".to_owned())]);
        assert!(!format!("{entries:?}").contains("AB123"));
    }

    /// A page around these parts.
    fn around(outside: &str, list: &str) -> String {
        format!(
            "<LPListAuditSearchResult><responseStatus>true</responseStatus>{outside}{list}\
             </LPListAuditSearchResult>"
        )
    }

    #[test]
    fn counts_and_words_wherever_they_stand() {
        let row = "<LicensePlateInfo><LicensePlate>A1</LicensePlate></LicensePlateInfo>";
        let list = |more: &str| format!("<LicensePlateInfoList>{more}</LicensePlateInfoList>");
        let none = "<responseStatusStrg>NO MATCHES</responseStatusStrg>";
        for (outside, inside, expected) in [
            ("", list(row), Ok((1, None, true))),
            ("<totalMatches>5</totalMatches>", list(row), Ok((1, Some(5), true))),
            (
                "<totalMatches>1</totalMatches>",
                list(&format!("<totalMatches>1</totalMatches>{row}")),
                Ok((1, Some(1), true)),
            ),
            (
                "<totalMatches>1</totalMatches>",
                list(&format!("<totalMatches>2</totalMatches>{row}")),
                Err("the answer holds two values of totalMatches"),
            ),
            ("", list(&format!("<numOfMatches>2</numOfMatches>{row}")), Ok((1, None, false))),
            ("<totalMatches>many</totalMatches>", list(row), Err("totalMatches is no count")),
            (
                "<totalMatches>1</totalMatches><totalMatches>1</totalMatches>",
                list(row),
                Err("totalMatches is no count"),
            ),
            ("<totalMatches>-1</totalMatches>", list(row), Err("totalMatches is no count")),
            (none, String::new(), Ok((0, None, true))),
            (none, list(""), Ok((0, None, true))),
            ("", String::new(), Err("the answer holds no LicensePlateInfoList")),
            ("", list("text"), Err("LicensePlateInfoList is no list")),
            ("", format!("{0}{0}", list(row)), Err("LicensePlateInfoList is no list")),
            ("<responseStatus>false</responseStatus>", list(row), Ok((1, None, true))),
        ] {
            let body = around(outside, &inside);
            let read = read(&body).map(|page| (page.entries.len(), page.total, page.is_counted));
            assert_eq!(read, expected.map_err(str::to_owned), "{body}");
        }
        let failed = "<LPListAuditSearchResult><responseStatus>false</responseStatus></LPListAuditSearchResult>";
        assert_eq!(read(failed).err().unwrap(), "the answer says that the search failed");
    }

    #[test]
    fn the_same_as_json() {
        let row =
            r#"{"id":101,"LicensePlate":"A1","listType":"allowList","effectiveTime":"2026-12-31"}"#;
        for list in [
            format!("[{row}]"),
            format!("{{\"LicensePlateInfo\":[{row}]}}"),
            format!("{{\"LicensePlateInfo\":{row}}}"),
        ] {
            let body = format!(
                "{{\"LPListAuditSearchResult\":{{\"responseStatusStrg\":\"OK\",\"totalMatches\":1,\"LicensePlateInfoList\":{list}}}}}"
            );
            let page = read(&body).unwrap();
            let entry = page.entries.into_iter().next().and_then(Result::ok).unwrap();
            assert_eq!((entry.id.as_str(), entry.effect), ("101", RowEffect::Opens), "{body}");
        }
    }

    #[test]
    fn entries_that_cannot_be_used() {
        for (row, why) in [
            ("", "is none"),
            ("<id>1</id>", "has no plate"),
            ("<LicensePlate> - </LicensePlate>", "has no plate"),
            ("<LicensePlate>A1</LicensePlate><LicensePlate>A1</LicensePlate>", "has no plate"),
            ("<LicensePlate>A1</LicensePlate><id>1</id><id>2</id>", "has an id that is no text"),
            (
                "<LicensePlate>A\u{fffd}1</LicensePlate>",
                "has a plate or an id that cannot be sent back",
            ),
        ] {
            let list = format!(
                "<LicensePlateInfoList><LicensePlateInfo>{row}</LicensePlateInfo></LicensePlateInfoList>"
            );
            let page = read(&around("", &list)).unwrap();
            let misfit = page.entries.into_iter().next().unwrap().err().unwrap();
            assert_eq!(misfit.why, why, "{row}");
        }
    }

    #[test]
    fn hostile_answers_are_errors() {
        let many =
            format!("<LPListAuditSearchResult>{}</LPListAuditSearchResult>", "<a/>".repeat(70_000));
        let cut = CAPTURED.get(..CAPTURED.len() / 2).unwrap();
        for body in [
            "",
            "OK",
            "<html><body>Sign in</body></html>",
            "[]",
            "{\"LPListAuditSearchResult\":[]}",
            "{\"LPListAuditSearchResult\":{\"LicensePlateInfoList\":7}}",
            "{\"LPListAuditSearchResult\":{\"LicensePlateInfoList\":[7]}}",
            "<LPListAuditSearchResult/>",
            "<!DOCTYPE l [<!ENTITY a \"A1\">]><LPListAuditSearchResult>&a;</LPListAuditSearchResult>",
            cut,
            &many,
        ] {
            assert!(read(body).is_err(), "{:.60}", body);
        }
    }

    fn days() -> Days {
        Days::new("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_row_in_every_form() {
        let sent = |form: Writing, there: Option<&Entry>| -> Value {
            let body = record_body("AB123CD", days(), form, there);
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["LicensePlateInfoList"].as_array().unwrap().len(), 1);
            body["LicensePlateInfoList"][0].clone()
        };
        let form = |word, times| Writing { word, times };
        assert_eq!(
            sent(form(Word::Allow, Times::Seconds), None),
            json!({
                "LicensePlate": "AB123CD", "listType": "allowList", "createTime": "2026-01-01T00:00:00",
                "effectiveStartDate": "2026-01-01T00:00:00", "effectiveTime": "2026-12-31T23:59:59",
                "id": "", "operationType": "add",
            })
        );
        let page = read(CAPTURED).unwrap();
        let there = page.entries.into_iter().nth(1).unwrap().ok().unwrap();
        assert_eq!(
            sent(form(Word::White, Times::Days), Some(&there)),
            json!({
                "LicensePlate": "AB123CD", "listType": "whiteList", "createTime": "2026-01-01T00:00:00",
                "effectiveStartDate": "2026-01-01", "effectiveTime": "2026-12-31",
                "id": "XY9", "operationType": "modify", "cardNo": "77",
            })
        );
    }

    #[test]
    fn no_removal_names_nothing_or_everything() {
        for text in ["101", "AB123CD", "*", "\"],\"deleteAllEnabled\":true,\"x\":[\""] {
            let name = Name::new(text).unwrap();
            for form in Removal::ALL {
                let body: Value = serde_json::from_slice(&removal_body(form, &name)).unwrap();
                assert_eq!(body["deleteAllEnabled"], json!(false));
                let named = match form {
                    Removal::Id => &body["id"][0],
                    Removal::Plate => &body["licensePlate"][0],
                    Removal::Compound => &body["CompoundCond"]["licensePlate"],
                };
                assert_eq!(named, &json!(text));
            }
        }
    }

    #[test]
    fn a_search_is_one_text() {
        let body = search_body(Search::default(), "s1", 100, Some("A<1"));
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><LPListAuditSearchDescription>\
             <searchID>s1</searchID><searchResultPosition>100</searchResultPosition>\
             <maxResults>100</maxResults><LicensePlate>A&lt;1</LicensePlate>\
             </LPListAuditSearchDescription>"
        );
    }
}
