//! What an attribute can hold, and what it cannot.

use serde_json::{Value, json};

use super::super::{Attributes, Item, TableError, Write};
use super::{Shared, item, key, list, read};

list![
    values_of_every_kind_round_trip,
    integers_stay_exact,
    keys_of_every_script_round_trip,
    updates_round_trip_what_puts_do,
    an_item_of_a_key_alone_round_trips,
    nulls_fractions_and_empty_keys_are_refused,
    index_keys_of_the_wrong_type_are_refused,
];

fn values() -> Value {
    json!({
        "empty": "",
        "nul": "a\u{0}b",
        "unicode": "žluťoučký 日本語 🦀 e\u{301} \u{10ffff}",
        "quotes": "'\"\\`%_;--\r\n\t",
        "true": true,
        "false": false,
        "zero": 0,
        "numeral": "007",
        "empty_list": [],
        "empty_map": {},
        "list": [1, "two", true, [3, [4]], {"five": 6}, ""],
        "map": {"a": {"b": {"c": [{"d": ""}]}}, " ": "blank name", "with.dot": 1, "with#hash": 2},
        "dotted.name": "not a path",
        "name": "a reserved word",
        "size": 1,
    })
}

async fn values_of_every_kind_round_trip(table: &Shared) {
    let written = item(key("values", "a"), values());
    table.write(&[Write::put(written.clone())]).await.unwrap();
    assert_eq!(read(table, &written.key).await, Some(written.clone()));
    assert_eq!(table.get_many(std::slice::from_ref(&written.key)).await.unwrap(), vec![Some(written)]);
}

async fn integers_stay_exact(table: &Shared) {
    let numbers = [i64::MIN, i64::MIN + 1, -1, 0, 1, (1 << 53) + 1, 1_000_000_000_000_000_000, i64::MAX - 1, i64::MAX];
    let written = item(key("integers", "a"), json!({"list": numbers, "min": i64::MIN, "max": i64::MAX}));
    table.write(&[Write::put(written.clone())]).await.unwrap();
    assert_eq!(read(table, &written.key).await, Some(written));
}

async fn keys_of_every_script_round_trip(table: &Shared) {
    for sk in ["日本語", "🦀", "a'b\"c", "a\u{0}b", "%_", " ", "A", "a"] {
        let written = item(key("scripts", sk), json!({"sk_was": sk}));
        table.write(&[Write::put(written.clone())]).await.unwrap();
        assert_eq!(read(table, &written.key).await, Some(written));
    }
}

async fn updates_round_trip_what_puts_do(table: &Shared) {
    let expected = item(key("values-update", "a"), values());
    let write = Write::update(expected.key.clone(), expected.attributes.clone(), vec!["dotted.missing".to_owned()]);
    table.write(&[write]).await.unwrap();
    assert_eq!(read(table, &expected.key).await, Some(expected));
}

async fn an_item_of_a_key_alone_round_trips(table: &Shared) {
    let written = item(key("key-alone", "a"), json!({}));
    table.write(&[Write::put(written.clone())]).await.unwrap();
    assert_eq!(read(table, &written.key).await, Some(written));
}

async fn nulls_fractions_and_empty_keys_are_refused(table: &Shared) {
    let null = Attributes::from_iter([("a".to_owned(), Value::Null)]);
    assert_invalid(table, Item { key: key("refused", "null"), attributes: null }).await;
    assert_invalid(table, item(key("refused", "fraction"), json!({"a": 0.5}))).await;
    assert_invalid(table, item(key("refused", "nested"), json!({"a": [{"b": 1e300}]}))).await;
    assert_invalid(table, item(key("refused", "wide"), json!({"a": u64::MAX}))).await;
    assert_invalid(table, item(key("refused", ""), json!({"a": 1}))).await;
    assert_invalid(table, item(key("refused", "key"), json!({"pk": "other"}))).await;
}

async fn index_keys_of_the_wrong_type_are_refused(table: &Shared) {
    assert_invalid(table, item(key("refused", "text"), json!({"created_pk": "p", "created_sk": 1}))).await;
    assert_invalid(table, item(key("refused", "number"), json!({"top_pk": "p", "top_clicks": "1"}))).await;
    assert_invalid(table, item(key("refused", "empty"), json!({"target_pk": "", "target_sk": "s"}))).await;
}

async fn assert_invalid(table: &Shared, item: Item) {
    let update = Write::update(item.key.clone(), item.attributes.clone(), Vec::new());
    for write in [Write::put(item.clone()), update] {
        let result = table.write(&[write]).await;
        assert!(matches!(result, Err(TableError::Invalid(_))), "{item:?}: {result:?}");
    }
    let result = table.insert_many(std::slice::from_ref(&item)).await;
    assert!(matches!(result, Err(TableError::Invalid(_))), "{item:?}: {result:?}");
    if !item.key.sk.is_empty() {
        assert_eq!(read(table, &item.key).await, None);
    }
}
