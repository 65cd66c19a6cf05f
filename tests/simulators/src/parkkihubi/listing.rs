//! The two listings: which rows there are now, and how they are cut into pages.

use chrono::{DateTime, Utc};

use super::answer::{Problem, problem};
use super::pages::{Cut, Position};
use super::query::Query;
use super::render::{self, Row};
use super::row::{Parking, normal};
use super::state::State;
use super::switches::Switches;
use crate::http::Response;

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Parkings,
    Items,
}

impl Kind {
    /// The last word of the path.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Parkings => "valid_parking",
            Self::Items => "valid_permit_item",
        }
    }

    /// The parameters beside `time`; the first points to a page.
    pub(super) fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Parkings => &["page"],
            Self::Items => &["cursor", "page_size"],
        }
    }

    fn page_size(self) -> usize {
        match self {
            Self::Parkings => 100,
            Self::Items => 200,
        }
    }
}

impl State {
    /// The page that a client asks for; `base` is the URL that it came to, without query.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn listing(
        &mut self,
        kind: Kind,
        query: &Query,
        base: &[&str; 3],
    ) -> Result<Response, Problem> {
        let time = match (kind, query.time) {
            (Kind::Parkings, None) => return Err(problem("no-time", "nor a plate")),
            (_, time) => time,
        };
        let (position, page) = match &query.page {
            None => {
                self.pages.retain(|page| page.kind != kind);
                (Position::default(), None)
            }
            Some(text) => {
                let index = self.asked_page(kind, query, text)?;
                (self.pages[index].position, Some(index))
            }
        };
        let rows = self.rows(kind, time);
        let cut = cut(&self.switches, kind, query, position, &rows);
        let Some(cut) = cut else {
            // Rows went away since it was handed out: nobody's fault.
            return Ok(super::answer::detailed(404, "Invalid page."));
        };
        let (response, is_whole) = self.page(kind, query, base, &cut, rows.len());
        if let Some(index) = page {
            self.pages[index].answered += usize::from(is_whole);
        }
        self.answered_page();
        Ok(response)
    }

    /// The rows that there are, in their order.
    fn rows(&self, kind: Kind, time: Option<DateTime<Utc>>) -> Vec<Row> {
        let (settings, switches) = (&self.settings, &self.switches);
        let mut rows: Vec<Row> = match (kind, time) {
            (Kind::Parkings, None) => Vec::new(),
            (Kind::Parkings, Some(time)) => {
                let parkings = self.parkings_at(time);
                parkings.into_iter().map(|one| render::parking(settings, switches, one)).collect()
            }
            (Kind::Items, time) => {
                let valid = self.memory.active();
                let valid = valid.filter(|(_, item)| time.is_none_or(|time| item.contains(time)));
                let mut rows: Vec<Row> = valid
                    .map(|(permit, item)| render::item(settings, switches, permit, item))
                    .collect();
                rows.sort_by_key(|row| std::cmp::Reverse(row.number));
                rows
            }
        };
        if switches.is_empty {
            rows.clear();
        }
        rows.truncate(rows.len() - rows.len() * switches.forgotten_percent.min(100) / 100);
        rows
    }

    /// Parkings that are good at an instant, the latest end first, those without end before them; if
    /// there are none, the anonymised one that ended last.
    fn parkings_at(&self, time: DateTime<Utc>) -> Vec<&Parking> {
        let parkings = self.memory.parkings.iter();
        let mut valid: Vec<&Parking> = parkings.filter(|one| one.contains(time)).collect();
        if valid.is_empty() {
            let oldest = time - self.settings.old_visible;
            let old = self.memory.parkings.iter().filter(|one| {
                normal(&one.reg_num).is_empty()
                    && one.from <= time
                    && one.until.is_some_and(|until| oldest <= until)
            });
            return old.max_by_key(|one| one.until).into_iter().collect();
        }
        valid.sort_by_key(|one| std::cmp::Reverse(one.until.unwrap_or(DateTime::<Utc>::MAX_UTC)));
        valid
    }
}

/// The rows of the page at this position; `None`: there is no such page any more.
fn cut(
    switches: &Switches,
    kind: Kind,
    query: &Query,
    position: Position,
    rows: &[Row],
) -> Option<Cut> {
    let pages_min = switches.pages_min();
    let asked = query.size.unwrap_or(kind.page_size());
    let size = switches.page_size.map_or(asked, |most| most.min(asked));
    let size = size.min(rows.len().div_ceil(pages_min)).max(1);
    let number = position.number;
    let start = match (kind, position.below) {
        (Kind::Items, Some(below)) => rows.partition_point(|row| below <= row.number),
        _ => (number * size).min(rows.len()),
    };
    let end = (start + size).min(rows.len());
    if kind == Kind::Parkings && start == end && number >= pages_min {
        return None;
    }
    let has_next = end < rows.len() || number + 1 < pages_min;
    let mut texts: Vec<String> = rows[start..end].iter().map(|row| row.json.clone()).collect();
    let before = start.checked_sub(1).and_then(|index| rows.get(index));
    switches.shift.apply(number, before, &mut texts);
    let first = rows[start..end].first().map(|row| row.number);
    let last = rows[start..end].last().map(|row| row.number).or(position.below);
    Some(Cut { number, rows: texts, first, last, has_next })
}
