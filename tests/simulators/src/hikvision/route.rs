//! From a request to its answer: invariants, connection, login, permission, call.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::answers::{
    BAD_JSON_FORMAT, BAD_URL_FORMAT, DEVICE_BUSY, Failure, LOW_PRIVILEGE, METHOD_NOT_ALLOWED,
    NOT_SUPPORT, failure, success, unauthorized, user_check_401,
};
use super::challenge;
use super::digest::Account;
use super::login::Verdict;
use super::state::State;
use super::switches::{Body401, Concurrency, KeepAlive, ModifyBy, Permissions};
use super::{search, system, write};
use crate::http::{Handler, Reply, Request, Response};
use crate::lock;

/// Path of the login probe, which always answers its own XML.
const USER_CHECK: &str = "/ISAPI/Security/userCheck";
/// Beginning of all person calls.
const USER_INFO: &str = "/ISAPI/AccessControl/UserInfo/";

/// A device as the HTTP server sees it.
pub(super) struct Route(pub(super) Mutex<State>);

impl Handler for Route {
    fn answer(&self, request: &Request) -> Reply {
        let mut state = lock(&self.0);
        let nth = state.connections.entry(request.connection).or_default();
        *nth += 1;
        let nth = *nth;
        match answer(&mut state, request, nth) {
            Reply::Drop => Reply::Drop,
            Reply::Silence => Reply::Silence,
            Reply::Answer(mut response) => {
                let closing = match state.switches.keep_alive {
                    KeepAlive::ClosesAfter401(after) if response.status == 401 => Some(after),
                    KeepAlive::ClosesAfterEach(after) => Some(after),
                    KeepAlive::ClosesAt { nth: last, is_done: true } if nth == last => {
                        return Reply::Drop;
                    }
                    _ => None,
                };
                response.closes_after = closing.map(Duration::from_millis);
                response.keep_alive = !matches!(
                    state.switches.keep_alive,
                    KeepAlive::Close | KeepAlive::DropEvery(_) | KeepAlive::ResetFaster(_)
                );
                for (name, value) in [
                    ("Server", "webs"),
                    ("X-Frame-Options", "SAMEORIGIN"),
                    ("Cache-Control", "no-store"),
                    ("Pragma", "no-cache"),
                ] {
                    response = response.with_header(name, value);
                }
                if response.keep_alive {
                    response = response.with_header("Keep-Alive", "timeout=10, max=99");
                }
                Reply::Answer(response)
            }
        }
    }

    fn malformed(&self, problem: &str) {
        lock(&self.0).audit.note("malformed", problem);
    }

    fn one_at_a_time(&self) -> bool {
        lock(&self.0).switches.concurrency == Concurrency::Wait
    }
}

fn answer(state: &mut State, request: &Request, nth: usize) -> Reply {
    state.served += 1;
    let State { audit, switches, .. } = state;
    audit.arrived(switches, request);
    if let KeepAlive::DropEvery(n) = switches.keep_alive
        && n > 0
        && state.served.is_multiple_of(n)
    {
        return Reply::Drop;
    }
    match state.switches.keep_alive {
        KeepAlive::SilentOnSecond if nth > 1 => return Reply::Silence,
        KeepAlive::ClosesAt { nth: last, is_done: false } if nth == last => return Reply::Drop,
        _ => {}
    }
    let last = state.last.replace(Instant::now());
    if let (KeepAlive::ResetFaster(least), Some(last)) = (state.switches.keep_alive, last)
        && last.elapsed() < Duration::from_millis(least)
    {
        return Reply::Drop;
    }
    if request.others_in_flight > 0 {
        match state.switches.concurrency {
            Concurrency::Wait => {}
            Concurrency::Busy => return refuse(state, request, &DEVICE_BUSY.into()),
            Concurrency::Reset => return Reply::Drop,
        }
    }
    if request.method == "GET" && request.path() == "/SDK/activateStatus" {
        return Reply::Answer(system::activate_status(state));
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
    Reply::Answer(failure(&state.switches, &request.target, problem))
}

/// The 401, unless the login is right.
fn log_in(state: &mut State, request: &Request) -> Option<Response> {
    let (now, realm) = (state.now(), state.realm());
    let State { settings, switches, login, audit, .. } = state;
    let account =
        Account { username: &settings.username, realm: &realm, password: &settings.password };
    let verdict = login.judge(switches, &account, request, now);
    audit.judged(&verdict, request);
    if verdict == Verdict::Accepted {
        let lacks_right = switches.permissions == Permissions::NoParameters
            && request.path().starts_with(USER_INFO);
        if switches.logins_refused == 0 && !lacks_right {
            return None;
        }
        switches.logins_refused = switches.logins_refused.saturating_sub(1);
    }
    let stale = verdict == Verdict::WornOut { stale: true };
    let lock = login.lock_state(switches, request.source, now);
    let nonce = login.challenge(switches.nonce, request, now);
    let told = request.path() == USER_CHECK
        || matches!(switches.body_401, Body401::UserCheckXml | Body401::ResponseStatusXml);
    audit.lock_told(request, lock.seconds_left.is_some(), told);
    let mut response = match request.path() {
        USER_CHECK => user_check_401(switches, &lock),
        _ => unauthorized(switches, &request.target, &lock),
    };
    for header in challenge::headers(switches, &realm, &nonce, stale) {
        response = response.with_header("WWW-Authenticate", &header);
    }
    Some(response)
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
    state.audit.json_call(request);
    if !request.query().split('&').any(|pair| pair == "format=json") {
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
        ("GET", "/ISAPI/System/time") => Ok(system::time(state)),
        ("GET", USER_CHECK) => Ok(system::user_check(state)),
        ("GET", "/ISAPI/Security/illegalLoginLock") => Ok(system::illegal_login_lock(state)),
        ("GET", "/ISAPI/AccessControl/capabilities") => Ok(system::access_control(state, request)),
        // The door would open here; the audit has noted it.
        ("PUT", path) if path.starts_with("/ISAPI/AccessControl/RemoteControl/door/") => {
            may_write(state)?;
            Ok(success(&state.switches))
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

fn page_not_found() -> Response {
    Response::new(404, "text/html", "<html><body><h2>404 Not Found</h2></body></html>")
}
