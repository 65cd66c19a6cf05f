//! What is measured in a world, in this order.

use std::process::Command;

use crate::Failure;
use crate::scene::{PROGRAM, REPEATS, Row, Scene, median};
use crate::stage::{Outside, audit_is_due, listing_is_due};

/// Names of the rows that are looked at again later.
pub const FIRST_RUN: &str = "first run";
/// See [`FIRST_RUN`].
pub const QUIET_TICK: &str = "quiet tick";
/// See [`FIRST_RUN`].
pub const LISTING: &str = "complete listing, nothing new";
/// See [`FIRST_RUN`].
pub const LISTING_NEW: &str = "complete listing, all changed";
/// See [`FIRST_RUN`].
pub const AUDIT: &str = "full audit of devices";

/// How many pay at once.
const RENEWALS: [usize; 3] = [1, 100, 5_000];

/// Most writes of one row: more would take longer than a benchmark should.
const WRITES_MAX: usize = 20_000;

/// In bigger clubs a cold lookup says what the first run said, and takes as long.
const COLD_MEMBERS_MAX: usize = 100_000;

/// Measures every row of one world, telling each as it comes.
pub fn measure(
    outside: &Outside,
    mut tell: impl FnMut(&Row),
) -> Result<(Vec<Row>, Scene), Failure> {
    let size = outside.size;
    let mut scene = Scene::set_as(outside)?;
    let mut rows = Vec::new();
    let mut keep = |row: Row, wanted: &[i32]| -> Result<(), Failure> {
        if !wanted.contains(&row.cost.code) {
            let Row { name, cost, .. } = row;
            return Err(format!("{name} ended with {}: {}", cost.code, cost.stderr).into());
        }
        tell(&row);
        rows.push(row);
        Ok(())
    };
    keep(scene.tick(FIRST_RUN, &["sync"], &[])?, &[0])?;
    keep(quiet(&mut scene)?, &[0])?;
    for count in RENEWALS {
        if count > size.members || count * size.devices > WRITES_MAX {
            continue;
        }
        scene.remote.renew(count)?;
        let name = format!("tick with {}", renewals(count));
        keep(scene.tick(&name, &["sync"], &[])?, &[0, 8])?;
        scene.catch_up()?;
    }
    keep(listing(&mut scene, LISTING, |_| Ok(()))?, &[0])?;
    keep(listing(&mut scene, LISTING_NEW, |scene| scene.remote.rename_everybody())?, &[0])?;
    keep(scene.tick(AUDIT, &["sync"], &audit_is_due(size.devices))?, &[0])?;
    // Who has a role in every world.
    let who = "150002";
    keep(scene.tick("lookup", &["lookup", who], &[])?, &[0])?;
    keep(scene.tick("lookup --offline", &["lookup", who, "--offline"], &[])?, &[0])?;
    keep(scene.tick("status", &["status"], &[])?, &[0])?;
    keep(scene.tick("check", &["check"], &[])?, &[0])?;
    // Behind everything else, since nobody carries it out.
    let changed = size.members.min(100);
    scene.remote.renew(changed)?;
    keep(scene.tick(&format!("diff of {}", renewals(changed)), &["diff"], &[])?, &[0])?;
    if size.members <= COLD_MEMBERS_MAX {
        keep(cold(&mut scene, who)?, &[0, 21])?;
    }
    Ok((rows, scene))
}

/// So many members who paid.
pub fn renewals(count: usize) -> String {
    format!("{} renewal{}", crate::table::count(count), if count == 1 { "" } else { "s" })
}

/// The median of some quiet ticks.
pub fn quiet(scene: &mut Scene) -> Result<Row, Failure> {
    let ticks = (0..REPEATS).map(|_| scene.tick(QUIET_TICK, &["sync"], &[]));
    median(ticks.collect::<Result<_, _>>()?)
}

/// The median of some complete listings, before each of which something happens.
fn listing(
    scene: &mut Scene,
    name: &str,
    before: impl Fn(&mut Scene) -> Result<(), Failure>,
) -> Result<Row, Failure> {
    let ticks = (0..REPEATS).map(|_| {
        before(scene)?;
        scene.tick(name, &["sync"], &listing_is_due())
    });
    median(ticks.collect::<Result<_, Failure>>()?)
}

/// A lookup by a program that knows nothing yet: both sides are read whole.
fn cold(scene: &mut Scene, who: &str) -> Result<Row, Failure> {
    let nothing = "cold.db".to_owned();
    let more = [("IVMS_SYNC__STATE".to_owned(), nothing)];
    scene.run("lookup, cold", Command::new(PROGRAM).args(["lookup", who]), &more)
}
