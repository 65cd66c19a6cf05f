//! Tables for the link rules.

use std::collections::BTreeMap;

use super::*;
use crate::engine::link::file::RowReason;
use crate::model::testing::{bare, holder, source};
use crate::model::{Holder, Limit, Record, RecordStanding};

fn key(number: i64) -> HolderId {
    holder(&number.to_string())
}

fn member(number: i64, last_name: &str, email: &str) -> Holder {
    Holder {
        first_name: "Ana".into(),
        last_name: last_name.into(),
        email: Email::parse(email),
        ..bare(key(number))
    }
}

fn id(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

fn persons(list: &[(&str, &str, &str)]) -> BTreeMap<RecordId, Record> {
    list.iter()
        .map(|(number, name, email)| {
            let person = Record {
                employee_no: id(number),
                name: (*name).into(),
                standing: RecordStanding::Free,
                limit: Limit::Permanent(None),
                flaw: None,
                email: Email::parse(email),
                fingerprint: String::new(),
            };
            (id(number), person)
        })
        .collect()
}

/// Rows by e-mail, by number, or by both with a space between.
fn table(rows: &[(&str, &str)]) -> LinkTable {
    let mut table = LinkTable::default();
    table.extend(rows.iter().map(|(names, person)| (row(names, person), DateTime::UNIX_EPOCH)));
    table
}

fn row(names: &str, person: &str) -> LinkRow {
    let (mut email, mut number) = (None, None);
    for name in names.split(' ') {
        match Email::parse(name) {
            Some(found) => email = Some(found),
            None => number = Some(name.parse().unwrap()),
        }
    }
    let member = MemberNamed::new(email, number).unwrap();
    LinkRow { line: 2, employee_no: id(person), member }
}

const BY_EMAIL: &[LinkRule] = &[LinkRule::File, LinkRule::DeviceEmail];
const ALL: &[LinkRule] = &[LinkRule::File, LinkRule::DeviceEmail, LinkRule::HolderNumber];

fn listed(members: &[Holder]) -> impl Iterator<Item = Claimant<'_>> {
    members.iter().map(|member| Claimant { member, vanished_since: None, is_let_in: true })
}

/// The same, and those with these numbers have vanished.
fn without(members: &[Holder], vanished: &[i64]) -> Vec<(Holder, bool)> {
    let is_vanished = |member: &Holder| vanished.iter().any(|number| member.key == key(*number));
    members.iter().map(|member| (member.clone(), is_vanished(member))).collect()
}

fn claimants(members: &[(Holder, bool)]) -> impl Iterator<Item = Claimant<'_>> {
    members.iter().map(|(member, is_vanished)| Claimant {
        member,
        vanished_since: is_vanished.then_some(DateTime::UNIX_EPOCH),
        is_let_in: true,
    })
}

fn no_stored() -> StoredLinks {
    StoredLinks::default()
}

/// Links of earlier runs by file: a member, the person, and the name on the door at that time. The
/// member's e-mail was `ana@x.si`.
fn stored(links: &[(i64, &str, &str)]) -> StoredLinks {
    let link = |(number, person, name): &(i64, &str, &str)| {
        let link = StoredLink {
            employee_no: id(person),
            rule: LinkRule::File,
            name: name_digest(name),
            email: email_digest(Email::parse("ana@x.si").as_ref()),
            made_at: DateTime::UNIX_EPOCH,
            served: None,
        };
        (key(*number), link)
    };
    StoredLinks { links: links.iter().map(link).collect(), former: BTreeMap::new() }
}

/// The same links, made when the door held just the name that it holds now.
fn without_name(stored: &StoredLinks) -> StoredLinks {
    let mut stored = stored.clone();
    stored.links.values_mut().for_each(|link| link.name = name_digest("Ana Kos"));
    stored
}

fn linked(result: &Result<Link, NoLink>) -> Option<(&str, LinkRule)> {
    result.as_ref().ok().map(|link| (link.employee_no.as_str(), link.rule))
}

#[test]
fn the_first_rule_that_gives_one_person_wins() {
    let members = [member(1, "Novak", "ana@x.si")];
    let device = persons(&[("7", "Ana", ""), ("8", "Ana", "ana@x.si")]);
    let both = table(&[("ana@x.si", "7")]);
    let found = resolve(listed(&members), &device, &both, &no_stored(), BY_EMAIL, &[]);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::File)));
    let not_in_file = LinkTable::default();
    let found = resolve(listed(&members), &device, &not_in_file, &no_stored(), BY_EMAIL, &[]);
    assert_eq!(linked(&found[0]), Some(("8", LinkRule::DeviceEmail)));
}

#[test]
fn a_file_row_counts_only_where_the_person_exists() {
    let members = [member(1, "Novak", "ana@x.si")];
    let device = persons(&[("8", "Ana", "")]);
    let rows = table(&[("ana@x.si", "7"), ("ana@x.si", "8")]);
    let found = resolve(listed(&members), &device, &rows, &no_stored(), BY_EMAIL, &[]);
    assert_eq!(linked(&found[0]), Some(("8", LinkRule::File)));
}

#[test]
fn two_persons_for_a_member_link_nobody() {
    let members = [member(1, "Novak", "ana@x.si")];
    let device = persons(&[("7", "", ""), ("8", "", "")]);
    let rows = table(&[("ana@x.si", "7"), ("ana@x.si", "8")]);
    let found = resolve(listed(&members), &device, &rows, &no_stored(), BY_EMAIL, &[]);
    let persons = BTreeSet::from([id("7"), id("8")]);
    assert_eq!(found[0], Err(NoLink::Ambiguous { persons, rivals: BTreeSet::new() }));
}

#[test]
fn a_family_that_shares_an_address_links_nobody() {
    let members = [member(1, "Novak", "fam@x.si"), member(2, "Novak", "FAM@x.si")];
    let device = persons(&[("7", "", "fam@x.si")]);
    let found =
        resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), BY_EMAIL, &[]);
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
    let found = resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), ALL, &[]);
    assert!(matches!(found[0], Err(NoLink::Ambiguous { .. })));
    assert!(matches!(found[1], Err(NoLink::Ambiguous { .. })));
}

#[test]
fn equal_numbers_alone_never_link() {
    let members = [member(7, "Novák", "")];
    let same = persons(&[("7", "NOVAK, Ana", "")]);
    let found = resolve(listed(&members), &same, &LinkTable::default(), &no_stored(), ALL, &[]);
    assert_eq!(linked(&found[0]), Some(("7", LinkRule::HolderNumber)));
    let other = persons(&[("7", "Berg Lars", "")]);
    let found = resolve(listed(&members), &other, &LinkTable::default(), &no_stored(), ALL, &[]);
    assert_eq!(found[0], Err(NoLink::NameDiffers { employee_no: id("7"), found: Found::ByNumber }));
    let padded = persons(&[("007", "Ana Novák", "")]);
    let found = resolve(listed(&members), &padded, &LinkTable::default(), &no_stored(), ALL, &[]);
    assert_eq!(found[0], Err(NoLink::NoPerson), "007 is not 7");
}

#[test]
fn why_nobody_was_found() {
    let device = persons(&[("7", "", "")]);
    let members = [member(1, "Novak", ""), member(2, "Kos", "kos@x.si")];
    let found =
        resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), BY_EMAIL, &[]);
    assert_eq!(found, [Err(NoLink::NoEmail), Err(NoLink::NoPerson)]);
    let found = resolve(listed(&members), &device, &LinkTable::default(), &no_stored(), ALL, &[]);
    assert_eq!(found, [Err(NoLink::NoPerson), Err(NoLink::NoPerson)]);
    let table = table(&[("kos@x.si", "8"), ("kos@x.si", "9")]);
    let found = resolve(listed(&members), &device, &table, &no_stored(), ALL, &[]);
    let persons = [id("8"), id("9")].into();
    assert_eq!(found, [Err(NoLink::NoPerson), Err(NoLink::NotThere { persons })]);
    let found =
        resolve(listed(&members), &device, &table, &no_stored(), &[LinkRule::DeviceEmail], &[]);
    assert_eq!(found[1], Err(NoLink::NoPerson), "no rule asks the file");
}

#[test]
fn a_stored_link_is_kept_until_somebody_else_claims_the_person() {
    let stored = stored(&[(1, "7", "")]);
    let device = persons(&[("7", "", "")]);
    let alone = [member(1, "Novak", "new@x.si")];
    let found = resolve(listed(&alone), &device, &LinkTable::default(), &stored, BY_EMAIL, &[]);
    let link = found[0].as_ref().unwrap();
    assert!(link.is_outdated && link.employee_no == id("7"));

    let rows = table(&[("old@x.si", "7")]);
    let both = [member(1, "Novak", "new@x.si"), member(2, "Kos", "old@x.si")];
    let found = resolve(listed(&both), &device, &rows, &stored, BY_EMAIL, &[]);
    assert!(found.iter().all(|one| matches!(one, Err(NoLink::Ambiguous { .. }))), "{found:?}");
}

/// The claim of one member who is linked to person 7, by the names on the door; `None` where that
/// member is left out.
///
/// Mutants that this catches: a link moves wherever the rules lead; it never moves; the last name alone
/// moves it; a renamed person stays linked; a name that is only spelled otherwise does not.
#[test]
fn links_hold_people_together() {
    let differs = |person: &str, found| Err(NoLink::NameDiffers { employee_no: id(person), found });
    let ok = |person: &str, is_outdated| {
        Ok(Link { employee_no: id(person), rule: LinkRule::File, is_outdated })
    };
    let instead = || Found::InsteadOf(id("7"));
    type Row<'a> = (&'a str, &'a str);
    type Case<'a> =
        (&'a str, &'a str, Vec<(&'a str, &'a str, &'a str)>, Vec<Row<'a>>, Result<Link, NoLink>);
    let cases: Vec<Case<'_>> = vec![
        // what, the member's e-mail now, the persons on the door, the rows of the file
        (
            "the e-mail changed, and leads to nobody",
            "new@x.si",
            vec![("7", "Ana Novak", "")],
            vec![("ana@x.si", "7")],
            ok("7", true),
        ),
        (
            "the e-mail changed to that of a stranger",
            "bor@x.si",
            vec![("7", "Ana Novak", ""), ("8", "Bor Kos", "")],
            vec![("ana@x.si", "7"), ("bor@x.si", "8")],
            differs("8", instead()),
        ),
        (
            "to that of somebody in the family",
            "bor@x.si",
            vec![("7", "Ana Novak", ""), ("8", "Bor Novak", "")],
            vec![("bor@x.si", "8")],
            differs("8", instead()),
        ),
        (
            "she was enrolled anew",
            "ana@x.si",
            vec![("7", "Ana Novak", ""), ("8", "Novak Ana", "")],
            vec![("ana@x.si", "8")],
            ok("8", false),
        ),
        (
            "anew, and the old person is gone",
            "ana@x.si",
            vec![("8", "Novak Ana", "")],
            vec![("ana@x.si", "8")],
            ok("8", false),
        ),
        (
            "the old person is gone, and the rules lead to a stranger",
            "ana@x.si",
            vec![("8", "Bor Kos", "")],
            vec![("ana@x.si", "8")],
            differs("8", instead()),
        ),
        (
            "the number was given to somebody else",
            "ana@x.si",
            vec![("7", "Bor Kos", "")],
            vec![("ana@x.si", "7")],
            differs("7", Found::Renamed),
        ),
        (
            "to somebody in the family",
            "ana@x.si",
            vec![("7", "Bor Novak", "")],
            vec![("ana@x.si", "7")],
            differs("7", Found::Renamed),
        ),
        (
            "the name is spelled otherwise",
            "ana@x.si",
            vec![("7", "NOVAK, Ana", "")],
            vec![("ana@x.si", "7")],
            ok("7", false),
        ),
        (
            "with an initial",
            "ana@x.si",
            vec![("7", "A. Novak", "")],
            vec![("ana@x.si", "7")],
            ok("7", false),
        ),
        (
            "the door has lost the name",
            "ana@x.si",
            vec![("7", "", "")],
            vec![("ana@x.si", "7")],
            ok("7", false),
        ),
        (
            "the file names a second person",
            "ana@x.si",
            vec![("7", "Ana Novak", ""), ("8", "Bor Kos", "")],
            vec![("ana@x.si", "7"), ("ana@x.si", "8")],
            ok("7", false),
        ),
        (
            "the file names two others",
            "ana@x.si",
            vec![("7", "Ana Novak", ""), ("8", "Bor Kos", ""), ("9", "Crt Zajc", "")],
            vec![("ana@x.si", "8"), ("ana@x.si", "9")],
            ok("7", true),
        ),
    ];
    for (what, email, device, rows, want) in cases {
        let members = [member(1, "Novak", email)];
        let (device, rows) = (persons(&device), table(&rows));
        let stored = stored(&[(1, "7", "Ana Novak")]);
        let found = resolve(listed(&members), &device, &rows, &stored, BY_EMAIL, &[]);
        assert_eq!(found, [want], "{what}");
    }
}

/// Mutants that this catches: any row moves a link; a changed row moves nobody; a row of another e-mail
/// counts; a person who was somebody else's is taken by a row alone.
#[test]
fn a_changed_row_of_a_link_file_moves_a_link() {
    let later = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
    let found = |email: &str, since: DateTime<Utc>, former: bool| {
        let mut rows = LinkTable::default();
        rows.insert(row(email, "8"), since);
        let members = [member(1, "Novak", email)];
        let device = persons(&[("7", "Ana Novak", ""), ("8", "Mimi", "")]);
        let mut stored = stored(&[(1, "7", "Ana Novak")]);
        if former {
            stored.former.insert(id("8"), [key(2)].into());
        }
        resolve(listed(&members), &device, &rows, &stored, BY_EMAIL, &[]).remove(0)
    };
    let differs = |found| Err(NoLink::NameDiffers { employee_no: id("8"), found });
    let instead = || Found::InsteadOf(id("7"));
    assert_eq!(linked(&found("ana@x.si", later, false)), Some(("8", LinkRule::File)));
    assert_eq!(found("ana@x.si", DateTime::UNIX_EPOCH, false), differs(instead()), "an old row");
    assert_eq!(found("new@x.si", later, false), differs(instead()), "another e-mail");
    assert_eq!(found("ana@x.si", later, true), differs(Found::SomebodyElses));
}

/// Mutants that this catches: the newcomer wins; both are ambiguous; a person who was somebody else's is
/// linked by an e-mail or a number alone.
#[test]
fn who_is_linked_keeps_the_person_and_the_newcomer_is_ambiguous() {
    let child = |name: &str| {
        let mut child = member(2, name, "ana@x.si");
        child.first_name = "Bor".into();
        child
    };
    let both = [member(1, "Novak", "ana@x.si"), child("Novak")];
    let device = persons(&[("7", "Ana Novak", "ana@x.si")]);
    let ambiguous = |rival: i64| {
        Err(NoLink::Ambiguous { persons: [id("7")].into(), rivals: [key(rival)].into() })
    };
    let found = |members: &[Holder], stored: &StoredLinks, device| {
        resolve(listed(members), device, &LinkTable::default(), stored, BY_EMAIL, &[])
    };
    let parents = stored(&[(1, "7", "Ana Novak")]);
    let linking = found(&both, &parents, &device);
    assert_eq!(linked(&linking[0]), Some(("7", LinkRule::DeviceEmail)));
    assert_eq!(linking[1], ambiguous(1));
    // The name on the door is nobody's: nobody knows.
    let nickname = persons(&[("7", "Card 12", "ana@x.si")]);
    let linking = found(&both, &stored(&[(1, "7", "Card 12")]), &nickname);
    assert_eq!(linking, [ambiguous(2), ambiguous(1)]);
    // Without a link of before both are newcomers.
    assert_eq!(found(&both, &no_stored(), &device), [ambiguous(2), ambiguous(1)]);

    // The parent has left, with a link that holds or one that was replaced: the child has another name.
    let alone = [child("Novak")];
    let somebody_elses =
        Err(NoLink::NameDiffers { employee_no: id("7"), found: Found::SomebodyElses });
    assert_eq!(found(&alone, &parents, &device), std::slice::from_ref(&somebody_elses));
    let former = StoredLinks {
        former: BTreeMap::from([(id("7"), [key(1)].into())]),
        ..StoredLinks::default()
    };
    assert_eq!(found(&alone, &former, &device), [somebody_elses]);
    // The name is the child's now: the number on the door was given on.
    let given_on = persons(&[("7", "Bor Novak", "ana@x.si")]);
    let linking = found(&alone, &former, &given_on);
    assert_eq!(linked(&linking[0]), Some(("7", LinkRule::DeviceEmail)));
    let linking = found(&both, &parents, &given_on);
    let renamed = Err(NoLink::NameDiffers { employee_no: id("7"), found: Found::Renamed });
    assert_eq!(linking[0], renamed);
    assert_eq!(linked(&linking[1]), Some(("7", LinkRule::DeviceEmail)));
}

/// Mutants that this catches: an acceptance holds for ever, whatever becomes of the e-mail; it holds only
/// in the run that accepts; it takes a person from a member who is linked to them.
#[test]
fn an_accepted_link_holds() {
    let members = [member(1, "Novak", "ana@x.si")];
    let device = persons(&[("7", "Ana Novak", ""), ("8", "Mimi", "")]);
    let rows = table(&[("ana@x.si", "8")]);
    let links = stored(&[(1, "7", "Ana Novak")]);
    let accept = |person: &str| AcceptedLink { employee_no: id(person), member: key(1) };
    let resolve = |members: &[Holder], links: &StoredLinks, accepted: &[AcceptedLink]| {
        resolve(listed(members), &device, &rows, links, BY_EMAIL, accepted)
    };
    for person in ["7", "8"] {
        let found = resolve(&members, &links, &[accept(person)]);
        assert_eq!(linked(&found[0]), Some((person, LinkRule::Accepted)));
        // Remembered so, it holds against the same row of the file.
        let mut accepted = stored(&[(1, person, "Mimi")]);
        let link = accepted.links.get_mut(&key(1)).unwrap();
        link.rule = LinkRule::Accepted;
        link.name = name_digest(&device[&id(person)].name);
        let found = resolve(&members, &accepted, &[]);
        assert_eq!(found[0].as_ref().map(|link| link.employee_no.clone()), Ok(id(person)));
        assert!(!found[0].as_ref().unwrap().is_outdated);
        // Another e-mail is another question.
        let moved = [member(1, "Kos", "new@x.si")];
        let other = table(&[("new@x.si", if person == "7" { "8" } else { "7" })]);
        let found = super::resolve(listed(&moved), &device, &other, &accepted, BY_EMAIL, &[]);
        assert!(matches!(&found[0], Err(NoLink::NameDiffers { found: Found::InsteadOf(_), .. })));
    }
    // Whose name the person has keeps at least the question open.
    let both = [member(1, "Novak", "ana@x.si"), member(2, "Kos", "bor@x.si")];
    let device = persons(&[("7", "Ana Novak", ""), ("8", "Bor Kos", "")]);
    let rows = table(&[("ana@x.si", "7"), ("bor@x.si", "8")]);
    let links = stored(&[(1, "7", "Ana Novak"), (2, "8", "Bor Kos")]);
    let found = super::resolve(listed(&both), &device, &rows, &links, BY_EMAIL, &[accept("8")]);
    assert!(found.iter().all(|one| matches!(one, Err(NoLink::Ambiguous { .. }))), "{found:?}");
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

#[test]
fn the_order_of_rows_makes_no_other_table() {
    let rows = [("ana@x.si", "7"), ("ana@x.si", "12"), ("ana@x.si", "3"), ("kos@x.si", "7")];
    let first = table(&rows);
    for turn in 1..rows.len() {
        let mut turned = rows;
        turned.rotate_left(turn);
        assert_eq!(table(&turned), first);
        let twice = table(&[turned, rows].concat());
        assert_eq!(twice, first);
    }
    let ana = member(1, "Novak", "ana@x.si");
    let persons: Vec<_> = first.persons(&ana, &SharedNumbers::default()).collect();
    assert_eq!(persons, [&id("12"), &id("3"), &id("7")]);
}

// Mutants: a row that two files hold counts as two persons; every e-mail counts; a person who is on no door,
// or on another one, counts; a row by number beside one by e-mail is no row of the same member.
#[test]
fn what_speaks_against_a_row() {
    use RowReason::{OtherMember, SeveralMembers, SeveralPersons};

    let rows = [
        ("ana@x.si", "7", Some(SeveralPersons)),
        ("ana@x.si", "12", Some(SeveralPersons)),
        ("ana@x.si", "away", None),
        ("kos@x.si", "7", None),
        ("kos@x.si", "7", None),
        // By number what the e-mail said otherwise.
        ("ek@x.si", "7", Some(SeveralPersons)),
        ("3", "12", Some(SeveralPersons)),
        // Nobody has it.
        ("99", "7", None),
        ("berg@x.si 4", "7", None),
        ("berg@x.si 3", "7", Some(OtherMember)),
        ("left@x.si 4", "12", Some(OtherMember)),
        ("left@x.si 99", "12", None),
        // The number of two organisations, and the two of a family with one e-mail.
        ("5", "7", Some(SeveralMembers)),
        ("zupan@x.si 5", "12", None),
        ("us@x.si 6", "7", None),
        ("us@x.si 7", "12", None),
        // Whoever has vanished is not meant.
        ("8", "7", None),
    ];
    let mut lines = table(&[]);
    for (place, (names, person, _)) in rows.iter().enumerate() {
        let since = DateTime::from_timestamp(i64::try_from(place).unwrap(), 0).unwrap();
        lines.insert(row(names, person), since);
    }
    let elsewhere = |number: i64, email: &str| Holder {
        key: HolderId::new(source("other"), &number.to_string()).unwrap(),
        ..member(number, "Lund", email)
    };
    let members = [
        (member(1, "Novak", "ana@x.si"), false),
        (member(2, "Kos", "kos@x.si"), false),
        (member(3, "Ek", "ek@x.si"), false),
        (member(4, "Berg", "berg@x.si"), false),
        (member(5, "Zupan", "zupan@x.si"), false),
        (elsewhere(5, ""), false),
        (member(6, "Us", "us@x.si"), false),
        (member(7, "Us", "us@x.si"), false),
        (member(8, "Gone", ""), true),
        (elsewhere(8, ""), false),
    ];
    let members: Vec<_> = claimants(&members).collect();
    let (door, other) = (persons(&[("7", "", ""), ("12", "", "")]), persons(&[("away", "", "")]));
    let found = rows_in_question(&lines, &members, &[&door, &other]);
    for (names, person, reason) in rows {
        assert_eq!(found.reason(&row(names, person)), reason, "{names} {person}");
    }
    assert!(!found.is_nothing());
    let (one, two) = (table(&[("ana@x.si", "7")]), table(&[("ana@x.si", "7"), ("ana@x.si", "12")]));
    assert!(rows_in_question(&one, &members, &[&door]).is_nothing());
    assert!(rows_in_question(&two, &members, &[&other]).is_nothing());
}

/// Mutants that this catches: a number alone of two members links one of them, or both; one of the two names of a
/// row is enough; the number is not looked at where there is an e-mail.
#[test]
fn rows_that_name_a_member_by_number() {
    let door = persons(&[("7", "Ana Novak", ""), ("8", "Mimi", ""), ("9", "", "")]);
    let found = |rows: &[(&str, &str)], members: &[Holder]| {
        resolve(listed(members), &door, &table(rows), &no_stored(), BY_EMAIL, &[])
    };
    let nameless = member(1, "Novak", "");
    let ok = |person: &str| {
        let employee_no = id(person);
        Ok(Link { employee_no, rule: LinkRule::File, is_outdated: false })
    };
    let ambiguous = |persons: &[&str], rivals: &[HolderId]| {
        Err(NoLink::Ambiguous {
            persons: persons.iter().map(|person| id(person)).collect(),
            rivals: rivals.iter().cloned().collect(),
        })
    };
    let one = std::slice::from_ref(&nameless);
    assert_eq!(found(&[("1", "7")], one), [ok("7")]);
    assert_eq!(found(&[("2", "7")], one), [Err(NoLink::NoEmail)]);
    assert_eq!(found(&[("ana@x.si 1", "7")], one), [Err(NoLink::NoEmail)], "the e-mail is wrong");
    let away = NoLink::NotThere { persons: [id("10")].into() };
    assert_eq!(found(&[("1", "10")], one), [Err(away)]);
    assert_eq!(found(&[("1", "7"), ("1", "8")], one), [ambiguous(&["7", "8"], &[])]);

    let family = [member(1, "Novak", "us@x.si"), member(2, "Novak", "us@x.si")];
    let rows = [("us@x.si 1", "7"), ("us@x.si 2", "8")];
    assert_eq!(found(&rows, &family), [ok("7"), ok("8")]);
    assert_eq!(
        found(&[("us@x.si", "7")], &family),
        [ambiguous(&["7"], &[key(2)]), ambiguous(&["7"], &[key(1)])]
    );
    assert_eq!(
        found(&[("us@x.si 3", "7")], &family),
        [Err(NoLink::NoPerson), Err(NoLink::NoPerson)]
    );
    assert_eq!(
        found(&[("us@x.si", "7"), ("1", "8")], &family)[0],
        ambiguous(&["7", "8"], &[key(2)])
    );

    let other = HolderId::new(source("other"), "1").unwrap();
    let both = [nameless.clone(), Holder { key: other.clone(), ..nameless }];
    assert_eq!(
        found(&[("1", "7")], &both),
        [ambiguous(&["7"], std::slice::from_ref(&other)), ambiguous(&["7"], &[key(1)])]
    );
    assert_eq!(found(&[("1", "10")], &both)[0], Err(NoLink::NoEmail), "not on this door");
    // Who is linked stays so, and the row gives the other one nobody.
    let known = stored(&[(1, "7", "Ana Novak")]);
    let kept = resolve(listed(&both), &door, &table(&[("1", "7")]), &known, BY_EMAIL, &[]);
    assert_eq!(linked(&kept[0]), Some(("7", LinkRule::File)));
    assert_eq!(kept[1], ambiguous(&["7"], &[key(1)]));
}

/// Mutants that this catches: a row by number never moves a link, or an old one does.
#[test]
fn a_changed_row_by_number_moves_a_link() {
    let later = DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1);
    let found = |names: &str, email: &str, since: DateTime<Utc>| {
        let mut rows = LinkTable::default();
        rows.insert(row(names, "8"), since);
        let members = [member(1, "Novak", email)];
        let device = persons(&[("7", "Ana Novak", ""), ("8", "Mimi", "")]);
        let stored = stored(&[(1, "7", "Ana Novak")]);
        let found = resolve(listed(&members), &device, &rows, &stored, BY_EMAIL, &[]).remove(0);
        found.map(|link| link.employee_no.to_string()).map_err(|_| ())
    };
    assert_eq!(found("1", "ana@x.si", later).as_deref(), Ok("8"));
    assert_eq!(found("1", "new@x.si", later).as_deref(), Ok("8"), "the number is who they are");
    assert_eq!(found("1", "ana@x.si", DateTime::UNIX_EPOCH), Err(()), "an old row");
    assert_eq!(found("ana@x.si 1", "ana@x.si", later).as_deref(), Ok("8"));
    assert_eq!(found("new@x.si 1", "new@x.si", later), Err(()), "another e-mail");
}

#[test]
fn a_row_is_as_old_as_it_was_when_it_gets_the_other_name() {
    let mut known = LinkTable::default();
    known.insert(row("ana@x.si", "7"), DateTime::UNIX_EPOCH);
    known.insert(row("2", "8"), DateTime::UNIX_EPOCH);
    let since = |names: &str, person: &str| known.known_since(&row(names, person));
    for (names, person) in [("ana@x.si", "7"), ("ana@x.si 1", "7"), ("2", "8"), ("b@x.si 2", "8")] {
        assert_eq!(since(names, person), Some(DateTime::UNIX_EPOCH), "{names}");
    }
    for (names, person) in [("ana@x.si", "8"), ("1", "7"), ("2", "7"), ("ana@x.si 2", "9")] {
        assert_eq!(since(names, person), None, "{names}");
    }
}

/// Mutants that this catches: a row to just another member's name links; two are many; half is most; names that are not known count; a link that
/// stands is taken back; a door whose names are no names of people is never linked.
#[test]
fn new_rows_that_mostly_lead_to_other_members_link_nobody() {
    const NAMES: [&str; 6] = ["Novak", "Kos", "Ek", "Berg", "Zupan", "Lund"];
    const IDS: [&str; 6] = ["1", "2", "3", "4", "5", "6"];
    // For each member the name on the door: `+` the own, `-` another member's, `c` no name of a human being,
    // `?` none. The first ones are linked already.
    let case = |names: &str, standing: usize| {
        let members = (1..).zip(NAMES).map(|(number, name)| {
            let first_name = String::new();
            Holder { first_name, ..member(number, name, "a@x.si") }
        });
        let members: Vec<_> = members.take(names.len()).collect();
        let other = |place: usize| NAMES[(place + 1) % names.len()];
        let on_door = names.chars().enumerate().map(|(place, sign)| match sign {
            '+' => (IDS[place], NAMES[place], ""),
            '-' => (IDS[place], other(place), ""),
            'c' => (IDS[place], "Card 9", ""),
            _ => (IDS[place], "", ""),
        });
        let on_door: Vec<_> = on_door.collect();
        let links: Vec<_> = (1..).zip(&on_door).map(|(n, (id, name, _))| (n, *id, *name)).collect();
        let found = IDS.iter().take(names.len()).map(|person| {
            let (employee_no, rule) = (id(person), LinkRule::File);
            Ok(Link { employee_no, rule, is_outdated: false })
        });
        let mut found: Linking = found.collect();
        let stored = stored(&links[..standing]);
        doubt_first_links(&mut found, members.iter(), &persons(&on_door), &stored);
        let signs = found.iter().map(|link| match link {
            Ok(_) => '+',
            Err(NoLink::NameDiffers { found: Found::OneOfMany, .. }) => '-',
            Err(NoLink::NameDiffers { found: Found::AnothersName, .. }) => 'a',
            Err(other) => panic!("{other:?}"),
        });
        signs.collect::<String>()
    };
    for (names, standing, want) in [
        ("---", 0, "---"),
        ("--", 0, "aa"),
        ("---+++", 0, "aaa+++"),
        ("---++", 0, "---++"),
        ("---???", 0, "------"),
        ("??????", 0, "++++++"),
        ("---c", 0, "----"),
        ("--cccc", 0, "aa++++"),
        ("cccccc", 0, "++++++"),
        ("+++---", 3, "+++---"),
        ("------", 3, "+++---"),
        ("------", 4, "++++aa"),
    ] {
        assert_eq!(case(names, standing), want, "{names} {standing}");
    }
}

#[test]
fn a_link_that_would_move_with_many_others_stays_what_it_was() {
    let names = ["Novak", "Kos", "Ek"];
    let members: Vec<_> = (1..).zip(names).map(|(number, name)| member(number, name, "")).collect();
    let device = persons(&[("1", "Novak", ""), ("2", "Kos", ""), ("3", "Ek", "")]);
    let one = |person: &str| {
        Ok(Link { employee_no: id(person), rule: LinkRule::File, is_outdated: false })
    };
    let mut found: Linking = vec![one("2"), one("3"), one("1")];
    let stored = stored(&[(1, "1", "Novak")]);
    doubt_first_links(&mut found, members.iter(), &device, &stored);
    let differs = |person: &str, found| Err(NoLink::NameDiffers { employee_no: id(person), found });
    let instead = Found::InsteadOf(id("1"));
    let many = || Found::OneOfMany;
    assert_eq!(found, [differs("2", instead), differs("3", many()), differs("1", many())]);
}

/// Mutants: a new link by any of the rules; a rival whom the door does not let in; a link from before that
/// is forgotten, so that nobody sees whose the time is; one that keeps a person from somebody who is let in.
#[test]
fn whoever_is_not_let_in_is_linked_to_nobody_anew_and_is_nobodys_rival() {
    let members = [member(1, "Novak", "ana@x.si"), member(2, "Novak", "ana@x.si")];
    let device = persons(&[("1", "Ana Novak", "ana@x.si")]);
    let rows = table(&[("ana@x.si", "1")]);
    let shut_out = |members: &[Holder], stored: &StoredLinks, persons: &_| {
        let all = members.iter().map(|member| Claimant {
            member,
            vanished_since: None,
            is_let_in: member.key != key(1),
        });
        resolve(all, persons, &rows, stored, ALL, &[])
    };
    let other = || Err(NoLink::OtherOrganisation);
    assert_eq!(shut_out(&members[..1], &no_stored(), &device), [other()]);
    let linked = |found: &Linking, place: usize| {
        found[place].as_ref().map(|link| link.employee_no.clone()).ok()
    };
    let found = shut_out(&members, &no_stored(), &device);
    assert_eq!((&found[0], linked(&found, 1)), (&other(), Some(id("1"))));
    // From before `organisations`.
    let before = stored(&[(1, "1", "Ana Novak")]);
    let found = shut_out(&members[..1], &before, &device);
    assert_eq!(linked(&found, 0), Some(id("1")));
    assert!(found[0].as_ref().is_ok_and(|link| !link.is_outdated), "nothing is wrong with it");
    let found = shut_out(&members, &before, &device);
    assert!(matches!(found[0], Err(NoLink::Yielded { .. })), "{found:?}");
    assert_eq!(linked(&found, 1), Some(id("1")));
    let renamed = persons(&[("1", "Bor Kos", "")]);
    assert_eq!(shut_out(&members[..1], &before, &renamed), [other()]);
    assert_eq!(shut_out(&members[..1], &before, &persons(&[])), [other()]);
}
