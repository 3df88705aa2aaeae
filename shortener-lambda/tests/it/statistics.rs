//! Statistics, asked over HTTP.

use http::Method;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp};

async fn get(app: &TestApp, path: &str) -> Reply {
    app.api(Method::GET, &format!("/api/v1/{path}")).send().await
}

async fn json(app: &TestApp, path: &str) -> Value {
    let reply = get(app, path).await;
    assert_eq!(reply.status.as_u16(), 200, "{path}: {reply}");
    reply.json()
}

async fn app() -> TestApp {
    let app = TestApp::start().await;
    app.create_launch().await;
    app.api(Method::PUT, "/api/v1/domains/go.test").json(&json!({})).send().await;
    app.create(json!({"target": "https://a.example/", "code": "x", "domain": "go.test", "imported_clicks": 7})).await;
    app
}

#[tokio::test]
async fn every_parameter_of_statistics_is_heeded() {
    let app = app().await;
    let of_link = json(&app, "links/x/stats?domain=go.test").await;
    assert_eq!((&of_link["domain"], &of_link["all_time"]["total"]), (&json!("go.test"), &json!(7)));
    get(&app, "links/x/stats").await.expect_problem(404, "not_found");
    for path in ["links/launch/stats", "stats"] {
        let query = "?since=2026-11-20&until=2026-11-21&tz=Europe/Berlin&by=hour&bots=include&limit=3";
        let stats = json(&app, &format!("{path}{query}")).await;
        let bounds = (&stats["from"], &stats["to"], &stats["tz"]);
        assert_eq!(bounds, (&json!("2026-11-19T23:00:00Z"), &json!("2026-11-21T23:00:00Z"), &json!("Europe/Berlin")));
        assert_eq!((&stats["by"], stats["series"].as_array().unwrap().len()), (&json!("hour"), 48));
    }
    for (since, by, steps) in [("30m", "hour", 1), ("90m", "hour", 2), ("49h", "day", 3)] {
        let stats = json(&app, &format!("stats?since={since}")).await;
        assert_eq!((&stats["by"], stats["series"].as_array().unwrap().len()), (&json!(by), steps), "{since}");
    }
    assert_eq!(json(&app, "stats?domain=go.test").await["domain"], "go.test");
    assert_eq!(json(&app, "top?period=2026-11&limit=5&domain=go.test").await["period"], "2026-11");
    let listed = json(&app, "links?clicks=true&domain=go.test").await;
    assert_eq!(listed["links"][0]["clicks"], json!({"human": 7, "total": 7}));
    assert_eq!(json(&app, "links?clicks=false").await["links"][0].get("clicks"), None);
}

#[tokio::test]
async fn parameters_that_are_not_understood_are_refused_by_name() {
    let app = app().await;
    for query in [
        "links/launch/stats?by=week",
        "links/launch/stats?bots=maybe",
        "links/launch/stats?period=2026-11",
        "stats?limit=ten",
        "stats?sinse=7d",
        "top?since=7d",
        "top?limit=-1",
        "links?clicks=perhaps",
    ] {
        get(&app, query).await.expect_problem(400, "malformed");
    }
    for (query, pointer, code) in [
        ("links/launch/stats?tz=Mars", "/tz", "tz_unknown"),
        ("stats?since=soon", "/since", "when_invalid"),
        ("stats?since=2026-11-22&until=2026-11-21", "/since", "range_empty"),
        ("stats?since=0d", "/since", "range_empty"),
        ("links/launch/stats?since=36d&by=hour", "/since", "range_too_long"),
        ("stats?since=401d", "/since", "range_too_long"),
        ("stats?limit=101", "/limit", "limit_invalid"),
        ("top?limit=0", "/limit", "limit_invalid"),
        ("top?period=week", "/period", "period_invalid"),
        ("top?domain=nowhere.test", "/domain", "domain_unknown"),
    ] {
        let problem = get(&app, query).await.expect_problem(422, "invalid");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)));
        assert_eq!(problem["hint"].is_string(), code == "range_too_long", "{problem}");
    }
}

#[tokio::test]
async fn a_key_that_is_limited_to_some_links_sees_their_statistics_alone() {
    let app = app().await;
    let scope = json!({"prefixes": ["launch"]});
    let made = app.api(Method::POST, "/api/v1/keys").json(&json!({"name": "ci", "role": "reader", "scope": scope}));
    let key = made.send().await.json()["key"].as_str().unwrap().to_owned();
    let asked = |path: &str| app.call(Method::GET, &format!("/api/v1/{path}")).header("x-api-key", &key).send();
    assert_eq!(asked("links/launch/stats").await.status.as_u16(), 200);
    for path in ["links/nothing/stats", "links/x/stats?domain=go.test", "stats", "stats?domain=-", "top"] {
        asked(path).await.expect_problem(403, "forbidden");
    }
}
