//! A table that is dead, silent, throttling or lying.

use std::time::Duration;

use serde_json::json;
use shortener_core::table::dynamo::in_process::Fault;

use super::harness::{Answer, Event, FaultProxy, Function, Mode, Setup, Store};

/// The longest that a visitor waits for a redirect while the table is sick.
const BOUND: Duration = Duration::from_millis(1500);

async fn start(role: &str) -> (Store, FaultProxy, Function) {
    let store = Store::start().await;
    for code in ["launch", "known", "code0", "code1", "code2", "code3"] {
        store.create_code(code).await;
    }
    let proxy = FaultProxy::before(store.url());
    let function = Setup::role(role, &proxy.url()).start().await;
    (store, proxy, function)
}

fn expect_unavailable(answer: &Answer) {
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{answer}");
    assert_eq!(answer.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn a_redirect_answers_within_about_a_second_whatever_the_table_does() {
    let (_store, proxy, function) = start("redirect").await;
    assert_eq!(function.answer(&Event::get("/known")).await.status, 302);
    let modes = [Mode::Refuse, Mode::BlackHole, Mode::Reset, Mode::Slow(Duration::from_secs(3))];
    for (round, mode) in modes.into_iter().enumerate() {
        proxy.set(mode).await;
        // A code of its own for each round: what was read once is remembered.
        let unread = Event::get(&format!("/code{round}"));
        let unknown = function.answer(&unread).await;
        expect_unavailable(&unknown);
        assert!(unknown.took < BOUND, "{mode:?}: {unknown}");
        let known = function.answer(&Event::get("/known")).await;
        assert_eq!(known.redirect(), (302, "https://www.example.com/known"), "{mode:?}: {known}");
        assert!(known.header("cache-control").contains("s-maxage=5,"), "{mode:?}: {known}");
        assert!(known.took < BOUND, "{mode:?}: {known}");
        proxy.set(Mode::Forward).await;
        let well = function.answer(&unread).await;
        assert_eq!(well.status, 302, "{mode:?}: it heals at once: {well}");
    }
}

#[tokio::test]
async fn throttling_and_failures_of_the_table_are_no_404() {
    let (store, _proxy, function) = start("redirect").await;
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Unreachable] {
        store.engine.inject(None, fault, 100);
        let answer = function.answer(&Event::get("/launch")).await;
        expect_unavailable(&answer);
        assert!(answer.took < BOUND, "{fault:?}: {answer}");
        store.engine.heal();
    }
    store.engine.inject(Some("GetItem"), Fault::Throttle, 1);
    assert_eq!(function.answer(&Event::get("/launch")).await.status, 302, "one refusal is repeated");
}

#[tokio::test]
async fn a_short_deadline_is_met_by_redirects_and_by_the_api() {
    let deadline = Duration::from_millis(500);
    let (_store, proxy, function) = start("redirect").await;
    assert_eq!(function.answer(&Event::get("/known")).await.status, 302);
    proxy.set(Mode::BlackHole).await;
    let unknown = function.answer_within(&Event::get("/launch"), deadline).await;
    expect_unavailable(&unknown);
    assert!(unknown.took < deadline, "{unknown}");
    let known = function.answer_within(&Event::get("/known"), deadline).await;
    assert_eq!(known.status, 302, "{known}");
    assert!(known.took < deadline, "{known}");

    let (store, proxy, function) = start("api").await;
    let read = Event::get("/api/v1/links/launch").api_key(&store.key);
    assert_eq!(function.answer(&read).await.status, 200);
    proxy.set(Mode::BlackHole).await;
    let late = function.answer_within(&read, deadline).await;
    assert_eq!((late.status, late.header("retry-after"), late.took < deadline), (503, "1", true), "{late}");
    assert_eq!(late.json()["code"], "unavailable");
    let change = Event::new("PATCH", "/api/v1/links/launch").api_key(&store.key).json(&json!({"title": "A"}));
    let late = function.answer_within(&change, deadline).await;
    assert_eq!((late.status, late.header("retry-after"), late.took < deadline), (503, "1", true), "{late}");
    let problem = late.json();
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("outcome_unknown"), &json!(true)));
    assert!(problem["hint"].as_str().unwrap().contains("Idempotency-Key"), "{problem}");
}

#[tokio::test]
async fn the_api_gives_up_on_a_silent_table_soon_and_says_so() {
    let (store, proxy, function) = start("api").await;
    let read = Event::get("/api/v1/links/launch").api_key(&store.key);
    assert_eq!(function.answer(&read).await.status, 200);
    proxy.set(Mode::BlackHole).await;
    let answer = function.answer(&read).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{answer}");
    assert!(answer.took < Duration::from_millis(2500), "{answer}");
    proxy.set(Mode::Refuse).await;
    let answer = function.answer(&read).await;
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("unavailable")), "{answer}");
    assert!(answer.took < Duration::from_secs(2), "{answer}");
}

#[tokio::test]
async fn a_create_whose_reply_was_lost_is_no_conflict() {
    let (store, _proxy, function) = start("api").await;
    store.engine.inject(Some("PutItem"), Fault::LostReply, 1);
    let link = json!({"target": "https://www.example.com/", "code": "lost"});
    let answer = function.answer(&Event::new("POST", "/api/v1/links").api_key(&store.key).json(&link)).await;
    assert_eq!(answer.status, 201, "{answer}");
}
