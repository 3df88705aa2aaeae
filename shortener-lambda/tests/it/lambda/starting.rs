//! How processes start, and how they do not.

use std::time::{Duration, Instant};

use serde_json::json;

use super::harness::{Binary, Event, FaultProxy, Mode, Setup, Store};

pub(super) fn run(command: &mut std::process::Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn settings_that_mean_nothing_end_the_start_with_the_reason() {
    for (setup, reason) in [
        (Setup::role("redirect", "http://127.0.0.1:9").env("SHORT_BASE_URL", "nonsense"), "SHORT_BASE_URL"),
        (Setup::role("redirect", "http://127.0.0.1:9").env("SHORT_EDGE", "yes"), "SHORT_EDGE"),
        (
            Setup::role("redirect", "").without_env("AWS_ENDPOINT_URL_DYNAMODB").without_env("AWS_REGION"),
            "no AWS region is configured",
        ),
        (Setup::role("nonsense", "http://127.0.0.1:9"), "argument"),
    ] {
        let mut function = setup.spawn();
        let status = function.exit().await;
        assert_eq!(status.code(), Some(1));
        let line = function.log.find(|line| line["level"] == "ERROR").await;
        assert!(line["error"].as_str().unwrap().contains(reason), "{line}");
        let told = function.init_errors();
        assert_eq!((told.len(), &told[0]["errorType"]), (1, &json!("Short.StartFailed")), "{told:?}");
        assert!(told[0]["errorMessage"].as_str().unwrap().contains(reason), "{told:?}");
    }
}

#[tokio::test]
async fn without_credentials_a_request_fails_at_once_and_nothing_else_is_asked_for_them() {
    let store = Store::start().await;
    store.create_code("launch").await;
    // Where the SDK's chain would ask: these would be tried, and would hang.
    let elsewhere = FaultProxy::before(store.url());
    elsewhere.set(Mode::BlackHole).await;
    let asked = elsewhere.connections();
    let metadata = format!("{}/credentials", elsewhere.url());
    let setup = Setup::role("redirect", store.url())
        .without_env("AWS_ACCESS_KEY_ID")
        .without_env("AWS_SECRET_ACCESS_KEY")
        .without_env("AWS_SESSION_TOKEN")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &elsewhere.url())
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &metadata);
    let function = setup.start().await;
    assert!(function.start_time() < Duration::from_secs(2), "{:?}", function.start_time());
    let warning = function.log.find(|line| line["level"] == "WARN").await;
    assert!(warning["error"].as_str().unwrap().contains("no AWS credentials were found"), "{warning}");
    let answer = function.answer(&Event::get("/launch")).await;
    assert_eq!(answer.status, 503, "{answer}");
    assert!(answer.took < Duration::from_secs(1), "{answer}");
    assert_eq!(elsewhere.connections(), asked, "nothing was asked");
}

#[tokio::test]
async fn a_table_that_is_silent_at_the_start_delays_it_by_a_second_at_most() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let proxy = FaultProxy::before(store.url());
    for (mode, bound) in [(Mode::Refuse, 1500), (Mode::BlackHole, 2500)] {
        proxy.set(mode).await;
        let function = Setup::role("redirect", &proxy.url()).start().await;
        assert!(function.start_time() < Duration::from_millis(bound), "{mode:?}: {:?}", function.start_time());
        function.log.find(|line| line["level"] == "WARN" && line["lambda_request_id"].is_null()).await;
        proxy.set(Mode::Forward).await;
        assert_eq!(function.answer(&Event::get("/launch")).await.status, 302, "{mode:?}");
    }
}

#[tokio::test]
async fn binaries_say_their_version_and_revision() {
    for (binary, name) in [(Binary::Lambda, "shortener-lambda"), (Binary::Ingest, "shortener-ingest")] {
        let setup = Setup::binary(binary.path()).argument("--version");
        let (status, output, _) = run(&mut setup.command());
        let expected = format!("{name} {} (", env!("CARGO_PKG_VERSION"));
        assert!(status == Some(0) && output.starts_with(&expected) && output.ends_with(")\n"), "{output}");
    }
}

#[tokio::test]
async fn outside_lambda_the_same_binary_serves_plain_http_on_the_table() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let setup = Setup::role("redirect", store.url()).env("SHORT_LISTEN", &address);
    let mut child = setup.command().spawn().unwrap();
    let answer = get(&address, "/launch").await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
    assert!(answer.contains("\r\nlocation: https://www.example.com/launch\r\n"), "{answer}");
}

/// Asks a server that is just starting.
async fn get(address: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let give_up = Instant::now() + Duration::from_secs(10);
    let mut stream = loop {
        match tokio::net::TcpStream::connect(address).await {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < give_up, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
