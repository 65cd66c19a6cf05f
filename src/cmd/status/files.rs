//! The page, the metrics and the sheet of the unlinked, as files.

use std::path::Path;

use crate::cmd::{Context, write_file};
use crate::engine::link::file::FILE_BYTES_MAX;
use crate::error::Error;
use crate::model::Holder;
use crate::net::bounded::{self, Bounded};
use crate::notify::stderr;
use crate::report::Report;
use crate::report::status::state_file::of_state_file;
use crate::report::status::{Status, html, prometheus, unlinked};
use crate::report::unchanged::told;
use crate::store::{Store, StoreError};

/// Makes sure that a sheet of the unlinked takes the place of nothing that somebody has filled in.
pub(super) fn keep_filled_in<'a>(
    path: &Path,
    members: impl Iterator<Item = &'a Holder>,
) -> Result<(), Error> {
    // What is laid there in place of a file is refused when it is to be written.
    if !std::fs::symlink_metadata(path).is_ok_and(|it| it.is_file()) {
        return Ok(());
    }
    let by_hand = match bounded::read(path, FILE_BYTES_MAX) {
        Ok(Bounded::Whole { bytes, .. }) => unlinked::by_hand(&bytes, members),
        Ok(Bounded::TooLarge) => Some("it is another file".to_owned()),
        // A file that cannot be read may hold anything.
        Ok(Bounded::NotAFile) | Err(_) => Some("it cannot be read".to_owned()),
    };
    match by_hand {
        None => Ok(()),
        Some(what) => Err(Error::FilledIn { path: path.to_owned(), what }),
    }
}

/// Writes the files of `[report]` after a tick. Trouble with them is said, and changes nothing else: a
/// full disk under a web page must not keep a door from being written.
pub(in crate::cmd) fn write_files(context: &Context, store: &mut Store, report: &Report) {
    let files = &context.config.report;
    if files.html.is_none() && files.prometheus.is_none() {
        return;
    }
    let (page, metrics) = (files.html.as_deref(), files.prometheus.as_deref());
    let failed = match after_tick(context, store, report) {
        Ok(status) => write(context, &status, page, metrics),
        Err(error) => vec![Error::Store(error)],
    };
    for error in failed {
        if stderr::is_news(store, format!("report {error}"), context.clock.began()) {
            log::warn!("{}", error.lines());
        }
    }
}

/// How things stand after a tick. What it left for the next one needs no counting.
fn after_tick(context: &Context, store: &Store, report: &Report) -> Result<Status, StoreError> {
    let config = &context.config;
    let names = config.devices.iter().map(|device| &device.name);
    let told = store.journal().quiet()?.and_then(|quiet| told(names, &quiet.report));
    of_state_file(config, store, context.clock.now(), report.left_out.clone(), told.as_ref())
}

/// Writes both, each whatever becomes of the other, and gives what went wrong.
pub(super) fn write(
    context: &Context,
    status: &Status,
    page: Option<&Path>,
    metrics: Option<&Path>,
) -> Vec<Error> {
    let (rights, invocation) = (&context.config.report.rights, &context.config.invocation);
    let html = |path| write_file(path, &invocation.in_html(&html::render(status)), rights);
    let page = page.map(html);
    let metrics = metrics.map(|path| write_file(path, &prometheus::render(status), rights));
    [page, metrics].into_iter().flatten().filter_map(Result::err).collect()
}
