//! Events that Lambda delivers twice.

use serde_json::{Value, json};

use super::harness::{Answer, Event, Function, Setup, Store};

async fn start() -> (Store, Function) {
    let store = Store::start().await;
    let function = Setup::role("api", store.url()).start().await;
    (store, function)
}

/// Delivers an event to one instance and again to another, as Lambda does after it lost the first.
async fn twice(store: &Store, first: &Function, event: &Event) -> [Answer; 2] {
    let second = Setup::role("api", store.url()).start().await;
    [first.answer(event).await, second.answer(event).await]
}

async fn links(store: &Store, function: &Function) -> Vec<Value> {
    let page = function.answer(&Event::get("/api/v1/links?limit=100").api_key(&store.key)).await.json();
    page["links"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_create_delivered_twice_makes_one_link() {
    let (store, function) = start().await;
    let create =
        |link: Value, id: &str| Event::new("POST", "/api/v1/links").api_key(&store.key).json(&link).request_id(id);
    let random = create(json!({"target": "https://www.example.com/a"}), "one");
    let custom = create(json!({"target": "https://www.example.com/b", "code": "launch", "tags": ["x"]}), "two");
    for event in [random, custom] {
        let [first, second] = twice(&store, &function, &event).await;
        assert_eq!((first.status, second.status), (201, 201), "{first}\n{second}");
        assert_eq!(first.json(), second.json());
    }
    assert_eq!(links(&store, &function).await.len(), 2);
    let other = create(json!({"target": "https://www.example.com/c", "code": "launch"}), "three");
    assert_eq!(function.answer(&other).await.status, 409, "another request for the code is a conflict");
}

#[tokio::test]
async fn a_change_delivered_twice_is_made_once() {
    let (store, function) = start().await;
    store.create_code("launch").await;
    let change = Event::new("PATCH", "/api/v1/links/launch").api_key(&store.key).header("if-match", "\"1\"");
    let [first, second] = twice(&store, &function, &change.json(&json!({"title": "A"}))).await;
    assert_eq!((first.status, second.status), (200, 200), "{first}\n{second}");
    assert_eq!(second.json()["version"], 2);
    let history = Event::get("/api/v1/links/launch/history").api_key(&store.key);
    assert_eq!(function.answer(&history).await.json()["events"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_batch_delivered_twice_makes_its_links_once() {
    let (store, function) = start().await;
    let links_sent: Vec<Value> = (0..20).map(|n| json!({"target": format!("https://www.example.com/{n}")})).collect();
    let batch = Event::new("POST", "/api/v1/links/batch").api_key(&store.key).json(&json!({"links": links_sent}));
    let [first, second] = twice(&store, &function, &batch).await;
    assert_eq!((first.status, second.status), (200, 200), "{first}\n{second}");
    let codes = |answer: &Answer| -> Vec<Value> {
        let results = answer.json()["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["link"]["code"].clone()).collect()
    };
    assert_eq!(codes(&first), codes(&second));
    assert_eq!(links(&store, &function).await.len(), 20);
}

#[tokio::test]
async fn a_callers_own_key_stays_and_routes_without_one_take_the_events() {
    let (store, function) = start().await;
    let create = |id: &str, target: &str| {
        let link = json!({"target": target});
        let event = Event::new("POST", "/api/v1/links").api_key(&store.key).header("idempotency-key", "mine");
        event.json(&link).request_id(id)
    };
    let first = function.answer(&create("one", "https://www.example.com/a")).await;
    let second = function.answer(&create("two", "https://www.example.com/a")).await;
    assert_eq!(first.json()["code"], second.json()["code"], "another event, the same key");
    let other = function.answer(&create("three", "https://www.example.com/b")).await;
    assert_eq!((other.status, &other.json()["code"]), (422, &json!("idempotency_key_reused")));
    let key = Event::new("POST", "/api/v1/keys").api_key(&store.key);
    let answer = function.answer(&key.json(&json!({"name": "ci", "role": "reader"}))).await;
    assert_eq!(answer.status, 201, "{answer}");
    let domain = Event::new("PUT", "/api/v1/domains/go.example").api_key(&store.key).json(&json!({}));
    let answer = function.answer(&domain).await;
    assert_eq!(answer.status, 200, "{answer}");
}
