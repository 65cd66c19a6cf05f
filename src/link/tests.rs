//! Tables for the link rules.

use super::*;
use crate::model::{MemberNumber, OrganisationId, PersonLimit, UserType};

fn key(number: i64) -> MemberKey {
    MemberKey {
        organisation: OrganisationId::new(123).unwrap(),
        number: MemberNumber::new(number).unwrap(),
        birth_date: None,
    }
}

fn member(number: i64, last_name: &str, email: &str) -> Member {
    Member {
        key: key(number),
        first_name: "Ana".into(),
        last_name: last_name.into(),
        email: Email::parse(email),
        inactive: false,
        roles: vec![],
        unreadable: vec![],
    }
}

fn id(text: &str) -> EmployeeNo {
    EmployeeNo::new(text).unwrap()
}

fn persons(list: &[(&str, &str, &str)]) -> BTreeMap<EmployeeNo, Person> {
    list.iter()
        .map(|(number, name, email)| {
            let person = Person {
                employee_no: id(number),
                name: (*name).into(),
                user_type: UserType::Normal,
                limit: PersonLimit::Permanent(None),
                is_device_admin: false,
                email: Email::parse(email),
                fingerprint: String::new(),
            };
            (id(number), person)
        })
        .collect()
}

fn table(rows: &[(&str, &str)]) -> LinkTable {
    let mut table = LinkTable::default();
    for (email, person) in rows {
        table.insert(Email::parse(email).unwrap(), id(person));
    }
    table
}

const BY_EMAIL: &[LinkRule] = &[LinkRule::File, LinkRule::DeviceEmail];
const ALL: &[LinkRule] = &[LinkRule::File, LinkRule::DeviceEmail, LinkRule::MemberNumber];

fn listed(members: &[Member]) -> impl Iterator<Item = Claimant<'_>> {
    members.iter().map(|member| Claimant { member, vanished_since: None })
}

/// The same, and those with these numbers have vanished.
fn without(members: &[Member], vanished: &[i64]) -> Vec<(Member, bool)> {
    let is_vanished = |member: &Member| vanished.contains(&member.key.number.get());
    members.iter().map(|member| (member.clone(), is_vanished(member))).collect()
}

fn claimants(members: &[(Member, bool)]) -> impl Iterator<Item = Claimant<'_>> {
    members.iter().map(|(member, is_vanished)| Claimant {
        member,
        vanished_since: is_vanished.then_some(DateTime::UNIX_EPOCH),
    })
}

fn no_stored() -> StoredLinks {
    StoredLinks::default()
}

fn linked(result: &Result<Link, NoLink>) -> Option<(&str, LinkRule)> {
    result.as_ref().ok().map(|link| (link.employee_no.as_str(), link.rule))
}

#[test]
fn the_first_rule_that_gives_one_person_wins() {
    let members = [member(1, "Novak", "ana@x.si")];
    let device = persons(&[("7", "Ana", ""), ("8", "Ana", "ana@x.si")]);
    let both = table(&[("ana@x.si", "7")]);
    let found = resolve(listed(&members), &device, &both, &no_stored(), BY_EMAIL);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::File)));
    let not_in_file = LinkTable::default();
    let found = resolve(listed(&members), &device, &not_in_file, &no_stored(), BY_EMAIL);
    assert_eq!(linked(&found[0]), Some(("8", LinkRule::DeviceEmail)));
}

#[test]
fn a_file_row_counts_only_where_the_person_exists() {
    let members = [member(1, "Novak", "ana@x.si")];
    let device = persons(&[("8", "Ana", "")]);
    let rows = table(&[("ana@x.si", "7"), ("ana@x.si", "8")]);
    let found = resolve(listed(&members), &device, &rows, &no_stored(), BY_EMAIL);
    assert_eq!(linked(&found[0]), Some(("8", LinkRule::File)));
}

#[test]
fn two_persons_for_a_member_link_nobody() {
    let members = [member(1, "Novak", "ana@x.si")];
    let device = persons(&[("7", "", ""), ("8", "", "")]);
    let rows = table(&[("ana@x.si", "7"), ("ana@x.si", "8")]);
    let found = resolve(listed(&members), &device, &rows, &no_stored(), BY_EMAIL);
    let persons = BTreeSet::from([id("7"), id("8")]);
    assert_eq!(found[0], Err(NoLink::Ambiguous { persons, rivals: BTreeSet::new() }));
}

#[test]
fn a_family_that_shares_an_address_links_nobody() {
    let members = [member(1, "Novak", "fam@x.si"), member(2, "Novak", "FAM@x.si")];
    let device = persons(&[("7", "", "fam@x.si")]);
    let found = resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), BY_EMAIL);
    let persons = BTreeSet::from([id("7")]);
    assert_eq!(
        found[0],
        Err(NoLink::Ambiguous { persons: persons.clone(), rivals: BTreeSet::from([key(2)]) })
    );
    assert_eq!(found[1], Err(NoLink::Ambiguous { persons, rivals: BTreeSet::from([key(1)]) }));
}

#[test]
fn a_claim_by_another_rule_is_a_rival_too() {
    let members = [member(7, "Novak", "ana@x.si"), member(1, "Kos", "kos@x.si")];
    let device = persons(&[("7", "Ana Novak", "kos@x.si")]);
    let found = resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), ALL);
    assert!(matches!(found[0], Err(NoLink::Ambiguous { .. })));
    assert!(matches!(found[1], Err(NoLink::Ambiguous { .. })));
}

#[test]
fn equal_numbers_alone_never_link() {
    let members = [member(7, "Novák", "")];
    let same = persons(&[("7", "NOVAK, Ana", "")]);
    let found = resolve(listed(&members), &same, &LinkTable::default(), &no_stored(), ALL);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::MemberNumber)));
    let other = persons(&[("7", "Berg Lars", "")]);
    let found = resolve(listed(&members), &other, &LinkTable::default(), &no_stored(), ALL);
    assert_eq!(found[0], Err(NoLink::NameDiffers { employee_no: id("7") }));
    let padded = persons(&[("007", "Ana Novák", "")]);
    let found = resolve(listed(&members), &padded, &LinkTable::default(), &no_stored(), ALL);
    assert_eq!(found[0], Err(NoLink::NoPerson), "007 is not 7");
}

#[test]
fn names_compare_without_case_and_accents_as_whole_words() {
    for (last, device, want) in [
        ("Žagar", "ana zagar", true),
        ("Åström", "LARS ASTROM", true),
        ("Đurić", "duric, ana", true),
        ("von Berg", "Anna von Berg", true),
        ("Li", "Oliver Smith", false),
        ("", "Anyone", false),
        ("-", "Any one", false),
        ("Novak", "", false),
    ] {
        assert_eq!(name_agrees(last, device), want, "{last} / {device}");
    }
}

#[test]
fn why_nobody_was_found() {
    let device = persons(&[("7", "", "")]);
    let members = [member(1, "Novak", ""), member(2, "Kos", "kos@x.si")];
    let found = resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), BY_EMAIL);
    assert_eq!(found, [Err(NoLink::NoEmail), Err(NoLink::NoPerson)]);
    let found = resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), ALL);
    assert_eq!(found, [Err(NoLink::NoPerson), Err(NoLink::NoPerson)]);
}

#[test]
fn a_stored_link_is_kept_until_somebody_else_claims_the_person() {
    let stored = StoredLinks::from_iter([(
        key(1),
        StoredLink { employee_no: id("7"), rule: LinkRule::File },
    )]);
    let device = persons(&[("7", "", "")]);
    let alone = [member(1, "Novak", "new@x.si")];
    let found = resolve(listed(&alone), &device, &LinkTable::default(), &stored, BY_EMAIL);
    let link = found[0].as_ref().unwrap();
    assert!(link.is_outdated && link.employee_no == id("7"));

    let rows = table(&[("old@x.si", "7")]);
    let both = [member(1, "Novak", "new@x.si"), member(2, "Kos", "old@x.si")];
    let found = resolve(listed(&both), &device, &rows, &stored, BY_EMAIL);
    assert!(found.iter().all(|one| matches!(one, Err(NoLink::Ambiguous { .. }))), "{found:?}");
}

#[test]
fn a_corrected_file_replaces_a_stored_link() {
    let stored = StoredLinks::from_iter([(
        key(1),
        StoredLink { employee_no: id("7"), rule: LinkRule::File },
    )]);
    let device = persons(&[("7", "", ""), ("8", "", "")]);
    let members = [member(1, "Novak", "ana@x.si")];
    let rows = table(&[("ana@x.si", "8")]);
    let found = resolve(listed(&members), &device, &rows, &stored, BY_EMAIL);
    assert_eq!(linked(&found[0]), Some(("8", LinkRule::File)));
    assert!(!found[0].as_ref().unwrap().is_outdated);
}

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
        resolve(claimants(&members), &device, &nobody, &no_stored(), BY_EMAIL)
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
        member.key.birth_date = chrono::NaiveDate::from_ymd_opt(1990, 1, day);
        member
    };
    let other = member(2, "Kos", "ana@x.si");
    let at = |hours: i64| DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hours);
    let device = persons(&[("7", "", "ana@x.si")]);
    let found = |members: &[(Member, Option<DateTime<Utc>>)]| {
        let all = members
            .iter()
            .map(|(member, vanished_since)| Claimant { member, vanished_since: *vanished_since });
        resolve(all, &device, &LinkTable::default(), &no_stored(), BY_EMAIL)
    };
    let to =
        |member: &Member| NoLink::Yielded { persons: [id("7")].into(), to: [member.key].into() };
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
    let found = resolve(claimants(&alone), &device, &LinkTable::default(), &no_stored(), BY_EMAIL);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::DeviceEmail)));
}

#[test]
fn two_listed_members_stay_ambiguous_whoever_has_vanished() {
    let three =
        [member(1, "Novak", "fam@x.si"), member(2, "Kos", "fam@x.si"), member(3, "", "fam@x.si")];
    let device = persons(&[("7", "", "fam@x.si")]);
    let members = without(&three, &[1]);
    let found =
        resolve(claimants(&members), &device, &LinkTable::default(), &no_stored(), BY_EMAIL);
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
    let found = resolve(claimants(&members), &device, &rows, &no_stored(), BY_EMAIL);
    assert_eq!(linked(&found[1]), Some(("8", LinkRule::File)));
    assert_eq!(found[0], yielded(&["7", "8"], &[2]));
    // The other way round: who is listed and unclear gets nobody, and takes nobody.
    let members = without(&both, &[2]);
    let found = resolve(claimants(&members), &device, &rows, &no_stored(), BY_EMAIL);
    let persons: BTreeSet<EmployeeNo> = [id("7"), id("8")].into();
    assert_eq!(found[0], Err(NoLink::Ambiguous { persons, rivals: BTreeSet::new() }));
    assert_eq!(found[1], yielded(&["8"], &[1]));
}

#[test]
fn a_kept_link_yields_once_its_member_has_vanished() {
    let stored = StoredLinks::from_iter([(
        key(1),
        StoredLink { employee_no: id("7"), rule: LinkRule::File },
    )]);
    let device = persons(&[("7", "", "")]);
    let rows = table(&[("new@x.si", "7")]);
    let both = [member(1, "Novak", ""), member(2, "Kos", "new@x.si")];
    let found = resolve(listed(&both), &device, &rows, &stored, BY_EMAIL);
    assert!(found.iter().all(|one| matches!(one, Err(NoLink::Ambiguous { .. }))), "{found:?}");
    let members = without(&both, &[1]);
    let found = resolve(claimants(&members), &device, &rows, &stored, BY_EMAIL);
    assert_eq!(found[0], yielded(&["7"], &[2]));
    assert_eq!(linked(&found[1]), Some(("7", LinkRule::File)));
    // A listed member's kept link is not lost to somebody who is no longer there.
    let members = without(&both, &[2]);
    let found = resolve(claimants(&members), &device, &rows, &stored, BY_EMAIL);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::File)));
    assert!(found[0].as_ref().unwrap().is_outdated);
    assert_eq!(found[1], yielded(&["7"], &[1]));
}

#[test]
fn half_a_club_with_one_e_mail_is_ambiguous_and_takes_no_time() {
    let members: Vec<_> = (1..=5_000).map(|number| member(number, "Kos", "info@club.se")).collect();
    let device = persons(&[("7", "Ana Novak", "")]);
    let rows = table(&[("info@club.se", "7")]);
    let found = resolve(listed(&members), &device, &rows, &no_stored(), BY_EMAIL);
    assert_eq!(found.len(), members.len());
    for (member, result) in members.iter().zip(&found) {
        let Err(NoLink::Ambiguous { rivals, .. }) = result else { panic!("{result:?}") };
        assert_eq!(rivals.len(), CLAIMANTS_MAX);
        assert!(!rivals.contains(&member.key));
    }
}

#[test]
fn the_order_of_rows_makes_no_other_table() {
    let rows = [("ana@x.si", "7"), ("ana@x.si", "12"), ("ana@x.si", "3"), ("kos@x.si", "7")];
    let first = table(&rows);
    let sorted = first.rows();
    for turn in 1..rows.len() {
        let mut turned = rows;
        turned.rotate_left(turn);
        assert_eq!(table(&turned), first);
        let twice = table(&[turned, rows].concat());
        assert_eq!((&twice, twice.rows()), (&first, sorted.clone()));
    }
    let persons: Vec<_> = first.persons(&Email::parse("ana@x.si").unwrap()).collect();
    assert_eq!(persons, [&id("12"), &id("3"), &id("7")]);
}
