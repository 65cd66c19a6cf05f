//! The calls about the device itself that others do not have.

use serde_json::json;

use super::settings::Settings;
use super::state::State;
use super::switches::PageLimit;
use crate::http::{Request, Response};
use crate::isapi::answers::json_response;
use crate::isapi::system::{self, Identity, document};

/// `GET /ISAPI/System/deviceInfo`.
pub(super) fn device_info(state: &State, request: &Request) -> Response {
    let Settings { name, model, serial_number, firmware, .. } = &state.settings;
    let identity = Identity { name, model, serial_number, firmware, kind: "ACS" };
    system::device_info(&state.switches.common(), &identity, request)
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
    document(&state.switches.common(), request, "AccessControl", &fields)
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
