//! Calls to a service that raises the alarm when they stay away.
//!
//! `/start` when a run begins, `/` and the exit code when it ends. They never change how a run ends,
//! and no door waits for them: the first one is on its way while the run works.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use url::Url;

use super::channel::{Undelivered, agent, no_answer};
use crate::exit::Exit;

/// One call takes no longer.
const LIMIT: Duration = Duration::from_secs(5);

/// The calls of one run.
#[derive(Debug)]
pub(super) struct Heartbeat {
    url: Url,
    start: JoinHandle<()>,
}

impl Heartbeat {
    /// Says that a run begins, and does not wait for the answer.
    pub fn start(url: &Url) -> Self {
        let first = url.clone();
        let start = thread::spawn(move || call(&first, "start"));
        Self { url: url.clone(), start }
    }

    /// Says how the run ended.
    pub fn end(self, code: u8) {
        // In this order, or the service would take the run for one that still works. A thread that
        // panicked has said so itself.
        let _ = self.start.join();
        call(&self.url, &code.to_string());
    }
}

/// When the service is away, it will notice that by itself: nothing to tell but on request.
fn call(url: &Url, last: &str) {
    if let Err(why) = try_call(url, last) {
        log::info!("heartbeat /{last}: {}", why.text);
    }
}

/// Calls the service at both ends as a run does that ended with `code`.
pub(super) fn try_out(url: &Url, code: u8) -> Result<(), Undelivered> {
    try_call(url, "start")?;
    try_call(url, &code.to_string())
}

fn try_call(url: &Url, last: &str) -> Result<(), Undelivered> {
    let host = url.host_str().unwrap_or("?");
    let address = format!("{}/{last}", url.as_str().trim_end_matches('/'));
    let text = match agent(LIMIT).get(&address).call() {
        Ok(answer) if answer.status().is_success() => return Ok(()),
        Ok(answer) => format!("{host} answered with status {}", answer.status().as_u16()),
        Err(error) => no_answer(host, &error, LIMIT),
    };
    let hint = "see that heartbeat in [notify] is right and that the service runs";
    Err(Undelivered::new(text, hint, Exit::Temporary))
}
