//! Many batches of the same rows at once.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::{Engine, create, links, mixed, session};
use crate::fixture::service_on;

const BATCHES: usize = 32;

/// Each of the batches is sent by another process of another person.
async fn each_link_is_made_once(engine: &Engine, rows: usize) {
    let rows = mixed(rows);
    let mut batches = JoinSet::new();
    for number in 0..BATCHES {
        let (service, _) = service_on(engine.table());
        let (session, rows) = (session(&service, &format!("importer {number}")), rows.clone());
        batches.spawn(async move { create(&session, &rows).await });
    }
    let outcomes = batches.join_all().await;
    assert_eq!(outcomes.len(), BATCHES);
    let mut made = BTreeMap::new();
    for outcome in &outcomes {
        for (at, result) in outcome.iter().enumerate() {
            assert!([200, 201].contains(&result.status), "{}: {result:?}", engine.name());
            assert_eq!(result.link, outcomes[0][at].link, "{}: everyone sees the same link", engine.name());
            *made.entry(at).or_insert(0) += u32::from(result.status == 201);
        }
    }
    assert!(made.values().all(|times| *times == 1), "{}: {made:?}", engine.name());
    assert_eq!(links(&engine.items().await), rows.len(), "{}", engine.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_batches_of_the_same_rows_make_each_link_once() {
    for engine in Engine::all().await {
        let rows = if matches!(engine, Engine::Dynamo(..)) { 50 } else { 500 };
        each_link_is_made_once(&engine, rows).await;
    }
}
