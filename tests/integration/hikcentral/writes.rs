//! What a change does to a person, and to everything else of that person.

use ivms_sync_simulators::hikcentral::{Effect, Omitted, Settings, TimeForm};

use super::*;
use crate::support::each;

const RENEWED: &str = "2030-11-01T23:59:59+01:00";

#[test]
fn a_renewal_reaches_the_doors() {
    let site = Site::new(6);
    let before = site.platform.person("1004").unwrap();
    site.sandbox.club.renew(3, "2030-11-01");
    let run = site.sync_at(&tick(1), 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(each(&run, "changes", "employee_no"), ["M150004"]);
    let after = site.platform.person("1004").unwrap();
    assert_eq!(after.end.as_deref(), Some(RENEWED));
    assert_eq!(
        ivms_sync_simulators::hikcentral::Person { end: before.end.clone(), ..after },
        before
    );
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    assert!(site.platform.opens("2", "1004", instant("2030-11-01T22:59:59Z")));
    assert!(!site.platform.opens("2", "1004", instant("2030-11-01T23:00:00Z")));
    let device = story(&site, "150004", &tick(1));
    assert_eq!((&device["linked_by"], &device["in_force"]), (&"device-email".into(), &true.into()));
    let full = site.at(&tick(2), &["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(full["changes"], serde_json::json!([]));
    assert_eq!(site.platform.writes().len(), 1);
    assert_eq!(site.platform.count("reapplication"), 1);
    site.assert_well_behaved();
}

#[test]
fn access_is_taken_away() {
    let mut site = Site::new(6);
    assert!(site.sandbox.club.inactivate(5));
    site.observe_at(&tick(1));
    assert!(site.platform.writes().is_empty());
    let run = site.sync_at(&tick(2), 0);
    assert_eq!(each(&run, "changes", "kind"), ["revocation"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert!(!site.platform.opens("1", "1006", instant(&tick(3))));
    assert_eq!(site.behind(), 0);
    site.assert_well_behaved();
}

/// Mutant: what waits to be committed is committed in mode observe.
#[test]
fn nothing_is_written_where_it_is_only_observed() {
    let mut site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.observe_at(&tick(1));
    assert!(site.platform.writes().is_empty());
    assert_eq!(site.platform.count("reapplication"), 0);
    site.assert_well_behaved();
}

#[test]
fn everything_else_survives_whatever_a_platform_does_to_omitted_fields() {
    for omitted in [Omitted::Merge, Omitted::Overwrite, Omitted::WipeCards] {
        let site = Site::new(4);
        site.platform.set(|switches| switches.omitted = omitted);
        let before = site.platform.person("1002").unwrap();
        site.sandbox.club.renew(1, "2030-11-01");
        site.sync_at(&tick(1), 0);
        let after = site.platform.person("1002").unwrap();
        assert_eq!(after.end.as_deref(), Some(RENEWED));
        let restored =
            ivms_sync_simulators::hikcentral::Person { end: before.end.clone(), ..after };
        assert_eq!(restored, before, "{omitted:?}");
        site.assert_well_behaved();
    }
}

#[test]
fn a_change_that_nobody_asked_for_stops_everything() {
    let site = Site::new(6);
    let also = Effect::AlsoChanges("remark", "changed".into());
    site.platform.set(|switches| switches.effect = also);
    (0..3).for_each(|index| assert!(site.sandbox.club.renew(index, "2030-11-01")));
    let said = site.at(&tick(1), &["sync", "--json"]).ends(4);
    assert!(said.stderr.contains("remark changed too"), "{said:?}");
    assert_eq!(site.platform.writes().len(), 1, "nobody else is met by it");
    site.sync_at(&tick(2), 4);
    assert_eq!(site.platform.writes().len(), 1);
    assert_eq!(site.platform.count("reapplication"), 0);
    site.assert_well_behaved();
}

#[test]
fn success_without_effect_is_not_applied() {
    let site = Site::new(4);
    site.platform.set(|switches| switches.effect = Effect::OkNotApplied);
    site.sandbox.club.renew(1, "2030-11-01");
    let run = site.sync_at(&tick(1), 3);
    assert_eq!(each(&run, "changes", "outcome"), ["not-applied"]);
    site.assert_well_behaved();
}

#[test]
fn times_without_an_offset_are_those_of_the_site() {
    let mut site = Site::unknown(4, Settings::default());
    site.platform.set(|switches| switches.time_form = TimeForm::NoOffset);
    assert_eq!(site.observe_at(START)["changes"], serde_json::json!([]));
    site.sandbox.club.renew(1, "2030-07-01");
    let run = site.sync_at(&tick(1), 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(site.end_of("1002"), "2030-07-01T23:59:59+02:00");
    site.assert_well_behaved();
}

/// Catches: somebody who is given another ID while they are written is taken for gone, and stops the platform.
#[test]
fn only_who_gets_another_id_meanwhile_is_left() {
    let site = Site::new(6);
    for member in 0..4 {
        site.sandbox.club.renew(member, "2030-11-01");
    }
    site.platform.meanwhile("single/update", 3, |persons| {
        for person in persons.iter_mut().filter(|one| one.id == "1002") {
            person.code = "X7".to_owned();
        }
    });
    let said = site.at(&tick(1), &["sync"]).ends(3);
    assert!(said.stdout.contains("the person goes by the id X7 there now"), "{said:?}");
    assert_eq!((site.platform.writes().len(), site.behind(), site.uncommitted()), (4, 0, 0));
    site.assert_well_behaved();
}

#[test]
fn rows_that_move_between_pages_hide_nobody() {
    let site = Site::unknown(520, Settings::default());
    site.platform.meanwhile("personList", 1, |persons| persons.rotate_left(1));
    let run = site.sync_at(START, 0);
    assert_eq!(run["changes"], serde_json::json!([]));
    assert_eq!(run["devices"][0]["persons"], 520);
    assert_eq!(site.platform.count("personList"), 4);
    site.assert_well_behaved();
}
