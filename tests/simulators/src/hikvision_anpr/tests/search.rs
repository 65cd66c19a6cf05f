//! Searches: pages, filters, forms.

use super::{all, asks, camera, refusal, search, slugs, turned};
use crate::hikvision_anpr::*;

/// The plates on a page, in order.
fn found(text: &str) -> Vec<&str> {
    let plates = text.split("<LicensePlate>").skip(1);
    plates.map(|rest| rest.split('<').next().unwrap_or_default()).collect()
}

#[test]
fn pages_follow_each_other_by_position() {
    let rows = (1..=5).map(|number| Row::new(&format!("AB{number}")));
    let (camera, client) = camera(rows.collect());
    let page = |position| search(&client, &asks(position, 2, "")).text();
    for (position, status, plates) in [
        (0, "MORE", vec!["AB1", "AB2"]),
        (2, "MORE", vec!["AB3", "AB4"]),
        (4, "OK", vec!["AB5"]),
        (5, "NO MATCHES", vec![]),
    ] {
        let text = page(position);
        assert_eq!(found(&text), plates);
        assert!(text.contains(&format!("<responseStatusStrg>{status}</responseStatusStrg>")));
        assert!(text.contains("<totalMatches>5</totalMatches>"), "{text}");
    }
    camera.set(|s| (s.page_rows, s.total_off_by) = (1, 1));
    let text = page(0);
    assert_eq!(found(&text), ["AB1"]);
    assert!(text.contains(
        "<totalMatches>6</totalMatches><searchResultPosition>0</searchResultPosition><maxResults>1<"
    ));
    camera.set(|s| s.page_over = PageOver::Refused);
    let answer = search(&client, &asks(0, 2, ""));
    assert!(answer.status == 400 && answer.text().contains("<subStatusCode>badParameters<"));
    assert!(slugs(&camera).is_empty(), "{:?}", camera.violations());
}

#[test]
fn pages_may_be_where_nobody_asked() {
    let rows = (1..=3).map(|number| Row::new(&format!("AB{number}")));
    let (camera, client) = camera(rows.collect());
    let page = |position| search(&client, &asks(position, 2, "")).text();
    camera.set(|s| s.pages = Pages::Overlap(1));
    assert_eq!((found(&page(0)), found(&page(2))), (vec!["AB1", "AB2"], vec!["AB2", "AB3"]));
    camera.set(|s| s.pages = Pages::FirstAgain);
    let text = page(2);
    assert!(found(&text) == ["AB1", "AB2"] && text.contains(">MORE<"), "{text}");
}

#[test]
fn counts_stand_inside_outside_or_nowhere() {
    let (camera, client) = turned(|_| {});
    let counts = "<numOfMatches>1</numOfMatches><totalMatches>1</totalMatches>";
    for (place, expected) in [
        (Counts::Inside, format!("<LicensePlateInfoList>{counts}<searchResultPosition>0")),
        (Counts::Outside, format!("{counts}<LicensePlateInfoList><LicensePlateInfo>")),
        (Counts::Neither, "</responseStatusStrg><LicensePlateInfoList><LicensePlateInfo>".into()),
    ] {
        camera.set(|s| s.counts = place);
        let text = all(&client);
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn a_filter_is_exact_loose_or_ignored() {
    let rows = ["AB1", "AB12", "X9"].map(Row::new).to_vec();
    let (camera, client) = camera(rows);
    camera.edit_row("X9", |row| row.list = List::Block);
    let by = |more: &str| search(&client, &asks(0, 100, more)).text();
    let plate = "<LicensePlate>ab-1</LicensePlate>";
    for (filter, plates) in [
        (Filter::Exact, vec!["AB1"]),
        (Filter::Part, vec!["AB1", "AB12"]),
        (Filter::Ignored, vec!["AB1", "AB12", "X9"]),
    ] {
        camera.set(|s| s.filter = filter);
        assert_eq!(found(&by(plate)), plates, "{filter:?}");
    }
    assert_eq!(found(&by("<type>blackList</type>")), ["X9"]);
    assert_eq!(found(&by("<type>allowList</type>")), ["AB1", "AB12"]);
}

#[test]
fn the_other_body_is_taken_where_switched_on() {
    let (camera, client) = turned(|_| {});
    let cond = "<LPSearchCond><searchID>s1</searchID><maxResult>400</maxResult>\
                <searchResultPosition>0</searchResultPosition></LPSearchCond>";
    for (form, cond_status, description_status) in [
        (SearchForm::Description, 400, 200),
        (SearchForm::Cond, 200, 400),
        (SearchForm::Both, 200, 200),
    ] {
        camera.set(|s| s.search_form = form);
        assert_eq!(search(&client, cond).status, cond_status, "{form:?}");
        assert_eq!(search(&client, &asks(0, 1, "")).status, description_status, "{form:?}");
    }
    assert!(slugs(&camera).is_empty(), "{:?}", camera.violations());
}

#[test]
fn rows_show_the_words_of_the_firmware_and_more_where_switched_on() {
    let (camera, client) =
        camera(vec![Row::new("AB1").card("0012").group("Staff"), Row::new("AB2").blocked()]);
    let text = all(&client);
    assert!(text.contains("<type>whiteList</type><cardNo>0012</cardNo>"), "{text}");
    assert!(text.contains("<type>blackList</type><effectiveTime>") && !text.contains("Staff"));
    camera.set(|s| (s.shown_words, s.shows_more) = (Words::Allow, true));
    let text = all(&client);
    assert!(text.contains("<type>allowList</type>") && text.contains("<type>blockList</type>"));
    assert!(text.contains("<groupName>Staff</groupName>"), "{text}");
}

#[test]
fn somebody_may_edit_between_two_pages() {
    let rows = ["AB1", "AB2"].map(Row::new).to_vec();
    let (camera, client) = camera(rows);
    camera.meanwhile("searchLPListAudit", 1, |rows| drop(rows.remove(0)));
    assert_eq!(found(&search(&client, &asks(0, 1, "")).text()), ["AB1"]);
    assert!(search(&client, &asks(1, 1, "")).text().contains("NO MATCHES"));
}

#[test]
fn a_list_that_is_worked_on_says_so() {
    let (camera, client) = turned(|s| s.list_operating = 2);
    let answer = search(&client, &asks(0, 1, ""));
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("<subStatusCode>plateListIsOperating</subStatusCode>"));
    let answer = super::write(&client, &[super::good("N1")]);
    assert_eq!(refusal(&answer), (400, 4, "plateListIsOperating".into()));
    assert_eq!(super::write(&client, &[super::good("N1")]).status, 200);
    assert!(camera.row("N1").is_some());
}
