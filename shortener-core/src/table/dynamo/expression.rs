//! Conditions and updates as DynamoDB expressions. Every name and value is a placeholder: names may be reserved words.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::value::{Wire, to_wire};
use crate::table::keys::attribute;
use crate::table::{Attributes, Condition, TableError};

/// Attribute names by placeholder.
pub(super) type Names = HashMap<String, String>;

/// Placeholders of one request. `None` where there are none, because DynamoDB refuses empty maps.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: Names,
    values: Wire,
}

impl Placeholders {
    /// The placeholder of an attribute name.
    pub(super) fn name(&mut self, name: &str) -> String {
        if let Some((placeholder, _)) = self.names.iter().find(|(_, known)| *known == name) {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The placeholder of a value.
    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// The placeholder of a number.
    pub(super) fn number(&mut self, number: impl fmt::Display) -> String {
        self.value(AttributeValue::N(number.to_string()))
    }

    /// The placeholder of a text.
    pub(super) fn text(&mut self, text: &str) -> String {
        self.value(AttributeValue::S(text.to_owned()))
    }

    /// Names and values, as the request builders take them.
    pub(super) fn finish(self) -> (Option<Names>, Option<Wire>) {
        (Some(self.names).filter(|names| !names.is_empty()), Some(self.values).filter(|values| !values.is_empty()))
    }
}

/// The condition expression of a write.
pub(super) fn condition(condition: Condition, placeholders: &mut Placeholders) -> String {
    let pk = |placeholders: &mut Placeholders| placeholders.name(attribute::PK);
    match condition {
        Condition::Absent => format!("attribute_not_exists({})", pk(placeholders)),
        Condition::Present => format!("attribute_exists({})", pk(placeholders)),
        Condition::AbsentOrPurgeable(now) => {
            let purge_at = placeholders.name(attribute::PURGE_AT);
            let now = placeholders.number(now.as_second());
            format!("attribute_not_exists({}) OR {purge_at} <= {now}", pk(placeholders))
        }
        Condition::VersionIs(version) => {
            format!("{} = {}", placeholders.name(attribute::VERSION), placeholders.number(version))
        }
        Condition::GenerationBelow(generation) => {
            let found = placeholders.name(attribute::GENERATION);
            format!("attribute_not_exists({found}) OR {found} < {}", placeholders.number(generation))
        }
    }
}

/// The update expression of a write; none if it changes no attribute.
///
/// # Errors
/// [`TableError::Invalid`] if it would change the key or set something that is no JSON of ours.
pub(super) fn update(
    set: &Attributes,
    remove: &[String],
    placeholders: &mut Placeholders,
) -> Result<Option<String>, TableError> {
    let mut clauses = Vec::new();
    let assignments =
        set.iter().map(|(name, value)| assignment(name, value, placeholders)).collect::<Result<Vec<_>, _>>()?;
    if !assignments.is_empty() {
        clauses.push(format!("SET {}", assignments.join(", ")));
    }
    // DynamoDB refuses an attribute that is named twice; one that is set and removed is set.
    let mut removed: Vec<&String> = remove.iter().filter(|name| !set.contains_key(*name)).collect();
    removed.sort();
    removed.dedup();
    if !removed.is_empty() {
        let names: Vec<String> = removed.into_iter().map(|name| placeholders.name(name)).collect();
        clauses.push(format!("REMOVE {}", names.join(", ")));
    }
    Ok(Some(clauses.join(" ")).filter(|expression| !expression.is_empty()))
}

fn assignment(name: &str, value: &Value, placeholders: &mut Placeholders) -> Result<String, TableError> {
    if name == attribute::PK || name == attribute::SK || value.is_null() {
        return Err(TableError::Invalid(format!("attribute '{name}' cannot be set to {value}")));
    }
    Ok(format!("{} = {}", placeholders.name(name), placeholders.value(to_wire(value)?)))
}
