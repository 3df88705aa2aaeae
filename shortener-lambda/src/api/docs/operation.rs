//! One operation of the documentation page.

use serde_json::Value;

use super::schema::TypeName;
use super::{items, text};

/// Order of the methods of one path.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// One method of one path.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) tag: String,
    pub(super) anchor: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<TypeName>,
    pub(super) responses: Vec<Answer>,
    pub(super) example: String,
}

/// A parameter in the path, the query or a header.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) required: bool,
    pub(super) kind: TypeName,
    pub(super) description: String,
}

/// One status that an operation can answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) description: String,
    pub(super) kind: Option<TypeName>,
}

impl Operation {
    /// Every operation, by path and method.
    pub(super) fn all(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().into_iter().flatten();
        paths
            .flat_map(|(path, item)| {
                METHODS.iter().filter_map(move |method| Some(Self::of(path, method, item.get(*method)?)))
            })
            .collect()
    }

    fn of(path: &str, method: &str, operation: &Value) -> Self {
        Self {
            tag: text(&operation["tags"][0]),
            anchor: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            parameters: items(&operation["parameters"]).map(Parameter::of).collect(),
            body: content(&operation["requestBody"]),
            responses: operation["responses"].as_object().into_iter().flatten().map(Answer::of).collect(),
            example: curl(path, method, operation),
        }
    }
}

impl Parameter {
    fn of(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            required: parameter["required"] == true,
            kind: TypeName::of(&parameter["schema"]),
            description: text(&parameter["description"]),
        }
    }
}

impl Answer {
    fn of((status, response): (&String, &Value)) -> Self {
        Self { status: status.clone(), description: text(&response["description"]), kind: content(response) }
    }
}

/// The type of a body, whatever its media type.
fn content(holder: &Value) -> Option<TypeName> {
    let media = holder["content"].as_object()?.values().next()?;
    Some(TypeName::of(media.get("schema")?))
}

/// A call that can be pasted into a shell.
fn curl(path: &str, method: &str, operation: &Value) -> String {
    let mut words = vec!["curl -sS".to_owned()];
    if method != "get" {
        words.push(format!("-X {}", method.to_uppercase()));
    }
    if operation.get("security").is_some() {
        words.push("-H \"X-Api-Key: $SHORT_API_KEY\"".to_owned());
    }
    let body = &operation["requestBody"]["content"]["application/json"]["example"];
    if !body.is_null() {
        words.push(format!("\\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"));
    }
    let path = path.replace("{code}", "launch").replace("{domain}", "go.example.com").replace("{id}", "ci");
    words.push(format!("\\\n  \"$SHORT_API_URL{path}\""));
    words.join(" ")
}
