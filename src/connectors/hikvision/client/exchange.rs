//! One call: asked without a login, and then with one; and what a second 401 means.

use super::super::call::{Answer, Ask, DEVICE_INFO};
use super::super::challenge::{self, Challenge};
use super::super::error::Error;
use super::super::login::{LockState, Refusal};
use super::super::wire::{Document, Meaning, read_status};
use super::{Link, Raw};

/// What came of a request and, where one was wanted, its login.
enum Exchange {
    /// No login was wanted.
    Open(Raw),
    LoggedIn(Raw),
    /// It was not taken, and the device does not say that it was wrong.
    Refused(Refusal),
}

/// A challenge, and what the device says about locks beside it.
struct Offer {
    challenge: Challenge,
    locks: LockState,
}

impl Link {
    /// Makes a call once, and judges what comes back.
    pub(super) fn call_once(&mut self, ask: &Ask) -> Result<Answer, Error> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        let refusal = match self.exchange(ask)? {
            Exchange::Open(raw) => return self.judge(ask, raw, false),
            Exchange::LoggedIn(raw) => return self.judge(ask, raw, true),
            Exchange::Refused(refusal) => refusal,
        };
        if ask.path != DEVICE_INFO
            && let Exchange::LoggedIn(raw) = self.exchange(&Ask::device_info())?
            && (200..300).contains(&raw.http)
        {
            // The login is right. A refusal that was not tried again may have been an old nonce.
            if !refusal.may_repeat()
                && let Exchange::LoggedIn(raw) = self.exchange(ask)?
            {
                return self.judge(ask, raw, true);
            }
            return Err(Error::MissingRight { call: ask.call, http: 401 });
        }
        let error = match refusal.is_counted() {
            Some(false) => Error::LoginPaused,
            _ => Error::LoginRefused { tries_left: refusal.tries_left() },
        };
        Err(self.stop(error))
    }

    /// Sends a request with the login where one is wanted.
    fn exchange(&mut self, ask: &Ask) -> Result<Exchange, Error> {
        let mut offer = match self.offer(ask)? {
            Ok(offer) => offer,
            Err(raw) => return Ok(Exchange::Open(raw)),
        };
        let mut is_repeated = false;
        loop {
            if let Err(error) = offer.locks.allows_a_login(self.tries_kept) {
                return Err(self.stop(error));
            }
            let nc = self.count(&offer.challenge);
            let answer = self.send_digest(ask, &offer.challenge, nc).inspect_err(|_| {
                self.unanswered = offer.locks.tries_left.filter(|_| !self.is_proven);
            })?;
            let is_stale = match answer {
                Ok(raw) => {
                    self.is_proven = true;
                    return Ok(Exchange::LoggedIn(raw));
                }
                Err(is_stale) => is_stale,
            };
            if offer.locks.tries_left.is_none() && !is_stale && !self.is_proven {
                // Nothing that the device says could show that the answer was right.
                return Err(self.stop(Error::LoginRefused { tries_left: None }));
            }
            let next = match self.offer(ask)? {
                Ok(next) => next,
                Err(raw) => return Ok(Exchange::Open(raw)),
            };
            let refusal = Refusal {
                is_stale,
                is_other_nonce: next.challenge.nonce() != offer.challenge.nonce(),
                before: offer.locks.tries_left,
                after: next.locks.tries_left,
            };
            log::debug!("{}: {refusal:?}", ask.call);
            if next.locks.locked || refusal.is_counted() == Some(true) {
                let tries_left = refusal.tries_left();
                return Err(self.stop(Error::LoginRefused { tries_left }));
            }
            if is_repeated || !refusal.may_repeat() {
                return Ok(Exchange::Refused(refusal));
            }
            (is_repeated, offer) = (true, next);
            if !refusal.is_other_nonce {
                // Somebody else has answered it too, so often that ours looked old.
                self.nonce = self.nonce.take().map(|(nonce, count)| (nonce, count.max(growing())));
            }
        }
    }

    /// Asks without a login; what comes back is a challenge, or already the answer.
    fn offer(&mut self, ask: &Ask) -> Result<Result<Offer, Raw>, Error> {
        let raw = self.send(ask)?;
        if raw.http != 401 {
            return Ok(Err(raw));
        }
        let locks = LockState::read(&raw.body);
        let before = self.unanswered.take();
        if before.is_some_and(|before| locks.tries_left.is_some_and(|after| after < before)) {
            // The login whose answer was lost was counted as wrong, and the same again would be too.
            return Err(self.stop(Error::LoginRefused { tries_left: locks.tries_left }));
        }
        match challenge::choose(raw.challenges.iter().map(Vec::as_slice)) {
            Ok(challenge) => Ok(Ok(Offer { challenge, locks })),
            Err(_) if locks.locked => Err(self.stop(locks.refusal())),
            Err(offered) => Err(no_challenge(ask, &raw, offered)),
        }
    }

    /// How often this nonce was answered before.
    fn count(&mut self, challenge: &Challenge) -> u32 {
        let before = match &self.nonce {
            Some((nonce, count)) if nonce == challenge.nonce() => *count,
            _ => 0,
        };
        self.nonce = Some((challenge.nonce().to_owned(), before + 1));
        before
    }
}

/// Why a 401 came without a challenge that can be answered, where the body says so.
fn no_challenge(ask: &Ask, raw: &Raw, offered: String) -> Error {
    let document = Document::parse(&raw.body).ok();
    let status = document.and_then(|document| read_status(ask.call, raw.http, &document));
    match status.map(|status| status.meaning()) {
        Some(Meaning::NotActivated) => Error::NotActivated,
        Some(Meaning::ForbiddenIp) => Error::ForbiddenIp,
        _ => Error::NoDigest { offered },
    }
}

/// A number that is higher in every later run of any program that makes it in the same way.
fn growing() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "it tells no time to anybody")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let milliseconds = now.map_or(0, |since| since.as_millis());
    u32::try_from(milliseconds & 0x7fff_ffff).unwrap_or_default()
}
