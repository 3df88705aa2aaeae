//! Events that are no visitor's request.

use serde_json::{Value, json};

use super::harness::{Event, Setup, Store};

fn schedule() -> Value {
    json!({
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2026-11-25T12:00:00Z", "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/warm"], "detail": {},
    })
}

#[tokio::test]
async fn an_event_that_is_no_http_request_is_one_typed_error_and_no_answer() {
    let store = Store::start().await;
    let function = Setup::role("api", store.url()).start().await;
    let proxy_v1 = json!({"httpMethod": "GET", "path": "/launch", "requestContext": {"stage": "prod"}, "headers": {}});
    let events = [
        schedule().to_string(),
        json!({"rawPath": "/x", "requestContext": {}}).to_string(),
        proxy_v1.to_string(),
        "null".to_owned(),
        "[]".to_owned(),
        "{\"rawPath\": ".to_owned(),
        "garbage \u{1}".to_owned(),
        String::new(),
    ];
    for (number, event) in events.iter().enumerate() {
        let (kind, message) = function.refuse(event.as_bytes()).await;
        assert_eq!(kind, "Short.NotAnHttpEvent", "{event}: {message}");
        let id = super::harness::invocation_id(u32::try_from(number).unwrap() + 1);
        function.log.find(|line| line["lambda_request_id"] == *id && line["level"] == "ERROR").await;
        let lines = function.log.json().into_iter().filter(|line| line["lambda_request_id"] == *id);
        let lines: Vec<Value> = lines.collect();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert_eq!(lines[0]["error_type"], "Short.NotAnHttpEvent");
    }
    assert_eq!(function.answer(&Event::get("/api/v1/health")).await.status, 200, "the instance goes on");
}

#[tokio::test]
async fn an_event_that_no_visitor_can_send_is_refused_by_its_own_error() {
    let store = Store::start().await;
    let function = Setup::role("redirect", store.url()).start().await;
    let refused = async |event: Event| function.refuse(event.payload()).await.0;
    let method = Event::get("/launch").with("/requestContext/http/method", json!("G T"));
    assert_eq!(refused(method).await, "Short.BadRequestLine");
    assert_eq!(refused(Event::get(&format!("/{}", "x".repeat(70_000)))).await, "Short.BadRequestLine");
    let body = Event::new("POST", "/launch").text("text/plain", "no base64!").with("/isBase64Encoded", json!(true));
    assert_eq!(refused(body).await, "Short.BodyNotBase64");
}
