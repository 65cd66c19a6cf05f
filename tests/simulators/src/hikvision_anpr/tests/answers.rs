//! Answers byte for byte, as they were seen on a DS-TCG406-E V5.5.0 and elsewhere.

use serde_json::json;

use super::{all, asks, camera, delete, search, slugs, with, write};
use crate::hikvision_anpr::*;
use crate::zone::Zone;

/// Two rows with everything that such a camera shows.
fn seen() -> Vec<Row> {
    let first = Row::new("PB1000KC").valid("2000-01-01", "2099-12-31").card("00001234");
    let second = Row::new("EA1000AB").valid("2026-06-15T18:01:59", "2027-06-01T18:02:00");
    vec![first.id("PB1000KC"), second.id("EA1000AB")]
}

#[test]
fn a_page_as_a_camera_shows_it() {
    let (camera, client) = camera(seen());
    camera.set_time_zone(Zone::fixed(180));
    assert_eq!(
        search(&client, &asks(0, 10, "")).text(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <LPListAuditSearchResult version=\"2.0\" xmlns=\"http://www.isapi.org/ver20/XMLSchema\">\
         <searchID>s1</searchID><responseStatus>true</responseStatus>\
         <responseStatusStrg>OK</responseStatusStrg><LicensePlateInfoList>\
         <numOfMatches>2</numOfMatches><totalMatches>2</totalMatches>\
         <searchResultPosition>0</searchResultPosition><maxResults>10</maxResults>\
         <LicensePlateInfo><id>PB1000KC</id><LicensePlate>PB1000KC</LicensePlate>\
         <type>whiteList</type><cardNo>00001234</cardNo>\
         <effectiveTime>2099-12-31T23:59:59+03:00</effectiveTime>\
         <createTime>2000-01-01T00:00:00+03:00</createTime></LicensePlateInfo>\
         <LicensePlateInfo><id>EA1000AB</id><LicensePlate>EA1000AB</LicensePlate>\
         <type>whiteList</type><effectiveTime>2027-06-01T18:02:00+03:00</effectiveTime>\
         <createTime>2026-06-15T18:01:59+03:00</createTime></LicensePlateInfo>\
         </LicensePlateInfoList></LPListAuditSearchResult>\n"
    );
}

#[test]
fn the_camera_that_was_captured_takes_what_its_client_sent() {
    let (camera, client) = camera(Vec::new());
    camera.set(|switches| *switches = Switches::captured());
    for end in ["2026-12-31T23:59:59", "2099-12-31T23:59:59"] {
        let keys = json!({
            "createTime": "2026-06-16T15:00:00", "effectiveStartDate": "2026-06-16T15:00:00",
            "effectiveTime": end, "operationType": "add", "operation": "new", "cardID": "12345",
        });
        assert_eq!(write(&client, &[with("AB0001CD", keys)]).json()["statusCode"], 1);
        let text = all(&client);
        assert!(text.contains(&format!("<effectiveTime>{end}+01:00</effectiveTime>")), "{text}");
        assert!(text.contains("<id>AB0001CD</id><LicensePlate>AB0001CD</LicensePlate>"), "{text}");
    }
    let cond = json!({"plateColor": "", "licensePlate": "AB0001CD"});
    delete(&client, &json!({"deleteAllEnabled": false, "CompoundCond": cond}));
    assert!(all(&client).contains("NO MATCHES") && slugs(&camera).is_empty());
}

#[test]
fn an_empty_list_with_its_counts_outside() {
    let (camera, client) = camera(Vec::new());
    camera.set(|s| s.counts = Counts::Outside);
    let text = all(&client);
    assert!(text.ends_with(
        "<searchID>s1</searchID><responseStatus>true</responseStatus>\
         <responseStatusStrg>NO MATCHES</responseStatusStrg><numOfMatches>0</numOfMatches>\
         <totalMatches>0</totalMatches><LicensePlateInfoList></LicensePlateInfoList>\
         </LPListAuditSearchResult>\n"
    ));
}

#[test]
fn the_whole_list_as_a_file() {
    let (camera, client) = camera(seen());
    camera.edit_row("EA1000AB", |row| row.list = List::Block);
    let target = "/ISAPI/Traffic/channels/1/licensePlateAuditData?fileType=csv";
    let text = client.call("GET", target, "").unwrap().text();
    let (head, rows) = text.split_once("\r\n").unwrap();
    assert!(head.starts_with('\u{feff}') && head.split(',').count() == 6, "{head}");
    assert_eq!(
        rows,
        "1,PB1000KC,1,2000-01-01,2099-12-31,00001234\r\n2,EA1000AB,0,2026-06-15,2027-06-01,\r\n"
    );
    assert!(camera.violations().is_empty());
}

#[test]
fn how_many_plates_there_may_be() {
    let (camera, client) = camera(Vec::new());
    let target = "/ISAPI/Traffic/capabilities";
    let text = client.call("GET", target, "").unwrap().text();
    assert!(text.contains("<plateListNum>2000</plateListNum>"), "{text}");
    camera.set(|s| s.no_plate_list_num = true);
    assert!(!client.call("GET", target, "").unwrap().text().contains("plateListNum"));
}
