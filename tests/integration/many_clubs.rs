//! One integrator, many clubs: whose document, page, metric and mail it is.

use std::fs;
use std::path::Path;

use ivms_sync_simulators::cardskipper::{self, OrganisationInfo};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{World, employee_no, number};
use ivms_sync_simulators::hikvision;
use ivms_sync_simulators::smtp::{MailServer, Settings};
use serde_json::{Value, json};

use crate::support::pinned::{self, START, instant, tick};
use crate::support::{Said, Sandbox, each, said};

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
    let rival = format!("also claimed by member {} of ", number(21));
    assert!(first["left_out"].to_string().contains(&rival), "equal numbers: {first}");

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

/// Mutants: of two organisations' members both are ambiguous once each has been linked to the person; the one
/// of long ago takes the person back, and the door follows a membership that it did not follow yesterday.
#[test]
fn whoever_a_door_followed_last_keeps_it_when_it_lets_in_both_organisations() {
    let mut sandbox = club_and_spa();
    let ends = |sandbox: &Sandbox, club: &str, spa: &str| {
        sandbox.club.cardskipper.edit(number(21), |member| {
            for of in &mut member.organisations {
                of.roles[0].end = if of.id == 123 { club } else { spa }.to_owned();
            }
        });
    };
    let both = "organisations = [\"club\", \"spa\"]";
    let steps = [
        ("organisations = [\"club\"]", "2031-01-01"),
        ("organisations = [\"spa\"]", "2036-01-02"),
        (both, "2036-01-03"),
        ("organisations = [\"club\"]", "2031-01-04"),
        (both, "2031-01-05"),
        (both, "2031-01-06"),
        ("organisations = [\"spa\"]", "2036-01-07"),
        (both, "2036-01-08"),
    ];
    let mut at = 0;
    for (place, (lets_in, end)) in steps.into_iter().enumerate() {
        let day = &end[end.len() - 2..];
        ends(&sandbox, &format!("2031-01-{day}"), &format!("2036-01-{day}"));
        sandbox.unset("hikvision.door1");
        sandbox.set("hikvision.door1", lets_in);
        // What is shortened waits for a second look, and what `organisations` takes away for a person.
        for _ in 0..3 {
            at += 1;
            sandbox.clocks(&tick(at));
            let run = sandbox.at(&tick(at), &["sync", "--full", "--json"]).json();
            if let Some(id) = run["blocked"].as_str() {
                sandbox.at(&tick(at), &["apply", "--blocked", id]);
            }
        }
        let held = sandbox.club.devices[0].person(&employee_no(21)).unwrap().end;
        assert!(held.starts_with(end), "step {place}: {held}, not {end}");
    }
}

/// Runs `status` over these configurations at the second tick.
fn over(sandbox: &Sandbox, configs: &[&Path], more: &[&str]) -> Said {
    let mut command = sandbox.command();
    command.env("IVMS_SYNC_TEST_NOW", tick(1)).arg("status");
    for config in configs {
        command.arg("--config").arg(config);
    }
    said(command.args(more))
}

fn called(name: &str) -> Sandbox {
    let mut sandbox = Sandbox::pinned(12, 1);
    sandbox.set("", &format!("club = {name:?}"));
    sandbox
}

/// Mutants: a broken one that stops the others; the good ones on top; a code that forgets one of them; a
/// command for another club than its own; a state file that is made by looking.
#[test]
fn status_over_many_clubs_is_one_table_with_the_worst_on_top() {
    let north = called("Gym North");
    let (south, west, east) = (called("Gym <South>"), called("Gym West"), called("Gym East"));
    for well in [&north, &south, &east] {
        well.sync_at(START, 0);
    }
    west.at(START, &["--version"]).ends(0);
    north.sync_at(&tick(1), 0);
    south.clocks(&tick(1));
    assert!(south.club.renew(3, "2031-01-31"));
    south.club.devices[0].go_offline();
    south.sync_at(&tick(1), 5);
    fs::write(east.state(), "no state file").unwrap();
    let broken = north.path("broken.toml");
    fs::write(&broken, "no_such_key = 1\n").unwrap();

    let file = |sandbox: &Sandbox| sandbox.path("ivms-sync.toml");
    let (n, s, w, e) = (file(&north), file(&south), file(&west), file(&east));
    let all: [&Path; 5] = [&n, &w, &broken, &e, &s];
    let page = north.path("page.html");
    let written = over(&north, &all, &["--html", page.to_str().unwrap()]).ends(78);
    assert!(written.stderr.contains("no_such_key"), "without a table: {}", written.stderr);
    fs::create_dir(north.path("sub")).unwrap();
    let again = north.path("sub").join("../ivms-sync.toml");
    let twice: [&Path; 2] = [&n, &again];
    let document = over(&north, &twice, &["--json"]).ends(0).json();
    assert_eq!(document["clubs"].as_array().unwrap().len(), 1, "one file by two paths");
    let document = over(&north, &all, &["--json"]).ends(78).json();
    let clubs = document["clubs"].as_array().unwrap();
    let rows: Vec<_> =
        clubs.iter().map(|one| (one["name"].as_str().unwrap(), &one["exit_code"])).collect();
    let want = [
        ("broken", &json!(78)),
        ("Gym East", &json!(7)),
        ("Gym <South>", &json!(5)),
        ("Gym West", &json!(0)),
        ("Gym North", &json!(0)),
    ];
    assert_eq!(rows, want);
    let well: Vec<_> = clubs.iter().map(|one| &one["is_well"]).collect();
    assert_eq!(well, [false, false, false, false, true], "who has never run is to be looked at");
    assert!(
        clubs[0]["problems"][0]["text"].as_str().unwrap().contains("no_such_key"),
        "{document}"
    );
    assert_eq!((&clubs[1]["status"], &clubs[3]["status"]), (&json!(null), &json!(null)));
    assert_eq!(clubs[2]["status"]["club"], "Gym <South>");
    assert_eq!(clubs[2]["status"]["outside"], json!(0));
    assert_eq!((&document["exit_code"], &document["club"]), (&json!(78), &json!(null)));
    let told = crate::readme::topic("json");
    for key in clubs[0].as_object().unwrap().keys().chain(document.as_object().unwrap().keys()) {
        assert!(told.contains(&format!("`{key}`")), "{key}");
    }
    assert!(!west.state().exists(), "looking makes nothing");

    let text = over(&north, &all, &[]).ends(78).stdout;
    assert!(text.starts_with("5 clubs, 4 of them to be looked at.\n"), "{text}");
    assert!(text.contains("All doors are in sync") && text.contains("no_such_key"), "{text}");
    for (config, command) in [(&broken, "check"), (&e, "check"), (&s, "status"), (&w, "status")] {
        let line = format!("  ivms-sync --config {} {command}\n", config.display());
        assert!(text.contains(&line), "{line}{text}");
    }
    assert!(!text.contains(&n.display().to_string()), "nothing to look at: {text}");

    let none = over(&north, &all, &["--html", "clubs.html"]).ends(78);
    assert_eq!(none.stdout, "");
    let page = fs::read_to_string(north.path("clubs.html")).unwrap();
    assert_eq!(page.matches("<td data-title=\"club\">").count(), 5, "{page}");
    assert!(page.contains("Gym &lt;South&gt;") && !page.contains("<South>"), "{page}");
    assert!(!page.contains(&number(3).to_string()), "nobody's number: {page}");

    // Two of them: the worst of what is there.
    assert_eq!(over(&north, &[&n, &s], &[]).code, 5);
    let fine = over(&north, &[&n], &[]).ends(0).stdout;
    assert!(fine.starts_with("Last run"), "one is told as ever: {fine}");
}

/// Mutants: files that are no configuration; one state file told twice; a page over a configuration; flags that
/// would be taken for the first club alone.
#[test]
fn a_folder_of_configurations_is_read_by_name() {
    let north = called("Gym North");
    north.sync_at(&tick(1), 0);
    let clubs = north.path("clubs");
    fs::create_dir(&clubs).unwrap();
    assert_eq!(over(&north, &[&clubs], &[]).code, 78, "an empty folder is no club that is well");
    let here = |name: &str, text: &str| fs::write(clubs.join(name), text).unwrap();
    let rooted = |state: &Path| {
        let links = north.path("persons.csv").display().to_string();
        let config = north.config().replace("persons.csv", &links);
        format!("state = {state:?}\n{config}")
    };
    here("b.toml", &rooted(&north.state()).replace("Gym North", "B"));
    here("a.toml", &rooted(&north.path("a.db")).replace("club = \"Gym North\"", ""));
    here("notes.txt", "not = [a configuration");
    here(".#a.toml", "not = [a configuration");
    let document = over(&north, &[&clubs], &["--json"]).ends(0).json();
    let names: Vec<_> =
        document["clubs"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["a", "B"], "who has never run is above who is well");
    here("c.toml", &rooted(&north.state()));
    let twice = over(&north, &[&clubs], &[]).ends(78).stdout;
    assert!(twice.contains("has the state file of") && twice.contains("b.toml"), "{twice}");

    let page = clubs.join("a.toml");
    let own = over(&north, &[&clubs], &["--html", page.to_str().unwrap()]).ends(64);
    assert!(own.stderr.contains("it is the configuration"), "{}", own.stderr);
    for flag in ["--prometheus", "--unlinked"] {
        let one = over(&north, &[&clubs], &[flag, "out"]).ends(64);
        assert!(one.stderr.contains("one configuration at a time"), "{}", one.stderr);
        assert!(!north.path("out").exists());
    }
    let b = clubs.join("b.toml");
    let (a, b) = (page.to_str().unwrap(), b.to_str().unwrap());
    let two = north.run(&["sync", "--config", a, "--config", b]).ends(64);
    assert!(two.stderr.contains("only `status`"), "{}", two.stderr);
    for command in ["status", "check"] {
        let both_sides = north.run(&["--config", a, command, "--config", b]).ends(64);
        assert!(both_sides.stderr.contains("on the same side"), "{}", both_sides.stderr);
    }
}
