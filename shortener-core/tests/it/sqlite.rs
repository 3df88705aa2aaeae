//! The engine on an SQLite file.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;
use shortener_core::table::conformance::run_all;
use shortener_core::table::sqlite::{ItemCount, OpenMode, SqliteOptions, SqliteTable};
use shortener_core::table::{
    Condition, Consistency, Inserted, Item, Key, Order, Query, SortRange, Table, TableError, Write,
};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// A folder with a table file in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("table.db")
    }

    fn open(&self) -> SqliteTable {
        self.open_with(SqliteOptions::default()).unwrap()
    }

    fn open_with(&self, options: SqliteOptions) -> Result<SqliteTable, TableError> {
        SqliteTable::open(&self.path(), options)
    }

    /// A connection that holds the write lock until it is dropped or committed.
    fn lock(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }
}

fn item(sk: &str) -> Item {
    Item::encode(Key::new("P", sk), &json!({"version": 1, "name": sk})).unwrap()
}

async fn put(table: &SqliteTable, item: &Item) -> Result<(), TableError> {
    table.write(&[Write::put(item.clone())]).await
}

async fn get(table: &SqliteTable, item: &Item) -> Option<Item> {
    table.get(&item.key, Consistency::Strong).await.unwrap()
}

fn everything() -> Query {
    let (partition, range) = ("P".to_owned(), SortRange::all());
    Query { index: None, partition, range, order: Order::Ascending, limit: 1_000_000, start: None }
}

mod files;
mod sharing;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_table_conforms() {
    let place = Place::new();
    let sqlite = Arc::new(place.open());
    let table: Arc<dyn Table> = sqlite.clone();
    assert_eq!(run_all(&table).await, []);
    sqlite.check_integrity().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_queue_up_share_a_commit() {
    let place = Place::new();
    let table = Arc::new(place.open());
    put(&table, &item("taken")).await.unwrap();
    let before = table.status().unwrap().commits;
    let lock = place.lock();
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let table = Arc::clone(&table);
        // Every second one fails alone.
        let name = if number % 2 == 0 { number.to_string() } else { "taken".to_owned() };
        tasks.spawn(async move { table.write(&[Write::put(item(&name)).when(Condition::Absent)]).await.is_ok() });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(lock);
    let successes = tasks.join_all().await.into_iter().filter(|is_ok| *is_ok).count();
    assert_eq!(successes, 32);
    assert_eq!(table.query(&everything()).await.unwrap().items.len(), 33);
    let commits = table.status().unwrap().commits - before;
    assert!(commits <= 4, "64 writes in {commits} commits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulk_loads_share_a_commit_with_writes_and_with_each_other() {
    let place = Place::new();
    let table = Arc::new(place.open());
    put(&table, &item("taken")).await.unwrap();
    let before = table.status().unwrap().commits;
    let lock = place.lock();
    let mut loads = JoinSet::new();
    for load in 0..8 {
        let [table, other] = [&table, &table].map(Arc::clone);
        // Neighbours meet in half of their keys.
        let items: Vec<_> = (load * 250..load * 250 + 500).map(|number| item(&number.to_string())).collect();
        loads.spawn(async move { table.insert_many(&items).await.unwrap() });
        let refused = [Write::put(item("taken")).when(Condition::Absent)];
        loads.spawn(async move { other.write(&refused).await.map(|()| Vec::new()).unwrap_or_default() });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(lock);
    let outcomes: Vec<_> = loads.join_all().await.concat();
    let inserted = outcomes.iter().filter(|outcome| **outcome == Inserted::Inserted).count();
    assert_eq!((outcomes.len(), inserted), (4_000, 2_250));
    assert_eq!(table.query(&everything()).await.unwrap().items.len(), 2_251);
    assert!(table.status().unwrap().commits - before <= 4);
}

#[tokio::test]
async fn dropping_the_table_commits_what_is_queued() {
    let place = Place::new();
    let table = Arc::new(place.open());
    let lock = place.lock();
    let waiting = tokio::spawn({
        let table = Arc::clone(&table);
        async move { put(&table, &item("queued")).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    waiting.abort();
    let _ = waiting.await;
    drop(lock);
    drop(Arc::into_inner(table).unwrap());
    assert_eq!(get(&place.open(), &item("queued")).await, Some(item("queued")));
}

#[tokio::test]
async fn purging_deletes_what_is_due_and_nothing_else() {
    let place = Place::new();
    let table = place.open();
    let due = |number: i64| {
        Item::encode(Key::new("P", format!("{number:04}")), &json!({"purge_at": 1_000 + number})).unwrap()
    };
    let mut items: Vec<Item> = (0..1_200).map(due).collect();
    items.push(item("forever"));
    table.insert_many(&items).await.unwrap();
    let now = Timestamp::from_second(2_099).unwrap();
    assert_eq!(table.purge(now, 600).await.unwrap(), 600);
    assert_eq!(table.purge(now, 10_000).await.unwrap(), 500);
    assert_eq!(table.purge(now, 10_000).await.unwrap(), 0);
    assert_eq!(table.query(&everything()).await.unwrap().items, items[1_100..]);
}

#[tokio::test]
async fn the_status_tells_what_the_file_is() {
    let place = Place::new();
    let table = place.open();
    put(&table, &item("a")).await.unwrap();
    put(&table, &item("b")).await.unwrap();
    let status = table.status().unwrap();
    assert_eq!((status.path, status.items), (place.path(), ItemCount::Exactly(2)));
    assert_eq!((status.journal_mode.as_str(), status.schema_version, status.commits), ("wal", 1, 2));
    assert!(status.bytes >= fs::metadata(place.path()).unwrap().len());
}

#[tokio::test]
async fn a_full_disk_fails_writes_but_not_reads_until_there_is_space() {
    let place = Place::new();
    let small = SqliteOptions { max_bytes: Some(512 * 1024), ..SqliteOptions::default() };
    let table = place.open_with(small).unwrap();
    let large = |number: usize| {
        Item::encode(Key::new("P", format!("{number:03}")), &json!({"text": "x".repeat(60_000)})).unwrap()
    };
    let mut stored = 0;
    let error = loop {
        match put(&table, &large(stored)).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 20, "never full");
    };
    assert!(matches!(error, TableError::DiskFull), "{error:?}");
    assert_eq!(get(&table, &large(stored)).await, None);
    assert_eq!(table.query(&everything()).await.unwrap().items.len(), stored);
    table.write(&[Write::delete(large(0).key)]).await.unwrap();
    put(&table, &large(stored)).await.unwrap();
    table.check_integrity().unwrap();
    drop(table);
    put(&place.open(), &large(stored + 1)).await.unwrap();
}

#[tokio::test]
async fn a_read_only_table_refuses_writes_and_serves_reads() {
    let place = Place::new();
    put(&place.open(), &item("a")).await.unwrap();
    let options = SqliteOptions { mode: OpenMode::ReadOnly, ..SqliteOptions::default() };
    let table = place.open_with(options).unwrap();
    assert_eq!(get(&table, &item("a")).await, Some(item("a")));
    assert!(matches!(put(&table, &item("b")).await, Err(TableError::ReadOnly)));
    assert!(matches!(table.insert_many(&[item("b")]).await, Err(TableError::ReadOnly)));
}
