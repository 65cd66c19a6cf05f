//! Reading a device. Nothing here can change anything on it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use reqwest::Method;

use super::call::{Ask, Limits, Searches};
use super::client::Link;
use super::config::Settings;
use super::error::Error;
use super::login::LockState;
use super::manners::Manners;
use super::wire::{
    Abilities, DeviceClock, DeviceInfo, Document, Meaning, SearchPage, SearchWord, read_record,
    search_body, with_replaced_bytes,
};
use crate::model::{Flaw, RecordId, TargetName, Zone};
use crate::net::requests::RequestCount;
use crate::ports::progress::{Meter, Progress, Silent, Unit};
use crate::ports::{FullRecord, RecordList};

/// The most numbers one exact search may name.
pub const MAX_EXACT: usize = 30;

/// The most persons read from one device; the largest known holds 3,000, controllers 100,000.
pub const MAX_PERSONS: usize = 200_000;

/// Persons asked for per page.
const PAGE: usize = 30;

/// The page size tried when a device refuses the first one.
const SMALL_PAGE: usize = 10;

/// The most pages read in one search, so that no answer keeps us for ever.
const MAX_PAGES: usize = MAX_PERSONS / SMALL_PAGE + 100;

const SEARCH: &str = "/ISAPI/AccessControl/UserInfo/Search?format=json";

/// Reads one device, and can do nothing else. Keeps one connection and sends one request at a time.
/// After a refused login or a lock every call fails with the same error and sends nothing.
pub struct Reader {
    pub(super) link: Link,
    zone: Zone,
    page_size: usize,
    /// Set once a device answered an exact search with other persons, or refused its form.
    filter_is_ignored: bool,
    searches: Searches,
    name: TargetName,
    progress: Arc<dyn Progress>,
}

impl Reader {
    /// Prepares the connection, with what is known of how the device wants to be asked; nothing is sent
    /// yet.
    ///
    /// # Errors
    /// [`Error::Setup`] when the address or the TLS set-up is unusable.
    pub fn connect(config: &Settings, manners: Manners) -> Result<Self, Error> {
        Self::with_limits(config, manners, Limits::default())
    }

    pub(super) fn with_limits(
        config: &Settings,
        manners: Manners,
        limits: Limits,
    ) -> Result<Self, Error> {
        let link = Link::new(config, limits, manners)?;
        Ok(Self {
            link,
            zone: config.time_zone,
            page_size: PAGE,
            filter_is_ignored: false,
            searches: Searches::default(),
            name: config.name.clone(),
            progress: Silent::handle(),
        })
    }

    /// Counts its requests here.
    #[must_use]
    pub fn counted_by(mut self, requests: RequestCount) -> Self {
        self.link.count_with(requests);
        self
    }

    /// Lets somebody watch the reading of all persons.
    #[must_use]
    pub fn watched_by(self, progress: Arc<dyn Progress>) -> Self {
        Self { progress, ..self }
    }

    /// What is known of how the device wants to be asked, and what was learnt of it here.
    #[must_use]
    pub fn manners(&self) -> Manners {
        self.link.manners()
    }

    /// Tries again to keep connections, which another firmware was found not to.
    pub(super) fn keep_connections(&mut self) {
        self.link.keep_connections();
    }

    /// Keeps one more login try than the two that are always kept, because the login was refused before.
    pub fn keep_a_try(&mut self) {
        self.link.keep_a_try();
    }

    /// HTTP requests sent so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.link.requests()
    }

    /// What the device says about locks, without spending a login.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Timeout`] and the like; after a refused login that again.
    pub fn lock_state(&mut self) -> Result<LockState, Error> {
        self.link.lock_state()
    }

    /// Who the device is; also the probe for reachability and login.
    pub fn device_info(&mut self) -> Result<DeviceInfo, Error> {
        self.system(&Ask::device_info(), DeviceInfo::read)
    }

    /// What its clock shows.
    pub fn clock(&mut self) -> Result<DeviceClock, Error> {
        self.system(&Ask::get("device clock", "/ISAPI/System/time"), DeviceClock::read)
    }

    /// What it says it can do with persons.
    pub fn abilities(&mut self) -> Result<Abilities, Error> {
        const PATH: &str = "/ISAPI/AccessControl/UserInfo/capabilities?format=json";
        self.system(&Ask::get("person capabilities", PATH), Abilities::read)
    }

    fn system<T>(
        &mut self,
        ask: &Ask,
        read: fn(&Document) -> Result<T, String>,
    ) -> Result<T, Error> {
        self.link.call(ask)?.read(ask, |document| read(&document))
    }

    /// Reads all persons, page by page, and hands each over once.
    ///
    /// A number that two pages show is looked for by itself: pages can overlap, and where they do not,
    /// two entries have it.
    ///
    /// # Errors
    /// Any [`Error`] of a read; what was handed over before it is then not everybody.
    pub fn all_persons(&mut self, each: &mut dyn FnMut(FullRecord)) -> Result<RecordList, Error> {
        let meter = self.progress.begin(self.name.as_str(), Unit::Persons);
        let mut run = self.search(&[], meter.as_ref(), &mut |record| {
            each(record);
            ControlFlow::Continue(())
        })?;
        if let Some(numbers) = run.doubtful() {
            match self.search(&numbers, &Silent, &mut |_| ControlFlow::Continue(())) {
                Ok(exact) => run.learn(exact),
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(run.list())
    }

    /// Reads just these persons; one that is absent from the answer is not on the device. Asks for at
    /// most `MAX_EXACT` at a time and checks every number that comes back; where the device ignores the
    /// question, pages through everybody instead.
    ///
    /// # Errors
    /// Any [`Error`] of a read; [`Error::Wire`] when somebody was not found but the answer was not
    /// certainly everybody.
    pub fn persons(
        &mut self,
        wanted: &[RecordId],
    ) -> Result<BTreeMap<RecordId, FullRecord>, Error> {
        let wanted: Vec<RecordId> =
            wanted.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found = BTreeMap::new();
        for numbers in wanted.chunks(MAX_EXACT) {
            if self.filter_is_ignored || !self.exact(numbers, &mut found)? {
                self.filter_is_ignored = true;
                return self.pick(&wanted);
            }
        }
        Ok(found)
    }

    /// One exact search; false when the device did not understand it.
    fn exact(
        &mut self,
        numbers: &[RecordId],
        found: &mut BTreeMap<RecordId, FullRecord>,
    ) -> Result<bool, Error> {
        let mut foreign = false;
        let list = self.search(numbers, &Silent, &mut |record| {
            if numbers.binary_search(&record.person.employee_no).is_err() {
                foreign = true;
                return ControlFlow::Break(());
            }
            found.insert(record.person.employee_no.clone(), record);
            ControlFlow::Continue(())
        });
        match list {
            _ if foreign => Ok(false),
            Ok(run) => {
                let list = run.list();
                mark(found, &list.twice);
                // Here an entry without a number could be one of those asked for.
                let sure = list.complete && list.unusable.is_empty();
                certain(&list, sure || numbers.iter().all(|number| found.contains_key(number)))
                    .map(|()| true)
            }
            Err(Error::Refused(status)) if status.meaning() == Meaning::FormRefused => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn pick(&mut self, wanted: &[RecordId]) -> Result<BTreeMap<RecordId, FullRecord>, Error> {
        let mut found = BTreeMap::new();
        let list = self.all_persons(&mut |record| {
            if wanted.binary_search(&record.person.employee_no).is_ok() {
                found.insert(record.person.employee_no.clone(), record);
            }
        })?;
        certain(&list, list.complete || found.len() == wanted.len())?;
        mark(&mut found, &list.twice);
        Ok(found)
    }

    /// Runs one search, from 0 again once if the device forgets it on the way, and with a smaller page
    /// if it refuses the size.
    fn search(
        &mut self,
        wanted: &[RecordId],
        meter: &dyn Meter,
        each: &mut dyn FnMut(FullRecord) -> ControlFlow<()>,
    ) -> Result<Run, Error> {
        let mut run = Run::default();
        let until = Instant::now().checked_add(self.link.listing_max());
        let mut restarted = false;
        let page_size = self.page_size;
        loop {
            run.start(self.searches.next_id());
            let error = match self.pages(wanted, until, meter, &mut run, each) {
                Ok(()) => return Ok(run),
                Err(error) => error,
            };
            let Error::Refused(status) = &error else { return Err(error) };
            match status.meaning() {
                Meaning::SearchExpired if !restarted => restarted = true,
                Meaning::FormRefused if run.position == 0 && self.page_size > SMALL_PAGE => {
                    self.page_size = SMALL_PAGE;
                }
                _ => {
                    // The size was not what it minded.
                    self.page_size = page_size;
                    return Err(error);
                }
            }
        }
    }

    fn pages(
        &mut self,
        wanted: &[RecordId],
        until: Option<Instant>,
        meter: &dyn Meter,
        run: &mut Run,
        each: &mut dyn FnMut(FullRecord) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        loop {
            if run.pages > 0 && until.is_some_and(|until| Instant::now() > until) {
                return Err(Error::Timeout { call: "person list" });
            }
            let ask = Ask {
                call: "person search",
                method: Method::POST,
                path: SEARCH.into(),
                body: Some(search_body(&run.id, run.position, self.page_size, wanted)),
                write: false,
                personal: true,
            };
            let answer = match self.link.call(&ask) {
                Ok(answer) => answer,
                // Beyond the end, as far as the device says where that is: read, and certain only
                // where it does say.
                Err(Error::Refused(status))
                    if run.position > 0
                        && run.total.is_none_or(|total| run.position >= total)
                        && status.meaning() != Meaning::SearchExpired =>
                {
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let page = answer.read(&ask, |document| {
                SearchPage::read(document)
                    .map_err(|what| format!("{what} (page at offset {})", run.position))
            })?;
            let is_last = run.take(page, self.page_size, self.zone, each).is_break();
            meter.show(run.read_so_far(), run.total);
            if is_last {
                return Ok(());
            }
        }
    }
}

/// Says of the persons with these numbers that several entries have them.
fn mark(found: &mut BTreeMap<RecordId, FullRecord>, twice: &BTreeSet<RecordId>) {
    for number in twice {
        if let Some(record) = found.get_mut(number) {
            record.person.flaw = Some(Flaw::Twice);
        }
    }
}

/// Somebody who was not found is absent only if everybody was read.
fn certain(list: &RecordList, sure: bool) -> Result<(), Error> {
    if sure {
        return Ok(());
    }
    let what = format!(
        "the device gave {} of {} persons, so nobody can be said to be absent",
        list.count,
        list.total_stated
            .map_or_else(|| "an unknown number of".to_owned(), |total| total.to_string())
    );
    Err(Error::Wire { call: "person search", what, excerpt: String::new() })
}

/// One search on its way.
#[derive(Default)]
struct Run {
    id: String,
    position: usize,
    pages: usize,
    total: Option<usize>,
    /// The total changed between pages: somebody edits in parallel, and rows may have been skipped.
    total_moved: bool,
    ended: bool,
    seen: BTreeSet<RecordId>,
    /// Numbers that an earlier page had, too.
    again: BTreeSet<RecordId>,
    /// How many entries more than one a single page had of a number.
    extra: BTreeMap<RecordId, usize>,
    /// Reasons with the content they belong to, so that an entry met twice counts once.
    unusable: BTreeMap<String, String>,
}

impl Run {
    fn start(&mut self, id: String) {
        self.id = id;
        self.position = 0;
        self.total = None;
        self.total_moved = false;
        self.again.clear();
    }

    fn read_so_far(&self) -> usize {
        self.seen.len() + self.unusable.len() + self.extra.values().sum::<usize>()
    }

    /// The numbers that several entries may have, where that is in question and they are few: a device that
    /// gives the same page for ever has many.
    fn doubtful(&self) -> Option<Vec<RecordId>> {
        let is_in_question = self.total.is_none_or(|total| self.read_so_far() < total);
        let is_few = (1..=SMALL_PAGE).contains(&self.again.len());
        (is_in_question && is_few).then(|| self.again.iter().cloned().collect())
    }

    /// Takes over what a search for the doubtful numbers showed on one page.
    fn learn(&mut self, exact: Self) {
        let asked = exact.extra.into_iter().filter(|(number, _)| self.again.contains(number));
        for (number, extra) in asked {
            let known = self.extra.entry(number).or_default();
            *known = extra.max(*known);
        }
    }

    /// Takes one page in, for which `asked` entries were asked; says whether it was the last one.
    fn take(
        &mut self,
        page: SearchPage,
        asked: usize,
        zone: Zone,
        each: &mut dyn FnMut(FullRecord) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.pages += 1;
        self.total_moved |= self.total.is_some() && page.total != self.total;
        self.total = page.total.max(self.total);
        let before = self.read_so_far();
        let size = page.persons.len();
        let mut here: BTreeMap<RecordId, usize> = BTreeMap::new();
        for (at, value) in page.persons.iter().enumerate() {
            match read_record(value, zone) {
                Ok(record) => {
                    let number = record.person.employee_no.clone();
                    let others = here.entry(number.clone()).or_default();
                    if *others > 0 {
                        let known = self.extra.entry(number).or_default();
                        *known = (*known).max(*others);
                    } else if self.seen.insert(number.clone()) {
                        each(with_replaced_bytes(record, page.replaced))?;
                    } else {
                        self.again.insert(number);
                    }
                    *others += 1;
                }
                Err(reason) => {
                    let place = format!("the entry at offset {} {reason}", self.position + at);
                    self.unusable.entry(value.to_string()).or_insert(place);
                }
            }
        }
        self.position += size;
        // The stated total ends the reading of a device that always says MORE. Not before so many
        // were seen, as pages can overlap; not before this pass came so far, as entries of an
        // earlier one are seen already after a restart; and not with a full page, as a total that
        // is too low must not hide whoever comes next.
        let reached = size < asked
            && self.total.is_some_and(|total| self.position.min(self.read_so_far()) >= total);
        let nothing_new = self.read_so_far() == before && self.position > self.read_so_far();
        let said_so = matches!(page.word, SearchWord::Last | SearchWord::NoMatch);
        self.ended = said_so;
        let limit = self.pages >= MAX_PAGES || self.read_so_far() >= MAX_PERSONS;
        if said_so || size == 0 || reached || nothing_new || limit || page.word != SearchWord::More
        {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn list(self) -> RecordList {
        // A list that repeats more entries than it has numbers is none.
        let is_list = self.extra.values().sum::<usize>() <= self.seen.len();
        let complete = is_list
            && match self.total {
                Some(total) => self.read_so_far() >= total && !self.total_moved,
                None => self.ended,
            };
        RecordList {
            count: self.seen.len(),
            total_stated: self.total,
            pages: self.pages,
            complete,
            unusable: self.unusable.into_values().collect(),
            twice: self.extra.into_keys().collect(),
        }
    }
}
