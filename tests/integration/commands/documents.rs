//! JSON documents have what the contract says.

use std::fs;

use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::club::{employee_no, number};
use serde_json::{Value, json};

use super::LATER;
use crate::support::pinned::START;
use crate::support::{Sandbox, each, schema};

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

/// The contract of `sync`, `diff` and `apply`.
fn report_shape(is_apply: bool) -> Value {
    let source = json!({
        "name": "string", "listing": "string", "members": "number", "accepted": "bool",
        "reason": "string|null",
    });
    let left_out = json!({
        "source": "string", "number": "number", "device": "string|null", "reason": "string",
    });
    let no_door = json!({"source": "string", "number": "number", "reason": "string"});
    let kept = json!({
        "source": "string", "number": "number", "device": "string", "employee_no": "string",
        "linked_by": "string",
    });
    let window = json!({"begin": "string|null", "end": "string|null"});
    let loss = json!({
        "source": "string", "number": "number", "device": "string", "employee_no": "string",
        "reason": "string", "kind": "string", "served": window, "detail": "string|null",
    });
    let list = |item: Value| if is_apply { json!("list") } else { json!([item]) };
    json!({
        "version": "number", "command": "string", "run": "number|null",
        "sources": list(source),
        "devices": [{
            "name": "string", "persons": "number", "outcome": "string", "changes": "number",
            "confirmed": "number", "failed": "number", "blocked": "number",
        }],
        "changes": [{
            "device": "string", "employee_no": "string",
            "member": {"source": "string", "number": "number"},
            "cause": "string", "kind": "string", "before": window, "after": window,
            "outcome": "string", "blocked_by": "string|null", "error": "string|null",
        }],
        "left_out": list(left_out), "losses": list(loss), "no_door": list(no_door),
        "kept_links": list(kept), "released": "list", "problems": "list",
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
    sandbox.club.cardskipper.edit(number(7), |member| member.set_end("soon"));
    let stranger = sandbox.club.cardskipper.member(number(8)).unwrap();
    let email = "stranger@example.si".to_owned();
    sandbox.club.cardskipper.add(Member { number: 900_001, email, ..stranger });
    sandbox.look_at("2026-03-10T10:04:00Z");
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
    assert_eq!(lookup["command"], "lookup");
    let plan: Value =
        serde_json::from_str(&fs::read_to_string(sandbox.path("plan.json")).unwrap()).unwrap();
    let mut shape = report_shape(false);
    for key in ["made_at", "expires_at", "sha256", "seal"] {
        shape[key] = json!("string");
    }
    schema::assert_valid(&plan);
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
        let causes =
            ["renewed", "started", "shortened", "inactive", "vanished", "released", "drift"];
        words(document, "changes", "cause", &causes);
        let outcomes = ["planned", "confirmed", "refused", "not-applied", "unknown", "blocked"];
        words(document, "changes", "outcome", &outcomes);
        words(document, "changes", "blocked_by", &["null", "revoke_per_tick"]);
        words(document, "losses", "kind", &["standing-outside", "open-without-reason"]);
        words(document, "losses", "reason", &["bad-dates"]);
        words(document, "no_door", "reason", &["no-person"]);
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
fn released_persons_and_rows_of_link_files_have_their_keys() {
    let sandbox = Sandbox::pinned(12, 1);
    let second = employee_no(1);
    sandbox.club.renew(1, "2030-11-01");
    sandbox.sync_at(START, 0);
    // The row of the member leads to another person now, and one links nobody.
    let rows = sandbox.club.links_csv.replacen(&second, "9001", 1) + "77,\n";
    fs::write(sandbox.path("persons.csv"), rows).unwrap();
    let keys = |document: &Value, list: &str, template: Value| {
        assert_shape(&json!([template]), &document[list], list);
    };
    let row = || {
        json!({
            "file": "string", "line": "number", "reason": "string", "detail": "string",
            "hint": "string",
        })
    };
    let diff = sandbox.at(LATER, &["diff", "--json"]).json();
    let released = json!({
        "device": "string", "employee_no": "string", "source": "string", "number": "number",
        "holds": {"begin": "string|null", "end": "string|null"},
    });
    keys(&diff, "released", released);
    assert_eq!(diff["released"][0]["employee_no"], json!(second));
    keys(&diff, "rows_left_out", row());
    for command in ["check", "status"] {
        let document = sandbox.at(LATER, &[command, "--json"]).json();
        keys(&document, "rows_left_out", row());
        assert_eq!(document["rows_left_out"][0]["reason"], "no-email", "{document}");
    }
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

#[test]
fn a_command_that_breaks_off_has_its_document_too() {
    let commands: [&[&str]; 7] = [
        &["sync"],
        &["diff"],
        &["apply", "plan.json"],
        &["lookup", "150001"],
        &["check"],
        &["status"],
        &["history"],
    ];
    let mut sandbox = Sandbox::pinned(3, 1);
    sandbox.replace_config(Some("time_zone = \"Nowhere\"\n".to_owned()));
    for command in commands {
        let said = sandbox.at(START, &[&["--json"], command].concat()).ends(78);
        let document = said.json();
        assert_eq!(document["command"], command[0]);
        assert_eq!((&document["version"], &document["exit_code"]), (&json!(1), &json!(78)));
        // One problem in each: the zone, and the two kinds of sections that are missing.
        let problems = document["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 3, "{document}");
        for (problem, words) in problems.iter().zip([
            "toml:1: time_zone: is not a known time zone",
            "cardskipper: is missing",
            "hikvision: is missing",
        ]) {
            assert_eq!(
                (&problem["about"], &problem["exit_code"]),
                (&json!("configuration"), &json!(78))
            );
            let text = problem["text"].as_str().unwrap();
            assert!(text.contains(words) && !text.contains("hint"), "{problem}");
            assert!(problem["hint"].as_str().unwrap().starts_with("write "), "{problem}");
        }
        assert!(said.stderr.contains("time_zone: is not"), "a person reads stderr");
        if ["sync", "diff", "apply"].contains(&command[0]) {
            for list in ["sources", "devices", "changes", "left_out", "kept_links"] {
                assert_eq!(document[list], json!([]), "{command:?} {list}");
            }
        }
    }
    sandbox.replace_config(None);
    fs::write(sandbox.state(), [b'x'; 4096]).unwrap();
    for (command, about) in [(&["sync"][..], "state file"), (&["apply", "plan.json"], "state file")]
    {
        let document = sandbox.at(START, &[&["--json"], command].concat()).ends(7).json();
        assert_eq!(document["problems"][0]["about"], about, "{command:?}");
        assert!(document["problems"][0]["hint"].is_string());
    }
    fs::remove_file(sandbox.state()).unwrap();
    let document = sandbox.at(START, &["--json", "lookup", "nobody@"]).ends(64).json();
    assert_eq!(document["problems"][0]["about"], "command line");
    assert_eq!(document["command"], "lookup");
}
