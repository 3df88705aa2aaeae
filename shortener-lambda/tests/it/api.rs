//! The API, as scripts use it.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp};

const LINKS: &str = "/api/v1/links";
const LAUNCH: &str = "/api/v1/links/launch";

async fn started() -> TestApp {
    let app = TestApp::start().await;
    app.create_launch().await;
    app
}

async fn post(app: &TestApp, path: &str, body: Value) -> Reply {
    app.api(Method::POST, path).json(&body).send().await
}

#[tokio::test]
async fn a_create_answers_201_with_the_link_its_place_and_its_version() {
    let app = TestApp::start().await;
    let body = json!({"target": "https://example.com/a", "title": "A", "tags": ["one"], "expires_at": "2027-01-01"});
    insta::assert_snapshot!(post(&app, LINKS, body).await);
}

#[tokio::test]
async fn a_link_on_another_domain_is_found_by_the_location_of_its_create() {
    let app = TestApp::start().await;
    app.api(Method::PUT, "/api/v1/domains/go.test").json(&json!({})).send().await;
    let created =
        post(&app, "/api/v1/links?domain=go.test", json!({"target": "https://a.example/", "code": "x"})).await;
    assert_eq!(created.header("location"), "/api/v1/links/x?domain=go.test");
    let mut shown = app.api(Method::GET, created.header("location")).send().await.json();
    assert_eq!(shown.as_object_mut().unwrap().remove("clicks"), Some(json!({"human": 0, "total": 0})));
    assert_eq!(shown, created.json());
}

#[tokio::test]
async fn a_repeated_create_is_replayed_and_another_body_refused() {
    let app = TestApp::start().await;
    let create = |target: &str| {
        let body = json!({"target": target});
        app.api(Method::POST, LINKS).header("idempotency-key", "once").json(&body).send()
    };
    let (first, again) = (create("https://a.example/").await, create("https://a.example/").await);
    assert_eq!((first.status, first.header("idempotent-replayed")), (StatusCode::CREATED, ""));
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::CREATED, "true"));
    assert_eq!(first.json(), again.json());
    create("https://b.example/").await.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_taken_code_is_a_conflict_that_shows_the_winner() {
    let app = started().await;
    insta::assert_snapshot!(post(&app, LINKS, json!({"target": "https://b.example/", "code": "launch"})).await);
}

#[tokio::test]
async fn a_link_that_is_there_and_asked_for_answers_200() {
    let app = started().await;
    let reply =
        post(&app, LINKS, json!({"target": "https://b.example/", "code": "launch", "if_exists": "return"})).await;
    assert_eq!((reply.status, reply.header("x-short-existing")), (StatusCode::OK, "true"), "{reply}");
    assert_eq!(reply.header("location"), "");
}

#[tokio::test]
async fn a_dry_run_answers_200_and_writes_nothing() {
    let app = TestApp::start().await;
    let reply = post(&app, "/api/v1/links?dry_run=true", json!({"target": "https://a.example/", "code": "dry"})).await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::OK, ""), "{reply}");
    assert_eq!(app.get("/dry").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_broken_rule_is_named_at_once() {
    let app = TestApp::start().await;
    let body = json!({"target": "javascript:alert(1)", "code": "a b", "redirect_status": 200, "expires_at": "soon"});
    insta::assert_snapshot!(post(&app, LINKS, body).await);
}

#[tokio::test]
async fn a_link_is_shown_with_its_version_or_304() {
    let app = started().await;
    insta::assert_snapshot!(app.api(Method::GET, LAUNCH).send().await);
    for (known, status) in [
        ("\"1\"", 304),
        ("W/\"1\"", 304),
        ("\"7\", \"1\"", 304),
        ("*", 304),
        ("\"2\"", 200),
        ("1", 200),
        ("nonsense", 200),
    ] {
        let reply = app.api(Method::GET, LAUNCH).header("if-none-match", known).send().await;
        assert_eq!((reply.status.as_u16(), reply.header("etag")), (status, "\"1\""), "{known}");
        assert_eq!(reply.body.is_empty(), status == 304, "{known}");
    }
}

#[tokio::test]
async fn an_edit_of_an_old_version_is_refused_with_the_current_state() {
    let app = started().await;
    let edit = |condition: &'static str, target: &str| {
        let body = json!({"target": target});
        app.api(Method::PATCH, LAUNCH).header("if-match", condition).json(&body).send()
    };
    let first = edit("\"1\"", "https://b.example/").await;
    assert_eq!((first.status, first.header("etag")), (StatusCode::OK, "\"2\""));
    let problem = edit("\"1\"", "https://c.example/").await.expect_problem(412, "version_mismatch");
    assert_eq!(problem["link"]["target"], "https://b.example/");
    assert_eq!(edit("*", "https://c.example/").await.header("etag"), "\"3\"");
    assert_eq!(edit("W/\"3\"", "https://d.example/").await.header("etag"), "\"4\"");
}

#[tokio::test]
async fn a_delete_answers_the_deleted_link_and_restore_undoes_it() {
    let app = started().await;
    let deleted = app.api(Method::DELETE, LAUNCH).send().await;
    assert_eq!((deleted.status, &deleted.json()["state"]), (StatusCode::OK, &json!("deleted")));
    let restored = app.api(Method::POST, "/api/v1/links/launch/restore").send().await;
    assert_eq!((restored.status, &restored.json()["state"]), (StatusCode::OK, &json!("active")));
    insta::assert_snapshot!(app.api(Method::GET, "/api/v1/links/launch/history").send().await);
}

#[tokio::test]
async fn a_batch_answers_one_result_for_each_link_in_order() {
    let app = started().await;
    let body = json!({"links": [
        {"target": "https://a.example/", "code": "one"},
        {"target": "https://a.example/", "code": "launch"},
        {"target": "nonsense"},
        {"target": "https://a.example/", "code": "launch", "if_exists": "return"},
    ]});
    let reply = post(&app, "/api/v1/links/batch", body).await;
    assert_eq!(reply.status, StatusCode::OK);
    let statuses: Vec<_> =
        reply.json()["results"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [201, 409, 422, 200]);
}

#[tokio::test]
async fn a_batch_has_1_to_500_links_and_may_be_larger_than_other_bodies() {
    let app = TestApp::start().await;
    for (count, status) in [(0, 422), (1, 200), (500, 200), (501, 422)] {
        let link = json!({"target": format!("https://a.example/{}", "x".repeat(100))});
        let reply = post(&app, "/api/v1/links/batch", json!({"links": vec![link; count]})).await;
        assert_eq!(reply.status.as_u16(), status, "{count}");
    }
    let padded = format!("{{\"links\": []{}}}", " ".repeat(3 * 1024 * 1024));
    let reply = app.api(Method::POST, "/api/v1/links/batch").text("application/json", padded).send().await;
    reply.expect_problem(422, "invalid");
}

#[tokio::test]
async fn the_problems_inside_a_batch_say_nothing_internal() {
    let app = TestApp::start().await;
    // Known to the key ring, so that the batch itself is let in.
    app.api(Method::GET, "/api/v1/whoami").send().await;
    app.table.fail();
    let reply = post(&app, "/api/v1/links/batch", json!({"links": [{"target": "https://a.example/"}]})).await;
    assert_eq!(reply.json()["results"][0]["problem"]["code"], "unavailable", "{reply}");
    assert!(!reply.text().contains("10.1.2.3"), "{reply}");
}

#[tokio::test]
async fn links_are_listed_a_page_at_a_time() {
    let app = TestApp::start().await;
    for code in ["a", "b", "c"] {
        app.create(json!({"target": "https://a.example/", "code": code})).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/links?limit=2&order=ascending".to_owned();
    loop {
        let page = app.api(Method::GET, &path).send().await.json();
        seen.extend(page["links"].as_array().unwrap().iter().map(|link| link["code"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/links?limit=2&order=ascending&cursor={cursor}");
    }
    seen.sort_unstable();
    assert_eq!(seen, ["a", "b", "c"]);
    app.api(Method::GET, "/api/v1/links?cursor=forged").send().await.expect_problem(400, "cursor_invalid");
}

#[tokio::test]
async fn keys_are_made_rotated_and_revoked() {
    let app = TestApp::start().await;
    let made = post(&app, "/api/v1/keys", json!({"name": "ci", "role": "reader"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made}");
    let (key, id) = (made.json()["key"].as_str().unwrap().to_owned(), made.json()["id"].as_str().unwrap().to_owned());
    let as_ci = |key: String| app.call(Method::GET, "/api/v1/whoami").header("authorization", &format!("Bearer {key}"));
    assert_eq!(as_ci(key.clone()).send().await.json()["role"], "reader");
    let rotated = app.api(Method::POST, &format!("/api/v1/keys/{id}/rotate")).send().await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated}");
    as_ci(key).send().await.expect_problem(401, "unauthenticated");
    let key = rotated.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(as_ci(key.clone()).send().await.status, StatusCode::OK);
    let revoked = app.api(Method::DELETE, &format!("/api/v1/keys/{id}")).send().await;
    assert!(!revoked.json()["revoked_at"].is_null(), "{revoked}");
    as_ci(key).send().await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_body_that_may_be_absent_may_also_be_null() {
    let app = TestApp::start().await;
    let made = post(&app, "/api/v1/keys", json!({"name": "ci", "role": "reader"})).await.json();
    let path = format!("/api/v1/keys/{}/rotate", made["id"].as_str().unwrap());
    assert_eq!(post(&app, &path, json!(null)).await.status, StatusCode::OK);
    post(&app, "/api/v1/links", json!(null)).await.expect_problem(422, "invalid");
}

#[tokio::test]
async fn a_role_that_is_too_low_is_forbidden() {
    let app = TestApp::start().await;
    let made = post(&app, "/api/v1/keys", json!({"name": "ci", "role": "reader"})).await.json();
    let call = app.call(Method::POST, LINKS).header("x-api-key", made["key"].as_str().unwrap());
    let reply = call.json(&json!({"target": "https://a.example/"})).send().await;
    reply.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_domain_is_set_listed_and_removed() {
    let app = TestApp::start().await;
    let set = app.api(Method::PUT, "/api/v1/domains/go.test").json(&json!({"code_length": 9})).send().await;
    insta::assert_snapshot!(set);
    let listed = app.api(Method::GET, "/api/v1/domains").send().await.json();
    assert_eq!(listed["domains"].as_array().unwrap().len(), 2);
    let removed = app.api(Method::DELETE, "/api/v1/domains/go.test").send().await;
    assert_eq!((removed.status, removed.body.len()), (StatusCode::NO_CONTENT, 0));
}

#[tokio::test]
async fn the_tags_in_use_are_listed() {
    let app = TestApp::start().await;
    app.create(json!({"target": "https://a.example/", "tags": ["b", "a"]})).await;
    assert_eq!(app.api(Method::GET, "/api/v1/tags").send().await.json(), json!({"tags": ["a", "b"]}));
}

#[tokio::test]
async fn the_service_says_that_it_is_up_even_if_its_store_is_not() {
    let app = TestApp::start().await;
    app.table.fail();
    let answer = app.get("/api/v1/health").await.to_string();
    insta::assert_snapshot!(answer.replace(shortener_core::version::REVISION, "<revision>"));
}
