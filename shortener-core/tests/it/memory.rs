//! The engine for tests, and the conformance story itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use shortener_core::table::conformance::{checks, run_all};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Added, ChangeFeed, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_table_conforms() {
    let table: Arc<dyn Table> = Arc::new(MemoryTable::new());
    assert_eq!(run_all(&table).await, []);
}

#[test]
fn checks_have_names_of_their_own() {
    let names: BTreeSet<_> = checks().iter().map(|check| check.name).collect();
    assert_eq!(names.len(), checks().len());
}

/// An engine that forgets conditions.
#[derive(Debug)]
struct Careless(MemoryTable);

#[async_trait]
impl Table for Careless {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.0.get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        let careless: Vec<Write> = writes.iter().map(|write| Write { condition: None, ..write.clone() }).collect();
        self.0.write(&careless).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.0.insert_many(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.0.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.0.query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.0.add(key, attribute, n, ceiling).await
    }
}

#[tokio::test]
async fn the_story_names_what_an_engine_does_wrong() {
    let table: Arc<dyn Table> = Arc::new(Careless(MemoryTable::new()));
    let failed: Vec<_> = run_all(&table).await.into_iter().map(|failure| failure.name).collect();
    assert_eq!(
        failed,
        [
            "update_of_nothing_changes_nothing_but_still_checks_its_condition",
            "absent_holds_of_a_missing_item_only",
            "absent_or_purgeable_holds_of_missing_and_purgeable_items",
            "present_holds_of_any_item",
            "version_is_holds_of_exactly_that_version",
            "generation_below_holds_of_missing_and_smaller_generations",
            "transaction_failing_first_writes_nothing",
            "transaction_failing_in_the_middle_writes_nothing",
            "transaction_failing_last_writes_nothing",
            "transaction_names_the_first_of_several_failures",
            "inserted_items_meet_conditions",
            "of_two_hundred_creators_one_wins_and_all_see_it",
        ]
    );
}

#[tokio::test]
async fn changes_are_listed_by_key() {
    let table = MemoryTable::new();
    let [a, b] = ["a", "b"].map(|sk| Item::encode(Key::new("P", sk), &json!({"n": 1})).unwrap());
    table.write(&[Write::put(a.clone())]).await.unwrap();
    let since = table.changes_since(u64::MAX).unwrap().latest;
    table.write(&[Write::put(b.clone())]).await.unwrap();
    table.write(&[Write::delete(b.key.clone())]).await.unwrap();
    let changes = table.changes_since(since).unwrap();
    assert_eq!((changes.latest, changes.keys), (since + 2, Some(vec![b.key])));
}
