//! The calls that change persons: all truly effective, so that misuse shows.

use serde_json::{Map, Value, json};

use super::answers::{Failure, written};
use super::person::{Person, TEXTS};
use super::state::{State, Write};
use super::switches::{Effect, FarYear, Omitted};
use super::times;

/// Longest texts of a person, in characters.
const SIZES: [(&str, usize); 7] = [
    ("personCode", 16),
    ("personGivenName", 256),
    ("personFamilyName", 256),
    ("orgIndexCode", 64),
    ("phoneNo", 64),
    ("email", 64),
    ("remark", 128),
];
/// Longest `personId`.
const ID_SIZE_MAX: usize = 64;

/// `person/single/update`; `None` if the answer is lost.
pub(super) fn update(
    state: &mut State,
    body: &Map<String, Value>,
) -> Result<Option<Value>, Failure> {
    let id = body.get("personId").and_then(Value::as_str);
    let id = id.filter(|id| !id.is_empty() && id.len() <= ID_SIZE_MAX);
    let index = state.persons.iter().position(|person| Some(person.id.as_str()) == id);
    state.audit.update(index.map(|index| &state.persons[index]), body);
    let id = id.ok_or_else(|| Failure::parameter("personId"))?;
    let index = index.ok_or_else(Failure::absent)?;
    check_form(body)?;
    let before = state.persons[index].clone();
    let after = edited(state, &before, body)?;
    let effect = state.switches.effect.clone();
    if let Effect::RefusedFor(ids, code) = &effect
        && ids.iter().any(|one| one == id)
    {
        return Err(Failure::of(code));
    }
    state.persons[index] = match &effect {
        Effect::OkNotApplied | Effect::NotAppliedAnswerLost => before.clone(),
        Effect::AlsoChanges(key, value) => {
            let mut after = after;
            after.set(key, value);
            after
        }
        _ => after,
    };
    let after = state.persons[index].clone();
    let body = Value::Object(body.clone());
    state.writes.push(Write { at: state.now(), body, before, after });
    state.audit.updated(id);
    state.changed(id);
    Ok(match effect {
        Effect::AppliedAnswerLost | Effect::NotAppliedAnswerLost => None,
        _ => Some(written(&state.switches)),
    })
}

/// `person/single/add`; the answer is the new id.
pub(super) fn add(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    for key in ["personGivenName", "personFamilyName", "orgIndexCode"] {
        body.get(key).ok_or_else(|| Failure::parameter(key))?;
    }
    check_form(body)?;
    let code = body.get("personCode").and_then(Value::as_str).filter(|code| !code.is_empty());
    if code.is_some_and(|code| state.persons.iter().any(|person| person.code == code)) {
        return Err(Failure::of("131"));
    }
    let bare = Person::new("", "").levels(&[]);
    let person = edited(state, &bare, body)?;
    Ok(json!(state.add(person)))
}

/// `person/single/delete`.
pub(super) fn delete(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let is_it = |person: &Person| match (text("personId"), text("personCode")) {
        (Some(id), _) => person.id == id,
        (None, Some(code)) => person.code == code,
        (None, None) => false,
    };
    let index = state.persons.iter().position(is_it).ok_or_else(Failure::absent)?;
    let gone = state.persons.remove(index);
    state.changed(&gone.id);
    Ok(written(&state.switches))
}

/// Whether every field is what it may be, for itself.
fn check_form(body: &Map<String, Value>) -> Result<(), Failure> {
    for (key, value) in body {
        let size = SIZES.iter().find(|(name, _)| name == key).map(|(_, size)| *size);
        let is_good = match (key.as_str(), value) {
            ("personCode", Value::String(text)) => {
                text.len() <= 16 && text.chars().all(|letter| letter.is_ascii_alphanumeric())
            }
            ("gender", value) => value.as_u64().is_some_and(|gender| gender <= 2),
            ("cards", value) => value.as_array().is_some_and(|cards| cards.iter().all(is_card)),
            ("beginTime" | "endTime", value) => {
                value.as_str().is_some_and(|text| times::written(text).is_ok())
            }
            (_, value) => size
                .is_none_or(|size| value.as_str().is_some_and(|text| text.chars().count() <= size)),
        };
        if !is_good {
            return Err(Failure::parameter(key));
        }
    }
    Ok(())
}

fn is_card(card: &Value) -> bool {
    card["cardNo"].as_str().is_some_and(|number| !number.is_empty())
}

/// The person as a body makes it.
fn edited(state: &State, before: &Person, body: &Map<String, Value>) -> Result<Person, Failure> {
    let mut after = before.clone();
    let code = body.get("personCode").and_then(Value::as_str);
    if !before.code.is_empty() && code.is_some_and(|code| code != before.code) {
        return Err(Failure::parameter("personCode"));
    }
    match state.switches.omitted {
        Omitted::Merge => {}
        Omitted::Overwrite => {
            for key in TEXTS.into_iter().chain(["gender", "beginTime", "endTime"]) {
                after.set(key, &json!(""));
            }
        }
        Omitted::WipeCards => after.cards.clear(),
    }
    let scalars = TEXTS.into_iter().chain(["gender", "beginTime", "endTime", "cards"]);
    for key in scalars {
        if let Some(value) = body.get(key) {
            after.set(key, value);
        }
    }
    if let Some(end) = body.get("endTime").and_then(Value::as_str) {
        after.end = Some(far_end(state.switches.far_year, end)?);
    }
    let instant = |text: &Option<String>| times::instant(text.as_deref()?, state.settings.zone);
    let is_sent = body.contains_key("beginTime") || body.contains_key("endTime");
    if let (true, Some(begin), Some(end)) = (is_sent, instant(&after.begin), instant(&after.end))
        && begin >= end
    {
        return Err(Failure::parameter("beginTime"));
    }
    Ok(after)
}

/// What the platform makes of an end, which may lie beyond what devices take.
fn far_end(far_year: FarYear, text: &str) -> Result<String, Failure> {
    let is_far = times::written(text).is_ok_and(|(_, local)| local > times::last_second());
    match far_year {
        _ if !is_far => Ok(text.to_owned()),
        FarYear::Accepted => Ok(text.to_owned()),
        FarYear::Refused => Err(Failure::parameter("endTime")),
        FarYear::Cut => Ok(format!("2037-12-31T23:59:59{}", text.get(19..).unwrap_or_default())),
    }
}
