//! `PUT …/DelLicensePlateAuditData?format=json`: three bodies, of which a firmware takes one, and the
//! flag that wipes the list.

use serde_json::Value;

use super::problem::Problem;
use super::row::bare;
use super::state::State;
use super::store;
use super::switches::{DeleteForm, Ids, UnknownKey, WrongForm};
use crate::http::{Request, Response};
use crate::isapi::answers::{BAD_JSON_CONTENT, Failure, PARAMETERS_LACK, success};

/// The flag that wipes the list.
const ALL: &str = "deleteAllEnabled";

/// Answers the call.
pub(super) fn delete(
    state: &mut State,
    request: &Request,
    body: &Value,
) -> Result<Response, Problem> {
    let top = body.as_object().ok_or_else(|| Problem::from(invalid()))?;
    for key in top.keys() {
        if ![ALL, "id", "licensePlate", "CompoundCond"].contains(&key.as_str()) {
            state.audit.note("unknown-field", key);
            if state.switches.unknown_key == UnknownKey::BadJsonContent {
                return Err(BAD_JSON_CONTENT.about(key).into());
            }
        }
    }
    match top.get(ALL) {
        Some(Value::Bool(true)) => {
            store::wipe(state, &format!("{} {}", request.method, request.target))?;
            state.writes.push(body.clone());
            return Ok(success(&state.switches.common()));
        }
        Some(Value::Bool(false)) => {}
        Some(_) => {
            state.audit.note("field-type", ALL);
            return Err(invalid().into());
        }
        None => state.audit.note("no-delete-flag", &request.target),
    }
    let (form, items) = named(state, body)?;
    state.audit.rows_named(items.len(), "empty-delete", request);
    if items.is_empty() {
        return Err(invalid().into());
    }
    if form != state.switches.delete_form {
        return match state.switches.wrong_form {
            WrongForm::OkNothingDeleted => Ok(success(&state.switches.common())),
            WrongForm::Refused => Err(invalid().into()),
        };
    }
    let mut names = Vec::new();
    for item in items {
        match item.as_str() {
            Some(name) => names.push(name),
            // Answered OK, and nothing is deleted.
            None if form == DeleteForm::Id && item.is_number() => {
                state.audit.note("field-type", &format!("id {item} is no text"));
            }
            None => {
                state.audit.note("field-type", &format!("{item} is no text"));
                return Err(invalid().into());
            }
        }
    }
    if form == DeleteForm::Id {
        let is_id = |name: &&str| match state.switches.ids {
            Ids::Own => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()),
            Ids::Plate => true,
        };
        if !names.iter().all(is_id) {
            return Err(invalid().into());
        }
        store::delete(state, &names, |row, name| row.id == **name)?;
    } else {
        store::delete(state, &names, |row, name| row.plate == bare(name))?;
    }
    state.writes.push(body.clone());
    Ok(success(&state.switches.common()))
}

/// The body that was sent, and what it names.
fn named<'b>(state: &mut State, body: &'b Value) -> Result<(DeleteForm, Vec<&'b Value>), Problem> {
    let list = |key: &str| match &body[key] {
        Value::Array(items) => Ok(items.iter().collect()),
        _ => Err(Problem::from(invalid())),
    };
    match (body.get("id"), body.get("licensePlate"), body.get("CompoundCond")) {
        (Some(_), None, None) => Ok((DeleteForm::Id, list("id")?)),
        (None, Some(_), None) => Ok((DeleteForm::LicensePlate, list("licensePlate")?)),
        (None, None, Some(cond)) => {
            let cond = cond.as_object().ok_or_else(invalid)?;
            for key in
                cond.keys().filter(|key| !["licensePlate", "plateColor"].contains(&key.as_str()))
            {
                state.audit.note("unknown-field", key);
            }
            let plate = cond.get("licensePlate").filter(|plate| *plate != "");
            Ok((DeleteForm::CompoundCond, plate.into_iter().collect()))
        }
        (None, None, None) => {
            state.audit.note("empty-delete", "a deletion that names nothing");
            Err(PARAMETERS_LACK.about("id").into())
        }
        _ => {
            state.audit.note("not-understood", "a deletion in more than one form");
            Err(invalid().into())
        }
    }
}

/// What a camera says to a deletion that it cannot read.
fn invalid() -> Failure {
    BAD_JSON_CONTENT.about("Invalid JSON Content")
}
