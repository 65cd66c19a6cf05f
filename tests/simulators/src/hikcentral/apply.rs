//! The calls that send persons to the doors, and tell what came of it.

use serde_json::{Map, Value, json};

use super::answers::{Failure, written};
use super::lists::is_of_persons;
use super::state::State;

/// `visitor/v1/auth/reapplication`: orders, and answers before anything has reached a door.
pub(super) fn again(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    let persons = ids(body, "personIds")?;
    let doors = ids(body, "doorIndexCodes")?;
    let with_failed = match body.get("ImmediateDownload").map(Value::as_u64) {
        None | Some(Some(0)) => true,
        Some(Some(1)) => false,
        Some(_) => return Err(Failure::parameter("ImmediateDownload")),
    };
    if persons.is_none() {
        state.audit.note("reapplied-everybody", &json!(body).to_string());
    }
    let is_known = persons.iter().flatten().all(|id| state.person(id).is_some())
        && doors.iter().flatten().all(|code| state.doors.has(code));
    if !is_known {
        return Err(Failure::absent());
    }
    if let Some((id, code)) = &state.switches.apply_refused
        && persons.as_ref().is_none_or(|persons| persons.contains(id))
    {
        return Err(Failure::of(code));
    }
    state.order(persons.as_deref(), doors.as_deref(), with_failed);
    Ok(written(&state.switches))
}

/// Ids joined by commas; without any it is all of them.
fn ids(body: &Map<String, Value>, key: &str) -> Result<Option<Vec<String>>, Failure> {
    let Some(value) = body.get(key) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| Failure::parameter(key))?;
    if text.is_empty() {
        return Ok(None);
    }
    let ids: Vec<String> = text.split(',').map(str::to_owned).collect();
    if ids.iter().any(|id| id.is_empty() || id.contains(char::is_whitespace)) {
        return Err(Failure::parameter(key));
    }
    Ok(Some(ids))
}

/// `acs/v1/auth/applicationResult`: 1 numbers, 2 what failed.
pub(super) fn result(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    let number = |key: &str| {
        let number = body.get(key).and_then(Value::as_u64).filter(|number| *number > 0);
        let number = number.and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| Failure::parameter(key))
    };
    let kind = number("applicationResultType").and_then(|kind| match kind {
        1 | 2 => Ok(kind),
        _ => Err(Failure::parameter("applicationResultType")),
    })?;
    let (page, size) = (number("pageNo")?, number("pageSize")?);
    if size > 500 {
        state.audit.note("page-size", &format!("pageSize {size}"));
        return Err(Failure::parameter("pageSize"));
    }
    let persons = if is_of_persons(body)? { &state.persons[..] } else { &[] };
    let counts = state.doors.statistics(persons);
    let data = match kind {
        1 => json!({"statisticResult": {
            "unApplicationCount": counts.never, "applicationFailCount": counts.failed,
            "editAndUnApplicationCount": counts.edited,
        }}),
        _ => {
            let all = if persons.is_empty() { Vec::new() } else { state.doors.failures(persons) };
            let begin = (page - 1).saturating_mul(size);
            let list: Vec<Value> = all.into_iter().skip(begin).take(size).collect();
            json!({"applicationErrorResult": {
                "pageNo": page, "pageSize": size, "applicationFailCount": counts.failed,
                "list": list,
            }})
        }
    };
    state.doors.polled(&state.persons);
    Ok(data)
}
