//! What is never believed: nothing is written, nothing is forgotten, and it is told.

use ivms_sync_simulators::cardskipper::{
    Answer, EmptyListing, ErrorBody, OrganisationInfo, Switches,
};
use ivms_sync_simulators::http::Fault;
use serde_json::json;

use crate::support::pinned::START;
use crate::support::{Sandbox, each};

/// A club with a renewal and an inactivation that wait for the next good answer.
fn with_news() -> Sandbox {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.inactivate(4);
    sandbox
}

/// Runs a tick that must refuse its listing, and checks that nothing moved and nothing was
/// forgotten. Gives what was said on stderr.
#[track_caller]
fn refused(sandbox: &Sandbox, what: &str, arguments: &[&str], code: i32) -> String {
    let quiet = ["source", "member", "member_role", "person", "link", "link_row", "change"];
    let (doors, rows) = (sandbox.doors(), sandbox.rows());
    let now = "2026-03-10T10:05:00Z";
    let run = sandbox.at(now, &[&["--json"], arguments].concat());
    assert_eq!(run.code, code, "{what}: {run:?}");
    let document = run.json();
    assert_eq!(document["exit_code"], code, "{what}");
    assert_eq!(document["sources"][0]["accepted"], false, "{what}");
    assert_eq!(document["changes"], json!([]), "{what}");
    let reason = document["sources"][0]["reason"].as_str().unwrap();
    assert!(!reason.is_empty(), "{what}");
    assert_eq!(sandbox.doors(), doors, "{what}");
    assert!(sandbox.club.devices[0].writes().is_empty(), "{what}");
    let after = sandbox.rows();
    for table in quiet {
        assert_eq!(after[table], rows[table], "{what}: {table}");
    }
    // The same trouble is mailed once a day, so what is said is looked at in a diff.
    let said = sandbox.at(now, &["diff", "--full"]);
    assert_eq!(said.code, code, "{what}");
    assert!(said.stderr.contains("club: "), "{what} names the organisation: {}", said.stderr);
    assert!(said.stderr.contains("hint: "), "{what} says what to do: {}", said.stderr);
    said.stderr
}

/// The next good tick carries the renewal out, and the one after it the inactivation: no answer that
/// was refused is one of the two looks.
#[track_caller]
fn goes_on(sandbox: &Sandbox) {
    goes_on_with(sandbox, &["sync", "--json"]);
}

#[track_caller]
fn goes_on_with(sandbox: &Sandbox, arguments: &[&str]) {
    let run = sandbox.at("2026-03-10T10:10:00Z", arguments).ends(0).json();
    assert_eq!(each(&run, "changes", "employee_no"), ["1004", "1005"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "planned"]);
    assert_eq!(each(&run, "changes", "blocked_by"), ["null", "second-look"]);
    let run = sandbox.at("2026-03-10T10:15:00Z", arguments).ends(0).json();
    assert_eq!(each(&run, "changes", "employee_no"), ["1005"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
}

#[test]
fn answers_that_are_no_listing_change_nothing_and_end_with_5() {
    let cases = [
        (Answer::Truncated, "not well-formed"),
        (Answer::Html, "a web page in place of"),
        (Answer::OtherRoot, "`Result` in place of"),
        (Answer::Empty, "nothing in place of"),
        (Answer::EntityBomb, "in place of"),
    ];
    for full in [&["sync"][..], &["sync", "--full"]] {
        let sandbox = with_news();
        for (answer, words) in cases {
            sandbox.club.cardskipper.set(|switches| switches.answer = answer);
            let said = refused(&sandbox, &format!("{answer:?}"), full, 5);
            assert!(said.contains(words), "{said}");
        }
        sandbox.club.cardskipper.set(|switches| switches.answer = Answer::Honest);
        goes_on(&sandbox);
        sandbox.assert_well_behaved();
    }
}

#[test]
fn refusals_by_status_change_nothing() {
    let sandbox = with_news();
    let cardskipper = &sandbox.club.cardskipper;
    for body in [ErrorBody::AspNetHtml, ErrorBody::Text, ErrorBody::Empty, ErrorBody::Xml] {
        for (status, code, words) in [
            (400, 5, "400"),
            (404, 5, "404"),
            (429, 5, "429"),
            (500, 5, "500"),
            (503, 5, "503"),
            (401, 12, "login was refused"),
            (403, 12, "no right"),
        ] {
            cardskipper.set(|s| (s.broken, s.error_body) = (Some(status), body));
            let said = refused(&sandbox, &format!("{status} {body:?}"), &["sync"], code);
            assert!(said.contains(words) && !said.contains('<'), "{said}");
        }
    }
    cardskipper.set(|switches| *switches = Switches::default());
    goes_on(&sandbox);
    sandbox.assert_well_behaved();
}

#[test]
fn a_wrong_password_and_a_missing_right_end_with_12() {
    let mut sandbox = with_news();
    sandbox.password("CARD_PASSWORD", "Card-secret-2");
    let said = refused(&sandbox, "wrong password", &["sync"], 12);
    assert!(said.contains("password") && !said.contains("Card-secret-2"), "{said}");
    sandbox.password("CARD_PASSWORD", "Card-secret-1");
    for status in [401, 403] {
        sandbox.club.cardskipper.set(|s| {
            s.rights.export = false;
            s.rights.refusal = status;
        });
        let said = refused(&sandbox, "no right to export", &["sync"], 12);
        assert!(said.contains("Member/Export"), "{said}");
    }
    sandbox.club.cardskipper.set(|switches| *switches = Switches::default());
    goes_on(&sandbox);
    sandbox.assert_well_behaved();
}

#[test]
fn a_broken_connection_and_a_redirect_elsewhere_end_with_5() {
    let sandbox = with_news();
    let cardskipper = &sandbox.club.cardskipper;
    for (fault, words) in [
        (Fault::CutBody(700), "broke off"),
        (Fault::CutBody(0), "broke off"),
        (Fault::WrongContentLength(10), "broke off"),
        (Fault::DropBefore, "failed to reach"),
        (Fault::DropAfter, "failed to reach"),
        (Fault::Redirect("http://127.0.0.2:1/Member/Export".into()), "redirected to http://127"),
        (Fault::Redirect("https://login.example/".into()), "redirected to https://login.example"),
    ] {
        cardskipper.fault(fault.clone().on("/Member/Export"));
        let said = refused(&sandbox, &format!("{fault:?}"), &["sync"], 5);
        assert!(said.contains(words), "{fault:?}: {said}");
        cardskipper.clear_faults();
    }
    cardskipper.go_offline();
    let said = refused(&sandbox, "offline", &["sync"], 5);
    assert!(said.contains("failed to reach 127.0.0.1"), "{said}");
    cardskipper.go_online();
    goes_on(&sandbox);
    sandbox.assert_well_behaved();
}

#[test]
fn a_listing_that_is_empty_or_halved_or_lacks_the_sentinel_ends_with_4() {
    let mut sandbox = with_news();
    let everybody = sandbox.club.cardskipper.members();
    let full = &["sync", "--full"];

    for form in [EmptyListing::EmptyElement, EmptyListing::NoElement] {
        sandbox.club.cardskipper.set(|switches| switches.empty = form);
        sandbox.club.cardskipper.set_members(Vec::new());
        let said = refused(&sandbox, "empty", full, 4);
        assert!(said.contains("empty") && said.contains("--accept-shrink 0"), "{said}");
    }
    sandbox.club.cardskipper.set_members(everybody[..10].to_vec());
    let said = refused(&sandbox, "halved", full, 4);
    assert!(said.contains("10 members") && said.contains("--accept-shrink 10"), "{said}");

    // Everybody is listed, but in another organisation.
    sandbox.club.cardskipper.set_members(everybody.clone());
    sandbox.club.cardskipper.edit_all(|member| member.organisations[0].id = 999);
    let said = refused(&sandbox, "moved elsewhere", full, 4);
    assert!(said.contains("empty"), "{said}");

    sandbox.club.cardskipper.set_members(everybody);
    sandbox.set("cardskipper.club", "sentinel = 777");
    let said = refused(&sandbox, "no sentinel", full, 4);
    assert!(said.contains("member 777"), "{said}");
    let said = refused(&sandbox, "no sentinel", &["sync", "--accept-shrink", "20"], 4);
    assert!(said.contains("member 777"), "a missing sentinel is never overruled: {said}");
    sandbox.extra.clear();
    sandbox.set("cardskipper.club", "sentinel = 150001");
    goes_on_with(&sandbox, &["sync", "--full", "--json"]);
    sandbox.assert_well_behaved();
}

#[test]
fn an_organisation_that_the_login_does_not_have_ends_with_12() {
    let mut sandbox = with_news();
    let config = sandbox.config().replace("organisation_id = 123", "organisation_id = 124");
    sandbox.replace_config(Some(config));
    let said = refused(&sandbox, "wrong organisation", &["sync"], 12);
    assert!(said.contains("organisation_id"), "{said}");
    sandbox.replace_config(None);
    goes_on(&sandbox);
    sandbox.assert_well_behaved();
}

#[test]
fn an_organisation_without_any_member_is_doubted_aloud() {
    let mut sandbox = with_news();
    sandbox.club.cardskipper.edit_settings(|settings| {
        let (id, name) = (124, "Fitnes Drugje".to_owned());
        settings.organisations.push(OrganisationInfo { id, name, roles: Vec::new() });
    });
    let config = sandbox.config().replace("organisation_id = 123", "organisation_id = 124");
    sandbox.replace_config(Some(config));
    let doors = sandbox.doors();
    let said = sandbox.at("2026-03-10T10:05:00Z", &["sync"]).ends(4);
    assert!(said.stderr.contains("warning: club: "), "{}", said.stderr);
    assert!(said.stderr.contains("organisation_id"), "{}", said.stderr);
    let left = "20 members of organisation cardskipper:123 served until now";
    assert!(said.stderr.contains(left), "{}", said.stderr);
    assert_eq!(sandbox.doors(), doors);
    // It is told in every tick until somebody has accepted that they are gone.
    let run = sandbox.at("2026-03-10T10:10:00Z", &["sync", "--json"]).ends(4).json();
    assert!(run["problems"].to_string().contains(left), "{run}");
    let back = sandbox.path("ivms-sync.db");
    let kept = std::fs::read(&back).unwrap();
    let accept = ["sync", "--json", "--accept-device", "door1=23"];
    sandbox.at("2026-03-10T10:15:00Z", &accept).ends(0);
    sandbox.at("2026-03-10T10:20:00Z", &["sync"]).ends(0);
    std::fs::write(&back, kept).unwrap();
    let _ = std::fs::remove_file(sandbox.path("ivms-sync.db-wal"));
    sandbox.replace_config(None);
    goes_on(&sandbox);
    sandbox.assert_well_behaved();
}

#[test]
fn a_shrunk_listing_is_accepted_by_its_exact_count_only() {
    let sandbox = with_news();
    let everybody = sandbox.club.cardskipper.members();
    sandbox.club.cardskipper.set_members(everybody[..10].to_vec());
    for wrong in ["9", "11", "0", "20"] {
        refused(&sandbox, wrong, &["sync", "--full", "--accept-shrink", wrong], 4);
    }
    let accepted = ["sync", "--json", "--accept-shrink", "10"];
    let run = sandbox.at("2026-03-10T10:10:00Z", &accepted).ends(0).json();
    assert_eq!(run["sources"][0]["listing"], "complete", "it asks for everybody by itself");
    assert_eq!(run["sources"][0]["members"], 10);
    assert_eq!(each(&run, "changes", "employee_no"), ["1004", "1005"], "nobody else loses a door");
    sandbox.full_at("2026-03-10T10:15:00Z", 0);
    sandbox.assert_well_behaved();
}

#[test]
fn two_missing_members_are_never_suspicious() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    let everybody = sandbox.club.cardskipper.members();
    sandbox.club.cardskipper.set_members(everybody[..3].to_vec());
    sandbox.full_at("2026-03-10T10:05:00Z", 0);
    sandbox.club.cardskipper.set_members(Vec::new());
    refused(&sandbox, "the last three", &["sync", "--full"], 4);
    sandbox.assert_well_behaved();
}

#[test]
fn while_cardskipper_is_away_known_grants_go_out_and_revocations_wait() {
    let sandbox = Sandbox::pinned(20, 2);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.inactivate(4);
    sandbox.club.devices[1].go_offline();
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 3);
    assert_eq!(each(&run, "devices", "outcome"), ["ok", "unreachable"]);
    let on_door1 = |key: &str| each(&run, "changes", key)[..2].to_vec();
    assert_eq!(on_door1("device"), ["door1", "door1"]);
    assert_eq!(on_door1("outcome"), ["confirmed", "planned"]);
    assert_eq!(on_door1("blocked_by"), ["null", "second-look"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2030-11-01T23:59:59");

    sandbox.club.cardskipper.go_offline();
    sandbox.club.devices[1].go_online();
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 5);
    assert_eq!(each(&run, "changes", "kind"), ["grant"]);
    assert_eq!(each(&run, "changes", "device"), ["door2"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(sandbox.end_on(1, "1004"), "2030-11-01T23:59:59");
    let waiting = &run["left_out"][0];
    assert_eq!((&waiting["number"], &waiting["reason"]), (&json!(150_005), &json!("blocked")));
    for door in &sandbox.club.devices {
        assert!(door.door_opens("1005", 1, door.wall_clock()), "nothing is taken on old news");
    }

    sandbox.club.cardskipper.go_online();
    let run = sandbox.sync_at("2026-03-10T10:15:00Z", 0);
    assert_eq!(each(&run, "changes", "cause"), ["inactive", "inactive"]);
    assert_eq!(each(&run, "changes", "device"), ["door1", "door2"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    for door in 0..2 {
        assert_eq!(sandbox.end_on(door, "1005"), "2026-03-09T23:59:59");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn one_trouble_is_said_once_a_day_and_another_at_once() {
    let sandbox = with_news();
    let cardskipper = &sandbox.club.cardskipper;
    let everybody = cardskipper.members();
    let tick = |now: &str| {
        let said = sandbox.at(now, &["sync", "--full"]);
        (said.code, said.stdout.lines().count() > 0, said.stderr.lines().count())
    };
    cardskipper.set_members(everybody[..10].to_vec());
    // What a person looks at is news to cron all the same.
    sandbox.at("2026-03-10T10:04:00Z", &["diff", "--full"]).ends(4);
    assert_eq!(tick("2026-03-10T10:05:00Z"), (4, true, 2));
    assert_eq!(tick("2026-03-10T10:10:00Z"), (4, false, 0), "no mail, and still the code");
    cardskipper.set_members(Vec::new());
    assert_eq!(tick("2026-03-10T10:15:00Z"), (4, true, 2), "another refusal");
    cardskipper.set(|switches| switches.broken = Some(500));
    assert_eq!(tick("2026-03-10T10:20:00Z"), (5, true, 2));
    assert_eq!(tick("2026-03-11T10:19:00Z"), (5, false, 0));
    assert_eq!(tick("2026-03-11T10:20:00Z"), (5, true, 2), "a day later");
    cardskipper.set(|switches| switches.broken = None);
    cardskipper.set_members(everybody);
    assert_eq!(
        tick("2026-03-11T10:25:00Z"),
        (0, true, 0),
        "all is well; one change, and one that waits"
    );
    cardskipper.set(|switches| switches.broken = Some(500));
    assert_eq!(tick("2026-03-11T10:30:00Z"), (5, true, 2), "news again");
    let loud = sandbox.at("2026-03-11T10:35:00Z", &["sync", "-v"]);
    assert!(!loud.stdout.is_empty(), "-v says everything");
    sandbox.assert_well_behaved();
}
