//! Names and numbers that somebody chose to do harm, or that simply are not English.

use proptest::prelude::*;

use super::*;
use crate::engine::plan::plan;
use crate::engine::plan::tests::generated::facts;
use crate::model::{Accounts, RecordId};
use crate::report::look::Look;
use crate::report::{json, plan_file, text};

/// What a terminal must not see, besides control characters.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn odd() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            String::new(),
            "\u{1b}[2J\u{1b}[31m".into(),
            "a\r\nb\tc\u{0}".into(),
            "\u{202e}drowssap\u{2066}".into(),
            "</script>\"'`${x}%n\\".into(),
            "漢字 e\u{301}\u{200d}👩‍👩‍👧".into(),
            "x".repeat(5_000),
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_breaks_and_nothing_steers_the_terminal(
        facts in facts(),
        names in prop::collection::vec(odd(), 24),
        command in prop::sample::select(vec![CommandName::Diff, CommandName::Sync, CommandName::Apply]),
    ) {
        let plan = plan(&facts);
        let mut report = Report::new(command, None);
        let mut names = names.iter().cycle();
        report.changes = plan.changes.into_iter().map(|mut change| {
            if let Ok(odd) = RecordId::new(names.next().unwrap()) {
                change.employee_no = odd;
            }
            let error = change.opens_door.then(|| names.next().unwrap().clone());
            ChangeReport { change, state: ChangeState::Planned, error }
        }).collect();
        report.left_out = plan.left_out;
        for one in &mut report.left_out {
            one.detail = Some(names.next().unwrap().clone());
        }
        report.names = facts.members.iter().map(|m| (m.member.key.clone(), names.next().unwrap().clone())).collect();
        for device in &facts.devices {
            let outcome = TargetOutcome::Ok;
            report.devices.push(TargetReport { name: device.name.clone(), persons: 0, outcome });
        }

        let shown = text::render(&report, Look::PLAIN);
        let steers = shown.chars().find(|c| *c != '\n' && (c.is_control() || turns(*c)));
        prop_assert_eq!(steers, None);
        prop_assert!(shown.lines().count() > report.changes.len());

        let document = serde_json::to_string(&json::document(&report, 0)).unwrap();
        let again: serde_json::Value = serde_json::from_str(&document).unwrap();
        for (one, change) in report.changes.iter().zip(again["changes"].as_array().unwrap()) {
            prop_assert_eq!(change["employee_no"].as_str(), Some(one.change.employee_no.as_str()));
        }
        let file = plan_file::write(&report, &Accounts::default(), facts.now).unwrap();
        let unread = plan_file::Unread::parse(&file).unwrap();
        let read = plan_file::read(unread, &Accounts::default(), facts.now, plan_file::Approved::Planned).unwrap().changes;
        let planned = report.changes.iter().map(|one| {
            let blocked = one.change.blocked.filter(|hold| !hold.needs_approval());
            Change { blocked, ..one.change.clone() }
        });
        prop_assert!(read.into_iter().eq(planned));
    }
}
