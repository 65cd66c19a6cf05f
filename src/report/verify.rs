//! A handheld's question, "may this car stand here?", and its answer, in the shapes that enforcement systems
//! speak. Pure.
//!
//! The question is that of IPS (`requestId`, `licensePlate`, `location.zoneNumber`), the answer has a
//! `verification` and a recommendation; AIMS is answered in the same shape. Owner, telephone and way of payment
//! are never in it, nor is a tariff; and it never says "cite": that is the officer's to decide.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Serialize, Serializer};

use super::parking::{KnownOfCar, alone, exit_of};
use crate::config::Vehicles;
use crate::document::{Fault, JsonError, Limits, Node, parse};
use crate::engine::vehicles::{
    Answer, Evidence, ParkingStatus, Question, Readings, Verdict, judge,
};
use crate::exit::Exit;
use crate::model::{ParkingRight, ParkingZoneName, Period, Plate, RightHolder, RightKind};

/// A clock that differs by more judges nothing: it could make a right that has ended a valid one.
const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(300);

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyRequest {
    /// Given back as it came.
    pub request_id: Option<String>,
    /// By the handheld's clock.
    pub timestamp: Option<DateTime<Utc>>,
    pub plate: Plate,
    /// As it was spelt, for the answer: `CT`.
    pub state: Option<String>,
    /// In the configuration's words.
    pub zone: ParkingZoneName,
}

/// Why a question is not acceptable. No plate is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("{0}")]
    Document(#[from] JsonError),
    #[error("{pointer} {problem}")]
    Field { pointer: String, problem: String },
}

impl VerifyError {
    fn field(pointer: &str, problem: impl ToString) -> Self {
        Self::Field { pointer: pointer.to_owned(), problem: problem.to_string() }
    }

    /// Where in the document it is, as a JSON pointer; empty for all of it.
    #[must_use]
    pub fn pointer(&self) -> &str {
        match self {
            Self::Document(error) => &error.pointer,
            Self::Field { pointer, .. } => pointer,
        }
    }
}

/// Texts that name a car and a place, from wherever they came.
#[derive(Debug, Default)]
pub struct Named<'a> {
    pub plate: &'a str,
    pub state: Option<&'a str>,
    pub zone: &'a str,
}

impl VerifyRequest {
    /// Reads the document of a handheld. What is about the officer, the device and the street is not looked at.
    ///
    /// # Errors
    /// [`VerifyError`], with the place.
    pub fn parse(bytes: &[u8], vehicles: &Vehicles) -> Result<Self, VerifyError> {
        let value = parse(bytes, Limits::DOCUMENT)?;
        let top = Node::top(&value);
        let request_id = top.field("requestId")?.name()?;
        let timestamp = top.field("timestamp")?.instant()?;
        let plate = top.field("licensePlate")?.text()?;
        let state = top.optional("state")?.map(|node| node.text()).transpose()?;
        let location = top.field("location")?;
        let zone = location.field("zoneNumber")?.name()?;
        if request_id.chars().count() > 200 {
            return Err(top.field("requestId")?.error(Fault::TooLong(200)).into());
        }
        let named = Named { plate, state, zone };
        let request = Self::of(&named, vehicles, ["/licensePlate", "/location/zoneNumber"])?;
        Ok(Self { request_id: Some(request_id.to_owned()), timestamp: Some(timestamp), ..request })
    }

    /// The same of texts; `places` is what they are called in errors.
    ///
    /// # Errors
    /// [`VerifyError`] for a plate that is none, and a zone that the configuration lacks.
    pub fn of(
        named: &Named<'_>,
        vehicles: &Vehicles,
        [of_plate, of_zone]: [&str; 2],
    ) -> Result<Self, VerifyError> {
        let issuer = named.state.unwrap_or_default();
        let plate = vehicles.plates.read(named.plate, issuer);
        let plate = plate.map_err(|refusal| VerifyError::field(of_plate, refusal))?;
        let zone = ParkingZoneName::new(named.zone).ok().and_then(|name| zone(vehicles, &name));
        let zone = zone.ok_or_else(|| {
            VerifyError::field(
                of_zone,
                "is no zone of the configuration: nothing can be said of it",
            )
        })?;
        let state = named.state.map(str::to_owned);
        Ok(Self { request_id: None, timestamp: None, plate, state, zone: zone.clone() })
    }

    /// The instant that is asked about: the handheld's, where its clock is right.
    #[must_use]
    pub fn judged_at(&self, asked_at: DateTime<Utc>) -> DateTime<Utc> {
        let is_right = |at: &DateTime<Utc>| at.signed_duration_since(asked_at).abs() <= CLOCK_SLACK;
        self.timestamp.filter(is_right).unwrap_or(asked_at)
    }
}

/// A zone by its name here, or by the one that all sources that know such a name mean.
fn zone<'v>(vehicles: &'v Vehicles, name: &ParkingZoneName) -> Option<&'v ParkingZoneName> {
    if let Some(zone) = vehicles.zones.named(name) {
        return Some(zone.name());
    }
    let files = vehicles.files.iter().map(|file| &file.name);
    let sources = files.chain(vehicles.services.iter().map(|service| &service.name));
    let mut meant = sources.filter_map(|source| vehicles.zones.meant(source, name));
    let first = meant.next()?;
    meant.all(|other| other.name() == first.name()).then(|| first.name())
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    pub request_id: Option<String>,
    /// The instant that was judged.
    #[serde(serialize_with = "milliseconds")]
    pub timestamp: DateTime<Utc>,
    pub verification: Verification,
    pub enforcement_recommendation: Recommendation,
    /// Why it cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Why>,
    /// The handheld's clock is wrong, and ours was used.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub timestamp_ignored: bool,
    #[serde(skip)]
    exit: Exit,
}

/// What is known of the car, here and at that instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// `None` where it cannot be said.
    pub is_valid: Option<bool>,
    pub status: ParkingStatus,
    pub session: Option<SessionTold>,
    pub vehicle: VehicleTold,
    pub permits: Vec<PermitTold>,
}

/// A session that runs, or that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionTold {
    pub id: String,
    #[serde(serialize_with = "milliseconds")]
    pub start_time: DateTime<Utc>,
    /// `None`: until it is stopped.
    #[serde(serialize_with = "milliseconds")]
    pub end_time: Option<DateTime<Utc>>,
    /// In seconds; 0 where it is over.
    pub time_remaining: Option<i64>,
    pub zone: ZoneOf,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ZoneOf {
    /// Its name in the configuration.
    pub number: String,
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VehicleTold {
    pub license_plate: String,
    pub state: Option<String>,
}

/// A permit that is valid here and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PermitTold {
    #[serde(rename = "type")]
    pub kind: String,
    pub number: String,
    #[serde(serialize_with = "milliseconds")]
    pub valid_until: Option<DateTime<Utc>>,
}

/// What the officer may go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Recommendation {
    NoAction,
    NoRightFound,
    VerifyManually,
}

/// Why it cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// Needed here, and not fresh.
    pub stale: Vec<String>,
    /// When the first of them was read last; `None` where one of them never was.
    #[serde(serialize_with = "milliseconds")]
    pub oldest_read_at: Option<DateTime<Utc>>,
    /// Rights of this car that could not be used.
    pub left_out: usize,
}

impl Verified {
    /// What it means to a script.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

/// Answers a question.
#[must_use]
pub fn verify(
    request: &VerifyRequest,
    asked_at: DateTime<Utc>,
    vehicles: &Vehicles,
    known: KnownOfCar<'_>,
) -> Verified {
    let judged_at = request.judged_at(asked_at);
    let who = RightHolder::Plate(request.plate.clone());
    // It was looked up when the question was read.
    let zone = vehicles.zones.named(&request.zone);
    let question = zone.map(|zone| Question { who: &who, zone, asked_at, judged_at });
    let KnownOfCar { rights, left_out, readings } = known;
    let verdict = question.map(|question| judge(question, Evidence { rights, left_out, readings }));
    let status = verdict.as_ref().map_or(ParkingStatus::Unknown, |verdict| verdict.status);
    let answer = status.answer();
    let is_said = answer != Answer::CannotBeSaid;
    let told = question.filter(|_| is_said).zip(verdict.as_ref());
    let vehicle = VehicleTold {
        license_plate: request.plate.text().to_owned(),
        state: request.state.clone(),
    };
    Verified {
        request_id: request.request_id.clone(),
        timestamp: judged_at,
        verification: Verification {
            is_valid: match answer {
                Answer::Valid => Some(true),
                Answer::NoRight | Answer::NotHereAndNow => Some(false),
                Answer::CannotBeSaid => None,
            },
            status,
            session: told
                .and_then(|(question, verdict)| session(question, verdict, rights, vehicles)),
            vehicle,
            permits: told.map(|(question, _)| permits(question, rights)).unwrap_or_default(),
        },
        enforcement_recommendation: match answer {
            Answer::Valid => Recommendation::NoAction,
            Answer::NoRight | Answer::NotHereAndNow => Recommendation::NoRightFound,
            Answer::CannotBeSaid => Recommendation::VerifyManually,
        },
        reason: verdict.as_ref().filter(|_| !is_said).map(|verdict| why(verdict, readings)),
        timestamp_ignored: request.timestamp.is_some_and(|at| at != judged_at),
        exit: exit_of(status),
    }
}

/// The session that the answer is about, or one that runs beside a permit.
fn session(
    question: Question<'_>,
    verdict: &Verdict<'_>,
    rights: &[ParkingRight],
    vehicles: &Vehicles,
) -> Option<SessionTold> {
    let is_session = |right: &ParkingRight| right.kind == RightKind::Session;
    let told = verdict.told.filter(|told| is_session(told.right));
    let told = told.map(|told| (told.right, told.period)).or_else(|| {
        rights.iter().filter(|right| is_session(right)).find_map(|right| valid(question, right))
    });
    let (right, period) = told?;
    let remaining =
        |end: DateTime<Utc>| end.signed_duration_since(question.judged_at).num_seconds().max(0);
    // Where it holds itself, which may be another zone than the one that is asked about.
    let zone = right.zones().first().map_or(question.zone.name(), |(zone, _)| zone);
    Some(SessionTold {
        id: right.id.to_string(),
        start_time: period.begin(),
        end_time: period.end(),
        time_remaining: period.end().map(remaining),
        zone: ZoneOf { number: zone.to_string(), name: vehicles.titles.get(zone).cloned() },
    })
}

fn permits(question: Question<'_>, rights: &[ParkingRight]) -> Vec<PermitTold> {
    let mut permits = Vec::new();
    for right in rights {
        let RightKind::Permit(kind) = &right.kind else { continue };
        if let Some((right, period)) = valid(question, right) {
            permits.push(PermitTold {
                kind: kind.to_string(),
                number: right.number.as_ref().unwrap_or(&right.id).to_string(),
                valid_until: period.end(),
            });
        }
    }
    permits.sort_by(|one, other| (&one.number, &one.kind).cmp(&(&other.number, &other.kind)));
    permits.dedup();
    permits
}

/// A right that is valid by itself, here and at that instant, with its period.
fn valid<'r>(
    question: Question<'_>,
    right: &'r ParkingRight,
) -> Option<(&'r ParkingRight, Period)> {
    let (status, period) = alone(question, right);
    Some(right).filter(|_| status.answer() == Answer::Valid).zip(period)
}

fn why(verdict: &Verdict<'_>, readings: &Readings) -> Why {
    let stale = &verdict.doubts.stale;
    let read: Option<Vec<_>> =
        stale.iter().map(|source| readings.0.get(*source).map(|read| read.at)).collect();
    Why {
        stale: stale.iter().map(ToString::to_string).collect(),
        oldest_read_at: read.and_then(|all| all.into_iter().min()),
        left_out: verdict.doubts.left_out.len(),
    }
}

/// An instant to the millisecond, in UTC: `2024-01-01T12:00:00.000Z`.
fn milliseconds<S: Serializer>(
    at: &(impl Copy + Into<Option<DateTime<Utc>>>),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match (*at).into() {
        Some(at) => serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true)),
        None => serializer.serialize_none(),
    }
}
