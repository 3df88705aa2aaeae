//! The `api` role.

use serde_json::{Value, json};

use super::harness::{Answer, Event, Function, Setup, Store};

async fn start() -> (Store, Function) {
    let store = Store::start().await;
    let function = Setup::role("api", store.url()).start().await;
    (store, function)
}

fn expect_problem(answer: &Answer, status: u16, code: &str) -> Value {
    let problem = answer.json();
    assert_eq!((answer.status, problem["code"].as_str()), (status, Some(code)), "{answer}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    problem
}

#[tokio::test]
async fn a_link_is_created_read_and_changed_only_on_its_version() {
    let (store, function) = start().await;
    let create = Event::new("POST", "/api/v1/links").api_key(&store.key);
    let made = function.answer(&create.json(&json!({"target": "https://www.example.com/é", "code": "launch"}))).await;
    assert_eq!((made.status, made.header("etag")), (201, "\"1\""), "{made}");
    let link = Event::get("/api/v1/links/launch").api_key(&store.key);
    let read = function.answer(&link).await;
    let mut expected = made.json();
    expected["clicks"] = json!({"human": 0, "total": 0});
    assert_eq!((read.status, read.json()), (200, expected));
    assert_eq!(read.json()["short_url"], "https://s.example/launch");
    let change = || Event::new("PATCH", "/api/v1/links/launch").api_key(&store.key).header("if-match", "\"1\"");
    let changed = function.answer(&change().json(&json!({"title": "A"}))).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""), "{changed}");
    let late = function.answer(&change().json(&json!({"title": "B"})).request_id("another")).await;
    let problem = expect_problem(&late, 412, "version_mismatch");
    assert_eq!(problem["link"]["title"], "A");
}

#[tokio::test]
async fn a_body_in_base64_is_the_same_body() {
    let (store, function) = start().await;
    let body = json!({"links": [{"target": "https://www.example.com/1"}, {"target": "ftp://x"}]}).to_string();
    let event = Event::new("POST", "/api/v1/links/batch").api_key(&store.key);
    let answer = function.answer(&event.base64("application/json", body.as_bytes())).await;
    let results = answer.json();
    assert_eq!((answer.status, &results["results"][0]["status"]), (200, &json!(201)), "{answer}");
    assert_eq!(results["results"][1]["status"], 422);
}

#[tokio::test]
async fn refusals_are_problems_with_the_requests_id() {
    let (store, function) = start().await;
    let nobody = function.answer(&Event::get("/api/v1/links")).await;
    let problem = expect_problem(&nobody, 401, "unauthenticated");
    assert_eq!(problem["instance"], format!("urn:uuid:{}", nobody.header("x-request-id")));
    let event = Event::new("POST", "/api/v1/links").api_key(&store.key);
    expect_problem(&function.answer(&event.clone().text("text/plain", "x")).await, 415, "unsupported_media_type");
    expect_problem(&function.answer(&event.json(&json!({"target": "nonsense"}))).await, 422, "invalid");
    expect_problem(&function.answer(&Event::get("/api/v1/nothing")).await, 404, "not_found");
    assert_eq!(function.answer(&Event::get("/launch")).await.status, 404, "redirects are another function");
}

#[tokio::test]
async fn bodies_of_six_megabytes_are_refused_in_bounded_memory() {
    let (store, function) = start().await;
    let event = Event::new("POST", "/api/v1/links").api_key(&store.key);
    let plain = function.answer(&event.clone().text("application/json", &"x".repeat(6 << 20))).await;
    expect_problem(&plain, 413, "too_large");
    let base64 = function.answer(&event.base64("application/json", &vec![b' '; (6 << 20) / 4 * 3])).await;
    expect_problem(&base64, 413, "too_large");
    let most = function.memory_kb("VmHWM");
    assert!(most < 64 * 1024, "{most} kB");
    assert_eq!(function.answer(&Event::get("/api/v1/health")).await.status, 200, "the instance goes on");
}

#[tokio::test]
async fn health_names_the_version_and_the_revision() {
    let (_store, function) = start().await;
    let health = function.answer(&Event::get("/api/v1/health")).await.json();
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    let revision = health["revision"].as_str().unwrap();
    let is_commit = revision.len() == 12 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_commit || revision == "unknown", "{revision}");
}
