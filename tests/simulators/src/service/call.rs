//! A request, read.

use super::json::Json;
use super::problem::{Problem, problem};
use super::query::{decode, pairs};
use crate::http::{Framing, Request};

/// A request whose manners are good: what it asks, and the document that it brings.
#[derive(Debug, Clone)]
pub struct Call {
    /// `GET`, `POST`, `PUT`
    pub(crate) method: String,
    /// The words of its path below the base path, decoded.
    pub(crate) path: Vec<String>,
    /// Its query.
    pub(crate) query: Vec<(String, String)>,
    /// Its document.
    pub(crate) body: Option<Json>,
    /// The document's bytes.
    pub(crate) bytes: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Call {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(
        request: &Request,
        base_path: &str,
        body_max: usize,
    ) -> Result<Self, Problem> {
        let unknown = || problem("unknown-path", request.path()).status(404);
        let rest = request.path().strip_prefix(base_path).and_then(|rest| rest.strip_prefix('/'));
        let words = rest.ok_or_else(unknown)?.split('/');
        let path: Vec<String> = words.map(decode).collect::<Result<_, _>>()?;
        if path.iter().any(|word| word.is_empty() || word.contains(['/', '%'])) {
            return Err(unknown());
        }
        let accept = request.header("Accept").unwrap_or_default();
        if !accept.split(',').any(is_json) {
            return Err(problem("accept", format!("\"{accept}\"")).status(406));
        }
        let query = pairs(request.query())?;
        let body = match request.method.as_str() {
            "GET" if !request.body.is_empty() || request.framing == Framing::Chunked => {
                return Err(problem("get-with-body", format!("{} bytes", request.body.len())));
            }
            "GET" => None,
            "POST" | "PUT" => {
                if !matches!(request.framing, Framing::Length(_)) {
                    return Err(problem("no-content-length", "of a document").status(411));
                }
                let kind = request.header("Content-Type").unwrap_or_default();
                if !is_json(kind) {
                    return Err(problem("content-type", format!("\"{kind}\"")).status(415));
                }
                if request.body.len() > body_max {
                    let what = format!("{} bytes", request.body.len());
                    return Err(problem("too-large", what).status(413));
                }
                Some(Json::parse(&request.body)?)
            }
            method => return Err(problem("wrong-method", method).status(405)),
        };
        if let Some((name, _)) = query.first().filter(|_| body.is_some()) {
            return Err(problem("unknown-parameter", name));
        }
        let (method, headers) = (request.method.clone(), request.headers.clone());
        Ok(Self { method, path, query, body, bytes: request.body.clone(), headers })
    }

    /// Whether it brings a document.
    pub(crate) fn is_write(&self) -> bool {
        self.body.is_some()
    }

    /// Method and path, to be matched.
    pub(crate) fn route(&self) -> (&str, Vec<&str>) {
        (&self.method, self.path.iter().map(String::as_str).collect())
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// All headers of a name.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(one, _)| one.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The document.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn document(&self) -> Result<&Json, Problem> {
        self.body.as_ref().ok_or_else(|| problem("wrong-method", "not with a document").status(405))
    }

    /// What there is to say of a path that leads nowhere.
    pub(crate) fn nowhere(&self) -> Problem {
        problem("unknown-path", format!("{} /{}", self.method, self.path.join("/"))).status(404)
    }
}

fn is_json(kind: &str) -> bool {
    let bare = kind.split(';').next().unwrap_or_default().trim();
    bare.eq_ignore_ascii_case("application/json")
}
