//! What is said of a permit or a session by its id: valid or not, where and until when; as text for the desk and as
//! JSON. Pure.
//!
//! No plate is in it: whoever knows the number of a permit need not learn whose cars it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Head;
use super::look::Look;
use super::parking::{VerdictTold, exit_of, goodness};
use crate::command::CommandName;
use crate::config::Vehicles;
use crate::engine::rights::OfId;
use crate::engine::vehicles::{Evidence, ParkingStatus, Question, Readings, judge};
use crate::exit::Exit;
use crate::model::{ParkingRight, ParkingZoneName, RightHolder, RightKind, SourceName, Zone};
use crate::text::lists::many;
use crate::text::times::whole_seconds;

/// Of what is asked, where and when.
#[derive(Debug, Clone)]
pub struct AskedRight {
    /// As it was typed.
    pub who: String,
    pub is_session: bool,
    /// The zone that is asked about; of every zone of the right where there is none.
    pub zone: Option<ParkingZoneName>,
    pub asked_at: DateTime<Utc>,
    /// The instant that is asked about.
    pub judged_at: DateTime<Utc>,
}

/// The answer to `lookup permit:ID` and `lookup session:ID`.
#[derive(Debug, Serialize)]
pub struct RightAnswer {
    #[serde(flatten)]
    head: Head,
    who: String,
    #[serde(serialize_with = "whole_seconds")]
    asked_at: DateTime<Utc>,
    #[serde(serialize_with = "whole_seconds")]
    judged_at: DateTime<Utc>,
    /// The best of all.
    verdict: VerdictTold,
    rights: Vec<RightToldById>,
    /// Rows of that id that give no right.
    left_out: usize,
    exit_code: u8,
    #[serde(skip)]
    exit: Exit,
}

/// A right, or what is known of one in a zone, with the cars for which the same is said.
#[derive(Debug, Serialize)]
struct RightToldById {
    source: String,
    id: String,
    /// What its holder knows it by, where that is another name.
    number: Option<String>,
    kind: String,
    zone: String,
    cars: usize,
    verdict: VerdictTold,
}

impl RightAnswer {
    /// Judges every car of a right as an officer would be told, where it stands or in each of its zones.
    #[must_use]
    pub fn new(asked: &AskedRight, vehicles: &Vehicles, of_id: &OfId, readings: &Readings) -> Self {
        let is_meant =
            |right: &&ParkingRight| matches!(right.kind, RightKind::Session) == asked.is_session;
        // A right is kept by car and zone.
        let mut cars: BTreeMap<_, Vec<&ParkingRight>> = BTreeMap::new();
        for right in of_id.rights.iter().filter(is_meant) {
            for (holder, _) in right.holders() {
                cars.entry((&right.source, &right.id, holder)).or_default().push(right);
            }
        }
        // Whatever is said of several cars alike is said once.
        let mut told: BTreeMap<_, RightToldById> = BTreeMap::new();
        let mut left_out = of_id.left_out;
        for ((source, id, holder), rows) in cars {
            let own = rows.iter().flat_map(|right| right.zones()).map(|(zone, _)| zone);
            let places: BTreeSet<_> = match &asked.zone {
                Some(zone) => [zone].into(),
                None => own.collect(),
            };
            let all: Vec<ParkingRight> = rows.into_iter().cloned().collect();
            let Some(right) = all.first() else { continue };
            for place in places {
                match verdict(asked, vehicles, (&all, holder), place, readings) {
                    Some(verdict) => {
                        let key = (source, id, place, format!("{verdict:?}"));
                        let new = || RightToldById::new(right, place, verdict);
                        told.entry(key).or_insert_with(new).cars += 1;
                    }
                    // The configuration has that zone no more.
                    None => left_out += 1,
                }
            }
        }
        let mut rights: Vec<_> = told.into_values().collect();
        rights.sort_by_key(|told| goodness(exit_of(told.verdict.status)));
        let best = rights.first().map(|told| told.verdict.clone());
        let verdict = match best {
            Some(best) if best.valid == Some(true) || left_out == 0 => best,
            Some(best) => best.unknown(left_out),
            None => {
                let sections = vehicles.sources();
                let is_stale = |source: &&SourceName| !readings.is_fresh(source, asked.asked_at);
                VerdictTold::of_nothing(sections.filter(is_stale), left_out)
            }
        };
        let exit = exit_of(verdict.status);
        Self {
            head: Head::of(CommandName::Lookup),
            who: asked.who.clone(),
            asked_at: asked.asked_at,
            judged_at: asked.judged_at,
            verdict,
            rights,
            left_out,
            exit_code: exit.code(),
            exit,
        }
    }

    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The text for the desk, in the clock of `zone`.
    #[must_use]
    pub fn render(&self, zone: Zone, look: Look) -> String {
        let mut text = String::new();
        for told in &self.rights {
            let RightToldById { id, number, source, kind, zone: place, cars, verdict } = told;
            let id = number.as_ref().unwrap_or(id);
            let (tone, word, more) = verdict.words(zone);
            let word = look.paint(tone, word);
            let _ = writeln!(
                text,
                "{id} of {source} ({kind}), {}, in {place}: {word}{more}",
                many(*cars, "car")
            );
        }
        if self.rights.is_empty() || self.verdict.status == ParkingStatus::Unknown {
            let (tone, word, more) = self.verdict.words(zone);
            let _ = writeln!(text, "{}: {}{more}", self.who, look.paint(tone, word));
        }
        look.folded(text)
    }
}

impl RightToldById {
    fn new(right: &ParkingRight, zone: &ParkingZoneName, verdict: VerdictTold) -> Self {
        Self {
            source: right.source.to_string(),
            id: right.id.to_string(),
            number: right.number.as_ref().map(ToString::to_string),
            kind: right.kind.word().to_owned(),
            zone: zone.to_string(),
            cars: 0,
            verdict,
        }
    }
}

/// What one car has by the rows of a right in a zone; nothing where the configuration has no such zone.
fn verdict(
    asked: &AskedRight,
    vehicles: &Vehicles,
    (rights, holder): (&[ParkingRight], &RightHolder),
    place: &ParkingZoneName,
    readings: &Readings,
) -> Option<VerdictTold> {
    let zone = vehicles.zones.named(place)?;
    let AskedRight { asked_at, judged_at, .. } = *asked;
    let question = Question { who: holder, zone, asked_at, judged_at };
    Some(VerdictTold::of(&judge(question, Evidence { rights, left_out: &[], readings })))
}
