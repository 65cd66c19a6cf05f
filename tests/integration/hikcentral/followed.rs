//! What waits to be in force follows the person and the platform, whatever they are called.

use ivms_sync_simulators::hikcentral::{Person, Refusal};

use super::*;

/// A site where what was written to M150002 waits to be committed.
fn waiting() -> Site {
    let site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.platform.refuse(Refusal::code("6").on("reapplication").times(1));
    site.sync_at(&tick(1), 5);
    assert_eq!((site.behind(), site.uncommitted()), (2, 1));
    site
}

/// Mutants: whoever has another number by now is asked for by the old one, and is never in force.
#[test]
fn a_person_with_another_number_is_put_in_force() {
    let site = waiting();
    site.platform.edit_person("1002", |person| person.code = "X7".to_owned());
    site.at(&tick(2), &["sync"]);
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    site.assert_well_behaved();
}

/// Mutants: whoever is gone is asked for by every run; is forgotten without a word.
#[test]
fn a_person_who_is_gone_is_told() {
    let site = waiting();
    site.platform.remove_person("1002");
    let said = site.at(&tick(2), &["sync"]).ends(3);
    let told =
        "written, and gone from the platform before it was in force at the doors: person M150002";
    assert!(said.stderr.contains(told), "{said:?}");
    assert_eq!(site.uncommitted(), 0);
    site.assert_well_behaved();
}

/// Mutant: what waits stays with the name that the section had.
#[test]
fn what_waits_follows_a_section_that_is_renamed() {
    let mut site = waiting();
    let url = site.platform.url();
    site.configure("hq", &url);
    site.sync_at(&tick(2), 0);
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    assert_eq!(site.platform.writes().len(), 1);
    site.assert_well_behaved();
}

/// Mutants: nobody hears of what waits at a platform that no section names; it keeps every tick from being quiet.
#[test]
fn what_waits_at_a_platform_that_is_removed_is_told() {
    let mut site = waiting();
    let persons = site.platform.persons();
    let clock = site.sandbox.club.cardskipper.clock();
    let other = Platform::start(Settings { persons, clock, ..Settings::default() });
    site.configure("hq", &other.url());
    let said = site.at(&tick(2), &["sync"]).ends(0);
    let told = "site: 1 person written there and not known to be in force at the doors, and no section of the \
                configuration names it any more";
    assert!(said.stderr.contains(told), "{said:?}");
    let said = site.at(&tick(2), &["check"]);
    assert!(said.stdout.contains("no section of the configuration names it any more"), "{said:?}");
    site.sync_at(&tick(3), 0);
    site.sandbox.club.cardskipper.clear_requests();
    site.sync_at(&tick(4), 0);
    assert_eq!(site.sandbox.club.cardskipper.requests().len(), 1, "a quiet tick");
    assert_eq!(site.uncommitted(), 1);
}

/// Mutants: one person whom the platform does not apply keeps all others waiting; nobody hears who it is.
#[test]
fn who_is_refused_keeps_nobody_else_waiting() {
    for code in ["130", "2", "195"] {
        let site = Site::new(8);
        site.platform.set(|switches| switches.apply_refused = Some(("1002".to_owned(), code)));
        (0..6).for_each(|index| assert!(site.sandbox.club.renew(index, "2030-11-01")));
        let said = site.at(&tick(1), &["sync"]).ends(3);
        let told = "since the platform refuses to apply it: person M150002";
        assert!(said.stderr.contains(told), "{said:?}");
        assert!(site.platform.behind().iter().all(|(_, id)| id == "1002"));
        // Who is refused waits there, and the platform does not say that it is nobody else.
        assert_eq!((site.behind(), site.uncommitted()), (2, 6));
        site.sandbox.club.renew(6, "2030-11-01");
        site.at(&tick(2), &["sync"]).ends(3);
        assert_eq!((site.behind(), site.uncommitted()), (2, 7));
        site.platform.set(|switches| switches.apply_refused = None);
        site.sync_at(&tick(3), 0);
        assert_eq!((site.behind(), site.uncommitted()), (0, 0));
        site.assert_well_behaved();
    }
}

/// Mutant: ours count as in force while somebody waits whom the platform does not name.
#[test]
fn while_anybody_waits_ours_are_not_known_to_be_in_force() {
    let site = Site::new(4);
    let guest = Person::new("Eva", "Guest").id("77").code("G77");
    site.platform.add_person(guest.valid("2026-01-01", "2026-12-31"));
    site.sandbox.club.renew(1, "2030-11-01");
    site.sync_at(&tick(1), 0);
    assert!(site.platform.behind().iter().all(|(_, id)| id == "77"), "ours are");
    assert_eq!(site.uncommitted(), 1);
    site.platform.apply_all();
    site.sync_at(&tick(2), 0);
    assert_eq!(site.uncommitted(), 0);
    site.assert_well_behaved();
}

/// Mutants: where nothing may be written nobody asks what became of what was; what cannot be put in force there
/// keeps every tick from being quiet.
#[test]
fn where_it_is_only_observed_what_was_asked_for_is_asked_after() {
    let mut site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.platform.set(|switches| switches.apply_polls = 4);
    site.sync_at(&tick(1), 0);
    assert_eq!(site.uncommitted(), 1);
    site.observe();
    for number in 2..6 {
        let run = site.at(&tick(number), &["sync", "--full", "--json"]).ends(0).json();
        assert_eq!(run["devices"][0]["outcome"], "observed");
    }
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    assert_eq!(site.platform.count("reapplication"), 1);
    site.assert_well_behaved();

    let mut site = waiting();
    site.observe();
    site.sync_at(&tick(2), 0);
    site.sync_at(&tick(3), 0);
    site.platform.clear_requests();
    site.sync_at(&tick(4), 0);
    assert_eq!((site.platform.requests().len(), site.uncommitted()), (0, 1));
    assert_eq!(story(&site, "150002", &tick(4))["in_force"], false);
}
