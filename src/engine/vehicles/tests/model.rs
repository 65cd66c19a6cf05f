//! Random rights against a slow model, which knows no periods: it has a list of all seconds of a short day, and
//! asks of each whether somebody said that it is inside.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Answer, Gathering, periods};
use super::*;
use crate::model::{PlateMatch, RightCode};

/// The seconds that the model knows. All ends lie well inside.
const DAY: std::ops::Range<i64> = -40..80;

/// Grace of all zones, in seconds.
const GRACE: i64 = 5;

fn second(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_704_067_200 + n, 0).unwrap()
}

/// A window as a source says it: begin, end, and whether the end is inside.
type Said = (i64, Option<i64>, bool);

/// Cars, and by hand which of them may be one. The first of a pair is asked about.
const CARS: [&str; 5] = ["CT:ABC123", "NY:ABC123", "ABC123", "QQQ:ABC123", "CT:ZZ9"];
const MATCHES: [[bool; 5]; 5] = [
    [true, false, true, true, false],
    [false, true, true, true, false],
    [true, true, true, true, false],
    [true, true, true, true, false],
    [false, false, false, false, true],
];

#[derive(Debug, Clone)]
struct Drawn {
    is_session: bool,
    is_of_street: bool,
    /// 0 is active, 1 cancelled, 2 suspended, 3 unknown.
    state: u8,
    cars: Vec<(usize, Said)>,
    zones: Vec<(usize, Said)>,
}

#[derive(Debug, Clone)]
struct Facts {
    rights: Vec<Drawn>,
    /// Which of four zones covers which; always one with a higher number, so that there is no circle.
    covers: Vec<(usize, usize)>,
    /// Seconds from the reading of each source to "now", and for how many it is fresh.
    reads: [Option<(i64, u64)>; 2],
    left_out: Vec<usize>,
    needs_register: [bool; 4],
}

fn said() -> impl Strategy<Value = Said> {
    let length = prop_oneof![5 => (1..14_i64).prop_map(Some), 1 => Just(None)];
    (0..20_i64, length, any::<bool>()).prop_map(|(begin, length, is_closed)| {
        (begin, length.map(|length| begin + length), is_closed)
    })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let windows = || prop::collection::vec((0..5_usize, said()), 0..4);
    let zones = prop::collection::vec((0..4_usize, said()), 0..4);
    (any::<bool>(), any::<bool>(), select(vec![0, 0, 0, 0, 1, 2, 3]), windows(), zones).prop_map(
        |(is_session, is_of_street, state, cars, zones)| Drawn {
            is_session,
            is_of_street,
            state,
            cars,
            zones,
        },
    )
}

fn facts() -> impl Strategy<Value = Facts> {
    let covers = prop::collection::vec((0..4_usize, 0..4_usize), 0..5);
    let covers =
        covers.prop_map(|all| all.into_iter().filter(|(one, other)| one < other).collect());
    let read = || prop::option::weighted(0.9, (-2..12_i64, 0..60_u64));
    (
        prop::collection::vec(drawn(), 0..5),
        covers,
        [read(), read()],
        prop_oneof![4 => Just(vec![]), 1 => prop::collection::vec(0..5_usize, 1..3)],
        [any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()],
    )
        .prop_map(|(rights, covers, reads, left_out, needs_register)| Facts {
            rights,
            covers,
            reads,
            left_out,
            needs_register,
        })
}

/// "Now" in all of these.
const NOW: i64 = 15;

impl Facts {
    fn world(&self) -> World {
        let period = |(begin, end, is_closed): Said| {
            let ends = if is_closed { Ends::Closed } else { Ends::Open };
            Period::new(second(begin), end.map(second), ends).unwrap()
        };
        let name = |zone: usize| zone_name(&format!("Z{zone}"));
        let rights = self.rights.iter().enumerate().map(|(n, right)| {
            let from = if right.is_of_street { "street" } else { "register" };
            let kind = match right.is_session {
                true => RightKind::Session,
                false => RightKind::Permit(RightCode::new("RESIDENTIAL").unwrap()),
            };
            let state = match right.state {
                0 => RightState::Active,
                1 => RightState::Cancelled,
                2 => RightState::Suspended,
                _ => unknown_state(),
            };
            ParkingRight::new(
                (source(from), right_id(&n.to_string()), RightVersion::new("1").unwrap()),
                (kind, state),
                right.cars.iter().map(|(who, said)| (car(CARS[*who]), period(*said))).collect(),
                right.zones.iter().map(|(zone, said)| (name(*zone), period(*said))).collect(),
            )
        });
        let zones = (0..4).map(|zone| ZoneDefinition {
            name: name(zone),
            covers: self
                .covers
                .iter()
                .filter(|(one, _)| *one == zone)
                .map(|(_, to)| name(*to))
                .collect(),
            needs: match self.needs_register[zone] {
                true => ["street", "register"].map(source).into(),
                false => [source("street")].into(),
            },
            grace: Duration::from_secs(GRACE as u64),
            names: BTreeMap::new(),
        });
        let sources: BTreeSet<_> = ["street", "register"].map(source).into();
        let readings =
            ["street", "register"].into_iter().zip(self.reads).filter_map(|(name, read)| {
                let (age, fresh_for) = read?;
                let fresh_for = Duration::from_secs(fresh_for);
                Some((source(name), LastRead { at: second(NOW - age), fresh_for }))
            });
        let left_out = self.left_out.iter().map(|who| LeftOut {
            source: source("street"),
            id: None,
            holder: car(CARS[*who]),
        });
        World {
            rights: rights.collect::<Result<_, _>>().unwrap(),
            zones: ParkingZones::new(&zones.collect::<Vec<_>>(), &sources).unwrap(),
            left_out: left_out.collect(),
            readings: Readings(readings.collect()),
        }
    }

    /// Whether a right for one zone is good in another: along the edges, by all ways there are.
    fn is_good(&self, right_for: usize, here: usize) -> bool {
        right_for == here
            || self.covers.iter().any(|(one, to)| *one == right_for && self.is_good(*to, here))
    }

    /// Whether a source was read recently enough for an instant.
    fn is_fresh(&self, is_street: bool, at: i64) -> bool {
        let read = self.reads[usize::from(!is_street)];
        read.is_some_and(|(age, fresh_for)| {
            let until = NOW - age + i64::try_from(fresh_for).unwrap();
            age >= 0 && NOW < until && at < until
        })
    }

    /// What a right gives a car, at a second, in the zones that are asked for.
    fn gives(&self, right: &Drawn, who: usize, at: i64, is_zone: &dyn Fn(usize) -> bool) -> bool {
        self.pairs(right, who, at, is_zone).next().is_some()
    }

    /// Pairs of windows that both contain a second.
    fn pairs<'a>(
        &'a self,
        right: &'a Drawn,
        who: usize,
        at: i64,
        is_zone: &'a dyn Fn(usize) -> bool,
    ) -> impl Iterator<Item = (Said, Said)> + 'a {
        let is_inside = move |(begin, end, is_closed): Said| {
            at >= begin && end.is_none_or(|end| if is_closed { at <= end } else { at < end })
        };
        let cars =
            right.cars.iter().filter(move |(car, said)| MATCHES[who][*car] && is_inside(*said));
        cars.flat_map(move |(_, held)| {
            let zones =
                right.zones.iter().filter(move |(zone, said)| is_zone(*zone) && is_inside(*said));
            zones.map(|(_, said)| (*held, *said))
        })
    }

    /// Whether it counts what a right gives here: a session without an end only while it could be stopped.
    fn counts(&self, right: &Drawn, who: usize, here: usize, at: i64) -> bool {
        self.pairs(right, who, at, &|zone| self.is_good(zone, here)).any(|(held, said)| {
            let is_open = held.1.is_none() && said.1.is_none();
            !right.is_session || !is_open || self.is_fresh(right.is_of_street, at)
        })
    }

    /// Whether the model would let the car stand: what gates and lists hold.
    fn may_stand(&self, who: usize, here: usize, at: i64) -> bool {
        self.rights.iter().any(|right| right.state == 0 && self.counts(right, who, here, at))
    }

    /// Everything that might be said of one right, the doubt included.
    fn of_one(&self, right: &Drawn, who: usize, here: usize, at: i64) -> Option<&'static str> {
        let is_here = |at| self.gives(right, who, at, &|zone| self.is_good(zone, here));
        let is_elsewhere = |at| self.gives(right, who, at, &|zone| !self.is_good(zone, here));
        let before = |within: i64, is: &dyn Fn(i64) -> bool| (at - within..at).any(is);
        let after = |is: &dyn Fn(i64) -> bool| (at..DAY.end).any(is);
        let is_dead = right.state == 1 || right.state == 2;
        let is_odd = right.state == 3;
        let all_before = at - DAY.start;
        if is_here(at) {
            return Some(match (is_dead, is_odd) {
                (true, _) => "3 CANCELLED",
                (_, true) => "doubt",
                _ if self.counts(right, who, here, at) => "0 ACTIVE",
                _ => "doubt",
            });
        }
        if is_dead {
            let ever = DAY.clone().any(|at| is_here(at) || is_elsewhere(at));
            return ever.then_some("6 CANCELLED");
        }
        if before(GRACE, &is_here) {
            return Some(if is_odd { "doubt" } else { "1 GRACE" });
        }
        if is_elsewhere(at) {
            return Some("2 WRONG_ZONE");
        }
        if before(all_before, &is_here) {
            return Some("4 EXPIRED");
        }
        if after(&is_here) {
            return Some("5 NOT_YET_VALID");
        }
        if before(all_before, &is_elsewhere) {
            return Some("4 EXPIRED");
        }
        after(&is_elsewhere).then_some("5 NOT_YET_VALID")
    }

    /// The status that the model says.
    fn status(&self, who: usize, here: usize, at: i64) -> &'static str {
        // Known and unknown issuers of one right are two, as if they were two rights.
        let known: &dyn Fn(usize) -> bool = &|car| car == who && [0, 1, 4].contains(&who);
        let parts = self.rights.iter().flat_map(|right| {
            [true, false].map(|wants_known| {
                let cars = right.cars.iter().filter(|(car, _)| known(*car) == wants_known);
                Drawn { cars: cars.copied().collect(), ..right.clone() }
            })
        });
        let mut said: Vec<_> =
            parts.filter_map(|right| self.of_one(&right, who, here, at)).collect();
        said.sort_unstable();
        let best = said.first().filter(|best| **best != "doubt").copied();
        if let Some("0 ACTIVE" | "1 GRACE") = best {
            return &best.unwrap()[2..];
        }
        let has_doubt = said.contains(&"doubt");
        let is_left_out = self.left_out.iter().any(|car| MATCHES[who][*car]);
        let needs_register =
            (0..4).any(|zone| self.is_good(zone, here) && self.needs_register[zone]);
        let is_stale = !self.is_fresh(true, at) || needs_register && !self.is_fresh(false, at);
        match best {
            _ if has_doubt || is_left_out || is_stale => "UNKNOWN",
            Some(best) => &best[2..],
            None => "NOT_FOUND",
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Each second of the day is asked about, so every end and the seconds beside it are; and half a second
    /// later, where nothing may have changed.
    #[test]
    fn lookup_gate_and_list_say_what_the_slow_model_says(facts in facts()) {
        let world = facts.world();
        let now = second(NOW);
        let zones = world.zones.iter().collect();
        let mut gathering = Gathering::new(zones, Duration::from_secs(86_400), &world.readings, now);
        world.rights.iter().for_each(|right| gathering.take(right));
        let listed = gathering.finish();
        for (who, here) in (0..CARS.len()).flat_map(|who| (0..4).map(move |here| (who, here))) {
            let asked = car(CARS[who]);
            let zone = world.zone(&format!("Z{here}"));
            let held = periods(&asked, zone, &world.rights, &world.readings, now);
            prop_assert_eq!(&Period::union(held.clone()), &held);
            for at in -3..50_i64 {
                let question = |judged_at| Question { who: &asked, zone, asked_at: now, judged_at };
                let verdict = judge(question(second(at)), world.evidence());
                let want = facts.status(who, here, at);
                prop_assert_eq!(verdict.status.as_str(), want, "{} in Z{} at {}", CARS[who], here, at);
                let is_held = held.iter().any(|period| period.contains(second(at)));
                prop_assert_eq!(is_held, want == "ACTIVE", "{} in Z{} at {}", CARS[who], here, at);
                prop_assert_eq!(is_held, facts.may_stand(who, here, at));
                let between = second(at) + chrono::TimeDelta::milliseconds(500);
                let again = judge(question(between), world.evidence());
                prop_assert_eq!(again.status, verdict.status);
                prop_assert_eq!(is_held, held.iter().any(|period| period.contains(between)));
                if let Some(told) = verdict.told {
                    let is_inside = told.period.contains(second(at));
                    match verdict.status {
                        ParkingStatus::Active | ParkingStatus::WrongZone => prop_assert!(is_inside),
                        ParkingStatus::Grace => {
                            let end = told.period.end().unwrap();
                            prop_assert!(end <= second(at) && second(at) < told.grace_until.unwrap());
                        }
                        ParkingStatus::Expired => prop_assert!(told.period.end().unwrap() <= second(at)),
                        ParkingStatus::NotYetValid => prop_assert!(second(at) < told.period.begin()),
                        ParkingStatus::Cancelled | ParkingStatus::Unknown => {}
                        ParkingStatus::NotFound => prop_assert!(false, "nothing is told of nothing"),
                    }
                }
                let is_listed = listed.rows.iter().any(|row| {
                    let is_theirs = RightHolder::Plate(row.plate.clone()).match_with(&asked);
                    is_theirs != PlateMatch::Different
                        && row.zone == *zone.name()
                        && (row.from..row.until).contains(&second(at))
                });
                // What is over is on no list.
                prop_assert!(at < NOW || is_listed == is_held, "{} in Z{} at {}", CARS[who], here, at);
                let is_no = !matches!(verdict.status.answer(), Answer::Valid | Answer::CannotBeSaid);
                prop_assert!(!is_no || verdict.doubts == Default::default());
            }
        }
    }
}
