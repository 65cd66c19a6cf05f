//! A newcomer's path: the code blocks of the README's "Your own club in five minutes", carried out one
//! after the other, each shown output held against the real one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::readme::{shape, stage::Stage};
use super::support::{Said, binary, said};

const CRONTAB: &str = include_str!("../../cron/ivms-sync.crontab");

/// The blocks of the section: language and lines, in order.
fn blocks() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.unwrap();
    let (_, section) = readme.split_once("\n## Your own club in five minutes\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut found = Vec::new();
    for (place, part) in section.split("```").enumerate() {
        if place % 2 == 0 {
            continue;
        }
        let (language, text) = part.split_once('\n').unwrap();
        // Blocks within a list are indented.
        let lines: Vec<&str> =
            text.lines().map(|line| line.strip_prefix("   ").unwrap_or(line)).collect();
        found.push((language.to_owned(), lines.join("\n").trim_end().to_owned()));
    }
    found
}

/// A line in which numbers and ages do not matter.
fn told(line: &str) -> String {
    match line.split_once(" (").filter(|(_, rest)| rest.contains(" ago)")) {
        Some((start, rest)) => shape(start) + rest.split_once(" ago)").unwrap().1,
        None => shape(line),
    }
}

/// Whoever follows the README: a folder, the file as it is written there, and what was typed.
struct Newcomer {
    stage: Stage,
    folder: tempfile::TempDir,
    config: String,
    variables: BTreeMap<String, String>,
}

impl Newcomer {
    fn new(config: &str) -> Self {
        let stage = Stage::set(PathBuf::from(env!("CARGO_BIN_EXE_ivms-sync"))).unwrap();
        let door = stage.door(0).unwrap();
        // The addresses are the only thing that is not the newcomer's own.
        let variables = [
            ("CARDSKIPPER_PASSWORD", "Card-secret-1".to_owned()),
            ("FRONT_DOOR_PASSWORD", "Door-secret-1".to_owned()),
            ("IVMS_SYNC__CARDSKIPPER__CLUB__URL", stage.club.cardskipper.url()),
            ("IVMS_SYNC__HIKVISION__FRONT_DOOR__URL", door.url()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(stage.path("persons.csv"), folder.path().join("persons.csv")).unwrap();
        let newcomer = Self { stage, folder, config: config.to_owned(), variables };
        newcomer.save();
        newcomer
    }

    fn save(&self) {
        std::fs::write(self.folder.path().join("ivms-sync.toml"), &self.config).unwrap();
    }

    fn edit(&mut self, from: &str, to: &str) {
        assert!(self.config.contains(from), "{from}\n{}", self.config);
        self.config = self.config.replace(from, to);
        self.save();
    }

    fn types(&self, line: &str) -> Said {
        let mut command = binary(self.folder.path());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        said(command.args(line.split_whitespace().skip(1)))
    }
}

#[test]
fn from_the_configuration_to_the_cron_line() {
    let blocks = blocks();
    let config = blocks.iter().find(|(language, _)| language == "toml").unwrap();
    let mut newcomer = Newcomer::new(&config.1);
    let pin = newcomer.stage.door(0).unwrap().certificate_sha256().unwrap();
    let mut typed = Vec::new();
    let mut last = -1;
    for (_, block) in blocks.iter().filter(|(language, _)| language == "text") {
        for session in block.split("$ ").filter(|session| session.starts_with("ivms-sync ")) {
            let (line, shown) = session.split_once('\n').unwrap_or((session, ""));
            // What the text between the blocks tells to edit.
            match typed.len() {
                1 => newcomer.edit(&"0".repeat(64), &pin),
                3 => newcomer.edit("mode     = \"observe\"", "mode     = \"full\""),
                _ => {}
            }
            let said = newcomer.types(line);
            let folder = newcomer.folder.path().display().to_string();
            let real = format!("{}{}", said.stderr, said.stdout).replace(&folder, "FOLDER");
            let shapes =
                |text: &str| -> Vec<String> { text.trim_end().lines().map(told).collect() };
            assert_eq!(shapes(&real), shapes(shown), "\n$ {line}\n{real}");
            typed.push(line.to_owned());
            last = said.code;
        }
    }
    for command in ["check", "diff", "sync", "lookup", "status"] {
        let is_typed = typed.iter().any(|line| line.split_whitespace().nth(1) == Some(command));
        assert!(is_typed, "{command} is not among {typed:?}");
    }
    assert_eq!(last, 0, "in the end all is well");
    let cron = blocks.iter().find(|(language, _)| language == "crontab").unwrap();
    assert!(CRONTAB.lines().any(|line| line.trim() == cron.1.trim()), "{}", cron.1);
    assert_eq!(newcomer.stage.club.violations(), Vec::<String>::new());
}
