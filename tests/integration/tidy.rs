//! House rules that run: what a reviewer would otherwise have to look for by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No source file is longer, its tests not counted.
const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, as a path with `/` from the root of the repository.
fn below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    open.push(path);
                }
            } else {
                let path = path.strip_prefix(root()).unwrap().to_str().unwrap();
                found.push(path.replace('\\', "/"));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

fn rust_files(folder: &str) -> Vec<String> {
    below(folder).into_iter().filter(|path| path.ends_with(".rs")).collect()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of tests beside what it tests: by its name, or because it is built for tests only.
fn is_test(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap();
    let name = name.trim_end_matches(".rs");
    let is_declared = || {
        let parents = ["mod.rs", "lib.rs"].map(|parent| format!("{folder}/{parent}"));
        let parents = parents.into_iter().filter(|parent| root().join(parent).exists());
        let declared = ["mod", "pub mod", "pub(crate) mod"];
        let declared = declared.map(|word| format!("#[cfg(test)]\n{word} {name};"));
        let declares = |parent: &String| declared.iter().any(|one| text(parent).contains(one));
        parents.into_iter().any(|parent| declares(&parent))
    };
    path.contains("/tests/") || name == "tests" || name.ends_with("_tests") || is_declared()
}

/// The lines of a source file with their numbers, without comments and without the tests at its end.
fn code(path: &str) -> Vec<(usize, String)> {
    let text = text(path);
    let lines: Vec<&str> = text.lines().collect();
    let tests = (1..lines.len()).find(|at| {
        lines[at - 1] == "#[cfg(test)]"
            && lines[*at].starts_with("mod ")
            && lines[*at].ends_with('{')
    });
    if tests.is_some() {
        assert_eq!(lines.last(), Some(&"}"), "{path}: tests stand at the end of a file");
    }
    let kept = lines.iter().take(tests.unwrap_or(lines.len())).enumerate();
    let bare = kept.map(|(at, line)| {
        let comment = line.find("// ").or_else(|| line.find("///")).or_else(|| line.find("//!"));
        (at + 1, line[..comment.unwrap_or(line.len())].to_owned())
    });
    bare.collect()
}

/// Places where one of these words stands in the code.
fn places(path: &str, words: &[&str]) -> Vec<String> {
    let lines = code(path);
    let hits = lines.iter().flat_map(|(number, line)| {
        let found = words.iter().filter(|word| line.contains(**word));
        found.map(move |word| format!("{path}:{number}: {word}"))
    });
    hits.collect()
}

#[test]
fn every_file_says_what_it_is() {
    for path in rust_files("src").into_iter().chain(rust_files("tests")) {
        assert!(text(&path).starts_with("//! "), "{path} does not open with `//!`");
    }
}

/// Folders and files that must not touch the world, and those that say so of themselves.
fn is_pure(path: &str) -> bool {
    let folders = ["src/model/", "src/engine/plan/", "src/report/"];
    let is_wire = path.split('/').any(|part| part.starts_with("wire"));
    let says_so =
        || text(path).lines().take_while(|l| l.starts_with("//!")).any(|l| l.contains("Pure."));
    !is_test(path)
        && (folders.iter().any(|folder| path.starts_with(folder)) || is_wire || says_so())
}

#[test]
fn what_is_pure_touches_nothing() {
    let world = [
        "rusqlite",
        "reqwest",
        "diqwest",
        "ureq",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "Utc::now",
        "Local::now",
        "SystemTime",
        "Instant",
        "print!",
        "println!",
        "log::",
    ];
    let pure: Vec<_> = rust_files("src").into_iter().filter(|path| is_pure(path)).collect();
    for path in [
        "src/model/window.rs",
        "src/engine/plan/proof.rs",
        "src/report/text.rs",
        "src/connectors/cardskipper/wire.rs",
        "src/connectors/hikvision/wire/persons.rs",
        "src/engine/gather/merge.rs",
        "src/engine/gather/acceptance.rs",
    ] {
        assert!(pure.iter().any(|one| one == path), "{path} is pure");
    }
    let found: Vec<_> = pure.iter().flat_map(|path| places(path, &world)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_panics_without_a_reason() {
    let macros = ["panic", "unreachable", "todo", "unimplemented"].map(|name| format!("{name}!("));
    let words: Vec<&str> =
        [".unwrap()", ".expect("].into_iter().chain(macros.iter().map(String::as_str)).collect();
    for path in rust_files("src").into_iter().filter(|path| !is_test(path)) {
        let found = places(&path, &words);
        let has_reason = text(&path).contains(concat!("#[ex", "pect(clippy::"));
        assert!(found.is_empty() || has_reason, "{found:#?}");
    }
}

#[test]
fn every_exception_from_a_lint_has_a_reason() {
    for path in rust_files("src").into_iter().chain(rust_files("tests")) {
        // Put together, so that this file is none of its own findings.
        for attribute in ["allow", "expect"] {
            for opening in [format!("#[{attribute}("), format!("#![{attribute}(")] {
                let text = text(&path);
                for (at, _) in text.match_indices(&opening) {
                    let rest = &text[at..];
                    let whole = &rest[..rest.find(")]").unwrap_or(rest.len())];
                    assert!(whole.contains("reason = "), "{path}: {whole}");
                }
            }
        }
    }
}

#[test]
fn no_source_file_is_too_long() {
    for path in rust_files("src").into_iter().filter(|path| !is_test(path)) {
        let lines = code(&path).len();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines: look for the second thing it does");
    }
}

#[test]
fn every_dependency_says_what_it_is_for() {
    for path in ["Cargo.toml", "tests/fuzz/Cargo.toml", "tests/simulators/Cargo.toml"] {
        let text = text(path);
        let mut section = "";
        let mut seen = 0;
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line;
            } else if section.ends_with("dependencies]") && line.contains('=') {
                seen += 1;
                let comment = line.split_once(" # ").map(|(_, comment)| comment);
                assert!(comment.is_some_and(|text| text.len() > 5), "{path}: {line}");
            }
        }
        assert!(seen > 0, "{path} has dependencies");
    }
}

#[test]
fn one_script_checks_everything() {
    let script = text(".ci/run");
    for needed in ["cargo fmt --all --check", "cargo clippy", "cargo doc", "cargo test"] {
        assert!(script.contains(needed), "{needed}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(root().join(".ci/run")).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, ".ci/run is executable");
    }
}

#[test]
fn every_example_opens_with_what_it_shows() {
    let is_text = |path: &String| !path.ends_with(".png");
    for path in below("examples").into_iter().filter(is_text).chain(below("cron")) {
        let text = text(&path);
        // The declaration must be the first thing in an XML file, and the shell in a script.
        let first = ["<?xml version=\"1.0\"?>\n", "#!/bin/sh\n"];
        let opening = first.iter().find_map(|first| text.strip_prefix(first)).unwrap_or(&text);
        let comment = ["# ", "//! ", "// ", "/* ", "<!--"]
            .into_iter()
            .find_map(|mark| opening.strip_prefix(mark));
        let said = comment.and_then(|rest| rest.trim_start().lines().next());
        assert!(said.is_some_and(|line| line.len() > 20), "{path} opens with {said:?}");
    }
}

/// What git tracks, or every file in the usual places where there is no git.
fn tracked() -> Vec<PathBuf> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    match listed {
        Ok(output) if output.status.success() => {
            let names = String::from_utf8(output.stdout).unwrap();
            names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect()
        }
        _ => ["src", "tests", "examples", "cron"]
            .into_iter()
            .flat_map(below)
            .map(PathBuf::from)
            .collect(),
    }
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let model = text("src/threats.md");
    let named: Vec<(&str, &str)> =
        model.split('`').skip(1).step_by(2).filter_map(|one| one.split_once(".rs::")).collect();
    assert!(named.len() > 50, "{}", named.len());
    for (file, test) in named {
        let text = text(&format!("{file}.rs"));
        // Attributes may stand between the mark of a test and its name, tests of proptest within.
        let place =
            text.find(&format!("fn {test}(")).unwrap_or_else(|| panic!("{file}.rs: {test}"));
        let before = &text[..place];
        let lines: Vec<&str> = before.lines().rev().take(5).collect();
        assert!(lines.iter().any(|line| line.trim() == "#[test]"), "{file}.rs: {test} is no test");
    }
    for row in model.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what ")) {
        assert!(row.starts_with("| --- ") || row.contains(".rs::"), "without a test: {row}");
    }
    let sections = model.matches("\n## ").count();
    assert_eq!(model.matches("\nNot stopped: ").count(), sections, "each says what is not stopped");
}

#[test]
fn nothing_is_left_for_later() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let files = tracked();
    assert!(files.len() > 50 && files.iter().any(|path| path == Path::new("src/main.rs")));
    for path in files {
        // A file that was deleted and not yet committed is tracked and not there.
        let Ok(bytes) = fs::read(root().join(&path)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for word in words {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}
