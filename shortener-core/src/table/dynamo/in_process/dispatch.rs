//! Hands a request to the emulator by the name of its operation.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Reply;
use crate::table::TableError;

/// Runs one operation.
pub(super) fn run(database: &Database, operation: &str, body: &str) -> Reply {
    match operation {
        "BatchExecuteStatement" => call(body, |request| database.batch_execute_statement(request)),
        "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
        // No code of ours may send it, because it overwrites; the benchmark of bulk inserts is compared with it.
        "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
        "CreateTable" => call(body, |request| database.create_table(request)),
        "DeleteItem" => call(body, |request| database.delete_item(request)),
        "DeleteTable" => call(body, |request| database.delete_table(request)),
        "DescribeTable" => call(body, |request| database.describe_table(request)),
        "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
        "GetItem" => call(body, |request| database.get_item(request)),
        "PutItem" => call(body, |request| database.put_item(request)),
        "Query" => call(body, |request| database.query(request)),
        "TransactWriteItems" => call(body, |request| database.transact_write_items(request)),
        "UpdateItem" => call(body, |request| database.update_item(request)),
        "UpdateTable" => call(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => call(body, |request| database.update_time_to_live(request)),
        // `Scan` is left out on purpose: a caller that scans fails its test.
        other => failure(400, "UnknownOperationException", other),
    }
}

/// One page of everything in a table.
pub(super) fn scan(database: &Database, request: &Value) -> Result<Value, TableError> {
    let engine = |error: Box<dyn std::error::Error + Send + Sync>| TableError::Engine(error);
    let request = serde_json::from_value(request.clone()).map_err(|error| engine(error.into()))?;
    let page = database.scan(request).map_err(|error| engine(error.into()))?;
    serde_json::to_value(page).map_err(|error| engine(error.into()))
}

/// An error as DynamoDB writes it.
pub(super) fn failure(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message }).to_string();
    Reply { status, body }
}

fn call<Q, A>(body: &str, run: impl FnOnce(Q) -> Result<A, DynoxideError>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let request = match serde_json::from_str(body) {
        Ok(request) => request,
        Err(error) => return failure(400, "SerializationException", &error.to_string()),
    };
    match run(request) {
        Ok(answer) => match serde_json::to_string(&answer) {
            Ok(body) => Reply { status: 200, body },
            Err(error) => failure(500, "InternalServerError", &error.to_string()),
        },
        Err(error) => Reply { status: error.status_code(), body: error.to_json() },
    }
}
