//! The envelope of every answer, and the codes.

use serde_json::{Value, json};

use super::switches::{SuccessMsg, Switches, WriteData};
use crate::http::Response;

/// An error as its code and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) msg: String,
}

impl Failure {
    /// A code with its usual words.
    pub(super) fn of(code: &str) -> Self {
        Self { code: code.to_owned(), msg: words(code).to_owned() }
    }

    /// A parameter is missing or not what it should be.
    pub(super) fn parameter(name: &str) -> Self {
        Self { code: "2".into(), msg: format!("{name} parameter error") }
    }

    /// There is no such person, level or door.
    pub(super) fn absent() -> Self {
        Self::of("128")
    }
}

fn words(code: &str) -> &'static str {
    match code {
        "1" => "Unknown error",
        "2" => "Parameter error",
        "3" => "Insufficient resources",
        "4" => "Network timeout",
        "5" => "Service exception. Hikcentral Database Exception",
        "6" => "Server busy",
        "8" => "This product version is not supported",
        "9" => "Invalid token",
        "11" => "HTTP is not supported",
        "12" => "The URL is not supported",
        "13" => "Authentication failed between the service and OpenAPI",
        "17" => "No permission for OpenAPI access",
        "64" => "Partner platform user exception",
        "65" => "The user is locked",
        "66" => "The user does not exist",
        "67" => "The user must be initialised",
        "69" => "The API is not authorized",
        "128" => "The request resource does not exist",
        "129" => "The resource is offline",
        "130" => "No permission for the resource",
        "131" => "The resource already exists",
        "0x02401000" => "Invalid AppKey: no AppKey in the request",
        "0x02401001" => "Invalid AppKey: no partner has it",
        "0x02401002" => "Invalid Signature: no signature in the request",
        "0x02401003" => "Invalid Signature!",
        "0x02401007" => "No permission",
        "0x02401008" => "Authentication exception",
        "0x02401009" => "The number of API calls has reached its maximum",
        "0x0240100b" => "Exception of the call statistics",
        "0x02401036" => "The rate is above the limit of the system",
        "0x0240103b" => "The rate is above the limit of this API",
        "0x00072004" => "The answer is too long",
        _ => "Failed",
    }
}

/// `data` of a successful write.
pub(super) fn written(switches: &Switches) -> Value {
    match switches.write_data {
        WriteData::Empty => json!(""),
        WriteData::NullText => json!("null"),
        WriteData::Blank => json!(" "),
        WriteData::Object => json!({}),
        WriteData::Null => Value::Null,
    }
}

/// A success.
pub(super) fn success(switches: &Switches, data: Value) -> Response {
    let msg = match switches.success_msg {
        SuccessMsg::Capital => "Success",
        SuccessMsg::Lower => "success",
        SuccessMsg::Upper => "SUCCESS",
        SuccessMsg::Ok => "ok",
    };
    response(switches, 200, "application/json", "0", json!({"msg": msg, "data": data}))
}

/// An error.
pub(super) fn failure(switches: &Switches, status: u16, failure: &Failure) -> Response {
    let mut body = json!({"msg": failure.msg});
    if !switches.errors_without_data {
        body["data"] = json!("");
    }
    let label = if switches.errors_as_xml { "application/xml" } else { "application/json" };
    response(switches, status, label, &failure.code, body)
}

fn response(
    switches: &Switches,
    status: u16,
    label: &str,
    code: &str,
    mut body: Value,
) -> Response {
    body["code"] = match code.parse::<u32>() {
        Ok(number) if switches.integer_codes => json!(number),
        _ => json!(code),
    };
    if switches.extra_fields {
        body["traceId"] = json!(["8f14e45f", null, 1.5]);
    }
    Response::new(status, label, body.to_string() + &" ".repeat(switches.padding))
}

/// A page of the web server before the platform.
pub(super) fn page(status: u16) -> Response {
    let text = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body><center><h1>{status}</h1></center>\
         <hr><center>nginx</center></body>\r\n</html>\r\n"
    );
    Response::new(status, "text/html", text)
}
