//! Every route, walked.

use http::Method;
use serde_json::Value;
use shortener_core::routes::{api, fill, public};

use crate::app::TestApp;

/// Routes that need no key.
const OPEN: [&str; 3] = [api::HEALTH, api::OPENAPI, api::DOCS];

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

fn filled(route: &str) -> String {
    fill(route, &["launch"])
}

async fn document(app: &TestApp) -> Value {
    app.get(api::OPENAPI).await.json()
}

/// The methods that the document names for a route.
fn methods(document: &Value, route: &str) -> Vec<Method> {
    let item = document["paths"][route].as_object().unwrap();
    METHODS.into_iter().filter(|method| item.contains_key(&method.as_str().to_lowercase())).collect()
}

#[tokio::test]
async fn the_documented_routes_are_those_of_the_route_table() {
    let document = document(&TestApp::start().await).await;
    let mut documented: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected: Vec<_> = api::ALL.into();
    documented.sort_unstable();
    expected.sort_unstable();
    assert_eq!(documented, expected);
}

#[tokio::test]
async fn every_route_but_the_open_ones_demands_a_key() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    for route in api::ALL.into_iter().filter(|route| !OPEN.contains(route)) {
        for method in methods(&document, route) {
            for wrong in ["", "nonsense", "short_admin_1111", "short_nobody_2222"] {
                let call = app.call(method.clone(), &filled(route));
                let call = if wrong.is_empty() { call } else { call.header("x-api-key", wrong) };
                let reply = call.send().await;
                reply.expect_problem(401, "unauthenticated");
                assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"short\"", "{method} {route}");
            }
        }
    }
}

#[tokio::test]
async fn the_open_routes_need_no_key() {
    let app = TestApp::start().await;
    for route in OPEN {
        assert_eq!(app.get(route).await.status.as_u16(), 200, "{route}");
    }
}

#[tokio::test]
async fn every_other_method_of_every_route_is_refused_with_those_it_takes() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    for route in api::ALL {
        let taken = methods(&document, route);
        for method in METHODS.into_iter().chain([Method::OPTIONS, Method::TRACE]) {
            let reply = app.api(method.clone(), &filled(route)).send().await;
            if taken.contains(&method) {
                assert_ne!(reply.status.as_u16(), 405, "{method} {route}");
                continue;
            }
            reply.expect_problem(405, "method_not_allowed");
            for method in &taken {
                assert!(reply.header("allow").split(',').any(|name| name == method.as_str()), "{route}: {reply}");
            }
        }
    }
}

#[tokio::test]
async fn anything_else_below_api_is_a_problem() {
    let app = TestApp::start().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/links", "/api/v1/links/a/b/c", "/api/v1/nothing"] {
        for method in METHODS {
            app.api(method, path).send().await.expect_problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn the_public_routes_answer() {
    let app = TestApp::setup().with_contact("mailto:security@s.example").start().await;
    app.create_launch().await;
    for route in public::ALL {
        let status = app.get(&filled(route)).await.status.as_u16();
        assert!(matches!(status, 200 | 302), "{route}: {status}");
    }
}

#[tokio::test]
async fn every_answer_of_the_api_is_protected_and_not_kept() {
    let app = TestApp::start().await;
    for path in ["/api/v1/links", "/api/v1/health", "/api/nothing", api::OPENAPI, api::DOCS] {
        let reply = app.api(Method::GET, path).send().await;
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        for absent in ["access-control-allow-origin", "set-cookie", "server"] {
            assert_eq!(reply.header(absent), "", "{path}");
        }
    }
}
