//! The record of what was asked, so that a test can say what an action costs.

use std::fmt;

use serde_json::Value;

/// One attempt of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its name, such as `GetItem`.
    pub name: String,
    /// Whether it asks for a strongly consistent read; false for everything that does not read.
    pub is_consistent: bool,
    /// The index it reads.
    pub index: Option<String>,
    /// How many keys, statements or writes it carries; 1 for operations on single items and queries.
    pub entries: usize,
}

impl Operation {
    /// Reads name and JSON of a request.
    pub(super) fn read(name: &str, body: &str) -> Self {
        let request: Value = serde_json::from_str(body).unwrap_or_default();
        let tables = || request["RequestItems"].as_object().into_iter().flat_map(serde_json::Map::values);
        let is_true = |value: &Value| value.as_bool() == Some(true);
        let lists =
            [&request["Statements"], &request["TransactItems"]].into_iter().chain(tables().map(|table| &table["Keys"]));
        let entries: usize = lists.filter_map(Value::as_array).map(Vec::len).sum();
        Self {
            name: name.to_owned(),
            is_consistent: is_true(&request["ConsistentRead"])
                || tables().any(|table| is_true(&table["ConsistentRead"])),
            index: request["IndexName"].as_str().map(str::to_owned),
            entries: entries.max(1),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(index) = &self.index {
            write!(f, " {index}")?;
        }
        if self.is_consistent {
            f.write_str(" (strong)")?;
        }
        if self.entries > 1 {
            write!(f, " of {}", self.entries)?;
        }
        Ok(())
    }
}
