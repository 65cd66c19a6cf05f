//! Why a request is refused.

use crate::http::Response;

/// What is wrong with a request: a slug, its details, and the status of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(crate) slug: &'static str,
    pub(crate) what: String,
    pub(crate) status: u16,
}

/// A problem that is answered 400.
pub(crate) fn problem(slug: &'static str, what: impl Into<String>) -> Problem {
    Problem { slug, what: what.into(), status: 400 }
}

impl Problem {
    /// The same with another status.
    pub(crate) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The answer.
    pub(crate) fn response(&self) -> Response {
        json(self.status, format!("{{\"error\":{{\"code\":\"{}\"}}}}", self.slug))
    }
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response::new(status, "application/json", body)
}

/// An error, which tells nothing that a client could rely on.
pub(crate) fn refusal(status: u16) -> Response {
    json(status, "{\"error\":{\"code\":\"error\"}}")
}

/// A page for people where JSON was asked for.
pub(crate) fn page() -> Response {
    let body = "<!doctype html><html><body><h1>Down for maintenance</h1></body></html>";
    Response::new(200, "text/html; charset=utf-8", body)
}
