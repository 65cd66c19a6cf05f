//! Whether new content of a link file may be half of what was meant. Pure.
//!
//! A file that is read while a program writes it looks like a shorter file. Nobody can tell from one
//! look, so what looks cut off counts only when the next run sees the same bytes.

use std::collections::HashSet;
use std::fmt;

use super::LinkFile;
use crate::config::Guard;
use crate::engine::link::LinkTable;
use crate::model::{Email, HolderNumber};

/// Why a file looks cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The last line of a CSV file has no end.
    NoLineEnd,
    /// Many rows that were there are not.
    RowsGone {
        /// How many rows are of members whom no usable row names any more.
        gone: usize,
        /// How many rows there were.
        known: usize,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLineEnd => write!(f, "its last line has no line end"),
            Self::RowsGone { gone, known } => write!(f, "{gone} of its {known} rows are gone"),
        }
    }
}

/// Compares a file with its rows from the last reading. A row whose person changed is not gone, and neither
/// is one that got the other name of its member, too.
#[must_use]
pub fn doubt(file: &LinkFile, known: &LinkTable, guard: Guard) -> Option<Doubt> {
    if file.is_cut_off {
        return Some(Doubt::NoLineEnd);
    }
    let emails: HashSet<_> = file.rows.iter().filter_map(|row| row.member.email()).collect();
    let numbers: HashSet<_> = file.rows.iter().filter_map(|row| row.member.number()).collect();
    let is_there = |(email, number): (Option<&Email>, Option<&HolderNumber>)| {
        email.is_some_and(|email| emails.contains(email))
            || number.is_some_and(|number| numbers.contains(number))
    };
    let gone = known.each().filter(|named| !is_there(*named)).count();
    let known = known.each().count();
    (gone > guard.losses_allowed(known)).then_some(Doubt::RowsGone { gone, known })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::DateTime;

    use super::*;
    use crate::config::Percent;
    use crate::engine::link::file::parse;

    fn csv(rows: impl IntoIterator<Item = usize>, id: &str) -> LinkFile {
        let rows: String = rows.into_iter().map(|n| format!("{id}{n},p{n}@x.si\n")).collect();
        parse(Path::new("x.csv"), format!("Person ID,Email\n{rows}").as_bytes()).unwrap()
    }

    fn known(count: usize) -> LinkTable {
        let mut table = LinkTable::default();
        for row in csv(0..count, "").rows {
            table.insert(row, DateTime::UNIX_EPOCH);
        }
        table
    }

    fn guard(source_shrink: u8) -> Guard {
        let percent = |value| Percent::new(value).unwrap();
        Guard {
            source_shrink: percent(source_shrink),
            revoke_per_tick: percent(5),
            revoke_per_day: percent(15),
            grant_per_tick: percent(25),
        }
    }

    // Mutants: rows are counted and not compared (new ones hide lost ones), `>=` for `>` and back,
    // no smallest number, persons compared instead of e-mails.
    #[test]
    fn many_rows_gone() {
        for (before, gone, want) in [
            (0, 0, false),
            (2, 2, false),
            (3, 3, true),
            (20, 2, false),
            (20, 3, true),
            (30, 3, false),
            (30, 4, true),
            (100, 10, false),
            (100, 11, true),
            (100, 100, true),
        ] {
            let wanted = want.then_some(Doubt::RowsGone { gone, known: before });
            let shorter = csv(gone..before, "");
            assert_eq!(doubt(&shorter, &known(before), guard(10)), wanted, "{before} {gone}");
            let with_others = csv((gone..before).chain(1000..1200), "");
            assert_eq!(doubt(&with_others, &known(before), guard(10)), wanted, "{before} {gone}");
            let renumbered = csv(gone..before, "A");
            assert_eq!(doubt(&renumbered, &known(before), guard(10)), wanted, "{before} {gone}");
        }
        assert_eq!(doubt(&csv(10..20, ""), &known(20), guard(50)), None);
        let rows: String = (0..20).map(|n| format!("{n},p{n}@x.si,{n}1\n")).collect();
        let text = format!("Person ID,Email,Member number\n{rows}");
        let with_numbers = parse(Path::new("x.csv"), text.as_bytes()).unwrap();
        assert_eq!(doubt(&with_numbers, &known(20), guard(10)), None);
        let mut by_both = LinkTable::default();
        by_both.extend(with_numbers.rows.into_iter().map(|row| (row, DateTime::UNIX_EPOCH)));
        let rows: String = (3..20).map(|n| format!("{n},{n}1\n")).collect();
        let text = format!("Person ID,Member number\n{rows}");
        let by_number = parse(Path::new("x.csv"), text.as_bytes()).unwrap();
        let gone = Doubt::RowsGone { gone: 3, known: 20 };
        assert_eq!(doubt(&by_number, &by_both, guard(10)), Some(gone));
    }

    #[test]
    fn no_line_end() {
        let cut = parse(Path::new("x"), b"Person ID,Email\n1,a@x.si").unwrap();
        assert_eq!(doubt(&cut, &LinkTable::default(), guard(10)), Some(Doubt::NoLineEnd));
        assert_eq!(doubt(&csv(0..1, ""), &LinkTable::default(), guard(10)), None);
    }
}
