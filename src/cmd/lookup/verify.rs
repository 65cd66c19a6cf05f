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
        Err(Refusal::Body(error)) => {
            return cgi::say(context, cgi::BAD_REQUEST, &[], &Wrong::new(&error));
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
    Body(cgi::NoBody),
}

/// What is asked: a document in the body, or a plate in the path with state and zone behind it, as AIMS asks.
fn asked(context: &Context, environment: &Environment) -> Result<VerifyRequest, Refusal> {
    let vehicles = &context.config.vehicles;
    let variable = |name| environment.get(name).unwrap_or_default();
    match variable("REQUEST_METHOD") {
        "POST" => {
            let bytes = cgi::body(environment).map_err(Refusal::Body)?;
            VerifyRequest::parse(&bytes, vehicles).map_err(Refusal::Unacceptable)
        }
        "GET" => {
            // All of it is the plate: a slash may stand in one.
            let path = variable("PATH_INFO").trim_start_matches('/');
            let query: Vec<_> =
                url::form_urlencoded::parse(variable("QUERY_STRING").as_bytes()).collect();
            // Of one that stands there twice, the last counts.
            let named =
                |name| query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| &**value);
            let plate = Some(path).filter(|path| !path.is_empty()).or(named("plate"));
            let named = Named {
                plate: plate.unwrap_or_default(),
                state: named("state"),
                zone: named("zone").unwrap_or_default(),
            };
            VerifyRequest::of(&named, vehicles, ["plate", "zone"]).map_err(Refusal::Unacceptable)
        }
        _ => Err(Refusal::Method),
    }
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
