//! The wire of officers' handhelds: one question for each area, and a list of who parks there.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Utc};

use super::seed::{self, SESSIONS};
use super::wire::Reading;
use super::wire_xml::{self, Entry};
use crate::model::{ParkingZoneName, RightId, Zone};
use crate::net::service::{Question, Service, ServiceError};
use crate::ports::{Failure, ListedRight, RightsListing, RightsService};

/// One service, and the areas that it is asked for.
#[derive(Debug)]
pub struct Areas {
    pub(super) service: Service,
    pub(super) names: Vec<ParkingZoneName>,
    pub(super) times: Zone,
    pub(super) reading: Reading,
}

impl Areas {
    fn listing(&self, at: DateTime<Utc>) -> Result<RightsListing, ServiceError> {
        let not_understood =
            |text: &str| ServiceError::NotUnderstood(format!("{SESSIONS}: {text}"));
        let mut rights: BTreeMap<RightId, ListedRight> = BTreeMap::new();
        let mut listing = RightsListing {
            as_of: Some(at),
            is_whole: true,
            is_live: true,
            ..RightsListing::default()
        };
        let began = Instant::now();
        for area in &self.names {
            // A question changes nothing, although it is a POST.
            let question = wire_xml::question(area.as_str());
            let question = Question::Post { content_type: "text/xml", body: &question };
            let answer = self.service.ask_within(self.service.url(), question, began.elapsed())?;
            listing.server_time = listing.server_time.or(answer.server_time);
            let entries = wire_xml::list(&answer.body, area.as_str(), self.times, &self.reading)
                .map_err(|error| not_understood(&error.to_string()))?;
            for entry in entries {
                match entry {
                    Entry::AboutNoCar => listing.nameless += 1,
                    Entry::OtherClock => return Err(other_clock(self.times)),
                    Entry::Session(right) => {
                        let right = match rights.remove(&right.id) {
                            Some(known) => wire_xml::longer(known, *right),
                            None => *right,
                        };
                        rights.insert(right.id.clone(), right);
                    }
                }
            }
            seed::within(SESSIONS, rights.len())?;
        }
        listing.rights = rights.into_values().collect();
        Ok(listing)
    }
}

/// Rows that are read by another clock would be wrong by hours, so that none of them is taken.
fn other_clock(times: Zone) -> ServiceError {
    ServiceError::Misconfigured {
        text: format!("{SESSIONS}: TimeZone of a row is not that of `times` = \"{times}\""),
        hint: "correct `times` in the configuration: the clock of the city may have been switched",
    }
}

impl RightsService for Areas {
    fn list(
        &self,
        _: &str,
        _: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<RightsListing, Failure> {
        Ok(self.listing(at)?)
    }
}
