//! Many writers at once.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::super::{Attributes, Condition, Item, Key, TableError, Write};
use super::{Shared, item, key, list, read};

list![
    of_two_hundred_creators_one_wins_and_all_see_it,
    concurrent_version_increments_lose_none,
    concurrent_transactions_keep_a_sum,
    strong_reads_beside_writers_never_go_back,
];

async fn of_two_hundred_creators_one_wins_and_all_see_it(table: &Shared) {
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let table = Arc::clone(table);
        tasks.spawn(async move {
            let mine = item(key("race-create", "a"), json!({"owner": number}));
            let result = table.write(&[Write::put(mine.clone()).when(Condition::Absent)]).await;
            match result {
                Ok(()) => (true, mine),
                Err(TableError::ConditionFailed { existing: Some(existing), .. }) => (false, *existing),
                Err(other) => panic!("creator {number}: {other:?}"),
            }
        });
    }
    let outcomes: Vec<(bool, Item)> = tasks.join_all().await;
    let winners: Vec<&Item> = outcomes.iter().filter(|(won, _)| *won).map(|(_, item)| item).collect();
    assert_eq!(winners.len(), 1, "winners");
    assert!(outcomes.iter().all(|(_, seen)| seen == winners[0]), "a loser saw another winner");
    assert_eq!(read(table, &winners[0].key).await.as_ref(), Some(winners[0]));
}

async fn concurrent_version_increments_lose_none(table: &Shared) {
    let key = key("race-version", "a");
    table.write(&[Write::put(item(key.clone(), json!({"version": 1})))]).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (table, key) = (Arc::clone(table), key.clone());
        tasks.spawn(async move {
            for _ in 0..5 {
                retry(&table, std::slice::from_ref(&key)).await;
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(read(table, &key).await.unwrap().number("version"), Some(101));
}

async fn concurrent_transactions_keep_a_sum(table: &Shared) {
    let keys = ["a", "b", "c"].map(|sk| key("race-sum", sk));
    for key in &keys {
        table.write(&[Write::put(item(key.clone(), json!({"version": 1})))]).await.unwrap();
    }
    let mut tasks = JoinSet::new();
    for number in 0..30 {
        let (table, keys) = (Arc::clone(table), keys.clone());
        tasks.spawn(async move { retry(&table, &[keys[number % 3].clone(), keys[(number + 1) % 3].clone()]).await });
    }
    tasks.join_all().await;
    for key in &keys {
        assert_eq!(read(table, key).await.unwrap().number("version"), Some(21), "{key:?}");
    }
}

/// Increments the versions of all keys in one write, again and again until none had changed meanwhile.
async fn retry(table: &Shared, keys: &[Key]) {
    loop {
        let mut writes = Vec::new();
        for key in keys {
            let version = read(table, key).await.unwrap().number("version").unwrap();
            let set = Attributes::from_iter([("version".to_owned(), json!(version + 1))]);
            let condition = Condition::VersionIs(u64::try_from(version).unwrap());
            writes.push(Write::update(key.clone(), set, Vec::new()).when(condition));
        }
        match table.write(&writes).await {
            Ok(()) => return,
            Err(TableError::ConditionFailed { .. } | TableError::Conflict) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

async fn strong_reads_beside_writers_never_go_back(table: &Shared) {
    let key = key("race-reads", "a");
    table.write(&[Write::put(item(key.clone(), json!({"n": 0})))]).await.unwrap();
    let writer = tokio::spawn({
        let (table, key) = (Arc::clone(table), key.clone());
        async move {
            for n in 1..=100 {
                table.write(&[Write::put(item(key.clone(), json!({"n": n})))]).await.unwrap();
            }
        }
    });
    let mut last = Some(0);
    while !writer.is_finished() {
        let now = read(table, &key).await.unwrap().number("n");
        assert!(now >= last, "read {now:?} after {last:?}");
        last = now;
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    assert_eq!(read(table, &key).await.unwrap().number("n"), Some(100));
}
