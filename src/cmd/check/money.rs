//! What `check` finds of money: the folders where files arrive, and documents of which nobody knows what became.

use crate::cmd::Context;
use crate::engine::books::{SpoolSeen, late, see_spools};
use crate::engine::collection::strays;
use crate::error::Error;
use crate::model::SourceName;
use crate::report::check::Finding;
use crate::report::check::money::{open_documents, spool};
use crate::report::collection::of_stray;
use crate::store::Store;
use crate::trouble::{About, BooksTrouble, Trouble, TroubleKind};

/// Looks into every folder where files arrive, and takes none.
pub(super) fn spools(context: &Context, store: &Store) -> Result<Vec<Finding>, Error> {
    let (books, now) = (&context.config.books, context.clock.now());
    let seen = see_spools(books, store)?;
    let zone = context.config.zone_of_people();
    let mut findings: Vec<Finding> = seen.iter().flat_map(|one| spool(one, now, zone)).collect();
    for (name, day) in late(books, store, now)? {
        // What lies there and was not taken yet may be of that day.
        let is_coming = |one: &SpoolSeen| {
            one.section == name && one.files.as_ref().is_ok_and(|files| files.untaken > 0)
        };
        if !seen.iter().any(is_coming) {
            let kind = TroubleKind::Books(BooksTrouble::FileLate { day });
            findings.push(Trouble::new(About::Source(name), kind).into());
        }
    }
    Ok(findings)
}

/// How many documents are open, which wait for a person, and what is at agencies that nobody names any more.
pub(super) fn documents(context: &Context, store: &Store) -> Result<Vec<Finding>, Error> {
    let open = store.outbox().open()?;
    let recipients = &context.config.recipients;
    let is_homeless = |to: &SourceName| recipients.iter().all(|one| one.name != *to);
    let strays = strays(&context.config, store)?;
    let strays = strays.iter().map(|one| Finding::from(of_stray(one)));
    let found = open_documents(&open, is_homeless, context.config.zone_of_people());
    Ok(found.into_iter().chain(strays).collect())
}
