//! This computer's own clock: every end date is judged by it, so a wrong one changes nothing.

use chrono::TimeDelta;
use ivms_sync_simulators::http::Request;
use serde_json::{Value, json};

use crate::support::pinned::{START, instant};
use crate::support::{Sandbox, each};

/// A club in sync with a renewal to come.
fn with_news() -> Sandbox {
    let sandbox = Sandbox::pinned(20, 2);
    sandbox.sync_at(START, 0);
    assert!(sandbox.club.renew(3, "2030-11-01"));
    sandbox
}

/// Runs with this computer's clock at `own` while every other one shows `theirs`.
fn run(sandbox: &Sandbox, theirs: &str, own_ahead: TimeDelta) -> Value {
    sandbox.clocks(theirs);
    let own = (instant(theirs) + own_ahead).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    sandbox.run_at(Some(&own), &["sync", "--json"]).json()
}

#[test]
fn a_clock_that_differs_from_cardskippers_is_fatal_and_nothing_is_written_or_remembered() {
    for (what, ahead, words) in [
        ("two minutes ahead", TimeDelta::minutes(2), "seconds ahead of this"),
        ("two minutes behind", TimeDelta::minutes(-2), "seconds behind this"),
        ("a year ahead", TimeDelta::days(365), "seconds ahead"),
        ("no battery: it begins in 1970", TimeDelta::days(-20_000), "seconds behind"),
    ] {
        let sandbox = with_news();
        let (doors, rows) = (sandbox.doors(), sandbox.rows());
        let document = run(&sandbox, "2026-03-10T10:05:00Z", ahead);
        assert_eq!(document["exit_code"], 7, "{what}: {document}");
        assert_eq!(document["changes"], json!([]), "{what}");
        assert_eq!(document["sources"][0]["accepted"], false, "{what}");
        let reason = document["sources"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("this computer's clock is") && reason.contains(words), "{reason}");
        assert_eq!(sandbox.doors(), doors, "{what}");
        for table in ["source", "member", "member_role", "change"] {
            assert_eq!(sandbox.rows()[table], rows[table], "{what}: {table}");
        }
        // With the clock set right, the next tick misses nothing.
        let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"], "{what}");
        sandbox.assert_well_behaved();
    }
}

#[test]
fn less_than_a_minute_is_fine() {
    for seconds in [-55, 0, 55] {
        let sandbox = with_news();
        let document = run(&sandbox, "2026-03-10T10:05:00Z", TimeDelta::seconds(seconds));
        assert_eq!(document["exit_code"], 0, "{seconds}: {document}");
        assert_eq!(each(&document, "changes", "outcome"), ["confirmed", "confirmed"]);
    }
}

#[test]
fn a_service_that_tells_no_time_is_believed_as_before() {
    let sandbox = with_news();
    sandbox.club.cardskipper.set(|switches| switches.date_header = false);
    let document = run(&sandbox, "2026-03-10T10:05:00Z", TimeDelta::zero());
    assert_eq!(document["exit_code"], 0, "{document}");
}

#[test]
fn a_clock_that_went_back_is_believed_only_with_a_witness() {
    // Cardskipper is away, and an hour ago it was an hour later than now.
    let sandbox = with_news();
    let early = "2026-03-10T09:00:00Z";
    sandbox.club.cardskipper.go_offline();
    let document = sandbox.sync_at(early, 7);
    let text = document["problems"][0]["text"].as_str().unwrap();
    assert!(text.contains("an earlier run began at 2026-03-10 10:00 UTC"), "{text}");
    assert!(sandbox.club.devices.iter().all(|door| door.writes().is_empty()));

    // So it is when Cardskipper answers without a time.
    sandbox.club.cardskipper.go_online();
    sandbox.club.cardskipper.set(|switches| switches.date_header = false);
    sandbox.sync_at(early, 7);
    assert!(sandbox.club.devices.iter().all(|door| door.writes().is_empty()));

    // It was the earlier run whose clock was wrong: Cardskipper says so.
    sandbox.club.cardskipper.set(|switches| switches.date_header = true);
    let run = sandbox.sync_at(early, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    sandbox.assert_well_behaved();
}

/// Mutants: a doubt that lasts as long as the clock was ahead; one that any run ends; ticks that are never
/// quiet again until then; a listing of changes since a moment that is yet to come.
#[test]
fn a_clock_that_was_a_year_ahead_is_doubted_for_a_day_and_forgotten() {
    let sandbox = with_news();
    sandbox.club.cardskipper.set(|switches| switches.date_header = false);
    let run = sandbox.full_at("2027-03-10T10:00:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    // Set right; and nobody tells which of the two it is.
    assert!(sandbox.club.renew(5, "2031-11-01"));
    for now in ["2026-03-10T10:05:00Z", "2026-03-10T22:05:00Z", "2026-03-11T10:04:00Z"] {
        let document = sandbox.sync_at(now, 7);
        let text = document["problems"][0]["text"].as_str().unwrap();
        assert!(text.contains("an earlier run began at 2027-03-10 10:00 UTC"), "{text}");
    }
    let run = sandbox.sync_at("2026-03-11T10:05:00Z", 0);
    let renewed = each(&run, "changes", "employee_no");
    assert!(renewed.contains(&"1006"), "a complete listing names the renewal: {run}");
    sandbox.sync_at("2026-03-11T10:10:00Z", 0);
    sandbox.clear_requests();
    assert_eq!(sandbox.sync_at("2026-03-11T10:15:00Z", 0)["changes"], json!([]));
    let asked: usize = sandbox.club.devices.iter().map(|door| door.requests().len()).sum();
    assert_eq!((asked, sandbox.club.cardskipper.requests().len()), (0, 1), "quiet again");
    sandbox.assert_well_behaved();
}

/// Mutant: asking for changes since then, which leaves out what changed in between.
#[test]
fn after_changes_were_fetched_in_the_future_the_next_listing_is_complete() {
    let mut sandbox = with_news();
    sandbox.set("cardskipper.club", "full_every = \"24h\"");
    sandbox.club.cardskipper.set(|switches| switches.date_header = false);
    sandbox.sync_at("2026-03-10T18:00:00Z", 0);
    // The clock was eight hours ahead; nobody tells the time, until Cardskipper does.
    sandbox.clocks("2026-03-10T10:05:00Z");
    assert!(sandbox.club.renew(5, "2031-11-01"));
    sandbox.club.cardskipper.set(|switches| switches.date_header = true);
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(run["sources"][0]["listing"], "complete", "{run}");
    assert_eq!(each(&run, "changes", "employee_no"), ["1006", "1006"]);
    sandbox.assert_well_behaved();
}

/// Mutants: the doors are not asked; one that has another time is not heard; their clocks are asked at
/// every tick; the listing counts all the same; a door that refuses the login is asked for its time.
#[test]
fn where_the_doors_agree_with_us_it_is_cardskippers_clock() {
    for (what, theirs, words) in [
        ("an old answer of a proxy", "2026-03-10T07:35:00Z", "seconds behind; 2 doors"),
        ("a day ahead", "2026-03-11T10:05:00Z", "seconds ahead; 2 doors"),
    ] {
        let sandbox = with_news();
        sandbox.sync_at("2026-03-10T10:01:00Z", 0);
        sandbox.clear_requests();
        assert!(sandbox.club.renew(5, "2031-11-01") && sandbox.club.inactivate(7));
        let doors = sandbox.doors();
        let now = "2026-03-10T10:05:00Z";
        // One clock drives all simulators, so it is the doors' that are set apart.
        sandbox.clocks(theirs);
        let apart = instant(now) - instant(theirs);
        sandbox.club.devices.iter().for_each(|door| door.set_clock_offset(apart));
        let document = sandbox.run_at(Some(now), &["sync", "--json"]).ends(5).json();
        let text = document["problems"][0]["text"].as_str().unwrap();
        assert!(text.contains(words), "{what}: {text}");
        assert!(text.contains("2 doors and this computer agree"), "{what}: {text}");
        assert_eq!(document["sources"][0]["accepted"], false, "{what}");
        assert_eq!(each(&document, "devices", "outcome"), ["ok", "ok"], "the doors are not blamed");
        assert_eq!(sandbox.doors(), doors, "{what}");
        // Set right over there, nothing was missed.
        sandbox.club.devices.iter().for_each(|door| door.set_clock_offset(TimeDelta::zero()));
        let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
        assert_eq!(
            each(&run, "changes", "employee_no"),
            ["1006", "1008", "1006", "1008"],
            "{what}"
        );
        let outcomes = ["confirmed", "planned", "confirmed", "planned"];
        assert_eq!(each(&run, "changes", "outcome"), outcomes, "{what}");
        let waits = ["null", "second-look", "null", "second-look"];
        assert_eq!(
            each(&run, "changes", "blocked_by"),
            waits,
            "what was refused is no look: {what}"
        );
        let run = sandbox.sync_at("2026-03-10T10:15:00Z", 0);
        assert_eq!(each(&run, "changes", "employee_no"), ["1008", "1008"], "{what}");
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"], "{what}");
        sandbox.clear_requests();
        sandbox.sync_at("2026-03-10T10:20:00Z", 0);
        let times = |request: &Request| request.path().contains("/time");
        assert!(sandbox.club.devices.iter().all(|door| !door.requests().iter().any(times)));
        sandbox.assert_well_behaved();
    }
}

/// Mutants: the others are asked after one that has another time; a door that did not tell is asked in
/// vain at every tick.
#[test]
fn where_a_door_has_another_time_nobody_knows() {
    let sandbox = with_news();
    let now = "2026-03-10T10:05:00Z";
    sandbox.clocks("2026-03-10T09:05:00Z");
    sandbox.clear_requests();
    sandbox.run_at(Some(now), &["sync", "--json"]).ends(7);
    let is_asked = |place: usize| !sandbox.club.devices[place].requests().is_empty();
    assert_eq!([0, 1].map(is_asked), [true, false]);
    sandbox.club.devices[0].set_clock_offset(TimeDelta::hours(1));
    let document = sandbox.run_at(Some(now), &["sync", "--json"]).ends(7).json();
    assert!(document["problems"][0]["text"].as_str().unwrap().contains("this computer's clock is"));
    // With the other door alone it is known again; and with none it is not.
    sandbox.club.devices[1].go_offline();
    sandbox.run_at(Some(now), &["sync", "--json"]).ends(5);
    let failed = |row: &&String| row.contains("failures=Integer(1)");
    assert_eq!(sandbox.rows()["device"].iter().filter(failed).count(), 1);
    sandbox.club.devices[0].go_offline();
    sandbox.run_at(Some(now), &["sync", "--json"]).ends(7);
}
