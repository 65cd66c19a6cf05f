//! What a person at a terminal sees beyond the text: progress, colours, tables that fit. The terminal
//! is a real one, made by `script`, which every Debian has.

use std::io::{BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use ivms_sync_simulators::club::{employee_no, number};
use ivms_sync_simulators::http::Fault;
use unicode_width::UnicodeWidthStr;

use crate::support::pinned::START;
use crate::support::{Said, Sandbox, said};

/// Ends a program that waits for what never comes, so that its test fails.
pub const LIMITED: &str = "timeout --foreground 120";

/// The program on a terminal so many columns wide; what it says comes out of the child's stdout.
/// None where there is no `script`.
fn start(
    sandbox: &Sandbox,
    columns: usize,
    line: &str,
    variables: &[(&str, &str)],
) -> Option<Child> {
    sandbox.clocks(START);
    sandbox.club.begin_run();
    std::fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
    let program = env!("CARGO_BIN_EXE_ivms-sync");
    let command = format!("stty cols {columns} rows 40 && exec {LIMITED} '{program}' {line}");
    let child = Command::new("script")
        .args(["-q", "-e", "-c", &command, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .env("IVMS_SYNC_TEST_NOW", START)
        .envs(sandbox.passwords.iter().cloned())
        .envs(variables.iter().copied())
        .current_dir(sandbox.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    if child.is_err() {
        eprintln!("script is not installed: nothing was tried on a terminal");
    }
    child.ok()
}

/// All that the program said on the terminal, and its exit code.
fn seen(sandbox: &Sandbox, columns: usize, line: &str, variables: &[(&str, &str)]) -> Option<Said> {
    let output = start(sandbox, columns, line, variables)?.wait_with_output().unwrap();
    Some(Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n"),
        stderr: String::new(),
    })
}

/// Reads until this was seen, and tells all that was; it must be seen before the program ends.
#[track_caller]
fn read_until(from: &mut impl Read, wanted: &str, seen: &mut Vec<u8>) {
    let mut chunk = [0; 1024];
    while !String::from_utf8_lossy(seen).contains(wanted) {
        let count = from.read(&mut chunk).unwrap_or(0);
        let text = String::from_utf8_lossy(seen);
        assert!(count > 0, "the program ended, and {wanted:?} was not seen:\n{text:?}");
        seen.extend(&chunk[..count]);
    }
}

/// The lines as they were drawn, without what steers the terminal.
fn drawn(text: &str) -> Vec<String> {
    let pieces =
        text.split(['\r', '\n']).map(|piece| anstream::adapter::strip_str(piece).to_string());
    pieces.filter(|piece| !piece.trim().is_empty()).collect()
}

/// Runs a line on a terminal while the door waits, after so many requests, until this was seen.
fn watched(sandbox: &Sandbox, line: &str, request: (&str, usize), wanted: &str) -> Option<String> {
    let (go_on, waits) = mpsc::channel::<()>();
    let (part, count) = request;
    sandbox.club.devices[0].meanwhile(part, count, move |_| {
        // Ends as well when the test has ended.
        let _ = waits.recv();
    });
    let mut child = start(sandbox, 100, line, &[])?;
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut seen = Vec::new();
    read_until(&mut out, wanted, &mut seen);
    drop(go_on);
    let _ = out.read_to_end(&mut seen);
    let text = String::from_utf8(seen).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{text}");
    Some(text)
}

#[test]
fn reading_a_door_shows_how_far_it_is_and_tears_nothing() {
    let sandbox = Sandbox::pinned(70, 1);
    let Some(text) = watched(&sandbox, "-vv sync", ("UserInfo/Search", 2), "30 of 73 persons read")
    else {
        return;
    };
    let lines = drawn(&text);
    assert!(lines.iter().any(|line| line.contains("door1  [===")), "{lines:#?}");
    let logged = lines.iter().filter(|line| line.contains("debug: ")).count();
    assert!(logged > 5, "{lines:#?}");
    for line in &lines {
        assert!(!line.contains("persons read") || !line.contains("debug"), "torn: {line}");
    }
    let (_, after) = text.rsplit_once("] ").unwrap();
    assert!(after.contains("\u{1b}[2K"), "the bar is taken away: {after:?}");
    let told = lines.iter().rfind(|line| !line.contains("debug: ")).unwrap();
    assert!(told.starts_with("In sync"), "{lines:#?}");
    sandbox.assert_well_behaved();
}

#[test]
fn carrying_out_shows_how_many_changes_are_done() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    (0..5).for_each(|index| assert!(sandbox.club.renew(index, "2030-11-01")));
    let Some(text) = watched(&sandbox, "sync", ("UserInfo/Modify", 3), "2 of 5 changes done")
    else {
        return;
    };
    assert!(drawn(&text).last().unwrap().starts_with("5 changes done."), "{text}");
    sandbox.assert_well_behaved();
}

#[test]
fn a_complete_listing_shows_that_it_is_waited_for() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.club.cardskipper.fault(Fault::Delay(Duration::from_secs(4)).on("/Member/Export"));
    let Some(mut child) = start(&sandbox, 100, "sync", &[]) else { return };
    let mut out = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    read_until(&mut out, "waiting for an answer", &mut seen);
    sandbox.club.cardskipper.clear_faults();
    out.read_to_end(&mut seen).unwrap();
    let text = String::from_utf8(seen).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{text}");
    assert!(text.contains("  club  "), "{text}");
}

#[test]
fn nobody_else_sees_any_progress() {
    let sandbox = Sandbox::pinned(40, 1);
    let slow = || Fault::Delay(Duration::from_millis(1300)).on("UserInfo/Search").times(1);
    let shows_none = |text: &str| {
        for word in ["persons read", "waiting for", "[=", "\u{1b}"] {
            assert!(!text.contains(word), "{word:?}: {text}");
        }
    };
    sandbox.club.devices[0].fault(slow());
    let piped = sandbox.at(START, &["diff", "--full"]).ends(0);
    assert_eq!(piped.stderr, "");
    shows_none(&piped.stdout);
    for line in ["diff --full --json --color never", "diff --full -q --color never"] {
        sandbox.club.devices[0].fault(slow());
        let Some(said) = seen(&sandbox, 100, line, &[]) else { return };
        shows_none(&said.ends(0).stdout);
    }
}

#[test]
fn colours_are_there_where_they_are_wanted() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    let has_colour = |said: &Said| said.stdout.contains("\u{1b}[32mok\u{1b}[0m");
    let piped = |variables: &[(&str, &str)], words: &[&str]| {
        sandbox.clocks(START);
        let mut command = sandbox.command();
        command.env("IVMS_SYNC_TEST_NOW", START).envs(variables.iter().copied());
        said(command.args(words)).ends(0)
    };
    let plain = piped(&[], &["check"]);
    assert!(!plain.stdout.contains('\u{1b}'));
    let always = piped(&[("NO_COLOR", "1")], &["--color", "always", "check"]);
    let forced = piped(&[("CLICOLOR_FORCE", "1")], &["check"]);
    for coloured in [&always, &forced] {
        assert!(has_colour(coloured), "{}", coloured.stdout);
        assert_eq!(anstream::adapter::strip_str(&coloured.stdout).to_string(), plain.stdout);
    }
    let json = piped(&[], &["--color", "always", "check", "--json"]);
    assert!(!json.stdout.contains('\u{1b}'), "documents are never coloured");
    let bad = |words: &[&str]| said(sandbox.command().env("RUST_LOG_STYLE", "always").args(words));
    let wrong = ["--config", "none.toml", "check"];
    assert!(bad(&wrong).stderr.contains("\u{1b}[31merror"), "{:?}", bad(&wrong));
    let never = [&["--color", "never"][..], &wrong].concat();
    assert!(bad(&never).stderr.starts_with("error: "), "{:?}", bad(&never));
    let mistyped = said(sandbox.command().args(["--color", "always", "synch"])).ends(64);
    assert!(mistyped.stderr.contains("\u{1b}["), "{}", mistyped.stderr);

    for (variables, words, wanted) in [
        (&[][..], "check", true),
        (&[("NO_COLOR", "1")], "check", false),
        (&[("TERM", "dumb")], "check", false),
        (&[], "check --color never", false),
        (&[("NO_COLOR", "1")], "check --color=always", true),
    ] {
        let Some(said) = seen(&sandbox, 100, words, variables) else { return };
        assert_eq!(has_colour(&said), wanted, "{variables:?} {words}: {}", said.stdout);
    }
}

#[test]
fn a_narrow_terminal_gets_tables_that_fit_and_a_pipe_never_does() {
    let mut sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.sync_at(START, 0);
    let piped = sandbox.at(START, &["lookup", "150004", "--offline"]).ends(0).stdout;
    assert!(piped.lines().any(|line| line.width() > 100), "{piped}");
    sandbox.variables.push(("COLUMNS".to_owned(), "60".to_owned()));
    let told = sandbox.at(START, &["lookup", "150004", "--offline"]).ends(0).stdout;
    assert_eq!(told, piped, "a pipe has no width, whatever COLUMNS says");
    let at = |columns: usize, variables: &[(&str, &str)]| {
        let line = "lookup 150004 --offline --color never";
        seen(&sandbox, columns, line, variables).map(|said| said.ends(0).stdout)
    };
    let Some(wide) = at(200, &[]) else { return };
    assert_eq!(wide, piped);
    for (columns, variables) in [(60, &[][..]), (80, &[]), (200, &[("COLUMNS", "72")])] {
        let limit = variables.first().map_or(columns, |(_, told)| told.parse().unwrap());
        let narrow = at(columns, variables).unwrap();
        for line in narrow.lines() {
            assert!(line.width() <= limit, "{line:?} at {limit}");
        }
        assert!(narrow.lines().count() > piped.lines().count(), "{narrow}");
    }
}

/// Mutants: the name in the list of changes alone; none in a quiet tick, in `check` or in `apply`.
#[test]
fn the_name_that_the_door_holds_stands_beside_the_person() {
    let sandbox = Sandbox::pinned(6, 1);
    let door = &sandbox.club.devices[0];
    let email = sandbox.club.cardskipper.member(number(1)).unwrap().email;
    assert!(sandbox.club.cardskipper.edit(number(2), |member| member.email = email));
    for (index, name) in [(0, "Paying Person"), (1, "Claimed Twice"), (3, "Somebody Else")] {
        assert!(door.edit_person(&employee_no(index), |person| person.name = name.into()));
    }
    let shows = |line: &str, wanted: &str| {
        let said = seen(&sandbox, 250, &format!("--color never {line}"), &[])?;
        assert!(said.stdout.contains(wanted), "{line}: {wanted}: {}", said.stdout);
        Some(said)
    };
    let claimed = "; on the door: 1002 Claimed Twice";
    let Some(_) = shows("sync", claimed) else { return };
    // The one who was linked for the first time is looked at once more.
    shows("sync", claimed);
    let quiet = shows("-v sync", claimed).unwrap();
    assert!(quiet.stdout.contains("nothing has changed since"), "{quiet:?}");
    shows("diff", claimed);
    shows("lookup 150002", claimed);
    shows("check", "is person 1004 Somebody Else");
    assert!(!sandbox.at(START, &["check"]).stdout.contains("Somebody Else"), "only on a terminal");
    assert!(sandbox.club.renew(0, "2030-11-01"));
    sandbox.at(START, &["diff", "--out", "plan.json"]).ends(0);
    assert!(!std::fs::read_to_string(sandbox.path("plan.json")).unwrap().contains("Paying Person"));
    door.go_offline();
    shows("sync", "1001 Paying Person");
    shows("status", "1001 Paying Person");
    door.go_online();
    shows("apply plan.json", "1001 Paying Person");
}

#[test]
fn a_quiet_tick_names_the_same_members() {
    let sandbox = Sandbox::pinned(5, 1);
    let nameless = |member: &mut ivms_sync_simulators::cardskipper::Member| member.email.clear();
    assert!(sandbox.club.cardskipper.edit(number(2), nameless));
    let name = sandbox.club.cardskipper.member(number(2)).unwrap().last;
    let quiet = "nothing has changed since everything was last looked at";
    // Those who are linked for the first time are looked at once more.
    sandbox.sync_at(START, 0);
    let Some(first) = seen(&sandbox, 120, "-v sync", &[]) else { return };
    let Some(second) = seen(&sandbox, 120, "-v sync", &[]) else { return };
    assert!(!first.stdout.contains(quiet) && second.stdout.contains(quiet), "{second:?}");
    let told = |said: &Said| -> Vec<String> {
        let lines = drawn(&said.stdout).into_iter();
        lines.skip_while(|line| !line.contains("is left out")).collect()
    };
    assert!(told(&first).iter().any(|line| line.contains(&name)), "{first:?}");
    assert_eq!(told(&second), told(&first));
    let remark = "1 member paid and has no door";
    assert!(first.stdout.contains(remark) && second.stdout.contains(remark), "{second:?}");
}

/// Mutants: a topic that is shown as the file has it, with its marks and its long lines.
#[test]
fn a_topic_fits_the_terminal_and_a_pipe_gets_all_of_it() {
    let sandbox = Sandbox::pinned(1, 1);
    let Some(shown) = seen(&sandbox, 72, "help exit-codes", &[]) else { return };
    assert_eq!(shown.code, 0);
    let lines = drawn(&shown.stdout);
    assert_eq!(lines[0].trim(), "Exit codes");
    assert!(lines.iter().any(|line| line.starts_with("  78 ")), "{lines:#?}");
    assert!(lines.iter().all(|line| line.width() <= 72 && !line.contains("**")), "{lines:#?}");
    let piped = sandbox.at(START, &["help", "exit-codes"]).ends(0);
    assert_eq!(piped.stdout, include_str!("../../src/help/exit-codes.md"));
}

/// Mutants: a pager for what fits, or for a pipe or a file; one that is missing, or that somebody left early, keeps
/// the text or makes it a failure.
#[cfg(unix)]
#[test]
fn a_long_topic_is_shown_page_by_page() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::pinned(1, 1);
    let pager = |name: &str, text: &str| {
        let path = sandbox.path(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (whole, early) =
        (pager("whole", "echo \"PAGED $1\"; cat"), pager("early", "head -n 1; exit 0"));
    let with = |line: &str, pager: &str| seen(&sandbox, 72, line, &[("PAGER", pager)]);
    let Some(paged) = with("help links", &format!("{whole} now")) else { return };
    assert_eq!(paged.code, 0);
    assert!(paged.stdout.starts_with("PAGED now\n"), "{}", paged.stdout);
    let shown = with("help links", "cat").unwrap();
    let text = paged.stdout.strip_prefix("PAGED now\n").unwrap();
    assert_eq!(text, shown.stdout, "the same text");
    let left = with("help links", &early).unwrap();
    assert_eq!((left.code, left.stdout.lines().count()), (0, 1), "{}", left.stdout);
    for none in ["", "no-such-pager"] {
        assert_eq!(with("help links", none).unwrap().stdout, shown.stdout);
    }
    let short = with("help exit-codes", &whole).unwrap();
    assert!(!short.stdout.contains("PAGED"), "it fits: {}", short.stdout);
    let page = with("help links --man", &whole).unwrap();
    assert!(!page.stdout.contains("PAGED"));
    let piped = said(sandbox.command().env("PAGER", &whole).args(["help", "links"])).ends(0);
    assert_eq!(piped.stdout, include_str!("../../src/help/links.md"));
}
