//! Why a request is refused.

use crate::http::Response;
pub(super) use crate::service::{Problem, problem};

/// An error, which tells nothing that a client could rely on.
pub(super) fn refusal(status: u16) -> Response {
    let words = match status {
        400 => "invalid_request",
        401 => "unauthorized",
        404 => "not_found",
        405 => "method_not_allowed",
        429 => "rate_limited",
        503 => "unavailable",
        _ => "error",
    };
    let body = format!("{{\"error\":{{\"code\":\"{words}\"}}}}");
    Response::new(status, "application/json; charset=utf-8", body)
}

/// A page for people where JSON was asked for.
pub(super) fn page() -> Response {
    let body = "<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>";
    Response::new(200, "text/html; charset=utf-8", body)
}
