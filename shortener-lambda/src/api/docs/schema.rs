//! One data type of the documentation page.

use serde_json::Value;

use super::{items, text};

/// A named data type.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) fields: Vec<Field>,
    /// The values of an enumeration.
    pub(super) values: Vec<String>,
}

/// A field of an object.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: TypeName,
    pub(super) description: String,
}

/// A type in words, perhaps with the name of a schema to link to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TypeName {
    pub(super) words: String,
    pub(super) schema: Option<String>,
}

impl Schema {
    /// Every schema of the document.
    pub(super) fn all(document: &Value) -> Vec<Self> {
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
        schemas.map(|(name, schema)| Self::of(name, schema)).collect()
    }

    fn of(name: &str, schema: &Value) -> Self {
        // A type that takes over another's fields lists both.
        let parts = || std::iter::once(schema).chain(items(&schema["allOf"]));
        let values = items(&schema["enum"]).chain(items(&schema["oneOf"]).flat_map(|one| items(&one["enum"])));
        Self {
            name: name.to_owned(),
            description: text(&schema["description"]),
            fields: parts().flat_map(fields).collect(),
            values: values.map(text).collect(),
        }
    }
}

fn fields(schema: &Value) -> Vec<Field> {
    if schema.get("$ref").is_some() {
        let kind = TypeName::of(schema);
        return vec![Field {
            name: "…".to_owned(), required: true, kind, description: "every field of it".to_owned()
        }];
    }
    let required: Vec<_> = items(&schema["required"]).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| Field {
            name: name.clone(),
            required: required.iter().any(|field| *field == name),
            kind: TypeName::of(property),
            description: text(&property["description"]),
        })
        .collect()
}

impl TypeName {
    /// The type that a schema stands for.
    pub(super) fn of(schema: &Value) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
            return Self { words: String::new(), schema: Some(name) };
        }
        let choices: Vec<_> =
            items(&schema["oneOf"]).chain(items(&schema["anyOf"])).chain(items(&schema["allOf"])).collect();
        if !choices.is_empty() {
            return Self::one_of(choices.into_iter().map(Self::of).collect());
        }
        match &schema["type"] {
            Value::Array(kinds) => Self::one_of(kinds.iter().map(|kind| Self::simple(schema, kind)).collect()),
            kind => Self::simple(schema, kind),
        }
    }

    fn simple(schema: &Value, kind: &Value) -> Self {
        if kind == "array" {
            let item = Self::of(&schema["items"]);
            return Self { words: format!("list of {}", item.words), schema: item.schema };
        }
        let words = match schema["format"].as_str() {
            Some("date-time") if kind == "string" => "RFC 3339 time".to_owned(),
            _ => kind.as_str().unwrap_or("any").to_owned(),
        };
        Self { words, schema: None }
    }

    fn one_of(choices: Vec<Self>) -> Self {
        let schema = choices.iter().find_map(|choice| choice.schema.clone());
        let words: Vec<_> = choices.into_iter().map(|choice| choice.words).filter(|words| !words.is_empty()).collect();
        let words = if schema.is_some() && !words.is_empty() {
            format!("{} or", words.join(" or "))
        } else {
            words.join(" or ")
        };
        Self { words, schema }
    }
}
