//! The network and the device fail: away, cut off, too slow, too much, and busy.

use std::time::Duration;

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{Concurrency, ErrorBody, ErrorStatus, KeepAlive, Switches};
use ivms_sync_simulators::http::{Fault, FaultRule};
use serde_json::{Value, json};

use super::super::support::{Sandbox, each};
use super::{RENEWED, Story, Turn, UNTIL};

/// Runs the cases side by side, as some of them wait for a retry.
pub(super) fn side_by_side<C: Send>(cases: impl IntoIterator<Item = C>, story: impl Fn(C) + Sync) {
    std::thread::scope(|threads| {
        for case in cases {
            threads.spawn(|| story(case));
        }
    });
}

/// A busy answer, as devices send it.
const BUSY: &str = r#"{"statusCode":2,"statusString":"Device Busy","subStatusCode":"deviceBusy","errorCode":536870916}"#;

fn said(status: u16, body: &str) -> Fault {
    Fault::raw(status, "application/json", body)
}

#[test]
fn a_door_that_is_off_is_caught_up_with() {
    let story = Story::under_way(3);
    story.sandbox.club.devices[1].go_offline();
    for _ in 0..2 {
        let run = story.sync("one is off", 3);
        assert_eq!(each(&run, "devices", "outcome"), ["ok", "unreachable", "ok"]);
        let changes = run["changes"].as_array().unwrap().iter();
        let off: Vec<_> = changes.filter(|change| change["device"] == "door2").collect();
        assert!(off.iter().all(|change| change["outcome"] == "planned"));
    }
    assert_eq!(story.door().writes().len(), 3, "once");
    story.sandbox.club.devices[1].go_online();
    let run = story.sync_full("on again", 0);
    assert_eq!(each(&run, "changes", "device"), ["door2"; 3]);
    story.stays_in_step("on again");
}

#[test]
fn all_doors_off_is_temporary() {
    for doors in [1, 2] {
        let story = Story::under_way(doors);
        for door in &story.sandbox.club.devices {
            door.go_offline();
        }
        for arguments in
            [&["sync", "--json"][..], &["sync", "--full", "--json"], &["diff", "--json"]]
        {
            let run = story.sandbox.run(arguments).ends(5).json();
            assert_eq!(each(&run, "devices", "outcome"), vec!["unreachable"; doors]);
        }
        story.assert_untouched("off");
        for door in &story.sandbox.club.devices {
            door.go_online();
        }
        let run = story.sync_full("on again", 0);
        assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; 3 * doors]);
        story.stays_in_step("on again");
    }
}

#[test]
fn a_door_that_was_never_seen_is_told_and_the_others_are_served() {
    let story = Story::around(Sandbox::agreeing(35, 2));
    story.sandbox.club.devices[1].go_offline();
    let run = story.sync("never seen", 3);
    assert_eq!(each(&run, "devices", "outcome"), ["ok", "unreachable"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    assert_eq!(each(&run, "left_out", "reason"), ["device-unreachable"; 35]);
    story.sandbox.club.devices[1].go_online();
    story.sync("seen", 0);
    story.stays_in_step("seen");
}

#[test]
fn a_door_that_is_off_while_persons_are_looked_up_is_told() {
    let sandbox = Sandbox::agreeing(5, 2);
    sandbox.sync(0);
    sandbox.club.devices[1].go_offline();
    let who = format!("person:{}", employee_no(2));
    let said = sandbox.run(&["lookup", &who, "--json"]);
    let devices = &said.json()["members"][0]["devices"];
    assert_eq!(devices[0]["in_step"], json!(true));
    assert!(said.stderr.contains("door2: the device could not be reached"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

/// What a list that cannot be read comes to.
enum Reading {
    /// The second try, or the answer itself, is good.
    Works,
    /// Nothing is written; the next tick catches up.
    Fails,
}

#[test]
fn answers_to_the_list_that_are_cut_garbled_or_endless() {
    use Reading::{Fails, Works};
    let html = "<html><body>Service</body></html>";
    let on_list = |fault: Fault| fault.on("Search").authenticated();
    let cases: Vec<(&str, FaultRule, Reading)> = vec![
        ("cut once", on_list(Fault::CutBody(100)).times(1), Works),
        ("cut on the second page", on_list(Fault::CutBody(100)).after(1).times(1), Works),
        ("cut", on_list(Fault::CutBody(100)).times(2), Fails),
        ("dropped once", on_list(Fault::DropBefore).times(1), Works),
        ("dropped when done once", on_list(Fault::DropAfter).times(1), Works),
        ("dropped", on_list(Fault::DropBefore).times(3), Fails),
        ("no challenge once", Fault::DropBefore.on("Search").times(1), Works),
        ("length too long once", on_list(Fault::WrongContentLength(10)).times(1), Works),
        ("length too long", on_list(Fault::WrongContentLength(10)).times(2), Fails),
        ("length too short", on_list(Fault::WrongContentLength(-10)).times(1), Fails),
        ("chunked", on_list(Fault::Chunked), Works),
        (
            "drop by drop",
            on_list(Fault::Drip { size: 2000, pause: Duration::from_millis(1) }),
            Works,
        ),
        ("endless headers", on_list(Fault::EndlessHeaders).times(3), Fails),
        ("a huge body", on_list(Fault::HugeBody(1 << 40)).times(1), Fails),
        ("elsewhere", on_list(Fault::Redirect("http://127.0.0.1:1/".into())).times(1), Fails),
        ("a page", on_list(Fault::raw(200, "text/html", html)).times(1), Fails),
        ("a page not found", on_list(Fault::raw(404, "text/html", html)).times(1), Fails),
        ("nothing", on_list(said(200, "")).times(1), Fails),
        ("no list", on_list(said(200, "{}")).times(1), Fails),
        ("half a list", on_list(said(200, "{\"UserInfoSearch\":{")).times(1), Fails),
        ("an OK", on_list(said(200, r#"{"statusCode":1,"statusString":"OK"}"#)).times(1), Fails),
        (
            "not supported",
            on_list(said(403, r#"{"statusCode":4,"subStatusCode":"notSupport"}"#)).times(2),
            Fails,
        ),
        (
            "an inner error once",
            on_list(said(500, r#"{"statusCode":3,"subStatusCode":"searchDatabaseError"}"#))
                .times(1),
            Works,
        ),
        (
            "forgotten once",
            on_list(said(200, r#"{"statusCode":4,"subStatusCode":"theSearchIdDoesNotExist"}"#))
                .after(1)
                .times(1),
            Works,
        ),
        (
            "upgrading",
            on_list(said(200, r#"{"statusCode":2,"subStatusCode":"upgrading"}"#)).times(1),
            Fails,
        ),
        ("busy once", on_list(said(200, BUSY)).times(1), Works),
    ];
    side_by_side(cases, |(what, rule, reading)| {
        let story = Story::new(|_| {});
        story.door().fault(rule);
        match reading {
            Works => story.comes_in_step(what),
            Fails => story.is_refused(what, 5, "unreachable"),
        }
    });
}

#[test]
fn answers_to_a_write_that_are_cut_garbled_or_endless() {
    const CONFIRMED: (i32, &str) = (0, "confirmed");
    const NOT_APPLIED: (i32, &str) = (3, "not-applied");
    const REFUSED: (i32, &str) = (3, "refused");
    let html = "<html><body>Service</body></html>";
    let drip = Fault::Drip { size: 10, pause: Duration::from_millis(1) };
    let cases: Vec<(&str, Fault, (i32, &str))> = vec![
        ("cut", Fault::CutBody(5), CONFIRMED),
        ("dropped before", Fault::DropBefore, NOT_APPLIED),
        ("dropped after", Fault::DropAfter, CONFIRMED),
        ("length too long", Fault::WrongContentLength(10), CONFIRMED),
        ("length too short", Fault::WrongContentLength(-10), CONFIRMED),
        ("chunked", Fault::Chunked, CONFIRMED),
        ("drop by drop", drip, CONFIRMED),
        ("endless headers", Fault::EndlessHeaders, NOT_APPLIED),
        ("a huge body", Fault::HugeBody(1 << 40), NOT_APPLIED),
        ("elsewhere", Fault::Redirect("http://127.0.0.1:1/".into()), REFUSED),
        ("a page", Fault::raw(200, "text/html", html), NOT_APPLIED),
        ("a page not found", Fault::raw(404, "text/html", html), REFUSED),
        ("nothing", said(200, ""), NOT_APPLIED),
        ("an empty object", said(200, "{}"), NOT_APPLIED),
        (
            "an inner error",
            said(200, r#"{"statusCode":3,"subStatusCode":"writeDatabaseError"}"#),
            NOT_APPLIED,
        ),
        ("an inner error by HTTP", said(500, ""), NOT_APPLIED),
        (
            "reboot first",
            said(200, r#"{"statusCode":7,"subStatusCode":"rebootRequired"}"#),
            NOT_APPLIED,
        ),
        ("refused", said(400, r#"{"statusCode":6,"subStatusCode":"badParameters"}"#), REFUSED),
        (
            "refused with 200",
            said(200, r#"{"statusCode":6,"subStatusCode":"badJsonContent"}"#),
            REFUSED,
        ),
        ("an unknown class", said(200, r#"{"statusCode":9,"subStatusCode":"new"}"#), REFUSED),
        ("busy for a moment", said(503, BUSY), CONFIRMED),
    ];
    side_by_side(cases, |(what, fault, (code, outcome))| {
        let story = Story::under_way(1);
        story.door().fault(fault.on("Modify").authenticated().times(1));
        let run = story.sync(what, code);
        let outcomes = each(&run, "changes", "outcome");
        assert_eq!(outcomes, [outcome, "confirmed", "confirmed"], "{what}");
        let written = if outcome == "confirmed" { 3 } else { 2 };
        assert_eq!(story.door().writes().len(), written, "{what}: written once only");
        story.catches_up(what);
    });
}

#[test]
fn a_door_that_is_not_ready_for_a_write_is_left_for_the_next_tick() {
    for (what, fault) in [
        ("busy for long", said(200, r#"{"statusCode":2,"subStatusCode":"upgrading"}"#)),
        ("overloaded", said(503, "")),
        ("out of sessions", said(403, r#"{"statusCode":4,"subStatusCode":"maxSessionUserLink"}"#)),
    ] {
        let story = Story::under_way(2);
        story.door().fault(fault.on("Modify").authenticated().times(1));
        let run = story.sync(what, 3);
        assert_eq!(each(&run, "devices", "outcome"), ["unreachable", "ok"], "{what}");
        assert_eq!(each(&run, "changes", "outcome")[..3], ["planned"; 3], "{what}");
        assert!(story.door().writes().is_empty(), "{what}");
        story.catches_up(what);
    }
}

#[test]
fn a_read_back_that_fails_is_settled_by_the_next_tick() {
    let nobody =
        r#"{"UserInfoSearch":{"searchID":"1","responseStatusStrg":"OK","totalMatches":1}}"#;
    let cases = [
        ("cut", Fault::CutBody(50)),
        ("dropped", Fault::DropBefore),
        ("a page", Fault::raw(200, "text/html", "<html/>")),
        ("nobody", said(200, nobody)),
    ];
    side_by_side(cases, |(what, fault)| {
        let story = Story::under_way(1);
        // The first search looks at the three before they are written.
        story.door().fault(fault.on("Search").authenticated().after(1).times(3));
        let run = story.sync(what, 5);
        let outcomes = each(&run, "changes", "outcome");
        assert_eq!(outcomes, ["unknown", "planned", "planned"], "{what}");
        let error = run["changes"][0]["error"].as_str().unwrap();
        assert!(error.starts_with("written, but not read back"), "{what}: {error}");
        story.door().clear_faults();
        let run = story.sync(what, 0);
        assert_eq!(each(&run, "changes", "employee_no").len(), 2, "{what}: the first one took");
        assert_eq!(story.door().writes().len(), 3, "{what}");
        story.stays_in_step(what);
    });
}

#[test]
fn connections_of_every_kind() {
    let cases: Vec<(&str, Turn)> = vec![
        ("closed after each answer", |s| s.keep_alive = KeepAlive::Close),
        ("kept", |s| s.keep_alive = KeepAlive::Keep),
        ("others wait", |s| s.concurrency = Concurrency::Wait),
        ("others are told to come later", |s| s.concurrency = Concurrency::Busy),
        ("others are reset", |s| s.concurrency = Concurrency::Reset),
        ("kept, others are reset", |s| {
            (s.keep_alive, s.concurrency) = (KeepAlive::Keep, Concurrency::Reset);
        }),
        ("busy once", |s| s.device_busy = 1),
        ("busy three times, in XML", |s| {
            s.device_busy = 3;
            (s.error_status, s.error_body) = (ErrorStatus::ByClass, ErrorBody::Xml);
        }),
    ];
    side_by_side(cases, |(what, turn)| Story::new(turn).comes_in_step(what));
}

/// These stories wait for time limits and pauses of the program, so they wait together.
#[test]
fn doors_that_keep_us_waiting() {
    let stories: [fn(); 5] = [
        a_list_that_takes_too_long_does_not_hold_up_the_other_door,
        a_write_that_is_answered_too_late_is_read_back_and_written_once,
        a_door_that_stays_busy_is_left_for_the_next_tick,
        a_door_that_drops_every_so_many_requests_comes_in_step_in_a_few_ticks,
        a_door_that_drops_every_login_is_unreachable,
    ];
    side_by_side(stories, |story| story());
}

fn a_door_that_stays_busy_is_left_for_the_next_tick() {
    let story = Story::new(|switches| switches.device_busy = 1000);
    story.is_refused("busy", 5, "unreachable");
}

fn a_door_that_drops_every_so_many_requests_comes_in_step_in_a_few_ticks() {
    side_by_side([8, 13], |every| {
        let what = format!("drops every {every}th request");
        let story = Story::new(|switches| switches.keep_alive = KeepAlive::DropEvery(every));
        let ticks = (0..10).position(|_| story.sandbox.run(&["sync"]).code == 0);
        assert!(ticks.is_some(), "{what}");
        story.assert_in_step(&what);
        story.stays_in_step(&what);
    });
}

fn a_door_that_drops_every_login_is_unreachable() {
    let story = Story::new(|switches| switches.keep_alive = KeepAlive::DropEvery(2));
    story.is_refused("drops every login", 5, "unreachable");
}

fn a_list_that_takes_too_long_does_not_hold_up_the_other_door() {
    let story = Story::around(Sandbox::agreeing(35, 2));
    // The door says that it closes each connection, so that its silence is no matter of connections.
    story.door().fault(Fault::Delay(Duration::from_secs(40)).on("Search").authenticated().times(1));
    let run = story.sync("too slow", 3);
    assert_eq!(each(&run, "devices", "outcome"), ["unreachable", "ok"]);
    assert!(story.door().writes().is_empty());
    story.catches_up("quick again");
}

fn a_write_that_is_answered_too_late_is_read_back_and_written_once() {
    let story = Story::under_way(1);
    story.door().fault(
        Fault::Delay(Duration::from_secs(40)).on("Modify").authenticated().after(1).times(1),
    );
    story.comes_in_step("answered too late");
}

#[test]
fn nobody_else_is_touched_while_a_door_fails() {
    let story = Story::under_way(1);
    assert!(story.sandbox.club.inactivate(5));
    story.sandbox.look();
    story.sandbox.clear_requests();
    story.door().fault(Fault::DropAfter.on("Modify").authenticated());
    story.sync("every answer is lost", 0);
    let writes: Vec<Value> = story.door().writes();
    let who: Vec<_> = writes.iter().map(|w| w["UserInfo"]["employeeNo"].clone()).collect();
    let mut expected: Vec<_> = RENEWED.iter().map(|index| json!(employee_no(*index))).collect();
    expected.push(json!(employee_no(5)));
    assert_eq!(who, expected, "grants first, each once");
    story.door().clear_faults();
    story.door().set(|switches| *switches = Switches::default());
    let full = story.sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(full["changes"], json!([]));
    assert_eq!(story.door().person(&employee_no(0)).unwrap().end, format!("{UNTIL}T23:59:59"));
    story.sandbox.assert_well_behaved();
}
