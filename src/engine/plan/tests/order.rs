//! The order of a plan, the same plan from shuffled facts, and `--only`.

use std::collections::BTreeSet;

use super::super::Plan;
use super::world::{FRONT, World, employee};
use super::{changes, left_out};
use crate::engine::link::{Found, NoLink};
use crate::model::Email;

/// Renewals, revocations and members left out, on two doors of two clubs.
fn busy() -> World {
    World::agreeing(12)
        .source("spa", 3)
        .device("back-door")
        .renewed("150011")
        .renewed("150002")
        .renewed("450002")
        .inactive("150001")
        .inactive("150010")
        .roles("150005", &[])
        .roles("450003", &[])
        .problem("150004", "EndDate is missing")
        .link(FRONT, "150006", Err(NoLink::NoPerson))
        .link("back-door", "150007", Err(NoLink::NoEmail))
        .link("back-door", "150006", Err(NoLink::NoEmail))
}

#[test]
fn by_door_then_grants_first_then_by_person() {
    let starts: Vec<String> = changes(&busy().plan())
        .iter()
        .map(|line| line.split(' ').take(4).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        starts,
        [
            "back-door 11 renewed grant",
            "back-door 2 renewed grant",
            "back-door 456-2 renewed grant",
            "back-door 1 inactive revocation",
            "back-door 10 inactive revocation",
            "front-door 11 renewed grant",
            "front-door 2 renewed grant",
            "front-door 456-2 renewed grant",
            "front-door 1 inactive revocation",
            "front-door 10 inactive revocation",
        ]
    );
    assert_eq!(
        left_out(&busy().plan()),
        [
            "150006 back-door no-email, paid",
            "150007 back-door no-email, paid",
            "150006 front-door no-person, paid",
            "150005 everywhere no-door-role",
            "450003 everywhere no-door-role",
            "150004 everywhere bad-dates (EndDate is missing), paid",
        ]
    );
}

#[test]
fn shuffled_facts_give_the_same_plan() {
    let plan = busy().plan();
    // Each turn is another order of members (with what links them) and devices.
    for turn in 1..15 {
        let mut world = busy();
        let members = world.facts.members.len();
        world.facts.members.rotate_left(turn % members);
        world.facts.members.swap(0, turn / 2);
        world.facts.devices.reverse();
        for device in &mut world.facts.devices {
            device.linking.rotate_left(turn % members);
            device.linking.swap(0, turn / 2);
        }
        assert_eq!(world.plan(), plan, "turn {turn}");
    }
}

fn only(world: World, emails: &[&str], numbers: &[&str], persons: &[&str]) -> Plan {
    let emails = emails.iter().map(|text| Email::parse(text).unwrap()).collect();
    let numbers = numbers.iter().map(|text| text.parse().unwrap()).collect();
    let persons: BTreeSet<_> = persons.iter().map(|id| employee(id)).collect();
    let world = world.only(|only| {
        only.emails = emails;
        only.numbers = numbers;
        only.persons = persons;
    });
    world.plan()
}

fn who(plan: &Plan) -> Vec<i64> {
    let changed = plan.changes.iter().map(|change| &change.member);
    let left_out = plan.left_out.iter().map(|one| &one.member);
    let all: BTreeSet<i64> =
        changed.chain(left_out).map(|member| member.human().parse().unwrap()).collect();
    all.into_iter().collect()
}

#[test]
fn only_whom_was_named() {
    assert_eq!(who(&only(busy(), &[], &["150002", "150005"], &[])), [150_002, 150_005]);
    assert_eq!(who(&only(busy(), &["Member450002@club.example"], &[], &[])), [450_002]);
    assert_eq!(who(&only(busy(), &[], &[], &["11"])), [150_011]);
    let several = only(busy(), &["member150001@club.example"], &["150002"], &["11"]);
    assert_eq!(who(&several), [150_001, 150_002, 150_011]);
    let nobody = only(busy(), &["nobody@club.example"], &["1"], &["nobody"]);
    assert!(nobody.changes.is_empty() && nobody.left_out.is_empty());
}

#[test]
fn a_person_is_named_on_the_doors_where_they_are_linked() {
    // The same id is another member's on the back door.
    let world = World::agreeing(2)
        .device("back-door")
        .renewed("150001")
        .renewed("150002")
        .link("back-door", "150001", Ok("2"))
        .link("back-door", "150002", Ok("1"));
    let plan = only(world, &[], &[], &["1"]);
    let lines: Vec<_> = plan
        .changes
        .iter()
        .map(|c| format!("{} {} {}", c.device, c.employee_no, c.member.human()))
        .collect();
    assert_eq!(lines, ["back-door 1 150002", "front-door 1 150001"]);
}

#[test]
fn a_named_person_who_is_nobody_s_says_why() {
    let claimed = NoLink::Ambiguous { persons: [employee("2")].into(), rivals: [].into() };
    let world = World::agreeing(3).link(FRONT, "150002", Err(claimed)).link(
        FRONT,
        "150003",
        Err(NoLink::NameDiffers { employee_no: employee("3"), found: Found::ByNumber }),
    );
    assert_eq!(
        left_out(&only(world.clone(), &[], &[], &["2"])),
        ["150002 front-door ambiguous (person 2), paid"]
    );
    assert_eq!(
        left_out(&only(world, &[], &[], &["3"])),
        ["150003 front-door name-differs (person 3 has another name), paid"]
    );
}

#[test]
fn a_limited_plan_is_part_of_the_whole() {
    let whole = busy().plan();
    for number in ["150001", "150002", "150011", "450002"] {
        let part = only(busy(), &[], &[number], &[]);
        assert!(!part.changes.is_empty());
        assert!(part.changes.iter().all(|change| whole.changes.contains(change)), "{number}");
    }
}
