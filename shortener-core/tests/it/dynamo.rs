//! The DynamoDB engine on an emulator inside this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use serde_json::json;
use shortener_core::table::dynamo::in_process::{Fault, InProcess};
use shortener_core::table::dynamo::{
    Created, DeletionProtection, DynamoSettings, DynamoTable, Feature, InsertBy, Limits,
};
use shortener_core::table::keys::{Index, attribute};
use shortener_core::table::{
    Added, Condition, Consistency, Inserted, Item, Key, Order, Query, SortRange, Table, TableError, Write, conformance,
};

mod capacity;
mod credentials;
mod faults;

fn item(sk: &str) -> Item {
    Item { key: Key::new("TEST", sk), attributes: json!({ "version": 1 }).as_object().unwrap().clone() }
}

fn items(count: usize) -> Vec<Item> {
    (0..count).map(|n| item(&format!("{n:03}"))).collect()
}

fn create(sk: &str) -> [Write; 1] {
    [Write::put(item(sk)).when(Condition::Absent)]
}

async fn with_table() -> (InProcess, DynamoTable) {
    InProcess::with_table("short").await.unwrap()
}

async fn read(table: &DynamoTable, sk: &str) -> Option<Item> {
    table.get(&Key::new("TEST", sk), Consistency::Strong).await.unwrap()
}

fn names(engine: &InProcess) -> Vec<String> {
    engine.operations().into_iter().map(|operation| operation.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conformance_story_holds() {
    for insert_by in [InsertBy::default(), InsertBy::Statements { in_flight: 4 }] {
        let (engine, table) = with_table().await;
        let table: Arc<dyn Table> = Arc::new(table.inserting_by(insert_by));
        let failures = conformance::run_all(&table).await;
        assert_eq!(failures, [], "{insert_by:?}");
        assert!(!names(&engine).iter().any(|name| name == "Scan" || name == "BatchWriteItem"));
    }
}

#[tokio::test]
async fn a_read_is_one_get_item_as_consistent_as_asked() {
    let (engine, table) = with_table().await;
    for (consistency, is_consistent) in [(Consistency::Strong, true), (Consistency::Eventual, false)] {
        table.get(&Key::new("TEST", "a"), consistency).await.unwrap();
        let operations = engine.operations();
        let [operation] = operations.as_slice() else { panic!("{operations:?}") };
        assert_eq!((operation.name.as_str(), operation.is_consistent), ("GetItem", is_consistent));
        engine.forget_operations();
    }
}

#[tokio::test]
async fn one_write_is_no_transaction_and_several_are_one() {
    let (engine, table) = with_table().await;
    table.write(&create("a")).await.unwrap();
    table.write(&[Write::delete(item("a").key), Write::put(item("b"))]).await.unwrap();
    assert_eq!(names(&engine), ["PutItem", "TransactWriteItems"]);
}

#[tokio::test]
async fn a_query_is_consistent_on_the_table_alone_and_drops_the_end_of_its_range() {
    let (engine, table) = with_table().await;
    table.insert_many(&items(3)).await.unwrap();
    engine.forget_operations();
    let range = SortRange { from: Some("000".to_owned()), to: Some("002".to_owned()) };
    for order in [Order::Ascending, Order::Descending] {
        let query =
            Query { index: None, partition: "TEST".to_owned(), range: range.clone(), order, limit: 1, start: None };
        assert_eq!(table.query(&query).await.unwrap().items.len(), 1, "{order:?}");
    }
    assert!(engine.operations().iter().all(|operation| operation.is_consistent && operation.index.is_none()));
    engine.forget_operations();
    let partition = "LINKS#00".to_owned();
    let (range, order) = (SortRange::all(), Order::Ascending);
    let query = Query { index: Some(Index::ByCreated), partition, range, order, limit: 1, start: None };
    table.query(&query).await.unwrap();
    let operations = engine.operations();
    assert_eq!(operations[0].index.as_deref(), Some("by_created"));
    assert!(!operations[0].is_consistent);
}

#[tokio::test]
async fn throttling_without_end_is_reported_after_three_attempts() {
    let (engine, table) = with_table().await;
    engine.inject(None, Fault::Throttle, usize::MAX);
    assert!(matches!(table.write(&create("a")).await, Err(TableError::Throttled)));
    assert_eq!(names(&engine), ["PutItem"; 3]);
    assert!(matches!(table.get(&item("a").key, Consistency::Strong).await, Err(TableError::Throttled)));
}

#[tokio::test]
async fn throttling_that_ends_is_not_seen() {
    let (engine, table) = with_table().await;
    engine.inject(Some("PutItem"), Fault::Throttle, 2);
    table.write(&create("a")).await.unwrap();
    assert_eq!(read(&table, "a").await, Some(item("a")));
}

#[tokio::test]
async fn a_conditional_put_whose_reply_was_lost_meets_its_own_item() {
    let (engine, table) = with_table().await;
    engine.inject(Some("PutItem"), Fault::LostReply, 1);
    match table.write(&create("a")).await {
        Err(TableError::ConditionFailed { index: 0, existing: Some(existing) }) => assert_eq!(*existing, item("a")),
        other => panic!("{other:?}"),
    }
    assert_eq!(names(&engine), ["PutItem"; 2]);
}

#[tokio::test]
async fn a_write_whose_every_reply_was_lost_has_an_unknown_outcome() {
    let (engine, table) = with_table().await;
    engine.inject(None, Fault::LostReply, usize::MAX);
    assert_unknown(&table.write(&[Write::put(item("a"))]).await);
    assert_unknown(&table.write(&[Write::put(item("b")), Write::put(item("c"))]).await);
    engine.heal();
    assert_eq!(read(&table, "a").await, Some(item("a")));
}

#[tokio::test]
async fn an_update_whose_reply_was_lost_is_not_sent_again() {
    let (engine, table) = with_table().await;
    let update = Write::update(item("a").key, item("a").attributes, Vec::new());
    for fault in [Fault::LostReply, Fault::ServerError] {
        engine.forget_operations();
        engine.inject(None, fault, 1);
        assert_unknown(&table.write(std::slice::from_ref(&update)).await);
        assert_eq!(names(&engine), ["UpdateItem"], "{fault:?}");
    }
}

#[tokio::test]
async fn a_refusal_after_a_lost_reply_leaves_the_outcome_unknown() {
    let (engine, table) = with_table().await;
    table.write(&create("a")).await.unwrap();
    engine.inject(Some("DeleteItem"), Fault::LostReply, 1);
    assert_unknown(&table.write(&[Write::delete(item("a").key).when(Condition::Present)]).await);
    engine.inject(Some("PutItem"), Fault::LostReply, 1);
    engine.inject(Some("PutItem"), Fault::Throttle, usize::MAX);
    assert_unknown(&table.write(&create("b")).await);
}

#[tokio::test]
async fn a_transaction_whose_reply_was_lost_is_applied_once() {
    let (engine, table) = with_table().await;
    engine.inject(Some("TransactWriteItems"), Fault::LostReply, 1);
    let [first, second] = ["a", "b"].map(|sk| Write::put(item(sk)).when(Condition::Absent));
    table.write(&[first, second]).await.unwrap();
    assert_eq!(names(&engine), ["TransactWriteItems"; 2]);
}

#[tokio::test]
async fn an_addition_is_sent_once_whatever_happens() {
    let (engine, table) = with_table().await;
    let key = Key::new("QUOTA#a", "QUOTA");
    for (fault, times) in [(Fault::LostReply, 1), (Fault::Throttle, 1)] {
        engine.forget_operations();
        engine.inject(Some("UpdateItem"), fault, times);
        let result = table.add(&key, "used", 1, 10).await;
        match fault {
            Fault::LostReply => assert_unknown(&result),
            _ => assert!(matches!(result, Err(TableError::Throttled)), "{result:?}"),
        }
        assert_eq!(names(&engine), ["UpdateItem"]);
    }
    assert_eq!(table.add(&key, "used", 1, 10).await.unwrap(), Added::Now(2));
}

#[tokio::test]
async fn what_was_never_sent_was_not_written() {
    let (engine, table) = with_table().await;
    engine.inject(None, Fault::Unreachable, usize::MAX);
    assert_unavailable(&table.write(&create("a")).await);
    assert_unavailable(&table.add(&item("a").key, "used", 1, 10).await);
    engine.heal();
    engine.inject(None, Fault::ServerError, usize::MAX);
    assert_unavailable(&table.get(&item("a").key, Consistency::Strong).await);
}

#[tokio::test]
async fn unprocessed_parts_of_batches_are_sent_again() {
    let (engine, table) = with_table().await;
    let table = table.inserting_by(InsertBy::Statements { in_flight: 2 });
    engine.inject(Some("BatchExecuteStatement"), Fault::Unprocessed, 3);
    assert_eq!(table.insert_many(&items(60)).await.unwrap(), [Inserted::Inserted; 60]);
    engine.inject(Some("BatchGetItem"), Fault::Unprocessed, 3);
    let wanted = items(60);
    let keys: Vec<Key> = wanted.iter().map(|item| item.key.clone()).collect();
    let found = table.get_many(&keys).await.unwrap();
    assert_eq!(found, wanted.into_iter().map(Some).collect::<Vec<_>>());
    let batch = engine.operations().into_iter().find(|operation| operation.name == "BatchExecuteStatement").unwrap();
    assert_eq!(batch.entries, 25);
}

#[tokio::test]
async fn a_lost_reply_of_a_bulk_insert_never_overwrites() {
    for insert_by in [InsertBy::default(), InsertBy::Statements { in_flight: 2 }] {
        let (engine, table) = with_table().await;
        let table = table.inserting_by(insert_by);
        engine.inject(None, Fault::LostReply, 1);
        let inserted = table.insert_many(&items(30)).await.unwrap();
        assert!(inserted.contains(&Inserted::Exists), "{insert_by:?}: the repetition meets what the first left");
        assert_eq!(read(&table, "029").await, Some(item("029")));
    }
}

#[tokio::test]
async fn a_dead_endpoint_is_unavailable() {
    let server = InProcess::start().unwrap().serve().unwrap();
    let url = server.url().to_owned();
    drop(server);
    let table = over_http(&url);
    assert_unavailable(&table.get(&item("a").key, Consistency::Strong).await);
    assert_unavailable(&table.write(&create("a")).await);
    assert_unavailable(&table.add(&item("a").key, "used", 1, 1).await);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_unavailable_and_nothing_was_written() {
    let table = over_http("http://nowhere.invalid:1");
    assert_unavailable(&table.write(&create("a")).await);
}

#[tokio::test]
async fn a_silent_endpoint_costs_a_redirect_about_a_second() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let table = DynamoTable::from_client(&client(&url, Limits::REDIRECT), "short");
    let began = Instant::now();
    assert_unavailable(&table.get(&item("a").key, Consistency::Strong).await);
    assert_unknown(&table.write(&create("a")).await);
    assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_missing_table_is_named() {
    let table = InProcess::start().unwrap().table("missing");
    let error = table.get(&item("a").key, Consistency::Strong).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no table 'missing'");
    assert!(matches!(table.write(&create("a")).await, Err(TableError::NoSuchTable(name)) if name == "missing"));
    assert!(matches!(table.status().await, Err(TableError::NoSuchTable(_))));
}

#[tokio::test]
async fn missing_credentials_are_said_to_be_missing() {
    let engine = InProcess::start().unwrap();
    let config = engine.client(Limits::INTERACTIVE).config().to_builder();
    let config = config.credentials_provider(NoCredentials).build();
    let table = DynamoTable::from_client(&Client::from_conf(config), "short");
    assert!(matches!(table.get(&item("a").key, Consistency::Strong).await, Err(TableError::NoCredentials(_))));
    assert!(matches!(table.write(&create("a")).await, Err(TableError::NoCredentials(_))));
    assert_eq!(names(&engine), [""; 0]);
}

#[tokio::test]
async fn an_update_that_outgrows_an_item_is_too_large() {
    let (_engine, table) = with_table().await;
    let half = json!({ "a": "x".repeat(300_000) }).as_object().unwrap().clone();
    let other = json!({ "b": "x".repeat(300_000) }).as_object().unwrap().clone();
    table.write(&[Write::update(item("a").key, half, Vec::new())]).await.unwrap();
    let update = Write::update(item("a").key, other, Vec::new());
    let single = table.write(std::slice::from_ref(&update)).await;
    assert!(matches!(single, Err(TableError::ItemTooLarge { .. })), "{single:?}");
    let both = table.write(&[update, Write::put(item("b"))]).await;
    assert!(matches!(both, Err(TableError::ItemTooLarge { .. })), "{both:?}");
}

#[tokio::test]
async fn creating_a_table_again_is_harmless() {
    let engine = InProcess::start().unwrap();
    let table = engine.table("short");
    assert_eq!(table.create(DeletionProtection::On).await.unwrap(), Created::New);
    table.write(&create("a")).await.unwrap();
    assert_eq!(table.create(DeletionProtection::On).await.unwrap(), Created::Existed);
    assert_eq!(read(&table, "a").await, Some(item("a")));
    let status = table.status().await.unwrap();
    assert_eq!((status.state.as_str(), status.differences.len(), status.indexes.len()), ("ACTIVE", 0, 3));
    assert_eq!((status.time_to_live, status.deletion_protection), (Feature::On, Feature::On));
    assert_eq!(status.point_in_time_recovery, Feature::Unsupported, "the emulator has none");
}

#[tokio::test]
async fn a_table_of_another_shape_is_refused_with_its_differences() {
    let engine = InProcess::start().unwrap();
    let define = |name: &str| {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        definition.build().unwrap()
    };
    let pk = KeySchemaElement::builder().attribute_name(attribute::PK).key_type(KeyType::Hash).build().unwrap();
    let request = engine.client(Limits::INTERACTIVE).create_table().table_name("other").key_schema(pk);
    request.attribute_definitions(define(attribute::PK)).billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    let error = engine.table("other").create(DeletionProtection::Off).await.unwrap_err();
    assert!(matches!(error, TableError::Corrupt(_)));
    let text = error.to_string();
    for difference in ["its key is not pk and sk", "index by_created is missing", "index top is missing"] {
        assert!(text.contains(difference), "{text}");
    }
}

#[tokio::test]
async fn the_engine_can_be_served_on_a_port() {
    let (engine, table) = with_table().await;
    let server = engine.serve().unwrap();
    let remote = over_http(server.url());
    remote.write(&create("a")).await.unwrap();
    assert_eq!(read(&table, "a").await, Some(item("a")));
    assert_eq!(remote.create(DeletionProtection::Off).await.unwrap(), Created::Existed);
}

#[tokio::test]
async fn connecting_sends_nothing() {
    let settings =
        DynamoSettings { endpoint_url: Some("http://127.0.0.1:9".to_owned()), ..DynamoSettings::new("short") };
    assert_eq!(DynamoTable::connect(&settings).await.unwrap().name(), "short");
}

#[derive(Debug)]
struct NoCredentials;

impl aws_credential_types::provider::ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        use aws_credential_types::provider::error::CredentialsError;
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(CredentialsError::not_loaded(
            "none here",
        )))
    }
}

pub(crate) fn client(url: &str, limits: Limits) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .timeout_config(limits.timeouts())
        .retry_config(limits.retries());
    Client::from_conf(config.build())
}

fn over_http(url: &str) -> DynamoTable {
    DynamoTable::from_client(&client(url, Limits::INTERACTIVE), "short")
}

#[track_caller]
fn assert_unknown<T: std::fmt::Debug>(result: &Result<T, TableError>) {
    assert!(matches!(result, Err(TableError::OutcomeUnknown(_))), "{result:?}");
}

#[track_caller]
fn assert_unavailable<T: std::fmt::Debug>(result: &Result<T, TableError>) {
    assert!(matches!(result, Err(TableError::Unavailable(_))), "{result:?}");
}
