//! The OpenAPI document and its page.

use serde_json::Value;
use shortener_core::wire::ProblemCode;

use crate::app::TestApp;

async fn document() -> Value {
    TestApp::start().await.get("/api/openapi.json").await.json()
}

/// Calls `visit` with every value of a document.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| walk(field, visit)),
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &'_ Value)| (path.clone(), item.as_object().unwrap().len());
    assert!(paths.iter().map(of).all(|(_, methods)| methods > 0));
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[tokio::test]
async fn every_reference_of_the_document_resolves() {
    let document = document().await;
    let mut count = 0;
    walk(&document, &mut |value| {
        if let Some(reference) = value["$ref"].as_str() {
            count += 1;
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    });
    assert!(count > 50);
}

#[tokio::test]
async fn every_operation_is_complete() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = Vec::new();
    for (name, operation) in operations(&document) {
        ids.push(operation["operationId"].as_str().unwrap().to_owned());
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
            let is_problem = response["content"].get("application/problem+json").is_some();
            assert_eq!(is_problem, status.parse::<u16>().unwrap() >= 400, "{name} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{name} {parameter}");
            assert!(
                !parameter["schema"].to_string().contains("null"),
                "an absent parameter is not null: {name} {parameter}"
            );
        }
        if let Some(body) = operation.get("requestBody") {
            assert!(!body["content"]["application/json"]["example"].is_null(), "{name}");
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}

#[tokio::test]
async fn path_parameters_are_those_of_the_path() {
    for (name, operation) in operations(&document().await) {
        let mut declared: Vec<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        declared.sort_unstable();
        let in_path: Vec<_> = name.split(['{', '}']).skip(1).step_by(2).collect();
        assert_eq!(declared, in_path, "{name}");
    }
}

#[tokio::test]
async fn every_problem_code_is_documented() {
    let text = document().await.to_string();
    // No operation of the document can answer that its method is not taken.
    for code in ProblemCode::ALL.iter().filter(|code| **code != ProblemCode::MethodNotAllowed) {
        assert!(text.contains(&format!("`{}`", code.as_str())), "{}", code.as_str());
    }
}

#[tokio::test]
async fn enumerations_are_spelled_as_they_travel() {
    let document = document().await;
    let names = |schema: &str| document["components"]["schemas"][schema]["enum"].clone();
    let codes: Vec<_> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names("ProblemCode"), serde_json::json!(codes));
    for (parameter, schema, spelled) in [
        ("order", "Order", serde_json::json!(["ascending", "descending"])),
        ("by", "Step", serde_json::json!(["hour", "day"])),
        ("bots", "Bots", serde_json::json!(["include", "exclude", "only"])),
    ] {
        assert_eq!(names(schema), spelled);
        let text = document["paths"].to_string();
        assert!(text.contains(&format!("\"name\":\"{parameter}\"")), "{parameter}");
        assert!(text.contains(&format!("#/components/schemas/{schema}\"")), "{parameter} is any text");
    }
}

#[tokio::test]
async fn every_link_leads_to_an_operation_and_fills_parameters_that_it_has() {
    let document = document().await;
    let operations = operations(&document);
    let mut count = 0;
    for (name, operation) in &operations {
        for response in operation["responses"].as_object().unwrap().values() {
            for link in response["links"].as_object().into_iter().flat_map(|links| links.values()) {
                let to = operations.iter().find(|(_, other)| other["operationId"] == link["operationId"]);
                let (_, to) = to.unwrap_or_else(|| panic!("{name}: {link}"));
                for filled in link["parameters"].as_object().unwrap().keys() {
                    let (place, filled) = filled.split_once('.').unwrap();
                    let taken = to["parameters"].as_array().into_iter().flatten();
                    let mut taken = taken.filter(|taken| taken["in"] == place && taken["name"] == filled);
                    assert!(taken.next().is_some(), "{name}: {link}");
                }
                count += 1;
            }
        }
    }
    assert!(count > 20, "{count}");
}

#[tokio::test]
async fn the_document_changes_only_on_purpose() {
    insta::assert_snapshot!(format!("{:#}", document().await));
}

#[tokio::test]
async fn the_page_shows_every_operation_and_needs_no_other_host() {
    let app = TestApp::start().await;
    let (document, page) = (document().await, app.get("/api/docs").await);
    let text = page.text();
    for (name, operation) in operations(&document) {
        assert!(text.contains(&format!("id=\"{}\"", operation["operationId"].as_str().unwrap())), "{name}");
    }
    for schema in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("id=\"type-{schema}\"")), "{schema}");
    }
    for banned in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!text.contains(banned), "{banned}");
    }
    let anchors: Vec<_> = text.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(anchors.len() > 20);
    for anchor in anchors {
        assert!(text.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
}
