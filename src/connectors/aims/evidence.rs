//! Pieces of evidence: what they are labelled, and what they are. Pure.
//!
//! A piece whose label is wrong would not be shown to a judge; one that is a program in disguise must not be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::document::{Fault, JsonError, Node};

/// The most bytes of one piece.
const BYTES_MAX: usize = 5 * 1024 * 1024;

/// Bytes that a file has at a place.
type Mark = (usize, &'static [u8]);

/// What tells a file of each sort.
const SORTS: [(&str, &[Mark]); 3] = [
    ("image/png", &[(0, b"\x89PNG\r\n\x1a\n")]),
    ("image/jpeg", &[(0, b"\xff\xd8\xff")]),
    ("image/webp", &[(0, b"RIFF"), (8, b"WEBP")]),
];

/// One piece, by its label and its bytes.
#[derive(PartialEq, Eq)]
pub(super) struct Piece<'v> {
    pub label: &'v str,
    pub bytes: usize,
}

/// Reads one, and looks into it.
pub(super) fn piece<'v>(node: &Node<'v, '_>) -> Result<Piece<'v>, JsonError> {
    node.has_only(&["type", "base64Data", "mimeType"])?;
    let kind = node.field("type")?;
    if kind.text()? != "PHOTO" {
        return Err(kind.error(Fault::Not("PHOTO")));
    }
    let label = node.field("mimeType")?;
    let Some((_, marks)) = SORTS.iter().find(|(sort, _)| label.text() == Ok(sort)) else {
        return Err(label.error(Fault::Not("image/png, image/jpeg or image/webp")));
    };
    let data = node.field("base64Data")?;
    let bytes = STANDARD.decode(data.filled()?).map_err(|_| data.error(Fault::Not("base64")))?;
    if bytes.len() > BYTES_MAX {
        return Err(data.error(Fault::MoreThan("5 MiB")));
    }
    let has = |(place, mark): &Mark| bytes.get(*place..).is_some_and(|rest| rest.starts_with(mark));
    if !marks.iter().all(has) {
        return Err(data.error(Fault::Not("what its label says")));
    }
    Ok(Piece { label: label.text()?, bytes: bytes.len() })
}
