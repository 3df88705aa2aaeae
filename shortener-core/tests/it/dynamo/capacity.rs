//! What the emulator says that operations take, against what the developer guide of DynamoDB says they do
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>).

use shortener_core::table::dynamo::in_process::Consumed;

use super::*;

/// An item of at least so many bytes.
fn large(sk: &str, bytes: usize) -> Item {
    with(item(sk), &[("text", "x".repeat(bytes))])
}

/// An item that two indexes hold: one all of it, the other its keys.
fn indexed(sk: &str, target: &str) -> Item {
    let by = |index: Index, partition: &str, sort: &str| {
        [(index.partition_attribute(), partition.to_owned()), (index.sort_attribute(), sort.to_owned())]
    };
    let [a, b] = by(Index::ByCreated, "LINKS#00", sk);
    let [c, d] = by(Index::ByTarget, "TARGET#a.example#00", target);
    with(item(sk), &[a, b, c, d])
}

fn with(mut item: Item, texts: &[(&str, String)]) -> Item {
    item.attributes.extend(texts.iter().map(|(name, text)| ((*name).to_owned(), json!(text))));
    item
}

async fn metered() -> (InProcess, DynamoTable) {
    let (engine, table) = with_table().await;
    engine.start_metering();
    (engine, table)
}

/// Calls, read units and write units of operations that were all told.
fn taken(engine: &InProcess) -> (u64, f64, f64) {
    let Consumed { calls, read_units, write_units, untold } = engine.take_consumed();
    assert_eq!(untold, 0);
    (calls, read_units, write_units)
}

#[tokio::test]
async fn reads_take_a_unit_for_four_kilobytes_and_half_of_it_if_they_may_be_stale() {
    let (engine, table) = metered().await;
    table.insert_many(&[item("a"), large("b", 4096)]).await.unwrap();
    engine.take_consumed();
    for (sk, consistency, units) in [
        ("a", Consistency::Strong, 1.0),
        ("b", Consistency::Strong, 2.0),
        ("nothing", Consistency::Strong, 1.0),
        ("a", Consistency::Eventual, 0.5),
        ("b", Consistency::Eventual, 1.0),
    ] {
        table.get(&Key::new("TEST", sk), consistency).await.unwrap();
        assert_eq!(taken(&engine), (1, units, 0.0), "{sk} {consistency:?}");
    }
    // Each item of a batch by itself, what a query looks at together.
    table.get_many(&["a", "b", "nothing"].map(|sk| Key::new("TEST", sk))).await.unwrap();
    assert_eq!(taken(&engine), (1, 4.0, 0.0));
    let (partition, range) = ("TEST".to_owned(), SortRange::all());
    let query = Query { index: None, partition, range, order: Order::Ascending, limit: 10, start: None };
    table.query(&query).await.unwrap();
    assert_eq!(taken(&engine), (1, 2.0, 0.0));
    let by_created = Query { index: Some(Index::ByCreated), partition: "LINKS#00".to_owned(), ..query };
    table.query(&by_created).await.unwrap();
    assert_eq!(taken(&engine), (1, 0.5, 0.0));
}

#[tokio::test]
async fn writes_take_a_unit_for_each_kilobyte_in_the_table_and_in_each_index_they_change() {
    let (engine, table) = metered().await;
    let writes = [
        (Write::put(item("a")), 1.0),
        (Write::put(large("b", 1024)), 2.0),
        (Write::put(indexed("c", "/one")), 3.0),
        (Write::put(indexed("c", "/one")), 1.0),
        // Under another key of an index, it is deleted there and inserted; the other index has a copy that changes.
        (Write::put(indexed("c", "/two")), 4.0),
        (Write::update(item("a").key, item("b").attributes, Vec::new()), 1.0),
        (Write::delete(indexed("c", "/two").key), 3.0),
    ];
    for (write, units) in writes {
        table.write(std::slice::from_ref(&write)).await.unwrap();
        assert_eq!(taken(&engine), (1, 0.0, units), "{write:?}");
    }
    table.add(&Key::new("QUOTA#a", "QUOTA"), "used", 1, 10).await.unwrap();
    assert_eq!(taken(&engine), (1, 0.0, 1.0));
}

#[tokio::test]
async fn a_transaction_takes_twice_as_much_of_the_table_and_no_more_of_its_indexes() {
    let (engine, table) = metered().await;
    table.write(&[Write::put(item("a")), Write::put(indexed("b", "/one"))]).await.unwrap();
    assert_eq!(taken(&engine), (1, 0.0, 2.0 + 2.0 + 2.0));
}

#[tokio::test]
async fn many_inserts_take_what_they_would_take_one_by_one() {
    let (engine, table) = metered().await;
    for (insert_by, calls) in [(InsertBy::NEAR, 30), (InsertBy::FAR, 2)] {
        let items: Vec<Item> = (0..30).map(|n| indexed(&format!("{calls}-{n}"), "/one")).collect();
        table.clone().inserting_by(insert_by).insert_many(&items).await.unwrap();
        assert_eq!(taken(&engine), (calls, 0.0, 90.0), "{insert_by:?}");
    }
}

#[tokio::test]
async fn refused_writes_are_known_not_to_be_told() {
    let (engine, table) = metered().await;
    table.write(&create("a")).await.unwrap();
    table.write(&create("a")).await.unwrap_err();
    assert_eq!(engine.take_consumed(), Consumed { calls: 2, read_units: 0.0, write_units: 1.0, untold: 1 });
    let table = table.inserting_by(InsertBy::FAR);
    for untold in [0, 20] {
        table.insert_many(&items(20)).await.unwrap();
        assert_eq!(engine.take_consumed().untold, untold);
    }
}

#[tokio::test]
async fn nothing_is_asked_for_that_nobody_wants_to_know() {
    let (engine, table) = with_table().await;
    table.write(&create("a")).await.unwrap();
    assert_eq!(engine.take_consumed(), Consumed::default());
}
