//! What operations take of a table, by the `ConsumedCapacity` of the emulator's replies.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{InProcess, Operation, Reply, lock};

/// What operations have taken of the table, as the replies say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Consumed {
    /// Calls, with those whose replies say nothing.
    pub calls: u64,
    /// Read units of an on-demand table.
    pub read_units: f64,
    /// Write units of an on-demand table, with those of its indexes.
    pub write_units: f64,
    /// Writes of which the replies say nothing: those that were refused, alone or with all others of their call. DynamoDB
    /// charges them all the same: to the table what it would have been charged, and nothing to the indexes.
    pub untold: u64,
}

/// Asks for what is consumed, if it is on.
#[derive(Debug, Default)]
pub(super) struct Meter {
    is_on: AtomicBool,
    consumed: Mutex<Consumed>,
}

impl InProcess {
    /// Asks for the capacity that operations consume, from now on.
    pub fn start_metering(&self) {
        self.0.meter.is_on.store(true, Ordering::Relaxed);
    }

    /// What was consumed since the last time, or since [`InProcess::start_metering`].
    pub fn take_consumed(&self) -> Consumed {
        std::mem::take(&mut lock(&self.0.meter.consumed))
    }
}

impl Meter {
    /// Runs one operation, and notes what its reply says if the meter is on.
    pub(super) fn run(&self, operation: &str, body: &str, run: impl FnOnce(&str) -> Reply) -> Reply {
        let asking = self.is_on.load(Ordering::Relaxed).then(|| asking(operation, body)).flatten();
        let Some(request) = asking else { return run(body) };
        let reply = run(&request);
        lock(&self.consumed).note(&Operation::read(operation, body), &reply);
        reply
    }
}

impl Consumed {
    fn note(&mut self, operation: &Operation, reply: &Reply) {
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        // Operations on one table answer an object, the others a list of one for each table.
        let tables = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.as_slice(),
            Value::Null => &[],
            table => std::slice::from_ref(table),
        };
        let units: f64 = tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum();
        self.calls += 1;
        if tables.is_empty() {
            self.untold += operation.entries as u64;
        }
        if is_read(&operation.name) {
            self.read_units += units;
        } else {
            self.write_units += units;
        }
    }
}

/// The request with the wish to know; none for operations on whole tables, which cost nothing.
fn asking(operation: &str, body: &str) -> Option<String> {
    if operation.contains("Table") || operation.contains("TimeToLive") {
        return None;
    }
    let mut request: Value = serde_json::from_str(body).ok()?;
    request.as_object_mut()?.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    Some(request.to_string())
}

fn is_read(operation: &str) -> bool {
    matches!(operation, "GetItem" | "BatchGetItem" | "Query")
}
