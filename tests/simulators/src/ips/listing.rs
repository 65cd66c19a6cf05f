//! Listings of the seed wire: a snapshot at the first page, and the cursors to the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::problem::{Problem, page, problem};
use super::query::Query;
use super::render;
use super::row::Row;
use super::state::State;
use super::switches::{Paging, Switches};
use super::table::{Stored, Table};
use super::times::zulu;
use crate::http::Response;

/// How often a cursor is answered that a service hands out in a circle.
const CIRCLES_MAX: usize = 100;

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sessions,
    Permits,
    Citations,
}

impl Kind {
    /// Under which key a row tells its id.
    fn id_key(self) -> &'static str {
        if self == Self::Citations { "violationId" } else { "id" }
    }
}

/// Everything that a client will be told, as of its first page.
#[derive(Debug)]
pub(super) struct Listing {
    number: usize,
    kind: Kind,
    parameters: BTreeMap<String, String>,
    as_of: DateTime<Utc>,
    pages: Vec<Vec<String>>,
    gone: Vec<(String, DateTime<Utc>)>,
}

/// A cursor that was handed out.
#[derive(Debug)]
pub(super) struct Cursor {
    text: String,
    listing: Arc<Listing>,
    page: usize,
    /// How often its page was answered in full.
    answered: usize,
}

impl State {
    /// The page that a client asks for.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn listing(&mut self, kind: Kind, query: &Query) -> Result<Response, Problem> {
        let Some(text) = &query.cursor else {
            let listing = Arc::new(self.snapshot(kind, query));
            return Ok(self.page(&listing, 0, None).0);
        };
        let known = |cursor: &Cursor| cursor.text == *text && cursor.listing.kind == kind;
        let Some(index) = self.cursors.iter().position(known) else {
            return Err(problem("cursor-unknown", text).status(404));
        };
        let Cursor { listing, page, answered, .. } = &self.cursors[index];
        let (listing, page, answered) = (Arc::clone(listing), *page, *answered);
        if !query.parameters.is_empty() && query.parameters != listing.parameters {
            return Err(problem("cursor-parameters", format!("{:?}", query.parameters)));
        }
        if answered > 0 && !self.switches.cursors_again {
            let again = problem("cursor-again", text);
            if !self.switches.paging.runs_in_circles() || answered >= CIRCLES_MAX {
                return Err(again);
            }
            self.note(again.slug, &again.what);
        }
        let (response, is_whole) = self.page(&listing, page, Some(text));
        self.cursors[index].answered += usize::from(is_whole);
        Ok(response)
    }

    fn snapshot(&mut self, kind: Kind, query: &Query) -> Listing {
        let now = self.now();
        let switches = &self.switches;
        let filter = |name: &str, value: &str| {
            let wanted = query.list(name).filter(|_| !switches.ignores_filters);
            wanted.is_none_or(|wanted| wanted.contains(&value))
        };
        let is_complete = query.since.is_none();
        let oldest = self.settings.ended_kept.filter(|_| is_complete).map(|kept| now - kept);
        let (pages, gone) = match kind {
            Kind::Sessions => cut(switches, &self.sessions, query, render::session, |session| {
                let is_recent = session.until.is_none_or(|end| oldest.is_none_or(|old| old < end));
                is_recent && filter("zones", &session.zone)
            }),
            Kind::Permits => cut(switches, &self.permits, query, render::permit, |permit| {
                let inactive = query.parameters.get("includeInactive").is_some_and(|v| v == "true");
                filter("types", &permit.kind) && (inactive || permit.status == "ACTIVE")
            }),
            Kind::Citations => {
                cut(switches, &self.citations, query, render::citation, |citation| {
                    let is_in = query.from.is_none_or(|from| from <= citation.at)
                        && query.to.is_none_or(|to| citation.at < to);
                    is_in || switches.ignores_filters
                })
            }
        };
        self.listings += 1;
        let (number, parameters) = (self.listings, query.parameters.clone());
        Listing { number, kind, parameters, as_of: now, pages, gone }
    }

    /// A page, and whether it is whole.
    fn page(&mut self, listing: &Arc<Listing>, page: usize, own: Option<&str>) -> (Response, bool) {
        let is_broken = page + 1 == self.switches.broken_page.clamp(1, listing.pages.len());
        let paging = self.switches.paging;
        if paging == Paging::HtmlPage && is_broken {
            return (self::page(), false);
        }
        let next = self.next_cursor(listing, page, own);
        let is_last = page + 1 == listing.pages.len();
        let as_of = match paging {
            Paging::OtherAsOf if page > 0 => listing.as_of + TimeDelta::seconds(1),
            _ => listing.as_of,
        };
        // The first page tells of half the tombstones, the last of the others.
        let (first, last) = listing.gone.split_at(listing.gone.len() / 2);
        let gone = match (page, is_last) {
            (0, true) => &listing.gone,
            (0, false) => first,
            (_, true) => last,
            _ => &[],
        };
        let key = if paging == Paging::NotUnderData { "items" } else { "data" };
        let rows = format!("[{}]", listing.pages[page].join(","));
        let mut members = vec![(key, rows)];
        members.extend(next.map(|next| ("nextCursor", next)));
        members.push(("asOf", render::text(&zulu(as_of))));
        members.push(("deleted", render::deleted(&self.switches, listing.kind.id_key(), gone)));
        let mut body = render::page(&self.switches, &members);
        let is_cut = paging == Paging::PageCut && is_broken;
        if is_cut {
            body.truncate(body.len() / 2);
        }
        (Response::new(200, "application/json; charset=utf-8", body), !is_cut)
    }

    /// `nextCursor` as JSON; `None`: it is not there.
    fn next_cursor(
        &mut self,
        listing: &Arc<Listing>,
        page: usize,
        own: Option<&str>,
    ) -> Option<String> {
        let next = match (self.switches.paging, own) {
            (Paging::CursorRepeats, Some(own)) => return Some(render::text(own)),
            (Paging::CursorsCircle, _) if page >= 2 && page + 1 == listing.pages.len() => 1,
            _ => page + 1,
        };
        if next < listing.pages.len() {
            return Some(render::text(&self.hand_out(listing, next)));
        }
        match self.switches.paging {
            Paging::EmptyCursor => Some("\"\"".into()),
            Paging::NoCursor => None,
            _ => Some("null".into()),
        }
    }

    /// The cursor to a page, full of what must be encoded.
    fn hand_out(&mut self, listing: &Arc<Listing>, page: usize) -> String {
        let text = format!("{}/{page}+&=%41==", listing.number);
        if !self.cursors.iter().any(|cursor| cursor.text == text) {
            let listing = Arc::clone(listing);
            self.cursors.push(Cursor { text: text.clone(), listing, page, answered: 0 });
        }
        text
    }
}

/// Pages of rendered rows, and the tombstones.
type Cut = (Vec<Vec<String>>, Vec<(String, DateTime<Utc>)>);

fn cut<R: Row>(
    switches: &Switches,
    table: &Table<R>,
    query: &Query,
    render: impl Fn(&Switches, &R) -> String,
    takes: impl Fn(&R) -> bool,
) -> Cut {
    let mut rows: Vec<&Stored<R>> = table.rows.iter().filter(|one| takes(&one.row)).collect();
    let mut gone = Vec::new();
    match query.since {
        Some(since) => {
            rows.retain(|one| since <= one.row.updated_at());
            rows.sort_by_key(|one| one.row.updated_at());
            let since = table.gone.iter().filter(|gone| since <= gone.at && takes(&gone.row));
            gone = since.map(|gone| (gone.row.id().to_owned(), gone.at)).collect();
        }
        None => rows.truncate(rows.len() - rows.len() * switches.forgotten_percent.min(100) / 100),
    }
    if switches.no_tombstones {
        gone.clear();
    }
    let pages_min = switches.paging.pages_min(switches.broken_page);
    let size = match switches.paging {
        Paging::OnePage => rows.len(),
        _ => switches.page_size.min(rows.len().div_ceil(pages_min)),
    };
    let size = size.max(1);
    let page = |page: &[&Stored<R>]| page.iter().map(|one| render(switches, &one.row)).collect();
    let mut pages: Vec<Vec<String>> = rows.chunks(size).map(page).collect();
    pages.resize(pages.len().max(pages_min), Vec::new());
    let is_newer_first = match switches.paging {
        Paging::RowMoves => false,
        Paging::RowMovesNewerFirst => true,
        _ => return (pages, gone),
    };
    // A version from before `since` would not have been listed.
    let moving = rows.iter().enumerate().find_map(|(index, stored)| {
        let mut before = stored.before();
        before.touch(query.since.map_or(before.updated_at(), |t| t.max(before.updated_at())));
        (before.updated_at() < stored.row.updated_at()).then_some((index, before, &stored.row))
    });
    if let Some((index, before, now)) = moving {
        let (before, now) = (render(switches, &before), render(switches, now));
        let (first, last) = if is_newer_first { (now, before) } else { (before, now) };
        pages[index / size][index % size] = first;
        if let Some(page) = pages.last_mut() {
            page.push(last);
        }
    }
    (pages, gone)
}
