//! The page of `status --html`, as a browser shows it.

use std::fs;

use ivms_sync_simulators::club::{employee_no, number};

use super::Browser;
use super::access::{assert_accessible, assert_page_accessible};
use crate::gates::Gym;
use crate::support::Sandbox;
use crate::support::pinned::START;

/// A page on which everything stands that can stand there.
fn page(sandbox: &Sandbox) -> String {
    sandbox.sync_at(START, 0);
    (2..6).for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.club.renew(7, "2027-01-31");
    sandbox.sync_after_a_look_at("2026-03-10T10:05:00Z", 4);
    sandbox.club.devices[1].go_offline();
    sandbox.club.renew(8, "2027-01-31");
    sandbox.sync_at("2026-03-10T10:10:00Z", 4);
    let path = sandbox.path("doors.html").display().to_string();
    sandbox.at("2026-03-10T10:12:00Z", &["status", "--html", &path]).ends(0);
    format!("file://{path}")
}

#[test]
#[ignore = "needs a browser"]
fn the_page_of_status_is_fit_for_everybody_on_every_screen() {
    let sandbox = Sandbox::pinned(12, 2);
    assert_accessible(&page(&sandbox));
}

#[test]
#[ignore = "needs a browser"]
fn the_audit_table_can_be_searched() {
    let sandbox = Sandbox::pinned(12, 2);
    let browser = Browser::start();
    browser.open(&page(&sandbox));
    let shown =
        "[...document.querySelectorAll('#audit tbody tr')].filter(row => !row.hidden).length";
    let all = browser.value(shown).as_u64().unwrap();
    assert!(all >= 3, "{all}");
    browser.click("#search");
    // Member 150008 was renewed on both doors.
    for key in "150008 door1".chars() {
        browser.press(&key.to_string());
    }
    browser.wait_until(&format!("{shown} === 1"));
    assert_eq!(browser.text("#found"), format!("1 of {all} lines"));
}

/// Mutant: the search knows the table of doors alone.
#[test]
#[ignore = "needs a browser"]
fn a_page_with_gates_is_fit_for_everybody_and_can_be_searched() {
    let gym = Gym::of_members();
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick("2026-03-10T12:00:00Z", 0);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nMBZZ111,yard,2026-01-01,2027-06-30,S-9\n");
    gym.tick("2026-03-10T12:05:00Z", 0);
    let path = gym.sandbox.path("gates.html").display().to_string();
    gym.at("2026-03-10T12:06:00Z", &["status", "--html", &path]).ends(0);
    let page = format!("file://{path}");
    assert_accessible(&page);
    let browser = Browser::start();
    browser.open(&page);
    let shown = "[...document.querySelectorAll('tbody tr')].filter(row => row.closest('#audit, #rows') \
         && !row.hidden).length";
    let all = browser.value(shown).as_u64().unwrap();
    browser.click("#search");
    for key in "S-2 removed".chars() {
        browser.press(&key.to_string());
    }
    browser.wait_until(&format!("{shown} === 1"));
    assert_eq!(browser.text("#found"), format!("1 of {all} lines"));
}

/// What stands over a page that should not be there any more.
const OLD: &str = "This page is old: a newer one was due by 2026-03-10 11:40 CET.";

/// Mutants: ages of the moment of writing; an old page that stays green; ages by a clock that goes behind.
#[test]
#[ignore = "needs a browser"]
fn the_browser_tells_ages_and_turns_red_when_nobody_writes_the_page() {
    let sandbox = Sandbox::pinned(12, 2);
    sandbox.sync_at(START, 0);
    sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    let path = sandbox.path("doors.html").display().to_string();
    sandbox.at("2026-03-10T10:10:00Z", &["status", "--html", &path]).ends(0);
    let browser = Browser::start();
    for (now, age, is_old) in [
        ("2026-03-10T10:08:00Z", "", false),
        ("2026-03-10T10:10:59Z", " (less than a minute ago)", false),
        ("2026-03-10T10:11:00Z", " (1 minute ago)", false),
        ("2026-03-10T10:39:00Z", " (29 minutes ago)", false),
        ("2026-03-10T10:41:00Z", " (31 minutes ago)", true),
        ("2026-03-10T12:09:59Z", " (119 minutes ago)", true),
        ("2026-03-10T12:10:00Z", " (2 hours ago)", true),
        ("2026-03-12T10:10:00Z", " (2 days ago)", true),
    ] {
        browser.read_clock(now);
        browser.open(&format!("file://{path}"));
        let text = browser.text("header");
        let last_run = format!("Last run 2026-03-10 11:10 CET{age}: ended well.");
        assert!(text.contains(&last_run), "{now}: {text}");
        let shown = browser.value("document.getElementById('old').offsetParent !== null");
        assert_eq!(shown, is_old, "{now}: {text}");
        let start = if is_old { "Last known: All doors" } else { "All doors" };
        assert!(browser.text("h1").starts_with(start), "{now}: {text}");
        if is_old {
            assert!(browser.text("#old").starts_with(OLD), "{text}");
        }
    }
    assert_page_accessible(&browser);
}

/// Mutants: a policy that lets every script run; a hash of another text.
#[test]
#[ignore = "needs a browser"]
fn nothing_runs_in_the_page_but_its_own_script() {
    let sandbox = Sandbox::pinned(12, 2);
    let path = page(&sandbox).replacen("file://", "", 1);
    let text = fs::read_to_string(&path).unwrap();
    let foreign = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\" \
                   alt=''></body>";
    fs::write(&path, text.replace("</body>", foreign)).unwrap();
    let browser = Browser::start();
    browser.open(&format!("file://{path}"));
    browser.wait_until(
        "document.querySelector('.age') !== null && document.readyState === 'complete'",
    );
    assert!(!browser.text("title").contains("taken"));
    assert_eq!(
        browser.value("getComputedStyle(document.querySelector('section')).borderTopStyle"),
        "solid",
        "its style is its own too"
    );
}

/// As high as a page may be on a phone with 430 members of whom many have trouble.
const HEIGHT_MAX: u64 = 9000;

/// Mutants: a list that does not fold.
#[test]
#[ignore = "needs a browser"]
fn a_page_of_many_members_with_trouble_stays_short_on_a_phone() {
    let sandbox = Sandbox::pinned(430, 2);
    sandbox.sync_at(START, 0);
    // Changes of which half wait, then many who cannot be found any more.
    sandbox.club.devices[1].go_offline();
    (250..350).for_each(|index| assert!(sandbox.club.renew(index, "2027-01-31")));
    sandbox.sync_at("2026-03-10T10:05:00Z", 3);
    let cardskipper = &sandbox.club.cardskipper;
    for index in 0..250 {
        match index % 3 {
            0 => cardskipper.edit(number(index), |member| member.email.clear()),
            1 => cardskipper.edit(number(index), |member| member.set_end("soon")),
            _ => sandbox.club.devices[0].remove_person(&employee_no(index)),
        };
    }
    sandbox.at("2026-03-10T10:10:00Z", &["sync", "--full"]);
    let path = sandbox.path("doors.html").display().to_string();
    sandbox.at("2026-03-10T10:12:00Z", &["status", "--html", &path]).ends(0);
    let browser = Browser::start();
    browser.read_clock("2026-03-10T10:13:00Z");
    browser.resize(375, 800);
    browser.open(&format!("file://{path}"));
    let size = browser
        .value("[document.scrollingElement.scrollHeight, document.scrollingElement.scrollWidth]");
    assert!(size[0].as_u64() < Some(HEIGHT_MAX), "{size} of {path}");
    assert_eq!(size[1], 375);
    let named = browser.value("document.querySelectorAll('.members li, tbody tr').length");
    assert!(named.as_u64() > Some(250), "{named} members and changes are named");
    assert_page_accessible(&browser);
}
