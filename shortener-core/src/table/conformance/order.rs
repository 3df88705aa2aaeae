//! Order and ranges of a partition.

use serde_json::json;

use super::super::{Item, Order, Query, SortRange, TableError};
use super::{Shared, all_items, item, key, list};

list![
    an_empty_partition_is_one_empty_page,
    a_partition_is_sorted_by_the_bytes_of_its_sort_keys,
    a_query_sees_every_write_acknowledged_before,
    a_query_does_not_see_other_partitions,
    ranges_are_half_open,
    a_prefix_range_holds_what_begins_with_it,
    after_and_before_leave_the_bound_out,
    an_empty_range_holds_nothing,
    a_query_without_limit_is_refused,
];

/// In byte order: a capital before small letters, ASCII before what takes more bytes, a prefix before what it begins.
const SORTED: [&str; 12] = ["A", "B", "a", "a#1", "a#10", "a#2", "a#9", "aa", "b", "é", "日", "🦀"];

/// Stores [`SORTED`] in another order, once for each check.
async fn store(table: &Shared, check: &str) {
    let mut items: Vec<Item> = SORTED.iter().map(|sk| item(key(check, sk), json!({"body": sk}))).collect();
    items.reverse();
    items.swap(3, 7);
    table.insert_many(&items).await.unwrap();
}

pub(super) fn query(check: &str, range: SortRange, order: Order) -> Query {
    Query { index: None, partition: key(check, "").pk, range, order, limit: 100, start: None }
}

/// Asserts what a range holds, forwards and backwards, in pages of every small size.
async fn assert_range(table: &Shared, check: &str, range: SortRange, expected: &[&str]) {
    for limit in [1, 2, 100] {
        for order in [Order::Ascending, Order::Descending] {
            let query = Query { limit, ..query(check, range.clone(), order) };
            let mut found: Vec<String> = all_items(table, &query).await.into_iter().map(|item| item.key.sk).collect();
            if order == Order::Descending {
                found.reverse();
            }
            assert_eq!(found, expected, "{range:?}, {order:?}, pages of {limit}");
        }
    }
}

async fn an_empty_partition_is_one_empty_page(table: &Shared) {
    let page = table.query(&query("order-none", SortRange::all(), Order::Ascending)).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none(), "{page:?}");
}

async fn a_partition_is_sorted_by_the_bytes_of_its_sort_keys(table: &Shared) {
    store(table, "order-all").await;
    assert_range(table, "order-all", SortRange::all(), &SORTED).await;
}

async fn a_query_sees_every_write_acknowledged_before(table: &Shared) {
    for number in 0..20 {
        let written = item(key("order-strong", format!("{number:02}")), json!({"number": number}));
        table.insert_many(std::slice::from_ref(&written)).await.unwrap();
        let found = all_items(table, &query("order-strong", SortRange::all(), Order::Descending)).await;
        assert_eq!((found.len(), &found[0]), (number + 1, &written));
    }
}

async fn a_query_does_not_see_other_partitions(table: &Shared) {
    for partition in ["order-p", "order-pa", "order-o", "order-q"] {
        table.insert_many(&[item(key(partition, "a"), json!({}))]).await.unwrap();
    }
    assert_range(table, "order-p", SortRange::all(), &["a"]).await;
}

async fn ranges_are_half_open(table: &Shared) {
    store(table, "order-half-open").await;
    let range =
        |from: Option<&str>, to: Option<&str>| SortRange { from: from.map(str::to_owned), to: to.map(str::to_owned) };
    let check = "order-half-open";
    assert_range(table, check, range(Some("a#10"), Some("b")), &["a#10", "a#2", "a#9", "aa"]).await;
    assert_range(table, check, range(Some("b"), None), &["b", "é", "日", "🦀"]).await;
    assert_range(table, check, range(None, Some("a")), &["A", "B"]).await;
    assert_range(table, check, range(None, Some("A")), &[]).await;
    assert_range(table, check, range(Some("🦀"), None), &["🦀"]).await;
}

async fn a_prefix_range_holds_what_begins_with_it(table: &Shared) {
    store(table, "order-prefix").await;
    assert_range(table, "order-prefix", SortRange::prefix("a#"), &["a#1", "a#10", "a#2", "a#9"]).await;
    assert_range(table, "order-prefix", SortRange::prefix("a#1"), &["a#1", "a#10"]).await;
    assert_range(table, "order-prefix", SortRange::prefix("é"), &["é"]).await;
    assert_range(table, "order-prefix", SortRange::prefix("c"), &[]).await;
}

async fn after_and_before_leave_the_bound_out(table: &Shared) {
    store(table, "order-after").await;
    let check = "order-after";
    assert_range(table, check, SortRange::all().after("a#9"), &["aa", "b", "é", "日", "🦀"]).await;
    assert_range(table, check, SortRange::all().after("a#1"), &SORTED[4..]).await;
    assert_range(table, check, SortRange::all().before("a"), &["A", "B"]).await;
    assert_range(table, check, SortRange::prefix("a#").after("a#10"), &["a#2", "a#9"]).await;
    assert_range(table, check, SortRange::prefix("a#").before("a#2"), &["a#1", "a#10"]).await;
    assert_range(table, check, SortRange::all().after("a").before("aa"), &["a#1", "a#10", "a#2", "a#9"]).await;
    // A bound that is no item's key.
    assert_range(table, check, SortRange::all().after("a#5"), &SORTED[6..]).await;
}

async fn an_empty_range_holds_nothing(table: &Shared) {
    store(table, "order-empty").await;
    let check = "order-empty";
    assert_range(table, check, SortRange { from: Some("b".into()), to: Some("b".into()) }, &[]).await;
    assert_range(table, check, SortRange { from: Some("b".into()), to: Some("a".into()) }, &[]).await;
    assert_range(table, check, SortRange::all().after("a").before("a"), &[]).await;
}

async fn a_query_without_limit_is_refused(table: &Shared) {
    let query = Query { limit: 0, ..query("order-none", SortRange::all(), Order::Ascending) };
    let result = table.query(&query).await;
    assert!(matches!(result, Err(TableError::Invalid(_))), "{result:?}");
}
