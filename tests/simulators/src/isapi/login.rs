//! Nonces, the check of a login, and the lock-out.

use std::collections::HashMap;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use super::digest::{Account, Algorithm, Authorization, Call, response};
use super::switches::{Common, NonceLife, Stale};
use crate::http::Request;

/// What the device remembers of logins.
#[derive(Default)]
pub(crate) struct Login {
    nonces: HashMap<String, Nonce>,
    made: u64,
    failures: HashMap<IpAddr, u32>,
    locked_until: HashMap<IpAddr, DateTime<Utc>>,
}

struct Nonce {
    made_at: DateTime<Utc>,
    path: String,
    for_write: bool,
    uses: u32,
    last_nc: u32,
}

/// What came of looking at one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The login is right.
    Accepted,
    /// No `Authorization` at all: a challenge is due.
    Absent,
    /// The nonce is unknown or no longer good; `stale` for the next challenge.
    WornOut { stale: bool },
    /// A wrong answer to a live nonce, or another scheme; why.
    Wrong(String),
    /// The address is locked out, whatever was sent.
    Locked,
}

/// The lock as an address sees it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LockState {
    /// Whole seconds left, rounded up; `None` when not locked.
    pub(crate) seconds_left: Option<i64>,
    /// Attempts left.
    pub(crate) tries_left: u32,
}

impl Login {
    /// Makes a nonce for this request.
    pub(crate) fn challenge(
        &mut self,
        life: NonceLife,
        request: &Request,
        now: DateTime<Utc>,
    ) -> String {
        match life {
            NonceLife::Shared(seconds) => {
                self.nonces.retain(|_, nonce| now - nonce.made_at < TimeDelta::seconds(seconds));
                if let Some(shared) = self.nonces.keys().next() {
                    return shared.clone();
                }
            }
            NonceLife::LastOnly => self.nonces.clear(),
            _ => {}
        }
        self.made += 1;
        let text = Algorithm::Md5.hash(&format!("{}:{}:{}", self.made, request.target, now));
        let nonce = Nonce {
            made_at: now,
            path: request.path().to_owned(),
            for_write: is_write(request),
            uses: 0,
            last_nc: 0,
        };
        self.nonces.insert(text.clone(), nonce);
        text
    }

    /// The lock of this address now.
    pub(crate) fn lock_state(
        &mut self,
        switches: &Common<'_>,
        source: IpAddr,
        now: DateTime<Utc>,
    ) -> LockState {
        if self.locked_until.get(&source).is_some_and(|until| *until <= now) {
            self.locked_until.remove(&source);
            self.failures.remove(&source);
        }
        let failures = self.failures.get(&source).copied().unwrap_or_default();
        let left = self.locked_until.get(&source).map(|until| *until - now);
        LockState {
            seconds_left: left.map(|left| (left.num_milliseconds() + 999) / 1000),
            tries_left: switches.lock.failures.saturating_sub(failures),
        }
    }

    /// Judges a request and counts failures.
    pub(crate) fn judge(
        &mut self,
        switches: &Common<'_>,
        account: &Account<'_>,
        request: &Request,
        now: DateTime<Utc>,
    ) -> Verdict {
        let locked = self.lock_state(switches, request.source, now).seconds_left.is_some();
        let verdict = match request.header("Authorization") {
            _ if locked => Verdict::Locked,
            None => Verdict::Absent,
            Some(header) => self.check(switches, account, request, header, now),
        };
        let failed = match verdict {
            Verdict::Wrong(_) => true,
            Verdict::WornOut { .. } => switches.lock.worn_out_nonce_counts,
            _ => false,
        };
        if failed {
            let failures = self.failures.entry(request.source).or_default();
            *failures += 1;
            if *failures >= switches.lock.failures {
                let until = now + TimeDelta::seconds(switches.lock.seconds);
                self.locked_until.insert(request.source, until);
            }
        } else if verdict == Verdict::Accepted && switches.lock.reset_on_success {
            self.failures.remove(&request.source);
        }
        verdict
    }

    fn check(
        &mut self,
        switches: &Common<'_>,
        account: &Account<'_>,
        request: &Request,
        header: &str,
        now: DateTime<Utc>,
    ) -> Verdict {
        let wrong = |why: &str| Verdict::Wrong(why.to_owned());
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("Digest") {
            return wrong("scheme is not Digest");
        }
        let given = match Authorization::parse(rest) {
            Ok(given) => given,
            Err(why) => return Verdict::Wrong(why),
        };
        let (Some(nonce), Some(nc)) = (given.get("nonce"), given.get("nc")) else {
            return wrong("nonce or nc missing");
        };
        let Some(count) = hex_count(nc) else {
            return wrong("nc is not 8 hex digits");
        };
        let stale = switches.stale != Stale::NeverTrue;
        match self.nonces.get_mut(nonce) {
            Some(known) if known.is_live(switches.nonce, request, count, now) => {
                known.uses += 1;
                known.last_nc = count;
            }
            _ => return Verdict::WornOut { stale },
        }
        match verify(switches, account, request, &given) {
            Ok(()) => Verdict::Accepted,
            Err(why) => Verdict::Wrong(why),
        }
    }
}

impl Nonce {
    fn is_live(&self, life: NonceLife, request: &Request, nc: u32, now: DateTime<Utc>) -> bool {
        let alive = match life {
            NonceLife::OneShot => self.uses == 0,
            NonceLife::Uses(most) => self.uses < most,
            NonceLife::Seconds(seconds) => now - self.made_at <= TimeDelta::seconds(seconds),
            NonceLife::BoundToUrl => self.path == request.path(),
            NonceLife::ReadsOnly => self.for_write || !is_write(request),
            // Those that are no longer good are forgotten.
            NonceLife::Shared(_) | NonceLife::LastOnly => true,
        };
        alive && nc > self.last_nc
    }
}

fn verify(
    switches: &Common<'_>,
    account: &Account<'_>,
    request: &Request,
    given: &Authorization,
) -> Result<(), String> {
    let expect = |name: &str, wanted: &str| match given.get(name) {
        Some(value) if value == wanted => Ok(()),
        Some(value) => Err(format!("{name} is \"{value}\", not \"{wanted}\"")),
        None => Err(format!("{name} missing")),
    };
    expect("username", account.username)?;
    expect("realm", account.realm)?;
    expect("uri", &request.target)?;
    expect("qop", "auth")?;
    if switches.challenge.has_opaque() {
        expect("opaque", switches.opaque)?;
    }
    let algorithm = match given.get("algorithm") {
        None => Algorithm::Md5,
        Some(name) if name.eq_ignore_ascii_case("MD5") => Algorithm::Md5,
        Some(name) if name.eq_ignore_ascii_case("SHA-256") => Algorithm::Sha256,
        Some(name) => return Err(format!("algorithm {name} was not offered")),
    };
    let offered = match algorithm {
        Algorithm::Md5 => switches.challenge.offers_md5(),
        Algorithm::Sha256 => switches.challenge.offers_sha256(),
    };
    if !offered {
        return Err(format!("algorithm {} was not offered", algorithm.name()));
    }
    let call = Call {
        method: &request.method,
        uri: &request.target,
        nonce: given.get("nonce").unwrap_or_default(),
        nc: given.get("nc").unwrap_or_default(),
        cnonce: given.get("cnonce").filter(|c| !c.is_empty()).ok_or("cnonce missing")?,
    };
    expect("response", &response(algorithm, account, &call)).map_err(|_| "wrong response".into())
}

fn is_write(request: &Request) -> bool {
    let searches = ["/Search", "/searchLPListAudit"];
    request.method != "GET" && !searches.iter().any(|end| request.path().ends_with(end))
}

fn hex_count(nc: &str) -> Option<u32> {
    (nc.len() == 8 && nc.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| u32::from_str_radix(nc, 16).ok())
        .flatten()
}
