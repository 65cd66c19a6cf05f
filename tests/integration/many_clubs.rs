//! One integrator, many clubs: whose document, page, metric and mail it is.

use std::fs;

use ivms_sync_simulators::cardskipper::{self, OrganisationInfo};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{World, employee_no, number};
use ivms_sync_simulators::hikvision;
use ivms_sync_simulators::smtp::{MailServer, Settings};
use serde_json::{Value, json};

use crate::support::pinned::{self, START, instant, tick};
use crate::support::{Sandbox, each, said};

const CLUB: &str = "Klub \"Š\" & C:\\Gym";

/// Mutants: a document without it; a label with a bare quote; HTML that is not escaped; a subject in
/// which the mail's encoding lost it; a plan that names nobody; a run that broke off as if it were nobody's.
#[test]
fn the_club_is_named_in_every_document_page_metric_and_mail() {
    let server = MailServer::start(Settings::default());
    let mut sandbox = Sandbox::pinned(12, 1);
    sandbox.set("", &format!("club = '{CLUB}'"));
    let mail = "from = \"a@club.example\"\nto = [\"b@club.example\"]";
    sandbox.set("guard", &format!("[notify.email]\nsmtp = \"{}\"\n{mail}", server.url()));
    let run = |arguments: &[&str], code| {
        sandbox.at(START, &[&["--json"], arguments].concat()).ends(code).json()
    };
    for (arguments, code) in [
        (&["sync"][..], 0),
        (&["diff", "--out", "plan.json"], 0),
        (&["apply", "plan.json"], 0),
        (&["lookup", "150004"], 0),
        (&["status", "--html", "page.html", "--prometheus", "doors.prom"], 0),
        (&["history"], 0),
        (&["check", "--notify"], 0),
    ] {
        assert_eq!(run(arguments, code)["club"], CLUB, "{arguments:?}");
    }
    let broken_off = sandbox.at(START, &["apply", "nothing.json", "--json"]).json();
    assert_eq!(broken_off["club"], CLUB);
    let read = |name: &str| fs::read_to_string(sandbox.path(name)).unwrap();
    let plan: Value = serde_json::from_str(&read("plan.json")).unwrap();
    assert_eq!(plan["club"], CLUB);
    let page = read("page.html");
    let escaped = "Klub &quot;Š&quot; &amp; C:\\Gym";
    for element in ["title", "h1"] {
        assert!(page.contains(&format!("<{element}>{escaped}: ")), "{page}");
    }
    let metrics = read("doors.prom");
    let label = r#"{club="Klub \"Š\" & C:\\Gym""#;
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.contains(label), "{line}");
    }
    let mails = server.take_mails();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(mails[0].subject(), format!("ivms-sync ({CLUB}): test message"));
}

/// One rule for all: the key is always there, and null where nobody is named.
#[test]
fn without_a_name_the_key_is_null_and_nothing_else_is_said() {
    let mut sandbox = Sandbox::pinned(12, 1);
    let document = sandbox.at(START, &["sync", "--json"]).ends(0).json();
    assert_eq!(document.get("club"), Some(&json!(null)));
    sandbox.at(START, &["status", "--html", "page.html", "--prometheus", "doors.prom"]).ends(0);
    for name in ["page.html", "doors.prom"] {
        let text = fs::read_to_string(sandbox.path(name)).unwrap();
        assert!(!text.contains("club=") && !text.contains("<h1>: "), "{text}");
    }
    sandbox.set("", "club = \"a\\nb\"");
    let broken = sandbox.at(START, &["sync", "--json"]).ends(78).json();
    assert_eq!(broken.get("club"), Some(&json!(null)));
    let printed = said(sandbox.command().args(["init", "--print"])).ends(0);
    assert!(printed.stdout.contains("#club = "), "{}", printed.stdout);
}

/// A club (123) and a spa (456) whose members are on two doors: the last two members are the spa's, and the
/// one before them is a member of both.
fn club_and_spa() -> Sandbox {
    let mut world = World::new(&pinned::settings(24, 2, START));
    for (index, member) in world.members.iter_mut().enumerate().skip(21) {
        let mut spa = member.organisations[0].clone();
        spa.id = 456;
        if index > 21 {
            member.organisations.clear();
        }
        member.organisations.push(spa);
    }
    let clock = Clock::fixed(instant(START));
    let mut service = cardskipper::Settings { clock: clock.clone(), ..Default::default() };
    let spa = OrganisationInfo { id: 456, ..service.organisations[0].clone() };
    service.organisations.push(spa);
    let doors = hikvision::Settings { clock, ..Default::default() };
    let mut sandbox = Sandbox::with(world.start_with(service, &doors));
    let login = "username = \"api@club.example\"\npassword = { env = \"CARD_PASSWORD\" }";
    let url = sandbox.club.cardskipper.url();
    let section = format!("[cardskipper.spa]\nurl = \"{url}\"\norganisation_id = 456\n{login}");
    sandbox.set("guard", &section);
    sandbox
}

/// Mutants: a spa's renewal that opens the club's own door; access that goes on without a word, or ends
/// without an approval; a member of both who is nobody because of the spa; a member whom `lookup` cannot explain.
#[test]
fn a_door_lets_in_members_of_its_organisations_alone() {
    let mut sandbox = club_and_spa();
    let first = sandbox.sync_at(START, 0);
    let ambiguous = first["left_out"].as_array().unwrap().iter();
    let ambiguous = ambiguous.filter(|one| one["reason"] == "ambiguous").count();
    assert_eq!(ambiguous, 2, "who is a member of both: {first}");

    sandbox.set("hikvision.door1", "organisations = [\"club\"]");
    sandbox.clocks(&tick(1));
    assert!(sandbox.club.renew(22, "2031-01-31") && sandbox.club.renew(21, "2031-01-31"));
    let run = sandbox.full_at(&tick(1), 4);
    let changes = run["changes"].as_array().unwrap();
    let on = |door: &str, index: usize| {
        changes.iter().find(|c| c["device"] == door && c["employee_no"] == employee_no(index))
    };
    assert_eq!(on("door2", 22).unwrap()["outcome"], "confirmed", "the spa's renewal, where it may");
    assert_eq!(on("door1", 21).unwrap()["member"]["source"], "club", "no longer ambiguous");
    for index in [22, 23] {
        let change = on("door1", index).unwrap();
        let waits = (&change["kind"], &change["outcome"], &change["blocked_by"]);
        assert_eq!(waits, (&json!("revocation"), &json!("blocked"), &json!("roles-changed")));
    }
    let who = number(22).to_string();
    let story = sandbox.at(&tick(1), &["lookup", &who, "--offline"]).stdout;
    assert!(story.contains("waits for approval"), "{story}");

    let id = run["blocked"].as_str().unwrap().to_owned();
    sandbox.at(&tick(2), &["apply", "--blocked", &id]).ends(0);
    sandbox.clocks(&tick(3));
    assert!(sandbox.club.renew(22, "2032-01-31"));
    let run = sandbox.full_at(&tick(3), 0);
    assert_eq!(each(&run, "changes", "device"), ["door2"]);
    let end = |door: usize| sandbox.club.devices[door].person(&employee_no(22)).unwrap().end;
    assert!(end(1).starts_with("2032-01-31") && end(0).starts_with("2026-03-09"), "{}", end(0));
    let story = sandbox.at(&tick(3), &["lookup", &who, "--json"]).json();
    assert_eq!(story["members"][0]["devices"][0]["expected"], json!(null));

    // Somebody new at the spa, who stands in the link file and on the door: nothing is done for them there.
    let mut stranger = sandbox.club.cardskipper.member(number(23)).unwrap();
    (stranger.number, stranger.email) = (900_001, "new@example.si".to_owned());
    stranger.birth_date = "1980-02-29".to_owned();
    sandbox.club.cardskipper.add(stranger);
    let rows = format!("{}8001,new@example.si\n", sandbox.club.links_csv);
    fs::write(sandbox.path("persons.csv"), rows).unwrap();
    for door in &sandbox.club.devices {
        let known = door.person(&employee_no(23)).unwrap();
        let person = hikvision::Person::new("8001").name(&known.name);
        door.add_person(person.valid("2025-01-01", "2025-12-31"));
    }
    let run = sandbox.full_at(&tick(4), 0);
    assert_eq!(each(&run, "changes", "device"), ["door2"], "{run}");
    let story = sandbox.at(&tick(4), &["lookup", "900001"]).stdout;
    assert!(story.contains("whose members this door does not let in"), "{story}");
    let check = sandbox.at(&tick(4), &["check"]).stdout;
    assert!(check.contains("22 of 22 members linked; only members of club are let in"), "{check}");
    sandbox.assert_well_behaved();
}
