//! Tables for the link rules.

mod rows;
mod vanished;

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

/// Mutants: both are ambiguous; the one of long ago keeps the person; two members of one organisation are
/// told apart in this way too, who may be two of a family.
#[test]
fn of_two_organisations_members_the_one_who_was_linked_last_keeps_the_person() {
    let mut other = member(2, "Novak", "ana@x.si");
    other.key.source = source("spa");
    let pair = [member(1, "Novak", "ana@x.si"), other];
    let device = persons(&[("7", "Ana Novak", "ana@x.si")]);
    let linked_at = |seconds: [i64; 2], pair: &[Holder; 2]| {
        let mut links = stored(&[(1, "7", "Ana Novak")]);
        let link = links.links[&key(1)].clone();
        for (member, at) in pair.iter().zip(seconds) {
            let made_at = DateTime::from_timestamp(at, 0).unwrap();
            links.links.insert(member.key.clone(), StoredLink { made_at, ..link.clone() });
        }
        links
    };
    let found = |seconds: [i64; 2], pair: &[Holder; 2]| {
        let links = linked_at(seconds, pair);
        let all = resolve(listed(pair), &device, &table(&[]), &links, BY_EMAIL, &[]);
        [all[0].is_ok(), all[1].is_ok()]
    };
    assert_eq!(found([1, 2], &pair), [false, true]);
    assert_eq!(found([3, 2], &pair), [true, false]);
    assert_eq!(found([2, 2], &pair), [false, false], "nobody knows");
    let family = [member(1, "Novak", "ana@x.si"), member(2, "Novak", "ana@x.si")];
    assert_eq!(found([1, 2], &family), [false, false]);
}

/// Mutants: the member of before is nobody there, so that nobody sees whose the time is; the newcomer is
/// ambiguous, and told to put into the link file what stands there.
#[test]
fn a_newcomer_with_another_name_takes_nothing_from_who_was_there_before_organisations() {
    let mut newcomer = member(1, "Steel", "");
    newcomer.key.source = source("spa");
    let members = [member(1, "Novak", ""), newcomer];
    let device = persons(&[("7", "Ana Novak", "")]);
    let all = members.iter().map(|member| Claimant {
        member,
        vanished_since: None,
        is_let_in: member.key.source == source("spa"),
    });
    let before = stored(&[(1, "7", "Ana Novak")]);
    let found = resolve(all, &device, &table(&[("1", "7")]), &before, BY_EMAIL, &[]);
    assert!(found[0].as_ref().is_ok_and(|link| link.employee_no == id("7")), "{found:?}");
    let somebody_elses = Found::SomebodyElses;
    let differs = NoLink::NameDiffers { employee_no: id("7"), found: somebody_elses };
    assert_eq!(found[1], Err(differs));
}
