//! Links between members and persons, and the rows of link files.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::convert::{birth_out, damaged, employee_in, instant_out, key_in, text_at};
use super::{Store, StoreError, seal};
use crate::config::LinkRule;
use crate::link::{Link, LinkTable, StoredLink, StoredLinks};
use crate::model::{DeviceName, Email, MemberKey};

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

    /// Replaces the rows of a link file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_link_file(
        &mut self,
        path: &str,
        sha256: &str,
        rows: &LinkTable,
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
                "INSERT INTO link_row (path, email, employee_no) VALUES (?1, ?2, ?3)",
            )?;
            for (email, employee_no) in rows.rows() {
                put.execute([path, email.as_str(), employee_no.as_str()])?;
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
            .prepare_cached("SELECT email, employee_no FROM link_row WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let email = Email::parse(text_at(row, 0)?);
            let email = email.ok_or_else(|| damaged("an e-mail", "a link row"))?;
            found.push((email, employee_in(text_at(row, 1)?)?));
        }
        let mut statement =
            self.connection.prepare_cached("SELECT seal FROM link_file WHERE path = ?1")?;
        let mut rows = statement.query([path])?;
        let sealed = rows.next()?.map(|row| row.get::<_, Option<i64>>(0)).transpose()?.flatten();
        let wanted = || seal::of_rows(found.iter().map(|(email, no)| (email, no)));
        seal::check(sealed, wanted, "a link file")?;
        for (email, employee_no) in found {
            table.insert(email, employee_no);
        }
        Ok(())
    }
}
