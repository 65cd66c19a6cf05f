//! Tables of answers here; beside them random rights against a slow model.

mod doubts;
mod model;
mod order;
mod permits;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Evidence, LastRead, LeftOut, ParkingStatus, Question, Readings, Verdict, judge};
use crate::model::testing::source;
use crate::model::{
    Country, Ends, ParkingRight, ParkingZone, ParkingZoneName, ParkingZones, Period, PlateRules,
    RightHolder, RightId, RightKind, RightState, RightVersion, SpaceId, StateWord, ZoneDefinition,
    parse_instant,
};

/// An instant on the day of the examples: `12:00`, `14:00:01`.
fn time(text: &str) -> DateTime<Utc> {
    let seconds = if text.len() == 5 { ":00" } else { "" };
    parse_instant(&format!("2024-01-01T{text}{seconds}Z")).unwrap()
}

/// `10:00-14:00`, or `10:00-` without an end.
fn period(text: &str) -> Period {
    let (begin, end) = text.split_once('-').unwrap();
    let end = Some(end).filter(|end| !end.is_empty()).map(time);
    Period::new(time(begin), end, Ends::Open).unwrap()
}

fn zone_name(text: &str) -> ParkingZoneName {
    ParkingZoneName::new(text).unwrap()
}

fn right_id(text: &str) -> RightId {
    RightId::new(text).unwrap()
}

/// A car, as `CT:ABC123` or without an issuer.
fn car(text: &str) -> RightHolder {
    let rules = PlateRules::new(Country::from_code("US"), []).unwrap();
    RightHolder::Plate(rules.read_spelled(text).unwrap())
}

fn space(text: &str) -> RightHolder {
    RightHolder::Space(SpaceId::new(text).unwrap())
}

/// A session of `street`, for one car in one zone.
fn session(id: &str, who: &str, zone: &str, when: &str) -> ParkingRight {
    right(id, &[(car(who), period(when))], &[(zone, when)])
}

fn right(id: &str, holders: &[(RightHolder, Period)], zones: &[(&str, &str)]) -> ParkingRight {
    let zones = zones.iter().map(|(zone, when)| (zone_name(zone), period(when)));
    ParkingRight::new(
        (source("street"), right_id(id), RightVersion::new("1").unwrap()),
        (RightKind::Session, RightState::Active),
        holders.to_vec(),
        zones.collect(),
    )
    .unwrap()
}

fn in_state(state: RightState, mut right: ParkingRight) -> ParkingRight {
    right.state = state;
    right
}

fn unknown_state() -> RightState {
    RightState::Unknown(StateWord::new("ON_HOLD").unwrap())
}

/// A1 covers A2; B is apart. All need `street`, and B `register` too; grace is five minutes.
fn zones() -> ParkingZones {
    let zone = |name: &str, covers: &[&str], needs: &[&str]| ZoneDefinition {
        name: zone_name(name),
        covers: covers.iter().map(|covered| zone_name(covered)).collect(),
        needs: needs.iter().map(|name| source(name)).collect(),
        grace: Duration::from_secs(300),
        names: BTreeMap::new(),
    };
    let all = [
        zone("A1", &["A2"], &["street"]),
        zone("A2", &[], &["street"]),
        zone("B", &[], &["street", "register"]),
    ];
    let sources: BTreeSet<_> = ["street", "register"].map(source).into();
    ParkingZones::new(&all, &sources).unwrap()
}

/// What is known, and what is asked of it.
struct World {
    zones: ParkingZones,
    rights: Vec<ParkingRight>,
    left_out: Vec<LeftOut>,
    readings: Readings,
}

impl World {
    /// Every source is fresh.
    fn with(rights: Vec<ParkingRight>) -> Self {
        let read = LastRead { at: time("12:00"), fresh_for: Duration::from_secs(24 * 60 * 60) };
        let readings = ["street", "register"].map(|name| (source(name), read));
        Self { zones: zones(), rights, left_out: vec![], readings: Readings(readings.into()) }
    }

    fn zone(&self, name: &str) -> &ParkingZone {
        self.zones.named(&zone_name(name)).unwrap()
    }

    /// What is said at noon of another instant.
    fn judge<'a>(&'a self, who: &'a RightHolder, zone: &str, at: DateTime<Utc>) -> Verdict<'a> {
        let zone = self.zone(zone);
        judge(Question { who, zone, asked_at: time("12:00"), judged_at: at }, self.evidence())
    }

    fn evidence(&self) -> Evidence<'_> {
        let Self { rights, left_out, readings, .. } = self;
        Evidence { rights, left_out, readings }
    }

    /// `STATUS id from end`, of the car `CT:ABC123`.
    fn says(&self, zone: &str, at: &str) -> String {
        self.says_of(&car("CT:ABC123"), zone, at)
    }

    fn says_of(&self, who: &RightHolder, zone: &str, at: &str) -> String {
        let verdict = self.judge(who, zone, time(at));
        let told = verdict.told.map(|told| {
            let end = told.period.end().map(|end| end.format("%H:%M").to_string());
            let without = if told.is_matched_without_issuer { " without issuer" } else { "" };
            let grace = told.grace_until.map(|until| until.format(" until %H:%M").to_string());
            format!(
                " {} {}-{}{}{without}",
                told.right.id,
                told.period.begin().format("%H:%M"),
                end.unwrap_or_default(),
                grace.unwrap_or_default()
            )
        });
        let doubts = &verdict.doubts;
        let mut all =
            doubts.stale.iter().map(|source| format!(" {source} is stale")).collect::<Vec<_>>();
        all.extend(doubts.left_out.iter().map(|row| {
            let id = row.id.as_ref().map(RightId::as_str);
            format!(" {} left out", id.unwrap_or("a row"))
        }));
        all.extend(doubts.unknown_state.iter().map(|right| format!(" {} in odd state", right.id)));
        all.extend(doubts.unstopped.iter().map(|right| format!(" {} unstopped", right.id)));
        let said = matches!(verdict.status, ParkingStatus::Unknown);
        assert!(said || all.is_empty() || verdict.status.answer() == super::Answer::Valid);
        format!("{}{}{}", verdict.status, told.unwrap_or_default(), all.concat())
    }
}
