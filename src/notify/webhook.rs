//! A message as JSON, posted to an address of the club's own.

use super::channel::{LIMIT, NotTaken, agent, no_answer};
use super::message::Message;
use crate::config::NotifyWebhook;
use crate::engine::gather::LoginResult;
use crate::exit::Exit;

/// Posts the message; any status from 200 to 299 says that it was taken.
pub(super) fn send(config: &NotifyWebhook, message: &Message) -> Result<(), NotTaken> {
    let host = config.url.host_str().unwrap_or("?");
    let failed = |text: String, hint: &'static str, exit: Exit| NotTaken {
        text,
        hint,
        exit,
        is_told: false,
        login: LoginResult::NotTried,
    };
    let body = serde_json::to_string(&message.document())
        .map_err(|error| failed(error.to_string(), "please report it", Exit::Bug))?;
    let mut post = agent(LIMIT)
        .post(config.url.as_str())
        .header("Content-Type", "application/json; charset=utf-8");
    if let Some(token) = &config.token {
        post = post.header("Authorization", format!("Bearer {}", token.expose()));
    }
    let answer = post.send(body.as_bytes()).map_err(|error| {
        failed(
            no_answer(host, &error, LIMIT),
            "see that url in [notify.webhook] is right and that the receiver runs",
            Exit::Temporary,
        )
    })?;
    match answer.status().as_u16() {
        200..=299 => Ok(()),
        status @ (401 | 403) => Err(failed(
            format!("{host} refused the message with status {status}"),
            "correct token (or url) in [notify.webhook]",
            Exit::Login,
        )),
        status => Err(failed(
            format!("{host} answered with status {status}"),
            "see that url in [notify.webhook] is right; redirects are not followed",
            Exit::Temporary,
        )),
    }
}
