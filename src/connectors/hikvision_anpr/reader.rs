//! Reading a camera. Nothing here changes anything on it.

use std::borrow::Cow;
use std::time::Instant;

use chrono::NaiveDate;
use reqwest::Method;

use super::config::Settings;
use super::failures::Refusal;
use super::listing::{Listing, Run};
use super::ways::{Family, Remembered, Search, Ways};
use super::wire::{Entry, Page, Reading, audit, bare, capacity, vcl};
use crate::connectors::hikvision::call::{Ask, Limits, Searches};
use crate::connectors::hikvision::client::Link;
use crate::connectors::hikvision::wire::{Document, Meaning};
use crate::connectors::hikvision::{DeviceClock, DeviceInfo, Error, ResponseStatus};
use crate::model::Zone;
use crate::net::requests::RequestCount;

/// Rows asked for per page of the older family.
const VCL_PAGE: usize = 100;

const SEARCH: &str = "plate search";

/// Where the list of the older family is.
pub(super) const VCL: &str = "/ISAPI/ITC/Entrance/VCL";

/// Reads one camera, and keeps one connection to it.
pub(super) struct Reader {
    pub(super) link: Link,
    channel: u8,
    zone: Zone,
    remembered: Remembered,
    searches: Searches,
    /// The day that its clock showed last.
    today: Option<NaiveDate>,
}

impl Reader {
    pub(super) fn connect(
        config: &Settings,
        remembered: Remembered,
        limits: Limits,
        count: RequestCount,
    ) -> Result<Self, Error> {
        let mut link = Link::new(&config.device, limits, remembered.manners)?;
        link.count_with(count);
        Ok(Self {
            link,
            channel: config.channel,
            zone: config.device.time_zone,
            remembered,
            searches: Searches::default(),
            today: None,
        })
    }

    /// What was known, with what was learnt here.
    pub(super) fn remembered(&self) -> Remembered {
        Remembered { manners: self.link.manners(), ..self.remembered.clone() }
    }

    pub(super) fn ways(&self) -> &Ways {
        &self.remembered.ways
    }

    pub(super) fn ways_mut(&mut self) -> &mut Ways {
        &mut self.remembered.ways
    }

    /// How the times of its rows are to be understood, as far as that is known.
    pub(super) fn reading(&self) -> Reading {
        let Ways { begin, keeps_days, .. } = self.remembered.ways;
        Reading { zone: self.zone, begin, keeps_days }
    }

    /// Who it is; what was learnt of another firmware is forgotten.
    pub(super) fn device_info(&mut self) -> Result<DeviceInfo, Error> {
        let ask = Ask::device_info();
        let info = self.link.call(&ask)?.read(&ask, |document| DeviceInfo::read(&document))?;
        if self.remembered.firmware != info.firmware {
            if self.remembered.manners.one_request_per_connection
                && !self.remembered.firmware.is_empty()
            {
                self.link.keep_connections();
            }
            self.remembered = Remembered {
                manners: self.link.manners(),
                firmware: info.firmware.clone(),
                ways: Ways::default(),
            };
        }
        Ok(info)
    }

    pub(super) fn clock(&mut self) -> Result<DeviceClock, Error> {
        let ask = Ask::get("camera clock", "/ISAPI/System/time");
        let clock = self.link.call(&ask)?.read(&ask, |document| DeviceClock::read(&document))?;
        self.today = Some(clock.local.date());
        Ok(clock)
    }

    /// The day on its clock, asked for where that was not done yet.
    pub(super) fn today(&mut self) -> Option<NaiveDate> {
        if self.today.is_none()
            && let Err(error) = self.clock()
        {
            log::debug!("{error}");
        }
        self.today
    }

    /// The most rows that it says it holds.
    pub(super) fn capacity(&mut self) -> Result<Option<u64>, Error> {
        const AUDIT: &str = "/ISAPI/Traffic/capabilities";
        const OLDER: &str = "/ISAPI/ITC/Entrance/VCL/capabilities";
        let paths = match self.ways().family {
            Some(Family::Audit) => &[AUDIT][..],
            Some(Family::Vcl) => &[OLDER],
            None => &[AUDIT, OLDER],
        };
        for path in paths {
            let ask = Ask::get("plate capabilities", *path);
            let said = self.link.call(&ask);
            let said =
                said.and_then(|answer| answer.read(&ask, |document| Ok(capacity(&document.root))));
            match said {
                Ok(None)
                | Err(Error::Refused(_) | Error::MissingRight { .. } | Error::Wire { .. }) => {}
                other => return other,
            }
        }
        Ok(None)
    }

    /// The path of a call of the newer family.
    pub(super) fn traffic(&self, call: &str) -> Cow<'static, str> {
        format!("/ISAPI/Traffic/channels/{}/{call}", self.channel).into()
    }

    /// Reads the rows of one plate, as it is shown or as letters and digits.
    ///
    /// # Errors
    /// Any [`Error`] of a read; [`Error::Wire`] where none was found and the list was not certainly whole.
    pub(super) fn find(&mut self, plate: &str) -> Result<Vec<Entry>, Error> {
        let wanted = bare(plate);
        let is_wanted = |entry: &Entry| bare(&entry.plate) == wanted;
        if self.ways().finds_plates != Some(false) {
            match self.listing(Some(plate)) {
                Ok(Listing { entries, is_complete, .. }) => {
                    let is_foreign = |entry: &Entry| !bare(&entry.plate).contains(&wanted);
                    let is_ignored = entries.iter().any(is_foreign);
                    let found: Vec<Entry> = entries.into_iter().filter(is_wanted).collect();
                    if is_ignored {
                        self.ways_mut().finds_plates = Some(false);
                    } else if !found.is_empty() {
                        self.ways_mut().finds_plates = Some(true);
                        return Ok(found);
                    } else if is_complete && self.ways().finds_plates == Some(true) {
                        // Elsewhere a search that never finds anything would look the same.
                        return Ok(found);
                    }
                }
                Err(Error::Refused(_)) => self.ways_mut().finds_plates = Some(false),
                Err(error) => return Err(error),
            }
        }
        let list = self.listing(None)?;
        let count = list.entries.len();
        let found: Vec<Entry> = list.entries.into_iter().filter(is_wanted).collect();
        if found.is_empty() && !list.is_complete {
            let of = list.total.map_or_else(|| "unknown".to_owned(), |total| total.to_string());
            let what = format!("the list was not read whole ({count} rows of {of})");
            return Err(Error::Wire { call: SEARCH, what, excerpt: String::new() });
        }
        Ok(found)
    }

    /// Reads all rows, or those of one plate, page by page. Which family of calls the camera has is found
    /// out on the way.
    pub(super) fn listing(&mut self, plate: Option<&str>) -> Result<Listing, Error> {
        if let Some(family) = self.ways().family {
            return self.listing_of(family, plate);
        }
        let error = match self.listing_of(Family::Audit, plate) {
            Ok(listing) => {
                self.ways_mut().family = Some(Family::Audit);
                return Ok(listing);
            }
            Err(error) => error,
        };
        let is_other = match &error {
            Error::Refused(status) => Refusal::of(status) == Refusal::NoSuchCall,
            // A bare 403 may mean either.
            Error::MissingRight { http, .. } => *http == 403,
            _ => false,
        };
        if !is_other {
            return Err(error);
        }
        match self.listing_of(Family::Vcl, plate) {
            Ok(listing) => {
                self.ways_mut().family = Some(Family::Vcl);
                Ok(listing)
            }
            Err(Error::Refused(_) | Error::MissingRight { .. }) => Err(error),
            Err(other) => Err(other),
        }
    }

    /// Runs one search, from 0 again once if the camera forgets it on the way, and in other forms if it
    /// refuses the first page.
    fn listing_of(&mut self, family: Family, plate: Option<&str>) -> Result<Listing, Error> {
        let until = Instant::now().checked_add(self.link.listing_max());
        let mut search = self.ways().search;
        let mut is_again = false;
        loop {
            let mut run = Run::default();
            let status = match self.pages(family, search, plate, until, &mut run) {
                Ok(()) => {
                    self.ways_mut().search = search;
                    return Ok(run.listing());
                }
                Err(Error::Refused(status)) => status,
                Err(error) => return Err(error),
            };
            let is_form = family == Family::Audit && is_about_the_form(&status);
            if status.meaning() == Meaning::SearchExpired && !is_again {
                is_again = true;
            } else if is_form
                && run.pages == 0
                && let Some(next) = search.next(is_about_the_root(&status))
            {
                log::debug!("{}: another form is tried", SEARCH);
                search = next;
            } else {
                // What was learnt before is not what it wants now.
                self.ways_mut().search = Search::default();
                return Err(Error::Refused(status));
            }
        }
    }

    fn pages(
        &mut self,
        family: Family,
        search: Search,
        plate: Option<&str>,
        until: Option<Instant>,
        run: &mut Run,
    ) -> Result<(), Error> {
        let id = self.searches.next_id();
        loop {
            if run.pages > 0 && until.is_some_and(|until| Instant::now() > until) {
                return Err(Error::Timeout { call: SEARCH });
            }
            let (path, body, asked) = match family {
                Family::Audit => {
                    let body = audit::search_body(search, &id, run.position, plate);
                    (self.traffic("searchLPListAudit"), body, search.page)
                }
                Family::Vcl => {
                    (VCL.into(), vcl::search_body(VCL_PAGE, run.position, plate), VCL_PAGE)
                }
            };
            let ask = Ask {
                call: SEARCH,
                method: Method::POST,
                path,
                body: Some(body),
                write: false,
                personal: true,
            };
            let answer = match self.link.call(&ask) {
                Ok(answer) => answer,
                // Beyond the end: read, and complete only where the camera counts as many.
                Err(Error::Refused(status))
                    if run.is_beyond() && status.meaning() != Meaning::SearchExpired =>
                {
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let read: fn(&Document) -> Result<Page, String> = match family {
                Family::Audit => audit::page,
                Family::Vcl => vcl::page,
            };
            let page = answer.read(&ask, |document| {
                read(&document).map_err(|what| format!("{what} (page at offset {})", run.position))
            })?;
            if !run.take(page, asked) {
                return Ok(());
            }
        }
    }
}

/// Whether a search was refused for what it looks like.
fn is_about_the_form(status: &ResponseStatus) -> bool {
    let refusal = Refusal::of(status);
    matches!(refusal, Refusal::Form | Refusal::Times | Refusal::Word)
        && status.meaning() != Meaning::SearchExpired
}

/// Whether it was refused for what all of it is called, and no field of it.
fn is_about_the_root(status: &ResponseStatus) -> bool {
    ["badXmlContent", "badXmlFormat"]
        .iter()
        .any(|code| status.sub_status.eq_ignore_ascii_case(code))
}
