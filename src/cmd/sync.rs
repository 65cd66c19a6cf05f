//! `sync`: one tick, with its lock, its pages and its alarms.

use std::collections::BTreeMap;

use super::tick::tick;
use super::{Context, who};
use crate::cli::SyncArgs;
use crate::engine::gather::Scope;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::TargetName;
use crate::notify::{self, Watch};

/// Runs the command.
pub fn run(context: &Context, args: &SyncArgs) -> Result<Exit, Error> {
    notify::watch(&context.config, context.clock, |watch| run_watched(context, args, watch))
}

fn run_watched(context: &Context, args: &SyncArgs, watch: &Watch<'_>) -> Result<Exit, Error> {
    let only = who::only(&args.look.only)?;
    let scope = Scope {
        is_full: args.look.full,
        only,
        accept_shrink: args.accept_shrink,
        accept_devices: accepted(context, args)?,
        accept_links: args.accept_link.clone(),
        ..Scope::default()
    };
    let _lock = context.take_lock()?;
    let mut store = context.open_store_unchecked()?;
    let report = tick(context, &context.network(), &mut store, scope)?;
    super::status::write_files(context, &mut store, &report);
    let exit = context.finish(&mut store, &report);
    watch.record_tick(&mut store, &report);
    exit
}

/// The devices of `--accept-device`.
fn accepted(context: &Context, args: &SyncArgs) -> Result<BTreeMap<TargetName, usize>, Error> {
    let named = args.accept_device.iter().map(|one| &one.device);
    let mut named = named.chain(args.accept_link.iter().map(|one| &one.device));
    let config = &context.config;
    let is_known = |name: &TargetName| {
        config.devices.iter().any(|device| device.name == *name)
            || config.gates.iter().any(|gate| gate.name == *name)
    };
    match named.find(|name| !is_known(name)) {
        Some(unknown) => Err(Error::NoDevice(unknown.clone())),
        None => {
            let accepted = args.accept_device.iter().map(|one| (one.device.clone(), one.persons));
            Ok(accepted.collect())
        }
    }
}
