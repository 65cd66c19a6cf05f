//! Writing: whole, with the right rights, and never where somebody else points to. Each test names the
//! change of the code that it catches.

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_made_or_replaced_and_nothing_else_is_left() {
    let folder = folder();
    for name in ["page.html", "page with spaces", "š", &"x".repeat(255)] {
        let path = folder.path().join(name);
        for text in ["one", "", "three"] {
            write(&path, text, &Rights::PRIVATE).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(names(folder.path()), [name]);
        }
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn what_cannot_be_written_leaves_nothing_and_reads_the_same_every_time() {
    let folder = folder();
    let missing = folder.path().join("missing").join("page.html");
    let said = |path: &Path| write(path, "text", &Rights::PRIVATE).unwrap_err().to_string();
    // Catches: `without_name` left out (the temporary name differs every time).
    assert_eq!(said(&missing), said(&missing));
    assert!(said(&missing).contains("not found"), "{}", said(&missing));
    for path in [Path::new("/"), Path::new(".."), folder.path()] {
        write(path, "text", &Rights::PRIVATE).unwrap_err();
    }
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

/// Catches: leftovers not removed; a temporary that is in use removed; others' files removed.
#[test]
fn left_over_temporaries_go_and_nothing_else() {
    let folder = folder();
    let make = |name: &str, age: u64| {
        let path = folder.path().join(name);
        std::fs::write(&path, "x").unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let now = file.metadata().unwrap().modified().unwrap();
        file.set_modified(now - Duration::from_secs(age)).unwrap();
    };
    make(".ivms-sync-0123456789abcdef.tmp", 2 * 3600);
    make(".ivms-sync-inUseByAnother01.tmp", 60);
    make(".ivms-sync-a-note-somebody-made.tmp", 9000);
    make(".ivms-sync-somebody-s-note.tmp", 9000);
    make(".ivms-sync-notes.txt", 9000);
    make("ivms-sync-x.tmp", 9000);
    std::fs::create_dir(folder.path().join(".ivms-sync-folder.tmp")).unwrap();
    write(&folder.path().join("a"), "a", &Rights::PRIVATE).unwrap();
    assert_eq!(
        names(folder.path()),
        [
            ".ivms-sync-a-note-somebody-made.tmp",
            ".ivms-sync-folder.tmp",
            ".ivms-sync-inUseByAnother01.tmp",
            ".ivms-sync-notes.txt",
            ".ivms-sync-somebody-s-note.tmp",
            "a",
            "ivms-sync-x.tmp"
        ]
    );
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    /// Lays something that is no regular file at a path; `true`: it is there.
    fn lay(kind: &str, at: &Path, folder: &Path) {
        let victim = folder.join("victim");
        match kind {
            "link" => symlink(&victim, at).unwrap(),
            "relative link" => symlink("victim", at).unwrap(),
            "dangling link" => symlink("nowhere", at).unwrap(),
            "link to itself" => symlink(at, at).unwrap(),
            "link to a device" => symlink("/dev/null", at).unwrap(),
            "folder" => std::fs::create_dir(at).unwrap(),
            "pipe" => assert!(Command::new("mkfifo").arg(at).status().unwrap().success()),
            "socket" => drop(std::os::unix::net::UnixListener::bind(at).unwrap()),
            other => panic!("{other}"),
        }
    }

    const LAID: [&str; 8] = [
        "link",
        "relative link",
        "dangling link",
        "link to itself",
        "link to a device",
        "folder",
        "pipe",
        "socket",
    ];

    /// Catches: the target not looked at; it looked at through links; the same for [`open_own`] (and a
    /// pipe opened there waits for ever).
    #[test]
    fn what_is_no_regular_file_is_left_alone() {
        for kind in LAID {
            let folder = folder();
            let path = folder.path().join("target");
            std::fs::write(folder.path().join("victim"), "precious").unwrap();
            lay(kind, &path, folder.path());
            let before = names(folder.path());
            let refused = [
                write(&path, "text", &Rights::PRIVATE).unwrap_err(),
                open_own(&path).unwrap_err(),
                check_own(&path).unwrap_err(),
            ];
            for error in refused {
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{kind}");
                let words = if kind.contains("link") { "symbolic link" } else { kind };
                assert!(error.to_string().contains(words), "{kind}: {error}");
            }
            assert_eq!(names(folder.path()), before, "{kind}");
            let victim = std::fs::read_to_string(folder.path().join("victim")).unwrap();
            assert_eq!(victim, "precious", "{kind}");
        }
        assert!(write(Path::new("/dev/null"), "text", &Rights::PRIVATE).is_err());
    }

    /// Catches: the file truncated and written in place, which writes through a second name too.
    #[test]
    fn a_second_name_keeps_its_content_and_is_no_file_of_our_own() {
        let folder = folder();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("target"));
        std::fs::write(&victim, "precious").unwrap();
        std::fs::hard_link(&victim, &path).unwrap();
        assert!(open_own(&path).unwrap_err().to_string().contains("second name"));
        write(&path, "text", &Rights::PRIVATE).unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
        assert!(open_own(&victim).is_ok(), "the other name is gone");
    }

    #[test]
    fn links_among_the_folders_are_fine() {
        let folder = folder();
        std::fs::create_dir(folder.path().join("real")).unwrap();
        symlink("real", folder.path().join("way")).unwrap();
        let way = folder.path().join("way/file");
        write(&way, "text", &Rights::PRIVATE).unwrap();
        open_own(&way).unwrap();
        let real = std::fs::canonicalize(folder.path()).unwrap().join("real/file");
        assert_eq!(resolved(&way), real);
    }

    /// Catches: the mode asked for at creation, which a umask narrows; the old file's mode kept.
    #[test]
    fn the_mode_is_what_was_asked_whatever_stood_there() {
        let folder = folder();
        let path = folder.path().join("file");
        for (old, new) in [(0o600, 0o640), (0o666, 0o600), (0o777, 0o644), (0o400, 0o604)] {
            std::fs::write(&path, "old").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(old)).unwrap();
            write(&path, "new", &Rights { mode: new, group: None }).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, new);
            std::fs::remove_file(&path).unwrap();
        }
    }

    /// Catches: names looked up before numbers are tried, a group that is not there ignored.
    #[test]
    fn groups_go_by_name_or_number() {
        assert_eq!(group_number("0").unwrap(), 0);
        assert_eq!(group_number("root").unwrap_or(0), 0);
        assert_eq!(group_number("4000000000").unwrap(), 4_000_000_000);
        for name in ["no-such-group-here", "", "-1", "5000000000"] {
            assert!(group_number(name).unwrap_err().to_string().contains("no group"), "{name}");
        }
        let folder = folder();
        let path = folder.path().join("file");
        std::fs::write(&path, "old").unwrap();
        let own = std::fs::metadata(&path).unwrap().gid();
        write(&path, "new", &Rights { mode: 0o640, group: Some(own.to_string()) }).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().gid(), own);
        let nobody = Rights { mode: 0o640, group: Some("no-such-group-here".to_owned()) };
        write(&path, "newer", &nobody).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new", "the old file stays");
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn files_of_our_own_are_made_for_us_alone_and_kept() {
        let folder = folder();
        let path = folder.path().join("lock");
        open_own(&path).unwrap().write_all(b"text").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        open_own(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "text", "opened, not emptied");
        assert!(check_own(&folder.path().join("missing")).is_ok());
    }

    /// Catches: only the file looked at, or only its own folder; a sticky folder told; a sticky *file*
    /// excused; a link looked at in place of what it points to; a file that is not there yet skipped with its
    /// folders.
    #[test]
    fn who_else_may_write() {
        let folder = folder();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        let at = |name: &str| root.join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::write(at("a/b/file"), "x").unwrap();
        symlink("a/b/file", at("link")).unwrap();
        let chmod = |name: &str, mode| {
            std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        type Case<'a> = (&'a str, u32, &'a [&'a str]);
        let cases: [Case<'_>; 9] = [
            ("a/b/file", 0o644, &[]),
            ("a/b/file", 0o664, &["a/b/file"]),
            ("a/b/file", 0o602, &["a/b/file"]),
            ("a/b/file", 0o1602, &["a/b/file"]),
            ("a/b", 0o775, &["a/b"]),
            ("a/b", 0o1777, &[]),
            ("a", 0o777, &["a"]),
            ("a", 0o2770, &["a"]),
            ("a", 0o1770, &[]),
        ];
        for (name, mode, told) in cases {
            chmod("a", 0o755);
            chmod("a/b", 0o755);
            chmod("a/b/file", 0o600);
            chmod(name, mode);
            for read in ["a/b/file", "link", "a/b/new"] {
                let paths = [at(read)];
                let found = written_by_others(paths.iter().map(AsRef::as_ref));
                let own = root.as_path();
                let found: Vec<_> = found.keys().filter(|path| path.starts_with(own)).collect();
                let is_new = read == "a/b/new";
                let told = told.iter().filter(|one| !is_new || **one != "a/b/file");
                let told: Vec<PathBuf> = told.map(|one| at(one)).collect();
                assert_eq!(found, told.iter().collect::<Vec<_>>(), "{name} {mode:o} by {read}");
            }
        }
    }

    /// Catches: paths compared as text; only one of the two ways followed; a file that is not there yet
    /// taken for another one.
    #[test]
    fn one_file_is_the_same_by_every_way() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("file"), "x").unwrap();
        std::fs::write(at("other"), "x").unwrap();
        symlink("file", at("link")).unwrap();
        symlink("sub/..", at("round")).unwrap();
        std::fs::hard_link(at("file"), at("hard")).unwrap();
        for way in ["file", "./file", "sub/../file", "link", "round/file", "hard"] {
            assert!(is_same(&at("file"), &at(way)), "{way}");
            assert!(is_same(&at(way), &at("file")), "{way}, turned");
            assert!(!is_same(&at("other"), &at(way)), "{way}");
        }
        assert!(is_same(&at("new"), &at("round/new")), "neither is there yet");
        assert!(!is_same(&at("new"), &at("newer")));
        assert!(!is_same(&at("missing/new"), &at("new")));
    }
}
