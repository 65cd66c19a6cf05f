//! `lookup plate:…`: may this car stand here? Answered from the state file by the index of plates: nobody is
//! asked, and no member is looked at.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::cmd::Context;
use crate::config::Vehicles;
use crate::document::{self, Limits, Node};
use crate::engine::gates::of_car;
use crate::engine::rights::Known;
use crate::engine::vehicles::Readings;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{AskedThing, ParkingZoneName, Plate, inert_json, parse_instant};
use crate::report::json::OfClub;
use crate::report::parking::{Car, KnownOfCar, QuestionError, Told, answer};
use crate::store::Store;
use crate::text::suggest::nearest;

/// The most bytes of one question.
const QUESTION_BYTES_MAX: u64 = 4 * 1024;

/// So many bytes of answers are written together.
const ANSWER_BYTES_AT_ONCE: usize = 64 * 1024;

/// For so long a batch relies on what it read of the files.
const KNOWN_FOR: TimeDelta = TimeDelta::seconds(1);

/// What is asked, as it was typed.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub who: String,
    pub zone: Option<String>,
    pub at: Option<String>,
}

/// Reads one WHO from standard input: a command line is visible to every user of a computer.
///
/// # Errors
/// [`QuestionError::NoWho`].
pub fn who_from_input() -> Result<String, Error> {
    let mut line = Vec::new();
    let mut input = std::io::stdin().lock().take(QUESTION_BYTES_MAX);
    let read = input.read_until(b'\n', &mut line);
    let text = read.ok().and_then(|_| String::from_utf8(line).ok()).unwrap_or_default();
    match text.trim_start_matches('\u{feff}').trim() {
        "" => Err(QuestionError::NoWho.into()),
        who => Ok(who.to_owned()),
    }
}

/// Answers one question.
pub(super) fn run(context: &Context, typed: &Typed) -> Result<Exit, Error> {
    let mut desk = Desk::open(context)?;
    let told = desk.answer(typed)?;
    if context.is_json {
        context.print_json(&told)?;
    } else {
        context.print(&told.render(context.config.zone_of_people(), context.look))?;
    }
    Ok(told.exit())
}

/// Answers a question for each line, in their order.
pub(super) fn batch(context: &Context, from: &str) -> Result<Exit, Error> {
    let mut desk = Desk::open(context)?;
    let no_batch =
        |error: std::io::Error| QuestionError::NoFile(from.to_owned(), error.to_string());
    let input: Box<dyn Read> = match from {
        "-" => Box::new(std::io::stdin().lock()),
        path => Box::new(File::open(path).map_err(no_batch)?),
    };
    let mut input = BufReader::new(input);
    let (mut answers, mut worst) = (String::new(), Exit::InStep);
    let club = context.config.club.as_deref();
    context.stop.no_last_word();
    for place in 1_u64.. {
        // Whoever waits for an answer before asking on gets it.
        if answers.len() > ANSWER_BYTES_AT_ONCE || input.buffer().is_empty() {
            (context.stdout)(&std::mem::take(&mut answers))?;
        }
        let Some(line) = next_line(&mut input).map_err(no_batch)? else { break };
        if line.as_deref().is_some_and(|line| line.trim().is_empty()) {
            continue;
        }
        let typed = line.as_deref().and_then(|line| question(line.trim()));
        let told = typed.map(|typed| desk.answer(&typed)).transpose();
        match told {
            Ok(Some(told)) => one_line(&mut answers, club, &told)?,
            Ok(None) => {
                worst = Exit::Usage;
                one_line(&mut answers, club, &NoAnswer::new(place, NOT_UNDERSTOOD.to_owned()))?;
            }
            Err(Error::Question(error)) => {
                worst = Exit::Usage;
                one_line(&mut answers, club, &NoAnswer::new(place, error.to_string()))?;
            }
            Err(other) => return Err(other),
        }
    }
    (context.stdout)(&answers)?;
    Ok(worst)
}

const NOT_UNDERSTOOD: &str =
    "the line is no question: write WHO [ZONE [AT]], or {\"who\": …, \"zone\": …, \"at\": …}";

/// A line that was not answered. What stood in it is not repeated.
#[derive(Debug, Serialize)]
struct NoAnswer {
    version: u32,
    line: u64,
    error: String,
    exit_code: u8,
}

impl NoAnswer {
    fn new(line: u64, error: String) -> Self {
        Self { version: 1, line, error, exit_code: Exit::Usage.code() }
    }
}

fn one_line(to: &mut String, club: Option<&str>, document: &impl Serialize) -> Result<(), Error> {
    let answer = OfClub { document, club };
    to.push_str(&inert_json(&serde_json::to_string(&answer)?));
    to.push('\n');
    Ok(())
}

/// The next line; nothing inside where it is too long or no UTF-8, and nothing at all at the end.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<Option<String>>> {
    let mut line = Vec::new();
    let read = input.take(QUESTION_BYTES_MAX).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    let is_whole = line.ends_with(b"\n") || (read as u64) < QUESTION_BYTES_MAX;
    if is_whole {
        return Ok(Some(String::from_utf8(line).ok()));
    }
    loop {
        let rest = input.fill_buf()?;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (length, is_over) = (end.map_or(rest.len(), |end| end + 1), end.is_some());
        let is_over = is_over || length == 0;
        input.consume(length);
        if is_over {
            return Ok(Some(None));
        }
    }
}

/// `WHO [ZONE [AT]]`, or an object with these as fields.
fn question(line: &str) -> Option<Typed> {
    if line.starts_with('{') {
        let value = document::parse(line.as_bytes(), Limits::DOCUMENT).ok()?;
        let top = Node::top(&value);
        top.has_only(&["who", "zone", "at"]).ok()?;
        let text = |key| {
            let field = top.optional(key).ok()?;
            field.map(|field| field.text().map(str::to_owned)).transpose().ok()
        };
        return Some(Typed { who: text("who")??, zone: text("zone")?, at: text("at")? });
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let typed = Typed { who: words.next()?, zone: words.next(), at: words.next() };
    words.next().is_none().then_some(typed)
}

/// Where questions are answered: the state file, and what was read of it already.
pub(super) struct Desk<'c> {
    pub context: &'c Context,
    /// Nothing where there is no state file yet.
    store: Option<Store>,
    known: Option<(Known, DateTime<Utc>)>,
}

impl<'c> Desk<'c> {
    pub fn open(context: &'c Context) -> Result<Self, Error> {
        let config = &context.config;
        if !config.vehicles.are_there() && !config.reads_member_plates() {
            return Err(QuestionError::NoVehicles.into());
        }
        Ok(Self { context, store: context.open_store_to_read_unchecked()?, known: None })
    }

    fn answer(&mut self, typed: &Typed) -> Result<Told, Error> {
        let asked_at = self.context.clock.now();
        let car = car(self.context, typed, asked_at)?;
        let at_gates = match &self.store {
            Some(store) => of_car(&self.context.config, store, &car.plate, car.judged_at)?,
            None => Vec::new(),
        };
        let told = self.with_known(&car.plate, asked_at, |vehicles, known| {
            answer(&car, vehicles, known, &at_gates)
        })?;
        Ok(told?)
    }

    /// Judges by all that is known of a plate.
    pub fn with_known<T>(
        &mut self,
        plate: &Plate,
        asked_at: DateTime<Utc>,
        judge: impl FnOnce(&Vehicles, KnownOfCar<'_>) -> T,
    ) -> Result<T, Error> {
        let vehicles = &self.context.config.vehicles;
        let Some(store) = &self.store else {
            let (rights, left_out) = (&[], &[]);
            let known = KnownOfCar { rights, left_out, readings: &Readings::default() };
            return Ok(judge(vehicles, known));
        };
        // One look: a run may replace a file between two statements.
        let _look = store.reading()?;
        let is_old = |(_, read_at): &(Known, DateTime<Utc>)| {
            asked_at.signed_duration_since(*read_at).abs() >= KNOWN_FOR
        };
        let known = self.known.take().filter(|known| !is_old(known));
        let known = match known {
            Some(known) => known,
            None => (Known::read(vehicles, store)?, asked_at),
        };
        let of_plate = known.0.of_plate(vehicles, store, plate)?;
        let (rights, left_out) = (&of_plate.rights, &of_plate.left_out);
        let of_car = KnownOfCar { rights, left_out, readings: &known.0.readings };
        let told = judge(vehicles, of_car);
        self.known = Some(known);
        Ok(told)
    }
}

/// Reads what was typed. No error says the plate.
fn car(context: &Context, typed: &Typed, asked_at: DateTime<Utc>) -> Result<Car, QuestionError> {
    let vehicles = &context.config.vehicles;
    let Some(AskedThing::Plate(plate)) = AskedThing::parse(&typed.who) else {
        return Err(QuestionError::OnlyForPlates);
    };
    let plate = vehicles.plates.read_spelled(plate).map_err(QuestionError::Plate)?;
    let (zone, judged_at) = typed.place_and_moment(vehicles, asked_at)?;
    Ok(Car { who: typed.who.clone(), plate, zone, asked_at, judged_at })
}

impl Typed {
    /// Neither a zone nor an instant was named.
    pub(super) fn is_plain(&self) -> bool {
        self.zone.is_none() && self.at.is_none()
    }

    /// The zone that is asked about, if one is, and the instant.
    pub(super) fn place_and_moment(
        &self,
        vehicles: &Vehicles,
        asked_at: DateTime<Utc>,
    ) -> Result<(Option<ParkingZoneName>, DateTime<Utc>), QuestionError> {
        let zone = self.zone.as_ref().map(|text| {
            let name = ParkingZoneName::new(text).ok();
            name.filter(|name| vehicles.zones.named(name).is_some()).ok_or_else(|| {
                let names = vehicles.zones.iter().map(|zone| zone.name().as_str());
                QuestionError::NoZone(text.clone(), nearest(text, names).map(str::to_owned))
            })
        });
        let at = self.at.as_ref().map(|at| parse_instant(at).ok_or(QuestionError::NoMoment));
        Ok((zone.transpose()?, at.transpose()?.unwrap_or(asked_at)))
    }
}
