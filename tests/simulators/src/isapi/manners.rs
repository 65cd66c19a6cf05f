//! What no client may do at any device: how requests come, and how they log in.
//!
//! Each violation is a line `slug: what happened`. The slugs of this part:
//! `basic-authorization`, `unknown-authorization`, `wrong-response-again`, `weaker-digest`,
//! `digest-syntax`, `digest-replay`, `endless-attempts`, `login-while-locked`, `in-flight`,
//! `no-content-length`, `no-format-json`, `content-type`.

use std::collections::HashSet;

use super::digest::Authorization;
use super::login::Verdict;
use super::switches::Common;
use crate::http::{Framing, Request};

/// How many requests a call may be.
const CALL_LIMIT: usize = 5;

/// The list of violations, and the memory needed to see those of logins.
#[derive(Default)]
pub(crate) struct Manners {
    violations: Vec<String>,
    wrong_in_run: usize,
    triples: HashSet<(String, String, String)>,
    last: Option<Attempt>,
    told_locked: bool,
}

/// The request before this one.
struct Attempt {
    call: (String, String, Vec<u8>),
    count: usize,
    refused: bool,
}

impl Manners {
    /// Notes a violation.
    pub(crate) fn note(&mut self, slug: &str, what: &str) {
        self.violations.push(format!("{slug}: {what}"));
    }

    /// Notes lines that begin with their slug.
    pub(crate) fn extend(&mut self, lines: impl IntoIterator<Item = String>) {
        self.violations.extend(lines);
    }

    /// Everything noted.
    pub(crate) fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Begins a new run: one wrong response is allowed again.
    pub(crate) fn begin_run(&mut self) {
        self.wrong_in_run = 0;
        self.last = None;
    }

    /// Forgets everything noted so far.
    pub(crate) fn clear(&mut self) {
        *self = Self { triples: std::mem::take(&mut self.triples), ..Self::default() };
    }

    /// Looks at how a request came.
    pub(crate) fn came(&mut self, request: &Request) {
        let what = format!("{} {}", request.method, request.target);
        if request.others_in_flight > 0 {
            self.note("in-flight", &format!("{what} while another request was being served"));
        }
        let wants_length = matches!(request.method.as_str(), "PUT" | "POST");
        let told = matches!(request.framing, Framing::Length(_));
        if (wants_length && !told) || request.framing == Framing::Chunked {
            self.note("no-content-length", &what);
        }
    }

    /// Looks at the login that a request carries, before it is judged.
    pub(crate) fn logs_in(&mut self, common: &Common<'_>, request: &Request) {
        let what = format!("{} {}", request.method, request.target);
        if let Some(header) = request.header("Authorization") {
            self.authorization(common, header, &what);
        }
        self.count_attempts(request, &what);
    }

    fn authorization(&mut self, common: &Common<'_>, header: &str, what: &str) {
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "digest" => {}
            "basic" => return self.note("basic-authorization", what),
            _ => return self.note("unknown-authorization", what),
        }
        let given = match Authorization::parse(rest) {
            Ok(given) => given,
            Err(why) => return self.note("digest-syntax", &format!("{what}: {why}")),
        };
        for name in given.wrong_quotes() {
            self.note("digest-syntax", &format!("{what}: quotes of {name}"));
        }
        let text = |name| given.get(name).unwrap_or_default().to_owned();
        if common.challenge.offers_sha256()
            && common.challenge.offers_md5()
            && !text("algorithm").eq_ignore_ascii_case("SHA-256")
        {
            self.note("weaker-digest", what);
        }
        if !self.triples.insert((text("nonce"), text("cnonce"), text("nc"))) {
            self.note("digest-replay", what);
        }
    }

    /// A call is one request that fetches a challenge and one that answers it; where the answer was
    /// refused, both once more, and one that asks what the device says of that.
    fn count_attempts(&mut self, request: &Request, what: &str) {
        let call = (request.method.clone(), request.target.clone(), request.body.clone());
        let count = match &self.last {
            Some(last) if last.refused && last.call == call => last.count + 1,
            _ => 1,
        };
        if count > CALL_LIMIT {
            self.note("endless-attempts", what);
        }
        self.last = Some(Attempt { call, count, refused: false });
    }

    /// Looks at what the login check said.
    pub(crate) fn judged(&mut self, verdict: &Verdict, request: &Request) {
        if let Some(last) = &mut self.last {
            last.refused = *verdict != Verdict::Accepted;
        }
        if let Verdict::Wrong(why) = verdict {
            self.wrong_in_run += 1;
            if self.wrong_in_run > 1 {
                let what = format!("{} {}: {why}", request.method, request.target);
                self.note("wrong-response-again", &what);
            }
        }
    }

    /// A 401 is about to go out; `told` if its body says whether the address is locked.
    pub(crate) fn lock_told(&mut self, request: &Request, locked: bool, told: bool) {
        if locked && self.told_locked && request.is_authenticated() {
            self.note("login-while-locked", &format!("{} {}", request.method, request.target));
        }
        self.told_locked = locked && told;
    }

    /// Looks at the form of a call that wants JSON.
    pub(crate) fn json_call(&mut self, request: &Request) {
        let what = format!("{} {}", request.method, request.target);
        if !asks_for_json(request) {
            self.note("no-format-json", &what);
        }
        self.body_kind(request, "application/json");
    }

    /// Looks at the content type of a body.
    pub(crate) fn body_kind(&mut self, request: &Request, wanted: &str) {
        let what = format!("{} {}", request.method, request.target);
        let kind = request.header("Content-Type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if request.method != "GET" && !kind.eq_ignore_ascii_case(wanted) {
            self.note("content-type", &format!("{what}: \"{kind}\""));
        }
    }
}

/// Whether the target says `format=json`.
pub(crate) fn asks_for_json(request: &Request) -> bool {
    request.query().split('&').any(|pair| pair == "format=json")
}
