//! From a request to its answer: manners, the web server, the gateway, the call.

use std::sync::Mutex;

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::answers::{Failure, failure, page, success};
use super::refusal::{Answer, Refusal};
use super::state::State;
use super::{apply, gateway, lists, update};
use crate::http::{Handler, Reply, Request};
use crate::lock;

/// Beginning of every path.
const PREFIX: &str = "/artemis/api/";

/// A platform as the HTTP server sees it.
pub(super) struct Route(pub(super) Mutex<State>);

impl Handler for Route {
    fn answer(&self, request: &Request) -> Reply {
        let mut state = lock(&self.0);
        match answer(&mut state, request) {
            Reply::Answer(mut response) => {
                response.keep_alive = !state.switches.closes;
                let date = state.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
                Reply::Answer(response.with_header("Server", "nginx").with_header("Date", &date))
            }
            other => other,
        }
    }

    fn malformed(&self, problem: &str) {
        lock(&self.0).audit.note("malformed", problem);
    }
}

fn answer(state: &mut State, request: &Request) -> Reply {
    state.audit.arrived(&state.settings, request);
    let path = request.path();
    if let Some(refusal) = state.refusal(path, true) {
        if refusal.is_carried_out {
            let _ = let_in(state, request);
        }
        return refuse(state, request, &refusal);
    }
    if state.switches.not_installed || !path.starts_with(PREFIX) {
        return Reply::Answer(page(404));
    }
    let_in(state, request)
}

fn let_in(state: &mut State, request: &Request) -> Reply {
    if let Err(problem) = gateway::check(state, request) {
        let status = if state.switches.signature_401 { 401 } else { 200 };
        return Reply::Answer(failure(&state.switches, status, &problem));
    }
    let reply = match state.refusal(request.path(), false) {
        Some(refusal) => {
            if refusal.is_carried_out {
                let _ = call(state, request);
            }
            refuse(state, request, &refusal)
        }
        None => call(state, request)
            .unwrap_or_else(|problem| Reply::Answer(failure(&state.switches, 200, &problem))),
    };
    state.dealt_with(request.path());
    reply
}

fn refuse(state: &mut State, request: &Request, refusal: &Refusal) -> Reply {
    let mut response = match &refusal.answer {
        Answer::Code(problem) => failure(&state.switches, 200, problem),
        Answer::Status(status) => page(*status),
    };
    if let Some(seconds) = refusal.retry_after {
        response = response.with_header("Retry-After", &seconds.to_string());
        state.audit.wait_until(request.at + TimeDelta::seconds(seconds.into()));
    }
    Reply::Answer(response)
}

/// Since when there is a path.
fn since(api: &str) -> Option<[u32; 3]> {
    Some(match api {
        "common/v1/version" => [1, 0, 0],
        "resource/v1/person/personList"
        | "resource/v1/person/advance/personList"
        | "resource/v1/person/personId/personInfo"
        | "resource/v1/person/single/add"
        | "resource/v1/person/single/update"
        | "resource/v1/person/single/delete"
        | "visitor/v1/auth/reapplication" => [1, 5, 0],
        "acs/v1/auth/applicationResult" => [1, 7, 0],
        "resource/v1/person/personCode/personInfo"
        | "acs/v1/privilege/group"
        | "acs/v1/privilege/group/single/personList" => [2, 0, 0],
        _ => return None,
    })
}

fn call(state: &mut State, request: &Request) -> Result<Reply, Failure> {
    let api = request.path().strip_prefix(PREFIX).unwrap_or_default();
    if !since(api).is_some_and(|version| state.is_since(version)) {
        return Err(Failure::of("8"));
    }
    if request.method != "POST" {
        return Err(Failure::of("12"));
    }
    let body = body(request, api)?;
    let data = match api {
        "common/v1/version" => json!({
            "produceName": state.settings.product, "softVersion": state.settings.soft_version,
        }),
        "resource/v1/person/personList" => lists::persons(state, &body)?,
        "resource/v1/person/advance/personList" => lists::persons_like(state, &body)?,
        "resource/v1/person/personId/personInfo" => lists::person(state, &body, "personId")?,
        "resource/v1/person/personCode/personInfo" => lists::person(state, &body, "personCode")?,
        "acs/v1/privilege/group" => lists::levels(state, &body)?,
        "acs/v1/privilege/group/single/personList" => lists::members(state, &body)?,
        "resource/v1/person/single/add" => update::add(state, &body)?,
        "resource/v1/person/single/delete" => update::delete(state, &body)?,
        "resource/v1/person/single/update" => match update::update(state, &body)? {
            Some(data) => data,
            None => return Ok(Reply::Drop),
        },
        "visitor/v1/auth/reapplication" => apply::again(state, &body)?,
        _ => apply::result(state, &body)?,
    };
    Ok(Reply::Answer(success(&state.switches, data)))
}

/// The JSON object of a call; two of them may come without.
fn body(request: &Request, api: &str) -> Result<Map<String, Value>, Failure> {
    let may_lack = matches!(api, "common/v1/version" | "visitor/v1/auth/reapplication");
    if request.body.is_empty() && may_lack {
        return Ok(Map::new());
    }
    if !is_json(request) {
        return Err(Failure::parameter("Content-Type"));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(Failure::parameter("body")),
    }
}

/// Whether a request says that its body is JSON.
pub(super) fn is_json(request: &Request) -> bool {
    let kind = request.header("Content-Type").unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
