//! Many items in one call. `BatchWriteItem` is never used: it overwrites silently.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, BatchStatementResponse};
use futures_util::stream::{FuturesUnordered, TryStreamExt};

use super::DynamoTable;
use super::doubt::{Doubt, Repeat};
use super::error::{Failure, of_code};
use super::paced::{Step, Turns};
use super::value::to_wire;
use crate::table::keys::attribute;
use crate::table::{Condition, Inserted, Item, Key, TableError, check_item};

/// Most statements in one `BatchExecuteStatement`.
const BATCH: usize = 25;

/// How [`crate::table::Table::insert_many`] talks to DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertBy {
    /// One conditional `PutItem` an item, this many at a time: needs no permission beside those of single creates.
    Puts {
        /// Most requests in flight, at least 1, by all clones of a table together.
        in_flight: usize,
    },
    /// `PartiQL` `INSERT` statements, 25 a request, this many requests at a time: for where a round trip is dear. Needs
    /// `dynamodb:PartiQLInsert`.
    Statements {
        /// Most requests in flight, at least 1, by all clones of a table together.
        in_flight: usize,
    },
}

impl InsertBy {
    /// For functions beside the table: up to 32 conditional puts at a time.
    pub const NEAR: Self = Self::Puts { in_flight: 32 };

    /// For loads from far away: up to 64 requests of 25 statements at a time. What the table bears is found out below that.
    pub const FAR: Self = Self::Statements { in_flight: 64 };

    /// Most requests in flight.
    pub(super) fn in_flight(self) -> usize {
        match self {
            Self::Puts { in_flight } | Self::Statements { in_flight } => in_flight,
        }
    }
}

impl Default for InsertBy {
    fn default() -> Self {
        Self::NEAR
    }
}

impl DynamoTable {
    /// Inserts the items that are not there.
    pub(super) async fn insert_all(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        items.iter().try_for_each(check_item)?;
        // Of two items with one key the first wins; sending both would leave that to chance.
        let mut seen: HashSet<&Key> = HashSet::with_capacity(items.len());
        let fresh: Vec<usize> = (0..items.len()).filter(|at| seen.insert(&items[*at].key)).collect();
        let size = match self.insert_by {
            InsertBy::Puts { .. } => 1,
            InsertBy::Statements { .. } => BATCH,
        };
        let mut results = vec![Inserted::Exists; items.len()];
        let (mut batches, mut running) = (fresh.chunks(size), FuturesUnordered::new());
        loop {
            // More at once would only wait for the pace.
            let free = self.pace.ceiling() - running.len();
            running.extend(batches.by_ref().take(free).map(|batch| self.insert_batch(items, batch)));
            let Some(done) = running.try_next().await? else { return Ok(results) };
            for (at, inserted) in done {
                results[at] = inserted;
            }
        }
    }

    /// Inserts the items at some positions, and says what became of each.
    async fn insert_batch(&self, items: &[Item], batch: &[usize]) -> Result<Vec<(usize, Inserted)>, TableError> {
        match (self.insert_by, batch) {
            (InsertBy::Puts { .. }, [at]) => Ok(vec![(*at, self.insert_put(&items[*at]).await?)]),
            _ => self.insert_statements(items, batch).await,
        }
    }

    async fn insert_put(&self, item: &Item) -> Result<Inserted, TableError> {
        let mut turns = Turns::new(self.patience);
        loop {
            let permit = self.pace.acquire().await;
            let outcome = match self.put(item, Some(Condition::Absent), Repeat::Never).await {
                Ok(()) => Ok(Step::Done(Inserted::Inserted)),
                Err(TableError::ConditionFailed { .. }) => Ok(Step::Done(Inserted::Exists)),
                Err(error) => Err(error),
            };
            if let Some(inserted) = turns.judge(permit, outcome).await? {
                return Ok(inserted);
            }
        }
    }

    /// Repeats what was refused for now until everything has an answer. A success of the request says nothing: each
    /// statement has its own result.
    async fn insert_statements(&self, items: &[Item], batch: &[usize]) -> Result<Vec<(usize, Inserted)>, TableError> {
        let mut results = Vec::with_capacity(batch.len());
        let mut waiting = batch.to_vec();
        let mut turns = Turns::new(self.patience);
        loop {
            let permit = self.pace.acquire().await;
            let answers = self.execute(items, &waiting).await;
            let outcome = answers.and_then(|answers| self.sort_out(&answers, &mut waiting, &mut results));
            if turns.judge(permit, outcome).await?.is_some() {
                return Ok(results);
            }
        }
    }

    /// Moves what has its answer from `waiting` to `results`.
    fn sort_out(
        &self,
        answers: &[BatchStatementResponse],
        waiting: &mut Vec<usize>,
        results: &mut Vec<(usize, Inserted)>,
    ) -> Result<Step<()>, TableError> {
        let before = waiting.len();
        let mut refused = Vec::new();
        for (at, answer) in waiting.iter().zip(answers) {
            match self.inserted(answer)? {
                Some(inserted) => results.push((*at, inserted)),
                None => refused.push(*at),
            }
        }
        *waiting = refused;
        Ok(Step::of(before, waiting.len()))
    }

    async fn execute(&self, items: &[Item], batch: &[usize]) -> Result<Vec<BatchStatementResponse>, TableError> {
        let statements = batch.iter().map(|at| self.statement(&items[*at])).collect::<Result<Vec<_>, _>>()?;
        // Sent again after a lost reply, an item that went in is a duplicate of itself, which the caller resolves as any
        // other duplicate.
        let doubt = Doubt::new(Repeat::Never);
        let reply = self
            .client
            .batch_execute_statement()
            .set_statements(Some(statements))
            .customize()
            .interceptor(doubt.clone())
            .config_override(doubt.config())
            .send()
            .await
            .map_err(|error| super::error::of_write(&self.name, error, &doubt))?;
        let answers = reply.responses.unwrap_or_default();
        if answers.len() != batch.len() {
            return Err(TableError::OutcomeUnknown(Failure::plain("DynamoDB answered another number of statements")));
        }
        Ok(answers)
    }

    /// The statement that inserts an item. Items with the same attributes have the same text, as DynamoDB has it parsed.
    fn statement(&self, item: &Item) -> Result<BatchStatementRequest, TableError> {
        let Item { key, attributes } = item;
        let mut text = String::with_capacity(64 + 24 * attributes.len());
        let mut values = Vec::with_capacity(2 + attributes.len());
        text.push_str("INSERT INTO \"");
        text.push_str(&self.name);
        text.push_str("\" VALUE {");
        name(&mut text, attribute::PK);
        values.push(AttributeValue::S(key.pk.clone()));
        text.push(',');
        name(&mut text, attribute::SK);
        values.push(AttributeValue::S(key.sk.clone()));
        for (attribute, value) in attributes {
            text.push(',');
            name(&mut text, attribute);
            values.push(to_wire(value)?);
        }
        text.push('}');
        BatchStatementRequest::builder()
            .statement(text)
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

/// Writes an attribute's name with a place for its value.
fn name(text: &mut String, name: &str) {
    text.push('\'');
    if name.contains('\'') {
        text.push_str(&name.replace('\'', "''"));
    } else {
        text.push_str(name);
    }
    text.push_str("':?");
}
