//! Rows of link files that could be read and link nobody all the same. Pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use foldhash::fast::RandomState;

use super::{Claimant, LinkTable, Several, SharedNumbers, shared_numbers};
use crate::engine::link::file::{LinkRow, RowReason};
use crate::model::{Email, HolderId, HolderNumber, Record, RecordId};

/// How a row names its member, and the person.
type RowKey<'a> = (Option<&'a Email>, Option<&'a HolderNumber>, &'a RecordId);

/// What speaks against rows of link files.
#[derive(Debug, Default)]
pub struct RowsInQuestion<'a> {
    /// Rows that lead one member to different persons of one door.
    contested: BTreeSet<RowKey<'a>>,
    shared: SharedNumbers<'a>,
    /// The e-mails and numbers of members, where rows have both, and those that are of one member.
    emails: HashSet<&'a Email, RandomState>,
    numbers: HashSet<&'a HolderNumber, RandomState>,
    both: HashSet<(&'a Email, &'a HolderNumber), RandomState>,
}

impl RowsInQuestion<'_> {
    /// Whether nothing speaks against any row.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.contested.is_empty()
            && self.shared.is_empty()
            && self.emails.is_empty()
            && self.numbers.is_empty()
    }

    /// Takes the numbers out of which somebody is linked all the same: on another door than the others, or
    /// from before they came.
    #[must_use]
    pub fn without_linked(mut self, is_linked: impl Fn(&HolderId) -> bool) -> Self {
        self.shared.retain(|_, of| !of.iter().any(|key| is_linked(key)));
        self
    }

    /// What speaks against a row. One whose e-mail and number are nobody's is of somebody who has left.
    #[must_use]
    pub fn reason(&self, row: &LinkRow) -> Option<RowReason> {
        let (email, number) = (row.member.email(), row.member.number());
        match (email, number) {
            (Some(email), Some(number))
                if !self.both.contains(&(email, number))
                    && (self.emails.contains(email) || self.numbers.contains(number)) =>
            {
                Some(RowReason::OtherMember)
            }
            (None, Some(number)) if self.shared.contains_key(number) => {
                Some(RowReason::SeveralMembers)
            }
            _ if self.contested.contains(&(email, number, &row.employee_no)) => {
                Some(RowReason::SeveralPersons)
            }
            _ => None,
        }
    }
}

/// Compares all rows with the members and with the persons of each door. On another door each of the persons
/// whom one member is led to may well be the only one.
#[must_use]
pub fn rows_in_question<'a>(
    table: &'a LinkTable,
    members: &[Claimant<'a>],
    doors: &[&'a BTreeMap<RecordId, Record>],
) -> RowsInQuestion<'a> {
    let mut found = RowsInQuestion::default();
    let on_one_door = |persons: &BTreeSet<&'a RecordId>| {
        let mut all = BTreeSet::new();
        for door in doors {
            let there: Vec<_> = persons.iter().filter(|id| door.contains_key(**id)).collect();
            all.extend(there.iter().filter(|_| there.len() > 1).map(|id| **id));
        }
        all
    };
    let of_email = |rows: &'a Several<super::Listed>| -> BTreeSet<&'a RecordId> {
        rows.iter().map(|row| &row.employee_no).collect()
    };
    for (email, rows) in table.by_email.iter().filter(|(_, rows)| !rows.others.is_empty()) {
        let persons = on_one_door(&of_email(rows));
        found.contested.extend(persons.into_iter().map(|id| (Some(email), None, id)));
    }
    if !table.has_numbers() {
        return found;
    }
    found.shared = shared_numbers(table, members);
    for Claimant { member, .. } in members {
        let (email, number) = (member.email.as_ref(), member.number.as_ref());
        found.emails.extend(email);
        found.numbers.extend(number);
        found.both.extend(email.zip(number));
        let persons: BTreeSet<_> = table.persons(member, &found.shared).collect();
        if persons.len() > 1 {
            let ways = [(email, None), (None, number), (email, number)];
            let rows = on_one_door(&persons).into_iter();
            found
                .contested
                .extend(rows.flat_map(|id| ways.map(|(email, number)| (email, number, id))));
        }
    }
    found
}
