//! The command line as users and scripts meet it: exit codes, locks, signals, documents, secrets.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use ivms_sync_simulators::cardskipper::PERSONAL_MARKS;
use ivms_sync_simulators::club::number;
use ivms_sync_simulators::http::Fault;
use serde_json::{Value, json};

use super::support::pinned::{START, instant};
use super::support::state::count;
use super::support::{Said, Sandbox, binary, each, said};

const LATER: &str = "2026-03-10T10:05:00Z";
const COMMANDS: [&str; 4] = ["sync", "diff", "apply", "lookup"];

// The command line

#[test]
fn help_and_version_are_answers() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| said(binary(folder.path()).args(arguments));
    for arguments in [&["--help"][..], &["-h"], &["--version"], &["-V"], &["help"]] {
        let said = run(arguments).ends(0);
        assert!(said.stdout.contains("ivms-sync"), "{arguments:?}");
        assert_eq!(said.stderr, "");
    }
    assert_eq!(run(&["--version"]).stdout, concat!("ivms-sync ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in COMMANDS {
        for arguments in [[command, "--help"], ["help", command]] {
            let said = run(&arguments).ends(0);
            let example = format!("Examples:\n  ivms-sync {command}");
            assert!(said.stdout.contains(&example), "{}", said.stdout);
        }
        let overview = run(&["--help"]).stdout;
        assert!(overview.contains(&format!("\n  {command} ")), "{overview}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_mistyped_command_line_ends_with_64() {
    let sandbox = Sandbox::pinned(5, 1);
    for arguments in [
        &[][..],
        &["synch"],
        &["sync", "--ful"],
        &["sync", "extra"],
        &["sync", "--accept-shrink", "many"],
        &["sync", "--accept-shrink", "-1"],
        &["sync", "--only"],
        &["diff", "--out"],
        &["apply"],
        &["apply", "plan.json", "--blocked", "3f0c91d2"],
        &["lookup"],
        &["lookup", "150001", "150002"],
        &["-q", "-v", "sync"],
    ] {
        let said = sandbox.at(START, arguments).ends(64);
        assert_eq!(said.stdout, "", "{arguments:?}");
        assert!(said.stderr.contains("--help"), "{arguments:?}: {}", said.stderr);
    }
    for who in ["", "anna", "anna@", "person:", "-5", "1.5", "0", "1e5", "a b@c"] {
        let only = format!("--only={who}");
        for arguments in [&["sync", &only][..], &["diff", &only], &["lookup", "--", who]] {
            let said = sandbox.at(START, arguments).ends(64);
            assert_eq!(said.stdout, "", "{arguments:?}");
            assert!(said.stderr.contains("e-mail"), "says what WHO may be: {}", said.stderr);
        }
    }
    assert!(sandbox.club.cardskipper.requests().is_empty(), "nobody is asked");
    assert!(sandbox.club.devices[0].requests().is_empty());
    sandbox.assert_well_behaved();
}

#[test]
fn a_bad_configuration_ends_with_78_and_names_every_problem_at_once() {
    let mut sandbox = Sandbox::pinned(5, 1);
    let config = sandbox
        .config()
        .replace("Europe/Ljubljana", "Europe/Lubljana")
        .replace("organisation_id = 123", "organization_id = 123")
        .replace("CARD_PASSWORD", "NO_SUCH_VARIABLE")
        .replace("[policy]", "[policy]\ngrace_days = -1\ninactive = \"stop\"")
        .replace("[guard]", "[guard]\nrevoke_per_tick = \"5\"");
    sandbox.replace_config(Some(config));
    for arguments in [&["sync"][..], &["diff"], &["apply", "x"], &["lookup", "1"]] {
        let said = sandbox.at(START, arguments).ends(78);
        assert_eq!(said.stdout, "");
        for problem in [
            "time_zone",
            "organization_id",
            "organisation_id",
            "NO_SUCH_VARIABLE",
            "grace_days",
            "inactive",
            "revoke_per_tick",
        ] {
            assert!(said.stderr.contains(problem), "{problem}: {}", said.stderr);
        }
        assert!(said.stderr.contains("ivms-sync.toml:1: "), "with its line: {}", said.stderr);
    }
    assert!(!sandbox.state().exists(), "nothing is made before the configuration is right");
    for text in ["", "time_zone = \n", "= 1", "\u{1}"] {
        sandbox.replace_config(Some(text.to_owned()));
        sandbox.at(START, &["sync"]).ends(78);
    }
    let missing = sandbox.at(START, &["--config", "other.toml", "sync"]).ends(78);
    assert!(missing.stderr.contains("other.toml"), "{}", missing.stderr);
    let nowhere = tempfile::tempdir().unwrap();
    let said = said(binary(nowhere.path()).arg("sync")).ends(78);
    assert!(said.stderr.contains("no configuration file; searched"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

#[test]
fn a_configuration_is_found_by_flag_and_variable_and_overridden_by_variables() {
    let sandbox = Sandbox::pinned(5, 1);
    let elsewhere = tempfile::tempdir().unwrap();
    sandbox.at(START, &["sync"]).ends(0);
    let config = sandbox.path("ivms-sync.toml");
    let mut flag = binary(elsewhere.path());
    let mut variable = binary(elsewhere.path());
    for command in [&mut flag, &mut variable] {
        command.envs(sandbox.passwords.iter().cloned());
        command.env("IVMS_SYNC_TEST_NOW", START);
    }
    said(flag.arg("--config").arg(&config).arg("diff")).ends(0);
    said(variable.env("IVMS_SYNC_CONFIG", &config).arg("diff")).ends(0);
    let with = |name: &str, value: &str| {
        let mut command = sandbox.command();
        command.env("IVMS_SYNC_TEST_NOW", START).env(name, value);
        said(command.arg("diff"))
    };
    let said = with("IVMS_SYNC__CARDSKIPPER__CLUB__ORGANISATION_ID", "124").ends(12);
    assert!(said.stderr.contains("club: "), "{}", said.stderr);
    let said = with("IVMS_SYNC__NO_SUCH_KEY", "1").ends(78);
    assert!(said.stderr.contains("IVMS_SYNC__NO_SUCH_KEY"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

// One run at a time

/// Holds the lock of the state file, as a run that took it at this instant would.
fn hold_lock(sandbox: &Sandbox, since: &str) -> fs::File {
    let path = sandbox.path("ivms-sync.db.lock");
    let mut file =
        fs::OpenOptions::new().create(true).truncate(true).write(true).open(path).unwrap();
    file.lock().unwrap();
    writeln!(file, "4711 {}", instant(since).timestamp()).unwrap();
    file
}

#[test]
fn a_second_run_ends_quietly_while_the_first_is_young_and_with_11_when_it_is_old() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    let held = hold_lock(&sandbox, START);
    sandbox.clear_requests();
    for young in ["2026-03-10T10:00:01Z", "2026-03-10T10:10:00Z"] {
        for arguments in [&["sync"][..], &["sync", "--json"]] {
            let said = sandbox.at(young, arguments).ends(0);
            assert_eq!((&*said.stdout, &*said.stderr), ("", ""), "{young}");
        }
    }
    for command in [&["sync"][..], &["apply", "plan.json"]] {
        let said = sandbox.at("2026-03-10T10:10:01Z", command).ends(11);
        assert!(said.stderr.contains("process 4711"), "{}", said.stderr);
        assert!(said.stderr.contains("2026-03-10 10:00:00 UTC"), "{}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    }
    assert!(sandbox.club.cardskipper.requests().is_empty());
    // Who only looks need not wait.
    let diff = sandbox.at(LATER, &["diff"]).ends(0);
    assert!(diff.stdout.contains("150004"), "{}", diff.stdout);
    sandbox.at(LATER, &["lookup", "150003"]).ends(0);
    drop(held);
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "what a dead run wrote is no lock");
    sandbox.assert_well_behaved();
}

/// Waits until something is so; it is a failure if it is not for twenty seconds.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::yield_now();
    }
}

fn finish(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn two_runs_at_once_are_one_run() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.clear_requests();
    let slow = Fault::Delay(Duration::from_millis(800));
    sandbox.club.cardskipper.fault(slow.on("/Member/Export").times(1));
    let first = sandbox.start_at(LATER, &["sync", "--json"]);
    wait_until("the first asks", || !sandbox.club.cardskipper.requests().is_empty());
    let second = sandbox.run_at(Some(LATER), &["sync"]).ends(0);
    assert_eq!((&*second.stdout, &*second.stderr), ("", ""));
    let first = finish(first).ends(0).json();
    assert_eq!(each(&first, "changes", "outcome"), ["confirmed"]);
    assert_eq!(sandbox.club.cardskipper.requests().len(), 1, "the second asked nobody");
    sandbox.assert_well_behaved();
}

// Signals

/// A club with ten renewals to write, on a door that takes its time for each.
fn long_writing() -> Sandbox {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    (0..10).for_each(|index| assert!(sandbox.club.renew(index, "2030-11-01")));
    sandbox.clear_requests();
    let slow = Fault::Delay(Duration::from_millis(250));
    sandbox.club.devices[0].fault(slow.on("UserInfo/Modify").authenticated());
    sandbox
}

/// Waits until so many writes were sent.
#[track_caller]
fn wait_for_writes(sandbox: &Sandbox, wanted: usize) {
    let door = &sandbox.club.devices[0];
    wait_until("writes are sent", || door.writes().len() >= wanted);
}

/// The next run does the rest, and all ends as if nothing had happened.
#[track_caller]
fn the_next_run_finishes(sandbox: &Sandbox) {
    sandbox.club.devices[0].http().clear_faults();
    sandbox.sync_at("2026-03-10T10:06:00Z", 0);
    let uninterrupted = Sandbox::pinned(12, 1);
    (0..10).for_each(|index| assert!(uninterrupted.club.renew(index, "2030-11-01")));
    uninterrupted.sync_at(START, 0);
    assert_eq!(sandbox.doors(), uninterrupted.doors());
    assert_eq!(count(&sandbox.state(), "SELECT count(*) FROM intent"), 0);
    assert_eq!(sandbox.sync_at("2026-03-10T10:07:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_signal_while_writing_finishes_the_change_in_hand_and_closes_the_journal() {
    for (name, code) in [("-TERM", 143), ("-INT", 130)] {
        let sandbox = long_writing();
        let child = sandbox.start_at(LATER, &["sync", "--json"]);
        wait_for_writes(&sandbox, 3);
        signal(&child, name);
        let said = finish(child).ends(code);
        let run = said.json();
        assert_eq!(run["exit_code"], code);
        let outcomes = each(&run, "changes", "outcome");
        let confirmed = outcomes.iter().filter(|outcome| **outcome == "confirmed").count();
        let planned = outcomes.iter().filter(|outcome| **outcome == "planned").count();
        assert_eq!(confirmed, sandbox.club.devices[0].writes().len(), "what was sent is settled");
        assert_eq!(confirmed + planned, 10, "{outcomes:?}");
        assert!((3..10).contains(&confirmed), "{confirmed}");
        assert!(said.stderr.contains("interrupted"), "{}", said.stderr);
        let state = sandbox.state();
        assert_eq!(count(&state, "SELECT count(*) FROM intent"), 0, "the journal is closed");
        assert_eq!(count(&state, "SELECT exit_code FROM run ORDER BY id DESC"), i64::from(code));
        the_next_run_finishes(&sandbox);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_before_anything_is_written_ends_the_run_at_once() {
    let sandbox = long_writing();
    let slow = Fault::Delay(Duration::from_secs(15));
    sandbox.club.cardskipper.fault(slow.on("/Member/Export"));
    let began = Instant::now();
    let child = sandbox.start_at(LATER, &["sync"]);
    wait_until("it asks", || !sandbox.club.cardskipper.requests().is_empty());
    signal(&child, "-TERM");
    finish(child).ends(143);
    assert!(began.elapsed() < Duration::from_secs(10), "it does not wait for Cardskipper");
    assert!(sandbox.club.devices[0].writes().is_empty());
    sandbox.club.cardskipper.http().clear_faults();
    the_next_run_finishes(&sandbox);
}

#[test]
fn a_run_that_is_killed_is_settled_by_the_next() {
    let sandbox = long_writing();
    let mut child = sandbox.start_at(LATER, &["sync"]);
    wait_for_writes(&sandbox, 4);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(count(&sandbox.state(), "SELECT count(*) FROM intent") > 0, "it was cut off");
    let written = sandbox.club.devices[0].writes().len();
    the_next_run_finishes(&sandbox);
    assert_eq!(sandbox.club.devices[0].writes().len(), 10, "nobody is written twice: {written}");
    let history = "SELECT count(DISTINCT employee_no) FROM change WHERE outcome = 'confirmed'";
    assert_eq!(count(&sandbox.state(), history), 10);
}

// Documents

/// Whether a document has at least these keys with these types. In a template, text names the types
/// (`number`, `string|null`), an object the keys, and a list of one what each item must be.
#[track_caller]
fn assert_shape(template: &Value, real: &Value, path: &str) {
    match template {
        Value::String(types) => {
            let found = match real {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                Value::String(_) => "string",
                Value::Array(_) => "list",
                Value::Object(_) => "object",
            };
            assert!(types.split('|').any(|one| one == found), "{path} is {found}, not {types}");
        }
        Value::Object(keys) => {
            let real = real.as_object().unwrap_or_else(|| panic!("{path} is no object: {real}"));
            for (key, inner) in keys {
                let value = real.get(key).unwrap_or_else(|| panic!("{path} has no {key}"));
                assert_shape(inner, value, &format!("{path}.{key}"));
            }
        }
        Value::Array(items) => {
            let real = real.as_array().unwrap_or_else(|| panic!("{path} is no list: {real}"));
            assert!(!real.is_empty(), "{path} is empty: nothing is tested");
            for (place, item) in real.iter().enumerate() {
                assert_shape(&items[0], item, &format!("{path}[{place}]"));
            }
        }
        other => panic!("a template does not hold {other}"),
    }
}

/// The contract of `sync`, `diff` and `apply`. Source: design.md section 6.
fn report_shape(is_apply: bool) -> Value {
    let source = json!({
        "name": "string", "listing": "string", "members": "number", "accepted": "bool",
        "reason": "string|null",
    });
    let left_out = json!({
        "source": "string", "number": "number", "device": "string|null", "reason": "string",
    });
    let window = json!({"begin": "string|null", "end": "string|null"});
    json!({
        "version": "number", "command": "string", "run": "number|null",
        "sources": if is_apply { json!("list") } else { json!([source]) },
        "devices": [{
            "name": "string", "persons": "number", "outcome": "string", "changes": "number",
            "confirmed": "number", "failed": "number", "blocked": "number",
        }],
        "changes": [{
            "device": "string", "employee_no": "string",
            "member": {"source": "string", "number": "number"},
            "cause": "string", "kind": "string", "before": window, "after": window,
            "outcome": "string", "error": "string|null",
        }],
        "left_out": if is_apply { json!("list") } else { json!([left_out]) },
        "blocked": "string|null", "exit_code": "number",
    })
}

fn lookup_shape() -> Value {
    let window = json!({"begin": "string", "end": "string"});
    json!({
        "version": "number", "who": "string",
        "members": [{
            "source": "string", "number": "number", "name": "string", "email": "string|null",
            "active": "bool",
            "roles": [{"id": "number", "name": "string|null", "begin": "string", "end": "string"}],
            "validity": window,
            "devices": [{
                "name": "string", "employee_no": "string|null", "linked_by": "string|null",
                "actual": {"begin": "string", "end": "string", "enable": "bool"},
                "expected": window, "in_step": "bool", "opens_now": "bool", "why": "string",
                "confirmed_at": "string|null",
            }],
            "history": [{
                "at": "string", "run": "number", "device": "string", "cause": "string",
                "before": window, "after": window, "outcome": "string",
            }],
        }],
        "exit_code": "number",
    })
}

#[test]
fn documents_have_the_keys_of_the_contract() {
    let sandbox = Sandbox::pinned(20, 2);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.cardskipper.edit(number(5), |member| member.email = "x@example.si".into());
    sandbox.club.devices[0].add_person(
        ivms_sync_simulators::hikvision::Person::new("1").name("Nov").extends("x@example.si"),
    );
    (10..14).for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.club.cardskipper.edit(number(6), |member| member.organisations[0].roles.clear());
    let diff = sandbox.at(LATER, &["diff", "--json", "--out", "plan.json"]).ends(0).json();
    let apply = sandbox.at(LATER, &["apply", "plan.json", "--json"]).ends(0).json();
    sandbox.club.renew(3, "2031-11-01");
    let sync = sandbox.sync_at(LATER, 4);
    for (document, command) in [(&diff, "diff"), (&sync, "sync"), (&apply, "apply")] {
        assert_shape(&report_shape(command == "apply"), document, command);
        assert_eq!((&document["version"], &document["command"]), (&json!(1), &json!(command)));
    }
    let lookup = sandbox.at(LATER, &["lookup", "150004", "--json"]).ends(0).json();
    assert_shape(&lookup_shape(), &lookup, "lookup");
    let plan: Value =
        serde_json::from_str(&fs::read_to_string(sandbox.path("plan.json")).unwrap()).unwrap();
    let mut shape = report_shape(false);
    for key in ["made_at", "expires_at", "sha256"] {
        shape[key] = json!("string");
    }
    shape["changes"][0]["fingerprint"] = json!("string");
    assert_shape(&shape, &plan, "plan");
    assert_eq!(plan["sha256"].as_str().unwrap().len(), 64);

    // The words of the contract and no others, and times in its one form.
    let words = |document: &Value, list: &str, key: &str, allowed: &[&str]| {
        for word in each(document, list, key) {
            assert!(allowed.contains(&word), "{list}.{key}: {word}");
        }
    };
    for document in [&diff, &sync, &apply, &plan] {
        words(document, "sources", "listing", &["complete", "changes"]);
        let outcomes = ["ok", "unreachable", "login-refused", "clock-wrong", "observed"];
        words(document, "devices", "outcome", &outcomes);
        words(document, "changes", "kind", &["grant", "revocation"]);
        let causes = ["renewed", "started", "shortened", "inactive", "vanished", "drift"];
        words(document, "changes", "cause", &causes);
        let outcomes = ["planned", "confirmed", "refused", "not-applied", "unknown", "blocked"];
        words(document, "changes", "outcome", &outcomes);
        for change in document["changes"].as_array().unwrap() {
            for time in ["/before/begin", "/before/end", "/after/begin", "/after/end"] {
                let time = change.pointer(time).unwrap().as_str().unwrap();
                assert!(
                    time.len() == 19 && time.parse::<chrono::NaiveDateTime>().is_ok(),
                    "{time}"
                );
            }
        }
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_document_is_one_document_also_when_things_go_wrong() {
    let sandbox = Sandbox::pinned(5, 1);
    let empty = sandbox.sync_at(START, 0);
    assert_eq!((&empty["changes"], &empty["left_out"]), (&json!([]), &json!([])));
    assert_eq!(empty["blocked"], Value::Null);
    sandbox.club.cardskipper.go_offline();
    sandbox.club.devices[0].go_offline();
    let run = sandbox.at(LATER, &["sync", "--full", "--json"]).ends(5);
    assert_eq!(run.json()["devices"][0]["outcome"], "unreachable");
    assert_eq!(run.json()["exit_code"], 5);
    let nobody = sandbox.at(LATER, &["lookup", "999", "--json"]).json();
    assert_eq!(nobody["members"], json!([]));
    sandbox.assert_well_behaved();
}

// What is never shown

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
    let mut run = |arguments: &[&str]| {
        for more in [&[][..], &["-v"]] {
            logs.push(sandbox.at(LATER, &[more, arguments].concat()).stderr);
        }
    };
    run(&["sync"]);
    sandbox.club.renew(3, "2030-11-01");
    (5..9).for_each(|index| assert!(sandbox.club.inactivate(index)));
    let twin = sandbox.club.cardskipper.member(number(1)).unwrap().email;
    sandbox.club.cardskipper.edit(number(2), |member| member.email.clone_from(&twin));
    sandbox.club.cardskipper.edit(number(9), |member| {
        member.organisations[0].roles[0].end = "soon".to_owned();
    });
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
    assert!(loud.stdout.contains("In step: nothing to change on 1 door."), "{}", loud.stdout);
    fs::rename(sandbox.path("persons.csv"), sandbox.path("away.csv")).unwrap();
    sandbox.club.cardskipper.go_offline();
    let quiet = sandbox.at(LATER, &["-q", "sync"]).ends(5);
    assert!(quiet.stderr.lines().all(|l| l.starts_with("error: ") || l.starts_with("  hint: ")));
    assert!(!quiet.stderr.is_empty());
    sandbox.assert_well_behaved();
}
