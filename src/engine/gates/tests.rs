//! Claims, plans and the checker of gates: tables, mutants, and random worlds.

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use chrono::{DateTime, Days as DayCount, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use proptest::prelude::*;

use super::claims::{Claim, wanted};
use super::due::before_midnight;
use super::plan::{GateFacts, GatePlan, RowChange, RowReason, plan};
use super::proof::{RowRule, prove};
use crate::config::{Guard, Mode, Percent};
use crate::model::{
    Budget, Days, GateRow, OwnRow, Plate, PlateRules, RightRef, RowEffect, RowTime, RowVerb,
    SourceName,
};

const GUARD: Guard = Guard {
    source_shrink: percent(10),
    revoke_per_tick: percent(5),
    revoke_per_day: percent(15),
    grant_per_tick: percent(25),
};

const fn percent(value: u8) -> Percent {
    match Percent::new(value) {
        Some(percent) => percent,
        None => panic!("more than 100"),
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn days(first: &str, last: &str) -> Days {
    Days::new(day(first), day(last)).unwrap()
}

fn plate(text: &str) -> Plate {
    PlateRules::default().read(text, "").unwrap()
}

fn by(right: &str) -> RightRef {
    RightRef { source: SourceName::new("club").unwrap(), right: right.to_owned() }
}

fn claim(text: &str, first: &str, last: Option<&str>) -> Claim {
    Claim {
        plate: plate(text),
        first: day(first),
        last: last.map(day),
        has_ended: false,
        by: by(text),
    }
}

fn row(text: &str, id: &str, first: &str, last: &str) -> (Option<String>, GateRow) {
    let time = RowTime::Known {
        begin: day(first).and_hms_opt(0, 0, 0),
        end: day(last).and_hms_opt(23, 59, 59),
    };
    let row = GateRow { id: id.to_owned(), plate: text.to_owned(), effect: RowEffect::Opens, time };
    (Some(text.to_owned()), row)
}

fn own(text: &str, id: &str, first: &str, last: &str) -> (String, OwnRow) {
    let own = OwnRow {
        plate: plate(text),
        id: id.to_owned(),
        days: days(first, last),
        by: by(text),
        is_held: true,
    };
    (text.to_owned(), own)
}

/// Everything of a gate, to be lent as facts.
#[derive(Debug, Clone)]
struct World {
    now: NaiveDateTime,
    mode: Mode,
    claims: Vec<Claim>,
    rows: Vec<(Option<String>, GateRow)>,
    own: BTreeMap<String, OwnRow>,
    protect: BTreeSet<Plate>,
    unsure: BTreeSet<String>,
    one_listing: BTreeSet<String>,
    stale: BTreeSet<SourceName>,
    capacity: Option<u64>,
    holds_begins: bool,
    is_configuration_new: bool,
    is_first: bool,
    lost_last_day: usize,
    approved: Option<String>,
}

impl World {
    fn at(today: &str) -> Self {
        Self {
            now: day(today).and_hms_opt(12, 0, 0).unwrap(),
            mode: Mode::Full,
            claims: Vec::new(),
            rows: Vec::new(),
            own: BTreeMap::new(),
            protect: BTreeSet::new(),
            unsure: BTreeSet::new(),
            one_listing: BTreeSet::new(),
            stale: BTreeSet::new(),
            capacity: None,
            holds_begins: true,
            is_configuration_new: false,
            is_first: false,
            lost_last_day: 0,
            approved: None,
        }
    }

    fn facts(&self) -> GateFacts<'_> {
        GateFacts {
            mode: self.mode,
            now: self.now,
            claims: &self.claims,
            rows: &self.rows,
            own: &self.own,
            protect: &self.protect,
            unsure: &self.unsure,
            one_listing: &self.one_listing,
            stale: &self.stale,
            capacity: self.capacity,
            holds_begins: self.holds_begins,
            is_configuration_new: self.is_configuration_new,
            is_first: self.is_first,
            guard: GUARD,
            lost_last_day: self.lost_last_day,
            approved: self.approved.as_deref(),
            is_reviewed: false,
        }
    }

    fn plan(&self) -> GatePlan {
        plan(&self.facts())
    }

    /// What is to be done, in short; the checker must let it through.
    fn to_do(&self) -> Vec<String> {
        let plan = self.plan();
        prove(&self.facts(), &plan).unwrap();
        plan.to_do().map(short).collect()
    }

    fn reasons(&self) -> Vec<RowReason> {
        self.plan().not_done.iter().map(|one| one.reason).collect()
    }

    /// The same world when the plan is carried out.
    fn after(&self) -> Self {
        let (plan, mut after) = (self.plan(), self.clone());
        for text in &plan.gone {
            after.own.remove(text);
        }
        after.own.extend(plan.in_sync.clone());
        for change in plan.to_do() {
            let text = change.plate.text().to_owned();
            after.rows.retain(|(plate, _)| plate.as_ref() != Some(&text));
            after.own.remove(&text);
            let Some(days) = change.days else { continue };
            let (first, last) = (days.first().to_string(), days.last().to_string());
            after.rows.push(row(&text, &text, &first, &last));
            let held = OwnRow {
                plate: change.plate.clone(),
                id: text.clone(),
                days,
                by: change.by.clone(),
                is_held: true,
            };
            after.own.insert(text, held);
        }
        after
    }
}

fn short(change: &RowChange) -> String {
    let days = change.days.map(|days| format!(" {days}")).unwrap_or_default();
    format!("{} {}{days}", change.verb, change.plate.text())
}

#[test]
fn days_that_touch_are_one_row_and_a_gap_is_never_bridged() {
    let claims = [
        claim("AB1", "2026-01-01", Some("2026-03-31")),
        claim("AB1", "2026-04-01", Some("2026-06-30")),
        claim("AB1", "2026-08-01", Some("2026-08-31")),
    ];
    for (today, want) in [
        ("2026-02-01", Some(days("2026-01-01", "2026-06-30"))),
        ("2026-06-30", Some(days("2026-01-01", "2026-06-30"))),
        ("2026-07-01", Some(days("2026-08-01", "2026-08-31"))),
        ("2026-09-01", None),
    ] {
        let wanted = wanted(&claims, day(today));
        assert_eq!(wanted.get("AB1").map(|row| row.days), want, "{today}");
    }
}

#[test]
fn a_right_without_an_end_is_moved_on_before_its_row_ends_and_not_every_day() {
    let mut world = World::at("2026-03-01");
    world.claims = vec![claim("AB1", "2026-01-01", None)];
    assert_eq!(world.to_do(), ["add AB1 2026-01-01 to 2026-03-31"]);
    let mut later = world.after();
    for (today, want) in [("2026-03-16", 0), ("2026-03-17", 0), ("2026-03-18", 1)] {
        later.now = day(today).and_hms_opt(12, 0, 0).unwrap();
        assert_eq!(later.to_do().len(), want, "{today}");
    }
}

#[test]
fn rows_are_added_lengthened_and_removed_when_they_are_over() {
    let mut world = World::at("2026-03-01");
    world.claims = vec![
        claim("NEW1", "2026-03-01", Some("2026-03-31")),
        claim("LONG1", "2026-01-01", Some("2026-12-31")),
        claim("SAME1", "2026-01-01", Some("2026-12-31")),
    ];
    world.rows = vec![
        row("LONG1", "1", "2026-01-01", "2026-06-30"),
        row("SAME1", "2", "2026-01-01", "2026-12-31"),
        row("OVER1", "3", "2026-01-01", "2026-02-28"),
        row("THEIRS1", "4", "2026-01-01", "2026-02-28"),
    ];
    world.own = BTreeMap::from([
        own("LONG1", "1", "2026-01-01", "2026-06-30"),
        own("SAME1", "2", "2026-01-01", "2026-12-31"),
        own("OVER1", "3", "2026-01-01", "2026-02-28"),
    ]);
    assert_eq!(
        world.to_do(),
        ["add NEW1 2026-03-01 to 2026-03-31", "set LONG1 2026-01-01 to 2026-12-31", "remove OVER1"]
    );
    assert_eq!(world.plan().strangers, 1);
    assert_eq!(world.after().to_do(), Vec::<String>::new());
}

/// Mutants: the row of somebody else is set; it is removed; a row of another name is taken for ours.
#[test]
fn a_row_of_somebody_else_is_never_touched() {
    let mut world = World::at("2026-03-01");
    world.claims = vec![claim("AB1", "2026-01-01", Some("2026-12-31"))];
    world.rows = vec![row("AB1", "9", "2026-01-01", "2026-06-30")];
    assert_eq!(world.to_do(), Vec::<String>::new());
    assert_eq!(world.reasons(), [RowReason::Stranger]);
    // It lets the car in as it should.
    world.rows = vec![row("AB1", "9", "2026-01-01", "2027-06-30")];
    assert_eq!(world.reasons(), [RowReason::Given]);
    // Ours was deleted, and somebody made another one.
    world.own = BTreeMap::from([own("AB1", "7", "2026-01-01", "2026-12-31")]);
    world.claims.clear();
    assert_eq!(world.to_do(), Vec::<String>::new());
    assert_eq!(world.plan().gone, ["AB1"]);
    // Announced, and never seen: what has other days was not written by us.
    let mut announced = own("AB1", "", "2026-01-01", "2026-12-31");
    announced.1.is_held = false;
    world.own = BTreeMap::from([announced]);
    assert_eq!(world.to_do(), Vec::<String>::new());
    world.rows = vec![row("AB1", "9", "2026-01-01", "2026-12-31")];
    assert_eq!(world.plan().changes.iter().map(short).collect::<Vec<_>>(), ["remove AB1"]);
}

#[test]
fn who_may_have_a_right_loses_nothing() {
    let mut world = World::at("2026-03-01");
    world.rows = vec![row("AB1", "1", "2026-01-01", "2026-12-31")];
    world.own = BTreeMap::from([
        own("AB1", "1", "2026-01-01", "2026-12-31"),
        own("CD2", "2", "2026-01-01", "2026-12-31"),
    ]);
    world.rows.push(row("CD2", "2", "2026-01-01", "2026-12-31"));
    world.claims = vec![claim("CD2", "2026-01-01", Some("2026-12-31"))];
    assert_eq!(world.to_do(), ["remove AB1"]);
    let unsure = World { unsure: BTreeSet::from(["AB1".to_owned()]), ..world.clone() };
    assert_eq!(unsure.reasons(), [RowReason::NotSure]);
    let one_listing = World { one_listing: unsure.unsure.clone(), ..unsure.clone() };
    assert_eq!(one_listing.reasons(), [RowReason::SecondLook]);
    let stale = World { stale: BTreeSet::from([by("AB1").source]), ..world.clone() };
    assert_eq!(stale.reasons(), [RowReason::NotSure]);
    let grants = World { mode: Mode::GrantOnly, ..world.clone() };
    assert_eq!(grants.reasons(), [RowReason::GrantOnly]);
    let protected = World { protect: BTreeSet::from([plate("AB1")]), ..world.clone() };
    assert_eq!(protected.reasons(), [RowReason::Protected]);
    for world in [unsure, stale, grants, protected] {
        assert_eq!(world.to_do(), Vec::<String>::new());
        // The plan that takes it away all the same is refused.
        let facts = world.facts();
        let bold = World {
            mode: Mode::Full,
            unsure: BTreeSet::new(),
            stale: BTreeSet::new(),
            protect: BTreeSet::new(),
            ..world.clone()
        };
        assert!(prove(&facts, &bold.plan()).is_err());
    }
}

#[test]
fn a_right_that_ended_today_keeps_its_row_until_midnight_and_gets_no_new_one() {
    let mut world = World::at("2026-03-01");
    world.claims =
        vec![Claim { has_ended: true, ..claim("AB1", "2026-03-01", Some("2026-03-01")) }];
    assert_eq!(world.to_do(), Vec::<String>::new());
    world.rows = vec![row("AB1", "1", "2026-03-01", "2026-03-01")];
    world.own = BTreeMap::from([own("AB1", "1", "2026-03-01", "2026-03-01")]);
    assert_eq!(world.to_do(), Vec::<String>::new());
    world.claims.clear();
    // It was cancelled: the row goes, though it is the last one that opens.
    assert_eq!(world.plan().changes.first().map(|c| c.blocked), Some(Some(Budget::LastPerson)));
}

#[test]
fn what_begins_later_is_added_only_where_the_gate_holds_begins() {
    let mut world = World::at("2026-03-01");
    world.claims = vec![claim("AB1", "2026-04-01", Some("2026-04-30"))];
    assert_eq!(world.to_do(), ["add AB1 2026-04-01 to 2026-04-30"]);
    world.holds_begins = false;
    assert_eq!(world.to_do(), Vec::<String>::new());
    world.now = day("2026-04-01").and_time(NaiveTime::MIN);
    assert_eq!(world.to_do(), ["add AB1 2026-04-01 to 2026-04-30"]);
}

#[test]
fn a_full_list_takes_those_who_stand_outside_first_and_says_so_of_the_others() {
    let mut world = World::at("2026-03-01");
    world.claims = vec![
        claim("LATER1", "2026-04-01", Some("2026-04-30")),
        claim("NOW1", "2026-03-01", Some("2026-03-31")),
        claim("NOW2", "2026-03-01", Some("2026-03-31")),
    ];
    world.rows = vec![row("THEIRS1", "4", "2026-01-01", "2026-12-31")];
    world.capacity = Some(3);
    assert_eq!(world.to_do().len(), 2);
    assert!(world.to_do().iter().all(|done| done.contains("NOW")));
    assert_eq!(world.reasons(), [RowReason::Full]);
    world.capacity = Some(0);
    assert_eq!(world.to_do(), Vec::<String>::new());
}

fn many(count: usize, last: &str) -> World {
    let mut world = World::at("2026-03-01");
    for number in 0..count {
        let text = format!("AB{number}");
        world.claims.push(claim(&text, "2026-01-01", Some(last)));
        world.rows.push(row(&text, &text, "2026-01-01", last));
        world.own.extend([own(&text, &text, "2026-01-01", last)]);
    }
    world
}

#[test]
fn budgets_hold_back_all_losses_or_none_until_somebody_approves_just_these() {
    let mut world = many(100, "2026-12-31");
    world.claims.truncate(95);
    assert_eq!(world.to_do().len(), 5, "5% of 100");
    world.claims.truncate(94);
    assert_eq!(world.to_do(), Vec::<String>::new());
    assert!(world.plan().changes.iter().all(|c| c.blocked == Some(Budget::RevokePerTick)));
    let id = world.plan().blocked_id().unwrap();
    let approved = World { approved: Some(id.clone()), ..world.clone() };
    assert_eq!(approved.to_do().len(), 6);
    // One more, and it is another plan than was approved.
    let mut moved = approved.clone();
    moved.claims.truncate(93);
    assert_eq!(moved.to_do(), Vec::<String>::new());
    assert_ne!(moved.plan().blocked_id().unwrap(), id);
    let mut day_over = many(100, "2026-12-31");
    day_over.claims.truncate(99);
    day_over.lost_last_day = 15;
    assert!(day_over.plan().changes.iter().all(|c| c.blocked == Some(Budget::RevokePerDay)));
    let mut changed = many(100, "2026-12-31");
    changed.claims.truncate(99);
    changed.is_configuration_new = true;
    assert!(changed.plan().changes.iter().all(|c| c.blocked == Some(Budget::RolesChanged)));
    changed.mode = Mode::Observe;
    assert!(changed.plan().changes.iter().all(|c| c.blocked.is_none()), "nothing waits there");
}

#[test]
fn many_who_would_get_in_at_once_wait_but_on_a_first_run() {
    let mut first = World::at("2026-03-01");
    first.claims =
        (0..50).map(|n| claim(&format!("AB{n}"), "2026-01-01", Some("2026-12-31"))).collect();
    first.is_first = true;
    assert_eq!(first.to_do().len(), 50);
    // A first filling that was interrupted goes on.
    let mut later = first.after();
    later
        .claims
        .extend((50..80).map(|n| claim(&format!("AB{n}"), "2026-01-01", Some("2026-12-31"))));
    assert_eq!(later.to_do().len(), 30);
    later.is_first = false;
    assert_eq!(later.to_do(), Vec::<String>::new());
    let mut later = many(20, "2026-12-31");
    later
        .claims
        .extend((100..121).map(|n| claim(&format!("AB{n}"), "2026-01-01", Some("2026-12-31"))));
    assert_eq!(later.to_do(), Vec::<String>::new());
    assert!(later.plan().changes.iter().all(|c| c.blocked == Some(Budget::GrantPerTick)));
}

#[test]
fn the_checker_refuses_what_breaks_a_rule() {
    let world = many(3, "2026-12-31");
    let facts = world.facts();
    let change = |verb, text: &str, last: Option<&str>| RowChange {
        plate: plate(text),
        verb,
        there: world
            .rows
            .iter()
            .find(|(plate, _)| plate.as_deref() == Some(text))
            .map(|r| r.1.clone()),
        days: last.map(|last| days("2026-01-01", last)),
        by: by(text),
        opens: false,
        loses: false,
        blocked: None,
    };
    for (what, change, rule) in [
        ("takes a right", change(RowVerb::Remove, "AB0", None), RowRule::TakesARight),
        ("a day more", change(RowVerb::Set, "AB0", Some("2027-01-01")), RowRule::GivesMore),
        ("nobody's plate", change(RowVerb::Add, "XX9", Some("2026-03-31")), RowRule::GivesMore),
        ("a row that is there", change(RowVerb::Add, "AB0", Some("2026-12-31")), RowRule::NotOurs),
    ] {
        let plan = GatePlan { changes: vec![change], ..GatePlan::default() };
        assert_eq!(prove(&facts, &plan).unwrap_err().rule, rule, "{what}");
    }
    let twice = change(RowVerb::Set, "AB0", Some("2026-12-31"));
    let plan = GatePlan { changes: vec![twice.clone(), twice], ..GatePlan::default() };
    assert_eq!(prove(&facts, &plan).unwrap_err().rule, RowRule::Twice);
    let theirs = World { own: BTreeMap::new(), ..world.clone() };
    let plan = GatePlan {
        changes: vec![change(RowVerb::Set, "AB0", Some("2026-12-31"))],
        ..GatePlan::default()
    };
    assert_eq!(prove(&theirs.facts(), &plan).unwrap_err().rule, RowRule::NotOurs);
    let mut full = World { capacity: Some(3), ..world.clone() };
    full.claims.push(claim("NEW1", "2026-03-01", Some("2026-03-31")));
    let plan = GatePlan {
        changes: vec![RowChange {
            days: Some(days("2026-03-01", "2026-03-31")),
            ..change(RowVerb::Add, "NEW1", None)
        }],
        ..GatePlan::default()
    };
    assert_eq!(prove(&full.facts(), &plan).unwrap_err().rule, RowRule::TooMany);
    let mut lost = many(100, "2026-12-31");
    lost.claims.truncate(90);
    let mut plan = lost.plan();
    plan.changes.iter_mut().for_each(|change| change.blocked = None);
    assert_eq!(prove(&lost.facts(), &plan).unwrap_err().rule, RowRule::Budget);
}

/// Which plates get in on a day, by all rows of the gate.
fn lets_in(rows: &[(Option<String>, GateRow)], at: NaiveDateTime) -> BTreeSet<String> {
    let open = rows.iter().filter(|(_, row)| row.opens_at(at));
    open.filter_map(|(plate, _)| plate.clone()).collect()
}

fn world() -> impl Strategy<Value = World> {
    let begin = day("2026-03-01");
    let plus = move |days: u64| begin.checked_add_days(DayCount::new(days)).unwrap();
    let claims = prop::collection::vec(
        (0_u8..8, 0_u64..60, prop::option::of(0_u64..60), any::<bool>()),
        0..14,
    );
    let rows =
        prop::collection::vec((0_u8..8, 0_u64..60, 0_u64..60, any::<bool>(), any::<bool>()), 0..8);
    let rest = (
        0_u64..60,
        any::<bool>(),
        prop::option::of(0_u64..12),
        prop::collection::btree_set(0_u8..8, 0..3),
        0_u8..4,
    );
    (claims, rows, rest).prop_map(
        move |(claims, rows, (today, holds_begins, capacity, unsure, mode))| {
            let text = |number: u8| format!("AB{number}");
            let today = plus(today);
            let mut world = World::at("2026-03-01");
            world.now = today.and_hms_opt(12, 0, 0).unwrap();
            (world.holds_begins, world.capacity) = (holds_begins, capacity);
            world.unsure = unsure.into_iter().map(text).collect();
            world.mode = if mode == 0 { Mode::GrantOnly } else { Mode::Full };
            for (number, first, length, has_ended) in claims {
                let last = length.map(|length| plus(first + length));
                let has_ended = has_ended && last == Some(today);
                let mut one = claim(&text(number), "2026-03-01", None);
                (one.first, one.last, one.has_ended) = (plus(first), last, has_ended);
                world
                    .claims
                    .extend(Some(one).filter(|one| one.last.is_none_or(|last| last >= today)));
            }
            for (number, first, length, is_own, is_same) in rows {
                let text = text(number);
                if world.rows.iter().any(|(plate, _)| plate.as_ref() == Some(&text)) {
                    continue;
                }
                let (first, last) = (plus(first).to_string(), plus(first + length).to_string());
                world.rows.push(row(&text, &text, &first, &last));
                let id = if is_same { text.as_str() } else { "other" };
                world.own.extend(is_own.then(|| own(&text, id, &first, &last)));
            }
            world
        },
    )
}

proptest! {
    /// The law of the project, and what a gate must never do, over random worlds: the checker agrees, a plan that
    /// is carried out leaves nothing to do, nobody with a right loses the gate, nobody gains a day without one,
    /// and rows of others stay as they are.
    #[test]
    fn a_plan_that_is_carried_out_leaves_an_empty_one_and_harms_nobody(world in world()) {
        let plan = world.plan();
        prop_assert!(prove(&world.facts(), &plan).is_ok(), "{:?}", prove(&world.facts(), &plan));
        let after = world.after();
        let again = after.plan();
        // Room that was made is used in the next run; and where somebody is let in by that, the last open row may go that
        // had to wait because no other was left.
        let waited = |text: &str| {
            let mut waiting = plan.changes.iter().filter(|change| change.blocked == Some(Budget::LastPerson));
            waiting.any(|change| change.plate.text() == text)
        };
        let is_settled = again.to_do().all(|change| {
            change.verb == RowVerb::Add || world.capacity.is_some() && waited(change.plate.text())
        });
        prop_assert!(is_settled, "{:?}", again.changes.iter().map(short).collect::<Vec<_>>());
        let theirs = |world: &World, of: &World| -> Vec<(Option<String>, GateRow)> {
            let is_theirs = |(plate, row): &&(Option<String>, GateRow)| {
                let own = plate.as_ref().and_then(|plate| of.own.get(plate));
                own.is_none_or(|own| own.id != row.id)
            };
            world.rows.iter().filter(is_theirs).cloned().collect()
        };
        for (plate, row) in theirs(&world, &world) {
            prop_assert!(after.rows.contains(&(plate, row)));
        }
        let gives = |text: &str, day: NaiveDate| world.claims.iter().any(|claim| {
            !claim.has_ended && claim.plate.text() == text && claim.first <= day && claim.last.is_none_or(|last| day <= last)
        });
        let (before, later) = (lets_in(&world.rows, world.now), lets_in(&after.rows, world.now));
        for text in before.difference(&later) {
            prop_assert!(!gives(text, world.now.date()), "{text} lost the gate");
            prop_assert!(!world.unsure.contains(text));
            prop_assert!(world.mode == Mode::Full);
        }
        for text in later.difference(&before) {
            prop_assert!(gives(text, world.now.date()), "{text} got in");
        }
        for ahead in 0..70 {
            let at = world.now.checked_add_days(DayCount::new(ahead)).unwrap();
            for text in lets_in(&after.rows, at).difference(&lets_in(&world.rows, at)) {
                prop_assert!(gives(text, at.date()), "{text} gets in at {at}");
            }
        }
        let most = world.capacity.map(|capacity| capacity.max(world.rows.len() as u64));
        prop_assert!(most.is_none_or(|most| after.rows.len() as u64 <= most));
    }
}

/// Mutants: a row of ours is forgotten because somebody adds another one for the plate; dates that nobody can read
/// count as none.
#[test]
fn what_may_be_ours_is_not_given_up() {
    let mut world = many(3, "2026-12-31");
    world.rows.push(row("AB1", "77", "2026-01-01", "2026-01-31"));
    let plan = world.plan();
    assert_eq!((plan.gone.len(), world.reasons()), (0, vec![RowReason::Twice]));
    let mut world = many(3, "2026-12-31");
    world.rows.iter_mut().for_each(|(_, row)| row.time = RowTime::Unclear);
    assert_eq!(world.to_do(), Vec::<String>::new(), "they are as they were written");
    world.claims.iter_mut().for_each(|claim| claim.last = Some(day("2027-12-31")));
    assert_eq!(world.to_do().len(), 3, "and are lengthened");
}

/// Mutant: cars that wait for the gate count as if they had a row to lose, so that a wrong list which brings many
/// takes away from all the more who are there.
#[test]
fn cars_that_wait_for_the_gate_let_nobody_lose_it() {
    let with = |losses: usize, gains: usize| {
        let mut world = many(40, "2026-12-31");
        world.claims.truncate(40 - losses);
        let more = (0..gains).map(|n| claim(&format!("CD{n}"), "2026-01-01", Some("2026-12-31")));
        world.claims.extend(more);
        world
    };
    let count = |world: &World, wanted: fn(&RowChange) -> bool| {
        let plan = world.plan();
        prove(&world.facts(), &plan).unwrap();
        plan.to_do().filter(|change| wanted(change)).count()
    };
    let lost = |world: &World| count(world, |change| change.loses);
    let opened = |world: &World| count(world, |change| change.opens);
    // 5% of 40 are 2; who waits makes nobody else wait, and lets nobody else lose the gate.
    assert_eq!((lost(&with(2, 30)), opened(&with(2, 30))), (2, 0));
    assert_eq!((lost(&with(3, 400)), opened(&with(3, 400))), (0, 0));
    // Whoever is let in by this run has a row from then on: 5% of 60 are 3.
    assert_eq!((lost(&with(3, 20)), opened(&with(3, 20))), (3, 20));
    assert_eq!((lost(&with(4, 20)), opened(&with(4, 20))), (0, 20));
    // Nor does whoever waits stand in for the last one who can open it.
    let mut last = many(1, "2026-12-31");
    last.claims = with(0, 30).claims.split_off(40);
    assert_eq!((lost(&last), opened(&last)), (0, 0));
    assert!(last.plan().changes.iter().any(|change| change.blocked == Some(Budget::LastPerson)));
    // The checker counts the same anew.
    let mut plan = with(3, 400).plan();
    plan.changes.iter_mut().filter(|change| change.loses).for_each(|change| change.blocked = None);
    let refused = prove(&with(3, 400).facts(), &plan).unwrap_err();
    assert_eq!(refused.rule, RowRule::Budget);
}

/// Mutant: a row whose dates nobody can read is taken to end when its right would be written to end today.
#[test]
fn a_row_with_unreadable_dates_is_moved_on_before_it_ends() {
    let mut world = World::at("2026-03-01");
    world.claims.push(claim("AB1", "2026-01-01", None));
    let mut unreadable = row("AB1", "1", "2026-01-01", "2026-03-31");
    unreadable.1.time = RowTime::Unclear;
    world.rows.push(unreadable);
    world.own.extend([own("AB1", "1", "2026-01-01", "2026-03-31")]);
    // Looked at each day, and nothing is written until 14 days are left.
    for today in day("2026-03-01").iter_days().take(17) {
        world.now = today.and_hms_opt(12, 0, 0).unwrap();
        let plan = world.plan();
        assert_eq!(plan.changes, Vec::new(), "{today}");
        let held = plan.in_sync["AB1"].clone();
        assert_eq!(held.days, days("2026-01-01", "2026-03-31"), "{today}");
        world.own.insert("AB1".to_owned(), held);
    }
    world.now = day("2026-03-18").and_hms_opt(12, 0, 0).unwrap();
    let plan = world.plan();
    let written: Vec<_> = plan.changes.iter().map(|change| (change.verb, change.days)).collect();
    assert_eq!(written, [(RowVerb::Set, Some(days("2026-01-01", "2026-04-17")))]);
}

/// A session that nobody has stopped is good for as long as its source is fresh: at midnight its car must have the
/// row of the next day already.
#[test]
fn a_gate_is_looked_at_when_open_sessions_reach_the_next_day() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let midnight = at("2026-03-02T00:00:00Z");
    for (now, fresh, want) in [
        ("2026-03-01T12:00:00Z", vec![], "2026-03-02T00:00:00Z"),
        ("2026-03-01T12:00:00Z", vec![minutes(15)], "2026-03-01T23:45:01Z"),
        ("2026-03-01T23:45:00Z", vec![minutes(15)], "2026-03-01T23:45:01Z"),
        ("2026-03-01T23:45:01Z", vec![minutes(15)], "2026-03-02T00:00:00Z"),
        ("2026-03-01T23:00:00Z", vec![minutes(15), minutes(120)], "2026-03-01T23:45:01Z"),
        ("2026-03-01T12:00:00Z", vec![minutes(24 * 60)], "2026-03-02T00:00:00Z"),
    ] {
        let told = before_midnight(midnight, fresh.clone().into_iter(), at(now));
        assert_eq!(told, at(want), "{now} {fresh:?}");
    }
}
