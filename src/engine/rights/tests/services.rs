//! A service of rights in memory, and what becomes of what it lists.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::config::{RightsServiceConfig, SourceConfig};
use crate::engine::Systems;
use crate::model::{Ends, Period, RightId, RightKind, RightState, StateWord};
use crate::ports::{
    Class, Failure, ListedPlate, ListedRight, RightsListing, RightsService, Source,
};

const SERVICE: &str = r#"time_zone = "UTC"
[parking]
country = "US"
[zone.A1]
names = { street = ["1"] }
[zone.B1]
names = { street = ["2"] }
[ips.street]
url = "http://127.0.0.1:1"
secret = "key"
fresh_for = "10m"
"#;

/// What is asked of a part, and from when on.
type Asked = (String, Option<DateTime<Utc>>);

/// A service with a memory: rights with the moment of their last change.
#[derive(Default)]
struct Street {
    rights: Mutex<BTreeMap<String, (DateTime<Utc>, ListedRight)>>,
    deleted: Mutex<Vec<(DateTime<Utc>, String)>>,
    asked: Mutex<Vec<Asked>>,
    failure: Mutex<Option<Failure>>,
    now: Mutex<DateTime<Utc>>,
    clock_off: Mutex<TimeDelta>,
    is_live: Mutex<bool>,
}

struct Desk<'a>(&'a Street);

fn right(id: &str, plate: &str, zones: &[&str], from: &str, until: Option<&str>) -> ListedRight {
    let period = Period::new(at(from), until.map(at), Ends::Open).map_err(|_| None);
    ListedRight {
        number: None,
        id: RightId::new(id).unwrap(),
        is_unreadable: false,
        kind: RightKind::Session,
        state: RightState::Active,
        plates: vec![ListedPlate { text: plate.into(), issuer: "CT".into() }],
        zones: Some(zones.iter().map(|zone| (*zone).into()).collect()),
        period,
        updated_at: None,
    }
}

impl Street {
    fn put(&self, right: ListedRight) {
        let now = *self.now.lock().unwrap();
        self.rights.lock().unwrap().insert(right.id.to_string(), (now, right));
    }

    fn delete(&self, id: &str) {
        let now = *self.now.lock().unwrap();
        self.rights.lock().unwrap().remove(id).unwrap();
        self.deleted.lock().unwrap().push((now, id.to_owned()));
    }

    fn forget(&self, id: &str) {
        self.rights.lock().unwrap().remove(id).unwrap();
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl RightsService for &Street {
    fn list(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<RightsListing, Failure> {
        if part != "sessions" {
            return Ok(RightsListing {
                as_of: Some(at),
                is_whole: since.is_none(),
                ..Default::default()
            });
        }
        self.asked.lock().unwrap().push((part.to_owned(), since));
        if let Some(failure) = self.failure.lock().unwrap().clone() {
            return Err(failure);
        }
        let now = *self.now.lock().unwrap();
        let since = since.filter(|_| !*self.is_live.lock().unwrap() && at <= now);
        let is_new = |changed: DateTime<Utc>| since.is_none_or(|since| changed >= since);
        let rights = self.rights.lock().unwrap();
        let deleted = self.deleted.lock().unwrap();
        let deleted = deleted.iter().filter(|(changed, _)| since.is_some() && is_new(*changed));
        Ok(RightsListing {
            rights: rights
                .values()
                .filter(|(at, _)| is_new(*at))
                .map(|(_, it)| it.clone())
                .collect(),
            deleted: deleted.map(|(_, id)| RightId::new(id).unwrap()).collect(),
            nameless: 0,
            as_of: Some(now),
            server_time: Some(now + *self.clock_off.lock().unwrap()),
            is_whole: since.is_none() || *self.is_live.lock().unwrap(),
            is_live: *self.is_live.lock().unwrap(),
        })
    }
}

impl RightsService for Desk<'static> {
    fn list(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<RightsListing, Failure> {
        (&self.0).list(part, since, at)
    }
}

impl Systems for &'static Street {
    fn source<'a>(&'a self, _: &SourceConfig) -> Box<dyn Source + 'a> {
        panic!("there are no organisations here")
    }

    fn rights(&self, _: &RightsServiceConfig) -> Result<Box<dyn RightsService>, Failure> {
        Ok(Box::new(Desk(self)))
    }
}

/// A town with one service.
struct City {
    town: Town,
    street: &'static Street,
}

impl City {
    fn new() -> Self {
        let street: &'static Street = Box::leak(Box::default());
        *street.now.lock().unwrap() = noon();
        Self { town: Town::with(SERVICE), street }
    }

    #[track_caller]
    fn tick(&self, minutes: i64) -> (Looked, Exit) {
        self.tick_with(minutes, Closely::default())
    }

    #[track_caller]
    fn tick_with(&self, minutes: i64, closely: Closely) -> (Looked, Exit) {
        let now = noon() + TimeDelta::minutes(minutes);
        *self.street.now.lock().unwrap() = now;
        let (config, store) = (&self.town.config, &self.town.store);
        let looked = look(&self.street, config, store, now, closely).unwrap();
        looked.record(store).unwrap();
        let exit = Exit::of_all(looked.troubles.iter().map(Trouble::exit));
        (looked, exit)
    }

    /// The rights that are known, as `id plate zone until state`.
    fn known(&self) -> Vec<String> {
        let (vehicles, store) = (&self.town.config.vehicles, &self.town.store);
        let mut all = Vec::new();
        Known::read(vehicles, store)
            .unwrap()
            .each(vehicles, store, |right| {
                let [(RightHolder::Plate(plate), period)] = right.holders() else { panic!() };
                let (zone, end) = (&right.zones()[0].0, period.end());
                let end = end.map_or("open".to_owned(), |end| end.format("%H:%M").to_string());
                all.push(format!(
                    "{} {} {zone} {end} {:?}",
                    right.id,
                    plate.spelled(),
                    right.state
                ));
            })
            .unwrap();
        all.sort();
        all
    }
}

use crate::model::RightHolder;

/// Mutants: a change is added to what was known; a deletion is overlooked; what is told again counts as other.
#[test]
fn what_changes_is_asked_for_and_everything_else_stays() {
    let city = City::new();
    let street = city.street;
    street.put(right("s1", "ABC123", &["1"], "2026-03-10T11:00:00Z", Some("2026-03-10T14:00:00Z")));
    street.put(right("s2", "XYZ789", &["1", "2"], "2026-03-10T11:00:00Z", None));
    let (looked, exit) = city.tick(0);
    assert_eq!((exit, street.asked()), (Exit::InStep, vec![("sessions".to_owned(), None)]));
    assert_eq!((looked.sections[0].rights, looked.sections[0].kind), (3, "ips"));
    let both = ["s1 US-CT:ABC123 A1 14:00 Active", "s2 US-CT:XYZ789 A1 open Active"];
    assert_eq!(city.known()[..2], both);
    // Nothing is new but what lies within the overlap, and says the same.
    let (looked, _) = city.tick(5);
    assert_eq!(street.asked()[0].1, Some(noon() - TimeDelta::minutes(15)));
    assert!(looked.is_quiet() && looked.fresh.is_empty() && looked.same().len() == 2);
    assert_eq!(looked.same()[0].0.since, Some(noon() + TimeDelta::minutes(5)));
    // Extended, stopped, deleted and new.
    street.put(right("s1", "ABC123", &["1"], "2026-03-10T11:00:00Z", Some("2026-03-10T15:00:00Z")));
    street.delete("s2");
    street.put(right("s3", "NEW1", &["2"], "2026-03-10T12:06:00Z", None));
    let (looked, _) = city.tick(10);
    assert!(matches!(&looked.fresh[0].instead_of, InsteadOf::Rights(ids) if ids.len() == 3));
    assert_eq!(looked.sections[0].rights, 2);
    let now = ["s1 US-CT:ABC123 A1 15:00 Active", "s3 US-CT:NEW1 B1 open Active"];
    assert_eq!(city.known(), now);
    assert!(city.tick(15).0.is_quiet());
    assert_eq!(city.known(), now);
    // A day later all of it is listed, and what went without a word is gone.
    street.forget("s3");
    street.asked();
    city.tick(20);
    assert_eq!(city.known(), now, "nobody has said so");
    city.tick(24 * 60 + 1);
    assert_eq!(street.asked().last().unwrap().1, None);
    assert_eq!(city.known(), ["s1 US-CT:ABC123 A1 15:00 Active"]);
}

/// Mutants: a failure is taken for an empty listing; what was known counts as fresh for ever, or not at all.
#[test]
fn a_listing_that_failed_teaches_nothing() {
    let city = City::new();
    city.street.put(right("s1", "ABC123", &["1"], "2026-03-10T11:00:00Z", None));
    city.tick(0);
    for (class, want) in [
        (Class::Temporary, Exit::Temporary),
        (Class::Refused, Exit::Refused),
        (Class::Login, Exit::Login),
    ] {
        let failure = Failure::new(class, false, &"failed to reach it", None);
        *city.street.failure.lock().unwrap() = Some(failure);
        let (looked, exit) = city.tick(5);
        assert_eq!(exit, want, "{class:?}");
        let seen = &looked.sections[0];
        assert_eq!((seen.is_whole, seen.is_fresh, seen.rights), (false, true, 1));
        assert_eq!(seen.as_of, Some(noon()));
        let seen = &city.tick(10).0.sections[0];
        assert!(!seen.is_fresh, "ten minutes later nobody knows");
        assert_eq!(city.known().len(), 1);
    }
    *city.street.failure.lock().unwrap() = None;
    // Whose clock is wrong is not known either.
    for seconds in [61, -200] {
        *city.street.clock_off.lock().unwrap() = TimeDelta::seconds(-seconds);
        let (looked, exit) = city.tick(11);
        assert_eq!((exit, looked.sections[0].as_of), (Exit::Temporary, Some(noon())), "{seconds}");
    }
    *city.street.clock_off.lock().unwrap() = TimeDelta::seconds(-59);
    assert_eq!(city.tick(11).1, Exit::InStep);
}

/// Mutants: rights of a small listing are taken away; the guard asks about those that have ended.
#[test]
fn where_too_many_are_missing_nothing_is_taken_away() {
    let city = City::new();
    for place in 0..30 {
        let id = format!("s{place}");
        city.street.put(right(&id, &format!("AB{place}"), &["1"], "2026-03-10T11:00:00Z", None));
        let (id, plate) = (format!("old{place}"), format!("OLD{place}"));
        let ended = Some("2026-03-10T11:30:00Z");
        city.street.put(right(&id, &plate, &["1"], "2026-03-10T11:00:00Z", ended));
    }
    city.tick(0);
    let full = Closely { is_full: true, accept_shrink: None };
    (0..30).for_each(|place| city.street.forget(&format!("old{place}")));
    assert_eq!(city.tick_with(1, full).1, Exit::InStep, "they had ended");
    (0..4).for_each(|place| city.street.forget(&format!("s{place}")));
    let (looked, exit) = city.tick_with(2, full);
    assert_eq!((exit, city.known().len()), (Exit::Refused, 60));
    let told = looked.troubles[0].line();
    assert!(told.contains("--accept-shrink 26") && !told.contains("AB0"), "{told}");
    city.tick_with(3, Closely { is_full: false, accept_shrink: Some(26) });
    assert_eq!(city.known().len(), 56, "what has ended is kept");
    // What was read by another configuration is listed again as a whole.
    city.street.asked();
    let other = City {
        town: Town {
            config: Town::with(&SERVICE.replace("\"1\"", "\"1\", \"9\"")).config,
            ..city.town
        },
        street: city.street,
    };
    assert!(
        !Known::read(&other.town.config.vehicles, &other.town.store)
            .unwrap()
            .readings
            .is_fresh(&crate::model::testing::source("street"), noon())
    );
    other.tick(4);
    assert_eq!(city.street.asked()[0].1, None);
}

/// Mutants: a right that cannot be read says "no right"; one unknown zone of several takes the others with it.
#[test]
fn what_gives_nobody_anything_is_told_and_leaves_a_doubt() {
    let city = City::new();
    let mut bad = right("plate", "=1+1", &["1"], "2026-03-10T11:00:00Z", None);
    city.street.put(bad.clone());
    bad = right("dates", "DATE1", &["1"], "2026-03-10T11:00:00Z", None);
    bad.period = Err(None);
    city.street.put(bad);
    city.street.put(right("zone", "ZONE1", &["1", "77"], "2026-03-10T11:00:00Z", None));
    let mut odd = right("state", "ODD1", &["1"], "2026-03-10T11:00:00Z", None);
    odd.state = RightState::Unknown(StateWord::new("PENDING").unwrap());
    city.street.put(odd);
    let mut everywhere = right("all", "ALL1", &[], "2026-03-10T11:00:00Z", None);
    everywhere.zones = None;
    city.street.put(everywhere);
    for minutes in [0, 5] {
        let (looked, exit) = city.tick(minutes);
        assert_eq!(exit, Exit::InStep);
        let told: Vec<_> = looked.troubles.iter().map(Trouble::line).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told[0].starts_with("street: 1 right left out (plate): the plate cannot"),
            "{told:?}"
        );
        assert!(!told.concat().contains("ZONE1"), "{told:?}");
        assert_eq!(looked.sections[0].left_out, 3);
    }
    assert_eq!(
        city.known(),
        [
            "all US-CT:ALL1 A1 open Active",
            "all US-CT:ALL1 B1 open Active",
            "state US-CT:ODD1 A1 open Unknown(StateWord(\"PENDING\"))",
            "zone US-CT:ZONE1 A1 open Active",
        ]
    );
    let (vehicles, store) = (&city.town.config.vehicles, &city.town.store);
    let known = Known::read(vehicles, store).unwrap();
    let doubts = |plate: &str| {
        let plate = vehicles.plates.read_spelled(plate).unwrap();
        known.of_plate(vehicles, store, &plate).unwrap().left_out.len()
    };
    assert_eq!((doubts("DATE1"), doubts("ZONE1"), doubts("ALL1")), (1, 1, 0));
}

/// Of two of one id the newer one counts, in whatever order they come.
#[test]
fn of_a_right_that_moves_between_pages_the_newest_counts() {
    let older = ListedRight {
        updated_at: Some(at("2026-03-10T11:00:00Z")),
        ..right("s1", "OLD1", &["1"], "2026-03-10T11:00:00Z", None)
    };
    let newer = ListedRight {
        updated_at: Some(at("2026-03-10T11:30:00Z")),
        ..right("s1", "NEW1", &["1"], "2026-03-10T11:00:00Z", None)
    };
    for listed in [vec![older.clone(), newer.clone()], vec![newer.clone(), older]] {
        let kept = taken_apart::newest(listed);
        assert_eq!(kept.into_values().collect::<Vec<_>>(), std::slice::from_ref(&newer));
    }
}

/// Of what runs at this moment alone every listing is whole. Mutants: what is gone stays; the guard of lists that
/// are kept takes every evening for a fault; half of a city gone at once is believed.
#[test]
fn what_runs_at_this_moment_is_listed_whole_each_time() {
    let city = City::new();
    *city.street.is_live.lock().unwrap() = true;
    for place in 0..30 {
        let id = format!("s{place}");
        city.street.put(right(&id, &format!("AB{place}"), &["1"], "2026-03-10T11:00:00Z", None));
    }
    city.tick(0);
    assert!(city.tick(1).0.is_quiet(), "the same again");
    (0..14).for_each(|place| city.street.forget(&format!("s{place}")));
    let (_, exit) = city.tick(2);
    assert_eq!((exit, city.known().len()), (Exit::InStep, 30), "they are known as ended");
    (14..24).for_each(|place| city.street.forget(&format!("s{place}")));
    let (_, exit) = city.tick(3);
    assert_eq!((exit, city.known().len()), (Exit::Refused, 30));
}

/// Mutants: the old service's permits are known at the new one; the rights of a spreadsheet are a service's now.
#[test]
fn another_service_under_the_same_name_is_another_one() {
    let city = City::new();
    city.street.put(right("s1", "ABC123", &["1"], "2026-03-10T11:00:00Z", None));
    city.tick(0);
    for text in [
        SERVICE.replace("127.0.0.1:1", "127.0.0.1:2"),
        SERVICE.replace("[ips.street]", "[parkkihubi.street]"),
        "time_zone = \"UTC\"\n[zone.A1]\n[rights-file.street]\nfiles = [\"a.csv\"]\n".to_owned(),
    ] {
        let other = Town::with(&text).config;
        let street = crate::model::testing::source("street");
        let known = Known::read(&other.vehicles, &city.town.store).unwrap();
        assert!(!known.readings.is_fresh(&street, noon()), "{text}");
        city.street.asked();
        let looked = look(&city.street, &other, &city.town.store, noon(), Closely::default());
        assert!(city.street.asked().iter().all(|(_, since)| since.is_none()), "{text}");
        let gone = looked.unwrap().gone.len();
        let is_same_kind = text.contains("[ips.street]");
        assert_eq!(gone, if is_same_kind { 0 } else { 2 }, "{text}");
    }
}

/// Mutants: what ended is told as nothing; what was forgotten long ago is listed again as news.
#[test]
fn what_has_ended_is_known_as_ended_and_is_news_once() {
    let city = City::new();
    *city.street.is_live.lock().unwrap() = true;
    city.street.put(right(
        "s1",
        "ABC123",
        &["1"],
        "2026-03-10T11:00:00Z",
        Some("2026-03-10T12:03:00Z"),
    ));
    city.tick(0);
    city.street.forget("s1");
    city.tick(5);
    assert_eq!(city.known(), ["s1 US-CT:ABC123 A1 12:03 Active"], "ended, and not listed any more");
    let city = City::new();
    let long_ago = Some("2026-03-01T11:00:00Z");
    city.street.put(right("old", "ABC123", &["1"], "2026-02-10T11:00:00Z", long_ago));
    city.tick(0);
    assert_eq!(city.known(), Vec::<String>::new());
    city.street.put(right("old", "ABC123", &["1"], "2026-02-10T11:00:00Z", long_ago));
    let (looked, _) = city.tick(5);
    assert!(looked.is_quiet() && looked.sections[0].rights == 0, "{looked:?}");
}

/// Mutants: a clock that was a year ahead for one tick takes everybody's right away; a service that says that it is
/// behind is fresh.
#[test]
fn a_wrong_clock_forgets_nothing() {
    let city = City::new();
    let year = Some("2026-12-31T00:00:00Z");
    city.street.put(right("s1", "ABC123", &["1"], "2026-03-10T11:00:00Z", year));
    city.tick(0);
    let ahead = noon() + TimeDelta::days(400);
    let looked = look(&city.street, &city.town.config, &city.town.store, ahead, Closely::default());
    looked.unwrap().record(&city.town.store).unwrap();
    assert_eq!(city.known().len(), 1, "the service's clock shows another time");
    assert!(city.tick(5).0.is_quiet());
    // A file has no clock: it is read again when the time is right.
    let town = Town::new();
    town.write("ABC123,CT,A1,2026-01-01,2026-12-31,P-1,\n");
    town.tick_with(noon(), Closely::default());
    town.tick_with(ahead, Closely::default());
    assert_eq!(town.lines("ABC123"), Vec::<u32>::new(), "over by that clock");
    town.tick_with(noon() + TimeDelta::minutes(5), Closely::default());
    assert_eq!(town.lines("ABC123"), [2]);
}
