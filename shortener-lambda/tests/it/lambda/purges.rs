//! Changes purge the edge: the real SDK against a CloudFront of the test's own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::json;

use super::harness::{Answer, Event, Function, Setup, Store};

const DISTRIBUTION: &str = "EDFDVBD632BHDS5";

/// A CloudFront whose invalidations are completed when they are asked for, with what it was asked.
fn cloudfront() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read_request(&mut stream);
            let status = if request.starts_with("GET ") { "Completed" } else { "InProgress" };
            let body = format!(
                "<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I2J0I21PCUYOIK</Id>\
                 <Status>{status}</Status><CreateTime>2026-11-24T12:00:00.000Z</CreateTime><InvalidationBatch><Paths>\
                 <Quantity>1</Quantity><Items><Path>/launch</Path></Items></Paths><CallerReference>x</CallerReference>\
                 </InvalidationBatch></Invalidation>"
            );
            let head = format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\nconnection: close", body.len());
            // The test may be over.
            let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes());
            let _ = sender.send(request);
        }
    });
    (url, requests)
}

fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let is_whole = text.ends_with("</InvalidationBatch>") || text.starts_with("GET ") && text.ends_with("\r\n\r\n");
        if read == 0 || is_whole {
            return text;
        }
    }
}

/// The `api` function behind a distribution, whose CloudFront is at `url`.
async fn start(url: &str) -> (Store, Function) {
    let store = Store::start().await;
    store.create_code("launch").await;
    let function = Setup::role("api", store.url()).env("AWS_ENDPOINT_URL_CLOUDFRONT", url).start().await;
    (store, function)
}

async fn disable(store: &Store, function: &Function) -> Answer {
    let event = Event::new("PATCH", "/api/v1/links/launch").api_key(&store.key);
    let event = event.header("x-short-distribution-id", DISTRIBUTION).json(&json!({"disabled": true}));
    function.answer_within(&event, Duration::from_secs(30)).await
}

#[tokio::test]
async fn a_change_invalidates_its_path_on_the_distribution_through_which_it_came() {
    let (url, requests) = cloudfront();
    let (store, function) = start(&url).await;
    let changed = disable(&store, &function).await;
    assert_eq!(changed.json()["purge"], json!({"id": "I2J0I21PCUYOIK", "status": "in_progress"}), "{changed}");
    let sent = requests.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(sent.starts_with(&format!("POST /2020-05-31/distribution/{DISTRIBUTION}/invalidation ")), "{sent}");
    assert!(sent.contains("<Path>/launch</Path>") && sent.contains("/us-east-1/cloudfront/aws4_request"), "{sent}");
    assert!(sent.contains("x-amz-security-token: testing-token\r\n"), "{sent}");
    let follow = Event::get("/api/v1/purges/I2J0I21PCUYOIK").api_key(&store.key);
    let followed = function.answer(&follow.header("x-short-distribution-id", DISTRIBUTION)).await;
    assert_eq!(followed.json()["status"], "completed", "{followed}");
}

#[tokio::test]
async fn a_cloudfront_that_never_answers_holds_up_a_change_for_seconds_and_does_not_undo_it() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (store, function) = start(&format!("http://{}", silent.local_addr().unwrap())).await;
    let changed = disable(&store, &function).await;
    assert_eq!((changed.status, &changed.json()["state"]), (200, &json!("disabled")), "{changed}");
    assert_eq!(changed.json()["purge"]["status"], "failed");
    assert!(changed.took < Duration::from_secs(10), "{:?}", changed.took);
    function.log.tell("the edge was not purged").await;
}
