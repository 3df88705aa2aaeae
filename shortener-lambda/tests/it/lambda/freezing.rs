//! Instances that were frozen between two invocations, and what became of their connections meanwhile.

use std::time::Duration;

use serde_json::json;

use super::harness::{Event, FaultProxy, Function, Setup, Store};

async fn start(role: &str) -> (Store, FaultProxy, Function) {
    let store = Store::start().await;
    store.create_code("launch").await;
    let proxy = FaultProxy::before(store.url());
    let function = Setup::role(role, &proxy.url()).start().await;
    (store, proxy, function)
}

async fn frozen(function: &Function, meanwhile: impl FnOnce()) {
    function.freeze();
    meanwhile();
    tokio::time::sleep(Duration::from_millis(300)).await;
    function.thaw();
}

#[tokio::test]
async fn the_start_opens_the_connection_that_redirects_use() {
    let (_store, proxy, function) = start("redirect").await;
    assert_eq!(proxy.connections(), 1);
    for _ in 0..3 {
        assert_eq!(function.answer(&Event::get("/launch")).await.status, 302);
        frozen(&function, || {}).await;
    }
    assert_eq!(proxy.connections(), 1, "a freeze alone costs no connection");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_the_visitor_nothing() {
    let (_store, proxy, function) = start("redirect").await;
    for _ in 0..5 {
        frozen(&function, || proxy.close_connections()).await;
        let answer = function.answer(&Event::get("/launch")).await;
        assert_eq!(answer.redirect(), (302, "https://www.example.com/launch"), "{answer}");
        assert!(answer.header("cache-control").contains("s-maxage=60,"), "a current answer: {answer}");
        assert!(answer.took < Duration::from_millis(400), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_went_silent_meanwhile_costs_the_visitor_a_moment() {
    let (_store, proxy, function) = start("redirect").await;
    for _ in 0..3 {
        frozen(&function, || proxy.silence_connections()).await;
        let answer = function.answer(&Event::get("/launch")).await;
        assert_eq!(answer.redirect(), (302, "https://www.example.com/launch"), "{answer}");
        assert!(answer.header("cache-control").contains("s-maxage=60,"), "a current answer: {answer}");
        assert!(answer.took < Duration::from_millis(800), "{answer}");
    }
}

#[tokio::test]
async fn an_event_that_arrives_while_frozen_is_answered_after() {
    let (_store, _proxy, function) = start("redirect").await;
    function.freeze();
    let pending = function.deliver(Event::get("/launch").payload(), Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(200)).await;
    function.thaw();
    assert!(matches!(pending.wait().await.outcome, super::harness::Outcome::Response(_)));
}

#[tokio::test]
async fn the_api_makes_one_link_over_a_connection_that_died_meanwhile() {
    let (store, proxy, function) = start("api").await;
    let create = |code: &str| {
        let link = json!({"target": "https://www.example.com/", "code": code});
        Event::new("POST", "/api/v1/links").api_key(&store.key).json(&link).request_id(code)
    };
    frozen(&function, || proxy.close_connections()).await;
    let answer = function.answer(&create("closed")).await;
    assert_eq!(answer.status, 201, "{answer}");
    frozen(&function, || proxy.silence_connections()).await;
    let answer = function.answer(&create("silent")).await;
    assert_eq!(answer.status, 201, "{answer}");
    assert!(answer.took < Duration::from_secs(3), "{answer}");
}
