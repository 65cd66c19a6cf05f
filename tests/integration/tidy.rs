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
        let declared = ["", "pub(crate) "].map(|seen| format!("#[cfg(test)]\n{seen}mod {name};"));
        let is_in = |text: &str| declared.iter().any(|declared| text.contains(declared));
        parents.into_iter().any(|parent| is_in(&text(&parent)))
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
    let folders =
        ["src/model/", "src/document/", "src/engine/plan/", "src/engine/vehicles/", "src/report/"];
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
        "src/engine/gather/listing_guard.rs",
    ] {
        assert!(pure.iter().any(|one| one == path), "{path} is pure");
    }
    let found: Vec<_> = pure.iter().flat_map(|path| places(path, &world)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// What runs as often as this does, with the passwords of doors, hands them to nobody. A pager gets a help text,
/// before any configuration is read.
#[test]
fn the_program_starts_no_other() {
    let words = ["process::Command", "Command::new("];
    let sources = sources().into_iter().filter(|path| path != "src/term/pager.rs");
    let own: Vec<_> = sources.flat_map(|path| places(&path, &words)).collect();
    assert!(own.is_empty(), "{own:#?}");
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
    for needed in [
        "cargo fmt --all --check",
        "cargo clippy",
        "cargo doc",
        "cargo test",
        "--ignored browser::",
    ] {
        assert!(script.contains(needed), "{needed}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(root().join(".ci/run")).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, ".ci/run is executable");
    }
}

/// The modules, lowest first: each may name those before it.
const LAYERS: [&str; 24] = [
    "text",
    "model",
    "document",
    "command",
    "exit",
    "clock",
    "stop",
    "files",
    "net",
    "trouble",
    "ports",
    "config",
    "connectors",
    "store",
    "engine",
    "report",
    "cli",
    "help",
    "term",
    "error",
    "notify",
    "cmd",
    "threats",
    "lib",
];

/// The same within the engine.
const ENGINE_LAYERS: [&str; 16] = [
    "side_by_side",
    "outcome",
    "systems",
    "link",
    "plan",
    "vehicles",
    "rights",
    "citations",
    "inbox",
    "books",
    "collection",
    "outbox",
    "gather",
    "execute",
    "carry_out",
    "gates",
];

/// Words of vendors, in small letters.
const VENDORS: [&str; 5] = ["cardskipper", "hikvision", "hikcentral", "isapi", "artemis"];

/// A path within the crate, and the file and line that name it.
struct Named {
    path: Vec<String>,
    place: String,
}

impl Named {
    fn part(&self, place: usize) -> &str {
        self.path.get(place).map_or("", String::as_str)
    }
}

/// The module that a file is, as a path within the crate.
fn module(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// Takes the paths that stand at the start of a text: `a::{b, c::d}` is two.
fn paths_at<'t>(text: &'t str, before: &[String], found: &mut Vec<Vec<String>>) -> &'t str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let mut path = before.to_vec();
    path.push(word.to_owned());
    let Some(inner) = rest.strip_prefix("::") else {
        found.push(path);
        return rest;
    };
    let Some(mut list) = inner.strip_prefix('{') else { return paths_at(inner, &path, found) };
    loop {
        list = list.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if list.is_empty() || list.starts_with('}') {
            return list.get(1..).unwrap_or_default();
        }
        let rest = paths_at(list, &path, found);
        assert!(rest.len() < list.len(), "{list}");
        list = rest;
    }
}

/// Every path within the crate that the code of a file names.
fn named_in(path: &str) -> Vec<Named> {
    let lines = code(path);
    let text: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    let mut all = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let (before, mut rest) = (&text[..at], &text[at + start.len()..]);
            if before.ends_with("super::")
                || before.ends_with("pub(")
                || before.ends_with("pub(in ")
            {
                continue;
            }
            let mut base = if start == "crate::" { Vec::new() } else { module(path) };
            if start == "super::" {
                // Within a module that the file itself holds, `super` is the file.
                let mut outermost = before.lines().rev().filter(|line| !line.starts_with(' '));
                let is_inline = outermost
                    .find(|line| !line.is_empty())
                    .is_some_and(|line| line.contains("mod ") && line.ends_with('{'));
                if !is_inline {
                    base.pop();
                }
            }
            while let Some(inner) = rest.strip_prefix("super::") {
                base.pop();
                rest = inner;
            }
            let mut found = Vec::new();
            match rest.strip_prefix('{') {
                Some(_) => drop(paths_at(&format!("crate::{rest}"), &[], &mut found)),
                None => drop(paths_at(rest, &[], &mut found)),
            }
            let place = format!("{path}:{}", before.matches('\n').count() + 1);
            all.extend(found.into_iter().map(|mut named| {
                if named.first().is_some_and(|first| first == "crate") {
                    named.remove(0);
                }
                let path = [base.clone(), named].concat();
                Named { path, place: place.clone() }
            }));
        }
    }
    all
}

fn sources() -> Vec<String> {
    let is_built = |path: &String| !is_test(path) && path != "src/main.rs";
    rust_files("src").into_iter().filter(is_built).collect()
}

fn rank(layers: &[&str], name: &str) -> usize {
    let found = layers.iter().position(|layer| *layer == name);
    found.unwrap_or_else(|| panic!("{name} has no place among {layers:?}"))
}

#[test]
fn every_arrow_points_down() {
    let mut seen = 0;
    for path in sources() {
        let own = module(&path).remove(0);
        let here = rank(&LAYERS, &own);
        for named in named_in(&path) {
            seen += 1;
            // What stands in `lib.rs` itself has no module of its own.
            let there = rank(&LAYERS, named.part(0));
            assert!(there <= here, "{}: {own} names {}", named.place, named.path.join("::"));
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn within_the_engine_every_arrow_points_down_too() {
    // What the engine's own module hands on, by the child that it comes from.
    let mod_rs = text("src/engine/mod.rs");
    let mut handed_on = Vec::new();
    for (at, start) in mod_rs.match_indices("pub use ") {
        paths_at(&mod_rs[at + start.len()..], &[], &mut handed_on);
    }
    assert!(handed_on.iter().any(|path| path.join("::") == "systems::Network"), "{handed_on:?}");
    for path in sources().iter().filter(|path| path.starts_with("src/engine/")) {
        let own = module(path);
        let Some(own) = own.get(1) else { continue };
        let here = rank(&ENGINE_LAYERS, own);
        for named in named_in(path).iter().filter(|named| named.part(0) == "engine") {
            let child = named.part(1);
            let child = match handed_on.iter().find(|path| path.last().unwrap() == child) {
                Some(path) => path[0].as_str(),
                None => child,
            };
            let there = rank(&ENGINE_LAYERS, child);
            assert!(there <= here, "{}: {own} names {}", named.place, named.path.join("::"));
        }
    }
}

#[test]
fn a_connector_stands_alone_and_only_the_top_knows_which_there_are() {
    let list = "src/connectors/mod.rs";
    let mut kinds = Vec::new();
    for path in sources().iter().filter(|path| *path != list && *path != "src/lib.rs") {
        let own = module(path);
        for named in named_in(path).iter().filter(|named| named.part(0) == "connectors") {
            let is_own =
                own[0] == "connectors" && own.get(1).is_some_and(|own| own == named.part(1));
            // One vendor's gates speak the protocol of its doors: requests, logins and locks are the same.
            let is_akin = own.get(1).is_some_and(|own| own == "hikvision_anpr")
                && named.part(1) == "hikvision";
            assert!(is_own || is_akin, "{}: {}", named.place, named.path.join("::"));
            kinds.push(named.part(1).to_owned());
        }
    }
    kinds.sort();
    kinds.dedup();
    assert!(kinds.len() > 1, "{kinds:?}");
}

#[test]
fn nobody_but_a_connector_says_a_vendors_word() {
    let mut found = Vec::new();
    for path in sources().into_iter().filter(|path| !path.starts_with("src/connectors/")) {
        for (number, line) in code(&path) {
            let small = line.to_lowercase();
            if VENDORS.iter().any(|word| small.contains(word)) {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
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

#[test]
fn nothing_cites_a_file_that_is_not_here() {
    let names = ["design", "architecture", "style", "hikvision-isapi", "cardskipper-api"];
    let words = names.map(|name| format!("{name}.md"));
    let files: Vec<String> =
        ["src", "tests", "examples", "cron"].into_iter().flat_map(below).collect();
    for path in files.into_iter().filter(|path| !path.ends_with("tidy.rs")) {
        let bytes = fs::read(root().join(&path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let found = words.iter().find(|word| text.contains(word.as_str()));
        assert!(found.is_none(), "{path}: {found:?}");
    }
}
