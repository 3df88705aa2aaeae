//! Requests that cannot be understood.

use http::Method;
use serde_json::{Value, json};

use crate::app::{REQUEST_ID, TestApp};
use crate::sick::Refusal;

const LINKS: &str = "/api/v1/links";

async fn violation(app: &TestApp, method: Method, path: &str, body: Value) -> (String, String) {
    let problem = app.api(method, path).json(&body).send().await.expect_problem(422, "invalid");
    let first = &problem["errors"][0];
    (first["pointer"].as_str().unwrap().to_owned(), first["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_field_of_the_wrong_shape_is_pointed_at() {
    let app = TestApp::start().await;
    let batch = "/api/v1/links/batch";
    for (path, body, pointer, code) in [
        (LINKS, json!({"target": "https://a.example/", "colour": 1}), "/colour", "field_unknown"),
        (LINKS, json!({"target": "https://a.example/", "a/b~c": 1}), "/a~1b~0c", "field_unknown"),
        (LINKS, json!({"target": 1}), "/target", "field_type"),
        (LINKS, json!({}), "/target", "field_missing"),
        (LINKS, json!({"target": "https://a.example/", "max_clicks": -1}), "/max_clicks", "field_type"),
        (LINKS, json!({"target": "https://a.example/", "if_exists": "maybe"}), "/if_exists", "field_type"),
        (LINKS, json!([]), "", "field_type"),
        (
            batch,
            json!({"links": [{"target": "https://a.example/"}, {"target": true}]}),
            "/links/1/target",
            "field_type",
        ),
        (batch, json!({"links": [{}]}), "/links/0/target", "field_missing"),
    ] {
        let found = violation(&app, Method::POST, path, body.clone()).await;
        assert_eq!((found.0.as_str(), found.1.as_str()), (pointer, code), "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed() {
    let app = TestApp::start().await;
    for body in ["", "{", "{\"target\": }", "{\"target\": \"https://a.example/\"} x", "\u{feff}{}", "nonsense"] {
        let reply = app.api(Method::POST, LINKS).text("application/json", body.to_owned()).send().await;
        reply.expect_problem(400, "malformed");
    }
    let reply =
        app.api(Method::POST, LINKS).text("application/json; charset=utf-8", vec![b'"', 0xff, b'"']).send().await;
    reply.expect_problem(400, "malformed");
}

#[tokio::test]
async fn another_media_type_is_refused() {
    let app = TestApp::start().await;
    for kind in ["application/x-www-form-urlencoded", "text/plain", "application/jsonp", ""] {
        let reply = app.api(Method::POST, LINKS).text(kind, "{}").send().await;
        reply.expect_problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let large = format!("{{\"target\": \"https://a.example/\"{}}}", " ".repeat(2 * 1024 * 1024));
    let reply = app.api(Method::POST, LINKS).text("application/json", large.clone()).send().await;
    reply.expect_problem(413, "too_large");
    let huge = " ".repeat(6 * 1024 * 1024 + 1);
    let reply = app.api(Method::POST, "/api/v1/links/batch").text("application/json", huge).send().await;
    reply.expect_problem(413, "too_large");
}

#[tokio::test]
async fn unknown_and_wrong_query_parameters_are_refused() {
    let app = TestApp::start().await;
    app.create_launch().await;
    for (method, path) in [
        (Method::GET, "/api/v1/links?colour=red"),
        (Method::GET, "/api/v1/links?limit=many"),
        (Method::GET, "/api/v1/links?state=gone"),
        (Method::GET, "/api/v1/links/launch?dry_run=true"),
        (Method::GET, "/api/v1/links/launch?domain=a%20b"),
        (Method::DELETE, "/api/v1/links/launch?dry_run=yes"),
        (Method::DELETE, "/api/v1/links/launch?dryrun=true"),
        (Method::GET, "/api/v1/links/launch/history?limit=-1"),
        (Method::GET, "/api/v1/tags?x=1"),
        (Method::GET, "/api/v1/whoami?x=1"),
        (Method::DELETE, "/api/v1/keys/ci?domain=x"),
    ] {
        app.api(method, path).send().await.expect_problem(400, "malformed");
    }
    assert_eq!(app.get("/launch").await.status.as_u16(), 302, "nothing was deleted");
}

#[tokio::test]
async fn a_page_of_a_size_that_no_page_has_is_refused() {
    let app = TestApp::start().await;
    app.create_launch().await;
    for path in ["/api/v1/links?", "/api/v1/links/launch/history?", "/api/v1/links/launch/stats?", "/api/v1/top?"] {
        for limit in [0, 1001] {
            let reply = app.api(Method::GET, &format!("{path}limit={limit}")).send().await;
            let problem = reply.expect_problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], "/limit", "{path}{limit}");
        }
    }
}

#[tokio::test]
async fn headers_that_mean_nothing_are_refused() {
    let app = TestApp::start().await;
    app.create_launch().await;
    let long = "x".repeat(256);
    for (name, value) in [
        ("if-match", "1"),
        ("if-match", "\"one\""),
        ("if-match", "\"1\", \"2\""),
        ("if-match", "\"-1\""),
        ("if-match", "\"99999999999999999999\""),
        ("if-match", ""),
        ("idempotency-key", ""),
        ("idempotency-key", "a b"),
        ("idempotency-key", "é"),
        ("idempotency-key", long.as_str()),
    ] {
        let reply = app.api(Method::DELETE, "/api/v1/links/launch").header(name, value).send().await;
        reply.expect_problem(400, "malformed");
    }
    let twice = app.api(Method::DELETE, "/api/v1/links/launch").header("if-match", "\"1\"").header("if-match", "\"1\"");
    twice.send().await.expect_problem(400, "malformed");
}

#[tokio::test]
async fn a_code_that_cannot_exist_is_not_found() {
    let app = TestApp::start().await;
    for path in ["/api/v1/links/a.b", "/api/v1/links/unknown", "/api/v1/links/%FF", "/api/v1/links/a%2Fb"] {
        app.api(Method::GET, path).send().await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_failing_store_is_reported_without_its_inside() {
    let app = TestApp::start().await;
    app.table.fail();
    let reply = app.api(Method::GET, "/api/v1/links/launch").send().await;
    let problem = reply.expect_problem(503, "unavailable");
    assert_eq!((reply.header("retry-after"), &problem["retryable"]), ("1", &json!(true)));
    assert!(!reply.text().contains("10.1.2.3"), "{reply}");
}

#[tokio::test]
async fn what_the_service_may_not_do_on_its_table_is_no_fault_of_the_caller() {
    for refusal in [Refusal::AccessDenied, Refusal::NoCredentials] {
        let app = TestApp::start().await;
        app.create_launch().await;
        app.table.refuse_writes(refusal);
        let link = json!({"target": "https://a.example/"});
        let replies = [
            app.api(Method::POST, LINKS).json(&link).send().await,
            app.api(Method::PATCH, "/api/v1/links/launch").json(&json!({"title": "T"})).send().await,
            app.api(Method::DELETE, "/api/v1/links/launch").send().await,
            app.api(Method::POST, "/api/v1/keys").json(&json!({"name": "ci", "role": "reader"})).send().await,
        ];
        for reply in replies {
            let problem = reply.expect_problem(500, "internal");
            assert_eq!((&problem["hint"], &problem["retryable"]), (&Value::Null, &json!(false)), "{reply}");
            assert_eq!((reply.header("www-authenticate"), reply.header("retry-after")), ("", ""), "{reply}");
            expect_no_words_of_the_store(reply.text());
        }
        let batch = json!({"links": [link, {"target": "ftp://a.example/"}, {"target": "https://a.example/", "code": "launch"}]});
        let reply = app.api(Method::POST, "/api/v1/links/batch").json(&batch).send().await;
        assert_eq!(reply.status.as_u16(), 200, "{reply}");
        let answer = reply.json();
        let results = answer["results"].as_array().unwrap();
        let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
        assert_eq!(statuses, [500, 422, 500], "{reply}");
        for refused in [&results[0], &results[2]] {
            let problem = &refused["problem"];
            assert_eq!((&problem["status"], &problem["code"]), (&json!(500), &json!("internal")), "{reply}");
            assert_eq!(problem["hint"], Value::Null, "{reply}");
        }
        expect_no_words_of_the_store(reply.text());
        assert_eq!(app.get("/launch").await.status.as_u16(), 302, "clicks need no write");
    }
}

fn expect_no_words_of_the_store(text: &str) {
    for word in ["arn:", "dynamodb", "123456789012", "AWS_", "credentials", "denied", "permission"] {
        assert!(!text.to_lowercase().contains(&word.to_lowercase()), "{word} in {text}");
    }
}

#[tokio::test]
async fn a_defect_is_a_500_that_says_nothing() {
    let app = TestApp::start().await;
    app.table.panic();
    let reply = app.api(Method::GET, "/api/v1/links/launch").send().await;
    let problem = reply.expect_problem(500, "internal");
    assert_eq!((reply.header("retry-after"), &problem["retryable"]), ("", &json!(false)));
    assert!(!reply.text().contains("secret"), "{reply}");
}

#[tokio::test]
async fn a_request_keeps_its_id_only_if_it_is_a_uuid() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/api/v1/health").await.header("x-request-id"), REQUEST_ID);
    let request = http::Request::builder().uri("/api/v1/health").header("x-request-id", "planted\tline");
    let reply = tower::ServiceExt::oneshot(app.router.clone(), request.body(axum::body::Body::empty()).unwrap()).await;
    let id = reply.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned();
    let id: uuid::Uuid = id.parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
}
