//! Members and roles as last seen, and what is known of each organisation's listings.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::convert::{damaged, instant_in, instant_out, maybe_text_at, wall_in, wall_out};
use super::{Store, StoreError, seal};
use crate::model::{Email, Holder, HolderId, Right, RightCode, SourceName, Span, UnreadableRight};

/// The columns of a member, in the order in which [`member_in`] reads them.
pub(super) const MEMBER_COLUMNS: &str = "id, source, holder, number, first_name, last_name, email, \
                              inactive, problem, missed, missing_since, said_at, is_repeated, seal, \
                              unreadable";

/// What is known of one organisation's listings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceState {
    /// When the last accepted complete listing was asked for.
    pub complete_at: Option<DateTime<Utc>>,
    /// When the last accepted listing of any kind was asked for.
    pub fetched_at: Option<DateTime<Utc>>,
    /// How many members the last accepted complete listing had.
    pub complete_members: Option<usize>,
    /// What the next tick asks again, because somebody would lose access by what was said only once.
    pub second_look: Option<SecondLook>,
}

/// What is asked a second time before access is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondLook {
    /// The changes since then, at least.
    Since(DateTime<Utc>),
    Complete,
}

/// A member as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHolder {
    pub member: Holder,
    /// Why the newest entry could not be used, if so; the fields are then those of an older one.
    pub problem: Option<String>,
    /// Complete listings in a row without the member.
    pub missed: u32,
    /// When the first of them was asked for.
    pub missing_since: Option<DateTime<Utc>>,
    /// When the first listing was asked for that said what is known of the roles and of `inactive`.
    pub said_at: DateTime<Utc>,
    /// A later listing of changes said the same.
    pub is_repeated: bool,
}

/// A member without the roles, as its row has it.
struct MemberRow {
    row: i64,
    stored: StoredHolder,
    sealed: Option<i64>,
}

/// A member whom a listing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub stored: StoredHolder,
    /// E-mail and roles are those on file: only the rest of the row is news.
    pub keeps_email_and_roles: bool,
}

/// What an accepted listing changes in the state file.
#[derive(Debug, Clone, Default)]
pub struct ListingDelta<'a> {
    /// New or changed members, whole.
    pub changed: &'a [Changed],
    /// The organisation's state afterwards.
    pub state: SourceState,
}

impl Store {
    /// What is known of an organisation; all empty for a new one.
    pub fn source_state(&self, source: &SourceName) -> Result<SourceState, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT complete_at, fetched_at, complete_members, second_look FROM source \
             WHERE account = ?1",
        )?;
        let mut rows = statement.query([self.account(source)])?;
        let Some(row) = rows.next()? else { return Ok(SourceState::default()) };
        let instant = |column| -> Result<Option<DateTime<Utc>>, StoreError> {
            row.get::<_, Option<i64>>(column)?.map(instant_in).transpose()
        };
        Ok(SourceState {
            complete_at: instant(0)?,
            fetched_at: instant(1)?,
            complete_members: row.get(2)?,
            second_look: match row.get::<_, Option<i64>>(3)? {
                None => None,
                Some(0) => Some(SecondLook::Complete),
                Some(since) => Some(SecondLook::Since(instant_in(since)?)),
            },
        })
    }

    /// How many members are known of an organisation.
    pub fn member_count(&self, source: &SourceName) -> Result<u64, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT count(*) FROM member WHERE source = ?1")?;
        Ok(statement.query_row([self.account(source)], |row| row.get(0))?)
    }

    /// Every member known of an organisation, sorted by key.
    pub fn members(&self, source: &SourceName) -> Result<Vec<StoredHolder>, StoreError> {
        let mut found = self.member_rows(source)?;
        found.sort_unstable_by_key(|one| one.row);
        let mut rest = found.iter_mut().peekable();
        let mut statement = self.connection.prepare_cached(
            "SELECT member, role, begins, ends FROM member_role \
             WHERE member IN (SELECT id FROM member WHERE source = ?1) ORDER BY member",
        )?;
        let account = self.account(source);
        let mut rows = statement.query([account])?;
        while let Some(row) = rows.next()? {
            let member: i64 = row.get(0)?;
            while rest.next_if(|one| one.row < member).is_some() {}
            if let Some(one) = rest.peek_mut().filter(|one| one.row == member) {
                one.stored.member.roles.push(role_at(row, 1)?);
            }
        }
        let mut members = Vec::with_capacity(found.len());
        for MemberRow { row: _, stored, sealed } in found {
            seal::check(sealed, || seal::of_member(account, &stored), "a member")?;
            members.push(stored);
        }
        members.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        Ok(members)
    }

    fn member_rows(&self, source: &SourceName) -> Result<Vec<MemberRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {MEMBER_COLUMNS} FROM member WHERE source = ?1"))?;
        let mut rows = statement.query([self.account(source)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(self.member_in(row)?);
        }
        Ok(found)
    }

    /// A row of `member`, in the order of [`MEMBER_COLUMNS`].
    fn member_in(&self, row: &Row<'_>) -> Result<MemberRow, StoreError> {
        let email = maybe_text_at(row, 6)?;
        let member = Holder {
            key: self.key_in(row, 1)?,
            number: row.get(3)?,
            first_name: row.get(4)?,
            last_name: row.get(5)?,
            email: email.and_then(Email::parse),
            inactive: row.get(7)?,
            roles: Vec::new(),
            unreadable: unreadable_in(maybe_text_at(row, 14)?)?,
        };
        let missing_since: Option<i64> = row.get(10)?;
        let stored = StoredHolder {
            member,
            problem: row.get(8)?,
            missed: row.get(9)?,
            missing_since: missing_since.map(instant_in).transpose()?,
            said_at: instant_in(row.get(11)?)?,
            is_repeated: row.get(12)?,
        };
        Ok(MemberRow { row: row.get(0)?, stored, sealed: row.get(13)? })
    }

    /// Every member who is one of these human beings ([`HolderId::human`]), sorted by key.
    pub fn members_by_human(
        &self,
        source: &SourceName,
        humans: &BTreeSet<&str>,
    ) -> Result<Vec<StoredHolder>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {MEMBER_COLUMNS} FROM member WHERE source = ?1 \
             AND (holder = ?2 OR holder > ?2 || '/' AND holder < ?2 || '0')"
        ))?;
        let mut of_member = self
            .connection
            .prepare_cached("SELECT role, begins, ends FROM member_role WHERE member = ?1")?;
        let mut members = Vec::with_capacity(humans.len());
        let account = self.account(source);
        for human in humans {
            let mut rows = statement.query([account, human])?;
            while let Some(row) = rows.next()? {
                let MemberRow { row, mut stored, sealed } = self.member_in(row)?;
                let mut roles = of_member.query([row])?;
                while let Some(role) = roles.next()? {
                    stored.member.roles.push(role_at(role, 0)?);
                }
                seal::check(sealed, || seal::of_member(account, &stored), "a member")?;
                members.push(stored);
            }
        }
        members.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        Ok(members)
    }

    /// Records an accepted listing, all of it or nothing.
    pub fn record_listing(
        &mut self,
        source: &SourceName,
        delta: &ListingDelta<'_>,
    ) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        let account = self.account(source);
        {
            let mut put_member = transaction.prepare_cached(
                "INSERT INTO member (source, holder, number, first_name, last_name, \
                 email, inactive, problem, missed, missing_since, said_at, is_repeated, seal, \
                 unreadable) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) \
                 ON CONFLICT (source, holder) DO UPDATE SET \
                 number = ?3, first_name = ?4, last_name = ?5, email = ?6, inactive = ?7, \
                 problem = ?8, missed = ?9, missing_since = ?10, said_at = ?11, is_repeated = ?12, seal = ?13, \
                 unreadable = ?14 RETURNING id",
            )?;
            let mut drop_roles =
                transaction.prepare_cached("DELETE FROM member_role WHERE member = ?1")?;
            let mut put_role = transaction.prepare_cached(
                "INSERT OR IGNORE INTO member_role (member, role, begins, ends) \
                 VALUES (?1, ?2, ?3, ?4)",
            )?;
            let mut touch_member = transaction.prepare_cached(
                "UPDATE member SET first_name = ?4, last_name = ?5, inactive = ?6, problem = ?7, \
                 missed = ?8, missing_since = ?9, said_at = ?10, is_repeated = ?11, seal = ?12, \
                 unreadable = ?13 WHERE source = ?1 AND holder = ?2 AND number IS ?3",
            )?;
            for Changed { stored, keeps_email_and_roles } in delta.changed {
                let member = &stored.member;
                // Two indexes and the roles need not be written anew.
                let is_touched = *keeps_email_and_roles
                    && touch_member.execute(params![
                        account,
                        member.key.as_str(),
                        member.number,
                        member.first_name,
                        member.last_name,
                        member.inactive,
                        stored.problem,
                        stored.missed,
                        stored.missing_since.map(instant_out),
                        instant_out(stored.said_at),
                        stored.is_repeated,
                        seal::of_member(account, stored),
                        unreadable_out(&member.unreadable)?,
                    ])? == 1;
                if is_touched {
                    continue;
                }
                let row: i64 = put_member.query_row(
                    params![
                        account,
                        member.key.as_str(),
                        member.number,
                        member.first_name,
                        member.last_name,
                        member.email.as_ref().map(Email::as_str),
                        member.inactive,
                        stored.problem,
                        stored.missed,
                        stored.missing_since.map(instant_out),
                        instant_out(stored.said_at),
                        stored.is_repeated,
                        seal::of_member(account, stored),
                        unreadable_out(&member.unreadable)?,
                    ],
                    |row| row.get(0),
                )?;
                drop_roles.execute([row])?;
                for role in &member.roles {
                    let Span::Wall { begin, end } = role.time;
                    let (begins, ends) = (wall_out(begin), wall_out(end));
                    put_role.execute(params![row, role.id, begins, ends])?;
                }
            }
            transaction
                .prepare_cached(
                    "INSERT INTO source (account, complete_at, fetched_at, complete_members, \
                     second_look, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                     ON CONFLICT (account) DO UPDATE SET complete_at = ?2, fetched_at = ?3, \
                     complete_members = ?4, second_look = ?5, name = ?6",
                )?
                .execute(params![
                    account,
                    delta.state.complete_at.map(instant_out),
                    delta.state.fetched_at.map(instant_out),
                    delta.state.complete_members,
                    second_look_out(delta.state.second_look),
                    source.as_str(),
                ])?;
        }
        transaction.commit()
    }

    /// Remembers what the next tick asks an organisation again.
    pub fn record_second_look(
        &self,
        source: &SourceName,
        second_look: Option<SecondLook>,
    ) -> Result<(), StoreError> {
        self.exec(
            "UPDATE source SET second_look = ?2 WHERE account = ?1",
            params![self.account(source), second_look_out(second_look)],
        )?;
        Ok(())
    }

    /// The names of an organisation's roles, as last told by Organisation/Info.
    pub fn role_names(
        &self,
        source: &SourceName,
    ) -> Result<BTreeMap<RightCode, String>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT role, name FROM role_name WHERE source = ?1")?;
        let mut rows = statement.query([self.account(source)])?;
        let mut names = BTreeMap::new();
        while let Some(row) = rows.next()? {
            names.insert(row.get(0)?, row.get(1)?);
        }
        Ok(names)
    }

    /// Replaces the names of an organisation's roles.
    pub fn record_role_names(
        &mut self,
        source: &SourceName,
        names: &BTreeMap<RightCode, String>,
    ) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        let account = self.account(source);
        transaction.execute("DELETE FROM role_name WHERE source = ?1", [account])?;
        for (role, name) in names {
            transaction.execute(
                "INSERT INTO role_name (source, role, name) VALUES (?1, ?2, ?3)",
                params![account, role, name],
            )?;
        }
        transaction.commit()
    }
}

fn second_look_out(second_look: Option<SecondLook>) -> Option<i64> {
    second_look.map(|look| match look {
        SecondLook::Since(at) => instant_out(at),
        SecondLook::Complete => 0,
    })
}

/// Roles with unreadable dates as JSON; nothing where there are none, as nearly always.
fn unreadable_out(roles: &[UnreadableRight]) -> Result<Option<String>, StoreError> {
    if roles.is_empty() {
        return Ok(None);
    }
    let rows: Vec<(&str, &str)> =
        roles.iter().map(|role| (role.id.as_str(), role.problem.as_str())).collect();
    serde_json::to_string(&rows).map(Some).map_err(|error| StoreError::Unusable(error.to_string()))
}

fn unreadable_in(text: Option<&str>) -> Result<Vec<UnreadableRight>, StoreError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let rows: Vec<(String, String)> =
        serde_json::from_str(text).map_err(|error| damaged("unreadable roles", error))?;
    rows.into_iter()
        .map(|(id, problem)| {
            let id = RightCode::new(&id).map_err(|error| damaged("a role id", error))?;
            Ok(UnreadableRight { id, problem })
        })
        .collect()
}

/// A role in the columns from `first` on.
fn role_at(row: &Row<'_>, first: usize) -> Result<Right, StoreError> {
    let (begin, end) = (wall_in(row.get(first + 1)?)?, wall_in(row.get(first + 2)?)?);
    Ok(Right::by_wall_clock(row.get(first)?, begin, end))
}

impl StoredHolder {
    /// A member as a listing that was asked for at `said_at` says, for the first time.
    #[must_use]
    pub fn seen(member: Holder, said_at: DateTime<Utc>) -> Self {
        let (problem, missing_since) = (None, None);
        Self { member, problem, missed: 0, missing_since, said_at, is_repeated: false }
    }

    #[must_use]
    pub fn key(&self) -> &HolderId {
        &self.member.key
    }
}
