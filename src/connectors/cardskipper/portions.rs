//! Reads a listing in portions, so that never more than one portion's tree is in the memory. Pure.
//!
//! A portion is the document itself with most entries of the list left out: the text up to the first
//! entry, a run of entries, and the text from the end of the list on. `roxmltree` reads each portion
//! as it would read the whole, so prefixes resolve and whatever surrounds the list is there.
//!
//! Where to cut follows from a walk over the tags, which knows less of XML than the parser. So nothing
//! counts but what the parser confirms: in the document without entries, and in each portion, the list
//! must be one element that begins and ends where the walk says. Then the parser stood within the list
//! at each cut, between two things; and as it reads from front to back, it would come by the same
//! places in the same way in the whole document, and find the same. Anything else (a fault anywhere,
//! an unusual shape, what surrounds the list being large) is left to a tree of the whole document.

use std::num::NonZeroUsize;
use std::ops::Range;

use roxmltree::{Document, Node};

use super::members::{ENTRY, LIST};
use super::wire::{NODES_MAX, cardskipper_root, children, must_hold, parse_plain};
use crate::text::xml::{Counted, Mark, MarkKind};

/// How long the text around the list may be, in bytes: it is read again with every portion. In a real
/// answer it is below 300.
const AROUND_MAX_BYTES: usize = 16 * 1024;

/// How many namespaces a document may declare and still be cut: the parser refuses one with more than
/// 65,536 different ones, which no portion would show.
const NAMESPACES_MAX: usize = 60_000;

/// Finds the places to cut, from the tags of a document in their order.
#[derive(Debug)]
pub(super) struct Cutter<'t> {
    text: &'t str,
    portion: Option<NonZeroUsize>,
    /// The start tag of the list.
    start_tag: Option<Range<usize>>,
    /// The end tag of the list.
    end_tag: Option<Range<usize>>,
    /// Entries since the last cut.
    entries: usize,
    cuts: Vec<usize>,
}

/// A document with the places to cut it.
#[derive(Debug)]
pub(super) struct Cut<'t> {
    text: &'t str,
    /// Where the list begins.
    list: usize,
    /// What is between its tags.
    inside: Range<usize>,
    /// How long its end tag is.
    end_tag: usize,
    /// The places between entries.
    cuts: Vec<usize>,
}

impl<'t> Cutter<'t> {
    /// Cuts after every so many entries; never, if there is no such number.
    pub(super) fn new(text: &'t str, portion: Option<NonZeroUsize>) -> Self {
        Self { text, portion, start_tag: None, end_tag: None, entries: 0, cuts: Vec::new() }
    }

    /// Takes the next tag. The list is the first element of its name below the root that is not empty.
    pub(super) fn see(&mut self, mark: Mark) {
        let Some(portion) = self.portion.filter(|_| self.end_tag.is_none()) else { return };
        match (mark.kind, mark.depth, &self.start_tag) {
            (MarkKind::Open, 1, None) if self.is_list(mark.start) => {
                self.start_tag = Some(mark.start..mark.end);
            }
            (MarkKind::Close, 1, Some(_)) => self.end_tag = Some(mark.start..mark.end),
            (MarkKind::Close | MarkKind::Empty, 2, Some(_)) => {
                self.entries += 1;
                if self.entries == portion.get() {
                    self.entries = 0;
                    self.cuts.push(mark.end);
                }
            }
            _ => {}
        }
    }

    fn is_list(&self, at: usize) -> bool {
        let tag = self.text.get(at + 1..).unwrap_or_default();
        let name = tag.split(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).next();
        name.and_then(|name| name.rsplit(':').next()) == Some(LIST)
    }

    /// The cuts, if the document has a list and may be cut.
    pub(super) fn finish(self, counted: Counted) -> Option<Cut<'t>> {
        let (start_tag, end_tag) = (self.start_tag?, self.end_tag?);
        let inside = start_tag.end..end_tag.start;
        // A tag makes one node at most, and the text behind it another.
        let nodes_at_most = counted.marks.saturating_mul(2);
        let around = self.text.len().saturating_sub(inside.len());
        let may_be_cut = nodes_at_most < NODES_MAX as usize
            && counted.namespaces <= NAMESPACES_MAX
            && around <= AROUND_MAX_BYTES;
        may_be_cut.then_some(Cut {
            text: self.text,
            list: start_tag.start,
            inside,
            end_tag: end_tag.len(),
            cuts: self.cuts,
        })
    }
}

impl Cut<'_> {
    /// Calls back with every entry of every list and the byte where it begins, in any order; `None`
    /// when this cannot be told for the whole document, and then what was called for is worth nothing.
    pub(super) fn each_entry(&self, mut entry: impl FnMut(Node<'_, '_>, usize)) -> Option<()> {
        let Range { start, end } = self.inside;
        let mut portion = String::new();

        self.put_together(start..start, &mut portion)?;
        let document = parse_plain(&portion).ok()?;
        let root = cardskipper_root(&document).ok()?;
        must_hold(root, LIST).ok()?;
        let emptied = self.list_in(&document, 0)?;
        for list in children(root, LIST).filter(|list| *list != emptied) {
            for node in children(list, ENTRY) {
                let at = node.range().start;
                entry(node, if at < start { at } else { at + (end - start) });
            }
        }
        drop(document);

        let mut from = start;
        for to in self.cuts.iter().copied().chain([end]) {
            self.put_together(from..to, &mut portion)?;
            let document = parse_plain(&portion).ok()?;
            for node in children(self.list_in(&document, to - from)?, ENTRY) {
                entry(node, node.range().start - start + from);
            }
            from = to;
        }
        Some(())
    }

    /// The document with nothing in the list but what is there.
    fn put_together(&self, inside: Range<usize>, portion: &mut String) -> Option<()> {
        portion.clear();
        portion.push_str(self.text.get(..self.inside.start)?);
        portion.push_str(self.text.get(inside)?);
        portion.push_str(self.text.get(self.inside.end..)?);
        Some(())
    }

    /// The list, if it is where it must be with so many bytes in it.
    fn list_in<'a, 'input>(
        &self,
        document: &'a Document<'input>,
        inside: usize,
    ) -> Option<Node<'a, 'input>> {
        let range = self.list..self.inside.start + inside + self.end_tag;
        children(document.root_element(), LIST).find(|list| list.range() == range)
    }
}

#[cfg(test)]
#[path = "portions_tests.rs"]
mod tests;
