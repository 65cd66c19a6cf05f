//! Tests of the state file. Helpers here; what is tested, in the files.

mod file;
mod future;
mod growth;
mod health;
mod journal;
mod member_plates;
mod memory;
mod records;
mod statements;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::*;
use crate::config::LinkRule;
use crate::engine::link::{Served, StoredLink, StoredLinks};
use crate::model::{
    Email, Holder, HolderId, HolderNumber, Limit, Record, RecordId, RecordStanding, Right,
    RightCode, SourceName, TargetName, UnreadableRight, Window, parse_time,
};

/// A state file in a folder of its own.
struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ivms-sync.db")
    }

    fn open(&self) -> Store {
        Store::open(&self.path()).unwrap()
    }

    /// What stands in the way of opening.
    fn refused(&self) -> StoreError {
        Store::open(&self.path()).unwrap_err()
    }
}

/// A moment so many minutes after a fixed one.
fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn time(text: &str) -> NaiveDateTime {
    parse_time(text).unwrap()
}

fn window(begin: &str, end: &str) -> Window {
    Window::new(time(begin), time(end)).unwrap()
}

fn year() -> Window {
    window("2026-01-01T00:00:00", "2026-12-31T23:59:59")
}

fn club() -> &'static SourceName {
    static CLUB: LazyLock<SourceName> = LazyLock::new(|| SourceName::new("club").unwrap());
    &CLUB
}

fn spa() -> SourceName {
    SourceName::new("spa").unwrap()
}

fn door() -> TargetName {
    TargetName::new("front-door").unwrap()
}

fn id(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

fn role(number: i64, begin: &str, end: &str) -> Right {
    Right::by_wall_clock(RightCode::whole(number).unwrap(), time(begin), time(end))
}

fn unreadable(number: i64, problem: &str) -> UnreadableRight {
    UnreadableRight { id: RightCode::whole(number).unwrap(), problem: problem.to_owned() }
}

fn key(source: &SourceName, number: i64) -> HolderId {
    HolderId::new(source.clone(), &format!("{number}/1990-02-28")).unwrap()
}

fn member(number: i64) -> StoredHolder {
    let member = Holder {
        key: key(club(), number),
        number: HolderNumber::whole(number).ok(),
        first_name: "Žiga".into(),
        last_name: "O'Novák; DROP TABLE member".into(),
        email: Email::parse(&format!("ziga{number}@club.example")),
        inactive: false,
        roles: vec![
            role(1, "2026-01-01T00:00:00", "2026-06-30T00:00:00"),
            role(1, "2026-07-01T00:00:00", "2026-12-31T00:00:00"),
            role(3126, "1900-01-01T00:00:00", "9999-12-31T23:59:59"),
        ],
        unreadable: vec![],
    };
    StoredHolder::seen(member, at(0))
}

/// A link by this rule, under which nobody was served yet.
fn link(person: &str, rule: LinkRule) -> StoredLink {
    StoredLink { employee_no: id(person), rule, name: 7, email: -7, made_at: at(0), served: None }
}

fn person(number: &str) -> Record {
    Record {
        employee_no: id(number),
        name: "Žiga 漢 Novak".into(),
        standing: RecordStanding::Free,
        limit: Limit::Window(year()),
        flaw: None,
        email: Email::parse("ziga@club.example"),
        fingerprint: "0f".repeat(32),
    }
}

fn list(persons: impl IntoIterator<Item = Record>) -> BTreeMap<RecordId, Record> {
    persons.into_iter().map(|person| (person.employee_no.clone(), person)).collect()
}

/// Records these persons as the whole list of the door.
fn read_door(store: &Store, persons: impl IntoIterator<Item = Record>) {
    let persons = list(persons);
    let reading = Reading { serial: "DS-K1T342", version: "V3.18.0", persons: &persons, at: at(0) };
    store.devices().record_reading(&door(), &reading).unwrap();
}

/// Records these members as an accepted complete listing.
fn list_members(store: &Store, members: &[StoredHolder]) {
    let state = SourceState {
        complete_at: Some(at(0)),
        fetched_at: Some(at(0)),
        complete_members: Some(members.len()),
        second_look: None,
    };
    let changed: Vec<_> = members.iter().cloned().map(whole).collect();
    store.members().record_listing(club(), &ListingDelta { changed: &changed, state }).unwrap();
}

/// A member of whom everything may be news.
fn whole(stored: StoredHolder) -> Changed {
    Changed { stored, keeps_email_and_roles: false }
}
