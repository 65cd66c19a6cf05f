//! Completions and the manual page: made from the definitions of the command line, so that they
//! know every command and every flag, and shells and `man` take them as they are.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::{Arg, CommandFactory};
use ivms_sync::cli::Cli;

use crate::readme::topics;
use crate::support::{Said, binary, said};

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "elvish", "powershell"];

/// What the program prints in an empty folder with an empty environment: no configuration is needed.
fn printed(words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let Said { stdout, stderr, .. } = said(binary(folder.path()).args(words)).ends(0);
    assert_eq!(stderr, "");
    assert!(stdout.len() > 500, "{stdout}");
    stdout
}

/// Every command with the flags of its own, the program itself under the name "".
fn commands() -> Vec<(String, Vec<String>)> {
    let program = Cli::command();
    let flags = |command: &clap::Command| -> Vec<String> {
        command.get_arguments().filter_map(Arg::get_long).map(str::to_owned).collect()
    };
    let mut all = vec![(String::new(), flags(&program))];
    all.extend(program.get_subcommands().map(|sub| (sub.get_name().to_owned(), flags(sub))));
    assert!(all.len() > 5, "{all:?}");
    assert!(all.iter().map(|(_, flags)| flags.len()).sum::<usize>() > 12, "{all:?}");
    all
}

/// Runs another program on a text, if that program is there.
fn judged(program: &str, arguments: &[&str], text: &str) -> Option<Said> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        eprintln!("{program} is not installed: not tried");
        return None;
    };
    // One that has seen enough closes its input.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    Some(Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

#[test]
fn completions_know_every_command_and_every_flag() {
    for shell in SHELLS {
        let script = printed(&["--completions", shell]);
        for (command, flags) in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
            for flag in flags {
                // fish names a flag without its dashes.
                let written = [format!("--{flag}"), format!("-l {flag}")];
                assert!(
                    written.iter().any(|one| script.contains(one)),
                    "{shell}: {command} {flag}"
                );
            }
        }
    }
}

#[test]
fn shells_take_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["--completions", shell]);
        let Some(said) = judged(shell, &["-n"], &script) else { continue };
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{shell}");
    }
}

/// Asks bash itself what it would offer for the last word of a line.
fn offered(script: &Path, words: &[&str]) -> Option<BTreeSet<String>> {
    let ask = format!(
        "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; \
         by=$(complete -p ivms-sync) && by=${{by##*-F }} && \"${{by%% *}}\" ivms-sync '{}' '{}'; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
        words.last().unwrap(),
        words[words.len() - 2],
    );
    let output = Command::new("bash").args(["--norc", "-c", &ask]).output().ok()?;
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(said.lines().map(str::to_owned).collect())
}

#[test]
fn bash_offers_commands_and_the_flags_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("ivms-sync.bash");
    std::fs::write(&script, printed(&["--completions", "bash"])).unwrap();
    for (command, flags) in commands() {
        let line = if command.is_empty() {
            vec!["ivms-sync", "--"]
        } else {
            vec!["ivms-sync", command.as_str(), "--"]
        };
        let Some(offered) = offered(&script, &line) else { return };
        for flag in flags {
            assert!(offered.contains(&format!("--{flag}")), "{line:?}: {flag} in {offered:?}");
        }
    }
    let one = offered(&script, &["ivms-sync", "loo"]).unwrap();
    assert_eq!(one, BTreeSet::from(["lookup".to_owned()]));
    let colours = offered(&script, &["ivms-sync", "--color", ""]).unwrap();
    assert_eq!(colours, ["always", "auto", "never"].map(str::to_owned).into());
}

#[test]
fn the_manual_page_tells_every_command_every_flag_and_every_code() {
    let page = printed(&["--man"]);
    let sections: Vec<&str> = page.split("\n.SS ").collect();
    for (command, flags) in commands() {
        let section = if command.is_empty() {
            sections.first()
        } else {
            sections.iter().find(|section| section.lines().next() == Some(command.as_str()))
        };
        let section = section.unwrap_or_else(|| panic!("no section of {command}"));
        for flag in flags {
            let written = format!("\\-\\-{}", flag.replace('-', "\\-"));
            assert!(section.contains(&written), "{command} {flag}\n{section}");
        }
    }
    for exit in ivms_sync::exit::Exit::ALL {
        assert!(page.contains(&format!("\n\\fB{}\\fR\n", exit.code())), "{exit:?}");
    }
}

/// What `man` makes of a page, where that is installed; it must have nothing to say against it.
fn read_by_man(page: &str) -> Option<String> {
    // Of its advice, only what is wrong counts: it would like another date and shorter lines.
    if let Some(said) = judged("mandoc", &["-Tlint", "-Wwarning"], page) {
        let found: Vec<&str> =
            said.stdout.lines().filter(|line| !line.contains("missing date")).collect();
        assert_eq!(found, [""; 0], "{}", said.stderr);
    }
    // Neither colours nor letters printed twice. What is copied in one piece may be wider than a page.
    let groff = ["-man", "-Kutf8", "-Tutf8", "-ww", "-rLL=78n", "-P-cbou"];
    let said = judged("groff", &groff, page)?;
    assert_eq!(said.code, 0);
    let complaints: Vec<&str> =
        said.stderr.lines().filter(|line| !line.contains("cannot adjust line")).collect();
    assert_eq!(complaints, [""; 0]);
    Some(said.stdout)
}

#[test]
fn man_takes_the_page() {
    if let Some(text) = read_by_man(&printed(&["--man"])) {
        for words in ["EXIT STATUS", "ivms-sync lookup 150002", "--accept-shrink <N>"] {
            assert!(text.contains(words), "{words}\n{text}");
        }
    }
}

/// Mutants: a dot at the start of a line that `man` takes for a command; a row of a table that is lost.
#[test]
fn every_topic_is_a_page_of_its_own() {
    for (topic, _) in topics() {
        let page = printed(&["help", &topic, "--man"]);
        let name = format!("ivms\\-sync\\-{}", topic.replace('-', "\\-"));
        assert!(page.starts_with(&format!(".TH {} 7 ", name.to_uppercase())), "{page}");
        assert!(page.contains(&format!(".SH NAME\n{name} \\- ")), "{page}");
        let Some(text) = read_by_man(&page) else { continue };
        // Word by word, since lines are broken otherwise, and without what is a mark.
        let words = |text: &str| -> Vec<String> {
            let bare = text.replace(|c: char| !c.is_alphanumeric(), " ");
            bare.split_whitespace().map(str::to_lowercase).collect()
        };
        let shown: BTreeSet<String> = words(&text).into_iter().collect();
        let source = std::fs::read_to_string(format!("src/help/{topic}.md")).unwrap();
        let (_, source) = source.split_once('\n').unwrap();
        for line in source.lines().filter(|line| !line.starts_with("```")) {
            // The title of a first column is not said.
            if source.contains(&format!("{line}\n| --- ")) {
                continue;
            }
            for word in words(line) {
                assert!(shown.contains(&word), "{topic}: {word} of {line}\n{text}");
            }
        }
    }
}
