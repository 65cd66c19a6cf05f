//! Answers byte for byte, as they were seen on a DS-TCG406-E V5.5.0 and elsewhere.

use super::{all, asks, camera, search};
use crate::hikvision_anpr::*;
use crate::zone::Zone;

/// Two rows with everything that such a camera shows.
fn seen() -> Vec<Row> {
    let first = Row::new("AB4181KC").valid("2000-01-01", "2099-12-31").card("09809876");
    let second = Row::new("EA1499AB").valid("2026-06-15T18:01:59", "2027-06-01T18:02:00");
    vec![first.id("AB4181KC"), second.id("EA1499AB")]
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
         <LicensePlateInfo><id>AB4181KC</id><LicensePlate>AB4181KC</LicensePlate>\
         <type>whiteList</type><cardNo>09809876</cardNo>\
         <effectiveTime>2099-12-31T23:59:59+03:00</effectiveTime>\
         <createTime>2000-01-01T00:00:00+03:00</createTime></LicensePlateInfo>\
         <LicensePlateInfo><id>EA1499AB</id><LicensePlate>EA1499AB</LicensePlate>\
         <type>whiteList</type><effectiveTime>2027-06-01T18:02:00+03:00</effectiveTime>\
         <createTime>2026-06-15T18:01:59+03:00</createTime></LicensePlateInfo>\
         </LicensePlateInfoList></LPListAuditSearchResult>\n"
    );
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
    camera.edit_row("EA1499AB", |row| row.list = List::Block);
    let target = "/ISAPI/Traffic/channels/1/licensePlateAuditData?fileType=csv";
    let text = client.call("GET", target, "").unwrap().text();
    let (head, rows) = text.split_once("\r\n").unwrap();
    assert!(head.starts_with('\u{feff}') && head.split(',').count() == 6, "{head}");
    assert_eq!(
        rows,
        "1,AB4181KC,1,2000-01-01,2099-12-31,09809876\r\n2,EA1499AB,0,2026-06-15,2027-06-01,\r\n"
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
