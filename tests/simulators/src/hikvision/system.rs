//! The calls about the device itself.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answers::{json_response, xml_response};
use super::settings::Settings;
use super::state::State;
use super::switches::{InfoFormat, LocalTime, PageLimit};
use crate::http::{Request, Response};
use crate::xml::escape;

/// `GET /SDK/activateStatus`, without login.
pub(super) fn activate_status(state: &State) -> Response {
    let namespace = state.switches.namespace.uri();
    let body = format!(
        "<ActivateStatus version=\"2.0\" xmlns=\"{namespace}\"><Activated>true</Activated>\
         </ActivateStatus>"
    );
    xml_response(200, &body)
}

/// `GET /ISAPI/System/deviceInfo`.
pub(super) fn device_info(state: &State, request: &Request) -> Response {
    let Settings { name, model, serial_number, firmware, .. } = &state.settings;
    let fields = [
        ("deviceName", name.as_str()),
        ("deviceID", "255"),
        ("model", model),
        ("serialNumber", serial_number),
        ("macAddress", "02:00:00:00:00:01"),
        ("firmwareVersion", firmware),
        ("firmwareReleasedDate", "build 260101"),
        ("deviceType", "ACS"),
    ];
    document(state, request, "DeviceInfo", &fields)
}

/// `GET /ISAPI/AccessControl/capabilities`.
pub(super) fn access_control(state: &State, request: &Request) -> Response {
    let fields = [
        ("isSupportUserInfo", "true"),
        ("isSupportUserInfoDetailDelete", "false"),
        ("isSupportCardInfo", "false"),
        ("isSupportFDLib", "false"),
        ("isSupportAcsEvent", "false"),
    ];
    document(state, request, "AccessControl", &fields)
}

/// Plain fields under one root, as XML or JSON.
fn document(state: &State, request: &Request, root: &str, fields: &[(&str, &str)]) -> Response {
    let json_asked = request.query().contains("format=json");
    if json_asked && state.switches.info_format == InfoFormat::FollowsFormat {
        let map = fields.iter().map(|(key, value)| ((*key).to_owned(), json!(value)));
        return json_response(200, &json!({root: Value::Object(map.collect())}));
    }
    let inner: String =
        fields.iter().map(|(key, value)| format!("<{key}>{}</{key}>", escape(value))).collect();
    let namespace = state.switches.namespace.uri();
    xml_response(200, &format!("<{root} version=\"2.0\" xmlns=\"{namespace}\">{inner}</{root}>"))
}

/// `GET /ISAPI/System/time`: wall clock, and zone with inverted sign.
pub(super) fn time(state: &State) -> Response {
    let now: DateTime<Utc> = state.now() + state.clock_offset;
    let mark = if state.switches.local_time == LocalTime::Basic { ' ' } else { 'T' };
    let local = state.zone.local(now).format("%Y-%m-%d %H:%M:%S").to_string();
    let local = local.replace(' ', &mark.to_string());
    let offset = match state.switches.local_time {
        LocalTime::WithOffset => state.zone.offset_text(now),
        LocalTime::Plain => String::new(),
        LocalTime::Basic => state.zone.offset_text(now).replace(':', ""),
        LocalTime::NoSign => state.zone.offset_text(now).replace('+', " "),
    };
    let body = format!(
        "<Time version=\"2.0\" xmlns=\"{}\"><timeMode>NTP</timeMode>\
         <localTime>{local}{offset}</localTime><timeZone>{}</timeZone></Time>",
        state.switches.namespace.uri(),
        state.zone.posix(),
    );
    xml_response(200, &body)
}

/// `GET /ISAPI/Security/userCheck` after a right login; the lock fields are then absent.
pub(super) fn user_check(state: &State) -> Response {
    let body = format!(
        "<userCheck version=\"2.0\" xmlns=\"{}\"><statusValue>200</statusValue>\
         <statusString>OK</statusString><isDefaultPassword>false</isDefaultPassword>\
         <isRiskPassword>false</isRiskPassword><isActivated>true</isActivated></userCheck>",
        state.switches.namespace.uri()
    );
    xml_response(200, &body)
}

/// `GET /ISAPI/Security/illegalLoginLock`.
pub(super) fn illegal_login_lock(state: &State) -> Response {
    let lock = &state.switches.lock;
    let body = format!(
        "<IllegalLoginLock version=\"2.0\" xmlns=\"{}\"><enabled>true</enabled>\
         <maxIllegalLoginTimes>{}</maxIllegalLoginTimes>\
         <maxIllegalLoginLockTime>{}</maxIllegalLoginLockTime></IllegalLoginLock>",
        state.switches.namespace.uri(),
        lock.failures,
        lock.seconds,
    );
    xml_response(200, &body)
}

/// `GET UserInfo/Count`.
pub(super) fn count(state: &State) -> Response {
    let bound = |has: fn(&super::Person) -> bool| state.persons.iter().filter(|p| has(p)).count();
    let mut counts = json!({"userNumber": state.persons.len()});
    if !state.switches.no_num_of {
        counts["bindFaceUserNumber"] = json!(bound(|p| p.faces > 0));
        counts["bindFingerprintUserNumber"] = json!(bound(|p| p.fingerprints > 0));
        counts["bindCardUserNumber"] = json!(bound(|p| p.cards > 0));
    }
    json_response(200, &json!({"UserInfoCount": counts}))
}

/// `GET UserInfo/capabilities`.
pub(super) fn user_info(state: &State) -> Response {
    let page = match state.switches.page_limit {
        PageLimit::Ten => 10,
        PageLimit::One => 1,
        PageLimit::Thirty | PageLimit::ThirtyOrError => 30,
    };
    let support = state.switches.support_function.unwrap_or("post,delete,put,get,setUp");
    let mut all = json!({
        "supportFunction": {"@opt": support},
        "UserInfoSearchCond": {
            "searchID": {"@min": 1, "@max": 36},
            "maxResults": {"@min": 1, "@max": page},
            "EmployeeNoList": {"maxSize": 30, "employeeNo": {"@min": 1, "@max": 32}},
            "fuzzySearch": {"@min": 0, "@max": 32},
        },
        "employeeNo": {"@min": 1, "@max": 32},
        "name": {"@min": 0, "@max": 128},
        "userType": {"@opt": "normal,visitor,blackList"},
        "closeDelayEnabled": {"@opt": "true,false"},
        "Valid": {
            "enable": {"@opt": "true,false"},
            "beginTime": {"@min": 1, "@max": 32},
            "endTime": {"@min": 1, "@max": 32},
            "timeRangeBegin": "2000-01-01T00:00:00",
            "timeRangeEnd": state.switches.time_range_end.as_deref().unwrap_or("2037-12-31T23:59:59"),
            "timeType": {"@opt": "local"},
        },
        "password": {"@min": 1, "@max": 8},
        "doorRight": {"@min": 1, "@max": 4, "@opt": "1,2,3,4"},
        "RightPlan": {"maxSize": 4, "doorNo": {"@min": 1, "@max": 4}},
        "gender": {"@opt": "male,female,unknown"},
        "maxRecordNum": state.settings.max_records,
    });
    if !state.switches.no_person_info_extends {
        all["PersonInfoExtends"] = json!({"maxSize": 1, "value": {"@min": 0, "@max": 64}});
    }
    if !state.switches.no_num_of {
        all["isSupportNumOfCard"] = json!(true);
    }
    for field in state.switches.further_fields {
        all[*field] = json!({"@min": 0, "@max": 9999});
    }
    json_response(200, &json!({"UserInfo": all}))
}
