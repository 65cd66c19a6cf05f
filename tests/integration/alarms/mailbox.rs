//! The conversation with the mail server: whom it takes, and what is made of a refusal.

use ivms_sync_simulators::http::HttpServer;
use ivms_sync_simulators::smtp::{MailServer, Settings, Switches};
use serde_json::Value;

use super::channels::{finding, taker};
use super::{club, mails_to, minute, no_mail, one_mail, tick};
use crate::support::Sandbox;
use crate::support::pinned::START;

/// A club whose mail server wants a login, with a door in trouble that is told at once.
fn with_login() -> (Sandbox, MailServer) {
    let login = Some(("mailer".into(), "Mail-secret-1".into()));
    let server = MailServer::start(Settings { login, ..Settings::default() });
    let mut sandbox = Sandbox::pinned(5, 2);
    mails_to(&mut sandbox, &server);
    sandbox.set("guard", "username = \"mailer\"\npassword = { env = \"MAIL_PASSWORD\" }");
    sandbox.passwords.push(("MAIL_PASSWORD".into(), "Wrong-secret-1".into()));
    sandbox.sync_at(START, 0);
    sandbox.club.devices[1].set_password("Changed-by-somebody");
    (sandbox, server)
}

fn tested(sandbox: &Sandbox, minutes: i64) -> Value {
    let said = sandbox.at(&minute(minutes), &["check", "--notify", "--json"]);
    finding(&said.json(), "notify.email")
}

/// Mutants: the library's transport, which gives up at the first receiver refused; a mail that is sent to
/// the others again by every tick.
#[test]
fn one_refused_receiver_keeps_it_from_nobody_else() {
    for (refused, taken, place) in [
        ("owner@club.example", "desk@club.example", 1),
        ("desk@club.example", "owner@club.example", 2),
    ] {
        let (sandbox, server) = club(5, 2);
        sandbox.club.devices[1].set_password("Changed-by-somebody");
        server.set(|switches| switches.refuses_receiver = Some(refused));
        let said = tick(&sandbox, 60, 12);
        assert_eq!(one_mail(&server).to, [taken]);
        let text = format!("took the mail, but not for receiver {place} of 2 under `to`");
        assert!(said.stderr.contains(&text) && said.stderr.contains("550"), "{}", said.stderr);
        assert!(!said.stderr.contains('@'), "{}", said.stderr);
        assert!(!tick(&sandbox, 65, 12).stderr.contains("notify.email"));
        no_mail(&server);
        let found = tested(&sandbox, 70);
        assert_eq!(found["verdict"], "failed", "{found}");
        assert_eq!(one_mail(&server).to, [taken]);
    }
    // Nobody is taken, for now or for good.
    let (sandbox, server) = club(5, 2);
    server.set(|switches| switches.greylists = 2);
    assert!(tested(&sandbox, 60)["text"].as_str().unwrap().contains("not take the mail now"));
    server.set(|switches| switches.refuses_sender = true);
    assert!(tested(&sandbox, 61)["text"].as_str().unwrap().contains("refused the mail"));
    no_mail(&server);
}

/// Mutants: a login tried by every tick; one that is never tried again; a memory that does not know the
/// password, or lasts beyond a login that worked.
#[test]
fn a_refused_login_is_left_alone_like_a_doors() {
    let (mut sandbox, server) = with_login();
    let logins = |sandbox: &Sandbox, minutes| {
        let before = server.logins();
        tick(sandbox, minutes, 12);
        server.logins() - before
    };
    let tried: Vec<u64> = [60, 65, 85, 90, 95, 150, 900].map(|at| logins(&sandbox, at)).into();
    assert_eq!(tried, [1, 0, 0, 1, 0, 1, 1], "less and less often");
    // A person may ask for it.
    let found = tested(&sandbox, 910);
    assert!(found["text"].as_str().unwrap().contains("refused the login: "), "{found}");
    let said = sandbox.at(&minute(60 + 24 * 60), &["sync"]).ends(12);
    assert!(said.stderr.contains("refused the login 5 times; left alone until 2"), "{said:?}");
    // A changed one is tried at once; and what worked is forgotten.
    sandbox.password("MAIL_PASSWORD", "Mail-secret-1");
    assert_eq!(logins(&sandbox, 60 + 24 * 60 + 5), 1);
    assert!(one_mail(&server).subject().contains("door2 refuses the login"));
    let rows = sandbox.rows()["alarm"].clone();
    assert!(rows.iter().all(|row| !row.contains("email login")), "{rows:?}");
    assert!(rows.iter().all(|row| !row.contains("secret")), "{rows:?}");
}

/// Who turns everybody away has taken no login. Mutant: any refusal that is not the login's forgets those
/// that were.
#[test]
fn a_conversation_without_a_login_teaches_nothing_of_it() {
    let (sandbox, server) = with_login();
    tick(&sandbox, 60, 12);
    assert_eq!(server.logins(), 1);
    server.set(|switches| switches.serves_nobody = true);
    assert!(tested(&sandbox, 61)["text"].as_str().unwrap().contains("554"));
    server.set(|switches| switches.serves_nobody = false);
    tick(&sandbox, 65, 12);
    assert_eq!(server.logins(), 1, "it is still left alone");
}

/// Where the state file cannot be used, it is remembered beside it. Mutant: no memory there.
#[test]
fn a_refused_login_is_remembered_without_a_state_file() {
    let (sandbox, server) = with_login();
    std::fs::write(sandbox.state(), "no database at all, but more than nothing".repeat(20))
        .unwrap();
    for minutes in [60, 65, 70] {
        tick(&sandbox, minutes, 7);
    }
    assert_eq!(server.logins(), 1);
    tick(&sandbox, 90, 7);
    tick(&sandbox, 95, 7);
    assert_eq!(server.logins(), 2);
}

/// Mutant: everything that is no refusal said to be out of reach.
#[test]
fn out_of_reach_is_only_who_gave_no_sign() {
    type Fault = fn(&mut Switches);
    let faults: [(Fault, &str); 3] = [
        (|switches| switches.is_down = true, "localhost answered, and then broke off"),
        (|switches| switches.drops_in_the_middle = true, "localhost answered, and then broke off"),
        (|switches| switches.is_another_service = true, "but not as a mail server does"),
    ];
    let (mut sandbox, server) = club(5, 1);
    for (minutes, (fault, words)) in (60..).zip(faults) {
        server.set(|switches| *switches = Switches::default());
        server.set(fault);
        let text = tested(&sandbox, minutes)["text"].as_str().unwrap().to_owned();
        assert!(text.contains(words) && !text.contains("reached"), "{text}");
    }
    sandbox.set("guard", "tls = \"required\"");
    server.set(|switches| *switches = Switches::default());
    let text = tested(&sandbox, 70)["text"].as_str().unwrap().to_owned();
    assert!(text.contains("cannot be protected") && !text.contains("reached"), "{text}");
    drop(server);
    let text = tested(&sandbox, 71)["text"].as_str().unwrap().to_owned();
    assert!(text.contains("localhost could not be reached"), "{text}");
}

/// The simulator knows what it must not be called, and counts the headers that must be there once.
#[test]
fn the_mail_server_is_greeted_by_a_name() {
    let (sandbox, server) = club(5, 1);
    assert_eq!(tested(&sandbox, 60)["verdict"], "ok");
    assert_eq!(one_mail(&server).header("MIME-Version").as_deref(), Some("1.0"));
    let [hello] = server.hellos().try_into().unwrap();
    assert!(
        !hello.is_empty() && !hello.contains("localhost") && !hello.contains("127."),
        "{hello}"
    );
}

/// Mutants: a success that the last run did not have; only the channels.
#[test]
fn check_tries_the_heartbeat_when_asked_to() {
    let service: HttpServer = taker();
    let mut sandbox = Sandbox::pinned(5, 1);
    sandbox.set("guard", &format!("[notify]\nheartbeat = \"{}/ping/abc\"", service.url()));
    let called = || {
        let requests = service.requests().into_iter();
        let targets: Vec<String> = requests.map(|request| request.target).collect();
        service.clear_requests();
        targets
    };
    sandbox.at(&minute(1), &["check"]).ends(0);
    assert_eq!(called(), Vec::<String>::new(), "nothing by itself");
    let about = |minutes, code| {
        let said = sandbox.at(&minute(minutes), &["check", "--notify", "--json"]).ends(code);
        finding(&said.json(), "notify.heartbeat")
    };
    assert_eq!(about(2, 0)["verdict"], "ok");
    assert_eq!(called(), ["/ping/abc/start", "/ping/abc/0"]);
    sandbox.club.cardskipper.go_offline();
    sandbox.sync_at(&minute(3), 5);
    sandbox.club.cardskipper.go_online();
    called();
    assert_eq!(about(4, 0)["verdict"], "ok");
    assert_eq!(called(), ["/ping/abc/start", "/ping/abc/5"], "it is no better than it was");
    service.go_offline();
    let found = about(5, 5);
    assert!(found["text"].as_str().unwrap().contains("could not be reached"), "{found}");
    assert!(!found.to_string().contains("abc"), "{found}");
}
