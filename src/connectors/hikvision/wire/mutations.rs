//! Every reader against answers that were bent at random: an error or a value, never a panic.

use crate::model::testing::zone;
use proptest::prelude::*;
use serde_json::Value;

use super::{
    DeviceClock, DeviceInfo, Document, SearchPage, excerpt, modify_body, modify_fields,
    read_record, read_status,
};
use crate::connectors::hikvision::LockState;
use crate::model::{Window, parse_time};

const SEEDS: &[&[u8]] = &[
    include_bytes!("../../../../tests/fixtures/hikvision/device-info.xml"),
    include_bytes!("../../../../tests/fixtures/hikvision/user-info.json"),
    include_bytes!("../../../../tests/fixtures/hikvision/search-page.json"),
    include_bytes!("../../../../tests/fixtures/hikvision/user-check-401.xml"),
    include_bytes!("../../../../tests/fixtures/hikvision/user-check-locked.xml"),
    include_bytes!("../../../../tests/fixtures/hikvision/status-lack.json"),
    include_bytes!("../../../../tests/fixtures/hikvision/status-ok.xml"),
    include_bytes!("../../../../tests/fixtures/hikvision/time.xml"),
];

/// Hands bytes to everything that reads bytes from a device.
fn read_everything(body: &[u8]) {
    let _ = excerpt(body);
    let _ = LockState::read(body);
    let Ok(document) = Document::parse(body) else { return };
    let _ = DeviceInfo::read(&document);
    let _ = DeviceClock::read(&document);
    let _ = read_status("x", 200, &document).map(|status| (status.meaning(), status.to_string()));
    person(Value::Object(document.root.clone()));
    for value in SearchPage::read(document).map(|page| page.persons).unwrap_or_default() {
        person(value);
    }
}

fn person(value: Value) {
    let Ok(record) = read_record(&value, zone("Europe/Ljubljana")) else { return };
    let at = parse_time("2026-01-01T00:00:00").unwrap();
    let body = modify_body(&modify_fields(
        &record,
        Window::new(at, at).unwrap(),
        &[],
        &Default::default(),
    ));
    let sent: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(sent["UserInfo"]["Valid"]["enable"], true);
    assert_eq!(sent["UserInfo"]["employeeNo"], record.person.employee_no.as_str());
    assert!(sent["UserInfo"].get("password").is_none());
}

#[test]
fn the_seeds_are_read() {
    for seed in SEEDS {
        assert!(Document::parse(seed).is_ok());
        read_everything(seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_changed(
        seed in 0..SEEDS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut body = SEEDS[seed].to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        read_everything(&body);
    }

    /// Well-formed JSON with a value replaced by one of another kind, which byte changes seldom hit.
    #[test]
    fn values_of_another_kind(
        at in any::<prop::sample::Index>(),
        other in prop::sample::select(vec![
            "null", "true", "0", "-1", "1.5", "1e300", "18446744073709551615", "\"\"", "\"x\"", "[]", "[[]]",
            "{}", "{\"employeeNo\":{}}", "\"9999-99-99T99:99:99\"", "\"+262142-12-31T23:59:59+23:59\"",
            "\"\\u0000\"", "[null,1,\"a@b\",{\"value\":\"a@b\"}]",
        ]),
    ) {
        let text = String::from_utf8(SEEDS[2].to_vec()).unwrap();
        let colons: Vec<usize> = text.match_indices("\":").map(|(at, _)| at + 2).collect();
        let start = colons[at.index(colons.len())];
        let end = value_end(&text, start);
        let bent = format!("{}{other}{}", &text[..start], &text[end..]);
        prop_assert!(serde_json::from_str::<Value>(&bent).is_ok(), "{bent}");
        read_everything(bent.as_bytes());
    }
}

/// Where the JSON value that starts at `start` ends.
fn value_end(text: &str, start: usize) -> usize {
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    let _ = values.next();
    start + values.byte_offset()
}
