//! Connections to a door: one for a whole run where its firmware keeps it, and what becomes of requests
//! where it does not.
//!
//! | report | device | switch | scenario |
//! | --- | --- | --- | --- |
//! | keep-alive closed early | several terminals | `ClosesAfter401`, `ClosesAfterEach` | [`doors_that_close_without_a_word`] |
//! | "server disconnected" on a connection that was idle | several | `ClosesAt` | [`doors_that_close_as_a_request_arrives`] |

use std::collections::BTreeSet;

use ivms_sync_simulators::club::{World, employee_no};
use ivms_sync_simulators::hikvision::{Device, KeepAlive, Settings, Switches};
use ivms_sync_simulators::http::Tls;

use super::super::support::{Sandbox, each};
use super::failures::side_by_side;
use super::{RENEWED, Story, UNTIL, logins};

/// A club whose door starts with these switches, after a run that read it and one that proved it.
fn proven(members: usize, tls: Tls, keep_alive: KeepAlive) -> Sandbox {
    let switches = Switches { keep_alive, ..Switches::default() };
    let settings = Settings { tls, switches, ..Settings::default() };
    let club = World::agreeing(members, 1).start_with(Default::default(), &settings);
    let mut sandbox = Sandbox::with(club);
    if let Some(pin) = sandbox.club.devices[0].certificate_sha256() {
        sandbox.set("hikvision.door1", &format!("tls = \"sha256:{pin}\""));
    }
    sandbox.sync(0);
    assert!(sandbox.club.renew(members - 1, "2036-10-01"));
    sandbox.sync(0);
    sandbox
}

/// How many connections carried the requests that are recorded.
fn connections(door: &Device) -> usize {
    door.requests().iter().map(|request| request.connection).collect::<BTreeSet<_>>().len()
}

/// Whom a door took a change of, one after the other.
fn written(door: &Device) -> Vec<String> {
    let number =
        |write: &serde_json::Value| write["UserInfo"]["employeeNo"].as_str().unwrap().to_owned();
    let mut written: Vec<String> = door.writes().iter().map(number).collect();
    written.sort_unstable();
    written
}

/// Mutants: a connection is closed after each pair, or for each write; a handshake for each.
#[test]
fn a_hundred_renewals_on_one_connection() {
    for tls in [Tls::Off, Tls::SelfSigned, Tls::WrongName] {
        for keep_alive in [KeepAlive::Keep, KeepAlive::Close] {
            let sandbox = proven(101, tls, keep_alive);
            let door = &sandbox.club.devices[0];
            sandbox.clear_requests();
            for index in 0..100 {
                assert!(sandbox.club.renew(index, UNTIL));
            }
            let before = door.connections();
            let run = sandbox.sync(0);
            let what = format!("{tls:?}, {keep_alive:?}");
            assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; 100], "{what}");
            let made = door.connections() - before;
            assert_eq!(connections(door) as u64, made, "{what}: each carried a request");
            match keep_alive {
                KeepAlive::Keep => assert_eq!(made, 1, "{what}"),
                _ => assert_eq!(made, door.requests().len() as u64, "{what}"),
            }
            let run = sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
            assert_eq!(run["changes"], serde_json::json!([]), "{what}");
            sandbox.assert_well_behaved();
        }
    }
}

/// A first run, which reads every page, is one conversation too.
#[test]
fn a_reading_of_the_whole_door_on_one_connection() {
    let story = Story::new(|door| door.keep_alive = KeepAlive::Keep);
    story.sync("first", 0);
    assert_eq!(connections(story.door()), 1, "{}", story.door().requests().len());
    story.stays_in_step("first");
}

/// What was learnt holds for the next run, which loses nothing; other firmware is tried anew.
fn is_known(story: &Story, what: &str) {
    story.sandbox.clear_requests();
    story.sync_full(what, 0);
    let sent = story.door().requests().len();
    assert_eq!(connections(story.door()), sent, "{what}: a connection for each request");
    assert_eq!(sent, 2 * logins(story.door()), "{what}: nothing is lost");
    let said = story.sandbox.run(&["check"]).ends(0).stdout;
    assert!(said.contains("gets one request per connection"), "{what}: {said}");

    story.door().set(|door| door.keep_alive = KeepAlive::Keep);
    story.door().edit_settings(|settings| settings.firmware = "V9.9.9".into());
    story.sync_full(what, 0);
    story.sandbox.clear_requests();
    story.sync_full(what, 0);
    assert_eq!(connections(story.door()), 1, "{what}: other firmware");
}

#[test]
fn doors_that_close_without_a_word() {
    let cases = [0, 1, 5]
        .into_iter()
        .flat_map(|after| [KeepAlive::ClosesAfter401(after), KeepAlive::ClosesAfterEach(after)]);
    side_by_side(cases, |keep_alive| {
        let what = format!("{keep_alive:?}");
        let story = Story::new(|door| door.keep_alive = keep_alive);
        let run = story.sync(&what, 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; RENEWED.len()], "{what}");
        assert_eq!(story.door().writes().len(), RENEWED.len(), "{what}");
        story.assert_in_step(&what);
        is_known(&story, &what);
        story.stays_in_step(&what);
    });
}

/// Every request of a run meets the closing once. Mutants: a write is sent twice, or is given up where it
/// had not come to a login; a login is lost for nothing.
#[test]
fn doors_that_close_as_a_request_arrives() {
    let cases = (2..=14).flat_map(|nth| [(nth, false), (nth, true)]);
    side_by_side(cases, |(nth, is_done)| {
        let what = format!("request {nth}, carried out: {is_done}");
        let story = Story::proven();
        story.door().set(|door| door.keep_alive = KeepAlive::ClosesAt { nth, is_done });
        let said = story.sandbox.run(&["sync", "--json"]);
        let run = said.json();
        let lost =
            each(&run, "changes", "outcome").iter().filter(|one| **one == "not-applied").count();
        // A login that was lost with its write: the person is read, and the next run writes.
        let lost_login = door_lost_a_write(story.door());
        assert_eq!(lost, usize::from(lost_login && !is_done), "{what}: {}", said.stderr);
        assert_eq!(said.code, if lost > 0 { 3 } else { 0 }, "{what}: {}", said.stderr);
        if lost > 0 {
            story.sync(&what, 0);
        }
        story.assert_in_step(&what);
        let mut expected: Vec<String> = RENEWED.iter().map(|index| employee_no(*index)).collect();
        expected.sort_unstable();
        assert_eq!(written(story.door()), expected, "{what}: each once");
        is_known(&story, &what);
        story.stays_in_step(&what);
    });
}

/// Whether the last request on a connection that carried several was a change with its login.
fn door_lost_a_write(door: &Device) -> bool {
    let requests = door.requests();
    let first = requests.first().map(|request| request.connection);
    let last = requests.iter().rfind(|request| Some(request.connection) == first);
    last.is_some_and(|request| request.target.contains("Modify") && request.is_authenticated())
}

/// Mutant: a password that was refused is sent again because the answer was lost.
#[test]
fn a_wrong_password_whose_answer_is_lost_is_spent_once() {
    for is_done in [true, false] {
        let story = Story::proven();
        story.door().set_password("Changed-by-somebody");
        story.door().set(|door| door.keep_alive = KeepAlive::ClosesAt { nth: 2, is_done });
        let said = story.sandbox.run(&["sync", "--json"]);
        assert_eq!(each(&said.json(), "devices", "outcome"), ["login-refused"], "{}", said.stderr);
        // Where the first was not looked at, the second is the first that counts.
        assert_eq!(logins(story.door()), if is_done { 1 } else { 2 }, "{is_done}");
        assert_eq!(story.sandbox.club.violations(), Vec::<String>::new());
        assert!(story.door().writes().is_empty(), "{is_done}");
    }
}
