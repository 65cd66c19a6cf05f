//! Citations for agencies that collect: `diff --to NAME`, what `apply` needs to know before it sends any, and what
//! every `sync` does by itself.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::plan::{say_plan, write_plan};
use super::{as_known, outbox_of, recipient, say};
use crate::cmd::{Context, say_trouble};
use crate::command::CommandName;
use crate::config::{RecipientConfig, SendMode};
use crate::engine::Systems;
use crate::engine::collection::{Intent, Run, agencies, strays};
use crate::engine::outbox::{Done, Outbox, Step, Verdict};
use crate::engine::{citations, rights};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::SourceName;
use crate::ports::Document;
use crate::report::collection::{CollectionTold, of_stray};
use crate::report::documents::{DocumentReport, DocumentTold, of_done, of_verdict};
use crate::report::parking::QuestionError;
use crate::store::Store;
use crate::trouble::Trouble;

/// What became of agencies in a run.
#[derive(Debug, Default)]
pub(in crate::cmd) struct Collected {
    pub agencies: Vec<CollectionTold>,
    pub documents: Vec<DocumentTold>,
    pub troubles: Vec<Trouble>,
}

impl Collected {
    fn take(&mut self, step: &Step<'_>, now: DateTime<Utc>) {
        let (told, trouble) = match step {
            Step::Done(done) => (DocumentTold::from(&done.kept), of_done(done)),
            Step::Held(proposal, kept) => {
                (DocumentTold::proposed(proposal, kept), of_verdict(proposal, true))
            }
            Step::Left(proposal) => {
                let kept = proposal.known.clone().unwrap_or_else(|| proposal.kept(now));
                (DocumentTold::proposed(proposal, &kept), of_verdict(proposal, true))
            }
        };
        self.documents.push(told);
        self.troubles.extend(trouble);
    }
}

/// What services say now: asked, and not kept yet.
struct Read {
    rights: rights::Looked,
    citations: citations::Looked,
}

impl Read {
    fn ask(context: &Context, systems: &dyn Systems, store: &Store) -> Result<Self, Error> {
        let (config, began) = (&context.config, context.clock.began());
        let closely = rights::Closely::default();
        let rights = rights::look(systems, config, store, began, closely)?;
        let citations = citations::look(systems, config, store, (began, closely), &rights)?;
        Ok(Self { rights, citations })
    }

    fn keep(&self, context: &Context, store: &Store) -> Result<(), crate::store::StoreError> {
        self.rights.record(store)?;
        self.citations.record(&context.config, store, context.clock.began())?;
        note_rights(context, store)
    }

    fn troubles(&self) -> impl Iterator<Item = Trouble> + '_ {
        self.rights.troubles.iter().chain(&self.citations.troubles).cloned()
    }
}

/// Notes what became known of the cars whose citations an agency has.
pub(in crate::cmd) fn note_rights(
    context: &Context,
    store: &Store,
) -> Result<(), crate::store::StoreError> {
    let (config, now) = (&context.config, context.clock.now());
    match agencies(config).next() {
        Some(_) => Run { config, store, listed: &BTreeSet::new(), now }.note_rights(),
        None => Ok(()),
    }
}

/// Reads services anew before a batch leaves, and keeps what they say; the services that were read whole.
pub(super) fn read_services(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    to: &RecipientConfig,
) -> Result<BTreeSet<SourceName>, Error> {
    if to.settings.collection().is_none() {
        return Ok(BTreeSet::new());
    }
    let read = Read::ask(context, systems, store)?;
    read.troubles().for_each(|trouble| say_trouble(&trouble));
    read.keep(context, store)?;
    Ok(read.citations.whole)
}

/// Whether a run has to do with agencies: somebody is to be handed over or taken back.
pub(in crate::cmd) fn is_due(
    context: &Context,
    store: &Store,
    listed: &BTreeSet<SourceName>,
) -> Result<bool, Error> {
    let (config, now) = (&context.config, context.clock.began());
    Ok(Run { config, store, listed, now }.is_due()?)
}

/// A batch as a document; what is wrong with it would be a fault of this program.
fn document(context: &Context, to: &RecipientConfig, bytes: &[u8]) -> Result<Document, Error> {
    let read = to.settings.document(bytes, context.clock.now());
    let name = format!("a batch for {}", to.name);
    read.map_err(|error| Error::Document { name, text: error.to_string() })
}

/// `diff --to NAME`: who would be handed over to an agency, and taken back from it. Nothing is sent, and nothing is
/// kept.
pub(in crate::cmd) fn diff(
    context: &Context,
    name: &str,
    out: Option<&Path>,
    shows_pending: bool,
) -> Result<Exit, Error> {
    let to = recipient(context, name)?;
    if to.settings.collection().is_none() {
        return Err(QuestionError::NoAgency(name.to_owned()).into());
    }
    context.refuse_to_replace(out)?;
    let store = context.open_store()?;
    let network = context.network();
    let read = Read::ask(context, &network, &store)?;
    let (proposed, intent) = store.as_if(|store| {
        read.keep(context, store)?;
        let outbox = outbox_of(context, &network, store, &read.citations.whole);
        let intent = outbox.intend(to)?;
        let proposed = propose(context, &outbox, to, &intent);
        Ok(proposed.map(|proposed| (proposed, intent)))
    })??;
    let Proposed { mut documents, troubles, is_ready } = proposed;
    let told = CollectionTold::new(to, &intent);
    let strays = strays(&context.config, &store)?;
    // Of those that are in a batch of which nobody knows nothing else is said.
    let open = store.outbox().open()?.into_iter().filter(|kept| kept.to == to.name);
    let open = open.filter_map(|kept| of_done(&Done::unasked(kept)));
    let amiss = told.kept_there().into_iter().chain(strays.iter().map(of_stray)).chain(open);
    let troubles: Vec<_> = read.troubles().chain(troubles).chain(amiss).collect();
    let mut report = DocumentReport {
        command: CommandName::Diff,
        documents: documents.clone(),
        collections: vec![told],
        troubles,
    };
    if let (Some(out), false) = (out, documents.is_empty()) {
        write_plan(context, &store, &report, out)?;
    }
    documents.iter_mut().for_each(|one| one.bytes = None);
    report.documents = documents;
    let found = report.exit();
    let exit = match shows_pending && is_ready {
        true => Exit::of_all([found, Exit::ChangesPending]),
        false => found,
    };
    say(context, &report, exit)?;
    if let Some(out) = out.filter(|_| !report.documents.is_empty()) {
        say_plan(context, out)?;
    }
    Ok(exit)
}

/// What sending the batches would do.
struct Proposed {
    documents: Vec<DocumentTold>,
    troubles: Vec<Trouble>,
    /// Something would be sent.
    is_ready: bool,
}

fn propose(
    context: &Context,
    outbox: &Outbox<'_>,
    to: &RecipientConfig,
    intent: &Intent,
) -> Result<Proposed, Error> {
    let mut proposed = Proposed { documents: Vec::new(), troubles: Vec::new(), is_ready: false };
    // Who is handed over is so after those who are taken back.
    let after = intent.after_withdrawals();
    let (back, over) = intent.batches(to);
    let back = back.into_iter().map(|bytes| (bytes, intent));
    for (bytes, intent) in back.chain(over.into_iter().map(|bytes| (bytes, &after))) {
        let proposal = outbox.propose_by(to, document(context, to, &bytes)?, Some(intent))?;
        let mut told = as_known(outbox, &proposal);
        told.bytes = Some(STANDARD.encode(&bytes));
        proposed.is_ready |= matches!(proposal.verdict, Verdict::Ready | Verdict::Held(_));
        proposed.documents.push(told);
        proposed.troubles.extend(of_verdict(&proposal, false));
    }
    Ok(proposed)
}

/// What a run does at every agency, by what services said in it: it takes back first, and hands over only then.
pub(in crate::cmd) fn collect(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    listed: &BTreeSet<SourceName>,
) -> Result<Collected, Error> {
    let mut collected = Collected::default();
    collected.troubles.extend(strays(&context.config, store)?.iter().map(of_stray));
    for to in agencies(&context.config) {
        let outbox = outbox_of(context, systems, store, listed);
        if to.mode == SendMode::Full {
            let steps = outbox.hand_over(to)?.map_err(|error| Error::Document {
                name: format!("a batch for {}", to.name),
                text: error.to_string(),
            })?;
            steps.iter().for_each(|step| collected.take(step, outbox.now));
        }
        let told = CollectionTold::new(to, &outbox.intend(to)?);
        collected.troubles.extend(told.troubles(to.mode));
        if !told.is_nothing() {
            collected.agencies.push(told);
        }
    }
    Ok(collected)
}
