//! What is said of citations, against a slow reading of what was paid.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::review::*;
use super::*;
use crate::engine::rights::OfPlate;
use crate::engine::vehicles::{LastRead, LeftOut, ParkingStatus, Readings};
use crate::model::{
    CitationState, Ends, ParkingRight, ParkingZoneName, ParkingZones, Period, PlateRules,
    RightHolder, RightId, RightKind, RightState, RightVersion, ZoneDefinition,
};

const GRACE: i64 = 300;

fn second(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn street() -> SourceName {
    SourceName::new("street").unwrap()
}

fn vehicles() -> Vehicles {
    let zone = |name: &str, called: &str| ZoneDefinition {
        name: ParkingZoneName::new(name).unwrap(),
        covers: Vec::new(),
        needs: [street()].into(),
        grace: Duration::from_secs(GRACE.unsigned_abs()),
        names: [(street(), vec![ParkingZoneName::new(called).unwrap()])].into(),
    };
    let zones = ParkingZones::new(&[zone("A1", "1"), zone("B1", "2")], &[street()].into()).unwrap();
    Vehicles { zones, ..Vehicles::default() }
}

fn plate(text: &str) -> crate::model::Plate {
    PlateRules::default().read(text, "").unwrap()
}

fn right(zone: &str, from: i64, until: Option<i64>, state: RightState) -> ParkingRight {
    let period = Period::new(second(from), until.map(second), Ends::Open).unwrap();
    let named = (street(), RightId::new("session_1").unwrap(), RightVersion::new("v").unwrap());
    ParkingRight::new(
        named,
        (RightKind::Session, state),
        vec![(RightHolder::Plate(plate("ABC123")), period)],
        vec![(ParkingZoneName::new(zone).unwrap(), period)],
    )
    .unwrap()
}

fn citation(zone: Option<&str>, has_plate: bool, at: i64) -> Citation {
    Citation {
        source: street(),
        id: CitationId::new("viol_1").unwrap(),
        plate: has_plate.then(|| plate("ABC123")),
        zone: zone.map(str::to_owned),
        kind: None,
        at: second(at),
        state: CitationState::Issued,
        fine: None,
        updated_at: None,
    }
}

fn found(rights: Vec<ParkingRight>, left_out: bool, one: &Citation, now: i64, read: i64) -> Judged {
    let row = LeftOut { source: street(), id: None, holder: RightHolder::Plate(plate("ABC123")) };
    let of_car = OfPlate { rights, left_out: left_out.then_some(row).into_iter().collect() };
    let read = LastRead { at: second(read), fresh_for: Duration::from_secs(600) };
    let readings = Readings(BTreeMap::from([(street(), read)]));
    judge_citation(&vehicles(), one, (&of_car, &readings), second(now))
}

/// Mutants: what cannot be said stands; a right that is cancelled now proves that the ticket was right; another zone
/// will do.
#[test]
fn findings() {
    let active = |zone, from, until| vec![right(zone, from, until, RightState::Active)];
    let cancelled = |from, until| vec![right("A1", from, until, RightState::Cancelled)];
    let unclear = |why| Finding::Unclear(why);
    let here = citation(Some("1"), true, 0);
    for (what, rights, left_out, one, read, want) in [
        ("paid", active("A1", -9, Some(9)), false, &here, 9, Finding::HadRight),
        ("paid, and stale", active("A1", -9, Some(9)), true, &here, -9999, Finding::HadRight),
        ("without an end", active("A1", -9, None), false, &here, 9, Finding::HadRight),
        ("elsewhere", active("B1", -9, Some(9)), false, &here, 9, Finding::Stands),
        ("nothing", vec![], false, &here, 9, Finding::Stands),
        ("stale", vec![], false, &here, -9999, unclear(Why::NotKnown)),
        ("left out", vec![], true, &here, 9, unclear(Why::NotKnown)),
        ("cancelled", cancelled(-9, Some(9)), false, &here, 9, unclear(Why::CancelledNow)),
        ("cancelled, another day", cancelled(-99, Some(-9)), false, &here, 9, Finding::Stands),
        ("no zone", vec![], false, &citation(Some("3"), true, 0), 9, unclear(Why::NoZone)),
        ("its own name", vec![], false, &citation(Some("A1"), true, 0), 9, unclear(Why::NoZone)),
        ("none", vec![], false, &citation(None, true, 0), 9, unclear(Why::NoZone)),
        ("no plate", vec![], false, &citation(Some("1"), false, 0), 9, unclear(Why::NoPlate)),
        ("future", vec![], false, &citation(Some("1"), true, 11), 9, unclear(Why::Future)),
    ] {
        let found = found(rights, left_out, one, 10, read);
        assert_eq!(found.finding, want, "{what}");
        assert_eq!(found.finding.had_right().is_none(), matches!(want, Finding::Unclear(_)));
    }
}

#[test]
fn which_of_two_statements_counts() {
    let at = |updated: Option<i64>, state| Citation {
        updated_at: updated.map(second),
        state,
        ..citation(Some("1"), true, 0)
    };
    let (issued, paid) = (CitationState::Issued, CitationState::Paid);
    for (own, known, want) in [
        (at(Some(2), paid), at(Some(1), issued), true),
        (at(Some(1), paid), at(Some(2), issued), false),
        (at(Some(1), paid), at(Some(1), issued), true),
        (at(Some(1), paid), at(Some(1), paid), false),
        (at(None, paid), at(Some(1), issued), false),
        (at(Some(1), paid), at(None, issued), true),
        (at(None, paid), at(None, paid), false),
    ] {
        assert_eq!(own.is_newer_than(&known), want, "{own:?} {known:?}");
    }
}

proptest! {
    /// At the ends of what was paid, and a second beside them: valid from the first second to the last one before the
    /// end, in grace up to its last second; and nowhere else, nor for anybody else.
    #[test]
    fn paid_is_paid(from in -900_i64..900, length in 1_i64..900, beside in -1_i64..=1, which in 0_usize..3) {
        let until = from + length;
        let at = beside + [from, until, until + GRACE][which];
        let now = 5000;
        let paid = vec![right("A1", from, Some(until), RightState::Active)];
        let told = found(paid.clone(), false, &citation(Some("1"), true, at), now, now);
        let is_paid = from <= at && at < until + GRACE;
        let want = if is_paid { Finding::HadRight } else { Finding::Stands };
        prop_assert_eq!(told.finding, want);
        prop_assert_eq!(told.status == ParkingStatus::Grace, until <= at && is_paid);
        let elsewhere = found(paid, false, &citation(Some("2"), true, at), now, now);
        prop_assert_eq!(elsewhere.finding, Finding::Stands);
    }
}
