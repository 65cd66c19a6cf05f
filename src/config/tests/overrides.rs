//! Environment variables in place of keys.

use super::*;
use crate::config::{Ending, Mode};
use crate::model::{HolderNumber, Zone};

#[test]
fn each_type_is_read_as_the_keys_own() {
    let variables = [
        ("IVMS_SYNC__STATE", "other.db"),
        ("IVMS_SYNC__TIME_ZONE", "UTC"),
        ("IVMS_SYNC__CARDSKIPPER__CLUB__ORGANISATION_ID", "7"),
        ("IVMS_SYNC__CARDSKIPPER__CLUB__FULL_EVERY", "5m"),
        ("IVMS_SYNC__CARDSKIPPER__CLUB__SENTINEL", "12"),
        ("IVMS_SYNC__HIKVISION__FRONT_DOOR__URL", "http://127.0.0.1:8080"),
        ("IVMS_SYNC__HIKVISION__FRONT_DOOR__PASSWORD", "other-pw"),
        ("IVMS_SYNC__HIKVISION__FRONT_DOOR__MODE", "observe"),
        ("IVMS_SYNC__POLICY__GRACE_DAYS", "3"),
        ("IVMS_SYNC__POLICY__VANISHED", "end"),
        ("IVMS_SYNC__GUARD__REVOKE_PER_DAY", "20%"),
        ("IVMS_SYNC__NOTIFY__HEARTBEAT", "https://hc.example/x"),
        ("IVMS_SYNC_CONFIG", "somewhere.toml"),
    ];
    // What the file says does not matter where a variable says otherwise: not even a missing variable.
    let text = SMALL.replace("DOOR_PASSWORD", "NOT_SET");
    let config = read_with(&text, &environment(&variables)).unwrap();
    assert_eq!(config.state, folder().join("other.db"));
    let source = &config.sources[0];
    assert_eq!(source.time_zone, Zone::UTC);
    assert_eq!(source.account.value, "7");
    assert_eq!(source.full_every.as_secs(), 300);
    assert_eq!(source.sentinel.as_ref().map(HolderNumber::as_str), Some("12"));
    let device = &config.devices[0];
    assert_eq!(door(device).url.port(), Some(8080));
    assert_eq!(device.login.secret.expose(), "other-pw");
    assert_eq!(device.mode, Mode::Observe);
    assert_eq!(config.policy.grace_days, 3);
    assert_eq!(config.policy.vanished, Ending::End);
    assert_eq!(config.guard.revoke_per_day.get(), 20);
    assert_eq!(config.notify.heartbeat.unwrap().path(), "/x");
    assert_eq!(config.warnings, Vec::<String>::new(), "a password in a variable is no literal");
}

#[test]
fn a_variable_can_give_what_the_file_lacks() {
    let text = replaced("password = { env = \"DOOR_PASSWORD\" }\n", "");
    let variables = [("IVMS_SYNC__HIKVISION__FRONT_DOOR__PASSWORD", "pw")];
    let config = read_with(&text, &environment(&variables)).unwrap();
    assert_eq!(config.devices[0].login.secret.expose(), "pw");
}

#[test]
fn problems_name_the_variable() {
    let table = [
        ("IVMS_SYNC__POLICY__GRACE_DAYS", "three", "policy.grace_days: is not a whole number"),
        ("IVMS_SYNC__POLICY__GRACE_DAYS", "400", "policy.grace_days: is not between 0 and 365"),
        (
            "IVMS_SYNC__HIKVISION__FRONT_DOOR__URL",
            "door",
            "hikvision.front-door.url: is not an address",
        ),
        (
            "IVMS_SYNC__HIKVISION__FRONT_DOOR__PASSWORD",
            "",
            "hikvision.front-door.password: is empty",
        ),
        (
            "IVMS_SYNC__HIKVISION__FRONT_DOOR__PROTECT",
            "1",
            "hikvision.front-door.protect: is a list, which a variable cannot replace (hint: change it in the file)",
        ),
        ("IVMS_SYNC__CARDSKIPPER__CLUB__ROLES", "[1]", "cardskipper.club.roles: is a list"),
        (
            "IVMS_SYNC__HIKVISION__FRONTDOOR__URL",
            "x",
            "matches no key of the configuration (hint: did you mean IVMS_SYNC__HIKVISION__FRONT_DOOR__URL?)",
        ),
        (
            "IVMS_SYNC__HIKVISION__FRONT_DOOR__TSL",
            "system",
            "matches no key of the configuration (hint: did you mean IVMS_SYNC__HIKVISION__FRONT_DOOR__TLS?)",
        ),
        (
            "IVMS_SYNC__",
            "x",
            "matches no key of the configuration (hint: IVMS_SYNC__, then the sections",
        ),
        ("IVMS_SYNC__NOTIFY__EMAIL", "x", "matches no key"),
    ];
    for (variable, value, expected) in table {
        let error = read_with(SMALL, &environment(&[(variable, value)])).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        assert_eq!(error.problems[0].variable.as_deref(), Some(variable));
        assert_eq!(error.problems[0].line, None);
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("{variable}: {expected}")), "{shown}");
    }
}

#[cfg(not(windows))]
#[test]
fn a_name_in_lower_case_is_not_silent() {
    let error = read_with(SMALL, &environment(&[("ivms_sync__state", "x.db")])).unwrap_err();
    assert!(error.to_string().contains("did you mean IVMS_SYNC__STATE?"), "{error}");
}

#[test]
fn sections_that_look_alike_in_a_variable() {
    let twin = r#"[hikvision.front_door]
url = "https://192.168.1.101"
username = "admin"
password = { env = "DOOR_PASSWORD" }
"#;
    let text = format!("{SMALL}{twin}");
    assert!(read(&text).is_ok(), "without a variable nothing is ambiguous");
    let variables = [("IVMS_SYNC__HIKVISION__FRONT_DOOR__MODE", "observe")];
    let error = read_with(&text, &environment(&variables)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "IVMS_SYNC__HIKVISION__FRONT_DOOR__MODE: matches both hikvision.front-door and \
         hikvision.front_door (hint: give one of the two sections another name)"
    );
}

#[test]
fn an_email_section_of_variables_alone_lacks_its_receivers() {
    let variables = [("IVMS_SYNC__NOTIFY__EMAIL__SMTP", "smtp://mail.example")];
    let error = read_with(SMALL, &environment(&variables)).unwrap_err().to_string();
    assert!(error.contains("notify.email.to: is missing"), "{error}");
}
