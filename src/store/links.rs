//! Links between members and persons, and the rows of link files.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::convert::{
    birth_out, damaged, employee_in, instant_in, instant_out, key_in, maybe_text_at, text_at,
};
use super::{Store, StoreError, seal};
use crate::config::LinkRule;
use crate::link::file::{RowReason, UnusableRow};
use crate::link::{Link, LinkTable, StoredLink, StoredLinks};
use crate::model::{DeviceName, Email, EmployeeNo, MemberKey};

/// The links that earlier runs made on one device.
pub type KnownLinks = StoredLinks;

impl Store {
    /// The links that earlier runs made on a device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn links(&self, device: &DeviceName) -> Result<KnownLinks, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT organisation, number, birth_date, employee_no, rule, link.seal \
             FROM link JOIN member ON member.id = link.member WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let mut links = KnownLinks::default();
        while let Some(row) = rows.next()? {
            let rule = text_at(row, 4)?;
            let rule = LinkRule::from_word(rule).ok_or_else(|| damaged("a link rule", rule))?;
            let (key, employee_no) = (key_in(row, 0)?, employee_in(text_at(row, 3)?)?);
            let wanted = || seal::of_link(device, key, &employee_no, rule.as_str());
            seal::check(row.get(5)?, wanted, "a link")?;
            links.insert(key, StoredLink { employee_no, rule });
        }
        Ok(links)
    }

    /// Stores links that are new or lead elsewhere than before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_links<'a>(
        &mut self,
        device: &DeviceName,
        links: impl Iterator<Item = (MemberKey, &'a Link)>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        let transaction = self.piece()?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO link (device, member, employee_no, rule, made_at, seal) \
                 SELECT ?1, id, ?5, ?6, ?7, ?8 FROM member \
                 WHERE organisation = ?2 AND number = ?3 AND birth_date = ?4 \
                 ON CONFLICT (device, member) DO UPDATE \
                 SET employee_no = ?5, rule = ?6, made_at = ?7, seal = ?8",
            )?;
            for (key, link) in links {
                put.execute(params![
                    device.as_str(),
                    key.organisation.get(),
                    key.number.get(),
                    birth_out(key.birth_date),
                    link.employee_no.as_str(),
                    link.rule.as_str(),
                    instant_out(at),
                    seal::of_link(device, key, &link.employee_no, link.rule.as_str()),
                ])?;
            }
        }
        transaction.commit()
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

    /// Replaces the rows of a link file, those left out among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_link_file(
        &mut self,
        path: &str,
        sha256: &str,
        rows: &LinkTable,
        left_out: &[UnusableRow],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        transaction.execute("DELETE FROM link_file WHERE path = ?1", [path])?;
        transaction.execute(
            "INSERT INTO link_file (path, sha256, read_at, seal) VALUES (?1, ?2, ?3, ?4)",
            params![path, sha256, instant_out(at), seal::of_rows(rows.rows().into_iter())],
        )?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO link_row (path, email, employee_no, since_at) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (email, employee_no, since) in rows.rows() {
                let since = instant_out(since);
                put.execute(params![path, email.as_str(), employee_no.as_str(), since])?;
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
                    row.employee_no.as_ref().map(EmployeeNo::as_str),
                    emails.join(" "),
                ])?;
            }
        }
        transaction.commit()
    }

    /// Adds the stored rows of a link file to a table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn link_rows(&self, path: &str, table: &mut LinkTable) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT email, employee_no, since_at FROM link_row WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let email = Email::parse(text_at(row, 0)?);
            let email = email.ok_or_else(|| damaged("an e-mail", "a link row"))?;
            found.push((email, employee_in(text_at(row, 1)?)?, instant_in(row.get(2)?)?));
        }
        let mut statement =
            self.connection.prepare_cached("SELECT seal FROM link_file WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        let sealed = rows.next()?.map(|row| row.get::<_, Option<i64>>(0)).transpose()?.flatten();
        let wanted = || seal::of_rows(found.iter().map(|(email, no, since)| (email, no, *since)));
        seal::check(sealed, wanted, "a link file")?;
        for (email, employee_no, since) in found {
            table.insert(email, employee_no, since);
        }
        Ok(())
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
    pub fn doubt_link_file(
        &self,
        path: &str,
        sha256: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        match sha256 {
            Some(sha256) => self.exec(
                "INSERT INTO link_file_doubted (path, sha256, seen_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (path) DO UPDATE SET sha256 = ?2, seen_at = ?3",
                params![path, sha256, instant_out(at)],
            )?,
            None => self.exec("DELETE FROM link_file_doubted WHERE path = ?1", [path])?,
        };
        Ok(())
    }
}
