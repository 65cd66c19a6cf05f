//! The file itself: who may read it, which version it has, and what becomes of a damaged one.

use std::fs;

use super::*;

#[test]
fn a_new_file_and_its_folder_are_made() {
    let sandbox = Sandbox::new();
    let path = sandbox.folder.path().join("some").join("folder").join("state.db");
    let store = Store::open(&path).unwrap();
    assert_eq!(store.path(), path);
    assert!(path.is_file());
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    list_members(&store, &[member(1)]);
    for file in fs::read_dir(sandbox.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
    assert_eq!(fs::read_dir(sandbox.folder.path()).unwrap().count(), 3, "with its two side files");
}

#[test]
fn an_empty_file_is_a_new_one() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path(), b"").unwrap();
    assert!(sandbox.open().members().members(club()).unwrap().is_empty());
}

#[test]
fn opened_again_nothing_is_lost_and_no_table_made_twice() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    list_members(&store, &[member(1)]);
    let salt = |store: &Store| -> Vec<u8> {
        store.connection.query_row("SELECT value FROM salt", [], |row| row.get(0)).unwrap()
    };
    let first = salt(&store);
    drop(store);
    let store = sandbox.open();
    schema::create(&store.connection).unwrap();
    assert_eq!(schema::format(&store.connection).unwrap(), schema::FORMAT);
    assert_eq!(store.members().members(club()).unwrap(), [member(1)]);
    assert_eq!(salt(&store), first);
}

#[test]
fn two_may_open_it_at_once() {
    let sandbox = Sandbox::new();
    let writer = sandbox.open();
    let reader = sandbox.open();
    list_members(&writer, &[member(1)]);
    assert_eq!(reader.members().members(club()).unwrap().len(), 1);
}

#[test]
fn a_write_is_on_the_disk_before_it_is_done() {
    let store = Sandbox::new().open();
    let pragma = |name: &str| -> String {
        let value = store.connection.query_row(&format!("PRAGMA {name}"), [], |row| {
            row.get::<_, rusqlite::types::Value>(0)
        });
        format!("{:?}", value.unwrap())
    };
    assert_eq!(pragma("synchronous"), "Integer(2)", "FULL");
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
}

#[test]
fn a_file_of_another_format_is_refused_and_not_touched() {
    for (format, said) in [(99, "by a newer version"), (6, "by an early version"), (1, "early")] {
        let sandbox = Sandbox::new();
        let store = sandbox.open();
        store.connection.pragma_update(None, "user_version", format).unwrap();
        drop(store);
        let before = fs::read(sandbox.path()).unwrap();
        let refused = sandbox.refused();
        assert!(
            matches!(refused.problem, StoreProblem::Newer { .. } | StoreProblem::Older { .. }),
            "{refused}"
        );
        let text = refused.to_string();
        assert!(text.contains(said) && text.contains(&format!("format {format}")), "{text}");
        assert!(text.contains(&schema::FORMAT.to_string()), "{text}");
        assert!(refused.hint().contains("this file was not changed"), "{}", refused.hint());
        assert!(fs::read(sandbox.path()).unwrap() == before, "not one byte");
    }
}

#[test]
fn what_is_no_database_is_damaged_and_not_touched() {
    for content in [&b"PK\x03\x04 a spreadsheet"[..], &[0_u8; 4096], &[0xff_u8; 100_000]] {
        let sandbox = Sandbox::new();
        fs::write(sandbox.path(), content).unwrap();
        let refused = sandbox.refused();
        assert!(matches!(refused.problem, StoreProblem::Damaged(_)), "{refused}");
        assert!(fs::read(sandbox.path()).unwrap() == content);
    }
}

/// A file of many pages, with everything in its main file.
fn filled() -> (Sandbox, Vec<u8>) {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let members: Vec<_> = (1..300).map(member).collect();
    list_members(&store, &members);
    read_door(&store, (1..300).map(|number| person(&number.to_string())));
    drop(store);
    let bytes = fs::read(sandbox.path()).unwrap();
    assert!(bytes.len() > 20 * 4096, "{} bytes", bytes.len());
    (sandbox, bytes)
}

#[test]
fn damaged_pages_are_found_at_once() {
    let (sandbox, bytes) = filled();
    assert!(Store::open(&sandbox.path()).is_ok());
    // From the second page on, every third page is overwritten in its middle.
    let mut overwritten = bytes.clone();
    for page in (1..bytes.len() / 4096).step_by(3) {
        overwritten[page * 4096..page * 4096 + 64].fill(0x5a);
    }
    let cut = bytes[..bytes.len() / 2].to_vec();
    for damaged in [overwritten, cut] {
        let (sandbox, _) = filled();
        fs::write(sandbox.path(), &damaged).unwrap();
        let refused = sandbox.refused();
        assert!(matches!(refused.problem, StoreProblem::Damaged(_)), "{refused}");
        assert!(refused.hint().contains("put back a copy"));
        assert!(fs::read(sandbox.path()).unwrap() == damaged, "left as it is");
    }
}

/// SQLite checks the structure of an index, and not whether each row stands in it.
#[test]
fn a_damaged_key_of_an_index_hides_nobody_from_a_look_at_everybody() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let members: Vec<_> = (101..=140).map(member).collect();
    list_members(&store, &members);
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_member_1'";
    let root: usize = store.connection.query_row(root, [], |row| row.get(0)).unwrap();
    drop(store);
    let mut bytes = fs::read(sandbox.path()).unwrap();
    let page = &mut bytes[(root - 1) * 4096..root * 4096];
    let holder = page.windows(4).position(|four| four == b"127/").unwrap();
    // The last letter of the organisation's account, which stands before the member.
    page[holder - 1] ^= 1;
    fs::write(sandbox.path(), &bytes).unwrap();

    let store = sandbox.open();
    let by_index = "SELECT count(*) FROM member WHERE source = (SELECT source FROM member LIMIT 1)";
    let found: usize = store.connection.query_row(by_index, [], |row| row.get(0)).unwrap();
    assert!(found < 40, "the index hides some: {found}");
    assert_eq!(store.members().members(club()).unwrap().len(), 40);
    // Whoever cannot be found is taken for a newcomer, and stands there twice then.
    list_members(&store, &members);
    let twice = store.members().members(club()).unwrap_err();
    assert!(matches!(twice.problem, StoreProblem::Damaged(_)), "{twice}");
}

#[test]
fn values_that_cannot_be_are_damage() {
    for damage in [
        "UPDATE member SET number = ''",
        "UPDATE member SET holder = ' '",
        "UPDATE member SET holder = '1/1990-02-27'",
        "UPDATE member_role SET role = '' WHERE begins < 0",
        "UPDATE member_role SET begins = 9223372036854775807 WHERE role = '3126'",
        "UPDATE member SET missing_since = 9223372036854775807",
        "UPDATE person SET employee_no = ''",
        "UPDATE person SET standing = 'friend'",
        "UPDATE person SET limit_kind = 'sometimes'",
        "UPDATE person SET begins = NULL",
        "UPDATE person SET begins = ends + 1",
        "UPDATE person SET limit_kind = 'permanent', ends = NULL",
        "UPDATE person SET confirmed_begin = 1",
    ] {
        let sandbox = Sandbox::new();
        let store = sandbox.open();
        list_members(&store, &[member(1)]);
        read_door(&store, [person("1")]);
        store.connection.execute_batch(damage).unwrap();
        let found = store
            .members()
            .members(club())
            .map(|_| ())
            .and(store.devices().persons(&door()).map(|_| ()));
        assert!(
            matches!(found, Err(StoreError { problem: StoreProblem::Damaged(_), .. })),
            "{damage}: {found:?}"
        );
    }
}

#[test]
fn a_place_where_no_file_can_be_is_unusable() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path()).unwrap();
    let refused = sandbox.refused();
    assert_eq!(refused.problem.to_string(), "is a folder");
    let below_a_file = sandbox.folder.path().join("file");
    fs::write(&below_a_file, b"x").unwrap();
    let refused = Store::open(&below_a_file.join("state.db")).unwrap_err();
    assert!(matches!(refused.problem, StoreProblem::Unusable(_)), "{refused}");
}

/// Whoever may write the folder can lay a link there, and the file it points to would be written and
/// read in its place. Catches: the path not looked at, or looked at through links; `-wal` forgotten.
#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    use std::os::unix::fs::symlink;
    for (suffix, target, words) in [
        ("", "victim", "is a symbolic link"),
        ("", "nowhere", "is a symbolic link"),
        (".lock", "victim", "has a lock file that is a symbolic link"),
        (".lock", "nowhere", "has a lock file that is a symbolic link"),
        (".holder", "victim", "has a holder file that is a symbolic link"),
        (".holder", "nowhere", "has a holder file that is a symbolic link"),
        ("-wal", "victim", "has a -wal file that is a symbolic link"),
        ("-shm", "nowhere", "has a -shm file that is a symbolic link"),
        ("-journal", "victim", "has a -journal file that is a symbolic link"),
    ] {
        let sandbox = Sandbox::new();
        let victim = sandbox.folder.path().join("victim");
        drop(Store::open(&victim).unwrap());
        let before = fs::read(&victim).unwrap();
        if !suffix.is_empty() {
            drop(sandbox.open());
        }
        let laid = lock::beside(&sandbox.path(), suffix);
        let _ = fs::remove_file(&laid);
        symlink(target, &laid).unwrap();
        let refused = match suffix {
            ".lock" | ".holder" => lock::take(&sandbox.path(), at(0)).unwrap_err(),
            _ => sandbox.refused(),
        };
        assert!(
            matches!(&refused.problem, StoreProblem::NotOurs(text) if text.contains(words)),
            "{refused}"
        );
        assert!(lock::take(&sandbox.path(), at(0)).is_err(), "{suffix}: no run begins");
        assert!(fs::read(&victim).unwrap() == before, "{suffix}");
        assert!(!sandbox.folder.path().join("nowhere").exists(), "{suffix}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_may_be_a_link_and_a_second_name_may_not() {
    let sandbox = Sandbox::new();
    let real = sandbox.folder.path().join("real");
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink("real", sandbox.folder.path().join("way")).unwrap();
    let path = sandbox.folder.path().join("way/state.db");
    drop(Store::open(&path).unwrap());
    assert!(real.join("state.db").exists());
    fs::hard_link(&path, real.join("second.db")).unwrap();
    for name in ["state.db", "second.db"] {
        let refused = Store::open(&real.join(name)).unwrap_err().to_string();
        assert!(refused.contains("second name"), "{refused}");
    }
}

/// Catches: busy taken for any other failure of SQLite, whose hint is to start afresh; the same for the
/// locks of one statement.
#[test]
fn busy_is_no_damage() {
    for code in [5, 6, 15, 5 | 1 << 8, 5 | 2 << 8, 6 | 1 << 8] {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert!(matches!(StoreProblem::from(error), StoreProblem::Busy), "{code}");
    }
    let hint = StoreProblem::Busy.hint();
    assert!(hint.contains("next run") && !hint.contains("afresh"), "{hint}");
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let other = Connection::open(sandbox.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.connection.busy_timeout(Duration::from_millis(50)).unwrap();
    assert!(matches!(
        store.journal().begin_run("sync", at(0)),
        Err(StoreError { problem: StoreProblem::Busy, .. })
    ));
    other.execute_batch("ROLLBACK").unwrap();
    store.journal().begin_run("sync", at(0)).unwrap();
}

/// What `sqlite3 FILE .dump` keeps: tables, rows, then the rest; no `user_version`.
fn dump_into(old: &Path, new: &Path) {
    let connection = Connection::open(new).unwrap();
    connection.execute("ATTACH ?1 AS old", [old.to_str().unwrap()]).unwrap();
    let is_table = "type = 'table' AND name NOT LIKE 'sqlite_%'";
    let texts = |what: &str| {
        let query = format!("SELECT name, sql FROM old.sqlite_schema WHERE sql <> '' AND {what}");
        let mut statement = connection.prepare(&query).unwrap();
        let rows =
            statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    for (name, sql) in texts(is_table) {
        connection.execute_batch(&sql).unwrap();
        let copy = format!("INSERT INTO main.{name} SELECT * FROM old.{name}");
        connection.execute_batch(&copy).unwrap();
    }
    for (_, sql) in texts("type <> 'table'") {
        connection.execute_batch(&sql).unwrap();
    }
}

/// Mutants: the format is in `user_version` alone (a foreign file); a restored one is made anew.
#[test]
fn a_file_restored_from_a_dump_is_what_it_was() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    list_members(&store, &[member(1), member(2)]);
    read_door(&store, [person("1")]);
    let known = store.members().members(club()).unwrap();
    drop(store);
    let restored = sandbox.folder.path().join("restored.db");
    dump_into(&sandbox.path(), &restored);
    for _ in 0..2 {
        assert_eq!(Store::open(&restored).unwrap().members().members(club()).unwrap(), known);
    }
    // Of another program, or of another format.
    for (damage, is_foreign) in
        [("DROP TABLE about", true), ("UPDATE about SET format = 999", false)]
    {
        let other = sandbox.folder.path().join(format!("{is_foreign}.db"));
        dump_into(&sandbox.path(), &other);
        Connection::open(&other).unwrap().execute_batch(damage).unwrap();
        match Store::open(&other) {
            Err(StoreError { problem: StoreProblem::Foreign, .. }) => assert!(is_foreign),
            Err(StoreError { problem: StoreProblem::Newer { found: 999, .. }, .. }) => {
                assert!(!is_foreign)
            }
            other => panic!("{damage}: {:?}", other.err()),
        }
    }
}
