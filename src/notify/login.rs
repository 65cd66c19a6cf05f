//! Refused logins at the mail server: it is left alone like a door, so that no account is locked.
//!
//! The memory lies with that of the alarms, in the state file or beside it, as a line of its own: its
//! topic is a check over the login, so that a changed password is tried at once.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::channel::{Channel, NotTaken};
use super::memory::Memory;
use crate::config::NotifyEmail;
use crate::exit::Exit;
use crate::store::{Alarm, LoginMemory};

/// Where the memory keeps it, beside the channels.
const PLACE: &str = "email login";

/// What is remembered of refused logins with the login that is configured now.
fn remembered(memory: &Memory<'_>, check: &str) -> LoginMemory {
    let kept = memory.load(PLACE).unwrap_or_default();
    let same = kept.into_iter().find(|alarm| alarm.topic == check);
    same.map_or_else(LoginMemory::default, |alarm| LoginMemory {
        refusals: alarm.bad,
        refused_at: Some(alarm.since),
        ..LoginMemory::default()
    })
}

/// Whether the channel is left alone now, and why.
pub(super) fn held_back(
    memory: &Memory<'_>,
    channel: Channel<'_>,
    now: DateTime<Utc>,
) -> Option<NotTaken> {
    let Channel::Email(config) = channel else { return None };
    let login = remembered(memory, &check(config)?);
    if login.may_try(now) {
        return None;
    }
    let text = match login.waits_until(now) {
        Some(until) => format!(
            "refused the login; left alone until {} UTC so that it does not lock us out",
            until.format("%H:%M")
        ),
        None => {
            "refused the login twice; left alone until the configured password changes".to_owned()
        }
    };
    let hint = "correct username and password in [notify.email]; a changed one is tried at once, and so \
                is any by `ivms-sync check --notify`";
    Some(NotTaken { text, hint, exit: Exit::Login, is_told: false })
}

/// Remembers what a message taught about the login.
pub(super) fn learn(
    memory: &mut Memory<'_>,
    channel: Channel<'_>,
    sent: &Result<(), NotTaken>,
    now: DateTime<Utc>,
) {
    let Channel::Email(config) = channel else { return };
    let Some(check) = check(config) else { return };
    let is_refused = sent.as_ref().is_err_and(|why| why.exit == Exit::Login);
    // Who took the mail, or refused only that, took the login too; nobody else told anything of it.
    let is_well = match sent {
        Ok(()) => true,
        Err(why) => why.is_told || why.exit == Exit::PartFailed,
    };
    let before = remembered(memory, &check).as_of(now);
    let kept = if is_refused {
        let refusals = before.refusals.saturating_add(1);
        vec![Alarm {
            topic: check,
            since: now,
            bad: refusals,
            good: 0,
            good_since: None,
            told_at: None,
            cleared_at: None,
            is_again: false,
        }]
    } else if is_well && memory.load(PLACE).is_ok_and(|kept| !kept.is_empty()) {
        Vec::new()
    } else {
        return;
    };
    if let Err(error) = memory.keep(PLACE, &kept) {
        log::info!("a refused login at the mail server can not be remembered: {error}");
    }
}

/// 16 bits that change (nearly always) with the login, as the state file has them of doors: so few that
/// guesses can not be tested with them. `None`: there is no login.
fn check(config: &NotifyEmail) -> Option<String> {
    let (username, password) = (config.username.as_ref()?, config.password.as_ref()?);
    let mut hash = Sha256::new();
    for part in [config.smtp.as_str(), username, password.expose()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    Some(digest.iter().take(2).map(|byte| format!("{byte:02x}")).collect())
}
