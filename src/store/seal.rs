//! Checksums over stored rows. Pure.
//!
//! SQLite notices a damaged page by its structure, not a flipped bit within a value. A date or a
//! person id that changed on the disk would be written to doors as if Cardskipper had said so; so
//! what decides who may enter carries a seal, and a row that does not fit its seal is damage.
//! Seals guard against accidents, not against people: who can write the file can write a seal.

use chrono::{DateTime, Utc};

use super::StoreError;
use super::convert::wall_out;
use super::members::StoredHolder;
use super::quiet::Quiet;
use crate::model::{Email, HolderId, HolderNumber, LinkRow, Span, StoredLink, TargetName};
use crate::text::fnv;

/// A digest in the making.
struct Seal(u64);

impl Seal {
    fn new() -> Self {
        Self(fnv::EMPTY)
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        Self(fnv::go_on(self.0, bytes.iter().copied()))
    }

    /// A text with its length, so that two texts cannot share their border.
    fn text(self, text: &str) -> Self {
        self.number(i64::try_from(text.len()).unwrap_or(i64::MAX)).bytes(text.as_bytes())
    }

    fn number(self, number: i64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    fn maybe(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.number(1).text(text),
            None => self.number(0),
        }
    }

    /// A member by the account, since a section may get another name.
    fn key(self, account: &str, key: &HolderId) -> Self {
        self.text(account).text(key.as_str())
    }

    fn end(self) -> i64 {
        self.0.cast_signed()
    }
}

/// The seal of a member with the roles, in whatever order these come.
pub(super) fn of_member(account: &str, stored: &StoredHolder) -> i64 {
    let member = &stored.member;
    let mut roles: Vec<_> = member
        .roles
        .iter()
        .map(|role| {
            let Span::Wall { begin, end } = role.time;
            (role.id.as_str(), wall_out(begin), wall_out(end))
        })
        .collect();
    roles.sort_unstable();
    roles.dedup();
    let mut seal = Seal::new()
        .key(account, &member.key)
        .maybe(member.number.as_ref().map(HolderNumber::as_str))
        .text(&member.first_name)
        .text(&member.last_name)
        .maybe(member.email.as_ref().map(Email::as_str))
        .number(i64::from(member.inactive))
        .maybe(stored.problem.as_deref())
        .number(i64::from(stored.missed))
        .number(stored.missing_since.map_or(i64::MIN, super::convert::instant_out))
        .number(super::convert::instant_out(stored.said_at))
        .number(i64::from(stored.is_repeated));
    for (id, begin, end) in roles {
        seal = seal.text(id).number(begin).number(end);
    }
    for role in &member.unreadable {
        seal = seal.text(role.id.as_str()).text(&role.problem);
    }
    seal.end()
}

/// The seal of a link.
pub(super) fn of_link(
    device: &TargetName,
    (account, member): (&str, &HolderId),
    link: &StoredLink,
) -> i64 {
    let seal = Seal::new()
        .text(device.as_str())
        .key(account, member)
        .text(link.employee_no.as_str())
        .text(link.rule.as_str())
        .number(link.name)
        .number(link.email)
        .number(super::convert::instant_out(link.made_at));
    let seal = match link.served {
        Some(served) => seal
            .number(wall_out(served.window.begin()))
            .number(wall_out(served.window.end()))
            .number(i64::from(served.is_loss_accepted)),
        None => seal,
    };
    seal.end()
}

/// The seal of the rows of a link file, in whatever order they come.
pub(super) fn of_rows(rows: &[(LinkRow, DateTime<Utc>)]) -> i64 {
    let seal = |(row, since): &(LinkRow, DateTime<Utc>)| {
        let since = super::convert::instant_out(*since);
        let seal = Seal::new().text(row.email.as_str()).text(row.employee_no.as_str());
        seal.number(since).number(row.line.into()).end()
    };
    rows.iter().map(seal).fold(0, i64::wrapping_add)
}

/// The seal of what makes a tick quiet.
pub(super) fn of_quiet(quiet: &Quiet) -> i64 {
    let (since, until) = (quiet.since, quiet.until);
    let seal = Seal::new().text(&quiet.inputs).text(&quiet.report);
    seal.number(super::convert::instant_out(since)).number(super::convert::instant_out(until)).end()
}

/// Compares a stored seal, if there is one, with what it must be.
pub(super) fn check(
    stored: Option<i64>,
    wanted: impl FnOnce() -> i64,
    what: &str,
) -> Result<(), StoreError> {
    match stored {
        Some(seal) if seal != wanted() => {
            Err(StoreError::Damaged(format!("{what} does not fit its checksum")))
        }
        _ => Ok(()),
    }
}
