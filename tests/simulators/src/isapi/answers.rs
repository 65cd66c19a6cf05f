//! Envelopes of success and failure, and the error codes.

use serde_json::{Value, json};

use super::login::LockState;
use super::switches::{Body401, Common, ErrorBody, ErrorStatus};
use crate::http::Response;
use crate::xml::escape;

/// Class, name and number of one error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u8, pub(crate) &'static str, pub(crate) u32);

pub(crate) const DEVICE_BUSY: Code = Code(2, "deviceBusy", 0x2000_0004);
pub(crate) const NOT_SUPPORT: Code = Code(4, "notSupport", 0x4000_0001);
pub(crate) const LOW_PRIVILEGE: Code = Code(4, "lowPrivilege", 0x4000_0002);
pub(crate) const BAD_AUTHORIZATION: Code = Code(4, "badAuthorization", 0x4000_0003);
pub(crate) const PLATE_FORMAT: Code = Code(4, "licensePlateFormatError", 0x4000_1122);
pub(crate) const SAME_PLATE: Code = Code(4, "existSameLicensePlate", 0x4000_12CA);
pub(crate) const PLATES_FULL: Code = Code(4, "licensePlateNumOverflow", 0x4000_12CB);
pub(crate) const PLATES_BUSY: Code = Code(4, "plateListIsOperating", 0x4000_12D2);
pub(crate) const NO_PLATE_ID: Code = Code(4, "PlateIDNotExist", 0x4000_15BF);
pub(crate) const METHOD_NOT_ALLOWED: Code = Code(4, "methodNotAllowed", 0x4000_0004);
pub(crate) const INVALID_OPERATION: Code = Code(4, "invalidOperation", 0x4000_0006);
pub(crate) const DEVICE_ERROR: Code = Code(3, "deviceError", 0x3000_0001);
pub(crate) const BAD_XML_FORMAT: Code = Code(5, "badXmlFormat", 0x5000_0001);
pub(crate) const BAD_JSON_FORMAT: Code = Code(5, "badJsonFormat", 0x5000_0002);
pub(crate) const BAD_URL_FORMAT: Code = Code(5, "badURLFormat", 0x5000_0003);
pub(crate) const BAD_PARAMETERS: Code = Code(6, "badParameters", 0x6000_0001);
pub(crate) const BAD_XML_CONTENT: Code = Code(6, "badXmlContent", 0x6000_0003);
pub(crate) const BAD_JSON_CONTENT: Code = Code(6, "badJsonContent", 0x6000_0017);
pub(crate) const PARAMETERS_LACK: Code = Code(6, "MessageParametersLack", 0x6000_0019);
pub(crate) const BAD_NAME: Code = Code(6, "nameContainsInvalidCharcters", 0x6000_001C);
pub(crate) const LONG_NAME: Code = Code(6, "nameIsOverlong", 0x6000_001D);
pub(crate) const BEYOND_RANGE: Code = Code(6, "beyondARGSRangeLimit", 0x6000_0025);
pub(crate) const TIME_FORMAT: Code = Code(6, "timeFormatError", 0x6000_0041);
pub(crate) const START_LATER: Code = Code(6, "startTimeShouldBeEarlierThanEndTime", 0x6000_2025);
pub(crate) const NO_PERSON: Code = Code(6, "employeeNoNotExist", 0x6000_601F);
pub(crate) const PERSON_EXISTS: Code = Code(6, "employeeNoAlreadyExist", 0x6000_6020);
pub(crate) const BAD_PERSON_NO: Code = Code(6, "illegalEmployeeNo", 0x6000_6036);
pub(crate) const END_EARLIER: Code = Code(6, "endtimeEarlierThanBegintime", 0x6000_6048);
pub(crate) const FULL: Code = Code(6, "deviceUserFull", 0x6000_7000);
pub(crate) const NO_USER: Code = Code(6, "deviceUserNotExist", 0x6000_7003);

/// What the list of plates is refused for: class 4, and answered 400 where errors have a status.
const OF_PLATES: [Code; 5] = [PLATE_FORMAT, SAME_PLATE, PLATES_FULL, PLATES_BUSY, NO_PLATE_ID];

/// An error, and the key or words that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, message: code.1.to_owned() }
    }
}

impl Code {
    /// This error about that key.
    pub(crate) fn about(self, message: &str) -> Failure {
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
pub(crate) fn json_response(status: u16, body: &Value) -> Response {
    Response::new(status, "application/json", body.to_string())
}

/// An XML document.
pub(crate) fn xml_response(status: u16, body: &str) -> Response {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n");
    Response::new(status, "application/xml; charset=\"UTF-8\"", text)
}

/// The success of a write.
pub(crate) fn success(switches: &Common<'_>) -> Response {
    let mut body = json!({"statusCode": 1, "statusString": "OK", "subStatusCode": "ok"});
    if switches.ok_with_error_fields {
        body["errorCode"] = json!(1);
        body["errorMsg"] = json!("ok");
    }
    json_response(200, &body)
}

/// The success of a write that is answered in XML.
pub(crate) fn xml_success(switches: &Common<'_>, target: &str) -> Response {
    let body = format!(
        "<ResponseStatus version=\"2.0\" xmlns=\"{}\"><requestURL>{}</requestURL>\
         <statusCode>1</statusCode><statusString>OK</statusString>\
         <subStatusCode>ok</subStatusCode></ResponseStatus>",
        switches.namespace.uri(),
        escape(target),
    );
    xml_response(200, &body)
}

/// The HTTP status of an error.
pub(crate) fn status(switches: &Common<'_>, code: Code) -> u16 {
    match (switches.error_status, code.0) {
        // Seen as 403 even where other errors come with 200.
        _ if code == LOW_PRIVILEGE => 403,
        (ErrorStatus::Ok200, _) => 200,
        (ErrorStatus::ByClass, _) if OF_PLATES.contains(&code) => 400,
        (ErrorStatus::ByClass, 2) => 503,
        (ErrorStatus::ByClass, 3) => 500,
        (ErrorStatus::ByClass, 4) => 403,
        (ErrorStatus::ByClass, _) => 400,
    }
}

/// A failure in the form that the switches ask for.
pub(crate) fn failure(switches: &Common<'_>, target: &str, failure: &Failure) -> Response {
    failure_with(switches, status(switches, failure.code), target, failure)
}

/// The same with this HTTP status.
pub(crate) fn failure_with(
    switches: &Common<'_>,
    status: u16,
    target: &str,
    failure: &Failure,
) -> Response {
    match switches.error_body {
        ErrorBody::Xml => xml_failure(switches, status, target, failure, ""),
        _ => json_failure(switches, status, target, failure),
    }
}

fn json_failure(switches: &Common<'_>, status: u16, target: &str, failure: &Failure) -> Response {
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
pub(crate) fn xml_failure(
    switches: &Common<'_>,
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
pub(crate) fn unauthorized(switches: &Common<'_>, target: &str, lock: &LockState) -> Response {
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
pub(crate) fn user_check_401(switches: &Common<'_>, lock: &LockState) -> Response {
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
