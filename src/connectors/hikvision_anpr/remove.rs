//! Removing one row, until reading shows that it is gone.
//!
//! Firmware wants a row named in one of three ways, and answers OK to the two others as well. Each is tried
//! once, and reading decides which it was.

use reqwest::Method;

use super::failures::{failure, found};
use super::put::{CALL, Said, WAITS};
use super::reader::{Reader, VCL};
use super::ways::{Family, Removal};
use super::wire::{Entry, Name, audit, vcl};
use crate::connectors::hikvision::Error;
use crate::connectors::hikvision::call::Ask;
use crate::model::{GateRow, RowEffect};
use crate::ports::{Class, Failure};

const LOOK: &str = "remove this plate on the camera's own page";

/// Removes a row that opens the gate; one that is gone already is no failure.
///
/// # Errors
/// [`Failure`]; of class `Unknown` where it may be gone, `Refused` where it is there still, or must not be
/// touched.
pub(super) fn row(reader: &mut Reader, row: &GateRow) -> Result<(), Failure> {
    let rows = reader.find(&row.plate).map_err(failure)?;
    let is_alone = rows.len() == 1;
    let named: Vec<&Entry> = rows.iter().filter(|entry| entry.id == row.id).collect();
    let no = |what: &str| Err(found(Class::Refused, format!("{CALL}: {what}"), Some(LOOK)));
    match named.as_slice() {
        [] if rows.is_empty() => Ok(()),
        [] => no("the row is gone, and another one has the plate"),
        [entry] if entry.effect != RowEffect::Opens => {
            no("it does not open the gate, and such a row is never removed")
        }
        [entry] => forms(reader, entry, is_alone),
        _ => no("the plate is on the list more than once, with nothing that tells the rows apart"),
    }
}

/// Removes a row that was written just now, whatever it does, and is the only one of its plate.
///
/// # Errors
/// As [`row`].
pub(super) fn entry(reader: &mut Reader, entry: &Entry) -> Result<(), Failure> {
    forms(reader, entry, true)
}

fn forms(reader: &mut Reader, entry: &Entry, is_alone: bool) -> Result<(), Failure> {
    let (id, plate) = (Name::new(&entry.id), Name::new(&entry.plate));
    let by_plate = plate.filter(|_| is_alone);
    let mut last = None;
    if reader.ways().family == Some(Family::Vcl) {
        if let Some(plate) = by_plate {
            let ask = ask(Method::DELETE, VCL, vcl::removal_body(&plate));
            match attempt(reader, &ask, entry)? {
                None => return Ok(()),
                vain => last = vain,
            }
        }
        return Err(still_there(last));
    }
    let known = reader.ways().removal;
    let others = Removal::ALL.into_iter().filter(|form| Some(*form) != known);
    for form in known.into_iter().chain(others) {
        let name = match form {
            Removal::Id => id.as_ref(),
            // Would remove the other rows of the plate with it.
            Removal::Plate | Removal::Compound => by_plate.as_ref(),
        };
        let Some(name) = name else { continue };
        let path = reader.traffic("DelLicensePlateAuditData?format=json");
        match attempt(reader, &ask(Method::PUT, path, audit::removal_body(form, name)), entry)? {
            None => {
                reader.ways_mut().removal = Some(form);
                return Ok(());
            }
            vain => last = vain,
        }
    }
    Err(still_there(last))
}

fn ask(method: Method, path: impl Into<std::borrow::Cow<'static, str>>, body: Vec<u8>) -> Ask {
    Ask { call: CALL, method, path: path.into(), body: Some(body), write: true, personal: true }
}

fn still_there(last: Option<Failure>) -> Failure {
    last.unwrap_or_else(|| {
        let text = format!("{CALL}: nothing names it alone, so nothing was sent");
        found(Class::Refused, text, Some(LOOK))
    })
}

/// Sends a deletion in one form; nothing where the row is gone, and why it is not elsewhere.
///
/// # Errors
/// [`Failure`] after which no other form is to be tried.
fn attempt(reader: &mut Reader, ask: &Ask, entry: &Entry) -> Result<Option<Failure>, Failure> {
    let mut is_again = false;
    loop {
        let said = Said::to(reader, ask).map_err(failure)?;
        let is_gone = is_gone(reader, entry, &said).map_err(|error| {
            let text = format!("{CALL}: its removal was sent and could not be read back: {error}");
            Failure { class: Class::Unknown, text, ..failure(error) }
        })?;
        if is_gone {
            return Ok(None);
        }
        return match said {
            Said::Done => {
                let text =
                    format!("{CALL}: the camera answered OK to its removal, and shows it still");
                Ok(Some(found(Class::Refused, text, Some(LOOK))))
            }
            Said::No(status) => Ok(Some(failure(Error::Refused(status)))),
            Said::Lost { is_unasked: true, .. } if !is_again => {
                is_again = true;
                continue;
            }
            Said::Lost { error, .. } => Err(failure(error)),
        };
    }
}

/// Whether a row is gone, looked for again after a while where it may be shown too long.
fn is_gone(reader: &mut Reader, entry: &Entry, said: &Said) -> Result<bool, Error> {
    let mut waits = WAITS.iter().filter(|_| said.may_come_late());
    loop {
        let rows = reader.find(&entry.plate)?;
        if !rows.iter().any(|row| row.is_same_row(entry)) {
            return Ok(true);
        }
        match waits.next() {
            Some(wait) => std::thread::sleep(*wait),
            None => return Ok(false),
        }
    }
}
