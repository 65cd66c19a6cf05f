//! Every refusal of the newer family: what is sent, and what is answered, to the number.

use serde_json::json;

use super::{DELETE, RECORD, SEARCH, asks, turned, with};
use crate::hikvision_anpr::*;
use crate::testing::{JSON, XML};

/// A refusal: how the camera is turned, what is sent, and status, class, name and number of the answer.
struct Case {
    turn: fn(&mut Switches),
    method: &'static str,
    target: &'static str,
    body: String,
    answer: (u16, u8, &'static str, u32),
}

fn case(
    turn: fn(&mut Switches),
    (method, target): (&'static str, &'static str),
    body: impl ToString,
    answer: (u16, u8, &'static str, u32),
) -> Case {
    Case { turn, method, target, body: body.to_string(), answer }
}

/// A write of one row with these keys.
fn row(keys: serde_json::Value) -> serde_json::Value {
    json!({"LicensePlateInfoList": [with("N1", keys)]})
}

/// A write of one row without this key.
fn without(key: &str) -> serde_json::Value {
    let mut row = with("N1", json!({}));
    row.as_object_mut().unwrap().remove(key);
    json!({"LicensePlateInfoList": [row]})
}

fn cases() -> Vec<Case> {
    let as_is: fn(&mut Switches) = |_| {};
    let (put, del, post) = (("PUT", RECORD), ("PUT", DELETE), ("POST", SEARCH));
    let lack = (400, 6, "MessageParametersLack", 0x6000_0019);
    let parameters = (400, 6, "badParameters", 0x6000_0001);
    let content = (400, 6, "badJsonContent", 0x6000_0017);
    let xml_content = (400, 6, "badXmlContent", 0x6000_0003);
    let no_id = (400, 4, "PlateIDNotExist", 0x4000_15BF);
    let bare_record = RECORD.split('?').next().unwrap();
    let whole = "/ISAPI/Traffic/channels/1/licensePlateAuditData?fileType=xml";
    vec![
        case(as_is, put, "{", (400, 5, "badJsonFormat", 0x5000_0002)),
        case(as_is, put, "[]", content),
        case(as_is, put, "{}", lack),
        case(as_is, put, json!({"LicensePlateInfoList": {}}), content),
        case(as_is, put, json!({"LicensePlateInfoList": []}), lack),
        case(as_is, put, json!({"LicensePlateInfoList": ["N1"]}), content),
        case(as_is, put, without("LicensePlate"), lack),
        case(as_is, put, without("listType"), lack),
        case(as_is, put, without("createTime"), lack),
        case(as_is, put, row(json!({"LicensePlate": 7})), content),
        case(as_is, put, row(json!({"listType": "whiteList"})), parameters),
        case(as_is, put, row(json!({"listType": "friends"})), parameters),
        case(
            |s| s.wrong_word = WrongWord::Refused200,
            put,
            row(json!({"listType": "whiteList"})),
            (200, 6, "badParameters", 0x6000_0001),
        ),
        case(as_is, put, row(json!({"operationType": "set"})), parameters),
        case(as_is, put, row(json!({"operation": "set"})), parameters),
        case(as_is, put, row(json!({"operationType": "modify"})), no_id),
        case(as_is, put, row(json!({"id": "7"})), no_id),
        case(
            as_is,
            put,
            row(json!({"LicensePlate": "N#1"})),
            (400, 4, "licensePlateFormatError", 0x4000_1122),
        ),
        case(
            as_is,
            put,
            row(json!({"LicensePlate": "AB123CD"})),
            (400, 4, "existSameLicensePlate", 0x4000_12CA),
        ),
        case(
            |s| s.list_operating = 1,
            put,
            row(json!({})),
            (400, 4, "plateListIsOperating", 0x4000_12D2),
        ),
        case(
            as_is,
            put,
            row(json!({"effectiveTime": "31.12.2026"})),
            (400, 6, "timeFormatError", 0x6000_0041),
        ),
        case(
            as_is,
            put,
            row(json!({"effectiveTime": "2100-01-01"})),
            (400, 6, "beyondARGSRangeLimit", 0x6000_0025),
        ),
        case(
            as_is,
            put,
            row(json!({"effectiveTime": "2025-01-01"})),
            (400, 6, "startTimeShouldBeEarlierThanEndTime", 0x6000_2025),
        ),
        case(
            |s| s.unknown_key = UnknownKey::BadJsonContent,
            put,
            row(json!({"colour": "red"})),
            content,
        ),
        case(
            |s| s.permissions = Permissions::ReadsOnly,
            put,
            row(json!({})),
            (403, 4, "lowPrivilege", 0x4000_0002),
        ),
        case(|s| s.device_busy = 1, put, row(json!({})), (503, 2, "deviceBusy", 0x2000_0004)),
        case(as_is, ("PUT", bare_record), row(json!({})), (400, 5, "badURLFormat", 0x5000_0003)),
        case(as_is, ("POST", RECORD), row(json!({})), (403, 4, "methodNotAllowed", 0x4000_0004)),
        case(as_is, del, json!({"id": ["x"], "deleteAllEnabled": false}), content),
        case(as_is, del, json!({"id": [null], "deleteAllEnabled": false}), content),
        case(as_is, del, json!({"id": "7", "deleteAllEnabled": false}), content),
        case(as_is, del, json!({"id": ["7"], "deleteAllEnabled": "false"}), content),
        case(as_is, del, json!({"id": ["7"], "deleteAllEnabled": false}), no_id),
        case(as_is, del, json!({"deleteAllEnabled": false}), lack),
        case(
            as_is,
            del,
            json!({"id": ["7"], "licensePlate": ["N1"], "deleteAllEnabled": false}),
            content,
        ),
        case(as_is, post, "<a", (400, 5, "badXmlFormat", 0x5000_0001)),
        case(as_is, post, "{}", (400, 5, "badXmlFormat", 0x5000_0001)),
        case(as_is, post, "<Other/>", xml_content),
        case(as_is, post, "<LPSearchCond/>", xml_content),
        case(as_is, post, "<LPListAuditSearchDescription/>", lack),
        case(as_is, post, asks(0, 0, ""), parameters),
        case(as_is, post, asks(0, 10, "<type>friends</type>"), parameters),
        case(
            |s| s.family = Family::Vcl,
            post,
            asks(0, 10, ""),
            (403, 4, "notSupport", 0x4000_0001),
        ),
        case(as_is, ("PUT", whole), "<a/>", (500, 3, "deviceError", 0x3000_0001)),
    ]
}

#[test]
fn every_refusal_has_its_status_class_name_and_number_and_changes_nothing() {
    for Case { turn, method, target, body, answer } in cases() {
        let (camera, client) = turned(turn);
        let before = camera.rows();
        let kind = if target.ends_with("format=json") { JSON } else { XML };
        let got = client.call_as(kind, method, target, &body).unwrap();
        let (status, class, name, number) = answer;
        let text = got.text();
        assert_eq!(got.status, status, "{body} {text}");
        if kind == JSON {
            let json = got.json();
            assert_eq!(json["requestURL"], target);
            assert_eq!(json["statusCode"], class, "{body} {text}");
            assert_eq!(json["subStatusCode"], name, "{body} {text}");
            assert_eq!(json["errorCode"], number, "{body} {text}");
        } else {
            let expected = format!("<subStatusCode>{name}</subStatusCode><errorCode>{number}<");
            assert!(text.contains(&expected), "{body} {text}");
            assert!(text.contains(&format!("<statusCode>{class}</statusCode>")), "{text}");
        }
        assert_eq!(camera.rows(), before, "{body}");
        assert!(camera.writes().is_empty(), "{body}");
    }
}

#[test]
fn a_full_list_is_refused_with_its_number() {
    let (camera, client) = turned(|_| {});
    camera.edit_settings(|settings| settings.plate_list_num = 1);
    let text = client.call("PUT", RECORD, &row(json!({})).to_string()).unwrap().text();
    // In which order the fields stand depends on how the crate for JSON was built.
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let wanted = json!({
        "statusCode": 4,
        "statusString": "Invalid Operation",
        "subStatusCode": "licensePlateNumOverflow",
        "errorCode": 1_073_746_635,
        "errorMsg": "licensePlateNumOverflow",
        "requestURL": RECORD,
    });
    assert_eq!(answer, wanted);
}
