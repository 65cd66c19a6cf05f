//! Refusals, and why.

use crate::http::Response;
use crate::service;

/// What JSON is sent as.
pub(super) const JSON: &str = "application/json";

/// What is wrong with a request: a slug, its details, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) slug: &'static str,
    pub(super) what: String,
    pub(super) status: u16,
    /// `detail` of the answer; `None`: what the status commonly says.
    pub(super) detail: Option<String>,
}

impl From<service::Problem> for Problem {
    fn from(problem: service::Problem) -> Self {
        let service::Problem { slug, what, status } = problem;
        Self { slug, what, status, detail: None }
    }
}

/// A problem that is answered 400.
pub(super) fn problem(slug: &'static str, what: impl Into<String>) -> Problem {
    Problem { slug, what: what.into(), status: 400, detail: None }
}

impl Problem {
    /// The same with another status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with these words in the answer.
    pub(super) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The answer.
    pub(super) fn response(&self) -> Response {
        match (self.slug, &self.detail) {
            ("no-time", _) => {
                let body = "[\"Either time or registration number required.\"]";
                api(Response::new(400, JSON, body))
            }
            ("time-form", _) => {
                api(Response::new(400, JSON, "{\"time\":[\"Enter a valid date/time.\"]}"))
            }
            (_, Some(detail)) => detailed(self.status, detail),
            _ => refusal(self.status),
        }
    }
}

/// An error with these words.
pub(super) fn detailed(status: u16, detail: &str) -> Response {
    let code = if status == 403 { ",\"code\":\"permission_denied\"" } else { "" };
    let detail = serde_json::Value::from(detail);
    let response = Response::new(status, JSON, format!("{{\"detail\":{detail}{code}}}"));
    match status {
        401 => api(response.with_header("WWW-Authenticate", "ApiKey")),
        _ => api(response),
    }
}

/// An error as its status commonly says.
pub(super) fn refusal(status: u16) -> Response {
    let words = match status {
        401 => "Invalid token.",
        403 => "You do not have permission to perform this action.",
        406 => "Could not satisfy the request Accept header.",
        429 => "Request was throttled.",
        400..=499 => "Bad request.",
        _ => {
            let body = "<!doctype html><html><body><h1>Server Error</h1></body></html>";
            return Response::new(status, "text/html; charset=utf-8", body);
        }
    };
    detailed(status, words)
}

/// What is at no path.
pub(super) fn not_found() -> Response {
    let body = "<!doctype html><html><body><h1>Not Found</h1></body></html>";
    Response::new(404, "text/html; charset=utf-8", body)
}

/// A page for people where JSON was asked for.
pub(super) fn page() -> Response {
    let body = "<!doctype html><html><body><h1>Huoltokatko</h1></body></html>";
    Response::new(200, "text/html; charset=utf-8", body)
}

/// Headers of every answer of the API.
pub(super) fn api(response: Response) -> Response {
    response.with_header("Vary", "Accept").with_header("Allow", "GET, HEAD, OPTIONS")
}
