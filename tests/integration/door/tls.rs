//! HTTPS: a pinned certificate, the system's roots, and none of it.

use ivms_sync_simulators::hikvision::{Device, Settings};
use ivms_sync_simulators::http::Tls;

use super::super::support::{Sandbox, each};
use super::{MEMBERS, Story, club_with};

fn story(tls: Tls, line: impl FnOnce(&Device) -> Option<String>) -> Story {
    let settings = Settings { tls, ..Settings::default() };
    let mut story = Story::around(club_with(MEMBERS, 1, &settings));
    if let Some(line) = line(story.door()) {
        story.sandbox.set("hikvision.door1", &line);
    }
    story
}

#[test]
fn insecure_takes_any_certificate() {
    for tls in [Tls::SelfSigned, Tls::WrongName] {
        let story = story(tls, |_| Some("tls = \"insecure\"".to_owned()));
        story.comes_in_step(&format!("{tls:?}"));
    }
}

#[test]
fn the_pinned_certificate_is_taken_whatever_its_name() {
    for tls in [Tls::SelfSigned, Tls::WrongName] {
        let story = story(tls, |door| {
            Some(format!("tls = \"sha256:{}\"", door.certificate_sha256().unwrap()))
        });
        story.comes_in_step(&format!("{tls:?}"));
    }
}

#[test]
fn another_certificate_than_the_pinned_one_is_refused_and_named() {
    let mut story =
        story(Tls::SelfSigned, |_| Some(format!("tls = \"sha256:{}\"", "3f".repeat(32))));
    let shown = story.door().certificate_sha256().unwrap();
    let said = story.sandbox.run(&["sync", "--json"]).ends(5);
    assert_eq!(each(&said.json(), "devices", "outcome"), ["unreachable"]);
    assert!(said.stderr.contains(&format!("sha256:{shown}")), "{}", said.stderr);
    assert!(story.door().requests().is_empty(), "not a byte of a request was sent");
    story.assert_untouched("wrong pin");

    // What the error names is what to pin, if the door is known to have a new certificate.
    story.sandbox.extra.clear();
    story.sandbox.set("hikvision.door1", &format!("tls = \"sha256:{shown}\""));
    story.catches_up("right pin");
}

#[test]
fn the_system_refuses_a_self_signed_certificate_and_the_hint_says_what_to_do() {
    for tls in [Tls::SelfSigned, Tls::WrongName] {
        for line in [None, Some("tls = \"system\"".to_owned())] {
            let story = story(tls, |_| line);
            let said = story.sandbox.run(&["sync", "--json"]).ends(5);
            assert_eq!(each(&said.json(), "devices", "outcome"), ["unreachable"]);
            assert!(said.stderr.contains("tls = \"sha256:"), "{}", said.stderr);
            assert!(story.door().requests().is_empty());
            story.assert_untouched("system");
        }
    }
}

#[test]
fn a_door_that_speaks_plain_http_where_tls_is_expected_gets_no_request() {
    let sandbox = Sandbox::agreeing(5, 1);
    let url = sandbox.club.devices[0].url();
    let config = sandbox.config().replace(&url, &url.replace("http://", "https://"));
    std::fs::write(sandbox.path("https.toml"), config).unwrap();
    let said = sandbox.run(&["--config", "https.toml", "sync", "--json"]).ends(5);
    assert_eq!(each(&said.json(), "devices", "outcome"), ["unreachable"]);
    assert!(sandbox.club.devices[0].requests().is_empty());
}
