//! Everybody who has to do with somebody.
//!
//! A member and a person may be one where a link leads from one to the other, a row of a link file, an e-mail
//! or a number. Whatever is decided about who is who depends on those alone who can be reached in this way.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, LinkRule};
use crate::engine::link::LinkTable;
use crate::model::{
    Email, Holder, HolderId, HolderNumber, RecordId, SourceName, StoredLinks, TargetName,
};
use crate::store::{RecordsOfTarget, SinceRow, Store, StoreError, StoredHolder};

/// With more members than this, looking at everybody is not much more.
const MEMBERS_MAX: usize = 4_000;

/// What is known of a door's persons and their links, as far as they were reached.
#[derive(Debug, Default)]
pub(super) struct Door {
    pub persons: RecordsOfTarget,
    pub stored: StoredLinks,
}

/// Everybody who was reached.
#[derive(Debug, Default)]
pub(super) struct Related {
    pub members: BTreeMap<HolderId, StoredHolder>,
    /// In the order of the configuration.
    pub doors: Vec<Door>,
    /// The rows of the link files that lead from one to the other.
    pub table: LinkTable,
}

/// What leads further.
enum Step {
    Email(Email),
    Number(HolderNumber),
    Person(RecordId),
}

/// The search for them.
struct Search<'s> {
    store: &'s Store,
    /// The link files by name.
    files: Vec<String>,
    devices: Vec<&'s TargetName>,
    sources: BTreeSet<&'s SourceName>,
    rules: &'s [LinkRule],
    emails: BTreeSet<Email>,
    numbers: BTreeSet<HolderNumber>,
    persons: BTreeSet<RecordId>,
    open: Vec<Step>,
    found: Related,
    /// A member of an organisation that the configuration does not name is among them.
    meets_strangers: bool,
}

/// Finds everybody who has to do with these members, as they are now and as they were `before`. Nobody where
/// they are too many, or where one of them is of an organisation that the configuration does not name.
pub(super) fn related<'m>(
    store: &Store,
    config: &Config,
    now: impl Iterator<Item = &'m StoredHolder>,
    before: impl Iterator<Item = &'m StoredHolder>,
) -> Result<Option<Related>, StoreError> {
    let mut search = Search {
        store,
        files: config.link.files.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        devices: config.devices.iter().map(|device| &device.name).collect(),
        sources: config.sources.iter().map(|source| &source.name).collect(),
        rules: &config.link.by,
        emails: BTreeSet::new(),
        numbers: BTreeSet::new(),
        persons: BTreeSet::new(),
        open: Vec::new(),
        found: Related::default(),
        meets_strangers: false,
    };
    search.found.doors.resize_with(config.devices.len(), Door::default);
    for member in now {
        search.meet(member.clone())?;
    }
    for member in before {
        search.follow(&member.member);
    }
    while let Some(step) = search.open.pop() {
        match step {
            Step::Email(email) => search.email(&email)?,
            Step::Number(number) => search.number(&number)?,
            Step::Person(person) => search.person(&person)?,
        }
        if search.meets_strangers || search.found.members.len() > MEMBERS_MAX {
            return Ok(None);
        }
    }
    Ok(Some(search.found))
}

impl Search<'_> {
    fn by(&self, rule: LinkRule) -> bool {
        self.rules.contains(&rule)
    }

    /// Takes a member up, unless that was done already: as it is now, whatever the state file has.
    fn meet(&mut self, stored: StoredHolder) -> Result<(), StoreError> {
        let key = stored.key();
        if self.found.members.contains_key(key) {
            return Ok(());
        }
        if !self.sources.contains(&key.source) {
            self.meets_strangers = true;
            return Ok(());
        }
        for device in &self.devices {
            let linked = self.store.links().linked_to(device, key)?;
            self.open.extend(linked.map(Step::Person));
        }
        self.follow(&stored.member);
        self.found.members.insert(key.clone(), stored);
        Ok(())
    }

    /// What leads on from a member by itself.
    fn follow(&mut self, member: &Holder) {
        self.open.extend(member.email.clone().map(Step::Email));
        self.open.extend(member.number.clone().map(Step::Number));
    }

    fn email(&mut self, email: &Email) -> Result<(), StoreError> {
        if !self.emails.insert(email.clone()) {
            return Ok(());
        }
        let links = self.store.links();
        let mut leads = self.rows(|file| links.link_rows_by_email(file, email))?;
        if self.by(LinkRule::DeviceEmail) {
            for device in &self.devices {
                let there = self.store.devices().persons_by_email(device, email)?;
                leads |= !there.persons.is_empty();
                self.open.extend(there.persons.into_keys().map(Step::Person));
            }
        }
        // An e-mail that leads nowhere makes nobody a rival.
        if leads {
            for member in self.store.members().members_by_email(email)? {
                self.meet(member)?;
            }
        }
        Ok(())
    }

    fn number(&mut self, number: &HolderNumber) -> Result<(), StoreError> {
        if !self.numbers.insert(number.clone()) {
            return Ok(());
        }
        let links = self.store.links();
        let mut leads = self.rows(|file| links.link_rows_by_number(file, number))?;
        if self.by(LinkRule::HolderNumber)
            && let Ok(person) = RecordId::new(number.as_str())
        {
            leads = true;
            self.open.push(Step::Person(person));
        }
        if leads {
            for member in self.store.members().members_by_number(number)? {
                self.meet(member)?;
            }
        }
        Ok(())
    }

    /// A person id may be somebody on each door.
    fn person(&mut self, id: &RecordId) -> Result<(), StoreError> {
        if !self.persons.insert(id.clone()) {
            return Ok(());
        }
        for place in 0..self.devices.len() {
            let (Some(device), Some(door)) =
                (self.devices.get(place), self.found.doors.get_mut(place))
            else {
                continue;
            };
            let there = self.store.devices().person(device, id)?;
            let mut emails = there.persons.values().filter_map(|person| person.email.clone());
            if self.rules.contains(&LinkRule::DeviceEmail) {
                self.open.extend(emails.next().map(Step::Email));
            }
            door.persons.extend(there);
            let StoredLinks { links, former } = self.store.links().links_to(device, id)?;
            let keys: Vec<HolderId> = links.keys().cloned().collect();
            door.stored.links.extend(links);
            door.stored.former.extend(former);
            for key in keys {
                match self.store.members().member(&key)? {
                    Some(member) => self.meet(member)?,
                    // A link without a member is not this file's.
                    None => self.meets_strangers = true,
                }
            }
        }
        if self.by(LinkRule::HolderNumber)
            && let Ok(number) = HolderNumber::new(id.as_str())
        {
            self.open.push(Step::Number(number));
        }
        let links = self.store.links();
        self.rows(|file| links.link_rows_to(file, id)).map(drop)
    }

    /// Takes up rows of each link file, and says whether there are any.
    fn rows(
        &mut self,
        of_file: impl Fn(&str) -> Result<Vec<SinceRow>, StoreError>,
    ) -> Result<bool, StoreError> {
        let mut leads = false;
        for file in self.files.iter().filter(|_| self.rules.contains(&LinkRule::File)) {
            for (row, since) in of_file(file)? {
                leads = true;
                self.open.push(Step::Person(row.employee_no.clone()));
                self.open.extend(row.member.email().cloned().map(Step::Email));
                self.open.extend(row.member.number().cloned().map(Step::Number));
                self.found.table.insert(row, since);
            }
        }
        Ok(leads)
    }
}
