//! Which row names the columns, and which columns those are.
//!
//! Both templates of the vendor put rules above the header row and stars in front of required
//! headings, so the row is found by its headings and not by its number.
//! Source: hikvision-isapi.md sections 9.1 and 9.2.

use super::cell::trim;
use super::{FileProblem, HEADER_ROWS_MAX};

/// Headings of the person id: iVMS-4200's, ISAPI's field name, and how devices call it on screen.
const ID_NAMES: &[&str] =
    &["person id", "personid", "employee no", "employee no.", "employeeno", "employee id"];

/// HikCentral's heading of the person id. So common a word that it counts only in a row that also
/// has an e-mail column and none of [`ID_NAMES`].
const WEAK_ID_NAME: &str = "id";

/// Headings of the e-mail.
const EMAIL_NAMES: &[&str] = &["email", "e-mail", "mail", "email address", "e-mail address"];

/// Where the two columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The row in the file, from 1.
    pub line: u32,
    /// The person id column, from 0.
    pub id_column: usize,
    /// The e-mail column, from 0.
    pub email_column: usize,
}

/// A search that remembers near misses, so that a failure can say what is missing where.
#[derive(Debug, Default)]
pub(super) struct Search {
    only_id: Option<u32>,
    only_email: Option<u32>,
}

impl Search {
    /// Looks at one row: its number from 1, and its cells as column from 0 and text.
    ///
    /// # Errors
    /// [`FileProblem::TwoColumns`] when it is the header row but does not decide.
    pub(super) fn offer<'a>(
        &mut self,
        line: u32,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Option<Header>, FileProblem> {
        let mut ids = Vec::new();
        let mut weak_ids = Vec::new();
        let mut emails = Vec::new();
        for (column, text) in cells {
            let Some(name) = normalised(text) else { continue };
            if ID_NAMES.contains(&name.as_str()) {
                ids.push((column, text));
            } else if name == WEAK_ID_NAME {
                weak_ids.push((column, text));
            } else if EMAIL_NAMES.contains(&name.as_str()) {
                emails.push((column, text));
            }
        }
        if emails.is_empty() {
            if !ids.is_empty() {
                self.only_id.get_or_insert(line);
            }
            return Ok(None);
        }
        if ids.is_empty() {
            ids = weak_ids;
        }
        if ids.is_empty() {
            self.only_email.get_or_insert(line);
            return Ok(None);
        }
        let id_column = the_only(&ids, line, "person id")?;
        let email_column = the_only(&emails, line, "e-mail")?;
        Ok(Some(Header { line, id_column, email_column }))
    }

    /// What to say when no row was a header.
    pub(super) fn failure(&self) -> FileProblem {
        match (self.only_id, self.only_email) {
            (Some(line), _) => FileProblem::NoEmailColumn { line },
            (None, Some(line)) => FileProblem::NoIdColumn { line },
            (None, None) => FileProblem::NoHeader { searched: HEADER_ROWS_MAX },
        }
    }
}

/// A heading in the form that is compared: no stars, one space between words, lower case.
fn normalised(text: &str) -> Option<String> {
    /// Longer than every heading in every case; spares lower-casing paragraphs of rules.
    const BYTES_MAX: usize = 64;
    let bare = trim(trim(text).trim_matches('*'));
    if bare.is_empty() || bare.len() > BYTES_MAX {
        return None;
    }
    Some(bare.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
}

fn the_only(found: &[(usize, &str)], line: u32, what: &'static str) -> Result<usize, FileProblem> {
    match found {
        [(column, _)] => Ok(*column),
        _ => {
            let names = found.iter().map(|(_, text)| trim(text).escape_debug().to_string());
            Err(FileProblem::TwoColumns { line, what, names: names.collect() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(row: &[&str]) -> Result<Option<Header>, FileProblem> {
        Search::default().offer(1, row.iter().copied().enumerate())
    }

    #[test]
    fn headings_in_many_spellings() {
        for row in [
            ["*Person ID", "Email"],
            ["PersonID", "E-Mail"],
            ["* Person\u{a0}ID *", "e-mail"],
            ["Employee No", "Mail"],
            ["employee no.", "EMAIL"],
            ["employeeNo", " Email  Address "],
            ["Employee ID", "\u{feff}Email"],
            ["ID", "Email"],
        ] {
            let header = offer(&row).unwrap().unwrap_or_else(|| panic!("{row:?}"));
            assert_eq!((header.id_column, header.email_column), (0, 1), "{row:?}");
        }
    }

    #[test]
    fn rows_that_are_no_header() {
        for row in [
            &["Person ID"][..],
            &["Email", "Organization ID"],
            &["ID", "Name"],
            &["Rule: Person ID and Email are required"],
            &["1007", "anna@example.se"],
        ] {
            assert_eq!(offer(row).unwrap(), None, "{row:?}");
        }
    }

    #[test]
    fn a_weak_name_gives_way_to_a_strong_one() {
        let header = offer(&["ID", "Person ID", "Email"]).unwrap().unwrap();
        assert_eq!(header.id_column, 1);
    }

    #[test]
    fn two_columns_for_one_thing_are_refused() {
        for row in [
            ["Person ID", "Email", "E-mail"],
            ["Person ID", "Employee No.", "Email"],
            ["ID", "ID", "Email"],
        ] {
            let problem = offer(&row).unwrap_err();
            assert!(matches!(problem, FileProblem::TwoColumns { line: 1, .. }), "{row:?}");
        }
    }

    #[test]
    fn failures_say_what_is_missing() {
        let mut search = Search::default();
        search.offer(3, [(0, "Email")].into_iter()).unwrap();
        assert!(matches!(search.failure(), FileProblem::NoIdColumn { line: 3 }));
        search.offer(9, [(0, "*Person ID")].into_iter()).unwrap();
        assert!(matches!(search.failure(), FileProblem::NoEmailColumn { line: 9 }));
        assert!(matches!(Search::default().failure(), FileProblem::NoHeader { .. }));
    }
}
