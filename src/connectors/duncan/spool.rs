//! Batches as files in a folder, from which somebody takes them to the agency.
//!
//! A file is there whole or not at all, and its name says of which day and which batch it is; those that take citations
//! back come before those that hand some over. That it is there with the same content is the only confirmation. One that
//! is sealed cannot be read again, so that its name says what it holds, too.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::wire::{self, REFERRED};
use crate::document::{JsonError, Limits, Node, parse};
use crate::files::seal::{SealKey, seal};
use crate::files::{self, Rights};
use crate::model::{Amount, DocumentKind};
use crate::net::bounded::{self, Bounded};
use crate::ports::{Class, Document, Failure, Recipient, Standing, Subject, Survey};
use crate::text::hex::hex;

/// No file of a batch is longer: a thousand rows.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The columns of what is taken back.
const WITHDRAWN: [&str; 2] = ["referenceId", "newStatus"];

/// So many digits of the batch's id are in the name of its file.
const ID_CHARS: usize = 16;

/// `2024-01-01`
const DAY_CHARS: usize = 10;

/// What the name of a sealed file ends with.
const SEALED_ENDING: &str = ".csv.age";

/// A folder for files.
#[derive(Debug)]
pub(super) struct Spool {
    pub folder: PathBuf,
    /// Whose keys open the files; none where they are not sealed.
    pub sealed_for: Vec<SealKey>,
}

/// Whether no text of a row would be taken for a formula by a spreadsheet.
pub(super) fn takes(reference: &str, texts: &[&str]) -> bool {
    let is_formula = |text: &&str| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    !texts.iter().chain(&[reference]).any(is_formula)
}

impl Recipient for Spool {
    fn survey(&self, _: &Document) -> Result<Survey, Failure> {
        Ok(Survey::default())
    }

    /// It is only asked by whoever may send, and holds the lock for that.
    fn state(&self, document: &Document, _: &str) -> Result<Standing, Failure> {
        files::remove_cut_off(&self.folder);
        let Some(path) = self.find(document)? else { return Ok(Standing::Never) };
        if !self.sealed_for.is_empty() {
            return Ok(of_sealed(document, &path));
        }
        let bytes = match bounded::read(&path, FILE_BYTES_MAX) {
            Ok(Bounded::Whole { bytes, .. }) => bytes,
            Ok(Bounded::NotAFile | Bounded::TooLarge) => Vec::new(),
            Err(error) => return Err(unusable(&self.folder, &error)),
        };
        if document.bytes.is_empty() {
            return Ok(Standing::Doubtful("what it held is not kept here any more".to_owned()));
        }
        Ok(match csv(document) {
            Ok(text) if text.as_bytes() == bytes => confirmed(document, &path),
            Ok(_) => Standing::Otherwise("a file with other content has its name".to_owned()),
            Err(error) => Standing::Doubtful(error.to_string()),
        })
    }

    fn is_at_once(&self) -> bool {
        true
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        files::remove_cut_off(&self.folder);
        if self.find(document)?.is_some() {
            return self.state(document, key);
        }
        let text = match csv(document) {
            Ok(text) => text,
            Err(error) => return Ok(Standing::Refused(error.to_string())),
        };
        let (path, bytes) = match self.sealed_for.as_slice() {
            [] => (self.folder.join(name(document)), Ok(text.into_bytes())),
            keys => (self.folder.join(sealed_name(document, &text)), seal(keys, text.as_bytes())),
        };
        let written = bytes
            .and_then(|bytes| files::prepare(&path, &bytes, &Rights::PRIVATE))
            .and_then(files::Ready::put_new);
        match written {
            Ok(()) => Ok(confirmed(document, &path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.state(document, key),
            Err(error) => Err(unusable(&self.folder, &error)),
        }
    }

    fn try_login(&self) -> Result<(), Failure> {
        self.names().map(|_| ())
    }
}

impl Spool {
    fn names(&self) -> Result<Vec<String>, Failure> {
        let read = std::fs::read_dir(&self.folder)
            .map_err(|error| unusable(&self.folder, &error))?
            .map(|entry| entry.map(|entry| entry.file_name().into_string().unwrap_or_default()));
        read.collect::<Result<_, _>>().map_err(|error| unusable(&self.folder, &error))
    }

    /// The file of a batch, of whatever day its name says it is.
    fn find(&self, document: &Document) -> Result<Option<PathBuf>, Failure> {
        let end = match self.sealed_for.is_empty() {
            true => ending(document),
            false => format!("{}-", stem(document)),
        };
        let is_ours = |name: &String| {
            // Whoever takes the files may put an answer beside one, with more in front of its name.
            let Some((_, rest)) = name.split_at_checked(DAY_CHARS) else { return false };
            match self.sealed_for.is_empty() {
                true => rest == end,
                false => rest.strip_prefix(&end).is_some_and(|hash| {
                    hash.strip_suffix(SEALED_ENDING).is_some_and(|hash| hash.len() == ID_CHARS)
                }),
            }
        };
        Ok(self.names()?.into_iter().find(is_ours).map(|name| self.folder.join(name)))
    }
}

/// How a batch stands whose file is sealed: by the name, which a file only gets when all of it is there.
fn of_sealed(document: &Document, path: &Path) -> Standing {
    if document.bytes.is_empty() {
        return Standing::Doubtful("what it held is not kept here any more".to_owned());
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    match csv(document) {
        Ok(text) if name.is_some_and(|name| name.ends_with(&sealed_ending(document, &text))) => {
            confirmed(document, path)
        }
        Ok(_) => Standing::Otherwise("a file of it holds something else, by its name".to_owned()),
        Err(error) => Standing::Doubtful(error.to_string()),
    }
}

/// What the name of a file ends with: `-1-withdrawal-0123456789abcdef.csv`.
fn ending(document: &Document) -> String {
    format!("{}.csv", stem(document))
}

/// The same of one that is sealed, with a digest of what it holds.
fn sealed_ending(document: &Document, text: &str) -> String {
    let digest = hex(&Sha256::digest(text.as_bytes()));
    format!("{}-{}{SEALED_ENDING}", stem(document), digest.get(..ID_CHARS).unwrap_or(&digest))
}

fn stem(document: &Document) -> String {
    let id = document.id.as_str();
    let hash = id.split_once(':').map_or(id, |(_, hash)| hash);
    let place = if document.kind == DocumentKind::Withdrawal { 1 } else { 2 };
    format!("-{place}-{}-{}", document.kind, hash.get(..ID_CHARS).unwrap_or(hash))
}

fn name(document: &Document) -> String {
    format!("{}{}", day(document), ending(document))
}

fn sealed_name(document: &Document, text: &str) -> String {
    format!("{}{}", day(document), sealed_ending(document, text))
}

/// `2024-01-01`
fn day(document: &Document) -> String {
    let at = match &document.subject {
        Subject::Batch { at, .. } => *at,
        _ => DateTime::<Utc>::UNIX_EPOCH,
    };
    at.format("%Y-%m-%d").to_string()
}

/// No acknowledgement comes: what is in the file is what was handed over.
fn confirmed(document: &Document, path: &Path) -> Standing {
    let rows = wire::rows(document);
    let total: Amount = rows.values().copied().sum();
    let none: [&str; 0] = [];
    let told = json!({
        "batch": path.file_name().map(|name| name.to_string_lossy()),
        "count": rows.len(),
        "total": total,
        "accepted": rows.keys().collect::<Vec<_>>(),
        "refused": none,
        "missing": none,
    });
    Standing::Confirmed(told.to_string())
}

/// The file of a batch: a header, its rows, and a trailer with their number and their sum.
fn csv(document: &Document) -> Result<String, JsonError> {
    let value = parse(&document.bytes, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    let is_referral = document.kind == DocumentKind::Referral;
    let columns: &[&str] = if is_referral { &REFERRED } else { &WITHDRAWN };
    let mut text = format!("{}\r\n", columns.join(","));
    for row in top.list()? {
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&cell(row.field(column)?.text()?));
        }
        text.push_str("\r\n");
    }
    let rows = wire::rows(document);
    let total: Amount = rows.values().copied().sum();
    text.push_str(&format!("TRAILER,{},{total}\r\n", rows.len()));
    Ok(text)
}

/// A cell as RFC 4180 has it.
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn unusable(folder: &Path, error: &std::io::Error) -> Failure {
    let text = format!("the folder {} cannot be used: {}", folder.display(), error.kind());
    Failure::new(Class::Unusable, false, &text, Some("make it, and let this user write to it"))
}
