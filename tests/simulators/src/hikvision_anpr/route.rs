//! From a request to its answer: invariants, connection, login, permission, family, call.

use std::sync::Mutex;

use serde_json::Value;

use super::problem::Problem;
use super::settings::Settings;
use super::state::State;
use super::switches::{Concurrency, Family, Permissions};
use super::{delete, record, search, vcl, whole};
use crate::http::{Handler, Reply, Request, Response};
use crate::isapi::answers::{
    BAD_JSON_FORMAT, BAD_URL_FORMAT, DEVICE_BUSY, LOW_PRIVILEGE, METHOD_NOT_ALLOWED, NOT_SUPPORT,
    PLATES_BUSY, failure_with, status, success, xml_failure, xml_response,
};
use crate::isapi::digest::Account;
use crate::isapi::gate::{self, Gate, USER_CHECK};
use crate::isapi::line::Admission;
use crate::isapi::manners::asks_for_json;
use crate::isapi::system::{self, Identity, page_not_found};
use crate::lock;

/// Beginning of the calls of the newer family.
const TRAFFIC: &str = "/ISAPI/Traffic/";
/// Beginning of the calls of the older family.
const ENTRANCE: &str = "/ISAPI/ITC/Entrance/VCL";

/// A camera as the HTTP server sees it.
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
        Admission::Busy => return Reply::Answer(refuse(state, request, &DEVICE_BUSY.into())),
        Admission::Reply(reply) => return reply,
    }
    if request.method == "GET" && request.path() == "/SDK/activateStatus" {
        return Reply::Answer(system::activate_status(&state.switches.common()));
    }
    if let Some(refusal) = log_in(state, request) {
        return Reply::Answer(refusal);
    }
    if state.switches.device_busy > 0 {
        state.switches.device_busy -= 1;
        return Reply::Answer(refuse(state, request, &DEVICE_BUSY.into()));
    }
    let response = call(state, request).unwrap_or_else(|why| refuse(state, request, &why));
    state.dealt_with(&request.target);
    Reply::Answer(response)
}

/// A refusal: JSON where JSON was asked for, XML elsewhere.
fn refuse(state: &State, request: &Request, problem: &Problem) -> Response {
    let common = state.switches.common();
    let status = problem.status.unwrap_or_else(|| status(&common, problem.failure.code));
    if asks_for_json(request) {
        failure_with(&common, status, &request.target, &problem.failure)
    } else {
        xml_failure(&common, status, &request.target, &problem.failure, "")
    }
}

/// The 401, unless the login is right.
fn log_in(state: &mut State, request: &Request) -> Option<Response> {
    let now = state.now();
    let realm = gate::realm(&state.settings.serial_number);
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
            && (request.path().starts_with(TRAFFIC) || request.path().starts_with(ENTRANCE)),
        now,
    };
    let refusal = gate.log_in(request);
    switches.logins_refused = logins_refused;
    refusal
}

fn call(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let path = request.path();
    if let Some(traffic) = path.strip_prefix(TRAFFIC) {
        if state.switches.family != Family::Audit {
            return Err(NOT_SUPPORT.into());
        }
        let channel = format!("channels/{}/", state.settings.channel);
        return match traffic.strip_prefix(&channel) {
            _ if traffic == "capabilities" => capabilities(state, request),
            Some(name) => list_call(state, request, name),
            None => Ok(not_found(state, request)),
        };
    }
    if path == vcl::VCL || path == vcl::CAPABILITIES {
        if state.switches.family != Family::Vcl {
            return Err(NOT_SUPPORT.into());
        }
        if path == vcl::VCL {
            is_free(state)?;
            if matches!(request.method.as_str(), "PUT" | "DELETE") {
                may_write(state)?;
            }
        }
        return vcl::call(state, request);
    }
    device_call(state, request)
}

/// Refuses while another works on the list.
fn is_free(state: &mut State) -> Result<(), Problem> {
    if state.switches.list_operating == 0 {
        return Ok(());
    }
    state.switches.list_operating -= 1;
    Err(PLATES_BUSY.into())
}

fn may_write(state: &State) -> Result<(), Problem> {
    match state.switches.permissions {
        Permissions::Admin | Permissions::NoParameters => Ok(()),
        Permissions::ReadsOnly => Err(LOW_PRIVILEGE.into()),
    }
}

/// A call on the list of the newer family, by what follows the channel.
fn list_call(state: &mut State, request: &Request, name: &str) -> Result<Response, Problem> {
    let wanted = match name {
        "licensePlateAuditData/record" | "DelLicensePlateAuditData" => "PUT",
        "searchLPListAudit" => "POST",
        "licensePlateAuditData" => {
            is_free(state)?;
            if request.method == "PUT" {
                may_write(state)?;
            }
            return whole::call(state, request);
        }
        _ => return Ok(not_found(state, request)),
    };
    if request.method != wanted {
        return Err(wrong_method(state, request));
    }
    if name == "searchLPListAudit" {
        state.audit.manners.body_kind(request, "application/xml");
        is_free(state)?;
        return search::search(state, &request.body);
    }
    state.audit.manners.json_call(request);
    if !asks_for_json(request) {
        return Err(BAD_URL_FORMAT.into());
    }
    may_write(state)?;
    is_free(state)?;
    let body: Value = serde_json::from_slice(&request.body).map_err(|why| {
        state
            .audit
            .note("not-understood", &format!("{} {}: {why}", request.method, request.target));
        Problem::from(BAD_JSON_FORMAT)
    })?;
    match name {
        "DelLicensePlateAuditData" => delete::delete(state, request, &body),
        _ => record::record(state, request, &body),
    }
}

/// `GET /ISAPI/Traffic/capabilities`. That it tells `plateListNum` is known, its root is this crate's own.
fn capabilities(state: &mut State, request: &Request) -> Result<Response, Problem> {
    if request.method != "GET" {
        return Err(wrong_method(state, request));
    }
    let number = match state.switches.no_plate_list_num {
        true => String::new(),
        false => format!("<plateListNum>{}</plateListNum>", state.settings.plate_list_num),
    };
    let body = format!(
        "<TrafficCap version=\"2.0\" xmlns=\"{}\">{number}</TrafficCap>",
        state.switches.namespace.uri()
    );
    Ok(xml_response(200, &body))
}

fn device_call(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let common = state.switches.common();
    match (request.method.as_str(), request.path()) {
        ("GET", "/ISAPI/System/deviceInfo") => {
            let Settings { name, model, serial_number, firmware, .. } = &state.settings;
            let identity = Identity { name, model, serial_number, firmware, kind: "IPCamera" };
            Ok(system::device_info(&common, &identity, request))
        }
        ("GET", "/ISAPI/System/time") => {
            Ok(system::time(&common, state.zone, state.now() + state.clock_offset))
        }
        ("GET", USER_CHECK) => Ok(system::user_check(&common)),
        ("GET", "/ISAPI/Security/illegalLoginLock") => Ok(system::illegal_login_lock(&common)),
        // The barrier would open here; the audit has noted it.
        ("PUT", path) if path.ends_with("/barrierGate") || path.ends_with("/manualControl") => {
            may_write(state)?;
            Ok(success(&common))
        }
        (_, "/ISAPI/System/deviceInfo" | "/ISAPI/System/time" | USER_CHECK) => {
            Err(wrong_method(state, request))
        }
        _ => Ok(not_found(state, request)),
    }
}

fn wrong_method(state: &mut State, request: &Request) -> Problem {
    let what = format!("{} {}", request.method, request.path());
    state.audit.note("wrong-method", &what);
    METHOD_NOT_ALLOWED.into()
}

/// A path that no part of this crate plays.
fn not_found(state: &mut State, request: &Request) -> Response {
    let what = format!("{} {}", request.method, request.target);
    state.audit.note("unknown-path", &what);
    page_not_found()
}
