//! One caller's idempotency key in the hands of another.

use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::world::{Answer, Effect, World};

async fn send(world: &World, name: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let mut request = World::request(world.caller(name), &method, path, body);
    request.headers_mut().insert("idempotency-key", HeaderValue::from_static("the-same"));
    world.send(request).await
}

#[tokio::test]
async fn an_idempotency_key_replays_nothing_to_another_caller() {
    let world = World::start().await;
    let body = json!({"target": "https://www.example.com/hidden-target/first", "tags": ["mine"]});
    let first = send(&world, "admin", Method::POST, "/api/v1/links", Some(&body)).await;
    assert_eq!(first.status, 201, "{first:?}");
    let code = first.json()["code"].clone();
    for name in ["creator of everything", "editor of tag", "creator of prefix"] {
        let answer = send(&world, name, Method::POST, "/api/v1/links", Some(&body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(!answer.head.headers.contains_key("idempotent-replayed"), "{name}");
        assert_ne!(answer.json()["code"], code, "{name} was given another's link");
    }
    let again = send(&world, "admin", Method::POST, "/api/v1/links", Some(&body)).await;
    assert_eq!((again.status, &again.json()["code"]), (201, &code));
    assert_eq!(again.head.headers["idempotent-replayed"], "true");
}

#[tokio::test]
async fn a_replay_is_refused_to_whoever_may_not_make_the_request() {
    let mut world = World::start().await;
    let change = json!({"title": "changed"});
    assert_eq!(send(&world, "admin", Method::PATCH, "/api/v1/links/in-mine", Some(&change)).await.status, 200);
    let body = json!({"target": "https://a.example/", "code": "in-new"});
    assert_eq!(send(&world, "admin", Method::POST, "/api/v1/links", Some(&body)).await.status, 201);
    world.start = world.table.dump().await;
    for (name, status) in [
        ("nobody", 401),
        ("reader of everything", 403),
        ("creator of everything", 403),
        ("editor of other domain", 403),
        ("editor of all three", 403),
    ] {
        for (method, path, body) in [
            (Method::PATCH, "/api/v1/links/in-mine", Some(&change)),
            (Method::DELETE, "/api/v1/links/in-mine", None),
            (Method::POST, "/api/v1/links", Some(&body)),
        ] {
            // A creator may create; the code is taken by another's link, which he may see.
            let status = if name.starts_with("creator") && method == Method::POST { 409 } else { status };
            let mut request = World::request(world.caller(name), &method, path, body);
            request.headers_mut().insert("idempotency-key", HeaderValue::from_static("the-same"));
            world.cell(name, request, status, Effect::None).await;
        }
    }
    world.report("repeats");
}
