//! The demo as a page in a browser: buttons for what happens in a club, and for the real program.
//!
//! It listens on this computer only, answers only requests that name it as their host, and acts only
//! on requests of its own page.

mod action;
mod barrier;
mod guard;
mod gym;
mod history;
mod people;

use std::error::Error;
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anstream::println;
use serde_json::json;
use tiny_http::{Header, Method, Request, Response, Server};

use action::Action;
use guard::Asked;
use gym::Gym;

/// How often the wait for a request looks whether a signal came.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// An action is a few words. In bytes.
const BODY_MAX: u64 = 4096;

/// What every answer carries: nothing is loaded from elsewhere, framed, guessed or kept.
const HEADERS: [(&str, &str); 6] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
];

/// Serves the page until it is over; port 0 takes a free one. The folder is removed then.
///
/// # Errors
/// When the club cannot be set up, or the port is taken.
pub fn serve(binary: PathBuf, port: u16, is_over: &AtomicBool) -> Result<(), Box<dyn Error>> {
    let mut gym = Gym::open(binary)?;
    let server = Server::http((Ipv4Addr::LOCALHOST, port)).map_err(|e| e as Box<dyn Error>)?;
    let port = server.server_addr().to_ip().map_or(port, |address| address.port());
    println!("The club is at http://127.0.0.1:{port}/ and on this computer only. Ctrl-C ends it.");
    while !is_over.load(Ordering::SeqCst) {
        if let Some(mut request) = server.recv_timeout(LOOK_EVERY)? {
            let answer = answer(&mut gym, &mut request, port);
            // Who went away needs no answer.
            let _ = request.respond(answer.into_response());
        }
    }
    println!("The club is closed and its folder removed.");
    Ok(())
}

struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
}

impl Answer {
    fn file(kind: &'static str, body: &str) -> Self {
        Self { status: 200, kind, body: body.to_owned() }
    }

    fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, kind: "application/json", body: body.to_string() }
    }

    fn refused(status: u16, why: &str) -> Self {
        Self::json(status, &json!({ "error": why }))
    }

    fn into_response(self) -> Response<std::io::Cursor<Vec<u8>>> {
        let mut response = Response::from_string(self.body).with_status_code(self.status);
        let kind = [("Content-Type", self.kind)];
        for (name, value) in kind.iter().chain(&HEADERS) {
            if let Ok(header) = Header::from_bytes(*name, *value) {
                response.add_header(header);
            }
        }
        response
    }
}

fn answer(gym: &mut Gym, request: &mut Request, port: u16) -> Answer {
    let header = |name: &'static str| {
        let found = request.headers().iter().find(|header| header.field.equiv(name));
        found.map(|header| header.value.as_str().to_owned())
    };
    let asked = Asked {
        is_action: *request.method() == Method::Post,
        host: header("Host"),
        origin: header("Origin"),
        content_type: header("Content-Type"),
    };
    if let Err(why) = guard::allow(&asked, port) {
        return Answer::refused(403, why);
    }
    let path = request.url().split('?').next().unwrap_or_default().to_owned();
    match (request.method(), path.as_str()) {
        (Method::Get, "/") => Answer::file("text/html; charset=utf-8", include_str!("page.html")),
        (Method::Get, "/page.css") => {
            Answer::file("text/css; charset=utf-8", include_str!("page.css"))
        }
        (Method::Get, "/page.js") => {
            Answer::file("text/javascript; charset=utf-8", include_str!("page.js"))
        }
        (Method::Get, "/state") => Answer::json(200, &gym.view()),
        (Method::Post, "/do") => act(gym, request),
        (Method::Get | Method::Post, _) => Answer::refused(404, "there is no such page"),
        _ => Answer::refused(405, "only GET and POST are understood"),
    }
}

fn act(gym: &mut Gym, request: &mut Request) -> Answer {
    let mut body = Vec::new();
    if request.as_reader().take(BODY_MAX).read_to_end(&mut body).is_err() {
        return Answer::refused(400, "the request was cut short");
    }
    let action: Action = match serde_json::from_slice(&body) {
        Ok(action) => action,
        Err(error) => return Answer::refused(400, &format!("no such action: {error}")),
    };
    match gym.act(&action) {
        Ok(()) => Answer::json(200, &gym.view()),
        Err(error) => Answer::refused(400, &error.to_string()),
    }
}
