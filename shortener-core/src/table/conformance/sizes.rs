//! Items just at and just over the limit.

use serde_json::{Value, json};

use super::super::{Attributes, Item, Key, MAX_ITEM_BYTES, TableError, Write};
use super::{Shared, item, key, list, read};

list![
    the_largest_item_is_stored,
    an_item_over_the_limit_is_refused,
    a_transaction_with_an_item_over_the_limit_writes_nothing,
    insert_many_with_an_item_over_the_limit_writes_nothing,
    an_update_that_grows_an_item_over_the_limit_is_refused,
    a_transaction_that_grows_an_item_over_the_limit_writes_nothing,
];

/// An item of exactly `bytes` bytes.
fn sized(key: Key, bytes: usize) -> Item {
    let mut sized = item(key, json!({"text": ""}));
    let text = "x".repeat(bytes - sized.size_bytes());
    sized.attributes.insert("text".to_owned(), Value::String(text));
    sized
}

/// Asserts a refusal for size. How an engine counts what an update makes is its own affair.
#[track_caller]
fn assert_too_large<T: std::fmt::Debug>(result: Result<T, TableError>) {
    match result {
        Err(TableError::ItemTooLarge { .. }) => {}
        other => panic!("not refused for size: {other:?}"),
    }
}

async fn the_largest_item_is_stored(table: &Shared) {
    let written = sized(key("sizes", "put"), MAX_ITEM_BYTES);
    table.write(&[Write::put(written.clone())]).await.unwrap();
    assert_eq!(read(table, &written.key).await, Some(written));
    let inserted = sized(key("sizes", "insert"), MAX_ITEM_BYTES);
    table.insert_many(std::slice::from_ref(&inserted)).await.unwrap();
    assert_eq!(read(table, &inserted.key).await, Some(inserted));
}

async fn an_item_over_the_limit_is_refused(table: &Shared) {
    let large = sized(key("sizes", "over"), MAX_ITEM_BYTES + 1);
    assert_too_large(table.write(&[Write::put(large.clone())]).await);
    assert_eq!(read(table, &large.key).await, None);
}

async fn a_transaction_with_an_item_over_the_limit_writes_nothing(table: &Shared) {
    let small = item(key("sizes", "with-large"), json!({}));
    let large = sized(key("sizes", "over-transaction"), MAX_ITEM_BYTES + 1);
    assert_too_large(table.write(&[Write::put(small.clone()), Write::put(large.clone())]).await);
    assert_eq!(read(table, &small.key).await, None);
    assert_eq!(read(table, &large.key).await, None);
}

async fn insert_many_with_an_item_over_the_limit_writes_nothing(table: &Shared) {
    let small = item(key("sizes", "inserted-with-large"), json!({}));
    let large = sized(key("sizes", "over-insert"), MAX_ITEM_BYTES + 1);
    assert_too_large(table.insert_many(&[small.clone(), large]).await);
    assert_eq!(read(table, &small.key).await, None);
}

async fn an_update_that_grows_an_item_over_the_limit_is_refused(table: &Shared) {
    let before = sized(key("sizes", "grown"), MAX_ITEM_BYTES - 100);
    table.write(&[Write::put(before.clone())]).await.unwrap();
    assert_too_large(table.write(&[growth(&before.key)]).await);
    assert_eq!(read(table, &before.key).await, Some(before));
}

async fn a_transaction_that_grows_an_item_over_the_limit_writes_nothing(table: &Shared) {
    let before = sized(key("sizes", "grown-together"), MAX_ITEM_BYTES - 100);
    table.write(&[Write::put(before.clone())]).await.unwrap();
    let small = item(key("sizes", "with-grown"), json!({}));
    assert_too_large(table.write(&[Write::put(small.clone()), growth(&before.key)]).await);
    assert_eq!(read(table, &small.key).await, None);
    assert_eq!(read(table, &before.key).await, Some(before));
}

fn growth(key: &Key) -> Write {
    let set = Attributes::from_iter([("more".to_owned(), Value::String("y".repeat(200)))]);
    Write::update(key.clone(), set, Vec::new())
}
