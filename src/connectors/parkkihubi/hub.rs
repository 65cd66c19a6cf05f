//! The two listings, page by page.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use url::Url;

use super::wire::{self, Page};
use crate::model::RightId;
use crate::net::service::{Question, Service, ServiceError};
use crate::ports::{Failure, ListedRight, RightsListing, RightsService};

const PERMITS: &str = "valid_permit_item";
const PARKINGS: &str = "valid_parking";
pub(super) const PARTS: [&str; 2] = [PARKINGS, PERMITS];

/// The most that a page of permits may have.
const PAGE_SIZE: &str = "1000";

/// The most rights of one listing. In memory each takes some 400 bytes.
const RIGHTS_MAX: usize = 1_000_000;

/// The most pages of one listing.
const PAGES_MAX: usize = 10_000;

/// One register.
#[derive(Debug)]
pub struct Hub(pub(super) Service);

/// One listing from its first page to its last.
struct Pass {
    rights: Vec<ListedRight>,
    nameless: usize,
    pages: usize,
    /// How many there are by the last page, where it says so.
    count: Option<usize>,
    /// How many entries its pages had.
    entries: usize,
    /// The ids of the first page.
    first: Vec<RightId>,
    server_time: Option<DateTime<Utc>>,
}

impl Hub {
    fn first_page(&self, part: &str, at: DateTime<Utc>) -> Url {
        let mut url = self.0.below(&format!("enforcement/v1/{part}/"));
        // With a time that the register cannot read it lists whatever there ever was.
        let time = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let (key, value) = match part == PARKINGS {
            true => ("time", time.as_str()),
            false => ("page_size", PAGE_SIZE),
        };
        url.query_pairs_mut().clear().append_pair(key, value);
        url
    }

    /// Reads all pages once.
    fn pass(&self, part: &str, first: &Url, began: Instant) -> Result<Pass, ServiceError> {
        let wrong = |text: &str| ServiceError::NotUnderstood(format!("{part}: {text}"));
        let mut pass = Pass {
            rights: Vec::new(),
            nameless: 0,
            pages: 0,
            count: None,
            entries: 0,
            first: Vec::new(),
            server_time: None,
        };
        let mut seen = HashSet::from([first.clone()]);
        let mut url = first.clone();
        for place in 0..PAGES_MAX {
            let answer = self.0.ask_within(&url, Question::Get, began.elapsed())?;
            let page = wire::page(&answer.body, part == PARKINGS);
            let Page { rights, nameless, entries, count, next } =
                page.map_err(|error| wrong(&error.to_string()))?;
            if place == 0 {
                pass.first = rights.iter().map(|right| right.id.clone()).collect();
                pass.server_time = answer.server_time;
            }
            pass.pages += 1;
            pass.entries += entries;
            (pass.count, pass.nameless) = (count, pass.nameless + nameless);
            pass.rights.extend(rights);
            if pass.rights.len() > RIGHTS_MAX {
                return Err(wrong("more rights than a register has"));
            }
            let Some(next) = next else { return Ok(pass) };
            url = following(first, &url, &next).ok_or_else(|| {
                wrong("the next page is at another address, where the secret does not go")
            })?;
            if !seen.insert(url.clone()) {
                return Err(wrong("the pages go round in a circle"));
            }
        }
        Err(wrong("the listing has no end"))
    }

    fn listing(&self, part: &str, at: DateTime<Utc>) -> Result<RightsListing, ServiceError> {
        let wrong = |text: &str| ServiceError::NotUnderstood(format!("{part}: {text}"));
        let first = self.first_page(part, at);
        let began = Instant::now();
        let mut pass = self.pass(part, &first, began)?;
        if pass.pages > 1 {
            // Pages are of their moment. What moves from one to another between two of them is seen once more.
            let again = self.pass(part, &first, began)?;
            if part == PERMITS && again.first != pass.first {
                return Err(wrong("the permits were changed over while they were read"));
            }
            pass.rights.extend(again.rights);
            pass.count = again.count;
        }
        let ids: HashSet<_> = pass.rights.iter().map(|right| &right.id).collect();
        let found = ids.len() + pass.nameless;
        if pass.count.is_some_and(|count| found < count) {
            return Err(wrong("it says that there are more than it lists"));
        }
        Ok(RightsListing {
            rights: pass.rights,
            nameless: pass.nameless,
            as_of: Some(at),
            server_time: pass.server_time,
            is_whole: true,
            is_live: part == PARKINGS,
            ..RightsListing::default()
        })
    }
}

/// The address of the next page: the query of what the register says, at the address that is configured. Behind a
/// proxy it may not know that it is reached by https (believed).
fn following(first: &Url, here: &Url, next: &str) -> Option<Url> {
    let said = here.join(next).ok()?;
    let is_here = said.host_str() == first.host_str()
        && said.port() == first.port()
        && said.path() == first.path()
        && said.username().is_empty()
        && said.password().is_none()
        && matches!(said.scheme(), "http" | "https");
    let mut url = first.clone();
    url.set_query(said.query());
    is_here.then_some(url)
}

impl RightsService for Hub {
    fn list(
        &self,
        part: &str,
        _: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<RightsListing, Failure> {
        Ok(self.listing(part, at)?)
    }
}
