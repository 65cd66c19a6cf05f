//! A server of tokens after OAuth 2.0 (client credentials), for services that take its tokens.
//!
//! ```
//! use ivms_sync_simulators::{ips, oauth};
//!
//! let tokens = oauth::Server::start(oauth::Settings::default());
//! let settings = ips::Settings { tokens: Some(tokens.tokens()), ..ips::Settings::default() };
//! let street = ips::Server::start(settings);
//!
//! // … run the client against street.url() and tokens.url() …
//!
//! tokens.revoke();
//! assert_eq!(tokens.given(), 0);
//! assert_eq!(tokens.violations(), Vec::<String>::new());
//! ```
//!
//! A client is known in one place and asks in one form, as [`Settings`] say; whatever else it sends is refused and
//! listed by [`Server::violations`].

mod question;
mod server;
#[cfg(test)]
mod tests;

pub use server::{
    AskedAs, ClientIn, ExpiresIn, Judged, Refusal, Server, Settings, Switches, TokenType, Tokens,
};
