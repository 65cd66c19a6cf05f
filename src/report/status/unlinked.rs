//! The members who could not be linked, as a spreadsheet with the columns of a link file: an admin fills
//! in the person id and adds the file to `[link] files`.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::plan::{LeftOut, Reason};
use crate::model::{Holder, HolderId, TargetName};
use crate::report::sheet::{Sheet, harmless};
use crate::report::text::explain;

/// The columns.
const HEADINGS: [&str; 7] =
    ["Person ID", "Email", "Member number", "First name", "Last name", "Door", "Reason"];

/// Whether a member is left out because nobody knows which person they are.
#[must_use]
pub fn is_unlinked(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NoEmail
            | Reason::NoPerson
            | Reason::NotOnDoor
            | Reason::Ambiguous
            | Reason::NameDiffers
    )
}

/// One member who could not be linked.
struct Row<'a> {
    member: &'a Holder,
    reason: Reason,
    doors: Vec<&'a TargetName>,
    is_everywhere: bool,
}

/// The sheet, and how many members are in it: those with paid time, by number.
#[must_use]
pub fn sheet(left_out: &[LeftOut], members: &BTreeMap<&HolderId, &Holder>) -> (String, usize) {
    let mut rows: BTreeMap<(&HolderId, Reason), Row<'_>> = BTreeMap::new();
    for one in left_out.iter().filter(|one| one.has_paid_time && is_unlinked(one.reason)) {
        let Some(member) = members.get(&one.member) else { continue };
        let row = rows.entry((&one.member, one.reason)).or_insert_with(|| Row {
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
    let mut sheet = Sheet::new(HEADINGS);
    for row in rows.values() {
        let doors: Vec<&str> = row.doors.iter().map(|door| door.as_str()).collect();
        let doors = if row.is_everywhere { "every door".to_owned() } else { doors.join(", ") };
        let [email, number, first_name, last_name] = who(row.member);
        let reason = explain(row.reason).0;
        sheet.row(["", &email, &number, &first_name, &last_name, &doors, reason]);
    }
    (sheet.text(), rows.len())
}

/// What an earlier sheet holds that came from somebody's hand, as a sentence fragment; nothing where each of
/// its rows is one that [`sheet`] makes of these members, and the next sheet loses nothing.
#[must_use]
pub fn by_hand<'a>(bytes: &[u8], members: impl Iterator<Item = &'a Holder>) -> Option<String> {
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes));
    let known: BTreeSet<[String; 4]> =
        members.map(|member| who(member).map(|cell| harmless(&cell))).collect();
    let reasons: Vec<String> =
        Reason::ALL.into_iter().map(|reason| harmless(explain(reason).0)).collect();
    for (line, record) in (1..).zip(rows.records()) {
        let Ok(record) = record else { return Some("it is another file".to_owned()) };
        let cells: Vec<&str> = record.iter().collect();
        if line == 1 {
            if cells != HEADINGS {
                return Some("it is another file".to_owned());
            }
            continue;
        }
        let [person, email, number, first_name, last_name, _, reason] = cells[..] else {
            return Some(format!("line {line} was changed by hand"));
        };
        if !person.is_empty() {
            return Some(format!("line {line} has a person id that somebody has filled in"));
        }
        let who = [email, number, first_name, last_name].map(str::to_owned);
        if !known.contains(&who) || !reasons.iter().any(|known| known == reason) {
            return Some(format!("line {line} was changed, by hand or in the membership system"));
        }
    }
    None
}

/// The cells that name a member.
fn who(member: &Holder) -> [String; 4] {
    let email = member.email.as_ref().map_or_else(String::new, |email| email.as_str().to_owned());
    let number = member.key.human().to_string();
    [email, number, member.first_name.clone(), member.last_name.clone()]
}
