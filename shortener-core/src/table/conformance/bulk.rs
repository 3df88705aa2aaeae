//! Many items in one call.

use serde_json::json;

use super::super::{Condition, Inserted, Item, Key, Write};
use super::{Shared, item, key, list, read};

list![
    insert_many_of_nothing_does_nothing,
    insert_many_of_1_item_inserts_it,
    insert_many_of_25_items_inserts_them,
    insert_many_of_26_items_inserts_them,
    insert_many_of_1000_items_inserts_them,
    insert_many_never_overwrites,
    insert_many_takes_the_first_of_equal_keys,
    inserted_items_meet_conditions,
    get_many_of_nothing_answers_nothing,
    get_many_of_1_key_answers_in_order,
    get_many_of_100_keys_answers_in_order,
    get_many_of_101_keys_answers_in_order,
    get_many_of_250_keys_answers_in_order,
    get_many_answers_repeated_keys_each_time,
];

fn numbered(check: &str, number: usize) -> Item {
    item(key(check, format!("{number:04}")), json!({"number": number, "by": "insert"}))
}

async fn insert_many_of_nothing_does_nothing(table: &Shared) {
    assert_eq!(table.insert_many(&[]).await.unwrap(), vec![]);
}

async fn insert_many_of_1_item_inserts_it(table: &Shared) {
    assert_inserts(table, 1).await;
}

async fn insert_many_of_25_items_inserts_them(table: &Shared) {
    assert_inserts(table, 25).await;
}

async fn insert_many_of_26_items_inserts_them(table: &Shared) {
    assert_inserts(table, 26).await;
}

async fn insert_many_of_1000_items_inserts_them(table: &Shared) {
    assert_inserts(table, 1_000).await;
}

/// Inserts `count` items twice: the second time all exist.
async fn assert_inserts(table: &Shared, count: usize) {
    let items: Vec<Item> = (0..count).map(|number| numbered(&format!("insert-{count}"), number)).collect();
    assert_eq!(table.insert_many(&items).await.unwrap(), vec![Inserted::Inserted; count]);
    let keys: Vec<Key> = items.iter().map(|item| item.key.clone()).collect();
    assert_eq!(table.get_many(&keys).await.unwrap(), items.iter().cloned().map(Some).collect::<Vec<_>>());
    assert_eq!(table.insert_many(&items).await.unwrap(), vec![Inserted::Exists; count]);
}

async fn insert_many_never_overwrites(table: &Shared) {
    let existing: Vec<Item> =
        [3, 24, 25, 59].map(|number| item(numbered("insert-over", number).key, json!({"by": "put"}))).to_vec();
    let puts: Vec<Write> = existing.iter().cloned().map(Write::put).collect();
    table.write(&puts).await.unwrap();
    let items: Vec<Item> = (0..60).map(|number| numbered("insert-over", number)).collect();
    let outcomes = table.insert_many(&items).await.unwrap();
    for (item, outcome) in items.iter().zip(outcomes) {
        let taken = existing.iter().find(|existing| existing.key == item.key);
        assert_eq!(outcome == Inserted::Exists, taken.is_some(), "{:?}", item.key);
        assert_eq!(read(table, &item.key).await.as_ref(), Some(taken.unwrap_or(item)));
    }
}

async fn insert_many_takes_the_first_of_equal_keys(table: &Shared) {
    let mut items: Vec<Item> = (0..40).map(|number| numbered("insert-twice", number)).collect();
    // One repeats its neighbour, one an item far away, one is there three times.
    for (at, of) in [(1, 0), (39, 2), (20, 5), (38, 5)] {
        items[at] = item(items[of].key.clone(), json!({"by": "repetition"}));
    }
    let outcomes = table.insert_many(&items).await.unwrap();
    for (at, item) in items.iter().enumerate() {
        let repeats = [1, 39, 20, 38].contains(&at);
        assert_eq!(outcomes[at], if repeats { Inserted::Exists } else { Inserted::Inserted }, "item {at}");
        if !repeats {
            assert_eq!(read(table, &item.key).await.as_ref(), Some(item), "item {at}");
        }
    }
}

async fn inserted_items_meet_conditions(table: &Shared) {
    let inserted = item(key("insert-then", "a"), json!({"version": 1}));
    table.insert_many(std::slice::from_ref(&inserted)).await.unwrap();
    let creation = Write::put(inserted.clone()).when(Condition::Absent);
    super::assert_refused(table.write(&[creation]).await, 0, Some(&inserted));
    table.write(&[Write::delete(inserted.key.clone()).when(Condition::VersionIs(1))]).await.unwrap();
    assert_eq!(table.insert_many(&[inserted]).await.unwrap(), vec![Inserted::Inserted]);
}

async fn get_many_of_nothing_answers_nothing(table: &Shared) {
    assert_eq!(table.get_many(&[]).await.unwrap(), vec![]);
}

async fn get_many_of_1_key_answers_in_order(table: &Shared) {
    assert_answers(table, 1).await;
}

async fn get_many_of_100_keys_answers_in_order(table: &Shared) {
    assert_answers(table, 100).await;
}

async fn get_many_of_101_keys_answers_in_order(table: &Shared) {
    assert_answers(table, 101).await;
}

async fn get_many_of_250_keys_answers_in_order(table: &Shared) {
    assert_answers(table, 250).await;
}

/// Reads `count` keys, backwards; every third of them is missing.
async fn assert_answers(table: &Shared, count: usize) {
    let check = format!("get-{count}");
    let wanted: Vec<Option<Item>> =
        (0..count).rev().map(|number| (number % 3 != 1).then(|| numbered(&check, number))).collect();
    let stored: Vec<Item> = wanted.iter().flatten().cloned().collect();
    table.insert_many(&stored).await.unwrap();
    let keys: Vec<Key> = (0..count).rev().map(|number| numbered(&check, number).key).collect();
    assert_eq!(table.get_many(&keys).await.unwrap(), wanted);
}

async fn get_many_answers_repeated_keys_each_time(table: &Shared) {
    let items = [numbered("get-repeated", 0), numbered("get-repeated", 1)];
    table.insert_many(&items).await.unwrap();
    let missing = key("get-repeated", "missing");
    let order: Vec<Option<&Item>> = (0..130).map(|number| items.get(number % 3)).collect();
    let keys: Vec<Key> = order.iter().map(|item| item.map_or(&missing, |item| &item.key).clone()).collect();
    let found = table.get_many(&keys).await.unwrap();
    assert_eq!(found.iter().map(Option::as_ref).collect::<Vec<_>>(), order);
}
