//! The story of a member: what `lookup` says, as text and as JSON.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::*;
use crate::engine::plan::Reason;
use crate::engine::plan::tests::world::{GYM, instant};
use crate::model::RightCode;
use crate::model::testing::zone;
use crate::report::look::Look;
use crate::report::lookup::{HolderStory, Story, TargetStory, document};
use crate::store::AuditEntry;

fn render(story: &Story) -> String {
    crate::report::lookup::render(story, Look::PLAIN)
}

fn noon() -> DateTime<Utc> {
    instant("2026-11-21T11:00:00Z")
}

fn door() -> TargetStory {
    let year = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
    TargetStory {
        name: TargetName::new(FRONT).unwrap(),
        employee_no: Some(employee("1")),
        person_name: None,
        linked_by: Some(LinkRule::File),
        is_link_kept: false,
        actual: Some(Limit::Window(year)),
        expected: Some(year),
        in_step: true,
        opens_now: true,
        why: "Valid on the door until 2026-12-31.".into(),
        left_out: None,
        next: None,
        remedy: None,
        in_force: None,
        not_in_force_since: None,
        confirmed_at: Some(noon()),
        read_at: Some(noon()),
    }
}

pub(super) fn story() -> Story {
    let member = World::agreeing(1).facts.members[0].member.clone();
    let year = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
    let entry = AuditEntry {
        at: noon(),
        run: RunId::new(17).unwrap(),
        device: TargetName::new(FRONT).unwrap(),
        employee_no: employee("1"),
        cause: "renewed".into(),
        before: None,
        after: Some(year),
        outcome: "not-applied".into(),
        error: Some("it holds another window".into()),
    };
    Story {
        rows_left_out: Vec::new(),
        who: "150001".into(),
        members: vec![HolderStory {
            cars: Vec::new(),
            source: SourceName::new("club").unwrap(),
            system: "Cardskipper",
            member,
            role_names: vec![(RightCode::whole(GYM).unwrap(), Some("Gym".into()))],
            validity: Some(year),
            problem: None,
            devices: vec![door()],
            history: vec![entry],
        }],
        several: Vec::new(),
        searched: vec!["1 members of club (organisation 123)".into()],
        near: vec!["150011 (Ana Novak)".into()],
        advice: "Check the spelling.".into(),
        zone: zone("Europe/Ljubljana"),
        is_offline: false,
    }
}

#[test]
fn everything_about_a_member() {
    assert_eq!(
        render(&story()),
        "Ana Novak 150001, member 150001 of club
  e-mail      member150001@club.example
  membership  2026-01-01 – 2026-12-31  Gym (3126)
  may enter   2026-01-01 – 2026-12-31

front-door: opens now
  Valid on the door until 2026-12-31.
  person      1 (found by link file)
  holds       2026-01-01 – 2026-12-31
  should hold 2026-01-01 – 2026-12-31
  confirmed   2026-11-21 12:00

History
  when              run  door        why      from        to                       outcome
  2026-11-21 12:00  17   front-door  renewed  unreadable  2026-01-01 – 2026-12-31  \
         not-applied: it holds another window
"
    );
}

#[test]
fn what_can_be_added() {
    let mut story = story();
    story.is_offline = true;
    let member = &mut story.members[0];
    member.member.inactive = true;
    member.member.email = None;
    member.problem = Some("EndDate is \u{202e}`soon`".into());
    member.validity = None;
    member.history.clear();
    member.devices[0] = TargetStory {
        opens_now: false,
        is_link_kept: true,
        linked_by: Some(LinkRule::HolderNumber),
        next: Some("the next sync sets it right".into()),
        read_at: None,
        ..door()
    };
    let shown = render(&story);
    for line in [
        "  e-mail      none in Cardskipper",
        "  marked inactive in Cardskipper",
        "  the newest entry in Cardskipper cannot be used: EndDate is `soon`",
        "  may enter   at no time: no membership opens a door",
        "front-door: does not open now",
        "  person      1 (found by member number and name, kept from before)",
        "  next        the next sync sets it right",
        "  from memory, never read",
        "Nothing was ever changed for this member.",
    ] {
        assert!(shown.lines().any(|found| found == line), "{line}\n{shown}");
    }
}

#[test]
fn nobody_and_several() {
    let mut story = story();
    story.members.push(story.members[0].clone());
    assert!(render(&story).starts_with("2 members fit 150001:\n\nAna Novak"));
    story.members.clear();
    story.who = "x\u{1b}[2J".into();
    let shown = render(&story);
    assert!(shown.starts_with("Nobody found for x [2J.\n\nSearched:\n  - 1 members of club"));
}

#[test]
fn several_of_a_name_are_listed_to_choose_from() {
    let mut story = story();
    let member = story.members.remove(0).member;
    let other = Holder { first_name: "A\u{1b}[2Jna".into(), ..member.clone() };
    story.who = "novak".into();
    story.several = vec![member.clone(), other];
    let shown = render(&story);
    assert!(shown.starts_with("2 members fit novak:\n  member  name"), "{shown}");
    assert!(shown.contains("150001  Ana Novak") && !shown.contains('\u{1b}'), "{shown}");
    assert!(shown.ends_with("\nSay which, by the number: `ivms-sync lookup 150001`\n"), "{shown}");
    assert_eq!(story.exit_beside(&[]), Exit::NobodyFound);
    story.several = vec![member; 31];
    assert!(render(&story).contains("  … and 1 more: type more of the name\n"));
}

#[test]
fn exits() {
    let mut story = story();
    assert_eq!(story.exit_beside(&[]), Exit::InStep);
    story.members[0].devices.push(TargetStory { in_step: false, ..door() });
    assert_eq!(story.exit_beside(&[]), Exit::DeviceDiffers);
    story.members.clear();
    assert_eq!(story.exit_beside(&[]), Exit::NobodyFound);
}

#[test]
fn the_document_holds_what_the_contract_names() {
    let mut story = story();
    story.members[0].devices.push(TargetStory {
        employee_no: None,
        linked_by: None,
        actual: None,
        expected: None,
        left_out: Some(Reason::NoPerson),
        confirmed_at: None,
        ..door()
    });
    let permanent = Some(Limit::Permanent(None));
    story.members[0].devices.push(TargetStory { actual: permanent, ..door() });
    let whole = serde_json::to_value(document(&story, 21)).unwrap();
    assert_eq!((&whole["version"], &whole["who"]), (&json!(1), &json!("150001")));
    assert_eq!(whole["exit_code"], json!(21));
    let member = &whole["members"][0];
    for key in ["source", "number", "name", "email", "active"] {
        assert!(!member[key].is_null(), "{key}");
    }
    let year = json!({"begin": "2026-01-01T00:00:00", "end": "2026-12-31T23:59:59"});
    assert_eq!(member["validity"], year);
    assert_eq!(
        member["roles"],
        json!([{"id": GYM, "name": "Gym", "begin": "2026-01-01T00:00:00", "end": "2026-12-31T00:00:00"}])
    );
    let [one, none, permanent] = member["devices"].as_array().unwrap().as_slice() else {
        panic!("{member}")
    };
    assert_eq!(
        one["actual"],
        json!({"begin": "2026-01-01T00:00:00", "end": "2026-12-31T23:59:59", "enable": true})
    );
    assert_eq!((&one["expected"], &one["linked_by"]), (&year, &json!("file")));
    assert_eq!(one["confirmed_at"], json!("2026-11-21T11:00:00Z"));
    for key in ["employee_no", "linked_by", "actual", "expected", "confirmed_at"] {
        assert_eq!(none[key], Value::Null, "{key}");
    }
    assert_eq!(permanent["actual"], json!({"begin": null, "end": null, "enable": false}));
    for key in ["name", "in_step", "opens_now", "why"] {
        assert!(!one[key].is_null(), "{key}");
    }
    assert_eq!(
        member["history"],
        json!([{
            "at": "2026-11-21T11:00:00Z",
            "run": 17,
            "device": "front-door",
            "cause": "renewed",
            "before": {"begin": null, "end": null},
            "after": year,
            "outcome": "not-applied",
            "error": "it holds another window",
        }])
    );
}
