//! Everything that is stored, for tests that compare whole tables. The engine's client cannot scan; this is no client.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::{InProcess, dispatch};
use crate::table::{Item, TableError};

impl InProcess {
    /// Every item of a table, in no order. It is not recorded as an operation.
    ///
    /// # Errors
    /// [`TableError::Engine`] if there is no such table; [`TableError::BadItem`].
    pub fn dump(&self, table: &str) -> Result<Vec<Item>, TableError> {
        let mut items = Vec::new();
        let mut request = json!({ "TableName": table });
        loop {
            let page = dispatch::scan(&self.0.database, &request)?;
            for item in page["Items"].as_array().into_iter().flatten() {
                items.push(super::super::value::item_from_wire(wire(item))?);
            }
            match &page["LastEvaluatedKey"] {
                Value::Null => return Ok(items),
                next => request["ExclusiveStartKey"] = next.clone(),
            }
        }
    }
}

fn wire(item: &Value) -> HashMap<String, AttributeValue> {
    let fields = item.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), attribute(value))).collect()
}

/// A value in DynamoDB's JSON: an object of one field, which names the type.
fn attribute(value: &Value) -> AttributeValue {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value.as_object().and_then(|typed| typed.iter().next()) {
        Some((kind, value)) => match kind.as_str() {
            "S" => AttributeValue::S(text(value)),
            "N" => AttributeValue::N(text(value)),
            "BOOL" => AttributeValue::Bool(value.as_bool().unwrap_or_default()),
            "L" => AttributeValue::L(value.as_array().into_iter().flatten().map(attribute).collect()),
            "M" => AttributeValue::M(wire(value)),
            _ => AttributeValue::Null(true),
        },
        None => AttributeValue::Null(true),
    }
}
