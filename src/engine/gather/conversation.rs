//! One conversation with a device at a time, over all processes of this computer.
//!
//! What is remembered of a device, its logins above all, is read under its lock only. Locks are taken in the
//! order of the configuration, each once in a process, and nobody waits for ever.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Scope;
use super::devices::{self, AskTarget, Before};
use crate::clock::Clock;
use crate::config::{Config, Peer, TargetConfig};
use crate::engine::TargetOutcome;
use crate::ports::Target;
use crate::store::lock::{Holder, TargetLock, take_device};
use crate::store::{Store, StoreError};
use crate::trouble::{Trouble, TroubleKind};

/// How long whoever reads waits for others, all devices together.
pub const READING_PATIENCE: Duration = Duration::from_secs(10);

/// How long whoever writes waits for others at one device: longer, so that of two who wait for each
/// other the one who writes gets its turn.
pub const WRITING_PATIENCE: Duration = Duration::from_secs(20);

/// A conversation with a device. No other process talks to it while this has the lock.
pub struct Conversation<'a> {
    /// Held since before what is remembered of the device was read.
    pub lock: Option<TargetLock>,
    /// The open connection, if the device was read.
    pub reader: Option<Box<dyn Target + 'a>>,
}

impl Conversation<'_> {
    /// The device was not asked.
    #[must_use]
    pub fn none() -> Self {
        Self { lock: None, reader: None }
    }
}

/// Whose turn it is to talk to a device.
pub(super) enum Turn {
    /// It is due, and nobody else talks to it.
    Ours(Box<Before>, TargetLock),
    /// There is nothing to ask.
    NotDue(Box<Before>),
    /// It is due, and somebody else talks to it.
    Busy(Box<Before>, Holder),
}

impl Turn {
    /// What is known of the device.
    pub(super) fn into_before(self) -> Before {
        match self {
            Self::Ours(before, _) | Self::NotDue(before) | Self::Busy(before, _) => *before,
        }
    }
}

/// Takes the locks of all devices that are due. What is known of a device is read when the lock is there:
/// whoever had it may have read the device, or spent a login.
pub(super) fn take_turns<'c>(
    config: &'c Config,
    store: &Store,
    clock: Clock,
    scope: &Scope,
) -> Result<Vec<(&'c TargetConfig, Turn)>, StoreError> {
    let now = clock.began();
    let began = clock.elapsed();
    let mut turns = Vec::with_capacity(config.devices.len());
    for device in &config.devices {
        let ask = AskTarget::new(scope, device, now);
        let is_due = || devices::is_due(device, store, ask);
        if scope.is_offline || !is_due()? {
            let before = Box::new(Before::read(store, device, scope)?);
            turns.push((device, Turn::NotDue(before)));
            continue;
        }
        let patience = READING_PATIENCE.saturating_sub(clock.elapsed().saturating_sub(began));
        let taken = take_device(store.path(), &device.name, patience, clock.now())?;
        let before = Box::new(Before::read(store, device, scope)?);
        let turn = match taken {
            Err(holder) => Turn::Busy(before, holder),
            Ok(lock) if is_due()? => Turn::Ours(before, lock),
            Ok(_) => Turn::NotDue(before),
        };
        turns.push((device, turn));
    }
    Ok(turns)
}

/// Opens a conversation with a device that was not asked in this run, or goes on with one whose lock is
/// `held`: the lock first, and what is remembered of logins under it. When it must not be: why, and as
/// [`TargetOutcome::Unreachable`] where somebody else is talking to the device.
pub fn open(
    store: &Store,
    peer: Peer<'_>,
    held: Option<TargetLock>,
    patience: Duration,
    clock: Clock,
) -> Result<Result<TargetLock, (TargetOutcome, Trouble)>, StoreError> {
    let lock = match held {
        Some(lock) => lock,
        None => match lock(store.path(), peer, patience, clock)? {
            Ok(lock) => lock,
            Err(why) => return Ok(Err(why)),
        },
    };
    let login = store.trust().login_memory(peer.name, &peer.login.name, &peer.login.secret)?;
    Ok(match devices::held_back(peer, &login, clock.now()) {
        Some(trouble) => Err((TargetOutcome::LoginRefused, trouble)),
        None => Ok(lock),
    })
}

/// Takes the lock of a conversation; as [`TargetOutcome::Unreachable`] where somebody else is talking there.
pub fn lock(
    state_file: &Path,
    peer: Peer<'_>,
    patience: Duration,
    clock: Clock,
) -> Result<Result<TargetLock, (TargetOutcome, Trouble)>, StoreError> {
    let taken = take_device(state_file, peer.name, patience, clock.now())?;
    Ok(taken.map_err(|holder| (TargetOutcome::Unreachable, busy(peer, &holder))))
}

/// Says that somebody else talks to a device: for this command it is as good as away, and no login is
/// spent there.
pub(super) fn busy(peer: Peer<'_>, holder: &Holder) -> Trouble {
    let since =
        |at: DateTime<Utc>| at.with_timezone(&peer.time_zone).format("%H:%M:%S").to_string();
    let known = holder.process.zip(holder.since.map(since));
    Trouble::of_target(peer.name, TroubleKind::Busy(known))
}
