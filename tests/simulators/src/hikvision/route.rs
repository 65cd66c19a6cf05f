//! From a request to its answer: invariants, connection, login, permission, call.

use std::sync::Mutex;

use serde_json::Value;

use super::state::State;
use super::switches::{Concurrency, ModifyBy, Permissions};
use super::{search, system, write};
use crate::http::{Handler, Reply, Request, Response};
use crate::isapi::answers::{
    BAD_JSON_FORMAT, BAD_URL_FORMAT, DEVICE_BUSY, Failure, LOW_PRIVILEGE, METHOD_NOT_ALLOWED,
    NOT_SUPPORT, failure, success,
};
use crate::isapi::digest::Account;
use crate::isapi::gate::{Gate, USER_CHECK};
use crate::isapi::line::Admission;
use crate::isapi::manners::asks_for_json;
use crate::isapi::system::{self as shared, page_not_found};
use crate::lock;

/// Beginning of all person calls.
const USER_INFO: &str = "/ISAPI/AccessControl/UserInfo/";

/// A device as the HTTP server sees it.
pub(super) struct Route(pub(super) Mutex<State>);

impl Handler for Route {
    fn answer(&self, request: &Request) -> Reply {
        let mut state = lock(&self.0);
        let reply = answer(&mut state, request);
        let State { line, switches, .. } = &*state;
        line.finish(&switches.common(), request, reply)
    }

    fn malformed(&self, problem: &str) {
        lock(&self.0).audit.note("malformed", problem);
    }

    fn one_at_a_time(&self) -> bool {
        lock(&self.0).switches.concurrency == Concurrency::Wait
    }
}

fn answer(state: &mut State, request: &Request) -> Reply {
    let State { audit, switches, line, .. } = state;
    audit.arrived(switches, request);
    match line.admit(&switches.common(), request) {
        Admission::In => {}
        Admission::Busy => return refuse(state, request, &DEVICE_BUSY.into()),
        Admission::Reply(reply) => return reply,
    }
    if request.method == "GET" && request.path() == "/SDK/activateStatus" {
        return Reply::Answer(shared::activate_status(&state.switches.common()));
    }
    if let Some(refusal) = log_in(state, request) {
        return Reply::Answer(refusal);
    }
    if state.switches.device_busy > 0 {
        state.switches.device_busy -= 1;
        return refuse(state, request, &DEVICE_BUSY.into());
    }
    let reply = match call(state, request) {
        Ok(reply) => reply,
        Err(problem) => refuse(state, request, &problem),
    };
    state.dealt_with(&request.target);
    reply
}

fn refuse(state: &State, request: &Request, problem: &Failure) -> Reply {
    Reply::Answer(failure(&state.switches.common(), &request.target, problem))
}

/// The 401, unless the login is right.
fn log_in(state: &mut State, request: &Request) -> Option<Response> {
    let (now, realm) = (state.now(), state.realm());
    let State { settings, switches, login, audit, .. } = state;
    let (username, password) = (settings.username.as_str(), settings.password.as_str());
    let mut logins_refused = switches.logins_refused;
    let gate = Gate {
        common: switches.common(),
        account: Account { username, realm: &realm, password },
        login,
        manners: &mut audit.manners,
        logins_refused: &mut logins_refused,
        lacks_right: switches.permissions == Permissions::NoParameters
            && request.path().starts_with(USER_INFO),
        now,
    };
    let refusal = gate.log_in(request);
    switches.logins_refused = logins_refused;
    refusal
}

fn call(state: &mut State, request: &Request) -> Result<Reply, Failure> {
    let path = request.path();
    let Some(person_call) = path.strip_prefix(USER_INFO) else {
        return device_call(state, request).map(Reply::Answer);
    };
    let wanted = match person_call {
        "capabilities" | "Count" => "GET",
        "Search" | "Record" => "POST",
        "Modify" => match state.switches.modify_by {
            ModifyBy::Put => "PUT",
            ModifyBy::Post => "POST",
            ModifyBy::Nothing => "",
        },
        "SetUp" | "Delete" => "PUT",
        _ => return Ok(not_found(state, request)),
    };
    if request.method != wanted {
        let what = format!("{} {path}", request.method);
        // Where the documented method is not taken, the other may be tried.
        let is_tried = person_call == "Modify"
            && state.switches.modify_by != ModifyBy::Put
            && matches!(request.method.as_str(), "PUT" | "POST");
        if !is_tried {
            state.audit.note("wrong-method", &what);
        }
        if request.method == "GET" {
            return Ok(Reply::Answer(page_not_found()));
        }
        return Err(METHOD_NOT_ALLOWED.into());
    }
    state.audit.manners.json_call(request);
    if !asks_for_json(request) {
        return Err(BAD_URL_FORMAT.into());
    }
    match person_call {
        "capabilities" => return Ok(Reply::Answer(system::user_info(state))),
        "Count" => return Ok(Reply::Answer(system::count(state))),
        _ => {}
    }
    if person_call != "Search" {
        may_write(state)?;
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| Failure::from(BAD_JSON_FORMAT))?;
    match person_call {
        "Search" => search::search(state, &body).map(Reply::Answer),
        "Record" => write::record(state, &body).map(Reply::Answer),
        "SetUp" => write::set_up(state, &body).map(Reply::Answer),
        "Delete" => write::delete(state, &body).map(Reply::Answer),
        _ => write::modify(state, &body),
    }
}

fn may_write(state: &State) -> Result<(), Failure> {
    match state.switches.permissions {
        Permissions::Admin | Permissions::NoParameters => Ok(()),
        Permissions::ReadsOnly => Err(LOW_PRIVILEGE.into()),
    }
}

fn device_call(state: &mut State, request: &Request) -> Result<Response, Failure> {
    match (request.method.as_str(), request.path()) {
        ("GET", "/ISAPI/System/deviceInfo") => Ok(system::device_info(state, request)),
        ("GET", "/ISAPI/System/time") => {
            Ok(shared::time(&state.switches.common(), state.zone, state.now() + state.clock_offset))
        }
        ("GET", USER_CHECK) => Ok(shared::user_check(&state.switches.common())),
        ("GET", "/ISAPI/Security/illegalLoginLock") => {
            Ok(shared::illegal_login_lock(&state.switches.common()))
        }
        ("GET", "/ISAPI/AccessControl/capabilities") => Ok(system::access_control(state, request)),
        // The door would open here; the audit has noted it.
        ("PUT", path) if path.starts_with("/ISAPI/AccessControl/RemoteControl/door/") => {
            may_write(state)?;
            Ok(success(&state.switches.common()))
        }
        (_, "/ISAPI/System/deviceInfo" | "/ISAPI/System/time" | USER_CHECK) => {
            let what = format!("{} {}", request.method, request.path());
            state.audit.note("wrong-method", &what);
            Err(METHOD_NOT_ALLOWED.into())
        }
        _ => match not_found(state, request) {
            Reply::Answer(response) => Ok(response),
            Reply::Drop | Reply::Silence => Err(NOT_SUPPORT.into()),
        },
    }
}

/// A path that no part of this crate plays.
fn not_found(state: &mut State, request: &Request) -> Reply {
    let what = format!("{} {}", request.method, request.target);
    state.audit.note("unknown-path", &what);
    Reply::Answer(page_not_found())
}
