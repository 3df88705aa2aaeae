//! Batches of rows through the API: checked, rehearsed, created, and sent again.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp};

const BATCH: &str = "/api/v1/links/batch";

async fn post(app: &TestApp, query: &str, links: &Value) -> Vec<Value> {
    let reply = send(app, query, links).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply}");
    reply.json()["results"].as_array().unwrap().clone()
}

async fn send(app: &TestApp, query: &str, links: &Value) -> Reply {
    app.api(Method::POST, &format!("{BATCH}{query}")).json(&json!({"links": links})).send().await
}

fn statuses(results: &[Value]) -> Vec<u64> {
    results.iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

fn rows() -> Value {
    json!([
        {"target": "https://a.example/1", "occurrence": 1},
        {"target": "https://a.example/1", "occurrence": 2},
        {"target": "https://a.example/2", "code": "two", "occurrence": 1, "tags": ["imported"], "owner": "team",
            "created_at": "2020-02-29", "imported_clicks": 12, "disabled": true},
        {"target": "https://a.example/3", "code": "launch", "occurrence": 1},
        {"target": "https://a.example/4", "code": "launch", "occurrence": 1, "if_exists": "new_code"},
        {"target": "nonsense", "occurrence": 1},
    ])
}

#[tokio::test]
async fn rows_are_checked_rehearsed_created_and_found_again() {
    let app = TestApp::start().await;
    app.create_launch().await;
    let checked = post(&app, "?check=true", &rows()).await;
    assert_eq!(statuses(&checked), [200, 200, 200, 200, 200, 422], "the rules alone know no other link");
    assert!(checked.iter().all(|result| result["link"].is_null()));
    assert_eq!(checked[5]["problem"]["errors"][0]["pointer"], "/target");
    let planned = post(&app, "?dry_run=true", &rows()).await;
    assert_eq!(statuses(&planned), [201, 201, 201, 409, 201, 422]);
    assert_eq!(app.get("/two").await.status, StatusCode::NOT_FOUND, "nothing is written");
    let made = post(&app, "", &rows()).await;
    assert_eq!(made, planned);
    assert_eq!(app.get("/two").await.status, StatusCode::GONE, "it came switched off");
    for query in ["?dry_run=true", ""] {
        let again = post(&app, query, &rows()).await;
        assert_eq!(statuses(&again), [200, 200, 200, 409, 200, 422]);
        for at in [0, 1, 2, 4] {
            assert_eq!(again[at]["link"], made[at]["link"]);
        }
    }
    insta::assert_json_snapshot!(made[2]);
    insta::assert_json_snapshot!(made[3]["problem"]);
}

#[tokio::test]
async fn the_domain_of_the_query_is_a_part_of_the_row() {
    let app = TestApp::start().await;
    app.api(Method::PUT, "/api/v1/domains/go.test").json(&json!({})).send().await;
    let row = json!([{"target": "https://a.example/", "code": "x", "occurrence": 1}]);
    assert_eq!(statuses(&post(&app, "", &row).await), [201]);
    assert_eq!(statuses(&post(&app, "?domain=go.test", &row).await), [201]);
    assert_eq!(statuses(&post(&app, "?domain=go.test", &row).await), [200]);
    let named = json!([{"target": "https://a.example/", "code": "y", "domain": "-"}]);
    let made = post(&app, "?domain=go.test", &named).await;
    assert_eq!(made[0]["link"]["short_url"], "https://s.example/y", "a link that names its domain is on that one");
    let unknown = post(&app, "?domain=unknown.test&check=true", &row).await;
    assert_eq!(unknown[0]["problem"]["errors"][0]["code"], "domain_unknown");
}

#[tokio::test]
async fn owners_are_listed_and_imported_clicks_are_changed() {
    let app = TestApp::start().await;
    post(&app, "", &rows()).await;
    let listed = app.api(Method::GET, "/api/v1/links?owner=team").send().await.json();
    assert_eq!(listed["links"].as_array().unwrap().len(), 1);
    assert_eq!((&listed["links"][0]["code"], &listed["links"][0]["owner"]), (&json!("two"), &json!("team")));
    let patch = |body: Value| app.api(Method::PATCH, "/api/v1/links/two").json(&body).send();
    assert_eq!(patch(json!({"imported_clicks": 30})).await.json()["imported_clicks"], 30);
    assert_eq!(patch(json!({"imported_clicks": null})).await.json().get("imported_clicks"), None);
    patch(json!({"owner": "other"})).await.expect_problem(422, "invalid");
}

#[tokio::test]
async fn what_is_wrong_with_the_table_is_told_of_each_row_without_its_words() {
    let app = TestApp::start().await;
    post(&app, "", &rows()).await;
    app.table.fail();
    let results = post(&app, "", &rows()).await;
    assert_eq!(statuses(&results), [503, 503, 503, 503, 503, 422]);
    for result in &results[..5] {
        assert_eq!(
            (&result["problem"]["code"], &result["problem"]["retryable"]),
            (&json!("unavailable"), &json!(true))
        );
    }
    assert!(!json!(results).to_string().contains("10.1.2.3"));
}

#[tokio::test]
async fn a_batch_that_is_sent_again_with_its_key_is_the_same_batch() {
    let app = TestApp::start().await;
    let links = json!([{"target": "https://a.example/1"}, {"target": "https://a.example/2"}]);
    let send = async || {
        let call = app.api(Method::POST, BATCH).header("idempotency-key", "once");
        call.json(&json!({"links": links})).send().await.json()["results"].clone()
    };
    let made = send().await;
    assert_eq!(statuses(made.as_array().unwrap()), [201, 201]);
    assert_eq!(made[1]["link"]["target"], "https://a.example/2");
    assert_eq!(send().await, made);
}

#[tokio::test]
async fn a_batch_has_a_size_however_it_is_sent() {
    let app = TestApp::start().await;
    let many: Vec<_> = (0..501).map(|number| json!({"target": format!("https://a.example/{number}")})).collect();
    for query in ["", "?dry_run=true", "?check=true"] {
        for links in [json!([]), json!(many)] {
            let refused = send(&app, query, &links).await.expect_problem(422, "invalid");
            let error = &refused["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!("/links"), &json!("batch_size")), "{query}");
        }
    }
}
