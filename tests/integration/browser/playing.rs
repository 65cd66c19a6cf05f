//! The live demo is played in a browser: with the mouse, by keyboard, on a phone, in the dark.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::access::assert_page_accessible;
use super::demo::Page;
use super::{DOWN, ENTER, SHIFT, TAB};

const FRONT: usize = 2;
const GYM: usize = 3;
const BARRIER: usize = 4;

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
    assert!(page.cell(0, 1).ends_with(&format!(" was {old}")), "{}", page.cell(0, 1));
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
        assert!(cell.ends_with(&format!("✓ opens was {old}")), "{cell}");
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
    assert!(!page.cell(0, FRONT).contains("was "));
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

/// Mutants: a column that shows what was paid instead of what the camera holds; one that nobody marks.
#[test]
#[ignore = "needs a browser"]
fn the_barrier_opens_for_the_car_of_whoever_has_paid() {
    let page = Page::open();
    let (old, barrier) = (page.date(3, 1), |member| page.cell(member, BARRIER));
    assert_eq!(barrier(3), format!("KR BB-204{old}✓ opens"));
    assert_eq!(barrier(1), "no car");
    assert_eq!(barrier(4), "LJ CC-305not listed✕ stays shut! has paid");
    assert_eq!(barrier(10), "CE FF-608not listed✕ stays shut");
    let new = a_year_later(&old);
    page.choose(3);
    page.click("extend");
    assert_eq!(page.date(3, BARRIER), old, "no camera knows the new date yet");
    page.click("sync");
    assert_eq!(barrier(3), format!("KR BB-204{new}✓ opens was {old}"));
    assert_eq!(page.browser.value("document.querySelectorAll('.barrier.is-changed').length"), 2);
    assert_eq!(page.date(4, BARRIER), page.date(4, 1), "who had paid drives in");

    page.click("inactivate");
    assert_eq!(barrier(3), format!("KR BB-204{new}✓ opens! has not paid"));
    page.click("sync");
    page.click("sync");
    assert_eq!(barrier(3), format!("KR BB-204not listed✕ stays shut was {new}"));
    page.click("activate");
    page.click("sync");
    assert_eq!(barrier(3), format!("KR BB-204{new}✓ opens was not listed"));

    let (pays, leaves) = (page.date(6, BARRIER), page.date(9, BARRIER));
    page.click("month");
    assert_eq!(page.date(6, BARRIER), a_year_later(&pays));
    assert_eq!(barrier(9), format!("KP EE-507not listed✕ stays shut was {leaves}"));
    assert_eq!(page.date(3, BARRIER), new);
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
    for member in [0, 3, 4] {
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
    assert!(page.cell(0, BARRIER).contains("✓ opens"), "so are three of five cars");
    assert_eq!(is_hidden(), json!(false));
    page.click("approve");
    for member in [0, 3, 4] {
        for cell in [FRONT, GYM, BARRIER] {
            assert!(page.cell(member, cell).contains("✕ stays shut"), "{}", page.output());
        }
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

/// Presses these keys until this has the focus; everything on the way shows that it has it.
#[track_caller]
fn go_to(page: &Page, keys: &[&str], wanted: &str) {
    for _ in 0..40 {
        page.browser.press_together(keys);
        let (name, is_seen) = focus(page);
        assert!(is_seen, "{name} does not show that it has the focus");
        if name == wanted {
            return;
        }
    }
    panic!("{keys:?} do not lead to {wanted}");
}

#[track_caller]
fn tab_to(page: &Page, wanted: &str) {
    go_to(page, &[TAB], wanted);
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
    assert!(reached.contains("member-150001"), "{reached:#?}");

    page.browser.run("document.activeElement.blur(); window.scrollTo(0, 0);", json!([]));
    page.browser.open(&page.demo.url);
    page.wait_until_done();
    tab_to(&page, "member-150001");
    (0..3).for_each(|_| page.browser.press(DOWN));
    assert_eq!(focus(&page), ("member-150004".to_owned(), true));
    let name = page.browser.text("label[for=member-150004] .name");
    assert_eq!(page.browser.text("#chosen"), name);
    let new = a_year_later(&page.date(3, 1));
    go_to(&page, &[SHIFT, TAB], "about-extend");
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
    page.click("month");
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

/// What is to be seen of a press: whose date changed, or what the program said.
const CHANGED: &str = ".is-changed";
const SAID: &str = "#ending";

/// Mutants: buttons that scroll away; an effect that stays below the edge, or under the buttons.
#[test]
#[ignore = "needs a browser"]
fn a_button_and_what_comes_of_it_are_on_one_screen() {
    let page = Page::open();
    for (width, height) in [(1280, 800), (375, 667)] {
        page.browser.resize(width, height);
        page.browser.run("scrollTo(0, 0);", json!([]));
        page.click("start-over");
        page.choose(3);
        for (button, effect) in [
            ("extend", CHANGED),
            ("diff", SAID),
            ("sync", CHANGED),
            ("sync", SAID),
            ("lookup", SAID),
            ("inactivate", CHANGED),
            ("activate", CHANGED),
            ("cancel", CHANGED),
            ("door-0", "#result"),
            ("sync", SAID),
            ("door-0", "#result"),
            ("month", CHANGED),
            ("export", "#result"),
            ("sync", SAID),
            ("start-over", "#result"),
        ] {
            let about = match button {
                "activate" => "inactivate",
                other => other,
            };
            let selector = format!("[aria-describedby=about-{about}]");
            page.browser.click(&selector);
            page.wait_until_done();
            for seen in [&*selector, "#result", effect] {
                assert!(page.is_in_sight(seen), "{width} x {height}, after {button}: {seen}");
            }
        }
    }
}

/// Mutants: a month in which nothing happens, or in which the page moves dates and not the program.
#[test]
#[ignore = "needs a browser"]
fn a_month_later_some_have_paid_again_and_some_stay_outside() {
    let page = Page::open();
    let clock = page.browser.text("#clock");
    let (pays, leaves) = (page.date(6, 1), page.date(9, 1));
    page.click("month");
    let days = [clock, page.browser.text("#clock")];
    let days = days.map(|text| text[..10].parse::<NaiveDate>().unwrap());
    assert_eq!(days[1] - days[0], TimeDelta::days(30));
    let new = a_year_later(&pays);
    assert_eq!([1, FRONT, GYM].map(|cell| page.date(6, cell)), [&*new, &*new, &*new]);
    for door in [FRONT, GYM] {
        assert_eq!(page.date(9, door), leaves);
        let cell = page.cell(9, door);
        assert!(cell.ends_with("✕ stays shut▲ changed"), "{cell}");
    }
    // The program did it, on that day.
    let output = page.output();
    assert!(
        output.contains(&format!("{pays} 10:0")) && output.contains("renewed confirmed"),
        "{output}"
    );
    let history = page.browser.text("#history");
    assert!(history.contains(&format!("{pays} → {new} (renewed)")), "{history}");
    assert!(
        page.result().contains("1 paid again on the last day, 1 did not."),
        "{}",
        page.result()
    );
}

#[test]
#[ignore = "needs a browser"]
fn the_club_can_be_opened_anew() {
    let page = Page::open();
    let begin = page.doors();
    page.choose(2);
    page.click("cancel");
    page.click_door(0);
    page.click("sync");
    page.click("start-over");
    assert_eq!(page.doors(), begin);
    assert_eq!(page.result(), "The club is as it was in the beginning.");
    assert_eq!(page.browser.text("#door-0"), "can be reached");
    let name = page.browser.text("label[for=member-150001] .name");
    assert_eq!(page.browser.text("#chosen"), name);
    assert!(!page.browser.text(".history").contains("Run 2"));
    let files = std::fs::read_dir(page.demo.folder.path()).unwrap().count();
    assert_eq!(files, 1, "the folder of the club before is removed");
}
