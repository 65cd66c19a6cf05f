//! The login of one request: the 401 with its challenge and lock state, or nothing.

use chrono::{DateTime, Utc};

use super::answers::{unauthorized, user_check_401};
use super::challenge;
use super::digest::Account;
use super::login::{Login, Verdict};
use super::manners::Manners;
use super::switches::{Body401, Common};
use crate::http::{Request, Response};

/// Path of the login probe, which always answers its own XML.
pub(crate) const USER_CHECK: &str = "/ISAPI/Security/userCheck";

/// What stands at the entrance of a device.
pub(crate) struct Gate<'d> {
    pub(crate) common: Common<'d>,
    pub(crate) account: Account<'d>,
    pub(crate) login: &'d mut Login,
    pub(crate) manners: &'d mut Manners,
    /// How many right logins are still to be answered 401.
    pub(crate) logins_refused: &'d mut usize,
    /// Whether the account may not make this call, which is told by a 401.
    pub(crate) lacks_right: bool,
    /// The device's clock of nonces and lock-outs.
    pub(crate) now: DateTime<Utc>,
}

impl Gate<'_> {
    /// The 401, unless the login is right.
    pub(crate) fn log_in(self, request: &Request) -> Option<Response> {
        let Gate { common, account, login, manners, logins_refused, lacks_right, now } = self;
        let verdict = login.judge(&common, &account, request, now);
        manners.judged(&verdict, request);
        if verdict == Verdict::Accepted {
            if *logins_refused == 0 && !lacks_right {
                return None;
            }
            *logins_refused = logins_refused.saturating_sub(1);
        }
        let stale = verdict == Verdict::WornOut { stale: true };
        let lock = login.lock_state(&common, request.source, now);
        let nonce = login.challenge(common.nonce, request, now);
        let told = request.path() == USER_CHECK
            || matches!(common.body_401, Body401::UserCheckXml | Body401::ResponseStatusXml);
        manners.lock_told(request, lock.seconds_left.is_some(), told);
        let mut response = match request.path() {
            USER_CHECK => user_check_401(&common, &lock),
            _ => unauthorized(&common, &request.target, &lock),
        };
        for header in challenge::headers(&common, account.realm, &nonce, stale) {
            response = response.with_header("WWW-Authenticate", &header);
        }
        Some(response)
    }
}

/// Realm of challenges: `DS-` and the end of the serial number, as terminals do.
pub(crate) fn realm(serial_number: &str) -> String {
    let digits: String = serial_number.chars().rev().take(8).collect();
    format!("DS-{}", digits.chars().rev().collect::<String>())
}
