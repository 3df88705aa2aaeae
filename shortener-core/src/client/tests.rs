use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use data_encoding::HEXLOWER as HEX;
use sha2::Digest;

use super::*;
use crate::link::ShortCode;
use crate::wire::Scope;

/// A server that gives these answers, one a connection, and reports what it was asked.
fn server(answers: Vec<String>) -> (ApiClient, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = ApiUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(read_request(&mut stream)).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (ApiClient::new(ApiSettings::new(url, Some(ApiKey::parse("short_id_secret\n").unwrap()))).unwrap(), requests)
}

fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if read == 0 || body.len() >= length {
                return text;
            }
        }
    }
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn busy() -> String {
    let body = serde_json::to_string(&Problem::new(ProblemCode::Unavailable, "busy")).unwrap();
    answer("503 Service Unavailable", "application/problem+json", &body)
}

fn link_json() -> String {
    r#"{"code":"a","domain":"-","short_url":"http://x/a","target":"https://example.com/","title":null,"tags":[],
        "redirect_status":302,"forward_query":false,"state":"active","version":1,"created_at":"2026-01-01T00:00:00Z",
        "created_by":"key:x","updated_at":"2026-01-01T00:00:00Z","starts_at":null,"expires_at":null,"max_clicks":null}"#
        .to_owned()
}

fn link(domain: &str) -> LinkRef {
    LinkRef { domain: Domain::parse(domain).unwrap(), code: ShortCode::parse("a").unwrap() }
}

fn create() -> CreateLink {
    CreateLink { target: "https://example.com".to_owned(), ..CreateLink::default() }
}

#[tokio::test]
async fn a_create_is_sent_again_with_the_same_key_until_it_is_answered() {
    let (client, requests) = server(vec![busy(), answer("201 Created", "application/json", &link_json())]);
    let (_, created) = client.create(&create(), &WriteOptions::default()).await.unwrap();
    assert_eq!(created, Created::New);
    let sent: Vec<String> = requests.try_iter().collect();
    let key = |request: &String| request.lines().find(|line| line.starts_with("idempotency-key: ")).unwrap().to_owned();
    assert_eq!(sent.len(), 2);
    assert_eq!(key(&sent[0]), key(&sent[1]));
    assert!(sent[0].contains("x-api-key: short_id_secret\r\n"));
    let hash = HEX.encode(&sha2::Sha256::digest(br#"{"target":"https://example.com"}"#));
    assert!(sent[0].contains(&format!("x-amz-content-sha256: {hash}")), "{}", sent[0]);
}

#[tokio::test]
async fn a_new_key_is_not_asked_for_again_when_the_answer_is_lost() {
    let (client, requests) = server(vec![String::new(), String::new()]);
    let request =
        CreateKey { name: "ci".to_owned(), role: crate::wire::Role::Reader, scope: Scope::default(), expires_at: None };
    let problem = client.create_key(&request, &WriteOptions::default()).await.unwrap_err();
    assert_eq!(problem.code, ProblemCode::OutcomeUnknown);
    assert_eq!(requests.try_iter().count(), 1);
}

#[tokio::test]
async fn domain_version_and_dry_run_are_sent() {
    let (client, requests) = server(vec![answer("200 OK", "application/json", &link_json())]);
    let options = WriteOptions { if_match: Some(3), mode: Mode::DryRun, ..WriteOptions::default() };
    client.delete(&link("go.example"), &options).await.unwrap();
    let sent = requests.try_iter().next().unwrap();
    assert!(sent.starts_with("delete /api/v1/links/a?dry_run=true&domain=go.example http/1.1"), "{sent}");
    assert!(sent.contains("if-match: \"3\"\r\n"));
}

#[tokio::test]
async fn a_web_page_is_no_answer() {
    let (client, _requests) = server(vec![answer("200 OK", "text/html; charset=utf-8", "<html>")]);
    let problem = client.get(&link("-")).await.unwrap_err();
    assert!(problem.detail.ends_with("answered 200 text/html: this is no short API"), "{}", problem.detail);
    assert!(!problem.retryable);
}

#[tokio::test]
async fn a_problem_of_the_service_is_passed_on() {
    let body = serde_json::to_string(&Problem::new(ProblemCode::CodeTaken, "taken")).unwrap();
    let (client, _requests) = server(vec![answer("409 Conflict", "application/problem+json", &body)]);
    let problem = client.create(&create(), &WriteOptions::default()).await.unwrap_err();
    assert_eq!((problem.code, problem.detail.as_str()), (ProblemCode::CodeTaken, "taken"));
}

#[tokio::test]
async fn nobody_listening_is_said_in_words() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = ApiUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap();
    let problem = ApiClient::new(ApiSettings::new(url, None)).unwrap().whoami().await.unwrap_err();
    assert_eq!(problem.detail, format!("cannot connect to http://127.0.0.1:{port}: connection refused"));
    assert_eq!(problem.code, ProblemCode::Unavailable);
}

#[tokio::test]
async fn an_unknown_host_is_said_in_words() {
    let url = ApiUrl::parse("http://nowhere.invalid").unwrap();
    let problem = ApiClient::new(ApiSettings::new(url, None)).unwrap().whoami().await.unwrap_err();
    assert_eq!(problem.detail, "cannot connect to http://nowhere.invalid: no such host");
}

#[test]
fn a_key_is_never_shown() {
    let settings =
        ApiSettings::new(ApiUrl::parse("https://s.example").unwrap(), Some(ApiKey::parse("s3cret").unwrap()));
    let client = ApiClient::new(settings.clone()).unwrap();
    assert!(!format!("{settings:?} {client:?}").contains("s3cret"));
}

#[test]
fn an_api_url_is_a_service() {
    for (given, kept) in [
        ("https://s.example/", "https://s.example"),
        ("https://s.example/api/v1/", "https://s.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ] {
        assert_eq!(ApiUrl::parse(given).unwrap().to_string(), kept);
    }
    for bad in ["s.example", "ftp://s.example", "https://u:p@s.example", "https://s.example?x"] {
        assert!(ApiUrl::parse(bad).is_err(), "{bad}");
    }
    assert!(ApiUrl::parse("http://s.example").unwrap().is_cleartext());
    assert!(!ApiUrl::parse("http://127.0.0.1:1").unwrap().is_cleartext());
}

async fn probed(answers: Vec<String>, method: ProbeMethod) -> (Result<Answered, Unanswered>, Vec<String>) {
    let (client, requests) = server(answers);
    let url = Url::parse(&format!("{}/launch", client.url)).unwrap();
    let answered = Probe::new("short/test", Duration::from_millis(300)).unwrap().ask(&url, method).await;
    (
        answered.map(|answered| Answered {
            location: answered.location.map(|l| l.replace(url.as_str(), "[self]")),
            ..answered
        }),
        requests.try_iter().collect(),
    )
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_probe_follows_nothing_and_says_who_it_is() {
    let (answered, requests) = probed(vec![redirect(301, "https://example.com/a")], ProbeMethod::Head).await;
    let location = Some("https://example.com/a".to_owned());
    assert_eq!(answered, Ok(Answered { status: 301, location }));
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("head /launch http/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("user-agent: short/test\r\n"), "{}", requests[0]);
}

#[tokio::test]
async fn a_probe_resolves_a_relative_location_and_keeps_what_is_none() {
    for (sent, location) in
        [("?x=1", "[self]?x=1"), ("https://example.com/é", "https://example.com/%C3%A9"), ("http://[", "http://[")]
    {
        let (answered, _) = probed(vec![redirect(302, sent)], ProbeMethod::Get).await;
        assert_eq!(answered.unwrap().location.as_deref(), Some(location));
    }
}

#[tokio::test]
async fn a_probe_says_why_there_is_no_answer() {
    let (broken, _) = probed(vec![String::new()], ProbeMethod::Get).await;
    assert_eq!(broken, Err(Unanswered::Broken));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let probe = Probe::new("short/test", Duration::from_millis(100)).unwrap();
    assert_eq!(probe.ask(&url, ProbeMethod::Get).await, Err(Unanswered::Timeout));
    drop(silent);
    let refused = probe.ask(&url, ProbeMethod::Get).await;
    assert_eq!(refused, Err(Unanswered::Connect("connection refused".to_owned())));
}
