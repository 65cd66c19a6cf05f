//! The seed's wire: `GET sessions`, `GET permits` and `GET violations`, page by page.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use url::Url;

use super::citations::{self, CitationPage};
use super::wire::{self, Page, Reading};
use crate::model::{RightCode, RightKind};
use crate::net::service::{Answer, Question, Service, ServiceError};
use crate::ports::{CitationListing, Failure, ListedRight, RightsListing, RightsService};

pub(super) const SESSIONS: &str = "sessions";
const PERMITS: &str = "permits";
const CITATIONS: &str = "violations";
pub(super) const PARTS: [&str; 2] = [SESSIONS, PERMITS];

/// The most pages of one listing: more than a city has permits, a hundred on each.
const PAGES_MAX: usize = 20_000;

/// The most entries of one listing. In memory each takes some 400 bytes.
const ENTRIES_MAX: usize = 2_000_000;

/// One service, and what of it counts.
#[derive(Debug)]
pub struct Seed {
    pub(super) service: Service,
    pub(super) permits: Vec<RightCode>,
    pub(super) reading: Reading,
}

impl Seed {
    /// The address of the first page of a part.
    fn first_page(&self, part: &str, since: Option<DateTime<Utc>>) -> Url {
        let mut url = self.service.below(part);
        {
            let mut query = url.query_pairs_mut();
            query.clear();
            if part == PERMITS {
                if !self.permits.is_empty() {
                    let types: Vec<_> = self.permits.iter().map(RightCode::as_str).collect();
                    query.append_pair("types", &types.join(","));
                }
                // One that was cancelled must be heard of.
                query.append_pair("includeInactive", "true");
            }
            if let Some(since) = since {
                let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
                query.append_pair("since", &since);
            }
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        url
    }

    /// Takes page after page of a listing; each says of which moment it is, and the cursor of the next.
    fn each_page(
        &self,
        part: &str,
        first: &Url,
        mut take: impl FnMut(Answer) -> Result<(Option<DateTime<Utc>>, Option<String>), ServiceError>,
    ) -> Result<(), ServiceError> {
        let not_understood = |text: &str| ServiceError::NotUnderstood(format!("{part}: {text}"));
        let mut seen = HashSet::new();
        let (mut url, mut moment) = (first.clone(), None);
        let began = Instant::now();
        for _ in 0..PAGES_MAX {
            let (as_of, next) =
                take(self.service.ask_within(&url, Question::Get, began.elapsed())?)?;
            if *moment.get_or_insert(as_of) != as_of {
                return Err(not_understood("a later page is of another moment than the first"));
            }
            let Some(cursor) = next else { return Ok(()) };
            url = first.clone();
            url.query_pairs_mut().append_pair("cursor", &cursor);
            if !seen.insert(cursor) {
                return Err(not_understood("the pages go round in a circle"));
            }
        }
        Err(not_understood("the listing has no end"))
    }

    fn listing(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
    ) -> Result<RightsListing, ServiceError> {
        let mut listing = RightsListing { is_whole: since.is_none(), ..RightsListing::default() };
        self.each_page(part, &self.first_page(part, since), |answer| {
            let page = wire::page(&answer.body, part == PERMITS, &self.reading);
            let Page { rights, deleted, nameless, as_of, next } =
                page.map_err(|error| ServiceError::NotUnderstood(format!("{part}: {error}")))?;
            listing.as_of = as_of;
            listing.server_time = listing.server_time.or(answer.server_time);
            for right in rights {
                match self.is_wanted(&right) {
                    true => listing.rights.push(right),
                    // It may have been of a type that counts.
                    false => listing.deleted.push(right.id),
                }
            }
            listing.deleted.extend(deleted);
            listing.nameless += nameless;
            within(part, listing.rights.len() + listing.deleted.len())?;
            Ok((as_of, next))
        })?;
        Ok(listing)
    }

    fn citation_listing(
        &self,
        from: DateTime<Utc>,
        since: Option<DateTime<Utc>>,
    ) -> Result<CitationListing, ServiceError> {
        let mut first = self.first_page(CITATIONS, since);
        let from = from.to_rfc3339_opts(SecondsFormat::Millis, true);
        first.query_pairs_mut().append_pair("from", &from);
        let mut listing = CitationListing::default();
        self.each_page(CITATIONS, &first, |answer| {
            let page = citations::page(&answer.body);
            let CitationPage { citations, deleted, unreadable, as_of, next } =
                page.map_err(|error| ServiceError::NotUnderstood(format!("{CITATIONS}: {error}")))?;
            listing.as_of = as_of;
            listing.citations.extend(citations);
            listing.deleted.extend(deleted);
            listing.unreadable += unreadable;
            within(CITATIONS, listing.citations.len() + listing.deleted.len())?;
            Ok((as_of, next))
        })?;
        Ok(listing)
    }

    /// Permits of other types were not asked for.
    fn is_wanted(&self, right: &ListedRight) -> bool {
        match &right.kind {
            _ if right.is_unreadable => true,
            RightKind::Session => true,
            RightKind::Permit(code) => self.permits.is_empty() || self.permits.contains(code),
        }
    }
}

impl RightsService for Seed {
    fn list(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
        _: DateTime<Utc>,
    ) -> Result<RightsListing, Failure> {
        Ok(self.listing(part, since)?)
    }

    fn citations(
        &self,
        from: DateTime<Utc>,
        since: Option<DateTime<Utc>>,
    ) -> Result<CitationListing, Failure> {
        Ok(self.citation_listing(from, since)?)
    }
}

/// No listing has more entries than fit into memory.
pub(super) fn within(part: &str, entries: usize) -> Result<(), ServiceError> {
    match entries {
        0..=ENTRIES_MAX => Ok(()),
        _ => Err(ServiceError::NotUnderstood(format!(
            "{part}: more than {ENTRIES_MAX} entries in one listing"
        ))),
    }
}
