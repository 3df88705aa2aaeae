//! What the command sends to a service and makes of its answers.

use std::net::TcpListener;

use crate::support::{FakeApi, TestCli, answer, link};

#[test]
fn create_prints_the_short_url_alone() {
    let api = FakeApi::answering(vec![("POST /api/v1/links ", link(201, "launch", "t"))]);
    let outcome = TestCli::new().run(&["--api", &api.url, "create", "https://example.com/"]).exits(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("https://s.example/launch\n", ""));
}

#[test]
fn the_key_comes_from_the_environment_and_is_never_shown() {
    let api = FakeApi::answering(vec![("GET /api/v1/links/launch", link(200, "launch", "t"))]);
    let cli = TestCli::new().with("SHORT_API_KEY", "short_id_s3cret");
    let outcome = cli.run(&["--api", &api.url, "-v", "inspect", "launch"]).exits(0);
    assert!(api.requests()[0].contains("x-api-key: short_id_s3cret"));
    assert!(!outcome.stderr.contains("s3cret") && outcome.stderr.contains("request"), "{}", outcome.stderr);
}

#[test]
fn every_format_shows_a_link() {
    let api = FakeApi::answering(vec![("GET /api/v1/links/launch", link(200, "launch", "a\tb\u{202e}"))]);
    let cli = TestCli::new().redacting(&api.url, "[api]");
    insta::assert_snapshot!(cli.transcript(&[
        &["--api", &api.url, "inspect", "launch"],
        &["--api", &api.url, "get", "launch", "--json"],
        &["--api", &api.url, "inspect", "launch", "-o", "ndjson"],
        &["--api", &api.url, "inspect", "launch", "-o", "csv"],
        &["--api", &api.url, "inspect", "launch", "-o", "tsv"],
    ]));
}

#[test]
fn lines_of_input_become_lines_of_output_in_order() {
    let result = |code: &str| {
        let link = link(201, code, "t");
        let body = link.split_once("\r\n\r\n").unwrap().1.to_owned();
        format!(r#"{{"status":201,"link":{body}}}"#)
    };
    let body = format!(
        r#"{{"results":[{},{{"status":422,"problem":{}}},{}]}}"#,
        result("one"),
        serde_json::to_string(&shortener_core::wire::Problem::new(
            shortener_core::wire::ProblemCode::Invalid,
            "the target is no URL"
        ))
        .unwrap(),
        result("three")
    );
    let api = FakeApi::answering(vec![("POST /api/v1/links/batch", answer(200, "application/json", &body))]);
    let input = "https://a.example\n\nnonsense\nhttps://c.example\n";
    let outcome = TestCli::new().run_with_input(&["--api", &api.url, "create", "-"], input).exits(8);
    assert_eq!(outcome.stdout, "https://s.example/one\n\nhttps://s.example/three\n");
    assert_eq!(outcome.stderr, "error: URL 2: the target is no URL\n");
}

#[test]
fn a_short_url_stands_for_its_code() {
    let domains = r#"{"domains":[{"domain":"-","base_url":"https://s.example","code_length":7,"not_found_target":null,
        "edge":{"fresh":60,"revalidate":60,"if_error":86400},"policy":{"allow":[],"deny":[]},"version":0},
        {"domain":"go.example","base_url":"https://go.example","code_length":7,"not_found_target":null,
        "edge":{"fresh":60,"revalidate":60,"if_error":86400},"policy":{"allow":[],"deny":[]},"version":1}]}"#;
    let api = FakeApi::answering(vec![
        ("GET /api/v1/domains", answer(200, "application/json", domains)),
        ("GET /api/v1/links/launch", link(200, "launch", "t")),
    ]);
    let inspect = |name: &str| TestCli::new().run(&["--api", &api.url, "inspect", name]);
    for name in ["launch+", "https://s.example/launch", "s.example/launch+", "go.example/launch"] {
        inspect(name).exits(0);
    }
    let last = api.requests().pop().unwrap();
    assert!(last.starts_with("GET /api/v1/links/launch?domain=go.example "), "{last}");
    let outcome = inspect("https://other.example/launch").exits(3);
    assert!(outcome.stderr.starts_with("error: 'other.example' is no domain of this service\nhint: "));
}

#[test]
fn a_wrong_endpoint_is_said_in_words() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("http://127.0.0.1:{port}");
    let page = FakeApi::answering(vec![("", answer(200, "text/html", "<html>"))]);
    let proxy = FakeApi::answering(vec![("", answer(502, "text/html", "<html>"))]);
    let moved = FakeApi::answering(vec![(
        "",
        answer(301, "text/html", "").replace("\r\n\r\n", "\r\nlocation: https://s.example/\r\n\r\n"),
    )]);
    let tls = page.url.replace("http:", "https:");
    let cli = TestCli::new()
        .redacting(&tls, "[tls]")
        .redacting(&nobody, "[nobody]")
        .redacting(&page.url, "[page]")
        .redacting(&proxy.url, "[proxy]")
        .redacting(&moved.url, "[moved]");
    insta::assert_snapshot!(cli.transcript(&[
        &["--api", &nobody, "whoami"],
        &["--api", &page.url, "whoami"],
        &["--api", &proxy.url, "whoami"],
        &["--api", &moved.url, "whoami"],
        &["--api", "http://nowhere.invalid", "whoami"],
        &["--api", "ftp://x", "whoami"],
        &["--api", &tls, "whoami"],
    ]));
}
