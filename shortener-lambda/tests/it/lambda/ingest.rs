//! The function that counts the edge's access logs, on a bucket and a table.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::ingest::LogLine;
use shortener_core::ingest::testing::{LEGACY_FIELDS, Written, write_header, write_line};
use shortener_core::stats::Hour;

use super::harness::{Binary, FakeS3, Function, Outcome, Setup, Store};
use super::starting::run;

fn setup(store: &Store, bucket: &FakeS3) -> Setup {
    Setup::binary(Binary::Ingest.path())
        .env("AWS_ENDPOINT_URL_DYNAMODB", store.url())
        .env("AWS_ENDPOINT_URL_S3", &bucket.url)
        .env("AWS_LAMBDA_FUNCTION_NAME", "short-ingest")
        .env("SHORT_TABLE", "short")
        .env("SHORT_LOG_BUCKET", "logs")
        .env("SHORT_LOG_PREFIX", "edge/")
        .env("SHORT_DISTRIBUTION_ID", "E2EXAMPLE")
}

/// Puts a log of requests of this hour where the edge would.
fn deliver(bucket: &FakeS3, id: &str, requests: &[(&str, &str, u16)]) {
    let now: Timestamp = SystemClock.now();
    let mut out = Vec::new();
    write_header(&mut out, Written::W3c, &LEGACY_FIELDS);
    for (request_id, path, status) in requests {
        let line = LogLine {
            second: now.as_second(),
            request_id: request_id.as_bytes(),
            method: b"GET",
            path: path.as_bytes(),
            status: *status,
            result: b"Hit",
            user_agent: b"curl/8.7.1",
            ..LogLine::default()
        };
        write_line(&mut out, Written::W3c, &LEGACY_FIELDS, &line);
    }
    put(bucket, id, out);
}

/// Puts a file of this hour where the edge would.
fn put(bucket: &FakeS3, id: &str, bytes: Vec<u8>) {
    let hour = Hour::of(SystemClock.now()).to_string();
    let folder = hour.replace(['-', 'T'], "/");
    bucket.put(&format!("edge/{folder}/E2EXAMPLE.{}.{id}", hour.replace('T', "-")), bytes);
}

async fn count(function: &Function, time: Duration) -> Value {
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    let reply = function.invoke(event.to_string().into_bytes(), time).await;
    let Outcome::Response(answer) = reply.outcome else { panic!("{reply:?}") };
    serde_json::from_slice(&answer).unwrap()
}

#[tokio::test]
async fn each_invocation_counts_what_is_new_and_tells_it() {
    let (store, bucket) = (Store::start().await, FakeS3::start().await);
    store.create_code("launch").await;
    let function = setup(&store, &bucket).start().await;
    deliver(&bucket, "a", &[("r1", "/launch", 302), ("r2", "/launch", 302), ("r3", "/nothing", 404)]);
    deliver(&bucket, "b", &[("r2", "/launch", 302)]);
    let answer = count(&function, Duration::from_mins(2)).await;
    assert_eq!((&answer["status"], &answer["version"]), (&json!("counted"), &json!(env!("CARGO_PKG_VERSION"))));
    let figures =
        ["new_files", "hours", "hours_left", "lines", "duplicates", "orphans"].map(|name| answer[name].as_u64());
    assert_eq!(figures, [2, 1, 0, 3, 1, 1].map(Some));
    let line = function.log.find(|line| line["message"] == "counted").await;
    assert_eq!((&line["lines"], &line["cold_start"]), (&json!(3), &json!(true)));
    let again = count(&function, Duration::from_mins(2)).await;
    assert_eq!((&again["new_files"], &again["hours"]), (&json!(0), &json!(0)));
    let metrics: Vec<Value> = function.output.all().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(metrics.iter().any(|line| line["IngestedLines"] == json!(3)), "{metrics:?}");
    assert!(metrics.iter().all(|line| line["IngestLag"].as_f64().is_some_and(|lag| lag < 120.0)), "{metrics:?}");
}

#[tokio::test]
async fn a_broken_log_is_named_in_the_answer_and_in_the_log() {
    let (store, bucket) = (Store::start().await, FakeS3::start().await);
    store.create_code("launch").await;
    let function = setup(&store, &bucket).start().await;
    put(&bucket, "broken", b"#Fields: date time cs-method\n2026-11-26\t04:00:00\tGET\n".to_vec());
    let answer = count(&function, Duration::from_mins(2)).await;
    let named = ".broken is broken: it lacks columns that are needed: x-edge-request-id, cs-uri-stem, sc-status";
    assert!(answer["problems"][0].as_str().is_some_and(|problem| problem.ends_with(named)), "{answer}");
    let line = function.log.find(|line| line["level"] == "WARN" && line["problem"] == answer["problems"][0]).await;
    assert_eq!(line["message"], "counting logs");
}

#[tokio::test]
async fn what_cannot_be_done_before_the_deadline_is_left_to_the_next_invocation() {
    let (store, bucket) = (Store::start().await, FakeS3::start().await);
    store.create_code("launch").await;
    deliver(&bucket, "a", &[("r1", "/launch", 302)]);
    let function = setup(&store, &bucket).start().await;
    let answer = count(&function, Duration::from_millis(1)).await;
    assert_eq!((&answer["hours"], &answer["hours_left"]), (&json!(0), &json!(1)));
    let answer = count(&function, Duration::from_mins(2)).await;
    assert_eq!((&answer["hours"], &answer["hours_left"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn ingest_needs_lambda_and_a_bucket() {
    let (store, bucket) = (Store::start().await, FakeS3::start().await);
    let mut function = setup(&store, &bucket).without_env("SHORT_LOG_BUCKET").spawn();
    assert_eq!(function.exit().await.code(), Some(1));
    function.log.tell("SHORT_LOG_BUCKET").await;
    let (status, _, log) = run(&mut Setup::binary(Binary::Ingest.path()).command());
    assert!(status == Some(1) && log.contains("Lambda function"), "{log}");
}
