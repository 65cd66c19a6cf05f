//! Plans: `diff` shows them, `apply` carries them out, budgets hold them back.

mod apply;
mod budgets;
mod diff;
mod forged;
mod only;

use serde_json::Value;

use super::support::Sandbox;
use super::support::pinned::START;

const LATER: &str = "2026-03-10T10:05:00Z";
/// When the news is seen for the first time, where a test is not about that.
const LOOKED: &str = "2026-03-10T10:04:00Z";

/// A club in sync, then a renewal, a cancellation and a member marked inactive.
fn with_news() -> Sandbox {
    let sandbox = Sandbox::pinned(40, 2);
    sandbox.sync_at(START, 0);
    news(&sandbox);
    sandbox
}

fn news(sandbox: &Sandbox) {
    sandbox.clocks(LATER);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.renew(4, "2026-03-20");
    sandbox.club.inactivate(5);
}

/// What a document says of each change, without its outcome.
fn named(document: &Value) -> Vec<Value> {
    let changes = document["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let mut change = change.clone();
            let fields = change.as_object_mut().unwrap();
            for more in ["outcome", "error", "fingerprint", "opens_door"] {
                fields.remove(more);
            }
            for more in ["account", "holder"] {
                fields["member"].as_object_mut().unwrap().remove(more);
            }
            change
        })
        .collect()
}

/// A club of this size with this many members marked inactive, and one renewal; a tick has seen them once.
fn with_inactive(members: usize, inactive: std::ops::Range<usize>) -> Sandbox {
    let sandbox = Sandbox::pinned(members, 1);
    sandbox.sync_at(START, 0);
    sandbox.clocks(LATER);
    inactive.for_each(|index| assert!(sandbox.club.inactivate(index)));
    sandbox.club.renew(0, "2030-11-01");
    sandbox.look_at(LOOKED);
    sandbox
}
