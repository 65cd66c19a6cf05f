//! Links between members and persons, and the rows of link files.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use super::convert::{damaged, instant_in, instant_out, text_at, wall_out, window_in};
use super::{Store, StoreError, seal};
use crate::config::LinkRule;
use crate::model::{Email, HolderId, RecordId, RightCode, SourceName, TargetName};
use crate::model::{LinkRow, RowReason, UnusableRow};
use crate::model::{Served, StoredLink, StoredLinks};

/// The roles that open a device, by organisation; `None` for every role.
pub type SettledRoles = BTreeMap<SourceName, Option<BTreeSet<RightCode>>>;

impl Store {
    /// What is remembered of the links of a device.
    pub fn links(&self, device: &TargetName) -> Result<StoredLinks, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT source, holder, employee_no, rule, name_digest, \
             email_digest, made_at, served_begin, served_end, is_loss_accepted, link.seal \
             FROM link JOIN member ON member.id = link.member WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let mut stored = StoredLinks::default();
        while let Some(row) = rows.next()? {
            let (key, link) = (self.key_in(row, 0)?, link_in(row)?);
            let whose = (self.account(&key.source), &key);
            seal::check(row.get(10)?, || seal::of_link(device, whose, &link), "a link")?;
            stored.links.insert(key, link);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT source, holder, employee_no FROM former_link \
             WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        while let Some(row) = rows.next()? {
            stored.former.entry(row.get(2)?).or_default().insert(self.key_in(row, 0)?);
        }
        Ok(stored)
    }

    /// Stores links that are new or changed. A link to another person than before replaces the old one,
    /// and takes the person from whoever was linked to them; both are remembered as former links.
    /// `known` is what is stored now.
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
                let whose = (self.account(&key.source), key);
                replace_links(&transaction, device, whose, &link.employee_no)?;
            }
        }
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO link (device, member, employee_no, rule, name_digest, email_digest, \
                 made_at, served_begin, served_end, is_loss_accepted, seal) \
                 SELECT ?1, id, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM member \
                 WHERE source = ?2 AND holder = ?3 \
                 ON CONFLICT (device, member) DO UPDATE SET employee_no = ?4, rule = ?5, \
                 name_digest = ?6, email_digest = ?7, made_at = ?8, served_begin = ?9, \
                 served_end = ?10, is_loss_accepted = ?11, seal = ?12",
            )?;
            for (key, link) in news {
                let served = link.served.map(|served| served.window);
                put.execute(params![
                    device.as_str(),
                    self.account(&key.source),
                    key.as_str(),
                    link.employee_no.as_str(),
                    link.rule.as_str(),
                    link.name,
                    link.email,
                    instant_out(link.made_at),
                    served.map(|window| wall_out(window.begin())),
                    served.map(|window| wall_out(window.end())),
                    link.served.is_some_and(|served| served.is_loss_accepted),
                    seal::of_link(device, (self.account(&key.source), key), link),
                ])?;
            }
        }
        transaction.commit()
    }

    /// The roles that opened a device when all that followed from them was last settled; `None` for
    /// every role. An organisation that is not in it has nothing settled there yet.
    pub fn settled_roles(&self, device: &TargetName) -> Result<SettledRoles, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT source, roles FROM door_roles WHERE device = ?1")?;
        let mut rows = statement.query([device.as_str()])?;
        let mut settled = SettledRoles::new();
        while let Some(row) = rows.next()? {
            let source = self.accounts.source(text_at(row, 0)?);
            let roles = match text_at(row, 1)? {
                "*" => None,
                ids => Some(roles_in(ids)?),
            };
            settled.insert(source, roles);
        }
        Ok(settled)
    }

    /// Remembers the roles from which nothing follows any more on a device.
    pub fn record_settled_roles(
        &mut self,
        device: &TargetName,
        source: &SourceName,
        roles: Option<&BTreeSet<RightCode>>,
    ) -> Result<(), StoreError> {
        let roles = roles.map_or_else(|| Ok("*".to_owned()), roles_out)?;
        self.exec(
            "INSERT INTO door_roles (device, source, roles) VALUES (?1, ?2, ?3) \
             ON CONFLICT (device, source) DO UPDATE SET roles = ?3",
            params![device.as_str(), self.account(source), roles],
        )?;
        Ok(())
    }

    /// The SHA-256 of a link file when it was last read.
    pub fn link_file_hash(&self, path: &str) -> Result<Option<String>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT sha256 FROM link_file WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Replaces the rows of a link file, those left out among them. Each row comes with the time since
    /// when the file holds it.
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
    pub fn link_rows(&self, path: &str) -> Result<Vec<(LinkRow, DateTime<Utc>)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT email, employee_no, since_at, line FROM link_row WHERE path = ?1",
        )?;
        let mut rows = statement.query([path])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let email = Email::parse(text_at(row, 0)?);
            let email = email.ok_or_else(|| damaged("an e-mail", "a link row"))?;
            let employee_no = row.get(1)?;
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
                employee_no: row.get(3)?,
                emails: text_at(row, 4)?.split(' ').filter_map(Email::parse).collect(),
            });
        }
        Ok(found)
    }

    /// The SHA-256 of a link file that looked cut off when the last run read it.
    pub fn doubted_link_file(&self, path: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT sha256 FROM link_file_doubted WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Remembers content of a link file that looks cut off, or that the file does not look so any more.
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
    (account, key): (&str, &HolderId),
    person: &RecordId,
) -> Result<(), StoreError> {
    for (remember, forget) in [
        (
            "INSERT OR IGNORE INTO former_link \
             (device, employee_no, source, holder) \
             SELECT device, employee_no, source, holder \
             FROM link JOIN member ON member.id = link.member \
             WHERE device = ?1 AND employee_no = ?4 AND NOT (source = ?2 AND holder = ?3)",
            "DELETE FROM link WHERE device = ?1 AND employee_no = ?4 AND member NOT IN \
             (SELECT id FROM member WHERE source = ?2 AND holder = ?3)",
        ),
        (
            "INSERT OR IGNORE INTO former_link \
             (device, employee_no, source, holder) \
             SELECT device, employee_no, source, holder \
             FROM member JOIN link ON link.member = member.id \
             WHERE source = ?2 AND holder = ?3 \
             AND device = ?1 AND employee_no <> ?4",
            "DELETE FROM link WHERE device = ?1 AND employee_no <> ?4 AND member IN \
             (SELECT id FROM member WHERE source = ?2 AND holder = ?3)",
        ),
    ] {
        for statement in [remember, forget] {
            transaction.prepare_cached(statement)?.execute(params![
                device.as_str(),
                account,
                key.as_str(),
                person.as_str()
            ])?;
        }
    }
    Ok(())
}

/// A row of `link` without its member, in the order in which [`Store::links`] asks for its columns.
fn link_in(row: &Row<'_>) -> Result<StoredLink, StoreError> {
    let rule = text_at(row, 3)?;
    let window = window_in(row.get(7)?, row.get(8)?)?;
    let is_loss_accepted = row.get(9)?;
    Ok(StoredLink {
        employee_no: row.get(2)?,
        rule: LinkRule::from_word(rule).ok_or_else(|| damaged("a link rule", rule))?,
        name: row.get(4)?,
        email: row.get(5)?,
        made_at: instant_in(row.get(6)?)?,
        served: window.map(|window| Served { window, is_loss_accepted }),
    })
}

/// Role ids as a list in JSON.
fn roles_out(roles: &BTreeSet<RightCode>) -> Result<String, StoreError> {
    let ids: Vec<&str> = roles.iter().map(RightCode::as_str).collect();
    serde_json::to_string(&ids).map_err(|error| StoreError::Unusable(error.to_string()))
}

fn roles_in(text: &str) -> Result<BTreeSet<RightCode>, StoreError> {
    let ids: Vec<String> =
        serde_json::from_str(text).map_err(|_| damaged("a list of role ids", text))?;
    ids.iter().map(|id| RightCode::new(id).map_err(|error| damaged("a role id", error))).collect()
}
