//! The DynamoDB engine on the emulator, and a bare loop of `BatchWriteItem`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use serde_json::Value;
use shortener_core::table::Item;
use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::table::dynamo::{DeletionProtection, DynamoSettings, DynamoTable, InsertBy, Limits};
use shortener_core::table::keys::attribute;
use tokio::task::JoinSet;

use super::{Failure, Outcome, Watch, rows, sqlite};

/// Items in one request of the bare loop: the most that DynamoDB takes.
const REQUEST: u32 = 25;

/// How the rows go in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    /// The bare loop, which overwrites.
    BatchWriteItem,
    /// The engine, by `PartiQL` statements.
    Statements,
    /// The engine, by conditional puts.
    Puts,
}

/// Inserts rows into a fresh emulator.
pub(crate) fn run(side: Side, count: u32, in_flight: usize, round_trip: Duration) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    runtime.block_on(async {
        let (engine, table) = InProcess::with_table("short").await?;
        engine.stop_recording();
        engine.set_round_trip(round_trip);
        let before = engine.busy();
        let watch = Watch::start();
        match side {
            Side::BatchWriteItem => bare(&engine.client(Limits::INTERACTIVE), count, in_flight).await?,
            Side::Statements | Side::Puts => {
                let insert_by = match side {
                    Side::Puts => InsertBy::Puts { in_flight },
                    _ => InsertBy::Statements { in_flight },
                };
                let inserted = sqlite::load(Arc::new(table.inserting_by(insert_by)), count).await?;
                assert_eq!(inserted, count as usize);
            }
        }
        let outcome = watch.stop(count);
        Ok(Outcome { emulator: Some(engine.busy().saturating_sub(before)), ..outcome })
    })
}

/// The bare loop over HTTP, into a table of its own at an endpoint.
pub(crate) fn bare_over_http(url: &str, count: u32, in_flight: usize) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    runtime.block_on(async {
        let settings = DynamoSettings {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(url.to_owned()),
            ..DynamoSettings::new("short")
        };
        DynamoTable::connect(&settings).await?.create(DeletionProtection::Off).await?;
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(url)
            .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
            .build();
        let watch = Watch::start();
        bare(&Client::from_conf(config), count, in_flight).await?;
        Ok(watch.stop(count))
    })
}

async fn bare(client: &Client, count: u32, in_flight: usize) -> Result<(), Failure> {
    let mut running = JoinSet::new();
    for first in (0..count).step_by(REQUEST as usize) {
        if running.len() >= in_flight {
            running.join_next().await.transpose()?.transpose()?;
        }
        let requests = (first..count.min(first + REQUEST)).map(|number| put(rows::item(number)));
        let requests = requests.collect::<Result<Vec<_>, Failure>>()?;
        let client = client.clone();
        running.spawn(async move {
            let reply = client.batch_write_item().request_items("short", requests).send().await;
            reply.map(|reply| assert!(reply.unprocessed_items.unwrap_or_default().is_empty()))
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

fn put(item: Item) -> Result<WriteRequest, Failure> {
    let mut wire = HashMap::with_capacity(item.attributes.len() + 2);
    wire.insert(attribute::PK.to_owned(), AttributeValue::S(item.key.pk));
    wire.insert(attribute::SK.to_owned(), AttributeValue::S(item.key.sk));
    wire.extend(item.attributes.into_iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => AttributeValue::S(text),
            other => AttributeValue::N(other.to_string()),
        };
        (name, value)
    }));
    Ok(WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(wire)).build()?).build())
}
