//! Certificates and versions of TLS that are not to be trusted, on both sides. The roots of this
//! computer know none of the simulators.

use ivms_sync_simulators::cardskipper;
use ivms_sync_simulators::club::World;
use ivms_sync_simulators::hikvision;
use ivms_sync_simulators::http::Tls;

use super::{CLUB_MB, DOOR_MB, LATER, assert_inert, told};
use crate::support::pinned::{START, instant, settings};
use crate::support::{Sandbox, each};

const KINDS: [Tls; 6] = [
    Tls::SelfSigned,
    Tls::WrongName,
    Tls::Expired,
    Tls::UnknownAuthority,
    Tls::ManyNames(2_000),
    Tls::OnlyTls10,
];

/// A club at [`START`] whose service or doors speak this TLS.
fn club(service: Tls, doors: Tls) -> Sandbox {
    let clock = ivms_sync_simulators::clock::Clock::fixed(instant(START));
    let service =
        cardskipper::Settings { clock: clock.clone(), tls: service, ..Default::default() };
    let doors = hikvision::Settings { clock, tls: doors, ..Default::default() };
    Sandbox::with(World::new(&settings(5, 1, START)).start_with(service, &doors))
}

#[test]
fn doors_are_judged_before_a_byte_of_a_request_is_sent() {
    super::side_by_side(KINDS.to_vec(), |tls| {
        let sandbox = club(Tls::Off, tls);
        let door = &sandbox.club.devices[0];
        let said = sandbox.limited(DOOR_MB, LATER, &["sync", "--json"]).ends(5);
        assert_inert(&said, &format!("{tls:?}"));
        let run = said.json();
        assert_eq!(each(&run, "devices", "outcome"), ["unreachable"], "{tls:?}");
        let (told, hint) = (told(&run), "pin it with tls");
        let words = match tls {
            Tls::OnlyTls10 => "was reached, but speaks no TLS that this program does",
            _ => "could not be reached",
        };
        assert!(told.contains("door1") && told.contains(words), "{tls:?}: {told}");
        assert_eq!(told.contains(hint), tls != Tls::OnlyTls10, "{tls:?}: {told}");
        assert!(door.requests().is_empty() && door.writes().is_empty(), "{tls:?}");
    });
}

/// The pin says which certificate; whatever else is odd about it does not matter.
#[test]
fn a_pin_is_enough_and_a_wrong_one_names_the_right_one() {
    let odd = [Tls::Expired, Tls::UnknownAuthority, Tls::ManyNames(2_000)];
    super::side_by_side(odd.to_vec(), |tls| {
        let mut sandbox = club(Tls::Off, tls);
        let shown = sandbox.club.devices[0].certificate_sha256().unwrap();
        let wrong = format!("tls = \"sha256:{}\"", "3f".repeat(32));
        sandbox.set("hikvision.door1", &wrong);
        let said = sandbox.limited(DOOR_MB, LATER, &["sync", "--json"]).ends(5);
        let run = said.json();
        assert_eq!(each(&run, "devices", "outcome"), ["unreachable"], "{tls:?}");
        let told = told(&run);
        assert!(
            told.contains(&format!("a different certificate from the pinned one: sha256:{shown}")),
            "{told}"
        );
        assert!(told.contains("pin the new fingerprint") && told.contains("in between"), "{told}");
        assert!(sandbox.club.devices[0].requests().is_empty(), "{tls:?}");
        sandbox.extra.clear();
        sandbox.set("hikvision.door1", &format!("tls = \"sha256:{shown}\""));
        sandbox.sync_at(LATER, 0);
        sandbox.assert_well_behaved();
    });
}

/// A pinned door that only knows TLS 1.0 is not spoken to either.
#[test]
fn old_tls_is_refused_with_a_pin_and_without_any_check() {
    for line in [format!("tls = \"sha256:{}\"", "3f".repeat(32)), "tls = \"insecure\"".to_owned()] {
        let mut sandbox = club(Tls::Off, Tls::OnlyTls10);
        sandbox.set("hikvision.door1", &line);
        let run = sandbox.limited(DOOR_MB, LATER, &["sync", "--json"]).ends(5).json();
        assert_eq!(each(&run, "devices", "outcome"), ["unreachable"], "{line}");
        let words = "was reached, but speaks no TLS that this program does";
        assert!(told(&run).contains(words), "{}", told(&run));
    }
}

#[test]
fn cardskipper_is_judged_before_the_login_is_sent() {
    super::side_by_side(KINDS.to_vec(), |tls| {
        let sandbox = club(tls, Tls::Off);
        let said = sandbox.limited(CLUB_MB, LATER, &["sync", "--json"]).ends(5);
        assert_inert(&said, &format!("{tls:?}"));
        let told = told(&said.json());
        assert!(
            told.contains("club") && told.contains("failed to reach 127.0.0.1"),
            "{tls:?}: {told}"
        );
        assert!(sandbox.club.cardskipper.requests().is_empty(), "{tls:?}");
        assert!(sandbox.club.devices[0].writes().is_empty(), "{tls:?}");
    });
}

/// Plain HTTP on a port where TLS is expected, and the other way round.
#[test]
fn the_wrong_protocol_on_a_port_is_told() {
    let sandbox = club(Tls::Off, Tls::Off);
    let mut broken = sandbox;
    let config = broken.config().replace("url = \"http://", "url = \"https://");
    broken.replace_config(Some(config));
    let said = broken.limited(CLUB_MB, LATER, &["sync", "--json"]).ends(5);
    assert!(told(&said.json()).contains("failed to reach"), "{said:?}");
    let mut broken = club(Tls::SelfSigned, Tls::SelfSigned);
    let config = broken.config().replace("url = \"https://", "url = \"http://");
    broken.replace_config(Some(config));
    let said = broken.limited(CLUB_MB, LATER, &["sync", "--json"]).ends(5);
    assert!(told(&said.json()).contains("failed to reach"), "{said:?}");
    assert_inert(&said, "TLS answers plain HTTP");
}
