//! Members who are no longer listed, and whoever claims their person.

use super::*;

fn yielded(persons: &[&str], to: &[i64]) -> Result<Link, NoLink> {
    let persons = persons.iter().map(|person| id(person)).collect();
    Err(NoLink::Yielded { persons, to: to.iter().map(|number| key(*number)).collect() })
}

#[test]
fn a_vanished_member_yields_to_a_listed_one() {
    let family = [member(1, "Novak", "fam@x.si"), member(2, "Novak", "fam@x.si")];
    let device = persons(&[("7", "", "fam@x.si")]);
    let nobody = LinkTable::default();
    let found = |vanished: &[i64]| {
        let members = without(&family, vanished);
        resolve(claimants(&members), &device, &nobody, &no_stored(), BY_EMAIL, &[])
    };
    for (gone, stays) in [(1, 2), (2, 1)] {
        let found = found(&[gone]);
        let place = |number: i64| usize::try_from(number - 1).unwrap();
        assert_eq!(linked(&found[place(stays)]), Some(("7", LinkRule::DeviceEmail)));
        assert_eq!(found[place(gone)], yielded(&["7"], &[stays]));
    }
    // Both listed, as when one has come back, or both gone: nobody is linked.
    for vanished in [&[][..], &[1, 2]] {
        let found = found(vanished);
        assert!(found.iter().all(|one| matches!(one, Err(NoLink::Ambiguous { .. }))), "{found:?}");
    }
}

#[test]
fn who_left_after_a_corrected_birth_date_has_the_person_still() {
    let born = |day: u32| {
        let mut member = member(1, "Novak", "ana@x.si");
        member.key = holder(&format!("1/1990-01-{day:02}"));
        member
    };
    let other = member(2, "Kos", "ana@x.si");
    let at = |hours: i64| DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hours);
    let device = persons(&[("7", "", "ana@x.si")]);
    let found = |members: &[(Holder, Option<DateTime<Utc>>)]| {
        let all = members.iter().map(|(member, vanished_since)| Claimant {
            member,
            vanished_since: *vanished_since,
            is_let_in: true,
        });
        resolve(all, &device, &LinkTable::default(), &no_stored(), BY_EMAIL, &[])
    };
    let to = |member: &Holder| NoLink::Yielded {
        persons: [id("7")].into(),
        to: [member.key.clone()].into(),
    };
    for (first, second) in [(0, 1), (1, 0)] {
        // Whichever birth date was corrected.
        let both = [born(1), born(2)];
        let since = [at(first), at(second)];
        let found = found(&[(both[0].clone(), Some(since[0])), (both[1].clone(), Some(since[1]))]);
        let later = usize::from(since[1] > since[0]);
        assert_eq!(linked(&found[later]), Some(("7", LinkRule::DeviceEmail)));
        assert_eq!(found[1 - later], Err(to(&both[later])));
    }
    // Both at once, or somebody else besides: nobody knows.
    let is_ambiguous = |one: &Result<Link, NoLink>| matches!(one, Err(NoLink::Ambiguous { .. }));
    let same = found(&[(born(1), Some(at(0))), (born(2), Some(at(0)))]);
    assert!(same.iter().all(is_ambiguous), "{same:?}");
    let three = found(&[(born(1), Some(at(0))), (born(2), Some(at(1))), (other, Some(at(2)))]);
    assert_eq!(three[0], Err(to(&born(2))));
    assert!(three[1..].iter().all(is_ambiguous), "{three:?}");
}

#[test]
fn a_vanished_member_without_a_rival_keeps_the_person() {
    let alone = without(&[member(1, "Novak", "ana@x.si")], &[1]);
    let device = persons(&[("7", "", "ana@x.si")]);
    let found =
        resolve(claimants(&alone), &device, &LinkTable::default(), &no_stored(), BY_EMAIL, &[]);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::DeviceEmail)));
}

#[test]
fn two_listed_members_stay_ambiguous_whoever_has_vanished() {
    let three =
        [member(1, "Novak", "fam@x.si"), member(2, "Kos", "fam@x.si"), member(3, "", "fam@x.si")];
    let device = persons(&[("7", "", "fam@x.si")]);
    let members = without(&three, &[1]);
    let found =
        resolve(claimants(&members), &device, &LinkTable::default(), &no_stored(), BY_EMAIL, &[]);
    let ambiguous = |rival: i64| {
        Err(NoLink::Ambiguous { persons: [id("7")].into(), rivals: [key(rival)].into() })
    };
    assert_eq!(found, [yielded(&["7"], &[2, 3]), ambiguous(3), ambiguous(2)]);
}

#[test]
fn a_vanished_claim_on_several_persons_yields_them_all() {
    let both = [member(1, "Novak", "ana@x.si"), member(2, "Kos", "kos@x.si")];
    let device = persons(&[("7", "", ""), ("8", "", "")]);
    let rows = table(&[("ana@x.si", "7"), ("ana@x.si", "8"), ("kos@x.si", "8")]);
    let members = without(&both, &[1]);
    let found = resolve(claimants(&members), &device, &rows, &no_stored(), BY_EMAIL, &[]);
    assert_eq!(linked(&found[1]), Some(("8", LinkRule::File)));
    assert_eq!(found[0], yielded(&["7", "8"], &[2]));
    // The other way round: who is listed and unclear gets nobody, and takes nobody.
    let members = without(&both, &[2]);
    let found = resolve(claimants(&members), &device, &rows, &no_stored(), BY_EMAIL, &[]);
    let persons: BTreeSet<RecordId> = [id("7"), id("8")].into();
    assert_eq!(found[0], Err(NoLink::Ambiguous { persons, rivals: BTreeSet::new() }));
    assert_eq!(found[1], yielded(&["8"], &[1]));
}

#[test]
fn a_kept_link_yields_once_its_member_has_vanished() {
    let stored = stored(&[(1, "7", "")]);
    let device = persons(&[("7", "", "")]);
    let rows = table(&[("new@x.si", "7")]);
    let both = [member(1, "Novak", ""), member(2, "Kos", "new@x.si")];
    let named = persons(&[("7", "Ana Kos", "")]);
    let found = resolve(listed(&both), &device, &rows, &stored, BY_EMAIL, &[]);
    assert!(found.iter().all(|one| matches!(one, Err(NoLink::Ambiguous { .. }))), "{found:?}");
    // The name on the door says whose it is now, or nobody knows.
    let members = without(&both, &[1]);
    let found = resolve(claimants(&members), &device, &rows, &stored, BY_EMAIL, &[]);
    assert!(found.iter().all(|one| matches!(one, Err(NoLink::Ambiguous { .. }))), "{found:?}");
    let found = resolve(claimants(&members), &named, &rows, &without_name(&stored), BY_EMAIL, &[]);
    assert_eq!(found[0], yielded(&["7"], &[2]));
    assert_eq!(linked(&found[1]), Some(("7", LinkRule::File)));
    // Where both have left, the one whose name it is keeps the person.
    let gone = without(&both, &[1, 2]);
    let of_first = persons(&[("7", "Ana Novak", "")]);
    let known = without_name(&stored);
    let found = resolve(claimants(&gone), &of_first, &rows, &known, BY_EMAIL, &[]);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::File)));
    assert_eq!(found[1], yielded(&["7"], &[1]));
    // A listed member's kept link is not lost to somebody who is no longer there.
    let members = without(&both, &[2]);
    let found = resolve(claimants(&members), &device, &rows, &stored, BY_EMAIL, &[]);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::File)));
    assert!(found[0].as_ref().unwrap().is_outdated);
    assert_eq!(found[1], yielded(&["7"], &[1]));
}

#[test]
fn half_a_club_with_one_e_mail_is_ambiguous_and_takes_no_time() {
    let members: Vec<_> = (1..=5_000).map(|number| member(number, "Kos", "info@club.se")).collect();
    let device = persons(&[("7", "Ana Novak", "")]);
    let rows = table(&[("info@club.se", "7")]);
    let found = resolve(listed(&members), &device, &rows, &no_stored(), BY_EMAIL, &[]);
    assert_eq!(found.len(), members.len());
    for (member, result) in members.iter().zip(&found) {
        let Err(NoLink::Ambiguous { rivals, .. }) = result else { panic!("{result:?}") };
        assert_eq!(rivals.len(), CLAIMANTS_MAX);
        assert!(!rivals.contains(&member.key));
    }
}

/// Mutant: the child is linked to the card of the parent, whom this door does not let in.
#[test]
fn an_e_mail_shared_with_somebody_outside_does_not_lead_to_that_ones_card() {
    let (parent, child) = (member(1, "Novak", "fam@x.si"), member(2, "Kos", "fam@x.si"));
    let whole = |member: &Holder| format!("{} {}", member.first_name, member.last_name);
    let found = |name: &str, is_let_in: bool| {
        let device = persons(&[("7", name, "fam@x.si")]);
        let both = [(&parent, is_let_in), (&child, true)];
        let all =
            both.map(|(member, is_let_in)| Claimant { member, vanished_since: None, is_let_in });
        let table = LinkTable::default();
        resolve(all.into_iter(), &device, &table, &no_stored(), BY_EMAIL, &[]).remove(1)
    };
    let others = NoLink::NameDiffers { employee_no: id("7"), found: Found::AnothersName };
    assert_eq!(found(&whole(&parent), false), Err(others));
    for name in [whole(&child).as_str(), "", "Somebody Else"] {
        assert_eq!(linked(&found(name, false)), Some(("7", LinkRule::DeviceEmail)), "{name}");
    }
    assert!(matches!(found("", true), Err(NoLink::Ambiguous { .. })));
}
