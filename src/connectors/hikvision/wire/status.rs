//! `ResponseStatus`: what a device says about a request, at any HTTP status.
//!
//! HTTP 200 can carry an error, so this is looked for in every answer.

use std::fmt;

use serde_json::{Map, Value};

use super::{Document, Notation, field, integer, object, text};

/// What a device said about a request, with texts cut to what looks like a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseStatus {
    /// Which call it answers.
    pub call: &'static str,
    /// The HTTP status it came with.
    pub http: u16,
    /// The class, 1 to 8; from `errorCode` where `statusCode` is missing; `None` for an answer that
    /// says nothing but its HTTP status.
    pub status_code: Option<i64>,
    /// `subStatusCode` in the device's spelling, at most 64 letters and digits; may be empty.
    pub sub_status: String,
    /// `errorCode`: the dictionary's hex value as a decimal.
    pub error_code: Option<i64>,
    /// `errorMsg` where it looks like the name of a field, else empty: other texts could name people.
    pub error_msg: String,
}

impl fmt::Display for ResponseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the device answered HTTP {}", self.call, self.http)?;
        if let Some(code) = self.status_code {
            write!(f, ", statusCode {code}")?;
        }
        if !self.sub_status.is_empty() {
            write!(f, " {}", self.sub_status)?;
        }
        if !self.error_msg.is_empty() {
            write!(f, " ({})", self.error_msg)?;
        }
        Ok(())
    }
}

/// What a [`ResponseStatus`] means for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Done,
    /// Busy for a moment; nothing was done.
    Busy,
    /// Busy for minutes; nothing was done.
    BusyForLong,
    /// An error inside the device: a read may be tried once more.
    Fault,
    /// Done, but effective only after a reboot.
    Reboot,
    /// The account lacks the right.
    LowPrivilege,
    /// The login is wrong.
    BadLogin,
    Locked,
    ForbiddenIp,
    /// No password set yet.
    NotActivated,
    /// The person is not there.
    NoSuchPerson,
    /// The search has expired: start again from 0.
    SearchExpired,
    /// The device does not take this form of request: another form may do.
    FormRefused,
    /// The path is known, and this method is not offered for it.
    MethodRefused,
    /// Anything else that is not OK.
    Refused,
}

/// The codes that are told apart: name in lower case, number, meaning.
const CODES: &[(&str, i64, Meaning)] = &[
    ("devicebusy", 0x2000_0004, Meaning::Busy),
    ("upgrading", 0x2000_0003, Meaning::BusyForLong),
    ("lowprivilege", 0x4000_0002, Meaning::LowPrivilege),
    ("badauthorization", 0x4000_0003, Meaning::BadLogin),
    ("methodnotallowed", 0x4000_0004, Meaning::MethodRefused),
    ("notactivated", 0x4000_0007, Meaning::NotActivated),
    ("maxsessionuserlink", 0x4000_000B, Meaning::Busy),
    ("loginpassworderror", 0x4000_000C, Meaning::BadLogin),
    ("sessionexpired", 0x4000_10A7, Meaning::Busy),
    ("beyondconcurrentlimit", 0x4000_10A8, Meaning::Busy),
    ("thesearchiddoesnotexist", 0x4000_1133, Meaning::SearchExpired),
    ("searchisnotcompletedsearchagain", 0x4000_1164, Meaning::Busy),
    ("platelistisoperating", 0x4000_12D2, Meaning::Busy),
    ("usernamelocked", 0x4000_1A19, Meaning::Locked),
    ("deviceislocked", 0x4000_A3E9, Meaning::Locked),
    ("notsupport", 0x4000_0001, Meaning::FormRefused),
    ("invalidcontent", 0x4000_000A, Meaning::FormRefused),
    ("badjsonformat", 0x5000_0002, Meaning::FormRefused),
    ("badparameters", 0x6000_0001, Meaning::FormRefused),
    ("incorrentusernameorpassword", 0x6000_0012, Meaning::BadLogin),
    ("badjsoncontent", 0x6000_0017, Meaning::FormRefused),
    ("messageparameterslack", 0x6000_0019, Meaning::FormRefused),
    ("invalidsearchconditions", 0x6000_001A, Meaning::SearchExpired),
    ("beyondargsrangelimit", 0x6000_0025, Meaning::FormRefused),
    ("forbiddenip", 0x6000_0070, Meaning::ForbiddenIp),
    ("employeenonotexist", 0x6000_601F, Meaning::NoSuchPerson),
    ("deviceusernotexist", 0x6000_7003, Meaning::NoSuchPerson),
];

impl ResponseStatus {
    /// A status made of nothing but the HTTP status, for an answer without a readable body.
    pub(crate) fn of_http(call: &'static str, http: u16) -> Self {
        Self {
            call,
            http,
            status_code: None,
            sub_status: String::new(),
            error_code: None,
            error_msg: String::new(),
        }
    }

    /// What it means. An unknown code is judged by its class.
    pub(crate) fn meaning(&self) -> Meaning {
        if self.status_code == Some(1) {
            return Meaning::Done;
        }
        let name = self.sub_status.to_ascii_lowercase();
        let by_name = CODES.iter().find(|(code, ..)| *code == name);
        let by_number = || CODES.iter().find(|(_, number, _)| Some(*number) == self.error_code);
        if let Some((.., meaning)) = by_name.or_else(by_number) {
            return *meaning;
        }
        match (self.status_code, self.http) {
            (Some(2), _) => Meaning::Busy,
            (Some(3), _) => Meaning::Fault,
            (Some(7), _) => Meaning::Reboot,
            (Some(_), _) => Meaning::Refused,
            (None, 200..=299) => Meaning::Done,
            (None, 403) => Meaning::LowPrivilege,
            (None, 405) => Meaning::MethodRefused,
            (None, 408 | 429 | 502..=504) => Meaning::Busy,
            (None, 500) => Meaning::Fault,
            (None, _) => Meaning::Refused,
        }
    }

    /// What a person can do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self.sub_status.to_ascii_lowercase().as_str() {
            "invalidoperation" if self.http == 403 => Some(
                "the device may have too many connections at the moment: see what else asks it; on some it \
                 means that a window begins after it ends",
            ),
            "invalidoperation" => {
                Some("on some devices this means that a window begins after it ends")
            }
            "notsupport" => Some(
                "the device lacks this call: is it an access-control device with its own persons?",
            ),
            "methodnotallowed" => Some("this firmware does not offer the call in that way"),
            _ => None,
        }
    }
}

/// Everything that a refusal says in words, which may name fields, and people: to be looked through, never to
/// be shown.
pub(crate) fn refusal_words(document: &Document) -> String {
    let inner = document.root.values().filter_map(Value::as_object);
    let holder = std::iter::once(&document.root).chain(inner).find(|map| is_status(map));
    let said = |key| holder.and_then(|map| field(map, key)).and_then(text);
    said("errorMsg").or_else(|| said("subStatusCode")).unwrap_or_default()
}

/// Finds a status in an answer: at the top or one level down. `None` when the answer has none, as
/// search answers do; a field named `status` is none.
pub(crate) fn read_status(
    call: &'static str,
    http: u16,
    document: &Document,
) -> Option<ResponseStatus> {
    let inner = document.root.values().filter_map(Value::as_object);
    let holder = std::iter::once(&document.root).chain(inner).find(|map| is_status(map))?;
    let error_code = field(holder, "errorCode").and_then(integer);
    let stated = field(holder, "statusCode").and_then(integer);
    // The first hex digit of an error code is its class: 0x60000019 is of class 6.
    let status_code =
        stated.or(error_code.filter(|code| *code >= 0x1000_0000).map(|code| code >> 28));
    let status_code = match (document.notation, status_code) {
        (Notation::Xml, Some(0)) => Some(1),
        // A `statusCode` that is no number must not pass as an answer without one.
        (_, None) => Some(-1),
        (_, code) => code,
    };
    Some(ResponseStatus {
        call,
        http,
        status_code,
        sub_status: code_like(holder, "subStatusCode"),
        error_code,
        error_msg: code_like(holder, "errorMsg"),
    })
}

/// Whether an object is a status: it has a `statusCode`, or a `subStatusCode` that stands for it.
fn is_status(map: &Map<String, Value>) -> bool {
    field(map, "statusCode").is_some()
        || (field(map, "subStatusCode").is_some() && object(map, "UserInfo").is_none())
}

/// A text if it looks like a code or the name of a field.
fn code_like(map: &Map<String, Value>, key: &str) -> String {
    let found = field(map, key).and_then(text).unwrap_or_default();
    let fits = found.len() <= 64
        && found.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    if fits { found } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(http: u16, body: &str) -> Option<ResponseStatus> {
        read_status("person change", http, &Document::parse(body.as_bytes()).unwrap())
    }

    fn meaning(http: u16, body: &str) -> Meaning {
        status(http, body).unwrap().meaning()
    }

    #[test]
    fn ok_in_every_shape() {
        for body in [
            r#"{"statusCode":1,"statusString":"OK","subStatusCode":"ok"}"#,
            r#"{"statusCode":"1","statusString":"OK","subStatusCode":"ok","errorCode":1,"errorMsg":"ok"}"#,
            r#"{"requestURL":"/x","StatusCode":1,"subStatusCode":"riskPassword"}"#,
            r#"{"ResponseStatus":{"statusCode":1}}"#,
            r#"<ResponseStatus version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><requestURL/><statusCode>1</statusCode><statusString>OK</statusString><subStatusCode>ok</subStatusCode></ResponseStatus>"#,
            r#"<ResponseStatus xmlns="http://www.hikvision.com/ver20/XMLSchema"><statusCode>0</statusCode></ResponseStatus>"#,
            r#"<r:ResponseStatus xmlns:r="http://www.std-cgi.com/ver20/XMLSchema"><r:statusCode> 1 </r:statusCode></r:ResponseStatus>"#,
        ] {
            assert_eq!(meaning(200, body), Meaning::Done, "{body}");
        }
        assert_eq!(meaning(200, r#"{"statusCode":0}"#), Meaning::Refused, "0 is OK in XML only");
        assert_eq!(meaning(200, r#"{"statusCode":"yes"}"#), Meaning::Refused);
    }

    #[test]
    fn no_status_is_no_error() {
        for body in [
            r#"{"UserInfoSearch":{"searchID":"1","responseStatusStrg":"OK","numOfMatches":0}}"#,
            r#"{"UserInfoDetailDeleteProcess":{"status":"failed","percent":100}}"#,
            r#"{"status":"error"}"#,
            "<DeviceInfo><model>DS-K1T341</model></DeviceInfo>",
        ] {
            assert_eq!(status(200, body), None, "{body}");
        }
    }

    #[test]
    fn the_codes_that_matter() {
        let by_name = |class: i64, name: &str| {
            meaning(200, &format!(r#"{{"statusCode":{class},"subStatusCode":"{name}"}}"#))
        };
        for (class, name, expected) in [
            (2, "deviceBusy", Meaning::Busy),
            (2, "DEVICEBUSY", Meaning::Busy),
            (2, "noMemory", Meaning::Busy),
            (2, "upgrading", Meaning::BusyForLong),
            (2, "somethingNew", Meaning::Busy),
            (3, "deviceError", Meaning::Fault),
            (3, "searchDatabaseError", Meaning::Fault),
            (4, "notSupport", Meaning::FormRefused),
            (4, "lowPrivilege", Meaning::LowPrivilege),
            (4, "invalidOperation", Meaning::Refused),
            (4, "methodNotAllowed", Meaning::MethodRefused),
            (4, "notActivated", Meaning::NotActivated),
            (4, "maxSessionUserLink", Meaning::Busy),
            (4, "theSearchIdDoesNotExist", Meaning::SearchExpired),
            (4, "userNameLocked", Meaning::Locked),
            (4, "deviceIsLocked", Meaning::Locked),
            (4, "badAuthorization", Meaning::BadLogin),
            (6, "incorrentUserNameOrPassword", Meaning::BadLogin),
            (6, "forbiddenIP", Meaning::ForbiddenIp),
            (6, "employeeNoNotExist", Meaning::NoSuchPerson),
            (6, "deviceUserNotExist", Meaning::NoSuchPerson),
            (6, "endtimeEarlierThanBegintime", Meaning::Refused),
            (7, "rebootRequired", Meaning::Reboot),
            (8, "", Meaning::Refused),
        ] {
            assert_eq!(by_name(class, name), expected, "{class} {name}");
        }
        assert_eq!(
            meaning(
                400,
                r#"{"errorCode":1610637343}"#.replace('}', r#","subStatusCode":""}"#).as_str()
            ),
            Meaning::NoSuchPerson
        );
        assert_eq!(
            meaning(400, r#"{"subStatusCode":"new","errorCode":"536870999"}"#),
            Meaning::Busy,
            "class from the number"
        );
    }

    #[test]
    fn without_a_body_the_http_status_decides() {
        for (http, expected) in [
            (200, Meaning::Done),
            (403, Meaning::LowPrivilege),
            (404, Meaning::Refused),
            (405, Meaning::MethodRefused),
            (503, Meaning::Busy),
            (500, Meaning::Fault),
        ] {
            assert_eq!(ResponseStatus::of_http("x", http).meaning(), expected, "{http}");
        }
    }

    #[test]
    fn messages_name_fields_and_never_people() {
        let lack = status(
            400,
            r#"{"statusCode":6,"subStatusCode":"MessageParametersLack","errorCode":1610612761,"errorMsg":"UserInfo"}"#,
        );
        assert_eq!(
            lack.unwrap().to_string(),
            "person change: the device answered HTTP 400, statusCode 6 MessageParametersLack (UserInfo)"
        );
        let person = status(
            400,
            r#"{"statusCode":6,"subStatusCode":"badParameters","errorMsg":"name Ana Example"}"#,
        );
        assert!(!person.unwrap().to_string().contains("Ana"));
    }
}
