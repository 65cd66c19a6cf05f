//! `[ips.NAME]`: which keys belong together.

use super::*;
use crate::connectors::ips;
use crate::model::{Ends, ParkingZoneName};

const CITY: &str = r#"time_zone = "America/New_York"
[zone.A1]
names = { street = ["Main 1", "Main 2"] }
[zone.B1]
[ips.street]
url = "https://ips.example/enforcement"
secret = { env = "DOOR_PASSWORD" }
"#;

const XML: &str = "wire = \"ips-xml\"\n";
const OAUTH: &str = "auth = \"oauth2\"\n";
const TOKEN: &str = "token_url = \"https://login.example/token\"\nclient_id = \"town\"\n";

fn city(lines: &[&str]) -> Result<Config, ConfigError> {
    read(&format!("{CITY}{}", lines.concat()))
}

#[test]
fn the_wire_of_handhelds() {
    let config = city(&[XML, "times = \"America/New_York\"\nclosed = true\n"]).unwrap();
    assert_eq!(config.warnings, Vec::<String>::new());
    let service = &config.vehicles.services[0];
    assert_eq!(service.settings.parts(), ["sessions"]);
    assert!(!service.settings.lists_changes());
    let areas: Vec<_> = service.zones.iter().map(ParkingZoneName::as_str).collect();
    assert_eq!(areas, ["B1", "Main 1", "Main 2"], "a zone without a name there has its own");
    let settings = (&*service.settings as &dyn Any).downcast_ref::<ips::Settings>().unwrap();
    assert_eq!(settings.ends, Ends::Closed);
    // Whatever is read under another clock, or with other ends, is read anew.
    let sense = |lines: &[&str]| city(lines).unwrap().vehicles.services[0].settings.sense();
    let senses: std::collections::BTreeSet<_> = [
        sense(&[XML, "times = \"America/New_York\"\n"]),
        sense(&[XML, "times = \"America/New_York\"\nclosed = true\n"]),
        sense(&[XML, "times = \"UTC\"\n"]),
        sense(&[]),
        sense(&["closed = true\n"]),
        sense(&["permits = [\"A\"]\n"]),
        sense(&[OAUTH, TOKEN]),
        sense(&[OAUTH, TOKEN, "scope = \"all\"\n"]),
    ]
    .into();
    assert_eq!(senses.len(), 8, "{senses:?}");
}

#[test]
fn keys_that_have_no_place() {
    let utc = "times = \"UTC\"\n";
    for (lines, want) in [
        ([XML, ""], "ips.street.times: is missing"),
        ([XML, "times = \"Main St\"\n"], "ips.street.times: is not a known time zone"),
        (["", utc], "ips.street.times: has no place beside wire = \"seed\""),
        ([XML, "auth = \"basic\"\n"], "ips.street.auth: has no place beside wire = \"ips-xml\""),
        ([XML, "username = \"a\"\n"], "ips.street.username: has no place"),
        ([XML, "permits = [\"A\"]\n"], "ips.street.permits: has no place"),
        ([XML, "full_every = \"1h\"\n"], "ips.street.full_every: has no place"),
        ([XML, "client_id = \"a\"\n"], "ips.street.client_id: has no place"),
        (["wire = \"xml\"\n", ""], "ips.street.wire: is none of \"seed\", \"ips-xml\""),
        (["closed = \"yes\"\n", ""], "ips.street.closed: is text, where true or false is wanted"),
        ([OAUTH, ""], "ips.street.token_url: is missing"),
        ([OAUTH, ""], "ips.street.client_id: is missing"),
        (
            [OAUTH, "token_url = \"http://login.example/token\"\nclient_id = \"town\"\n"],
            "ips.street.token_url: is plain http",
        ),
        ([OAUTH, "client_in = \"query\"\n"], "ips.street.client_in: is none of"),
        ([OAUTH, "asked_as = \"xml\"\n"], "ips.street.asked_as: is none of"),
        (["violations = [\"A\", \"*\"]\n", ""], "ips.street.violations: names types beside"),
        (["list_within = \"11m\"\n", ""], "ips.street.list_within: is too long"),
        (["list_within = \"59s\"\n", ""], "ips.street.list_within: is not between"),
    ] {
        let found = city(&lines).unwrap_err().to_string();
        assert!(found.contains(want), "{lines:?}: {found}");
    }
    let near = "token_url = \"http://127.0.0.1:1/token\"\nclient_id = \"town\"\nusername = \"a\"\n";
    let warnings = city(&[OAUTH, near]).unwrap().warnings;
    assert_eq!(warnings, ["ips.street.username has no effect without auth = \"basic\"."]);
}

/// Mutants: the text of a key counts, and not the bytes that it stands for; what is just long enough is warned of.
#[test]
fn a_secret_that_can_be_guessed_is_warned_of() {
    let warned = |events: &str| {
        let lines = format!("[ips.street.events]\n{events}\n");
        let warnings = city(&[&lines]).unwrap().warnings;
        warnings.iter().any(|warning| {
            warning.contains("ips.street.events.secrets holds a secret that is so short")
        })
    };
    // 23 and 24 bytes.
    assert!(warned("secrets = [\"whsec_eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=\"]"));
    assert!(!warned("secrets = [\"whsec_eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4\"]"));
    for scheme in ["stripe", "bearer"] {
        let of = |secret: &str| warned(&format!("scheme = {scheme:?}\nsecrets = [{secret:?}]"));
        assert!(of("123456789012345") && !of("1234567890123456"), "{scheme}");
    }
}
