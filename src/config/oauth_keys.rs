//! Keys of a login by tokens, which connectors have in common.

use super::section::Section;
use super::{address, value};
use crate::net::oauth::{AskedAs, ClientIn, Grant};

/// The keys, but for the secret.
const KEYS: [&str; 5] = ["token_url", "client_id", "scope", "client_in", "asked_as"];

impl Section<'_> {
    /// How a token is asked for. `None` only together with a noted problem.
    pub fn grant(&self) -> Option<Grant> {
        let token_url = self.text("token_url", address::safe_web);
        let client_id = self.text("client_id", value::not_empty);
        let scope = self.text("scope", value::not_empty);
        let places = [("header", ClientIn::Header), ("body", ClientIn::Body)];
        let client_in = self.text("client_in", |text| value::word(text, &places));
        let forms = [("form", AskedAs::Form), ("json", AskedAs::Json)];
        let asked_as = self.text("asked_as", |text| value::word(text, &forms));
        let (token_url, client_id) = (token_url.required(), client_id.required());
        Some(Grant {
            token_url: token_url?,
            client_id: client_id?,
            scope: scope.optional(),
            client_in: client_in.or(ClientIn::Header),
            asked_as: asked_as.or(AskedAs::Form),
        })
    }

    /// Warns of the keys where another login is chosen.
    pub fn warn_idle_grant(&self, without: &str) {
        for key in KEYS {
            if self.find(key).is_some() {
                self.warn_idle(key, without);
            }
        }
    }

    /// Warns of a key that changes nothing.
    pub fn warn_idle(&self, key: &str, without: &str) {
        self.warn(format!("{} has no effect without {without}.", self.dotted(key)));
    }
}
