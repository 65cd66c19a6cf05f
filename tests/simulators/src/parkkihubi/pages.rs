//! Pages: what they say, and the URLs that lead to them.

use std::collections::BTreeMap;

use super::answer::{JSON, Problem, api, page, problem};
use super::listing::Kind;
use super::query::{Query, encode};
use super::render::{self, Row};
use super::state::State;
use super::switches::{Body, Next, Shift};
use crate::base64;
use crate::http::Response;

/// How often a page is answered that a register hands out in a circle.
const CIRCLES_MAX: usize = 100;

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Counted from 0.
    pub(super) number: usize,
    /// Items have smaller ids than this.
    pub(super) below: Option<u64>,
}

/// A page that was handed out.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) kind: Kind,
    /// All parameters but the one that points to it.
    parameters: BTreeMap<String, String>,
    /// The value of that.
    text: String,
    pub(super) position: Position,
    /// It was told as `previous`.
    is_backwards: bool,
    /// How often it was answered in full.
    pub(super) answered: usize,
}

/// What stands on a page.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) number: usize,
    pub(super) rows: Vec<String>,
    /// Ids of the first and the last item.
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    pub(super) has_next: bool,
}

impl Shift {
    /// Does to the rows of a page what the switch says; `before` is the last row of the page before.
    pub(super) fn apply(self, number: usize, before: Option<&Row>, rows: &mut Vec<String>) {
        if number != 1 {
            return;
        }
        match (self, before) {
            (Self::RowTwice, Some(before)) => rows.insert(0, before.json.clone()),
            (Self::RowTwiceChanged, Some(before)) => rows.insert(0, before.changed.clone()),
            (Self::RowLost, _) if !rows.is_empty() => drop(rows.remove(0)),
            _ => {}
        }
    }
}

impl State {
    /// The page that a client asks for by this text, as an index.
    ///
    /// # Errors
    /// If it was never handed out, not with these parameters, or was answered before.
    pub(super) fn asked_page(
        &mut self,
        kind: Kind,
        query: &Query,
        text: &str,
    ) -> Result<usize, Problem> {
        let detail = if kind == Kind::Items { "Invalid cursor" } else { "Invalid page." };
        let handed = |page: &Page| page.kind == kind && page.text == text;
        let same = |page: &Page| page.parameters == query.parameters;
        if !self.pages.iter().any(handed) {
            return Err(problem("page-unknown", text).status(404).detail(detail));
        }
        let Some(index) = self.pages.iter().position(|page| handed(page) && same(page)) else {
            let what = format!("{:?}", query.parameters);
            return Err(problem("page-parameters", what).status(404).detail(detail));
        };
        let (answered, is_backwards) = (self.pages[index].answered, self.pages[index].is_backwards);
        if is_backwards {
            return Err(problem("page-backwards", text).status(404).detail(detail));
        }
        if answered > 0 && !self.switches.pages_again {
            let again = problem("page-again", text).status(404).detail(detail);
            if !self.switches.next.runs_in_circles() || answered >= CIRCLES_MAX {
                return Err(again);
            }
            self.note(again.slug, &again.what);
        }
        Ok(index)
    }

    /// A page, and whether it is whole.
    pub(super) fn page(
        &mut self,
        kind: Kind,
        query: &Query,
        base: &[&str; 3],
        cut: &Cut,
        count: usize,
    ) -> (Response, bool) {
        let next = self.next(kind, query, base, cut);
        let previous = match cut.number {
            0 => "null".into(),
            number => render::text(&self.previous(kind, query, base, number, cut.first)),
        };
        let body = self.switches.body;
        let is_broken = cut.number + 1 == self.switches.broken_page;
        if body == Body::Html && is_broken {
            return (page(), false);
        }
        let mut members = Vec::new();
        if kind == Kind::Parkings {
            let count = count.try_into().unwrap_or(i64::MAX);
            members.push(("count", (count + self.switches.count_off).to_string()));
        }
        members.extend(next.map(|next| ("next", next)));
        members.push(("previous", previous));
        let key = if body == Body::NotUnderResults { "items" } else { "results" };
        let rows = match body {
            Body::ResultsNull => "null".into(),
            _ => format!("[{}]", cut.rows.join(",")),
        };
        members.push((key, rows));
        let mut bytes = render::page(&self.switches, &members);
        let is_cut = body == Body::Cut && is_broken;
        if is_cut {
            bytes.truncate(bytes.len() / 2);
        }
        (api(Response::new(200, JSON, bytes)), !is_cut)
    }

    /// `next` as JSON; `None`: it is not there.
    fn next(&mut self, kind: Kind, query: &Query, base: &[&str; 3], cut: &Cut) -> Option<String> {
        let next = self.switches.next;
        let (text, position) = match next {
            Next::Repeats if cut.number > 0 => (query.page.clone()?, None),
            Next::Circles if cut.number >= 2 && !cut.has_next => {
                let second = |page: &&Page| page.kind == kind && page.position.number == 1;
                let second = self.pages.iter().find(second);
                (second.map(|page| page.text.clone())?, None)
            }
            _ if cut.has_next => {
                let number = cut.number + 1;
                let text = match kind {
                    Kind::Parkings => (number + 1).to_string(),
                    Kind::Items if cut.rows.is_empty() => {
                        cursor(&format!("o={number}&p={}", cut.last.unwrap_or(0)))
                    }
                    Kind::Items => cursor(&format!("p={}", cut.last.unwrap_or(0))),
                };
                let below = Some(cut.last.unwrap_or(0)).filter(|_| kind == Kind::Items);
                (text, Some(Position { number, below }))
            }
            _ => {
                return match next {
                    Next::Empty => Some("\"\"".into()),
                    Next::Absent => None,
                    _ => Some("null".into()),
                };
            }
        };
        let target = target(kind, query, Some(&text));
        if let Some(position) = position {
            self.hand_out(kind, query, text, position, false);
        }
        let [scheme, host, path] = base;
        let stranger = self.stranger;
        let own = format!("{scheme}://{host}");
        let url = match next {
            Next::Relative => format!("{path}{target}"),
            Next::OtherScheme => {
                let other = if *scheme == "http" { "https" } else { "http" };
                format!("{other}://{host}{path}{target}")
            }
            Next::OtherHost => format!("{scheme}://localhost:{stranger}{path}{target}"),
            Next::OtherPort => format!("{scheme}://127.0.0.1:{stranger}{path}{target}"),
            Next::UserInfo => format!("{own}@localhost:{stranger}{path}{target}"),
            Next::OtherPath => {
                let other = path.replace(kind.word(), "permit");
                format!("{own}{other}{target}")
            }
            Next::Number => return Some((cut.number + 2).to_string()),
            _ => format!("{own}{path}{target}"),
        };
        Some(render::text(&url))
    }

    /// The URL of the page before, of which the first row of this one is told.
    fn previous(
        &mut self,
        kind: Kind,
        query: &Query,
        [scheme, host, path]: &[&str; 3],
        number: usize,
        first: Option<u64>,
    ) -> String {
        let text = match (kind, number) {
            (Kind::Items, _) => Some(cursor(&format!("r=1&p={}", first.unwrap_or(0)))),
            (Kind::Parkings, 1) => None,
            (Kind::Parkings, number) => Some(number.to_string()),
        };
        let target = target(kind, query, text.as_deref());
        if let Some(text) = text.filter(|_| kind == Kind::Items) {
            self.hand_out(kind, query, text, Position { number: number - 1, below: None }, true);
        }
        format!("{scheme}://{host}{path}{target}")
    }

    fn hand_out(
        &mut self,
        kind: Kind,
        query: &Query,
        text: String,
        position: Position,
        is_backwards: bool,
    ) {
        let parameters = query.parameters.clone();
        let same =
            |page: &Page| page.kind == kind && page.text == text && page.parameters == parameters;
        if !self.pages.iter().any(same) {
            let answered = 0;
            self.pages.push(Page { kind, parameters, text, position, is_backwards, answered });
        }
    }
}

/// A query, its parameters in the order of the alphabet.
fn target(kind: Kind, query: &Query, page: Option<&str>) -> String {
    let mut parameters = query.parameters.clone();
    if let (Some(page), Some(name)) = (page, kind.parameters().first()) {
        parameters.insert((*name).to_owned(), page.to_owned());
    }
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn cursor(tokens: &str) -> String {
    base64::encode(tokens.as_bytes())
}
