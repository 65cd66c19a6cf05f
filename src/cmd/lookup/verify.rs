//! `lookup --request`: the question of a handheld, from a file, from standard input, or as a CGI program behind a
//! web server.

use chrono::Timelike as _;

use super::car::Desk;
use crate::cmd::Context;
use crate::cmd::cgi::{self, Wrong};
use crate::config::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::verify::{Named, Verified, VerifyError, VerifyRequest};

/// Answers the question in a file, or in standard input.
pub(super) fn run(context: &Context, from: &str) -> Result<Exit, Error> {
    let bytes = cgi::document(from)?;
    let request = VerifyRequest::parse(&bytes, &context.config.vehicles).map_err(Error::Verify)?;
    let told = Desk::open(context)?.verify(&request)?;
    context.stop.no_last_word();
    (context.stdout)(&format!("{}\n", cgi::json(&told)?))?;
    Ok(told.exit())
}

/// Answers one request of a web server. Whatever it comes to is told to whoever asks, with a status.
pub(super) fn run_as_cgi(context: &Context, environment: &Environment) -> Result<Exit, Error> {
    let request = match asked(context, environment) {
        Ok(request) => request,
        Err(Refusal::Method) => {
            return cgi::say(context, cgi::NO_METHOD, &["Allow: GET, POST"], &Wrong::new("method"));
        }
        Err(Refusal::Unacceptable(error)) => {
            let wrong = Wrong::at(error.pointer(), &error);
            return cgi::say(context, cgi::BAD_REQUEST, &[], &wrong);
        }
        Err(Refusal::Broken) => {
            return cgi::say(context, cgi::BAD_REQUEST, &[], &Wrong::new(&cgi::Broken));
        }
    };
    let told = match Desk::open(context).and_then(|mut desk| desk.verify(&request)) {
        Ok(told) => told,
        Err(error) => {
            return cgi::say_broken(context, &error);
        }
    };
    match told.exit() {
        // The handheld's own repetition may find the sources read.
        Exit::Temporary => cgi::say(context, cgi::UNAVAILABLE, &[cgi::RETRY_AFTER], &told),
        _ => cgi::say(context, cgi::OK, &[], &told),
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
            let bytes = cgi::body(environment).map_err(|cgi::Broken| Refusal::Broken)?;
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
