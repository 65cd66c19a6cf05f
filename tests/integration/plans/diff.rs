//! `diff`: what sync would do, and no more.

use serde_json::{Value, json};

use super::{LATER, LOOKED, named, with_news};
use crate::support::each;

#[test]
fn diff_writes_to_no_door_and_changes_nothing_in_the_state_file() {
    let sandbox = with_news();
    let (doors, rows) = (sandbox.doors(), sandbox.rows());
    sandbox.clear_requests();
    for arguments in [
        &["diff"][..],
        &["diff", "--full"],
        &["diff", "--json"],
        &["diff", "--out", "plan.json"],
        &["diff", "--only", "150004"],
    ] {
        sandbox.at(LATER, arguments).ends(0);
        assert_eq!(sandbox.rows(), rows, "{arguments:?}");
    }
    // What goes wrong is said and not remembered.
    sandbox.club.cardskipper.go_offline();
    sandbox.club.devices[0].go_offline();
    sandbox.at(LATER, &["diff", "--full"]).ends(3);
    assert_eq!(sandbox.rows(), rows, "with trouble");
    assert_eq!(sandbox.doors(), doors);
    for device in &sandbox.club.devices {
        assert!(device.requests().iter().all(|request| request.method != "PUT"));
    }
    sandbox.assert_well_behaved();
}

#[test]
fn diff_and_sync_name_the_same_changes() {
    let sandbox = with_news();
    for index in 20..26 {
        sandbox.club.inactivate(index);
    }
    // Before a tick has seen any of it, nothing is taken away and nothing waits for approval.
    let diff = sandbox.at(LOOKED, &["diff", "--json"]).ends(0).json();
    let taken = |document: &Value| -> Vec<Value> {
        let changes = document["changes"].as_array().unwrap().iter();
        let taken = changes.filter(|change| change["kind"] == "revocation");
        taken.map(|change| change["blocked_by"].clone()).collect()
    };
    assert_eq!(taken(&diff), vec![json!("second-look"); 16]);
    assert_eq!(diff["blocked"], json!(null));
    sandbox.look_at(LOOKED);
    let diff = sandbox.at(LATER, &["diff", "--json"]).ends(0).json();
    let sync = sandbox.sync_at(LATER, 4);
    assert_eq!(taken(&diff), vec![json!("revoke_per_tick"); 16]);
    assert_eq!(named(&diff), named(&sync));
    assert_eq!(diff["left_out"], sync["left_out"]);
    assert_eq!(diff["blocked"], sync["blocked"]);
    assert!(diff["blocked"].is_string());
    assert_eq!((&diff["run"], sync["run"].is_i64()), (&json!(null), true));
    let words = |document: &Value| -> Vec<String> {
        let mut all = each(document, "changes", "outcome");
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(str::to_owned).collect()
    };
    assert_eq!(
        (words(&diff), words(&sync)),
        (
            vec!["blocked".to_owned(), "planned".to_owned()],
            vec!["blocked".to_owned(), "confirmed".to_owned()],
        )
    );
    sandbox.assert_well_behaved();
}

#[test]
fn diff_exit_code_is_2_while_changes_are_pending() {
    let sandbox = with_news();
    sandbox.at(LATER, &["diff"]).ends(0);
    let json = sandbox.at(LATER, &["diff", "--exit-code", "--json"]).ends(2).json();
    assert_eq!(json["exit_code"], 2);
    sandbox.sync_at(LATER, 0);
    // What waits for its second look is pending.
    let run = sandbox.at(LATER, &["diff", "--exit-code", "--json"]).ends(2).json();
    assert_eq!(each(&run, "changes", "blocked_by"), ["second-look"; 4]);
    sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    sandbox.at("2026-03-10T10:10:00Z", &["diff", "--exit-code"]).ends(0);
    // What went wrong counts more.
    sandbox.club.renew(7, "2030-11-01");
    sandbox.club.devices[0].go_offline();
    sandbox.at("2026-03-10T10:10:00Z", &["diff", "--exit-code", "--full"]).ends(3);
    sandbox.assert_well_behaved();
}
