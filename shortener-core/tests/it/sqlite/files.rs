//! What is found at the path, and backups.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use shortener_core::table::sqlite::{OpenMode, SqliteOptions, SqliteTable};
use shortener_core::table::{Table, TableError};

use super::{Place, everything, get, item, put};

#[track_caller]
fn assert_corrupt<T>(result: Result<T, TableError>, text: &str) {
    match result {
        Err(TableError::Corrupt(what)) => assert!(what.contains(text), "{what}"),
        Err(other) => panic!("another error: {other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

#[test]
fn garbage_is_no_table() {
    let place = Place::new();
    fs::write(place.path(), "not a database, ".repeat(1_000)).unwrap();
    assert_corrupt(place.open_with(SqliteOptions::default()), "not a database");
    assert!(fs::read(place.path()).unwrap().starts_with(b"not a database"));
}

#[tokio::test]
async fn a_truncated_file_is_damaged() {
    let place = Place::new();
    let table = place.open();
    for number in 0..50 {
        put(&table, &item(&format!("{number}{}", "x".repeat(1_000)))).await.unwrap();
    }
    drop(table);
    let bytes = fs::read(place.path()).unwrap();
    for length in [100, 4_096, bytes.len() / 2] {
        fs::write(place.path(), &bytes[..length]).unwrap();
        assert_corrupt(place.open_with(SqliteOptions::default()), "");
    }
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let place = Place::new();
    let foreign = Connection::open(place.path()).unwrap();
    foreign.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    drop(foreign);
    let before = fs::read(place.path()).unwrap();
    assert_corrupt(place.open_with(SqliteOptions::default()), "another program");
    assert_eq!(fs::read(place.path()).unwrap(), before);
}

#[test]
fn a_newer_schema_is_refused() {
    let place = Place::new();
    drop(place.open());
    Connection::open(place.path()).unwrap().pragma_update(None, "user_version", 9).unwrap();
    assert_corrupt(place.open_with(SqliteOptions::default()), "schema version 9");
}

#[test]
fn a_folder_is_no_table() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    assert_corrupt(place.open_with(SqliteOptions::default()), "is a directory");
}

#[test]
fn a_missing_file_is_created_only_when_asked_for() {
    let place = Place::new();
    for mode in [OpenMode::Existing, OpenMode::ReadOnly] {
        let result = place.open_with(SqliteOptions { mode, ..SqliteOptions::default() });
        assert!(matches!(result, Err(TableError::NoSuchTable(_))), "{result:?}");
        assert!(!place.path().exists());
    }
    let nested = place.folder.path().join("a/b/table.db");
    SqliteTable::open(&nested, SqliteOptions::default()).unwrap();
    SqliteTable::open(&nested, SqliteOptions { mode: OpenMode::Existing, ..SqliteOptions::default() }).unwrap();
}

#[test]
fn an_empty_file_is_a_table_only_to_who_may_create_it() {
    let place = Place::new();
    fs::write(place.path(), "").unwrap();
    assert_corrupt(place.open_with(SqliteOptions { mode: OpenMode::Existing, ..SqliteOptions::default() }), "");
    place.open();
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_and_its_log_are_readable_by_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let table = place.open();
    put(&table, &item("a")).await.unwrap();
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_while_writing_is_a_whole_table() {
    let place = Place::new();
    let table = Arc::new(place.open());
    let pad = "x".repeat(2_000);
    let items: Vec<_> = (0..2_000).map(|number| item(&format!("{number:04}{}", &pad[..900]))).collect();
    table.insert_many(&items).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (table, is_over) = (Arc::clone(&table), Arc::clone(&is_over));
        async move {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) || number == 0 {
                put(&table, &item(&format!("w{number:05}"))).await.unwrap();
                number += 1;
            }
            number
        }
    });
    let to = place.folder.path().join("backup.db");
    for _ in 0..3 {
        let (table, to) = (Arc::clone(&table), to.clone());
        let _ = fs::remove_file(&to);
        tokio::task::spawn_blocking(move || table.backup(&to)).await.unwrap().unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    let copy = SqliteTable::open(&to, SqliteOptions { mode: OpenMode::Existing, ..SqliteOptions::default() }).unwrap();
    copy.check_integrity().unwrap();
    assert_eq!(get(&copy, &items[1_999]).await.as_ref(), Some(&items[1_999]));
    // What was written meanwhile is there up to one moment, without gaps.
    let mut found = Vec::new();
    let mut query = everything();
    loop {
        let page = copy.query(&query).await.unwrap();
        found.extend(page.items.into_iter().map(|item| item.key.sk).filter(|sk| sk.starts_with('w')));
        query.start = page.next;
        if query.start.is_none() {
            break;
        }
    }
    assert_eq!(found, (0..found.len()).map(|number| format!("w{number:05}")).collect::<Vec<_>>());
    assert!(found.len() <= written);
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_behind() {
    let place = Place::new();
    let table = place.open();
    put(&table, &item("a")).await.unwrap();
    let to = place.folder.path().join("backup.db");
    fs::write(&to, "precious").unwrap();
    assert!(matches!(table.backup(&to), Err(TableError::Invalid(_))));
    assert_eq!(fs::read(&to).unwrap(), b"precious");
    fs::remove_file(&to).unwrap();
    table.backup(&to).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["backup.db", "table.db", "table.db-shm", "table.db-wal"]);
}
