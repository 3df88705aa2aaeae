//! Counters with a ceiling.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::super::{Added, TableError, Write};
use super::{Shared, item, key, list, read};

list![
    add_creates_the_item,
    add_keeps_the_other_attributes,
    add_reaches_the_ceiling_and_stops_there,
    add_past_the_ceiling_creates_nothing,
    add_of_a_negative_number_subtracts,
    add_knows_the_ends_of_64_bits,
    add_to_a_text_is_refused,
    two_hundred_adds_under_a_ceiling_of_100_grant_100,
];

async fn add_creates_the_item(table: &Shared) {
    let key = key("add", "new");
    assert_eq!(table.add(&key, "used", 3, 10).await.unwrap(), Added::Now(3));
    assert_eq!(read(table, &key).await, Some(item(key, json!({"used": 3}))));
}

async fn add_keeps_the_other_attributes(table: &Shared) {
    let key = key("add", "others");
    table.write(&[Write::put(item(key.clone(), json!({"name": "a", "used": 1})))]).await.unwrap();
    assert_eq!(table.add(&key, "used", 1, 10).await.unwrap(), Added::Now(2));
    assert_eq!(table.add(&key, "more", 5, 10).await.unwrap(), Added::Now(5));
    assert_eq!(read(table, &key).await, Some(item(key, json!({"name": "a", "used": 2, "more": 5}))));
}

async fn add_reaches_the_ceiling_and_stops_there(table: &Shared) {
    let key = key("add", "ceiling");
    assert_eq!(table.add(&key, "used", 9, 10).await.unwrap(), Added::Now(9));
    assert_eq!(table.add(&key, "used", 2, 10).await.unwrap(), Added::AtCeiling);
    assert_eq!(table.add(&key, "used", 1, 10).await.unwrap(), Added::Now(10));
    assert_eq!(table.add(&key, "used", 1, 10).await.unwrap(), Added::AtCeiling);
    assert_eq!(table.add(&key, "used", 0, 10).await.unwrap(), Added::Now(10));
    assert_eq!(read(table, &key).await, Some(item(key, json!({"used": 10}))));
}

async fn add_past_the_ceiling_creates_nothing(table: &Shared) {
    let key = key("add", "past");
    assert_eq!(table.add(&key, "used", 11, 10).await.unwrap(), Added::AtCeiling);
    assert_eq!(table.add(&key, "used", 1, 0).await.unwrap(), Added::AtCeiling);
    assert_eq!(read(table, &key).await, None);
    table.write(&[Write::put(item(key.clone(), json!({"name": "a"})))]).await.unwrap();
    assert_eq!(table.add(&key, "used", 11, 10).await.unwrap(), Added::AtCeiling);
    assert_eq!(read(table, &key).await, Some(item(key, json!({"name": "a"}))));
}

async fn add_of_a_negative_number_subtracts(table: &Shared) {
    let key = key("add", "negative");
    assert_eq!(table.add(&key, "used", -5, 10).await.unwrap(), Added::Now(-5));
    assert_eq!(table.add(&key, "used", 15, 10).await.unwrap(), Added::Now(10));
    assert_eq!(table.add(&key, "used", -1, 10).await.unwrap(), Added::Now(9));
    // The sum decides, not the way it was reached.
    assert_eq!(table.add(&key, "used", -1, 7).await.unwrap(), Added::AtCeiling);
    assert_eq!(table.add(&key, "used", -2, 7).await.unwrap(), Added::Now(7));
}

async fn add_knows_the_ends_of_64_bits(table: &Shared) {
    let key = key("add", "ends");
    assert_eq!(table.add(&key, "used", i64::MAX, i64::MAX).await.unwrap(), Added::Now(i64::MAX));
    assert_eq!(table.add(&key, "used", 1, i64::MAX).await.unwrap(), Added::AtCeiling);
    assert_eq!(table.add(&key, "used", i64::MIN, i64::MAX).await.unwrap(), Added::Now(-1));
}

async fn add_to_a_text_is_refused(table: &Shared) {
    let before = item(key("add", "text"), json!({"used": "many"}));
    table.write(&[Write::put(before.clone())]).await.unwrap();
    let result = table.add(&before.key, "used", 1, 10).await;
    assert!(matches!(result, Err(TableError::Invalid(_))), "{result:?}");
    assert_eq!(read(table, &before.key).await, Some(before));
}

async fn two_hundred_adds_under_a_ceiling_of_100_grant_100(table: &Shared) {
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let table = Arc::clone(table);
        tasks.spawn(async move { table.add(&key("add", "race"), "used", 1, 100).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    let mut granted: Vec<i64> = outcomes
        .iter()
        .filter_map(|added| match added {
            Added::Now(value) => Some(*value),
            Added::AtCeiling => None,
        })
        .collect();
    granted.sort_unstable();
    assert_eq!(granted, (1..=100).collect::<Vec<_>>());
    assert_eq!(read(table, &key("add", "race")).await.unwrap().number("used"), Some(100));
}
