//! Refused logins at the mail server: it is left alone like a door, so that no account is locked.
//!
//! They are remembered as an alarm whose topic is a check over the login, so that a changed password is
//! tried at once.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::channel::{Channel, Undelivered};
use super::memory::Memory;
use crate::config::NotifyEmail;
use crate::engine::gather::LoginResult;
use crate::exit::Exit;
use crate::model::Zone;
use crate::store::{Alarm, LoginMemory};
use crate::text::hex::hex;

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
    zone: Zone,
) -> Option<Undelivered> {
    let Channel::Email(config) = channel else { return None };
    let text = remembered(memory, &check(config)?).left_alone(now, zone)?;
    let hint = "correct username and password in [notify.email]; a changed one is tried at once, and so \
                is any by `ivms-sync check --notify`";
    Some(Undelivered::new(text, hint, Exit::Login))
}

/// Remembers what a message taught about the login.
pub(super) fn learn(
    memory: &mut Memory<'_>,
    channel: Channel<'_>,
    sent: &Result<(), Undelivered>,
    now: DateTime<Utc>,
) {
    let Channel::Email(config) = channel else { return };
    let Some(check) = check(config) else { return };
    let kept = match sent.as_ref().map_or_else(|why| why.login, |()| LoginResult::Worked) {
        LoginResult::NotTried => return,
        LoginResult::Worked if memory.load(PLACE).is_ok_and(|kept| kept.is_empty()) => return,
        LoginResult::Worked => Vec::new(),
        LoginResult::Refused => {
            let before = remembered(memory, &check).as_of(now);
            let bad = before.refusals.saturating_add(1);
            vec![Alarm { topic: check, since: now, bad, ..Alarm::default() }]
        }
    };
    if let Err(error) = memory.keep(PLACE, &kept) {
        log::info!("a refused login at the mail server cannot be remembered: {error}");
    }
}

/// 16 bits that change (nearly always) with the login, as the state file has them of doors: so few that
/// guesses cannot be tested with them. `None`: there is no login.
fn check(config: &NotifyEmail) -> Option<String> {
    let (username, password) = (config.username.as_ref()?, config.password.as_ref()?);
    let mut hash = Sha256::new();
    for part in [config.smtp.as_str(), username, password.expose()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    Some(hex(digest.get(..2).unwrap_or_default()))
}
