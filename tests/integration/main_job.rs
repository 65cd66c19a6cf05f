//! The main job: a renewed membership opens the door.

use serde_json::json;

use super::support::{Sandbox, each};

#[test]
fn a_club_in_agreement_is_in_step_and_a_quiet_tick_says_nothing() {
    let sandbox = Sandbox::agreeing(20, 2);
    let first = sandbox.sync(0);
    assert_eq!(first["changes"], json!([]));
    assert_eq!(first["sources"][0]["listing"], "complete");
    assert_eq!(each(&first, "devices", "outcome"), ["ok", "ok"]);
    let quiet = sandbox.run(&["sync"]).ends(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    sandbox.assert_well_behaved();
}
