//! The README and the topics of `help` tell the truth: keys, exit codes, command lines, outputs and
//! documents. What the newcomer does, mails and documents of alarms, and the lines for cron have tests of
//! their own: `newcomer.rs`, `alarms/`, `cron.rs`; limits are in `numbers.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use ivms_sync::cli::Cli;
use ivms_sync::config::{self, Environment};
use ivms_sync::connectors::KINDS;
use ivms_sync::exit::Exit;
use ivms_sync::help::manual;
use ivms_sync::model::{Budget, Cause, Kind, Reason, RowReason};
use ivms_sync::report::TargetOutcome;
use ivms_sync::report::look::Look;
use ivms_sync::store::{AttentionKind, OutcomeKind};
use ivms_sync_simulators::club::employee_no;
use serde_json::Value;

use super::demo;
use super::support::{said, schema};

#[path = "../../examples/demo/program.rs"]
#[allow(dead_code, reason = "the demo finds its program")]
pub mod program;
#[path = "../../examples/demo/stage.rs"]
#[allow(dead_code, reason = "the demo uses more of its stage")]
pub mod stage;

use program::Said;
use stage::Stage;

pub const README: &str = include_str!("../../README.md");
const EXAMPLE: &str = include_str!("../../examples/ivms-sync.toml");

/// The Markdown of a topic, as it lies beside the program.
pub fn topic(name: &str) -> String {
    let path = format!("{}/src/help/{name}.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Name and line of every topic, as `help` lists them.
pub fn topics() -> Vec<(String, String)> {
    let list = manual::help(None, Look::PLAIN);
    let (_, list) = list.split_once("\nTopics of `ivms-sync help TOPIC`:\n").unwrap();
    let rows = list.lines().map(|line| line.trim().split_once("  ").unwrap());
    rows.map(|(name, about)| (name.to_owned(), about.trim().to_owned())).collect()
}

/// The README and every topic.
pub fn texts() -> String {
    let topics = topics().into_iter().map(|(name, _)| topic(&name));
    std::iter::once(README.to_owned()).chain(topics).collect::<Vec<_>>().join("\n")
}

/// The fenced blocks of a language, without what indents them.
pub fn blocks(language: &str) -> Vec<String> {
    blocks_of(&texts(), language)
}

pub fn blocks_of(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(bool, usize, Vec<&str>)> = None;
    for line in text.lines() {
        let bare = line.trim_start();
        match (&mut open, bare.strip_prefix("```")) {
            (None, Some(name)) => {
                open = Some((name == language, line.len() - bare.len(), Vec::new()));
            }
            (Some((is_wanted, _, lines)), Some(_)) => {
                if *is_wanted {
                    found.push(lines.join("\n"));
                }
                open = None;
            }
            (Some((_, indent, lines)), None) => lines.push(line.get(*indent..).unwrap_or_default()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

/// The rows of the table under this header row, cell by cell, without the backticks round a cell.
fn table(header: &str) -> Vec<Vec<String>> {
    let texts = texts();
    let rows = texts.split_once(header).unwrap_or_else(|| panic!("{header}")).1;
    let rows = rows.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    rows.map(|row| row.trim_matches('|').split(" | ").map(cell).collect()).collect()
}

// What there is

/// Mutants: a section that the contents do not name; a README that grows as it once did.
#[test]
fn the_readme_is_short_and_its_contents_name_every_section() {
    assert!(README.lines().count() <= 350, "{} lines", README.lines().count());
    let (contents, _) = README.split_once("\n## ").unwrap();
    for heading in README.lines().filter_map(|line| line.strip_prefix("## ")) {
        let anchor = heading.to_lowercase().replace(' ', "-");
        let is_named = contents.contains(&format!("[{heading}](#{anchor})"));
        assert!(is_named || heading == "Licence", "{heading}");
    }
}

#[test]
fn every_topic_is_in_the_readme_and_every_file_is_a_topic() {
    let rows: Vec<(String, String)> = table("| topic | what it is about |")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(rows, topics());
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/help")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> =
        names.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect();
    assert_eq!(files, topics().into_iter().map(|(name, _)| name).collect());
}

#[test]
fn what_it_takes_to_build_is_what_cargo_asks_for() {
    let told = concat!("Rust ", env!("CARGO_PKG_RUST_VERSION"), " or newer");
    assert!(README.contains(told) && topic("install").contains(told), "{told}");
}

/// Every path that the README leads to is there.
#[test]
fn no_link_is_dead() {
    let mut followed = 0;
    for (place, text) in [
        ("", README),
        ("tests", include_str!("../README.md")),
        ("tests/bench", include_str!("../bench/README.md")),
        ("examples/years", include_str!("../../examples/years/README.md")),
    ] {
        for (at, _) in text.match_indices("](") {
            let (path, _) = text[at + 2..].split_once(')').unwrap();
            if !path.starts_with('#') {
                let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(place).join(path);
                assert!(path.exists(), "{}", path.display());
                followed += 1;
            }
        }
    }
    assert!(followed > 15, "{followed}");
}

/// The messages that `help trouble` explains stand in what the program was seen to say: in the accepted
/// outputs, and in those that the texts show.
#[test]
fn every_message_that_is_explained_is_one_of_the_program() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let accepted = files.map(|path| std::fs::read_to_string(path).unwrap());
    let seen: String = accepted.chain(blocks("text")).collect();
    let rows = table("| message | what to do |");
    assert!(rows.len() > 8, "{rows:?}");
    for row in rows {
        assert!(seen.contains(&row[0]), "the program does not say: {}", row[0]);
    }
}

// Exit codes

#[test]
fn every_exit_code_is_in_the_table_and_no_other() {
    let listed: Vec<u8> =
        table("| code | meaning |").iter().map(|row| row[0].parse().unwrap()).collect();
    let known: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_order_of_exit_codes_is_the_one_of_the_program() {
    let codes = topic("exit-codes");
    let (_, rest) = codes.split_once("When several hold, the first of ").unwrap();
    let (order, _) = rest.split_once(" wins").unwrap();
    let by_code = |code: &str| {
        let code: u8 = code.trim().parse().unwrap();
        Exit::ALL.into_iter().find(|exit| exit.code() == code).unwrap()
    };
    let order: Vec<Exit> = order.split(',').map(by_code).collect();
    assert_eq!(order.len(), 10);
    for (place, first) in order.iter().enumerate() {
        assert_eq!(Exit::of_all(order[place..].iter().rev().copied()), *first);
        for above in [Exit::Interrupted, Exit::Terminated, Exit::Bug, Exit::Config] {
            assert_eq!(Exit::of_all([*first, above]), above);
        }
    }
}

// Configuration

/// The keys of the example, which a test of the loader holds against the loader, with the value
/// written there.
fn keys_of_the_example() -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut section = String::new();
    for line in EXAMPLE.lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.replace(".club", ".NAME").replace(".front-door", ".NAME");
            let name = name.replace(".A1", ".NAME").replace(".exempt", ".NAME");
            let name = name.replace(".patrol", ".NAME").replace(".barrier", ".NAME");
            let name = name.replace(".street", ".NAME").replace(".register", ".NAME");
            let name = name.replace(".meters", ".NAME").replace(".kerb", ".NAME");
            let name = name.replace(".cashier", ".NAME").replace(".operating", ".NAME");
            let name = name.replace(".citations", ".NAME").replace(".finance", ".NAME");
            let name = name.replace(".collect", ".NAME");
            section = name.replace(".site", ".NAME") + ".";
        } else if let Some((key, value)) = line.split_once('=')
            && line.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            // Of two sections of one kind the first has the defaults.
            let key = format!("{section}{}", key.trim());
            keys.entry(key).or_insert_with(|| value.trim().to_owned());
        }
    }
    keys
}

#[test]
fn the_table_of_keys_has_every_key_and_no_other() {
    let listed: Vec<String> =
        table("| key | default | meaning |").into_iter().map(|row| row[0].clone()).collect();
    let unique: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(unique.len(), listed.len(), "a key is listed twice");
    let known: BTreeSet<String> = keys_of_the_example().into_keys().collect();
    assert_eq!(unique, known);
}

#[test]
fn the_table_of_keys_tells_the_defaults_of_the_example() {
    let example = keys_of_the_example();
    let mut compared = 0;
    for row in table("| key | default | meaning |") {
        let (key, default) = (&row[0], &row[1]);
        let is_literal = default.starts_with(['"', '[']) || default.parse::<u32>().is_ok();
        // The example shows what could be written where the default is nothing.
        if is_literal && key != "link.files" {
            assert_eq!(example[key], *default, "{key}");
            compared += 1;
        }
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn every_configuration_loads() {
    let blocks = blocks("toml");
    assert!(!blocks.is_empty());
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "cardskipper.txt",
        "front-door.txt",
        "ips-key.txt",
        "ips-token.txt",
        "register-token.txt",
        "cashier-token.txt",
        "collect-secret.txt",
    ] {
        let path = folder.path().join(file);
        std::fs::write(&path, "a").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        }
    }
    for block in blocks {
        let path = folder.path().join("ivms-sync.toml");
        std::fs::write(&path, &block).unwrap();
        let loaded = config::load(&path, &Environment::from_pairs([("", ""); 0]), KINDS);
        let config = loaded.unwrap_or_else(|error| panic!("{block}\n{error}"));
        assert_eq!(config.warnings, Vec::<String>::new(), "what it advises");
    }
}

// Words

/// What stands between backticks in a cell, but for what is in brackets there.
fn words_of(cell: &str) -> BTreeSet<String> {
    let (start, rest) = cell.split_once('(').unwrap_or((cell, ""));
    let bare = format!("{start}{}", rest.split_once(')').map_or("", |(_, rest)| rest));
    // The first backtick of a cell is gone, and so is the last one, if it stood at the end.
    let words = bare.split('`').step_by(2).filter(|word| !word.contains(' ') && !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Mutants: a new reason that no table explains; a word that is written otherwise than it is printed.
#[test]
fn every_word_of_a_document_is_explained_and_no_other() {
    let set =
        |words: Vec<&str>| -> BTreeSet<String> { words.into_iter().map(str::to_owned).collect() };
    let reasons = set(Reason::ALL.map(Reason::as_str).to_vec());
    let explained = table("| reason | what it means | what to do |");
    assert_eq!(explained.iter().map(|row| row[0].clone()).collect::<BTreeSet<_>>(), reasons);

    let rows = table("| reason | what is in the row |");
    let explained: BTreeSet<String> = rows.iter().flat_map(|row| words_of(&row[0])).collect();
    assert_eq!(explained, set(RowReason::ALL.map(RowReason::as_str).to_vec()));

    let rows = table("| `kind` | who |");
    let explained: BTreeSet<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(explained, set(AttentionKind::ALL.map(AttentionKind::as_str).to_vec()));

    let fields: BTreeMap<String, String> = table("| field | words |")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let outcomes = OutcomeKind::ALL.map(OutcomeKind::as_str).to_vec();
    for (field, words) in [
        ("listing", vec!["complete", "changes"]),
        ("device `outcome", TargetOutcome::ALL.map(TargetOutcome::as_str).to_vec()),
        ("cause", Cause::ALL.map(Cause::as_str).to_vec()),
        ("kind", Kind::ALL.map(Kind::as_str).to_vec()),
        ("change `outcome", [outcomes, vec!["planned", "blocked"]].concat()),
        ("blocked_by", Budget::ALL.map(Budget::as_str).to_vec()),
    ] {
        assert_eq!(words_of(&fields[field]), set(words), "{field}");
    }
}

#[test]
fn every_metric_that_is_explained_is_written() {
    let written = include_str!("../../src/report/status/prometheus.rs");
    let rows = table("| metric | what |");
    let names: BTreeSet<String> = rows.iter().flat_map(|row| words_of(&row[0])).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names.iter().filter(|name| name.starts_with("ivms_sync_")) {
        let family = name.trim_end_matches("_sum");
        assert!(written.contains(&format!("\"{family}\"")), "{name}");
    }
}

// Command lines

/// Every command line in the texts: in blocks, and in code between backticks.
fn command_lines() -> Vec<String> {
    let mut found = Vec::new();
    for block in blocks("sh").into_iter().chain(blocks("text")) {
        for line in block.lines() {
            let line = line.strip_prefix("$ ").unwrap_or(line).trim_start();
            let line = line.split(" #").next().unwrap_or_default();
            found.extend(line.starts_with("ivms-sync ").then(|| line.to_owned()));
        }
    }
    for code in texts().split('`').skip(1).step_by(2) {
        if let Some(at) = code.find("ivms-sync ").filter(|_| !code.contains('\n')) {
            found.push(code[at..].to_owned());
        }
    }
    // The overview of the commands is no command line.
    found.retain(|line| !line.contains('['));
    found
}

#[test]
fn every_command_line_is_one_that_the_program_takes() {
    let lines = command_lines();
    assert!(lines.len() > 15, "{lines:#?}");
    for line in lines {
        let parsed = Cli::try_parse_from(line.split_whitespace());
        assert!(parsed.is_ok(), "{line}\n{}", parsed.unwrap_err());
    }
}

#[test]
fn every_command_and_every_flag_is_named() {
    let command = Cli::command();
    let commands = topic("commands");
    for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
        let is_named = commands.contains(&format!("--{flag}"));
        assert!(is_named || flag == "verbose" || flag == "quiet", "--{flag}: -v and -q will do");
    }
    for sub in command.get_subcommands() {
        let name = sub.get_name();
        assert!(commands.contains(&format!("\n## {name}\n")), "{name}");
        for flag in sub.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(commands.contains(&format!("--{flag}")), "{name} --{flag}");
        }
    }
}

// Outputs

/// A line in which numbers, hashes, folders and the address of a door do not matter.
pub fn shape(line: &str) -> String {
    if let Some((start, rest)) = line.split_once(" reached at ")
        && let Some((_, why)) = rest.split_once(": ")
    {
        return shape(&format!("{start} reached: {why}"));
    }
    let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let mut shape = String::new();
    let mut hex = String::new();
    for c in line.trim_end().chars().map(digits).chain([' ']) {
        if c == '0' || ('a'..='f').contains(&c) {
            hex.push(c);
            continue;
        }
        shape.push_str(if hex.len() < 8 { &hex } else { "#" });
        hex.clear();
        shape.push(c);
    }
    shape
}

/// What the program says in the runs of the texts that are not in the demo.
fn said_beyond_the_demo() -> Vec<Said> {
    let stage = Stage::set(PathBuf::from(env!("CARGO_BIN_EXE_ivms-sync"))).unwrap();
    let run = |arguments: &[&str], code: i32| {
        let said = stage.run(arguments).unwrap();
        assert_eq!(said.code, code, "{said:?}");
        said
    };
    run(&["sync"], 0);
    let mut all = Vec::new();

    stage.club.renew(5, &stage.next_year(12, 1));
    let front = stage.door(0).unwrap();
    front.set_clock_offset(chrono::TimeDelta::hours(2));
    all.push(run(&["sync"], 3));
    front.set_clock_offset(chrono::TimeDelta::zero());
    run(&["sync"], 0);
    all.push(run(&["history"], 0));

    stage.club.renew(6, &stage.next_year(12, 5));
    run(&["diff", "--out", "plan.json"], 0);
    front.edit_person(&employee_no(6), |person| person.end = "2036-12-31T23:59:59".into());
    all.push(run(&["apply", "plan.json"], 13));

    let config = stage.config();
    let bad = config
        .replace("Europe/Ljubljana", "Europe/Lubljana")
        .replace("organisation_id", "organization_id");
    std::fs::write(stage.path("bad.toml"), bad).unwrap();
    all.push(run(&["--config", "bad.toml", "sync"], 78));
    let (start, rest) = config.split_once("sha256:").unwrap();
    let pinned = format!("{start}sha256:{}{}", "0".repeat(64), &rest[64..]);
    std::fs::write(stage.path("pin.toml"), pinned).unwrap();
    all.push(run(&["--config", "pin.toml", "diff", "--full"], 3));
    for said in &mut all {
        let folder = stage.path("").display().to_string();
        said.stderr = said.stderr.replace(&folder, "/etc/ivms-sync/");
    }
    all
}

#[test]
fn every_output_is_what_the_program_says() {
    let demo = said(&mut demo::demo(env!("CARGO_BIN_EXE_ivms-sync")));
    assert_eq!(demo.code, 0, "{}", demo.stdout);
    let beyond = said_beyond_the_demo();
    let said = beyond.iter().flat_map(|said| [said.stderr.as_str(), said.stdout.as_str()]);
    let known: BTreeSet<String> =
        said.chain([demo.stdout.as_str()]).flat_map(str::lines).map(shape).collect();
    let mut compared = 0;
    // The newcomer's path has a test of its own.
    let (before, rest) = README.split_once("\n## Your own club in five minutes\n").unwrap();
    let (_, after) = rest.split_once("\n## ").unwrap();
    let reference = texts().replace(README, &format!("{before}\n## {after}"));
    for block in blocks_of(&reference, "text") {
        if !block.lines().any(|line| line.starts_with("$ ivms-sync ") || line.starts_with("error:"))
        {
            continue;
        }
        for line in block.lines().filter(|line| !line.starts_with("$ ")) {
            // The demo tells the link file with its folder; each system has its own error numbers.
            // How long ago something was may come to another unit.
            let is_varied = ["the link file", "(os error ", " ago)", " a minute)", " minute"];
            if is_varied.iter().any(|part| line.contains(part)) {
                continue;
            }
            assert!(known.contains(&shape(line)), "the program does not say:\n{line}\nin\n{block}");
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
}

// Documents

/// Both have the same keys, wherever both have something.
pub fn assert_same_keys(place: &str, shown: &Value, real: &Value) {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            let keys = |map: &serde_json::Map<String, Value>| -> BTreeSet<String> {
                map.keys().cloned().collect()
            };
            assert_eq!(keys(shown), keys(real), "{place}");
            for (key, value) in shown {
                assert_same_keys(&format!("{place}.{key}"), value, &real[key]);
            }
        }
        (Value::Array(shown), Value::Array(real)) => {
            for item in shown {
                if let Some(real) = real.first() {
                    assert_same_keys(&format!("{place}[]"), item, real);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_document_has_the_keys_of_the_real_one() {
    let stage = Stage::set(PathBuf::from(env!("CARGO_BIN_EXE_ivms-sync"))).unwrap();
    stage.run(&["sync"]).unwrap();
    let renew = |day| assert!(stage.club.renew(3, &stage.next_year(11, day)));
    let run = |arguments: &[&str]| -> Value {
        let said = stage.run(arguments).unwrap();
        let document = serde_json::from_str(&said.stdout);
        let document = document.unwrap_or_else(|error| panic!("{error}: {said:?}"));
        schema::assert_valid(&document);
        document
    };
    renew(1);
    let sync = run(&["sync", "--json"]);
    renew(2);
    let diff = run(&["diff", "--out", "plan.json", "--json"]);
    let apply = run(&["apply", "plan.json", "--json"]);
    let lookup = run(&["lookup", "150004", "--json"]);
    let history = run(&["history", "--json"]);
    let json = topic("json");
    for command in ["check", "status"] {
        let (_, section) = json.split_once(&format!("\n## {command}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let document = run(&[command, "--json"]);
        for key in document.as_object().unwrap().keys() {
            let is_in_all = ["version", "command", "problems", "club"].contains(&key.as_str());
            let is_named = is_in_all || section.contains(&format!("`{key}`"));
            assert!(is_named || key == "exit_code", "{command}: {key}");
        }
    }
    let blocks = blocks("json");
    let mut shown: Vec<Value> = blocks.iter().map(|b| serde_json::from_str(b).unwrap()).collect();
    // The one of the webhook is no command's; the tests of alarms know it.
    // The one of a plate has a test of its own beside the other tests of vehicles.
    shown.retain(|document| document.get("subject").or(document.get("verdict")).is_none());
    assert_eq!(shown.len(), 5);
    for (shown, real) in shown.iter().zip([sync, diff, apply, lookup, history]) {
        assert_eq!(shown["command"], real["command"]);
        assert_same_keys("", shown, &real);
    }
}
