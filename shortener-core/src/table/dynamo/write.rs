//! Conditional writes, transactions and the counter with a ceiling.

use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::DynamoTable;
use super::doubt::{Doubt, Repeat};
use super::error::{self, Failure};
use super::expression::{self, Names, Placeholders};
use super::value::{Wire, item_to_wire, key_to_wire};
use crate::table::{Action, Added, Condition, Item, Key, TableError, Write, check_item};

const SHOW_ITEM: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl DynamoTable {
    /// Applies one write.
    pub(super) async fn write_one(&self, write: &Write) -> Result<(), TableError> {
        match &write.action {
            Action::Put(item) => self.put(item, write.condition, repeat(write.condition)).await,
            Action::Delete(key) => self.delete(key, write.condition).await,
            Action::Update { .. } => self.update(write).await,
        }
    }

    /// Puts one item.
    pub(super) async fn put(
        &self,
        item: &Item,
        condition: Option<Condition>,
        repeat: Repeat,
    ) -> Result<(), TableError> {
        check_item(item)?;
        let doubt = Doubt::new(repeat);
        let mut placeholders = Placeholders::default();
        let condition = condition.map(|condition| expression::condition(condition, &mut placeholders));
        let (names, values) = placeholders.finish();
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item_to_wire(item)?))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(SHOW_ITEM)
            .customize()
            .interceptor(doubt.clone())
            .config_override(doubt.config())
            .send()
            .await
            .map(drop)
            .map_err(|error| error::of_write(&self.name, error, &doubt))
    }

    async fn delete(&self, key: &Key, condition: Option<Condition>) -> Result<(), TableError> {
        let doubt = Doubt::new(repeat(condition));
        let mut placeholders = Placeholders::default();
        let condition = condition.map(|condition| expression::condition(condition, &mut placeholders));
        let (names, values) = placeholders.finish();
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key_to_wire(key)))
            .set_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(SHOW_ITEM)
            .customize()
            .interceptor(doubt.clone())
            .config_override(doubt.config())
            .send()
            .await
            .map(drop)
            .map_err(|error| error::of_write(&self.name, error, &doubt))
    }

    async fn update(&self, write: &Write) -> Result<(), TableError> {
        // A repeated update would be seen: its condition is on what it changes.
        let doubt = Doubt::new(Repeat::AfterRefusal);
        let expressions = Expressions::of(write)?;
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key_to_wire(write.key())))
            .set_update_expression(expressions.update)
            .set_condition_expression(expressions.condition)
            .set_expression_attribute_names(expressions.names)
            .set_expression_attribute_values(expressions.values)
            .return_values_on_condition_check_failure(SHOW_ITEM)
            .customize()
            .interceptor(doubt.clone())
            .config_override(doubt.config())
            .send()
            .await
            .map(drop)
            .map_err(|error| error::of_write(&self.name, error, &doubt))
    }

    /// Applies several writes as one transaction.
    pub(super) async fn transact(&self, writes: &[Write]) -> Result<(), TableError> {
        // The SDK sends each attempt with the same request token, which DynamoDB remembers for ten minutes.
        let doubt = Doubt::new(Repeat::Always);
        let items = writes.iter().map(|write| self.transaction_item(write)).collect::<Result<Vec<_>, _>>()?;
        self.client
            .transact_write_items()
            .set_transact_items(Some(items))
            .customize()
            .interceptor(doubt.clone())
            .config_override(doubt.config())
            .send()
            .await
            .map(drop)
            .map_err(|error| error::of_write(&self.name, error, &doubt))
    }

    fn transaction_item(&self, write: &Write) -> Result<TransactWriteItem, TableError> {
        let expressions = Expressions::of(write)?;
        let item = TransactWriteItem::builder();
        let item = match &write.action {
            Action::Put(put) => item.put(expressions.put(&self.name, put)?),
            Action::Delete(key) => item.delete(expressions.delete(&self.name, key)?),
            Action::Update { key, .. } => item.update(expressions.update(&self.name, key)?),
        };
        Ok(item.build())
    }

    /// Adds to a number unless the sum would pass the ceiling; sent once.
    pub(super) async fn add_once(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        let doubt = Doubt::new(Repeat::Never);
        let mut placeholders = Placeholders::default();
        let name = placeholders.name(attribute);
        let addend = placeholders.number(n);
        let greatest = placeholders.number(ceiling.saturating_sub(n));
        let mut condition = format!("{name} <= {greatest}");
        if n <= ceiling {
            condition = format!("attribute_not_exists({name}) OR {condition}");
        }
        let (names, values) = placeholders.finish();
        let reply = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key_to_wire(key)))
            .update_expression(format!("ADD {name} {addend}"))
            .condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(SHOW_ITEM)
            .customize()
            .interceptor(doubt.clone())
            .config_override(doubt.config())
            .send()
            .await;
        match reply.map_err(|error| error::of_write(&self.name, error, &doubt)) {
            Ok(reply) => sum(reply.attributes.unwrap_or_default().remove(attribute)),
            // A comparison with another type fails like one with a number that is too great.
            Err(TableError::ConditionFailed { existing: Some(item), .. })
                if item.attributes.get(attribute).is_some_and(|found| !found.is_number()) =>
            {
                Err(TableError::Invalid(format!("attribute '{attribute}' is no number")))
            }
            Err(TableError::ConditionFailed { .. }) => Ok(Added::AtCeiling),
            Err(error) => Err(error),
        }
    }
}

fn sum(value: Option<AttributeValue>) -> Result<Added, TableError> {
    match value {
        Some(AttributeValue::N(digits)) => digits
            .parse()
            .map(Added::Now)
            .map_err(|_| TableError::BadItem(format!("the number {digits} is no 64-bit integer"))),
        _ => Err(TableError::OutcomeUnknown(Failure::plain("DynamoDB did not return the sum"))),
    }
}

/// A put or delete with a condition can be repeated: the second one meets what the first one left.
fn repeat(condition: Option<Condition>) -> Repeat {
    if condition.is_some() { Repeat::Always } else { Repeat::AfterRefusal }
}

/// The expressions of one write.
struct Expressions {
    update: Option<String>,
    condition: Option<String>,
    names: Option<Names>,
    values: Option<Wire>,
}

impl Expressions {
    fn of(write: &Write) -> Result<Self, TableError> {
        let mut placeholders = Placeholders::default();
        let update = match &write.action {
            Action::Update { set, remove, .. } => expression::update(set, remove, &mut placeholders)?,
            Action::Put(_) | Action::Delete(_) => None,
        };
        let condition = write.condition.map(|condition| expression::condition(condition, &mut placeholders));
        let (names, values) = placeholders.finish();
        Ok(Self { update, condition, names, values })
    }

    fn put(self, table: &str, item: &Item) -> Result<Put, TableError> {
        Put::builder()
            .table_name(table)
            .set_item(Some(item_to_wire(item)?))
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(self.names)
            .set_expression_attribute_values(self.values)
            .return_values_on_condition_check_failure(SHOW_ITEM)
            .build()
            .map_err(|error| TableError::Engine(error.into()))
    }

    fn delete(self, table: &str, key: &Key) -> Result<Delete, TableError> {
        Delete::builder()
            .table_name(table)
            .set_key(Some(key_to_wire(key)))
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(self.names)
            .set_expression_attribute_values(self.values)
            .return_values_on_condition_check_failure(SHOW_ITEM)
            .build()
            .map_err(|error| TableError::Engine(error.into()))
    }

    /// A transaction must say what it updates, so an update of nothing removes an attribute that no item has.
    fn update(mut self, table: &str, key: &Key) -> Result<Update, TableError> {
        let update = self.update.take().unwrap_or_else(|| "REMOVE nothing_at_all".to_owned());
        Update::builder()
            .table_name(table)
            .set_key(Some(key_to_wire(key)))
            .update_expression(update)
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(self.names)
            .set_expression_attribute_values(self.values)
            .return_values_on_condition_check_failure(SHOW_ITEM)
            .build()
            .map_err(|error| TableError::Engine(error.into()))
    }
}
