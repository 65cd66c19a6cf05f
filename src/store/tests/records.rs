//! What is written comes back as it was: members, persons, links.

use super::*;
use crate::model::testing::undated;
use std::collections::BTreeSet;

use crate::engine::link::LinkTable;
use crate::engine::link::file::{LinkRow, MemberNamed, RowReason, UnusableRow};

/// Mutant: the rows of the members are read before a commit of somebody else, and their roles after it.
#[test]
fn whoever_reads_beside_a_run_sees_members_whole() {
    let sandbox = Sandbox::new();
    let (reader, writer) = (sandbox.open(), sandbox.open());
    let of_some_time = |fewer: bool| {
        let mut members: Vec<_> = (1..60).map(member).collect();
        members.iter_mut().filter(|_| fewer).for_each(|one| one.member.roles.truncate(1));
        members
    };
    list_members(&writer, &of_some_time(true));
    std::thread::scope(|threads| {
        let reading = threads.spawn(move || {
            for _ in 0..300 {
                assert_eq!(reader.members().members(club()).unwrap().len(), 59);
            }
        });
        for turn in 0.. {
            list_members(&writer, &of_some_time(turn % 2 == 0));
            if reading.is_finished() {
                break;
            }
        }
    });
}

#[test]
fn members_come_back_as_they_were() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let bare = StoredHolder {
        member: Holder {
            key: undated(&key(club(), 7)),
            number: None,
            first_name: String::new(),
            last_name: "\u{0}\u{202e}'\"".into(),
            email: None,
            inactive: true,
            roles: vec![],
            unreadable: vec![unreadable(1, "EndDate is `soon`"), unreadable(2, "\"\u{0}'")],
        },
        problem: Some("EndDate is `soon`, not a date".into()),
        missed: 2,
        missing_since: Some(at(5)),
        said_at: at(3),
        is_repeated: true,
    };
    let elsewhere = Holder { key: key(&spa(), 1), ..member(1).member };
    let elsewhere = StoredHolder::seen(elsewhere, at(1));
    // Another birth date is another member.
    let mut twin = member(7);
    twin.member.key = HolderId::new(club().clone(), "7/1904-02-29").unwrap();
    list_members(&store, &[twin.clone(), member(150_002), bare.clone()]);
    let changed = [whole(elsewhere.clone())];
    let delta = ListingDelta { changed: &changed, state: SourceState::default() };
    store.members().record_listing(&spa(), &delta).unwrap();
    drop(store);
    let store = sandbox.open();
    assert_eq!(
        store.members().members(club()).unwrap(),
        [bare, twin, member(150_002)],
        "sorted by key"
    );
    assert_eq!(store.members().members(&spa()).unwrap(), [elsewhere]);
}

#[test]
fn a_listing_replaces_members_whole_and_leaves_the_others() {
    let store = Sandbox::new().open();
    list_members(&store, &[member(1), member(2)]);
    let mut changed = member(2);
    changed.member.roles = vec![role(9, "2027-01-01T00:00:00", "2027-12-31T18:30:00")];
    changed.member.email = None;
    changed.member.inactive = true;
    list_members(&store, std::slice::from_ref(&changed));
    assert_eq!(store.members().members(club()).unwrap(), [member(1), changed]);
}

#[test]
fn whose_e_mail_and_roles_are_the_same_is_recorded_all_the_same() {
    let store = Sandbox::new().open();
    list_members(&store, &[member(1), member(2)]);
    let mut changed = member(2);
    changed.member.first_name = "Renamed".to_owned();
    changed.member.last_name = "Too".to_owned();
    changed.member.inactive = !changed.member.inactive;
    (changed.problem, changed.missed) = (Some("EndDate is missing".to_owned()), 2);
    changed.missing_since = Some(at(3));
    // Who is not on file is recorded whole, whatever is said.
    let news = [changed.clone(), member(3)];
    let news = news.map(|stored| Changed { stored, keeps_email_and_roles: true });
    let delta = ListingDelta { changed: &news, state: SourceState::default() };
    store.members().record_listing(club(), &delta).unwrap();
    assert_eq!(store.members().members(club()).unwrap(), [member(1), changed, member(3)]);
}

#[test]
fn the_state_of_an_organisation() {
    let store = Sandbox::new().open();
    assert_eq!(store.members().source_state(club()).unwrap(), SourceState::default());
    list_members(&store, &[member(1)]);
    let mut state = SourceState {
        complete_at: Some(at(0)),
        fetched_at: Some(at(0)),
        complete_members: Some(1),
        second_look: None,
    };
    assert_eq!(store.members().source_state(club()).unwrap(), state);
    state.fetched_at = Some(at(5));
    for second_look in [None, Some(SecondLook::Complete), Some(SecondLook::Since(at(2)))] {
        store.members().record_second_look(club(), second_look).unwrap();
        assert_eq!(store.members().source_state(club()).unwrap().second_look, second_look);
    }
    let delta = ListingDelta { changed: &[], state: state.clone() };
    store.members().record_listing(club(), &delta).unwrap();
    assert_eq!(store.members().source_state(club()).unwrap(), state);
}

#[test]
fn role_names_are_replaced_as_a_whole() {
    let store = Sandbox::new().open();
    let names = |list: &[(i64, &str)]| -> BTreeMap<RightCode, String> {
        list.iter().map(|(id, name)| (RightCode::whole(*id).unwrap(), (*name).to_owned())).collect()
    };
    let first = names(&[(1, "Gym"), (3126, "Årskort 'Šport' 漢")]);
    store.members().record_role_names(club(), &first).unwrap();
    assert_eq!(store.members().role_names(club()).unwrap(), first);
    let second = names(&[(2, "Sauna")]);
    store.members().record_role_names(club(), &second).unwrap();
    assert_eq!(store.members().role_names(club()).unwrap(), second);
    assert!(store.members().role_names(&spa()).unwrap().is_empty());
}

#[test]
fn persons_of_every_limit_come_back_as_they_were() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let begin = Some(time("2026-01-01T00:00:00"));
    let end = Some(time("1999-12-31T00:00:00"));
    let limits = [
        Limit::Window(year()),
        Limit::Permanent(None),
        Limit::Permanent(Some(year())),
        Limit::Unreadable { begin: None, end: None },
        Limit::Unreadable { begin, end: None },
        Limit::Unreadable { begin: None, end },
        Limit::Unreadable { begin, end },
    ];
    let mut persons: Vec<Record> = Vec::new();
    for (place, limit) in limits.into_iter().enumerate() {
        persons.push(Record { limit, ..person(&format!("00{place}")) });
    }
    for standing in RecordStanding::ALL {
        persons.push(Record { standing, ..person(&format!("{standing:?}")) });
    }
    persons.push(Record { email: None, ..person("x'\"; --") });
    read_door(&store, persons.clone());
    drop(store);
    assert_eq!(sandbox.open().devices().persons(&door()).unwrap().persons, list(persons));
}

#[test]
fn a_reading_is_the_whole_list() {
    let store = Sandbox::new().open();
    assert!(store.devices().device_state(&door()).unwrap().needs_read, "never read");
    read_door(&store, [person("1"), person("2")]);
    store
        .devices()
        .record_in_sync(&door(), &[(id("1"), year()), (id("2"), year())], at(1))
        .unwrap();
    let moved = Record { fingerprint: "moved".into(), ..person("2") };
    read_door(&store, [moved.clone(), person("3")]);
    let found = store.devices().persons(&door()).unwrap();
    assert_eq!(found.persons, list([moved, person("3")]));
    assert_eq!(found.confirmed, BTreeMap::from([(id("2"), year())]), "kept for who is still there");
    assert_eq!(store.devices().confirmed_at(&door(), &id("2")).unwrap(), Some(at(1)));
    assert_eq!(store.devices().confirmed_at(&door(), &id("3")).unwrap(), None);
    assert_eq!(store.devices().confirmed_at(&door(), &id("1")).unwrap(), None, "forgotten");
    // Somebody who comes back is new.
    read_door(&store, [person("1")]);
    assert!(store.devices().persons(&door()).unwrap().confirmed.is_empty());
}

#[test]
fn persons_read_by_number_leave_the_others() {
    let store = Sandbox::new().open();
    read_door(&store, [person("1"), person("2")]);
    let moved = Record { limit: Limit::Permanent(None), ..person("2") };
    store.devices().record_persons(&door(), [&moved].into_iter()).unwrap();
    assert_eq!(store.devices().persons(&door()).unwrap().persons, list([person("1"), moved]));
}

#[test]
fn the_state_of_a_device() {
    let store = Sandbox::new().open();
    store.devices().know_device(&door()).unwrap();
    store.devices().know_device(&door()).unwrap();
    let never = TargetState { needs_read: true, ..TargetState::default() };
    assert_eq!(store.devices().device_state(&door()).unwrap(), never);
    read_door(&store, [person("1")]);
    let read = TargetState {
        serial: Some("DS-K1T342".into()),
        version: Some("V3.18.0".into()),
        proven_version: None,
        read_at: Some(at(0)),
        needs_read: false,
        first_written_at: None,
        ..TargetState::default()
    };
    assert_eq!(store.devices().device_state(&door()).unwrap(), read);
    store.devices().require_reading(&door()).unwrap();
    assert_eq!(
        store.devices().device_state(&door()).unwrap(),
        TargetState { needs_read: true, ..read.clone() }
    );
    read_door(&store, [person("1")]);
    store.devices().end_first_run(&door(), at(2)).unwrap();
    store.devices().end_first_run(&door(), at(3)).unwrap();
    let written = TargetState { first_written_at: Some(at(2)), ..read };
    assert_eq!(store.devices().device_state(&door()).unwrap(), written, "the first time counts");
    let other = TargetName::new("back-door").unwrap();
    assert!(
        store.devices().persons(&other).unwrap().persons.is_empty(),
        "each device has its own persons"
    );
}

/// Mutants that this catches: a link that is replaced leaves no former link; whoever had the person keeps
/// it; what was served is not stored, or not sealed.
#[test]
fn links_are_kept_with_their_rule_and_replaced() {
    let store = Sandbox::new().open();
    list_members(&store, &[member(1), member(2)]);
    let (one, two) = (key(club(), 1), key(club(), 2));
    let window = Window::new(time("2026-01-01T00:00:00"), time("2026-12-31T23:59:59")).unwrap();
    let served = |is_loss_accepted| Some(Served { window, is_loss_accepted });
    let mut first = link("7", LinkRule::File);
    first.served = served(false);
    let links = [(one.clone(), first.clone()), (two.clone(), link("8", LinkRule::DeviceEmail))];
    store.links().record_links(&door(), &StoredLinks::default(), &links).unwrap();
    let known = store.links().links(&door()).unwrap();
    assert_eq!(known, StoredLinks { links: links.into_iter().collect(), former: BTreeMap::new() });

    // The same person, by another rule: nothing is replaced.
    first.rule = LinkRule::Accepted;
    first.served = served(true);
    store.links().record_links(&door(), &known, &[(one.clone(), first.clone())]).unwrap();
    let known = store.links().links(&door()).unwrap();
    assert_eq!((&known.links[&one], known.former.len()), (&first, 0));

    // Another person: the old link is a former one.
    let number = link("007", LinkRule::HolderNumber);
    store.links().record_links(&door(), &known, &[(one.clone(), number.clone())]).unwrap();
    let known = store.links().links(&door()).unwrap();
    assert_eq!(known.links.get(&one), Some(&number));
    assert_eq!(known.former, BTreeMap::from([(id("7"), [one.clone()].into())]));

    // Somebody else's person: the link of whoever had it is a former one, too.
    store.links().record_links(&door(), &known, &[(two.clone(), number.clone())]).unwrap();
    let known = store.links().links(&door()).unwrap();
    assert_eq!(known.links, [(two.clone(), number)].into_iter().collect());
    let former = [
        (id("007"), [one.clone()].into()),
        (id("7"), [one.clone()].into()),
        (id("8"), [two.clone()].into()),
    ];
    assert_eq!(known.former, BTreeMap::from(former));
    let other = store.links().links(&TargetName::new("back-door").unwrap()).unwrap();
    assert_eq!(other, StoredLinks::default());

    // A member who is not known cannot be linked.
    let stranger = [(key(club(), 3), link("9", LinkRule::File))];
    store.links().record_links(&door(), &known, &stranger).unwrap();
    assert_eq!(store.links().links(&door()).unwrap(), known);

    store.connection.execute_batch("UPDATE link SET made_at = made_at + 1").unwrap();
    assert!(matches!(
        store.links().links(&door()),
        Err(StoreError { problem: StoreProblem::Damaged(_), .. })
    ));
}

#[test]
fn the_roles_of_a_door_are_settled_for_each_organisation() {
    let store = Sandbox::new().open();
    let role = |id| RightCode::whole(id).unwrap();
    assert!(store.links().settled_roles(&door()).unwrap().is_empty());
    for (source, roles) in [
        (club(), None),
        (club(), Some(BTreeSet::new())),
        (&spa(), Some([role(1), role(3126)].into())),
    ] {
        store.links().record_settled_roles(&door(), source, roles.as_ref()).unwrap();
        assert_eq!(store.links().settled_roles(&door()).unwrap()[source], roles);
    }
    assert_eq!(store.links().settled_roles(&door()).unwrap().len(), 2);
}

// Mutants: a row is as old as the reading that holds it; rows of another file are replaced too.
#[test]
fn rows_of_link_files() {
    let store = Sandbox::new().open();
    let table = |rows: &[(&str, &str, i64)]| {
        let rows = (2..).zip(rows).map(|(line, (email, person, since))| {
            let (employee_no, email) = (id(person), Email::parse(email));
            let number = email.is_none().then(|| "42".parse().unwrap());
            let member = MemberNamed::new(email, number).unwrap();
            (LinkRow { line, employee_no, member }, at(*since))
        });
        rows.collect::<Vec<_>>()
    };
    let read = |store: &Store, path: &str| {
        let mut rows = store.links().link_rows(path).unwrap();
        rows.sort_by_key(|(row, _)| row.line);
        rows
    };
    assert_eq!(store.links().link_file_hash("a.xlsx").unwrap(), None);
    let first =
        table(&[("åsa@x.se", "7", 0), ("åsa@x.se", "8", -5), ("kos@x.si", "007", 0), ("", "9", 0)]);
    let other = table(&[("berg@x.se", "9", 0), ("kos@x.si", "007", -9)]);
    store.links().record_link_file("a.xlsx", "hash 1", &first, &[], at(0)).unwrap();
    store.links().record_link_file("b.csv", "hash 2", &other, &[], at(0)).unwrap();
    assert_eq!(store.links().link_file_hash("a.xlsx").unwrap().as_deref(), Some("hash 1"));
    assert_eq!((read(&store, "a.xlsx"), read(&store, "b.csv")), (first, other.clone()));
    let mut both = LinkTable::default();
    both.extend(read(&store, "a.xlsx"));
    both.extend(read(&store, "b.csv"));
    let since = |person: &str| both.known_since(&table(&[("kos@x.si", person, 0)])[0].0);
    assert_eq!((since("007"), since("7")), (Some(at(-9)), None), "the file that had it first");
    let second = table(&[("kos@x.si", "7", 1)]);
    store.links().record_link_file("a.xlsx", "hash 3", &second, &[], at(1)).unwrap();
    assert_eq!(store.links().link_file_hash("a.xlsx").unwrap().as_deref(), Some("hash 3"));
    assert_eq!((read(&store, "a.xlsx"), read(&store, "b.csv")), (second, other));
}

#[test]
fn rows_that_were_left_out_and_files_in_doubt() {
    let store = Sandbox::new().open();
    let row = |line, reason, person: Option<&str>, emails: &[&str]| UnusableRow {
        line,
        reason,
        cell: "x \"y\"".to_owned(),
        employee_no: person.map(id),
        emails: emails.iter().map(|email| Email::parse(email).unwrap()).collect(),
        number: person.map(|_| "42".parse().unwrap()),
    };
    let rows: Vec<_> = (2..)
        .zip(RowReason::ALL)
        .map(|(line, reason)| match line % 3 {
            0 => row(line, reason, Some("007"), &["a@x.si"]),
            1 => row(line, reason, None, &["a@x.si", "b@x.si"]),
            _ => row(line, reason, Some("ž 8"), &[]),
        })
        .collect();
    let table = [];
    store.links().record_link_file("a.csv", "hash 1", &table, &rows, at(0)).unwrap();
    store.links().record_link_file("b.csv", "hash 1", &table, &rows[..1], at(0)).unwrap();
    assert_eq!(store.links().link_rows_left_out("a.csv").unwrap(), rows);
    store.links().record_link_file("a.csv", "hash 2", &table, &rows[1..3], at(1)).unwrap();
    assert_eq!(store.links().link_rows_left_out("a.csv").unwrap(), rows[1..3]);
    assert_eq!(store.links().link_rows_left_out("b.csv").unwrap(), rows[..1]);

    // A file need not be known to be doubted.
    assert_eq!(store.links().doubted_link_file("c.csv").unwrap(), None);
    for hash in ["hash 7", "hash 8"] {
        store.links().doubt_link_file("c.csv", Some(hash)).unwrap();
        assert_eq!(store.links().doubted_link_file("c.csv").unwrap().as_deref(), Some(hash));
    }
    store.links().doubt_link_file("c.csv", None).unwrap();
    assert_eq!(store.links().doubted_link_file("c.csv").unwrap(), None);
}

#[test]
fn together_is_all_or_nothing() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let state = || SourceState { complete_members: Some(1), ..SourceState::default() };
    let one = [whole(member(1))];
    let broken: Result<(), _> = store.together(|store| {
        store.members().record_listing(club(), &ListingDelta { changed: &one, state: state() })?;
        store.devices().know_device(&door())?;
        Err(store.error(StoreProblem::Unusable("the disk is full".to_owned())))
    });
    assert!(matches!(broken, Err(StoreError { problem: StoreProblem::Unusable(_), .. })));
    assert!(store.members().members(club()).unwrap().is_empty());
    assert_eq!(store.members().source_state(club()).unwrap(), SourceState::default());
    let done = store.together(|store| {
        store.members().record_listing(club(), &ListingDelta { changed: &one, state: state() })?;
        // Nobody sees a half of it.
        assert!(sandbox.open().members().members(club())?.is_empty());
        store.devices().know_device(&door())
    });
    done.unwrap();
    assert_eq!(sandbox.open().members().members(club()).unwrap(), [member(1)]);
    // And what comes after is by itself again.
    list_members(&store, &[member(2)]);
    assert_eq!(sandbox.open().members().members(club()).unwrap().len(), 2);
}

/// Mutants: rows are kept by the section's name; whoever reads an account that no section names is taken for
/// a section of that name.
#[test]
fn a_section_may_get_another_name_and_another_account_is_another_organisation() {
    let sandbox = Sandbox::new();
    let reading = |name: &str, account: &str| {
        let source = SourceName::new(name).unwrap();
        sandbox.open().with_accounts([(source, account.to_owned())].into_iter().collect())
    };
    let store = reading("club", "cardskipper:123");
    list_members(&store, &[member(1)]);
    read_door(&store, [person("1")]);
    let links = [(key(club(), 1), link("1", LinkRule::File))];
    store.links().record_links(&door(), &StoredLinks::default(), &links).unwrap();
    let linked = |store: &Store| {
        let links = store.links().links(&door()).unwrap().links;
        links.into_keys().map(|key| (key.source.to_string(), key.human().to_owned())).next()
    };
    assert_eq!(linked(&store), Some(("club".to_owned(), "1".to_owned())));
    drop(store);
    let store = reading("spa", "cardskipper:123");
    assert_eq!(store.members().members(&spa()).unwrap().len(), 1, "another name");
    assert_eq!(linked(&store), Some(("spa".to_owned(), "1".to_owned())));
    drop(store);
    let store = reading("club", "cardskipper:456");
    assert!(store.members().members(club()).unwrap().is_empty(), "another account");
    let left = linked(&store).unwrap().0;
    assert_eq!(left, "cardskipper:123");
    assert!(SourceName::new(&left).is_err(), "no section is called so");
}
