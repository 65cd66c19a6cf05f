//! The heartbeat is called at both ends of a `sync`, whatever becomes of it.

use ivms_sync_simulators::http::Fault;

use super::{minute, taker, tick};
use crate::support::Sandbox;
use crate::support::pinned::START;

#[test]
fn at_the_start_and_at_the_end_with_the_exit_code() {
    let service = taker();
    let mut sandbox = Sandbox::pinned(5, 1);
    sandbox.set("guard", &format!("[notify]\nheartbeat = \"{}/ping/abc/\"", service.url()));
    let called = || {
        let targets: Vec<String> =
            service.requests().into_iter().map(|request| request.target).collect();
        service.clear_requests();
        targets
    };
    sandbox.sync_at(START, 0);
    assert_eq!(called(), ["/ping/abc/start", "/ping/abc/0"]);
    sandbox.club.cardskipper.go_offline();
    tick(&sandbox, 5, 5);
    assert_eq!(called(), ["/ping/abc/start", "/ping/abc/5"]);
    for command in [&["diff"][..], &["check"], &["lookup", "150001"]] {
        sandbox.at(&minute(6), command);
        assert_eq!(called(), Vec::<String>::new(), "{command:?}");
    }
    // A service that fails, or is away, is no trouble of ours.
    service.fault(Fault::raw(500, "text/plain", "oops").on("/"));
    assert!(!tick(&sandbox, 10, 5).stderr.contains("heartbeat"));
    service.go_offline();
    sandbox.club.cardskipper.go_online();
    assert_eq!(tick(&sandbox, 15, 0).stderr, "");
    service.go_online();
    service.clear_faults();
    called();
    // A run that cannot even begin is heard of too.
    std::fs::write(sandbox.state(), "no database at all, but more than nothing".repeat(20))
        .unwrap();
    tick(&sandbox, 20, 7);
    assert_eq!(called(), ["/ping/abc/start", "/ping/abc/7"]);
}
