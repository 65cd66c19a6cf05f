//! What a platform may refuse, and what is told of it.

use ivms_sync_simulators::hikcentral::{Refusal, Settings};
use ivms_sync_simulators::http::Tls;

use super::*;
use crate::support::each;

#[test]
fn a_wrong_signature_is_told_without_what_was_signed_and_not_tried_again_at_once() {
    let mut site = Site::unknown(4, Settings::default());
    site.sandbox.password("SITE_SECRET", "another-secret");
    let said = site.at(START, &["sync"]).ends(12);
    assert!(said.stderr.contains("refused the signature"), "{said:?}");
    assert!(!said.stderr.contains("another-secret"), "{said:?}");
    assert_eq!(site.platform.requests().len(), 1);
    let said = site.at(&tick(1), &["sync"]).ends(12);
    assert!(!said.stderr.contains("StringToSign"), "{said:?}");
    assert_eq!(site.platform.requests().len(), 1, "it is left alone");
    site.sandbox.password("SITE_SECRET", APP_SECRET);
    site.sync_at(&tick(2), 0);
    site.assert_well_behaved();
}

#[test]
fn an_api_that_is_not_ticked_is_named() {
    let site = Site::new(4);
    site.platform.refuse(Refusal::code("69").on("single/update"));
    site.sandbox.club.renew(1, "2030-11-01");
    let said = site.at(&tick(1), &["sync"]).ends(12);
    let api = "the API /artemis/api/resource/v1/person/single/update is not ticked";
    assert!(said.stderr.contains(api) && !said.stderr.contains("login"), "{said:?}");
    let run = site.sync_at(&tick(2), 12);
    assert_eq!(run["devices"][0]["outcome"], "right-missing");
    assert!(site.platform.writes().is_empty());
    assert_eq!(site.uncommitted(), 0, "nothing was written");
    site.assert_well_behaved();
}

/// Mutants: what a run needs beside a list is not tried; a missing right reads as a refused login, or as something
/// that may be over soon.
#[test]
fn what_a_platform_does_not_offer_is_found_by_check() {
    for (code, path, exit, told) in [
        ("69", "applicationResult", 12, "/artemis/api/acs/v1/auth/applicationResult is not ticked"),
        (
            "69",
            "personCode",
            12,
            "/artemis/api/resource/v1/person/personCode/personInfo is not ticked",
        ),
        ("8", "applicationResult", 3, "does not offer the API"),
    ] {
        let site = Site::new(4);
        site.platform.refuse(Refusal::code(code).on(path));
        let said = site.at(&tick(1), &["check"]).ends(exit);
        assert!(said.stdout.contains(told) && !said.stdout.contains("login"), "{said:?}");
        assert!(site.platform.writes().is_empty());
        assert_eq!(site.platform.count("reapplication"), 0);
        site.assert_well_behaved();
    }
}

#[test]
fn a_platform_that_is_too_old_is_told_so() {
    let old = Settings { soft_version: "V1.7.0.0".into(), ..Settings::default() };
    let site = Site::unknown(4, old);
    let said = site.at(START, &["check"]);
    assert!(said.stdout.contains("HikCentral V1.7.0.0 is too old"), "{said:?}");
    assert_eq!(said.code, 3, "no later run does better by itself");
    for number in 0..4 {
        site.at(&tick(number), &["sync"]).ends(3);
    }
    site.assert_well_behaved();
}

#[test]
fn a_platform_that_is_asked_too_often_is_given_time() {
    let site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.platform.refuse(Refusal::code("0x02401009").on("personInfo").times(1));
    let run = site.sync_at(&tick(1), 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    site.sandbox.club.renew(2, "2030-11-01");
    site.platform.refuse(Refusal::code("0x02401036").on("single/update").times(1));
    site.sync_at(&tick(2), 5);
    assert_eq!(site.platform.count("single/update"), 2, "a write is not repeated within a run");
    site.sync_at(&tick(3), 0);
    assert_eq!(site.end_of("1003"), "2030-11-01T23:59:59+01:00");
    assert_eq!(site.behind(), 0);
    site.assert_well_behaved();
}

#[test]
fn the_certificate_of_a_platform_is_shown_so_that_it_can_be_pinned() {
    let mut site = Site::unknown(4, Settings { tls: Tls::SelfSigned, ..Settings::default() });
    let shown = site.platform.certificate_sha256().unwrap();
    let said = site.at(START, &["check"]);
    let pin = format!("tls = \"sha256:{shown}\" under [hikcentral.site]");
    assert!(said.code != 0 && said.stdout.contains(&pin), "{said:?}");
    let pinned = ("IVMS_SYNC__HIKCENTRAL__SITE__TLS".to_owned(), format!("sha256:{shown}"));
    site.sandbox.variables.push(pinned);
    let said = site.at(START, &["check"]);
    assert!(
        said.stdout.contains(&format!("its certificate is sha256:{shown}, as pinned")),
        "{said:?}"
    );
    site.sync_at(&tick(1), 0);
    let other =
        ("IVMS_SYNC__HIKCENTRAL__SITE__TLS".to_owned(), format!("sha256:{}", "3f".repeat(32)));
    site.sandbox.variables.push(other);
    let said = site.at(&tick(2), &["sync", "--full"]);
    assert!(said.code != 0 && said.stderr.contains(&shown), "{said:?}");
    site.assert_well_behaved();
}
