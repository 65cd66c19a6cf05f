//! `[report]`: who may read the files, and where they must not be.

use super::*;
use crate::files::Rights;

/// A folder with a configuration, a link file and a password file in it.
fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("persons.csv"), "Person ID,Email\n").unwrap();
    std::fs::write(folder.path().join("door-password"), "door-pw").unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    folder
}

/// Reads a configuration with these lines under `[report]`, as the file `club.toml` in a folder.
fn with_report(folder: &Path, lines: &str) -> Result<Config, String> {
    let text = SMALL.replace("{ env = \"DOOR_PASSWORD\" }", "{ file = \"door-password\" }");
    let text = format!("{text}[link]\nfiles = [\"persons.csv\"]\n[report]\n{lines}\n");
    let path = folder.join("club.toml");
    std::fs::write(&path, &text).unwrap();
    let file = SourceFile { bytes: text.into_bytes(), is_readable_by_others: false };
    let environment = environment(&[]);
    interpret(&file, &path, &Surroundings::new(&environment, folder), KINDS).map_err(|problems| {
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].to_string()
    })
}

#[test]
fn the_mode_and_the_group_are_what_was_written() {
    let folder = made();
    let rights = |lines| with_report(folder.path(), lines).unwrap().report.rights;
    assert_eq!(rights(""), Rights { mode: 0o640, group: None });
    let given = Rights { mode: 0o604, group: Some("prometheus".to_owned()) };
    assert_eq!(rights("mode = \"0604\"\ngroup = \"prometheus\""), given);
    assert!(with_report(folder.path(), "mode = 640").unwrap_err().contains("report.mode"));
    assert!(with_report(folder.path(), "mode = \"0666\"").unwrap_err().contains("report.mode"));
}

/// Catches: any of our own files left out of the list; paths compared as text; the side files of the state
/// file, or those of tomorrow, not thought of; files that merely begin alike refused.
#[test]
fn no_report_is_written_over_what_a_run_reads() {
    let folder = made();
    #[cfg(unix)]
    {
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("persons.csv", at("link.html")).unwrap();
        std::fs::hard_link(at("door-password"), at("hard.html")).unwrap();
    }
    for (path, words) in [
        ("club.toml", "is the configuration"),
        ("sub/../club.toml", "is the configuration"),
        ("persons.csv", "is the link file"),
        ("door-password", "is a file with a password"),
        ("ivms-sync.db", "is the state file"),
        ("./ivms-sync.db-wal", "is the state file, or belongs to it"),
        ("ivms-sync.db.lock", "is the state file, or belongs to it"),
        ("ivms-sync.db.alarms", "is the state file, or belongs to it"),
        #[cfg(unix)]
        ("link.html", "is the link file"),
        #[cfg(unix)]
        ("hard.html", "is a file with a password"),
    ] {
        for key in ["html", "prometheus"] {
            let said = with_report(folder.path(), &format!("{key} = \"{path}\"")).unwrap_err();
            assert!(said.contains(&format!("report.{key}: {words}")), "{path}: {said}");
            assert!(said.contains("name a file of its own"), "{path}: {said}");
        }
    }
    let twice = "html = \"sub/../doors\"\nprometheus = \"doors\"";
    let said = with_report(folder.path(), twice).unwrap_err();
    assert!(said.contains("report.prometheus: is the same file as report.html"), "{said}");
    for fine in ["ivms-sync.html", "ivms-sync.dbx", "sub/ivms-sync.db", "sub/persons.csv"] {
        with_report(folder.path(), &format!("html = \"{fine}\"")).unwrap();
    }
}
