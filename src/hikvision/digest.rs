//! Letting diqwest send the answer to the challenge *we* chose.
//!
//! What was found in diqwest 3.2.0 and digest_auth 0.3.1, by reading them:
//!
//! * `RequestBuilder::send_digest_auth` without a cached context sends the request, takes the **first**
//!   `WWW-Authenticate` header only and gives it to `digest_auth::parse`. That fails on Basic first and on
//!   joined challenges, and slices a `str` at character counts, which can panic on a realm in UTF-8.
//! * With a cached context (`DigestAuthCredentials::cached_context` is `Some`) it first asks
//!   `calculate_authorization` for the header, sends the request with it, and returns the response
//!   whatever it is, except a 401: then it calls `clear_context`, drops the response, and would send
//!   the request twice more, the second time with another login.
//! * The guard that `cached_context` returns can only be made by a `DigestAuthSession`, and the session's
//!   own answers leave `algorithm` out, so that SHA-256 would be answered with MD5.
//!
//! So [`OneAnswer`] has a session inside that holds an empty context for the one host and no
//! password; answers `calculate_authorization` itself, for the challenge chosen by
//! [`super::challenge`]; and fails in `clear_context`, which stops diqwest at its first 401. The body of
//! that 401 is lost; what the first 401 told about locks has to do.
//!
//! The header that results has `uri` with its query, `nc=00000001`, `opaque=""` where the challenge had
//! it, `qop=auth` only where offered, and `algorithm` also where the challenge named none (then `MD5`,
//! which is what no name means); nothing has to be reworked.

use std::cell::Cell;

use digest_auth::{AuthContext, AuthorizationHeader, HttpMethod};
use diqwest::session::CachedContextGuard;
use diqwest::{DigestAuthCredentials, DigestAuthSession};
use reqwest::header::HeaderMap;

use super::challenge::Challenge;
use crate::config::Secret;

/// A session with an empty context for `host` and no password: the key to diqwest's first path.
///
/// # Errors
/// None in practice; diqwest's signature.
pub(crate) fn session_for(host: &str) -> Result<DigestAuthSession, diqwest::error::Error> {
    let session = DigestAuthSession::new("", "");
    (&session).store_context(host, r#"Digest realm="", nonce="""#)?;
    Ok(session)
}

/// The answer to one challenge, good for one request.
pub(crate) struct OneAnswer<'a> {
    username: &'a str,
    password: &'a Secret,
    challenge: &'a Challenge,
    session: &'a DigestAuthSession,
    refused: Cell<bool>,
}

impl<'a> OneAnswer<'a> {
    /// Prepares the answer; `session` is that of [`session_for`] the request's host.
    pub(crate) fn new(
        username: &'a str,
        password: &'a Secret,
        challenge: &'a Challenge,
        session: &'a DigestAuthSession,
    ) -> Self {
        Self { username, password, challenge, session, refused: Cell::new(false) }
    }

    /// Whether the answer was met with another 401.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused.get()
    }
}

impl DigestAuthCredentials for &OneAnswer<'_> {
    fn username(&self) -> &str {
        self.username
    }

    fn password(&self) -> &str {
        self.password.expose()
    }

    fn cached_context<'h>(
        &self,
        host: &'h str,
    ) -> diqwest::error::Result<Option<CachedContextGuard<'_, 'h>>> {
        self.session.cached_context(host)
    }

    fn store_context(&self, _: &str, _: &str) -> diqwest::error::Result<()> {
        Ok(())
    }

    fn clear_context(&self, _: &str) -> diqwest::error::Result<()> {
        self.refused.set(true);
        // Any error stops diqwest here; this one says it best.
        Err(diqwest::error::Error::AuthHeaderMissing)
    }

    fn calculate_authorization(
        &self,
        _: &str,
        path: &str,
        method: HttpMethod<'_>,
        _: Option<&[u8]>,
        _: &HeaderMap,
    ) -> diqwest::error::Result<AuthorizationHeader> {
        let context = AuthContext::new_with_method(
            self.username,
            self.password.expose(),
            path,
            None::<&[u8]>,
            method,
        );
        Ok(self.challenge.prompt().respond(&context)?)
    }
}
