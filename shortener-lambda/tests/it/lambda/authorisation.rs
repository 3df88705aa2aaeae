//! Who may do what, by events: a sample of the matrix in `authorisation`, through the path that only Lambda has.

use serde_json::{Value, json};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::table::Item;
use shortener_core::wire::{CreateKey, Role, Scope};

use super::harness::{Event, Setup, Store};

/// An event, what it tries, and what comes out.
type Cell = (&'static str, Event, u16);

async fn key(store: &Store, role: Role) -> String {
    let request = CreateKey { name: "test".to_owned(), role, scope: Scope::default(), expires_at: None };
    store.session().create_key(&request, &WriteOptions::default()).await.unwrap().key
}

fn cells(good: &str, reader: &str) -> Vec<Cell> {
    let who = || Event::get("/api/v1/whoami");
    let delete = || Event::new("DELETE", "/api/v1/links/launch");
    let path = |path: &str| Event::get(path).with("/rawPath", json!(path));
    let create = json!({"target": "https://a.example/", "code": "made"}).to_string();
    vec![
        ("a key", who().api_key(good), 200),
        ("none", who(), 401),
        ("two keys, joined as Lambda joins them", who().api_key(good).api_key("bad"), 401),
        ("the same key twice", who().api_key(good).api_key(good), 401),
        ("spaces around", who().api_key(&format!(" {good} ")), 401),
        ("bearer", who().header("authorization", &format!("Bearer {good}")), 200),
        ("the edge's signature beside it", who().api_key(good).header("authorization", "AWS4-HMAC-SHA256 x"), 200),
        ("the edge's signature alone", who().header("authorization", "AWS4-HMAC-SHA256 x"), 401),
        ("a cookie", who().cookies(&[&format!("x-api-key={good}")]), 401),
        ("a cookie that is a header", who().cookies(&[&format!("a=b\r\nx-api-key: {good}")]), 401),
        ("a header with a line break", who().header("x-a", &format!("b\r\nx-api-key: {good}")), 401),
        ("the context", who().with("/requestContext/authorizer", json!({"key": good, "role": "admin"})), 401),
        ("the query", Event::get(&format!("/api/v1/whoami?x-api-key={good}")), 401),
        ("a reader deletes", delete().api_key(reader), 403),
        ("by override", delete().api_key(reader).header("x-http-method-override", "GET"), 403),
        ("by another path", delete().api_key(reader).header("x-original-url", "/api/v1/health"), 403),
        (
            "by the context's path",
            delete().api_key(reader).with("/requestContext/http/path", json!("/api/v1/health")),
            403,
        ),
        ("by another host", delete().api_key(reader).forwarded_host("evil.example"), 403),
        ("an escaped segment", path("/api/v1/%6b%65ys").api_key(good), 404),
        ("two slashes", path("//api/v1/keys").api_key(good), 404),
        ("no slash", path("api/v1/keys").api_key(reader), 403),
        ("dots", path("/api/v1/health/../keys").api_key(good), 404),
        ("a query in the path", path("/api/v1/health?/../keys").api_key(good), 404),
        ("capitals", path("/API/V1/KEYS").api_key(good), 404),
        ("an unknown method", Event::new("DELETEX", "/api/v1/links/launch").api_key(good), 405),
        ("a small method", Event::new("delete", "/api/v1/links/launch").api_key(good), 405),
        (
            "a body in Base64",
            Event::new("POST", "/api/v1/links").api_key(reader).base64("application/json", create.as_bytes()),
            403,
        ),
        (
            "a body of another type",
            Event::new("POST", "/api/v1/links").api_key(good).base64("text/plain", create.as_bytes()),
            415,
        ),
        (
            "an extra field in Base64",
            Event::new("POST", "/api/v1/links")
                .api_key(good)
                .base64("application/json", br#"{"target": "https://a.example/", "role": "admin"}"#),
            422,
        ),
    ]
}

/// The table but for when keys were last used.
fn kept(store: &Store) -> Vec<Item> {
    let mut items = store.engine.dump("short").unwrap();
    for item in &mut items {
        item.attributes.remove("last_used_at");
    }
    items.sort_by(|a, b| a.key.cmp(&b.key));
    items
}

#[tokio::test]
async fn events_get_what_their_keys_give_them_and_change_nothing_else() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let (good, reader) = (key(&store, Role::Editor).await, key(&store, Role::Reader).await);
    let function = Setup::role("api", store.url()).start().await;
    let before = kept(&store);
    for (at, (what, event, status)) in cells(&good, &reader).into_iter().enumerate() {
        let answer = function.answer(&event.request_id(&format!("cell-{at}"))).await;
        assert_eq!(answer.status, status, "{what}: {answer}");
        assert!(
            answer.cookies.is_empty() && answer.header("access-control-allow-origin").is_empty(),
            "{what}: {answer}"
        );
        assert_eq!(kept(&store), before, "{what}");
    }
    let redirects = Setup::role("redirect", store.url()).start().await;
    for method in ["GET", "POST", "PATCH", "DELETE"] {
        let event = Event::new(method, "/api/v1/links/launch").api_key(&good);
        let status = if method == "GET" { 404 } else { 405 };
        assert_eq!(redirects.answer(&event.json(&Value::Null)).await.status, status, "the API is not there");
    }
    assert_eq!(kept(&store), before);
}
