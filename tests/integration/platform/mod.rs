//! One story on whichever platform. `.ci/platforms` runs it with the program for Windows under Wine and with
//! those for ARM in an emulator; in the usual tests it runs with this platform's own.

use crate::support::pinned::START;
use crate::support::{Sandbox, binary, each, said};

const LATER: &str = "2026-03-10T10:05:00Z";

#[test]
fn it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(binary(folder.path()).arg("--version")).ends(0);
    let version = concat!("ivms-sync ", env!("CARGO_PKG_VERSION"));
    assert_eq!((said.stdout.trim_end(), &*said.stderr), (version, ""));
}

#[test]
fn a_renewal_comes_to_the_doors() {
    let sandbox = Sandbox::pinned(6, 2);
    let said = sandbox.at(START, &["check"]).ends(0);
    assert!(said.stdout.contains("door2"), "{said:?}");
    assert_eq!(sandbox.sync_at(START, 0)["changes"], serde_json::json!([]));
    sandbox.club.renew(3, "2030-11-01");
    let said = sandbox.at(LATER, &["diff", "--exit-code"]).ends(2);
    assert!(said.stdout.contains("2030-11-01"), "{said:?}");
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2]);
    for door in &sandbox.club.devices {
        assert_eq!(door.person("1004").unwrap().end, "2030-11-01T23:59:59");
    }
    let said = sandbox.at(LATER, &["lookup", "150004"]).ends(0);
    assert!(said.stdout.contains("Valid on the door until 2030-11-01."), "{said:?}");
    sandbox.assert_well_behaved();
}
