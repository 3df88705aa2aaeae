//! What a table makes of faults that meet a share of all requests, and of a way that takes time.

use super::*;

/// Everything that goes wrong under load, at once: a third of the calls fails, a third of the parts of the others.
fn storm(engine: &InProcess) {
    engine.inject_share(None, Fault::Throttle, 15, 1);
    engine.inject_share(None, Fault::LostReply, 15, 2);
    engine.inject_share(None, Fault::SomeUnprocessed { percent: 30 }, 100, 3);
}

/// Inserts until every item has an answer, as an importer does.
async fn insert_all(table: &DynamoTable, items: &[Item]) -> usize {
    for call in 1..=100 {
        match table.insert_many(items).await {
            Ok(_) => return call,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
    panic!("a hundred calls were not enough");
}

async fn survives_the_storm(engine: &InProcess, table: &DynamoTable) {
    storm(engine);
    let wanted = items(400);
    insert_all(table, &wanted).await;
    engine.heal();
    let keys: Vec<Key> = wanted.iter().map(|item| item.key.clone()).collect();
    assert_eq!(table.get_many(&keys).await.unwrap(), wanted.into_iter().map(Some).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn everything_arrives_although_a_third_of_all_calls_and_statements_fails() {
    for insert_by in [InsertBy::Puts { in_flight: 8 }, InsertBy::Statements { in_flight: 8 }] {
        let (engine, table) = with_table().await;
        survives_the_storm(&engine, &table.inserting_by(insert_by)).await;
    }
}

#[tokio::test]
async fn the_storm_is_the_same_behind_a_port() {
    let (engine, _) = with_table().await;
    let server = engine.serve().unwrap();
    let remote = over_http(server.url()).inserting_by(InsertBy::Statements { in_flight: 8 });
    survives_the_storm(&engine, &remote).await;
}

#[tokio::test]
async fn a_share_of_the_statements_is_refused_one_by_one() {
    let (engine, table) = with_table().await;
    let table = table.inserting_by(InsertBy::Statements { in_flight: 1 });
    engine.inject(Some("BatchExecuteStatement"), Fault::SomeUnprocessed { percent: 100 }, 1);
    engine.inject(Some("BatchExecuteStatement"), Fault::SomeUnprocessed { percent: 30 }, 1);
    table.insert_many(&items(25)).await.unwrap();
    let sent: Vec<usize> = engine.operations().iter().map(|operation| operation.entries).collect();
    assert_eq!((sent.len(), &sent[..2]), (3, &[25, 25][..]), "{sent:?}");
    assert!((1..15).contains(&sent[2]), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_round_trip_takes_the_time_that_is_set() {
    let (engine, table) = with_table().await;
    engine.set_round_trip(Duration::from_millis(30));
    let began = tokio::time::Instant::now();
    read(&table, "a").await;
    assert_eq!(began.elapsed().as_millis(), 30);
}

#[tokio::test(start_paused = true)]
async fn requests_above_the_bound_are_throttled() {
    let (engine, table) = with_table().await;
    engine.set_round_trip(Duration::from_millis(30));
    engine.throttle_above(2);
    let reads = (0..3).map(|_| table.clone()).map(|table| tokio::spawn(async move { read(&table, "a").await }));
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap();
    }
    assert_eq!(engine.operations().len(), 4, "one of three was sent again");
}

#[tokio::test(start_paused = true)]
async fn a_load_finds_out_what_the_table_bears() {
    for insert_by in [InsertBy::Puts { in_flight: 100 }, InsertBy::Statements { in_flight: 100 }] {
        let (engine, table) = with_table().await;
        let table = table.inserting_by(insert_by);
        engine.set_round_trip(Duration::from_millis(30));
        engine.throttle_above(6);
        let wanted = match insert_by {
            InsertBy::Puts { .. } => items(600),
            InsertBy::Statements { .. } => items(999),
        };
        assert_eq!(table.insert_many(&wanted).await.unwrap(), vec![Inserted::Inserted; wanted.len()]);
        assert!((1..=8).contains(&table.pace().width()), "{insert_by:?}: {}", table.pace().width());
        engine.heal();
        let keys: Vec<Key> = wanted.iter().map(|item| item.key.clone()).collect();
        assert!(table.clone().get_many(&keys).await.unwrap().iter().all(Option::is_some));
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_gives_up_when_its_patience_is_at_an_end() {
    for insert_by in [InsertBy::NEAR, InsertBy::FAR] {
        let (engine, table) = with_table().await;
        let table = table.inserting_by(insert_by);
        engine.inject(None, Fault::Throttle, usize::MAX);
        let began = tokio::time::Instant::now();
        assert!(matches!(table.insert_many(&items(10)).await, Err(TableError::Throttled)));
        assert!(began.elapsed() <= Limits::INTERACTIVE.operation, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn an_engine_that_keeps_no_record_stays_small() {
    let (engine, table) = with_table().await;
    engine.stop_recording();
    read(&table, "a").await;
    assert_eq!(engine.operations(), []);
    assert!(engine.busy() > Duration::ZERO);
}
