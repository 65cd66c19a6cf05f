//! The members who could not be linked, as a spreadsheet with the columns of a link file: an admin fills
//! in the person id and adds the file to `[link] files`.
//!
//! Semicolons and a byte order mark, because that is what a spreadsheet program opens right with a double
//! click where people write decimal commas; link files are read with either.

use std::collections::BTreeMap;

use crate::model::{DeviceName, Member, MemberKey, visible};
use crate::plan::{LeftOut, Reason};
use crate::report::text::explain;

/// The longest cell.
const CELL_MAX: usize = 300;

/// Whether a member is left out because nobody knows which person they are.
#[must_use]
pub fn is_unlinked(reason: Reason) -> bool {
    matches!(reason, Reason::NoEmail | Reason::NoPerson | Reason::Ambiguous | Reason::NameDiffers)
}

/// One member who could not be linked.
struct Row<'a> {
    member: &'a Member,
    reason: Reason,
    doors: Vec<&'a DeviceName>,
    is_everywhere: bool,
}

/// The sheet, and how many members are in it: those with paid time, by number.
#[must_use]
pub fn sheet(left_out: &[LeftOut], members: &BTreeMap<MemberKey, &Member>) -> (String, usize) {
    let mut rows: BTreeMap<(MemberKey, Reason), Row<'_>> = BTreeMap::new();
    for one in left_out.iter().filter(|one| one.has_paid_time && is_unlinked(one.reason)) {
        let Some(member) = members.get(&one.member) else { continue };
        let row = rows.entry((one.member, one.reason)).or_insert_with(|| Row {
            member,
            reason: one.reason,
            doors: Vec::new(),
            is_everywhere: false,
        });
        match &one.device {
            Some(device) => row.doors.push(device),
            None => row.is_everywhere = true,
        }
    }
    let mut sheet = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    let mut put = |cells: [&str; 7]| {
        // A record that went into memory has no way to fail.
        let _ = sheet.write_record(cells.map(harmless));
    };
    put(["Person ID", "Email", "Member", "First name", "Last name", "Door", "Reason"]);
    for row in rows.values() {
        let doors: Vec<&str> = row.doors.iter().map(|door| door.as_str()).collect();
        let doors = if row.is_everywhere { "every door".to_owned() } else { doors.join(", ") };
        put([
            "",
            row.member.email.as_ref().map_or("", |email| email.as_str()),
            &row.member.key.number.to_string(),
            &row.member.first_name,
            &row.member.last_name,
            &doors,
            explain(row.reason).0,
        ]);
    }
    let bytes = sheet.into_inner().unwrap_or_default();
    (String::from_utf8_lossy(&bytes).into_owned(), rows.len())
}

/// A cell that no spreadsheet program takes for a formula.
fn harmless(cell: &str) -> String {
    let mut cell = visible(cell, CELL_MAX);
    if cell.starts_with(['=', '+', '-', '@', '|', '%']) {
        cell.insert(0, '\'');
    }
    cell
}
