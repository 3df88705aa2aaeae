//! The requests that CloudFront counted, from a server that gives the answers of CloudWatch (Smithy RPC v2 CBOR).

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::config::timeout::TimeoutConfig;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Builder, Credentials, Region};
use shortener_core::ingest::{CloudWatch, RequestMeter, SourceError};
use shortener_core::stats::Hour;

use crate::cloudfront::read_request;

/// A server that gives these bodies, one a connection, and reports what it was asked.
fn server(answers: Vec<(&'static str, Vec<u8>)>) -> (CloudWatch, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(read_request(&mut stream)).unwrap();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nsmithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::for_tests())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(10)).build());
    (CloudWatch::from_client(Client::from_conf(config.build())), requests)
}

/// A short text in CBOR (RFC 8949, section 3.1).
fn text(text: &str) -> Vec<u8> {
    assert!(text.len() < 24);
    [&[0x60 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// A number of 64 bits in CBOR.
fn double(value: f64) -> Vec<u8> {
    [&[0xfb], &value.to_be_bytes()[..]].concat()
}

fn hour(text: &str) -> Hour {
    Hour::parse(text).unwrap()
}

/// An answer with these sums.
fn answer(points: &[(&str, f64)]) -> (&'static str, Vec<u8>) {
    let mut body = [&[0xa1], &text("Datapoints")[..], &[0x80 | u8::try_from(points.len()).unwrap()]].concat();
    for (at, sum) in points {
        #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
        let second = hour(at).start().as_second() as f64;
        body.extend([&[0xa2], &text("Timestamp")[..], &[0xc1], &double(second), &text("Sum"), &double(*sum)].concat());
    }
    ("200 OK", body)
}

#[tokio::test]
async fn requests_are_read_by_hour_in_any_order_and_nothing_else() {
    let points = [("2026-12-01-00", 1e6), ("2026-11-30-23", 7.0), ("2026-12-01-01", 9.0), ("2026-12-01-02", -1.0)];
    let (meter, asked) = server(vec![answer(&points)]);
    let requests = meter.requests("E2EXAMPLE", hour("2026-11-30-22")..=hour("2026-12-01-00")).await.unwrap();
    assert_eq!(requests, BTreeMap::from([(hour("2026-11-30-23"), 7), (hour("2026-12-01-00"), 1_000_000)]));
    let asked = asked.recv().unwrap();
    for part in ["GetMetricStatistics", "AWS/CloudFront", "Requests", "DistributionId", "E2EXAMPLE", "Region", "Global"]
    {
        assert!(asked.contains(part), "{part} in {asked}");
    }
}

#[tokio::test]
async fn a_long_time_is_asked_for_in_parts() {
    let (meter, asked) = server(vec![answer(&[("2026-09-01-00", 3.0)]), answer(&[("2026-11-30-23", 7.0)])]);
    let requests = meter.requests("E2EXAMPLE", hour("2026-08-31-00")..=hour("2026-12-01-00")).await.unwrap();
    assert_eq!(requests, BTreeMap::from([(hour("2026-09-01-00"), 3), (hour("2026-11-30-23"), 7)]));
    assert_eq!(asked.iter().count(), 2);
    let (meter, _asked) = server(Vec::new());
    let none = meter.requests("E2EXAMPLE", hour("2026-12-01-01")..=hour("2026-12-01-00")).await.unwrap();
    assert_eq!(none, BTreeMap::new());
}

#[tokio::test]
async fn a_meter_that_may_not_be_read_is_told_from_one_that_is_away() {
    let error = |code| [&[0xa1], &text("__type")[..], &text(code)].concat();
    let at = hour("2026-11-26-04");
    let (meter, _asked) = server(vec![("403 Forbidden", error("AccessDenied"))]);
    let refused = meter.requests("E2EXAMPLE", at..=at).await.unwrap_err();
    assert_eq!(refused.to_string(), "the metric Requests of CloudFront: access is denied (AccessDenied)");
    for (status, code) in [("400 Bad Request", "Throttling"), ("500 Internal Server Error", "InternalFailure")] {
        let (meter, _asked) = server(vec![(status, error(code))]);
        let away = meter.requests("E2EXAMPLE", at..=at).await;
        assert!(matches!(away, Err(SourceError::Unavailable { .. })), "{away:?}");
    }
}
