//! Several handles on one file, which to SQLite are several processes.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use shortener_core::link::{Domain, ShortCode};
use shortener_core::stats::{Hour, Period};
use shortener_core::table::sqlite::SqliteOptions;
use shortener_core::table::{ChangeFeed, Condition, Item, Table, TableError, Write, keys};

use super::{Place, everything, get, item, put};

#[tokio::test]
async fn writes_of_one_handle_are_seen_by_the_other_at_once() {
    let place = Place::new();
    let (one, two) = (place.open(), place.open());
    for number in 0..20 {
        let (writer, reader) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let written = item(&number.to_string());
        put(writer, &written).await.unwrap();
        assert_eq!(get(reader, &written).await, Some(written));
    }
}

#[tokio::test]
async fn the_change_feed_lists_the_changes_of_every_handle() {
    let place = Place::new();
    let (one, two) = (place.open(), place.open());
    put(&one, &item("before")).await.unwrap();
    let start = two.changes_since(u64::MAX).unwrap();
    assert_eq!(start.keys, Some(vec![]));
    assert_eq!(two.changes_since(start.latest).unwrap(), start);
    put(&one, &item("a")).await.unwrap();
    put(&one, &item("a")).await.unwrap();
    one.insert_many(&[item("b"), item("before")]).await.unwrap();
    one.write(&[Write::delete(item("before").key), Write::delete(item("missing").key)]).await.unwrap();
    one.write(&[Write::put(item("c")).when(Condition::Present)]).await.unwrap_err();
    let changes = two.changes_since(start.latest).unwrap();
    let mut names: Vec<_> = changes.keys.unwrap().into_iter().map(|key| key.sk).collect();
    names.sort();
    assert_eq!((changes.latest - start.latest, names.as_slice()), (4, &["a", "b", "before"].map(str::to_owned)[..]));
}

#[tokio::test]
async fn counts_are_no_changes_to_follow() {
    let place = Place::new();
    let table = place.open();
    let start = table.changes_since(u64::MAX).unwrap();
    let link = keys::Subject::Link(Domain::default_domain(), ShortCode::parse("launch").unwrap());
    let hour = Hour::parse("2026-11-26T04").unwrap();
    let (domain, code) = (link.domain().clone(), ShortCode::parse("launch").unwrap());
    let quota = keys::quota(&domain, &code, hour.start());
    for key in [
        keys::hour_stats(&link, hour, "edge"),
        keys::period_stats(&link, Period::Total),
        keys::ingest_hour(hour),
        keys::salt(hour.date()),
    ] {
        put(&table, &Item { key, attributes: serde_json::Map::new() }).await.unwrap();
    }
    table.add(&quota, "used", 1, 5).await.unwrap();
    assert_eq!(table.changes_since(start.latest).unwrap(), start);
    table.write(&[Write::delete(quota)]).await.unwrap();
    assert_eq!(table.changes_since(start.latest).unwrap(), start);
    // What copies are kept of is one, however much is counted.
    for key in [keys::link(&domain, &code), keys::domain(&domain), keys::api_key("ci")] {
        let start = table.changes_since(u64::MAX).unwrap().latest;
        put(&table, &Item { key: key.clone(), attributes: serde_json::Map::new() }).await.unwrap();
        assert_eq!(table.changes_since(start).unwrap().keys, Some(vec![key]));
    }
}

#[tokio::test]
async fn too_many_changes_are_everything() {
    let place = Place::new();
    let table = place.open();
    put(&table, &item("first")).await.unwrap();
    let start = table.changes_since(u64::MAX).unwrap().latest;
    for first in (0..10_001).step_by(100) {
        let many: Vec<_> =
            (first..10_001.min(first + 100)).map(|number| Write::put(item(&number.to_string()))).collect();
        table.write(&many).await.unwrap();
    }
    assert_eq!(table.changes_since(start).unwrap().keys, None);
    assert_eq!(table.changes_since(start + 1).unwrap().keys.map(|keys| keys.len()), Some(10_000));
    // A point that this file never reached belongs to another one.
    assert_eq!(table.changes_since(start + 1_000_000).unwrap().keys, None);
}

#[tokio::test]
async fn a_bulk_load_is_everything_at_once_and_what_follows_is_listed_again() {
    let place = Place::new();
    let table = place.open();
    let bulk = |name: &str, count| (0..count).map(|number| item(&format!("{name}{number}"))).collect::<Vec<_>>();
    let start = table.changes_since(u64::MAX).unwrap().latest;
    table.insert_many(&bulk("few", 1_000)).await.unwrap();
    assert_eq!(table.changes_since(start).unwrap().keys.map(|keys| keys.len()), Some(1_000));
    let before = table.changes_since(u64::MAX).unwrap().latest;
    table.insert_many(&bulk("many", 1_001)).await.unwrap();
    let after = table.changes_since(before).unwrap();
    assert_eq!(after.keys, None);
    table.insert_many(&bulk("many", 1_001)).await.unwrap();
    assert_eq!(table.changes_since(u64::MAX).unwrap().latest, after.latest, "nothing was new");
    put(&table, &item("last")).await.unwrap();
    assert_eq!(table.changes_since(after.latest).unwrap().keys, Some(vec![item("last").key]));
    assert_eq!(table.changes_since(start).unwrap().keys, None);
}

#[tokio::test]
async fn the_record_of_changes_stays_bounded() {
    let place = Place::new();
    let table = place.open();
    for _ in 0..70 {
        let many: Vec<_> = (0..400).map(|number| Write::put(item(&number.to_string()))).collect();
        for writes in many.chunks(100) {
            table.write(writes).await.unwrap();
        }
    }
    let raw = Connection::open(place.path()).unwrap();
    let kept: i64 = raw.query_row("SELECT count(*) FROM changes", [], |row| row.get(0)).unwrap();
    assert!((10_000..17_000).contains(&kept), "{kept} of 28,000 changes kept");
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer() {
    let place = Place::new();
    let table = place.open_with(SqliteOptions { busy_timeout: Duration::from_millis(50), ..SqliteOptions::default() });
    let table = table.unwrap();
    put(&table, &item("a")).await.unwrap();
    let lock = place.lock();
    lock.execute("DELETE FROM items", []).unwrap();
    assert_eq!(get(&table, &item("a")).await, Some(item("a")));
    assert_eq!(table.query(&everything()).await.unwrap().items, [item("a")]);
    assert!(matches!(put(&table, &item("b")).await, Err(TableError::Locked)));
    assert_eq!(get(&table, &item("b")).await, None);
    drop(lock);
    put(&table, &item("b")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_handles_take_turns_and_lose_nothing() {
    let place = Place::new();
    let tables = [Arc::new(place.open()), Arc::new(place.open())];
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let table = Arc::clone(&tables[number % 2]);
        tasks.spawn(async move {
            let creation = Write::put(item(&(number / 2).to_string())).when(Condition::Absent);
            usize::from(table.write(&[creation]).await.is_ok())
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 50);
    assert_eq!(tables[0].query(&everything()).await.unwrap().items.len(), 50);
}

#[test]
fn many_can_create_the_file_at_once() {
    let place = Place::new();
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..8).map(|_| scope.spawn(|| place.open().status().unwrap().schema_version)).collect();
        assert!(openers.into_iter().all(|opener| opener.join().unwrap() == 1));
    });
}
