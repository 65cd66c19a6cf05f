//! Tries every channel of alarms once.

use crate::cmd::Context;
use crate::notify;
use crate::report::check::Finding;

/// Sends a test message over every channel.
pub(super) fn test_messages(context: &Context) -> Vec<Finding> {
    let tried = notify::try_out(&context.config, context.clock);
    if tried.is_empty() {
        let text = "there is neither [notify.email] nor [notify.webhook]: nobody would be told";
        let remedy = "see `ivms-sync help alarms`".to_owned();
        return vec![Finding::warning("notify", text.to_owned(), Some(remedy))];
    }
    let tried = tried.into_iter().map(|(channel, sent)| {
        let about = format!("notify.{}", channel.name());
        match sent {
            Ok(()) => Finding::ok(&about, "took a test message".to_owned()),
            Err(why) => Finding::failed(&about, why.text, Some(why.hint.to_owned()), why.exit),
        }
    });
    tried.collect()
}

/// Calls the heartbeat, where there is one.
pub(super) fn test_heartbeat(context: &Context, code: u8) -> Option<Finding> {
    const ABOUT: &str = "notify.heartbeat";
    Some(match notify::try_heartbeat(&context.config, code)? {
        Ok(()) => Finding::ok(ABOUT, format!("took a start, and the last run's end with {code}")),
        Err(why) => Finding::failed(ABOUT, why.text, Some(why.hint.to_owned()), why.exit),
    })
}
