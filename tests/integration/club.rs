//! Listings: what Cardskipper says, in every form, and what is never believed.

use ivms_sync_simulators::cardskipper::{
    Answer, ChangedAtZone, DateForm, EmptyListing, Encoding, ErrorBody, Member, OrganisationInfo,
    Role, Switches,
};
use ivms_sync_simulators::club::{ORGANISATION, ROLE, employee_no, number};
use ivms_sync_simulators::http::{Fault, Request};
use serde_json::{Value, json};

use super::support::pinned::START;
use super::support::{Sandbox, each};

/// The value of a criterion in a `Member/Export` request.
fn criterion(request: &Request, name: &str) -> Option<String> {
    let text = request.text();
    let (_, rest) = text.split_once(&format!("<{name} value=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// `ChangedAt` of the one request that Cardskipper got.
#[track_caller]
fn changed_at(sandbox: &Sandbox) -> Option<String> {
    let requests = sandbox.club.cardskipper.requests();
    let exports: Vec<_> = requests.iter().filter(|r| r.path().contains("/Member/Export")).collect();
    assert_eq!(exports.len(), 1, "one request to the organisation");
    assert_eq!(criterion(exports[0], "OnlyActive"), None, "inactivation must show");
    assert_eq!(criterion(exports[0], "OrganisationId").as_deref(), Some("123"));
    let found = criterion(exports[0], "ChangedAt");
    sandbox.clear_requests();
    found
}

/// The one role of a member.
fn role(member: &mut Member) -> &mut Role {
    &mut member.organisations[0].roles[0]
}

fn set_role(sandbox: &Sandbox, index: usize, start: &str, end: &str) {
    assert!(sandbox.club.cardskipper.edit(number(index), |member| {
        role(member).start = start.to_owned();
        role(member).end = end.to_owned();
    }));
}

// What a tick asks

#[test]
fn a_quiet_tick_of_five_thousand_members_is_one_request() {
    let sandbox = Sandbox::agreeing(5000, 1);
    sandbox.sync(0);
    sandbox.clear_requests();
    let connections = sandbox.club.devices[0].http().connections();
    let quiet = sandbox.run(&["sync"]).ends(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    assert_eq!(sandbox.club.cardskipper.requests().len(), 1);
    assert_eq!(sandbox.club.devices[0].requests().len(), 0);
    assert_eq!(sandbox.club.devices[0].http().connections(), connections, "not even a connection");
    sandbox.assert_well_behaved();
}

#[test]
fn changes_are_asked_for_since_the_last_good_fetch_less_an_hour() {
    let sandbox = Sandbox::pinned(10, 1);
    let cardskipper = &sandbox.club.cardskipper;
    sandbox.sync_at("2026-03-10T10:00:00Z", 0);
    assert_eq!(changed_at(&sandbox), None, "the first listing is complete");
    sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:00:00"));
    sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:05:00"));
    cardskipper.set(|switches| switches.broken = Some(500));
    sandbox.sync_at("2026-03-10T10:15:00Z", 5);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:10:00"));
    cardskipper.set(|switches| switches.broken = None);
    sandbox.sync_at("2026-03-10T10:20:00Z", 0);
    assert_eq!(changed_at(&sandbox).as_deref(), Some("2026-03-10T09:10:00"), "10:15 failed");
    sandbox.assert_well_behaved();
}

#[test]
fn no_change_is_lost_in_whatever_zone_changed_at_is_read() {
    for zone in [ChangedAtZone::Utc, ChangedAtZone::Sweden] {
        // Winter and summer, and the night in which the clocks go back.
        for day in ["2026-01-15T12:", "2026-07-15T12:", "2026-10-25T00:"] {
            let at = |minute: &str| format!("{day}{minute}:00Z");
            let sandbox = Sandbox::pinned_at(10, 1, &at("00"));
            sandbox.club.cardskipper.set(|switches| switches.changed_at = zone);
            sandbox.sync_at(&at("00"), 0);
            for (asked, index) in [("05", 3), ("10", 4), ("55", 5)] {
                sandbox.clear_requests();
                sandbox.club.renew(index, "2030-11-01");
                let run = sandbox.sync_at(&at(asked), 0);
                assert_eq!(run["sources"][0]["listing"], "changes");
                assert_eq!(each(&run, "changes", "employee_no"), [employee_no(index)]);
            }
            sandbox.assert_well_behaved();
        }
    }
}

#[test]
fn inactivation_shows_between_complete_listings() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.inactivate(2);
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(run["sources"][0]["listing"], "changes");
    assert_eq!(each(&run, "changes", "cause"), ["inactive"]);
    sandbox.assert_well_behaved();
}

#[test]
fn a_complete_listing_comes_again_after_full_every_and_when_asked_for() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.set("cardskipper.club", "full_every = \"30m\"");
    for (now, listing) in [
        ("2026-03-10T10:00:00Z", "complete"),
        ("2026-03-10T10:05:00Z", "changes"),
        ("2026-03-10T10:29:59Z", "changes"),
        ("2026-03-10T10:30:00Z", "complete"),
        ("2026-03-10T10:35:00Z", "changes"),
        // The clock was set back: since when things changed is not known.
        ("2026-03-10T09:00:00Z", "complete"),
    ] {
        let run = sandbox.sync_at(now, 0);
        assert_eq!(run["sources"][0]["listing"], listing, "{now}");
    }
    let run = sandbox.full_at("2026-03-10T09:05:00Z", 0);
    assert_eq!(run["sources"][0]["listing"], "complete", "--full");
    sandbox.assert_well_behaved();
}

// How an answer may look

/// Sets the simulator's switches.
type Turn = fn(&mut Switches);

#[test]
fn a_renewal_comes_through_in_every_form_of_the_answer() {
    let forms: [(&str, Turn); 16] = [
        ("byte-order mark", |s| s.encoding = Encoding::Utf8Bom),
        ("UTF-16", |s| s.encoding = Encoding::Utf16),
        ("CR LF", |s| s.crlf = true),
        ("no declarations", |s| s.declarations = false),
        ("shuffled attributes", |s| s.shuffled = true),
        ("unknown parts", |s| s.unknown_parts = true),
        ("gzip", |s| s.gzip = true),
        ("days", |s| s.dates = DateForm::Day),
        ("midnights", |s| s.dates = DateForm::Midnight),
        ("fractions", |s| s.dates = DateForm::Fraction),
        ("Zulu", |s| s.dates = DateForm::Zulu),
        ("offsets", |s| s.dates = DateForm::Offset),
        ("no Date header", |s| s.date_header = false),
        ("no personal data", |s| s.personal_data = false),
        ("keep-alive", |s| s.keep_alive = true),
        ("everything at once", |s| {
            s.encoding = Encoding::Utf16;
            (s.crlf, s.declarations, s.shuffled, s.unknown_parts) = (true, true, true, true);
            (s.gzip, s.dates) = (true, DateForm::Offset);
        }),
    ];
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let door = &sandbox.club.devices[0];
    let mut year = 2027;
    for (name, turn) in forms {
        sandbox.club.cardskipper.set(|switches| *switches = Switches::default());
        sandbox.club.cardskipper.set(turn);
        for arguments in [&["sync", "--json"][..], &["sync", "--full", "--json"]] {
            let mut before = door.person("1004").unwrap();
            // Summer and winter, and never the same date twice.
            let end = if year % 2 == 0 { format!("{year}-07-31") } else { format!("{year}-11-01") };
            year = if year == 2036 { 2027 } else { year + 1 };
            sandbox.club.renew(3, &end);
            let run = sandbox.at("2026-03-10T10:05:00Z", arguments).ends(0).json();
            assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{name}");
            before.end = format!("{end}T23:59:59");
            assert_eq!(door.person("1004").unwrap(), before, "{name}");
        }
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_listing_of_changes_without_members_is_a_quiet_tick() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    for form in [EmptyListing::EmptyElement, EmptyListing::NoElement] {
        sandbox.club.cardskipper.set(|switches| switches.empty = form);
        // Nothing changed in the last hour.
        sandbox.full_at("2026-03-10T12:00:00Z", 0);
        let said = sandbox.at("2026-03-10T12:30:00Z", &["sync"]).ends(0);
        assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""), "{form:?}");
        let run = sandbox.sync_at("2026-03-10T12:35:00Z", 0);
        assert_eq!(run["sources"][0]["members"], 0);
        assert_eq!(run["sources"][0]["listing"], "changes");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_club_of_one_member_is_a_club() {
    let sandbox = Sandbox::agreeing(1, 1);
    sandbox.sync(0);
    sandbox.club.renew(0, "2030-11-01");
    for arguments in [&["sync", "--full", "--json"][..], &["sync", "--json"]] {
        let run = sandbox.run(arguments).ends(0).json();
        assert_eq!(run["sources"][0]["members"], 1);
    }
    assert_eq!(sandbox.end_on(0, "1001"), "2030-11-01T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn only_the_memberships_of_the_configured_organisation_count() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(3), |member| {
        // A longer membership elsewhere, before and after ours.
        member.organisations.insert(0, member.organisations[0].clone());
        member.organisations[0].id = 999;
        member.organisations[0].roles[0].end = "2036-12-31".to_owned();
        let other = member.organisation(1000);
        other.roles.push(Role { id: ROLE, start: "2020-01-01".into(), end: "2035-12-31".into() });
        member.organisation(ORGANISATION).roles[0].end = "2030-11-01".to_owned();
    });
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(run["changes"][0]["after"]["end"], "2030-11-01T23:59:59");
    assert_eq!(sandbox.end_on(0, "1004"), "2030-11-01T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn only_roles_that_open_doors_count() {
    let mut sandbox = Sandbox::pinned(10, 2);
    sandbox.set("cardskipper.club", "roles = [3126, 3127]");
    sandbox.set("hikvision.door2", "roles = [3127]");
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(3), |member| {
        *member = member.clone().role(ORGANISATION, 3127, "2026-01-01", "2031-01-31");
        *member = member.clone().role(ORGANISATION, 77, "2026-01-01", "2036-01-31");
    });
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    let ends: Vec<_> =
        run["changes"].as_array().unwrap().iter().map(|c| &c["after"]["end"]).collect();
    assert_eq!(ends, ["2031-01-31T23:59:59", "2031-01-31T23:59:59"]);
    let others: Vec<_> = run["left_out"].as_array().unwrap().iter().collect();
    assert_eq!(others.len(), 9, "the others have nothing that opens the sauna");
    assert!(others.iter().all(|o| o["reason"] == "no-door-role" && o["device"] == "door2"));
    sandbox.assert_well_behaved();
}

// What is never believed

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

/// The next good tick carries both news out.
#[track_caller]
fn goes_on(sandbox: &Sandbox) {
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(each(&run, "changes", "employee_no"), ["1004", "1005"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
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
        cardskipper.http().clear_faults();
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
    let run = sandbox.full_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
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
    let said = sandbox.at("2026-03-10T10:05:00Z", &["sync"]).ends(0);
    assert!(said.stderr.contains("warning: club: "), "{}", said.stderr);
    assert!(said.stderr.contains("organisation_id"), "{}", said.stderr);
    assert_eq!(sandbox.doors(), doors);
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
    let agreed = &sandbox.club.devices[1];
    assert!(agreed.door_opens("1005", 1, agreed.wall_clock()), "nothing is taken on old news");

    sandbox.club.cardskipper.go_online();
    let run = sandbox.sync_at("2026-03-10T10:15:00Z", 0);
    assert_eq!(each(&run, "changes", "cause"), ["inactive"]);
    assert_eq!(sandbox.end_on(1, "1005"), "2026-03-09T23:59:59");
    sandbox.assert_well_behaved();
}

// What a membership becomes

/// The one change of a document, as `(employee_no, cause, kind, begin, end)`.
#[track_caller]
fn only_change(run: &Value) -> [&str; 5] {
    let changes = run["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{run:#}");
    let text = |pointer: &str| changes[0].pointer(pointer).unwrap().as_str().unwrap();
    assert_eq!(text("/outcome"), "confirmed", "{run:#}");
    [text("/employee_no"), text("/cause"), text("/kind"), text("/after/begin"), text("/after/end")]
}

#[test]
fn an_earlier_end_date_is_a_cancellation() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-20");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    let end = "2026-03-20T23:59:59";
    assert_eq!(only_change(&run), ["1004", "shortened", "revocation", "2026-01-01T00:00:00", end]);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-05");
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    let end = "2026-03-05T23:59:59";
    assert_eq!(only_change(&run), ["1004", "shortened", "revocation", "2026-01-01T00:00:00", end]);
    let door = &sandbox.club.devices[0];
    assert!(!door.door_opens("1004", 1, door.wall_clock()));
    sandbox.assert_well_behaved();
}

#[test]
fn an_inactive_member_is_out_since_yesterday_and_is_written_once() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let before = sandbox.club.devices[0].person("1004").unwrap();
    sandbox.club.inactivate(3);
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[1..3], ["inactive", "revocation"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2026-03-09T23:59:59");
    sandbox.clear_requests();
    for later in ["2026-03-10T23:30:00Z", "2026-03-11T10:00:00Z", "2026-04-30T10:00:00Z"] {
        let run = sandbox.full_at(later, 0);
        assert_eq!(run["changes"], json!([]), "{later}");
    }
    assert!(sandbox.club.devices[0].writes().is_empty());
    sandbox.club.cardskipper.edit(number(3), |member| member.inactive = Some(false));
    let run = sandbox.full_at("2026-04-30T10:05:00Z", 0);
    assert_eq!(only_change(&run)[1..3], ["renewed", "grant"]);
    assert_eq!(sandbox.club.devices[0].person("1004").unwrap(), before);
    sandbox.assert_well_behaved();
}

#[test]
fn inactive_keep_leaves_the_door_open_until_the_paid_date() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.set("policy", "inactive = \"keep\"");
    sandbox.sync_at(START, 0);
    sandbox.club.inactivate(3);
    assert_eq!(sandbox.sync_at("2026-03-10T10:05:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn inverted_dates_are_reported_and_the_door_stays_as_it_is() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let doors = sandbox.doors();
    set_role(&sandbox, 3, "2026-12-31", "2026-01-01");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(run["changes"], json!([]));
    assert_eq!(each(&run, "left_out", "reason"), ["bad-dates"]);
    assert_eq!(run["left_out"][0]["number"], 150_004);
    assert_eq!(sandbox.doors(), doors);
    let diff = sandbox.at("2026-03-10T10:05:00Z", &["diff"]).ends(0).stdout;
    assert!(diff.contains("150004") && diff.contains("ends before it begins"), "{diff}");

    // Beside a good membership the inverted one does not count.
    sandbox.club.cardskipper.edit(number(3), |member| {
        *member = member.clone().role(ORGANISATION, ROLE, "2026-01-01", "2027-01-31");
    });
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2027-01-31T23:59:59"]);
    sandbox.assert_well_behaved();
}

#[test]
fn an_entry_that_can_not_be_used_keeps_the_door_and_is_reported() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let doors = sandbox.doors();
    for (start, end, words) in [
        ("2026-01-01", "soon", "EndDate is `soon`"),
        ("", "2026-12-31", "StartDate is ``"),
        ("0001-01-01", "2026-12-31", "StartDate is `0001-01-01`"),
        ("2026-01-01", "31.12.2026", "EndDate is `31.12.2026`"),
    ] {
        set_role(&sandbox, 3, start, end);
        for now in ["2026-03-10T10:05:00Z", "2026-03-10T10:10:00Z"] {
            let run = sandbox.full_at(now, 0);
            assert_eq!(run["changes"], json!([]), "{end}");
            assert_eq!(each(&run, "left_out", "reason"), ["bad-dates"]);
            let detail = run["left_out"][0]["detail"].as_str().unwrap();
            assert!(detail.contains(words), "{detail}");
        }
        assert_eq!(sandbox.doors(), doors);
    }
    set_role(&sandbox, 3, "2026-01-01", "2030-11-01");
    let run = sandbox.sync_at("2026-03-10T10:15:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "the next usable entry counts");
    sandbox.assert_well_behaved();
}

#[test]
fn a_future_membership_opens_the_door_when_it_begins() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-05");
    sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    sandbox.club.cardskipper.edit(number(3), |member| {
        *member = member.clone().role(ORGANISATION, ROLE, "2026-04-01", "2026-06-30");
    });
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    let (begin, end) = ("2026-04-01T00:00:00", "2026-06-30T23:59:59");
    assert_eq!(only_change(&run), ["1004", "started", "grant", begin, end]);
    let door = &sandbox.club.devices[0];
    let opens = |day: &str| door.door_opens("1004", 1, day.parse().unwrap());
    assert!(!opens("2026-03-31T23:59:59") && opens("2026-04-01T00:00:00"));
    assert_eq!(sandbox.full_at("2026-04-01T10:00:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn overlapping_and_adjacent_memberships_are_one() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(3), |member| {
        member.organisations[0].roles.clear();
        *member = member
            .clone()
            .role(ORGANISATION, ROLE, "2026-01-01", "2026-03-31")
            .role(ORGANISATION, 3127, "2026-03-15", "2026-05-31")
            .role(ORGANISATION, ROLE, "2026-06-01", "2026-08-31")
            .role(ORGANISATION, ROLE, "2026-09-02", "2026-12-31");
    });
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2026-08-31T23:59:59"]);
    // After the gap the next one follows.
    let run = sandbox.full_at("2026-09-01T10:00:00Z", 0);
    let (begin, end) = ("2026-09-02T00:00:00", "2026-12-31T23:59:59");
    assert!(run["changes"].as_array().unwrap().iter().any(|change| {
        change["employee_no"] == "1004" && change["after"] == json!({"begin": begin, "end": end})
    }));
    sandbox.assert_well_behaved();
}

#[test]
fn grace_days_follow_the_paid_time() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "2026-03-09");
    sandbox.set("policy", "grace_days = 3");
    let run = sandbox.at("2026-03-10T10:05:00Z", &["sync", "--json", "--only", "150004"]);
    let run = run.ends(0).json();
    assert_eq!(only_change(&run)[3..], ["2026-01-01T00:00:00", "2026-03-12T23:59:59"]);
    sandbox.assert_well_behaved();
}

#[test]
fn a_number_that_occurs_twice_is_two_members() {
    let sandbox = Sandbox::pinned(10, 1);
    let twin = sandbox.club.cardskipper.member(number(3)).unwrap();
    let twin = Member { email: "twin@example.si".into(), birth_date: "2001-02-03".into(), ..twin };
    sandbox.club.cardskipper.add(twin);
    sandbox.sync_at(START, 0);
    assert!(sandbox.club.renew(3, "2030-11-01"), "the first of the two");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[0], "1004");
    assert_eq!(each(&run, "left_out", "reason"), ["no-person"], "the other has no person");
    let found = sandbox.at("2026-03-10T10:05:00Z", &["lookup", "150004", "--json"]).json();
    assert_eq!(found["members"].as_array().unwrap().len(), 2);

    // The same number, birth date and all, but another end: nobody knows which one holds.
    let double = sandbox.club.cardskipper.member(number(5)).unwrap();
    let doors = sandbox.doors();
    sandbox.club.cardskipper.add(Member { email: "other@example.si".into(), ..double });
    let run = sandbox.full_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(each(&run, "left_out", "reason"), ["no-person", "bad-dates"]);
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

// Members who are no longer listed

#[test]
fn a_vanished_member_keeps_the_door_until_the_paid_date() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.remove(number(3));
    for minute in ["05", "15", "30", "45"] {
        let run = sandbox.full_at(&format!("2026-03-10T10:{minute}:00Z"), 0);
        assert_eq!(run["changes"], json!([]), "{minute}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn vanished_end_waits_for_three_complete_listings_over_ten_minutes() {
    let mut sandbox = Sandbox::pinned(20, 1);
    sandbox.set("policy", "vanished = \"end\"");
    sandbox.sync_at(START, 0);
    let member = sandbox.club.cardskipper.member(number(3)).unwrap();
    let person = sandbox.club.devices[0].person("1004").unwrap();
    sandbox.club.cardskipper.remove(number(3));
    let nothing = |now: &str, arguments: &[&str]| {
        let run = sandbox.at(now, &[arguments, &["--json"]].concat()).ends(0).json();
        assert_eq!(run["changes"], json!([]), "{now}");
    };
    nothing("2026-03-10T10:01:00Z", &["sync", "--full"]);
    // Listings of changes say nothing about who is gone.
    nothing("2026-03-10T10:02:00Z", &["sync"]);
    nothing("2026-03-10T10:03:00Z", &["sync"]);
    nothing("2026-03-10T10:04:00Z", &["sync", "--full"]);
    nothing("2026-03-10T10:05:00Z", &["sync", "--full"]);
    nothing("2026-03-10T10:10:59Z", &["sync", "--full"]);
    let run = sandbox.full_at("2026-03-10T10:11:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "vanished", "revocation"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2026-03-09T23:59:59");
    assert_eq!(sandbox.full_at("2026-03-11T10:00:00Z", 0)["changes"], json!([]), "once");

    sandbox.clocks("2026-03-11T10:05:00Z");
    sandbox.club.cardskipper.add(member);
    let run = sandbox.sync_at("2026-03-11T10:05:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "renewed", "grant"]);
    assert_eq!(sandbox.club.devices[0].person("1004").unwrap(), person);
    sandbox.assert_well_behaved();
}

// Changes by hand at the door

#[test]
fn what_staff_changed_on_the_door_is_set_back_at_the_audit() {
    let mut sandbox = Sandbox::pinned(20, 1);
    sandbox.set("hikvision.door1", "audit_every = \"2h\"");
    sandbox.sync_at(START, 0);
    let doors = sandbox.doors();
    let door = &sandbox.club.devices[0];
    door.edit_person("1004", |person| person.end = "2036-12-31T23:59:59".to_owned());
    door.edit_person("1005", |person| person.end = "2026-03-01T23:59:59".to_owned());
    sandbox.clear_requests();
    for now in ["2026-03-10T10:30:00Z", "2026-03-10T11:59:59Z"] {
        assert_eq!(sandbox.sync_at(now, 0)["changes"], json!([]));
    }
    assert!(door.requests().is_empty(), "a tick between audits asks the door nothing");
    let run = sandbox.sync_at("2026-03-10T12:00:00Z", 0);
    assert_eq!(each(&run, "changes", "cause"), ["drift", "drift"]);
    assert_eq!(each(&run, "changes", "employee_no"), ["1005", "1004"]);
    assert_eq!(each(&run, "changes", "kind"), ["grant", "revocation"]);
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

// The ends of time

#[test]
fn an_end_beyond_2037_is_written_as_the_last_day_that_doors_take() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    set_role(&sandbox, 3, "2026-01-01", "9999-12-31");
    set_role(&sandbox, 4, "1998-05-01", "2044-01-31");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    assert_eq!(sandbox.end_on(0, "1004"), "2037-12-31T23:59:59");
    let long = sandbox.club.devices[0].person("1005").unwrap();
    assert_eq!((&*long.begin, &*long.end), ("2000-01-01T00:00:00", "2037-12-31T23:59:59"));
    assert_eq!(sandbox.full_at("2026-03-10T10:10:00Z", 0)["changes"], json!([]), "and stays");
    sandbox.assert_well_behaved();
}

#[test]
fn a_begin_after_its_end_is_never_sent() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    // Inactive before the membership has begun, and on its first day.
    set_role(&sandbox, 4, "2026-04-01", "2026-12-31");
    set_role(&sandbox, 5, "2026-03-10", "2026-12-31");
    sandbox.club.inactivate(4);
    sandbox.club.inactivate(5);
    for member in ["150005", "150006"] {
        let only = ["sync", "--json", "--only", member];
        let run = sandbox.at("2026-03-10T10:05:00Z", &only).ends(0).json();
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{member}");
    }
    for write in sandbox.club.devices[0].writes() {
        let time = |key: &str| write["UserInfo"]["Valid"][key].as_str().unwrap().to_owned();
        assert!(time("beginTime") <= time("endTime"), "{write}");
    }
    let door = &sandbox.club.devices[0];
    for person in ["1005", "1006"] {
        assert!(!door.door_opens(person, 1, door.wall_clock()), "{person}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_membership_that_no_door_can_hold_is_reported_and_stops_nobody_else() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    let person = sandbox.club.devices[0].person("1004");
    set_role(&sandbox, 3, "2040-01-01", "2041-01-31");
    sandbox.club.renew(4, "2030-11-01");
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[0], "1005");
    assert_eq!(each(&run, "left_out", "reason"), ["bad-dates"]);
    assert!(run["left_out"][0]["detail"].as_str().unwrap().contains("2037"));
    assert_eq!(sandbox.club.devices[0].person("1004"), person);
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
    assert_eq!(tick("2026-03-11T10:25:00Z"), (0, true, 0), "all is well, and two changes");
    cardskipper.set(|switches| switches.broken = Some(500));
    assert_eq!(tick("2026-03-11T10:30:00Z"), (5, true, 2), "news again");
    let loud = sandbox.at("2026-03-11T10:35:00Z", &["sync", "-v"]);
    assert!(!loud.stdout.is_empty(), "-v says everything");
    sandbox.assert_well_behaved();
}
