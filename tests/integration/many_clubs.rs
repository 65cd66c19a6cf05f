//! One integrator, many clubs: whose document, page, metric and mail it is.

use std::fs;

use ivms_sync_simulators::smtp::{MailServer, Settings};
use serde_json::{Value, json};

use crate::support::pinned::START;
use crate::support::{Sandbox, said};

const CLUB: &str = "Klub \"Š\" & C:\\Gym";

/// Mutants: a document without it; a label with a bare quote; HTML that is not escaped; a subject in
/// which the mail's encoding lost it; a plan that names nobody; a run that broke off as if it were nobody's.
#[test]
fn the_club_is_named_in_every_document_page_metric_and_mail() {
    let server = MailServer::start(Settings::default());
    let mut sandbox = Sandbox::pinned(12, 1);
    sandbox.set("", &format!("club = '{CLUB}'"));
    let mail = "from = \"a@club.example\"\nto = [\"b@club.example\"]";
    sandbox.set("guard", &format!("[notify.email]\nsmtp = \"{}\"\n{mail}", server.url()));
    let run = |arguments: &[&str], code| {
        sandbox.at(START, &[&["--json"], arguments].concat()).ends(code).json()
    };
    for (arguments, code) in [
        (&["sync"][..], 0),
        (&["diff", "--out", "plan.json"], 0),
        (&["apply", "plan.json"], 0),
        (&["lookup", "150004"], 0),
        (&["status", "--html", "page.html", "--prometheus", "doors.prom"], 0),
        (&["history"], 0),
        (&["check", "--notify"], 0),
    ] {
        assert_eq!(run(arguments, code)["club"], CLUB, "{arguments:?}");
    }
    let broken_off = sandbox.at(START, &["apply", "nothing.json", "--json"]).json();
    assert_eq!(broken_off["club"], CLUB);
    let read = |name: &str| fs::read_to_string(sandbox.path(name)).unwrap();
    let plan: Value = serde_json::from_str(&read("plan.json")).unwrap();
    assert_eq!(plan["club"], CLUB);
    let page = read("page.html");
    let escaped = "Klub &quot;Š&quot; &amp; C:\\Gym";
    for element in ["title", "h1"] {
        assert!(page.contains(&format!("<{element}>{escaped}: ")), "{page}");
    }
    let metrics = read("doors.prom");
    let label = r#"{club="Klub \"Š\" & C:\\Gym""#;
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.contains(label), "{line}");
    }
    let mails = server.take_mails();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(mails[0].subject(), format!("ivms-sync ({CLUB}): test message"));
}

/// One rule for all: the key is always there, and null where nobody is named.
#[test]
fn without_a_name_the_key_is_null_and_nothing_else_is_said() {
    let mut sandbox = Sandbox::pinned(12, 1);
    let document = sandbox.at(START, &["sync", "--json"]).ends(0).json();
    assert_eq!(document.get("club"), Some(&json!(null)));
    sandbox.at(START, &["status", "--html", "page.html", "--prometheus", "doors.prom"]).ends(0);
    for name in ["page.html", "doors.prom"] {
        let text = fs::read_to_string(sandbox.path(name)).unwrap();
        assert!(!text.contains("club=") && !text.contains("<h1>: "), "{text}");
    }
    sandbox.set("", "club = \"a\\nb\"");
    let broken = sandbox.at(START, &["sync", "--json"]).ends(78).json();
    assert_eq!(broken.get("club"), Some(&json!(null)));
    let printed = said(sandbox.command().args(["init", "--print"])).ends(0);
    assert!(printed.stdout.contains("#club = "), "{}", printed.stdout);
}
