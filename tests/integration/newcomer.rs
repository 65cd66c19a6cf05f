//! A newcomer's path: the code blocks of the README's "Your own club in five minutes", carried out one
//! after the other, each shown output held against the real one.

use std::path::PathBuf;

use super::readme::{README, shape, stage::Stage};
use super::support::{Said, binary, said};

/// The blocks of the section: language and lines, in order.
fn blocks() -> Vec<(String, String)> {
    let (_, section) = README.split_once("\n## Your own club in five minutes\n").unwrap();
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

/// Whoever follows the README: a home folder, and what was typed.
struct Newcomer {
    stage: Stage,
    home: tempfile::TempDir,
}

impl Newcomer {
    fn new() -> Self {
        let stage = Stage::set(PathBuf::from(env!("CARGO_BIN_EXE_ivms-sync"))).unwrap();
        let home = tempfile::tempdir().unwrap();
        let newcomer = Self { stage, home };
        std::fs::create_dir(newcomer.folder()).unwrap();
        for (name, password) in
            [("cardskipper.txt", "Card-secret-1"), ("front-door.txt", "Door-secret-1")]
        {
            let path = newcomer.folder().join(name);
            std::fs::write(&path, format!("{password}\n")).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            }
        }
        let list = newcomer.folder().join("persons.csv");
        std::fs::copy(newcomer.stage.path("persons.csv"), list).unwrap();
        newcomer
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("ivms-sync")
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.folder().join("ivms-sync.toml");
        let config = std::fs::read_to_string(&path).unwrap();
        assert!(config.contains(from), "{from}\n{config}");
        std::fs::write(path, config.replace(from, to)).unwrap();
    }

    /// The addresses are the only thing that is not as the README has it.
    fn types(&self, line: &str) -> Said {
        let door = self.stage.door(0).unwrap().url();
        let line = line.replace("https://192.168.1.100", &door);
        let mut words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let url = self.stage.club.cardskipper.url();
        if words.first() == Some(&"init") {
            words.extend(["--url", &url]);
        }
        said(binary(&self.folder()).args(words))
    }

    /// Has cron run a line of its crontab: in its own environment, and from the home folder. The program
    /// is where `cargo install` would put it.
    #[cfg(unix)]
    fn lets_cron_run(&self, line: &str) -> Said {
        let bin = self.home.path().join(".cargo/bin");
        std::fs::create_dir_all(&bin).unwrap();
        let program = bin.join("ivms-sync");
        if !program.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ivms-sync"), program).unwrap();
        }
        let job = super::cron::job(line);
        said(super::cron::bare(self.home.path()).args(["-c", &job]))
    }
}

#[test]
fn from_nothing_to_the_cron_line() {
    let blocks = blocks();
    let newcomer = Newcomer::new();
    let mut typed = Vec::new();
    let mut last = -1;
    for (_, block) in blocks.iter().filter(|(language, _)| language == "text") {
        for session in block.split("$ ").filter(|session| session.starts_with("ivms-sync ")) {
            let (line, shown) = session.split_once('\n').unwrap_or((session, ""));
            // What the text between the blocks tells to edit.
            if line.starts_with("ivms-sync sync --only") {
                newcomer.edit("mode = \"observe\"", "mode = \"full\"");
            }
            let said = newcomer.types(line);
            let folder = newcomer.folder().display().to_string();
            // As Wine shows the same folder.
            let on_windows = format!("Z:{}\\", folder.replace('/', "\\"));
            let real = format!("{}{}", said.stderr, said.stdout);
            let real = real.replace(&on_windows, "FOLDER/").replace(&folder, "FOLDER");
            let shapes =
                |text: &str| -> Vec<String> { text.trim_end().lines().map(told).collect() };
            assert_eq!(
                shapes(&real),
                shapes(&shown.replace("/home/you/ivms-sync", "FOLDER")),
                "\n$ {line}\n{real}"
            );
            typed.push(line.to_owned());
            last = said.code;
        }
    }
    for command in ["init", "check", "diff", "sync", "lookup", "status"] {
        let is_typed = typed.iter().any(|line| line.split_whitespace().nth(1) == Some(command));
        assert!(is_typed, "{command} is not among {typed:?}");
    }
    assert_eq!(last, 0, "in the end all is well");
    // Windows has no cron.
    #[cfg(unix)]
    if std::env::var_os("IVMS_SYNC_RUNNER").is_none() {
        let (_, line) = blocks.iter().find(|(language, _)| language == "crontab").unwrap();
        assert!(newcomer.stage.club.renew(6, &newcomer.stage.next_year(12, 5)));
        let first = newcomer.lets_cron_run(line);
        assert_eq!(first.code, 0, "{first:?}");
        assert!(first.stdout.contains("1 change done."), "cron mails it: {first:?}");
        let quiet = newcomer.lets_cron_run(line);
        assert_eq!((quiet.code, quiet.stdout, quiet.stderr), (0, String::new(), String::new()));
    }
    assert_eq!(newcomer.stage.club.violations(), Vec::<String>::new());
}
