//! Metrics: lines in CloudWatch's embedded metric format.

use serde_json::{Value, json};

use super::harness::{Event, FaultProxy, Function, Mode, Setup, Store, invocation_id};

/// The line of an invocation that holds a metric.
async fn line_with(function: &Function, invocation: u32, metric: &str) -> Value {
    let id = invocation_id(invocation);
    function.output.find(|line| line["lambda_request_id"] == *id && !line[metric].is_null()).await
}

/// Checks that a line declares a metric as CloudWatch wants it, with its unit and dimensions.
fn expect_declared(line: &Value, metric: &str, unit: &str, dimensions: &Value) {
    let declared = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(declared["Namespace"], "Short");
    assert_eq!(&declared["Dimensions"][0], dimensions, "{line}");
    let metrics = declared["Metrics"].as_array().unwrap();
    assert!(metrics.contains(&json!({"Name": metric, "Unit": unit})), "{line}");
    for dimension in dimensions.as_array().unwrap() {
        assert!(line[dimension.as_str().unwrap()].is_string(), "{line}");
    }
    assert!(line["_aws"]["Timestamp"].is_u64());
}

#[tokio::test]
async fn redirects_are_counted_by_outcome_and_the_table_is_timed() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let proxy = FaultProxy::before(store.url());
    let function = Setup::role("redirect", &proxy.url()).start().await;
    function.answer(&Event::get("/launch")).await;
    function.answer(&Event::get("/unknown")).await;
    proxy.set(Mode::Refuse).await;
    function.answer(&Event::get("/launch")).await;
    function.answer(&Event::get("/never-read")).await;
    for (invocation, outcome) in [(1, "redirect"), (2, "not_found"), (3, "redirect"), (4, "unavailable")] {
        let line = line_with(&function, invocation, "Redirects").await;
        assert_eq!(
            (&line["Redirects"], &line["Outcome"], &line["Function"]),
            (&json!(1), &json!(outcome), &json!("short"))
        );
        expect_declared(&line, "Redirects", "Count", &json!(["Function", "Outcome"]));
    }
    let cold = line_with(&function, 1, "ColdStarts").await;
    assert_eq!(cold["ColdStarts"], 1);
    expect_declared(&cold, "ColdStarts", "Count", &json!(["Function"]));
    // The domains, read at the start, and the link.
    let latencies = cold["StoreLatency"].as_array().unwrap().clone();
    assert_eq!(latencies.len(), 2, "{cold}");
    assert!(latencies.iter().all(|ms| (0.01..1000.0).contains(&ms.as_f64().unwrap())), "{cold}");
    expect_declared(&cold, "StoreLatency", "Milliseconds", &json!(["Function"]));
    let from_memory = line_with(&function, 3, "CacheHits").await;
    assert_eq!((&from_memory["CacheHits"], &from_memory["StoreFailures"]), (&json!(1), &json!(2)), "{from_memory}");
    let lines = function.output.json();
    assert_eq!(lines.iter().filter(|line| !line["ColdStarts"].is_null()).count(), 1);
    assert_eq!(lines.iter().filter(|line| !line["CacheHits"].is_null()).count(), 1);
}

#[tokio::test]
async fn a_batch_of_five_hundred_stays_within_what_a_line_can_hold() {
    let store = Store::start().await;
    let function = Setup::role("api", store.url()).start().await;
    let links: Vec<Value> = (0..500).map(|n| json!({"target": format!("https://www.example.com/{n}")})).collect();
    let batch = Event::new("POST", "/api/v1/links/batch").api_key(&store.key).json(&json!({"links": links}));
    assert_eq!(function.answer(&batch).await.status, 200);
    let line = line_with(&function, 1, "StoreLatency").await;
    assert_eq!(line["StoreLatency"].as_array().unwrap().len(), 100);
    function.log.find(|line| line["message"] == "request").await;
    let errors: Vec<_> = function.log.json().into_iter().filter(|line| line["level"] != "INFO").collect();
    assert_eq!(errors, Vec::<Value>::new());
    function.answer(&Event::get("/api/v1/links?limit=1").api_key(&store.key)).await;
    line_with(&function, 2, "StoreLatency").await;
}

#[tokio::test]
async fn metrics_can_be_switched_off() {
    let store = Store::start().await;
    let function = Setup::role("redirect", store.url()).env("SHORT_METRICS", "none").start().await;
    function.answer(&Event::get("/unknown")).await;
    function.answer(&Event::get("/unknown")).await;
    assert_eq!(function.output.all(), Vec::<String>::new());
}
