//! Everything that can be wrong with a file: key, line and words.

use super::*;
use crate::config::load;

/// What is wrong with [`SMALL`] after one change; each is exactly one problem.
fn table() -> Vec<(String, &'static str)> {
    let end = |text: &str| format!("{SMALL}{text}\n");
    let platform = |line: &str| {
        let secret = "app_secret = { env = \"DOOR_PASSWORD\" }";
        end(&format!("[hikcentral.site]\nurl = \"https://192.168.1.10\"\n{secret}\n{line}"))
    };
    vec![
        // A platform.
        (platform(""), "11: hikcentral.site.app_key: is missing"),
        (
            platform("app_key = \"č\""),
            "14: hikcentral.site.app_key: holds a character that cannot be sent",
        ),
        (
            platform("app_key = \"1\"\nrequests_per_second = 0"),
            "15: hikcentral.site.requests_per_second: is not between 1 and 50",
        ),
        (platform("app_key = \"1\"\nuser_id = \"\""), "15: hikcentral.site.user_id: is empty"),
        // Types.
        (
            replaced("123", "\"123\""),
            "4: cardskipper.club.organisation_id: is text, where a whole number is wanted (hint: leave the quotes out)",
        ),
        (
            replaced("123", "1.5"),
            "4: cardskipper.club.organisation_id: is a decimal number, where a whole number is wanted",
        ),
        (
            replaced("123", "99999999999999999999"),
            "4: cardskipper.club.organisation_id: is too large a number",
        ),
        (
            replaced("123", "0"),
            "4: cardskipper.club.organisation_id: is not a whole number above zero",
        ),
        (
            replaced("\"admin\"", "42"),
            "9: hikvision.front-door.username: is a whole number, where text is wanted (hint: put it in quotes)",
        ),
        (
            replaced("\"admin\"", "{ env = \"X\" }"),
            "9: hikvision.front-door.username: is a section, where text is wanted",
        ),
        (
            replaced("\"admin\"", "true"),
            "9: hikvision.front-door.username: is true or false, where text is wanted",
        ),
        (
            replaced("\"admin\"", "2026-01-01"),
            "9: hikvision.front-door.username: is a date, where text is wanted",
        ),
        (
            with("username = \"api", "roles = 3126"),
            "6: cardskipper.club.roles: is a whole number, where a list in brackets is wanted",
        ),
        (
            with("username = \"api", "roles = [1,\n\"2\"]"),
            "7: cardskipper.club.roles: is text, where a whole number is wanted",
        ),
        (with("time_zone", "link = 3"), "2: link: is a whole number, where a section is wanted"),
        (end("[[policy]]"), "11: policy: is a list, where a section is wanted"),
        // Missing.
        (replaced("username = \"admin\"\n", ""), "7: hikvision.front-door.username: is missing"),
        (
            replaced("time_zone = \"Europe/Ljubljana\"\n", "\n"),
            ": time_zone: is missing (hint: write the zone of the club",
        ),
        (
            replaced("password = { env = \"CLUB_PASSWORD\" }", ""),
            "2: cardskipper.club.password: is missing (hint: write password = { env",
        ),
        // Unknown.
        (
            with("username = \"admin", "pasword2 = 1"),
            "10: hikvision.front-door.pasword2: is not a known key (hint: did you mean hikvision.front-door.password?)",
        ),
        (
            with("username = \"admin", "colour = 1"),
            "10: hikvision.front-door.colour: is not a known key",
        ),
        (end("[polcy]"), "11: polcy: is not a known section (hint: did you mean policy?)"),
        (
            end("state = \"x.db\""),
            "11: hikvision.front-door.state: is not a known key (hint: it belongs to the top of the file",
        ),
        (end("[policy]\n[policy.extra]"), "12: policy.extra: is not a known section"),
        (with("time_zone", "\"a\\u001b[31m\" = 1"), "2: a\\u{1b}[31m: is not a known key"),
        // Values.
        (
            replaced("https://192.168.1.100", "192.168.1.100"),
            "8: hikvision.front-door.url: is not an address (hint: write https://192.168.1.100)",
        ),
        (
            replaced("192.168.1.100", "192.168.1.100/ISAPI"),
            "8: hikvision.front-door.url: has a path",
        ),
        (
            replaced("https://api.cardskipper.se", "https://a:b@c"),
            "3: cardskipper.club.url: holds a user name or password",
        ),
        (
            replaced("Ljubljana", "Lubljana"),
            "1: time_zone: is not a known time zone (hint: did you mean \"Europe/Ljubljana\"?)",
        ),
        (replaced("\"admin\"", "\" \""), "9: hikvision.front-door.username: is empty"),
        (
            with("username = \"api", "full_every = \"59s\""),
            "6: cardskipper.club.full_every: is not between 1 minute and 7 days",
        ),
        (
            with("username = \"api", "full_every = 60"),
            "6: cardskipper.club.full_every: is a whole number, where text is wanted (hint: put it in quotes)",
        ),
        (
            with("username = \"admin", "audit_every = \"31d\""),
            "10: hikvision.front-door.audit_every: is not between 1 minute and 30 days",
        ),
        (
            with("username = \"admin", "audit_every = \"soon\""),
            "10: hikvision.front-door.audit_every: is not a length of time",
        ),
        (
            with("username = \"api", "sentinel = -1"),
            "6: cardskipper.club.sentinel: is not a whole number above zero",
        ),
        (
            with("username = \"admin", "mode = \"ful\""),
            "10: hikvision.front-door.mode: is none of \"observe\", \"grant-only\", \"full\" (hint: did you mean \"full\"?)",
        ),
        (
            with("username = \"admin", "tls = \"sha256:abc\""),
            "10: hikvision.front-door.tls: is not a SHA-256 fingerprint",
        ),
        (
            with("username = \"admin", "protect = [\n\"1\",\n7]"),
            "12: hikvision.front-door.protect: is a whole number, where text is wanted (hint: put it in quotes: on a device 007",
        ),
        (
            with("username = \"admin", "protect = [\"\"]"),
            "10: hikvision.front-door.protect: is empty",
        ),
        (
            with("username = \"admin", "protect = [\n\"1\",\n\"42 \"]"),
            "12: hikvision.front-door.protect: has a blank at an end, or an invisible character in it (hint: type it again, just as the door shows it: ids are compared exactly",
        ),
        (
            with("username = \"admin", "protect = [\"\u{a0}42\"]"),
            "10: hikvision.front-door.protect: has a blank at an end",
        ),
        (
            with("username = \"admin", "protect = [\"4\u{200b}2\"]"),
            "10: hikvision.front-door.protect: has a blank at an end, or an invisible character",
        ),
        (
            with("username = \"admin", "organisations = [\"clubb\"]"),
            "10: hikvision.front-door.organisations: holds clubb, which is no organisation of this file (hint: did you mean \"club\"?)",
        ),
        (
            with("username = \"admin", "organisations = [\"club\", 123]"),
            "10: hikvision.front-door.organisations: is a whole number, where text is wanted",
        ),
        (
            with("username = \"admin", "organisations = [\"club\", \"club\"]"),
            "10: hikvision.front-door.organisations: holds the same entry twice",
        ),
        (
            with("username = \"admin", "organisations = []"),
            "10: hikvision.front-door.organisations: is empty, so that no member would be let in (hint: leave the key out",
        ),
        (
            with("username = \"admin", "roles = []"),
            "10: hikvision.front-door.roles: is empty, so that no membership would open a door (hint: leave the key out",
        ),
        (end("[link]\nby = []"), "12: link.by: is empty"),
        (end("[link]\nby = [\"file\", \"file\"]"), "12: link.by: holds the same entry twice"),
        (
            end("[link]\nby = [\"email\"]"),
            "12: link.by: is none of \"file\", \"device-email\", \"member-number\"",
        ),
        (
            end("[link]\nfiles = [\"a.csv\", \"./a.csv\"]"),
            "12: link.files: holds the same entry twice",
        ),
        (end("[link]\nfiles = [\"\"]"), "12: link.files: is empty"),
        (end("[policy]\ngrace_days = 366"), "12: policy.grace_days: is not between 0 and 365"),
        (end("[policy]\ngrace_days = -1"), "12: policy.grace_days: is not between 0 and 365"),
        (
            end("[policy]\ninactive = \"ends\""),
            "12: policy.inactive: is none of \"end\", \"keep\" (hint: did you mean \"end\"?)",
        ),
        (
            end("[guard]\nsource_shrink = 10"),
            "12: guard.source_shrink: is a whole number, where text is wanted (hint: put it in quotes)",
        ),
        (
            end("[guard]\nsource_shrink = \"101%\""),
            "12: guard.source_shrink: is not a share from 0% to 100%",
        ),
        (end("[notify]\nheartbeat = \"hc.example\""), "12: notify.heartbeat: is not an address"),
        (
            end("[notify]\nemail = 1"),
            "12: notify.email: is a whole number, where a section is wanted",
        ),
        (
            end("[notify.email]\nsmtp = \"smtp://m\"\nfrom = \"a@b\""),
            "11: notify.email.to: is missing",
        ),
        (
            end("[notify.email]\nsmtp = \"smtp://m\"\nfrom = \"a@b\"\nto = []"),
            "14: notify.email.to: is empty",
        ),
        (
            end("[notify.email]\nsmtp = \"smtp://m\"\nfrom = \"a\"\nto = [\"c@d\"]"),
            "13: notify.email.from: is not an e-mail address",
        ),
        (
            end(
                "[notify.email]\nsmtp = \"smtp://m\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nusername = \"u\"",
            ),
            "11: notify.email.password: is missing, but there is a username",
        ),
        (
            end(
                "[notify.email]\nsmtp = \"smtp://m\"\nfrom = \"a@b\"\nto = [\"c@d\"]\ntls = \"off\"",
            ),
            "15: notify.email.tls: is none of \"required\", \"none\"",
        ),
        (
            end(
                "[notify.email]\nsmtp = \"smtps://m\"\nfrom = \"a@b\"\nto = [\"c@d\"]\ntls = \"none\"",
            ),
            "15: notify.email.tls: is \"none\", but the address is smtps://",
        ),
        (
            end(
                "[notify.email]\nsmtp = \"smtp://m\"\nfrom = \"a@b\"\nto = [\"c@d\"]\ntls = \"none\"\n\
                 username = \"u\"\npassword = { env = \"DOOR_PASSWORD\" }",
            ),
            "15: notify.email.tls: is \"none\", and the password would be sent for all to read",
        ),
        (
            end("[notify.webhook]\ntoken = { env = \"DOOR_PASSWORD\" }"),
            "11: notify.webhook.url: is missing",
        ),
        (
            end("[notify.webhook]\nurl = \"https://h\"\ntokn = \"x\""),
            "13: notify.webhook.tokn: is not a known key (hint: did you mean notify.webhook.token?)",
        ),
        // Sections.
        (
            replaced("front-door", "\"front door\""),
            "7: hikvision.front door: may hold only letters, digits, `-` and `_`",
        ),
        (
            SMALL.split("[hik").next().unwrap().to_owned(),
            ": hikvision: is missing: there is no door to write to (hint: write [hikvision.front-door])",
        ),
        (
            replaced("[hikvision.front-door]", "[hikvision]"),
            "8: hikvision: holds keys of its own, but is only a group of sections (hint: write [hikvision.front-door] above them",
        ),
        (
            format!(
                "{SMALL}{}",
                SMALL
                    .split_once("[hik")
                    .unwrap()
                    .0
                    .split_once('\n')
                    .unwrap()
                    .1
                    .replace("club]", "b]")
            ),
            "4: cardskipper.club.organisation_id: is the organisation of cardskipper.b too",
        ),
        (
            end(
                "[hikvision.z]\nurl = \"https://192.168.1.100:443/\"\nusername = \"a\"\npassword = { env = \"DOOR_PASSWORD\" }",
            ),
            "12: hikvision.z.url: is the address of hikvision.front-door too",
        ),
        // Contradictions.
        (
            with("username = \"api", "roles = [1]")
                .replace("\"admin\"", "\"admin\"\nroles = [1,\n2]"),
            "12: hikvision.front-door.roles: holds 2, which no organisation lists",
        ),
        (
            replaced(
                "url = \"https://192.168.1.100\"",
                &format!("url = \"http://192.168.1.100\"\ntls = \"sha256:{}\"", "00".repeat(32)),
            ),
            "9: hikvision.front-door.tls: pins a certificate, but the address is plain http",
        ),
        // Syntax.
        (replaced("\"admin\"", "admin"), "9: syntax error at column 12: "),
        (replaced("\"admin\"", "\"admin"), "9: syntax error at column "),
        (
            format!("state = \"C:\\ProgramData\\x.db\"\n{SMALL}"),
            "1: syntax error at column 13: missing escaped value, expected",
        ),
        (
            format!("state = \"C:\\temp\"\n{SMALL}"),
            "1: state: holds a control character (hint: write a path in single quotes, where \\ stands",
        ),
        (
            with("username = \"admin", "username = \"b\""),
            "10: syntax error at column 1: this key or section is in the file twice",
        ),
        (end("[hikvision.front-door]"), "11: syntax error at column "),
    ]
}

#[test]
fn each_has_its_key_line_and_words() {
    for (text, expected) in table() {
        let error = read(&text).expect_err(expected);
        let shown = error.to_string();
        let expected = match expected.strip_prefix(": ") {
            Some(rest) => format!("ivms-sync.toml: {rest}"),
            None => format!("ivms-sync.toml:{expected}"),
        };
        assert_eq!(error.problems.len(), 1, "expected {expected}\nfound {shown}");
        assert!(shown.starts_with(&expected), "expected {expected}\nfound    {shown}");
        assert!(!shown.contains('\n'));
    }
}

#[test]
fn all_at_once_in_the_order_of_the_file() {
    let text = r#"tyme_zone = "UTC"
[hikvision.b]
url = "b"
mode = 3
[cardskipper.a]
organisation_id = 0
roles = []
colour = 1
[guard]
revoke_per_day = "lots"
"#;
    let error = read_with(text, &environment(&[("IVMS_SYNC__X", "1")])).unwrap_err();
    let keys: Vec<(Option<usize>, &str)> =
        error.problems.iter().map(|problem| (problem.line, problem.key.as_str())).collect();
    let expected = [
        (Some(1), "tyme_zone"),
        (Some(2), "hikvision.b.username"),
        (Some(2), "hikvision.b.password"),
        (Some(3), "hikvision.b.url"),
        (Some(4), "hikvision.b.mode"),
        (Some(5), "cardskipper.a.url"),
        (Some(5), "cardskipper.a.username"),
        (Some(5), "cardskipper.a.password"),
        (Some(6), "cardskipper.a.organisation_id"),
        (Some(7), "cardskipper.a.roles"),
        (Some(8), "cardskipper.a.colour"),
        (Some(10), "guard.revoke_per_day"),
        (None, "time_zone"),
        (None, ""),
    ];
    assert_eq!(keys, expected, "{error}");
    assert_eq!(error.to_string().lines().count(), expected.len());
}

#[test]
fn an_empty_file_says_what_is_wanted() {
    let error = read("").unwrap_err().to_string();
    for wanted in ["time_zone: is missing", "[cardskipper.club]", "[hikvision.front-door]"] {
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn duplicates_show_beside_other_problems() {
    let twin = "[hikvision.b]\nurl = \"https://192.168.1.100\"\n";
    let error = read(&format!("{SMALL}{twin}")).unwrap_err().to_string();
    assert!(
        error.contains("hikvision.front-door.url: is the address of hikvision.b too"),
        "{error}"
    );
    assert!(error.contains("hikvision.b.username: is missing"), "{error}");
}

#[test]
fn files_that_are_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ivms-sync.toml");
    let nothing = Environment::default();
    let message = |path: &Path| load(path, &nothing, KINDS).unwrap_err().to_string();
    assert!(message(&path).contains("cannot be read"));
    assert!(message(folder.path()).contains("is not a regular file (hint: is this"));
    std::fs::write(&path, b"a = 1\nb = \"\xff\"").unwrap();
    assert!(message(&path).contains("ivms-sync.toml:2: is not UTF-8 text (hint: save"));
    std::fs::write(&path, b"\xFF\xFEa").unwrap();
    assert!(message(&path).contains("is not UTF-8 text"));
    // As an editor on Windows writes it, and as PowerShell's `>` does.
    let words = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    std::fs::write(&path, words("\u{feff}a = 1\r\nb = \"C:\\Program\"\r\n")).unwrap();
    let told = message(&path);
    assert!(told.contains("ivms-sync.toml:2: syntax error"), "{told}");
    assert!(told.contains("(hint: write a path in single quotes, where \\ stands for"), "{told}");
    std::fs::write(&path, "#".repeat(1024 * 1024 + 1)).unwrap();
    assert!(message(&path).contains("is longer than 1048576 bytes"));
}
