//! What each channel sends, and what happens when it does not take it.

use ivms_sync_simulators::http::{Fault, Handler, HttpServer, Reply, Request, Response, Tls};
use ivms_sync_simulators::smtp::{MailServer, Settings, Switches};
use serde_json::{Value, json};
use std::sync::Arc;

use super::{club, mails_to, minute, no_mail, one_mail, tick};
use crate::readme::{assert_same_keys, blocks};
use crate::support::pinned::START;
use crate::support::{Sandbox, schema};

/// Takes everything.
struct Taker;

impl Handler for Taker {
    fn answer(&self, _: &Request) -> Reply {
        Reply::Answer(Response::empty(204))
    }

    fn malformed(&self, problem: &str) {
        panic!("{problem}");
    }
}

/// A server that takes every request.
pub(crate) fn taker() -> HttpServer {
    HttpServer::start(Arc::new(Taker), 0, Tls::Off)
}

/// Lets the second door refuse the login, which is told at once.
fn trouble(sandbox: &Sandbox) {
    sandbox.club.devices[1].set_password("Changed-by-somebody");
}

const SUBJECT: &str = "ivms-sync: door2 refuses the login";

#[test]
fn a_mail_server_that_does_not_take_it_is_tried_again_and_changes_nothing() {
    let faults: [fn(&mut Switches); 5] = [
        // Ten seconds, and then it is left alone.
        |switches| switches.stalls = true,
        |switches| switches.is_down = true,
        // Both receivers: with one alone, the other would get it.
        |switches| switches.greylists = 2,
        |switches| switches.refuses_sender = true,
        |switches| switches.drops_in_the_middle = true,
    ];
    for fault in faults {
        let (sandbox, server) = club(5, 2);
        trouble(&sandbox);
        server.set(fault);
        let said = tick(&sandbox, 60, 12);
        assert!(said.stderr.contains("warning: notify.email: "), "{}", said.stderr);
        no_mail(&server);
        server.set(|switches| *switches = Switches::default());
        let said = tick(&sandbox, 65, 12);
        assert_eq!(said.stderr, "");
        assert_eq!(one_mail(&server).subject(), SUBJECT);
        tick(&sandbox, 70, 12);
        no_mail(&server);
    }
}

#[test]
fn a_channel_that_fails_is_named_once_a_day() {
    let (sandbox, server) = club(5, 2);
    trouble(&sandbox);
    server.set(|switches| switches.is_down = true);
    let warns = |minutes| tick(&sandbox, minutes, 12).stderr.contains("warning: notify.email: ");
    let days: Vec<bool> = [60, 65, 70, 60 + 24 * 60].into_iter().map(warns).collect();
    assert_eq!(days, [true, false, false, true]);
}

#[test]
fn with_tls_and_a_login() {
    for (is_tls_from_the_start, mechanism) in [(false, "starttls"), (true, "smtps")] {
        let server = MailServer::start(Settings {
            tls: Tls::SelfSigned,
            is_tls_from_the_start,
            login: Some(("mailer".into(), "Mail-secret-1".into())),
        });
        let mut sandbox = Sandbox::pinned(5, 2);
        mails_to(&mut sandbox, &server);
        // On the same computer TLS is not asked for by itself.
        sandbox.set("guard", "tls = \"required\"\nusername = \"mailer\"");
        sandbox.set("guard", "password = { env = \"MAIL_PASSWORD\" }");
        sandbox.passwords.push(("MAIL_PASSWORD".into(), "Mail-secret-1".into()));
        trouble(&sandbox);
        // Nobody vouches for the certificate yet.
        let said = sandbox.at(START, &["sync"]).ends(12);
        assert!(said.stderr.contains("cannot be protected"), "{mechanism}: {}", said.stderr);
        no_mail(&server);
        trust(&mut sandbox, &server);
        tick(&sandbox, 5, 12);
        let mail = one_mail(&server);
        assert!(mail.is_secured, "{mechanism}");
        assert_eq!(mail.login.as_deref(), Some("mailer"));
        assert_eq!(server.violations(), Vec::<String>::new());

        // A mail server that hides its STARTTLS, or somebody in between, gets nothing.
        if !is_tls_from_the_start {
            server.set(|switches| switches.hides_starttls = true);
            let said = sandbox.at(&minute(7), &["check", "--notify", "--json"]);
            let finding = finding(&said.json(), "notify.email");
            assert_eq!(finding["verdict"], "failed", "{finding}");
            no_mail(&server);
        }
        server.set(|switches| *switches = Switches { refuses_login: true, ..Switches::default() });
        let said = sandbox.at(&minute(8), &["check", "--notify", "--json"]).ends(12);
        let finding = finding(&said.json(), "notify.email");
        assert!(finding["text"].as_str().unwrap().contains("refused the login"), "{finding}");
        assert!(!said.stdout.contains("Mail-secret-1") && !said.stderr.contains("Mail-secret-1"));
    }
}

#[test]
fn a_certificate_for_another_name_gets_nothing() {
    let server = MailServer::start(Settings {
        tls: Tls::WrongName,
        is_tls_from_the_start: true,
        login: None,
    });
    let mut sandbox = Sandbox::pinned(5, 2);
    mails_to(&mut sandbox, &server);
    trust(&mut sandbox, &server);
    trouble(&sandbox);
    let said = sandbox.at(START, &["sync"]).ends(12);
    assert!(said.stderr.contains("cannot be protected"), "{}", said.stderr);
    no_mail(&server);
}

/// Makes the program trust a server's certificate, as an administrator would by the system's roots.
fn trust(sandbox: &mut Sandbox, server: &MailServer) {
    let der = server.certificate_der().unwrap();
    let path = sandbox.path("roots.pem");
    std::fs::write(&path, pem(&der)).unwrap();
    sandbox.variables.push(("SSL_CERT_FILE".into(), path.display().to_string()));
}

/// DER as PEM.
fn pem(der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in der.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > three.len() { '=' } else { char::from(digit) });
        }
    }
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

pub(super) fn finding(document: &Value, about: &str) -> Value {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().find(|one| one["about"] == about).unwrap().clone()
}

#[test]
fn a_webhook_gets_the_document() {
    let hook = taker();
    let mut sandbox = Sandbox::pinned(5, 2);
    sandbox.set("guard", &format!("[notify.webhook]\nurl = \"{}/in?key=Hook-key-1\"", hook.url()));
    sandbox.set("guard", "token = { env = \"HOOK_TOKEN\" }");
    sandbox.passwords.push(("HOOK_TOKEN".into(), "Hook-secret-1".into()));
    sandbox.sync_at(START, 0);
    trouble(&sandbox);
    tick(&sandbox, 60, 12);
    let [request] = hook.requests().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/in?key=Hook-key-1"));
    assert_eq!(request.header("Authorization"), Some("Bearer Hook-secret-1"));
    assert_eq!(request.header("Content-Type"), Some("application/json; charset=utf-8"));
    let document: Value = serde_json::from_slice(&request.body).unwrap();
    schema::assert_valid(&document);
    assert_eq!((&document["version"], &document["subject"]), (&json!(1), &json!(SUBJECT)));
    assert_eq!(document["command"], "sync");
    assert!(document["text"].as_str().unwrap().starts_with("door2 refuses the login."));
    let condition = json!({
        "key": "door door2 login-refused", "about": "door2", "state": "trouble", "why": "first",
        "since": "2026-03-10T11:00:00Z", "until": null, "exit_code": 12,
        "text": "door2 refuses the login",
    });
    assert_eq!(document["conditions"], json!([condition]));
    // `help alarms` shows such a document.
    let shown = blocks("json").into_iter().find(|block| block.contains("\"subject\"")).unwrap();
    assert_same_keys("", &serde_json::from_str(&shown).unwrap(), &document);
    sandbox.club.devices[1].set_password("Door-secret-1");
    sandbox.at(&minute(62), &["check"]).ends(0);
    tick(&sandbox, 65, 0);
    tick(&sandbox, 70, 0);
    let document: Value = serde_json::from_slice(&hook.requests()[1].body).unwrap();
    schema::assert_valid(&document);
    let condition = &document["conditions"][0];
    assert_eq!(
        (&condition["state"], &condition["why"], &condition["until"], &condition["exit_code"]),
        (&json!("well"), &json!("over"), &json!("2026-03-10T11:05:00Z"), &json!(0))
    );
}

/// Redirects could carry the token to another host.
#[test]
fn a_webhook_that_refuses_is_tried_again_and_a_redirect_is_not_followed() {
    let (hook, other) = (taker(), taker());
    let mut sandbox = Sandbox::pinned(5, 2);
    sandbox.set("guard", &format!("[notify.webhook]\nurl = \"{}/in?key=Hook-key-1\"", hook.url()));
    sandbox.sync_at(START, 0);
    trouble(&sandbox);
    let moved = Fault::Redirect(other.url());
    let raw = |status| Fault::raw(status, "text/plain", "no");
    for (minutes, fault) in [(60, moved), (65, raw(500)), (70, raw(401))] {
        hook.fault(fault.on("/").times(1));
        let said = sandbox.at(&minute(minutes), &["sync", "-v"]).ends(12);
        assert!(said.stderr.contains("notify.webhook: "), "{}", said.stderr);
        assert!(!said.stderr.contains("Hook-key-1"), "{}", said.stderr);
    }
    tick(&sandbox, 75, 12);
    tick(&sandbox, 80, 12);
    assert_eq!(hook.requests().len(), 4);
    assert_eq!(other.requests().len(), 0);
}

/// What one channel did not take, the other did: each has a memory of its own.
#[test]
fn channels_do_not_wait_for_each_other() {
    let (mut sandbox, server) = club(5, 2);
    let hook = taker();
    sandbox.set("guard", &format!("[notify.webhook]\nurl = \"{}\"", hook.url()));
    trouble(&sandbox);
    server.set(|switches| switches.is_down = true);
    tick(&sandbox, 60, 12);
    tick(&sandbox, 65, 12);
    assert_eq!(hook.requests().len(), 1);
    server.set(|switches| switches.is_down = false);
    tick(&sandbox, 70, 12);
    assert_eq!(one_mail(&server).subject(), SUBJECT);
    assert_eq!(hook.requests().len(), 1);
}

#[test]
fn check_tries_every_channel_when_asked_to() {
    let (mut sandbox, server) = club(5, 1);
    let hook = taker();
    sandbox.set("guard", &format!("[notify.webhook]\nurl = \"{}\"", hook.url()));
    sandbox.at(&minute(1), &["check"]).ends(0);
    assert_eq!((server.connections(), hook.requests().len()), (0, 0), "nothing by itself");
    let said = sandbox.at(&minute(2), &["check", "--notify"]).ends(0);
    assert!(said.stdout.contains("notify.email    took a test message"), "{}", said.stdout);
    assert!(said.stdout.contains("notify.webhook  took a test message"), "{}", said.stdout);
    assert_eq!(one_mail(&server).subject(), "ivms-sync: test message");
    assert_eq!(hook.requests().len(), 1);

    let nobody = Sandbox::pinned(5, 1);
    let said = nobody.at(START, &["check", "--notify", "--json"]).ends(0);
    assert_eq!(finding(&said.json(), "notify")["verdict"], "warning");
}
