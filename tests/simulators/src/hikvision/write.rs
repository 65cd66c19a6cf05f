//! Modify, Record, SetUp and Delete: all truly effective, so that misuse shows.

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use serde_json::{Map, Value};

use super::person::{Person, Set, last_second, parse_time, time_text};
use super::state::State;
use super::switches::{
    BeginAfterEnd, Effect, FarYear, Keeps, Naming, Omitted, UnknownKey, UnknownPerson,
};
use crate::http::{Reply, Response};
use crate::isapi::answers::{
    BAD_JSON_CONTENT, BAD_NAME, BAD_PARAMETERS, BAD_PERSON_NO, BEYOND_RANGE, END_EARLIER, FULL,
    Failure, INVALID_OPERATION, LONG_NAME, NO_PERSON, NO_USER, PARAMETERS_LACK, PERSON_EXISTS,
    TIME_FORMAT, success,
};

/// Longest `employeeNo` in bytes.
const EMPLOYEE_NO_SIZE_MAX: usize = 32;
/// Longest name in bytes.
const NAME_SIZE_MAX: usize = 128;
/// Specials that a name may hold.
const NAME_SPECIALS: &str = "()+,-.;=@[]_{} ";

/// `PUT UserInfo/Modify`.
pub(super) fn modify(state: &mut State, body: &Value) -> Result<Reply, Failure> {
    let info = state.top(body, "UserInfo")?;
    state.audit.person_written(&Value::Object(info.clone()));
    let employee_no = employee_no(&info)?;
    state.audit.modify_begins(&employee_no);
    let State { switches, audit, .. } = state;
    if switches.listed_twice.contains(&employee_no) || switches.names_in_gbk.contains(&employee_no)
    {
        audit.note("unclear-person", &employee_no);
    }
    let Some(index) = state.persons.iter().position(|p| p.employee_no == employee_no) else {
        if info.get("addUser") == Some(&Value::Bool(true)) {
            return record(state, body).map(Reply::Answer);
        }
        return Err(match state.switches.unknown_person {
            UnknownPerson::EmployeeNoNotExist => NO_PERSON.into(),
            UnknownPerson::DeviceUserNotExist => NO_USER.into(),
        });
    };
    if let Some(key) = state.switches.refused_fields.iter().find(|key| info.contains_key(**key)) {
        return Err(BAD_PARAMETERS.about(&match state.switches.naming {
            Naming::Bare => (*key).to_owned(),
            Naming::Path => format!("UserInfo.{key}"),
            Naming::Sentence => format!("invalid parameter {key}"),
        }));
    }
    let mut changed = edited(state, &state.persons[index], &info)?;
    if state.switches.omitted == Omitted::Replace {
        reset_omitted(&mut changed, &info);
    }
    let effect = state.switches.effect.clone();
    if matches!(&effect, Effect::RefusedFor(persons) if persons.contains(&employee_no)) {
        return Err(BAD_JSON_CONTENT.about("UserInfo"));
    }
    state.writes.push(body.clone());
    state.audit.modified(&employee_no);
    let lost = state.persons[index].pin.clone().filter(|_| changed.pin.is_none());
    state.audit.pin_lost(&employee_no, lost.filter(|_| state.switches.shows_pin));
    if let Effect::RefusedYetChanges(key, value) = &effect {
        if state.persons[index].set(key, value) != Set::Done {
            state.persons[index].extra.insert(key.clone(), value.clone());
        }
        return Err(BAD_JSON_CONTENT.about("UserInfo"));
    }
    if let Effect::AlsoChanges(key, value) = &effect
        && changed.set(key, value) != Set::Done
    {
        changed.extra.insert(key.clone(), value.clone());
    }
    match effect {
        Effect::OkNotApplied | Effect::NotAppliedAnswerLost => {}
        _ => state.persons[index] = changed,
    }
    Ok(match effect {
        Effect::AppliedAnswerLost | Effect::NotAppliedAnswerLost => Reply::Drop,
        Effect::RefusedYetApplied => return Err(BAD_JSON_CONTENT.about("UserInfo")),
        _ => Reply::Answer(success(&state.switches.common())),
    })
}

/// `POST UserInfo/Record`.
pub(super) fn record(state: &mut State, body: &Value) -> Result<Response, Failure> {
    let info = state.top(body, "UserInfo")?;
    state.audit.person_written(&Value::Object(info.clone()));
    let employee_no = employee_no(&info)?;
    if state.persons.iter().any(|p| p.employee_no == employee_no) {
        return Err(PERSON_EXISTS.about("employeeNo"));
    }
    for key in ["userType", "Valid"] {
        if !info.contains_key(key) {
            return Err(PARAMETERS_LACK.about(key));
        }
    }
    if state.persons.len() >= state.settings.max_records {
        return Err(FULL.into());
    }
    let mut bare = Person::new(&employee_no).doors(&[]);
    bare.cards = 0;
    let person = edited(state, &bare, &info)?;
    state.persons.push(person);
    Ok(success(&state.switches.common()))
}

/// `PUT UserInfo/SetUp`.
pub(super) fn set_up(state: &mut State, body: &Value) -> Result<Response, Failure> {
    let info = state.top(body, "UserInfo")?;
    let employee_no = employee_no(&info)?;
    let Some(index) = state.persons.iter().position(|p| p.employee_no == employee_no) else {
        return record(state, body);
    };
    state.audit.person_written(&Value::Object(info.clone()));
    state.persons[index] = edited(state, &state.persons[index], &info)?;
    Ok(success(&state.switches.common()))
}

/// `PUT UserInfo/Delete`; an empty list wipes the device.
pub(super) fn delete(state: &mut State, body: &Value) -> Result<Response, Failure> {
    let condition = state.top(body, "UserInfoDelCond")?;
    let list = condition
        .get("EmployeeNoList")
        .ok_or_else(|| PARAMETERS_LACK.about("EmployeeNoList"))?
        .as_array()
        .ok_or_else(|| BAD_JSON_CONTENT.about("EmployeeNoList"))?;
    if list.is_empty() {
        state.audit.note("empty-delete", "an empty list deletes everybody");
        state.persons.clear();
        return Ok(success(&state.switches.common()));
    }
    let numbers: Option<Vec<&str>> = list.iter().map(|item| item["employeeNo"].as_str()).collect();
    let numbers = numbers.ok_or_else(|| BAD_JSON_CONTENT.about("employeeNo"))?;
    state.persons.retain(|p| !numbers.contains(&p.employee_no.as_str()));
    Ok(success(&state.switches.common()))
}

fn employee_no(info: &Map<String, Value>) -> Result<String, Failure> {
    let value = info.get("employeeNo").ok_or_else(|| PARAMETERS_LACK.about("employeeNo"))?;
    let number = value.as_str().ok_or_else(|| BAD_JSON_CONTENT.about("employeeNo"))?;
    if number.is_empty() || number.len() > EMPLOYEE_NO_SIZE_MAX {
        return Err(BAD_PERSON_NO.into());
    }
    Ok(number.to_owned())
}

/// The person with the fields of `info` set, if all of them are acceptable.
fn edited(state: &State, before: &Person, info: &Map<String, Value>) -> Result<Person, Failure> {
    let mut person = before.clone();
    for (key, value) in info {
        match key.as_str() {
            "Valid" => set_valid(state, &mut person, value)?,
            "name" => set_name(&mut person, value)?,
            key if Some(key) == state.switches.email_field.as_deref() => {
                let email = value.as_str().ok_or_else(|| BAD_JSON_CONTENT.about(key))?;
                person.email = email.to_owned();
            }
            "doorRight" if value.as_str() == Some("") => return Err(BAD_PARAMETERS.about(key)),
            "checkUser" | "addUser" | "deleteUser" | "dynamicCode" => {}
            key => match person.set(key, value) {
                Set::Done | Set::ReadOnly => {}
                Set::WrongType => return Err(BAD_JSON_CONTENT.about(key)),
                Set::Unknown if state.switches.unknown_key == UnknownKey::BadJsonContent => {
                    return Err(BAD_JSON_CONTENT.about(key));
                }
                Set::Unknown => {}
            },
        }
    }
    Ok(person)
}

fn set_name(person: &mut Person, value: &Value) -> Result<(), Failure> {
    let name = value.as_str().ok_or_else(|| BAD_JSON_CONTENT.about("name"))?;
    if name.len() > NAME_SIZE_MAX {
        return Err(LONG_NAME.into());
    }
    // A name that the device holds already, however it came there, may come back.
    let legal = |c: char| c.is_alphanumeric() || !c.is_ascii() || NAME_SPECIALS.contains(c);
    if name != person.name && !name.chars().all(legal) {
        return Err(BAD_NAME.into());
    }
    person.name = name.to_owned();
    Ok(())
}

/// Checks and sets the window.
fn set_valid(state: &State, person: &mut Person, value: &Value) -> Result<(), Failure> {
    let window = value.as_object().ok_or_else(|| BAD_JSON_CONTENT.about("Valid"))?;
    for key in ["enable", "beginTime", "endTime"] {
        if !window.contains_key(key) {
            return Err(PARAMETERS_LACK.about(key));
        }
    }
    let time = |key: &str| {
        let text = value[key].as_str().ok_or_else(|| BAD_JSON_CONTENT.about(key))?;
        parse_time(text).ok_or_else(|| TIME_FORMAT.about(key))
    };
    let (begin, mut end) = (time("beginTime")?, time("endTime")?);
    if !matches!(window.get("timeType").map(Value::as_str), None | Some(Some("local"))) {
        return Err(BAD_PARAMETERS.about("timeType"));
    }
    if begin > end {
        match state.switches.begin_after_end {
            BeginAfterEnd::InvalidOperation => return Err(INVALID_OPERATION.into()),
            BeginAfterEnd::EndtimeEarlier => return Err(END_EARLIER.into()),
            BeginAfterEnd::Accepted => {}
        }
    }
    if begin.year() < 2000 {
        return Err(BEYOND_RANGE.about("beginTime"));
    }
    if end > last_second() {
        match state.switches.far_year {
            FarYear::Refused => return Err(BEYOND_RANGE.about("endTime")),
            FarYear::Cut => end = last_second(),
            FarYear::Accepted => {}
        }
    }
    if let Some(latest) = state.switches.latest_end.as_deref().and_then(parse_time) {
        end = end.min(latest);
    }
    let (begin, end) = kept(state.switches.keeps, begin, end);
    let mut window = value.clone();
    window["beginTime"] = Value::String(time_text(begin));
    window["endTime"] = Value::String(time_text(end));
    match person.set("Valid", &window) {
        Set::Done => Ok(()),
        _ => Err(BAD_JSON_CONTENT.about("Valid")),
    }
}

/// The times as the device keeps them.
fn kept(keeps: Keeps, begin: NaiveDateTime, end: NaiveDateTime) -> (NaiveDateTime, NaiveDateTime) {
    let cut = |at: NaiveDateTime, seconds: u32| {
        at - TimeDelta::seconds(i64::from(at.num_seconds_from_midnight() % seconds))
    };
    match keeps {
        Keeps::Seconds => (begin, end),
        Keeps::Minutes => (cut(begin, 60), cut(end, 60)),
        Keeps::Days => (cut(begin, 86_400), cut(end, 86_400)),
    }
}

/// What a replacing firmware forgets.
fn reset_omitted(person: &mut Person, info: &Map<String, Value>) {
    if !info.contains_key("doorRight") {
        person.door_right.clear();
    }
    if !info.contains_key("RightPlan") {
        person.right_plan.clear();
    }
    if !info.contains_key("belongGroup") {
        person.belong_group.clear();
    }
    if !info.contains_key("password") {
        person.pin = None;
    }
}
