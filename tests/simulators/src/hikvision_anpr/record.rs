//! `PUT …/licensePlateAuditData/record?format=json`: rows to add or to change.

use serde_json::{Map, Value};

use super::problem::Problem;
use super::row::List;
use super::state::State;
use super::store::{self, Incoming, Operation, Times};
use super::switches::{UnknownKey, Words, WrongWord};
use crate::http::{Request, Response};
use crate::isapi::answers::{BAD_JSON_CONTENT, BAD_PARAMETERS, PARAMETERS_LACK, success};

/// The one key of the body.
const ROWS: &str = "LicensePlateInfoList";

/// The keys of a row.
const KEYS: [&str; 13] = [
    "LicensePlate",
    "listType",
    "createTime",
    "effectiveStartDate",
    "effectiveTime",
    "id",
    "cardNo",
    "cardID",
    "plateType",
    "plateColor",
    "name",
    "operationType",
    "operation",
];

/// A key of a row that only some firmware knows; known to all cameras here.
const GROUP: &str = "groupName";

/// Answers the call.
pub(super) fn record(
    state: &mut State,
    request: &Request,
    body: &Value,
) -> Result<Response, Problem> {
    let top = body.as_object().ok_or_else(|| BAD_JSON_CONTENT.about(ROWS))?;
    strange(state, top.keys().filter(|key| *key != ROWS))?;
    let rows = top.get(ROWS).ok_or_else(|| PARAMETERS_LACK.about(ROWS))?;
    let rows = rows.as_array().ok_or_else(|| BAD_JSON_CONTENT.about(ROWS))?;
    state.audit.rows_named(rows.len(), "empty-write", request);
    if rows.is_empty() {
        return Err(PARAMETERS_LACK.about(ROWS).into());
    }
    let rows: Vec<Result<Incoming, Problem>> = rows.iter().map(|row| read(state, row)).collect();
    store::write(state, rows)?;
    state.writes.push(body.clone());
    Ok(success(&state.switches.common()))
}

/// Notes keys that nobody knows.
///
/// # Errors
/// `badJsonContent` about one of them, if the switches want that.
fn strange<'k>(state: &mut State, keys: impl Iterator<Item = &'k String>) -> Result<(), Problem> {
    for key in keys {
        state.audit.note("unknown-field", key);
        if state.switches.unknown_key == UnknownKey::BadJsonContent {
            return Err(BAD_JSON_CONTENT.about(key).into());
        }
    }
    Ok(())
}

/// Checks one row of a body.
fn read(state: &mut State, row: &Value) -> Result<Incoming, Problem> {
    let row = row.as_object().ok_or_else(|| BAD_JSON_CONTENT.about(ROWS))?;
    strange(state, row.keys().filter(|key| !KEYS.contains(&key.as_str()) && *key != GROUP))?;
    for (key, value) in row {
        if !value.is_string() && (KEYS.contains(&key.as_str()) || key == GROUP) {
            state.audit.note("field-type", &format!("{key} is no text"));
            return Err(BAD_JSON_CONTENT.about(key).into());
        }
    }
    let plate = text(row, "LicensePlate").ok_or_else(|| PARAMETERS_LACK.about("LicensePlate"))?;
    let plate = store::plate(state, plate)?;
    let word = text(row, "listType").ok_or_else(|| PARAMETERS_LACK.about("listType"))?;
    let list = list(state, word)?;
    let operation = operation(row)?;
    let times = Times {
        created: text(row, "createTime"),
        start: text(row, "effectiveStartDate"),
        end: text(row, "effectiveTime"),
    };
    let (created, begin, end) = times.keep(state, &plate)?;
    let card = text(row, "cardNo").or_else(|| text(row, "cardID"));
    let others = ["name", GROUP, "plateType", "plateColor"].map(|key| text(row, key));
    let [name, group, kind, color] = others.map(|other| other.map(str::to_owned));
    Ok(Incoming {
        operation,
        id: text(row, "id").filter(|id| !id.is_empty()).map(str::to_owned),
        plate,
        list,
        created,
        begin,
        end,
        others: [card.map(str::to_owned), name, group, kind, color],
    })
}

fn text<'r>(row: &'r Map<String, Value>, key: &str) -> Option<&'r str> {
    row.get(key).and_then(Value::as_str)
}

/// What `operationType`, or `operation` where that is not there, wants done.
fn operation(row: &Map<String, Value>) -> Result<Operation, Problem> {
    let wrong = |key: &str| Err(BAD_PARAMETERS.about(key).into());
    match (text(row, "operationType"), text(row, "operation")) {
        (Some("add"), None | Some("new")) | (None, Some("new")) => Ok(Operation::Add),
        (Some("modify"), None | Some("change")) | (None, Some("change")) => Ok(Operation::Modify),
        (None, None) => Ok(Operation::Unsaid),
        (Some("add" | "modify"), _) | (None, _) => wrong("operation"),
        (Some(_), _) => wrong("operationType"),
    }
}

/// The list that a word means, where this firmware takes it.
fn list(state: &mut State, word: &str) -> Result<List, Problem> {
    let (list, words) = match word {
        "allowList" => (List::Allow, Words::Allow),
        "blockList" => (List::Block, Words::Allow),
        "whiteList" => (List::Allow, Words::White),
        "blackList" => (List::Block, Words::White),
        _ => {
            state.audit.note("unknown-word", &format!("listType \"{word}\""));
            return Err(BAD_PARAMETERS.about("listType").into());
        }
    };
    if [words, Words::Either].contains(&state.switches.written_words) {
        return Ok(list);
    }
    let refusal = Problem::from(BAD_PARAMETERS.about("listType"));
    Err(match state.switches.wrong_word {
        WrongWord::Refused => refusal,
        WrongWord::Refused200 => refusal.with_200(),
    })
}
