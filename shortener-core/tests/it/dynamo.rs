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
