//! Digest in all its forms, nonces, and the lock-out.

use chrono::TimeDelta;

use super::{device, slugs, turned};
use crate::hikvision::digest::Algorithm;
use crate::hikvision::*;
use crate::testing::{Answer, Digest, JSON, send};

const INFO: &str = "/ISAPI/System/deviceInfo";
const CHECK: &str = "/ISAPI/Security/userCheck";

/// Sends an answer to a given challenge once more.
fn again(client: &Digest, challenge: &crate::testing::Challenge, target: &str, nc: u32) -> Answer {
    let authorization = client.authorization(challenge, "GET", target, nc);
    send(client.port, "GET", target, &[("Authorization", &authorization)], "").unwrap()
}

#[test]
fn the_terminal_challenge_has_every_part() {
    let (device, client) = device(Vec::new());
    let answer = send(device.port(), "GET", INFO, &[], "").unwrap();
    let header = answer.headers("WWW-Authenticate").join("");
    for part in ["Digest qop=\"auth\"", "realm=\"DS-A0000001\"", "stale=\"false\"", "opaque=\"\""] {
        assert!(header.contains(part), "{header}");
    }
    assert!(header.contains("domain=\"::\"") && !header.contains("algorithm"), "{header}");
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
    assert!(device.violations().is_empty(), "{:?}", device.violations());
}

#[test]
fn every_challenge_with_a_digest_can_be_answered() {
    for (challenge, algorithm, count) in [
        (Challenge::Terminal, Algorithm::Md5, 1),
        (Challenge::GuideSample, Algorithm::Md5, 1),
        (Challenge::Md5Named, Algorithm::Md5, 1),
        (Challenge::Sha256Only, Algorithm::Sha256, 1),
        (Challenge::Sha256ThenMd5, Algorithm::Sha256, 2),
        (Challenge::Md5ThenSha256, Algorithm::Sha256, 2),
        (Challenge::CommaJoined, Algorithm::Sha256, 1),
        (Challenge::DigestThenBasic, Algorithm::Md5, 2),
        (Challenge::BasicThenDigest, Algorithm::Md5, 2),
        (Challenge::BasicCommaDigest, Algorithm::Md5, 1),
        (Challenge::OddCase, Algorithm::Md5, 1),
    ] {
        let (device, client) = turned(|s| s.challenge = challenge);
        let bare = send(device.port(), "GET", INFO, &[], "").unwrap();
        assert_eq!(bare.headers("WWW-Authenticate").len(), count, "{challenge:?}");
        let client = Digest { algorithm, ..client };
        assert_eq!(client.call("GET", INFO, "").unwrap().status, 200, "{challenge:?}");
        assert!(device.violations().is_empty(), "{:?}", device.violations());
    }
}

#[test]
fn md5_is_refused_where_only_sha256_is_offered() {
    let (device, client) = turned(|s| s.challenge = Challenge::Sha256Only);
    let sha = Digest { algorithm: Algorithm::Sha256, ..Digest::new(device.port()) };
    let challenge = sha.challenge("GET", INFO, "");
    assert_eq!(again(&client, &challenge, INFO, 1).status, 401);
}

#[test]
fn challenges_without_digest_offer_nothing_to_answer() {
    for (challenge, headers) in [(Challenge::None, 0), (Challenge::BasicOnly, 1)] {
        let (device, _) = turned(|s| s.challenge = challenge);
        let answer = send(device.port(), "GET", INFO, &[], "").unwrap();
        let found = answer.headers("WWW-Authenticate");
        assert!(found.len() == headers && found.iter().all(|h| h.starts_with("Basic")));
    }
}

#[test]
fn opaque_must_come_back_also_when_empty() {
    for opaque in ["", "a1b2"] {
        let (device, client) = turned(|s| s.opaque = opaque.into());
        assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
        let challenge = client.challenge("GET", INFO, "");
        let full = client.authorization(&challenge, "GET", INFO, 1);
        let cut = full.split(", opaque").next().unwrap();
        let answer = send(device.port(), "GET", INFO, &[("Authorization", cut)], "").unwrap();
        assert_eq!(answer.status, 401);
        assert!(device.violations().is_empty());
    }
}

#[test]
fn the_uri_must_be_the_target_with_its_query() {
    let (device, client) = device(Vec::new());
    let target = "/ISAPI/AccessControl/UserInfo/Count?format=json";
    let challenge = client.challenge("GET", target, "");
    let path = "/ISAPI/AccessControl/UserInfo/Count";
    let authorization = client.authorization(&challenge, "GET", path, 1);
    let answer = send(device.port(), "GET", target, &[("Authorization", &authorization)], "");
    assert_eq!(answer.unwrap().status, 401);
}

#[test]
fn a_nonce_lives_as_its_switch_says() {
    let (_device, client) = turned(|_| {});
    let challenge = client.challenge("GET", INFO, "");
    assert_eq!(again(&client, &challenge, INFO, 1).status, 200);
    assert_eq!(again(&client, &challenge, INFO, 2).status, 401);

    let (_device, client) = turned(|s| s.nonce = NonceLife::Uses(2));
    let challenge = client.challenge("GET", INFO, "");
    for (nc, status) in [(1, 200), (2, 200), (3, 401)] {
        assert_eq!(again(&client, &challenge, INFO, nc).status, status);
    }

    let (device, client) = turned(|s| s.nonce = NonceLife::Seconds(60));
    let challenge = client.challenge("GET", INFO, "");
    assert_eq!(again(&client, &challenge, INFO, 1).status, 200);
    assert_eq!(again(&client, &challenge, INFO, 1).status, 401, "nc must grow");
    device.clock().advance(TimeDelta::seconds(61));
    assert_eq!(again(&client, &challenge, INFO, 2).status, 401);

    let (_device, client) = turned(|s| s.nonce = NonceLife::BoundToUrl);
    let challenge = client.challenge("GET", INFO, "");
    assert_eq!(again(&client, &challenge, INFO, 1).status, 200);
    assert_eq!(again(&client, &challenge, CHECK, 2).status, 401);
}

#[test]
fn a_nonce_for_reads_is_worth_nothing_for_a_write() {
    let (device, client) = turned(|s| s.nonce = NonceLife::ReadsOnly);
    let target = "/ISAPI/AccessControl/UserInfo/Modify?format=json";
    let body = super::good_window().to_string();
    let challenge = client.challenge("GET", INFO, "");
    let authorization = client.authorization(&challenge, "PUT", target, 1);
    let headers = [JSON, ("Authorization", authorization.as_str())];
    assert_eq!(send(device.port(), "PUT", target, &headers, &body).unwrap().status, 401);
    assert_eq!(client.call("PUT", target, &body).unwrap().status, 200);
}

#[test]
fn stale_is_told_only_where_switched_on() {
    for (stale, word) in [(Stale::NeverTrue, "stale=\"false\""), (Stale::True, "stale=\"true\"")] {
        let (device, client) = turned(|s| s.stale = stale);
        let challenge = client.challenge("GET", INFO, "");
        again(&client, &challenge, INFO, 1);
        let answer = again(&client, &challenge, INFO, 2);
        assert!(answer.head.contains(word), "{}", answer.head);
        assert_eq!(device.switches().stale, stale);
    }
}

#[test]
fn five_failures_lock_for_half_an_hour() {
    let (device, good) = device(Vec::new());
    let bad = Digest { password: "wrong", ..Digest::new(device.port()) };
    for left in [4, 3, 2, 1] {
        let text = bad.call("GET", CHECK, "").unwrap().text();
        assert!(text.contains("<lockStatus>unlock</lockStatus>"), "{text}");
        assert!(text.contains(&format!("<retryLoginTime>{left}</retryLoginTime>")), "{text}");
    }
    // A right login in between does not forget the wrong ones.
    assert_eq!(good.call("GET", INFO, "").unwrap().status, 200);
    device.clock().set("2026-03-01T10:00:00Z".parse().unwrap());
    let text = bad.call("GET", CHECK, "").unwrap().text();
    assert!(text.contains("<lockStatus>locked</lockStatus><unlockTime>1800</unlockTime>"));
    assert_eq!(good.call("GET", INFO, "").unwrap().status, 401, "right password, locked");
    device.clock().advance(TimeDelta::seconds(1799));
    let text = send(device.port(), "GET", CHECK, &[], "").unwrap().text();
    assert!(text.contains("<unlockTime>1</unlockTime>"), "{text}");
    device.clock().advance(TimeDelta::seconds(1));
    assert_eq!(good.call("GET", INFO, "").unwrap().status, 200);
    let text = send(device.port(), "GET", CHECK, &[], "").unwrap().text();
    assert!(text.contains("<retryLoginTime>5</retryLoginTime>"), "{text}");
}

#[test]
fn who_was_told_of_the_lock_must_not_try() {
    for (body_401, slugs_expected) in [
        (Body401::UserCheckXml, vec!["login-while-locked"]),
        (Body401::ResponseStatusXml, vec!["login-while-locked"]),
        (Body401::Html, vec![]),
    ] {
        let (device, client) = turned(|s| (s.lock.failures, s.body_401) = (1, body_401));
        Digest { password: "wrong", ..Digest::new(device.port()) }.call("GET", INFO, "");
        device.begin_run();
        client.call("GET", INFO, "");
        assert_eq!(slugs(&device), slugs_expected, "{body_401:?}");
    }
}

#[test]
fn what_counts_as_failure_can_be_switched() {
    let tries = |device: &Device| {
        let text = send(device.port(), "GET", CHECK, &[], "").unwrap().text();
        let after = text.split("<retryLoginTime>").nth(1).unwrap();
        after.split('<').next().unwrap().parse::<u32>().unwrap()
    };
    for (counts, left) in [(false, 5), (true, 4)] {
        let (device, client) = turned(|s| s.lock.worn_out_nonce_counts = counts);
        let challenge = client.challenge("GET", INFO, "");
        again(&client, &challenge, INFO, 1);
        again(&client, &challenge, INFO, 2);
        assert_eq!(tries(&device), left);
    }
    let (device, good) = turned(|s| s.lock.reset_on_success = true);
    let bad = Digest { password: "wrong", ..Digest::new(device.port()) };
    bad.call("GET", INFO, "");
    assert_eq!(tries(&device), 4);
    good.call("GET", INFO, "");
    assert_eq!(tries(&device), 5);
}

#[test]
fn the_body_of_a_401_follows_its_switch() {
    for (body_401, part) in [
        (Body401::UserCheckXml, "<userCheck "),
        (Body401::ResponseStatusXml, "<resLockTime>0</resLockTime>"),
        (Body401::Json, "\"invalidOperation\""),
        (Body401::Html, "<!DOCTYPE html>"),
    ] {
        let (device, _) = turned(|s| s.body_401 = body_401);
        let text = send(device.port(), "GET", INFO, &[], "").unwrap().text();
        assert!(text.contains(part), "{text}");
    }
    let (device, _) = turned(|s| s.body_401 = Body401::Empty);
    assert!(send(device.port(), "GET", INFO, &[], "").unwrap().body.is_empty());
    assert!(!send(device.port(), "GET", CHECK, &[], "").unwrap().body.is_empty());
}

#[test]
fn a_new_password_is_asked_at_once() {
    let (device, client) = device(Vec::new());
    device.set_password("other");
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 401);
    device.begin_run();
    let client = Digest { password: "other", ..client };
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
    assert_eq!(slugs(&device), Vec::<String>::new());
}

/// One nonce for everybody, and each count of it good once.
#[test]
fn a_shared_nonce_is_counted() {
    let (device, client) = device(Vec::new());
    device.set(|switches| {
        switches.nonce = NonceLife::Shared(30);
        switches.stale = Stale::Capitals;
    });
    let ask = |nc| {
        let challenge = client.challenge("GET", INFO, "");
        let header = client.authorization(&challenge, "GET", INFO, nc);
        (challenge, send(device.port(), "GET", INFO, &[("Authorization", &header)], "").unwrap())
    };
    let (first, answer) = ask(1);
    assert_eq!(answer.status, 200);
    let (second, answer) = ask(1);
    assert_eq!(first, second);
    assert_eq!(answer.status, 401);
    assert!(answer.headers("WWW-Authenticate").join("").contains("stale=TRUE"));
    assert_eq!(ask(9).1.status, 200);
    assert_eq!(ask(5).1.status, 401);
}

/// Whoever asks makes the nonces of the others old.
#[test]
fn only_the_last_nonce_is_good() {
    let (device, client) = device(Vec::new());
    device.set(|switches| switches.nonce = NonceLife::LastOnly);
    let challenge = client.challenge("GET", INFO, "");
    client.challenge("GET", INFO, "");
    let header = client.authorization(&challenge, "GET", INFO, 1);
    assert_eq!(
        send(device.port(), "GET", INFO, &[("Authorization", &header)], "").unwrap().status,
        401
    );
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
}

/// A right login is answered 401 for a while, or on some paths, and none of it counts as a failure.
#[test]
fn a_401_that_is_no_wrong_password() {
    let (device, client) = device(Vec::new());
    device.set(|switches| switches.logins_refused = 1);
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 401);
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
    device.set(|switches| switches.permissions = Permissions::NoParameters);
    let capabilities = "/ISAPI/AccessControl/UserInfo/capabilities?format=json";
    let refused = client.call("GET", capabilities, "").unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("<retryLoginTime>5</retryLoginTime>"), "{}", refused.text());
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
}
