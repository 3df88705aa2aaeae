//! Purges through the SDK, to a server that gives the answers of CloudFront.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::config::retry::RetryConfig;
use aws_sdk_cloudfront::config::timeout::TimeoutConfig;
use aws_sdk_cloudfront::config::{BehaviorVersion, Config, Credentials, Region};
use shortener_core::edge::cloudfront::{CloudFront, Distribution};
use shortener_core::edge::recorded::RecordedEdge;
use shortener_core::edge::{DistributionId, EdgeCache, EdgeError, EdgePath, Progress, PurgeId, PurgeReference};
use shortener_core::link::ShortCode;
use shortener_core::operations::{Operations, WriteOptions};

use crate::fixture::{Fixture, coded, link};

/// A client without retries for an endpoint, so that each answer is seen.
pub(crate) fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::for_tests())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(10)).build());
    Client::from_conf(config.build())
}

/// A server that gives these answers, one a connection, and reports what it was asked.
fn server(answers: Vec<String>) -> (Distribution, Receiver<String>) {
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
    let id = DistributionId::parse("EDFDVBD632BHDS5").unwrap();
    (CloudFront::from_client(client(&url)).distribution(id), requests)
}

pub(crate) fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase();
            let length =
                length.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if read == 0 || body.len() >= length {
                return text;
            }
        }
    }
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn invalidation(status: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\"?><Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <Id>I2J0I21PCUYOIK</Id><Status>{status}</Status><CreateTime>2026-11-24T12:00:00.000Z</CreateTime>\
         <InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/launch</Path></Items></Paths>\
         <CallerReference>x</CallerReference></InvalidationBatch></Invalidation>"
    );
    answer("201 Created", &body)
}

fn refusal(status: &str, code: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>arn:aws:iam::1:user/x</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    );
    answer(status, &body)
}

/// The reference that a change makes, which nobody else can.
async fn reference() -> PurgeReference {
    let (fixture, edge) = (Fixture::new(), RecordedEdge::default());
    fixture.create(coded("launch", "https://example.com/")).await;
    let session = fixture.session.clone().with_edge_cache(Some(Arc::new(edge.clone())));
    session.delete(&link("launch"), &WriteOptions::default()).await.unwrap();
    edge.purges()[0].reference.clone()
}

fn launch() -> [EdgePath; 1] {
    [EdgePath::of_link(&ShortCode::parse("launch").unwrap())]
}

#[tokio::test]
async fn a_purge_is_an_invalidation_of_its_paths_signed_for_the_region_of_cloudfront() {
    let (distribution, requests) = server(vec![invalidation("InProgress")]);
    let reference = reference().await;
    let begun = distribution.purge(&launch(), &reference).await.unwrap();
    assert_eq!((begun.id.as_str(), begun.progress), ("I2J0I21PCUYOIK", Progress::InProgress));
    let sent = requests.recv().unwrap();
    assert!(sent.starts_with("POST /2020-05-31/distribution/EDFDVBD632BHDS5/invalidation "), "{sent}");
    assert!(sent.contains("/us-east-1/cloudfront/aws4_request"), "{sent}");
    assert!(sent.contains("<Quantity>1</Quantity><Items><Path>/launch</Path></Items>"), "{sent}");
    assert!(sent.contains(&format!("<CallerReference>{}</CallerReference>", reference.as_str())), "{sent}");
}

#[tokio::test]
async fn only_completed_is_completed() {
    for (status, progress) in
        [("InProgress", Progress::InProgress), ("Completed", Progress::Completed), ("COMPLETED", Progress::Completed)]
    {
        let (distribution, requests) = server(vec![invalidation(status)]);
        let id = PurgeId::parse("I2J0I21PCUYOIK").unwrap();
        assert_eq!(distribution.progress(&id).await.unwrap(), progress);
        let sent = requests.recv().unwrap();
        assert!(
            sent.starts_with("GET /2020-05-31/distribution/EDFDVBD632BHDS5/invalidation/I2J0I21PCUYOIK "),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn each_refusal_has_its_meaning() {
    let reference = reference().await;
    for (status, code, meaning) in [
        ("403 Forbidden", "AccessDenied", "the credentials do not allow purges of the edge"),
        ("403 Forbidden", "InvalidClientTokenId", "the credentials do not allow purges of the edge"),
        ("404 Not Found", "NoSuchDistribution", "there is no such distribution"),
        ("404 Not Found", "NoSuchInvalidation", "there is no such purge"),
        ("400 Bad Request", "TooManyInvalidationsInProgress", "too many purges are under way"),
        ("400 Bad Request", "Throttling", "too many purges are under way"),
        ("429 Too Many Requests", "Other", "too many purges are under way"),
        ("503 Service Unavailable", "ServiceUnavailable", "the service that purges the edge cannot be reached"),
        ("400 Bad Request", "InvalidArgument", "the edge did not take the purge"),
    ] {
        let (distribution, _requests) = server(vec![refusal(status, code)]);
        let error = distribution.purge(&launch(), &reference).await.unwrap_err();
        assert_eq!(error.to_string(), meaning, "{status} {code}");
        let words = std::error::Error::source(&error).map(ToString::to_string);
        assert!(words.is_none_or(|words| words == format!("{code}: arn:aws:iam::1:user/x")), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_and_a_closed_port_are_no_purge() {
    let reference = reference().await;
    let (distribution, _requests) = server(vec![answer("200 OK", "<html>")]);
    distribution.purge(&launch(), &reference).await.unwrap_err();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = CloudFront::from_client(client(&format!("http://127.0.0.1:{port}")));
    let nobody = nobody.distribution(DistributionId::parse("E1").unwrap());
    let error = nobody.purge(&launch(), &reference).await.unwrap_err();
    assert!(matches!(error, EdgeError::Unavailable(_)), "{error:?}");
    let words = std::error::Error::source(&error).unwrap().to_string();
    assert!(words.starts_with("no connection could be made: ") && !words.contains('{'), "{words}");
}
