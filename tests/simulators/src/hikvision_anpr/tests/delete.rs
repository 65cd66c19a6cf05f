//! Deletions: three bodies, ids as text, and the flag that wipes.

use serde_json::{Value, json};

use super::{all, delete, plates, refusal, slugs, turned};
use crate::hikvision_anpr::*;

/// The body of each form for one row.
fn bodies(id: &str, plate: &str) -> [(DeleteForm, Value); 3] {
    [
        (DeleteForm::Id, json!({"id": [id], "deleteAllEnabled": false})),
        (DeleteForm::LicensePlate, json!({"deleteAllEnabled": false, "licensePlate": [plate]})),
        (
            DeleteForm::CompoundCond,
            json!({
                "deleteAllEnabled": false,
                "CompoundCond": {"plateColor": "", "licensePlate": plate},
            }),
        ),
    ]
}

#[test]
fn the_right_form_deletes_and_the_wrong_ones_are_answered_as_switched() {
    for form in [DeleteForm::Id, DeleteForm::LicensePlate, DeleteForm::CompoundCond] {
        for wrong_form in [WrongForm::OkNothingDeleted, WrongForm::Refused] {
            let (camera, client) = turned(|s| {
                (s.delete_form, s.wrong_form) = (form, wrong_form);
            });
            let id = camera.row("AB123CD").unwrap().id;
            let bodies = bodies(&id, "AB123CD");
            for (_, body) in bodies.iter().filter(|(other, _)| *other != form) {
                let answer = delete(&client, body);
                match wrong_form {
                    WrongForm::OkNothingDeleted => assert_eq!(answer.json()["statusCode"], 1),
                    WrongForm::Refused => {
                        assert_eq!(refusal(&answer), (400, 6, "badJsonContent".into()));
                        assert_eq!(answer.json()["errorMsg"], "Invalid JSON Content");
                    }
                }
                assert_eq!(plates(&camera), ["AB123CD"]);
            }
            let (_, body) = bodies.iter().find(|(right, _)| *right == form).unwrap();
            assert_eq!(
                delete(&client, body).text(),
                r#"{"statusCode":1,"statusString":"OK","subStatusCode":"ok"}"#
            );
            assert!(camera.rows().is_empty());
            assert_eq!(slugs(&camera), ["no-read-back"]);
            all(&client);
            assert!(slugs(&camera).is_empty(), "{:?}", camera.violations());
        }
    }
}

#[test]
fn an_id_is_text_and_a_number_deletes_nothing() {
    let (camera, client) = turned(|_| {});
    let id: u64 = camera.row("AB123CD").unwrap().id.parse().unwrap();
    let answer = delete(&client, &json!({"id": [id], "deleteAllEnabled": false}));
    assert_eq!((answer.status, &answer.json()["statusCode"]), (200, &json!(1)));
    assert_eq!(plates(&camera), ["AB123CD"]);
    assert_eq!(slugs(&camera), ["field-type"]);
    let answer = delete(&client, &json!({"id": ["AB123CD"], "deleteAllEnabled": false}));
    assert_eq!(refusal(&answer), (400, 6, "badJsonContent".into()));
    assert_eq!(answer.json()["errorMsg"], "Invalid JSON Content");
    assert_eq!(plates(&camera), ["AB123CD"]);
    camera.set(|s| s.ids = Ids::Plate);
    camera.edit_row("AB123CD", |row| row.id = "AB123CD".into());
    delete(&client, &json!({"id": ["AB123CD"], "deleteAllEnabled": false}));
    assert!(camera.rows().is_empty());
}

#[test]
fn a_row_that_is_not_there() {
    for (delete_of_nothing, status) in [(DeleteOfNothing::Refused, 400), (DeleteOfNothing::Ok, 200)]
    {
        let (camera, client) = turned(|s| s.delete_of_nothing = delete_of_nothing);
        let id = camera.row("AB123CD").unwrap().id;
        let answer = delete(&client, &json!({"id": [id, "999"], "deleteAllEnabled": false}));
        assert_eq!(answer.status, status);
        if status == 400 {
            assert_eq!(refusal(&answer), (400, 4, "PlateIDNotExist".into()));
        }
        assert!(camera.rows().is_empty());
    }
}

#[test]
fn the_flag_wipes_whatever_else_is_said() {
    let (camera, client) = turned(|_| {});
    camera.add_row(Row::new("X9"));
    let answer = delete(&client, &json!({"id": [], "deleteAllEnabled": true}));
    assert_eq!(answer.json()["statusCode"], 1);
    assert!(camera.rows().is_empty());
    assert_eq!(slugs(&camera), ["delete-all"]);
}

#[test]
fn a_deletion_that_names_nothing_is_refused_and_a_violation() {
    for body in [
        json!({"id": [], "deleteAllEnabled": false}),
        json!({"licensePlate": [], "deleteAllEnabled": false}),
        json!({"CompoundCond": {"licensePlate": ""}, "deleteAllEnabled": false}),
        json!({"deleteAllEnabled": false}),
    ] {
        let (camera, client) = turned(|_| {});
        assert_eq!(delete(&client, &body).status, 400, "{body}");
        assert_eq!(plates(&camera), ["AB123CD"]);
        assert_eq!(slugs(&camera), ["empty-delete"], "{body}");
    }
}
