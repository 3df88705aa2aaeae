//! The log: one JSON object per line, with the invocation's id.

use std::time::Duration;

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

/// What is put wherever a caller, a visitor or the environment can put something, and may stand nowhere in the log.
const SECRETS: [&str; 7] = [
    "testing-secret",
    "testing-token",
    "canary-idempotency",
    "canary-in-a-query",
    "canary-cookie",
    "canary-in-a-body",
    "canary-in-an-event",
];

/// Texts that would break a line, forge one, or move a terminal.
const HOSTILE: [&str; 6] = [
    "a\nb",
    "x\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
    "\u{1b}[2J\u{9b}31m\u{202e}gnp",
    "\"},{\"level\":\"ERROR\"",
    "\u{0}\u{7f}\u{2028}\u{fffd}",
    "\\\"\\u000a",
];

fn visits(key: &str) -> Vec<Event> {
    let link = json!({"target": "https://example.com/?token=canary-in-a-query#canary-in-a-query", "code": "a"});
    let with_secrets = |event: Event| {
        event
            .cookies(&["session=canary-cookie"])
            .header("cookie", "session=canary-cookie")
            .header("referer", "https://x.example/?canary-in-a-query")
            .header("idempotency-key", "canary-idempotency")
            .header("x-canary", "canary-in-an-event")
    };
    let mut visits = vec![
        Event::new("POST", "/api/v1/links?token=canary-in-a-query").api_key(key).json(&link),
        Event::new("POST", "/api/v1/links").api_key(key).json(&link),
        Event::new("POST", "/api/v1/links").api_key(key).json(&json!({"canary-in-a-body": "canary-in-a-body"})),
        Event::new("POST", "/api/v1/links").api_key(key).text("application/json", "{\"target\": canary-in-a-body"),
        Event::new("POST", "/api/v1/links").api_key(key).text("canary-in-a-body", "canary-in-a-body"),
        Event::new("PATCH", "/api/v1/links/a").api_key(key).json(&json!({"title": "canary-in-a-body"})),
        Event::get("/api/v1/links?text=canary-in-a-query").header("authorization", &format!("Bearer {key}")),
        Event::get("/api/v1/links").api_key(&format!("{key}canary-in-a-query")),
        Event::get("/a?canary-in-a-query"),
        Event::get("/unknown?canary-in-a-query"),
        Event::get("/a+?canary-in-a-query"),
    ];
    for text in HOSTILE {
        visits.push(Event::get(&format!("/{text}")));
        visits.push(Event::get(&format!("/api/v1/links/{text}")).api_key(key));
        visits.push(Event::get("/a").header("user-agent", text).forwarded_host(text));
        visits.push(Event::get("/api/v1/whoami").api_key(key).header("x-request-id", text).request_id(text));
    }
    visits.into_iter().map(with_secrets).collect()
}

#[tokio::test]
async fn whatever_is_sent_and_fails_each_line_is_one_object_and_no_secret_is_in_it() {
    let store = Store::start().await;
    let secret = store.key.rsplit('_').next().unwrap();
    for role in ["api", "redirect"] {
        let proxy = FaultProxy::before(store.url());
        let function = Setup::role(role, &proxy.url()).env("SHORT_LOG", "trace").env("RUST_LOG", "trace").start().await;
        let visits = visits(&store.key);
        let mut sent = 0;
        for mode in [Mode::Forward, Mode::Refuse] {
            proxy.set(mode).await;
            // A table that is not reached is asked again for some time.
            let count = if mode == Mode::Forward { visits.len() } else { 9 };
            for visit in &visits[..count] {
                // What no visitor can send is an error of the invocation, which is logged too.
                function.invoke(visit.payload(), Duration::from_secs(3)).await;
                sent += 1;
            }
        }
        for event in ["{\"canary-in-an-event\": ", "[\"canary-in-an-event\"]", "\u{1b}[2J\ncanary-in-an-event"] {
            function.invoke(event.as_bytes().to_vec(), Duration::from_secs(3)).await;
            sent += 1;
        }
        let last = invocation_id(sent);
        function.log.find(|line| line["lambda_request_id"] == *last && line["level"] == "ERROR").await;

        let lines = function.log.json();
        assert!(lines.len() > visits.len(), "{role}: only {} lines, although everything is logged", lines.len());
        assert!(lines.iter().all(|line| line["level"].is_string() && line["message"] != "forged"), "{role}");
        for hidden in SECRETS.iter().chain(&[secret]) {
            let told = function.log.all().into_iter().find(|line| line.contains(hidden));
            assert_eq!(told, None, "{role}: {hidden}");
        }
        let raw = function.log.all().into_iter().find(|line| line.chars().any(char::is_control));
        assert_eq!(raw, None, "{role}: control characters");
        // The metrics.
        function.output.json();
        assert!(SECRETS.iter().all(|hidden| !function.output.all().join("\n").contains(hidden)), "{role}");
    }
}
