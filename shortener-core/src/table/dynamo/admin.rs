//! Making a table and looking at it.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    BillingMode, GlobalSecondaryIndexDescription, PointInTimeRecoverySpecification, PointInTimeRecoveryStatus,
    TableDescription, TableStatus as WireStatus, TimeToLiveSpecification, TimeToLiveStatus,
};

use super::DynamoTable;
use super::doubt::{Doubt, Repeat};
use super::error::{OperationError, of_read, of_write};
use super::shape;
use crate::table::TableError;
use crate::table::keys::attribute;

/// Pause between two looks at a table that is being made.
const POLL: Duration = Duration::from_millis(500);
/// Most looks: two minutes. Empty tables take about ten seconds.
const POLLS: u32 = 240;

/// What [`DynamoTable::create`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The table is new.
    New,
    /// It was there with the right shape; what was off is on now.
    Existed,
}

/// Whether a table refuses to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletionProtection {
    /// It refuses.
    On,
    /// It can be deleted.
    Off,
}

/// Whether a feature of a table is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// It is, or is being turned on.
    On,
    /// It is not.
    Off,
    /// The store does not know the feature; Amazon DynamoDB always does, emulators may not.
    Unsupported,
}

/// What a table looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStatus {
    /// Its name.
    pub name: String,
    /// Its state in DynamoDB's words, such as `ACTIVE`.
    pub state: String,
    /// How many items it holds: an estimate some six hours old.
    pub items: i64,
    /// How many bytes it holds without its indexes: an estimate some six hours old.
    pub bytes: i64,
    /// Its indexes.
    pub indexes: Vec<IndexStatus>,
    /// Time to live on `purge_at`.
    pub time_to_live: Feature,
    /// Point-in-time recovery.
    pub point_in_time_recovery: Feature,
    /// Protection from deletion.
    pub deletion_protection: Feature,
    /// How its shape differs from the one needed, one sentence each.
    pub differences: Vec<String>,
}

/// What an index looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStatus {
    /// Its name.
    pub name: String,
    /// Its state in DynamoDB's words, such as `ACTIVE`.
    pub state: String,
    /// How many items it holds: an estimate some six hours old.
    pub items: i64,
}

impl DynamoTable {
    /// Makes the table with its indexes, waits until it is ready, and turns on time to live and point-in-time recovery.
    /// Calling it again is harmless; the deletion protection of a table that exists is not changed.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] says how a table of this name differs; [`TableError::Unavailable`] if it is not ready within
    /// two minutes.
    pub async fn create(&self, protection: DeletionProtection) -> Result<Created, TableError> {
        let created = match self.describe().await {
            Ok(_) => Created::Existed,
            Err(TableError::NoSuchTable(_)) => self.create_table(protection).await?,
            Err(error) => return Err(error),
        };
        let found = self.wait_until_active().await?;
        let differences = shape::differences(&found);
        if !differences.is_empty() {
            let name = &self.name;
            return Err(TableError::Corrupt(format!("'{name}' has another shape: {}", differences.join("; "))));
        }
        if self.time_to_live().await? == Feature::Off {
            self.enable_time_to_live().await?;
        }
        if self.point_in_time_recovery().await? == Feature::Off {
            self.enable_point_in_time_recovery().await?;
        }
        Ok(created)
    }

    /// Looks at the table.
    ///
    /// # Errors
    /// [`TableError::NoSuchTable`], or as a read.
    pub async fn status(&self) -> Result<TableStatus, TableError> {
        let found = self.describe().await?;
        Ok(TableStatus {
            name: self.name.clone(),
            state: found.table_status().map_or("UNKNOWN", WireStatus::as_str).to_owned(),
            items: found.item_count().unwrap_or(0),
            bytes: found.table_size_bytes().unwrap_or(0),
            indexes: found.global_secondary_indexes().iter().map(index_status).collect(),
            time_to_live: self.time_to_live().await?,
            point_in_time_recovery: self.point_in_time_recovery().await?,
            deletion_protection: on(found.deletion_protection_enabled().unwrap_or(false)),
            differences: shape::differences(&found),
        })
    }

    async fn describe(&self) -> Result<TableDescription, TableError> {
        let reply = self.client.describe_table().table_name(&self.name).send().await;
        let reply = reply.map_err(|error: OperationError<DescribeTableError>| of_read(&self.name, error))?;
        reply.table.ok_or_else(|| TableError::NoSuchTable(self.name.clone()))
    }

    async fn create_table(&self, protection: DeletionProtection) -> Result<Created, TableError> {
        let doubt = Doubt::new(Repeat::Always);
        let reply = self
            .client
            .create_table()
            .table_name(&self.name)
            .set_key_schema(Some(shape::key_schema(attribute::PK, attribute::SK)?))
            .set_attribute_definitions(Some(shape::attribute_definitions()?))
            .set_global_secondary_indexes(Some(shape::indexes()?))
            .billing_mode(BillingMode::PayPerRequest)
            .deletion_protection_enabled(protection == DeletionProtection::On)
            .customize()
            .interceptor(doubt.clone())
            .send()
            .await;
        match reply {
            Ok(_) => Ok(Created::New),
            // Another process was faster, or an earlier attempt of this one.
            Err(error) if matches!(error.as_service_error(), Some(CreateTableError::ResourceInUseException(_))) => {
                Ok(Created::Existed)
            }
            Err(error) => Err(of_write(&self.name, error, &doubt)),
        }
    }

    async fn wait_until_active(&self) -> Result<TableDescription, TableError> {
        for _ in 0..POLLS {
            match self.describe().await {
                Ok(found) if is_active(&found) => return Ok(found),
                // A new table can be unknown for a moment.
                Ok(_) | Err(TableError::NoSuchTable(_)) => tokio::time::sleep(POLL).await,
                Err(error) => return Err(error),
            }
        }
        let message = format!("table '{}' is not ready after two minutes", self.name);
        Err(TableError::Unavailable(super::error::Failure::plain(message)))
    }

    async fn time_to_live(&self) -> Result<Feature, TableError> {
        let reply = self.client.describe_time_to_live().table_name(&self.name).send().await;
        let reply = reply.map_err(|error| of_read(&self.name, error))?;
        let Some(found) = reply.time_to_live_description else { return Ok(Feature::Off) };
        let is_on = matches!(found.time_to_live_status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
        Ok(on(is_on && found.attribute_name.as_deref() == Some(attribute::PURGE_AT)))
    }

    async fn enable_time_to_live(&self) -> Result<(), TableError> {
        let doubt = Doubt::new(Repeat::Always);
        let wanted = TimeToLiveSpecification::builder().attribute_name(attribute::PURGE_AT).enabled(true).build();
        let request = self.client.update_time_to_live().table_name(&self.name);
        request
            .time_to_live_specification(wanted.map_err(|error| TableError::Engine(error.into()))?)
            .customize()
            .interceptor(doubt.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| of_write(&self.name, error, &doubt))
    }

    async fn point_in_time_recovery(&self) -> Result<Feature, TableError> {
        let reply = match self.client.describe_continuous_backups().table_name(&self.name).send().await {
            Ok(reply) => reply,
            Err(error) if error.code() == Some("UnknownOperationException") => return Ok(Feature::Unsupported),
            Err(error) => return Err(of_read(&self.name, error)),
        };
        let status = reply
            .continuous_backups_description
            .and_then(|found| found.point_in_time_recovery_description)
            .and_then(|found| found.point_in_time_recovery_status);
        Ok(on(status == Some(PointInTimeRecoveryStatus::Enabled)))
    }

    async fn enable_point_in_time_recovery(&self) -> Result<(), TableError> {
        let doubt = Doubt::new(Repeat::Always);
        let wanted = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let request = self.client.update_continuous_backups().table_name(&self.name);
        request
            .point_in_time_recovery_specification(wanted.map_err(|error| TableError::Engine(error.into()))?)
            .customize()
            .interceptor(doubt.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| of_write(&self.name, error, &doubt))
    }
}

fn index_status(found: &GlobalSecondaryIndexDescription) -> IndexStatus {
    IndexStatus {
        name: found.index_name().unwrap_or_default().to_owned(),
        state: found.index_status().map_or("UNKNOWN", |status| status.as_str()).to_owned(),
        items: found.item_count().unwrap_or(0),
    }
}

fn is_active(found: &TableDescription) -> bool {
    let index_is_active =
        |index: &GlobalSecondaryIndexDescription| index.index_status().is_none_or(|status| status.as_str() == "ACTIVE");
    found.table_status() == Some(&WireStatus::Active) && found.global_secondary_indexes().iter().all(index_is_active)
}

fn on(is_on: bool) -> Feature {
    if is_on { Feature::On } else { Feature::Off }
}
