//! The three indexes: what they hold, how they sort, and how items come and go.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::keys::{self, Index, SHARDS};
use super::super::{Attributes, Inserted, Item, Key, Order, Query, SortRange, TableError, Write};
use super::{Shared, all_items, item, key, list, settled};

list![
    by_created_holds_whole_items_in_order,
    by_target_holds_keys_only_in_order,
    by_target_reads_a_prefix,
    top_sorts_by_number,
    top_pages_through_ties,
    a_range_over_top_is_refused,
    items_lacking_an_index_key_are_not_in_the_index,
    an_item_leaves_an_index_with_its_attributes,
    an_item_moves_in_an_index_with_its_attributes,
    index_pages_of_every_limit_are_complete,
    sixteen_shards_merge_into_one_order,
];

fn over(index: Index, partition: &str, order: Order, limit: usize) -> Query {
    Query { index: Some(index), partition: partition.to_owned(), range: SortRange::all(), order, limit, start: None }
}

fn forwards(index: Index, partition: &str) -> Query {
    over(index, partition, Order::Ascending, 100)
}

async fn store(table: &Shared, items: &[Item]) {
    assert_eq!(table.insert_many(items).await.unwrap(), vec![Inserted::Inserted; items.len()]);
}

fn created(check: &str, sk: &str, sort: &str) -> Item {
    let partition = format!("CHECK#{check}");
    item(key(check, sk), json!({"created_pk": partition, "created_sk": sort, "body": {"list": [sk]}, "n": 7}))
}

fn target(check: &str, sk: &str, sort: &str) -> Item {
    let partition = format!("CHECK#{check}");
    item(key(check, sk), json!({"target_pk": partition, "target_sk": sort, "body": "not projected", "n": 7}))
}

fn ranked(check: &str, sk: &str, clicks: i64) -> Item {
    item(key(check, sk), json!({"top_pk": format!("CHECK#{check}"), "top_clicks": clicks, "body": "not projected"}))
}

/// What a keys-only index shows of an item.
fn keys_only(index: Index, item: &Item) -> Item {
    let names = [index.partition_attribute(), index.sort_attribute()];
    let attributes = names.map(|name| (name.to_owned(), item.attributes[name].clone()));
    Item { key: item.key.clone(), attributes: Attributes::from_iter(attributes) }
}

async fn by_created_holds_whole_items_in_order(table: &Shared) {
    let items = [("c", "2026-01"), ("a", "2026-02"), ("b", "2026-03")].map(|(sk, at)| created("created", sk, at));
    store(table, &[items[2].clone(), items[0].clone(), items[1].clone()]).await;
    assert_eq!(settled(table, &forwards(Index::ByCreated, "CHECK#created"), 3).await, items);
    let backwards = over(Index::ByCreated, "CHECK#created", Order::Descending, 100);
    assert_eq!(settled(table, &backwards, 3).await, [items[2].clone(), items[1].clone(), items[0].clone()]);
}

async fn by_target_holds_keys_only_in_order(table: &Shared) {
    let items = [("b", "/"), ("c", "/a"), ("a", "/a/b")].map(|(sk, path)| target("target", sk, path));
    store(table, &[items[1].clone(), items[2].clone(), items[0].clone()]).await;
    let found = settled(table, &forwards(Index::ByTarget, "CHECK#target"), 3).await;
    assert_eq!(found, items.map(|item| keys_only(Index::ByTarget, &item)));
}

async fn by_target_reads_a_prefix(table: &Shared) {
    let items = ["/", "/a", "/a/1", "/a/2", "/b"].map(|path| target("target-prefix", path, path));
    store(table, &items).await;
    let all = forwards(Index::ByTarget, "CHECK#target-prefix");
    settled(table, &all, 5).await;
    let found = all_items(table, &Query { range: SortRange::prefix("/a/"), ..all.clone() }).await;
    assert_eq!(found, items[2..4].iter().map(|item| keys_only(Index::ByTarget, item)).collect::<Vec<_>>());
    let half_open = SortRange { from: Some("/a".into()), to: Some("/a/2".into()) };
    let found = all_items(table, &Query { range: half_open, order: Order::Descending, limit: 1, ..all }).await;
    assert_eq!(sort_keys(&found), ["/a/1", "/a"]);
}

fn sort_keys(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.key.sk.as_str()).collect()
}

async fn top_sorts_by_number(table: &Shared) {
    let items = [9, 100, -3, 10, 0, i64::MAX, 2_000].map(|clicks| ranked("top", &format!("sk{clicks}"), clicks));
    store(table, &items).await;
    let found = settled(table, &over(Index::Top, "CHECK#top", Order::Descending, 3), 7).await;
    let clicks: Vec<Option<i64>> = found.iter().map(|item| item.number("top_clicks")).collect();
    assert_eq!(clicks, [i64::MAX, 2_000, 100, 10, 9, 0, -3].map(Some));
    assert_eq!(found[2], keys_only(Index::Top, &items[1]));
    let ascending = settled(table, &over(Index::Top, "CHECK#top", Order::Ascending, 2), 7).await;
    assert_eq!(ascending, found.into_iter().rev().collect::<Vec<_>>());
}

async fn top_pages_through_ties(table: &Shared) {
    let items: Vec<Item> = (0..24).map(|number| ranked("top-ties", &format!("{number:02}"), number / 8)).collect();
    store(table, &items).await;
    for order in [Order::Ascending, Order::Descending] {
        let whole = settled(table, &over(Index::Top, "CHECK#top-ties", order, 100), 24).await;
        assert_eq!(whole.iter().map(|item| &item.key).collect::<BTreeSet<_>>().len(), 24);
        for limit in [1, 5, 8] {
            assert_eq!(all_items(table, &over(Index::Top, "CHECK#top-ties", order, limit)).await, whole);
        }
    }
}

async fn a_range_over_top_is_refused(table: &Shared) {
    let query = Query { range: SortRange::prefix("1"), ..forwards(Index::Top, "CHECK#top-range") };
    let result = table.query(&query).await;
    assert!(matches!(result, Err(TableError::Invalid(_))), "{result:?}");
}

async fn items_lacking_an_index_key_are_not_in_the_index(table: &Shared) {
    let mut half = created("sparse-half", "half", "1");
    half.attributes.remove("created_sk");
    let plain = item(key("sparse-half", "plain"), json!({"n": 1}));
    let whole = created("sparse-half", "whole", "2");
    store(table, &[half, plain, whole.clone()]).await;
    assert_eq!(settled(table, &forwards(Index::ByCreated, "CHECK#sparse-half"), 1).await, [whole]);
}

async fn an_item_leaves_an_index_with_its_attributes(table: &Shared) {
    let items = ["put", "update", "delete", "stay"].map(|sk| created("sparse-leave", sk, sk));
    store(table, &items).await;
    let query = forwards(Index::ByCreated, "CHECK#sparse-leave");
    settled(table, &query, 4).await;
    table.write(&[Write::put(item(items[0].key.clone(), json!({"n": 1})))]).await.unwrap();
    let remove = vec!["created_sk".to_owned()];
    table.write(&[Write::update(items[1].key.clone(), Attributes::new(), remove)]).await.unwrap();
    table.write(&[Write::delete(items[2].key.clone())]).await.unwrap();
    assert_eq!(settled(table, &query, 1).await, [items[3].clone()]);
}

async fn an_item_moves_in_an_index_with_its_attributes(table: &Shared) {
    let items = ["a", "b"].map(|sk| ranked("sparse-move", sk, 5));
    store(table, &items).await;
    let to = |partition: &str, clicks: i64| {
        Attributes::from_iter([
            ("top_pk".to_owned(), Value::String(partition.to_owned())),
            ("top_clicks".to_owned(), clicks.into()),
        ])
    };
    let update = |key: &Key, set| Write::update(key.clone(), set, Vec::new());
    table.write(&[update(&items[0].key, to("CHECK#sparse-move", 6))]).await.unwrap();
    table.write(&[update(&items[1].key, to("CHECK#sparse-moved", 7))]).await.unwrap();
    let there = settled(table, &forwards(Index::Top, "CHECK#sparse-moved"), 1).await;
    assert_eq!((sort_keys(&there), there[0].number("top_clicks")), (vec!["b"], Some(7)));
    let here = settled(table, &forwards(Index::Top, "CHECK#sparse-move"), 1).await;
    assert_eq!((sort_keys(&here), here[0].number("top_clicks")), (vec!["a"], Some(6)));
}

async fn index_pages_of_every_limit_are_complete(table: &Shared) {
    // Equal sort keys under different primary keys must neither be lost nor doubled between pages.
    let items: Vec<Item> = (0..15)
        .map(|number| created(&format!("index-pages-{number}"), "a", &format!("{:02}", number / 3)))
        .map(|mut item| {
            item.attributes.insert("created_pk".to_owned(), json!("CHECK#index-pages"));
            item
        })
        .collect();
    store(table, &items).await;
    for order in [Order::Ascending, Order::Descending] {
        let whole = settled(table, &over(Index::ByCreated, "CHECK#index-pages", order, 100), 15).await;
        assert_eq!(whole.iter().map(|item| &item.key).collect::<BTreeSet<_>>().len(), 15);
        for limit in [1, 2, 7, 15] {
            let found = all_items(table, &over(Index::ByCreated, "CHECK#index-pages", order, limit)).await;
            assert_eq!(found, whole, "{order:?}, pages of {limit}");
        }
    }
}

async fn sixteen_shards_merge_into_one_order(table: &Shared) {
    let items: Vec<Item> = (0..160_u8)
        .map(|number| {
            // Steps of 7 visit every shard, and neighbours in time never share one.
            let partition = keys::created_partition(number.wrapping_mul(7) % SHARDS);
            let attributes = json!({"created_pk": partition, "created_sk": format!("2026#{number:03}")});
            item(key("shards", number), attributes)
        })
        .collect();
    store(table, &items).await;
    let mut merged = Vec::new();
    for shard in 0..SHARDS {
        let query = over(Index::ByCreated, &keys::created_partition(shard), Order::Ascending, 4);
        merged.extend(settled(table, &query, 10).await);
    }
    merged.sort_by_key(|item| item.text("created_sk").map(str::to_owned));
    assert_eq!(merged, items);
}
