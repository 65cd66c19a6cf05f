//! What the program writes: never over what it reads, never through what somebody has laid in its way, and
//! one file that cannot be written is no reason to leave out another.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::LATER;
use crate::support::Sandbox;
use crate::support::pinned::START;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Every flag that names a file to be written.
const WRITERS: [&[&str]; 4] = [
    &["diff", "--out"],
    &["status", "--html"],
    &["status", "--prometheus"],
    &["status", "--unlinked"],
];

/// Catches: a flag that does not ask whether its file is one of our own; the question asked after the work.
#[test]
fn nothing_is_written_over_what_a_run_reads() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    symlink("persons.csv", sandbox.path("way.html")).unwrap();
    fs::hard_link(sandbox.path("ivms-sync.toml"), sandbox.path("other.html")).unwrap();
    for (path, words) in [
        ("persons.csv", "it is the link file"),
        ("./ivms-sync.toml", "it is the configuration"),
        ("ivms-sync.db", "it is the state file"),
        ("ivms-sync.db.lock", "it is the state file, or belongs to it"),
        ("way.html", "it is the link file"),
    ] {
        let before = fs::read(sandbox.path(path)).unwrap();
        for writer in WRITERS {
            sandbox.clear_requests();
            let said = sandbox.at(LATER, &[writer, &[path]].concat());
            assert_eq!(said.code, 64, "{writer:?} {path}: {said:?}");
            assert!(said.stderr.contains(path) && said.stderr.contains(words), "{}", said.stderr);
            assert!(fs::read(sandbox.path(path)).unwrap() == before, "{writer:?} {path}");
            assert!(sandbox.club.cardskipper.requests().is_empty(), "{writer:?}: nobody is asked");
        }
    }
    let twice = sandbox.at(LATER, &["status", "--html", "x", "--prometheus", "./x"]);
    assert_eq!(twice.code, 64, "{twice:?}");
    assert!(!sandbox.path("x").exists());
}

/// Catches: a link followed, a pipe waited for, something removed that was there.
#[test]
fn nothing_is_written_through_what_was_laid_there() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    fs::write(sandbox.path("victim"), "precious").unwrap();
    let status = std::process::Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    assert!(status.unwrap().success());
    symlink("victim", sandbox.path("link")).unwrap();
    symlink("nowhere", sandbox.path("dangling")).unwrap();
    fs::create_dir(sandbox.path("folder")).unwrap();
    for (path, words) in [
        ("pipe", "pipe"),
        ("link", "symbolic link"),
        ("dangling", "symbolic link"),
        ("folder", "is a folder"),
        ("/dev/null", "a device"),
    ] {
        for writer in WRITERS {
            let said = sandbox.at(LATER, &[writer, &[path]].concat());
            assert_eq!(said.code, 7, "{writer:?} {path}: {said:?}");
            assert!(said.stderr.contains(words), "{writer:?} {path}: {}", said.stderr);
        }
    }
    assert_eq!(fs::read_to_string(sandbox.path("victim")).unwrap(), "precious");
    assert!(!sandbox.path("nowhere").exists());
}

/// Catches: the second file left out because the first failed; a tick that fails for a page; the mode asked
/// for and not set, so that the umask of a service takes it away; reports that others may write.
#[test]
fn one_report_that_fails_does_not_stop_the_other_and_modes_hold_under_any_umask() {
    for (umask, line, wanted) in
        [("077", "", 0o640), ("000", "", 0o640), ("777", "mode = \"0604\"", 0o604)]
    {
        let mut sandbox = Sandbox::pinned(5, 1);
        let config = sandbox.config();
        let report = "html = \"missing/doors.html\"\nprometheus = \"ivms-sync.prom\"";
        sandbox.replace_config(Some(format!("{config}[report]\n{report}\n{line}\n")));
        fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
        let tick = |now: &str| {
            sandbox.clocks(now);
            let mut shell = assert_cmd::Command::new("/bin/sh");
            let script = format!("umask {umask}; exec \"$0\" sync");
            shell.args(["-c", &script, env!("CARGO_BIN_EXE_ivms-sync")]).env_clear();
            shell.envs(sandbox.passwords.iter().cloned()).env("IVMS_SYNC_TEST_NOW", now);
            crate::support::said(shell.current_dir(sandbox.folder.path())).ends(0)
        };
        let first = tick(START);
        assert!(first.stderr.contains("missing/doors.html"), "{}", first.stderr);
        let second = tick(LATER);
        assert_eq!(second.stderr, "", "said once a day, in the same words");
        assert_eq!(mode(&sandbox.path("ivms-sync.prom")), wanted, "umask {umask}");
        for file in ["ivms-sync.db", "ivms-sync.db.lock"] {
            assert_eq!(mode(&sandbox.path(file)), 0o600, "{file}, umask {umask}");
        }
        let left = fs::read_dir(sandbox.folder.path()).unwrap().map(|one| one.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().ends_with(".tmp")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Catches: files and folders that others may write not told by `check`, or told without the command.
#[test]
fn check_tells_what_others_may_write() {
    let sandbox = Sandbox::pinned(5, 1);
    let told = |sandbox: &Sandbox| {
        let said = sandbox.at(START, &["check", "--json"]).ends(0).json();
        let findings = said["findings"].as_array().unwrap().clone();
        let about_files = findings.into_iter().filter(|one| one["about"] == "files");
        about_files.map(|one| one["remedy"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&sandbox), Vec::<String>::new());
    let folder = fs::canonicalize(sandbox.folder.path()).unwrap();
    let chmod = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod(&folder, 0o770);
    chmod(&folder.join("persons.csv"), 0o666);
    let wanted = [folder.clone(), folder.join("persons.csv")];
    assert_eq!(told(&sandbox), wanted.map(|path| format!("chmod go-w {}", path.display())));
    chmod(&folder, 0o1770);
    assert_eq!(told(&sandbox).len(), 1, "in a sticky folder nobody replaces what is not theirs");
}
