//! The record of what was asked, so that a test can say what an action costs.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::table::keys::attribute;

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
    /// The permissions that AWS demands for it, such as `dynamodb:PutItem`; a transaction needs those of its parts.
    pub actions: BTreeSet<String>,
    /// The partition keys it names: what a policy can restrict it to by `dynamodb:LeadingKeys`.
    pub partitions: BTreeSet<String>,
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
            actions: actions(name, &request),
            partitions: partitions(&request),
        }
    }
}

/// As the developer guide of DynamoDB has it under "Using IAM with transactions" and "IAM policies with `PartiQL`".
fn actions(name: &str, request: &Value) -> BTreeSet<String> {
    let permission = |action: &str| format!("dynamodb:{action}");
    let parts = request["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
    match name {
        "TransactWriteItems" => {
            parts.flat_map(serde_json::Map::keys).map(|part| permission(&format!("{part}Item"))).collect()
        }
        "BatchExecuteStatement" => BTreeSet::from([permission("PartiQLInsert")]),
        _ => BTreeSet::from([permission(name)]),
    }
}

fn partitions(request: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect_partitions(request, &mut found);
    // "#0 = :0 AND ...": the partition is the first that a query compares.
    let compared = request["KeyConditionExpression"].as_str().and_then(|condition| condition.split_whitespace().nth(2));
    let value = compared.map(|placeholder| &request["ExpressionAttributeValues"][placeholder]["S"]);
    found.extend(value.and_then(Value::as_str).map(str::to_owned));
    found
}

/// Partition keys of keys and items, however deep they are.
fn collect_partitions(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(attribute::PK).and_then(|key| key["S"].as_str()).map(str::to_owned));
            fields.values().for_each(|field| collect_partitions(field, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect_partitions(element, found)),
        _ => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_needs_the_permissions_of_its_parts() {
        let body = r#"{"TransactItems": [
            {"Put": {"TableName": "t", "Item": {"pk": {"S": "A"}, "sk": {"S": "1"}}}},
            {"ConditionCheck": {"TableName": "t", "Key": {"pk": {"S": "B"}, "sk": {"S": "1"}}}}]}"#;
        let operation = Operation::read("TransactWriteItems", body);
        assert_eq!(Vec::from_iter(operation.actions), ["dynamodb:ConditionCheckItem", "dynamodb:PutItem"]);
        assert_eq!(Vec::from_iter(operation.partitions), ["A", "B"]);
    }

    #[test]
    fn a_query_names_the_partition_it_reads() {
        let body = r##"{"KeyConditionExpression": "#0 = :0 AND #1 >= :1",
            "ExpressionAttributeValues": {":0": {"S": "DOMAINS"}, ":1": {"S": "a"}}}"##;
        assert_eq!(Vec::from_iter(Operation::read("Query", body).partitions), ["DOMAINS"]);
    }
}
