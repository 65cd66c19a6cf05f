//! Links between members and persons, and the rows of link files.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};

use super::rows::{Columns, FromColumns, Sink, ToColumns, damaged, row};
use super::{Links, Store, StoreError, StoreProblem, seal};
use crate::model::{
    Email, HolderId, HolderNumber, LinkRow, MemberNamed, RecordId, RightCode, Served, SourceName,
    StoredLink, StoredLinks, TargetName, UnusableRow,
};

/// A row of a link file, with the time since when the file holds it.
pub type SinceRow = (LinkRow, DateTime<Utc>);

/// The roles that open a device, by organisation; `None` for every role.
pub type SettledRoles = BTreeMap<SourceName, Option<BTreeSet<RightCode>>>;

row!(Served, 3 { window, is_loss_accepted });
row!(StoredLink { employee_no, rule, name, email, made_at, served });

/// Who a row of a link file is of: e-mail and number; the one that it does not have is empty.
impl FromColumns for MemberNamed {
    const WIDTH: usize = 2;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let (email, number): (Option<Email>, Option<HolderNumber>) =
            (columns.next_unless("")?, columns.next_unless("")?);
        let member = Self::new(email, number);
        member.ok_or_else(|| damaged("a member", "a row of a link file"))
    }
}

impl ToColumns for MemberNamed {
    const WIDTH: usize = 2;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        self.email().map_or("", Email::as_str).write(to)?;
        self.number().map_or("", HolderNumber::as_str).write(to)
    }
}

/// A row that links a member.
impl FromColumns for LinkRow {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let (member, employee_no, line) = columns.next()?;
        Ok(Self { line, employee_no, member })
    }
}

impl ToColumns for LinkRow {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        (&self.member, &self.employee_no, self.line).write(to)
    }
}

/// A row that links nobody.
impl FromColumns for UnusableRow {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let (line, reason, cell, employee_no) = columns.next()?;
        let emails: String = columns.next()?;
        let emails = emails.split(' ').filter_map(Email::parse).collect();
        let number = columns.next()?;
        Ok(Self { line, reason, cell, employee_no, emails, number })
    }
}

impl ToColumns for UnusableRow {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        let emails: Vec<&str> = self.emails.iter().map(Email::as_str).collect();
        let emails = emails.join(" ");
        (self.line, self.reason, &self.cell, &self.employee_no, &emails, &self.number).write(to)
    }
}

/// Roles of a device: `*` for every one.
struct Roles<S>(Option<S>);

impl FromColumns for Roles<BTreeSet<RightCode>> {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        Ok(Self(columns.next_unless("*")?))
    }
}

impl ToColumns for Roles<&BTreeSet<RightCode>> {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        match self.0 {
            Some(roles) => roles.write(to),
            None => "*".write(to),
        }
    }
}

impl Links<'_> {
    /// What is remembered of the links of a device.
    pub fn links(&self, device: &TargetName) -> Result<StoredLinks, StoreError> {
        self.read_links(
            "SELECT source, holder, employee_no, rule, name_digest, email_digest, made_at, \
             served_begin, served_end, is_loss_accepted, link.seal \
             FROM link JOIN member ON member.id = link.member WHERE device = ?1",
            "SELECT employee_no, source, holder FROM former_link WHERE device = ?1",
            device,
            device,
        )
    }

    /// What is remembered of the links to one person of a device.
    pub fn links_to(
        &self,
        device: &TargetName,
        person: &RecordId,
    ) -> Result<StoredLinks, StoreError> {
        self.read_links(
            "SELECT source, holder, employee_no, rule, name_digest, email_digest, made_at, \
             served_begin, served_end, is_loss_accepted, link.seal \
             FROM link INDEXED BY link_person JOIN member ON member.id = link.member \
             WHERE device = ?1 AND employee_no = ?2",
            "SELECT employee_no, source, holder FROM former_link \
             WHERE device = ?1 AND employee_no = ?2",
            device,
            (device, person),
        )
    }

    /// The person of a device whom a member is linked to.
    pub fn linked_to(
        &self,
        device: &TargetName,
        member: &HolderId,
    ) -> Result<Option<RecordId>, StoreError> {
        self.0.first(
            "SELECT employee_no FROM link WHERE device = ?1 AND member = \
             (SELECT id FROM member WHERE source = ?2 AND holder = ?3)",
            (device, member),
        )
    }

    fn read_links<P: ToColumns + Copy>(
        &self,
        links: &str,
        former: &str,
        device: &TargetName,
        params: P,
    ) -> Result<StoredLinks, StoreError> {
        let store = self.0;
        let mut stored = StoredLinks::default();
        type Row = (HolderId, StoredLink, Option<i64>);
        store.prepare(links)?.each(params, |(key, link, sealed): Row| {
            seal::check(sealed, seal::seal_of(&(device, &key, &link), &store.accounts), "a link")?;
            stored.links.insert(key, link);
            Ok(())
        })?;
        store.prepare(former)?.each(params, |(person, member): (RecordId, HolderId)| {
            stored.former.entry(person).or_default().insert(member);
            Ok(())
        })?;
        Ok(stored)
    }

    /// Stores links that are new or changed. A link to another person than before replaces the old one,
    /// and takes the person from whoever was linked to them; both are remembered as former links.
    /// `known` is what is stored now.
    pub fn record_links(
        &self,
        device: &TargetName,
        known: &StoredLinks,
        news: &[(HolderId, StoredLink)],
    ) -> Result<(), StoreError> {
        let goes_elsewhere = |(key, link): &&(HolderId, StoredLink)| {
            known.links.get(key).is_none_or(|old| old.employee_no != link.employee_no)
        };
        let moved: Vec<_> = news.iter().filter(goes_elsewhere).collect();
        let held: HashSet<&RecordId> = match moved.is_empty() {
            true => HashSet::new(),
            false => known.links.values().map(|link| &link.employee_no).collect(),
        };
        self.0.together(|store| {
            store.devices().know_device(device)?;
            for (key, link) in moved {
                if known.links.contains_key(key) || held.contains(&link.employee_no) {
                    replace_links(store, device, key, &link.employee_no)?;
                }
            }
            let mut put = store.prepare(
                "INSERT INTO link SELECT ?1, id, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM member \
                 WHERE source = ?2 AND holder = ?3 \
                 ON CONFLICT (device, member) DO UPDATE SET employee_no = ?4, rule = ?5, \
                 name_digest = ?6, email_digest = ?7, made_at = ?8, served_begin = ?9, \
                 served_end = ?10, is_loss_accepted = ?11, seal = ?12",
            )?;
            for (key, link) in news {
                let row = (device, key, link);
                let seal =
                    seal::seal_of(&row, &store.accounts).map_err(|error| store.error(error))?;
                put.run((row, seal))?;
            }
            Ok(())
        })
    }

    /// The roles that opened a device when all that followed from them was last settled; `None` for
    /// every role. An organisation that is not in it has nothing settled there yet.
    pub fn settled_roles(&self, device: &TargetName) -> Result<SettledRoles, StoreError> {
        let rows: Vec<(SourceName, Roles<BTreeSet<RightCode>>)> =
            self.0.all("SELECT source, roles FROM door_roles WHERE device = ?1", device)?;
        Ok(rows.into_iter().map(|(source, roles)| (source, roles.0)).collect())
    }

    /// Remembers the roles from which nothing follows any more on a device.
    pub fn record_settled_roles(
        &self,
        device: &TargetName,
        source: &SourceName,
        roles: Option<&BTreeSet<RightCode>>,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "INSERT INTO door_roles (device, source, roles) VALUES (?1, ?2, ?3) \
             ON CONFLICT (device, source) DO UPDATE SET roles = ?3",
            (device, source, Roles(roles)),
        )
    }

    /// The SHA-256 of a link file when it was last read.
    pub fn link_file_hash(&self, path: &str) -> Result<Option<String>, StoreError> {
        self.0.first("SELECT sha256 FROM link_file WHERE path = ?1", path)
    }

    /// Replaces the rows of a link file, those left out among them. Each row comes with the time since
    /// when the file holds it.
    pub fn record_link_file(
        &self,
        path: &str,
        sha256: &str,
        rows: &[(LinkRow, DateTime<Utc>)],
        left_out: &[UnusableRow],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.together(|store| {
            let sealed = rows.iter().map(|row| Ok((row, seal::seal_of(row, &store.accounts)?)));
            let sealed: Vec<_> =
                sealed.collect::<Result<_, StoreProblem>>().map_err(|error| store.error(error))?;
            let seal = seal::of_all(sealed.iter().map(|(_, seal)| *seal));
            store.exec("DELETE FROM link_file WHERE path = ?1", path)?;
            store
                .exec("INSERT INTO link_file VALUES (?1, ?2, ?3, ?4)", (path, sha256, at, seal))?;
            store
                .prepare("INSERT INTO link_row VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                .run_each(sealed.iter().map(|(row, seal)| (path, row, seal)))?;
            store
                .prepare("INSERT INTO link_row_left_out VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                .run_each(left_out.iter().map(|row| (path, row)))
        })
    }

    /// The stored rows of a link file, in no order, each with the time since when the file holds it.
    pub fn link_rows(&self, path: &str) -> Result<Vec<SinceRow>, StoreError> {
        let store = self.0;
        let sql =
            "SELECT email, number, employee_no, line, since_at, seal FROM link_row WHERE path = ?1";
        let (found, sealed): (_, Option<Option<i64>>) = store.at_once(|| {
            let found = self.read_link_rows(sql, path)?;
            Ok((found, store.first("SELECT seal FROM link_file WHERE path = ?1", path)?))
        })?;
        let all = seal::of_all(found.iter().map(|(_, seal)| *seal));
        seal::check(sealed.flatten(), Ok(all), "a link file")
            .map_err(|problem| store.error(problem))?;
        Ok(found.into_iter().map(|(row, _)| row).collect())
    }

    /// The stored rows of a link file that name a member by e-mail, with or without a number beside it.
    pub fn link_rows_by_email(
        &self,
        path: &str,
        email: &Email,
    ) -> Result<Vec<SinceRow>, StoreError> {
        self.some_link_rows(
            "SELECT email, number, employee_no, line, since_at, seal FROM link_row \
             WHERE path = ?1 AND email = ?2",
            (path, email),
        )
    }

    /// The stored rows of a link file that name a member by number alone.
    pub fn link_rows_by_number(
        &self,
        path: &str,
        number: &HolderNumber,
    ) -> Result<Vec<SinceRow>, StoreError> {
        self.some_link_rows(
            "SELECT email, number, employee_no, line, since_at, seal FROM link_row \
             WHERE path = ?1 AND email = '' AND number = ?2",
            (path, number),
        )
    }

    /// The stored rows of a link file that lead to a person.
    pub fn link_rows_to(&self, path: &str, person: &RecordId) -> Result<Vec<SinceRow>, StoreError> {
        self.some_link_rows(
            "SELECT email, number, employee_no, line, since_at, seal FROM link_row \
             INDEXED BY link_row_person WHERE path = ?1 AND employee_no = ?2",
            (path, person),
        )
    }

    fn some_link_rows(
        &self,
        sql: &str,
        params: impl ToColumns,
    ) -> Result<Vec<SinceRow>, StoreError> {
        Ok(self.read_link_rows(sql, params)?.into_iter().map(|(row, _)| row).collect())
    }

    /// Each row comes with its seal, which fits it.
    fn read_link_rows(
        &self,
        sql: &str,
        params: impl ToColumns,
    ) -> Result<Vec<(SinceRow, i64)>, StoreError> {
        let store = self.0;
        let mut found = Vec::new();
        store.prepare(sql)?.each(params, |(row, sealed): (SinceRow, Option<i64>)| {
            let seal = seal::seal_of(&row, &store.accounts)?;
            seal::check(sealed, Ok(seal), "a link file")?;
            found.push((row, seal));
            Ok(())
        })?;
        Ok(found)
    }

    /// The rows of a link file that were left out, in the file's order.
    pub fn link_rows_left_out(&self, path: &str) -> Result<Vec<UnusableRow>, StoreError> {
        self.0.all(
            "SELECT line, reason, cell, employee_no, emails, number FROM link_row_left_out \
             WHERE path = ?1 ORDER BY line",
            path,
        )
    }

    /// The SHA-256 of a link file that looked cut off when the last run read it.
    pub fn doubted_link_file(&self, path: &str) -> Result<Option<String>, StoreError> {
        self.0.first("SELECT sha256 FROM link_file_doubted WHERE path = ?1", path)
    }

    /// Remembers content of a link file that looks cut off, or that the file does not look so any more.
    pub fn doubt_link_file(&self, path: &str, sha256: Option<&str>) -> Result<(), StoreError> {
        match sha256 {
            Some(sha256) => self.0.exec(
                "INSERT INTO link_file_doubted (path, sha256) VALUES (?1, ?2) \
                 ON CONFLICT (path) DO UPDATE SET sha256 = ?2",
                (path, sha256),
            ),
            None => self.0.exec("DELETE FROM link_file_doubted WHERE path = ?1", path),
        }
    }
}

/// Takes away the member's link to another person and everybody else's link to this one, and remembers
/// them as former links.
fn replace_links(
    store: &Store,
    device: &TargetName,
    member: &HolderId,
    person: &RecordId,
) -> Result<(), StoreError> {
    for sql in [
        "INSERT OR IGNORE INTO former_link \
         SELECT device, employee_no, source, holder \
         FROM link INDEXED BY link_person JOIN member ON member.id = link.member \
         WHERE device = ?1 AND employee_no = ?4 AND NOT (source = ?2 AND holder = ?3)",
        "DELETE FROM link INDEXED BY link_person \
         WHERE device = ?1 AND employee_no = ?4 AND member NOT IN \
         (SELECT id FROM member WHERE source = ?2 AND holder = ?3)",
        "INSERT OR IGNORE INTO former_link \
         SELECT device, employee_no, source, holder \
         FROM member JOIN link ON link.member = member.id \
         WHERE source = ?2 AND holder = ?3 \
         AND device = ?1 AND employee_no <> ?4",
        "DELETE FROM link WHERE device = ?1 AND employee_no <> ?4 AND member IN \
         (SELECT id FROM member WHERE source = ?2 AND holder = ?3)",
    ] {
        store.exec(sql, (device, member, person))?;
    }
    Ok(())
}
