//! Links between members and persons, and the rows of link files.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use super::convert::{
    birth_out, damaged, employee_in, instant_in, instant_out, key_in, maybe_text_at, text_at,
    wall_out, window_in,
};
use super::{Store, StoreError, seal};
use crate::config::LinkRule;
use crate::engine::link::file::{LinkRow, RowReason, UnusableRow};
use crate::engine::link::{Served, StoredLink, StoredLinks};
use crate::model::{Email, HolderId, OrganisationId, RecordId, RightCode, TargetName};

/// The roles that open a device, by organisation; `None` for every role.
pub type SettledRoles = BTreeMap<OrganisationId, Option<BTreeSet<RightCode>>>;

impl Store {
    /// What is remembered of the links of a device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn links(&self, device: &TargetName) -> Result<StoredLinks, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT organisation, number, birth_date, employee_no, rule, name_digest, \
             email_digest, made_at, served_begin, served_end, is_loss_accepted, link.seal \
             FROM link JOIN member ON member.id = link.member WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let mut stored = StoredLinks::default();
        while let Some(row) = rows.next()? {
            let (key, link) = link_in(row)?;
            seal::check(row.get(11)?, || seal::of_link(device, key, &link), "a link")?;
            stored.links.insert(key, link);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT organisation, number, birth_date, employee_no FROM former_link \
             WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        while let Some(row) = rows.next()? {
            let person = employee_in(text_at(row, 3)?)?;
            stored.former.entry(person).or_default().insert(key_in(row, 0)?);
        }
        Ok(stored)
    }

    /// Stores links that are new or changed. A link to another person than before replaces the old one,
    /// and takes the person from whoever was linked to them; both are remembered as former links.
    /// `known` is what is stored now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_links(
        &mut self,
        device: &TargetName,
        known: &StoredLinks,
        news: &[(HolderId, StoredLink)],
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        let goes_elsewhere = |(key, link): &&(HolderId, StoredLink)| {
            known.links.get(key).is_none_or(|old| old.employee_no != link.employee_no)
        };
        let moved: Vec<_> = news.iter().filter(goes_elsewhere).collect();
        let held: HashSet<&RecordId> = match moved.is_empty() {
            true => HashSet::new(),
            false => known.links.values().map(|link| &link.employee_no).collect(),
        };
        let transaction = self.piece()?;
        for (key, link) in moved {
            if known.links.contains_key(key) || held.contains(&link.employee_no) {
                replace_links(&transaction, device, *key, &link.employee_no)?;
            }
        }
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO link (device, member, employee_no, rule, name_digest, email_digest, \
                 made_at, served_begin, served_end, is_loss_accepted, seal) \
                 SELECT ?1, id, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 FROM member \
                 WHERE organisation = ?2 AND number = ?3 AND birth_date = ?4 \
                 ON CONFLICT (device, member) DO UPDATE SET employee_no = ?5, rule = ?6, \
                 name_digest = ?7, email_digest = ?8, made_at = ?9, served_begin = ?10, \
                 served_end = ?11, is_loss_accepted = ?12, seal = ?13",
            )?;
            for (key, link) in news {
                let served = link.served.map(|served| served.window);
                put.execute(params![
                    device.as_str(),
                    key.organisation.get(),
                    key.number.get(),
                    birth_out(key.birth_date),
                    link.employee_no.as_str(),
                    link.rule.as_str(),
                    link.name,
                    link.email,
                    instant_out(link.made_at),
                    served.map(|window| wall_out(window.begin())),
                    served.map(|window| wall_out(window.end())),
                    link.served.is_some_and(|served| served.is_loss_accepted),
                    seal::of_link(device, *key, link),
                ])?;
            }
        }
        transaction.commit()
    }

    /// The roles that opened a device when all that followed from them was last settled; `None` for
    /// every role. An organisation that is not in it has nothing settled there yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settled_roles(&self, device: &TargetName) -> Result<SettledRoles, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT organisation, roles FROM door_roles WHERE device = ?1")?;
        let mut rows = statement.query([device.as_str()])?;
        let mut settled = SettledRoles::new();
        while let Some(row) = rows.next()? {
            let organisation = OrganisationId::new(row.get(0)?)
                .map_err(|error| damaged("an organisation id", error))?;
            let roles = match text_at(row, 1)? {
                "*" => None,
                "" => Some(BTreeSet::new()),
                ids => Some(
                    ids.split(',')
                        .map(|id| id.parse().map_err(|error| damaged("a role id", error)))
                        .collect::<Result<_, _>>()?,
                ),
            };
            settled.insert(organisation, roles);
        }
        Ok(settled)
    }

    /// Remembers the roles from which nothing follows any more on a device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_settled_roles(
        &mut self,
        device: &TargetName,
        organisation: OrganisationId,
        roles: Option<&BTreeSet<RightCode>>,
    ) -> Result<(), StoreError> {
        let roles = roles.map_or_else(
            || "*".to_owned(),
            |ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        );
        self.exec(
            "INSERT INTO door_roles (device, organisation, roles) VALUES (?1, ?2, ?3) \
             ON CONFLICT (device, organisation) DO UPDATE SET roles = ?3",
            params![device.as_str(), organisation.get(), roles],
        )?;
        Ok(())
    }

    /// The SHA-256 of a link file when it was last read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn link_file_hash(&self, path: &str) -> Result<Option<String>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT sha256 FROM link_file WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Replaces the rows of a link file, those left out among them. Each row comes with the time since
    /// when the file holds it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_link_file(
        &mut self,
        path: &str,
        sha256: &str,
        rows: &[(LinkRow, DateTime<Utc>)],
        left_out: &[UnusableRow],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        transaction.execute("DELETE FROM link_file WHERE path = ?1", [path])?;
        transaction.execute(
            "INSERT INTO link_file (path, sha256, read_at, seal) VALUES (?1, ?2, ?3, ?4)",
            params![path, sha256, instant_out(at), seal::of_rows(rows)],
        )?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO link_row (path, email, employee_no, since_at, line) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (LinkRow { line, employee_no, email }, since) in rows {
                let (email, employee_no) = (email.as_str(), employee_no.as_str());
                put.execute(params![path, email, employee_no, instant_out(*since), line])?;
            }
            let mut put = transaction.prepare_cached(
                "INSERT INTO link_row_left_out (path, line, reason, cell, employee_no, emails) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for row in left_out {
                let emails: Vec<&str> = row.emails.iter().map(Email::as_str).collect();
                put.execute(params![
                    path,
                    row.line,
                    row.reason.as_str(),
                    row.cell,
                    row.employee_no.as_ref().map(RecordId::as_str),
                    emails.join(" "),
                ])?;
            }
        }
        transaction.commit()
    }

    /// The stored rows of a link file, in no order, each with the time since when the file holds it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn link_rows(&self, path: &str) -> Result<Vec<(LinkRow, DateTime<Utc>)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT email, employee_no, since_at, line FROM link_row WHERE path = ?1",
        )?;
        let mut rows = statement.query([path])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let email = Email::parse(text_at(row, 0)?);
            let email = email.ok_or_else(|| damaged("an e-mail", "a link row"))?;
            let employee_no = employee_in(text_at(row, 1)?)?;
            let row_of_file = LinkRow { line: row.get(3)?, employee_no, email };
            found.push((row_of_file, instant_in(row.get(2)?)?));
        }
        let mut statement =
            self.connection.prepare_cached("SELECT seal FROM link_file WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        let sealed = rows.next()?.map(|row| row.get::<_, Option<i64>>(0)).transpose()?.flatten();
        seal::check(sealed, || seal::of_rows(&found), "a link file")?;
        Ok(found)
    }

    /// The rows of a link file that were left out, in the file's order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn link_rows_left_out(&self, path: &str) -> Result<Vec<UnusableRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT line, reason, cell, employee_no, emails FROM link_row_left_out \
             WHERE path = ?1 ORDER BY line",
        )?;
        let mut rows = statement.query([path])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let reason = text_at(row, 1)?;
            let reason = RowReason::from_word(reason)
                .ok_or_else(|| damaged("why a row was left out", reason))?;
            found.push(UnusableRow {
                line: row.get(0)?,
                reason,
                cell: row.get(2)?,
                employee_no: maybe_text_at(row, 3)?.map(employee_in).transpose()?,
                emails: text_at(row, 4)?.split(' ').filter_map(Email::parse).collect(),
            });
        }
        Ok(found)
    }

    /// The SHA-256 of a link file that looked cut off when the last run read it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn doubted_link_file(&self, path: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT sha256 FROM link_file_doubted WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Remembers content of a link file that looks cut off, or that the file does not look so any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn doubt_link_file(&self, path: &str, sha256: Option<&str>) -> Result<(), StoreError> {
        match sha256 {
            Some(sha256) => self.exec(
                "INSERT INTO link_file_doubted (path, sha256) VALUES (?1, ?2) \
                 ON CONFLICT (path) DO UPDATE SET sha256 = ?2",
                [path, sha256],
            )?,
            None => self.exec("DELETE FROM link_file_doubted WHERE path = ?1", [path])?,
        };
        Ok(())
    }
}

/// Takes away the member's link to another person and everybody else's link to this one, and remembers
/// them as former links.
fn replace_links(
    transaction: &Connection,
    device: &TargetName,
    key: HolderId,
    person: &RecordId,
) -> Result<(), StoreError> {
    let (organisation, number) = (key.organisation.get(), key.number.get());
    let birth = birth_out(key.birth_date);
    for (remember, forget) in [
        (
            "INSERT OR IGNORE INTO former_link \
             (device, employee_no, organisation, number, birth_date) \
             SELECT device, employee_no, organisation, number, birth_date \
             FROM link JOIN member ON member.id = link.member \
             WHERE device = ?1 AND employee_no = ?5 \
             AND NOT (organisation = ?2 AND number = ?3 AND birth_date = ?4)",
            "DELETE FROM link WHERE device = ?1 AND employee_no = ?5 AND member NOT IN \
             (SELECT id FROM member WHERE organisation = ?2 AND number = ?3 AND birth_date = ?4)",
        ),
        (
            "INSERT OR IGNORE INTO former_link \
             (device, employee_no, organisation, number, birth_date) \
             SELECT device, employee_no, organisation, number, birth_date \
             FROM member JOIN link ON link.member = member.id \
             WHERE organisation = ?2 AND number = ?3 AND birth_date = ?4 \
             AND device = ?1 AND employee_no <> ?5",
            "DELETE FROM link WHERE device = ?1 AND employee_no <> ?5 AND member IN \
             (SELECT id FROM member WHERE organisation = ?2 AND number = ?3 AND birth_date = ?4)",
        ),
    ] {
        for statement in [remember, forget] {
            transaction.prepare_cached(statement)?.execute(params![
                device.as_str(),
                organisation,
                number,
                birth,
                person.as_str()
            ])?;
        }
    }
    Ok(())
}

/// A row of `link` and its member, in the order in which [`Store::links`] asks for its columns.
fn link_in(row: &Row<'_>) -> Result<(HolderId, StoredLink), StoreError> {
    let rule = text_at(row, 4)?;
    let window = window_in(row.get(8)?, row.get(9)?)?;
    let is_loss_accepted = row.get(10)?;
    let link = StoredLink {
        employee_no: employee_in(text_at(row, 3)?)?,
        rule: LinkRule::from_word(rule).ok_or_else(|| damaged("a link rule", rule))?,
        name: row.get(5)?,
        email: row.get(6)?,
        made_at: instant_in(row.get(7)?)?,
        served: window.map(|window| Served { window, is_loss_accepted }),
    };
    Ok((key_in(row, 0)?, link))
}
