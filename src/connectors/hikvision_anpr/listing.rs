//! What the pages of one search are worth. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::wire::{Entry, Page, PageWord, bare};

/// The most rows read from one camera; the largest known holds some ten thousand.
const ROWS_MAX: usize = 100_000;

/// The most pages read in one search, so that no answer keeps us for ever.
const PAGES_MAX: usize = ROWS_MAX / 10 + 100;

/// What a search brought.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<Entry>,
    /// Why others were left out, and what is odd, without plates.
    pub(super) unusable: Vec<String>,
    /// Whether this is certainly every row that the search is about.
    pub(super) is_complete: bool,
    /// Rows that there are, as the camera says.
    pub(super) total: Option<usize>,
}

/// One search on its way.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Where the next page begins.
    pub(super) position: usize,
    pub(super) pages: usize,
    entries: Vec<Entry>,
    /// What is known already: id and plate.
    seen: BTreeSet<(String, String)>,
    /// Entries that cannot be used, by their content, and why.
    misfits: BTreeMap<String, String>,
    /// Entries that a single page had twice.
    doubled: usize,
    total: Option<usize>,
    /// The total changed between pages: somebody edits in parallel, and rows may have been skipped.
    has_total_moved: bool,
    /// A page showed what an earlier one had shown.
    has_repeats: bool,
    /// A page held other than the number of entries that it said.
    is_miscounted: bool,
    has_ended: bool,
}

impl Run {
    /// Rows met so far.
    fn count(&self) -> usize {
        self.entries.len() + self.misfits.len() + self.doubled
    }

    /// Whether the next page begins behind everything that there is, as far as the camera says.
    pub(super) fn is_beyond(&self) -> bool {
        self.position > 0 && self.total.is_none_or(|total| self.position >= total)
    }

    /// Takes one page in, for which `asked` rows were asked; whether another one is to be asked for.
    pub(super) fn take(&mut self, page: Page, asked: usize) -> bool {
        let before = self.count();
        let size = page.entries.len();
        self.has_total_moved |= self.pages > 0 && page.total != self.total;
        self.total = page.total;
        self.pages += 1;
        self.is_miscounted |= !page.is_counted;
        let mut here = BTreeSet::new();
        for (at, entry) in page.entries.into_iter().enumerate() {
            match entry {
                Ok(entry) => {
                    let key = (entry.id.clone(), bare(&entry.plate));
                    if !here.insert(key.clone()) {
                        self.doubled += 1;
                    } else if self.seen.insert(key) {
                        self.entries.push(entry);
                    } else {
                        self.has_repeats = true;
                    }
                }
                Err(misfit) => {
                    let why = format!("the entry at offset {} {}", self.position + at, misfit.why);
                    self.has_repeats |= self.misfits.insert(misfit.content, why).is_some();
                }
            }
        }
        self.position += size;
        self.has_ended = matches!(page.word, PageWord::Last | PageWord::NoMatch);
        let is_short_of_total = self.total.is_some_and(|total| self.count() < total);
        let has_more = match page.word {
            PageWord::More => true,
            PageWord::Last | PageWord::NoMatch => is_short_of_total,
            PageWord::Unsaid => is_short_of_total || (self.total.is_none() && size >= asked),
        };
        let has_news = self.count() > before;
        let is_within = self.pages < PAGES_MAX && self.count() < ROWS_MAX;
        has_more && has_news && is_within
    }

    /// What it comes to.
    ///
    /// It is complete only where every row that the camera counts was seen once and can be used. Two rows of
    /// one plate with ids of their own are both given; where nothing tells them apart, one is, and the list is
    /// not complete. Without a count the camera must say where the list ends, and no page may repeat another.
    pub(super) fn listing(self) -> Listing {
        let is_counted = match self.total {
            Some(total) => self.count() == total && !self.has_total_moved,
            None => self.has_ended && !self.has_repeats && !self.has_total_moved,
        };
        let is_usable = self.misfits.is_empty() && self.doubled == 0 && !self.is_miscounted;
        let mut unusable: Vec<String> = self.misfits.into_values().collect();
        if self.doubled > 0 {
            unusable.push(format!(
                "{} entries are there twice, with nothing that tells them apart",
                self.doubled
            ));
        }
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            places.entry(bare(&entry.plate)).or_default().push(at);
        }
        let several = places.into_values().filter(|places| places.len() > 1);
        unusable.extend(several.map(|places| {
            let places: Vec<String> = places.iter().map(usize::to_string).collect();
            format!("the entries at offsets {} have the same plate", places.join(" and "))
        }));
        Listing {
            entries: self.entries,
            unusable,
            is_complete: is_counted && is_usable,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::wire::audit;
    use super::*;
    use crate::connectors::hikvision::wire::Document;

    /// A page as a camera gives it: the rows by id and plate, the word, the total.
    fn page(rows: &[(&str, &str)], word: &str, total: Option<usize>) -> Page {
        let rows: String = rows
            .iter()
            .map(|(id, plate)| {
                format!(
                    "<LicensePlateInfo><id>{id}</id><LicensePlate>{plate}</LicensePlate>\
                     </LicensePlateInfo>"
                )
            })
            .collect();
        let total =
            total.map(|total| format!("<totalMatches>{total}</totalMatches>")).unwrap_or_default();
        let body = format!(
            "<LPListAuditSearchResult><responseStatusStrg>{word}</responseStatusStrg>{total}\
             <LicensePlateInfoList>{rows}</LicensePlateInfoList></LPListAuditSearchResult>"
        );
        audit::page(&Document::parse(body.as_bytes()).unwrap()).unwrap()
    }

    /// The pages one after the other, as long as the run asks for one.
    fn run(pages: Vec<Page>) -> (usize, Listing) {
        let mut run = Run::default();
        let mut taken = 0;
        for page in pages {
            taken += 1;
            if !run.take(page, 2) {
                break;
            }
        }
        (taken, run.listing())
    }

    #[test]
    fn pages_of_every_kind() {
        let (a, b, c) = (("1", "A1"), ("2", "B2"), ("3", "C3"));
        for (name, pages, taken, rows, is_complete) in [
            ("whole", vec![page(&[a, b], "MORE", Some(3)), page(&[c], "OK", Some(3))], 2, 3, true),
            ("no count", vec![page(&[a, b], "MORE", None), page(&[c], "OK", None)], 2, 3, true),
            ("empty", vec![page(&[], "NO MATCHES", Some(0))], 1, 0, true),
            ("empty, no count", vec![page(&[], "NO MATCHES", None)], 1, 0, true),
            ("says nothing", vec![page(&[a], "", None)], 1, 1, false),
            ("says nothing, counts", vec![page(&[a], "", Some(1))], 1, 1, true),
            (
                "the first again",
                vec![page(&[a, b], "MORE", Some(3)), page(&[a, b], "MORE", Some(3))],
                2,
                2,
                false,
            ),
            (
                "the first again, no count",
                vec![page(&[a, b], "MORE", None), page(&[a, b], "OK", None)],
                2,
                2,
                false,
            ),
            (
                "overlap",
                vec![page(&[a, b], "MORE", Some(3)), page(&[b, c], "OK", Some(3))],
                2,
                3,
                true,
            ),
            (
                "overlap, no count",
                vec![page(&[a, b], "MORE", None), page(&[b, c], "OK", None)],
                2,
                3,
                false,
            ),
            (
                "total not reached",
                vec![page(&[a], "OK", Some(2)), page(&[], "NO MATCHES", Some(2))],
                2,
                1,
                false,
            ),
            ("total too low", vec![page(&[a, b], "OK", Some(1))], 1, 2, false),
            (
                "total moves",
                vec![page(&[a, b], "MORE", Some(4)), page(&[c], "OK", Some(3))],
                2,
                3,
                false,
            ),
            (
                "total goes away",
                vec![page(&[a, b], "MORE", Some(3)), page(&[c], "OK", None)],
                2,
                3,
                false,
            ),
            (
                "OK too early",
                vec![page(&[a, b], "OK", Some(3)), page(&[c], "OK", Some(3))],
                2,
                3,
                true,
            ),
            (
                "MORE and nothing",
                vec![page(&[a], "MORE", Some(2)), page(&[], "MORE", Some(2))],
                2,
                1,
                false,
            ),
            (
                "one plate, two ids",
                vec![page(&[("1", "A1"), ("2", "a-1")], "OK", Some(2))],
                1,
                2,
                true,
            ),
            ("one plate, one id", vec![page(&[a, a], "OK", Some(2))], 1, 1, false),
            ("no plate", vec![page(&[a, ("2", "")], "OK", Some(2))], 1, 1, false),
        ] {
            let (asked, listing) = run(pages);
            assert_eq!(
                (asked, listing.entries.len(), listing.is_complete),
                (taken, rows, is_complete),
                "{name}"
            );
            assert_eq!(
                listing.unusable.is_empty(),
                !(name.starts_with("one plate") || name == "no plate"),
                "{name}"
            );
            let said = format!("{:?}", listing.unusable);
            assert!(!said.contains("A1"), "{said}");
        }
    }

    #[test]
    fn a_page_that_does_not_hold_what_it_says_is_not_everything() {
        let mut short = page(&[("1", "A1")], "OK", Some(1));
        short.is_counted = false;
        assert!(!run(vec![short]).1.is_complete);
    }

    proptest! {
        /// Whatever pages come: it ends, no row is given twice, and what is called complete is.
        #[test]
        fn what_is_complete_is_what_the_camera_counts(
            rows in 0_usize..8,
            starts in prop::collection::vec(0_usize..8, 1..8),
            words in prop::collection::vec(0_usize..3, 8),
            lie in -1_i64..=1,
            has_total: bool,
        ) {
            let names: Vec<(String, String)> =
                (0..rows).map(|at| (at.to_string(), format!("P{at}"))).collect();
            let total = usize::try_from(i64::try_from(rows).unwrap() + lie).unwrap_or(0);
            let pages = starts.iter().enumerate().map(|(at, start)| {
                let here: Vec<(&str, &str)> = names
                    .iter()
                    .skip(*start)
                    .take(2)
                    .map(|(id, plate)| (id.as_str(), plate.as_str()))
                    .collect();
                // Without a total the last word is all there is, so it is true here.
                let ends = start + here.len() >= rows;
                let word = if has_total { ["OK", "MORE", ""][words[at]] } else if ends { "OK" } else { "MORE" };
                page(&here, word, has_total.then_some(total))
            });
            let (_, listing) = run(pages.collect());
            let plates: BTreeSet<&str> =
                listing.entries.iter().map(|entry| entry.plate.as_str()).collect();
            prop_assert_eq!(plates.len(), listing.entries.len());
            if listing.is_complete && has_total {
                prop_assert_eq!(listing.entries.len(), total);
                prop_assert!(lie >= 0 || total == listing.entries.len());
            }
        }
    }
}
