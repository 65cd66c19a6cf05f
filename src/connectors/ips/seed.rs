//! The seed's wire: `GET sessions` and `GET permits`, page by page.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use url::Url;

use super::wire::{self, Page};
use crate::model::{Ends, RightCode, RightKind};
use crate::net::service::{Question, Service, ServiceError};
use crate::ports::{Failure, ListedRight, RightsListing, RightsService};

pub(super) const SESSIONS: &str = "sessions";
const PERMITS: &str = "permits";
pub(super) const PARTS: [&str; 2] = [SESSIONS, PERMITS];

/// The most pages of one listing: more than a city has permits, a hundred on each.
const PAGES_MAX: usize = 20_000;

/// The most rights of one listing. In memory each takes some 400 bytes.
pub(super) const RIGHTS_MAX: usize = 2_000_000;

/// One service, and what of it counts.
#[derive(Debug)]
pub struct Seed {
    pub(super) service: Service,
    pub(super) permits: Vec<RightCode>,
    pub(super) ends: Ends,
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

    fn listing(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
    ) -> Result<RightsListing, ServiceError> {
        let not_understood = |text: &str| ServiceError::NotUnderstood(format!("{part}: {text}"));
        let first = self.first_page(part, since);
        let mut listing = RightsListing::default();
        let mut seen = HashSet::new();
        let mut url = first.clone();
        let began = Instant::now();
        for page in 0..PAGES_MAX {
            let answer = self.service.ask_within(&url, Question::Get, began.elapsed())?;
            let read = wire::page(&answer.body, part == PERMITS, self.ends)
                .map_err(|error| not_understood(&error.to_string()))?;
            let Page { rights, deleted, nameless, as_of, next } = read;
            if page == 0 {
                (listing.as_of, listing.server_time) = (as_of, answer.server_time);
                listing.is_whole = since.is_none();
            } else if as_of != listing.as_of {
                return Err(not_understood("a later page is of another moment than the first"));
            }
            for right in rights {
                match self.is_wanted(&right) {
                    true => listing.rights.push(right),
                    // It may have been of a type that counts.
                    false => listing.deleted.push(right.id),
                }
            }
            listing.deleted.extend(deleted);
            listing.nameless += nameless;
            if listing.rights.len() + listing.deleted.len() > RIGHTS_MAX {
                return Err(ServiceError::NotUnderstood(format!(
                    "{part}: more than {RIGHTS_MAX} rights in one listing"
                )));
            }
            let Some(cursor) = next else { return Ok(listing) };
            url = first.clone();
            url.query_pairs_mut().append_pair("cursor", &cursor);
            if !seen.insert(cursor) {
                return Err(not_understood("the pages go round in a circle"));
            }
        }
        Err(not_understood("the listing has no end"))
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
}
