//! What the client asks for again, how often, and for how long.

use std::io::Write;
use std::net::TcpListener;

use super::super::limits::RETRY;
use super::tests::{Reply, SAMPLE, address_of, answer, limited, read_request, serve, with_head};
use super::*;
use crate::net::retry::Rule;

/// Repetitions as in the program, without its waits.
const QUICK: Rule = Rule { first: Duration::from_millis(2), ..RETRY };

/// The outcome of one complete export answered by these, and how often was asked.
fn repeated(replies: Vec<Reply>) -> (Result<Snapshot, Error>, usize) {
    let (url, asked) = serve(replies);
    let limits = Limits { export: Duration::from_secs(20), retry: QUICK, ..Limits::default() };
    let result = limited(&url, limits).members(Listing::Complete);
    (result, asked.join().unwrap().len())
}

#[test]
fn what_may_pass_is_asked_again_and_nothing_else() {
    let good = || answer("200 OK", SAMPLE.as_bytes());
    let refusal = |head: &str| answer(head, b"");
    let cut = || with_head("200 OK\r\nContent-Length: 5000", SAMPLE.as_bytes());
    for (what, first) in [
        ("busy", refusal("503 Service Unavailable")),
        ("too many", refusal("429 Too Many Requests\r\nRetry-After: 0")),
        ("gateway", refusal("502 Bad Gateway\r\nRetry-After: soon")),
        ("gateway", refusal("504 Gateway Timeout\r\nRetry-After: -5")),
        ("closed without a byte", Vec::new().into()),
        ("broken off", cut()),
    ] {
        let (result, asked) = repeated(vec![first, good()]);
        assert_eq!(asked, 2, "{what}");
        assert!(result.is_ok(), "{what}: {result:?}");
    }
    let (result, asked) = repeated((0..3).map(|_| refusal("503 Service Unavailable")).collect());
    assert_eq!((result.unwrap_err().to_string().contains("503"), asked), (true, 3));
    for head in
        ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "500 Oops"]
    {
        let (result, asked) = repeated(vec![refusal(head)]);
        assert!(result.is_err() && asked == 1, "{head}");
    }
    let (result, _) = repeated(vec![answer("200 OK", b"<html/>")]);
    assert!(matches!(result, Err(Error::NotCardskipper { .. })), "{result:?}");
}

#[test]
fn a_pause_that_is_asked_for_is_kept_or_left_to_the_next_tick() {
    let busy = |header: &str| answer(&format!("503 Busy\r\n{header}"), b"");
    let good = || answer("200 OK", SAMPLE.as_bytes());
    for header in [
        "Retry-After: 1",
        "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 12:00:01 GMT",
    ] {
        let began = Instant::now();
        let (result, asked) = repeated(vec![busy(header), good()]);
        assert!(result.is_ok() && asked == 2, "{header}");
        assert!(began.elapsed() >= Duration::from_secs(1), "{header}: not sooner than asked");
    }
    for header in [
        "Retry-After: 3600",
        "Retry-After: 1000000000000",
        "Retry-After: 99999999999999999999999999",
        "Date: Sat, 21 Nov 2026 12:00:00 GMT\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let (result, asked) = repeated(vec![busy(header)]);
        assert!(matches!(result, Err(Error::Refused { status: 503, .. })), "{header}: {result:?}");
        assert_eq!(asked, 1, "{header}: not sooner than asked");
    }
}

#[test]
fn repeating_stays_within_the_limit_of_the_call() {
    let (url, asked) = serve((0..2).map(|_| answer("503 Busy\r\nRetry-After: 1", b"")).collect());
    let limits = Limits { export: Duration::from_millis(1500), retry: QUICK, ..Limits::default() };
    let error = limited(&url, limits).members(Listing::Complete).unwrap_err();
    assert!(matches!(error, Error::Refused { status: 503, .. }), "{error:?}");
    assert_eq!(asked.join().unwrap().len(), 2, "a third wait would not fit");
}

/// Every byte well before any limit of a single read, and never the whole answer.
#[test]
fn bytes_that_trickle_in_hit_the_limit_of_the_whole_call() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", SAMPLE.len());
    let endless = "HTTP/1.1 102 Processing\r\n\r\n".repeat(100);
    for (quick, slow) in [("", head.as_str()), (&head, SAMPLE), ("", &endless)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = address_of(&listener);
        let (quick, slow) = (quick.to_owned(), slow.to_owned());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_request(&mut stream);
            let _ = stream.write_all(quick.as_bytes());
            for byte in slow.bytes() {
                std::thread::sleep(Duration::from_millis(20));
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
            }
        });
        let limits = Limits { export: Duration::from_millis(300), ..Limits::default() };
        let error = limited(&url, limits).members(Listing::Complete).unwrap_err();
        assert!(matches!(error, Error::TimedOut { call: EXPORT, limit_ms: 300, .. }), "{error:?}");
        drop(server);
    }
}
