//! What no client may do to a camera, checked on every request that it gets.
//!
//! Each violation is a line `slug: what happened`. The slugs, beyond those of every device: `malformed`,
//! `unknown-path`, `wrong-method`, `not-understood`, `unknown-field`, `field-type`, `unknown-word`,
//! `plate-form`, `plate-twice`, `too-many-rows`, `empty-write`, `empty-delete`, `delete-all`,
//! `no-delete-flag`, `whole-list-put`, `block-list`, `no-end`, `begin-after-end`, `stranger-changed`,
//! `stranger-deleted`, `barrier-control`, `no-read-back`.

use std::collections::BTreeMap;

use super::row::{List, Row};
use super::settings::Rules;
use super::switches::Switches;
use crate::http::Request;
use crate::isapi::manners::Manners;

/// The list of violations, and the memory needed to see them.
pub(super) struct Audit {
    pub(super) manners: Manners,
    rules: Rules,
    /// Plates that were written or deleted and that nobody has looked at since; what was done.
    unread: BTreeMap<String, &'static str>,
}

impl Audit {
    pub(super) fn new(rules: Rules) -> Self {
        Self { manners: Manners::default(), rules, unread: BTreeMap::new() }
    }

    /// Notes a violation.
    pub(super) fn note(&mut self, slug: &str, what: &str) {
        self.manners.note(slug, what);
    }

    /// Everything noted, and writes that nobody has read back so far, without what the test wants.
    pub(super) fn violations(&self) -> Vec<String> {
        let unread = self.unread.iter().map(|(plate, done)| no_read_back(plate, done));
        let all = self.manners.violations().iter().cloned().chain(unread);
        let is_wanted = |line: &String| {
            self.rules.wanted.iter().any(|slug| line.starts_with(&format!("{slug}:")))
        };
        all.filter(|line| !is_wanted(line)).collect()
    }

    /// Begins a new run: one wrong response is allowed again. A write not yet read back stays so.
    pub(super) fn begin_run(&mut self) {
        self.manners.begin_run();
    }

    /// Forgets everything noted so far, and the writes not yet read back.
    pub(super) fn clear(&mut self) {
        self.manners.clear();
        self.unread.clear();
    }

    /// Looks at a request before it is judged.
    pub(super) fn arrived(&mut self, switches: &Switches, request: &Request) {
        self.manners.came(request);
        if request.path().to_ascii_lowercase().contains("barriergate")
            || request.path().contains("/manualControl")
        {
            self.note("barrier-control", &format!("{} {}", request.method, request.target));
        }
        self.manners.logs_in(&switches.common(), request);
    }

    /// Looks at how many rows one write or deletion names.
    pub(super) fn rows_named(&mut self, count: usize, empty: &str, request: &Request) {
        let what = format!("{} {}: {count} rows", request.method, request.target);
        if count == 0 {
            self.note(empty, &what);
        }
        if count > self.rules.rows_at_once {
            self.note("too-many-rows", &what);
        }
    }

    /// An accepted row took the place of another, or is new.
    pub(super) fn stored(&mut self, before: Option<&Row>, row: &Row) {
        if let Some(before) = before.filter(|before| before.stranger) {
            self.note("stranger-changed", &format!("{} (id {})", before.plate, before.id));
        }
        if row.list == List::Block {
            self.note("block-list", &row.plate);
        }
        if row.end.is_none() {
            self.note("no-end", &row.plate);
        }
        self.unread(&row.plate, "write");
    }

    /// A row was deleted.
    pub(super) fn deleted(&mut self, row: &Row) {
        if row.stranger {
            self.note("stranger-deleted", &format!("{} (id {})", row.plate, row.id));
        }
        self.unread(&row.plate, "deletion");
    }

    fn unread(&mut self, plate: &str, done: &'static str) {
        if let Some(before) = self.unread.insert(plate.to_owned(), done) {
            self.manners.extend([no_read_back(plate, before)]);
        }
    }

    /// The client saw the row of this plate, or that there is none.
    pub(super) fn read_back(&mut self, plate: &str) {
        self.unread.remove(plate);
    }

    /// The client read the list to its end.
    pub(super) fn read_all(&mut self) {
        self.unread.clear();
    }
}

fn no_read_back(plate: &str, done: &str) -> String {
    format!("no-read-back: the {done} of {plate} was not followed by a search that shows it")
}
