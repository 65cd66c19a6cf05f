//! What people read, whole: a change of wording is seen and accepted on purpose.
//!
//! `IVMS_SYNC_BLESS=1 cargo test --test integration golden::` writes the files of `tests/golden`
//! anew; look at each before committing it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{ORGANISATION, number};
use ivms_sync_simulators::hikvision::{ModifyBy, Omitted};
use ivms_sync_simulators::hikvision_anpr::{self, Camera, Row};

use super::support::Sandbox;
use super::support::pinned::{START, instant};

const LATER: &str = "2026-03-10T10:05:00Z";

/// A session in a shell: each command with what it printed and how it ended.
struct Session<'a> {
    sandbox: &'a Sandbox,
    text: String,
}

impl<'a> Session<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        Self { sandbox, text: String::new() }
    }

    #[track_caller]
    fn run(&mut self, now: &str, arguments: &[&str]) {
        let said = self.sandbox.at(now, arguments);
        let code = said.code;
        let mut text = format!("$ ivms-sync {}\n{}", arguments.join(" "), said.stdout);
        if !said.stderr.is_empty() {
            let _ = write!(text, "--- stderr\n{}", said.stderr);
        }
        let _ = write!(text, "--- exit code {code}\n\n");
        self.text.push_str(&text);
    }

    /// Compares with the accepted session of this name. Ports and folders are replaced.
    #[track_caller]
    fn is(mut self, name: &str) {
        let folder = self.sandbox.folder.path().display().to_string();
        // As Wine shows the same folder, and words about files that are the system's own.
        let on_windows = format!("Z:{}\\", folder.replace('/', "\\"));
        self.text = self.text.replace(&on_windows, "FOLDER/").replace(&folder, "FOLDER");
        self.text = self.text.replace("File not found.", "No such file or directory");
        let mut servers = vec![("CARDSKIPPER".to_owned(), self.sandbox.club.cardskipper.port())];
        for (place, device) in self.sandbox.club.devices.iter().enumerate() {
            servers.push((format!("DOOR{}", place + 1), device.port()));
        }
        servers.extend(self.sandbox.camera.iter().map(|one| ("GATE".to_owned(), one.port())));
        for (server, port) in servers {
            self.text = self.text.replace(&format!("127.0.0.1:{port}"), &server);
        }
        let text = self.text.trim_end().to_owned() + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
        if std::env::var_os("IVMS_SYNC_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let accepted = fs::read_to_string(&path).unwrap_or_default();
        assert!(text == accepted, "{name} is not as accepted; now it is:\n{text}");
    }
}

/// A club of forty in which nearly everything has happened that can happen to a member.
fn eventful() -> Sandbox {
    let sandbox = Sandbox::pinned(40, 2);
    let cardskipper = &sandbox.club.cardskipper;
    let twin = cardskipper.member(number(30)).unwrap();
    cardskipper.edit(number(31), |member| member.email.clone_from(&twin.email));
    cardskipper.edit(number(32), |member| member.email.clear());
    for index in 20..30 {
        // More than are named one by one.
        cardskipper.edit(number(index), |member| member.email = format!("new{index}@example.si"));
    }
    cardskipper.edit(number(33), |member| {
        member.organisations[0].roles[0].end = "2025-01-01".to_owned();
    });
    sandbox.club.devices[0].edit_person("1035", |person| person.enable = false);
    sandbox.sync_at(START, 0);
    sandbox.clocks(LATER);
    cardskipper.edit(number(8), |member| member.email = "moved@example.si".to_owned());
    cardskipper.edit(number(36), |member| {
        member.organisations[0].roles[0].end = "soon".to_owned();
    });
    sandbox.club.renew(3, "2027-01-31");
    sandbox.club.renew(4, "2026-03-20");
    sandbox.club.inactivate(5);
    cardskipper.add(
        Member::new(150_100).name("Nova", "Članica").email(&twin.email.replace("30", "77")).role(
            ORGANISATION,
            3126,
            "2026-03-10",
            "2027-03-09",
        ),
    );
    sandbox
}

#[test]
fn a_day_in_the_club() {
    let sandbox = eventful();
    let mut session = Session::new(&sandbox);
    session.run(LATER, &["diff"]);
    sandbox.club.devices[1].go_offline();
    session.run(LATER, &["sync"]);
    session.run("2026-03-10T10:10:00Z", &["sync"]);
    sandbox.club.devices[1].go_online();
    session.run("2026-03-10T10:20:00Z", &["sync"]);
    session.run("2026-03-10T10:20:00Z", &["sync"]);
    session.is("day");
}

#[test]
fn a_blocked_plan() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    (2..5).for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.club.renew(0, "2027-01-31");
    let mut session = Session::new(&sandbox);
    session.run(LATER, &["diff"]);
    session.run(LATER, &["sync"]);
    session.run("2026-03-10T10:10:00Z", &["sync"]);
    session.run("2026-03-10T10:10:00Z", &["diff"]);
    session.run("2026-03-10T10:10:00Z", &["sync"]);
    session.run("2026-03-10T10:10:00Z", &["apply", "--blocked", "00000000"]);
    let id = sandbox.sync_at("2026-03-10T10:10:00Z", 4)["blocked"].as_str().unwrap().to_owned();
    session.run("2026-03-10T10:12:00Z", &["apply", "--blocked", &id]);
    session.is("blocked");
}

#[test]
fn a_barrier() {
    let mut sandbox = Sandbox::pinned(4, 1);
    sandbox.set("rights-file.staff", "fresh_for = \"30d\"");
    (0..4).for_each(|index| assert!(sandbox.club.renew(index, "2026-12-31")));
    sandbox.take_camera(Camera::start(hikvision_anpr::Settings {
        rows: vec![Row::new("KPXY999").blocked(), Row::new("MBZZ111")],
        clock: Clock::fixed(instant(START)),
        ..hikvision_anpr::Settings::default()
    }));
    let staff = |numbers: std::ops::Range<usize>, more: &str| {
        let row = |number| format!("LJST{number:03},yard,2026-01-01,2026-06-30,S-{number}\n");
        let rows: String = numbers.map(row).collect();
        let text = format!("Plate,Zone,From,Until,Id\n{rows}{more}");
        fs::write(sandbox.path("staff.csv"), text).unwrap();
    };
    let links = sandbox.club.links_csv.lines().enumerate().map(|(line, text)| match line {
        0 => format!("{text},Plate\n"),
        1 => format!("{text},LJAA111\n"),
        _ => format!("{text},\n"),
    });
    fs::write(sandbox.path("persons.csv"), links.collect::<String>()).unwrap();
    staff(0..3, "");
    let mut session = Session::new(&sandbox);
    session.run(START, &["sync"]);
    session.run(START, &["status"]);
    let camera = sandbox.camera.as_ref().unwrap();
    staff(0..4, "MBZZ111,yard,2026-01-01,2027-06-30,S-9\n");
    camera.go_offline();
    session.run(LATER, &["sync"]);
    session.run(LATER, &["status"]);
    camera.go_online();
    session.run("2026-03-10T10:10:00Z", &["sync"]);
    session.run("2026-03-10T10:10:00Z", &["status"]);
    staff(3..4, "MBZZ111,yard,2026-01-01,2027-06-30,S-9\n");
    session.run("2026-03-10T10:15:00Z", &["sync", "--accept-shrink", "2"]);
    session.run("2026-03-10T10:15:00Z", &["status"]);
    session.run("2026-03-10T10:15:00Z", &["status", "--prometheus", "metrics.prom"]);
    let metrics = fs::read_to_string(sandbox.path("metrics.prom")).unwrap();
    let of_cars = ["_gate_", "_rights", "_permit_list", "_meters"];
    let lines = metrics.lines().filter(|line| of_cars.iter().any(|word| line.contains(word)));
    lines.for_each(|line| session.text.push_str(&format!("{line}\n")));
    session.text.push('\n');
    session.run("2026-03-10T10:15:00Z", &["history"]);
    session.run("2026-03-10T10:15:00Z", &["history", "--member", "150001", "--csv"]);
    session.run("2026-03-10T10:15:00Z", &["history", "--door", "gatee"]);
    session.is("barrier");
}

#[test]
fn a_reviewed_plan() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(0, "2027-01-31");
    sandbox.club.renew(1, "2027-01-31");
    let mut session = Session::new(&sandbox);
    session.run(LATER, &["diff", "--out", "plan.json"]);
    sandbox.club.devices[0].edit_person("1001", |person| person.name = "Nekdo Drug".into());
    session.run("2026-03-10T10:07:00Z", &["apply", "plan.json"]);
    session.run("2026-03-10T11:30:00Z", &["apply", "plan.json"]);
    let edited = fs::read_to_string(sandbox.path("plan.json")).unwrap().replace("2027", "2037");
    fs::write(sandbox.path("plan.json"), edited).unwrap();
    session.run("2026-03-10T10:07:00Z", &["apply", "plan.json"]);
    session.run("2026-03-10T10:07:00Z", &["apply", "other.json"]);
    session.is("reviewed");
}

#[test]
fn looking_somebody_up() {
    let sandbox = eventful();
    let mut session = Session::new(&sandbox);
    for who in ["150004", "150006", "150009", "150032", "150033", "150036", "150037", "150100"] {
        session.run(LATER, &["lookup", who]);
    }
    for who in ["nobody@example.si", "person:9001", "999"] {
        session.run(LATER, &["lookup", who]);
    }
    session.is("lookup");
}

#[test]
fn how_things_stand() {
    let sandbox = eventful();
    let mut session = Session::new(&sandbox);
    session.run(START, &["status"]);
    sandbox.club.devices[1].go_offline();
    sandbox.at(LATER, &["sync"]);
    session.run("2026-03-10T10:08:00Z", &["status"]);
    sandbox.club.devices[1].go_online();
    (10..14).for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.at("2026-03-10T10:10:00Z", &["sync"]).ends(0);
    session.run("2026-03-10T10:12:00Z", &["status"]);
    sandbox.at("2026-03-10T10:15:00Z", &["sync"]).ends(4);
    session.run("2026-03-10T12:10:00Z", &["status"]);
    session.run("2026-03-10T12:10:00Z", &["status", "--unlinked", "missing.csv"]);
    let empty = Sandbox::pinned(5, 1);
    session.text.push_str("# elsewhere, before the first run\n");
    let said = empty.at(START, &["status"]);
    session
        .text
        .push_str(&format!("$ ivms-sync status\n{}--- exit code {}\n", said.stdout, said.code));
    session.is("status");
}

#[test]
fn everything_is_checked() {
    let mut sandbox = eventful();
    let mut session = Session::new(&sandbox);
    session.run(LATER, &["check"]);
    sandbox.club.devices[0].go_offline();
    sandbox.club.devices[1].set_clock_offset(chrono::TimeDelta::hours(-1));
    session.run(LATER, &["check"]);
    let mut text = session.text;
    sandbox.club.devices[0].go_online();
    sandbox.club.devices[0].set_password("another");
    sandbox.club.cardskipper.set(|switches| switches.broken = Some(403));
    sandbox.set("hikvision.door2", "mode = \"observe\"");
    let mut session = Session::new(&sandbox);
    session.run(LATER, &["check"]);
    text.push_str(&session.text);
    fs::write(sandbox.state(), "no database at all").unwrap();
    let mut session = Session::new(&sandbox);
    session.run(LATER, &["check"]);
    text.push_str(&session.text);
    Session { sandbox: &sandbox, text }.is("check");
}

#[test]
fn looking_up_with_a_slip_and_from_memory() {
    let sandbox = eventful();
    let twin = sandbox.club.cardskipper.member(number(30)).unwrap().email;
    let slip = twin.replace("30", "3o").replace("kovacic", "kovaicc");
    let mut session = Session::new(&sandbox);
    for who in [slip.as_str(), "15003", "person:01004", twin.as_str()] {
        session.run(LATER, &["lookup", who]);
    }
    session.run("2026-03-10T11:05:00Z", &["lookup", "--offline", "150004"]);
    sandbox.club.devices[0].go_offline();
    session.run(LATER, &["lookup", "150004"]);
    (10..14).for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.club.devices[0].go_online();
    sandbox.look_at("2026-03-10T10:10:00Z");
    session.run("2026-03-10T10:12:00Z", &["lookup", "150012"]);
    sandbox.at("2026-03-10T10:15:00Z", &["sync"]).ends(4);
    session.run("2026-03-10T10:17:00Z", &["lookup", "150012"]);
    session.is("lookup-more");
}

#[test]
fn what_goes_wrong() {
    let mut sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(0, "2027-01-31");
    let everybody = sandbox.club.cardskipper.members();
    let mut text = String::new();
    let mut session = |sandbox: &Sandbox, arguments: &[&str]| {
        let mut session = Session::new(sandbox);
        session.run(LATER, arguments);
        text.push_str(&session.text);
    };
    sandbox.club.cardskipper.set_members(everybody[..6].to_vec());
    session(&sandbox, &["sync", "--full"]);
    sandbox.club.cardskipper.set_members(everybody);
    for status in [401, 403, 500] {
        sandbox.club.cardskipper.set(|switches| switches.broken = Some(status));
        session(&sandbox, &["diff"]);
    }
    sandbox.club.cardskipper.set(|switches| switches.broken = None);
    sandbox.club.cardskipper.go_offline();
    session(&sandbox, &["diff"]);
    sandbox.club.cardskipper.go_online();
    sandbox.club.devices[0].set_password("another");
    session(&sandbox, &["diff", "--full"]);
    session(&sandbox, &["sync"]);
    session(&sandbox, &["diff", "--only", "nobody@example.si"]);
    session(&sandbox, &["diff", "--only", "Anna"]);
    fs::rename(sandbox.path("persons.csv"), sandbox.path("away.csv")).unwrap();
    session(&sandbox, &["diff"]);
    sandbox.set("policy", "grace_days = 1000");
    sandbox.set("guard", "revoke_per_tick = \"lots\"");
    session(&sandbox, &["diff"]);
    Session { sandbox: &sandbox, text }.is("trouble");
}

/// Doors whose firmware takes changes in its own way, or not at all.
#[test]
fn doors_with_manners_of_their_own() {
    let sandbox = Sandbox::pinned(12, 4);
    let doors = &sandbox.club.devices;
    doors[0].set(|door| (door.modify_by, door.refused_fields) = (ModifyBy::Post, &["gender"]));
    doors[1].set(|door| {
        (door.modify_by, door.support_function) = (ModifyBy::Nothing, Some("post,delete,get"));
    });
    doors[2].set(|door| (door.shows_pin, door.omitted) = (true, Omitted::Replace));
    doors[3].set(|door| {
        (door.listed_twice, door.names_in_gbk) = (vec!["1005".into()], vec!["1006".into()]);
    });
    sandbox.club.renew(0, "2027-01-31");
    sandbox.club.renew(4, "2027-01-31");
    let mut session = Session::new(&sandbox);
    session.run(START, &["check"]);
    session.run(START, &["sync"]);
    session.run(START, &["check"]);
    session.run(START, &["lookup", "150005"]);
    session.is("manners");
}
