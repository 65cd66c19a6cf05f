//! The calls to Cardskipper: HTTP, its limits, and what a status means.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ureq::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION,
};
use ureq::http::{HeaderMap, HeaderName, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Timeout};
use url::Url;

use super::Error;
use super::config::Settings;
use super::limits::Limits;
use super::text::{excerpt, excerpt_of_page, quotable};
use super::wire::{self, Club, export_request, may_be_xml, parse_members, parse_role_names};
use crate::config::Secret;
use crate::model::RightCode;
use crate::net::requests::RequestCount;
use crate::net::retry::{Waits, asked_pause, seed, server_time};
use crate::net::words;
use crate::ports::progress::{Meter, Progress, Silent, Unit};
use crate::ports::{Listing, Snapshot};

/// The most room that is made for a body because it says how long it will be.
const ROOM_FIRST: usize = 64 * 1024 * 1024;

/// How many bytes of a body decide whether the rest is worth reading.
const LOOKED_AT: usize = 64 * 1024;

/// How much of an error page is read to quote its beginning.
const ERROR_PAGE_MAX_BYTES: u64 = 16 * 1024;

/// Redirects followed, all on the same host: enough for a missing slash and a renamed path.
const REDIRECTS_MAX: u32 = 3;

const EXPORT: &str = "Member/Export";
const INFO: &str = "Organisation/Info";

/// A call that brought nothing, and whether the same may be asked again soon.
struct Failed {
    error: Error,
    may_repeat: bool,
    /// The pause that the service asks for.
    asked: Option<Duration>,
}

impl From<Error> for Failed {
    /// An error that would come again.
    fn from(error: Error) -> Self {
        Self { error, may_repeat: false, asked: None }
    }
}

/// The calls for one organisation. One request at a time; repeated only where nobody was home, the
/// answer broke off, or the service said "not now".
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: Url,
    club: Club,
    username: String,
    password: Secret,
    limits: Limits,
    requests: RequestCount,
    progress: Arc<dyn Progress>,
}

/// What is sent: a body makes it a POST.
struct Request<'a> {
    call: &'static str,
    body: Option<&'a str>,
    limit: Duration,
    meter: &'a dyn Meter,
}

/// A whole answer with a status of success.
struct Answer {
    body: Vec<u8>,
    server_time: Option<DateTime<Utc>>,
}

impl Client {
    /// Prepares the calls; the network is not touched. `https` needs the process-wide rustls provider
    /// that `run` installs.
    #[must_use]
    pub fn new(config: &Settings) -> Self {
        Self::with_limits(config, Limits::default())
    }

    pub(super) fn with_limits(config: &Settings, limits: Limits) -> Self {
        // The roots of the operating system, as for the devices: a club's own root certificate is
        // installed in one place. ureq's default are Mozilla's, which are not built in here.
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // By default ureq takes a proxy from the environment. A variable left in some shell must
            // not decide where the login goes; the environment is read in `config` only.
            .proxy(None)
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .user_agent(concat!("ivms-sync/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .new_agent();
        let mut base = config.url.clone();
        base.set_query(None);
        base.set_fragment(None);
        // Only the configured login is sent. Both fail on addresses without a host, which have none.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        Self {
            agent,
            base,
            club: Club {
                source: config.name.clone(),
                organisation: config.organisation,
                zone: config.time_zone,
            },
            username: config.username.clone(),
            password: config.password.clone(),
            limits,
            requests: RequestCount::default(),
            progress: Silent::handle(),
        }
    }

    /// Counts its requests here.
    #[must_use]
    pub fn counted_by(self, requests: RequestCount) -> Self {
        Self { requests, ..self }
    }

    /// Lets somebody watch complete listings arrive.
    #[must_use]
    pub fn watched_by(self, progress: Arc<dyn Progress>) -> Self {
        Self { progress, ..self }
    }

    /// Asks for members: `POST /Member/Export`, one document for all, 60 seconds at most.
    ///
    /// # Errors
    /// [`Error`]; none of them means that there are no members.
    pub fn members(&self, listing: Listing) -> Result<Snapshot, Error> {
        let body = export_request(self.club.organisation, listing);
        // What changed since the last tick is little, and nobody waits for it.
        let meter = match listing {
            Listing::Complete => self.progress.begin(self.club.source.as_str(), Unit::Bytes),
            Listing::ChangedSince(_) => Box::new(Silent),
        };
        let (limit, meter) = (self.limits.export, meter.as_ref());
        let request = Request { call: EXPORT, body: Some(&body), limit, meter };
        let answer = self.ask(&request)?;
        let listed = parse_members(&answer.body, &self.club)
            .map_err(|error| self.of_wire(EXPORT, error, &answer.body))?;
        log::debug!(
            "{EXPORT}: {} members, {} unusable, {} elsewhere in {} bytes",
            listed.members.len(),
            listed.unusable.len(),
            listed.elsewhere,
            answer.body.len()
        );
        Ok(Snapshot {
            members: listed.members,
            unusable: listed.unusable.into_iter().map(Into::into).collect(),
            elsewhere: listed.elsewhere,
            server_time: answer.server_time,
        })
    }

    /// Asks what the roles are called: `GET /Organisation/Info`, 15 seconds at most.
    ///
    /// # Errors
    /// [`Error`]; [`Error::UnknownOrganisation`] when this login does not see the organisation.
    pub fn role_names(&self) -> Result<BTreeMap<RightCode, String>, Error> {
        let answer =
            self.ask(&Request { call: INFO, body: None, limit: self.limits.info, meter: &Silent })?;
        parse_role_names(&answer.body, self.club.organisation)
            .map_err(|error| self.of_wire(INFO, error, &answer.body))
    }

    /// Asks, again where that may help, all of it within the request's limit.
    fn ask(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let started = Instant::now();
        let mut waits = Waits::new(self.limits.retry, seed());
        loop {
            let Failed { error, may_repeat, asked } = match self.ask_once(request, started) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let left = request.limit.saturating_sub(started.elapsed());
            let wait = if may_repeat { waits.next(asked, left) } else { None };
            let Some(wait) = wait else { return Err(error) };
            log::debug!("{error}; trying again in {} ms", wait.as_millis());
            std::thread::sleep(wait);
        }
    }

    /// Sends, follows redirects within the host, judges the status, reads the body.
    fn ask_once(&self, request: &Request<'_>, started: Instant) -> Result<Answer, Failed> {
        let mut url = self.address(request.call);
        for _ in 0..=REDIRECTS_MAX {
            let left = request.limit.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(self.timed_out(request).into());
            }
            let mut response = self.send(request, &url, left)?;
            let status = response.status().as_u16();
            match status {
                301 | 302 | 307 | 308 => {
                    url = redirect_target(request.call, &url, response.headers())?
                }
                // 206 is a part of an answer, and none was asked for.
                200..=205 | 207..=299 => {
                    let server_time = server_time(response.headers());
                    return Ok(Answer { body: self.read(request, &mut response)?, server_time });
                }
                _ => {
                    return Err(Failed {
                        error: self.of_status(request.call, status, &mut response),
                        may_repeat: matches!(status, 429 | 502..=504),
                        asked: asked_pause(response.headers()),
                    });
                }
            }
        }
        Err(Error::RedirectLoop { call: request.call, limit: REDIRECTS_MAX }.into())
    }

    fn send(
        &self,
        request: &Request<'_>,
        url: &Url,
        left: Duration,
    ) -> Result<Response<Body>, Failed> {
        let headers: [(HeaderName, String); 3] = [
            (ACCEPT, "application/xml".to_owned()),
            // Error texts and base data are localised; English ones can be looked up.
            (ACCEPT_LANGUAGE, "en".to_owned()),
            (AUTHORIZATION, format!("Basic {}", self.credentials())),
        ];
        self.requests.count();
        let sent = match request.body {
            Some(body) => {
                let mut post =
                    self.agent.post(url.as_str()).header(CONTENT_TYPE, "application/xml");
                for (name, value) in headers {
                    post = post.header(name, value);
                }
                post.config().timeout_global(Some(left)).build().send(body)
            }
            None => {
                let mut get = self.agent.get(url.as_str());
                for (name, value) in headers {
                    get = get.header(name, value);
                }
                get.config().timeout_global(Some(left)).build().call()
            }
        };
        sent.map_err(|error| {
            let may_repeat = is_passing(&error);
            let reason = match error {
                ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                    format!("no connection within {} ms", self.limits.connect.as_millis())
                }
                ureq::Error::Timeout(_) => return self.timed_out(request).into(),
                other => quotable(&words::of_ureq(&other), 200),
            };
            let (host, is_tls) = (host(&self.base), self.base.scheme() == "https");
            let error = Error::Unreachable { call: request.call, host, is_tls, reason };
            Failed { error, may_repeat, asked: None }
        })
    }

    /// Reads to the end, never more than the limit. ureq's own limit counts compressed bytes, so the
    /// counting is done here.
    fn read(
        &self,
        request: &Request<'_>,
        response: &mut Response<Body>,
    ) -> Result<Vec<u8>, Failed> {
        let call = request.call;
        let limit = self.limits.bytes;
        let length =
            response.body().content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = Vec::new();
        match length {
            Some(length) if length > limit => return Err(Error::TooLarge { call, limit }.into()),
            // One more than that, or the last read would make more room to find the end.
            Some(length) => body.reserve_exact(length.saturating_add(1).min(ROOM_FIRST)),
            None => {}
        }
        // The length is that of what is sent; packed, it says little about what is read.
        let is_packed = response.headers().contains_key(CONTENT_ENCODING);
        let total = length.filter(|_| !is_packed);
        let watch = |done| request.meter.show(done, total);
        let read = read_at_most(response.body_mut().as_reader(), limit, &mut body, watch);
        if body.len() > limit {
            return Err(Error::TooLarge { call, limit }.into());
        }
        match read {
            Ok(()) => Ok(body),
            Err(error) => match ureq::Error::from(error) {
                ureq::Error::Timeout(_) => Err(self.timed_out(request).into()),
                other => {
                    let reason = quotable(&words::of_ureq(&other), 120);
                    let error = Error::Truncated { call, bytes: body.len(), reason };
                    Err(Failed { error, may_repeat: true, asked: None })
                }
            },
        }
    }

    fn of_status(&self, call: &'static str, status: u16, response: &mut Response<Body>) -> Error {
        let mut page = Vec::new();
        // An error page that cannot be read changes nothing about the error.
        let _ = response.body_mut().as_reader().take(ERROR_PAGE_MAX_BYTES).read_to_end(&mut page);
        let secrets = [self.password.expose(), &self.credentials()];
        // The server's words may name a member: they are for whoever asks, and in no mail or message.
        let words = excerpt_of_page(&String::from_utf8_lossy(&page), &secrets);
        log::info!("{call}: status {status}, in the server's words: {words}");
        match status {
            401 => Error::LoginRefused { call },
            403 => Error::NoRight { call },
            _ => Error::Refused { call, status },
        }
    }

    fn of_wire(&self, call: &'static str, error: wire::WireError, body: &[u8]) -> Error {
        // A document in an unknown shape may start with a member.
        if matches!(error, wire::WireError::NotCardskipper { .. }) {
            let start: Vec<u8> = body.iter().copied().take(ERROR_PAGE_MAX_BYTES as usize).collect();
            let secrets = [self.password.expose(), &self.credentials()];
            let words = excerpt(&String::from_utf8_lossy(&start), &secrets);
            log::info!("{call}: no Cardskipper document; it begins: {words}");
        }
        Error::of_wire(call, error)
    }

    fn credentials(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.username, self.password.expose()))
    }

    /// `{url}/{call}`. The guide writes a closing slash; every client that is known to be served
    /// leaves it out.
    fn address(&self, call: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{call}", self.base.path().trim_end_matches('/')));
        url
    }

    fn timed_out(&self, request: &Request<'_>) -> Error {
        Error::TimedOut {
            call: request.call,
            host: host(&self.base),
            limit_ms: request.limit.as_millis(),
        }
    }
}

/// Reads to the end, or to the first byte beyond the limit. A body that does not begin as XML does is
/// not read further than it takes to see that: nothing good can follow, however long it goes on.
fn read_at_most(
    mut from: impl std::io::Read,
    limit: usize,
    body: &mut Vec<u8>,
    watch: impl Fn(usize),
) -> std::io::Result<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => chunk.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if body.capacity() - body.len() < read.len() {
            // Doubled like any growing buffer, but never beyond the limit.
            let more = body.len().min((limit + 1).saturating_sub(body.len()));
            body.reserve_exact(more.max(read.len()));
        }
        body.extend_from_slice(read);
        watch(body.len());
        if body.len() > limit || (body.len() >= LOOKED_AT && !may_be_xml(body)) {
            return Ok(());
        }
    }
}

/// Whether an error of the transport may be gone in a moment: nobody listens, or the connection
/// closed before the answer was whole. A certificate or an address does not change so soon.
fn is_passing(error: &ureq::Error) -> bool {
    use std::io::ErrorKind;
    match error {
        ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::NotConnected
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

/// Where to go instead, if that is the same scheme, host and port. The call is a query, so the same
/// method and body go there: repeating it is harmless.
fn redirect_target(call: &'static str, from: &Url, headers: &HeaderMap) -> Result<Url, Error> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = match from.join(location) {
        Ok(target) if !location.is_empty() => target,
        _ => return Err(Error::Redirected { call, to_host: "nowhere".to_owned() }),
    };
    let same = target.scheme() == from.scheme()
        && target.host_str() == from.host_str()
        && target.port_or_known_default() == from.port_or_known_default();
    if !same || !target.username().is_empty() || target.password().is_some() {
        let to_host = format!("{}://{}", target.scheme(), host(&target));
        return Err(Error::Redirected { call, to_host: quotable(&to_host, 120) });
    }
    Ok(target)
}

/// Host and, where it is not the scheme's own, port.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    match url.port() {
        None => name.to_owned(),
        Some(port) => format!("{name}:{port}"),
    }
}

#[cfg(test)]
#[path = "client_repeat_tests.rs"]
mod repeat_tests;
#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
#[cfg(test)]
#[path = "client_transfer_tests.rs"]
mod transfer_tests;
