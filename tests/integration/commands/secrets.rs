//! What is never shown and never stored.

use std::fs;
use std::path::Path;

use ivms_sync_simulators::cardskipper::PERSONAL_MARKS;
use ivms_sync_simulators::club::number;

use super::LATER;
use crate::support::Sandbox;
use crate::support::pinned::START;

/// Every text that must not leave the program: passwords, and every Authorization sent so far.
fn secrets(sandbox: &Sandbox) -> Vec<String> {
    let mut secrets = vec!["Card-secret-".to_owned(), "Door-secret-".to_owned()];
    let mut requests = sandbox.club.cardskipper.requests();
    requests.extend(sandbox.club.devices.iter().flat_map(|device| device.requests()));
    for request in requests {
        let Some(value) = request.header("Authorization") else { continue };
        secrets.push(value.to_owned());
        match value.split_once(' ').unwrap() {
            ("Basic", encoded) => secrets.push(encoded.to_owned()),
            (_, parts) => {
                let (_, rest) = parts.split_once("response=\"").unwrap();
                secrets.push(rest.split_once('"').unwrap().0.to_owned());
            }
        }
    }
    secrets.sort_unstable();
    secrets.dedup();
    assert!(secrets.len() > 4, "logins were seen");
    secrets
}

/// The bytes of every file in the sandbox but the configuration and the link file.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    let kept = named.filter(|(name, _)| !["ivms-sync.toml", "persons.csv"].contains(&&**name));
    kept.map(|(name, path)| (name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()))
        .collect()
}

#[test]
fn no_secret_and_no_personal_datum_is_ever_shown_or_stored() {
    let mut sandbox = Sandbox::pinned(8, 2);
    let mut texts = Vec::new();
    let mut run = |sandbox: &Sandbox, now: &str, arguments: &[&str]| {
        for more in [&["-vvv"][..], &["-vvv", "--json"]] {
            let said = sandbox.at(now, &[more, arguments].concat());
            texts.push((format!("stdout of {arguments:?}"), said.stdout));
            texts.push((format!("stderr of {arguments:?}"), said.stderr));
        }
    };
    run(&sandbox, START, &["sync"]);
    sandbox.club.renew(3, "2030-11-01");
    run(&sandbox, LATER, &["diff", "--full", "--out", "plan.json"]);
    run(&sandbox, LATER, &["apply", "plan.json"]);
    run(&sandbox, LATER, &["lookup", "150004"]);
    // Logins that are refused are the ones that get quoted.
    sandbox.password("CARD_PASSWORD", "Card-secret-2");
    sandbox.password("DOOR1_PASSWORD", "Door-secret-2");
    run(&sandbox, LATER, &["sync", "--full"]);
    sandbox.club.cardskipper.go_offline();
    run(&sandbox, LATER, &["diff", "--full"]);
    let secrets = secrets(&sandbox);
    let stored = files(sandbox.folder.path());
    assert!(stored.iter().any(|(name, _)| name == "ivms-sync.db"));
    for (place, text) in texts.iter().chain(&stored) {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {place}");
        }
        for mark in PERSONAL_MARKS {
            assert!(!text.contains(mark), "{mark} in {place}");
        }
        assert!(!text.contains("+386 40"), "a phone number in {place}");
    }
}

#[test]
fn names_and_e_mails_are_in_no_log_below_debug() {
    let sandbox = Sandbox::pinned(12, 1);
    let mut logs = Vec::new();
    let mut run_at = |now: &str, arguments: &[&str]| {
        for more in [&[][..], &["-v"]] {
            logs.push(sandbox.at(now, &[more, arguments].concat()).stderr);
        }
    };
    run_at(START, &["sync"]);
    sandbox.club.renew(3, "2030-11-01");
    (5..9).for_each(|index| assert!(sandbox.club.inactivate(index)));
    let twin = sandbox.club.cardskipper.member(number(1)).unwrap().email;
    sandbox.club.cardskipper.edit(number(2), |member| member.email.clone_from(&twin));
    sandbox.club.cardskipper.edit(number(9), |member| {
        member.organisations[0].roles[0].end = "soon".to_owned();
    });
    run_at("2026-03-10T10:04:00Z", &["sync"]);
    let mut run = |arguments: &[&str]| run_at(LATER, arguments);
    run(&["diff", "--full"]);
    sandbox.club.devices[0].edit_person("1004", |person| person.name = "Drug Človek".to_owned());
    run(&["sync"]);
    run(&["sync", "--full", "--only", "nobody@example.si"]);
    sandbox.club.cardskipper.go_offline();
    run(&["sync", "--full"]);
    run(&["lookup", "150004"]);
    assert!(logs.iter().any(|log| log.contains("blocked plan")));
    for member in sandbox.club.cardskipper.members() {
        for log in &logs {
            assert!(!log.contains(&member.email) || member.email.is_empty(), "{log}");
            assert!(!log.contains(&member.last), "{}: {log}", member.last);
        }
    }
    assert!(logs.iter().all(|log| !log.contains('@') && !log.contains("Človek")), "{logs:#?}");
    sandbox.assert_well_behaved();
}

#[test]
fn quiet_says_errors_only_and_verbose_says_what_is_done() {
    let sandbox = Sandbox::pinned(5, 1);
    let loud = sandbox.at(START, &["sync", "-v"]).ends(0);
    assert!(loud.stderr.contains("door1: 8 persons read"), "{}", loud.stderr);
    assert!(loud.stdout.contains("In sync: nothing to change on 1 door."), "{}", loud.stdout);
    fs::rename(sandbox.path("persons.csv"), sandbox.path("away.csv")).unwrap();
    sandbox.club.cardskipper.go_offline();
    let quiet = sandbox.at(LATER, &["-q", "sync"]).ends(5);
    assert!(quiet.stderr.lines().all(|l| l.starts_with("error: ") || l.starts_with("  hint: ")));
    assert!(!quiet.stderr.is_empty());
    sandbox.assert_well_behaved();
}
