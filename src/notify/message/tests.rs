//! What people and programs read.

use proptest::prelude::*;
use textwrap::core::display_width;

use super::*;
use crate::model::testing::zone;
use crate::model::{SourceName, TargetName};
use crate::notify::outlook::Condition;
use crate::notify::topic::{DoorTrouble, SourceTrouble, Topic};

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_773_136_800, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn door(trouble: DoorTrouble) -> Topic {
    Topic::Door(TargetName::new("front-door").unwrap(), trouble)
}

fn notice(topic: Topic, why: Occasion, exit: Exit) -> Notice {
    let condition = (why != Occasion::Over).then(|| Condition {
        exit,
        waiting: vec!["2 members who renewed are waiting: 150004, 150010.".to_owned()],
        detail: Some("the device could not be reached: connection refused".to_owned()),
        hint: Some(
            "check the address, then run `ivms-sync sync --accept-device front-door=412` once"
                .to_owned(),
        ),
        commands: vec!["ivms-sync check".to_owned()],
    });
    Notice {
        topic,
        occasion: why,
        since: at(0),
        until: condition.is_none().then(|| at(40)),
        condition,
    }
}

fn written(notices: &[Notice], minutes: i64) -> Message {
    compose(notices, at(minutes), zone("Europe/Ljubljana"), None, Some("desk")).unwrap()
}

#[test]
fn a_mail_about_a_door() {
    let message =
        written(&[notice(door(DoorTrouble::Away), Occasion::First, Exit::PartFailed)], 15);
    assert_eq!(message.subject, "ivms-sync: front-door has not answered for 15 minutes");
    assert_eq!(
        message.text,
        "front-door has not answered for 15 minutes. 2 members who renewed are\n\
         waiting: 150004, 150010.\n\
         \n\
         \x20 Since: 2026-03-10 11:00\n\
         \x20 In detail: the device could not be reached: connection refused\n\
         \x20 What to do: check the address, then run\n\
         \x20   `ivms-sync sync --accept-device front-door=412` once\n\
         \x20 Command: ivms-sync check\n\
         \n\
         -- \n\
         Sent by ivms-sync on desk: once when trouble begins, once a day while it\n\
         lasts, once when it is over.\n"
    );
}

#[test]
fn subjects() {
    let away = || door(DoorTrouble::Away);
    let source = |what| Topic::Source(SourceName::new("club").unwrap(), "Cardskipper", what);
    for (notices, minutes, want) in [
        (
            vec![notice(away(), Occasion::Returned, Exit::PartFailed)],
            10,
            "again: front-door has not answered for 10 minutes",
        ),
        (
            vec![notice(away(), Occasion::Reminder, Exit::PartFailed)],
            24 * 60,
            "still: front-door has not answered for 24 hours",
        ),
        (
            vec![notice(away(), Occasion::Reminder, Exit::PartFailed)],
            72 * 60,
            "still: front-door has not answered for 3 days",
        ),
        (
            vec![notice(away(), Occasion::First, Exit::PartFailed)],
            1,
            "front-door has not answered for 1 minute",
        ),
        (vec![notice(away(), Occasion::First, Exit::PartFailed)], 0, "front-door does not answer"),
        (vec![notice(away(), Occasion::Over, Exit::InStep)], 40, "over: front-door answers again"),
        (
            vec![
                notice(Topic::Lock, Occasion::Over, Exit::InStep),
                notice(away(), Occasion::First, Exit::PartFailed),
                notice(source(SourceTrouble::Login), Occasion::First, Exit::Login),
            ],
            10,
            "Cardskipper refuses the login of club (and 2 more)",
        ),
    ] {
        assert_eq!(written(&notices, minutes).subject, format!("ivms-sync: {want}"));
    }
    assert_eq!(compose(&[], at(0), Zone::UTC, None, None), None);
}

/// Every topic, so that every sentence is read here at least once.
fn topics() -> Vec<Topic> {
    let club = || SourceName::new("club").unwrap();
    let doors = DoorTrouble::ALL.map(door);
    let sources = SourceTrouble::ALL.map(|what| Topic::Source(club(), "Cardskipper", what));
    let others = [
        Topic::LinkFile("/home/anna/persons.xlsx".to_owned()),
        Topic::NewLinkFile,
        Topic::OwnClock,
        Topic::TimeLimit,
        Topic::StateFile,
        Topic::Lock,
        Topic::Proof,
        Topic::Bug,
    ];
    doors.into_iter().chain(sources).chain(others).collect()
}

#[test]
fn every_trouble_has_words_of_its_own_and_no_jargon() {
    let mut seen = std::collections::BTreeSet::new();
    for topic in topics() {
        for text in [topic.problem(None), topic.problem(Some("10 minutes")), topic.recovery()] {
            assert!(!text.ends_with('.') && text.len() < 90, "{text}");
            for jargon in ["error", "exit", "HTTP", "anna", "/home", "timeout", "None"] {
                assert!(!text.contains(jargon), "{text}");
            }
        }
        assert!(seen.insert(topic.to_string()) && seen.insert(topic.problem(None)), "{topic}");
        assert!(seen.insert(topic.recovery()), "{topic}");
    }
}

#[test]
fn the_document() {
    let notices = [
        notice(door(DoorTrouble::Away), Occasion::First, Exit::PartFailed),
        notice(Topic::LinkFile("/home/anna/persons.xlsx".into()), Occasion::Over, Exit::InStep),
    ];
    let message = written(&notices, 15);
    let document = serde_json::to_value(&message).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["text"], message.text);
    let first = serde_json::json!({
        "key": "door front-door unreachable", "about": "front-door", "state": "trouble", "why": "first",
        "since": "2026-03-10T10:00:00Z", "until": null, "exit_code": 3,
        "text": "front-door has not answered for 15 minutes",
    });
    assert_eq!(document["conditions"][0], first);
    let second = &document["conditions"][1];
    assert_eq!(second["until"], "2026-03-10T10:40:00Z");
    assert_eq!(second["about"], "persons.xlsx");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a device or a service says is quoted without harm.
    #[test]
    fn nothing_quoted_breaks_the_message(said in "(?s).{0,300}", hint in "(?s).{0,200}") {
        let mut notice = notice(door(DoorTrouble::Writes), Occasion::First, Exit::PartFailed);
        let condition = notice.condition.as_mut().unwrap();
        condition.detail = Some(said);
        condition.hint = Some(hint);
        let message = written(&[notice], 15);
        prop_assert!(!message.subject.contains(['\r', '\n']));
        prop_assert!(!message.text.chars().any(|c| c.is_control() && c != '\n'));
        for line in message.text.lines() {
            // One long notice cannot be broken.
            let is_one_word = !line.trim().contains(' ');
            prop_assert!(is_one_word || display_width(line) <= WIDTH, "{}", line);
        }
    }
}
