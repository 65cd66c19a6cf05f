//! What a row that is written becomes, and what a deletion takes away, for both families.

use chrono::NaiveDateTime;

use super::problem::Problem;
use super::row::{List, Moment, Row, bare, is_separator, parse};
use super::state::State;
use super::switches::{
    Batch, Dates, DeleteOfNothing, Effect, Letters, ListedAgain, Omitted, Separators, Starts,
    Switches, WrittenOffset,
};
use crate::isapi::answers::{
    BAD_JSON_CONTENT, BEYOND_RANGE, NO_PLATE_ID, PARAMETERS_LACK, PLATE_FORMAT, PLATES_FULL,
    SAME_PLATE, START_LATER, TIME_FORMAT,
};
use crate::zone::Zone;

/// What a write wants done with a plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// It does not say.
    Unsaid,
    Add,
    Modify,
}

/// One row as a write sends it, its texts checked.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub(super) operation: Operation,
    /// The row's id; `None` where it is not sent, or empty.
    pub(super) id: Option<String>,
    pub(super) plate: String,
    pub(super) list: List,
    pub(super) created: NaiveDateTime,
    pub(super) begin: NaiveDateTime,
    pub(super) end: Option<NaiveDateTime>,
    /// `cardNo`, `name`, `groupName`, `plateType` and `plateColor`, where they are sent.
    pub(super) others: [Option<String>; 5],
}

/// Writes these rows, each checked when its turn comes.
///
/// # Errors
/// Why a row is refused; those before it may be stored.
pub(super) fn write(
    state: &mut State,
    rows: impl IntoIterator<Item = Result<Incoming, Problem>>,
) -> Result<(), Problem> {
    let mut list = state.rows.clone();
    let mut stored: Vec<(Option<Row>, Row)> = Vec::new();
    let mut problem = None;
    for row in rows {
        match row.and_then(|row| put(state, &mut list, row)) {
            Ok(done) => stored.push(done),
            Err(why) => {
                problem = Some(why);
                break;
            }
        }
    }
    if problem.is_none() || state.switches.batch == Batch::UpToTheRefused {
        for (before, row) in &stored {
            if stored.iter().filter(|(_, other)| other.plate == row.plate).count() > 1 {
                state.audit.note("plate-twice", &row.plate);
            }
            state.audit.stored(before.as_ref(), row);
        }
        state.commit(list);
    }
    match problem {
        Some(problem) => Err(problem),
        None => after(state),
    }
}

/// Takes these rows away, each named by whatever `is_named` looks at.
///
/// # Errors
/// That a row is not there; those before it are deleted.
pub(super) fn delete<T>(
    state: &mut State,
    named: &[T],
    is_named: impl Fn(&Row, &T) -> bool,
) -> Result<(), Problem> {
    let mut list = state.rows.clone();
    let mut gone = Vec::new();
    let mut problem = None;
    for name in named {
        let (found, kept): (Vec<Row>, Vec<Row>) =
            list.into_iter().partition(|row| is_named(row, name));
        list = kept;
        if found.is_empty() && state.switches.delete_of_nothing == DeleteOfNothing::Refused {
            problem = Some(NO_PLATE_ID.into());
            break;
        }
        gone.extend(found);
    }
    for row in &gone {
        state.audit.deleted(row);
    }
    state.commit(list);
    match problem {
        Some(problem) => Err(problem),
        None => after(state),
    }
}

/// The list is wiped, whoever made its rows.
pub(super) fn wipe(state: &mut State, what: &str) -> Result<(), Problem> {
    state.audit.note("delete-all", what);
    state.commit(Vec::new());
    after(state)
}

/// What is answered to something that was done.
fn after(state: &State) -> Result<(), Problem> {
    match state.switches.effect {
        Effect::RefusedYetApplied => Err(BAD_JSON_CONTENT.about("Invalid JSON Content").into()),
        _ => Ok(()),
    }
}

/// Puts one row into the list; the row that it replaced, and the row as it stands now.
fn put(
    state: &mut State,
    list: &mut Vec<Row>,
    row: Incoming,
) -> Result<(Option<Row>, Row), Problem> {
    let Some(place) = list.iter().position(|listed| listed.plate == row.plate) else {
        if row.operation == Operation::Modify || row.id.is_some() {
            return Err(NO_PLATE_ID.into());
        }
        if list.len() >= state.settings.plate_list_num {
            return Err(PLATES_FULL.into());
        }
        let id = state.next_id(&row.plate);
        let mut new = Row::new(&row.plate).id(&id).own();
        fill(&mut new, &row, Omitted::Reset);
        list.push(new.clone());
        return Ok((None, new));
    };
    let before = list[place].clone();
    if row.id.as_ref().is_some_and(|id| *id != before.id) {
        return Err(NO_PLATE_ID.into());
    }
    let adds = match row.operation {
        Operation::Add => true,
        Operation::Unsaid => row.id.is_none(),
        Operation::Modify => false,
    };
    if adds && state.switches.listed_again == ListedAgain::Refused {
        return Err(SAME_PLATE.into());
    }
    fill(&mut list[place], &row, state.switches.omitted);
    Ok((Some(before), list[place].clone()))
}

/// Sets what a write says.
fn fill(row: &mut Row, from: &Incoming, omitted: Omitted) {
    (row.list, row.created, row.begin, row.end) = (from.list, from.created, from.begin, from.end);
    let places = [
        &mut row.card_no,
        &mut row.name,
        &mut row.group,
        &mut row.plate_type,
        &mut row.plate_color,
    ];
    for (place, other) in places.into_iter().zip(&from.others) {
        match other {
            Some(text) => text.clone_into(place),
            None if omitted == Omitted::Reset => place.clear(),
            None => {}
        }
    }
}

/// A plate as the camera stores it.
///
/// # Errors
/// `licensePlateFormatError`.
pub(super) fn plate(state: &mut State, text: &str) -> Result<String, Problem> {
    let plate = bare(text);
    if plate != text {
        state.audit.note("plate-form", &format!("\"{text}\" is not \"{plate}\""));
    }
    let is_letter = |letter: char| match state.switches.letters {
        Letters::Latin => letter.is_ascii_alphanumeric(),
        Letters::Any => letter.is_alphanumeric(),
    };
    let is_cut = state.switches.separators == Separators::Dropped;
    let fits = (1..=state.settings.plate_size_max).contains(&plate.chars().count());
    if fits && plate.chars().all(is_letter) && (is_cut || !text.chars().any(is_separator)) {
        return Ok(plate);
    }
    Err(PLATE_FORMAT.into())
}

/// The three times of a row, as they are sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times<'t> {
    pub(super) created: Option<&'t str>,
    pub(super) start: Option<&'t str>,
    pub(super) end: Option<&'t str>,
}

impl Times<'_> {
    /// `createTime`, the begin and the end that the camera keeps.
    ///
    /// # Errors
    /// The refusal of a time that is missing, in a wrong form, out of range, or after the end.
    pub(super) fn keep(
        self,
        state: &mut State,
        plate: &str,
    ) -> Result<(NaiveDateTime, NaiveDateTime, Option<NaiveDateTime>), Problem> {
        let (switches, zone) = (&state.switches, state.zone);
        let created = self.created.ok_or_else(|| PARAMETERS_LACK.about("createTime"))?;
        let created = moment(switches, zone, created, "createTime")?;
        let start = self.start.map(|text| dated(switches, zone, text, "effectiveStartDate"));
        let start = start.transpose()?;
        let end = self.end.map(|text| dated(switches, zone, text, "effectiveTime")).transpose()?;
        let begin = match switches.starts {
            Starts::CreateTime => created,
            Starts::StartDate => start.unwrap_or(created),
        };
        let whole = |at: Moment| match switches.dates {
            Dates::Seconds => at,
            Dates::Midnights => Moment::Second(at.first_second()),
            Dates::Days | Dates::DaysOnly => at.day(),
        };
        let (begin, end) = (whole(begin).first_second(), end.map(|at| whole(at).last_second()));
        let last_begin = start.map_or(begin, |start| whole(start).first_second().max(begin));
        if end.is_some_and(|end| end < last_begin) {
            state.audit.note("begin-after-end", plate);
            return Err(START_LATER.into());
        }
        let created = match switches.starts {
            Starts::CreateTime => begin,
            Starts::StartDate => created.first_second(),
        };
        Ok((created, begin, end))
    }
}

/// A time of the window, in one of the forms that the switches take.
fn dated(switches: &Switches, zone: Zone, text: &str, key: &str) -> Result<Moment, Problem> {
    let at = moment(switches, zone, text, key)?;
    match (switches.dates, at) {
        (Dates::DaysOnly, Moment::Second(_)) | (Dates::Seconds, Moment::Day(_)) => {
            Err(TIME_FORMAT.about(key).into())
        }
        _ => Ok(at),
    }
}

/// A day or a time, with or without an offset, within the years that cameras know.
fn moment(switches: &Switches, zone: Zone, text: &str, key: &str) -> Result<Moment, Problem> {
    let wrong = || Problem::from(TIME_FORMAT.about(key));
    let at = match parse(text) {
        Some(at) => at,
        None if switches.written_offset == WrittenOffset::Refused => return Err(wrong()),
        None => {
            let at = chrono::DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?;
            Moment::Second(match switches.written_offset {
                WrittenOffset::Honoured => zone.local(at.to_utc()),
                _ => at.naive_local(),
            })
        }
    };
    if at.is_known() { Ok(at) } else { Err(BEYOND_RANGE.about(key).into()) }
}
