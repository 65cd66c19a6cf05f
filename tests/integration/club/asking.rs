//! What a tick asks, and how often.

use ivms_sync_simulators::cardskipper::ChangedAtZone;
use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::http::Request;

use crate::support::pinned::START;
use crate::support::{Sandbox, each};

/// The value of a criterion in a `Member/Export` request.
fn criterion(request: &Request, name: &str) -> Option<String> {
    let text = request.text();
    let (_, rest) = text.split_once(&format!("<{name} value=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// `ChangedAt` of the one request that Cardskipper got.
#[track_caller]
fn changed_at(sandbox: &Sandbox) -> Option<String> {
    let requests = sandbox.club.cardskipper.requests();
    let exports: Vec<_> = requests.iter().filter(|r| r.path().contains("/Member/Export")).collect();
    assert_eq!(exports.len(), 1, "one request to the organisation");
    assert_eq!(criterion(exports[0], "OnlyActive"), None, "inactivation must show");
    assert_eq!(criterion(exports[0], "OrganisationId").as_deref(), Some("123"));
    let found = criterion(exports[0], "ChangedAt");
    sandbox.clear_requests();
    found
}

#[test]
fn a_quiet_tick_of_five_thousand_members_is_one_request() {
    let sandbox = Sandbox::agreeing(5000, 1);
    sandbox.sync(0);
    sandbox.clear_requests();
    let connections = sandbox.club.devices[0].connections();
    let quiet = sandbox.run(&["sync"]).ends(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    assert_eq!(sandbox.club.cardskipper.requests().len(), 1);
    assert_eq!(sandbox.club.devices[0].requests().len(), 0);
    assert_eq!(sandbox.club.devices[0].connections(), connections, "not even a connection");
    sandbox.assert_well_behaved();
}

#[test]
fn changes_are_asked_for_since_the_last_good_fetch_less_an_hour() {
    let sandbox = Sandbox::pinned(10, 1);
    let cardskipper = &sandbox.club.cardskipper;
    sandbox.sync_at("2026-03-10T10:00:00Z", 0);
    assert_eq!(changed_at(&sandbox), None, "the first listing is complete");
    sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:00:00"));
    sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:05:00"));
    cardskipper.set(|switches| switches.broken = Some(500));
    sandbox.sync_at("2026-03-10T10:15:00Z", 5);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:10:00"));
    cardskipper.set(|switches| switches.broken = None);
    sandbox.sync_at("2026-03-10T10:20:00Z", 0);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:10:00"), "10:15 failed");
    sandbox.assert_well_behaved();
}

#[test]
fn no_change_is_lost_in_whatever_zone_changed_at_is_read() {
    for zone in [ChangedAtZone::Utc, ChangedAtZone::Sweden] {
        // Winter and summer, and the night in which the clocks go back.
        for day in ["2026-01-15T12:", "2026-07-15T12:", "2026-10-25T00:"] {
            let at = |minute: &str| format!("{day}{minute}:00Z");
            let sandbox = Sandbox::pinned_at(10, 1, &at("00"));
            sandbox.club.cardskipper.set(|switches| switches.changed_at = zone);
            sandbox.sync_at(&at("00"), 0);
            for (asked, index) in [("05", 3), ("10", 4), ("55", 5)] {
                sandbox.clear_requests();
                sandbox.club.renew(index, "2030-11-01");
                let run = sandbox.sync_at(&at(asked), 0);
                assert_eq!(run["sources"][0]["listing"], "changes");
                assert_eq!(each(&run, "changes", "employee_no"), [employee_no(index)]);
            }
            sandbox.assert_well_behaved();
        }
    }
}

#[test]
fn inactivation_shows_between_complete_listings() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.inactivate(2);
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(run["sources"][0]["listing"], "changes");
    assert_eq!(each(&run, "changes", "cause"), ["inactive"]);
    sandbox.assert_well_behaved();
}

#[test]
fn a_complete_listing_comes_again_after_full_every_and_when_asked_for() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.set("cardskipper.club", "full_every = \"30m\"");
    for (now, listing) in [
        ("2026-03-10T10:00:00Z", "complete"),
        ("2026-03-10T10:05:00Z", "changes"),
        ("2026-03-10T10:29:59Z", "changes"),
        ("2026-03-10T10:30:00Z", "complete"),
        ("2026-03-10T10:35:00Z", "changes"),
        // The clock was set back: since when things changed is not known.
        ("2026-03-10T09:00:00Z", "complete"),
    ] {
        let run = sandbox.sync_at(now, 0);
        assert_eq!(run["sources"][0]["listing"], listing, "{now}");
    }
    let run = sandbox.full_at("2026-03-10T09:05:00Z", 0);
    assert_eq!(run["sources"][0]["listing"], "complete", "--full");
    sandbox.assert_well_behaved();
}
