//! From a file to an answer: what is said of a plate, and what never is.

use proptest::prelude::*;

use super::*;
use crate::engine::vehicles::{Evidence, ParkingStatus, Question, judge, periods};
use crate::model::{ParkingZoneName, RightHolder};

impl Town {
    /// What is said of a plate in a zone at a moment.
    fn status(&self, plate: &str, zone: &str, at: DateTime<Utc>) -> ParkingStatus {
        let vehicles = &self.config.vehicles;
        let plate = vehicles.plates.read_spelled(plate).unwrap();
        let known = Known::read(vehicles, &self.store).unwrap();
        let of_plate = known.of_plate(vehicles, &self.store, &plate).unwrap();
        let who = RightHolder::Plate(plate);
        let zone = vehicles.zones.named(&ParkingZoneName::new(zone).unwrap()).unwrap();
        let question = Question { who: &who, zone, asked_at: at, judged_at: at };
        let (rights, left_out, readings) = (&of_plate.rights, &of_plate.left_out, &known.readings);
        let live = judge(question, Evidence { rights, left_out, readings }).status;
        let offline = periods(&who, zone, rights, readings, at);
        let is_inside = offline.iter().any(|period| period.contains(at));
        assert_eq!(live == ParkingStatus::Active, is_inside, "a gate would say otherwise");
        live
    }
}

#[test]
fn every_word_there_is() {
    let town = Town::new();
    town.write(
        "ABC123,CT,1,2026-03-10 12:00,2026-03-10 14:00,P-1\n\
         LATER1,,A1,2026-04-01,,P-2\n\
         BAD1,,A1,soon,,P-3\n\
         OTHER1,,A9,,,P-4\n\
         TWO1,,A1,,2026-12-31,P-5\n\
         TWO2,,A2,,2026-12-31,P-5\n\
         OPEN1,,A1,2026-03-01,,P-6,session\n",
    );
    town.tick(0);
    use ParkingStatus::*;
    for (plate, zone, wanted) in [
        ("CT:abc 123", "A1", Active),
        ("ABC123", "A1", Active),
        ("NY:ABC123", "A1", NotFound),
        ("CT:ABC123", "A2", WrongZone),
        ("LATER1", "A1", NotYetValid),
        ("BAD1", "A1", Unknown),
        ("OTHER1", "A1", Unknown),
        ("NOBODY1", "A1", NotFound),
        // Two rows with one id are two rights: neither car has the other's zone.
        ("TWO1", "A1", Active),
        ("TWO1", "A2", WrongZone),
        ("TWO2", "A1", WrongZone),
        ("OPEN1", "A1", Active),
    ] {
        assert_eq!(town.status(plate, zone, noon()), wanted, "{plate} {zone}");
    }
    // P8: once nothing was read for long, paid is paid and nothing else is said.
    let later = noon() + TimeDelta::minutes(10);
    for (plate, zone, wanted) in [
        ("CT:ABC123", "A1", Active),
        ("CT:ABC123", "A2", Unknown),
        ("LATER1", "A1", Unknown),
        ("NOBODY1", "A1", Unknown),
        ("TWO1", "A1", Active),
        ("OPEN1", "A1", Unknown),
    ] {
        assert_eq!(town.status(plate, zone, later), wanted, "{plate} {zone}");
    }
}

/// P9: at both ends, a second before and after.
#[test]
fn ends_to_the_second() {
    let town = Town::new();
    town.write("ABC123,CT,A1,2026-03-10 12:55,2026-03-10 13:05,P-1\n");
    town.tick(0);
    use ParkingStatus::*;
    let second = TimeDelta::seconds(1);
    let (begin, end) = (at("2026-03-10T11:55:00Z"), at("2026-03-10T12:05:00Z"));
    // A reading later than the question says nothing of it, but that is told as what cannot be said.
    let said = [begin - second, begin, begin + second, end - second, end, end + second];
    let said = said.map(|at| town.status("CT:ABC123", "A1", at));
    assert_eq!(said, [Unknown, Active, Active, Active, Expired, Expired]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// P8 and P9 over random windows, runs and questions: no "no" from a source that is not fresh, "valid" just
    /// inside of a window, and the same word as a list that is made of the same.
    #[test]
    fn no_stale_no(
        begin in -600_i64..600,
        length in 1_i64..900,
        read in prop::collection::vec(0_i64..40, 1..4),
        asked in prop::collection::vec(-700_i64..3000, 1..12),
    ) {
        let town = Town::new();
        let window = |seconds: i64| (noon() + TimeDelta::seconds(seconds)).format("%FT%TZ").to_string();
        town.write(&format!("ABC123,CT,A1,{},{},P-1\n", window(begin), window(begin + length)));
        let mut read = read;
        read.sort_unstable();
        let last = *read.last().unwrap();
        for minute in &read {
            town.tick(*minute);
        }
        let edges = [begin - 1, begin, begin + 1, begin + length - 1, begin + length, begin + length + 1];
        for seconds in asked.into_iter().chain(edges) {
            let at = noon() + TimeDelta::seconds(seconds);
            let status = town.status("CT:ABC123", "A1", at);
            let is_inside = (begin..begin + length).contains(&seconds);
            prop_assert_eq!(status == ParkingStatus::Active, is_inside);
            let is_fresh = (last * 60..last * 60 + 600).contains(&seconds);
            if !is_fresh && !is_inside {
                prop_assert_eq!(status, ParkingStatus::Unknown);
                prop_assert_eq!(town.status("NOBODY1", "A1", at), ParkingStatus::Unknown);
            }
        }
    }
}
