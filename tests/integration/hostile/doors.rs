//! Answers of doors that are too large, too deep, too wide, untrue, or no answer at all.

use ivms_sync_simulators::cardskipper::{self, Settings};
use ivms_sync_simulators::http::{Fault, FaultRule, Step};

use super::{LATER, assert_inert, catches_up, door_is_refused, goes_on, side_by_side, with_news};
use crate::support::each;

const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const LIST: &str =
    "{\"UserInfoSearch\":{\"searchID\":\"1\",\"responseStatusStrg\":\"OK\",\"UserInfo\":[";

fn body(text: impl AsRef<str>) -> Fault {
    Fault::bytes(format!("{JSON}\r\n{}", text.as_ref()))
}

fn on_list(fault: Fault) -> FaultRule {
    fault.on("UserInfo/Search").authenticated()
}

fn on_info(fault: Fault) -> FaultRule {
    fault.on("deviceInfo").authenticated()
}

#[test]
fn bodies_and_heads_without_end_are_left_at_the_limit() {
    let many = "{\"employeeNo\":\"1\"},".repeat(3000);
    let chunk = format!("{:x}\r\n{many}\r\n", many.len());
    let ok = "HTTP/1.1 200 OK\r\n";
    let headers: String = (0..10_000).map(|at| format!("X-{at}: 1\r\n")).collect();
    let begin = "<html>".repeat(10_000);
    let cases = vec![
        ("a list", on_list(Fault::endless(format!("{JSON}\r\n{LIST}"), many)), "longer than"),
        (
            "chunks",
            on_list(Fault::endless(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n"), chunk)),
            "longer than",
        ),
        (
            "spaces",
            on_info(Fault::endless(format!("{JSON}\r\n"), " ".repeat(60_000))),
            "longer than",
        ),
        ("a gigabyte, announced", on_info(Fault::HugeBody(1 << 30)), "longer than"),
        (
            "no length that fits",
            on_list(Fault::bytes(format!("{JSON}Content-Length: 18446744073709551615\r\n\r\n{{"))),
            "person search",
        ),
        (
            "a 401 without end",
            Fault::endless("HTTP/1.1 401 No\r\n\r\n", begin).into(),
            "longer than",
        ),
        ("headers", on_list(Fault::EndlessHeaders), "person search"),
        (
            "10,000 headers",
            on_list(Fault::bytes(format!("{ok}{headers}\r\n{{}}"))),
            "person search",
        ),
        (
            "a header",
            on_list(Fault::endless(format!("{ok}X: "), "x".repeat(60_000))),
            "person search",
        ),
        (
            "a status line",
            on_list(Fault::endless("HTTP/1.1 200 ", "x".repeat(60_000))),
            "person search",
        ),
        (
            "a size of a chunk",
            on_list(Fault::endless(
                format!("{JSON}Transfer-Encoding: chunked\r\n\r\n"),
                "1".repeat(10_000),
            )),
            "person search",
        ),
    ];
    side_by_side(cases, |(what, rule, words)| door_is_refused(what, rule, words));
}

#[test]
fn heads_and_lengths_that_are_not_true_never_pass() {
    let with = |headers: &str| on_list(Fault::bytes(format!("{JSON}{headers}\r\n{LIST}]}}}}")));
    let cases = vec![
        ("an absurd length", with("Content-Length: 99999999999999999999999999\r\n")),
        ("a negative length", with("Content-Length: -1\r\n")),
        ("a word", with("Content-Length: many\r\n")),
        ("two lengths", with("Content-Length: 10\r\nContent-Length: 20\r\n")),
        ("no chunks", with("Transfer-Encoding: chunked\r\n")),
        ("far too long", with("Content-Length: 1000000\r\n")),
        ("a status line of another protocol", on_list(Fault::bytes("SSH-2.0-OpenSSH_9.6\r\n"))),
        ("an unknown version", on_list(Fault::bytes("HTTP/9.9 200 OK\r\n\r\n{}"))),
        ("NULs", on_list(Fault::bytes(vec![0; 5000]))),
        ("a screen cleared", on_list(Fault::bytes("\u{1b}[2J\u{1b}[31mHTTP/1.1 200 OK\r\n\r\n{}"))),
        (
            "another protocol",
            on_list(Fault::bytes(
                "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            )),
        ),
    ];
    side_by_side(cases, |(what, rule)| door_is_refused(what, rule, "person search"));
}

#[test]
fn documents_that_are_too_deep_or_too_wide_end_quickly() {
    let deep = |open: &str, close: &str| {
        format!("{LIST}{}{}]}}}}", open.repeat(100_000), close.repeat(100_000))
    };
    let attributes: String = (0..1_000_000).map(|at| format!(" a{at}=\"\"")).collect();
    let info = "<DeviceInfo><deviceName>x</deviceName>";
    let bomb = "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><DeviceInfo>&b;</DeviceInfo>";
    let file = "<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><DeviceInfo><model>&a;</model></DeviceInfo>";
    let cases = vec![
        ("100,000 lists", on_list(body(deep("[", "]"))), "person search"),
        ("100,000 objects", on_list(body(deep("{\"a\":", "1}"))), "person search"),
        (
            "a million entries",
            on_list(body(format!("{LIST}{}{{}}]}}}}", "{},".repeat(1_000_000)))),
            "more than 500000 values",
        ),
        (
            "four million values",
            on_list(body(format!("{LIST}{}1]}}}}", "1,".repeat(4_000_000)))),
            "more than 500000 values",
        ),
        (
            "20,000 elements deep",
            on_info(body(format!("{info}{}", "<a>".repeat(20_000)))),
            "elements within each other",
        ),
        (
            "two million elements",
            on_info(body(format!("{info}{}", "<a/>".repeat(2_000_000)))),
            "elements and attributes",
        ),
        (
            "a million attributes",
            on_info(body(format!("<DeviceInfo{attributes}/>"))),
            "longer than",
        ),
        (
            "300,000 attributes",
            on_info(body(format!("<DeviceInfo{}/>", &attributes[..3_000_000]))),
            "elements and attributes",
        ),
        (
            "1,000 attributes",
            on_info(body(format!("<DeviceInfo{}/>", &attributes[..8_000]))),
            "attributes of one element",
        ),
        ("8 MB of brackets", on_info(body("<".repeat(8 << 20))), "device info"),
        ("an entity bomb", on_info(body(bomb)), "broken XML"),
        ("an external entity", on_info(body(file)), "broken XML"),
        ("a NUL in JSON", on_list(body(format!("{LIST}\0]}}}}"))), "broken JSON"),
        (
            "a 401 that is deep",
            Fault::bytes(format!("HTTP/1.1 401 No\r\n\r\n{}", "<a>".repeat(100_000))).into(),
            "door1",
        ),
    ];
    side_by_side(cases, |(what, rule, words)| {
        // A 401 without a challenge is a matter of logins, not of reaching the door.
        if what.contains("401") {
            no_login_is_spent(what, rule)
        } else {
            door_is_refused(what, rule, words)
        }
    });
}

fn no_login_is_spent(what: &str, rule: FaultRule) {
    let sandbox = with_news();
    let door = &sandbox.club.devices[0];
    door.clear_requests();
    door.fault(rule);
    let said = sandbox.limited(super::DOOR_MB, LATER, &["sync", "--full", "--json"]);
    assert_eq!(said.code, 12, "{what}: {said:?}");
    assert_inert(&said, what);
    assert!(door.requests().iter().all(|request| !request.is_authenticated()), "{what}");
    door.clear_faults();
    catches_up(&sandbox);
}

#[test]
fn challenges_that_are_traps_spend_no_login() {
    let long = "x".repeat(60_000);
    let cases = vec![
        "Basic realm=\"door\"".to_owned(),
        "Digest".to_owned(),
        format!("Digest realm=\"{long}\""),
        format!("Digest {}", "realm=\"a\", ".repeat(2000)),
        "Digest realm=\"a\", nonce=\"".to_owned(),
        "Digest realm=\"a\", nonce=\"n\", algorithm=\u{202e}5DM".to_owned(),
        "Digest realm=\"a\", nonce=\"n\", qop=\"auth-int\"".to_owned(),
        ",,,,,,,=\"\"\"\\".to_owned(),
    ];
    side_by_side(cases, |challenge| {
        let head = format!(
            "HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n"
        );
        let what: String = challenge.chars().take(40).collect();
        no_login_is_spent(&what, Fault::bytes(head).into());
    });
}

#[test]
fn lists_that_never_end_or_lie_are_not_believed() {
    let page = |word: &str, total: &str, persons: &str| {
        body(format!(
            "{{\"UserInfoSearch\":{{\"searchID\":\"1\",\"responseStatusStrg\":\"{word}\",{total}\"numOfMatches\":30,\"UserInfo\":[{persons}]}}}}"
        ))
    };
    let person = "{\"employeeNo\":\"1001\",\"name\":\"A\",\"Valid\":{\"enable\":true,\"beginTime\":\"2026-01-01T00:00:00\",\"endTime\":\"2026-12-31T23:59:59\",\"timeType\":\"local\"}}";
    let thirty: Vec<String> =
        (0..30).map(|at| person.replace("1001", &(1001 + at).to_string())).collect();
    let thirty = thirty.join(",");
    let cases = vec![
        ("the same page for ever", page("MORE", "\"totalMatches\":100,", &thirty)),
        ("the same page for ever, no total", page("MORE", "", &thirty)),
        ("a total beyond all doors", page("OK", "\"totalMatches\":1000000000000,", person)),
        ("nobody, of many", page("OK", "\"totalMatches\":500,", "")),
        ("a word nobody knows", page("\u{202e}EROM", "", person)),
        ("one person thirty times", page("OK", "\"totalMatches\":30,", &[person; 30].join(","))),
    ];
    side_by_side(cases, |(what, fault)| door_is_refused(what, on_list(fault), "persons"));
}

/// Hundreds of pages of one person each are read to the end.
#[test]
fn a_door_that_gives_one_person_a_page() {
    let sandbox = with_news();
    let door = &sandbox.club.devices[0];
    door.set(|switches| switches.page_limit = ivms_sync_simulators::hikvision::PageLimit::One);
    for number in 0..400 {
        door.add_person(ivms_sync_simulators::hikvision::Person::new(&format!("9{number:04}")));
    }
    goes_on(&sandbox);
}

#[test]
fn a_redirect_of_a_door_is_never_followed() {
    let thief = cardskipper::Server::start(Settings::default());
    let elsewhere = thief.url();
    let mut cases = Vec::new();
    for status in [301, 302, 303, 307, 308] {
        for to in [
            &*elsewhere,
            "https://127.0.0.1:1/",
            "file:///etc/passwd",
            "/ISAPI/System/deviceInfo",
            "",
        ] {
            cases.push((status, to.to_owned()));
        }
    }
    side_by_side(cases, |(status, to)| {
        let head =
            format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        door_is_refused(&format!("{status} to {to}"), Fault::bytes(head), "redirect");
    });
    assert_eq!(thief.connections(), 0);
}

/// What a door says to a write is not believed, whatever it is: what it holds afterwards counts.
#[test]
fn answers_to_a_write_that_are_no_answers() {
    let many: String = (0..10_000).map(|at| format!("X-{at}: 1\r\n")).collect();
    let cases = vec![
        ("endless", Fault::endless(format!("{JSON}\r\n"), " ".repeat(60_000))),
        ("deep", body("[".repeat(100_000))),
        ("wide", body(format!("{{\"a\":[{}1]}}", "1,".repeat(1_000_000)))),
        ("headers", Fault::bytes(format!("HTTP/1.1 200 OK\r\n{many}\r\n{{\"statusCode\":1}}"))),
        (
            "two lengths",
            Fault::bytes(format!(
                "{JSON}Content-Length: 16\r\nContent-Length: 2\r\n\r\n{{\"statusCode\":1}}"
            )),
        ),
        ("a gateway", Fault::bytes("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n")),
        (
            "twice OK, not done",
            Fault::Wire(vec![Step::Send(
                format!("{JSON}Content-Length: 16\r\n\r\n{{\"statusCode\":1}}").repeat(2).into(),
            )]),
        ),
    ];
    side_by_side(cases, |(what, fault)| {
        let sandbox = with_news();
        sandbox.look_at("2026-03-10T10:04:00Z");
        let door = &sandbox.club.devices[0];
        let before = door.persons();
        door.fault(fault.on("Modify").authenticated());
        let said = sandbox.limited(super::DOOR_MB, LATER, &["sync", "--full", "--json"]);
        assert_eq!(said.code, 3, "{what}: {said:?}");
        assert_inert(&said, what);
        let run = said.json();
        assert!(
            each(&run, "changes", "outcome").iter().all(|one| *one == "not-applied"),
            "{what}: {run:#}"
        );
        assert_eq!(door.persons(), before, "{what}");
        door.clear_faults();
        catches_up(&sandbox);
    });
}
