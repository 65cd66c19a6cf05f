//! Troubles: what tells them apart, and what they say.

use super::*;
use crate::model::testing::holder;

fn failed() -> Failed {
    Failed::new("did not answer", Some("look whether it is up"))
}

fn door() -> TargetName {
    TargetName::new("gym").unwrap()
}

#[test]
fn a_trouble_is_one_line_and_its_remedy_another() {
    let mut trouble = Trouble::of_target(&door(), TroubleKind::Unreachable(failed()));
    assert_eq!(trouble.line(), "gym: did not answer\n  hint: look whether it is up");
    trouble.kind = TroubleKind::Unreachable(Failed { hint: None, ..failed() });
    assert_eq!(trouble.line(), "gym: did not answer");
    trouble.kind = TroubleKind::NotBelieved { text: "is empty".to_owned(), persons: Some(3) };
    assert!(trouble.line().ends_with(": ivms-sync sync --accept-device gym=3"));
    trouble.kind = TroubleKind::MoreServedNoMore(2);
    assert!(trouble.line().ends_with("\n  hint: ivms-sync diff"), "{}", trouble.line());
}

#[test]
fn the_same_trouble_is_the_same_in_other_words() {
    let backing_off = |kind| TroubleKind::BackingOff {
        kind,
        failed: Failed { text: "other words".to_owned(), hint: None },
        count: 7,
        until: "10:45".to_owned(),
    };
    let held_back =
        TroubleKind::HeldBack { text: "left alone until 10:45".to_owned(), is_spent: true };
    let not_believed = |persons| TroubleKind::NotBelieved { text: "is empty".to_owned(), persons };
    for (one, other) in [
        (TroubleKind::Unreachable(failed()), backing_off(FailureKind::Passing)),
        (TroubleKind::Unusable(failed()), backing_off(FailureKind::Lasting)),
        (TroubleKind::LoginRefused(failed()), held_back),
        (not_believed(Some(3)), backing_off(FailureKind::Doubt)),
        (not_believed(Some(3)), not_believed(None)),
    ] {
        let topic = |kind: &TroubleKind| Trouble::of_target(&door(), kind.clone()).topic();
        assert_eq!(topic(&one), topic(&other), "{one:?}");
        let exit = |kind: TroubleKind| Trouble::of_target(&door(), kind).exit();
        assert_eq!(exit(one), exit(other));
    }
}

/// Mutants: what a trouble is about is told by its name alone; whoever else has it is no news.
#[test]
fn other_troubles_have_other_topics() {
    let served = |member| TroubleKind::ServedNoMore {
        member: holder(member),
        person: "7".to_owned(),
        why: "no e-mail".to_owned(),
        is_open: false,
    };
    let blocked = |plan: &str| TroubleKind::Blocked {
        persons: 2,
        by: BlockedBy::LastPerson,
        plan: plan.to_owned(),
    };
    let club = SourceName::new("gym").unwrap();
    let unreachable = || TroubleKind::Unreachable(failed());
    let topics = [
        Trouble::of_source(&club, unreachable()),
        Trouble::of_target(&door(), unreachable()),
        Trouble::of_target(&door(), TroubleKind::LoginRefused(failed())),
        Trouble::of_target(&door(), TroubleKind::RightMissing(failed())),
        Trouble::of_target(&door(), served("1")),
        Trouble::of_target(&door(), served("2")),
        Trouble::of_target(&door(), blocked("0a1b2c3d")),
        Trouble::of_target(&door(), blocked("1a1b2c3d")),
        Trouble::new(About::Run, TroubleKind::TimeLimit),
    ]
    .map(|trouble| trouble.topic());
    for (place, topic) in topics.iter().enumerate() {
        assert!(!topics[..place].contains(topic), "{topic}");
    }
}

#[test]
fn a_run_that_reached_no_target_may_do_better_soon() {
    for (kind, alone, everywhere) in [
        (TroubleKind::Unreachable(failed()), Exit::PartFailed, Exit::Temporary),
        (TroubleKind::Busy(None), Exit::PartFailed, Exit::Temporary),
        (TroubleKind::Unusable(failed()), Exit::PartFailed, Exit::PartFailed),
        (TroubleKind::RightMissing(failed()), Exit::Login, Exit::Login),
        (TroubleKind::Moved(1, Reviewed::Yes), Exit::StalePlan, Exit::StalePlan),
        (TroubleKind::Twin("is the same".to_owned()), Exit::Refused, Exit::Refused),
    ] {
        let mut trouble = Trouble::of_target(&door(), kind);
        assert_eq!(trouble.exit(), alone, "{trouble:?}");
        trouble.is_everywhere = true;
        assert_eq!(trouble.exit(), everywhere, "{trouble:?}");
    }
}
