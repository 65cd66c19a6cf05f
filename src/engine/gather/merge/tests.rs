//! Tests of merging listings.

use super::*;
use crate::model::testing::{bare, holder};
use crate::model::{Email, Holder, HolderId, Right, RightCode, parse_time};
use crate::ports::{Snapshot, Unusable};

fn member(number: i64, last_name: &str) -> Holder {
    let key = holder(&number.to_string());
    Holder { first_name: "Ana".into(), last_name: last_name.into(), ..bare(key) }
}

fn export(members: Vec<Holder>) -> Snapshot {
    Snapshot { members, unusable: vec![], elsewhere: 0, server_time: None }
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap()
}

fn complete(at: DateTime<Utc>) -> Asked {
    Asked { at, is_complete: true, complete_before: None }
}

fn changes(minute: i64) -> Asked {
    Asked { at: at(minute), is_complete: false, complete_before: None }
}

fn known(numbers: &[i64]) -> Vec<StoredHolder> {
    let agreed = |number: &i64| {
        let seen = StoredHolder::seen(member(*number, "Novak"), at(-60));
        StoredHolder { is_repeated: true, ..seen }
    };
    numbers.iter().map(agreed).collect()
}

fn numbers(merged: &Merged) -> Vec<i64> {
    merged.members.iter().map(|m| m.key().human().parse().unwrap()).collect()
}

#[test]
fn changes_only_add_and_update() {
    let news = export(vec![member(5, "Kos"), member(2, "Novak"), member(3, "Zajc")]);
    let merged = merge(known(&[1, 2, 3]), news, changes(0));
    assert_eq!(numbers(&merged), [1, 2, 3, 5]);
    let changed: Vec<_> = merged.changed.into_iter().map(|one| one.stored).collect();
    assert_eq!(changed, merged.members[2..], "2 was listed but is the same");
    assert_eq!(merged.members[0].missed, 0, "absence means nothing in a list of changes");
}

#[test]
fn what_is_the_same_of_whoever_changed() {
    let with = |edit: fn(&mut Holder)| {
        let mut member = member(1, "Novak");
        edit(&mut member);
        let merged = merge(known(&[1]), export(vec![member]), changes(0));
        merged.changed.first().map(|one| one.keeps_email_and_roles)
    };
    let role = |end: &str| {
        let [begin, end] = ["2026-01-01T00:00:00", end].map(|at| parse_time(at).unwrap());
        Right::by_wall_clock(RightCode::whole(3126).unwrap(), begin, end)
    };
    assert_eq!(with(|_| ()), None);
    assert_eq!(with(|member| member.last_name.push('a')), Some(true));
    assert_eq!(with(|member| member.inactive = true), Some(true));
    let unreadable = |member: &mut Holder| {
        let id = RightCode::whole(1).unwrap();
        member.unreadable.push(crate::model::UnreadableRight { id, problem: "?".into() });
    };
    assert_eq!(with(unreadable), Some(true));
    assert_eq!(with(|member| member.email = Email::parse("a@example.si")), Some(false));
    let mut paid = member(1, "Novak");
    paid.roles = vec![role("2026-12-31T00:00:00")];
    let merged = merge(known(&[1]), export(vec![paid]), changes(0));
    assert!(!merged.changed[0].keeps_email_and_roles);
    let merged = merge(known(&[1, 2]), export(vec![]), complete(at(0)));
    assert!(merged.changed.iter().all(|one| one.keeps_email_and_roles), "they are missed");
    let merged = merge(vec![], export(vec![member(1, "Novak")]), changes(0));
    assert!(!merged.changed[0].keeps_email_and_roles, "a new one");
}

#[test]
fn absence_counts_in_complete_listings_and_only_after_it_repeats() {
    let mut members = known(&[1, 2]);
    for (tick, want) in [(0, false), (5, false), (9, false), (10, true), (15, true)] {
        let only_one = export(vec![member(1, "Novak")]);
        members = merge(members, only_one, complete(at(tick))).members;
        assert_eq!(is_vanished(&members[1], Some(at(tick))), want, "minute {tick}");
    }
    let both = export(vec![member(1, "Novak"), member(2, "Novak")]);
    let back = merge(members, both, complete(at(20)));
    assert_eq!((back.members[1].missed, back.members[1].missing_since), (0, None));
}

/// Mutant: counting on from listings of a year to come, so that nobody vanishes for a year.
#[test]
fn listings_in_the_future_count_as_none() {
    const YEAR: i64 = 365 * 24 * 60;
    let mut members = known(&[1]);
    for (tick, want) in [(YEAR, false), (YEAR + 5, false), (0, false), (5, false), (10, true)] {
        members = merge(members, export(vec![]), complete(at(tick))).members;
        assert_eq!(is_vanished(&members[0], Some(at(tick))), want, "minute {tick}");
    }
    assert_eq!((members[0].missed, members[0].missing_since), (3, Some(at(0))));
}

#[test]
fn a_vanished_member_is_not_rewritten_at_every_listing() {
    let mut members = known(&[1]);
    for tick in 0..20 {
        let merged = merge(members, export(vec![]), complete(at(tick * 5)));
        assert_eq!(merged.changed.is_empty(), tick >= 3, "listing {tick}");
        members = merged.members;
    }
}

#[test]
fn an_unusable_entry_keeps_what_was_known_and_says_why() {
    let mut bad = export(vec![]);
    for number in [1, 7] {
        bad.unusable.push(Unusable {
            key: Some(holder(&number.to_string())),
            number: None,
            line: 3,
            reason: "Inactive is `soon`, neither true nor false".to_owned(),
        });
    }
    let merged = merge(known(&[1]), bad, complete(at(0)));
    assert_eq!(numbers(&merged), [1, 7]);
    assert_eq!(merged.members[0].member.last_name, "Novak");
    assert!(merged.members.iter().all(|m| m.problem.is_some() && m.missed == 0));
}

/// What two listings say, a tick or more apart, and whether they agree.
///
/// Mutants that this catches: one listing is enough; the same listing counts twice; a listing of changes
/// that does not name the member counts; a complete one that lacks the member counts; what was said
/// before a change counts for it; a clock set back makes old words new.
#[test]
fn two_looks_agree() {
    let role = |end: &str| {
        let [begin, end] = ["2026-01-01T00:00:00", end].map(|at| parse_time(at).unwrap());
        Right::by_wall_clock(RightCode::whole(3126).unwrap(), begin, end)
    };
    let paid = |end: &str| Holder { roles: vec![role(end)], ..member(1, "Novak") };
    let (long, short) = (paid("2026-12-31T00:00:00"), paid("2026-06-30T00:00:00"));
    let inactive = Holder { inactive: true, ..long.clone() };
    type Listing<'a> = (i64, bool, Option<&'a Holder>);
    let agreed = |listings: &[Listing<'_>]| {
        let (mut members, mut complete_at) = (Vec::new(), None);
        for (minute, is_complete, entry) in listings {
            let asked =
                Asked { at: at(*minute), is_complete: *is_complete, complete_before: complete_at };
            let listed = export(entry.iter().copied().cloned().collect());
            members = merge(members, listed, asked).members;
            complete_at = if *is_complete { Some(at(*minute)) } else { complete_at };
        }
        is_agreed(&members[0], complete_at)
    };
    for (what, listings, want) in [
        ("a complete one alone", vec![(0, true, Some(&short))], false),
        ("changes alone", vec![(0, true, Some(&long)), (5, false, Some(&short))], false),
        ("two complete ones", vec![(0, true, Some(&short)), (5, true, Some(&short))], true),
        ("complete, then changes", vec![(0, true, Some(&short)), (5, false, Some(&short))], true),
        (
            "complete, and changes name nobody",
            vec![(0, true, Some(&short)), (5, false, None)],
            false,
        ),
        (
            "complete, and the next one lacks the member",
            vec![(0, true, Some(&short)), (5, true, None)],
            false,
        ),
        (
            "changes twice",
            vec![(0, true, Some(&long)), (5, false, Some(&short)), (10, false, Some(&short))],
            true,
        ),
        (
            "changes, then complete",
            vec![(0, true, Some(&long)), (5, false, Some(&short)), (10, true, Some(&short))],
            true,
        ),
        ("the same moment", vec![(5, false, Some(&short)), (5, false, Some(&short))], false),
        (
            "it flaps",
            vec![
                (0, true, Some(&long)),
                (5, true, Some(&short)),
                (10, true, Some(&long)),
                (15, true, Some(&short)),
            ],
            false,
        ),
        (
            "only `inactive` is new",
            vec![(0, true, Some(&long)), (5, true, Some(&long)), (10, false, Some(&inactive))],
            false,
        ),
        ("the clock was set back", vec![(60, true, Some(&short)), (0, true, Some(&short))], false),
        (
            "and it goes on from there",
            vec![(60, true, Some(&short)), (0, true, Some(&short)), (5, true, Some(&short))],
            true,
        ),
    ] {
        assert_eq!(agreed(&listings), want, "{what}");
    }
}

/// Mutants: the first entry counts alone; an inactive one ends the other; other names are joined.
#[test]
fn two_entries_of_one_human_being_count_as_one() {
    let entry = |day: Option<u32>, name: &str, inactive: bool, role: i64| {
        let mut member = member(4, name);
        member.key = on_day(4, day);
        member.inactive = inactive;
        let at = at(role).naive_utc();
        member.roles = vec![Right::by_wall_clock(RightCode::whole(role).unwrap(), at, at)];
        member
    };
    let stored = || vec![StoredHolder::seen(entry(Some(1), "Novak", false, 1), at(-60))];
    let old = |inactive| entry(Some(1), "Novak", inactive, 1);
    let new = |inactive| entry(Some(9), "Novak", inactive, 2);
    let kos = |day| entry(Some(day), "Kos", false, 3);
    for (what, entries, want) in [
        ("both paid", vec![old(false), new(false)], vec![(1, false, vec![1, 2])]),
        ("the old one is inactive", vec![old(true), new(false)], vec![(1, false, vec![2])]),
        ("in the other order", vec![new(false), old(true)], vec![(1, false, vec![2])]),
        ("the new one is inactive", vec![old(false), new(true)], vec![(1, false, vec![1])]),
        ("both are inactive", vec![old(true), new(true)], vec![(1, true, vec![1, 2])]),
        (
            "another name is another one",
            vec![old(true), entry(Some(9), "Kos", false, 2)],
            vec![(1, true, vec![1]), (9, false, vec![2])],
        ),
        (
            "without a birth date",
            vec![old(true), entry(None, "Novak", false, 2)],
            vec![(1, false, vec![2])],
        ),
        (
            "a third one with another name is another one",
            vec![kos(5), old(false), new(false)],
            vec![(1, false, vec![1, 2]), (5, false, vec![3])],
        ),
        (
            "the third one has a name of its own and no birth date",
            vec![old(true), new(false), entry(None, "Kos", false, 3)],
            vec![(0, false, vec![3]), (1, false, vec![2])],
        ),
        (
            "the third one has the birth date that is known",
            vec![new(false), entry(Some(8), "Novak", false, 4), kos(1)],
            vec![(1, false, vec![3]), (9, false, vec![2, 4])],
        ),
        (
            "all three are one",
            vec![entry(Some(8), "Novak", false, 4), new(true), old(false)],
            vec![(1, false, vec![4, 1])],
        ),
    ] {
        let merged = merge(stored(), export(entries), complete(at(0)));
        let seen: Vec<_> = merged
            .members
            .iter()
            .map(|one| {
                let day = day_of(one.key()).unwrap_or(0);
                let roles: Vec<i64> =
                    one.member.roles.iter().map(|r| r.id.as_str().parse().unwrap()).collect();
                (day, one.member.inactive, roles)
            })
            .collect();
        assert_eq!(seen, want, "{what}");
    }
}

/// Mutants that this catches: a corrected birth date makes another member; equal numbers alone make the
/// same one; whoever is listed with the known date as well is taken for somebody else's correction.
#[test]
fn a_corrected_birth_date_is_the_same_member() {
    let mail = |mut member: Holder, email: &str| {
        member.email = Email::parse(email);
        member
    };
    let known = [born(2, Some(2), "Novak")];
    let keys = |known: &[Holder], listed: Vec<Holder>| -> Vec<(i64, Option<u32>, u32)> {
        let after = after(known, listed).into_iter();
        after.map(|(number, day, _, missed)| (number, day, missed)).collect()
    };
    for (what, known, listed, want) in [
        ("the same name", known.to_vec(), vec![born(2, Some(9), "NOVAK")], vec![(2, Some(2), 0)]),
        (
            "another name and the same e-mail",
            vec![mail(born(2, Some(2), "Novak"), "ana@x.si")],
            vec![mail(born(2, Some(9), "Kos"), "ana@x.si")],
            vec![(2, Some(2), 0)],
        ),
        (
            "another name, and none has an e-mail",
            known.to_vec(),
            vec![born(2, Some(9), "Kos")],
            vec![(2, Some(2), 1), (2, Some(9), 0)],
        ),
        (
            "both dates are listed, with one name: still one",
            known.to_vec(),
            vec![born(2, Some(2), "Novak"), born(2, Some(9), "Novak")],
            vec![(2, Some(2), 0)],
        ),
        (
            "two new dates with one name: still one",
            known.to_vec(),
            vec![born(2, Some(8), "Novak"), born(2, Some(9), "Novak")],
            vec![(2, Some(2), 0)],
        ),
        (
            "two are known, and one of them is listed as ever",
            vec![born(2, Some(2), "Novak"), born(2, Some(3), "Novak")],
            vec![born(2, Some(3), "Novak"), born(2, Some(9), "Novak")],
            vec![(2, Some(2), 1), (2, Some(3), 0)],
        ),
        (
            "another number",
            known.to_vec(),
            vec![born(5, Some(9), "Novak")],
            vec![(2, Some(2), 1), (5, Some(9), 0)],
        ),
    ] {
        assert_eq!(keys(&known, listed), want, "{what}");
    }
}

/// A member born on that day of 1990, or on a day that nobody can read.
fn born(number: i64, day: Option<u32>, last_name: &str) -> Holder {
    let mut member = member(number, last_name);
    member.key = on_day(number, day);
    member
}

fn on_day(number: i64, day: Option<u32>) -> HolderId {
    let date = day.map(|day| format!("/1990-01-{day:02}")).unwrap_or_default();
    holder(&format!("{number}{date}"))
}

fn day_of(key: &HolderId) -> Option<u32> {
    key.as_str().split_once("/1990-01-").map(|(_, day)| day.parse().unwrap())
}

/// Every member after a complete listing: number, day of birth, last name, missed.
fn after(known: &[Holder], listed: Vec<Holder>) -> Vec<(i64, Option<u32>, String, u32)> {
    let mut known: Vec<_> =
        known.iter().cloned().map(|one| StoredHolder::seen(one, at(-60))).collect();
    known.sort_by(|one, other| one.key().cmp(other.key()));
    let merged = merge(known, export(listed), complete(at(0)));
    let line = |one: &StoredHolder| {
        let key = one.key();
        (key.human().parse().unwrap(), day_of(key), one.member.last_name.clone(), one.missed)
    };
    let lines: Vec<_> = merged.members.iter().map(line).collect();
    assert!(merged.members.is_sorted_by(|one, other| one.key() <= other.key()));
    lines
}

#[test]
fn without_a_birth_date_it_is_the_one_member_with_the_number() {
    let name = |text: &str| text.to_owned();
    let others = [born(1, Some(1), "Kos"), born(3, Some(3), "Zajc")];
    let beside = |mut list: Vec<Holder>| {
        list.extend(others.iter().cloned());
        list
    };
    let with_others = |lines: Vec<(i64, Option<u32>, String, u32)>| {
        let mut all = vec![(1, Some(1), name("Kos"), 0)];
        all.extend(lines);
        all.push((3, Some(3), name("Zajc"), 0));
        all
    };
    let dated = born(2, Some(2), "Novak");
    let bare = born(2, None, "Renamed");
    // The one known by the number, with or without a birth date.
    let found = after(&beside(vec![dated.clone()]), beside(vec![bare.clone()]));
    assert_eq!(found, with_others(vec![(2, Some(2), name("Renamed"), 0)]));
    let found = after(&beside(vec![born(2, None, "Novak")]), beside(vec![bare.clone()]));
    assert_eq!(found, with_others(vec![(2, None, name("Renamed"), 0)]));
    // Nobody known, two known, or another entry with the number: it stands alone.
    let found = after(&beside(vec![]), beside(vec![bare.clone()]));
    assert_eq!(found, with_others(vec![(2, None, name("Renamed"), 0)]));
    let twins = vec![dated.clone(), born(2, Some(9), "Novak")];
    let found = after(&beside(twins), beside(vec![bare.clone()]));
    assert_eq!(
        found,
        with_others(vec![
            (2, None, name("Renamed"), 0),
            (2, Some(2), name("Novak"), 1),
            (2, Some(9), name("Novak"), 1)
        ])
    );
    let found = after(&beside(vec![dated.clone()]), beside(vec![bare, born(2, Some(5), "Horvat")]));
    assert_eq!(
        found,
        with_others(vec![
            (2, None, name("Renamed"), 0),
            (2, Some(2), name("Novak"), 1),
            (2, Some(5), name("Horvat"), 0)
        ])
    );
    // With a readable birth date and another name it is another member.
    let found = after(&beside(vec![dated]), beside(vec![born(2, Some(5), "Horvat")]));
    assert_eq!(
        found,
        with_others(vec![(2, Some(2), name("Novak"), 1), (2, Some(5), name("Horvat"), 0)])
    );
}

#[test]
fn an_unusable_entry_without_a_birth_date_is_about_the_member_with_the_number() {
    let unusable = |number: i64| Unusable {
        key: Some(holder(&number.to_string())),
        number: None,
        line: 3,
        reason: "Inactive is `soon`, neither true nor false".to_owned(),
    };
    let known = vec![StoredHolder::seen(born(2, Some(2), "Novak"), at(-60))];
    let mut bad = export(vec![]);
    bad.unusable.push(unusable(2));
    let merged = merge(known.clone(), bad, complete(at(0)));
    let [one] = merged.members.as_slice() else { panic!("{merged:?}") };
    assert!(one.problem.is_some() && one.member == known[0].member && one.missed == 0);
    // Without a number it may be about anybody who is missing.
    let mut nobody_s = export(vec![]);
    nobody_s.unusable.push(Unusable { key: None, ..unusable(2) });
    let merged = merge(known.clone(), nobody_s, complete(at(0)));
    assert_eq!(merged.members, known);
    // With a birth date that is not known it may have been corrected.
    let mut corrected = export(vec![]);
    corrected.unusable.push(Unusable { key: Some(on_day(2, Some(3))), ..unusable(2) });
    let merged = merge(known.clone(), corrected, complete(at(0)));
    let [one] = merged.members.as_slice() else { panic!("{merged:?}") };
    assert!(one.problem.is_some() && one.member == known[0].member && one.missed == 0);
    // It may be any of two, but nobody who is listed otherwise.
    let three: Vec<_> = [(2, "Novak"), (3, "Kos"), (4, "Zupan")]
        .map(|(born_on, name)| StoredHolder::seen(born(2, Some(born_on), name), at(-60)))
        .into();
    let mut two = export(vec![born(2, Some(4), "Zupan")]);
    two.unusable.push(unusable(2));
    let merged = merge(three, two, complete(at(0)));
    let reported: Vec<_> =
        merged.members.iter().map(|one| (one.problem.is_some(), one.missed)).collect();
    assert_eq!(reported, [(true, 0), (true, 0), (false, 0)]);
    // Beside a usable entry of the number, nobody knows whose it is.
    let mut both = export(vec![born(2, Some(2), "Novak")]);
    both.unusable.push(unusable(2));
    let merged = merge(known, both, complete(at(0)));
    let has_problem: Vec<_> = merged.members.iter().map(|one| one.problem.is_some()).collect();
    assert_eq!(has_problem, [true, false]);
}
