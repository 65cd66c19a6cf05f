//! A short run of the example `years`, and that its oracle notices every program broken on purpose.

use std::path::PathBuf;
use std::sync::OnceLock;

use assert_cmd::Command;

use super::demo::{cargo, profile_folder};
use super::support::{Said, said};

/// Some clubs for some ticks: seconds, also with little optimisation.
const SHORT: &str = "--seed 2 --clubs 40 --ticks 40";

/// Enough for what is rare.
const LONGER: &str = "--seed 11 --clubs 100 --ticks 90";

/// The ways to break the program.
const SABOTAGES: [&str; 33] = [
    "lose-member",
    "longer-dates",
    "shorter-dates",
    "forget-writes",
    "write-twice",
    "never-revoke",
    "unprotected",
    "let-all-in",
    "lying-clock",
    "lazy-ticks",
    "read-anyway",
    "forget-grain",
    "same-serial",
    "old-names",
    "forget-roles",
    "forget-sent",
    "never-commit",
    "forget-commits",
    "lying-barrier",
    "no-capacity",
    "part-is-whole",
    "longer-rows",
    "endless-rows",
    "other-row",
    "never-remove",
    "unprotected-plates",
    "one-zone",
    "forget-rows",
    "lose-rights",
    "longer-rights",
    "keep-deleted",
    "cut-is-whole",
    "deaf-clerk",
];

fn years(arguments: &str) -> Said {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let binary = BINARY.get_or_init(|| {
        let built = said(&mut cargo("build", "years"));
        assert_eq!(built.code, 0, "{}", built.stderr);
        profile_folder().join("examples").join(format!("years{}", std::env::consts::EXE_SUFFIX))
    });
    said(Command::new(binary).args(arguments.split(' ')))
}

fn line<'a>(said: &'a Said, begin: &str) -> &'a str {
    let found = said.stdout.lines().find(|line| line.starts_with(begin));
    found.unwrap_or_else(|| panic!("no {begin:?} in\n{}\n{}", said.stdout, said.stderr))
}

#[test]
fn clubs_live_without_a_breach_and_the_same_seed_gives_the_same_lives() {
    let first = years(SHORT);
    assert_eq!(first.code, 0, "{}\n{}", first.stdout, first.stderr);
    assert!(!first.stdout.contains("BROKEN"), "{}", first.stdout);
    assert!(line(&first, "ticks ").ends_with(" 1600"), "every club lives to the end");
    let again = years(&format!("{SHORT} --threads 1"));
    let hash = "hash of everything";
    assert_eq!(line(&first, hash), line(&again, hash));
    let other = years(&SHORT.replace("--seed 2", "--seed 3"));
    assert_ne!(line(&first, hash), line(&other, hash));
}

#[test]
fn every_sabotage_is_found_and_its_line_repeats_it() {
    for sabotage in SABOTAGES {
        let found = years(&format!("{LONGER} --sabotage {sabotage}"));
        assert_eq!(found.code, 1, "{sabotage}: {}\n{}", found.stdout, found.stderr);
        let breach = line(&found, "BROKEN: ");
        let reproduce = line(&found, "  reproduce: cargo run --profile years --example years -- ");
        let (_, arguments) = reproduce.split_once(" -- ").unwrap();
        let again = years(arguments);
        assert_eq!(again.code, 1, "{sabotage}: {arguments}");
        assert_eq!(line(&again, "BROKEN: "), breach, "{sabotage}: {arguments}");
    }
}

/// A sabotage that is in the example and not here would never be tried.
#[test]
fn every_sabotage_of_the_example_is_tried() {
    let told = format!("breaks the program in one of {} ways", SABOTAGES.len());
    assert!(include_str!("../../examples/years/README.md").contains(&told), "{told}");
    let refused = years("--sabotage none-of-them");
    let possible = refused.stderr.split_once("[possible values: ").unwrap().1;
    let possible: Vec<&str> = possible.split_once(']').unwrap().0.split(", ").collect();
    assert_eq!(possible, SABOTAGES);
}
