//! One conformance story for every engine: what the contract of [`Table`] says, as checks that can be run by name.
//!
//! A runner makes a fresh table, runs [`run_all`] and demands that nothing failed, or exactly the gaps it knows of.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinError;
use tokio::time::{sleep, timeout};

use super::{Consistency, Item, Key, Page, Query, Table, TableError};

mod bulk;
mod conditions;
mod counters;
mod indexes;
mod order;
mod paging;
mod races;
mod sizes;
mod transactions;
mod values;

/// A table under test, shared by the tasks of a check.
type Shared = Arc<dyn Table>;
type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long one check may take before it counts as failed.
const PATIENCE: Duration = Duration::from_mins(3);

/// How long an index may lag behind its table.
const INDEX_LAG: Duration = Duration::from_secs(10);

/// One thing that every engine must do. It panics if the engine does not.
#[derive(Clone, Copy)]
pub struct Check {
    /// A sentence in snake case, unique in the story.
    pub name: &'static str,
    run: fn(Shared) -> Running,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Name of the check.
    pub name: &'static str,
    /// What it panicked with.
    pub message: String,
}

/// Lists async functions of `&Shared` as checks of the same names.
macro_rules! list {
    ($($name:ident),+ $(,)?) => {
        pub(super) fn checks() -> Vec<super::Check> {
            vec![$(super::Check {
                name: stringify!($name),
                run: |table| Box::pin(async move { $name(&table).await }),
            }),+]
        }
    };
}
use list;

/// The whole story. Checks use partitions of their own, so that all can share one table, each once.
pub fn checks() -> Vec<Check> {
    [
        conditions::checks(),
        transactions::checks(),
        values::checks(),
        sizes::checks(),
        bulk::checks(),
        counters::checks(),
        order::checks(),
        paging::checks(),
        indexes::checks(),
        races::checks(),
    ]
    .concat()
}

/// Runs every check against one fresh table and returns what failed, in the order of the story.
pub async fn run_all(table: &Arc<dyn Table>) -> Vec<Failure> {
    let mut failures = Vec::new();
    for check in checks() {
        failures.extend(check.run(table).await.err());
    }
    failures
}

impl Check {
    /// Runs this check alone.
    ///
    /// # Errors
    /// [`Failure`] if the engine does not pass, panics, or takes longer than three minutes.
    pub async fn run(&self, table: &Arc<dyn Table>) -> Result<(), Failure> {
        let message = match timeout(PATIENCE, tokio::spawn((self.run)(Arc::clone(table)))).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => panic_message(error),
            Err(_) => format!("no answer within {PATIENCE:?}"),
        };
        Err(Failure { name: self.name, message })
    }
}

fn panic_message(error: JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else {
        return "cancelled".to_owned();
    };
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// A key in the partition of one check.
fn key(check: &str, sk: impl fmt::Display) -> Key {
    Key::new(format!("CHECK#{check}"), sk.to_string())
}

/// An item of a key and a JSON object.
fn item(key: Key, attributes: Value) -> Item {
    match attributes {
        Value::Object(attributes) => Item { key, attributes },
        other => panic!("not an object: {other}"),
    }
}

/// The item there now.
async fn read(table: &Shared, key: &Key) -> Option<Item> {
    table.get(key, Consistency::Strong).await.unwrap()
}

/// Asserts that the `index`th write was refused because of `existing`.
#[track_caller]
fn assert_refused(result: Result<(), TableError>, index: usize, existing: Option<&Item>) {
    match result {
        Err(TableError::ConditionFailed { index: at, existing: found }) => {
            assert_eq!(at, index, "index of the failing write");
            assert_eq!(found.as_deref(), existing, "item shown by the refusal");
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// Follows a query to its end. The number of pages is bounded, so that an engine that never ends fails.
async fn all_pages(table: &Shared, query: &Query) -> Vec<Page> {
    let mut query = query.clone();
    let mut pages = Vec::new();
    for _ in 0..2_000 {
        let page = table.query(&query).await.unwrap();
        assert!(page.items.len() <= query.limit, "{} items in a page of {}", page.items.len(), query.limit);
        query.start.clone_from(&page.next);
        pages.push(page);
        if query.start.is_none() {
            return pages;
        }
    }
    panic!("the query does not end: {query:?}");
}

/// Every item of a query.
async fn all_items(table: &Shared, query: &Query) -> Vec<Item> {
    all_pages(table, query).await.into_iter().flat_map(|page| page.items).collect()
}

/// Every item of a query on an index, once there are `count`: an index may lag.
async fn settled(table: &Shared, query: &Query, count: usize) -> Vec<Item> {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        let items = all_items(table, query).await;
        if items.len() == count || waited >= INDEX_LAG {
            assert_eq!(items.len(), count, "items in {query:?}");
            return items;
        }
        sleep(step).await;
        waited += step;
    }
}
