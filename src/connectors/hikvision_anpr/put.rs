//! Writing one row, until reading shows that the camera holds it.
//!
//! What a camera answers to a write proves nothing: a wrong word can be answered OK, and a row can be stored
//! and refused all the same. So every attempt is followed by a search for the plate, and what that shows
//! decides. Where a form was refused, or made no row or another one, the next form is tried, each once at
//! most; what an attempt spoilt is put right at the end, or told.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use reqwest::Method;

use super::failures::{Refusal, failure, found};
use super::reader::{Reader, VCL};
use super::remove;
use super::ways::{Begin, Family, Times, Writing};
use super::wire::{Entry, Reading, Stated, audit, bare, vcl};
use crate::connectors::hikvision::call::Ask;
use crate::connectors::hikvision::{Error, ResponseStatus};
use crate::model::{Days, GateRow, RowEffect, RowTime};
use crate::ports::{Class, Failure};

pub(super) const CALL: &str = "row of a plate";

/// How long it is waited before a list that shows nothing new is read again: some show the list of before for
/// a moment.
pub(super) const WAITS: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(400), Duration::from_millis(800)];

/// How long ago the first day of a row must be, so that a `createTime` of that day is not when the row was
/// made, in whichever zone it is told.
const LONG_AGO: TimeDelta = TimeDelta::days(2);

const LOOK: &str = "look at this plate on the camera's own page";

/// What a camera said to a write.
pub(super) enum Said {
    Done,
    No(ResponseStatus),
    /// Nobody knows whether it took it.
    Lost {
        error: Error,
        /// It did not come to a login, so it may be sent again where reading shows that it was not done.
        is_unasked: bool,
    },
}

impl Said {
    /// Makes a call that writes.
    ///
    /// # Errors
    /// An [`Error`] of a write that was certainly not carried out.
    pub(super) fn to(reader: &mut Reader, ask: &Ask) -> Result<Self, Error> {
        match reader.link.call(ask) {
            Ok(answer) if answer.status.is_some() => Ok(Self::Done),
            // HTTP 2xx without a status that says 1.
            Ok(_) => Ok(Self::Lost {
                error: Error::AnswerLost { call: ask.call, write: true },
                is_unasked: false,
            }),
            Err(Error::Refused(status)) => Ok(Self::No(status)),
            Err(error) if error.class() == Class::Unknown => {
                let is_unasked = reader.link.is_lost_unasked();
                Ok(Self::Lost { error, is_unasked })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the list may show it only after a while.
    pub(super) fn may_come_late(&self) -> bool {
        !matches!(self, Self::No(_))
    }
}

/// What reading shows after an attempt.
enum Seen {
    /// The row that was asked for.
    Right(Entry),
    /// The same as before the attempt.
    AsBefore,
    /// No row, where there was one.
    Gone,
    Other(Entry),
    Several,
}

/// An attempt that did not lead to the row, and which forms are left to try.
struct Vain {
    failure: Failure,
    left: Left,
}

enum Left {
    All,
    OtherWords,
    OtherTimes,
    None,
}

impl Vain {
    fn last(failure: Failure) -> Self {
        Self { failure, left: Left::None }
    }
}

/// One row on its way to a camera.
pub(super) struct Put<'r> {
    reader: &'r mut Reader,
    plate: &'r str,
    days: Days,
    before: Option<Entry>,
    /// The row as it was read last.
    now: Option<Entry>,
    /// An attempt made a row that is not the one that was asked for.
    is_spoilt: bool,
    /// A form that the camera answered OK.
    taken: Option<Writing>,
    is_time_refused: bool,
    is_sent_again: bool,
}

impl<'r> Put<'r> {
    /// Looks at what is there of the plate, before anything is sent.
    ///
    /// # Errors
    /// Any [`Failure`] of a read; `Refused` where what is there is not what `there` says, so that a row of
    /// somebody else would be written over.
    pub(super) fn begin(
        reader: &'r mut Reader,
        plate: &'r str,
        days: Days,
        there: Option<&GateRow>,
    ) -> Result<Self, Failure> {
        if plate.is_empty() || bare(plate) != plate {
            let text = format!("{CALL}: it is in no form that is sent");
            return Err(found(Class::NotSent, text, None));
        }
        let shown = there.map(|row| row.plate.as_str()).filter(|shown| bare(shown) == plate);
        let rows = reader.find(shown.unwrap_or(plate)).map_err(failure)?;
        let no = |what: &str| Err(found(Class::Refused, format!("{CALL}: {what}"), Some(LOOK)));
        let before = match (there, <[Entry; 1]>::try_from(rows)) {
            (None, Err(rows)) if rows.is_empty() => None,
            (Some(_), Err(rows)) if rows.is_empty() => {
                let text = format!("{CALL}: it is not there any more");
                return Err(found(Class::NoSuchRecord, text, None));
            }
            (_, Err(_)) => return no("the plate is on the list more than once"),
            (None, Ok(_)) => return no("somebody has put this plate on the list meanwhile"),
            (Some(there), Ok([row])) => {
                if row.effect != RowEffect::Opens {
                    return no("it does not open the gate, and such a row is never changed");
                }
                if row.id != there.id || has_moved(there, &row.row(reader.reading())) {
                    return no("somebody has changed it meanwhile");
                }
                Some(row)
            }
        };
        Ok(Self {
            reader,
            plate,
            days,
            now: before.clone(),
            before,
            is_spoilt: false,
            taken: None,
            is_time_refused: false,
            is_sent_again: false,
        })
    }

    /// Sends it in one form after the other until the camera holds it.
    ///
    /// # Errors
    /// [`Failure`]; of class `Unknown` where the row may have been written.
    pub(super) fn carry_out(mut self) -> Result<GateRow, Failure> {
        let ways = self.reader.ways();
        let all = Writing::all(ways.family.unwrap_or(Family::Audit));
        let known = ways.writing;
        let others = all.into_iter().filter(|form| Some(*form) != known);
        let mut forms: VecDeque<Writing> = known.into_iter().chain(others).collect();
        let mut why = None;
        while let Some(form) = forms.pop_front() {
            let vain = match self.attempt(form) {
                Ok(row) => return Ok(row),
                Err(vain) => vain,
            };
            log::debug!("{form:?}: {}", vain.failure);
            why = Some(vain.failure);
            match vain.left {
                Left::All => {}
                Left::OtherWords => forms.retain(|other| other.word != form.word),
                Left::OtherTimes => forms.retain(|other| other.times != form.times),
                Left::None => break,
            }
        }
        let nothing = || found(Class::NotSent, format!("{CALL}: no form is known"), None);
        let why = why.unwrap_or_else(nothing);
        Err(if self.is_spoilt { self.put_right(why) } else { why })
    }

    fn attempt(&mut self, form: Writing) -> Result<GateRow, Vain> {
        let said = self.send(self.days, form).map_err(|error| Vain::last(failure(error)))?;
        let is_taken = matches!(said, Said::Done);
        if is_taken {
            self.taken = Some(form);
        }
        if let Said::No(status) = &said {
            self.is_time_refused |= Refusal::of(status) == Refusal::Times;
            if Refusal::of(status) == Refusal::Listed && self.now.is_none() {
                return Err(Vain::last(failure(Error::Refused(status.clone()))));
            }
        }
        let seen = self.look(form, &said).map_err(|error| {
            let text = format!("{CALL}: it was sent and could not be read back: {error}");
            let after = failure(error);
            Vain::last(Failure { class: Class::Unknown, text, ..after })
        })?;
        match (seen, said) {
            (Seen::Right(entry), _) => {
                self.learn(form, &entry, is_taken);
                Ok(entry.row(self.reader.reading()))
            }
            (Seen::Several, _) => {
                let text = format!("{CALL}: the plate is now on the list more than once");
                Err(Vain::last(found(Class::Refused, text, Some(LOOK))))
            }
            (Seen::Gone, _) => {
                self.is_spoilt = false;
                let text = format!("{CALL}: it is not there any more");
                Err(Vain::last(found(Class::NoSuchRecord, text, None)))
            }
            // Most likely somebody else's doing, and not to be touched.
            (Seen::Other(entry), Said::No(_)) => Err(Vain::last(self.other(&entry))),
            (Seen::Other(entry), _) => {
                let left = self.left_after(&entry);
                let failure = self.other(&entry);
                (self.now, self.is_spoilt) = (Some(entry), true);
                Err(Vain { failure, left })
            }
            (Seen::AsBefore, Said::Done) => Err(Vain { failure: self.not_done(), left: Left::All }),
            (Seen::AsBefore, Said::Lost { is_unasked: true, .. }) if !self.is_sent_again => {
                self.is_sent_again = true;
                self.attempt(form)
            }
            (Seen::AsBefore, Said::Lost { error, .. }) => Err(Vain::last(failure(error))),
            (Seen::AsBefore, Said::No(status)) => {
                let refusal = Refusal::of(&status);
                let left = match refusal {
                    Refusal::Form => Left::All,
                    Refusal::Times => Left::OtherTimes,
                    Refusal::Word => Left::OtherWords,
                    _ => Left::None,
                };
                let error = match refusal {
                    Refusal::NoSuchCall => Error::TakesNoChange(status),
                    _ => Error::Refused(status),
                };
                Err(Vain { failure: failure(error), left })
            }
        }
    }

    fn send(&mut self, days: Days, form: Writing) -> Result<Said, Error> {
        let there = self.now.as_ref();
        let (path, body) = match self.reader.ways().family {
            Some(Family::Vcl) => (VCL.into(), vcl::record_body(self.plate, days, form, there)),
            Some(Family::Audit) | None => (
                self.reader.traffic("licensePlateAuditData/record?format=json"),
                audit::record_body(self.plate, days, form, there),
            ),
        };
        let ask = Ask {
            call: CALL,
            method: Method::PUT,
            path,
            body: Some(body),
            write: true,
            personal: true,
        };
        Said::to(self.reader, &ask)
    }

    /// Reads the row, again after a while where it may come late.
    fn look(&mut self, form: Writing, said: &Said) -> Result<Seen, Error> {
        let mut waits = WAITS.iter().filter(|_| said.may_come_late());
        let is_taken = matches!(said, Said::Done);
        loop {
            let rows = self.reader.find(self.plate)?;
            let row = match <[Entry; 1]>::try_from(rows) {
                Ok([row]) => Some(row),
                Err(rows) if rows.is_empty() => None,
                Err(_) => return Ok(Seen::Several),
            };
            match row.clone() {
                Some(row) if row.row(self.reader.reading()).is_for(self.days) => {
                    return Ok(Seen::Right(row));
                }
                Some(row) if self.now.as_ref() != Some(&row) => {
                    let is_right = self.shows_days(&row, form, is_taken);
                    return Ok(if is_right { Seen::Right(row) } else { Seen::Other(row) });
                }
                None if self.now.is_some() => return Ok(Seen::Gone),
                Some(_) | None => {}
            }
            match (waits.next(), row) {
                (Some(wait), _) => std::thread::sleep(*wait),
                // It showed a midnight before, and shows it after a time of day was written.
                (None, Some(row)) if self.shows_days(&row, form, is_taken) => {
                    return Ok(Seen::Right(row));
                }
                (None, _) => return Ok(Seen::AsBefore),
            }
        }
    }

    /// Whether the row is right if a midnight is its whole day, and that is so: a time of day was taken and
    /// is not shown, or is refused.
    fn shows_days(&self, row: &Entry, form: Writing, is_taken: bool) -> bool {
        let reading = self.reader.reading();
        let keeps_none = is_taken && (form.times != Times::Days || self.is_time_refused);
        let days = Reading { keeps_days: Some(true), ..reading };
        reading.keeps_days.is_none()
            && keeps_none
            && row.end.is_some_and(Stated::is_midnight)
            && row.row(days).is_for(self.days)
    }

    /// Takes from a right row what the firmware takes and keeps.
    fn learn(&mut self, form: Writing, row: &Entry, is_taken: bool) {
        let reading = self.reader.reading();
        let shows_days = self.shows_days(row, form, is_taken);
        if shows_days {
            self.reader.ways_mut().keeps_days = Some(true);
        }
        if self.before.as_ref() == Some(row) {
            // It was so before, which says nothing of the form.
            return;
        }
        let first = self.days.first().and_time(NaiveTime::MIN);
        let shows_first = |stated: Option<Stated>| {
            stated.and_then(|stated| stated.begin(reading.zone)) == Some(first)
        };
        let is_new = |of: fn(&Entry) -> Option<Stated>| {
            self.before.as_ref().is_none_or(|before| of(before) != of(row))
        };
        let begin = if shows_first(row.start) && is_new(|row| row.start) {
            Some(Begin::Own)
        } else if row.start.is_none() && shows_first(row.created) && is_new(|row| row.created) {
            Some(Begin::CreateTime).filter(|_| self.is_long_ago(first))
        } else {
            None
        };
        let shows_times = row.end.is_some_and(Stated::has_time_of_day);
        let ways = self.reader.ways_mut();
        ways.begin = begin.or(ways.begin);
        ways.writing = Some(form).filter(|_| is_taken).or(ways.writing);
        if shows_times {
            ways.keeps_days = Some(false);
        }
    }

    fn is_long_ago(&mut self, at: NaiveDateTime) -> bool {
        let today = self.reader.today();
        today.is_some_and(|today| today.signed_duration_since(at.date()) >= LONG_AGO)
    }

    /// Which forms may mend a row that came out otherwise.
    fn left_after(&self, row: &Entry) -> Left {
        let shown = row.row(self.reader.reading());
        match shown.effect {
            RowEffect::Opens if shown.time != RowTime::Unclear => Left::OtherTimes,
            RowEffect::Opens => Left::All,
            RowEffect::Bars | RowEffect::Unknown => Left::OtherWords,
        }
    }

    fn not_done(&self) -> Failure {
        let text = match &self.now {
            Some(spoilt) if self.is_spoilt => return self.other(spoilt),
            Some(_) => format!("{CALL}: the camera answered OK, and shows it as it was"),
            None => format!("{CALL}: the camera answered OK, and holds no such row"),
        };
        found(Class::Refused, text, Some(LOOK))
    }

    fn other(&self, row: &Entry) -> Failure {
        let shown = described(&row.row(self.reader.reading()));
        let text = format!("{CALL}: for {} the camera shows it {shown}", self.days);
        found(Class::Refused, text, Some(LOOK))
    }

    /// Takes back what an attempt made, as far as that can be: nobody asked for it.
    fn put_right(mut self, why: Failure) -> Failure {
        let Some(now) = self.now.clone() else { return why };
        let mut class = why.class;
        let done = match &self.before {
            None => remove::entry(self.reader, &now).map_err(|failure| failure.text),
            Some(before) => self.restore(&before.clone()),
        };
        let end = match done {
            Ok(()) => "; what the attempt made of it was taken back".to_owned(),
            Err(error) => {
                if class == Class::Temporary {
                    class = Class::Unknown;
                }
                let row = described(&now.row(self.reader.reading()));
                format!("; it is left {row}, as that could not be taken back: {error}")
            }
        };
        Failure { class, text: format!("{}{end}", why.text), ..why }
    }

    /// Writes the days of before again.
    fn restore(&mut self, before: &Entry) -> Result<(), String> {
        let row = before.row(self.reader.reading());
        let RowTime::Known { begin, end: Some(end) } = row.time else {
            return Err("its days of before cannot be written".to_owned());
        };
        let first = begin.map_or(self.days.first(), |begin| begin.date()).min(end.date());
        let days = Days::new(first, end.date()).filter(|days| row.is_for(*days));
        let (Some(days), Some(form)) = (days, self.taken) else {
            return Err("its days of before cannot be written".to_owned());
        };
        let said = self.send(days, form).map_err(|error| failure(error).text)?;
        self.days = days;
        match self.look(form, &said) {
            Ok(Seen::Right(_)) => Ok(()),
            Ok(_) => Err("the camera does not take that either".to_owned()),
            Err(error) => Err(failure(error).text),
        }
    }
}

/// Whether a row opens the gate until another time than it did.
fn has_moved(before: &GateRow, now: &GateRow) -> bool {
    match (before.time, now.time) {
        (RowTime::Known { end: before, .. }, RowTime::Known { end: now, .. }) => before != now,
        _ => false,
    }
}

/// What a row does, without its plate.
fn described(row: &GateRow) -> String {
    let end = match row.time {
        RowTime::Unclear => "with times that can mean two things".to_owned(),
        RowTime::Known { end: None, .. } => "without an end".to_owned(),
        RowTime::Known { begin: Some(begin), end: Some(end) } => format!("from {begin} to {end}"),
        RowTime::Known { begin: None, end: Some(end) } => format!("until {end}"),
    };
    match row.effect {
        RowEffect::Opens => end,
        RowEffect::Bars => format!("on the block list, {end}"),
        RowEffect::Unknown => format!("on a list that is not known, {end}"),
    }
}
