//! What people read. The texts stand here whole, so that a changed word is a change on purpose.

use super::*;
use crate::engine::link::NoLink;
use crate::engine::plan::tests::world::time;
use crate::report::changes::cause_words;
use crate::report::look::Look;
use crate::report::text::{explain, first, last, limit, moment, summary, window as show};

fn render(report: &Report) -> String {
    crate::report::text::render(report, Look::PLAIN)
}

/// Mutant: the id alone, also where names are shown.
#[test]
fn the_name_that_the_door_holds_stands_beside_the_person() {
    use crate::report::text::person;
    let id = RecordId::new("1004").unwrap();
    for (name, want) in [(Some("Ana Novak"), "1004 Ana Novak"), (Some(""), "1004"), (None, "1004")]
    {
        assert_eq!(person(&id, name), want);
    }
}

/// Mutants: one more than are shown; the rest is not counted, or is counted where there is none.
#[test]
fn many_things_are_not_all_named() {
    use crate::text::lists::some_of;
    for (count, want) in
        [(0, ""), (1, "1"), (2, "1; 2"), (3, "1; 2; and 1 more"), (9, "1; 2; and 7 more")]
    {
        assert_eq!(some_of(1..=count, 2, "; "), want);
    }
}

#[test]
fn nothing_to_do() {
    let quiet = report(CommandName::Sync, &World::agreeing(3));
    assert_eq!(render(&quiet), "In sync: nothing to change on 1 door.\n");
    let two = report(CommandName::Diff, &World::agreeing(3).device("yard-door"));
    assert_eq!(render(&two), "In sync: nothing to change on 2 doors.\n");
    assert_eq!(
        render(&report(CommandName::Apply, &World::agreeing(3))),
        "The plan holds nothing to do.\n"
    );
}

#[test]
fn some_changes() {
    let world = World::agreeing(12)
        .renewed("150001")
        .paid("150011", &[("2026-11-15", "2027-10-31")])
        .holds("11", "2025-11-01", "2026-10-31T23:59:59")
        .holds("12", "2026-01-01", "2027-06-30")
        .inactive("150003");
    let mut diff = report(CommandName::Diff, &world);
    assert_eq!(
        render(&diff),
        "  member  person  door        change                                             why
  150001  1       front-door  2026-12-31 → 2027-12-31                            renewed
  150003  3       front-door  2026-12-31 → 2026-11-20                            marked inactive
  150011  11      front-door  2025-11-01 – 2026-10-31 → 2026-11-15 – 2027-10-31  started
  150012  12      front-door  2027-06-30 00:00:00 → 2026-12-31                   drift on the door, taken back

2 changes give or lengthen access, 2 changes end or shorten access.
"
    );
    diff.names.insert(diff.changes[0].change.member.clone(), "Žiga Novak".into());
    assert!(render(&diff).contains("\n  150001 Žiga Novak  1 "), "{}", render(&diff));
}

/// Mutants: a door that differs is put with the others; the member's own name is said twice, or another
/// name is not said; sorted by text, so that member 99 comes last.
#[test]
fn doors_that_agree_stand_beside_each_other() {
    let doors = ["yard-door", "back-door"];
    let world = doors.iter().fold(World::agreeing(3), |world, door| world.device(door));
    let world = world.renewed("150002").renewed("150001");
    let mut diff = report(CommandName::Diff, &world);
    diff.changes.sort_by_key(|one| (one.change.device.clone(), one.change.member.clone()));
    let last = diff.changes.len() - 1;
    diff.changes[last].error = Some("not reached in this run".into());
    let [first, second] = ["150001", "150002"].map(|number| world.key(number));
    diff.names.insert(first, "Žiga Novak".into());
    diff.names.insert(second, "Ana Kos".into());
    for door in doors.iter().chain([&FRONT]) {
        let named =
            |n: &str, name: &str| ((TargetName::new(door).unwrap(), employee(n)), name.to_owned());
        diff.person_names.extend([named("1", "ZIGA NOVAK"), named("2", "Ana Kos Zver")]);
    }
    assert_eq!(
        render(&diff),
        "  member             person          door                              change                   why
  150001 Žiga Novak  1               back-door, front-door, yard-door  2026-12-31 → 2027-12-31  renewed
  150002 Ana Kos     2 Ana Kos Zver  back-door, front-door             2026-12-31 → 2027-12-31  renewed
  150002 Ana Kos     2 Ana Kos Zver  yard-door                         2026-12-31 → 2027-12-31  renewed  not reached in this run

6 changes give or lengthen access.
"
    );
    let numbers = ["150001", "99"]
        .map(|number| HolderId::new(SourceName::new("club").unwrap(), number).unwrap());
    let lines = numbers.iter().map(|key| (key, "door".to_owned(), ()));
    let sorted = changes::beside(lines);
    assert_eq!(sorted.iter().map(|(key, ..)| *key).collect::<Vec<_>>(), [&numbers[1], &numbers[0]]);
}

/// Of 80 columns, with two doors and names of usual length.
#[test]
fn the_table_fits_a_terminal_of_80_columns_without_blocks() {
    let world = World::agreeing(2).device("back-door").renewed("150001").inactive("150002");
    let mut sync = report(CommandName::Sync, &world);
    sync.names.insert(world.key("150001"), "Žiga Novak Šuštar".into());
    let shown = crate::report::text::render(&sync, Look { is_coloured: false, width: Some(80) });
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(shown.starts_with("  member "), "{shown}");
}

/// Mutant: one of 199 is not named, or one of 200 is shown beyond the first eight.
#[test]
fn fewer_than_200_are_all_named() {
    for (count, shown) in [(199, 199), (200, 8)] {
        let numbers = (150_001..150_001 + count).map(|number: i64| number.to_string());
        let world = numbers
            .fold(World::agreeing(count.unsigned_abs() as usize), |world, number| {
                world.link(FRONT, &number, Err(NoLink::NoPerson))
            });
        let text = render(&report(CommandName::Diff, &world));
        assert_eq!(text.lines().filter(|line| line.ends_with("  front-door")).count(), shown);
        let rest = "  … and 192 more (all of them: ivms-sync status --unlinked FILE)\n";
        assert_eq!(text.contains(rest), shown == 8, "{text}");
    }
}

#[test]
fn every_way_to_end() {
    let shown = render(&every_outcome());
    let ends: Vec<&str> =
        shown.lines().skip(1).take(7).map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(
        ends,
        [
            "confirmed",
            "refused: it said no",
            "refused: the person moved",
            "not-applied: it holds another window",
            "unknown: the answer was lost",
            "planned: not reached in this run",
            "blocked",
        ]
    );
    assert!(
        shown.ends_with(
            "\n1 change done, 5 changes not done, 1 change blocked.\n\n\
             Blocked changes wait for you. If each of them is right:\n  \
             ivms-sync apply --blocked 0a1b2c3d\n"
        ),
        "{shown}"
    );
    let mut diff = every_outcome();
    diff.is_blocked_new = true;
    assert!(render(&diff).contains("After the next sync, if each of them is right:"));
}

#[test]
fn doors_and_sources_that_did_not_do() {
    let mut sync = report(CommandName::Sync, &World::agreeing(3).renewed("150001"));
    for (outcome, words) in [
        (TargetOutcome::Unreachable, "front-door gave no usable answer"),
        (TargetOutcome::LoginRefused, "front-door refused the login"),
        (TargetOutcome::ClockWrong, "front-door has a wrong clock"),
        (TargetOutcome::Observed, "front-door is only observed"),
    ] {
        sync.devices[0].outcome = outcome;
        assert_eq!(summary(&sync), format!("1 change not done, {words}."));
    }
    assert!(render(&sync).contains("  renewed  only observed\n"), "{}", render(&sync));
    sync.changes.clear();
    sync.devices[0].outcome = TargetOutcome::Ok;
    sync.sources.push(SourceReport {
        name: SourceName::new("club").unwrap(),
        system: "Cardskipper",
        is_complete: true,
        members: 0,
        accepted: false,
        reason: None,
    });
    assert_eq!(summary(&sync), "club gave no usable answer.");
}

#[test]
fn members_left_out_by_reason() {
    let no_person =
        |world: World, n: i64| world.link(FRONT, &(150_000 + n).to_string(), Err(NoLink::NoPerson));
    let world = (1..=10)
        .fold(World::agreeing(14), no_person)
        .link(FRONT, "150011", Err(NoLink::NoEmail))
        .paid("150011", &[("2025-01-01", "2025-12-31")])
        .link(FRONT, "150012", Err(NoLink::NoPerson))
        .paid("150012", &[("2025-01-01", "2025-12-31")])
        .roles("150013", &[])
        .problem("150014", "EndDate is missing");
    assert_eq!(
        render(&report(CommandName::Diff, &world)),
        "\
Nothing to change on 1 door; 11 members with paid time are left out.

10 members left out: no person found on the door (and 1 whose time is over)
  Enrol the member on the door, and put the person id and the e-mail into a link file.
  150001  front-door
  150002  front-door
  150003  front-door
  150004  front-door
  150005  front-door
  150006  front-door
  150007  front-door
  150008  front-door
  150009  front-door
  150010  front-door

1 member left out: dates that cannot be right
  Correct the dates of the membership in its system; of a person who is named, those at the door.
  150014  front-door  EndDate is missing
"
    );
}

#[test]
fn every_reason_says_what_to_do() {
    use crate::engine::plan::Reason::*;
    let reasons = [
        NoEmail,
        NoPerson,
        Ambiguous,
        NoDoorRole,
        BadDates,
        Protected,
        NameDiffers,
        Blocked,
        DeviceUnreachable,
        PermanentOnDevice,
        FlawedOnDevice,
    ];
    for reason in reasons {
        let (title, remedy) = explain(reason);
        assert!(!title.is_empty() && title.chars().next().is_some_and(char::is_lowercase));
        assert!(remedy.ends_with('.'), "{remedy}");
    }
}

#[test]
fn kept_links_are_told() {
    let mut kept = report(CommandName::Diff, &World::agreeing(1));
    let member = World::agreeing(1).key("150001");
    kept.kept_links.push(KeptLink {
        source: SourceName::new("club").unwrap(),
        member,
        device: TargetName::new(FRONT).unwrap(),
        employee_no: employee("1"),
        rule: LinkRule::File,
    });
    let shown = render(&kept);
    assert!(shown.contains("\n1 link kept from before, although no e-mail leads there any more\n"));
    assert!(shown.contains("\n  150001  front-door  person 1\n"), "{shown}");
}

#[test]
fn moments_and_windows() {
    for (at, of_role, begins, ends) in [
        ("2026-12-31T00:00:00", "2026-12-31", "2026-12-31", "2026-12-31 00:00:00"),
        ("2026-12-31T23:59:59", "2026-12-31", "2026-12-31 23:59:59", "2026-12-31"),
        (
            "2026-12-31T18:30:00",
            "2026-12-31 18:30:00",
            "2026-12-31 18:30:00",
            "2026-12-31 18:30:00",
        ),
        (
            "2026-12-31T00:00:01",
            "2026-12-31 00:00:01",
            "2026-12-31 00:00:01",
            "2026-12-31 00:00:01",
        ),
    ] {
        let at = time(at);
        assert_eq!(
            (moment(at).as_str(), first(at).as_str(), last(at).as_str()),
            (of_role, begins, ends)
        );
    }
    let year = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
    assert_eq!(show(&year), "2026-01-01 – 2026-12-31");
    let short = window("2026-01-01T00:00:00", "2026-12-31T00:00:00");
    assert_ne!(show(&short), show(&year), "what is written differs, and can be seen to");
    assert_eq!(limit(&Limit::Window(year)), "2026-01-01 – 2026-12-31");
    assert_eq!(limit(&Limit::Permanent(Some(year))), "no limit");
    assert_eq!(limit(&Limit::Unreadable { begin: None, end: None }), "unreadable");
}

// Mutants: a cause has another word in JSON than for people; the help knows a phrase that is never shown.
#[test]
fn a_cause_is_one_word_in_json_text_page_and_help() {
    use crate::engine::plan::Cause;

    let help = crate::text::topics::find("commands").unwrap().text;
    let (_, told) = help.split_once("The causes under \"why\": ").unwrap();
    let (told, _) = told.split_once("\n\n").unwrap();
    for cause in Cause::ALL {
        let phrase = cause_words(cause);
        assert!(phrase.split([' ', ',']).any(|word| word == cause.as_str()), "{phrase}");
        assert!(told.replace('\n', " ").contains(&format!("`{phrase}`")), "{phrase}: {told}");
    }
    assert_eq!(told.matches('`').count(), 2 * Cause::ALL.len(), "{told}");
}
