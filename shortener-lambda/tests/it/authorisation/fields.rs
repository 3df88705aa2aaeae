//! Fields and parameters that no schema has, on every body and every query of the document.

use http::{Method, Request};
use serde_json::{Map, Value, json};
use shortener_core::routes::{api, fill};

use super::world::{Effect, World};

/// What callers would like to set, and what confuses parsers.
const EXTRA: [&str; 32] = [
    "owner",
    "created_at",
    "created_by",
    "updated_at",
    "clicks",
    "clicks_used",
    "role",
    "tenant",
    "version",
    "id",
    "key",
    "actor",
    "domain_id",
    "history",
    "deleted_at",
    "revoked_at",
    "last_used_at",
    "digest",
    "create_token",
    "change_id",
    "state",
    "pk",
    "sk",
    "__proto__",
    "constructor",
    "prototype",
    "$ref",
    "",
    " ",
    "Target",
    "target ",
    "\u{0}target",
];

/// An object of a body: where it is, and what it may have.
#[derive(Debug, Clone)]
struct Object {
    pointer: String,
    properties: Vec<String>,
}

/// A body of the document: its operation and a valid example of it.
struct Sent {
    method: Method,
    path: String,
    example: Value,
    objects: Vec<Object>,
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolve(document, document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    let alternatives = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    match alternatives.and_then(|all| all.iter().find(|one| one["type"] != "null")) {
        Some(one) => resolve(document, one),
        None => schema,
    }
}

/// Every object of a schema, with an example that has all of them.
fn objects(document: &Value, schema: &Value, pointer: &str, example: &mut Value) -> Vec<Object> {
    let schema = resolve(document, schema);
    if schema["type"] == "array" {
        let Value::Array(items) = example else { return Vec::new() };
        return items
            .first_mut()
            .map_or_else(Vec::new, |first| objects(document, &schema["items"], &format!("{pointer}/0"), first));
    }
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let mut found = vec![Object { pointer: pointer.to_owned(), properties: properties.keys().cloned().collect() }];
    for (name, property) in properties {
        let inner = resolve(document, property);
        if inner["properties"].is_object() && example[name].is_null() {
            example[name] = minimal(document, inner);
        }
        found.extend(objects(document, property, &format!("{pointer}/{name}"), &mut example[name]));
    }
    found.retain(|object| !object.properties.is_empty());
    if let Some(fields) = example.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    found
}

/// The smallest value of an object.
fn minimal(document: &Value, schema: &Value) -> Value {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let value = |name: &str| match resolve(document, &schema["properties"][name])["type"].as_str() {
        Some("integer") => json!(0),
        Some("array") => json!([]),
        _ => json!("x"),
    };
    Value::Object(required.map(|name| (name.to_owned(), value(name))).collect::<Map<_, _>>())
}

fn bodies(world: &World) -> Vec<Sent> {
    let mut found = Vec::new();
    for (route, item) in world.document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"];
            if body.is_null() {
                continue;
            }
            let filled = match route.as_str() {
                api::DOMAIN => "go.test",
                api::KEY_ROTATE => &world.spare_key,
                _ => "in-mine",
            };
            let mut example = body["example"].clone();
            let objects = objects(&world.document, &body["schema"], "", &mut example);
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            found.push(Sent { method, path: fill(route, &[filled]), example, objects });
        }
    }
    found
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

async fn refused(world: &World, sent: &Sent, body: String, pointer: &str, code: &str) {
    let mut request = World::request(world.admin(), &sent.method, &sent.path, Some(&Value::Null));
    *request.body_mut() = body.clone().into();
    let answer = world.cell(&body, request, 422, Effect::None).await.json();
    let errors = answer["errors"].as_array().unwrap();
    let named = errors.iter().any(|error| error["pointer"] == pointer && error["code"] == code);
    assert!(named, "{pointer} {code} is not named for {body}: {answer}");
}

#[tokio::test]
async fn a_field_that_no_schema_has_is_refused_by_name_wherever_it_stands() {
    let world = World::start().await;
    let bodies = bodies(&world);
    assert_eq!(bodies.len(), 6, "every operation with a body");
    assert!(bodies.iter().map(|sent| sent.objects.len()).sum::<usize>() >= 10, "nested objects too");
    for sent in &bodies {
        for object in &sent.objects {
            for extra in EXTRA.iter().filter(|extra| !object.properties.iter().any(|name| name == *extra)) {
                for value in [json!(1), json!({"role": "admin"}), Value::Null] {
                    let mut body = sent.example.clone();
                    body.pointer_mut(&object.pointer).unwrap()[*extra] = value;
                    let pointer = format!("{}/{}", object.pointer, escaped(extra));
                    refused(&world, sent, body.to_string(), &pointer, "field_unknown").await;
                }
            }
        }
    }
    world.report("fields");
    assert!(world.cells() > 700, "{}", world.cells());
}

#[tokio::test]
async fn a_field_that_stands_twice_is_refused_by_name_wherever_it_stands() {
    let world = World::start().await;
    for sent in &bodies(&world) {
        for object in &sent.objects {
            for (name, value) in sent.example.pointer(&object.pointer).unwrap().as_object().unwrap() {
                let twice = format!("{{\"{name}\":{value},\"{name}\":{value}}}");
                let mut body = sent.example.clone();
                *body.pointer_mut(&object.pointer).unwrap() = json!("HERE");
                let body = body.to_string().replace("\"HERE\"", &twice);
                let pointer = format!("{}/{}", object.pointer, escaped(name));
                refused(&world, sent, body, &pointer, "field_duplicate").await;
            }
        }
    }
    world.report("fields twice");
    assert!(world.cells() >= 15, "{}", world.cells());
}

#[tokio::test]
async fn an_array_of_its_fields_is_refused_wherever_an_object_stands() {
    let world = World::start().await;
    for sent in &bodies(&world) {
        for object in &sent.objects {
            let fields = sent.example.pointer(&object.pointer).unwrap().as_object().unwrap();
            for array in [json!([]), Value::Array(fields.values().cloned().collect())] {
                let mut body = sent.example.clone();
                *body.pointer_mut(&object.pointer).unwrap() = array;
                refused(&world, sent, body.to_string(), &object.pointer, "field_type").await;
            }
        }
    }
    world.report("arrays for objects");
    assert!(world.cells() >= 20, "{}", world.cells());
}

#[tokio::test]
async fn a_parameter_that_no_route_has_or_that_stands_twice_is_refused_by_name() {
    let world = World::start().await;
    for (route, item) in world.document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"].is_null() {
                continue;
            }
            let taken: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let body = operation["requestBody"]["content"]["application/json"]["example"].clone();
            let body = (!body.is_null()).then_some(body);
            let filled = match route.as_str() {
                api::DOMAIN => "go.test",
                api::PURGE => "I2J0I21PCUYOIK",
                _ => "in-mine",
            };
            let ask = |query: String| -> Request<axum::body::Body> {
                let path = format!("{}?{query}", fill(route, &[filled]));
                World::request(world.admin(), &method, &path, body.as_ref())
            };
            for extra in EXTRA.iter().filter(|extra| !extra.trim().is_empty() && !extra.contains('\0')) {
                if taken.contains(extra) {
                    continue;
                }
                let name: String = url(extra);
                let answer = world.cell(extra, ask(format!("{name}=1")), 400, Effect::None).await;
                assert!(answer.json()["detail"].as_str().unwrap().contains(&format!("`{extra}`")), "{}", answer.text);
            }
            for name in taken {
                let answer = world.cell(name, ask(format!("{name}=true&{name}=false")), 400, Effect::None).await;
                assert!(answer.json()["detail"].as_str().unwrap().contains(name), "{}", answer.text);
            }
        }
    }
    world.report("parameters");
    assert!(world.cells() > 500, "{}", world.cells());
}

fn url(name: &str) -> String {
    name.replace(' ', "%20").replace('$', "%24")
}
