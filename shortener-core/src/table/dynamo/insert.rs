//! Bulk inserts that never overwrite: parallel conditional puts, or batches of `PartiQL` statements.
//!
//! `BatchWriteItem` is not used anywhere: it overwrites silently.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, BatchStatementResponse};
use tokio::task::JoinSet;

use super::DynamoTable;
use super::backoff::Backoff;
use super::error::{Failure, of_code};
use super::value::item_to_wire;
use crate::table::{Condition, Inserted, Item, Key, TableError, check_item};

/// Most statements in one `BatchExecuteStatement`.
const BATCH: usize = 25;

/// How [`crate::table::Table::insert_many`] talks to DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertBy {
    /// One conditional `PutItem` an item, this many at a time.
    Puts {
        /// Most requests in flight, at least 1.
        in_flight: usize,
    },
    /// `PartiQL` `INSERT` statements, 25 a request, this many requests at a time: for where a round trip is dear.
    Statements {
        /// Most requests in flight, at least 1.
        in_flight: usize,
    },
}

impl Default for InsertBy {
    fn default() -> Self {
        Self::Puts { in_flight: 32 }
    }
}

/// Positions in the caller's list and what became of the items there.
type Results = Vec<(usize, Inserted)>;

impl DynamoTable {
    /// Inserts the items that are not there.
    pub(super) async fn insert_all(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        items.iter().try_for_each(check_item)?;
        // Of two items with one key the first wins; sending both would leave that to chance.
        let mut seen: HashSet<&Key> = HashSet::with_capacity(items.len());
        let fresh: Vec<(usize, Item)> = items
            .iter()
            .enumerate()
            .filter(|(_, item)| seen.insert(&item.key))
            .map(|(at, item)| (at, item.clone()))
            .collect();
        let (size, in_flight) = match self.insert_by {
            InsertBy::Puts { in_flight } => (1, in_flight),
            InsertBy::Statements { in_flight } => (BATCH, in_flight),
        };
        let mut results = vec![Inserted::Exists; items.len()];
        let mut running: JoinSet<Result<Results, TableError>> = JoinSet::new();
        for batch in fresh.chunks(size) {
            if running.len() >= in_flight.max(1) {
                collect(&mut running, &mut results).await?;
            }
            let (table, batch) = (self.clone(), batch.to_vec());
            running.spawn(async move { table.insert_batch(batch).await });
        }
        while !running.is_empty() {
            collect(&mut running, &mut results).await?;
        }
        Ok(results)
    }

    async fn insert_batch(&self, batch: Vec<(usize, Item)>) -> Result<Results, TableError> {
        match self.insert_by {
            InsertBy::Statements { .. } => self.insert_statements(batch).await,
            InsertBy::Puts { .. } => {
                let mut results = Vec::with_capacity(batch.len());
                for (at, item) in &batch {
                    results.push((*at, self.insert_put(item).await?));
                }
                Ok(results)
            }
        }
    }

    async fn insert_put(&self, item: &Item) -> Result<Inserted, TableError> {
        match self.put(item, Some(Condition::Absent)).await {
            Ok(()) => Ok(Inserted::Inserted),
            Err(TableError::ConditionFailed { .. }) => Ok(Inserted::Exists),
            Err(error) => Err(error),
        }
    }

    /// Repeats what was refused for now until everything has an answer. A success of the request says nothing: each
    /// statement has its own result.
    async fn insert_statements(&self, mut waiting: Vec<(usize, Item)>) -> Result<Results, TableError> {
        let mut results = Vec::with_capacity(waiting.len());
        let mut backoff = Backoff::default();
        while !waiting.is_empty() {
            let answers = self.execute(&waiting).await?;
            let mut refused = Vec::new();
            for ((at, item), answer) in waiting.into_iter().zip(answers) {
                match self.inserted(&answer)? {
                    Some(inserted) => results.push((at, inserted)),
                    None => refused.push((at, item)),
                }
            }
            waiting = refused;
            if !waiting.is_empty() {
                backoff.pause().await?;
            }
        }
        Ok(results)
    }

    async fn execute(&self, batch: &[(usize, Item)]) -> Result<Vec<BatchStatementResponse>, TableError> {
        let statements = batch.iter().map(|(_, item)| self.statement(item)).collect::<Result<Vec<_>, _>>()?;
        // After a lost reply the SDK may send the batch again: an item that went in is then a duplicate of itself, which
        // the caller resolves as any other duplicate.
        let doubt = super::doubt::Doubt::new(super::doubt::Repeat::Always);
        let reply = self
            .client
            .batch_execute_statement()
            .set_statements(Some(statements))
            .customize()
            .interceptor(doubt.clone())
            .send()
            .await
            .map_err(|error| super::error::of_write(&self.name, error, &doubt))?;
        let answers = reply.responses.unwrap_or_default();
        if answers.len() != batch.len() {
            return Err(TableError::OutcomeUnknown(Failure::plain("DynamoDB answered another number of statements")));
        }
        Ok(answers)
    }

    fn statement(&self, item: &Item) -> Result<BatchStatementRequest, TableError> {
        let (names, values): (Vec<String>, Vec<AttributeValue>) = item_to_wire(item)?
            .into_iter()
            .map(|(name, value)| (format!("'{}': ?", name.replace('\'', "''")), value))
            .unzip();
        BatchStatementRequest::builder()
            .statement(format!("INSERT INTO \"{}\" VALUE {{{}}}", self.name, names.join(", ")))
            .set_parameters(Some(values))
            .build()
            .map_err(|error| TableError::Engine(error.into()))
    }

    /// What one statement did; none if it must be sent again.
    fn inserted(&self, answer: &BatchStatementResponse) -> Result<Option<Inserted>, TableError> {
        let Some(error) = &answer.error else { return Ok(Some(Inserted::Inserted)) };
        let code = error.code.as_ref().map_or("", |code| code.as_str());
        match code {
            "DuplicateItem" | "ConditionalCheckFailed" => return Ok(Some(Inserted::Exists)),
            // Whether it was applied is not known; inserting again cannot harm.
            "InternalServerError" => return Ok(None),
            _ => {}
        }
        match of_code(&self.name, code, error.message.as_deref().unwrap_or_default()) {
            Some(TableError::Throttled | TableError::Conflict) => Ok(None),
            Some(error) => Err(error),
            None => Err(TableError::Engine(Failure::plain(format!("DynamoDB refused an insert ({code})")))),
        }
    }
}

async fn collect(
    running: &mut JoinSet<Result<Results, TableError>>,
    results: &mut [Inserted],
) -> Result<(), TableError> {
    match running.join_next().await {
        Some(Ok(done)) => {
            for (at, inserted) in done? {
                results[at] = inserted;
            }
            Ok(())
        }
        Some(Err(panic)) => Err(TableError::Engine(panic.into())),
        None => Ok(()),
    }
}
