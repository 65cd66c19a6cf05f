//! Signatures on the server of tests.

use crate::config::Secret;
use crate::connectors::hikcentral::sign::{Signed, content_md5};
use crate::net::testing::Request;

/// Whether the signature of a request fits what came over the wire.
pub(super) fn is_signed_with(request: &Request, secret: &str) -> bool {
    let md5 = request.header("content-md5").map(|_| content_md5(request.body.as_bytes()));
    let names = request.header("x-ca-signature-headers").unwrap_or_default();
    let value = |name| request.header(name).unwrap_or_default();
    let headers: Vec<_> = names.split(',').map(|name| (name, value(name))).collect();
    let signed = Signed {
        method: request.line().split(' ').next().unwrap(),
        accept: request.header("accept"),
        content_md5: md5.as_deref(),
        content_type: request.header("content-type"),
        date: request.header("date"),
        headers: &headers,
        path: request.path(),
        parameters: &[],
    };
    let signature = signed.signature(&Secret::new(secret.to_owned())).unwrap();
    request.header("x-ca-signature") == Some(signature.as_str())
}
