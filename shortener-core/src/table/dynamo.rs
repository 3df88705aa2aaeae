//! The table on Amazon DynamoDB.
//!
//! Errors are given their meaning in `error.rs`, attempts are watched in `doubt.rs`. No operation here scans.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;

use crate::pace::{Pace, Patience};

use super::{Added, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write, check_writes};

mod admin;
mod doubt;
mod error;
mod expression;
mod hedge;
#[cfg(feature = "testing-dynamodb")]
pub mod in_process;
mod insert;
mod paced;
mod read;
mod renewal;
mod settings;
mod shape;
mod value;
mod write;

pub use admin::{Created, DeletionProtection, Feature, IndexStatus, TableStatus};
#[cfg(feature = "cloudfront")]
pub(crate) use error::{about_credentials, last_cause, was_never_sent};
pub use insert::InsertBy;
#[cfg(feature = "s3")]
pub(crate) use settings::find_region;
#[cfg(any(feature = "cloudfront", feature = "s3"))]
pub(crate) use settings::loader;
pub use settings::{CredentialSource, DynamoSettings, Limits};

/// A table on Amazon DynamoDB, or on anything that speaks its protocol. Cloning is cheap and shares connections.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
    insert_by: InsertBy,
    hedge: Option<Duration>,
    /// Of the requests of loads; shared by all clones.
    pace: Pace,
    patience: Patience,
}

impl DynamoTable {
    /// A table reached through a given client, whose credentials are renewed when they are refused. For tests.
    pub fn from_client(client: &Client, table: impl Into<String>) -> Self {
        Self::through(renewal::Renewal::install(client), table)
    }

    fn through(client: Client, table: impl Into<String>) -> Self {
        let insert_by = InsertBy::default();
        let (pace, patience) = (Pace::new(insert_by.in_flight()), Patience::REQUEST);
        Self { client, name: table.into(), insert_by, hedge: None, pace, patience }
    }

    /// The same table with another way to insert in bulk, and a pace of its own.
    #[must_use]
    pub fn inserting_by(mut self, insert_by: InsertBy) -> Self {
        self.insert_by = insert_by;
        self.pace = Pace::new(insert_by.in_flight());
        self
    }

    /// How many requests of bulk inserts and reads may be under way now: follows what DynamoDB bears.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.get_one(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        check_writes(writes)?;
        match writes {
            [write] => self.write_one(write).await,
            writes => self.transact(writes).await,
        }
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.insert_all(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.get_all(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.query_page(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.add_once(key, attribute, n, ceiling).await
    }
}
