//! One platform over HTTP: one request at a time, signed, within limits.
//!
//! Reads are repeated where that may help; writes never are, since nobody knows whether one whose answer
//! was lost was carried out. After a refused signature nothing more is sent.

mod exchange;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDateTime;
use url::Url;

use self::exchange::{Answer, Ask, Link};
use super::codes::Meaning;
use super::error::Error;
use super::listing::{Run, Step};
use super::wire::{
    Page, Version, counts_body, failures_body, page_body, person_body, person_id, private,
    read_counts, read_failures, read_record, reapplication_body, too_long, update_body,
    with_replaced_bytes,
};
use crate::config::{Secret, Tls};
use crate::model::{RecordId, Window, Zone};
use crate::net::requests::RequestCount;
use crate::net::retry::Rule;
use crate::ports::{FullRecord, RecordList};

/// How many persons a page holds, the most that a platform gives.
const PAGE_SIZE: usize = 500;

/// How many persons are applied with one request.
const APPLIED_AT_ONCE: usize = 100;

/// The most pages of failures that are read.
const FAILURE_PAGES_MAX: u32 = 20;

/// Who is not on their devices as the platform has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applications {
    /// All failures were read.
    pub is_whole: bool,
    /// So many persons wait or have failed, and the platform does not say who they are.
    pub unnamed: usize,
    /// Where and why, by the number of the person in lower case.
    pub failed: BTreeMap<String, BTreeSet<String>>,
}

/// How long and how much; a test makes them small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// To find the host, and to get a connection: a host that is there answers at once.
    pub(super) connect: Duration,
    /// A whole call with its answer: a page of 500 persons takes a large platform some time.
    pub(super) answer: Duration,
    /// All waits before repetitions together.
    pub(super) waits: Duration,
    /// A whole list of persons.
    pub(super) listing: Duration,
    /// The longest answer, decompressed; a page of 500 persons takes about 1 MB.
    pub(super) body: usize,
    /// How a read is repeated.
    pub(super) retry: Rule,
    /// How many persons a page holds.
    pub(super) page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(60),
            waits: Duration::from_secs(120),
            listing: Duration::from_secs(600),
            body: 16 * 1024 * 1024,
            retry: Rule {
                repeats_max: 3,
                first: Duration::from_secs(1),
                longest: Duration::from_secs(8),
                in_all: Duration::from_secs(30),
            },
            page: PAGE_SIZE,
        }
    }
}

/// Where a platform is and how it is asked.
#[derive(Clone)]
pub struct Settings {
    /// `http` or `https`, a host and perhaps a port.
    pub url: Url,
    pub app_key: String,
    pub app_secret: Secret,
    /// The platform's user in whose name is asked, where that is not the partner's own.
    pub user_id: Option<String>,
    /// How an `https` certificate is judged.
    pub tls: Tls,
    /// The zone of the site's wall clock.
    pub zone: Zone,
    /// The most requests in a second.
    pub requests_per_second: u32,
}

impl Settings {
    /// What is asked of a platform in a second where nothing else is configured. Nobody publishes a limit;
    /// this is what other programs keep to.
    pub const REQUESTS_PER_SECOND: u32 = 5;
}

impl std::fmt::Debug for Settings {
    /// Without the AppKey, which must not get into a log either.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.url.as_str();
        f.debug_struct("Settings")
            .field("url", &url)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// The calls to one platform.
#[derive(Debug)]
pub struct Client {
    link: Link,
    zone: Zone,
    limits: Limits,
}

impl Client {
    /// Prepares the calls; the network is not touched. `https` needs the process-wide rustls provider that
    /// `run` installs.
    ///
    /// # Errors
    /// [`Error::Unsent`] when a connection cannot be set up.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        Self::with_limits(settings, Limits::default())
    }

    pub(super) fn with_limits(settings: &Settings, limits: Limits) -> Result<Self, Error> {
        Ok(Self { link: Link::new(settings, limits)?, zone: settings.zone, limits })
    }

    /// Counts its requests here.
    #[must_use]
    pub fn counted_by(mut self, requests: RequestCount) -> Self {
        self.link.count_with(requests);
        self
    }

    /// Asks what the platform is.
    ///
    /// # Errors
    /// [`Error`]; [`Error::TooOld`] for one that is too old for the calls here.
    pub fn version(&mut self) -> Result<Version, Error> {
        let ask = Ask::read("version", "/artemis/api/common/v1/version", b"{}".to_vec());
        let answer = self.link.call(&ask)?;
        let version = answer.read(&ask, Version::read)?;
        if version.is_new_enough() {
            return Ok(version);
        }
        Err(Error::TooOld { found: version.software })
    }

    /// What the wall clock of the site shows by the clock of the platform; `None` where no answer tells.
    ///
    /// # Errors
    /// [`Error`] when it has to be asked first.
    pub fn clock(&mut self) -> Result<Option<NaiveDateTime>, Error> {
        if self.link.shows().is_none() {
            self.version()?;
        }
        Ok(self.link.shows().map(|now| now.with_timezone(&self.zone).naive_local()))
    }

    /// Reads all persons and hands each over once, in pages. Platforms document no order, so rows can move
    /// from one page to another meanwhile: where somebody may have been skipped, everybody is read once
    /// more.
    ///
    /// # Errors
    /// [`Error`]; what was handed over before it is then not everybody.
    pub fn all_persons(&mut self, each: &mut dyn FnMut(FullRecord)) -> Result<RecordList, Error> {
        let mut run = Run::new(self.limits.page, self.limits.listing);
        loop {
            if run.is_out_of_time() {
                return Err(Error::Timeout { call: "person list" });
            }
            // The plain list shows no validity on every version; this one, without a filter, does.
            let body = page_body(run.page(), self.limits.page);
            let path = "/artemis/api/resource/v1/person/advance/personList";
            let ask = Ask::read("person list", path, body);
            let page = self.link.call(&ask)?.read(&ask, Page::read)?;
            match run.take(page, self.zone, each) {
                Step::Next => {}
                Step::Again => {
                    log::debug!("person list: rows have moved; once more from the start")
                }
                Step::Done => return Ok(run.list()),
            }
        }
    }

    /// Reads the persons with these numbers; one that is absent from the answer is not on the platform.
    pub fn persons(
        &mut self,
        wanted: &[RecordId],
    ) -> Result<BTreeMap<RecordId, FullRecord>, Error> {
        let mut found = BTreeMap::new();
        for id in wanted.iter().collect::<BTreeSet<_>>() {
            if let Some(record) = self.person(id)? {
                found.insert(id.clone(), record);
            }
        }
        Ok(found)
    }

    /// Reads the person with this number; nothing when there is none.
    pub fn person(&mut self, code: &RecordId) -> Result<Option<FullRecord>, Error> {
        let path = "/artemis/api/resource/v1/person/personCode/personInfo";
        self.person_info(path, person_body("personCode", code.as_str()), |record| {
            record.person.employee_no == *code
        })
    }

    /// Reads the person with this `personId`, whatever number they have by now; nothing when there is none.
    pub fn person_with_id(&mut self, id: &str) -> Result<Option<FullRecord>, Error> {
        let path = "/artemis/api/resource/v1/person/personId/personInfo";
        self.person_info(path, person_body("personId", id), |record| person_id(record) == id)
    }

    fn person_info(
        &mut self,
        path: &'static str,
        body: Vec<u8>,
        is_asked: impl FnOnce(&FullRecord) -> bool,
    ) -> Result<Option<FullRecord>, Error> {
        let ask = Ask::read("person", path, body);
        let answer = match self.link.call(&ask) {
            Err(Error::Refused { meaning: Meaning::NotFound, .. }) => return Ok(None),
            answer => answer?,
        };
        let zone = self.zone;
        answer
            .read(&ask, |envelope| {
                envelope.object()?;
                let record = read_record(&envelope.data, zone)
                    .map_err(|what| format!("the person {what}"))?;
                if !is_asked(&record) {
                    return Err("the answer is about another person".to_owned());
                }
                Ok(with_replaced_bytes(record, envelope.replaced))
            })
            .map(Some)
    }

    /// Sets the validity of a person that was just read, and nothing else.
    ///
    /// # Errors
    /// [`Error`]; of class `Unknown` when the change may have happened.
    pub fn update(&mut self, record: &FullRecord, validity: Window) -> Result<(), Error> {
        let body =
            update_body(record, validity, self.zone).map_err(|what| Error::Unsent { what })?;
        let path = "/artemis/api/resource/v1/person/single/update";
        let mut ask = Ask::write("person update", path, body);
        ask.private = private(record);
        match self.link.call(&ask) {
            Ok(_) => Ok(()),
            Err(refused @ Error::Refused { meaning: Meaning::WrongRequest, .. }) => {
                Err(match too_long(record) {
                    Some(what) => Error::Unfit { refused: Box::new(refused), what },
                    None => refused,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Asks that the persons with these `personId`s are sent to their devices again, and gives those for whom
    /// the platform refuses that. For the others it is only queued: what becomes of it,
    /// [`Self::applications`] tells.
    ///
    /// # Errors
    /// [`Error`]; some of them may be queued then, and asking for them again does no harm.
    pub fn reapply(&mut self, persons: &[String]) -> Result<BTreeMap<String, Error>, Error> {
        let path = "/artemis/api/visitor/v1/auth/reapplication";
        let mut refused = BTreeMap::new();
        let mut rest: Vec<&[String]> = persons.chunks(APPLIED_AT_ONCE).rev().collect();
        while let Some(some) = rest.pop() {
            match self.link.call(&Ask::write("reapplication", path, reapplication_body(some))) {
                Ok(_) => {}
                // One of them keeps the others from it.
                Err(error) if error.is_about_persons() => match some {
                    [one] => drop(refused.insert(one.clone(), error)),
                    _ => {
                        let (first, second) = some.split_at(some.len() / 2);
                        rest.extend([second, first]);
                    }
                },
                Err(error) => return Err(error),
            }
        }
        Ok(refused)
    }

    /// Asks which persons are not on their devices as the platform has them.
    pub fn applications(&mut self) -> Result<Applications, Error> {
        let counts = self.application(counts_body(), read_counts)?;
        let mut found = Applications {
            is_whole: counts.failed == 0,
            unnamed: counts.waiting + counts.edited,
            failed: BTreeMap::new(),
        };
        let (mut listed, mut last) = (0, Vec::new());
        for page in 1..=FAILURE_PAGES_MAX {
            if found.is_whole {
                break;
            }
            let failures = self.application(failures_body(page, PAGE_SIZE), read_failures)?;
            // A platform that knows no pages gives the same one again.
            found.is_whole = page > 1 && (failures.is_empty() || failures == last);
            if found.is_whole {
                break;
            }
            listed += failures.len();
            for failure in &failures {
                if failure.person_code.is_empty() {
                    found.unnamed += 1;
                    continue;
                }
                let at = format!("{} ({})", failure.device, failure.items.join(", "));
                found.failed.entry(failure.person_code.to_lowercase()).or_default().insert(at);
            }
            last = failures;
        }
        // A failure that is counted and not listed could be anybody's.
        found.unnamed += counts.failed.saturating_sub(listed);
        Ok(found)
    }

    fn application<T>(
        &mut self,
        body: Vec<u8>,
        reader: fn(&super::wire::Envelope) -> Result<T, String>,
    ) -> Result<T, Error> {
        let path = "/artemis/api/acs/v1/auth/applicationResult";
        let ask = Ask::read("application result", path, body);
        let answer: Answer = self.link.call(&ask)?;
        answer.read(&ask, reader)
    }
}
