//! How an answer may look.

use ivms_sync_simulators::cardskipper::{DateForm, EmptyListing, Encoding, Role, Switches};
use ivms_sync_simulators::club::{ORGANISATION, ROLE, number};

use crate::support::pinned::START;
use crate::support::{Sandbox, each};

#[test]
fn a_renewal_comes_through_in_every_form_of_the_answer() {
    type Turn = fn(&mut Switches);
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
    // Summer and winter, and always later than before.
    let days = ["01-31", "07-31", "11-01"];
    let mut ends = (2027..2038).flat_map(|year| days.map(|day| format!("{year}-{day}")));
    for (name, turn) in forms {
        sandbox.club.cardskipper.set(|switches| *switches = Switches::default());
        sandbox.club.cardskipper.set(turn);
        for arguments in [&["sync", "--json"][..], &["sync", "--full", "--json"]] {
            let mut before = door.person("1004").unwrap();
            let end = ends.next().unwrap();
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
