//! Status lines, headers and redirects of Cardskipper that no honest server sends.

use ivms_sync_simulators::cardskipper::{self, Settings};
use ivms_sync_simulators::http::{Fault, Step};

use super::{LATER, club_is_refused, goes_on, with_news};

const EMPTY: &str = "<Cardskipper><Members/></Cardskipper>";

#[test]
fn heads_without_end_are_left_at_the_limit() {
    let sandbox = with_news();
    let many: String = (0..10_000).map(|at| format!("X-{at}: 1\r\n")).collect();
    let ok = "HTTP/1.1 200 OK\r\n";
    for (what, fault) in [
        ("headers without end", Fault::EndlessHeaders),
        ("ten thousand headers", Fault::bytes(format!("{ok}{many}\r\n{EMPTY}"))),
        (
            "a header of 10 MB",
            Fault::bytes(format!("{ok}X: {}\r\n\r\n{EMPTY}", "x".repeat(10 << 20))),
        ),
        ("a header without end", Fault::endless(format!("{ok}X: "), "x".repeat(60_000))),
        ("a name without end", Fault::endless(ok, "x".repeat(60_000))),
        ("a status line without end", Fault::endless("HTTP/1.1 200 ", "x".repeat(60_000))),
        ("line ends without end", Fault::endless("", "\r\n".repeat(30_000))),
    ] {
        club_is_refused(&sandbox, what, fault, "failed to reach 127.0.0.1");
    }
    goes_on(&sandbox);
}

#[test]
fn status_lines_that_are_none_are_refused() {
    let sandbox = with_news();
    for line in [
        "HTTP/9.9 200 OK",
        "ICY 200 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 OK",
        "HTTP/1.1 -200 OK",
        "\u{1b}[2J\u{1b}[31mHTTP/1.1 200 OK",
        "SSH-2.0-OpenSSH_9.6",
        "\0\0\0\0\0\0\0\0",
        "<html>",
    ] {
        let fault = Fault::bytes(format!("{line}\r\n\r\n{EMPTY}"));
        club_is_refused(&sandbox, line, fault, "failed to reach 127.0.0.1");
    }
    // Known to HTTP, but nothing that was asked for.
    for (line, words) in [
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade",
            "Member/Export",
        ),
        ("HTTP/1.1 206 Partial Content", "206"),
        ("HTTP/1.1 304 Not Modified", "304"),
        ("HTTP/1.1 999 \u{1b}[31mred", "Member/Export"),
    ] {
        let fault = Fault::bytes(format!("{line}\r\n\r\n{EMPTY}"));
        club_is_refused(&sandbox, line, fault, words);
    }
    goes_on(&sandbox);
}

#[test]
fn interim_answers_and_old_http_are_taken_as_they_are() {
    let sandbox = with_news();
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    for start in ["HTTP/1.0 200 OK\r\n\r\n".to_owned(), format!("{interim}HTTP/1.1 200 OK\r\n\r\n")]
    {
        let fault = Fault::bytes(format!("{start}{EMPTY}"));
        sandbox.club.cardskipper.fault(fault.on("/Member/Export").times(1));
        let run = sandbox.sync_at(LATER, 0);
        assert_eq!(run["sources"][0]["accepted"], true, "{start}");
    }
    goes_on(&sandbox);
}

#[test]
fn a_redirect_never_takes_the_login_elsewhere() {
    let sandbox = with_news();
    // Another server, which would love to hear a password.
    let thief = cardskipper::Server::start(Settings::default());
    let elsewhere = format!("{}/Member/Export", thief.url());
    let localhost = sandbox.club.cardskipper.url().replace("127.0.0.1", "localhost");
    let own = sandbox.club.cardskipper.url();
    for status in [301, 302, 307, 308] {
        for (to, words) in [
            (elsewhere.as_str(), "redirected to http://127.0.0.1"),
            (&elsewhere.replace("127.0.0.1", "localhost"), "redirected to http://localhost"),
            (&localhost, "redirected to http://localhost"),
            (&own.replace("http:", "https:"), "redirected to https://127.0.0.1"),
            (&own.replace("http://", "http://api@"), "redirected to http://127.0.0.1"),
            (&elsewhere.replace("http:", ""), "redirected to http://127.0.0.1"),
            ("file:///etc/passwd", "redirected to file://"),
            ("data:application/xml,<Cardskipper/>", "redirected to data:"),
            ("http://\u{202e}example/", "redirected"),
            ("http://[::1", "redirected to nowhere"),
            ("", "redirected to nowhere"),
            ("/Member/Export", "redirected more than 3 times"),
        ] {
            // The connection ends after these bytes, and a client that was not told so may have sent
            // the next request of a chain into it: what it says then is right, but not about this.
            let fault = Fault::bytes(format!(
                "HTTP/1.1 {status} Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            ));
            club_is_refused(&sandbox, &format!("{status} to {to}"), fault, words);
        }
    }
    assert!(thief.requests().is_empty() && thief.connections() == 0);
    goes_on(&sandbox);
}

#[test]
fn answers_that_break_off_anywhere_are_refused() {
    let sandbox = with_news();
    let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{EMPTY}", EMPTY.len());
    for cut in (0..whole.len()).step_by(5) {
        let fault = Fault::Wire(vec![Step::Send(whole.as_bytes()[..cut].to_vec())]);
        club_is_refused(&sandbox, &format!("cut at {cut}"), fault, "Member/Export");
    }
    goes_on(&sandbox);
}

#[test]
fn a_proxy_in_the_environment_never_gets_the_login() {
    let sandbox = with_news();
    let thief = cardskipper::Server::start(Settings::default());
    sandbox.clocks(LATER);
    let mut command = sandbox.command();
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        command.env(name, thief.url());
    }
    command.env("IVMS_SYNC_TEST_NOW", LATER).args(["sync", "--full", "--json"]);
    let run = crate::support::said(&mut command).ends(0).json();
    assert_eq!(run["changes"].as_array().unwrap().len(), 2);
    assert_eq!(thief.connections(), 0);
}
