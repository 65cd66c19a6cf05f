//! The schema of the JSON documents: as it is printed, what it refuses, and that its words are the program's.

use std::fs;

use ivms_sync::command::CommandName;
use ivms_sync::config::Mode;
use ivms_sync::engine::{ChangeState, TargetOutcome};
use ivms_sync::exit::Exit;
use ivms_sync::model::{Budget, Cause, Kind, LinkRule, LossKind, Reason, RowReason};
use ivms_sync::notify::decide::Occasion;
use ivms_sync::report::check::Verdict;
use ivms_sync::store::{AttentionKind, OutcomeKind};
use ivms_sync::trouble::TroubleWord;
use serde_json::{Value, json};

use super::LATER;
use crate::readme::blocks;
use crate::support::Sandbox;
use crate::support::pinned::START;
use crate::support::schema::{PARSED, assert_valid, kinds, takes};

#[test]
fn the_schema_is_printed_as_it_is_and_the_help_tells_of_it() {
    let sandbox = Sandbox::pinned(1, 1);
    let said = sandbox.run(&["help", "json", "--schema"]).ends(0);
    assert_eq!(serde_json::from_str::<Value>(&said.stdout).unwrap(), *PARSED);
    assert!(jsonschema::draft202012::meta::is_valid(&PARSED));
    let help = sandbox.run(&["help", "json"]).ends(0).stdout;
    assert!(help.contains("ivms-sync help json --schema"), "{help}");
    let said = sandbox.run(&["help", "links", "--schema"]).ends(64);
    assert!(said.stderr.contains("ivms-sync help json"), "{}", said.stderr);
}

#[test]
fn the_documents_that_the_help_shows_are_as_the_schema_says() {
    let mut seen = Vec::new();
    for text in blocks("json") {
        let document: Value = serde_json::from_str(&text).unwrap();
        if document.get("version").is_some() {
            assert_valid(&document);
            seen.extend(kinds(&document));
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["alarm", "apply", "diff", "history", "lookup", "lookup_plate", "sync"]);
}

/// Each place of a document: how it is found.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.push(path.clone());
                places(inner, &path, found);
            }
        }
        Value::Array(items) => {
            for (place, inner) in items.iter().enumerate() {
                places(inner, &format!("{path}/{place}"), found);
            }
        }
        _ => {}
    }
}

/// Documents of every command, with as much in them as a club in trouble has.
fn documents() -> Vec<Value> {
    let mut sandbox = Sandbox::pinned(12, 2);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    let rows = sandbox.club.links_csv.replacen("1002", "9001", 1) + "77,\n";
    fs::write(sandbox.path("persons.csv"), rows).unwrap();
    sandbox.club.devices[1].go_offline();
    let diff = sandbox.at(LATER, &["diff", "--json", "--out", "plan.json"]).json();
    let plan = fs::read_to_string(sandbox.path("plan.json")).unwrap();
    let mut found = vec![diff, serde_json::from_str(&plan).unwrap()];
    for command in [
        &["sync", "--json"][..],
        &["lookup", "150004", "--json"],
        &["check", "--json"],
        &["status", "--json"],
        &["history", "--since", "2026-03-01", "--json"],
    ] {
        found.push(sandbox.at(LATER, command).json());
    }
    sandbox.replace_config(Some("time_zone = \"Nowhere\"\n".to_owned()));
    found.push(sandbox.at(LATER, &["check", "--json"]).json());
    found
}

// Mutants: an object takes fields that nobody knows, or does without one; a word is any text.
#[test]
fn a_document_with_another_field_or_another_word_is_refused() {
    let all = documents();
    let named: Vec<_> = all.iter().flat_map(kinds).collect();
    let wanted =
        ["diff", "plan_file", "sync", "lookup", "check", "status", "history", "broken_off"];
    assert_eq!(named, wanted);
    for document in all {
        assert!(takes(&document));
        let mut paths = Vec::new();
        places(&document, "", &mut paths);
        let mut tried = 0;
        for path in paths {
            let (parent, key) = path.rsplit_once('/').unwrap();
            // Counts by reason and by system have the keys that there are.
            if ["/left_out", "/requests"].contains(&parent) && document["command"] == "status" {
                continue;
            }
            tried += 1;
            let mut without = document.clone();
            let fields = without.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            fields.remove(key);
            // A diff that could not run has no such rows.
            assert!(!takes(&without) || path == "/rows_left_out", "without {path}");
            let mut more = document.clone();
            let fields = more.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            fields.insert("surplus".to_owned(), json!(null));
            assert!(!takes(&more), "beside {path}");
            let mut other = document.clone();
            *other.pointer_mut(&path).unwrap() = json!([["of another kind"]]);
            assert!(!takes(&other), "another kind of {path}");
            let is_word = ["listing", "outcome", "cause", "kind", "reason", "verdict", "mode"];
            let value = document.pointer(&path).unwrap();
            if is_word.contains(&key) && value.is_string() {
                let mut other = document.clone();
                *other.pointer_mut(&path).unwrap() = json!("no-such-word");
                assert!(!takes(&other), "another word for {path}");
            }
        }
        assert!(tried > 3, "{document}");
        for (path, value) in
            [("/version", json!(2)), ("/command", json!("help")), ("/exit_code", json!(6))]
        {
            let mut other = document.clone();
            *other.pointer_mut(path).unwrap() = value;
            assert!(!takes(&other), "{path}");
        }
    }
}

#[test]
fn the_words_of_the_schema_are_those_of_the_program() {
    fn words<T: std::fmt::Display>(all: &[T]) -> Vec<String> {
        let mut words: Vec<String> = all.iter().map(ToString::to_string).collect();
        words.sort();
        words.dedup();
        words
    }
    let states = OutcomeKind::ALL.into_iter().map(ChangeState::Tried);
    let states =
        states.chain([ChangeState::Planned, ChangeState::SecondLook, ChangeState::Blocked]);
    let states: Vec<_> = states.map(ChangeState::as_str).collect();
    let and = |all: Vec<String>, more: &str| words(&[all, vec![more.to_owned()]].concat());
    let commands = CommandName::ALL.into_iter().filter(|name| *name != CommandName::Help);
    let mut seen = 0;
    for (name, wanted) in [
        ("command", words(&commands.collect::<Vec<_>>())),
        ("device_outcome", words(&TargetOutcome::ALL)),
        ("cause", words(&Cause::ALL)),
        ("kind", words(&Kind::ALL)),
        ("change_outcome", words(&states)),
        ("audit_outcome", and(words(&OutcomeKind::ALL), "accepted")),
        ("row_outcome", words(&OutcomeKind::ALL)),
        ("audit_cause", and(words(&Cause::ALL), "link-accepted")),
        ("blocked_by", words(&Budget::ALL)),
        ("reason", words(&Reason::ALL)),
        ("row_reason", words(&RowReason::ALL)),
        ("link_rule", words(&LinkRule::ALL)),
        ("mode", words(&Mode::ALL)),
        ("verdict", words(&Verdict::ALL)),
        ("loss_kind", words(&LossKind::ALL)),
        ("attention_kind", words(&AttentionKind::ALL)),
        ("occasion", words(&Occasion::ALL)),
        ("problem_kind", words(&TroubleWord::ALL)),
        ("exit_code", words(&Exit::ALL.map(Exit::code))),
        ("listing", words(&["changes", "complete"])),
        ("alarm_state", words(&["trouble", "well"])),
    ] {
        seen += 1;
        let listed = PARSED["$defs"][name]["enum"].as_array().unwrap();
        let listed: Vec<String> = listed
            .iter()
            .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
            .collect();
        assert_eq!(words(&listed), wanted, "{name}");
        assert_eq!(listed.len(), wanted.len(), "{name}: each once");
    }
    let defs = PARSED["$defs"].as_object().unwrap().values();
    assert_eq!(
        defs.filter(|def| def.get("enum").is_some()).count(),
        seen,
        "every list is compared"
    );
}

#[test]
fn every_field_says_what_it_is_and_every_object_is_strict() {
    fn look(schema: &Value, path: &str) {
        let Some(fields) = schema.as_object() else {
            if let Some(items) = schema.as_array() {
                items.iter().for_each(|item| look(item, path));
            }
            return;
        };
        if schema["type"] == "object" {
            assert!(fields.contains_key("additionalProperties"), "{path}");
        }
        for (key, field) in
            fields.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            // Its own words, or those of what it is.
            let of = [field, &field["items"]]
                .into_iter()
                .chain(field["anyOf"].as_array().into_iter().flatten());
            let is_told =
                field["description"].is_string() || of.clone().any(|one| one["$ref"].is_string());
            assert!(is_told, "{path}/{key}");
        }
        for (key, inner) in fields {
            look(inner, &format!("{path}/{key}"));
        }
    }
    look(&PARSED, "");
    for (name, def) in PARSED["$defs"].as_object().unwrap() {
        assert!(def["description"].is_string(), "{name}");
    }
}
