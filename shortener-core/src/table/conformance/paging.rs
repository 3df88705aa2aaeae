//! Pages: none lost, none doubled, at every limit and beyond a megabyte.

use serde_json::{Value, json};

use super::super::{Item, MAX_PAGE_BYTES, Order, Position, Query, SortRange, Write};
use super::order::query;
use super::{Shared, all_items, all_pages, item, key, list};

list![
    pages_of_every_limit_are_complete,
    a_limit_that_equals_the_count_is_complete,
    pages_end_at_a_megabyte,
    a_position_outlives_its_item,
    a_page_can_begin_anywhere,
    items_added_behind_the_position_do_not_appear,
];

async fn store(table: &Shared, check: &str, count: usize) -> Vec<Item> {
    let items: Vec<Item> =
        (0..count).map(|number| item(key(check, format!("{number:03}")), json!({"number": number}))).collect();
    table.insert_many(&items).await.unwrap();
    items
}

async fn pages_of_every_limit_are_complete(table: &Shared) {
    let mut expected = store(table, "paging-limits", 20).await;
    for order in [Order::Ascending, Order::Descending] {
        for limit in [1, 2, 3, 7, 19, 20, 21, 1_000] {
            let query = Query { limit, ..query("paging-limits", SortRange::all(), order) };
            assert_eq!(all_items(table, &query).await, expected, "{order:?}, pages of {limit}");
        }
        expected.reverse();
    }
}

async fn a_limit_that_equals_the_count_is_complete(table: &Shared) {
    let expected = store(table, "paging-exact", 10).await;
    let query = Query { limit: 10, ..query("paging-exact", SortRange::all(), Order::Ascending) };
    let pages = all_pages(table, &query).await;
    assert_eq!(pages[0].items, expected);
    // An engine may not know that nothing follows; then exactly one empty page says so.
    assert!(pages.len() <= 2 && pages[1..].iter().all(|page| page.items.is_empty()), "{} pages", pages.len());
}

async fn pages_end_at_a_megabyte(table: &Shared) {
    let text = "z".repeat(100_000);
    let items: Vec<Item> =
        (0..33).map(|number| item(key("paging-bytes", format!("{number:03}")), json!({"text": text}))).collect();
    table.insert_many(&items).await.unwrap();
    for order in [Order::Ascending, Order::Descending] {
        let pages = all_pages(table, &query("paging-bytes", SortRange::all(), order)).await;
        assert!(pages.len() >= 3, "3.3 MB in {} pages", pages.len());
        for page in &pages {
            let bytes: usize = page.items.iter().skip(1).map(Item::size_bytes).sum();
            assert!(bytes <= MAX_PAGE_BYTES, "a page of more than {bytes} bytes");
        }
        let mut found: Vec<Item> = pages.into_iter().flat_map(|page| page.items).collect();
        if order == Order::Descending {
            found.reverse();
        }
        assert!(found == items, "items lost, doubled or out of order ({} of {})", found.len(), items.len());
    }
}

async fn a_position_outlives_its_item(table: &Shared) {
    let items = store(table, "paging-outlives", 6).await;
    for (order, rest) in [(Order::Ascending, [3, 4, 5]), (Order::Descending, [2, 1, 0])] {
        let first = Query { limit: 3, ..query("paging-outlives", SortRange::all(), order) };
        let page = table.query(&first).await.unwrap();
        let last = page.items[2].clone();
        table.write(&[Write::delete(last.key.clone())]).await.unwrap();
        let found = all_items(table, &Query { start: page.next, ..first }).await;
        assert_eq!(found, rest.map(|number| items[number].clone()), "{order:?}");
        table.write(&[Write::put(last)]).await.unwrap();
    }
}

async fn a_page_can_begin_anywhere(table: &Shared) {
    let items = store(table, "paging-anywhere", 8).await;
    let start = Some(Position { key: items[3].key.clone(), sort: Value::Null });
    let ascending = Query { start, ..query("paging-anywhere", SortRange::all(), Order::Ascending) };
    assert_eq!(all_items(table, &ascending).await, items[4..]);
    let descending = Query { order: Order::Descending, ..ascending.clone() };
    let mut before: Vec<Item> = items[..3].to_vec();
    before.reverse();
    assert_eq!(all_items(table, &descending).await, before);
    let ranged = Query { range: SortRange { from: Some("002".into()), to: Some("006".into()) }, ..ascending };
    assert_eq!(all_items(table, &ranged).await, items[4..6]);
}

async fn items_added_behind_the_position_do_not_appear(table: &Shared) {
    let items = store(table, "paging-behind", 4).await;
    let first = Query { limit: 2, ..query("paging-behind", SortRange::all(), Order::Ascending) };
    let page = table.query(&first).await.unwrap();
    let behind = item(key("paging-behind", "000a"), json!({}));
    let ahead = item(key("paging-behind", "002a"), json!({}));
    table.write(&[Write::put(behind), Write::put(ahead.clone())]).await.unwrap();
    let found = all_items(table, &Query { start: page.next, ..first }).await;
    assert_eq!(found, [items[2].clone(), ahead, items[3].clone()]);
}
