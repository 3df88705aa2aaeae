//! The `redirect` role.

use serde_json::json;
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::wire::{CreateLink, SetDomain};

use super::harness::{Event, Function, Setup, Store};

async fn start() -> (Store, Function) {
    let store = Store::start().await;
    store.create_code("launch").await;
    let function = Setup::role("redirect", store.url()).start().await;
    (store, function)
}

#[tokio::test]
async fn a_visitor_is_sent_to_the_target() {
    let (_store, function) = start().await;
    let answer = function.answer(&Event::get("/launch?utm=1")).await;
    assert_eq!(answer.redirect(), (302, "https://www.example.com/launch"), "{answer}");
    let lifetimes = "public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400";
    assert_eq!(answer.header("cache-control"), lifetimes);
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    assert_eq!((answer.text(), answer.was_base64, answer.cookies.len()), ("", false, 0));
    let answer = function.answer(&Event::new("HEAD", "/launch")).await;
    assert_eq!(answer.redirect(), (302, "https://www.example.com/launch"));
    let answer = function.answer(&Event::new("POST", "/launch").text("text/plain", "x")).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn an_unknown_code_is_404_and_a_link_that_is_over_410() {
    let (store, function) = start().await;
    store.create_code("over").await;
    let over = LinkRef { domain: Domain::default_domain(), code: ShortCode::parse("over").unwrap() };
    store.session().delete(&over, &WriteOptions::default()).await.unwrap();
    let unknown = function.answer(&Event::get("/unknown")).await;
    assert_eq!((unknown.status, unknown.header("cache-control").contains("s-maxage=5,")), (404, true), "{unknown}");
    assert!(unknown.text().contains("This short link does not exist"), "{unknown}");
    let head = function.answer(&Event::new("HEAD", "/unknown")).await;
    assert_eq!((head.status, head.text()), (404, ""), "a HEAD has no body");
    assert_eq!(function.answer(&Event::get("/over")).await.status, 410);
    assert_eq!(function.answer(&Event::get("/no/such/path")).await.status, 404);
}

#[tokio::test]
async fn a_link_that_expires_tells_the_edge_until_when() {
    let (store, function) = start().await;
    let link = json!({"target": "https://www.example.com/", "code": "soon", "expires_at": "2126-01-01T00:00:00Z",
        "forward_query": true});
    store.create(serde_json::from_value::<CreateLink>(link).unwrap()).await;
    let answer = function.answer(&Event::get("/soon?a=1")).await;
    assert_eq!(answer.redirect(), (302, "https://www.example.com/"), "the edge appends the query");
    assert_eq!((answer.header("x-short-until"), answer.header("x-short-forward-query")), ("4922899200", "1"));
}

#[tokio::test]
async fn the_forwarded_host_selects_the_domain_and_without_one_the_default_answers() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let domain = Domain::parse("go.example").unwrap();
    store.session().set_domain(&domain, &SetDomain::default(), &WriteOptions::default()).await.unwrap();
    let link = json!({"target": "https://www.example.com/there", "code": "launch", "domain": "go.example"});
    store.create(serde_json::from_value::<CreateLink>(link).unwrap()).await;
    let function = Setup::role("redirect", store.url()).start().await;
    let there = function.answer(&Event::get("/launch").forwarded_host("go.example")).await;
    assert_eq!(there.redirect(), (302, "https://www.example.com/there"));
    let here = function.answer(&Event::get("/launch").without_header("x-forwarded-host")).await;
    assert_eq!(here.redirect(), (302, "https://www.example.com/launch"));
}

#[tokio::test]
async fn pages_preview_and_icon_come_whole() {
    let (_store, function) = start().await;
    let preview = function.answer(&Event::get("/launch+")).await;
    assert_eq!(preview.status, 200, "{preview}");
    assert!(preview.text().contains("https://www.<strong>example.com</strong>/launch"), "{preview}");
    let icon = function.answer(&Event::get("/favicon.ico")).await;
    assert_eq!((icon.status, icon.was_base64), (200, true));
    assert_eq!(icon.body, include_bytes!("../../../templates/favicon.ico"));
    let health = function.answer(&Event::get("/api/v1/health")).await;
    assert_eq!((health.status, health.header("cache-control")), (200, "no-store"));
    assert_eq!(health.json()["status"], "ok");
    assert_eq!(function.answer(&Event::get("/api/v1/links")).await.status, 404, "the API is another function");
}

#[tokio::test]
async fn no_query_host_or_cookie_that_a_visitor_can_send_harms_the_function() {
    let (_store, function) = start().await;
    for event in [
        Event::get("/launch?q=<script>\"&x={|}\\^`"),
        Event::get("/launch?é=ü"),
        Event::get("/launch").forwarded_host("a b:c/[").with("/headers/host", json!("[::")),
        Event::get("/launch").header("x-bell", "\u{7}").header("na me", "x"),
        Event::get("/launch").cookies(&["a=1", "b=\u{1}"]),
    ] {
        let answer = function.answer(&event).await;
        assert_eq!(answer.redirect(), (302, "https://www.example.com/launch"), "{event:?}");
    }
    assert_eq!(function.answer(&Event::get("/é")).await.status, 404);
}

#[tokio::test]
async fn a_warm_up_is_answered_by_every_role_and_occupies_the_instance() {
    let store = Store::start().await;
    for role in ["redirect", "api"] {
        let function = Setup::role(role, store.url()).start().await;
        let answer = function.answer(&Event::warm_up()).await;
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("ok")), "{role}");
        assert!((75..1000).contains(&answer.took.as_millis()), "{role}: {:?}", answer.took);
        // The best of several, because a busy machine can make anyone wait.
        let mut visits = Vec::new();
        for _ in 0..5 {
            visits.push(function.answer(&Event::get("/api/v1/health")).await.took.as_millis());
        }
        assert!(visits.iter().any(|took| *took < 75), "a visitor does not wait: {visits:?} ms");
    }
}
