//! Characters that steer a terminal, turn the writing or hide, wherever a text from outside can come
//! out again: names, e-mails, numbers of persons, role names, what a device says of itself, error
//! pages, links, and our own arguments.

use ivms_sync_simulators::club::number;
use ivms_sync_simulators::hikvision::Person;
use ivms_sync_simulators::http::Fault;

use super::{CLUB_MB, DOOR_MB, LATER, assert_inert, side_by_side, with_news};
use crate::support::Sandbox;
use crate::support::pinned::START;

/// C1 control (a terminal's CSI in one character), overrides, isolates, marks, hidden characters,
/// tags; all of them allowed in XML.
const ODD: &str =
    "\u{9b}2J\u{202e}\u{2066}\u{200f}\u{200b}\u{ad}\u{2060}\u{feff}\u{2028}\u{85}\u{e0041}x";

/// Runs every command that shows anything, as text and as JSON, quiet and with every detail.
fn everything(sandbox: &Sandbox, who: &[&str]) -> Vec<(String, super::Said)> {
    let mut all = Vec::new();
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["diff", "--full", "--out", "plan.json"],
        vec!["sync", "--full"],
        vec!["apply", "plan.json"],
    ];
    commands.extend(who.iter().map(|who| vec!["lookup", who]));
    commands.extend(who.iter().map(|who| vec!["lookup", "--offline", who]));
    for command in commands {
        for more in [&["-v"][..], &["-vvv"], &["--json"]] {
            let arguments = [more, &command].concat();
            all.push((format!("{arguments:?}"), sandbox.at(LATER, &arguments)));
        }
    }
    all
}

#[test]
fn names_from_both_sides_come_out_harmless() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.club.cardskipper.edit_settings(|settings| {
        settings.organisations[0].roles[0].name = format!("{ODD}Letna{ODD}");
    });
    sandbox.sync_at(START, 0);
    let odd_mail = "od\u{202e}d@example.si";
    sandbox.club.cardskipper.edit(number(3), |member| {
        member.first = format!("{ODD}Zdenka{ODD}");
        member.last = format!("Kova\u{202e}č{}", "W".repeat(5000));
    });
    sandbox.club.cardskipper.edit(number(5), |member| member.email = odd_mail.to_owned());
    sandbox.club.cardskipper.edit(number(6), |member| {
        member.organisations[0].roles[0].end = format!("20{ODD}30");
    });
    sandbox.club.renew(3, "2030-11-01");
    let door = &sandbox.club.devices[0];
    let ansi = "\u{1b}[31m\u{1b}]0;owned\u{7}\r\n\t\0";
    door.edit_person("1004", |person| person.name = format!("{ansi}{ODD}Zdenka"));
    door.add_person(Person::new("\u{202e}9101").name(&format!("{ODD}{ansi}")));
    door.add_person(Person::new("91\u{1b}[2J").name("odd number"));
    door.add_person(Person::new("9103").name(&"漢".repeat(100_000)));
    let people =
        ["150004", "150006", "150007", "person:9103", "person:1004", odd_mail, "\u{1b}[31m@x.si"];
    let mut is_shown = false;
    for (what, said) in everything(&sandbox, &people) {
        assert!([0, 3, 13, 20, 21, 64].contains(&said.code), "{what}: {said:?}");
        assert_inert(&said, &what);
        is_shown |= said.stdout.contains("Zdenka") && said.stdout.contains("Letna");
        assert!(!said.stdout.lines().any(|line| line.len() > 1500), "{what}");
    }
    assert!(is_shown, "names are shown all the same");
    let plan = std::fs::read_to_string(sandbox.path("plan.json")).unwrap();
    assert!(plan.chars().all(|c| c == '\n' || !c.is_control()), "{plan}");
    let stored = String::from_utf8_lossy(&std::fs::read(sandbox.state()).unwrap()).into_owned();
    assert!(
        !stored.contains('\u{202e}') || stored.contains("\u{202e}9101"),
        "names are stored clean"
    );
    assert!(!stored.contains("]0;owned\u{7}"));
}

#[test]
fn what_servers_say_about_errors_comes_out_harmless() {
    let page = format!("<html><h1>\u{1b}[31m{ODD}</h1>\r\n\r\n\u{1b}]8;;http://x\u{7}click\0");
    let pages = |status: u16| {
        Fault::bytes(format!(
            "HTTP/1.1 {status} No\r\nX-Odd: {ODD}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        ))
    };
    let body = |text: String| Fault::bytes(format!("HTTP/1.1 200 OK\r\n\r\n{text}"));
    let mut faults: Vec<Fault> = [200, 400, 401, 403, 404, 429, 500, 503].map(pages).to_vec();
    faults.extend([
        body(format!("<{ODD}/>")),
        body(format!("<Cardskipper><{ODD}/></Cardskipper>")),
        body("<Cardskipper><Č\u{200d}a/></Cardskipper>".to_owned()),
        body(format!("<Cardskipper>{ODD}</Cardskipper>")),
        body(format!("<Cardskipper a='1' a='{ODD}'/>")),
        body(format!("<?xml version='1.0' encoding='{ODD}'?><Cardskipper/>")),
        body("<?xml version='1.0' encoding='\u{1b}[31m'?><Cardskipper/>".to_owned()),
        body(format!("<DeviceInfo><deviceName>{ODD}</deviceName>")),
        body(format!("{{\"{ODD}\":1}}")),
        body(format!("{{\"statusCode\":4,\"subStatusCode\":\"{ODD}\",\"errorMsg\":\"{ODD}\"}}")),
        Fault::bytes(format!("HTTP/1.1 302 Found\r\nLocation: http://x{ODD}/\r\n\r\n")),
        Fault::bytes(format!("{ODD} {ODD}\r\n\r\n")),
        Fault::bytes(format!("HTTP/1.1 200 \u{1b}[31m{ODD}\r\n\u{1b}[31m: {ODD}\r\n\r\n")),
    ]);
    side_by_side(faults, |fault| {
        for is_club in [true, false] {
            let sandbox = with_news();
            if is_club {
                sandbox.club.cardskipper.fault(fault.clone());
            } else {
                sandbox.club.devices[0].fault(fault.clone());
            }
            let limit = if is_club { CLUB_MB } else { DOOR_MB };
            let what = format!("{fault:?}");
            let said = sandbox.limited(limit, LATER, &["-vvv", "diff", "--full"]);
            assert!([3, 4, 5, 12].contains(&said.code), "{what}: {said:?}");
            assert_inert(&said, &what);
            assert!(said.stderr.contains("hint: "), "{what} says what to do: {}", said.stderr);
            let json = sandbox.limited(limit, LATER, &["sync", "--full", "--json"]);
            assert_inert(&json, &what);
            let _ = json.json();
            assert!(sandbox.club.devices[0].writes().is_empty() || is_club, "{what}");
        }
    });
}

#[test]
fn a_device_that_names_itself_oddly_is_served() {
    let sandbox = with_news();
    let info = format!(
        "<DeviceInfo><deviceName>{ODD}</deviceName><model>{ODD}</model><serialNumber>{}{ODD}</serialNumber></DeviceInfo>",
        "S".repeat(100_000)
    );
    sandbox.club.devices[0]
        .fault(Fault::raw(200, "application/xml", info).on("deviceInfo").authenticated());
    for arguments in [&["-vvv", "diff", "--full"][..], &["sync", "--full", "--json"]] {
        let said = sandbox.at(LATER, arguments);
        assert_inert(&said, &format!("{arguments:?}"));
    }
    let size = std::fs::metadata(sandbox.state()).unwrap().len();
    assert!(size < 1_000_000, "a serial number of 100 KB is not kept: {size}");
}
