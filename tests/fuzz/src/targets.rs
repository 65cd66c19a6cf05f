//! One target for each reader. A target says what is wrong with what its reader accepted.

use std::any::Any;
use std::num::NonZeroUsize;
use std::path::Path;

use chrono::{DateTime, Utc};
use ivms_sync::config::{Environment, load};
use ivms_sync::connectors::cardskipper::OrganisationId;
use ivms_sync::connectors::cardskipper::wire::{
    Club, parse_members, parse_members_by, parse_role_names,
};
use ivms_sync::connectors::hikvision::probe;
use ivms_sync::connectors::{KINDS, cardskipper, hikvision};
use ivms_sync::document::{Limits, Value, parse};
use ivms_sync::engine::link::file;
use ivms_sync::model::{
    Accounts, HolderNumber, Limit, PlateRules, RecordId, SourceName, Window, Zone, parse_time,
    steers,
};
use ivms_sync::report::plan_file::{Approved, Unread, read};

/// A reader under test.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// The folder of its corpus.
    pub corpus: &'static str,
    /// Words of its format, for the mutator.
    pub words: &'static [&'static str],
    /// Reads, and says what is wrong.
    pub read: fn(&[u8]) -> Result<(), String>,
    /// Whether the reader accepts an input.
    pub is_taken: fn(&[u8]) -> bool,
    /// How many inputs the test in CI makes.
    pub inputs_in_ci: u64,
}

/// All of them.
pub const TARGETS: &[Target; 8] = &[
    Target {
        name: "members",
        corpus: "members",
        words: XML,
        read: members,
        is_taken: |input| read_members(input).is_some(),
        inputs_in_ci: 3000,
    },
    Target {
        name: "roles",
        corpus: "roles",
        words: XML,
        read: roles,
        is_taken: |input| read_roles(input).is_some(),
        inputs_in_ci: 3000,
    },
    Target {
        name: "door",
        corpus: "door",
        words: DOOR,
        read: door,
        is_taken: |input| {
            let seen = read_door(input);
            seen.status.is_some()
                || seen.info.is_some()
                || seen.clock.is_some()
                || !seen.persons.is_empty()
        },
        inputs_in_ci: 3000,
    },
    Target {
        name: "challenge",
        corpus: "challenge",
        words: DIGEST,
        read: challenge,
        is_taken: |input| answer(input).is_ok(),
        inputs_in_ci: 6000,
    },
    Target {
        name: "links",
        corpus: "links",
        words: LINKS,
        read: links,
        is_taken: |input| file::parse(Path::new("x"), input).is_ok(),
        inputs_in_ci: 1500,
    },
    Target {
        name: "config",
        corpus: "config",
        words: TOML,
        read: config,
        is_taken: |input| read_config(input).is_some_and(|read| read.is_ok()),
        inputs_in_ci: 1000,
    },
    Target {
        name: "plan",
        corpus: "plan",
        words: DOOR,
        read: plan,
        is_taken: |input| read_plan(input).is_some_and(|read| read.is_ok()),
        inputs_in_ci: 3000,
    },
    Target {
        name: "document",
        corpus: "document",
        words: DOCUMENT,
        read: document,
        is_taken: |input| parse(input, Limits::DOCUMENT).is_ok(),
        inputs_in_ci: 6000,
    },
];

const XML: &[&str] = &[
    "<a>",
    "</a>",
    "<a/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?x ?>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&amp;",
    "&#x202e;",
    "&#0;",
    "&#27;",
    "&b;",
    " xmlns:p=\"u\"",
    "p:",
    "<Member ",
    "</Member>",
    "<Members>",
    "</Members>",
    "<Members a='>'>",
    "<Member/>",
    "<Organisations>",
    "<Organisation Id=\"123\">",
    "<Roles>",
    "<Role Id=\"3126\" StartDate=\"2026-01-01\" EndDate=\"2026-12-31\"/>",
    "Inactive=\"true\"",
    "OrganisationMemberId=\"1\"",
    "Birthdate=\"1980-01-01\"",
    "EMail=\"a@b.si\"",
    "<ContactInfo EMail=\"x@y.se;z@w.se\"/>",
    "<?xml version=\"1.0\" encoding=\"utf-16\"?>",
    "<Children>",
    "encoding=\"windows-1252\"",
    "Firstname=\"\"",
    "\u{1b}",
];

const DOCUMENT: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"a\":",
    "\"\\u0061\":",
    "\"\\ud83d\"",
    "\\ude97",
    "NaN",
    "null",
    "-0",
    "1e3",
    "475.0",
    "9007199254740993",
    "// no",
    "/**/",
    "\u{feff}",
    "\u{a0}",
    "\u{b7}",
    "\u{30a}",
    "\u{430}",
    "CT:ABC123",
    "../",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

const DOOR: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "{\"a\":",
    "[[",
    "\\u0000",
    "\\ud800",
    "\\u202e",
    "\"employeeNo\":\"1\"",
    "\"employeeNoString\":1",
    "\"UserInfo\":[",
    "\"totalMatches\":1",
    "\"MORE\"",
    "\"NO MATCH\"",
    "\"Valid\":{\"enable\":false,\"beginTime\":\"2026-01-01T00:00:00\",\"endTime\":\"2025-01-01T00:00:00\"}",
    "\"timeType\":\"UTC\"",
    "\"localUIRight\":true",
    "\"userType\":\"blackList\"",
    "\"password\":\"1\"",
    "\"statusCode\":1",
    "\"subStatusCode\":\"deviceBusy\"",
    "\"errorCode\":1610612761",
    "<a>",
    "</a>",
    "<a b=\"c\">",
    "<DeviceInfo>",
    "<localTime>",
    "<timeZone>CST-5:00:00</timeZone>",
    "<lockStatus>lock</lockStatus>",
    "<retryLoginTime>2</retryLoginTime>",
    " xmlns=\"u\"",
    "\"PersonInfoExtends\":[{\"value\":\"a@b.si\"}]",
    "\u{1b}",
];

const DIGEST: &[&str] = &[
    "Digest ",
    "Basic ",
    "realm=\"r\"",
    "nonce=\"n\"",
    "qop=\"auth\"",
    "qop=auth,auth-int",
    "opaque=\"\"",
    "algorithm=MD5-sess",
    "algorithm=\"SHA-256\"",
    "algorithm=SHA-512-256",
    "stale=true",
    "domain=\"::\"",
    ",",
    "=",
    "\"",
    "\\\"",
    "\\",
    " ",
    "\n",
    "\u{1b}",
];

const LINKS: &[&str] = &[
    "Person ID",
    "Email",
    "E-mail",
    ",",
    ";",
    "\t",
    "\"",
    "\"\"",
    "\r\n",
    "\r",
    "1,a@b.si\n",
    "'007",
    "=1+1",
    "sep=;\n",
    "<c r=\"A1\" t=\"s\"><v>0</v></c>",
    "<row r=\"1\">",
    "</row>",
    "t=\"inlineStr\"",
    "<is><t>",
    "r=\"XFD1048576\"",
    "<dimension ref=\"A1\"/>",
    "<v>1e300</v>",
    "t=\"e\"",
    "t=\"b\"",
    "uniqueCount=\"4294967295\"",
    "<si><t>",
    "state=\"hidden\"",
    "\u{1b}",
];

const TOML: &[&str] = &[
    "[cardskipper.club]\n",
    "[hikvision.door]\n",
    "[link]\n",
    "[guard]\n",
    "[policy]\n",
    "[notify.email]\n",
    "url = \"http://h\"\n",
    "= ",
    "organisation_id = 1\n",
    "password = { env = \"P\" }\n",
    "password = { file = \"x\" }\n",
    "tls = \"sha256:00\"\n",
    "roles = [1]\n",
    "\"\"\"",
    "'''",
    "[[",
    "]]",
    "{ ",
    " }",
    "full_every = \"1h\"\n",
    "revoke_per_day = \"101%\"\n",
    "grace_days = -1\n",
    "time_zone = \"Europe/Ljubljana\"\n",
    "#",
    "\\u202e",
    "2026-01-01",
    "inf",
    "nan",
    "0b1",
    "a.b.c = 1\n",
    "\u{1b}",
];

/// So much text may come out of so much input, at most: nothing grows on the way.
fn check_growth(input: &[u8], made: usize, factor: usize) -> Result<(), String> {
    let limit = input.len() * factor + 1000;
    if made > limit { Err(format!("{made} bytes out of {}", input.len())) } else { Ok(()) }
}

fn check_inert(what: &str, text: &str) -> Result<(), String> {
    match text.chars().find(|c| steers(*c)) {
        Some(c) => Err(format!("{what} holds {c:?}: {text:?}")),
        None => Ok(()),
    }
}

fn check_number(number: &RecordId) -> Result<(), String> {
    let text = number.as_str();
    let fits = (1..=32).contains(&text.len())
        && !text.chars().any(char::is_control)
        && !text.trim().is_empty();
    if fits { Ok(()) } else { Err(format!("{text:?} is no employeeNo")) }
}

fn check(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn zone() -> Option<Zone> {
    "Europe/Ljubljana".parse().ok()
}

fn club() -> Option<Club> {
    let organisation = OrganisationId::new(123).ok()?;
    Some(Club { source: SourceName::new("club").ok()?, organisation, zone: zone()? })
}

fn is_number(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number > 0)
}

fn read_members(input: &[u8]) -> Option<ivms_sync::connectors::cardskipper::wire::Listed> {
    parse_members(input, &club()?).ok()
}

/// The answer of `Member/Export`.
fn members(input: &[u8]) -> Result<(), String> {
    let Some(club) = club() else { return Ok(()) };
    let first = parse_members(input, &club);
    check(first == parse_members(input, &club), "read twice, it differs")?;
    for portion in [None, NonZeroUsize::new(1), NonZeroUsize::new(2)] {
        let again = parse_members_by(input, &club, portion);
        check(first == again, "read in other portions, it differs")?;
    }
    let listed = match first {
        Ok(listed) => listed,
        Err(error) => return check_inert("the error", &error.to_string()),
    };
    let mut size = 0;
    for member in &listed.members {
        check(
            member.key.source == club.source && is_number(member.key.human()),
            "a key of another club",
        )?;
        check_inert("a first name", &member.first_name)?;
        check_inert("a last name", &member.last_name)?;
        check(member.first_name.chars().count() <= 128, "a name is too long")?;
        if let Some(email) = &member.email {
            let text = email.as_str();
            let bare = !text.chars().any(|c| c.is_control() || c.is_whitespace());
            check(bare && text.matches('@').count() == 1, "an e-mail that is none")?;
            size += text.len();
        }
        let mut roles = member.roles.clone();
        roles.sort_unstable();
        check(
            roles == member.roles && roles.iter().all(|role| is_number(role.id.as_str())),
            "roles out of order",
        )?;
        size += member.first_name.len() + member.last_name.len() + member.roles.len() * 20;
    }
    let ordered = listed.members.windows(2).all(|pair| pair[0].key < pair[1].key);
    check(ordered, "members out of order, or one twice")?;
    for unusable in &listed.unusable {
        check_inert("a reason", &unusable.reason.to_string())?;
        check(unusable.line >= 1, "a line before the first")?;
    }
    let lines = listed.unusable.windows(2).all(|pair| pair[0].line <= pair[1].line);
    check(lines, "lines out of order")?;
    // Normalising an address can make it a little longer.
    check_growth(input, size, 4)
}

fn read_roles(
    input: &[u8],
) -> Option<std::collections::BTreeMap<ivms_sync::model::RightCode, String>> {
    parse_role_names(input, club()?.organisation).ok()
}

/// The answer of `Organisation/Info`.
fn roles(input: &[u8]) -> Result<(), String> {
    let Some(club) = club() else { return Ok(()) };
    let first = parse_role_names(input, club.organisation);
    check(first == parse_role_names(input, club.organisation), "read twice, it differs")?;
    match first {
        Err(error) => check_inert("the error", &error.to_string()),
        Ok(names) => {
            for (id, name) in &names {
                check(
                    is_number(id.as_str()) && !name.is_empty() && name.chars().count() <= 128,
                    "a role without a name",
                )?;
                check_inert("a role's name", name)?;
            }
            check_growth(input, names.values().map(String::len).sum(), 3)
        }
    }
}

fn window() -> Option<Window> {
    Window::new(parse_time("2026-01-01T00:00:00")?, parse_time("2027-12-31T23:59:59")?).ok()
}

fn read_door(input: &[u8]) -> probe::Seen {
    match zone().zip(window()) {
        Some((zone, window)) => probe::read(input, zone, window),
        None => unreachable!("a zone and a window that there are"),
    }
}

/// Every body of a device, JSON and XML.
fn door(input: &[u8]) -> Result<(), String> {
    let seen = read_door(input);
    check(seen == read_door(input), "read twice, it differs")?;
    check_inert("an excerpt", &seen.excerpt)?;
    check(seen.excerpt.chars().count() <= 120, "an excerpt is too long")?;
    check_inert("a status", seen.status.as_deref().unwrap_or_default())?;
    check(seen.lock.unlock_after.is_none_or(|after| after.as_secs() <= 86_400), "a lock of years")?;
    if let Some(info) = &seen.info {
        for text in [&info.name, &info.model, &info.serial, &info.firmware] {
            check_inert("a device", text)?;
            check(text.chars().count() <= 128, "a device's text is too long")?;
        }
    }
    if let Some(offset) = seen.clock.and_then(|clock| clock.offset_minutes) {
        check(offset.abs() <= 24 * 60, "an offset of more than a day")?;
    }
    let mut size = 0;
    for (record, body) in &seen.persons {
        let person = &record.person;
        check_number(&person.employee_no)?;
        check_inert("a person's name", &person.name)?;
        check(person.name.chars().count() <= 128, "a name is too long")?;
        if let Limit::Window(window) | Limit::Permanent(Some(window)) = person.limit {
            check(window.begin() <= window.end(), "an inverted window")?;
        }
        check(person.fingerprint.len() == 64, "a fingerprint of another length")?;
        if let Some(body) = body {
            check_change(body, person.employee_no.as_str())?;
            size += body.len();
        }
        size += person.name.len();
    }
    check_growth(input, size, 12)
}

/// A change never opens for ever, and never sends what must not be sent.
fn check_change(body: &[u8], employee_no: &str) -> Result<(), String> {
    // What is sent is read back by the reader under test: it must name the same person with the new
    // window, and the change made of that must be the same to the byte.
    let list = [
        b"{\"UserInfoSearch\":{\"responseStatusStrg\":\"OK\",".as_slice(),
        body.get(1..).unwrap_or_default(),
        b"}",
    ]
    .concat();
    let seen = read_door(&list);
    let [(record, Some(again))] = seen.persons.as_slice() else {
        return Err(format!("a change that is no person: {}", String::from_utf8_lossy(body)));
    };
    check(record.person.employee_no.as_str() == employee_no, "a change of somebody else")?;
    check(
        window().is_some_and(|window| record.person.limit == Limit::Window(window)),
        "a change to another window",
    )?;
    check(again == body, "a change made of a change differs")?;
    let text = String::from_utf8_lossy(body);
    check(!text.contains("\"password\":"), "a change with a password")?;
    check(text.contains("\"enable\":true"), "a change without enable")
}

fn answer(input: &[u8]) -> Result<String, String> {
    let headers: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    probe::authorization(&headers, "admin", "Pass-phrase-9")
}

/// `WWW-Authenticate`, one header a line.
fn challenge(input: &[u8]) -> Result<(), String> {
    let first = answer(input);
    check(first == answer(input), "answered twice, it differs")?;
    match &first {
        Err(offered) => {
            check_inert("what is offered", offered)?;
            check(offered.chars().count() <= 400, "what is offered is too long")
        }
        Ok(header) => {
            check(header.starts_with("Digest username=\"admin\", realm=\""), "no Digest")?;
            check(!header.chars().any(char::is_control), "a control character in a header")?;
            check(!header.contains("Pass-phrase-9"), "the password in a header")?;
            check(header.matches("response=\"").count() >= 1, "no response")?;
            check_growth(input, header.len(), 2)
        }
    }
}

/// Link files of every kind.
fn links(input: &[u8]) -> Result<(), String> {
    let read = || file::parse(Path::new("x"), input);
    match (read(), read()) {
        (Err(error), Err(again)) => {
            check(error.to_string() == again.to_string(), "read twice, it differs")?;
            check(error.hint().is_some_and(|hint| !hint.is_empty()), "no hint")?;
            check_inert("the error", &error.to_string())
        }
        (Ok(first), Ok(again)) => {
            check(first == again, "read twice, it differs")?;
            let mut size = 0;
            for row in &first.rows {
                check_number(&row.employee_no)?;
                check(row.line >= 1, "a line before the first")?;
                if let Some(email) = row.member.email() {
                    check(email.as_str().matches('@').count() == 1, "an e-mail that is none")?;
                    size += email.as_str().len();
                }
                if let Some(number) = row.member.number() {
                    let again = HolderNumber::whole(number.as_str().parse().unwrap_or_default());
                    check(again.as_ref() == Ok(number), "a member number that is none")?;
                    size += number.as_str().len();
                }
                size += row.employee_no.as_str().len();
            }
            check(
                first.rows.windows(2).all(|pair| pair[0].line <= pair[1].line),
                "rows out of order",
            )?;
            for row in &first.unusable {
                check_inert("a reason", row.reason.as_str())?;
            }
            for note in &first.notes {
                check(
                    !note.to_string().chars().any(char::is_control),
                    "a control character in a note",
                )?;
            }
            // A workbook is packed, and one shared text may stand in many cells.
            check_growth(input, size, if input.starts_with(b"PK") { 2000 } else { 4 })
        }
        _ => Err("read twice, it differs".to_owned()),
    }
}

fn read_config(input: &[u8]) -> Option<Result<ivms_sync::config::Config, String>> {
    let folder = tempfile::tempdir().ok()?;
    let path = folder.path().join("ivms-sync.toml");
    std::fs::write(&path, input).ok()?;
    let pairs = [("P", "Env-phrase-7"), ("IVMS_SYNC__POLICY__GRACE_DAYS", "3")];
    let name = path.display().to_string();
    // The folder has another name every time.
    Some(
        load(&path, &Environment::from_pairs(pairs), KINDS)
            .map_err(|error| error.to_string().replace(&name, "FILE")),
    )
}

/// The configuration.
fn config(input: &[u8]) -> Result<(), String> {
    let (Some(first), Some(again)) = (read_config(input), read_config(input)) else {
        return Ok(());
    };
    match (first, again) {
        (Err(error), Err(again)) => {
            check(error == again, "read twice, it differs")?;
            check(!error.contains("Env-phrase-7"), "a password in an error")?;
            check(
                !error.chars().any(|c| c.is_control() && c != '\n'),
                "a control character in an error",
            )?;
            check(
                error.contains("FILE") || error.contains("IVMS_SYNC__"),
                "an error that names nothing",
            )
        }
        (Ok(config), Ok(_)) => {
            check(!format!("{config:?}").contains("Env-phrase-7"), "a password in Debug")?;
            check(!config.sources.is_empty() && !config.devices.is_empty(), "nothing to do")?;
            let club = |settings: &dyn Any| {
                Some(settings.downcast_ref::<cardskipper::Settings>()?.url.clone())
            };
            let door = |settings: &dyn Any| {
                Some(settings.downcast_ref::<hikvision::Settings>()?.url.clone())
            };
            let urls = config.sources.iter().filter_map(|one| club(one.settings.as_ref()));
            for url in
                urls.chain(config.devices.iter().filter_map(|one| door(one.settings.as_ref())))
            {
                check(
                    matches!(url.scheme(), "http" | "https") && url.host_str().is_some(),
                    "an address without a host",
                )?;
            }
            for warning in &config.warnings {
                check(!warning.contains("Env-phrase-7"), "a password in advice")?;
            }
            Ok(())
        }
        _ => Err("read twice, it differs".to_owned()),
    }
}

/// When the plan of the corpus is read: within the hour in which it holds.
fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_773_137_400, 0).unwrap_or_default()
}

fn accounts() -> Accounts {
    let source = SourceName::new("club").ok();
    source.map(|source| (source, "cardskipper:123".to_owned())).into_iter().collect()
}

fn read_plan(input: &[u8]) -> Option<Result<usize, String>> {
    let text = std::str::from_utf8(input).ok()?;
    let read =
        Unread::parse(text).and_then(|plan| read(plan, &accounts(), moment(), Approved::Planned));
    Some(read.map(|reviewed| reviewed.changes.len()).map_err(|error| error.to_string()))
}

/// Plan files. What was changed in any way that matters is refused, so what is read equals the plan
/// of the corpus: it has one change.
fn plan(input: &[u8]) -> Result<(), String> {
    match read_plan(input) {
        None => Ok(()),
        Some(Err(error)) => check(error.chars().count() < 400, "an error that quotes the plan"),
        Some(Ok(changes)) => check(changes == 1, "another plan than the signed one"),
    }
}

/// Whatever text of a document is a plate is the same plate again as it is spelled.
fn document(input: &[u8]) -> Result<(), String> {
    let value = match parse(input, Limits::DOCUMENT) {
        Ok(value) => value,
        Err(error) => {
            let is_inside = error.offset.is_some_and(|offset| offset <= input.len());
            check(is_inside, "an error outside of the document")?;
            return check(!error.to_string().chars().any(steers), "an error that steers");
        }
    };
    let rules = PlateRules::default();
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        match value {
            Value::List(list) => open.extend(list),
            Value::Object(members) => {
                let is_sorted = members.windows(2).all(|two| two[0].0 < two[1].0);
                check(is_sorted, "a key that comes twice")?;
                open.extend(members.iter().map(|(_, value)| value));
            }
            Value::Text(text) => {
                if let Ok(plate) = rules.read_spelled(text) {
                    let again = rules.read_spelled(&plate.spelled());
                    check(
                        again.as_ref() == Ok(&plate),
                        "a plate that is another one when spelled",
                    )?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    Ok(())
}
