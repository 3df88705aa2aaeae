//! Access logs through the SDK, from a server that gives the answers of S3.

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use shortener_core::ingest::{LogFile, LogSource, S3Logs, S3Place, SourceError};
use shortener_core::stats::Hour;

use crate::cloudfront::read_request;

/// A configuration without retries for an endpoint, so that each answer is seen.
pub(crate) fn s3_config(url: &str) -> Builder {
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::for_tests())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(10)).build())
}

/// A server that gives these answers, one a connection, and reports what it was asked.
fn server(answers: Vec<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(read_request(&mut stream)).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, requests)
}

fn logs_on(answers: Vec<String>) -> (S3Logs, Receiver<String>) {
    let (url, requests) = server(answers);
    (S3Logs::from_config(s3_config(&url), S3Place::parse("s3://access-logs/edge").unwrap()), requests)
}

/// An answer with a body of so many bytes more than it has.
fn cut_answer(status: &str, headers: &str, body: &str, missing: usize) -> String {
    let length = body.len() + missing;
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

fn error(status: &str, headers: &str, code: &str) -> String {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>");
    cut_answer(status, headers, &body, 0)
}

fn file() -> LogFile {
    let name = "E2EXAMPLE.2026-11-26-04.a.gz";
    LogFile {
        name: name.to_owned(),
        hour: Hour::parse("2026-11-26-04").unwrap(),
        distribution: "E2EXAMPLE".to_owned(),
        location: format!("edge/2026/11/26/04/{name}"),
        bytes: 5,
        tag: "\"tag\"".to_owned(),
    }
}

async fn refusal(answer: String) -> String {
    match logs_on(vec![answer]).0.list(None).await {
        Err(error @ (SourceError::Refused { .. } | SourceError::Denied { .. } | SourceError::NoCredentials { .. })) => {
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_person_must_change_is_refused_in_words() {
    let moved = "x-amz-bucket-region: eu-central-1\r\n";
    for (status, headers, code, told) in [
        ("403 Forbidden", "", "AccessDenied", "access is denied (AccessDenied)"),
        ("404 Not Found", "", "NoSuchBucket", "there is no such bucket"),
        (
            "301 Moved Permanently",
            moved,
            "PermanentRedirect",
            "the bucket is in the region eu-central-1: set AWS_REGION=eu-central-1",
        ),
        (
            "400 Bad Request",
            moved,
            "AuthorizationHeaderMalformed",
            "the bucket is in the region eu-central-1: set AWS_REGION=eu-central-1",
        ),
        ("403 Forbidden", "", "InvalidAccessKeyId", "the AWS credentials are refused (InvalidAccessKeyId)"),
        ("400 Bad Request", "", "ExpiredToken", "the AWS credentials have expired (ExpiredToken)"),
        ("400 Bad Request", "", "InvalidArgument", "the request was refused (InvalidArgument: no)"),
    ] {
        assert_eq!(refusal(error(status, headers, code)).await, format!("s3://access-logs/edge/: {told}"));
    }
}

/// A sign-in that is over.
#[derive(Debug)]
struct SignedOut;

impl ProvideCredentials for SignedOut {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let inner = std::io::Error::other("the sign-in has\n  expired");
        let outer = CredentialsError::provider_error(CredentialsError::invalid_configuration(inner));
        future::ProvideCredentials::ready(Err(outer))
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_loaded_are_explained_by_the_last_cause() {
    let config = s3_config("http://127.0.0.1:1").credentials_provider(SignedOut);
    let logs = S3Logs::from_config(config, S3Place::parse("s3://access-logs").unwrap());
    let Err(error @ SourceError::NoCredentials { .. }) = logs.list(None).await else { panic!("there are none") };
    let told = "s3://access-logs/: the AWS credentials cannot be loaded: the sign-in has expired";
    assert_eq!(error.to_string(), told);
}

#[tokio::test]
async fn what_may_pass_by_itself_is_unavailable() {
    for (status, code) in [
        ("503 Slow Down", "SlowDown"),
        ("500 Internal Server Error", "InternalError"),
        ("400 Bad Request", "RequestTimeout"),
        ("429 Too Many Requests", "Whatever"),
    ] {
        let listed = logs_on(vec![error(status, "", code)]).0.list(None).await;
        assert!(matches!(listed, Err(SourceError::Unavailable { .. })), "{code}: {listed:?}");
    }
    let nobody = S3Logs::from_config(s3_config("http://127.0.0.1:1"), S3Place::parse("s3://access-logs").unwrap());
    let Err(SourceError::Unavailable { source, .. }) = nobody.list(None).await else { panic!("nobody is there") };
    assert!(source.to_string().starts_with("no connection could be made: Connection refused"), "{source}");
}

#[tokio::test]
async fn what_is_no_log_below_a_prefix_is_left_alone() {
    let log = "edge/2026/11/26/04/E2EXAMPLE.2026-11-26-04.a.gz";
    let keys = ["edge/", "edge/notes.md", log, "edge/2026/check"];
    let listed = keys.map(|key| format!("<Contents><Key>{key}</Key><Size>5</Size><ETag>tag</ETag></Contents>"));
    let body = format!("<?xml version=\"1.0\"?><ListBucketResult>{}</ListBucketResult>", listed.concat());
    let (logs, _requests) = logs_on(vec![cut_answer("200 OK", "", &body, 0)]);
    let files = logs.list(None).await.unwrap();
    assert_eq!(files.iter().map(|file| file.location.as_str()).collect::<Vec<_>>(), [log]);
    let told = logs.left_alone().to_string();
    let names = "s3://access-logs/edge/notes.md, s3://access-logs/edge/2026/check";
    assert_eq!(told, format!("2 files left alone, whose names are not those of access logs: {names}"));
}

#[tokio::test]
async fn a_download_that_breaks_off_is_begun_again_and_not_for_ever() {
    let broken = || cut_answer("200 OK", "", "hal", 2);
    let (logs, requests) = logs_on(vec![broken(), broken(), cut_answer("200 OK", "", "whole", 0)]);
    let mut text = String::new();
    logs.open(&file()).await.unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), requests.iter().count()), ("whole", 3));

    let (logs, requests) = logs_on(vec![broken(), broken(), broken(), cut_answer("200 OK", "", "too late", 0)]);
    assert!(matches!(logs.open(&file()).await.map(|_| ()), Err(SourceError::Unavailable { .. })));
    let requests: Vec<String> = requests.try_iter().collect();
    assert_eq!(requests.len(), 3);
    let asked = requests[0].to_lowercase();
    assert!(asked.starts_with("get /access-logs/edge/2026/11/26/04/e2example.2026-11-26-04.a.gz"), "{asked}");
    assert!(asked.contains("\r\nif-match: \"tag\"\r\n"), "{asked}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_downloaded() {
    let (logs, _requests) = logs_on(vec![cut_answer("200 OK", "", "", 300 << 20)]);
    let told = logs.open(&file()).await.map(|_| ()).unwrap_err().to_string();
    assert!(told.ends_with(".a.gz: the file is larger than 268435456 bytes"), "{told}");
}
