//! One reading of all persons on its way, page by page: when it ends, and whether it was everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::wire::{Page, person_id, read_record, with_replaced_bytes};
use crate::model::{RecordId, Zone};
use crate::ports::{FullRecord, RecordList};

/// The most pages of one pass: 200,000 persons, four times what the largest platforms hold.
const MAX_PAGES: usize = 400;

/// What to do after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Read the next one.
    Next,
    /// Read everything once more.
    Again,
    Done,
}

pub(super) struct Run {
    size: usize,
    until: Option<Instant>,
    page: usize,
    pages: usize,
    passes: usize,
    total: Option<usize>,
    /// The total changed between pages: somebody edits meanwhile, and rows may have been skipped.
    total_moved: bool,
    /// Entries of this pass, by what they are: an id, or the text of one that has none.
    here: BTreeSet<String>,
    /// Who was handed over, each with what the platform calls them.
    seen: BTreeMap<RecordId, String>,
    twice: BTreeSet<RecordId>,
    /// Reasons with the content they belong to, so that an entry met twice counts once.
    unusable: BTreeMap<String, String>,
}

impl Run {
    pub(super) fn new(size: usize, limit: Duration) -> Self {
        Self {
            size,
            until: Instant::now().checked_add(limit),
            page: 1,
            pages: 0,
            passes: 1,
            total: None,
            total_moved: false,
            here: BTreeSet::new(),
            seen: BTreeMap::new(),
            twice: BTreeSet::new(),
            unusable: BTreeMap::new(),
        }
    }

    /// The page to read, from 1.
    pub(super) fn page(&self) -> usize {
        self.page
    }

    pub(super) fn is_out_of_time(&self) -> bool {
        self.pages > 0 && self.until.is_some_and(|until| Instant::now() > until)
    }

    /// Takes a page in; whoever was not met before is handed over.
    pub(super) fn take(
        &mut self,
        page: Page,
        zone: Zone,
        each: &mut dyn FnMut(FullRecord),
    ) -> Step {
        self.pages += 1;
        let count = page.persons.len();
        if count > 0 || page.total.is_some() {
            self.total_moved |= self.page > 1 && page.total != self.total;
            self.total = page.total;
        }
        let mut on_page = BTreeSet::new();
        for (at, value) in page.persons.iter().enumerate() {
            match read_record(value, zone) {
                Ok(record) => {
                    let id = record.person.employee_no.clone();
                    let person = person_id(&record);
                    self.here.insert(format!("id {person}"));
                    match self.seen.get(&id) {
                        Some(known) if *known != person || on_page.contains(&id) => {
                            self.twice.insert(id);
                        }
                        Some(_) => drop(on_page.insert(id)),
                        None => {
                            on_page.insert(id.clone());
                            self.seen.insert(id, person);
                            each(with_replaced_bytes(record, page.replaced));
                        }
                    }
                }
                Err(reason) => {
                    let text = value.to_string();
                    self.here.insert(format!("entry {text}"));
                    let place = (self.page - 1) * self.size + at;
                    self.unusable
                        .entry(text)
                        .or_insert_with(|| format!("the entry at offset {place} {reason}"));
                }
            }
        }
        // Compared with the size that was asked for: a short page is the last one.
        let is_last = count < self.size
            || self.total.is_some_and(|total| self.page * self.size >= total)
            || self.page >= MAX_PAGES;
        if !is_last {
            self.page += 1;
            return Step::Next;
        }
        if self.is_complete() || self.passes > 1 {
            return Step::Done;
        }
        self.passes += 1;
        self.page = 1;
        self.total_moved = false;
        self.here.clear();
        Step::Again
    }

    /// Whether this pass met as many as there are. One that a single page repeats takes the place of
    /// somebody else.
    fn is_complete(&self) -> bool {
        let is_whole = match self.total {
            Some(total) => self.here.len() >= total,
            None => self.here.is_empty(),
        };
        is_whole && !self.total_moved && self.page < MAX_PAGES
    }

    pub(super) fn list(self) -> RecordList {
        // Both passes together have met everybody, as far as nobody came or went between them.
        let met = self.seen.len() + self.unusable.len();
        let is_met = !self.total_moved && self.total == Some(met);
        RecordList {
            count: self.seen.len(),
            total_stated: self.total,
            pages: self.pages,
            complete: self.is_complete() || is_met,
            unusable: self.unusable.into_values().collect(),
            twice: self.twice,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;
    use serde_json::{Value, json};

    fn page(total: Option<usize>, ids: &[u32]) -> Page {
        let persons = ids.iter().map(|id| match id {
            0 => json!({"personName": "nobody"}),
            id => json!({"personId": id, "personCode": id % 100}),
        });
        Page { total, persons: persons.collect::<Vec<Value>>(), replaced: false }
    }

    type Pages = Vec<(Option<usize>, Vec<u32>)>;

    /// Reads pages of two in the order given; those asked for must be as many.
    fn read(pages: Pages) -> (RecordList, Vec<String>) {
        let mut run = Run::new(2, Duration::from_secs(60));
        let mut handed = Vec::new();
        let count = pages.len();
        for (at, (total, ids)) in pages.into_iter().enumerate() {
            let mut each = |record: FullRecord| handed.push(record.person.employee_no.to_string());
            let step = run.take(page(total, &ids), zone("Europe/Ljubljana"), &mut each);
            assert_eq!(step == Step::Done, at + 1 == count, "page {at}: {step:?}");
        }
        (run.list(), handed)
    }

    #[test]
    fn lists_that_are_whole() {
        for (pages, persons, unusable) in [
            (vec![(Some(0), vec![])], 0, 0),
            (vec![(None, vec![])], 0, 0),
            (vec![(Some(1), vec![1])], 1, 0),
            (vec![(Some(2), vec![1, 2])], 2, 0),
            (vec![(Some(3), vec![1, 2]), (Some(3), vec![3])], 3, 0),
            (vec![(Some(3), vec![1, 0]), (Some(3), vec![3])], 2, 1),
            // Rows moved from one page to another: a second pass meets everybody.
            (
                vec![
                    (Some(4), vec![1, 2]),
                    (Some(4), vec![2, 3]),
                    (Some(4), vec![1, 2]),
                    (Some(4), vec![3, 4]),
                ],
                4,
                0,
            ),
            // Both passes together do.
            (
                vec![
                    (Some(4), vec![1, 2]),
                    (Some(4), vec![2, 3]),
                    (Some(4), vec![1, 4]),
                    (Some(4), vec![4, 3]),
                ],
                4,
                0,
            ),
            // Somebody came meanwhile.
            (
                vec![
                    (Some(3), vec![1, 2]),
                    (Some(4), vec![3, 4]),
                    (Some(4), vec![1, 2]),
                    (Some(4), vec![3, 4]),
                ],
                4,
                0,
            ),
        ] {
            let (list, handed) = read(pages.clone());
            assert!(list.complete, "{pages:?}: {list:?}");
            assert_eq!((list.count, list.unusable.len()), (persons, unusable), "{pages:?}");
            assert_eq!(list.pages, pages.len());
            let distinct: BTreeSet<&String> = handed.iter().collect();
            assert_eq!((handed.len(), distinct.len()), (persons, persons), "{pages:?}");
        }
    }

    #[test]
    fn lists_that_are_not() {
        let twice = |pages: Pages| [pages.clone(), pages].concat();
        for pages in [
            twice(vec![(Some(5), vec![1])]),
            twice(vec![(Some(5), vec![])]),
            twice(vec![(None, vec![1])]),
            twice(vec![(Some(3), vec![1, 2]), (Some(3), vec![2])]),
            twice(vec![(Some(2), vec![1, 1])]),
            twice(vec![(Some(3), vec![1, 2]), (Some(2), vec![3])]),
            twice(vec![(Some(3), vec![1, 2]), (None, vec![])]),
        ] {
            let (list, _) = read(pages.clone());
            assert!(!list.complete, "{pages:?}: {list:?}");
        }
        let (list, _) = read(twice(vec![(Some(2), vec![1, 1])]));
        assert_eq!(list.twice.len(), 1);
    }

    /// Mutant: only those of one page are compared.
    #[test]
    fn two_persons_with_one_number_are_known_as_such() {
        let (list, handed) = read(vec![(Some(3), vec![1, 2]), (Some(3), vec![101])]);
        assert!(list.complete);
        assert_eq!((list.twice.len(), handed.len()), (1, 2));
    }

    #[test]
    fn a_list_without_an_end_is_given_up() {
        let mut run = Run::new(1, Duration::from_secs(60));
        for at in 0.. {
            let next = page(Some(1_000_000), &[at + 1]);
            match run.take(next, zone("Europe/Ljubljana"), &mut |_| {}) {
                Step::Next | Step::Again => {}
                Step::Done => break,
            }
            assert!(at < 1000);
        }
        let list = run.list();
        assert!(!list.complete);
        assert_eq!(list.pages, 2 * MAX_PAGES);
    }

    #[test]
    fn time_runs_out_after_a_page() {
        let mut run = Run::new(2, Duration::ZERO);
        std::thread::sleep(Duration::from_millis(2));
        assert!(!run.is_out_of_time());
        run.take(page(Some(4), &[1, 2]), zone("Europe/Ljubljana"), &mut |_| {});
        assert!(run.is_out_of_time());
    }
}
