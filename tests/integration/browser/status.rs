//! The page of `status --html`, as a browser shows it.

use super::Browser;
use super::access::assert_accessible;
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
fn the_page_of_status_is_fit_for_everybody_on_every_screen() {
    let sandbox = Sandbox::pinned(12, 2);
    assert_accessible(&page(&sandbox));
}

#[test]
fn the_audit_table_can_be_searched() {
    let sandbox = Sandbox::pinned(12, 2);
    let Some(browser) = Browser::start() else { return };
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
