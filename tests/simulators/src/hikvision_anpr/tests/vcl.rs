//! The older family.

use super::{RECORD, SEARCH, asks, good, plates, refusal, slugs, turned, write};
use crate::hikvision_anpr::*;
use crate::testing::{Answer, Digest, XML};

const VCL: &str = "/ISAPI/ITC/Entrance/VCL";

fn call(client: &Digest, method: &str, body: &str) -> Answer {
    client.call_as(XML, method, VCL, body).unwrap()
}

fn set(plate: &str, list: u8, end: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><SetVCLData><VCLDataList><singleVCLData>\
         <id>0</id><runNum>0</runNum><listType>{list}</listType><plateNum>{plate}</plateNum>\
         <cardNo></cardNo><startTime>2026-01-01T00:00:00Z</startTime><endTime>{end}</endTime>\
         </singleVCLData></VCLDataList></SetVCLData>"
    )
}

fn get(cond: u8, plate: &str, offset: usize, size: usize) -> String {
    format!(
        "<VCLGetCond><getVCLNum>{size}</getVCLNum><startOffSet>{offset}</startOffSet>\
         <getVCLCond>{cond}</getVCLCond><plateNum>{plate}</plateNum></VCLGetCond>"
    )
}

#[test]
fn each_family_says_not_support_to_the_calls_of_the_other() {
    let (camera, client) = turned(|_| {});
    let expected = "<statusCode>4</statusCode><statusString>Invalid Operation</statusString>\
                    <subStatusCode>notSupport</subStatusCode><errorCode>1073741825</errorCode>";
    for (method, target) in
        [("GET", "/ISAPI/ITC/Entrance/VCL/capabilities"), ("PUT", VCL), ("POST", VCL)]
    {
        let answer = client.call_as(XML, method, target, "").unwrap();
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains(expected), "{}", answer.text());
    }
    camera.set(|s| s.family = Family::Vcl);
    assert_eq!(refusal(&write(&client, &[good("N1")])), (403, 4, "notSupport".into()));
    for (method, target) in [("POST", SEARCH), ("GET", "/ISAPI/Traffic/capabilities")] {
        let answer = client.call_as(XML, method, target, &asks(0, 1, "")).unwrap();
        assert!(answer.status == 403 && answer.text().contains(expected));
    }
    let able = client.call("GET", "/ISAPI/ITC/Entrance/VCL/capabilities", "").unwrap();
    assert!(able.status == 200 && able.text().contains("<VCLCap "));
    assert!(slugs(&camera).is_empty(), "{:?}", camera.violations());
    assert!(client.call("PUT", RECORD, "{}").unwrap().status == 403);
}

#[test]
fn rows_are_set_searched_and_deleted() {
    let (camera, client) = turned(|s| (s.family, s.dates) = (Family::Vcl, Dates::Seconds));
    let answer = call(&client, "PUT", &set("N1", 0, "2026-12-31T12:00:00Z"));
    assert_eq!(
        answer.text(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ResponseStatus version=\"2.0\" \
         xmlns=\"http://www.isapi.org/ver20/XMLSchema\">\
         <requestURL>/ISAPI/ITC/Entrance/VCL</requestURL><statusCode>1</statusCode>\
         <statusString>OK</statusString><subStatusCode>ok</subStatusCode></ResponseStatus>\n"
    );
    assert_eq!(camera.row("N1").unwrap().end.unwrap().to_string(), "2026-12-31 12:00:00");
    let text = call(&client, "POST", &get(1, "N1", 0, 10)).text();
    assert!(text.contains("<totalNum>1</totalNum><VCLDataList><singleVCLData>"), "{text}");
    assert!(text.contains("<endTime>2026-12-31T12:00:00Z</endTime>"), "{text}");
    assert!(slugs(&camera).is_empty());
    let text = call(&client, "POST", &get(0, "", 1, 1)).text();
    assert!(text.contains("<totalNum>2</totalNum>") && text.contains("N1") && !text.contains("CD"));
    let again = call(&client, "PUT", &set("N1", 0, "2027-12-31T12:00:00Z"));
    assert!(again.status == 400 && again.text().contains("existSameLicensePlate"));
    camera.set(|s| s.listed_again = ListedAgain::Merged);
    assert_eq!(call(&client, "PUT", &set("N1", 0, "2027-12-31T12:00:00Z")).status, 200);
    let cond = "<VCLDelCond><delVCLCond>1</delVCLCond><plateNum>N1</plateNum>\
                <plateColor>0</plateColor><plateType>0</plateType><cardNo>1</cardNo></VCLDelCond>";
    call(&client, "POST", &get(1, "N1", 0, 10));
    assert_eq!(call(&client, "DELETE", cond).status, 200);
    assert_eq!(plates(&camera), ["AB123CD"]);
    let gone = call(&client, "DELETE", cond);
    assert!(gone.status == 400 && gone.text().contains("PlateIDNotExist"));
    call(&client, "POST", &get(1, "N1", 0, 10));
    assert!(slugs(&camera).is_empty(), "{:?}", camera.violations());
}

#[test]
fn what_must_not_be_sent() {
    let (camera, client) = turned(|s| s.family = Family::Vcl);
    call(&client, "PUT", &set("N1", 0, "0000-00-00T00:00:00Z"));
    assert!(camera.row("N1").unwrap().end.is_none());
    call(&client, "PUT", &set("N2", 1, "2026-12-31T00:00:00Z"));
    let wipe = "<VCLDelCond><delVCLCond>0</delVCLCond></VCLDelCond>";
    assert_eq!(call(&client, "DELETE", wipe).status, 200);
    assert!(camera.rows().is_empty());
    call(&client, "POST", &get(0, "", 0, 10));
    assert_eq!(slugs(&camera), ["no-end", "block-list", "delete-all"]);
    for (body, name) in [
        (set("N%", 0, "2026-12-31T00:00:00Z"), "licensePlateFormatError"),
        (set("N1", 7, "2026-12-31T00:00:00Z"), "badParameters"),
        (set("N1", 0, "2026-12-31"), "timeFormatError"),
        (set("N1", 0, "2025-12-31T00:00:00Z"), "startTimeShouldBeEarlierThanEndTime"),
        (set("N1", 0, "2200-12-31T00:00:00Z"), "beyondARGSRangeLimit"),
        ("<SetVCLData/>".into(), "MessageParametersLack"),
        ("<Other/>".into(), "badXmlContent"),
        ("{}".into(), "badXmlFormat"),
    ] {
        let answer = call(&client, "PUT", &body);
        let expected = format!("<subStatusCode>{name}</subStatusCode>");
        assert!(answer.status == 400 && answer.text().contains(&expected), "{}", answer.text());
    }
}
