//! Configurations that are right.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::config::{Ending, Guard, LinkRule, MailTls, Mode, Percent, Policy, Tls, load};
use crate::model::testing::zone;
use crate::model::{HolderNumber, RecordId, RightCode, SourceName, Zone};

#[test]
fn defaults() {
    let config = read(SMALL).unwrap();
    assert_eq!(config.path, folder().join("ivms-sync.toml"));
    assert_eq!(config.state, folder().join("ivms-sync.db"));
    assert_eq!(config.warnings, Vec::<String>::new());
    let [source] = config.sources.as_slice() else { panic!("one source") };
    assert_eq!(source.name.as_str(), "club");
    assert_eq!(club(source).url.as_str(), "https://api.cardskipper.se/");
    assert_eq!(source.account.value, "123");
    assert_eq!(club(source).username, "api@club.example");
    assert_eq!(club(source).password.expose(), "club-pw");
    assert_eq!(source.roles, None);
    assert_eq!(source.full_every, Duration::from_secs(3600));
    assert_eq!(source.sentinel, None);
    assert_eq!(source.time_zone, zone("Europe/Ljubljana"));
    let [device] = config.devices.as_slice() else { panic!("one device") };
    assert_eq!(device.name.as_str(), "front-door");
    assert_eq!(device.login.secret.expose(), "door-pw");
    assert_eq!(door(device).tls, Tls::System);
    assert_eq!(device.mode, Mode::Full);
    assert_eq!(device.roles, None);
    assert_eq!(device.protect, BTreeSet::new());
    assert_eq!(device.audit_every, Duration::from_secs(3600));
    assert_eq!(device.time_zone, zone("Europe/Ljubljana"));
    assert_eq!(config.link.files, Vec::<PathBuf>::new());
    assert_eq!(config.link.by, [LinkRule::File, LinkRule::DeviceEmail]);
    let policy = Policy { grace_days: 0, inactive: Ending::End, vanished: Ending::Keep };
    assert_eq!(config.policy, policy);
    let guard = Guard {
        source_shrink: Percent(10),
        revoke_per_tick: Percent(5),
        revoke_per_day: Percent(15),
        grant_per_tick: Percent(25),
    };
    assert_eq!(config.guard, guard);
    assert!(config.notify.email.is_none());
    assert!(config.notify.webhook.is_none());
    assert!(config.notify.heartbeat.is_none());
}

#[test]
fn how_the_way_to_the_mail_server_is_protected() {
    for (smtp, tls, want) in [
        ("smtps://mail.example", "", MailTls::FromTheStart),
        ("smtps://mail.example", "tls = \"required\"", MailTls::FromTheStart),
        ("smtp://mail.example", "", MailTls::StartTls),
        ("smtp://mail.example", "tls = \"none\"", MailTls::Off),
        ("smtp://localhost:25", "", MailTls::Off),
        ("smtp://127.0.0.1", "", MailTls::Off),
        ("smtp://localhost:25", "tls = \"required\"", MailTls::StartTls),
        ("smtps://localhost", "", MailTls::FromTheStart),
    ] {
        let section =
            format!("smtp = \"{smtp}\"\n{tls}\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]");
        let config = read(&format!("{SMALL}[notify.email]\n{section}")).unwrap();
        assert_eq!(config.notify.email.unwrap().tls, want, "{smtp} {tls}");
        let is_told = smtp == "smtp://mail.example" && want == MailTls::Off;
        assert_eq!(config.warnings.len(), usize::from(is_told), "{:?}", config.warnings);
    }
}

#[test]
fn everything_given() {
    let text = format!(
        r#"state = "state/./memory.db"
time_zone = "Europe/Ljubljana"
[cardskipper.b]
url = "https://proxy.example/cardskipper"
organisation_id = 7
username = "u"
password = {{ env = "CLUB_PASSWORD" }}
roles = [1, 2]
full_every = "30m"
sentinel = 9
time_zone = "Europe/Stockholm"
[cardskipper.a]
url = "https://api.cardskipper.se"
organisation_id = 8
username = "u"
password = {{ env = "CLUB_PASSWORD" }}
roles = [3]
[hikvision.side]
url = "https://10.0.0.1:8443/"
username = "admin"
password = {{ env = "DOOR_PASSWORD" }}
tls = "sha256:{}"
mode = "observe"
roles = [3, 2]
protect = ["1", "007"]
audit_every = "1d 12h"
time_zone = "UTC"
[link]
files = ["persons.xlsx", "/data/more.csv"]
by = ["device-email", "file", "member-number"]
[policy]
grace_days = 365
inactive = "keep"
vanished = "end"
[guard]
source_shrink = "0%"
revoke_per_tick = "1%"
revoke_per_day = "2%"
grant_per_tick = "99%"
[notify]
heartbeat = "https://hc.example/ping/x"
[notify.email]
smtp = "smtp://mail.example"
from = "a@b.example"
to = ["c@d.example", "e@f.example"]
username = "mailer"
password = {{ env = "DOOR_PASSWORD" }}
[notify.webhook]
url = "https://hooks.example/in?key=a"
token = {{ env = "CLUB_PASSWORD" }}
"#,
        "ab".repeat(32)
    );
    let config = read(&text).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    assert_eq!(config.state, folder().join("state/memory.db"));
    let [a, b] = config.sources.as_slice() else { panic!("two sources") };
    assert_eq!((a.name.as_str(), a.time_zone), ("a", zone("Europe/Ljubljana")));
    assert_eq!((b.name.as_str(), b.time_zone), ("b", zone("Europe/Stockholm")));
    let role = |number| RightCode::whole(number).unwrap();
    assert_eq!(b.roles, Some(BTreeSet::from([role(1), role(2)])));
    assert_eq!(b.full_every, Duration::from_secs(1800));
    assert_eq!(b.sentinel, HolderNumber::whole(9).ok());
    assert_eq!(club(b).url.path(), "/cardskipper");
    let [side] = config.devices.as_slice() else { panic!("one device") };
    assert_eq!(door(side).tls, Tls::Pinned([0xab; 32]));
    assert_eq!(side.mode, Mode::Observe);
    assert_eq!(side.roles, Some(BTreeSet::from([role(2), role(3)])));
    let person = |text| RecordId::new(text).unwrap();
    assert_eq!(side.protect, BTreeSet::from([person("1"), person("007")]));
    assert_eq!(side.audit_every, Duration::from_secs(36 * 3600));
    assert_eq!(side.time_zone, Zone::UTC);
    let more = std::path::absolute("/data/more.csv").unwrap();
    assert_eq!(config.link.files, [folder().join("persons.xlsx"), more]);
    let by = [LinkRule::DeviceEmail, LinkRule::File, LinkRule::HolderNumber];
    assert_eq!(config.link.by, by);
    let policy = Policy { grace_days: 365, inactive: Ending::Keep, vanished: Ending::End };
    assert_eq!(config.policy, policy);
    assert_eq!(config.guard.grant_per_tick, Percent(99));
    assert_eq!(config.notify.heartbeat.unwrap().path(), "/ping/x");
    let email = config.notify.email.unwrap();
    assert_eq!(email.smtp.host_str(), Some("mail.example"));
    assert_eq!(email.to, ["c@d.example", "e@f.example"]);
    assert_eq!(email.username.as_deref(), Some("mailer"));
    assert_eq!(email.password.unwrap().expose(), "door-pw");
    let webhook = config.notify.webhook.unwrap();
    assert_eq!(webhook.url.query(), Some("key=a"));
    assert_eq!(webhook.token.unwrap().expose(), "club-pw");
}

#[test]
fn no_zone_at_the_top_is_needed_when_every_section_has_one() {
    let text = SMALL.replacen("time_zone = \"Europe/Ljubljana\"\n", "", 1);
    let text = text.replace("username", "time_zone = \"UTC\"\nusername");
    assert_eq!(read(&text).unwrap().devices[0].time_zone, Zone::UTC);
}

#[test]
fn byte_order_mark_and_carriage_returns() {
    let windows = format!("\u{feff}{}", SMALL.replace('\n', "\r\n"));
    assert!(read(&windows).is_ok());
    let wrong = windows.replace("organisation_id = 123", "organisation_id = 0");
    assert_eq!(read(&wrong).unwrap_err().problems[0].line, Some(4));
}

#[test]
fn relative_to_the_file_wherever_the_program_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("club.toml");
    std::fs::write(&path, SMALL).unwrap();
    let config = load(&path, &environment(&[]), KINDS).unwrap();
    assert_eq!(config.state, folder.path().join("ivms-sync.db"));
    assert_eq!(config.path, path);
}

#[test]
fn advice() {
    let table: &[(String, &str)] = &[
        (
            replaced("https://192.168.1.100", "http://192.168.1.100"),
            "hikvision.front-door.url is plain http",
        ),
        (
            replaced("https://api.cardskipper.se", "http://api.cardskipper.se"),
            "cardskipper.club.url is plain http",
        ),
        (with("url = \"https://192", "tls = \"insecure\""), "tls = \"sha256:"),
        (
            format!("{SMALL}[link]\nfiles = [\"a.csv\"]\nby = [\"device-email\"]"),
            "link.files has no effect",
        ),
        (format!("{SMALL}[guard]\nsource_shrink = \"100%\""), "guard.source_shrink is 100%"),
        (
            format!("{SMALL}[notify.webhook]\nurl = \"http://hooks.example\""),
            "notify.webhook.url is plain http",
        ),
    ];
    for (text, expected) in table {
        let warnings = read(text).unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains(expected), "{warnings:?}");
    }
    let local = SMALL
        .replace("https://192.168.1.100", "http://127.0.0.1:8080")
        .replace("https://api.cardskipper.se", "http://localhost:8081");
    assert_eq!(read(&local).unwrap().warnings, Vec::<String>::new());
    let both = replaced("url = \"https://192", "tls = \"insecure\"\nurl = \"http://192");
    let warnings = read(&both).unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("no effect")), "{warnings:?}");
}

/// Mutants: a device that lets in an organisation which it does not name; one that no door lets in unsaid.
#[test]
fn a_device_lets_in_whom_it_names() {
    let spa = SMALL.split("[hikvision").next().unwrap().split_once("[cardskipper.club]").unwrap().1;
    let spa = spa.replace("123", "456");
    let text = |names: &str| {
        let door = with("username = \"admin", &format!("organisations = [{names}]"));
        format!("{door}[cardskipper.spa]{spa}")
    };
    let name = |name: &str| SourceName::new(name).unwrap();
    let config = read(&text("\"spa\"")).unwrap();
    let [device] = config.devices.as_slice() else { panic!("one device") };
    assert!(device.lets_in(&name("spa")) && !device.lets_in(&name("club")));
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    assert!(config.warnings[0].starts_with("cardskipper.club: no door"), "{:?}", config.warnings);
    let config = read(&text("\"spa\", \"club\"")).unwrap();
    assert!(config.devices[0].lets_in(&name("club")) && config.warnings.is_empty());
    assert!(read(SMALL).unwrap().devices[0].lets_in(&name("club")));
}
