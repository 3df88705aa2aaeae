//! The log: one JSON object per line, with the invocation's id.

use serde_json::{Value, json};

use super::harness::{Event, FaultProxy, Mode, Setup, Store, invocation_id};

fn of_invocation(lines: &[Value], number: u32) -> Vec<&Value> {
    lines.iter().filter(|line| line["lambda_request_id"] == invocation_id(number)).collect()
}

#[tokio::test]
async fn every_line_of_an_invocation_has_its_id_and_only_the_first_is_cold() {
    let store = Store::start().await;
    let function = Setup::role("api", store.url()).start().await;
    for _ in 0..3 {
        function.answer(&Event::get("/api/v1/links").api_key(&store.key)).await;
    }
    function.log.find_all(3, |line| line["message"] == "request").await;
    let lines = function.log.json();
    for number in 1..=3 {
        let lines = of_invocation(&lines, number);
        assert_eq!(lines.len(), 1, "one line a request: {lines:#?}");
        let line = lines[0];
        assert_eq!(line["cold_start"], json!(number == 1));
        assert_eq!(
            (&line["level"], &line["route"], &line["status"]),
            (&json!("INFO"), &json!("/api/v1/links"), &json!(200))
        );
        assert!(line["duration_ms"].is_f64() && line["timestamp"].is_string() && line["target"].is_string(), "{line}");
        assert_ne!(line["request_id"], line["lambda_request_id"], "the visitor's and Lambda's");
    }
    let whole = function.log.all().join("\n");
    let secret = store.key.rsplit('_').next().unwrap();
    for hidden in [secret, "testing-secret", "testing-token"] {
        assert!(!whole.contains(hidden), "{whole}");
    }
}

#[tokio::test]
async fn clicks_write_no_line_but_trouble_does() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let proxy = FaultProxy::before(store.url());
    let function = Setup::role("redirect", &proxy.url()).start().await;
    function.answer(&Event::get("/launch?secret=1")).await;
    proxy.set(Mode::Refuse).await;
    function.answer(&Event::get("/unknown?secret=1")).await;
    function.log.find(|line| line["level"] == "ERROR").await;
    let lines = function.log.json();
    assert_eq!(of_invocation(&lines, 1), Vec::<&Value>::new());
    let trouble = of_invocation(&lines, 2);
    assert!(trouble.iter().all(|line| line["cold_start"] == false), "{trouble:#?}");
    let error = trouble.iter().find(|line| line["level"] == "ERROR").unwrap();
    assert!(error["error"].as_str().unwrap().contains("refused"), "the cause is named: {error}");
    assert!(!function.log.all().join("\n").contains("secret=1"));
}
