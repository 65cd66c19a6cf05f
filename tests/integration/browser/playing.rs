//! The live demo is played in a browser: with the mouse, by keyboard, on a phone, in the dark.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::access::assert_page_accessible;
use super::demo::Page;
use super::{DOWN, ENTER, TAB};

const FRONT: usize = 2;
const GYM: usize = 3;

fn a_year_later(day: &str) -> String {
    (day.parse::<NaiveDate>().unwrap() + TimeDelta::days(365)).to_string()
}

#[test]
#[ignore = "needs a browser"]
fn an_extension_reaches_both_doors_by_sync() {
    let page = Page::open();
    let old = page.date(0, 1);
    let new = a_year_later(&old);
    page.choose(0);
    page.click("extend");
    assert_eq!(page.date(0, 1), new, "Cardskipper");
    assert!(page.cell(0, 1).ends_with(&format!("▲ changed, was {old}")), "{}", page.cell(0, 1));
    assert_eq!((page.date(0, FRONT), page.date(0, GYM)), (old.clone(), old.clone()));

    page.click("diff");
    assert_eq!(page.date(0, FRONT), old, "diff writes to no door");
    assert!(page.output().starts_with("$ ivms-sync diff "), "{}", page.output());
    assert!(page.output().contains(&format!("{new} renewed")), "{}", page.output());
    assert_eq!(page.result(), "ivms-sync diff ended with 0: all is well.");

    page.click("sync");
    for door in [FRONT, GYM] {
        assert_eq!(page.date(0, door), new);
        let cell = page.cell(0, door);
        assert!(cell.ends_with(&format!("✓ opens▲ changed, was {old}")), "{cell}");
    }
    // Two more had paid before the page was opened.
    assert_eq!(
        page.result(),
        "ivms-sync sync ended with 0: all is well. 6 dates on the doors changed."
    );
    let history = page.browser.text("#history");
    let name = page.browser.text("label[for=member-150001] .name");
    let line = format!("{name}, front-door: {old} → {new} (renewed). Run 2: done, and read back.");
    assert!(history.contains(&line), "{history}");
    let log = page.browser.text("#log");
    assert!(
        log.contains(&format!("{name} pays at the desk. Cardskipper: valid to {new}.")),
        "{log}"
    );

    // Marks stand for the last press only.
    page.click("lookup");
    assert!(!page.cell(0, FRONT).contains("changed"));
    assert!(page.output().contains("front-door: opens now"), "{}", page.output());
    page.click("sync");
    assert!(page.output().contains("(nothing is printed"), "{}", page.output());
}

#[test]
#[ignore = "needs a browser"]
fn whoever_paid_and_stands_outside_is_let_in() {
    let page = Page::open();
    let signs = |member| [FRONT, GYM].map(|door| page.cell(member, door).contains("! has paid"));
    assert_eq!((signs(4), signs(8)), ([true, true], [true, true]));
    page.click("sync");
    assert_eq!((signs(4), signs(8)), ([false, false], [false, false]));
    assert!(page.cell(4, FRONT).contains("✓ opens"), "{}", page.cell(4, FRONT));
    assert!(page.cell(10, FRONT).contains("✕ stays shut"), "who has not paid stays outside");
}

#[test]
#[ignore = "needs a browser"]
fn a_door_that_was_unplugged_catches_up() {
    let page = Page::open();
    page.click("sync");
    let old = page.date(2, GYM);
    let new = a_year_later(&old);
    page.click_door(1);
    assert_eq!(page.browser.text("#door-1"), "✕ unplugged");
    page.choose(2);
    page.click("extend");
    page.click("sync");
    assert_eq!(page.date(2, FRONT), new);
    assert_eq!(page.date(2, GYM), old, "nobody reached it");
    assert!(page.result().starts_with("ivms-sync sync ended with 3: "), "{}", page.result());
    assert!(page.output().contains("error: gym-door: "), "{}", page.output());

    page.click_door(1);
    assert_eq!(page.browser.text("#door-1"), "can be reached");
    page.click("sync");
    assert_eq!(page.date(2, GYM), new, "it catches up");
    assert!(page.result().starts_with("ivms-sync sync ended with 0: "), "{}", page.result());
}

#[test]
#[ignore = "needs a browser"]
fn an_empty_list_changes_nothing() {
    let page = Page::open();
    page.click("sync");
    page.click("diff");
    let before = page.doors();
    page.click("empty-export");
    assert_eq!(page.browser.text("#export"), "✕ lists nobody");
    page.click("sync");
    assert_eq!(page.doors(), before);
    assert!(page.result().starts_with("ivms-sync sync ended with 4: "), "{}", page.result());
    assert!(page.result().ends_with("No date on a door changed."), "{}", page.result());
    assert!(page.output().contains("--accept-shrink 0"), "{}", page.output());

    page.click("mend-export");
    page.click("sync");
    assert_eq!(
        page.result(),
        "ivms-sync sync ended with 0: all is well. No date on a door changed."
    );
    assert_eq!(page.doors(), before);
}

#[test]
#[ignore = "needs a browser"]
fn who_leaves_or_is_switched_off_stays_outside() {
    let page = Page::open();
    page.click("sync");
    page.choose(1);
    page.click("cancel");
    page.choose(2);
    page.click("inactivate");
    assert!(page.cell(1, FRONT).contains("! has not paid"), "{}", page.cell(1, FRONT));
    page.click("sync");
    assert!(page.cell(1, FRONT).contains("! has not paid"), "said once is not enough");
    page.click("sync");
    for member in [1, 2] {
        for door in [FRONT, GYM] {
            assert!(page.cell(member, door).contains("✕ stays shut"), "{member}");
        }
    }
    page.click("activate");
    page.click("sync");
    assert_eq!(page.date(2, GYM), page.date(2, 1));
    assert!(page.cell(2, GYM).contains("✓ opens"));
}

#[test]
#[ignore = "needs a browser"]
fn what_was_held_back_can_be_approved() {
    let page = Page::open();
    page.click("sync");
    let is_hidden = || page.browser.value("document.querySelector('#approval').hidden");
    assert_eq!(is_hidden(), json!(true));
    for member in [0, 1, 2] {
        page.choose(member);
        page.click("cancel");
    }
    let before = page.doors();
    page.click("diff");
    page.click("sync");
    assert_eq!(page.doors(), before, "said once is not enough");
    page.click("sync");
    assert!(page.result().starts_with("ivms-sync sync ended with 4: "), "{}", page.result());
    assert_eq!(page.doors().len(), before.len());
    assert!(page.cell(0, FRONT).contains("✓ opens"), "three of twelve are too many at once");
    assert_eq!(is_hidden(), json!(false));
    page.click("approve");
    for member in [0, 1, 2] {
        assert!(page.cell(member, FRONT).contains("✕ stays shut"), "{}", page.output());
    }
    assert_eq!(is_hidden(), json!(true));
}

/// What has the focus, and whether that can be seen.
fn focus(page: &Page) -> (String, bool) {
    let found = page.browser.value(
        "(() => { const at = document.activeElement; const style = getComputedStyle(at); \
         const is_seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; \
         const name = at.id || at.getAttribute('aria-describedby') || at.getAttribute('href') || at.localName; \
         return [name, is_seen]; })()",
    );
    (found[0].as_str().unwrap().to_owned(), found[1].as_bool().unwrap())
}

/// Presses Tab until this has the focus; everything on the way shows that it has it.
#[track_caller]
fn tab_to(page: &Page, wanted: &str) {
    for _ in 0..40 {
        page.browser.press(TAB);
        let (name, is_seen) = focus(page);
        assert!(is_seen, "{name} does not show that it has the focus");
        if name == wanted {
            return;
        }
    }
    panic!("Tab does not lead to {wanted}");
}

#[test]
#[ignore = "needs a browser"]
fn everything_can_be_done_by_keyboard() {
    let page = Page::open();
    // Every control is reached; the list of members is one stop.
    let mut reached = BTreeSet::new();
    loop {
        page.browser.press(TAB);
        let (name, is_seen) = focus(&page);
        if name == "body" || !reached.insert(name.clone()) {
            break;
        }
        assert!(is_seen, "{name} does not show that it has the focus");
    }
    let buttons = page.browser.value(
        "[...document.querySelectorAll('button')].filter((b) => b.offsetParent).map((b) => b.getAttribute('aria-describedby'))",
    );
    for button in buttons.as_array().unwrap() {
        assert!(reached.contains(button.as_str().unwrap()), "{button} of {reached:#?}");
    }
    assert!(reached.contains("#happens") && reached.contains("member-150001"), "{reached:#?}");

    page.browser.run("document.activeElement.blur(); window.scrollTo(0, 0);", json!([]));
    page.browser.open(&page.demo.url);
    page.wait_until_done();
    tab_to(&page, "member-150001");
    (0..3).for_each(|_| page.browser.press(DOWN));
    assert_eq!(focus(&page), ("member-150004".to_owned(), true));
    let name = page.browser.text("label[for=member-150004] .name");
    assert_eq!(page.browser.text("#chosen"), name);
    let new = a_year_later(&page.date(3, 1));
    tab_to(&page, "about-extend");
    page.browser.press(ENTER);
    page.browser
        .wait_until("document.querySelector('#result').textContent.includes('pays at the desk')");
    page.wait_until_done();
    assert_eq!(focus(&page), ("about-extend".to_owned(), true), "the focus stays");
    tab_to(&page, "about-sync");
    page.browser.press(ENTER);
    page.browser
        .wait_until("document.querySelector('#result').textContent.includes('sync ended with 0')");
    page.wait_until_done();
    assert_eq!([FRONT, GYM].map(|door| page.date(3, door)), [new.clone(), new]);
    tab_to(&page, "output");

    // The way past the list.
    page.browser.open(&page.demo.url);
    page.wait_until_done();
    tab_to(&page, "#happens");
    page.browser.press(ENTER);
    page.browser.press(TAB);
    assert_eq!(focus(&page).0, "about-extend");
}

#[test]
#[ignore = "needs a browser"]
fn a_screen_reader_hears_what_came_of_it() {
    let page = Page::open();
    let roles = page
        .browser
        .value("['#result', '#output'].map((s) => document.querySelector(s).getAttribute('role'))");
    assert_eq!(roles, json!(["status", "region"]));
    // Cells stay cells on a phone too, where they are boxes.
    page.browser.resize(375, 800);
    let cell = page.browser.value("document.querySelector('td.door')");
    assert_eq!(page.browser.role_and_name(&cell).0, "cell");
    let sync = page.browser.value("document.querySelector('[data-action=sync]')");
    assert_eq!(page.browser.role_and_name(&sync), ("button".to_owned(), "sync".to_owned()));
}

#[test]
#[ignore = "needs a browser"]
fn the_page_is_accessible_in_every_state() {
    let page = Page::open();
    assert_page_accessible(&page.browser);
    page.click("extend");
    page.click("sync");
    assert_page_accessible(&page.browser);
    page.click_door(0);
    page.click("inactivate");
    page.click("empty-export");
    page.click("sync");
    assert_page_accessible(&page.browser);
    page.demo.signal("-INT");
    page.browser.wait_until(
        "(document.querySelector('[data-action=diff]').click(), \
         document.querySelector('#result').textContent.startsWith('That did not work'))",
    );
    assert_page_accessible(&page.browser);
}
