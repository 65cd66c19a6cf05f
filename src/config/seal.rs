//! `[seal]`: for whom files are sealed, and what opens those that come sealed.

use super::problem::Wrong;
use super::secret_source::{self, Surroundings};
use super::section::{Section, text};
use crate::files::seal::{OpenKey, SealKey};

/// The keys of `[seal]`.
pub(super) struct SealKeys {
    /// Who can read what is sealed.
    pub recipients: Vec<SealKey>,
    /// What opens files that came sealed.
    pub identity: Option<OpenKey>,
}

impl SealKeys {
    /// Reads the section. Problems are noted.
    pub fn read(section: &Section<'_>, surroundings: &Surroundings<'_>) -> Self {
        let recipients = section.list("recipients", |item| {
            text(item)?.parse().map_err(|_| {
                Wrong::new("holds something that is no public key of age")
                    .hint("write what `age-keygen` calls the public key: it begins with age1")
            })
        });
        let recipients = recipients.unwrap_or_default();
        section.refuse_repeats("recipients", &recipients);
        let identity = secret_source::read(section, "identity", surroundings);
        // It is empty where the command needs none.
        let identity = identity.filter(|secret| !secret.expose().is_empty()).and_then(|secret| {
            let read = secret.expose().parse();
            let note = |_| {
                let wrong = Wrong::new("is no secret key of age");
                let hint = "write what `age-keygen` makes: it begins with AGE-SECRET-KEY-1";
                section.wrong("identity", wrong.hint(hint));
            };
            read.map_err(note).ok()
        });
        Self { recipients: recipients.into_iter().map(|(_, key)| key).collect(), identity }
    }

    /// Notes that files come sealed, and nothing opens them.
    pub fn must_open(section: &Section<'_>) {
        if section.find("identity").is_none() {
            let wrong = Wrong::new("is missing: files that arrive are sealed");
            section.wrong("identity", wrong.hint("write identity = { file = \"age-key.txt\" }"));
        }
    }
}
