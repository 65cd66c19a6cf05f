//! Envelopes of success and failure, and the error codes.

use serde_json::{Value, json};

use super::login::LockState;
use super::switches::{Body401, ErrorBody, ErrorStatus, Switches};
use crate::http::Response;
use crate::xml::escape;

/// Class, name and number of one error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(pub(super) u8, pub(super) &'static str, pub(super) u32);

pub(super) const DEVICE_BUSY: Code = Code(2, "deviceBusy", 0x2000_0004);
pub(super) const NOT_SUPPORT: Code = Code(4, "notSupport", 0x4000_0001);
pub(super) const LOW_PRIVILEGE: Code = Code(4, "lowPrivilege", 0x4000_0002);
pub(super) const BAD_AUTHORIZATION: Code = Code(4, "badAuthorization", 0x4000_0003);
pub(super) const METHOD_NOT_ALLOWED: Code = Code(4, "methodNotAllowed", 0x4000_0004);
pub(super) const INVALID_OPERATION: Code = Code(4, "invalidOperation", 0x4000_0006);
pub(super) const BAD_JSON_FORMAT: Code = Code(5, "badJsonFormat", 0x5000_0002);
pub(super) const BAD_URL_FORMAT: Code = Code(5, "badURLFormat", 0x5000_0003);
pub(super) const BAD_PARAMETERS: Code = Code(6, "badParameters", 0x6000_0001);
pub(super) const BAD_JSON_CONTENT: Code = Code(6, "badJsonContent", 0x6000_0017);
pub(super) const PARAMETERS_LACK: Code = Code(6, "MessageParametersLack", 0x6000_0019);
pub(super) const BAD_NAME: Code = Code(6, "nameContainsInvalidCharcters", 0x6000_001C);
pub(super) const LONG_NAME: Code = Code(6, "nameIsOverlong", 0x6000_001D);
pub(super) const BEYOND_RANGE: Code = Code(6, "beyondARGSRangeLimit", 0x6000_0025);
pub(super) const TIME_FORMAT: Code = Code(6, "timeFormatError", 0x6000_0041);
pub(super) const NO_PERSON: Code = Code(6, "employeeNoNotExist", 0x6000_601F);
pub(super) const PERSON_EXISTS: Code = Code(6, "employeeNoAlreadyExist", 0x6000_6020);
pub(super) const BAD_PERSON_NO: Code = Code(6, "illegalEmployeeNo", 0x6000_6036);
pub(super) const END_EARLIER: Code = Code(6, "endtimeEarlierThanBegintime", 0x6000_6048);
pub(super) const FULL: Code = Code(6, "deviceUserFull", 0x6000_7000);
pub(super) const NO_USER: Code = Code(6, "deviceUserNotExist", 0x6000_7003);

/// An error, and the key or words that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, message: code.1.to_owned() }
    }
}

impl Code {
    /// This error about that key.
    pub(super) fn about(self, message: &str) -> Failure {
        Failure { code: self, message: message.to_owned() }
    }
}

/// The `statusString` of a class.
fn class_words(class: u8) -> &'static str {
    match class {
        1 => "OK",
        2 => "Device Busy",
        3 => "Device Error",
        4 => "Invalid Operation",
        5 => "Invalid Format",
        6 => "Invalid Content",
        _ => "Reboot Required",
    }
}

/// A JSON document.
pub(super) fn json_response(status: u16, body: &Value) -> Response {
    Response::new(status, "application/json", body.to_string())
}

/// An XML document.
pub(super) fn xml_response(status: u16, body: &str) -> Response {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n");
    Response::new(status, "application/xml; charset=\"UTF-8\"", text)
}

/// The success of a write.
pub(super) fn success(switches: &Switches) -> Response {
    let mut body = json!({"statusCode": 1, "statusString": "OK", "subStatusCode": "ok"});
    if switches.ok_with_error_fields {
        body["errorCode"] = json!(1);
        body["errorMsg"] = json!("ok");
    }
    json_response(200, &body)
}

/// A failure in the form that the switches ask for.
pub(super) fn failure(switches: &Switches, target: &str, failure: &Failure) -> Response {
    let status = match (switches.error_status, failure.code.0) {
        // Seen as 403 even where other errors come with 200.
        _ if failure.code == LOW_PRIVILEGE => 403,
        (ErrorStatus::Ok200, _) => 200,
        (ErrorStatus::ByClass, 2) => 503,
        (ErrorStatus::ByClass, 3) => 500,
        (ErrorStatus::ByClass, 4) => 403,
        (ErrorStatus::ByClass, _) => 400,
    };
    if switches.error_body == ErrorBody::Xml {
        return xml_failure(switches, status, target, failure, "");
    }
    json_failure(switches, status, target, failure)
}

fn json_failure(switches: &Switches, status: u16, target: &str, failure: &Failure) -> Response {
    let Code(class, name, number) = failure.code;
    let numeral = |number: u32| match switches.error_body {
        ErrorBody::JsonStrings => json!(number.to_string()),
        _ => json!(number),
    };
    let body = json!({
        "requestURL": target, "statusCode": numeral(class.into()),
        "statusString": class_words(class), "subStatusCode": name,
        "errorCode": numeral(number), "errorMsg": failure.message,
    });
    match switches.error_body {
        ErrorBody::JsonNested => json_response(status, &json!({"ResponseStatus": body})),
        _ => json_response(status, &body),
    }
}

/// A failure as `ResponseStatus`, with further elements at its end.
pub(super) fn xml_failure(
    switches: &Switches,
    status: u16,
    target: &str,
    failure: &Failure,
    more: &str,
) -> Response {
    let Code(class, name, number) = failure.code;
    let body = format!(
        "<ResponseStatus version=\"2.0\" xmlns=\"{}\"><requestURL>{}</requestURL>\
         <statusCode>{class}</statusCode><statusString>{}</statusString>\
         <subStatusCode>{name}</subStatusCode><errorCode>{number}</errorCode>\
         <errorMsg>{}</errorMsg>{more}</ResponseStatus>",
        switches.namespace.uri(),
        escape(target),
        class_words(class),
        escape(&failure.message),
    );
    xml_response(status, &body)
}

/// The body of a 401, without its challenge.
pub(super) fn unauthorized(switches: &Switches, target: &str, lock: &LockState) -> Response {
    match switches.body_401 {
        Body401::UserCheckXml => user_check_401(switches, lock),
        Body401::ResponseStatusXml => {
            let more = format!(
                "<lockStatus>{}</lockStatus><retryTimes>{}</retryTimes>\
                 <resLockTime>{}</resLockTime>",
                if lock.seconds_left.is_some() { "lock" } else { "unlock" },
                lock.tries_left,
                lock.seconds_left.unwrap_or_default(),
            );
            xml_failure(switches, 401, target, &BAD_AUTHORIZATION.into(), &more)
        }
        Body401::Json => json_failure(switches, 401, target, &INVALID_OPERATION.into()),
        Body401::Html => Response::new(
            401,
            "text/html",
            "<!DOCTYPE html><html><head><title>Document Error: Unauthorized</title></head>\
             <body><h2>Access Error: 401 -- Unauthorized</h2></body></html>",
        ),
        Body401::Empty => Response::empty(401),
    }
}

/// `userCheck` of a failed login, with attempts and seconds left.
pub(super) fn user_check_401(switches: &Switches, lock: &LockState) -> Response {
    let more = match lock.seconds_left {
        Some(seconds) => format!(
            "<lockStatus>locked</lockStatus><unlockTime>{seconds}</unlockTime>\
             <retryLoginTime>0</retryLoginTime>"
        ),
        None => format!(
            "<lockStatus>unlock</lockStatus><retryLoginTime>{}</retryLoginTime>",
            lock.tries_left
        ),
    };
    let body = format!(
        "<userCheck version=\"2.0\" xmlns=\"{}\"><statusValue>401</statusValue>\
         <statusString>Unauthorized</statusString><isActivated>true</isActivated>{more}\
         </userCheck>",
        switches.namespace.uri()
    );
    xml_response(401, &body)
}
