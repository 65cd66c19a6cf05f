//! Writes: words, operations, merging, batches, capacity, and what becomes of them.

use serde_json::json;

use super::{all, camera, good, plates, refusal, slugs, turned, with, write};
use crate::hikvision_anpr::*;

const OK: &str = r#"{"statusCode":1,"statusString":"OK","subStatusCode":"ok"}"#;

#[test]
fn a_new_plate_is_stored_with_an_id_of_its_own() {
    let (camera, client) = camera(Vec::new());
    let answer = write(&client, &[with("LJAB123", json!({"operationType": "add"}))]);
    assert_eq!((answer.status, answer.text().as_str()), (200, OK));
    let row = camera.row("LJAB123").unwrap();
    assert!(row.id.parse::<u64>().is_ok() && !row.stranger && row.list == List::Allow);
    assert_eq!((row.begin.to_string(), row.end.unwrap().to_string()).0, "2026-01-01 00:00:00");
    assert_eq!(row.end.unwrap().to_string(), "2026-12-31 23:59:59");
    assert_eq!(slugs(&camera), ["no-read-back"]);
    assert!(all(&client).contains("<LicensePlate>LJAB123</LicensePlate>"));
    assert!(slugs(&camera).is_empty());
    assert_eq!(camera.writes().len(), 1);
}

#[test]
fn a_listed_plate_is_changed_by_modify_and_refused_by_add() {
    let (camera, client) = turned(|_| {});
    let id = camera.row("AB123CD").unwrap().id;
    for keys in [json!({"operationType": "add"}), json!({"operation": "new"}), json!({})] {
        let answer = write(&client, &[with("AB123CD", keys)]);
        assert_eq!(refusal(&answer), (400, 4, "existSameLicensePlate".into()));
    }
    for (end, keys) in [
        ("2027-01-31", json!({"operationType": "modify"})),
        ("2027-02-28", json!({"operation": "change"})),
        ("2027-03-31", json!({"id": id})),
    ] {
        let mut row = with("AB123CD", keys);
        row["effectiveTime"] = json!(end);
        assert_eq!(write(&client, &[row]).status, 200);
        let row = camera.row("AB123CD").unwrap();
        assert_eq!((row.end.unwrap().date().to_string().as_str(), &row.id), (end, &id));
        all(&client);
    }
    let nobody = with("ZZ9", json!({"operationType": "modify"}));
    assert_eq!(refusal(&write(&client, &[nobody])).2, "PlateIDNotExist");
    let other = with("AB123CD", json!({"operationType": "modify", "id": "7"}));
    assert_eq!(refusal(&write(&client, &[other])).2, "PlateIDNotExist");
    assert!(slugs(&camera).is_empty(), "{:?}", camera.violations());
}

#[test]
fn a_camera_that_merges_takes_an_add_for_a_change() {
    for (omitted, card) in [(Omitted::Kept, "77"), (Omitted::Reset, "")] {
        let (camera, client) = turned(|s| {
            (s.listed_again, s.omitted) = (ListedAgain::Merged, omitted);
        });
        camera.edit_row("AB123CD", |row| row.card_no = "77".into());
        assert_eq!(write(&client, &[with("AB123CD", json!({"operationType": "add"}))]).text(), OK);
        assert_eq!(
            (camera.rows().len(), camera.row("AB123CD").unwrap().card_no.as_str()),
            (1, card)
        );
    }
}

#[test]
fn the_words_for_the_lists_are_those_of_the_firmware() {
    let words = [(Words::Allow, "allowList"), (Words::White, "whiteList")];
    for (taken, _) in words {
        for (sent, word) in words {
            for wrong_word in [WrongWord::Refused, WrongWord::Refused200] {
                let (camera, client) = turned(|s| {
                    (s.written_words, s.wrong_word) = (taken, wrong_word);
                });
                let answer = write(&client, &[with("N1", json!({"listType": word}))]);
                if sent == taken {
                    assert_eq!(answer.text(), OK);
                    continue;
                }
                let status = if wrong_word == WrongWord::Refused { 400 } else { 200 };
                assert_eq!(refusal(&answer), (status, 6, "badParameters".into()));
                assert_eq!(answer.json()["statusString"], "Invalid Content");
                assert!(camera.row("N1").is_none() && slugs(&camera).is_empty());
            }
        }
    }
    let (camera, client) = turned(|s| s.written_words = Words::Either);
    for (plate, word) in [("N1", "allowList"), ("N2", "whiteList"), ("N3", "blackList")] {
        assert_eq!(write(&client, &[with(plate, json!({"listType": word}))]).text(), OK);
    }
    assert_eq!(camera.row("N3").unwrap().list, List::Block);
    assert!(slugs(&camera).contains(&"block-list".to_owned()));
}

#[test]
fn plates_lose_separators_and_become_upper_case() {
    let (camera, client) = camera(Vec::new());
    write(&client, &[good("lj ab-12.3")]);
    assert_eq!(plates(&camera), ["LJAB123"]);
    assert!(slugs(&camera).contains(&"plate-form".to_owned()));
    for bad in ["", "-", "AB%1", "ÅSA123", "ABCDEFGHIJKLMNOP"] {
        let answer = write(&client, &[good(bad)]);
        assert_eq!(refusal(&answer), (400, 4, "licensePlateFormatError".into()), "{bad}");
        assert_eq!(answer.json()["errorCode"], 0x4000_1122);
    }
    camera.set(|s| s.separators = Separators::Refused);
    assert_eq!(refusal(&write(&client, &[good("AB-2")])).2, "licensePlateFormatError");
    camera.set(|s| s.letters = Letters::Any);
    assert_eq!(write(&client, &[good("ÅSA123")]).text(), OK);
    camera.edit_settings(|settings| settings.plate_size_max = 6);
    assert_eq!(refusal(&write(&client, &[good("ABCDEFG")])).2, "licensePlateFormatError");
    assert_eq!(plates(&camera), ["LJAB123", "ÅSA123"]);
}

#[test]
fn a_full_list_takes_changes_only() {
    let (camera, client) = turned(|_| {});
    camera.edit_settings(|settings| settings.plate_list_num = 1);
    let answer = write(&client, &[good("N1")]);
    assert_eq!(refusal(&answer), (400, 4, "licensePlateNumOverflow".into()));
    assert_eq!(answer.json()["errorCode"], 0x4000_12CB);
    let change = with("AB123CD", json!({"operationType": "modify"}));
    assert_eq!(write(&client, &[change]).text(), OK);
}

#[test]
fn of_a_batch_that_is_refused_the_beginning_is_stored_or_nothing() {
    for (batch, stored) in [(Batch::UpToTheRefused, 2), (Batch::AllOrNothing, 1)] {
        let (camera, client) = turned(|s| s.batch = batch);
        let answer = write(&client, &[good("N1"), good("B%D"), good("N2")]);
        assert_eq!(refusal(&answer).2, "licensePlateFormatError");
        assert_eq!(camera.rows().len(), stored);
        assert!(camera.writes().is_empty());
    }
}

#[test]
fn an_accepted_write_has_the_effect_of_the_switch() {
    let (camera, client) = turned(|s| s.effect = Effect::OkNotApplied);
    assert_eq!(write(&client, &[good("N1")]).text(), OK);
    assert!(camera.row("N1").is_none() && camera.writes().len() == 1);
    camera.set(|s| s.effect = Effect::RefusedYetApplied);
    assert_eq!(refusal(&write(&client, &[good("N1")])).2, "badJsonContent");
    assert!(camera.row("N1").is_some());
    camera.set(|s| s.effect = Effect::ShowsAfterReads(2));
    assert_eq!(write(&client, &[good("N2")]).text(), OK);
    let shown: Vec<bool> = (0..3).map(|_| all(&client).contains(">N2<")).collect();
    assert_eq!(shown, [false, false, true]);
    camera.set(|s| s.effect = Effect::ShowsAfterSeconds(30));
    camera.clock().set("2026-03-01T10:00:00Z".parse().unwrap());
    write(&client, &[good("N3")]);
    assert!(!all(&client).contains(">N3<") && camera.row("N3").is_some());
    camera.clock().advance(chrono::TimeDelta::seconds(30));
    assert!(all(&client).contains(">N3<"));
}

#[test]
fn ids_are_plates_where_the_firmware_does_so() {
    let (camera, client) = turned(|s| s.ids = Ids::Plate);
    write(&client, &[good("N1")]);
    assert_eq!(camera.row("N1").unwrap().id, "N1");
    assert_eq!(camera.row("AB123CD").unwrap().id, "AB123CD");
}
