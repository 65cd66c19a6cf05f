//! Pages: their size, their end, their order, their counts, and the filter by number.

use ivms_sync_simulators::club::{World, employee_no};
use ivms_sync_simulators::hikvision::{Counts, Filter, PageLimit, Pages, PagingEnd, Person};
use serde_json::json;

use super::super::support::{Sandbox, each};
use super::{Story, Turn, UNTIL, requests};

#[test]
fn pages_of_every_size_end_order_and_count() {
    let cases: [(&str, Turn); 16] = [
        // The first value of every switch, here and in the other files of this folder.
        ("as documented", |_| {}),
        ("10, silent cut", |s| s.page_limit = PageLimit::Ten),
        ("30, error above", |s| s.page_limit = PageLimit::ThirtyOrError),
        ("always MORE", |s| s.paging_end = PagingEnd::AlwaysMore),
        ("NO MATCH behind the last page", |s| s.paging_end = PagingEnd::NoMatch),
        ("OK with an empty array", |s| s.paging_end = PagingEnd::OkWithEmptyArray),
        ("overlap of one", |s| s.pages = Pages::Overlap(1)),
        ("overlap of half a page", |s| s.pages = Pages::Overlap(15)),
        ("no numOfMatches", |s| s.counts = Counts::NoNumOfMatches),
        ("no totalMatches", |s| s.counts = Counts::NoTotalMatches),
        ("no counts", |s| s.counts = Counts::Neither),
        ("no counts and NO MATCH at the end", |s| {
            (s.counts, s.paging_end) = (Counts::Neither, PagingEnd::NoMatch);
        }),
        ("small overlapping pages that always say MORE", |s| {
            s.page_limit = PageLimit::Ten;
            s.pages = Pages::Overlap(3);
            s.paging_end = PagingEnd::AlwaysMore;
        }),
        ("a total that is one too low", |s| s.total_off_by = -1),
        ("a total that ends with the first page", |s| s.total_off_by = -8),
        ("no counts, small pages", |s| {
            (s.counts, s.page_limit) = (Counts::Neither, PageLimit::Ten);
        }),
    ];
    for (what, turn) in cases {
        Story::new(turn).comes_in_step(what);
    }
}

#[test]
fn a_filter_that_does_not_work_is_replaced_by_looking_at_everybody() {
    let cases: [(&str, Turn); 5] = [
        ("ignored", |s| s.filter = Filter::Ignored),
        ("an error", |s| s.filter = Filter::Error),
        ("ignored, small pages, no counts", |s| {
            s.filter = Filter::Ignored;
            (s.page_limit, s.counts) = (PageLimit::Ten, Counts::Neither);
        }),
        ("an error, always MORE", |s| {
            (s.filter, s.paging_end) = (Filter::Error, PagingEnd::AlwaysMore);
        }),
        ("ignored, overlapping", |s| {
            (s.filter, s.pages) = (Filter::Ignored, Pages::Overlap(2));
        }),
    ];
    for (what, turn) in cases {
        Story::new(turn).comes_in_step(what);
    }
}

#[test]
fn a_list_that_is_not_certainly_everybody_changes_nothing() {
    let cases: [(&str, Turn); 4] = [
        ("the first page again and again", |s| s.pages = Pages::FirstAgain),
        ("a total that is one too high", |s| s.total_off_by = 1),
        ("a total that is far too high", |s| s.total_off_by = 1000),
        ("always MORE and no total", |s| {
            (s.paging_end, s.counts) = (PagingEnd::AlwaysMore, Counts::NoTotalMatches);
        }),
    ];
    for (what, turn) in cases {
        let story = Story::new(turn);
        story.is_refused(what, 5, "unreachable");
    }
}

#[test]
fn the_first_page_again_is_enough_where_it_holds_everybody() {
    let sandbox = Sandbox::agreeing(20, 1);
    sandbox.club.devices[0].set(|s| s.pages = Pages::FirstAgain);
    sandbox.club.renew(3, UNTIL);
    assert_eq!(each(&sandbox.sync(0), "changes", "outcome"), ["confirmed"]);
    sandbox.assert_well_behaved();
}

#[test]
fn counts_that_turn_odd_before_the_writes_do_not_matter_where_everybody_asked_for_is_found() {
    let cases: [(&str, Turn); 4] = [
        ("too high", |s| s.total_off_by = 7),
        ("too low", |s| s.total_off_by = -2),
        ("the first page again", |s| s.pages = Pages::FirstAgain),
        ("always MORE and no total", |s| {
            (s.paging_end, s.counts) = (PagingEnd::AlwaysMore, Counts::Neither);
        }),
    ];
    for (what, turn) in cases {
        let story = Story::under_way(1);
        story.door().set(turn);
        story.comes_in_step(what);
    }
}

#[test]
fn a_door_without_anybody_is_no_error_however_it_says_so() {
    for end in
        [PagingEnd::Ok, PagingEnd::AlwaysMore, PagingEnd::NoMatch, PagingEnd::OkWithEmptyArray]
    {
        for counts in [Counts::Both, Counts::NoNumOfMatches, Counts::NoTotalMatches] {
            // Nothing at all, MORE and no total: nobody knows whether that is everybody.
            let is_certain = end != PagingEnd::AlwaysMore || counts != Counts::NoTotalMatches;
            let mut world = World::agreeing(4, 1);
            world.devices[0].clear();
            let sandbox = Sandbox::with(world.start());
            let door = &sandbox.club.devices[0];
            door.set(|s| (s.paging_end, s.counts) = (end, counts));
            let said = sandbox.run(&["sync", "--json"]);
            assert_eq!(said.code, if is_certain { 0 } else { 5 }, "{end:?} {counts:?} {said:?}");
            assert_eq!(said.json()["changes"], json!([]));
            if is_certain {
                assert_eq!(each(&said.json(), "left_out", "reason"), ["not-on-door"; 4]);
            }
            // They are put on the door by hand, with an end that is not right.
            for index in 0..4 {
                let number = employee_no(index);
                door.add_person(Person::new(&number).valid("2020-01-01", "2020-12-31"));
            }
            door.set(|s| (s.paging_end, s.counts) = (PagingEnd::Ok, Counts::Both));
            let full = sandbox.run(&["sync", "--full", "--json"]).ends(0).json();
            assert_eq!(each(&full, "changes", "outcome"), ["confirmed"; 4]);
            sandbox.assert_well_behaved();
        }
    }
}

#[test]
fn somebody_who_edits_while_the_pages_are_read_makes_the_list_worth_nothing() {
    let sandbox = Sandbox::agreeing(35, 1);
    let door = &sandbox.club.devices[0];
    // After the first page somebody is removed who stood on it: the 31st row moves to the 30th.
    door.meanwhile("Search", 1, |persons| {
        persons.remove(2);
    });
    let run = sandbox.sync(5);
    assert_eq!(each(&run, "devices", "outcome"), ["unreachable"]);
    assert_eq!(run["changes"], json!([]));
    assert_eq!(requests(door, "Search"), 4, "two pages, each with its challenge");
    let next = sandbox.sync(0);
    assert_eq!(each(&next, "left_out", "reason"), ["not-on-door"]);
    assert_eq!(next["devices"][0]["persons"], 37);
    sandbox.assert_well_behaved();
}

#[test]
fn everybody_beyond_the_first_page_is_served() {
    for members in [27, 28, 57, 87] {
        let sandbox = Sandbox::agreeing(members, 1);
        let last = members - 1;
        assert!(sandbox.club.renew(last, UNTIL));
        assert_eq!(each(&sandbox.sync(0), "changes", "outcome"), ["confirmed"], "{members}");
        let person = sandbox.club.devices[0].person(&employee_no(last)).unwrap();
        assert_eq!(person.end, format!("{UNTIL}T23:59:59"));
        sandbox.assert_well_behaved();
    }
}
