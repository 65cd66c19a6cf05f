//! The gateway's own check: AppKey, signature, and if so set, timestamp and nonce.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::answers::Failure;
use super::sign::{Signed, parameters, signature};
use super::state::State;
use super::switches::BadSignature;
use crate::http::Request;

/// Nonces that were used.
#[derive(Default)]
pub(super) struct Nonces(HashSet<String>);

/// Lets a request in, or says why not.
pub(super) fn check(state: &mut State, request: &Request) -> Result<(), Failure> {
    let form = form(request);
    let signed = signed(request, &form);
    let key = request.header("X-Ca-Key").unwrap_or_default();
    if key.is_empty() {
        return Err(Failure::of("0x02401000"));
    }
    if key != state.settings.app_key {
        return Err(Failure::of("0x02401001"));
    }
    let given = request.header("X-Ca-Signature").unwrap_or_default();
    if given.is_empty() {
        return Err(Failure::of("0x02401002"));
    }
    let text = signed.string_to_sign();
    if given != signature(&state.settings.app_secret, &text) {
        state.audit.bad_signature(request);
        return Err(refusal(state.switches.bad_signature, request, &text, key));
    }
    for name in signed.absent_names() {
        state.audit.note("signed-but-absent", &format!("{name} of {}", request.target));
    }
    let now = state.now();
    match state.switches.replay_window {
        Some(window) => state.nonces.check(request, window, now),
        None => Ok(()),
    }
}

/// The parameters of a form in the body; a body of any other kind is none.
fn form(request: &Request) -> Vec<(String, String)> {
    let kind = request.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
    match kind.starts_with("application/x-www-form-urlencoded") {
        true => parameters(&request.text()),
        false => Vec::new(),
    }
}

fn signed<'a>(request: &'a Request, form: &'a [(String, String)]) -> Signed<'a> {
    Signed {
        method: &request.method,
        target: &request.target,
        headers: &request.headers,
        form,
        body: &request.body,
    }
}

/// The answer to a bad signature, which tells the text and the key.
fn refusal(style: BadSignature, request: &Request, text: &str, key: &str) -> Failure {
    let old = format!("Invalid Signature! and StringToSign: {text}");
    let name = request.path().trim_start_matches("/artemis/api/");
    let new = format!(
        "api AK/SK signature authentication failed,{old}, apiName : {name}, appKey : {key}"
    );
    let (code, msg) = match style {
        BadSignature::New => ("0x02401003", new),
        BadSignature::Old => ("0x02401003", old),
        BadSignature::Code13 => ("13", new),
    };
    Failure { code: code.into(), msg }
}

impl Nonces {
    fn check(
        &mut self,
        request: &Request,
        window: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let refuse = |why: &str| {
            Err(Failure { code: "0x02401003".into(), msg: format!("Invalid Signature! {why}") })
        };
        let sent = request.header("X-Ca-Timestamp").and_then(|text| text.parse().ok());
        let Some(sent) = sent.and_then(DateTime::from_timestamp_millis) else {
            return refuse("no timestamp");
        };
        if (now - sent).abs() > window {
            return refuse("timestamp expired");
        }
        let nonce = request.header("X-Ca-Nonce").unwrap_or_default();
        if nonce.is_empty() {
            return refuse("no nonce");
        }
        if !self.0.insert(nonce.to_owned()) {
            return refuse("nonce used");
        }
        Ok(())
    }
}
