//! What is said of a car: valid or not, where and until when; as text for the desk and as JSON.
//!
//! Pure. [`answer`] asks [`judge`] for each zone, and adds nothing of its own.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Head;
use super::gates::CarAtGateTold;
use super::look::{Look, Tone};
pub use super::question::QuestionError;
use super::text::with_zone;
use crate::command::CommandName;
use crate::config::Vehicles;
use crate::engine::gates::{CarAtGate, Membership};
use crate::engine::vehicles::{
    Answer, Evidence, LastRead, LeftOut, ParkingStatus, Question, Readings, Verdict, judge,
};
use crate::exit::Exit;
use crate::model::{
    ParkingRight, ParkingZone, ParkingZoneName, Period, Plate, RightHolder, RightState, SourceName,
    Zone,
};
use crate::text::times::whole_seconds;

/// Of whom is asked, where and when.
#[derive(Debug, Clone)]
pub struct Car {
    /// As it was typed.
    pub who: String,
    pub plate: Plate,
    /// The zone that is asked about; of every zone where there is none.
    pub zone: Option<ParkingZoneName>,
    pub asked_at: DateTime<Utc>,
    /// The instant that is asked about.
    pub judged_at: DateTime<Utc>,
}

/// What is known of a car.
#[derive(Debug, Clone, Copy)]
pub struct KnownOfCar<'a> {
    pub rights: &'a [ParkingRight],
    pub left_out: &'a [LeftOut],
    pub readings: &'a Readings,
}

/// The answer, for all zones that were asked about.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    #[serde(flatten)]
    head: Head,
    who: String,
    #[serde(serialize_with = "whole_seconds")]
    asked_at: DateTime<Utc>,
    #[serde(serialize_with = "whole_seconds")]
    judged_at: DateTime<Utc>,
    /// Nothing where several zones were asked about.
    zone: Option<String>,
    /// That of the zone; of several, the best.
    verdict: VerdictTold,
    zones: Vec<ZoneTold>,
    /// What the plate is worth at gates that open for members' cars; nothing where a zone was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    membership: Option<VerdictTold>,
    rights: Vec<RightTold>,
    gates: Vec<CarAtGateTold>,
    exit_code: u8,
    #[serde(skip)]
    exit: Exit,
    /// As it is shown to people.
    #[serde(skip)]
    plate: String,
}

#[derive(Debug, Clone, Serialize)]
struct ZoneTold {
    zone: String,
    name: Option<String>,
    verdict: VerdictTold,
    exit_code: u8,
    #[serde(skip)]
    exit: Exit,
}

/// What is said of a car, as it is written.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VerdictTold {
    /// Nothing where it cannot be said.
    pub(super) valid: Option<bool>,
    pub(super) status: ParkingStatus,
    #[serde(serialize_with = "whole_seconds")]
    until: Option<DateTime<Utc>>,
    by: Option<String>,
    stale: Vec<String>,
    matched_without_issuer: bool,
    /// Rows with this plate that give no right.
    left_out: usize,
    #[serde(skip)]
    from: Option<DateTime<Utc>>,
    #[serde(skip)]
    source: Option<SourceName>,
    #[serde(skip)]
    is_unstopped: bool,
}

#[derive(Debug, Clone, Serialize)]
struct RightTold {
    source: String,
    id: String,
    kind: String,
    holders: Vec<String>,
    zones: Vec<String>,
    #[serde(serialize_with = "whole_seconds")]
    from: Option<DateTime<Utc>>,
    #[serde(serialize_with = "whole_seconds")]
    until: Option<DateTime<Utc>>,
    state: &'static str,
    why: &'static str,
}

/// What a script goes by.
#[must_use]
pub fn exit_of(status: ParkingStatus) -> Exit {
    match status.answer() {
        Answer::Valid => Exit::InStep,
        Answer::NoRight => Exit::NobodyFound,
        Answer::NotHereAndNow => Exit::NotHereAndNow,
        Answer::CannotBeSaid => Exit::Temporary,
    }
}

/// How good an answer is among those of several zones: valid in one is what the desk looks for, and without
/// that, what cannot be said of one zone leaves the whole open.
pub(super) fn goodness(exit: Exit) -> u8 {
    match exit {
        Exit::InStep => 0,
        Exit::Temporary => 1,
        Exit::NotHereAndNow => 2,
        _ => 3,
    }
}

/// Judges a car in the zone that is asked about, or in every zone and as a member's; `at_gates` is what it is
/// worth at each gate.
///
/// # Errors
/// [`QuestionError::NoZone`] where the configuration has no such zone, or none at all.
pub fn answer(
    car: &Car,
    vehicles: &Vehicles,
    known: KnownOfCar<'_>,
    at_gates: &[CarAtGate],
) -> Result<Told, QuestionError> {
    let zones: Vec<&ParkingZone> = match &car.zone {
        Some(name) => vehicles.zones.named(name).into_iter().collect(),
        None => vehicles.zones.iter().collect(),
    };
    let who = RightHolder::Plate(car.plate.clone());
    let each: Vec<ZoneTold> =
        zones.iter().map(|zone| of_zone(zone, &who, car, vehicles, known)).collect();
    let best = each.iter().enumerate().min_by_key(|(_, told)| goodness(told.exit));
    let membership = match &car.zone {
        Some(_) => None,
        None => membership(at_gates),
    };
    let as_member = membership.as_ref().map(|told| (told, exit_of(told.status)));
    let (place, verdict, found) = match (best, as_member) {
        (Some((place, best)), None) => (Some(place), &best.verdict, best.exit),
        (Some((place, best)), Some((_, exit))) if goodness(best.exit) <= goodness(exit) => {
            (Some(place), &best.verdict, best.exit)
        }
        (best, Some((told, exit))) => (best.map(|(place, _)| place), told, exit),
        (None, None) => {
            let name = car.zone.as_ref().map_or("", ParkingZoneName::as_str);
            return Err(QuestionError::NoZone(name.to_owned(), None));
        }
    };
    let stands_outside = |gate: &CarAtGate| {
        let is_asked = car.zone.as_ref().is_none_or(|zone| gate.zones.contains(zone));
        is_asked && gate.should_open && !gate.opens_now
    };
    let exit = match found {
        Exit::InStep if at_gates.iter().any(stands_outside) => Exit::DeviceDiffers,
        found => found,
    };
    let rights = place.and_then(|place| zones.get(place)).map(|zone| {
        let mut rights: Vec<_> =
            known.rights.iter().filter_map(|right| of_right(right, zone, &who, car)).collect();
        rights.sort_by(|one, other| (&one.source, &one.id).cmp(&(&other.source, &other.id)));
        rights
    });
    let is_one = each.len() == 1;
    Ok(Told {
        head: Head::of(CommandName::Lookup),
        who: car.who.clone(),
        asked_at: car.asked_at,
        judged_at: car.judged_at,
        zone: each.first().filter(|_| is_one).map(|told| told.zone.clone()),
        verdict: verdict.clone(),
        exit_code: exit.code(),
        exit,
        rights: rights.unwrap_or_default(),
        gates: at_gates.iter().map(CarAtGateTold::from).collect(),
        membership,
        plate: car.plate.spelled(),
        zones: each,
    })
}

/// What a plate is worth at gates that open for members' cars; nothing where there is none.
fn membership(at_gates: &[CarAtGate]) -> Option<VerdictTold> {
    let gates: Vec<_> = at_gates.iter().filter(|gate| gate.is_for_members).collect();
    let first = gates.first()?;
    let known = || gates.iter().filter_map(|gate| gate.as_member.as_ref());
    let told = known().find(|member| member.is_running).or_else(|| known().next());
    let status = match told {
        Some(Membership { is_running: true, .. }) => ParkingStatus::Active,
        _ if gates.iter().any(|gate| gate.is_unsure) => ParkingStatus::Unknown,
        Some(_) => ParkingStatus::NotYetValid,
        None if first.is_listed => ParkingStatus::Expired,
        None => ParkingStatus::NotFound,
    };
    Some(VerdictTold {
        by: told.map(|member| member.by.right.clone()),
        source: told.map(|member| member.by.source.clone()),
        ..VerdictTold::bare(status)
    })
}

fn of_zone(
    zone: &ParkingZone,
    who: &RightHolder,
    car: &Car,
    vehicles: &Vehicles,
    known: KnownOfCar<'_>,
) -> ZoneTold {
    let question = Question { who, zone, asked_at: car.asked_at, judged_at: car.judged_at };
    let KnownOfCar { rights, left_out, readings } = known;
    let verdict = judge(question, Evidence { rights, left_out, readings });
    let exit = exit_of(verdict.status);
    ZoneTold {
        zone: zone.name().to_string(),
        name: vehicles.titles.get(zone.name()).cloned(),
        verdict: VerdictTold::of(&verdict),
        exit_code: exit.code(),
        exit,
    }
}

/// What one right says by itself, as if everything were fresh.
pub(super) fn alone(
    question: Question<'_>,
    right: &ParkingRight,
) -> (ParkingStatus, Option<Period>) {
    let fresh = LastRead { at: question.asked_at, fresh_for: std::time::Duration::MAX };
    let sources = question.zone.needs().iter().chain([&right.source]);
    let readings = Readings(sources.map(|source| (source.clone(), fresh)).collect());
    let rights = std::slice::from_ref(right);
    let verdict = judge(question, Evidence { rights, left_out: &[], readings: &readings });
    (verdict.status, verdict.told.map(|told| told.period))
}

/// One right by itself, as if everything were fresh; nothing where it is not this car's.
fn of_right(
    right: &ParkingRight,
    zone: &ParkingZone,
    who: &RightHolder,
    car: &Car,
) -> Option<RightTold> {
    let question = Question { who, zone, asked_at: car.asked_at, judged_at: car.judged_at };
    let (status, period) = alone(question, right);
    let why = match status {
        ParkingStatus::Active => "valid here and now",
        ParkingStatus::Grace => "ended, and the grace of the zone is not over",
        ParkingStatus::Expired => "ended",
        ParkingStatus::NotYetValid => "not begun",
        ParkingStatus::WrongZone => "valid now, in another zone",
        ParkingStatus::Cancelled => "cancelled or suspended",
        ParkingStatus::Unknown => "in a state that is not known here",
        ParkingStatus::NotFound => return None,
    };
    let holders = right.holders().iter().map(|(holder, _)| match holder {
        RightHolder::Plate(plate) => plate.spelled(),
        RightHolder::Space(space) => space.to_string(),
        RightHolder::Member(member) => member.human().to_string(),
    });
    Some(RightTold {
        source: right.source.to_string(),
        id: right.id.to_string(),
        kind: right.kind.word().to_owned(),
        holders: holders.collect(),
        zones: right.zones().iter().map(|(zone, _)| zone.to_string()).collect(),
        from: period.map(|period| period.begin()),
        until: period.and_then(|period| period.end()),
        state: match right.state {
            RightState::Active => "active",
            RightState::Cancelled => "cancelled",
            RightState::Suspended => "suspended",
            RightState::Unknown(_) => "unknown",
        },
        why,
    })
}

impl Told {
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The text for the desk, in the clock of `zone`.
    #[must_use]
    pub fn render(&self, zone: Zone, look: Look) -> String {
        let at = with_zone(self.judged_at, zone);
        let mut text = format!("Plate {} at {at}\n", self.plate);
        for told in &self.zones {
            let name = told.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            let (tone, word, more) = told.verdict.words(zone);
            let _ = writeln!(text, "  {}{name}: {}{more}", told.zone, look.paint(tone, word));
        }
        if let Some(told) = &self.membership {
            let (tone, words) = match (told.valid, &told.by) {
                (Some(true), Some(by)) => (Tone::Good, format!("member {by} may enter")),
                (Some(true), None) => (Tone::Good, "may enter".to_owned()),
                (Some(false), _) if told.status == ParkingStatus::NotFound => {
                    (Tone::Bad, "no member's car".to_owned())
                }
                (Some(false), _) => {
                    (Tone::Bad, "a member's car, and no membership runs".to_owned())
                }
                (None, _) => (Tone::Warning, "cannot be said".to_owned()),
            };
            let _ = writeln!(text, "  Members: {}.", look.paint(tone, &words));
        }
        for gate in &self.gates {
            let _ = writeln!(text, "  {}", gate.line(look));
        }
        for right in self.rights.iter().filter(|_| self.verdict.valid != Some(true)) {
            let until = right.until.map_or("without end".to_owned(), |until| {
                format!("until {}", with_zone(until, zone))
            });
            let _ = writeln!(
                text,
                "  Known: {} of {}, for {}, {until}: {}.",
                right.id,
                right.source,
                right.zones.join(", "),
                right.why
            );
        }
        look.folded(text)
    }
}

impl VerdictTold {
    /// A status, and nothing beside.
    fn bare(status: ParkingStatus) -> Self {
        Self {
            valid: match status.answer() {
                Answer::Valid => Some(true),
                Answer::NoRight | Answer::NotHereAndNow => Some(false),
                Answer::CannotBeSaid => None,
            },
            status,
            until: None,
            by: None,
            stale: Vec::new(),
            matched_without_issuer: false,
            left_out: 0,
            from: None,
            source: None,
            is_unstopped: false,
        }
    }

    pub(super) fn of(verdict: &Verdict<'_>) -> Self {
        let bare = Self::bare(verdict.status);
        // What is known of a car of which nothing can be said is among its rights.
        let told = verdict.told.filter(|_| bare.valid.is_some());
        Self {
            until: told.and_then(|told| told.period.end()),
            by: told.map(|told| told.right.id.to_string()),
            stale: verdict.doubts.stale.iter().map(ToString::to_string).collect(),
            matched_without_issuer: told.is_some_and(|told| told.is_matched_without_issuer),
            left_out: verdict.doubts.left_out.len(),
            from: told.map(|told| told.period.begin()),
            source: told.map(|told| told.right.source.clone()),
            is_unstopped: !verdict.doubts.unstopped.is_empty(),
            ..bare
        }
    }

    /// Where nothing is known that gives a right: that there is none is said only where all sources are fresh and no
    /// row was left out.
    pub(super) fn of_nothing<'s>(
        stale: impl Iterator<Item = &'s SourceName>,
        left_out: usize,
    ) -> Self {
        let stale: Vec<_> = stale.map(ToString::to_string).collect();
        let is_known = stale.is_empty() && left_out == 0;
        let status = if is_known { ParkingStatus::NotFound } else { ParkingStatus::Unknown };
        Self { stale, left_out, ..Self::bare(status) }
    }

    /// The same where a row that was left out leaves it open.
    pub(super) fn unknown(self, left_out: usize) -> Self {
        Self { stale: self.stale, left_out, ..Self::bare(ParkingStatus::Unknown) }
    }

    /// How it is shown, a word or two, and what there is to say beside.
    pub(super) fn words(&self, zone: Zone) -> (Tone, &'static str, String) {
        let tone = match self.valid {
            Some(true) => Tone::Good,
            Some(false) => Tone::Bad,
            None => Tone::Warning,
        };
        let (word, more) = self.word_and_more(zone);
        (tone, word, more)
    }

    fn word_and_more(&self, zone: Zone) -> (&'static str, String) {
        let moment =
            |at: Option<DateTime<Utc>>| at.map(|at| with_zone(at, zone)).unwrap_or_default();
        let by = match (&self.by, &self.source) {
            (Some(id), Some(source)) => format!(", by {id} of {source}"),
            _ => String::new(),
        };
        let unsure = match self.matched_without_issuer {
            true => "; the issuer of the plate is not known on both sides",
            false => "",
        };
        let until = moment(self.until);
        match self.status {
            ParkingStatus::Active if self.until.is_none() => {
                ("valid", format!(" without end{by}{unsure}."))
            }
            ParkingStatus::Active => ("valid", format!(" until {until}{by}{unsure}.")),
            ParkingStatus::Grace => ("in grace", format!(": ended at {until}{by}{unsure}.")),
            ParkingStatus::Expired => ("not valid", format!(": ended at {until}{by}{unsure}.")),
            ParkingStatus::NotYetValid => {
                ("not valid", format!(": begins at {}{by}{unsure}.", moment(self.from)))
            }
            ParkingStatus::WrongZone => {
                ("not valid", format!(" here, but in another zone{by}{unsure}."))
            }
            ParkingStatus::Cancelled => {
                ("not valid", format!(": cancelled or suspended{by}{unsure}."))
            }
            ParkingStatus::NotFound => ("not valid", ": no right is known.".to_owned()),
            ParkingStatus::Unknown => {
                ("cannot be said", format!(": {}. Look by hand.", self.doubts()))
            }
        }
    }

    fn doubts(&self) -> String {
        let mut doubts = Vec::new();
        if !self.stale.is_empty() {
            let were = if self.stale.len() == 1 { "was" } else { "were" };
            doubts.push(format!("{} {were} not read of late", self.stale.join(", ")));
        }
        if self.left_out > 0 {
            doubts.push("a row with this plate could not be used".to_owned());
        }
        if self.is_unstopped {
            doubts.push("a session may have been stopped since".to_owned());
        }
        if doubts.is_empty() {
            doubts.push("a right is in a state that is not known here".to_owned());
        }
        doubts.join("; ")
    }
}
