//! Text within XML, and a look over an XML text before `roxmltree` reads it. Pure.
//!
//! The parser compares each attribute of an element with all others of it, looks prefixes up one by
//! one, and copies every namespace in scope to each element that declares one more. So an element
//! with a million attributes keeps it for hours, and a few megabytes of nested declarations make it
//! ask for gigabytes. Real answers of both systems have at most some thirty attributes, five
//! namespaces and ten levels. This pass is linear and keeps no text; whatever is not well-formed is left to
//! the parser.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Attributes of one element, declarations included.
const ATTRIBUTES_MAX: usize = 256;

/// Namespaces declared by an element and those around it.
const NAMESPACES_MAX: usize = 64;

/// Elements within each other.
const DEPTH_MAX: usize = 256;

/// What there is too much of, and the byte where the element begins that is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excess {
    /// Of what: "more than N attributes".
    pub(crate) limit: usize,
    /// "attributes of one element" and the like, to be read after "more than N".
    pub(crate) what: &'static str,
    /// Offset in the text.
    pub(crate) at: usize,
}

/// A tag as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) kind: MarkKind,
    pub(crate) start: usize,
    /// The byte behind its last.
    pub(crate) end: usize,
    /// How many elements are open around its element.
    pub(crate) depth: usize,
}

/// Which tag it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkKind {
    /// `<a>`.
    Open,
    /// `<a/>`.
    Empty,
    /// `</a>`.
    Close,
}

/// What a text that is not too much has in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Tags, comments, processing instructions and CDATA sections.
    pub(crate) marks: usize,
    pub(crate) namespaces: usize,
}

/// Text as it may stand within an XML element, and within an attribute in quotes. What no XML may hold is left out.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // Written as they are, a reader would turn them into spaces in an attribute.
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(c))),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Checks that the parser's work and memory stay in proportion to the text.
///
/// # Errors
/// The first [`Excess`].
pub(crate) fn look_over(text: &str) -> Result<(), Excess> {
    walk(text, |_| {}).map(|_| ())
}

/// As [`look_over`], and shows every tag on the way. Where a text is not well-formed the walk may see
/// other tags than the parser, or end too soon.
///
/// # Errors
/// The first [`Excess`].
pub(crate) fn walk(text: &str, mut see: impl FnMut(Mark)) -> Result<Counted, Excess> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let place = |reader: &Reader<&[u8]>| usize::try_from(reader.buffer_position()).unwrap_or(0);
    // For each open element, how many namespaces are in scope there.
    let mut open: Vec<usize> = Vec::new();
    let mut counted = Counted::default();
    loop {
        let start = place(&reader);
        let event = reader.read_event();
        let end = place(&reader);
        let (kind, tag) = match &event {
            Ok(Event::Text(_) | Event::GeneralRef(_)) => continue,
            Ok(Event::Comment(_) | Event::CData(_) | Event::PI(_) | Event::Decl(_)) => {
                counted.marks += 1;
                continue;
            }
            Ok(Event::End(_)) => {
                open.pop();
                see(Mark { kind: MarkKind::Close, start, end, depth: open.len() });
                counted.marks += 1;
                continue;
            }
            Ok(Event::Start(tag)) => (MarkKind::Open, tag),
            Ok(Event::Empty(tag)) => (MarkKind::Empty, tag),
            // With a document type the parser refuses the whole text.
            Ok(Event::DocType(_) | Event::Eof) | Err(_) => return Ok(counted),
        };
        let excess = |limit, what| Err(Excess { limit, what, at: start });
        let (mut attributes, mut namespaces) = (0, 0);
        for attribute in tag.attributes().with_checks(false) {
            attributes += 1;
            namespaces +=
                usize::from(attribute.is_ok_and(|one| one.key.as_ref().starts_with("xmlns")));
        }
        let depth = open.len();
        let scope = open.last().copied().unwrap_or(0) + namespaces;
        if attributes > ATTRIBUTES_MAX {
            return excess(ATTRIBUTES_MAX, "attributes of one element");
        }
        if scope > NAMESPACES_MAX {
            return excess(NAMESPACES_MAX, "namespaces in one place");
        }
        if kind == MarkKind::Open {
            open.push(scope);
        }
        if open.len() > DEPTH_MAX {
            return excess(DEPTH_MAX, "elements within each other");
        }
        counted.marks += 1;
        counted.namespaces += namespaces;
        see(Mark { kind, start, end, depth });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excess(text: &str) -> Option<(usize, &'static str)> {
        look_over(text).err().map(|excess| (excess.limit, excess.what))
    }

    fn many(count: usize, one: impl Fn(usize) -> String) -> String {
        (0..count).map(one).collect()
    }

    #[test]
    fn escaped_is_inert() {
        assert_eq!(escape("<&\"'>\n\u{0}ü"), "&lt;&amp;&quot;&apos;&gt;&#10;ü");
    }

    #[test]
    fn real_documents_pass() {
        for text in [
            include_str!("../../tests/fixtures/cardskipper/member-export.xml"),
            include_str!("../../tests/fixtures/cardskipper/organisation-info.xml"),
            include_str!("../../tests/fixtures/hikvision/device-info.xml"),
            "",
            "<",
            "<a",
            "<a b='",
            "no XML at all",
            "<!DOCTYPE html><a>",
            "<!-- <a> --><![CDATA[<a>]]><?x <a> ?><a b=\"<>='\" c='\"'/>",
        ] {
            assert_eq!(excess(text), None, "{text:.60}");
        }
        // Siblings may repeat what they like.
        let siblings =
            format!("<a>{}</a>", many(10_000, |_| "<b xmlns:p='u' p:x='1'/><b></b>".into()));
        assert_eq!(excess(&siblings), None);
    }

    #[test]
    fn what_would_keep_the_parser_busy_is_refused() {
        let attributes = |count| {
            format!("<a>{}</a>", format_args!("<b {}/>", many(count, |n| format!(" a{n} = '='"))))
        };
        assert_eq!(excess(&attributes(256)), None);
        assert_eq!(excess(&attributes(257)), Some((256, "attributes of one element")));
        let declared = |count| format!("<a {}/>", many(count, |n| format!("\nxmlns:n{n}='u{n}'")));
        assert_eq!(excess(&declared(64)), None);
        assert_eq!(excess(&declared(65)), Some((64, "namespaces in one place")));
        let spaced = format!("<a {}/>", many(65, |n| format!("xmlns:n{n} \t=\n\"u\"")));
        assert_eq!(excess(&spaced), Some((64, "namespaces in one place")));
        let glued = format!("<a {}/>", many(65, |n| format!("xmlns:n{n}='u'")));
        assert_eq!(excess(&glued), Some((64, "namespaces in one place")));
        let nested = many(65, |n| format!("<a xmlns:n{n}='u{n}'>"));
        assert_eq!(excess(&nested), Some((64, "namespaces in one place")));
        assert_eq!(excess(&"<a>".repeat(256)), None);
        assert_eq!(excess(&"<a>".repeat(100_000)), Some((256, "elements within each other")));
        let hidden = format!("<!-- --><a/>{}", attributes(300));
        assert_eq!(look_over(&hidden).unwrap_err().at, 15);
    }
}
