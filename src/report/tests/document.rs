//! The JSON document: its keys and words are a promise.

use serde_json::{Value, json};

use super::*;
use crate::engine::plan::tests::world::{GYM, instant};
use crate::report::json::document as make;

fn document(report: &Report, exit_code: u8) -> Value {
    serde_json::to_value(make(report, exit_code)).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The keys that the contract names are there, in its order, whatever was added since.
fn holds(value: &Value, wanted: &[&str]) {
    let found: Vec<_> = keys(value).into_iter().filter(|key| wanted.contains(key)).collect();
    assert_eq!(found, wanted, "{value}");
}

#[test]
fn keys_are_those_of_the_contract() {
    let mut report = every_outcome();
    report.sources.push(SourceReport {
        name: SourceName::new("club").unwrap(),
        system: "Cardskipper",
        is_complete: true,
        members: 9,
        accepted: true,
        reason: None,
    });
    report.left_out = World::agreeing(1).roles("150001", &[]).plan().left_out;
    let whole = document(&report, 4);
    holds(
        &whole,
        &[
            "version",
            "command",
            "run",
            "sources",
            "devices",
            "changes",
            "left_out",
            "blocked",
            "exit_code",
        ],
    );
    holds(&whole["sources"][0], &["name", "listing", "members", "accepted", "reason"]);
    holds(
        &whole["devices"][0],
        &["name", "persons", "outcome", "changes", "confirmed", "failed", "blocked"],
    );
    holds(
        &whole["changes"][0],
        &[
            "device",
            "employee_no",
            "member",
            "cause",
            "kind",
            "before",
            "after",
            "outcome",
            "error",
        ],
    );
    holds(&whole["changes"][0]["member"], &["source", "number"]);
    holds(&whole["changes"][0]["before"], &["begin", "end"]);
    holds(&whole["left_out"][0], &["source", "number", "device", "reason"]);
}

#[test]
fn a_change_in_full() {
    let whole = document(&every_outcome(), 4);
    assert_eq!(whole["version"], json!(1));
    assert_eq!(whole["command"], json!("sync"));
    assert_eq!(whole["run"], json!(17));
    assert_eq!(whole["blocked"], json!("0a1b2c3d"));
    assert_eq!(whole["exit_code"], json!(4));
    assert_eq!(
        whole["changes"][1],
        json!({
            "device": "front-door",
            "employee_no": "2",
            "member": {"source": "club", "number": 150_002},
            "cause": "renewed",
            "kind": "grant",
            "before": {"begin": "2026-01-01T00:00:00", "end": "2026-12-31T23:59:59"},
            "after": {"begin": "2026-01-01T00:00:00", "end": "2027-12-31T23:59:59"},
            "outcome": "refused",
            "blocked_by": null,
            "error": "it said no",
        })
    );
}

#[test]
fn every_outcome_has_its_word_and_is_counted() {
    let whole = document(&every_outcome(), 4);
    let words: Vec<_> =
        whole["changes"].as_array().unwrap().iter().map(|c| &c["outcome"]).collect();
    assert_eq!(
        words,
        ["confirmed", "refused", "refused", "not-applied", "unknown", "planned", "blocked"]
    );
    let device = &whole["devices"][0];
    assert_eq!((&device["changes"], &device["confirmed"]), (&json!(7), &json!(1)));
    assert_eq!((&device["failed"], &device["blocked"]), (&json!(5), &json!(1)));
    for (outcome, word) in [
        (TargetOutcome::Ok, "ok"),
        (TargetOutcome::Unreachable, "unreachable"),
        (TargetOutcome::LoginRefused, "login-refused"),
        (TargetOutcome::ClockWrong, "clock-wrong"),
        (TargetOutcome::Observed, "observed"),
    ] {
        let mut report = every_outcome();
        report.devices[0].outcome = outcome;
        assert_eq!(document(&report, 0)["devices"][0]["outcome"], json!(word));
    }
}

#[test]
fn a_blocked_change_says_by_what() {
    let blocked_by = |world: World| {
        let whole = document(&report(CommandName::Diff, &world), 4);
        let changes = whole["changes"].as_array().unwrap().clone();
        let words: Vec<_> = changes.iter().map(|change| change["blocked_by"].clone()).collect();
        words
    };
    let many = World::agreeing(9).inactive("150001").inactive("150002").inactive("150003");
    let word = json!("revoke_per_tick");
    assert_eq!(blocked_by(many.renewed("150004"))[1..], [word.clone(), word.clone(), word]);
    assert_eq!(blocked_by(World::agreeing(1).inactive("150001")), [json!("last-person")]);
    assert_eq!(blocked_by(World::agreeing(1).renewed("150001")), [Value::Null]);
}

#[test]
fn what_is_not_there_is_null() {
    let unreadable =
        Limit::Unreadable { begin: None, end: Some(window("2025-01-01", "2025-01-02").end()) };
    let world = World::agreeing(1).holds_on(FRONT, "1", unreadable);
    let whole = document(&report(CommandName::Diff, &world), 0);
    assert_eq!(whole["run"], Value::Null);
    assert_eq!(whole["blocked"], Value::Null);
    let change = &whole["changes"][0];
    assert_eq!(change["before"], json!({"begin": null, "end": "2025-01-02T00:00:00"}));
    assert_eq!(change["error"], Value::Null);
    assert_eq!(whole["changes"].as_array().unwrap().len(), 1);
}

#[test]
fn an_empty_report_is_whole_lists() {
    let whole = document(&Report::new(CommandName::Diff, None), 0);
    for list in ["sources", "devices", "changes", "left_out"] {
        assert_eq!(whole[list], json!([]), "{list}");
    }
}

#[test]
fn left_out_members_and_sources() {
    let world = World::agreeing(2)
        .device("yard-door")
        .roles("150001", &[(GYM + 1, "2026-01-01", "2026-12-31")])
        .link("yard-door", "150002", Err(crate::engine::link::NoLink::NoPerson));
    let mut report = report(CommandName::Sync, &world);
    report.sources.push(SourceReport {
        name: SourceName::new("club").unwrap(),
        system: "Cardskipper",
        is_complete: false,
        members: 2,
        accepted: false,
        reason: Some("the listing is empty".into()),
    });
    let name = SourceName::new("club").unwrap();
    let failed = Failed { text: "the listing is empty".into(), hint: None };
    report.troubles.push(Trouble::of_source(&name, TroubleKind::ListRefused("empty", failed)));
    let whole = document(&report, report.exit().code());
    let told: Vec<_> = whole["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["number"].as_i64().unwrap(), &one["device"], one["reason"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [(150_002, &json!("yard-door"), "no-person"), (150_001, &Value::Null, "no-door-role"),]
    );
    assert_eq!(whole["sources"][0]["listing"], json!("changes"));
    assert_eq!(whole["sources"][0]["accepted"], json!(false));
    assert_eq!(whole["sources"][0]["reason"], json!("the listing is empty"));
    assert_eq!(whole["problems"][0]["exit_code"], json!(4));
    assert_eq!(whole["exit_code"], json!(4));
}

#[test]
fn times_carry_no_zone_and_no_fraction() {
    let world = World::agreeing(1).renewed("150001").at("2026-11-21T11:00:00.123456789Z");
    assert_eq!(world.facts.now, instant("2026-11-21T11:00:00.123456789Z"));
    let text = document(&report(CommandName::Diff, &world), 0).to_string();
    assert!(text.contains("\"2027-12-31T23:59:59\""), "{text}");
    assert!(!text.contains('Z') && !text.contains('+'), "{text}");
}
