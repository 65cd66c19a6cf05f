//! Passwords: four ways to give them, and that none is ever told.

use super::*;
use crate::config::load;

/// A folder with a configuration whose door password is given so.
fn folder_with(password: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ivms-sync.toml");
    let text = replaced("{ env = \"DOOR_PASSWORD\" }", password);
    std::fs::write(&path, text).unwrap();
    set_mode(&path, 0o600);
    (folder, path)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[test]
fn from_a_file() {
    for (content, expected) in [
        (&b"hunter2"[..], "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b"\xEF\xBB\xBFwith spaces\n", "with spaces"),
        // As `"..." > file` writes it in PowerShell.
        (b"\xFF\xFEh\0\x0D\x01\r\0\n\0", "hč"),
        (b"\xFE\xFF\0h\x01\x0D", "hč"),
    ] {
        let (folder, path) = folder_with("{ file = \"door.pw\" }");
        std::fs::write(folder.path().join("door.pw"), content).unwrap();
        set_mode(&folder.path().join("door.pw"), 0o600);
        let config = load(&path, &environment(&[]), KINDS).unwrap();
        assert_eq!(config.devices[0].login.secret.expose(), expected);
        assert_eq!(config.warnings, Vec::<String>::new());
    }
}

#[test]
fn from_a_file_that_is_no_password() {
    let table: [(&[u8], &str); 9] = [
        (b"hunter2 \r\n", "door.pw begins or ends with a blank (hint: take it out"),
        (b" hunter2", "begins or ends with a blank"),
        (b"\xFF\xFEh\0 \0\r\0\n\0", "begins or ends with a blank"),
        (b"\xFF\xFEh\0i", "is not UTF-8"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"two\nlines", "line break"),
        (b"\xff", "is not UTF-8"),
        (&[b'x'; 4097], "is longer than 4096 bytes"),
    ];
    for (content, expected) in table {
        let (folder, path) = folder_with("{ file = \"door.pw\" }");
        std::fs::write(folder.path().join("door.pw"), content).unwrap();
        let error = load(&path, &environment(&[]), KINDS).unwrap_err();
        assert_eq!(error.problems[0].line, Some(10));
        assert_eq!(error.problems[0].key, "hikvision.front-door.password");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains("door.pw"), "{error}");
    }
    let (_folder, path) = folder_with("{ file = \"gone.pw\" }");
    let error = load(&path, &environment(&[]), KINDS).unwrap_err().to_string();
    assert!(error.contains("gone.pw") && error.contains("hint: "), "{error}");
}

#[test]
fn from_a_credential() {
    let (folder, path) = folder_with("{ credential = \"door\" }");
    std::fs::write(folder.path().join("door"), "hunter2\n").unwrap();
    let credentials = folder.path().to_str().unwrap().to_owned();
    let set = environment(&[("CREDENTIALS_DIRECTORY", &credentials)]);
    assert_eq!(load(&path, &set, KINDS).unwrap().devices[0].login.secret.expose(), "hunter2");
    let error = load(&path, &environment(&[]), KINDS).unwrap_err().to_string();
    assert!(error.contains("CREDENTIALS_DIRECTORY is not set"), "{error}");
}

#[test]
fn from_nowhere() {
    for (password, expected) in [
        ("{ env = \"NOT_SET\" }", "the variable NOT_SET is not set (hint: "),
        ("{ env = \"EMPTY\" }", "the variable EMPTY is empty"),
        ("{ env = \"CARRIAGE\" }", "the variable CARRIAGE holds a line break"),
        ("{ env = \"BLANK\" }", "the variable BLANK begins or ends with a blank (hint: "),
        (
            "{ file = \"C:\\temp\" }",
            "has a key file that holds a control character (hint: write a path",
        ),
        ("{ env = \"hunter2!\" }", "is not the name of a variable"),
        ("{ env = 3 }", "has a key env that is a whole number, where text is wanted"),
        ("{ env = \"\" }", "has a key env that is empty"),
        ("{ enw = \"A\" }", "has the unknown key enw (hint: write one of"),
        ("{ env = \"A\", file = \"b\" }", "does not name exactly one place (hint: write one of"),
        ("{}", "does not name exactly one place"),
        ("{ credential = \"../door\" }", "names a credential with a path"),
        ("{ credential = \"..\" }", "names a credential with a path"),
        ("\"\"", "is empty"),
        ("\"a\\tb\"", "control character"),
        (
            "42",
            "is a whole number, where text or { env = \"NAME\" } is wanted (hint: put it in quotes)",
        ),
        ("[\"hunter2\"]", "is a list"),
    ] {
        let text = replaced("{ env = \"DOOR_PASSWORD\" }", password);
        let variables = environment(&[("EMPTY", ""), ("CARRIAGE", "x\r"), ("BLANK", "hunter2 ")]);
        let error = read_with(&text, &variables).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        let shown = error.to_string();
        assert!(shown.starts_with("ivms-sync.toml:10: hikvision.front-door.password: "), "{shown}");
        assert!(shown.contains(expected), "expected {expected}\nfound {shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_literal_is_warned_about() {
    let (_folder, path) = folder_with("\"hunter2\"");
    let config = load(&path, &environment(&[]), KINDS).unwrap();
    assert_eq!(config.devices[0].login.secret.expose(), "hunter2");
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    assert!(config.warnings[0].starts_with("hikvision.front-door.password is written in the file"));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn files_that_others_can_read_are_warned_about() {
    for (mode, count) in [(0o600, 1), (0o640, 2), (0o604, 2), (0o400, 1)] {
        let (_folder, path) = folder_with("\"hunter2\"");
        set_mode(&path, mode);
        let warnings = load(&path, &environment(&[]), KINDS).unwrap().warnings;
        assert_eq!(warnings.len(), count, "{mode:o} {warnings:?}");
        assert_eq!(warnings.iter().any(|text| text.contains("chmod 600")), count == 2);
    }
    for (mode, count) in [(0o600, 0), (0o640, 1), (0o644, 1)] {
        let (folder, path) = folder_with("{ file = \"door.pw\" }");
        set_mode(&path, 0o644);
        std::fs::write(folder.path().join("door.pw"), "hunter2").unwrap();
        set_mode(&folder.path().join("door.pw"), mode);
        let warnings = load(&path, &environment(&[]), KINDS).unwrap().warnings;
        assert_eq!(warnings.len(), count, "{mode:o} {warnings:?}");
        assert!(!format!("{warnings:?}").contains("hunter2"));
    }
}

#[test]
fn a_broken_line_is_not_shown() {
    for line in [
        "password = \"hunter2",
        "password = hunter2",
        "password = \"hunter2\" x",
        "password = { env = \"hunter2\"",
    ] {
        let text = replaced("password = { env = \"DOOR_PASSWORD\" }", line);
        let error = read(&text).unwrap_err();
        assert!(error.to_string().contains("syntax error"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
