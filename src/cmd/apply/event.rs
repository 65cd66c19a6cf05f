//! `apply --event`: takes what a system tells by itself, from a file, from standard input, or as a CGI program
//! behind a web server. It runs beside a `sync`, and takes no lock.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::cli::ApplyArgs;
use crate::cmd::Context;
use crate::cmd::cgi::{self, Wrong};
use crate::config::{Environment, EventSender};
use crate::engine::citations::Finding;
use crate::engine::inbox::{Applied, Delivery, EventError, Headers, NoHeaders, Outcome, take};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::event::{EventReport, render};
use crate::report::parking::QuestionError;
use crate::text::suggest::nearest;

/// The most bytes of a file of headers that are read: one more than are taken.
const HEADERS_BYTES_MAX: u64 = 64 * 1024 + 1;

/// Runs the command.
pub(super) fn run(
    context: &Context,
    environment: &Environment,
    args: &ApplyArgs,
    from: &str,
) -> Result<Exit, Error> {
    let sender = sender(context, args)?;
    if args.cgi {
        if from != "-" {
            return Err(QuestionError::CgiReadsInput.into());
        }
        return run_as_cgi(context, environment, &sender, args.kind.as_deref());
    }
    let headers = match &args.headers {
        None => Headers::default(),
        Some(path) if path.as_os_str() == "env" => Headers::of_variables(environment.all()),
        Some(path) => headers_of(path)?,
    };
    let body = cgi::document(from)?;
    let delivery = Delivery { headers: &headers, body: &body, kind: args.kind.as_deref() };
    let outcome = taken(context, &sender, delivery)?.map_err(Error::Event)?;
    let report = EventReport::new(sender.name, &outcome);
    match context.is_json {
        true => context.print_json(&report)?,
        false if context.is_quiet => {}
        false => context.print(&render(&report))?,
    }
    Ok(Exit::InStep)
}

/// Answers one request of a web server. Whatever it comes to is told to whoever sent it, with a status.
fn run_as_cgi(
    context: &Context,
    environment: &Environment,
    sender: &EventSender<'_>,
    kind: Option<&str>,
) -> Result<Exit, Error> {
    if environment.get("REQUEST_METHOD") != Some("POST") {
        return cgi::say(context, cgi::NO_METHOD, &["Allow: POST"], &Wrong::new("method"));
    }
    let body = match cgi::body(environment) {
        Ok(body) => body,
        Err(error) => return cgi::say(context, cgi::BAD_REQUEST, &[], &Wrong::new(&error)),
    };
    let headers = Headers::of_variables(environment.all());
    let delivery = Delivery { headers: &headers, body: &body, kind };
    match taken(context, sender, delivery) {
        Ok(Ok(Outcome::Applied(_))) => cgi::say_nothing(context, cgi::NO_CONTENT),
        Ok(Ok(Outcome::Repeated)) => {
            cgi::say(context, cgi::OK, &[], &EventReport::new(sender.name, &Outcome::Repeated))
        }
        Ok(Err(error)) => {
            // A pointer is made of the document's own words, which are not for the log.
            match &error {
                EventError::Document(error) => {
                    log::error!("{}: the document {}", sender.name, error.what)
                }
                other => log::error!("{}: {other}", sender.name),
            }
            let status = match &error {
                EventError::NotProven(_) => cgi::UNAUTHORIZED,
                EventError::Document(error) => {
                    let wrong = Wrong::at(&error.pointer, error);
                    return cgi::say(context, cgi::BAD_REQUEST, &[], &wrong);
                }
                EventError::Otherwise => cgi::CONFLICT,
            };
            cgi::say(context, status, &[], &Wrong::new(&error))
        }
        Err(error) => cgi::say_broken(context, &error),
    }
}

/// Whoever may send events under this name.
fn sender<'c>(context: &'c Context, args: &ApplyArgs) -> Result<EventSender<'c>, Error> {
    let vehicles = &context.config.vehicles;
    let typed = args.from.as_deref().unwrap_or_default();
    let mut senders = vehicles.event_senders();
    let found = senders.find(|sender| sender.name.as_str() == typed);
    found.ok_or_else(|| {
        let names = vehicles.event_senders().map(|sender| sender.name.as_str());
        let meant = nearest(typed, names).map(str::to_owned);
        QuestionError::NoSender(typed.to_owned(), meant).into()
    })
}

fn headers_of(path: &Path) -> Result<Headers, Error> {
    let named = path.display().to_string();
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(HEADERS_BYTES_MAX).read_to_end(&mut bytes));
    read.map_err(|error| QuestionError::NoFile(named.clone(), error.to_string()))?;
    // Any sender's header may be in another encoding; none that proves something is.
    let headers = Headers::parse(&String::from_utf8_lossy(&bytes));
    Ok(headers.map_err(|error: NoHeaders| QuestionError::NoFile(named, error.to_string()))?)
}

fn taken(
    context: &Context,
    sender: &EventSender<'_>,
    delivery: Delivery<'_>,
) -> Result<Result<Outcome, EventError>, Error> {
    let store = context.open_store_beside_runs()?;
    let taken = take(&context.config, &store, sender, delivery, context.clock.now())?;
    match &taken {
        Ok(Outcome::Applied(Applied::Citation(judged))) if judged.finding == Finding::HadRight => {
            let id = &judged.citation.id;
            log::warn!("{}: citation {id} is against a car that had a right", sender.name);
        }
        Ok(Outcome::Applied(Applied::Meter { is_end_doubtful: true })) => log::warn!(
            "{}: a meter's remaining time and its last payment differ; the later end counts",
            sender.name
        ),
        _ => {}
    }
    Ok(taken)
}
