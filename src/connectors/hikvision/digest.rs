//! Sending the answer to the challenge *we* chose, with diqwest.
//!
//! What was found in diqwest 3.2.0 and digest_auth 0.3.1, by reading them:
//!
//! * diqwest answers the **first** `WWW-Authenticate` header only, which it gives to `digest_auth::parse`.
//!   That fails on Basic first and on joined challenges, and slices a `str` at character counts, which
//!   can panic on a realm in UTF-8.
//! * Its answers always say `nc=00000001`; those of its session count, but leave `algorithm` out, so that
//!   SHA-256 would be answered with MD5.
//! * It sends whatever header a request has already. Only when that is met with a 401 does it ask
//!   [`store_context`](DigestAuthCredentials::store_context) to keep the challenge that came with it.
//!
//! So the request carries the answer to the challenge that [`super::challenge`] chose, and [`OneAnswer`]
//! takes the next challenge from diqwest's hands and stops it there: whether another login may be spent
//! is decided in [`super::client`].
//!
//! The header has `uri` with its query, `opaque=""` where the challenge had it, `qop=auth` only where
//! offered, and `algorithm` also where the challenge named none (then `MD5`, which is what no name
//! means).

use std::cell::RefCell;

use diqwest::DigestAuthCredentials;
use diqwest::session::CachedContextGuard;
use reqwest::header::HeaderValue;

use super::challenge::{Challenge, is_stale};
use crate::config::Secret;

/// The value of `Authorization` that answers a challenge: `uri` is the path with its query, `nc` how
/// often its nonce was answered before.
///
/// # Errors
/// When the user name fits no header, or the challenge cannot be answered.
pub(crate) fn authorization(
    challenge: &Challenge,
    nc: u32,
    (username, password): (&str, &Secret),
    (method, uri): (&str, &str),
) -> Result<HeaderValue, String> {
    let context = digest_auth::AuthContext::new_with_method(
        username,
        password.expose(),
        uri,
        None::<&[u8]>,
        digest_auth::HttpMethod::from(method),
    );
    let answer = challenge.prompt(nc).respond(&context).map_err(|error| error.to_string())?;
    let mut value = HeaderValue::from_str(&answer.to_header_string())
        .map_err(|_| "the user name cannot be sent in a header".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Watches over one request that carries its answer already.
#[derive(Debug, Default)]
pub(crate) struct OneAnswer {
    next: RefCell<Option<String>>,
}

impl OneAnswer {
    /// Whether the challenge that came with the refusal says that the nonce was too old.
    pub(crate) fn was_stale(&self) -> bool {
        self.next.borrow().as_deref().is_some_and(is_stale)
    }
}

impl DigestAuthCredentials for &OneAnswer {
    fn username(&self) -> &str {
        ""
    }

    fn password(&self) -> &str {
        ""
    }

    fn cached_context<'h>(
        &self,
        _: &'h str,
    ) -> diqwest::error::Result<Option<CachedContextGuard<'_, 'h>>> {
        Ok(None)
    }

    fn store_context(&self, _: &str, www_authenticate: &str) -> diqwest::error::Result<()> {
        self.next.replace(Some(www_authenticate.to_owned()));
        // Any error stops diqwest here.
        Err(diqwest::error::Error::LockPoisoned)
    }

    fn clear_context(&self, _: &str) -> diqwest::error::Result<()> {
        Ok(())
    }
}
