//! Keys of documents (header `Idempotency-Key`), and documents of which a client cannot know whether they
//! arrived.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::call::Call;
use super::problem::{Problem, problem};
use super::server::{Service, State};
use crate::http::Response;

/// A key that was seen.
#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    path: Vec<String>,
    first: DateTime<Utc>,
    answer: Option<Response>,
}

/// What is known of keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    kept: BTreeMap<String, Kept>,
    /// The key under which each document came first.
    of: BTreeMap<String, String>,
    /// Documents about which the client must ask.
    doubts: BTreeSet<String>,
    /// Documents that were refused: they may come again, as another sending.
    refused: BTreeSet<String>,
}

impl Keys {
    /// Forgets what was answered.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    /// What came under a key was refused before anything was begun, unless it was answered before.
    pub(super) fn free(&mut self, key: &str) {
        self.kept.retain(|one, kept| one != key || kept.answer.is_some());
    }

    /// The document that came under a key.
    pub(super) fn subject(&self, key: &str) -> Option<&str> {
        self.of.iter().find(|(_, one)| *one == key).map(|(subject, _)| subject.as_str())
    }

    /// Remembers what a key is answered.
    pub(super) fn answered(&mut self, key: &str, response: &Response) {
        if let Some(kept) = self.kept.get_mut(key) {
            kept.answer = Some(response.clone());
        }
    }

    /// The client cannot know what became of this document.
    pub(super) fn doubt(&mut self, subject: &str) {
        self.doubts.insert(subject.to_owned());
    }

    /// The client was told that nothing of this document was taken.
    pub(super) fn refused(&mut self, subject: &str) {
        self.refused.insert(subject.to_owned());
    }

    /// The client has asked.
    pub(super) fn told(&mut self, subject: &str) {
        self.doubts.remove(subject);
    }
}

impl<S: Service> State<S> {
    /// Judges the key of a document: the key, and what it was answered before.
    pub(super) fn judge_key(
        &mut self,
        call: &Call,
        subject: Option<&str>,
    ) -> Result<(String, Option<Response>), Problem> {
        let [key] = call.headers("Idempotency-Key")[..] else {
            let count = call.headers("Idempotency-Key").len();
            let slug = if count == 0 { "key-missing" } else { "key-twice" };
            return Err(problem(slug, subject.unwrap_or("a document without id")));
        };
        if !is_uuid_5(key) {
            return Err(problem("key-form", key));
        }
        // Without an id it is refused whatever its key is.
        let Some(subject) = subject else { return Ok((key.to_owned(), None)) };
        if self.keys.subject(key).is_some_and(|other| other != subject) {
            return Err(problem("key-reused", "for another document").status(422));
        }
        let is_other = self.keys.of.get(subject).is_some_and(|first| first != key);
        if is_other && self.keys.refused.remove(subject) {
            self.keys.of.insert(subject.to_owned(), key.to_owned());
        }
        let first = self.keys.of.entry(subject.to_owned()).or_insert_with(|| key.to_owned());
        if first.as_str() != key {
            self.note("second-key", subject);
        }
        if self.troubles.tells_state && self.keys.doubts.contains(subject) {
            self.note("not-asked-first", subject);
        }
        let Some(kept) = self.keys.kept.get(key) else { return Ok((key.to_owned(), None)) };
        if self.settings.clock.now() - kept.first > self.troubles.key_lives {
            self.keys.kept.remove(key);
            self.note("key-expired", subject);
            return Ok((key.to_owned(), None));
        }
        if kept.bytes != call.bytes || kept.path != call.path {
            return Err(problem("key-reused", "with other bytes").status(422));
        }
        let answer = kept.answer.clone().filter(|_| self.troubles.honours_keys);
        Ok((key.to_owned(), answer.map(|answer| answer.with_header("Idempotent-Replayed", "true"))))
    }

    /// A document is carried out: its key lives from now on.
    pub(super) fn keep_key(&mut self, key: &str, call: &Call) {
        let (bytes, path, first) =
            (call.bytes.clone(), call.path.clone(), self.settings.clock.now());
        let kept = Kept { bytes, path, first, answer: None };
        self.keys.kept.entry(key.to_owned()).or_insert(kept);
    }
}

/// Whether it is a UUID of version 5, in lower case.
fn is_uuid_5(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    lengths == [8, 4, 4, 4, 12]
        && parts.iter().all(|part| part.bytes().all(is_hex))
        && parts[2].starts_with('5')
        && parts[3].starts_with(['8', '9', 'a', 'b'])
}
