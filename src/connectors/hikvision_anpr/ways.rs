//! How a camera wants its list read and changed, as far as that was learnt.

use serde::{Deserialize, Serialize};

use crate::connectors::hikvision::manners::Manners;

/// The form in which it is remembered.
pub(super) const REMEMBERED_FORM: u32 = 1;

/// What is remembered of a camera between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Remembered {
    /// How it wants to be asked.
    pub(super) manners: Manners,
    /// The firmware that the rest is about.
    pub(super) firmware: String,
    pub(super) ways: Ways,
}

/// What one firmware was found to take and to show. Nothing where it is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ways {
    pub(super) family: Option<Family>,
    pub(super) search: Search,
    /// Whether a search for one plate gives the rows of that plate, and not the whole list.
    pub(super) finds_plates: Option<bool>,
    /// The form in which a row was written and came back right.
    pub(super) writing: Option<Writing>,
    /// The form in which a row was removed, and was gone.
    pub(super) removal: Option<Removal>,
    /// Where the first day of a row was seen to be kept.
    pub(super) begin: Option<Begin>,
    /// Whether a row that ends at midnight holds for that whole day, because no time of day is kept; `false`
    /// where one was seen to be.
    pub(super) keeps_days: Option<bool>,
}

/// Which calls a camera has for its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Family {
    /// The plate audit below `/ISAPI/Traffic`.
    Audit,
    /// `/ISAPI/ITC/Entrance/VCL` of older firmware.
    Vcl,
}

/// What a search of the audit list looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Search {
    pub(super) root: SearchRoot,
    /// Rows asked for per page.
    pub(super) page: usize,
}

/// Rows asked for per page, tried in this order where a camera refuses more.
const PAGES: [usize; 3] = [100, 30, 10];

impl Default for Search {
    fn default() -> Self {
        Self { root: SearchRoot::Description, page: 100 }
    }
}

impl Search {
    /// What to try after this was refused: the other root at once where the root was, else first a smaller
    /// page.
    pub(super) fn next(self, is_root_refused: bool) -> Option<Self> {
        let smaller = PAGES.into_iter().find(|page| *page < self.page);
        match (smaller.filter(|_| !is_root_refused), self.root) {
            (Some(page), root) => Some(Self { root, page }),
            (None, SearchRoot::Description) => {
                Some(Self { root: SearchRoot::Condition, ..Self::default() })
            }
            (None, SearchRoot::Condition) => None,
        }
    }
}

/// The root of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SearchRoot {
    /// `LPListAuditSearchDescription` with `maxResults`.
    Description,
    /// `LPSearchCond` with `maxResult`.
    Condition,
}

/// The form of a row that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Writing {
    pub(super) word: Word,
    pub(super) times: Times,
}

impl Writing {
    /// Every form that a family may take, the safest first. A time of day comes before a bare day: whoever
    /// takes it ends the row when asked to, and whoever refuses it keeps whole days.
    pub(super) fn all(family: Family) -> Vec<Self> {
        let of = |word, times| Self { word, times };
        match family {
            Family::Audit => vec![
                of(Word::Allow, Times::Seconds),
                of(Word::White, Times::Seconds),
                of(Word::Allow, Times::Days),
                of(Word::White, Times::Days),
            ],
            Family::Vcl => {
                vec![of(Word::Number, Times::Zulu), of(Word::Number, Times::Seconds)]
            }
        }
    }
}

/// What the list is called that a barrier opens for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Word {
    /// `allowList` of newer firmware.
    Allow,
    /// `whiteList`.
    White,
    /// `0`, of the older family.
    Number,
}

/// How the first and the last moment of a row are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Times {
    /// `2026-12-31T23:59:59`.
    Seconds,
    /// `2026-12-31`.
    Days,
    /// `2026-12-31T23:59:59Z`, which is the wall clock's time all the same.
    Zulu,
}

/// What a deletion names a row by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Removal {
    /// `id`, a list of texts.
    Id,
    /// `licensePlate`, a list.
    Plate,
    /// `CompoundCond` with one plate.
    Compound,
}

impl Removal {
    pub(super) const ALL: [Self; 3] = [Self::Id, Self::Plate, Self::Compound];
}

/// Where the first day of a row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Begin {
    /// In a field of its own.
    Own,
    /// In `createTime`, which elsewhere is when the row was made.
    CreateTime,
}

/// What was learnt that is otherwise than documented, in words that follow the camera's name.
pub(super) fn words(ways: &Ways) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |text: &str| found.push(text.to_owned());
    if ways.family == Some(Family::Vcl) {
        say("has the calls of older firmware for its list (VCL)");
    }
    if ways.search.root == SearchRoot::Condition {
        say("wants a search to be an LPSearchCond");
    }
    if ways.search.page < Search::default().page {
        say("gets smaller pages asked for, because it refuses large ones");
    }
    if ways.finds_plates == Some(false) {
        say("gives its whole list to a search for one plate");
    }
    match ways.writing {
        Some(Writing { word: Word::White, .. }) => say("wants the list called whiteList"),
        Some(Writing { times: Times::Days, .. }) => say("takes no time of day"),
        _ => {}
    }
    match ways.removal {
        Some(Removal::Plate) => say("removes a row by its plate (licensePlate)"),
        Some(Removal::Compound) => say("removes a row by its plate (CompoundCond)"),
        Some(Removal::Id) | None => {}
    }
    if ways.begin == Some(Begin::CreateTime) {
        say("keeps the first day of a row in createTime");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_search_is_tried_once() {
        let mut tried = vec![Search::default()];
        while let Some(next) = tried.last().and_then(|last| last.next(false)) {
            assert!(!tried.contains(&next));
            tried.push(next);
        }
        let pages: Vec<usize> = tried.iter().map(|search| search.page).collect();
        assert_eq!(pages, [100, 30, 10, 100, 30, 10]);
        assert_eq!(
            Search::default().next(true),
            Some(Search { root: SearchRoot::Condition, page: 100 })
        );
    }

    #[test]
    fn what_is_remembered_is_read_by_another_version() {
        let read: Remembered = serde_json::from_str(r#"{"firmware":"V5.5.0"}"#).unwrap();
        assert_eq!((read.firmware.as_str(), read.ways), ("V5.5.0", Ways::default()));
    }
}
