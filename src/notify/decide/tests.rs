//! Tables over sequences of ticks, and what holds for every sequence.

use proptest::prelude::*;

use super::*;
use crate::exit::Exit;
use crate::model::TargetName;
use crate::notify::topic::DoorTrouble;

const TICK: TimeDelta = TimeDelta::minutes(5);

fn door() -> Topic {
    Topic::Door(TargetName::new("front-door").unwrap(), DoorTrouble::Away)
}

fn condition(exit: Exit) -> Condition {
    Condition { exit, waiting: Vec::new(), detail: None, hint: None, commands: Vec::new() }
}

/// What one tick sees of the one trouble: `x` there, `.` not there, `?` not looked at.
fn seen(letter: char, exit: Exit) -> Observation {
    let state = match letter {
        'x' => TopicState::Bad(Box::new(condition(exit))),
        '.' => TopicState::Well,
        _ => TopicState::Unknown,
    };
    Observation { topic: door(), state }
}

/// Something said: at which tick, and occasion.
type Said = (usize, Occasion);
/// The same with its moment.
type Taken = (usize, Occasion, DateTime<Utc>);

/// One tick: what it sees, whether the channel takes messages, and the time since the one before.
#[derive(Debug, Clone, Copy)]
struct Tick {
    letter: char,
    takes: bool,
    after: TimeDelta,
}

/// Lets ticks pass, and gives what was sent, and what of that was taken, with its moment.
fn pass(ticks: &[Tick], exit: Exit) -> (Vec<Said>, Vec<Taken>) {
    let mut now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let mut memory: Vec<Alarm> = Vec::new();
    let (mut sent, mut taken) = (Vec::new(), Vec::new());
    for (number, tick) in ticks.iter().enumerate() {
        now += tick.after;
        let decision = decide(&memory, &[seen(tick.letter, exit)], now);
        assert!(decision.notices.len() <= 1);
        for notice in &decision.notices {
            assert_eq!(notice.condition.is_some(), tick.letter == 'x');
            sent.push((number, notice.occasion));
            if tick.takes {
                taken.push((number, notice.occasion, now));
            }
        }
        memory = if tick.takes { decision.if_taken } else { decision.if_refused };
    }
    (sent, taken)
}

/// Ticks five minutes apart, on a channel that takes everything.
fn spelled(letters: &str) -> Vec<Tick> {
    letters.chars().map(|letter| Tick { letter, takes: true, after: TICK }).collect()
}

#[test]
fn what_is_said_when() {
    use Occasion::{First, Over, Returned};
    let day = "x".repeat(288);
    let calm = ".".repeat(145);
    let cases: Vec<(String, Exit, Vec<Said>)> = vec![
        (".....".into(), Exit::PartFailed, vec![]),
        ("x.xx.x.xx.".into(), Exit::PartFailed, vec![]),
        ("xxx".into(), Exit::PartFailed, vec![(2, First)]),
        ("x".into(), Exit::Login, vec![(0, First)]),
        ("x".into(), Exit::Fatal, vec![(0, First)]),
        ("x".into(), Exit::Refused, vec![(0, First)]),
        ("x".into(), Exit::Config, vec![(0, First)]),
        ("x".into(), Exit::Bug, vec![(0, First)]),
        ("xx".into(), Exit::Temporary, vec![]),
        ("xx".into(), Exit::TimeLimit, vec![]),
        ("xx".into(), Exit::LockHeld, vec![]),
        ("xxxxxx..".into(), Exit::PartFailed, vec![(2, First), (7, Over)]),
        ("xxxxxx....".into(), Exit::PartFailed, vec![(2, First), (7, Over)]),
        // One good tick is not believed.
        ("xxxx.xxx.x..".into(), Exit::PartFailed, vec![(2, First), (11, Over)]),
        // What nobody looked at is neither.
        ("x??xx".into(), Exit::PartFailed, vec![(4, First)]),
        ("xxx.??.".into(), Exit::PartFailed, vec![(2, First), (6, Over)]),
        ("xxx???????".into(), Exit::PartFailed, vec![(2, First)]),
        // It comes back, and then has to be calm for half a day.
        (
            format!("xxx..xxx..xxx..xxx{calm}"),
            Exit::PartFailed,
            vec![(2, First), (4, Over), (7, Returned), (18 + 144, Over)],
        ),
        (
            format!("xxx..{}xxx", ".".repeat(286)),
            Exit::PartFailed,
            vec![(2, First), (4, Over), (5 + 286 + 2, First)],
        ),
        // A day, and two.
        (
            format!("xx{day}{day}"),
            Exit::PartFailed,
            vec![(2, First), (290, Occasion::Reminder), (578, Occasion::Reminder)],
        ),
    ];
    for (letters, exit, want) in cases {
        let want: Vec<Said> = want.into_iter().filter(|(at, _)| *at < letters.len()).collect();
        assert_eq!(pass(&spelled(&letters), exit).0, want, "{letters}");
    }
}

#[test]
fn a_channel_that_takes_nothing_hears_it_at_every_tick_until_it_does() {
    let mut ticks = spelled("xxxxxx.....");
    for number in [2, 3, 7, 8] {
        ticks[number].takes = false;
    }
    let (sent, taken) = pass(&ticks, Exit::PartFailed);
    let first = |number| (number, Occasion::First);
    let over = |number| (number, Occasion::Over);
    assert_eq!(sent, [first(2), first(3), first(4), over(7), over(8), over(9)]);
    let taken: Vec<usize> = taken.into_iter().map(|(number, ..)| number).collect();
    assert_eq!(taken, [4, 9]);
    // Trouble that is over before anybody heard of it stays unsaid.
    let mut ticks = spelled("xxxxx......");
    ticks.iter_mut().take(5).for_each(|tick| tick.takes = false);
    assert_eq!(pass(&ticks, Exit::PartFailed).1, []);
}

#[test]
fn a_tick_that_is_a_little_early_brings_the_reminder_all_the_same() {
    let mut ticks = spelled("xxxx");
    ticks[3].after = DAY - TimeDelta::seconds(30);
    assert_eq!(pass(&ticks, Exit::PartFailed).0, [(2, Occasion::First), (3, Occasion::Reminder)]);
}

#[test]
fn a_clock_set_back_silences_nothing_for_long() {
    let mut ticks = spelled(&format!("xxx{}", "x".repeat(300)));
    ticks[3].after = -TimeDelta::days(400);
    let (sent, _) = pass(&ticks, Exit::PartFailed);
    // Nobody knows when it was told, so it is told now, and then as ever.
    assert_eq!(
        sent,
        [(2, Occasion::First), (3, Occasion::Reminder), (3 + 288, Occasion::Reminder)]
    );
    // A few seconds are no news.
    ticks[3].after = -TimeDelta::seconds(90);
    assert_eq!(pass(&ticks[..9], Exit::PartFailed).0, [(2, Occasion::First)]);
    // What is over meanwhile is said to be; and what was over then comes back as something new.
    let mut over = spelled("xxx...");
    over[3].after = -TimeDelta::days(400);
    assert_eq!(pass(&over, Exit::PartFailed).0, [(2, Occasion::First), (4, Occasion::Over)]);
    let mut back = spelled("xxx..xxx");
    back[5].after = -TimeDelta::days(400);
    let want = [(2, Occasion::First), (4, Occasion::Over), (7, Occasion::First)];
    assert_eq!(pass(&back, Exit::PartFailed).0, want);
}

#[test]
fn a_door_that_was_taken_out_is_forgotten() {
    let told = pass(&spelled("xxx"), Exit::PartFailed);
    assert_eq!(told.0.len(), 1);
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let memory = decide(&[], &[seen('x', Exit::Login)], now).if_taken;
    let decision = decide(&memory, &[], now);
    assert_eq!(
        (decision.notices, decision.if_taken, decision.if_refused),
        (vec![], vec![], vec![])
    );
}

/// Two troubles do not get in each other's way.
#[test]
fn each_trouble_is_counted_alone() {
    let other = |state| Observation { topic: Topic::Lock, state };
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let mut memory = Vec::new();
    for number in 0..5 {
        let lock = if number == 0 {
            TopicState::Bad(Box::new(condition(Exit::LockHeld)))
        } else {
            TopicState::Well
        };
        let decision =
            decide(&memory, &[seen('x', Exit::PartFailed), other(lock)], now + TICK * number);
        let said: Vec<String> =
            decision.notices.iter().map(|notice| notice.topic.to_string()).collect();
        let want: &[&str] = if number == 2 { &["door front-door unreachable"] } else { &[] };
        assert_eq!(said, want);
        memory = decision.if_taken;
    }
}

fn any_tick() -> impl Strategy<Value = Vec<Tick>> {
    // Stretches rather than single ticks, so that long troubles and long calms come up.
    let stretch = (prop_oneof![Just('x'), Just('.'), Just('?')], 1..40_usize, any::<bool>());
    let channel = prop_oneof![3 => Just(true), 1 => Just(false)];
    let minutes = prop_oneof![4 => Just(5), 1 => 1..90_i64];
    (proptest::collection::vec((stretch, channel), 1..40), minutes).prop_map(
        |(stretches, minutes)| {
            let after = TimeDelta::minutes(minutes);
            let ticks = stretches.into_iter().flat_map(|((letter, count, is_mixed), takes)| {
                (0..count).map(move |place| {
                    let letter = if is_mixed && place % 3 == 1 { '.' } else { letter };
                    Tick { letter, takes, after }
                })
            });
            ticks.collect()
        },
    )
}

/// The letters up to a tick that were looked at, newest first.
fn looked_at(ticks: &[Tick], number: usize) -> impl Iterator<Item = char> {
    ticks[..=number].iter().rev().map(|tick| tick.letter).filter(|letter| *letter != '?')
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn for_every_sequence(ticks in any_tick(), is_urgent in any::<bool>()) {
        let exit = if is_urgent { Exit::Login } else { Exit::PartFailed };
        let (sent, taken) = pass(&ticks, exit);
        // Never about nothing: a notice of trouble when it is there, and only when it has lasted; the
        // all-clear only after two good ticks.
        for (number, occasion) in &sent {
            let last: Vec<char> = looked_at(&ticks, *number).take(3).collect();
            match occasion {
                Occasion::First | Occasion::Returned if is_urgent => prop_assert_eq!(last[0], 'x'),
                Occasion::First | Occasion::Returned => prop_assert_eq!(&last, &['x', 'x', 'x']),
                Occasion::Reminder => prop_assert_eq!(last[0], 'x'),
                Occasion::Over => prop_assert_eq!(&last[..2], &['.', '.']),
            }
        }
        // A first notice, reminders a day apart, one all-clear, and from the beginning.
        let mut before: Option<(Occasion, DateTime<Utc>)> = None;
        for (_, occasion, at) in &taken {
            let is_open = before.is_some_and(|(occasion, _)| occasion != Occasion::Over);
            match occasion {
                Occasion::First | Occasion::Returned => prop_assert!(!is_open),
                Occasion::Reminder => {
                    let (_, last) = before.unwrap();
                    prop_assert!(is_open && *at - last >= DAY - SLACK);
                }
                Occasion::Over => prop_assert!(is_open),
            }
            before = Some((*occasion, *at));
        }
        // However wildly it flaps: a handful within any day.
        for (place, (_, _, at)) in taken.iter().enumerate() {
            let within = taken[place..].iter().filter(|(_, _, later)| *later - *at < DAY - SLACK);
            prop_assert!(within.count() <= 5);
        }
    }

    /// Trouble that lasts is told, and reminded of each day.
    #[test]
    fn what_lasts_is_heard_of(ticks in any_tick(), days in 1..4_i32) {
        let mut all = ticks.clone();
        all.extend(spelled(&"x".repeat(3 + 288 * usize::try_from(days).unwrap())));
        let (_, taken) = pass(&all, Exit::PartFailed);
        let lasting: Vec<_> = taken.iter().filter(|(number, ..)| *number >= ticks.len()).collect();
        let begins = lasting.iter().filter(|(_, occasion, _)| matches!(occasion, Occasion::First | Occasion::Returned));
        prop_assert!(begins.count() <= 1);
        let heard = lasting.len() as i32;
        prop_assert!(heard == days || heard == days + 1, "{heard} in {days} days");
        // And when it has been gone for a day, everybody knows.
        all.extend(spelled(&".".repeat(290)));
        let (_, taken) = pass(&all, Exit::PartFailed);
        prop_assert_eq!(taken.last().unwrap().1, Occasion::Over);
    }
}

fn on_stderr(topic: &str, is_remark: bool) -> Line {
    Line { topic: topic.to_owned(), is_remark }
}

#[test]
fn stderr_says_the_same_once_a_day() {
    let at = |minute: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
    let line = [on_stderr("source club unreachable", false)];
    let day = 24 * 60;
    let mut memory = Vec::new();
    for (minute, want) in [
        (0, true),
        (5, false),
        (day - 1, false),
        (day, true),
        (day + 5, false),
        // The clock was set back to before it was last said: nobody knows how long ago that is.
        (day - 10, true),
        (day - 5, false),
        (2 * day - 10, true),
    ] {
        let (news, after) = decide_stderr(&memory, &line, false, at(minute));
        assert_eq!(news, [want], "minute {minute}");
        assert!(after == memory || want, "nothing is written down where nothing is said");
        memory = after;
    }
    let other = [on_stderr("source club login-refused", false), line[0].clone()];
    let (news, memory) = decide_stderr(&memory, &other, false, at(2 * day));
    assert_eq!(news, [true, false], "another trouble is news");
    let (_, memory) = decide_stderr(&memory, &[], true, at(2 * day + 5));
    let (news, _) = decide_stderr(&memory, &line, false, at(2 * day + 10));
    assert_eq!(news, [true], "all was well in between");
}

/// Mutants: a remark is forgotten by a tick that does not see it; what is old is kept for ever.
#[test]
fn a_remark_is_kept_for_its_day_though_all_is_well() {
    let at = |minute: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
    let remark = [on_stderr("target door unclear-dates", true)];
    let (news, memory) = decide_stderr(&[], &remark, true, at(0));
    assert_eq!(news, [true]);
    let (_, memory) = decide_stderr(&memory, &[], true, at(5));
    assert_eq!(decide_stderr(&memory, &remark, true, at(10)).0, [false]);
    assert_eq!(decide_stderr(&memory, &[], false, at(24 * 60)).1, []);
}
