//! Rows of link files: what speaks against one, and what many of them move.

use super::*;

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
    let found = found.without_linked(|key| *key == super::key(5));
    let five = rows.iter().find(|(_, _, reason)| *reason == Some(SeveralMembers));
    let (names, person, _) = five.unwrap();
    assert_eq!(found.reason(&row(names, person)), None, "one of the two is linked on some door");
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
