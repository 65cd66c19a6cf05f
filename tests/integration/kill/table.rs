//! The table of what was tried, and the copy of it in the README of the tests.

use std::collections::BTreeMap;

use super::Step;
use super::scene::Kind;

const HEADER: &str =
    "| what runs | killed at a step on the state file | killed at a step on the network |";

/// Prints what was tried in full and as that README has it, and holds it against what was tried: the same
/// rows, and at least as many cases as are stated there. Others of its rows are another test's.
pub fn check(tried: &[(Kind, Step)], killed: usize) {
    let mut in_full: BTreeMap<(Kind, &str), usize> = BTreeMap::new();
    let mut in_short: BTreeMap<Kind, [usize; 2]> = BTreeMap::new();
    for (kind, step) in tried {
        *in_full.entry((*kind, step.words())).or_default() += 1;
        in_short.entry(*kind).or_default()[usize::from(step.is_on_the_network())] += 1;
    }
    println!("| what runs | killed | cases |\n| --- | --- | --- |");
    for ((kind, step), cases) in &in_full {
        println!("| {} | {step} | {cases} |", kind.words());
    }
    println!("\n{HEADER}\n| --- | --- | --- |");
    for (kind, [files, network]) in &in_short {
        println!("| {} | {files} times | {network} times |", kind.words());
    }
    println!("\n{killed} times the process was killed, and the end was always the same.");

    let readme = include_str!("../../README.md");
    let rows = readme.split_once(HEADER).expect(HEADER).1;
    let rows: Vec<&str> = rows.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let kinds = Kind::OF_DEVICES.len() + Kind::OF_GATES.len();
    assert_eq!(rows.len(), kinds + 1, "a row for each, and one for the platform");
    let (mut total, mut found) = (0, 0);
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let tried = in_short.iter().find(|(kind, _)| kind.words() == cells[0]);
        found += usize::from(tried.is_some());
        for (place, cell) in cells[1..].iter().enumerate() {
            let stated =
                cell.strip_prefix("at least ").and_then(|rest| rest.strip_suffix(" times"));
            let stated: usize = stated.expect(row).parse().expect(row);
            if let Some((_, real)) = tried {
                assert!(real[place] >= stated, "{row}: only {}", real[place]);
            }
            total += stated;
        }
    }
    assert_eq!(found, in_short.len(), "each has its row");
    assert!(readme.contains(&format!("at least {total} times in all")), "the sum: {total}");
}
