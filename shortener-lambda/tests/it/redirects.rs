//! The public click.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_click_is_redirected() {
    let app = TestApp::start().await;
    app.create_launch().await;
    insta::assert_snapshot!(app.get("/launch").await);
}

#[tokio::test]
async fn a_link_redirects_with_its_own_status() {
    let app = TestApp::start().await;
    for status in [301, 302, 303, 307, 308] {
        let code = format!("s{status}");
        app.create(json!({"target": "https://example.com/", "code": code, "redirect_status": status})).await;
        assert_eq!(app.get(&format!("/{code}")).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn no_cached_answer_outlives_its_link_and_the_edge_is_told_its_end() {
    let app = TestApp::start().await;
    app.create(json!({"target": "https://example.com/", "code": "short", "expires_at": "2026-11-24T12:00:30Z"})).await;
    let reply = app.get("/short").await;
    assert_eq!(
        reply.header("cache-control"),
        "public, max-age=0, s-maxage=29, stale-while-revalidate=0, stale-if-error=0"
    );
    assert_eq!(reply.header("x-short-until"), "1795521630");
    app.clock.advance(SignedDuration::from_secs(29));
    assert_eq!(app.get("/short").await.header("cache-control"), "private, no-store");
    app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(app.get("/short").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let app = TestApp::start().await;
    app.create_launch().await;
    for path in ["/launch", "/launch+", "/unknown", "/a/b", "/", "/robots.txt", "/favicon.ico", "/api/docs"] {
        let (get, head) = (app.get(path).await, app.call(Method::HEAD, path).send().await);
        assert_eq!((get.status, &get.headers), (head.status, &head.headers), "{path}");
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let app = TestApp::start().await;
    app.create_launch().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        for path in ["/launch", "/launch+", "/", "/robots.txt"] {
            let reply = app.call(method.clone(), path).send().await;
            assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(reply.header("allow").replace(", ", ","), "GET,HEAD", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_impossible_code_needs_no_read() {
    let app = TestApp::start().await;
    app.table.fail();
    for path in ["/a.b", "/a/b", "/launch/", "/%00", "/é", &format!("/{}", "x".repeat(65))] {
        let path = path.replace('é', "%C3%A9");
        assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(app.get("/possible").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_store_failure_is_never_a_404() {
    let app = TestApp::start().await;
    app.create_launch().await;
    app.create(json!({"target": "https://example.com/", "code": "seen"})).await;
    assert_eq!(app.get("/seen").await.status, StatusCode::FOUND);
    app.table.fail();
    assert_eq!(app.get("/seen").await.status, StatusCode::FOUND, "the warm copy answers");
    for path in ["/launch", "/launch+"] {
        let reply = app.get(path).await;
        assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"), "{path}");
        assert_eq!(reply.header("cache-control"), "private, no-store");
    }
}

#[tokio::test]
async fn the_server_appends_the_query_where_there_is_no_edge() {
    let app = TestApp::start().await;
    app.create(json!({"target": "https://e.example/?x=1#f", "code": "fwd", "forward_query": true})).await;
    app.create_launch().await;
    assert_eq!(app.get("/fwd?a=1&b=%20").await.header("location"), "https://e.example/?x=1&a=1&b=%20#f");
    assert_eq!(app.get("/fwd").await.header("location"), "https://e.example/?x=1#f");
    assert_eq!(app.get("/launch?a=1").await.header("location"), "https://www.example.com/launch?x=1");
}

#[tokio::test]
async fn the_edge_appends_the_query_where_there_is_one() {
    let app = TestApp::setup().behind_cloudfront().start().await;
    app.create(json!({"target": "https://e.example/", "code": "fwd", "forward_query": true})).await;
    app.create_launch().await;
    let reply = app.get("/fwd?a=1").await;
    assert_eq!(reply.header("location"), "https://e.example/");
    assert_eq!(reply.header("x-short-forward-query"), "1");
    assert_eq!(app.get("/launch?a=1").await.header("x-short-forward-query"), "");
}

#[tokio::test]
async fn a_forwarded_query_cannot_inject_a_header() {
    let app = TestApp::start().await;
    app.create(json!({"target": "https://e.example/", "code": "fwd", "forward_query": true})).await;
    for query in ["a=%0d%0aset-cookie:x=1", "a='b|{c}", "a=%22%3Cb%3E", "a=%E2%80%A8"] {
        let reply = app.get(&format!("/fwd?{query}")).await;
        assert_eq!(reply.status, StatusCode::FOUND);
        assert!(reply.header("location").starts_with("https://e.example/?"));
        assert!(reply.header("location").bytes().all(|byte| byte.is_ascii_graphic()), "{query}");
        assert_eq!(reply.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn the_forwarded_host_is_believed_only_behind_cloudfront() {
    for (setup, expected) in [
        (TestApp::setup(), "https://www.example.com/launch?x=1"),
        (TestApp::setup().behind_cloudfront(), "https://go.example/"),
    ] {
        let app = setup.start().await;
        app.create_launch().await;
        let domain = app.api(Method::PUT, "/api/v1/domains/go.test").json(&json!({})).send().await;
        assert_eq!(domain.status, StatusCode::OK, "{domain}");
        app.create(json!({"target": "https://go.example/", "code": "launch", "domain": "go.test"})).await;
        let click = app.call(Method::GET, "/launch").header("host", "s.example").header("x-forwarded-host", "go.test");
        assert_eq!(click.send().await.header("location"), expected);
        let click = app.call(Method::GET, "/launch").header("host", "GO.test:443");
        assert_eq!(click.send().await.header("location"), "https://go.example/");
    }
}

#[tokio::test]
async fn a_domain_can_send_visitors_of_unknown_codes_elsewhere() {
    let app = TestApp::start().await;
    let set = app.api(Method::PUT, "/api/v1/domains/-").json(&json!({"not_found_target": "https://home.example/"}));
    assert_eq!(set.send().await.status, StatusCode::OK);
    let reply = app.get("/unknown").await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::FOUND, "https://home.example/"));
    assert!(reply.header("cache-control").contains("s-maxage=5,"), "{reply}");
}

#[tokio::test]
async fn the_process_that_changes_a_link_redirects_by_the_new_state_at_once() {
    let app = TestApp::setup().memory_first().start().await;
    app.create_launch().await;
    assert_eq!(app.get("/launch").await.status, StatusCode::FOUND);
    let change = app.api(Method::PATCH, "/api/v1/links/launch").json(&json!({"target": "https://new.example/"}));
    assert_eq!(change.send().await.status, StatusCode::OK);
    assert_eq!(app.get("/launch").await.header("location"), "https://new.example/");
    app.api(Method::DELETE, "/api/v1/links/launch").send().await;
    assert_eq!(app.get("/launch").await.status, StatusCode::GONE);
}
