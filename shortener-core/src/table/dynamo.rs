//! The table on Amazon DynamoDB.
//!
//! Errors are given their meaning in `error.rs`, attempts are watched in `doubt.rs`. No operation here scans.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;

use super::{Added, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write, check_writes};

mod admin;
mod backoff;
mod doubt;
mod error;
mod expression;
mod hedge;
#[cfg(feature = "testing-dynamodb")]
pub mod in_process;
mod insert;
mod read;
mod settings;
mod shape;
mod value;
mod write;

pub use admin::{Created, DeletionProtection, Feature, IndexStatus, TableStatus};
#[cfg(feature = "cloudfront")]
pub(crate) use error::find_source;
pub use insert::InsertBy;
pub use settings::{CredentialSource, DynamoSettings, Limits};

/// A table on Amazon DynamoDB, or on anything that speaks its protocol. Cloning is cheap and shares connections.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
    insert_by: InsertBy,
    hedge: Option<Duration>,
}

impl DynamoTable {
    /// A table reached through a given client, for tests.
    pub fn from_client(client: Client, table: impl Into<String>) -> Self {
        Self { client, name: table.into(), insert_by: InsertBy::default(), hedge: None }
    }

    /// The same table with another way to insert in bulk.
    #[must_use]
    pub fn inserting_by(mut self, insert_by: InsertBy) -> Self {
        self.insert_by = insert_by;
        self
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
