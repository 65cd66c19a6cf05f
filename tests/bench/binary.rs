//! The release binary itself: size, start-up time, and what it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::Failure;
use crate::process;
use crate::scene::PROGRAM;
use crate::table::{bytes, time};

/// How often the start is measured; the median counts.
const STARTS: usize = 21;

/// Crates that only one of the two HTTP stacks needs: ours to use it, and its client.
const STACKS: [(&str, &[&str]); 2] = [
    ("Cardskipper's (ureq)", &["ureq"]),
    ("the doors' (reqwest, diqwest)", &["reqwest", "diqwest"]),
];

/// Lines about the binary; `quiet` is the wall time of a quiet tick in a small club.
pub fn describe(quiet: Option<Duration>) -> Result<Vec<Vec<String>>, Failure> {
    let mut lines = Vec::new();
    let mut line = |what: &str, value: String| lines.push(vec![what.to_owned(), value]);
    line("size of the release binary", bytes(std::fs::metadata(PROGRAM)?.len()));
    let (wall, peak) = start()?;
    line("start-up: --version", time(wall));
    line("memory of --version, or of what started it", bytes(peak));
    if let Some(quiet) = quiet {
        line("start-up: quiet tick of the smallest club", time(quiet));
    }
    let tree = Tree::read()?;
    let all = tree.without(&[]);
    line("crates, those included that only the tests switch on", all.len().to_string());
    for (name, roots) in STACKS {
        let rest = tree.without(roots);
        let own: Vec<&str> = all.difference(&rest).map(String::as_str).collect();
        line(&format!("crates that only {name} HTTP stack brings"), own.len().to_string());
    }
    Ok(lines)
}

/// Wall time and memory of `--version`. The system counts the memory of the process that starts another
/// as that other's too, so no memory measured here is below this benchmark's own.
fn start() -> Result<(Duration, u64), Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let start = |_| -> Result<(Duration, u64), Failure> {
        let cost = process::run(Command::new(PROGRAM).arg("--version"), folder.path(), &[])?;
        let cost = cost.or_fail("--version")?;
        Ok((cost.wall, cost.peak))
    };
    let mut times = (0..STARTS).map(start).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    times.get(STARTS / 2).copied().ok_or_else(|| "nothing was started".into())
}

/// What needs what, for this platform, build scripts and tests left out.
struct Tree {
    root: String,
    needs: BTreeMap<String, Vec<(String, String)>>,
}

impl Tree {
    fn read() -> Result<Self, Failure> {
        let host = Command::new("rustc").arg("-vV").output()?;
        let host = String::from_utf8(host.stdout)?;
        let host = host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("no host")?;
        let said = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .args(["--filter-platform", host])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .output()?;
        let told: Value = serde_json::from_slice(&said.stdout)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut needs = BTreeMap::new();
        for node in list(&told["resolve"]["nodes"]) {
            let normal = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
            });
            let named = normal.map(|one| (text(&one["name"]), text(&one["pkg"])));
            needs.insert(text(&node["id"]), named.collect());
        }
        Ok(Self { root: text(&told["resolve"]["root"]), needs })
    }

    /// Every crate that is needed if the program itself did not use these.
    fn without(&self, left_out: &[&str]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![&self.root];
        while let Some(one) = open.pop() {
            for (name, package) in self.needs.get(one).into_iter().flatten() {
                let is_left_out = left_out.contains(&name.as_str());
                if !is_left_out && found.insert(package.clone()) {
                    open.push(package);
                }
            }
        }
        found
    }
}
