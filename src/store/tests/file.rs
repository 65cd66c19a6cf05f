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
    let mut store = sandbox.open();
    list_members(&mut store, &[member(1)]);
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
    assert!(sandbox.open().members(club()).unwrap().is_empty());
}

#[test]
fn opened_again_nothing_is_lost_and_no_table_made_twice() {
    let sandbox = Sandbox::new();
    let mut store = sandbox.open();
    list_members(&mut store, &[member(1)]);
    let salt = |store: &Store| -> Vec<u8> {
        store.connection.query_row("SELECT value FROM salt", [], |row| row.get(0)).unwrap()
    };
    let first = salt(&store);
    drop(store);
    let mut store = sandbox.open();
    schema::create(&mut store.connection).unwrap();
    assert_eq!(schema::format(&store.connection).unwrap(), schema::FORMAT);
    assert_eq!(store.members(club()).unwrap(), [member(1)]);
    assert_eq!(salt(&store), first);
}

#[test]
fn two_may_open_it_at_once() {
    let sandbox = Sandbox::new();
    let mut writer = sandbox.open();
    let reader = sandbox.open();
    list_members(&mut writer, &[member(1)]);
    assert_eq!(reader.members(club()).unwrap().len(), 1);
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
            matches!(refused, StoreError::Newer { .. } | StoreError::Older { .. }),
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
        assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
        assert!(fs::read(sandbox.path()).unwrap() == content);
    }
}

/// A file of many pages, with everything in its main file.
fn filled() -> (Sandbox, Vec<u8>) {
    let sandbox = Sandbox::new();
    let mut store = sandbox.open();
    let members: Vec<_> = (1..300).map(member).collect();
    list_members(&mut store, &members);
    read_door(&mut store, (1..300).map(|number| person(&number.to_string())));
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
        assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
        assert!(refused.hint().contains("put back a copy"));
        assert!(fs::read(sandbox.path()).unwrap() == damaged, "left as it is");
    }
}

#[test]
fn values_that_can_not_be_are_damage() {
    for damage in [
        "UPDATE member SET number = -1",
        "UPDATE member SET birth_date = '1990-02-30'",
        "UPDATE member SET birth_date = 'soon'",
        "UPDATE member_role SET role = 0 WHERE begins < 0",
        "UPDATE member_role SET begins = 9223372036854775807 WHERE role = 3126",
        "UPDATE member SET missing_since = 9223372036854775807",
        "UPDATE person SET employee_no = ''",
        "UPDATE person SET user_type = 'friend'",
        "UPDATE person SET limit_kind = 'sometimes'",
        "UPDATE person SET begins = NULL",
        "UPDATE person SET begins = ends + 1",
        "UPDATE person SET limit_kind = 'permanent', ends = NULL",
        "UPDATE person SET confirmed_begin = 1",
    ] {
        let sandbox = Sandbox::new();
        let mut store = sandbox.open();
        list_members(&mut store, &[member(1)]);
        read_door(&mut store, [person("1")]);
        store.connection.execute_batch(damage).unwrap();
        let found = store.members(club()).map(|_| ()).and(store.persons(&door()).map(|_| ()));
        assert!(matches!(found, Err(StoreError::Damaged(_))), "{damage}: {found:?}");
    }
}

#[test]
fn a_place_where_no_file_can_be_is_unusable() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path()).unwrap();
    let refused = sandbox.refused();
    assert!(matches!(refused, StoreError::Unusable(_)), "{refused}");
    let below_a_file = sandbox.folder.path().join("file");
    fs::write(&below_a_file, b"x").unwrap();
    let refused = Store::open(&below_a_file.join("state.db")).unwrap_err();
    assert!(matches!(refused, StoreError::Unusable(_)), "{refused}");
}
