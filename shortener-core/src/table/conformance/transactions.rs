//! Transactions: all or none, and what is refused before it begins.

use serde_json::json;

use super::super::{Attributes, Condition, Item, Key, TableError, Write};
use super::{Shared, assert_refused, item, key, list, read};

list![
    transaction_applies_puts_updates_and_deletes_together,
    transaction_failing_first_writes_nothing,
    transaction_failing_in_the_middle_writes_nothing,
    transaction_failing_last_writes_nothing,
    transaction_names_the_first_of_several_failures,
    transaction_of_100_writes_is_accepted,
    no_writes_and_101_writes_are_refused,
    two_writes_to_one_key_are_refused,
];

async fn transaction_applies_puts_updates_and_deletes_together(table: &Shared) {
    let keys = ["put", "update", "delete"].map(|sk| key("transaction", sk));
    let before = keys.each_ref().map(|key| Write::put(item(key.clone(), json!({"version": 1}))));
    table.write(&before).await.unwrap();
    let set = Attributes::from_iter([("version".to_owned(), json!(2))]);
    let writes = [
        Write::put(item(keys[0].clone(), json!({"new": true}))).when(Condition::VersionIs(1)),
        Write::update(keys[1].clone(), set, Vec::new()).when(Condition::VersionIs(1)),
        Write::delete(keys[2].clone()).when(Condition::Present),
        Write::put(item(key("transaction", "more"), json!({}))).when(Condition::Absent),
    ];
    table.write(&writes).await.unwrap();
    assert_eq!(read(table, &keys[0]).await, Some(item(keys[0].clone(), json!({"new": true}))));
    assert_eq!(read(table, &keys[1]).await, Some(item(keys[1].clone(), json!({"version": 2}))));
    assert_eq!(read(table, &keys[2]).await, None);
    assert!(read(table, &key("transaction", "more")).await.is_some());
}

async fn transaction_failing_first_writes_nothing(table: &Shared) {
    assert_all_or_none(table, "transaction-first", 0).await;
}

async fn transaction_failing_in_the_middle_writes_nothing(table: &Shared) {
    assert_all_or_none(table, "transaction-middle", 2).await;
}

async fn transaction_failing_last_writes_nothing(table: &Shared) {
    assert_all_or_none(table, "transaction-last", 4).await;
}

/// Runs a transaction of five creations, of which one meets an item.
async fn assert_all_or_none(table: &Shared, check: &str, taken: usize) {
    let existing = item(key(check, taken), json!({"owner": "first", "nested": {"list": [1, "two"]}}));
    table.write(&[Write::put(existing.clone())]).await.unwrap();
    let result = table.write(&creations(check, 5)).await;
    assert_refused(result, taken, Some(&existing));
    for number in 0..5 {
        let expected = (number == taken).then_some(&existing);
        assert_eq!(read(table, &key(check, number)).await.as_ref(), expected, "item {number}");
    }
}

fn creations(check: &str, count: usize) -> Vec<Write> {
    (0..count).map(|number| Write::put(small(key(check, number))).when(Condition::Absent)).collect()
}

fn small(key: Key) -> Item {
    item(key, json!({"owner": "transaction"}))
}

async fn transaction_names_the_first_of_several_failures(table: &Shared) {
    let existing = small(key("transaction-several", 1));
    table.write(&[Write::put(existing.clone()), Write::put(small(key("transaction-several", 3)))]).await.unwrap();
    assert_refused(table.write(&creations("transaction-several", 5)).await, 1, Some(&existing));
    let missing = [
        Write::put(small(key("transaction-several", 4))),
        Write::delete(key("transaction-several", 5)).when(Condition::Present),
    ];
    assert_refused(table.write(&missing).await, 1, None);
    assert_eq!(read(table, &key("transaction-several", 4)).await, None);
}

async fn transaction_of_100_writes_is_accepted(table: &Shared) {
    table.write(&creations("transaction-100", 100)).await.unwrap();
    let keys: Vec<_> = (0..100).map(|number| key("transaction-100", number)).collect();
    assert!(table.get_many(&keys).await.unwrap().iter().all(Option::is_some));
}

async fn no_writes_and_101_writes_are_refused(table: &Shared) {
    assert!(matches!(table.write(&[]).await, Err(TableError::Invalid(_))));
    let result = table.write(&creations("transaction-101", 101)).await;
    assert!(matches!(result, Err(TableError::Invalid(_))), "{result:?}");
    assert_eq!(read(table, &key("transaction-101", 0)).await, None);
}

async fn two_writes_to_one_key_are_refused(table: &Shared) {
    let key = key("transaction-twice", "a");
    let result = table.write(&[Write::put(small(key.clone())), Write::delete(key.clone())]).await;
    assert!(matches!(result, Err(TableError::Invalid(_))), "{result:?}");
    assert_eq!(read(table, &key).await, None);
}
