//! `lookup --request`: the question of a handheld, from a file, from standard input, or as a CGI program behind a
//! web server.

use std::fs::File;
use std::io::Read;

use chrono::Timelike as _;
use serde::Serialize;

use super::car::Desk;
use crate::cmd::Context;
use crate::config::Environment;
use crate::document::Limits;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::inert_json;
use crate::report::parking::QuestionError;
use crate::report::verify::{Named, Verified, VerifyError, VerifyRequest};

/// What the web server is to say where another try may do better, in so many seconds.
const UNAVAILABLE: &str = "503 Service Unavailable";
const RETRY_AFTER: &str = "Retry-After: 5";

/// Answers the question in a file, or in standard input.
pub(super) fn run(context: &Context, from: &str) -> Result<Exit, Error> {
    let unreadable =
        |error: std::io::Error| QuestionError::NoBatch(from.to_owned(), error.to_string());
    let bytes = match from {
        "-" => read(std::io::stdin().lock(), u64::MAX),
        path => File::open(path).and_then(|file| read(file, u64::MAX)),
    };
    let bytes = bytes.map_err(unreadable)?;
    let request = VerifyRequest::parse(&bytes, &context.config.vehicles).map_err(Error::Verify)?;
    let told = Desk::open(context)?.verify(&request)?;
    context.stop.no_last_word();
    (context.stdout)(&format!("{}\n", json(&told)?))?;
    Ok(told.exit())
}

/// Answers one request of a web server. Whatever it comes to is told to whoever asks, with a status.
pub(super) fn run_as_cgi(context: &Context, environment: &Environment) -> Result<Exit, Error> {
    let request = match asked(context, environment) {
        Ok(request) => request,
        Err(Refusal::Method) => {
            return say(
                context,
                "405 Method Not Allowed",
                &["Allow: GET, POST"],
                &Wrong::new("method"),
            );
        }
        Err(Refusal::Unacceptable(error)) => {
            let wrong = Wrong {
                pointer: Some(error.pointer().to_owned()),
                ..Wrong::new(&error.to_string())
            };
            return say(context, "400 Bad Request", &[], &wrong);
        }
        Err(Refusal::Broken) => {
            return say(context, "400 Bad Request", &[], &Wrong::new("the request broke off"));
        }
    };
    let told = match Desk::open(context).and_then(|mut desk| desk.verify(&request)) {
        Ok(told) => told,
        Err(error) => {
            log::error!("{}", error.lines());
            context.stop.no_last_word();
            (context.stdout)(&broken_page(&error))?;
            return Ok(Exit::InStep);
        }
    };
    match told.exit() {
        // The handheld's own repetition may find the sources read.
        Exit::Temporary => say(context, UNAVAILABLE, &[RETRY_AFTER], &told),
        _ => say(context, "200 OK", &[], &told),
    }
}

/// Why a request cannot be answered.
enum Refusal {
    Method,
    Unacceptable(VerifyError),
    /// The body is shorter than announced, or cannot be read.
    Broken,
}

/// What is asked: a document in the body, or a plate in the path with state and zone behind it, as AIMS asks.
fn asked(context: &Context, environment: &Environment) -> Result<VerifyRequest, Refusal> {
    let vehicles = &context.config.vehicles;
    let variable = |name| environment.get(name).unwrap_or_default();
    match variable("REQUEST_METHOD") {
        "POST" => {
            let length: u64 = variable("CONTENT_LENGTH").parse().map_err(|_| Refusal::Broken)?;
            let bytes = read(std::io::stdin().lock(), length).map_err(|_| Refusal::Broken)?;
            let limit = Limits::DOCUMENT.bytes_max as u64;
            if (bytes.len() as u64) < length.min(limit + 1) {
                return Err(Refusal::Broken);
            }
            VerifyRequest::parse(&bytes, vehicles).map_err(Refusal::Unacceptable)
        }
        "GET" => {
            // All of it is the plate: a slash may stand in one.
            let path = variable("PATH_INFO").trim_start_matches('/');
            let mut named = Query { plate: path.to_owned(), ..Query::default() };
            for (key, value) in url::form_urlencoded::parse(variable("QUERY_STRING").as_bytes()) {
                match &*key {
                    "plate" if path.is_empty() => named.plate = value.into_owned(),
                    "state" => named.state = Some(value.into_owned()),
                    "zone" => named.zone = value.into_owned(),
                    _ => {}
                }
            }
            let Query { plate, state, zone } = &named;
            let named = Named { plate, state: state.as_deref(), zone };
            VerifyRequest::of(&named, vehicles, ["plate", "zone"]).map_err(Refusal::Unacceptable)
        }
        _ => Err(Refusal::Method),
    }
}

/// What stands in an address.
#[derive(Default)]
struct Query {
    plate: String,
    state: Option<String>,
    zone: String,
}

/// Reads so many bytes, and never more than a document may have and one.
fn read(from: impl Read, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length.min(Limits::DOCUMENT.bytes_max as u64 + 1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is said where there is no answer. What stood in the request is not repeated.
#[derive(Debug, Serialize)]
struct Wrong {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
}

impl Wrong {
    fn new(error: &str) -> Self {
        Self { error: error.to_owned(), pointer: None }
    }
}

fn json(document: &impl Serialize) -> Result<String, Error> {
    Ok(inert_json(&serde_json::to_string(document)?))
}

fn say(
    context: &Context,
    status: &str,
    headers: &[&str],
    document: &impl Serialize,
) -> Result<Exit, Error> {
    context.stop.no_last_word();
    (context.stdout)(&page(status, headers, &json(document)?))?;
    // The web server got its answer.
    Ok(Exit::InStep)
}

/// What a CGI program says to its server.
fn page(status: &str, headers: &[&str], body: &str) -> String {
    let mut text = format!(
        "Status: {status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
    );
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str(&format!("\r\n{body}\n"));
    text
}

/// The page of a failure. What it is stands in the log alone.
pub(crate) fn broken_page(error: &Error) -> String {
    let (status, headers): (_, &[&str]) = match error.exit() {
        Exit::Temporary => (UNAVAILABLE, &[RETRY_AFTER]),
        _ => ("500 Internal Server Error", &[]),
    };
    page(status, headers, "{\"error\":\"see the log of the server\"}")
}

impl Desk<'_> {
    /// Answers the question of a handheld.
    fn verify(&mut self, request: &VerifyRequest) -> Result<Verified, Error> {
        // Ends are whole seconds, so that a part of one changes no answer.
        let now = self.context.clock.now();
        let asked_at = now.with_nanosecond(0).unwrap_or(now);
        self.with_known(&request.plate, asked_at, |vehicles, known| {
            crate::report::verify::verify(request, asked_at, vehicles, known)
        })
    }
}
