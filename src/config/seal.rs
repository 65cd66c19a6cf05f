//! `[seal]`: for whom files are sealed, and what opens those that come sealed.

use std::path::Path;

use super::problem::Wrong;
use super::secret_source::{self, Surroundings};
use super::section::{Section, text};
use crate::files::seal::{OpenKey, SealKey, is_sealed};

/// Reads the section, before any other that may have files sealed; gives what opens those that come sealed. Problems
/// are noted.
pub(super) fn read(section: &Section<'_>, surroundings: &Surroundings<'_>) -> Option<OpenKey> {
    let recipients = section.list("recipients", |item| {
        text(item)?.parse::<SealKey>().map_err(|_| {
            Wrong::new("holds something that is no public key of age")
                .hint("write what `age-keygen` calls the public key: it begins with age1")
        })
    });
    let recipients = recipients.unwrap_or_default();
    section.refuse_repeats("recipients", &recipients);
    let keys = recipients.into_iter().map(|(_, key)| key);
    surroundings.seal_keys.replace(keys.collect());
    let identity = secret_source::read(section, "identity", surroundings)?;
    // It is empty where the command needs none.
    if identity.expose().is_empty() {
        return None;
    }
    let read = identity.expose().parse();
    let note = |_| {
        let wrong = Wrong::new("is no secret key of age");
        let hint = "write what `age-keygen` makes: it begins with AGE-SECRET-KEY-1";
        section.wrong("identity", wrong.hint(hint));
    };
    read.map_err(note).ok()
}

/// Notes that files come sealed, and nothing opens them.
pub(super) fn must_open(section: &Section<'_>) {
    if section.find("identity").is_none() {
        let wrong = Wrong::new("is missing: files that arrive are sealed");
        section.wrong("identity", wrong.hint("write identity = { file = \"age-key.txt\" }"));
    }
}

impl Section<'_> {
    /// Whom the file of a section is sealed for, by its key `sealed`: nobody where it is not. Whoever looks into the
    /// folder, or into the configuration, sees by its name what is what. Problems are noted.
    pub fn sealed_for(&self, file: Option<&Path>, surroundings: &Surroundings<'_>) -> Vec<SealKey> {
        let is_wanted = self.flag("sealed").or(false);
        let name = file.and_then(|file| file.file_name()?.to_str());
        match (is_wanted, name.map(is_sealed)) {
            (true, Some(false)) => {
                let wrong = Wrong::new("is sealed, and its name does not end with .age");
                self.wrong("file", wrong.hint("let it end with .age"));
            }
            (false, Some(true)) => {
                let wrong = Wrong::new("ends with .age, and is not sealed");
                self.wrong("file", wrong.hint("write sealed = true, or another name"));
            }
            _ => {}
        }
        let keys = surroundings.seal_keys.borrow();
        if is_wanted && keys.is_empty() {
            let wrong = Wrong::new("has nobody to be sealed for");
            self.wrong("sealed", wrong.hint("write recipients = [\"age1…\"] under [seal]"));
        }
        if is_wanted { keys.clone() } else { Vec::new() }
    }
}
