//! What a CGI program and its web server say to each other, and documents that are handed over.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::time::Duration;

use serde::Serialize;

use super::Context;
use crate::config::Environment;
use crate::document::Limits;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::inert_json;
use crate::report::parking::QuestionError;

pub(super) const OK: &str = "200 OK";
pub(super) const NO_CONTENT: &str = "204 No Content";
pub(super) const BAD_REQUEST: &str = "400 Bad Request";
pub(super) const UNAUTHORIZED: &str = "401 Unauthorized";
pub(super) const NO_METHOD: &str = "405 Method Not Allowed";
pub(super) const CONFLICT: &str = "409 Conflict";
/// What the web server is to say where another try may do better, in so many seconds.
pub(super) const UNAVAILABLE: &str = "503 Service Unavailable";
pub(super) const RETRY_AFTER: &str = "Retry-After: 5";

/// How long a body may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoBody {
    #[error("the request says no length")]
    NoLength,
    #[error("the document is larger than {} bytes", Limits::DOCUMENT.bytes_max)]
    TooLarge,
    /// It is shorter than announced, takes too long, or cannot be read.
    #[error("the request broke off")]
    Broken,
}

/// The body of a request, and never more of it than a document may have.
pub(super) fn body(environment: &Environment) -> Result<Vec<u8>, NoBody> {
    let length = environment.get("CONTENT_LENGTH").unwrap_or_default();
    let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length = match length.parse::<u64>() {
        Ok(length) if length <= Limits::DOCUMENT.bytes_max as u64 => length,
        // More digits than a number has are too many bytes as well.
        _ if is_number => return Err(NoBody::TooLarge),
        _ => return Err(NoBody::NoLength),
    };
    // Whoever stops in the middle of it would hold a process for ever.
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(read(std::io::stdin().lock(), length)));
    let bytes = receiver.recv_timeout(BODY_WITHIN).ok().and_then(Result::ok);
    bytes.filter(|bytes| bytes.len() as u64 == length).ok_or(NoBody::Broken)
}

/// A document from a file, or from standard input.
///
/// # Errors
/// One that cannot be read.
pub(super) fn document(from: &str) -> Result<Vec<u8>, Error> {
    let bytes = match from {
        "-" => read(std::io::stdin().lock(), u64::MAX),
        path => File::open(path).and_then(|file| read(file, u64::MAX)),
    };
    Ok(bytes.map_err(|error| QuestionError::NoFile(from.to_owned(), error.to_string()))?)
}

fn read(from: impl Read, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length.min(Limits::DOCUMENT.bytes_max as u64 + 1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is said where there is no answer. What stood in the request is not repeated.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
}

impl Wrong {
    pub(super) fn new(error: &(impl Display + ?Sized)) -> Self {
        Self { error: error.to_string(), pointer: None }
    }

    /// The same of a place in a document.
    pub(super) fn at(pointer: &str, error: &impl Display) -> Self {
        Self { pointer: Some(pointer.to_owned()), ..Self::new(error) }
    }
}

pub(super) fn json(document: &impl Serialize) -> Result<String, Error> {
    Ok(inert_json(&serde_json::to_string(document)?))
}

/// Answers the web server, whatever it is: it got its answer.
pub(super) fn say(
    context: &Context,
    status: &str,
    headers: &[&str],
    document: &impl Serialize,
) -> Result<Exit, Error> {
    context.stop.no_last_word();
    (context.stdout)(&page(status, headers, &json(document)?))?;
    Ok(Exit::InStep)
}

/// The same of a status without a document.
pub(super) fn say_nothing(context: &Context, status: &str) -> Result<Exit, Error> {
    context.stop.no_last_word();
    (context.stdout)(&format!("Status: {status}\r\n\r\n"))?;
    Ok(Exit::InStep)
}

/// Says that it failed; what it is stands in the log alone.
pub(super) fn say_broken(context: &Context, error: &Error) -> Result<Exit, Error> {
    log::error!("{}", error.lines());
    context.stop.no_last_word();
    (context.stdout)(&broken_page(error))?;
    Ok(Exit::InStep)
}

/// The page of a failure.
pub(crate) fn broken_page(error: &Error) -> String {
    let (status, headers): (_, &[&str]) = match error.exit() {
        Exit::Temporary => (UNAVAILABLE, &[RETRY_AFTER]),
        _ => ("500 Internal Server Error", &[]),
    };
    page(status, headers, "{\"error\":\"see the log of the server\"}")
}

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
