//! Plan files: what is written is read again, and nothing else.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::command::CommandName;
use crate::config::Ending;
use crate::engine::plan::tests::world::{FRONT, World, employee, instant, time};
use crate::model::testing::{holder, source, undated};
use crate::report::{ChangeReport, ChangeState};

const MADE: &str = "2026-11-21T11:00:00Z";

/// A renewal for somebody with an odd number and no birth date, dates that cannot be read, and
/// three revocations over budget.
fn report() -> Report {
    let unreadable =
        Limit::Unreadable { begin: Some(time("2026-01-01")), end: Some(time("2025-01-01")) };
    let world = World::agreeing(9)
        .renewed("150001")
        .holds_on(FRONT, "2", unreadable)
        .holds_on(FRONT, "3", Limit::Unreadable { begin: None, end: None })
        .inactive("150004")
        .inactive("150005")
        .inactive("150006");
    let mut plan = world.plan();
    plan.changes[0].employee_no = employee(" \"\\漢\u{202e}{}");
    plan.changes[0].member = undated(&plan.changes[0].member);
    let mut report = Report::new(CommandName::Diff, None);
    report.changes = plan.changes.into_iter().map(reported).collect();
    assert_eq!(report.changes.len(), 6);
    report
}

fn reported(change: Change) -> ChangeReport {
    let is_blocked = change.blocked.is_some();
    let state = if is_blocked { ChangeState::Blocked } else { ChangeState::Planned };
    ChangeReport { change, state, error: None }
}

fn written() -> String {
    write(&report(), &Accounts::default(), instant(MADE)).unwrap()
}

fn read_at(text: &str, now: &str) -> Result<Vec<Change>, PlanFileError> {
    approved_at(text, now, Approved::Planned)
}

fn blocked_at(text: &str, now: &str) -> Result<Vec<Change>, PlanFileError> {
    approved_at(text, now, Approved::Blocked)
}

fn approved_at(text: &str, now: &str, approved: Approved) -> Result<Vec<Change>, PlanFileError> {
    let plan = Unread::parse(text)?;
    read(plan, &Accounts::default(), instant(now), approved).map(|plan| plan.changes)
}

fn value() -> Map<String, Value> {
    serde_json::from_str(&written()).unwrap()
}

/// A document that was changed by somebody who knows how to put the hash right.
fn signed(mut plan: Map<String, Value>) -> String {
    let hash = hash(Value::Object(plan.clone()));
    plan.insert("sha256".into(), json!(hash));
    Value::Object(plan).to_string()
}

#[test]
fn what_was_planned_comes_back() {
    let changes = |state: ChangeState| -> Vec<Change> {
        let report = report();
        let wanted = report.changes.into_iter().filter(|one| one.state == state);
        wanted.map(|one| Change { blocked: None, ..one.change }).collect()
    };
    let planned = read_at(&written(), MADE).unwrap();
    assert_eq!(planned.len(), 3);
    assert_eq!(planned, changes(ChangeState::Planned));
    let blocked = blocked_at(&written(), MADE).unwrap();
    assert_eq!(blocked.len(), 3);
    assert_eq!(blocked, changes(ChangeState::Blocked));
}

/// Catches: a change that waits for a second look read like one that waits for nothing.
#[test]
fn what_waits_for_a_second_look_still_waits_when_it_comes_back() {
    let mut report = report();
    let one = &mut report.changes[0];
    one.change.blocked = Some(Budget::SecondLook);
    one.state = ChangeState::before_it_is_tried(&one.change);
    let waiting = one.change.clone();
    let text = write(&report, &Accounts::default(), instant(MADE)).unwrap();
    let waits = |changes: Vec<Change>| -> Vec<Change> {
        changes.into_iter().filter(|change| change.blocked.is_some()).collect()
    };
    assert_eq!(waits(read_at(&text, MADE).unwrap()), [waiting]);
    assert_eq!(waits(blocked_at(&text, MADE).unwrap()), []);
}

#[test]
fn it_is_the_diff_document_and_more() {
    let plan = value();
    let diff = serde_json::to_value(json::document(&report(), 0)).unwrap();
    for (key, of_diff) in diff.as_object().unwrap() {
        if key != "changes" {
            assert_eq!(plan.get(key), Some(of_diff), "{key}");
        }
    }
    assert_eq!(plan["made_at"], json!(MADE));
    assert_eq!(plan["expires_at"], json!("2026-11-21T12:00:00Z"));
    assert_eq!(plan["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(plan["changes"][1]["fingerprint"], json!("fingerprint of 2*"));
}

/// Every place in a document, as a path.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(at, v)| (at.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let path = format!("{path}/{key}");
        places(child, &path, found);
        found.push(path);
    }
}

/// What an edit makes of a value.
fn edited(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => vec![json!(format!("{text} ")), json!(null), json!("2026")],
        Value::Number(number) => vec![json!(number.as_i64().unwrap() + 1), json!("x")],
        Value::Bool(is) => vec![json!(!is), json!(null)],
        Value::Null => vec![json!(false), json!("x")],
        Value::Array(_) => vec![json!([{}]), json!(null)],
        Value::Object(_) => vec![json!({}), json!([])],
    }
}

#[test]
fn an_edit_anywhere_is_noticed() {
    let whole = Value::Object(value());
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    assert!(all.len() > 100, "{} places", all.len());
    for place in all {
        for other in edited(whole.pointer(&place).unwrap()) {
            let mut plan = whole.clone();
            *plan.pointer_mut(&place).unwrap() = other;
            let refused = read_at(&plan.to_string(), MADE).expect_err(&place);
            let expected = match place.as_str() {
                "/version" => matches!(refused, PlanFileError::Version(_)),
                "/sha256" => !matches!(refused, PlanFileError::Version(_)),
                _ => refused == PlanFileError::Tampered,
            };
            assert!(expected, "{place}: {refused}");
        }
    }
}

#[test]
fn something_added_moved_or_taken_away_is_noticed() {
    let damages: [fn(&mut Map<String, Value>); 6] = [
        |plan| {
            plan.insert("note".into(), json!("looks fine"));
        },
        |plan| {
            plan.remove("left_out");
        },
        |plan| {
            plan["changes"].as_array_mut().unwrap().pop();
        },
        |plan| plan["changes"].as_array_mut().unwrap().reverse(),
        |plan| {
            let again = plan["changes"][0].clone();
            plan["changes"].as_array_mut().unwrap().push(again);
        },
        |plan| {
            plan["changes"][0].as_object_mut().unwrap().remove("error");
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let mut plan = value();
        damage(&mut plan);
        let refused = read_at(&Value::Object(plan).to_string(), MADE);
        assert_eq!(refused, Err(PlanFileError::Tampered), "damage {number}");
    }
}

/// The same value with the keys of every object the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect()
        }
        Value::Array(list) => list.iter().map(reversed).collect(),
        plain => plain.clone(),
    }
}

#[test]
fn another_form_is_no_change() {
    let (plan, changes) = (Value::Object(value()), read_at(&written(), MADE).unwrap());
    let backwards = reversed(&plan);
    assert_ne!(backwards.to_string(), plan.to_string());
    for text in [
        plan.to_string(),
        backwards.to_string(),
        format!("\u{feff}{plan}"),
        format!(" \r\n{}\r\n", written().replace('\n', "\r\n")),
        written().replace("漢", "\\u6f22"),
    ] {
        assert_eq!(read_at(&text, MADE).as_ref(), Ok(&changes));
    }
}

#[test]
fn it_lasts_an_hour() {
    let expired = || Err(PlanFileError::Expired("2026-11-21T12:00:00Z".into()));
    let future = || Err(PlanFileError::FromTheFuture("2026-11-21T11:00:00Z".into()));
    for (now, want) in [
        ("2026-11-21T11:00:00Z", Ok(3)),
        ("2026-11-21T12:00:00Z", Ok(3)),
        ("2026-11-21T12:00:01Z", expired()),
        ("2027-11-21T11:00:00Z", expired()),
        ("2026-11-21T10:55:00Z", Ok(3)),
        ("2026-11-21T10:54:59Z", future()),
        ("2025-11-21T11:00:00Z", future()),
    ] {
        assert_eq!(read_at(&written(), now).map(|changes| changes.len()), want, "{now}");
        let blocked = blocked_at(&written(), now);
        assert_eq!(blocked.map(|changes| changes.len()), Ok(3), "a blocked plan waits: {now}");
    }
}

#[test]
fn no_plan_lasts_longer_than_an_hour_whatever_it_says() {
    let mut plan = value();
    plan["expires_at"] = json!("2036-11-21T11:00:00Z");
    assert!(read_at(&signed(plan.clone()), "2026-11-21T12:00:00Z").is_ok());
    assert!(read_at(&signed(plan.clone()), "2026-11-21T12:00:01Z").is_err());
    plan["expires_at"] = json!("2026-11-21T11:30:00Z");
    assert!(
        read_at(&signed(plan.clone()), "2026-11-21T11:30:01Z").is_err(),
        "a shorter one counts"
    );
    for key in ["made_at", "expires_at"] {
        for time in [json!("soon"), json!(null), json!(1_795_000_000)] {
            let mut plan = value();
            plan[key] = time;
            let refused = read_at(&signed(plan), MADE).unwrap_err();
            assert!(matches!(refused, PlanFileError::NotAPlan(_)), "{key}: {refused}");
        }
    }
}

#[test]
fn every_field_of_a_change_is_needed() {
    let whole = value();
    let mut fields = Vec::new();
    places(&whole["changes"][0], "/changes/0", &mut fields);
    for field in fields {
        let (parent, key) = field.rsplit_once('/').unwrap();
        let mut plan = Value::Object(whole.clone());
        plan.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        let Value::Object(plan) = plan else { unreachable!() };
        let found = read_at(&signed(plan), MADE);
        match field.as_str() {
            "/changes/0/error" | "/changes/0/blocked_by" => assert!(found.is_ok(), "{field}"),
            // Then the dates were not readable, which is not what the door holds now.
            "/changes/0/before/begin" | "/changes/0/before/end" => {
                assert!(matches!(found.unwrap()[0].before, Limit::Unreadable { .. }));
            }
            // The account says which source it is, whatever that is called.
            "/changes/0/member/source" => assert!(found.is_ok()),
            _ => {
                let missing = PlanFileError::NotAPlan(format!("missing field `{key}`"));
                assert_eq!(found, Err(missing), "{field}");
            }
        }
    }
}

#[test]
fn values_that_cannot_be_are_refused_though_the_hash_is_right() {
    for (field, value) in [
        ("device", json!("front door")),
        ("employee_no", json!("")),
        ("employee_no", json!(1)),
        ("cause", json!("because")),
        ("kind", json!("Grant")),
        ("after", json!({"begin": "2027-01-01T00:00:00", "end": "2026-01-01T00:00:00"})),
        ("after", json!({"begin": "2027-01-01", "end": "2027-01-02T00:00:00"})),
        ("after", json!({"begin": null, "end": null})),
        ("opens_door", json!("no")),
        ("fingerprint", json!(null)),
    ] {
        let mut plan = self::value();
        plan["changes"][0][field] = value.clone();
        let refused = read_at(&signed(plan), MADE).unwrap_err();
        assert!(matches!(refused, PlanFileError::NotAPlan(_)), "{field} {value}: {refused}");
    }
}

#[test]
fn what_is_no_plan() {
    let without = |key: &str| {
        let mut plan = value();
        plan.remove(key);
        Value::Object(plan).to_string()
    };
    let not = |text: &str| PlanFileError::NotAPlan(text.to_owned());
    for (text, want) in [
        (String::new(), not("line 1, column 0: not JSON")),
        ("{\n \"secret\": oops".to_owned(), not("line 2, column 12: not JSON")),
        ("[]".to_owned(), not("it is no JSON object")),
        (format!("[{}1]", "1,".repeat(3_000_001)), not("it holds more than 3000000 values")),
        ("{}".to_owned(), not("it has no version")),
        (without("version"), not("it has no version")),
        (without("sha256"), not("missing field `sha256`")),
        ("{\"version\": 2}".to_owned(), PlanFileError::Version("2".into())),
        ("{\"version\": \"1\"}".to_owned(), PlanFileError::Version("\"1\"".into())),
        (
            signed(serde_json::from_str(&without("changes")).unwrap()),
            not("missing field `changes`"),
        ),
    ] {
        assert_eq!(read_at(&text, MADE), Err(want), "{text:.80}");
    }
}

#[test]
fn the_id_of_a_blocked_part_is_that_of_its_changes() {
    let changes: Vec<Change> = report().changes.into_iter().map(|one| one.change).collect();
    let id = |changes: &[Change]| blocked_id(changes.iter());
    assert_eq!(id(&[]), None);
    let whole = id(&changes).unwrap();
    assert!(whole.len() == 8 && whole.bytes().all(|b| b.is_ascii_hexdigit()), "{whole}");
    assert_eq!(id(&changes.clone()), Some(whole.clone()), "in every tick the same");
    assert_ne!(id(&changes[1..]), Some(whole.clone()));
    let damages: [fn(&mut Change); 7] = [
        |change| change.device = TargetName::new("yard-door").unwrap(),
        |change| change.cause = Cause::Drift,
        |change| change.member = holder("7/1990-01-01"),
        |change| change.member.source = source("spa"),
        |change| change.employee_no = employee("10"),
        |change| change.fingerprint.push('x'),
        |change| change.after = Window::new(time("2026-01-01"), time("2026-01-02")).unwrap(),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let mut other = changes.clone();
        damage(&mut other[0]);
        assert_ne!(id(&other), Some(whole.clone()), "damage {number}");
    }
}

/// The id of what is blocked in a world.
fn id_of(world: &World) -> String {
    blocked_id(world.plan().blocked()).unwrap()
}

#[test]
fn the_id_stays_the_same_across_midnight() {
    let year = ["2026-11-21T22:59:59Z", "2026-11-21T23:00:00Z", "2026-11-30T11:00:00Z"];
    let inactive = World::agreeing(9).inactive("150001").inactive("150002").inactive("150003");
    let vanished = (1..=3).fold(World::agreeing(9), |world, n| {
        world.vanished(&(150_000 + n).to_string()).policy(|p| p.vanished = Ending::End)
    });
    let shortened = (1..=3).fold(World::agreeing(9), |world, n| {
        world.paid(&(150_000 + n).to_string(), &[("2026-01-01", "2026-10-31")])
    });
    // Inactive since long ago, and opened again at the door by hand: only the door moved.
    let drifted = ["1", "2", "3"].into_iter().fold(inactive.clone(), |world, id| {
        let confirmed = Window::new(time("2026-01-01"), time("2026-05-05")).unwrap();
        world.on(FRONT, |device| {
            device.confirmed.insert(employee(id), confirmed);
        })
    });
    assert!(drifted.plan().blocked().all(|change| change.cause == Cause::Drift));
    let mut ids = Vec::new();
    for world in [inactive, vanished, shortened, drifted] {
        let [before, after, later] = year.map(|now| world.clone().at(now));
        let id = id_of(&before);
        assert_eq!((id_of(&after), id_of(&later)), (id.clone(), id.clone()));
        ids.push(id);
        // When the facts move, so does the id.
        let moved = [
            after.clone().inactive("150004"),
            after.clone().holds("1", "2026-01-01", "2026-12-30T23:59:59"),
            after
                .clone()
                .paid("150003", &[("2026-01-01", "2026-12-31")])
                .member("150003", |m| {
                    m.member.inactive = false;
                    m.is_vanished = false;
                })
                .inactive("150009"),
        ];
        for (number, moved) in moved.iter().enumerate() {
            assert_ne!(id_of(moved), id_of(&after), "{number}");
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "another cause is another plan");
}

#[test]
fn what_was_kept_before_midnight_is_carried_out_as_it_was_kept() {
    let world = World::agreeing(9).inactive("150001").inactive("150002").inactive("150003");
    let mut report = Report::new(CommandName::Sync, None);
    report.changes = world.plan().changes.into_iter().map(reported).collect();
    let kept = write(&report, &Accounts::default(), instant(MADE)).unwrap();
    let changes = blocked_at(&kept, "2026-11-22T11:00:00Z").unwrap();
    assert_eq!(changes.len(), 3);
    assert!(changes.iter().all(|change| change.after.end() == time("2026-11-20T23:59:59")));
    // Of the day before yesterday by then, and over all the same: nothing is left to do.
    let mut done = world.at("2026-11-22T11:00:00Z");
    for change in changes {
        let held = Limit::Window(change.after);
        done = done.holds_on(FRONT, change.employee_no.as_str(), held);
    }
    assert_eq!(done.plan().changes.len(), 0);
}

proptest! {
    #[test]
    fn damaged_files_are_refused_and_never_a_crash(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        length in 0..40_usize,
    ) {
        let mut bytes = written().into_bytes();
        let at = at.index(bytes.len());
        let to = (at + length).min(bytes.len());
        bytes.splice(at..to, [byte]);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(changes) = read_at(&text, MADE) {
            // Only what means the same may pass: white space, or a letter for itself.
            prop_assert_eq!(changes, read_at(&written(), MADE).unwrap());
        }
    }

    #[test]
    fn any_text_is_read_without_a_crash(text in any::<String>()) {
        prop_assert!(read_at(&text, MADE).is_err());
    }
}

/// A plan is not written over something that somebody may need.
#[test]
fn what_a_plan_may_be_written_over() {
    let plan = write(&report(), &Accounts::default(), instant(MADE)).unwrap();
    assert!(may_be_replaced(plan.as_bytes()) && may_be_replaced(b""));
    for other in ["{}", "[]", "#!/bin/sh\n", r#"{"refundId":"refund_1","version":1}"#, "\0", "\n"] {
        assert!(!may_be_replaced(other.as_bytes()), "{other}");
    }
}
