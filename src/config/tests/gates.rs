//! Sections of gates.

use super::*;
use crate::config::Mode;

/// A gym whose only way in is a barrier. Lines are counted in the tests.
const GYM: &str = r#"time_zone = "Europe/Ljubljana"
[cardskipper.club]
url = "https://api.cardskipper.se"
organisation_id = 123
username = "api@club.example"
password = { env = "CLUB_PASSWORD" }
[parking]
country = "SI"
[hikvision-anpr.gate]
url = "https://192.168.1.120"
username = "admin"
password = { env = "DOOR_PASSWORD" }
members = ["club"]
"#;

fn gym(from: &str, to: &str) -> String {
    assert!(GYM.contains(from), "{from}");
    GYM.replacen(from, to, 1)
}

#[test]
fn a_gate_is_as_good_as_a_door() {
    let config = read(GYM).unwrap();
    assert!(config.devices.is_empty() && config.reads_member_plates());
    let gate = &config.gates[0];
    assert_eq!((gate.mode, gate.audit_every.as_secs()), (Mode::Full, 3_600));
    assert_eq!(gate.section(), "hikvision-anpr.gate");
    assert_eq!(gate.time_zone.name(), "Europe/Ljubljana");
    assert_eq!(config.zone_of_people().name(), "Europe/Ljubljana");
    let text =
        gym("members = [\"club\"]", "members = [\"club\"]\nprotect = [\"LJ AB-123\"]\nroles = [1]");
    let gate = &read(&text).unwrap().gates[0];
    assert_eq!(gate.protect.iter().map(|plate| plate.text()).collect::<Vec<_>>(), ["LJAB123"]);
    assert_eq!(gate.roles.as_ref().map(|roles| roles.len()), Some(1));
    let zones = format!("{SMALL}[zone.yard]\n[rights-file.staff]\nfiles = [\"staff.csv\"]\n")
        + "[hikvision-anpr.gate]\nurl = \"https://192.168.1.120\"\nusername = \"admin\"\n\
           password = { env = \"DOOR_PASSWORD\" }\nzones = [\"yard\"]\nmode = \"observe\"\n";
    let config = read(&zones).unwrap();
    assert!(!config.reads_member_plates(), "nobody's plates are read for it");
    assert!(!config.gates[0].is_written());
}

#[test]
fn link_files_are_not_idle_where_they_name_members_cars() {
    let link = "[link]\nfiles = [\"cars.csv\"]\nby = [\"device-email\"]\n";
    assert_eq!(read(&format!("{GYM}{link}")).unwrap().warnings, Vec::<String>::new());
}

/// Mutants: a rule that is not looked at; one that is said at another key.
#[test]
fn everything_that_can_be_wrong_with_a_gate() {
    let more = |text: &str| format!("{GYM}{text}\n");
    for (text, wanted) in [
        (gym("members = [\"club\"]\n", ""), "hikvision-anpr.gate.members: is missing"),
        (gym("[\"club\"]", "[]"), "13: hikvision-anpr.gate.members: is empty"),
        (
            gym("[\"club\"]", "[\"clib\"]"),
            "13: hikvision-anpr.gate.members: holds clib, which is no organisation of this file \
             (hint: did you mean \"club\"?)",
        ),
        (
            more("zones = [\"A1\"]"),
            "14: hikvision-anpr.gate.zones: holds A1, which is none of this file",
        ),
        (more("protect = [\"\"]"), "14: hikvision-anpr.gate.protect: holds a plate that"),
        (
            more("protect = [\"A?1\"]"),
            "14: hikvision-anpr.gate.protect: holds a plate that holds U+003F",
        ),
        (more("channel = 0"), "14: hikvision-anpr.gate.channel:"),
        (more("mode = \"off\""), "14: hikvision-anpr.gate.mode:"),
        (more("audit_every = \"31d\""), "14: hikvision-anpr.gate.audit_every:"),
        (
            more("organisations = [\"club\"]"),
            "14: hikvision-anpr.gate.organisations: is not a known key",
        ),
        (gym("\"https://192.168.1.120\"", "\"ftp://x\""), "10: hikvision-anpr.gate.url:"),
        (
            gym("hikvision-anpr.gate", "hikvision-anpr.club"),
            "has the same name as cardskipper.club",
        ),
        (
            more(
                "[hikvision-anpr.back]\nurl = \"https://192.168.1.120\"\nusername = \"admin\"\n\
                 password = { env = \"DOOR_PASSWORD\" }\nmembers = [\"club\"]",
            ),
            "is the address of hikvision-anpr.back too",
        ),
        (
            gym("[parking]\ncountry = \"SI\"\n", "").replace("[cardskipper.club]", "[nothing]"),
            "cardskipper: is missing",
        ),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}\n{error}");
    }
}

/// What decides who loses the gate is in the digest, and nothing else is.
#[test]
fn the_sense_of_a_gate_is_what_decides_its_cars() {
    let sense = |text: &str| {
        let config = read(text).unwrap();
        config.gates[0].sense(&config)
    };
    let before = sense(GYM);
    assert_eq!(sense(&gym("192.168.1.120", "192.168.1.121")), before, "another address");
    assert_eq!(sense(&gym("\"admin\"", "\"other\"")), before, "another login");
    for other in [
        gym("[\"club\"]", "[\"club\"]\nroles = [1]"),
        gym("organisation_id = 123\n", "organisation_id = 123\nroles = [1]\n"),
        format!("{GYM}[policy]\ngrace_days = 1\n"),
        format!("{GYM}[link]\nfiles = [\"other.csv\"]\n"),
        gym("Europe/Ljubljana", "Europe/London"),
    ] {
        assert_ne!(sense(&other), before, "{other}");
    }
}
