//! What changes something at a service: sent once, with all that is known of whether it arrived.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use ureq::Timeout;
use ureq::http::HeaderName;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE};
use url::Url;

use super::{Answer, Credentials, Service, ServiceError, dressed};

/// Something that changes what is there, and is sent once.
#[derive(Clone, Copy)]
pub(crate) struct Parcel<'a> {
    pub method: Put,
    /// JSON.
    pub body: &'a [u8],
    /// Beside those that all requests have.
    pub headers: &'a [(HeaderName, &'a str)],
}

/// How a parcel is put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Post,
    Put,
}

/// Why there is no answer to a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// Nothing of it was carried out.
    NotSent(ServiceError),
    /// It may have arrived, and been carried out.
    Lost(ServiceError),
}

/// The header that names a document for ever.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl Service {
    /// Sends a document under its key to something below the address, once.
    pub(crate) fn post_document(
        &self,
        path: &str,
        body: &[u8],
        key: &str,
    ) -> Result<Answer, Undelivered> {
        let parcel = Parcel { method: Put::Post, body, headers: &[(KEY, key)] };
        self.deliver(&self.below(path), parcel)
    }

    /// Sends a parcel, once; with a new token where the one that it had was refused, which carried nothing out.
    /// Whatever the service decides comes back as an answer, also where it refuses.
    pub(crate) fn deliver(&self, url: &Url, parcel: Parcel<'_>) -> Result<Answer, Undelivered> {
        let started = Instant::now();
        let whole = self.bounds.answer;
        let left = || whole.saturating_sub(started.elapsed());
        let tokens = match &self.credentials {
            Credentials::None => return self.deliver_once(url, parcel, None, whole),
            Credentials::Header(name, value) => {
                return self.deliver_once(url, parcel, Some((name, value)), whole);
            }
            Credentials::Token(tokens) => tokens,
        };
        let token = tokens.get(whole).map_err(Undelivered::NotSent)?;
        let value = format!("Bearer {token}");
        match self.deliver_once(url, parcel, Some((&AUTHORIZATION, &value)), left()) {
            Err(Undelivered::NotSent(ServiceError::LoginRefused)) => {
                tokens.forget(&token);
                let token = tokens.get(left()).map_err(Undelivered::NotSent)?;
                let value = format!("Bearer {token}");
                self.deliver_once(url, parcel, Some((&AUTHORIZATION, &value)), left())
            }
            other => other,
        }
    }

    fn deliver_once(
        &self,
        url: &Url,
        parcel: Parcel<'_>,
        login: Option<(&HeaderName, &str)>,
        left: Duration,
    ) -> Result<Answer, Undelivered> {
        if left.is_zero() {
            return Err(Undelivered::NotSent(self.timed_out()));
        }
        self.requests.count();
        let request = match parcel.method {
            Put::Post => self.agent.post(url.as_str()),
            Put::Put => self.agent.put(url.as_str()),
        };
        let mut request = dressed(request, login, left).header(CONTENT_TYPE, "application/json");
        for (name, value) in parcel.headers {
            request = request.header(name, *value);
        }
        let mut response = request.send(parcel.body).map_err(|error| {
            let failed = self.unreachable(&error).error;
            match error {
                // Nothing leaves before there is a connection.
                ureq::Error::ConnectionFailed
                | ureq::Error::HostNotFound
                | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                    Undelivered::NotSent(failed)
                }
                ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    Undelivered::NotSent(failed)
                }
                _ => Undelivered::Lost(failed),
            }
        })?;
        match response.status().as_u16() {
            401 => Err(Undelivered::NotSent(ServiceError::LoginRefused)),
            403 => Err(Undelivered::NotSent(ServiceError::NoRight)),
            300..=399 => Err(Undelivered::Lost(ServiceError::Redirected)),
            status @ (408 | 425 | 429 | 500..) => {
                Err(Undelivered::Lost(ServiceError::Refused(status)))
            }
            _ => {
                let answer = self.answer(&mut response);
                let answer = answer.map_err(|failed| Undelivered::Lost(failed.error))?;
                match answer.is_of_a_web_server() {
                    true => Err(Undelivered::Lost(ServiceError::Refused(answer.status))),
                    false => Ok(answer),
                }
            }
        }
    }
}
