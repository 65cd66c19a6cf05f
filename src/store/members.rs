//! Members and roles as last seen, and what is known of each organisation's listings.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::rows::{Columns, FromColumns, Sink, ToColumns, row};
use super::{Members, StoreError, StoreProblem, seal};
use crate::model::{
    Accounts, Email, Holder, HolderId, HolderNumber, Right, RightCode, SourceName, full_name,
};

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

row!(Right { id, time });
row!(SourceState { complete_at, fetched_at, complete_members, second_look });
row!(MemberRow { row, stored, sealed });

impl FromColumns for StoredHolder {
    /// Without the roles, which have a table of their own.
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let member = Holder {
            key: columns.next()?,
            number: columns.next()?,
            first_name: columns.next()?,
            last_name: columns.next()?,
            email: columns.next()?,
            inactive: columns.next()?,
            unreadable: columns.next()?,
            roles: Vec::new(),
        };
        Ok(Self {
            member,
            problem: columns.next()?,
            missed: columns.next()?,
            missing_since: columns.next()?,
            said_at: columns.next()?,
            is_repeated: columns.next()?,
        })
    }
}

impl ToColumns for StoredHolder {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        let member = &self.member;
        (&member.key, &member.number, &member.first_name, &member.last_name).write(to)?;
        (&member.email, member.inactive, &member.unreadable, &self.problem).write(to)?;
        (self.missed, self.missing_since, self.said_at, self.is_repeated).write(to)
    }
}

/// A complete listing is 0, the changes since then are that instant.
impl FromColumns for SecondLook {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let since: DateTime<Utc> = columns.next()?;
        Ok(if since == DateTime::UNIX_EPOCH { Self::Complete } else { Self::Since(since) })
    }
}

impl ToColumns for SecondLook {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        match self {
            Self::Complete => DateTime::UNIX_EPOCH.write(to),
            Self::Since(at) => at.write(to),
        }
    }
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

    /// The seal of the row and of the roles, in whatever order these come.
    fn seal(&self, accounts: &Accounts) -> Result<i64, StoreProblem> {
        struct Sorted<'r>(&'r StoredHolder, Vec<&'r Right>);
        impl ToColumns for Sorted<'_> {
            fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
                self.0.write(to)?;
                self.1.iter().try_for_each(|role| role.write(to))
            }
        }
        let mut roles: Vec<&Right> = self.member.roles.iter().collect();
        roles.sort_unstable();
        roles.dedup();
        seal::seal_of(&Sorted(self, roles), accounts)
    }

    fn check(&self, sealed: Option<i64>, accounts: &Accounts) -> Result<(), StoreProblem> {
        seal::check(sealed, self.seal(accounts), "a member")
    }
}

impl Members<'_> {
    /// What is known of an organisation; all empty for a new one.
    pub fn source_state(&self, source: &SourceName) -> Result<SourceState, StoreError> {
        let row = self.0.first(
            "SELECT complete_at, fetched_at, complete_members, second_look FROM source \
             WHERE account = ?1",
            source,
        )?;
        Ok(row.unwrap_or_default())
    }

    /// How many members are known of an organisation.
    pub fn member_count(&self, source: &SourceName) -> Result<u64, StoreError> {
        let count = self.0.first("SELECT count(*) FROM member WHERE source = ?1", source)?;
        Ok(count.unwrap_or_default())
    }

    /// Every member known of an organisation, sorted by key.
    ///
    /// They are read from the table itself. Of an index, SQLite checks the structure but not whether every row
    /// stands in it: a damaged key would hide members from whoever looks at everybody, and nobody would hear.
    pub fn members(&self, source: &SourceName) -> Result<Vec<StoredHolder>, StoreError> {
        self.0.at_once(|| self.read_members(source))
    }

    fn read_members(&self, source: &SourceName) -> Result<Vec<StoredHolder>, StoreError> {
        let store = self.0;
        let mut found: Vec<MemberRow> =
            store.all("SELECT * FROM member NOT INDEXED WHERE source = ?1", source)?;
        found.sort_unstable_by_key(|one| one.row);
        let mut rest = found.iter_mut().peekable();
        let sql = "SELECT member, role, begins, ends FROM member_role \
                   WHERE member IN (SELECT id FROM member NOT INDEXED WHERE source = ?1) ORDER BY member";
        store.prepare(sql)?.each(source, |(member, role): (i64, Right)| {
            while rest.next_if(|one| one.row < member).is_some() {}
            if let Some(one) = rest.peek_mut().filter(|one| one.row == member) {
                one.stored.member.roles.push(role);
            }
            Ok(())
        })?;
        let mut members = Vec::with_capacity(found.len());
        for MemberRow { row: _, stored, sealed } in found {
            stored.check(sealed, &store.accounts).map_err(|problem| store.error(problem))?;
            members.push(stored);
        }
        members.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        let is_twice = |pair: &[StoredHolder]| match pair {
            [one, other] => one.key() == other.key(),
            _ => false,
        };
        if members.windows(2).any(is_twice) {
            let twice = "a member stands in the list of members twice".to_owned();
            return Err(store.error(StoreProblem::Damaged(twice)));
        }
        Ok(members)
    }

    /// Every member who is one of these human beings ([`HolderId::human`]), sorted by key.
    pub fn members_by_human(
        &self,
        source: &SourceName,
        humans: &BTreeSet<&str>,
    ) -> Result<Vec<StoredHolder>, StoreError> {
        let store = self.0;
        let mut members = store.at_once(|| {
            let mut by_human = store.prepare(
                "SELECT * FROM member WHERE source = ?1 \
                 AND (holder = ?2 OR holder > ?2 || '/' AND holder < ?2 || '0')",
            )?;
            let mut found: Vec<MemberRow> = Vec::with_capacity(humans.len());
            for human in humans {
                found.extend(by_human.all::<_, Vec<_>>((source, *human))?);
            }
            self.with_roles(found)
        })?;
        members.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        Ok(members)
    }

    /// The keys of an organisation's members whose name is wanted. Looks at every name, and compares no
    /// checksums.
    pub fn keys_where_name(
        &self,
        source: &SourceName,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<HolderId>, StoreError> {
        let mut found = Vec::new();
        let sql = "SELECT source, holder, first_name, last_name FROM member WHERE source = ?1";
        self.0.prepare(sql)?.each(source, |(key, first, last): (HolderId, String, String)| {
            found.extend(is_wanted(&full_name(&first, &last)).then_some(key));
            Ok(())
        })?;
        Ok(found)
    }

    /// The member of a key, if known.
    pub fn member(&self, key: &HolderId) -> Result<Option<StoredHolder>, StoreError> {
        let sql = "SELECT * FROM member WHERE source = ?1 AND holder = ?2";
        Ok(self.0.at_once(|| self.with_roles(self.0.all(sql, key)?))?.pop())
    }

    /// Every member of any organisation who has an e-mail, in no order.
    pub fn members_by_email(&self, email: &Email) -> Result<Vec<StoredHolder>, StoreError> {
        let sql = "SELECT * FROM member WHERE email = ?1";
        self.0.at_once(|| self.with_roles(self.0.all(sql, email)?))
    }

    /// Every member of any organisation who has a number, in no order.
    pub fn members_by_number(
        &self,
        number: &HolderNumber,
    ) -> Result<Vec<StoredHolder>, StoreError> {
        let sql = "SELECT * FROM member WHERE number = ?1";
        self.0.at_once(|| self.with_roles(self.0.all(sql, number)?))
    }

    fn with_roles(&self, found: Vec<MemberRow>) -> Result<Vec<StoredHolder>, StoreError> {
        let store = self.0;
        let mut roles_of =
            store.prepare("SELECT role, begins, ends FROM member_role WHERE member = ?1")?;
        let with_roles = found.into_iter().map(|MemberRow { row, mut stored, sealed }| {
            stored.member.roles = roles_of.all(row)?;
            stored.check(sealed, &store.accounts).map_err(|problem| store.error(problem))?;
            Ok(stored)
        });
        with_roles.collect()
    }

    /// Records an accepted listing, all of it or nothing.
    pub fn record_listing(
        &self,
        source: &SourceName,
        delta: &ListingDelta<'_>,
    ) -> Result<(), StoreError> {
        self.0.together(|store| {
            let mut put_member = store.prepare(
                "INSERT INTO member VALUES \
                 (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) \
                 ON CONFLICT (source, holder) DO UPDATE SET \
                 number = ?3, first_name = ?4, last_name = ?5, email = ?6, inactive = ?7, \
                 unreadable = ?8, problem = ?9, missed = ?10, missing_since = ?11, said_at = ?12, \
                 is_repeated = ?13, seal = ?14 RETURNING id",
            )?;
            let mut drop_roles = store.prepare("DELETE FROM member_role WHERE member = ?1")?;
            let mut put_role =
                store.prepare("INSERT OR IGNORE INTO member_role VALUES (?1, ?2, ?3, ?4)")?;
            let mut touch_member = store.prepare(
                "UPDATE member SET first_name = ?4, last_name = ?5, inactive = ?7, unreadable = ?8, \
                 problem = ?9, missed = ?10, missing_since = ?11, said_at = ?12, is_repeated = ?13, \
                 seal = ?14 WHERE source = ?1 AND holder = ?2 AND number IS ?3",
            )?;
            for Changed { stored, keeps_email_and_roles } in delta.changed {
                let seal = stored.seal(&store.accounts).map_err(|problem| store.error(problem))?;
                // Two indexes and the roles need not be written anew.
                if *keeps_email_and_roles && touch_member.run((stored, seal))? == 1 {
                    continue;
                }
                let row: Option<i64> = put_member.first((stored, seal))?;
                drop_roles.run(row)?;
                put_role.run_each(stored.member.roles.iter().map(|role| (row, role)))?;
            }
            store.exec(
                "INSERT INTO source (account, complete_at, fetched_at, complete_members, second_look, \
                 name) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (account) DO UPDATE SET \
                 complete_at = ?2, fetched_at = ?3, complete_members = ?4, second_look = ?5, name = ?6",
                (source, &delta.state, source.as_str()),
            )
        })
    }

    /// Remembers what the next tick asks an organisation again.
    pub fn record_second_look(
        &self,
        source: &SourceName,
        second_look: Option<SecondLook>,
    ) -> Result<(), StoreError> {
        self.0.exec("UPDATE source SET second_look = ?2 WHERE account = ?1", (source, second_look))
    }

    /// The names of an organisation's roles, as it last said them.
    pub fn role_names(
        &self,
        source: &SourceName,
    ) -> Result<BTreeMap<RightCode, String>, StoreError> {
        self.0.all("SELECT role, name FROM role_name WHERE source = ?1", source)
    }

    /// Replaces the names of an organisation's roles.
    pub fn record_role_names(
        &self,
        source: &SourceName,
        names: &BTreeMap<RightCode, String>,
    ) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.exec("DELETE FROM role_name WHERE source = ?1", source)?;
            store
                .prepare("INSERT INTO role_name (source, role, name) VALUES (?1, ?2, ?3)")?
                .run_each(names.iter().map(|name| (source, name)))
        })
    }
}
