//! The club of `examples/play`: what it prints is enough to run the program, and what is typed happens.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::demo::{cargo, profile_folder};
use super::support::{Said, binary, said};

struct Play {
    child: Child,
    typed: ChildStdin,
    lines: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

impl Play {
    fn start(arguments: &[&str]) -> Self {
        said(&mut cargo("build", "play")).ends(0);
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(profile_folder().join("examples").join("play"))
            .args(arguments)
            .args(["--binary", env!("CARGO_BIN_EXE_ivms-sync"), "--folder"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (typed, lines) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, typed, lines: BufReader::new(lines), folder }
    }

    /// What is printed up to the line that begins so, and that line.
    fn hear(&mut self, start: &str) -> String {
        let mut heard = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "no {start:?} in:\n{heard}");
            if line.starts_with(start) {
                return line;
            }
            heard.push_str(&line);
        }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.typed, "{line}").unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let config = self.folder.path().join("ivms-sync.toml");
        said(binary(self.folder.path()).arg("--config").arg(config).args(arguments))
    }

    fn ends(self) {
        let Self { mut child, typed, .. } = self;
        drop(typed);
        assert!(child.wait().unwrap().success());
    }
}

/// From nothing to the first look at what would be done, by what is printed alone.
#[test]
fn a_newcomer_gets_from_nothing_to_a_safe_diff() {
    let mut play = Play::start(&[]);
    play.hear("From nothing");
    play.hear("\n");
    let line = play.hear("  ");
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let own = play.folder.path().join("own");
    let made = said(binary(&own).args(words)).ends(0);
    assert!(made.stdout.contains("ok  front-door  DS-K1T342MX"), "{}", made.stdout);
    said(binary(&own).arg("check")).ends(0);
    let diff = said(binary(&own).arg("diff")).ends(0);
    assert!(diff.stdout.contains("150005") && diff.stdout.contains("only observed"), "{diff:?}");
    play.types("state");
    let held = play.hear("150005");
    let [_, paid, front, _] = held.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{held}")
    };
    assert_ne!(paid, front, "nothing was written");
    play.ends();
}

#[test]
fn doors_can_be_tried_by_hand() {
    let mut play = Play::start(&[]);
    let config = play.hear("Configuration");
    assert!(config.contains(play.folder.path().to_str().unwrap()), "{config}");
    play.run(&["check"]).ends(0);
    let waiting = play.run(&["diff"]).ends(0);
    assert!(waiting.stdout.contains("150005"), "{}", waiting.stdout);
    play.run(&["sync"]).ends(0);
    play.types("renew 150001");
    play.hear("Member 150001 has paid until");
    let renewed = play.run(&["sync"]).ends(0);
    assert!(renewed.stdout.contains("150001"), "{}", renewed.stdout);
    play.types("off gym-door");
    play.hear("gym-door is gone.");
    play.run(&["sync", "--full"]).ends(3);
    play.types("on gym-door");
    play.hear("gym-door is back.");
    play.types("password gym-door Door-secret-2");
    play.hear("gym-door has another password");
    play.run(&["sync"]).ends(12);
    play.ends();
}

#[test]
fn a_platform_can_be_tried_by_hand() {
    let mut play = Play::start(&["--hikcentral"]);
    play.hear("Configuration");
    play.run(&["check"]).ends(0);
    play.run(&["sync"]).ends(0);
    play.types("off front-door");
    play.hear("front-door is gone.");
    play.types("renew 150001");
    let until = play.hear("Member 150001 has paid until");
    let until = until.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
    play.run(&["sync"]).ends(3);
    play.types("state");
    let row = play.hear("150001");
    assert_eq!(row.matches(&until).count(), 3, "{row}");
    play.types("off site");
    play.hear("site is gone.");
    play.run(&["sync", "--full"]).ends(5);
    play.ends();
}
