//! Roles whose dates cannot be read: they spoil the doors that they open, and no others.

use std::collections::BTreeSet;

use super::super::prove;
use super::world::{FRONT, GYM, World, role_id};
use super::{changes, left_out};
use crate::model::UnreadableRight;

/// A role that opens no door.
const SAUNA: i64 = GYM + 1;

impl World {
    /// One more role, with dates that cannot be read.
    fn unreadable(self, number: &str, id: i64) -> Self {
        let problem = "EndDate is `soon`, not a date".to_owned();
        let role = UnreadableRight { id: role_id(id), problem };
        self.member(number, |facts| facts.member.unreadable.push(role))
    }
}

fn five() -> World {
    World::agreeing(5)
}

/// Mutants: an unreadable role that spoils the member everywhere; one that is simply not there, so that
/// time is taken away; one that keeps from giving what the good roles give.
#[test]
fn an_unreadable_role_spoils_the_doors_that_it_opens() {
    let soon = "bad-dates (role 3126: EndDate is `soon`, not a date";
    let spoilt = format!("150002 front-door {soon}), paid");
    let kept = format!("150002 front-door {soon}; nothing is taken away meanwhile), paid");
    let longer = "front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59";
    let shorter = "front-door 2 shortened revocation 2026-01-01T00:00:00 to 2026-11-30T23:59:59";
    let no_door_role = "150002 front-door no-door-role".to_owned();
    let short = [("2026-01-01", "2026-11-30")];
    // A closed door that opens now is a grant, although time a year from now is lost.
    let opens = five().holds("2", "2027-06-01T00:00:00", "2027-12-31T23:59:59");
    let opened = "front-door 2 drift grant 2026-01-01T00:00:00 to 2026-12-31T23:59:59, opens";
    let last_year = [("2025-01-01", "2025-12-31")];
    for (what, world, change, out) in [
        ("beside a good role", five().unreadable("150002", SAUNA), None, None),
        (
            "beside a renewal",
            five().renewed("150002").unreadable("150002", SAUNA),
            Some(longer),
            None,
        ),
        (
            "beside a cancellation",
            five().paid("150002", &short).unreadable("150002", SAUNA),
            Some(shorter),
            None,
        ),
        (
            "alone",
            five().roles("150002", &[]).unreadable("150002", SAUNA),
            None,
            Some(no_door_role),
        ),
        (
            "the door role alone",
            five().roles("150002", &[]).unreadable("150002", GYM),
            None,
            Some(spoilt),
        ),
        ("the door role beside one in sync", five().unreadable("150002", GYM), None, None),
        (
            "the door role beside a renewal",
            five().renewed("150002").unreadable("150002", GYM),
            Some(longer),
            None,
        ),
        (
            "the door role beside one that opens",
            opens.unreadable("150002", GYM),
            Some(opened),
            None,
        ),
        (
            "the door role beside a shorter one",
            five().paid("150002", &short).unreadable("150002", GYM),
            None,
            Some(kept.clone()),
        ),
        (
            "the door role beside one that is over",
            five().paid("150002", &last_year).unreadable("150002", GYM),
            None,
            Some(kept.clone()),
        ),
        (
            "the door role of somebody inactive",
            five().inactive("150002").unreadable("150002", GYM),
            None,
            Some(kept),
        ),
    ] {
        let plan = world.plan();
        assert_eq!(changes(&plan), Vec::from_iter(change.map(str::to_owned)), "{what}");
        assert_eq!(left_out(&plan), Vec::from_iter(out), "{what}");
        prove(&world.facts, &plan).unwrap();
    }
}

/// Mutant: judging it by the roles of the organisation alone.
#[test]
fn each_door_judges_by_the_roles_that_open_it() {
    let sauna = |world: World| {
        let mut world = world.device("sauna-door").on(FRONT, |device| {
            device.roles = Some(BTreeSet::from([role_id(GYM)]));
        });
        world.facts.sources.values_mut().for_each(|source| source.roles = None);
        world
    };
    let short = [("2026-01-01", "2026-11-30")];
    let world = sauna(five().paid("150002", &short).unreadable("150002", SAUNA));
    let plan = world.plan();
    let want = "front-door 2 shortened revocation 2026-01-01T00:00:00 to 2026-11-30T23:59:59";
    assert_eq!(changes(&plan), [want]);
    let [line] = left_out(&plan).try_into().unwrap();
    assert!(
        line.starts_with("150002 sauna-door bad-dates (role 3127: EndDate is `soon`"),
        "{line}"
    );
    prove(&world.facts, &plan).unwrap();
}

/// Beside good roles it is reported, also where nothing follows from it. Mutant: a silence.
#[test]
fn an_unreadable_door_role_beside_good_ones_is_told() {
    let reported = |world: World| {
        world.plan().left_out_or_ignored().into_iter().map(|one| one.detail).collect::<Vec<_>>()
    };
    let detail = "ignored, the others count: role 3126: EndDate is `soon`, not a date".to_owned();
    assert_eq!(reported(five().unreadable("150002", GYM)), [Some(detail.clone())]);
    assert_eq!(reported(five().renewed("150002").unreadable("150002", GYM)), [Some(detail)]);
    assert_eq!(reported(five().unreadable("150002", SAUNA)), []);
}
