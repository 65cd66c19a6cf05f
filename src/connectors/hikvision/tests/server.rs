//! Digest logins on the server of tests.

use std::sync::Mutex;

use digest_auth::{AuthContext, AuthorizationHeader};

use super::{CHALLENGE, PASSWORD};
use crate::net::testing::{Reply, Request, Server, answer};

/// How often the nonce was answered, as the login of a request says.
pub(super) fn nc(request: &Request) -> Option<u32> {
    Some(AuthorizationHeader::parse(request.header("authorization")?).unwrap().nc)
}

/// Whether the login is right for this request.
pub(super) fn is_logged_in(request: &Request) -> bool {
    let Some(text) = request.header("authorization") else { return false };
    let mut line = request.line().split(' ');
    let (method, uri) = (line.next().unwrap(), line.next().unwrap());
    let given = AuthorizationHeader::parse(text).unwrap();
    assert_eq!((given.uri.as_str(), given.username.as_str()), (uri, "admin"), "{text}");
    let mut computed = given.clone();
    let context =
        AuthContext::new_with_method("admin", PASSWORD, uri, None::<&[u8]>, method.into());
    computed.digest(&context);
    computed.response == given.response
}

/// How many requests came with a login.
pub(super) fn logins(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.header("authorization").is_some()).count()
}

pub(super) fn unauthorized(challenge: &str, body: &str) -> Reply {
    answer("401 Unauthorized", &format!("WWW-Authenticate: {challenge}\r\n"), body)
}

/// Asks every request without a login for one; answers the right login with `body(n)`, where `n`
/// counts logins, and a wrong one with 401.
pub(super) fn device(body: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Server {
    let logins = Mutex::new(0);
    Server::new(move |_, request| {
        if !is_logged_in(request) {
            return unauthorized(
                CHALLENGE,
                include_str!("../../../../tests/fixtures/hikvision/user-check-401.xml"),
            );
        }
        let mut logins = logins.lock().unwrap();
        *logins += 1;
        body(*logins - 1, request)
    })
}
