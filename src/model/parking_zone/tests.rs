//! Sets of zones, good and bad.

use proptest::prelude::*;

use super::*;
use crate::model::testing::source;

fn name(text: &str) -> ParkingZoneName {
    ParkingZoneName::new(text).unwrap()
}

fn zone(text: &str, covers: &[&str]) -> ZoneDefinition {
    ZoneDefinition {
        name: name(text),
        covers: covers.iter().map(|covered| name(covered)).collect(),
        needs: [source("street")].into(),
        grace: Duration::from_secs(300),
        names: BTreeMap::new(),
    }
}

fn called(mut zone: ZoneDefinition, by: &str, names: &[&str]) -> ZoneDefinition {
    zone.names.insert(source(by), names.iter().map(|one| name(one)).collect());
    zone
}

fn checked(zones: &[ZoneDefinition]) -> Result<ParkingZones, Vec<ZoneProblem>> {
    ParkingZones::new(zones, &["street", "register", "club"].map(source).into())
}

fn problems(zones: &[ZoneDefinition]) -> Vec<String> {
    checked(zones).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn names_are_compared_as_written() {
    assert_ne!(name("A1"), name("a1"));
    assert_ne!(name("A1"), name(" A1"));
    assert_ne!(name("1"), name("01"));
    assert_eq!(name("1"), name(&1.to_string()));
    assert_eq!(ParkingZoneName::new(" "), Err(InvalidId::Empty));
    assert_eq!(ParkingZoneName::new("A\n1"), Err(InvalidId::ControlCharacter));
    let long = InvalidId::TooLong { actual: 65, limit: 64 };
    assert_eq!(ParkingZoneName::new(&"A".repeat(65)), Err(long));
}

#[test]
fn a_right_is_good_in_what_its_zone_covers_and_in_what_that_covers() {
    let zones =
        checked(&[zone("A1", &["A2"]), zone("A2", &["A3"]), zone("A3", &[]), zone("B", &[])]);
    let zones = zones.unwrap();
    let good =
        |here: &str, right_for: &str| zones.named(&name(here)).unwrap().takes(&name(right_for));
    for (here, right_for, want) in [
        ("A1", "A1", true),
        ("A2", "A1", true),
        ("A3", "A2", true),
        ("A3", "A1", true),
        ("A1", "A2", false),
        ("A2", "A3", false),
        ("B", "A1", false),
        ("B", "B", true),
        ("A1", "nowhere", false),
    ] {
        assert_eq!(good(here, right_for), want, "a right for {right_for} in {here}");
    }
    assert!(zones.named(&name("nowhere")).is_none());
    assert_eq!(zones.named(&name("B")).unwrap().name(), &name("B"));
    assert_eq!(zones.named(&name("B")).unwrap().grace(), Duration::from_secs(300));
}

#[test]
fn what_a_covering_zone_needs_is_needed_here_too() {
    let mut dear = zone("A1", &["A2"]);
    dear.needs = [source("register")].into();
    let zones = checked(&[dear, zone("A2", &[])]).unwrap();
    let needs = |here: &str| zones.named(&name(here)).unwrap().needs().clone();
    assert_eq!(needs("A1"), [source("register")].into());
    assert_eq!(needs("A2"), [source("register"), source("street")].into());
}

#[test]
fn a_source_has_its_own_names() {
    let zones = checked(&[
        called(called(zone("A1", &[]), "register", &["2", "two"]), "club", &[]),
        zone("A2", &[]),
    ]);
    let zones = zones.unwrap();
    let meant = |by: &str, text: &str| {
        zones.meant(&source(by), &name(text)).map(|zone| zone.name().to_string())
    };
    for (by, text, want) in [
        ("street", "A1", Some("A1")),
        ("street", "2", None),
        ("register", "2", Some("A1")),
        ("register", "two", Some("A1")),
        // Its own names are all that it has.
        ("register", "A1", None),
        ("register", "A2", Some("A2")),
        ("club", "A1", None),
        ("club", "A2", Some("A2")),
        ("street", "B9", None),
        ("register", "B9", None),
    ] {
        assert_eq!(meant(by, text).as_deref(), want, "{by} says {text}");
    }
}

#[test]
fn everything_that_is_wrong_is_told() {
    assert_eq!(problems(&[zone("A", &[]), zone("A", &[])]), ["zone A is described twice"]);
    let unknown = ["zone A covers B, which is no zone here"];
    assert_eq!(problems(&[zone("A", &["B"])]), unknown);
    let mut nobody = zone("A", &[]);
    nobody.needs.clear();
    let wanted = ["zone A needs no source, so nobody could ever be told whether there is a right"];
    assert_eq!(problems(&[nobody]), wanted);
    let mut stranger = called(zone("A", &[]), "elsewhere", &["1"]);
    stranger.needs.insert(source("elsewhere"));
    stranger.needs.insert(source("nobody"));
    let wanted = [
        "zone A names elsewhere, which is no source here",
        "zone A names nobody, which is no source here",
    ];
    assert_eq!(problems(&[stranger]), wanted);
    let same = ["register calls both zone A and zone B `1`"];
    let [one, other] = ["A", "B"].map(|text| called(zone(text, &[]), "register", &["1"]));
    assert_eq!(problems(&[one.clone(), other]), same);
    assert!(checked(&[called(one, "register", &["1", "1"])]).is_ok(), "said twice of one zone");
    let own = ["register calls both zone A and zone B `B`"];
    assert_eq!(problems(&[called(zone("A", &[]), "register", &["B"]), zone("B", &[])]), own);
    let several = problems(&[zone("A", &["B"]), zone("A", &["C"])]);
    assert_eq!(several.len(), 2);
}

#[test]
fn circles_are_refused() {
    for (zones, want) in [
        (vec![zone("A", &["A"])], "A covers A"),
        (vec![zone("A", &["B"]), zone("B", &["A"])], "A covers B covers A"),
        (
            vec![zone("C", &["A"]), zone("A", &["B"]), zone("B", &["C"]), zone("X", &["A"])],
            "A covers B covers C covers A",
        ),
        (
            // Not from where it begins to be looked for.
            vec![zone("A", &[]), zone("B", &["A", "C"]), zone("C", &["D"]), zone("D", &["B"])],
            "B covers C covers D covers B",
        ),
    ] {
        let wanted = format!("zones cover each other in a circle: {want}");
        assert_eq!(problems(&zones), [wanted]);
    }
    let diamond = [zone("A", &["B", "C"]), zone("B", &["D"]), zone("C", &["D"]), zone("D", &[])];
    assert!(checked(&diamond).is_ok(), "two ways are no circle");
    assert!(checked(&[zone("A", &["B", "B"]), zone("B", &[])]).is_ok(), "said twice");
}

#[test]
fn hostile_sets_are_refused_in_time() {
    let chain = |count: usize| -> Vec<_> {
        let covers = |n: usize| if n + 1 < count { vec![format!("{}", n + 1)] } else { vec![] };
        let one = |n: usize| {
            let covers = covers(n);
            zone(&n.to_string(), &covers.iter().map(String::as_str).collect::<Vec<_>>())
        };
        (0..count).map(one).collect()
    };
    assert!(checked(&chain(1_000)).is_ok());
    assert_eq!(problems(&chain(1_500)), ["zones cover each other 1000000 times and more"]);
    let mut round = chain(20_000);
    round[19_999].covers = vec![name("0")];
    assert!(
        matches!(&checked(&round).unwrap_err()[..], [ZoneProblem::Circle(all)] if all.len() == 20_000)
    );
}

/// Which zones cover which, by adding pairs until nothing is added.
fn slowly(count: usize, covers: &[(usize, usize)]) -> BTreeSet<(usize, usize)> {
    let mut pairs: BTreeSet<_> = covers.iter().copied().collect();
    loop {
        let more: Vec<_> = pairs
            .iter()
            .flat_map(|(a, b)| {
                pairs.iter().filter(move |(c, _)| c == b).map(move |(_, d)| (*a, *d))
            })
            .collect();
        let before = pairs.len();
        pairs.extend(more);
        if pairs.len() == before {
            pairs.extend((0..count).map(|zone| (zone, zone)));
            return pairs;
        }
    }
}

proptest! {
    #[test]
    fn random_zones(covers in prop::collection::vec((0..7_usize, 0..7_usize), 0..12)) {
        let zones: Vec<_> = (0..7_usize).map(|n| {
            let covered = covers.iter().filter(|(one, _)| *one == n).map(|(_, other)| other.to_string());
            let covered: Vec<_> = covered.collect();
            zone(&n.to_string(), &covered.iter().map(String::as_str).collect::<Vec<_>>())
        }).collect();
        let strictly = slowly(0, &covers);
        let has_circle = (0..7).any(|n| strictly.contains(&(n, n)));
        match checked(&zones) {
            Ok(checked) => {
                prop_assert!(!has_circle);
                let pairs = slowly(7, &covers);
                for (one, other) in (0..7).flat_map(|one| (0..7).map(move |other| (one, other))) {
                    let here = checked.named(&name(&other.to_string())).unwrap();
                    prop_assert_eq!(here.takes(&name(&one.to_string())), pairs.contains(&(one, other)));
                }
            }
            Err(problems) => {
                prop_assert!(has_circle);
                let [ZoneProblem::Circle(circle)] = &problems[..] else { panic!("{problems:?}") };
                let number = |zone: &ParkingZoneName| zone.as_str().parse::<usize>().unwrap();
                for (one, next) in circle.iter().zip(circle.iter().cycle().skip(1)) {
                    prop_assert!(covers.contains(&(number(one), number(next))), "{problems:?}");
                }
            }
        }
    }
}
