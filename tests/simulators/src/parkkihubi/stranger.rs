//! A server to which nobody may go, least of all with the token.

use std::sync::Arc;

use super::answer::{JSON, api};
use super::route::Route;
use crate::http::{Handler, Reply, Request, Response};
use crate::lock;

/// The stranger, who tells the register of everybody who came.
pub(super) struct Stranger(pub(super) Arc<Route>);

impl Handler for Stranger {
    fn answer(&self, request: &Request) -> Reply {
        let what = format!("{} {}", request.method, request.target);
        let mut state = lock(&self.0.0);
        let token = state.settings.token.clone();
        let knows = |text: &str| !token.is_empty() && text.contains(&token);
        let is_told = request.is_authenticated()
            || knows(&request.target)
            || request.headers.iter().any(|(_, value)| knows(value));
        let slug = if is_told { "token-elsewhere" } else { "followed-elsewhere" };
        state.note(slug, &what);
        // It looks like the last page, so that who believes it believes that all is well.
        let body = "{\"count\":0,\"next\":null,\"previous\":null,\"results\":[]}";
        Reply::Answer(api(Response::new(200, JSON, body)))
    }

    fn malformed(&self, problem: &str) {
        lock(&self.0.0).note("followed-elsewhere", problem);
    }
}
