//! The XML wire.

use serde_json::json;

use super::*;

const A1: &str = "<SubAreaName>A1</SubAreaName>";

#[test]
fn a_list_of_those_who_park() {
    let server = service(2);
    let list = ask(&server, A1).json();
    let row = json!({
        "LicensePlateNumber": "AAA001", "ParkingStartTime": "01/01/2024 11:00:00",
        "ParkingExpiryTime": "01/01/2024 13:00:00", "PoleNumber": null, "SubAreaName": "A1",
        "TimeZone": "UTC",
    });
    assert_eq!(list, json!([row]));
    let plate = "<LicensePlateNumber>AAA002</LicensePlateNumber>";
    assert_eq!(ask(&server, plate).json()[0]["SubAreaName"], "A2");
    assert_eq!(ask(&server, &format!("{A1} {plate}")).json(), json!([]));
    let escaped = "<LicensePlateNumber>&#65;AA00&#x31;</LicensePlateNumber>";
    assert_eq!(ask(&server, escaped).json()[0]["LicensePlateNumber"], "AAA001");
    assert_eq!(server.calls("enforcement"), 4);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn meters_and_spaces() {
    let server = service(0);
    let session = Session::new("1", "AAA001", "CT", "A1", now() - TimeDelta::hours(1));
    server.add_session(session.clone().pole("P-7").space("12", "north"));
    server.add_session(Session { id: "2".into(), ..session });
    assert_eq!(ask(&server, A1).json().as_array().unwrap().len(), 2);
    let list = ask(&server, &format!("{A1}<MeterNumber>P-7</MeterNumber>")).json();
    assert_eq!((&list[0]["PoleNumber"], &list[1]), (&"P-7".into(), &Value::Null));
    assert_eq!(list[0]["ParkingExpiryTime"], Value::Null);
    let row = json!({
        "Space": "12", "SpaceGroup": "north", "StartDateTime": "01/01/2024 11:00:00",
        "ExpiryTime": null, "Amount": "4.75", "PaymentMethod": "CREDIT CARD",
    });
    let list = ask(&server, &format!("{A1}<SpaceGroup>north</SpaceGroup>")).json();
    assert_eq!(list, json!([row]));
}

#[test]
fn who_just_ended_is_in_it() {
    let server = service(1);
    server.park("later", "AAA009", "CT", "A1", now() + TimeDelta::days(1), None);
    let count = || ask(&server, A1).json().as_array().unwrap().len();
    server.clock().advance(TimeDelta::hours(1) + TimeDelta::seconds(899));
    assert_eq!(count(), 1);
    server.clock().advance(TimeDelta::seconds(1));
    assert_eq!(count(), 0);
    server.extend("session_1", now() + TimeDelta::hours(9));
    assert_eq!(count(), 1);
    server.cancel("session_1");
    assert_eq!(count(), 0);
}

#[test]
fn dates_and_nothings_in_every_form() {
    let server = turned(1, |switches| {
        (switches.xml_dates, switches.xml_clock) = (Dates::Hours12, WallClock::NewYork);
        switches.xml_zone_name = None;
    });
    server.edit_session("session_1", |session| session.until = None);
    let row = ask(&server, A1).json()[0].clone();
    assert_eq!(row["ParkingStartTime"], "01/01/2024 06:00:00 AM");
    for (nulls, value) in
        [(Nulls::Null, Value::Null), (Nulls::NullText, "null".into()), (Nulls::Empty, "".into())]
    {
        server.set(|switches| switches.xml_nulls = nulls);
        let row = ask(&server, A1).json()[0].clone();
        for key in ["ParkingExpiryTime", "PoleNumber", "TimeZone"] {
            assert_eq!(row[key], value, "{key}");
        }
    }
    server.set(|switches| switches.plates = Plates::LowerWithSeparators);
    assert_eq!(ask(&server, A1).json()[0]["LicensePlateNumber"], "aaa-001");
}

#[test]
fn answers_that_are_no_list() {
    for (answer, start) in [
        (XmlAnswer::Cut, "[{"),
        (XmlAnswer::Html, "<!DOCTYPE"),
        (XmlAnswer::Object, "{\"data\":[{"),
        (XmlAnswer::Null, "null"),
        (XmlAnswer::Empty, ""),
    ] {
        let server = turned(2, |switches| switches.xml_answer = answer);
        let received = ask(&server, A1);
        assert!(received.status == 200 && received.text().starts_with(start), "{answer:?}");
        assert!(serde_json::from_slice::<Vec<Value>>(&received.body).is_err());
    }
    let server = turned(4, |switches| switches.forgotten_percent = 50);
    assert_eq!(ask(&server, A1).json().as_array().unwrap().len(), 1);
}

#[test]
fn every_wrong_request_has_its_slug() {
    let server = service(1);
    let plate = "<LicensePlateNumber>AAA001</LicensePlateNumber>";
    for (inside, slug) in [
        ("", "nothing-asked"),
        ("<SpaceGroup>north</SpaceGroup>", "nothing-asked"),
        ("<SubAreaName/>", "element-empty"),
        ("<SubAreaName> </SubAreaName>", "element-empty"),
        ("<SubArea>A1</SubArea>", "unknown-element"),
        ("<SubAreaName><b/></SubAreaName>", "unknown-element"),
        ("<SubAreaName a=\"1\">A1</SubAreaName>", "unknown-attribute"),
        (&format!("{plate}{plate}"), "element-twice"),
        ("<SubAreaName>Z9</SubAreaName>", "unknown-zone"),
        (&format!("{A1}text"), "bad-xml"),
        ("<SubAreaName>&x;</SubAreaName>", "bad-xml"),
        ("<SubAreaName><![CDATA[A1]]></SubAreaName>", "bad-xml"),
        ("<SubAreaName>A1", "bad-xml"),
    ] {
        assert_eq!(ask(&server, inside).status, 400, "{inside}");
        assert_eq!(slugs(&server), [slug], "{inside}");
    }
    let good = format!("<Request xmlns=\"http://www2.ipsmetersystems.com/meter\">{A1}</Request>");
    for (body, slug) in [
        (String::new(), "bad-xml"),
        (format!("<!DOCTYPE x>{good}"), "dtd"),
        (format!("{good}{good}"), "wrong-root"),
        (format!("<Request>{A1}</Request>"), "wrong-root"),
        (good.replace("meter\"", "other\""), "wrong-root"),
        (good.replace("Request", "Query"), "wrong-root"),
    ] {
        let answer = send(server.port(), "POST", "/enforcement", &[TOKEN, XML], &body).unwrap();
        assert_eq!((answer.status, slugs(&server)), (400, vec![slug.to_owned()]), "{body}");
    }
}

#[test]
fn every_wrong_call_has_its_slug() {
    let server = service(1);
    let body = format!("<Request xmlns=\"http://www2.ipsmetersystems.com/meter\">{A1}</Request>");
    let see = |method: &str, target: &str, headers: &[(&str, &str)]| {
        let status = send(server.port(), method, target, headers, &body).unwrap().status;
        (status, slugs(&server).join(" "))
    };
    let json = ("Content-Type", "application/json");
    let html = ("Accept", "text/html");
    let (path, wrong) = ("/enforcement", ("IPSToken", "wrong"));
    assert_eq!(see("PUT", path, &[TOKEN, XML]), (405, "wrong-method".into()));
    assert_eq!(see("POST", path, &[LOGIN, XML]), (401, "no-login".into()));
    assert_eq!(see("POST", path, &[wrong, XML]), (401, "wrong-login".into()));
    assert_eq!(see("POST", path, &[wrong, XML]), (401, "wrong-login-again".into()));
    assert_eq!(see("POST", path, &[TOKEN, json]), (400, "content-type".into()));
    assert_eq!(see("POST", path, &[TOKEN]), (400, "content-type".into()));
    assert_eq!(see("POST", path, &[TOKEN, XML, html]), (400, "accept".into()));
    assert_eq!(see("POST", path, &[TOKEN, XML, ACCEPT]), (200, String::new()));
    assert_eq!(see("POST", "/enforcement?a=1", &[TOKEN, XML]), (400, "unknown-parameter".into()));
    let head = "POST /enforcement HTTP/1.1\r\nHost: x\r\nIPSToken: ips-secret-token-1\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    let stream = crate::testing::connect(server.port(), chunked.as_bytes());
    assert_eq!(crate::testing::read(stream).unwrap().status, 400);
    assert_eq!(slugs(&server), ["no-content-length"]);
}
