//! Cardskipper's documents: request bodies written, answers read. Pure; no network, clock or state.
//!
//! The reader is strict about the document (well-formed to its last byte, no DTD, the right root) and
//! tolerant inside it: namespaces, unknown elements and attributes, and their order do not matter.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use roxmltree::{Document, Node, ParsingOptions};

use super::encoding::decode;
use super::identity::OrganisationId;
use super::members::role_id;
use super::text::{clean_name, quotable};
use crate::model::RightCode;
use crate::ports::Listing;
use crate::text::xml::{self, Counted, Excess, Mark, escape};

pub use super::members::{Club, Listed, parse_members, parse_members_by};

/// The most nodes (elements, texts) of one document. A member takes about 27 when the answer is
/// indented, so this is half a million members, more than any club has. The tree costs about 70 bytes
/// a node and must not take the machine down.
pub(super) const NODES_MAX: u32 = 14_000_000;

/// The most `<` or `=` of one document: the tree is allocated by their count before anything else is
/// checked. Both stay below the nodes of a sane document.
const MARKS_MAX: usize = NODES_MAX as usize;

/// Why an answer is not a document we take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Malformed bytes, or an encoding nobody knows.
    #[error("the document {message}")]
    BadEncoding {
        /// What is wrong, to be read after "the document".
        message: String,
    },
    /// Not well-formed, a DTD, too many nodes, or cut off.
    #[error("line {line}, column {column}: {message}")]
    BadXml {
        /// Counted from 1.
        line: u32,
        /// Counted from 1, in characters.
        column: u32,
        /// What the parser says.
        message: String,
    },
    /// No document with the root `Cardskipper`: an error page, a login page, nothing at all.
    #[error("{found} in place of a `Cardskipper` document")]
    NotCardskipper { found: String },
    /// A `Cardskipper` document that holds something, but not what was asked for. An error message in
    /// XML must not pass for an empty club.
    #[error("the `Cardskipper` document has no `{wanted}` but `{found}`")]
    Without {
        /// The element that was looked for.
        wanted: &'static str,
        /// The first thing found.
        found: String,
    },
    /// `Organisation/Info` does not name the configured organisation.
    #[error("organisation {0} is not among those of this login")]
    UnknownOrganisation(OrganisationId),
}

/// Writes the body of `POST /Member/Export`: criteria in the order of the guide's table, values in the
/// attribute `value`, never `OnlyActive` (inactivation must show).
#[must_use]
pub fn export_request(organisation: OrganisationId, listing: Listing) -> String {
    let mut criteria = criterion("OrganisationId", &organisation.to_string());
    match listing {
        Listing::Complete => {}
        Listing::ChangedSince(moment) => {
            criteria.push_str(&criterion("ChangedAt", &changed_at(moment)))
        }
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Cardskipper xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <SearchCriteriaMember>{criteria}</SearchCriteriaMember></Cardskipper>"
    )
}

fn criterion(name: &str, value: &str) -> String {
    format!("<{name} value=\"{}\"/>", escape(value))
}

/// UTC wall time without zone and fraction, the form the vendor's schema is known to pass.
fn changed_at(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Reads the answer of `GET /Organisation/Info`: the role names of one organisation and of the
/// organisations below it. An organisation that is itself listed only as a child, without roles of its
/// own, goes by those of its parent.
///
/// # Errors
/// [`WireError`]; also [`WireError::UnknownOrganisation`] when the answer does not name it.
pub fn parse_role_names(
    body: &[u8],
    organisation: OrganisationId,
) -> Result<BTreeMap<RightCode, String>, WireError> {
    let text = decode(body)?;
    let document = parse_document(&text)?;
    let root = cardskipper_root(&document)?;
    must_hold(root, "Organisations")?;
    let ours: Vec<Node<'_, '_>> =
        root.descendants().filter(|node| is_organisation(*node, organisation)).collect();
    if ours.is_empty() {
        return Err(WireError::UnknownOrganisation(organisation));
    }
    let mut names = BTreeMap::new();
    let mut places = ours;
    while names.is_empty() && !places.is_empty() {
        for place in &places {
            collect_role_names(*place, &mut names);
        }
        places = places.into_iter().filter_map(parent_organisation).collect();
    }
    Ok(names)
}

/// `Children` lies between a child organisation and its parent; a top one has none.
fn parent_organisation<'a, 'input>(node: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let list = node.parent().filter(|list| list.tag_name().name() == "Children")?;
    list.parent()
}

fn is_organisation(node: Node<'_, '_>, organisation: OrganisationId) -> bool {
    // `InformationType` and `OrganisationUnit` have an Id of another kind.
    matches!(node.tag_name().name(), "Organisation" | "CardskipperOrganisationChildren")
        && attribute(node, "Id").and_then(|id| id.parse().ok()) == Some(organisation)
}

fn collect_role_names(organisation: Node<'_, '_>, names: &mut BTreeMap<RightCode, String>) {
    for role in organisation.descendants().filter(|node| node.tag_name().name() == "Role") {
        let id = attribute(role, "Id").and_then(role_id);
        let name = attribute(role, "Name").map(clean_name).filter(|name| !name.is_empty());
        if let (Some(id), Some(name)) = (id, name) {
            // Document order: the organisation's own roles come before those of its children.
            names.entry(id).or_insert(name);
        }
    }
}

/// Parses a whole document, with the limits.
pub(super) fn parse_document(text: &str) -> Result<Document<'_>, WireError> {
    check_limits(text, |_| {})?;
    parse_checked(text)
}

/// Checks that a text is not too much for the parser, and shows every tag on the way.
pub(super) fn check_limits(text: &str, see: impl FnMut(Mark)) -> Result<Counted, WireError> {
    for (mark, name) in [(b'<', "elements"), (b'=', "attributes")] {
        if memchr::memchr_iter(mark, text.as_bytes()).count() > MARKS_MAX {
            return Err(WireError::BadXml {
                line: 1,
                column: 1,
                message: format!("more than {MARKS_MAX} {name}"),
            });
        }
    }
    xml::walk(text, see).map_err(|Excess { limit, what, at }| {
        let position = end_of(text.get(..at).unwrap_or_default());
        let message = format!("more than {limit} {what}");
        WireError::BadXml { line: position.row, column: position.col, message }
    })
}

/// Parses a document that keeps to the limits.
pub(super) fn parse_checked(text: &str) -> Result<Document<'_>, WireError> {
    parse_plain(text).map_err(|error| refused(text, &error))
}

/// What the parser says.
pub(super) fn parse_plain(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, entity_resolver: None };
    Document::parse_with_options(text, options)
}

fn refused(text: &str, error: &roxmltree::Error) -> WireError {
    if !starts_as_cardskipper(text) {
        return WireError::NotCardskipper { found: nature(text).to_owned() };
    }
    let position = match error {
        // These carry no position. What is missing is missing at the end.
        roxmltree::Error::UnclosedRootNode
        | roxmltree::Error::NoRootNode
        | roxmltree::Error::UnexpectedEndOfStream => end_of(text),
        other => other.pos(),
    };
    // The parser's message holds the position, which the error tells already.
    let message = error.to_string().replacen(&format!(" at {position}"), "", 1);
    let message = quotable(&message, 120);
    WireError::BadXml { line: position.row, column: position.col, message }
}

fn end_of(text: &str) -> roxmltree::TextPos {
    let rows = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let last = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    roxmltree::TextPos::new(
        u32::try_from(rows).unwrap_or(u32::MAX),
        u32::try_from(last).unwrap_or(u32::MAX),
    )
}

/// Whether a body begins as XML of any encoding does: marks and white space, then `<`.
pub(super) fn may_be_xml(start: &[u8]) -> bool {
    let mut rest = start.iter().filter(|byte| {
        !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff) && !byte.is_ascii_whitespace()
    });
    rest.next() == Some(&b'<')
}

/// Whether the first element is `Cardskipper`, as far as one can tell without parsing.
fn starts_as_cardskipper(text: &str) -> bool {
    let mut rest = text.trim_start();
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>").map_or("", |(_, after)| after).trim_start();
    }
    let Some(rest) = rest.strip_prefix('<') else { return false };
    let name = rest
        .split(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
        .next()
        .unwrap_or_default();
    name.rsplit(':').next() == Some("Cardskipper")
}

fn nature(text: &str) -> &'static str {
    let start: String = text.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
    if start.is_empty() {
        "nothing"
    } else if start.starts_with("<!doctype html") || start.starts_with("<html") {
        "a web page"
    } else if start.starts_with('{') || start.starts_with('[') {
        "JSON"
    } else {
        "something else"
    }
}

/// The root, if it is the right one.
pub(super) fn cardskipper_root<'a, 'input>(
    document: &'a Document<'input>,
) -> Result<Node<'a, 'input>, WireError> {
    let root = document.root_element();
    match root.tag_name().name() {
        "Cardskipper" => Ok(root),
        "html" | "HTML" => Err(WireError::NotCardskipper { found: "a web page".to_owned() }),
        other => Err(WireError::NotCardskipper { found: format!("`{}`", quotable(other, 40)) }),
    }
}

/// The root is empty, or holds the element that was asked for.
pub(super) fn must_hold(root: Node<'_, '_>, wanted: &'static str) -> Result<(), WireError> {
    let mut strange = None;
    for child in root.children() {
        if child.is_element() {
            if child.tag_name().name() == wanted {
                return Ok(());
            }
            strange.get_or_insert(child.tag_name().name());
        } else if child.is_text() && !child.text().unwrap_or_default().trim().is_empty() {
            strange.get_or_insert("text");
        }
    }
    match strange {
        None => Ok(()),
        Some(found) => Err(WireError::Without { wanted, found: quotable(found, 40) }),
    }
}

/// The child elements of one name, whatever their namespace.
pub(super) fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// An attribute of an element by its name: without a namespace, as every sample has them, else in that
/// of the element. One of another vocabulary is none of ours.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let named = |namespace: Option<&str>| {
        let mut all = node.attributes();
        all.find(|one| one.name() == name && one.namespace() == namespace).map(|one| one.value())
    };
    named(None).or_else(|| named(Some(node.tag_name().namespace()?)))
}

#[cfg(test)]
#[path = "wire_property_tests.rs"]
mod property_tests;
#[cfg(test)]
#[path = "wire_tests.rs"]
pub(super) mod tests;
