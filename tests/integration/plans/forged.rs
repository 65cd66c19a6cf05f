//! Plans that somebody edited and hashed anew: the hash fits, the seal does not, and what the state file
//! does not bear out is refused.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{LATER, LOOKED, with_news};
use crate::support::pinned::START;
use crate::support::{Said, Sandbox, each};

/// When the plan is carried out.
const APPLIED: &str = "2026-03-10T10:12:00Z";

/// Compact JSON with the keys of every object in order, as `help json` says of a plan's hash.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let parts: Vec<String> = keys
                .iter()
                .map(|key| format!("{}:{}", json!(key), canonical(&map[*key])))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// Hashes a plan anew and puts it in place of the one in the folder.
fn put(sandbox: &Sandbox, plan: &Value) {
    let mut bare = plan.clone();
    bare.as_object_mut().unwrap().remove("seal");
    bare["sha256"] = json!("");
    let digest = Sha256::digest(canonical(&bare).as_bytes());
    let mut plan = plan.clone();
    plan["sha256"] = json!(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    fs::write(sandbox.path("plan.json"), plan.to_string()).unwrap();
}

fn plan_of(sandbox: &Sandbox, now: &str) -> Value {
    sandbox.at(now, &["diff", "--out", "plan.json"]).ends(0);
    serde_json::from_str(&fs::read_to_string(sandbox.path("plan.json")).unwrap()).unwrap()
}

/// Lets the state file know the news without a change on any door: a run that is limited to somebody else.
fn learn(sandbox: &Sandbox) {
    sandbox.at(LATER, &["sync", "--only", "150031"]).ends(0);
}

/// A plan of a renewal, a shortening and an inactivation on two doors that the state file knows of.
fn known() -> (Sandbox, Value) {
    let sandbox = with_news();
    sandbox.look_at(LOOKED);
    learn(&sandbox);
    let plan = plan_of(&sandbox, "2026-03-10T10:10:00Z");
    (sandbox, plan)
}

#[track_caller]
fn refuses(sandbox: &Sandbox, what: &str, words: &str) -> Said {
    let doors = sandbox.doors();
    sandbox.clear_requests();
    let said = sandbox.at(APPLIED, &["apply", "plan.json"]);
    assert_eq!(said.code, 4, "{what}: {said:?}");
    assert!(said.stderr.contains("not made as it is with this state file"), "{what}: {said:?}");
    assert!(said.stderr.contains(words), "{what}: {}", said.stderr);
    assert_eq!(sandbox.doors(), doors, "{what}");
    let asked = sandbox.club.devices.iter().any(|device| !device.requests().is_empty());
    assert!(!asked, "{what}: no door is even asked");
    said
}

/// Catches: a plan without the seal believed as before; each rule of the proof left out for such plans.
#[test]
fn what_the_state_file_does_not_bear_out_is_refused() {
    let (sandbox, plan) = known();
    let of = |number: &str, of: &str| {
        let changes = plan["changes"].as_array().unwrap();
        let place = changes
            .iter()
            .position(|change| change["employee_no"] == number && change["device"] == "door1");
        format!("/changes/{}/{of}", place.unwrap())
    };
    let other = plan["changes"].as_array().unwrap().iter().find(|c| c["employee_no"] == "1005");
    let other = other.unwrap().clone();
    type Edits = Vec<(String, Value)>;
    let another = |number: i64| -> Edits {
        let holder = format!("{number}/1990-01-01");
        vec![
            (of("1004", "member/number"), json!(number)),
            (of("1004", "member/holder"), json!(holder)),
        ]
    };
    let cases: Vec<(&str, &str, Edits)> = vec![
        (
            "a longer end",
            "not paid for",
            vec![(of("1004", "after/end"), json!("2036-12-31T23:59:59"))],
        ),
        (
            "a shorter end",
            "kept out of time that is paid for",
            vec![(of("1005", "after/end"), json!("2026-03-12T23:59:59"))],
        ),
        (
            "another person",
            "not linked to this person",
            vec![(of("1004", "employee_no"), json!("1010"))],
        ),
        (
            "another person, with the right fingerprint",
            "",
            vec![
                (of("1004", "employee_no"), json!("1005")),
                (of("1004", "fingerprint"), other["fingerprint"].clone()),
                (of("1004", "before"), other["before"].clone()),
            ],
        ),
        ("a foreign person", "", vec![(of("1004", "employee_no"), json!("900"))]),
        ("another member", "not known", another(150_010)),
        ("nobody's member", "not known", another(999_999)),
        (
            "another organisation",
            "not known",
            vec![(of("1004", "member/account"), json!("cardskipper:124"))],
        ),
        (
            "another before",
            "does not start from what is held there",
            vec![(of("1004", "before/end"), json!("2030-10-31T23:59:59"))],
        ),
        (
            "another fingerprint",
            "does not start from what is held there",
            vec![(of("1004", "fingerprint"), json!("00"))],
        ),
        (
            "a revocation called a grant",
            "something else than it says",
            vec![(of("1005", "kind"), json!("grant"))],
        ),
        (
            "a grant called a revocation",
            "something else than it says",
            vec![(of("1004", "kind"), json!("revocation"))],
        ),
        ("a door that is not there", "not known", vec![(of("1004", "device"), json!("cellar"))]),
    ];
    for (what, words, edits) in cases {
        let mut edited = plan.clone();
        for (pointer, value) in edits {
            let place = edited.pointer_mut(&pointer).unwrap();
            assert_ne!(*place, value, "{what}: {pointer}");
            *place = value;
        }
        put(&sandbox, &edited);
        refuses(&sandbox, what, words);
    }
    // What is left of the same plan, edited and hashed anew, is borne out, and so it is carried out.
    let mut less = plan.clone();
    less["changes"].as_array_mut().unwrap().retain(|change| change["device"] == "door1");
    less["remark"] = json!("only this door today");
    put(&sandbox, &less);
    let run = sandbox.at(APPLIED, &["apply", "plan.json", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);
    sandbox.assert_well_behaved();
}

/// Catches: the second look left out for a plan that nobody has sealed.
#[test]
fn what_only_one_listing_says_is_not_borne_out() {
    let sandbox = with_news();
    learn(&sandbox);
    let mut plan = plan_of(&sandbox, "2026-03-10T10:10:00Z");
    plan["remark"] = json!("looked at");
    put(&sandbox, &plan);
    refuses(&sandbox, "one look", "because of a single listing");
    // A second tick has heard the same.
    sandbox.look_at("2026-03-10T10:11:00Z");
    let run = sandbox.at(APPLIED, &["apply", "plan.json", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 6]);
    sandbox.assert_well_behaved();
}

/// Catches: budgets left out for a plan that nobody has sealed: what waits for an approval by its id is
/// approved by writing "planned" over "blocked".
#[test]
fn what_was_blocked_is_not_planned_by_saying_so() {
    let sandbox = super::with_inactive(40, 1..20);
    learn(&sandbox);
    let mut plan = plan_of(&sandbox, "2026-03-10T10:10:00Z");
    for change in plan["changes"].as_array_mut().unwrap() {
        change["outcome"] = json!("planned");
    }
    put(&sandbox, &plan);
    refuses(&sandbox, "planned", "budget");
    sandbox.assert_well_behaved();
}

/// Catches: a plan of our own held to what the state file knows, although `diff` knew more.
#[test]
fn our_own_plan_may_know_more_than_the_state_file() {
    for is_fresh in [false, true] {
        let sandbox = if is_fresh { Sandbox::pinned(40, 2) } else { with_news() };
        if is_fresh {
            super::news(&sandbox);
        }
        plan_of(&sandbox, LATER);
        let run = sandbox.at(APPLIED, &["apply", "plan.json", "--json"]).ends(0).json();
        let outcomes = [["confirmed", "planned", "planned"]; 2].concat();
        assert_eq!(each(&run, "changes", "outcome"), outcomes, "what was taken away waits");
        sandbox.assert_well_behaved();
    }
}

/// Catches: a plan believed by any state file, or where there is none.
#[test]
fn a_plan_of_another_state_file_is_worth_what_this_one_knows() {
    let sandbox = Sandbox::pinned(40, 2);
    super::news(&sandbox);
    let plan = plan_of(&sandbox, LATER);
    fs::remove_file(sandbox.state()).unwrap();
    refuses(&sandbox, "a new state file", "not known");
    let mut bare = plan.clone();
    bare.as_object_mut().unwrap().remove("seal");
    put(&sandbox, &bare);
    refuses(&sandbox, "no seal", "not known");
    bare["seal"] = json!(7);
    put(&sandbox, &bare);
    refuses(&sandbox, "a seal that is none", "not known");
    sandbox.assert_well_behaved();
}

/// Catches: a newer listing that is not held against our own plan.
#[test]
fn what_a_newer_listing_does_not_pay_for_is_not_given() {
    let sandbox = Sandbox::pinned(40, 2);
    sandbox.sync_at(START, 0);
    sandbox.clocks(LATER);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.renew(4, "2030-11-01");
    plan_of(&sandbox, LATER);
    // The renewal of one is taken back, and a run by cron has seen it.
    sandbox.clocks("2026-03-10T10:09:00Z");
    let end = sandbox.end_on(0, "1004");
    sandbox.club.renew(3, &end[..10]);
    let only = ["sync", "--json", "--only", "150004"];
    assert_eq!(sandbox.at("2026-03-10T10:10:00Z", &only).ends(0).json()["changes"], json!([]));
    let said = sandbox.at(APPLIED, &["apply", "plan.json", "--json"]).ends(13);
    let run = said.json();
    let outcomes = each(&run, "changes", "outcome");
    assert_eq!(outcomes, [["refused", "confirmed"]; 2].concat(), "{run}");
    assert!(said.stderr.contains("person 1004 is left alone"), "{}", said.stderr);
    assert_eq!(sandbox.end_on(0, "1004"), end);
    assert_eq!(sandbox.end_on(0, "1005"), "2030-11-01T23:59:59");
    sandbox.assert_well_behaved();
}
